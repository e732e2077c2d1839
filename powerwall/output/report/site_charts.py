"""Charts of what surrounds a site: cash, margins with their ranges, dated acts, and places in the order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from powerwall.output.numbers import shown
from powerwall.output.report.svg import (
    WIDTH,
    Axis,
    Svg,
    box,
    dot,
    drawing,
    line,
    nice,
    path,
    text,
    value_axis,
    year_axis,
)
from powerwall.region.dates import months_between, parse_span

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, WIDTH - 18, 20, 172
_ROW = 20
_NAMED = 29  # characters of an act beside its bar
#: What an act means on the as-of day → its class and words; the first that fits.
ACT_KINDS = (
    ("blocks", "a-blocks", "blocks, in force"), ("restricts", "a-restricts", "restricts, in force"), ("pending", "a-pending", "proposed or not yet in force"),
    ("over", "a-over", "decided, ended or of another place"), ("other", "a-other", "in force, neither blocks nor restricts"),
)  # fmt: skip


class Margin(NamedTuple):
    """A measure against its limit: value and range; NaN is unknown."""

    name: str
    value: float
    low: float
    high: float
    words: str


class Bar(NamedTuple):
    """A dated act: name, first and last day (None is open), and its kind in `ACT_KINDS`."""

    name: str
    start: date
    end: date | None
    kind: str
    lasts: bool


def cash_curve(paid: Sequence[float], first_year: int, currency: str, before: float) -> Svg:
    """Money paid so far by the end of each contract year, the cash before the first megawatt ahead of it. [M]"""
    most = max(paid)
    across, up = Axis(0.0, float(len(paid) - 1), _LEFT, _RIGHT), Axis(0.0, most * 1.03, _BOTTOM, _TOP)  # fmt: skip
    parts = value_axis(nice(most), up, _LEFT, _RIGHT, lambda v: f"{v:,.0f}")
    parts.append(text(_LEFT - 6, _TOP - 7, f"M {currency}", "t", "end"))
    every = max(1, -(-len(paid) // 8))
    parts += [text(across(n), _BOTTOM + 14, str(first_year + n), "t", "middle") for n in range(0, len(paid), every)]  # fmt: skip
    points = [(across(n), up(v)) for n, v in enumerate(paid)]
    parts.append(path([(points[0][0], up(0.0)), *points, (points[-1][0], up(0.0))], "area", closed=True))  # fmt: skip
    parts.append(path(points, "cash"))
    parts.append(dot(*points[0], 4, "cashdot"))
    told = f"{before:,.1f} M {currency} before the first megawatt, as far as it is known; {paid[-1]:,.0f} M after {len(paid) - 1} years"
    return drawing("Cash paid so far", told, 196, parts)


def margins(title: str, unit: str, rows: Sequence[Margin], axis: tuple[float, float]) -> Svg:
    """Margins as dots with their ranges, the limit at 0; what lies beyond the axis stands at its end."""
    left, right = 188, WIDTH - 84
    across, parts = Axis(*axis, left, right), []
    height = 26 + 26 * len(rows)
    parts.append(box(left, 14, across(0.0) - left, height - 26, "over"))
    parts.append(line(across(0.0), 10, across(0.0), height - 12, "limit"))
    parts.append(text(across(0.0), 9, "limit", "t", "middle"))
    for number, row in enumerate(rows):
        y = 30 + 26 * number
        parts.append(text(left - 8, y + 4, row.name, "t", "end"))
        if not (math.isnan(row.low) or math.isnan(row.high)):
            parts.append(line(across(row.low), y, across(row.high), y, "range"))
        if not math.isnan(row.value):
            parts.append(dot(across(row.value), y, 5, "bad" if row.value < 0 else "good"))
        parts.append(text(right + 8, y + 4, row.words, "n"))
    told = "; ".join(f"{row.name} {row.words}" for row in rows)
    return drawing(title, f"Margin to the limit in {unit}, negative is over it: {told}", height, parts)  # fmt: skip


def kind_of(told: str, *, blocks: bool, window_over: bool) -> str:
    """Kind of an act in `ACT_KINDS`."""
    if blocks:
        return "blocks"
    if window_over or told.startswith(("decided", "ended", "withdrawn", "not in force", "one project")):  # fmt: skip
        return "over"
    if told.startswith(("proposed", "not yet", "not final")) or "unknown" in told:
        return "pending"
    return "restricts" if "restricts" in told else "other"


def timeline_chart(bars: Sequence[Bar], as_of: date) -> Svg:
    """Acts as bars over the years; those without an end run on, those of a day are dots."""
    first = min([bar.start for bar in bars] + [as_of])
    last = max([day for bar in bars for day in (bar.start, bar.end) if day] + [as_of])
    start = date(max(first.year, as_of.year - 4), 1, 1)
    until = months_between(start, date(min(last.year, as_of.year + 6) + 1, 12, 31))
    left, right, top = 206, WIDTH - 8, 16
    bottom = top + _ROW * len(bars)
    across = Axis(0.0, until, left, right)
    parts = year_axis(start, until, across, top, bottom)
    at = across(months_between(start, as_of))
    classes = {key: kind for key, kind, _ in ACT_KINDS}
    for number, bar in enumerate(bars):
        y = top + _ROW * number + _ROW / 2
        begins = across(months_between(start, bar.start))
        name = bar.name if len(bar.name) <= _NAMED else f"{bar.name[: _NAMED - 1].rstrip()}…"
        parts.append(text(left - 8, y + 4, name, "t", "end"))
        if bar.lasts:
            ends = across(months_between(start, bar.end)) if bar.end else right
            parts.append(box(begins, y - 5, max(ends - begins, 2.0), 10, classes[bar.kind]))
        else:
            parts.append(dot(begins, y, 4.5, classes[bar.kind]))
    parts += [line(at, top - 3, at, bottom, "need"), text(at, top - 6, f"as of {as_of}", "t", "middle" if at < right - 60 else "end")]  # fmt: skip
    return drawing("Dated acts", f"{len(bars)} acts of the authorities here, oldest first; the table has each with its state and source.", bottom + 20, parts)  # fmt: skip


def day_of(words: str, *, end: bool = False) -> date | None:
    """Day of a partial date; None where there is none."""
    try:
        span = parse_span(words)
    except ValueError:
        return None
    return span.last if end else span.first


def rank_intervals(rows: Sequence[tuple[str, float, float, float]], count: int) -> Svg:
    """Ranks of 90 % of the draws as lines, the rank of the ranking as a dot: (name, low, rank, high)."""
    left, right, top = 206, WIDTH - 14, 20
    across = Axis(1.0, float(max(count, 2)), left, right)
    bottom, parts = top + _ROW * len(rows), []
    ticks = sorted({1, *(n for n in range(5, count + 1, 5 if count <= 40 else 10 ** (len(str(count)) - 1)))})  # fmt: skip
    for tick in ticks:
        parts += [line(across(tick), top - 4, across(tick), bottom, "g"), text(across(tick), top - 8, str(tick), "t", "middle")]  # fmt: skip
    for number, (name, low, rank, high) in enumerate(rows):
        y = top + _ROW * number + _ROW / 2
        label = name if len(name) <= _NAMED else f"{name[: _NAMED - 1].rstrip()}…"
        parts.append(text(left - 8, y + 4, label, "t", "end"))
        if not math.isnan(low):
            parts.append(line(across(low), y, across(high), y, "range"))
        parts.append(dot(across(rank), y, 5, "good"))
    told = "; ".join(f"{name}: rank {rank:.0f}, {shown(low)} to {shown(high)}" for name, low, rank, high in rows)  # fmt: skip
    return drawing("Rank, and the ranks of 90 % of the draws", told, bottom + 8, parts)
