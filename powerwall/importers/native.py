"""Native: files of features as published → rows with geometry in degrees, valid, and counted."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from powerwall.importers.columns import folded
from powerwall.importers.delivery import Asked, Tally
from powerwall.region.findings import Findings, did_you_mean

DEGREES = "EPSG:4326"


def read_features(
    path: Path, asked: Asked, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Features of any vector file, under folded column names, in degrees; None: see the findings.

    Identifiers stay text where the file holds them as text. Rows without a place are left out.
    """
    frame = _opened(path, findings)
    if frame is None:
        return None
    if not isinstance(frame, gpd.GeoDataFrame):
        findings.add("PW203", f"{path.name} holds no geometry", file=path)
        return None
    crs = _crs(frame, path, asked.crs, findings)
    if crs is None:
        return None
    named = {str(column): folded(str(column)) for column in frame.columns if column != frame.geometry.name}  # fmt: skip
    located = frame.set_crs(crs, allow_override=True).rename(columns=named)
    if located.geometry.name != "geometry":
        located = located.rename_geometry("geometry")
    tally.read += len(located)
    return _sound(located.to_crs(DEGREES), tally)


def _opened(path: Path, findings: Findings) -> pd.DataFrame | None:
    if not path.is_file():
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add("PW201", "no such file", file=path, remedy=did_you_mean(path.name, near))
        return None
    try:
        if path.suffix.lower() in {".parquet", ".geoparquet"}:
            return gpd.read_parquet(path)
        return gpd.read_file(path, use_arrow=True)
    except (OSError, ValueError, RuntimeError) as error:
        # pyogrio and pyarrow derive their errors from these
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        findings.add("PW202", f"cannot be read: {text}", file=path, remedy="GeoJSON, GeoPackage, shapefile, FlatGeobuf and GeoParquet are read")  # fmt: skip
        return None


def _crs(frame: gpd.GeoDataFrame, path: Path, given: str, findings: Findings) -> CRS | None:
    """Coordinate system of a file: its own, else the given one; an unnamed one is refused."""
    own = frame.crs
    if own is not None and "undefined" not in own.name.lower() and own.name.lower() != "unknown":
        return own
    if not given:
        why = "does not say its coordinate system" if own is None else f"says only `{own.name}` of its coordinate system"  # fmt: skip
        findings.add("PW302", why, file=path, remedy="name it, e.g. --crs EPSG:4269 (NAD83, which files of the US Census are in)")  # fmt: skip
        return None
    try:
        return CRS.from_user_input(given)
    except CRSError:
        findings.add("PW302", f"unknown coordinate system `{given}`", file=path, remedy="an EPSG code, e.g. --crs EPSG:4269")  # fmt: skip
        return None


def _sound(frame: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Rows with a place, their outlines made valid."""
    shapes = frame.geometry.to_numpy(copy=True)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    empty[~empty] |= ~np.isfinite(shapely.bounds(shapes[~empty])).all(axis=1)
    if empty.any():
        tally.left_out["no position"] += int(empty.sum())
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
