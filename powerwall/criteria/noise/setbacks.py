"""Setbacks: the distance that noise limits ask for, and what is left of a distance that a rule sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.noise.campus import kept_from, setback_distance
from powerwall.criteria.noise.exposure import REACH_M, Exposure
from powerwall.criteria.noise.flags import NEVER_GATES
from powerwall.criteria.noise.receptors import PERIODS
from powerwall.criteria.noise.rulebook import (
    LAYER,
    LEVELS,
    RELATIVE,
    distinct,
    flags_of,
    receiver_height_m,
)
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
    limit_db: Any


def keeps(exposure: Exposure, at: int) -> list[Keep]:
    """Distance from the centre that each limit for homes asks of a site, the largest first.

    Rules of its own authority, and of that of the receptor that binds. A limit over a level that is
    there without the campus counts where it binds, or by its fixed part.
    """
    one = exposure.scene
    campus = one.campuses[one.code[at]]
    rules = distinct(rule for name in authorities_of(exposure, at) for rule in one.book.of(name))
    found = []
    for period in PERIODS:
        binding = exposure.frames[period].iloc[at]
        for rule in rules:
            if (
                rule.kind not in LEVELS
                or not one.book.at(rule, period)
                or not matches(rule.receptor_class, "residential")
                or not one.meant_for(rule)[at]
            ):
                continue  # fmt: skip
            binds = rule.kind in RELATIVE and binding["rule_id"] == rule.rule_id
            limit = binding["limit_db"] if binds else one.limit(rule, None)
            if np.isfinite(limit).any():
                state = one.book.state(rule, period)
                found.append(Keep(distance_under(campus, rule, state, limit), period, rule, limit))
    return sorted(found, key=lambda keep: (-keep.metres, keep.period == "day"))


def distance_under(campus: Campus, rule: NoiseRule, state: str, limit_db: Any) -> float:
    """Distance from the centre at which a campus meets a limit of a rule. [m]"""
    levels = campus.levels(state, receiver_height_m(rule))
    if rule.weighting != "octave":
        return setback_distance(levels.table, float(limit_db), rule.weighting)
    lowest, *bands = np.asarray(limit_db, dtype=float)
    metres = setback_distance(levels.table, bands, "octave")
    if np.isnan(lowest):
        return metres
    return max(metres, kept_from(levels.table.distance_m, levels.lowest_db, lowest))


def distance_to_keep(exposure: Exposure) -> pd.DataFrame:
    """Largest distance that a counted limit asks for at each site, as a measure. [m]"""
    one = exposure.scene
    answers: dict[Any, dict[str, Any]] = {}
    rows = []
    for at, pattern in enumerate(_patterns(exposure)):
        if pattern not in answers:
            answers[pattern] = _told(exposure, at)
        rows.append(answers[pattern])
    return pd.DataFrame(rows, index=one.sites.index)


def _patterns(exposure: Exposure) -> Iterator[tuple[Any, ...]]:
    """What the distance of a site rests on; sites that share it share the distance."""
    one = exposure.scene
    own = [one.sites[name].to_numpy() for name in ("jurisdiction_id", "greenfield", "source_class") if name in one.sites]  # fmt: skip
    binding = [exposure.frames[period][name].to_numpy() for period in PERIODS for name in ("rule_id", "limit_db")]  # fmt: skip
    for row in zip(one.code, _authorities_near(exposure), *own, *binding, strict=True):
        yield tuple(None if cell is None or pd.isna(cell) else cell for cell in row)


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


def _told(exposure: Exposure, at: int) -> dict[str, Any]:
    found, campus = keeps(exposure, at), exposure.scene.campuses[exposure.scene.code[at]]
    settings = campus.settings
    spread = Z90 * float(np.hypot(settings.source_sigma_db, settings.path_sigma_db))
    if not found:
        table = campus.levels(NIGHT, 1.5).table
        ends = [setback_distance(table, REFERENCE_DBA.value + shift) for shift in (0.0, spread, -spread)]  # fmt: skip
        return {"value": ends[0], "low": ends[1], "high": ends[2], "grade": "reference", "status": "assumed", "source": REFERENCE_DBA.source,
                "note": f"no limit known: distance to {REFERENCE_DBA.value:g} dB(A) at night, a reference and no rule"}  # fmt: skip
    binding = found[0]
    rule, state = binding.rule, exposure.scene.book.state(binding.rule, binding.period)
    low, high = (distance_under(campus, rule, state, np.asarray(binding.limit_db) + shift) for shift in (spread, -spread))  # fmt: skip
    far = "a limit is not met within 20 km" if np.isinf(binding.metres) else None
    return {"value": np.nan if far else binding.metres, "low": low, "high": high if np.isfinite(high) else np.nan, "why": far,
            "grade": "C", "status": rule.status or None, "layer": LAYER, "row": rule.rule_id,
            "source": rule.source_title or None, "as_of": rule.as_of or None, "note": f"{rule.caption}, {binding.period}"}  # fmt: skip


def spare_distance(one: Scene) -> pd.DataFrame:
    """What is left of each distance rule in force, from the rim of the campus: the least, as a measure. [m]"""
    rows: list[dict[str, Any]] = []
    known: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}
    for at, name in enumerate(one.sites["jurisdiction_id"]):
        rules = [rule for rule in one.book.of(name if isinstance(name, str) else None) if rule.kind == "setback"]  # fmt: skip
        each = [_spare(one, at, rule, known) for rule in rules]
        measured = sorted((row for row in each if "low" in row), key=lambda row: float(row["low"]))
        if measured:
            sure = [row for row in measured if row["gates"]]
            # a rule that never puts a site out must not hide one that does
            rows.append(measured[0] if measured[0]["gates"] or not sure else {**measured[0], "high": sure[0]["high"], "gates": True})  # fmt: skip
        else:
            rows.append(each[0] if each else {"value": np.nan, "why": "no distance rule in force is known here"})  # fmt: skip
    return pd.DataFrame(rows, index=one.sites.index)


def _spare(one: Scene, at: int, rule: NoiseRule, known: dict[str, Any]) -> dict[str, Any]:
    """A distance rule at a site: from the rim of its campus to the nearest of what it protects."""
    told = {"grade": "C", "status": rule.status or None, "layer": LAYER, "row": rule.rule_id, "source": rule.source_title or None,
            "as_of": rule.as_of or None, "note": rule.caption, "gates": not flags_of(rule) & NEVER_GATES}  # fmt: skip
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
