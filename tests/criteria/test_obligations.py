"""Obligations: who is asked, by which rule, and what a plan shows of it; and the timeline of a site."""

from __future__ import annotations

import math
from datetime import date

import pytest
from conftest import single

import powerwall as pw
from powerwall.criteria.policy.obligations import Unit, obligations, onsite_margin_mw
from powerwall.criteria.policy.timeline import timeline
from powerwall.ranking.check import check

RULE = {"policy_id": "rule", "jurisdiction_id": "us-ks", "jurisdiction": "Kansas", "kind": "statute", "subject": "Large loads",
        "policy_status": "enacted", "effect": "restricts", "action_date": "2025-06-20", "trigger_mw": 75, "status": "verified"}  # fmt: skip
DUTY = {"obligation_id": "own", "policy_id": "rule", "duty": "onsite_generation", "status": "secondary", "as_of": "2025-07-01",
        "source_title": "A gazette"}  # fmt: skip


def region_of(make_region, folder, rule=None, duty=None, mw=300, **given):
    policy = [{**RULE, **(rule or {})}]
    toml = {"request": {"mw": mw}}
    return pw.read(
        make_region(
            folder, policy=policy, obligations=[{**DUTY, **(duty or {})}], toml=toml, **given
        )
    )


def duty_of(make_region, folder, units=None, **given):
    found = obligations(region_of(make_region, folder, **given), "a", units)
    return found[0] if found else None


def test_power_of_ones_own_counts_after_its_derating():
    assert onsite_margin_mw([Unit(300, 0.9)], 200) == pytest.approx((80, 80))
    assert onsite_margin_mw([Unit(300)], 200) == pytest.approx((-190, 110))
    assert onsite_margin_mw([], 200, power_factor=1) == (-200, -200)


@pytest.mark.parametrize(
    ("units", "state"),
    [
        (None, "cannot tell"),
        ([], "misses"),
        ([Unit(200)], "misses"),  # even undiminished it is too little
        ([Unit(400)], "cannot tell"),
        ([Unit(400, 0.9)], "meets"),
        ([Unit(400, 0.5)], "misses"),
    ],
)
def test_what_a_plan_cannot_tell_is_unknown_and_never_met(make_region, tmp_path, units, state):
    assert duty_of(make_region, tmp_path, units).state == state


def test_a_duty_tells_its_rule_with_date_status_and_source(make_region, tmp_path):
    duty = duty_of(make_region, tmp_path)
    assert duty.evidence == "statute of Kansas, Large loads, in force since 2025-06-20; secondary, source dated 2025-07-01, A gazette"  # fmt: skip


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        ({}, "in force"),
        ({"mw": 74}, None),
        ({"mw": 75}, "in force"),
        ({"rule": {"policy_status": "pending"}}, "proposed"),
        ({"rule": {"policy_status": "pending"}, "mw": 74}, None),
        ({"rule": {"effective_from": "2027-01-01"}}, "not yet in force"),
        ({"rule": {"effective_to": "2026-01-01"}}, None),
        ({"rule": {"effective_to": "2026"}}, "may be in force"),
        ({"rule": {"jurisdiction_id": "us-tx"}}, None),
        ({"duty": {"trigger_mw": 10}, "mw": 20}, "in force"),
        ({"duty": {"policy_id": "nothing"}}, None),
    ],
)
def test_a_duty_stands_as_its_rule_does(make_region, tmp_path, given, standing):
    duty = duty_of(make_region, tmp_path, **given)
    assert (duty and duty.standing) == standing


def test_an_irish_threshold_is_compared_in_mva(make_region, tmp_path):
    for mw, there in ((9.4, False), (9.5, True)):
        sites = [
            {
                "site_id": "a",
                "lon": -99.0,
                "lat": 38.5,
                "jurisdiction_id": "ie-fingal",
                "utility_id": "u1",
            }
        ]
        rule = {"jurisdiction_id": "ie", "trigger_mw": 10}
        assert (
            duty_of(make_region, tmp_path / str(mw), rule=rule, mw=mw, sites=sites) is not None
        ) is there


def test_backup_is_a_matter_of_disclosure(make_region, tmp_path):
    duty = {"duty": "backup_disclosure", "required_share": 0.5}
    assert duty_of(make_region, tmp_path / "0", [Unit(200)], duty=duty).state == "to disclose"
    low = duty_of(make_region, tmp_path / "1", [Unit(100)], duty=duty)
    assert (low.state, low.margin) == ("below the threshold", pytest.approx(100 / 300 - 0.5))


def test_other_duties_say_what_is_asked(make_region, tmp_path):
    for n, (cells, words) in enumerate([
        ({"duty": "renewable_energy", "required_share": 0.8, "within_months": 72}, "80 % of the annual demand 6 years after"),
        ({"duty": "upfront_fee", "fee_usd_per_mw": 50000, "summary": "Fee"}, "Fee: 50,000 USD/MW, 15.0 M USD here"),
        ({"duty": "minimum_term", "term_months": 144, "summary": "Twelve years"}, "it ends on 2043-01-01 at the earliest"),
        ({"duty": "curtailment", "summary": "Curtail when ordered"}, "Curtail when ordered"),
    ]):  # fmt: skip
        assert words in duty_of(make_region, tmp_path / str(n), duty=cells).text


