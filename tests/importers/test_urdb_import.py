"""Rate records of the real fixtures: bare and wrapped ones are one, and the last tier is open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from powerwall.criteria.cost.tariff import read_urdb
from powerwall.importers.urdb import read_rates
from powerwall.region.findings import Findings

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "tariffs_urdb_fixtures"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real files of ../shared are not there")  # fmt: skip


def ladders(path):
    findings = Findings()
    (stack,) = read_rates([path], findings).stacks
    assert not findings.errors
    (layer,) = stack["layers"]
    return [[(tier.get("max"), tier.get("rate")) for tier in ladder] for ladder in layer["rate"]["energyratestructure"]]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["urdb_multi_tier", "urdb_tiered_energy_demand", "urdb_tiered_tou_demand"]
)
def test_a_real_record_is_read_whether_it_stands_bare_or_wrapped(tmp_path, name):
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    record = content.get("ElectricTariff", content).get("urdb_response", content)
    for form, text in (("bare", record), ("wrapped", {"urdb_response": record})):
        (tmp_path / form).mkdir()
        (tmp_path / form / f"{name}.json").write_text(json.dumps(text), encoding="utf-8")
    native = ladders(FOLDER / f"{name}.json")
    assert native
    for form in ("bare", "wrapped"):
        assert ladders(tmp_path / form / f"{name}.json") == native


@pytest.mark.parametrize("more", [[], [{"rate": 0.05, "max": 50_000}, {"rate": 0.04, "max": 60_000}]])  # fmt: skip
@pytest.mark.parametrize("kw", [20.0, 40.0, 10_000.0])
def test_the_bound_of_a_real_tier_counts_from_the_first_kilowatt_hour_and_the_last_is_open(kw, more):  # fmt: skip
    """January by hand, also with made-up tiers behind the real 20,000 kWh, the last of them bounded."""
    record = json.loads((FOLDER / "urdb_multi_tier.json").read_text(encoding="utf-8"))
    (real,) = (ladder for ladder in record["energyratestructure"] if len(ladder) > 1)
    ladder = [*real[:1], *more] if more else real
    whole_year = [[0] * 24] * 12
    rate = {"energyratestructure": [ladder], "energyweekdayschedule": whole_year, "energyweekendschedule": whole_year}  # fmt: skip
    bounds = [tier["max"] for tier in ladder[:-1]] + [np.inf]
    assert bounds[0] == 20_000
    used, below, expected = kw * 744, 0.0, 0.0
    for bound, tier in zip(bounds, ladder, strict=True):
        expected += tier["rate"] * max(min(used, bound) - below, 0.0)
        below = bound
    bill = read_urdb(rate).bill(np.full(8760, kw))
    assert bill["energy_usd"].loc[1] == pytest.approx(expected)
