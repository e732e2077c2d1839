"""Layer: one sheet, rider or tax of a tariff stack, and what it charges in a contract year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from powerwall.criteria.cost.stack.keys import check_layer
from powerwall.criteria.cost.stack.prices import Price, Window, read_price, read_window
from powerwall.criteria.cost.stack.series import read_hours, read_series
from powerwall.criteria.cost.tariff.bill import Tariff
from powerwall.criteria.cost.tariff.calendar import MONTHS
from powerwall.criteria.cost.tariff.charges import (
    Charge,
    FlatDemand,
    Index,
    Line,
    MinimumBill,
    Monthly,
    PerUnit,
    Ratchet,
    Share,
    Surcharge,
)
from powerwall.criteria.cost.tariff.peaks import AnnualPeak
from powerwall.criteria.cost.tariff.refusal import Refusals, TariffRefusal
from powerwall.criteria.cost.tariff.tiers import Ladder
from powerwall.criteria.cost.tariff.urdb import read_urdb

COMPONENTS = ("energy", "generation", "capacity", "transmission", "distribution", "fixed", "rider", "surcharge", "tax", "bundled")  # fmt: skip
KINDS = ("urdb", "energy", "demand", "coincident", "capacity", "index", "fixed", "rider", "minimum", "tax", "surcharge", "average")  # fmt: skip
#: Kinds whose charge may simply end; the wires and the energy are charged for ever.
MAY_END = ("rider", "tax", "surcharge")
_READ = ("verified", "secondary", "approximate", "assumed")


@dataclass(frozen=True)
class StackLayer:
    """A layer as declared.

    Attributes
    ----------
    id, kind, component
        Its name in the stack, how it charges, and what for.
    record
        Every key of it.
    price, window
        What it costs, and on which days.
    sheet
        The sheet of kind `urdb`.
    hours
        Hours of the year of the system's peaks, where they are known.
    series_usd_per_kwh
        Hourly prices of kind `index`, losses and adder included.
    """

    id: str
    kind: str
    component: str
    record: Mapping[str, Any]
    price: Price | None
    window: Window
    sheet: Tariff | None = None
    hours: tuple[int, ...] | None = None
    series_usd_per_kwh: np.ndarray | None = None

    @property
    def status(self) -> str:
        """verified, secondary, unverified or missing."""
        stated = str(self.record.get("status") or "secondary")
        return stated if stated in {*_READ, "unverified", "missing"} else "unverified"

    @property
    def grade(self) -> str:
        """A, B, C or D of its own; empty where it is the stack's."""
        return str(self.record.get("grade") or "")

    @property
    def missing(self) -> str:
        """Why it cannot be priced; empty where it can."""
        if self.status == "unverified":
            return "unverified"
        if self.status == "missing":
            return "not known"
        if self.kind == "urdb":
            return "" if self.sheet else "no rate record"
        if self.kind == "index":
            return "" if self.series_usd_per_kwh is not None else "no hourly prices"
        if self.share is not None:
            return ""
        return "" if self.price is not None and self.price.known else "not known"

    @property
    def share(self) -> float | None:
        """Share of other layers or of the bill that it charges; None where it has a price."""
        share = self.record.get("share")
        return float(share) if isinstance(share, int | float) and not isinstance(share, bool) else None  # fmt: skip

    @property
    def on(self) -> tuple[str, ...]:
        """Layers that its share is taken of; `*` is the bill before taxes."""
        if self.kind == "tax":
            on = self.record.get("on") or ["*"]
            return tuple(map(str, on)) if isinstance(on, list) else (str(on),)
        per = str(self.record.get("per") or "bill")
        return (per.removeprefix("layer:"),) if per.startswith("layer:") else ("*",)

    def line(self, source: str) -> Line:
        """What stands behind its column."""
        words = {"kwh": "kWh", "kw": "kW of billing demand", "kva": "kVA of billing demand", "kw_year": "kW at the system's peaks", "month": "month"}  # fmt: skip
        if self.share is not None:
            return Line(self.component, f"share of {', '.join(self.on)}".replace("*", "the bill"), f"{100 * self.share:g} %", self.id, source)  # fmt: skip
        what = words[self.price.basis] if self.price else "kWh of each step"
        if self.kind == "demand" and self.price and self.price.basis == "kw_year":
            what = "kW of billing demand"
        if self.kind == "rider" and self.price and self.price.basis != "kwh":
            what = "kW of metered peak"
        return Line(self.component, what, self.price.rate if self.price else "hourly price", self.id, source)  # fmt: skip

    def charged(self, start: date) -> tuple[Tariff, bool]:
        """Its sheet for the twelve months from a day on, and whether a price is held beyond its years."""
        if self.sheet is not None:
            return self.sheet, False
        value, held = (math.nan, False) if self.price is None else self.price.of(start, self._whole("year_begins_month", 1))  # fmt: skip
        charge = self._charge(value)
        return Tariff(self.id, charges=(charge,), ratchet=self._ratchet()), held

    def _charge(self, price: float) -> Charge:
        line, column = self.line(""), "usd"
        basis = self.price.basis if self.price else ""
        if self.kind in {"coincident", "capacity"}:
            return self._annual_peak(price, line)
        if self.kind == "index":
            return Index(line, column)
        if self.kind == "fixed":
            return Monthly((price,) * MONTHS, line, column)
        if self.kind == "surcharge":
            return Surcharge(price, 1000 * float(self.record.get("above_mw") or 0.0), line, column)
        if basis == "kwh":
            return PerUnit("kwh", (price,) * MONTHS, line, column)
        monthly = price / MONTHS if basis == "kw_year" else price
        return FlatDemand((Ladder((math.inf,), (monthly,)),), (0,) * MONTHS, line, "kva" if basis == "kva" else "kw", column)  # fmt: skip

    def _annual_peak(self, price: float, line: Line) -> AnnualPeak:
        number = self._number
        gross_up = number("gross_up", 1.0) * number("scaling", 1.0) * number("pool_requirement_share", 1.0)  # fmt: skip
        months = tuple(int(month) for month in self.record.get("months") or range(1, 13))
        share = self.record.get("coincidence_share")
        return AnnualPeak(
            price, months, line, "usd", None if share is None else float(share), gross_up, number("minimum_share", 0.0),
            self._whole("lag_years", 0), self.record.get("first_year"),
        )  # fmt: skip

    def _ratchet(self) -> Ratchet:
        given = self.record.get("ratchet")
        if not isinstance(given, Mapping):
            return Ratchet()
        sources = given.get("source_months")
        return Ratchet((float(given.get("share", 0.0)),) * MONTHS, int(given.get("months", 11)), tuple(sources) if sources else None)  # fmt: skip

    def _number(self, key: str, default: float) -> float:
        value = self.record.get(key)
        return default if value is None else float(value)

    def _whole(self, key: str, default: int) -> int:
        return int(self._number(key, default))

    def as_share(self, source: str) -> Share | None:
        """Itself as a share of other layers; None where it has a price."""
        return None if self.share is None else Share(self.share, self.on, self.line(source), self.id)  # fmt: skip

    def as_minimum(self, start: date) -> MinimumBill:
        """Itself as a minimum bill."""
        if self.price is None:
            return MinimumBill()
        value, _ = self.price.of(start)
        return MinimumBill(usd_per_year=12 * value) if self.price.unit == "year" else MinimumBill(value)  # fmt: skip


