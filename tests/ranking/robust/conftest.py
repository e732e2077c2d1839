"""Made-up rankings: measures given cell by cell, ranked in a tiny region."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import powerwall as pw
from powerwall.criteria.criterion import measured


def _frame(cells, index):
    """A measure from site → value, or (value, low, high), or (value, low, high, row)."""
    rows = [cell if isinstance(cell, tuple) else (cell, np.nan, np.nan) for cell in cells]
    found = pd.DataFrame([row[:3] for row in rows], columns=["value", "low", "high"], index=index).astype(float)  # fmt: skip
    names = [row[3] if len(row) > 3 else None for row in rows]
    return measured(found.assign(row=names, layer="made_up"), index)


@pytest.fixture(scope="session")
def made_up(make_region, tmp_path_factory):
    """`made_up({criterion: {site: cell}}, {subject: points}, require=…, values=…, unknown=…)` → Ranking."""
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
            frames[criterion] = _frame([given[i] for i in index], index)
        return pw.rank(region, pw.Measures(base.criteria, frames), unknown=unknown)

    return build
