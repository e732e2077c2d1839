"""Climate: a station's typical year, and which station stands for a site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.air import Air, outdoor
from powerwall.criteria.water.psychrometrics import (
    Array,
    humidity_ratio_of,
    humidity_ratio_of_rh,
    pressure_at,
    relative_humidity_of,
    wet_bulb_of,
)
from powerwall.region.geometry import ellipsoidal, nearest_point

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

STATIONS, CLIMATE = "climate_stations", "climate"
LAPSE = Parameter(-6.5, "K/km", -9.8, -4.0, "assumed: the standard atmosphere's lapse of dry bulb, at constant relative humidity")  # fmt: skip
FAR_KM = Parameter(100.0, "km", 50.0, 200.0, "assumed: beyond it a station's weather is a kelvin uncertain")  # fmt: skip
HIGH_M = Parameter(300.0, "m", 150.0, 500.0, "assumed: as the distance, for a difference of height")
BAND_M = 100.0  # sites are corrected for height in steps, so that stations are run once a step
_HOURS_A_DAY = 24


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
    return _station(row, _Records.of(records), np.arange(len(records)))


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


def _station(row: Any, table: _Records, rows: np.ndarray) -> Station | None:
    """Station of some rows of a table."""
    kind = table.kind[rows]
    hourly = bool((kind == "hour").any())
    year = rows[kind == ("hour" if hourly else "bin")]
    if not hourly:
        year = year[np.lexsort((table.tw[year], table.t[year], table.month[year]))]
    elif (table.key[year] != "").all():
        year = year[np.lexsort((table.hour[year], table.key[year].astype(str)))]
    days = rows[kind == "profile"] if not hourly else rows[:0]
    days = days[np.lexsort((table.hour[days], table.key[days].astype(str)))]
    design = rows[(kind == "design") & ~np.isnan(table.t[rows] + table.tw[rows])]
    pressure, height = row.get("pressure_pa"), row.get("elevation_m")
    weight = np.ones(len(year)) if hourly else table.hours[year]
    whole = len(year) and not np.isnan(table.t[year] + table.tw[year] + table.month[year] + weight).any()  # fmt: skip
    if not whole or len(days) % _HOURS_A_DAY or pd.isna(pressure):
        return None
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
    return {key: station for key, station in found.items() if station is not None}


@dataclass(frozen=True)
class SiteClimate:
    """Which weather stands for each site.

    Attributes
    ----------
    frame
        Index `site_id`; `climate` (key in `stations`, missing where none is known), `station_id`,
        `distance_km` and `why`.
    stations
        Station, at the height of the sites it stands for, by key.
    far
        Keys of stations so distant that their weather is a kelvin uncertain.
    """

    frame: pd.DataFrame
    stations: dict[str, Station]
    far: frozenset[str] = frozenset()


def site_climate(sites: gpd.GeoDataFrame, layers: Layers) -> SiteClimate:
    """Climate of each site: its own `climate_station_id`, else the nearest station with a typical year."""
    known = stations(layers)
    rows = layers.frame(STATIONS)
    if not known or not isinstance(rows, gpd.GeoDataFrame) or not len(sites):
        why = f"no station with a typical year in {CLIMATE}"
        nobody = pd.Categorical([None] * len(sites))
        nothing = {"climate": nobody, "station_id": nobody, "distance_km": np.nan, "why": why}
        return SiteClimate(pd.DataFrame(nothing, index=sites.index), {})
    rows = rows[rows["station_id"].isin(known)].reset_index(drop=True)
    which, metres = nearest_point(sites.geometry, rows.geometry)
    lost = np.zeros(len(sites), dtype=bool)
    if "climate_station_id" in sites:
        own = sites["climate_station_id"].map(dict(zip(rows["station_id"], rows.index, strict=True)))  # fmt: skip
        lost = (sites["climate_station_id"].notna() & own.isna()).to_numpy()
        which = np.where(own.notna().to_numpy(), own.fillna(0).to_numpy(dtype=int), which)
        metres = ellipsoidal(sites.geometry, rows.geometry.iloc[which])
    names = rows["station_id"].to_numpy(dtype=object)
    heights = np.array([known[name].elevation_m for name in names])[which]
    own_height = sites["elevation_m"].to_numpy(dtype=float) if "elevation_m" in sites else np.full(len(sites), np.nan)  # fmt: skip
    higher = np.nan_to_num(own_height - heights)
    far = (metres / 1000 > FAR_KM.value) | (np.abs(higher) > HIGH_M.value)
    places = pd.DataFrame({"which": which, "step": np.round(higher / BAND_M), "far": far})
    codes, kinds = _kinds(places)
    found, distant = {}, set()
    for row in kinds.itertuples():
        station, by = known[names[row.which]], float(row.step) * BAND_M
        key = f"{station.id}{f' {by:+g} m' if by else ''}{' far' if row.far else ''}"
        found[key] = station.changed(elevation_m=station.elevation_m + by) if by else station
        distant |= {key} if row.far else set()
    frame = pd.DataFrame({
        "climate": pd.Categorical.from_codes(codes, list(found)), "station_id": pd.Categorical.from_codes(which, names), "distance_km": metres / 1000, "why": None,
    }, index=sites.index)  # fmt: skip
    if lost.any():  # another station is no stand-in for the one that a site names
        frame.loc[lost, ["climate", "station_id"]] = None
        frame.loc[lost, "why"] = "the station it names has no typical year"
    return SiteClimate(frame, found, frozenset(distant))


def _kinds(places: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Which combination of station, height and distance each site has, and the combinations."""
    groups = places.groupby(list(places), sort=True)
    return groups.ngroup().to_numpy(), groups.size().reset_index()
