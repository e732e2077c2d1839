"""Policy: what a dated act means on a day; dates decide, never the status word."""

from __future__ import annotations

import math
from datetime import date
from types import SimpleNamespace

import pytest
from conftest import single
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.policy import add_term, permit_path, permit_table, standing
from powerwall.criteria.policy.rules import POWER_FACTOR, Rules

DAY = date(2026, 8, 22)


def row(**cells):
    base = {"policy_id": "r", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "effective_from": "2026-03-01", "effective_to": "2027-03-01", "status": "verified"}  # fmt: skip
    return {**base, **cells}


def told(mw=300.0, as_of=DAY, *, vested=False, **cells):
    found = standing(row(**cells), as_of, mw, vested=vested)
    return found.active, found.verdict, found.reason


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # 1. what is proposed warns, what is over says nothing
        ({"policy_status": "pending"}, ("no", "warn", "proposed")),
        ({"policy_status": "pending", "effect": "restricts"}, ("no", "warn", "proposed")),
        ({"policy_status": "pending", "effect": "enables"}, ("no", "none", "not_in_force")),
        ({"policy_status": "withdrawn"}, ("no", "none", "not_in_force")),
        ({"policy_status": "decided"}, ("no", "none", "not_in_force")),
        # 2. over, and nobody says since when
        ({"policy_status": "expired", "effective_to": ""}, ("no", "none", "expired")),
        ({"policy_status": "replaced", "effective_to": ""}, ("no", "none", "expired")),
        # 3. windows
        ({"effective_from": "2026-09-01"}, ("no", "none", "not_yet")),
        ({"effective_to": "2026-08-01"}, ("no", "none", "expired")),
        ({}, ("yes", "gate", "in_force")),
        ({"effective_to": "2026-08"}, ("possible", "warn", "dates_uncertain")),
        ({"effective_from": "2026-08"}, ("possible", "warn", "dates_uncertain")),
        ({"effective_to": "2026"}, ("possible", "warn", "dates_uncertain")),
        # 4. downgraded to possible
        ({"effective_to": ""}, ("possible", "warn", "end_unknown")),
        ({"effective_from": ""}, ("possible", "warn", "start_unknown")),
        ({"policy_status": "replaced"}, ("possible", "warn", "replaced")),
        ({"effective_to": "", "duration_kind": "indefinite"}, ("yes", "gate", "in_force")),
        ({"effective_to": "", "duration_kind": "until_event"}, ("yes", "gate", "in_force")),
        ({"effective_to": "", "duration_kind": "unknown"}, ("possible", "warn", "end_unknown")),
        # 6. size, effect and kind
        ({"trigger_mw": 301}, ("yes", "none", "below_trigger")),
        ({"trigger_mw": 300}, ("yes", "gate", "in_force")),
        ({"effect": "enables"}, ("yes", "none", "neutral")),
        ({"effect": "neutral"}, ("yes", "none", "neutral")),
        ({"effect": "restricts"}, ("yes", "warn", "restricts")),
        ({"kind": "denial"}, ("yes", "none", "one_project")),
        ({"kind": "setback"}, ("yes", "none", "one_project")),
        # 7. the evidence
        ({"status": "unverified"}, ("yes", "warn", "unverified")),
        ({"status": "approximate"}, ("yes", "warn", "unverified")),
        ({"status": ""}, ("yes", "warn", "unverified")),
        ({"status": "secondary"}, ("yes", "gate", "in_force")),
        # expired by its word, in force by its dates
        ({"policy_status": "expired"}, ("yes", "gate", "in_force")),
        # in force by its word, expired by its dates
        ({"policy_status": "active", "effective_to": "2026-08-22"}, ("no", "none", "expired")),
    ],
)
def test_each_step_of_the_table_says_what_a_row_may_do(cells, expected):
    found = told(**({"kind": "moratorium", **cells}))
    if cells.get("kind") == "denial" or cells.get("kind") == "setback":
        assert found[1:] == expected[1:]
    else:
        assert found == expected


