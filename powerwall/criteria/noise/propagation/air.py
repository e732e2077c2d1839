"""Air: what the atmosphere absorbs."""

from __future__ import annotations

from typing import Any

import numpy as np

from powerwall.criteria.noise.propagation.bands import EXACT_HZ

REFERENCE_PRESSURE_KPA = 101.325
_T0, _T01 = 293.15, 273.16  # K: reference air, triple point
_NEPER_DB = 8.686  # the constant of the standard, not 20/ln 10


def atmospheric_absorption(
    temperature_c: float, humidity_pct: float, pressure_kpa: float = REFERENCE_PRESSURE_KPA
) -> np.ndarray:
    """Absorption by pure tones at the exact midbands. [dB/m], shape (8,)

    Parameters
    ----------
    temperature_c, humidity_pct, pressure_kpa
        Air temperature [°C], relative humidity [%] and pressure [kPa].

    Raises
    ------
    ValueError
        If the humidity is not above 0 and at most 100 %, or the pressure not above 0.

    References
    ----------
    ISO 9613-1:1993, equations 3 to 5.
    """
    return absorption_at(EXACT_HZ, temperature_c, humidity_pct, pressure_kpa)


def absorption_at(
    frequency_hz: Any, temperature_c: float, humidity_pct: float, pressure_kpa: float
) -> np.ndarray:
    """As `atmospheric_absorption`, at any frequency [Hz]. [dB/m]"""
    if not 0 < humidity_pct <= 100:
        raise ValueError(f"humidity of {humidity_pct:g} %: must be over 0 and at most 100")
    if not pressure_kpa > 0:
        raise ValueError(f"pressure of {pressure_kpa:g} kPa: must be over 0")
    f2 = np.square(np.asarray(frequency_hz, dtype=float))
    kelvin = temperature_c + 273.15
    relative, warm = pressure_kpa / REFERENCE_PRESSURE_KPA, kelvin / _T0
    saturation = 10 ** (-6.8346 * (_T01 / kelvin) ** 1.261 + 4.6151)  # over the reference pressure
    h = humidity_pct * saturation / relative  # molar concentration of water vapour, %
    oxygen = relative * (24 + 4.04e4 * h * (0.02 + h) / (0.391 + h))
    nitrogen = relative * warm**-0.5 * (9 + 280 * h * np.exp(-4.170 * (warm ** (-1 / 3) - 1)))
    classical = 1.84e-11 / relative * warm**0.5
    relaxed = warm**-2.5 * (
        0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + f2 / oxygen)
        + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + f2 / nitrogen)
    )
    return np.asarray(_NEPER_DB * f2 * (classical + relaxed))
