"""HIFLD lines: voltages and their sentinels, coordinate systems, twins; a line is no capacity."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from made_up_features import codes, in_crs, read_source, write_features
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.importers.hifld_lines import lengths_km
from powerwall.region.units import unit_of

LINE = {"OBJECTID": 1, "ID": "100", "TYPE": "AC; OVERHEAD", "STATUS": "IN SERVICE", "SOURCEDATE": "2015/03/01 00:00:00", "VAL_DATE": "2017/09/05 00:00:00",
        "OWNER": "SYNTHETIC POWER", "VOLTAGE": 230.0, "VOLT_CLASS": "220-287", "INFERRED": "N", "SUB_1": "ASH", "SUB_2": "NOT AVAILABLE",
        "SHAPE_Length": 9.9}  # fmt: skip


def track(*points):
    return {"type": "LineString", "coordinates": [list(point) for point in points]}


def copy_of(path, *rows):
    shifted = [(row.pop("geometry", track((-99 + n / 100, 38.5), (-98.9 + n / 100, 38.6))), {**LINE, "ID": str(100 + n), **row})
               for n, row in enumerate(dict(row) for row in rows)]  # fmt: skip
    return write_features(path, shifted)


def one(folder, **cells):
    frame, tally, findings, _ = read_source("hifld-lines", copy_of(folder / "lines.geojson", cells))
    assert codes(findings) == []
    return frame.iloc[0], tally


def test_a_native_line_becomes_a_row_with_the_length_of_its_track(tmp_path):
    row, _ = one(tmp_path)
    assert (row["line_id"], row["voltage_kv"], row["voltage_class"]) == ("100", 230.0, "220-287")
    assert (row["line_status"], row["status_raw"], row["status"]) == ("in_service", "IN SERVICE", "secondary")  # fmt: skip
    assert (row["is_dc"], row["inferred"], row["owner"], row["poi_from"]) == ("no", "no", "SYNTHETIC POWER", "ASH")  # fmt: skip
    assert pd.isna(row["poi_to"])
    assert row["length_km"] == pytest.approx(14.119, abs=0.05)


@pytest.mark.parametrize("sentinel", [-999999, -9999, -99, 0])
def test_a_voltage_that_stands_for_none_is_unknown_and_counted(tmp_path, sentinel):
    row, tally = one(tmp_path, VOLTAGE=sentinel, VOLT_CLASS="NOT AVAILABLE")
    assert np.isnan(row["voltage_kv"])
    assert np.isnan(row["voltage_kv_nominal"])
    told = {what for what in tally.emptied if what.startswith("voltage_kv")}
    assert told == {f"voltage_kv: {sentinel:g}" if sentinel else "voltage_kv: 0 or less"}
    assert tally.noted["of no known voltage"] == 1


def test_a_class_stands_in_for_an_unknown_voltage_and_never_for_a_known_one(tmp_path):
    path = copy_of(
        tmp_path / "lines.geojson",
        *({"VOLTAGE": -999999, "VOLT_CLASS": name} for name in ("UNDER 100", "SUB 100", "100-161", "220-287", "345", "500", "735 AND ABOVE", "DC")),
        {"VOLTAGE": 115, "VOLT_CLASS": "100-161"},
    )  # fmt: skip
    frame = read_source("hifld-lines", path)[0]
    assert frame["voltage_kv_nominal"].fillna(-1).tolist() == [69, 69, 138, 230, 345, 500, 765, -1, 115]  # fmt: skip
    assert frame["voltage_kv"].notna().sum() == 1


def test_volts_in_a_column_of_kilovolts_are_divided_and_told(tmp_path):
    row, tally = one(tmp_path, VOLTAGE=345000)
    assert row["voltage_kv"] == 345.0
    assert tally.noted["voltage_kv in volts, divided by 1,000"] == 1


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("IN SERVICE", "in_service"),
        ("INACTIVE", "inactive"),
        ("PROPOSED", "proposed"),
        ("UNDER CONST", "under_construction"),
        ("RETIRED?", "unknown"),
    ],
)
def test_the_word_of_the_state_is_kept_beside_what_it_became(tmp_path, word, status):
    row, _ = one(tmp_path, STATUS=word)
    assert (row["line_status"], row["status_raw"]) == (status, word)


def test_an_inferred_line_is_approximate(tmp_path):
    row, _ = one(tmp_path, INFERRED="Y")
    assert (row["inferred"], row["status"]) == ("yes", "approximate")


@pytest.mark.parametrize(
    ("type_", "class_", "dc"),
    [
        ("AC", "345", "no"),
        ("DC; OVERHEAD", "DC", "yes"),
        ("NOT AVAILABLE", "DC", "yes"),
        ("NOT AVAILABLE", "345", None),
    ],
)
def test_direct_current_is_known_only_where_it_is_said(tmp_path, type_, class_, dc):
    row, _ = one(tmp_path, TYPE=type_, VOLT_CLASS=class_)
    assert (None if pd.isna(row["is_dc"]) else row["is_dc"]) == dc


def test_an_id_that_a_format_turned_into_a_number_is_text_again(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {"ID": 140572.0}, {"ID": 7.0}, {"ID": None}, {"ID": "-999999"})  # fmt: skip
    frame, tally, _, _ = read_source("hifld-lines", path)
    assert frame["line_id"].tolist() == ["140572", "7"]
    assert tally.left_out["no id"] == 2


def test_a_second_row_of_an_id_is_left_out_and_counted(tmp_path):
    frame, tally, _, _ = read_source("hifld-lines", copy_of(tmp_path / "lines.geojson", {}, {"ID": "100"}))  # fmt: skip
    assert len(frame) == 1
    assert tally.left_out["stands in an earlier row under the same id"] == 1


def test_lines_on_one_track_all_stay_and_are_counted_by_direction(tmp_path):
    there, back = track((-99, 38.5), (-98.9, 38.6)), track((-98.9, 38.6), (-99, 38.5))
    path = copy_of(tmp_path / "lines.geojson", {"geometry": there}, {"geometry": there}, {"geometry": back}, {})  # fmt: skip
    frame, tally, _, _ = read_source("hifld-lines", path)
    assert len(frame) == 4
    assert tally.noted["drawn as another line, in 1 groups: a sum of lengths counts them twice"] == 2  # fmt: skip
    assert tally.noted["on the track of another line, drawn the other way: a sum of lengths counts them twice"] == 1  # fmt: skip


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:5070", "EPSG:3420", "EPSG:4269"])
def test_a_copy_in_metres_feet_or_another_datum_has_the_same_lengths(tmp_path, crs):
    """EPSG:3420 is Kansas South in US survey feet; EPSG:3857 stretches by 1/cos φ."""
    native = copy_of(tmp_path / "lines.geojson", {}, {})
    expected = read_source("hifld-lines", native)[0]
    frame, _, findings, _ = read_source("hifld-lines", in_crs(native, tmp_path / "copy.gpkg", crs))
    assert codes(findings) == []
    assert frame["length_km"].to_numpy() == pytest.approx(expected["length_km"].to_numpy(), abs=0.005)  # fmt: skip
    assert frame.total_bounds == pytest.approx(expected.total_bounds, abs=1e-4)  # fmt: skip
    assert frame.crs.to_epsg() == 4326


def test_a_grid_used_outside_its_area_is_a_warning(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {"geometry": track((-77, 38), (-76.9, 38.1))})
    frame, _, findings, _ = read_source("hifld-lines", in_crs(path, tmp_path / "far.gpkg", "EPSG:26910"))  # fmt: skip
    assert codes(findings) == ["PW304"]
    assert any("UTM zone 10N does not hold" in finding.message for finding in findings)
    assert len(frame) == 1


def test_web_mercator_that_says_degrees_is_refused_and_read_once_it_is_named(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {"geometry": track((-11020000, 4650000), (-11010000, 4660000))})  # fmt: skip
    _, _, findings, _ = read_source("hifld-lines", path)
    assert codes(findings) == ["PW304"]
    assert "--crs EPSG:3857" in findings[0].remedy
    frame, _, findings, _ = read_source("hifld-lines", path, crs="EPSG:3857")
    assert codes(findings) == []
    assert frame.total_bounds == pytest.approx([-98.99, 38.5, -98.9, 38.6], abs=0.1)


@pytest.mark.parametrize("start", [(38.5, -99.0), (38.5, -78.0)])
def test_swapped_axes_are_refused(tmp_path, start):
    path = copy_of(tmp_path / "lines.geojson", {"geometry": track(start, (start[0] + 0.1, start[1]))})  # fmt: skip
    frame, _, findings, _ = read_source("hifld-lines", path)
    assert frame is None
    assert codes(findings) == ["PW304"]
    assert "latitude stands before longitude" in findings[0].message


@pytest.mark.parametrize("point", [(-99, 138.5), (-9900, 38.5)])
def test_a_coordinate_off_the_globe_leaves_out_its_line_alone(tmp_path, point):
    path = copy_of(tmp_path / "lines.geojson", {}, {}, {"geometry": track(point, (-98, 38.6))})
    frame, tally, _, _ = read_source("hifld-lines", path)
    assert len(frame) == 2
    assert tally.left_out["coordinates that are no place in degrees"] == 1


def test_an_undefined_geographic_system_is_refused_until_it_is_named(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {})
    gpd.read_file(path)[["ID", "VOLT_CLASS", "geometry"]].to_file(tmp_path / "copy.shp")
    (tmp_path / "copy.prj").write_text(
        'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
    )
    _, _, findings, _ = read_source("hifld-lines", tmp_path / "copy.shp")
    assert codes(findings) == ["PW302"]
    assert "Undefined geographic SRS" in findings[0].message
    frame, _, findings, _ = read_source("hifld-lines", tmp_path / "copy.shp", crs="EPSG:4326")
    assert codes(findings) == []
    assert len(frame) == 1


def test_rows_without_a_track_are_counted(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {}, {"geometry": None}, {"geometry": {"type": "Point", "coordinates": [-99, 38]}})  # fmt: skip
    frame, tally, _, _ = read_source("hifld-lines", path)
    assert (len(frame), tally.read) == (1, 3)
    assert (tally.left_out["no position"], tally.left_out["no line"]) == (1, 1)


def test_of_several_layers_the_lines_are_read_and_the_others_named(tmp_path):
    lines = gpd.read_file(copy_of(tmp_path / "lines.geojson", {}, {}))
    lines.head(1).to_file(tmp_path / "all.gpkg", layer="Substations")
    lines.to_file(tmp_path / "all.gpkg", layer="Transmission_Lines")
    frame, tally, _, _ = read_source("hifld-lines", tmp_path / "all.gpkg")
    assert len(frame) == 2
    assert tally.noted["rows of its layer `Transmission_Lines`; Substations not read"] == 2


def test_headings_may_hold_other_blanks_and_cases_and_unknown_ones_are_named(tmp_path):
    geometry = track((-99, 38.5), (-98.9, 38.6))
    path = write_features(tmp_path / "x.geojson", [(geometry, {" Id": "5", "Volt\u00a0Class ": "345", "mystery": 1})])  # fmt: skip
    frame, _, findings, _ = read_source("hifld-lines", path)
    assert frame["voltage_kv_nominal"].tolist() == [345.0]
    assert [(f.code, f.severity) for f in findings] == [("PW212", "note")]
    assert "mystery" in findings[0].message


def test_the_newest_day_of_the_rows_is_the_day_of_the_copy(tmp_path):
    path = copy_of(tmp_path / "lines.geojson", {"VAL_DATE": "2014/01/02 00:00:00+00"}, {"VAL_DATE": "2019-05-06"}, {"VAL_DATE": "1900/01/01 00:00:00"})  # fmt: skip
    frame, tally, _, delivery = read_source("hifld-lines", path)
    assert str(delivery.as_of) == "2019-05-06"
    assert "2014-01-02" in delivery.note
    assert frame["as_of"].fillna("").tolist() == ["2014-01-02", "2019-05-06", ""]
    assert tally.emptied["as_of: no day between 1971 and 2060"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("lines.geojson", b"<!DOCTYPE html>\n<html><body>gone</body></html>", "PW202"), ("lines.parquet", b"<html>gone</html>", "PW202"),
     ("lines.geojson", b"PK\x03\x04 a workbook", "PW202"), ("lines.csv", b"ID,VOLT_CLASS\n1,345\n", "PW203"),
     ("lines.geojson", b'{"type": "FeatureCollection", "features": []}', "PW204")],
)  # fmt: skip
def test_a_wrong_file_under_the_right_name_is_one_finding_and_writes_nothing(tmp_path, name, content, code):  # fmt: skip
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(app, ["import", "hifld-lines", str(tmp_path / name), "-o", str(tmp_path / "out.csv")])  # fmt: skip
    assert result.exit_code == 2, result.output
    assert result.stderr.count("error[") == 1
    assert f"error[{code}]" in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_column_names_what_is_there(tmp_path):
    path = write_features(tmp_path / "x.geojson", [(track((-99, 38), (-98, 38)), {"ID": "1", "VOLT_CLAS": "345"})])  # fmt: skip
    _, _, findings, _ = read_source("hifld-lines", path)
    assert codes(findings) == ["PW203"]
    assert "volt_clas" in findings[0].remedy


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_twice_the_same_bytes_and_the_region_reads_the_layer(tmp_path, make_region, suffix):
    source = copy_of(tmp_path / "in.geojson", {}, {"VOLTAGE": -999999}, {"geometry": track((-99.1, 38.4), (-99.0, 38.5))})  # fmt: skip
    target = tmp_path / f"lines{suffix}"
    arguments = ["import", "hifld-lines", str(source), "-o", str(target)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    before = target.read_bytes()
    again = CliRunner().invoke(app, arguments)
    assert target.read_bytes() == before
    assert "0 rows are new, 0 are gone" in again.stderr
    assert "cells differ" not in again.stderr
    region = pw.read(make_region(tmp_path, toml=first.stdout))
    assert len(region.layers["transmission_lines"].frame) == 3
    assert not [f for f in region.findings if f.severity == "error"]


def test_lengths_do_not_join_the_parts_of_a_line():
    lines = gpd.GeoSeries.from_wkt(["MULTILINESTRING ((-99 38, -99 39), (-98 38, -98 39))", "LINESTRING (-99 38, -99 39)"])  # fmt: skip
    both, single = lengths_km(lines.to_numpy())
    assert both == pytest.approx(2 * single, abs=0.002)
    assert single == pytest.approx(111.0, abs=0.1)


@pytest.fixture(scope="module")
def national(shared):
    return read_source("hifld-lines", shared / "data/us_transmission_hifld/transmission_lines_us.parquet")  # fmt: skip


def test_of_the_real_lines_8800_of_94197_have_no_voltage(national, shared):
    frame, tally, findings, _ = national
    assert codes(findings) == []
    assert (len(frame), int(frame["voltage_kv_nominal"].isna().sum())) == (94_197, 8_800)
    assert tally.noted["of no known voltage"] == 8_800
    derived = gpd.read_parquet(shared / "data/us_transmission_hifld/transmission_lines_us.parquet").set_index("line_id")  # fmt: skip
    own = frame.set_index("line_id")
    pd.testing.assert_series_equal(own["voltage_kv_nominal"], derived["voltage_kv_nominal"].reindex(own.index))  # fmt: skip
    assert own["length_km"].sum() == pytest.approx(951_536, rel=0.005)


def test_of_the_real_lines_1646_in_810_groups_are_drawn_alike(national):
    noted = national[1].noted
    assert noted["drawn as another line, in 810 groups: a sum of lengths counts them twice"] == 1_646  # fmt: skip


def test_no_column_of_the_lines_is_a_capacity(national):
    units = [unit_of(column) for column in national[0].columns]
    assert {unit.symbol for unit in units if unit} == {"kV", "km"}


def test_what_is_counted_of_a_region_is_of_it_and_a_line_across_its_border_stays(tmp_path):
    far = {"geometry": track((-80, 35), (-79, 35)), "VOLTAGE": -999999, "VOLT_CLASS": "DC"}
    path = copy_of(tmp_path / "lines.geojson", {}, {"geometry": track((-98.75, 38.5), (-98.6, 38.5))}, far, far)  # fmt: skip
    frame, tally, _, _ = read_source("hifld-lines", path, area=shapely.box(-99.1, 38.4, -98.9, 38.6))  # fmt: skip
    assert len(frame) == 2
    assert tally.left_out == {"farther than 25 km from the region": 2}
    assert not tally.noted
    assert tally.emptied == {"poi_to: `NOT AVAILABLE`": 2}


def test_a_region_without_any_line_is_an_empty_layer_and_no_crash(tmp_path):
    frame, tally, findings, _ = read_source("hifld-lines", copy_of(tmp_path / "lines.geojson", {}), area=shapely.box(10, 50, 11, 51))  # fmt: skip
    assert codes(findings) == []
    assert len(frame) == 0
    assert tally.left_out == {"farther than 25 km from the region": 1}
