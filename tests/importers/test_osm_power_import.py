"""OSM power: volts in lists, one place for every shape, ids of type and number; only nodes for large loads."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
from conftest import write_csv
from made_up_features import codes, read_source, write_features
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.importers.osm_power import LEAST_KV, voltages_kv

STATION = {"power": "substation", "substation": "transmission", "voltage": "230000;115000", "name": "Made-up Ash", "operator": "Synthetic Grid"}  # fmt: skip
SQUARE = [[-99.0, 38.5], [-98.99, 38.5], [-98.99, 38.51], [-99.0, 38.51], [-99.0, 38.5]]


def element(type_, id_, tags=STATION, **more):
    return {"type": type_, "id": id_, **({"tags": tags} if tags else {}), **more}


def node(id_, lon=-99.0, lat=38.5, **tags):
    return element("node", id_, {**STATION, **tags}, lon=lon, lat=lat)


def track(points):
    return [{"lon": lon, "lat": lat} for lon, lat in points]


def answer(path, *elements, **more):
    """A synthetic Overpass answer."""
    head = {"version": 0.6, "osm3s": {"timestamp_osm_base": "2026-05-04T03:02:01Z", "copyright": "synthetic"}}  # fmt: skip
    path.write_text(json.dumps({**head, **more, "elements": elements}), encoding="utf-8")
    return path


def imported(folder, *elements, **more):
    frame, tally, findings, delivery = read_source("osm-power", answer(folder / "osm.json", *elements, **more))  # fmt: skip
    return frame, tally, findings, delivery


def test_a_station_is_a_node_with_its_volts_in_kilovolts(tmp_path):
    frame, _, findings, delivery = imported(tmp_path, node(7))
    assert codes(findings) == []
    row = frame.iloc[0]
    assert (row["poi_id"], row["name"], row["name_status"], row["kind"]) == ("osm-node-7", "Made-up Ash", "public", "substation")  # fmt: skip
    assert (row["voltage_kv"], row["min_voltage_kv"], row["voltage_word"]) == (230.0, 115.0, "230000;115000")  # fmt: skip
    assert (row["headroom_rung"], row["status"], row["operator"]) == ("line_proximity", "secondary", "Synthetic Grid")  # fmt: skip
    assert str(delivery.as_of) == "2026-05-04"
    assert not [column for column in frame if column.endswith(("_mw", "_mva"))]


@pytest.mark.parametrize(
    ("text", "high", "low", "strange"),
    [("110000", 110, 110, False), ("110000;20000", 110, 20, False), ("20000; 380000 ;", 380, 20, False), ("132 kV", 132, 132, False), ("132000/33000", 132, 33, False),
     ("110000;medium", 110, 110, True), ("yes", None, None, True), ("0", None, None, True), (None, None, None, False)],
)  # fmt: skip
def test_voltages_are_read_from_lists_of_volts(text, high, low, strange):
    found = voltages_kv(text)
    assert tuple(None if pd.isna(one) else one for one in found) == (high, low, strange)


def test_a_voltage_that_is_no_number_is_unknown_and_counted(tmp_path):
    frame, tally, _, _ = imported(tmp_path, node(1, voltage="yes"), node(2, voltage="110000;?"))
    assert frame["voltage_kv"].fillna(-1).tolist() == [-1, 110]
    assert tally.emptied["voltage: a part that is no number of volts"] == 2
    assert tally.noted["of no known voltage"] == 1


@pytest.mark.parametrize(
    ("tags", "why"),
    [({"voltage": "20000;400"}, "below 60 kV"), ({"voltage": "59999"}, "below 60 kV"), ({"substation": "traction"}, "feeds a railway"),
     ({"frequency": "16.7"}, "feeds a railway"), ({"substation": "transition"}, "is where a line becomes a cable"),
     ({"substation": "minor_distribution", "voltage": ""}, "of the distribution, of no known voltage")],
)  # fmt: skip
def test_what_is_no_node_for_a_large_load_is_left_out_with_the_reason(tmp_path, tags, why):
    frame, tally, _, _ = imported(tmp_path, node(1), node(2, **tags))
    assert frame["poi_id"].tolist() == ["osm-node-1"]
    assert tally.left_out == {why: 1}


def test_a_station_of_the_threshold_or_of_the_distribution_at_high_voltage_stays(tmp_path):
    frame, tally, _, _ = imported(tmp_path, node(1, voltage=f"{1000 * LEAST_KV.value:.0f}"), node(2, substation="distribution", voltage="110000"))  # fmt: skip
    assert len(frame) == 2
    assert not tally.left_out


def test_plants_lines_and_towers_are_no_substations_and_are_counted(tmp_path):
    closed = element("way", 5, {"power": "line", "voltage": "220000"}, geometry=track(SQUARE))
    rows = [node(1), node(2, power="plant"), node(3, power="tower"), node(4, power="tower"), closed, element("node", 9, {"highway": "stop"}, lon=-99, lat=38)]  # fmt: skip
    frame, tally, _, _ = imported(tmp_path, *rows)
    assert frame["poi_id"].tolist() == ["osm-node-1"]
    assert tally.left_out == {"power=plant, no substation": 1, "power=tower, no substation": 2, "power=line, no substation": 1, "no tag `power`": 1}  # fmt: skip


def test_type_and_number_make_the_id(tmp_path):
    shape = {"geometry": track(SQUARE)}
    frame, tally, _, _ = imported(tmp_path, node(1), element("way", 1, **shape), element("relation", 1, members=[{"type": "way", "role": "outer", **shape}]), node(1))  # fmt: skip
    assert frame["poi_id"].tolist() == ["osm-node-1", "osm-relation-1", "osm-way-1"]
    assert tally.left_out == {"stands in an earlier row under the same type and number": 1}


@pytest.mark.parametrize(
    "shape",
    [
        {"geometry": track(SQUARE)},
        {"center": {"lon": -98.995, "lat": 38.505}},
        {"bounds": {"minlon": -99.0, "minlat": 38.5, "maxlon": -98.99, "maxlat": 38.51}},
        {"members": [{"type": "way", "role": "outer", "geometry": track(SQUARE[:3])}, {"type": "way", "role": "outer", "geometry": track(SQUARE[2:])}]},
        {"members": [{"type": "node", "role": "", "ref": 3}], "center": {"lon": -98.995, "lat": 38.505}},
    ],
)  # fmt: skip
def test_every_shape_of_an_answer_gives_its_middle(tmp_path, shape):
    frame, _, _, _ = imported(tmp_path, element("relation", 3, **shape))
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx((-98.995, 38.505), abs=1e-6)
    radius = frame["location_accuracy_m"][0]
    assert pd.isna(radius) if "center" in shape else radius == pytest.approx(705, abs=5)


def test_a_way_of_corners_is_put_together_and_the_corners_are_counted(tmp_path):
    corners = [element("node", 100 + n, None, lon=lon, lat=lat) for n, (lon, lat) in enumerate(SQUARE[:4])]  # fmt: skip
    frame, tally, _, _ = imported(tmp_path, element("way", 2, nodes=[100, 101, 102, 103, 100]), *corners)  # fmt: skip
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx((-98.995, 38.505), abs=1e-6)
    assert (tally.read, tally.left_out) == (5, {"without tags: it only gives others their shape": 4})  # fmt: skip


def test_an_element_without_a_place_is_left_out_and_counted(tmp_path):
    frame, tally, _, _ = imported(tmp_path, node(1), element("way", 2, nodes=[8, 9]))
    assert len(frame) == 1
    assert tally.left_out == {"no position": 1}


def test_a_station_inside_another_is_told_and_both_stay(tmp_path):
    frame, tally, _, _ = imported(tmp_path, node(1, -98.995, 38.505), element("way", 1, geometry=track(SQUARE)))  # fmt: skip
    assert len(frame) == 2
    assert tally.noted["inside the outline of another: the two may be one"] == 1
    assert tally.noted["outlines, placed at their middle"] == 1


def test_an_answer_that_was_cut_short_says_so(tmp_path):
    _, _, findings, _ = imported(tmp_path, node(1), remark="runtime error: Query timed out")
    assert codes(findings) == ["PW202"]
    assert "Query timed out" in findings[0].message


def test_a_switching_station_and_one_without_a_name_are_told_apart(tmp_path):
    frame, _, _, _ = imported(tmp_path, node(1, substation="switching"), node(2, name="", substation=""))  # fmt: skip
    assert frame["kind"].tolist() == ["switching_station", "substation"]
    assert frame["name_status"].tolist() == ["public", "derived"]
    assert frame["name"].isna().tolist() == [False, True]


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize("form", ["@id", "id", "nested"])
def test_geojson_in_each_of_its_forms_gives_the_same_nodes(tmp_path, form):
    point = {"type": "Point", "coordinates": [-98.9, 38.6]}
    rows = [(polygon(SQUARE), "way", 12, STATION), (point, "node", 12, {**STATION, "name": None}), (polygon(SQUARE), "way", 13, {"power": "line"})]  # fmt: skip
    made = {"@id": lambda kind, n, tags: {"@id": f"{kind}/{n}", **tags}, "id": lambda kind, n, tags: {"id": f"{kind}/{n}", **tags},
            "nested": lambda kind, n, tags: {"type": kind, "id": n, "tags": tags}}[form]  # fmt: skip
    path = write_features(tmp_path / "x.geojson", [(shape, made(*rest)) for shape, *rest in rows])
    frame, tally, findings, _ = read_source("osm-power", path)
    assert codes(findings) == []
    assert frame["poi_id"].tolist() == ["osm-node-12", "osm-way-12"]
    assert frame["voltage_kv"].tolist() == [230.0, 230.0]
    assert (frame.geometry.x[1], frame.geometry.y[1]) == pytest.approx((-98.995, 38.505), abs=1e-6)
    assert tally.left_out == {"power=line, no substation": 1}


def test_geojson_without_ids_is_refused(tmp_path):
    path = write_features(tmp_path / "x.geojson", [(polygon(SQUARE), STATION)])
    _, _, findings, _ = read_source("osm-power", path)
    assert codes(findings) == ["PW203"]


def test_a_csv_of_overpass_is_read_with_tabs_a_mark_and_no_tag_power(tmp_path):
    rows = [{"@id": 5, "@type": "way", "@lat": 38.5, "@lon": -99, "name": "Ash", "voltage": "110000", "operator": "", "substation": ""},
            {"@id": 6, "@type": "node", "@lat": "", "@lon": "", "name": "", "voltage": "", "operator": "", "substation": ""}]  # fmt: skip
    write_csv(tmp_path / "x.csv", rows)
    text = (tmp_path / "x.csv").read_text(encoding="utf-8").replace(",", "\t").replace("\n", "\r\n")
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    frame, tally, findings, _ = read_source("osm-power", tmp_path / "x.csv")
    assert [f for f in findings if f.severity == "error"] == []
    assert frame["poi_id"].tolist() == ["osm-way-5"]
    assert frame["voltage_kv"].tolist() == [110.0]
    assert tally.left_out == {"no position": 1}
    assert tally.noted["taken for a substation: the file has no tag `power`"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("x.json", b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html>busy</html>', "PW202"), ("x.geojson", b"PK\x03\x04", "PW202"), ("x.csv", b"name,voltage\na,1\n", "PW203"),
     ("x.json", b'{"osm3s": {}, "elements": [{"type": "node"', "PW202"), ("x.json", b'{"elements": 3}', "PW202")],
)  # fmt: skip
def test_a_wrong_or_broken_file_is_one_finding(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    assert codes(read_source("osm-power", tmp_path / name)[2]) == [code]


def test_an_answer_without_elements_writes_nothing(tmp_path):
    source = answer(tmp_path / "x.json")
    result = CliRunner().invoke(app, ["import", "osm-power", str(source), "-o", str(tmp_path / "out.csv")])  # fmt: skip
    assert result.exit_code == 2, result.output
    assert "error[PW204]" in result.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_twice_the_same_bytes_and_the_region_names_the_licence(tmp_path, make_region, suffix):
    source = answer(tmp_path / "in.json", node(1), element("way", 2, geometry=track(SQUARE)), node(3, voltage="yes"))  # fmt: skip
    target = tmp_path / f"nodes{suffix}"
    arguments = ["import", "osm-power", str(source), "-o", str(target)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    before = target.read_bytes()
    CliRunner().invoke(app, arguments)
    assert target.read_bytes() == before
    region = pw.read(make_region(tmp_path, toml=first.stdout, points_of_interconnection=None))
    layer = region.layers["points_of_interconnection"]
    assert (len(layer.frame), layer.licenses) == (3, ("ODbL-1.0",))
    assert "OpenStreetMap contributors" in layer.attribution
    assert str(layer.as_of) == "2026-05-04"
    assert not [f for f in region.findings if f.severity == "error"]


def test_the_order_of_the_elements_moves_no_byte(tmp_path):
    rows = [node(1), node(20), node(3), element("way", 2, geometry=track(SQUARE))]
    one, other = imported(tmp_path, *rows)[0], imported(tmp_path, *rows[::-1])[0]
    assert isinstance(one, gpd.GeoDataFrame)
    pd.testing.assert_frame_equal(one, other)
