"""Rules: what may change a site's standing, and what never does."""

from __future__ import annotations

import ast
import inspect
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria import policy
from powerwall.criteria.policy import add_term, permit_stages, standing, wait_months
from powerwall.criteria.policy.categories import gates_of
from powerwall.criteria.policy.rules import Rules
from powerwall.criteria.power.lead_time import chain
from powerwall.region.request import Request

DAY = date(2026, 8, 22)
DAYS = st.dates(date(2024, 1, 1), date(2030, 1, 1))
WORDS = {
    "kind": ["moratorium", "prohibition", "zoning", "statute", "utility_rule", "special_permit", "setback", "denial", "approval", "opposition"],
    "policy_status": ["pending", "active", "enacted", "decided", "expired", "replaced", "withdrawn", ""],
    "effect": ["blocks", "restricts", "neutral", "enables", ""],
    "status": ["verified", "secondary", "approximate", "unverified", ""],
}  # fmt: skip


def row(**cells):
    base = {"policy_id": "r", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "effective_from": "2026-03-01", "effective_to": "2027-03-01", "status": "verified"}  # fmt: skip
    return {**base, **cells}


@st.composite
def rows(draw):
    start, length = draw(DAYS), draw(st.integers(1, 900))
    cells = {name: draw(st.sampled_from(words)) for name, words in WORDS.items()}
    end = draw(st.sampled_from(["", str(start + timedelta(days=length))]))
    return row(**cells, effective_from=str(start), effective_to=end, trigger_mw=draw(st.sampled_from(["", 25, 75, 500])),
               duration_kind=draw(st.sampled_from(["", "fixed", "indefinite"])))  # fmt: skip


def rules(records, mw=300.0, as_of=DAY):
    return Rules(pd.DataFrame(records), Request(mw=mw, need_by=date(2031, 1, 1), as_of=as_of))


def gates(records, authority="us-ks-one", **given):
    return [
        (b.row["policy_id"], b.standing)
        for b in gates_of(rules(records, **given).binding(authority, vested=False))
    ]


@settings(max_examples=200, deadline=None)
@given(rows(), DAYS)
def test_only_blocking_rules_that_are_known_and_certain_may_gate(record, as_of):
    found = standing(record, as_of, 300.0)
    may = (
        record["policy_status"] not in {"pending", "decided", "withdrawn"}
        and record["status"] in {"verified", "secondary"}
        and record["effect"] == "blocks"
        and record["kind"] in {"moratorium", "prohibition", "zoning", "statute", "utility_rule"}
    )
    assert found.verdict != "gate" or may
    assert (found.active == "yes") or math.isnan(found.days_to_expiry) or found.days_to_expiry > 0


@settings(max_examples=200, deadline=None)
@given(rows(), DAYS, st.integers(1, 400))
def test_a_rule_that_has_ended_never_comes_back(record, as_of, later):
    ended = standing(record, as_of).reason == "expired"
    assert not (ended and standing(record, as_of + timedelta(days=later)).active == "yes")


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 364))
def test_inside_the_window_a_day_is_a_day(after):
    start = date(2026, 3, 1)
    today, tomorrow = (standing(row(), start + timedelta(days=after + n)) for n in (-1, 0))
    assert today.days_to_expiry - tomorrow.days_to_expiry == 1
    assert tomorrow.days_to_expiry > 0


@settings(max_examples=200, deadline=None)
@given(
    DAYS, DAYS, DAYS, st.sampled_from([4, 7]), st.sampled_from(["effective_from", "effective_to"])
)
def test_a_coarser_date_never_turns_a_warning_into_a_gate(start, end, as_of, digits, column):
    record = row(effective_from=str(start), effective_to=str(end))
    coarse = {**record, column: record[column][:digits]}
    try:
        exact, wide = standing(record, as_of), standing(coarse, as_of)
    except ValueError:
        return  # an end before the start is refused, and tested where dates are
    assert not (exact.verdict != "gate" and wide.verdict == "gate")


@settings(max_examples=150, deadline=None)
@given(rows(), DAYS, st.floats(1, 5000), st.floats(1, 5000))
def test_a_larger_request_never_gets_round_a_rule(record, as_of, one, other):
    small, large = sorted((one, other))
    if standing(record, as_of, small).verdict == "gate":
        assert standing(record, as_of, large).verdict == "gate"


