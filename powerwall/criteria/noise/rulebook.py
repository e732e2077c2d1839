"""Rulebook: which recorded rules hold in each authority, and which of them count on the day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.flags import Flag
from powerwall.criteria.noise.rules.check import usable
from powerwall.criteria.noise.rules.hours import DAY, NIGHT, TEST, overlaps, week_mask
from powerwall.criteria.noise.rules.rows import NoiseRule, rule_from_record
from powerwall.criteria.noise.rules.standing import counts
from powerwall.criteria.noise.states import DAY as BY_DAY
from powerwall.criteria.noise.states import NIGHT as AT_NIGHT
from powerwall.criteria.noise.states import TEST as TESTED
from powerwall.region.joins import LOCALITY
from powerwall.region.layers import Layers
from powerwall.region.request import Request

LAYER = "noise_rules"
#: Kinds of rules that limit a level at a receptor.
LEVELS = frozenset({"absolute", "background_plus", "emergence", "no_increase"})
#: Kinds that take the level without the campus.
RELATIVE = LEVELS - {"absolute"}
OWN_BOUNDARY = frozenset({"source_property_line", "site_boundary", "bounding_lot_line"})
_PROPERTY_LINE = frozenset({
    "", "unknown", "property_line", "receiver_property_line", "receiving_land_any_point", "oregon_point",
})  # fmt: skip
_FACADE = frozenset({"facade", "facade_0_5_m_open_window", "noise_sensitive_location"})
_FACADE_HEIGHT_M, _OUTDOOR_HEIGHT_M = 4.0, 1.5
_WIDE = 1  # rank of a state; what it sets holds in every place below it


@dataclass(frozen=True)
class Rulebook:
    """Rules by authority.

    Attributes
    ----------
    counted, shown
        Authority → rules that count on the day; all that are recorded there. A rule of a wider
        authority stands under the name of the one that it is looked up in.
    masks
        Rule id → hours of a week and a holiday in which a counted rule is active.
    """

    counted: Mapping[str, tuple[NoiseRule, ...]]
    shown: Mapping[str, tuple[NoiseRule, ...]]
    masks: Mapping[str, np.ndarray] = field(repr=False, default_factory=dict)

    def of(self, authority: str | None) -> tuple[NoiseRule, ...]:
        """Rules that count in an authority; none where it is unknown."""
        return self.counted.get(authority or "", ())

    def at(self, rule: NoiseRule, period: str) -> bool:
        """Tell whether a rule holds at some hour of the day (06–22) or of the night (22–06)."""
        return overlaps(self.masks[rule.rule_id], NIGHT if period == "night" else DAY)

    def state(self, rule: NoiseRule, period: str) -> str:
        """Loudest operating state that a rule meets in a period: a test, where one falls into its hours."""
        when = NIGHT if period == "night" else DAY
        own = rule.exempt.split()
        tests, exempt = self._tests(rule.jurisdiction_id)
        tested = overlaps(self.masks[rule.rule_id] & when, tests) and not exempt and "generator_test" not in own  # fmt: skip
        return TESTED if tested else AT_NIGHT if period == "night" else BY_DAY

    def _tests(self, authority: str) -> tuple[np.ndarray, bool]:
        """Hours in which an authority lets standby sets be tested, and whether limits exempt that."""
        windows = [rule for rule in self.of(authority) if rule.kind == "generator_window"]
        if not windows:
            return TEST, False
        hours = np.any([self.masks[rule.rule_id] for rule in windows], axis=0)
        return hours, any("generator_test" in rule.exempt.split() for rule in windows)


def rulebook(layers: Layers, request: Request) -> Rulebook:
    """Rules of the region, and shipped ones for the authorities of which it records none."""
    frame, places = layers.frame(LAYER), _places(layers)
    own: dict[str, list[NoiseRule]] = {}
    for rule in [] if frame is None else usable(frame, by_fips(layers)):
        own.setdefault(rule.jurisdiction_id, []).append(rule)
    shown: dict[str, tuple[NoiseRule, ...]] = {}
    for name in dict.fromkeys([*own, *places]):
        rules = own.get(name) or _shipped_for(places.get(name, {}), name)
        above = [replace(rule, jurisdiction_id=name) for wide in _wider(name, places) for rule in own.get(wide, [])]  # fmt: skip
        shown[name] = tuple(dict.fromkeys([*rules, *above]))
    also = frozenset(request.noise.count)
    counted = {
        name: tuple(rule for rule in rules if counts(rule, request.as_of, also)) for name, rules in shown.items()
    }  # fmt: skip
    return Rulebook(counted, shown, _masks(distinct(rule for rules in counted.values() for rule in rules)))  # fmt: skip


def _places(layers: Layers) -> dict[str, dict[Any, Any]]:
    """Outlines by authority, without their geometry."""
    outlines = layers.frame("jurisdictions")
    if outlines is None:
        return {}
    rows = outlines.drop(columns="geometry", errors="ignore").to_dict("records")
    return {str(row["jurisdiction_id"]): row for row in rows}


def by_fips(layers: Layers) -> dict[str, str]:
    """FIPS code of a county → its authority, as far as the outlines tell."""
    counties = [(row.get("county_fips"), name, row.get("kind")) for name, row in _places(layers).items()]  # fmt: skip
    return {str(fips): name for fips, name, kind in counties if isinstance(fips, str) and kind == "county"}  # fmt: skip


def _masks(rules: list[NoiseRule]) -> dict[str, np.ndarray]:
    by_set: dict[tuple[str, str], list[NoiseRule]] = {}
    for rule in rules:
        by_set.setdefault((rule.jurisdiction_id, rule.rule_set), []).append(rule)
    return {rule.rule_id: week_mask(rule, group) for group in by_set.values() for rule in group}


def _wider(name: str, places: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """State and country above an authority, as far as the outlines tell."""
    found, at = [], places.get(name, {}).get("parent_id")
    while isinstance(at, str) and at in places and at not in found:
        if LOCALITY.get(str(places[at].get("kind")), 3) <= _WIDE:
            found.append(at)
        at = places[at].get("parent_id")
    return found


def _shipped_for(place: Mapping[str, Any], name: str) -> tuple[NoiseRule, ...]:
    """Shipped rules of the authority of this name and state, of its whole country, and for a county of its state."""
    if not place:
        return ()
    country, state = name.split("-", maxsplit=1)[0].upper(), str(place.get("state") or "")
    here, told = f"{country}-{state}", str(place.get("name")).casefold()
    # a town may have a stricter rule of its own, which nobody looked for
    wide = LOCALITY.get(str(place.get("kind")), 3) <= LOCALITY["county"]
    fits = [
        rule for rule in _shipped()
        if rule.country == country and (
            not rule.subdivision or (rule.subdivision == here and (rule.jurisdiction.casefold() == told or (wide and _STATEWIDE.match(rule.jurisdiction))))
        )
    ]  # fmt: skip
    return tuple(replace(rule, jurisdiction_id=name) for rule in fits)


_STATEWIDE = re.compile("(State|Commonwealth) of ")


@cache
def _shipped() -> tuple[NoiseRule, ...]:
    return tuple(rule_from_record(row) for row in fact_table(LAYER).to_dict("records"))


def receiver_height_m(rule: NoiseRule) -> float:
    """Height at which a rule is measured: 4 m at a façade, 1.5 m outdoors. [m]"""
    return _FACADE_HEIGHT_M if rule.assess_at in _FACADE else _OUTDOOR_HEIGHT_M


def measured_at_line(rule: NoiseRule) -> bool:
    """Tell whether a rule is measured at the receptor's property line."""
    return rule.assess_at in _PROPERTY_LINE


