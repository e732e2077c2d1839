"""The plan of a region: ramp, horizon, progress of a site, outside weight, and capacity by rung."""

from __future__ import annotations

import csv
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import single

import powerwall as pw
from powerwall.criteria.criterion import Shared
from powerwall.criteria.power.lead_time import expected_mw_years
from powerwall.region.findings import BadInput

NODE = {"name": "Ash 230 kV", "kind": "substation", "voltage_kv": 230, "lon": -99.01, "lat": 38.52, "location_accuracy_m": 20,
        "utility_id": "u1"}  # fmt: skip
REQUEST = {
    "request": {"mw": 300, "first_mw": 50, "need_by": date(2031, 1, 1), "horizon": date(2036, 1, 1)}
}


def value(path, criterion, site="a", **options):
    return single(pw.read(path, **options))[criterion].loc[site, "value"]


def test_the_whole_request_follows_the_first_block_by_the_ramp(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml=REQUEST))
    at_once, ramped = (single(region.with_request(ramp_months=r)) for r in (0.0, 36.0))
    first, full = "time_to_power_months", "full_power_months"
    assert at_once[full]["value"].equals(at_once[first]["value"])
    assert ramped[first]["value"].equals(at_once[first]["value"])
    assert ramped[full].loc["a", "value"] == pytest.approx(at_once[full].loc["a", "value"] + 36)
    assert (
        ramped["on_time_probability"].loc["a", "value"]
        < at_once["on_time_probability"].loc["a", "value"]
    )
    assert (
        ramped["delivered_mw_years"].loc["a", "value"]
        < at_once["delivered_mw_years"].loc["a", "value"]
    )


def test_energy_by_the_horizon_is_near_its_closed_form(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml=REQUEST))
    measures = single(region)
    power, odds = (
        measures["time_to_power_months"].loc["a"],
        measures["power_success_probability"].loc["a", "value"],
    )
    horizon = region.request.horizon_months
    closed = float(expected_mw_years(300, power["value"], power["high"], horizon, odds))
    assert measures["delivered_mw_years"].loc["a", "value"] == pytest.approx(closed, rel=0.02)


def test_without_a_horizon_energy_is_unknown(tiny_measures):
    measure = tiny_measures["delivered_mw_years"].loc["a"]
    assert math.isnan(measure["value"])
    assert measure["why"] == "no horizon in the request"


def test_a_later_horizon_delivers_more(make_region, tmp_path):
    path = make_region(tmp_path, toml=REQUEST)
    near, far = (value(path, "delivered_mw_years", horizon=date(y, 1, 1)) for y in (2034, 2040))
    assert 0 < near < far < 300 * 13.4


TOTAL = {"process_id": "u1-total", "utility_id": "u1", "kind": "total", "stage_id": "", "stage": "request to energisation",
         "p50_months": 90, "p90_months": 150}  # fmt: skip
PROGRESS = {
    "process_id": "a-study",
    "utility_id": "u1",
    "kind": "stage",
    "stage_id": "study",
    "stage": "study",
    "site_id": "a",
}


def test_a_site_that_has_begun_is_earlier_and_moves_no_other(make_region, tmp_path):
    before = single(
        pw.read(
            make_region(
                tmp_path / "x",
                time_to_power=[{**PROGRESS, "site_id": "", "p50_months": 12, "p90_months": 20}],
            )
        )
    )
    rows = {
        "begun": {**PROGRESS, "started_on": "2026-02-22"},
        "done": {**PROGRESS, "started_on": "2025-06", "done_on": "2026-07"},
    }
    found = {
        name: single(pw.read(make_region(tmp_path / name, time_to_power=[row])))[
            "time_to_power_months"
        ]["value"]
        for name, row in rows.items()
    }
    months = before["time_to_power_months"]["value"]
    assert found["done"]["a"] < found["begun"]["a"] < months["a"]
    assert found["done"]["b"] == found["begun"]["b"] == months["b"]


def test_a_stage_told_twice_is_an_error(make_region, tmp_path):
    rows = [
        {**PROGRESS, "done_on": "2026-01"},
        {**PROGRESS, "process_id": "again", "started_on": "2026-03"},
    ]
    with pytest.raises(BadInput) as error:
        single(pw.read(make_region(tmp_path, time_to_power=rows)))
    assert any("told twice" in f.message for f in error.value.findings)


def test_a_site_that_has_power_is_not_blended(make_region, tmp_path):
    done = {**PROGRESS, "process_id": "d", "stage_id": "energised", "done_on": "2026-01-01"}
    toml = {"request": {"outside_weight": 1.0}}
    assert (
        value(make_region(tmp_path, toml=toml, time_to_power=[done, TOTAL]), "time_to_power_months")
        < 0
    )


