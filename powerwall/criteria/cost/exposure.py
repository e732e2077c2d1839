"""Exposure: what other customers carry if a project leaves, where it pays and where it defaults."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.cost.years import capital_recovery_factor, not_negative, npv_usd

MONTHS = 12
KINDS = ("remaining_minimum", "months_of_minimum", "share_of_demand_charges", "net_book_value", "fee", "none")  # fmt: skip


def exit_fee_usd(
    kind: str,
    *,
    minimum_bill_usd_per_month: float,
    term_years: float,
    exit_year: float,
    months: float | None = None,
    discount_rate: float | None = None,
    share: float = 1.0,
    demand_charges_usd_per_month: float = math.nan,
    investment_usd: float = math.nan,
    book_life_years: float = math.nan,
    fee_usd: float = math.nan,
    mitigation_credit_usd: float = 0.0,
) -> float:
    """Fee for leaving at the end of a contract year. [USD]

    Parameters
    ----------
    kind
        One of `KINDS`.
    minimum_bill_usd_per_month, term_years, exit_year
        Minimum bill, length of the contract, and the year at whose end it is left. [USD/month], [years]
    months
        Months of minimum bill that are due, no more than remain. [months]
    discount_rate
        Where the terms discount what remains. [1/year]
    share, demand_charges_usd_per_month
        Share of the remaining demand charges, and those of a month at contract. [1], [USD/month]
    investment_usd, book_life_years
        For the net book value. [USD], [years]
    fee_usd, mitigation_credit_usd
        A fee as stated; what a successor takes off.

    Raises
    ------
    ValueError
        If the kind is none of these, the exit is not within the contract, `months` is missing, or a
        number is negative. A number that is not known makes the fee NaN, unless the kind is `none`.

    Examples
    --------
    >>> exit_fee_usd("months_of_minimum", minimum_bill_usd_per_month=2e6, term_years=12, exit_year=5, months=36)
    72000000.0
    """
    if kind not in KINDS:
        raise ValueError(f"no exit fee of kind `{kind}`; known: {', '.join(KINDS)}")
    if exit_year < 0 or exit_year > term_years:
        raise ValueError(f"year {exit_year:g} is not within a contract of {term_years:g} years")
    if kind == "none":
        return 0.0
    not_negative(
        minimum_bill_usd_per_month=minimum_bill_usd_per_month, share=share, demand_charges_usd_per_month=demand_charges_usd_per_month,
        fee_usd=fee_usd, mitigation_credit_usd=mitigation_credit_usd,
    )  # fmt: skip
    left = term_years - exit_year
    if kind == "remaining_minimum":
        fee = minimum_bill_usd_per_month * MONTHS * (left if not discount_rate else _annuity(discount_rate, left))  # fmt: skip
    elif kind == "months_of_minimum":
        if months is None or months < 0:
            raise ValueError("months_of_minimum needs months, 0 or more")
        fee = float(np.minimum(months, MONTHS * left)) * minimum_bill_usd_per_month
    elif kind == "share_of_demand_charges":
        fee = share * MONTHS * left * demand_charges_usd_per_month
    elif kind == "net_book_value":
        fee = stranded_usd(investment_usd, book_life_years=book_life_years, exit_year=exit_year)
    else:
        fee = fee_usd
    return float(np.maximum(0.0, fee - mitigation_credit_usd))  # max() would lose what is unknown


def _annuity(rate: float, years: float) -> float:
    """Present value of 1 at the end of each year."""
    if math.isnan(rate + years):
        return math.nan
    return 1 / capital_recovery_factor(rate, years) if years > 0 else 0.0


def stranded_usd(investment_usd: Any, *, book_life_years: float, exit_year: Any, reuse_share: float = 0.0) -> Any:  # fmt: skip
    """Net book value of rolled-in assets at the end of a year that nobody else uses. [USD]

    Parameters
    ----------
    investment_usd
        Made for the project, net of contributions. [USD]
    book_life_years, exit_year
        Straight-line life, and the year of the exit. [years]
    reuse_share
        Share of the assets that others use afterwards. [1]

    Raises
    ------
    ValueError
        If an investment or a year is negative, a book life 0 or less, or a share not 0 to 1.

    Examples
    --------
    >>> stranded_usd(150e6, book_life_years=40, exit_year=5, reuse_share=0.25)
    98437500.0
    """
    not_negative(investment_usd=investment_usd, exit_year=exit_year, reuse_share=reuse_share)
    if np.any(np.asarray(reuse_share) > 1) or np.any(np.asarray(book_life_years) <= 0):
        raise ValueError("a share that is used again is 0 to 1, and a book life over 0")
    left = np.maximum(0.0, 1 - np.asarray(exit_year, dtype=float) / book_life_years)
    found = (1 - np.asarray(reuse_share, dtype=float)) * np.asarray(investment_usd, dtype=float) * left  # fmt: skip
    return float(found) if found.ndim == 0 else found


def recovered_usd(exit_fee_usd: Any, collateral_usd: Any, *, pays: bool) -> Any:
    """What comes back: the exit fee where it is paid, no more than the security in a default. [USD]

    >>> recovered_usd(72.0, 48.0, pays=False)
    48.0
    """
    not_negative(exit_fee_usd=exit_fee_usd, collateral_usd=collateral_usd)
    fee = np.asarray(exit_fee_usd, dtype=float)
    found = fee if pays else np.minimum(fee, collateral_usd)
    return float(found) if found.ndim == 0 else found


def exposure_usd(stranded_usd: Any, exit_fee_usd: Any, collateral_usd: Any, *, pays: bool) -> Any:
    """What other customers carry. [USD]

    Parameters
    ----------
    stranded_usd, exit_fee_usd, collateral_usd
        What nobody else uses, the fee, and the security held; arrays broadcast. [USD]
    pays
        Whether the fee is paid; in a default no more than the security comes back.

    Raises
    ------
    ValueError
        If a sum is negative. NaN is unknown and stays so.

    Examples
    --------
    >>> exposure_usd(98.4375, 72.0, 48.0, pays=True), exposure_usd(98.4375, 72.0, 48.0, pays=False)
    (26.4375, 50.4375)
    """
    not_negative(stranded_usd=stranded_usd)
    recovered = recovered_usd(exit_fee_usd, collateral_usd, pays=pays)
    found = np.maximum(0.0, np.asarray(stranded_usd, dtype=float) - recovered)
    return float(found) if found.ndim == 0 else found


def coverage_share(stranded_usd: Any, recovered_usd: Any) -> Any:
    """What comes back over what is stranded; infinite where nothing is. [1]

    >>> coverage_share([96.0, 0.0], 48.0).tolist()
    [0.5, inf]
    """
    not_negative(stranded_usd=stranded_usd, recovered_usd=recovered_usd)
    stranded, recovered = np.broadcast_arrays(np.asarray(stranded_usd, dtype=float), np.asarray(recovered_usd, dtype=float))  # fmt: skip
    found = np.divide(recovered, stranded, out=np.full(stranded.shape, math.inf), where=stranded != 0)  # fmt: skip
    return float(found) if found.ndim == 0 else found


def exposure_by_exit_year(
    investment_usd: float, *, book_life_years: float, exit_fee_usd: Any, collateral_usd: float, reuse_share: float = 0.0
) -> pd.DataFrame:  # fmt: skip
    """Both states for an exit at the end of each contract year.

    Parameters
    ----------
    investment_usd, book_life_years, reuse_share
        As in `stranded_usd`.
    exit_fee_usd
        Of each year. [USD]
    collateral_usd
        Security held. [USD]

    Returns
    -------
    DataFrame
        Index `exit_year` from 1; `net_book_usd stranded_usd exit_fee_usd pays_usd defaults_usd
        coverage_pays coverage_defaults`.
    """
    fees = np.asarray(exit_fee_usd, dtype=float)
    years = np.arange(1, len(fees) + 1)
    stranded = stranded_usd(investment_usd, book_life_years=book_life_years, exit_year=years, reuse_share=reuse_share)  # fmt: skip
    frame = pd.DataFrame({
        "net_book_usd": stranded_usd(investment_usd, book_life_years=book_life_years, exit_year=years),
        "stranded_usd": stranded, "exit_fee_usd": fees,
    }, index=pd.Index(years, name="exit_year"))  # fmt: skip
    for state, pays in (("pays", True), ("defaults", False)):
        frame[f"{state}_usd"] = exposure_usd(stranded, fees, collateral_usd, pays=pays)
    for state, pays in (("pays", True), ("defaults", False)):
        frame[f"coverage_{state}"] = coverage_share(stranded, recovered_usd(fees, collateral_usd, pays=pays))  # fmt: skip
    return frame


def cover_year(exposure: Any) -> float | None:
    """First year with nothing left to carry; None if there is none, NaN if an earlier one is unknown.

    >>> cover_year([5.0, 0.0, 3.0])
    2
    """
    carried = np.asarray(exposure, dtype=float)
    not_negative(exposure=carried)
    at = np.flatnonzero(~(carried > 0))  # nothing left, or not known
    if not at.size:
        return None
    return math.nan if np.isnan(carried[at[0]]) else int(at[0]) + 1


def expected_exposure_usd(
    pays_usd: Any, defaults_usd: Any, *, hazard: Any, default_share: float, rate: float
) -> float:
    """Present value of the exposure, weighted by the odds of an exit in each year. [USD]

    Parameters
    ----------
    hazard, default_share
        Odds of an exit at the end of each year, and share of the exits that default; nobody knows
        them, so neither has a default here. Odds are those seen from the start, not those of a year
        that is reached. [1]

    Raises
    ------
    ValueError
        If odds are negative or add up to more than 1, the share is not 0 to 1, an exposure is negative,
        or the years differ in number.

    Examples
    --------
    >>> round(expected_exposure_usd([10, 20], [30, 40], hazard=[0.1, 0.2], default_share=0.5, rate=0.0), 9)
    8.0
    """
    pays, defaults = np.asarray(pays_usd, dtype=float), np.asarray(defaults_usd, dtype=float)
    not_negative(pays_usd=pays, defaults_usd=defaults)
    if pays.shape != defaults.shape:
        raise ValueError("pays_usd and defaults_usd are one number for each year")
    odds = np.broadcast_to(np.asarray(hazard, dtype=float), pays.shape)
    if (odds < 0).any() or odds.sum() > 1 + 1e-9 or default_share < 0 or default_share > 1:
        raise ValueError("odds of an exit are 0 or more and add up to 1 at most; so does a share")
    return npv_usd(odds * ((1 - default_share) * pays + default_share * defaults), rate)


def revenue_gap_usd(investment_usd: float, fixed_charge_rate: float, demand_revenue_usd: Any, rate: float) -> tuple[float, float]:  # fmt: skip
    """Present value of what the works cost a year less the demand revenue, and of its positive part. [USD]

    Revenue of demand charges counts, minimum take included; energy and fixed charges do not.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> revenue_gap_usd(100e6, 0.12, [10e6, 16e6], 0.0)
    (-2000000.0, 2000000.0)
    """
    not_negative(investment_usd=investment_usd, fixed_charge_rate=fixed_charge_rate, demand_revenue_usd=demand_revenue_usd)  # fmt: skip
    gap = investment_usd * fixed_charge_rate - np.asarray(demand_revenue_usd, dtype=float)
    return npv_usd(gap, rate), npv_usd(np.maximum(0.0, gap), rate)


def per_mwh_usd(exposure_usd: float, rate: float, years: float, retail_mwh: float) -> float:
    """An exposure recovered from other customers over some years, on their energy. [USD/MWh]

    Raises
    ------
    ValueError
        If the exposure is negative, there is no energy, or no year to recover it in.

    Examples
    --------
    >>> round(per_mwh_usd(26.4375e6, 0.08, 20, 12e6), 4)
    0.2244
    """
    not_negative(exposure_usd=exposure_usd)
    if retail_mwh <= 0:
        raise ValueError("retail_mwh is over 0")
    return exposure_usd * capital_recovery_factor(rate, years) / retail_mwh
