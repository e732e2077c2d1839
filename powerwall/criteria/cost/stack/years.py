"""Years: the bills of a stack over the years of a contract, layer by layer and in their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from powerwall.criteria.cost.stack.bills import Bills, Year, demand_minimum
from powerwall.criteria.cost.stack.layer import StackLayer
from powerwall.criteria.cost.tariff.bill import Tariff
from powerwall.criteria.cost.tariff.calendar import MONTHS
from powerwall.criteria.cost.tariff.charges import Line, Surcharge
from powerwall.criteria.cost.tariff.determinants import Determinants, Taken
from powerwall.criteria.cost.tariff.peaks import AnnualPeak
from powerwall.criteria.cost.tariff.refusal import refuse

_ENERGY = {"usd", "energy_usd", "fuel_adjustment_usd"}


@dataclass
class YearBook:
    """The bills of some layers for one load over the years of a contract.

    Attributes
    ----------
    layers, titles
        What is billed; id of a layer → title of its source.
    shapes, power_factor
        Determinants of each layer for a shape of peak 1 kW, and the load's power factor.
    years, minimum, surcharges, growing
        As in `Stack.bills`.
    """

    layers: Sequence[StackLayer]
    titles: Mapping[str, str]
    power_factor: float | None
    shapes: Mapping[str, Determinants]
    years: Sequence[Year]
    minimum: Mapping[str, float]
    surcharges: tuple[tuple[float, float], ...]
    growing: bool = True

    def __post_init__(self) -> None:
        self._usd: dict[str, np.ndarray] = {}
        self._lines: dict[str, dict[str, str]] = {}
        self._shortfall = np.zeros(len(self.years))
        self._held: list[str] = []

    def bills(self) -> Bills:
        """All years: metered charges, riders on layers, minimum bills, surcharges, taxes."""
        priced = [layer for layer in self.layers if not layer.missing]
        for layer in priced:
            if layer.share is None and layer.kind not in {"minimum", "tax", "surcharge"}:
                self._meter(layer)
        for layer in in_order(
            [one for one in priced if one.share is not None and one.kind != "tax"]
        ):
            self._of_others(layer)
        for layer in [one for one in priced if one.kind == "minimum"]:
            self._least(layer)
        for layer in [one for one in priced if one.kind == "surcharge"]:
            self._meter(layer)
        self._surcharge()
        for layer in [one for one in priced if one.kind == "tax"]:
            self._meter(layer) if layer.share is None else self._of_others(layer)
        lines = pd.DataFrame.from_dict(self._lines, orient="index").rename_axis("column")
        return Bills(self._usd, lines, self._mwh(), self._shortfall, tuple(dict.fromkeys(self._held)))  # fmt: skip

    def _mwh(self) -> np.ndarray:
        any_shape = next(iter(self.shapes.values()), None)
        energy = np.zeros(MONTHS) if any_shape is None else any_shape.energy_kwh
        return np.array([energy * year.metered_kw / 1000 for year in self.years])

    def _add(self, column: str, usd: np.ndarray, line: Line, layer: StackLayer | None) -> None:
        before = self._usd.get(column)
        self._usd[column] = usd if before is None else before + usd
        status = layer.status if layer is not None else "terms"
        self._lines.setdefault(column, {**line._asdict(), "status": status})

    def _meter(self, layer: StackLayer) -> None:
        """Charges of a layer on what the load takes."""
        share = demand_minimum(layer, self.minimum)
        share = 0.0 if math.isnan(share) else share
        growth = 1 + float(layer.record.get("escalation_per_year") or 0.0)
        before: list[Taken] = []
        columns: dict[str, np.ndarray] = {}
        last: tuple[Tariff, dict[str, np.ndarray], np.ndarray] | None = None
        for at, year in enumerate(self.years):
            sheet, held = layer.charged(year.start)
            if held:
                self._held.append(layer.id)
            if last is not None and last[0] == sheet and self._settled(at, sheet):
                before.append(before[-1])
            else:
                last = (sheet, *self._billed(layer, sheet, share, at, before))
            scale = layer.window.months(year.start) * (growth**at if self.growing else 1.0)
            for name, usd in last[1].items():
                columns.setdefault(name, np.zeros((len(self.years), MONTHS)))[at] = usd * scale
            self._shortfall[at] += float((last[2] * scale).sum())
        self._book(layer, columns)

    def _settled(self, at: int, sheet: Tariff) -> bool:
        """Whether a year, and all that it looks back on, is like the year before it."""
        lags = [c.lag_years for c in sheet.charges if isinstance(c, AnnualPeak)]
        back = max([1, *lags]) + 1
        if at < back:
            return False
        some = self.years[at - back : at + 1]
        alike = (year.metered_kw is some[0].metered_kw or np.array_equal(year.metered_kw, some[0].metered_kw) for year in some)  # fmt: skip
        return all(year.contract_kw == some[0].contract_kw for year in some) and all(alike)

    def _billed(
        self, layer: StackLayer, sheet: Tariff, share: float, at: int, before: list[Taken]
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Columns of one year, and what of each month is due for power not taken; `before` grows."""
        year = self.years[at]
        taken = self._taken(layer, sheet, year, before, 0.0, at)
        metered = _rows(sheet.columns(taken))
        found = metered
        if share and layer.component != "energy":
            raised, floor = _at_least(sheet, share), share * year.contract_kw
            found = _rows(raised.columns(self._taken(layer, raised, year, before, floor, at)))
        before.append(taken)
        short = sum((usd - metered[name] for name, usd in found.items()), np.zeros(MONTHS))
        if share and layer.component == "energy":
            take = self._energy_take(layer, sheet, year, share)
            return {**found, "take_usd": take}, take
        return found, short

    def _book(self, layer: StackLayer, columns: Mapping[str, np.ndarray]) -> None:
        sheet, _ = layer.charged(self.years[0].start)
        source = self.titles[layer.id]
        lines = sheet.lines if set(columns) - {"usd"} else None
        for name, usd in columns.items():
            single = lines is None or name == "usd"
            line = layer.line(source) if single else self._line_of(lines, name, layer, source)
            self._add(f"{layer.id}_{name}", usd, line, layer)

    @staticmethod
    def _line_of(lines: pd.DataFrame, name: str, layer: StackLayer, source: str) -> Line:
        """Line of a column of a sheet that has several."""
        if name == "take_usd":
            return Line("energy", "energy not taken", layer.line(source).rate, layer.id, source)
        row = lines.loc[[name]].iloc[0]
        own = str(row["component"])
        component = own if own in {"fixed", "rider", "energy"} or layer.component == "bundled" else layer.component  # fmt: skip
        return Line(component, str(row["determinant"]), str(row["rate"]), layer.id, source)

    def _taken(
        self, layer: StackLayer, sheet: Tariff, year: Year, before: Sequence[Taken], floor: float, at: int
    ) -> Taken:  # fmt: skip
        """What the load takes in a year, and what earlier years leave behind."""
        prior = before[-1].peak_kw[:, 0] if before else None
        earlier = {}
        for charge in sheet.charges:
            if isinstance(charge, AnnualPeak) and charge.lag_years:
                past = at - charge.lag_years
                earlier[charge.column] = (
                    float(charge.metered_kw(before[past])[0]) if past >= 0 else _first(charge, year)
                )
        return sheet.taken(
            self.shapes[layer.id], year.metered_kw[:, None], prior_peak_kw=prior, minimum_demand_kw=floor,
            power_factor=self.power_factor, coincidence_share=layer.record.get("coincidence_share"),
            contract_kw=year.contract_kw, earlier_kw=earlier,
        )  # fmt: skip

    def _energy_take(self, layer: StackLayer, sheet: Tariff, year: Year, share: float) -> np.ndarray:  # fmt: skip
        """Cost of energy that the terms ask to be taken and that is not. [USD]; 12"""
        unit = self.shapes[layer.id]
        due = share * year.contract_kw * unit.energy_kwh
        short = np.maximum(0.0, due - unit.energy_kwh * year.metered_kw)
        one = sheet.taken(
            unit, np.ones((1, 1)), power_factor=self.power_factor, coincidence_share=layer.record.get("coincidence_share"),
        )  # fmt: skip
        columns = _rows(sheet.columns(one))
        price = sum((usd for name, usd in columns.items() if name in _ENERGY), np.zeros(MONTHS))
        return price / unit.energy_kwh * short

    def _of_others(self, layer: StackLayer) -> None:
        """A share of other layers, or of the whole bill so far."""
        charge = layer.as_share(self.titles[layer.id])
        if charge is None:
            return
        taxes = {one.id for one in self.layers if one.kind == "tax"}
        sums: dict[str, np.ndarray] = {}
        for column, usd in self._usd.items():
            owner = self._lines[column]["layer"]
            if owner not in taxes or owner in charge.on:  # a tax on a tax says so by its name
                sums[owner] = sums.get(owner, 0.0) + usd
        inside = np.array([layer.window.months(year.start) for year in self.years])
        self._add(f"{layer.id}_usd", charge.usd_of(sums, inside.shape) * inside, charge.line, layer)

    def _least(self, layer: StackLayer) -> None:
        """A minimum bill on everything before it."""
        subtotal = sum(self._usd.values(), np.zeros((len(self.years), MONTHS)))
        added = [
            layer.as_minimum(year.start).usd(month[:, None])[:, 0] * layer.window.months(year.start)
            for year, month in zip(self.years, subtotal, strict=True)
        ]
        self._add(f"{layer.id}_usd", np.array(added), layer.line(self.titles[layer.id]), layer)  # fmt: skip

    def _surcharge(self) -> None:
        """Energy above some MW, as the large-load terms ask."""
        for above_mw, usd_per_mwh in self.surcharges:
            line = Line("surcharge", f"kWh above {above_mw:g} MW", f"{usd_per_mwh:g} USD/MWh", "terms")  # fmt: skip
            charge = Surcharge(usd_per_mwh / 1000, 1000 * above_mw, line, "usd")
            shape = next(iter(self.shapes.values()))
            sheet = Tariff(charges=(charge,))
            usd = [charge.usd(sheet.taken(shape, year.metered_kw[:, None]))[:, 0] for year in self.years]  # fmt: skip
            self._add("surcharge_usd", np.array(usd), line, None)


