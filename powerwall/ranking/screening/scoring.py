"""Scoring of millions of cells: value functions as slopes, one weighted sum, verdicts as bits.

The same rules as `scores.weighted_score` and `requirements.judge`, in float32 and one column after
another: a cell's result depends on no other cell, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from powerwall.ranking.requirements import Requirement
from powerwall.ranking.scores import NEUTRAL
from powerwall.ranking.values import Points

Single = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Bits = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

MAX_REQUIREMENTS = 31  # one bit for what fails and one for what is open, and one for coverage
_COVERAGE_SLACK = 1e-6  # float32 sums of shares


class Scored(NamedTuple):
    """Scores of some cells. Each float32, shape (n,)

    Attributes
    ----------
    score, low, high
        With what is unknown at half, at its worst and at its best. [0–100]
    coverage
        Share of the weight that is known.
    """

    score: Single
    low: Single
    high: Single
    coverage: Single


def value(x: Single, points: Points) -> Single:
    """Value of a measure, as `values.piecewise`; NaN stays NaN. [0–1], shape (n,)

    A sum of clipped ramps: no search for the segment, and one pass a segment.
    """
    found = np.full(len(x), points[0][1], dtype=np.float32)
    for (x0, v0), (x1, v1) in pairwise(points):
        ramp = np.clip(x - np.float32(x0), np.float32(0), np.float32(x1 - x0))
        ramp *= np.float32((v1 - v0) / (x1 - x0))
        found += ramp
    return found


def score(
    measures: Mapping[str, Single], values: Mapping[str, Points], shares: Mapping[str, float]
) -> Scored:
    """Scores of cells from what was measured there.

    Parameters
    ----------
    measures
        Criterion → numbers, NaN is unknown. Shape (n,) each
    values
        Criterion → breakpoints.
    shares
        Criterion → share of the weight; they sum to 1.
    """
    rows = len(next(iter(measures.values())))
    total, open_ = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    for name in sorted(measures):
        share = np.float32(shares.get(name, 0.0))
        if not share:
            continue
        part = value(measures[name], values[name])
        unknown = np.isnan(part)
        if unknown.any():
            part[unknown] = NEUTRAL
            open_[unknown] += share
        part *= share
        total += part
    total *= np.float32(100)
    half = np.float32(100 * NEUTRAL) * open_
    return Scored(total, total - half, total + half, np.float32(1) - open_)


class Bound(NamedTuple):
    """A requirement as the bits of a code.

    Attributes
    ----------
    failed, open
        Bit of a cell that fails it, and of one where it is unknown.
    """

    requirement: Requirement
    failed: int
    open: int

    def margin(self, measure: Single) -> Single:
        """Distance to the limit in its own unit; negative fails, NaN is open. Shape (n,)"""
        if self.requirement.truth is not None:
            return -np.abs(measure - np.float32(self.requirement.truth))
        low, high = (np.float32(end) for end in (self.requirement.low, self.requirement.high))
        return np.minimum(measure - low, high - measure)


LOW_COVERAGE = 1 << 63


def bounds(requirements: Sequence[Requirement]) -> tuple[Bound, ...]:
    """The bits of each requirement, in their order."""
    return tuple(
        Bound(item, 1 << place, 1 << (place + MAX_REQUIREMENTS))
        for place, item in enumerate(requirements)
    )


def codes(
    measures: Mapping[str, Single], limits: Sequence[Bound], coverage: Single, least: float
) -> Bits:
    """What keeps each cell from a rank, one bit a reason. Shape (n,)

    An unknown never puts a cell out.
    """
    found = np.zeros(len(coverage), dtype=np.uint64)
    for limit in limits:
        margin = limit.margin(measures[limit.requirement.name])
        found[margin < 0] |= np.uint64(limit.failed)
        found[np.isnan(margin)] |= np.uint64(limit.open)
    found[coverage < least - _COVERAGE_SLACK] |= np.uint64(LOW_COVERAGE)
    return found


RANKED, OUT, UNRANKED = 0, 1, 2
STATUS_WORDS = ("ranked", "out", "unranked")


def statuses(found: Bits, limits: Sequence[Bound]) -> np.ndarray:
    """`RANKED`, `OUT` or `UNRANKED` of each cell. Shape (n,), int8"""
    failing = np.uint64(sum(limit.failed for limit in limits))
    out = (found & failing) != 0
    low = (found & np.uint64(LOW_COVERAGE)) != 0
    return np.where(out, OUT, np.where(low, UNRANKED, RANKED)).astype(np.int8)


def reasons(code: int, limits: Sequence[Bound], least: float) -> str:
    """A code in words, as a ranking gives its reasons."""
    failed = [_told(limit) for limit in limits if code & limit.failed]
    few = [f"less than {100 * least:.0f} % of the weight is known"] if code & LOW_COVERAGE else []
    risk = [f"at risk: {_told(limit)}, unknown here" for limit in limits if code & limit.open]
    return "; ".join([*failed, *few, *risk])


def _told(limit: Bound) -> str:
    return f"{limit.requirement.name.replace('_', ' ')} {limit.requirement.words}"
