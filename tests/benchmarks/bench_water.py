"""How long cooling plants and their joins take."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from protocol import Options, Result, demand, measured
from scipy.spatial import cKDTree

from powerwall.criteria.water.climate import SiteClimate, site_climate
from powerwall.criteria.water.operation import Operation, join_sites, operate_sites
from powerwall.criteria.water.psychrometrics import wet_bulb
from powerwall.criteria.water.station import Station
from powerwall.criteria.water.year import Year, year_of
from powerwall.region.layers import Layer, Layers
from powerwall.region.request import Request
from powerwall.region.tables import CellPlaces

FIVE = ("tower-economiser", "direct-evaporative", "air-chiller", "liquid-tower", "mixed-hall")
STATIONS, SITES, HOURS = 1000, 1_000_000, 8760
PLANT, CRS = "liquid-tower", "EPSG:5070"
NORTH = np.array([0.0, 1.8e6])  # middle of the contiguous United States in EPSG:5070


def _hourly_station(seed: int) -> Station:
    """A made-up hourly year."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    t = rng.uniform(0, 25) - 12 * np.cos(2 * np.pi * hours / HOURS) - 5 * np.cos(2 * np.pi * (hours % 24) / 24) + rng.normal(0, 2, HOURS)  # fmt: skip
    tw = wet_bulb(t, rng.uniform(0.2, 1.0, HOURS), 99_000.0)
    month = np.repeat(np.arange(1.0, 13), np.diff(np.linspace(0, HOURS, 13).astype(int)))
    return Station(f"s{seed}", f"s{seed}", 99_000.0, 100.0, month, np.ones(HOURS), t, tw, hours.reshape(365, 24), {}, hourly=True)  # fmt: skip


def hour_by_hour(options: Options) -> list[Result]:
    """Stations run five plants hour by hour."""
    made = [_hourly_station(seed) for seed in range(options.part(STATIONS))]

    def run() -> list[Year]:
        # a station keeps the air it has computed: every run begins with new ones
        fresh = [replace(station) for station in made]
        return [year_of(station, plant) for station in fresh for plant in FIVE]

    def bare() -> None:
        for station in made:
            for _ in FIVE:
                np.exp(station.t)

    def check(years: list[Year]) -> None:
        volumes = np.array([year.month_makeup_m3 for year in years])
        demand(np.isfinite(volumes).all() and (volumes >= 0).all(), "make-up water is not a volume")

    return [
        measured(f"{len(made):,} stations × {len(FIVE)} plants × 8,760 h", len(made) * len(FIVE),
                 run, options, bound=("exp of 8,760 h for each", bare), check=check, aims={"seconds": 30.0})
    ]  # fmt: skip


def _layers() -> tuple[Layers, np.ndarray]:
    rng = np.random.default_rng(1)
    places = rng.uniform(-2e6, 2e6, (STATIONS, 2)) + NORTH
    names = [f"{n:06d}" for n in range(STATIONS)]
    rows = gpd.GeoDataFrame({"station_id": names, "name": names, "elevation_m": 100.0, "pressure_pa": 1e5}, geometry=shapely.points(places), crs=CRS)  # fmt: skip
    bins = pd.DataFrame([{"record": "bin", "key": None, "month": m, "hour": np.nan, "tdb_c": 2.0 * m, "twb_c": 1.5 * m, "hours": 730.0} for m in range(1, 13)])  # fmt: skip
    day = pd.DataFrame([{"record": "profile", "key": "peak_tdb", "month": 7, "hour": h, "tdb_c": 30.0, "twb_c": 22.0, "hours": np.nan} for h in range(1, 25)])  # fmt: skip
    one = pd.concat([bins, day], ignore_index=True)
    records = pd.concat([one.assign(station_id=name) for name in names], ignore_index=True)
    both = (("climate_stations", rows), ("climate", records))
    return Layers({name: Layer(name, None, frame, CellPlaces(None)) for name, frame in both}), places  # fmt: skip


def sites(options: Options) -> list[Result]:
    """A million sites take the year of their station."""
    points = np.random.default_rng(0).uniform(-2e6, 2e6, (options.part(SITES), 2)) + NORTH
    index = pd.RangeIndex(len(points), name="site_id")
    frame = gpd.GeoDataFrame(geometry=shapely.points(points), index=index, crs=CRS)
    layers, places = _layers()
    request = Request(mw=300, need_by=date(2031, 1, 1), as_of=date(2026, 8, 22))
    climate = site_climate(frame, layers)
    few = operate_sites(climate, PLANT, request, ranged=False)
    table = few.frame.drop(columns="why").join(few.months).groupby(climate.frame["climate"], observed=True).first()  # fmt: skip
    by_name = pd.Series(range(STATIONS), index=[f"{n:06d}" for n in range(STATIONS)])

    def check_stations(found: SiteClimate) -> None:
        chosen = by_name[found.frame["station_id"].iloc[:1000].astype(str)].to_numpy()
        wrong = (chosen != cKDTree(places).query(points[:1000])[1]).mean()
        demand(wrong < 0.02, "stations differ from the nearest in the plane, beyond what the plane is off")  # fmt: skip

    def check_join(found: Operation) -> None:
        own = table.loc[climate.frame["climate"].astype(str).iloc[:1000], "annual_makeup_m3"]
        demand(np.array_equal(found.frame["annual_makeup_m3"].iloc[:1000], own), "a site has another station's year")  # fmt: skip

    column = np.zeros((len(points), table.shape[1]))
    return [
        measured("nearest station", len(points), lambda: site_climate(frame, layers), options, check=check_stations,
                 bound=("bare cKDTree", lambda: cKDTree(places).query(points))),
        measured("year of each station, and its join", len(points), lambda: operate_sites(climate, PLANT, request, ranged=False), options,
                 check=check_join, bound=("copy of the table", column.copy)),
        measured("the join alone", len(points), lambda: join_sites(climate, PLANT, table), options, check=check_join,
                 bound=("copy of the table", column.copy), aims={"seconds": 1.0}),
    ]  # fmt: skip
