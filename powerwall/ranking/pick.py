"""Pick: K sites of the highest total score that stand together, a mixed-integer program."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

TIE = 1e-9  # points of 100: totals as near as this are equal
_SCALE = 1e4  # the solver's own tolerance is 1e-6, this brings it below a tie


class Picked(NamedTuple):
    """Answer of `pick`.

    Attributes
    ----------
    chosen
        Positions of the sites, ascending; empty where no K stand together.
    total
        Their scores added up; NaN where there are none.
    why
        Nodes that bind where no K stand together: with more megawatts more of their sites would.
    largest
        How many stand together at most.
    """

    chosen: tuple[int, ...]
    total: float
    why: tuple[int, ...]
    largest: int


def pick(
    scores: np.ndarray, mw: np.ndarray, node: np.ndarray, capacity_mw: np.ndarray, k: int
) -> Picked:
    """The K sites of the highest total that stand together, exactly.

    Parameters
    ----------
    scores, mw
        Score of each site and what it asks for, in order of rank. [points], [MW], shape (n,)
    node
        Its shared node; −1 is none. Shape (n,)
    capacity_mw
        What each node can give; NaN is unknown and admits one site. [MW], shape (nodes,)
    k
        How many sites.

    Raises
    ------
    ValueError
        If `k` is below 1.

    Notes
    -----
    max Σ S·y, y ∈ {0, 1}, Σ y = K, Σ mw·y ≤ C at every node; then, at that total, min Σ rank·y.
    """
    if k < 1:
        msg = f"k = {k}: pick at least one site"
        raise ValueError(msg)
    fits = _fitting(mw, node, capacity_mw)
    largest = int((node < 0).sum()) + sum(fits.values())
    if k > largest:
        why = (p for p, count in fits.items() if count < (node == p).sum())
        return Picked((), math.nan, tuple(sorted(why)), largest)
    scaled = _SCALE * np.asarray(scores, dtype=float)
    unknown = np.isnan(capacity_mw)
    shared = _Rows(
        np.where((node >= 0) & unknown[node], 1.0, mw) if len(unknown) else mw,
        node, np.where(unknown, 1.0, capacity_mw + TIE),
    )  # fmt: skip
    best = _solve(-scaled, k, shared)
    best = _solve(np.arange(1.0, len(scaled) + 1), k, shared, (scaled, scaled[best].sum() - _SCALE * TIE))  # fmt: skip
    return Picked(tuple(best.tolist()), float(np.asarray(scores)[best].sum()), (), largest)


def _fitting(mw: np.ndarray, node: np.ndarray, capacity_mw: np.ndarray) -> dict[int, int]:
    """How many sites of each node stand together at most: the smallest first."""
    fits = {}
    for p in sorted(set(node[node >= 0].tolist())):
        asked, limit = np.sort(mw[node == p]).cumsum(), capacity_mw[p]
        fits[p] = 1 if math.isnan(limit) else int((asked <= limit + TIE).sum())
    return fits


class _Rows(NamedTuple):
    """One row `a·y ≤ b` for each node: what each site takes, its node, and what the node has."""

    takes: np.ndarray
    node: np.ndarray
    has: np.ndarray


def _solve(
    cost: np.ndarray, k: int, shared: _Rows, at_least: tuple[np.ndarray, float] | None = None
) -> np.ndarray:
    """Positions of the K sites of least cost; `at_least` is one more row `a·y ≥ b`."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    n, of = len(cost), np.flatnonzero(shared.node >= 0)
    rows = csr_array((shared.takes[of], (shared.node[of], of)), shape=(len(shared.has), n))
    limited = [LinearConstraint(np.ones((1, n)), k, k)]
    if len(of):
        limited.append(LinearConstraint(rows, -np.inf, shared.has))
    if at_least is not None:
        limited.append(LinearConstraint(at_least[0][None, :], at_least[1], np.inf))
    with _solver_kept_quiet():
        found = milp(cost, integrality=np.ones(n), bounds=Bounds(0, 1), constraints=limited, options={"mip_rel_gap": 0})  # fmt: skip
    if found.x is None:
        msg = f"the solver gave up: {found.message}"
        raise RuntimeError(msg)
    return np.flatnonzero(found.x > 0.5)


@contextmanager
def _solver_kept_quiet() -> Iterator[None]:
    """The solver's own remarks go nowhere: it prints some past every option, where the answer belongs."""
    if os.name != "posix":
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
        ctypes.CDLL(None).fflush(None)  # what it printed may still wait in a buffer of C
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
