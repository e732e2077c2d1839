"""Taxes and incentives: hand checks of each instrument, windows by the day, and both cases where a condition is open."""

from __future__ import annotations

import math
from datetime import date

import pytest
from conftest import single
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.cost.fiscal import check_fiscal
from powerwall.criteria.cost.fiscal.account import EQUIPMENT, account, period
from powerwall.criteria.cost.fiscal.taxes import (
    abated_shares,
    capital_recovery_factor,
    consumption_tax_usd_per_mw_year,
    levelised,
    property_tax_usd_per_mw_year,
    real_property_tax_usd_per_mw_year,
    sales_tax_usd_per_mw_year,
    usd_per_mwh,
)
from powerwall.criteria.cost.fiscal.terms import chain, claimable, in_force, read_term
from powerwall.region.findings import Findings
from powerwall.region.request import Request

K, R, RATE, LF = 20e6, 5, 0.08, 0.85
SCHEDULE = (0.5, 0.4, 0.3, 0.2, 0.1)
AS_OF, NEED = date(2026, 8, 22), date(2031, 1, 1)
TAX, INCENTIVE = "tax_usd_per_mw_year", "incentive_usd_per_mw_year"


# ---------------------------------------------------------------------------------------- models
def test_a_recovery_factor_repays_one_over_five_years_at_eight_per_cent():
    assert capital_recovery_factor(RATE, R) == pytest.approx(0.250456, abs=5e-7)
    assert sum(
        capital_recovery_factor(RATE, R) / 1.08**year for year in range(1, 6)
    ) == pytest.approx(1)


def test_without_interest_the_years_share_evenly():
    assert capital_recovery_factor(0.0, 4) == 0.25
    assert capital_recovery_factor(1e-12, 4) == pytest.approx(0.25, rel=1e-9)


@pytest.mark.parametrize(("rate", "years"), [(0.08, 0), (0.08, -1), (-1, 5), (0.08, math.nan)])
def test_no_years_have_no_recovery_factor(rate, years):
    with pytest.raises(ValueError, match="no capital recovery factor"):
        capital_recovery_factor(rate, years)


def test_virginias_rate_on_twenty_million_is_the_hand_computed_sum_a_year():
    assert sales_tax_usd_per_mw_year(0.053, K, 0.0, 1, 0.0) == pytest.approx(1_060_000)
    yearly = sales_tax_usd_per_mw_year(0.053, K, 0.0, R, RATE)
    assert yearly == pytest.approx(265_484, abs=0.5)
    assert usd_per_mwh(yearly, LF) == pytest.approx(35.65, abs=0.005)


def test_a_property_tax_on_ageing_equipment_is_the_hand_computed_sum_a_year():
    assert property_tax_usd_per_mw_year(0.0415, K, SCHEDULE, R, 0.0) == pytest.approx(249_000)
    yearly = property_tax_usd_per_mw_year(0.0415, K, SCHEDULE, R, RATE)
    assert yearly == pytest.approx(261_743, abs=0.5)
    assert usd_per_mwh(yearly, LF) == pytest.approx(35.15, abs=0.005)


def test_a_tax_on_electricity_counts_the_months_inside():
    assert consumption_tax_usd_per_mw_year(0.011, 1.0) == pytest.approx(96_360)
    assert consumption_tax_usd_per_mw_year(0.011, LF) == pytest.approx(81_906)
    assert usd_per_mwh(81_906, LF) == pytest.approx(11)
    assert consumption_tax_usd_per_mw_year(0.011, LF, 6) == pytest.approx(81_906 / 2)
    assert consumption_tax_usd_per_mw_year(0.011, LF, 0) == 0
    with pytest.raises(ValueError, match="13 months"):
        consumption_tax_usd_per_mw_year(0.011, LF, 13)


