"""Native: files of features as published → rows with geometry in degrees, valid, and counted."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from powerwall.importers.columns import folded
from powerwall.importers.coordinates import ends, no_degrees, off_the_globe, within_use
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.sheets import numbers
from powerwall.region.findings import Findings, did_you_mean

DEGREES = "EPSG:4326"


def read_features(
    path: Path, asked: Asked, tally: Tally, findings: Findings, word: str = ""
) -> gpd.GeoDataFrame | None:
    """Features of any vector file, under folded column names, in degrees; None: see the findings.

    Identifiers stay text where the file holds them as text. Rows without a place are left out. Of
    a file with several layers the one is read whose name holds the `word`, else the first.
    """
    frame = _opened(path, tally, findings, word)
    if frame is None:
        return None
    if not isinstance(frame, gpd.GeoDataFrame):
        findings.add("PW203", f"{path.name} holds no geometry", file=path)
        return None
    if frame.empty:
        findings.add("PW204", "holds no features", file=path)
        return None
    named = {str(column): folded(str(column)) for column in frame.columns if column != frame.geometry.name}  # fmt: skip
    frame = frame.rename(columns=named)
    again = frame.columns.duplicated(keep="last")  # the id of a feature stands before its own
    if again.any():
        findings.add("PW212", f"columns of one name: {', '.join(frame.columns[again])}; the last of each is read", severity="note", file=path)  # fmt: skip
        frame = frame.loc[:, ~again]
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return in_degrees(frame, path, asked, tally, findings)


def in_degrees(
    frame: gpd.GeoDataFrame, path: Path, asked: Asked, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Rows in degrees, counted and sound; None where nobody says what their numbers are."""
    crs = _crs(frame, path, asked.crs, findings)
    if crs is None:
        return None
    tally.read += len(frame)
    whole = sound(frame.set_crs(crs, allow_override=True).to_crs(DEGREES), tally)
    within_use(whole, crs, path, findings)
    return whole


def _opened(path: Path, tally: Tally, findings: Findings, word: str) -> pd.DataFrame | None:
    database = path.is_dir() and path.suffix.lower() == ".gdb"
    if not path.is_file() and not database:
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add("PW201", "no such file", file=path, remedy=did_you_mean(path.name, near))
        return None
    try:
        if path.suffix.lower() in {".parquet", ".geoparquet"}:
            return gpd.read_parquet(path)
        return _vector(path, word, tally)
    except (OSError, ValueError, RuntimeError) as error:
        # pyogrio and pyarrow derive their errors from these
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        start = b"" if database else path.read_bytes()[:512].lstrip().lower()
        if b"<html" in start or start.startswith(b"<!doctype html"):
            findings.add("PW202", "is a web page, not the file", file=path, remedy="open it to read what the server said, and download the file again")  # fmt: skip
            return None
        findings.add("PW202", f"cannot be read: {text}", file=path, remedy="GeoJSON, GeoPackage, shapefile, FlatGeobuf and GeoParquet are read")  # fmt: skip
        return None


def _vector(path: Path, word: str, tally: Tally) -> pd.DataFrame:
    layer = _layer(path, word, tally)
    frame = gpd.read_file(path, layer=layer, use_arrow=True)
    if path.is_dir():
        return frame
    with path.open("rb") as file:
        topology = b'"Topology"' in file.read(4096)
    if topology:
        _count_lost(path, layer, len(frame), tally)
    return frame


def _layer(path: Path, word: str, tally: Tally) -> str | None:
    """Layer to read of a file that holds several; None where there is one."""
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if len(names) == 1:
        return None
    found = next((name for name in names if word and word in folded(name)), names[0])
    rows = int(pyogrio.read_info(path, layer=found, force_feature_count=True)["features"])
    tally.noted[f"rows of its layer `{found}`; {', '.join(name for name in names if name != found)} not read"] += rows  # fmt: skip
    return found


