"""Regions made of real downloads in one go: `check` passes with warnings only, and `score` ranks."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files of ../shared are not there"),
]
VIRGINIA = {
    "census-counties": "virginia/native_shapefile_no_prj/cb_2016_51_county_500k.shp@2016-01-01",
    "hifld-lines": "virginia/transmission_lines_va.geojson@2025-06-11",
    "hifld-substations": "virginia/derived_substations_va.geojson@2025-06-11",
    "hifld-territories": "virginia/utility_territories_va.geojson@2026-02-01",
    "water-areas": "virginia/water_service_areas_va.parquet@2025-06-11",
    "im3-atlas": "virginia/data_centers_va.geojson@2025-06-11",
    "lbnl-queue": "queues_lbnl_2020/lbnlisoqueues_2020.xlsx@2020-12-31",
    "moratoria": "moratoria_us/moratorium_inventory.csv",
    "ordinances": "ordinances_nrel/NREL_Wind_Ordinances.xlsx@2022-12-31",
    "urdb": "tariffs_urdb_fixtures/urdb_multi_tier.json",
    "epw": "climate_epw/USA_VA_Leesburg.Exec.epw",
}
TEXAS = {
    "census-counties": "texas_ercot/counties_tx.parquet@2016-01-01",
    "hifld-lines": "us_transmission_hifld/transmission_lines_us.parquet@2025-06-11",
    "hifld-substations": "us_transmission_hifld/derived_substations_us.parquet@2025-06-11",
    "water-areas": "texas_ercot/water_service_areas_tx.parquet@2025-06-11",
    "im3-atlas": "data_centers_im3/im3_datacenter_footprints.geojson@2025-06-11",
    "eia-plants": "power_plants_eia860/power_plants_us.parquet@2023-12-31",
    "iso-queue": "texas_ercot/GIS_Report_December_2022.xlsx,texas_ercot/GIS_Report_December_2023.xlsx",
    "moratoria": "moratoria_us/moratorium_inventory.csv",
    "epw": "climate_epw/USA_TX_Dallas-Fort.Worth.epw",
}


def init(name, sources, *more):
    given = []
    for source, files in sources.items():
        given += ["--from", f"{source}=" + ",".join(str(DATA / file) for file in files.split(","))]
    done = CliRunner().invoke(app, ["init", name, *given, "--as-of", "2026-11-01", *more])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize(
    ("name", "sources", "more", "layers"),
    [
        ("virginia", VIRGINIA, ("--within", "51", "--crs", "EPSG:4269"),
         {"jurisdictions": 133, "tariff_territories": 9, "water_systems": 235, "queue": 783 - 38, "policy": 1, "noise_rules": 10}),
        ("dallas", TEXAS, ("--within", "48113,48439,48085,48121,48251"), {"jurisdictions": 5, "queue": 29, "generators": 43, "data_centers": 41}),
    ],
)  # fmt: skip
def test_a_state_and_a_metropolis_come_out_of_their_downloads(
    tmp_path, monkeypatch, name, sources, more, layers
):
    monkeypatch.chdir(tmp_path)
    init(name, sources, *more)
    path = Path("regions") / f"{name}.toml"
    region = pw.read(path)
    for layer, rows in layers.items():
        assert len(region.layers[layer].frame) == rows, layer
    checked = CliRunner().invoke(app, ["check", str(path), "--today", "2026-11-27"])
    assert checked.exit_code == 0, checked.output
    assert "error[" not in checked.output
    assert "warning[" in checked.output
    ranking = pw.rank(region, pw.measure(region))
    assert (ranking.frame["status"] == "ranked").sum() > 20
    assert ranking.frame["score"].between(0, 100).all()
    assert set(region.layers.frame("points_of_interconnection")["in_region"]) == {"yes", "no"}
