"""Compiled searches: the rows of the default path, to the last bit, and when they are used."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from powerwall.region.search import kernels, points
from powerwall.region.search.lines import LineIndex
from powerwall.region.search.points import PointIndex
from powerwall.region.search.positions import TIE_M, Positions, chord_m

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


def given_up(monkeypatch, name, search):
    """How many candidates a compiled search left to the tree."""
    left = []
    plain = getattr(kernels, name)

    def counted(*given):
        found = plain(*given)
        left.append(int((found < 0).sum()))
        return found

    monkeypatch.setattr(kernels, name, counted)
    search()
    return sum(left)


def test_a_layer_that_is_equally_far_on_every_side_is_left_to_the_tree(monkeypatch):
    round_ = np.linspace(0, 2 * np.pi, 9000, endpoint=False)
    x, y = X + 4e5 * np.cos(round_), Y + 4e5 * np.sin(round_)
    rng = np.random.default_rng(8)
    apart = rng.uniform(-1, 1, (2, 300)) * np.repeat([1e3, 3e5], 150)
    p = Positions.of(*(apart + np.array([[X], [Y]])), CRS)
    layer = PointIndex(x, y, CRS)
    equal(both(monkeypatch, lambda: layer.nearest(p)))
    assert 0 < given_up(monkeypatch, "nearest_point", lambda: layer.nearest(p)) < len(p)
    ends = np.stack([np.column_stack([x, y]), np.column_stack([x + 300, y])], axis=1)
    lines = LineIndex(shapely.linestrings(ends), CRS)
    equal(both(monkeypatch, lambda: lines.nearest(p)))
    assert 0 < given_up(monkeypatch, "nearest_segment", lambda: lines.nearest(p)) < len(p)


def test_a_crowded_layer_is_left_to_the_tree(monkeypatch):
    rng = np.random.default_rng(10)
    spread = np.where(np.arange(6000) == 0, 2e6, 10.0)  # one outlier makes the cells large
    x, y = X + rng.normal(0, 1, 6000) * spread, Y + rng.normal(0, 1, 6000) * spread
    index = PointIndex(x, y, CRS)
    equal(both(monkeypatch, lambda: index.nearest(near_and_far(11))))
    assert given_up(monkeypatch, "nearest_point", lambda: index.nearest(near_and_far(11))) == 0


@pytest.mark.parametrize("metres", [500.0, 2e4, 3e5, 3e7])
def test_counts_are_those_of_the_pairs_with_and_without(monkeypatch, metres):
    rng = np.random.default_rng(12)
    x, y = np.round(rng.normal(0, 60, (2, 800))) * 1e3  # many lie exactly at the distance
    index, p = PointIndex(X + x, Y + y, CRS), near_and_far(13, 600)
    plain, fast = both(monkeypatch, lambda: index.count_within(p, metres))
    np.testing.assert_array_equal(fast, plain)
    far = np.sqrt(np.square(p.earth_centred[:, None] - index.positions.earth_centred).sum(axis=2))
    assert (plain == (far <= chord_m(metres + TIE_M)).sum(axis=1)).all()
    at, which = index.within(p, metres)
    np.testing.assert_array_equal(np.bincount(at, minlength=len(p)), plain)
    assert (np.diff(at * len(index) + which) > 0).all()


def test_pairs_are_the_same_however_many_are_held_at_once(monkeypatch):
    rng = np.random.default_rng(14)
    index, p = (
        PointIndex(*(rng.normal(0, 3e4, (2, 500)) + np.array([[X], [Y]])), CRS),
        near_and_far(15, 300),
    )
    whole = index.within(p, 1e4)
    assert len(whole[0]) > 100
    monkeypatch.setattr(points, "_MOST_PAIRS", 7)
    np.testing.assert_array_equal(index.within(p, 1e4), whole)
