"""Statistics: how well an order, odds or dates foretold what happened; numbers in, numbers out.

Textbook forms. Weights, where a function takes them, are those of `censoring.inverse_weights`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.policy.odds import wilson

FEWEST = Parameter(
    10, "cases", 5, 20, "assumed: fewer events, or fewer non-events, are too few to judge"
)
FEW_CLUSTERS = Parameter(
    10, "1", 5, 30, "assumed: fewer clusters make a bootstrap of clusters too narrow"
)
RESAMPLES = Parameter(2000, "1", 1000, 10000, "assumed: bootstrap resamples of an interval")
BINS = Parameter(10, "1", 5, 20, "assumed: bins of a tenth each, as reliability diagrams have")
_TAIL = 0.025  # of an interval of 95 %
_CHUNK = 4_000_000  # weights of resamples at once


class Share(NamedTuple):
    """A share of cases with its interval of Wilson. [share]; `counted` may be a fraction under ties."""

    counted: float
    n: int
    share: float
    low: float
    high: float


def share_of(count: float, n: int) -> Share:
    """Share of `n` cases of which `count` are counted; NaN of none."""
    if n == 0:
        return Share(count, n, np.nan, np.nan, np.nan)
    return Share(count, n, count / n, *wilson(count, n))


def auc(score: Any, event: Any) -> float:
    """Chance that a case with the event scores higher than one without it; ties count one half.

    Parameters
    ----------
    score
        Higher is expected to have the event. Any unit, shape (n,)
    event
        Whether it happened. Shape (n,)

    Returns
    -------
    float
        U of Mann and Whitney over the number of pairs; NaN without a pair. [share]

    >>> auc([3, 2, 2, 1], [1, 1, 0, 0])
    0.875
    """
    values, happened = _pair(score, event)
    return float(_weighted_auc(values, happened, np.ones((1, len(values))))[0])


def _pair(first: Any, second: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(first, dtype=float), np.asarray(second).astype(bool)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} are not those of one sample")
    if np.isnan(a).any():
        raise ValueError("a value is NaN: leave the case out")
    return a, b


def _weighted_auc(score: np.ndarray, event: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC under each row of weights. Shape (rows,)"""
    if not len(score):
        return np.full(len(weights), np.nan)
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) > 0])
    sorted_weights = weights[:, order]
    with_event = np.add.reduceat(sorted_weights * event[order], starts, axis=1)
    without = np.add.reduceat(sorted_weights * ~event[order], starts, axis=1)
    below = np.cumsum(without, axis=1) - without
    won = (with_event * (below + without / 2)).sum(axis=1)
    pairs = with_event.sum(axis=1) * without.sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def auc_interval(
    score: Any, event: Any, clusters: Any = None, *, resamples: int = int(RESAMPLES.value), seed: int = 0
) -> tuple[float, float]:  # fmt: skip
    """Interval of `auc` by a seeded bootstrap, 95 %.

    Parameters
    ----------
    score, event
        As in `auc`.
    clusters
        What cases share, e.g. their utility: whole clusters are drawn. None draws single cases.
    resamples, seed
        How many samples are drawn, and the seed. A sample without both kinds of case is left out.

    Returns
    -------
    tuple of float
        Quantiles 0.025 and 0.975; NaN where no sample holds both kinds.
    """
    values, happened = _pair(score, event)
    n = len(values)
    member = np.arange(n) if clusters is None else np.unique(np.asarray(clusters, dtype=str), return_inverse=True)[1]  # fmt: skip
    groups = int(member.max()) + 1 if n else 0
    rng = np.random.default_rng(seed)
    found = []
    at_once = max(1, _CHUNK // max(n, 1))
    for start in range(0, resamples if groups else 0, at_once):
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), size=min(at_once, resamples - start))  # fmt: skip
        found.append(_weighted_auc(values, happened, drawn[:, member].astype(float)))
    every = np.concatenate(found) if found else np.empty(0)
    every = every[~np.isnan(every)]
    if not every.size:
        return np.nan, np.nan
    low, high = np.quantile(every, [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def precision_at(score: Any, event: Any, k: int) -> Share:
    """Events among the first `k` by score; of cases tied at the end, their mean counts.

    Raises
    ------
    ValueError
        If `k` is none of 1 to n.

    >>> precision_at([3, 2, 2, 1], [1, 1, 0, 0], 2).share
    0.75
    """
    values, happened = _pair(score, event)
    if not 1 <= k <= len(values):
        raise ValueError(f"k = {k} is none of 1 to {len(values)}")
    last = np.sort(values)[::-1][k - 1]
    above, tied = values > last, values == last
    count = float(happened[above].sum() + (k - above.sum()) * happened[tied].mean())
    return share_of(count, k)


def lift_at(score: Any, event: Any, k: int) -> float:
    """Precision at `k` over the share of events in all cases; NaN without an event. [1]"""
    _, happened = _pair(score, event)
    base = happened.mean() if len(happened) else 0.0
    return precision_at(score, event, k).share / float(base) if base > 0 else np.nan


def _weighted(probability: Any, event: Any, weights: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    p, happened = _pair(probability, event)
    w = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=float)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("odds are between 0 and 1")
    if w.shape != p.shape or not np.all(w >= 0) or not w.sum() > 0:
        raise ValueError("weights are 0 or more, one a case, and not all zero")
    return p, happened.astype(float), w


def brier(probability: Any, event: Any, weights: Any = None) -> float:
    """Mean squared error of odds, `Σ w(p − y)² / Σ w`; 0 is perfect. [1]

    >>> round(brier([0.8, 0.4], [1, 0]), 12)
    0.1
    """
    p, y, w = _weighted(probability, event, weights)
    return float(np.sum(w * (p - y) ** 2) / w.sum())


def base_rate(event: Any, weights: Any = None) -> float:
    """Share of the cases in which it happened, under weights. [share]"""
    happened = np.asarray(event).astype(bool)
    _, y, w = _weighted(np.zeros(len(happened)), happened, weights)
    return float(np.sum(w * y) / w.sum())


def skill(score: float, reference: float) -> float:
    """What a score gains on that of a reference, `1 − score/reference`; NaN if that is 0. [1]"""
    return 1 - score / reference if reference > 0 else np.nan


class BrierParts(NamedTuple):
    """`brier = reliability − resolution + uncertainty + within`.

    Attributes
    ----------
    reliability
        Distance of the odds from the shares that were realised; 0 is calibrated.
    resolution
        Distance of those shares from the base rate.
    uncertainty
        `ō(1 − ō)`, the score of the base rate for everyone.
    within
        What binning leaves; 0 where each group holds equal odds.
    binned
        Whether the groups are bins.
    groups
        One row a group: n, weight, predicted, realised, events.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float
    binned: bool
    groups: pd.DataFrame


def brier_parts(probability: Any, event: Any, weights: Any = None) -> BrierParts:
    """The three parts of the Brier score (Murphy 1973), by equal odds, or by bins of a tenth.

    Parameters
    ----------
    probability, event, weights
        As in `brier`. More different odds than bins are binned.
    """
    p, y, w = _weighted(probability, event, weights)
    different = np.unique(p)
    bins = int(BINS.value)
    binned = len(different) > bins
    place = np.minimum((p * bins).astype(int), bins - 1) if binned else np.searchsorted(different, p)  # fmt: skip
    table = pd.DataFrame({"n": 1, "weight": w, "predicted": w * p, "realised": w * y, "events": y})
    groups = table.groupby(place, sort=True).sum()
    groups = groups[groups["weight"] > 0].reset_index(drop=True)
    groups["predicted"] /= groups["weight"]
    groups["realised"] /= groups["weight"]
    groups = groups.astype({"events": int})
    share = groups["weight"] / groups["weight"].sum()
    base = base_rate(y, w)
    reliability = float((share * (groups["predicted"] - groups["realised"]) ** 2).sum())
    resolution = float((share * (groups["realised"] - base) ** 2).sum())
    uncertainty = base * (1 - base)
    within = brier(p, y, w) - (reliability - resolution + uncertainty) if binned else 0.0
    return BrierParts(reliability, resolution, uncertainty, within, binned, groups)


def log_score(probability: Any, event: Any, weights: Any = None) -> float:
    """Mean negative logarithm of the odds of what happened, odds clipped to 1/(2N) from 0 and 1. [nat]"""
    p, y, w = _weighted(probability, event, weights)
    edge = 1 / (2 * len(p))
    p = np.clip(p, edge, 1 - edge)
    return float(-np.sum(w * (y * np.log(p) + (1 - y) * np.log(1 - p))) / w.sum())


def below(quantile: Any, realised: Any) -> Share:
    """Share of the realised values that lie at or below their quantile."""
    return share_of(float(np.sum(np.asarray(realised) <= np.asarray(quantile))), len(np.asarray(realised)))  # fmt: skip


def coverage(low: Any, high: Any, realised: Any) -> Share:
    """Share of the realised values that lie within their range, both ends included."""
    value = np.asarray(realised, dtype=float)
    inside = (np.asarray(low) <= value) & (value <= np.asarray(high))
    return share_of(float(inside.sum()), len(value))


def pinball(quantile: Any, realised: Any, q: float) -> float:
    """Mean loss of a quantile, `max(q(T − t), (q − 1)(T − t))`. [unit of the values]"""
    missed = np.asarray(realised, dtype=float) - np.asarray(quantile, dtype=float)
    return float(np.mean(np.maximum(q * missed, (q - 1) * missed))) if missed.size else np.nan


def crps(draws: Any, realised: Any) -> np.ndarray:
    """Continuous ranked probability score of draws, one a case.

    Parameters
    ----------
    draws
        N draws of each case. Shape (n, N)
    realised
        What happened. Shape (n,)

    Returns
    -------
    numpy.ndarray
        `mean|x − T| − Σ (2k − N − 1) x₍ₖ₎ / N²`, x sorted, which is the integral of the square of
        `F(t) − 1[t ≥ T]`. [unit of the values], shape (n,)

    >>> crps([[1.0, 3.0]], [1.0]).tolist()
    [0.5]
    """
    x = np.sort(np.asarray(draws, dtype=float), axis=1)
    count = x.shape[1]
    spread = x @ (2 * np.arange(1, count + 1) - count - 1) / count**2
    return np.abs(x - np.asarray(realised, dtype=float)[:, None]).mean(axis=1) - spread


def drawn_between(p10: Any, p50: Any, p90: Any, count: int = 200) -> np.ndarray:
    """Evenly spread draws of the lognormal pieces through three quantiles.

    Parameters
    ----------
    p10, p50, p90
        Quantiles, positive and ascending. [months], shape (n,)
    count
        Draws of each.

    Returns
    -------
    numpy.ndarray
        [months], shape (n, count)
    """
    from scipy.special import ndtri

    low, middle, high = (np.log(np.asarray(part, dtype=float)) for part in (p10, p50, p90))
    z = ndtri((np.arange(count) + 0.5) / count)
    sigma = np.where(z < 0, (middle - low)[:, None], (high - middle)[:, None]) / Z90
    return np.exp(middle[:, None] + sigma * z)


def rank_agreement(first: Any, second: Any) -> float:
    """Kendall's τ_b of two orders of the same cases; NaN where one of them has no order. [1]"""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    from scipy.stats import kendalltau

    return float(kendalltau(a, b).statistic)
