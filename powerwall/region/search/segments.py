"""Segments: the edges of lines and outlines as columns, and distances to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from powerwall.region.search.positions import Floats, Whole

_POLYGON = shapely.GeometryType.POLYGON


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight edges from a to b, sorted by feature. A lone point is an edge of length 0.

    Attributes
    ----------
    ax, ay, bx, by
        Start and end, shape (segments,): the vertices to the last bit, so that neighbours meet. [m]
    dx, dy
        Extent, shape (segments,). [m]
    length2
        Squared length, 1 where the length is 0, so that the foot there is the start. [m²]
    feature
        Row of the geometry that the edge belongs to.
    joined
        Whether an edge begins where the one before it ends.
    """

    ax: Floats
    ay: Floats
    bx: Floats
    by: Floats
    dx: Floats
    dy: Floats
    length2: Floats
    feature: Whole
    joined: np.ndarray

    def __len__(self) -> int:
        return len(self.ax)

    @property
    def length(self) -> Floats:
        """Shape (segments,). [m]"""
        return np.sqrt(self.dx * self.dx + self.dy * self.dy)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north end. [m]"""
        west, east = min(self.ax.min(), self.bx.min()), max(self.ax.max(), self.bx.max())
        south, north = min(self.ay.min(), self.by.min()), max(self.ay.max(), self.by.max())
        return float(west), float(south), float(east), float(north)


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
    x, y = (np.ascontiguousarray(column) for column in vertices.T)
    leaves = part[:-1] == part[1:]  # whether an edge goes from a vertex to the next one
    lone = np.bincount(part, minlength=len(parts)) == 1
    start = np.flatnonzero(np.append(leaves, False) | lone[part]) if len(part) else part
    end = start + np.append(leaves, False)[start] if lone.any() else start + 1
    ax, ay, bx, by = x[start], y[start], x[end], y[end]
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    length2[length2 == 0] = 1.0
    joined = np.append(False, leaves)[start]
    return Segments(ax, ay, bx, by, dx, dy, length2, feature[part[start]], joined)


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
