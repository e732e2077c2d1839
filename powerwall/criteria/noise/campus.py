"""Campus: how loud a request is, as a level by distance from its centre."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.propagation import BANDS_HZ, a_weighted, c_weighted, received_levels

PUE_PEAK = Parameter(
    1.2,
    "1",
    1.13,
    1.29,
    "assumed: peak-hour PUE of a hall of which 80 % is cooled by liquid, range over climates",
)
RECEIVER_HEIGHT_M = Parameter(1.5, "m", 1.5, 4.0, "ISO 9613-2:1996: receptor outdoors")
REDUNDANCY = Parameter(
    1.25, "1", 1.0, 1.5, "assumed: installed over needed cooling units, all of them running"
)
#: Cooling plant → equipment that sounds outdoors and its share of the heat.
COOLING_GROUPS: dict[str, tuple[tuple[str, float], ...]] = {
    "mixed-hall": (("dry_cooler", 0.8), ("air_cooled_chiller", 0.2)),
    "air-chiller": (("air_cooled_chiller", 1.0),),
    "liquid-dry": (("dry_cooler", 1.0),),
    "liquid-adiabatic": (("adiabatic_dry_cooler", 1.0),),
    "direct-evaporative": (("rooftop_air_handler", 1.0),),
    "evaporative-frugal": (("rooftop_air_handler", 1.0),),
    "evaporative-thirsty": (("rooftop_air_handler", 1.0),),
    "tower-chiller": (("cooling_tower_propeller_to_75_kw", 1.0),),
    "tower-economiser": (("cooling_tower_propeller_to_75_kw", 1.0),),
    "hyperscale-tower": (("cooling_tower_propeller_to_75_kw", 1.0),),
    "liquid-tower": (("cooling_tower_propeller_to_75_kw", 1.0),),
}


class LevelTable(NamedTuple):
    """Levels by distance from the centre, never rising. distance_m (n,) [m], levels_db (n, 8) [dB]."""

    distance_m: np.ndarray
    levels_db: np.ndarray


class Campus(NamedTuple):
    """A request as a source of noise.

    Attributes
    ----------
    table
        Levels by distance.
    sound_power_dba
        A-weighted total. [dB(A) re 1 pW]
    tonal
        True if a group has a tone that triggers penalties.
    """

    table: LevelTable
    sound_power_dba: float
    tonal: bool


def campus(mw: float, cooling: str) -> Campus:
    """Sound of the cooling plant of a request, all units running.

    Parameters
    ----------
    mw
        Grid power. [MW]
    cooling
        Key of `COOLING_GROUPS`.

    Raises
    ------
    ValueError
        If the cooling plant is not known.
    """
    if cooling not in COOLING_GROUPS:
        msg = f"no sound power for cooling `{cooling}`; known: {', '.join(COOLING_GROUPS)}"
        raise ValueError(msg)
    heat_mw = mw / PUE_PEAK.value
    sources = fact_table("equipment_sources").set_index("source_id")
    distance = np.geomspace(1.0, 20_000.0, 1024)
    energy = np.zeros((len(distance), len(BANDS_HZ)))
    power, tonal = 0.0, False
    for name, share in COOLING_GROUPS[cooling]:
        row = sources.loc[name]
        sound_power = _sound_power(row, heat_mw * share * REDUNDANCY.value)
        levels = received_levels(
            sound_power, float(row["source_height_m"]), RECEIVER_HEIGHT_M.value, distance
        )
        energy += 10 ** (0.1 * levels)
        power += 10 ** (0.1 * float(a_weighted(sound_power)))
        tonal |= str(row["tonal"]).lower() == "true"
    return Campus(LevelTable(distance, 10 * np.log10(energy)), float(10 * np.log10(power)), tonal)


def _sound_power(row: object, mw: float) -> np.ndarray:
    """Band levels of a group, scaled so that their A-weighted sum is the stated one. [dB]"""
    shape = np.array([float(row[f"rel_{band:g}_hz_db"]) for band in BANDS_HZ])  # type: ignore[index]
    level = float(row["lw_mode_dba_at_1_mw"])  # type: ignore[index]
    return shape - float(a_weighted(shape)) + level + 10 * np.log10(mw)


def level_at(
    table: LevelTable, distance_m: np.ndarray | float, weighting: str | None = None
) -> np.ndarray:
    """Level at a distance, linear in the logarithm of it; clamped at both ends. [dB]

    `weighting` is None for the eight bands, "A" or "C".
    """
    where = np.log(np.maximum(np.asarray(distance_m, dtype=float), table.distance_m[0]))
    known = np.log(table.distance_m)
    if weighting is None:
        return np.stack([np.interp(where, known, band) for band in table.levels_db.T], axis=-1)
    return np.interp(where, known, _weighted(table, weighting))


def setback_distance(table: LevelTable, limit_db: float, weighting: str = "A") -> float:
    """Distance from which on a limit is kept; inf if it never is, 0 if it always is. [m]"""
    levels = _weighted(table, weighting)
    if levels[-1] > limit_db:
        return float("inf")
    if levels[0] <= limit_db:
        return 0.0
    return float(np.exp(np.interp(-limit_db, -levels, np.log(table.distance_m))))


def _weighted(table: LevelTable, weighting: str) -> np.ndarray:
    return a_weighted(table.levels_db) if weighting == "A" else c_weighted(table.levels_db)
