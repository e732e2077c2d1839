"""The nearest of many lines, exactly: by buckets where compiled, else by a tree and a certificate."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS

from powerwall.region.search import kernels
from powerwall.region.search.buckets import Buckets
from powerwall.region.search.grid import Grid
from powerwall.region.search.kept import kept
from powerwall.region.search.local_scale import LocalScale
from powerwall.region.search.pairs import ball_pairs, firsts, runs
from powerwall.region.search.positions import (
    TIE_M,
    Floats,
    Positions,
    Whole,
    arc_m,
    degrees,
    earth_centred,
)
from powerwall.region.search.segments import distance2, foot, length_in_circle, segments_of

#: Nearest samples asked for, first of all candidates, then of those still open. On 664,672 real
#: segments 4 leave 3 % open, 8 leave 0.4 %, 16 leave 0.05 %; then all samples that matter are read.
_NEIGHBOURS = (4, 8, 16)
#: Samples of a leaf of the tree: larger ones are built sooner, and searched as fast.
_LEAF = 32
#: Samples between the vertices: as many as vertices, or 8 a segment where that is still cheap.
_SAMPLES_PER_SEGMENT, _CHEAP_SAMPLES = 8, 700_000
#: Rounding of a distance between coordinates of 1e7 m is 1e-8 m: a wide margin over it. [m]
_MARGIN_M = 1e-6


class _Samples(NamedTuple):
    tree: Any
    one: Whole  # (samples,) the segments a sample lies on: two at a vertex, else twice the same
    other: Whole
    spacing: float  # the largest gap between neighbouring samples of one segment [m]


class LineIndex:
    """Lines (or outlines, or lone points) in arrays, searched in the plane, exactly.

    Parameters
    ----------
    geometries
        Array of shapely geometries, finite; missing and empty ones are never found.
    crs
        Projected coordinate system of the geometries and of the candidates.

    Any number of threads may search one index at a time.
    """

    def __init__(self, geometries: object, crs: CRS | str) -> None:
        self.crs = CRS.from_user_input(crs)
        self.segments = segments_of(geometries)
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.segments)

    def nearest(self, p: Positions) -> tuple[Whole, Floats]:
        """Nearest feature of each position, the lowest row among those equal to 1 mm.

        Returns
        -------
        which, metres
            Row of the feature, chosen in the plane, and the distance to its foot point along the
            Earth [m], shape (len(p),); −1 and NaN where the layer is empty.
        """
        which, metres, _ = self.nearest_with_counts(p)
        return which, metres

    def nearest_with_counts(self, p: Positions) -> tuple[Whole, Floats, dict[str, int]]:
        """As `nearest`, and how many candidates each stage of the search left open."""
        if not len(self.segments) or not len(p):
            return np.full(len(p), -1), np.full(len(p), np.nan), {}
        with self._lock:
            cells = self._cells if kernels.enabled() else None
        counts: dict[str, int] = {}
        segment: Whole = np.full(len(p), -1)
        if cells:
            segment = kernels.nearest_segment(p.x, p.y, cells[0], self.segments.feature, cells[1])
        left = np.flatnonzero(segment < 0)
        if len(left):
            segment[left], counts = self._by_tree(p.x[left], p.y[left], p.plane[left])
        return self.segments.feature[segment], self._along_earth(p, segment), counts

    def _along_earth(self, p: Positions, segment: Whole) -> Floats:
        """Distances from positions to the foot on the segment of the same row. Shape (n,), [m]"""
        x, y = foot(p.x, p.y, self.segments, segment)
        with self._lock:
            scale = self._scale
        metres = scale.metres(p.x, p.y, x - p.x, y - p.y) if scale else np.full(len(p), np.nan)
        far = np.flatnonzero(np.isnan(metres))
        if len(far):
            place = earth_centred(*degrees(self.crs, x[far], y[far]))
            metres[far] = arc_m(earth_centred(p.lon[far], p.lat[far]), place)
        return metres

    def length_within(self, p: Positions, metres: float) -> Floats:
        """Length of the lines inside the circle round each position, in the plane, [m].

        Shape (len(p),); lines that lie on one another count each.
        """
        if not len(self.segments) or not len(p):
            return np.zeros(len(p))
        with self._lock:
            boxes = self._boxes
        x, y = p.x, p.y
        square = shapely.box(x - metres, y - metres, x + metres, y + metres)
        at, which = boxes.query(square)
        order = np.lexsort((which, at))
        at, which = at[order], which[order]
        pieces = length_in_circle(x[at], y[at], self.segments, which, metres)
        return np.bincount(at, weights=pieces, minlength=len(p)).astype(np.float64)

    @kept
    def _cells(self) -> tuple[Floats, Buckets] | None:
        """Columns of the segments in the order of their buckets, for the compiled search."""
        edges = self.segments
        grid = Grid.over(edges.box, Buckets.cells_for(len(edges)))
        which, cell = grid.touched(edges.ax, edges.ay, edges.bx, edges.by)
        buckets = Buckets.of(grid, cell, which)
        if buckets is None:
            return None
        columns = (edges.ax, edges.ay, edges.dx, edges.dy, edges.length2)
        return np.column_stack([column[buckets.ids] for column in columns]), buckets

    @kept
    def _scale(self) -> LocalScale | None:
        return LocalScale.of(self.crs, self.segments.box)

    @kept
    def _boxes(self) -> shapely.STRtree:
        edges = self.segments
        ends = np.column_stack([edges.ax, edges.ay, edges.bx, edges.by])
        tree = shapely.STRtree(shapely.linestrings(ends.reshape(-1, 2, 2)))
        tree.query(shapely.Point(0, 0))  # the tree is built on first use, and not by two threads
        return tree

    @kept
    def _samples(self) -> _Samples:
        from scipy.spatial import cKDTree

        edges, length = self.segments, self.segments.length
        wanted = max(len(edges), min(_SAMPLES_PER_SEGMENT * len(edges), _CHEAP_SAMPLES))
        step = max(float(length.sum()) / wanted, _MARGIN_M)
        pieces = np.maximum(np.ceil(length / step).astype(np.int64), 1)
        inner = np.repeat(np.arange(len(edges)), pieces - 1)
        t = (runs(pieces - 1) + 1) / pieces[inner]
        last = np.flatnonzero(~np.append(edges.joined[1:], False))  # its end is no other's start
        every = np.arange(len(edges))
        x = np.concatenate([edges.ax, edges.bx[last], edges.ax[inner] + t * edges.dx[inner]])
        y = np.concatenate([edges.ay, edges.by[last], edges.ay[inner] + t * edges.dy[inner]])
        tree = cKDTree(np.column_stack([x, y]), _LEAF, balanced_tree=False, compact_nodes=False)
        one = np.concatenate([every, last, inner])
        other = np.concatenate([every - edges.joined, last, inner])
        return _Samples(tree, one, other, float((length / pieces).max()))

    def _by_tree(self, x: Floats, y: Floats, plane: Floats) -> tuple[Whole, dict[str, int]]:
        """Nearest segment of each candidate, and how many were open after each stage."""
        with self._lock:
            samples = self._samples
        which, radius = np.empty(len(x), dtype=np.int64), np.empty(len(x))
        still, counts = np.arange(len(x)), dict[str, int]()
        for k in _NEIGHBOURS:
            which[still], radius[still], closed = self._among(
                samples, k, x[still], y[still], plane[still]
            )
            still = still[~closed]
            counts[f"k={k}"] = len(still)
            if not len(still):
                return which, counts
        at, found = ball_pairs(samples.tree, plane[still], radius[still])
        at = np.concatenate([at, at])
        segment = np.concatenate([samples.one[found], samples.other[found]])
        apart2 = distance2(x[still][at], y[still][at], self.segments, segment)
        which[still] = self._lowest(at, segment, apart2, len(still))
        return which, counts

    def _among(
        self, samples: _Samples, k: int, x: Floats, y: Floats, plane: Floats
    ) -> tuple[Whole, Floats, np.ndarray]:
        """Nearest of the segments of the k nearest samples, and whether no other can be nearer.

        A segment d away has a sample within √(d² + (spacing / 2)²): the foot is at most half a
        spacing from one, or is an end, and the ends are samples. So once the farthest sample
        seen lies beyond that radius of the best distance, every rival has been seen.
        """
        k = min(k, samples.tree.n)
        apart, found = samples.tree.query(plane, k=list(range(1, k + 1)), workers=1)
        found = np.ascontiguousarray(found.T)
        rivals = [edge[row] for row in found for edge in (samples.one, samples.other)]
        apart2 = [distance2(x, y, self.segments, rival) for rival in rivals]
        best, which = apart2[0].copy(), rivals[0].copy()
        for rival, far2 in zip(rivals[1:], apart2[1:], strict=True):
            better = (far2 < best) | ((far2 == best) & (rival < which))
            np.copyto(best, far2, where=better)
            np.copyto(which, rival, where=better)
        limit = np.sqrt(best) + TIE_M
        limit2 = limit * limit
        feature, tied = self.segments.feature[which], np.zeros(len(x), dtype=bool)
        for rival, far2 in zip(rivals, apart2, strict=True):
            tied |= (far2 <= limit2) & (self.segments.feature[rival] != feature)
        if tied.any():
            rows = np.flatnonzero(tied)
            at = np.tile(np.arange(len(rows)), len(rivals))
            pairs = np.concatenate([rival[rows] for rival in rivals])
            far2 = np.concatenate([far2[rows] for far2 in apart2])
            which[rows] = self._lowest(at, pairs, far2, len(rows))
        radius = np.sqrt(limit2 + samples.spacing * samples.spacing / 4) + _MARGIN_M
        return which, radius, (apart[:, -1] >= radius) | (k == samples.tree.n)

    def _lowest(self, at: Whole, segment: Whole, apart2: Floats, count: int) -> Whole:
        """Of the pairs of each row: the lowest feature within 1 mm of the least, its nearest edge."""
        least = np.full(count, np.inf)
        np.minimum.at(least, at, apart2)
        limit = np.sqrt(least) + TIE_M
        near = apart2 <= (limit * limit)[at]
        at, segment, apart2 = at[near], segment[near], apart2[near]
        order = np.lexsort((segment, apart2, self.segments.feature[segment], at))
        return segment[order][firsts(at[order])]
