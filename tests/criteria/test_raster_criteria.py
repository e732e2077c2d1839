"""Criteria declared on a raster layer: the same number at a site, in arrays and by hand."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import numpy as np
import pytest
import shapely
from conftest import single

import powerwall as pw
from powerwall.criteria.proximity import prepared
from powerwall.region.rasters import circles
from powerwall.region.search import Positions

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("exactextract")

WEST, NORTH, STEP = 480_000.0, 4_280_000.0, 500.0  # round the sites of the tiny region
ABOUT = {"as_of": date(2026, 7, 1), "licenses": ["CC0-1.0"], "source": {"title": "made up"}}
SLOPE = np.random.default_rng(11).uniform(0, 30, (120, 260)).astype(np.float32)
PEOPLE = np.random.default_rng(12).integers(0, 90, (120, 260)).astype(np.float32)


def write(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1, dtype="float32",
        crs="EPSG:32614", transform=rasterio.Affine(STEP, 0, WEST, 0, -STEP, NORTH),
    ) as file:  # fmt: skip
        file.write(cells, 1)


def declared(make_region, folder, slope=SLOPE, **criteria):
    """The tiny region with two rasters and some criteria, each a dict of its keys."""
    write(folder / "tiny" / "slope.tif", slope)
    write(folder / "tiny" / "people.tif", PEOPLE)
    toml = {
        "layers": {name: {"path": f"tiny/{name}.tif", **ABOUT} for name in ("slope", "people")},
        "criteria": {name: {"layer": "slope", **keys} for name, keys in criteria.items()},
    }
    return pw.read(make_region(folder, toml=toml))


def sites_of(region):
    x, y = shapely.get_coordinates(region.sites.geometry.to_numpy()).T
    return Positions.of(x, y, region.sites.crs)


def areas(at, metres):
    """Area of each cell in the circle round each site, from polygons. Shape (n, 120, 260)"""
    row, column = np.indices(SLOPE.shape)
    left, top = WEST + STEP * column.ravel(), NORTH - STEP * row.ravel()
    cells = shapely.box(left, top - STEP, left + STEP, top)
    round_sites = shapely.polygons(circles(at.x, at.y, metres))
    parts = shapely.intersection(cells[None, :], round_sites[:, None])
    return shapely.area(parts).reshape(-1, *SLOPE.shape)


def test_every_measure_of_a_raster_is_that_of_its_cells(make_region, tmp_path):
    within = {"within_km": 2.0}
    region = declared(
        make_region, tmp_path,
        slope_deg={"measure": "value_at"},
        mean_deg={"measure": "area_weighted_mean", **within},
        lived_in_deg={"measure": "area_weighted_mean", "weights": "people", **within},
        steep_share={"measure": "share_covered", "where": "value >= 15", **within},
        people_count={"measure": "sum_within", "layer": "people", **within},
    )  # fmt: skip
    found, at = single(region), sites_of(region)
    area = areas(at, 2000.0)
    total = area.sum(axis=(1, 2))
    row, column = ((NORTH - at.y) // STEP).astype(int), ((at.x - WEST) // STEP).astype(int)
    expected = {
        "slope_deg": SLOPE[row, column],
        "mean_deg": (area * SLOPE).sum(axis=(1, 2)) / total,
        "lived_in_deg": (area * PEOPLE * SLOPE).sum(axis=(1, 2)) / (area * PEOPLE).sum(axis=(1, 2)),
        "steep_share": (area * (SLOPE >= 15)).sum(axis=(1, 2)) / total,
        "people_count": (area * PEOPLE).sum(axis=(1, 2)) / STEP**2,
    }
    for name, numbers in expected.items():
        np.testing.assert_allclose(found[name]["value"].astype(float), numbers, rtol=1e-6)
        assert found[name]["why"].isna().all()
        assert set(found[name]["source"]) == {"made up"}
        assert set(found[name]["as_of"]) == {"2026-07-01"}
    assert set(found["slope_deg"]["note"]) == {""}
    assert set(found["steep_share"]["note"]) == {"value >= 15"}
    assert found.criteria["steep_share"].unit == "share"
    assert set(found.criteria["lived_in_deg"].needs) == {"slope", "people"}


@pytest.mark.parametrize(
    "measure", ["value_at", "area_weighted_mean", "sum_within", "share_covered"]
)
def test_arrays_and_sites_get_the_same_numbers(make_region, tmp_path, measure):
    keys = {"measure": measure, "within_km": 1.5, "where": "value < 25"}
    region = declared(make_region, tmp_path, slope_x=keys)
    entry = region.table.criteria["slope_x"]
    take = prepared(entry, region.layers["slope"], region.layers)
    np.testing.assert_array_equal(
        take(sites_of(region)), single(region)["slope_x"]["value"].to_numpy(dtype=float)
    )


def test_a_raster_counts_in_a_ranking(make_region, tmp_path):
    region = declared(
        make_region,
        tmp_path,
        steep_share={
            "measure": "share_covered",
            "where": "value >= 15",
            "within_km": 2.0,
            "value": [[0, 1.0], [1, 0.0]],
        },
    )
    measures = pw.measure(region)
    ranking = pw.rank(region, measures, weights={"proximity": 1})
    share = measures["steep_share"]["value"].astype(float)
    np.testing.assert_allclose(ranking.values.loc[share.index, "steep_share"], 1 - share)


def test_an_unknown_number_says_why_and_a_partly_known_one_how_much(make_region, tmp_path):
    slope = SLOPE.copy()
    within = {"measure": "area_weighted_mean", "within_km": 4.0}
    at = sites_of(declared(make_region, tmp_path / "first", slope_deg={"measure": "value_at"}))
    column = int((at.x[0] - WEST) // STEP)
    slope[:, column + 3 :] = np.nan  # more than half of the circle is left of it
    region = declared(make_region, tmp_path / "half", slope, mean_deg=within, slope_deg={"measure": "value_at"})  # fmt: skip
    half = single(region)["mean_deg"].iloc[0]
    assert np.isfinite(half["value"])
    assert half["note"].startswith("known in ")
    assert 50 <= int(half["note"].split()[2]) < 100
    slope[:, column - 2 :] = np.nan
    region = declared(make_region, tmp_path / "less", slope, mean_deg=within, slope_deg={"measure": "value_at"})  # fmt: skip
    less = single(region)
    assert np.isnan(less["mean_deg"]["value"].iloc[0])
    assert less["mean_deg"]["why"].iloc[0] == "slope is known in less than 50 % of the area"
    assert less["slope_deg"]["why"].iloc[0] == "slope has no data here"
    steep = declared(make_region, tmp_path / "none", high_deg={**within, "where": "value > 99"})
    assert single(steep)["high_deg"]["why"].iloc[0] == "no cell of slope counts here"


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ({"measure": "distance_km"}, "PW102", "`slope` is a raster"),
        ({"measure": "sum_within"}, "PW103", "needs  within_km"),
        ({"measure": "value_at", "column": "deg"}, "PW203", "called `value`"),
        ({"measure": "share_covered", "within_km": 1.0}, "PW103", "needs a condition"),
        ({"measure": "value_at", "where": "deg > 3"}, "PW203", "reads `deg`"),
        ({"measure": "sum_within", "within_km": 1.0, "weights": "people"}, "PW102", "area_weighted_mean"),
        ({"measure": "area_weighted_mean", "within_km": 1.0, "weights": "pepole"}, "PW105", "`pepole`, which is not there"),
        ({"measure": "area_weighted_mean", "within_km": 1.0, "weights": "points_of_interconnection"}, "PW102", "no raster"),
        ({"measure": "count_within", "within_km": 1.0, "layer": "points_of_interconnection", "weights": "people"}, "PW102", "belong to a raster"),
    ],
)  # fmt: skip
def test_what_a_raster_cannot_give_is_an_error_with_its_place(make_region, tmp_path, keys, code, said):  # fmt: skip
    with pytest.raises(pw.BadInput) as caught:
        single(declared(make_region, tmp_path, wrong_x=keys))
    (finding,) = caught.value.findings
    assert finding.code == code
    assert said in finding.message
    assert finding.line > 0


def test_rasters_are_no_import_of_those_who_have_none():
    code = "import sys, powerwall, powerwall.criteria.proximity, powerwall.region.layers; print(sorted({'rasterio', 'exactextract'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