@pytest.mark.parametrize("kind", ["zoning", "prohibition", "statute", "utility_rule"])
def test_an_ordinance_without_an_end_stays_until_repealed(kind):
    found = standing(row(kind=kind, effective_to=""), DAY, 300)
    assert (found.active, found.verdict) == ("yes", "gate")
    assert math.isnan(found.days_to_expiry)


def test_an_approved_site_is_warned_and_not_put_out():
    assert told(vested=True) == ("yes", "warn", "vested")


def test_the_end_is_the_first_day_not_in_force():
    assert told(as_of=date(2027, 2, 28))[0] == "yes"
    assert told(as_of=date(2027, 3, 1)) == ("no", "none", "expired")
    assert standing(row(), date(2027, 2, 28)).days_to_expiry == 1


def test_the_start_is_the_first_day_in_force():
    assert told(as_of=date(2026, 3, 1))[0] == "yes"
    assert told(as_of=date(2026, 2, 28)) == ("no", "none", "not_yet")


def test_looking_back_brings_an_expired_row_back():
    expired = {"policy_status": "expired", "effective_to": "2026-06-20"}
    assert told(**expired) == ("no", "none", "expired")
    assert told(as_of=date(2026, 5, 1), **expired) == ("yes", "gate", "in_force")


def test_an_end_follows_from_start_and_duration():
    found = standing(row(effective_to="", duration="6 months"), DAY)
    assert found.days_to_expiry == (date(2026, 9, 1) - DAY).days
    assert told(effective_to="", duration="5 months") == ("no", "none", "expired")


def test_the_action_date_stands_in_for_a_blank_start():
    assert told(effective_from="", action_date="2026-03-01") == ("yes", "gate", "in_force")


def test_days_run_to_the_earliest_end_if_certain_and_to_the_latest_if_not():
    assert standing(row(effective_to="2027"), DAY).days_to_expiry == (date(2027, 1, 1) - DAY).days
    assert standing(row(effective_to="2026"), DAY).days_to_expiry == (date(2026, 12, 31) - DAY).days


@pytest.mark.parametrize("project_mw", [1, 5000])
def test_the_size_of_the_project_is_never_a_threshold(project_mw):
    assert told(project_mw=project_mw) == ("yes", "gate", "in_force")


def test_without_a_size_the_trigger_is_skipped():
    assert told(mw=None, trigger_mw=9999) == ("yes", "gate", "in_force")


@pytest.mark.parametrize(
    "cells",
    [{"effective_to": "2026-03-01"}, {"effective_to": "2025-01-01"}, {"effective_to": "soon"}, {"effective_to": "", "duration": "a while"},
     {"effective_from": "03/01/2026"}],
)  # fmt: skip
def test_an_end_before_the_start_or_a_text_that_is_no_date_is_an_error(cells):
    with pytest.raises(ValueError, match=r"not after|not a date|not a duration"):
        standing(row(**cells), DAY)


@pytest.mark.parametrize("blank", ["", None, math.nan])
def test_every_kind_of_blank_is_blank(blank):
    assert told(trigger_mw=blank, duration=blank, project_mw=blank) == ("yes", "gate", "in_force")


@pytest.mark.parametrize(
    "key", ["duration", "duration_kind", "project_mw", "trigger_mw", "action_date"]
)
def test_a_missing_column_is_blank(key):
    cells = row()
    cells.pop(key, None)
    assert standing(cells, DAY, 300).verdict == "gate"


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        (date(2026, 8, 31), "6 months", date(2027, 2, 28)),
        (date(2026, 1, 31), "1 month", date(2026, 2, 28)),
        (date(2024, 2, 29), "1 year", date(2025, 2, 28)),
        (date(2026, 3, 1), "180 days", date(2026, 8, 28)),
        (date(2026, 3, 1), "180", date(2026, 8, 28)),
        (date(2026, 12, 15), "1 Month", date(2027, 1, 15)),
    ],
)
def test_a_term_counts_days_as_days_and_months_by_the_calendar(start, duration, end):
    assert add_term(start, duration) == end


