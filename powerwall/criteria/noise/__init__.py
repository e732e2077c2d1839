"""Noise: decibels in hand at the nearest home at night, and the distance a campus must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90, Parameter, criterion, provides
from powerwall.criteria.noise.campus import Campus, campus, level_at, setback_distance
from powerwall.criteria.noise.rules import Limit, night_limits
from powerwall.region.geometry import nearest
from powerwall.region.joins import locate
from powerwall.region.layers import Layers
from powerwall.region.request import Request

RULES, RECEPTORS = "noise_rules", "receptors"
SOURCE_SIGMA = Parameter(
    2.5, "dB", 1.5, 4.0, "assumed: equipment not chosen; a triangle of 5 dB either way has 2.04"
)
PATH_SIGMA = Parameter(
    1.5, "dB", 1.5, 3.0, "ISO 9613-2:1996 table 5: 3 dB read as 95 %; doubled beyond 1 km"
)
PLACE_SIGMA_MAX = Parameter(
    10.0, "dB", 5.0, 15.0, "assumed: cap on the part that an uncertain position adds"
)
REFERENCE_DBA = Parameter(
    45.0,
    "dB(A)",
    40,
    50,
    "WHO Guidelines for Community Noise 1999: 45 dB(A) at night outside homes",
)
REACH_M = Parameter(
    5000.0,
    "m",
    3000,
    10000,
    "assumed: a home farther than this is not the nearest one, only the nearest known",
)


class Level(NamedTuple):
    """Margin at the nearest receptors under one limit, one a site."""

    limit: Limit
    margin_db: np.ndarray
    distance_m: np.ndarray
    receptor: np.ndarray


@dataclass(frozen=True)
class Exposure:
    """What is known of a campus's noise at every site.

    Attributes
    ----------
    frame
        Index `site_id`; `margin_db low_db high_db distance_m receptor_id` of the binding limit,
        its `caption status as_of source rule_id`, and `why` where the margin is unknown.
    source
        The campus as a source.
    limits
        Night limits that count, by authority.
    nearest_authority
        Authority of each site's nearest receptor.
    """

    frame: pd.DataFrame
    source: Campus
    limits: dict[str, list[Limit]]
    nearest_authority: pd.Series


@provides("exposure")
def exposure(sites: gpd.GeoDataFrame, layers: Layers, request: Request, cooling: str) -> Exposure:
    """Level at the nearest receptor of each limit; the smallest margin binds."""
    source = campus(request.mw, cooling)
    limits: dict[str, list[Limit]] = {}
    for limit in night_limits(layers[RULES].frame, request.as_of):
        limits.setdefault(limit.jurisdiction_id, []).append(limit)
    receptors = layers.frame(RECEPTORS)
    if not isinstance(receptors, gpd.GeoDataFrame) or receptors.empty:
        return Exposure(
            _nothing(sites.index, "no receptor known"),
            source,
            limits,
            pd.Series(None, index=sites.index, dtype=object),
        )
    authority = _authorities(receptors, layers)
    which, _ = nearest(sites.geometry, receptors.geometry)
    closest = pd.Series(authority.to_numpy()[which], index=sites.index, dtype=object)
    levels = [
        _under(limit, sites, receptors[(authority == name).to_numpy()], source)
        for name, group in sorted(limits.items()) for limit in group if (authority == name).any()
    ]  # fmt: skip
    return Exposure(
        _binding(sites, receptors, closest, levels, limits, source), source, limits, closest
    )


def _nothing(index: pd.Index, why: str) -> pd.DataFrame:
    columns = [
        "margin_db",
        "low_db",
        "high_db",
        "distance_m",
        "receptor_id",
        "caption",
        "status",
        "as_of",
        "source",
        "rule_id",
    ]
    return pd.DataFrame({**dict.fromkeys(columns, np.nan), "why": why}, index=index).astype(
        {"caption": object}
    )


def _authorities(receptors: gpd.GeoDataFrame, layers: Layers) -> pd.Series:
    """Authority of each receptor: its own column, else the outline it certainly lies in."""
    own = (
        receptors["jurisdiction_id"]
        if "jurisdiction_id" in receptors
        else pd.Series(None, index=receptors.index, dtype=object)
    )
    outlines = layers.frame("jurisdictions")
    if not isinstance(outlines, gpd.GeoDataFrame):
        return own
    found, _ = locate(receptors, outlines)
    return own.where(own.notna(), found)


def _under(
    limit: Limit, sites: gpd.GeoDataFrame, receptors: gpd.GeoDataFrame, source: Campus
) -> Level:
    which, metres = nearest(sites.geometry, receptors.geometry)
    effective = limit.limit_db - (limit.tonal_penalty_db if source.tonal else 0.0)
    margin = effective - level_at(source.table, metres, limit.weighting)
    return Level(limit, margin, metres, receptors.index.to_numpy()[which])


def _binding(
    sites: gpd.GeoDataFrame, receptors: gpd.GeoDataFrame, closest: pd.Series, levels: list[Level],
    limits: dict[str, list[Limit]], source: Campus,
) -> pd.DataFrame:  # fmt: skip
    frame = _nothing(sites.index, "no night limit known where the nearest receptor lies")
    if not levels:
        return frame
    # a strict limit on a far home must not hide a nearer one
    margins = np.stack([
        np.where(level.distance_m > REACH_M.value, np.inf, level.margin_db) for level in levels
    ])  # fmt: skip
    binding = margins.argmin(axis=0)
    place = sites["location_accuracy_m"].to_numpy()
    rows = frame.to_dict("records")
    known = receptors.to_dict("index")
    for at in np.flatnonzero(closest.isin(limits).to_numpy()):
        level = levels[binding[at]]
        receptor, metres = known[level.receptor[at]], float(level.distance_m[at])
        if metres > REACH_M.value:
            rows[at]["why"] = f"no home is known within {REACH_M.value / 1000:g} km"
            continue
        slack = float(np.hypot(_metres(place[at]), _metres(receptor.get("location_accuracy_m"))))
        limit = level.limit
        rows[at] |= _margin(level, float(level.margin_db[at]), metres, slack, source) | {
            "receptor_id": receptor["receptor_id"], "distance_m": metres, "caption": limit.caption,
            "status": limit.status, "as_of": limit.as_of, "source": limit.source, "rule_id": limit.rule_id,
        }  # fmt: skip
    return pd.DataFrame(rows, index=sites.index, columns=frame.columns)


def _metres(value: object) -> float:
    return float(value) if isinstance(value, int | float) and value == value else 0.0  # noqa: PLR0124 — NaN


def _margin(
    level: Level, margin: float, metres: float, slack: float, source: Campus
) -> dict[str, object]:
    """Margin with its P10 and P90; a range alone where the position is too uncertain."""
    reach = np.clip([metres - 2 * slack, metres + 2 * slack], 1.0, None)
    at = level_at(source.table, np.array([metres, *reach]), level.limit.weighting)
    if slack > metres / 2:
        near, far = margin + at[0] - at[1], margin + at[0] - at[2]
        why = f"position uncertain: {metres:,.0f} m with a standard deviation of {slack:,.0f} m"
        return {"margin_db": np.nan, "low_db": near, "high_db": far, "why": why}
    place = min(abs(at[1] - at[2]) / 4, PLACE_SIGMA_MAX.value)
    path = PATH_SIGMA.value * (2 if metres > 1000 else 1)
    sigma = float(np.sqrt(SOURCE_SIGMA.value**2 + path**2 + place**2))
    return {
        "margin_db": margin,
        "low_db": margin - Z90 * sigma,
        "high_db": margin + Z90 * sigma,
        "why": None,
    }


@criterion(
    unit="dB",
    value=[(0.0, 0.0), (10.0, 1.0)],
    why="at the limit nothing is earned; 10 dB in hand are half the loudness (assumed as enough)",
    needs={RULES: ("kind", "rule_status"), RECEPTORS: ("kind",)},
    weight=1.0,
    uncertainty="P10–P90 of source, path and both positions; a range alone where the receptor's place is a guess",
    grade="C",
)
def night_noise_margin_db(exposure: Exposure) -> pd.DataFrame:
    """Decibels between the binding night limit and the level at the nearest receptor under it."""
    frame = exposure.frame
    note = [
        f"{caption}; receptor {receptor} at {float(metres):,.0f} m; a site noise study by a qualified person is needed"
        if isinstance(caption, str) else ""
        for caption, receptor, metres in zip(frame["caption"], frame["receptor_id"], frame["distance_m"], strict=True)
    ]  # fmt: skip
    status = frame["status"].where(frame["status"].notna(), None)
    return pd.DataFrame({
        "value": frame["margin_db"], "low": frame["low_db"], "high": frame["high_db"], "grade": "C", "status": status,
        "layer": RULES, "row": frame["rule_id"], "source": frame["source"], "as_of": frame["as_of"], "note": note,
        "why": frame["why"], "gates": (status != "unverified").to_numpy(),
    }, index=frame.index)  # fmt: skip


@criterion(
    unit="m",
    needs={RULES: ("kind", "rule_status")},
    uncertainty="source and path: 2.9 dB, about a third of the distance",
    grade="C",
)
def noise_setback_m(exposure: Exposure, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Distance a campus of the request must keep from homes at night."""
    rows = []
    for own, near in zip(sites["jurisdiction_id"], exposure.nearest_authority, strict=True):
        limits = [
            limit
            for name in (own, near)
            if isinstance(name, str)
            for limit in exposure.limits.get(name, [])
        ]
        rows.append(_setback(tuple(dict.fromkeys(limits)), exposure.source))
    return pd.DataFrame(rows, index=sites.index)


def _setback(limits: tuple[Limit, ...], source: Campus) -> dict[str, object]:
    if not limits:
        metres = setback_distance(source.table, REFERENCE_DBA.value)
        return {"value": metres, "grade": "reference", "status": "assumed", "source": REFERENCE_DBA.source,
                "note": f"no night limit known: distance to {REFERENCE_DBA.value:g} dB(A), a reference and no rule"}  # fmt: skip

    def metres_of(limit: Limit) -> float:
        penalty = limit.tonal_penalty_db if source.tonal else 0.0
        return setback_distance(source.table, limit.limit_db - penalty, limit.weighting)

    binding = max(limits, key=metres_of)
    return {"value": metres_of(binding), "grade": "C", "status": binding.status, "layer": RULES, "row": binding.rule_id,
            "source": binding.source, "as_of": binding.as_of, "note": binding.caption}  # fmt: skip