@given(DAYS, DAYS, st.integers(0, 1000))
def test_terms_in_days_keep_the_order_of_their_starts(one, other, days):
    first, second = sorted((one, other))
    assert add_term(first, f"{days} days") <= add_term(second, f"{days} days")


@given(DAYS, st.integers(0, 60))
def test_a_term_in_months_ends_in_the_month_it_names(start, months):
    end = add_term(start, f"{months} months")
    assert end.year * 12 + end.month == start.year * 12 + start.month + months
    assert end.day <= start.day


@settings(max_examples=60, deadline=None)
@given(st.lists(rows(), min_size=1, max_size=5), st.randoms())
def test_order_copies_and_rows_of_others_do_not_matter(records, random):
    records = [{**record, "policy_id": f"r{n}"} for n, record in enumerate(records)]
    base = gates(records)
    shuffled = list(records)
    random.shuffle(shuffled)
    others = [
        {**record, "policy_id": f"o{n}", "jurisdiction_id": "us-ks-two"}
        for n, record in enumerate(records)
    ]
    assert repr(gates(shuffled)) == repr(base)
    assert repr(gates([*records, *others])) == repr(base)
    assert {name for name, _ in gates([*records, *records])} == {name for name, _ in base}


def test_what_warns_or_has_ended_never_changes_the_status_of_a_site(make_region, tmp_path):
    own = {"policy_id": "own", "jurisdiction_id": "us-ks-one", "kind": "zoning", "policy_status": "enacted", "effect": "enables",
           "action_date": "2024-01-01"}  # fmt: skip
    toml = {"require": {"moratorium": {"is": False}}}

    def ranked(n, *more):
        region = pw.read(make_region(tmp_path / str(n), policy=[own, *more], toml=toml))
        frame = pw.rank(region, pw.measure(region)).frame
        return frame[["status", "score", "reasons"]].to_dict("index")

    base = ranked("base")
    for n, cells in enumerate([
        {"policy_status": "pending"}, {"status": "unverified"}, {"effect": "restricts"}, {"kind": "denial"}, {"effective_to": "2026-06-01"},
        {"policy_status": "withdrawn"}, {"trigger_mw": 301}, {"jurisdiction_id": "us-ks-two"},
    ]):  # fmt: skip
        assert ranked(n, row(policy_id="x", **cells)) == base, cells
    assert ranked("gate", row(policy_id="x"))["a"]["status"] == "out"


@pytest.mark.parametrize(
    ("cells", "status", "risk"),
    [
        ({"policy_status": "proposed"}, "ranked", False),
        ({"policy_status": "draft"}, "ranked", False),
        ({"policy_status": "propsed"}, "ranked", True),  # no word of the column: read as unknown
        ({"policy_status": ""}, "ranked", True),
        ({"kind": "moratorum"}, "ranked", True),
        ({"effect": "bloks"}, "ranked", True),
        ({"effect": "bloks", "effective_to": "2026-06-01"}, "ranked", False),
        ({"policy_status": "", "status": "unverified"}, "ranked", False),
        ({}, "out", False),
    ],
)
def test_a_word_that_a_file_leaves_open_puts_no_site_out_and_is_not_passed_over(
    make_region, tmp_path, cells, status, risk
):
    own = {"policy_id": "own", "jurisdiction_id": "us-ks-one", "kind": "zoning", "policy_status": "enacted", "effect": "enables",
           "action_date": "2024-01-01"}  # fmt: skip
    toml = {"require": {"moratorium": {"is": False}}}
    region = pw.read(make_region(tmp_path, policy=[own, row(**cells)], toml=toml))
    frame = pw.rank(region, pw.measure(region)).frame
    assert frame.loc["a", "status"] == status
    assert ("at risk" in frame.loc["a", "reasons"]) is risk
    if risk:
        assert "unknown, needs checking" in frame.loc["a", "reasons"]


