"""Mitigation: what measures take from the sources, and the first package that leaves enough margin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.propagation import BANDS_HZ, Barrier, a_weighted
from powerwall.criteria.noise.sources import Group
from powerwall.criteria.noise.states import Campus

LAYER = "mitigation"
WALL = "perimeter_wall"
WALL_DISTANCE_M = Parameter(15.0, "m", 8.0, 30.0, "assumed: a wall round the equipment at this distance of each unit")  # fmt: skip
WALL_ABOVE_M = Parameter(4.0, "m", 2.0, 6.0, "assumed: its top above the source")
CAP_DB = Parameter(50.0, "dB", 40.0, 60.0, "assumed: most that measures in series take from a band; flanking does the rest")  # fmt: skip
#: How a claimed dB(A) is spread over the bands (assumed: low bands gain less).
_SPREAD = np.array([0.3, 0.5, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0])
#: What a measure applies to → ids, or the category, of the equipment that has it as a whole.
_FANS = ("dry_cooler", "adiabatic_dry_cooler", "cooling_tower_propeller_to_75_kw", "cooling_tower_propeller_over_75_kw")  # fmt: skip
_APPLIES: dict[str, tuple[str, ...]] = {
    "air_cooled_chiller": ("air_cooled_chiller",),
    "cooling_fans": _FANS,
    "cooling_any": ("cooling",),
    "backup_any": ("backup_generation",),
    "any_group": ("cooling", "backup_generation", "onsite_generation", "electrical"),
}
_ORDER = {"verified": 0, "secondary": 1, "approximate": 1}
_GAIN_DB = 0.05  # a measure that gains less is left out


class Measure(NamedTuple):
    """A measure against noise.

    Attributes
    ----------
    mitigation_id, applies_to, text
        Key, what it applies to, and the measure in words.
    loss_db
        What it takes from each band; NaN in all where it is computed as a screen. [dB], eight
    claimed
        True where the loss is a claim in dB(A), spread over the bands; two of them on one group
        do not add, the larger stands (assumed).
    cost_usd_low, cost_usd_high, cost_basis
        Cost and what it is for; NaN is unknown. [USD]
    side_effect, status, source
        What else it does, how well it is known, and where it comes from.
    """

    mitigation_id: str
    applies_to: str
    text: str
    loss_db: tuple[float, ...]
    claimed: bool
    cost_usd_low: float
    cost_usd_high: float
    cost_basis: str
    side_effect: str
    status: str
    source: str


class Package(NamedTuple):
    """Measures that were taken, and what they leave.

    Attributes
    ----------
    measures
        In the order in which they were taken.
    before_db, after_db
        Margin without and with them. [dB]
    residual_db
        What is still missing to the wanted margin; 0 where nothing is. [dB]
    """

    measures: tuple[Measure, ...]
    before_db: float
    after_db: float
    residual_db: float

    @property
    def feasible_after(self) -> bool:
        """True if the wanted margin is reached."""
        return self.residual_db <= 0


def measures(rows: pd.DataFrame | None = None) -> list[Measure]:
    """Measures by cost, unknown cost last: the shipped ones, with a region's rows in their place.

    Left out is what holds for a component alone, or is no prediction.
    """
    table = {row["mitigation_id"]: row for row in _shipped()}
    table |= {row["mitigation_id"]: row for row in ([] if rows is None else rows.to_dict("records"))}  # fmt: skip
    found = [one for row in table.values() if (one := _measure(row)) is not None]
    return sorted(found, key=_first)


@cache
def _shipped() -> tuple[dict[Any, Any], ...]:
    return tuple(fact_table(LAYER).to_dict("records"))


def _first(one: Measure) -> tuple[float, int, float, str]:
    cost = math.inf if math.isnan(one.cost_usd_low) else one.cost_usd_low
    gain = 0.0 if math.isnan(one.loss_db[3]) else one.loss_db[3]
    return cost, _ORDER.get(one.status, 2), gain, one.mitigation_id


def _measure(row: Mapping[Any, Any]) -> Measure | None:
    def number(column: str) -> float:
        cell = pd.to_numeric(row.get(column), errors="coerce")
        return math.nan if cell is None or pd.isna(cell) else float(cell)

    def text(column: str) -> str:
        cell = row.get(column)
        return "" if cell is None or pd.isna(cell) else str(cell)

    loss = np.array([number(f"il_{band:g}_hz_db") for band in BANDS_HZ])
    claim = number("il_low_dba")
    wall = row["mitigation_id"] == WALL  # computed, whatever a vendor claims
    claimed = bool(np.isnan(loss).all() and not math.isnan(claim) and not wall)
    part = text("applies_to") not in _APPLIES or "component" in text("il_basis")
    part |= "compressor" in text("measure").lower() and "whole unit" not in text("il_basis")
    nothing = np.isnan(loss).any() and not claimed and not wall
    if part or nothing:
        return None
    return Measure(
        str(row["mitigation_id"]), text("applies_to"), text("measure"), tuple((claim * _SPREAD if claimed else loss).tolist()), claimed,
        number("cost_usd_low"), number("cost_usd_high"), text("cost_basis"), text("side_effect"), text("status"), text("source") or text("source_title"),
    )  # fmt: skip


def attenuated(one: Group, taken: Sequence[Measure]) -> Group:
    """A group with the measures that apply to it."""
    fitting = [measure for measure in taken if _fits(measure, one)]
    walls = [measure for measure in fitting if measure.mitigation_id == WALL]
    claims = [measure.loss_db for measure in fitting if measure.claimed]
    series = [measure.loss_db for measure in fitting if not measure.claimed and measure not in walls]  # fmt: skip
    loss = np.zeros(len(BANDS_HZ)) + np.sum(series, axis=0) if series else np.zeros(len(BANDS_HZ))
    if claims:
        loss = loss + np.max(claims, axis=0)
    loss = np.minimum(loss, CAP_DB.value)
    barrier = Barrier(WALL_DISTANCE_M.value, one.equipment.height_m + WALL_ABOVE_M.value) if walls else one.barrier  # fmt: skip
    quieter = np.asarray(one.sound_power_db) - loss
    return one._replace(sound_power_db=tuple(quieter.tolist()), lowest_db=one.lowest_db - float(loss[0]), barrier=barrier)  # fmt: skip


def _fits(measure: Measure, one: Group) -> bool:
    wanted = _APPLIES[measure.applies_to]
    return one.equipment.source_id in wanted or one.equipment.category in wanted


def gain_dba(measure: Measure, one: Group) -> float:
    """A-weighted gain of a measure that acts by band, recomputed for a group. [dB]"""
    return float(one.dba - a_weighted(attenuated(one, [measure]).sound_power_db))


def mitigated(campus: Campus, taken: Sequence[Measure]) -> Campus:
    """The campus with some measures."""
    return replace(campus, groups=tuple(attenuated(one, taken) for one in campus.groups))


def package(
    campus: Campus, known: Sequence[Measure], margin_of: Callable[[Campus], float], buffer_db: float
) -> Package:
    """Measures in their order, each kept if it helps, until the margin is wide enough.

    Parameters
    ----------
    campus
        The campus as it is.
    known
        Measures to try, in order.
    margin_of
        Smallest margin of a campus over all limits that count. [dB]
    buffer_db
        Margin that is to be left. [dB]
    """
    before = margin = margin_of(campus)
    taken: list[Measure] = []
    helped = True
    while (
        helped and margin < buffer_db
    ):  # what gains nothing beside a louder group may, once that is quiet
        helped = False
        for measure in known:
            if margin >= buffer_db:
                break
            if measure in taken:
                continue
            tried = margin_of(mitigated(campus, [*taken, measure]))
            if tried > margin + _GAIN_DB:
                taken, margin, helped = [*taken, measure], tried, True
    for measure in list(taken):  # a claim that a later, larger one stands in for
        rest = [other for other in taken if other is not measure]
        if margin_of(mitigated(campus, rest)) >= margin:
            taken = rest
    return Package(tuple(taken), before, margin, max(buffer_db - margin, 0.0))
