"""Allocation: which share of a cost falls to a load, by its part in peaks, in energy, or in both.

Formulas: NARUC, Electric Utility Cost Allocation Manual, 1992; Regulatory Assistance Project,
Electric Cost Allocation for a New Era, 2020. A new load enlarges the system that it is a part of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from powerwall.criteria.cost.years import KW_PER_MW

_ROUNDING = 1e-9  # sums over classes differ in their last digits


def coincident_share(load_mw: Any, system_mw: Any) -> float:
    """Share by load at the system's peaks, n of them (n-CP). [1]

    Parameters
    ----------
    load_mw, system_mw
        Load and system at the same peaks; the system includes the load. [MW]

    Raises
    ------
    ValueError
        If the peaks differ in number, a power is negative, or the system is under the load or 0. NaN
        is unknown and stays so, here and in every function below.

    Examples
    --------
    >>> coincident_share([300, 150], [70_000, 80_000])
    0.003
    """
    load, system = _within(load_mw, system_mw)
    return _share(load.sum(), system.sum())


def non_coincident_share(load_mw: float, others_mw: Any) -> float:
    """Share by each one's own peak (NCP). [1]

    >>> non_coincident_share(200, [1800, 2000])
    0.05
    """
    load, others = _power(load_mw, "load_mw").sum(), _power(others_mw, "others_mw").sum()
    return _share(load, load + others)


def energy_share(load_mw: Any, system_mw: Any, weights: Any = None) -> float:
    """Share by energy; `weights` are hourly prices where energy is worth what it costs. [1]

    >>> energy_share([100, 100], [1000, 3000])
    0.05
    """
    load, system = _within(load_mw, system_mw)
    weight = np.asarray(1.0 if weights is None else weights, dtype=float)  # prices may be negative
    return _share((load * weight).sum(), (system * weight).sum())


def average_and_excess_share(
    average_mw: float, peak_mw: float, *, system_average_mw: float, system_peak_mw: float, total_excess_mw: float
) -> float:  # fmt: skip
    """Share by mean demand at the system's load factor, and by excess over it for the rest. [1]

    Parameters
    ----------
    average_mw, peak_mw
        Of the load; its own peak, or its mean at four system peaks. [MW]
    system_average_mw, system_peak_mw, total_excess_mw
        Of the system, and the excesses of all classes together, the load's among them. [MW]

    Raises
    ------
    ValueError
        If a power is negative, the system's mean is 0 or over its peak, or the load's mean or excess
        is over the system's.

    Examples
    --------
    >>> round(average_and_excess_share(180, 200, system_average_mw=4200, system_peak_mw=7000, total_excess_mw=3500), 12)
    0.028
    """
    for name, value in {"average_mw": average_mw, "peak_mw": peak_mw, "total_excess_mw": total_excess_mw}.items():  # fmt: skip
        _power(value, name)
    if system_average_mw <= 0 or system_average_mw > system_peak_mw:
        raise ValueError("the system's mean is over 0 and no larger than its peak")
    excess = float(np.maximum(0.0, peak_mw - average_mw))  # max() would lose an unknown peak
    over_mean = average_mw > system_average_mw * (1 + _ROUNDING)
    if over_mean or excess > total_excess_mw * (1 + _ROUNDING):
        raise ValueError("mean and excess of the system include those of the load")
    load_factor = system_average_mw / system_peak_mw
    by_excess = excess / total_excess_mw if total_excess_mw else excess  # 0 then, or unknown
    return float(average_mw / system_average_mw * load_factor + by_excess * (1 - load_factor))


def coincident_cost_usd(
    load_mw: Any, usd_per_kw_year: float, *, contract_mw: float = 0.0, minimum_share: float = 0.0, gross_up: float = 1.0
) -> float:  # fmt: skip
    """Cost of a year at n system peaks: mean load there, or a minimum share of the contract. [USD]

    Parameters
    ----------
    load_mw
        Load at each peak, of the year that the rule looks at. [MW]
    usd_per_kw_year
        [USD/kW-year]
    contract_mw, minimum_share
        Contract, and the share of it that is billed at least. [MW], [1]
    gross_up
        Losses and scaling. [1]

    Raises
    ------
    ValueError
        If there is no peak, a number is negative, or the share is over 1.

    Examples
    --------
    >>> coincident_cost_usd([300, 150, 150, 300], 70.0)
    15750000.0
    """
    load = _power(load_mw, "load_mw")
    _power([usd_per_kw_year, contract_mw, minimum_share, gross_up], "usd_per_kw_year, contract_mw, minimum_share or gross_up")  # fmt: skip
    if minimum_share > 1:
        raise ValueError(f"minimum_share is 0 to 1, not {minimum_share:g}")
    least = minimum_share * contract_mw if minimum_share != 0 else 0.0
    charged = np.maximum(load.mean(), least)  # max() would take an unknown minimum for none
    return float(usd_per_kw_year * KW_PER_MW * gross_up * charged)


def capacity_cost_usd(
    load_mw: Any, usd_per_mw_day: float, *, pool_requirement: float = 1.0, scaling: float = 1.0, days: int = 365
) -> float:  # fmt: skip
    """Cost of capacity of a year: mean load at the peaks × zonal scaling × pool requirement. [USD]

    >>> round(capacity_cost_usd([148, 152, 150, 149, 151], 333.44, pool_requirement=0.917, scaling=1.02))
    17075417
    """
    load = _power(load_mw, "load_mw")
    _power([usd_per_mw_day, pool_requirement, scaling, days], "usd_per_mw_day, pool_requirement, scaling or days")  # fmt: skip
    return float(load.mean()) * scaling * pool_requirement * usd_per_mw_day * days


def seasonal_capacity_cost_usd(obligation_mw: Any, usd_per_mw_day: Any, days: Any) -> float:
    """Cost of capacity priced by season. [USD]

    Parameters
    ----------
    obligation_mw, usd_per_mw_day, days
        By season: mappings with the same keys, or arrays; the obligation may be one number.

    Raises
    ------
    ValueError
        If the seasons are not the same, or a number is negative.

    Examples
    --------
    >>> round(seasonal_capacity_cost_usd(120, [30, 15, 0.75, 34.1], [92, 91, 90, 92]))
    879564
    """
    given = [obligation_mw, usd_per_mw_day, days]
    mappings = [one for one in given if isinstance(one, Mapping)]
    if mappings:
        seasons = list(mappings[0])
        if any(set(one) != set(seasons) for one in mappings):
            raise ValueError("the seasons of obligation, price and days differ")
        given = [[one[s] for s in seasons] if isinstance(one, Mapping) else one for one in given]
    names = ("obligation_mw", "usd_per_mw_day", "days")
    obligation, price, length = (_power(*one) for one in zip(given, names, strict=True))
    if price.shape != length.shape or obligation.shape not in {(), price.shape}:
        raise ValueError("the seasons of obligation, price and days differ")
    return float((obligation * price * length).sum())


def equal_revenue_rate(usd_per_kw_year: float, old_peaks_mw: Any, new_peaks_mw: Any) -> float:
    """Rate over other peaks that collects the same revenue; rules are compared at it. [USD/kW-year]

    >>> equal_revenue_rate(70.0, [80, 80], [80, 60])
    80.0
    """
    rate = _power(usd_per_kw_year, "usd_per_kw_year")
    old, new = _power(old_peaks_mw, "old_peaks_mw"), _power(new_peaks_mw, "new_peaks_mw")
    return _share(rate * old.mean(), new.mean())


def _power(value: Any, name: str) -> np.ndarray:
    """Numbers as an array, none of them negative; NaN is unknown and stays so."""
    found = np.asarray(value, dtype=float)
    if not found.size:
        raise ValueError(f"{name} holds no number")
    if (found < 0).any():
        raise ValueError(f"{name} holds a negative number")
    return found


def _within(load_mw: Any, system_mw: Any) -> tuple[np.ndarray, np.ndarray]:
    """A load and the system that includes it, at the same moments. [MW]"""
    load, system = _power(load_mw, "load_mw"), _power(system_mw, "system_mw")
    if load.shape != system.shape:
        raise ValueError("load_mw and system_mw are of the same peaks or hours")
    if (load > system).any():
        raise ValueError("the system includes the load, and is no smaller")
    return load, system


def _share(part: Any, whole: Any) -> float:
    if whole <= 0:
        raise ValueError("there is nothing to share: the sum over the system is not over 0")
    return float(part / whole)
