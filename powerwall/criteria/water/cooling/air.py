"""Air and water of a cooling plant: outdoor air, a tower, wetted pads and a compressor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.water.psychrometrics import (
    Array,
    enthalpy,
    humidity_ratio_at,
    humidity_ratio_of,
    saturation_humidity_ratio,
)

#: Values of a plant's parameters by name; arrays broadcast against the weather.
Values = Mapping[str, Any]

SPECIFIC_HEAT_AIR = 1.006  # kJ/kg·K, dry air (ASHRAE)
SPECIFIC_HEAT_WATER = 4.186  # kJ/kg·K
# Limits of the formulas, not of a plant: outside them a chiller's law of Carnot says nothing.
_COP_LEAST, _COP_MOST, _LIFT_LEAST_K = 2.0, 12.0, 5.0
_ENTHALPY_LEAST = 2.0  # kJ/kg, keeps the air flow of a tower finite in saturated air
CONDENSING_ABOVE_LEAVING_K = 2.0  # condensing temperature over the water that leaves the condenser


class Air(NamedTuple):
    """Outdoor air. dry bulb and wet bulb [°C], humidity ratio [kg/kg], pressure [Pa], enthalpy [kJ/kg]."""

    t: Array
    tw: Array
    w: Array
    p: Array
    h: Array


class Flows(NamedTuple):
    """Electricity of a cooling plant [kW per kW of IT] and its water [kg/s per kW of IT]."""

    power: Any
    evaporation: Any = 0.0
    drift: Any = 0.0
    blowdown: Any = 0.0

    def plus(self, other: Flows) -> Flows:
        """Both plants together."""
        return Flows(*(a + b for a, b in zip(self, other, strict=True)))


def outdoor(dry_bulb_c: Any, wet_bulb_c: Any, pressure_pa: Any) -> Air:
    """Outdoor air from its dry and wet bulb; a wet bulb above the dry bulb counts as that."""
    t, tw, p = (np.asarray(x, dtype=float) for x in (dry_bulb_c, wet_bulb_c, pressure_pa))
    w = humidity_ratio_of(t, tw, p)
    return Air(t, np.minimum(tw, t), w, p, enthalpy(t, w))


def cop(evaporating_c: Any, condensing_c: Any, carnot_share: Any) -> Array:
    """Coefficient of performance of a compressor as a share of Carnot's, limited to 2–12."""
    lift = np.maximum(condensing_c - evaporating_c, _LIFT_LEAST_K)
    return np.asarray(np.clip(carnot_share * (evaporating_c + 273.15) / lift, _COP_LEAST, _COP_MOST))  # fmt: skip


def tower(heat: Any, cold_water_c: Any, air: Air, v: Values) -> Flows:
    """Water of a wet tower that rejects a heat; the exit air is saturated at the mean water temperature.

    Source: EnergyPlus Engineering Reference, variable-speed cooling towers, saturated-exit model
    and blowdown by cycles of concentration.
    """
    exit_c = cold_water_c + v["tower_range_k"] / 2
    leaving = saturation_humidity_ratio(exit_c, air.p)
    gained = np.maximum(enthalpy(exit_c, leaving) - air.h, _ENTHALPY_LEAST)
    evaporation = heat * np.maximum(leaving - air.w, 0.0) / gained
    drift = v["drift_share"] * heat / (SPECIFIC_HEAT_WATER * v["tower_range_k"])
    blowdown = np.maximum(evaporation / (v["tower_cycles"] - 1) - drift, 0.0)
    return Flows(0.0, evaporation, drift + 0 * evaporation, blowdown)


def wetted(air: Air, effectiveness: Any, least_c: Any, modulated: Any) -> tuple[Array, Array]:
    """Air behind wetted pads, its temperature [°C] and humidity ratio [kg/kg], at constant enthalpy.

    Pads that are modulated cool only as far as `least_c`.
    """
    t = air.t - effectiveness * (air.t - air.tw)
    t = np.where(modulated, np.maximum(t, least_c), t)
    return t, humidity_ratio_at(air.h, t)
