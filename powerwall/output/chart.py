"""Chart: megawatts by quarter as a fan of blocks, and a bar for a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from powerwall.region.dates import day_at

SURE, LIKELY, POSSIBLE, NEED = "█", "▓", "░", "·"
_HEIGHT = 6


def fan(
    as_of: date,
    months: Sequence[float],
    bands: Sequence[np.ndarray],
    full_mw: float,
    need_months: float,
    words: str,
    width: int,
) -> list[str]:
    """Lines of a fan chart: █ up to the P10, ▓ up to the P50, ░ up to the P90.

    Parameters
    ----------
    as_of, months
        Month 0, and where the columns stand. [months]
    bands
        P10, P50 and P90 of the delivered power, one value a column. [MW]
    full_mw
        The request, drawn as a dotted line.
    need_months, words
        Day of need, marked under the axis with these words. [months]
    width
        Columns of the terminal.
    """
    at = np.asarray(months, dtype=float)
    p10, p50, p90 = (np.asarray(band, dtype=float) for band in bands)
    top = max(full_mw, float(p90.max(initial=0.0)))
    label = len(f"{top:,.0f} MW ")
    cell = max(1, min(3, (width - label - 1) // max(len(at), 1)))
    every = max(1, -(-len(at) * cell // max(width - label - 1, 1)))
    shown = slice(every - 1, None, every)
    lines = []
    for row in range(_HEIGHT, 0, -1):
        level = top * (row - 0.5) / _HEIGHT
        need = abs(top * row / _HEIGHT - full_mw) < top / _HEIGHT / 2
        marks = [
            _mark(level, *values, need=need)
            for values in zip(p10[shown], p50[shown], p90[shown], strict=True)
        ]
        axis = f"{top * row / _HEIGHT:,.0f} MW " if row in {_HEIGHT, _HEIGHT // 2} else ""
        lines.append(f"{axis:>{label}}┤" + "".join(mark * cell for mark in marks).rstrip())
    lines.append(" " * label + "└" + "─" * (cell * len(at[shown])))
    lines.append(" " * (label + 1) + _years(as_of, at[shown], cell))
    lines.append(" " * (label + 1) + _arrow(at[shown], need_months, cell, words))
    return lines


def _mark(level: float, p10: float, p50: float, p90: float, *, need: bool) -> str:
    for value, mark in ((p10, SURE), (p50, LIKELY), (p90, POSSIBLE)):
        if value >= level:
            return mark
    return NEED if need else " "


def _years(as_of: date, months: np.ndarray, cell: int) -> str:
    """Years under their first quarter; one that would run into the next is left out."""
    text = [" "] * (cell * len(months) + 4)
    years = [day_at(as_of, float(m)).year for m in months]
    free = 0
    for column, year in enumerate(years):
        if column and year != years[column - 1] and column * cell >= free:
            text[column * cell : column * cell + 4] = str(year)
            free = column * cell + 5
    return "".join(text).rstrip()


def _arrow(months: np.ndarray, at: float, cell: int, words: str) -> str:
    if not len(months):
        return ""
    column = int(np.searchsorted(months, at).clip(max=len(months) - 1)) * cell
    return " " * column + f"↑ {words}" if column < len(months) * cell * 0.7 else " " * max(0, column - len(words) - 1) + f"{words} ↑"  # fmt: skip


def bar(start: float, p50: float, p90: float, span: float, width: int) -> str:
    """A stage on a line of `width` characters that stands for `span` months: █ to the P50, ░ to the P90."""
    cells = [
        round(np.clip(value, 0.0, span) / span * width) if span > 0 else 0
        for value in (start, p50, p90)
    ]
    first, middle, last = cells
    middle = max(middle, first + (p50 > start))
    return " " * first + SURE * (middle - first) + POSSIBLE * max(0, last - middle)
