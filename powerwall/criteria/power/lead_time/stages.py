"""Stages: the steps between a request and power, and when each of them ends.

A network is a mapping of stage ids to `Stage`; durations are lognormal, a stage starts when its
predecessors are finished, and P50s are never added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from powerwall.criteria.criterion import Z90

GROUPS = ("tso", "local", "supply", "build", "policy")
_TINY = 1e-12


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
        ascending; None where it needs none, empty where none is known. A result of NaN is
        not published.
    repeat_months
        Spacing at which the windows repeat for ever; None if they do not.
    started_months_ago, done_months_ago
        Progress before the as-of date; None if it has not begun, or is not done. [months]
    p_extension, extension_p50_months, extension_p90_months
        For a term with a scheduled end (`p50_months` = `p90_months`): probability that it is
        extended, and by how long.
    fails_with
        Stages whose failure it shares although it does not wait for them.
    """

    p50_months: float
    p90_months: float
    min_months: float = 0.0
    preds: tuple[str, ...] = ()
    group: str = "build"
    p_fail: float = 0.0
    windows: tuple[tuple[float, float], ...] | None = None
    repeat_months: float | None = None
    started_months_ago: float | None = None
    done_months_ago: float | None = None
    p_extension: float = 0.0
    extension_p50_months: float | None = None
    extension_p90_months: float | None = None
    fails_with: tuple[str, ...] = ()

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of its duration."""
        return math.log(self.p90_months / self.p50_months) / Z90 if self.p50_months else 0.0

    def check(self, name: str) -> None:
        """Raise ValueError, naming the stage, for what is no stage."""
        _check_quantiles(name, "", self.p50_months, self.p90_months)
        if not (math.isfinite(self.min_months) and self.min_months >= 0):
            raise ValueError(f"stage `{name}`: min_months {self.min_months:g} is no duration")
        if self.group not in GROUPS:
            raise ValueError(f"stage `{name}`: group `{self.group}` is none of {', '.join(GROUPS)}")
        for key, share in (("p_fail", self.p_fail), ("p_extension", self.p_extension)):
            if not 0 <= share <= 1:
                raise ValueError(f"stage `{name}`: {key} {share:g} is not between 0 and 1")
        for key in ("started_months_ago", "done_months_ago"):
            ago = getattr(self, key)
            if ago is not None and not (math.isfinite(ago) and ago >= 0):
                raise ValueError(f"stage `{name}`: {key} {ago:g} is not 0 or more months")
        closes = [close for close, _ in self.windows or ()]
        if closes != sorted(closes) or any(math.isnan(close) for close in closes):
            raise ValueError(f"stage `{name}`: its windows do not ascend by the day they close")
        if self.repeat_months is not None and not self.repeat_months > 0:
            raise ValueError(
                f"stage `{name}`: repeat_months {self.repeat_months:g} is not positive"
            )
        if self.p_extension > 0:
            self._check_extension(name)

    def _check_extension(self, name: str) -> None:
        if self.p50_months != self.p90_months:
            raise ValueError(
                f"stage `{name}`: a term that may be extended has p50_months = p90_months"
            )
        p50, p90 = self.extension_p50_months, self.extension_p90_months
        if p50 is None or p90 is None or p50 <= 0:
            raise ValueError(f"stage `{name}`: p_extension without the length of the extension")
        _check_quantiles(name, "extension ", p50, p90)


def _check_quantiles(name: str, what: str, p50: float, p90: float) -> None:
    if not (math.isfinite(p50) and math.isfinite(p90)) or p50 < 0 or p90 < p50 or p50 == 0 < p90:
        raise ValueError(
            f"stage `{name}`: {what}p50 {p50:g} and p90 {p90:g} months are not quantiles of one duration"
        )


class Cut(NamedTuple):
    """Months taken off a stage in every draw, and the share of it that is always left."""

    months: float
    left: float

    def of(self, duration: np.ndarray, least: float) -> np.ndarray:
        """Shorter durations: never longer than before, never below what must be left. [months]"""
        kept = np.minimum(duration, np.maximum(least, self.left * duration))
        return np.maximum(kept, duration - self.months)


class Normals(Protocol):
    """Where the correlated standard normals of a stage come from; `sampling` has two sources."""

    count: int

    def stage(self, name: str, group: str) -> np.ndarray:
        """Normals of a stage. Shape (count,)."""


def order(stages: Mapping[str, Stage]) -> list[str]:
    """Stages so that each follows its predecessors.

    Raises
    ------
    ValueError
        For a cycle or an unknown predecessor, naming the stage.
    """
    done: dict[str, None] = {}
    for name, stage in stages.items():
        for pred in (*stage.preds, *stage.fails_with):
            if pred not in stages:
                raise ValueError(
                    f"stage `{name}` follows `{pred}`, which the network does not have"
                )
    while len(done) < len(stages):
        ready = [n for n, s in stages.items() if n not in done and all(p in done for p in s.preds)]
        if not ready:
            left = ", ".join(sorted(set(stages) - set(done)))
            raise ValueError(f"the stages {left} wait for one another")
        done.update(dict.fromkeys(ready))
    return list(done)


def ancestors(stages: Mapping[str, Stage], goal: str) -> list[str]:
    """Stages that `goal` may fail with, itself included, sorted; a finished stage waits for none."""
    seen: set[str] = set()
    todo = [goal]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            if stages[name].done_months_ago is None:
                todo.extend((*stages[name].preds, *stages[name].fails_with))
    return sorted(seen)


def success(stages: Mapping[str, Stage], *goals: str) -> float:
    """Probability that no stage on the way to any of the goals fails. [share]

    A stage that several goals share fails once.
    """
    names = sorted({name for goal in goals for name in ancestors(stages, goal)})
    return math.prod(
        1.0 - stages[name].p_fail for name in names if stages[name].done_months_ago is None
    )


def finish_months(
    stages: Mapping[str, Stage], draws: Normals, scale: Mapping[str, np.ndarray] | None = None,
    floors: Mapping[str, np.ndarray] | None = None, cuts: Mapping[str, Cut] | None = None,
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
    cuts
        Stage → what is taken off its duration in every draw.

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
        end = _finish(
            stage,
            start,
            draws.stage(name, stage.group)[None, :],
            (scale or {}).get(name),
            (cuts or {}).get(name),
        )
        if floors and name in floors:
            end = np.fmax(end, floors[name][:, None])
        finish[name] = end
    return finish


def _finish(
    stage: Stage,
    ready: np.ndarray,
    normals: np.ndarray,
    scale: np.ndarray | None,
    cut: Cut | None,
) -> np.ndarray:
    if stage.done_months_ago is not None:
        return np.full_like(normals, -stage.done_months_ago)
    factor = 1.0 if scale is None else scale[:, None]
    if stage.started_months_ago is not None:
        left = _remaining(stage, normals, factor)
        return left if cut is None else cut.of(left, 0.0)
    duration = durations(stage, normals) * factor
    if cut is not None:
        duration = cut.of(duration, stage.min_months)
    return ready + duration if stage.windows is None else _through_window(stage, ready, duration)


def durations(stage: Stage, normals: np.ndarray) -> np.ndarray:
    """Durations of a stage that has not begun, from standard normals. [months]"""
    if stage.p_extension > 0:
        return _extended(stage, normals)
    if stage.p50_months == 0:
        return np.full_like(normals, stage.min_months)
    return np.maximum(stage.min_months, stage.p50_months * np.exp(stage.sigma * normals))


def _extended(stage: Stage, normals: np.ndarray) -> np.ndarray:
    """A scheduled end that slips in a share of the cases; non-decreasing in the normals."""
    from scipy.special import ndtr, ndtri

    longer = Stage(stage.extension_p50_months or 0.0, stage.extension_p90_months or 0.0)
    share = stage.p_extension
    inner = np.clip((ndtr(normals) - 1 + share) / share, _TINY, 1 - _TINY)
    added = longer.p50_months * np.exp(longer.sigma * ndtri(inner))
    extended = ndtr(normals) > 1 - share
    return np.maximum(stage.min_months, stage.p50_months + np.where(extended, added, 0.0))


def _remaining(stage: Stage, normals: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """Months left of a stage that began, given that it has not finished by the as-of date."""
    elapsed = float(stage.started_months_ago or 0.0)
    left = np.maximum(_conditioned(stage, normals, elapsed, factor) - elapsed, 0.0)
    if stage.windows is None:
        return left
    _, results = _windows(stage, -elapsed, since=-elapsed)
    return np.fmax(left, results[0]) if np.isfinite(results[0]) else left


def _conditioned(
    stage: Stage, normals: np.ndarray, elapsed: float, factor: float | np.ndarray
) -> np.ndarray:
    """Duration of a stage, given that it is longer than what has elapsed. [months]"""
    if stage.p_extension > 0 and elapsed >= stage.p50_months:
        # past its scheduled end it was extended; only how long is open
        longer = Stage(stage.extension_p50_months or 0.0, stage.extension_p90_months or 0.0)
        return stage.p50_months + _conditioned(longer, normals, elapsed - stage.p50_months, 1.0)
    if elapsed < _TINY or stage.sigma == 0 or stage.p_extension > 0:
        return np.maximum(durations(stage, normals) * factor, elapsed)
    from scipy.special import log_ndtr, ndtri_exp

    median = stage.p50_months * np.asarray(factor)
    # by the logarithm of the survival: nothing underflows where a stage is long overdue
    alive = log_ndtr(-np.log(elapsed / median) / stage.sigma)
    duration = median * np.exp(-stage.sigma * ndtri_exp(alive + log_ndtr(-normals)))
    return np.maximum(np.maximum(duration, stage.min_months * np.asarray(factor)), elapsed)


def _windows(stage: Stage, latest: float, since: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Closes and results that are still open at `since`, repeated until one closes after `latest`."""
    windows = list(stage.windows or ())
    if windows and stage.repeat_months:
        close, result = windows[-1]
        steps = max(0, math.ceil((latest - close) / stage.repeat_months)) + 1
        windows += [
            (close + k * stage.repeat_months, result + k * stage.repeat_months)
            for k in range(1, steps + 1)
        ]
    windows = [window for window in windows if window[0] >= since]
    ends = [math.nan if result is None else float(result) for _, result in windows]
    return np.array([w[0] for w in windows] + [np.inf]), np.array([*ends, np.inf])


def next_window(stage: Stage) -> tuple[tuple[float, float], ...]:
    """The first window that is still open: its close and its result; empty if none is known. [months]"""
    closes, results = _windows(stage, 0.0)
    return ((float(closes[0]), float(results[0])),) if np.isfinite(closes[0]) else ()


def _through_window(stage: Stage, ready: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Take the first window that closes after `ready`; its result is a floor, the duration the slip."""
    latest = float(np.max(ready, initial=0.0, where=np.isfinite(ready)))
    closes, results = _windows(stage, latest)
    taken = np.searchsorted(closes, ready, side="left").clip(max=len(closes) - 1)
    return np.fmax(results[taken], closes[taken] + duration)


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
