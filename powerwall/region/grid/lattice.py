"""Lattice: a block of square cells, by the whole multiples of the cell where it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

#: Cells that are looked at together; their masks stay within some 20 MB.
_STRIP_CELLS = 2_000_000


class Lattice(NamedTuple):
    """A rectangle of square cells.

    Attributes
    ----------
    size_m
        Width of a cell. [m]
    column, row
        First cell, counted from the origin of the coordinate system.
    columns, rows
        How many there are each way.
    """

    size_m: float
    column: int
    row: int
    columns: int
    rows: int

    @classmethod
    def over(cls, bounds: tuple[float, float, float, float], size_m: float) -> Lattice:
        """The cells that a box touches: west, south, east, north. [m]"""
        west, south, east, north = bounds
        column, row = int(np.floor(west / size_m)), int(np.floor(south / size_m))
        return cls(size_m, column, row, int(np.ceil(east / size_m)) - column, int(np.ceil(north / size_m)) - row)  # fmt: skip

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge. [m]"""
        size = self.size_m
        return (
            self.column * size, self.row * size,
            (self.column + self.columns) * size, (self.row + self.rows) * size,
        )  # fmt: skip

    @property
    def farthest(self) -> int:
        """Cells between the origin of the coordinate system and the farthest column or row."""
        ends = self.column + self.columns, self.row + self.rows
        return max(map(abs, (self.column, self.row, *ends)))

    def strips(self) -> Iterator[tuple[slice, Lattice]]:
        """Runs of whole rows, each with the rows of this lattice that it is."""
        height = max(1, _STRIP_CELLS // max(self.columns, 1))
        for first in range(0, self.rows, height):
            last = min(first + height, self.rows)
            yield slice(first, last), self._replace(row=self.row + first, rows=last - first)

    def centres(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centres of cells by their positions in the flattened block. [m]"""
        row, column = np.divmod(at, self.columns)
        return (column + self.column + 0.5) * self.size_m, (row + self.row + 0.5) * self.size_m
