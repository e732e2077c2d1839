"""Check: rows of the layer `water_rules` that no trigger could be read from, each at its cell."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from powerwall.criteria.water.rules.rows import (
    LAYER,
    PROVIDERS,
    Condition,
    number,
    parse_conditions,
)
from powerwall.criteria.water.rules.triggers import town_name
from powerwall.criteria.water.rules.units import METRICS, UNIT_NAMES, Unit, to_si, unit_named
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.schema import LAYERS

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

_AGREES = 1e-9  # relative; the shipped SI limits are rounded to a millionth
_COUNTRY = re.compile("[A-Za-z]{2}")
#: What a condition may ask of a site: the words of it, or whether it is a number or a date.
_SUPPLY = LAYERS[PROVIDERS].words
ATTRIBUTES: dict[str, tuple[str, ...] | str] = {
    "supplier_kind": _SUPPLY["supplier_kind"],
    "source_kind": _SUPPLY["source_kind"],
    "deq_air_permit": ("yes", "no"),
    "floor_area_sqft": "number",
    "construction_start": "date",
}


class _Row:
    """A row of the layer, and where the findings about its cells go."""

    def __init__(self, row: Mapping[Any, Any], place: int, layer: Layer, findings: Findings) -> None:  # fmt: skip
        self._row, self._place, self._layer, self._findings = row, place, layer, findings
        self.rule_id = self.text("rule_id")

    def text(self, column: str) -> str:
        cell = self._row.get(column)
        return "" if cell is None or pd.isna(cell) else str(cell).strip()

    def add(self, code: str, column: str, message: str, remedy: str, severity: str = "error") -> None:  # fmt: skip
        at = self._layer.places(self._place, column)
        self._findings.add(code, f"{self.rule_id}: {message}", severity=severity, remedy=remedy, **at)  # fmt: skip


def check_rules(region: Region, findings: Findings) -> None:
    """Record what would make a row unreadable, or would make it never fire without saying so."""
    layer = region.layers.get(LAYER)
    if layer is None:
        return
    outlines = region.layers.frame("jurisdictions")
    towns = [] if outlines is None else [str(name) for name in outlines["name"].dropna()]
    for index, cells in layer.frame.iterrows():
        row = _Row(cells.to_dict(), int(str(index)), layer, findings)
        _check_country(row)
        _check_place(row, towns)
        _check_metrics(row)
        _check_limits(row)
        _check_conditions(row)
        if as_of := row.text("as_of"):
            _check_date(row, "as_of", as_of)


def _check_country(row: _Row) -> None:
    country = row.text("country")
    if not _COUNTRY.fullmatch(country):
        row.add("PW406", "country", f"country = `{country}` is no country",
                "write its ISO code of two letters, or EU for every member state")  # fmt: skip


def _check_place(row: _Row, towns: list[str]) -> None:
    """A place that no outline of the region has: the rule would never fire, and nobody would know."""
    place = row.text("place")
    if place and towns and town_name(place) not in map(town_name, towns):
        row.add("PW409", "place", f"place = `{place}` is no jurisdiction of this region: the rule holds nowhere in it", did_you_mean(place, towns), "warning")  # fmt: skip


def _check_metrics(row: _Row) -> None:
    metric, always = row.text("metric"), row.text("comparator") == "always"
    for column in ("metric", "alt_metric"):
        name = row.text(column)
        if name and name not in METRICS:
            row.add("PW406", column, f"{column} = `{name}` is no output of a plant", did_you_mean(name, list(METRICS)))  # fmt: skip
    if not metric and not always:
        row.add("PW406", "metric", "a limit on nothing: metric is empty", "name an output of the plant, or write comparator = always")  # fmt: skip
    second = METRICS.get(row.text("alt_metric"))
    if second and metric in METRICS and second[0] != METRICS[metric][0]:
        row.add("PW407", "alt_metric", f"{row.text('alt_metric')} is in {second[0]}, {metric} in {METRICS[metric][0]}",
                "both are compared with the same limit: take one of its unit")  # fmt: skip


def _check_limits(row: _Row) -> None:
    """Limits that are none, in order, and in a unit of the metric."""
    limits: dict[str, float] = {}
    for column in ("low", "high", "low_si", "high_si"):
        text = row.text(column)
        limits[column] = number(text)
        if text and not math.isfinite(limits[column]):
            row.add("PW401", column, f"{column} = `{text}` is not a number", "write the number alone, with a point for decimals")  # fmt: skip
            return
        if limits[column] < 0:
            row.add("PW402", column, f"{column} = {text} is negative", "a limit is 0 or more")
    given = [column for column, value in limits.items() if not math.isnan(value)]
    if row.text("comparator") == "always":
        _check_always(row, limits, given)
        return
    if not given:
        row.add("PW402", "low", "no limit: low and high are empty", "write the limit, or comparator = always")  # fmt: skip
        return
    _check_order(row, limits, given)
    if unit := _unit(row, native="low" in given or "high" in given):
        _check_si(row, limits, unit)


def _check_always(row: _Row, limits: Mapping[str, float], given: list[str]) -> None:
    if given:
        row.add("PW402", given[0], f"comparator = always has a limit, {given[0]} = {limits[given[0]]:g}", "write ge or gt, or empty the limits")  # fmt: skip
    if row.text("consequence_class") == "cap":
        row.add("PW402", "comparator", "a cap that always holds has no limit", "write gt and the cap")  # fmt: skip


def _check_order(row: _Row, limits: Mapping[str, float], given: list[str]) -> None:
    if row.text("comparator") == "ge" and max(limits[column] for column in given) == 0:
        row.add("PW402", given[0], "0 or more is reached by whoever draws nothing", "write comparator = gt, or always")  # fmt: skip
    for low, high in (("low", "high"), ("low_si", "high_si")):
        if limits[low] > limits[high]:
            row.add("PW402", low, f"{low} = {limits[low]:g} is over {high} = {limits[high]:g}", "the lower end stands in low")  # fmt: skip


def _unit(row: _Row, *, native: bool) -> Unit | None:
    """Unit of the limits of a row; None where it has none that fits, which is then a finding."""
    column = "unit" if native or row.text("unit") else "unit_si"
    name, metric = row.text(column), METRICS.get(row.text("metric"))
    fitting = [unit for unit, si in UNIT_NAMES.items() if metric is None or si == metric[0]]
    if not name:
        if native:
            row.add("PW407", "unit", "a limit without a unit", f"write one of {', '.join(fitting)}")
        return None
    unit = unit_named(name)
    if unit is None:
        row.add("PW407", column, f"`{name}` is not a unit of a water rule", did_you_mean(name, fitting))  # fmt: skip
    elif metric and unit.si != metric[0]:
        row.add("PW407", column, f"{unit.name} is not a unit of {row.text('metric')}, which is in {metric[0]}", f"write one of {', '.join(fitting)}")  # fmt: skip
        return None
    return unit


def _check_si(row: _Row, limits: Mapping[str, float], unit: Unit) -> None:
    """Limits that stand twice, in the rule's own unit and in SI, must be the same."""
    for end in ("low", "high"):
        native, stated = limits[end], limits[f"{end}_si"]
        if math.isnan(native) or math.isnan(stated):
            continue
        exact = to_si(native, unit)
        if not math.isclose(exact, stated, rel_tol=_AGREES, abs_tol=0.0):
            row.add("PW402", f"{end}_si", f"{end}_si = {stated:.12g} is not {native:g} {unit.name}, which is {exact:.12g} {unit.si}",
                    f"write {exact:.12g}, or leave {end}_si empty")  # fmt: skip


