"""Years: cost of power year by year, its present value and what a megawatt-hour costs over all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

MONTHS = 12
KW_PER_MW = 1000.0


def cost_of_power(
    contract_mw: Sequence[float],
    metered_peak_mw: Sequence[float],
    *,
    load_factor: float,
    energy_usd_per_mwh: float,
    rider_usd_per_mwh: float = 0.0,
    demand_usd_per_kw_month: Mapping[str, float] | None = None,
    minimum_share: Mapping[str, float] | None = None,
    fixed_usd_per_month: float = 0.0,
    collateral_months: float = 0,
    collateral_fee_per_year: float = 0.0,
    hours_per_year: float = 8760,
) -> pd.DataFrame:
    """Cost of a contract whose peak is the same in every month of a year.

    Parameters
    ----------
    contract_mw, metered_peak_mw
        By year. [MW]
    load_factor
        Mean over peak. [1]
    energy_usd_per_mwh, rider_usd_per_mwh
        Price of energy, and riders on it. [USD/MWh]
    demand_usd_per_kw_month, minimum_share
        Component → price, and share of the contract that is billed at least; none is 0. [USD/kW-month], [1]
    fixed_usd_per_month
        Customer charge. [USD/month]
    collateral_months, collateral_fee_per_year
        Security in months of the minimum bill at the last year's contract, and its fee. [1/year]

    Returns
    -------
    DataFrame
        Index `year` from 1; `contract_mw metered_peak_mw mwh energy_usd <component>_usd fixed_usd
        collateral_fee_usd shortfall_usd total_usd`. The shortfall is inside the components already.

    Raises
    ------
    ValueError
        If the years differ in number, a number is negative, or a minimum has no price.

    Examples
    --------
    >>> cost_of_power([100], [60], load_factor=0.9, energy_usd_per_mwh=40,
    ...               demand_usd_per_kw_month={"transmission": 5.0},
    ...               minimum_share={"transmission": 0.85})["total_usd"].tolist()
    [24021600.0]
    """
    prices, shares = dict(demand_usd_per_kw_month or {}), dict(minimum_share or {})
    contract, metered = (np.asarray(one, dtype=float) for one in (contract_mw, metered_peak_mw))
    if contract.shape != metered.shape or contract.ndim != 1 or not contract.size:
        raise ValueError("contract_mw and metered_peak_mw are one number for each year")
    if set(shares) - set(prices):
        raise ValueError(f"a minimum without a price: {', '.join(sorted(set(shares) - set(prices)))}")  # fmt: skip
    if (contract < 0).any() or (metered < 0).any() or any(not 0 <= one <= 1 for one in shares.values()):  # fmt: skip
        raise ValueError("power is 0 or more, and a share 0 to 1")
    mwh = metered * load_factor * hours_per_year
    frame = pd.DataFrame(
        {"contract_mw": contract, "metered_peak_mw": metered, "mwh": mwh, "energy_usd": mwh * (energy_usd_per_mwh + rider_usd_per_mwh)},
        index=pd.RangeIndex(1, len(contract) + 1, name="year"),
    )  # fmt: skip
    shortfall = np.zeros(len(contract))
    for component, price in prices.items():
        billed = np.maximum(metered, shares.get(component, 0.0) * contract)
        frame[f"{component}_usd"] = price * KW_PER_MW * MONTHS * billed
        shortfall += price * KW_PER_MW * MONTHS * (billed - metered)
    frame["fixed_usd"] = MONTHS * fixed_usd_per_month
    least = minimum_bill_usd_per_month(float(contract[-1]), prices, shares, fixed_usd_per_month)
    frame["collateral_fee_usd"] = collateral_months * least * collateral_fee_per_year
    charged = [name for name in frame if name.endswith("_usd")]
    frame["shortfall_usd"] = shortfall
    frame["total_usd"] = frame[charged].sum(axis=1)
    return frame


def minimum_bill_usd_per_month(
    contract_mw: float,
    demand_usd_per_kw_month: Mapping[str, float],
    minimum_share: Mapping[str, float],
    fixed_usd_per_month: float = 0.0,
) -> float:
    """Bill of a month in which nothing is taken. [USD/month]

    >>> minimum_bill_usd_per_month(300, {"t": 5, "d": 1.5, "g": 8}, {"t": .85, "d": .85, "g": .6}, 10_000)
    3107500.0
    """
    least = sum(minimum_share.get(name, 0.0) * price for name, price in demand_usd_per_kw_month.items())  # fmt: skip
    return KW_PER_MW * contract_mw * least + fixed_usd_per_month


def npv_usd(cost_usd: Any, rate: float, *, upfront_usd: float = 0.0, mid_year: bool = False) -> float:  # fmt: skip
    """Present value of sums at the ends (or middles) of years 1, 2, …, and of cash before them. [USD]

    Raises
    ------
    ValueError
        If the rate is -1 or less.

    Examples
    --------
    >>> round(npv_usd([108.0, 116.64], 0.08, upfront_usd=5.0), 9)
    205.0
    """
    if not rate > -1:
        raise ValueError(f"no present value at a rate of {rate:g}")
    cost = np.asarray(cost_usd, dtype=float)
    when = np.arange(1, len(cost) + 1) - (0.5 if mid_year else 0.0)
    return float(upfront_usd + (cost / (1 + rate) ** when).sum())


def levelised_usd_per_mwh(
    cost_usd: Any, mwh: Any, rate: float, *, upfront_usd: float = 0.0, mid_year: bool = False
) -> float:
    """Present value of cost over that of energy. [USD/MWh]; NaN without energy

    The rate is real where prices are constant, nominal where they rise: never mixed.

    >>> round(levelised_usd_per_mwh([600.0, 600.0], [10.0, 10.0], 0.08), 9)
    60.0
    """
    cost, energy = np.asarray(cost_usd, dtype=float), np.asarray(mwh, dtype=float)
    if cost.shape != energy.shape:
        raise ValueError("cost_usd and mwh are one number for each year")
    worth = npv_usd(energy, rate, mid_year=mid_year)
    cash = npv_usd(cost, rate, upfront_usd=upfront_usd, mid_year=mid_year)
    return cash / worth if worth else math.nan


def carried_usd(cash_usd: Any, years_before: Any, rate: float) -> float:
    """Cash paid some years before energisation, carried forward to it. [USD]

    >>> round(carried_usd([100.0, 50.0], [2.0, 0.0], 0.08), 9)
    166.64
    """
    cash, before = np.asarray(cash_usd, dtype=float), np.asarray(years_before, dtype=float)
    if (before < 0).any():
        raise ValueError("years_before counts back from energisation, 0 or more")
    return float((cash * (1 + rate) ** before).sum())