@pytest.mark.parametrize("text", ["", "half a year", "6 moons", "-3 days", "six months"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        add_term(date(2026, 1, 1), text)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.sampled_from(["pending", "active", "enacted", "decided", "expired", "withdrawn"]),
       st.sampled_from(["verified", "secondary", "approximate", "unverified", ""]))  # fmt: skip
def test_only_a_row_that_is_certainly_in_force_and_known_gates(as_of, policy_status, status):
    found = standing(row(policy_status=policy_status, status=status), as_of, 300)
    inside = date(2026, 3, 1) <= as_of < date(2027, 3, 1)
    may = (
        inside
        and policy_status in {"active", "enacted", "expired"}
        and status in {"verified", "secondary"}
    )
    assert (found.verdict == "gate") is may


#: Gates of the bundled rows on 2026-08-22 for 300 MW: authority → days to the end, None without one.
GATES = {
    "central-ohio": {
        "sunbury": 162,
        "muhlenberg": 168,
        "scioto": 195,
        "jackson": 263,
        "grove": 283,
        "albans": None,
        "dublin": None,
    },
    "northern-virginia": {"warrenton": None},
    "phoenix": {},
    "dallas-fort-worth": {},
    "dublin": {},
}


@pytest.mark.parametrize("name", sorted(GATES))
def test_the_bundled_rows_gate_where_and_as_long_as_recorded(regions, kept, name):
    region = kept[0](regions / f"{name}.toml")
    found = {}
    for record in region.layers["policy"].frame.to_dict("records"):
        mw = 300 / (POWER_FACTOR.value if str(record["jurisdiction_id"]).startswith("ie") else 1)
        stands = standing(record, DAY, mw)
        if stands.verdict == "gate":
            found[record["policy_id"]] = (
                None if math.isnan(stands.days_to_expiry) else stands.days_to_expiry
            )
    assert len(found) == len(GATES[name])
    for word, days in GATES[name].items():
        assert [d for key, d in found.items() if word in key] == [days], (word, found)


def test_only_the_site_under_a_moratorium_in_force_is_out(regions, kept):
    region = kept[0](regions / "central-ohio.toml", as_of=DAY, mw=300.0)
    value = single(region)["moratorium"]["value"]
    assert value["oh-sunbury-park"] == 1
    assert value["oh-ashville-edgeconnex"] != 1  # its village's term ended 2026-06-20


def moratorium_at(make_region, folder, policy, **sites):
    site = {
        "site_id": "a",
        "lon": -99.0,
        "lat": 38.5,
        "zoning_status": "by_right",
        "jurisdiction_id": "us-ks-one",
        "utility_id": "u1",
    }
    region = pw.read(make_region(folder, sites=[{**site, **sites}], policy=policy))
    return single(region)


def test_a_moratorium_is_true_false_or_unknown(make_region, tmp_path):
    for n, (policy, value) in enumerate([
        ([row()], 1.0),
        ([row(status="unverified")], 0.0),
        ([row(effective_to="")], math.nan),
        ([row(jurisdiction_id="us-ks-two")], math.nan),
        ([row(policy_id="x", jurisdiction_id="us-ks-two"), row(kind="zoning", effect="enables")], 0.0),
        ([row(jurisdiction_id="us-ks")], 1.0),
        ([row(jurisdiction_id="us")], 1.0),
        ([row(policy_status="pending")], 0.0),
    ]):  # fmt: skip
        found = moratorium_at(make_region, tmp_path / str(n), policy)["moratorium"].loc["a"]
        assert found["value"] == pytest.approx(value, nan_ok=True), n


def test_an_authority_without_a_row_is_unknown_with_that_reason(make_region, tmp_path):
    found = moratorium_at(make_region, tmp_path, [row(jurisdiction_id="us-ks-two")])[
        "moratorium"
    ].loc["a"]
    assert found["why"] == "no rule of us-ks-one in this layer"


def test_a_county_does_not_bind_a_town_inside_it(make_region, tmp_path):
    policy = [
        row(),
        row(policy_id="t", jurisdiction_id="us-ks-town", kind="zoning", effect="enables"),
    ]
    assert (
        moratorium_at(make_region, tmp_path, policy, jurisdiction_id="us-ks-town")[
            "moratorium"
        ].loc["a", "value"]
        == 0
    )


def test_an_approved_site_is_not_put_out_by_a_moratorium(make_region, tmp_path):
    assert (
        moratorium_at(make_region, tmp_path, [row()], zoning_status="approved")["moratorium"].loc[
            "a", "value"
        ]
        == 0
    )


@pytest.mark.parametrize(
    ("category", "success", "p50", "p90"),
    [
        ("approved", 0.95, 3, 7), ("by_right", 0.917, 4, 8), ("administrative", 0.90, 5, 10), ("special_permit", 0.694, 9, 21),
        ("rezoning_needed", 0.595, 12, 24), ("denied", 0.25, 24, 40), ("prohibited", 0.05, 30, 60), ("none_county", 0.95, 2, 5),
    ],
)  # fmt: skip
def test_each_category_has_its_published_odds_and_months(category, success, p50, p90):
    entry = permit_table()[category]
    assert (entry["p_success"], entry["p50_months"], entry["p90_months"]) == (success, p50, p90)
    assert float(entry["low"]) <= success <= float(entry["high"])


@pytest.mark.parametrize(
    ("category", "k", "n"),
    [("special_permit", 59, 85), ("by_right", 77, 84), ("rezoning_needed", 22, 37)],
)
def test_counted_odds_have_their_wilson_interval(category, k, n):
    z, p = 1.959964, k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    entry = permit_table()[category]
    assert entry["p_success"] == pytest.approx(p, abs=5e-4)
    assert float(entry["low"]) == pytest.approx(centre - half, abs=1e-3)
    assert float(entry["high"]) == pytest.approx(centre + half, abs=1e-3)


def path_of(make_region, folder, policy, zoning):
    region = pw.read(make_region(folder, policy=policy))
    return permit_path(
        SimpleNamespace(zoning_status=zoning, jurisdiction_id="us-ks-one"),
        Rules(region.layers["policy"].frame, region.request),
    )


def test_rules_in_force_override_the_zoning_status(make_region, tmp_path):
    ban = row(kind="prohibition", effective_to="")
    assert path_of(make_region, tmp_path / "0", [ban], "by_right").category == "prohibited"
    held = path_of(make_region, tmp_path / "1", [row()], "by_right")
    assert held[:3] == (
        "moratorium",
        "by_right",
        (date(2027, 3, 1) - DAY).days,
    )
    assert (
        path_of(make_region, tmp_path / "2", [row(effective_to="2026-08-01")], "by_right").category
        == "by_right"
    )
    assert path_of(make_region, tmp_path / "3", [row()], "approved").category == "approved"


def test_a_zoning_status_of_moratorium_alone_proves_nothing(make_region, tmp_path):
    other = [row(kind="zoning", effect="enables")]
    assert path_of(make_region, tmp_path, other, "moratorium").category == "unknown"


def test_behind_a_moratorium_that_has_ended_stands_what_stood_behind_it(make_region, tmp_path):
    held = path_of(make_region, tmp_path / "0", [row()], "moratorium")
    ended = path_of(make_region, tmp_path / "1", [row(effective_to="2026-08-01")], "moratorium")
    assert held.then == ended.category == "special_permit"


def test_a_moratorium_multiplies_the_odds_that_follow_it_by_the_share_that_is_not_banned(
    make_region, tmp_path
):
    # (1 − .167) · .694 = .578
    found = moratorium_at(make_region, tmp_path, [row()], zoning_status="special_permit")
    assert found["policy_success_probability"].loc["a", "value"] == pytest.approx(0.578, abs=5e-4)
    months = found["permit_months"].loc["a"]
    # the wait may be extended, so the P50 lies above wait and permit added up
    assert months["value"] > (date(2027, 3, 1) - DAY).days / 30.4375 + 9
    assert months["high"] > months["value"]


@pytest.mark.parametrize("zoning", ["unknown", "", "moratorium"])
def test_unknown_zoning_is_unknown_and_takes_no_prior(make_region, tmp_path, zoning):
    policy = [row(kind="zoning", effect="enables")]
    found = moratorium_at(make_region, tmp_path, policy, zoning_status=zoning)
    for name in ("policy_success_probability", "permit_months"):
        assert math.isnan(found[name].loc["a", "value"])
        assert found[name].loc["a", "why"] == "zoning unknown"
