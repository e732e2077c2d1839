"""Censoring: not yet is not never; what is lost from sight is weighed back in.

`time` is months from the as-of date to an outcome or to the last day on which a case was seen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_ROWS = 512  # rows of pairs at once


class Curve(NamedTuple):
    """A survival curve as steps: right after each of the times it has this value."""

    months: np.ndarray
    survival: np.ndarray

    def at(self, months: Any, *, before: bool = False) -> np.ndarray:
        """Value at some months; `before` takes what it was just before a step there. [share]"""
        wanted = np.asarray(months, dtype=float)
        steps = np.concatenate([[1.0], self.survival])
        place = np.searchsorted(self.months, wanted, side="left" if before else "right")
        return steps[place]


def kaplan_meier(months: Any, ended: Any) -> Curve:
    """Kaplan–Meier survival: at each time with d of n at risk ended, `S *= 1 − d/n`.

    Parameters
    ----------
    months
        Time to the end, or to the last sight. [months], shape (n,)
    ended
        Whether it ended then. Shape (n,)

    Raises
    ------
    ValueError
        If a time is negative or NaN.

    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 0]).survival.tolist()
    [0.75, 0.5]
    """
    t, end = np.asarray(months, dtype=float), np.asarray(ended).astype(bool)
    if t.shape != end.shape or not np.all(t >= 0):
        raise ValueError("every time is 0 or more months, one a case")
    at = np.unique(t[end])
    gone = np.searchsorted(np.sort(t[end]), at, side="right") - np.searchsorted(np.sort(t[end]), at)
    at_risk = len(t) - np.searchsorted(np.sort(t), at, side="left")
    return Curve(at, np.cumprod(1 - gone / at_risk))


def censoring_curve(months: Any, outcome: Any) -> Curve:
    """Kaplan–Meier of the time to being lost from sight: outcomes are what censors it.

    An outcome on the very day on which others are lost comes first, so it is no longer at risk.
    """
    t, known = np.asarray(months, dtype=float), np.asarray(outcome).astype(bool)
    lost = np.unique(t[~known])
    ordered, ends = np.sort(t[~known]), np.sort(t[known])
    gone = np.searchsorted(ordered, lost, side="right") - np.searchsorted(ordered, lost)
    at_risk = (len(ordered) - np.searchsorted(ordered, lost)) + (len(ends) - np.searchsorted(ends, lost, side="right"))  # fmt: skip
    return Curve(lost, np.cumprod(1 - gone / at_risk))


def inverse_weights(months: Any, outcome: Any, horizon_months: float) -> np.ndarray:
    """Weights that stand in for the cases lost from sight before a horizon (Graf et al. 1999).

    Parameters
    ----------
    months
        Time to the outcome, or to the last sight. [months], shape (n,)
    outcome
        Whether there is one: energised or withdrawn. Shape (n,)
    horizon_months
        The day of need. [months]

    Returns
    -------
    numpy.ndarray
        `1/G(t)` of an outcome by the horizon, G taken just before t; `1/G(horizon)` of a case that
        was open then; 0 of one lost before. All 1 where nothing is lost. Shape (n,)
    """
    t, known = np.asarray(months, dtype=float), np.asarray(outcome).astype(bool)
    curve = censoring_curve(t, known)
    decided = known & (t <= horizon_months)
    open_ = ~decided & (t >= horizon_months)
    seen = np.where(decided, curve.at(t, before=True), curve.at(horizon_months, before=True))
    with np.errstate(divide="ignore"):
        return np.where(decided | open_, 1 / seen, 0.0)


class Concordance(NamedTuple):
    """Harrell's concordance: pairs in the right order over all usable pairs."""

    value: float
    pairs: int


def concordance(predicted_months: Any, months: Any, energised: Any) -> Concordance:
    """Chance that the earlier of two cases was expected earlier; ties of the forecast count one half.

    Parameters
    ----------
    predicted_months
        Forecast. [months], shape (n,)
    months
        Time to energisation, or as long as it is known not to have come: `inf` of a withdrawn one.
        [months], shape (n,)
    energised
        Whether it came at `months`. Shape (n,)

    Returns
    -------
    Concordance
        Over the pairs of which the earlier is known (Harrell et al. 1982); NaN without one.

    >>> concordance([10, 20, 30], [5, 9, 7], [1, 0, 1])
    Concordance(value=0.6666666666666666, pairs=3)
    """
    forecast, t = np.asarray(predicted_months, dtype=float), np.asarray(months, dtype=float)
    came = np.asarray(energised).astype(bool)
    first = np.flatnonzero(came)
    right, pairs = 0.0, 0
    for start in range(0, len(first), _ROWS):
        rows = first[start : start + _ROWS]
        # a case last seen on the very day another came is known to come later
        later = (t[None, :] > t[rows, None]) | ((t[None, :] == t[rows, None]) & ~came[None, :])
        ahead = forecast[None, :] - forecast[rows, None]
        right += float(((ahead > 0) & later).sum() + ((ahead == 0) & later).sum() / 2)
        pairs += int(later.sum())
    return Concordance(right / pairs if pairs else np.nan, pairs)
