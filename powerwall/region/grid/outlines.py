"""Outlines: the edges of many features in one array, as the cells of a lattice need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

_POLYGON = 3  # type id of GEOS; greater ones are made of several parts


@dataclass(frozen=True)
class Outlines:
    """Edges of features.

    Attributes
    ----------
    edges
        x0, y0, x1, y1 of the rings of all polygons, with the inside on their left. Shape (n, 4) [m]
    lines
        The same of everything that has no inside; a point is an edge of no length.
    """

    edges: np.ndarray
    lines: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Outlines:
        """Edges of features of any kind; missing and empty ones have none."""
        parts = exploded(features)
        polygon = shapely.get_type_id(parts) == _POLYGON
        return cls(ring_edges(parts[polygon])[0], _paths(parts[~polygon]))

    @property
    def all(self) -> np.ndarray:
        """Edges with an inside or without. Shape (n, 4) [m]"""
        return np.concatenate([self.edges, self.lines])


def exploded(features: np.ndarray) -> np.ndarray:
    """Points, lines and polygons that features are made of."""
    parts = features[~(shapely.is_missing(features) | shapely.is_empty(features))]
    while len(parts) and shapely.get_type_id(parts).max() > _POLYGON:
        parts = shapely.get_parts(parts)
    return parts


def polygons_of(features: np.ndarray) -> np.ndarray:
    """Polygons that features are made of, without their points and lines."""
    parts = exploded(features)
    return parts[shapely.get_type_id(parts) == _POLYGON]


def ring_edges(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the polygons of features, with the inside on their left, and whose they are.

    Returns
    -------
    edges, owner
        x0, y0, x1, y1, shape (n, 4) [m], and the position of the feature, shape (n,).
    """
    parts, feature = shapely.get_parts(features, return_index=True)
    while len(parts) and shapely.get_type_id(parts).max() > _POLYGON:
        parts, inner = shapely.get_parts(parts, return_index=True)
        feature = feature[inner]
    polygon = shapely.get_type_id(parts) == _POLYGON
    rings, owner = shapely.get_rings(parts[polygon], return_index=True)
    if not len(rings):
        return np.empty((0, 4)), np.empty(0, dtype=np.int64)
    shell = np.r_[True, owner[1:] != owner[:-1]]
    backwards = shapely.is_ccw(rings) != shell
    edges, ring = _steps(rings)
    turned = backwards[ring]
    edges[turned] = edges[turned][:, [2, 3, 0, 1]]
    return edges, feature[polygon][owner[ring]]


def _paths(parts: np.ndarray) -> np.ndarray:
    point = shapely.get_type_id(parts) == 0
    at = shapely.get_coordinates(parts[point])
    return np.concatenate([_steps(parts[~point])[0], np.hstack([at, at])])


def _steps(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges from each vertex to the next of its line, and which line that is."""
    at, owner = shapely.get_coordinates(lines, return_index=True)
    joined = owner[1:] == owner[:-1]
    return np.hstack([at[:-1], at[1:]])[joined], owner[1:][joined]
