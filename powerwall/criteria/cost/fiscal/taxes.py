"""Taxes: what each instrument costs a year, as pure functions of rates, costs and years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powerwall.criteria.cost.shape import HOURS_PER_YEAR
from powerwall.criteria.cost.years import capital_recovery_factor

KWH_PER_MWH = 1000.0
Shares = float | Sequence[float] | np.ndarray


def levelised(flows: Shares, discount: float) -> float:
    """The same sum a year that is worth as much as payments at the ends of years 1, 2, …

    >>> round(levelised([30, 30, 30], 0.08), 9)
    30.0
    """
    paid = np.atleast_1d(np.asarray(flows, dtype=float))
    worth = paid @ (1 + discount) ** -np.arange(1.0, len(paid) + 1)
    return float(worth * capital_recovery_factor(discount, len(paid)))


def sales_tax_usd_per_mw_year(
    rate: float, capex: float, exempt_share: Shares, refresh_years: int, discount: float
) -> float:
    """Sales and use tax on equipment, as a sum a year. [USD/MW-year]

    Parameters
    ----------
    rate
        Tax over price. [1]
    capex
        Equipment of one purchase. [USD/MW]
    exempt_share
        Share of a purchase that pays no tax: one for all, or one for each purchase, the first first. [1]
    refresh_years
        Years between purchases, and the years that each serves. [years]
    discount
        [1/year]

    Examples
    --------
    >>> round(sales_tax_usd_per_mw_year(0.053, 20e6, 0.0, 5, 0.08))
    265484
    """
    exempt = np.atleast_1d(np.asarray(exempt_share, dtype=float))
    paid = rate * capex * (1 - exempt)
    worth = paid @ (1 + discount) ** -(float(refresh_years) * np.arange(len(paid)))
    return float(worth * capital_recovery_factor(discount, refresh_years * len(paid)))


def property_tax_usd_per_mw_year(
    rate: float, capex: float, taxable_shares: Shares, refresh_years: int, discount: float
) -> float:
    """Property tax on equipment that loses taxable value with age, as a sum a year. [USD/MW-year]

    Parameters
    ----------
    rate
        Tax over taxable value, a year. [1/year]
    capex
        Equipment of one purchase. [USD/MW]
    taxable_shares
        Taxable share of its cost in years 1, 2, … of its service; or purchases × years. What lies after
        the refresh is not due, and a year without a share pays nothing. [1]
    refresh_years, discount
        [years], [1/year]

    Examples
    --------
    >>> round(property_tax_usd_per_mw_year(0.0415, 20e6, [0.5, 0.4, 0.3, 0.2, 0.1], 5, 0.08))
    261743
    """
    shares = np.atleast_2d(np.asarray(taxable_shares, dtype=float))[:, :refresh_years]
    aged = np.zeros((len(shares), refresh_years))
    aged[:, : shares.shape[1]] = shares
    return levelised(rate * capex * aged.ravel(), discount)


def abated_shares(share: float, months: float, years: int) -> np.ndarray:
    """Share taken off in each year by an abatement that ends after some months. [1]

    >>> abated_shares(0.5, 18, 3).tolist()
    [0.5, 0.25, 0.0]
    """
    return share * np.clip(months / 12 - np.arange(years), 0.0, 1.0)


def real_property_tax_usd_per_mw_year(
    rate: float, assessed: float, abated_share: Shares, discount: float
) -> float:
    """Tax on land and building, as a sum a year. [USD/MW-year]

    Parameters
    ----------
    rate, assessed
        Tax over assessed value, a year; assessed value. [1/year], [USD/MW]
    abated_share
        Share taken off in years 1, 2, …; its length is the years that count (`abated_shares`). [1]
    discount
        [1/year]
    """
    abated = np.atleast_1d(np.asarray(abated_share, dtype=float))
    return levelised(rate * assessed * (1 - abated), discount)


def consumption_tax_usd_per_mw_year(
    usd_per_kwh: float, load_factor: float, months_inside: float = 12.0
) -> float:
    """Tax on the electricity of a year, for the months of it inside the tax's window. [USD/MW-year]

    Raises
    ------
    ValueError
        If the months are not 0 to 12.

    Examples
    --------
    >>> round(consumption_tax_usd_per_mw_year(0.011, 0.85))
    81906
    """
    if not 0 <= months_inside <= 12:
        msg = f"a year has no {months_inside:g} months"
        raise ValueError(msg)
    return usd_per_kwh * HOURS_PER_YEAR * KWH_PER_MWH * load_factor * months_inside / 12


def usd_per_mwh(usd_per_mw_year: float, load_factor: float) -> float:
    """A sum a year over the energy of that year. [USD/MWh]

    >>> round(usd_per_mwh(81_906, 0.85), 2)
    11.0
    """
    return usd_per_mw_year / (HOURS_PER_YEAR * load_factor)
