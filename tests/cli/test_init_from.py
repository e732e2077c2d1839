"""`powerwall init NAME --from …`: a region of public downloads, on synthetic files and on real ones."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import write_csv
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real files of ../shared are not there")


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def downloads(tmp_path):
    """Synthetic downloads: two counties, a line across them, and three substations."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    gpd.GeoDataFrame(
        {"GEOID": ["51107", "51153"], "NAME": ["Synthetic", "Other"], "LSAD": ["06", "06"]},
        geometry=[shapely.box(-78, 38.5, -77.5, 39), shapely.box(-77.5, 38.5, -77, 39)], crs="EPSG:4326",
    ).to_file(folder / "counties.gpkg")  # fmt: skip
    gpd.GeoDataFrame(
        {"ID": ["1"], "VOLTAGE": [230.0], "VOLT_CLASS": ["220-287"], "STATUS": ["IN SERVICE"], "OWNER": ["MADE UP"], "SUB_1": ["A"], "SUB_2": ["B"],
         "INFERRED": ["N"], "TYPE": ["AC; OVERHEAD"]},
        geometry=[shapely.LineString([(-77.9, 38.6), (-77.2, 38.8)])], crs="EPSG:4326",
    ).to_file(folder / "lines.geojson")  # fmt: skip
    at = [(-77.9, 38.6), (-77.4, 38.8), (-70.0, 38.8)]
    gpd.GeoDataFrame(
        {"ID": ["10", "11", "12"], "NAME": ["A", "B", "FAR"], "STATE": "VA", "TYPE": "SUBSTATION", "STATUS": "IN SERVICE", "COUNTYFIPS": "51107",
         "LINES": 2, "MAX_VOLT": 230.0, "MIN_VOLT": 115.0, "LATITUDE": [y for _, y in at], "LONGITUDE": [x for x, _ in at]},
        geometry=[shapely.Point(place) for place in at], crs="EPSG:4326",
    ).to_file(folder / "substations.geojson")  # fmt: skip
    return folder


def sources(folder):
    return [
        "--from", f"hifld-substations={folder / 'substations.geojson'}@2025-01-01",
        "--from", f"hifld-lines={folder / 'lines.geojson'}@2025-01-01",
        "--from", f"census-counties={folder / 'counties.gpkg'}@2024-01-01",
    ]  # fmt: skip


