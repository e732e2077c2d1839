"""Exclusions by overlap: what many features cover together, against the union of all of them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.region.grid import overlaps
from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.overlaps import overlapped
from powerwall.region.grid.shares import QUARTER_PARTS

LATTICE = Lattice(1000.0, -7, -5, 15, 11)  # negative columns and rows too


def covered_shares(features, buffer_m, lattice):
    """Share of every cell of the block, by the union of everything."""
    shapes = shapely.buffer(features, buffer_m, quad_segs=QUARTER_PARTS) if buffer_m else features
    x, y = lattice.centres(np.arange(lattice.rows * lattice.columns))
    half = lattice.size_m / 2
    boxes = shapely.box(x - half, y - half, x + half, y + half)
    area = shapely.area(shapely.intersection(shapely.union_all(shapes), boxes))
    return (area / lattice.size_m**2).reshape(lattice.rows, lattice.columns)


def hits(features, buffer_m, least, lattice=LATTICE):
    everywhere = np.ones((lattice.rows, lattice.columns), bool)
    return overlapped(features, buffer_m, least, lattice, everywhere)


def rectangles(rng, count):
    west, south = rng.uniform(-9000, 9000, (2, count))
    return shapely.box(west, south, *(np.array([west, south]) + rng.uniform(100, 5000, (2, count))))


def roads(rng, count):
    return np.array([shapely.linestrings(rng.uniform(-12_000, 12_000, (4, 2))) for _ in range(count)])  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("least", [0.01, 0.3, 0.8, 1.0])
@pytest.mark.parametrize(("kind", "buffer_m"), [(rectangles, 0.0), (rectangles, 350.0), (roads, 350.0)])  # fmt: skip
def test_features_that_overlap_count_once(seed, least, kind, buffer_m):
    features = kind(np.random.default_rng(seed), 25)
    share = covered_shares(features, buffer_m, LATTICE)
    np.testing.assert_array_equal(hits(features, buffer_m, least), share >= least - 1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-16, 18)] * 4), min_size=1, max_size=8),
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
)
def test_edges_on_the_lines_and_in_the_middle_of_cells_are_no_exception(corners, least):
    boxes = [shapely.box(*(500.0 * np.array([a, b, a + abs(c) + 1, b + abs(d) + 1]))) for a, b, c, d in corners]  # fmt: skip
    features = np.array(boxes)
    share = covered_shares(features, 0.0, LATTICE)
    np.testing.assert_array_equal(hits(features, 0.0, least), share >= least - 1e-9)


def test_a_level_edge_bounds_what_lies_between_its_ends():
    road = np.array([shapely.LineString([(-20_000, 500), (20_000, 500)])])
    row = 500 // 1000 - LATTICE.row
    for least, expected in ((0.39, True), (0.41, False)):
        found = hits(road, 200.0, least)
        assert found[row].all() == found[row].any() == expected
        assert not np.delete(found, row, axis=0).any()


@pytest.mark.parametrize("seed", range(3))
def test_cells_do_not_depend_on_the_block_nor_on_the_batches(seed, monkeypatch):
    features = roads(np.random.default_rng(seed), 30)
    whole = hits(features, 400.0, 0.5)
    part = LATTICE._replace(column=LATTICE.column + 4, row=LATTICE.row + 3, columns=6, rows=5)
    np.testing.assert_array_equal(hits(features, 400.0, 0.5, part), whole[3:8, 4:10])
    monkeypatch.setattr(overlaps, "_BATCH_VERTICES", 5)
    np.testing.assert_array_equal(hits(features, 400.0, 0.5), whole)


@pytest.mark.parametrize("halves", [2, 20])
def test_parts_of_a_cell_add_up_whether_cells_or_features_are_more(halves):
    # west and east parts of every cell of a row, each below the share that both make together
    west = np.arange(LATTICE.column, LATTICE.column + LATTICE.columns) * 1000.0
    south, north = 0.0, 1000.0
    if halves == 2:  # two features for all cells
        comb = [shapely.box(west + shift, south, west + shift + 300.0, north) for shift in (0.0, 300.0)]  # fmt: skip
        features = np.array([shapely.multipolygons(teeth) for teeth in comb])
    else:  # many features for each cell
        shifts = np.arange(halves) * 600.0 / halves
        features = np.concatenate([shapely.box(west + s, south, west + s + 600.0 / halves, north) for s in shifts])  # fmt: skip
    row = -LATTICE.row
    assert hits(features, 0.0, 0.6)[row].all()
    assert not hits(features, 0.0, 0.61).any()


def test_nothing_covers_nothing():
    empty = np.array([], dtype=object)
    far = np.array([shapely.box(1e6, 1e6, 2e6, 2e6)])
    assert not hits(empty, 100.0, 0.01).any()
    assert not hits(far, 100.0, 0.01).any()
    assert hits(np.array([shapely.box(-1e6, -1e6, 1e6, 1e6)]), 0.0, 1.0).all()