def test_a_duty_that_is_only_proposed_asks_for_nothing_yet(make_region, tmp_path):
    duty = {"duty": "upfront_fee", "fee_usd_per_mw": 50000}
    assert (
        duty_of(make_region, tmp_path, rule={"policy_status": "pending"}, duty=duty).state
        == "proposed, would ask"
    )


def test_an_approval_that_is_not_final_is_a_finding(make_region, tmp_path):
    policy = [
        act(
            "x",
            "2026-05-01",
            kind="approval",
            policy_status="pending",
            effect="enables",
            site_id="c",
        )
    ]
    found = [
        f.message
        for f in check(make_region(tmp_path, policy=policy), date(2026, 8, 22))
        if f.code == "PW507"
    ]
    assert "site c is called approved, but x of its own project is not final" in found


def test_check_tells_each_duty_once_and_where_it_stands(make_region, tmp_path):
    path = make_region(tmp_path, policy=[RULE], obligations=[DUTY])
    found = [f for f in check(path, date(2026, 8, 22)) if f.code == "PW513"]
    assert len(found) == 1
    assert (found[0].severity, found[0].file.rpartition("/")[2], found[0].line) == (
        "note",
        "obligations.csv",
        2,
    )


# --- timeline -----------------------------------------------------------------------------------


def act(policy_id, day, **cells):
    return {"policy_id": policy_id, "jurisdiction_id": "us-ks-one", "jurisdiction": "One County", "kind": "moratorium",
            "policy_status": "active", "effect": "blocks", "action_date": day, "status": "verified", **cells}  # fmt: skip


TOWN = [
    {"jurisdiction_id": "us-ks-one", "name": "One County", "kind": "county", "state": "KS", "county_fips": "20001", "outline_accuracy_m": 50,
     "wkt": "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"},
    {"jurisdiction_id": "us-ks-town", "name": "Town", "kind": "village", "state": "KS", "county_fips": "20001", "outline_accuracy_m": 50,
     "wkt": "POLYGON ((-99.1 38.4, -98.95 38.4, -98.95 38.54, -99.1 38.54, -99.1 38.4))"},
]  # fmt: skip


def test_acts_stand_oldest_first_with_what_they_mean_on_the_day(make_region, tmp_path):
    policy = [
        act("c", "2026-06-01", effective_to="2027-06-01"),
        act("a", "2024-01-01", effective_to="2024-07-01", policy_status="active"),
        act("b", "2025-01-01", kind="denial", policy_status="decided", site_id="a"),
        act("d", "2026-08-01", policy_status="pending"),
    ]
    acts = timeline(pw.read(make_region(tmp_path, policy=policy)), "a")
    assert [(a.row["policy_id"], a.told, a.reach) for a in acts] == [
        ("a", "ended", "own"),
        ("b", "decided", "this project"),
        ("c", "in force", "own"),
        ("d", "proposed, does not count", "own"),
    ]
    assert acts[2].days == (date(2027, 6, 1) - date(2026, 8, 22)).days
    assert math.isnan(acts[0].days)


def test_the_county_round_a_village_stands_beside_it_and_does_not_bind(make_region, tmp_path):
    policy = [act("county", "2026-06-01", effective_to="2027-06-01")]
    region = pw.read(make_region(tmp_path, policy=policy, jurisdictions=TOWN))
    assert region.sites.loc["a", "jurisdiction_id"] == "us-ks-town"
    assert [a.reach for a in timeline(region, "a")] == ["county, does not bind here"]
    assert single(region)["moratorium"].loc["a", "value"] != 1


def test_a_declared_parent_binds(make_region, tmp_path):
    outlines = [TOWN[0], {**TOWN[1], "parent_id": "us-ks-one"}]
    policy = [act("county", "2026-06-01", effective_to="2027-06-01")]
    region = pw.read(make_region(tmp_path, policy=policy, jurisdictions=outlines))
    assert single(region)["moratorium"].loc["a", "value"] == 1


def test_an_authority_that_was_searched_is_free_of_rules_and_not_unknown(make_region, tmp_path):
    policy = [act("other", "2026-06-01", jurisdiction_id="us-ks-two")]
    bare = single(pw.read(make_region(tmp_path / "0", policy=policy)))["moratorium"].loc["a"]
    toml = {"layers": {"policy": {"covers": ["us-ks-one"]}}}
    searched = single(pw.read(make_region(tmp_path / "1", policy=policy, toml=toml)))[
        "moratorium"
    ].loc["a"]
    assert math.isnan(bare["value"])
    assert searched["value"] == 0
    assert searched["note"] == "no rule in force found in this layer as of 2026-08-22"


