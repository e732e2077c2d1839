"""IM3 atlas: campuses and the buildings in them stay apart, areas are in m², the licence goes along."""

from __future__ import annotations

import tomllib

import pytest
from layer_import import about, by_command, imported, in_region, write_geojson
from shapely import Point, box

CAMPUS = {"state_abb": "KS", "county": "One County", "operator": "Synthetic Co", "name": "Synthetic campus", "sqft": 1_000_000.0,
          "type": "campus", "geometry": box(-99.02, 38.50, -99.00, 38.52)}  # fmt: skip
BUILDING = {**CAMPUS, "name": "Synthetic hall", "sqft": 100.0, "type": "building", "geometry": box(-99.012, 38.511, -99.010, 38.512)}  # fmt: skip
ELSEWHERE = {**BUILDING, "name": None, "geometry": box(-98.9, 38.6, -98.89, 38.61)}
POINT = {**CAMPUS, "name": "Synthetic point", "sqft": None, "type": "point", "geometry": Point(-99.015, 38.515)}  # fmt: skip
CSV = "id,state,state_abb,state_id,county,county_id,operator,ref,name,sqft,lon,lat,type\n"


@pytest.fixture
def footprints(tmp_path):
    return write_geojson(tmp_path / "synthetic.geojson", [CAMPUS, BUILDING, ELSEWHERE, POINT])


def test_a_building_and_a_point_say_the_campus_they_lie_in(footprints):
    rows, tally, findings = imported("im3-atlas", footprints)
    assert findings == []
    by_kind = rows.set_index("name")
    campus = by_kind.loc["Synthetic campus", "dc_id"]
    assert by_kind.loc["Synthetic hall", "contained_in"] == campus
    assert by_kind.loc["Synthetic point", "contained_in"] == campus
    assert rows.loc[rows["name"].isna(), "contained_in"].isna().all()
    assert rows.loc[rows["kind"] == "campus", "contained_in"].isna().all()
    assert tally.noted["within the outline of a campus (contained_in)"] == 2


def test_a_building_whose_campus_lies_outside_the_region_stands_by_itself(tmp_path):
    campus = {**CAMPUS, "geometry": box(-99.02, 38.50, -95.0, 38.52)}
    path = write_geojson(tmp_path / "synthetic.geojson", [campus, BUILDING])
    rows, tally, _ = imported("im3-atlas", path, area=box(-99.1, 38.4, -98.9, 38.6))
    assert rows["kind"].tolist() == ["building"]
    assert rows["contained_in"].isna().all()
    assert tally.noted["whose campus lies outside the region, so they stand by themselves"] == 1


def test_square_feet_become_square_metres_and_a_blank_stays_unknown(footprints):
    rows, _, _ = imported("im3-atlas", footprints)
    area = rows.set_index("name")["floor_area_m2"]
    assert area["Synthetic hall"] == pytest.approx(9.290304, abs=0.05)
    assert area.isna()["Synthetic point"]


def test_a_point_stands_inside_its_outline(tmp_path):
    bent = box(0, 0, 9, 9).difference(box(1, 1, 9, 9)).buffer(0)
    rows, _, _ = imported("im3-atlas", write_geojson(tmp_path / "synthetic.geojson", [{**BUILDING, "geometry": bent}]))  # fmt: skip
    assert bent.covers(Point(rows["lon"][0], rows["lat"][0]))


def test_what_lies_in_two_counties_is_a_row_of_each_and_told(tmp_path):
    twice = [BUILDING, {**BUILDING, "county": "Two County"}, BUILDING]
    rows, tally, _ = imported("im3-atlas", write_geojson(tmp_path / "synthetic.geojson", twice))
    assert sorted(rows["county"]) == ["One County", "Two County"]
    assert rows["dc_id"].is_unique
    assert tally.left_out == {"stands in an earlier row": 1}
    assert tally.noted["in two counties, a row for each: a sum counts it twice"] == 2


