"""Prices: `usd_per_kw_month = 2.4`, or a price for each year, and the days on which a charge holds."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.region.dates import Span, parse_span

#: End of a price's key → what it is charged on, and the factor to the tariff's own unit.
BASES: dict[str, tuple[str, float]] = {
    "kwh": ("kwh", 1.0), "mwh": ("kwh", 1e-3), "kw_month": ("kw", 1.0), "mw_month": ("kw", 1e-3), "kva_month": ("kva", 1.0),
    "kw_year": ("kw_year", 1.0), "mw_year": ("kw_year", 1e-3), "mw_day": ("kw_year", 0.365), "month": ("month", 1.0),
    "day": ("month", 365 / 12), "year": ("month", 1 / 12),
}  # fmt: skip
_KEY = re.compile(r"^([a-z]{3})_per_([a-z_]+)$")


@dataclass(frozen=True)
class Price:
    """A price as declared.

    Attributes
    ----------
    currency, unit, basis
        ISO code, unit as written (`kw_month`), and what it is charged on: kwh, kw, kva, kw_year, month.
    value
        Of every year, in the unit as written; None where there is none, or one for each year.
    by_year
        Year in which a delivery year begins → price.
    """

    currency: str
    unit: str
    basis: str
    value: float | None
    by_year: tuple[tuple[int, float], ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether there is any number."""
        return self.value is not None or bool(self.by_year)

    @property
    def rate(self) -> str:
        """`2.4 USD/kW-month`, or the range over the years."""
        unit = (
            self.unit.replace("_", "-")
            .replace("kw", "kW")
            .replace("mw", "MW")
            .replace("kva", "kVA")
        )
        symbol = f"{self.currency.upper()}/{unit}"
        if self.value is not None or not self.by_year:
            return f"{self.value:g} {symbol}" if self.value is not None else f"? {symbol}"
        low, high = min(v for _, v in self.by_year), max(v for _, v in self.by_year)
        return f"{low:g}–{high:g} {symbol}"

    def of(self, start: date, begins_month: int = 1) -> tuple[float, bool]:
        """Price of the twelve months from a day on, in the tariff's unit, and whether it is held.

        Parameters
        ----------
        start
            First day.
        begins_month
            Calendar month in which a delivery year begins: 6 in PJM and MISO.
        """
        factor = BASES[self.unit][1]
        if self.value is not None:
            return self.value * factor, False
        known = dict(self.by_year)
        total, held = 0.0, False
        for month in range(12):
            year, number = divmod(start.year * 12 + start.month - 1 + month, 12)
            delivery = year if number + 1 >= begins_month else year - 1
            earlier = [y for y in known if y <= delivery]
            total += known[max(earlier) if earlier else min(known)]
            held |= delivery not in known
        return total / 12 * factor, held


def read_price(record: Mapping[str, Any], place: str, refusals: Refusals) -> Price | None:
    """The price of a layer; None where it has no price key."""
    found = [(key, *match.groups()) for key in record if (match := _KEY.match(str(key).lower()))]
    if len(found) > 1:
        refusals.add("unknown-unit", place, f"has {len(found)} prices: {', '.join(k for k, *_ in found)}", "one price a layer")  # fmt: skip
    if not found:
        return None
    key, currency, unit = found[0]
    if unit not in BASES:
        refusals.add("unknown-unit", f"{place}.{key}", f"`{unit}` is no unit that can be billed", f"known: {', '.join(BASES)}")  # fmt: skip
        return None
    value = record[key]
    if isinstance(value, Mapping):
        years = tuple(sorted(_years(value, f"{place}.{key}", refusals)))
        return Price(currency, unit, BASES[unit][0], None, years)
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    ):
        refusals.add("not-a-number", f"{place}.{key}", f"`{value}` is no number", "write a number, or null where it is unknown")  # fmt: skip
        value = None
    return Price(currency, unit, BASES[unit][0], None if value is None else float(value))


def _finite(price: Any) -> float:
    if isinstance(price, bool) or not math.isfinite(float(price)):
        raise ValueError(price)
    return float(price)


def _years(value: Mapping[Any, Any], place: str, refusals: Refusals) -> list[tuple[int, float]]:
    """Years with a number; a year whose price is null is one without."""
    found = []
    for year, price in value.items():
        if price is None:
            continue
        try:
            found.append((int(str(year)), _finite(price)))
        except (TypeError, ValueError):
            refusals.add("not-a-number", f"{place}.{year}", f"`{year}: {price}` is no price of a year", 'write  "2027": 333.44')  # fmt: skip
    return found


@dataclass(frozen=True)
class Window:
    """Days on which a charge holds: from `start` on, and before `end`; None is open."""

    start: Span | None = None
    end: Span | None = None

    def share(self, first: date, last: date) -> float:
        """Share of the days from `first` to before `last` inside the window."""
        begin = max(first, self.start.first) if self.start else first
        end = min(last, self.end.first) if self.end else last
        return max(0.0, (end - begin).days / max(1, (last - first).days))

    def months(self, start: date) -> np.ndarray:
        """Share of each of the twelve months from a day on that lies inside the window."""
        if self.start is None and self.end is None:
            return np.ones(12)
        edges = [_months_after(start, count) for count in range(13)]
        return np.array([self.share(first, last) for first, last in pairwise(edges)])


def _months_after(day: date, months: int) -> date:
    """The same day some months later, no later than the month's last; the calendar ends in 9999."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def read_window(record: Mapping[str, Any], place: str, refusals: Refusals) -> Window:
    """Days on which a charge holds, from `effective_from` and `effective_to`."""
    ends: list[Span | None] = []
    for key in ("effective_from", "effective_to"):
        text = record.get(key)
        try:
            ends.append(parse_span(str(text)) if text else None)
        except ValueError as error:
            refusals.add("bad-date", f"{place}.{key}", str(error), "write 2027-01-01")
            ends.append(None)
    return Window(*ends)


def year_after(day: date, years: int = 1) -> date:
    """The same day some years later; 28 February for a leap day that is none; the calendar ends in 9999."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
