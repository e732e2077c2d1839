"""Liquid: warm-water loops to dry coolers, to wetted ones, or to a tower, with a trim chiller."""

from __future__ import annotations

from typing import Any

import numpy as np

from powerwall.criteria.water.cooling.air import (
    CONDENSING_ABOVE_LEAVING_K,
    SPECIFIC_HEAT_AIR,
    Air,
    Flows,
    Values,
    cop,
    tower,
    wetted,
)

_TRIM_EVAPORATING_BELOW_K = 3.0  # evaporating temperature of a trim chiller under the supply
_LEAST_FAN_SPEED = 0.3  # of design speed; power follows its cube


def dry_cooler(heat: Any, air: Air, v: Values, *, pads: bool) -> Flows:
    """Loop to dry coolers; with pads, wet on hours that are too warm for dry ones."""
    supply, rise, approach = v["liquid_supply_c"], v["liquid_rise_k"], v["dry_approach_k"]
    entering, evaporation = air.t, np.zeros(np.shape(air.t))
    if pads:
        hot = air.t > supply - approach
        t, w = wetted(air, v["pad_effectiveness"], supply - approach, v["pad_modulated"])
        entering = np.where(hot, t, air.t)
        gained = np.where(hot, np.maximum(w - air.w, 0.0), 0.0)
    speed = np.clip((rise + approach) / np.maximum(supply + rise - entering, 1.0), _LEAST_FAN_SPEED, 1.0)  # fmt: skip
    if pads:
        evaporation = speed * heat / (SPECIFIC_HEAT_AIR * v["pad_air_rise_k"]) * gained
    short = np.clip((entering + approach - supply) / rise, 0.0, 1.0)
    trim = short / cop(supply - _TRIM_EVAPORATING_BELOW_K, air.t + v["trim_condenser_approach_k"], v["air_chiller_carnot"])  # fmt: skip
    power = heat * (v["liquid_pump_kw_per_kw"] + v["dry_fan_kw_per_kw"] * speed**3 + trim)
    blowdown = evaporation / (v["pad_cycles"] - 1) if pads else 0.0
    return Flows(power, evaporation, 0.0, blowdown)


def wet_tower(heat: Any, air: Air, v: Values) -> Flows:
    """Loop to a wet tower all year, its set point no lower than the plant needs."""
    supply, rise = v["liquid_supply_c"], v["liquid_rise_k"]
    cold = np.maximum(air.tw + v["tower_approach_k"], supply - v["tower_setpoint_offset_k"])
    short = np.clip((cold + v["hx_approach_k"] - supply) / rise, 0.0, 1.0)
    leaving = cold + v["tower_range_k"] + CONDENSING_ABOVE_LEAVING_K
    trim = heat * short / cop(supply - _TRIM_EVAPORATING_BELOW_K, leaving, v["water_chiller_carnot"])  # fmt: skip
    outside = (v["condenser_pump_kw_per_kw"] + v["tower_fan_kw_per_kw"]) * (heat + trim)
    return tower(heat + trim, cold, air, v)._replace(power=heat * v["liquid_pump_kw_per_kw"] + trim + outside)  # fmt: skip
