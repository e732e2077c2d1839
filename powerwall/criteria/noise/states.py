"""States: which groups of a campus sound in which operating state, and the levels by distance then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.noise.campus import LevelTable, level_table, summed
from powerwall.criteria.noise.propagation import Barrier, a_weighted, c_weighted
from powerwall.criteria.noise.propagation.air import absorption_at
from powerwall.criteria.noise.propagation.bands import EXACT_HZ, EXACT_LOWEST_HZ, energy_sum
from powerwall.criteria.noise.sources import (
    PUE_PEAK,
    STANDBY,
    TRANSFORMER,
    TRANSFORMER_MW,
    Equipment,
    Group,
    cooling_groups,
    group,
    units_of,
    with_tone,
)
from powerwall.region.noise_request import NoiseTable

DAY, NIGHT, TEST, OUTAGE = "normal_day", "normal_night", "gen_test", "outage"
#: Radii of the level tables; one between them is rounded up. [m]
RADII_M = (0.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 600.0, 800.0)
CAMPUS_HA_PER_MW = Parameter(
    0.1, "ha/MW", 0.05, 0.4, "assumed: land that the yards of a campus take where no area is known, or where its tract is larger"
)  # fmt: skip


class StateTable(NamedTuple):
    """Levels of a campus in one state.

    Attributes
    ----------
    table
        Levels by distance from its centre.
    lowest_db
        Levels at 31.5 Hz at the same distances: ground of 63 Hz, and where a source has no level
        of its own there, that at 63 Hz. [dB], shape (n,)
    """

    table: LevelTable
    lowest_db: np.ndarray


@dataclass(frozen=True)
class Campus:
    """A request as a source of noise.

    Attributes
    ----------
    groups
        Its equipment, round one centre.
    radius_m
        Radius of the disc over which each group is spread. [m]
    settings
        Method, air and ground.
    """

    groups: tuple[Group, ...]
    radius_m: float
    settings: NoiseTable

    @property
    def tonal(self) -> bool:
        """True if a tone is heard and not treated."""
        return self.settings.tonality != "treated" and bool(with_tone(list(self.groups)))

    @property
    def sound_power_dba(self) -> float:
        """Sound power of what runs always. [dB(A) re 1 pW]"""
        return float(energy_sum([one.dba for one in self.groups if one.runs == "always"]))

    @property
    def low_frequency_gap_db(self) -> float:
        """Sound power by C-weighting over that by A-weighting. [dB]"""
        levels = energy_sum(
            [one.sound_power_db for one in self.groups if one.runs == "always"], axis=0
        )
        return float(c_weighted(levels) - a_weighted(levels))  # fmt: skip

    def groups_in(self, state: str) -> list[Group]:
        """Groups that sound in a state, at their level in it."""
        wanted = {"always"} | {TEST: {"test"}, OUTAGE: {"outage"}}.get(state, set())
        at_night = self.settings.night_duty_db if state == NIGHT else 0.0
        return [
            _louder(one, at_night if one.equipment.category == "cooling" else 0.0)
            for one in self.groups if one.runs in wanted
        ]  # fmt: skip

    def levels(self, state: str, receiver_height_m: float) -> StateTable:
        """Levels by distance in a state. Receiver height above ground. [m]"""
        tables, lowest = [], []
        for one in self.groups_in(state):
            unit = self._unit_table(one, receiver_height_m)
            tables.append(LevelTable(unit.distance_m, unit.levels_db + one.dba))
            lowest.append(self._lowest(one, tables[-1]))
        return StateTable(summed(tables), energy_sum(lowest, axis=0))

    def _unit_table(self, one: Group, receiver_height_m: float) -> LevelTable:
        s = self.settings
        radius = self.radius_m if s.extent == "disc" else 0.0
        shape = tuple(level - one.dba for level in one.sound_power_db)
        return _unit_table(
            tuple(round(level, 9) for level in shape), one.equipment.height_m, receiver_height_m, radius, s.ground,
            s.temperature_c, s.humidity_pct, s.pressure_kpa, s.edition, one.barrier,
        )  # fmt: skip

    def _lowest(self, one: Group, table: LevelTable) -> np.ndarray:
        s = self.settings
        at_63 = one.sound_power_db[0]
        over = 0.0 if math.isnan(one.lowest_db) else one.lowest_db - at_63
        exact = np.array([EXACT_HZ[0], EXACT_LOWEST_HZ])
        air = absorption_at(exact, s.temperature_c, s.humidity_pct, s.pressure_kpa)
        return np.asarray(table.levels_db[:, 0] + over + (air[0] - air[1]) * table.distance_m)

    def distance_to(self, centre_m: np.ndarray) -> np.ndarray:
        """Distance at which a table is read for a distance from the centre. [m]"""
        return centre_m - self.radius_m if self.settings.extent == "edge" else centre_m


@lru_cache(maxsize=512)
def _unit_table(
    shape_db: tuple[float, ...], source_height_m: float, receiver_height_m: float, radius_m: float, ground: float,
    temperature_c: float, humidity_pct: float, pressure_kpa: float, edition: str, barrier: Barrier | None,
) -> LevelTable:  # fmt: skip
    """Table of a spectrum of 0 dB(A); the power of a group is a shift of it."""
    return level_table(
        shape_db, source_height_m, receiver_height_m, radius_m, ground, temperature_c, humidity_pct, pressure_kpa, edition, barrier
    )  # fmt: skip


def _louder(one: Group, by_db: float) -> Group:
    if by_db == 0:
        return one
    return one._replace(sound_power_db=tuple(level + by_db for level in one.sound_power_db), lowest_db=one.lowest_db + by_db)  # fmt: skip


def campus(
    mw: float, cooling: str, table: Mapping[str, Equipment], settings: NoiseTable,
    *, radius_m: float = 0.0, ground: float | None = None,
) -> Campus:  # fmt: skip
    """Sound of a request: cooling plant, transformers, standby sets, and generation that always runs.

    Parameters
    ----------
    mw, cooling
        Grid power [MW] and cooling plant.
    table
        Equipment by id.
    settings
        What the region says of the campus and the method.
    radius_m, ground
        Radius of its disc [m]; ground factor of its surroundings, None is that of the settings.

    Raises
    ------
    ValueError
        If the cooling plant or the generation is not known.
    """
    if settings.onsite_mw and settings.onsite_source not in table:
        raise ValueError(f"no sound power for onsite_source `{settings.onsite_source}`")
    groups = cooling_groups(cooling, mw / PUE_PEAK.value, table, settings.redundancy)
    groups.append(units_of(table[TRANSFORMER], math.ceil(mw / TRANSFORMER_MW.value), mw=mw))
    if settings.tested_sets:
        groups.append(units_of(table[STANDBY], settings.tested_sets, runs="test"))
    groups.append(group(table[STANDBY], settings.standby_mw or mw, runs="outage"))
    if settings.onsite_mw:
        groups.append(group(table[settings.onsite_source], settings.onsite_mw))
    here = settings if ground is None else settings.model_copy(update={"ground": ground})
    return Campus(tuple(groups), radius_m, here)


def with_generation(one: Campus, generation: list[Group]) -> Campus:
    """The campus while further generation runs."""
    return replace(one, groups=(*one.groups, *generation))


def radius_class(area_ha: np.ndarray, given_m: np.ndarray, mw: float) -> np.ndarray:
    """Radius of the disc of each site, rounded up to a class of tables, or to that of the request. [m]

    Parameters
    ----------
    area_ha
        Area of the site; NaN is unknown. [ha]
    given_m
        Radius that the user states; NaN is silent. [m]
    mw
        Request: no campus is taken larger than `CAMPUS_HA_PER_MW` times it. [MW]
    """
    most = float(np.sqrt(mw * CAMPUS_HA_PER_MW.value * 1e4 / np.pi))
    radius = np.where(np.isnan(given_m), np.fmin(np.sqrt(area_ha * 1e4 / np.pi), most), given_m)
    classes = np.unique([*RADII_M, most])
    steps = np.searchsorted(classes, radius)
    return np.where(steps < len(classes), np.take(classes, np.minimum(steps, len(classes) - 1)), radius)  # fmt: skip
