"""Rasters round a position: means, sums and shares, against geometry worked out cell by cell."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from powerwall.region.findings import Findings
from powerwall.region.rasters import (
    LEAST_KNOWN_SHARE,
    RASTER_MEASURES,
    Raster,
    boxes,
    check_measure,
    circles,
    measure,
    read_raster,
    unknown_reasons,
    zonal,
)
from powerwall.region.region import CustomCriterion, LayerTable

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("exactextract")
UTM = "EPSG:32614"
LEFT, TOP = 500_000.0, 4_300_000.0
NORTH_UP = (1000.0, 0.0, LEFT, 0.0, -1000.0, TOP)
SOUTH_UP = (1000.0, 0.0, LEFT, 0.0, 1000.0, TOP - 40_000)
TURNED = (800.0, 600.0, LEFT, 600.0, -800.0, TOP - 20_000)
SINGLE = 2e-7  # exactextract's covered shares are 32-bit floats


def raster_of(path, cells, crs=UTM, transform=NORTH_UP):
    height, width = cells.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=height, width=width, dtype=cells.dtype.name,
        crs=crs, transform=rasterio.Affine(*transform),
    ) as target:  # fmt: skip
        target.write(cells, 1)
    findings = Findings()
    raster = read_raster("slope", LayerTable(path=path.name), path, CRS(UTM), lambda *_: {}, ("layers", "slope"), findings)  # fmt: skip
    assert not list(findings)
    assert isinstance(raster, Raster)
    return raster


def holed(seed, shape=(40, 60)):
    """Cells of which one in ten holds no data."""
    rng = np.random.default_rng(seed)
    cells = rng.uniform(0, 30, shape)
    cells[rng.random(shape) < 0.1] = np.nan
    return cells


def outlines_of(raster, cells):
    """Polygon of every cell, in the raster's own coordinate system."""
    a, b, c, d, e, f = raster.transform
    rows, columns = (part.ravel()[:, None] for part in np.indices(cells.shape))
    column, row = columns + np.array([0, 1, 1, 0]), rows + np.array([0, 0, 1, 1])
    return shapely.polygons(np.stack([a * column + b * row + c, d * column + e * row + f], axis=-1))


def covered(raster, cells, outline):
    """Area of every cell inside an outline, in the shape of the cells. [m²]"""
    parts = shapely.intersection(outlines_of(raster, cells), shapely.Polygon(outline))
    return shapely.area(parts).reshape(cells.shape)


def some_positions(n, seed=7):
    rng = np.random.default_rng(seed)
    return LEFT + rng.uniform(8000, 50_000, n), TOP - rng.uniform(8000, 32_000, n)


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, TURNED])
@pytest.mark.parametrize("where", ["", "value >= 15"])
def test_a_statistic_is_that_of_the_cells_by_their_area_in_the_circle(tmp_path, transform, where):
    cells = holed(1)
    raster = raster_of(tmp_path / "a.tif", cells, transform=transform)
    x, y = some_positions(12)
    found = {name: zonal(raster, x, y, UTM, name, radius_m=3700, where=where) for name in ("mean", "sum", "share")}  # fmt: skip
    for n, outline in enumerate(circles(x, y, 3700)):
        area, known = covered(raster, cells, outline), ~np.isnan(cells)
        met = known & (cells >= 15) if where else known
        share = area[known].sum() / shapely.Polygon(outline).area
        for result in found.values():
            assert result.known_share[n] == pytest.approx(share, rel=SINGLE)
        if share < LEAST_KNOWN_SHARE:
            assert all(np.isnan(result.value[n]) for result in found.values())
            continue
        total = (area * np.where(met, cells, 0)).sum()
        assert found["mean"].value[n] == pytest.approx(total / area[met].sum(), rel=SINGLE)
        assert found["sum"].value[n] == pytest.approx(total / 1e6, rel=SINGLE)
        assert found["share"].value[n] == pytest.approx(area[met].sum() / area[known].sum(), rel=SINGLE)  # fmt: skip
    assert np.isfinite(found["mean"].value).any()


