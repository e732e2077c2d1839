"""How long noise takes at scale; times are printed beside what is aimed at, never asserted."""

from __future__ import annotations

import resource
import sys
import time
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from powerwall.criteria.noise.campus import level_at, level_table
from powerwall.criteria.noise.exposure import exposure_of
from powerwall.criteria.noise.scene import scene
from powerwall.region.geometry import nearest
from powerwall.region.layers import Layer, Layers
from powerwall.region.request import Request
from powerwall.region.tables import CellPlaces

SITES, RECEPTORS, CRS = 100_000, 2_000_000, "EPSG:5070"
#: Class of receptor → its limit at night [dB(A)]; six queries.
LIMITS = {"residential": 45, "commercial": 55, "industrial": 65, "mixed_use_residential": 50, "de_wa_ws": 40, "de_mu": 48}  # fmt: skip
AIM_S, AIM_GB = 5.0, 2.0


def told(capsys, text):
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def peak_gb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


@pytest.mark.benchmark
def test_sites_meet_two_million_receptors_of_six_classes(capsys):
    rng = np.random.default_rng(0)

    def points(count):
        return shapely.points(rng.uniform(0, 5e5, (count, 2)) + np.array([0.0, 1.8e6]))

    sites = gpd.GeoDataFrame({
        "jurisdiction_id": "us-xx", "location_accuracy_m": 20.0, "area_ha": rng.choice([10.0, 20.0, 40.0], SITES),
    }, geometry=points(SITES), index=pd.RangeIndex(SITES, name="site_id"), crs=CRS)  # fmt: skip
    receptors = gpd.GeoDataFrame({
        "receptor_id": np.arange(RECEPTORS), "kind": "housing", "jurisdiction_id": "us-xx", "location_accuracy_m": 10.0,
        "receptor_class": rng.choice(list(LIMITS), RECEPTORS),
    }, geometry=points(RECEPTORS), crs=CRS)  # fmt: skip
    rules = pd.DataFrame([
        {"rule_id": name, "jurisdiction_id": "us-xx", "kind": "absolute", "metric": "LAeq", "receptor_class": name, "limit_db": limit,
         "rule_status": "in_force", "status": "verified"} for name, limit in LIMITS.items()
    ]).astype(object)  # fmt: skip
    layers = Layers({name: Layer(name, None, frame, CellPlaces(None)) for name, frame in (("receptors", receptors), ("noise_rules", rules))})  # fmt: skip
    request = Request(mw=100.0, need_by=date(2031, 1, 1), as_of=date(2026, 11, 1))
    exposure_of(
        scene(sites.iloc[:10], layers, request, "air-chiller")
    )  # imports, and tables once made
    before = peak_gb()
    start = time.perf_counter()
    found = exposure_of(scene(sites, layers, request, "air-chiller"))
    took = time.perf_counter() - start
    known = found.frames["night"]["margin_db"].notna().mean()
    told(capsys, f"{SITES:,} sites × {RECEPTORS:,} receptors × {len(LIMITS)} classes, day and night: {took:.1f} s (aim {AIM_S:g} s), "
         f"peak {peak_gb():.2f} GB of which {before:.2f} GB are the data (aim {AIM_GB:g} GB), margin known at {known:.0%}")  # fmt: skip


@pytest.mark.benchmark
def test_a_disc_table_and_five_million_look_ups(capsys):
    start = time.perf_counter()
    table = level_table([115, 118, 119, 116, 112, 110, 107, 103], 10, 1.5, 300)
    built = time.perf_counter() - start
    metres = np.random.default_rng(0).uniform(1, 20_000, 5_000_000)
    start = time.perf_counter()
    level_at(table, metres, "A")
    told(capsys, f"disc table {built:.2f} s (aim 0.1 s); 5 million look-ups {time.perf_counter() - start:.2f} s (aim 0.5 s)")  # fmt: skip


@pytest.mark.benchmark
def test_the_nearest_of_many_outlines(capsys):
    rng = np.random.default_rng(0)
    crs = "EPSG:5070"
    sites = gpd.GeoSeries(shapely.points(rng.uniform(0, 1e5, (20_000, 2)) + np.array([0.0, 1.8e6])), crs=crs)  # fmt: skip
    parcels = gpd.GeoSeries(shapely.buffer(shapely.points(rng.uniform(0, 1e5, (300_000, 2)) + np.array([0.0, 1.8e6])), 30, cap_style="square"), crs=crs)  # fmt: skip
    start = time.perf_counter()
    nearest(sites, parcels)
    told(capsys, f"nearest of 300,000 outlines to 20,000 sites: {time.perf_counter() - start:.2f} s (aim 0.5 s)")  # fmt: skip
