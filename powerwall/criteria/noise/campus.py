"""Campus: what a group of sources, spread over a disc, sends to each distance.

Over flat uniform ground the level falls with distance in every band, for a point and for a disc
alike; so one table by distance holds all that a receptor needs to know of a group.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.noise.propagation import BANDS_HZ, Barrier, a_weighted, c_weighted
from powerwall.criteria.noise.propagation.air import REFERENCE_PRESSURE_KPA
from powerwall.criteria.noise.propagation.levels import eight_bands, received_levels

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_POINT_M = 0.01  # a disc of a smaller radius is a point


class LevelTable(NamedTuple):
    """Levels by distance from the centre, never rising.

    Attributes
    ----------
    distance_m
        Horizontal distances, rising. [m], shape (n,)
    levels_db
        Band levels. [dB re 20 µPa], shape (n, 8)
    """

    distance_m: np.ndarray
    levels_db: np.ndarray


def level_table(
    sound_power_db: Any,
    source_height_m: float,
    receiver_height_m: float,
    radius_m: float = 0.0,
    ground: float = 0.5,
    temperature_c: float = 10.0,
    humidity_pct: float = 70.0,
    pressure_kpa: float = REFERENCE_PRESSURE_KPA,
    edition: str = "1996",
    barrier: Barrier | None = None,
    min_distance_m: float = 1.0,
    max_distance_m: float = 20_000.0,
    points: int = 1024,
) -> LevelTable:
    """Levels of a group of sources by distance from its centre.

    Parameters
    ----------
    sound_power_db
        Sound power of the whole group by band. [dB re 1 pW], shape (8,)
    source_height_m, receiver_height_m
        Above local ground. [m]
    radius_m
        Radius of the disc over which the power is spread evenly; 0 is a point. [m]
    ground, temperature_c, humidity_pct, pressure_kpa, edition
        As for `received_levels`.
    barrier
        A screen at its distance from every source of the group, on the way to every receiver.
    min_distance_m, max_distance_m, points
        Distances of the table, evenly spaced in their logarithm. [m]

    Raises
    ------
    ValueError
        If the radius is negative, the distances are not a rising range of two points or more, or
        as for `received_levels`.

    Notes
    -----
    Right behind a barrier the shadow is deepest, so a level may rise with distance there: the
    table then holds what is still to come, which keeps distances exact and margins careful.
    """
    if not radius_m >= 0:
        raise ValueError("radius_m must be 0 or more")
    if not (0 < min_distance_m < max_distance_m and points > 1):
        raise ValueError("a table needs two distances or more, rising from above 0")
    power = eight_bands(sound_power_db)
    distance = np.geomspace(min_distance_m, max_distance_m, points)

    def levels_at(metres: np.ndarray) -> np.ndarray:
        return received_levels(
            power, source_height_m, receiver_height_m, metres, ground, temperature_c, humidity_pct, pressure_kpa, edition, barrier=barrier
        )  # fmt: skip

    levels = (
        levels_at(distance) if radius_m < _POINT_M else _over_disc(levels_at, distance, radius_m)
    )
    return LevelTable(distance, np.maximum.accumulate(levels[::-1])[::-1])


def _over_disc(levels_at: Any, distance: np.ndarray, radius: float) -> np.ndarray:
    """Mean by energy over the disc, by Gauss–Legendre along the distance to its points. [dB]

    A receiver sees the points at a distance rho along an arc of half angle phi; a disc whose
    centre is nearer than its rim also surrounds the receiver.
    """
    d = distance[:, None]
    turn = (_NODES + 1) * np.pi / 2
    near, far = np.abs(d - radius), d + radius
    rho = (near + far) / 2 - (far - near) / 2 * np.cos(turn)
    phi = np.arccos(np.clip((rho**2 + d**2 - radius**2) / (2 * rho * d), -1.0, 1.0))
    weight = 2 * phi * rho * (far - near) / 2 * np.sin(turn) * _WEIGHTS * np.pi / 2
    inner = np.clip(radius - d, 0.0, None)
    inside = inner * (_NODES + 1) / 2
    around = 2 * np.pi * inside * _WEIGHTS * inner / 2
    levels = levels_at(np.hstack([rho, inside]))
    share = np.hstack([weight, around])[..., None] / (np.pi * radius**2)
    top = levels.max(axis=1)  # far bands lie beyond what a float holds as energy
    silent = np.isneginf(top)  # a band without power
    over = np.where(silent[:, None], 0.0, levels) - np.where(silent, 0.0, top)[:, None]
    return np.asarray(top + 10 * np.log10((share * 10 ** (0.1 * over)).sum(axis=1)))


def level_at(table: LevelTable, distance_m: Any, weighting: str | None = None) -> np.ndarray:
    """Level at a distance, linear in its logarithm, held at both ends of the table. [dB]

    Parameters
    ----------
    table
        Levels by distance.
    distance_m
        Horizontal distance from the centre, of any shape. [m]
    weighting
        None: the eight bands, shape (..., 8). `A` or `C`: the weighted level, shape (...).

    Raises
    ------
    ValueError
        If the weighting is another.
    """
    known = np.log(table.distance_m)
    where = np.log(np.maximum(np.asarray(distance_m, dtype=float), table.distance_m[0]))
    if weighting is None:
        return np.stack([np.interp(where, known, band) for band in table.levels_db.T], axis=-1)
    return np.asarray(np.interp(where, known, weighted_table(table, weighting)))


def setback_distance(table: LevelTable, limit_db: Any, weighting: str = "A") -> float:
    """Distance from which on a limit is kept; inf if it never is, 0 if it is everywhere. [m]

    Parameters
    ----------
    table
        Levels by distance.
    limit_db
        A level; for `octave` eight of them, NaN or None where a band has no limit. [dB]
    weighting
        `A`, `C` or `octave`, for which the strictest band decides.

    Raises
    ------
    ValueError
        If the weighting is another, the octave limits are not eight, or there is no limit.
    """
    if weighting != "octave":
        limit = np.nan if limit_db is None else float(limit_db)
        return kept_from(table.distance_m, weighted_table(table, weighting), limit)
    limits = np.asarray(limit_db, dtype=float)
    if limits.shape != (len(BANDS_HZ),):
        raise ValueError(f"octave: eight limits are needed, not {limits.shape}")
    bands = [
        kept_from(table.distance_m, band, limit)
        for band, limit in zip(table.levels_db.T, limits, strict=True)
        if not np.isnan(limit)
    ]
    return max(bands, default=0.0)


def kept_from(distance: np.ndarray, levels: np.ndarray, limit: float) -> float:
    """Distance from which on falling levels keep a limit; inf if never, 0 if everywhere. [m]

    Raises
    ------
    ValueError
        If the limit is NaN.
    """
    if np.isnan(limit):
        raise ValueError("a limit is needed: NaN is none")
    if levels[-1] > limit:
        return float("inf")
    if levels[0] <= limit:
        return 0.0
    over = int(np.flatnonzero(levels > limit)[-1])
    share = (levels[over] - limit) / (levels[over] - levels[over + 1])
    ends = np.log(distance[over : over + 2])
    return float(np.exp(ends[0] + share * (ends[1] - ends[0])))


def weighted_table(table: LevelTable, weighting: str) -> np.ndarray:
    """Weighted levels of a table. [dB], shape (n,)

    Raises
    ------
    ValueError
        If the weighting is neither `A` nor `C`.
    """
    if weighting not in {"A", "C"}:
        raise ValueError(f"weighting `{weighting}`: must be A or C")
    return a_weighted(table.levels_db) if weighting == "A" else c_weighted(table.levels_db)


def summed(tables: list[LevelTable]) -> LevelTable:
    """Tables of concentric groups as one, by energy; all of them at the same distances."""
    top = np.max([table.levels_db for table in tables], axis=0)
    energy = sum(10 ** (0.1 * (table.levels_db - top)) for table in tables)
    return LevelTable(tables[0].distance_m, top + 10 * np.log10(energy))