def test_an_abatement_of_real_property_ends_with_its_years():
    assert abated_shares(0.5, 24, 4).tolist() == [0.5, 0.5, 0, 0]
    found = real_property_tax_usd_per_mw_year(0.01, 1e6, abated_shares(0.5, 24, 4), 0.0)
    assert found == pytest.approx((5_000 + 5_000 + 10_000 + 10_000) / 4)
    early = real_property_tax_usd_per_mw_year(0.01, 1e6, [1, 0, 0, 0], RATE)
    late = real_property_tax_usd_per_mw_year(0.01, 1e6, [0, 0, 0, 1], RATE)
    assert early < late  # what is saved soon is worth more


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 0.2), st.floats(0, 1), st.integers(1, 8), st.integers(1, 5), st.floats(0, 0.2))
def test_equal_purchases_cost_the_same_a_year_however_many_there_are(rate, exempt, every, n, i):
    one = sales_tax_usd_per_mw_year(rate, K, exempt, every, i)
    assert sales_tax_usd_per_mw_year(rate, K, [exempt] * n, every, i) == pytest.approx(one)
    assert one == pytest.approx(rate * K * (1 - exempt) * capital_recovery_factor(i, every))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.floats(0, 0.3))
def test_a_levelised_sum_lies_between_the_least_and_the_most(flows, rate):
    assert min(flows) - 1e-6 <= levelised(flows, rate) <= max(flows) + 1e-6


def test_a_schedule_longer_than_the_refresh_stops_with_the_equipment():
    assert property_tax_usd_per_mw_year(0.04, K, [0.5, 0.4, 0.3], 2, RATE) == pytest.approx(
        property_tax_usd_per_mw_year(0.04, K, [0.5, 0.4], 2, RATE)
    )


# ----------------------------------------------------------------------------------------- terms
def term(acts=None, **cells):
    row = {"term_id": "t", "jurisdiction_id": "us-ks", "status": "verified", "as_of": "2026-07-01", "source_title": "made up", **cells}  # fmt: skip
    return read_term(row, acts or {})


def exemption(**cells):
    met = {"threshold_capex_usd": 0.0, "threshold_jobs": 0.0, "threshold_mw": 0.0, "exempt_share": 1.0}  # fmt: skip
    return term(**{"term_id": "x", "instrument": "sales_tax_exemption", **met, **cells})


SALES = {"instrument": "sales_tax", "rate_share": 0.053}


@pytest.mark.parametrize(
    ("cells", "day", "expected"),
    [
        ({}, date(2026, 1, 1), (True, True)),
        ({"effective_from": "2027-01-01"}, date(2026, 12, 31), (False, False)),
        ({"effective_from": "2027-01-01"}, date(2027, 1, 1), (True, True)),
        ({"effective_to": "2028-07-01"}, date(2028, 6, 30), (True, True)),
        ({"effective_to": "2028-07-01"}, date(2028, 7, 1), (False, False)),
        ({"sunset": "2035"}, date(2034, 12, 31), (True, True)),
        ({"sunset": "2035"}, date(2035, 6, 1), (False, True)),
        ({"sunset": "2035"}, date(2036, 1, 1), (False, False)),
        ({"sunset": "2035", "effective_to": "2030-01-01"}, date(2031, 1, 1), (False, False)),
        ({"effective_from": "2031"}, date(2031, 6, 1), (False, True)),
    ],
)
def test_a_term_holds_inside_its_window_and_a_partial_date_leaves_a_doubt(cells, day, expected):
    assert in_force(term(**cells), day)[:2] == expected


@pytest.mark.parametrize(("word", "holds"), [("pending", False), ("withdrawn", False), ("enacted", True), ("active", True)])  # fmt: skip
def test_a_term_whose_act_is_no_law_does_not_hold(word, holds):
    assert in_force(term({"act": word}, policy_id="act"), NEED).possible is holds


def claim(day=NEED, mw=300.0, **cells):
    return claimable(exemption(**cells), day, AS_OF, mw, EQUIPMENT)


