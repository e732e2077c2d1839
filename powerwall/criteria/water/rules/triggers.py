"""Triggers: whether a water rule applies at a place, whether a plant reaches it, and by how much.

Every answer is yes, possible or no. What is not known makes an answer `possible`, never `no`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import pandas as pd

from powerwall.criteria.water.rules.rows import ANYWHERE, Condition, Rule, number
from powerwall.criteria.water.rules.units import figure
from powerwall.region.dates import parse_span

Answer = Literal["yes", "possible", "no"]
IN_FORCE, AGREED = "in force", "local agreement"
SILENT = frozenset({"vetoed", "superseded", "informational"})
LIMITS = frozenset({"prohibit", "cap"})  # classes that a plant is over or under
#: Parties to the Treaty on European Union (its article 52) in ISO 3166-1 codes.
EU = frozenset({
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
    "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
})  # fmt: skip
_TOWN_OF = re.compile("^(city|town|village) of ")


class Place(NamedTuple):
    """Where a site lies.

    Attributes
    ----------
    country, state
        ISO code and the state's own code; "" is unknown.
    names
        Towns and counties that it certainly lies in.
    candidates
        Those that it may lie in. Both empty: nothing is known of them.
    """

    country: str = ""
    state: str = ""
    names: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A rule at a place, against the outputs of a plant.

    Attributes
    ----------
    rule
        The rule.
    applies, reached, state
        Whether it holds here; whether its trigger is reached; both together.
    force
        `in force`, `upcoming from DATE`, `proposed`, `voluntary`, `local agreement`, or not stated.
    gates
        Whether it may put a site out: a prohibition or cap that surely applies, surely in force, and
        that was not read in the press alone.
    value, limit, unit
        Output and limit (`high`) as the rule writes them; NaN is unknown.
    value_si, limit_si
        The same in the SI unit of the metric.
    margin_share, margin_low_share
        1 - value/limit, and the smallest it may be by the band of the limit or the second metric;
        1 is nothing drawn, 0 at the limit, negative over it.
    margin_native
        Limit less value. [unit]
    unknown
        What is not known and would decide it; empty where `state` is yes or no.
    """

    rule: Rule
    applies: Answer
    reached: Answer
    state: Answer
    force: str
    gates: bool
    value: float
    limit: float
    unit: str
    value_si: float
    limit_si: float
    margin_share: float
    margin_low_share: float
    margin_native: float
    unknown: tuple[str, ...]


def evaluate(
    rule: Rule, place: Place, attributes: Mapping[str, object], outputs: Mapping[str, float], on: date
) -> Hit | None:  # fmt: skip
    """A rule at a place on a day; None for one that is vetoed, superseded or only information.

    Parameters
    ----------
    attributes
        What conditions ask of the site; absent, empty or NaN is unknown.
    outputs
        Outputs of the plant under the names of `METRICS`. [SI]
    on
        Day of the evaluation.

    Examples
    --------
    >>> cap = Rule("c", "US", metric="annual_makeup_m3", comparator="gt", low_si=100.0, high_si=100.0)
    >>> hit = evaluate(cap, Place("US"), {}, {"annual_makeup_m3": 25.0}, date(2026, 8, 22))
    >>> hit.state, hit.margin_share
    ('no', 0.75)
    """
    if rule.rule_status in SILENT:
        return None
    parts = _parts(rule, place, attributes)
    applies = _together(answer for _, answer in parts)
    reached, open_output = _reached(rule, outputs)
    state = _together((applies, reached))
    force, since = _force(rule, on)
    unknown = [name for name, answer in parts if answer == "possible"] + open_output
    value = float(outputs.get(rule.metric, math.nan))
    native = rule.native(value)
    return Hit(
        rule, applies, reached, state, force,
        rule.consequence_class in LIMITS and applies == "yes" and since and rule.checked,
        native, rule.high, rule.unit, value, rule.high_si, _share(rule, value, rule.high_si), _low_share(rule, outputs),
        rule.high - native, tuple(dict.fromkeys(unknown)) if state == "possible" else (),
    )  # fmt: skip


