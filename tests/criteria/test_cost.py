"""Cost at sites: which stack serves, its price over the contract, and what is said where there is none."""

from __future__ import annotations

import math
from copy import deepcopy
from datetime import date

import pytest
from conftest import SITES, TARIFFS, single

import powerwall as pw
from powerwall.criteria.cost import LOAD_FACTOR, SIGMA, state_average
from powerwall.criteria.criterion import Z90

TERMS = {
    "threshold_mw": 100, "minimum_share": {"distribution": 0.8}, "term_years": 10, "ramp_years_max": 2, "exit": {"kind": "months_of_minimum", "months": 12},
    "security": {"months_of_minimum_bill": 6}, "study_fee_usd": [[100, 90_000]], "fee_usd_per_mw": 60_000, "upfront": {"direct_share": 1.0, "network_share": 0.0},
}  # fmt: skip
WIRES = {
    "id": "wires",
    "kind": "demand",
    "component": "distribution",
    "usd_per_kw_month": 5.0,
    "status": "verified",
}
SUPPLY = {
    "id": "supply",
    "kind": "energy",
    "component": "bundled",
    "usd_per_mwh": 40.0,
    "status": "verified",
}
COSTS = (
    "delivered_cost_usd_per_mwh",
    "upfront_usd_per_mw",
    "minimum_take_exposure_usd_per_mw",
    "ratepayer_exposure_usd_per_mw",
    "rule_spread_usd_per_mwh",
)


def content(*layers, terms=TERMS, state="effective", unverified=(), **stack):
    fields = {
        key: {"value": value, "status": "unverified" if key in unverified else "verified"}
        for key, value in (terms or {}).items()
    }
    one = {
        "stack_id": "s",
        "utility_id": "u1",
        "grade": "B",
        "layers": list(layers) or [SUPPLY],
        **stack,
    }
    if terms is not None:
        one |= {"terms": "t"}
    return {"currency": stack.pop("currency", "USD"), "stacks": [one],
            "terms": [{"id": "t", "utility": "U", "name": "T", "state": state, "as_of": "2026-07", "fields": fields}]}  # fmt: skip


def cost(make_region, folder, tariffs, site="a", **given_):
    region = pw.read(make_region(folder, tariffs=tariffs, **given_))
    measures = single(region)
    return {name: measures[name].loc[site] for name in COSTS}


def works(direct, network=0.0):
    return [{**site, "direct_works_usd": direct, "network_works_usd": network} for site in SITES]


# ------------------------------------------------------------------------------------------- price
def test_a_whole_stack_is_the_price_with_the_range_of_its_grade(tiny_measures):
    found = tiny_measures["delivered_cost_usd_per_mwh"].loc["a"]
    assert found["value"] == pytest.approx(
        40, abs=1.5
    )  # and a fee of 50,000 USD/MW before the first
    assert found["value"] > 40
    assert found["high"] == pytest.approx(found["value"] * (1 + Z90 * SIGMA["B"].value))
    assert found["grade"] == "B"
    assert f"load factor {LOAD_FACTOR.value:g}" in found["note"]


def test_without_terms_the_price_is_that_of_the_layers_and_says_so(make_region, tmp_path):
    found = cost(make_region, tmp_path, content(SUPPLY, WIRES, terms=None))
    assert found["delivered_cost_usd_per_mwh"]["value"] == pytest.approx(
        40 + 60_000 / (8760 * 0.85)
    )
    assert "no large-load terms in it" in found["delivered_cost_usd_per_mwh"]["note"]
    for name in COSTS[1:4]:
        assert math.isnan(found[name]["value"])
        assert found[name]["why"] == "stack s names no large-load terms"


def test_a_missing_layer_falls_back_to_the_state_average_which_says_what_it_is(
    make_region, tmp_path
):
    found = cost(make_region, tmp_path, content(SUPPLY, {**WIRES, "usd_per_kw_month": None}))
    price = found["delivered_cost_usd_per_mwh"]
    assert price["value"] == pytest.approx(
        float(state_average("KS")["industrial_price_usd_per_mwh"])
    )
    assert price["grade"] == "D 2023"
    assert "not a tariff: stack s lacks wires" in price["note"]
    assert found["upfront_usd_per_mw"]["why"].startswith(
        "at least 60,300 USD/MW; not known: contribution and security"
    )
    assert "lacks wires" in found["rule_spread_usd_per_mwh"]["why"]


