"""Overlaps: which cells features and their buffers cover to a share, counting nothing twice.

To unite many buffers is slow, and mostly needless. A cell that one feature covers enough is hit,
and one that all of them do not cover enough even if they are added up is not. Only where neither
is so do features count together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.outlines import ring_edges
from powerwall.region.grid.scanlines import changes, covered
from powerwall.region.grid.shares import SHARE_EPS, grown, merged, pieces, shares

#: Features that are buffered and cut at the cells together, by their vertices.
_BATCH_VERTICES = 50_000


class _Parts(NamedTuple):
    """Cells that features cover in part: one row for each of a feature in a cell."""

    cell: np.ndarray
    feature: np.ndarray
    share: np.ndarray


def overlapped(
    features: np.ndarray, buffer_m: float, least: float, lattice: Lattice, among: np.ndarray
) -> np.ndarray:
    """Cells of which the buffered features together cover at least a share.

    Parameters
    ----------
    features, buffer_m
        Shape (n,), and the distance round them that counts as they do. [m]
    least
        Share of a cell, above 0 and at most 1.
    among
        Cells that matter, shape (rows, columns), bool; the others may come out either way.
    """
    least -= SHARE_EPS
    whole, parts = _by_feature(features, buffer_m, lattice)
    hit = whole.reshape(-1)
    cell, at = np.unique(parts.cell, return_inverse=True)
    total = np.bincount(at, parts.share, minlength=len(cell))
    enough = parts.share >= least
    hit[parts.cell[enough]] = True
    unclear = (total >= least) & ~hit[cell] & among.reshape(-1)[cell]
    if unclear.any():
        cells = cell[unclear]
        own = np.unique(parts.feature[unclear[at]])
        hit[cells] = _together(grown(features[own], buffer_m), cells, lattice) >= least
    return hit.reshape(lattice.rows, lattice.columns)


def _together(polygons: np.ndarray, cells: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Share of some cells that polygons cover together. Shape (cells,)"""
    crossed = ~shapely.is_valid(polygons)  # a valid outline may cross itself once it is projected
    polygons[crossed] = shapely.make_valid(polygons[crossed])
    if len(cells) > len(polygons):  # a cell takes about as long as a feature
        edges = ring_edges(merged(polygons, 0.0))[0]
        return shares(edges, lattice).reshape(-1)[cells]
    x, y = lattice.centres(cells)
    half = lattice.size_m / 2
    boxes = shapely.box(x - half, y - half, x + half, y + half)
    at, which = shapely.STRtree(polygons).query(boxes, predicate="intersects")
    order = np.argsort(at, kind="stable")
    at, which = at[order], which[order]
    cut = shapely.intersection(polygons[which], boxes[at])
    return _union_areas(cut, at, len(cells)) / lattice.size_m**2


def _union_areas(cut: np.ndarray, at: np.ndarray, count: int) -> np.ndarray:
    """Area of the union of the pieces of each cell, `at` in order. Shape (count,) [m²]"""
    many = np.bincount(at, minlength=count)
    place = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    area = np.zeros(count)
    for size in np.unique(many[many > 0]):  # cells with as many pieces, so that rows are full
        rows = np.flatnonzero(many == size)
        table = np.empty((len(rows), size), dtype=object)
        own = many[at] == size
        table[np.searchsorted(rows, at[own]), place[own]] = cut[own]
        area[rows] = shapely.area(shapely.union_all(table, axis=1))
    return area


def _by_feature(
    features: np.ndarray, buffer_m: float, lattice: Lattice
) -> tuple[np.ndarray, _Parts]:
    """Cells that one feature alone covers whole, and the shares of the others by feature."""
    west, south, east, north = lattice.bounds
    box = shapely.bounds(features)
    near = (
        (box[:, 0] <= east + buffer_m) & (box[:, 2] >= west - buffer_m)
        & (box[:, 1] <= north + buffer_m) & (box[:, 3] >= south - buffer_m)
    )  # fmt: skip
    rows = np.flatnonzero(near)
    change = changes(lattice)
    found = []
    batch = np.cumsum(shapely.get_num_coordinates(features[rows])) // _BATCH_VERTICES
    for some in np.split(rows, np.flatnonzero(np.diff(batch)) + 1):
        edges, owner = ring_edges(grown(features[some], buffer_m))
        found.append(_cut(edges, some[owner], lattice, change))
    parts = _Parts(*(np.concatenate(column) for column in zip(*found, strict=True)))
    return np.ascontiguousarray(covered(change)), parts


def _cut(edges: np.ndarray, owner: np.ndarray, lattice: Lattice, change: np.ndarray) -> _Parts:
    """Shares of cells that edges run through; the runs between them are added to `change`.

    As `shares`, but feature by feature: along each row the heights of the pieces met so far say
    whether the next cells lie within the feature.
    """
    local = (edges / lattice.size_m) - np.array([lattice.column, lattice.row] * 2)
    low, high = np.minimum(local[:, 1], local[:, 3]), np.maximum(local[:, 1], local[:, 3])
    met = (high > 0) & (low < lattice.rows)  # level ones too: they bound the runs
    edge, x0, y0, x1, y1 = pieces(local[met])
    middle, row = (x0 + x1) / 2, np.floor((y0 + y1) / 2).astype(np.int64)
    seen = (row >= 0) & (row < lattice.rows) & (middle < lattice.columns)
    middle, row, height, feature = middle[seen], row[seen], (y0 - y1)[seen], owner[met][edge[seen]]
    column = np.maximum(np.floor(middle), -1.0).astype(np.int64)
    own = height * np.where(column < 0, 0.0, 1.0 - (middle - column))
    order = np.lexsort([column, row, feature])
    feature, row, column, height, own = (part[order] for part in (feature, row, column, height, own))  # fmt: skip
    line = (np.diff(feature, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0)
    starts = np.flatnonzero(line | (np.diff(column, prepend=-2) != 0))
    if not len(starts):
        return _Parts(starts, starts, np.empty(0))
    height, own = np.add.reduceat(height, starts), np.add.reduceat(own, starts)
    feature, row, column, line = feature[starts], row[starts], column[starts], line[starts]
    after = np.cumsum(height)
    first = np.flatnonzero(line)
    after -= np.repeat(after[first] - height[first], np.diff(first, append=len(line)))
    stop = np.append(np.where(line[1:], lattice.columns, column[1:]), lattice.columns)
    run = (after > 0.5) & (stop > column + 1)  # all or nothing where no edge runs
    at = row * change.shape[1]
    np.add.at(change.reshape(-1), (at + column + 1)[run], 1)
    np.add.at(change.reshape(-1), (at + stop)[run], -1)
    inner = column >= 0
    share = np.clip(own + after - height, 0.0, 1.0)
    return _Parts((row * lattice.columns + column)[inner], feature[inner], share[inner])
