"""Dates are spans of days, months are 30.4375 days, and a suffix is a unit."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.region.dates import day_at, months_between, parse_span
from powerwall.region.units import UNITS, factor, plausible, unit_of


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-03-09", date(2026, 3, 9), date(2026, 3, 9)),
        (" 2026-03 ", date(2026, 3, 1), date(2026, 3, 31)),
    ],
)
def test_a_partial_date_is_the_span_of_days_it_may_mean(text, first, last):
    assert parse_span(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "2026-3",
        "2026-13",
        "2026-02-30",
        "2026/03/09",
        "March 2026",
        "2026-03-09T00:00",
        "2026-00",
        "0000",
    ],
)
def test_what_is_no_iso_date_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_span(text)


@settings(max_examples=80, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.dates(date(1980, 1, 1), date(2090, 1, 1)))
def test_a_day_comes_back_from_its_months(start, day):
    """A date that holds power back must print in its own month, never in the one before."""
    assert day_at(start, months_between(start, day)) == day


def test_a_year_has_twelve_months_on_average():
    assert months_between(date(2026, 1, 1), date(2030, 1, 1)) == pytest.approx(48)


@pytest.mark.parametrize(
    ("native", "suffix", "expected"),
    [
        ("kW", "mw", 1e-3), ("GW", "mw", 1e3), ("MW", "mw", 1.0), ("mw", "mw", 1.0), ("KW", "mw", 1e-3), ("V", "kv", 1e-3), ("acre", "ha", 0.40468564),
        ("mile", "km", 1.609344), ("ft", "m", 0.3048), ("mgd", "m3_per_day", 3785.411784), ("cent/kWh", "usd_per_mwh", 10.0),
        ("years", "months", 12.0), ("percent", "share", 0.01),
    ],
)  # fmt: skip
def test_a_native_unit_has_its_factor(native, suffix, expected):
    assert factor(native, UNITS[suffix]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("native", "suffix"), [("MW", "kv"), ("furlong", "km"), ("", "mw"), ("usd", "mw")]
)
def test_a_unit_of_another_kind_has_no_factor(native, suffix):
    assert factor(native, UNITS[suffix]) is None


@pytest.mark.parametrize(
    ("column", "symbol"),
    [("queue_ahead_mw", "MW"), ("mw", "MW"), ("water_trigger_m3_per_day", "m³/d"), ("delivered_cost_usd_per_mwh", "USD/MWh"),
     ("upfront_usd_per_mw", "USD/MW"), ("night_noise_margin_db", "dB"), ("line_km", "km"), ("p50_months", "months"), ("mw_min", "MW")],
)  # fmt: skip
def test_the_longest_suffix_of_a_column_is_its_unit(column, symbol):
    assert unit_of(column).symbol == symbol


@pytest.mark.parametrize(
    "column", ["name", "zoning_notes", "room", "scheme", "kind", "status", "farm"]
)
def test_a_column_of_text_has_no_unit(column):
    assert unit_of(column) is None


def test_an_unknown_number_is_plausible():
    assert plausible(float("nan"), UNITS["mw"])
    assert not plausible(-1, UNITS["mw"])
    assert plausible(0, UNITS["mw"])
