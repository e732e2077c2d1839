"""Compiled searches over buckets, where numba is installed. They return rows alone.

A distance is then computed by the same numpy expression as without numba, and the search
compares by the same operations in the same order: results are equal to the last bit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from powerwall.region.search.buckets import Buckets
from powerwall.region.search.positions import TIE_M, Floats, Whole

#: Borders are taken to be nearer by this, far above rounding of coordinates of 1e7 m. [m]
MARGIN_M = 1e-6
#: Rows of cells and objects looked at for one candidate before it is left to the tree: as long as
#: that takes. Far from all features the rows are long.
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


def nearest_point(u: Floats, v: Floats, p: Floats, q: Floats, buckets: Buckets) -> Whole:
    """Row of the nearest point of each position, −1: ask the tree. Shape (n,)

    Parameters
    ----------
    u, v, p
        Shadows and earth-centred coordinates of the positions, shape (n,) and (n, 3). [m]
    q
        Earth-centred points in the order of the buckets, shape (places, 3). [m]
    """
    out = np.empty(len(u), dtype=np.int64)
    _compiled(_nearest_point)(u, v, p, q, *_unpacked(buckets), TIE_M, MARGIN_M, _PATIENCE, out)
    return out


def nearest_segment(x: Floats, y: Floats, edges: Floats, feature: Whole, buckets: Buckets) -> Whole:
    """Nearest segment of each position, −1: ask the tree. Shape (n,)

    Parameters
    ----------
    x, y
        Positions, shape (n,). [m]
    edges
        Start, extent and squared length of the segments in the order of the buckets, shape
        (places, 5).
    feature
        Row of the layer that each segment is of, shape (segments,).
    """
    out = np.empty(len(x), dtype=np.int64)
    _compiled(_nearest_segment)(
        x, y, edges, feature, *_unpacked(buckets), TIE_M, MARGIN_M, _PATIENCE, out
    )
    return out


def count_points(
    u: Floats, v: Floats, p: Floats, q: Floats, radius: float, buckets: Buckets
) -> Floats:
    """Points at most a chord of `radius` [m] away; otherwise as `nearest_point`. Shape (n,)"""
    out, grid = np.empty(len(u)), buckets.grid
    _compiled(_count_points)(
        u, v, p, q, buckets.start, grid.x0, grid.y0, grid.cell, grid.nx, grid.ny, radius, MARGIN_M, out
    )  # fmt: skip
    return out


def _unpacked(buckets: Buckets) -> tuple[Any, ...]:
    grid = buckets.grid
    return (buckets.ids, buckets.start, buckets.seed, buckets.block,
            grid.x0, grid.y0, grid.cell, grid.nx, grid.ny)  # fmt: skip


# The functions below look at the rows of cells above and below a candidate's own until they are
# farther away than the best distance and a tie; of each row at the cells that are not. The best
# distance begins with that to the object found for the candidate before, or to one near the block
# of cells. A second round, only where another object came within a tie of the best, chooses the
# lowest row by the final limit. A candidate is given up, with −1, once too much was looked at.
# They stand alone, without calls: only so are they compiled as they are.


def _nearest_point(  # noqa: C901, PLR0912, PLR0915
    u: Floats, v: Floats, p: Floats, q: Floats, ids: Whole, start: Whole, seed: Whole, block: int,
    x0: float, y0: float, cell: float, nx: int, ny: int, tie: float, margin: float, patience: int, out: Whole,
) -> None:  # fmt: skip
    last = -1
    for i in range(len(u)):
        column, row = int(np.floor((u[i] - x0) / cell)), int(np.floor((v[i] - y0) / cell))
        block_row = min(max(row // block, 0), seed.shape[0] - 1)
        place = seed[block_row, min(max(column // block, 0), seed.shape[1] - 1)]
        best, at = np.inf, place
        for k in (place, last if last >= 0 else place):
            dx, dy, dz = p[i, 0] - q[k, 0], p[i, 1] - q[k, 1], p[i, 2] - q[k, 2]
            far = dx * dx + dy * dy + dz * dz
            if far < best:
                best, at = far, k
        root = np.sqrt(best) + tie
        limit, which, rivals, seen = root * root, ids[at], False, 0
        for choosing in (False, True):
            if choosing:
                if not rivals:
                    break
                which = len(q)
            away, farthest = max(0, -row, row - ny + 1), max(row, ny - 1 - row)
            while which >= 0 and away <= farthest:
                near = False
                for side in range(-1 if away else 1, 2, 2):
                    across = row + side * away
                    gap = (y0 + across * cell - v[i] if side > 0 else v[i] - (y0 + (across + 1) * cell)) - margin  # fmt: skip
                    if gap > 0 and gap * gap > limit:
                        continue
                    near = True
                    if across < 0 or across >= ny:
                        continue
                    half = np.sqrt(limit - max(gap, 0.0) * max(gap, 0.0)) + margin
                    left = max(int(np.floor((u[i] - half - x0) / cell)), 0)
                    right = min(int(np.floor((u[i] + half - x0) / cell)), nx - 1)
                    if left > right:
                        continue
                    first, end = start[across * nx + left], start[across * nx + right + 1]
                    seen += 1 + end - first
                    for k in range(first, end):
                        dx, dy, dz = p[i, 0] - q[k, 0], p[i, 1] - q[k, 1], p[i, 2] - q[k, 2]
                        far = dx * dx + dy * dy + dz * dz
                        if far > limit:
                            continue
                        if choosing:
                            which = min(which, ids[k])
                        elif far < best:
                            root = np.sqrt(far) + tie
                            limit = root * root
                            rivals = best <= limit
                            best, which, at = far, ids[k], k
                        else:
                            rivals = rivals or ids[k] != which
                if not near:
                    break
                if seen > patience:
                    which = -1
                away += 1
            if which < 0:
                break
        out[i] = which
        last = at


def _nearest_segment(  # noqa: C901, PLR0912, PLR0915
    x: Floats, y: Floats, edges: Floats, feature: Whole, ids: Whole, start: Whole, seed: Whole, block: int,
    x0: float, y0: float, cell: float, nx: int, ny: int, tie: float, margin: float, patience: int, out: Whole,
) -> None:  # fmt: skip
    last = -1
    for i in range(len(x)):
        column, row = int(np.floor((x[i] - x0) / cell)), int(np.floor((y[i] - y0) / cell))
        block_row = min(max(row // block, 0), seed.shape[0] - 1)
        place = seed[block_row, min(max(column // block, 0), seed.shape[1] - 1)]
        best, at = np.inf, place
        for k in (place, last if last >= 0 else place):
            ux, uy = x[i] - edges[k, 0], y[i] - edges[k, 1]
            t = min(max((ux * edges[k, 2] + uy * edges[k, 3]) / edges[k, 4], 0.0), 1.0)
            ux -= t * edges[k, 2]
            uy -= t * edges[k, 3]
            far = ux * ux + uy * uy
            if far < best:
                best, at = far, k
        root = np.sqrt(best) + tie
        limit, which, rivals, seen = root * root, ids[at], False, 0
        own = feature[which]
        for choosing in (False, True):
            if choosing:
                if not rivals:
                    break
                own = feature[-1] + 1  # features ascend
            away, farthest = max(0, -row, row - ny + 1), max(row, ny - 1 - row)
            while which >= 0 and away <= farthest:
                near = False
                for side in range(-1 if away else 1, 2, 2):
                    across = row + side * away
                    gap = (y0 + across * cell - y[i] if side > 0 else y[i] - (y0 + (across + 1) * cell)) - margin  # fmt: skip
                    if gap > 0 and gap * gap > limit:
                        continue
                    near = True
                    if across < 0 or across >= ny:
                        continue
                    half = np.sqrt(limit - max(gap, 0.0) * max(gap, 0.0)) + margin
                    left = max(int(np.floor((x[i] - half - x0) / cell)), 0)
                    right = min(int(np.floor((x[i] + half - x0) / cell)), nx - 1)
                    if left > right:
                        continue
                    first, end = start[across * nx + left], start[across * nx + right + 1]
                    seen += 1 + end - first
                    for k in range(first, end):
                        ux, uy = x[i] - edges[k, 0], y[i] - edges[k, 1]
                        t = min(max((ux * edges[k, 2] + uy * edges[k, 3]) / edges[k, 4], 0.0), 1.0)
                        ux -= t * edges[k, 2]
                        uy -= t * edges[k, 3]
                        far = ux * ux + uy * uy
                        if far > limit:
                            continue
                        j = ids[k]
                        if choosing:
                            if feature[j] < own or (feature[j] == own and (far < best or (far == best and j < which))):  # fmt: skip
                                best, which, own = far, j, feature[j]
                        elif far < best:
                            root = np.sqrt(far) + tie
                            limit = root * root
                            rivals = best <= limit and (rivals or feature[j] != own)
                            best, which, own, at = far, j, feature[j], k
                        elif feature[j] != own:
                            rivals = True
                        elif far == best and j < which:
                            which = j
                if not near:
                    break
                if seen > patience:
                    which = -1
                away += 1
            if which < 0:
                break
        out[i] = which
        last = at


def _count_points(
    u: Floats, v: Floats, p: Floats, q: Floats, start: Whole, x0: float, y0: float, cell: float, nx: int, ny: int,
    radius: float, margin: float, out: Floats,
) -> None:  # fmt: skip
    reach = radius + margin
    for i in range(len(u)):
        left = max(int(np.floor((u[i] - reach - x0) / cell)), 0)
        right = min(int(np.floor((u[i] + reach - x0) / cell)), nx - 1)
        low = max(int(np.floor((v[i] - reach - y0) / cell)), 0)
        high = min(int(np.floor((v[i] + reach - y0) / cell)), ny - 1)
        count = 0
        for row in range(low, high + 1 if left <= right else low):
            for k in range(start[row * nx + left], start[row * nx + right + 1]):
                dx, dy, dz = p[i, 0] - q[k, 0], p[i, 1] - q[k, 1], p[i, 2] - q[k, 2]
                if dx * dx + dy * dy + dz * dz <= radius * radius:
                    count += 1
        out[i] = count