@pytest.mark.parametrize(
    ("cells", "expected", "said"),
    [
        ({}, (True, True), ""),
        ({"threshold_mw": 300.0}, (True, True), ""),
        ({"threshold_mw": 301.0}, (False, False), "from 301 MW"),
        ({"threshold_mw": math.nan}, (False, True), "threshold of MW not known"),
        ({"threshold_capex_usd": 3e9}, (True, True), ""),
        ({"threshold_capex_usd": 6e9}, (False, True), "not certain"),
        ({"threshold_capex_usd": 13e9}, (False, False), "needs an investment"),
        ({"threshold_jobs": math.nan}, (False, True), "threshold of jobs not known"),
        ({"threshold_jobs": 50.0}, (False, True), "50 jobs not known"),
        ({"status": "unverified"}, (False, True), "unverified"),
        ({"certificate_by": "2026-08-21"}, (False, False), "only until 2026-08-21"),
        ({"certificate_by": "2026-08"}, (False, True), "only until 2026-08"),
        ({"certificate_by": "2033-12-31"}, (True, True), ""),
        ({"paused": "no"}, (True, True), ""),
        ({"paused": "unknown"}, (False, True), "not known whether"),
        ({"paused": "new_certificates", "paused_from": "2026-05-27"}, (False, False), "paused from 2026-05-27"),
        ({"paused": "new_certificates", "paused_from": "2026-06-15", "paused_to": "2029-06"}, (True, True), ""),
        ({"paused": "new_certificates", "paused_from": "2026-06-15", "paused_to": "2031"}, (False, True), "paused from"),
        ({"paused": "new_certificates", "paused_from": "2026-06-15", "paused_to": "2029-06", "certificate_by": "2028"}, (False, False), "paused"),
        ({"paused": "new_certificates", "paused_from": "2027-01-01"}, (False, True), "paused from 2027-01-01"),
        ({"paused": "new_certificates", "paused_from": "2032-01-01"}, (True, True), ""),
        ({"paused": "all", "paused_from": "2026-01-01"}, (False, False), "paused from"),
        ({"paused": "all", "paused_from": "2026-01-01", "paused_to": "2030-01-01"}, (True, True), ""),
        ({"paused": "all"}, (False, False), "a day not stated"),
        ({"threshold_mw": math.nan, "sunset": "2030-01-01"}, (False, False), "ends 2030-01-01"),
    ],
)  # fmt: skip
def test_an_incentive_counts_only_where_its_conditions_are_known_to_be_met(cells, expected, said):
    found = claim(**cells)
    assert found[:2] == expected
    assert said in found.reason
    assert bool(found.reason) is not found.certain


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2029, 5, 31)])
def test_during_a_pause_that_began_before_the_request_no_certificate_can_be_had(day):
    assert not claim(day, paused="new_certificates", paused_from="2026-06-15", paused_to="2029-06").possible  # fmt: skip


def test_a_town_owes_its_county_its_state_and_its_country():
    assert chain("us-ks-town", {"us-ks-town": "us-ks-one"}) == ["us-ks-town", "us-ks-one", "us-ks", "us"]  # fmt: skip
    assert chain("ie-dublin-south", {}) == ["ie-dublin-south", "ie"]
    assert chain("a", {"a": "b", "b": "a"}) == ["a", "b"]


# --------------------------------------------------------------------------------------- account
def request(horizon=date(2036, 1, 1), mw=300.0):
    return Request(mw=mw, need_by=NEED, as_of=AS_OF, horizon=horizon)


def totals(terms, horizon=date(2036, 1, 1), in_stack=""):
    found = account(terms, request(horizon), period(NEED, horizon), in_stack)
    return tuple(sum(getattr(line, end) for line in lines) for lines in (found.taxes, found.incentives) for end in ("low", "high"))  # fmt: skip


def test_purchases_run_from_the_day_of_need_every_five_years_to_the_horizon():
    assert period(NEED, date(2036, 1, 1)).purchases == (NEED,)
    assert period(NEED, date(2036, 1, 2)).purchases == (NEED, date(2036, 1, 1))
    assert len(period(NEED, None).purchases) == 3
    assert period(NEED, NEED) is None
    assert period(date(2028, 2, 29), date(2034, 1, 1)).years[1] == date(2029, 2, 28)


