"""Power: when the first and the last megawatt arrive, how likely, and through which node."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import criterion, provides
from powerwall.criteria.power.sampling import Draws
from powerwall.criteria.power.stages import Stage, finish_months, quantiles, success
from powerwall.criteria.power.nodes import choose_nodes, needed_class
from powerwall.criteria.power.process import (
    PAUSED,
    Processes,
    backbone_months,
    choose_network,
    line_factor,
)
from powerwall.criteria.power.wires import short_line_bound_mw
from powerwall.region.joins import split_ids
from powerwall.region.layers import Layers
from powerwall.region.request import Request

NODES = "points_of_interconnection"
FIRM_RUNGS = ("utility_letter", "hosting_map", "study", "open_network")
_CHUNK = 1024  # sites at once: 1024 × 4096 draws × 11 stages stay under half a gigabyte


@dataclass(frozen=True)
class PowerPlan:
    """What the grid offers each site.

    Attributes
    ----------
    frame
        Index `site_id`; node, distance, network, `p10_months p50_months p90_months`, `p_success`,
        `on_time`, `utility_id`, `grade`, `status`, `note` and `why`.
    """

    frame: pd.DataFrame


@provides("plan")
def plan(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> PowerPlan:
    """Choose node and network of each site and simulate the way to first power."""
    nodes = layers.frame(NODES)
    if not isinstance(nodes, gpd.GeoDataFrame) or not {"kind", "voltage_kv"} <= set(nodes):
        empty = pd.DataFrame({"why": f"no layer {NODES}"}, index=sites.index)
        return PowerPlan(_with_columns(empty))
    frame = choose_nodes(sites, nodes, request.mw)
    processes = Processes(layers, request)
    listed = _listed_utilities(layers)
    settled = [
        _settle(sites.loc[site], node, processes, listed, request)
        for site, node in frame.iterrows()
    ]
    details = pd.DataFrame(settled, index=frame.index)
    frame = pd.concat([frame.drop(columns=["why", "utility_id", "status"]), details], axis=1)
    return PowerPlan(_simulated(_with_columns(frame), processes, request))


def _with_columns(frame: pd.DataFrame) -> pd.DataFrame:
    wanted = ["p10_months", "p50_months", "p90_months", "p_success", "on_time", "network", "utility_id", "grade", "status",
              "note", "poi_id", "distance_km", "source_title", "as_of"]  # fmt: skip
    for name in wanted:
        if name not in frame:
            frame[name] = np.nan if name.endswith(("months", "success", "on_time", "km")) else None
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
        "network": None,
        "floor_months": np.nan,
    }
    if node["why"] is not None:
        return {**settled, "why": node["why"], "note": "", "status": None}
    floor, works, no_plan = backbone_months(node, request.as_of)
    network, remark = choose_network(
        request.mw,
        float(node["klass"]),
        float(node["distance_km"]),
        planned=node["planned"] is True,
    )
    not_before, calendar = processes.floor(site["jurisdiction_candidates"])
    notes = [remark if network else "", works, "utility taken from the node" if from_node else ""]
    if float(node["klass"]) < needed_class(request.mw):
        notes.append(
            f"{request.mw:g} MW usually needs {needed_class(request.mw):g} kV, the node has {node['voltage_kv']:g}"
        )
    if calendar:
        floor = not_before if not floor >= not_before else floor
        notes.append(f"not before {calendar}")
    why = PAUSED.get(operator) or no_plan or (None if network else remark)
    return {
        **settled,
        "network": network,
        "floor_months": floor,
        "why": why,
        "note": "; ".join(n for n in notes if n),
        "status": None,
    }


def _simulated(frame: pd.DataFrame, processes: Processes, request: Request) -> pd.DataFrame:
    """Add dates and odds, one simulation for all sites that share a stage table."""
    draws = Draws(request.draws, request.seed)
    planned = frame[frame["why"].isna() & frame["network"].notna()]
    keys = planned[["network", "utility_id", "operator", "batch"]].fillna("")
    for (network, utility, operator, batch), group in planned.groupby(
        [keys[c] for c in keys], sort=True
    ):
        stages = processes.network(str(network), utility or None, str(operator), str(batch))
        factor = np.array([
            line_factor(stages.name, float(km), region_row=stages.region_line) for km in group["distance_km"]
        ])  # fmt: skip
        floor = group["floor_months"].to_numpy(dtype=float)
        for start in range(0, len(group), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows = group.index[part]
            months = _first_power(stages.stages, draws, factor[part], floor[part])
            p10, p50, p90 = quantiles(months, (0.1, 0.5, 0.9))
            odds = success(stages.stages, "energised")
            frame.loc[rows, ["p10_months", "p50_months", "p90_months"]] = np.column_stack(
                [p10, p50, p90]
            )
            frame.loc[rows, "p_success"] = odds * np.isfinite(months).mean(axis=1)
            frame.loc[rows, "on_time"] = odds * (months <= request.need_by_months).mean(axis=1)
        frame.loc[group.index, "grade"] = stages.grade
        frame.loc[group.index, "network"] = stages.name
        frame.loc[group.index, "status"] = "assumed" if stages.assumed else "secondary"
        extra = "; ".join(stages.notes)
        if extra:
            frame.loc[group.index, "note"] = [
                f"{note}; {extra}".strip("; ") for note in group["note"]
            ]
    unknown = frame["p50_months"].isna() & frame["why"].isna()
    frame.loc[unknown, "why"] = "no study window known"
    return frame


def _first_power(
    stages: dict[str, Stage], draws: Draws, factor: np.ndarray, floor: np.ndarray
) -> np.ndarray:
    """Months to energisation; works at the node are a floor under commissioning's start. Shape (sites, draws)."""
    joined = dict(stages)
    last = joined["commissioning"]
    joined["backbone"] = Stage(0.0, 0.0, group="tso")
    joined["commissioning"] = last._replace(preds=(*last.preds, "backbone"))
    months = finish_months(joined, draws, {"line": factor}, {"backbone": floor})["energised"]
    return np.broadcast_to(months, (len(factor), draws.count))


