"""Flexible load: headroom under seasonal peaks by hand, and what the study published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.power.site.flexible import (
    AREA_CODES,
    area_code,
    area_headroom,
    area_service,
    curtailment_headroom,
    curtailment_share,
    events,
    load_at_share,
    seasonal_margins,
)

MARGINS = st.lists(st.floats(0, 1e5), min_size=1, max_size=60)
REGIONS = Path(__file__).parents[2] / "regions"
FOUR = [0.0, 50.0, 100.0, 200.0]


def year_of(demand_by_month, year=2024):
    """Two hours a month: half of the month's demand, then all of it."""
    months = np.repeat(np.arange(1, 13), 2)
    demand = np.ravel([(d / 2, d) for d in demand_by_month])
    return demand, np.full(24, year), months


FLAT = [100] * 12
SUMMER_PEAK = [80, 80, 70, 70, 75, 95, 100, 100, 90, 75, 70, 80]


def test_four_hours_by_hand():
    assert float(curtailment_share(100, FOUR)) == pytest.approx(150 / 400)
    assert load_at_share(FOUR, 0.25) == pytest.approx(50)
    assert load_at_share(FOUR, 0.375) == pytest.approx(100)


def test_years_count_alike_whatever_their_hours():
    """A year of 4 hours and a year of 2: the mean of the two shares, not of the six hours."""
    margin, years = [*FOUR, 0.0, 100.0], [2023] * 4 + [2024] * 2
    assert float(curtailment_share(100, margin, years)) == pytest.approx((0.375 + 0.5) / 2)


@given(MARGINS, st.lists(st.floats(0.01, 2e5), min_size=2, max_size=20))
def test_the_curtailed_share_never_falls_with_the_load(margins, loads):
    share = curtailment_share(np.sort(loads), margins)
    assert (np.diff(share) >= -1e-9).all()
    assert (share >= -1e-9).all()
    assert (share <= 1 + 1e-9).all()


@given(MARGINS, st.floats(1, 1e5))
def test_the_sorted_sums_are_the_plain_sum(margins, load):
    plain = np.mean(np.maximum(load - np.asarray(margins), 0)) / load
    assert float(curtailment_share(load, margins)) == pytest.approx(plain, abs=1e-9)


@given(MARGINS, st.floats(0, 0.9))
def test_the_load_found_keeps_the_limit_and_a_larger_one_does_not(margins, limit):
    load = load_at_share(margins, limit)
    most = max(10 * max(margins), 1)
    if load > 0:
        assert float(curtailment_share(load, margins)) <= limit + 1e-9
    if load < most:
        assert float(curtailment_share(max(load, 1) * (1 + 1e-6), margins)) > limit - 1e-9


@given(MARGINS, st.randoms(use_true_random=False))
def test_the_order_of_hours_changes_no_share(margins, random):
    shuffled = list(margins)
    random.shuffle(shuffled)
    assert float(curtailment_share(50, shuffled)) == pytest.approx(
        float(curtailment_share(50, margins))
    )


@pytest.mark.parametrize("load", [0, -5, np.nan])
def test_no_load_has_no_share(load):
    assert np.isnan(curtailment_share(load, FOUR))


def test_loads_keep_their_shape():
    assert curtailment_share(np.ones((3, 2)), FOUR).shape == (3, 2)


@pytest.mark.parametrize("margins", [[], [-1.0, 2.0], [np.nan], [[1.0, 2.0]]])
def test_margins_that_are_none_are_an_error(margins):
    with pytest.raises(ValueError, match="margins"):
        curtailment_share(10, margins)


def test_years_belong_to_hours():
    with pytest.raises(ValueError, match="years"):
        curtailment_share(10, FOUR, [2024])


@pytest.mark.parametrize("limit", [-0.1, 0.95, np.nan])
def test_a_limit_is_a_share(limit):
    with pytest.raises(ValueError, match="share"):
        load_at_share(FOUR, limit)


