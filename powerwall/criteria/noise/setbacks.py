"""Setbacks: the distance that noise limits ask for, and what is left of a distance that a rule sets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.noise.campus import setback_distance
from powerwall.criteria.noise.exposure import REACH_M, Exposure
from powerwall.criteria.noise.propagation.bands import BANDS_HZ
from powerwall.criteria.noise.receptors import PERIODS
from powerwall.criteria.noise.rulebook import LAYER, LEVELS, distinct, receiver_height_m
from powerwall.criteria.noise.rules.classes import matches
from powerwall.criteria.noise.rules.rows import NoiseRule
from powerwall.criteria.noise.scene import Scene
from powerwall.criteria.noise.states import NIGHT, Campus

REFERENCE_DBA = Parameter(
    45.0, "dB(A)", 40, 50, "WHO Guidelines for Community Noise 1999: 45 dB(A) at night outside homes"
)  # fmt: skip
#: What a distance rule protects, in its own words → whether a layer knows where that is.
_HOMES = frozenset({
    "", "home", "homes", "residence", "residences", "residential", "dwelling", "residential_lot_line", "residential_zone",
})  # fmt: skip


class Keep(NamedTuple):
    """Distance that a limit asks for, and the limit; inf is farther than the tables go. [m]"""

    metres: float
    period: str
    rule: NoiseRule


def keeps(one: Scene, campus: Campus, authorities: tuple[str, ...]) -> list[Keep]:
    """Distance from the centre that each level rule for homes of some authorities asks for, the largest first.

    Rules over a level that is there without the campus have no distance of their own: left out.
    """
    found = []
    rules = distinct(rule for name in authorities for rule in one.book.of(name))
    for period in PERIODS:
        for rule in rules:
            if (
                rule.kind not in LEVELS
                or not one.book.at(rule, period)
                or not matches(rule.receptor_class, "residential")
            ):
                continue
            limit = one.limit(rule, None)
            if not np.isfinite(limit).any():
                continue
            state = one.book.state(rule, period)
            found.append(Keep(distance_under(campus, rule, state, limit), period, rule))
    return sorted(found, key=lambda keep: (-keep.metres, keep.period == "day"))


def distance_under(campus: Campus, rule: NoiseRule, state: str, limit_db: Any) -> float:
    """Distance from the centre at which a campus meets a limit of a rule; 31.5 Hz is left out. [m]"""
    table = campus.levels(state, receiver_height_m(rule)).table
    wanted = limit_db[-len(BANDS_HZ) :] if rule.weighting == "octave" else float(limit_db)
    return setback_distance(table, wanted, rule.weighting)


def distance_to_keep(exposure: Exposure) -> pd.DataFrame:
    """Largest distance that a counted limit asks for at each site, as a measure. [m]"""
    one = exposure.scene
    own, near = one.sites["jurisdiction_id"].to_numpy(), _authorities_near(exposure)
    answers: dict[Any, dict[str, Any]] = {}
    rows = []
    for at, pair in enumerate(zip(own, near, one.code, strict=True)):
        if pair not in answers:
            answers[pair] = _told(one, one.campuses[pair[2]], authorities_of(exposure, at))
        rows.append(answers[pair])
    return pd.DataFrame(rows, index=one.sites.index)


def authorities_of(exposure: Exposure, at: int) -> tuple[str, ...]:
    """Authorities whose limits ask a distance of a site: its own, and that of the receptor that binds."""
    both = exposure.scene.sites["jurisdiction_id"].iloc[at], _authorities_near(exposure)[at]
    return tuple(dict.fromkeys(name for name in both if isinstance(name, str)))


def _authorities_near(exposure: Exposure) -> np.ndarray:
    """Authority in which the limit that binds at night lies; None where none does."""
    receptors = exposure.scene.receptors
    if receptors is None:
        return np.full(len(exposure.scene.sites), None)
    names = np.array([*(kind.authority for kind in receptors.kinds), None], dtype=object)
    position = exposure.positions["night"]
    return np.asarray(names[np.where(position >= 0, receptors.code[np.maximum(position, 0)], -1)])


def _told(one: Scene, campus: Campus, authorities: tuple[str, ...]) -> dict[str, Any]:
    found = keeps(one, campus, authorities)
    if not found:
        metres = setback_distance(campus.levels(NIGHT, 1.5).table, REFERENCE_DBA.value)
        return {"value": metres, "grade": "reference", "status": "assumed", "source": REFERENCE_DBA.source,
                "note": f"no limit known: distance to {REFERENCE_DBA.value:g} dB(A) at night, a reference and no rule"}  # fmt: skip
    binding = found[0]
    rule = binding.rule
    far = "a limit is not met within 20 km" if np.isinf(binding.metres) else None
    return {"value": np.nan if far else binding.metres, "why": far, "grade": "C", "status": rule.status or None, "layer": LAYER, "row": rule.rule_id,
            "source": rule.source_title or None, "as_of": rule.as_of or None, "note": f"{rule.caption}, {binding.period}"}  # fmt: skip


def spare_distance(one: Scene) -> pd.DataFrame:
    """What is left of each distance rule in force, from the rim of the campus: the least, as a measure. [m]"""
    rows: list[dict[str, Any]] = []
    known: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}
    for at, name in enumerate(one.sites["jurisdiction_id"]):
        rules = [rule for rule in one.book.of(name if isinstance(name, str) else None) if rule.kind == "setback"]  # fmt: skip
        each = [_spare(one, at, rule, known) for rule in rules]
        measured = [row for row in each if "low" in row]
        open_ = [row for row in each if "low" not in row]
        rows.append(min(measured, key=lambda row: row["low"]) if measured else open_[0] if open_ else {
            "value": np.nan, "why": "no distance rule in force is known here"})  # fmt: skip
    return pd.DataFrame(rows, index=one.sites.index)


def _spare(one: Scene, at: int, rule: NoiseRule, known: dict[str, Any]) -> dict[str, Any]:
    """A distance rule at a site: from the rim of its campus to the nearest of what it protects."""
    told = {"grade": "C", "status": rule.status or None, "layer": LAYER, "row": rule.rule_id, "source": rule.source_title or None,
            "as_of": rule.as_of or None, "note": rule.caption, "gates": rule.status != "unverified" and rule.rule_status == "in_force"}  # fmt: skip
    receptors = one.receptors
    if receptors is None or rule.setback_from not in _HOMES:
        what = rule.setback_from.replace("_", " ") or "homes"
        return {**told, "value": np.nan, "why": f"{rule.caption}: no layer tells where the nearest {what} is"}  # fmt: skip
    if "homes" not in known:
        codes = [code for code, kind in enumerate(receptors.kinds) if matches("residential", kind.receptor_class)]  # fmt: skip
        known["homes"] = one.near(frozenset(codes), receptors.of_kinds(codes)) if codes else None
    if known["homes"] is None:
        return {**told, "value": np.nan, "why": "no home is known"}
    position, metres = (values[at] for values in known["homes"])
    if metres > REACH_M.value:
        return {**told, "value": np.nan, "why": f"no home is known within {REACH_M.value / 1000:g} km"}  # fmt: skip
    spare = float(metres - one.radius_m[at] - rule.setback_m)
    slack = float(np.hypot(one.accuracy_m[at], receptors.accuracy_m[position]))
    guess = slack > metres / 2
    reach = 2 * slack if guess else Z90 * slack
    return {**told, "value": np.nan if guess else spare, "low": spare - reach, "high": spare + reach,
            "why": f"position uncertain: {metres:,.0f} m with a standard deviation of {slack:,.0f} m" if guess else None}  # fmt: skip
