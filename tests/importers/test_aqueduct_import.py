"""Aqueduct: sentinels of basins become what they mean (synthetic files of the published schema)."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest
from layer_import import about, by_command, imported, in_region, write_geojson
from shapely import box

from powerwall.criteria.water.basins.stress import stress_of_sites

BASE = {"pfaf_id": 742801, "gid_0": "USA", "name_1": "Synthetic", "bws_raw": 0.2, "bws_score": 2.0, "bws_cat": 2, "bws_label": "Medium - High (20-40%)",
        "gtd_raw": -9999.0, "gtd_score": -9999.0, "gtd_cat": -9999}  # fmt: skip
WEST, EAST = box(-99.05, 38.45, -98.95, 38.55), box(-98.95, 38.53, -98.85, 38.6)
FAR = box(-97, 38, -96.9, 38.1)
ROWS = [
    {**BASE, "string_id": "742801-USA.17_1-1", "geometry": WEST},
    {**BASE, "string_id": "742802-USA.17_1-1", "pfaf_id": 742802, "bws_raw": 1.0, "bws_score": 5.0, "bws_cat": -1, "bws_label": "Arid and Low Water Use", "geometry": EAST},
    {**BASE, "string_id": "742803-USA.17_1-1", "pfaf_id": 742803, "bws_raw": 9999.0, "bws_score": 5.0, "bws_cat": 4, "bws_label": "Extremely High (>80%)", "geometry": FAR},
    {**BASE, "string_id": "353020-None-None", "pfaf_id": 353020, "bws_raw": -9999.0, "bws_score": -9999.0, "bws_cat": -9999, "bws_label": "No Data", "geometry": FAR},
]  # fmt: skip
MONTH = [f"bws_{month:02d}_{part}" for month in range(1, 13) for part in ("raw", "score", "cat")]


@pytest.fixture
def basins(tmp_path):
    return write_geojson(tmp_path / "synthetic.geojson", ROWS)


def monthly(tmp_path, *rows):
    head = ",".join(["pfaf_id", *MONTH, "bwd_01_raw"])
    lines = [",".join([str(pfaf), *([str(cell) for cell in cells] * 12), "0.1"]) for pfaf, cells in rows]  # fmt: skip
    path = tmp_path / "synthetic_monthly.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_no_data_is_empty_and_counted(basins):
    rows, tally, findings = imported("aqueduct", basins)
    assert findings == []
    nothing = rows.set_index("pfaf_id").loc["353020"]
    assert np.isnan(nothing[["bws_raw", "bws_score", "bws_cat"]].astype(float)).all()
    assert nothing[["bws_label", "arid_low_use"]].isna().all()
    assert tally.emptied["bws_raw: -9999"] == 1
    assert tally.emptied["bws_label: `No Data`"] == 1
    assert rows["gtd_raw"].isna().all()
    assert tally.noted["without water stress: unknown"] == 1


def test_arid_and_nearly_dry_stay_what_they_are_and_are_told(basins):
    rows, tally, _ = imported("aqueduct", basins)
    found = rows.set_index("pfaf_id")
    assert found.loc["742802", ["bws_cat", "arid_low_use"]].tolist() == [-1, "yes"]
    assert found.loc["742803", ["bws_raw", "bws_cat", "arid_low_use"]].tolist() == [9999, 4, "no"]
    assert tally.noted["arid with low water use: counts as the highest stress, and is no ratio"] == 1  # fmt: skip
    assert tally.noted["supply near zero (bws_raw 9999): the highest stress, and no ratio"] == 1


def test_an_arid_basin_of_another_export_is_known_by_its_label(tmp_path):
    row = {**ROWS[1], "bws_raw": 9999.0, "bws_cat": 4}
    rows, _, _ = imported("aqueduct", write_geojson(tmp_path / "synthetic.geojson", [row]))
    assert rows["arid_low_use"].tolist() == ["yes"]


def test_polygons_of_one_basin_stay_and_a_double_without_data_yields(tmp_path):
    other = {**ROWS[0], "string_id": "742801-USA.17_1-2", "geometry": EAST}
    void = {**ROWS[3], "string_id": ROWS[0]["string_id"]}
    path = write_geojson(tmp_path / "synthetic.geojson", [void, ROWS[0], other])
    rows, tally, _ = imported("aqueduct", path)
    assert rows["basin_id"].tolist() == ["742801-USA.17_1-1", "742801-USA.17_1-2"]
    assert rows["bws_score"].tolist() == [2.0, 2.0]
    assert tally.left_out == {"stands in another row under the same string_id": 1}


def test_months_join_by_the_six_digits(tmp_path, basins):
    table = monthly(tmp_path, ("742801.0", (0.4, 3, 3)), ("742801", (-9999, -9999, -9999)), ("742803", (9999, 5, 4)))  # fmt: skip
    rows, tally, findings = imported("aqueduct", basins, table)
    assert findings == []
    found = rows.set_index("pfaf_id")
    assert found.loc["742801", "bws_07_raw"] == 0.4
    assert found.loc["742803", "bws_12_raw"] == 9999
    assert np.isnan(found.loc["742802", "bws_01_score"])
    assert tally.noted["rows of the monthly table that name a basin again, not read"] == 1
    assert tally.noted["without months in the monthly table"] == 2
    assert "bwd_01_raw" not in rows


def test_the_layer_of_the_year_is_found_in_a_database_of_several(tmp_path):
    path = tmp_path / "synthetic.gdb"
    frame = gpd.GeoDataFrame(ROWS, geometry="geometry", crs="EPSG:4326")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of whole numbers, which this form lacks
        frame[["string_id", "geometry"]].to_file(path, driver="OpenFileGDB", layer="future_annual")
        frame.to_file(path, driver="OpenFileGDB", layer="baseline_annual")
    rows, _, findings = imported("aqueduct", path)
    assert findings == []
    assert sorted(rows["pfaf_id"]) == ["353020", "742801", "742802", "742803"]


def test_what_has_no_outlines_is_refused(tmp_path, basins):
    alone, _, findings = imported("aqueduct", monthly(tmp_path, ("742801", (0.4, 3, 3))))
    assert alone is None
    assert [finding.code for finding in findings] == ["PW203"]
    year = tmp_path / "annual.csv"
    year.write_text("string_id,pfaf_id,bws_raw\na,1,0.1\n", encoding="utf-8")
    assert {finding.code for finding in imported("aqueduct", basins, year)[2]} == {"PW203"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_sites_take_the_stress_of_their_basin_and_the_bytes_stay(make_region, tmp_path, basins, suffix):  # fmt: skip
    region = in_region(make_region, tmp_path, "aqueduct", basins, suffix=suffix)
    assert not about(region, "basins")
    stress = stress_of_sites(region.sites, region.layers)
    assert stress.loc["a", "annual_score"] == 2.0
    assert (stress.loc["b", "annual_score"], stress.loc["b", "category"]) == (5.0, -1.0)
    assert stress.loc["a", "layer"] == "basins"
    before = (tmp_path / f"imported{suffix}").read_bytes()
    told = by_command("aqueduct", basins, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before
    assert "CC BY 4.0" in told.stdout
    assert "no native file was at hand" in told.stderr.replace("\n", " ")


def test_an_arid_basin_is_known_by_its_category_alone(tmp_path):
    row = {key: value for key, value in ROWS[1].items() if key != "bws_label"}
    rows, _, _ = imported("aqueduct", write_geojson(tmp_path / "synthetic.geojson", [row]))
    assert rows["arid_low_use"].tolist() == ["yes"]
