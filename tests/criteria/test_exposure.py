"""Who pays: published allocations, upgrades, exits and exposures, and the properties of each."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.cost import allocation, exposure, upgrades, years

MONEY = st.floats(0, 1e9)


def case(shared, name):
    return json.loads((shared / "cases" / "tariffs" / f"{name}.json").read_text(encoding="utf-8"))


def test_four_and_twelve_peaks_of_the_published_case(shared):
    found = case(shared, "H01")
    inputs, expected = found["inputs"], found["expected"]
    load, system = (
        np.array(inputs[key], dtype=float) for key in ("load_at_peak_mw", "system_peak_mw")
    )
    summer = [month - 1 for month in inputs["summer_months"]]
    rate = inputs["usd_per_kw_year_4cp"]
    twelve = allocation.equal_revenue_rate(rate, system[summer], system)
    least = {key: inputs[key] for key in ("contract_mw", "minimum_share")}
    told = {
        "cost_4cp_usd": allocation.coincident_cost_usd(load[summer], rate), "share_4cp": allocation.coincident_share(load[summer], system[summer]),
        "share_12cp": allocation.coincident_share(load, system), "usd_per_kw_year_12cp": twelve,
        "cost_12cp_usd": allocation.coincident_cost_usd(load, twelve),
        "cost_12cp_with_minimum_usd": allocation.coincident_cost_usd(load, twelve, **least),
    }  # fmt: skip
    for key, value in told.items():
        assert value == pytest.approx(expected[key], rel=1e-9), key


def test_the_published_contract_of_fifteen_years(shared):
    found = case(shared, "H05")
    given_, expected = found["inputs"], found["expected"]
    table = years.cost_of_power(
        given_["contract_mw"], given_["metered_peak_mw"], load_factor=given_["load_factor_of_peak"], energy_usd_per_mwh=given_["energy_usd_per_mwh"],
        rider_usd_per_mwh=given_["rider_usd_per_mwh"], demand_usd_per_kw_month=given_["demand_usd_per_kw_month"],
        minimum_share=given_["minimum_share"], fixed_usd_per_month=given_["fixed_usd_per_month"], collateral_months=given_["collateral_months"],
        collateral_fee_per_year=given_["collateral_fee_per_year"], hours_per_year=given_["hours_per_year"],
    )  # fmt: skip
    for row in expected["years"]:
        for column, value in row.items():
            if column != "year":
                assert table.loc[row["year"], column] == pytest.approx(value, rel=1e-9, abs=0.01)
    cash = {"upfront_usd": given_["contribution_usd_year0"]}
    cost, mwh, rate = table["total_usd"], table["mwh"], given_["discount_rate"]
    assert years.npv_usd(cost, rate, **cash) == pytest.approx(expected["npv_usd"], abs=0.01)
    assert years.npv_usd(mwh, rate) == pytest.approx(expected["pv_mwh"], rel=1e-9)
    assert years.levelised_usd_per_mwh(cost, mwh, rate, **cash) == pytest.approx(
        expected["levelised_usd_per_mwh"], rel=1e-9
    )


# ------------------------------------------------------------------------------------- allocation
def test_average_and_excess_by_hand():
    share = allocation.average_and_excess_share(
        180, 200, system_average_mw=4200, system_peak_mw=7000, total_excess_mw=3500
    )
    assert share == pytest.approx(0.028)
    assert allocation.coincident_share(190, 7000) == pytest.approx(0.0271429, rel=1e-5)


def test_capacity_by_hand():
    usd = allocation.capacity_cost_usd(
        [148, 152, 150, 149, 151], 333.44, pool_requirement=0.917, scaling=1.02
    )
    assert usd == pytest.approx(17_075_417, abs=1)
    seasons = {"summer": (30, 92), "autumn": (15, 91), "winter": (0.75, 90), "spring": (34.10, 92)}
    prices, days = ({name: pair[at] for name, pair in seasons.items()} for at in (0, 1))
    assert allocation.seasonal_capacity_cost_usd(120, prices, days) == pytest.approx(879_564)
    with pytest.raises(ValueError, match="seasons"):
        allocation.seasonal_capacity_cost_usd(120, prices, {"summer": 92})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(1, 5000), min_size=2, max_size=6),
    st.lists(st.floats(0.2, 1), min_size=6, max_size=6),
)
def test_the_shares_of_all_classes_add_up_to_one(peaks, factors):
    average = [p * f for p, f in zip(peaks, factors, strict=False)]
    excess = sum(max(0.0, p - a) for p, a in zip(peaks, average, strict=True))
    system = {
        "system_average_mw": sum(average),
        "system_peak_mw": sum(peaks),
        "total_excess_mw": excess,
    }
    both = sum(
        allocation.average_and_excess_share(a, p, **system)
        for a, p in zip(average, peaks, strict=True)
    )
    flat = excess == 0  # no excess to share: the part by excess goes to nobody
    assert both == pytest.approx(sum(average) / sum(peaks) if flat else 1.0)
    assert sum(allocation.coincident_share(p, sum(peaks)) for p in peaks) == pytest.approx(1)
    others = [[q for at, q in enumerate(peaks) if at != one] for one in range(len(peaks))]
    assert sum(
        allocation.non_coincident_share(p, rest) for p, rest in zip(peaks, others, strict=True)
    ) == pytest.approx(1)
    assert sum(allocation.energy_share([p], [sum(peaks)], 30.0) for p in peaks) == pytest.approx(1)


@given(st.lists(st.floats(0, 5000), min_size=4, max_size=4), st.floats(0, 1), st.floats(0, 5000))
def test_a_minimum_never_lowers_a_coincident_cost(load, share, contract):
    cost = allocation.coincident_cost_usd(load, 70.0)
    assert (
        allocation.coincident_cost_usd(load, 70.0, minimum_share=share, contract_mw=contract)
        >= cost
    )
    assert cost <= 70_000 * max(load) + 1e-6


@pytest.mark.parametrize(
    "call",
    [lambda: allocation.coincident_share([5], [3]), lambda: allocation.coincident_share([1, 2], [3]), lambda: allocation.coincident_share(-1, 3),
     lambda: allocation.energy_share([5], [3]), lambda: allocation.capacity_cost_usd([-1], 5),
     lambda: allocation.average_and_excess_share(1, 2, system_average_mw=0, system_peak_mw=7, total_excess_mw=3)],
)  # fmt: skip
def test_an_allocation_that_cannot_be_is_an_error(call):
    with pytest.raises(ValueError, match=r"\w"):
        call()


def test_what_is_unknown_stays_unknown():
    assert math.isnan(allocation.coincident_cost_usd([math.nan, 1], 70))
    assert math.isnan(upgrades.contribution_usd(math.nan, allowance_usd=1e9))
    assert math.isnan(exposure.exposure_usd(math.nan, 1.0, 1.0, pays=True))
    assert math.isnan(
        exposure.exit_fee_usd(
            "remaining_minimum", minimum_bill_usd_per_month=math.nan, term_years=12, exit_year=5
        )
    )
    assert math.isnan(
        exposure.exit_fee_usd("fee", minimum_bill_usd_per_month=1, term_years=12, exit_year=5)
    )


# --------------------------------------------------------------------------------------- upgrades
def test_an_upgrade_by_hand():
    found = upgrades.annual_charges_usd(
        90e6, fixed_charge_rate=0.12, load_mw=200, embedded_usd_per_kw_year=45, system_peak_mw=6000
    )
    assert found.incremental_usd == pytest.approx(10.8e6)
    assert found.embedded_usd == pytest.approx(9e6)
    assert found.higher_of_usd == pytest.approx(10.8e6)
    assert (found.rolled_in_usd_per_kw_year, found.rolled_in_usd) == pytest.approx((45.3, 9.06e6))
    assert found.others_change_usd == pytest.approx(1.74e6)
    assert upgrades.contribution_usd(
        90e6, allowance_usd=150 * 200_000, tax_gross_up=upgrades.tax_gross_up(0.25, 0.55)
    ) == pytest.approx(69e6)


@settings(max_examples=60, deadline=None)
@given(MONEY, st.floats(0, 0.3), st.floats(1, 1000), st.floats(0, 200), st.floats(1, 50_000))
def test_rolled_in_rates_collect_the_whole_requirement_and_others_pay_what_is_over(
    usd, rate, load, embedded, others
):
    found = upgrades.annual_charges_usd(
        usd,
        fixed_charge_rate=rate,
        load_mw=load,
        embedded_usd_per_kw_year=embedded,
        system_peak_mw=load + others,
    )
    paid_by_others = found.rolled_in_usd_per_kw_year * 1000 * others
    assert found.rolled_in_usd + paid_by_others == pytest.approx(
        embedded * 1000 * others + usd * rate, abs=1e-3
    )
    over = found.incremental_usd - found.embedded_usd
    if abs(over) > 1:
        assert np.sign(found.others_change_usd) == np.sign(over)


@pytest.mark.parametrize(
    "call",
    [lambda: upgrades.contribution_usd(-1), lambda: upgrades.contribution_usd(1, network_share=2), lambda: upgrades.tax_gross_up(1.0, 0.5),
     lambda: upgrades.annual_charges_usd(1, fixed_charge_rate=0.1, load_mw=10, embedded_usd_per_kw_year=1, system_peak_mw=5)],
)  # fmt: skip
def test_an_upgrade_that_cannot_be_is_an_error(call):
    with pytest.raises(ValueError, match=r"\w"):
        call()


# ------------------------------------------------------------------------------------------ exits
EXIT = {"minimum_bill_usd_per_month": 2e6, "term_years": 12, "exit_year": 5}


@pytest.mark.parametrize(
    ("kind", "options", "fee", "pays", "defaults"),
    [("months_of_minimum", {"months": 36}, 72e6, 26.4375e6, 50.4375e6), ("remaining_minimum", {}, 168e6, 0.0, 50.4375e6),
     ("none", {}, 0.0, 98.4375e6, 98.4375e6)],
)  # fmt: skip
def test_an_exit_in_both_states_by_hand(kind, options, fee, pays, defaults):
    found = exposure.exit_fee_usd(kind, **EXIT, **options)
    stranded = exposure.stranded_usd(150e6, book_life_years=40, exit_year=5, reuse_share=0.25)
    collateral = 0.0 if kind == "none" else 48e6
    assert (found, stranded) == (fee, 98.4375e6)
    assert exposure.exposure_usd(stranded, found, collateral, pays=True) == pytest.approx(pays)
    assert exposure.exposure_usd(stranded, found, collateral, pays=False) == pytest.approx(defaults)


def test_other_exit_fees_by_hand():
    assert exposure.exit_fee_usd("remaining_minimum", **EXIT, discount_rate=0.08) == pytest.approx(
        24e6 * (1 - 1.08**-7) / 0.08
    )
    assert (
        exposure.exit_fee_usd("months_of_minimum", **{**EXIT, "exit_year": 11}, months=36) == 24e6
    )  # no more than remains
    assert exposure.exit_fee_usd(
        "share_of_demand_charges", **EXIT, share=0.8, demand_charges_usd_per_month=3e6
    ) == pytest.approx(0.8 * 84 * 3e6)
    assert exposure.exit_fee_usd(
        "net_book_value", **EXIT, investment_usd=150e6, book_life_years=40
    ) == pytest.approx(131.25e6)
    assert exposure.exit_fee_usd("fee", **EXIT, fee_usd=5e6, mitigation_credit_usd=6e6) == 0
    assert exposure.per_mwh_usd(26.4375e6, 0.08, 20, 12e6) == pytest.approx(0.2244, abs=5e-5)


def test_the_curve_over_exit_years_has_both_states_and_the_year_from_which_it_is_covered():
    fees = [12 * 2e6 * (12 - year) for year in range(1, 13)]
    curve = exposure.exposure_by_exit_year(
        150e6, book_life_years=40, exit_fee_usd=fees, collateral_usd=48e6, reuse_share=0.25
    )
    assert curve.loc[5, "stranded_usd"] == pytest.approx(98.4375e6)
    assert curve.loc[5, "coverage_defaults"] == pytest.approx(48 / 98.4375)
    assert exposure.cover_year(curve["pays_usd"]) == 1
    assert exposure.cover_year(curve["defaults_usd"]) is None


@settings(max_examples=50, deadline=None)
@given(MONEY, MONEY, MONEY, MONEY, st.floats(0, 1), st.floats(0, 1))
def test_exposure_is_bounded_falls_with_security_and_is_worse_in_a_default(
    investment, fee, security, more, reuse, again
):
    low, high = min(reuse, again), max(reuse, again)
    stranded = exposure.stranded_usd(investment, book_life_years=40, exit_year=5, reuse_share=low)
    pays, defaults = (
        exposure.exposure_usd(stranded, fee, security, pays=state) for state in (True, False)
    )
    assert 0 <= pays <= defaults <= stranded
    assert exposure.exposure_usd(stranded, fee, security + more, pays=False) <= defaults
    less = exposure.stranded_usd(investment, book_life_years=40, exit_year=5, reuse_share=high)
    assert exposure.exposure_usd(less, fee, security, pays=False) <= defaults


def test_expected_exposure_weighs_exits_and_states():
    found = exposure.expected_exposure_usd(
        [10.0, 20.0], [30.0, 40.0], hazard=[0.1, 0.2], default_share=0.5, rate=0.0
    )
    assert found == pytest.approx(0.1 * 20 + 0.2 * 30)
    with pytest.raises(ValueError, match="odds"):
        exposure.expected_exposure_usd([1], [1], hazard=[1.2], default_share=0.5, rate=0.0)


def test_the_gap_before_an_exit_counts_demand_revenue_alone():
    total, positive = exposure.revenue_gap_usd(100e6, 0.12, [10e6, 14e6], 0.0)
    assert (total, positive) == pytest.approx((0.0, 2e6))


@pytest.mark.parametrize(
    "call",
    [lambda: exposure.exit_fee_usd("whim", **EXIT), lambda: exposure.exit_fee_usd("months_of_minimum", **EXIT),
     lambda: exposure.exit_fee_usd("none", **{**EXIT, "exit_year": 13}), lambda: exposure.stranded_usd(1, book_life_years=0, exit_year=1),
     lambda: exposure.stranded_usd(-1, book_life_years=10, exit_year=1), lambda: exposure.per_mwh_usd(1, 0.08, 20, 0)],
)  # fmt: skip
def test_an_exit_that_cannot_be_is_an_error(call):
    with pytest.raises(ValueError, match=r"\w"):
        call()


# ------------------------------------------------------------------------------------------ years
@settings(max_examples=50, deadline=None)
@given(st.lists(MONEY, min_size=1, max_size=20), MONEY, st.floats(0, 0.2), st.floats(0.1, 10))
def test_present_value_and_levelised_cost(cost, upfront, rate, factor):
    mwh = [1e6 + at for at in range(len(cost))]
    assert years.npv_usd(cost, 0.0, upfront_usd=upfront) == pytest.approx(upfront + sum(cost))
    price = years.levelised_usd_per_mwh(cost, mwh, rate)
    each = [usd / energy for usd, energy in zip(cost, mwh, strict=True)]
    assert min(each) - 1e-9 <= price <= max(each) + 1e-9
    scaled = years.levelised_usd_per_mwh([factor * usd for usd in cost], mwh, rate)
    assert scaled == pytest.approx(factor * price, abs=1e-9)
    assert years.npv_usd(cost, rate, mid_year=True) >= years.npv_usd(cost, rate) - 1e-6


def test_years_that_cannot_be_are_errors():
    for call in (
        lambda: years.npv_usd([1], -1), lambda: years.levelised_usd_per_mwh([1], [1, 2], 0.08), lambda: years.carried_usd([1], [-1], 0.08),
        lambda: years.cost_of_power([1, 2], [1], load_factor=1, energy_usd_per_mwh=1), lambda: years.cost_of_power([], [], load_factor=1, energy_usd_per_mwh=1),
        lambda: years.cost_of_power([1], [1], load_factor=1, energy_usd_per_mwh=1, minimum_share={"g": 0.5}),
        lambda: years.cost_of_power([1], [-1], load_factor=1, energy_usd_per_mwh=1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"\w"):
            call()
    assert math.isnan(years.levelised_usd_per_mwh([1], [0], 0.08))
