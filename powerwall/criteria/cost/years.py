"""Years: cost of power year by year, and sums of money over years."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter

DISCOUNT_RATE = Parameter(0.08, "1/year", 0.05, 0.12, "assumed: cost of capital of a developer")
PERIOD_YEARS = Parameter(
    15.0, "years", 10.0, 25.0, "assumed: years that count where the request names no horizon"
)
MONTHS = 12
KW_PER_MW = 1000.0
# Columns that a component of the same name would overwrite.
_TAKEN = {"energy", "fixed", "collateral_fee", "shortfall", "total"}


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
        If the years differ in number, a power, load factor, demand price, month or fee is negative, a
        share is not 0 to 1, a minimum has no price, or a component bears the name of another column.

    Notes
    -----
    Prices of energy, riders and the customer charge may be credits. NaN is unknown, and makes the total
    of its years unknown.

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
    if taken := sorted(_TAKEN & set(prices)):
        raise ValueError(f"a component has a name of its own, not {', '.join(taken)}")
    not_negative(contract_mw=contract, metered_peak_mw=metered, load_factor=load_factor, hours_per_year=hours_per_year,
                  collateral_months=collateral_months, collateral_fee_per_year=collateral_fee_per_year)  # fmt: skip
    if load_factor > 1:
        raise ValueError(f"load_factor is 0 to 1, not {load_factor:g}")
    least = minimum_bill_usd_per_month(float(contract[-1]), prices, shares, fixed_usd_per_month)
    mwh = metered * load_factor * hours_per_year
    frame = pd.DataFrame(
        {"contract_mw": contract, "metered_peak_mw": metered, "mwh": mwh, "energy_usd": mwh * (energy_usd_per_mwh + rider_usd_per_mwh)},
        index=pd.RangeIndex(1, len(contract) + 1, name="year"),
    )  # fmt: skip
    shortfall = np.zeros(len(contract))
    for component, price in prices.items():
        share = shares.get(component, 0.0)
        billed = np.maximum(metered, share * contract) if share != 0 else metered
        frame[f"{component}_usd"] = price * KW_PER_MW * MONTHS * billed
        shortfall += price * KW_PER_MW * MONTHS * (billed - metered)
    frame["fixed_usd"] = MONTHS * fixed_usd_per_month
    # Where no security is asked for, a minimum bill that is not known costs nothing.
    held = collateral_months != 0 and collateral_fee_per_year != 0
    frame["collateral_fee_usd"] = collateral_months * least * collateral_fee_per_year if held else 0.0  # fmt: skip
    charged = [name for name in frame if name.endswith("_usd")]
    frame["shortfall_usd"] = shortfall
    frame["total_usd"] = frame[charged].sum(axis=1, skipna=False)
    return frame


def minimum_bill_usd_per_month(
    contract_mw: float,
    demand_usd_per_kw_month: Mapping[str, float],
    minimum_share: Mapping[str, float],
    fixed_usd_per_month: float = 0.0,
) -> float:
    """Bill of a month in which nothing is taken. [USD/month]

    Parameters
    ----------
    contract_mw
        Full contract. [MW]
    demand_usd_per_kw_month, minimum_share
        As in `cost_of_power`; a component without a share has no minimum. [USD/kW-month], [1]
    fixed_usd_per_month
        [USD/month]

    Raises
    ------
    ValueError
        If a power or price is negative, a share is not 0 to 1, or has no price.

    Examples
    --------
    >>> minimum_bill_usd_per_month(300, {"t": 5, "d": 1.5, "g": 8}, {"t": .85, "d": .85, "g": .6}, 10_000)
    3107500.0
    """
    if lone := sorted(set(minimum_share) - set(demand_usd_per_kw_month)):
        raise ValueError(f"a minimum without a price: {', '.join(lone)}")
    not_negative(contract_mw=contract_mw, **{f"price of {name}": one for name, one in demand_usd_per_kw_month.items()})  # fmt: skip
    if any(share < 0 or share > 1 for share in minimum_share.values()):
        raise ValueError("a minimum share is 0 to 1")
    least = sum(share * demand_usd_per_kw_month[name] for name, share in minimum_share.items() if share != 0)  # fmt: skip
    return KW_PER_MW * contract_mw * least + fixed_usd_per_month


def collateral_usd(
    *,
    months: float | None = None,
    minimum_bill_usd_per_month: float = math.nan,
    usd_per_mw: float | None = None,
    contract_mw: float = math.nan,
    share_of_exit_fee: float | None = None,
    exit_fee_usd: float = math.nan,
) -> float:
    """Security to be given, by the one rule of three that is stated. [USD]

    Parameters
    ----------
    months, minimum_bill_usd_per_month
        Months of the minimum bill. [months], [USD/month]
    usd_per_mw, contract_mw
        Amount over full contract. [USD/MW], [MW]
    share_of_exit_fee, exit_fee_usd
        Share of the fee for leaving. [1], [USD]

    Raises
    ------
    ValueError
        If no rule or more than one is stated, or a number is negative. What is not known is NaN.

    Examples
    --------
    >>> collateral_usd(months=24, minimum_bill_usd_per_month=3_107_500)
    74580000.0
    """
    rules = [(months, minimum_bill_usd_per_month), (usd_per_mw, contract_mw), (share_of_exit_fee, exit_fee_usd)]  # fmt: skip
    stated = [(float(much), float(of)) for much, of in rules if much is not None]
    if len(stated) != 1:
        raise ValueError("one of months, usd_per_mw and share_of_exit_fee states the security")
    [(much, of)] = stated
    not_negative(**{"a rule of the security": much, "what the security is reckoned from": of})
    return much * of


def npv_usd(cost_usd: Any, rate: float, *, upfront_usd: float = 0.0, mid_year: bool = False) -> float:  # fmt: skip
    """Present value of sums at the ends (or middles) of years 1, 2, …, and of cash before them. [USD]

    Raises
    ------
    ValueError
        If the rate is -1 or less. NaN is unknown and stays so.

    Examples
    --------
    >>> round(npv_usd([108.0, 116.64], 0.08, upfront_usd=5.0), 9)
    205.0
    """
    if rate <= -1:
        raise ValueError(f"no present value at a rate of {rate:g}")
    cost = np.atleast_1d(np.asarray(cost_usd, dtype=float))
    when = np.arange(1, len(cost) + 1) - (0.5 if mid_year else 0.0)
    return float(upfront_usd + (cost / (1 + rate) ** when).sum())


def levelised_usd_per_mwh(
    cost_usd: Any, mwh: Any, rate: float, *, upfront_usd: float = 0.0, mid_year: bool = False
) -> float:
    """Present value of cost over that of energy. [USD/MWh]; NaN without energy

    The rate is real where prices are constant, nominal where they rise: never mixed.

    Raises
    ------
    ValueError
        If the years differ in number, an energy is negative, or the rate is -1 or less.

    Examples
    --------
    >>> round(levelised_usd_per_mwh([600.0, 600.0], [10.0, 10.0], 0.08), 9)
    60.0
    """
    cost, energy = np.asarray(cost_usd, dtype=float), np.asarray(mwh, dtype=float)
    if cost.shape != energy.shape:
        raise ValueError("cost_usd and mwh are one number for each year")
    not_negative(mwh=energy)
    worth = npv_usd(energy, rate, mid_year=mid_year)
    cash = npv_usd(cost, rate, upfront_usd=upfront_usd, mid_year=mid_year)
    return cash / worth if worth else math.nan


def carried_usd(cash_usd: Any, years_before: Any, rate: float) -> float:
    """Cash paid some years before energisation, carried forward to it; refunds are negative. [USD]

    Raises
    ------
    ValueError
        If a year lies after energisation, or the rate is -1 or less.

    Examples
    --------
    >>> round(carried_usd([100.0, 50.0], [2.0, 0.0], 0.08), 9)
    166.64
    """
    cash, before = np.asarray(cash_usd, dtype=float), np.asarray(years_before, dtype=float)
    if (before < 0).any():
        raise ValueError("years_before counts back from energisation, 0 or more")
    if rate <= -1:
        raise ValueError(f"no cash is carried at a rate of {rate:g}")
    return float((cash * (1 + rate) ** before).sum())


def shortfall_pv_usd(shortfall_usd: Any, rate: float, *, mid_year: bool = False) -> float:
    """Present value of what is owed for power not taken. [USD]

    Raises
    ------
    ValueError
        If a shortfall is negative, or the rate is -1 or less.

    Examples
    --------
    >>> round(shortfall_pv_usd([108.0, 0.0], 0.08), 9)
    100.0
    """
    not_negative(shortfall_usd=shortfall_usd)
    return npv_usd(shortfall_usd, rate, mid_year=mid_year)


def first_full_year(metered_mw: Any) -> float:
    """First year, from 1, whose metered peak is that of the last; NaN where a year before is unknown.

    Raises
    ------
    ValueError
        If there is no year, or a power is negative.

    Examples
    --------
    >>> first_full_year([60, 150, 270, 300, 300])
    4
    """
    metered = np.atleast_1d(np.asarray(metered_mw, dtype=float))
    if not metered.size:
        raise ValueError("metered_mw holds no year")
    not_negative(metered_mw=metered)
    at = int(np.flatnonzero(np.isnan(metered) | np.isclose(metered, metered[-1], rtol=1e-9, atol=0.0))[0])  # fmt: skip
    return math.nan if np.isnan(metered[[at, -1]]).any() else at + 1


def capital_recovery_factor(rate: float, years: float) -> float:
    """Payment at the end of each year that repays 1 over a number of years. [1/year]

    Parameters
    ----------
    rate
        Discount rate; 0 spreads evenly. [1/year]
    years
        Over 0. [years]

    Raises
    ------
    ValueError
        If the years are none, or the rate is no more than -1.

    Notes
    -----
    i(1+i)^n / ((1+i)^n − 1), written so that small rates keep their digits.

    Examples
    --------
    >>> round(capital_recovery_factor(0.08, 5), 6)
    0.250456
    """
    if not years > 0 or not rate > -1:
        msg = f"no capital recovery factor for {years:g} years at a rate of {rate:g}"
        raise ValueError(msg)
    return 1 / years if rate == 0 else rate / -math.expm1(-years * math.log1p(rate))


def not_negative(**given: Any) -> None:
    """Refuse numbers under 0 by their names; NaN is unknown and passes."""
    for name, value in given.items():
        if np.any(np.asarray(value, dtype=float) < 0):
            raise ValueError(f"{name} is 0 or more")