def _dated(plan: PowerPlan, value: pd.Series, low: pd.Series, high: pd.Series) -> pd.DataFrame:
    frame = plan.frame
    return pd.DataFrame({
        "value": value, "low": low, "high": high, "grade": frame["grade"], "status": frame["status"], "layer": NODES,
        "row": frame["poi_id"], "source": frame["network"].map(lambda n: f"stage network {n}" if isinstance(n, str) else None),
        "note": frame["note"], "why": frame["why"],
    })  # fmt: skip


@criterion(
    unit="months",
    value=[(12, 1.0), (36, 0.6), (84, 0.0)],
    why="assumed: a year is as good as power gets; 36 months is the shortest conventional wait quoted, 84 the longest",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="P10–P90 of the stage network, given that power comes at all",
    grade="B",
)
def time_to_power_months(plan: PowerPlan) -> pd.DataFrame:
    """Months from the as-of date to the first block of power, P50 given success."""
    frame = plan.frame
    return _dated(plan, frame["p50_months"], frame["p10_months"], frame["p90_months"])


@criterion(
    unit="months",
    value=[(-12, 1.0), (0, 0.8), (24, 0.4), (60, 0.0)],
    why="assumed: a year early is all that helps; two years late loses a generation of accelerators; five are useless",
    needs={NODES: ("kind", "voltage_kv")},
    weight=1.0,
    uncertainty="P10–P90 of the stage network, given that power comes at all",
    grade="B",
)
def months_late(plan: PowerPlan, request: Request) -> pd.DataFrame:
    """Months by which the P50 of first power misses the day of need; negative is early."""
    frame, need = plan.frame, request.need_by_months
    return _dated(
        plan, frame["p50_months"] - need, frame["p10_months"] - need, frame["p90_months"] - need
    )


@criterion(
    unit="share",
    value=[(0.0, 0.0), (0.9, 1.0)],
    why="assumed: at nine in ten the date may be promised (a P90); no chance is worth nothing",
    needs={NODES: ("kind", "voltage_kv")},
    weight=1.0,
    uncertainty="exact within the stage network; the network itself is graded",
    grade="B",
)
def on_time_probability(plan: PowerPlan) -> pd.DataFrame:
    """Probability that the whole request is energised by the day of need, failures included."""
    return _dated(plan, plan.frame["on_time"], plan.frame["on_time"], plan.frame["on_time"])


@criterion(
    unit="share",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="failure shares of the stages are assumed",
    grade="B",
)
def power_success_probability(plan: PowerPlan) -> pd.DataFrame:
    """Probability that power comes at all; no permit is counted here."""
    return _dated(plan, plan.frame["p_success"], plan.frame["p_success"], plan.frame["p_success"])


@criterion(
    unit="km",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="accuracy of both positions; for a screening candidate the radius itself",
    grade="B",
)
def poi_distance_km(plan: PowerPlan, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Distance to the point of interconnection."""
    km = plan.frame["distance_km"].astype(float)
    slack = sites["location_accuracy_m"].fillna(0.0) / 1000
    # round its own node a screening candidate lies anywhere up to the radius, which is the value
    own = (sites["origin"] == "screening") & (sites["around_poi_id"] == plan.frame["poi_id"])
    measured = _dated(
        plan, km, (km - slack).clip(lower=0.0).where(~own, 0.0), (km + slack).where(~own, km)
    )
    return measured.assign(
        grade=None,
        source=plan.frame["source_title"],
        status="approximate",
        as_of=plan.frame["as_of"],
    )


@criterion(
    unit="MW",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="by rung; line proximity and area shares are upper bounds, printed ≤ x",
    grade="B",
)
def firm_capacity_mw(plan: PowerPlan) -> pd.DataFrame:
    """Published headroom at the node less the queue ahead; else an upper bound."""
    frame = plan.frame
    if "klass" not in frame:
        return _dated(plan, frame["p50_months"], frame["p50_months"], frame["p50_months"])
    headroom, queue = (frame[c].astype(float) for c in ("published_headroom_mw", "queue_ahead_mw"))
    published = headroom.notna() & frame["headroom_rung"].isin(FIRM_RUNGS)
    firm = (headroom - queue).clip(lower=0.0).where(published)
    wires = pd.Series(
        short_line_bound_mw(frame["voltage_kv"].astype(float), frame["klass"].astype(float)),
        index=frame.index,
    )
    # a stated headroom on a low rung bounds better than the wires do
    stated = headroom.notna() & queue.where(published).isna()
    bound = headroom.clip(lower=0.0).where(stated, wires.where(~published))
    rung = (
        frame["headroom_rung"]
        .where(headroom.notna(), "line_proximity")
        .where(frame["poi_id"].notna(), None)
    )
    note = np.where(published & queue.isna(), "queue ahead unknown: the published headroom is an upper bound",
                    np.where(published, "", "one circuit of the node's voltage on a short line, St Clair"))  # fmt: skip
    return pd.DataFrame({
        "value": firm, "bound": bound, "grade": rung, "layer": NODES, "row": frame["poi_id"], "source": frame["source_title"],
        "as_of": frame["as_of"], "status": "approximate", "note": note, "gates": published & queue.notna(),
        "why": frame["why"].where(frame["poi_id"].isna(), "no firm figure: " + rung.fillna("").str.replace("_", " ")),
    })  # fmt: skip
