"""Simulation: the megawatts of a plan by month, from the finishes of its stages.

Failure and delay are two numbers: quantiles of a date are given success, megawatts by a date are
unconditional. Failures are not drawn: whatever set of tranches succeeds has a probability that
follows from the stages they share, so the odds are exact and only durations are sampled.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.power.lead_time.stages import Stage, order, success

_WHOLE = 1e-9  # a megawatt short of this much is none


class Tranche(NamedTuple):
    """A block of power that starts when a stage is finished.

    Attributes
    ----------
    stage
        Stage whose finish starts it.
    mw
        Its power. [MW]
    steps
        (delay, MW) of a ramp that add up to `mw`; silent is everything at once. [months, MW]
    retire_with
        Tranche that this one stands in for: it fills what that one lacks and leaves as it
        arrives; None if it stays whatever comes.
    """

    stage: str
    mw: float
    steps: tuple[tuple[float, float], ...] = ()
    retire_with: str | None = None

    @property
    def ramp(self) -> tuple[tuple[float, float], ...]:
        """Its steps, ascending by delay."""
        return tuple(sorted(self.steps)) or ((0.0, self.mw),)

    def check(self, name: str, stages: Mapping[str, Stage], names: Sequence[str]) -> None:
        """Raise ValueError, naming the tranche, for what is no block of power."""
        if self.stage not in stages:
            raise ValueError(
                f"tranche `{name}` starts with stage `{self.stage}`, which the network does not have"
            )
        if not (math.isfinite(self.mw) and self.mw >= 0):
            raise ValueError(f"tranche `{name}`: {self.mw:g} MW is no power")
        if abs(sum(mw for _, mw in self.ramp) - self.mw) > 1e-6 or self.ramp[0][0] < 0:
            raise ValueError(f"tranche `{name}`: its steps do not add up to {self.mw:g} MW")
        if self.retire_with is not None and self.retire_with not in set(names) - {name}:
            raise ValueError(
                f"tranche `{name}` retires with `{self.retire_with}`, no other tranche"
            )


def ramp_steps(
    mw: float, first_mw: float | None, ramp_months: float
) -> tuple[tuple[float, float], ...]:
    """A first block, then the rest in equal quarterly steps up to `ramp_months`. [(months, MW)]

    A first block of the whole request leaves nothing to ramp; without one all steps are equal.
    """
    if ramp_months <= 0 or (first_mw is not None and first_mw >= mw):
        return ((0.0, mw),)
    count = math.ceil(ramp_months / 3)
    first = mw / (count + 1) if first_mw is None else first_mw
    rest = (mw - first) / count
    return ((0.0, first), *(((k + 1) * ramp_months / count, rest) for k in range(count)))


@dataclass(frozen=True)
class Simulation:
    """Finishes of all stages of a plan and what follows for its tranches.

    Attributes
    ----------
    stages, tranches
        What was simulated.
    finish
        Stage → months from the as-of date, inf where no window is known. Shape (draws,).
    horizon_months
        Last month that counts.
    seed
        Of the sequence it was drawn from.
    odds
        Tranche → odds of success that replace those of its stages. [share]
    """

    stages: Mapping[str, Stage]
    tranches: Mapping[str, Tranche]
    finish: Mapping[str, np.ndarray]
    horizon_months: float
    seed: int = 0
    odds: Mapping[str, float] = field(default_factory=dict)

    def months(self, tranche: str) -> np.ndarray:
        """Start of a tranche in every draw; inf is never. [months], shape (draws,)."""
        return self.finish[self.tranches[tranche].stage]

    def quantile_months(self, tranche: str, p: Any) -> Any:
        """Quantile of the start of a tranche, given that it starts. [months]; NaN if it never does."""
        months = self.months(tranche)
        finite = months[np.isfinite(months)]
        if not finite.size:
            return np.full(np.shape(p), np.nan)[()]
        return np.quantile(finite, p)

    def mean_months(self, tranche: str) -> float:
        """Mean start of a tranche, given that it starts. [months]"""
        months = self.months(tranche)
        finite = months[np.isfinite(months)]
        return float(finite.mean()) if finite.size else math.nan

    def p_success(self, tranche: str) -> float:
        """Probability that a tranche is energised at all. [share]"""
        months = self.months(tranche)
        odds = self.odds.get(tranche, success(self.stages, self.tranches[tranche].stage))
        return odds * float(np.isfinite(months).mean())

    @cached_property
    def outcomes(self) -> tuple[tuple[frozenset[str], float], ...]:
        """Every set of tranches that may succeed, with its probability."""
        names = [name for name, tranche in self.tranches.items() if tranche.mw > 0]
        sets = [
            frozenset(c) for n in range(len(names) + 1) for c in itertools.combinations(names, n)
        ]
        at_least = {s: success(self.stages, *(self.tranches[t].stage for t in s)) for s in sets}
        found = []
        for chosen in sets:
            share = math.fsum(
                (-1) ** (len(wider) - len(chosen)) * at_least[wider]
                for wider in sets
                if chosen <= wider
            )
            found.append((chosen, share))
        for name, odds in self.odds.items():
            found = _with_odds(found, name, odds)
        return tuple((chosen, share) for chosen, share in found if share > 1e-12)

    def _levels(self, outcome: frozenset[str], at: np.ndarray) -> dict[str, np.ndarray]:
        """Power of every tranche at some months, in one outcome. [MW], shape (draws, months)

        A tranche that stands in for another gets what that one, what stays beside it, and earlier
        stand-ins lack.
        """
        arrived = {
            name: sum(
                (mw * (self.months(name)[:, None] + delay <= at) for delay, mw in tranche.ramp),
                start=np.zeros((self.draws, at.shape[-1])),
            )
            if name in outcome
            else np.zeros((self.draws, at.shape[-1]))
            for name, tranche in self.tranches.items()
        }
        stood_for = {t.retire_with for t in self.tranches.values() if t.retire_with}
        kept = sum(
            (
                arrived[n]
                for n, t in self.tranches.items()
                if not t.retire_with and n not in stood_for
            ),
            start=np.zeros((self.draws, at.shape[-1])),
        )
        gaps = {
            name: np.maximum(self.tranches[name].mw - arrived[name] - kept, 0.0)
            for name in stood_for
        }
        for name, tranche in self.tranches.items():
            if tranche.retire_with:
                arrived[name] = np.minimum(arrived[name], gaps[tranche.retire_with])
                gaps[tranche.retire_with] = gaps[tranche.retire_with] - arrived[name]
        return arrived

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(next(iter(self.finish.values())))

    def breaks(self) -> np.ndarray:
        """Months at which anything arrives, ascending in every draw. Shape (draws, steps)."""
        steps = [
            self.months(name) + delay
            for name, tranche in self.tranches.items()
            for delay, _ in tranche.ramp
        ]
        return np.sort(np.stack(steps, axis=1), axis=1)

    def by_outcome(self, months: Any) -> Iterator[tuple[dict[str, np.ndarray], float]]:
        """Delivered power of each tranche at some months, one outcome after the other.

        Yields
        ------
        mw, share
            Tranche → [MW], shape (draws, months); probability of the outcome.
        """
        at = np.atleast_1d(np.asarray(months, dtype=float))
        for outcome, share in self.outcomes:
            yield self._levels(outcome, at), share

    def mw_at(self, months: Any) -> tuple[np.ndarray, np.ndarray]:
        """Delivered power at some months, and the probability of every row.

        Returns
        -------
        mw, weight
            [MW], shape (outcomes × draws, months); share, shape (outcomes × draws,).
        """
        found = [(together(mw), share) for mw, share in self.by_outcome(months)]
        weight = [np.full(self.draws, share / self.draws) for _, share in found]
        return np.concatenate([mw for mw, _ in found]), np.concatenate(weight)

    def expected_mw(self, months: Any, tranche: str | None = None) -> np.ndarray:
        """Expected delivered power, failures included. [MW], shape (months,)."""
        parts = [
            share * (together(mw) if tranche is None else mw[tranche]).mean(axis=0)
            for mw, share in self.by_outcome(months)
        ]
        return np.sum(parts, axis=0)

    def p_mw_at_least(self, mw: float, at_months: float) -> float:
        """Probability that at least `mw` is delivered at a month, failures included. [share]"""
        delivered, weight = self.mw_at(at_months)
        return float(weight[delivered[:, 0] >= mw - _WHOLE].sum())

    def expected_mw_years(self, tranche: str | None = None) -> float:
        """Expected delivered energy to the horizon, as power times time. [MW-years]"""
        edges = np.clip(self.breaks(), 0.0, max(self.horizon_months, 0.0))
        spans = np.diff(edges, axis=1, append=max(self.horizon_months, 0.0))
        total = 0.0
        for outcome, share in self.outcomes:
            levels = self._levels(outcome, edges)
            mw = together(levels) if tranche is None else levels[tranche]
            total += share * float((mw * spans).sum(axis=1).mean())
        return total / 12

    def first_months(self, mw: float) -> tuple[np.ndarray, np.ndarray]:
        """First month with at least `mw`, inf where it never comes, and the weight of every row."""
        breaks = self.breaks()
        found, weights = [], []
        for outcome, share in self.outcomes:
            there = together(self._levels(outcome, breaks)) >= mw - _WHOLE
            first = np.where(there.any(axis=1), np.take_along_axis(breaks, there.argmax(axis=1)[:, None], 1)[:, 0], np.inf)  # fmt: skip
            found.append(first)
            weights.append(np.full(self.draws, share / self.draws))
        return np.concatenate(found), np.concatenate(weights)

    def quantile_months_to(self, mw: float, p: Sequence[float]) -> np.ndarray:
        """Quantiles of the first month with at least `mw`, given that it comes. [months]"""
        months, weight = self.first_months(mw)
        finite = np.isfinite(months)
        if not weight[finite].sum() > 0:
            return np.full(len(p), np.nan)
        by_time = np.argsort(months[finite], kind="stable")
        reached = np.cumsum(weight[finite][by_time])
        middle = (reached - weight[finite][by_time] / 2) / reached[-1]
        return np.interp(p, middle, months[finite][by_time])

    def criticality(self, tranche: str | None = None) -> dict[str, float]:
        """Share of draws in which a stage lies on the longest path to a tranche. [share]

        Ties go to the first stage in topological order; without a tranche, the path to any.
        """
        goals = [self.tranches[tranche].stage] if tranche else None
        ends = goals or sorted({t.stage for t in self.tranches.values()})
        sequence = order(self.stages)
        critical = {name: np.zeros(len(self.finish[name]), dtype=bool) for name in sequence}
        for goal in ends:
            critical[goal] = np.ones_like(critical[goal])
        for name in reversed(sequence):
            stage = self.stages[name]
            if stage.started_months_ago is not None or stage.done_months_ago is not None:
                continue
            preds = [pred for pred in sequence if pred in stage.preds]
            if preds:
                ready = np.stack([self.finish[pred] for pred in preds])
                last = ready.argmax(axis=0)
                for number, pred in enumerate(preds):
                    critical[pred] |= critical[name] & (last == number) & (ready[number] > 0)
        return {name: float(critical[name].mean()) for name in sequence}


def _with_odds(
    outcomes: list[tuple[frozenset[str], float]], name: str, odds: float
) -> list[tuple[frozenset[str], float]]:
    """Outcomes with other odds of one tranche; the odds of all others stay as they were."""
    before = math.fsum(share for chosen, share in outcomes if name in chosen)
    found = []
    for chosen, share in outcomes:
        there = name in chosen
        if (odds < before) == there and odds != before:
            moved = 1 - odds / before if there else (odds - before) / (1 - before)
            found += [(chosen, share * (1 - moved)), (chosen ^ {name}, share * moved)]
        else:
            found.append((chosen, share))
    return found


def together(levels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Power of all tranches. [MW]"""
    return np.sum(list(levels.values()), axis=0)


def weighted_quantiles(
    values: np.ndarray, weight: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Quantiles of every column, each row with its probability. Shape (shares, columns)."""
    by_size = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weight[by_size], axis=0)
    found = np.empty((len(shares), values.shape[1]))
    for column in range(values.shape[1]):
        # a hair below the share, so that rounding never steps to the next value
        rows = np.searchsorted(reached[:, column], np.asarray(shares) * reached[-1, column] - 1e-9)
        found[:, column] = values[by_size[rows.clip(max=len(values) - 1), column], column]
    return found
