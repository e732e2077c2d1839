"""Limits: what the campus alone may cause under a rule, and what is left of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.noise.propagation.bands import a_weighted, c_weighted
from powerwall.criteria.noise.rules.rows import NINE_HZ, NoiseRule

#: Increase that `no increase` is read as: 10 dB below what is there. [dB]
NO_INCREASE_DB = 10 * math.log10(1.1)
_BOX_7_M_DB = 31.3  # sound power over the level at 7 m from a box of 12 × 3 × 3.5 m
_BOX_M = (6.5, 7.5)  # distances for which that box stands


class Margin(NamedTuple):
    """Limit less level: margin, limit, level [dB] and the band that binds [Hz], NaN for a broadband rule."""

    margin_db: Any
    limit_db: Any
    received_db: Any
    band_hz: Any


def without(total_db: Any, part_db: Any) -> np.ndarray:
    """Level that a part leaves of a total, by energy; -inf where it leaves nothing. [dB]

    >>> float(without(48.0, 45.0).round(2))
    44.98
    """
    energy = 10 ** (0.1 * np.asarray(total_db)) - 10 ** (0.1 * np.asarray(part_db))
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(np.maximum(energy, 0.0)))


def effective_limit(
    rule: NoiseRule, ambient_db: Any = None, *, tonal: bool = False, impulsive: bool = False,
    intermittent: bool = False, preloaded: bool = False,
) -> Any:  # fmt: skip
    """Highest level that the campus alone may cause, in the weighting of the rule. [dB]

    Parameters
    ----------
    rule
        The rule.
    ambient_db
        Level without the campus, in the rule's background metric: a number, an array of any
        shape, or None; NaN is not given. [dB]
    tonal, impulsive, intermittent
        Characters of the sound that take their penalty.
    preloaded
        True where other plants already use up part of the limit.

    Returns
    -------
    A number, or an array in the shape of `ambient_db`; for the metric `octave` with one more axis
    of nine bands, NaN where a band has no limit. NaN where no limit can be formed.
    """
    penalty = _penalty(rule, tonal=tonal, impulsive=impulsive, intermittent=intermittent)
    relief = np.nan_to_num(rule.preload_relief_db) if preloaded else 0.0
    ambient = np.asarray(np.nan if ambient_db is None else ambient_db, dtype=float)
    if rule.metric == "octave":
        fixed = rule.octave_limits_db - penalty - relief
        kept = fixed if rule.kind == "absolute" else np.full(len(NINE_HZ), np.nan)
        return np.broadcast_to(kept, (*ambient.shape, len(NINE_HZ))).copy()
    found = _limit_of(rule, ambient, penalty, relief)
    return float(found) if ambient.ndim == 0 else found


def _limit_of(rule: NoiseRule, ambient: np.ndarray, penalty: float, relief: float) -> np.ndarray:
    """Limit of a broadband rule in the shape of the ambient. [dB]"""
    if rule.kind == "absolute":
        return np.full(ambient.shape, rule.limit_db - penalty - relief)
    if rule.kind == "background_plus":
        return _over_background(rule, ambient, penalty)
    if rule.kind == "emergence":
        return without(_largest_total(rule, ambient), ambient) - penalty
    if rule.kind == "no_increase":
        step = rule.increment_db if rule.increment_db > 0 else NO_INCREASE_DB
        return np.asarray(ambient + without(step, 0.0) - penalty)
    return np.full(ambient.shape, np.nan)


def _penalty(rule: NoiseRule, *, tonal: bool, impulsive: bool, intermittent: bool) -> float:
    """What characters and fixed corrections take off a limit. [dB]"""
    parts = [rule.rating_correction_db]
    parts += [rule.tonal_penalty_db] if tonal else []
    parts += [rule.impulsive_penalty_db] if impulsive else []
    parts += [rule.intermittent_penalty_db] if intermittent else []
    return float(np.nansum(parts))


def _over_background(rule: NoiseRule, ambient: np.ndarray, penalty: float) -> np.ndarray:
    over = ambient + rule.increment_db
    relative = (without(over, ambient) if rule.compare == "total" else over) - penalty
    fixed = np.full(ambient.shape, rule.limit_db - penalty)
    known = ~np.isnan(ambient)
    join = {"min": np.fmin, "max": np.fmax}.get(rule.combine, lambda one, _: one)
    return np.asarray(np.where(known, join(relative, fixed), fixed))


def _largest_total(rule: NoiseRule, residual: np.ndarray) -> np.ndarray:
    """Largest total that an emergence rule allows over a residual level. [dB]

    Up to the first threshold anything goes; above each, its own allowance until the next.
    """
    steps = rule.emergence
    ends = [*(threshold for threshold, _ in steps[1:]), math.inf]
    best = np.where(residual < steps[0][0], steps[0][0], np.nan)
    for (threshold, allowance), end in zip(steps, ends, strict=True):
        total = np.minimum(end, residual + allowance)
        best = np.fmax(best, np.where(total > threshold, total, np.nan))
    return np.where(np.isnan(residual), np.nan, best)


def margin(
    rule: NoiseRule, levels_db: Any, ambient_db: Any = None, level_31_5_hz_db: Any = None,
    *, tonal: bool = False, impulsive: bool = False, intermittent: bool = False, preloaded: bool = False,
) -> Margin:  # fmt: skip
    """Limit less received level under a rule.

    Parameters
    ----------
    rule
        The rule.
    levels_db
        Received levels of the campus by band, shape (..., 8). [dB]
    ambient_db
        As for `effective_limit`; broadcasts against the leading axes of the levels.
    level_31_5_hz_db
        Level at 31.5 Hz; None: that band is not tested. [dB]
    tonal, impulsive, intermittent, preloaded
        As for `effective_limit`.
    """
    limit = effective_limit(
        rule, ambient_db, tonal=tonal, impulsive=impulsive, intermittent=intermittent, preloaded=preloaded
    )  # fmt: skip
    levels = np.asarray(levels_db, dtype=float)
    if rule.metric != "octave":
        received = c_weighted(levels) if rule.weighting == "C" else a_weighted(levels)
        limits = np.broadcast_to(np.asarray(limit, dtype=float), np.broadcast_shapes(np.shape(limit), received.shape))  # fmt: skip
        return Margin(*(_plain(part) for part in (limits - received, limits, np.broadcast_to(received, limits.shape), limits * np.nan)))  # fmt: skip
    lowest = np.full(levels.shape[:-1], np.nan) if level_31_5_hz_db is None else np.asarray(level_31_5_hz_db, dtype=float)  # fmt: skip
    nine = np.concatenate([np.broadcast_to(lowest, levels.shape[:-1])[..., None], levels], axis=-1)
    over = np.asarray(limit) - nine
    at = np.nan_to_num(over, nan=np.inf).argmin(axis=-1)
    blind = np.isnan(over).all(axis=-1)

    def of(values: Any) -> Any:
        found = np.take_along_axis(np.broadcast_to(values, over.shape), at[..., None], axis=-1)[..., 0]  # fmt: skip
        return _plain(np.where(blind, np.nan, found))

    return Margin(of(over), of(np.asarray(limit)), of(nine), of(np.array(NINE_HZ)))


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else np.asarray(values)


def generator_levels(rule: NoiseRule, sound_power_dba: float) -> tuple[float, float]:
    """Level of one generator set at the distance of its rule, and the limit. [dB(A)]

    At 7 m over the box of the set (12 × 3 × 3.5 m); else standing on the ground, 20 lg r + 8.
    """
    metres = rule.reference_distance_m
    boxed = _BOX_M[0] <= metres <= _BOX_M[1]
    return sound_power_dba - (_BOX_7_M_DB if boxed else 20 * math.log10(metres) + 8), rule.limit_db