def in_order(shares: list[StackLayer]) -> list[StackLayer]:
    """Shares after the layers that they are taken of, those of the whole bill last.

    Raises
    ------
    TariffRefusal
        If each of some is taken of another of them.
    """
    found: list[StackLayer] = []
    left = sorted(shares, key=lambda layer: "*" in layer.on)
    while left:
        waiting = {layer.id for layer in left}
        ready = [layer for layer in left if not waiting & set(layer.on)]
        if not ready:
            raise refuse("bad-layer", "layers", f"{', '.join(sorted(waiting))} are taken of one another", "let one be taken of a charge")  # fmt: skip
        found += ready
        left = [layer for layer in left if layer not in ready]
    return found


def _rows(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns of one load as twelve numbers each."""
    return {name: np.broadcast_to(usd, (MONTHS, 1))[:, 0] for name, usd in columns.items()}


def _first(charge: AnnualPeak, year: Year) -> float:
    """Demand that is charged before there are peaks. [kW]"""
    if charge.first_year == "contract":
        return year.contract_kw
    return 1000 * float(charge.first_year) if isinstance(charge.first_year, int | float) else 0.0


def _at_least(sheet: Tariff, share: float) -> Tariff:
    """The sheet whose charges at the system's peaks have at least a minimum share."""
    charges = tuple(
        replace(charge, minimum_share=max(charge.minimum_share, share)) if isinstance(charge, AnnualPeak) else charge
        for charge in sheet.charges
    )  # fmt: skip
    return replace(sheet, charges=charges)
