"""EIA plants: a table of power plants, one row a plant, fuel and state of its life → `generators`.

The native form is the atlas' table of plants (`Plant_Code, Plant_Name, Total_MW, PrimSource`), not
tried on a native file; tried is the form of compilers, with `total_capacity_mw` and `status` in words
of their own, which stay in `status_raw`, and without a licence of theirs. A plant that retired keeps
the capacity that it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.importers.columns import picked
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import at_coordinates
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.importers.sources import NOT_STATED
from powerwall.importers.words import slug
from powerwall.region.findings import Findings

_NAMES = {
    "plant_id": ("plant_code", "plant_id"), "name": ("plant_name",), "state": ("state",), "capacity_mw": ("total_capacity_mw", "total_mw", "install_mw"),
    "fuel": ("fuel_type", "primsource", "tech_desc"), "status_raw": ("status",), "owner": ("owner_name", "utility_name"),
    "operator_eia_id": ("utility_id",), "retirement_date": ("planned_retirement_date",), "lon": ("longitude",), "lat": ("latitude",),
}  # fmt: skip
_NEEDED = ("name", "state", "capacity_mw", "fuel", "lon", "lat")
#: `retiring` runs still; `retooled` may mean that another unit runs in its place, or none.
_STATUS = {"operating": "operating", "retired": "retired", "retiring": "operating"}
_NO_DATA = (-9999.0, -99.0)


def read_plants(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Plants as points; one that changed its fuel has a row for each."""
    del asked  # the table says its coordinates in degrees
    parts = [part for path in files if (part := _one(path, tally, findings)) is not None]
    if not parts:
        return None
    read = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    made = pd.DataFrame(index=read.index)
    for column in ("plant_id", "name", "state", "fuel", "status_raw", "owner", "operator_eia_id"):
        made[column] = emptied(read[column], tally) if column in read else pd.NA
    made["capacity_mw"] = numbers(read["capacity_mw"], tally, _NO_DATA)
    made["generator_status"] = _status(made["status_raw"], tally)
    made["retirement_date"] = emptied(read["retirement_date"], tally) if "retirement_date" in read else pd.NA  # fmt: skip
    made["status"] = "secondary"
    made.insert(0, "generator_key", _keys(made))
    made = gpd.GeoDataFrame(made, geometry=read.geometry, crs=read.crs)
    made = tally.without(made, made.duplicated(), "stands in an earlier row")
    compiled = "plant_id" not in read or bool(read["plant_id"].isna().any())
    return Delivery(_numbered(made, tally), ("generator_key",), licenses=NOT_STATED if compiled else ())  # fmt: skip


def _one(path: Path, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    sheets = read_sheets(path, ("plant_name", "latitude", "longitude"), tally, findings)
    if not sheets:
        return None
    found = picked(sheets[0].frame, _NAMES, _NEEDED, path, findings)
    plants = None if found is None else at_coordinates(found, "lon", "lat", path, tally, findings)
    return plants if plants is not None and in_the_us(plants, path, findings) else None


def _status(raw: pd.Series, tally: Tally) -> pd.Series:
    """Status word of the layer; a word that no one but its compiler knows is unknown."""
    word = raw.astype("string").str.strip().str.lower()
    known = word.map(_STATUS).fillna("unknown")
    for own, count in raw[word.notna() & (known == "unknown")].value_counts().items():
        tally.noted[f"status `{own}`, whose meaning is the compiler's: unknown"] += int(count)
    if gone := int((known == "retired").sum()):
        tally.noted["retired: the capacity is what it was"] += gone
    return known


def _keys(made: pd.DataFrame) -> pd.Series:
    """Plant code, else state and name; the fuel tells the rows of one plant apart."""
    own = made["state"].fillna("xx").map(slug) + "-" + made["name"].fillna("unnamed").map(slug)
    plant = made["plant_id"].astype("string").fillna("")
    return plant.where(plant != "", own) + "-" + made["fuel"].fillna("unknown").map(slug)


def _numbered(made: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Rows of one plant and fuel under numbers: what runs first, then the latest to retire."""
    order = pd.DataFrame({"key": made["generator_key"], "late": made["retirement_date"].fillna("9999"), "mw": made["capacity_mw"]})  # fmt: skip
    made = made.loc[order.sort_values(["key", "late", "mw"], ascending=[True, False, False]).index]
    number = made.groupby("generator_key").cumcount() + 1
    if (number > 1).any():
        tally.noted["share plant and fuel with another row, and are numbered"] += int((number > 1).sum())  # fmt: skip
    return made.assign(generator_key=made["generator_key"].where(number == 1, made["generator_key"] + "-" + number.astype(str)))  # fmt: skip
