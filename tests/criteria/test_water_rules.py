"""Water rules: each shipped trigger at its limit, what is unknown, what may gate, and rows that are none."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.facts import fact_table
from powerwall.criteria.water.rules.check import ATTRIBUTES, check_rules
from powerwall.criteria.water.rules.rows import (
    Condition,
    Rule,
    parse_conditions,
    provider_rules,
    read_rules,
    rules_in,
)
from powerwall.criteria.water.rules.triggers import (
    EU,
    SILENT,
    Place,
    binding,
    evaluate,
    holds,
    information,
    lowest_possible,
)
from powerwall.criteria.water.rules.units import METRICS, UNIT_NAMES, from_si, to_si, unit_named
from powerwall.criteria.water.rules.wording import CLEAR, told, words
from powerwall.region.findings import Findings
from powerwall.region.layers import Layers
from powerwall.region.schema import LAYERS

ON = date(2026, 11, 1)
RULES = {rule.rule_id: rule for rule in read_rules(fact_table("water_rules"))}
FIRING = {name: rule for name, rule in RULES.items() if rule.rule_status not in SILENT}
WITH_LIMIT = {name: rule for name, rule in FIRING.items() if rule.comparator != "always"}
GAL = 0.003785411784  # m3 in a US gallon
HUGE = dict.fromkeys(METRICS, 1e12)
PHOENIX = Place("US", "AZ", ("City of Phoenix", "Maricopa County"))
MUNICIPAL = {"supplier_kind": "municipal"}


def fitting_place(rule):
    """A place where a rule holds."""
    country = "IE" if rule.country == "EU" else rule.country
    return Place(country, rule.state, (rule.place,) if rule.place else ("Somewhere",))


def fitting_attributes(rule):
    """Attributes that meet every condition of a rule."""
    met = {}
    for name, operator, values in rule.conditions:
        known = ATTRIBUTES[name]
        other = [word for word in known if word not in values] if not isinstance(known, str) else []
        met[name] = other[0] if operator == "!=" else values[0]
    return met


def outputs(rule, value):
    """Outputs with one value for what the rule compares, and 0 for the rest."""
    return dict.fromkeys(METRICS, 0.0) | {rule.metric: value, rule.alt_metric or rule.metric: value}


def fitting(rule, value=1e12, on=ON):
    return evaluate(rule, fitting_place(rule), fitting_attributes(rule), outputs(rule, value), on)


def cap(limit, rule_id="cap", **changes):
    """A made-up cap on the maximum day that gates. [m3/day]"""
    given = {
        "metric": "max_day_makeup_m3", "comparator": "gt", "low": limit, "high": limit, "unit": "m3/day", "low_si": limit, "high_si": limit,
        "consequence_class": "cap", "consequence": "no more", "rule_status": "in_force", "evidence": "primary", "as_of": "2026-04",
    }  # fmt: skip
    return Rule(rule_id, "US", **{**given, **changes})


def drawn(rule, value, attributes=(), place=PHOENIX, on=ON):
    return evaluate(rule, place, dict(attributes), {rule.metric: value}, on)


# ---------------------------------------------------------------------------------- shipped rows
def test_the_shipped_table_has_the_words_of_the_layer_and_every_row_can_be_read():
    table, schema = fact_table("water_rules"), LAYERS["water_rules"]
    assert len(RULES) == len(table) == 21
    for column, known in schema.words.items():
        assert set(table[column].dropna()) <= set(known), column
    assert set(schema.required) <= set(table)
    assert table["as_of"].notna().all()
    for rule in RULES.values():
        assert rule.source
        assert rule.metric in METRICS or rule.comparator == "always"
        assert {condition.name for condition in rule.conditions} <= set(ATTRIBUTES)


@pytest.mark.parametrize("name", sorted(WITH_LIMIT))
def test_the_limit_of_a_shipped_row_is_the_same_in_its_own_unit_and_in_si(name):
    rule = WITH_LIMIT[name]
    for native, si in ((rule.low, rule.low_si), (rule.high, rule.high_si)):
        assert to_si(native, unit_named(rule.unit)) == pytest.approx(si, rel=1e-9, abs=0)
    assert unit_named(rule.unit).si == METRICS[rule.metric][0]


@pytest.mark.parametrize("name", sorted(WITH_LIMIT))
def test_a_shipped_trigger_fires_at_its_limit_and_not_one_step_below(name):
    rule = WITH_LIMIT[name]
    step = 1.0 if METRICS[rule.metric][0].startswith("m3") else 0.01
    at = rule.low_si
    assert fitting(rule, at).state == ("yes" if rule.comparator == "ge" else "no")
    assert fitting(rule, at + step).state == "yes"
    if at > 0:
        assert fitting(rule, at - step).state == "no"
        assert fitting(rule, at - step).margin_share == pytest.approx(step / at)


@pytest.mark.parametrize("name", sorted(set(RULES) - set(FIRING)))
def test_a_vetoed_superseded_or_informational_row_never_fires(name):
    rule = RULES[name]
    for value in (0.0, rule.low_si, 1e12):
        assert fitting(rule, value) is None
    assert told([fitting(rule)]) == [CLEAR]
    assert binding([fitting(rule)]) is None


def test_the_rows_that_must_stay_silent_are_those_that_were_vetoed_or_not_enacted():
    assert set(RULES) - set(FIRING) == {
        "us-ca-ab93", "us-nj-2025-reporting", "us-mn-draft-250k", "us-tx-survey", "us-az-phoenix-ama",
    }  # fmt: skip


def test_information_is_listed_apart_where_it_may_hold():
    every = list(RULES.values())
    assert [(rule.rule_id, answer) for rule, answer in information(every, PHOENIX, {})] == [
        ("us-az-phoenix-ama", "possible")
    ]
    assert information(every, PHOENIX, {"source_kind": "reclaimed"}) == []
    assert [rule.rule_id for rule, _ in information(every, Place("US", "TX"), {})] == ["us-tx-survey"]  # fmt: skip


# ---------------------------------------------------------------------------- published figures
@pytest.mark.parametrize(
    ("value", "unit", "si"),
    [
        # NIST Special Publication 811, appendix B.8: gallon (US), foot, acre-foot by its definition
        (250_000, "gal/day", 946.352946),
        (500_000, "gal/day", 1892.705892),
        (100, "Mgal/year", 378_541.1784),
        (75, "acre-ft/year", 92_511.137816064),
        (1_000_000, "ft3/month", 28_316.846592),
        (10_000, "CCF/month", 28_316.846592),
        (1, "mgd", 3785.411784),
        (195, "L/s", 16_848.0),
        (1, "m3/MWh", 1.0),
        (500, "kW", 0.5),
    ],
)
def test_units_turn_into_si_exactly(value, unit, si):
    assert to_si(value, unit_named(unit)) == si
    assert from_si(si, unit_named(unit)) == pytest.approx(value, rel=1e-12)
    assert unit_named(unit.upper()) == unit_named(unit.lower())


def test_every_metric_has_units_and_every_unit_a_metric():
    assert set(UNIT_NAMES.values()) == {si for si, _ in METRICS.values()}
    assert unit_named("furlong/day") is None
    assert unit_named("m³/day").name == "m3/day"


@pytest.mark.parametrize(
    ("average_gal", "largest_gal", "plan", "reuse"),
    [
        # Phoenix City Code 37-52.04 and Ordinance G-7237: from 250,000, and over 500,000 gal/day
        (249_999, 249_999, "no", "no"),
        (250_000, 250_000, "yes", "no"),
        (249_999, 250_000, "possible", "no"),
        (500_000, 500_000, "yes", "no"),
        (500_001, 500_001, "yes", "yes"),
        (300_000, 500_001, "yes", "possible"),
    ],
)
def test_phoenix_asks_by_the_average_day_and_the_largest_day_makes_it_possible(
    average_gal, largest_gal, plan, reuse
):
    drawn_m3 = {
        "avg_day_makeup_m3": to_si(average_gal, unit_named("gal/day")),
        "max_day_makeup_m3": to_si(largest_gal, unit_named("gal/day")),
    }
    for name, expected in {"us-az-phoenix-250k": plan, "us-az-phoenix-500k": reuse}.items():
        hit = evaluate(RULES[name], PHOENIX, MUNICIPAL, drawn_m3, ON)
        assert (hit.applies, hit.state) == ("yes", expected)
        assert hit.value == pytest.approx(average_gal)
        assert hit.margin_native == pytest.approx(hit.limit - average_gal)


def test_a_hundred_megawatts_on_towers_pass_the_second_trigger_of_phoenix_almost_threefold():
    # 2.32753 L/kWh at 30 °C with a wet bulb of 20 °C: 5,586 m3 in 24 such hours at 100 MW
    drawn_m3 = 2.32753 * 24 * 100
    hit = drawn(RULES["us-az-phoenix-500k"], drawn_m3, MUNICIPAL)
    assert drawn_m3 == pytest.approx(5586, abs=0.5)
    assert hit.value == pytest.approx(1.476e6, rel=1e-3)
    assert hit.margin_share == pytest.approx(-1.951, abs=1e-3)


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"supplier_kind": "self", "construction_start": "2026-07-01"}, "yes"),
        ({"supplier_kind": "self", "construction_start": date(2027, 1, 1)}, "yes"),
        ({"supplier_kind": "self", "construction_start": "2026-06-30"}, "no"),
        ({"supplier_kind": "municipal", "construction_start": "2027-01-01"}, "no"),
        ({"supplier_kind": "water_district", "construction_start": "2027-01-01"}, "no"),
        ({"supplier_kind": "municipal"}, "no"),
        ({"supplier_kind": "self"}, "possible"),
        ({"construction_start": "2027"}, "possible"),
        ({"supplier_kind": "self", "construction_start": "2026"}, "possible"),
        ({"supplier_kind": "self", "construction_start": "2026-07"}, "yes"),
        ({"supplier_kind": "self", "construction_start": "soon"}, "possible"),
        ({}, "possible"),
    ],
)
def test_idaho_prohibits_consumption_for_new_halls_that_supply_themselves(attributes, state):
    # Idaho 2026 House Bill 895 as reported: municipal and water-district supply is exempt
    rule = RULES["us-id-h895"]
    hit = drawn(rule, 5.0, attributes, Place("US", "ID"))
    assert hit.state == state
    assert hit.gates == (state == "yes")
    assert drawn(rule, 0.0, attributes, Place("US", "ID")).state == "no"
    assert bool(hit.unknown) == (state == "possible")


# ------------------------------------------------------------------------------------ unknowns
@pytest.mark.parametrize("name", sorted(FIRING))
def test_one_unknown_input_makes_a_reached_rule_possible_and_is_named(name):
    rule, place, attributes = FIRING[name], fitting_place(FIRING[name]), fitting_attributes(FIRING[name])  # fmt: skip
    assert fitting(rule).state == "yes"
    for lost in attributes:
        for unknown in ("", None, math.nan, pd.NA, "unknown"):
            hit = evaluate(rule, place, {**attributes, lost: unknown}, HUGE, ON)
            assert (hit.state, hit.unknown) == ("possible", (lost,))
    if rule.metric:
        hit = evaluate(rule, place, attributes, {**HUGE, rule.metric: math.nan}, ON)
        assert (hit.state, hit.unknown) == ("possible", (rule.metric,))
        assert math.isnan(hit.margin_share)
        assert evaluate(rule, place, attributes, {}, ON).state == "possible"
    hit = evaluate(rule, place._replace(country=""), attributes, HUGE, ON)
    assert (hit.state, hit.unknown) == ("possible", ("country",))
    if rule.place:
        hit = evaluate(rule, place._replace(names=()), attributes, HUGE, ON)
        assert (hit.state, hit.unknown) == ("possible", ("place",))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FIRING)), st.data())
def test_forgetting_an_input_turns_an_answer_into_itself_or_possible(name, data):
    rule = FIRING[name]
    value = data.draw(st.floats(0, 2 * (rule.low_si or 1.0)) if rule.metric else st.just(0.0))
    place, attributes = fitting_place(rule), fitting_attributes(rule)
    for wrong in data.draw(st.lists(st.sampled_from(sorted(attributes)), unique=True) if attributes else st.just([])):  # fmt: skip
        attributes[wrong] = "other"
    full = evaluate(rule, place, attributes, outputs(rule, value), ON)
    kept = {key: cell for key, cell in attributes.items() if data.draw(st.booleans())}
    seen = {key: cell for key, cell in outputs(rule, value).items() if data.draw(st.booleans())}
    place = Place(*(part if data.draw(st.booleans()) else type(part)() for part in place))
    less = evaluate(rule, place, kept, seen, ON)
    assert less.state in {full.state, "possible"}
    assert not (less.gates and not full.gates)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 200), st.sampled_from(["municipal", "self", ""]))
def test_adding_an_unknown_condition_never_turns_no_into_yes(value, supplier):
    rule = cap(100.0, conditions=parse_conditions("supplier_kind=municipal"))
    more = replace(rule, conditions=(*rule.conditions, Condition("deq_air_permit", "=", ("yes",))))
    before, after = (drawn(one, value, {"supplier_kind": supplier}) for one in (rule, more))
    assert after.state == ("possible" if before.state == "yes" else before.state)
    assert not after.gates


def test_a_second_metric_that_is_not_known_leaves_a_rule_possible():
    hit = evaluate(RULES["us-az-phoenix-250k"], PHOENIX, MUNICIPAL, {"avg_day_makeup_m3": 1.0}, ON)
    assert (hit.state, hit.unknown) == ("possible", ("max_day_makeup_m3",))
    assert hit.margin_share > 0.99
    assert math.isnan(hit.margin_low_share)


def test_between_two_limits_a_rule_is_possible():
    rule = cap(200.0, low=100.0, low_si=100.0)
    states = [drawn(rule, value).state for value in (100.0, 101.0, 200.0, 201.0)]
    assert states == ["no", "possible", "possible", "yes"]
    hit = drawn(rule, 150.0)
    assert (hit.margin_share, hit.margin_low_share) == (0.25, -0.5)
    assert hit.unknown == ("limit between 100 and 200 m3/day",)
    assert lowest_possible([hit]) is binding([hit]) is hit


@pytest.mark.parametrize("changes", [{"comparator": ""}, {"low_si": math.nan, "high_si": math.nan}])
def test_a_rule_whose_own_cells_are_unknown_is_possible(changes):
    assert drawn(cap(100.0, **changes), 0.0).state == "possible"


# -------------------------------------------------------------------------------------- places
def test_a_european_rule_holds_in_every_member_state_and_nowhere_else():
    rule, it = RULES["eu-2024-1364"], {"it_mw": 0.5}
    assert len(EU) == 27
    for code in EU:
        assert evaluate(rule, Place(code), {}, it, ON).state == "yes"
        assert evaluate(rule, Place(code.lower()), {}, it, ON).state == "yes"
    for code in ("GB", "CH", "NO", "US", "EL"):
        assert evaluate(rule, Place(code), {}, it, ON).state == "no"
    assert evaluate(rule, Place(), {}, it, ON).state == "possible"
    assert evaluate(rule, Place("IE"), {}, {"it_mw": 0.4999}, ON).state == "no"


@pytest.mark.parametrize(
    ("place", "applies"),
    [
        (Place("US", "AZ", ("Phoenix",)), "yes"),
        (Place("us", "az", ("CITY OF PHOENIX",)), "yes"),
        (Place("US", "AZ", (), ("City of Phoenix", "City of Glendale")), "possible"),
        (Place("US", "AZ", ("Maricopa County",), ("City of Phoenix",)), "possible"),
        (Place("US", "AZ"), "possible"),
        (Place("US", "", ("Phoenix",)), "possible"),
        (Place("US", "AZ", ("Maricopa County",)), "no"),
        (Place("US", "AZ", ("Phoenix County",)), "no"),
        (Place("US", "NY", ("Phoenix",)), "no"),
        (Place("MX", "AZ", ("Phoenix",)), "no"),
    ],
)
def test_a_rule_holds_in_its_town_and_possibly_where_the_town_is_a_candidate(place, applies):
    hit = evaluate(RULES["us-az-phoenix-500k"], place, MUNICIPAL, HUGE, ON)
    assert (hit.applies, hit.state) == (applies, applies)


# ---------------------------------------------------------------------------- force and gating
@pytest.mark.parametrize(
    ("effective_from", "on", "force", "gates"),
    [
        ("2027-01-01", date(2026, 12, 31), "upcoming from 2027-01-01", False),
        ("2027-01-01", date(2027, 1, 1), "in force", True),
        ("2027-01", date(2026, 12, 31), "upcoming from 2027-01", False),
        ("2027-01", date(2027, 1, 15), "in force", False),  # its day may still be ahead
        ("2027-01", date(2027, 1, 31), "in force", True),
        ("", date(1999, 1, 1), "in force", True),
    ],
)
def test_a_rule_is_upcoming_until_its_first_day(make_frame, effective_from, on, force, gates):
    rule = read_rules(make_frame({"effective_from": effective_from}))[0]
    hit = drawn(rule, 1e6, on=on)
    assert (hit.force, hit.state, hit.gates) == (force, "yes", gates)
    assert (binding([hit]) is hit) == (force == "in force")


def test_the_reports_of_virginia_are_upcoming_in_2026():
    rule = RULES["us-va-hb496"]
    assert fitting(rule).force == "upcoming from 2027-01-01"
    assert fitting(rule, on=date(2027, 1, 1)).force == "in force"


def test_the_sewer_agreement_of_goodyear_is_shown_and_does_not_gate():
    hit = fitting(RULES["us-az-goodyear-sewer"])
    assert (hit.force, hit.state, hit.gates) == ("local agreement", "yes", False)
    assert binding([hit]) is hit
    assert not fitting(replace(hit.rule, evidence="primary", status="verified")).gates


@pytest.mark.parametrize(
    ("changes", "gates"),
    [
        ({}, True),
        ({"evidence": "secondary"}, True),
        ({"evidence": "", "status": "verified"}, True),
        ({"consequence_class": "prohibit"}, True),
        ({"evidence": "press"}, False),
        ({"evidence": "press", "status": "verified"}, False),
        ({"status": "unverified"}, False),
        ({"evidence": "", "status": "approximate"}, False),
        ({"evidence": ""}, False),
        ({"rule_status": "proposed"}, False),
        ({"rule_status": "voluntary"}, False),
        ({"rule_status": "local_agreement"}, False),
        ({"rule_status": ""}, False),
        ({"consequence_class": "permit"}, False),
        ({"consequence_class": ""}, False),
        ({"state": "TX"}, False),
        ({"conditions": parse_conditions("supplier_kind=self")}, False),
    ],
)
def test_only_checked_limits_that_surely_hold_and_are_in_force_gate(changes, gates):
    assert drawn(cap(100.0, **changes), 500.0).gates is gates


@pytest.mark.parametrize("status", ["proposed", "voluntary", ""])
def test_what_is_not_in_force_never_binds(status):
    hit = drawn(cap(100.0, rule_status=status), 500.0)
    assert hit.state == "yes"
    assert binding([hit]) is lowest_possible([hit]) is None


def test_the_smallest_margin_binds_but_a_broken_limit_that_gates_goes_first():
    wide, tight = drawn(cap(1000.0, "wide"), 50.0), drawn(cap(100.0, "tight"), 50.0)
    assert binding([wide, tight, None]) is tight
    agreed = drawn(cap(40.0, "agreed", rule_status="local_agreement"), 50.0)
    assert binding([wide, tight, agreed]) is agreed
    broken = drawn(cap(45.0, "broken"), 50.0)
    assert agreed.margin_share < broken.margin_share < 0
    assert binding([agreed, broken]) is broken
    plan = drawn(cap(1.0, "plan", consequence_class="plan"), 50.0)
    assert binding([plan]) is None


def test_rules_that_may_hold_are_apart_from_the_one_that_binds():
    maybe = replace(cap(10.0, "maybe"), conditions=parse_conditions("source_kind=potable"))
    sure, open_ = drawn(cap(100.0), 50.0), drawn(maybe, 50.0)
    dark = drawn(cap(5.0, "dark"), math.nan)
    assert binding([sure, open_, dark]) is sure
    assert lowest_possible([sure, open_, dark]) is open_
    assert lowest_possible([sure, dark]) is dark
    assert lowest_possible([sure]) is None


# ------------------------------------------------------------------------------------- margins
@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1e9), st.floats(1e-3, 1e9), st.sampled_from(["ge", "gt"]))
def test_a_margin_is_negative_only_where_the_limit_is_passed(value, limit, comparator):
    hit = drawn(cap(limit, comparator=comparator), value)
    assert hit.margin_share == 1 - value / limit
    if hit.margin_share < 0:
        assert hit.state == "yes"
    if hit.state == "yes":
        assert hit.margin_share <= 0


def test_a_limit_of_zero_is_kept_by_nothing_drawn_and_broken_by_anything():
    rule = RULES["us-az-marana-potable"]
    dry, wet = fitting(rule, 0.0), fitting(rule, 1e-9)
    assert (dry.state, dry.margin_share) == ("no", 1.0)
    assert (wet.state, wet.margin_share, wet.margin_native) == ("yes", -1.0, -1e-9)


def test_a_prohibition_without_a_limit_is_broken_whatever_is_drawn():
    rule = cap(math.nan, comparator="always", consequence_class="prohibit")
    assert drawn(rule, 0.0).margin_share == -1.0
    assert math.isnan(drawn(replace(rule, consequence_class="report"), 0.0).margin_share)


# ---------------------------------------------------------------------------------- conditions
@pytest.mark.parametrize(
    ("text", "attribute", "answer"),
    [
        ("source_kind=potable|surface", "Surface", "yes"),
        ("source_kind=potable|surface", "sea", "no"),
        ("source_kind!=potable|surface", "sea", "yes"),
        ("source_kind!=potable|surface", "potable", "no"),
        ("source_kind!=potable", "unknown", "possible"),
        ("floor_area_sqft>=10000", 10_000.0, "yes"),
        ("floor_area_sqft>=10000", "9999.9", "no"),
        ("floor_area_sqft>=10000", "large", "possible"),
        ("deq_air_permit=yes", True, "yes"),
        ("deq_air_permit=yes", False, "no"),
        ("construction_start>=2026", "2026-01-01", "yes"),
        ("construction_start>=2026", "2025-12", "no"),
    ],
)
def test_conditions_are_compared_as_words_numbers_or_dates(text, attribute, answer):
    assert holds(parse_conditions(text)[0], attribute) == answer


@pytest.mark.parametrize(
    "text", ["a", "a=", "=b", "a==b", "a<3", "a>=1|2", "a>=soon", "a=b;", "a>3", "a=b|", "1a=b"]
)
def test_a_text_that_is_no_condition_is_refused(text):
    with pytest.raises(ValueError, match=r"condition|one value|not a date"):
        parse_conditions(text)


# ----------------------------------------------------------------------------------- providers
def test_what_a_provider_declares_becomes_rules_and_an_empty_cell_none():
    row = {
        "water_area_id": "w", "name": "Waterworks", "cap_m3_per_day": 9000.0, "cap_m3_per_year": 1e6, "sewer_cap_m3_per_day": 500.0,
        "permit_trigger_m3_per_day": 1500.0, "permit_trigger": "council vote", "source_title": "letter", "as_of": "2026-04-01",
        "status": "verified",
    }  # fmt: skip
    rules = {rule.rule_id: rule for rule in provider_rules(row)}
    assert {name: (rule.metric, rule.alt_metric, rule.comparator, rule.consequence_class) for name, rule in rules.items()} == {
        "w:cap_m3_per_day": ("max_day_makeup_m3", "", "gt", "cap"),
        "w:cap_m3_per_year": ("annual_makeup_m3", "", "gt", "cap"),
        "w:sewer_cap_m3_per_day": ("max_day_discharge_m3", "", "gt", "cap"),
        "w:permit_trigger_m3_per_day": ("avg_day_makeup_m3", "max_day_makeup_m3", "ge", "permit"),
    }  # fmt: skip
    assert rules["w:permit_trigger_m3_per_day"].consequence == "council vote"
    for rule in rules.values():
        assert (rule.source, rule.as_of, rule.status, rule.layer) == (
            "letter",
            "2026-04-01",
            "verified",
            "water_systems",
        )
    hit = drawn(rules["w:cap_m3_per_day"], 9000.0, place=Place())
    assert (hit.state, hit.applies, hit.gates, hit.margin_share) == ("no", "yes", True, 0.0)
    assert drawn(rules["w:sewer_cap_m3_per_day"], 750.0, place=Place("IE")).margin_share == -0.5
    empty = {**row, **dict.fromkeys((n for n in row if "_m3_" in n), math.nan)}
    assert provider_rules(empty) == provider_rules({"water_area_id": "w"}) == []


def test_a_cap_that_is_agreed_with_one_operator_does_not_gate():
    row = {"water_area_id": "w", "sewer_cap_m3_per_day": 100.0, "cap_status": "local_agreement", "status": "verified"}  # fmt: skip
    (rule,) = provider_rules(row)
    assert drawn(rule, 200.0).gates is False
    assert drawn(replace(rule, rule_status="in_force"), 200.0).gates is True
    assert drawn(replace(rule, rule_status="in_force", status="approximate"), 200.0).gates is False


def test_the_sewer_cap_of_goodyear_stands_in_its_provider_as_half_a_million_gallons(regions):
    frame = pd.read_csv(regions / "phoenix/water_systems.csv").set_index("water_area_id")
    row = frame.loc["az-goodyear"]
    assert row["sewer_cap_m3_per_day"] == pytest.approx(500_000 * GAL, abs=0.005)
    assert row["cap_status"] == "local_agreement"
    assert frame["sewer_cap_m3_per_day"].count() == 1
    assert frame["cap_m3_per_day"].count() == 0  # no provider there states one


# --------------------------------------------------------------------------------- region rows
ROW = {
    "rule_id": "ks-cap", "country": "US", "state": "", "place": "", "metric": "max_day_makeup_m3", "alt_metric": "", "comparator": "gt",
    "low": "100000", "high": "", "unit": "gal/day", "low_si": "", "high_si": "", "unit_si": "", "condition": "supplier_kind=municipal",
    "consequence_class": "cap", "consequence": "no more", "effective_from": "2025-01-01", "rule_status": "in_force", "evidence": "primary",
}  # fmt: skip


@pytest.fixture
def make_frame():
    """A table of one made-up cap without conditions, some of its cells changed."""
    return lambda changes: pd.DataFrame([{**ROW, "condition": "", **changes}])


def test_a_row_in_its_own_unit_alone_gets_its_si_limit(make_frame):
    (rule,) = read_rules(make_frame({}))
    assert (rule.low, rule.high, rule.unit) == (100_000.0, 100_000.0, "gal/day")
    assert rule.low_si == rule.high_si == 378.5411784
    assert drawn(rule, 378.5411784).state == "no"
    assert drawn(rule, math.nextafter(378.5411784, math.inf)).state == "yes"
    banded = read_rules(make_frame({"high": "200000"}))[0]
    assert (banded.low_si, banded.high_si) == (378.5411784, 757.0823568)


def test_a_row_in_si_alone_is_read_too(make_frame):
    (rule,) = read_rules(make_frame({"low": "", "unit": "", "low_si": 500.0}))
    assert (rule.low, rule.high_si, rule.unit) == (500.0, 500.0, "m3/day")


@pytest.mark.parametrize(
    "changes",
    [
        {"low": "many"},
        {"unit": "barrel/day"},
        {"unit": ""},
        {"unit": "gal/year"},
        {"condition": "supplier_kind~self"},
        {"effective_from": "spring"},
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_its_name(make_frame, changes):
    with pytest.raises(ValueError, match="ks-cap: "):
        read_rules(make_frame(changes))


def test_a_row_of_the_region_replaces_a_shipped_one_and_others_are_added(make_region, tmp_path):
    rows = [ROW, {**ROW, "rule_id": "us-id-h895", "rule_status": "superseded", "country": "US", "state": "ID"}]  # fmt: skip
    region = pw.read(make_region(tmp_path, water_rules=rows))
    rules = {rule.rule_id: rule for rule in rules_in(region.layers)}
    assert set(rules) == set(RULES) | {"ks-cap"}
    assert list(rules) == sorted(rules)
    assert drawn(rules["us-id-h895"], 1e6, place=Place("US", "ID")) is None
    own = rules["ks-cap"]
    assert (own.layer, own.source, own.as_of) == ("water_rules", "synthetic, made for tests", "2026-07-01")  # fmt: skip
    assert RULES["us-ia-hf2001"] == rules["us-ia-hf2001"]
    assert rules_in(Layers()) == list(RULES.values())
    findings = Findings()
    check_rules(region, findings)
    assert list(findings) == []


def test_the_rules_of_the_example_region_can_be_read_and_have_no_finding(regions):
    region, findings = pw.read(regions / "example.toml"), Findings()
    check_rules(region, findings)
    assert list(findings) == []
    rules = {rule.rule_id: rule for rule in rules_in(region.layers)}
    birch = Place("US", "KS", ("Town of Birch", "Example County"))
    hit = drawn(rules["ex-birch-peak-day"], 4000.0, MUNICIPAL, birch)
    assert (hit.state, hit.gates) == ("yes", True)
    assert hit.limit_si == pytest.approx(3785.41, abs=0.01)
    proposed = rules["ex-county-groundwater"]
    assert drawn(proposed, 1.0, {"source_kind": "groundwater"}, birch).force == "proposed"
    declared = [rule for row in region.layers["water_systems"].frame.to_dict("records") for rule in provider_rules(row)]  # fmt: skip
    assert {rule.rule_id for rule in declared if rule.consequence_class == "cap"} == {
        "ex-water-alder:cap_m3_per_day", "ex-water-alder:sewer_cap_m3_per_day", "ex-water-birch:cap_m3_per_day",
        "ex-water-birch:sewer_cap_m3_per_day", "ex-water-wells:cap_m3_per_day",
    }  # fmt: skip


# ------------------------------------------------------------------------------------ bad rows
#: What is changed in a good row → code, column of the finding, and a part of its message or remedy.
BAD = {
    "unknown metric": ({"metric": "max_day_makeup"}, "PW406", "metric", "did you mean `max_day_makeup_m3`?"),
    "no metric": ({"metric": ""}, "PW406", "metric", "comparator = always"),
    "unknown second metric": ({"alt_metric": "it_kw"}, "PW406", "alt_metric", "did you mean `it_mw`?"),
    "second metric of another unit": ({"alt_metric": "annual_makeup_m3"}, "PW407", "alt_metric", "in m3/year, max_day_makeup_m3 in m3/day"),
    "unknown unit": ({"unit": "gal/dya"}, "PW407", "unit", "did you mean `gal/day`?"),
    "unit of another metric": ({"unit": "acre-ft/year"}, "PW407", "unit", "is not a unit of max_day_makeup_m3"),
    "no unit": ({"unit": ""}, "PW407", "unit", "a limit without a unit"),
    "no limit": ({"low": ""}, "PW402", "low", "low and high are empty"),
    "limit in words": ({"low": "many"}, "PW401", "low", "`many` is not a number"),
    "limit without end": ({"low": "inf"}, "PW401", "low", "`inf` is not a number"),
    "negative limit": ({"low": "-5"}, "PW402", "low", "a limit is 0 or more"),
    "low over high": ({"high": "99999"}, "PW402", "low", "low = 100000 is over high = 99999"),
    "low over high in SI": ({"low_si": "378.5411784", "high_si": "300"}, "PW402", "low_si", "is over high_si"),
    "SI that disagrees": ({"low_si": "378.5"}, "PW402", "low_si", "write 378.5411784"),
    "SI of the upper end that disagrees": ({"high": "200000", "high_si": "757.1"}, "PW402", "high_si", "write 757.0823568"),
    "ge nothing": ({"low": "0", "comparator": "ge"}, "PW402", "low", "write comparator = gt"),
    "always with a limit": ({"comparator": "always", "consequence_class": "report"}, "PW402", "low", "write ge or gt"),
    "a cap that always holds": ({"comparator": "always", "low": ""}, "PW402", "comparator", "has no limit"),
    "country by name": ({"country": "USA"}, "PW406", "country", "ISO code"),
    "no country": ({"country": ""}, "PW406", "country", "ISO code"),
    "condition without an operator": ({"condition": "municipal"}, "PW406", "condition", "write name=v|w"),
    "condition of nothing known": ({"condition": "suplier_kind=self"}, "PW406", "condition", "did you mean `supplier_kind`?"),
    "condition on no word": ({"condition": "supplier_kind=municpal"}, "PW406", "condition", "did you mean `municipal`?"),
    "words in an order": ({"condition": "supplier_kind>=1"}, "PW406", "condition", "not ordered"),
    "a number as a word": ({"condition": "floor_area_sqft=9"}, "PW406", "condition", "write floor_area_sqft>=9"),
    "a date as a number": ({"condition": "floor_area_sqft>=2026-07-01"}, "PW401", "condition", "is not a number"),
    "a day that is none in a condition": ({"condition": "construction_start>=2026-07-41"}, "PW408", "condition", "day "),
    "a number as a date": ({"condition": "construction_start>=90000"}, "PW408", "condition", "`90000` is not a date"),
    "an as_of that is none": ({"as_of": "lately"}, "PW408", "as_of", "`lately` is not a date"),
}  # fmt: skip


def cell_start(path, line, column):
    """First character of a cell whose line holds no quote before it."""
    text = path.read_text(encoding="utf-8").splitlines()
    at = text[0].split(",").index(column)
    return len(",".join(text[line - 1].split(",")[:at])) + (2 if at else 1)


@pytest.fixture(scope="module")
def tiny_layer(tmp_path_factory, make_region):
    """A region whose layer `water_rules` is a given row after a good one."""

    def build(changes):
        folder = tmp_path_factory.mktemp("rules")
        row = {"as_of": "2026-07-01", **ROW}
        path = make_region(folder, water_rules=[row, {**row, "rule_id": "bad", **changes}])
        return path, path.parent / "tiny" / "water_rules.csv"

    return build


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_row_that_says_nothing_is_found_at_its_cell(tiny_layer, name):
    changes, code, column, part = BAD[name]
    path, file = tiny_layer(changes)
    findings = Findings()
    check_rules(pw.read(path), findings)
    (found,) = findings
    assert (found.code, found.severity) == (code, "error")
    assert (found.line, found.column) == (3, cell_start(file, 3, column))
    assert found.file.endswith("tiny/water_rules.csv")
    assert found.message.startswith("bad: ")
    assert part in f"{found.message} {found.remedy}"
    assert found.remedy


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"effective_from": "spring"}, "PW408"), ({"rule_id": "ks-cap"}, "PW404")],
)
def test_dates_and_ids_are_refused_when_the_layer_is_read(tiny_layer, changes, code):
    path, _ = tiny_layer(changes)
    with pytest.raises(pw.BadInput) as raised:
        pw.read(path)
    assert {found.code for found in raised.value.findings} == {code}


def test_every_fault_of_a_layer_is_found_in_one_run(tiny_layer):
    path, _ = tiny_layer({"country": "USA", "unit": "pint/day", "condition": "x", "metric": "y"})
    findings = Findings()
    check_rules(pw.read(path), findings)
    assert sorted(found.code for found in findings) == ["PW406", "PW406", "PW406", "PW407"]


def test_a_region_without_the_layer_has_nothing_to_check(tiny):
    findings = Findings()
    check_rules(tiny, findings)
    check_rules(SimpleNamespace(layers=Layers()), findings)
    assert list(findings) == []


# --------------------------------------------------------------------------------------- words
def test_a_line_says_what_follows_by_how_much_and_on_what_it_rests():
    hit = drawn(RULES["us-az-phoenix-250k"], 1000.0, MUNICIPAL)
    line = words(hit)
    for part in ("reached", "250,000 gal/day", "14,172 gal/day over", "conservation plan", "in force since 2024-03-06",
                 "primary evidence, as of 2026-11"):  # fmt: skip
        assert part in line
    assert "\n" not in line


def test_a_line_of_a_possible_rule_names_what_is_not_known():
    assert "possibly reached (not known: supplier_kind)" in words(
        drawn(RULES["us-az-phoenix-500k"], 1e5)
    )
    assert "proposed" in words(fitting(RULES["us-ia-hf2001"]))
    assert "does not hold here" in words(drawn(RULES["us-ia-hf2001"], 1.0))
    assert "at the limit" in words(drawn(cap(100.0), 100.0))
    assert "evidence" not in words(drawn(cap(100.0, evidence="", status="verified"), 1.0))


def test_where_nothing_is_reached_the_words_say_so_and_claim_no_more():
    hits = [drawn(rule, 0.0, MUNICIPAL) for rule in (cap(10.0), cap(20.0))]
    assert told(hits) == told([]) == [CLEAR] == ["no listed trigger reached"]
    every = [fitting(rule, value) for rule in RULES.values() for value in (0.0, 1e12)]
    assert not any("complian" in words(hit).casefold() for hit in every if hit)


def test_the_shipped_file_is_written_as_the_program_would_write_it():
    from importlib import resources

    path = resources.files("powerwall.criteria.facts") / "water_rules.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert len({len(row) for row in rows}) == 1
    assert {"rule_status", "evidence", "status"} <= set(rows[0])
    assert "verified" not in rows[0]
