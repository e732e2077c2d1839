"""Local scale: how long a short step in the plane is on the Earth, from a table of the projection.

A step (dx, dy) is √(E·dx² + 2·F·dx·dy + G·dy²) long, where E, F and G are the first fundamental
form of the projection at its middle. They change so slowly that a table of them, between whose
nodes one interpolates, replaces one inverse projection a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyproj import CRS

from powerwall.region.search.positions import Floats, arc_m, degrees, earth_centred

#: Longest step; the error grows with its square. [m]
REACH_M = 25_000.0
#: Distance of the nodes; the error grows with its square. They are whole multiples of it from the
#: origin of the projection, so that no number depends on what else a layer holds. [m]
_STEP_M = 16_000.0
#: A table is not used for a layer that would need more nodes, nor for a projection in which a
#: longest step is wrong by more than this share.
_MOST_NODES, _WRONG = 500_000, 5e-6
#: Nodes from one that is looked at to the next.
_SAMPLED = 29


@dataclass(frozen=True, eq=False)
class LocalScale:
    """Table of E, 2·F and G at the nodes of a lattice.

    Attributes
    ----------
    column, row
        Of the first node, in whole steps from the origin.
    form
        E, 2·F and G, shape (3, rows · columns); NaN where the projection does not hold.
    columns
        Nodes of a row.
    """

    column: int
    row: int
    form: Floats
    columns: int

    @classmethod
    def of(cls, crs: CRS, box: tuple[float, float, float, float]) -> LocalScale | None:
        """Table round a box from west and south to east and north, where it is good enough.

        Parameters
        ----------
        crs
            Projected coordinate system, in metres.
        box
            One end of every step lies in it. [m]
        """
        margin = REACH_M + 3 * _STEP_M
        low = [int((side - margin) // _STEP_M) for side in box[:2]]
        high = [int((side + margin) // _STEP_M) + 1 for side in box[2:]]
        columns, rows = (last - first + 1 for first, last in zip(low, high, strict=True))
        if columns * rows > _MOST_NODES:
            return None
        row, column = np.divmod(np.arange(columns * rows), columns)
        x, y = (column + low[0]) * _STEP_M, (row + low[1]) * _STEP_M
        with np.errstate(invalid="ignore"):
            nodes = _placed(crs, x, y).reshape(rows, columns, 3)
            along, up = _slope(nodes, 1), _slope(nodes, 0)
            form = np.stack([(one * other).sum(axis=2) for one, other in ((along, along), (2 * along, up), (up, up))])  # fmt: skip
            form[:, ~np.isfinite(form).all(axis=0)] = np.nan
            made = cls(low[0], low[1], form.reshape(3, -1), columns)
            inner = (column > 3) & (column < columns - 5) & (row > 3) & (row < rows - 5)
            some = np.flatnonzero(inner)[::_SAMPLED]
            return made if made._holds(crs, x[some], y[some]) else None

    def _holds(self, crs: CRS, x: Floats, y: Floats) -> bool:
        """Whether long steps away from the middle of cells are right, where they are known."""
        x, y = x + _STEP_M / 2, y + _STEP_M / 2
        start = _placed(crs, x, y)
        for direction in np.arange(4) * np.pi / 4:
            dx, dy = (np.full(len(x), 0.99 * REACH_M * part) for part in (np.cos(direction), np.sin(direction)))  # fmt: skip
            exact = arc_m(start, _placed(crs, x + dx, y + dy))
            if np.nanmax(np.abs(self.metres(x, y, dx, dy) / exact - 1), initial=0.0) > _WRONG:
                return False
        return True

    def metres(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        """Lengths of steps from positions, along the Earth. NaN: longer than `REACH_M`, or unknown.

        Shape (n,) each; one end of each step lies in the box. [m]
        """
        u, v = (x + dx / 2) / _STEP_M, (y + dy / 2) / _STEP_M
        short = dx * dx + dy * dy <= REACH_M * REACH_M
        left, low = (
            np.where(short, np.floor(u), self.column),
            np.where(short, np.floor(v), self.row),
        )
        node = (low - self.row) * self.columns + (left - self.column)
        node, u, v = node.astype(np.int64), u - left, v - low
        corners = ((0, (1 - u) * (1 - v)), (1, u * (1 - v)), (self.columns, (1 - u) * v), (self.columns + 1, u * v))  # fmt: skip
        squares = (dx * dx, dx * dy, dy * dy)
        length2 = np.zeros(len(x))
        for form, square in zip(self.form, squares, strict=True):
            length2 += square * sum(share * form[node + corner] for corner, share in corners)
        return np.sqrt(np.where(short, length2, np.nan))


def _slope(nodes: Floats, axis: int) -> Floats:
    """Change along an axis of a lattice by metre, from five nodes each; NaN for the outer two."""
    found = np.full_like(nodes, np.nan)
    lines, slope = np.moveaxis(nodes, axis, 0), np.moveaxis(found, axis, 0)
    slope[2:-2] = (8 * (lines[3:-1] - lines[1:-3]) - (lines[4:] - lines[:-4])) / (12 * _STEP_M)
    return found


def _placed(crs: CRS, x: Floats, y: Floats) -> Floats:
    return earth_centred(*degrees(crs, x, y))
