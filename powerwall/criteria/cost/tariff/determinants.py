"""Determinants: what a sheet charges for, of one shape, and the same of many loads of that shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.cost.demand import billing_demand_kw
from powerwall.criteria.cost.tariff.calendar import (
    MONTHS,
    Calendar,
    Schedule,
    grouping,
    months_of,
    same_all_day,
)
from powerwall.criteria.cost.tariff.refusal import refuse

_MONTH = same_all_day()


class Periods(NamedTuple):
    """Energy and peak of each month and period. [kWh], [kW]; 12 × periods"""

    energy_kwh: np.ndarray
    peak_kw: np.ndarray


@dataclass(frozen=True, eq=False)
class Determinants:
    """Billing determinants of one load, or of a shape of peak 1 kW.

    Attributes
    ----------
    calendar
        Its time.
    load_kw
        Mean power of each step. [kW]
    energy_kwh, peak_kw
        Of each month; the peak over the window of the demand meter. [kWh], [kW]
    periods
        Schedule → the same by period.
    priced_usd
        Column → cost of each month at an hourly price. [USD]
    coincident_kw
        Column → load at the peaks of the system where their hours are known: by month and period, or what
        each month adds to the mean of the year. [kW]
    """

    calendar: Calendar
    load_kw: np.ndarray
    energy_kwh: np.ndarray
    peak_kw: np.ndarray
    periods: Mapping[Schedule, Periods] = field(default_factory=dict)
    priced_usd: Mapping[str, np.ndarray] = field(default_factory=dict)
    coincident_kw: Mapping[str, np.ndarray] = field(default_factory=dict)

    def shares(self, schedule: Schedule) -> np.ndarray:
        """Share of a month's energy that falls in each period. [12, periods]"""
        energy = self.periods[schedule].energy_kwh
        return np.divide(energy, self.energy_kwh[:, None], out=np.zeros_like(energy),
                         where=self.energy_kwh[:, None] > 0)  # fmt: skip

    @cached_property
    def sorted_by_month(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Loads of each month, the smallest first, and their sums from each to the end."""
        month = months_of(self.calendar)
        found = []
        for number in range(MONTHS):
            values = np.sort(self.load_kw[month == number])
            found.append((values, np.append(np.cumsum(values[::-1])[::-1], 0.0)))
        return found


def calendar_of(steps: int, year: int | None = None, holidays: tuple[Any, ...] = ()) -> Calendar:
    """The calendar of a load of so many steps.

    Raises
    ------
    TariffRefusal
        If they are no year of equal steps, of which a whole number fills an hour.
    """
    hours = Calendar(1, year, holidays).hours
    per_hour, rest = divmod(steps, hours)
    if rest or per_hour < 1 or 60 % per_hour:
        raise refuse("load-invalid", "load_kw", f"{steps:,} values are no year of {hours:,} hours",
                     "give 8760 values, or a divisor of 60 as many an hour; 8784 in a leap year")  # fmt: skip
    return Calendar(per_hour, year, holidays)


def checked_load(load_kw: Any) -> np.ndarray:
    """A load as an array of power.

    Raises
    ------
    TariffRefusal
        If it is not one row of finite numbers, 0 or more.
    """
    try:
        load = np.asarray(load_kw, dtype=float)
    except (TypeError, ValueError):
        raise refuse("load-invalid", "load_kw", "holds values that are no numbers") from None
    if load.ndim != 1:
        raise refuse("load-invalid", "load_kw", f"has {load.ndim} dimensions, not one")
    bad = np.flatnonzero(~np.isfinite(load) | (load < 0))
    if bad.size:
        raise refuse("load-invalid", f"load_kw[{bad[0]}]",
                     f"{bad.size:,} of {load.size:,} values are negative, infinite or missing, the first {load[bad[0]]:g}",
                     "power is a finite number of kW, 0 or more")  # fmt: skip
    return load


def determine(
    load: np.ndarray, calendar: Calendar, schedules: tuple[Schedule, ...], window_minutes: float = 0.0
) -> Determinants:  # fmt: skip
    """Determinants of a load for some schedules.

    Parameters
    ----------
    load, calendar
        Mean power of each step, and its time. [kW]
    schedules
        Those of the sheet.
    window_minutes
        Averaging window of the demand meter; a finer load is averaged to it first. [minutes]
    """
    metered, coarse = averaged(load, calendar, window_minutes)
    month, peaks = grouping(_MONTH, calendar), grouping(_MONTH, coarse)
    energy = load / calendar.steps_per_hour
    periods = {
        one: Periods(grouping(one, calendar).sums(energy), grouping(one, coarse).peaks(metered))
        for one in dict.fromkeys(schedules)
    }
    return Determinants(
        calendar, load, month.sums(energy)[:, 0], peaks.peaks(metered)[:, 0], periods
    )


def averaged(
    load: np.ndarray, calendar: Calendar, window_minutes: float
) -> tuple[np.ndarray, Calendar]:
    """A load over the window of a demand meter, in blocks from the full hour; as it is if coarser."""
    steps = window_minutes * calendar.steps_per_hour / 60
    if steps <= 1 or steps % 1 or calendar.steps_per_hour % steps:
        return load, calendar
    coarse = Calendar(round(calendar.steps_per_hour / steps), calendar.year, calendar.holidays)
    return load.reshape(-1, round(steps)).mean(axis=1), coarse


@dataclass(frozen=True, eq=False)
class Taken:
    """What loads of one shape take.

    Attributes
    ----------
    shape
        Determinants of the shape.
    kw
        Its scale: 12 × loads, or 1 × loads. [kW per kW of the shape]
    billed_by
        Arguments of `billing_demand_kw` beside the peaks; `source_peak_kw` is that of the shape.
    power_factor, coincidence_share
        Where a charge needs them; None is unknown.
    contract_kw
        Contract capacity for minimum shares of coincident charges. [kW]
    earlier_kw
        Column → load at the peaks that set this year's charge, where they lie in an earlier year. [kW]
    """

    shape: Determinants
    kw: np.ndarray
    billed_by: Mapping[str, Any] = field(default_factory=dict)
    power_factor: float | None = None
    coincidence_share: float | None = None
    contract_kw: float = 0.0
    earlier_kw: Mapping[str, float] = field(default_factory=dict)

    @property
    def form(self) -> tuple[int, int]:
        """12 × loads."""
        return MONTHS, self.kw.shape[1]

    @property
    def billing_scales(self) -> bool:
        """Whether the billing demand is so much a kW of the shape: no floor, and no peaks of another year."""
        floor, prior = self.billed_by.get("floor_kw", 0.0), self.billed_by.get("prior", "zero")
        return isinstance(prior, str) and bool(np.all(floor == 0))

    @cached_property
    def billing_kw(self) -> np.ndarray:
        """Demand that is billed. [kW]; 12 × loads"""
        source = self.billed_by.get("source_peak_kw")
        given = {key: value for key, value in self.billed_by.items() if key != "source_peak_kw"}
        if len(self.kw) == 1 and self.billing_scales:  # the largest of what scales, scales
            unit = billing_demand_kw(self.shape.peak_kw, source_peak_kw=source, **given)
            return unit[:, None] * self.kw
        sources = None if source is None else source[:, None] * self.kw
        return billing_demand_kw(self.peak_kw, source_peak_kw=sources, **given)

    @cached_property
    def energy_kwh(self) -> np.ndarray:
        """Energy of each month. [kWh]; 12 × loads"""
        return self.shape.energy_kwh[:, None] * self.kw

    @cached_property
    def peak_kw(self) -> np.ndarray:
        """Metered peak of each month. [kW]; 12 × loads"""
        return self.shape.peak_kw[:, None] * self.kw

    @property
    def days(self) -> np.ndarray:
        """Days of each month; 12 × 1."""
        return self.shape.calendar.days[:, None]

    def above_kwh(self, kw: float) -> np.ndarray:
        """Energy of each month above a power. [kWh]; 12 × loads"""
        scale = np.broadcast_to(self.kw, self.form)
        found = np.zeros(scale.shape)
        for month, (values, sums) in enumerate(self.shape.sorted_by_month):
            some = scale[month] > 0
            level = kw / scale[month][some]
            at = np.searchsorted(values, level, side="right")
            over = sums[at] - (len(values) - at) * level
            found[month][some] = scale[month][some] * over / self.shape.calendar.steps_per_hour
        return found
