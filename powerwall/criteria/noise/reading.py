"""Reading: level and margin under one limit at many distances, with what is uncertain about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.noise.campus import level_at
from powerwall.criteria.noise.propagation import BANDS_HZ
from powerwall.criteria.noise.propagation.bands import LOWEST_HZ
from powerwall.criteria.noise.states import Campus, StateTable

PLACE_SIGMA_MAX = Parameter(
    10.0, "dB", 5.0, 15.0, "assumed: cap on the part that an uncertain position adds"
)
_STEP = 0.01  # of a distance, over which the slope of the level is taken
FAR_M = 1000.0  # the method states no accuracy beyond
NINE_HZ = (LOWEST_HZ, *BANDS_HZ)


class Reading(NamedTuple):
    """Margins under one limit, one a site; each of shape (sites,).

    Attributes
    ----------
    margin_db, low_db, high_db
        Limit less level, and its P10 and P90; two standard deviations of the distance nearer and
        farther where the position is a guess.
    limit_db, received_db, band_hz
        Limit, level, and the band that binds (NaN for a broadband limit).
    pass_probability, pass_low, pass_high
        Odds that the level stays at or below the limit. [share]
    guess
        True where the position is a guess.
    """

    margin_db: np.ndarray
    low_db: np.ndarray
    high_db: np.ndarray
    limit_db: np.ndarray
    received_db: np.ndarray
    band_hz: np.ndarray
    pass_probability: np.ndarray
    pass_low: np.ndarray
    pass_high: np.ndarray
    guess: np.ndarray


def read_levels(
    campuses: Sequence[Campus], code: np.ndarray, state: str, height_m: float,
    weighting: str, limit_db: Any, metres: np.ndarray, slack_m: np.ndarray, *, ambient_assumed: bool | np.ndarray = False,
) -> Reading:  # fmt: skip
    """Margins of a limit at one distance a site.

    Parameters
    ----------
    campuses, code
        Campuses that occur, and which one each site would have.
    state, height_m
        Operating state, and receiver height. [m]
    weighting, limit_db
        `A` or `C` with a level; `octave` with nine, NaN where a band has no limit. [dB]
    metres, slack_m
        Distance from the centre, and its standard deviation. [m]
    ambient_assumed
        True where the limit rests on a level that was not measured.
    """
    guess = slack_m > metres / 2
    step = np.where(
        guess, 2 * slack_m, _STEP * metres
    )  # to the ends of the range, or for the slope
    reach = np.clip(np.stack([metres, metres - step, metres + step]), 1.0, None)
    margins, received, limits, bands = (np.full(reach.shape, np.nan) for _ in range(4))
    for which, campus in enumerate(campuses):
        at = code == which
        if at.any():
            table = campus.levels(state, height_m)
            limit = limit_db[at] if np.ndim(limit_db) and weighting != "octave" else limit_db
            where = campus.distance_to(reach[:, at])
            margins[:, at], received[:, at], limits[:, at], bands[:, at] = _margins(table, weighting, limit, where)  # fmt: skip
    point, near, far = margins
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (far - near) / (reach[2] - reach[1])
    place = np.minimum(np.abs(np.nan_to_num(slope)) * slack_m, PLACE_SIGMA_MAX.value)
    settings = campuses[0].settings
    path = settings.path_sigma_db * np.where(metres > FAR_M, 2.0, 1.0)
    ambient = settings.ambient_sigma_db * np.asarray(ambient_assumed, dtype=float)
    sigma = np.sqrt(settings.source_sigma_db**2 + path**2 + place**2 + ambient**2)
    odds = np.stack([_odds(margin, sigma) for margin in (point, near, far)])
    return Reading(
        point, np.where(guess, near, point - Z90 * sigma), np.where(guess, far, point + Z90 * sigma), limits[0], received[0], bands[0],
        odds[0], np.where(guess, odds[1], odds[0]), np.where(guess, odds[2], odds[0]), guess,
    )  # fmt: skip


def _odds(margin: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(margin / sigma))


def _margins(
    one: StateTable, weighting: str, limit_db: Any, metres: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Margin, level, limit and band at some distances."""
    if weighting != "octave":
        level = level_at(one.table, metres, weighting)
        limit = np.broadcast_to(np.asarray(limit_db, dtype=float), level.shape)
        return limit - level, level, limit, np.full(level.shape, np.nan)
    limits = np.asarray(limit_db, dtype=float)
    at = np.flatnonzero(~np.isnan(limits))
    levels = nine_bands(one, metres)[..., at]
    worst = (limits[at] - levels).argmin(axis=-1)
    level = np.take_along_axis(levels, worst[..., None], axis=-1)[..., 0]
    limit = limits[at][worst]
    return limit - level, level, limit, np.asarray(NINE_HZ)[at][worst]


def nine_bands(one: StateTable, metres: np.ndarray) -> np.ndarray:
    """Levels from 31.5 to 8000 Hz at some distances. [dB], shape (..., 9)"""
    known = np.log(one.table.distance_m)
    lowest = np.interp(np.log(np.maximum(metres, 1.0)), known, one.lowest_db)
    return np.concatenate([lowest[..., None], level_at(one.table, metres)], axis=-1)
