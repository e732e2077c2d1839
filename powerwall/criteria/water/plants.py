"""Plants: the cooling plants by name, their parameters, and what one takes in an hour of weather."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.drawing import column
from powerwall.criteria.facts import fact_table
from powerwall.criteria.water.cooling.air import Air, Flows, Values, outdoor
from powerwall.criteria.water.cooling.air_side import air_chiller, direct_evaporative, tower_plant
from powerwall.criteria.water.cooling.liquid import dry_cooler, wet_tower
from powerwall.criteria.water.psychrometrics import Array
from powerwall.region.findings import did_you_mean

SECONDS_PER_HOUR = 3600.0  # 1 kg of water is 1 L
AUTO = "auto"


class Kind(NamedTuple):
    """A plant: the groups of parameters it reads, and what it cools the racks by."""

    groups: tuple[str, ...]
    cools_by: str


_RESIDUAL = ("air", "air-chiller", "tower", "residual")
#: Cooling plants by name, the driest of each side first.
PLANTS: dict[str, Kind] = {
    "mixed-hall": Kind(("all", "liquid", *_RESIDUAL, "mixed-hall"), "liquid"),
    "liquid-dry": Kind(("all", "liquid", *_RESIDUAL), "liquid"),
    "liquid-adiabatic": Kind(("all", "liquid", *_RESIDUAL, "liquid-adiabatic"), "liquid"),
    "liquid-tower": Kind(("all", "liquid", *_RESIDUAL, "liquid-tower"), "liquid"),
    "air-chiller": Kind(("all", "air", "air-chiller"), "air"),
    "direct-evaporative": Kind(("all", "air-chiller", "direct-evaporative"), "air"),
    "tower-economiser": Kind(("all", "air", "tower"), "air"),
    "tower-chiller": Kind(("all", "air", "tower"), "air"),
}
#: Variants: the plant they change.
PRESETS = {
    "hyperscale-tower": "tower-economiser",
    "evaporative-frugal": "direct-evaporative",
    "evaporative-thirsty": "direct-evaporative",
}
#: Choices and small terms that the draws hold fixed: they are not errors of measurement.
_FIXED = frozenset({
    "liquid_supply_c", "liquid_share", "liquid_rise_k", "chilled_water_rise_k", "wet_fan_penalty", "condensing_min_c",
    "trim_condenser_approach_k",
})  # fmt: skip
#: Share of the draws in which a switch is on (assumed).
_SWITCH_ON = {"evap_modulated": 0.4, "pad_modulated": 0.7}
_WORDS = frozenset({"residual_plant"})
_ABOVE_ONE = ("tower_cycles", "evap_cycles", "pad_cycles")
#: What a plant can have at all, by the name of a parameter or its ending.
_POSSIBLE = {
    "c": (-10.0, 80.0), "chilled_water_c": (4.0, 40.0), "dew_point_max_c": (0.0, 35.0), "carnot": (0.1, 0.9), "loss": (0.0, 0.5),
    "drift_share": (0.0, 0.01), "modulated": (0.0, 1.0), "cycles": (0.0, 100.0), "ups_efficiency": (0.5, 1.0), "wet_fan_penalty": (0.0, 5.0),
}  # fmt: skip
_SHARES = ("liquid_share", "evap_effectiveness", "pad_effectiveness", "ups_efficiency")


def base_plant(plant: str) -> str:
    """Plant of a name, which may be that of a preset.

    Raises
    ------
    ValueError
        For an unknown one, with the nearest.
    """
    found = PRESETS.get(plant, plant)
    if found not in PLANTS:
        raise ValueError(f"no cooling plant `{plant}`; {did_you_mean(plant, [*PLANTS, *PRESETS])}")
    return found


@cache
def plant_parameters(plant: str) -> dict[str, Parameter | str]:
    """Parameters of a plant, the modes of their ranges; `residual_plant` is a name, a switch 0 or 1.

    Raises
    ------
    ValueError
        For an unknown plant.

    >>> plant_parameters("liquid-tower")["liquid_supply_c"].value
    32.0
    """
    groups = [*PLANTS[base_plant(plant)].groups, f"preset:{plant}"]
    if plant in PRESETS:
        groups.insert(-1, base_plant(plant))
    table = fact_table("cooling_plants")
    found: dict[str, Parameter | str] = {}
    for group in groups:
        for row in table[table["plant"] == group].to_dict("records"):
            found[str(row["parameter"])] = _parameter(row, found.get(str(row["parameter"])))
    return found


def _parameter(row: Mapping[Any, Any], before: Parameter | str | None) -> Parameter | str:
    """A row as a parameter; a preset keeps the range of what it changes."""
    source, mode = f"{row['source']} ({row['as_of']})", str(row["mode"])
    if row["status"] != "sourced" and not source.startswith("assumed"):
        source = f"assumed: {source}"
    if row["parameter"] in _WORDS:
        return mode
    value = {"true": 1.0, "false": 0.0}.get(mode)
    low, high = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    if low is None and isinstance(before, Parameter):
        low, high = before.low, before.high
    return Parameter(float(mode) if value is None else value, str(row["unit"]), low, high, source)


def values_of(plant: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Values of a plant's parameters, some of them given.

    Raises
    ------
    ValueError
        For an unknown plant or parameter, or a value that no plant can have; all faults at once.
    """
    values = {n: p if isinstance(p, str) else p.value for n, p in plant_parameters(plant).items()}
    given = given or {}
    faults = [f"`{name}` is no parameter of {plant}; {did_you_mean(name, list(values))}" for name in given if name not in values]  # fmt: skip
    faults += [fault for name, value in given.items() if name in values and (fault := _fault(name, value))]  # fmt: skip
    if faults:
        raise ValueError("; ".join(faults))
    return {**values, **given}


