"""Permits: the published path table, the wait for a rule's end, and what both do to the power plan."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from conftest import single
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.facts import fact_table
from powerwall.criteria.policy import (
    opposition_index,
    permit_stages,
    permit_table,
    wait_months,
    wilson,
    with_hazard,
)
from powerwall.criteria.policy.permits import CATEGORIES, path_months
from powerwall.criteria.power.lead_time import simulate
from powerwall.criteria.power.lead_time.stages import Stage, success
from powerwall.criteria.power.site.plan import plan_site
from powerwall.criteria.power.site.services import Bridge, service

UNIT = st.floats(0, 1)
MONTHS = st.floats(0, 60)


# --- the pure models ----------------------------------------------------------------------------


def test_a_special_permit_is_one_stage():
    assert permit_stages("special_permit") == {
        "permit": {"p50_months": 9, "p90_months": 21, "group": "local", "preds": [], "p_fail": 0.306}
    }  # fmt: skip


def test_a_moratorium_with_a_date_stands_before_the_permit():
    stages = permit_stages("moratorium", months_to_expiry=6)
    assert list(stages) == ["moratorium", "permit"]
    held = stages["moratorium"]
    assert (held["p50_months"], held["p90_months"], held["group"], held["p_fail"]) == (
        6,
        6,
        "policy",
        0.167,
    )
    assert (held["p_extension"], held["extension_p50_months"], held["extension_p90_months"]) == (
        0.53,
        5.9,
        12.0,
    )
    assert stages["permit"]["preds"] == ["moratorium"]
    assert stages["permit"]["p_fail"] == 0.306


def test_a_moratorium_without_an_end_goes_on_from_its_age():
    held = permit_stages("moratorium", elapsed_months=6, then="by_right")["moratorium"]
    assert (held["p50_months"], held["p90_months"], held["started_months_ago"]) == (9.75, 28.8, 6)
    assert "p_extension" not in held


def test_the_hazard_ratio_acts_on_the_permit_alone():
    plain, harder = (permit_stages("moratorium", 6, hazard_ratio=ratio) for ratio in (1.0, 2.0))
    assert harder["moratorium"] == plain["moratorium"]
    assert harder["permit"]["p_fail"] == pytest.approx(1 - 0.694**2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: permit_stages("maybe"), "category `maybe`"),
        (lambda: permit_stages("moratorium"), "months_to_expiry"),
        (lambda: permit_stages("moratorium", math.nan), "months_to_expiry"),
        (lambda: permit_stages("moratorium", -1), "months_to_expiry"),
        (lambda: permit_stages("moratorium", 6, then="moratorium"), "then"),
        (lambda: permit_stages("by_right", hazard_ratio=-1), "hazard_ratio"),
        (lambda: wait_months(1.2, 6, 0.5), "u is not"),
        (lambda: wait_months(0.5, -6, 0.5), "scheduled_months"),
        (lambda: wait_months(0.5, 6, 1.5), "p_extension"),
        (lambda: wait_months(0.5, 6, 0.5, 12, 6), "extension_p50_months"),
        (lambda: with_hazard(1.2, 1), "p_success"),
        (lambda: opposition_index(-1, 2), "events"),
        (lambda: wilson(3, 2), "3 of 2"),
        (lambda: wilson(1, 2, confidence=1), "confidence"),
    ],
)
def test_what_is_wrong_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_wait_has_its_published_quantiles():
    assert wait_months([0.1, 0.47, 0.5, 0.735, 0.9], 6, 0.53) == pytest.approx(
        [6, 6, 8.453, 11.9, 15.621], abs=1e-3
    )


@settings(max_examples=80, deadline=None)
@given(UNIT, UNIT, MONTHS, MONTHS, UNIT, UNIT, st.floats(0.5, 20), st.floats(0.5, 20))
def test_the_wait_never_ends_early_and_grows_with_everything(u, v, e, f, q, r, x, y):
    (u, v), (e, f), (q, r), (x, y) = (sorted(pair) for pair in ((u, v), (e, f), (q, r), (x, y)))
    least = wait_months(u, e, q, x, 40)
    assert least >= e
    for more in (
        wait_months(v, e, q, x, 40),
        wait_months(u, f, q, x, 40),
        wait_months(u, e, r, x, 40),
    ):
        assert more >= least - 1e-9
    # a longer extension at the same spread
    assert wait_months(u, e, q, y, 2 * y) >= wait_months(u, e, q, x, 2 * x) - 1e-9
    assert wait_months(u, e, 0, x, 40) == e


def test_hazards_have_their_published_powers():
    assert with_hazard(0.694, [1.5, 2, 3]) == pytest.approx([0.578, 0.482, 0.334], abs=5e-4)


@given(UNIT, st.floats(0, 3), st.floats(0, 3))
def test_odds_fall_with_the_hazard_and_stay_odds(p, ratio, more):
    low, high = sorted((ratio, more))
    assert with_hazard(p, 1) == p
    assert with_hazard(p, high) <= with_hazard(p, low)
    assert with_hazard(1, ratio) == 1
    if ratio > 0:
        assert with_hazard(0, ratio) == 0


def test_the_index_has_its_published_values():
    assert opposition_index([0, 1, 2, 5], 1.64) == pytest.approx(
        [0.058, 0.517, 0.976, 2.352], abs=5e-4
    )


@given(st.integers(0, 50), st.integers(1, 20), st.floats(0.1, 10))
def test_the_index_lies_between_the_raw_rate_and_the_prior(events, more, years):
    prior, raw = 0.127 / 0.54, events / years
    index = float(opposition_index(events, years))
    assert min(raw, prior) - 1e-12 <= index <= max(raw, prior) + 1e-12
    assert opposition_index(events + more, years) > index
    assert opposition_index(events, years + 1) < index


def test_a_place_without_cover_has_no_index():
    assert math.isnan(opposition_index(math.nan, 1.64))


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_wilson_interval_lies_inside_the_shares_and_holds_the_count(k, n):
    k = min(k, n)
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


def test_the_wilson_interval_has_its_published_ends():
    assert wilson(59, 85) == pytest.approx((0.590, 0.782), abs=5e-4)


def test_every_assumption_of_the_table_is_marked():
    table = fact_table("permit_paths")
    bare = table[table["basis"].astype(str).eq("assumed") & ~table["tier"].eq("assumed")]
    assert bare.empty
    assert table["source"].notna().all()


def test_harder_categories_are_less_likely_and_slower():
    table = permit_table()
    order = ["by_right", "special_permit", "rezoning_needed", "denied", "prohibited"]
    odds = [table[c]["p_success"] for c in order]
    months = [table[c]["p50_months"] for c in order]
    assert odds == sorted(odds, reverse=True)
    assert months == sorted(months)


def test_every_category_has_stages_whose_odds_bound_those_of_the_path():
    for category in CATEGORIES:
        stages = {
            k: Stage(**{**v, "preds": tuple(v["preds"])})
            for k, v in permit_stages(category, 6).items()
        }
        path = success(stages, "permit")
        assert all(path <= 1 - stage.p_fail + 1e-12 for stage in stages.values())


@pytest.mark.parametrize(
    ("months", "expected"), [(6, (11.2, 18.9, 32.5)), (12, (17.2, 24.9, 38.5))]
)
def test_a_moratorium_then_a_permit_has_its_published_months(months, expected):
    found = path_months(permit_stages("moratorium", months), (0.1, 0.5, 0.9))
    assert found == pytest.approx(expected, abs=0.3)


def test_a_single_permit_has_the_months_of_the_table():
    assert path_months(permit_stages("special_permit"), (0.5, 0.9)) == pytest.approx([9, 21])


@pytest.mark.parametrize(
    ("elapsed", "expected"), [(6, (1.11, 7.24, 27.6)), (12, (1.12, 7.77, 30.7))]
)
def test_an_open_ended_moratorium_hardly_shrinks_with_its_age(elapsed, expected):
    # without the permit behind it
    stages = {"moratorium": permit_stages("moratorium", elapsed_months=elapsed)["moratorium"]}
    assert path_months(stages, (0.1, 0.5, 0.9)) == pytest.approx(expected, abs=0.05)


# --- the worked network -------------------------------------------------------------------------

WORKED = {
    None: ((46.5, 59.4, 79.7), (19.8, 25.7, 35.4), 1),
    "approved": (None, (21.3, 27.2, 36.3), 0.95),
    "none_county": (None, (20.8, 26.7, 35.8), 0.95),
    "by_right": (None, (21.8, 27.7, 36.5), 0.917),
    "administrative": (None, (22.3, 28.4, 37.3), 0.90),
    "special_permit": ((46.6, 59.5, 79.9), (24.1, 31.7, 44.2), 0.694),
    "rezoning_needed": ((46.7, 59.6, 79.9), (25.9, 33.9, 46.6), 0.595),
    "moratorium": ((47.5, 60.1, 80.4), (30.7, 40.0, 54.3), 0.578),
    "denied": ((48.4, 61.2, 81.2), (33.9, 44.8, 61.5), 0.25),
}


def worked(category):
    """Grid and engines of the worked network, behind a permit path."""
    rows = fact_table("processes")
    stages, last = {}, []
    if category:
        stages = {name: dict(stage) for name, stage in permit_stages(category, 6).items()}
        last = ["permit"]
    for process, prefix in (("us_firm_230kv", ""), ("bridge_recip", "b.")):
        for row in rows[rows["process_id"] == process].to_dict("records"):
            name = row["stage_id"] if row["stage_id"] == "shell" else prefix + row["stage_id"]
            preds = [] if not isinstance(row["preds"], str) else row["preds"].split(";")
            preds = [p if p == "shell" else prefix + p for p in preds]
            follows = row["stage_id"] in {"shell", "substation", "install"}
            stages[name] = {"p50_months": row["p50_months"], "p90_months": row["p90_months"], "group": row["group"],
                            "preds": [*preds, *(last if follows else [])]}  # fmt: skip
    tranches = {
        "grid": {"stage": "energised", "mw": 200},
        "bridge": {"stage": "b.energised", "mw": 100},
    }
    return simulate(stages, tranches, horizon_months=84, draws=2**14)


@pytest.mark.parametrize("category", WORKED)
def test_a_permit_moves_the_worked_network_as_published(category):
    firm, bridge, odds = WORKED[category]
    plan = worked(category)
    firm = WORKED[None][0] if firm is None else firm
    for tranche, expected in (("grid", firm), ("bridge", bridge)):
        found = plan.quantile_months(tranche, [0.1, 0.5, 0.9])
        assert found[:2] == pytest.approx(expected[:2], abs=0.2), (tranche, found)
        assert found[2] == pytest.approx(expected[2], abs=0.5), (tranche, found)
        assert plan.p_success(tranche) == pytest.approx(odds, abs=5e-4)


# --- the region ---------------------------------------------------------------------------------


def region_of(make_region, folder, zoning, **given):
    site = {"site_id": "a", "name": "Ash", "lon": -99.0, "lat": 38.5, "location_accuracy_m": 20, "area_ha": 100,
            "zoning_status": zoning, "jurisdiction_id": "us-ks-one", "utility_id": "u1", "availability": "open"}  # fmt: skip
    return pw.read(make_region(folder, sites=[site], **given))


def measures_of(make_region, folder, zoning, **given):
    measures = single(region_of(make_region, folder, zoning, **given))
    return {name: frame.loc["a"] for name, frame in measures.items()}


def test_a_rezoning_costs_months_and_odds_of_the_power(make_region, tmp_path):
    easy = measures_of(make_region, tmp_path / "0", "by_right")
    hard = measures_of(make_region, tmp_path / "1", "rezoning_needed")
    assert hard["time_to_power_months"]["value"] >= easy["time_to_power_months"]["value"]
    ratio = hard["power_success_probability"]["value"] / easy["power_success_probability"]["value"]
    assert ratio == pytest.approx(0.595 / 0.917)
    assert hard["on_time_probability"]["value"] < easy["on_time_probability"]["value"]


def test_the_odds_of_the_permit_are_in_one_of_the_two_scored_shares(make_region, tmp_path):
    found = measures_of(make_region, tmp_path, "special_permit")
    given = found["on_time_if_permitted_probability"]["value"]
    assert found["on_time_probability"]["value"] == pytest.approx(given * 0.694)


def test_an_unknown_category_is_planned_by_a_prior_and_not_measured(make_region, tmp_path):
    found = measures_of(make_region, tmp_path / "0", "unknown")
    easy = measures_of(make_region, tmp_path / "1", "by_right")
    assert math.isnan(found["policy_success_probability"]["value"])
    assert math.isnan(found["permit_months"]["value"])
    assert found["time_to_power_months"]["value"] > 0
    assert "permit path unknown" in found["time_to_power_months"]["note"]
    assert found["power_success_probability"]["value"] == pytest.approx(
        easy["power_success_probability"]["value"] * 0.74 / 0.917
    )


def test_without_a_policy_layer_the_permit_still_counts(make_region, tmp_path):
    bare = measures_of(make_region, tmp_path / "0", "rezoning_needed", policy=None)
    full = measures_of(make_region, tmp_path / "1", "rezoning_needed")
    assert bare["on_time_probability"]["value"] == pytest.approx(
        full["on_time_probability"]["value"]
    )
    assert bare["policy_success_probability"]["why"] == "no layer policy"


@pytest.mark.parametrize("zoning", ["by_right", "rezoning_needed", "denied", "unknown"])
def test_a_permit_never_makes_any_tranche_earlier(make_region, tmp_path, zoning):
    region = region_of(make_region, tmp_path, zoning)
    done = [{"process_id": "p", "utility_id": "u1", "kind": "stage", "stage": "permit", "stage_id": "permit", "site_id": "a",
             "done_on": "2026-07-01"}]  # fmt: skip
    without = region_of(make_region, tmp_path / "done", zoning, time_to_power=done)
    bridges = [Bridge(service("recip"), 100.0, keep=False)]
    plans = [plan_site(r, "a", bridges, draws=1024).simulation for r in (region, without)]
    for tranche in plans[0].tranches:
        late, soon = (plan.quantile_months(tranche, [0.1, 0.5, 0.9]) for plan in plans)
        assert (late >= soon - 0.05).all(), tranche
        assert plans[0].p_success(tranche) < plans[1].p_success(tranche)


def test_a_permit_behind_a_site_costs_neither_months_nor_odds(make_region, tmp_path):
    rows = [{"process_id": "p", "utility_id": "u1", "kind": "stage", "stage": "permit", "stage_id": "permit", "site_id": "a",
             "done_on": "2026-07-01"}]  # fmt: skip
    found = measures_of(make_region, tmp_path, "rezoning_needed", time_to_power=rows)
    assert found["policy_success_probability"]["value"] == 1
    assert found["permit_months"]["value"] == 0
    assert (
        found["on_time_probability"]["value"] == found["on_time_if_permitted_probability"]["value"]
    )


def test_the_register_of_a_region_overrides_the_class_with_its_own_counts(make_region, tmp_path):
    rows = [{"permit_id": "one-sp", "jurisdiction_id": "us-ks-one", "category": "special_permit", "granted_count": 9, "decided_count": 10,
             "p50_months": 6, "p90_months": 12}]  # fmt: skip
    found = measures_of(make_region, tmp_path, "special_permit", permit_paths=rows)
    odds = found["policy_success_probability"]
    assert odds["value"] == pytest.approx(0.9)
    assert (odds["low"], odds["high"]) == pytest.approx(wilson(9, 10))
    assert "9 of 10" in odds["note"]
    assert (odds["layer"], odds["row"]) == ("permit_paths", "one-sp")
    assert found["permit_months"]["value"] == pytest.approx(6)
    plan = plan_site(
        region_of(make_region, tmp_path / "1", "special_permit", permit_paths=rows), "a", draws=256
    )
    assert plan.stages.loc["permit", "p50_months"] == 6
    assert plan.stages.loc["permit", "p_fail"] == pytest.approx(0.1)
    assert plan.stages.loc["permit", "rung"] == "region"


def test_the_row_of_a_site_overrides_its_authority(make_region, tmp_path):
    rows = [
        {"permit_id": "one", "jurisdiction_id": "us-ks-one", "category": "by_right", "success_probability": 0.5},
        {"permit_id": "own", "site_id": "a", "jurisdiction_id": "us-ks-one", "category": "by_right", "success_probability": 0.8},
    ]  # fmt: skip
    found = measures_of(make_region, tmp_path, "by_right", permit_paths=rows)
    assert found["policy_success_probability"]["value"] == pytest.approx(0.8)
    assert found["policy_success_probability"]["row"] == "own"


def test_an_appeal_follows_the_permit_where_the_register_tells_of_one(make_region, tmp_path):
    rows = [
        {
            "permit_id": "ks-appeal",
            "jurisdiction_id": "us-ks",
            "category": "appeal",
            "p50_months": 4.2,
            "p90_months": 24,
        }
    ]
    plain = measures_of(make_region, tmp_path / "0", "special_permit")
    found = measures_of(make_region, tmp_path / "1", "special_permit", permit_paths=rows)
    assert found["permit_months"]["value"] > plain["permit_months"]["value"] + 4
    assert (
        found["policy_success_probability"]["value"] == plain["policy_success_probability"]["value"]
    )
    approved = measures_of(make_region, tmp_path / "2", "approved", permit_paths=rows)
    assert approved["permit_months"]["value"] == pytest.approx(3)


def test_a_stage_whose_row_asks_for_the_permit_waits_for_it(make_region, tmp_path):
    row = {
        "process_id": "p",
        "utility_id": "u1",
        "kind": "stage",
        "stage": "study",
        "stage_id": "study",
        "p50_months": 12,
        "p90_months": 20,
    }
    first, asks = (
        measures_of(
            make_region, tmp_path / str(n), "rezoning_needed", time_to_power=[{**row, **more}]
        )
        for n, more in enumerate(({}, {"predecessors": "permit"}))
    )
    late = asks["time_to_power_months"]["value"] - first["time_to_power_months"]["value"]
    assert late > 9  # of a permit of 12 months nothing runs beside the study any more


def denial(**cells):
    return {"policy_id": "no", "jurisdiction_id": "us-ks-one", "kind": "denial", "policy_status": "decided", "effect": "blocks",
            "action_date": "2026-03-01", "site_id": "a", "status": "verified", **cells}  # fmt: skip


def test_the_refusal_of_a_sites_own_project_makes_its_path_a_denied_one(make_region, tmp_path):
    for n, (policy, odds) in enumerate([
        ([denial()], 0.25),
        ([denial(site_id="")], 0.917),
        ([denial(), denial(policy_id="yes", kind="approval", effect="enables", action_date="2026-05-01")], 0.917),
        ([denial(policy_status="pending")], 0.917),
        ([denial(action_date="2026-09-01")], 0.917),
    ]):  # fmt: skip
        sites = [
            {
                "site_id": "a",
                "lon": -99.0,
                "lat": 38.5,
                "zoning_status": "by_right",
                "jurisdiction_id": "us-ks-one",
                "utility_id": "u1",
            }
        ]
        region = pw.read(make_region(tmp_path / str(n), sites=sites, policy=policy))
        found = single(region)["policy_success_probability"].loc["a"]
        assert found["value"] == pytest.approx(odds), n


def test_hazards_act_only_where_the_request_asks_for_them(make_region, tmp_path):
    policy = [denial(site_id="")]
    off = measures_of(make_region, tmp_path / "0", "special_permit", policy=policy)
    on = measures_of(
        make_region,
        tmp_path / "1",
        "special_permit",
        policy=policy,
        toml={"request": {"permit_hazard": True}},
    )
    assert off["policy_success_probability"]["value"] == pytest.approx(0.694)
    assert on["policy_success_probability"]["value"] == pytest.approx(0.482, abs=5e-4)


def test_a_range_of_odds_holds_its_value_under_a_hazard_and_behind_a_moratorium(
    make_region, tmp_path
):
    held = {"policy_id": "m", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "action_date": "2026-03-01", "effective_to": "2027-03-01", "status": "verified"}  # fmt: skip
    for n, (policy, request) in enumerate(
        [([denial(site_id="")], {"permit_hazard": True}), ([held], {})]
    ):
        found = measures_of(
            make_region,
            tmp_path / str(n),
            "special_permit",
            policy=policy,
            toml={"request": request},
        )
        odds = found["policy_success_probability"]
        assert odds["low"] < odds["value"] < odds["high"]
    # .590 · (1 − .319) and .782 · (1 − .079)
    assert (odds["low"], odds["high"]) == pytest.approx((0.402, 0.720), abs=2e-3)


def own_row(**cells):
    return [
        {
            "permit_id": "own",
            "site_id": "a",
            "jurisdiction_id": "us-ks-one",
            "category": "by_right",
            "success_probability": 0.5,
            **cells,
        }
    ]


def test_what_is_known_of_a_site_lifts_no_rule_in_force(make_region, tmp_path):
    ban = [denial(policy_id="ban", kind="prohibition", policy_status="enacted", site_id="")]
    found = measures_of(make_region, tmp_path / "0", "by_right", policy=ban, permit_paths=own_row())
    assert "prohibited" in found["policy_success_probability"]["note"]
    held = [
        denial(
            policy_id="m",
            kind="moratorium",
            policy_status="active",
            site_id="",
            effective_to="2027-03-01",
        )
    ]
    after = measures_of(
        make_region, tmp_path / "1", "moratorium", policy=held, permit_paths=own_row()
    )
    assert "moratorium, then by right" in after["policy_success_probability"]["note"]
    assert after["policy_success_probability"]["value"] == pytest.approx(0.5 * (1 - 0.167))


def test_an_appeal_is_no_category_of_a_site(make_region, tmp_path):
    with pytest.raises(pw.BadInput, match="an appeal is no category"):
        measures_of(make_region, tmp_path, "by_right", permit_paths=own_row(category="appeal"))


def test_a_permit_of_this_year_is_not_yet_final(make_region, tmp_path):
    for n, (day, odds) in enumerate([("2026", 0.595), ("2026-07", 1.0), ("2026-08", 0.595)]):
        rows = [
            {
                "process_id": "p",
                "utility_id": "u1",
                "kind": "stage",
                "stage": "permit",
                "stage_id": "permit",
                "site_id": "a",
                "done_on": day,
            }
        ]
        found = measures_of(make_region, tmp_path / str(n), "rezoning_needed", time_to_power=rows)
        assert found["policy_success_probability"]["value"] == pytest.approx(odds), day


# --- opposition ---------------------------------------------------------------------------------

EVENTS = [
    {"event_id": "e1", "jurisdiction_id": "us-ks-one", "event_date": "2026-01-10", "level": "county", "project": "P"},
    {"event_id": "e2", "jurisdiction_id": "us-ks-one", "event_date": "2026-01-30", "level": "county", "project": "P"},
    {"event_id": "e3", "jurisdiction_id": "us-ks-one", "event_date": "2026-03-01", "level": "county", "project": "Q"},
    {"event_id": "e4", "jurisdiction_id": "us-ks-one", "event_date": "2026-03-02", "level": "state", "project": "R"},
    {"event_id": "e5", "jurisdiction_id": "us-ks-one", "event_date": "2026-09-02", "level": "county", "project": "S"},
]  # fmt: skip


def test_local_events_are_counted_once_a_project_and_month(make_region, tmp_path):
    cover = {
        "layers": {"opposition_events": {"covers": ["us-ks-one"], "covers_from": date(2025, 1, 1)}}
    }
    found = measures_of(make_region, tmp_path, "by_right", opposition_events=EVENTS, toml=cover)[
        "opposition_index"
    ]
    years = (date(2026, 8, 22) - date(2025, 1, 1)).days / 365.25
    assert found["value"] == pytest.approx(float(opposition_index(2, years)))


def test_a_place_that_nobody_searched_is_unknown_and_not_quiet(make_region, tmp_path):
    found = measures_of(make_region, tmp_path / "0", "by_right", opposition_events=EVENTS)[
        "opposition_index"
    ]
    assert math.isnan(found["value"])
    assert found["why"] == "the layer does not cover us-ks-one"
    none = measures_of(make_region, tmp_path / "1", "by_right")["opposition_index"]
    assert none["why"] == "no layer opposition_events"


def test_a_window_of_no_length_says_nothing(make_region, tmp_path):
    cover = {
        "as_of": date(2024, 6, 1),
        "layers": {"opposition_events": {"covers": ["us-ks-one"], "covers_from": date(2025, 1, 1)}},
    }
    found = measures_of(make_region, tmp_path, "by_right", opposition_events=EVENTS, toml=cover)[
        "opposition_index"
    ]
    assert math.isnan(found["value"])


def test_quantiles_of_a_path_ascend():
    for category in CATEGORIES:
        found = path_months(permit_stages(category, 6), (0.1, 0.5, 0.9))
        assert np.all(np.diff(found) > 0)
