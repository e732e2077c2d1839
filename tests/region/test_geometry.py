"""Geometry: the nearest of many features, and how far it is on the ellipsoid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from powerwall.region.geometry import nearest, nearest_position

CRS = "EPSG:32614"


def points(count, seed):
    rng = np.random.default_rng(seed)
    return gpd.GeoSeries(shapely.points(rng.uniform(4e5, 6e5, count), rng.uniform(4.1e6, 4.3e6, count)), crs=CRS)  # fmt: skip


def test_the_nearest_point_is_that_of_all_pairs():
    sites, targets = points(200, 0), points(500, 1)
    which, metres = nearest(sites, targets)
    pairs = np.hypot(*(np.array([sites.x, sites.y])[:, :, None] - np.array([targets.x, targets.y])[:, None, :]))  # fmt: skip
    np.testing.assert_array_equal(which, pairs.argmin(axis=1))
    degrees = gpd.GeoSeries(sites).to_crs(4326), targets.iloc[which].to_crs(4326)
    expected = Geod(ellps="WGS84").inv(degrees[0].x, degrees[0].y, degrees[1].x, degrees[1].y)[2]
    np.testing.assert_allclose(metres, expected, atol=1e-6)


def test_the_first_of_equally_near_points_is_taken():
    site = gpd.GeoSeries([shapely.Point(5e5, 4.2e6)], crs=CRS)
    ring = gpd.GeoSeries([shapely.Point(5e5 + 900, 4.2e6), shapely.Point(5e5, 4.2e6 + 300), shapely.Point(5e5 + 300, 4.2e6), shapely.Point(5e5, 4.2e6 + 300)], crs=CRS)  # fmt: skip
    assert nearest(site, ring)[0].tolist() == [1]
    assert nearest(site, ring.iloc[[0]])[0].tolist() == [0]


def test_the_nearest_outline_is_measured_to_its_edge():
    site = gpd.GeoSeries([shapely.Point(5e5, 4.2e6)], crs=CRS)
    outlines = gpd.GeoSeries([shapely.box(5e5 + 500, 4.199e6, 5e5 + 900, 4.201e6), shapely.Point(5e5, 4.2e6 + 600)], crs=CRS)  # fmt: skip
    which, metres = nearest(site, outlines)
    assert which.tolist() == [0]
    assert metres[0] == pytest.approx(500, rel=5e-4)


def test_one_target_serves_every_point():
    which, metres = nearest_position(np.array([[5e5, 4.2e6], [5e5, 4.3e6]]), np.array([[5e5, 4.25e6]]), CRS)  # fmt: skip
    assert which.tolist() == [0, 0]
    assert metres == pytest.approx([5e4, 5e4], rel=1e-3)
