"""Coordinates: feet, Web Mercator, swapped axes and unnamed systems are each a finding, whatever the file."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from layer_import import by_command, write_book
from made_up_features import codes, read_source
from made_up_sources import FEATURES, TABLES, feature_file, files_of, places_of_tables

#: Kansas South in US survey feet, and its twin in metres.
FEET, METRES = "EPSG:3420", "EPSG:26978"
UNDEFINED = 'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
#: Sources whose axes are known to be swapped where the rows lie near the South Pole.
OF_THE_US = [name for name in FEATURES if name not in {"osm-power", "aqueduct"}]
IN_DEGREES = ("osm-power", "eia-plants", "hifld-substations", "im3-atlas")


def copy_of(source: str, folder: Path, suffix: str, crs: str = "EPSG:4326", said: str = "", *, swapped: bool = False):  # fmt: skip
    """A synthetic file in one system that says it is in another."""
    frame = gpd.read_file(feature_file(source, folder)).to_crs(crs)
    if swapped:
        frame = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda at: at[:, ::-1]), crs=crs)  # fmt: skip
    frame = frame.set_crs(said or crs, allow_override=True)
    path = folder / f"copy{suffix}"
    if suffix == ".geojson":  # the driver would reproject
        content = json.loads(frame.to_json())
        content["crs"] = {"type": "name", "properties": {"name": said or crs}}
        path.write_text(json.dumps(content), encoding="utf-8")
    else:
        frame.to_file(path)
    return path


def told(source: str, *files: Path, **asked: str):
    """Rows, and the codes and messages of errors and warnings."""
    frame, _, findings, _ = read_source(source, *files, **asked)
    return frame, codes(findings), [finding.message for finding in findings if finding.severity != "note"]  # fmt: skip


@pytest.mark.parametrize(("source", "suffix"), [("hifld-lines", ".shp"), ("hifld-lines", ".geojson"), ("osm-power", ".geojson")])  # fmt: skip
def test_feet_are_read_where_they_are_named_and_told_where_they_are_not(tmp_path, source, suffix):
    right = told(source, feature_file(source, tmp_path))[0]
    frame, found, _ = told(source, copy_of(source, tmp_path, suffix, FEET))
    assert found == []
    assert frame.total_bounds == pytest.approx(right.total_bounds, abs=1e-5)
    frame, found, said = told(source, copy_of(source, tmp_path, suffix, FEET, said="EPSG:4326"))
    assert (frame, found) == (None, ["PW304"])
    assert "it says degrees, and its coordinates are none" in said[0]
    frame, found, said = told(source, copy_of(source, tmp_path, suffix, FEET, said=METRES))
    assert found == ["PW304"]
    assert "Kansas South does not hold" in said[0]
    wrong = copy_of(source, tmp_path, suffix, FEET, said="EPSG:4326")
    frame, found, _ = told(source, wrong, crs=FEET)
    assert found == []
    assert frame.total_bounds == pytest.approx(right.total_bounds, abs=1e-5)


@pytest.mark.parametrize("suffix", [".shp", ".geojson"])
@pytest.mark.parametrize("source", list(FEATURES))
def test_web_mercator_that_says_degrees_is_told_and_read_once_it_is_named(tmp_path, source, suffix):
    right = told(source, feature_file(source, tmp_path))[0]
    path = copy_of(source, tmp_path, suffix, "EPSG:3857", said="EPSG:4326")
    frame, found, said = told(source, path)
    assert (frame, found) == (None, ["PW304"])
    assert "it says degrees, and its coordinates are none" in said[0]
    frame, found, _ = told(source, path, crs="EPSG:3857")
    assert found == []
    assert frame.total_bounds == pytest.approx(right.total_bounds, abs=1e-5)


@pytest.mark.parametrize("suffix", [".shp", ".geojson"])
@pytest.mark.parametrize("source", list(FEATURES))
def test_swapped_axes_are_told(tmp_path, source, suffix):
    frame, found, said = told(source, copy_of(source, tmp_path, suffix, swapped=True))
    assert (frame, found) == (None, ["PW304"])
    assert said[0].startswith("latitude stands before longitude")


@pytest.mark.parametrize("source", OF_THE_US)
def test_swapped_axes_that_are_degrees_still_lie_near_the_south_pole(tmp_path, source, monkeypatch):
    shape, shared, rows = FEATURES[source]
    monkeypatch.setitem(FEATURES, source, (lambda west: shape(west + 21), shared, rows))  # 78° W
    frame, found, said = told(source, copy_of(source, tmp_path, ".geojson", swapped=True))
    assert (frame, found) == (None, ["PW304"])
    assert "near the South Pole" in said[0]


@pytest.mark.parametrize("source", [name for name in FEATURES if name != "osm-power"])
def test_an_undefined_geographic_system_is_refused_until_it_is_named(tmp_path, source):
    path = copy_of(source, tmp_path, ".shp")
    path.with_suffix(".prj").write_text(UNDEFINED, encoding="utf-8")
    frame, found, said = told(source, path)
    assert (frame, found) == (None, ["PW302"])
    assert "Undefined geographic SRS" in said[0]
    assert told(source, path, crs="EPSG:4326")[1] == []


@pytest.mark.parametrize("crs", [{"properties": {"name": "Undefined geographic SRS"}}, {"properties": {}}, "EPSG"])  # fmt: skip
def test_an_undefined_system_of_openstreetmap_features_is_refused_too(tmp_path, crs):
    path = feature_file("osm-power", tmp_path)
    content = json.loads(path.read_text(encoding="utf-8")) | {"crs": crs}
    path.write_text(json.dumps(content), encoding="utf-8")
    frame, found, _ = told("osm-power", path)
    assert (frame, found) == (None, ["PW302"])
    assert told("osm-power", path, crs="EPSG:4326")[1] == []


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [(38.5, -99.0, "latitude stands before longitude"), (-11_020_000, 4_650_000, "it says degrees"), (1_640_000, 1_700_000, "it says degrees")],
    ids=["swapped", "Web Mercator", "feet"],
)  # fmt: skip
@pytest.mark.parametrize("source", [*IN_DEGREES, "peeringdb"])
def test_a_table_whose_numbers_are_no_degrees_is_told(tmp_path, source, lon, lat, words):
    files = places_of_tables(source, tmp_path, lon, lat)
    frame, found, said = told(source, *files)
    assert (frame, found) == (None, ["PW304"])
    assert words in said[0]


@pytest.mark.parametrize(("lon", "lat", "words"), [(38.5, -99.0, "latitude stands before longitude"), (-11_020_000, 4_650_000, "it says degrees")])  # fmt: skip
def test_an_answer_of_overpass_whose_numbers_are_no_degrees_is_told(tmp_path, lon, lat, words):
    elements = [{"type": "node", "id": n, "lon": lon, "lat": lat, "tags": {"power": "substation", "voltage": "230000"}} for n in range(3)]  # fmt: skip
    path = tmp_path / "osm.json"
    path.write_text(json.dumps({"elements": elements}), encoding="utf-8")
    frame, found, said = told("osm-power", path)
    assert (frame, found) == (None, ["PW304"])
    assert words in said[0]


def test_workbooks_and_positions_whose_numbers_are_no_degrees_are_told(tmp_path):
    plants, units = files_of("eia860", tmp_path / "eia")
    head = ["Plant Code", "Plant Name", "Latitude", "Longitude"]
    write_book(plants, Plant=[["Synthetic"], head, [101, "Ash", 4_650_000, -11_020_000], [20, "Beech", 4_650_000, -11_020_000]])  # fmt: skip
    assert told("eia860", plants, units)[1] == ["PW304"]
    book, _ = files_of("esb-capacity", tmp_path / "esb")
    places = tmp_path / "places.csv"
    places.write_text("station,lon,lat\nSynthetic A,-690000,7050000\n", encoding="utf-8")
    assert told("esb-capacity", book, places)[1] == ["PW304"]


def test_one_row_that_is_off_the_globe_does_not_make_a_table_of_degrees_none(tmp_path, monkeypatch):
    shared, rows = TABLES["osm-power"]
    monkeypatch.setitem(TABLES, "osm-power", (shared, [*rows, {"@id": "9", "@type": "way"}]))
    (path,) = places_of_tables("osm-power", tmp_path, -99.0, 38.5)
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*text[:-1], text[-1].replace("-99.0", "-9900000")]) + "\n", encoding="utf-8")  # fmt: skip
    frame, found, _ = told("osm-power", path)
    assert (len(frame), found) == (3, [])


@pytest.mark.parametrize("source", [*FEATURES, "im3-atlas as a table"])
def test_a_file_whose_rows_have_no_place_is_one_error_and_writes_nothing(tmp_path, source):
    if source in FEATURES:
        path = feature_file(source, tmp_path)
        content = json.loads(path.read_text(encoding="utf-8"))
        content["features"] = [{**row, "geometry": None} for row in content["features"]]
        path.write_text(json.dumps(content), encoding="utf-8")
    else:
        (path,) = places_of_tables("im3-atlas", tmp_path, "", "")
    result = by_command(source.split()[0], path, output=tmp_path / "out.csv", code=2)
    assert result.stderr.count("error[") == result.stderr.count("error[PW204]") == 1
    assert not (tmp_path / "out.csv").exists()


def test_the_id_of_a_feature_does_not_hide_the_id_of_its_row(tmp_path):
    """Writers of GeoJSON number the features in a member `id`, beside a column `ID`."""
    path = feature_file("hifld-lines", tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["features"] = [{**row, "id": f"f{n}"} for n, row in enumerate(content["features"])]
    path.write_text(json.dumps(content), encoding="utf-8")
    frame, _, findings, _ = read_source("hifld-lines", path)
    assert frame["line_id"].tolist() == ["1", "20", "3"]
    assert [(finding.code, finding.severity) for finding in findings] == [("PW212", "note")]
