"""What tests share: a tiny synthetic region to write anywhere, and the way to the shared data.

`make_region` is a fixture that holds the function of the same name, so that every test below
`tests/` can take it as an argument::

    def test_something(make_region, tmp_path):
        path = make_region(tmp_path, toml={"request": {"mw": 100}}, policy=None)
        region = pw.read(path)

The region itself is in `tiny_region`.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Mapping
from pathlib import Path

import pytest
from tiny_region import LAYERS, SITES, TARIFFS, typical_year, write_csv, write_region

__all__ = ["LAYERS", "SITES", "TARIFFS", "single", "typical_year", "write_csv", "write_region"]

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def _built_once():
    """The commands, which `CliRunner` would build again for every call, and the collector's thresholds of a run."""
    import typer.testing

    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)  # as `powerwall.cli.main` has them
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.testing._get_command))
        yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session")
def make_region():
    """The function that writes a tiny region: `make_region(folder, toml=…, sites=…, <layer>=…) -> Path`."""
    return write_region


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The tiny region as it is, read once; treat it as read-only."""
    import powerwall as pw

    return pw.read(write_region(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="session")
def tiny_measures(tiny):
    """Every measure of the tiny region; treat it as read-only."""
    import powerwall as pw

    return pw.measure(tiny)


class _Single(Mapping):
    """Measures of a region, each made when it is asked for."""

    def __init__(self, region):
        from powerwall.criteria.check import check_rows
        from powerwall.criteria.criterion import Shared, registry
        from powerwall.criteria.proximity import custom_criteria
        from powerwall.region.findings import Findings

        assert region.request.cooling != "auto"
        check_rows(region, findings := Findings())
        findings.raise_errors()
        self.criteria = {**registry(), **custom_criteria(region.table.criteria)}
        self._shared = Shared(region.sites, region.layers, region.request)

    def __getitem__(self, name):
        return self._shared.measure(self.criteria[name])

    def __iter__(self):
        return iter(self.criteria)

    def __len__(self):
        return len(self.criteria)


def single(region):
    """What `pw.measure` gives, for a test that looks at a few criteria: the others are not measured."""
    return _Single(region)


@pytest.fixture(scope="session")
def shared():
    """Folder of published cases and open data beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared cases and data are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def regions():
    """Folder of the bundled regions."""
    return REPOSITORY / "regions"


@pytest.fixture(scope="session")
def kept():
    """`read` and `measure` that remember: a bundled region, and the measures of the same files under the same request."""
    from powerwall.criteria.measure import measure
    from powerwall.region.read import read

    regions, measures = {}, {}

    def read_once(path, *, ready=None, **options):
        if ready is not None or not Path(path).resolve().is_relative_to(REPOSITORY / "regions"):
            return read(path, ready=ready, **options)
        if str(path) not in regions:
            regions[str(path)] = read(path)
        return regions[str(path)].with_request(**options)

    def measure_once(region):
        ranks = {"weights", "profiles", "values", "require", "gates", "min_coverage"}
        key = (region.table.model_dump_json(exclude=ranks), repr(region.request),
               *((name, layer.sha256) for name, layer in region.layers.items()))  # fmt: skip
        if key not in measures:
            measures[key] = measure(region)
        return measures[key]

    return read_once, measure_once


@pytest.fixture
def computed_once(monkeypatch, kept):
    """Verbs take from an earlier test what they would read and measure again; for what is printed of it."""
    monkeypatch.setattr("powerwall.region.read.read", kept[0])
    for module in ("powerwall.criteria.measure", "powerwall.ranking.check"):
        monkeypatch.setattr(f"{module}.measure", kept[1])


@pytest.fixture(scope="session")
def bundled(kept, regions):
    """`bundled(name)` → Ranking of a bundled region as it is, measured once; treat it as read-only."""
    import powerwall as pw

    @functools.cache
    def ranking(name):
        region = kept[0](regions / f"{name}.toml")
        return pw.rank(region, kept[1](region))

    return ranking


@pytest.fixture
def unmeasured(monkeypatch):
    """The shipped profile of the ratepayer, which weighs something that nobody measures."""
    from powerwall.ranking import profiles

    points = profiles.shipped()
    strange = {**points["ratepayer"], "cost_criteria": {"goodwill_usd_per_mw": 3.0}}
    monkeypatch.setattr(profiles, "shipped", lambda: {**points, "ratepayer": strange})


def _made_up_measure(cells, index):
    """A measure from site → value, or (value, low, high), or (value, low, high, row)."""
    import numpy as np
    import pandas as pd

    from powerwall.criteria.criterion import measured

    rows = [cell if isinstance(cell, tuple) else (cell, np.nan, np.nan) for cell in cells]
    found = pd.DataFrame([row[:3] for row in rows], columns=["value", "low", "high"], index=index).astype(float)  # fmt: skip
    names = [row[3] if len(row) > 3 else None for row in rows]
    return measured(found.assign(row=names, layer="made_up"), index)


@pytest.fixture(scope="session")
def made_up(make_region, tmp_path_factory):
    """`made_up({criterion: {site: cell}}, {subject: points}, require=…, values=…, unknown=…)` → Ranking."""
    import powerwall as pw

    kept = {}

    def build(cells, weights, *, require=None, values=None, unknown="neutral", name="tiny"):
        ids = tuple(next(iter(cells.values())))
        sites = [
            {"site_id": i, "name": i, "lon": -99.0 + 0.001 * n, "lat": 38.5, "location_accuracy_m": 20, "area_ha": 100,
             "zoning_status": "by_right", "utility_id": "u1", "availability": "open"}
            for n, i in enumerate(ids)
        ]  # fmt: skip
        toml = {"weights": weights, "min_coverage": 0.0, **({"require": require} if require else {}), **({"values": values} if values else {})}  # fmt: skip
        region = pw.read(make_region(tmp_path_factory.mktemp("made"), sites=sites, toml=toml, name=name))  # fmt: skip
        if ids not in kept:
            kept[ids] = pw.measure(region)
        base = kept[ids]
        index = base["time_to_power_months"].index
        frames = dict(base.frames)
        default = {"time_to_power_months": dict.fromkeys(ids, 24.0)}
        for criterion, given in {**default, **cells}.items():
            frames[criterion] = _made_up_measure([given[i] for i in index], index)
        return pw.rank(region, pw.Measures(base.criteria, frames), unknown=unknown)

    return build