def test_too_many_hours_without_room_leave_no_room_for_any_load():
    assert load_at_share([0, 0, 0, 100], 0.25) == 0


def test_without_curtailment_the_smallest_margin_is_the_headroom():
    assert load_at_share([30, 80, 60], 0) == pytest.approx(30)


def test_each_season_has_its_own_peak():
    demand, _, months = year_of(SUMMER_PEAK)
    room = dict(
        zip(zip(months, demand, strict=True), seasonal_margins(demand, months), strict=True)
    )
    assert room[(7, 50.0)] == 50  # under the summer peak of 100
    assert room[(4, 70.0)] == 30
    assert room[(10, 75.0)] == 25
    assert room[(11, 70.0)] == 10  # under the winter peak of 80
    assert room[(3, 35.0)] == 45


def test_an_hour_above_the_peak_of_its_season_has_no_room_and_not_less():
    warm_autumn = [*SUMMER_PEAK[:9], 130, *SUMMER_PEAK[10:]]
    demand, years, months = year_of(warm_autumn)
    assert seasonal_margins(demand, months).min() == 0
    # without the clamp the share would rise as the load goes to 0
    assert curtailment_headroom(demand, years, months, 0.01) == 0


def test_the_peak_is_that_of_all_years():
    calm, _, months = year_of(SUMMER_PEAK)
    hot, _, _ = year_of([1.2 * d for d in SUMMER_PEAK])
    both = seasonal_margins(np.concatenate([calm, hot]), np.concatenate([months, months]))
    assert both[:24].min() >= 0.2 * 80 - 1e-9


def test_the_headroom_of_a_synthetic_year_solves_its_own_equation():
    hours = pd.date_range("2023-01-01", "2024-12-31 23:00", freq="h")
    rng = np.random.default_rng(0)
    season = np.cos(4 * np.pi * (hours.day_of_year.to_numpy() - 20) / 365)  # summer and winter
    demand = 1000 + 300 * season + rng.normal(0, 40, len(hours))
    found = [
        curtailment_headroom(demand, hours.year, hours.month, limit)
        for limit in (0.0025, 0.005, 0.01, 0.05)
    ]
    margin = seasonal_margins(demand, hours.month)
    shares = curtailment_share(found, margin, hours.year)
    assert np.allclose(shares, [0.0025, 0.005, 0.01, 0.05], atol=1e-9)
    assert (np.diff(found) > 0).all()


def test_scaling_the_area_scales_its_headroom():
    demand, years, months = year_of(SUMMER_PEAK)
    one, ten = (curtailment_headroom(k * demand, years, months, 0.1) for k in (1, 10))
    assert ten == pytest.approx(10 * one)


@pytest.mark.parametrize(("change", "says"), [
    (lambda d, y, m: (np.where(m == 5, np.nan, d), y, m), "2 hours without a demand"),
    (lambda d, y, m: (d[m != 5], y[m != 5], m[m != 5]), "year 2024 lacks months 5"),
    (lambda d, y, m: (d[m < 3], y[m < 3], m[m < 3]), "no hour of June–August"),
    (lambda d, y, m: (d, y, np.where(m == 5, 13, m)), "1 to 12"),
    (lambda d, y, m: (d, y[:3], m), "years"),
    (lambda d, y, m: (d[:3], y, m), "months"),
])  # fmt: skip
def test_demand_that_is_not_of_whole_years_is_an_error(change, says):
    with pytest.raises(ValueError, match=says):
        curtailment_headroom(*change(*year_of(FLAT)), 0.1)


def test_spells_are_runs_of_hours_that_follow_each_other():
    #          cut cut  -   cut  -   cut cut cut
    margin = [50, 80, 200, 95, 100, 0, 75, 90]
    found = events(100, margin)
    assert (found.curtailed_h_per_year, found.events_per_year) == (6, 3)
    assert found.mean_event_h == 2
    assert found.kept_h_per_year == {0.5: 5, 0.75: 4, 0.9: 2}