def _fault(name: str, value: Any) -> str:
    if name in _WORDS:
        return "" if value in {"air-chiller", "tower-economiser"} else f"{name} = `{value}` is neither air-chiller nor tower-economiser"  # fmt: skip
    if isinstance(value, str):
        return f"{name} = `{value}` is no number"
    try:
        number = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f"{name} = `{value}` is no number"
    if not np.all(np.isfinite(number)):
        return f"{name} is not finite"
    least, most = _POSSIBLE.get(name, _POSSIBLE.get(name.rsplit("_", 1)[-1], (-np.inf, np.inf)))
    if np.any((number < least) | (number > most)):
        return f"{name} = {value} is outside {least:g} … {most:g}, what a plant can have"
    if name in _ABOVE_ONE and np.any(number <= 1):
        return f"{name} = {value} is not above 1: nothing would be left of the water"
    if name in _SHARES and np.any((number < 0) | (number > 1)):
        return f"{name} = {value} is not a share between 0 and 1"
    if name.endswith(("_k", "_kw_per_kw")) and np.any(number < 0):
        return f"{name} = {value} is negative"
    if name.endswith(("_rise_k", "_range_k", "ups_efficiency")) and np.any(number <= 0):
        return f"{name} = {value} is not positive"
    return ""


def drawn_values(
    plant: str, given: Mapping[str, Any] | None, draws: int, seed: int
) -> dict[str, Any]:
    """Values of a plant's parameters in every draw, triangular from low to high. Shape (draws, 1)

    A parameter has the same draws in every plant and at every place, so that differences between
    them are no noise; what is given, and what is a choice, stays as it is.
    """
    values = values_of(plant, given)
    table = fact_table("cooling_plants")
    chosen = set(
        table.loc[table["plant"] == f"preset:{plant}", "parameter"]
    )  # what makes a preset is no error
    for name, parameter in plant_parameters(plant).items():
        if isinstance(parameter, str) or name in _FIXED or name in (given or {}) or name in chosen:
            continue
        uniform = column(f"cooling:{name}", draws, seed)[:, None]
        if name in _SWITCH_ON:
            values[name] = uniform < _SWITCH_ON[name]
        elif parameter.low is not None and parameter.high is not None:
            values[name] = _triangular(uniform, parameter.low, parameter.value, parameter.high)
    return values


def _triangular(uniform: Array, low: float, mode: float, high: float) -> Array:
    """Inverse of a triangular distribution function."""
    if high <= low:
        return np.full_like(uniform, mode)
    split = (mode - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - mode))
    return np.where(uniform < split, rising, falling)


