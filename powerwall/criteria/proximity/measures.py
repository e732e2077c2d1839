"""Measures of one layer round positions: prepared once a layer, then taken of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from powerwall.region.search import PointIndex, PolygonIndex, Positions, index_of
from powerwall.region.search.lines import LineIndex

#: Positions → one number each, NaN where it is unknown. Shape (n,)
Taken = Callable[[Positions], np.ndarray]

CIRCLE_SEGMENTS = 32  # a quarter; the area of such a circle is 0.04 % short


class Asked(NamedTuple):
    """What a declared measure looks at beside the features.

    Attributes
    ----------
    within_km
        Radius round the position. [km]
    column
        Column whose numbers are summed, averaged or taken.
    """

    within_km: float = 0.0
    column: str = ""

    @property
    def within_m(self) -> float:
        """Radius. [m]"""
        return self.within_km * 1000.0


def distance_km(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Distance to the nearest feature, on the ellipsoid; NaN without features. [km]"""
    del asked
    index = index_of(features.geometry.to_numpy(), features.crs)
    return lambda at: index.nearest(at)[1] / 1000.0


def count_within(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Features within a distance. [count]"""
    if (points := _points(features)) is not None:
        return lambda at: points.count_within(at, asked.within_m)
    pairs = _pairs(features, asked.within_m)
    return lambda at: np.bincount(pairs(at)[0], minlength=len(at)).astype(float)


def sum_within(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Sum of a column over the features within a distance; NaN if one of them is unknown."""
    amounts = features[asked.column].to_numpy(dtype=float)
    if (points := _points(features)) is not None:
        return lambda at: points.sum_within(at, asked.within_m, amounts)
    pairs = _pairs(features, asked.within_m)

    def taken(at: Positions) -> np.ndarray:
        site, which = pairs(at)
        return np.bincount(site, weights=amounts[which], minlength=len(at))

    return taken


def length_within(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Length of the lines inside the circle, in the plane. [km]"""
    if features.empty:
        return lambda at: np.zeros(len(at))
    index = LineIndex(features.geometry.to_numpy(), features.crs)
    return lambda at: index.length_within(at, asked.within_m) / 1000.0


def share_covered(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Share of the circle that the polygons cover; where two overlap, once. [share]"""
    # parts of a union do not overlap, so that their areas can be added
    apart = shapely.get_parts(shapely.union_all(features.geometry.to_numpy()))
    pieces = _pieces(apart, asked.within_m)

    def taken(at: Positions) -> np.ndarray:
        site, _, area, circle = pieces(at)
        return np.minimum(np.bincount(site, weights=area, minlength=len(at)) / circle, 1.0)

    return taken


def value_at(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Value of the polygon the position lies in; NaN outside all, and inside several that differ."""
    amounts = features[asked.column].to_numpy(dtype=float)
    index = PolygonIndex(features.geometry.to_numpy(), features.crs)

    def taken(at: Positions) -> np.ndarray:
        site, which = index.covering(at)
        found = np.full(len(at), np.nan)
        if not len(site):
            return found
        starts = np.flatnonzero(np.r_[True, site[1:] != site[:-1]])
        low, high = (reduce.reduceat(amounts[which], starts) for reduce in (np.minimum, np.maximum))
        found[site[starts]] = np.where(low == high, low, np.nan)
        return found

    return taken


def area_weighted_mean(features: gpd.GeoDataFrame, asked: Asked) -> Taken:
    """Mean of a column over the circle, weighted by the covered area; NaN if nothing is known."""
    shapes, amounts = features.geometry.to_numpy(), features[asked.column].to_numpy(dtype=float)
    shapes, amounts = shapes[~np.isnan(amounts)], amounts[~np.isnan(amounts)]
    pieces = _pieces(shapes, asked.within_m)

    def taken(at: Positions) -> np.ndarray:
        site, which, area, _ = pieces(at)
        weight = np.bincount(site, weights=area, minlength=len(at))
        total = np.bincount(site, weights=area * amounts[which], minlength=len(at))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weight > 0, total / weight, np.nan)

    return taken


def _points(features: gpd.GeoDataFrame) -> PointIndex | None:
    """An index of features that are all points, else None."""
    shapes = features.geometry.to_numpy()
    if not len(shapes) or (shapely.get_type_id(shapes) != shapely.GeometryType.POINT).any():
        return None
    x, y = shapely.get_coordinates(shapes).T
    return PointIndex(x, y, features.crs)


def _pairs(
    features: gpd.GeoDataFrame, metres: float
) -> Callable[[Positions], tuple[np.ndarray, np.ndarray]]:
    """Positions and features of any kind that are near each other, in the plane."""
    tree = shapely.STRtree(features.geometry.to_numpy())

    def pairs(at: Positions) -> tuple[np.ndarray, np.ndarray]:
        site, which = tree.query(shapely.points(at.x, at.y), predicate="dwithin", distance=metres)
        order = np.lexsort((which, site))  # a sum does not depend on how the tree was walked
        return site[order], which[order]

    return pairs


def _pieces(
    shapes: np.ndarray, metres: float
) -> Callable[[Positions], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """What polygons cover of the circle round each position.

    Position, polygon and area of each piece, shape (pieces,) [m²], and the area of each circle.
    """
    tree = shapely.STRtree(shapes)

    def pieces(at: Positions) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        centres = shapely.points(at.x, at.y)
        circles = np.asarray(shapely.buffer(centres, metres, quad_segs=CIRCLE_SEGMENTS))
        site, which = tree.query(circles, predicate="intersects")
        area = shapely.area(shapely.intersection(shapes[which], circles[site]))
        return site, which, area, shapely.area(circles)

    return pieces


MEASURES: dict[str, Callable[[gpd.GeoDataFrame, Asked], Taken]] = {
    "distance_km": distance_km, "count_within": count_within, "sum_within": sum_within, "length_within": length_within,
    "share_covered": share_covered, "value_at": value_at, "area_weighted_mean": area_weighted_mean,
}  # fmt: skip
