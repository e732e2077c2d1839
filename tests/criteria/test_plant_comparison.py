"""Plants beside one another at a site, and the page of published sites."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import LAYERS, REPOSITORY
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.criterion import Shared
from powerwall.criteria.facts import fact_table
from powerwall.criteria.water.comparison import compare_plants
from powerwall.criteria.water.plants import PLANTS, PRESETS
from powerwall.output.validation import validation_page


@pytest.fixture
def table(make_region, tmp_path):
    water = [LAYERS["water_systems"][0] | {"cap_m3_per_day": 5000}]
    region = pw.read(make_region(tmp_path, water_systems=water))
    return compare_plants(Shared(region.sites.loc[["a"]], region.layers, region.request), "a")


def test_every_plant_is_compared_once_and_every_megawatt_follows_its_peak_pue(table):
    assert table.index.is_unique
    assert set(PLANTS) <= set(table.index)
    assert np.allclose(table["it_mw"] * table["pue_peak"], 300)


def test_extra_water_is_that_of_a_megawatt_beyond_the_best_dry_plant(table):
    dry = table.loc[table["annual_makeup_m3"] == 0, "it_mw"].drop("evaporative-frugal", errors="ignore").max()  # fmt: skip
    tower = table.loc["liquid-tower"]
    assert tower["extra_mw_water_m3_per_mw"] == pytest.approx(tower["annual_makeup_m3"] / (tower["it_mw"] - dry))  # fmt: skip
    assert table.loc[["mixed-hall", "air-chiller", "tower-chiller"], "extra_mw_water_m3_per_mw"].isna().all()  # fmt: skip


def test_a_plant_is_undominated_where_no_other_has_more_power_and_a_smaller_peak_day(table):
    for name, row in table.iterrows():
        beaten = [
            other for other, one in table.iterrows()
            if other != name and one["it_mw"] >= row["it_mw"] and one["max_day_makeup_m3"] <= row["max_day_makeup_m3"]
            and (one["it_mw"] > row["it_mw"] or one["max_day_makeup_m3"] < row["max_day_makeup_m3"])
        ]  # fmt: skip
        assert bool(row["undominated"]) == (not beaten), (name, beaten)
    assert bool(table.loc["liquid-tower", "undominated"])


def test_the_margin_of_each_plant_is_that_of_its_own_peak_day(table):
    assert np.allclose(table["rule_margin_share"], 1 - table["max_day_makeup_m3"] / 5000)


def test_json_carries_the_comparison(make_region, tmp_path):
    done = CliRunner().invoke(app, ["explain", str(make_region(tmp_path)), "a", "--format", "json"])
    plants = json.loads(done.stdout)["cooling_plants"]
    assert {one["plant"] for one in plants} >= set(PLANTS)
    assert all("NaN" not in json.dumps(one) for one in plants)


def test_every_published_site_names_plants_that_are_there_and_who_saw_it_before():
    for row in fact_table("published_sites").to_dict("records"):
        plants = str(row["plants"]).split(";") if isinstance(row["plants"], str) else []
        assert set(plants) <= {*PLANTS, *PRESETS}, row["report_id"]
        assert row["seen_before"] in {"yes", "no", "possibly"}
        assert row["source"]


def test_the_page_shows_every_site_its_misses_and_why_some_are_not_compared():
    page = validation_page(REPOSITORY / "regions")
    for row in fact_table("published_sites").to_dict("records"):
        assert f"{row['operator']}, {row['place']}" in page
    assert "no free weather file is carried" in page
    assert "Phoenix Sky Harbor" in page
    # a site that its plants miss by more than a tenth stays on the page
    assert any(abs(float(line.split(" | ")[6].replace("−", "-"))) > 0.1 for line in page.splitlines() if line.startswith("| ") and line.split(" | ")[6].strip("+−").replace(".", "").isdigit())  # fmt: skip
