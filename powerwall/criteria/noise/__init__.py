"""Noise: decibels in hand at the nearest receptors by day and at night, and the distance a campus must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Spread, criterion, provides
from powerwall.criteria.noise.exposure import OWN_LINE, Exposure, exposure_of
from powerwall.criteria.noise.flags import NEVER_GATES
from powerwall.criteria.noise.rulebook import LAYER as RULES
from powerwall.criteria.noise.scene import Scene, scene
from powerwall.criteria.noise.setbacks import distance_to_keep, spare_distance

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

_IN_HAND = [(0.0, 0.0), (10.0, 1.0)]
_IN_HAND_WHY = "at the limit nothing is earned; 10 dB in hand are half the loudness (assumed as enough)"  # fmt: skip
_RANGE = "P10–P90 of source, path, assumed ambient and both positions; a range alone where the receptor's place is a guess"  # fmt: skip
_SPREAD = Spread(
    0.1, 0.9, shared=False
)  # most of it is the path and the positions, which each site has of its own
SCREENING = "screening estimate: a site noise study by a qualified person is needed"


@provides("noise_scene")
def noise_scene(sites: gpd.GeoDataFrame, layers: Layers, request: Request, cooling: str) -> Scene:
    """Campuses, receptors and rules of the region."""
    return scene(sites, layers, request, cooling)


@provides("exposure")
def exposure(noise_scene: Scene) -> Exposure:
    """The binding limit of every site by day and at night."""
    return exposure_of(noise_scene)


def _measure(exposure: Exposure, period: str, value: str, low: str, high: str) -> pd.DataFrame:
    """A column of the binding limit as a measure, with the rule and what is special about it."""
    frame = exposure.frames[period]
    edition = exposure.scene.request.noise.edition
    known = frame["caption"].notna()
    note = [
        f"{caption}; {'at the ' + receptor if receptor == OWN_LINE else 'receptor ' + receptor} at {metres:,.0f} m; ISO 9613-2:{edition}, {SCREENING}" if ok else ""
        for ok, caption, receptor, metres in zip(known, frame["caption"], frame["receptor_id"], frame["distance_m"], strict=True)
    ]  # fmt: skip
    # a rule that never puts a site out must not hide one that does: its favourable end stands
    soft = frame["flags"].map(lambda flags: bool(flags & NEVER_GATES)).to_numpy(dtype=bool)
    sure = frame["sure_high_db"].to_numpy() if high == "high_db" else np.full(len(frame), np.nan)
    gates = ~soft | np.isfinite(sure)
    high_end = np.where(soft & np.isfinite(sure), sure, frame[high])
    return pd.DataFrame({
        "value": frame[value], "low": frame[low], "high": high_end, "grade": known.map({True: "C", False: None}), "status": frame["status"],
        "layer": RULES, "row": frame["rule_id"], "source": frame["source"], "as_of": frame["as_of"], "note": note, "why": frame["why"],
        "gates": gates,
    }, index=frame.index)  # fmt: skip


@criterion(
    unit="dB",
    value=_IN_HAND,
    why=_IN_HAND_WHY,
    weight=1.0,
    uncertainty=_RANGE,
    spread=_SPREAD,
    grade="C",
)
def night_noise_margin_db(exposure: Exposure) -> pd.DataFrame:
    """Decibels between the binding limit at night and the level at the receptor where it binds."""
    return _measure(exposure, "night", "margin_db", "low_db", "high_db")


@criterion(
    unit="dB", value=_IN_HAND, why=_IN_HAND_WHY, uncertainty=_RANGE, spread=_SPREAD, grade="C"
)
def day_noise_margin_db(exposure: Exposure) -> pd.DataFrame:
    """Decibels between the binding limit by day, tests of standby sets included, and the level there."""
    return _measure(exposure, "day", "margin_db", "low_db", "high_db")


def _worse(exposure: Exposure, by: str) -> np.ndarray:
    """True where the day binds harder than the night."""
    day, night = (exposure.frames[period][by].to_numpy() for period in ("day", "night"))
    return np.asarray(np.isnan(night) | (day < night))


def _either(exposure: Exposure, value: str, low: str, high: str) -> pd.DataFrame:
    """The worse of day and night."""
    day, night = (_measure(exposure, period, value, low, high) for period in ("day", "night"))
    worse = _worse(exposure, low)
    return pd.DataFrame({name: np.where(worse, day[name], night[name]) for name in night}, index=night.index)  # fmt: skip


@criterion(
    unit="dB",
    value=[(0.0, 1.0), (10.0, 0.5), (20.0, 0.0)],
    why="assumed: nothing to do earns all; 10 dB is a package on every unit; 20 dB is another plant",
    uncertainty=_RANGE,
    spread=_SPREAD,
    grade="C",
)
def mitigation_needed_db(exposure: Exposure, request: Request) -> pd.DataFrame:
    """Reduction that leaves the wanted margin to every limit that counts, by day and at night."""
    measured = _either(exposure, "margin_db", "low_db", "high_db")
    buffer = request.noise.buffer_db
    ends = {name: np.maximum(buffer - measured[name].to_numpy(), 0.0) for name in ("value", "low", "high")}  # fmt: skip
    return measured.assign(value=ends["value"], low=ends["high"], high=ends["low"])


@criterion(
    unit="share",
    value=[(0.5, 0.0), (0.9, 0.8), (1.0, 1.0)],
    why="assumed: even odds earn nothing; nine in ten are what a planner takes",
    uncertainty="levels two standard deviations of the distance nearer and farther, where the receptor's place is a guess",
    grade="C",
)
def noise_pass_probability(exposure: Exposure) -> pd.DataFrame:
    """Estimated probability of staying at or below every limit that counts: the least of them."""
    return _either(exposure, "pass_probability", "pass_low", "pass_high")


@criterion(
    unit="m",
    uncertainty="source and path: 2.9 dB, about a third of the distance",
    grade="C",
)
def noise_setback_m(exposure: Exposure) -> pd.DataFrame:
    """Distance from its centre that a campus of the request must keep from receptors."""
    return distance_to_keep(exposure)


@criterion(
    unit="m",
    uncertainty="P10–P90 of both positions; two standard deviations where the receptor's place is a guess",
    spread=_SPREAD,
    grade="C",
)
def setback_spare_m(noise_scene: Scene) -> pd.DataFrame:
    """What is left, from the rim of the campus, of the distance that a rule in force sets."""
    return spare_distance(noise_scene)
