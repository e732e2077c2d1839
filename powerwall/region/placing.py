"""Placing: rows get their geometry, in the region's coordinate system, valid and of the right kind."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from powerwall.region.findings import Findings
from powerwall.region.region import FileTable, Places
from powerwall.region.schema import LayerSchema
from powerwall.region.tables import CellPlaces

_MARGIN = 3.0  # degrees; border effects want features from outside the region too
_GEOMETRY_TYPES = {
    "point": {"Point"},
    "line": {"LineString", "MultiLineString"},
    "polygon": {"Polygon", "MultiPolygon"},
    "point or polygon": {"Point", "Polygon", "MultiPolygon"},
    "polygon or none": {"Polygon", "MultiPolygon"},
}


def place(
    name: str, frame: pd.DataFrame, schema: LayerSchema, table: FileTable, crs: CRS,
    cells: CellPlaces, places: Places, key: tuple[str, ...], findings: Findings,
) -> gpd.GeoDataFrame | None:  # fmt: skip
    """Give a frame its geometry in the region's coordinate system."""
    made = _geometry(name, frame, cells, findings)
    if made is None:
        if not schema.geometry:
            return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=crs)
        findings.add(
            "PW203",
            f"layer `{name}` has neither a geometry nor the columns lon and lat, or wkt",
            **cells(None, "header"),
        )
        return None
    geometry, native_crs = made
    given = table.crs or native_crs
    if given is None:
        findings.add(
            "PW302",
            f"layer `{name}` does not say its coordinate system",
            remedy='declare it:  crs = "EPSG:4326"',
            **places(*key, "path"),
        )
        return None
    try:
        located = gpd.GeoDataFrame(
            frame.drop(columns="geometry", errors="ignore"),
            geometry=geometry,
            crs=CRS.from_user_input(given),
        )
    except (ValueError, RuntimeError) as error:
        findings.add(
            "PW302",
            f"layer `{name}`: unknown coordinate system `{given}` ({type(error).__name__})",
            **places(*key, "crs"),
        )
        return None
    located = _repair(name, located, schema, cells, findings)
    return _inside(name, located, crs, cells, findings).to_crs(crs)


def place_some(
    name: str, frame: pd.DataFrame, schema: LayerSchema, table: FileTable, crs: CRS,
    cells: CellPlaces, places: Places, key: tuple[str, ...], findings: Findings,
) -> pd.DataFrame | None:  # fmt: skip
    """As `place`, of the rows that have an outline; the others stay as they are."""
    shapes = frame["geometry"] if isinstance(frame, gpd.GeoDataFrame) else frame.get("wkt")
    has = np.zeros(len(frame), dtype=bool) if shapes is None else shapes.notna().to_numpy()
    if not has.any():
        return pd.DataFrame(frame.drop(columns=["geometry", "wkt"], errors="ignore"))
    own = [row for row in np.flatnonzero(has) if row < len(cells.lines)]
    mine = CellPlaces(cells.path, tuple(cells.lines[row] for row in own), tuple(cells.starts[row] for row in own if cells.starts), cells.names)  # fmt: skip
    placed = place(name, frame[has].reset_index(drop=True), schema, table, crs, mine, places, key, findings)  # fmt: skip
    if placed is None:
        return None
    placed.index = frame.index[has][placed.index]
    rest = pd.DataFrame(frame[~has].drop(columns=["geometry", "wkt"], errors="ignore"))
    shape = placed.geometry.reindex(placed.index.union(rest.index))
    whole = pd.concat([placed.drop(columns="geometry"), rest]).sort_index()
    return gpd.GeoDataFrame(whole, geometry=shape, crs=crs)


def _geometry(
    name: str, frame: pd.DataFrame, cells: CellPlaces, findings: Findings
) -> tuple[Any, Any] | None:
    if isinstance(frame, gpd.GeoDataFrame):
        return frame.geometry.to_numpy(), frame.crs
    if "wkt" in frame:
        return _parse_wkt(name, frame.pop("wkt"), cells, findings), "EPSG:4326"
    for lon, lat in (("lon", "lat"), ("lon_deg", "lat_deg"), ("longitude", "latitude")):
        if lon in frame and lat in frame:
            known = frame[lon].notna() & frame[lat].notna()
            points = np.full(len(frame), None, dtype=object)
            points[known.to_numpy()] = shapely.points(
                frame.loc[known, lon].astype(float), frame.loc[known, lat].astype(float)
            )
            return points, "EPSG:4326"
    return None


def _parse_wkt(name: str, texts: pd.Series, cells: CellPlaces, findings: Findings) -> np.ndarray:
    parsed = shapely.from_wkt(
        texts.where(texts.notna(), None).to_numpy(dtype=object), on_invalid="ignore"
    )
    for row in np.flatnonzero(texts.notna().to_numpy() & (parsed == None)):  # noqa: E711 — elementwise
        findings.add("PW306", f"layer `{name}`: cannot read the geometry `{str(texts.iloc[row])[:40]}…`", **cells(int(row), "wkt"),
                     remedy="write WKT in longitude latitude order, e.g. POINT (-77.5 39.0)")  # fmt: skip
    return np.asarray(parsed, dtype=object)


