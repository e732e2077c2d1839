"""Survival: what became of the requests of a queue, and how long it took, with the waiting ones.

A request ends in one of two ways, and many have not ended yet. Three summaries answer three
questions: the Aalen–Johansen incidence (which share is finished, or gone, by a month), the
lognormal fitted under censoring (how long it takes were nothing ever withdrawn), and the times of
those that finished (too short while many still wait).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90

WAITING, COMPLETED, WITHDRAWN = 0, 1, 2
HORIZONS = (24.0, 48.0, 72.0, 120.0)  # months at which the incidence is reported
SHARES = (0.1, 0.5, 0.9)
#: Above this share still waiting, times given completion are mostly those of the quick ones.
MANY_WAITING = 0.3
FEW_EVENTS = 20  # below it a spread is a guess; ten events a parameter is the usual rule


def aalen_johansen(months: Any, event: Any) -> pd.DataFrame:
    """Cumulative incidence of completion and of withdrawal; exact under ties.

    Parameters
    ----------
    months
        Time from the request to its end or to the day of the table. [months], shape (n,)
    event
        0 still waiting, 1 completed, 2 withdrawn. Shape (n,)

    Returns
    -------
    pandas.DataFrame
        One row an event time: months, at_risk, completed, withdrawn (counts), cif_completed,
        cif_withdrawn, survival [shares, adding up to 1].

    Raises
    ------
    ValueError
        If a time is not positive and finite, or an event is none of the three.

    Notes
    -----
    With n at risk (t ≥ u) and d_k events at u: `F_k += S(u−)·d_k/n`, then `S *= 1 − Σ d_k/n`
    (Aalen and Johansen, Scandinavian Journal of Statistics 5, 1978). A request that is censored
    in the month of an event is still at risk in it.

    >>> aalen_johansen([1, 2, 2, 3, 4, 5], [1, 2, 0, 1, 2, 0])["cif_completed"].round(4).tolist()
    [0.1667, 0.1667, 0.3889, 0.3889]
    """
    t, kind = _sample(months, event)
    at, where = np.unique(t[kind != WAITING], return_inverse=True)
    completed = np.bincount(where[kind[kind != WAITING] == COMPLETED], minlength=len(at))
    withdrawn = np.bincount(where[kind[kind != WAITING] == WITHDRAWN], minlength=len(at))
    at_risk = len(t) - np.searchsorted(np.sort(t), at, side="left")
    step = (completed + withdrawn) / at_risk
    survival = np.cumprod(1 - step)
    before = np.concatenate([[1.0], survival[:-1]]) if len(at) else survival
    return pd.DataFrame(
        {
            "months": at,
            "at_risk": at_risk,
            "completed": completed,
            "withdrawn": withdrawn,
            "cif_completed": np.cumsum(before * completed / at_risk),
            "cif_withdrawn": np.cumsum(before * withdrawn / at_risk),
            "survival": survival,
        }
    )


def _sample(months: Any, event: Any) -> tuple[np.ndarray, np.ndarray]:
    t, kind = np.asarray(months, dtype=float), np.asarray(event)
    if t.ndim != 1 or t.shape != kind.shape:
        raise ValueError(f"{t.shape} months do not fit {kind.shape} events")
    if not np.all(np.isfinite(t) & (t > 0)):
        raise ValueError("every time is a positive, finite number of months")
    if not np.all(np.isin(kind, (WAITING, COMPLETED, WITHDRAWN))):
        raise ValueError("every event is 0 (waiting), 1 (completed) or 2 (withdrawn)")
    return t, kind.astype(int)


def incidence(curve: pd.DataFrame, months: Any, column: str = "cif_completed") -> np.ndarray:
    """Value of a curve of `aalen_johansen` after some months; a step function. [share]"""
    at = np.asarray(months, dtype=float)
    start = 1.0 if column == "survival" else 0.0
    steps = np.concatenate([[start], curve[column].to_numpy(dtype=float)])
    return steps[np.searchsorted(curve["months"].to_numpy(dtype=float), at, side="right")]


def completion_quantile(curve: pd.DataFrame, p: Any) -> np.ndarray:
    """Time given completion: smallest month with `F₁(t) / F₁(∞) ≥ p`; NaN if none completed. [months]

    `F₁(∞)` is the incidence at the last event: while many still wait, the times are too short.
    """
    wanted = np.asarray(p, dtype=float)
    if curve.empty or curve["cif_completed"].iloc[-1] == 0:
        return np.full(wanted.shape, np.nan)
    share = (curve["cif_completed"] / curve["cif_completed"].iloc[-1]).to_numpy()
    # a share such as 0.3 is no sum of thirds: half an ulp must not cost an event
    place = np.searchsorted(share, wanted * (1 - 1e-12), side="left")
    return curve["months"].to_numpy()[np.minimum(place, len(share) - 1)]


def fit_lognormal(months: Any, event: Any) -> tuple[float, float, float]:
    """Lognormal of the time to completion, by the censored likelihood.

    Parameters
    ----------
    months, event
        As in `aalen_johansen`; whatever is not completed counts as censored.

    Returns
    -------
    tuple of float
        P50 [months], P90 [months] and sigma, the standard deviation of the logarithm [1]; NaN if
        fewer than two requests completed at different times.

    Notes
    -----
    Withdrawals are censored, so it answers how long a request would take were it never withdrawn:
    it serves for the spread, and no share of a queue is finished by its P50.
    """
    t, kind = _sample(months, event)
    if len(np.unique(t[kind == COMPLETED])) < 2:
        return math.nan, math.nan, math.nan
    from scipy.stats import CensoredData, lognorm

    data = CensoredData.right_censored(t, kind != COMPLETED)
    sigma, _, p50 = lognorm.fit(data, floc=0)
    return float(p50), float(p50 * math.exp(Z90 * sigma)), float(sigma)


@dataclass(frozen=True)
class Fit:
    """What a queue, or one group of it, says.

    Attributes
    ----------
    n, completed, withdrawn, waiting
        Requests used, and what became of them.
    dropped
        Reason → rows that could not be used.
    p50_months, p90_months, sigma
        Lognormal fitted under censoring: were nothing ever withdrawn.
    cif_completed, cif_withdrawn
        Share completed and withdrawn after each of `HORIZONS`; NaN beyond the last time seen.
    given_completion
        P10, P50 and P90 of the time of those that completed, by the incidence. [months]
    completed_median_months
        Plain median over the completed rows, for comparison. [months]
    exit_per_month
        Withdrawals per month of waiting. [1/month]
    """

    n: int
    completed: int
    withdrawn: int
    waiting: int
    dropped: Mapping[str, int]
    p50_months: float
    p90_months: float
    sigma: float
    cif_completed: tuple[float, ...]
    cif_withdrawn: tuple[float, ...]
    given_completion: tuple[float, ...]
    completed_median_months: float
    exit_per_month: float
    group: str = ""
    curve: pd.DataFrame = field(repr=False, compare=False, default_factory=pd.DataFrame)

    @property
    def waiting_share(self) -> float:
        """Share of the requests that still wait."""
        return self.waiting / self.n if self.n else math.nan

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know before using the numbers."""
        found = []
        if self.waiting_share > MANY_WAITING:
            found.append("many_waiting")
        if self.completed < FEW_EVENTS:
            found.append("few_completed")
        return tuple(found)


