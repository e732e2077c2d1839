"""Rank: scores that add up, statuses with reasons, and an order with deterministic ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.criteria.measure import Measures
from powerwall.ranking.cooling import settle
from powerwall.ranking.requirements import judge_all
from powerwall.ranking.scores import NEUTRAL, SCORE_DECIMALS, values_of, weighted_score
from powerwall.ranking.settings import Settings, for_request, settings

if TYPE_CHECKING:
    from powerwall.ranking.robust import Robustness
    from powerwall.region.read import Region

__all__ = ["NEUTRAL", "SCORE_DECIMALS", "Ranking", "rank", "rank_with", "weighted_score"]

STATUSES = ("ranked", "out", "unranked", "reference")
COVERAGE_SLACK = 1e-9


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
    plants
        Index `site_id`; the cooling plant chosen at each site and what that gave up; None where
        the request names the plant.
    robustness
        How firm the order is; None where nothing was drawn. See `with_draws`.
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
    plants: pd.DataFrame | None = None
    robustness: Robustness | None = None

    def cooling_of(self, site_id: str) -> str:
        """Cooling plant of a site: the chosen one, else that of its region's request."""
        if self.plants is not None:
            return str(self.plants["plant"].loc[site_id])
        name = self.frame["region"].loc[site_id]
        return next(region.request.cooling for region in self.regions if region.name == name)

    def with_draws(self, draws: int, **options: Any) -> Ranking:
        """The same ranking with its robustness; options as `ranking.robust.robustness` takes them."""
        from powerwall.ranking.robust import robustness

        return replace(self, robustness=robustness(self, draws, **options))

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
    if len(parts) == 1:
        return rank_with(regions, parts[0], in_use, unknown=unknown)
    settled = [
        settle(part, one.request.cooling, for_request(in_use, part.criteria, one))
        for part, one in zip(parts, regions, strict=True)
    ]
    joined = _joined(regions, [part for part, _ in settled])
    plants = pd.concat([told.set_axis(site_ids(one, several=True)) for (_, told), one in zip(settled, regions, strict=True)])  # fmt: skip
    open_ = any(part.by_plant for part in parts)
    return rank_with(regions, joined, in_use, unknown=unknown, plants=plants if open_ else None)


def rank_with(
    regions: tuple[Region, ...], joined: Measures, in_use: Settings, *, unknown: str = "neutral", plants: pd.DataFrame | None = None
) -> Ranking:  # fmt: skip
    """Rank sites by settings that are resolved already; the measures are those of all regions."""
    sites = _sites(regions)
    if joined.by_plant:
        joined, plants = settle(joined, "", in_use)
    if plants is not None:
        sites["cooling"] = plants["plant"].reindex(sites.index)
    values = _values(joined, in_use, regions)
    points = np.array([in_use.weights.criteria[name] for name in values])
    frame = _scored(sites, values, points)
    verdicts = judge_all(in_use.requirements, joined)
    frame = _with_status(frame, joined, verdicts, in_use)
    frame = _ordered(frame, joined, by="score_low" if unknown == "worst" else "score")
    contributions = values.fillna(NEUTRAL) * (100 * points)
    index = frame.index
    by_plant = {plant: {name: m.loc[index] for name, m in part.items()} for plant, part in joined.by_plant.items()}  # fmt: skip
    measures_in_order = Measures(joined.criteria, {name: m.loc[index] for name, m in joined.items()}, by_plant)  # fmt: skip
    return Ranking(
        frame, joined.criteria, measures_in_order, values.loc[index], contributions.loc[index], in_use,
        {name: v.loc[index] for name, v in verdicts.items()}, regions, unknown, None if plants is None else plants.loc[index],
    )  # fmt: skip


def _joined(regions: Sequence[Region], parts: Sequence[Measures]) -> Measures:
    """Measures of all regions under one another; a criterion only one region declares is unknown elsewhere."""
    criteria: dict[str, Criterion] = {}
    for part in parts:
        criteria |= part.criteria
    indices = [site_ids(region, several=True) for region in regions]
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


def site_ids(region: Region, *, several: bool) -> pd.Index:
    """Ids of a region's sites as a ranking has them: led by its name beside other regions."""
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
        region.sites[["name", "origin", "availability", "geometry"]].set_axis(site_ids(region, several=several)).to_crs("EPSG:4326").assign(region=region.name)
        for region in regions
    ]  # fmt: skip
    return gpd.GeoDataFrame(pd.concat(parts), crs="EPSG:4326")


def _values(joined: Measures, in_use: Settings, regions: Sequence[Region]) -> pd.DataFrame:
    """Values of every site, by the request of its own region."""
    if len(regions) == 1:
        return values_of(joined, in_use)
    parts = []
    for region in regions:
        ids = site_ids(region, several=True)
        frames = {name: frame.loc[ids] for name, frame in joined.items()}
        parts.append(values_of(frames, for_request(in_use, joined.criteria, region)))
    return pd.concat(parts)


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
