"""Words: a term or an end is read where it is plain, and nowhere else."""

from __future__ import annotations

import pytest

from powerwall.importers.words import (  # fmt: skip
    as_of_day,
    effective_day,
    extension_day,
    iso_day,
    marks,
    read_term,
    without_marks,
)


@pytest.mark.parametrize(
    ("text", "duration", "end"),
    [
        ("180 days", "180 days", ""),
        ("180 days from effective date. Adopted 2026-03-03", "180 days", ""),
        ("6 months", "6 months", ""),
        ("Six months, extendable", "6 months", ""),
        ("12-month pause", "12 months", ""),
        ("One year", "1 year", ""),
        ("Two years; proposed expiration unless extended", "2 years", ""),
        ("Not to exceed 180 days", "180 days", ""),
        ("Up to one year", "1 year", ""),
        ("Eight weeks", "56 days", ""),
        ("90 days initial; six-month extension listed on an agenda", "90 days", ""),
        ("Initial 45 days; 10 months and 15 days extension noticed for 2026-04-22 hearing", "45 days", ""),
        ("180 days; one optional extension up to 180 days", "180 days", ""),
        ("CR-098-2025: 180 days or until legislation", "180 days", ""),
        ("Until 2026-07-04", "", "2026-07-04"),
        ("Through 2026-07-04", "", "2026-07-05"),
        ("Through 2026-12-31, or earlier", "", "2027-01-01"),
        ("Through 2026-07", "", "2026-08-01"),
        ("Through end of 2026", "", "2027-01-01"),
        ("Until the earlier of 2027-01-01 or 90 days after the report", "", "2027-01-01"),
        ("60 days (through about 2026-05-02)", "60 days", "2026-05-03"),
        ("1 year, until 2026-11-17", "1 year", "2026-11-17"),
        ("Initial 30 days; extended until 2026-08-25", "30 days", "2026-08-25"),
        ("Originally through 2025-12-31; extended through 2026-12-31", "", "2027-01-01"),
        ("Extended 12 months, through 2027-02-24", "", "2027-02-25"),
        ("Extended to 2026-12-01, another paper says extended to 2026-09-01", "", ""),
        ("Indefinite", "", ""),
        ("Not captured", "", ""),
        ("[VERIFY: 180 days?]", "", ""),
        ("Temporary; end date not captured", "", ""),
        ("six moons", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_first_plain_term_and_its_end_are_read(text, duration, end):
    found = read_term(text)
    assert (found.duration, found.end) == (duration, end)


def test_the_day_from_which_a_term_counts_is_read():
    assert read_term("12 months from 2026-03-04 effective date").start == "2026-03-04"


def test_an_extension_that_is_only_possible_is_none():
    assert not read_term("6 months, with possible 6-month extension").extended
    assert read_term("Initial 30 days; extended until 2026-08-25").extended


@pytest.mark.parametrize(
    ("text", "day"),
    [("Active as of 2026-04-29", "2026-04-29"), ("Active", ""), ("as of spring", "")],
)
def test_the_day_of_a_status_is_read(text, day):
    assert as_of_day(text) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-03-03", "2026-03-03"), ("2026-02 initial; extended 2026-04-01", "2026-02"), ("2026", "2026"), ("Not enacted as of 2026-04-29", ""), ("2026-13-01", ""), ("", "")],
)  # fmt: skip
def test_the_day_of_an_act_stands_first_or_is_not_stated(text, day):
    assert iso_day(text) == day


def test_marks_are_seen_and_taken_out():
    assert marks("Active", "90 days [VERIFY: minutes]") == ["[VERIFY: minutes]"]
    assert without_marks("90 days [VERIFY: minutes]") == "90 days"
    assert without_marks("90 days [VERIFY: cut off") == "90 days"
    assert marks("90 days [VERI") == ["[VERI"]
    assert marks("90 days [see minutes]") == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02 initial; extended 2026-04-01", "2026-04-01"),
        ("2025-12-24; extension approved 2026-02-24", "2026-02-24"),
        ("2025-09-16 council resolution; 2026-01-23 executive order extension", "2026-01-23"),
        ("2026-03-18; 2026-04-22 extension public hearing scheduled", ""),
        ("2026-03-18 with possible extension", ""),
        ("2026-03-18; extension possible", ""),
        ("2026-03-18 [VERIFY: extended 2026-04-01?]", ""),
        ("2026-03-18", ""),
    ],
)
def test_only_an_adopted_extension_has_a_day(text, day):
    assert extension_day(text) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-01-20 (voice vote); effective 2026-01-26", "2026-01-26"), ("2026-01-20", ""), ("2026-01-20; effective on filing", "")],
)  # fmt: skip
def test_the_day_an_act_takes_effect_is_read_where_it_is_stated(text, day):
    assert effective_day(text) == day
