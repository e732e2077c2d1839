"""Rank: scores that add up, statuses with reasons, and an order with deterministic ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.criteria.measure import Measures
from powerwall.ranking.requirements import judge_all
from powerwall.ranking.settings import Settings, settings
from powerwall.ranking.values import piecewise

if TYPE_CHECKING:
    from powerwall.region.read import Region

STATUSES = ("ranked", "out", "unranked", "reference")
NEUTRAL = 0.5  # an unknown counts half, and opens the interval beside the score
COVERAGE_SLACK = 1e-9
SCORE_DECIMALS = 10  # equal to this many decimals is equal


def weighted_score(
    values: np.ndarray, weights: np.ndarray, neutral: float | np.ndarray = NEUTRAL
) -> np.ndarray:
    """Weighted sum of values. [0–100], shape (n,)

    Parameters
    ----------
    values
        0–1, NaN is unknown and counts as `neutral`. Shape (n, m)
    weights
        Points, divided by their sum; 0 switches a criterion off. Shape (m,)
    neutral
        A number, or one for each criterion.

    Raises
    ------
    ValueError
        For NaN, infinite, negative, wrongly many or all-zero weights.

    Notes
    -----
    Summed column by column: a row's result depends on no other row, to the last bit, which a
    matrix product does not promise.
    """
    table, points = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if points.ndim != 1 or table.ndim != 2 or table.shape[1] != len(points):
        msg = f"{points.shape} weights do not fit values of shape {table.shape}"
        raise ValueError(msg)
    if not np.isfinite(points).all() or (points < 0).any() or not points.sum() > 0:
        msg = f"weights must be finite, 0 or more, and not all 0: {points.tolist()}"
        raise ValueError(msg)
    shares = points / points.sum()
    stand_in = np.broadcast_to(np.asarray(neutral, dtype=float), points.shape)
    score = np.zeros(len(table))
    for j in np.flatnonzero(shares):
        column = table[:, j]
        score += shares[j] * np.where(np.isnan(column), stand_in[j], column)
    return 100.0 * score


@dataclass(frozen=True)
class Ranking:
    """Sites in order, and everything the order follows from.

    Attributes
    ----------
    frame
        Index `site_id`, best first; `name region rank status score score_low score_high coverage
        reasons` and the position in degrees.
    criteria, measures
        What was measured.
    values, contributions
        0–1 and points of 100, sites × weighted or valued criteria; NaN is unknown.
    settings
        Weights, value functions and requirements in use.
    verdicts
        Requirement → state, margin and reason of every site.
    regions
        The regions ranked together.
    unknown
        "neutral" or "worst": by the score, or by its low end.
    """

    frame: gpd.GeoDataFrame
    criteria: dict[str, Criterion]
    measures: Measures
    values: pd.DataFrame
    contributions: pd.DataFrame
    settings: Settings
    verdicts: dict[str, pd.DataFrame]
    regions: tuple[Region, ...]
    unknown: str = "neutral"

    def save(self, path: str | Path) -> Path:
        """Write the ranking in the format that the suffix names.

        Raises
        ------
        ValueError
            For an unknown suffix.
        """
        from powerwall.output.files import save

        return save(self, Path(path))


def rank(
    region: Region | Sequence[Region], measures: Measures | Sequence[Measures], *, unknown: str = "neutral",
    weights: Mapping[str, float] | None = None, profile: str = "",
) -> Ranking:  # fmt: skip
    """Rank the sites of one region, or of several together.

    Parameters
    ----------
    region, measures
        One of each, or as many of each in the same order.
    unknown
        "neutral" ranks by the score, "worst" by its low end.
    weights
        Points that replace those of the region: subject or criterion → points.
    profile
        Name of the set of weights that stands in for the region's; see `profiles`.

    Raises
    ------
    BadInput
        If weights, value functions or requirements name something unknown or are not legal.
    """
    regions = tuple(region) if isinstance(region, Sequence) else (region,)
    parts = tuple(measures) if isinstance(measures, Sequence) else (measures,)
    if unknown not in {"neutral", "worst"}:
        msg = f"unknown = {unknown!r}: write neutral or worst"
        raise ValueError(msg)
    in_use = settings(regions, parts[0].criteria, weights or {}, profile)
    return rank_with(regions, _joined(regions, parts), in_use, unknown=unknown)


def rank_with(
    regions: tuple[Region, ...], joined: Measures, in_use: Settings, *, unknown: str = "neutral"
) -> Ranking:
    """Rank sites by settings that are resolved already; the measures are those of all regions."""
    sites = _sites(regions)
    values = _values(joined, in_use)
    points = np.array([in_use.weights.criteria[name] for name in values])
    frame = _scored(sites, values, points)
    verdicts = judge_all(in_use.requirements, joined)
    frame = _with_status(frame, joined, verdicts, in_use)
    frame = _ordered(frame, joined, by="score_low" if unknown == "worst" else "score")
    contributions = values.fillna(NEUTRAL) * (100 * points)
    index = frame.index
    measures_in_order = Measures(
        joined.criteria, {name: m.loc[index] for name, m in joined.items()}
    )
    return Ranking(
        frame, joined.criteria, measures_in_order, values.loc[index], contributions.loc[index], in_use,
        {name: v.loc[index] for name, v in verdicts.items()}, regions, unknown,
    )  # fmt: skip


def _joined(regions: Sequence[Region], parts: Sequence[Measures]) -> Measures:
    """Measures of all regions under one another; a criterion only one region declares is unknown elsewhere."""
    if len(parts) == 1:
        return parts[0]
    criteria: dict[str, Criterion] = {}
    for part in parts:
        criteria |= part.criteria
    indices = [_ids(region, several=len(regions) > 1) for region in regions]
    frames = {}
    for name in criteria:
        pieces = []
        for part, index in zip(parts, indices, strict=True):
            piece = (
                part[name]
                if name in part
                else pd.DataFrame({"value": np.nan, "gates": True}, index=index)
            )
            pieces.append(piece.set_axis(index).astype({"value": float}))
        frames[name] = pd.concat(
            [
                p.reindex(columns=next(iter(parts[0].values())).columns).astype(object)
                for p in pieces
            ]
        ).infer_objects()
        frames[name][["value", "low", "high", "bound"]] = frames[name][
            ["value", "low", "high", "bound"]
        ].astype(float)
        frames[name]["gates"] = frames[name]["gates"].astype(bool)
    return Measures(criteria, frames)


def _ids(region: Region, *, several: bool) -> pd.Index:
    ids = region.sites.index
    return (
        pd.Index(
            [f"{region.name}:{i}" if several and ":" not in i else i for i in ids], name="site_id"
        )
        if several
        else ids
    )


def _sites(regions: Sequence[Region]) -> gpd.GeoDataFrame:
    several = len(regions) > 1
    parts = [
        region.sites[["name", "origin", "availability", "geometry"]].set_axis(_ids(region, several=several)).to_crs("EPSG:4326").assign(region=region.name)
        for region in regions
    ]  # fmt: skip
    return gpd.GeoDataFrame(pd.concat(parts), crs="EPSG:4326")


def _values(measures: Measures, in_use: Settings) -> pd.DataFrame:
    """0–1 of every criterion with a value function, in the order of the sorted names."""
    return pd.DataFrame({
        name: piecewise(measures[name]["value"].to_numpy(dtype=float), in_use.values[name])
        for name in sorted(in_use.values)
    }, index=next(iter(measures.values())).index)  # fmt: skip


def _scored(sites: gpd.GeoDataFrame, values: pd.DataFrame, weights: np.ndarray) -> gpd.GeoDataFrame:
    table = values.to_numpy()
    frame = sites.copy()
    for column, neutral in (("score", NEUTRAL), ("score_low", 0.0), ("score_high", 1.0)):
        frame[column] = weighted_score(table, weights, neutral)
    coverage = np.zeros(len(values))
    for j in range(table.shape[1]):
        coverage += np.where(np.isnan(table[:, j]), 0.0, weights[j])
    frame["coverage"] = coverage
    return frame


def _with_status(
    frame: gpd.GeoDataFrame, measures: Measures, verdicts: dict[str, pd.DataFrame], in_use: Settings
) -> gpd.GeoDataFrame:
    """Status of each site and its reasons, the worst first."""
    failed, risky = (_reasons(verdicts, state, len(frame)) for state in ("out", "at risk"))
    plan = measures.get("time_to_power_months")
    status, reasons = [], []
    for row in range(len(frame)):
        why: list[str] = list(failed[row])
        state = "out" if why else "ranked"
        if plan is not None and pd.isna(plan["value"].iloc[row]):
            why.append(f"no power plan: {plan['why'].iloc[row]}")
            state = "unranked" if state == "ranked" else state
        if frame["coverage"].iloc[row] < in_use.min_coverage - COVERAGE_SLACK:
            why.append(
                f"only {frame['coverage'].iloc[row]:.0%} of the weight is known, {in_use.min_coverage:.0%} needed".replace(
                    "%", " %"
                )
            )
            state = "unranked" if state == "ranked" else state
        if frame["availability"].iloc[row] == "taken":
            state, why = "reference", ["already taken", *why]
        status.append(state)
        reasons.append("; ".join([*why, *(f"at risk: {r}" for r in risky[row])]))
    return frame.assign(status=status, reasons=reasons)


def _reasons(verdicts: dict[str, pd.DataFrame], state: str, sites: int) -> list[list[str]]:
    """Reasons of one state for each site, worst by relative margin first, then by name."""
    rows = []
    tables = [(name, table.to_dict("records")) for name, table in sorted(verdicts.items())]
    for row in range(sites):
        mine = [
            (table[row]["relative"], name, table[row]["reason"])
            for name, table in tables
            if table[row]["state"] == state
        ]
        mine.sort(key=lambda item: (np.inf if pd.isna(item[0]) else item[0], item[1]))
        rows.append([reason for _, _, reason in mine])
    return rows


def _ordered(frame: gpd.GeoDataFrame, measures: Measures, by: str) -> gpd.GeoDataFrame:
    """Ranked sites first; ties by time to power, unknown last, then by id; the others by status and id."""
    months = (
        measures["time_to_power_months"]["value"]
        if "time_to_power_months" in measures
        else pd.Series(np.nan, index=frame.index)
    )
    keys = pd.DataFrame({
        "status": frame["status"].map({name: n for n, name in enumerate(STATUSES)}),
        "score": -frame[by].round(SCORE_DECIMALS), "months": months.astype(float).fillna(np.inf), "id": frame.index,
    }, index=frame.index)  # fmt: skip
    keys.loc[keys["status"] > 0, ["score", "months"]] = (
        0.0  # only ranked sites have an order of merit
    )
    ordered = keys.sort_values(["status", "score", "months", "id"], kind="stable").index
    frame = frame.loc[ordered]
    ranks = pd.array([pd.NA] * len(frame), dtype="Int64")
    count = int((frame["status"] == "ranked").sum())
    ranks[:count] = np.arange(1, count + 1)
    return frame.assign(rank=ranks)
