"""`powerwall init NAME --from …`: a region of public downloads, on synthetic files and on real ones."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
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