def test_spells_are_counted_by_the_year_and_not_cut_at_its_turn():
    found = events(100, [200, 0, 0, 200], [2023, 2023, 2024, 2024])
    assert (found.curtailed_h_per_year, found.events_per_year, found.mean_event_h) == (1, 0.5, 2)


def test_a_load_that_fits_has_no_spell():
    found = events(10, [20, 30])
    assert (found.curtailed_h_per_year, found.events_per_year) == (0, 0)
    assert np.isnan(found.mean_event_h)


@pytest.mark.parametrize("load", [0, -1, np.nan])
def test_spells_of_no_load_are_an_error(load):
    with pytest.raises(ValueError, match="above 0"):
        events(load, FOUR)


@given(MARGINS, st.floats(1, 1e5))
def test_hours_that_keep_more_are_fewer(margins, load):
    found = events(load, margins)
    kept = [found.curtailed_h_per_year, *found.kept_h_per_year.values()]
    assert kept == sorted(kept, reverse=True)
    assert found.events_per_year <= found.curtailed_h_per_year


@pytest.mark.parametrize(("area", "mw"), [("PJM", 17800), ("ERCO", 10000), ("ercot", 10000), ("AZPS", 1600), ("SRP", 1500), ("SCP", 700)])  # fmt: skip
def test_the_published_headroom_of_an_area(area, mw):
    found = area_headroom(area, 0.005)
    assert found.bound_mw.value == mw
    assert found.bound_mw.low < mw < found.bound_mw.high
    assert found.why == ""


@pytest.mark.parametrize(("limit", "mw"), [(0.0025, 4200), (0.005, 5000), (0.01, 5900)])
def test_california_is_published_at_three_limits(limit, mw):
    assert area_headroom("CAISO", limit).bound_mw.value == mw


def test_what_is_not_published_is_unknown_with_a_reason():
    for area, limit, says in (("EirGrid", 0.005, "not in the study"), ("US22", 0.005, "not in the study"),
                              ("PJM", 0.01, "only at 0.5 %"), ("CISO", 0.0075, "0.25 %, 0.5 %, 1 %")):  # fmt: skip
        found = area_headroom(area, limit)
        assert found.bound_mw is None
        assert says in found.why
    assert "nothing is interpolated" in area_headroom("PJM", 0.01).why


@pytest.mark.parametrize(("limit", "hours", "length", "kept"), [
    (0.0025, 85, 1.7, (73, 50, 24)), (0.005, 177, 2.1, (155, 106, 52)),
    (0.01, 366, 2.5, (323, 224, 110)), (0.05, 1848, 4.5, (1644, 1127, 543)),
])  # fmt: skip
def test_the_published_curtailment_of_all_areas(limit, hours, length, kept):
    found = area_service(limit)
    assert found.curtailed_h_per_year.value == hours
    assert found.mean_event_h.value == length
    assert found.events_per_year.value == pytest.approx(hours / length)
    assert found.events_per_year.low < hours / length < found.events_per_year.high
    assert tuple(k.value for k in found.kept_h_per_year.values()) == kept


def test_the_energy_lost_is_the_limit_of_the_year():
    assert area_service(0.005).lost_mwh_per_year(300) == pytest.approx(0.005 * 300 * 8760)


def test_another_limit_names_the_published_ones():
    with pytest.raises(ValueError, match=r"0\.0025, 0\.005, 0\.01, 0\.05"):
        area_service(0.02)


@pytest.mark.parametrize(("name", "code"), AREA_CODES.items())
def test_every_other_name_leads_to_an_area_of_the_study(name, code):
    assert area_code(name.lower()) == code == area_code(code)


@pytest.mark.parametrize("path", sorted(REGIONS.glob("*/utilities.csv")), ids=lambda p: p.parent.name)  # fmt: skip
def test_every_balancing_authority_of_the_bundled_us_regions_is_known(path):
    for name in pd.read_csv(path)["balancing_authority"].unique():
        assert (area_code(name) is None) == (path.parent.name == "dublin")
