"""Station: the typical year of a weather station, from its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.cooling.air import Air, outdoor
from powerwall.criteria.water.psychrometrics import (
    Array,
    humidity_ratio_of,
    humidity_ratio_of_rh,
    pressure_at,
    relative_humidity_of,
    wet_bulb_of,
)

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

STATIONS, CLIMATE = "climate_stations", "climate"
LAPSE = Parameter(-6.5, "K/km", -9.8, -4.0, "assumed: the standard atmosphere's lapse of dry bulb, at constant relative humidity")  # fmt: skip
_HOURS_A_DAY = 24
# Beyond what any place has: 56.7 °C in Death Valley (World Meteorological Organization, Weather and
# Climate Extremes Archive), 34.4 °C in the mean year of Dallol (Pedgley 1967, Meteorological Magazine).
# Numbers outside were meant in °F or hPa.
_PRESSURES_PA = (50_000.0, 110_000.0)
_HOTTEST_C, _HOTTEST_YEAR_C = 57.0, 35.0


@dataclass(frozen=True)
class Station:
    """Weather of a station, every number a plant needs of it.

    Attributes
    ----------
    id, name, pressure_pa, elevation_m
        The station.
    month, hours
        Month and number of hours of each bin, or of each hour. Shape (n,)
    t, tw
        Dry and wet bulb of the bins, then of the days, then of the design pairs. Shape (m,) [°C]
    days
        Positions in `t` of the hours of each day that may be the thirstiest. Shape (days, 24)
    design
        Name → position of the pairs of the hottest and most humid hours.
    hourly
        True if the days are those of a whole year.
    quality, source, as_of, status
        From its row.
    """

    id: str
    name: str
    pressure_pa: float
    elevation_m: float
    month: Array
    hours: Array
    t: Array
    tw: Array
    days: np.ndarray
    design: dict[str, int]
    hourly: bool = False
    quality: str = ""
    source: str = ""
    as_of: str = ""
    status: str = ""

    @cached_property
    def air(self) -> Air:
        """Outdoor air of every row."""
        return outdoor(self.t, self.tw, np.full(self.t.shape, self.pressure_pa))

    @property
    def understated(self) -> bool:
        """True if no design pair reaches beyond the typical year itself."""
        return not any(name.startswith("ashrae") for name in self.design)

    def changed(self, warmer_k: float = 0.0, elevation_m: float | None = None) -> Station:
        """The station in warmer years, or at another height, at constant relative humidity.

        Parameters
        ----------
        warmer_k
            Added to the dry bulb. [K]
        elevation_m
            Height of the place; silent is that of the station. [m]
        """
        height = self.elevation_m if elevation_m is None else elevation_m
        higher = np.nan_to_num(height - self.elevation_m)
        thinner = 1.0 if higher == 0 else float(pressure_at(height) / pressure_at(self.elevation_m))
        pressure = self.pressure_pa * thinner
        humidity = relative_humidity_of(self.t, humidity_ratio_of(self.t, self.tw, self.pressure_pa), self.pressure_pa)  # fmt: skip
        t = self.t + warmer_k + LAPSE.value * higher / 1000
        w = humidity_ratio_of_rh(t, np.minimum(humidity, 1.0), pressure)
        return replace(self, t=t, tw=wet_bulb_of(t, w, pressure), pressure_pa=pressure, elevation_m=height)  # fmt: skip


def station_of(row: Any, records: pd.DataFrame) -> Station | None:
    """Station from its row and its rows of `climate`; None if it has no whole year.

    Parameters
    ----------
    row
        Mapping with `station_id name pressure_pa elevation_m` and provenance.
    records
        Columns `record key month hour tdb_c twb_c hours`, in any order; the key of an hour is its
        day, without which hours count in the order in which they stand.
    """
    found = _station(row, _Records.of(records), np.arange(len(records)))
    return None if isinstance(found, str) else found


def why_unused(row: Any, records: pd.DataFrame) -> str:
    """Why a station stands for no site; "" for one that does. Arguments as of `station_of`."""
    found = _station(row, _Records.of(records), np.arange(len(records)))
    return found if isinstance(found, str) else ""


class _Records(NamedTuple):
    """Columns of `climate` as arrays."""

    kind: np.ndarray
    key: np.ndarray
    month: Array
    hour: Array
    t: Array
    tw: Array
    hours: Array

    @classmethod
    def of(cls, frame: pd.DataFrame) -> _Records:
        numbers = (frame[name].to_numpy(dtype=float) for name in ("month", "hour", "tdb_c", "twb_c", "hours"))  # fmt: skip
        key = frame["key"] if "key" in frame else pd.Series(None, index=frame.index, dtype=object)
        return cls(frame["record"].to_numpy(dtype=object), key.fillna("").astype(str).to_numpy(dtype=object), *numbers)  # fmt: skip


def _station(row: Any, table: _Records, rows: np.ndarray) -> Station | str:
    """Station of some rows of a table, or why they are none."""
    kind = table.kind[rows]
    hourly = bool((kind == "hour").any())
    year = rows[kind == ("hour" if hourly else "bin")]
    if not hourly:
        year = year[np.lexsort((table.tw[year], table.t[year], table.month[year]))]
    elif (table.key[year] != "").all():
        year = year[np.lexsort((table.hour[year], table.key[year].astype(str)))]
    days = rows[kind == "profile"] if not hourly else rows[:0]
    days = days[np.lexsort((table.hour[days], table.key[days].astype(str)))]
    design = rows[(kind == "design") & (table.key[rows] != "") & ~np.isnan(table.t[rows] + table.tw[rows])]  # fmt: skip
    pressure, height = row.get("pressure_pa"), row.get("elevation_m")
    weight = np.ones(len(year)) if hourly else table.hours[year]
    if wrong := _refusal(pressure, table, year, days, weight):
        return wrong
    start, count = (0, len(year)) if hourly else (len(year), len(days))
    blocks = np.arange(start, start + count // _HOURS_A_DAY * _HOURS_A_DAY).reshape(
        -1, _HOURS_A_DAY
    )
    first = len(year) + len(days)
    every = np.concatenate([year, days, design])
    text = {
        name: str(row[column]) if isinstance(row.get(column), str) else ""
        for name, column in (("quality", "quality"), ("source", "source_title"), ("as_of", "as_of"), ("status", "status"))
    }  # fmt: skip
    return Station(
        str(row["station_id"]), str(row.get("name") or row["station_id"]), float(pressure),
        float("nan") if pd.isna(height) else float(height),
        table.month[year], weight, table.t[every], table.tw[every],
        blocks if not hourly else blocks[_credible(table.tw[every][blocks], row.get("twb_flag_limit_c"))],
        {str(key): first + at for at, key in enumerate(table.key[design])}, hourly, **text,
    )  # fmt: skip


def _refusal(pressure: Any, table: _Records, year: np.ndarray, days: np.ndarray, weight: Array) -> str:  # fmt: skip
    """Why rows are no typical year; "" if they are one."""
    t = table.t[year]
    if not len(year) or np.isnan(t + table.tw[year] + table.month[year] + weight).any() or not weight.sum() > 0:  # fmt: skip
        return "no whole year of bins or hours"
    if len(days) % _HOURS_A_DAY:
        return "a day that has not 24 hours"
    if pd.isna(pressure):
        return "no pressure_pa"
    if not _PRESSURES_PA[0] <= float(pressure) <= _PRESSURES_PA[1]:
        return f"pressure_pa = {float(pressure):g}, which is none in pascal"
    mean = (t * weight).sum() / weight.sum()
    if t.max() > _HOTTEST_C or mean > _HOTTEST_YEAR_C:
        return f"temperatures up to {t.max():g}, {mean:.3g} on average, which no place has in °C"
    return ""


def _credible(wet_bulb_c: Array, limit_c: Any) -> np.ndarray:
    """Days without an hour too damp to believe: those make no peak. Shape (days,)"""
    if limit_c is None or pd.isna(limit_c):
        return np.ones(len(wet_bulb_c), dtype=bool)
    return np.asarray((wet_bulb_c <= float(limit_c)).all(axis=1))


def stations(layers: Layers) -> dict[str, Station]:
    """Stations of a region that have a typical year, by id."""
    known, records = layers.frame(STATIONS), layers.frame(CLIMATE)
    if known is None or records is None:
        return {}
    table = _Records.of(records)
    groups = {str(key): at for key, at in records.groupby("station_id").indices.items()}
    rows = known.drop(columns="geometry", errors="ignore").to_dict("records")
    found = {
        str(row["station_id"]): _station(row, table, groups[str(row["station_id"])])
        for row in rows if str(row["station_id"]) in groups
    }  # fmt: skip
    return {key: station for key, station in found.items() if not isinstance(station, str)}
