"""Cost: every unit of a price layer by hand, and never a partial number."""

from __future__ import annotations

import math
from copy import deepcopy
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.cost import LOAD_FACTOR, SIGMA, price_stack, state_average

DAY = date(2031, 1, 1)
MW, LF = 300.0, 0.85
YEAR = 8760 * LF  # MWh a year for each MW
ENERGY = {
    "layer": "supply",
    "component": "energy",
    "charge_type": "energy",
    "unit": "usd_per_mwh",
    "value": 40.0,
}


def layer(unit, value, **cells):
    return {
        "layer": "delivery",
        "component": "demand",
        "charge_type": "demand",
        "unit": unit,
        "value": value,
        **cells,
    }


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (layer("usd_per_mwh", 38.0), 38.0),
        (layer("usd_per_kwh", 0.038), 38.0),
        (layer("usd_per_kw_month", 2.4), 2.4 * 12 * 1000 / YEAR),
        (layer("usd_per_kw_year", 48.0), 48_000 / YEAR),
        (layer("usd_per_mw_year", 48_000.0), 48_000 / YEAR),
        (layer("usd_per_mw_day", 120.0), 120 * 365 / YEAR),
        (layer("usd_per_mw_day", 120.0, forecast_pool_requirement=0.95), 120 * 365 * 0.95 / YEAR),
        (layer("usd_per_month", 4500.0), 4500 * 12 / (YEAR * MW)),
        (layer("usd_per_day", 150.0), 150 * 365 / (YEAR * MW)),
        (layer("eur_per_mwh", 38.0), 38.0),
        (layer("usd_per_mwh", -3.0), -3.0),
        (layer("usd_per_mwh", 0), 0.0),
    ],
    ids=lambda item: item["unit"] if isinstance(item, dict) else "",
)
def test_each_unit_becomes_a_price_per_megawatt_hour(record, expected):
    assert price_stack([record], MW, LF, DAY).per_mwh == pytest.approx(expected, rel=1e-12)


def test_layers_add_up_to_the_hand_computed_price():
    # 38 + 2.1 + 2.4·12000/7446 + 48000/7446 + 120·.95·365/7446 + 4500·12/(7446·300)
    layers = [layer("usd_per_mwh", 38.0), layer("usd_per_mwh", 2.1), layer("usd_per_kw_month", 2.4), layer("usd_per_kw_year", 48.0),
              layer("usd_per_mw_day", 120.0, forecast_pool_requirement=0.95), layer("usd_per_month", 4500.0)]  # fmt: skip
    assert price_stack(layers, MW, LF, DAY).per_mwh == pytest.approx(
        38 + 2.1 + 3.86785 + 6.44641 + 5.58824 + 0.02417, abs=2e-4
    )


@pytest.mark.parametrize("value", [None, "12", {"low": 1}])
def test_a_layer_without_a_number_refuses_the_whole_price_by_name(value):
    price = price_stack([ENERGY, layer("usd_per_kw_month", value)], MW, LF, DAY)
    assert price.per_mwh is None
    assert price.missing == ("delivery demand",)


def test_a_unit_that_is_not_known_refuses_the_whole_price():
    assert price_stack([ENERGY, layer("usd_per_fortnight", 3.0)], MW, LF, DAY).per_mwh is None


def test_a_component_named_like_its_layer_is_named_once():
    assert price_stack(
        [layer("usd_per_mwh", None, layer="transmission", component="transmission")], MW, LF, DAY
    ).missing == ("transmission",)


def test_a_stack_without_layers_has_no_price():
    assert price_stack([], MW, LF, DAY).per_mwh is None


@pytest.mark.parametrize(
    ("window", "counts"),
    [
        ({"effective_from": "2031-01-01"}, True), ({"effective_from": "2031-01-02"}, False), ({"effective_to": "2031-01-01"}, False),
        ({"effective_to": "2031-01-02"}, True), ({"effective_from": "2030", "effective_to": "2032"}, True), ({"effective_to": "2030"}, False),
    ],
)  # fmt: skip
def test_a_tax_outside_its_window_is_nil_on_the_day_of_need(window, counts):
    tax = layer("usd_per_mwh", 7.0, layer="taxes", component="tax", **window)
    found = price_stack([ENERGY, tax], MW, LF, DAY).per_mwh
    assert found == pytest.approx(47.0 if counts else 40.0)


