"""Contract: what a load pays over the years it is bound for, before them, and if it does not come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.cost.exposure import KINDS, exit_fee_usd, exposure_by_exit_year
from powerwall.criteria.cost.large_load.terms import LargeLoadTerms
from powerwall.criteria.cost.large_load.upfront import Upfront, Works, contribution
from powerwall.criteria.cost.shape import unit_shape
from powerwall.criteria.cost.stack.bills import DEMAND, Bills, Year, demand_minimum
from powerwall.criteria.cost.stack.prices import year_after
from powerwall.criteria.cost.stack.stack import Scenario, Stack
from powerwall.criteria.cost.tariff.calendar import MONTHS
from powerwall.criteria.cost.tariff.determinants import Determinants
from powerwall.criteria.cost.years import (
    DISCOUNT_RATE,
    PERIOD_YEARS,
    carried_usd,
    levelised_usd_per_mwh,
    shortfall_pv_usd,
)
from powerwall.criteria.criterion import Parameter
from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.region.request import Request

APPEARS = Parameter(
    0.60, "1", 0.20, 0.90, "assumed: share of the ramp that appears; a utility reports 20 % of requested load in the first one to three years"
)  # fmt: skip
CASH_LEAD = Parameter(
    0.5, "1", 0.0, 1.0, "assumed: share of the wait for power for which the upfront cash is out"
)
BOOK_LIFE = Parameter(40.0, "years", 30.0, 50.0, "assumed: straight-line life of network assets")
REUSE_SHARE = Parameter(
    0.25, "1", 0.0, 0.5, "assumed: share of the assets that others use after an exit"
)


def contract_years(request: Request, terms: LargeLoadTerms | None) -> tuple[Year, ...]:
    """The years of a contract from the day of need on.

    The declared ramp is what is contracted; it ends, whatever the load does, with the longest ramp of the
    terms. Each year is priced as January to December.
    """
    count = _count(request, terms)
    steps = ramp_steps(request.mw, request.first_mw, request.ramp_months)
    month = np.arange(count * MONTHS)
    mw = np.sum([size * (month >= at - 1e-9) for at, size in steps], axis=0).reshape(count, MONTHS)
    contract = mw.max(axis=1)
    longest = terms.ramp_years if terms is not None else math.nan
    if not math.isnan(longest):
        contract[round(longest) :] = request.mw
    return tuple(
        Year(year_after(request.need_by, y), 1000 * mw[y], 1000 * float(contract[y]))
        for y in range(count)
    )


def _count(request: Request, terms: LargeLoadTerms | None) -> int:
    """Years that count: term and ramp, or those assumed."""
    term = terms.years(request.mw) if terms is not None else math.nan
    if terms is None or math.isnan(term):
        return round(PERIOD_YEARS.value)
    ramp = 0 if terms.known("term_includes_ramp") is True else math.ceil(request.ramp_months / MONTHS)  # fmt: skip
    return max(1, round(term)) + ramp


@dataclass(frozen=True)
class Cost:
    """Cost of power of one stack under its terms.

    Attributes
    ----------
    stack, terms, request
        What is paid for, under which terms.
    shapes
        Determinants of its layers.
    years
        The contract.
    bills
        What is billed.
    """

    stack: Stack
    terms: LargeLoadTerms | None
    request: Request
    shapes: dict[str, Determinants]
    years: tuple[Year, ...]
    bills: Bills

    @property
    def contract_mw(self) -> float:
        """Contract capacity at full build-out. [MW]"""
        return self.request.mw

    @cached_property
    def minimum_known(self) -> bool:
        """Whether every layer's minimum take is: no terms are none, and a sheet may not tell its parts."""
        if self.terms is None:
            return True
        minimum = self.terms.minimum()
        priced = [layer for layer in self.stack.layers if not layer.missing]
        return minimum is not None and not any(math.isnan(demand_minimum(layer, minimum)) for layer in priced)  # fmt: skip

    @property
    def minimum_unknown(self) -> bool:
        """Whether a minimum take that is not known could change the bills."""
        short = any(year.metered_kw.min() < year.contract_kw - 1e-6 for year in self.years)
        return short and not self.minimum_known

    @cached_property
    def minimum_bill_usd_per_month(self) -> float:
        """Bill of a month in which nothing is taken, at full contract and first prices: taxes and all. [USD/month]"""
        if self.terms is None or not self.minimum_known:
            return math.nan
        first = self.years[0]._replace(metered_kw=np.zeros(MONTHS), contract_kw=1000 * self.contract_mw)  # fmt: skip
        idle = (first,) * (2 + self.stack.lag_years)  # behind the last lie idle years alone
        bills = self.stack.bills(self.shapes, idle, _minimum(self.terms), growing=False)
        return max(0.0, float(bills.total_usd[-1] / MONTHS))  # a bill of credits owes nothing

    @cached_property
    def collateral_usd(self) -> float:
        """Security that the terms ask for. [USD]"""
        if self.terms is None:
            return math.nan
        fee = self.exit_fees_usd[0] if "share_of_exit_fee" in self.terms.part("security") else math.nan  # fmt: skip
        return self.terms.collateral_usd(self.minimum_bill_usd_per_month, self.contract_mw, fee)

    @cached_property
    def collateral_fee_usd(self) -> float:
        """Fee of the letter of credit a year; 0 where its amount is not known, or it is cash. [USD]"""
        if self.terms is None or self.in_cash or math.isnan(self.collateral_usd):
            return 0.0
        return self.collateral_usd * self.terms.credit_fee

    @property
    def in_cash(self) -> bool:
        """Whether the security is paid in cash, and comes back when the contract ends."""
        return self.terms is not None and self.terms.part("security").get("form") == "cash"

    @cached_property
    def exit_fees_usd(self) -> np.ndarray:
        """Fee for leaving at the end of each year, where no works enter into it. [USD]; years"""
        return self._exit_fees(math.nan)

    def _exit_fees(self, investment_usd: float) -> np.ndarray:
        """Fee for leaving at the end of each year; NaN where the terms do not tell. [USD]"""
        terms = self.terms.part("exit") if self.terms is not None else {}
        kind = str(terms.get("kind") or "")
        if kind not in KINDS:
            return np.full(len(self.years), math.nan)
        given = {key: terms[key] for key in ("months", "discount_rate", "share", "fee_usd", "mitigation_credit_usd") if key in terms}  # fmt: skip
        return np.array([
            exit_fee_usd(
                kind, minimum_bill_usd_per_month=self.minimum_bill_usd_per_month, term_years=len(self.years), exit_year=year,
                demand_charges_usd_per_month=self._demand_usd_per_month, investment_usd=investment_usd, book_life_years=BOOK_LIFE.value, **given,
            )
            for year in range(1, len(self.years) + 1)
        ])  # fmt: skip

    @property
    def _demand_usd_per_month(self) -> float:
        """Demand charges of a month at full contract. [USD/month]"""
        lines = self.bills.lines
        mine = lines.index[lines["component"].isin(DEMAND)]
        return float(sum(self.bills.usd[name][-1].sum() for name in mine) / MONTHS)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Year by year: index `year`; MW, MWh, a column a layer, fee of the security and total. [USD]"""
        frame = pd.DataFrame(index=pd.RangeIndex(1, len(self.years) + 1, name="year"))
        frame["contract_mw"] = [year.contract_kw / 1000 for year in self.years]
        frame["metered_peak_mw"] = [year.metered_kw.max() / 1000 for year in self.years]
        frame["mwh"] = self.bills.mwh.sum(axis=1)
        for name, usd in self.by_layer.items():
            frame[f"{name}_usd"] = usd
        frame["collateral_fee_usd"] = self.collateral_fee_usd
        frame["total_usd"] = self.bills.total_usd + self.collateral_fee_usd
        frame["shortfall_usd"] = self.bills.shortfall_usd
        return frame

    @cached_property
    def by_layer(self) -> dict[str, np.ndarray]:
        """Layer → cost of each year. [USD]"""
        found: dict[str, np.ndarray] = {}
        for column, usd in self.bills.usd.items():
            layer = str(self.bills.lines.loc[column, "layer"])
            found[layer] = found.get(layer, 0.0) + usd.sum(axis=1)
        return found

    def levelised_usd_per_mwh(self, upfront_usd: float = 0.0) -> float:
        """Cost of a megawatt-hour over the contract. [USD/MWh]"""
        table = self.table
        if self.in_cash and not math.isnan(self.collateral_usd):
            upfront_usd -= self.collateral_usd / (1 + DISCOUNT_RATE.value) ** len(self.years)
        return levelised_usd_per_mwh(table["total_usd"].to_numpy(), table["mwh"].to_numpy(), DISCOUNT_RATE.value, upfront_usd=upfront_usd)  # fmt: skip

    @property
    def first_full_year(self) -> int:
        """Index of the first year that takes all of the request, as do the years whose peaks it is charged on; else the last."""
        full = [at for at, year in enumerate(self.years) if year.metered_kw.min() >= 1000 * self.request.mw - 1e-6]  # fmt: skip
        return min(
            (full[0] if full else len(self.years)) + self.stack.lag_years, len(self.years) - 1
        )

    def upfront(self, works: Works) -> Upfront:
        """What is paid before the first megawatt."""
        if self.terms is None:
            return Upfront(math.nan, math.nan, math.nan, math.nan)
        mw, security = self.contract_mw, self.terms.part("security")
        fee = self.terms.number("fee_usd_per_mw")
        cash = self.collateral_usd if security.get("form") == "cash" else 0.0
        known = bool(security) and not math.isnan(self.collateral_usd)
        return Upfront(self._contribution(works), self.terms.study_fee_usd(mw), fee * mw, cash if known else math.nan)  # fmt: skip

    def _contribution(self, works: Works, *, taxed: bool = True) -> float:
        """Contribution to works, with the tax on it or without. [USD]"""
        terms = self.terms.part("upfront") if self.terms is not None else {}
        revenue = float(self.bills.total_usd[self.first_full_year])
        return contribution(terms, works, self.contract_mw, revenue, taxed=taxed)

    def exposure(self, works: Works) -> pd.DataFrame | str:
        """What other customers carry after an exit at the end of each year; or why it is not known.

        Index `exit_year`; see `exposure_by_exit_year`.
        """
        if self.terms is None:
            return "no large-load terms are known"
        if math.isnan(works.total_usd):
            return "cost of works is not known"
        contribution = self._contribution(works, taxed=False)
        if math.isnan(contribution):
            return "contribution to works is not known"
        rolled_in = max(0.0, works.total_usd - contribution)
        fees = self._exit_fees(rolled_in)
        if np.isnan(fees).any():
            return "exit fee is not known"
        if math.isnan(self.collateral_usd):
            return "security is not known"
        return exposure_by_exit_year(
            rolled_in, book_life_years=BOOK_LIFE.value, reuse_share=REUSE_SHARE.value, exit_fee_usd=fees,
            collateral_usd=self.collateral_usd,
        )  # fmt: skip

    def shortfall_usd(self, appears: float) -> float:
        """Present value of what is owed for power not taken if only a share of the ramp appears. [USD]"""
        if self.terms is None or not self.minimum_known:
            return math.nan
        years = [year._replace(metered_kw=appears * year.metered_kw) for year in self.years]
        bills = self.stack.bills(self.shapes, years, _minimum(self.terms))
        return shortfall_pv_usd(bills.shortfall_usd, DISCOUNT_RATE.value)

    def curtailing_saves_usd(self) -> float:
        """What a load that is off at the system's peaks would save in the last year, taxes included. [USD]"""
        peaks = {
            layer.id for layer in self.stack.layers if layer.kind in {"coincident", "capacity"}
        }
        if not peaks:
            return 0.0
        off = {name: {"coincidence_share": 0.0, "hours": None} for name in peaks}
        stack = self.stack.under(Scenario("off", "", "", off), Path())
        shapes = {**self.shapes, **_without_hours(self.shapes, peaks)}
        extra = self.terms.surcharges() if self.terms is not None else ()
        bills = stack.bills(shapes, self.years, _minimum(self.terms), extra)
        return float(self.bills.total_usd[-1] - bills.total_usd[-1])