def test_a_date_after_the_as_of_date_has_not_come(make_region, tmp_path):
    late = {**PROGRESS, "started_on": "2026-10-01"}
    path = make_region(tmp_path, time_to_power=[late])
    measure = single(pw.read(path))["time_to_power_months"].loc["a"]
    assert "2026-10-01 lies after the as-of date" in measure["note"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({**PROGRESS, "site_id": "nobody", "started_on": "2026-01"}, "PW409"),
        ({**PROGRESS, "site_id": "", "started_on": "2026-01"}, "PW409"),
        ({**PROGRESS, "started_on": "2026-05", "done_on": "2026-01"}, "PW507"),
        ({**PROGRESS, "started_on": "soon"}, "PW408"),
        ({**PROGRESS, "stage_id": "studdy", "started_on": "2026-01"}, "PW409"),
        ({**PROGRESS, "p50_months": 12}, "PW411"),
        ({**PROGRESS, "p50_months": 12, "p90_months": 20, "min_months": -5}, "PW411"),
        ({**TOTAL, "p50_months": 0}, "PW411"),
        ({**TOTAL, "p50_months": 40, "p90_months": 20}, "PW411"),
    ],
)
def test_progress_that_cannot_be_is_a_finding(make_region, tmp_path, row, code):
    path = make_region(tmp_path, time_to_power=[row])
    with pytest.raises(BadInput) as error:
        single(pw.read(path))
    assert code in {f.code for f in error.value.findings if f.severity == "error"}


def test_the_outside_view_counts_only_where_the_region_gives_it_a_weight(make_region, tmp_path):
    paths = {
        w: make_region(
            tmp_path / str(w), toml={"request": {"outside_weight": w}}, time_to_power=[TOTAL]
        )
        for w in (0.0, 0.5, 1.0)
    }
    months = {w: value(path, "time_to_power_months") for w, path in paths.items()}
    assert months[0.0] < months[0.5] < months[1.0]
    assert months[1.0] == pytest.approx(90, rel=0.002)
    assert months[0.5] == pytest.approx(math.sqrt(months[0.0] * 90), rel=0.005)
    region = pw.read(paths[0.5])
    plan = Shared(region.sites, region.layers, region.request)("plan")
    assert plan.frame.loc["a", "basis"] == "blend, 50 % outside view"


def capacity(make_region, folder, node, **layers):
    sites = [
        {
            "site_id": "a",
            "name": "Ash",
            "lon": -99.0,
            "lat": 38.5,
            "location_accuracy_m": 20,
            "utility_id": "u1",
        }
    ]
    path = make_region(
        folder, sites=sites, points_of_interconnection=[{"poi_id": "p", **NODE, **node}], **layers
    )
    return single(pw.read(path))["firm_capacity_mw"].loc["a"]


def test_a_rung_carries_its_spread(make_region, tmp_path):
    """Hosting map: spread of the logarithm 0.3, so P10 and P90 lie at ·exp(∓0.3·1.2816)."""
    found = capacity(
        make_region,
        tmp_path,
        {"published_headroom_mw": 420, "headroom_rung": "hosting_map", "queue_ahead_mw": 80},
    )
    assert found["value"] == pytest.approx(340)
    assert found["low"] == pytest.approx(420 * math.exp(-0.3 * 1.28155) - 80, abs=0.01)
    assert found["high"] == pytest.approx(420 * math.exp(0.3 * 1.28155) - 80, abs=0.01)


def test_a_station_is_firm_without_its_largest_transformer(make_region, tmp_path):
    """3 × 100 MVA at 1.1 and 0.95 carry 209 MW after one is lost; a peak of 140 MW leaves 69."""
    station = {
        "transformer_count": 3,
        "transformer_mva": 100,
        "published_peak_mva": 140 / 0.95,
        "queue_ahead_mw": 9,
    }
    found = capacity(make_region, tmp_path, station)
    assert found["value"] == pytest.approx(60.0)
    assert found["grade"] == "hosting_map"
    assert "N-1" in found["note"]


def test_a_peak_of_zero_is_a_defect_and_no_idle_station(make_region, tmp_path):
    found = capacity(
        make_region,
        tmp_path,
        {
            "transformer_count": 3,
            "transformer_mva": 100,
            "published_peak_mva": 0,
            "queue_ahead_mw": 0,
        },
    )
    assert math.isnan(found["value"])
    assert found["grade"] == "line_proximity"