def test_the_words_of_a_status_change_nothing_and_its_dates_do(make_region, tmp_path):
    toml = {"require": {"moratorium": {"is": False}}}

    def status(n, **cells):
        region = pw.read(make_region(tmp_path / str(n), policy=[row(**cells)], toml=toml))
        frame = pw.rank(region, pw.measure(region)).frame
        return dict(frame["status"])

    base = status("base")
    assert base["a"] == "out"
    assert status("word", policy_status="expired") == base
    assert (
        status(
            "text", note="Expired, says one reader", summary="No longer in force", subject="ended"
        )
        == base
    )
    assert status("date", effective_to="2026-08-22")["a"] == "ranked"
    assert status("later", effective_to="2026-08-23") == base


@pytest.mark.parametrize(
    "word", ["proposed", "Pending", "draft", "introduced", "one chamber", "nonsense"]
)
def test_a_proposal_in_any_word_never_gates(word):
    assert standing(row(policy_status=word), DAY, 300.0).verdict == "warn"


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [({"kind": "Moratorium"}, "gate"), ({"status": "Verified"}, "gate"), ({"effect": "Blocks"}, "gate"), ({"policy_status": "Active"}, "gate"),
     ({"policy_status": "rescinded"}, "warn"), ({"effect": "nonsense"}, "none"), ({"status": "nonsense"}, "warn")],
)  # fmt: skip
def test_words_are_read_in_any_case_and_an_unknown_one_never_gates(cells, verdict):
    assert standing(row(**cells), DAY, 300.0).verdict == verdict


@pytest.mark.parametrize("kind", [pd.Timestamp, datetime.fromisoformat, date.fromisoformat, str])
def test_days_may_come_in_any_type_a_table_has(kind):
    record = row(effective_from=kind("2026-03-01"), effective_to=kind("2027-03-01"))
    assert standing(record, DAY, 300.0).days_to_expiry == (date(2027, 3, 1) - DAY).days
    assert standing(row(), pd.Timestamp(DAY), 300.0).verdict == "gate"
    assert standing(row(effective_to="", duration=180.0), date(2026, 4, 1)).active == "yes"


def test_no_rule_is_read_by_the_computers_clock():
    for path in Path(inspect.getfile(policy)).parent.glob("*.py"):
        calls = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute)
        }
        assert not calls & {"today", "now", "utcnow", "time"}, path.name


# --- the worked example -------------------------------------------------------------------------


def test_sunbury_is_held_for_162_days_and_then_a_special_permit(regions):
    region = pw.read(regions / "central-ohio.toml", as_of=DAY, mw=300.0)
    measures = pw.measure(region)
    found = {name: frame.loc["oh-sunbury-park"] for name, frame in measures.items()}
    assert found["moratorium"]["value"] == 1
    assert (
        "until 2027-01-31 (162 days), secondary, source dated 2026-04-15"
        in found["moratorium"]["note"]
    )
    assert found["policy_success_probability"]["value"] == pytest.approx(0.578, abs=5e-4)
    assert found["permit_months"]["value"] == pytest.approx(18.2, abs=0.3)
    e = 162 / 30.4375
    assert e == pytest.approx(5.322, abs=1e-3)
    assert wait_months(0.5, e, 0.53) == pytest.approx(7.78, abs=5e-3)
    assert pw.rank(region, measures).frame.loc["oh-sunbury-park", "status"] == "out"


def test_sunbury_is_free_on_the_day_its_term_ends(regions):
    for day, value in ((date(2027, 1, 30), 1), (date(2027, 1, 31), 0)):
        region = pw.read(regions / "central-ohio.toml", as_of=day, mw=300.0)
        measures = pw.measure(region)
        assert measures["moratorium"].loc["oh-sunbury-park", "value"] == value
    assert pw.rank(region, measures).frame.loc["oh-sunbury-park", "status"] == "ranked"
    assert measures["policy_success_probability"].loc["oh-sunbury-park", "value"] == 0.694
    assert measures["permit_months"].loc["oh-sunbury-park", "value"] == pytest.approx(9)


@pytest.mark.parametrize(
    ("category", "expected"), [("by_right", (24.57, 31.67)), ("special_permit", (30.34, 43.89))]
)
def test_permit_and_shell_in_series_have_their_closed_form(category, expected):
    permit = permit_stages(category)["permit"]
    found = chain([permit["p50_months"], 20], [permit["p90_months"], 26])
    assert np.round(found, 2) == pytest.approx(expected, abs=0.011)
