"""A screening without a measure, and the check of one by plain libraries.

    python tests/benchmarks/bare_screening.py FOLDER CELLS.parquet [--check]

reads the layers of a country into its projected system and writes the cells anew; with `--check`
it compares a sample of the cells with what plain libraries give, prints the number of cells, and
exits 1 with the difference if there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import shapely
from country import CRITERIA, CRS, NAME, REQUIRE
from protocol import WrongResultError, demand
from pyproj import Geod

SAMPLE = 500
#: Distances along a sphere of the mean radius are off those on the ellipsoid by less. [1]
SPHERE = 0.006
#: A plane may choose another neighbour than the ellipsoid, off by less than this. [1]
PLANE = 0.04


def copy_cells(folder: Path, file: Path) -> None:
    """Read the layers and write the cells, row group by row group."""
    for layer in sorted((folder / NAME).glob("*.parquet")):
        gpd.read_parquet(layer).to_crs(CRS)
    whole = pq.ParquetFile(file)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        target = Path(beside) / "cells.parquet"
        with pq.ParquetWriter(target, whole.schema_arrow, compression="zstd", compression_level=1) as writer:  # fmt: skip
            for group in range(whole.num_row_groups):
                writer.write_table(whole.read_row_group(group))


def check_cells(folder: Path, file: Path) -> int:
    """Number of cells.

    Raises
    ------
    WrongResultError
        If a measure, the score, the status or the ranks are not what plain libraries give.
    """
    order = pq.read_table(file, columns=["rank", "score", "status"])
    rank = order["rank"].to_numpy().astype(float)
    ranked = np.flatnonzero(~np.isnan(rank))
    demand(np.array_equal(np.sort(rank[ranked]), np.arange(1, len(ranked) + 1)), "ranks are not 1 to the last")  # fmt: skip
    by_rank = order["score"].to_numpy()[ranked][np.argsort(rank[ranked])]
    demand((np.diff(by_rank) <= 1e-9).all(), "a lower score has a better rank")
    rows = np.unique(np.linspace(0, len(rank) - 1, SAMPLE).astype(int))
    names = [*CRITERIA, "score", "status", "geometry"]
    sample = pq.read_table(file, columns=names).take(rows)
    lon_lat = np.column_stack([sample["geometry"].combine_chunks().field(axis).to_numpy() for axis in "xy"])  # fmt: skip
    found = {name: sample[name].to_numpy().astype(float) for name in [*CRITERIA, "score"]}
    for name, keys in CRITERIA.items():
        layer = gpd.read_parquet(folder / NAME / f"{keys['layer']}.parquet").to_crs(CRS)
        _CHECKS[keys["measure"]](name, keys, layer, lon_lat, found[name])
    _check_score(found)
    for name, limits in REQUIRE.items():
        out = found[name] > limits["max"]
        barred = np.array(sample["status"].to_pylist()) == "out"
        demand((barred | ~out).all(), f"a cell beyond the limit of {name} is not out")
    return len(rank)


def _places(lon_lat: np.ndarray) -> np.ndarray:
    return gpd.GeoSeries(shapely.points(lon_lat), crs="EPSG:4326").to_crs(CRS).to_numpy()


def _check_distance(name: str, _: Any, layer: Any, lon_lat: np.ndarray, found: np.ndarray) -> None:
    places, shapes = _places(lon_lat), layer.geometry.to_numpy()
    nearest = shapely.STRtree(shapes).query_nearest(places, all_matches=False)[1]
    feet = shapely.get_coordinates(shapely.shortest_line(places, shapes[nearest]))[1::2]
    feet = shapely.get_coordinates(gpd.GeoSeries(shapely.points(feet), crs=CRS).to_crs("EPSG:4326"))
    km = Geod(ellps="WGS84").inv(*lon_lat.T, *feet.T)[2] / 1000
    # points are nearest on the ellipsoid: never farther than the plane's choice
    low = km * (1 - SPHERE - (PLANE if layer.geom_type.iloc[0] == "Point" else 0)) - 1e-5
    demand(((found >= low) & (found <= km * (1 + SPHERE) + 1e-5)).all(), f"{name} is not the distance to the nearest")  # fmt: skip


def _check_count(name: str, keys: Any, layer: Any, lon_lat: np.ndarray, found: np.ndarray) -> None:
    points = layer.to_crs("EPSG:4326").geometry
    lon, lat = points.x.to_numpy(), points.y.to_numpy()
    geod, metres = Geod(ellps="WGS84"), 1000 * keys["within_km"]
    for place, count in zip(lon_lat[::10], found[::10], strict=True):
        far = geod.inv(np.full(len(lon), place[0]), np.full(len(lat), place[1]), lon, lat)[2]
        least, most = ((far <= metres * factor).sum() for factor in (1 - SPHERE, 1 + SPHERE))
        demand(least <= count <= most, f"{name} is not the number of features")


def _check_value(name: str, keys: Any, layer: Any, lon_lat: np.ndarray, found: np.ndarray) -> None:
    at, which = shapely.STRtree(layer.geometry.to_numpy()).query(_places(lon_lat), predicate="intersects")  # fmt: skip
    values = layer[keys["column"]].to_numpy(dtype=float)[which]
    held = np.bincount(at, minlength=len(found))
    demand((np.isnan(found) == (held == 0)).all(), f"{name} is known where no polygon is, or the reverse")  # fmt: skip
    once = held[at] == 1
    demand(np.allclose(found[at[once]], values[once]), f"{name} is another polygon's")


def _check_score(found: dict[str, np.ndarray]) -> None:
    """Weighted mean of the values, where all criteria are known."""
    total, weights = np.zeros(len(found["score"])), 0.0
    for name, keys in CRITERIA.items():
        total += keys["weight"] * np.interp(found[name], *np.transpose(keys["value"]))
        weights += keys["weight"]
    known = ~np.isnan(total)
    demand(known.any(), "no cell of the sample has all criteria")
    scored = known & ~np.isnan(found["score"])
    demand(np.allclose(found["score"][scored], 100 * total[scored] / weights, atol=1e-6), "a score is not the weighted mean of the values")  # fmt: skip


_CHECKS = {"distance_km": _check_distance, "count_within": _check_count, "value_at": _check_value}


def main() -> int:
    """Copy, or check and print the number of cells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if not given.check:
        copy_cells(given.folder, given.file)
        return 0
    try:
        sys.stdout.write(f"{check_cells(given.folder, given.file)}\n")
    except WrongResultError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
