"""Water areas: public-supply water service areas of the USGS → outlines of the layer `water_systems`.

A site inside the outline of one system belongs to it. Outlines differ in age and completeness from
state to state: a site in none is not a site without supply. What a provider can spare, its caps and
its price are not in the source; they stay unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from powerwall.criteria.cost import STATES
from powerwall.importers.columns import picked
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied
from powerwall.importers.words import slug
from powerwall.region.findings import Findings

_NAMES = {"name": ("wsa_name",), "state": ("state", "state_name", "stusps")}
_NOTE = "Outlines differ in age and completeness from state to state: outside all of them, the supply is unknown"


def read_areas(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Service areas; names are not unique in the nation, so an id is that of name and state."""
    parts = []
    for path in files:
        native = read_features(path, asked, tally, findings)
        if native is None or not in_the_us(native, path, findings):
            continue
        found = picked(native, _NAMES, ("name", "state"), path, findings)
        if found is not None:
            parts.append(only(gpd.GeoDataFrame(found), 2, tally))
    if not parts:
        return None
    read = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    name, state = emptied(read["name"], tally), read["state"].astype(str).str.strip().map(_letters)
    for what, lacking in (("name", name.isna()), ("state that is known", name.notna() & state.isna())):  # fmt: skip
        if lacking.any():
            tally.left_out[f"no {what}"] += int(lacking.sum())
    good = name.notna() & state.notna()
    made = gpd.GeoDataFrame({"name": name[good], "state": state[good]}, geometry=read.geometry[good], crs=read.crs)  # fmt: skip
    ids = [f"us-{where.lower()}-{slug(own)}" for where, own in zip(made["state"], made["name"], strict=True)]  # fmt: skip
    made.insert(0, "water_area_id", pd.Series(ids, index=made.index, dtype=object))
    made["status"] = "secondary"
    return Delivery(_apart(made, tally), ("water_area_id",), note=_NOTE)


def _letters(state: str) -> str | None:
    """Postal letters of a state, which is written in full or by them."""
    if state.upper() in STATES:
        return state.upper()
    return next((letters for letters, name in STATES.items() if name.lower() == state.lower()), None)  # fmt: skip


def _apart(made: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Rows that stand twice only once; systems of one name in one state get a number, from west to east."""
    shape = pd.Series(shapely.to_wkb(shapely.normalize(made.geometry.to_numpy())), index=made.index)
    again = pd.DataFrame({"id": made["water_area_id"], "shape": shape}).duplicated()
    made = tally.without(made, again, "stands in an earlier row")
    west = shapely.bounds(made.geometry.to_numpy())
    made = made.assign(west=west[:, 0], south=west[:, 1]).sort_values(["water_area_id", "west", "south"])  # fmt: skip
    number = made.groupby("water_area_id").cumcount() + 1
    if (number > 1).any():
        tally.noted["share name and state with another system, and are numbered"] += int((number > 1).sum())  # fmt: skip
    made["water_area_id"] = made["water_area_id"].where(number == 1, made["water_area_id"] + "-" + number.astype(str))  # fmt: skip
    return made.drop(columns=["west", "south"])
