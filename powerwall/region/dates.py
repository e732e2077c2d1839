"""Dates: a year, a month or a day is a span of days; months count from the as-of date."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

MONTH_DAYS = 30.4375  # 1 year = 12 months = 365.25 days

_ISO = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


class Span(NamedTuple):
    """First and last day a partial date may mean, both included."""

    first: date
    last: date


def parse_span(text: str) -> Span:
    """Days that a `YYYY`, `YYYY-MM` or `YYYY-MM-DD` may mean.

    Raises
    ------
    ValueError
        If the text is none of the three.

    >>> parse_span("2026-02").last
    datetime.date(2026, 2, 28)
    """
    match = _ISO.match(text.strip())
    if not match:
        msg = f"`{text}` is not a date: write YYYY, YYYY-MM or YYYY-MM-DD"
        raise ValueError(msg)
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is None:  # pragma: no cover - the pattern always has a year
        raise ValueError(text)
    if month is None:
        return Span(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    return Span(date(year, month, day), date(year, month, day))


def months_between(start: date, end: date) -> float:
    """Months from one day to another, 30.4375 days each. [months]"""
    return (end - start).days / MONTH_DAYS


def day_at(start: date, months: float) -> date:
    """Day that lies a number of months after a day: the inverse of `months_between`.

    Model months stay numbers; only what is printed becomes a date.

    >>> day_at(date(2026, 8, 22), months_between(date(2026, 8, 22), date(2030, 6, 1)))
    datetime.date(2030, 6, 1)
    """
    return start + timedelta(days=round(months * MONTH_DAYS))
