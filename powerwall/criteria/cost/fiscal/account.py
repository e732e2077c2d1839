"""Account: the terms of one place over the years of a request, as sums a year."""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from powerwall.criteria.cost.fiscal.taxes import (
    abated_shares,
    consumption_tax_usd_per_mw_year,
    levelised,
    property_tax_usd_per_mw_year,
    real_property_tax_usd_per_mw_year,
    sales_tax_usd_per_mw_year,
)
from powerwall.criteria.cost.fiscal.terms import (  # fmt: skip
    INCENTIVES,
    LEVIES,
    TAXES,
    Holds,
    Term,
    claimable,
    in_force,
)
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.criteria.cost.years import DISCOUNT_RATE, PERIOD_YEARS
from powerwall.criteria.criterion import Parameter
from powerwall.region.dates import Span
from powerwall.region.request import Request

EQUIPMENT = Parameter(
    20e6, "USD/MW", 10e6, 40e6, "assumed: taxed equipment of a purchase, mostly accelerators"
)
REFRESH_YEARS = Parameter(5.0, "years", 3.0, 6.0, "assumed: life of a generation of accelerators")


class Period(NamedTuple):
    """Years of service from the day of need.

    Attributes
    ----------
    years
        First day of each, and the day after the last.
    every
        Years from purchase to purchase. [years]
    """

    years: tuple[date, ...]
    every: int

    @property
    def first_days(self) -> tuple[date, ...]:
        """First day of each year."""
        return self.years[:-1]

    @property
    def purchases(self) -> tuple[date, ...]:
        """Days on which equipment is bought."""
        return self.years[:-1:self.every]  # fmt: skip


def period(need_by: date, horizon: date | None) -> Period | None:
    """Years that the purchases before the horizon serve; None if there is none before it."""
    every = round(REFRESH_YEARS.value)
    end = horizon or _anniversary(need_by, round(PERIOD_YEARS.value))
    bought = 0
    while _anniversary(need_by, bought * every) < end:
        bought += 1
    days = tuple(_anniversary(need_by, year) for year in range(bought * every + 1))
    return Period(days, every) if bought else None


def _anniversary(day: date, years: int) -> date:
    year = day.year + years
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28 if leap_day and not calendar.isleap(year) else day.day)


@dataclass(frozen=True)
class Line:
    """One term in an account.

    Attributes
    ----------
    low, high
        Without and with what is not certain; NaN is unknown. [USD/MW-year]
    said
        What stands against it.
    """

    term: Term
    low: float
    high: float
    said: str = ""


@dataclass(frozen=True)
class Account:
    """Taxes as they are levied, and what incentives take off them; `lacking` are levies without a row."""

    taxes: tuple[Line, ...]
    incentives: tuple[Line, ...]
    lacking: tuple[str, ...]


def account(terms: Sequence[Term], request: Request, when: Period, in_stack: str = "") -> Account:
    """Taxes and incentives of a place.

    Parameters
    ----------
    terms
        Those that bind it.
    in_stack
        Tariff stack whose price holds a tax on electricity already, or "".
    """
    due: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    taxes = [term for term in terms if term.instrument in TAXES]
    for term in taxes:
        held = in_stack and term.instrument == "electricity_tax"
        due[term.term_id] = (_nothing(when), _nothing(when)) if held else _due(term, when)
    for payment in taxes:
        if payment.instrument == "agreed_payment":
            sure, possible = due[payment.term_id]
            for name in set(payment.relieves) & set(due) - {payment.term_id}:
                low, high = due[name]
                due[name] = (low * (1 - possible), high * (1 - sure))
    lines = [_tax_line(term, due[term.term_id], when, in_stack) for term in taxes]
    lacking = [levy for levy in LEVIES if levy not in {term.instrument for term in taxes}]
    base = {term.term_id: (term, due[term.term_id][1]) for term in taxes}
    return Account(
        tuple(lines), tuple(_incentive_lines(terms, base, request, when)), tuple(lacking)
    )


def _nothing(when: Period) -> np.ndarray:
    return np.zeros(len(when.first_days))


def _due(term: Term, when: Period) -> tuple[np.ndarray, np.ndarray]:
    """Share of each year in which a tax is certainly, and possibly, law."""
    if term.instrument in {"electricity_tax", "agreed_payment"}:
        return _inside(term, when, narrow=True), _inside(term, when, narrow=False)
    sale = term.instrument == "sales_tax"
    held = [in_force(term, day) for day in (when.purchases if sale else when.first_days)]
    sure, possible = (np.array([float(one[case]) for one in held]) for case in (0, 1))
    return (np.repeat(sure, when.every), np.repeat(possible, when.every)) if sale else (sure, possible)  # fmt: skip


def _inside(term: Term, when: Period, *, narrow: bool) -> np.ndarray:
    """Share of each year inside a window, its dates read narrowly or widely."""
    if not any(in_force(term, day).possible for day in _days(term, when)):
        return _nothing(when)

    def ordinal(span: Span, first: bool) -> int:  # noqa: FBT001 — two ends of one span
        return (span.first if first else span.last).toordinal()

    start = ordinal(term.start, not narrow) if term.start else -math.inf
    end = min((ordinal(one, narrow) for one in term.ends), default=math.inf)
    edges = np.array([day.toordinal() for day in when.years], dtype=float)
    inside = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
    return inside / np.diff(edges)


