"""How long cooling plants and their joins take; times are printed beside what is aimed at, never asserted."""

from __future__ import annotations

import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from powerwall.criteria.water.climate import site_climate
from powerwall.criteria.water.operation import join_sites, operate_sites
from powerwall.criteria.water.psychrometrics import wet_bulb
from powerwall.criteria.water.station import Station
from powerwall.criteria.water.year import year_of
from powerwall.region.layers import Layer, Layers
from powerwall.region.request import Request
from powerwall.region.tables import CellPlaces

FIVE = ("tower-economiser", "direct-evaporative", "air-chiller", "liquid-tower", "mixed-hall")
STATIONS, SITES = 1000, 1_000_000
NORTH = np.array([0.0, 1.8e6])  # middle of the contiguous United States in EPSG:5070
HOURLY_S, JOIN_S = 30.0, 1.0


def hourly_station(seed: int) -> Station:
    """A made-up hourly year."""
    rng = np.random.default_rng(seed)
    hours = np.arange(8760)
    t = rng.uniform(0, 25) - 12 * np.cos(2 * np.pi * hours / 8760) - 5 * np.cos(2 * np.pi * (hours % 24) / 24) + rng.normal(0, 2, 8760)  # fmt: skip
    tw = wet_bulb(t, rng.uniform(0.2, 1.0, 8760), 99_000.0)
    month = np.repeat(np.arange(1.0, 13), np.diff(np.linspace(0, 8760, 13).astype(int)))
    return Station(f"s{seed}", f"s{seed}", 99_000.0, 100.0, month, np.ones(8760), t, tw, hours.reshape(365, 24), {}, hourly=True)  # fmt: skip


@pytest.mark.benchmark
def test_a_thousand_stations_run_five_plants_hour_by_hour(capsys):
    made = [hourly_station(seed) for seed in range(STATIONS)]
    start = time.perf_counter()
    for station in made:
        for plant in FIVE:
            year_of(station, plant)
    took = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(f"\n{STATIONS:,} stations × {len(FIVE)} plants × 8,760 h: {took:.1f} s (aim {HOURLY_S:g} s)\n")  # fmt: skip


@pytest.mark.benchmark
def test_a_million_sites_take_the_year_of_their_station(capsys):
    rng = np.random.default_rng(0)
    index = pd.RangeIndex(SITES, name="site_id")
    crs = "EPSG:5070"
    sites = gpd.GeoDataFrame(geometry=shapely.points(rng.uniform(-2e6, 2e6, (SITES, 2)) + NORTH), index=index, crs=crs)  # fmt: skip
    places = shapely.points(rng.uniform(-2e6, 2e6, (STATIONS, 2)) + NORTH)
    names = [f"{n:06d}" for n in range(STATIONS)]
    rows = gpd.GeoDataFrame({"station_id": names, "name": names, "elevation_m": 100.0, "pressure_pa": 1e5}, geometry=places, crs=crs)  # fmt: skip
    bins = pd.DataFrame([{"record": "bin", "key": None, "month": m, "hour": np.nan, "tdb_c": 2.0 * m, "twb_c": 1.5 * m, "hours": 730.0} for m in range(1, 13)])  # fmt: skip
    day = pd.DataFrame([{"record": "profile", "key": "peak_tdb", "month": 7, "hour": h, "tdb_c": 30.0, "twb_c": 22.0, "hours": np.nan} for h in range(1, 25)])  # fmt: skip
    one = pd.concat([bins, day], ignore_index=True)
    records = pd.concat([one.assign(station_id=name) for name in names], ignore_index=True)
    layers = Layers({
        name: Layer(name, None, frame, CellPlaces(None)) for name, frame in (("climate_stations", rows), ("climate", records))
    })  # fmt: skip
    request = Request(mw=300, need_by=pd.Timestamp("2031-01-01").date(), as_of=pd.Timestamp("2026-08-22").date())  # fmt: skip
    start = time.perf_counter()
    climate = site_climate(sites, layers)
    nearest = time.perf_counter() - start
    start = time.perf_counter()
    few = operate_sites(climate, "liquid-tower", request, ranged=False)
    stations_and_join = time.perf_counter() - start
    table = few.frame.drop(columns="why").join(few.months).groupby(climate.frame["climate"], observed=True).first()  # fmt: skip
    start = time.perf_counter()
    join_sites(climate, "liquid-tower", table)
    alone = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(f"\n{SITES:,} sites, {STATIONS:,} stations: nearest station {nearest:.2f} s, "
              f"a year of each station and the join {stations_and_join:.2f} s, the join alone {alone:.2f} s (aim {JOIN_S:g} s)\n")  # fmt: skip