def heat_of(v: Values) -> Any:
    """Heat to reject, which is the electricity before cooling. [kW per kW of IT]"""
    return 1 / v["ups_efficiency"] + v["distribution_loss"] + v["other_loss"]


def run(plant: str, air: Air, v: Values) -> Flows:
    """Electricity and water of a plant at full IT load, the power with that of the IT: its PUE.

    Parameters
    ----------
    plant
        Name of a plant or preset.
    air
        Outdoor air.
    v
        Values of its parameters, as `values_of` gives them.
    """
    heat, kind = heat_of(v), base_plant(plant)
    if kind in {"tower-chiller", "tower-economiser"}:
        flows = tower_plant(heat, air, v, economiser=kind == "tower-economiser")
    elif kind == "air-chiller":
        flows = air_chiller(heat, air, v)
    elif kind == "direct-evaporative":
        flows = direct_evaporative(heat, air, v)
    else:
        flows = _liquid(kind, heat, air, v)
    known = ~np.isnan(air.t + air.w)  # a comparison with NaN is false, and would read as dry
    return Flows(heat + flows.power, *(np.where(known, part, np.nan) for part in flows[1:]))


def _liquid(kind: str, heat: Any, air: Air, v: Values) -> Flows:
    """A liquid loop, and an air plant for the heat it leaves in the hall."""
    loop = v["liquid_share"] * heat
    if kind == "liquid-tower":
        flows = wet_tower(loop, air, v)
    else:
        flows = dry_cooler(loop, air, v, pads=kind == "liquid-adiabatic")
    rest = heat - loop
    if np.all(np.asarray(v["liquid_share"]) >= 1):
        return flows
    if v["residual_plant"] == "tower-economiser":
        return flows.plus(tower_plant(rest, air, v, economiser=True))
    return flows.plus(air_chiller(rest, air, v))


def operate(
    plant: str, dry_bulb_c: Any, wet_bulb_c: Any, pressure_pa: Any, **parameters: Any
) -> pd.DataFrame:
    """What a plant takes per kWh of IT energy, hour by hour, at full IT load.

    Parameters
    ----------
    plant
        One of `PLANTS` or `PRESETS`.
    dry_bulb_c, wet_bulb_c
        Outdoor air; numbers, or arrays of shape (hours,). A wet bulb above the dry bulb counts as
        the dry bulb. [°C]
    pressure_pa
        Station pressure, a number or shape (hours,). [Pa]
    **parameters
        Values in place of the modes, by the names of `plant_parameters`.

    Returns
    -------
    DataFrame
        One row an hour: `pue`, `evaporation_l_per_kwh`, `drift_l_per_kwh`, `blowdown_l_per_kwh`
        (the bleed of wetted pads) and their sum `wue_l_per_kwh`. NaN weather gives NaN.

    Raises
    ------
    ValueError
        For an unknown plant or parameter, a value that no plant can have, or a pressure in hPa.

    >>> operate("tower-economiser", 30.0, 20.0, 101325.0).round(5).to_dict("list")
    {'pue': [1.17239], 'evaporation_l_per_kwh': [1.79854], 'drift_l_per_kwh': [0.00349], 'blowdown_l_per_kwh': [0.52549], 'wue_l_per_kwh': [2.32753]}
    """
    v = values_of(plant, parameters)
    if np.any(np.asarray(pressure_pa, dtype=float) < 20_000.0):
        raise ValueError("pressure_pa is in pascal, not in hectopascal")
    weather = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=float)) for x in (dry_bulb_c, wet_bulb_c, pressure_pa)))  # fmt: skip
    air = outdoor(*weather)
    flows = run(plant, air, v)
    water = {
        f"{name}_l_per_kwh": np.broadcast_to(SECONDS_PER_HOUR * getattr(flows, name), air.t.shape)
        for name in ("evaporation", "drift", "blowdown")
    }
    pue = np.broadcast_to(np.where(np.isnan(air.t + air.w), math.nan, flows.power), air.t.shape)
    return pd.DataFrame({"pue": pue, **water, "wue_l_per_kwh": sum(water.values())})
