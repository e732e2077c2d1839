"""Raster layers: what a region file declares of one, and every reason why one cannot be used."""

from __future__ import annotations

import hashlib
import sys
from datetime import date

import numpy as np
import pytest
from pyproj import Transformer

import powerwall as pw

rasterio = pytest.importorskip("rasterio")
from affine import Affine  # noqa: E402 — comes with rasterio

#: Covers the sites of the tiny region, near 99° W 38.5° N.
SITES = Affine(500.0, 0, 490_000.0, 0, -500.0, 4_280_000.0)
CELLS = np.random.default_rng(7).normal(50, 20, (40, 60))
ABOUT = {"as_of": date(2026, 7, 1), "licenses": ["CC0-1.0"], "source": {"title": "made up"}}


def write(path, cells, transform=SITES, crs="EPSG:32614", *, mask=None, **options):
    """A GeoTIFF of one band."""
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1,
        dtype=cells.dtype, crs=crs, transform=transform, **options,
    ) as file:  # fmt: skip
        file.write(cells, 1)
        if mask is not None:
            file.write_mask(mask)
    return path


def place(transform, column, row):
    """Positions in the plane of columns and rows with fractions."""
    a, b, c, d, e, f = tuple(transform)[:6]
    return a * column + b * row + c, d * column + e * row + f


def region_file(make_region, folder, **keys):
    return make_region(folder, toml={"layers": {"slope": {"path": "tiny/slope.tif", **ABOUT, **keys}}})  # fmt: skip


def refused(make_region, folder, **keys):
    path = region_file(make_region, folder, **keys)
    with pytest.raises(pw.BadInput) as caught:
        pw.read(path)
    return caught.value.findings


def tif(folder):
    (folder / "tiny").mkdir(exist_ok=True)
    return folder / "tiny" / "slope.tif"


def test_a_raster_is_a_layer_with_its_provenance_and_without_rows(make_region, tmp_path):
    file = write(tif(tmp_path), CELLS.astype("float32"), SITES, nodata=-1)
    layer = pw.read(region_file(make_region, tmp_path)).layers["slope"]
    assert layer.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (layer.as_of, layer.title, layer.licenses) == (date(2026, 7, 1), "made up", ("CC0-1.0",))
    assert layer.frame.empty
    assert list(layer.frame.columns) == ["value", "geometry"]
    raster = layer.raster
    assert (raster.shape, raster.band, raster.transform) == (CELLS.shape, 1, tuple(SITES)[:6])
    assert -1.0 in raster.nodata
    x, y = place(SITES, np.array([3.5]), np.array([2.5]))
    lon, lat = Transformer.from_crs(32614, 4326, always_xy=True).transform(x, y)
    assert raster.sample(lon, lat)[0] == np.float32(CELLS[2, 3])


def test_a_region_with_a_raster_is_checked_ranked_and_written_as_any_other(make_region, tmp_path, tiny, tiny_measures):  # fmt: skip
    from powerwall.ranking.check import check

    write(tif(tmp_path), CELLS, SITES)
    path = region_file(make_region, tmp_path)
    assert "error" not in {finding.severity for finding in check(path)}
    region = pw.read(path)
    ranking = pw.rank(region, pw.measure(region))
    plain = pw.rank(tiny, tiny_measures)
    assert ranking.frame["score"].equals(plain.frame["score"])
    ranking.save(tmp_path / "ranking.csv")
    assert region.layers["slope"].sha256 in (tmp_path / "ranking.csv.meta.json").read_text(encoding="utf-8")  # fmt: skip


def test_a_changed_raster_is_a_change_of_its_layer(make_region, tmp_path):
    from powerwall.ranking.ingredients import differing

    sides = []
    for name, cells in (("base", CELLS), ("head", CELLS + 1)):
        (tmp_path / name).mkdir()
        write(tif(tmp_path / name), cells, SITES)
        region = pw.read(region_file(make_region, tmp_path / name))
        sides.append(pw.rank(region, pw.measure(region)))
    assert ("layer", "slope") in [(item.kind, item.name) for item in differing(*sides)]
    assert differing(sides[0], sides[0]) == []


def test_band_nodata_scale_and_offset_of_file_and_table_are_all_applied(make_region, tmp_path):
    with rasterio.open(
        tif(tmp_path), "w", driver="GTiff", height=2, width=3, count=2, dtype="int16",
        crs="EPSG:32614", transform=SITES, nodata=-1,
    ) as file:  # fmt: skip
        file.write(np.array([[[0, 0, 0]] * 2, [[100, -1, 7], [200, -9999, 50]]], dtype="int16"))
        file.scales, file.offsets = (1.0, 0.1), (0.0, 2.0)
    keys = {"band": 2, "nodata": [7], "scale": 10, "offset": -1}
    raster = pw.read(region_file(make_region, tmp_path, **keys)).layers["slope"].raster
    column, row = (part.ravel() + 0.5 for part in np.meshgrid(np.arange(3), np.arange(2)))
    found = raster.sample(*(place(SITES, column, row)), "EPSG:32614")
    np.testing.assert_allclose(found, [119, np.nan, np.nan, 219, np.nan, 69])


def test_masks_of_the_file_are_found(make_region, tmp_path):
    shown = np.full(CELLS.shape, 255, dtype="uint8")
    shown[0, 0] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write(tif(tmp_path), CELLS, SITES, mask=shown)
    raster = pw.read(region_file(make_region, tmp_path)).layers["slope"].raster
    assert (raster.masked, raster.alpha) == (True, 0)
    x, y = place(SITES, np.array([0.5, 1.5]), np.array([0.5, 0.5]))
    np.testing.assert_array_equal(raster.sample(x, y, "EPSG:32614"), [np.nan, CELLS[0, 1]])


