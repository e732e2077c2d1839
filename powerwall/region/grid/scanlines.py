"""Scanlines: which cells of a lattice polygons and buffers cover, row by row, exactly.

A row of cell centres crosses the edges of polygons at known places. Going along it from the west,
every edge crossed changes by one how many polygons a centre lies in; a running sum along each row
therefore says it for all cells at once, at a cost that grows with the edges and the cells and not
with their product. The cells within a distance of an edge are one run of each row, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from powerwall.region.grid.lattice import Lattice

#: Crossings that are worked out together: some 100 MB of intermediate arrays.
_BATCH = 1_000_000


def centres_inside(edges: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Cells whose centre lies in at least one polygon. Shape (rows, columns), bool

    Parameters
    ----------
    edges
        x0, y0, x1, y1 with the inside on the left, shape (n, 4). [m]

    Notes
    -----
    A centre on an edge belongs to the polygon east of it, or north of it: of polygons that share
    an edge exactly one has it.
    """
    x0, y0, x1, y1 = _local(edges, lattice, 0.0)
    rising = y1 > y0
    # from the lower to the upper end, so that an edge that two polygons share is one and the same
    low_x, low_y = np.where(rising, x0, x1), np.where(rising, y0, y1)
    high_x, high_y = np.where(rising, x1, x0), np.where(rising, y1, y0)
    first, last = _first_centre(low_y, lattice.rows), _first_centre(high_y, lattice.rows)
    change = changes(lattice)
    for edge, row in _spread(first, last):
        along = (row + 0.5 - low_y[edge]) / (high_y[edge] - low_y[edge])
        x = low_x[edge] + along * (high_x[edge] - low_x[edge])
        column = _first_centre(x, lattice.columns)
        _add(change, row, column, np.where(rising[edge], -1, 1))
    return covered(change)


def centres_near(edges: np.ndarray, distance_m: float, lattice: Lattice) -> np.ndarray:
    """Cells whose centre lies within a distance of an edge, in the plane. Shape (rows, columns), bool

    The places within a distance of an edge are convex, so each row meets them in one run: from the
    westernmost to the easternmost of the discs round both ends and the strip between them.
    """
    reach = distance_m / lattice.size_m
    x0, y0, x1, y1 = _local(edges, lattice, distance_m)
    first = _first_centre(np.minimum(y0, y1) - reach, lattice.rows)
    last = np.clip(np.floor(np.maximum(y0, y1) + reach - 0.5) + 1, 0, lattice.rows).astype(np.int64)
    change = changes(lattice)
    for edge, row in _spread(first, last):
        v = row + 0.5
        ends = x0[edge], y0[edge], x1[edge], y1[edge]
        west, east = _strip(*ends, v, reach)
        for x, y in (ends[:2], ends[2:]):
            half = np.sqrt(np.maximum(reach * reach - (v - y) ** 2, 0.0))
            met = np.abs(v - y) <= reach
            west = np.where(met, np.minimum(west, x - half), west)
            east = np.where(met, np.maximum(east, x + half), east)
        west = np.clip(np.ceil(west - 0.5), 0, lattice.columns).astype(np.int64)
        east = np.clip(np.floor(east - 0.5) + 1, 0, lattice.columns).astype(np.int64)
        run = east > west
        _add(change, row[run], west[run], 1)
        _add(change, row[run], east[run], -1)
    return covered(change)


def _strip(
    x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, v: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where rows meet the rectangle of half width `reach` about an edge; empty is (inf, −inf)."""
    length = np.hypot(x1 - x0, y1 - y0)
    with np.errstate(divide="ignore", invalid="ignore"):
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        up = v - y0
        along = np.stack([-up * dy / dx, (length - up * dy) / dx])
        across = np.stack([(up * dx - reach) / dy, (up * dx + reach) / dy])
    # a row that runs on one side of the rectangle gives 0 / 0 there: all of the row is met
    along, across = (np.where(np.isnan(part), -part[::-1], part) for part in (along, across))
    west = np.maximum(along.min(axis=0), across.min(axis=0)) + x0
    east = np.minimum(along.max(axis=0), across.max(axis=0)) + x0
    empty = ~(west <= east)  # an edge of no length has no direction, hence no strip
    return np.where(empty, np.inf, west), np.where(empty, -np.inf, east)


def _local(edges: np.ndarray, lattice: Lattice, distance_m: float) -> np.ndarray:
    """Edges that the rows of a lattice may meet, in cells from its first corner. Shape (4, n)"""
    _, south, _, north = lattice.bounds
    y0, y1 = edges[:, 1], edges[:, 3]
    near = (np.maximum(y0, y1) >= south - distance_m) & (np.minimum(y0, y1) <= north + distance_m)
    local: np.ndarray = edges[near].T / lattice.size_m
    local -= np.array([lattice.column, lattice.row] * 2)[:, None]
    return local


def _first_centre(at: np.ndarray, count: int) -> np.ndarray:
    """First row or column whose centre is not below a place, at most one past the last."""
    return np.clip(np.ceil(at - 0.5), 0, count).astype(np.int64)


def _spread(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every edge with every row it meets, a batch at a time."""
    count = np.maximum(last - first, 0)
    met = np.flatnonzero(count)
    ends = np.cumsum(count[met])
    start = 0
    while start < len(met):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _BATCH, side="right")), start + 1)
        edge = np.repeat(met[start:stop], count[met[start:stop]])
        before = np.repeat(ends[start:stop] - count[met[start:stop]], count[met[start:stop]])
        yield edge, first[edge] + (np.arange(len(edge)) + done - before)
        start = stop


def changes(lattice: Lattice) -> np.ndarray:
    """Zeros to which runs add 1 where they begin and −1 behind their end. Shape (rows, columns + 1)"""
    return np.zeros((lattice.rows, lattice.columns + 1), np.int32)


def _add(change: np.ndarray, row: np.ndarray, column: np.ndarray, amount: np.ndarray | int) -> None:
    np.add.at(change.reshape(-1), row * change.shape[1] + column, amount)


def covered(change: np.ndarray) -> np.ndarray:
    """Cells that at least one run covers; `change` is used up. Shape (rows, columns), bool"""
    return np.cumsum(change, axis=1, out=change)[:, :-1] > 0
