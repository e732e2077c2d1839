"""Compiled searches over a uniform grid, where numba is installed. They return rows alone.

A distance is then computed by the same numpy expression as without numba, and the search
compares by the same operations in the same order: results are equal to the last bit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from powerwall.region.search.grid import Grid
from powerwall.region.search.positions import TIE_M, Floats, Whole
from powerwall.region.search.segments import Segments

#: Cells an object: more keep lists short where a layer is dense in places and its box is wide.
_CELLS_PER_OBJECT, _MOST_CELLS = 4, 4_000_000
#: Borders are taken to be nearer by this, far above rounding of coordinates of 1e7 m. [m]
_MARGIN_M = 1e-6
#: Where the cell of an object holds more than this, in the mean, a tree is sooner.
_CROWD = 64
#: Cells and objects looked at for one candidate before it is left to the tree: as long as that
#: takes. Far from all features the rings are long and empty.
_PATIENCE = 5000

_once = threading.Lock()  # of threads that come first at the same time, one compiles


def enabled() -> bool:
    """Whether searches are compiled: numba is installed and POWERWALL_FAST is not 0."""
    return os.environ.get("POWERWALL_FAST") != "0" and _installed()


@cache
def _installed() -> bool:
    return find_spec("numba") is not None


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    with _once:
        return _machine_code(function)


@cache
def _machine_code(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in machine code, kept on disk where that can be written to."""
    import numba

    # No fastmath: it may fuse or reorder operations and assumes that there is no NaN.
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no place for the cache
        return numba.njit(nogil=True)(function)


@dataclass(frozen=True, eq=False)
class PointGrid:
    """Earth-centred points by cells of a grid on the plane that touches the Earth amid them.

    Two points are never nearer than their shadows on that plane: cells may be left out by it.
    """

    centred: Floats
    axes: Floats
    grid: Grid
    start: Whole
    ids: Whole

    @classmethod
    def of(cls, centred: Floats) -> PointGrid | None:
        """Grid of earth-centred points, shape (points, 3), at least one [m]; None if crowded."""
        axes = _tangent(centred.mean(axis=0))
        u, v = _shadow(centred, axes)
        grid = Grid.over(u, v, _cells(len(centred)))
        start, ids = _listed(grid.of(u, v), np.arange(len(centred)), grid)
        return None if _crowded(start) else cls(centred, axes, grid, start, ids)

    def nearest(self, centred: Floats) -> Whole:
        """Row of the nearest point of each position, shape (n, 3) → (n,); −1: ask the tree."""
        out = np.empty(len(centred), dtype=np.int64)
        u, v = _shadow(centred, self.axes)
        grid = self.grid
        _compiled(_nearest_point)(
            u, v, centred, self.centred, grid.x0, grid.y0, grid.cell, grid.nx, grid.ny,
            self.start, self.ids, TIE_M, _MARGIN_M, _PATIENCE, out,
        )  # fmt: skip
        return out


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """Segments by the cells that they pass through."""

    segments: Segments
    grid: Grid
    start: Whole
    ids: Whole

    @classmethod
    def of(cls, segments: Segments) -> SegmentGrid | None:
        """Grid of segments, at least one; None if crowded."""
        x, y = segments.vertices.T
        grid = Grid.over(x, y, _cells(len(segments)))
        ends = segments.ax + segments.dx, segments.ay + segments.dy
        which, cell = grid.touched(segments.ax, segments.ay, *ends)
        start, ids = _listed(cell, which, grid)
        return None if _crowded(start) else cls(segments, grid, start, ids)

    def nearest(self, x: Floats, y: Floats) -> Whole:
        """Nearest segment of each position, −1: ask the tree. Shape (n,)"""
        out = np.empty(len(x), dtype=np.int64)
        grid, edges = self.grid, self.segments
        _compiled(_nearest_segment)(
            x, y, edges.ax, edges.ay, edges.dx, edges.dy, edges.length2, edges.feature,
            grid.x0, grid.y0, grid.cell, grid.nx, grid.ny, self.start, self.ids,
            TIE_M, _MARGIN_M, _PATIENCE, out,
        )  # fmt: skip
        return out


def _cells(objects: int) -> float:
    return float(min(max(_CELLS_PER_OBJECT * objects, 16), _MOST_CELLS))


def _tangent(middle: Floats) -> Floats:
    """Two unit vectors across the direction of a place, shape (2, 3)."""
    length = float(np.sqrt((middle * middle).sum()))
    up = middle / length if length > 1 else np.array([0.0, 0.0, 1.0])
    aside = np.zeros(3)
    aside[np.argmin(np.abs(up))] = 1.0
    east = np.cross(up, aside)
    east /= np.sqrt((east * east).sum())
    return np.stack([east, np.cross(up, east)])


def _shadow(centred: Floats, axes: Floats) -> tuple[Floats, Floats]:
    x, y, z = (np.ascontiguousarray(column) for column in centred.T)
    u, v = (x * axis[0] + y * axis[1] + z * axis[2] for axis in axes)
    return u, v


def _listed(cell: Whole, which: Whole, grid: Grid) -> tuple[Whole, Whole]:
    """Objects by cell: those of cell c are ids[start[c] : start[c + 1]]."""
    start = np.zeros(grid.nx * grid.ny + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=grid.nx * grid.ny), out=start[1:])
    return start, which[np.argsort(cell, kind="stable")]


def _crowded(start: Whole) -> bool:
    counts = np.diff(start).astype(np.float64)
    return bool((counts * counts).sum() > _CROWD * counts.sum())


