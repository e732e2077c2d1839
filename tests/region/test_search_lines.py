"""Lines: the nearest one, proven, against all pairs; and the length within a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from powerwall.region.search.lines import LineIndex
from powerwall.region.search.positions import Positions

CRS = "EPSG:32614"
X, Y = 5e5, 4.2e6


@pytest.fixture(params=["0", "1"], ids=["tree", "compiled"])
def way(request, monkeypatch):
    if request.param == "1":
        pytest.importorskip("numba")
    monkeypatch.setenv("POWERWALL_FAST", request.param)


def candidates(count=400, seed=0, spread=1.2e5):
    rng = np.random.default_rng(seed)
    return Positions.of(X + rng.uniform(-spread, spread, count), Y + rng.uniform(-spread, spread, count), CRS)  # fmt: skip


def line(*ends):
    return shapely.LineString([(X + x, Y + y) for x, y in ends])


def walks(count, seed, step=6000, vertices=9):
    rng = np.random.default_rng(seed)
    starts = rng.uniform(-1e5, 1e5, (count, 1, 2))
    way = np.cumsum(rng.normal(0, step, (count, vertices, 2)), axis=1) + starts
    return shapely.linestrings(way + np.array([X, Y]))


def beside(lines, metres):
    return shapely.transform(lines, lambda vertices: vertices + metres)


LAYERS = {
    "scattered": walks(150, 1),
    "bundles": np.concatenate([beside(walks(8, 2), 25 * i) for i in range(12)]),
    "short beside long": np.append(walks(200, 3, step=60), line((-2e5, 0), (2e5, 1e3))),
    "one segment": np.array([line((0, 0), (3e4, 1e4))]),
    "longer than the region": np.array([line((-3e6, -1e6), (3e6, 1e6)), line((0, 0), (10, 0))]),
    "one straight line": np.array([line((i * 1e4, 0), (i * 1e4 + 9e3, 0)) for i in range(-5, 5)]),
    "duplicates": np.repeat(walks(5, 4), 30),
    "star": np.array([line((0, 0), (9e4 * np.cos(a), 9e4 * np.sin(a))) for a in range(60)]),
    "two lone points": shapely.points([X, X + 100], [Y, Y]),
    "of no length": np.array([line((0, 0), (0, 0)), line((9, 9), (9, 9), (4e4, 2e4), (4e4, 2e4))]),
    "of several parts": np.array([shapely.multilinestrings(walks(4, 5 + i)) for i in range(9)]),
    "outlines": shapely.buffer(walks(20, 6), 3000),
    "some missing and empty": np.array([None, shapely.LineString(), line((0, 0), (5e4, 0)), None]),
}


def all_pairs(p, layer):
    shapes = np.where(shapely.get_dimensions(layer) == 2, shapely.boundary(layer), layer)
    metres = shapely.distance(shapely.points(p.x, p.y)[:, None], shapes[None, :])
    metres = np.where(np.isnan(metres), np.inf, metres)
    return (metres <= metres.min(axis=1, keepdims=True) + 1e-3).argmax(axis=1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", LAYERS)
def test_the_nearest_line_is_that_of_all_pairs(name):
    layer, p = LAYERS[name], candidates()
    which, metres = LineIndex(layer, CRS).nearest(p)
    np.testing.assert_array_equal(which, all_pairs(p, layer))
    shapes = np.where(shapely.get_dimensions(layer) == 2, shapely.boundary(layer), layer)[which]
    plane = shapely.distance(shapely.points(p.x, p.y), shapes)
    np.testing.assert_allclose(metres, plane, rtol=1e-3)  # the scale of the zone


@pytest.mark.usefixtures("way")
def test_a_candidate_on_a_vertex_is_at_distance_zero_of_the_lowest_line_there():
    layer = LAYERS["scattered"]
    vertices, of = shapely.get_coordinates(layer, return_index=True)
    which, metres = LineIndex(layer, CRS).nearest(Positions.of(*vertices.T, CRS))
    np.testing.assert_array_equal(which, of)
    np.testing.assert_allclose(metres, 0, atol=1e-6)
    centre = Positions.of([X], [Y], CRS)
    assert LineIndex(LAYERS["star"], CRS).nearest(centre)[0].tolist() == [0]


@pytest.mark.usefixtures("way")
@given(
    st.lists(st.tuples(*[st.integers(-3, 3)] * 4), min_size=1, max_size=25),
    st.sampled_from([4e-4, 1.0, 7e3]),
)
def test_of_equally_near_lines_the_lowest_row_is_taken(ends, step):
    layer = np.array([line((a * step, b * step), (c * step, d * step)) for a, b, c, d in ends])
    side = np.arange(-4, 5) * step
    p = Positions.of(X + np.repeat(side, 9), Y + np.tile(side, 9), CRS)
    np.testing.assert_array_equal(LineIndex(layer, CRS).nearest(p)[0], all_pairs(p, layer))


@pytest.mark.parametrize(
    ("crs", "lon", "lat"),
    [
        ("EPSG:32614", -99, 38.5),
        ("EPSG:5070", -120, 47.5),
        ("EPSG:32601", 179.95, 51),
        ("EPSG:32633", 16, 70),
        ("EPSG:31983", -46, -23),
    ],
    ids=["Kansas", "Washington", "across the antimeridian", "70 N", "Brazil"],
)
def test_the_foot_is_measured_on_the_ellipsoid(crs, lon, lat):
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to_plane.transform([lon, lon + 0.3, lon + 0.4], [lat, lat - 0.1, lat + 0.4])
    p, shape = Positions.of(x[:1], y[:1], crs), shapely.LineString([(x[1], y[1]), (x[2], y[2])])
    foot = shapely.get_coordinates(shapely.shortest_line(shapely.Point(x[0], y[0]), shape))[1]
    place = to_plane.transform(*foot, direction="INVERSE")
    expected = Geod(ellps="WGS84").inv(lon, lat, *place)[2]
    assert LineIndex([shape], crs).nearest(p)[1][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("way")
def test_results_do_not_depend_on_the_other_candidates_nor_on_threads():
    p, layer = candidates(1500), LAYERS["bundles"]
    which, metres = LineIndex(layer, CRS).nearest(p)
    index, starts = LineIndex(layer, CRS), range(0, 1500, 91)
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda i: index.nearest(p.to(slice(i, i + 91))), starts))
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), which)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), metres)
    order = np.random.default_rng(6).permutation(1500)
    mixed = index.nearest(Positions.of(p.x[order], p.y[order], CRS))
    np.testing.assert_array_equal(mixed[0], which[order])
    np.testing.assert_array_equal(mixed[1], metres[order])


def test_every_stage_of_the_search_is_reached_and_leaves_fewer_open(monkeypatch):
    monkeypatch.setenv("POWERWALL_FAST", "0")
    _, _, counts = LineIndex(LAYERS["bundles"], CRS).nearest_with_counts(candidates(3000))
    assert list(counts) == ["k=4", "k=8", "k=16"]
    assert counts["k=4"] > counts["k=8"] > counts["k=16"] > 0


def test_an_empty_layer_has_no_nearest():
    for layer in ([], [None], [shapely.LineString()]):
        which, metres = LineIndex(layer, CRS).nearest(candidates(2))
        assert which.tolist() == [-1, -1]
        assert np.isnan(metres).all()
    assert LineIndex([], CRS).length_within(candidates(2), 1e3).tolist() == [0, 0]


def test_a_coordinate_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        LineIndex([shapely.LineString([(0, 0), (np.inf, 1)])], CRS)


@pytest.mark.parametrize("name", LAYERS)
def test_the_length_within_is_that_of_the_clipped_lines(name):
    layer, p = LAYERS[name], candidates(60)
    found = LineIndex(layer, CRS).length_within(p, 3e4)
    shapes = np.where(shapely.get_dimensions(layer) == 2, shapely.boundary(layer), layer)
    circles = shapely.buffer(shapely.points(p.x, p.y), 3e4, quad_segs=500)
    pieces = shapely.length(shapely.intersection(circles[:, None], shapes[None, :]))
    np.testing.assert_allclose(found, np.nan_to_num(pieces).sum(axis=1), rtol=1e-5, atol=100)


def test_a_line_through_the_centre_counts_its_diameter():
    index, centre = LineIndex([line((-5e3, 0), (5e3, 0)), line((0, 100), (0, 900))], CRS), Positions.of([X, X + 9e9], [Y, Y], CRS)  # fmt: skip
    np.testing.assert_allclose(index.length_within(centre, 500), [1000 + 400, 0], atol=1e-6)


@pytest.mark.slow
def test_the_nearest_of_real_transmission_lines_is_that_of_a_tree_of_boxes(shared, monkeypatch):
    path = shared / "data/us_transmission_hifld/transmission_lines_us.parquet"
    if not path.is_file():
        pytest.skip("the transmission lines are not there")
    layer = gpd.read_parquet(path).to_crs(5070).geometry.to_numpy()
    rng = np.random.default_rng(0)
    p = Positions.of(rng.uniform(-2.2e6, 2.1e6, 3000), rng.uniform(3e5, 3e6, 3000), "EPSG:5070")
    at, found = shapely.STRtree(layer).query_nearest(shapely.points(p.x, p.y))
    least = np.bincount(at, shapely.distance(shapely.points(p.x, p.y)[at], layer[found]), 3000)
    for fast in ("0", "1"):
        monkeypatch.setenv("POWERWALL_FAST", fast)
        which, _ = LineIndex(layer, "EPSG:5070").nearest(p)
        apart = shapely.distance(shapely.points(p.x, p.y), layer[which])
        np.testing.assert_allclose(apart, least / np.bincount(at, minlength=3000), atol=1.001e-3)
        assert (which <= found[np.searchsorted(at, np.arange(3000))]).all()
