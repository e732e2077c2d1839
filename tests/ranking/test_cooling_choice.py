"""The cooling plant of each site, where the request leaves it open."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import LAYERS

import powerwall as pw
from powerwall.criteria.water.plants import PLANTS
from powerwall.ranking.cooling import plant_of

LIQUID = [name for name, kind in PLANTS.items() if kind.cools_by == "liquid"]


@pytest.fixture
def read(make_region, tmp_path):
    """A function that writes and reads the tiny region with the choice left open."""

    def region(name="open", request=None, **given):
        toml = {"request": {"cooling": "auto", **(request or {})}, **given.pop("toml", {})}
        return pw.read(make_region(tmp_path, toml=toml, name=name, **given))

    return region


def ranked(region):
    return pw.rank(region, pw.measure(region))


def alone(region, plant):
    return ranked(region.with_request(cooling=plant))


def test_each_site_has_the_plant_that_scores_best_there(read):
    region = read()
    found = ranked(region)
    scores = {plant: alone(region, plant).frame["score"] for plant in LIQUID}
    for site in found.frame.index:
        best = max(scores[plant].loc[site] for plant in LIQUID)
        assert found.frame["score"].loc[site] == pytest.approx(best, abs=1e-9)
        assert scores[found.cooling_of(site)].loc[site] == pytest.approx(best, abs=1e-9)


def test_the_measures_are_those_of_the_chosen_plant(read):
    region = read()
    found = ranked(region)
    for site in found.frame.index:
        same = alone(region, found.cooling_of(site))
        for name in ("it_mw_per_grid_mw", "peak_day_water_m3", "night_noise_margin_db", "flop_by_horizon"):  # fmt: skip
            assert np.array_equal(found.measures[name].loc[site, "value"], same.measures[name].loc[site, "value"], equal_nan=True)  # fmt: skip


def test_a_plant_that_keeps_the_requirements_goes_before_a_better_score(read):
    # weighing IT power alone prefers towers; a cap that they pass puts them out
    toml = {
        "weights": {"compute": 1, "compute_criteria": {"it_mw_per_grid_mw": 1}},
        "values": {"it_mw_per_grid_mw": [[0.5, 0.0], [1.0, 1.0]]},
        "require": {"water_rule_margin_share": {"min": 0}},
    }
    water = [LAYERS["water_systems"][0] | {"cap_m3_per_day": 100}]
    free = ranked(read("free", toml={k: v for k, v in toml.items() if k != "require"}, water_systems=water))  # fmt: skip
    assert free.cooling_of("a") == "liquid-tower"
    capped = ranked(read("capped", toml=toml, water_systems=water))
    assert capped.cooling_of("a") in {"liquid-dry", "mixed-hall"}
    assert capped.frame["status"].loc["a"] == "ranked"
    gave_up = capped.plants["gave_up"].loc["a"]
    assert "liquid-tower" in gave_up
    assert "breaks a requirement" in gave_up


def test_a_plant_at_risk_comes_after_one_that_surely_keeps_the_requirements(read):
    toml = {"require": {"it_mw_per_grid_mw": {"min": 0.88}}}
    found = ranked(read(toml=toml))
    assert found.cooling_of("a") == "liquid-tower"


def test_without_a_climate_nothing_is_claimed_of_what_was_given_up(read):
    found = ranked(read(climate=None))
    assert found.plants["gave_up"].str.startswith("cannot tell").all()


def test_equal_scores_go_to_more_it_power(read):
    toml = {"weights": {"power": 1}}
    found = ranked(read(toml=toml))
    assert set(found.plants["plant"]) == {"liquid-tower"}
    assert found.plants["gave_up"].str.startswith("nothing").all()


def test_racks_cooled_by_liquid_leave_out_plants_that_move_air(read):
    region = read()
    assert set(pw.measure(region).by_plant) == set(LIQUID)
    air = read("air", request={"accelerator": "h100-sxm"})
    assert set(pw.measure(air).by_plant) == set(PLANTS)


def test_one_site_alone_has_the_plant_it_has_among_others(read):
    region = read()
    found = ranked(region)
    for site in region.sites.index:
        assert plant_of(region, site) == found.cooling_of(site)
    named = region.with_request(cooling="air-chiller")
    assert plant_of(named, "a") == "air-chiller"


def test_the_files_carry_the_plant_and_what_it_gave_up(read, tmp_path):
    import json

    import pandas as pd

    found = ranked(read())
    table = pd.read_csv(found.save(tmp_path / "out.csv"))
    assert table["cooling"].tolist() == found.frame["cooling"].tolist()
    record = json.loads(found.save(tmp_path / "out.json").read_text(encoding="utf-8"))
    first = (record["sites"] if isinstance(record, dict) else record)[0]
    assert first["cooling"] == found.frame["cooling"].iloc[0]
    assert first["cooling_gave_up"]


def test_a_named_plant_adds_no_column(read, tmp_path):
    named = ranked(read().with_request(cooling="liquid-dry"))
    assert named.plants is None
    assert "cooling" not in (tmp_path / "x.csv").name
    assert "cooling" not in named.save(tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()[0].split(",")  # fmt: skip


def test_two_regions_that_leave_it_open_rank_together(read):
    first, second = read("one"), read("two")
    both = pw.rank([first, second], [pw.measure(first), pw.measure(second)])
    assert both.plants.index.tolist() == both.frame.index.tolist()
    alone_ = ranked(first)
    for site in first.sites.index:
        assert both.cooling_of(f"one:{site}") == alone_.cooling_of(site)


def test_a_region_with_a_named_plant_ranks_beside_one_that_leaves_it_open(read):
    open_, named = read("one"), read("two").with_request(cooling="air-chiller")
    both = pw.rank([open_, named], [pw.measure(open_), pw.measure(named)])
    assert both.cooling_of("two:a") == "air-chiller"
    assert both.cooling_of("one:a") in LIQUID
