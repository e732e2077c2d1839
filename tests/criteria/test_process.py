"""Process: which network a site gets, how its line scales, and what a node puts under the date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import single

import powerwall as pw
from powerwall.criteria.criterion import Shared
from powerwall.criteria.power.choice import choose_network, line_factor
from powerwall.criteria.power.lead_time.sampling import Draws
from powerwall.criteria.power.lead_time.stages import finish_months, quantiles
from powerwall.criteria.power.nodes import needed_class, voltage_class
from powerwall.criteria.power.plan import _first_power
from powerwall.criteria.power.process import Processes
from powerwall.criteria.power.works import backbone
from powerwall.region.layers import Layers
from powerwall.region.request import Request

AS_OF = date(2026, 8, 15)
DRAWS = Draws(2**14, 0)


def processes(mw=300):
    return Processes(Layers(), Request(mw=mw, need_by=date(2031, 1, 1), as_of=AS_OF))


def dates(network, km=None, floor=np.nan, mw=300, operator=""):
    """P10, P50 and P90 of first power at a node some kilometres away, generic rows."""
    stages = processes(mw).network(network, None, operator)
    factor = 1.0 if km is None else line_factor(network, km, region_row=stages.region_line)
    return quantiles(
        _first_power(stages.stages, DRAWS, np.array([factor]), np.array([floor])), (0.1, 0.5, 0.9)
    )[:, 0]


@pytest.mark.parametrize(
    ("kv", "expected"),
    [(33, 69), (69, 69), (99.9, 69), (100, 138), (110, 138), (132, 138), (150, 138), (161, 138), (220, 230), (287, 230),
     (330, 345), (380, 345), (400, 345), (500, 500), (765, 500)],
)  # fmt: skip
def test_a_voltage_counts_as_its_class(kv, expected):
    assert voltage_class(kv) == expected


def test_an_unknown_voltage_has_no_class():
    assert np.isnan(voltage_class(np.nan))


@pytest.mark.parametrize(
    ("mw", "kv"),
    [
        (1, 69),
        (102, 69),
        (102.1, 138),
        (205, 138),
        (206, 230),
        (300, 230),
        (400, 230),
        (401, 345),
        (900, 345),
        (901, 500),
        (5000, 500),
    ],
)
def test_a_request_needs_its_class(mw, kv):
    """Steps of NREL reVX, the 345 kV step assumed."""
    assert needed_class(mw) == kv


@pytest.mark.parametrize(
    ("mw", "klass", "km", "planned", "network"),
    [
        (200, 345, 1.0, False, "us_existing_substation"),  # row 1, both limits inclusive
        (100, 69, 0.2, False, "us_existing_substation"),
        (200, 230, 1.01, False, "us_firm_230kv"),  # row 2: farther than a bay
        (201, 230, 0.5, False, "us_firm_230kv"),  # row 2: more than a bay serves
        (200, 230, 0.5, True, "us_firm_230kv"),  # row 2: not built yet
        (400, 230, 3.0, False, "us_firm_230kv"),
        (1500, 345, 3.0, False, "us_firm_345kv"),  # row 3
        (300, 345, 0.5, False, "us_firm_345kv"),
        (499, 500, 3.0, False, "us_firm_345kv"),  # row 4: a step-down station
        (200, 500, 0.5, False, "us_firm_345kv"),
        (500, 500, 3.0, False, "us_firm_500_765kv"),  # row 5
        (5000, 500, 3.0, False, "us_firm_500_765kv"),
        (401, 230, 3.0, False, None),  # row 7: nothing fits
        (1501, 345, 3.0, False, None),
        (5001, 500, 3.0, False, None),
    ],
)
def test_the_rule_table_gives_each_request_its_network(mw, klass, km, planned, network):
    found, remark = choose_network(mw, klass, km, planned=planned)
    assert found == network
    if network is None:
        assert f"{mw:g} MW" in remark
        assert f"{klass:g} kV" in remark


@pytest.mark.parametrize(("km", "factor"), [(0.5, 0.520), (2, 0.581), (5, 0.703), (10, 0.906)])
def test_half_of_a_line_build_scales_with_its_route(km, factor):
    assert line_factor("us_firm_230kv", km, region_row=False) == pytest.approx(factor, abs=5e-4)


def test_the_line_factor_has_a_shortest_route_and_a_cap():
    assert line_factor("us_firm_230kv", 0.0, region_row=False) == pytest.approx(
        0.5 + 0.5 * 0.5 / 16
    )
    assert line_factor("us_firm_230kv", 1000, region_row=False) == 2.5
    assert line_factor("us_firm_500_765kv", 1000, region_row=False) == 1.0
    assert line_factor("us_firm_345kv", 10, region_row=True) == line_factor(
        "us_firm_230kv", 10, region_row=False
    )


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("us_existing_substation", (42, 53, 69)),
        ("us_firm_230kv", (46.4, 59.4, 79.7)),
        ("us_firm_345kv", (52, 70, 98)),
        ("us_firm_500_765kv", (63, 87, 122)),
    ],
)
def test_the_generic_networks_give_their_published_quantiles(network, expected):
    # rounded to a month in the table, so within one
    assert dates(network) == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(
    ("network", "km", "p50"),
    [("us_firm_230kv", 0.5, 53.5), ("us_firm_230kv", 2, 54.0), ("us_firm_230kv", 5, 55.3), ("us_firm_230kv", 10, 57.9),
     ("us_firm_345kv", 0.5, 57.3), ("us_firm_345kv", 5, 57.7), ("us_firm_345kv", 25, 59.6)],
)  # fmt: skip
def test_distance_moves_the_median_as_published(network, km, p50):
    assert dates(network, km)[1] == pytest.approx(p50, abs=0.5)


def test_a_dated_node_puts_a_floor_under_first_power():
    # planned 230 kV node 5 km away, in service 52 months ahead: 54.1/56.7/71.3
    assert dates("us_firm_230kv", 5, floor=52.0) == pytest.approx((54.1, 56.7, 71.3), abs=0.5)


@pytest.mark.parametrize(
    ("network", "km", "mw", "expected", "within"),
    [
        ("us_firm_345kv", 2, 300, (55.2, 65.3, 81.0), 0.5),
        ("us_firm_230kv", 1.1, 200, (53, 62, 74), 1.0),
    ],
)
def test_ercot_waits_for_its_next_batch(network, km, mw, expected, within):
    """As of 2026-08-15 the assumed window closes 11.3 and answers 19.8 months ahead."""
    assert dates(network, km, mw=mw, operator="ERCOT") == pytest.approx(expected, abs=within)
    study = processes(mw).network(network, None, "ERCOT").stages["study"]
    assert study.windows[0] == pytest.approx((11.3, 19.8), abs=0.05)
    assert "assumed batch window" in processes(mw).network(network, None, "ERCOT").notes


def test_a_blank_window_leaves_the_date_unknown_with_the_reason(make_region, tmp_path):
    calendars = [{"calendar_id": "ERCOT_BATCH_NEXT", "kind": "batch_window", "opens": "", "closes": "", "result_date": "",
                  "repeat_months": "", "jurisdiction_ids": ""}]  # fmt: skip
    utilities = [{"utility_id": "u1", "name": "Made-up Power", "kind": "IOU", "iso_rto": "ERCOT"}]
    region = pw.read(make_region(tmp_path, calendars=calendars, utilities=utilities))
    measures = pw.measure(region)
    for name in ("time_to_power_months", "months_late"):
        assert measures[name]["value"].isna().all()
        assert measures[name].loc["a", "why"] == "no study window known"
    assert measures["on_time_probability"].loc["a", "value"] == 0
    frame = pw.rank(region, measures).frame
    assert frame.loc["a", "status"] == "unranked"
    assert "no study window known" in frame.loc["a", "reasons"]


def node(**cells):
    return pd.Series(
        {
            "planned": False,
            "reinforcement_status": None,
            "expected_date": None,
            "waits_for_line_ids": None,
            **cells,
        }
    )


LINES = pd.DataFrame([
    {"line_id": "l1", "line_status": "approved", "expected_date": "2031-06-30"},
    {"line_id": "l2", "line_status": "planning", "expected_date": None},
    {"line_id": "l3", "line_status": "in_service", "expected_date": "2031"},
])  # fmt: skip


def waiting(node, as_of):
    return backbone(node, LINES, as_of)


def test_a_planned_line_that_a_node_waits_for_is_a_floor_too():
    months, note, why = waiting(node(waits_for_line_ids="l1;l3"), AS_OF)
    assert months == pytest.approx(58.5, abs=0.1)
    assert note == "not before line l1 is in service (2031-06-30)"
    assert why == ""
    both = node(reinforcement_status="approved", expected_date="2033", waits_for_line_ids="l1")
    assert waiting(both, AS_OF).months > 80


def test_a_line_that_nobody_builds_is_no_floor():
    lines = LINES.assign(line_status="inactive")
    months, note, _ = backbone(node(waits_for_line_ids="l1"), lines, AS_OF)
    assert np.isnan(months)
    assert "inactive" in note


def test_a_line_without_a_date_is_a_note():
    months, note, _ = waiting(node(waits_for_line_ids="l2"), AS_OF)
    assert np.isnan(months)
    assert note == "waits for line l2, which has no date: not counted"


def test_works_at_a_node_put_a_floor_under_the_date():
    months, note, why = waiting(
        node(reinforcement_status="under_construction", expected_date="2030-12-15"), AS_OF
    )
    assert months == pytest.approx(52, abs=0.1)
    assert "not before" in note
    assert why == ""


def test_a_planned_node_without_a_date_is_no_plan():
    assert waiting(node(planned=True), AS_OF)[2] == "planned node without a date"


def test_works_without_a_date_are_no_stage_but_a_note():
    months, note, why = waiting(node(reinforcement_status="planned"), AS_OF)
    assert np.isnan(months)
    assert "without a date" in note
    assert why == ""


@pytest.mark.parametrize("planned", [True, False])
def test_a_date_that_has_passed_is_no_stage(planned):
    months, note, why = waiting(
        node(planned=planned, reinforcement_status="approved", expected_date="2025"), AS_OF
    )
    assert np.isnan(months)
    assert "no in-service mark" in note
    assert why == ""


@pytest.mark.parametrize("status", ["in_service", "cancelled", None])
def test_finished_works_are_no_stage(status):
    assert np.isnan(waiting(node(reinforcement_status=status, expected_date="2030"), AS_OF)[0])


def test_a_partial_date_counts_by_its_last_day():
    year, _, _ = waiting(node(planned=True, expected_date="2030"), AS_OF)
    day, _, _ = waiting(node(planned=True, expected_date="2030-12-31"), AS_OF)
    assert year == day


def test_the_regions_own_rows_override_the_generic_ones(make_region, tmp_path):
    row = {"process_id": "own", "utility_id": "u1", "kind": "stage", "stage_id": "study", "stage": "study", "mw_min": 100, "mw_max": 400,
           "networks": "", "p50_months": 24, "p90_months": 40, "basis": "published"}  # fmt: skip
    plain = single(pw.read(make_region(tmp_path / "x")))["time_to_power_months"].loc["a", "value"]
    region = pw.read(make_region(tmp_path / "y", time_to_power=[row]))
    assert single(region)["time_to_power_months"].loc["a", "value"] > plain + 6
    outside = region.with_request(mw=90.0)
    generic = pw.read(make_region(tmp_path / "z")).with_request(mw=90.0)
    name = "time_to_power_months"
    assert single(outside)[name].loc["a", "value"] == single(generic)[name].loc["a", "value"]


def test_what_is_no_stage_never_enters_the_network(make_region, tmp_path, tiny_measures):
    rows = [{"process_id": kind, "utility_id": "u1", "kind": kind, "stage_id": "study", "stage": "x", "p50_months": 99, "p90_months": 120,
             "mw_min": 0, "mw_max": 9999, "networks": "", "basis": "published"}
            for kind in ("total", "reference_class", "reference_case", "outside_view", "statement")]  # fmt: skip
    found = single(pw.read(make_region(tmp_path, time_to_power=rows)))["time_to_power_months"][
        "value"
    ]
    pd.testing.assert_series_equal(found, tiny_measures["time_to_power_months"]["value"])


def plan_of(region):
    return Shared(region.sites, region.layers, region.request)("plan").frame


def test_the_plan_takes_the_declared_node_before_the_nearest(make_region, tmp_path, tiny):
    assert plan_of(tiny).loc["a", "poi_id"] == "p230"
    sites = [{"site_id": "a", "lon": -99.0, "lat": 38.5, "poi_id": "p345", "utility_id": "u1"}]
    assert plan_of(pw.read(make_region(tmp_path, sites=sites))).loc["a", "poi_id"] == "p345"


def test_a_node_below_the_needed_class_is_passed_over_unless_declared(make_region, tmp_path, tiny):
    assert plan_of(tiny.with_request(mw=600.0)).loc["a", "poi_id"] == "p345"
    sites = [{"site_id": "a", "lon": -99.0, "lat": 38.5, "poi_id": "p230", "utility_id": "u1"}]
    declared = plan_of(
        pw.read(make_region(tmp_path, sites=sites, toml={"request": {"mw": 600}}))
    ).loc["a"]
    assert declared["poi_id"] == "p230"
    assert declared["why"] == "no process table for 600 MW at a 230 kV node"


def test_a_node_without_a_voltage_is_passed_over(make_region, tmp_path):
    nodes = [{"poi_id": "blank", "kind": "substation", "voltage_kv": "", "lon": -99.0, "lat": 38.501},
             {"poi_id": "far", "kind": "substation", "voltage_kv": 230, "lon": -99.01, "lat": 38.52}]  # fmt: skip
    assert (
        plan_of(pw.read(make_region(tmp_path, points_of_interconnection=nodes))).loc["a", "poi_id"]
        == "far"
    )


@pytest.mark.parametrize(("km", "expected"), [(20, "old"), (30, "new")])
def test_a_planned_node_counts_only_without_an_existing_one_within_25_km(
    make_region, tmp_path, km, expected
):
    nodes = [{"poi_id": "new", "kind": "planned", "voltage_kv": 230, "lon": -99.0, "lat": 38.51, "expected_date": "2029"},
             {"poi_id": "old", "kind": "substation", "voltage_kv": 230, "lon": -99.0, "lat": 38.5 + km / 111.0, "expected_date": ""}]  # fmt: skip
    assert (
        plan_of(pw.read(make_region(tmp_path, points_of_interconnection=nodes))).loc["a", "poi_id"]
        == expected
    )


def test_a_site_takes_its_nodes_utility_only_where_the_authority_lists_it(make_region, tmp_path):
    sites = [{"site_id": "a", "lon": -99.0, "lat": 38.5}]
    listed = plan_of(pw.read(make_region(tmp_path / "x", sites=sites))).loc["a"]
    assert listed["utility_id"] == "u1"
    assert "utility taken from the node" in listed["note"]
    outline = "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"
    other = [
        {
            "jurisdiction_id": "us-ks-one",
            "name": "One",
            "kind": "county",
            "utility_ids": "u2",
            "outline_accuracy_m": 50,
            "wkt": outline,
        }
    ]
    assert pd.isna(
        plan_of(pw.read(make_region(tmp_path / "y", sites=sites, jurisdictions=other))).loc[
            "a", "utility_id"
        ]
    )


def test_a_not_before_date_of_the_place_holds_there_alone(make_region, tmp_path, tiny_measures):
    row = {
        "calendar_id": "ONE",
        "kind": "not_before",
        "opens": "",
        "closes": "",
        "result_date": "2034-01-01",
        "repeat_months": "",
    }
    name = "time_to_power_months"
    for where, holds in (("us-ks-one", True), ("us-ks-two", False)):
        region = pw.read(
            make_region(tmp_path / where, calendars=[{**row, "jurisdiction_ids": where}])
        )
        found, plain = single(region)[name].loc["a"], tiny_measures[name].loc["a"]
        assert bool(found["value"] > plain["value"]) is holds
        if holds:
            assert found["low"] >= (date(2034, 1, 1) - date(2026, 8, 22)).days / 30.4375
            assert "not before 2034-01-01: ONE (ONE)" in found["note"]


def test_a_not_before_date_that_has_passed_holds_nothing_and_says_nothing(make_region, tmp_path):
    row = {
        "calendar_id": "ONE",
        "kind": "not_before",
        "result_date": "2025-01-01",
        "jurisdiction_ids": "us-ks-one",
    }
    found = single(pw.read(make_region(tmp_path, calendars=[row])))["time_to_power_months"]
    assert "not before" not in found.loc["a", "note"]


@pytest.mark.parametrize("mw", [300.0, 100.0])
@pytest.mark.parametrize(
    "name", ["northern-virginia", "central-ohio", "dallas-fort-worth", "dublin", "phoenix"]
)
def test_every_bundled_region_shows_at_least_three_distinct_dates(regions, kept, name, mw):
    plan = plan_of(kept[0](regions / f"{name}.toml").with_request(mw=mw))
    assert plan["p50_months"].dropna().round(1).nunique() >= 3


def test_a_date_comes_with_an_ordered_range_and_a_chance(tiny_measures):
    measure = tiny_measures["time_to_power_months"].loc[["a", "b"]]
    assert (measure["low"] < measure["value"]).all()
    assert (measure["value"] < measure["high"]).all()
    chance, late = (
        tiny_measures["power_success_probability"]["value"],
        tiny_measures["on_time_probability"]["value"],
    )
    assert (late.loc[["a", "b"]] <= chance.loc[["a", "b"]]).all()
    assert (chance.loc[["a", "b"]] < 1).all()


def test_published_headroom_less_the_queue_is_firm_and_a_line_is_an_upper_bound(tiny_measures):
    firm = tiny_measures["firm_capacity_mw"]
    assert firm.loc["a", "value"] == 420 - 80
    assert firm.loc["a", "grade"] == "hosting_map"
    assert firm.loc["a", "gates"]
    assert np.isnan(firm.loc["b", "value"])
    assert firm.loc["b", "bound"] == pytest.approx(3 * 345**2 / 300)
    assert not firm.loc["b", "gates"]


def test_no_sites_have_no_finish():
    stages = processes().network("us_firm_230kv", None).stages
    assert finish_months(stages, Draws(8, 0), {"line": np.empty(0)})["line"].shape == (0, 8)


def test_a_site_that_declared_for_batch_zero_takes_its_window_and_is_earlier(regions, kept):
    region = kept[0](regions / "dallas-fort-worth.toml")
    declared = region.sites.assign(batch=None)
    declared.loc["tx-hood-comanche-circle", "batch"] = "ERCOT_BATCH0"
    before, after = (
        single(replace(region, sites=sites))["time_to_power_months"]["value"]
        for sites in (region.sites, declared)
    )
    assert after["tx-hood-comanche-circle"] < before["tx-hood-comanche-circle"] - 5
    others = before.index != "tx-hood-comanche-circle"
    assert after[others].equals(before[others])


def test_operators_with_a_network_of_their_own_and_those_that_take_no_applications(regions, kept):
    region = kept[0](regions / "example.toml")
    utilities = region.layers["utilities"]

    def months(operator):
        frame = utilities.frame.assign(iso_rto=operator)
        layers = Layers(
            {**region.layers, "utilities": replace(utilities, frame=frame), "time_to_power": empty}
        )
        return single(replace(region, layers=layers))["time_to_power_months"]

    stages = region.layers["time_to_power"]
    empty = replace(stages, frame=stages.frame.iloc[:0])
    assert months("Amprion")["value"].min() > 90
    assert months("NESO")["value"].isna().all()
    assert months("NESO")["why"].str.contains("paused").any()
    assert months("Elia")["note"].str.contains("no process table for operator ELIA").any()
