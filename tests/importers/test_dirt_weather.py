"""Weather: eight real years are whole, and the one that is too damp for its own header is flagged."""

from __future__ import annotations

import pytest

from powerwall.importers.epw import read_epw
from powerwall.importers.typical_year import typical_year
from powerwall.region.findings import Findings


@pytest.fixture(scope="module")
def years(shared):
    """Real file → weather and its typical year; every file is read once."""
    found = {}
    for path in sorted((shared / "data/climate_epw").glob("*.epw")):
        findings = Findings()
        weather = read_epw(path, findings)
        assert not findings.errors, path
        found[path.stem] = weather, typical_year(weather)
    return found


def test_all_eight_real_years_have_8760_hours_in_their_months(years):
    assert len(years) == 8
    assert {len(weather.t) for weather, _ in years.values()} == {8760}
    for name, (_, year) in years.items():
        assert sum(row["hours"] for row in year.climate if row["record"] == "bin") == 8760, name


def test_the_wettest_hours_of_phoenix_are_above_what_its_header_says_and_it_is_flagged(years):
    weather, year = next(found for name, found in years.items() if "Phoenix" in name)
    (wettest,) = [row["twb_c"] for row in year.climate if row["record"] == "percentile" and row["key"] == "p99_6"]  # fmt: skip
    assert round(float(wettest), 1) == 27.3
    assert weather.design.wet_bulb == 24.2
    assert year.station["quality"] == "moisture_suspect"
    others = {own.station["quality"] for name, (_, own) in years.items() if "Phoenix" not in name}
    assert others == {"ok"}