def test_a_stack_made_for_other_loads_is_no_price(make_region, tmp_path):
    found = cost(make_region, tmp_path, content(applies={"mw_min": 400}))
    assert found["delivered_cost_usd_per_mwh"]["why"] == "stack s applies from 400 MW"


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
    found = cost(
        make_region, tmp_path, content({**SUPPLY, "usd_per_mwh": None}), jurisdictions=place
    )["delivered_cost_usd_per_mwh"]
    assert math.isnan(found["value"])
    assert found["why"] == "stack s lacks supply; no state average"


@pytest.mark.parametrize("rate", [None, 1.1])
def test_prices_in_euros_need_a_declared_rate_and_name_it(make_region, tmp_path, rate):
    layer = {"id": "supply", "kind": "energy", "component": "bundled", "eur_per_mwh": 40.0}
    tariffs = {
        "currency": "EUR",
        "stacks": [{"stack_id": "s", "utility_id": "u1", "grade": "B", "layers": [layer]}],
    }
    toml = {"currency": "EUR"}
    if rate:
        toml["rates"] = {
            "EUR": {"usd": rate, "as_of": date(2026, 7, 1), "source": "a central bank"}
        }
    found = cost(make_region, tmp_path, tariffs, toml=toml)["delivered_cost_usd_per_mwh"]
    if rate:
        assert found["value"] == pytest.approx(44)
        assert "1 EUR = 1.1 USD" in found["note"]
    else:
        assert math.isnan(found["value"])
        assert found["why"] == "prices are in EUR and no rate to USD is declared"


@pytest.mark.parametrize("state", ["ZZ", None, "", math.nan])
def test_a_place_outside_the_table_has_no_average(state):
    assert state_average(state) is None


def test_a_layer_that_cannot_be_read_is_an_error_with_its_line(make_region, tmp_path):
    path = make_region(tmp_path, tariffs=content(SUPPLY, {**WIRES, "usd_per_kw_month": "5,0"}))
    with pytest.raises(pw.BadInput) as caught:
        single(pw.read(path))
    (found,) = caught.value.findings
    line = (
        (tmp_path / "tiny" / "tariffs.json")
        .read_text(encoding="utf-8")
        .splitlines()[found.line - 1]
    )
    assert found.code == "PW401"
    assert line[found.column - 1 :].startswith('"5,0"')


def test_terms_that_nobody_knows_are_a_finding(make_region, tmp_path):
    tariffs = content()
    tariffs["stacks"][0]["terms"] = "us-va-dominion-gs6"
    found = [f for f in pw.check(make_region(tmp_path, tariffs=tariffs)) if f.code == "PW409"]
    assert "did you mean `us-va-dominion-gs5`" in found[0].remedy


# ------------------------------------------------------------------------------------------- choice
OUTLINE = "POLYGON ((-99.1 38.4, -98.95 38.4, -98.95 38.6, -99.1 38.6, -99.1 38.4))"


def territories(*stacks):
    return [
        {"territory_id": f"t{n}", "tariff_stack": name, "outline_accuracy_m": 50, "wkt": OUTLINE}
        for n, name in enumerate(stacks)
    ]


def two_stacks():
    both = content()
    dear = deepcopy(both["stacks"][0]) | {"stack_id": "dear", "utility_id": "u9"}
    dear["layers"][0]["usd_per_mwh"] = 90.0
    both["stacks"].append(dear)
    return both


def price_of(make_region, folder, **given_):
    return cost(make_region, folder, two_stacks(), **given_)["delivered_cost_usd_per_mwh"]


def test_the_territory_of_a_site_goes_before_its_utility_and_its_own_column_before_both(
    make_region, tmp_path
):
    own = [{**site, "tariff_stack": "s"} for site in SITES]
    assert price_of(make_region, tmp_path / "1")["row"] == "s"
    assert (
        price_of(make_region, tmp_path / "2", tariff_territories=territories("dear"))["row"]
        == "dear"
    )
    assert (
        price_of(make_region, tmp_path / "3", tariff_territories=territories("dear"), sites=own)[
            "row"
        ]
        == "s"
    )
    assert (
        price_of(make_region, tmp_path / "4", tariff_territories=territories("dear"), site="b")[
            "row"
        ]
        == "s"
    )


@pytest.fixture(autouse=True)
def folders(tmp_path):
    for name in "1234":
        (tmp_path / name).mkdir()


def test_overlapping_territories_are_a_finding_and_keep_all_candidates(make_region, tmp_path):
    path = make_region(tmp_path, tariffs=two_stacks(), tariff_territories=territories("s", "dear"))
    region = pw.read(path)
    assert [f.message for f in region.findings if f.code == "PW515"] == [
        "2 of 4 sites lie in several tariff territories or at an edge: a (dear or s), c (dear or s)"
    ]
    found = single(region)["delivered_cost_usd_per_mwh"].loc["a"]
    assert math.isnan(found["value"])
    assert found["why"] == "it is not certain which stack serves: dear, s"
    assert found["low"] < 40
    assert found["high"] > 90