def test_an_exemption_that_holds_takes_off_the_whole_tax():
    assert totals([term(**SALES), exemption()]) == pytest.approx((265_484,) * 4, abs=0.5)


def test_a_purchase_after_the_sunset_pays_and_so_does_a_refresh():
    assert totals([term(**SALES), exemption(sunset="2031-01-01")])[2:] == (0, 0)
    _, tax, low, high = totals([term(**SALES), exemption(sunset="2035-01-01")], date(2041, 1, 1))
    assert tax == pytest.approx(265_484, abs=0.5)
    first = 0.053 * K * capital_recovery_factor(RATE, 10)
    assert (low, high) == pytest.approx((first, first))
    assert 0 < low < tax


def test_an_unknown_threshold_shows_both_cases_and_the_base_is_without():
    terms = [term(**SALES), exemption(threshold_jobs=math.nan)]
    assert totals(terms)[2:] == pytest.approx((0, 265_484), abs=0.5)


def test_an_unknown_share_is_anything_from_none_to_all():
    terms = [term(**SALES), exemption(exempt_share=math.nan)]
    assert totals(terms)[2:] == pytest.approx((0, 265_484), abs=0.5)


def test_an_exemption_does_not_reach_another_authoritys_tax_unless_it_names_it():
    other = term(**SALES, jurisdiction_id="us-ks-one")
    assert math.isnan(totals([other, exemption()])[3])
    assert totals([other, exemption(relieves="t")])[2] == pytest.approx(265_484, abs=0.5)


def test_two_exemptions_never_take_off_more_than_the_tax():
    terms = [term(**SALES), exemption(exempt_share=0.8), exemption(term_id="y", exempt_share=0.7)]
    assert totals(terms)[2] == pytest.approx(265_483.84 * (1 - 0.2 * 0.3), abs=0.5)


def test_a_tax_on_electricity_is_nil_after_its_window_and_partly_due_across_its_end():
    kwh = {"instrument": "electricity_tax", "amount_usd_per_kwh": 0.011, "effective_from": "2026-07-01"}  # fmt: skip
    assert totals([term(**kwh, effective_to="2028-07-01")])[:2] == (0, 0)
    assert totals([term(**kwh, effective_to="2036-01-01")])[1] == pytest.approx(81_906)
    half = levelised([81_906 * 181 / 365, 0, 0, 0, 0], RATE)
    assert totals([term(**kwh, effective_to="2031-07-01")])[1] == pytest.approx(half)
    low, high = totals([term(**kwh, effective_to="2033")])[:2]
    assert 0 < low < high


def test_a_tax_on_electricity_that_the_tariff_holds_does_not_count_twice():
    kwh = term(instrument="electricity_tax", amount_usd_per_kwh=0.011)
    found = account([kwh], request(), period(NEED, None), "stack-a")
    assert (found.taxes[0].low, found.taxes[0].high) == (0, 0)
    assert found.taxes[0].said == "counted in tariff stack stack-a"


def test_an_agreed_payment_stands_instead_of_the_tax_it_names():
    real = term(term_id="r", instrument="real_property_tax", rate_share=0.01, base_usd_per_mw=1e6)
    paid = term(term_id="p", instrument="agreed_payment", amount_usd_per_mw_year=4_000.0)
    instead = term(term_id="p", instrument="agreed_payment", amount_usd_per_mw_year=4_000.0, relieves="r")  # fmt: skip
    assert totals([real, paid])[1] == pytest.approx(14_000)
    assert totals([real, instead])[1] == pytest.approx(4_000)