def _without_hours(shapes: dict[str, Determinants], names: set[str]) -> dict[str, Determinants]:
    return {name: replace(shape, coincident_kw={}) for name, shape in shapes.items() if name in names}  # fmt: skip


def _minimum(terms: LargeLoadTerms | None) -> dict[str, float]:
    return (terms.minimum() or {}) if terms is not None else {}


def cost_of(
    stack: Stack,
    terms: LargeLoadTerms | None,
    request: Request,
    shape: np.ndarray | None = None,
    years: Sequence[Year] | None = None,
) -> Cost:
    """Cost of power of a request under a stack and its terms; ask `stack.missing` first."""
    load = unit_shape() if shape is None else shape
    flat = float(np.mean(load))
    bound = terms if terms is not None and not terms.unbound(request.mw, request.need_by, flat) else None  # fmt: skip
    when = tuple(years) if years is not None else contract_years(request, bound)
    shapes = stack.determinants(load)
    extra = bound.surcharges() if bound is not None else ()
    bills = stack.bills(shapes, when, _minimum(bound), extra)
    return Cost(stack, bound, request, shapes, when, bills)


def carried(upfront_usd: float, wait_months: float) -> float:
    """Cash paid during the wait for power, carried forward to the day it comes. [USD]

    >>> round(carried(100.0, 24.0), 2)
    108.0
    """
    years = 0.0 if math.isnan(wait_months) else max(0.0, wait_months) / 12 * CASH_LEAD.value
    return carried_usd([upfront_usd], [years], DISCOUNT_RATE.value)
