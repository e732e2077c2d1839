"""The same join by geopandas, on the same cells."""

from __future__ import annotations

from functools import partial

import geopandas as gpd
import numpy as np
import shapely
from made_up_layers import cells, clustered_points, wandering_lines
from protocol import Options, Result, demand, measured

from powerwall.region.search import Positions, index_of

CRS, CELLS, POINTS, LINES = "EPSG:5070", 100_000, 80_000, 94_197
VERTICES, STEP_M, TIE_M = 8, 1_400.0, 1e-3
#: How much farther in the plane a point may be that is nearest on the ellipsoid: distances in
#: EPSG:5070 are off by less than 2 % either way.
PLANE_SHARE = 0.04


def joins(options: Options) -> list[Result]:
    """Nearest point and nearest line of each cell, from the frames to the distances."""
    rng = np.random.default_rng(0)
    xy = cells(min(CELLS, max(options.sizes)))
    left = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=CRS)
    layers = {
        "points": shapely.points(clustered_points(rng, options.part(POINTS))),
        "lines": wandering_lines(rng, options.part(LINES), VERTICES, STEP_M),
    }
    results = []
    for name, shapes in layers.items():
        right = gpd.GeoDataFrame(geometry=shapes, crs=CRS)

        def ours(shapes: np.ndarray = shapes) -> np.ndarray:
            return index_of(shapes, CRS).nearest(Positions.of(*xy.T, CRS))[0]

        def theirs(right: gpd.GeoDataFrame = right) -> gpd.GeoDataFrame:
            return gpd.sjoin_nearest(left, right, distance_col="metres")

        results.append(
            measured(f"nearest of {len(shapes):,} {name}", len(xy), ours, options, bound=("geopandas sjoin_nearest", theirs),
                     check=partial(_check, left, right, PLANE_SHARE if name == "points" else 0.0))
        )  # fmt: skip
    return results


def _check(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, share: float, which: np.ndarray
) -> None:
    joined = gpd.sjoin_nearest(left, right, distance_col="metres")
    theirs = joined["metres"].groupby(level=0).first().to_numpy()
    ours = shapely.distance(left.geometry.to_numpy(), right.geometry.to_numpy()[which])
    demand((ours <= theirs * (1 + share) + TIE_M).all(), "geopandas finds a nearer feature")
