"""Compute: what the delivered megawatts compute, and what binds."""

from __future__ import annotations

import pandas as pd

from powerwall.criteria.compute.constraint import Binding, binding
from powerwall.criteria.compute.hardware import DEFAULT_ACCELERATOR, accelerator, default
from powerwall.criteria.compute.yields import (
    Compute,
    flop_per_s_per_it_mw,
    sustained,
)
from powerwall.criteria.compute.yields import (
    flop_by_horizon as _flop,
)
from powerwall.criteria.criterion import criterion, unknown
from powerwall.criteria.power.plan import NODES, PowerPlan
from powerwall.region.request import Request

__all__ = ["Binding", "Compute", "binding", "sustained"]


@criterion(
    unit="FLOP",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="an expectation over dates and failures; the range is that of MFU",
    grade="D",
)
def flop_by_horizon(plan: PowerPlan, request: Request) -> pd.DataFrame:
    """Expected sustained BF16 FLOP by the horizon, failures included."""
    hardware = accelerator(request.accelerator or DEFAULT_ACCELERATOR)
    if "bf16" not in hardware.peaks:
        return unknown(plan.frame.index, f"{hardware.id} has no known dense BF16 peak")
    pue, mfu, goodput, rest = (default(q) for q in ("pue", "mfu_bf16", "goodput", "overhead_share"))
    energy = plan.frame["delivered_mw_years"].astype(float)

    def computed(utilised: float) -> pd.Series:
        per_mw = flop_per_s_per_it_mw(
            hardware.kw_it.value, hardware.peak("bf16").value, utilised, goodput.value, rest.value
        )
        return pd.Series(_flop(energy, per_mw / pue.value), index=energy.index)

    chosen = "" if request.accelerator else ", assumed"
    why = plan.frame["why"]
    if request.horizon is None:
        why = why.where(why.notna(), "no horizon in the request")
    return pd.DataFrame({
        "value": computed(mfu.value), "low": computed(mfu.low or mfu.value), "high": computed(mfu.high or mfu.value),
        "grade": "D", "status": "assumed", "layer": NODES, "row": plan.frame["poi_id"], "source": hardware.kw_it.source,
        "note": f"{hardware.id}{chosen}, PUE {pue.value:g}, MFU {mfu.value:g}, goodput {goodput.value:g}, dense BF16",
        "why": why,
    })  # fmt: skip


@criterion(
    unit="MW/MW",
    uncertainty="range of the default PUE, until a cooling plant is modelled",
    grade="D",
)
def it_mw_per_grid_mw(plan: PowerPlan) -> pd.DataFrame:
    """IT power that a megawatt of grid power carries in the hour that limits."""
    pue = default("pue")
    return pd.DataFrame(
        {"value": 1 / pue.value, "low": 1 / (pue.high or pue.value), "high": 1 / (pue.low or pue.value), "grade": "D",
         "status": "assumed", "source": pue.source, "note": f"default PUE {pue.value:g}, the same at every site"},
        index=plan.frame.index,
    )  # fmt: skip