def test_a_missing_tax_outside_its_window_does_not_refuse_the_price():
    tax = layer("usd_per_mwh", None, layer="taxes", component="tax", effective_to="2030")
    assert price_stack([ENERGY, tax], MW, LF, DAY).per_mwh == 40


def test_a_charge_for_the_wires_that_lapses_is_missing_unless_another_follows_it():
    old = layer("usd_per_mwh", 7.0, effective_to="2030")
    assert price_stack([ENERGY, old], MW, LF, DAY).missing == ("delivery demand on 2031-01-01",)
    new = layer("usd_per_mwh", 9.0, effective_from="2030")
    assert price_stack([ENERGY, old, new], MW, LF, DAY).per_mwh == pytest.approx(49.0)


def test_a_fee_in_a_unit_that_is_not_known_is_unknown():
    per_kw = layer("usd_per_kw", 100, layer="upfront")
    assert price_stack([ENERGY, per_kw], MW, LF, DAY).upfront_per_mw == 100_000
    per_acre = layer("usd_per_acre", 100, layer="upfront")
    assert price_stack([ENERGY, per_acre], MW, LF, DAY).upfront_missing == ("upfront demand",)


@pytest.mark.parametrize("charge_type", ["none", "obligation"])
def test_an_obligation_is_no_price(charge_type):
    assert (
        price_stack(
            [ENERGY, layer("usd_per_mwh", None, charge_type=charge_type)], MW, LF, DAY
        ).per_mwh
        == 40
    )


def test_fees_are_paid_once_and_stay_apart_from_the_price():
    fees = [
        layer("usd_per_mw", 60_000, layer="upfront"),
        layer("usd", None, layer="upfront", steps=[[25, 20_000], [100, 90_000]]),
    ]
    price = price_stack([ENERGY, *fees], MW, LF, DAY)
    assert price.per_mwh == 40
    assert price.upfront_per_mw == pytest.approx(60_000 + 90_000 / 300)


@pytest.mark.parametrize(("mw", "fee"), [(10, 0), (25, 20_000), (99, 20_000), (100, 90_000)])
def test_a_stepped_fee_takes_the_step_the_request_reaches(mw, fee):
    steps = layer("usd", None, layer="upfront", steps=[[25, 20_000], [100, 90_000]])
    assert price_stack([ENERGY, steps], mw, LF, DAY).upfront_per_mw == pytest.approx(fee / mw)


def test_a_missing_fee_is_named_and_leaves_the_price_alone():
    price = price_stack(
        [ENERGY, layer("usd_per_mw", None, layer="upfront", component="security")], MW, LF, DAY
    )
    assert price.per_mwh == 40
    assert price.upfront_missing == ("upfront security",)


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 3000), st.floats(0.3, 1.0), st.floats(0, 20))
def test_a_flatter_load_never_pays_more_a_megawatt_hour(mw, load_factor, demand):
    layers = [ENERGY, layer("usd_per_kw_month", demand), layer("usd_per_month", 4500.0)]
    low, high = (
        price_stack(layers, mw, f, DAY).per_mwh for f in (load_factor, min(1.0, load_factor + 0.1))
    )
    assert high <= low + 1e-9


def stack(**changes):
    content = {
        "region": "tiny",
        "currency": "USD",
        "stacks": [{"stack_id": "s", "utility_id": "u1", "grade": "B", "layers": [dict(ENERGY)]}],
    }
    content.update(changes)
    return content


def cost(make_region, folder, tariffs, **given_):
    region = pw.read(make_region(folder, tariffs=tariffs, **given_))
    return pw.measure(region)["delivered_cost_usd_per_mwh"].loc["a"]


