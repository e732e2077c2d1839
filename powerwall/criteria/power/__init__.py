"""Power: when the first and the last megawatt arrive, how likely, and through which node.

The criteria stand here. Behind them, in the order a plan is made: `nodes` (where a site meets the
grid), `choice`, `process`, `calendars`, `permit` and `works` (what lies between), `lead_time` (when it ends), `plan`
(all sites of a region), `capacity` and `wires` (what a node can give), `site` (one site in full,
with its bridges). Beside them: `outside` and `pipeline` (what became of others), `queues` (fits of
queue tables), `network` (headroom of buses).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import P10_P90, criterion, provides
from powerwall.criteria.drawing import draws_of
from powerwall.criteria.power.capacity import node_capacity
from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.criteria.power.plan import NODES, PowerPlan, drawn_months, plan_sites
from powerwall.region.layers import Layers
from powerwall.region.request import Request

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import Permits


@provides("plan")
def plan(sites: gpd.GeoDataFrame, layers: Layers, request: Request, permits: Permits) -> PowerPlan:
    """Choose node and network of each site and simulate the way to power."""
    return plan_sites(sites, layers, request, permits)


@draws_of("time_to_power_months", "months_late", "full_power_months")
def drawn(
    plan: PowerPlan, sites: gpd.GeoDataFrame, request: Request, name: str, count: int, seed: int
) -> np.ndarray:
    """Months of every draw of one simulation, from which all three follow. Shape (sites, count)"""
    ramp = ramp_steps(request.mw, request.first_mw, request.ramp_months)[-1][0]
    after = {"time_to_power_months": 0.0, "months_late": -request.need_by_months, "full_power_months": ramp}  # fmt: skip
    return drawn_months(plan, sites, count, seed) + after[name]


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
    spread=P10_P90,
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
    spread=P10_P90,
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
    uncertainty="exact within the stage network; the network itself is graded",
    grade="B",
)
def on_time_probability(plan: PowerPlan) -> pd.DataFrame:
    """Probability that the whole request is energised by the day of need, failures included.

    Its permits count; it has no weight beside `policy_success_probability`, which counts them too.
    """
    return _dated(plan, plan.frame["on_time"], plan.frame["on_time"], plan.frame["on_time"])


@criterion(
    unit="share",
    value=[(0.0, 0.0), (0.9, 1.0)],
    why="assumed: at nine in ten the date may be promised (a P90); no chance is worth nothing",
    needs={NODES: ("kind", "voltage_kv")},
    weight=1.0,
    uncertainty="exact within the stage network; the network itself is graded",
    grade="B",
)
def on_time_if_permitted_probability(plan: PowerPlan) -> pd.DataFrame:
    """Probability that the whole request is energised by the day of need, given its permits.

    Months of the permits count, a refusal does not: `policy_success_probability` scores it.
    """
    odds = plan.frame["on_time_if_permitted"]
    return _dated(plan, odds, odds, odds)


@criterion(
    unit="share",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="failure shares of the stages are assumed",
    grade="B",
)
def power_success_probability(plan: PowerPlan) -> pd.DataFrame:
    """Probability that power comes at all, its permits included."""
    return _dated(plan, plan.frame["p_success"], plan.frame["p_success"], plan.frame["p_success"])


@criterion(
    unit="months",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="P10–P90 of the stage network and the request's ramp, given that power comes at all",
    spread=P10_P90,
    grade="B",
)
def full_power_months(plan: PowerPlan) -> pd.DataFrame:
    """Months from the as-of date to the whole request, P50 given success."""
    frame = plan.frame
    return _dated(
        plan, frame["full_p50_months"], frame["full_p10_months"], frame["full_p90_months"]
    )


@criterion(
    unit="MW-years",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="an expectation: failures and delays are in it",
    grade="B",
)
def delivered_mw_years(plan: PowerPlan, request: Request) -> pd.DataFrame:
    """Expected megawatt-years delivered by the horizon, failures included."""
    energy = plan.frame["delivered_mw_years"]
    measured = _dated(plan, energy, energy, energy)
    if request.horizon is None:
        return measured.assign(value=np.nan, why="no horizon in the request")
    return measured


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
def firm_capacity_mw(plan: PowerPlan, layers: Layers) -> pd.DataFrame:
    """Headroom at the node less the queue ahead, on the best rung of evidence; else an upper bound."""
    frame = plan.frame
    if "klass" not in frame:
        return _dated(plan, frame["p50_months"], frame["p50_months"], frame["p50_months"])
    capacity = node_capacity(frame, layers)
    return pd.DataFrame({
        "value": capacity["firm_mw"], "low": capacity["low_mw"], "high": capacity["high_mw"], "bound": capacity["bound_mw"],
        "grade": capacity["rung"], "layer": NODES, "row": frame["poi_id"], "source": frame["source_title"],
        "as_of": frame["as_of"], "status": "approximate", "note": capacity["note"], "gates": capacity["firm_mw"].notna(),
        "why": frame["why"].where(frame["poi_id"].isna(), "no firm figure: " + capacity["rung"].fillna("").str.replace("_", " ")),
    })  # fmt: skip
