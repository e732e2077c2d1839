"""Upgrades: who pays for works on the network: the load, all customers through rates, or both."""

from __future__ import annotations

import math
from typing import NamedTuple

from powerwall.criteria.cost.years import KW_PER_MW


class AnnualCharges(NamedTuple):
    """What an upgrade costs a year under each rule. [USD/year]

    Attributes
    ----------
    incremental_usd
        The load pays what it caused.
    embedded_usd
        The load pays the rate of before.
    higher_of_usd
        The larger of both.
    rolled_in_usd, rolled_in_usd_per_kw_year
        The upgrade joins the rate of all: what the load pays, and the new rate. [USD/kW-year]
    others_change_usd
        What the others pay more than before; less where it is negative.
    """

    incremental_usd: float
    embedded_usd: float
    higher_of_usd: float
    rolled_in_usd: float
    rolled_in_usd_per_kw_year: float
    others_change_usd: float


def contribution_usd(
    direct_usd: float,
    network_usd: float = 0.0,
    *,
    network_share: float = 0.0,
    allowance_usd: float = 0.0,
    tax_gross_up: float = 0.0,
) -> float:
    """Contribution in aid of construction. [USD]

    Parameters
    ----------
    direct_usd, network_usd
        Cost of assets of sole use, and of works on the shared network. [USD]
    network_share
        Share of the latter that the load is charged. [1]
    allowance_usd
        What the utility bears because the load brings revenue. [USD]
    tax_gross_up
        Income tax on the contribution, over the contribution (`tax_gross_up`). [1]

    Raises
    ------
    ValueError
        If a cost is negative or the share is not 0 to 1. NaN is unknown and stays so.

    Examples
    --------
    >>> round(contribution_usd(90e6, allowance_usd=30e6, tax_gross_up=0.15))
    69000000
    """
    _not_negative(direct_usd=direct_usd, network_usd=network_usd, allowance_usd=allowance_usd, tax_gross_up=tax_gross_up)  # fmt: skip
    if not (0 <= network_share <= 1 or math.isnan(network_share)):
        raise ValueError(f"network_share is 0 to 1, not {network_share:g}")
    due = direct_usd + network_share * network_usd - allowance_usd
    return math.nan if math.isnan(due) else max(0.0, due) * (1 + tax_gross_up)


def tax_gross_up(tax_rate: float, pv_depreciation: float) -> float:
    """Income tax on a contribution less the present value of its later depreciation. [1]

    Parameters
    ----------
    tax_rate
        Of the utility's income, under 1. [1]
    pv_depreciation
        Present value of tax depreciation per USD contributed, 0–1. [1]

    Raises
    ------
    ValueError
        If the tax rate is not 0 to under 1, or the present value not 0 to 1. NaN is unknown and stays so.

    Notes
    -----
    The rule of Montana ARM 38.5.2903, in closed form.

    Examples
    --------
    >>> round(tax_gross_up(0.25, 0.55), 12)
    0.15
    """
    if tax_rate < 0 or tax_rate >= 1 or pv_depreciation < 0 or pv_depreciation > 1:
        raise ValueError("a tax rate is 0 to under 1, a present value of depreciation 0 to 1")
    return tax_rate * (1 - pv_depreciation) / (1 - tax_rate)


def annual_charges_usd(
    upgrade_usd: float,
    *,
    fixed_charge_rate: float,
    load_mw: float,
    embedded_usd_per_kw_year: float,
    system_peak_mw: float,
) -> AnnualCharges:
    """What an upgrade costs the load and the others a year, under each rule.

    Parameters
    ----------
    upgrade_usd, fixed_charge_rate
        Its cost, and the yearly revenue requirement over it. [USD], [1/year]
    load_mw, system_peak_mw
        The load, and the peak of all with it. [MW]
    embedded_usd_per_kw_year
        Rate before the upgrade. [USD/kW-year]

    Raises
    ------
    ValueError
        If the system's peak is under the load it includes, or a number is negative.

    Examples
    --------
    >>> charges = annual_charges_usd(90e6, fixed_charge_rate=0.12, load_mw=200,
    ...                              embedded_usd_per_kw_year=45, system_peak_mw=6000)
    >>> round(charges.rolled_in_usd_per_kw_year, 6), round(charges.others_change_usd)
    (45.3, 1740000)
    """
    _not_negative(upgrade_usd=upgrade_usd, fixed_charge_rate=fixed_charge_rate, load_mw=load_mw, embedded_usd_per_kw_year=embedded_usd_per_kw_year)  # fmt: skip
    if system_peak_mw < load_mw or system_peak_mw <= 0:
        raise ValueError("system_peak_mw includes the load and is over 0")
    others_kw, load_kw = KW_PER_MW * (system_peak_mw - load_mw), KW_PER_MW * load_mw
    incremental, embedded = upgrade_usd * fixed_charge_rate, embedded_usd_per_kw_year * load_kw
    rate = (embedded_usd_per_kw_year * others_kw + incremental) / (others_kw + load_kw)
    higher = math.nan if math.isnan(incremental + embedded) else max(incremental, embedded)
    return AnnualCharges(
        incremental, embedded, higher, rate * load_kw, rate, others_kw * (rate - embedded_usd_per_kw_year)
    )  # fmt: skip


def _not_negative(**given: float) -> None:
    for name, value in given.items():
        if value < 0:
            raise ValueError(f"{name} is {value:g}; it is 0 or more")
