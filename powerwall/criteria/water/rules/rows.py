"""Water rules: dated triggers on what a plant draws, consumes or discharges, read from rows.

A row is one trigger of one rule. The shipped ones stand in `facts/water_rules.csv`; a region's
layer `water_rules` adds to them, and a row with the id of a shipped one stands in its place.
Whether a trigger is reached at a site is the business of `triggers.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.facts import fact_table
from powerwall.criteria.water.rules.units import METRICS, from_si, to_si, unit_named
from powerwall.region.dates import Span, parse_span

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

LAYER = "water_rules"
PROVIDERS = "water_systems"
ANYWHERE = "*"  # the country of a rule that follows its provider, not a border

_CONDITION = re.compile(r"([A-Za-z]\w*)\s*(!=|>=|=)\s*([^=<>!]+)")


class Condition(NamedTuple):
    """One comparison of a site attribute: `=` and `!=` with several words, `>=` with one value."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One trigger.

    Attributes
    ----------
    rule_id, country, state, place, applies_to
        Which rule, and where and on whom; an empty state or place is no restriction.
    metric, alt_metric
        Outputs compared with the limit: the first decides, the second makes it `possible`.
    comparator
        `ge`, `gt` or `always`; "" is unknown.
    low, high, unit
        Limits as the rule writes them: certainly reached from `high`, possibly from `low`.
    low_si, high_si
        The same in the SI unit of the metric; NaN is unknown.
    conditions
        All of them must hold.
    consequence_class, consequence
        What follows, as a class and in words.
    effective_from, effective
        First day as written, and as a span; None where none is stated.
    rule_status, evidence, status
        Where the rule stands; what was read of it; how well the row is checked.
    source, url, as_of, note, layer
        Provenance; `layer` is "" for a shipped row.
    """

    rule_id: str
    country: str
    state: str = ""
    place: str = ""
    applies_to: str = ""
    metric: str = ""
    alt_metric: str = ""
    comparator: str = ""
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    low_si: float = math.nan
    high_si: float = math.nan
    conditions: tuple[Condition, ...] = ()
    consequence_class: str = ""
    consequence: str = ""
    effective_from: str = ""
    effective: Span | None = None
    rule_status: str = ""
    evidence: str = ""
    status: str = ""
    source: str = ""
    url: str = ""
    as_of: str = ""
    note: str = ""
    layer: str = ""

    @property
    def checked(self) -> bool:
        """Tell whether the evidence is good enough to put a site out: text or official page, or a second hand."""
        if self.status in {"unverified", "approximate"} or self.evidence == "press":
            return False
        return bool(self.evidence or self.status)

    def native(self, value_si: float) -> float:
        """A value in the rule's own unit; as it is where the rule has none."""
        unit = unit_named(self.unit)
        return value_si if unit is None else from_si(value_si, unit)


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Conditions joined by `;`, each `name=v|w`, `name!=v|w` or `name>=x`.

    Raises
    ------
    ValueError
        If a part is none of the three, or `>=` has other than one number or date.

    Examples
    --------
    >>> parse_conditions("supplier_kind!=municipal|water_district")
    (Condition(name='supplier_kind', operator='!=', values=('municipal', 'water_district')),)
    """
    return tuple(_condition(part.strip()) for part in text.split(";")) if text.strip() else ()


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    values = tuple(value.strip() for value in match[3].split("|")) if match else ()
    if match is None or not all(values):
        raise ValueError(f"`{text}` is no condition: write name=v|w, name!=v|w or name>=x")
    if match[2] == ">=":
        if len(values) > 1:
            raise ValueError(f"`{text}`: >= takes one value")
        try:
            if not math.isfinite(number(values[0])):
                parse_span(values[0])
        except ValueError as error:
            raise ValueError(f"`{text}`: {error}") from error
    return Condition(match[1], match[2], values)


def number(text: str) -> float:
    """A number as text writes it; NaN for anything else."""
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def read_rules(frame: pd.DataFrame, layer: str = "") -> list[Rule]:
    """Rules of a table with the columns of the layer `water_rules`, in the order of their ids.

    Parameters
    ----------
    frame
        One row a trigger; `source_title` or `source` names where it comes from.
    layer
        Layer that the rows belong to, "" for the shipped ones.

    Raises
    ------
    ValueError
        If a row has a limit, unit, date or condition that cannot be read.
    """
    rules = [_rule(row, layer) for row in frame.to_dict("records")]
    return sorted(rules, key=lambda rule: rule.rule_id)


def rules_in(layers: Layers) -> list[Rule]:
    """Shipped rules with those of a region over them: the same id replaces, others are added."""
    rules = {rule.rule_id: rule for rule in read_rules(fact_table(LAYER))}
    frame = layers.frame(LAYER)
    if frame is not None:
        rules |= {rule.rule_id: rule for rule in read_rules(frame, LAYER)}
    return [rules[name] for name in sorted(rules)]


_DECLARED = {
    "cap_m3_per_day": ("max_day_makeup_m3", "", "gt", "cap", "most that the provider delivers in a day"),
    "cap_m3_per_year": ("annual_makeup_m3", "", "gt", "cap", "most that the provider delivers in a year"),
    "sewer_cap_m3_per_day": ("max_day_discharge_m3", "", "gt", "cap", "most that the sewer takes in a day"),
    "permit_trigger_m3_per_day": ("avg_day_makeup_m3", "max_day_makeup_m3", "ge", "permit", "review by the provider"),
}  # fmt: skip


def provider_rules(row: Mapping[str, Any]) -> list[Rule]:
    """Caps and the permit trigger that a row of `water_systems` declares, as rules.

    They hold for whoever the provider serves, in force unless `cap_status` has another word (a cap
    agreed with one operator is a `local_agreement`). An empty cell is no rule: it is not known.
    """
    own = _text(row, "water_area_id")
    about: dict[str, Any] = {
        "source": _text(row, "source_title"), "url": _text(row, "source_url"), "as_of": _text(row, "as_of"),
        "status": _text(row, "status"), "layer": PROVIDERS,
    }  # fmt: skip
    rules = []
    for column, (metric, alternative, comparator, consequence_class, words) in _DECLARED.items():
        limit = _cell_number(row, column)
        if math.isnan(limit):
            continue
        trigger = consequence_class == "permit"
        rules.append(Rule(
            f"{own}:{column}", ANYWHERE, place=_text(row, "name"), metric=metric, alt_metric=alternative, comparator=comparator,
            low=limit, high=limit, unit=METRICS[metric][0], low_si=limit, high_si=limit, consequence_class=consequence_class,
            consequence=(_text(row, "permit_trigger") if trigger else "") or words,
            rule_status="in_force" if trigger else _text(row, "cap_status") or "in_force", **about,
        ))  # fmt: skip
    return rules


def _rule(row: Mapping[Any, Any], layer: str) -> Rule:
    try:
        low, high, unit, low_si, high_si = _limits(row)
        effective_from = _text(row, "effective_from")
        words: dict[str, Any] = {
            name: _text(row, name)
            for name in ("country", "state", "place", "applies_to", "metric", "alt_metric", "comparator", "consequence_class",
                         "consequence", "rule_status", "evidence", "status", "as_of", "note")
        }  # fmt: skip
        return Rule(
            _text(row, "rule_id"), **words, low=low, high=high, unit=unit, low_si=low_si, high_si=high_si,
            conditions=parse_conditions(_text(row, "condition")),
            effective_from=effective_from, effective=parse_span(effective_from) if effective_from else None,
            source=_text(row, "source_title") or _text(row, "source"), url=_text(row, "source_url"), layer=layer,
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{_text(row, 'rule_id')}: {error}") from error


def _limits(row: Mapping[Any, Any]) -> tuple[float, float, str, float, float]:
    """Limits of a row: native, their unit, SI. A missing end is the other one."""
    low, high = _either(_cell_number(row, "low"), _cell_number(row, "high"))
    low_si, high_si = _either(_cell_number(row, "low_si"), _cell_number(row, "high_si"))
    metric = METRICS.get(_text(row, "metric"))
    name = _text(row, "unit")
    if not name and math.isnan(low):
        name = _text(row, "unit_si") or (metric[0] if metric else "")
    unit = unit_named(name)
    if unit is None:
        if name or not math.isnan(low):
            raise ValueError(f"`{name}` is not a unit of a water rule" if name else "a limit without a unit")  # fmt: skip
        return low, high, "", low_si, high_si
    if metric and unit.si != metric[0]:
        raise ValueError(f"{unit.name} is not a unit of {_text(row, 'metric')}, which is in {metric[0]}")  # fmt: skip
    if math.isnan(low_si):
        low_si, high_si = to_si(low, unit), to_si(high, unit)
    elif math.isnan(low):
        low, high = from_si(low_si, unit), from_si(high_si, unit)
    return low, high, unit.name, low_si, high_si


def _either(low: float, high: float) -> tuple[float, float]:
    return (high if math.isnan(low) else low), (low if math.isnan(high) else high)


def _text(row: Mapping[Any, Any], column: str) -> str:
    """A cell as text; missing is empty."""
    cell = row.get(column)
    return "" if cell is None or pd.isna(cell) else str(cell).strip()


def _cell_number(row: Mapping[Any, Any], column: str) -> float:
    """A cell as a finite number; missing is NaN.

    Raises
    ------
    ValueError
        If it holds something else.
    """
    text = _text(row, column)
    value = number(text)
    if text and not math.isfinite(value):
        raise ValueError(f"{column} = `{text}` is not a number")
    return value
