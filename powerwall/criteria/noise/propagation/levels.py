"""Levels: divergence, air, ground and a long wall together, for a point source."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.noise.propagation.air import REFERENCE_PRESSURE_KPA, atmospheric_absorption
from powerwall.criteria.noise.propagation.bands import BANDS_HZ
from powerwall.criteria.noise.propagation.diffraction import diffraction, screen_attenuation
from powerwall.criteria.noise.propagation.ground import (
    alternative_attenuation,
    check_edition,
    ground_attenuation,
    not_negative,
)

_NEAREST_M = 1.0  # a slant distance is never taken shorter
METHODS = ("general", "alternative")


class Barrier(NamedTuple):
    """A long straight wall across the path: its distance from the source, its top above the ground there. [m]"""

    distance_m: float
    top_m: float


def received_levels(
    sound_power_db: Any,
    source_height_m: float,
    receiver_height_m: float,
    distance_m: Any,
    ground: Any = 0.5,
    temperature_c: float = 10.0,
    humidity_pct: float = 70.0,
    pressure_kpa: float = REFERENCE_PRESSURE_KPA,
    edition: str = "1996",
    ground_method: str = "general",
    mean_height_m: float | None = None,
    terrain_rise_m: float = 0.0,
    barrier: Barrier | None = None,
) -> np.ndarray:
    """Octave-band levels of a point source, downwind. [dB re 20 µPa], shape (..., 8)

    Parameters
    ----------
    sound_power_db
        Sound power by band. [dB re 1 pW], shape (8,)
    source_height_m, receiver_height_m
        Above local ground. [m]
    distance_m
        Horizontal distance, of any shape. [m]
    ground
        G [0–1], an array of it that broadcasts against the distances, or `GroundFactors`.
    temperature_c, humidity_pct, pressure_kpa
        Air. [°C], [%], [kPa]
    edition
        `1996` or `2024`.
    ground_method, mean_height_m
        `general`, or `alternative` with the mean height of the ray above ground (None: the mean of
        both heights [m]).
    terrain_rise_m
        Ground under the receiver over that under the source. [m]
    barrier
        A wall that screens what lies beyond it, over its top alone.

    Raises
    ------
    ValueError
        If the sound power has not eight bands, an input is out of its range, or a barrier is asked
        of the alternative method.

    References
    ----------
    ISO 9613-2:1996, equations 3 to 18.

    Examples
    --------
    >>> power = [115, 118, 119, 116, 112, 110, 107, 103]
    >>> received_levels(power, 10, 1.5, 500).round(1).tolist()
    [53.9, 53.2, 52.0, 49.5, 46.8, 42.2, 27.6, -18.5]
    """
    power = eight_bands(sound_power_db)
    check_edition(edition)
    if ground_method not in METHODS:
        raise ValueError(f"ground_method `{ground_method}`: must be {' or '.join(METHODS)}")
    distance = np.asarray(distance_m, dtype=float)
    not_negative(source_height_m=source_height_m, receiver_height_m=receiver_height_m, distance_m=distance)  # fmt: skip
    rise = receiver_height_m + terrain_rise_m - source_height_m
    slant = np.maximum(np.hypot(distance, rise), _NEAREST_M)
    spread = 20 * np.log10(slant)[..., None] + 11
    absorbed = atmospheric_absorption(temperature_c, humidity_pct, pressure_kpa) * slant[..., None]
    if ground_method == "alternative":
        if barrier is not None:
            raise ValueError("ground_method `alternative` knows no barrier")
        mean = (source_height_m + receiver_height_m) / 2 if mean_height_m is None else mean_height_m
        not_negative(mean_height_m=mean)
        over = alternative_attenuation(mean, slant, distance, source_height_m, receiver_height_m)[..., None]  # fmt: skip
        return np.asarray(power - spread - absorbed - over)
    over = ground_attenuation(source_height_m, receiver_height_m, distance, ground, edition)
    if barrier is not None:
        over = over + _behind(barrier, over, source_height_m, rise, distance, edition)
    return np.asarray(power - spread - absorbed - over)


def _behind(
    barrier: Barrier, ground_db: np.ndarray, source_height_m: float, rise_m: float, distance: np.ndarray, edition: str
) -> np.ndarray:  # fmt: skip
    """Abar of a long wall; nothing where the receiver stands before it."""
    not_negative(barrier_distance_m=barrier.distance_m, barrier_top_m=barrier.top_m)
    beyond = np.maximum(distance - barrier.distance_m, 0.0)
    up = barrier.top_m - source_height_m
    over_sight = up - rise_m * barrier.distance_m / np.where(distance > 0, distance, 1.0)
    bent = diffraction(
        np.hypot(barrier.distance_m, up), np.hypot(beyond, up - rise_m), np.hypot(distance, rise_m), clear=over_sight < 0, edition=edition
    )  # fmt: skip
    return np.where((beyond > 0)[..., None], screen_attenuation(ground_db, bent), 0.0)


def eight_bands(sound_power_db: Any) -> np.ndarray:
    """Sound power as an array. [dB re 1 pW]

    Raises
    ------
    ValueError
        If its last axis has not eight bands.
    """
    power = np.asarray(sound_power_db, dtype=float)
    if power.ndim == 0 or power.shape[-1] != len(BANDS_HZ):
        raise ValueError(f"sound power: eight bands from 63 to 8000 Hz are needed, not {power.shape}")  # fmt: skip
    return power


def meteorological_correction(
    distance_m: Any, source_height_m: float, receiver_height_m: float, c0_db: float
) -> np.ndarray:
    """Cmet: what a long-term mean lies below the downwind level. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance. [m]
    source_height_m, receiver_height_m
        Above local ground. [m]
    c0_db
        Factor of the local weather, 0 to 5. A check against a limit takes 0, the worst hour. [dB]

    References
    ----------
    ISO 9613-2:1996, equations 21 and 22.

    Examples
    --------
    >>> float(meteorological_correction(200, 1, 1, 2))
    1.8
    """
    distance = np.asarray(distance_m, dtype=float)
    not_negative(source_height_m=source_height_m, receiver_height_m=receiver_height_m, distance_m=distance, c0_db=c0_db)  # fmt: skip
    reach = 10 * (source_height_m + receiver_height_m)
    return np.asarray(c0_db * (1 - np.minimum(reach / np.maximum(distance, reach or 1.0), 1.0))) if reach else np.where(distance > 0, c0_db, 0.0)  # fmt: skip
