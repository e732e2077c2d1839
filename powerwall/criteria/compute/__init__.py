"""Compute: what the delivered megawatts compute, and what binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from powerwall.criteria.criterion import P5_P95, criterion, unknown
from powerwall.criteria.power.plan import NODES, PowerPlan
from powerwall.region.request import Request

if TYPE_CHECKING:
    from powerwall.criteria.water.operation import Operation

__all__ = ["Binding", "Compute", "binding", "sustained"]


@criterion(
    unit="FLOP",
    needs={NODES: ("kind", "voltage_kv")},
    uncertainty="an expectation over dates and failures; the range is that of MFU",
    grade="D",
)
def flop_by_horizon(plan: PowerPlan, request: Request, operation: Operation) -> pd.DataFrame:
    """Expected sustained BF16 FLOP by the horizon, failures included."""
    hardware = accelerator(request.accelerator or DEFAULT_ACCELERATOR)
    if "bf16" not in hardware.peaks:
        return unknown(plan.frame.index, f"{hardware.id} has no known dense BF16 peak")
    stated, mfu, goodput, rest = (default(q) for q in ("pue", "mfu_bf16", "goodput", "overhead_share"))  # fmt: skip
    modelled = operation.frame["pue_peak"].reindex(plan.frame.index)
    pue = modelled.fillna(stated.value)
    energy = plan.frame["delivered_mw_years"].astype(float)

    def computed(utilised: float) -> pd.Series:
        per_mw = flop_per_s_per_it_mw(
            hardware.kw_it.value, hardware.peak("bf16").value, utilised, goodput.value, rest.value
        )
        return pd.Series(_flop(energy / pue, per_mw), index=energy.index)

    chosen = "" if request.accelerator else ", assumed"
    why = plan.frame["why"]
    if request.horizon is None:
        why = why.where(why.notna(), "no horizon in the request")
    where = modelled.isna().map(
        {True: " assumed", False: f" of {operation.plant} on the peak hour"}
    )
    note = [
        f"{hardware.id}{chosen}, PUE {one:.3g}{word}, MFU {mfu.value:g}, goodput {goodput.value:g}, dense BF16"
        for one, word in zip(pue, where, strict=True)
    ]
    return pd.DataFrame({
        "value": computed(mfu.value), "low": computed(mfu.low or mfu.value), "high": computed(mfu.high or mfu.value),
        "grade": "D", "status": "assumed", "layer": NODES, "row": plan.frame["poi_id"], "source": hardware.kw_it.source,
        "note": note, "why": why,
    })  # fmt: skip


@criterion(
    unit="MW/MW",
    needs={"climate_stations": ("pressure_pa",), "climate": ("record",)},
    uncertainty="5–95 % over the parameters of the plant; a kelvin either way where the station is far",
    spread=P5_P95,
    grade="C",
)
def it_mw_per_grid_mw(operation: Operation) -> pd.DataFrame:
    """IT power that a megawatt of grid power carries in the hour that limits: 1 over the peak PUE."""
    found = operation.measure("pue_peak", "pue_peak_low", "pue_peak_high")
    return found.assign(value=1 / found["value"], low=1 / found["high"], high=1 / found["low"])
