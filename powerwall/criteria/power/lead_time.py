"""Lead time: a network of stages, simulated; P50s are never added.

Stages are lognormal, joined by predecessors and correlated by groups. Draws come from a keyed
Latin hypercube: a column depends on its key and the seed alone, so neither another site nor
another stage can move a number.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter

Z90 = 1.2815515655446004
RHO = Parameter(
    0.3, "1", 0.0, 0.6, "assumed: correlation of stages within one group; data cannot identify it"
)
_STANDARD = NormalDist()
GROUPS = ("tso", "local", "supply", "build", "policy")


class Stage(NamedTuple):
    """One step on the way to power.

    Attributes
    ----------
    p50_months, p90_months, min_months
        Quantiles of its duration, and what it cannot undercut. [months]
    preds
        Stages that must be finished before it starts.
    group
        One of `GROUPS`; stages of one group are late together.
    p_fail
        Probability that it never succeeds. [share]
    windows
        (close, result) of the study windows it must catch, in months from the as-of date,
        ascending; None where it needs none, empty where none is known.
    repeat_months
        Spacing at which the windows repeat for ever; None if they do not.
    """

    p50_months: float
    p90_months: float
    min_months: float = 0.0
    preds: tuple[str, ...] = ()
    group: str = "build"
    p_fail: float = 0.0
    windows: tuple[tuple[float, float], ...] | None = None
    repeat_months: float | None = None

    def check(self, name: str) -> None:
        """Raise ValueError for quantiles that are no lognormal."""
        p50, p90 = self.p50_months, self.p90_months
        if (
            not (math.isfinite(p50) and math.isfinite(p90))
            or p50 < 0
            or p90 < p50
            or (p50 == 0 < p90)
        ):
            msg = f"stage `{name}`: p50 {p50:g} and p90 {p90:g} months are not quantiles of one duration"
            raise ValueError(msg)
        if self.group not in GROUPS:
            msg = f"stage `{name}`: group `{self.group}` is none of {', '.join(GROUPS)}"
            raise ValueError(msg)


def column(key: str, draws: int, seed: int) -> np.ndarray:
    """Latin-hypercube column of a key: uniform numbers, one in each of `draws` strata. Shape (draws,)."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    return np.clip(uniform, 1e-12, 1 - 1e-12)


class Draws:
    """Correlated standard normals by stage, made once and shared by every network of a run."""

    def __init__(self, draws: int = 4096, seed: int = 0, rho: float = RHO.value) -> None:
        self.count, self.seed, self.rho = draws, seed, rho
        self._columns: dict[str, np.ndarray] = {}

    def _normal(self, key: str) -> np.ndarray:
        if key not in self._columns:
            # exact to the last digits, and without the import of a large library
            inverse = map(_STANDARD.inv_cdf, column(key, self.count, self.seed).tolist())
            self._columns[key] = np.fromiter(inverse, dtype=float, count=self.count)
        return self._columns[key]

    def stage(self, name: str, group: str) -> np.ndarray:
        """One-factor normals of a stage. Shape (draws,)."""
        common, own = self._normal(f"group:{group}"), self._normal(name)
        return math.sqrt(self.rho) * common + math.sqrt(1 - self.rho) * own


def order(stages: Mapping[str, Stage]) -> list[str]:
    """Stages so that each follows its predecessors.

    Raises
    ------
    ValueError
        For a cycle or an unknown predecessor, naming the stage.
    """
    done: dict[str, None] = {}
    for name, stage in stages.items():
        for pred in stage.preds:
            if pred not in stages:
                msg = f"stage `{name}` follows `{pred}`, which the network does not have"
                raise ValueError(msg)
    while len(done) < len(stages):
        ready = [n for n, s in stages.items() if n not in done and all(p in done for p in s.preds)]
        if not ready:
            left = ", ".join(sorted(set(stages) - set(done)))
            msg = f"the stages {left} wait for one another"
            raise ValueError(msg)
        done.update(dict.fromkeys(ready))
    return list(done)


def finish_months(
    stages: Mapping[str, Stage], draws: Draws, scale: Mapping[str, np.ndarray] | None = None,
    floors: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Finish of every stage at every site.

    Parameters
    ----------
    stages
        The network.
    draws
        Where its normals come from.
    scale
        Stage → factor on its p50, p90 and min, one a site; sigma is unchanged. Shape (sites,).
    floors
        Stage → earliest finish, one a site; NaN is no floor. [months], shape (sites,)

    Returns
    -------
    dict
        Stage → months from the as-of date, inf where no window is known. Shape (sites, draws).
    """
    finish: dict[str, np.ndarray] = {}
    for name in order(stages):
        stage = stages[name]
        stage.check(name)
        start = np.zeros((1, draws.count))
        for pred in stage.preds:
            start = np.maximum(start, finish[pred])
        duration = _duration(stage, draws.stage(name, stage.group))[None, :]
        if scale and name in scale:
            duration = duration * scale[name][:, None]
        end = start + duration if stage.windows is None else _through_window(stage, start, duration)
        if floors and name in floors:
            end = np.fmax(end, floors[name][:, None])
        finish[name] = end
    return finish


def _duration(stage: Stage, normals: np.ndarray) -> np.ndarray:
    if stage.p50_months == 0:
        return np.zeros_like(normals)
    sigma = math.log(stage.p90_months / stage.p50_months) / Z90
    return np.maximum(stage.min_months, stage.p50_months * np.exp(sigma * normals))


def _through_window(stage: Stage, ready: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Take the first window that closes after `ready`; its result is a floor, the duration the slip."""
    windows = [w for w in stage.windows or () if w[0] >= 0]
    if stage.windows and stage.repeat_months:
        latest = float(np.max(ready, initial=0.0, where=np.isfinite(ready)))
        close, result = stage.windows[-1]
        steps = max(0, math.ceil((latest - close) / stage.repeat_months)) + 1
        windows += [
            (close + k * stage.repeat_months, result + k * stage.repeat_months)
            for k in range(1, steps + 1)
            if close + k * stage.repeat_months >= 0
        ]
    closes = np.array([w[0] for w in windows] + [np.inf])
    results = np.array([w[1] for w in windows] + [np.inf])
    taken = np.searchsorted(closes, ready, side="left").clip(max=len(windows))
    return np.fmax(results[taken], closes[taken] + duration)


def success(stages: Mapping[str, Stage], goal: str) -> float:
    """Probability that no stage on the way to `goal` fails. [share]"""
    seen: set[str] = set()
    todo = [goal]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(stages[name].preds)
    return math.prod(1.0 - stages[name].p_fail for name in sorted(seen))


def quantiles(months: np.ndarray, shares: Iterable[float]) -> np.ndarray:
    """Quantiles of the finite draws of each site; NaN where none is finite. Shape (shares, sites)."""
    wanted = list(shares)
    if np.isfinite(months).all():
        return np.quantile(months, wanted, axis=1)
    found = np.full((len(wanted), len(months)), np.nan)
    for site, row in enumerate(months):
        finite = row[np.isfinite(row)]
        if finite.size:
            found[:, site] = np.quantile(finite, wanted)
    return found