def fit(
    months: Any, event: Any, *, group: str = "", dropped: Mapping[str, int] | None = None
) -> Fit:
    """Fit one group of requests.

    Parameters
    ----------
    months, event
        As in `aalen_johansen`.
    group, dropped
        Carried into the result.

    Raises
    ------
    ValueError
        If a time is not positive or an event is unknown.

    >>> fit([1, 2, 2, 3, 4, 5], [1, 2, 0, 1, 2, 0]).given_completion
    (1.0, 3.0, 3.0)
    """
    t, kind = _sample(months, event)
    order = np.lexsort((kind, t))  # so that not even the last bit depends on the order of the rows
    t, kind = t[order], kind[order]
    curve = aalen_johansen(t, kind)
    p50, p90, sigma = fit_lognormal(t, kind)
    seen = float(t.max()) if len(t) else 0.0
    shares = {
        name: tuple(float(incidence(curve, h, name)) if h <= seen else math.nan for h in HORIZONS)
        for name in ("cif_completed", "cif_withdrawn")
    }
    done = t[kind == COMPLETED]
    withdrawn = int((kind == WITHDRAWN).sum())
    return Fit(
        n=len(t), completed=len(done), withdrawn=withdrawn, waiting=int((kind == WAITING).sum()),
        dropped=dict(dropped or {}), p50_months=p50, p90_months=p90, sigma=sigma,
        cif_completed=shares["cif_completed"], cif_withdrawn=shares["cif_withdrawn"],
        given_completion=tuple(completion_quantile(curve, SHARES).tolist()),
        completed_median_months=float(np.median(done)) if len(done) else math.nan,
        exit_per_month=withdrawn / float(t.sum()) if len(t) else math.nan,
        group=group, curve=curve,
    )  # fmt: skip


