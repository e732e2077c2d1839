"""Ranges: how far one weight may move before another site leads, in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from powerwall.ranking.scores import NEUTRAL, TIE_PARTS

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking


_NOISE = 1e-12  # differences of scores that are rounding
_END = 1e-9  # a share this near to 0 or 1 is that end


def weight_range(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Interval of each weight in which the leader stays first, the others keeping their proportions.

    Parameters
    ----------
    values
        0–1, NaN is unknown and counts half; the leader is the first row of highest score. Shape (n, m)
    weights
        Points, divided by their sum. Shape (m,)

    Returns
    -------
    numpy.ndarray
        Lowest and highest share, closed; NaN for a criterion that is the whole weight. Shape (m, 2)

    Raises
    ------
    ValueError
        For weights that do not fit, are negative, not finite or all 0, and for no site.

    >>> v = np.array([[0.8, 0.25, 0.5], [0.45, 0.75, 0.8], [0.7, 0.5, 0.5]])
    >>> weight_range(v, np.array([5, 3, 2])).round(5).tolist()
    [[0.0, 0.51923], [0.27083, 1.0], [0.17241, 1.0]]
    """
    table, points = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if table.ndim != 2 or points.shape != table.shape[1:] or not len(table):
        msg = f"{points.shape} weights do not fit values of shape {table.shape}"
        raise ValueError(msg)
    if not np.isfinite(points).all() or (points < 0).any() or not points.sum() > 0:
        msg = f"weights must be finite, 0 or more, and not all 0: {points.tolist()}"
        raise ValueError(msg)
    table = np.where(np.isnan(table), NEUTRAL, table)
    shares = points / points.sum()
    scores = table @ shares
    found = np.full((len(shares), 2), np.nan)
    leader = int(np.argmax(np.rint(scores * TIE_PARTS)))
    for k, share in enumerate(shares):
        if share < 1:
            rest = (scores - share * table[:, k]) / (1 - share)
            ends = _ends(rest, table[:, k] - rest, float(share), leader)
            found[k] = ends.low, ends.high
    return found


class _Ends(NamedTuple):
    """Interval of a weight, and who leads beyond each end; -1 where nobody does."""

    low: float
    high: float
    below: int
    above: int


def _ends(start: np.ndarray, slope: np.ndarray, now: float, leader: int) -> _Ends:
    """Where another line crosses that of the leader, nearest to `now`; scores are start + t · slope."""
    h, g = start[leader] - start, slope[leader] - slope
    g = np.where(np.abs(g) < _NOISE, 0.0, g)  # parallel lines cross nowhere
    h = np.where(np.abs(h + now * g) < _NOISE, -now * g, h)  # and those that meet now, meet now
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -h / g
    lows, highs = np.where(g > 0, np.minimum(root, now), -np.inf), np.where(g < 0, np.maximum(root, now), np.inf)  # fmt: skip
    low, high = int(np.argmax(lows)), int(np.argmin(highs))
    return _Ends(
        max(0.0, float(lows[low])), min(1.0, float(highs[high])),
        low if lows[low] > 0 else -1, high if highs[high] < 1 else -1,
    )  # fmt: skip


class Flip(NamedTuple):
    """One weight at which another site leads.

    Attributes
    ----------
    name, level
        Subject or criterion, and `subject` or the subject it lies within.
    now, then
        Its share of that level, and the share beyond which the challenger leads.
    factor
        Its points then over its points now, those of the others unchanged.
    challenger
        Id of the site that leads beyond.
    """

    name: str
    level: str
    now: float
    then: float
    factor: float
    challenger: str


def flips(ranking: Ranking) -> list[Flip]:
    """Every single weight that unseats the leader if it moves alone, the smallest move first.

    Weights of subjects, and of criteria within their subject; the others keep their proportions.
    Nothing for fewer than two ranked sites.
    """
    ids = ranking.frame.index[ranking.frame["status"] == "ranked"]
    if len(ids) < 2:
        return []
    found = []
    for name, level, now, start, slope in _lines(ranking, ids):
        ends = _ends(start, slope, now, 0)
        for then, site in ((ends.low, ends.below), (ends.high, ends.above)):
            if site >= 0 and _END < then < 1 - _END:
                factor = then / (1 - then) * (1 - now) / now
                found.append(Flip(name, level, now, then, factor, str(ids[site])))
    return sorted(found, key=lambda flip: (abs(flip.then - flip.now), flip.name))


def _lines(
    ranking: Ranking, ids: object
) -> Iterator[tuple[str, str, float, np.ndarray, np.ndarray]]:
    """Name, level, share, and the line of every site's score over that share."""
    neutral = 0.0 if ranking.unknown == "worst" else NEUTRAL
    values = ranking.values.loc[ids].fillna(neutral)
    weights = ranking.settings.weights
    subjects = sorted(name for name, share in weights.subjects.items() if share > 0)
    parts, inner = {}, {}
    for subject in subjects:
        own = [n for n in values if ranking.criteria[n].subject == subject and weights.criteria[n] > 0]  # fmt: skip
        inner[subject] = {n: weights.criteria[n] / math.fsum(weights.criteria[m] for m in own) for n in own}  # fmt: skip
        parts[subject] = sum((share * values[n].to_numpy() for n, share in inner[subject].items()), start=np.zeros(len(values)))  # fmt: skip
    total = sum((weights.subjects[s] * parts[s] for s in subjects), start=np.zeros(len(values)))
    for subject in subjects:
        share = weights.subjects[subject]
        others = total - share * parts[subject]
        if share < 1:
            yield subject, "subject", share, others / (1 - share), parts[subject] - others / (1 - share)  # fmt: skip
        for name, within in inner[subject].items():
            if within < 1:
                rest = (parts[subject] - within * values[name].to_numpy()) / (1 - within)
                yield name, subject, within, others + share * rest, share * (values[name].to_numpy() - rest)  # fmt: skip
