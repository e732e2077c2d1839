"""Psychrometrics: moist air from dry bulb, humidity and pressure, on arrays.

Forms and constants of the ASHRAE Handbook, Fundamentals 2021, chapter 1 (SI); W is kg of water per
kg of dry air, h kJ per kg of dry air. NaN in, NaN out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CELSIUS_ZERO_K = 273.15
TRIPLE_POINT_C = 0.01  # saturation is over water above, over ice below (ASHRAE)
MOLAR_RATIO = 0.621945  # water over dry air, by molar mass (ASHRAE)
LEAST_HUMIDITY_RATIO = 1e-7  # the driest air that is looked at
STANDARD_PRESSURE_PA = 101_325.0
_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)  # fmt: skip
_STEPS, _TOLERANCE_K, _HALF_STEP_K = 12, 1e-6, 1e-3


def saturation_pressure(temperature_c: Any) -> Array:
    """Pressure of saturated vapour. [Pa]

    >>> float(saturation_pressure(20.0).round(2))
    2338.8
    """
    t = np.asarray(temperature_c, dtype=float)
    over_water = _exponential(t, _WATER)
    cold = t <= TRIPLE_POINT_C
    if not cold.any():
        return over_water
    return np.where(cold, _exponential(t, _ICE), over_water)


def _exponential(temperature_c: Array, c: tuple[float, ...]) -> Array:
    k = np.maximum(temperature_c + CELSIUS_ZERO_K, 100.0)
    power = c[1] + k * (c[2] + k * (c[3] + k * (c[4] + k * c[5])))
    return np.asarray(np.exp(c[0] / k + power + c[6] * np.log(k)))


def humidity_ratio(vapour_pa: Any, pressure_pa: Any) -> Array:
    """Humidity ratio at a vapour pressure. [kg/kg]"""
    pw, p = np.asarray(vapour_pa, dtype=float), np.asarray(pressure_pa, dtype=float)
    return np.asarray(MOLAR_RATIO * pw / (p - pw))


def saturation_humidity_ratio(temperature_c: Any, pressure_pa: Any) -> Array:
    """Humidity ratio of saturated air. [kg/kg]"""
    return humidity_ratio(saturation_pressure(temperature_c), pressure_pa)


def enthalpy(dry_bulb_c: Any, ratio: Any) -> Array:
    """Enthalpy of moist air. [kJ/kg]

    >>> float(enthalpy(30.0, 0.01051673).round(4))
    57.0692
    """
    t, w = np.asarray(dry_bulb_c, dtype=float), np.asarray(ratio, dtype=float)
    return np.asarray(1.006 * t + w * (2501.0 + 1.86 * t))


def dry_bulb_at(enthalpy_kj_per_kg: Any, ratio: Any) -> Array:
    """Dry bulb of air of an enthalpy and a humidity ratio. [°C]"""
    h, w = np.asarray(enthalpy_kj_per_kg, dtype=float), np.asarray(ratio, dtype=float)
    return np.asarray((h - 2501.0 * w) / (1.006 + 1.86 * w))


def humidity_ratio_at(enthalpy_kj_per_kg: Any, dry_bulb_c: Any) -> Array:
    """Humidity ratio of air of an enthalpy and a dry bulb. [kg/kg]"""
    h, t = np.asarray(enthalpy_kj_per_kg, dtype=float), np.asarray(dry_bulb_c, dtype=float)
    return np.asarray((h - 1.006 * t) / (2501.0 + 1.86 * t))


class _Bulb(NamedTuple):
    """Balance at a bulb: (heat − drop·tw)·Ws − 1.006·(t − tw) = (2501 or 2830 + 1.86·t − back·tw)·W."""

    heat: float
    drop: float
    back: float


_WETTED, _ICED = _Bulb(2501.0, 2.326, 4.186), _Bulb(2830.0, 0.24, 2.1)


def _balance(t: Array, tw: Array, ws: Array, bulb: _Bulb) -> Array:
    above = (bulb.heat - bulb.drop * tw) * ws - 1.006 * (t - tw)
    return np.asarray(above / (bulb.heat + 1.86 * t - bulb.back * tw))


def _slope(t: Array, tw: Array, ws: Array, rise: Array, bulb: _Bulb) -> Array:
    """Derivative of the balance by the wet bulb. [1/K]"""
    below = bulb.heat + 1.86 * t - bulb.back * tw
    above = (bulb.heat - bulb.drop * tw) * ws - 1.006 * (t - tw)
    grown = (bulb.heat - bulb.drop * tw) * rise - bulb.drop * ws + 1.006
    return np.asarray((grown + bulb.back * above / below) / below)


def humidity_ratio_of(dry_bulb_c: Any, wet_bulb_c: Any, pressure_pa: Any) -> Array:
    """Humidity ratio from dry and wet bulb, `LEAST_HUMIDITY_RATIO` at least. [kg/kg]

    A wet bulb above the dry bulb counts as the dry bulb.

    >>> float(humidity_ratio_of(30.0, 20.0, 101325.0).round(8))
    0.01051673
    """
    t, tw, p = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (dry_bulb_c, wet_bulb_c, pressure_pa)))  # fmt: skip
    tw = np.minimum(tw, t)
    ws = saturation_humidity_ratio(tw, p)
    found = np.where(tw < 0, _balance(t, tw, ws, _ICED), _balance(t, tw, ws, _WETTED))
    return np.maximum(found, LEAST_HUMIDITY_RATIO)


def humidity_ratio_of_rh(dry_bulb_c: Any, relative_humidity: Any, pressure_pa: Any) -> Array:
    """Humidity ratio from dry bulb and relative humidity, which is clipped to 0.01–1. [kg/kg]"""
    rh = np.clip(np.asarray(relative_humidity, dtype=float), 0.01, 1.0)
    return humidity_ratio(rh * saturation_pressure(dry_bulb_c), pressure_pa)


def relative_humidity_of(dry_bulb_c: Any, ratio: Any, pressure_pa: Any) -> Array:
    """Relative humidity of air, 1 where it is saturated. [share]"""
    w, p = np.asarray(ratio, dtype=float), np.asarray(pressure_pa, dtype=float)
    return np.asarray(w * p / (MOLAR_RATIO + w) / saturation_pressure(dry_bulb_c))


def wet_bulb(dry_bulb_c: Any, relative_humidity: Any, pressure_pa: Any) -> Array:
    """Thermodynamic wet-bulb temperature. [°C], the shape to which the arguments broadcast

    Parameters
    ----------
    dry_bulb_c
        −40 to 55. [°C]
    relative_humidity
        0–1, clipped to 0.01–1. [share]
    pressure_pa
        Station pressure, 60,000 to 108,000. [Pa]

    Raises
    ------
    ValueError
        For a relative humidity above 1.5, which is one in percent, or a pressure under 20,000 Pa,
        which is one in hectopascal.

    >>> float(wet_bulb(30.0, 0.3968, 101325.0).round(2))
    20.0
    """
    rh, p = (np.asarray(x, dtype=float) for x in (relative_humidity, pressure_pa))
    if np.any(rh > 1.5):  # a saturated hour may read a little above 1
        raise ValueError("relative_humidity is a share of 1, not a percentage")
    if np.any(p < 20_000.0):
        raise ValueError("pressure_pa is in pascal, not in hectopascal")
    return wet_bulb_of(dry_bulb_c, humidity_ratio_of_rh(dry_bulb_c, rh, p), p)


def wet_bulb_of(dry_bulb_c: Any, ratio: Any, pressure_pa: Any) -> Array:
    """Wet bulb from dry bulb and humidity ratio. [°C]

    Notes
    -----
    The balance at the bulb is rising and convex in the wet bulb, so Newton's method that starts at
    the dry bulb falls monotonically to the root. Near 0 °C dry air has two roots, over supercooled
    water and over ice; water is taken wherever it has one at 0 °C or above.
    """
    t, w, p = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (dry_bulb_c, ratio, pressure_pa)))  # fmt: skip
    w = np.maximum(w, LEAST_HUMIDITY_RATIO)
    ice = w < _balance(t, np.zeros_like(t), saturation_humidity_ratio(0.0, p), _WETTED)
    found = np.full(t.shape, np.nan)
    for at, bulb in ((~ice, _WETTED), (ice, _ICED)):
        if at.any():
            found[at] = _newton(t[at], w[at], p[at], bulb)
    return found


def _newton(t: Array, w: Array, p: Array, bulb: _Bulb) -> Array:
    tw = t
    for _ in range(_STEPS):
        pw = saturation_pressure(tw)
        ws = humidity_ratio(pw, p)
        rise = MOLAR_RATIO * p / (p - pw) ** 2 * pw * _log_slope(tw)
        step = (_balance(t, tw, ws, bulb) - w) / _slope(t, tw, ws, rise, bulb)
        tw = np.minimum(tw - step, t)
        if not np.any(np.abs(step) > _TOLERANCE_K):  # NaN is not above it
            break
    return tw


def _log_slope(temperature_c: Array) -> Array:
    """Change of the logarithm of the saturation pressure with temperature. [1/K]"""
    k = np.maximum(temperature_c + CELSIUS_ZERO_K, 100.0)

    def of(c: tuple[float, ...]) -> Array:
        return np.asarray(-c[0] / k**2 + c[2] + k * (2 * c[3] + k * (3 * c[4] + k * 4 * c[5])) + c[6] / k)  # fmt: skip

    return np.where(temperature_c <= TRIPLE_POINT_C, of(_ICE), of(_WATER))


def pressure_at(elevation_m: Any) -> Array:
    """Pressure of the standard atmosphere at a height. [Pa]"""
    z = np.asarray(elevation_m, dtype=float)
    return np.asarray(STANDARD_PRESSURE_PA * (1 - 2.25577e-5 * z) ** 5.2559)