def finished_within(fitted: Fit, waited_months: Any, horizon_months: float) -> np.ndarray:
    """Odds that a request that still waits is completed within a horizon, by the incidence.

    `(F₁(w + h) − F₁(w)) / S(w)`, w the time already waited; withdrawals count as never. Where
    nobody has waited so long without an end, the odds are unknown. [share]
    """
    waited = np.asarray(waited_months, dtype=float)
    done = incidence(fitted.curve, waited + horizon_months) - incidence(fitted.curve, waited)
    left = incidence(fitted.curve, waited, "survival")
    return np.where(left > 0, done / np.where(left > 0, left, 1.0), np.nan)


def _lognormal_within(p50: float, sigma: float, waited: np.ndarray, horizon: float) -> np.ndarray:
    from scipy.special import log_ndtr

    late = log_ndtr(-np.log((waited + horizon) / p50) / sigma)
    return -np.expm1(late - log_ndtr(-np.log(waited / p50) / sigma))


@dataclass(frozen=True)
class Calibration:
    """A forecast made on one day against what had happened by a later one.

    Attributes
    ----------
    n, finished
        Requests that waited on the day of the forecast, and how many finished in the horizon.
    horizon_months
        From the one day to the other. [months]
    bins
        Equal parts of the requests by predicted odds: n, predicted and realised share.
    brier, predicted
        Method → mean squared error of the odds, and mean odds: `incidence` (Aalen–Johansen),
        `censored` (lognormal, never withdrawn), `completed_only` (lognormal through the completed
        rows alone) and `base_rate` (the realised share for everyone, known only afterwards).
    """

    n: int
    finished: int
    horizon_months: float
    bins: pd.DataFrame
    brier: Mapping[str, float]
    predicted: Mapping[str, float]


def calibration(
    months: Any, event: Any, finished: Any, horizon_months: float, *, parts: int = 5
) -> Calibration:
    """Fit on what was known on a day, and compare with what followed.

    Parameters
    ----------
    months, event
        What was known on that day, as in `aalen_johansen`. Shape (n,)
    finished
        Whether the request was completed by the later day; only the waiting ones count. Shape (n,)
    horizon_months
        From the one day to the other. [months]
    parts
        Number of bins.

    Raises
    ------
    ValueError
        If nothing waited, or nothing had been completed, on the day of the forecast.
    """
    t, kind = _sample(months, event)
    waits = kind == WAITING
    if not waits.any() or not (kind == COMPLETED).any():
        raise ValueError("a calibration needs completed and waiting requests on the first day")
    outcome, waited = np.asarray(finished, dtype=float)[waits], t[waits]
    known = fit(t, kind)
    logs = np.log(t[kind == COMPLETED])
    odds = {
        "incidence": np.nan_to_num(finished_within(known, waited, horizon_months)),
        "censored": _lognormal_within(known.p50_months, known.sigma, waited, horizon_months),
        "completed_only": _lognormal_within(
            float(np.exp(logs.mean())), float(logs.std()), waited, horizon_months
        ),
        "base_rate": np.full(len(waited), outcome.mean()),
    }
    return Calibration(
        n=len(waited), finished=int(outcome.sum()), horizon_months=horizon_months,
        bins=_bins(odds["incidence"], outcome, parts),
        brier={name: float(np.mean((p - outcome) ** 2)) for name, p in odds.items()},
        predicted={name: float(p.mean()) for name, p in odds.items()},
    )  # fmt: skip


def _bins(predicted: np.ndarray, outcome: np.ndarray, parts: int) -> pd.DataFrame:
    """Equal parts by predicted odds, the lowest first; ties stay in the order of the outcome-free sort."""
    order = np.argsort(predicted, kind="stable")
    rows = [
        {"n": len(part), "predicted": predicted[part].mean(), "realised": outcome[part].mean()}
        for part in np.array_split(order, parts)
        if len(part)
    ]
    return pd.DataFrame(rows, columns=["n", "predicted", "realised"])
