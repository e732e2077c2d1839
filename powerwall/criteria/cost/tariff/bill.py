"""Bill: a tariff as a whole, the bill of one load, and the bills of many loads of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.cost.tariff.calendar import MONTHS, Calendar, Schedule, grouping, months_of
from powerwall.criteria.cost.tariff.charges import (
    Charge,
    Energy,
    FlatDemand,
    Index,
    Line,
    MinimumBill,
    PerUnit,
    Ratchet,
    TouDemand,
)
from powerwall.criteria.cost.tariff.determinants import (
    Determinants,
    Taken,
    averaged,
    calendar_of,
    checked_load,
    determine,
)
from powerwall.criteria.cost.tariff.peaks import AnnualPeak, MonthlyPeak
from powerwall.criteria.cost.tariff.refusal import Refusals, TariffRefusal, refuse
from powerwall.region.findings import Finding

#: Columns that every bill has, zero where there is no such charge.
COLUMNS = ("energy_usd", "demand_flat_usd", "demand_tou_usd", "fixed_usd", "minimum_usd")
_PARTIAL = {"delivery": "supply", "energy": "delivery"}
_CHUNK = 8192  # loads at once: a block of 12 months stays in cache


@dataclass(frozen=True)
class Tariff:
    """A rate sheet.

    Attributes
    ----------
    name, utility, label
        Identity.
    charges
        What it asks for, in the order of the bill.
    minimum
        Its minimum bills.
    ratchet
        What raises the demand that is billed.
    service
        bundled, delivery, energy or "delivery with standard offer"; "" is not stated.
    window_minutes
        Averaging window of its demand meter; 0 is not stated. [minutes]
    findings
        What reading it had to assume.
    stated_bounds
        Period → last bound of its energy tiers, where the sheet states one and it was opened. [its unit]
    """

    name: str = ""
    utility: str = ""
    label: str = ""
    charges: tuple[Charge, ...] = ()
    minimum: MinimumBill = field(default_factory=MinimumBill)
    ratchet: Ratchet = field(default_factory=Ratchet)
    service: str = ""
    window_minutes: float = 0.0
    findings: tuple[Finding, ...] = ()
    stated_bounds: tuple[tuple[int, float], ...] = ()

    def bill(
        self,
        load_kw: Any,
        *,
        prior_peak_kw: Any = None,
        minimum_demand_kw: float | None = None,
        energy_price_usd_per_kwh: Any = None,
        year: int | None = None,
        holidays: Iterable[date] = (),
        power_factor: float | None = None,
        coincident_steps: Iterable[int] | None = None,
        coincidence_share: float | None = None,
        supply_elsewhere: bool = False,
    ) -> pd.DataFrame:
        """Bill of a year.

        Parameters
        ----------
        load_kw
            Mean power of each step from 1 January on, hour-beginning; 8760·n values, n a divisor of
            60 (8784·n in a real leap year). [kW]
        prior_peak_kw
            Peaks of the twelve months before, for ratchets; None is a new site. [kW]
        minimum_demand_kw
            Contract minimum under the billing demand of every month. [kW]
        energy_price_usd_per_kwh
            Price of each step; replaces the rates of the energy structure. [USD/kWh]
        year, holidays
            A real year, whose holidays count as weekend; None is 365 days from a Monday on.
        power_factor
            For charges per kVA or kVAR. [1]
        coincident_steps, coincidence_share
            Steps of the system's peaks, or load at them over the month's peak, for charges there.
        supply_elsewhere
            Bill a sheet of delivery or of supply alone, of which the other half is billed elsewhere.

        Returns
        -------
        DataFrame
            Index `month` 1–12; a column a charge in USD and `total_usd`, their sum. `attrs` holds
            `findings`, and `memo`: energy, metered peak and billing demand of each month.

        Raises
        ------
        TariffRefusal
            If the load, or what the tariff needs to know of it, does not do; never a partial bill.
        """
        self.check_whole(supply_elsewhere=supply_elsewhere)
        load = checked_load(load_kw)
        sheet = self._at_hourly_price() if energy_price_usd_per_kwh is not None else self
        shape = sheet.determinants(
            load, year=year, holidays=holidays, coincident_steps=coincident_steps, energy_price_usd_per_kwh=energy_price_usd_per_kwh,
        )  # fmt: skip
        taken = sheet.taken(
            shape, np.ones((1, 1)), prior_peak_kw=prior_peak_kw, minimum_demand_kw=minimum_demand_kw, power_factor=power_factor,
            coincidence_share=coincidence_share,
        )  # fmt: skip
        frame = _frame(sheet.columns(taken))
        frame.attrs = {
            "findings": (*self.findings, *self._of_the_load(taken, year, tuple(holidays))),
            "memo": {"energy_kwh": shape.energy_kwh.tolist(), "peak_kw": shape.peak_kw.tolist(),
                     "billing_demand_kw": taken.billing_kw[:, 0].tolist()},
        }  # fmt: skip
        return frame

    def check_whole(self, *, supply_elsewhere: bool = False) -> None:
        """Refuse a sheet of delivery or of supply alone as the whole price."""
        if self.service in _PARTIAL and not supply_elsewhere:
            other = _PARTIAL[self.service]
            raise refuse("stack-incomplete", "servicetype", f"the sheet is {self.service} alone and bills no {other}",
                         f"put it in a stack with its {other}, or say that it is billed elsewhere")  # fmt: skip

    def determinants(
        self,
        shape: Any,
        *,
        year: int | None = None,
        holidays: Iterable[date] = (),
        coincident_steps: Iterable[int] | None = None,
        energy_price_usd_per_kwh: Any = None,
    ) -> Determinants:
        """Billing determinants of a load, or of a shape of peak 1 kW; arguments as in `bill`."""
        load = checked_load(shape)
        calendar = calendar_of(len(load), year, tuple(holidays))
        found = determine(load, calendar, self._schedules(), self.window_minutes)
        priced: dict[str, np.ndarray] = {}
        coincident: dict[str, np.ndarray] = {}
        if energy_price_usd_per_kwh is not None:
            price = _checked_price(energy_price_usd_per_kwh, len(load))
            energy = load * price / calendar.steps_per_hour
            month = _monthly(energy, calendar)
            priced = {c.column: month for c in self.charges if isinstance(c, Index)}
        if coincident_steps is not None:
            steps = _checked_steps(coincident_steps, len(load))
            for charge in self.charges:
                if isinstance(charge, MonthlyPeak):
                    group = grouping(charge.schedule, calendar)
                    there = np.zeros_like(load)
                    there[steps] = load[steps]
                    coincident[charge.column] = group.peaks(there)
                elif isinstance(charge, AnnualPeak):
                    month = months_of(calendar)[steps]
                    shares = np.bincount(month, weights=load[steps], minlength=MONTHS)
                    coincident[charge.column] = shares / len(steps)
        return replace(found, priced_usd=priced, coincident_kw=coincident)

    def annual_usd(self, determinants: Determinants, peak_kw: Any, **given: Any) -> np.ndarray:
        """Bill of a year of many loads of one shape. [USD]

        Parameters
        ----------
        determinants
            Of the shape of peak 1 kW, from `determinants`.
        peak_kw
            Peak of each load. [kW]
        **given
            `minimum_demand_kw`, `prior_peak_kw`, `power_factor`, `coincidence_share`, as in `bill`.
        """
        peaks = np.atleast_1d(np.asarray(peak_kw, dtype=float))
        unit = self.taken(determinants, np.ones((1, 1)), **given)
        scales = self.minimum == MinimumBill() and unit.billing_scales
        straight = [charge for charge in self.charges if scales and _linear(charge)]
        per_kw = sum(float(charge.usd(unit).sum()) for charge in straight)
        bent = replace(self, charges=tuple(c for c in self.charges if c not in straight))
        found = per_kw * peaks
        for start in range(0, len(peaks) if bent.charges else 0, _CHUNK):
            some = peaks[start : start + _CHUNK]
            for usd in bent.columns(bent.taken(determinants, some[None, :], **given)).values():
                found[start : start + _CHUNK] += usd.sum(axis=0)
        return found

    def taken(
        self,
        shape: Determinants,
        kw: np.ndarray,
        *,
        prior_peak_kw: Any = None,
        minimum_demand_kw: float | np.ndarray | None = None,
        power_factor: float | None = None,
        coincidence_share: float | None = None,
        contract_kw: float = 0.0,
        earlier_kw: Mapping[str, float] | None = None,
    ) -> Taken:
        """What loads of a shape take: `kw` is 12 × loads or 1 × loads; the rest as in `bill`."""
        ratchet = self.ratchet
        billed_by: dict[str, Any] = {
            "share": ratchet.share, "months": ratchet.months, "source_months": ratchet.source_months,
            "prior": ratchet.prior if prior_peak_kw is None else prior_peak_kw,
            "floor_kw": 0.0 if minimum_demand_kw is None else minimum_demand_kw, "include_current": ratchet.include_current,
            "window_includes_current": ratchet.window_includes_current,
        }  # fmt: skip
        if ratchet.source_periods and ratchet.source_schedule is not None:
            by_period = shape.periods[ratchet.source_schedule].peak_kw
            billed_by["source_peak_kw"] = by_period[:, list(ratchet.source_periods)].max(axis=1)
        return Taken(
            shape, kw, billed_by, power_factor, coincidence_share, contract_kw, earlier_kw or {}
        )

    def columns(self, taken: Taken) -> dict[str, np.ndarray]:
        """Columns of the bill, minimum included and total not. [USD]; 12 × loads"""
        found: dict[str, np.ndarray] = {}
        refused = Refusals()
        for charge in self.charges:
            try:
                usd = charge.usd(taken)
            except TariffRefusal as refusal:
                refused.extend(refusal.refusals)
                continue
            found[charge.column] = found[charge.column] + usd if charge.column in found else usd
        refused.raise_any()
        if self.minimum != MinimumBill():
            subtotal = np.zeros(taken.form)
            for usd in found.values():
                subtotal += usd
            found["minimum_usd"] = self.minimum.usd(subtotal)
        return found

    @property
    def lines(self) -> pd.DataFrame:
        """What stands behind each column: index `column`; component, determinant, rate, layer, source."""
        rows = [{"column": charge.column, **charge.line._asdict()} for charge in self.charges]
        if self.minimum != MinimumBill():
            rate = (
                f"{self.minimum.usd_per_month:g} USD/month, {self.minimum.usd_per_year:g} USD/year"
            )
            rows.append({"column": "minimum_usd", **Line("fixed", "bill before taxes", rate)._asdict()})  # fmt: skip
        columns = ["column", *Line._fields]
        return pd.DataFrame(rows, columns=columns).set_index("column")

    def _schedules(self) -> tuple[Schedule, ...]:
        mine = [c.schedule for c in self.charges if isinstance(c, Energy | TouDemand)]
        source = self.ratchet.source_schedule
        return (*mine, source) if source is not None else tuple(mine)

    def _at_hourly_price(self) -> Tariff:
        line = Line("energy", "kWh of each step", "hourly price")
        others = tuple(c for c in self.charges if c.column != "energy_usd")
        return replace(self, charges=(Index(line), *others), stated_bounds=())

    def _of_the_load(self, taken: Taken, year: int | None, holidays: tuple[date, ...]) -> list[Finding]:  # fmt: skip
        """Findings that only a load brings out."""
        found = []
        calendar = taken.shape.calendar
        for charge in self.charges:
            if isinstance(charge, Energy) and self.stated_bounds:
                above = charge.above_last_kwh(taken, dict(self.stated_bounds))
                if above > 0:
                    found.append(note("last-tier-opened", "energyratestructure", f"{above:,.0f} kWh lie above the last stated tier and pay its price"))  # fmt: skip
        if self.window_minutes and self.window_minutes < 60 / calendar.steps_per_hour:
            found.append(note("window-coarse", "demandwindow", f"demand is metered over {self.window_minutes:g} minutes, the load is known by {60 / calendar.steps_per_hour:g}"))  # fmt: skip
        elif averaged(taken.shape.load_kw, calendar, self.window_minutes)[1] == calendar and self.window_minutes * calendar.steps_per_hour > 60:  # fmt: skip
            found.append(note("window-coarse", "demandwindow", f"steps do not fill the window of {self.window_minutes:g} minutes"))  # fmt: skip
        if year is not None:
            found.append(note("daylight-saving-ignored", "load_kw", "the load is read in standard time"))  # fmt: skip
            if not holidays:
                found.append(note("no-holidays", "holidays", f"no holidays of {year} are known"))
        return found


def note(code: str, place: str, message: str) -> Finding:
    """A finding of a tariff; its place is the path of a key."""
    return Finding("", 0, 0, "PW514", "warning", f"{place}: {code}: {message}")


def _linear(charge: Charge) -> bool:
    """Whether a charge is so much a kW of a shape, as long as the demand that is billed is."""
    if isinstance(charge, TouDemand) and charge.floored:
        return False
    if isinstance(charge, Energy | FlatDemand | TouDemand):
        return all(len(ladder.prices) == 1 for ladder in charge.ladders)
    return isinstance(charge, Index | MonthlyPeak | PerUnit)


def _frame(columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """A bill of one load."""
    wide = {name: np.broadcast_to(usd, (MONTHS, 1))[:, 0] for name, usd in columns.items()}
    values = {name: wide.pop(name, np.zeros(MONTHS)) for name in COLUMNS} | wide
    order = [*COLUMNS[:-1], *wide, COLUMNS[-1]]
    table = np.empty((MONTHS, len(order) + 1))
    for at, name in enumerate(order):
        table[:, at] = values[name]
    table[:, -1] = table[:, :-1].sum(axis=1)
    return pd.DataFrame(table, columns=[*order, "total_usd"], index=pd.RangeIndex(1, MONTHS + 1, name="month"))  # fmt: skip


def _monthly(values: np.ndarray, calendar: Calendar) -> np.ndarray:
    return np.bincount(months_of(calendar), weights=values, minlength=MONTHS)


def _checked_price(price: Any, steps: int) -> np.ndarray:
    prices = np.asarray(price, dtype=float)
    if prices.shape != (steps,):
        raise refuse("price-length", "energy_price_usd_per_kwh", f"{prices.size:,} prices for {steps:,} steps of load", "give a price for each step")  # fmt: skip
    if not np.isfinite(prices).all():
        raise refuse("price-length", "energy_price_usd_per_kwh", "a price is missing or infinite", "give a price for each step")  # fmt: skip
    return prices


def _checked_steps(steps: Iterable[int], count: int) -> np.ndarray:
    found = np.asarray(list(steps))
    if found.size == 0 or found.dtype.kind not in "iu" or not ((found >= 0) & (found < count)).all():  # fmt: skip
        raise refuse("coincident-without-hours", "coincident_steps", f"are no indices of the {count:,} steps of the load", "count them from 0")  # fmt: skip
    return found