def test_an_undeclared_sentinel_is_unknown_and_said(make_region, tmp_path):
    cells = CELLS.copy()
    cells[-1, -1] = -9999
    write(tif(tmp_path), cells, SITES)
    region = pw.read(region_file(make_region, tmp_path))
    assert [f.remedy for f in region.findings if f.code == "PW403" and "slope" in f.message] == [
        "declare it:  nodata = [-9999.0]"
    ]
    x, y = place(SITES, np.array([59.5]), np.array([39.5]))
    assert np.isnan(region.layers["slope"].raster.sample(x, y, "EPSG:32614")[0])
    declared = pw.read(region_file(make_region, tmp_path, nodata=[-9999]))
    assert not [f for f in declared.findings if f.code == "PW403" and "slope" in f.message]


def test_a_virtual_raster_is_read_by_its_sources(make_region, tmp_path):
    write(tif(tmp_path), CELLS, SITES)
    (tmp_path / "tiny" / "slope.vrt").write_text(
        f'<VRTDataset rasterXSize="60" rasterYSize="40"><SRS>EPSG:32614</SRS>'
        f"<GeoTransform>{', '.join(str(v) for v in SITES.to_gdal())}</GeoTransform>"
        f'<VRTRasterBand dataType="Float64" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="1">slope.tif</SourceFilename><SourceBand>1</SourceBand>'
        f"</SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    raster = pw.read(region_file(make_region, tmp_path, path="tiny/slope.vrt")).layers["slope"].raster  # fmt: skip
    x, y = place(SITES, np.array([5.5]), np.array([6.5]))
    assert raster.sample(x, y, "EPSG:32614")[0] == CELLS[6, 5]


def test_a_raster_without_a_coordinate_system_must_declare_it(make_region, tmp_path):
    write(tif(tmp_path), CELLS, SITES, crs=None)
    (finding,) = refused(make_region, tmp_path)
    assert finding.code == "PW302"
    assert 'crs = "EPSG:4326"' in finding.remedy
    layer = pw.read(region_file(make_region, tmp_path, crs="EPSG:32614")).layers["slope"]
    assert layer.raster.shape == CELLS.shape


def _text(file):
    file.write_text("slope,1\n", encoding="utf-8")


def _truncated(file):
    write(file, np.random.default_rng(0).random((600, 600)), SITES)
    file.write_bytes(file.read_bytes()[:1_000_000])


def _complex(file):
    write(file, CELLS.astype("complex64"), SITES)


def _colours(file):
    write(file, np.zeros((5, 5), dtype="uint8"), SITES)
    with rasterio.open(file, "r+") as opened:
        opened.write_colormap(1, {0: (1, 2, 3, 255)})


def _elsewhere(file):
    write(file, CELLS, Affine(0.01, 0, 10, 0, -0.01, 50), crs="EPSG:4326")


def _nowhere(file):
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write(file, CELLS, transform=None)


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (_text, "PW202", "not recognized"), (_truncated, "PW202", ""), (_complex, "PW202", "complex"),
        (_colours, "PW202", "colour table"), (_elsewhere, "PW304", "does not hold"), (_nowhere, "PW301", "where its cells lie"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_a_finding_with_its_place_and_remedy(make_region, tmp_path, make, code, said):  # fmt: skip
    make(tif(tmp_path))
    (finding,) = refused(make_region, tmp_path)
    assert finding.code == code
    assert said in finding.message
    assert finding.file.endswith("slope.tif")
    assert finding.remedy


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ({"band": 2}, "PW102", "has 1"), ({"scale": 0}, "PW102", "scale = 0"), ({"nodata": ["none"]}, "PW102", "no number"),
        ({"crs": "EPSG:1"}, "PW302", "EPSG:1"), ({"columns": {"a_km": {"from": "b"}}}, "PW102", "no columns"),
        ({"band": 0}, "PW102", "band"), ({"sha256": "0" * 64}, "PW210", "not the declared file"),
    ],
)  # fmt: skip
def test_a_key_that_does_not_fit_the_raster_is_a_finding(make_region, tmp_path, keys, code, said):
    write(tif(tmp_path), CELLS, SITES)
    findings = refused(make_region, tmp_path, **keys)
    assert [finding.code for finding in findings] == [code]
    assert said in findings[0].message
    assert findings[0].line > 0


def test_keys_of_a_raster_do_not_belong_to_a_table(make_region, tmp_path):
    path = make_region(tmp_path, toml={"layers": {"policy": {"band": 1}}})
    with pytest.raises(pw.BadInput, match=r"PW102.*`band` belongs to a raster"):
        pw.read(path)


def test_a_layer_of_rows_is_no_raster(make_region, tmp_path):
    write(tif(tmp_path), CELLS, SITES)
    path = make_region(tmp_path, toml={"layers": {"policy": {"path": "tiny/slope.tif"}}})
    with pytest.raises(pw.BadInput, match=r"PW307.*rows are needed"):
        pw.read(path)


def test_without_rasterio_the_finding_names_the_extra(make_region, tmp_path, monkeypatch):
    write(tif(tmp_path), CELLS, SITES)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    (finding,) = refused(make_region, tmp_path)
    assert (finding.code, finding.remedy) == ("PW202", 'pip install "powerwall[raster]"')
