"""IM3 atlas: data centres of the IM3 Open Source Data Center Atlas → the layer `data_centers`.

Read are the centroids, the footprints, and the CSV edition with `id` and codes of counties. The
atlas knows neither MW nor status. An area is that of the outline as it is drawn: of a campus it is
the ground, its buildings with it, so a row says the campus that it lies in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.importers.columns import picked
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import at_coordinates, read_features
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.importers.words import slug
from powerwall.region.findings import Findings

_NAMES = {
    "kind": ("type",), "floor_area_sqft": ("sqft",), "name": ("name",), "operator": ("operator",), "county": ("county",), "state": ("state_abb",),
    "number": ("id",), "state_id": ("state_id",), "county_id": ("county_id",), "lon": ("lon",), "lat": ("lat",),
}  # fmt: skip
_NEEDED = ("kind", "floor_area_sqft", "state")
_KINDS = ("building", "campus", "point")
SQFT_M2 = 0.09290304
_PLACES = 6  # decimals of a degree that an id without a number is made from
_NOTICE = (
    "Open Database License: keep the layer a file of its own, with the attribution beside it; what is derived from it stays under that licence. "
    "Floor areas are those of outlines: never add a campus and the buildings in it (contained_in)"
)  # fmt: skip


def read_atlas(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Data centres as points; of outlines also the campus that each lies in."""
    parts = [part for path in files if (part := _one(path, asked, tally, findings)) is not None and in_the_us(part, path, findings)]  # fmt: skip
    if not parts:
        return None
    read = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    read = read[_known(read, tally)].reset_index(drop=True)
    read["dc_id"] = pd.Series(_ids(read), index=read.index, dtype=object)  # also of no rows
    read = _apart(read, tally)
    if (read["kind"] == "campus").any():
        tally.noted["campuses: their areas hold those of the buildings in them"] += int((read["kind"] == "campus").sum())  # fmt: skip
    made = read[["dc_id"]].copy()
    for column in ("name", "operator"):
        made[column] = emptied(read[column], tally) if column in read else pd.NA
    made["kind"] = read["kind"]
    area = numbers(read["floor_area_sqft"], tally, (-9999.0, 0.0))
    made["floor_area_m2"] = (area * SQFT_M2).round(1)
    inside = _point(read)
    made["contained_in"] = _campus_of(read, inside, tally)
    made["county"] = emptied(read["county"], tally) if "county" in read else pd.NA
    made["state"] = read["state"]
    made["fips"] = _fips(read)
    made["status"] = np.where(read["kind"] == "point", "approximate", "secondary")
    return Delivery(gpd.GeoDataFrame(made, geometry=inside, crs=read.crs), ("dc_id",), note=_NOTICE)


def _one(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    if path.suffix.lower() != ".csv":
        native = read_features(path, asked, tally, findings)
        found = None if native is None else picked(native, _NAMES, _NEEDED, path, findings)
        return None if found is None else gpd.GeoDataFrame(found)
    sheets = read_sheets(path, ("type", "sqft", "lon", "lat", "state_abb"), tally, findings)
    if not sheets:
        return None
    found = picked(sheets[0].frame, _NAMES, (*_NEEDED, "lon", "lat"), path, findings)
    return None if found is None else at_coordinates(found, "lon", "lat", path, tally, findings)


def _known(read: gpd.GeoDataFrame, tally: Tally) -> np.ndarray:
    """Rows of a kind that is known; the words are put into lower case."""
    read["kind"] = read["kind"].astype(str).str.strip().str.lower()
    strange = ~read["kind"].isin(_KINDS)
    for word, count in read.loc[strange, "kind"].value_counts().items():
        tally.left_out[f"type `{word}` is none of {', '.join(_KINDS)}"] += int(count)
    return (~strange).to_numpy()


def _ids(read: gpd.GeoDataFrame) -> list[str]:
    """The atlas' own number, where the edition has one, else a digest of kind and outline."""
    shapes = shapely.to_wkb(shapely.normalize(shapely.set_precision(read.geometry.to_numpy(), 10.0**-_PLACES)))  # fmt: skip
    number = read["number"].astype("string").str.strip().fillna("") if "number" in read else [""] * len(read)  # fmt: skip
    return [
        f"im3-{own}" if own else f"im3-{str(state).strip().lower()}-{kind}-{hashlib.sha256(shape).hexdigest()[:10]}"
        for own, state, kind, shape in zip(number, read["state"], read["kind"], shapes, strict=True)
    ]  # fmt: skip


def _apart(read: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Rows that stand twice only once; what lies in two counties is a row of each, under its own id."""
    county = read["county"].astype(str) if "county" in read else pd.Series("", index=read.index)
    again = (read["dc_id"] + "|" + county).duplicated(keep="first")
    read = tally.without(read, again, "stands in an earlier row").reset_index(drop=True)
    county = county[~again].reset_index(drop=True)
    shared = read["dc_id"].duplicated(keep=False)
    if shared.any():
        tally.noted["in two counties, a row for each: a sum counts it twice"] += int(shared.sum())
        read["dc_id"] = read["dc_id"].where(~shared, read["dc_id"] + "-" + county.map(slug))
    return read


def _point(read: gpd.GeoDataFrame) -> np.ndarray:
    """A point inside each outline: its centroid where that lies inside."""
    shapes = read.geometry.to_numpy()
    centre = shapely.centroid(shapes)
    outside = ~shapely.intersects(shapes, centre)
    centre[outside] = shapely.point_on_surface(shapes[outside])
    return np.asarray(centre)


def _campus_of(read: gpd.GeoDataFrame, inside: np.ndarray, tally: Tally) -> pd.Series:
    """Id of the smallest campus whose outline holds each building or point."""
    outlines = (read["kind"] == "campus").to_numpy() & (shapely.get_dimensions(read.geometry.to_numpy()) == 2)  # fmt: skip
    campuses = np.flatnonzero(outlines)
    found = pd.Series(None, index=read.index, dtype=object)
    if not len(campuses):
        if (read["kind"] == "campus").any():
            tally.noted["without outlines, so the campus that a row lies in is unknown"] += len(read)  # fmt: skip
        return found
    shapes = read.geometry.to_numpy()[campuses]
    others = np.flatnonzero((read["kind"] != "campus").to_numpy())
    at, which = shapely.STRtree(shapes).query(inside[others], predicate="intersects")
    held = pd.DataFrame({"row": others[at], "area": shapely.area(shapes)[which], "id": read["dc_id"].to_numpy()[campuses[which]]})  # fmt: skip
    held = held.sort_values(["row", "area", "id"]).drop_duplicates("row")
    found.iloc[held["row"].to_numpy()] = held["id"].to_numpy()
    if len(held):
        tally.noted["within the outline of a campus (contained_in)"] += len(held)
    return found


def _fips(read: gpd.GeoDataFrame) -> pd.Series:
    """Code of the county: two digits of the state, three of the county, which lost their zeros."""
    if "state_id" not in read or "county_id" not in read:
        return pd.Series(pd.NA, index=read.index, dtype="string")
    parts = [
        read[name].astype("string").str.strip().str.replace(r"\.0$", "", regex=True)
        for name in ("state_id", "county_id")
    ]
    good = parts[0].str.fullmatch(r"\d{1,2}") & parts[1].str.fullmatch(r"\d{1,3}")
    return (parts[0].str.zfill(2) + parts[1].str.zfill(3)).where(good.fillna(value=False))