def _count_lost(path: Path, layer: str | None, rows: int, tally: Tally) -> None:
    """Count the features without geometry that the reader of TopoJSON passes over."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if content.get("type") != "Topology":
        return
    objects = content["objects"]
    named = objects.get(layer) or next(iter(objects.values()))
    if (lost := len(named.get("geometries", ())) - rows) > 0:
        tally.read += lost
        tally.left_out["no position"] += lost


def _crs(frame: gpd.GeoDataFrame, path: Path, given: str, findings: Findings) -> CRS | None:
    """Coordinate system of a file: its own, else the given one; an unnamed one is refused."""
    own = frame.crs
    if own is not None and "undefined" not in own.name.lower() and own.name.lower() != "unknown":
        wrong, remedy = no_degrees(ends(frame)) if own.is_geographic else ("", "")
        if not wrong:
            return own
        if not given:
            findings.add("PW304", wrong, file=path, remedy=remedy)
            return None
    if not given:
        why = "does not say its coordinate system" if own is None else f"says only `{own.name}` of its coordinate system"  # fmt: skip
        findings.add("PW302", why, file=path, remedy="name it, e.g. --crs EPSG:4269 (NAD83, which files of the US Census are in)")  # fmt: skip
        return None
    try:
        return CRS.from_user_input(given)
    except CRSError:
        findings.add("PW302", f"unknown coordinate system `{given}`", file=path, remedy="an EPSG code, e.g. --crs EPSG:4269")  # fmt: skip
        return None


def sound(frame: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Rows with a place, their outlines made valid."""
    shapes = frame.geometry.to_numpy(copy=True)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    empty[~empty] |= ~np.isfinite(shapely.bounds(shapes[~empty])).all(axis=1)
    if empty.any():
        tally.left_out["no position"] += int(empty.sum())
    off = np.zeros(len(shapes), dtype=bool)
    off[~empty] = off_the_globe(shapely.bounds(shapes[~empty]))
    if off.any():
        tally.left_out["coordinates that are no place in degrees"] += int(off.sum())
    empty |= off
    bad = np.flatnonzero(~empty & ~shapely.is_valid(shapes))
    if len(bad):
        shapes[bad] = shapely.make_valid(shapes[bad])
        tally.noted["outlines that crossed themselves, repaired"] += len(bad)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))[~empty]


def only(frame: gpd.GeoDataFrame, dimension: int, tally: Tally) -> gpd.GeoDataFrame:
    """Rows of one dimension (0 points, 1 lines, 2 areas); of mixed ones the parts that have it."""
    shapes = frame.geometry.to_numpy(copy=True)
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for row in mixed:
        parts = shapely.get_parts(shapely.get_parts(shapes[row]))
        shapes[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == dimension])
    fits = (shapely.get_dimensions(shapes) == dimension) & ~shapely.is_empty(shapes)
    if not fits.all():
        kind = ("point", "line", "area")[dimension]
        tally.left_out[f"no {kind}"] += int((~fits).sum())
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))[fits]


def at_coordinates(
    frame: pd.DataFrame, lon: str, lat: str, path: Path, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Rows of a table at their degrees; those without, at 0° 0° or off the globe are left out.

    None where most are off the globe: the columns hold something else (see the findings).
    """
    x, y = (numbers(frame[name], tally, (-9999.0, -999.0)) for name in (lon, lat))
    wrong, _ = no_degrees(pd.DataFrame({"x": x.abs(), "y": y.abs()}).dropna())
    if wrong:
        findings.add("PW304", wrong, file=path, remedy=f"write {lon} and {lat} in degrees")
        return None
    off = (x.abs() > 180) | (y.abs() > 90) | ((x == 0) & (y == 0))
    if off.any():
        tally.left_out["coordinates that are no place in degrees"] += int(off.sum())
    silent = (x.isna() | y.isna()) & ~off
    if silent.any():
        tally.left_out["no position"] += int(silent.sum())
    there = ~off & ~silent
    places = gpd.points_from_xy(x[there], y[there], crs=DEGREES)
    return gpd.GeoDataFrame(frame[there].drop(columns=[lon, lat]), geometry=places)
