"""Shares: how much of each cell polygons cover, exactly."""

from __future__ import annotations

import numpy as np
import shapely

from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.outlines import polygons_of

#: A quarter of a circle round a buffered feature in so many parts: its radius is up to 0.12 % short.
QUARTER_PARTS = 16
#: Rounding of a sum of areas; a cell covered whole is covered whole.
SHARE_EPS = 1e-9
#: Edges that are cut at the cells together.
_BATCH = 200_000


def grown(features: np.ndarray, buffer_m: float) -> np.ndarray:
    """Features with their buffers, whose circles are polygons of 64 corners."""
    return shapely.buffer(features, buffer_m, quad_segs=QUARTER_PARTS) if buffer_m else features


def merged(features: np.ndarray, buffer_m: float) -> np.ndarray:
    """Polygons that cover what features and their buffers cover together, and nothing twice.

    Only features that meet are united.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    polygons = polygons_of(grown(features, buffer_m))
    if len(polygons) < 2:
        return polygons
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    links = coo_matrix((np.ones(len(one), bool), (one, other)), shape=(len(polygons),) * 2)
    group = connected_components(links, directed=False)[1]
    alone = np.bincount(group)[group] == 1
    order = np.flatnonzero(~alone)[np.argsort(group[~alone], kind="stable")]
    runs = np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else []
    united = [shapely.union_all(polygons[run]) for run in runs]
    return np.concatenate([polygons[alone], polygons_of(np.array(united, dtype=object))])


def shares(edges: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Share of each cell that polygons without overlap cover. Shape (rows, columns), 0 to 1

    Parameters
    ----------
    edges
        x0, y0, x1, y1 with the inside on the left, shape (n, 4). [m]

    Notes
    -----
    Green's theorem, cell by cell: every piece of an edge within one cell covers the trapezium
    between itself and the east side of the cell, and all of its row further east.
    """
    cover = np.zeros((lattice.rows, lattice.columns + 1))
    local = (edges / lattice.size_m) - np.array([lattice.column, lattice.row] * 2)
    low, high = np.minimum(local[:, 1], local[:, 3]), np.maximum(local[:, 1], local[:, 3])
    local = local[(high > 0) & (low < lattice.rows) & (high > low)]
    for start in range(0, len(local), _BATCH):
        _add_pieces(cover, *pieces(local[start : start + _BATCH])[1:])
    np.cumsum(cover, axis=1, out=cover)
    return cover[:, :-1]


def pieces(edges: np.ndarray) -> tuple[np.ndarray, ...]:
    """Edges cut at every line of the lattice: the edge of each piece, its x0, y0, x1 and y1. Shape (m,)"""
    x0, y0, x1, y1 = edges.T
    owners, cuts = [np.arange(len(edges))] * 2, [np.zeros(len(edges)), np.ones(len(edges))]
    for start, end in ((x0, x1), (y0, y1)):
        first = np.floor(np.minimum(start, end)).astype(np.int64) + 1
        count = np.maximum(np.ceil(np.maximum(start, end)).astype(np.int64) - first, 0)
        owner = np.repeat(np.arange(len(edges)), count)
        line = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + first[owner]
        owners.append(owner)
        cuts.append((line - start[owner]) / (end - start)[owner])
    owner, cut = np.concatenate(owners), np.concatenate(cuts)
    order = np.lexsort([cut, owner])
    owner, cut = owner[order], cut[order]
    inner = owner[1:] == owner[:-1]
    edge, begin, end = owner[1:][inner], cut[:-1][inner], cut[1:][inner]
    dx, dy = (x1 - x0)[edge], (y1 - y0)[edge]
    return edge, x0[edge] + begin * dx, y0[edge] + begin * dy, x0[edge] + end * dx, y0[edge] + end * dy  # fmt: skip


def _add_pieces(
    cover: np.ndarray, x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray
) -> None:
    rows, columns = cover.shape[0], cover.shape[1] - 1
    middle, row = (x0 + x1) / 2, np.floor((y0 + y1) / 2).astype(np.int64)
    seen = (row >= 0) & (row < rows) & (middle < columns)
    middle, row, height = middle[seen], row[seen], (y0 - y1)[seen]  # falling edges open an area
    column = np.maximum(np.floor(middle), -1.0).astype(np.int64)
    east = np.where(column < 0, 1.0, 1.0 - (middle - column))
    at = row * (columns + 1) + np.maximum(column, 0)
    np.add.at(cover.reshape(-1), at, height * east)
    right = column >= 0  # what lies west of the block covers all of its row already
    np.add.at(cover.reshape(-1), at[right] + 1, (height * (1.0 - east))[right])
