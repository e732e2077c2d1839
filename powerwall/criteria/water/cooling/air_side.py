"""Air side: plants that cool a hall by its air: chillers with a tower or in outdoor air, and pads."""

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
from powerwall.criteria.water.psychrometrics import dry_bulb_at, saturation_humidity_ratio

_EVAPORATING_BELOW_K = 2.0  # evaporating temperature under the chilled water
_FULL_FREE_COOLING_FANS = 0.8  # of design fan power, with the whole heat on the free-cooling coil
_RECIRCULATION_EVAPORATING_C = 18.0  # mechanical cooling of a hall that is fed by outside air


def tower_plant(heat: Any, air: Air, v: Values, *, economiser: bool) -> Flows:
    """Water-cooled chiller with a wet tower, with or without a waterside economiser in series."""
    chilled, rise = v["chilled_water_c"], v["chilled_water_rise_k"]
    fan = v["air_fan_kw_per_kw"] * heat
    total = heat + fan
    cold = np.maximum(air.tw + v["tower_approach_k"], chilled - v["hx_approach_k"])
    free = np.clip((chilled + rise - (cold + v["hx_approach_k"])) / rise, 0.0, 1.0) if economiser else 0.0  # fmt: skip
    leaving = cold + v["tower_range_k"] + CONDENSING_ABOVE_LEAVING_K
    compressor = total * (1 - free) / cop(chilled - _EVAPORATING_BELOW_K, leaving, v["water_chiller_carnot"])  # fmt: skip
    rejected = total + compressor
    pumps = v["chilled_pump_kw_per_kw"] * total
    outside = (v["condenser_pump_kw_per_kw"] + v["tower_fan_kw_per_kw"]) * rejected
    return tower(rejected, cold, air, v)._replace(power=fan + compressor + pumps + outside)


def air_chiller(heat: Any, air: Air, v: Values) -> Flows:
    """Air-cooled chiller with a free-cooling coil; no water."""
    chilled, rise = v["chilled_water_c"], v["chilled_water_rise_k"]
    fan = v["air_fan_kw_per_kw"] * heat
    total = heat + fan
    free = np.clip((chilled + rise - (air.t + v["free_cooling_approach_k"])) / rise, 0.0, 1.0)
    compressor = total * (1 - free) / cop(chilled - _EVAPORATING_BELOW_K, _condensing(air, v), v["air_chiller_carnot"])  # fmt: skip
    pumps = v["chilled_pump_kw_per_kw"] * total
    fans = _FULL_FREE_COOLING_FANS * v["dry_fan_kw_per_kw"] * total * free
    return Flows(fan + compressor + pumps + fans)


def _condensing(air: Air, v: Values) -> Any:
    return np.maximum(air.t + v["condenser_approach_k"], v["condensing_min_c"])


def direct_evaporative(heat: Any, air: Air, v: Values) -> Flows:
    """Outside air through pads that are wet on hot hours; full mechanical cooling when it is too humid.

    Neither a limit of relative humidity nor winter humidification is modelled.
    """
    flow = heat / (SPECIFIC_HEAT_AIR * v["supply_rise_k"])
    most = saturation_humidity_ratio(v["dew_point_max_c"], air.p)
    locked = air.w > most
    wet = (air.t > v["evap_on_c"]) & ~locked
    t, w = wetted(air, v["evap_effectiveness"], v["evap_on_c"], v["evap_modulated"])
    over = w > most
    t, w = np.where(over, dry_bulb_at(air.h, most), t), np.where(over, most, w)
    supply = np.where(wet, t, air.t)
    evaporation = np.where(wet, flow * np.maximum(w - air.w, 0.0), 0.0)
    warm = np.clip((supply - v["supply_max_c"]) / v["supply_rise_k"], 0.0, 1.0)
    mechanical = np.where(locked, 1.0, warm)
    fans = v["outside_fan_kw_per_kw"] * heat * (1 + v["wet_fan_penalty"] * wet)
    compressor = heat * mechanical / cop(_RECIRCULATION_EVAPORATING_C, _condensing(air, v), v["air_chiller_carnot"])  # fmt: skip
    return Flows(fans + compressor, evaporation, 0.0, evaporation / (v["evap_cycles"] - 1))