def information(
    rules: Iterable[Rule], place: Place, attributes: Mapping[str, object]
) -> list[tuple[Rule, Answer]]:
    """Rows of status informational that hold, or may hold, at a place; they are never triggers."""
    told = [
        (rule, _together(answer for _, answer in _parts(rule, place, attributes)))
        for rule in rules if rule.rule_status == "informational"
    ]  # fmt: skip
    return [(rule, answer) for rule, answer in told if answer != "no"]


def binding(hits: Iterable[Hit | None]) -> Hit | None:
    """The prohibition or cap that binds: of those that surely apply, the one with the smallest margin.

    Local agreements count, though they do not gate; proposed, voluntary and upcoming ones do not.
    One that gates and is reached goes before a smaller margin that may not put a site out.
    """
    sure = [hit for hit in _limiting(hits) if hit.applies == "yes"]
    known = (hit for hit in sure if not math.isnan(hit.margin_share))
    return min(known, default=None, key=lambda hit: (
        not (hit.gates and hit.reached == "yes"), hit.margin_share, not hit.gates, hit.rule.rule_id,
    ))  # fmt: skip


def lowest_possible(hits: Iterable[Hit | None]) -> Hit | None:
    """Of the prohibitions and caps in force of which something is open, the smallest possible margin.

    Open is whether it applies, what is drawn, or the limit; known margins go before unknown ones.
    """
    open_ones = [
        hit for hit in _limiting(hits)
        if hit.applies == "possible" or (hit.applies == "yes" and not hit.margin_low_share >= hit.margin_share)
    ]  # fmt: skip
    return min(open_ones, default=None, key=lambda hit: (
        math.isnan(hit.margin_low_share), hit.margin_low_share, hit.rule.rule_id,
    ))  # fmt: skip


def _limiting(hits: Iterable[Hit | None]) -> list[Hit]:
    return [
        hit for hit in hits
        if hit is not None and hit.rule.consequence_class in LIMITS and hit.force in {IN_FORCE, AGREED}
    ]  # fmt: skip


def _together(answers: Iterable[Answer]) -> Answer:
    """No if any is no, else possible if any is."""
    found = set(answers)
    return "no" if "no" in found else "possible" if "possible" in found else "yes"


def _parts(rule: Rule, place: Place, attributes: Mapping[str, object]) -> list[tuple[str, Answer]]:
    """What must hold for a rule to apply, each with its answer."""
    return [
        ("country", _country(rule.country, place.country)),
        ("state", _state(rule.state, place.state)),
        ("place", "yes" if rule.country == ANYWHERE else _town(rule.place, place)),
        *((one.name, holds(one, attributes.get(one.name))) for one in rule.conditions),
    ]


def _country(wanted: str, at: str) -> Answer:
    if wanted == ANYWHERE:
        return "yes"
    if not wanted or not at:
        return "possible"
    members = EU if wanted.upper() == "EU" else {wanted.upper()}
    return "yes" if at.upper() in members else "no"


def _state(wanted: str, at: str) -> Answer:
    same = not wanted or wanted.casefold() == at.casefold()
    return "yes" if same else "no" if at else "possible"


def _town(wanted: str, place: Place) -> Answer:
    if not wanted or town_name(wanted) in map(town_name, place.names):
        return "yes"
    unknown = not place.names and not place.candidates
    return "possible" if unknown or town_name(wanted) in map(town_name, place.candidates) else "no"


def town_name(name: str) -> str:
    """`City of Phoenix` as `phoenix`: rules name the town, layers its government."""
    return _TOWN_OF.sub("", name.strip().casefold())


