"""Plan: when and how likely the grid serves each site, for all sites of a region at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.power.choice import choose_network, line_factor
from powerwall.criteria.power.lead_time.sampling import Draws
from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.criteria.power.lead_time.stages import Stage, finish_months, quantiles, success
from powerwall.criteria.power.nodes import choose_nodes, needed_class
from powerwall.criteria.power.outside import (
    View,
    blend_draws,
    blend_success,
    blends,
    outside_views,
)
from powerwall.criteria.power.permit import PERMIT
from powerwall.criteria.power.pipeline import pipeline_of
from powerwall.criteria.power.process import (
    PAUSED,
    Network,
    Processes,
)
from powerwall.criteria.power.works import backbone
from powerwall.region.joins import split_ids

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import Permits
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

NODES = "points_of_interconnection"
_CHUNK = 1024  # sites at once: 1024 × 4096 draws × 11 stages stay under half a gigabyte
_NUMBERS = (
    "p10_months", "p50_months", "p90_months", "full_p10_months", "full_p50_months", "full_p90_months", "p_success",
    "on_time", "on_time_if_permitted", "delivered_mw_years", "distance_km", "floor_months", "interim_floor_months",
)  # fmt: skip
_GROUPS = ("network", "utility_id", "operator", "batch", "progress", "permit")
_WORDS = (*_GROUPS, "grade", "status", "note", "basis", "poi_id",
          "source_title", "as_of", "why")  # fmt: skip


@dataclass(frozen=True)
class PowerPlan:
    """What the grid offers each site.

    Attributes
    ----------
    frame
        Index `site_id`; node, distance, network, quantiles of the first block (`p10_months
        p50_months p90_months`) and of the whole request (`full_…`), `p_success`, `on_time`,
        `on_time_if_permitted`, `delivered_mw_years`, `utility_id`, `basis`, `grade`, `status`,
        `note` and `why`.
    processes
        Stage tables of the region, from which one site's plan is drawn again in detail.
    """

    frame: pd.DataFrame
    processes: Processes | None = None


def plan_sites(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, permits: Permits | None = None
) -> PowerPlan:
    """Choose node and network of each site and simulate the way to power.

    Without `permits` the plan is that of the grid alone.
    """
    nodes = layers.frame(NODES)
    if not isinstance(nodes, gpd.GeoDataFrame) or not {"kind", "voltage_kv"} <= set(nodes):
        keys = None if permits is None else permits.keys
        empty = pd.DataFrame({"why": f"no layer {NODES}", "permit": keys}, index=sites.index)
        return PowerPlan(_with_columns(empty))
    frame = choose_nodes(sites, nodes, request.mw)
    processes = Processes(layers, request, permits)
    listed = _listed_utilities(layers)
    settled = [
        _settle(sites.loc[site], node, processes, listed, request)
        for site, node in frame.iterrows()
    ]
    details = pd.DataFrame(settled, index=frame.index)
    frame = pd.concat([frame.drop(columns=["why", "utility_id", "status"]), details], axis=1)
    return PowerPlan(_simulated(_with_columns(frame), sites, processes), processes)


def _with_columns(frame: pd.DataFrame) -> pd.DataFrame:
    for names, empty in ((_NUMBERS, np.nan), (_WORDS, None)):
        for name in names:
            if name not in frame:
                frame[name] = empty
    return frame


def _listed_utilities(layers: Layers) -> dict[str, set[str]]:
    frame = layers.frame("jurisdictions")
    if frame is None or "utility_ids" not in frame:
        return {}
    return {row.jurisdiction_id: set(split_ids(row.utility_ids)) for row in frame.itertuples()}


def _settle(
    site: pd.Series,
    node: pd.Series,
    processes: Processes,
    listed: dict[str, set[str]],
    request: Request,
) -> dict[str, object]:
    """Utility, network, floor and notes of one site; `why` if there is no plan."""
    own, theirs = site["utility_id"], node["utility_id"]
    from_node = not isinstance(own, str) and theirs in listed.get(str(site["jurisdiction_id"]), ())
    utility = own if isinstance(own, str) else (theirs if from_node else None)
    operator = processes.operator(own if isinstance(own, str) else theirs)
    settled: dict[str, object] = {
        "utility_id": utility,
        "operator": operator,
        "batch": site.get("batch"),
        "progress": processes.progress_of(str(site.name)),
        "permit": processes.permit_of(str(site.name)),
        "network": None,
        "floor_months": np.nan,
    }
    if node["why"] is not None:
        return {**settled, "why": node["why"], "note": "", "status": None}
    floor, works, no_plan = backbone(node, processes.lines, request.as_of)
    network, remark = choose_network(
        request.mw,
        float(node["klass"]),
        float(node["distance_km"]),
        planned=node["planned"] is True,
    )
    not_before, calendar = processes.calendars.floor(site["jurisdiction_candidates"])
    # works at an existing node are what interim service goes round; a planned node, and a pause, hold it too
    interim = np.fmax(not_before, floor if node["planned"] is True else np.nan)
    notes = [remark if network else "", works, "utility taken from the node" if from_node else ""]
    if float(node["klass"]) < needed_class(request.mw):
        notes.append(
            f"{request.mw:g} MW usually needs {needed_class(request.mw):g} kV, the node has {node['voltage_kv']:g}"
        )
    if isinstance(site.get("pipeline_state"), str) and pipeline_of(operator) is None:
        notes.append(f"pipeline_state {site['pipeline_state']}: no pipeline of operator {operator or '?'} is published, not counted")  # fmt: skip
    if calendar:
        floor = not_before if not floor >= not_before else floor
        notes.append(calendar)
    why = PAUSED.get(operator) or no_plan or (None if network else remark)
    return {
        **settled,
        "network": network,
        "floor_months": floor,
        "interim_floor_months": interim,
        "why": why,
        "note": "; ".join(n for n in notes if n),
        "status": None,
    }


def network_of(processes: Processes, row: Any) -> Network:
    """Stage network of a site, from its row of the plan."""
    return processes.network(
        str(row["network"]),
        row["utility_id"] or None,
        str(row["operator"] or ""),
        str(row["batch"] or ""),
        str(row["progress"] or ""),
        str(row["permit"] or ""),
    )


def _simulated(frame: pd.DataFrame, sites: gpd.GeoDataFrame, processes: Processes) -> pd.DataFrame:
    """Add dates and odds, one simulation for all sites that share a stage table."""
    request = processes.request
    draws = Draws(request.draws, request.seed)
    for network, part in _parts(frame, processes):
        group = frame.loc[part]
        months = site_months(network, draws, group["distance_km"], group["floor_months"])
        views = _views(group, sites, processes)
        numbers = _outcomes(months, network, request, views, group["floor_months"])
        frame.loc[part, "basis"] = [_basis(request, view) for view in views]
        frame.loc[part, list(numbers)] = np.column_stack(list(numbers.values()))
        described = {
            "grade": network.grade, "network": network.name, "status": "assumed" if network.assumed else "secondary",
        }  # fmt: skip
        for name, word in described.items():
            frame.loc[part, name] = word
        extra = "; ".join(network.notes)
        if extra:
            frame.loc[part, "note"] = [f"{n}; {extra}".strip("; ") for n in group["note"]]
    unknown = frame["p50_months"].isna() & frame["why"].isna()
    frame.loc[unknown, "why"] = "no study window known"
    return frame


def _parts(frame: pd.DataFrame, processes: Processes) -> Iterator[tuple[Network, pd.Index]]:
    """Sites that share a stage network, a chunk at a time."""
    planned = frame[frame["why"].isna() & frame["network"].notna()]
    keys = planned[list(_GROUPS)].fillna("")
    for _, group in planned.groupby([keys[c] for c in keys], sort=True):
        network = network_of(processes, keys.loc[group.index[0]])
        for start in range(0, len(group), _CHUNK):
            yield network, group.index[start : start + _CHUNK]


def drawn_months(
    plan: PowerPlan, sites: gpd.GeoDataFrame, count: int, seed: int, draws: Any = None
) -> np.ndarray:
    """Months to the first block in every draw, given that power comes; NaN without a plan. Shape (sites, count)

    Parameters
    ----------
    plan, sites
        The plan, and the sites it is of.
    count, seed
        Number of draws, and their seed.
    draws
        What gives the normals of each stage; silent, those of the ranking.
    """
    months = np.full((len(plan.frame), count), np.nan)
    if plan.processes is None:
        return months
    weight, normals = plan.processes.request.outside_weight or 0.0, draws or Draws(count, seed)
    for network, part in _parts(plan.frame, plan.processes):
        group = plan.frame.loc[part]
        inside = site_months(network, normals, group["distance_km"], group["floor_months"])
        used = _used(inside, _views(group, sites, plan.processes), weight)
        rows = plan.frame.index.get_indexer(part)
        months[rows] = _blended(inside, used, weight, group["floor_months"])
    return months


def _basis(request: Request, view: View | None) -> str:
    """Which view the dates of a site follow."""
    if not request.outside_weight:
        return "inside view"
    if view is None:
        return "inside view, no outside view known"
    return f"blend, {request.outside_weight:.0%} outside view".replace("%", " %")


def _views(part: pd.DataFrame, sites: gpd.GeoDataFrame, processes: Processes) -> list[View | None]:
    """Best outside view of each site; not looked for where it has no weight."""
    if not processes.request.outside_weight:
        return [None] * len(part)
    return [
        next(iter(outside_views(sites.loc[site], row, processes)), None)
        for site, row in part.iterrows()
    ]


def site_months(
    network: Network, draws: Any, distance_km: Iterable[float], floor_months: pd.Series
) -> np.ndarray:
    """Months to energisation of sites that share a network. Shape (sites, draws)."""
    factor = np.array([
        line_factor(network.name, float(km), region_row=network.region_line) for km in distance_km
    ])  # fmt: skip
    return _first_power(network.stages, draws, factor, floor_months.to_numpy(dtype=float))


def _first_power(
    stages: dict[str, Stage], draws: Any, factor: np.ndarray, floor: np.ndarray
) -> np.ndarray:
    """Months to energisation; works at the node are a floor under commissioning's start. Shape (sites, draws)."""
    months = finish_months(with_backbone(stages), draws, {"line": factor}, {"backbone": floor})[
        "energised"
    ]
    return np.broadcast_to(months, (len(factor), draws.count))


