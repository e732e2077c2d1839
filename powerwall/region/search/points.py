"""The nearest of many points, and what lies within a distance, by chords through the Earth."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from pyproj import CRS

from powerwall.region.search import kernels
from powerwall.region.search.buckets import Buckets, shadow, tangent
from powerwall.region.search.grid import Grid
from powerwall.region.search.kept import kept
from powerwall.region.search.pairs import ball_pairs, firsts, runs
from powerwall.region.search.positions import (
    TIE_M,
    Floats,
    Positions,
    Whole,
    arc_m,
    chord2,
    chord_m,
)

#: Rows of cells, and pairs held at once, up to which buckets find what is within a distance.
_MOST_ROWS, _MOST_PAIRS = 9, 4_000_000


class _Shadows(NamedTuple):
    """Points by the cells of a plane that touches the Earth amid them."""

    axes: Floats  # (2, 3)
    centred: Floats  # in the order of the buckets
    buckets: Buckets


class PointIndex:
    """Points in arrays, searched on the ellipsoid: no projection bends what is nearest.

    Parameters
    ----------
    x, y
        Shape (points,), finite, in `crs`. [m]
    crs
        Projected coordinate system. Candidates may be in another one.

    Any number of threads may search one index at a time.
    """

    def __init__(self, x: object, y: object, crs: CRS | str) -> None:
        self.positions = Positions.of(x, y, crs)
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.positions)

    @kept
    def _tree(self) -> Any:
        return _tree(self.positions.earth_centred)

    @kept
    def _alone(self) -> tuple[Whole, Any]:
        """Rows without those that repeat an earlier position, and their tree."""
        centred = self.positions.earth_centred
        order = np.lexsort((*centred.T,))  # stable: the lowest row leads those that are equal
        lead = np.r_[True, (np.diff(centred[order], axis=0) != 0).any(axis=1)]
        rows = np.sort(order[lead])
        return rows, self._tree if len(rows) == len(self) else _tree(centred[rows])

    @kept
    def _shadows(self) -> _Shadows | None:
        centred = self.positions.earth_centred
        axes = tangent(centred.mean(axis=0))
        u, v = shadow(centred, axes)
        box = float(u.min()), float(v.min()), float(u.max()), float(v.max())
        grid = Grid.over(box, Buckets.cells_for(len(self)))
        buckets = Buckets.of(grid, grid.of(u, v), np.arange(len(self)))
        return None if buckets is None else _Shadows(axes, centred[buckets.ids], buckets)

    def nearest(self, p: Positions) -> tuple[Whole, Floats]:
        """Nearest point of each position, the lowest row among those equal to 1 mm.

        Returns
        -------
        which, metres
            Row of the point and distance along the Earth [m], shape (len(p),); −1 and NaN where
            the layer is empty.
        """
        if not len(self) or not len(p):
            return np.full(len(p), -1), np.full(len(p), np.nan)
        centred = p.earth_centred
        which: Whole = np.full(len(p), -1)
        if kernels.enabled() and (shadows := self._of_points()):
            places = shadow(centred, shadows.axes)
            which = kernels.nearest_point(*places, centred, shadows.centred, shadows.buckets)
        left = np.flatnonzero(which < 0)
        if len(left):
            which[left] = self._by_tree(centred[left])
        return which, arc_m(centred, self.positions.earth_centred[which])

    def _of_points(self) -> _Shadows | None:
        with self._lock:
            return self._shadows

    def _by_tree(self, centred: Floats) -> Whole:
        with self._lock:
            rows, tree = self._alone
        apart, found = tree.query(centred, k=[1, 2][: len(rows)], workers=1)
        which = rows[found[:, 0]]
        if len(rows) > 1:
            # Twice the tie, for the tree rounds in its own way: the exact rule follows.
            close = np.flatnonzero(apart[:, 1] <= apart[:, 0] + 2 * TIE_M)
            which[close] = self._lowest(centred[close], apart[close, 0])
        return which

    def _lowest(self, centred: Floats, metres: Floats) -> Whole:
        """Lowest row within 1 mm of the smallest distance, among all within 2 mm of `metres`."""
        if not len(metres):
            return np.empty(0, dtype=np.int64)
        rows, tree = self._alone
        at, found = ball_pairs(tree, centred, metres + 2 * TIE_M)
        apart2 = chord2(centred[at], self.positions.earth_centred[rows[found]])
        least = np.minimum.reduceat(apart2, firsts(at))
        limit = np.sqrt(least) + TIE_M
        near = np.where(apart2 <= (limit * limit)[at], rows[found], len(self))
        return np.minimum.reduceat(near, firsts(at))

    def within(self, p: Positions, metres: float) -> tuple[Whole, Whole]:
        """All pairs at most this far apart along the Earth, to 1 mm.

        Returns
        -------
        at, which
            Row of the position and of the point, sorted by both. Shape (pairs,)
        """
        if not len(self) or not len(p):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        radius, centred = chord_m(metres + TIE_M), p.earth_centred
        if shadows := self._within_reach(radius):
            parts = list(_pairs(shadows, centred, radius))
            at, which = (np.concatenate(column) for column in zip(*parts, strict=True))
        else:
            with self._lock:
                tree = self._tree
            at, which = ball_pairs(tree, centred, radius)
        order = np.lexsort((which, at))
        return at[order], which[order]

    def count_within(self, p: Positions, metres: float) -> Floats:
        """Points at most this far away, shape (len(p),). [count]"""
        if not len(self) or not len(p):
            return np.zeros(len(p))
        radius, centred = chord_m(metres + TIE_M), p.earth_centred
        if (shadows := self._within_reach(radius)) is None:
            with self._lock:
                tree = self._tree
            found = tree.query_ball_point(centred, radius, workers=1, return_length=True)
            return np.asarray(found, dtype=np.float64)
        if kernels.enabled():
            places = shadow(centred, shadows.axes)
            return kernels.count_points(*places, centred, shadows.centred, radius, shadows.buckets)
        count = np.zeros(len(p))
        for at, _ in _pairs(shadows, centred, radius):
            count += np.bincount(at, minlength=len(p))
        return count

    def _within_reach(self, radius: float) -> _Shadows | None:
        """The points by cells, where a circle is so few rows of cells that they beat the tree."""
        shadows = self._of_points()
        if shadows is None or 2 * radius > (_MOST_ROWS - 2) * shadows.buckets.grid.cell:
            return None
        return shadows

    def sum_within(self, p: Positions, metres: float, amounts: object) -> Floats:
        """Sum of amounts over the points at most this far away; NaN if one of them is NaN.

        `amounts` has shape (points,); the sum has shape (len(p),) and the unit of the amounts.
        """
        at, which = self.within(p, metres)
        weights = np.asarray(amounts, dtype=np.float64)[which]
        return np.bincount(at, weights=weights, minlength=len(p)).astype(np.float64)


def _pairs(shadows: _Shadows, centred: Floats, radius: float) -> Iterator[tuple[Whole, Whole]]:
    """Positions and points at most a chord apart, by position, some at a time."""
    first, size = _runs_within(shadows, *shadow(centred, shadows.axes), radius + kernels.MARGIN_M)
    total = np.cumsum(size.sum(axis=1))
    cuts = np.searchsorted(total, np.arange(_MOST_PAIRS, total[-1], _MOST_PAIRS), side="right")
    for some in np.split(np.arange(len(centred)), cuts):
        each = size[some].ravel()
        at = np.repeat(np.repeat(some, size.shape[1]), each)
        place = np.repeat(first[some].ravel(), each) + runs(each)
        near = chord2(centred[at], shadows.centred[place]) <= radius * radius
        yield at[near], shadows.buckets.ids[place[near]]


def _runs_within(shadows: _Shadows, u: Floats, v: Floats, reach: float) -> tuple[Whole, Whole]:
    """Where in the buckets the points near each position begin, and how many there are, by rows.

    Shape (positions, rows of cells) each.
    """
    grid, start = shadows.buckets.grid, shadows.buckets.start
    left, right, low, high = (
        np.floor(cells).astype(np.int64)
        for cells in (grid.columns(u - reach), grid.columns(u + reach), grid.rows(v - reach), grid.rows(v + reach))
    )  # fmt: skip
    row = low[:, None] + np.arange(int((high - low).max()) + 1)
    there = (row <= high[:, None]) & (row >= 0) & (row < grid.ny)
    there &= ((right >= 0) & (left < grid.nx))[:, None]
    ends = np.clip(left, 0, None), np.clip(right + 1, None, grid.nx)
    first, end = (start[np.where(there, row * grid.nx + column[:, None], 0)] for column in ends)
    return first, end - first


def _tree(centred: Floats) -> Any:
    from scipy.spatial import cKDTree

    # Sliding midpoints build three times faster than medians and answer as fast.
    return cKDTree(centred, balanced_tree=False, compact_nodes=False)