def test_at_the_edge_of_a_territory_no_stack_is_certain(make_region, tmp_path):
    near = [{**SITES[0], "lon": -99.1, "location_accuracy_m": 500}]
    found = price_of(make_region, tmp_path, tariff_territories=territories("dear"), sites=near)
    assert math.isnan(found["value"])
    assert found["why"] == "it is not certain which stack serves: dear or none"
    assert math.isnan(found["low"])


def test_two_territories_of_one_stack_are_one(make_region, tmp_path):
    assert (
        price_of(make_region, tmp_path, tariff_territories=territories("dear", "dear"))["row"]
        == "dear"
    )


def test_a_utility_of_two_stacks_chooses_neither(make_region, tmp_path):
    both = two_stacks()
    both["stacks"][1]["utility_id"] = "u1"
    found = cost(make_region, tmp_path, both)["delivered_cost_usd_per_mwh"]
    assert math.isnan(found["value"])
    assert found["why"] == "it is not certain which stack serves: s, dear"


def test_a_territory_that_names_no_stack_is_a_finding(make_region, tmp_path):
    path = make_region(tmp_path, tariffs=two_stacks(), tariff_territories=territories("deer"))
    found = [f for f in pw.check(path) if f.code == "PW409"]
    assert "did you mean `dear`" in found[0].remedy


def test_a_site_that_names_no_stack_is_a_finding(make_region, tmp_path):
    own = [{**SITES[0], "tariff_stack": "deer"}]
    found = [
        f
        for f in pw.check(make_region(tmp_path, tariffs=two_stacks(), sites=own))
        if f.code == "PW409"
    ]
    assert "did you mean `dear`" in found[0].remedy


def test_terms_that_are_not_known_are_not_called_none(make_region, tmp_path):
    tariffs = content()
    tariffs["stacks"][0]["terms"] = "nobody"
    found = cost(make_region, tmp_path, tariffs)["upfront_usd_per_mw"]
    assert found["why"] == "large-load terms nobody of stack s are not known"


def test_which_other_sites_there_are_changes_no_cost(make_region, tmp_path):
    alone = cost(make_region, tmp_path / "1", content(), sites=[SITES[0]])
    among = cost(make_region, tmp_path / "2", content())
    for name in COSTS:
        assert (
            alone[name].drop(["why"]).fillna("").astype(str).tolist()
            == among[name].drop(["why"]).fillna("").astype(str).tolist()
        )


# -------------------------------------------------------------------------------- upfront and exits
def test_upfront_cash_is_contribution_and_fees_or_at_least_what_is_known(make_region, tmp_path):
    known = cost(make_region, tmp_path / "1", content(SUPPLY, WIRES), sites=works(30e6))[
        "upfront_usd_per_mw"
    ]
    assert known["value"] == pytest.approx(100_000 + 60_000 + 300)
    unknown = cost(make_region, tmp_path / "2", content(SUPPLY, WIRES))["upfront_usd_per_mw"]
    assert math.isnan(unknown["value"])
    assert unknown["why"] == "at least 60,300 USD/MW; not known: contribution"
    loose = cost(
        make_region,
        tmp_path / "3",
        content(SUPPLY, WIRES, unverified=["fee_usd_per_mw"]),
        sites=works(30e6),
    )
    assert (
        loose["upfront_usd_per_mw"]["why"] == "at least 100,300 USD/MW; not known: energisation fee"
    )


def test_works_of_the_node_count_where_the_site_states_none(make_region, tmp_path):
    from conftest import LAYERS

    nodes = [
        {**row, "direct_works_usd": 60e6, "network_works_usd": 0}
        for row in LAYERS["points_of_interconnection"]
    ]
    found = cost(make_region, tmp_path, content(SUPPLY, WIRES), points_of_interconnection=nodes)[
        "upfront_usd_per_mw"
    ]
    assert found["value"] == pytest.approx(200_000 + 60_300)


def test_cash_in_hand_waits_for_the_power_and_so_costs_more_where_it_comes_late(
    make_region, tmp_path
):
    region = pw.read(make_region(tmp_path, tariffs=content(SUPPLY, WIRES), sites=works(300e6)))
    measures = single(region)
    wait, price = (
        measures["time_to_power_months"]["value"],
        measures["delivered_cost_usd_per_mwh"]["value"],
    )
    assert wait["a"] < wait["b"]
    assert price["a"] < price["b"]


