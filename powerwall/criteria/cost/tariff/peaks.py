"""Peaks: charges on a load at the time of the system's peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powerwall.criteria.cost.tariff.calendar import MONTHS, Schedule
from powerwall.criteria.cost.tariff.charges import Line
from powerwall.criteria.cost.tariff.determinants import Taken
from powerwall.criteria.cost.tariff.refusal import refuse


@dataclass(frozen=True)
class MonthlyPeak:
    """Demand at the system's peak, month by month, at the price of each period that a month names."""

    prices: tuple[float, ...]
    schedule: Schedule
    line: Line
    column: str = "coincident_usd"

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        present = self.schedule.present()
        prices = np.array(self.prices[: self.schedule.periods])
        if self.column in taken.shape.coincident_kw:
            kw = taken.shape.coincident_kw[self.column] * present
            return (kw @ prices)[:, None] * taken.kw
        if taken.coincidence_share is not None:
            return (present @ prices)[:, None] * taken.coincidence_share * taken.peak_kw
        raise refuse("coincident-without-hours", "coincidentratestructure", "a charge at the system's peak, and neither its hours nor a share are known",
                     "give coincident_steps, or coincidence_share")  # fmt: skip


@dataclass(frozen=True)
class AnnualPeak:
    """Demand at n peaks of a year, as a sum a year that is paid in equal months.

    Attributes
    ----------
    usd_per_kw_year
        Price of the mean load at the peaks. [USD/kW-year]
    months
        Calendar months (1–12) in which the peaks fall, one each.
    coincidence_share
        Load at the system's peak over the peak of that month; None where hours are given instead.
    gross_up
        Losses, zonal scaling and pool requirement together.
    minimum_share
        Share of contract capacity that is charged at least.
    lag_years
        Years from the peaks to the charge.
    first_year
        What is charged before there are peaks: "zero", "contract", or MW; None where nothing lags.
    """

    usd_per_kw_year: float
    months: tuple[int, ...]
    line: Line
    column: str
    coincidence_share: float | None = None
    gross_up: float = 1.0
    minimum_share: float = 0.0
    lag_years: int = 0
    first_year: str | float | None = None

    def metered_kw(self, taken: Taken) -> np.ndarray:
        """Mean load at the peaks of this year. [kW]; loads"""
        if self.column in taken.shape.coincident_kw:
            return (taken.shape.coincident_kw[self.column][:, None] * taken.kw).sum(axis=0)
        share = self.coincidence_share
        share = taken.coincidence_share if share is None else share
        if share is None:
            raise refuse("coincident-without-hours", self.line.layer, "neither the hours of the peaks nor a coincidence share are known",
                         "state coincidence_share; 1 is honest for a flat load")  # fmt: skip
        peaks = np.broadcast_to(taken.peak_kw, taken.form)
        return share * peaks[[month - 1 for month in self.months]].mean(axis=0)

    def usd(self, taken: Taken) -> np.ndarray:
        """Cost of each month. [USD]; 12 × loads, or 12 × 1"""
        earlier = taken.earlier_kw.get(self.column)
        kw = self.metered_kw(taken) if earlier is None else np.asarray([float(earlier)])
        charged = np.maximum(kw, self.minimum_share * taken.contract_kw)
        year = self.usd_per_kw_year * self.gross_up * charged
        return np.broadcast_to(year / MONTHS, (MONTHS, *np.shape(year)))