# Both functions below search rings of cells round a candidate's own until the border of the
# searched block is farther away than the best distance and a tie. A second round, only where
# another feature came within a tie of the best, chooses the lowest row by the final limit.
# The first round gives up, with −1, once it has looked at too much.
# They stand alone, without calls: only so are they compiled as they are.


def _nearest_point(  # noqa: C901, PLR0912
    u: Floats, v: Floats, p: Floats, q: Floats, x0: float, y0: float, cell: float,
    nx: int, ny: int, start: Whole, ids: Whole, tie: float, margin: float, patience: int, out: Whole,
) -> None:  # fmt: skip
    for i in range(len(u)):
        cx, cy = int(np.floor((u[i] - x0) / cell)), int(np.floor((v[i] - y0) / cell))
        nearest_ring = max(0, -cx, cx - nx + 1, -cy, cy - ny + 1)
        best, limit, which, rivals = np.inf, np.inf, -1, False
        for choosing in (False, True):
            if choosing:
                if not rivals:
                    break
                which = len(q)
            ring, seen = nearest_ring, 0
            while True:
                for row in range(max(cy - ring, 0), min(cy + ring, ny - 1) + 1):
                    low, high, step = cx - ring, cx + ring, max(2 * ring, 1)
                    if abs(row - cy) == ring:  # a whole side; far away most of it is no cell
                        low, high, step = max(low, 0), min(high, nx - 1), 1
                    for column in range(low, high + 1, step):
                        if column < 0 or column >= nx:
                            continue
                        first, last = start[row * nx + column], start[row * nx + column + 1]
                        seen += 1 + last - first
                        for place in range(first, last):
                            j = ids[place]
                            dx, dy, dz = p[i, 0] - q[j, 0], p[i, 1] - q[j, 1], p[i, 2] - q[j, 2]
                            far = dx * dx + dy * dy + dz * dz
                            if far > limit:
                                continue
                            if choosing:
                                which = min(which, j)
                                continue
                            if far < best:
                                root = np.sqrt(far) + tie
                                limit = root * root
                                rivals = best <= limit
                                best, which = far, j
                            else:
                                rivals = True
                border = np.inf
                if cx - ring > 0:
                    border = min(border, u[i] - (x0 + (cx - ring) * cell))
                if cx + ring < nx - 1:
                    border = min(border, x0 + (cx + ring + 1) * cell - u[i])
                if cy - ring > 0:
                    border = min(border, v[i] - (y0 + (cy - ring) * cell))
                if cy + ring < ny - 1:
                    border = min(border, y0 + (cy + ring + 1) * cell - v[i])
                border -= margin
                if (border > 0 and border * border > limit) or border == np.inf:
                    break
                if seen > patience:
                    which, rivals = -1, False
                    break
                ring += 1
        out[i] = which


def _nearest_segment(  # noqa: C901, PLR0912, PLR0915
    x: Floats, y: Floats, ax: Floats, ay: Floats, dx: Floats, dy: Floats, length2: Floats,
    feature: Whole, x0: float, y0: float, cell: float, nx: int, ny: int,
    start: Whole, ids: Whole, tie: float, margin: float, patience: int, out: Whole,
) -> None:  # fmt: skip
    for i in range(len(x)):
        cx, cy = int(np.floor((x[i] - x0) / cell)), int(np.floor((y[i] - y0) / cell))
        nearest_ring = max(0, -cx, cx - nx + 1, -cy, cy - ny + 1)
        best, limit, which, rivals = np.inf, np.inf, -1, False
        for choosing in (False, True):
            if choosing:
                if not rivals:
                    break
                which = -1
            ring, seen = nearest_ring, 0
            while True:
                for row in range(max(cy - ring, 0), min(cy + ring, ny - 1) + 1):
                    low, high, step = cx - ring, cx + ring, max(2 * ring, 1)
                    if abs(row - cy) == ring:  # a whole side; far away most of it is no cell
                        low, high, step = max(low, 0), min(high, nx - 1), 1
                    for column in range(low, high + 1, step):
                        if column < 0 or column >= nx:
                            continue
                        first, last = start[row * nx + column], start[row * nx + column + 1]
                        seen += 1 + last - first
                        for place in range(first, last):
                            j = ids[place]
                            ux, uy = x[i] - ax[j], y[i] - ay[j]
                            t = (ux * dx[j] + uy * dy[j]) / length2[j]
                            t = min(max(t, 0.0), 1.0)
                            ux -= t * dx[j]
                            uy -= t * dy[j]
                            far = ux * ux + uy * uy
                            if far > limit:
                                continue
                            if choosing:
                                ahead = which < 0 or feature[j] < feature[which]
                                if which >= 0 and feature[j] == feature[which]:
                                    ahead = far < best or (far == best and j < which)
                                if ahead:
                                    best, which = far, j
                                continue
                            if far < best:
                                root = np.sqrt(far) + tie
                                limit = root * root
                                other = which >= 0 and feature[j] != feature[which]
                                rivals = best <= limit and (rivals or other)
                                best, which = far, j
                            else:
                                rivals = rivals or feature[j] != feature[which]
                                if far == best and feature[j] == feature[which]:
                                    which = min(which, j)
                border = np.inf
                if cx - ring > 0:
                    border = min(border, x[i] - (x0 + (cx - ring) * cell))
                if cx + ring < nx - 1:
                    border = min(border, x0 + (cx + ring + 1) * cell - x[i])
                if cy - ring > 0:
                    border = min(border, y[i] - (y0 + (cy - ring) * cell))
                if cy + ring < ny - 1:
                    border = min(border, y0 + (cy + ring + 1) * cell - y[i])
                border -= margin
                if (border > 0 and border * border > limit) or border == np.inf:
                    break
                if seen > patience:
                    which, rivals = -1, False
                    break
                ring += 1
        out[i] = which
