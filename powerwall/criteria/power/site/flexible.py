"""Flexible load: what fits under the peaks of a balancing area if it may be curtailed.

After Norris et al., "Rethinking Load Growth", Duke University, Nicholas Institute NI R 25-01, 2025.
An upper bound: generation adequacy only, no network, no ramping, no study of lost load. It is
printed `≤ x`, never called firm, never drawn and never gating.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table

RUNG = "area_share"
HOURS_PER_YEAR = 8760
SUMMER_PEAK, SUMMER = (6, 7, 8), (4, 5, 6, 7, 8, 9, 10)
WINTER_PEAK = (12, 1, 2)
KEPT_SHARES = (0.5, 0.75, 0.9)
_ALL_AREAS = "US22"
_MONTHS = 12
_ROUNDING = 1e-12  # a share equal to its limit but for the last bits fits
_SPAN = 10.0  # the search ends at this multiple of the highest demand
#: What some call a balancing area, beside its code and the names in the table of facts.
AREA_CODES = {
    "ISONE": "ISNE", "ISO NEW ENGLAND": "ISNE", "APS": "AZPS", "SOUTHERN": "SOCO",
    "BPA": "BPAT", "TENNESSEE VALLEY AUTHORITY": "TVA",
}  # fmt: skip


class AreaHeadroom(NamedTuple):
    """New load of a whole area [MW], an upper bound for its sites; None is unknown, and why."""

    bound_mw: Parameter | None
    why: str = ""


class AreaService(NamedTuple):
    """What curtailment an area-wide load at a limit would see, mean over 22 areas.

    Attributes
    ----------
    limit_share, curtailed_h_per_year
        Share of its energy that the new load may lose, and hours with any curtailment.
    kept_h_per_year
        Share of the load kept → the curtailed hours that keep at least as much. [h/year]
    mean_event_h
        Mean length of a spell. [h]
    events_per_year
        Spells a year: hours over mean length. [1/year]
    """

    limit_share: float
    curtailed_h_per_year: Parameter
    kept_h_per_year: Mapping[float, Parameter]
    mean_event_h: Parameter
    events_per_year: Parameter

    def lost_mwh_per_year(self, mw: float) -> float:
        """Energy that a load of a size loses in a year. [MWh/year]"""
        return self.limit_share * mw * HOURS_PER_YEAR


class Events(NamedTuple):
    """Spells of curtailment, a mean over the years; fields as in `AreaService`.

    The mean length is NaN where there is no spell.
    """

    curtailed_h_per_year: float
    events_per_year: float
    mean_event_h: float
    kept_h_per_year: Mapping[float, float]


def seasonal_margins(demand_mw: object, months: object) -> np.ndarray:
    """Room `max(peak − demand, 0)` under the seasonal peak. [MW], shape (hours,)

    Demand [MW] and month (1–12) of every hour. The peak of June–August counts from April to
    October, that of December–February from November to March, each over all years.

    Raises
    ------
    ValueError
        If an hour has no demand, a month is none, or a season has no peak month.

    Notes
    -----
    The shoulder months may exceed the peak of their season. The whole new load is curtailed then:
    without the clamp at 0 the curtailed share diverges as the load goes to 0.
    """
    demand, month = np.asarray(demand_mw, dtype=float), np.asarray(months)
    if demand.ndim != 1 or demand.shape != month.shape:
        raise ValueError("demand and months: one number an hour each")
    gaps = int(np.count_nonzero(~np.isfinite(demand)))
    if gaps:
        raise ValueError(f"{gaps} hours without a demand: fill or leave out whole years")
    if not np.isin(month, np.arange(1, _MONTHS + 1)).all():
        raise ValueError("months run from 1 to 12")
    summer, peaks = np.isin(month, SUMMER), []
    for name, of_peak in (("June–August", SUMMER_PEAK), ("December–February", WINTER_PEAK)):
        hours = demand[np.isin(month, of_peak)]
        if not len(hours):
            raise ValueError(f"no hour of {name}: the peak of the season is unknown")
        peaks.append(float(hours.max()))
    return np.maximum(np.where(summer, peaks[0], peaks[1]) - demand, 0.0)


def curtailment_share(load_mw: object, margin_mw: object, years: object = None) -> np.ndarray:
    """Share of its energy that a new constant load loses under margins. [share]

    Parameters
    ----------
    load_mw
        New load, any shape. [MW]
    margin_mw
        Room in every hour, shape (hours,). [MW]
    years
        Year of each hour; without it all hours are one year.

    Returns
    -------
    numpy.ndarray
        Mean over the years of `Σ (L − m)⁺ / (hours · L)`, non-decreasing in the load and of its
        shape; NaN for a load that is unknown or not above 0.

    Raises
    ------
    ValueError
        If there is no hour, a margin is negative or unknown, or the years are not one an hour.

    >>> float(curtailment_share(100, [0, 50, 100, 200]))
    0.375
    """
    return _share(np.asarray(load_mw, dtype=float), _sorted_years(margin_mw, years))


def load_at_share(margin_mw: object, limit_share: float, years: object = None) -> float:
    """Largest new load that loses at most a share of its energy under margins. [MW]

    Margins and years as in `curtailment_share`; the limit runs from 0 up to 0.9. The load is 0
    where not even 1 MW fits.

    Raises
    ------
    ValueError
        If the limit is outside its range, or for the reasons of `curtailment_share`.

    >>> round(load_at_share([0, 50, 100, 200], 0.25), 6)
    50.0
    """
    return _solve(_sorted_years(margin_mw, years), limit_share, 0.0)


def curtailment_headroom(
    demand_mw: object, years: object, months: object, limit_share: float
) -> float:
    """New load that fits under the seasonal peaks of an area if it may be curtailed. [MW]

    Parameters
    ----------
    demand_mw, years, months
        Hourly demand [MW] with the year and the month of each hour, shape (hours,) each.
    limit_share
        Share of its energy that the new load may lose in a mean year. [share]

    Returns
    -------
    float
        The load L with `curtailment_share(L) = limit`, between 1 MW and ten times the highest
        demand; 0 where not even 1 MW fits. An upper bound for any site of the area.

    Raises
    ------
    ValueError
        If an hour has no demand, a year lacks a month, or the limit is no share.
    """
    margin = seasonal_margins(demand_mw, months)
    year, month = np.asarray(years), np.asarray(months)
    if year.shape != month.shape:
        raise ValueError("years and months: one number an hour each")
    for one in np.unique(year):
        lacking = sorted(set(range(1, _MONTHS + 1)) - set(month[year == one].tolist()))
        if lacking:  # a part of a year would count as much as a whole one
            raise ValueError(f"year {one} lacks months {', '.join(map(str, lacking))}")
    top = float(np.max(np.asarray(demand_mw, dtype=float)))
    return _solve(_sorted_years(margin, year), limit_share, top)


def events(load_mw: float, margin_mw: object, years: object = None) -> Events:
    """Spells in which a new constant load is curtailed, in hours that follow each other.

    Parameters
    ----------
    load_mw
        New load, above 0. [MW]
    margin_mw, years
        As in `curtailment_share`, in the order of time; a spell over the turn of a year is one.

    Raises
    ------
    ValueError
        If the load is not above 0, or for the reasons of `curtailment_share`.

    >>> events(100, [0, 50, 100, 60]).mean_event_h
    1.5
    """
    if not load_mw > 0:
        raise ValueError(f"load {load_mw} is not a power above 0 in MW")
    n_years = len(_sorted_years(margin_mw, years))
    margin = np.asarray(margin_mw, dtype=float)
    cut = margin < load_mw
    hours = int(np.count_nonzero(cut))
    runs = int(np.count_nonzero(np.diff(cut.astype(int), prepend=0) == 1))
    kept = {
        share: int(np.count_nonzero(cut & (margin >= share * load_mw))) / n_years
        for share in KEPT_SHARES
    }
    return Events(hours / n_years, runs / n_years, hours / runs if runs else np.nan, kept)


def area_code(balancing_authority: str) -> str | None:
    """Code of a balancing area of the study by what a utility calls it; None is not in it.

    >>> area_code("ERCOT"), area_code("azps"), area_code("EirGrid")
    ('ERCO', 'AZPS', None)
    """
    table = fact_table("ba_headroom")
    areas = table[table.ba_code != _ALL_AREAS]
    known = {str(code): str(code) for code in areas.ba_code} | AREA_CODES
    for name, code in zip(areas.ba_name, areas.ba_code, strict=True):
        # a name may carry its short form, as "Santee Cooper (SCP)"
        known |= {part.strip(" )").upper(): str(code) for part in str(name).split("(")}
    return known.get(balancing_authority.strip().upper())


def area_headroom(ba_code: str, limit_share: float = 0.005) -> AreaHeadroom:
    """Published headroom of a balancing area at a limit, an upper bound for its sites.

    Parameters
    ----------
    ba_code
        Code of the area, or a name that `area_code` knows.
    limit_share
        Share of its energy that the new load may lose. Only published limits have a number:
        nothing is interpolated, between limits of one area no more than between areas. [share]

    >>> area_headroom("PJM").bound_mw.value, area_headroom("EirGrid").why
    (17800.0, 'balancing area `EirGrid` is not in the study of 22 US areas')
    """
    code = area_code(ba_code)
    if code is None:
        return AreaHeadroom(None, f"balancing area `{ba_code}` is not in the study of 22 US areas")
    table = fact_table("ba_headroom")
    rows = table[(table.ba_code == code) & (table.quantity == "headroom")]
    found = rows[np.isclose(rows.limit_share.astype(float), limit_share, rtol=1e-9, atol=0)]
    if found.empty:
        published = ", ".join(f"{100 * x:g} %" for x in sorted(rows.limit_share))
        return AreaHeadroom(
            None,
            f"no headroom of {code} is published at {100 * limit_share:g} %, only at {published};"
            " nothing is interpolated",
        )
    return AreaHeadroom(_published(found.iloc[0]))


def area_service(limit_share: float = 0.005) -> AreaService:
    """Curtailment of an area-wide load at a published limit, mean over the 22 areas.

    A site shares the hours of its area whatever its own size.

    Raises
    ------
    ValueError
        For a limit that is not published, with those that are.

    >>> service = area_service(0.005)
    >>> service.curtailed_h_per_year.value, round(service.events_per_year.value)
    (177.0, 84)
    """
    table = fact_table("ba_headroom")
    of_all = table[(table.ba_code == _ALL_AREAS) & table.limit_share.notna()]
    rows = of_all[np.isclose(of_all.limit_share.astype(float), limit_share, rtol=1e-9, atol=0)]
    if rows.empty:
        limits = ", ".join(f"{x:g}" for x in sorted(of_all.limit_share.unique()))
        raise ValueError(f"no curtailment is published at a limit of {limit_share:g}: {limits}")
    given = {row.quantity: _published(row) for _, row in rows.iterrows()}
    hours, length = given["curtailed_hours"], given["mean_event_hours"]
    count = Parameter(
        hours.value / length.value, "1/year",
        _bound(hours.low, hours) / _bound(length.high, length),
        _bound(hours.high, hours) / _bound(length.low, length),
        f"{hours.source}; hours over mean length of a spell",
    )  # fmt: skip
    kept = {x: given[f"curtailed_hours_keeping_{round(100 * x)}pct"] for x in KEPT_SHARES}
    return AreaService(float(rows.limit_share.iloc[0]), hours, kept, length, count)


def _bound(bound: float | None, of: Parameter) -> float:
    return of.value if bound is None else bound


def _published(row: pd.Series) -> Parameter:
    source = f"{row.source}; {row.note}" if not pd.isna(row.note) else str(row.source)
    return Parameter(float(row.value), str(row.unit), float(row.low), float(row.high), source)


def _sorted_years(margin_mw: object, years: object) -> list[tuple[np.ndarray, np.ndarray]]:
    """Margins of each year in rising order, with the sum of the k smallest at place k."""
    margin = np.asarray(margin_mw, dtype=float)
    if margin.ndim != 1 or not margin.size or not np.all(margin >= 0):
        raise ValueError("margins: one number of 0 or more an hour, and at least one hour")
    year = np.zeros(len(margin), dtype=int) if years is None else np.asarray(years)
    if year.shape != margin.shape:
        raise ValueError("margins and years: one number an hour each")
    ordered = [np.sort(margin[year == one]) for one in np.unique(year)]
    return [(m, np.concatenate([[0.0], np.cumsum(m)])) for m in ordered]


def _share(load: np.ndarray, ordered: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    known = np.where(load > 0, load, np.nan)
    total = np.zeros(load.shape)
    for margin, sums in ordered:
        below = np.searchsorted(margin, known)
        total = total + (below * known - sums[np.minimum(below, len(margin))]) / len(margin)
    return total / (known * len(ordered))


def _solve(ordered: list[tuple[np.ndarray, np.ndarray]], limit: float, top_mw: float) -> float:
    """Bisection between 1 MW and a multiple of the top; without a top, of the largest margin."""
    if not 0 <= limit <= 1 - 1 / _SPAN:
        raise ValueError(f"limit {limit} is not a share from 0 to {1 - 1 / _SPAN:g}")
    most = top_mw or max(float(m[-1]) for m, _ in ordered)
    low, high = 1.0, max(_SPAN * most, 1.0)

    def fits(load: float) -> bool:
        return bool(_share(np.asarray(load), ordered) <= limit + _ROUNDING)

    if not fits(low):
        return 0.0
    if fits(high):
        return high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
