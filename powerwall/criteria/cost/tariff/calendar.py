"""Calendar: month, weekday and hour of every step of a load, and the steps of each period."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

MONTHS = 12
HOURS_PER_YEAR = 8760.0
#: First of January of the year that stands for any year: a Monday, as in 2018 and 2029.
_ANY_YEAR = 2018


@dataclass(frozen=True)
class Calendar:
    """Time of a load; its year is any year of 365 days that begins on a Monday, or a real one.

    Attributes
    ----------
    steps_per_hour
        A divisor of 60.
    year
        A real year, 29 February included; None is any year.
    holidays
        Days that count as weekend.
    """

    steps_per_hour: int = 1
    year: int | None = None
    holidays: tuple[date, ...] = ()

    @property
    def hours(self) -> int:
        """Hours of the year, leap day included."""
        return 8784 if self.year is not None and gregorian.isleap(self.year) else 8760

    @property
    def days(self) -> np.ndarray:
        """Days of each month."""
        year = self.year or _ANY_YEAR
        return np.array([gregorian.monthrange(year, m)[1] for m in range(1, 13)], dtype=float)

    @property
    def coarse(self) -> Calendar:
        """The same by hours."""
        return Calendar(1, self.year, self.holidays)


@lru_cache(maxsize=16)
def months_of(calendar: Calendar) -> np.ndarray:
    """Month of each step, 0–11."""
    hours = np.repeat(np.arange(MONTHS), (calendar.days * 24).astype(int))
    return np.repeat(hours, calendar.steps_per_hour)


@lru_cache(maxsize=16)
def _weekend_hours(calendar: Calendar) -> np.ndarray:
    """Tell which hours of the year use the weekend schedule."""
    first = date(calendar.year or _ANY_YEAR, 1, 1)
    day = np.arange(calendar.hours // 24)
    weekend = (day + first.weekday()) % 7 >= 5
    free = [(day_off - first).days for day_off in calendar.holidays if day_off.year == first.year]
    weekend[free] = True
    return np.repeat(weekend, 24)


@dataclass(frozen=True)
class Schedule:
    """Period of each hour of a weekday and of a day of the weekend, month by month; 12 × 24."""

    weekday: tuple[tuple[int, ...], ...]
    weekend: tuple[tuple[int, ...], ...]

    @property
    def periods(self) -> int:
        """Number of periods, up to the largest that is named."""
        return 1 + max(max(row) for row in (*self.weekday, *self.weekend))

    @property
    def named(self) -> list[int]:
        """Periods that any hour names."""
        return [int(period) for period in np.flatnonzero(self.present().any(axis=0))]

    def present(self) -> np.ndarray:
        """Tell which periods a month names in any hour. [12, periods]"""
        return _present(self)


@lru_cache(maxsize=64)
def _present(schedule: Schedule) -> np.ndarray:
    found = np.zeros((MONTHS, schedule.periods), dtype=bool)
    for rows in (schedule.weekday, schedule.weekend):
        for month, row in enumerate(rows):
            found[month, list(row)] = True
    return found


def same_all_day(period_of_month: Iterable[int] = (0,) * MONTHS) -> Schedule:
    """A schedule of one period a month."""
    rows = tuple((int(period),) * 24 for period in period_of_month)
    return Schedule(rows, rows)


@dataclass(frozen=True)
class Grouping:
    """Steps of a year by month and period.

    Attributes
    ----------
    key
        Month × periods + period of each step.
    order, starts, present
        Steps sorted by key, where each key begins, and the keys there are.
    """

    periods: int
    key: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    present: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum over the steps of each month and period; 0 where there are none. [12, periods]"""
        found = np.bincount(self.key, weights=values, minlength=MONTHS * self.periods)
        return found.reshape(MONTHS, self.periods)

    def peaks(self, values: np.ndarray) -> np.ndarray:
        """Largest value of each month and period; 0 where there are no steps. [12, periods]"""
        found = np.zeros(MONTHS * self.periods)
        found[self.present] = np.maximum.reduceat(values[self.order], self.starts)
        return found.reshape(MONTHS, self.periods)


@lru_cache(maxsize=64)
def grouping(schedule: Schedule, calendar: Calendar) -> Grouping:
    """Steps of a calendar by month and period of a schedule; the same object for the same pair."""
    hour = np.tile(np.arange(24), calendar.hours // 24)
    month = months_of(calendar.coarse)
    weekday, weekend = (np.array(rows) for rows in (schedule.weekday, schedule.weekend))
    period = np.where(_weekend_hours(calendar.coarse), weekend[month, hour], weekday[month, hour])
    key = np.repeat(month * schedule.periods + period, calendar.steps_per_hour)
    order = np.argsort(key, kind="stable")
    present, starts = np.unique(key[order], return_index=True)
    return Grouping(schedule.periods, key, order, starts, present)
