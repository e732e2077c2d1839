"""Hours: when a rule is active at an instant, over a week and on a holiday."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.rules import active_rules, rule_from_record
from powerwall.criteria.noise.rules.hours import DAY, NIGHT, TEST, group_key, overlaps, week_mask
from powerwall.criteria.noise.rules.rows import DAYS

MONDAY = date(2026, 3, 2)
HOLIDAY = MONDAY + timedelta(days=8)  # a Tuesday after an ordinary Monday
QUARTER = timedelta(minutes=15)


def rule(rule_id="r", **cells):
    return rule_from_record({"rule_id": rule_id, "kind": "absolute", "metric": "LAeq", "limit_db": 50, **cells})  # fmt: skip


def active(rules, when, holidays=()):
    moment = datetime.fromisoformat(when)
    return [one.rule_id for one in active_rules(rules, moment, holidays)]


def shipped_groups():
    """Shipped rules of one place that differ by their hours alone, where they say when the rest holds."""
    groups = {}
    for row in fact_table("noise_rules").to_dict("records"):
        one = rule_from_record(row)
        if one.kind in {"absolute", "background_plus", "emergence"}:
            groups.setdefault((one.jurisdiction, *group_key(one)), []).append(one)
    whole = {}
    for key, rows in groups.items():
        masks = [week_mask(one, rows) for one in rows]
        if len(rows) > 1 and (any("otherwise" in one.days for one in rows) or np.any(masks, axis=0).all()):  # fmt: skip
            whole[" ".join(key)] = rows
    return whole


SHIPPED = shipped_groups()


# ---------------------------------------------------------------------------------- an instant
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts():
    friday = [rule(days="fri", window_start="22:00", window_end="07:00")]
    assert active(friday, "2026-03-06T23:00") == active(friday, "2026-03-07T03:00") == ["r"]
    assert active(friday, "2026-03-06T03:00") == active(friday, "2026-03-07T23:00") == []


def test_a_window_holds_its_start_and_not_its_end():
    one = [rule(window_start="07:00", window_end="22:00")]
    assert [active(one, f"2026-03-03T{time}") for time in ("06:59:59", "07:00", "21:59:59", "22:00")] == [[], ["r"], ["r"], []]  # fmt: skip


def test_a_window_may_end_at_midnight():
    one = [rule(days="tue", window_start="22:00", window_end="24:00")]
    assert [active(one, when) for when in ("2026-03-03T23:59:59", "2026-03-04T00:00")] == [["r"], []]  # fmt: skip


def test_blank_hours_are_the_whole_day_and_blank_days_every_day():
    assert all(active([rule()], f"2026-03-0{day}T{time}") for day in range(2, 9) for time in ("00:00", "12:00", "23:59"))  # fmt: skip


@pytest.mark.parametrize(("days", "held"), [("mon-fri", "11111001"), ("sat-sun holiday", "00000110"), ("all", "11111111"), ("fri-mon", "10001111"), ("holiday", "00000000"), ("tue thu", "01010000")])  # fmt: skip
def test_days_are_names_ranges_all_and_holidays(days, held):
    found = ["01"[bool(active([rule(days=days)], f"{MONDAY + timedelta(days=n)}T12:00"))] for n in range(8)]  # fmt: skip
    assert "".join(found) == held


def test_on_a_holiday_only_all_and_holiday_match():
    rules = [rule("week", days="mon-sun"), rule("all", days="all"), rule("feast", days="sun holiday"), rule("blank")]  # fmt: skip
    assert active(rules, f"{HOLIDAY}T12:00", [HOLIDAY]) == ["all", "feast", "blank"]
    assert active(rules, f"{HOLIDAY}T12:00") == ["week", "all", "blank"]


def test_the_evening_before_a_holiday_reaches_into_it_and_its_own_into_the_day_after():
    night = [rule("week", days="mon-fri", window_start="22:00", window_end="07:00")]
    assert active(night, f"{HOLIDAY}T03:00", [HOLIDAY]) == ["week"]
    assert active(night, f"{HOLIDAY}T23:00", [HOLIDAY]) == []
    assert active(night, f"{HOLIDAY + timedelta(days=1)}T03:00", [HOLIDAY]) == []


def test_otherwise_holds_while_no_other_row_of_its_group_does():
    night = rule("night", days="otherwise")
    day = rule("day", days="mon-fri", window_start="07:00", window_end="22:00")
    other = rule("other", metric="LCeq")
    assert active([night, day, other], "2026-03-03T12:00") == ["day", "other"]
    assert active([night, day, other], "2026-03-03T23:00") == ["night", "other"]
    assert active([night, day, other], "2026-03-07T12:00") == ["night", "other"]


@pytest.mark.parametrize("column", ["rule_set", "receptor_class", "source_class", "source_trigger"])
def test_a_row_of_another_group_leaves_otherwise_alone(column):
    assert active([rule("rest", days="otherwise"), rule("other", **{column: "any"})], "2026-03-03T12:00") == ["rest", "other"]  # fmt: skip


def test_a_rule_is_active_from_its_first_day_until_the_day_it_ends():
    one = [rule(effective_from="2026-03-03", effective_to="2026-03-05")]
    assert [active(one, f"2026-03-0{day}T12:00") for day in (2, 3, 4, 5)] == [[], ["r"], ["r"], []]
    repealed = [rule(rule_status="repealed")]
    assert active(repealed, "2026-03-03T12:00") == ["r"]  # the legal state is asked elsewhere


def test_a_day_row_that_is_no_longer_active_leaves_its_hours_to_otherwise():
    rules = [rule("old", effective_to="2020"), rule("rest", days="otherwise")]
    assert active(rules, "2026-03-03T12:00") == ["rest"]


def test_rules_keep_their_order():
    rules = [rule(name, metric=metric) for name, metric in zip("cab", ("LAeq", "LCeq", "LA50"), strict=True)]  # fmt: skip
    assert active(rules, "2026-03-03T12:00") == ["c", "a", "b"]
    assert active(rules[::-1], "2026-03-03T12:00") == ["b", "a", "c"]


# -------------------------------------------------------------------------------------- a week
DAY_WORDS = st.lists(st.sampled_from([*DAYS, "mon-fri", "sat-sun", "holiday", "all"]), min_size=1, max_size=3, unique=True).map(" ".join)  # fmt: skip
QUARTERS = st.integers(0, 95).map(lambda n: f"{n // 4:02d}:{n % 4 * 15:02d}")
WINDOWS = st.one_of(st.just(("", "")), st.tuples(QUARTERS, st.one_of(QUARTERS, st.just("24:00"))).filter(lambda it: it[0] != it[1]))  # fmt: skip


@st.composite
def groups(draw):
    rows = draw(st.lists(st.tuples(DAY_WORDS, WINDOWS), min_size=1, max_size=3))
    rules = [rule(f"r{n}", days=days, window_start=start, window_end=end) for n, (days, (start, end)) in enumerate(rows)]  # fmt: skip
    return [*rules, rule("rest", days="otherwise")] if draw(st.booleans()) else rules


@settings(max_examples=25, deadline=None)
@given(rules=groups())
def test_the_mask_of_a_week_is_what_holds_at_each_of_its_quarters(rules):
    found = np.zeros((len(rules), *DAY.shape), dtype=bool)
    for row in range(len(DAY)):
        day = HOLIDAY if row == len(DAYS) else MONDAY + timedelta(days=row)
        for quarter in range(DAY.shape[1]):
            moment = datetime.combine(day, datetime.min.time()) + quarter * QUARTER
            held = {one.rule_id for one in active_rules(rules, moment, [HOLIDAY])}
            found[:, row, quarter] = [one.rule_id in held for one in rules]
    for one, expected in zip(rules, found, strict=True):
        np.testing.assert_array_equal(week_mask(one, rules), expected, err_msg=one.rule_id)


def test_hours_within_a_quarter_are_widened_to_it():
    mask = week_mask(rule(window_start="06:50", window_end="22:10"), [])
    assert np.flatnonzero(mask[0]).tolist() == list(range(27, 89))


def test_the_rest_of_a_day_is_widened_as_well():
    rules = [rule("day", window_start="07:10", window_end="22:00"), rule("rest", days="otherwise")]
    assert active(rules, "2026-03-03T07:05") == ["rest"]
    assert week_mask(rules[1], rules)[1, 28]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_exactly_one_row_of_a_shipped_group_holds_in_every_quarter(name):
    rows = SHIPPED[name]
    held = np.sum([week_mask(one, rows) for one in rows], axis=0)
    assert (held.min(), held.max()) == (1, 1)


@settings(max_examples=40, deadline=None)
@given(minute=st.integers(0, 14 * 24 * 60 - 1), feast=st.integers(0, 13))
def test_exactly_one_row_of_a_shipped_group_holds_at_every_instant_with_any_holiday(minute, feast):
    moment = datetime.combine(MONDAY, datetime.min.time()) + timedelta(minutes=minute)
    undated = [rows for rows in SHIPPED.values() if not any(one.effective_from or one.effective_to for one in rows)]  # fmt: skip
    assert len(undated) > len(SHIPPED) / 2
    for rows in undated:
        held = active_rules(rows, moment, [MONDAY + timedelta(days=feast)])
        assert len(held) == 1, (moment, [one.rule_id for one in rows], len(held))


def test_day_and_night_share_nothing_and_leave_nothing_and_tests_are_on_weekdays():
    assert not overlaps(DAY, NIGHT)
    assert (DAY | NIGHT).all()
    assert DAY[0].nonzero()[0][[0, -1]].tolist() == [24, 87]
    assert TEST.sum(axis=1).tolist() == [24] * 5 + [0] * 3
    assert overlaps(week_mask(rule(window_start="07:00", window_end="22:00"), []), TEST)
    assert not overlaps(week_mask(rule(window_start="22:00", window_end="06:00"), []), DAY)
