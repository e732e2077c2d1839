"""A grid of square cells over a layer, and the cells that segments pass through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerwall.region.search.pairs import runs
from powerwall.region.search.positions import Floats, Whole

#: A cell is taken to be larger by this share on every side, so that rounding never leaves out
#: a cell that a segment touches.
_RIM = 1e-6
#: Segments looked at together: arrays that stay in the cache of a core.
_BLOCK = 16_384


@dataclass(frozen=True)
class Grid:
    """nx × ny cells from (x0, y0) upwards, row after row. [m]"""

    x0: float
    y0: float
    cell: float
    nx: int
    ny: int

    @classmethod
    def over(cls, box: tuple[float, float, float, float], cells: float) -> Grid:
        """About this many cells over a box from west and south to east and north, and beyond it."""
        x0, y0, width, height = box[0], box[1], box[2] - box[0], box[3] - box[1]
        longest = max(width, height, 1.0)
        # A long thin box gets no more cells along than a square one would have in all.
        cell = max(float(np.sqrt(width * height / cells)), longest / cells)
        nx, ny = int(width // cell) + 3, int(height // cell) + 3
        return cls(x0 - cell, y0 - cell, cell, nx, ny)

    def columns(self, x: Floats) -> Floats:
        """Column coordinate: whole numbers are the borders of cells."""
        return (x - self.x0) / self.cell

    def rows(self, y: Floats) -> Floats:
        """Row coordinate: whole numbers are the borders of cells."""
        return (y - self.y0) / self.cell

    def of(self, x: Floats, y: Floats) -> Whole:
        """Number of the cell of each position, −1 outside. Shape (n,)"""
        column, row = np.floor(self.columns(x)), np.floor(self.rows(y))
        inside = (column >= 0) & (column < self.nx) & (row >= 0) & (row < self.ny)
        cell = np.full(len(x), -1)
        cell[inside] = (row[inside] * self.nx + column[inside]).astype(np.int64)
        return cell

    def touched(self, ax: Floats, ay: Floats, bx: Floats, by: Floats) -> tuple[Whole, Whole]:
        """Cells that segments inside the grid touch, with those they miss by a millionth.

        Returns
        -------
        segment, cell
            Shape (pairs,), ascending by segment; no pair is missing or twice.
        """
        found = []
        for start in range(0, max(len(ax), 1), _BLOCK):
            block = slice(start, start + _BLOCK)
            segment, cell = self._touched(ax[block], ay[block], bx[block], by[block])
            found.append((segment + start, cell))
        segments, cells = zip(*found, strict=True)
        return np.concatenate(segments), np.concatenate(cells)

    def _touched(self, ax: Floats, ay: Floats, bx: Floats, by: Floats) -> tuple[Whole, Whole]:
        u, v, w, z = self.columns(ax), self.rows(ay), self.columns(bx), self.rows(by)
        turn = v > z  # every segment upwards
        u, w = np.where(turn, w, u), np.where(turn, u, w)
        v, z = np.where(turn, z, v), np.where(turn, v, z)
        bottom, top = (np.floor(v - _RIM).astype(np.int64), np.floor(z + _RIM).astype(np.int64))
        segment = np.repeat(np.arange(len(u)), top - bottom + 1)
        row = bottom[segment] + runs(top - bottom + 1)
        u, v, w, z = u[segment], v[segment], w[segment], z[segment]
        rise = np.where(z > v, z - v, 1.0)
        # Where the segment enters and leaves the row of cells.
        enter = np.where(z > v, np.clip((row - _RIM - v) / rise, 0.0, 1.0), 0.0)
        leave = np.where(z > v, np.clip((row + 1 + _RIM - v) / rise, 0.0, 1.0), 1.0)
        one, other = u + enter * (w - u), u + leave * (w - u)
        left = np.floor(np.minimum(one, other) - _RIM).astype(np.int64)
        right = np.floor(np.maximum(one, other) + _RIM).astype(np.int64)
        count = right - left + 1
        column = np.repeat(left, count) + runs(count)
        return np.repeat(segment, count), np.repeat(row * self.nx, count) + column