def test_a_tax_without_its_rate_is_unknown_while_it_holds_and_nil_after():
    assert math.isnan(totals([term(instrument="sales_tax")])[1])
    assert totals([term(instrument="sales_tax", effective_to="2030-01-01")])[1] == 0
    assert math.isnan(totals([term(instrument="equipment_property_tax", rate_share=0.04)])[1])
    assert totals([term(instrument="equipment_property_tax", rate_share=0.0)])[1] == 0
    assert math.isnan(totals([term(instrument="real_property_tax", rate_share=0.01)])[1])


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2027, 1, 1), date(2050, 1, 1)), st.floats(0, 1), st.sampled_from(["", "2029", "2033-06", "2036-01-01"]))  # fmt: skip
def test_an_incentive_is_never_negative_nor_more_than_the_tax(horizon, share, sunset):
    if period(NEED, horizon) is None:
        assert horizon <= NEED
        return
    _, tax, low, high = totals([term(**SALES), exemption(exempt_share=share, sunset=sunset)], horizon)  # fmt: skip
    assert 0 <= low <= high + 1e-9 <= tax + 1e-6


# ------------------------------------------------------------------------------------- the layer
RATES = [
    {"term_id": "sales", "jurisdiction_id": "us-ks", **SALES},
    {"term_id": "equipment", "jurisdiction_id": "us-ks-one", "instrument": "equipment_property_tax", "rate_share": 0.0415,
     "taxable_shares": "0.5;0.4;0.3;0.2;0.1"},
    {"term_id": "real", "jurisdiction_id": "us-ks-one", "instrument": "real_property_tax", "rate_share": 0},
]  # fmt: skip
FREE = {"term_id": "free", "jurisdiction_id": "us-ks", "instrument": "sales_tax_exemption", "exempt_share": 1, "threshold_capex_usd": 0,
        "threshold_jobs": 0, "threshold_mw": 0, "sunset": "2035-01-01"}  # fmt: skip
HORIZON = {"request": {"horizon": date(2036, 1, 1)}}


def measured(make_region, folder, rows, name, **given_):
    region = pw.read(make_region(folder, fiscal_terms=rows, **{"toml": HORIZON, **given_}))
    return single(region)[name].loc["a"]


def test_taxes_add_up_and_name_each_term_with_its_window_source_and_date(make_region, tmp_path):
    found = measured(make_region, tmp_path, RATES, TAX)
    assert found["value"] == pytest.approx(265_484 + 261_743, abs=1)
    assert "sales: 265,484 USD/MW-year, start not stated, no end stated, verified, synthetic, made for tests, dated 2026-07-01" in found["note"]  # fmt: skip
    assert "purchases 2031-01-01" in found["note"]
    assert found["row"] == "equipment; real; sales"
    assert found["as_of"] == "2026-07-01"


def test_a_levy_without_a_row_leaves_a_lower_end_and_no_total(make_region, tmp_path):
    found = measured(make_region, tmp_path, RATES[:2], TAX)
    assert math.isnan(found["value"])
    assert found["why"] == "at least 527,227 USD/MW-year; not known: real property tax (no row)"


def test_without_the_layer_taxes_and_incentives_are_unknown(tiny_measures):
    for name in (TAX, INCENTIVE):
        assert tiny_measures[name]["value"].isna().all()
        assert (tiny_measures[name]["why"] == "no layer fiscal_terms").all()


def test_an_incentive_shows_both_cases_beside_the_tax(make_region, tmp_path):
    rows = [*RATES, {**FREE, "threshold_jobs": ""}]
    found = measured(make_region, tmp_path, rows, INCENTIVE)
    assert (found["value"], found["low"]) == (0, 0)
    assert found["high"] == pytest.approx(265_484, abs=1)
    assert "threshold of jobs not known" in found["note"]
    known = measured(make_region, tmp_path, [*RATES, FREE], INCENTIVE)
    assert known["value"] == known["high"] == pytest.approx(265_484, abs=1)


def test_a_later_need_than_the_sunset_leaves_nothing_of_the_incentive(make_region, tmp_path):
    late = {"request": {"need_by": date(2035, 1, 1), "horizon": date(2041, 1, 1)}}
    found = measured(make_region, tmp_path, [*RATES, FREE], INCENTIVE, toml=late)
    assert (found["value"], found["high"]) == (0, 0)
    assert "ends 2035-01-01" in found["note"]


def test_a_place_with_taxes_and_no_incentive_saves_nothing_and_says_so(make_region, tmp_path):
    found = measured(make_region, tmp_path, RATES, INCENTIVE)
    assert found["value"] == 0
    assert found["note"] == "no incentive of this place in the layer"