def test_downloads_become_a_region_that_check_passes_and_score_ranks(
    downloads, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    told = run("init", "made-up", *sources(downloads), "--within", "51107", "--as-of", "2026-11-01")
    assert "Next: powerwall check regions/made-up.toml" in told.stdout
    assert "left out 1: farther than 25 km from the region" in told.stderr
    table = tomllib.loads(Path("regions/made-up.toml").read_text(encoding="utf-8"))
    assert list(table["layers"]) == ["jurisdictions", "points_of_interconnection", "transmission_lines"]  # fmt: skip
    assert str(table["layers"]["jurisdictions"]["as_of"]) == "2024-01-01"
    assert table["crs"] == "EPSG:32618"
    region = pw.read("regions/made-up.toml")
    assert region.sites["around_poi_id"].tolist() == ["10"]  # 11 is over the border
    nodes = region.layers.frame("points_of_interconnection").set_index("poi_id")
    assert nodes["in_region"].to_dict() == {"10": "yes", "11": "no"}
    assert run("check", "regions/made-up.toml").stdout.count("error[") == 0
    run("score", "regions/made-up.toml", "--quiet")


def test_the_same_downloads_make_the_same_bytes(downloads, tmp_path):
    for name in ("one", "two"):
        run("init", "made-up", *sources(downloads), "--as-of", "2026-11-01", "--in", tmp_path / name)  # fmt: skip
    written = sorted((tmp_path / "one").rglob("*.*"))
    assert len(written) == 4
    for path in written:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "hifld-line=x.csv"], "no source `hifld-line`"),
        (["--from", "hifld-lines=missing.geojson"], "no such file"),
        (["--from", "hifld-lines="], "no file"),
        (["--from", "im3-atlas=in.csv", "--from", "peeringdb=in.csv"], "both become the layer `data_centers`"),
        (["--from", "hifld-lines=in.csv"], "PW20"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_leaves_nothing_behind(
    tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    told = run("init", "made-up", *arguments, code=2)
    assert words in told.stderr
    assert not list(Path("regions").glob("*")) if Path("regions").exists() else True
    assert not list(tmp_path.rglob("made-up*"))


def test_sources_without_nodes_leave_one_site_to_replace(downloads, tmp_path):
    counties = f"census-counties={downloads / 'counties.gpkg'}"
    run("init", "made-up", "--from", counties, "--in", tmp_path)
    sites = pd.read_csv(tmp_path / "made-up" / "sites.csv")
    assert sites["site_id"].tolist() == ["first-site"]
    assert shapely.box(-78, 38.5, -77, 39).contains(shapely.Point(sites["lon"][0], sites["lat"][0]))
    assert len(pw.read(tmp_path / "made-up.toml").sites) == 1


def test_counties_to_keep_need_their_outlines(downloads, tmp_path):
    nodes = f"hifld-substations={downloads / 'substations.geojson'}"
    told = run("init", "made-up", "--from", nodes, "--within", "51107", "--in", tmp_path / "new", code=2)  # fmt: skip
    assert "--from census-counties=FILE" in told.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("kv", "within", "sites", "words"),
    [
        (69.0, "51107", ["near-10"], 'where = "in_region == \\"yes\\""'),
        (230.0, "", ["near-10", "near-11", "near-12"], 'where = "voltage_kv >= 138"'),
        (None, "", ["near-10", "near-11", "near-12"], '"points_of_interconnection", radius_km'),
        (230.0, "51153", ["near-11"], 'where = "voltage_kv >= 138 and in_region == \\"yes\\""'),
        (230.0, "51999", ["first-site"], "sites.csv"),
    ],
)  # fmt: skip
def test_a_site_stands_round_each_high_node_or_else_round_each(downloads, tmp_path, kv, within, sites, words):  # fmt: skip
    nodes = gpd.read_file(downloads / "substations.geojson").assign(MAX_VOLT=kv, MIN_VOLT=None)
    nodes.astype({"MAX_VOLT": float}).to_file(downloads / "nodes.geojson")
    counties = gpd.read_file(downloads / "counties.gpkg")
    counties.loc[2] = ["51999", "Empty", "06", shapely.box(-78.1, 38.5, -78, 39)]
    counties.set_crs(4326).to_file(downloads / "more.gpkg")
    wanted = ["--from", f"hifld-substations={downloads / 'nodes.geojson'}"]
    if within:
        wanted += ["--from", f"census-counties={downloads / 'more.gpkg'}", "--within", within]
    run("init", "made-up", *wanted, "--in", tmp_path)
    assert words in (tmp_path / "made-up.toml").read_text(encoding="utf-8")
    assert pw.read(tmp_path / "made-up.toml").sites.index.tolist() == sites


def test_a_queue_is_matched_among_all_counties_of_the_state(downloads, tmp_path):
    rows = pd.DataFrame({"Queue ID": ["1", "2"], "Queue Date": "2024-01-02", "Status": "Active", "Generation Type": "Solar", "County": ["Synthetic", "Synthetik"],
                         "State": "VA", "Capacity (MW)": 5, "Study Process": "", "Off-Peak Deliverability and Economic Only": ""})  # fmt: skip
    rows.to_csv(downloads / "queue.csv", index=False)
    told = run("init", "made-up", *sources(downloads)[-2:], "--from", f"iso-queue={downloads / 'queue.csv'}", "--within", "51153", "--in", tmp_path, code=2)  # fmt: skip
    assert "of no county of the region" in told.stderr
    told = run("init", "made-up", *sources(downloads)[-2:], "--from", f"iso-queue={downloads / 'queue.csv'}", "--within", "51107", "--in", tmp_path)  # fmt: skip
    assert pd.read_csv(tmp_path / "made-up" / "queue.csv", dtype=str)["queue_id"].tolist() == ["1"]
    assert "1 rows name a county that is not in the table" in told.stderr.replace("\n", " ")


def test_a_region_without_places_stands_where_it_is_said(tmp_path):
    network = tmp_path / "network"
    network.mkdir()
    (network / "buses.csv").write_text("name,v_nom,x,y\na,220,9.5,51.5\nb,220,9.7,51.7\n", encoding="utf-8")  # fmt: skip
    (network / "lines.csv").write_text("name,bus0,bus1,x,r,s_nom,length\n1,a,b,10,1,400,20\n", encoding="utf-8")  # fmt: skip
    (network / "loads.csv").write_text("name,bus,p_set\n1,b,20\n", encoding="utf-8")
    (network / "generators.csv").write_text("name,bus,p_nom,carrier,marginal_cost\n1,a,50,Gas,9\n", encoding="utf-8")  # fmt: skip
    run("init", "made-up", "--from", f"pypsa-csv={network}", "--in", tmp_path)
    table = tomllib.loads((tmp_path / "made-up.toml").read_text(encoding="utf-8"))
    assert table["crs"] == "EPSG:32632"
    site = pd.read_csv(tmp_path / "made-up" / "sites.csv").loc[0]
    assert (site["lon"], site["lat"]) == (9.6, 51.6)


def test_a_queue_that_does_not_say_whose_it_is_takes_the_operator_that_is_named(tmp_path):
    queue = tmp_path / "queue.csv"
    queue.write_text("Queue ID,Queue Date,Status,Generation Type\n1,2024-01-02,Active,Solar\n", encoding="utf-8")  # fmt: skip
    wanted = ["init", "made-up", "--from", f"iso-queue={queue}", "--in", tmp_path]
    assert "--entity: CAISO" in run(*wanted, code=2).stderr.replace("\n", " ")
    run(*wanted, "--entity", "PJM")
    assert pd.read_csv(tmp_path / "made-up" / "queue.csv")["entity"].tolist() == ["PJM"]


def test_a_code_that_no_county_has_is_told_and_not_passed_over(downloads, tmp_path):
    told = run("init", "made-up", *sources(downloads), "--within", "51107,99999", "--in", tmp_path, code=2)  # fmt: skip
    assert "--within 99999: no county of counties.gpkg has that code" in told.stderr
    assert "51107:" not in told.stderr
    assert not list(tmp_path.rglob("made-up*"))


@pytest.mark.parametrize(
    ("places", "crs"),
    [
        ([(-78, 38), (-77, 39)], "EPSG:32618"),
        ([(-106.6, 31.8), (-94, 30)], "EPSG:5070"),  # wider than a zone
        ([(-120, 47), (-80, 26), (-70, 44), (144.8, 13.4)], "EPSG:5070"),  # Guam is told by check
        ([(-160, 60), (-135, 58)], "EPSG:3338"),
        ([(-9, 53), (24, 60)], "EPSG:3035"),
    ],
)
def test_a_region_is_drawn_in_a_system_that_holds_its_places(tmp_path, places, crs):
    frame = gpd.GeoDataFrame(
        {"ID": [str(row) for row in range(len(places))], "TYPE": "SUBSTATION", "STATUS": "IN SERVICE", "MAX_VOLT": 230.0},
        geometry=[shapely.Point(place) for place in places], crs="EPSG:4326",
    )  # fmt: skip
    frame.to_file(tmp_path / "nodes.geojson")
    run("init", "made-up", "--from", f"hifld-substations={tmp_path / 'nodes.geojson'}", "--in", tmp_path)  # fmt: skip
    table = tomllib.loads((tmp_path / "made-up.toml").read_text(encoding="utf-8"))
    assert table["crs"] == crs


def test_places_all_over_the_globe_are_no_region(tmp_path):
    places = [(-150, -40), (-60, -20), (20, -30), (100, 10), (140, -35)]
    gpd.GeoDataFrame(
        {"ID": list("abcde"), "TYPE": "SUBSTATION", "MAX_VOLT": 230.0}, geometry=[shapely.Point(place) for place in places], crs="EPSG:4326",
    ).to_file(tmp_path / "nodes.geojson")  # fmt: skip
    told = run("init", "made-up", "--from", f"hifld-substations={tmp_path / 'nodes.geojson'}", "--in", tmp_path, code=2)  # fmt: skip
    assert "PW303" in told.stderr
    assert not (tmp_path / "made-up.toml").exists()


def test_acts_of_other_places_alone_leave_no_layer(downloads, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv(downloads / "ordinances.csv", [{
        "State": "Kansas", "County": "One", "City/Town": "", "Feature Type": "Sound", "Value Type": "dBA", "Value": "50", "Citation": "SYNTHETIC",
        "Comment": "", "Ordinance Year": "2019",
    }])  # fmt: skip
    told = run("init", "made-up", *sources(downloads), "--from", f"ordinances={downloads / 'ordinances.csv'}@2024-01-01",
               "--within", "51107", "--as-of", "2026-11-01")  # fmt: skip
    assert "0 rows" in told.stderr
    assert "noise_rules" not in Path("regions/made-up.toml").read_text(encoding="utf-8")
    assert not Path("regions/made-up/noise_rules.csv").exists()


def test_an_entity_that_may_mean_two_things_is_refused(downloads, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mix.csv", "queue.csv"):
        write_csv(downloads / name, [{"made": "up"}])
    both = ["--from", f"grid-mix={downloads / 'mix.csv'}", "--from", f"iso-queue={downloads / 'queue.csv'}"]  # fmt: skip
    told = run("init", "made-up", *both, "--entity", "PJM", code=2)
    assert "PW603" in told.stderr
    assert not Path("regions").exists() or not any(Path("regions").iterdir())
