"""The frame of all importers: what is cut, what is told, what is written, and what is pasted."""

from __future__ import annotations

import tomllib
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from layer_import import write_book
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.importers.sources import OTHERS, SOURCES
from powerwall.importers.written import block, changes, kept, write
from powerwall.region.findings import Findings

SQUARE = shapely.box(-78, 38, -77, 39)
BOW_TIE = shapely.Polygon([(-78, 38), (-77, 39), (-77, 38), (-78, 39)])


def points(*at, **columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(place) for place in at], crs="EPSG:4326")  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def synthetic_counties(path):
    frame = gpd.GeoDataFrame(
        {"GEOID": [1001, 1003], "NAME": ["Made Up", "Other"], "LSAD": ["06", "25"], "STATEFP": ["01", "01"]},
        geometry=[shapely.box(-87, 32, -86.5, 32.5), shapely.box(-86.5, 32, -86, 32.5)], crs="EPSG:4269",
    )  # fmt: skip
    frame.to_file(path)
    return path


def test_every_source_names_a_reader_that_is_there():
    for name, source in (SOURCES | OTHERS).items():
        assert callable(source.load()), name
        assert source.licenses
        assert source.fresh_days > 0


def test_features_farther_than_a_border_are_left_out_and_counted():
    tally = Tally(read=3)
    rows = points((-77.5, 38.5), (-76.8, 38.5), (-70, 38.5), poi_id=["in", "border", "far"])
    frame = kept(Delivery(rows, ("poi_id",)), Asked(area=SQUARE), tally)
    assert dict(zip(frame["poi_id"], frame["in_region"], strict=True)) == {"in": "yes", "border": "no"}  # fmt: skip
    assert tally.left_out == {"farther than 25 km from the region": 1}
    assert tally.lines(2) == ["3 rows read, 2 kept", "left out 1: farther than 25 km from the region"]  # fmt: skip


def test_tables_without_places_are_cut_by_county():
    tally, rows = Tally(), pd.DataFrame({"queue_id": ["b", "a", "c"], "fips": ["51107", "51153", None]})  # fmt: skip
    frame = kept(Delivery(rows, ("queue_id",)), Asked(fips=("51107",)), tally)
    assert frame["queue_id"].tolist() == ["b"]
    assert tally.left_out == {"of no county of the region": 2}


def test_a_file_without_a_coordinate_system_is_refused_until_it_is_named(tmp_path):
    path = synthetic_counties(tmp_path / "counties.shp")
    (tmp_path / "counties.prj").unlink()
    refused = run("census-counties", path, "-o", tmp_path / "out.csv")
    assert refused.exit_code == 2
    assert "PW302" in refused.stderr
    assert "--crs EPSG:4269" in refused.stderr
    assert not (tmp_path / "out.csv").exists()
    wrong = run("census-counties", path, "-o", tmp_path / "out.csv", "--crs", "EPSG:1")
    assert "unknown coordinate system" in wrong.stderr
    read = run("census-counties", path, "-o", tmp_path / "out.csv", "--crs", "EPSG:4269")
    assert read.exit_code == 0
    assert pd.read_csv(tmp_path / "out.csv", dtype=str)["county_fips"].tolist() == ["01001", "01003"]  # fmt: skip


def test_the_block_is_toml_with_source_licence_date_and_checksum(tmp_path):
    path = synthetic_counties(tmp_path / "counties.gpkg")
    told = run("census-counties", path, "-o", tmp_path / "out.parquet", "--as-of", "2016-01-01")
    layer = tomllib.loads(told.stdout)["layers"]["jurisdictions"]
    assert layer["path"] == "out.parquet"
    assert layer["as_of"] == date(2016, 1, 1)
    assert layer["licenses"] == ["LicenseRef-US-Government-public-data"]
    assert len(layer["sha256"]) == len("0" * 64)
    silent = run("census-counties", path, "-o", tmp_path / "out.parquet")
    assert "# as_of = ?" in silent.stdout
    assert "as_of" not in tomllib.loads(silent.stdout)["layers"]["jurisdictions"]