def test_a_square_is_the_cell_of_a_grid(tmp_path):
    cells = holed(2)
    raster = raster_of(tmp_path / "a.tif", cells)
    x, y = some_positions(10)
    found = zonal(raster, x, y, UTM, "mean", width_m=5000)
    for n in range(10):
        outline = shapely.box(x[n] - 2500, y[n] - 2500, x[n] + 2500, y[n] + 2500).exterior.coords
        area, known = covered(raster, cells, outline), ~np.isnan(cells)
        expected = (area * np.nan_to_num(cells)).sum() / area[known].sum()
        assert found.value[n] == pytest.approx(expected, rel=SINGLE)
    assert shapely.area(shapely.polygons(boxes(x, y, 5000))) == pytest.approx(np.full(10, 25e6))
    # the square of one cell of the raster is that cell
    own = zonal(raster, np.array([LEFT + 5500]), np.array([TOP - 7500]), UTM, "sum", width_m=1000)
    np.testing.assert_allclose(own.value, cells[7, 5], rtol=SINGLE)


def test_a_mean_over_degrees_weighs_cells_by_their_size_on_the_earth(tmp_path):
    step, rows, columns = 0.05, 200, 300
    north = 44.0
    lat = north - step * (np.arange(rows) + 0.5)
    cells = np.broadcast_to(lat[:, None], (rows, columns)).copy()
    raster = raster_of(
        tmp_path / "a.tif", cells, "EPSG:4326", (step, 0.0, -106.0, 0.0, -step, north)
    )
    x, y = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(-99.0, 39.0)
    x, y = np.array([x]), np.array([y])
    # a fine mesh in the plane, whose scale is that of the Earth to 1e-3 here
    offset = np.linspace(-100_000, 100_000, 801)
    dx, dy = (part.ravel() for part in np.meshgrid(offset, offset))
    inside = dx**2 + dy**2 <= 100_000**2
    values = raster.sample(x + dx[inside], y + dy[inside], UTM)
    found = zonal(raster, x, y, UTM, "mean", radius_m=100_000)
    assert found.known_share == pytest.approx(1, abs=1e-6)
    assert found.value == pytest.approx(values.mean(), abs=2e-3)
    share = zonal(raster, x, y, UTM, "share", radius_m=100_000, where="value >= 39.2")
    assert share.value == pytest.approx((values >= 39.2).mean(), abs=2e-3)


def test_an_amount_is_kept_when_the_plane_is_cut_into_squares(tmp_path):
    cells = np.random.default_rng(3).integers(0, 500, (40, 60)).astype(np.float32)
    raster = raster_of(tmp_path / "a.tif", cells)
    across, down = np.meshgrid(np.arange(1250, 60_000, 2500.0), np.arange(1250, 40_000, 2500.0))
    people = zonal(raster, LEFT + across.ravel(), TOP - down.ravel(), UTM, "sum", width_m=2500)
    assert people.value.sum() == pytest.approx(cells.sum(), rel=SINGLE)


def test_weights_on_the_same_and_on_another_grid(tmp_path):
    cells, people = holed(4), np.random.default_rng(5).uniform(0, 100, (40, 60))
    people[3, :] = -1.0  # no weight is negative: unknown
    raster = raster_of(tmp_path / "a.tif", cells)
    same = raster_of(tmp_path / "b.tif", people)
    coarse_cells = np.random.default_rng(6).uniform(1, 9, (20, 30))
    coarse = raster_of(tmp_path / "c.tif", coarse_cells, transform=(2000.0, 0.0, LEFT, 0.0, -2000.0, TOP))  # fmt: skip
    at_cells = np.kron(coarse_cells, np.ones((2, 2)))
    x, y = (
        LEFT + np.array([10_300.0, 30_000.0, 41_777.0]),
        TOP - np.array([6200.0, 20_100.0, 9000.0]),
    )
    for weights, numbers in ((same, np.where(people < 0, np.nan, people)), (coarse, at_cells)):
        found = zonal(raster, x, y, UTM, "mean", radius_m=4100, weights=weights)
        for n, outline in enumerate(circles(x, y, 4100)):
            area = covered(raster, cells, outline)
            known = ~np.isnan(cells) & ~np.isnan(numbers)
            weight = np.where(known, area * numbers, 0)
            expected = (weight * np.nan_to_num(cells)).sum() / weight.sum()
            assert found.value[n] == pytest.approx(expected, rel=5 * SINGLE)
            share = area[known].sum() / shapely.Polygon(outline).area
            assert found.known_share[n] == pytest.approx(share, rel=SINGLE)


