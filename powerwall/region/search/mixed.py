"""The index that fits a layer: by the kind of its geometries, or one a kind together."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import shapely
from pyproj import CRS

from powerwall.region.search.lines import LineIndex
from powerwall.region.search.points import PointIndex
from powerwall.region.search.polygons import PolygonIndex
from powerwall.region.search.positions import TIE_M, Floats, Positions, Whole

_KINDS = {
    shapely.GeometryType.POINT: "points",
    shapely.GeometryType.LINESTRING: "lines",
    shapely.GeometryType.LINEARRING: "lines",
    shapely.GeometryType.POLYGON: "polygons",
}


class Index(Protocol):
    """What answers which feature is nearest."""

    def nearest(self, p: Positions) -> tuple[Whole, Floats]:
        """Row of the nearest feature, and the distance along the Earth [m]. Shape (len(p),)"""


class MixedIndex:
    """Parts of one kind each, with the rows that they are of. Made by `index_of`.

    Parameters
    ----------
    indexes, owners
        An index of the parts of a kind, and the row of the layer that each part is of.
    """

    def __init__(self, indexes: list[Index], owners: list[Whole]) -> None:
        self.indexes = indexes
        self.owners = owners

    def nearest(self, p: Positions) -> tuple[Whole, Floats]:
        """Nearest feature of each position, the lowest row among those equal to 1 mm.

        Returns
        -------
        which, metres
            Row of the layer, and the distance along the Earth [m], shape (len(p),); −1 and NaN
            where the layer is empty. Kinds are compared by these distances.
        """
        which, metres = np.full(len(p), -1), np.full(len(p), np.nan)
        if not self.indexes or not len(p):
            return which, metres
        found = [index.nearest(p) for index in self.indexes]
        rows = np.array([owner[row] for owner, (row, _) in zip(self.owners, found, strict=True)])
        apart = np.array([far for _, far in found])
        near = apart <= apart.min(axis=0) + TIE_M
        kind = np.where(near, rows, np.iinfo(np.int64).max).argmin(axis=0)
        at = np.arange(len(p))
        return rows[kind, at], apart[kind, at]


def index_of(geometries: object, crs: CRS | str) -> Index:
    """The index that answers `nearest` for a layer of points, lines, polygons or several kinds.

    Parameters
    ----------
    geometries
        Array of shapely geometries, finite; missing and empty ones are never found, collections
        and geometries of several parts are as near as their nearest part.
    crs
        Projected coordinate system of the geometries and of the candidates.
    """
    shapes = np.asarray(geometries, dtype=object)
    kinds = shapely.get_type_id(shapes)
    lines = {int(kind) for kind, name in _KINDS.items() if name == "lines"} | {
        int(shapely.GeometryType.MULTILINESTRING)
    }
    areas = {int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)}
    present = set(kinds.tolist())
    whole = not (shapely.is_missing(shapes) | shapely.is_empty(shapes)).any()
    if present == {int(shapely.GeometryType.POINT)} and whole:
        return _points(shapes, crs)
    if present and present <= lines:
        return LineIndex(shapes, crs)
    if present and present <= areas:
        return PolygonIndex(shapes, crs)
    return _mixed(shapes, crs)


def _mixed(shapes: np.ndarray, crs: CRS | str) -> MixedIndex:
    parts, owner = _parts(shapes)
    kind = np.array([_KINDS[shapely.GeometryType(k)] for k in shapely.get_type_id(parts)])
    indexes: list[Index] = []
    owners: list[Whole] = []
    for name in np.unique(kind):
        of_kind = kind == name
        owners.append(owner[of_kind])
        if name == "points":
            indexes.append(_points(parts[of_kind], crs))
        else:
            indexes.append((LineIndex if name == "lines" else PolygonIndex)(parts[of_kind], crs))
    return MixedIndex(indexes, owners)


def _points(shapes: np.ndarray, crs: CRS | str) -> PointIndex:
    x, y = shapely.get_coordinates(shapes).T
    return PointIndex(x, y, crs)


def _parts(shapes: np.ndarray) -> tuple[np.ndarray, Whole]:
    """Single points, lines and polygons that are not empty, and the row each is of, ascending."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while not np.isin(shapely.get_type_id(parts), list(_KINDS)).all():  # collections in others
        parts, deeper = shapely.get_parts(parts, return_index=True)
        owner = owner[deeper]
    full = ~shapely.is_empty(parts)
    return parts[full], owner[full]