def flags_of(rule: NoiseRule) -> Flag:
    """What is special about a rule, wherever it binds."""
    found = Flag(0)
    told = {
        Flag.RULE_SECONDARY: rule.status in {"secondary", "approximate"},
        Flag.RULE_UNVERIFIED: rule.status == "unverified",
        Flag.RULE_STATUS_UNKNOWN: rule.rule_status == "unknown",
        Flag.RULE_NOT_IN_FORCE: rule.rule_status not in {"in_force", "pending", "unknown"},
        Flag.ASSESS_AT_ASSUMED: rule.assess_at in {"", "unknown"},
        Flag.HOURS_ASSUMED: rule.hours_assumed,
        Flag.NO_INCREASE_CONVENTION: rule.kind == "no_increase",
        Flag.LMAX_FROM_LEQ: rule.metric == "LAmax",
        Flag.WORST_HOUR_FOR_ANNUAL: rule.metric == "Lnight",
        Flag.EXTRAPOLATED_31_HZ: rule.metric == "octave" and not np.isnan(rule.limit_31_5_hz_db),
    }  # fmt: skip
    for flag, holds in told.items():
        found |= flag if holds else Flag(0)
    return found


def distinct(rules: Iterable[NoiseRule]) -> list[NoiseRule]:
    """Rules of several authorities, each once, in order."""
    return list({rule.rule_id: rule for rule in rules}.values())