def _days(term: Term, when: Period) -> Iterable[date]:
    """Days on which a term with a window can first hold in the period."""
    return (*when.first_days, *([term.start.first, term.start.last] if term.start else []))


def _tax_line(term: Term, due: tuple[np.ndarray, np.ndarray], when: Period, in_stack: str) -> Line:
    low, high = (_amount(term, kept, when) for kept in due)
    if high > 0 or math.isnan(high):
        return Line(term, low, high)
    if in_stack and term.instrument == "electricity_tax":
        return Line(term, low, high, f"counted in tariff stack {in_stack}")
    return Line(term, low, high, in_force(term, when.purchases[0]).reason)


def _amount(term: Term, kept: np.ndarray, when: Period) -> float:
    """What a tax costs a year where a share of it is due in each year; NaN if its terms are unknown."""
    if not kept.any():
        return 0.0
    discount, capex = DISCOUNT_RATE.value, EQUIPMENT.value if math.isnan(term.base) else term.base
    if term.instrument == "sales_tax":
        paid = kept[:: when.every] * (1 - (0.0 if math.isnan(term.exempt) else term.exempt))
        return sales_tax_usd_per_mw_year(term.rate, capex, 1 - paid, when.every, discount)
    if term.instrument == "equipment_property_tax":
        if term.rate == 0:
            return 0.0
        if term.taxable is None:
            return math.nan
        aged = np.zeros(when.every)
        aged[: len(term.taxable)] = term.taxable[: when.every]
        shares = kept.reshape(-1, when.every) * aged
        return property_tax_usd_per_mw_year(term.rate, capex, shares, when.every, discount)
    if term.instrument == "real_property_tax":
        assessed = 0.0 if term.rate == 0 else term.base
        return real_property_tax_usd_per_mw_year(term.rate, assessed, 1 - kept, discount)
    if term.instrument == "electricity_tax":
        yearly = [
            consumption_tax_usd_per_mw_year(term.usd_per_kwh, LOAD_FACTOR.value, 12 * float(share))
            for share in kept
        ]
        return levelised(yearly, discount)
    return levelised(term.usd_per_mw_year * kept, discount)


def _incentive_lines(
    terms: Sequence[Term],
    taxes: dict[str, tuple[Term, np.ndarray]],
    request: Request,
    when: Period,
) -> Iterable[Line]:
    """Each incentive takes its share of what those before it left, in the order of their ids."""
    left = {name: (due, due) for name, (_, due) in taxes.items()}
    for term in terms:
        if term.instrument not in INCENTIVES:
            continue
        sure, possible, said = _relief(term, request, when)
        low = high = 0.0
        aims = _aims(term, taxes)
        for name in aims:
            before = left[name]
            low += _amount(taxes[name][0], before[0] * sure, when)
            high += _amount(taxes[name][0], before[1] * possible, when)
            left[name] = (before[0] * (1 - sure), before[1] * (1 - possible))
        if not aims and possible.any():
            low, high, said = 0.0, math.nan, f"{said}, no row of the tax it takes off".removeprefix(", ")  # fmt: skip
        yield Line(term, low, high, said)


def _aims(term: Term, taxes: dict[str, tuple[Term, np.ndarray]]) -> list[str]:
    """Taxes that an incentive takes off: those it names, else those of its authority."""
    if term.relieves:
        return [name for name in term.relieves if name in taxes]
    kinds = INCENTIVES[term.instrument]
    return [
        name
        for name, (tax, _) in taxes.items()
        if tax.authority == term.authority and tax.instrument in kinds
    ]


def _relief(term: Term, request: Request, when: Period) -> tuple[np.ndarray, np.ndarray, str]:
    """Share of each year's tax that an incentive certainly, and possibly, takes off, and why not more."""
    stated = EQUIPMENT._replace(value=term.base, low=None, high=None)
    equipment = EQUIPMENT if math.isnan(term.base) else stated
    share = (0.0, 1.0) if math.isnan(term.exempt) else (term.exempt, term.exempt)
    unknown = ["share not known"] if math.isnan(term.exempt) else []

    def claim(day: date) -> Holds:
        return claimable(term, day, request.as_of, request.mw, equipment)

    if term.instrument == "sales_tax_exemption":
        claims = [claim(day) for day in when.purchases]
        sure, possible = (
            np.repeat([share[case] * float(one[case]) for one in claims], when.every)
            for case in (0, 1)
        )
    else:
        claims = [claim(when.purchases[0])]
        law = [in_force(term, day) for day in when.first_days]
        length = (0.0, math.inf) if math.isnan(term.months) else (term.months, term.months)
        unknown += ["length not known"] if math.isnan(term.months) else []
        sure, possible = (
            abated_shares(share[case], length[case], len(law))
            * float(claims[0][case])
            * np.array([float(one[case]) for one in law])
            for case in (0, 1)
        )
    reasons = [*(one.reason for one in claims if one.reason), *(unknown if possible.any() else [])]
    return sure, possible, ", ".join(dict.fromkeys(reasons))