def test_weights_of_zero_make_a_mean_unknown(tmp_path):
    raster = raster_of(tmp_path / "a.tif", np.ones((40, 60)))
    nobody = raster_of(tmp_path / "b.tif", np.zeros((40, 60)))
    x, y = some_positions(3)
    found = zonal(raster, x, y, UTM, "mean", radius_m=2000, weights=nobody)
    assert np.isnan(found.value).all()
    assert found.known_share == pytest.approx(np.ones(3), rel=SINGLE)


def test_a_figure_needs_half_of_its_circle(tmp_path):
    raster = raster_of(tmp_path / "a.tif", np.full((40, 60), 5.0))
    x, y = LEFT + np.array([10.0, -10.0, -9000.0, 30_000.0]), np.full(4, TOP - 20_000)
    found = zonal(raster, x, y, UTM, "mean", radius_m=3000)
    assert found.value[[0, 3]].tolist() == pytest.approx([5, 5], rel=SINGLE)
    assert np.isnan(found.value[[1, 2]]).all()
    assert found.known_share[0] > 0.5 > found.known_share[1] > 0
    assert unknown_reasons(found, "slope").tolist() == [
        "", "slope is known in less than 50 % of the area", "slope has no data here", "",
    ]  # fmt: skip
    none = measure("area_weighted_mean", raster, x, y, UTM, within_km=3.0, where="value > 6")
    assert unknown_reasons(none, "slope")[3] == "no cell of slope counts here"


def test_a_condition_that_nothing_meets_leaves_a_sum_and_a_share_of_zero(tmp_path):
    raster = raster_of(tmp_path / "a.tif", np.full((40, 60), 5.0))
    x, y = some_positions(2)
    for name in ("sum", "share"):
        assert zonal(raster, x, y, UTM, name, radius_m=900, where="value > 6").value.tolist() == [
            0,
            0,
        ]


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=5),
    statistic=st.sampled_from(["mean", "sum", "share"]),
)
def test_a_position_has_its_figures_to_the_last_bit_whatever_it_is_asked_with(
    tmp_path_factory, cuts, statistic
):
    cells = holed(8, (70, 90))
    raster = raster_of(tmp_path_factory.mktemp("cut") / "a.tif", cells, "EPSG:4326", (0.01, 0.0, -99.6, 0.0, -0.01, 39.0))  # fmt: skip
    rng = np.random.default_rng(9)
    lon, lat = rng.uniform(-99.7, -98.6, 60), rng.uniform(38.2, 39.1, 60)
    x, y = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(lon, lat)

    def asked(x, y):
        return np.stack(zonal(raster, x, y, UTM, statistic, radius_m=5000, where="value < 25"))

    module = sys.modules[zonal.__module__]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TILE", 16)
        patch.setattr(module, "_OUTLINES", 7)
        whole = asked(x, y)
        parts = [asked(*part) for part in zip(np.split(x, sorted(cuts)), np.split(y, sorted(cuts)), strict=True)]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    np.testing.assert_allclose(whole, asked(x, y), rtol=1e-6)
    assert np.isfinite(whole[0]).any()
    assert np.isnan(whole[0]).any()


def test_positions_that_are_not_finite_are_unknown(tmp_path):
    raster = raster_of(tmp_path / "a.tif", np.ones((40, 60)))
    found = zonal(
        raster, np.array([np.nan, np.inf]), np.array([TOP, TOP]), UTM, "sum", radius_m=900
    )
    assert np.isnan(found.value).all()
    assert found.known_share.tolist() == [0, 0]
    assert zonal(raster, np.empty(0), np.empty(0), UTM, "sum", radius_m=900).value.shape == (0,)


