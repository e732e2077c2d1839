"""Nearest points, and points within a distance, against all pairs and the geodesic."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_search import CRS, lowest_nearest, positions
from pyproj import Geod, Transformer

from powerwall.region.search import PointIndex, Positions
from powerwall.region.search.positions import arc_m, earth_centred

GEOD = Geod(ellps="WGS84")


@pytest.fixture(params=["trees", "compiled"], autouse=True)
def search(request, monkeypatch):
    if request.param == "compiled":
        pytest.importorskip("numba", reason="numba is not installed")
    monkeypatch.setenv("POWERWALL_FAST", "1" if request.param == "compiled" else "0")


def chords(p, index):
    """Straight distance of every position to every point."""
    return np.linalg.norm(p.earth_centred[:, None] - index.positions.earth_centred[None], axis=2)


def test_the_nearest_point_is_that_of_all_pairs():
    p, targets = positions(400, 0), positions(700, 1)
    index = PointIndex(targets.x, targets.y, CRS)
    which, metres = index.nearest(p)
    np.testing.assert_array_equal(which, lowest_nearest(chords(p, index)))
    expected = GEOD.inv(p.lon, p.lat, targets.lon[which], targets.lat[which])[2]
    np.testing.assert_allclose(metres, expected, rtol=1e-5)


def test_the_lowest_of_points_that_are_equally_near_is_taken():
    p = Positions.of([0.0, 40.0], [1.5e6, 1.5e6], CRS)
    # the third repeats the second, the fourth is nearer than the second, but not by a millimetre
    index = PointIndex([500.0, 100.0, 100.0, 99.9995], [1.5e6] * 4, CRS)
    assert index.nearest(p)[0].tolist() == [1, 1]
    assert PointIndex([500.0, 100.0, 99.99], [1.5e6] * 3, CRS).nearest(p)[0].tolist() == [2, 2]


def test_many_points_in_one_place_are_one_neighbour():
    p = positions(50, 2)
    index = PointIndex(np.full(300, 1000.0), np.full(300, 1.5e6), CRS)
    assert (index.nearest(p)[0] == 0).all()


def test_an_empty_layer_has_no_nearest_and_none_within():
    p, index = positions(3, 0), PointIndex([], [], CRS)
    which, metres = index.nearest(p)
    assert which.tolist() == [-1, -1, -1]
    assert np.isnan(metres).all()
    assert index.count_within(p, 1e6).tolist() == [0, 0, 0]
    assert index.sum_within(p, 1e6, []).tolist() == [0, 0, 0]


def test_no_positions_have_no_answers():
    which, metres = PointIndex([0.0], [1.5e6], CRS).nearest(positions(0, 0))
    assert which.shape == metres.shape == (0,)


def test_counts_and_sums_are_those_of_all_pairs():
    p, targets = positions(200, 3), positions(300, 4)
    index, amounts = PointIndex(targets.x, targets.y, CRS), np.arange(300.0)
    arcs = np.array([arc_m(np.repeat(row[None], 300, axis=0), targets.earth_centred) for row in p.earth_centred])  # fmt: skip
    inside = arcs <= 8e4
    np.testing.assert_array_equal(index.count_within(p, 8e4), inside.sum(axis=1))
    np.testing.assert_allclose(index.sum_within(p, 8e4, amounts), inside @ amounts)
    at, which = index.within(p, 8e4)
    np.testing.assert_array_equal(np.column_stack([at, which]), np.argwhere(inside))


def test_a_sum_over_an_unknown_amount_is_unknown():
    p = Positions.of([0.0, 5e4], [1.5e6, 1.5e6], CRS)
    index = PointIndex([100.0, 200.0, 5e4], [1.5e6] * 3, CRS)
    sums = index.sum_within(p, 1000, [1.0, np.nan, 4.0])
    assert np.isnan(sums[0])
    assert sums[1] == 4.0


def test_a_point_exactly_at_the_distance_is_within():
    p = Positions.of([0.0], [1.5e6], CRS)
    index = PointIndex([1234.0], [1.5e6], CRS)
    metres = float(index.nearest(p)[1][0])
    assert index.count_within(p, metres).tolist() == [1]
    assert index.count_within(p, metres - 0.01).tolist() == [0]


def test_answers_do_not_depend_on_the_other_positions():
    p, targets = positions(500, 5), positions(200, 6)
    index = PointIndex(targets.x, targets.y, CRS)
    which, metres = index.nearest(p)
    order = np.random.default_rng(0).permutation(500)
    shuffled = index.nearest(p.to(order))
    np.testing.assert_array_equal(shuffled[0], which[order])
    np.testing.assert_array_equal(shuffled[1], metres[order])
    halves = [index.nearest(p.to(half)) for half in (slice(0, 133), slice(133, None))]
    np.testing.assert_array_equal(np.concatenate([half[1] for half in halves]), metres)


def test_a_far_position_is_answered_as_soon_as_a_near_one():
    # all cells round a single point are small; a ring of them out to 2,000 km has millions
    which, metres = PointIndex([0.0], [1.5e6], CRS).nearest(positions(3000, 7, spread=1.4e6))
    assert (which == 0).all()
    assert (metres > 0).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((-77.5, 39.0), (-77.3, 39.1)),
        ((-101.0, 33.0), (-99.0, 33.5)),
        ((179.95, 10.0), (-179.9, 10.1)),  # across the antimeridian
        ((25.0, 70.0), (27.0, 70.2)),
        ((-46.6, -23.5), (-43.2, -22.9)),
    ],
)
def test_an_arc_is_the_geodesic_within_a_hundred_thousandth(one, other):
    ends = [earth_centred(np.array([lon]), np.array([lat])) for lon, lat in (one, other)]
    assert arc_m(*ends)[0] == pytest.approx(GEOD.inv(*one, *other)[2], rel=1e-5)


def test_a_neighbour_across_the_antimeridian_is_found():
    to_plane = Transformer.from_crs("EPSG:4326", "EPSG:3832", always_xy=True)
    x, y = to_plane.transform([-179.99, 170.0], [10.0, 10.0])
    at = Positions.of(*([v] for v in to_plane.transform(179.99, 10.0)), "EPSG:3832")
    which, metres = PointIndex(x, y, "EPSG:3832").nearest(at)
    assert which.tolist() == [0]
    assert metres[0] == pytest.approx(GEOD.inv(179.99, 10, -179.99, 10)[2], rel=1e-5)
