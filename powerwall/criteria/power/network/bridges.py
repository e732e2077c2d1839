"""Bridges: branches whose outage islands, and the buses that such an outage cuts off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Walk(NamedTuple):
    """Depth-first order, entry and subtree size of each bus, and (bridge, bus below) pairs."""

    seen: list[int]
    entry: list[int]
    size: list[int]
    bridges: list[tuple[int, int]]


def walk(count: int, start: np.ndarray, end: np.ndarray) -> Walk:
    """Walk depth-first from the first bus.

    Tarjan's lowpoints, in linear time and without recursion; parallel branches are no bridges.
    """
    first, other, edge = _neighbours(count, start, end)
    entry, low, via, size, at = [-1] * count, [0] * count, [-1] * count, [1] * count, first[:-1]
    seen: list[int] = []
    bridges: list[tuple[int, int]] = []
    path = [0]
    while path:
        bus = path[-1]
        if entry[bus] < 0:
            entry[bus] = low[bus] = len(seen)
            seen.append(bus)
        if at[bus] < first[bus + 1]:
            k = at[bus]
            at[bus] += 1
            if entry[other[k]] < 0:
                via[other[k]] = edge[k]
                path.append(other[k])
            elif edge[k] != via[bus]:
                low[bus] = min(low[bus], entry[other[k]])
            continue
        path.pop()
        if path:
            above = path[-1]
            low[above], size[above] = min(low[above], low[bus]), size[above] + size[bus]
            if low[bus] > entry[above]:
                bridges.append((via[bus], bus))
    return Walk(seen, entry, size, bridges)


def _neighbours(
    count: int, start: np.ndarray, end: np.ndarray
) -> tuple[list[int], list[int], list[int]]:
    """Where the branches of each bus begin in the lists, their other ends, and the branches."""
    ends = np.concatenate([start, end])
    order = np.argsort(ends, kind="stable")
    other = np.concatenate([end, start])[order].tolist()
    edge = (order % max(len(start), 1)).tolist()
    return np.searchsorted(ends[order], np.arange(count + 1)).tolist(), other, edge


def radial(count: int, start: np.ndarray, end: np.ndarray, gen_max_mw: np.ndarray) -> np.ndarray:
    """Whether one outage cuts a bus off, on the smaller side.

    Of equal sides the one with less generation, then the one without the first bus.
    """
    seen, entry, size, bridges = walk(count, start, end)
    before = np.concatenate([[0.0], np.cumsum(gen_max_mw[seen])])
    cuts, everywhere = np.zeros(count + 1, dtype=int), 0
    for _, bus in bridges:
        first, last = entry[bus], entry[bus] + size[bus]
        below_mw = before[last] - before[first]
        above_larger = (count - size[bus], before[-1] - below_mw) >= (size[bus], below_mw)
        everywhere += not above_larger
        cuts[first] += 1 if above_larger else -1
        cuts[last] -= 1 if above_larger else -1
    cut_off = np.zeros(count, dtype=bool)
    cut_off[seen] = np.cumsum(cuts[:-1])[: len(seen)] + everywhere > 0
    return cut_off