def test_a_place_that_no_row_names_is_unknown(make_region, tmp_path):
    rows = [{**row, "jurisdiction_id": "us-va"} for row in RATES]
    assert measured(make_region, tmp_path, rows, TAX)["why"] == "no row of us-ks-one nor of its state"  # fmt: skip


def test_a_town_pays_the_taxes_of_the_county_that_shares_its_number(make_region, tmp_path):
    outline = "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"
    places = [{"jurisdiction_id": f"us-ks-{kind}", "name": kind, "kind": kind, "state": "KS", "county_fips": 20999,
               "outline_accuracy_m": 50, "wkt": outline} for kind in ("county", "town")]  # fmt: skip
    rows = [{**row, "jurisdiction_id": "us-ks-county"} for row in RATES]
    found = measured(make_region, tmp_path, rows, TAX, jurisdictions=places)
    assert found["value"] == pytest.approx(527_227, abs=1)


def test_a_horizon_before_the_need_counts_no_years(make_region, tmp_path):
    short = {"request": {"horizon": date(2030, 1, 1)}}
    found = measured(make_region, tmp_path, RATES, TAX, toml=short)
    assert math.isnan(found["value"])
    assert "2030-01-01 is not after the day of need" in found["why"]


def test_an_unverified_row_is_shown_and_puts_nothing_out(make_region, tmp_path):
    rows = [{**RATES[0], "status": "unverified"}, *RATES[1:]]
    found = measured(make_region, tmp_path, rows, TAX)
    assert found["status"] == "unverified"
    assert not found["gates"]
    assert found["value"] == pytest.approx(527_227, abs=1)


def tariffs(value=40.0, *, tax=True):
    layers = [{"id": "supply", "kind": "energy", "component": "bundled", "usd_per_mwh": value}]
    taxed = {"id": "tax", "kind": "tax", "component": "tax", "usd_per_mwh": 11.0}
    return {"currency": "USD", "stacks": [{"stack_id": "s", "utility_id": "u1", "grade": "B", "layers": [*layers, *([taxed] if tax else [])]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("stack", "counted"), [(tariffs(), 0), (tariffs(tax=False), 81_906), (tariffs(None), 81_906)]
)
def test_electricity_is_taxed_in_the_price_or_here_and_never_in_both(
    make_region, tmp_path, stack, counted
):
    kwh = {"term_id": "kwh", "jurisdiction_id": "us-ks", "instrument": "electricity_tax", "amount_usd_per_kwh": 0.011}  # fmt: skip
    found = measured(make_region, tmp_path, [*RATES, kwh], TAX, tariffs=stack)
    assert found["value"] == pytest.approx(527_227 + counted, abs=1)
    assert ("counted in tariff stack s" in found["note"]) is (counted == 0)


def test_the_order_of_rows_does_not_matter(make_region, tmp_path):
    rows = [*RATES, FREE]
    one, other = (measured(make_region, tmp_path, some, INCENTIVE) for some in (rows, rows[::-1]))
    assert one["value"] == other["value"]
    assert one["note"] == other["note"]


def test_neither_line_changes_a_score(make_region, tmp_path):
    with_, without = tmp_path / "with", tmp_path / "without"
    scores = []
    for folder, rows in ((with_, [*RATES, FREE]), (without, None)):
        region = pw.read(make_region(folder, fiscal_terms=rows, toml=HORIZON))
        scores.append(pw.rank(region, pw.measure(region)).frame["score"])
    assert scores[0].equals(scores[1])


# ----------------------------------------------------------------------------------------- check
def checked(make_region, folder, *changes, **given_):
    rows = [{**RATES[n % 3], "term_id": f"t{n}", **change} for n, change in enumerate(changes)]
    region = pw.read(make_region(folder, fiscal_terms=rows, **given_))
    findings = Findings()
    check_fiscal(region, findings)
    return list(findings)


def test_a_layer_in_order_has_no_finding(make_region, tmp_path):
    assert checked(make_region, tmp_path, {}, {}, {}) == []


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"rate_share": -0.1}, "PW402", "rate_share = -0.1"),
        ({"exempt_share": 1.5}, "PW402", "exempt_share = 1.5"),
        ({"threshold_mw": -1}, "PW402", "threshold_mw = -1"),
        ({"taxable_shares": "0.5,0.4"}, "PW401", "no list of shares"),
        ({"taxable_shares": "50;40"}, "PW401", "no list of shares"),
        ({"effective_from": "2030-01-01", "effective_to": "2029-01-01"}, "PW507", "effective_to 2029-01-01 is not after"),
        ({"effective_from": "2030", "sunset": "2029"}, "PW507", "sunset 2029 is not after"),
        ({"paused_from": "2030-01-01", "paused_to": "2030-01-01"}, "PW507", "paused_to"),
    ],
)  # fmt: skip
def test_a_row_that_no_account_could_read_is_an_error_at_its_cell(
    make_region, tmp_path, change, code, said
):
    [found] = checked(make_region, tmp_path, change)
    assert (found.code, found.severity) == (code, "error")
    assert said in found.message
    assert found.line == 2
    assert found.column > 1


