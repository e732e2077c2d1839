"""Census counties: codes keep their zero, cities and counties of one name stay two, no datum is guessed."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
from made_up_features import codes, in_crs, read_source, write_features
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.importers.census_counties import legal_kind, vintage
from powerwall.importers.columns import county_codes


def square(west, south, side=0.5):
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]  # fmt: skip
    return {"type": "Polygon", "coordinates": [ring]}


def county(geoid, name, lsad="06", **more):
    return {"STATEFP": str(geoid)[:2], "GEOID": geoid, "NAME": name, "LSAD": lsad, **more}


def imported(path, *rows, **asked):
    shapes = [(square(-99 + n, 38.5), row) for n, row in enumerate(rows)]
    return read_source("census-counties", write_features(path, shapes), **asked)


def topology(path, arcs, **objects):
    """Write a synthetic atlas in TopoJSON: object → (id, properties, arcs of its ring)."""
    made = {
        name: {"type": "GeometryCollection", "geometries": [
            {"type": "Polygon" if rings else None, "arcs": [rings], "id": id_, "properties": own} for id_, own, rings in rows]}
        for name, rows in objects.items()
    }  # fmt: skip
    path.write_text(json.dumps({"type": "Topology", "arcs": arcs, "objects": made}), encoding="utf-8")  # fmt: skip
    return path


@pytest.mark.parametrize("geoid", ["01001", "1001", 1001, 1001.0])
def test_a_code_keeps_its_zero_or_gets_it_back(tmp_path, geoid):
    frame, _, findings, _ = imported(tmp_path / "x.geojson", county(geoid, "Autauga"))
    assert codes(findings) == []
    assert frame.loc[0, ["county_fips", "state", "jurisdiction_id", "name"]].tolist() == ["01001", "AL", "us-al-autauga-county", "Autauga County"]  # fmt: skip


def test_a_county_and_a_city_of_one_name_are_two(tmp_path):
    frame = imported(tmp_path / "x.geojson", county("51159", "Richmond"), county("51760", "Richmond", "25"))[0]  # fmt: skip
    assert dict(zip(frame["jurisdiction_id"], frame["kind"], strict=True)) == {"us-va-richmond-county": "county", "us-va-richmond-city": "city"}  # fmt: skip


@pytest.mark.parametrize(
    ("geoid", "lsad", "name"),
    [("22001", "15", "Made-up Parish"), ("02013", "04", "Made-up Borough"), ("72001", "13", "Made-up Municipio"), ("09110", "PL", "Made-up Planning Region"),
     ("02016", "05", "Made-up Census Area"), ("32510", "00", "Made-up")],
)  # fmt: skip
def test_the_legal_kind_is_part_of_the_name(tmp_path, geoid, lsad, name):
    frame = imported(tmp_path / "x.geojson", county(geoid, "Made-up", lsad))[0]
    assert frame["name"].tolist() == [name]


def test_a_code_of_no_state_is_an_error(tmp_path):
    frame, _, findings, _ = imported(tmp_path / "x.geojson", county("20001", "Allen"), county("99001", "Nowhere"))  # fmt: skip
    assert frame is None
    assert codes(findings) == ["PW405"]
    assert "99001" in findings[-1].message


def test_a_second_row_of_a_code_is_left_out_and_counted(tmp_path):
    frame, tally, _, _ = imported(tmp_path / "x.geojson", county("20001", "Allen"), county("20001", "Allen"))  # fmt: skip
    assert len(frame) == 1
    assert tally.left_out["stands in an earlier row under the same code"] == 1


def test_an_outline_that_crosses_itself_is_repaired_and_of_it_only_areas_are_kept(tmp_path):
    spike = {"type": "Polygon", "coordinates": [[[-99, 38], [-98, 38], [-98, 39], [-98, 40], [-98, 39], [-99, 39], [-99, 38]]]}  # fmt: skip
    path = write_features(tmp_path / "x.geojson", [(spike, county("20001", "Allen"))])
    frame, tally, _, _ = read_source("census-counties", path)
    assert tally.noted["outlines that crossed themselves, repaired"] == 1
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}
    assert frame.geometry.is_valid.all()
    assert frame.total_bounds == pytest.approx([-99, 38, -98, 39])


def test_an_atlas_in_topojson_says_no_datum_and_its_counties_are_found_among_its_collections(tmp_path):  # fmt: skip
    arcs = [[[-99, 38], [-98, 38], [-98, 39], [-99, 38]], [[-97, 38], [-96, 38], [-96, 39], [-97, 38]], [[-95, 38], [-95, 38], [-95, 38], [-95, 38]]]  # fmt: skip
    path = topology(
        tmp_path / "atlas.json", arcs,
        nation=[("US", {"name": "Made-up"}, [0])],
        counties=[("51159", {"name": "Richmond"}, [0]), ("51760", {"name": "Richmond"}, [1]), ("51610", {"name": "Falls Church"}, [2]), ("51600", {"name": "Fairfax"}, None)],
    )  # fmt: skip
    _, _, findings, _ = read_source("census-counties", path)
    assert codes(findings) == ["PW302"]
    frame, tally, findings, _ = read_source("census-counties", path, crs="EPSG:4269")
    assert codes(findings) == []
    assert frame["jurisdiction_id"].tolist() == ["us-va-richmond-city", "us-va-richmond-county"]
    assert frame["status"].tolist() == ["secondary"] * 2
    assert tally.read == 4
    assert tally.left_out == {"no area": 1, "no position": 1}  # quantised to nothing
    assert tally.noted["rows of its layer `counties`; nation not read"] == 3
    assert tally.noted["whose legal kind the file does not state: it is that of the code"] == 2


def test_the_vintage_of_connecticut_is_told():
    fips = pd.Series(["09001", "09015", "09110", "09190", "10001"])
    assert vintage(fips).fillna("").tolist() == ["until 2021", "until 2021", "from 2022", "from 2022", ""]  # fmt: skip


def test_a_note_says_which_vintage_of_connecticut_a_file_has(tmp_path):
    assert imported(tmp_path / "x.geojson", county("09110", "Capitol", "PL"))[3].note.startswith("Connecticut is in planning regions (from 2022)")  # fmt: skip
    assert imported(tmp_path / "y.geojson", county("20001", "Allen"))[3].note == ""


@pytest.mark.parametrize("crs", ["EPSG:4269", "EPSG:5070", "EPSG:3857", "EPSG:3420"])
def test_any_declared_system_gives_the_same_outlines(tmp_path, crs):
    imported(tmp_path / "x.geojson", county("20001", "Allen"))
    frame = read_source("census-counties", in_crs(tmp_path / "x.geojson", tmp_path / "x.gpkg", crs))[0]  # fmt: skip
    assert frame.total_bounds == pytest.approx([-99, 38.5, -98.5, 39.0], abs=1e-5)


def test_swapped_axes_are_refused(tmp_path):
    path = write_features(tmp_path / "x.geojson", [(square(38.5, -78.0), county("51159", "Richmond"))])  # fmt: skip
    frame, _, findings, _ = read_source("census-counties", path)
    assert frame is None
    assert codes(findings) == ["PW304"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_twice_the_same_bytes_and_the_region_joins_by_the_layer(tmp_path, make_region, suffix):
    source = write_features(tmp_path / "in.geojson", [(square(-99.4, 38.2, 1.5), county("20001", "Allen")), (square(-97.9, 38.2), county("20003", "Anderson"))])  # fmt: skip
    target = tmp_path / f"counties{suffix}"
    arguments = ["import", "census-counties", str(source), "-o", str(target)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    before = target.read_bytes()
    CliRunner().invoke(app, arguments)
    assert target.read_bytes() == before
    empty = dict.fromkeys(("jurisdictions", "policy", "noise_rules"))
    region = pw.read(make_region(tmp_path, toml=first.stdout, **empty))
    assert region.sites.loc[["a", "b"], "jurisdiction_id"].tolist() == ["us-ks-allen-county"] * 2
    assert region.layers.frame("jurisdictions")["county_fips"].tolist() == ["20001", "20003"]
    assert not [f for f in region.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.geojson", b"\n<!doctype html><html></html>"), ("x.parquet", b"GEOID,NAME\n01001,Autauga\n"), ("x.shp", b"no shapefile")],
)  # fmt: skip
def test_a_wrong_file_under_the_right_name_is_one_finding(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    _, _, findings, _ = read_source("census-counties", tmp_path / name)
    assert codes(findings) == ["PW202"]


def test_a_shapefile_without_prj_is_refused_with_the_likely_code_and_read_with_it(shared):
    """Checklist 1: data/virginia/native_shapefile_no_prj."""
    path = shared / "data/virginia/native_shapefile_no_prj/cb_2016_51_county_500k.shp"
    _, _, findings, _ = read_source("census-counties", path)
    assert codes(findings) == ["PW302"]
    assert "--crs EPSG:4269" in findings[0].remedy
    frame, _, findings, _ = read_source("census-counties", path, crs="EPSG:4269")
    assert codes(findings) == []
    assert len(frame) == 133
    assert frame["jurisdiction_id"].nunique() == 133
    assert set(frame.loc[frame["name"].str.startswith("Richmond"), "county_fips"]) == {"51159", "51760"}  # fmt: skip


@pytest.fixture(scope="module")
def national(shared):
    return read_source("census-counties", shared / "data/us_boundaries/counties_us_500k_2016.parquet")  # fmt: skip


def test_the_real_counties_are_3233_and_the_first_code_is_01001(national):
    frame, tally, findings, _ = national
    assert codes(findings) == []
    assert (tally.read, len(frame), frame["jurisdiction_id"].nunique()) == (3_233, 3_233, 3_233)
    assert frame["county_fips"].sort_values().iloc[0] == "01001"


def test_the_codes_of_reeds_match_but_for_nine_of_connecticut(national, shared):
    """Checklist 2: codes that lost their zero, and the planning regions of 2022."""
    native = pd.read_csv(shared / "data/utility_territories/reeds_county2zone.csv")["FIPS"]
    fips = county_codes(native)
    assert fips[native == 4001].tolist() == ["04001"]
    matched = fips.isin(national[0]["county_fips"])
    assert round(100 * matched.mean(), 1) == 99.7
    assert sorted(fips[~matched]) == [f"09{n}" for n in range(110, 191, 10)]
    assert set(vintage(fips[~matched])) == {"from 2022"}


def test_virginia_has_133_names_with_their_legal_kind(shared):
    """Checklist 3: six names stand for a county and a city, four of them in Virginia."""
    frame = read_source("census-counties", shared / "data/virginia/counties_va.parquet")[0]
    assert frame["name"].nunique() == 133
    assert frame["name"].str.removesuffix(" County").str.removesuffix(" city").nunique() == 129
    assert frame.loc[frame["name"].isin(["Richmond County", "Richmond city"]), "county_fips"].tolist() == ["51760", "51159"]  # fmt: skip


def test_the_legal_kind_by_code_is_that_of_the_real_file(shared):
    """An atlas without LSAD is named as the Census has it, wherever the code tells."""
    real = gpd.read_parquet(shared / "data/us_boundaries/counties_us_500k_2016.parquet")
    told = real["GEOID"].map(legal_kind)
    assert (told == "").sum() == 34  # Alaska (29) and American Samoa (5) have several kinds
    assert (told[told != ""] == real["LSAD"][told != ""]).all()
