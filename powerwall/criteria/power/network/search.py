"""Search: the smallest withdrawal that fills a branch, with all branches and after every outage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.flow import Grid

GENERATION = "generation"
#: Below this share of a withdrawal [MW per MW] a branch does not count as burdened; the cut-offs
#: in use for transfer studies lie between 0.01 and 0.03.
CUT_OFF = 0.01
_BUSES, _OUTAGES, _GROUP, _PAIRS = 256, 128, 8, 1 << 16  # block sizes: < 20 MB an array
_BOUNDLESS_MW = 1e12  # stands for infinity where infinity times zero would not be a number


class Best:
    """Smallest withdrawal found so far, and what limits it; -1 is generation, or no outage."""

    def __init__(self, count: int, spare_mw: float) -> None:
        self.spare_mw = spare_mw
        self.mw = np.full(count, np.inf)
        self.limit, self.outage = np.full(count, -1), np.full(count, -1)

    def view(self, part: slice) -> Best:
        """The same numbers for some of the buses; changes reach the whole."""
        best = Best(0, self.spare_mw)
        best.mw, best.limit, best.outage = self.mw[part], self.limit[part], self.outage[part]
        return best

    def named(self, names: pd.Index) -> list[str]:
        """Names of the limits."""
        return [GENERATION if k < 0 else names[k] for k in self.limit]


def search_base(grid: Grid, buses: np.ndarray, flows: np.ndarray, best: Best) -> None:
    """Every branch against its normal rating."""
    up, down = (grid.normal - flows)[:, None], (grid.normal + flows)[:, None]
    for part in _blocks(len(buses), _BUSES):
        room = _room_mw(grid.burdens(buses[part]), up, down)
        worst = room.argmin(axis=0)
        best.mw[part] = room[worst, np.arange(len(worst))]
        best.limit[part] = np.where(np.isinf(best.mw[part]), -1, worst)
    best.mw[np.isinf(best.mw)] = best.spare_mw


def search_outages(grid: Grid, buses: np.ndarray, flows: np.ndarray, best: Best) -> None:
    """Every limited branch after every outage that does not island, against its emergency rating."""
    outages = np.setdiff1d(np.arange(len(grid.names)), grid.bridges())
    for part in _blocks(len(buses), _BUSES):
        _search_some(grid, buses[part], flows, outages, best.view(part))


def _search_some(
    grid: Grid, buses: np.ndarray, flows: np.ndarray, outages: np.ndarray, best: Best
) -> None:
    """Pairs of branch and outage, for a block of buses.

    A pair is worked out only if `R - |f'| < (|d_l| + |LODF·d_m|)·H` with the smallest H so far:
    no other pair can lower it, so the result is exact.
    """
    rows = np.flatnonzero(np.isfinite(grid.emergency))
    burdens = grid.burdens(buses)
    order = np.lexsort((best.mw, best.limit))  # alike buses share a group, so the test bites
    groups = [order[part] for part in _blocks(len(order), _GROUP)]
    for part in _blocks(len(outages), _OUTAGES):
        taken = grid.transfers(outages[part], rows)
        after = flows[rows, None] + taken * flows[outages[part]]
        room = grid.emergency[rows, None] - np.abs(after)
        room[(rows[:, None] == outages[part]) | np.isnan(taken)] = np.inf
        size = np.abs(taken)
        for group in groups:
            used = np.abs(burdens[:, group]) * np.clip(best.mw[group], 0.0, _BOUNDLESS_MW)
            used = used.max(axis=1)
            branch, outage = np.nonzero(room < used[rows, None] + size * used[outages[part]])
            for some in _blocks(len(branch), _PAIRS):
                pair = branch[some], outage[some]
                lost = outages[part][pair[1]]
                d = burdens[np.ix_(rows[pair[0]], group)] + taken[pair][:, None] * burdens[np.ix_(lost, group)]  # fmt: skip
                limit, flow = grid.emergency[rows[pair[0]]], after[pair]
                _improve(best, group, _room_mw(d, (limit - flow)[:, None], (limit + flow)[:, None]),
                         rows[pair[0]], lost)  # fmt: skip


def _improve(best: Best, group: np.ndarray, room: np.ndarray, limit: np.ndarray, outage: np.ndarray) -> None:  # fmt: skip
    """Take over what is smaller; the first of equals stays."""
    worst = room.argmin(axis=0)
    mw = room[worst, np.arange(len(group))]
    less = mw < best.mw[group]
    best.mw[group[less]] = mw[less]
    best.limit[group[less]], best.outage[group[less]] = limit[worst[less]], outage[worst[less]]


def _room_mw(d: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Withdrawal that fills a branch, from the room in either direction. [MW]"""
    size = np.abs(d)
    return np.divide(np.where(d > 0, up, down), size, out=np.full_like(size, np.inf), where=size > CUT_OFF)  # fmt: skip


def _blocks(count: int, step: int) -> Iterator[slice]:
    return (slice(k, min(k + step, count)) for k in range(0, count, step))
