"""Compiled searches: the rows of the default path, to the last bit, and when they are used."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from powerwall.region.search import kernels
from powerwall.region.search.lines import LineIndex
from powerwall.region.search.points import PointIndex
from powerwall.region.search.positions import Positions

CRS = "EPSG:32614"
X, Y = 5e5, 4.2e6


def both(monkeypatch, search):
    pytest.importorskip("numba")
    monkeypatch.setenv("POWERWALL_FAST", "0")
    assert not kernels.enabled()
    plain = search()
    monkeypatch.setenv("POWERWALL_FAST", "1")
    assert kernels.enabled()
    return plain, search()


def equal(pair):
    (which, metres), (fast_which, fast_metres) = pair
    np.testing.assert_array_equal(fast_which, which)
    np.testing.assert_array_equal(fast_metres.view(np.int64), metres.view(np.int64))


def near_and_far(seed, count=3000):
    """Candidates in the layer's box, round it, and far outside on every side."""
    rng = np.random.default_rng(seed)
    spread = np.repeat([5e4, 1.5e5, 1e6], count // 3)
    return Positions.of(X + rng.uniform(-1, 1, count) * spread, Y + rng.uniform(-1, 1, count) * spread, CRS)  # fmt: skip


@pytest.mark.parametrize("step", [1.0, 1e3, 2e-4])
@pytest.mark.parametrize("count", [1, 2, 40, 5000])
def test_points_are_the_same_to_the_last_bit(monkeypatch, count, step):
    rng = np.random.default_rng(count)
    x, y = np.round(rng.normal(0, 3e4, (2, count)) / 1e3) * step  # many ties, many duplicates
    equal(both(monkeypatch, lambda: PointIndex(X + x, Y + y, CRS).nearest(near_and_far(1))))


@pytest.mark.parametrize("step", [1.0, 1e3, 2e-4])
@pytest.mark.parametrize("count", [1, 2, 40, 3000])
def test_lines_are_the_same_to_the_last_bit(monkeypatch, count, step):
    rng = np.random.default_rng(count)
    ways = np.round(rng.normal(0, 30, (count, 1, 2)) + rng.normal(0, 4, (count, 3, 2))) * step
    layer = shapely.linestrings(ways + np.array([X, Y]))
    equal(both(monkeypatch, lambda: LineIndex(layer, CRS).nearest(near_and_far(2))))


def test_lines_of_one_row_of_cells_are_the_same(monkeypatch):
    layer = shapely.linestrings([[(X + i * 500, Y), (X + i * 500 + 400, Y)] for i in range(300)])
    equal(both(monkeypatch, lambda: LineIndex(layer, CRS).nearest(near_and_far(3))))


def test_points_all_over_the_earth_are_the_same(monkeypatch):
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(-180, 180, (2, 2000)), rng.uniform(-89, 89, (2, 2000))
    plane = rng.uniform(0, 1, (2, 2, 2000))
    sites = Positions.of(*plane[0], CRS, lon[0], lat[0])
    index = PointIndex(*plane[1], CRS)
    index.positions = Positions.of(*plane[1], CRS, lon[1], lat[1])
    equal(both(monkeypatch, lambda: index.nearest(sites)))


def test_without_a_place_for_the_cache_the_search_is_compiled_all_the_same(monkeypatch):
    numba = pytest.importorskip("numba")
    asked = []

    def refuse(**options):
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("no locator available")
        return lambda function: function

    monkeypatch.setattr(numba, "njit", refuse)
    assert kernels._machine_code.__wrapped__(len) is len
    assert asked == [True, False]


def test_it_is_off_where_numba_is_not_installed(monkeypatch):
    monkeypatch.setattr(kernels, "_installed", lambda: False)
    monkeypatch.delenv("POWERWALL_FAST", raising=False)
    assert not kernels.enabled()


def test_a_layer_far_from_its_candidates_is_left_to_the_tree(monkeypatch):
    rng = np.random.default_rng(8)
    x, y = X + rng.uniform(-4e4, 4e4, 4000), Y + 8e5 + rng.uniform(-4e4, 4e4, 4000)
    points, p = PointIndex(x, y, CRS), near_and_far(9)
    equal(both(monkeypatch, lambda: points.nearest(p)))
    assert (points._grid.nearest(p.earth_centred) < 0).any()
    ends = np.stack([np.column_stack([x, y]), np.column_stack([x + 300, y])], axis=1)
    lines = LineIndex(shapely.linestrings(ends), CRS)
    equal(both(monkeypatch, lambda: lines.nearest(p)))
    assert 0 < (lines._grid.nearest(p.x, p.y) < 0).sum() < len(p)


def test_a_crowded_layer_is_left_to_the_tree(monkeypatch):
    rng = np.random.default_rng(10)
    spread = np.where(np.arange(6000) == 0, 2e6, 10.0)  # one outlier makes the cells large
    x, y = X + rng.normal(0, 1, 6000) * spread, Y + rng.normal(0, 1, 6000) * spread
    index = PointIndex(x, y, CRS)
    equal(both(monkeypatch, lambda: index.nearest(near_and_far(11))))
    assert index._grid is None
