"""SVG: the few shapes that the charts of a report are made of, as text."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from powerwall.region.dates import months_between

WIDTH = 460
_EVERY = (1, 2, 5, 10)  # years between ticks
_APART = 44.0  # between the years under an axis


@dataclass(frozen=True)
class Svg:
    """A drawing; templates take it as it is."""

    text: str

    def __html__(self) -> str:
        """The drawing as markup."""
        return self.text


@dataclass(frozen=True)
class Axis:
    """From numbers to places on a drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a number, at the nearer end where it lies outside."""
        inside = min(max(value, self.low), self.high)
        span = self.high - self.low or 1.0
        return self.start + (inside - self.low) / span * (self.end - self.start)


def drawing(title: str, told: str, height: float, parts: Iterable[str]) -> Svg:
    """A drawing that a screen reader reads as its title and description."""
    body = "".join(parts)
    name, desc = html.escape(title), html.escape(told)
    return Svg(f'<svg role="img" viewBox="0 0 {WIDTH} {height:g}"><title>{name}</title><desc>{desc}</desc>{body}</svg>')  # fmt: skip


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Words at a place."""
    kinds = " ".join(filter(None, (kind, {"middle": "m", "end": "e"}.get(anchor, ""))))
    more = f' class="{kinds}"' if kinds else ""
    return f'<text x="{x:.4g}" y="{y:.4g}"{more}>{html.escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<path class="{kind}" d="M{x1:.4g} {y1:.4g}L{x2:.4g} {y2:.4g}"/>'


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rectangle; nothing where it has no width."""
    if width <= 0 or height <= 0:
        return ""
    return f'<rect class="{kind}" x="{x:.4g}" y="{y:.4g}" width="{width:.4g}" height="{height:.4g}"/>'  # fmt: skip


def dot(x: float, y: float, radius: float, kind: str) -> str:
    """A disc."""
    return f'<circle class="{kind}" cx="{x:.4g}" cy="{y:.4g}" r="{radius:g}"/>'


def path(points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> str:
    """A line through points, without those that lie on the way."""
    kept = [point for at, point in enumerate(points) if not _between(points, at)]
    moves = "L".join(f"{x:.4g} {y:.4g}" for x, y in kept)
    return f'<path class="{kind}" d="M{moves}{"Z" if closed else ""}"/>'


def _between(points: Sequence[tuple[float, float]], at: int) -> bool:
    if at in {0, len(points) - 1}:
        return False
    (_, before), (_, here), (_, after) = points[at - 1 : at + 2]
    return before == here == after


def steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points as stairs: each height holds until the next point."""
    found = [points[0]]
    for (_, height), (x, y) in pairwise(points):
        found += [(x, height), (x, y)]
    return found


def years(as_of: date, until_months: float, width: float) -> list[tuple[float, int]]:
    """Months from the as-of date to the new years that an axis is marked at, and the years."""
    last = as_of.year + int(until_months // 12) + 1
    every = next((n for n in _EVERY if until_months / 12 / n * _APART <= width), _EVERY[-1])
    found = [(months_between(as_of, date(year, 1, 1)), year) for year in range(as_of.year + 1, last + 1)]  # fmt: skip
    return [(at, year) for at, year in found if 0 <= at <= until_months and year % every == 0]


def year_axis(as_of: date, until: float, across: Axis, top: float, bottom: float) -> list[str]:
    """Fine lines at the new years, with the years under them."""
    marked = years(as_of, until, across.end - across.start)
    fine = "".join(f"M{across(at):.4g} {top:.4g}V{bottom:.4g}" for at, _ in marked)
    words = [text(across(at), bottom + 14, str(year), "t", "middle") for at, year in marked]
    return [f'<path class="g" d="{fine}"/>' if fine else "", *words]


def nice(largest: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to about the largest one."""
    if not largest > 0:
        return [0.0]
    rough = largest / count
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 0.1 if rough >= 0.1 else 0.01
    step = next((m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough), 10 * power)
    return [n * step for n in range(int(largest / step + 1e-9) + 1)]


def value_axis(
    ticks: Iterable[float], up: Axis, left: float, right: float, words: Callable[[float], str]
) -> list[str]:
    """Fine lines across, with their numbers at the left."""
    marked = list(ticks)
    fine = "".join(f"M{left:.4g} {up(tick):.4g}H{right:.4g}" for tick in marked)
    told = [text(left - 6, up(tick) + 4, words(tick), "t", "end") for tick in marked]
    return [f'<path class="g" d="{fine}"/>', *told]
