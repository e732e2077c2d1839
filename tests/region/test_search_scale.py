"""Local scale: short steps in the plane against geodesics, and projections it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from powerwall.region.search.lines import LineIndex
from powerwall.region.search.local_scale import REACH_M, LocalScale
from powerwall.region.search.positions import Positions, degrees

WGS84 = Geod(ellps="WGS84")
#: Projection → west, south, east and north end in degrees.
PLACES = {
    "EPSG:5070": (-125, 25, -67, 49),  # Albers of the contiguous United States
    "EPSG:3338": (-170, 52, -130, 71),  # Albers of Alaska
    "EPSG:3035": (-10, 35, 40, 70),  # Lambert azimuthal of Europe
    "EPSG:2154": (-5, 41, 9, 51),  # Lambert conformal of France
    "EPSG:3413": (-60, 60, 60, 85),  # polar stereographic
    "EPSG:32660": (178, -20, 182, 20),  # a zone that the antimeridian parts
}


def steps(name, count=3000):
    rng = np.random.default_rng(3)
    west, south, east, north = PLACES[name]
    to_plane = Transformer.from_crs("EPSG:4326", name, always_xy=True)
    x, y = to_plane.transform(rng.uniform(west, east, count), rng.uniform(south, north, count))
    length, turn = REACH_M * rng.uniform(0, 0.999, count), rng.uniform(0, 2 * np.pi, count)
    return x, y, length * np.cos(turn), length * np.sin(turn)


def box_of(x, y):
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


@pytest.mark.parametrize("name", PLACES)
def test_a_short_step_is_as_long_as_the_geodesic_within_half_of_a_thousandth_of_a_percent(name):
    crs = CRS(name)
    x, y, dx, dy = steps(name)
    scale = LocalScale.of(crs, box_of(x, y))
    assert scale is not None
    exact = WGS84.inv(*degrees(crs, x, y), *degrees(crs, x + dx, y + dy))[2]
    np.testing.assert_allclose(scale.metres(x, y, dx, dy), exact, rtol=5e-6, atol=1e-6)


def test_the_lengths_do_not_depend_on_the_box_of_the_table():
    x, y, dx, dy = steps("EPSG:5070", 200)
    whole = LocalScale.of(CRS("EPSG:5070"), box_of(x, y)).metres(x, y, dx, dy)
    for row in range(0, 200, 23):
        some = slice(row, row + 1)
        alone = LocalScale.of(CRS("EPSG:5070"), box_of(x[some], y[some]))
        assert alone.metres(x[some], y[some], dx[some], dy[some])[0] == whole[row]


def test_a_step_longer_than_the_reach_is_left_open():
    scale = LocalScale.of(CRS("EPSG:5070"), (0.0, 1.5e6, 1e5, 1.6e6))
    x = np.full(2, 5e4)
    found = scale.metres(x, x + 1.5e6, np.array([REACH_M, REACH_M + 1]), np.zeros(2))
    assert np.isnan(found).tolist() == [False, True]


def test_a_projection_that_bends_too_fast_has_no_table():
    assert LocalScale.of(CRS("EPSG:8857"), (1.0e7, 7.0e6, 1.05e7, 7.5e6)) is None


def test_a_box_round_the_earth_has_no_table():
    assert LocalScale.of(CRS("EPSG:8857"), (-1.7e7, -8e6, 1.7e7, 8e6)) is None


@pytest.mark.parametrize("crs", ["EPSG:5070", "EPSG:8857"])
def test_distances_to_lines_are_geodesics_with_a_table_and_without(crs):
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    rng = np.random.default_rng(4)
    x, y = to_plane.transform(rng.uniform(-110, -80, 400), rng.uniform(30, 45, 400))
    near = shapely.points(x + rng.uniform(-6e4, 6e4, 400), y + rng.uniform(-6e4, 6e4, 400))
    which, metres = LineIndex(near, crs).nearest(Positions.of(x, y, crs))
    foot = shapely.get_coordinates(near[which]).T
    exact = WGS84.inv(*degrees(CRS(crs), x, y), *degrees(CRS(crs), *foot))[2]
    assert (exact > REACH_M).any()
    assert (exact < REACH_M).any()
    np.testing.assert_allclose(metres, exact, rtol=1e-5)
