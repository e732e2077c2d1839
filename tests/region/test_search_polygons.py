"""Polygons: those that cover a position, borders included, against all pairs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from powerwall.region.search.lines import LineIndex
from powerwall.region.search.mixed import MixedIndex, index_of
from powerwall.region.search.points import PointIndex
from powerwall.region.search.polygons import PolygonIndex
from powerwall.region.search.positions import Positions

CRS = "EPSG:32614"
X, Y = 5e5, 4.2e6


def candidates(count=2000, seed=0, spread=1.2e5):
    rng = np.random.default_rng(seed)
    return Positions.of(X + rng.uniform(-spread, spread, count), Y + rng.uniform(-spread, spread, count), CRS)  # fmt: skip


def discs(count, seed, radius=2e4):
    rng = np.random.default_rng(seed)
    x, y = X + rng.uniform(-1e5, 1e5, count), Y + rng.uniform(-1e5, 1e5, count)
    return shapely.buffer(shapely.points(x, y), rng.uniform(100, radius, count), quad_segs=5)


def squares(side=1e4, half=6):
    at = np.arange(-half, half) * side
    x, y = X + np.repeat(at, 2 * half), Y + np.tile(at, 2 * half)
    return shapely.box(x, y, x + side, y + side)


RING = shapely.difference(discs(1, 8, 200)[0].buffer(6e4), discs(1, 8, 200)[0].buffer(3e4))
LAYERS = {
    "overlapping": discs(120, 1),
    "mosaic": squares(),
    "with holes": np.array([RING, shapely.box(X, Y, X + 3e4, Y + 2e4), RING]),
    "of several parts": np.array([shapely.union_all(discs(9, seed)) for seed in range(6)]),
    "tiny": discs(30, 2, 101),
    "one": discs(1, 3),
    "nested": shapely.buffer(shapely.Point(X, Y), np.arange(1, 40) * 2500.0),
    "a sliver": np.array([shapely.box(X - 1e5, Y, X + 1e5, Y + 0.01)]),
    "some missing and empty": np.array([None, shapely.Polygon(), *discs(9, 4), None]),
}


def all_pairs(p, layer):
    return np.nonzero(shapely.intersects(shapely.points(p.x, p.y)[:, None], layer[None, :]))


@pytest.mark.parametrize("name", LAYERS)
def test_the_covering_polygons_are_those_of_all_pairs(name):
    layer, p = LAYERS[name], candidates()
    at, which = PolygonIndex(layer, CRS).covering(p)
    expected = all_pairs(p, layer)
    np.testing.assert_array_equal(at, expected[0])
    np.testing.assert_array_equal(which, expected[1])


@pytest.mark.parametrize("name", LAYERS)
def test_a_position_on_a_border_is_covered(name):
    layer = LAYERS[name]
    vertices = shapely.get_coordinates(layer)
    p = Positions.of(*vertices.T, CRS)
    at, which = PolygonIndex(layer, CRS).covering(p)
    expected = all_pairs(p, layer)
    np.testing.assert_array_equal(at, expected[0])
    np.testing.assert_array_equal(which, expected[1])
    np.testing.assert_array_equal(np.unique(at), np.arange(len(vertices)))


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=12))
def test_borders_and_corners_of_boxes_on_whole_numbers(corners):
    layer = np.array([shapely.box(a, b, a + c + 1, b + d + 1) for a, b, c, d in corners])
    side = np.arange(-0.5, 15, 0.5)
    p = Positions.of(np.repeat(side, len(side)), np.tile(side, len(side)), CRS)
    at, which = PolygonIndex(layer, CRS).covering(p)
    expected = all_pairs(p, layer)
    np.testing.assert_array_equal(at, expected[0])
    np.testing.assert_array_equal(which, expected[1])


def test_the_first_is_the_lowest_row_and_none_is_minus_one():
    layer, p = LAYERS["overlapping"], candidates()
    covered = shapely.intersects(shapely.points(p.x, p.y)[:, None], layer[None, :])
    expected = np.where(covered.any(axis=1), covered.argmax(axis=1), -1)
    assert (expected == -1).any()
    np.testing.assert_array_equal(PolygonIndex(layer, CRS).first(p), expected)
    shared_corner = Positions.of([X], [Y], CRS)
    assert PolygonIndex(squares(), CRS).first(shared_corner).tolist() == [5 * 12 + 5]


@pytest.mark.parametrize("name", LAYERS)
def test_the_nearest_polygon_is_that_of_all_pairs(name):
    layer, p = LAYERS[name], candidates(300)
    plane = shapely.distance(shapely.points(p.x, p.y)[:, None], layer[None, :])
    plane = np.where(np.isnan(plane), np.inf, plane)
    which, metres = PolygonIndex(layer, CRS).nearest(p)
    np.testing.assert_array_equal(which, (plane <= plane.min(axis=1, keepdims=True) + 1e-3).argmax(axis=1))  # fmt: skip
    np.testing.assert_allclose(metres, plane.min(axis=1), rtol=1e-3)


def test_results_do_not_depend_on_the_other_candidates_nor_on_threads():
    p, layer = candidates(3000), LAYERS["overlapping"]
    first, (_, metres) = PolygonIndex(layer, CRS).first(p), PolygonIndex(layer, CRS).nearest(p)
    starts = range(0, 3000, 97)
    for _ in range(5):  # threads that ask a fresh index at once
        index = PolygonIndex(layer, CRS)
        with ThreadPoolExecutor(4) as threads:
            parts = list(threads.map(lambda i, index=index: index.first(p.to(slice(i, i + 97))), starts))  # fmt: skip
            far = list(threads.map(lambda i, index=index: index.nearest(p.to(slice(i, i + 97)))[1], starts))  # fmt: skip
        np.testing.assert_array_equal(np.concatenate(parts), first)
        np.testing.assert_array_equal(np.concatenate(far), metres)
    order = np.random.default_rng(6).permutation(3000)
    mixed = index.first(Positions.of(p.x[order], p.y[order], CRS))
    np.testing.assert_array_equal(mixed, first[order])


def test_the_layer_itself_is_not_prepared():
    layer = discs(3, 5)
    PolygonIndex(layer, CRS).first(candidates(10))
    assert not shapely.is_prepared(layer).any()


def test_what_is_not_a_polygon_covers_nothing():
    layer = [shapely.LineString([(X - 9, Y), (X + 9, Y)]), shapely.Point(X, Y), shapely.box(X, Y, X + 9, Y + 9)]  # fmt: skip
    at, which = PolygonIndex(layer).covering(Positions.of([X, X - 5], [Y, Y], CRS))
    assert (at.tolist(), which.tolist()) == ([0], [2])


def test_the_polygons_of_a_collection_cover():
    square, line = shapely.box(X, Y, X + 9, Y + 9), shapely.LineString([(X, Y - 9), (X, Y)])
    both = shapely.MultiPolygon([square, shapely.box(X + 20, Y, X + 29, Y + 9)])
    layer = [shapely.GeometryCollection([line]), shapely.GeometryCollection([line, square]),
             None, shapely.GeometryCollection([both, line])]  # fmt: skip
    at, which = PolygonIndex(layer).covering(Positions.of([X + 5, X + 25, X], [Y + 5, Y + 5, Y - 5], CRS))  # fmt: skip
    assert (at.tolist(), which.tolist()) == ([0, 0, 1], [1, 3, 3])


def test_the_nearest_polygon_needs_the_coordinate_system():
    with pytest.raises(ValueError, match="coordinate system"):
        PolygonIndex(discs(1, 3)).nearest(candidates(20))


def test_an_empty_layer_covers_nothing():
    for layer in ([], [None], [shapely.Polygon()]):
        index, p = PolygonIndex(layer, CRS), candidates(2)
        assert len(index.covering(p)[0]) == 0
        assert index.first(p).tolist() == [-1, -1]
        assert index.nearest(p)[0].tolist() == [-1, -1]
        assert np.isnan(index.nearest(p)[1]).all()


def test_an_index_is_chosen_by_the_kind_of_the_layer():
    point, line, area = shapely.Point(X, Y), shapely.LineString([(X, Y), (X + 9, Y)]), discs(1, 6)[0]  # fmt: skip
    assert isinstance(index_of([point], CRS), PointIndex)
    assert isinstance(index_of([line, shapely.multilinestrings([line])], CRS), LineIndex)
    assert isinstance(index_of([area], CRS), PolygonIndex)
    assert isinstance(index_of([area, point], CRS), MixedIndex)
    which, metres = index_of([], CRS).nearest(candidates(2))
    assert which.tolist() == [-1, -1]
    assert np.isnan(metres).all()


def test_the_nearest_of_several_kinds_is_that_of_all_pairs():
    rng = np.random.default_rng(7)
    ends = rng.uniform(-1e5, 1e5, (30, 2, 2)) + np.array([X, Y])
    lines, p = shapely.linestrings(ends), candidates(300, spread=2e5)
    layer = np.array([*shapely.points(ends[:, 0] + 1e4), *lines, *discs(20, 8), None, shapely.Point(),
                      shapely.MultiPoint([(X, Y), (X + 9e4, Y)]), shapely.GeometryCollection([*discs(2, 9), lines[0]])])  # fmt: skip
    layer = layer[rng.permutation(len(layer))]
    plane = shapely.distance(shapely.points(p.x, p.y)[:, None], layer[None, :])
    plane = np.where(np.isnan(plane), np.inf, plane)
    which, metres = index_of(layer, CRS).nearest(p)
    np.testing.assert_allclose(metres, plane.min(axis=1), rtol=1e-3)
    at = np.arange(len(p))
    np.testing.assert_allclose(plane[at, which], plane.min(axis=1), rtol=1e-3)


def test_of_kinds_equally_near_the_lowest_row_is_taken():
    area, point = shapely.box(X, Y, X + 100, Y + 100), shapely.Point(X, Y + 50)
    p = Positions.of([X - 40], [Y + 50], CRS)
    assert index_of([area, point], CRS).nearest(p)[0].tolist() == [0]
    assert index_of([point, area], CRS).nearest(p)[0].tolist() == [0]


def test_the_county_of_a_position_is_that_of_a_tree_of_polygons(shared):
    path = shared / "data/us_boundaries/counties_us_500k_2016.parquet"
    if not path.is_file():
        pytest.skip("the counties are not there")
    layer = gpd.read_parquet(path).to_crs(5070).geometry.to_numpy()
    rng = np.random.default_rng(0)
    p = Positions.of(rng.uniform(-2.5e6, 2.4e6, 4000), rng.uniform(0, 3.2e6, 4000), "EPSG:5070")
    at, which = shapely.STRtree(layer).query(shapely.points(p.x, p.y), predicate="intersects")
    order = np.lexsort((which, at))
    found = PolygonIndex(layer, "EPSG:5070").covering(p)
    np.testing.assert_array_equal(found[0], at[order])
    np.testing.assert_array_equal(found[1], which[order])


@pytest.mark.parametrize("step", [0.1, 100.1, 1234.567, 1000.0])
def test_vertices_on_the_middles_of_rows_of_cells_do_not_shift_what_is_inside(step):
    rng = np.random.default_rng(0)
    for _ in range(20):
        west, south = rng.integers(-60, 0, (2, 15)) * step
        east, north = rng.integers(1, 60, (2, 15)) * step
        corners = np.stack([[west, south], [east, south], [(west + east) / 2, north]]).transpose(2, 0, 1)  # fmt: skip
        layer = np.append(shapely.polygons(corners), shapely.box(-64 * step, -64 * step, 64 * step, 64 * step))  # fmt: skip
        x, y = rng.uniform(-64 * step, 64 * step, (2, 400))
        at, which = PolygonIndex(layer, CRS).covering(Positions.of(x, y, CRS))
        held = shapely.intersects_xy(layer[:, None], x, y)
        np.testing.assert_array_equal(np.stack([at, which]), np.nonzero(held.T))