def holds(condition: Condition, attribute: object) -> Answer:
    """Whether a site attribute meets a condition; unknown is possible.

    A date known to the month or year only is possible where its days fall on both sides.

    >>> holds(Condition("supplier_kind", "!=", ("municipal", "water_district")), "self")
    'yes'
    """
    text = _attribute_text(attribute)
    if not text:
        return "possible"
    if condition.operator != ">=":
        listed = text.casefold() in {value.casefold() for value in condition.values}
        return "yes" if listed == (condition.operator == "=") else "no"
    least, value = number(condition.values[0]), number(text)
    if not (math.isnan(least) or math.isnan(value)):
        return "yes" if value >= least else "no"
    try:
        day, span = parse_span(condition.values[0]).first, parse_span(text)
    except ValueError:
        return "possible"  # an attribute that is no date says nothing
    return "yes" if span.first >= day else "no" if span.last < day else "possible"


def _attribute_text(attribute: object) -> str:
    """An attribute as a table would write it; unknown is empty."""
    if attribute is None or (pd.api.types.is_scalar(attribute) and pd.isna(attribute)):
        return ""
    if isinstance(attribute, bool):
        return "yes" if attribute else "no"
    text = str(attribute).strip()
    return "" if text.casefold() == "unknown" else text


def _reached(rule: Rule, outputs: Mapping[str, float]) -> tuple[Answer, list[str]]:
    """Whether the trigger is reached, and what is not known of it."""
    if rule.comparator == "always":
        return "yes", []
    value = float(outputs.get(rule.metric, math.nan))
    if rule.comparator not in {"ge", "gt"}:
        return "possible", ["comparator"]
    if math.isnan(rule.high_si):
        return "possible", ["limit"]
    if math.isnan(value):
        return "possible", [rule.metric or "metric"]
    if _passes(rule, value, rule.high_si):
        return "yes", []
    if _passes(rule, value, rule.low_si):
        return "possible", [f"limit between {figure(rule.low)} and {figure(rule.high)} {rule.unit}"]  # fmt: skip
    if rule.alt_metric:
        other = float(outputs.get(rule.alt_metric, math.nan))
        if math.isnan(other):
            return "possible", [rule.alt_metric]
        if _passes(rule, other, rule.high_si):
            return "possible", [f"whether {rule.metric} or {rule.alt_metric} counts"]
    return "no", []


def _passes(rule: Rule, value: float, limit: float) -> bool:
    return value >= limit if rule.comparator == "ge" else value > limit


def _share(rule: Rule, value: float, limit: float) -> float:
    """Margin as a share of the limit.

    A limit of 0 leaves two answers: 1 where nothing is drawn, -1 otherwise. A prohibition without a
    limit (`always`) is -1, whatever is drawn.
    """
    if rule.comparator == "always":
        return -1.0 if rule.consequence_class == "prohibit" else math.nan
    if math.isnan(value) or math.isnan(limit):
        return math.nan
    if limit == 0:
        return 1.0 if value == 0 else -1.0
    return 1.0 - value / limit


def _low_share(rule: Rule, outputs: Mapping[str, float]) -> float:
    """Smallest margin that the band of the limit and the second metric leave open; NaN if it is unknown."""
    shares = [_share(rule, float(outputs.get(rule.metric, math.nan)), rule.low_si)]
    if rule.alt_metric:
        shares.append(_share(rule, float(outputs.get(rule.alt_metric, math.nan)), rule.high_si))
    return math.nan if any(map(math.isnan, shares)) else min(shares)


def _force(rule: Rule, on: date) -> tuple[str, bool]:
    """Where a rule stands on a day, and whether it is in force for certain."""
    if rule.rule_status not in {"in_force", "local_agreement"}:
        return rule.rule_status.replace("_", " ") or "standing not stated", False
    if rule.effective and rule.effective.first > on:
        return f"upcoming from {rule.effective_from}", False
    if rule.rule_status == "local_agreement":
        return AGREED, False
    return IN_FORCE, rule.effective is None or rule.effective.last <= on