def with_backbone(stages: dict[str, Stage], floor_months: float = 0.0) -> dict[str, Stage]:
    """The network with works at the node, or a date of its place, before commissioning."""
    last = stages["commissioning"]
    return {
        **stages,
        "backbone": Stage(floor_months, floor_months, group="tso"),
        "commissioning": last._replace(preds=(*last.preds, "backbone")),
    }


def _outcomes(
    months: np.ndarray,
    network: Network,
    request: Request,
    views: list[View | None],
    floor: pd.Series,
) -> dict[str, np.ndarray]:
    """Quantiles, odds and energy of each site from the months of every draw."""
    granted = {name: stage._replace(p_fail=0.0) if name in PERMIT else stage for name, stage in network.stages.items()}  # fmt: skip
    odds, built = (
        np.full(len(months), success(stages, "energised")) for stages in (network.stages, granted)
    )
    weight = request.outside_weight or 0.0
    used = _used(months, views, weight)
    if any(used):
        months = _blended(months, used, weight, floor)
        odds, built = (np.array([
            blend_success(p, view.p_success, weight) if view else p for p, view in zip(inside, used, strict=True)
        ]) for inside in (odds, built))  # fmt: skip
    steps = ramp_steps(request.mw, request.first_mw, request.ramp_months)
    first, full = quantiles(months, (0.1, 0.5, 0.9)), steps[-1][0]
    horizon = request.horizon_months
    spell = sum(
        mw * np.clip(horizon - np.maximum(months + delay, 0.0), 0.0, None).mean(axis=1) for delay, mw in steps
    )  # fmt: skip
    timely = (months + full <= request.need_by_months).mean(axis=1)
    return {
        "p10_months": first[0], "p50_months": first[1], "p90_months": first[2],
        "full_p10_months": first[0] + full, "full_p50_months": first[1] + full, "full_p90_months": first[2] + full,
        "p_success": odds * np.isfinite(months).mean(axis=1),
        "on_time": odds * timely, "on_time_if_permitted": built * timely,
        "delivered_mw_years": odds * spell / 12,
    }  # fmt: skip


def _used(months: np.ndarray, views: list[View | None], weight: float) -> list[View | None]:
    """The outside view of each site that has one to blend with."""
    return [view if blends(row, weight) else None for row, view in zip(months, views, strict=True)]


def _blended(
    months: np.ndarray, views: list[View | None], weight: float, floor: pd.Series
) -> np.ndarray:
    """Months of every draw, moved towards the outside view where there is one. Shape (sites, draws)"""
    return np.stack([
        np.fmax(blend_draws(row, view, weight), least) if view else row
        for row, view, least in zip(months, views, floor.to_numpy(dtype=float), strict=True)
    ])  # fmt: skip
