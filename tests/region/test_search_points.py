"""Points: the nearest one and those within a distance, against all pairs and the geodesic."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from powerwall.region.search.points import PointIndex
from powerwall.region.search.positions import EARTH_RADIUS_M, Positions, arc_m, chord2

CRS = "EPSG:32614"
GEOD = Geod(ellps="WGS84")
X, Y = 5e5, 4.2e6


@pytest.fixture(params=["0", "1"], ids=["tree", "compiled"])
def way(request, monkeypatch):
    if request.param == "1":
        pytest.importorskip("numba", reason="numba is not installed")
    monkeypatch.setenv("POWERWALL_FAST", request.param)


def scattered(count, seed, spread=1e5):
    rng = np.random.default_rng(seed)
    return X + rng.uniform(-spread, spread, count), Y + rng.uniform(-spread, spread, count)


def apart(p, index):
    one = np.repeat(p.earth_centred, len(index), axis=0)
    other = np.tile(index.positions.earth_centred, (len(p), 1))
    return np.sqrt(chord2(one, other)).reshape(len(p), len(index))


def first_nearest(p, index):
    metres = apart(p, index)
    return (metres <= metres.min(axis=1, keepdims=True) + 1e-3).argmax(axis=1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [1, 2, 3, 50, 2000])
def test_the_nearest_point_is_that_of_all_pairs(count):
    p, targets = Positions.of(*scattered(300, 0, 1.5e5), CRS), Positions.of(*scattered(count, 1), CRS)  # fmt: skip
    index = PointIndex(targets.x, targets.y, CRS)
    which, metres = index.nearest(p)
    np.testing.assert_array_equal(which, first_nearest(p, index))
    expected = GEOD.inv(p.lon, p.lat, targets.lon[which], targets.lat[which])[2]
    np.testing.assert_allclose(metres, expected, rtol=1e-5)


@pytest.mark.usefixtures("way")
@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=40),
    st.sampled_from([1e-4, 4e-4, 1.0, 5e3]),
)
def test_of_equally_near_points_the_lowest_row_is_taken(cells, step):
    x, y = np.array(cells, dtype=float).T * step
    index, p = PointIndex(X + x, Y + y, CRS), Positions.of(X + x[::2], Y + y[::2], CRS)
    np.testing.assert_array_equal(index.nearest(p)[0], first_nearest(p, index))


@pytest.mark.usefixtures("way")
def test_what_differs_by_less_than_a_millimetre_is_equally_near():
    p = Positions.of([X], [Y], CRS)
    assert PointIndex([X + 300.0007, X + 300], [Y, Y], CRS).nearest(p)[0].tolist() == [0]
    assert PointIndex([X + 300.002, X + 300], [Y, Y], CRS).nearest(p)[0].tolist() == [1]


@pytest.mark.usefixtures("way")
def test_points_that_are_all_in_one_place_give_the_first():
    which, metres = PointIndex([X] * 900, [Y] * 900, CRS).nearest(Positions.of([X + 40], [Y], CRS))
    assert which.tolist() == [0]
    assert metres[0] == pytest.approx(40, rel=1e-3)


@pytest.mark.usefixtures("way")
def test_a_far_position_is_answered_as_soon_as_a_near_one():
    # All cells round a single point are small; a ring of them out to 2,000 km has millions.
    p = Positions.of(*scattered(3000, 2, 1.4e6), CRS)
    which, metres = PointIndex([X], [Y], CRS).nearest(p)
    assert (which == 0).all()
    assert (metres > 0).all()


@pytest.mark.parametrize(
    ("crs", "one", "other"),
    [
        ("EPSG:32614", (-99.0, 38.5), (-98.2, 38.9)),
        ("EPSG:5070", (-120.1, 47.9), (-118.0, 46.0)),
        ("EPSG:32601", (179.9, 51.2), (-179.7, 51.4)),
        ("EPSG:32633", (15.0, 70.0), (16.5, 70.2)),
        ("EPSG:31983", (-46.6, -23.5), (-43.2, -22.9)),
    ],
    ids=["Kansas", "Washington", "across the antimeridian", "70 N", "Brazil"],
)
def test_distances_are_those_of_the_geodesic(crs, one, other):
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    (ax, ay), (bx, by) = to_plane.transform(*one), to_plane.transform(*other)
    _, metres = PointIndex([bx], [by], crs).nearest(Positions.of([ax], [ay], crs))
    assert metres[0] == pytest.approx(GEOD.inv(*one, *other)[2], rel=1e-5)


@pytest.mark.usefixtures("way")
def test_a_neighbour_across_the_antimeridian_is_found():
    to_plane = Transformer.from_crs("EPSG:4326", "EPSG:3832", always_xy=True)
    x, y = to_plane.transform([170.0, -179.99], [10.0, 10.0])
    at = Positions.of([0.0], [0.0], "EPSG:3832", [179.99], [10.0])
    which, metres = PointIndex(x, y, "EPSG:3832").nearest(at)
    assert which.tolist() == [1]
    assert metres[0] == pytest.approx(GEOD.inv(179.99, 10, -179.99, 10)[2], rel=1e-5)


def test_given_degrees_are_used_and_computed_ones_agree():
    x, y = scattered(20, 3)
    lon, lat = Positions.of(x, y, CRS).lon, Positions.of(x, y, CRS).lat
    known = Positions.of(x * 0, y * 0, CRS, lon, lat)
    np.testing.assert_array_equal(known.earth_centred, Positions.of(x, y, CRS).earth_centred)
    to_centre = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.column_stack(to_centre.transform(lon, lat, np.zeros(20)))
    np.testing.assert_allclose(known.earth_centred, expected, atol=1e-6)


@pytest.mark.usefixtures("way")
def test_results_do_not_depend_on_the_other_candidates():
    p, index = Positions.of(*scattered(1000, 4), CRS), PointIndex(*scattered(400, 5), CRS)
    which, metres = index.nearest(p)
    parts = [index.nearest(Positions.of(p.x[i : i + 77], p.y[i : i + 77], CRS)) for i in range(0, 1000, 77)]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), which)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), metres)
    order = np.random.default_rng(6).permutation(1000)
    mixed = index.nearest(Positions.of(p.x[order], p.y[order], CRS))
    np.testing.assert_array_equal(mixed[0], which[order])
    np.testing.assert_array_equal(mixed[1], metres[order])
    np.testing.assert_array_equal(index.nearest(p.to(order))[1], metres[order])


@pytest.mark.usefixtures("way")
def test_threads_share_an_index():
    p, index = Positions.of(*scattered(4000, 7), CRS), PointIndex(*scattered(500, 8), CRS)
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda i: index.nearest(p.to(slice(i, i + 250))), range(0, 4000, 250)))  # fmt: skip
    expected = PointIndex(*scattered(500, 8), CRS).nearest(p)
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), expected[0])
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), expected[1])


@pytest.mark.usefixtures("way")
def test_an_empty_layer_has_no_nearest_and_nothing_within():
    index, p = PointIndex([], [], CRS), Positions.of(*scattered(3, 9), CRS)
    which, metres = index.nearest(p)
    assert which.tolist() == [-1, -1, -1]
    assert np.isnan(metres).all()
    assert index.count_within(p, 1e6).tolist() == [0, 0, 0]
    assert index.sum_within(p, 1e6, []).tolist() == [0, 0, 0]
    which, metres = PointIndex([X], [Y], CRS).nearest(p.to(slice(0, 0)))
    assert which.shape == metres.shape == (0,)


def test_pairs_counts_and_sums_within_are_those_of_all_pairs():
    p, index = Positions.of(*scattered(200, 10), CRS), PointIndex(*scattered(300, 11), CRS)
    inside = 2 * EARTH_RADIUS_M * np.arcsin(apart(p, index) / (2 * EARTH_RADIUS_M)) <= 20_000
    np.testing.assert_array_equal(np.column_stack(index.within(p, 20_000)), np.argwhere(inside))
    np.testing.assert_array_equal(index.count_within(p, 20_000), inside.sum(axis=1))
    amounts = np.arange(300.0)
    np.testing.assert_allclose(index.sum_within(p, 20_000, amounts), inside @ amounts)


def test_the_radius_is_inclusive_to_a_millimetre():
    index, p = PointIndex([X + 1000], [Y], CRS), Positions.of([X], [Y], CRS)
    metres = index.nearest(p)[1][0]
    assert metres == arc_m(p.earth_centred, index.positions.earth_centred)[0]
    assert index.count_within(p, metres).tolist() == [1]
    assert index.count_within(p, metres - 0.0008).tolist() == [1]
    assert index.count_within(p, metres - 0.0012).tolist() == [0]
    assert index.count_within(p, 3e7).tolist() == [1]  # the whole Earth


def test_a_sum_with_an_unknown_amount_is_unknown_and_duplicates_count_each():
    index = PointIndex([X, X, X + 5000, X + 90_000], [Y] * 4, CRS)
    p = Positions.of([X, X + 90_000], [Y, Y], CRS)
    assert index.sum_within(p, 6000, [1.0, 2.0, 4.0, 8.0]).tolist() == [7.0, 8.0]
    found = index.sum_within(p, 6000, [1.0, 2.0, np.nan, 8.0])
    assert np.isnan(found[0])
    assert found[1] == 8.0
    assert index.count_within(p, 6000).tolist() == [3, 1]