# --- findings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (act("x", "2025-01-01", effective_to="2026-01-01"), "x is called active, but its term has passed"),
        (act("x", "2026-01-01"), "x: its end is unknown"),
        (act("x", "2026-01-01", policy_status="expired", effective_to="2026-12-01", as_of="2026-05-01"), "x is called expired on 2026-05-01, but its term runs to 2026-12-01"),
    ],
)  # fmt: skip
def test_a_row_whose_word_and_dates_differ_is_a_finding_at_its_line(
    make_region, tmp_path, row, words
):
    found = check(
        make_region(
            tmp_path, policy=[act("first", "2025-01-01", kind="zoning", effect="enables"), row]
        ),
        date(2026, 8, 22),
    )
    mine = [f for f in found if f.code == "PW507" and words in f.message]
    assert [(f.severity, f.file.rpartition("/")[2], f.line) for f in mine] == [
        ("warning", "policy.csv", 3)
    ]


def test_rules_in_force_on_old_evidence_are_named(make_region, tmp_path):
    policy = [act("x", "2026-01-01", effective_to="2027-01-01", as_of="2026-01-05")]
    path = make_region(tmp_path, policy=policy, toml={"layers": {"policy": {"fresh_days": 30}}})
    found = [f.message for f in check(path, date(2026, 8, 22)) if f.code == "PW507"]
    assert "1 rules in force rest on rows older than 30 days: x (229)" in found


def test_a_site_called_under_a_moratorium_without_one_is_a_finding(make_region, tmp_path):
    sites = [
        {
            "site_id": "a",
            "lon": -99.0,
            "lat": 38.5,
            "zoning_status": "moratorium",
            "utility_id": "u1",
        }
    ]
    found = [
        f for f in check(make_region(tmp_path, sites=sites), date(2026, 8, 22)) if f.code == "PW507"
    ]
    assert [(f.file.rpartition("/")[2], f.line) for f in found] == [("sites.csv", 2)]


@pytest.mark.parametrize(
    ("cells", "code"),
    [({"granted_count": 5, "decided_count": 4}, "PW402"), ({"p50_months": 12, "p90_months": 6}, "PW411"),
     ({"success_probability": 1.5}, "PW402")],
)  # fmt: skip
def test_a_register_that_is_none_is_refused_at_its_line(make_region, tmp_path, cells, code):
    rows = [{"permit_id": "r", "jurisdiction_id": "us-ks-one", "category": "by_right", **cells}]
    found = [
        f
        for f in check(make_region(tmp_path, permit_paths=rows), date(2026, 8, 22))
        if f.code == code
    ]
    assert {(f.file.rpartition("/")[2], f.line) for f in found} == {("permit_paths.csv", 2)}
    assert "error" in {f.severity for f in found}


@pytest.mark.parametrize("about", [{"jurisdiction_id": "us-ks-one"}, {"site_id": "a"}])
def test_a_register_that_tells_one_thing_twice_is_refused(make_region, tmp_path, about):
    rows = [
        {"permit_id": name, "category": "by_right", "success_probability": p, **about}
        for name, p in (("r", 0.5), ("s", 0.9))
    ]
    found = [
        f
        for f in check(make_region(tmp_path, permit_paths=rows), date(2026, 8, 22))
        if f.code == "PW409"
    ]
    assert [(f.severity, f.file.rpartition("/")[2], f.line) for f in found] == [
        ("error", "permit_paths.csv", 3)
    ]
    assert "as r does" in found[0].message


def test_an_authority_that_is_searched_by_a_slip_is_a_finding_at_its_place(make_region, tmp_path):
    path = make_region(tmp_path, toml={"layers": {"policy": {"covers": ["us-ks-on"]}}})
    found = [f for f in check(path, date(2026, 8, 22)) if f.code == "PW409"]
    assert [(f.severity, f.file.rpartition("/")[2]) for f in found] == [("warning", "tiny.toml")]
    assert "covers" in path.read_text().splitlines()[found[0].line - 1]
    assert "us-ks-one" in found[0].remedy


def test_what_blocks_a_larger_request_alone_does_not_block_this_one(make_region, tmp_path):
    for n, (cells, blocks) in enumerate([
        ({}, True), ({"trigger_mw": 301}, False), ({"status": "unverified"}, True), ({"effective_to": "2026-08-01"}, False),
        ({"jurisdiction_id": "us-ks-two"}, None), ({"kind": ""}, True),
    ]):  # fmt: skip
        policy = [act("x", "2026-01-01", **{"effective_to": "2027-01-01", **cells})]
        found = [
            a.blocks for a in timeline(pw.read(make_region(tmp_path / str(n), policy=policy)), "a")
        ]
        assert found == ([] if blocks is None else [blocks]), cells


@pytest.mark.parametrize(
    ("cells", "code"), [({"granted_count": 5}, "PW402"), ({"p50_months": 12}, "PW411")]
)
def test_half_of_a_pair_in_the_register_is_told_and_not_counted(make_region, tmp_path, cells, code):
    rows = [{"permit_id": "r", "jurisdiction_id": "us-ks-one", "category": "by_right", **cells}]
    path = make_region(tmp_path, permit_paths=rows)
    found = [f for f in check(path, date(2026, 8, 22)) if f.code == code]
    assert [f.severity for f in found] == ["warning"]
    region = pw.read(path)
    assert single(region)["policy_success_probability"].loc["a", "value"] == pytest.approx(0.917)
