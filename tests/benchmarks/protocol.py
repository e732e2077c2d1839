"""How everything here is timed: warmed up, repeated, taking turns with a bound, and never if wrong."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: Repetitions of what takes milliseconds, and of what takes seconds.
MANY, FEW, SHORT_S = 11, 3, 1.0
#: Work as long as this is its own warm-up: its single run counts, and `runs` says so.
LONG_S = 30.0


class WrongResultError(Exception):
    """A fast path does not give what the plain one gives: its time is not worth knowing."""


class NotRunError(Exception):
    """Something that a benchmark needs is not here; the reason is printed in its place."""


class FailedError(Exception):
    """A command that should work does not."""


@dataclass(frozen=True)
class Options:
    """What the command line asks of every benchmark.

    Attributes
    ----------
    sizes
        Numbers of candidates.
    shared
        Folder of open data beside the checkout; None for made-up layers of the same size.
    share
        Share of the features of every layer; 1 is the full size.
    repetitions
        Runs of everything, instead of the protocol's own numbers.
    """

    sizes: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)
    shared: Path | None = None
    share: float = 1.0
    repetitions: int | None = None

    def part(self, count: int) -> int:
        """The given number of features, or the share of it that was asked for."""
        return max(1, round(count * self.share))


@dataclass(frozen=True)
class Timing:
    """Wall times of the runs of one piece of work, in their order. [s]"""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Middle run. [s]"""
        return statistics.median(self.runs)

    @property
    def minimum(self) -> float:
        """Fastest run. [s]"""
        return min(self.runs)


@dataclass
class Result:
    """One row of the table.

    Attributes
    ----------
    name
        What was done.
    size
        How many candidates, loads, draws: what a time per piece is a time of.
    seconds, minimum_s
        Median and fastest run; None where nothing was timed. [s]
    bound, bound_s
        What it is compared with, timed in turns with it. [s]
    aims
        `seconds`, `ratio`, `peak_mb` or a key of `figures` → the largest value that is aimed at;
        of a figure whose name ends in `_least`, the smallest.
    figures
        Other numbers, by name with unit.
    wrong
        Why the result is not right, or could not be had.
    """

    name: str
    size: int
    seconds: float | None = None
    minimum_s: float | None = None
    runs: int = 0
    bound: str = ""
    bound_s: float | None = None
    peak_mb: float | None = None
    aims: dict[str, float] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: str = ""
    load_average: float = 0.0

    @property
    def ratio(self) -> float | None:
        """Median over the median of the bound."""
        return self.seconds / self.bound_s if self.seconds and self.bound_s else None

    def value(self, aimed: str) -> float | None:
        """The number that an aim speaks of."""
        own = {"seconds": self.seconds, "ratio": self.ratio, "peak_mb": self.peak_mb}
        return own[aimed] if aimed in own else self.figures.get(aimed.removesuffix("_least"))

    def reached(self) -> dict[str, bool | None]:
        """Aim → whether the run reached it; None where its number is not known."""
        found: dict[str, bool | None] = {}
        for aimed, limit in self.aims.items():
            value = self.value(aimed)
            if value is None:
                found[aimed] = None
            else:
                found[aimed] = value >= limit if aimed.endswith("_least") else value <= limit
        return found

    def record(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {**asdict(self), "ratio": self.ratio, "reached": self.reached()}


def load_average() -> float:
    """Load of the last minute, or NaN where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return float("nan")


def take_turns(
    works: Mapping[str, Callable[[], object]], repetitions: int | None = None
) -> tuple[dict[str, Timing], dict[str, object]]:
    """Time several works one after the other, again and again, so that a busy moment falls on all.

    Returns
    -------
    tuple
        Timing of each work, and what its first run, the warm-up, gave.
    """
    kept: dict[str, object] = {}
    times: dict[str, list[float]] = {}
    for name, work in works.items():
        first, kept[name] = _once(work)
        times[name] = [first]
    wanted = {name: repetitions or repetitions_of(first[0]) for name, first in times.items()}
    for name, count in wanted.items():
        if count > 1 or times[name][0] < LONG_S:
            times[name].clear()
    while any(len(times[name]) < count for name, count in wanted.items()):
        for name, work in works.items():
            if len(times[name]) < wanted[name]:
                times[name].append(_once(work)[0])
    return {name: Timing(tuple(found)) for name, found in times.items()}, kept


def repetitions_of(first_s: float) -> int:
    """Runs that a work of this length gets after its first."""
    if first_s >= LONG_S:
        return 1
    return MANY if first_s < SHORT_S else FEW


def _once(work: Callable[[], object]) -> tuple[float, object]:
    gc.collect()
    start = time.perf_counter()
    given = work()
    return time.perf_counter() - start, given


def measured(
    name: str,
    size: int,
    work: Callable[[], Any],
    options: Options,
    *,
    bound: tuple[str, Callable[[], Any]] | None = None,
    check: Callable[[Any], None] | None = None,
    aims: Mapping[str, float] | None = None,
) -> Result:
    """Time one work beside its bound.

    Parameters
    ----------
    bound
        Name and work of what it is compared with.
    check
        Called with what the warm-up gave; raises WrongResultError if it is not right.

    Returns
    -------
    Result
        Without a time where the check says no.
    """
    result = Result(name, size, aims=dict(aims or {}), load_average=load_average())
    works = {"work": work} | ({"bound": bound[1]} if bound else {})
    times, given = take_turns(works, options.repetitions)
    if check is not None:
        try:
            check(given["work"])
        except WrongResultError as error:
            result.wrong = str(error)
            return result
    timing = times["work"]
    result.seconds, result.minimum_s = timing.median, timing.minimum
    result.runs = len(timing.runs)
    if bound:
        result.bound, result.bound_s = bound[0], times["bound"].median
    return result


def demand(holds: object, message: str) -> None:
    """Refuse a result.

    Raises
    ------
    WrongResultError
        Unless the condition holds.
    """
    if not holds:
        raise WrongResultError(message)


def peak_mb() -> float:
    """Peak memory of this process so far. [MB of 10⁶ bytes]"""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