def test_the_minimum_take_is_owed_for_what_does_not_appear(make_region, tmp_path):
    found = cost(make_region, tmp_path, content(SUPPLY, WIRES))["minimum_take_exposure_usd_per_mw"]
    annuity = (1 - 1.08**-10) / 0.08
    owed = [5 * 12_000 * max(0.0, 0.8 - appears) * annuity for appears in (0.6, 0.9, 0.2)]
    assert [found["value"], found["low"], found["high"]] == pytest.approx(owed)


def test_the_two_states_of_an_exit_by_hand(make_region, tmp_path):
    found = cost(make_region, tmp_path, content(SUPPLY, WIRES), sites=works(0.0, 300e6))[
        "ratepayer_exposure_usd_per_mw"
    ]
    least = 0.8 * 5 * 1000  # minimum bill [USD/MW-month]
    stranded = [0.75 * 1e6 * (1 - year / 40) for year in range(1, 11)]
    fees = [min(12, 12 * (10 - year)) * least for year in range(1, 11)]
    pays = max(max(0.0, s - f) for s, f in zip(stranded, fees, strict=True))
    defaults = max(max(0.0, s - min(f, 6 * least)) for s, f in zip(stranded, fees, strict=True))
    assert (found["low"], found["value"]) == pytest.approx((pays, defaults))
    assert found["note"].startswith(
        "U T (effective, read 2026-07): minimum 80 % distribution; 10 years + ramp ≤ 2; security 6 months"
    )


@pytest.mark.parametrize(
    ("tariffs", "sites", "why"),
    [
        (content(SUPPLY, WIRES), None, "cost of works is not known"),
        (content(SUPPLY, WIRES, unverified=["exit"]), works(1e6, 1e6), "exit fee is not known"),
        (content(SUPPLY, WIRES, unverified=["security"]), works(1e6, 1e6), "security is not known"),
        (content(SUPPLY, WIRES, unverified=["upfront"]), works(1e6, 1e6), "contribution to works is not known"),
        (content(SUPPLY, WIRES, state="proposed"), works(1e6, 1e6), "t is proposed and binds nobody yet"),
        (content(SUPPLY, WIRES, terms={**TERMS, "threshold_mw": 500}), works(1e6, 1e6), "t binds loads from 500 MW"),
        (content({**SUPPLY, "usd_per_mwh": None}, WIRES), works(1e6, 1e6), "stack s lacks supply"),
    ],
)  # fmt: skip
def test_an_exposure_that_is_not_known_says_why(make_region, tmp_path, tariffs, sites, why):
    found = cost(make_region, tmp_path, tariffs, sites=sites)["ratepayer_exposure_usd_per_mw"]
    assert math.isnan(found["value"])
    assert found["why"] == why


def test_a_minimum_that_is_not_known_matters_only_where_the_load_stays_under_its_contract(
    make_region, tmp_path
):
    tariffs = content(SUPPLY, WIRES, unverified=["minimum_share"])
    flat = cost(make_region, tmp_path / "1", tariffs)["delivered_cost_usd_per_mwh"]
    assert not math.isnan(flat["value"])
    ramp = {"request": {"first_mw": 50, "ramp_months": 36}}
    short = cost(make_region, tmp_path / "2", tariffs, toml=ramp)["delivered_cost_usd_per_mwh"]
    assert math.isnan(short["value"])
    assert "minimum take of t is not known" in short["why"]


# --------------------------------------------------------------------------------------- scenarios
def test_the_spread_is_that_of_the_rules_and_names_what_has_no_price(make_region, tmp_path):
    dearer = {
        "layers": {"wires": {"usd_per_kw_month": 9.0}},
        "text": "dearer wires",
        "status": "proposed",
    }
    rules = {
        "dearer": dearer,
        "open": {"text": "to be decided", "status": "pending"},
        "gap": {"wires": {"usd_per_kw_month": None}},
    }
    found = cost(make_region, tmp_path, content(SUPPLY, WIRES, scenarios=rules))[
        "rule_spread_usd_per_mwh"
    ]
    fee = 0.8 * 6 / 12 * 0.012  # of the letter of credit, over the dearer wires
    assert found["value"] == pytest.approx(4 * 12_000 / (8760 * 0.85) * (1 + fee))
    assert "not priced: open, gap" in found["note"]
    assert "dearer: dearer wires (proposed)" in found["note"]


def test_without_rules_that_may_come_the_spread_is_unknown_and_not_nil(make_region, tmp_path):
    found = cost(make_region, tmp_path, content(SUPPLY))["rule_spread_usd_per_mwh"]
    assert found["why"] == "stack s names no rules that may come"


def test_the_bundled_fixture_of_the_tests_is_complete():
    assert TARIFFS["stacks"][0]["terms"] == TARIFFS["terms"][0]["id"]
