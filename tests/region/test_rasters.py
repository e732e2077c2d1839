"""Rasters: the cell that a position lies in, and what of it is known."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from powerwall.region.findings import BadInput, Findings
from powerwall.region.rasters import Raster, read_raster
from powerwall.region.rasters import raster as raster_module
from powerwall.region.region import LayerTable

rasterio = pytest.importorskip("rasterio")
UTM = "EPSG:32614"
NORTH_UP = (1000.0, 0.0, 500_000.0, 0.0, -1000.0, 4_300_000.0)
DEGREES = (0.01, 0.0, -99.5, 0.0, -0.01, 39.0)


def write(path, cells, crs=UTM, transform=NORTH_UP, *, mask=None, interp=None, **profile):
    """A GeoTIFF of one band, or of as many as `cells` has."""
    bands = cells if cells.ndim == 3 else cells[None]
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype.name,
        crs=crs, transform=rasterio.Affine(*transform), **profile,
    ) as target:  # fmt: skip
        if interp is not None:
            target.colorinterp = interp
        target.write(bands)
        if mask is not None:
            target.write_mask(mask)
    return path


def read(path, **table):
    """The raster, of which nothing is notable."""
    findings = Findings()
    entry = LayerTable(path=path.name, **table)
    raster = read_raster(
        "slope", entry, path, CRS(UTM), lambda *_: {}, ("layers", "slope"), findings
    )
    assert not list(findings)
    return raster


@pytest.fixture
def counted(tmp_path):
    """Cells numbered row by row, 40 rows of 60 columns."""
    return read(write(tmp_path / "counted.tif", np.arange(2400, dtype=np.int32).reshape(40, 60)))


def test_a_position_has_the_value_of_the_cell_it_lies_in(counted):
    rng = np.random.default_rng(1)
    column, row = rng.uniform(-5, 65, 500), rng.uniform(-5, 45, 500)
    found = counted.sample(500_000 + 1000 * column, 4_300_000 - 1000 * row, UTM)
    for value, c, r in zip(found, column, row, strict=True):
        if 0 <= c < 60 and 0 <= r < 40:
            assert value == int(r) * 60 + int(c)
        else:
            assert np.isnan(value)


def test_a_position_on_an_edge_belongs_to_the_cell_with_the_higher_column_and_row(counted):
    x = 500_000 + 1000 * np.array([0.0, 1.0, 59.0, 60.0, 0.0])
    y = 4_300_000 - 1000 * np.array([0.0, 1.0, 39.0, 0.0, 40.0])
    found = counted.sample(x, y, UTM)
    assert found[:3].tolist() == [0, 61, 39 * 60 + 59]
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize(
    "transform",
    [
        (1000.0, 0.0, 500_000.0, 0.0, 1000.0, 4_260_000.0),  # south-up
        (-1000.0, 0.0, 560_000.0, 0.0, -1000.0, 4_300_000.0),  # from east to west
        (800.0, 600.0, 500_000.0, 600.0, -800.0, 4_300_000.0),  # rotated
        (1000.0, 300.0, 500_000.0, 0.0, -1000.0, 4_300_000.0),  # sheared
    ],
)
def test_the_middle_of_a_cell_has_its_value_however_the_grid_is_turned(tmp_path, transform):
    cells = np.arange(2400, dtype=np.float32).reshape(40, 60)
    raster = read(write(tmp_path / "turned.tif", cells, transform=transform))
    rows, columns = np.indices(cells.shape)
    a, b, c, d, e, f = transform
    column, row = columns.ravel() + 0.5, rows.ravel() + 0.5
    x, y = a * column + b * row + c, d * column + e * row + f
    assert raster.sample(x, y, UTM).tolist() == cells.ravel().tolist()


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5070", "EPSG:32615"])
def test_positions_are_brought_into_the_system_of_the_raster(tmp_path, crs):
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(-99.4, -98.6, 300), rng.uniform(38.3, 38.9, 300)
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    step = (max(x) - min(x)) / 47
    transform = (step, 0.0, min(x) - step / 3, 0.0, -step, max(y) + step / 3)
    cells = rng.integers(0, 250, (60, 50)).astype(np.uint8)
    raster = read(write(tmp_path / "own.tif", cells, crs=crs, transform=transform))
    column = np.floor((x - transform[2]) / step).astype(int)
    row = np.floor((transform[5] - y) / step).astype(int)
    there = row < 60
    assert there.any()
    expected = np.where(there, cells[np.minimum(row, 59), column], np.nan)
    np.testing.assert_array_equal(raster.sample(lon, lat), expected)
    plane = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(lon, lat)
    assert np.mean(raster.sample(*plane, UTM)[there] == expected[there]) > 0.99


def test_a_raster_that_counts_longitudes_to_360_is_read_as_one_that_does_not(tmp_path):
    cells = np.arange(180 * 360, dtype=np.int32).reshape(180, 360)
    round_zero = write(tmp_path / "a.tif", np.roll(cells, 180, axis=1), "EPSG:4326", (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))  # fmt: skip
    from_zero = write(tmp_path / "b.tif", cells, "EPSG:4326", (1.0, 0.0, 0.0, 0.0, -1.0, 90.0))
    lon, lat = np.array([-99.3, -180.0, 0.0, 120.5, 179.9]), np.array([38.6, 10.0, 0.5, -9.0, 3.0])
    assert read(from_zero).sample(lon, lat).tolist() == read(round_zero).sample(lon, lat).tolist()
    assert read(from_zero).sample(lon, lat)[0] == 51 * 360 + 260


def middle(raster):
    """Values of all cells at their middles, in the shape of the raster."""
    rows, columns = np.indices(raster.shape)
    x, y = raster.centres(rows.ravel(), columns.ravel())
    return raster.sample(x, y, raster.crs).reshape(raster.shape)


def test_cells_without_data_are_unknown_whoever_says_so(tmp_path):
    by_file = np.array([[1, 7], [3, 255]], dtype=np.uint8)
    found = middle(read(write(tmp_path / "a.tif", by_file, nodata=255), nodata=["7"]))
    np.testing.assert_array_equal(found, [[1, np.nan], [3, np.nan]])
    lowest = np.finfo(np.float32).min
    of_floats = np.array([[1.5, np.nan], [np.inf, lowest]], dtype=np.float32)
    found = middle(read(write(tmp_path / "b.tif", of_floats, nodata=float(lowest))))
    np.testing.assert_array_equal(found, [[1.5, np.nan], [np.nan, np.nan]])


def test_a_number_that_cells_cannot_hold_is_no_sentinel_of_them(tmp_path):
    cells = np.array([[1, 255], [0, 254]], dtype=np.uint8)
    raster = read(write(tmp_path / "a.tif", cells), nodata=[-1, 256, 0.5])
    np.testing.assert_array_equal(middle(raster), cells)


def test_a_mask_and_an_alpha_band_hide_cells(tmp_path):
    cells = np.arange(6, dtype=np.uint8).reshape(2, 3)
    hidden = np.array([[0, 255, 255], [255, 255, 0]], dtype=np.uint8)
    expected = np.where(hidden > 0, cells, np.nan)
    masked = read(write(tmp_path / "mask.tif", cells, mask=hidden > 0))
    np.testing.assert_array_equal(middle(masked), expected)
    interp = [rasterio.enums.ColorInterp.gray, rasterio.enums.ColorInterp.alpha]
    clear = read(write(tmp_path / "alpha.tif", np.stack([cells, hidden]), interp=interp))
    np.testing.assert_array_equal(middle(clear), expected)


def test_the_band_is_the_one_asked_for(tmp_path):
    path = write(tmp_path / "a.tif", np.stack([np.full((2, 2), band, np.int16) for band in (4, 5)]))
    assert (middle(read(path)) == 4).all()
    assert (middle(read(path, band=2)) == 5).all()


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), window=st.sampled_from([1.0, 500.0, 1e9]))
def test_a_position_has_its_value_whatever_it_is_asked_with(tmp_path_factory, cuts, window):
    rng = np.random.default_rng(4)
    cells = rng.normal(size=(90, 70)).astype(np.float32)
    raster = read(write(tmp_path_factory.mktemp("cut") / "a.tif", cells, "EPSG:4326", DEGREES))
    lon, lat = rng.uniform(-99.6, -98.7, 400), rng.uniform(38.0, 39.1, 400)
    whole = raster.sample(lon, lat)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raster_module, "_WINDOW_BYTES", window)
        patch.setattr(raster_module, "TILE", 16)
        parts = [raster.sample(*part) for part in zip(np.split(lon, sorted(cuts)), np.split(lat, sorted(cuts)), strict=True)]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert np.isfinite(whole).any()
    assert np.isnan(whole).any()


def test_no_positions_have_no_values_and_one_that_is_not_finite_is_unknown(counted):
    assert counted.sample(np.empty(0), np.empty(0), UTM).shape == (0,)
    assert np.isnan(counted.sample(np.array([np.nan, np.inf]), np.array([0.0, 0.0]), UTM)).all()
    assert np.isnan(counted.sample(np.array([0.0, 500.0]), np.array([95.0, 0.0]))).all()


def test_a_raster_travels_between_processes_and_serves_threads(counted):
    twin = pickle.loads(pickle.dumps(counted))
    assert isinstance(twin, Raster)
    assert twin == counted
    x, y = np.linspace(500_001, 559_999, 999), np.full(999, 4_280_500.0)
    expected = counted.sample(x, y, UTM)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: twin.sample(x, y, UTM), range(32)):
            np.testing.assert_array_equal(found, expected)


def test_a_file_that_is_lost_after_it_was_read_is_a_finding(tmp_path):
    path = write(tmp_path / "a.tif", np.ones((4, 4), np.float32))
    raster = read(path)
    path.unlink()
    with pytest.raises(BadInput, match="cannot read the raster"):
        middle(raster)
