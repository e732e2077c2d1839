"""Rule hours: windows over midnight and on holidays, the rest of a day, dates, and the mask of a week."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.rules import active_rules, rule_from_record
from powerwall.criteria.noise.rules.hours import DAY, NIGHT, TEST, overlaps, week_mask

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = date(2030, 3, 4)  # a week after every date of the shipped rows
HOLIDAY = MONDAY + timedelta(days=8)  # a Tuesday, after an ordinary Monday
GROUP = ("rule_set", "receptor_class", "source_class", "source_trigger", "metric")


def rule(rule_id="r", days="", start="", end="", **cells):
    return rule_from_record({"rule_id": rule_id, "kind": "absolute", "metric": "LAeq", "limit_db": 50, "days": days,
                             "window_start": start, "window_end": end, **cells})  # fmt: skip


def at(day, clock):
    """An instant of the first week, or of the holiday after it."""
    on = HOLIDAY if day == "holiday" else MONDAY + timedelta(days=WEEK.index(day))
    return datetime.combine(on, time.fromisoformat(clock))


def active(rules, when, holidays=()):
    return [one.rule_id for one in active_rules(rules=rules, when=when, holidays=holidays)]


# ------------------------------------------------------------------------------------- windows
@pytest.mark.parametrize(("day", "clock", "held"), [("fri", "21:59", False), ("fri", "22:00", True), ("fri", "23:59", True), ("sat", "00:00", True), ("sat", "03:00", True),
                                                    ("sat", "06:59", True), ("sat", "07:00", False), ("sat", "22:30", False), ("fri", "03:00", False)])  # fmt: skip
def test_friday_night_covers_saturday_at_three_and_not_friday_at_three(day, clock, held):
    night = [rule(days="fri", start="22:00", end="07:00")]
    assert bool(active(night, at(day, clock))) is held


def test_a_window_is_half_open_to_the_microsecond():
    day, night = rule("day", start="07:00", end="22:00"), rule("night", start="22:00", end="07:00")
    for clock, held in (("06:59:59.999999", "night"), ("07:00", "day"), ("21:59:59.999999", "day"), ("22:00", "night")):  # fmt: skip
        assert active([day, night], at("wed", clock)) == [held]


def test_twenty_four_hours_is_the_end_of_the_day_that_it_starts_on():
    late = [rule(days="wed", start="18:00", end="24:00")]
    assert active(late, at("wed", "23:59:59")) == ["r"]
    assert active(late, at("thu", "00:00")) == []
    whole = [rule(days="wed", start="00:00", end="24:00")]
    assert [bool(active(whole, at(day, clock))) for day, clock in (("tue", "23:59"), ("wed", "00:00"), ("wed", "23:59"), ("thu", "00:00"))] == [False, True, True, False]  # fmt: skip


@pytest.mark.parametrize(("days", "names"), [("", WEEK), ("all", WEEK), ("mon-fri", WEEK[:5]), ("sat-mon", ("sat", "sun", "mon")), ("tue", ("tue",)),
                                             ("mon wed-thu sun", ("mon", "wed", "thu", "sun")), ("sun-sun", ("sun",)), ("holiday", ()), ("Mon-Fri", WEEK[:5])])  # fmt: skip
def test_days_are_words_and_ranges_that_may_go_over_the_week_end(days, names):
    assert {day for day in WEEK if active([rule(days=days)], at(day, "12:00"))} == set(names)


# ------------------------------------------------------------------------------------ holidays
@pytest.mark.parametrize(("days", "held"), [("all", True), ("holiday", True), ("sun holiday", True), ("", True), ("mon-sun", False), ("tue", False), ("mon-fri", False)])  # fmt: skip
def test_on_a_holiday_a_row_holds_through_all_or_holiday_alone(days, held):
    assert bool(active([rule(days=days)], at("holiday", "12:00"), {HOLIDAY})) is held
    assert bool(active([rule(days="tue")], at("holiday", "12:00"), {HOLIDAY - timedelta(days=1)}))


def test_a_night_belongs_to_the_day_on_which_it_starts_on_both_sides_of_a_holiday():
    night = [rule("week", "mon-sun", "22:00", "07:00"), rule("feast", "holiday", "23:00", "06:00")]
    eve, after = HOLIDAY - timedelta(days=1), HOLIDAY + timedelta(days=1)
    told = [active(night, datetime.combine(day, time.fromisoformat(clock)), [HOLIDAY])
            for day, clock in ((eve, "23:30"), (HOLIDAY, "06:30"), (HOLIDAY, "22:30"), (HOLIDAY, "23:30"), (after, "05:00"), (after, "06:30"))]  # fmt: skip
    assert told == [["week"], ["week"], [], ["feast"], ["feast"], []]


# ----------------------------------------------------------------------------------- otherwise
def prince_william():
    return [rule("weekday", "mon-fri", "07:00", "22:00"), rule("weekend", "sat-sun holiday", "09:00", "22:00"), rule("night", "otherwise")]  # fmt: skip


@pytest.mark.parametrize(("day", "clock", "held"), [("mon", "08:00", "weekday"), ("sat", "08:00", "night"), ("sun", "09:00", "weekend"), ("holiday", "08:00", "night"),
                                                    ("holiday", "12:00", "weekend"), ("fri", "22:00", "night"), ("mon", "06:59", "night")])  # fmt: skip
def test_otherwise_is_what_weekday_and_weekend_days_leave(day, clock, held):
    assert active(prince_william(), at(day, clock), [HOLIDAY]) == [held]
    assert active(prince_william()[::-1], at(day, clock), [HOLIDAY]) == [held]


@pytest.mark.parametrize("column", GROUP)
def test_otherwise_asks_only_the_rows_of_its_group(column):
    other = {column: "LCeq" if column == "metric" else "other"}
    assert active([rule("rest", "otherwise"), rule("day", **other)], at("mon", "12:00")) == ["rest", "day"]  # fmt: skip
    assert active([rule("rest", "otherwise", **other), rule("day", **other)], at("mon", "12:00")) == ["day"]  # fmt: skip


@pytest.mark.parametrize("column", ["jurisdiction", "period", "assess_at", "limit_db", "rule_status"])  # fmt: skip
def test_a_row_that_differs_by_any_other_column_is_of_the_group(column):
    other = {column: 60 if column == "limit_db" else "draft"}
    assert active([rule("rest", "otherwise"), rule("day", **other)], at("mon", "12:00")) == ["day"]


def test_otherwise_alone_holds_always():
    assert all(active([rule("rest", "otherwise")], at(day, "03:00"), [HOLIDAY]) for day in (*WEEK, "holiday"))  # fmt: skip


# --------------------------------------------------------------------------------------- dates
@pytest.mark.parametrize(("span", "days"), [(("2030-03-05", "2030-03-07"), ("tue", "wed")), (("2030-03-06", ""), ("wed", "thu", "fri", "sat", "sun")), (("", "2030-03-05"), ("mon",)),
                                            (("2030-03", "2031"), WEEK), (("2030-04", ""), ()), (("", "2030"), ()), (("2020", "2030-03-06"), ("mon", "tue"))])  # fmt: skip
def test_a_row_is_active_from_its_first_day_and_until_the_day_before_its_last(span, days):
    dated = [rule(effective_from=span[0], effective_to=span[1])]
    assert {day for day in WEEK if active(dated, at(day, "12:00"))} == set(days)


def test_the_hours_of_a_row_that_ended_fall_to_otherwise():
    rows = [rule("old", effective_to="2030-03-06"), rule("rest", "otherwise")]
    assert [active(rows, at(day, "12:00")) for day in ("tue", "wed")] == [["old"], ["rest"]]


@pytest.mark.parametrize("state", ["repealed", "draft", "proposed", "unknown", "guidance", "pending", ""])  # fmt: skip
def test_the_legal_state_does_not_matter_for_the_hours(state):
    assert active([rule(rule_status=state)], at("mon", "12:00")) == ["r"]


@given(order=st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_the_rows_is_kept(order):
    cells = {"a": {"days": "mon"}, "b": {"days": "tue"}, "c": {"metric": "LCeq"}, "d": {"days": "otherwise", "metric": "LA50"}}  # fmt: skip
    rules = [rule(name, **cells[name]) for name in order]
    assert active(rules, at("mon", "12:00")) == [name for name in order if name != "b"]
    assert active([*rules, *rules], at("mon", "12:00")) == [name for name in order if name != "b"] * 2  # fmt: skip


# ----------------------------------------------------------------------------- drawn windows
def minutes(clock):
    return int(clock[:2]) * 60 + int(clock[3:])


def clock_of(step):
    return st.integers(0, 24 * 60 // step - 1).map(lambda n: f"{n * step // 60:02d}:{n * step % 60:02d}")  # fmt: skip


def windows(step):
    """Starts and ends that differ, or neither."""
    ends = st.one_of(clock_of(step), st.just("24:00"))
    return st.one_of(st.just(("", "")), st.tuples(clock_of(step), ends).filter(lambda it: it[0] != it[1] and it != ("00:00", "24:00")))  # fmt: skip


DAY_SETS = st.lists(st.sampled_from([*WEEK, "holiday"]), min_size=1, max_size=4, unique=True)
DAY_WORDS = st.one_of(DAY_SETS.map(" ".join), st.sampled_from(["all", "", "mon-fri", "sat-sun holiday", "fri-mon"]))  # fmt: skip


@st.composite
def groups(draw, step):
    """Some windows of one group, and perhaps the rest of them."""
    rows = draw(st.lists(st.tuples(DAY_WORDS, windows(step)), min_size=1, max_size=4))
    rules = [rule(f"r{n}", days, *window) for n, (days, window) in enumerate(rows)]
    rest = [rule("rest", "otherwise")] if draw(st.booleans()) else []
    return draw(st.permutations([*rules, *rest]))


def names_of(days):
    """Days of a row by their names, ranges written out."""
    ranges = {"mon-fri": "mon tue wed thu fri", "sat-sun": "sat sun", "fri-mon": "fri sat sun mon"}
    return {name for word in days.split() for name in ranges.get(word, word).split()} or {"all"}


def occurrences(one, holidays):
    """Every (start, end) of a row over three weeks, day by day."""
    for day in (MONDAY + timedelta(days=n) for n in range(-4, 18)):
        names = names_of(one.days)
        if "all" in names or ("holiday" if day in holidays else WEEK[day.weekday()]) in names:
            start, end = (minutes(one.window_start), minutes(one.window_end)) if one.window_start else (0, 1440)  # fmt: skip
            midnight = datetime.combine(day, time())
            yield midnight + timedelta(minutes=start), midnight + timedelta(minutes=end + 1440 * (end < start))  # fmt: skip


def by_occurrences(rules, when, holidays):
    own = {one.rule_id for one in rules if one.days != "otherwise" and any(start <= when < end for start, end in occurrences(one, holidays))}  # fmt: skip
    return [one.rule_id for one in rules if one.rule_id in own or (one.days == "otherwise" and not own)]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rules=groups(1), seconds=st.integers(0, 14 * 86400 - 1), holidays=st.sets(st.integers(0, 13), max_size=4))  # fmt: skip
@example(rules=prince_william(), seconds=8 * 86400 + 8 * 3600, holidays={8})
def test_a_row_is_active_within_its_occurrences_counted_day_by_day(rules, seconds, holidays):
    when = datetime.combine(MONDAY, time()) + timedelta(seconds=seconds)
    feasts = {MONDAY + timedelta(days=n) for n in holidays}
    assert active(rules, when, feasts) == by_occurrences(rules, when, feasts)


def on_the_quarters(rules):
    """Whether each row is active, by day of the week and holiday, at every quarter hour."""
    found = np.zeros((len(rules), 8, 96), dtype=bool)
    for row in range(8):
        for quarter in range(96):
            when = at((*WEEK, "holiday")[row], f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
            held = active(rules, when, [HOLIDAY])
            found[:, row, quarter] = [one.rule_id in held for one in rules]
    return found


@settings(max_examples=20, deadline=None)
@given(rules=groups(15))
@example(rules=prince_william())
@example(rules=[rule("a", "sun", "22:00", "07:00"), rule("b", "mon holiday", "20:00", "05:15")])
def test_the_mask_of_a_week_agrees_with_the_instants_at_every_quarter_hour(rules):
    for one, expected in zip(rules, on_the_quarters(rules), strict=True):
        np.testing.assert_array_equal(week_mask(one, rules), expected, err_msg=one.rule_id)


@settings(max_examples=10, deadline=None)
@given(rules=groups(1))
@example(rules=[rule("day", "", "07:10", "21:50"), rule("rest", "otherwise")])
def test_the_mask_of_a_week_holds_every_quarter_in_which_a_row_is_active(rules):
    for one, expected in zip(rules, on_the_quarters(rules), strict=True):
        assert (week_mask(one, rules) | ~expected).all(), one.rule_id


def test_a_quarter_that_two_rows_share_is_in_the_masks_of_both():
    rules = [rule("day", "", "07:10", "21:50"), rule("rest", "otherwise")]
    day, rest = (week_mask(one, rules) for one in rules)
    assert np.flatnonzero(day[0]).tolist() == list(range(28, 88))
    assert np.flatnonzero(rest[0]).tolist() == [*range(29), *range(87, 96)]


# --------------------------------------------------------------------------- the shipped groups
def shipped():
    """Groups of shipped rules on levels that say when the rest holds or fill the clock of a day."""
    groups_: dict[tuple[str, ...], list] = {}
    for record in fact_table("noise_rules").to_dict("records"):
        one = rule_from_record(record)
        if one.kind in {"absolute", "background_plus", "emergence"}:
            groups_.setdefault(tuple(getattr(one, name) for name in GROUP), []).append(one)
    return {" ".join(filter(None, key)): rows for key, rows in groups_.items() if any(one.days == "otherwise" for one in rows) or _fills_a_day(rows)}  # fmt: skip


def _fills_a_day(rows):
    """Whether the windows of some rows touch every minute of the clock, whatever their days."""
    held = np.zeros(1440, dtype=bool)
    for one in rows:
        start, end = (minutes(one.window_start), minutes(one.window_end)) if one.window_start else (0, 1440)  # fmt: skip
        held[[n % 1440 for n in range(start, end + 1440 * (end < start))]] = True
    return bool(held.all())


SHIPPED = shipped()


def test_all_shipped_level_rules_hold_around_the_clock_but_those_that_name_a_part_of_the_day():
    grouped = {one.rule_id for rows in SHIPPED.values() for one in rows}
    levels = {record["rule_id"] for record in fact_table("noise_rules").to_dict("records") if record["kind"] in {"absolute", "background_plus", "emergence"}}  # fmt: skip
    parts = {"ireland_ng4_day", "ireland_ng4_evening", "ireland_ng4_night", "who_nng_2009_night", "fort_worth_tx_nonresidential_day"}  # fmt: skip
    assert levels - grouped == parts
    assert {len(rows) for rows in SHIPPED.values()} == {1, 2, 3}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_in_every_quarter_of_a_week_exactly_one_row_of_a_shipped_group_holds(name):
    masks = [week_mask(one, SHIPPED[name]) for one in SHIPPED[name]]
    np.testing.assert_array_equal(np.sum(masks, axis=0), np.ones((8, 96)))


@settings(max_examples=60, deadline=None)
@given(minute=st.integers(0, 14 * 1440 - 1), holidays=st.sets(st.integers(-1, 14), max_size=4))
def test_at_every_instant_exactly_one_row_of_a_shipped_group_holds(minute, holidays):
    when = datetime.combine(MONDAY, time()) + timedelta(minutes=minute)
    feasts = {MONDAY + timedelta(days=n) for n in holidays}
    held = {name: active(rows, when, feasts) for name, rows in SHIPPED.items()}
    assert {name: rows for name, rows in held.items() if len(rows) != 1} == {}


# --------------------------------------------------------------------------------------- hours
def test_the_hours_of_a_margin_are_sixteen_by_day_and_eight_at_night():
    assert DAY.sum(axis=1).tolist() == [64] * 8
    assert (DAY[:, 24:88]).all()
    np.testing.assert_array_equal(NIGHT, ~DAY)
    assert TEST[:5, 40:64].all()
    assert TEST.sum() == 5 * 24


@pytest.mark.parametrize(("window", "by_day", "at_night", "in_tests"), [(("07:00", "22:00"), True, False, True), (("22:00", "06:00"), False, True, False), (("23:00", "07:00"), True, True, False),
                                                                        (("16:00", "16:15"), True, False, False), (("06:00", "06:15"), True, False, False), (("", ""), True, True, True)])  # fmt: skip
def test_a_row_is_tested_in_every_period_whose_hours_it_shares(window, by_day, at_night, in_tests):
    mask = week_mask(rule("r", "", *window), [])
    assert (overlaps(mask, DAY), overlaps(mask, NIGHT), overlaps(mask, TEST)) == (by_day, at_night, in_tests)  # fmt: skip
