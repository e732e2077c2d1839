"""Cost: what a megawatt-hour costs delivered, what is paid before the first one, and what the state takes.

The criteria of the tariff stand here. Behind them: `stack` (a tariff as one price). Beside them, outside
every price: `fiscal` (taxes and incentives), on `taxes` (their models), `terms` (what a row says on a day)
and `account` (the terms of a place over the years).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.cost.fiscal import (
    check_fiscal,
    incentive_usd_per_mw_year,
    tax_usd_per_mw_year,
)
from powerwall.criteria.cost.stack import (
    LOAD_FACTOR,
    SIGMA,
    STATES,
    UPFRONT,
    Price,
    Stacks,
    price_stack,
    state_average,
)
from powerwall.criteria.criterion import Z90, criterion

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.criteria.power.plan import PowerPlan
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

__all__ = [
    "LOAD_FACTOR", "SIGMA", "STATES", "Price", "check_fiscal", "incentive_usd_per_mw_year", "price_stack", "state_average",
    "tax_usd_per_mw_year",
]  # fmt: skip


@criterion(
    unit="USD/MWh",
    value=[(40, 1.0), (80, 0.5), (160, 0.0)],
    why="the 2023 industrial averages of the US states have a median of 78 and nine tenths lie under 112 (EIA, Electric "
    "Power Annual 2023); assumed: half of the median is as cheap as grids get, twice the median is out of the market",
    weight=1.0,
    uncertainty="P10–P90 from the grade: sigma 3, 8, 20 or 25 % for A, B, C, D",
    grade="B",
)
def delivered_cost_usd_per_mwh(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, plan: PowerPlan
) -> pd.DataFrame:
    """Delivered price of a flat load at the requested MW, all layers of the tariff stack included."""
    stacks = Stacks(layers, request)
    known: dict[tuple[object, object], dict[str, object]] = {}
    rows = []
    for utility, state in zip(
        plan.frame["utility_id"].reindex(sites.index), sites["state"], strict=True
    ):
        if (utility, state) not in known:
            known[utility, state] = _delivered(stacks, utility, state)
        rows.append(known[utility, state])
    return pd.DataFrame(rows, index=sites.index)


def _delivered(stacks: Stacks, utility: object, state: object) -> dict[str, object]:
    priced = stacks.of(utility)
    missing = "no tariff stack for this utility" if priced is None else ""
    if priced is not None:
        stack, price = priced
        if price.per_mwh is not None:
            usd, reason = stacks.to_usd(price.per_mwh)
            if usd is None:
                return {"value": float("nan"), "why": reason}
            note = f"{stack['stack_id']} at load factor {LOAD_FACTOR.value:g}, charges of {stacks.request.need_by}"
            return _spread(usd, str(stack.get("grade") or "D")) | {
                "layer": "tariffs", "row": stack["stack_id"], "source": "tariff stack", "as_of": stacks.as_of,
                "status": "secondary", "note": f"{note}; {reason}".rstrip("; "),
            }  # fmt: skip
        missing = f"stack {stack['stack_id']} lacks {', '.join(price.missing)}"
    average = state_average(state)
    if average is None:
        return {"value": float("nan"), "why": f"{missing}; no state average"}
    return _spread(float(average["industrial_price_usd_per_mwh"]), "D") | {
        "grade": f"D {average['year']}", "layer": "tariffs", "row": str(average["state"]), "source": str(average["source_title"]),
        "as_of": str(average["as_of"]), "status": "approximate",
        "note": f"industrial average of {average['state']} {average['year']}, not a tariff: {missing}",
    }  # fmt: skip


def _spread(usd: float, grade: str) -> dict[str, object]:
    sigma = SIGMA.get(grade[:1], SIGMA["D"]).value
    return {
        "value": usd,
        "low": usd * (1 - Z90 * sigma),
        "high": usd * (1 + Z90 * sigma),
        "grade": grade,
    }


@criterion(
    unit="USD/MW",
    value=[(0, 1.0), (200_000, 0.5), (1_000_000, 0.0)],
    why="assumed: the fees proposed in Texas are 50,000 to 100,000 USD/MW; a million is a tenth of a gas plant",
    needs={"tariffs": ("stack_id",)},
    uncertainty="none: either every fee is known, or the sum is a lower end",
    grade="B",
)
def upfront_usd_per_mw(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, plan: PowerPlan
) -> pd.DataFrame:
    """Fees before the first megawatt, where the terms are known."""
    stacks = Stacks(layers, request)
    rows = []
    for utility in plan.frame["utility_id"].reindex(sites.index):
        priced = stacks.of(utility)
        if priced is None:
            rows.append({"value": float("nan"), "why": "no tariff stack for this utility"})
            continue
        stack, price = priced
        usd, reason = stacks.to_usd(price.upfront_per_mw)
        named = any(record.get("layer") in UPFRONT for record in stack.get("layers") or [])
        lacking = (
            [*price.upfront_missing, *(price.missing and ["contributions to works"])]
            if named
            else ["upfront terms"]
        )
        known = usd is not None and not lacking
        least = f"at least {usd:,.0f} USD/MW; " if usd and lacking else ""
        rows.append({
            "value": usd if known else float("nan"), "layer": "tariffs", "row": stack["stack_id"], "as_of": stacks.as_of,
            "grade": stack.get("grade"), "status": "secondary", "source": "tariff stack",
            "why": reason if usd is None else f"{least}not known: {', '.join(lacking)}",
        })  # fmt: skip
    return pd.DataFrame(rows, index=sites.index)
