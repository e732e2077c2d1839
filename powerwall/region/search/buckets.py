"""Buckets: objects by the cells of a grid, so that those of neighbouring cells lie side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerwall.region.search.grid import Grid
from powerwall.region.search.pairs import paired, split
from powerwall.region.search.positions import Floats, Whole

#: Cells an object, and at most: fewer make lists long, more make rows of cells many.
_CELLS_PER_OBJECT, _FEWEST_CELLS, _MOST_CELLS = 1, 16, 4_000_000
#: Where the cell of an object holds more than this, in the mean, a tree is sooner.
_CROWD = 128
#: Cells along the side of a block, for which one object near it is remembered.
_BLOCK = 8


@dataclass(frozen=True, eq=False)
class Buckets:
    """Objects by cells; those of neighbouring cells of a row are one run.

    Attributes
    ----------
    grid
        The cells.
    start
        Those of cell c are `ids[start[c] : start[c + 1]]`. Shape (cells + 1,)
    ids
        Objects; one that lies in several cells stands in each. Shape (places,)
    seed
        A place in `ids` of an object near each block of `block` by `block` cells. Shape (rows,
        columns) of blocks.
    """

    grid: Grid
    start: Whole
    ids: Whole
    seed: Whole
    block: int = _BLOCK

    @classmethod
    def of(cls, grid: Grid, cell: Whole, which: Whole) -> Buckets | None:
        """Object `which[i]` lies in cell `cell[i]`, for at least one i; None if they crowd."""
        start = np.zeros(grid.nx * grid.ny + 1, dtype=np.int64)
        counts = np.bincount(cell, minlength=grid.nx * grid.ny)
        if float(np.square(counts, dtype=np.float64).sum()) > _CROWD * len(cell):
            return None
        np.cumsum(counts, out=start[1:])
        ordered = paired(cell, which)
        ordered.sort()
        return cls(grid, start, split(ordered)[1], _seeds(grid, start, counts))

    @staticmethod
    def cells_for(objects: int) -> float:
        """How many cells suit so many objects."""
        return float(min(max(_CELLS_PER_OBJECT * objects, _FEWEST_CELLS), _MOST_CELLS))


def _seeds(grid: Grid, start: Whole, counts: Whole) -> Whole:
    """A place near each block: in it, or in one of its row, or of the nearest row that has any."""
    row, column = np.divmod(np.flatnonzero(counts), grid.nx)
    seed = np.full((-(-grid.ny // _BLOCK), -(-grid.nx // _BLOCK)), -1)
    seed[row // _BLOCK, column // _BLOCK] = start[:-1][counts > 0]
    along = seed[np.arange(len(seed))[:, None], _nearest_full(seed >= 0)]
    rows = np.asarray((along >= 0).any(axis=1))
    return np.asarray(along[_nearest_full(rows[None])[0]])


def _nearest_full(full: np.ndarray) -> Whole:
    """Column of the nearest full cell of the same row, for each cell; any, where there is none."""
    columns = np.arange(full.shape[1])
    before = np.maximum.accumulate(np.where(full, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(full, columns, full.shape[1])[:, ::-1], axis=1)[:, ::-1]
    sooner = (before >= 0) & ((columns - before <= after - columns) | (after == full.shape[1]))
    return np.where(sooner, before, np.minimum(after, full.shape[1] - 1))


def tangent(middle: Floats) -> Floats:
    """Two unit vectors across the direction of a place, shape (2, 3)."""
    length = float(np.sqrt((middle * middle).sum()))
    up = middle / length if length > 1 else np.array([0.0, 0.0, 1.0])
    aside = np.zeros(3)
    aside[np.argmin(np.abs(up))] = 1.0
    east = np.cross(up, aside)
    east /= np.sqrt((east * east).sum())
    return np.stack([east, np.cross(up, east)])


def shadow(centred: Floats, axes: Floats) -> tuple[Floats, Floats]:
    """Earth-centred positions on the plane of two unit vectors. Shape (n, 3) → (n,) each, [m].

    Two positions are never nearer than their shadows.
    """
    x, y, z = (np.ascontiguousarray(column) for column in centred.T)
    u, v = (x * axis[0] + y * axis[1] + z * axis[2] for axis in axes)
    return u, v
