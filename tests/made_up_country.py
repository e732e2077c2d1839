"""A made-up country to screen: substations, lines and basins on a plain, written to any folder."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import LineString, Point, box

CRS = "EPSG:5070"
WEST, SOUTH = 100_000.0, 1_500_000.0

TOML = """
schema = 1
name = "country"
title = "Made-up country"
as_of = 2026-11-01
edition = "screening"
crs = "EPSG:5070"
[request]
mw = 300
need_by = 2031-01-01
[sites]
screen = true
{sites}
[layers.boundary]
path = "boundary.parquet"
[layers.stations]
path = "stations.parquet"
[layers.wires]
path = "wires.parquet"
[layers.catchments]
path = "catchments.parquet"
[criteria.substation_km]
measure = "distance_km"
layer = "stations"
value = [[0, 1.0], [20, 0.0]]
weight = 2
[criteria.wire_km]
measure = "distance_km"
layer = "wires"
where = "voltage_kv >= 230"
value = [[0, 1.0], [5, 0.8], [30, 0.0]]
weight = 3
[criteria.basin_share]
measure = "value_at"
layer = "catchments"
column = "stress_share"
value = [[0, 1.0], [1, 0.0]]
[criteria.near_count]
measure = "count_within"
layer = "stations"
within_km = 10
[weights]
proximity = 1
[require]
wire_km = {{ max = 25 }}
{more}
"""
GRID = 'grid = {{ cell_km = {cell_km}, within = "boundary" }}'


def country(folder, *, cell_km=1.0, sites=None, more=""):
    """A region of 60 km by 60 km with 40 substations, 6 lines and basins on its western half."""
    rng = np.random.default_rng(7)
    size = 60_000

    def write(name, shapes, **columns):
        moved = [shapely.affinity.translate(shape, WEST, SOUTH) for shape in shapes]
        gpd.GeoDataFrame(columns, geometry=moved, crs=CRS).to_parquet(folder / f"{name}.parquet")

    write("boundary", [box(0, 0, size, size)], boundary_id=["all"])
    write("stations", [Point(*p) for p in rng.uniform(0, size, (40, 2))], voltage_kv=[138.0] * 40)
    ends = rng.uniform(0, size / 2, (6, 2, 2))
    write("wires", [LineString(pair) for pair in ends], voltage_kv=[230.0, 345, 138, 500, 69, 230])
    write(
        "catchments",
        [box(0, 0, 15_000, size), box(15_000, 0, 30_000, size)],
        stress_share=[0.2, 0.7],
    )
    path = folder / "country.toml"
    path.write_text(TOML.format(sites=sites or GRID.format(cell_km=cell_km), more=more))
    return path
