"""Charges: what a rate sheet can ask for; each turns determinants into USD a month."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from powerwall.criteria.cost.tariff.calendar import MONTHS, Schedule
from powerwall.criteria.cost.tariff.determinants import Taken
from powerwall.criteria.cost.tariff.tiers import (
    Ladder,
    by_month,
    in_unit,
    needed,
    scaled,
    walk,
)


class Line(NamedTuple):
    """What stands behind one column of a bill.

    Attributes
    ----------
    component
        energy, generation, transmission, distribution, capacity, fixed, rider, surcharge or tax.
    determinant, rate
        What is multiplied, and by what.
    layer, source
        Layer of the stack and title of its source.
    """

    component: str
    determinant: str
    rate: str
    layer: str = ""
    source: str = ""


class Charge(Protocol):
    """Anything that a sheet charges; `column` names it in the bill."""

    @property
    def column(self) -> str:
        """Name in the bill; charges of one column add up."""

    @property
    def line(self) -> Line:
        """What stands behind it."""

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month; 12 × loads, or 12 × 1."""


@dataclass(frozen=True)
class Energy:
    """Energy by time of use and tiers.

    Attributes
    ----------
    ladders
        Tiers of each period; a price in USD/kWh, fuel and adjustments of the tier included.
    schedule
        Period of each hour.
    units
        Unit of the tier bounds of each period: kwh, kwh daily, kwh/kw, kwh/kw daily, kwh/hp, kwh/kva.
    pooling
        "month": the month's energy climbs the ladder once, and its tiers are shared over the periods;
        "period": each period climbs its own.
    """

    ladders: tuple[Ladder, ...]
    schedule: Schedule
    units: tuple[str, ...]
    line: Line
    pooling: str = "month"
    column: str = "energy_usd"

    @cached_property
    def _of_month(self) -> tuple[int, ...]:
        """A period of each month, whose bounds are those of all its periods."""
        return tuple(int(np.argmax(row)) for row in self.schedule.present())

    @cached_property
    def _prices(self) -> np.ndarray:
        """Tiers × periods. [USD/kWh]"""
        most = max(len(ladder.prices) for ladder in self.ladders)
        table = np.zeros((most, self.schedule.periods))
        for period, ladder in enumerate(self.ladders[: self.schedule.periods]):
            table[: len(ladder.prices), period] = ladder.prices
        return table

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        shares = taken.shape.shares(self.schedule)
        if self.pooling == "period":
            every = range(self.schedule.periods)
            return np.sum([self._of_period(p, shares[:, p], taken) for p in every], axis=0)
        bounds, _ = by_month(self.ladders, self._of_month)
        prices = self._prices[: len(bounds)] @ shares.T  # tiers × 12: what the month's mix pays
        scale = self._scale(self._of_month, taken)
        return walk(taken.energy_kwh, scaled(bounds, scale), prices[..., None])

    def _of_period(self, period: int, share: np.ndarray, taken: Taken) -> np.ndarray:
        month = (period,) * MONTHS
        bounds, prices = by_month(self.ladders, month)
        scale = self._scale(month, taken)
        return walk(taken.energy_kwh * share[:, None], scaled(bounds, scale), prices[..., None])

    def _scale(self, of_month: tuple[int, ...], taken: Taken) -> np.ndarray:
        """What a bound is multiplied by in each month to be kWh."""
        units = [self.units[index] for index in of_month]
        daily = np.array([unit.endswith("daily") for unit in units])[:, None]
        scale = np.where(daily, taken.days, 1.0)
        for unit in {unit.removesuffix(" daily") for unit in units} - {"kwh"}:
            mine = np.array([one.removesuffix(" daily") == unit for one in units])[:, None]
            hours_use = in_unit(
                taken.billing_kw, unit.partition("/")[2], taken.power_factor, "energyratestructure"
            )
            scale = np.where(mine, scale * hours_use, scale)
        return scale

    def above_last_kwh(self, taken: Taken, finite: dict[int, float]) -> float:
        """Energy of a year above the last stated bound of each period that had one. [kWh]"""
        found = 0.0
        for month, period in enumerate(self._of_month):
            if period in finite:
                scale = self._scale(self._of_month, taken)[month, 0]
                found += max(0.0, float(taken.energy_kwh[month, 0] - finite[period] * scale))
        return found


@dataclass(frozen=True)
class FlatDemand:
    """Demand on the billing demand of the month; `of_month` names the ladder of each month."""

    ladders: tuple[Ladder, ...]
    of_month: tuple[int, ...]
    line: Line
    unit: str = "kw"
    column: str = "demand_flat_usd"

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        bounds, prices = by_month(self.ladders, self.of_month)
        billed = in_unit(taken.billing_kw, self.unit, taken.power_factor, "flatdemandunit")
        return walk(billed, bounds[..., None], prices[..., None])


