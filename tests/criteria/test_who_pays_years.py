"""Who pays over the years: a contract's cost, present values, and what an exit leaves to other customers."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.cost import exposure, years
from powerwall.criteria.cost.exposure import exit_fee_usd, exposure_usd, stranded_usd
from powerwall.criteria.cost.years import (
    capital_recovery_factor,
    cost_of_power,
    levelised_usd_per_mwh,
    npv_usd,
)

NAN = math.nan
PRICES = {"transmission": 5.0, "distribution": 1.5, "generation": 8.0}
LEAST = {"transmission": 0.85, "distribution": 0.85, "generation": 0.6}
CONTRACT, METERED = [100, 200] + [300] * 13, [60, 150, 270] + [300] * 12
TERMS = {
    "load_factor": 0.9, "energy_usd_per_mwh": 40.0, "rider_usd_per_mwh": 3.0, "demand_usd_per_kw_month": PRICES, "minimum_share": LEAST,
    "fixed_usd_per_month": 10_000, "collateral_months": 24, "collateral_fee_per_year": 0.012,
}  # fmt: skip
COLUMNS = ["contract_mw", "metered_peak_mw", "mwh", "energy_usd", "transmission_usd", "distribution_usd", "generation_usd", "fixed_usd",
           "collateral_fee_usd", "shortfall_usd", "total_usd"]  # fmt: skip
EXIT = {"minimum_bill_usd_per_month": 2e6, "term_years": 12, "exit_year": 5}
MONEY, SHARE, MW = st.floats(0, 1e9), st.floats(0, 1), st.floats(0, 1000)


# --------------------------------------------------------------------------------- years, by hand
def test_the_published_contract_of_fifteen_years_to_the_last_digit(shared):
    case = json.loads((shared / "cases" / "tariffs" / "H05.json").read_text(encoding="utf-8"))
    inputs, expected = case["inputs"], case["expected"]
    same = ("energy_usd_per_mwh", "rider_usd_per_mwh", "demand_usd_per_kw_month", "minimum_share", "fixed_usd_per_month", "collateral_months",
            "collateral_fee_per_year", "hours_per_year")  # fmt: skip
    table = cost_of_power(
        inputs["contract_mw"], inputs["metered_peak_mw"], load_factor=inputs["load_factor_of_peak"], **{key: inputs[key] for key in same}
    )  # fmt: skip
    rows = pd.DataFrame(expected["years"]).set_index("year").astype(float)
    pd.testing.assert_frame_equal(table, rows, check_like=True, check_index_type=False, rtol=1e-9, atol=0)  # fmt: skip
    rate, cash = inputs["discount_rate"], inputs["contribution_usd_year0"]
    least = years.minimum_bill_usd_per_month(inputs["contract_mw"][-1], inputs["demand_usd_per_kw_month"], inputs["minimum_share"], inputs["fixed_usd_per_month"])  # fmt: skip
    full = years.first_full_year(table["metered_peak_mw"])
    worth = npv_usd(table["mwh"], rate)
    found = {
        "minimum_bill_usd_per_month": least, "collateral_usd": years.collateral_usd(months=inputs["collateral_months"], minimum_bill_usd_per_month=least),
        "npv_usd": npv_usd(table["total_usd"], rate, upfront_usd=cash), "pv_mwh": worth,
        "levelised_usd_per_mwh": levelised_usd_per_mwh(table["total_usd"], table["mwh"], rate, upfront_usd=cash),
        "levelised_contribution_usd_per_mwh": cash / worth, "first_full_year": full,
        "first_full_year_usd_per_mwh": table.loc[full, "total_usd"] / table.loc[full, "mwh"],
    }  # fmt: skip
    assert found.keys() == expected.keys() - {"years"}
    for key, value in found.items():
        assert value == pytest.approx(expected[key], rel=1e-9), key


def test_fifteen_years_by_hand():
    table = cost_of_power(CONTRACT, METERED, **TERMS)
    assert table.index.name == "year"
    assert table.index.tolist() == list(range(1, 16))
    assert table.columns.tolist() == COLUMNS
    first = [100, 60, 473_040, 20_340_720, 5_100_000, 1_530_000, 5_760_000, 120_000, 894_960, 1_950_000, 33_745_680]  # fmt: skip
    assert table.loc[1].tolist() == pytest.approx(first)
    assert table["shortfall_usd"].tolist() == pytest.approx([1_950_000, 1_560_000] + [0] * 13)
    totals = [33_745_680, 79_526_760, 139_528_200] + [154_918_560] * 12
    assert table["total_usd"].tolist() == pytest.approx(totals)


def test_the_present_value_of_fifteen_years_by_hand():
    table = cost_of_power(CONTRACT, METERED, **TERMS)
    worth = npv_usd(table["mwh"], 0.08)
    assert npv_usd(table["total_usd"], 0.08, upfront_usd=45e6) == pytest.approx(1_181_971_320.73, abs=0.01)  # fmt: skip
    assert worth == pytest.approx(17_291_232.90, abs=0.01)
    assert npv_usd([121.0], 0.21, upfront_usd=5, mid_year=True) == pytest.approx(5 + 121 / 1.1)
    price = levelised_usd_per_mwh(table["total_usd"], table["mwh"], 0.08, upfront_usd=45e6)
    assert (price, 45e6 / worth) == pytest.approx((68.3567, 2.6025), abs=5e-5)
    full = table.loc[years.first_full_year(METERED)]
    assert full["total_usd"] / full["mwh"] == pytest.approx(65.4991, abs=5e-5)


def test_minimum_bill_and_security_by_hand():
    least = years.minimum_bill_usd_per_month(300, PRICES, LEAST, 10_000)
    assert least == pytest.approx(3_107_500)
    security = years.collateral_usd(months=24, minimum_bill_usd_per_month=least)
    assert (security, 0.012 * security) == pytest.approx((74_580_000, 894_960))
    assert years.collateral_usd(usd_per_mw=250_000, contract_mw=300) == pytest.approx(75e6)
    assert years.collateral_usd(share_of_exit_fee=0.5, exit_fee_usd=72e6) == pytest.approx(36e6)


def test_the_shortfall_of_two_years_is_worth_less_than_its_sum():
    table = cost_of_power(CONTRACT, METERED, **TERMS)
    found = years.shortfall_pv_usd(table["shortfall_usd"], 0.08)
    assert found == pytest.approx(1_950_000 / 1.08 + 1_560_000 / 1.08**2)


def test_without_minimum_or_security_a_contract_that_is_not_known_does_not_matter():
    table = cost_of_power([100, NAN], [60, 60], load_factor=0.9, energy_usd_per_mwh=40, demand_usd_per_kw_month={"generation": 1.0})  # fmt: skip
    assert table["total_usd"].tolist() == pytest.approx([19_641_600, 19_641_600])
    held = cost_of_power([100, NAN], [60, 60], **TERMS)
    assert held["total_usd"].isna().all()


@pytest.mark.parametrize(("metered", "year"), [([60, 150, 270, 300, 300], 4), ([300], 1), ([300, 310, 300], 1), ([60, 310, 300], 3)])  # fmt: skip
def test_the_first_full_year_is_the_first_that_takes_what_the_last_takes(metered, year):
    assert years.first_full_year(metered) == year


# ----------------------------------------------------------------------- years, for any numbers
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MW, MW), min_size=1, max_size=6), st.tuples(SHARE, SHARE).map(sorted), st.floats(0, 500), st.floats(0, 24))  # fmt: skip
def test_a_cost_rises_with_the_minimum_and_with_the_contract(plan, shares, more, months):
    contract, metered = (np.array(one) for one in zip(*plan, strict=True))

    def totals(share, mw):
        terms = {**TERMS, "minimum_share": {"generation": share}, "collateral_months": months}
        return cost_of_power(mw, metered, **terms)["total_usd"].to_numpy()

    low, high = (totals(share, contract) for share in shares)
    assert (low <= high * (1 + 1e-12)).all()
    assert (low <= totals(shares[0], contract + more) * (1 + 1e-12)).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MW, MW), min_size=1, max_size=6), SHARE)
def test_a_minimum_costs_nothing_where_as_much_is_metered(plan, share):
    contract, metered = (np.array(one) for one in zip(*plan, strict=True))
    bound = cost_of_power(contract, metered, **{**TERMS, "minimum_share": dict.fromkeys(PRICES, share)})  # fmt: skip
    plain = cost_of_power(contract, metered, **{**TERMS, "minimum_share": {}})
    enough = metered >= share * contract
    assert (bound["shortfall_usd"][enough] == 0).all()
    assert (bound["shortfall_usd"] >= 0).all()
    assert plain["generation_usd"].to_numpy() == pytest.approx(8.0 * 12_000 * metered)
    demand = [f"{name}_usd" for name in PRICES]
    over = (bound[demand] - plain[demand]).sum(axis=1)
    assert over.to_numpy() == pytest.approx(bound["shortfall_usd"].to_numpy(), abs=1e-3)
    parts = bound[["energy_usd", *demand, "fixed_usd", "collateral_fee_usd"]].sum(axis=1)
    assert bound["total_usd"].to_numpy() == pytest.approx(parts.to_numpy())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MONEY, st.floats(1, 1e7)), min_size=1, max_size=20), MONEY, st.floats(0, 0.2), st.floats(0.1, 10), st.booleans())  # fmt: skip
def test_a_present_value_without_interest_is_a_sum_and_a_levelised_cost_lies_between_the_years(
    plan, upfront, rate, factor, mid
):
    cost, mwh = (np.array(one) for one in zip(*plan, strict=True))
    assert npv_usd(cost, 0.0, upfront_usd=upfront, mid_year=mid) == pytest.approx(upfront + cost.sum())  # fmt: skip
    price = levelised_usd_per_mwh(cost, mwh, rate, mid_year=mid)
    each = cost / mwh
    assert each.min() * (1 - 1e-9) <= price <= each.max() * (1 + 1e-9)
    whole = levelised_usd_per_mwh(cost, mwh, rate, upfront_usd=upfront, mid_year=mid)
    scaled = levelised_usd_per_mwh(factor * cost, mwh, rate, upfront_usd=factor * upfront, mid_year=mid)  # fmt: skip
    assert scaled == pytest.approx(factor * whole)


# --------------------------------------------------------------------------------- exits, by hand
@pytest.mark.parametrize(
    ("kind", "options", "fee", "collateral", "pays", "defaults"),
    [
        ("months_of_minimum", {"months": 36}, 72e6, 48e6, (26.4375e6, 0.731), (50.4375e6, 0.488)),
        ("remaining_minimum", {}, 168e6, 48e6, (0.0, 168 / 98.4375), (50.4375e6, 0.488)),
        ("none", {}, 0.0, 48e6, (98.4375e6, 0.0), (98.4375e6, 0.0)),
    ],
)  # fmt: skip
def test_an_exit_after_five_of_twelve_years_by_hand(kind, options, fee, collateral, pays, defaults):
    assert stranded_usd(150e6, book_life_years=40, exit_year=5) == 131.25e6
    stranded = stranded_usd(150e6, book_life_years=40, exit_year=5, reuse_share=0.25)
    found = exit_fee_usd(kind, **EXIT, **options)
    assert (stranded, found) == (98.4375e6, fee)
    for state, (carried, coverage) in ((True, pays), (False, defaults)):
        assert exposure_usd(stranded, found, collateral, pays=state) == pytest.approx(carried)
        back = exposure.recovered_usd(found, collateral, pays=state)
        assert exposure.coverage_share(stranded, back) == pytest.approx(coverage, abs=5e-4)


def test_an_exposure_on_the_energy_of_others_by_hand():
    assert capital_recovery_factor(0.08, 20) == pytest.approx(0.1018522, abs=5e-8)
    assert 26.4375e6 * capital_recovery_factor(0.08, 20) == pytest.approx(2.6927e6, abs=50)
    per_mwh = exposure.per_mwh_usd(26.4375e6, 0.08, 20, 12e6)
    assert (per_mwh, 9 * per_mwh) == pytest.approx((0.2244, 2.02), abs=5e-3)


@pytest.mark.parametrize(
    ("kind", "options", "fee"),
    [
        ("remaining_minimum", {"discount_rate": 0.08}, 24e6 * (1 - 1.08**-7) / 0.08),
        ("remaining_minimum", {"discount_rate": 0.0}, 168e6),
        ("remaining_minimum", {"exit_year": 12, "discount_rate": 0.08}, 0.0),
        ("months_of_minimum", {"exit_year": 11, "months": 36}, 24e6),
        ("share_of_demand_charges", {"share": 0.8, "demand_charges_usd_per_month": 3e6}, 0.8 * 84 * 3e6),
        ("net_book_value", {"investment_usd": 150e6, "book_life_years": 40}, 131.25e6),
        ("fee", {"fee_usd": 5e6, "mitigation_credit_usd": 2e6}, 3e6),
        ("fee", {"fee_usd": 5e6, "mitigation_credit_usd": 6e6}, 0.0),
        ("none", {"minimum_bill_usd_per_month": NAN, "mitigation_credit_usd": NAN}, 0.0),
    ],
)  # fmt: skip
def test_each_kind_of_exit_fee_by_hand(kind, options, fee):
    assert exit_fee_usd(kind, **{**EXIT, **options}) == pytest.approx(fee)


def curve(collateral=48e6):
    fees = [12 * 2e6 * (12 - year) for year in range(1, 13)]
    return exposure.exposure_by_exit_year(150e6, book_life_years=40, exit_fee_usd=fees, collateral_usd=collateral, reuse_share=0.25)  # fmt: skip


def test_the_curve_over_the_years_has_both_states_and_what_they_cover():
    table = curve()
    assert table.index.name == "exit_year"
    assert table.columns.tolist() == ["net_book_usd", "stranded_usd", "exit_fee_usd", "pays_usd", "defaults_usd", "coverage_pays", "coverage_defaults"]  # fmt: skip
    year = table.loc[5]
    assert (year["net_book_usd"], year["stranded_usd"], year["exit_fee_usd"]) == pytest.approx((131.25e6, 98.4375e6, 168e6))  # fmt: skip
    assert (year["pays_usd"], year["defaults_usd"]) == pytest.approx((0, 50.4375e6))
    assert year["coverage_defaults"] == pytest.approx(0.488, abs=5e-4)
    assert year["coverage_pays"] >= 1
    assert (
        table.loc[12, "defaults_usd"] == table.loc[12, "stranded_usd"]
    )  # no fee is left to secure


def test_the_cover_year_is_the_first_with_nothing_to_carry():
    assert exposure.cover_year([5.0, 0.0, 3.0]) == 2
    assert exposure.cover_year(curve()["pays_usd"]) == 1
    assert exposure.cover_year(curve()["defaults_usd"]) is None
    assert math.isnan(exposure.cover_year([NAN, 0.0]))  # the first year may be it already
    assert exposure.cover_year([0.0, NAN]) == 1


def test_expected_exposure_weighs_years_and_states_and_leaves_the_odds_to_the_caller():
    found = exposure.expected_exposure_usd([10, 20], [30, 40], hazard=[0.1, 0.2], default_share=0.25, rate=0.08)  # fmt: skip
    assert found == pytest.approx(0.1 * 15 / 1.08 + 0.2 * 25 / 1.08**2)
    with pytest.raises(TypeError, match="hazard"):
        exposure.expected_exposure_usd([10], [30], rate=0.08)


def test_the_gap_before_an_exit_is_what_demand_charges_do_not_earn():
    total, positive = exposure.revenue_gap_usd(100e6, 0.12, [10e6, 16e6], 0.08)
    assert total == pytest.approx(2e6 / 1.08 - 4e6 / 1.08**2)
    assert positive == pytest.approx(2e6 / 1.08)


# ------------------------------------------------------------------------ exits, for any numbers
@settings(max_examples=80, deadline=None)
@given(MONEY, MONEY, st.tuples(MONEY, MONEY).map(sorted), st.tuples(SHARE, SHARE).map(sorted), st.floats(0, 60))  # fmt: skip
def test_an_exposure_is_within_what_is_stranded_and_a_default_is_no_better(
    investment, fee, securities, reuse, year
):
    more, less = (stranded_usd(investment, book_life_years=40, exit_year=year, reuse_share=one) for one in reuse)  # fmt: skip
    pays, defaults = (exposure_usd(more, fee, securities[0], pays=state) for state in (True, False))
    assert 0 <= pays <= defaults <= more <= investment
    assert exposure_usd(more, fee, securities[1], pays=False) <= defaults
    assert exposure_usd(more, fee, securities[1], pays=True) == pays
    for state, before in ((True, pays), (False, defaults)):
        assert exposure_usd(less, fee, securities[0], pays=state) <= before


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.floats(0, 200), st.floats(0, 200)).map(sorted), st.floats(0, 12), st.floats(0, 1e8), MONEY)  # fmt: skip
def test_more_months_to_pay_never_expose_others_more(months, year, bill, security):
    terms = {"minimum_bill_usd_per_month": bill, "term_years": 12, "exit_year": year}
    few, many = (exit_fee_usd("months_of_minimum", **terms, months=one) for one in months)
    assert few <= many <= exit_fee_usd("remaining_minimum", **terms) * (1 + 1e-12)
    for state in (True, False):
        assert exposure_usd(1e9, many, security, pays=state) <= exposure_usd(1e9, few, security, pays=state)  # fmt: skip


def test_arrays_of_years_and_of_sites_broadcast():
    stranded = stranded_usd(np.array([[150e6], [300e6]]), book_life_years=40, exit_year=np.arange(1, 13), reuse_share=0.25)  # fmt: skip
    assert stranded.shape == (2, 12)
    found = exposure_usd(stranded, np.full(12, 72e6), 48e6, pays=False)
    assert found.shape == (2, 12)
    assert found[0, 4] == pytest.approx(50.4375e6)


def test_an_unknown_security_does_not_matter_where_the_fee_is_paid():
    assert exposure_usd(98.4375, 72.0, NAN, pays=True) == pytest.approx(26.4375)


# ----------------------------------------------------------------------- what is unknown or wrong
def year_of(**given_):
    return cost_of_power([100], [60], **{**TERMS, **given_})["total_usd"].iloc[0]


@pytest.mark.parametrize(
    "value",
    [
        *(year_of(**{key: NAN}) for key in TERMS if isinstance(TERMS[key], int | float)),
        year_of(demand_usd_per_kw_month={**PRICES, "generation": NAN}), year_of(minimum_share={**LEAST, "generation": NAN}),
        cost_of_power([100], [NAN], **TERMS)["total_usd"].iloc[0], years.minimum_bill_usd_per_month(NAN, PRICES, LEAST),
        years.minimum_bill_usd_per_month(300, PRICES, {"generation": NAN}), years.collateral_usd(months=NAN, minimum_bill_usd_per_month=1), years.collateral_usd(months=24),
        npv_usd([1, NAN], 0.08), npv_usd([1], NAN), npv_usd([1], 0.08, upfront_usd=NAN), levelised_usd_per_mwh([NAN], [1], 0.08),
        levelised_usd_per_mwh([1], [NAN], 0.08), levelised_usd_per_mwh([1], [0], 0.08), years.carried_usd([1], [NAN], 0.08), years.shortfall_pv_usd([NAN], 0.08),
        years.first_full_year([NAN, 300]), years.first_full_year([60, NAN]), exit_fee_usd("remaining_minimum", **{**EXIT, "minimum_bill_usd_per_month": NAN}),
        exit_fee_usd("remaining_minimum", **{**EXIT, "term_years": NAN}), exit_fee_usd("remaining_minimum", **EXIT, discount_rate=NAN),
        exit_fee_usd("months_of_minimum", **EXIT, months=NAN), exit_fee_usd("months_of_minimum", **{**EXIT, "term_years": NAN}, months=36),
        exit_fee_usd("share_of_demand_charges", **EXIT, share=0.8), exit_fee_usd("net_book_value", **EXIT, investment_usd=1e6),
        exit_fee_usd("fee", **EXIT), exit_fee_usd("fee", **EXIT, fee_usd=5e6, mitigation_credit_usd=NAN),
        stranded_usd(NAN, book_life_years=40, exit_year=5), stranded_usd(1, book_life_years=NAN, exit_year=5),
        stranded_usd(1, book_life_years=40, exit_year=5, reuse_share=NAN), exposure_usd(NAN, 1, 1, pays=True), exposure_usd(1, NAN, 1, pays=True),
        exposure_usd(1, 1, NAN, pays=False), exposure.coverage_share(NAN, 1), exposure.coverage_share(1, NAN),
        exposure.expected_exposure_usd([1], [2], hazard=[NAN], default_share=0.1, rate=0.08), exposure.expected_exposure_usd([1], [2], hazard=[0.1], default_share=NAN, rate=0.08),
        *exposure.revenue_gap_usd(NAN, 0.12, [1], 0.08), exposure.per_mwh_usd(NAN, 0.08, 20, 1), exposure.per_mwh_usd(1, 0.08, 20, NAN),
    ],
)  # fmt: skip
def test_an_answer_from_something_unknown_is_unknown(value):
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cost_of_power([1, 2], [1], **TERMS), "one number for each year"), (lambda: cost_of_power([], [], **TERMS), "one number for each year"),
        (lambda: cost_of_power([-1], [1], **TERMS), "contract_mw is 0 or more"),
        (lambda: cost_of_power([1], [-1], **TERMS), "metered_peak_mw is 0 or more"), (lambda: year_of(load_factor=1.5), "load_factor is 0 to 1, not 1.5"),
        (lambda: year_of(collateral_months=-1), "collateral_months is 0 or more"),
        (lambda: year_of(demand_usd_per_kw_month={**PRICES, "generation": -1}), "price of generation is 0 or more"),
        (lambda: year_of(demand_usd_per_kw_month={"energy": 1}, minimum_share={}), "a name of its own, not energy"),
        (lambda: year_of(minimum_share={"capacity": 0.5}), "a minimum without a price: capacity"),
        (lambda: year_of(minimum_share={"generation": 1.5}), "a minimum share is 0 to 1"),
        (lambda: years.minimum_bill_usd_per_month(-1, PRICES, LEAST), "contract_mw is 0 or more"), (years.collateral_usd, "states the security"),
        (lambda: years.collateral_usd(months=24, usd_per_mw=1), "states the security"),
        (lambda: years.collateral_usd(months=-1, minimum_bill_usd_per_month=1), "0 or more"), (lambda: npv_usd([1], -1), "no present value at a rate of -1"),
        (lambda: levelised_usd_per_mwh([1], [1, 2], 0.08), "one number for each year"),
        (lambda: levelised_usd_per_mwh([1], [-1], 0.08), "mwh is 0 or more"), (lambda: years.carried_usd([1], [-1], 0.08), "counts back from energisation"),
        (lambda: years.carried_usd([1], [1], -1), "no cash is carried"), (lambda: years.shortfall_pv_usd([-1], 0.08), "shortfall_usd is 0 or more"),
        (lambda: years.first_full_year([]), "holds no year"), (lambda: years.first_full_year([-1]), "metered_mw is 0 or more"),
        (lambda: exit_fee_usd("whim", **EXIT), "no exit fee of kind `whim`; known: remaining_minimum, months_of_minimum"),
        (lambda: exit_fee_usd("none", **{**EXIT, "exit_year": 13}), "year 13 is not within a contract of 12 years"),
        (lambda: exit_fee_usd("months_of_minimum", **EXIT), "needs months, 0 or more"),
        (lambda: exit_fee_usd("months_of_minimum", **EXIT, months=-1), "needs months, 0 or more"),
        (lambda: exit_fee_usd("fee", **EXIT, fee_usd=-5), "fee_usd is 0 or more"),
        (lambda: exit_fee_usd("remaining_minimum", **{**EXIT, "minimum_bill_usd_per_month": -1}), "minimum_bill_usd_per_month is 0 or more"),
        (lambda: stranded_usd(-1, book_life_years=40, exit_year=5), "investment_usd is 0 or more"),
        (lambda: stranded_usd(1, book_life_years=0, exit_year=5), "a book life over 0"),
        (lambda: stranded_usd(1, book_life_years=40, exit_year=-1), "exit_year is 0 or more"),
        (lambda: stranded_usd(1, book_life_years=40, exit_year=5, reuse_share=2), "used again is 0 to 1"),
        (lambda: exposure_usd(-1, 1, 1, pays=True), "stranded_usd is 0 or more"),
        (lambda: exposure_usd(1, 1, -1, pays=False), "collateral_usd is 0 or more"),
        (lambda: exposure.recovered_usd(-1, 1, pays=True), "exit_fee_usd is 0 or more"), (lambda: exposure.cover_year([-1]), "exposure is 0 or more"),
        (lambda: exposure.expected_exposure_usd([1], [1], hazard=[1.2], default_share=0.5, rate=0.0), "odds of an exit"),
        (lambda: exposure.expected_exposure_usd([1, 1], [1, 1], hazard=0.6, default_share=0.5, rate=0.0), "odds of an exit"),
        (lambda: exposure.expected_exposure_usd([1, 1], [1], hazard=[0.1], default_share=0.5, rate=0.0), "one number for each year"),
        (lambda: exposure.revenue_gap_usd(-1, 0.12, [1], 0.08), "investment_usd is 0 or more"),
        (lambda: exposure.per_mwh_usd(-1, 0.08, 20, 1), "exposure_usd is 0 or more"), (lambda: exposure.per_mwh_usd(1, 0.08, 20, 0), "retail_mwh is over 0"),
    ],
)  # fmt: skip
def test_years_and_exits_that_cannot_be_are_refused_in_words(call, said):
    with pytest.raises(ValueError, match=said):
        call()
