"""Numbers as they are printed and written: never a zero for an unknown, never a lost sign."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.output.numbers import month, percent, plain, shown, span

NAN, INF = math.nan, math.inf
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.0, "−1"), (0.5, "0.5"), (12.345, "12.3"), (-12.345, "−12.3"), (99.96, "100"), (100.4, "100"),
        (1234.5, "1,234"), (-1234.6, "−1,235"), (1e6, "1,000,000"), (0.012345, "0.0123"), (-0.00012345, "−0.000123"), (1e-9, "0.000000001"),
        (9.999, "10"), (0.9996, "1"), (100.0, "100"), (10.0, "10"), (NAN, "?"), (INF, "∞"), (-INF, "−∞"),
    ],
)  # fmt: skip
def test_a_number_is_shown_with_three_significant_figures_and_a_real_minus(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "bool", "yes"), (0.0, "bool", "no"), (NAN, "bool", "?"), (0.814, "share", "81 %"), (NAN, "share", "?"), (0.0, "share", "0 %"),
        (1.0, "share", "100 %"), (7.0, "km", "7"), (7.0, "", "7"),
    ],
)  # fmt: skip
def test_a_unit_decides_how_a_number_is_shown_but_is_not_repeated(value, unit, text):
    assert shown(value, unit) == text


@given(FINITE)
def test_what_is_shown_lies_within_half_a_percent_of_the_number(value):
    back = float(shown(value).replace(",", "").replace("−", "-"))
    assert back == pytest.approx(value, rel=0.005, abs=1e-300)


@given(FINITE)
def test_a_hyphen_never_stands_for_a_minus_and_no_number_looks_unknown(value):
    text = shown(value)
    assert "-" not in text
    assert "?" not in text
    assert text.startswith("−") == (value < 0)


@pytest.mark.parametrize(("share", "text"), [(0.0, "0 %"), (0.005, "0 %"), (0.006, "1 %"), (0.995, "100 %"), (1.0, "100 %"), (NAN, "?")])  # fmt: skip
def test_a_share_is_printed_in_whole_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("as_of", "months", "text"),
    [
        (date(2026, 8, 22), 0.0, "2026-08"), (date(2026, 8, 22), 4.5, "2027-01"), (date(2026, 8, 22), 54.6, "2031-03"), (date(2026, 8, 31), 6.0, "2027-03"),
        (date(2026, 1, 1), -1.0, "2025-12"), (date(2026, 1, 1), -0.5, "2025-12"), (date(2024, 2, 29), 12.0, "2025-02"), (date(26, 1, 1), 0.0, "0026-01"),
        (date(2026, 1, 1), NAN, "?"), (date(2026, 1, 1), INF, "∞"), (date(2026, 1, 1), 1e300, "∞"), (date(9999, 6, 1), 8.0, "∞"),
        (date(9999, 12, 1), 0.99, "9999-12"), (date(2026, 1, 1), -INF, "−∞"), (date(1, 1, 1), -1.0, "−∞"),
    ],
)  # fmt: skip
def test_months_are_printed_as_the_month_they_lead_to(as_of, months, text):
    assert month(as_of, months) == text


@given(st.floats(min_value=-200, max_value=1200), st.floats(min_value=0, max_value=200))
def test_later_months_never_print_an_earlier_date(months, more):
    start = date(2026, 8, 22)
    assert month(start, months) <= month(start, months + more)


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (12.0, 37.0, "", "12…37"), (-8.49, 17.6, "", "−8.49…17.6"), (5.0, 5.0, "", "5"), (5.001, 5.002, "", "5"), (0.88, 0.98, "share", "88 %…98 %"),
        (NAN, 3.0, "", "?…3"), (NAN, NAN, "", "?"), (-0.0, 0.0, "", "0"), (0.0, INF, "", "0…∞"),
    ],
)  # fmt: skip
def test_a_range_is_two_numbers_or_one_where_both_print_alike(low, high, unit, text):
    assert span(low, high, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NAN, ""), (0.0, "0"), (-0.0, "0"), (-1e-9, "0"), (1e-9, "0"), (1.0, "1"), (-1.5, "-1.5"), (100.0, "100"), (1000000.0, "1000000"),
        (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (-2 / 3, "-0.666667"), (1e15, "1000000000000000"), (0.0000005, "0"), (0.0000015, "0.000002"),
    ],
)  # fmt: skip
def test_a_number_for_a_file_has_up_to_six_decimals_and_unknown_is_empty(value, text):
    assert plain(value) == text


@given(FINITE)
def test_a_file_gives_the_number_back_to_six_decimals_and_never_a_negative_zero(value):
    text = plain(value)
    assert float(text) == pytest.approx(value, abs=5.1e-7, rel=1e-12)
    assert text != "-0"
    assert "e" not in text
