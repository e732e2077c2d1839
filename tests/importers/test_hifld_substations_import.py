"""HIFLD substations: placeholders are no names, pairs of voltages in order, counts are no capacity."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from conftest import write_csv
from made_up_features import codes, in_crs, read_source, write_features
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.region.units import unit_of

STATION = {"OBJECTID": 1, "ID": "0101", "NAME": "ASH", "CITY": "MADE-UP", "STATE": "KS", "TYPE": "SUBSTATION", "STATUS": "IN SERVICE", "COUNTYFIPS": "20001",
           "SOURCEDATE": "2013/05/06 00:00:00", "VAL_DATE": "2021/02/03 00:00:00", "LINES": 4, "MAX_VOLT": 230.0, "MIN_VOLT": 69.0, "MAX_INFER": "N",
           "MIN_INFER": "N", "LATITUDE": 38.5, "LONGITUDE": -99.0}  # fmt: skip
CLUSTER = {"sub_id": "D0", "n_line_ends": 3, "max_voltage_kv_nominal": 138.0, "volt_classes": "100-161;UNDER 100"}  # fmt: skip


def at(lon, lat):
    return {"type": "Point", "coordinates": [lon, lat]}


def imported(folder, *rows, base=STATION, key="ID"):
    """Rows of a synthetic copy; ids count from 0101 unless given."""
    shapes = [(at(-99 + n / 100, 38.5), {**base, key: f"01{n + 1:02d}", **row}) for n, row in enumerate(rows)]  # fmt: skip
    return read_source("hifld-substations", write_features(folder / "substations.geojson", shapes))


def one(folder, **cells):
    frame, tally, findings, _ = imported(folder, cells)
    assert codes(findings) == []
    return frame.iloc[0], tally


def test_a_station_becomes_a_node_whose_count_of_lines_is_a_count(tmp_path):
    row, _ = one(tmp_path)
    assert (row["poi_id"], row["name"], row["name_status"], row["kind"]) == ("0101", "ASH", "public", "substation")  # fmt: skip
    assert (row["voltage_kv"], row["min_voltage_kv"], row["line_ends_count"]) == (230.0, 69.0, 4)
    assert (row["status"], row["status_raw"], row["headroom_rung"]) == ("secondary", "IN SERVICE", "line_proximity")  # fmt: skip
    assert row["as_of"] == "2021-02-03"


@pytest.mark.parametrize("name", ["UNKNOWN123456", "TAP123456", "unknown 7", "RISER12"])
def test_a_placeholder_is_no_name_and_is_counted(tmp_path, name):
    row, tally = one(tmp_path, NAME=name)
    assert pd.isna(row["name"])
    assert row["name_status"] == "derived"
    assert tally.emptied["name: a placeholder such as UNKNOWN123456"] == 1


@pytest.mark.parametrize("name", ["TAPPAN 2", "UNKNOWN CREEK", "TAP CREEK 138"])
def test_a_name_that_only_begins_like_a_placeholder_stays(tmp_path, name):
    row, tally = one(tmp_path, NAME=name)
    assert row["name"] == name
    assert not tally.emptied


def test_a_pair_of_voltages_in_the_wrong_order_is_swapped_and_marked(tmp_path):
    frame, tally, _, _ = imported(tmp_path, {"MAX_VOLT": 69, "MIN_VOLT": 345}, {}, {"MAX_VOLT": -999999, "MIN_VOLT": 115})  # fmt: skip
    assert frame["voltage_kv"].fillna(-1).tolist() == [345, 230, -1]
    assert frame["min_voltage_kv"].tolist() == [69, 69, 115]
    assert frame["note"].notna().tolist() == [True, False, False]
    assert tally.noted["MIN_VOLT stood above MAX_VOLT: swapped"] == 1
    assert tally.noted["of no known voltage"] == 1


@pytest.mark.parametrize("sentinel", [-999999, 0])
def test_a_sentinel_is_an_unknown_voltage_or_count_and_never_zero(tmp_path, sentinel):
    row, tally = one(tmp_path, MAX_VOLT=sentinel, MIN_VOLT=sentinel, LINES=-999999)
    assert row[["voltage_kv", "min_voltage_kv", "line_ends_count"]].isna().all()
    assert sum(tally.emptied.values()) == 3


@pytest.mark.parametrize(
    ("type_", "state", "kind"),
    [("SUBSTATION", "IN SERVICE", "substation"), ("TAP", "NOT AVAILABLE", "tap"), ("SUBSTATION", "PROPOSED", "planned"), ("TAP", "UNDER CONST", "planned"),
     ("NOT AVAILABLE", "IN SERVICE", None), ("RISER", "IN SERVICE", None)],
)  # fmt: skip
def test_the_kind_is_the_type_and_what_does_not_stand_yet_is_planned(tmp_path, type_, state, kind):
    row, _ = one(tmp_path, TYPE=type_, STATUS=state)
    assert (None if pd.isna(row["kind"]) else row["kind"]) == kind


def test_a_type_that_is_no_kind_keeps_its_word_and_is_told(tmp_path):
    row, tally = one(tmp_path, TYPE="RISER")
    assert row["type_word"] == "RISER"
    assert tally.noted["of a type that is no kind of node, e.g. RISER"] == 1


def test_an_inactive_station_is_left_out_and_counted(tmp_path):
    frame, tally, _, _ = imported(tmp_path, {"STATUS": "INACTIVE"}, {})
    assert len(frame) == 1
    assert tally.left_out["inactive"] == 1


def test_an_inferred_voltage_makes_a_row_approximate(tmp_path):
    assert one(tmp_path, MAX_INFER="Y")[0]["status"] == "approximate"


def test_rows_without_an_id_or_under_one_twice_are_counted(tmp_path):
    frame, tally, _, _ = imported(tmp_path, {}, {"ID": "0101"}, {"ID": None}, {"ID": "NOT AVAILABLE"})  # fmt: skip
    assert frame["poi_id"].tolist() == ["0101"]
    assert tally.left_out == {"stands in an earlier row under the same id": 1, "no id": 2}


def test_a_copy_in_web_mercator_and_one_saved_as_a_dirty_table_give_the_same_nodes(tmp_path):
    expected = imported(tmp_path, {}, {"LONGITUDE": -98.99})[0].drop(columns="geometry")
    mercator = in_crs(tmp_path / "substations.geojson", tmp_path / "copy.gpkg", "EPSG:3857")
    write_csv(tmp_path / "copy.csv", [{**STATION}, {**STATION, "ID": "0102", "LONGITUDE": -98.99}, {**STATION, "ID": "0103", "LONGITUDE": ""}])  # fmt: skip
    text = (tmp_path / "copy.csv").read_text(encoding="utf-8").replace("MAX_VOLT", "Max\u00a0Volt ").replace("\n", "\r\n")  # fmt: skip
    (tmp_path / "copy.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for path, lost in ((mercator, 0), (tmp_path / "copy.csv", 1)):
        frame, tally, findings, _ = read_source("hifld-substations", path)
        assert [f.code for f in findings if f.severity == "error"] == []
        pd.testing.assert_frame_equal(pd.DataFrame(frame.drop(columns="geometry")), expected, check_dtype=False)  # fmt: skip
        assert tally.left_out["no position"] == lost
        assert frame.total_bounds == pytest.approx([-99, 38.5, -98.99, 38.5], abs=1e-6)


def test_a_table_that_is_not_utf_8_is_one_finding(tmp_path):
    write_csv(tmp_path / "copy.csv", [{**STATION, "NAME": "MONTRÉAL"}])
    (tmp_path / "copy.csv").write_bytes((tmp_path / "copy.csv").read_text(encoding="utf-8").encode("latin-1"))  # fmt: skip
    _, _, findings, _ = read_source("hifld-substations", tmp_path / "copy.csv")
    assert codes(findings) == ["PW202"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("x.geojson", b"<html></html>", "PW202"), ("x.csv", b"<!DOCTYPE html><html></html>", "PW202"), ("x.csv", b"PK\x03\x04", "PW202"),
     ("x.xlsx", b"ID,MAX_VOLT\n", "PW202"), ("x.csv", b"ID,NAME\n1,ASH\n", "PW203")],
)  # fmt: skip
def test_a_wrong_file_under_the_right_name_is_one_finding(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    _, _, findings, _ = read_source("hifld-substations", tmp_path / name)
    assert codes(findings) == [code]


def test_swapped_axes_are_refused(tmp_path):
    path = write_features(tmp_path / "x.geojson", [(at(38.5, -78.0), STATION)])
    _, _, findings, _ = read_source("hifld-substations", path)
    assert codes(findings) == ["PW304"]


def test_clusters_of_line_ends_are_nodes_without_names_and_an_unknown_voltage_stays(tmp_path):
    frame, tally, findings, _ = imported(tmp_path, {}, {"max_voltage_kv_nominal": None, "n_line_ends": 1, "volt_classes": "NOT AVAILABLE"}, base=CLUSTER, key="sub_id")  # fmt: skip
    assert codes(findings) == []
    assert set(frame["kind"]) == {"line_ends"}
    assert set(frame["name_status"]) == {"derived"}
    assert set(frame["headroom_rung"]) == {"line_proximity"}
    assert set(frame["status"]) == {"approximate"}
    assert frame["line_ends_count"].tolist() == [3, 1]
    assert frame["voltage_kv"].isna().tolist() == [False, True]
    assert tally.noted == {"of no known voltage": 1, "clusters of a single line end, which may be no station": 1}  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("base", [STATION, CLUSTER])
def test_twice_the_same_bytes_and_the_region_reads_the_layer(tmp_path, make_region, suffix, base):
    rows = [(at(-99, 38.5), base), (at(-98.9, 38.5), {**base, "ID": "7", "sub_id": "D1", "TYPE": "RISER", "MAX_VOLT": -999999})]  # fmt: skip
    source, target = write_features(tmp_path / "in.geojson", rows), tmp_path / f"nodes{suffix}"
    arguments = ["import", "hifld-substations", str(source), "-o", str(target)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    assert "no native file was at hand" in " ".join(first.stderr.split())
    before = target.read_bytes()
    CliRunner().invoke(app, arguments)
    assert target.read_bytes() == before
    region = pw.read(make_region(tmp_path, toml=first.stdout, points_of_interconnection=None))
    nodes = region.layers.frame("points_of_interconnection")
    assert len(nodes) == 2
    assert not [f for f in region.findings if f.severity == "error"]


@pytest.fixture(scope="module")
def national(shared):
    return read_source("hifld-substations", shared / "data/us_transmission_hifld/derived_substations_us.parquet")  # fmt: skip


def test_the_real_clusters_keep_their_unknown_voltages_and_counts(national):
    frame, tally, findings, _ = national
    assert codes(findings) == []
    assert (len(frame), int(frame["voltage_kv"].isna().sum())) == (61_474, 5_106)
    assert int(frame["line_ends_count"].max()) == 57
    assert round(100 * tally.noted["clusters of a single line end, which may be no station"] / len(frame)) == 23  # fmt: skip


def test_no_line_end_became_a_capacity(national):
    """Checklist 20."""
    units = {column: unit_of(column) for column in national[0].columns}
    assert {column: unit.symbol for column, unit in units.items() if unit} == {"voltage_kv": "kV", "line_ends_count": "count"}  # fmt: skip


def test_the_real_data_centres_of_virginia_are_as_near_a_cluster_as_published(shared):
    """README of data/virginia: median 1,017 m to the nearest cluster of 138 kV or more."""
    frame = read_source("hifld-substations", shared / "data/virginia/derived_substations_va.geojson")[0]  # fmt: skip
    nodes = frame[frame["voltage_kv"] >= 138].to_crs("EPSG:5070")
    centres = gpd.read_file(shared / "data/virginia/data_centers_va.geojson").to_crs("EPSG:5070")
    near = gpd.sjoin_nearest(centres[["geometry"]], nodes[["geometry"]], distance_col="metres")
    assert near.groupby(level=0)["metres"].first().median() == pytest.approx(1017, abs=1)
