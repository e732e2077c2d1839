"""Propagation: what arrives at a distance, by octave band (ISO 9613, divergence and air alone)."""

from __future__ import annotations

import numpy as np

BANDS_HZ: tuple[float, ...] = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
#: Exact midbands, at which absorption is taken; the nominal ones are off by up to 1 dB/km. [Hz]
_MIDBANDS_HZ = 1000.0 * 10.0 ** (0.3 * np.arange(-4, 4))
# IEC 61672-1 weightings at the bands. [dB]
_A_DB = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
_C_DB = np.array([-0.8, -0.2, 0.0, 0.0, 0.0, -0.2, -0.8, -3.0])


def atmospheric_absorption(
    temperature_c: float, humidity_pct: float, pressure_kpa: float = 101.325
) -> np.ndarray:
    """Absorption of air by band, ISO 9613-1:1993. [dB/m], shape (8,)

    Raises
    ------
    ValueError
        If the humidity is outside (0, 100].
    """
    if not 0 < humidity_pct <= 100:
        msg = f"humidity {humidity_pct} % is outside (0, 100]"
        raise ValueError(msg)
    kelvin, reference = temperature_c + 273.15, 293.15
    relative = pressure_kpa / 101.325
    saturation = 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    vapour = humidity_pct * saturation / relative
    warm = kelvin / reference
    oxygen = relative * (24 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour))
    nitrogen = relative * warm**-0.5 * (9 + 280 * vapour * np.exp(-4.170 * (warm ** (-1 / 3) - 1)))
    f2 = _MIDBANDS_HZ**2
    classical = 1.84e-11 / relative * warm**0.5
    relaxation = warm**-2.5 * (
        0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + f2 / oxygen)
        + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + f2 / nitrogen)
    )
    return np.asarray(8.686 * f2 * (classical + relaxation))


def received_levels(
    sound_power_db: np.ndarray, source_height_m: float, receiver_height_m: float, distance_m: np.ndarray | float,
    temperature_c: float = 10.0, humidity_pct: float = 70.0, pressure_kpa: float = 101.325,
) -> np.ndarray:  # fmt: skip
    """Octave-band levels of a point source over a distance. [dB], shape (..., 8)

    Parameters
    ----------
    sound_power_db
        Sound power by band. [dB re 1 pW], shape (8,)
    source_height_m, receiver_height_m
        Above local ground. [m]
    distance_m
        Horizontal distance. [m]

    Notes
    -----
    Spherical divergence, 20 lg d + 11, and absorption. Neither ground nor screens: over soft
    ground the level is some decibels lower, over paving up to three higher.

    References
    ----------
    ISO 9613-2:1996, equations 3 to 8; ISO 9613-1:1993.
    """
    flat = np.asarray(distance_m, dtype=float)
    slant = np.maximum(np.hypot(flat, receiver_height_m - source_height_m), 1.0)[..., None]
    absorbed = atmospheric_absorption(temperature_c, humidity_pct, pressure_kpa) * slant
    return np.asarray(sound_power_db - (20 * np.log10(slant) + 11) - absorbed)


def a_weighted(levels: np.ndarray) -> np.ndarray:
    """Energy sum over the bands after A-weighting. [dB(A)]"""
    return _sum(np.asarray(levels) + _A_DB)


def c_weighted(levels: np.ndarray) -> np.ndarray:
    """Energy sum over the bands after C-weighting. [dB(C)]"""
    return _sum(np.asarray(levels) + _C_DB)


def _sum(levels: np.ndarray) -> np.ndarray:
    return np.asarray(10 * np.log10(np.sum(10 ** (0.1 * levels), axis=-1)))
