"""HIFLD territories: Electric Retail Service Territories → the layer `tariff_territories`.

A territory says who may serve; which stack of prices holds in it the file does not know, so
`tariff_stack` is left empty, and a territory decides nothing until it is filled. Territories
overlap on the ground, an investor-owned utility and a cooperative in one place: all are kept, and
where two of them name different stacks the stack is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.importers.columns import identifiers, picked, tell_unread
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.hifld_lines import days, newest
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied
from powerwall.importers.written import cut_early
from powerwall.region.findings import Findings

_NAMES = {"eia_id": ("id",), "name": ("name",), "headquarters_state": ("state",), "utility_type": ("type",), "as_of": ("val_date", "sourcedate")}  # fmt: skip
_NOTE = "tariff_stack is empty: name the stack that holds in each territory, and drop the territories of others"


def read_territories(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Territories of one or several copies, one row an outline."""
    parts = [part for path in files if (part := _one(path, asked, tally, findings)) is not None]
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    rows = tally.without(rows, rows["eia_id"].isna(), "no id")
    same = rows.assign(drawn=shapely.to_wkb(rows.geometry.to_numpy())).duplicated(["eia_id", "drawn"])  # fmt: skip
    kept = gpd.GeoDataFrame(tally.without(rows, same, "stands in an earlier row under the same id and outline"))  # fmt: skip
    turn = kept.groupby("eia_id").cumcount()
    if turn.any():
        tally.noted["further outlines of a utility, numbered in their ids"] += int((turn > 0).sum())
    suffix = ("-" + (turn + 1).astype(str)).where(turn > 0, "")
    kept.insert(0, "territory_id", "eia-" + kept["eia_id"].astype(str) + suffix)
    kept.insert(1, "tariff_stack", pd.Series(pd.NA, index=kept.index, dtype="string"))
    if shared := overlapping(kept.geometry.to_numpy()):
        tally.noted["on ground that another territory has too"] += shared
    day, note = newest(kept["as_of"])
    return Delivery(kept, ("territory_id",), day, "; ".join(filter(None, (_NOTE, note))))


def _one(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    native = read_features(path, asked, tally, findings, "territor")
    if native is None or not in_the_us(native, path, findings):
        return None
    native = cut_early(native, asked, tally)
    found = picked(native, _NAMES, ("eia_id", "name"), path, findings)
    if found is None:
        return None
    tell_unread(native, _NAMES, path, findings)
    areas = only(gpd.GeoDataFrame(found), 2, tally)
    made = pd.DataFrame({"eia_id": identifiers(areas["eia_id"])}, index=areas.index)
    for column in ("name", "headquarters_state", "utility_type"):
        made[column] = emptied(areas[column], tally) if column in areas else pd.NA
    made["as_of"] = days(areas["as_of"], tally) if "as_of" in areas else pd.NA
    made["status"] = "secondary"
    return gpd.GeoDataFrame(made, geometry=areas.geometry)


def overlapping(shapes: np.ndarray) -> int:
    """Number of outlines that share ground with another, not only an edge. Shape (n,)"""
    tree, rows = shapely.STRtree(shapes), set()
    for relation in ("overlaps", "covers"):
        one, other = tree.query(shapes, predicate=relation)
        rows |= {*one[one != other].tolist(), *other[one != other].tolist()}
    return len(rows)
