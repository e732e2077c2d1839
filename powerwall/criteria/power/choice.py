"""Choice: which stage network a request at a node goes by, and what the length of its line does."""

from __future__ import annotations

from functools import cache

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table

ROUTE_FACTOR = Parameter(1.3, "1", 1.1, 1.6, "assumed: route length over straight distance")
SHORTEST_ROUTE_KM = Parameter(0.5, "km", 0.2, 1.0, "assumed: shortest tie")
SPARE_BAY_KM = Parameter(
    1.0, "km", 0.5, 2.0, "assumed: within this a spare bay serves without a new line"
)
LINE_FIXED_SHARE = Parameter(
    0.5, "1", 0.3, 0.7, "assumed: part of a line build that does not shrink with length"
)
LINE_FACTOR_MAX = Parameter(2.5, "1", 2.0, 4.0, "assumed: cap on the length factor of a line build")
#: Network → length its `line` stage was anchored on [km]; None: the backbone itself, not scaled.
LINE_REFERENCE_KM: dict[str, float | None] = {
    "us_firm_230kv": 16.0, "us_firm_345kv": 135.0, "us_firm_500_765kv": None, "us_existing_substation": None,
}  # fmt: skip
REGION_LINE_REFERENCE_KM = 16.0  # the region tables describe works of about ten miles


def choose_network(
    mw: float, klass: float, distance_km: float, *, planned: bool
) -> tuple[str | None, str]:
    """Network of a request at a node, and a note or the reason why there is none."""
    short = distance_km <= SPARE_BAY_KM.value
    if not planned and klass <= 345 and mw <= 200 and short:
        name = "us_existing_substation"
    elif klass <= 230 and mw <= 400:
        name = "us_firm_230kv"
    elif (klass == 345 and mw <= 1500) or (klass >= 500 and mw < 500):
        name = "us_firm_345kv"
    elif klass >= 500 and mw <= 5000:
        name = "us_firm_500_765kv"
    else:
        return None, f"no process table for {mw:g} MW at a {klass:g} kV node"
    low, high = mw_range(name)
    return (
        name,
        ""
        if low <= mw <= high
        else f"network {name} is meant for {low:g}–{high:g} MW: extrapolated",
    )


@cache
def mw_range(network: str) -> tuple[float, float]:
    """Requests that a stage table is meant for. [MW]"""
    rows = fact_table("processes")
    rows = rows[rows["process_id"] == network]
    return float(rows["mw_min"].iloc[0]), float(rows["mw_max"].iloc[0])


def line_factor(network: str, distance_km: float, *, region_row: bool) -> float:
    """Factor on the duration of a line build for the length of its route. [1]"""
    reference = LINE_REFERENCE_KM.get(network)
    if reference is None:
        return 1.0
    if region_row:
        reference = REGION_LINE_REFERENCE_KM
    route = max(ROUTE_FACTOR.value * distance_km, SHORTEST_ROUTE_KM.value)
    fixed = LINE_FIXED_SHARE.value
    return float(np.clip(fixed + (1 - fixed) * route / reference, fixed, LINE_FACTOR_MAX.value))