def test_a_block_of_a_table_says_that_it_has_no_places_and_how_it_joins(tmp_path):
    (tmp_path / "tariffs.json").write_text("{}", encoding="utf-8")
    text = block(OTHERS["urdb"], tmp_path / "tariffs.json", tmp_path, None, join="utility_id")
    layer = tomllib.loads(text)["layers"]["tariffs"]
    assert layer["geometry"] == "none"
    assert layer["join"] == "utility_id"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_same_rows_give_the_same_bytes_and_another_release_is_compared(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    rows = points((-77.5, 38.5), (-77.4, 38.5), poi_id=["a", "b"], voltage_kv=[230.0, np.nan])
    for path in (first, second):
        write(rows, path)
    assert first.read_bytes() == second.read_bytes()
    assert changes(first, rows, ("poi_id",)) == ["0 rows are new, 0 are gone"]
    newer = points((-77.5, 38.5), (-77.4, 38.6), (-77.3, 38.5), poi_id=["a", "b", "c"], voltage_kv=[500.0, np.nan, 1.0])  # fmt: skip
    told = changes(first, newer, ("poi_id",))
    assert told[0] == "1 rows are new, 0 are gone"
    assert "voltage_kv: 1 cells differ" in told
    assert "lat: 1 cells differ" in told


def test_a_write_that_breaks_leaves_what_was_there(tmp_path, monkeypatch):
    path, out = synthetic_counties(tmp_path / "counties.gpkg"), tmp_path / "out.csv"
    assert run("census-counties", path, "-o", out).exit_code == 0
    before = out.read_bytes()

    def broken(_frame, part):
        part.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr("powerwall.importers.written.write", broken)
    assert run("census-counties", path, "-o", out).exit_code != 0
    assert out.read_bytes() == before
    assert sorted(item.name for item in tmp_path.iterdir()) == ["counties.gpkg", "out.csv"]


def test_outlines_are_mended_and_the_wrong_kind_is_left_out(tmp_path):
    shapes = [BOW_TIE, shapely.Point(0, 0), None, shapely.GeometryCollection([SQUARE, shapely.Point(1, 1)])]  # fmt: skip
    gpd.GeoDataFrame({"ID": range(4)}, geometry=shapes, crs="EPSG:4326").to_parquet(tmp_path / "mixed.parquet")  # fmt: skip
    tally, findings = Tally(), Findings()
    frame = read_features(tmp_path / "mixed.parquet", Asked(), tally, findings)
    areas = only(frame, 2, tally)
    assert areas["id"].tolist() == [0, 3]
    assert areas.geometry.is_valid.all()
    assert tally.left_out == {"no position": 1, "no area": 1}
    assert sum(tally.noted.values()) == 1
    assert not list(findings)


def test_headers_are_found_by_what_they_say_and_files_of_another_kind_are_told(tmp_path):
    pd.DataFrame([["A title", None], ["Queue\n Pos.", "MW"], ["7", 1.5], [None, None], ["0276", "TBD"]]).to_excel(
        tmp_path / "queue.xlsx", header=False, index=False
    )  # fmt: skip
    tally, findings = Tally(), Findings()
    (sheet,) = read_sheets(tmp_path / "queue.xlsx", {"queue_pos.", "mw"}, tally, findings)
    assert sheet.frame["queue_pos."].tolist() == ["7", "0276"]
    assert sheet.frame.index.tolist() == [3, 5]
    found = numbers(sheet.frame["mw"], tally)
    assert found.tolist()[0] == 1.5
    assert np.isnan(found.tolist()[1])
    assert tally.emptied == {"mw: `TBD`": 1}
    (tmp_path / "queue.csv").write_bytes((tmp_path / "queue.xlsx").read_bytes())
    assert read_sheets(tmp_path / "queue.csv", {"mw"}, tally, findings) == []
    assert any("is a workbook under another name" in finding.message for finding in findings)
    (tmp_path / "fake.xlsx").write_text("a,b\n1,2\n", encoding="utf-8")
    assert read_sheets(tmp_path / "fake.xlsx", {"mw"}, tally, findings) == []
    assert any("is no workbook" in finding.message for finding in findings)


def test_text_from_a_spreadsheet_is_read_with_its_mark_its_semicolons_and_hard_blanks(tmp_path):
    path = tmp_path / "from-a-spreadsheet.csv"
    path.write_bytes("﻿Queue ID;Capacity (MW)\r\n0276;1,5\r\n".replace(",", ".").encode())
    findings = Findings()
    (sheet,) = read_sheets(path, {"queue_id"}, Tally(), findings)
    assert sheet.frame.to_dict("list") == {"queue_id": ["0276"], "capacity_(mw)": ["1.5"]}
    assert [finding.code for finding in findings] == ["PW206"]


def test_words_for_nothing_are_emptied_and_counted_and_sentinels_too():
    tally = Tally()
    column = pd.Series(["12", " n/a ", "", "-999999", "3,400", "twelve"], name="voltage")
    found = numbers(column, tally, (-999999.0,))
    assert found.dropna().tolist() == [12.0, 3400.0]
    assert tally.emptied == {"voltage: `n/a`": 1, "voltage: no number, e.g. `twelve`": 1, "voltage: -999999": 1}  # fmt: skip
    assert emptied(pd.Series(["TAP123"], name="name"), tally, ["tap123"]).isna().all()


def test_a_comma_parts_thousands_and_no_decimals():
    tally = Tally()
    found = numbers(pd.Series(["1,234,567.5", "-3,400", "50,5", "1,23"], name="mw"), tally)
    assert found.dropna().tolist() == [1_234_567.5, -3400.0]
    assert tally.emptied == {"mw: no number, e.g. `50,5`": 2}


def test_a_hard_blank_in_a_workbook_is_a_blank(tmp_path):
    book = write_book(tmp_path / "synthetic.xlsx", Sheet=[["Queue\u00a0ID", "Status"], ["A\u00a01", "Consents\u00a0Approved "]])  # fmt: skip
    (sheet,) = read_sheets(book, {"queue_id"}, Tally(), Findings())
    assert sheet.frame.to_dict("list") == {"queue_id": ["A 1"], "status": ["Consents Approved"]}


def test_rows_stand_in_the_order_of_their_key_whatever_order_they_came_in():
    rows = pd.DataFrame({"entity": ["b", "a", "a"], "queue_id": ["1", "10", "2"], "n": [1, 2, 3]})
    asked = Asked()
    frame = kept(Delivery(rows, ("entity", "queue_id")), asked, Tally())
    assert frame["n"].tolist() == [2, 3, 1]
    turned = kept(Delivery(rows[::-1], ("entity", "queue_id")), asked, Tally())
    assert turned.equals(frame)
