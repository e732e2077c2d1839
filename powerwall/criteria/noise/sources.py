"""Sources: the equipment that sounds outdoors, and the groups of it that a request needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.propagation import BANDS_HZ, Barrier, a_weighted
from powerwall.region.findings import did_you_mean

LAYER = "equipment_sources"
TRANSFORMER, STANDBY = "power_transformer", "genset_enclosed"
PUE_PEAK = Parameter(
    1.2, "1", 1.13, 1.29, "assumed: peak-hour PUE of a hall of which 80 % is cooled by liquid, range over climates"
)  # fmt: skip
TRANSFORMER_MW = Parameter(100.0, "MW", 60.0, 300.0, "assumed: size of a campus transformer; a larger one is fewer and louder")  # fmt: skip
TONE_HEARD_DB = Parameter(
    10.0, "dB", 6.0, 15.0, "assumed: a group with a tone that lies farther below the whole campus is not heard as one"
)  # fmt: skip
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
#: Service of a power plan → equipment that sounds while it runs; a service that is not here has no known level.
GENERATION = {
    "recip_gas": "recip_engine_plant", "aero_ct": "gas_turbine_packaged", "aero_ct_leased": "gas_turbine_packaged",
    "frame_ct": "gas_turbine_packaged", "ccgt": "gas_turbine_packaged", "flexible_own_backup": STANDBY,
}  # fmt: skip


class Equipment(NamedTuple):
    """A kind of equipment as a source.

    Attributes
    ----------
    source_id, category, description
        Key and what it is.
    unit_mw, unit_dba
        Capacity and sound power of one unit; NaN is not known. [MW], [dB(A) re 1 pW]
    low_dba, mode_dba, high_dba
        Sound power at 1 MW of what the equipment is sized by. [dB(A) re 1 pW]
    shape_db
        Band levels over the A-weighted one, which they sum to exactly. [dB], eight numbers
    lowest_db
        The same at 31.5 Hz; NaN is not known. [dB]
    height_m, tonal, tone_hz
        Height above ground, and the tone it has.
    source, status, spectrum_status
        Where the level comes from; how well level and spectrum are known.
    """

    source_id: str
    category: str
    description: str
    unit_mw: float
    unit_dba: float
    low_dba: float
    mode_dba: float
    high_dba: float
    shape_db: tuple[float, ...]
    lowest_db: float
    height_m: float
    tonal: bool
    tone_hz: float
    source: str
    status: str
    spectrum_status: str


class Group(NamedTuple):
    """Equipment of one kind on a campus.

    Attributes
    ----------
    equipment, mw, units
        What it is; what it is sized by [MW]; units where they are counted, else NaN.
    sound_power_db, lowest_db
        Whole group by band, and at 31.5 Hz (NaN is not known). [dB re 1 pW]
    runs
        `always`, `test` or `outage`.
    barrier
        A screen on its way to every receiver.
    """

    equipment: Equipment
    mw: float
    units: float
    sound_power_db: tuple[float, ...]
    lowest_db: float
    runs: str = "always"
    barrier: Barrier | None = None

    @property
    def dba(self) -> float:
        """Sound power. [dB(A) re 1 pW]"""
        return float(a_weighted(self.sound_power_db))


def equipment_table(rows: pd.DataFrame | None = None) -> dict[str, Equipment]:
    """Equipment by id: the shipped table, with a region's rows in the place of those they name.

    Raises
    ------
    ValueError
        If a row has no spectrum, height or level.
    """
    table = dict(_shipped())
    for row in [] if rows is None else rows.to_dict("records"):
        one = equipment(row)
        table[one.source_id] = one
    return table


@cache
def _shipped() -> tuple[tuple[str, Equipment], ...]:
    rows = fact_table(LAYER).to_dict("records")
    stated = [row for row in rows if not pd.isna(row["lw_mode_dba_at_1_mw"]) or not pd.isna(row["lw_unit_dba"])]  # fmt: skip
    return tuple((str(row["source_id"]), equipment(row)) for row in stated)


def equipment(row: Mapping[Any, Any]) -> Equipment:
    """A row of the table as equipment.

    Raises
    ------
    ValueError
        If a band of the spectrum, the height, or the level at 1 MW or of a unit is missing.
    """
    name = str(row["source_id"])
    shape = np.array([_number(row, f"rel_{band:g}_hz_db") for band in BANDS_HZ])
    height, unit, unit_mw = (_number(row, column) for column in ("source_height_m", "lw_unit_dba", "unit_capacity_mw"))  # fmt: skip
    mode = _number(row, "lw_mode_dba_at_1_mw")
    if np.isnan(shape).any():
        raise ValueError(f"{name}: a spectrum needs all of 63 to 8000 Hz")
    if not height >= 0:
        raise ValueError(f"{name}: source_height_m is missing, or negative")
    if math.isnan(mode) and not (unit == unit and unit_mw > 0):  # noqa: PLR0124 — NaN
        raise ValueError(f"{name}: no level: lw_mode_dba_at_1_mw, or lw_unit_dba with unit_capacity_mw")  # fmt: skip
    over = float(a_weighted(shape))
    low, high = (_number(row, f"lw_{end}_dba_at_1_mw") for end in ("low", "high"))
    return Equipment(
        name, str(row.get("category") or ""), str(row.get("description") or name), unit_mw, unit,
        mode if math.isnan(low) else low, mode, mode if math.isnan(high) else high, tuple((shape - over).tolist()),
        _number(row, "rel_31_5_hz_db") - over, height, str(row.get("tonal")).strip().lower() in {"true", "yes", "1"},
        _number(row, "tone_hz"), _text(row, "level_source") or _text(row, "source_title"), _text(row, "level_status") or _text(row, "status"),
        _text(row, "spectrum_status") or _text(row, "status"),
    )  # fmt: skip


def group(kind: Equipment, mw: float, *, runs: str = "always", redundancy: float = 1.0) -> Group:
    """Equipment for a capacity: by its level at 1 MW, else by units, of which spare ones run too.

    Parameters
    ----------
    kind, mw
        Equipment, and what it is sized by. [MW]
    runs
        `always`, `test` or `outage`.
    redundancy
        Installed over needed units.

    >>> dry = equipment_table()["dry_cooler"]
    >>> round(group(dry, 100).dba, 3)
    113.0
    """
    if math.isnan(kind.mode_dba):
        return units_of(kind, math.ceil(mw * redundancy / kind.unit_mw), runs=runs, mw=mw)
    return _scaled(kind, kind.mode_dba + 10 * math.log10(mw), mw, math.nan, runs)


def units_of(kind: Equipment, units: int, *, runs: str = "always", mw: float = math.nan) -> Group:
    """Some units of one kind, by the level of a unit, else by that at 1 MW and the size of one.

    Raises
    ------
    ValueError
        If neither is known, or there are no units.
    """
    level = kind.unit_dba
    if math.isnan(level) and kind.unit_mw > 0:
        level = kind.mode_dba + 10 * math.log10(kind.unit_mw)
    if math.isnan(level) or units < 1:
        raise ValueError(f"{kind.source_id}: no level of a unit: write lw_unit_dba, or unit_capacity_mw")  # fmt: skip
    return _scaled(kind, level + 10 * math.log10(units), mw, units, runs)


def _scaled(kind: Equipment, dba: float, mw: float, units: float, runs: str) -> Group:
    shape = tuple(level + dba for level in kind.shape_db)
    return Group(kind, mw, units, shape, kind.lowest_db + dba, runs)


def cooling_groups(plant: str, it_mw: float, table: Mapping[str, Equipment], redundancy: float) -> list[Group]:  # fmt: skip
    """Equipment of a cooling plant that sounds outdoors, for an IT load. [MW]

    Raises
    ------
    ValueError
        If the cooling plant is not known.
    """
    if plant not in COOLING_GROUPS:
        raise ValueError(f"no sound power for cooling `{plant}`; {did_you_mean(plant, list(COOLING_GROUPS))}")  # fmt: skip
    return [group(table[name], it_mw * share, redundancy=redundancy) for name, share in COOLING_GROUPS[plant]]  # fmt: skip


def with_tone(groups: list[Group]) -> list[str]:
    """Ids of the groups whose tone is heard beside what runs always; generation hides no tone."""
    always = [one for one in groups if one.runs == "always" and one.equipment.category != "onsite_generation"]  # fmt: skip
    total = 10 * math.log10(sum(10 ** (0.1 * one.dba) for one in always))
    return [one.equipment.source_id for one in always if one.equipment.tonal and one.dba > total - TONE_HEARD_DB.value]  # fmt: skip


def _number(row: Mapping[Any, Any], column: str) -> float:
    cell = row.get(column)
    return math.nan if cell is None or pd.isna(cell) else float(cell)


def _text(row: Mapping[Any, Any], column: str) -> str:
    cell = row.get(column)
    return "" if cell is None or pd.isna(cell) else str(cell).strip()