def test_a_statement_on_a_low_rung_bounds_and_never_gates(make_region, tmp_path):
    found = capacity(
        make_region,
        tmp_path,
        {"published_headroom_mw": 900, "headroom_rung": "area_share", "queue_ahead_mw": 0},
    )
    assert math.isnan(found["value"])
    assert found["bound"] == 900
    assert found["grade"] == "area_share"
    assert not found["gates"]


def test_a_headroom_without_its_queue_is_an_upper_bound(make_region, tmp_path):
    found = capacity(
        make_region, tmp_path, {"published_headroom_mw": 420, "headroom_rung": "utility_letter"}
    )
    assert math.isnan(found["value"])
    assert found["bound"] == 420
    assert "queue ahead unknown" in found["note"]


QUEUE = [{"queue_id": "q1", "poi_id": "p", "mw": 200, "pipeline_state": "approved_to_energise", "requested_on": "2025-01"},
         {"queue_id": "q2", "poi_id": "p", "mw": 1000, "pipeline_state": "no_studies", "requested_on": "2026-01"}]  # fmt: skip


def test_the_queue_ahead_counts_by_its_odds_and_what_is_drawn_never_as_a_sum(make_region, tmp_path):
    """ERCOT: .879 and .323 of a request come at all, 0.46 of what is approved is drawn."""
    utilities = [{"utility_id": "u1", "name": "Wires", "kind": "IOU", "iso_rto": "ERCOT"}]
    stated = {"published_headroom_mw": 420, "headroom_rung": "utility_letter"}
    found = capacity(make_region, tmp_path, stated, utilities=utilities, load_queue=QUEUE)
    assert found["value"] == pytest.approx(420 - 0.46 * (0.879 * 200 + 0.323 * 1000), abs=0.5)


@pytest.mark.parametrize("mw", [-100, 0])
def test_a_request_ahead_of_no_megawatts_is_an_error(make_region, tmp_path, mw):
    stated = {"published_headroom_mw": 420, "headroom_rung": "utility_letter"}
    with pytest.raises(BadInput, match="PW402"):
        capacity(make_region, tmp_path, stated, load_queue=[{**QUEUE[0], "mw": mw}])


def test_a_queue_that_the_node_states_is_said_to_replace_the_layer(make_region, tmp_path):
    utilities = [{"utility_id": "u1", "name": "Wires", "kind": "IOU", "iso_rto": "ERCOT"}]
    stated = {"published_headroom_mw": 420, "headroom_rung": "utility_letter", "queue_ahead_mw": 20}
    found = capacity(make_region, tmp_path, stated, utilities=utilities, load_queue=QUEUE)
    assert found["value"] == 400
    assert "load_queue is not used" in found["note"]


def test_a_batch_that_is_in_no_calendar_is_an_error(make_region, tmp_path):
    site = {
        "site_id": "a",
        "name": "Ash",
        "lon": -99.0,
        "lat": 38.5,
        "location_accuracy_m": 20,
        "utility_id": "u1",
        "batch": "ERCOT_BATCH1",
    }
    with pytest.raises(BadInput) as error:
        single(pw.read(make_region(tmp_path, sites=[site])))
    (found,) = [f for f in error.value.findings if f.severity == "error"]
    assert "ERCOT_BATCH0" in found.remedy


def test_a_node_of_which_the_queue_says_nothing_has_an_unknown_queue(make_region, tmp_path):
    """A layer that lists one node must not turn the bounds of all others into firm capacities."""
    utilities = [{"utility_id": "u1", "name": "Wires", "kind": "IOU", "iso_rto": "ERCOT"}]
    site = {
        "site_id": "a",
        "name": "Ash",
        "lon": -99.0,
        "lat": 38.5,
        "location_accuracy_m": 20,
        "utility_id": "u1",
    }
    stated = {"published_headroom_mw": 420, "headroom_rung": "utility_letter"}
    nodes = [{"poi_id": "p", **NODE, **stated}, {"poi_id": "q", **NODE, "lon": -98.5, **stated}]
    elsewhere = [{**QUEUE[0], "poi_id": "q"}]
    region = pw.read(
        make_region(
            tmp_path,
            sites=[site],
            points_of_interconnection=nodes,
            utilities=utilities,
            load_queue=elsewhere,
        )
    )
    found = single(region)["firm_capacity_mw"].loc["a"]
    assert found["row"] == "p"
    assert math.isnan(found["value"])
    assert found["bound"] == 420


def test_a_pipeline_state_that_no_operator_publishes_is_said_to_be_ignored(make_region, tmp_path):
    site = {"site_id": "a", "name": "Ash", "lon": -99.0, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1",
            "pipeline_state": "studies_approved"}  # fmt: skip
    measures = single(pw.read(make_region(tmp_path, sites=[site])))
    note = measures["time_to_power_months"].loc["a", "note"]
    assert "no pipeline of operator PJM is published, not counted" in note


