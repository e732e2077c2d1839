"""Year: what a plant takes in a typical year, on the peak hour and on the thirstiest day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.plants import SECONDS_PER_HOUR, drawn_values, run, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powerwall.criteria.water.station import Station

LOAD_FACTOR = Parameter(1.0, "share", 0.6, 1.0, "assumed: mean over peak IT load; it scales the year and no peak")  # fmt: skip
PEAK_DAY_MARGIN = Parameter(
    1.05, "1", 1.0, 1.09,
    "three days of a file hold 0.94–1.00 of the water of its true largest day, over 12 stations and the default plants",
)  # fmt: skip
HOURS_PER_YEAR, DAYS_PER_YEAR = 8760.0, 365.0
_DESIGN_DAY = "ashrae_db_0p4"


class Year(NamedTuple):
    """A plant at a station, per MW of IT load; arrays where its parameters are drawn.

    Attributes
    ----------
    pue, pue_peak_tmy, pue_peak
        Mean; largest of the typical year; largest with the design pairs as well.
    wue_l_per_kwh, consumption_l_per_kwh, discharge_l_per_kwh
        Make-up, what the basin loses, what the sewer takes, per kWh of IT. [L/kWh]
    month_consumption_m3, month_makeup_m3
        By month at full load. Shape (…, 12) [m³ per MW]
    max_day_makeup_m3, max_day_consumption_m3, max_day_discharge_m3
        Thirstiest day at full load. [m³/day per MW]
    design_day_makeup_m3
        24 hours at the 0.4 % dry bulb, an upper check; NaN without that pair. [m³/day per MW]
    wet_hours_share
        Share of the hours that take water.
    """

    pue: Any
    pue_peak_tmy: Any
    pue_peak: Any
    wue_l_per_kwh: Any
    consumption_l_per_kwh: Any
    discharge_l_per_kwh: Any
    month_consumption_m3: Any
    month_makeup_m3: Any
    max_day_makeup_m3: Any
    max_day_consumption_m3: Any
    max_day_discharge_m3: Any
    design_day_makeup_m3: Any
    wet_hours_share: Any

    @property
    def annual_consumption_m3(self) -> Any:
        """At full load. [m³/yr per MW]"""
        return self.consumption_l_per_kwh * HOURS_PER_YEAR

    @property
    def annual_makeup_m3(self) -> Any:
        """At full load. [m³/yr per MW]"""
        return self.wue_l_per_kwh * HOURS_PER_YEAR

    @property
    def annual_discharge_m3(self) -> Any:
        """At full load. [m³/yr per MW]"""
        return self.discharge_l_per_kwh * HOURS_PER_YEAR

    @property
    def max_month_makeup_m3(self) -> Any:
        """[m³/month per MW]"""
        return np.max(self.month_makeup_m3, axis=-1)

    @property
    def avg_day_makeup_m3(self) -> Any:
        """[m³/day per MW]"""
        return self.annual_makeup_m3 / DAYS_PER_YEAR

    @property
    def peak_factor(self) -> Any:
        """Thirstiest day over the mean one; NaN for a plant without water."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.max_day_makeup_m3) / np.asarray(self.avg_day_makeup_m3)


def year_of(station: Station, plant: str, given: Mapping[str, Any] | None = None) -> Year:
    """A plant's year at a station, its parameters at their modes or as given.

    Raises
    ------
    ValueError
        For an unknown plant or parameter.
    """
    return _year(station, plant, values_of(plant, given))


def drawn_year(
    station: Station, plant: str, given: Mapping[str, Any] | None, draws: int, seed: int
) -> Year:
    """The same in every draw of the parameters. Arrays of shape (draws,), months (draws, 12)"""
    return _year(station, plant, drawn_values(plant, given, draws, seed))


def _year(station: Station, plant: str, values: Mapping[str, Any]) -> Year:
    flows = run(plant, station.air, values)
    power, evaporation, drift, blow = np.broadcast_arrays(flows.power, *(SECONDS_PER_HOUR * np.asarray(part) for part in flows[1:]))  # fmt: skip
    consumed = evaporation + drift
    made_up = consumed + blow
    count = len(station.hours)
    weight = station.hours / station.hours.sum()

    def mean(rows: np.ndarray) -> np.ndarray:
        return np.asarray((rows[..., :count] * weight).sum(axis=-1))

    def by_month(rows: np.ndarray) -> np.ndarray:
        litres = rows[..., :count] * weight * HOURS_PER_YEAR
        return np.stack([litres[..., station.month == m].sum(axis=-1) for m in range(1, 13)], axis=-1)  # fmt: skip

    margin = 1.0 if station.hourly else PEAK_DAY_MARGIN.value

    def largest_day(rows: np.ndarray) -> np.ndarray:
        if not len(station.days):
            return np.full(rows.shape[:-1], np.nan)
        return np.asarray(margin * rows[..., station.days].sum(axis=-1).max(axis=-1))

    typical = [at for name, at in station.design.items() if name.startswith("tmy_")]
    hottest = power[..., [*station.days.ravel(), *typical]]
    peak_typical = hottest.max(axis=-1) if hottest.shape[-1] else np.full(power.shape[:-1], np.nan)
    every = power[..., list(station.design.values())]
    peak = np.maximum(peak_typical, every.max(axis=-1)) if every.shape[-1] else peak_typical
    at = station.design.get(_DESIGN_DAY)
    design_day = 24 * made_up[..., at] if at is not None else np.full(power.shape[:-1], np.nan)
    return Year(
        mean(power), peak_typical, peak, mean(made_up), mean(consumed), mean(blow), by_month(consumed), by_month(made_up),
        largest_day(made_up), largest_day(consumed), largest_day(blow), design_day, mean((made_up > 0).astype(float)),
    )  # fmt: skip