def test_an_outline_across_the_edge_of_the_world_map_stays_in_one_piece(tmp_path):
    lat = 89.5 - np.arange(180.0)
    raster = raster_of(tmp_path / "a.tif", np.broadcast_to(lat[:, None], (180, 360)).copy(), "EPSG:4326", (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))  # fmt: skip
    crs = "EPSG:32660"
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(179.99, 60.0)
    found = zonal(raster, np.array([x]), np.array([y]), crs, "mean", radius_m=20_000)
    assert 0.4 < found.known_share[0] < 0.6
    assert np.isnan(found.value[0]) or abs(found.value[0] - 60) < 0.5


def test_a_radius_or_a_width_is_needed_and_not_both(tmp_path):
    raster = raster_of(tmp_path / "a.tif", np.ones((4, 4)))
    for size in ({}, {"radius_m": 1.0, "width_m": 1.0}):
        with pytest.raises(ValueError, match="either radius_m or width_m"):
            zonal(raster, np.zeros(1), np.zeros(1), UTM, "mean", **size)


def test_every_measure_is_the_statistic_of_its_name(tmp_path):
    cells = holed(10)
    raster = raster_of(tmp_path / "a.tif", cells)
    x, y = some_positions(20)
    for name, statistic in (("area_weighted_mean", "mean"), ("sum_within", "sum"), ("share_covered", "share")):  # fmt: skip
        for mine, own in (({"within_km": 2.5}, {"radius_m": 2500}), ({"cell_km": 2.5}, {"width_m": 2500})):  # fmt: skip
            np.testing.assert_array_equal(
                measure(name, raster, x, y, UTM, where="value < 20", **mine),
                zonal(raster, x, y, UTM, statistic, where="value < 20", **own),
            )
    value = raster.sample(x, y, UTM)
    found = measure("value_at", raster, x, y, UTM, where="value < 20")
    np.testing.assert_array_equal(found.value, np.where(value < 20, value, np.nan))
    np.testing.assert_array_equal(found.known_share, ~np.isnan(value))
    assert set(RASTER_MEASURES) == {"value_at", "area_weighted_mean", "sum_within", "share_covered"}


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"measure": "count_within"}, "PW102", "counts features"),
        ({"measure": "distance_km"}, "PW102", "is a raster"),
        ({"measure": "length_within"}, "PW102", "adds up lines"),
        ({"measure": "value_at", "column": "mw"}, "PW203", "called `value`"),
        ({"measure": "value_at", "weights": "people"}, "PW102", "area_weighted_mean"),
        ({"measure": "share_covered"}, "PW103", "needs a condition"),
        ({"measure": "value_at", "where": "slope > 3"}, "PW203", "reads `slope`"),
        ({"measure": "value_at", "where": "value > 'a'"}, "PW102", "compared with"),
        ({"measure": "value_at", "where": "value >"}, "PW102", "cannot read the condition"),
    ],
)
def test_what_a_raster_cannot_give_is_a_finding(asked, code, words):
    findings = Findings()
    check_measure("x", CustomCriterion(layer="slope", **asked), {}, findings)
    assert [item.code for item in findings] == [code]
    assert words in next(iter(findings)).message


@pytest.mark.parametrize("name", RASTER_MEASURES)
def test_what_a_raster_can_give_is_none(name):
    findings = Findings()
    entry = CustomCriterion(
        layer="slope", measure=name, column="value", where="value >= 15 and value < 90", within_km=2
    )
    check_measure("x", entry, {}, findings)
    assert not list(findings)


def test_without_exactextract_only_a_value_at_a_position_is_had(monkeypatch):
    module = sys.modules[check_measure.__module__]
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    for name in RASTER_MEASURES:
        findings = Findings()
        check_measure(
            "x", CustomCriterion(layer="slope", measure=name, where="value > 1"), {}, findings
        )
        told = [(item.code, "powerwall[raster]" in item.remedy) for item in findings]
        assert told == ([] if name == "value_at" else [("PW202", True)])
