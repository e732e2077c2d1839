"""Segments: the edges of lines and outlines as columns, and distances to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from powerwall.region.search.positions import Floats, Whole

_POLYGON = shapely.GeometryType.POLYGON


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight edges from a to a + d, sorted by feature. A lone point is an edge of length 0.

    Attributes
    ----------
    ax, ay, dx, dy
        Start and extent, shape (segments,). [m]
    length2
        Squared length, 1 where the length is 0, so that the foot there is the start. [m²]
    feature
        Row of the geometry that the edge belongs to.
    vertices, before, after
        Coordinates of the vertices, shape (vertices, 2) [m], and the edges that end and begin
        there; at an end of a line both are its only edge.
    """

    ax: Floats
    ay: Floats
    dx: Floats
    dy: Floats
    length2: Floats
    feature: Whole
    vertices: Floats
    before: Whole
    after: Whole

    def __len__(self) -> int:
        return len(self.ax)

    @property
    def length(self) -> Floats:
        """Shape (segments,). [m]"""
        return np.sqrt(self.dx * self.dx + self.dy * self.dy)


def segments_of(geometries: object) -> Segments:
    """Edges of lines and outlines of polygons, of one part or of several, and lone points.

    Raises
    ------
    ValueError
        For a coordinate that is not finite.
    """
    parts, feature = _strings(np.asarray(geometries, dtype=object))
    vertices, part = shapely.get_coordinates(parts, return_index=True)
    if not np.isfinite(vertices).all():
        raise ValueError("a coordinate is not finite")
    count = len(vertices)
    begins = part[1:] == part[:-1] if count else np.zeros(0, dtype=bool)
    begins = np.append(begins, False)  # whether an edge leaves the vertex for the next one
    lone = np.bincount(part, minlength=len(parts))[part] == 1
    edge = np.cumsum(begins | lone) - 1  # the edge that leaves, or, at the last vertex, arrives
    start = np.flatnonzero(begins | lone)
    end = start + begins[start]
    d = vertices[end] - vertices[start]
    before = np.where(np.append(False, begins[:-1]), edge - begins, edge)
    a, dx, dy = vertices[start], np.ascontiguousarray(d[:, 0]), np.ascontiguousarray(d[:, 1])
    length2 = dx * dx + dy * dy
    return Segments(
        np.ascontiguousarray(a[:, 0]), np.ascontiguousarray(a[:, 1]), dx, dy,
        np.where(length2 > 0, length2, 1.0), feature[part[start]], vertices, before, edge,
    )  # fmt: skip


def _strings(geometries: np.ndarray) -> tuple[np.ndarray, Whole]:
    """Points, lines and rings that geometries consist of, and the row each is from."""
    parts, feature = shapely.get_parts(geometries, return_index=True)
    area = shapely.get_type_id(parts) == _POLYGON
    if not area.any():
        return parts, feature
    rings, ring_of = shapely.get_rings(parts[area], return_index=True)
    strings = np.concatenate([parts[~area], rings])
    owner = np.concatenate([feature[~area], feature[area][ring_of]])
    order = np.argsort(owner, kind="stable")
    return strings[order], owner[order]


def foot(px: Floats, py: Floats, segments: Segments, which: Whole) -> tuple[Floats, Floats]:
    """Nearest place of the segment in the same row. Shape (n,) each, [m]."""
    dx, dy = segments.dx[which], segments.dy[which]
    ax, ay = segments.ax[which], segments.ay[which]
    t = _share(px - ax, py - ay, dx, dy, segments.length2[which])
    return ax + t * dx, ay + t * dy


def distance2(px: Floats, py: Floats, segments: Segments, which: Whole) -> Floats:
    """Squared distance to the segment in the same row. Shape (n,), [m²].

    The compiled search repeats these operations in this order, to the last bit.
    """
    dx, dy = segments.dx[which], segments.dy[which]
    ux, uy = px - segments.ax[which], py - segments.ay[which]
    t = _share(ux, uy, dx, dy, segments.length2[which])
    ux -= t * dx
    uy -= t * dy
    return ux * ux + uy * uy


def _share(ux: Floats, uy: Floats, dx: Floats, dy: Floats, length2: Floats) -> Floats:
    """How far along a segment the foot lies: 0 at its start, 1 at its end."""
    t = (ux * dx + uy * dy) / length2
    return np.minimum(np.maximum(t, 0.0, out=t), 1.0, out=t)


def length_in_circle(
    px: Floats, py: Floats, segments: Segments, which: Whole, radius: float
) -> Floats:
    """Length of the segment inside the circle round the position in the same row, [m]."""
    dx, dy, length2 = segments.dx[which], segments.dy[which], segments.length2[which]
    ux, uy = px - segments.ax[which], py - segments.ay[which]
    middle = (ux * dx + uy * dy) / length2  # foot on the whole straight line
    across = (ux * dy - uy * dx) / length2  # distance from that line, in lengths of the segment
    half = np.sqrt(np.maximum(radius * radius / length2 - across * across, 0.0))
    share = np.clip(middle + half, 0.0, 1.0) - np.clip(middle - half, 0.0, 1.0)
    return share * segments.length[which]
