"""Layers: what of a region has geometry, in kilometres of its own coordinate system, light enough for a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.output.signs import voltage_sign

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

_KM = 1000.0
_ROOM = 0.12  # of the extent of the sites, left round them
_BEYOND = 0.6  # of it, as far as layers are drawn, so that panning finds them
_LEAST_KM = 4.0  # half of the smallest extent
_STEPS, _FEWEST = 2000, 250  # a line is simplified to one part of so many of the extent
_VERTICES, _POINTS = 10_000, 3_000  # of a layer; more are thinned
_LINES = ("LineString", "MultiLineString")
_AREAS = ("Polygon", "MultiPolygon")
#: Layers that are drawn before anybody asks, from the lowest.
SHOWN = ("jurisdictions", "transmission_lines", "points_of_interconnection")
_TITLES = {"points_of_interconnection": "substations and planned nodes"}


class Extent(NamedTuple):
    """West, south, east and north. [km]"""

    west: float
    south: float
    east: float
    north: float

    def wider(self, share: float) -> Extent:
        """The extent with room round it."""
        more = share * max(self.east - self.west, self.north - self.south)
        return Extent(self.west - more, self.south - more, self.east + more, self.north + more)


class Drawn(NamedTuple):
    """One layer as it is drawn.

    Attributes
    ----------
    name, title
        Its name, and the words beside its switch.
    kind
        `area`, `line` or `point`.
    shown
        True where it is drawn before anybody asks.
    columns
        Column → one entry a feature, coordinates in km; `label` and `more` are told on hovering.
    note
        What was simplified, thinned or cut; empty where nothing was.
    """

    name: str
    title: str
    kind: str
    shown: bool
    columns: dict[str, list[Any]]
    note: str


def extent_of(region: Region) -> Extent:
    """Where the sites of a region lie, with room round them. [km]"""
    west, south, east, north = (float(edge) / _KM for edge in region.sites.total_bounds)
    more = max(_LEAST_KM - (east - west) / 2, 0), max(_LEAST_KM - (north - south) / 2, 0)
    return Extent(west - more[0], south - more[1], east + more[0], north + more[1]).wider(_ROOM)


def drawn_layers(region: Region, extent: Extent) -> list[Drawn]:
    """Layers with geometry, from the lowest on the map to the highest."""
    found = []
    for name, layer in sorted(region.layers.items(), key=lambda item: _order(*item)):
        if name == "sites":
            continue  # they are the markers
        if layer.raster is None and isinstance(layer.frame, gpd.GeoDataFrame) and len(layer.frame):
            drawn = _drawn(name, layer.frame, extent)
            found += [drawn] if drawn else []
    return found


def left_out(region: Region) -> list[str]:
    """Layers that a map of shapes cannot hold."""
    return [name for name, layer in sorted(region.layers.items()) if layer.raster is not None]


def _order(name: str, layer: Layer) -> tuple[int, int, str]:
    frame = layer.frame
    kind = str(frame.geom_type.iloc[0]) if isinstance(frame, gpd.GeoDataFrame) and len(frame) else ""  # fmt: skip
    depth = 0 if kind in _AREAS else 1 if kind in _LINES else 2
    return depth, SHOWN.index(name) if name in SHOWN else -1, name


def _drawn(name: str, frame: gpd.GeoDataFrame, extent: Extent) -> Drawn | None:
    """A layer within reach of the map, thinned to what a screen can show."""
    reach = extent.wider(_BEYOND)
    frame = frame.reset_index(drop=True)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    shapes = shapely.transform(shapes, lambda xy: xy / _KM)
    kept = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    kept = kept[shapely.intersects(shapes[kept], shapely.box(*reach))]
    if not len(kept):
        return None
    beyond = len(frame) - len(kept)
    kind = _kind(shapes[kept[0]])
    notes = [f"{beyond:,} of {len(frame):,} lie beyond this map"] if beyond else []
    if kind == "point":
        columns, more = _points(frame, shapes, kept, extent)
    else:
        columns, more = _outlines(frame, shapes, kept, extent, kind)
    if not columns["label"]:
        return None
    title = f"{_TITLES.get(name, name.replace('_', ' '))} ({len(columns['label']):,})"
    notes += [more] if more else []
    return Drawn(name, title, kind, name in SHOWN, columns, "; ".join(notes))


def _kind(shape: Any) -> str:
    kind = shape.geom_type
    return "area" if kind in _AREAS else "line" if kind in _LINES else "point"


def _points(
    frame: gpd.GeoDataFrame, shapes: np.ndarray, kept: np.ndarray, extent: Extent
) -> tuple[dict[str, list[Any]], str]:
    """Points, one in each spot of the screen where there are very many."""
    places = shapely.centroid(shapes[kept])
    x, y = shapely.get_x(places), shapely.get_y(places)
    note = ""
    if len(kept) > _POINTS:
        spot = max(extent.east - extent.west, extent.north - extent.south) / math.sqrt(_POINTS)
        cells = np.stack([np.floor(x / spot), np.floor(y / spot)])
        _, first = np.unique(cells, axis=1, return_index=True)
        first = np.sort(first)[:_POINTS]
        note = f"{len(first):,} of {len(kept):,} points are drawn, one in each spot of {spot:.2g} km"  # fmt: skip
        kept, x, y = kept[first], x[first], y[first]
    columns: dict[str, list[Any]] = {"x": x.round(3).tolist(), "y": y.round(3).tolist()}
    return columns | _told(frame, kept), note


def _outlines(
    frame: gpd.GeoDataFrame, shapes: np.ndarray, kept: np.ndarray, extent: Extent, kind: str
) -> tuple[dict[str, list[Any]], str]:
    """Lines or areas within reach, simplified until a page can hold them."""
    cut = shapely.clip_by_rect(shapes[kept], *extent.wider(2 * _BEYOND))
    whole = shapely.get_num_coordinates(cut).sum()
    side = max(extent.east - extent.west, extent.north - extent.south)
    step = side / _STEPS
    simple = shapely.simplify(cut, step)
    while shapely.get_num_coordinates(simple).sum() > _VERTICES and step < side / _FEWEST:
        step *= 2
        simple = shapely.simplify(cut, step, preserve_topology=False)
    there = np.flatnonzero(~shapely.is_empty(simple))
    largest = _largest(simple[there], _voltage(frame, kept[there]))
    kept, simple = kept[there[largest]], simple[there[largest]]
    left = shapely.get_num_coordinates(simple).sum()
    notes = [f"outlines simplified to {step * _KM:,.0f} m, {left:,} of {whole:,} points"] if left < whole else []  # fmt: skip
    if len(largest) < len(cut):
        notes.append(f"{len(largest):,} of {len(cut):,} are drawn, by voltage and length")
    note = "; ".join(notes)
    places = int(np.clip(3 - math.floor(math.log10(side / 10)), 0, 3))  # finer than a screen shows
    parts = [[part for part in shapely.get_parts(one) if _kind(part) == kind] for one in simple]
    if kind == "area":
        rings = [[[np.asarray(ring.coords).round(places) for ring in (part.exterior, *part.interiors)] for part in each] for each in parts]  # fmt: skip
        xs, ys = ([[[ring[:, axis].tolist() for ring in part] for part in each] for each in rings] for axis in (0, 1))  # fmt: skip
        inside = shapely.point_on_surface(simple)
        at = {"at_x": shapely.get_x(inside).round(places).tolist(), "at_y": shapely.get_y(inside).round(places).tolist()}  # fmt: skip
        return {"xs": xs, "ys": ys, **at, **_told(frame, kept)}, note
    owner = np.repeat(kept, [len(each) for each in parts])
    lines = [np.asarray(part.coords).round(places) for each in parts for part in each]
    columns: dict[str, list[Any]] = {"xs": [one[:, 0].tolist() for one in lines], "ys": [one[:, 1].tolist() for one in lines]}  # fmt: skip
    signs = [voltage_sign(kv) for kv in _voltage(frame, owner)]
    columns |= {"colour": [sign.colour for sign in signs], "width": [sign.width for sign in signs]}
    return columns | _told(frame, owner), note


def _largest(shapes: np.ndarray, kv: list[float]) -> np.ndarray:
    """Rows that a page can hold: those of the highest voltage, then the largest, in their order."""
    order = np.lexsort((-shapely.length(shapes), -np.nan_to_num(kv, nan=-1.0)))
    room = np.cumsum(shapely.get_num_coordinates(shapes)[order]) <= _VERTICES
    return np.sort(order[room])


def _voltage(frame: pd.DataFrame, rows: np.ndarray) -> list[float]:
    column = next((c for c in ("voltage_kv", "voltage_kv_nominal") if c in frame), None)
    if column is None:
        return [math.nan] * len(rows)
    return [float(v) for v in pd.to_numeric(frame[column].iloc[rows], errors="coerce")]


def _told(frame: pd.DataFrame, rows: np.ndarray) -> dict[str, list[str]]:
    """Name of each feature, and what else is told of it."""
    name = next((c for c in ("name", *(c for c in frame if str(c).endswith("_id"))) if c in frame), None)  # fmt: skip
    picked = frame.iloc[rows]
    labels = [str(v) if isinstance(v, str) and v else "unnamed" for v in picked[name]] if name is not None else ["unnamed"] * len(rows)  # fmt: skip
    volts = [f"{kv:g} kV" if not math.isnan(kv) else "" for kv in _voltage(frame, rows)]
    kinds = [str(v).replace("_", " ") if isinstance(v, str) else "" for v in picked["kind"]] if "kind" in picked else [""] * len(rows)  # fmt: skip
    more = [", ".join(filter(None, pair)) for pair in zip(kinds, volts, strict=True)]
    return {"label": labels, "more": more}
