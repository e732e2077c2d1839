"""Stack: every unit of a price by hand, never a partial number, and the years of a contract."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.cost.large_load import read_terms, shipped_terms, step
from powerwall.criteria.cost.large_load.contract import Works, cost_of
from powerwall.criteria.cost.shape import unit_shape
from powerwall.criteria.cost.stack import Year, read_stack
from powerwall.criteria.cost.stack.bills import demand_minimum
from powerwall.criteria.cost.stack.prices import year_after
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.criteria.cost.years import cost_of_power, levelised_usd_per_mwh
from powerwall.region.request import Request

DAY = date(2031, 1, 1)
NONE = dict.fromkeys(("energy", "generation", "transmission", "distribution"), "not of this test")
MWH = 300 * 8760 * 0.85


def stack(*layers, **content):
    refusals = Refusals()
    found = read_stack(
        {"id": "s", "none": NONE, "layers": list(layers), **content}, "", Path(), refusals
    )
    refusals.raise_any()
    return found


def refused(*layers, **content):
    refusals = Refusals()
    read_stack({"id": "s", "layers": list(layers), **content}, "", Path(), refusals)
    return [(one.code, one.place) for one in refusals.items]


def layer(kind, component="distribution", name="x", **cells):
    return {"id": name, "kind": kind, "component": component, "status": "verified", **cells}


def years(count=1, mw=300.0, contract=None, start=DAY):
    return tuple(
        Year(year_after(start, y), np.full(12, 1000 * mw), 1000 * (contract or mw))
        for y in range(count)
    )


def yearly(*layers, when=None, minimum=None, surcharges=(), **content):
    found = stack(*layers, **content)
    return found.bills(found.determinants(unit_shape()), when or years(), minimum, surcharges)


@pytest.mark.parametrize(
    ("given_", "usd"),
    [
        (layer("energy", "energy", usd_per_mwh=38.0), 38 * MWH), (layer("energy", "energy", usd_per_kwh=0.038), 38 * MWH),
        (layer("energy", "energy", eur_per_mwh=38.0), 38 * MWH), (layer("average", "bundled", usd_per_mwh=38), 38 * MWH),
        (layer("demand", usd_per_kw_month=2.4), 2.4 * 12 * 300_000), (layer("demand", usd_per_mw_month=2400), 2.4 * 12 * 300_000),
        (layer("demand", usd_per_kw_year=48.0), 48.0 * 300_000), (layer("coincident", usd_per_kw_year=48.0, coincidence_share=0.5), 24.0 * 300_000),
        (layer("coincident", usd_per_mw_year=48_000, coincidence_share=1), 48.0 * 300_000),
        (layer("capacity", usd_per_mw_day=120.0, coincidence_share=1, pool_requirement_share=0.95, scaling=1.02), 120 * 365 * 300 * 0.95 * 1.02),
        (layer("fixed", "fixed", usd_per_month=4500.0), 54_000), (layer("fixed", "fixed", usd_per_day=150.0), 54_750),
        (layer("fixed", "fixed", usd_per_year=600.0), 600), (layer("rider", "rider", usd_per_mwh=-3.0), -3 * MWH),
        (layer("rider", "rider", usd_per_kw_month=0.1), 0.1 * 12 * 300_000), (layer("tax", "tax", usd_per_kwh=0.011), 11 * MWH),
        (layer("surcharge", "surcharge", usd_per_mwh=10.0, above_mw=0), 10 * MWH), (layer("energy", "energy", usd_per_mwh=0), 0.0),
        (layer("minimum", "fixed", usd_per_month=1000), 12_000), (layer("minimum", "fixed", usd_per_year=1000), 1000),
    ],
)  # fmt: skip
def test_each_unit_becomes_a_sum_a_year(given_, usd):
    content = {"currency": "EUR"} if "eur_per_mwh" in given_ else {}
    assert yearly(given_, **content).total_usd[0] == pytest.approx(usd, rel=1e-12)


def test_a_demand_per_kva_needs_the_power_factor_of_the_stack():
    one = layer("demand", usd_per_kva_month=2.0)
    assert yearly(one, power_factor=0.8).total_usd[0] == pytest.approx(2 * 12 * 300_000 / 0.8)
    with pytest.raises(ValueError, match="power-factor-needed"):
        yearly(one)


def test_energy_above_a_power_pays_more():
    bills = yearly(layer("surcharge", "surcharge", usd_per_mwh=10.0, above_mw=100))
    over = np.maximum(0, 300 * unit_shape() - 100).sum()
    assert bills.total_usd[0] == pytest.approx(10 * over)
    terms = yearly(
        layer("fixed", "fixed", usd_per_month=0),
        layer("energy", "energy", "e", usd_per_mwh=0),
        surcharges=[(100, 10.0)],
    )
    assert terms.total_usd[0] == pytest.approx(10 * over)


def test_riders_on_a_layer_minimum_bill_and_taxes_come_in_their_order():
    bills = yearly(
        layer("tax", "tax", "tax", share=0.02), layer("tax", "tax", "on-delivery", share=0.1, on=["delivery"]),
        layer("minimum", "fixed", "least", usd_per_year=2000.0), layer("rider", "rider", "storm", per="layer:delivery", share=0.5),
        layer("fixed", "distribution", "delivery", usd_per_year=1000.0), layer("rider", "rider", "all", per="bill", share=0.1),
    )  # fmt: skip
    sums = {name: usd.sum() for name, usd in bills.usd.items()}
    assert sums["storm_usd"] == pytest.approx(500)
    assert sums["all_usd"] == pytest.approx(150)
    assert sums["least_usd"] == pytest.approx(350)
    assert sums["tax_usd"] == pytest.approx(0.02 * 2000)
    assert sums["on-delivery_usd"] == pytest.approx(100)


def test_prices_by_delivery_year_are_blended_by_month_and_held_beyond_their_last():
    one = layer(
        "capacity",
        usd_per_mw_day={"2030": 100.0, "2031": 160.0},
        year_begins_month=6,
        coincidence_share=1,
    )
    bills = yearly(one, when=years(3))
    per_mw = bills.total_usd / 300 / 365
    assert per_mw.tolist() == pytest.approx([(5 * 100 + 7 * 160) / 12, 160, 160])
    assert bills.held == ("x",)
    assert yearly(one, when=years(1)).held == ()


def test_a_tax_counts_for_the_share_of_each_year_inside_its_window():
    tax = layer("tax", "tax", usd_per_mwh=10.0, effective_from="2031-07-02", effective_to="2033")
    assert (yearly(tax, when=years(3)).total_usd / (10 * MWH)).tolist() == pytest.approx(
        [183 / 365, 1, 0]
    )


@pytest.mark.parametrize(
    ("first", "expected"),
    [("zero", [0, 150, 300]), ("contract", [400, 150, 300]), (20, [20, 150, 300])],
)
def test_a_charge_on_the_peaks_of_the_year_before_says_what_the_first_year_pays(first, expected):
    one = layer(
        "coincident",
        "transmission",
        usd_per_kw_year=1.0,
        coincidence_share=1,
        lag_years=1,
        first_year=first,
    )
    ramp = tuple(
        Year(year_after(DAY, y), np.full(12, 1000.0 * mw), 400_000)
        for y, mw in enumerate((150, 300, 300))
    )
    assert (yearly(one, when=ramp).total_usd / 1000).tolist() == pytest.approx(expected)


def test_four_and_twelve_peaks_with_a_minimum_by_hand():
    # 300 MW, 150 MW in July and August; contract 400 MW
    kw = np.full(12, 300_000.0)
    kw[[6, 7]] = 150_000
    when = (Year(DAY, kw, 400_000),)
    four = layer(
        "coincident", "transmission", usd_per_kw_year=70.0, months=[6, 7, 8, 9], coincidence_share=1
    )
    twelve = {**four, "months": list(range(1, 13)), "usd_per_kw_year": 81.0891089}
    assert yearly(four, when=when).total_usd[0] == pytest.approx(15.75e6)
    assert yearly(twelve, when=when).total_usd[0] == pytest.approx(22.2995e6, rel=1e-4)
    assert yearly({**twelve, "minimum_share": 0.8}, when=when).total_usd[0] == pytest.approx(
        25.9485e6, rel=1e-4
    )


def test_a_ratchet_reaches_into_the_year_before():
    one = layer("demand", usd_per_kw_month=1.0, ratchet={"share": 0.8, "months": 11})
    when = (years(mw=300)[0], years(mw=100, start=date(2032, 1, 1))[0])
    bills = yearly(one, when=when)
    december = bills.usd["x_usd"][1, -1]
    assert bills.usd["x_usd"][1, 0] == pytest.approx(240_000)
    assert december == pytest.approx(100_000)  # January to November of the same year are behind it


# ----------------------------------------------------------------------------------- minimum take
def h05(metered, contract):
    return tuple(
        Year(year_after(DAY, y), np.full(12, 1000.0 * m), 1000.0 * c)
        for y, (m, c) in enumerate(zip(metered, contract, strict=True))
    )


def test_the_published_contract_is_met_by_a_stack_of_its_charges(shared):
    import json

    case = json.loads((shared / "cases" / "tariffs" / "H05.json").read_text(encoding="utf-8"))
    inputs, expected = case["inputs"], case["expected"]
    demand = [
        layer("demand", name, name, usd_per_kw_month=price)
        for name, price in inputs["demand_usd_per_kw_month"].items()
    ]
    found = stack(layer("energy", "energy", "energy", usd_per_mwh=40.0), layer("rider", "rider", "rider", usd_per_mwh=3.0),
                  layer("fixed", "fixed", "fixed", usd_per_month=10_000), *demand)  # fmt: skip
    when = h05(inputs["metered_peak_mw"], inputs["contract_mw"])
    fields = {
        "minimum_share": inputs["minimum_share"],
        "security": {"months_of_minimum_bill": 24, "fee_per_year": 0.012},
    }
    terms = read_terms(
        {
            "id": "t",
            "state": "effective",
            "fields": {k: {"value": v, "status": "verified"} for k, v in fields.items()},
        },
        {},
    )
    cost = cost_of(found, terms, Request(mw=300, need_by=DAY, as_of=DAY), unit_shape(0.9), when)
    for row, year in zip(expected["years"], cost.table.to_dict("records"), strict=True):
        assert year["total_usd"] == pytest.approx(row["total_usd"], rel=1e-9)
        assert year["shortfall_usd"] == pytest.approx(row["shortfall_usd"], rel=1e-9, abs=1e-3)
    assert cost.minimum_bill_usd_per_month == pytest.approx(
        expected["minimum_bill_usd_per_month"], rel=1e-9
    )
    assert cost.collateral_usd == pytest.approx(expected["collateral_usd"], rel=1e-9)
    assert cost.levelised_usd_per_mwh(45e6) == pytest.approx(
        expected["levelised_usd_per_mwh"], rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(10, 400), st.floats(10, 400))
def test_a_minimum_take_never_lowers_a_bill_and_is_nil_where_enough_is_taken(
    a, b, metered, contract
):
    low, high = min(a, b), max(a, b)
    one = layer("demand", usd_per_kw_month=5.0)
    when = h05([metered], [contract])
    plain, less, more = (
        yearly(one, when=when, minimum={"distribution": mu}) for mu in (0.0, low, high)
    )
    assert plain.total_usd[0] == pytest.approx(5 * 12_000 * metered)
    assert plain.total_usd[0] - 1e-6 <= less.total_usd[0] <= more.total_usd[0] + 1e-6
    assert more.shortfall_usd[0] == pytest.approx(
        max(0.0, 5 * 12_000 * (high * contract - metered)), abs=1e-3
    )
    assert more.total_usd[0] == pytest.approx(plain.total_usd[0] + more.shortfall_usd[0], abs=1e-3)


def test_a_minimum_for_all_demand_holds_for_each_component_and_for_no_other():
    parts = [
        layer("demand", name, name, usd_per_kw_month=1.0)
        for name in ("generation", "transmission", "distribution")
    ]
    bills = yearly(
        *parts,
        layer("energy", "energy", "e", usd_per_mwh=1.0),
        when=h05([100], [300]),
        minimum={"demand": 0.8},
    )
    assert bills.shortfall_usd[0] == pytest.approx(3 * 12_000 * (240 - 100))


def test_energy_that_must_be_taken_is_paid_where_it_is_not():
    bills = yearly(
        layer("energy", "energy", "e", usd_per_mwh=40.0),
        when=h05([100], [300]),
        minimum={"energy": 0.5},
    )
    assert bills.shortfall_usd[0] == pytest.approx(40 * 50 * 8760 * 0.85)


def test_years_that_repeat_cost_what_each_would_alone():
    one = layer(
        "coincident",
        "transmission",
        usd_per_kw_year=1.0,
        coincidence_share=1,
        lag_years=2,
        first_year="zero",
    )
    two = layer("demand", usd_per_kw_month=1.0, name="y", ratchet={"share": 0.8})
    metered = [100, 200, 300, 300, 300, 300, 300, 100, 100]
    together = yearly(one, two, when=h05(metered, [300] * 9)).total_usd
    lagged = [0, 0, *metered[:-2]]
    ratchet = [
        *[12 * m for m in metered[:7]],
        12 * 100 + 11 * 140,
        12 * 100,
    ]  # after the fall, 240 MW until November
    assert together == pytest.approx(1000 * (np.array(lagged) + np.array(ratchet)))


def test_the_years_of_the_closed_form_are_those_of_the_stack():
    table = cost_of_power(
        [100, 300],
        [60, 300],
        load_factor=0.85,
        energy_usd_per_mwh=40,
        demand_usd_per_kw_month={"d": 5.0},
        minimum_share={"d": 0.85},
    )
    bills = yearly(layer("energy", "energy", "e", usd_per_mwh=40.0), layer("demand", usd_per_kw_month=5.0), when=h05([60, 300], [100, 300]),
                   minimum={"distribution": 0.85})  # fmt: skip
    assert bills.total_usd == pytest.approx(table["total_usd"].to_numpy())
    assert levelised_usd_per_mwh(bills.total_usd, bills.mwh.sum(axis=1), 0.08) > 0


# ----------------------------------------------------------------------------------- completeness
@pytest.mark.parametrize(
    ("layers", "none", "missing"),
    [
        ([], {}, "every layer"),
        ([layer("demand", usd_per_kw_month=None)], NONE, "x"),
        ([layer("demand", usd_per_kw_month=1.0, status="unverified")], NONE, "x"),
        ([layer("demand", usd_per_kw_month=1.0, status="missing")], NONE, "x"),
        ([layer("demand", usd_per_kw_month=1.0)], {}, "energy, generation or capacity, transmission"),
        ([layer("demand", usd_per_kw_month=1.0, effective_to="2031")], NONE, "x on 2031-01-01"),
        ([layer("index", "energy")], NONE, "x"),
        ([layer("urdb")], NONE, "x"),
        ([layer("tax", "tax", usd_per_mwh=None), layer("average", "bundled", "y", usd_per_mwh=1)], {}, "x"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(layers, none, missing):
    assert ", ".join(stack(*layers, none=none).missing(DAY)) == missing


@pytest.mark.parametrize("kind", ["average", "demand", "energy"])
def test_a_bundled_layer_covers_every_component(kind):
    unit = {"demand": "usd_per_kw_month"}.get(kind, "usd_per_mwh")
    assert stack(layer(kind, "bundled", **{unit: 1.0}), none={}).missing(DAY) == ()


def test_a_missing_tax_outside_its_window_does_not_refuse_the_price():
    gone = layer("tax", "tax", "t", usd_per_mwh=None, effective_to="2030")
    assert stack(layer("average", "bundled", usd_per_mwh=1.0), gone).missing(DAY) == ()


def test_a_charge_that_lapses_is_missing_unless_another_follows_it():
    old = layer("demand", "distribution", "old", usd_per_kw_month=1.0, effective_to="2031-07-01")
    new = layer("demand", "distribution", "new", usd_per_kw_month=2.0, effective_from="2031-07-01")
    assert stack(old).missing(DAY) == ("old on 2031-07-01",)
    found = stack(old, new)
    assert found.missing(DAY, 5) == ()
    assert yearly(old, new).total_usd[0] == pytest.approx(300_000 * (6 * 1 + 6 * 2))


@pytest.mark.parametrize(
    ("applies", "words"),
    [({"mw_min": 400}, "from 400 MW"), ({"mw_max": 100}, "up to 100 MW"), ({"load_factor_min_share": 0.9}, "load factor of 0.9"), ({}, "")],
)  # fmt: skip
def test_a_stack_applies_to_the_loads_it_is_made_for(applies, words):
    assert words in stack(layer("average", "bundled", usd_per_mwh=1.0), applies=applies).outside(
        300, 0.85
    )


def test_the_grade_is_the_worst_of_the_layers_that_matter_and_errors_are_independent():
    found = stack(layer("average", "bundled", "a", usd_per_mwh=1.0, grade="A"), layer("fixed", "fixed", "d", usd_per_month=1, grade="D"),
                  layer("fixed", "fixed", "c", usd_per_month=1, grade="C"))  # fmt: skip
    grade, sigma = found.graded({"a": 90.0, "c": 9.0, "d": 1.0})
    assert grade == "C"
    assert sigma == pytest.approx(math.hypot(90 * 0.03, 9 * 0.20, 1 * 0.25) / 100)


def test_a_scenario_changes_layers_and_leaves_the_rest():
    four = layer(
        "coincident",
        "transmission",
        "t",
        usd_per_kw_year=70.0,
        months=[6, 7, 8, 9],
        coincidence_share=1,
    )
    change = {"t": {"usd_per_mw_year": 62_000.0, "months": list(range(1, 13))}}
    found = stack(
        four,
        layer("fixed", "fixed", usd_per_month=1.0),
        scenarios={"12cp": change, "words": {"text": "may come", "status": "proposed"}},
    )
    first, second = found.scenarios
    other = found.under(first, Path())
    assert (first.id, second.text, second.changes) == ("12cp", "may come", {})
    bills = other.bills(other.determinants(unit_shape()), years())
    assert bills.usd["t_usd"].sum() == pytest.approx(62 * 300_000)
    assert bills.usd["x_usd"].sum() == 12


# ---------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("given_", "code", "place"),
    [
        (layer("subscription"), "bad-layer", "layers[0].kind"), (layer("demand", "wires"), "bad-layer", "layers[0].component"),
        (layer("demand", name=""), "bad-layer", "layers[0].id"), ("text", "bad-layer", "layers[0]"),
        (layer("demand", usd_per_kw_fortnight=1), "unknown-unit", "layers[0].usd_per_kw_fortnight"),
        (layer("demand", usd_per_mwh=1), "unknown-unit", "layers[0]"),
        (layer("demand", usd_per_kw_month="2,4"), "not-a-number", "layers[0].usd_per_kw_month"),
        (layer("demand", usd_per_kw_month={"soon": 3}), "not-a-number", "layers[0].usd_per_kw_month.soon"),
        (layer("demand", usd_per_kw_month=1, usd_per_kw_year=2), "unknown-unit", "layers[0]"),
        (layer("demand", eur_per_kw_month=1), "unknown-unit", "layers[0]"),
        (layer("demand", usd_per_kw_month=1, effective_to="soon"), "bad-date", "layers[0].effective_to"),
        (layer("coincident", usd_per_kw_year=1, lag_years=1), "bad-layer", "layers[0].first_year"),
        (layer("coincident", usd_per_kw_year=1, first_year="free"), "bad-layer", "layers[0].first_year"),
        (layer("coincident", usd_per_kw_year=1, months=[13]), "bad-layer", "layers[0].months"),
        (layer("coincident", usd_per_kw_year=1, coincidence_share=97), "share-out-of-range", "layers[0].coincidence_share"),
        (layer("demand", usd_per_kw_month=1, ratchet={"share": 80}), "share-out-of-range", "layers[0].ratchet.share"),
        (layer("tax", "tax", share=0.1, on=["nothing"]), "bad-layer", "layers[0]"),
        (layer("urdb", rate={"energyratestructure": [[{"rate": 1, "unit": "therms"}]]}), "unknown-unit", "layers[0].rate.energyratestructure[0][0].unit"),
        (layer("index", "energy", series="nowhere.csv"), "price-length", "layers[0].series"),
    ],
)  # fmt: skip
def test_a_layer_that_cannot_be_read_is_refused_with_its_place(given_, code, place):
    assert (code, place) in refused(given_)


def test_two_layers_of_one_name_and_a_scenario_of_none_are_refused():
    one = layer("demand", usd_per_kw_month=1)
    assert ("bad-layer", "layers") in refused(one, one)
    assert ("bad-layer", "scenarios.s") in refused(one, scenarios={"s": {"y": {}}})


def test_a_charge_at_the_systems_peak_without_a_share_is_refused_by_the_bill():
    with pytest.raises(ValueError, match="coincident-without-hours"):
        yearly(layer("coincident", usd_per_kw_year=1.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [("usd_per_mwh\n" + "20\n" * 8760, None), ("price\n20\n", "no column"), ("usd_per_mwh\n" + "20\n" * 100, "100 prices"),
     ("usd_per_mwh\n" + "20\n" * 8759 + "x\n", "line 8761")],
)  # fmt: skip
def test_hourly_prices_come_from_a_file_beside_the_stack(tmp_path, text, words):
    (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
    refusals = Refusals()
    record = layer("index", "energy", series="prices.csv", adder_usd_per_mwh=3.0, loss_share=0.1)
    found = read_stack({"id": "s", "none": NONE, "layers": [record]}, "", tmp_path, refusals)
    if words:
        assert words in refusals.items[0].message
    else:
        bills = found.bills(found.determinants(unit_shape()), years())
        assert bills.total_usd[0] == pytest.approx((20 * 1.1 + 3) * MWH)


# ------------------------------------------------------------------------------------------- terms
def test_the_shipped_terms_keep_a_status_for_each_field_and_an_unknown_stays_unknown():
    terms = shipped_terms()
    assert len(terms) == 21
    gs5, sb6 = terms["us-va-dominion-gs5"], terms["us-tx-ercot-sb6"]
    assert gs5.minimum() == {"transmission": 0.85, "distribution": 0.85, "generation": 0.6}
    assert gs5.years(300) == 14
    assert math.isnan(gs5.collateral_usd(1e6, 300))
    assert sb6.minimum() is None
    assert math.isnan(sb6.study_fee_usd(300))  # unverified: shown, never counted
    assert math.isnan(sb6.number("fee_usd_per_mw"))  # two proposals, none adopted
    assert terms["us-or-pge-96"].years(300) == 30
    assert terms["us-or-pge-96"].surcharges() == ((100.0, 10.0),)
    assert "binds nobody yet" in terms["us-fl-def-llc1"].unbound(300, DAY)
    assert "from 25 MW" in gs5.unbound(20, DAY)
    assert gs5.unbound(300, DAY, 0.85) == ""
    assert "load factors from 0.75" in gs5.unbound(300, DAY, 0.5)
    assert "binds from 2027-01-01" in gs5.unbound(300, date(2026, 12, 31))
    assert "85 % transmission and distribution, 60 % generation; 14 years; security ?" in gs5.words(
        300
    )


@pytest.mark.parametrize(
    ("security", "usd"),
    [({"months_of_minimum_bill": 24}, 24e6), ({"usd_per_mw": 1000}, 300_000), ({"share_of_exit_fee": 0.5}, 5e6), ({"kind": "none"}, 0.0)],
)  # fmt: skip
def test_security_in_each_of_its_forms(security, usd):
    fields = {"security": {"value": security, "status": "verified"}}
    terms = read_terms({"id": "t", "fields": fields}, {})
    assert terms.collateral_usd(1e6, 300, 10e6) == usd


@pytest.mark.parametrize(("mw", "fee"), [(10, 0.0), (25, 20_000), (99, 20_000), (100, 90_000)])
def test_a_stepped_fee_takes_the_step_that_a_load_reaches(mw, fee):
    assert step([[100, 90_000], [25, 20_000]], mw) == fee
    assert math.isnan(step([[25, None]], mw))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 1.0))
def test_the_shape_of_a_campus_peaks_at_one_and_has_its_load_factor_in_every_month(load_factor):
    shape = unit_shape(load_factor)
    assert shape.max() == pytest.approx(1.0)
    assert (shape >= 0).all()
    assert shape.reshape(365, 24).mean(axis=1) == pytest.approx(np.full(365, load_factor))


@pytest.mark.parametrize("load_factor", [0.4, 1.1, float("nan")])
def test_a_load_factor_that_no_day_has_is_an_error(load_factor):
    with pytest.raises(ValueError, match="load factor"):
        unit_shape(load_factor)


# ------------------------------------------------------------------------------- peaks by the hour
def test_the_hours_of_the_peaks_are_read_off_the_load():
    shape = unit_shape()
    one = layer(
        "coincident", "transmission", usd_per_kw_year=1.0, hours=["07-14T17", "2026-08-02T03:00"]
    )
    bills = yearly(one)
    assert bills.total_usd[0] == pytest.approx(300_000 * (shape[17] + shape[3]) / 2)
    ramp = np.full(12, 300_000.0)
    ramp[:7] = 100_000  # July still at a third
    partly = yearly(one, when=(Year(DAY, ramp, 300_000.0),))
    assert partly.total_usd[0] == pytest.approx((100_000 * shape[17] + 300_000 * shape[3]) / 2)


@pytest.mark.parametrize("hours", [["soon"], ["13-01T00"], [17], "07-14"])
def test_an_hour_that_no_year_has_is_refused(hours):
    assert ("bad-date", "layers[0].hours[0]") in refused(
        layer("coincident", usd_per_kw_year=1.0, hours=hours)
    )


def test_peaks_of_which_the_months_are_not_said_are_refused():
    assert ("bad-layer", "layers[0].months") in refused(
        layer("coincident", usd_per_kw_year=1.0, peaks=4)
    )
    assert refused(layer("coincident", usd_per_kw_year=1.0, peaks=12)) == []


def test_being_off_at_the_peaks_saves_what_is_above_the_minimum():
    one = layer(
        "coincident", "transmission", usd_per_kw_year=10.0, coincidence_share=1.0, minimum_share=0.4
    )
    found = stack(
        one, layer("average", "bundled", "e", usd_per_mwh=1.0), layer("tax", "tax", "t", share=0.1)
    )
    cost = cost_of(found, None, Request(mw=300, need_by=DAY, as_of=DAY))
    assert cost.curtailing_saves_usd() == pytest.approx(1.1 * 10 * 300_000 * 0.6)


# ------------------------------------------------------------------------------ terms of the file
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minimum_share", {"wires": 0.8}), ("minimum_share", {"demand": 80}), ("minimum_share", 0.8), ("study_fee_usd", [[25]]),
        ("study_fee_usd", 25), ("term_years", "twelve"), ("security", "cash"), ("security", {"months_of_minimum_bill": "24"}),
        ("exit", {"kind": "whim"}), ("exit", {"kind": "months_of_minimum"}), ("upfront", {"direct_share": -1}), ("load_factor_min_share", 75),
    ],
)  # fmt: skip
def test_a_field_of_terms_that_cannot_be_is_refused_with_its_place(field, value):
    refusals = Refusals()
    terms = read_terms(
        {"id": "t", "fields": {field: {"value": value, "status": "verified"}}},
        {},
        "terms[0]",
        refusals,
    )
    assert [(one.code, one.place) for one in refusals.items] == [
        ("bad-terms", f"terms[0].fields.{field}.value")
    ]
    assert terms.known(field) is None


@pytest.mark.parametrize("fields", [{"term_years": 12}, {"term_years": None}])
def test_a_field_without_a_value_and_a_status_is_refused(fields):
    refusals = Refusals()
    read_terms({"id": "t", "fields": fields}, {}, "terms[0]", refusals)
    assert refusals.items[0].place == "terms[0].fields.term_years"


@pytest.mark.parametrize("listed", [["text"], [{"name": "no id"}], {"name": "no id"}])
def test_terms_that_are_no_records_are_refused(listed):
    from powerwall.criteria.cost.large_load import own_terms

    refusals = Refusals()
    assert own_terms({"terms": listed}, refusals) == {}
    assert refusals.items[0].code == "bad-terms"


def test_the_shipped_terms_have_none_that_would_be_refused():
    import json
    from importlib import resources

    from powerwall.criteria import facts

    content = json.loads(
        resources.files(facts).joinpath("large_load_terms.json").read_text("utf-8")
    )
    refusals = Refusals()
    for at, record in enumerate(content["records"]):
        read_terms(record, content["sources"], f"records[{at}]", refusals)
    assert refusals.items == ()


@pytest.mark.parametrize(
    ("given_", "place"),
    [
        ({"layers": {"a": 1}}, "layers"), ({"scenarios": [{"id": "12cp"}]}, "scenarios"), ({"scenarios": {"s": "words"}}, "scenarios.s"),
        ({"none": ["energy"]}, "none"), ({"applies": "100 MW"}, "applies"), ({"applies": {"mw_min": "100"}}, "applies.mw_min"),
        ({"power_factor": "high"}, "power_factor"), ({"power_factor": 5}, "power_factor"), ({"missing": "energy"}, "missing"),
        ({"scenarios": {"s": {"text": "t", "layers": {"x": {"usd_per_kw_month": "dear"}}}}}, "scenarios.s.x.usd_per_kw_month"),
    ],
)  # fmt: skip
def test_a_stack_of_another_shape_is_refused_with_its_place(given_, place):
    found = refused(layer("demand", usd_per_kw_month=1.0), **given_)
    assert place in [where for _, where in found]


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"ratchet": 0.8}, "ratchet"), ({"ratchet": {"share": "high"}}, "ratchet.share"), ({"ratchet": {"share": 0.8, "months": "11"}}, "ratchet.months"),
        ({"ratchet": {"share": 0.8, "source_months": [13]}}, "ratchet.source_months"), ({"escalation_per_year": "2 %"}, "escalation_per_year"),
        ({"year_begins_month": 13}, "year_begins_month"), ({"coincidenceshare": 0.9}, "coincidenceshare"), ({"gross_up": -1}, "gross_up"), ({"escalation_per_year": 2}, "escalation_per_year"), ({"lag_years": 0.5}, "lag_years"), ({"scaling": "x"}, "scaling"),
    ],
)  # fmt: skip
def test_a_key_of_a_layer_that_holds_something_else_is_refused(cells, place):
    assert f"layers[0].{place}" in [
        where for _, where in refused(layer("demand", usd_per_kw_month=1.0, **cells))
    ]


def test_a_rate_that_is_no_record_is_refused():
    assert ("bad-layer", "layers[0].rate") in refused(layer("urdb", rate="0.05"))


# -------------------------------------------------------------------- what must not be passed over
def test_a_minimum_that_a_bundled_sheet_cannot_tell_apart_is_unknown_and_never_nil():
    sheet = layer("demand", "bundled", "d", usd_per_kw_month=12.0)
    request = Request(mw=300, need_by=DAY, as_of=DAY)

    def cost(minimum):
        fields = {
            "minimum_share": minimum,
            "security": {"months_of_minimum_bill": 24},
            "exit": {"kind": "remaining_minimum"},
        }
        terms = read_terms(
            {
                "id": "t",
                "state": "effective",
                "fields": {k: {"value": v, "status": "verified"} for k, v in fields.items()},
            },
            {},
        )
        return cost_of(
            stack(sheet, layer("energy", "energy", "e", usd_per_mwh=40.0)), terms, request
        )

    for unknown in (
        {"transmission": 0.85, "distribution": 0.85, "generation": 0.6},
        {"transmission": 0.85},
        {"energy": 0.8},
    ):
        found = cost(unknown)
        assert not found.minimum_known
        assert math.isnan(found.minimum_bill_usd_per_month)
        assert math.isnan(found.collateral_usd)
        assert math.isnan(found.shortfall_usd(0.6))
        assert np.isnan(found.exit_fees_usd).all()
    for known in ({"demand": 0.8}, {"transmission": 0.8, "distribution": 0.8, "generation": 0.8}):
        assert cost(known).minimum_bill_usd_per_month == pytest.approx(0.8 * 12 * 300_000)


def test_a_floor_is_not_known_for_demand_by_time_of_use_alone():
    rate = {
        "demandratestructure": [[{"rate": 5}]],
        "demandweekdayschedule": [[0] * 24] * 12,
        "demandweekendschedule": [[0] * 24] * 12,
    }
    only = stack(layer("urdb", rate=rate)).layers[0]
    both = stack(
        layer(
            "urdb",
            rate=rate | {"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 12},
        )
    ).layers[0]
    assert math.isnan(demand_minimum(only, {"distribution": 0.8}))
    assert demand_minimum(only, {"distribution": 0.0}) == 0
    assert demand_minimum(both, {"distribution": 0.8}) == 0.8


def test_taxes_are_taken_of_the_bill_before_taxes_in_any_order():
    charge = layer("fixed", "fixed", "f", usd_per_year=100.0)
    taxes = [
        layer("tax", "tax", "a", share=0.1),
        layer("tax", "tax", "b", share=0.1),
        layer("tax", "tax", "c", usd_per_kwh=0.001),
    ]
    for order in (taxes, taxes[::-1]):
        usd = yearly(charge, *order).usd
        assert usd["a_usd"].sum() == pytest.approx(10)
        assert usd["b_usd"].sum() == pytest.approx(10)
    on_tax = yearly(
        charge, layer("tax", "tax", "a", share=0.1), layer("tax", "tax", "b", share=0.5, on=["a"])
    ).usd
    assert on_tax["b_usd"].sum() == pytest.approx(5)


def test_a_rider_may_stand_before_what_it_is_taken_of_and_never_round_in_a_ring():
    charge = layer("fixed", "fixed", "f", usd_per_year=100.0)
    first, second = (
        layer("rider", "rider", "r1", per="layer:r2", share=0.1),
        layer("rider", "rider", "r2", per="layer:f", share=0.5),
    )
    assert yearly(first, second, charge).usd["r1_usd"].sum() == pytest.approx(5)
    ring = layer("rider", "rider", "r2", per="layer:r1", share=0.5)
    with pytest.raises(ValueError, match="taken of one another"):
        yearly(charge, first, ring)
    tax = layer("surcharge", "surcharge", "s", usd_per_mwh=1.0)
    assert "bad-layer" in [
        code for code, _ in refused(tax, layer("rider", "rider", "r", per="layer:s", share=0.1))
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
def test_a_price_that_is_no_finite_number_is_refused(value):
    assert ("not-a-number", "layers[0].usd_per_kw_month") in refused(
        layer("demand", usd_per_kw_month=value)
    )
    assert "not-a-number" in [
        code for code, _ in refused(layer("demand", usd_per_kw_month={"2030": value}))
    ]


def test_energy_of_a_rate_record_must_be_taken_too():
    rate = {
        "energyratestructure": [[{"rate": 0.04}]],
        "energyweekdayschedule": [[0] * 24] * 12,
        "energyweekendschedule": [[0] * 24] * 12,
    }
    bills = yearly(
        layer("urdb", "energy", "e", rate=rate), when=h05([100], [300]), minimum={"energy": 0.5}
    )
    assert bills.shortfall_usd[0] == pytest.approx(40 * 50 * 8760 * 0.85)


def test_a_minimum_bill_that_has_ended_adds_nothing():
    old = layer("minimum", "fixed", "old", usd_per_year=600.0, effective_to="2031")
    new = layer("minimum", "fixed", "new", usd_per_year=500.0, effective_from="2031")
    assert yearly(layer("fixed", "fixed", usd_per_year=100.0), old, new).total_usd[
        0
    ] == pytest.approx(500)


def test_a_second_layer_of_one_kind_that_lapses_is_missing():
    first, second = (
        layer("energy", "energy", "a", usd_per_mwh=50.0),
        layer("energy", "energy", "b", usd_per_mwh=5.0, effective_to="2033-01-01"),
    )
    assert stack(first, second).missing(DAY, 1) == ()
    assert stack(first, second).missing(DAY, 5) == ("b on 2033-01-01",)
    late = layer("energy", "energy", "b", usd_per_mwh=5.0, effective_from="2032-01-01")
    assert stack(first, late).missing(DAY, 5) == ("b on 2031-01-01",)


def terms_with(**fields):
    return read_terms(
        {
            "id": "t",
            "state": "effective",
            "fields": {k: {"value": v, "status": "verified"} for k, v in fields.items()},
        },
        {},
    )


def test_security_in_cash_bears_no_fee_and_comes_back_at_the_end():
    wires = layer("demand", usd_per_kw_month=5.0)
    supply = layer("energy", "energy", "e", usd_per_mwh=40.0)
    request = Request(mw=300, need_by=DAY, as_of=DAY)
    cash = {"usd_per_mw": 100_000, "form": "cash"}
    cost = cost_of(
        stack(wires, supply), terms_with(term_years=10, minimum_share={}, security=cash), request
    )
    assert cost.collateral_fee_usd == 0
    mwh = 300 * 8760 * 0.85
    annuity = (1 - 1.08**-10) / 0.08
    bill = 40 + 60_000 / (8760 * 0.85)
    assert cost.levelised_usd_per_mwh(30e6) == pytest.approx(
        bill + 30e6 * (1 - 1.08**-10) / (mwh * annuity)
    )


def test_exit_terms_are_read_whole():
    wires = layer("demand", usd_per_kw_month=5.0)
    request = Request(mw=300, need_by=DAY, as_of=DAY)

    def fees(**exit_):
        return cost_of(
            stack(wires),
            terms_with(term_years=10, minimum_share={"distribution": 0.8}, exit=exit_),
            request,
        ).exit_fees_usd

    assert fees(kind="months_of_minimum", months=12)[0] == pytest.approx(12 * 1.2e6)
    assert fees(kind="months_of_minimum", months=12, mitigation_credit_usd=5e6)[0] == pytest.approx(
        12 * 1.2e6 - 5e6
    )
    assert fees(kind="fee", fee_usd=7e6)[0] == 7e6
    assert math.isnan(fees(kind="fee")[0])
    assert math.isnan(fees(kind="net_book_value")[0])  # needs the works
    cost = cost_of(stack(wires), terms_with(term_years=10, minimum_share={"distribution": 0.8}, exit={"kind": "net_book_value"}, security={"kind": "none"},
                                            upfront={"direct_share": 1.0, "network_share": 0.0}), request)  # fmt: skip
    curve = cost.exposure(Works(10e6, 100e6))
    assert curve.loc[5, "exit_fee_usd"] == pytest.approx(100e6 * (1 - 5 / 40))
    assert curve.loc[5, "pays_usd"] == 0


def test_the_minimum_bill_knows_no_peaks_and_no_growth():
    peaks = layer(
        "coincident",
        "transmission",
        "p",
        usd_per_kw_year=20.0,
        coincidence_share=1,
        lag_years=3,
        first_year="contract",
    )
    wires = layer("demand", usd_per_kw_month=5.0, escalation_per_year=0.05)
    cost = cost_of(
        stack(peaks, wires),
        terms_with(minimum_share={"distribution": 0.8}),
        Request(mw=300, need_by=DAY, as_of=DAY),
    )
    assert cost.minimum_bill_usd_per_month == pytest.approx(0.8 * 5 * 300_000)


def test_the_first_full_year_looks_back_on_full_years():
    peaks = layer(
        "coincident",
        "transmission",
        "p",
        usd_per_kw_year=20.0,
        coincidence_share=1,
        lag_years=1,
        first_year="zero",
    )
    cost = cost_of(
        stack(peaks), None, Request(mw=300, first_mw=50, need_by=DAY, as_of=DAY, ramp_months=24)
    )
    assert cost.years[cost.first_full_year - 1].metered_kw.min() == 300_000


def test_works_of_others_whose_share_is_not_said_leave_the_contribution_unknown():
    cost = cost_of(
        stack(layer("demand", usd_per_kw_month=5.0)),
        terms_with(upfront={"direct_share": 1.0}),
        Request(mw=300, need_by=DAY, as_of=DAY),
    )
    assert cost.upfront(Works(30e6, 0.0)).contribution == 30e6
    assert math.isnan(cost.upfront(Works(30e6, 10e6)).contribution)
    assert math.isnan(cost.upfront(Works(30e6)).contribution)


def test_the_coincidence_share_of_a_rate_record_is_used():
    rate = {"coincidentratestructure": [[{"rate": 2.0}]], "coincidentrateschedule": [[0] * 24] * 12}
    assert yearly(layer("urdb", "transmission", rate=rate, coincidence_share=0.5)).total_usd[
        0
    ] == pytest.approx(2 * 12 * 150_000)


@pytest.mark.parametrize(
    "cells", [{"peaks": "x"}, {"peaks": 12, "months": [6, 7, 8, 9]}, {"peaks": 0}]
)
def test_peaks_that_contradict_their_months_are_refused(cells):
    assert "layers[0].peaks" in [
        place for _, place in refused(layer("coincident", usd_per_kw_year=1.0, **cells))
    ]
    assert refused(layer("capacity", usd_per_mw_day=1.0, peaks=5, months=[6, 7, 8, 9])) == []


def test_a_window_that_ends_inside_a_year_counts_by_its_months():
    rider = layer("rider", "rider", usd_per_mwh=1.0, effective_to="2031-07-01")
    months = yearly(rider).usd["x_usd"][0]
    assert (months[:6] > 0).all()
    assert (months[6:] == 0).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exit", {"kind": "months_of_minimum", "months": None}), ("exit", {"kind": "share_of_demand_charges"}), ("exit", {"kind": "share_of_demand_charges", "share": 80}),
        ("exit", {"kind": "remaining_minimum", "discount_rate": 8}), ("upfront", {"direct_share": 100}), ("upfront", {"network_share": 3}),
        ("upfront", {"allowance": "x"}), ("upfront", {"allowance": {"usd_per_kw": "x"}}), ("fee_usd_per_mw", -5), ("term_includes_ramp", "x"),
        ("effective_date", "soon"), ("security", {"usd_per_mw": -1}),
    ],
)  # fmt: skip
def test_a_part_of_terms_that_cannot_be_is_refused(field, value):
    refusals = Refusals()
    read_terms(
        {"id": "t", "fields": {field: {"value": value, "status": "verified"}}},
        {},
        "terms[0]",
        refusals,
    )
    assert [one.code for one in refusals.items] == ["bad-terms"]


def test_an_empty_part_of_terms_is_one_that_is_not_known():
    terms = terms_with(
        security={"months_of_minimum_bill": None},
        upfront={"tax_gross_up": None, "direct_share": 1.0},
    )
    assert math.isnan(terms.collateral_usd(1e6, 300))
    assert dict(terms.part("upfront")) == {"direct_share": 1.0}


# --------------------------------------------------- what would give a plausible wrong answer
def test_a_price_in_another_unit_than_its_key_says_is_refused():
    for cells in ({"usd_per_kwh": 38.0}, {"usd_per_mwh": {"2031": 38_000.0}}):
        assert "implausible-rate" in [
            code for code, _ in refused(layer("energy", "energy", **cells))
        ]
    assert "implausible-rate" in [
        code for code, _ in refused(layer("demand", usd_per_kw_month=2400.0))
    ]
    assert refused(layer("energy", "energy", usd_per_mwh=38.0)) == []


@pytest.mark.parametrize(
    ("given_", "place"),
    [({"applies": {"mw_minimum": 100}}, "applies.mw_minimum"), ({"scenario": {}}, "scenario"), ({"powerfactor": 0.9}, "powerfactor")],
)  # fmt: skip
def test_a_key_that_no_stack_has_is_refused_with_its_place(given_, place):
    found = refused(layer("demand", usd_per_kw_month=1.0), **given_)
    assert found == [("unknown-key", place)]


@pytest.mark.parametrize("state", ["draft", "Effective", "", None])
def test_terms_whose_state_is_no_word_for_one_are_refused_and_never_bind(state):
    from powerwall.criteria.cost.large_load import own_terms

    refusals = Refusals()
    own_terms({"terms": [{"id": "t", "state": state, "fields": {}}]}, refusals)
    assert [(one.code, one.place) for one in refusals.items] == [("bad-terms", "terms[0].state")]


def test_a_term_of_centuries_is_refused_and_one_of_months_is_a_year():
    refusals = Refusals()
    read_terms(
        {"id": "t", "fields": {"term_years": {"value": 144, "status": "verified"}}},
        {},
        "terms[0]",
        refusals,
    )
    assert refusals.items[0].code == "bad-terms"
    cost = cost_of(
        stack(layer("demand", usd_per_kw_month=1.0)),
        terms_with(term_years=0.5),
        Request(mw=300, need_by=DAY, as_of=DAY),
    )
    assert len(cost.years) == 1
