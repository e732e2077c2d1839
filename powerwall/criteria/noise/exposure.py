"""Exposure: of all the limits that a site meets by day and at night, the one that binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.noise.campus import level_at
from powerwall.criteria.noise.cover import Cover
from powerwall.criteria.noise.flags import NEVER_GATES, Flag
from powerwall.criteria.noise.reading import Reading, read_levels
from powerwall.criteria.noise.receptors import PERIODS
from powerwall.criteria.noise.rulebook import flags_of, receiver_height_m
from powerwall.criteria.noise.rules.rows import NoiseRule
from powerwall.criteria.noise.scene import Candidate, Scene, candidates
from powerwall.criteria.noise.states import DAY, NIGHT

REACH_M = Parameter(
    5000.0, "m", 3000, 10000, "assumed: a home farther than this is not the nearest one, only the nearest known"
)  # fmt: skip
LOW_FREQUENCY_DB = Parameter(15.0, "dB", 10.0, 20.0, "assumed: common threshold of dB(C) over dB(A); WHO texts look closer from 10")  # fmt: skip
STATE_OF = {"day": DAY, "night": NIGHT}
OWN_LINE = "own boundary"
_NO_RECEPTOR = "no receptor known"
_FAR = f"no home is known within {REACH_M.value / 1000:g} km"
_NO_AMBIENT = "a limit hangs on the level without the campus, which is not known here"
_NO_LIMIT = "no limit is known where the nearest receptor lies"


@dataclass(frozen=True)
class Exposure:
    """What is known of a campus's noise at every site.

    Attributes
    ----------
    frames
        Period (`day`, `night`) → index `site_id`, the binding limit: `margin_db low_db high_db
        sure_high_db pass_probability pass_low pass_high limit_db received_db band_hz distance_m received_dba
        received_dbc receptor_id rule_id caption status as_of source flags`, and `why` where the
        margin is unknown. `sure_high_db` is the favourable end of the rules that may put a site out.
    positions
        Period → position of the receptor at which it binds; negative is none. Shape (sites,)
    scene
        What it was found in.
    """

    frames: dict[str, pd.DataFrame]
    positions: dict[str, np.ndarray]
    scene: Scene


def exposure_of(one: Scene) -> Exposure:
    """The binding limit of every site by day and at night."""
    found = {period: _binding(one, period) for period in PERIODS}
    frames, positions = ({period: pair[at] for period, pair in found.items()} for at in (0, 1))
    return Exposure(frames, positions, one)


def readings(one: Scene, period: str) -> Iterator[tuple[Candidate, Reading]]:
    """Every limit that can be formed in a period, with its margins."""
    for candidate in candidates(one, period):
        if np.isfinite(candidate.limit_db).any():
            yield candidate, read(one, candidate)


def read(one: Scene, candidate: Candidate) -> Reading:
    """Margins of one limit."""
    rule = candidate.rule
    return read_levels(
        one.campuses, one.code, candidate.state, receiver_height_m(rule), rule.weighting, candidate.limit_db, candidate.metres, candidate.slack_m,
        ambient_assumed=candidate.ambient_assumed,
    )  # fmt: skip


class _Best:
    """The smallest margin so far, one a site, and what belongs to it."""

    def __init__(self, sites: int) -> None:
        self.columns = {name: np.full(sites, np.nan) for name in (*Reading._fields, "distance_m", "height_m")}  # fmt: skip
        self.columns["margin_db"] = np.full(sites, np.inf)
        self.rule, self.receptor, self.flags = (np.full(sites, start) for start in (-1, -1, 0))
        self.odds = np.full((3, sites), np.inf)
        self.sure = np.full(sites, np.inf)  # favourable end of the rules that may put a site out
        self.rules: list[NoiseRule] = []
        self.boundary = np.zeros(sites, dtype=bool)

    def take(self, candidate: Candidate, reading: Reading) -> None:
        margin = np.where(np.isnan(reading.margin_db), np.inf, reading.margin_db)
        reached = candidate.holds & _counts_at(candidate, margin)
        at = reached & (margin < self.columns["margin_db"])
        for name, values in reading._asdict().items():
            self.columns[name][at] = values[at]
        self.columns["distance_m"][at] = candidate.metres[at]
        self.columns["height_m"][at] = receiver_height_m(candidate.rule)
        self.rule[at], self.receptor[at], self.flags[at] = len(self.rules), candidate.receptor[at], candidate.flags[at]  # fmt: skip
        self.rules.append(candidate.rule)
        ends = np.stack([reading.pass_probability, reading.pass_low, reading.pass_high])
        self.odds = np.where(reached, np.fmin(self.odds, ends), self.odds)
        if not flags_of(candidate.rule) & NEVER_GATES:
            self.sure = np.where(reached, np.fmin(self.sure, reading.high_db), self.sure)
        self.boundary |= reached & (candidate.receptor < 0) & np.isfinite(margin)


def _counts_at(candidate: Candidate, margin_db: np.ndarray) -> np.ndarray:
    """Sites at which a limit counts: its receptor is near, or it is broken even there."""
    return (candidate.metres <= REACH_M.value) | (candidate.receptor < 0) | (margin_db < 0)


def _binding(one: Scene, period: str) -> tuple[pd.DataFrame, np.ndarray]:
    best, cover = _Best(len(one.sites)), Cover(one, period)
    blind = np.zeros(len(one.sites), dtype=bool)
    for candidate in candidates(one, period):
        blind |= _blind(candidate)
        if np.isfinite(candidate.limit_db).any():
            best.take(candidate, read(one, candidate))
            cover.take(candidate)
    why = _unknown(one, period, best, cover, blind)
    known = pd.isna(why)
    frame = pd.DataFrame(best.columns, index=one.sites.index)
    frame["pass_probability"], frame["pass_low"], frame["pass_high"] = best.odds
    frame["sure_high_db"] = best.sure
    guess = frame.pop("guess").to_numpy() == 1
    for name in ("margin_db", "pass_probability"):
        frame[name] = np.where(guess, np.nan, frame[name])
    frame.loc[~known] = np.nan
    flags = best.flags | np.where(blind, int(Flag.AMBIENT_MISSING), 0)
    flags |= np.where(guess, int(Flag.RECEPTOR_POSITION_UNCERTAIN), 0)
    _add_levels(one, period, frame, flags)
    for name, values in _words(best.rules).items():
        frame[name] = values[np.where(known, best.rule, -1)]
    position = np.where(known, best.receptor, -2)
    frame["receptor_id"] = _receptor_ids(one, position)
    for reason in pd.unique(why[~known]):
        flags[why == reason] = _flag_of(reason)
    for at in np.flatnonzero(known & guess):
        why[at] = f"position uncertain: {best.columns['distance_m'][at]:,.0f} m, known to half of it or worse"  # fmt: skip
    frame["flags"], frame["why"] = flags, why
    return frame, position


def _blind(candidate: Candidate) -> np.ndarray:
    """Sites at which a limit cannot be formed, since the level without the campus is not known."""
    near = candidate.holds & _counts_at(candidate, np.zeros(len(candidate.metres)))
    limit = np.asarray(candidate.limit_db, dtype=float)
    if candidate.rule.weighting == "octave":
        limit = np.asarray(np.nanmax(limit)) if np.isfinite(limit).any() else np.asarray(np.nan)
    return near & np.isnan(np.broadcast_to(limit, near.shape))


def _unknown(one: Scene, period: str, best: _Best, cover: Cover, blind: np.ndarray) -> np.ndarray:  # fmt: skip
    """Reason why the margin of each site is unknown; None where it is known.

    A home that no formed limit protects, nearer than all that one does, leaves it open: a strict
    limit on a far home must not stand for an unknown one on a near home.
    """
    found = np.isfinite(best.columns["margin_db"])
    if one.receptors is None:
        return np.where(best.boundary, None, np.where(blind, _NO_AMBIENT, _NO_RECEPTOR))  # type: ignore[call-overload]
    hidden = (cover.nearest_bare() <= REACH_M.value) & ~best.boundary
    why = np.full(len(found), None, dtype=object)
    why[hidden | ~found] = _FAR
    why[hidden] = f"{_NO_LIMIT}, by {period}"
    why[blind & (hidden | ~found)] = _NO_AMBIENT
    return why


def _flag_of(reason: str) -> int:
    """Flag of a margin that is unknown for a reason."""
    if reason == _NO_AMBIENT:
        return int(Flag.AMBIENT_MISSING)
    return int(Flag.NO_RULE_FOUND if reason.startswith(_NO_LIMIT) else Flag.NO_RECEPTOR_KNOWN)


def _add_levels(one: Scene, period: str, frame: pd.DataFrame, flags: np.ndarray) -> None:
    """Levels by either weighting where the binding limit is tested, without tests of standby sets."""
    metres, height = frame["distance_m"].to_numpy(), frame.pop("height_m").to_numpy()
    for weighting in ("A", "C"):
        level = np.full(len(frame), np.nan)
        for which, campus in enumerate(one.campuses):
            for above in np.unique(height[~np.isnan(height)]):
                at = (one.code == which) & (height == above)
                where = np.maximum(campus.distance_to(metres[at]), 1.0)
                level[at] = level_at(campus.levels(STATE_OF[period], above).table, where, weighting)
        frame[f"received_db{weighting.lower()}"] = level
    gap = frame["received_dbc"] - frame["received_dba"]
    flags |= np.where(gap > LOW_FREQUENCY_DB.value, int(Flag.LOW_FREQUENCY), 0)


def _words(rules: list[NoiseRule]) -> dict[str, np.ndarray]:
    """Texts of the rules by their position; the last row, at -1, is that of none."""
    told: dict[str, list[Any]] = {
        "rule_id": [rule.rule_id for rule in rules],
        "caption": [rule.caption for rule in rules],
        "status": [rule.status or None for rule in rules],
        "as_of": [rule.as_of or None for rule in rules],
        "source": [rule.source_title or None for rule in rules],
    }
    return {name: np.array([*texts, None], dtype=object) for name, texts in told.items()}


def _receptor_ids(one: Scene, position: np.ndarray) -> np.ndarray:
    """Ids of receptors by position; -1 is the campus's own boundary, -2 is none."""
    found = np.full(len(position), None, dtype=object)
    found[position == -1] = OWN_LINE
    at = position >= 0
    if one.receptors is not None:
        found[at] = one.receptors.frame["receptor_id"].iloc[position[at]].to_numpy()
    return found