def test_the_table_edition_mends_codes_of_counties(tmp_path):
    path = tmp_path / "synthetic.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + (CSV.replace("county_id", "county\u00a0id") + "0012,Kansas,KS,1,One County,9,,,A,10,-99.0,38.5,building\r\n"
                           "13,Kansas,KS,20,One County,167,,,B,,-99.1,38.6,point\r\n14,Kansas,KS,20,One County,167,,,C,,,,point\r\n").encode()
    )  # fmt: skip
    rows, tally, findings = imported("im3-atlas", path)
    assert [finding.code for finding in findings] == ["PW206"]
    assert rows["dc_id"].tolist() == ["im3-0012", "im3-13"]
    assert rows["fips"].tolist() == ["01009", "20167"]
    assert tally.left_out == {"no position": 1}


def test_an_unknown_type_is_left_out_by_its_name(tmp_path):
    path = write_geojson(tmp_path / "synthetic.geojson", [BUILDING, {**CAMPUS, "type": "bunker"}])
    rows, tally, _ = imported("im3-atlas", path)
    assert len(rows) == 1
    assert list(tally.left_out) == ["type `bunker` is none of building, campus, point"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("other.csv", "a,b\n1,2\n", "PW203"),
        ("page.csv", "<!DOCTYPE html>\n<html><body>gone, sorry, moved</body></html>\n", "PW202"),
        ("page.geojson", "<html>503</html>", "PW202"),
        ("book.csv", "PK\x03\x04", "PW202"),
        ("lines.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":1},"geometry":{"type":"Point","coordinates":[1,2]}}]}', "PW203"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_so_many_words(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    rows, _, findings = imported("im3-atlas", path)
    assert rows is None
    assert {finding.code for finding in findings} == {code}
    by_command("im3-atlas", path, output=tmp_path / "out.csv", code=2)
    assert not (tmp_path / "out.csv").exists()


def test_the_licence_of_the_map_goes_along(tmp_path, footprints):
    result = by_command("im3-atlas", footprints, output=tmp_path / "out.csv")
    layer = tomllib.loads(result.stdout)["layers"]["data_centers"]
    assert layer["licenses"] == ["ODbL-1.0"]
    assert "OpenStreetMap contributors" in layer["attribution"]
    assert "a file of its own" in result.stderr


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_region_reads_it_and_the_bytes_stay(make_region, tmp_path, footprints, suffix):
    region = in_region(make_region, tmp_path, "im3-atlas", footprints, suffix=suffix)
    layer = region.layers["data_centers"]
    assert len(layer.frame) == 4
    assert layer.licenses == ("ODbL-1.0",)
    assert not about(region, "data_centers")
    before = (tmp_path / f"imported{suffix}").read_bytes()
    by_command("im3-atlas", footprints, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before


def test_the_atlas_keeps_109_campuses_and_1040_buildings_apart(shared):
    rows, tally, findings = imported("im3-atlas", shared / "data/data_centers_im3/im3_datacenter_footprints.geojson")  # fmt: skip
    assert findings == []
    assert rows["kind"].value_counts().to_dict() == {"building": 1040, "campus": 109, "point": 84}
    assert not tally.left_out
    assert rows["dc_id"].is_unique
    campuses = set(rows.loc[rows["kind"] == "campus", "dc_id"])
    held = rows[rows["contained_in"].notna()]
    assert set(held["contained_in"]) <= campuses
    assert len(held) == tally.noted["within the outline of a campus (contained_in)"] > 200
    assert rows.loc[rows["kind"] == "building", "floor_area_m2"].mean() == pytest.approx(149_368 * 0.09290304, rel=1e-4)  # fmt: skip


def test_points_of_virginia_alone_cannot_say_their_campus(shared):
    rows, tally, _ = imported("im3-atlas", shared / "data/virginia/data_centers_va.geojson")
    assert len(rows) == 265
    assert rows["contained_in"].isna().all()
    assert tally.noted["without outlines, so the campus that a row lies in is unknown"] == 265


def test_swapped_axes_are_refused(tmp_path):
    path = write_geojson(tmp_path / "synthetic.geojson", [{**POINT, "geometry": Point(38.5, -78)}])
    rows, _, findings = imported("im3-atlas", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW304"]
