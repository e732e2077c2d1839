"""Water at the sites of a region: volumes, margins and what is unknown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAYERS, single, typical_year

import powerwall as pw
from powerwall.criteria.check import check_rows
from powerwall.criteria.criterion import Shared
from powerwall.criteria.water.climate import site_climate
from powerwall.criteria.water.operation import compared_plants, operate_sites
from powerwall.criteria.water.year import year_of
from powerwall.region.findings import Findings

VOLUMES = ("scarcity_weighted_water_m3", "water_consumption_m3_per_year", "peak_day_water_m3")


def provider(**cells):
    """The water system of the tiny region with other cells."""
    return [LAYERS["water_systems"][0] | cells]


@pytest.fixture(scope="module")
def tiny(make_region, tmp_path_factory):
    """A function that reads the tiny region with changes, and measures it; read-only."""
    kept = {}

    def measured(*, cooling="liquid-tower", request=None, **layers):
        key = repr((cooling, request, layers))
        if key not in kept:
            folder, toml = tmp_path_factory.mktemp("tiny"), {"request": {"cooling": cooling, **(request or {})}}  # fmt: skip
            region = pw.read(make_region(folder, toml=toml, **layers))
            kept[key] = region, single(region)
        return kept[key]

    return measured


def test_the_volumes_are_those_of_the_plant_for_the_power_the_request_carries(tiny):
    region, measures = tiny()
    station = next(iter(site_climate(region.sites, region.layers).stations.values()))
    year = year_of(station, "liquid-tower")
    it_mw = region.request.mw / float(year.pue_peak)
    assert measures["it_mw_per_grid_mw"].loc["a", "value"] == pytest.approx(1 / float(year.pue_peak))  # fmt: skip
    assert measures["water_consumption_m3_per_year"].loc["a", "value"] == pytest.approx(float(year.annual_consumption_m3) * it_mw)  # fmt: skip
    assert measures["peak_day_water_m3"].loc["a", "value"] == pytest.approx(float(year.max_day_makeup_m3) * it_mw)  # fmt: skip
    # a score of 2.5 of 5 in every month is half of the consumption
    assert measures["scarcity_weighted_water_m3"].loc["a", "value"] == pytest.approx(0.5 * float(year.annual_consumption_m3) * it_mw)  # fmt: skip


@pytest.mark.parametrize("name", [*VOLUMES, "it_mw_per_grid_mw"])
def test_the_value_lies_in_its_range(tiny, name):
    _, measures = tiny()
    row = measures[name].loc["a"]
    assert row["low"] <= row["value"] <= row["high"]
    assert row["low"] < row["high"]
    assert "liquid-tower at Made-up airfield" in row["note"]


def test_twice_the_power_takes_twice_the_water(tiny):
    _, one = tiny()
    _, two = tiny(request={"mw": 600})
    for name in VOLUMES:
        assert two[name].loc["a", "value"] == pytest.approx(2 * one[name].loc["a", "value"])


def test_a_dry_plant_draws_nothing_whatever_the_stress(tiny):
    none = provider(baseline_water_stress_score="")
    _, measures = tiny(cooling="liquid-dry", water_systems=none)
    for name in VOLUMES:
        assert measures[name].loc["a", ["value", "low", "high"]].tolist() == [0, 0, 0]


def test_unknown_stress_leaves_the_weighted_water_of_a_wet_plant_unknown(tiny):
    _, measures = tiny(water_systems=provider(baseline_water_stress_score=""))
    row = measures["scarcity_weighted_water_m3"].loc["a"]
    assert math.isnan(row["value"])
    assert isinstance(row["why"], str)
    assert measures["water_consumption_m3_per_year"].loc["a", "value"] > 0


@pytest.mark.parametrize("lost", ["climate", "climate_stations"])
def test_without_a_climate_everything_is_unknown_and_nothing_is_zero(tiny, lost):
    with_climate, _ = tiny(cooling="liquid-dry")
    region, measures = tiny(cooling="liquid-dry", **{lost: None})
    assert set(with_climate.layers) - set(region.layers) == {lost}
    for name in (*VOLUMES, "it_mw_per_grid_mw"):
        assert measures[name]["value"].isna().all()
        assert measures[name]["why"].notna().all()


def test_a_station_without_a_pressure_is_found_and_not_used(tiny):
    station = [{k: v for k, v in LAYERS["climate_stations"][0].items() if k != "pressure_pa"} | {"pressure_pa": ""}]  # fmt: skip
    _, measures = tiny(climate_stations=station)
    assert measures["it_mw_per_grid_mw"]["value"].isna().all()


def test_far_sites_have_a_kelvin_more_of_range(tiny):
    near = {"station_id": "k1", "name": "Near", "lon": -98.95, "lat": 38.5, "elevation_m": 500, "pressure_pa": 95500}  # fmt: skip
    _, here = tiny(cooling="air-chiller")
    _, there = tiny(cooling="air-chiller", climate_stations=[near | {"lat": 40.5}])
    wide, narrow = there["it_mw_per_grid_mw"].loc["a"], here["it_mw_per_grid_mw"].loc["a"]
    assert wide["value"] == pytest.approx(narrow["value"])
    assert wide["low"] < narrow["low"]
    assert wide["high"] > narrow["high"]
    assert (wide["grade"], wide["status"], narrow["grade"]) == ("D", "approximate", "C")


def test_the_nearest_station_serves_unless_the_site_names_its_own(make_region, tmp_path):
    two = [{"station_id": name, "name": name, "lon": lon, "lat": 38.5, "elevation_m": 500, "pressure_pa": 95500}
           for name, lon in (("near", -99.0), ("other", -96.0))]  # fmt: skip
    climate = typical_year("near") + typical_year("other")
    region = pw.read(make_region(tmp_path, climate_stations=two, climate=climate))
    assert (site_climate(region.sites, region.layers).frame["station_id"] == "near").all()
    sites = region.sites.assign(climate_station_id=["other", None, None, None])
    found = site_climate(sites, region.layers).frame
    assert found["station_id"].tolist() == ["other", "near", "near", "near"]
    assert found["distance_km"].iloc[0] == pytest.approx(261, abs=3)


def test_a_station_that_a_site_names_and_that_has_no_year_is_no_other_one(tiny):
    region, _ = tiny()
    found = site_climate(region.sites.assign(climate_station_id=["k9", None, None, None]), region.layers).frame  # fmt: skip
    assert found["climate"].isna().tolist() == [True, False, False, False]
    assert found["why"].iloc[0] == "the station it names has no typical year"


def test_a_plant_that_is_dry_in_a_typical_year_and_not_in_every_draw_keeps_an_open_end(tiny):
    # no bin is above the set point of 24 °C, but the pads of some draws are wet from 22 °C on
    cooler = [
        row | {"tdb_c": row["tdb_c"] - 3, "twb_c": row["twb_c"] - 3} for row in typical_year()
    ]
    region, measures = tiny(cooling="direct-evaporative", climate=cooler, water_systems=provider(cap_m3_per_day=1000, spare_m3_per_day=1000))  # fmt: skip
    row = Shared(region.sites, region.layers, region.request)("operation").frame.loc["a"]
    assert row["annual_consumption_m3"] == 0 < row["annual_high"]
    weighted = measures["scarcity_weighted_water_m3"].loc["a"]
    assert (weighted["value"], weighted["low"]) == (0, 0)
    assert weighted["high"] == pytest.approx(0.5 * row["annual_high"])
    margin = measures["water_rule_margin_share"].loc["a"]
    assert margin["low"] == pytest.approx(1 - row["day_high"] / 1000)
    assert measures["peak_day_share"].loc["a", "high"] == pytest.approx(min(row["day_high"] / 1000, 1000))  # fmt: skip


def basin(**months):
    """One basin round all sites."""
    wkt = "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"
    return [{"basin_id": "1", "wkt": wkt, **months}]


def test_months_without_data_open_the_range_and_too_many_leave_it_unknown(tiny):
    most = {f"bws_{m:02d}_score": 2.0 for m in range(1, 11)} | {
        "bws_11_score": "",
        "bws_12_score": "",
    }
    _, measures = tiny(basins=basin(**most))
    row = measures["scarcity_weighted_water_m3"].loc["a"]
    assert row["low"] < row["value"] < row["high"]
    one = {f"bws_{m:02d}_score": "" for m in range(2, 13)} | {"bws_01_score": 0.1}
    _, measures = tiny(basins=basin(**one))
    row = measures["scarcity_weighted_water_m3"].loc["a"]
    assert math.isnan(row["value"])
    assert "under 50 %" in row["why"]


def test_water_where_nothing_is_spare_fails_every_limit_and_a_dry_plant_none(tiny):
    _, wet = tiny(water_systems=provider(spare_m3_per_day=0))
    assert wet["peak_day_share"].loc["a", "value"] == 1000
    _, dry = tiny(cooling="liquid-dry", water_systems=provider(spare_m3_per_day=0))
    assert dry["peak_day_share"].loc["a", "value"] == 0


def test_a_station_without_a_height_moves_no_site(tiny):
    station = [LAYERS["climate_stations"][0] | {"elevation_m": ""}]
    region, _ = tiny(climate_stations=station)
    found = site_climate(region.sites.assign(elevation_m=1500.0), region.layers)
    assert set(found.stations) == {"k1"}


def test_the_volumes_carry_the_error_of_the_model_itself(tiny):
    _, measures = tiny()
    row = measures["peak_day_water_m3"].loc["a"]
    assert row["low"] <= 0.65 * row["value"]
    assert row["high"] >= 1.35 * row["value"]


def test_regions_of_other_requests_are_valued_each_by_its_own(make_region, tmp_path):
    toml = {"request": {"cooling": "liquid-tower"}}
    paths = [make_region(tmp_path, toml=toml, name=name) for name in ("one", "two")]
    first, second = pw.read(paths[0]), pw.read(paths[1], mw=60)
    measures = [pw.measure(first), pw.measure(second)]
    both, alone = pw.rank([first, second], measures), pw.rank(second, measures[1])
    for site in second.sites.index:
        assert both.values.loc[f"two:{site}", "scarcity_weighted_water_m3"] == alone.values.loc[site, "scarcity_weighted_water_m3"]  # fmt: skip


def test_a_site_far_above_its_station_has_its_own_climate(tiny):
    region, _ = tiny()
    sites = region.sites.assign(elevation_m=[500.0, 1500.0, np.nan, 540.0])
    found = site_climate(sites, region.layers)
    assert found.frame["climate"].astype(str).tolist() == ["k1", "k1 +1000 m far", "k1", "k1"]
    high = found.stations["k1 +1000 m far"]
    assert high.elevation_m == 1500
    assert high.pressure_pa < found.stations["k1"].pressure_pa


def test_the_margin_is_that_of_the_providers_cap_in_its_own_unit(tiny):
    _, measures = tiny(water_systems=provider(cap_m3_per_day=20_000))
    day = measures["peak_day_water_m3"].loc["a"]
    row = measures["water_rule_margin_share"].loc["a"]
    assert row["value"] == pytest.approx(1 - day["value"] / 20_000)
    assert row["low"] == pytest.approx(1 - day["high"] / 20_000)
    assert row["high"] == pytest.approx(1 - day["low"] / 20_000)
    assert "m3/day left" in row["note"]


@pytest.mark.parametrize(("cap", "state"), [(30_000, "ranked"), (500, "out")])
def test_a_cap_puts_a_site_out_only_where_the_region_asks_and_it_is_passed(make_region, tmp_path, cap, state):  # fmt: skip
    toml = {"request": {"cooling": "liquid-tower"}, "require": {"water_rule_margin_share": {"min": 0}}}  # fmt: skip
    region = pw.read(make_region(tmp_path, toml=toml, water_systems=provider(cap_m3_per_day=cap)))
    ranking = pw.rank(region, pw.measure(region))
    assert ranking.frame["status"].loc["a"] == state
    assert state == "ranked" or "%, required ≥ 0 %, margin −" in ranking.frame["reasons"].loc["a"]
    silent = pw.read(make_region(tmp_path, toml={"request": {"cooling": "liquid-tower"}}, name="silent", water_systems=provider(cap_m3_per_day=cap)))  # fmt: skip
    assert pw.rank(silent, pw.measure(silent)).frame["status"].loc["a"] == "ranked"


def test_a_cap_that_only_part_of_the_range_passes_leaves_the_site_at_risk(make_region, tmp_path, tiny):  # fmt: skip
    _, measures = tiny()
    row = measures["peak_day_water_m3"].loc["a"]
    cap = (row["value"] + row["high"]) / 2
    toml = {"request": {"cooling": "liquid-tower"}, "require": {"water_rule_margin_share": {"min": 0}}}  # fmt: skip
    region = pw.read(make_region(tmp_path, toml=toml, name="risk", water_systems=provider(cap_m3_per_day=cap)))  # fmt: skip
    frame = pw.rank(region, pw.measure(region)).frame
    assert frame["status"].loc["a"] == "ranked"
    assert "at risk: water rule margin" in frame["reasons"].loc["a"]


def test_without_a_known_limit_the_margin_is_unknown(tiny):
    _, measures = tiny()
    row = measures["water_rule_margin_share"].loc["a"]
    assert math.isnan(row["value"])
    assert row["why"] == "no cap or prohibition known here"


def test_shares_of_what_is_spare_are_volumes_over_it(tiny):
    _, measures = tiny(water_systems=provider(spare_m3_per_day=40_000, sewer_spare_m3_per_day=""))
    day = measures["peak_day_water_m3"].loc["a", "value"]
    assert measures["peak_day_share"].loc["a", "value"] == pytest.approx(day / 40_000)
    assert math.isnan(measures["sewer_share"].loc["a", "value"])


def test_a_parameter_of_the_region_changes_the_plant_and_no_other(tiny):
    _, base = tiny()
    _, changed = tiny(request={"cooling_parameters": {"tower_cycles": 2.0}})
    assert changed["peak_day_water_m3"].loc["a", "value"] > base["peak_day_water_m3"].loc["a", "value"]  # fmt: skip
    assert changed["water_consumption_m3_per_year"].loc["a", "value"] == pytest.approx(base["water_consumption_m3_per_year"].loc["a", "value"], rel=1e-3)  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"cooling": "liquid-towre"}, "liquid-tower"),
        ({"cooling": "air-chiller", "cooling_parameters": {"tower_cycles": 3.0}}, "no parameter of air-chiller"),
        ({"cooling_parameters": {"tower_cycles": 0.5}}, "not above 1"),
        ({"cooling_parameters": {"towr_cycles": 3.0}}, "tower_cycles"),
    ],
)  # fmt: skip
def test_a_plant_or_parameter_that_is_none_is_found_at_its_line(tiny, request_, said):
    with pytest.raises(pw.BadInput) as error:
        tiny(request=request_, cooling=request_.get("cooling", "liquid-tower"))
    finding = next(f for f in error.value.findings if f.severity == "error")
    assert said in f"{finding.message} {finding.remedy}"
    assert finding.line > 0


def test_a_parameter_beyond_its_usual_range_is_a_warning_and_counts(make_region, tmp_path):
    toml = {"request": {"cooling": "tower-chiller", "cooling_parameters": {"tower_cycles": 20.0}}}
    findings = Findings()
    check_rows(pw.read(make_region(tmp_path, toml=toml)), findings)
    (found,) = [f for f in findings if "tower_cycles" in f.message]
    assert (found.code, found.severity) == ("PW102", "warning")
    assert found.line > 0


def test_the_value_function_is_one_for_all_sites_and_follows_the_request(tiny):
    region, _ = tiny()
    points = pw.rank(region, pw.measure(region)).settings.values["scarcity_weighted_water_m3"]
    # 0.2 L/kWh of 250 MW of IT over 8,760 h
    assert points[1] == pytest.approx((0.2 * 250 * 8760, 0.9))
    double = region.with_request(mw=600)
    assert pw.rank(double, pw.measure(double)).settings.values["scarcity_weighted_water_m3"][1][0] == pytest.approx(2 * points[1][0])  # fmt: skip


def test_a_plants_numbers_at_a_site_do_not_depend_on_the_other_sites(tiny):
    region, measures = tiny()
    alone = Shared(region.sites.loc[["b"]], region.layers, region.request)("operation")
    every = Shared(region.sites, region.layers, region.request)("operation")
    assert alone.frame.loc["b"].equals(every.frame.loc["b"])
    assert measures["peak_day_water_m3"].loc["b", "value"] == alone.frame["max_day_makeup_m3"].loc["b"]  # fmt: skip


def test_every_compared_plant_runs_at_every_site(tiny):
    region, _ = tiny()
    climate = site_climate(region.sites, region.layers)
    for name in compared_plants("hyperscale-tower"):
        frame = operate_sites(climate, name, region.request, ranged=False).frame
        assert (frame["pue_peak"] >= frame["pue"]).all(), name
        # what is drawn is what is lost and what goes to the sewer
        assert np.allclose(frame["annual_makeup_m3"], frame["annual_consumption_m3"] + frame["annual_discharge_m3"])  # fmt: skip
        assert np.allclose(frame["it_mw"] * frame["pue_peak"], region.request.mw)
