"""Squares: which cells of a lattice a rule hits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from powerwall.region.grid.curve import hilbert
from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.outlines import Outlines
from powerwall.region.grid.overlaps import overlapped
from powerwall.region.grid.rules import Rule
from powerwall.region.grid.scanlines import centres_inside, centres_near

#: Tile of cells that stay together in the order; 64 by 64 are 4,096 of them.
TILE = 64
_TILE_BITS = 27  # columns and rows have 32 bits, with sign


@dataclass(frozen=True)
class SquareRule:
    """A rule made ready for lattices."""

    rule: Rule
    crs: Any

    @cached_property
    def _outlines(self) -> Outlines:
        return Outlines.of(self.rule.features)

    def prepared(self) -> SquareRule:
        """The rule with everything made that several threads would otherwise make at once."""
        if self.rule.raster is None and self.rule.overlap is None:
            _ = self._outlines
        return self

    def hits(self, lattice: Lattice, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cells that the rule hits, and those it hits without its buffer. Shape (rows, columns)"""
        rule = self.rule
        if rule.raster is not None:
            hit = np.zeros(inside.shape, bool)
            at = np.flatnonzero(inside)
            hit.reshape(-1)[at] = rule.at(*lattice.centres(at), self.crs)
            return hit, hit
        if rule.overlap is not None:
            asked = rule.overlap, lattice, inside
            hit = overlapped(rule.features, rule.buffer_m, *asked)
            return hit, overlapped(rule.features, 0.0, *asked) if rule.buffer_m else hit
        plain = centres_inside(self._outlines.edges, lattice)
        if not rule.buffer_m:
            return plain, plain
        return plain | centres_near(self._outlines.all, rule.buffer_m, lattice), plain


def in_order(kept: np.ndarray, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of kept cells: tile by tile along a Hilbert curve, row by row in each.

    The order of two cells never depends on the other cells or on the area.
    """
    west, south = lattice.column % TILE, lattice.row % TILE
    padding = ((south, -(south + lattice.rows) % TILE), (west, -(west + lattice.columns) % TILE))
    tiles = np.pad(kept, padding)
    down, across = tiles.shape[0] // TILE, tiles.shape[1] // TILE
    tiles = tiles.reshape(down, TILE, across, TILE).swapaxes(1, 2).reshape(-1, TILE * TILE)
    used = np.flatnonzero(tiles.any(axis=1))
    row, column = np.divmod(used, across)
    column, row = column + (lattice.column - west) // TILE, row + (lattice.row - south) // TILE
    middle = 1 << (_TILE_BITS - 1)
    order = np.argsort(hilbert(column + middle, row + middle, _TILE_BITS), kind="stable")
    tile, cell = np.nonzero(tiles[used[order]])
    column, row = (part[order].astype(np.int32) * TILE for part in (column, row))
    column, row = column[tile], row[tile]
    del tile
    down, across = np.divmod(cell.astype(np.int32), TILE)
    return column + across, row + down