@pytest.mark.parametrize("column", ["jurisdiction_id", "instrument"])
def test_a_row_of_nobody_or_of_nothing_is_named(make_region, tmp_path, column):
    [found] = checked(make_region, tmp_path, {column: ""})
    assert (found.code, found.severity) == ("PW405", "warning")
    assert column in found.message


def test_every_bad_row_is_reported(make_region, tmp_path):
    assert len(checked(make_region, tmp_path, {"rate_share": 2}, {"taxable_shares": "x"}, {"sunset": "2020", "effective_from": "2021"})) == 3  # fmt: skip


def test_a_tax_on_electricity_beside_a_taxed_tariff_is_a_note(make_region, tmp_path):
    kwh = {"instrument": "electricity_tax", "rate_share": "", "amount_usd_per_kwh": 0.011}
    [found] = checked(make_region, tmp_path, kwh, tariffs=tariffs())
    assert found.severity == "note"
    assert "counts there alone" in found.message
    assert checked(make_region, tmp_path / "other", kwh, tariffs=tariffs(tax=False)) == []


# --------------------------------------------------------------------------------- real regions
def test_loudoun_adds_the_equipment_tax_to_the_states_and_the_electricity_tax_is_past(bundled):
    region = bundled("northern-virginia").regions[0]
    frame = single(region)[TAX]
    own = frame[region.sites["jurisdiction_id"] == "us-va-loudoun"].iloc[0]
    assert math.isnan(own["value"])
    assert own["why"].startswith("at least 527,227 USD/MW-year")
    assert "va-electricity-tax: nil (ends 2028-07-01, before 2031-01-01)" in own["note"]


@pytest.mark.parametrize(
    "name", ["northern-virginia", "central-ohio", "phoenix", "dallas-fort-worth", "example"]
)
def test_the_terms_of_a_bundled_region_have_no_error_and_a_source(regions, kept, name):
    region = kept[0](regions / f"{name}.toml")
    findings = Findings()
    check_fiscal(region, findings)
    assert findings.errors == []
    frame = region.layers["fiscal_terms"].frame
    assert frame[["source_title", "as_of", "status"]].notna().all(axis=None)


def test_arizona_names_its_pause_beside_what_is_open(regions, kept):
    found = single(kept[0](regions / "phoenix.toml"))[INCENTIVE]
    notes = found["note"].dropna()
    assert len(notes) > 0
    assert notes.str.contains("new certificates paused from 2026-06-15 to 2029-06").all()
    assert found["value"].isna().all()


def test_ohio_has_no_incentive_while_its_pause_stands(regions, kept):
    found = single(kept[0](regions / "central-ohio.toml"))[INCENTIVE]
    known = found[found["value"].notna()]
    assert len(known) > 0
    assert (known["high"] == 0).all()
    assert known["note"].str.contains("new certificates paused from 2026-05-27").all()
