"""Stack: layers, what is missing among them, and the bills of the years of a contract."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.cost.stack.bills import Bills, Year
from powerwall.criteria.cost.stack.layer import MAY_END, StackLayer, read_layer
from powerwall.criteria.cost.stack.prices import read_price, year_after
from powerwall.criteria.cost.stack.years import YearBook
from powerwall.criteria.cost.tariff.determinants import Determinants
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.criteria.criterion import Parameter

#: Grade → relative standard deviation of a price.
SIGMA = {
    "A": Parameter(0.03, "1", source="assumed: sheet read by hand within a year"),
    "B": Parameter(0.08, "1", source="assumed: recent database record or complete terms"),
    "C": Parameter(0.20, "1", source="assumed: stale record or riders missing"),
    "D": Parameter(0.25, "1", source="assumed: average of an industrial class"),
}
COUNTED_FROM = Parameter(
    0.05, "1", 0.02, 0.10, "assumed: share of the cost from which a layer's grade counts"
)
#: What a price must cover, each by any of these components.
_NEEDED = (("energy",), ("generation", "capacity"), ("transmission",), ("distribution",))
_WHOLE = {"bundled", "delivery with standard offer"}


class Scenario(NamedTuple):
    """Other rules: layers as they would be, by id; none where only words are known."""

    id: str
    text: str
    status: str
    changes: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Stack:
    """A tariff stack.

    Attributes
    ----------
    id, title, utility_id
        Identity, and whose it is.
    currency
        Of every price; ISO code.
    layers
        What it is made of.
    none
        Component → why this territory has none.
    applies
        `mw_min mw_max load_factor_min_share`, as far as they are known.
    grade, as_of
        Of the layers that do not state theirs.
    terms
        Id of its large-load terms, or "".
    scenarios
        Rules that may come.
    lacking
        What its compiler looked for and did not find, in words.
    """

    id: str
    title: str
    utility_id: str
    currency: str
    layers: tuple[StackLayer, ...]
    none: Mapping[str, str] = field(default_factory=dict)
    applies: Mapping[str, Any] = field(default_factory=dict)
    grade: str = "D"
    as_of: str = ""
    terms: str = ""
    power_factor: float | None = None
    scenarios: tuple[Scenario, ...] = ()
    lacking: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    def missing(self, start: date, years: int = 1) -> tuple[str, ...]:
        """Layers without which there is no price over the years from a day on."""
        found = [layer.id for layer in self.layers if layer.missing and self._ever(layer, start, years)]  # fmt: skip
        covered = {component for layer in self.layers for component in _covers(layer)} | set(self.none)  # fmt: skip
        found += [" or ".join(any_of) for any_of in _NEEDED if not covered & {*any_of, "bundled"}]
        found += [gap for layer in self.layers if layer.kind not in MAY_END for gap in self._gaps(layer, start, year_after(start, years))]  # fmt: skip
        return tuple(dict.fromkeys(found)) if self.layers else ("every layer",)

    def _ever(self, layer: StackLayer, start: date, years: int) -> bool:
        return layer.window.share(start, year_after(start, years)) > 0

    def _gaps(self, layer: StackLayer, first: date, last: date) -> list[str]:
        """Days on which a layer that is charged for ever begins after nothing, or ends before nothing."""
        begins, ends = (
            one.first if one else None for one in (layer.window.start, layer.window.end)
        )
        same = [one.window for one in self.layers if one is not layer and (one.kind, one.component) == (layer.kind, layer.component)]  # fmt: skip
        found = []
        if ends is not None and ends < last and not any(one.start and one.start.first == ends for one in same):  # fmt: skip
            found.append(f"{layer.id} on {max(ends, first)}")
        if begins is not None and first < begins < last and not any(one.end and one.end.first == begins for one in same):  # fmt: skip
            found.append(f"{layer.id} on {first}")
        return found

    @property
    def lag_years(self) -> int:
        """Longest lag of a charge behind the peaks that set it. [years]"""
        return max((int(layer.record.get("lag_years") or 0) for layer in self.layers), default=0)

    def outside(self, mw: float, load_factor: float) -> str:
        """Why it does not apply to a load; empty where it does."""
        low, high, flat = (self.applies.get(key) for key in ("mw_min", "mw_max", "load_factor_min_share"))  # fmt: skip
        if low is not None and mw < low:
            return f"applies from {low:g} MW"
        if high is not None and mw > high:
            return f"applies up to {high:g} MW"
        if flat is not None and load_factor < flat:
            return f"applies from a load factor of {flat:g}"
        return ""

    def under(self, scenario: Scenario, folder: Path, refusals: Refusals | None = None, place: str = "") -> Stack:  # fmt: skip
        """The stack with the layers of a scenario in place of its own; `refusals` takes what is none."""
        heard = Refusals() if refusals is None else refusals
        changed = []
        for layer in self.layers:
            change = scenario.changes.get(layer.id)
            merged = None
            if isinstance(change, Mapping):
                record = {**_without_price(layer.record, change), **change}
                merged = read_layer(record, f"{place}{layer.id}", folder, heard)
            changed.append(layer if merged is None else merged)
        return replace(self, layers=tuple(changed), scenarios=())

    def determinants(self, shape: np.ndarray) -> dict[str, Determinants]:
        """Determinants of a shape of peak 1 kW for each layer that can be priced, once for all years."""
        found = {}
        for layer in self.layers:
            if layer.missing or layer.share is not None:
                continue
            sheet, _ = layer.charged(date(2000, 1, 1))
            found[layer.id] = sheet.determinants(
                shape, energy_price_usd_per_kwh=layer.series_usd_per_kwh, coincident_steps=_steps(layer, len(shape)),
            )  # fmt: skip
        return found

    def bills(
        self,
        shapes: Mapping[str, Determinants],
        years: Sequence[Year],
        minimum: Mapping[str, float] | None = None,
        surcharges: Iterable[tuple[float, float]] = (),
        *,
        growing: bool = True,
    ) -> Bills:
        """Bills of a contract.

        Parameters
        ----------
        shapes
            From `determinants`.
        years
            The contract year by year.
        minimum
            Component → share of contract capacity that is billed at least; `demand` is all of them.
        surcharges
            MW above which energy pays more, and how much. [MW], [USD/MWh]
        growing
            Whether layers that escalate do; without it every year is at the first one's prices.

        Notes
        -----
        Layers that cannot be priced are left out: ask `missing` first.
        """
        titles = {layer.id: self.source_of(layer) for layer in self.layers}
        book = YearBook(
            self.layers, titles, self.power_factor, shapes, years, minimum or {}, tuple(surcharges), growing,
        )  # fmt: skip
        return book.bills()

    def graded(self, usd: Mapping[str, float]) -> tuple[str, float]:
        """Worst grade among the layers that matter, and the relative standard deviation of their sum.

        Parameters
        ----------
        usd
            Layer → cost. [USD]
        """
        total = sum(usd.values())
        if not total:
            return self.grade, SIGMA[self.grade[:1]].value if self.grade[:1] in SIGMA else SIGMA["D"].value  # fmt: skip
        grades = {layer.id: (layer.grade or self.grade)[:1] for layer in self.layers}
        known = {name: grade if grade in SIGMA else "D" for name, grade in grades.items()}
        known.setdefault("terms", self.grade[:1] if self.grade[:1] in SIGMA else "D")
        heavy = [known.get(name, "D") for name, cost in usd.items() if abs(cost) >= COUNTED_FROM.value * total]  # fmt: skip
        spread = math.hypot(*(cost * SIGMA[known.get(name, "D")].value for name, cost in usd.items())) / abs(total)  # fmt: skip
        return max(heavy, default=self.grade), spread

    def source_of(self, layer: StackLayer) -> str:
        """Title of a layer's source."""
        source = layer.record.get("source")
        if isinstance(source, Mapping):
            return str(source.get("title") or "")
        return self.sources.get(str(source), str(source or ""))


def _steps(layer: StackLayer, steps: int) -> list[int] | None:
    """Steps of the load in the hours of the system's peaks."""
    if layer.hours is None:
        return None
    per_hour = max(1, steps // 8760)
    return [hour * per_hour + part for hour in layer.hours for part in range(per_hour)]


def _covers(layer: StackLayer) -> set[str]:
    """Components of a price that a layer stands for."""
    if layer.kind == "average" or layer.component == "bundled":
        return {"bundled"}
    if layer.sheet is not None and layer.sheet.service in _WHOLE:
        return {"bundled"}
    return {layer.component}


def _without_price(record: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A record without its price where a change brings another unit."""
    if read_price(change, "", Refusals()) is None:
        return dict(record)
    return {key: value for key, value in record.items() if read_price({key: value}, "", Refusals()) is None}  # fmt: skip