def test_a_weight_without_an_outside_view_is_no_blend(make_region, tmp_path):
    utilities = [{"utility_id": "u1", "name": "Wires", "kind": "IOU", "iso_rto": "SEM"}]
    places = [{"jurisdiction_id": "ie-one", "name": "One", "kind": "county", "utility_ids": "u1", "outline_accuracy_m": 50,
               "wkt": "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"}]  # fmt: skip
    toml = {"request": {"outside_weight": 0.5}}
    region = pw.read(
        make_region(
            tmp_path,
            toml=toml,
            utilities=utilities,
            jurisdictions=places,
            policy=None,
            noise_rules=None,
        )
    )
    plan = Shared(region.sites, region.layers, region.request)("plan")
    assert plan.frame.loc["a", "basis"] == "inside view, no outside view known"


def test_a_queue_without_odds_stays_unknown(make_region, tmp_path):
    stated = {"published_headroom_mw": 420, "headroom_rung": "utility_letter"}
    found = capacity(
        make_region, tmp_path, stated, load_queue=QUEUE
    )  # PJM: no pipeline is published
    assert math.isnan(found["value"])
    assert found["bound"] == 420


def triangle(folder):
    """Three buses, three lines of x 0.1, 60 MW of load at bus 2; a second file beside the layer."""
    rows = [["l1", "1", "2"], ["l2", "1", "3"], ["l3", "2", "3"]]
    (folder / "tiny").mkdir(parents=True, exist_ok=True)
    with (folder / "tiny" / "branch.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "branch",
                "from_bus",
                "to_bus",
                "x_pu",
                "tap",
                "shift_deg",
                "rate_normal_mva",
                "rate_emergency_mva",
                "in_service",
            ]
        )
        writer.writerows([[*row, 0.1, "", 0, 100, 100, 1] for row in rows])


def test_a_network_gives_a_headroom_on_its_own_rung(make_region, tmp_path):
    """Hand check of the triangle: N-1 leaves 40 MW at bus 3."""
    triangle(tmp_path)
    buses = [{"bus": str(n), "kv": 230, "load_mw": load, "gen_mw": gen, "gen_max_mw": spare} for n, load, gen, spare in
             ((1, 0, 60, 500), (2, 60, 0, 0), (3, 0, 0, 0))]  # fmt: skip
    region = {"layers": {"network": {"path": "tiny/bus.csv"}}}
    rows = [{**row} for row in buses]
    (tmp_path / "tiny").mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(tmp_path / "tiny" / "bus.csv", index=False)
    found = capacity(
        make_region, tmp_path, {"network_bus": "3", "queue_ahead_mw": 0}, toml=region, network=rows
    )
    assert found["value"] == pytest.approx(40.0)
    assert found["grade"] == "open_network"
    assert found["high"] == pytest.approx(40 * math.exp(0.8 * 1.28155), rel=1e-4)


def test_a_network_that_cannot_be_read_stops_every_verb(make_region, tmp_path):
    triangle(tmp_path)
    branch = tmp_path / "tiny" / "branch.csv"
    branch.write_text(branch.read_text().replace("l3,2,3", "l3,2,9"))
    rows = [
        {"bus": str(n), "kv": 230, "load_mw": 0, "gen_mw": 0, "gen_max_mw": 100} for n in (1, 2, 3)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "tiny" / "bus.csv", index=False)
    region = {"layers": {"network": {"path": "tiny/bus.csv"}}}
    with pytest.raises(BadInput) as error:
        capacity(make_region, tmp_path, {}, toml=region, network=rows)
    found = [f for f in error.value.findings if f.severity == "error"]
    assert {f.code for f in found} == {"PW409"}
    assert str(found[0].file).endswith("branch.csv")


def test_a_node_that_names_a_bus_which_is_not_there_is_an_error(make_region, tmp_path):
    triangle(tmp_path)
    rows = [{"bus": "1", "kv": 230, "load_mw": 0, "gen_mw": 0, "gen_max_mw": 0}]
    with pytest.raises(BadInput) as error:
        capacity(make_region, tmp_path, {"network_bus": "9"}, network=rows)
    assert {f.code for f in error.value.findings if f.severity == "error"} >= {"PW409"}


def test_no_other_site_moves_a_number_of_a_site(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml=REQUEST, time_to_power=[TOTAL]))
    from dataclasses import replace

    alone = replace(region, sites=region.sites.loc[["b"]])
    whole, one = single(region), single(alone)
    for name in one:
        a, b = whole[name].loc[["b"]], one[name]
        assert np.array_equal(a["value"].to_numpy(), b["value"].to_numpy(), equal_nan=True), name
