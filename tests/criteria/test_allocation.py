"""Allocation and upgrades: worked examples by hand, a published case, and what holds for any numbers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.cost.allocation import (
    average_and_excess_share,
    capacity_cost_usd,
    coincident_cost_usd,
    coincident_share,
    energy_share,
    equal_revenue_rate,
    non_coincident_share,
    seasonal_capacity_cost_usd,
)
from powerwall.criteria.cost.upgrades import annual_charges_usd, contribution_usd, tax_gross_up

MW = st.floats(0, 5000)
PEAKS = st.integers(1, 12).flatmap(lambda n: st.lists(MW, min_size=n, max_size=n))
RATE = st.floats(0, 200)
SHARE = st.floats(0, 1)
SYSTEM = {"system_average_mw": 4200, "system_peak_mw": 7000, "total_excess_mw": 3500}
UPGRADE = {"fixed_charge_rate": 0.12, "load_mw": 200, "embedded_usd_per_kw_year": 45, "system_peak_mw": 6000}  # fmt: skip
SUMMER_MW, REST_MW = [300, 150, 150, 300], [300] * 8
SUMMER_SYSTEM_MW = [76_000, 80_000, 82_000, 74_000]
REST_SYSTEM_MW = [68_000, 65_000, 58_000, 57_000, 66_000, 64_000, 56_000, 62_000]


# ------------------------------------------------------------------------------- coincident peaks
def test_the_published_case_of_four_and_twelve_peaks_to_the_last_digit(shared):
    case = json.loads((shared / "cases" / "tariffs" / "H01.json").read_text(encoding="utf-8"))
    inputs, expected = case["inputs"], case["expected"]
    load, system = (np.array(inputs[key], dtype=float) for key in ("load_at_peak_mw", "system_peak_mw"))  # fmt: skip
    summer = [month - 1 for month in inputs["summer_months"]]
    rate = inputs["usd_per_kw_year_4cp"]
    twelve = equal_revenue_rate(rate, system[summer], system)
    least = {key: inputs[key] for key in ("contract_mw", "minimum_share")}
    found = {
        "mean_4cp_mw": load[summer].mean(), "mean_12cp_mw": load.mean(), "revenue_requirement_usd": coincident_cost_usd(system[summer], rate),
        "cost_4cp_usd": coincident_cost_usd(load[summer], rate), "share_4cp": coincident_share(load[summer], system[summer]),
        "share_12cp": coincident_share(load, system), "usd_per_kw_year_12cp": twelve, "cost_12cp_usd": coincident_cost_usd(load, twelve),
        "cost_12cp_with_minimum_usd": coincident_cost_usd(load, twelve, **least),
    }  # fmt: skip
    assert found.keys() == expected.keys()
    for key, value in found.items():
        assert value == pytest.approx(expected[key], rel=1e-9), key


def test_three_rules_at_equal_revenue_are_ten_million_a_year_apart():
    four = coincident_cost_usd(SUMMER_MW, 70.0)
    rate = equal_revenue_rate(70.0, SUMMER_SYSTEM_MW, [*SUMMER_SYSTEM_MW, *REST_SYSTEM_MW])
    twelve = coincident_cost_usd([*SUMMER_MW, *REST_MW], rate)
    least = coincident_cost_usd([*SUMMER_MW, *REST_MW], rate, contract_mw=400, minimum_share=0.8)
    assert four == 15_750_000
    assert rate == pytest.approx(81.0891, abs=5e-5)
    assert (twelve, least) == pytest.approx((22.30e6, 25.95e6), abs=5e3)
    assert least - four == pytest.approx(10.2e6, abs=5e4)


def test_losses_are_charged_on_the_minimum_too():
    assert coincident_cost_usd([100], 10, gross_up=1.05) == pytest.approx(1_050_000)
    assert coincident_cost_usd([100], 10, gross_up=1.05, contract_mw=400, minimum_share=0.5) == pytest.approx(2_100_000)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PEAKS, RATE)
def test_a_mean_over_peaks_is_no_more_than_the_highest(load, rate):
    assert coincident_cost_usd(load, rate) <= 1000 * rate * max(load) * (1 + 1e-12)


@given(MW, RATE, st.integers(1, 12))
def test_a_flat_load_that_is_wholly_there_at_the_peaks_is_charged_as_it_is(load, rate, peaks):
    coincidence = 1.0
    assert coincident_cost_usd([coincidence * load] * peaks, rate) == pytest.approx(1000 * rate * load)  # fmt: skip


@pytest.mark.parametrize(("policy_mw", "share", "charged_mw"), [(0, 0, 0), (400, 0, 400), (37, 0, 37), (0, 0.8, 320), (400, 0.8, 400)])  # fmt: skip
def test_a_first_year_is_charged_at_what_the_rule_says_and_no_less_than_the_minimum(
    policy_mw, share, charged_mw
):
    found = coincident_cost_usd([policy_mw], 70.0, contract_mw=400, minimum_share=share)
    assert found == pytest.approx(70_000 * charged_mw)


@settings(max_examples=60, deadline=None)
@given(PEAKS, st.tuples(SHARE, SHARE).map(sorted), st.tuples(MW, MW).map(sorted))
def test_a_coincident_cost_rises_with_the_minimum_and_with_the_contract(load, shares, contracts):
    costs = [
        coincident_cost_usd(load, 70.0, minimum_share=share, contract_mw=contract)
        for share, contract in zip(shares, contracts, strict=True)
    ]
    assert coincident_cost_usd(load, 70.0) <= costs[0] <= costs[1]


@settings(max_examples=60, deadline=None)
@given(PEAKS, st.floats(1, 200), st.floats(1, 5000))
def test_other_peaks_at_equal_revenue_collect_the_same(old, rate, new):
    other = equal_revenue_rate(rate, old, [new, 2 * new])
    assert coincident_cost_usd([new, 2 * new], other) == pytest.approx(coincident_cost_usd(old, rate))  # fmt: skip


# --------------------------------------------------------------------------------------- capacity
def test_capacity_at_five_peaks_by_hand():
    found = capacity_cost_usd([148, 152, 150, 149, 151], 333.44, scaling=1.02, pool_requirement=0.917)  # fmt: skip
    assert found == pytest.approx(17_075_417, abs=0.5)
    assert found / (333.44 * 365) == pytest.approx(140.301)


def test_capacity_by_season_by_hand_as_arrays_and_as_mappings():
    assert seasonal_capacity_cost_usd(120, [30, 15, 0.75, 34.10], [92, 91, 90, 92]) == pytest.approx(879_564)  # fmt: skip
    prices = {"summer": 30, "autumn": 15, "winter": 0.75, "spring": 34.10}
    days = {"spring": 92, "winter": 90, "autumn": 91, "summer": 92}
    assert seasonal_capacity_cost_usd(120, prices, days) == pytest.approx(879_564)
    owed = dict.fromkeys(prices, 120)
    assert seasonal_capacity_cost_usd(owed, prices, days) == pytest.approx(879_564)


# ----------------------------------------------------------------------------------------- shares
def test_average_and_excess_by_hand_is_more_than_one_peak_says():
    share = average_and_excess_share(180, 200, **SYSTEM)
    one = coincident_share(190, 7000)
    assert share == pytest.approx(0.028, rel=1e-12)
    assert one == pytest.approx(0.0271429, abs=5e-8)
    assert (500 * share, 500 * one) == pytest.approx((14.00, 13.57), abs=5e-3)


def test_a_load_that_drops_at_the_peaks_still_pays_for_its_mean():
    assert average_and_excess_share(180, 0, **SYSTEM) == pytest.approx(180 / 4200 * 0.6)
    assert coincident_share(0, 7000) == 0


def test_energy_may_be_weighed_by_its_price():
    assert energy_share([100, 100], [1000, 3000]) == 0.05
    assert energy_share([100, 100], [1000, 3000], [0, 10]) == pytest.approx(1 / 30)
    assert energy_share([100, 100], [1000, 3000], [-1, 10]) == pytest.approx(900 / 29_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 5000), st.floats(0.1, 0.99)), min_size=2, max_size=6), st.floats(0.5, 1))  # fmt: skip
def test_shares_of_all_classes_add_up_to_one(classes, diversity):
    peaks, means = np.array([p for p, _ in classes]), np.array([p * f for p, f in classes])
    peak = max(diversity * peaks.sum(), means.sum())
    system = {"system_average_mw": means.sum(), "system_peak_mw": peak, "total_excess_mw": (peaks - means).sum()}  # fmt: skip
    rows = np.stack([peaks, means], axis=1)
    shares = {
        "coincident": [coincident_share(row, rows.sum(axis=0)) for row in rows],
        "own peak": [non_coincident_share(p, np.delete(peaks, at)) for at, p in enumerate(peaks)],
        "energy": [energy_share(row, rows.sum(axis=0), [1.0, 3.0]) for row in rows],
        "average and excess": [average_and_excess_share(a, p, **system) for p, a in zip(peaks, means, strict=True)],
    }  # fmt: skip
    for rule, each in shares.items():
        assert sum(each) == pytest.approx(1, rel=1e-9), rule
        assert all(0 <= one <= 1 + 1e-9 for one in each), rule


# --------------------------------------------------------------------------------------- upgrades
def test_an_upgrade_under_each_rule_by_hand():
    found = annual_charges_usd(90e6, **UPGRADE)
    assert found.incremental_usd == pytest.approx(10.80e6)
    assert found.embedded_usd == pytest.approx(9.00e6)
    assert found.higher_of_usd == pytest.approx(10.80e6)
    assert found.rolled_in_usd_per_kw_year == pytest.approx(45.30)
    assert found.rolled_in_usd == pytest.approx(9.06e6)
    assert found.others_change_usd == pytest.approx(1.74e6)
    others = found.rolled_in_usd_per_kw_year * 1000 * 5800
    assert others == pytest.approx(262.74e6)
    assert found.rolled_in_usd + others == pytest.approx(261.00e6 + 10.80e6)


def test_a_load_that_needs_little_lowers_the_rate_of_others():
    assert annual_charges_usd(10e6, **UPGRADE).others_change_usd < 0
    assert annual_charges_usd(75e6, **UPGRADE).others_change_usd == pytest.approx(0, abs=1e-3)


def test_a_contribution_with_allowance_and_tax_by_hand():
    allowance = 150 * 1000 * 200
    assert contribution_usd(90e6, allowance_usd=allowance) == pytest.approx(60e6)
    gross_up = tax_gross_up(0.25, 0.55)
    assert gross_up == pytest.approx(0.15)
    taxed = contribution_usd(90e6, allowance_usd=allowance, tax_gross_up=gross_up)
    assert taxed == pytest.approx(69e6)


def test_an_allowance_over_the_cost_is_no_payment_to_the_load():
    assert contribution_usd(10e6, allowance_usd=30e6, tax_gross_up=0.15) == 0
    assert contribution_usd(10e6, 40e6, network_share=0.25) == pytest.approx(20e6)


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 1e9), st.floats(0, 0.3), st.floats(1, 1000), RATE, st.floats(1, 50_000))
def test_rolled_in_collects_all_and_others_pay_more_where_the_load_costs_more_than_it_brings(
    usd, rate, load, embedded, others
):
    found = annual_charges_usd(
        usd, fixed_charge_rate=rate, load_mw=load, embedded_usd_per_kw_year=embedded, system_peak_mw=load + others
    )  # fmt: skip
    paid = found.rolled_in_usd + 1000 * others * found.rolled_in_usd_per_kw_year
    assert paid == pytest.approx(embedded * 1000 * others + usd * rate, rel=1e-9, abs=1e-3)
    assert found.higher_of_usd == max(found.incremental_usd, found.embedded_usd)
    over = found.incremental_usd - found.embedded_usd
    if abs(over) > 1e-6 * max(found.incremental_usd, found.embedded_usd, 1e6):
        assert np.sign(found.others_change_usd) == np.sign(over)


# ----------------------------------------------------------------------- what is unknown or wrong
NAN = math.nan


@pytest.mark.parametrize(
    "value",
    [
        coincident_share([NAN, 1], [5, 5]), coincident_share([1, 1], [NAN, 5]), non_coincident_share(NAN, [5]), non_coincident_share(1, [NAN, 5]),
        energy_share([NAN], [5]), energy_share([1], [5], [NAN]), coincident_cost_usd([NAN, 1], 70), coincident_cost_usd([275], NAN),
        coincident_cost_usd([275], 70, contract_mw=NAN, minimum_share=0.8), coincident_cost_usd([275], 70, contract_mw=400, minimum_share=NAN),
        coincident_cost_usd([275], 70, gross_up=NAN), capacity_cost_usd([1, NAN], 3), capacity_cost_usd([1], 3, pool_requirement=NAN),
        seasonal_capacity_cost_usd(NAN, [1, 2], [3, 4]), seasonal_capacity_cost_usd(1, [NAN, 2], [3, 4]), equal_revenue_rate(70, [1, NAN], [1]),
        average_and_excess_share(NAN, 200, **SYSTEM), average_and_excess_share(180, NAN, **SYSTEM),
        *(average_and_excess_share(180, 200, **{**SYSTEM, key: NAN}) for key in SYSTEM),
        contribution_usd(NAN, allowance_usd=1e9), contribution_usd(1, 1, network_share=NAN), contribution_usd(1, tax_gross_up=NAN),
        contribution_usd(1, allowance_usd=NAN), tax_gross_up(NAN, 0.5), tax_gross_up(0.2, NAN), annual_charges_usd(NAN, **UPGRADE).higher_of_usd,
        *(annual_charges_usd(90e6, **{**UPGRADE, key: NAN}).rolled_in_usd for key in UPGRADE),
    ],
)  # fmt: skip
def test_an_answer_from_something_unknown_is_unknown(value):
    assert math.isnan(value)


def test_a_contract_that_is_not_known_does_not_matter_where_there_is_no_minimum():
    assert coincident_cost_usd([275], 70, contract_mw=NAN) == 19_250_000


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: coincident_share(-1, 3), "load_mw holds a negative number"),
        (lambda: coincident_share([1], [-3]), "system_mw holds a negative number"),
        (lambda: coincident_share([5], [3]), "the system includes the load"),
        (lambda: coincident_share([1, 2], [3]), "of the same peaks"),
        (lambda: coincident_share([], []), "load_mw holds no number"),
        (lambda: coincident_share(0, 0), "nothing to share"),
        (lambda: non_coincident_share(1, [-3]), "others_mw holds a negative number"),
        (lambda: energy_share([5], [3]), "the system includes the load"),
        (lambda: energy_share([1, 2], [3]), "of the same peaks or hours"),
        (lambda: coincident_cost_usd([], 70), "load_mw holds no number"),
        (lambda: coincident_cost_usd([1], -70), "usd_per_kw_year"),
        (lambda: coincident_cost_usd([1], 70, contract_mw=-1), "contract_mw"),
        (lambda: coincident_cost_usd([1], 70, minimum_share=1.5), "minimum_share is 0 to 1, not 1.5"),
        (lambda: capacity_cost_usd([-1], 5), "load_mw holds a negative number"),
        (lambda: capacity_cost_usd([1], -5), "usd_per_mw_day"),
        (lambda: seasonal_capacity_cost_usd(1, {"summer": 1}, {"winter": 92}), "seasons .* differ"),
        (lambda: seasonal_capacity_cost_usd(1, [1, 2], [92]), "seasons .* differ"),
        (lambda: seasonal_capacity_cost_usd(1, [1, -2], [92, 92]), "usd_per_mw_day holds a negative number"),
        (lambda: equal_revenue_rate(-1, [1], [1]), "usd_per_kw_year holds a negative number"),
        (lambda: equal_revenue_rate(1, [1], [0]), "nothing to share"),
        (lambda: average_and_excess_share(-1, 2, **SYSTEM), "average_mw holds a negative number"),
        (lambda: average_and_excess_share(1, 2, **{**SYSTEM, "system_average_mw": 0}), "mean is over 0"),
        (lambda: average_and_excess_share(1, 2, **{**SYSTEM, "system_peak_mw": 4000}), "no larger than its peak"),
        (lambda: average_and_excess_share(180, 200, **{**SYSTEM, "total_excess_mw": 3}), "include those of the load"),
        (lambda: contribution_usd(-1), "direct_usd is -1; it is 0 or more"),
        (lambda: contribution_usd(1, network_share=2), "network_share is 0 to 1, not 2"),
        (lambda: tax_gross_up(1.0, 0.5), "tax rate is 0 to under 1"),
        (lambda: tax_gross_up(0.2, 1.5), "depreciation 0 to 1"),
        (lambda: annual_charges_usd(-1, **UPGRADE), "upgrade_usd is -1; it is 0 or more"),
        (lambda: annual_charges_usd(1, **{**UPGRADE, "system_peak_mw": 100}), "includes the load"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_or_charged_is_refused_in_words(call, said):
    with pytest.raises(ValueError, match=said):
        call()
