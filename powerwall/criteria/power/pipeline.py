"""Pipeline: the odds that a request in a given state is energised by a date (Markov hazards).

States are 0 … k−1, then energised; a request moves one state on with its monthly hazard, or
leaves with its monthly cancellation.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.facts import fact_table


def energised_probability(
    hazard_per_month: Any, cancel_per_month: Any, state: Any, months: Any
) -> np.ndarray:
    """Probability that a request is energised within some months.

    Parameters
    ----------
    hazard_per_month
        Probability of moving to the next state within a month. [1/month], shape (states,)
    cancel_per_month
        Probability of leaving. [1/month], scalar or shape (states,)
    state
        Where the request stands, 0 … states; the last is energised. Broadcasts with `months`.
    months
        Months from now; between whole months the probability is linear. [months]

    Returns
    -------
    numpy.ndarray
        [share], the shape to which `state` and `months` broadcast; NaN months give NaN.

    Raises
    ------
    ValueError
        If a hazard is negative, a state has more than 1 to leave with, or is none.

    >>> energised_probability([.0212, .0075, .0156, .0363], 0, 3, [12, 60]).round(4).tolist()
    [0.3583, 0.8912]
    """
    hazard, cancel = _rates(hazard_per_month, cancel_per_month)
    where, at = np.broadcast_arrays(np.asarray(state), np.asarray(months, dtype=float))
    if np.any((where < 0) | (where > len(hazard)) | (where != np.floor(where))):
        raise ValueError(f"state {state} is none of 0 to {len(hazard)}")
    at = np.where(at < 0, 0.0, at)
    last = int(np.ceil(np.nanmax(at, initial=0.0)))
    path = _energised(hazard, cancel, last)
    whole = np.floor(np.nan_to_num(at)).astype(int)
    before, after = (
        path[whole, where.astype(int)],
        path[np.minimum(whole + 1, last), where.astype(int)],
    )
    return np.where(np.isnan(at), np.nan, before + (at - whole) * (after - before))


def ever_energised(hazard_per_month: Any, cancel_per_month: Any, state: int) -> float:
    """Probability that a request is energised at all. [share]"""
    hazard, cancel = _rates(hazard_per_month, cancel_per_month)
    on, off = hazard[state:], cancel[state:]
    if np.any(on == 0):
        return 0.0
    return float(np.prod(on / (on + off)))


def months_to_energisation(
    hazard_per_month: Any, cancel_per_month: Any, state: int, p: Any
) -> np.ndarray:
    """Quantiles of the months to energisation, given that it comes; linear between whole months."""
    ever = ever_energised(hazard_per_month, cancel_per_month, state)
    wanted = np.asarray(p, dtype=float)
    if ever == 0:
        return np.full(wanted.shape, np.nan)
    hazard, cancel = _rates(hazard_per_month, cancel_per_month)
    last, top = 120, float(np.max(wanted, initial=0.0))
    path = _energised(hazard, cancel, last)[:, state]
    while path[-1] < top * ever and last < 120_000:
        last *= 2
        path = _energised(hazard, cancel, last)[:, state]
    return np.interp(wanted * ever, path, np.arange(last + 1.0))


def _rates(hazard: Any, cancel: Any) -> tuple[np.ndarray, np.ndarray]:
    on = np.atleast_1d(np.asarray(hazard, dtype=float))
    off = np.broadcast_to(np.asarray(cancel, dtype=float), on.shape)
    if np.any(~(on >= 0)) or np.any(~(off >= 0)) or np.any(on + off > 1 + 1e-12):
        raise ValueError("hazards are shares a month: 0 or more, and no more than 1 together")
    return on, off


def _energised(hazard: np.ndarray, cancel: np.ndarray, months: int) -> np.ndarray:
    """Probability of being energised after whole months, from every state. Shape (months + 1, states + 1)."""
    states = len(hazard)
    step = np.zeros((states + 1, states + 1))
    step[np.arange(states), np.arange(states)] = 1 - hazard - cancel
    step[np.arange(states), np.arange(1, states + 1)] = hazard
    step[states, states] = 1.0
    path = np.empty((months + 1, states + 1))
    path[0] = np.eye(states + 1)[states]
    for month in range(months):
        path[month + 1] = step @ path[month]
    return path


class Pipeline(NamedTuple):
    """Monthly hazards of one operator's large-load pipeline.

    Attributes
    ----------
    states
        State words in order, without `energised`.
    hazard, cancel
        One a state. [1/month]
    source, as_of, tier
        Where they come from, and how well they are known.
    """

    states: tuple[str, ...]
    hazard: tuple[float, ...]
    cancel: tuple[float, ...]
    source: str
    as_of: str
    tier: str


@cache
def pipeline_of(operator: str) -> Pipeline | None:
    """Pipeline of an operator as `iso_rto` names it; None where none is published."""
    rows = fact_table("pipeline_hazards")
    rows = rows[(rows["region"] == f"US-{operator}") & (rows["quantity"] == "hazard")]
    if rows.empty:
        return None
    onward = rows[rows["to_state"] != "cancelled"]
    leaving = rows[rows["to_state"] == "cancelled"].set_index("from_state")["value"]
    states = [str(s) for s in onward["from_state"]]
    tiers = set(rows["tier"])
    return Pipeline(
        tuple(states), tuple(float(v) for v in onward["value"]), tuple(float(leaving.get(s, math.nan)) for s in states),
        str(onward["source"].iloc[0]), str(onward["as_of"].iloc[0]), "assumed" if "assumed" in tiers else str(onward["tier"].iloc[0]),
    )  # fmt: skip