@dataclass(frozen=True)
class TouDemand:
    """Demand on the metered peak of each period of the month; all that are present add up.

    Attributes
    ----------
    floored
        Periods that are billed on at least the month's ratchet and contract minimum.
    """

    ladders: tuple[Ladder, ...]
    schedule: Schedule
    line: Line
    unit: str = "kw"
    floored: tuple[int, ...] = ()
    column: str = "demand_tou_usd"

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        present = self.schedule.present()
        peaks = taken.shape.periods[self.schedule].peak_kw
        flat = [p for p in range(self.schedule.periods) if len(self.ladders[p].prices) == 1]
        simple = [p for p in flat if p not in self.floored]
        prices = np.array([self.ladders[p].prices[0] for p in simple])
        linear = (peaks[:, simple] * present[:, simple]) @ prices if simple else np.zeros(MONTHS)
        cost = self._in_unit(linear[:, None] * taken.kw, taken)
        for period in set(np.flatnonzero(present.any(axis=0))) - set(simple):
            cost = cost + self._climbed(int(period), peaks[:, period], taken) * present[:, [period]]
        return cost

    def _climbed(self, period: int, peak: np.ndarray, taken: Taken) -> np.ndarray:
        kw = peak[:, None] * taken.kw
        if period in self.floored:
            kw = np.maximum(kw, taken.billing_kw)
        bounds, prices = (np.array(part)[:, None, None] for part in self.ladders[period])
        return walk(self._in_unit(kw, taken), bounds, prices)

    def _in_unit(self, kw: np.ndarray, taken: Taken) -> np.ndarray:
        return in_unit(kw, self.unit, taken.power_factor, "demandrateunit")


@dataclass(frozen=True)
class Index:
    """Energy at an hourly price, losses and adder included; the price comes with the load."""

    line: Line
    column: str = "energy_usd"

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        return taken.shape.priced_usd[self.column][:, None] * taken.kw


@dataclass(frozen=True)
class Monthly:
    """A sum each month, whatever the load; negative is a credit."""

    usd_per_month: tuple[float, ...]
    line: Line
    column: str = "fixed_usd"

    def usd(self, taken: Taken) -> np.ndarray:  # noqa: ARG002 — a charge like the others
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        return np.array(self.usd_per_month, dtype=float)[:, None]


@dataclass(frozen=True)
class PerUnit:
    """A price of each month per kWh, per kW of billing demand or per kVAR. [USD/kWh], [USD/kW]"""

    per: str
    prices: tuple[float, ...]
    line: Line
    column: str

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        prices = np.array(self.prices, dtype=float)[:, None]
        if self.per == "kwh":
            return prices * taken.energy_kwh
        if self.per == "kvar":
            angle = math.acos(needed(taken.power_factor, "demandreactivepowercharge", "a charge per kVAR"))  # fmt: skip
            return prices * taken.billing_kw * math.tan(angle)
        return prices * taken.billing_kw


@dataclass(frozen=True)
class Surcharge:
    """A price on the energy above a power. [USD/kWh], [kW]"""

    usd_per_kwh: float
    above_kw: float
    line: Line
    column: str

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        return self.usd_per_kwh * taken.above_kwh(self.above_kw)


@dataclass(frozen=True)
class MinimumBill:
    """Least bill of a month and of a year, tested before taxes; the annual one is billed in December."""

    usd_per_month: float = 0.0
    usd_per_year: float = 0.0

    def usd(self, subtotal: np.ndarray) -> np.ndarray:
        """Additions to twelve subtotals; the annual test knows nothing of the monthly additions."""
        if not self.usd_per_month and not self.usd_per_year:
            return np.zeros((MONTHS, 1))
        added = np.maximum(self.usd_per_month - subtotal, 0.0) if self.usd_per_month else 0.0 * subtotal  # fmt: skip
        if self.usd_per_year:
            added[-1] += np.maximum(self.usd_per_year - subtotal.sum(axis=0), 0.0)
        return added


@dataclass(frozen=True)
class Share:
    """A share of other columns: a rider on a layer, a tax on a bill."""

    share: float
    on: tuple[str, ...]
    line: Line
    column: str

    def usd_of(self, sums: dict[str, np.ndarray], form: tuple[int, ...]) -> np.ndarray:
        """Its cost on sums by layer; `*` is all of them, and a layer without any is nil."""
        nothing = np.zeros(form)
        taken = sums.values() if "*" in self.on else [sums.get(name, nothing) for name in self.on]
        return self.share * sum(taken, nothing)


@dataclass(frozen=True)
class Ratchet:
    """Billing demand is at least a share of an earlier peak; see `billing_demand_kw`."""

    share: tuple[float, ...] = (0.0,) * MONTHS
    months: int = 0
    source_months: tuple[int, ...] | None = None
    source_periods: tuple[int, ...] = ()
    source_schedule: Schedule | None = None
    include_current: bool = True
    window_includes_current: bool = False
    prior: str = "zero"