def test_a_whole_stack_is_the_price_with_the_range_of_its_grade(make_region, tmp_path):
    found = cost(make_region, tmp_path, stack())
    assert found["value"] == pytest.approx(40)
    assert found["high"] == pytest.approx(40 * (1 + 1.2815515655446004 * SIGMA["B"].value))
    assert found["grade"] == "B"
    assert f"load factor {LOAD_FACTOR.value:g}" in found["note"]


def broken():
    content = deepcopy(stack())
    content["stacks"][0]["layers"].append(layer("usd_per_kw_month", None))
    return content


def test_a_missing_layer_falls_back_to_the_state_average_which_says_what_it_is(
    make_region, tmp_path
):
    found = cost(make_region, tmp_path, broken())
    average = float(state_average("KS")["industrial_price_usd_per_mwh"])
    assert found["value"] == pytest.approx(average)
    assert found["grade"] == "D 2023"
    assert "not a tariff" in found["note"]
    assert "lacks delivery demand" in found["note"]


@pytest.mark.parametrize("twice", [True, False])
def test_no_stack_or_more_than_one_is_no_tariff(make_region, tmp_path, twice):
    content = stack()
    one = content["stacks"][0]
    content["stacks"] = [one, {**one, "stack_id": "t"}] if twice else [{**one, "utility_id": "u2"}]
    assert cost(make_region, tmp_path, content)["grade"] == "D 2023"


def test_outside_the_states_a_missing_layer_is_unknown_with_its_name(make_region, tmp_path):
    outline = "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"
    place = [
        {
            "jurisdiction_id": "xx-one",
            "name": "One",
            "kind": "county",
            "outline_accuracy_m": 50,
            "wkt": outline,
        }
    ]
    found = cost(make_region, tmp_path, broken(), jurisdictions=place)
    assert math.isnan(found["value"])
    assert found["why"] == "stack s lacks delivery demand; no state average"


def test_euros_without_a_declared_rate_are_unknown_and_say_so(make_region, tmp_path):
    found = cost(make_region, tmp_path, stack(currency="EUR"), toml={"currency": "EUR"})
    assert math.isnan(found["value"])
    assert found["why"] == "prices are in EUR and no rate to USD is declared"


def test_euros_with_a_declared_rate_are_converted_and_name_it(make_region, tmp_path):
    rate = {"usd": 1.1, "as_of": date(2026, 7, 1), "source": "a central bank"}
    found = cost(
        make_region,
        tmp_path,
        stack(currency="EUR"),
        toml={"currency": "EUR", "rates": {"EUR": rate}},
    )
    assert found["value"] == pytest.approx(44)
    assert "1 EUR = 1.1 USD" in found["note"]


def test_the_whole_fee_is_known_or_its_sum_is_a_lower_end(make_region, tmp_path, tiny_measures):
    assert tiny_measures["upfront_usd_per_mw"].loc["a", "value"] == 50_000
    content = stack()
    content["stacks"][0]["layers"] += [
        layer("usd_per_mw", 60_000, layer="upfront"),
        layer("usd_per_mw", None, layer="upfront", component="security"),
    ]
    region = pw.read(make_region(tmp_path, tariffs=content))
    found = pw.measure(region)["upfront_usd_per_mw"].loc["a"]
    assert math.isnan(found["value"])
    assert found["why"].startswith("at least 60,000 USD/MW")


@pytest.mark.parametrize("state", ["ZZ", None, "", math.nan])
def test_a_place_outside_the_table_has_no_average(state):
    assert state_average(state) is None


@pytest.mark.parametrize("lost", ["utility_id", "layers"])
def test_a_stack_that_lacks_a_key_is_no_tariff(make_region, tmp_path, lost):
    content = stack()
    del content["stacks"][0][lost]
    assert cost(make_region, tmp_path, content)["grade"] == "D 2023"


@pytest.mark.parametrize("steps", [[[25, None], [100, 90_000]], [[None, 20_000]]])
def test_a_stepped_fee_with_a_gap_is_unknown(steps):
    fee = layer("usd", None, layer="upfront", component="study", steps=steps)
    assert price_stack([ENERGY, fee], MW, LF, DAY).upfront_missing == ("upfront study",)
