"""Contradictions: two rows of one act that differ are told, and nothing else is."""

from __future__ import annotations

from datetime import date

import pytest

from powerwall.criteria.policy.contradictions import contradictions
from powerwall.ranking.check import check


def row(policy_id="r", **cells):
    return {"policy_id": policy_id, "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "action_date": "2026-03-01", "effective_to": "2027-03-01", "status": "verified", **cells}  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"effective_to": "2026-09-01"}, "end: 2027-03-01 and 2026-09-01"),
        ({"action_date": "2026-03-20"}, "start: 2026-03-01 and 2026-03-20"),
        ({"policy_status": "pending"}, "policy_status: active and pending"),
        ({"policy_status": "withdrawn", "effective_to": ""}, "policy_status: active and withdrawn"),
        ({"effect": "restricts"}, "effect: blocks and restricts"),
        ({"trigger_mw": 75}, ""),
        ({"effective_to": "2027"}, ""),
        ({"effective_to": "2027-03"}, ""),
        ({"effective_to": ""}, ""),
        ({"action_date": "2026"}, ""),
        ({"policy_status": "enacted"}, ""),
        ({"policy_status": "expired"}, ""),  # both windows are known: the dates decide
        ({"jurisdiction_id": "us-ks-two", "effective_to": "2026-09-01"}, ""),
        ({"kind": "zoning", "effective_to": "2026-09-01"}, ""),
        ({"action_date": "2025-01-01", "effective_to": "2026-01-01"}, ""),  # another act
        ({"effective_to": "2020-01-01"}, ""),  # no window at all: a finding of its own
    ],
)
def test_rows_of_one_act_differ_or_agree(cells, what):
    found = contradictions([row("a"), row("b", **cells)])
    assert [c.what for c in found] == ([what] if what else [])


def test_a_threshold_that_both_state_may_differ():
    found = contradictions([row("a", trigger_mw=25), row("b", trigger_mw=75)])
    assert [c.what for c in found] == ["trigger_mw: 25 and 75"]


def test_many_statutes_of_one_day_are_many_acts():
    rows = [
        row("a", kind="statute", subject="Water"),
        row("b", kind="statute", subject="Noise", effect="neutral"),
    ]
    assert contradictions(rows) == []
    assert len(contradictions([rows[0], {**rows[1], "subject": "Water"}])) == 1


def test_acts_about_two_projects_do_not_contradict_one_another():
    rows = [
        row("a", kind="denial", site_id="x"),
        row("b", kind="denial", site_id="y", effect="restricts"),
    ]
    assert contradictions(rows) == []


def test_a_project_refused_and_approved_on_one_day_is_a_contradiction():
    one = row("a", kind="denial", site_id="x", effective_to="")
    same = row("b", kind="approval", site_id="x", effective_to="", effect="enables")
    assert [c.what for c in contradictions([one, same])] == ["kind: denial and approval"]
    for later in ({"action_date": "2026-04-01"}, {"action_date": "2026-03"}, {"site_id": "y"}):
        assert contradictions([one, {**same, **later}]) == []


def test_rows_of_one_id_speak_of_one_act_whatever_their_dates():
    found = contradictions([row("a"), row("a", action_date="2025-01-01")])
    assert [c.what for c in found] == ["start: 2026-03-01 and 2025-01-01"]


def test_check_names_both_rows_with_their_sources_at_the_second(make_region, tmp_path):
    policy = [
        row("a", source_title="A gazette", as_of="2026-03-02"),
        row("b", effective_to="2026-09-01", source_title="A paper", as_of="2026-03-05"),
    ]
    found = [
        f
        for f in check(make_region(tmp_path, policy=policy), date(2026, 8, 22))
        if f.code == "PW512"
    ]
    assert [(f.severity, f.file.rpartition("/")[2], f.line) for f in found] == [
        ("warning", "policy.csv", 3)
    ]
    assert (
        found[0].message
        == "a (A gazette, 2026-03-02) and b (A paper, 2026-03-05) speak of one act and differ in end: 2027-03-01 and 2026-09-01"
    )