def read_layer(record: Any, place: str, folder: Path, refusals: Refusals) -> StackLayer | None:
    """A layer of a stack; None where it is no layer at all."""
    if not isinstance(record, Mapping):
        refusals.add("bad-layer", place, "is no layer", "write {id, kind, component, price}")
        return None
    kind, component = str(record.get("kind") or ""), str(record.get("component") or "")
    name = str(record.get("id") or "")
    for key, value, known in (("kind", kind, KINDS), ("component", component, COMPONENTS)):
        if value not in known:
            refusals.add("bad-layer", f"{place}.{key}", f"`{value}` is no {key} of a layer", f"known: {', '.join(known)}")  # fmt: skip
    if not name:
        refusals.add("bad-layer", f"{place}.id", "has no id", "give it a name of its own")
    price, window = read_price(record, place, refusals), read_window(record, place, refusals)
    hours = read_hours(record, place, refusals)
    layer = StackLayer(name, kind, component, record, price, window, hours=hours)
    check_layer(record, kind, price, place, refusals)
    if kind == "urdb" and isinstance(record.get("rate"), Mapping):
        return replace(layer, sheet=_sheet(record["rate"], f"{place}.rate", refusals))
    if kind == "index" and record.get("series"):
        return replace(layer, series_usd_per_kwh=read_series(record, folder, place, refusals))
    return layer


def _sheet(rate: Mapping[str, Any], place: str, refusals: Refusals) -> Tariff | None:
    try:
        return read_urdb(rate)
    except TariffRefusal as refusal:
        refusals.extend(one._replace(place=f"{place}.{one.place}") for one in refusal.refusals)
        return None
