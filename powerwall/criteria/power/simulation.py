"""Simulation: the megawatts of a plan by month, from the finishes of its stages.

Failure and delay are two numbers: quantiles of a date are given success, megawatts by a date are
unconditional. Failures are not drawn: whatever set of tranches succeeds has a probability that
follows from the stages they share, so the odds are exact and only durations are sampled.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.power.stages import Stage, order, success

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
        Tranche whose last step ends this one; None if it stays.
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
    """A first block, then the rest in equal quarterly steps up to `ramp_months`. [(months, MW)]"""
    if ramp_months <= 0 or not first_mw or first_mw >= mw:
        return ((0.0, mw),) if ramp_months <= 0 else _even(mw, ramp_months, 0.0)
    return ((0.0, first_mw), *_even(mw - first_mw, ramp_months, ramp_months))


def _even(mw: float, ramp_months: float, first_at: float) -> tuple[tuple[float, float], ...]:
    """Equal quarterly steps that end at `ramp_months`; the first at 0 unless a block stands there."""
    count = max(1, math.ceil(ramp_months / 3))
    if first_at == 0:
        return tuple((k * ramp_months / count, mw / (count + 1)) for k in range(count + 1))
    return tuple(((k + 1) * ramp_months / count, mw / count) for k in range(count))


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
    """

    stages: Mapping[str, Stage]
    tranches: Mapping[str, Tranche]
    finish: Mapping[str, np.ndarray]
    horizon_months: float
    seed: int = 0

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
        return success(self.stages, self.tranches[tranche].stage) * float(
            np.isfinite(months).mean()
        )

    @cached_property
    def outcomes(self) -> tuple[tuple[frozenset[str], float], ...]:
        """Every set of tranches that may succeed, with its probability."""
        names = list(self.tranches)
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
            if share > 1e-12:
                found.append((chosen, share))
        return tuple(found)

    def _spells(
        self, outcome: frozenset[str], only: str | None = None
    ) -> Iterator[tuple[str, float, np.ndarray, np.ndarray]]:
        """Tranche, MW, first and last month of every step that is delivered in an outcome."""
        for name, tranche in self.tranches.items():
            if name not in outcome or only not in {None, name}:
                continue
            end = np.full(len(self.months(name)), np.inf)
            if tranche.retire_with in outcome:
                other = str(tranche.retire_with)
                end = self.months(other) + self.tranches[other].ramp[-1][0]
            for delay, mw in tranche.ramp:
                yield name, mw, self.months(name) + delay, end

    def mw_at(self, months: Any, tranche: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Delivered power at some months, and the probability of every row.

        Returns
        -------
        mw, weight
            [MW], shape (outcomes × draws, months); share, shape (outcomes × draws,).
        """
        at = np.atleast_1d(np.asarray(months, dtype=float))
        rows, weights = [], []
        count = len(next(iter(self.finish.values())))
        for outcome, share in self.outcomes:
            mw = np.zeros((count, len(at)))
            for _, step, first, last in self._spells(outcome, tranche):
                mw += step * ((first[:, None] <= at) & (at < last[:, None]))
            rows.append(mw)
            weights.append(np.full(count, share / count))
        return np.concatenate(rows), np.concatenate(weights)

    def mw_quantiles(self, months: Any, shares: Sequence[float]) -> np.ndarray:
        """Quantiles of the delivered power, failures included. [MW], shape (shares, months)."""
        mw, weight = self.mw_at(months)
        found = np.empty((len(shares), mw.shape[1]))
        for column in range(mw.shape[1]):
            by_size = np.argsort(mw[:, column], kind="stable")
            reached = np.cumsum(weight[by_size])
            rows = np.searchsorted(reached, np.asarray(shares) - 1e-9).clip(max=len(reached) - 1)
            found[:, column] = mw[by_size[rows], column]
        return found

    def expected_mw(self, months: Any, tranche: str | None = None) -> np.ndarray:
        """Expected delivered power, failures included. [MW], shape (months,)."""
        mw, weight = self.mw_at(months, tranche)
        return weight @ mw

    def p_mw_at_least(self, mw: float, at_months: float) -> float:
        """Probability that at least `mw` is delivered at a month, failures included. [share]"""
        delivered, weight = self.mw_at(at_months)
        return float(weight[delivered[:, 0] >= mw - _WHOLE].sum())

    def expected_mw_years(self, tranche: str | None = None) -> float:
        """Expected delivered energy to the horizon, as power times time. [MW-years]"""
        total = 0.0
        for outcome, share in self.outcomes:
            for _, mw, first, last in self._spells(outcome, tranche):
                until = np.minimum(last, self.horizon_months)
                spell = np.maximum(until - np.maximum(first, 0.0), 0.0)
                total += share * mw * float(spell.mean()) / 12
        return total

    def first_months(self, mw: float) -> tuple[np.ndarray, np.ndarray]:
        """First month with at least `mw`, inf where it never comes, and the weight of every row."""
        found, weights = [], []
        count = len(next(iter(self.finish.values())))
        for outcome, share in self.outcomes:
            spells = list(self._spells(outcome))
            earliest = np.full(count, np.inf)
            for _, _, at, _ in spells:
                there = sum(s * ((first <= at) & (at < last)) for _, s, first, last in spells)
                earliest = np.where(there >= mw - _WHOLE, np.minimum(earliest, at), earliest)
            found.append(earliest)
            weights.append(np.full(count, share / count))
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