def _repair(
    name: str, frame: gpd.GeoDataFrame, schema: LayerSchema, cells: CellPlaces, findings: Findings
) -> gpd.GeoDataFrame:
    """Make geometries valid; drop rows without a place, or of the wrong kind, with a finding each."""
    geometry = frame.geometry
    severity = "error" if name == "sites" else "warning"
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    for row in np.flatnonzero(empty):
        findings.add("PW301", f"{name}: {_row_name(frame, schema, row)} has no position", severity=severity,
                     remedy="give it lon and lat, or remove the row", **cells(int(row)))  # fmt: skip
    lost = _not_finite(geometry.to_numpy())
    for row in np.flatnonzero(lost):
        findings.add("PW301", f"{name}: a coordinate of {_row_name(frame, schema, row)} is not a finite number", severity=severity,
                     remedy="mend it in the source, or remove the row", **cells(int(row)))  # fmt: skip
    empty = empty | lost
    invalid = np.flatnonzero(~empty)
    invalid = invalid[~shapely.is_valid(geometry.to_numpy()[invalid])]
    if len(invalid):
        mended = geometry.to_numpy(copy=True)
        mended[invalid] = shapely.make_valid(mended[invalid])
        frame = frame.set_geometry(gpd.GeoSeries(mended, index=frame.index, crs=frame.crs))
        for row in invalid:
            findings.add("PW305", f"{name}: the outline of {_row_name(frame, schema, row)} crossed itself and was repaired",
                         severity="warning", remedy="mend it in the source", **cells(int(row)))  # fmt: skip
    allowed = _GEOMETRY_TYPES.get(schema.geometry)
    wrong = (
        ~empty & ~frame.geom_type.isin(allowed).to_numpy()
        if allowed
        else np.zeros(len(frame), dtype=bool)
    )
    if (empty | wrong).all():
        severity = "error"  # nothing of the layer is left
    for row in np.flatnonzero(wrong):
        findings.add("PW307", f"{name}: {_row_name(frame, schema, row)} is a {frame.geom_type.iloc[row]}, not a {schema.geometry}",
                     severity=severity, **cells(int(row)))  # fmt: skip
    return frame[~empty & ~wrong]


def _not_finite(shapes: np.ndarray) -> np.ndarray:
    """Whether a coordinate of each geometry is no finite number. Shape (n,)"""
    at, owner = shapely.get_coordinates(shapes, return_index=True)
    found = np.zeros(len(shapes), dtype=bool)
    found[owner[~np.isfinite(at).all(axis=1)]] = True
    return found


def _row_name(frame: pd.DataFrame, schema: LayerSchema, row: Any) -> str:
    return f"`{frame[schema.key].iloc[row]}`" if schema.key in frame else f"row {row + 1}"


def _inside(
    name: str, frame: gpd.GeoDataFrame, crs: CRS, cells: CellPlaces, findings: Findings
) -> gpd.GeoDataFrame:
    """Rows in the area where the region's system holds; others are swapped, or belong elsewhere."""
    if crs.area_of_use is None or frame.empty:
        return frame
    bounds = _degree_bounds(frame)
    inside = within_area(bounds, crs)
    outside = np.flatnonzero(~inside)
    if len(outside):
        first = bounds.iloc[outside[0]]
        findings.add(
            "PW304", f"{name}: {len(outside)} of {len(frame)} rows lie where {crs.name} does not hold, "
            f"the first at {first['minx']:.2f}° E, {first['miny']:.2f}° N",
            severity="error" if name == "sites" or not inside.any() else "warning",
            remedy="are lon and lat swapped? is the layer's crs right?", **cells(int(frame.index[outside[0]])),
        )  # fmt: skip
    return frame[inside]


def within_area(bounds: pd.DataFrame, crs: CRS) -> np.ndarray:
    """Whether boxes in degrees reach the area where a system holds, or its margin. Shape (n,)"""
    area = crs.area_of_use
    if area is None:
        return np.ones(len(bounds), dtype=bool)
    from_west, from_east = bounds["maxx"] >= area.west - _MARGIN, bounds["minx"] <= area.east + _MARGIN  # fmt: skip
    # an area across the antimeridian ends west of where it begins
    along = (from_west | from_east) if area.west > area.east else (from_west & from_east)
    reached = along & (bounds["miny"] <= area.north + _MARGIN) & (bounds["maxy"] >= area.south - _MARGIN)  # fmt: skip
    return np.asarray(reached)


def _degree_bounds(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Bounds in degrees; of projected rows those of the corners of their boxes, near enough for `_MARGIN`."""
    if frame.crs.is_geographic and frame.crs.axis_info[0].unit_name == "degree":
        return frame.bounds  # datums differ by less than the margin
    if not frame.crs.is_projected:
        return frame.to_crs("EPSG:4326").bounds
    box = frame.bounds
    x, y = box[["minx", "maxx", "minx", "maxx"]], box[["miny", "miny", "maxy", "maxy"]]
    to_degrees = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x.to_numpy(), y.to_numpy())
    ends = {"minx": lon.min(axis=1), "miny": lat.min(axis=1), "maxx": lon.max(axis=1), "maxy": lat.max(axis=1)}  # fmt: skip
    return pd.DataFrame(ends, index=frame.index)