def _check_conditions(row: _Row) -> None:
    try:
        conditions = parse_conditions(row.text("condition"))
    except ValueError as error:
        code = "PW408" if error.__cause__ else "PW406"  # a date that is none has a cause
        row.add(code, "condition", f"condition: {error}", "several are joined by `;`, e.g.  supplier_kind=municipal;floor_area_sqft>=10000")  # fmt: skip
        return
    for condition in conditions:
        _check_condition(row, condition)


def _check_condition(row: _Row, condition: Condition) -> None:
    """Attributes and words that no site has: the rule would stay possible, or never fire."""
    known = ATTRIBUTES.get(condition.name)
    if known is None:
        row.add("PW406", "condition", f"condition: `{condition.name}` is not known of a site", did_you_mean(condition.name, list(ATTRIBUTES)))  # fmt: skip
    elif condition.operator == ">=":
        if not isinstance(known, str):
            row.add("PW406", "condition", f"condition: {condition.name} holds words, which are not ordered", f"write {condition.name}={condition.values[0]}")  # fmt: skip
        elif known == "date":
            _check_date(row, "condition", condition.values[0])
        elif math.isnan(number(condition.values[0])):
            row.add("PW401", "condition", f"condition: {condition.name} >= `{condition.values[0]}` is not a number", "write a number")  # fmt: skip
    elif isinstance(known, str):
        row.add("PW406", "condition", f"condition: {condition.name} is a {known}", f"write {condition.name}>={condition.values[0]}")  # fmt: skip
    else:
        for word in condition.values:
            if word not in known:
                row.add("PW406", "condition", f"condition: `{word}` is no word of {condition.name}", did_you_mean(word, known))  # fmt: skip


def _check_date(row: _Row, column: str, text: str) -> None:
    try:
        parse_span(text)
    except ValueError as error:
        row.add("PW408", column, f"{column}: {error}", "write YYYY, YYYY-MM or YYYY-MM-DD")
