"""Cooling plants: worked points, and what physics says of every hour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.cooling.air import outdoor, tower
from powerwall.criteria.water.plants import (
    PLANTS,
    PRESETS,
    drawn_values,
    heat_of,
    operate,
    plant_parameters,
    run,
    values_of,
)
from powerwall.criteria.water.psychrometrics import enthalpy, saturation_humidity_ratio

WATER = ["evaporation_l_per_kwh", "drift_l_per_kwh", "blowdown_l_per_kwh"]
EVERY = [*PLANTS, *PRESETS]
#: dry bulb, wet bulb, pressure, plant → PUE, evaporation, drift, blowdown; worked by hand and by an
#: independent program from the formulas of the page docs/concepts/water.md.
POINTS = [
    (35, 24, 101325, "tower-economiser", 1.22842, 1.9023, 0.0037, 0.5558),
    (35, 24, 101325, "air-chiller", 1.32016, 0, 0, 0),
    (35, 24, 101325, "direct-evaporative", 1.09169, 0.4427, 0, 0.2214),
    (35, 24, 101325, "liquid-dry", 1.10345, 0, 0, 0),
    (35, 24, 101325, "liquid-adiabatic", 1.12490, 1.6659, 0, 0.8329),
    (35, 24, 101325, "liquid-tower", 1.07940, 1.6697, 0.0032, 0.4879),
    (35, 24, 101325, "mixed-hall", 1.14680, 0, 0, 0),
    (20, 14, 99900, "tower-chiller", 1.20919, 1.5985, 0.0036, 0.4666),
    (20, 14, 99900, "tower-economiser", 1.11718, 1.4756, 0.0033, 0.4307),
    (20, 14, 99900, "air-chiller", 1.15754, 0, 0, 0),
    (43.6, 20.7, 97294, "tower-economiser", 1.17883, 2.5148, 0.0035, 0.7361),
    (43.6, 20.7, 97294, "direct-evaporative", 1.09169, 2.5729, 0, 1.2864),
    (43.6, 20.7, 97294, "liquid-dry", 1.22203, 0, 0, 0),
    (30, 26, 101325, "direct-evaporative", 1.26216, 0, 0, 0),
    (-10, -11, 100000, "tower-economiser", 1.11718, 0.8336, 0.0033, 0.2419),
    (-10, -11, 100000, "liquid-dry", 1.05899, 0, 0, 0),
]


@st.composite
def weather(draw, least=-15.0, most=48.0):
    """Dry bulb, wet bulb and pressure of air that can be."""
    t = draw(st.floats(least, most))
    from powerwall.criteria.water.psychrometrics import wet_bulb

    p = draw(st.floats(70_000, 104_000))
    return t, float(wet_bulb(t, draw(st.floats(0.05, 1.0)), p)), p


@pytest.mark.parametrize(("t", "tw", "p", "plant", "pue", "evaporation", "drift", "blowdown"), POINTS)  # fmt: skip
def test_a_worked_point_is_met_to_its_printed_digits(t, tw, p, plant, pue, evaporation, drift, blowdown):  # fmt: skip
    found = operate(plant, t, tw, p).iloc[0]
    assert found["pue"] == pytest.approx(pue, abs=6e-6)
    assert found[WATER].tolist() == pytest.approx([evaporation, drift, blowdown], abs=6e-5)


def test_the_example_worked_by_hand_is_met_in_every_digit():
    found = operate("tower-economiser", 30.0, 20.0, 101_325.0).iloc[0]
    assert found["pue"] == pytest.approx(1.172386, abs=5e-7)
    assert found["evaporation_l_per_kwh"] == pytest.approx(1.79854, abs=5e-6)
    assert found["blowdown_l_per_kwh"] == pytest.approx(0.52549, abs=5e-6)
    assert found["wue_l_per_kwh"] == pytest.approx(2.32753, abs=5e-6)
    pads = operate("direct-evaporative", 40.0, 20.0, 101_325.0).iloc[0]
    assert pads["wue_l_per_kwh"] == pytest.approx(3.37236, abs=5e-6)
    assert pads["pue"] == pytest.approx(1.091687, abs=5e-7)


@given(weather(), st.sampled_from(EVERY))
def test_no_hour_gives_water_back_or_costs_less_than_its_losses(air, plant):
    found = operate(plant, *air).iloc[0]
    assert found["pue"] >= heat_of(values_of(plant)) - 1e-12
    assert (found[WATER] >= 0).all()
    assert found["wue_l_per_kwh"] == pytest.approx(found[WATER].sum(), abs=1e-12)


@given(weather(), st.sampled_from(["air-chiller", "liquid-dry", "mixed-hall"]), st.floats(0.1, 5))
def test_a_dry_plant_never_gains_from_warmer_air(air, plant, warmer):
    t, tw, p = air
    here = operate(plant, t, tw, p)["pue"].iloc[0]
    assert operate(plant, t + warmer, tw, p)["pue"].iloc[0] >= here - 1e-9


@given(st.floats(-10, 28), st.sampled_from(["tower-chiller", "tower-economiser", "liquid-tower"]), st.floats(0.1, 3))  # fmt: skip
def test_a_tower_never_gains_from_a_higher_wet_bulb(tw, plant, higher):
    low, high = (operate(plant, 35.0, x, 100_000.0)["pue"].iloc[0] for x in (tw, tw + higher))
    assert high >= low - 1e-9


@given(weather())
def test_an_economiser_takes_no_more_power_and_no_more_water(air):
    with_it, without = (operate(plant, *air).iloc[0] for plant in ("tower-economiser", "tower-chiller"))  # fmt: skip
    assert with_it["pue"] <= without["pue"] + 1e-12
    assert with_it["wue_l_per_kwh"] <= without["wue_l_per_kwh"] + 1e-12


@given(weather(most=24.0))
def test_pads_are_dry_at_and_below_their_set_point(air):
    assert operate("direct-evaporative", *air)["wue_l_per_kwh"].iloc[0] == 0


@given(weather(least=15.0), st.booleans())
def test_pads_never_supply_air_above_the_dew_point_limit(air, modulated):
    t, tw, p = air
    state = outdoor(t, tw, p)
    v = values_of("direct-evaporative", {"evap_modulated": modulated})
    flows = run("direct-evaporative", state, v)
    flow = heat_of(v) / (1.006 * v["supply_rise_k"])
    supplied = float(state.w + flows.evaporation / flow)
    limit = float(saturation_humidity_ratio(v["dew_point_max_c"], p))
    locked = float(state.w) > limit
    assert locked or supplied <= limit + 1e-12
    assert not locked or float(flows.evaporation) == 0


@given(weather(), st.floats(0.2, 2.0), st.floats(18, 34))
def test_the_air_through_a_tower_takes_up_exactly_the_heat(air, heat, cold):
    t, tw, p = air
    v = values_of("tower-chiller")
    state = outdoor(t, tw, p)
    flows = tower(heat, cold, state, v)
    exit_c = cold + v["tower_range_k"] / 2
    leaving = saturation_humidity_ratio(exit_c, p)
    gained = float(enthalpy(exit_c, leaving) - state.h)
    if gained > 2 and float(leaving) > float(state.w):
        flow = float(flows.evaporation) / float(leaving - state.w)
        assert flow * gained == pytest.approx(heat, rel=1e-9)
        if tw < min(30, cold - 4) and p > 95_000:  # near sea level, at an approach that towers have
            assert 0.45 < float(flows.evaporation) * 2450 / heat < 1.8


@given(weather(), st.floats(1.6, 9.0))
def test_more_cycles_blow_less_down_and_evaporate_the_same(air, cycles):
    low, high = (operate("tower-chiller", *air, tower_cycles=c, drift_share=0.0).iloc[0] for c in (cycles, cycles + 1))  # fmt: skip
    assert high["blowdown_l_per_kwh"] <= low["blowdown_l_per_kwh"]
    assert high["evaporation_l_per_kwh"] == low["evaporation_l_per_kwh"]
    # make-up is evaporation · C/(C − 1) where nothing drifts away
    assert low["wue_l_per_kwh"] * (cycles - 1) / cycles == pytest.approx(low["evaporation_l_per_kwh"], rel=1e-9)  # fmt: skip


@given(weather())
def test_a_hall_that_is_all_liquid_is_the_loop_and_one_that_is_all_air_the_air_plant(air):
    liquid = operate("mixed-hall", *air, liquid_share=1.0)
    assert np.allclose(liquid, operate("liquid-dry", *air), atol=1e-12)
    for residual in ("air-chiller", "tower-economiser"):
        alone = operate("mixed-hall", *air, liquid_share=0.0, residual_plant=residual)
        assert np.allclose(alone, operate(residual, *air), atol=1e-12)


def test_pads_that_wet_all_take_more_water_than_staged_ones():
    staged, wet = (operate("liquid-adiabatic", 30, 20, 101_325, pad_modulated=m).iloc[0] for m in (True, False))  # fmt: skip
    assert wet["wue_l_per_kwh"] > staged["wue_l_per_kwh"] > 0


def test_hours_without_weather_are_unknown_and_not_dry():
    t, tw = np.array([30.0, np.nan, 30.0]), np.array([20.0, 20.0, np.nan])
    for plant in EVERY:
        found = operate(plant, t, tw, 101_325.0)
        assert found.iloc[0].notna().all()
        assert found.iloc[1:].isna().all(axis=None)


def test_a_wet_bulb_above_the_dry_bulb_counts_as_saturated_air():
    assert operate("liquid-tower", 18.0, 19.0, 1e5).equals(operate("liquid-tower", 18.0, 18.0, 1e5))


@pytest.mark.parametrize(
    ("plant", "given", "said"),
    [
        ("liquid-towre", {}, "liquid-tower"),
        ("air-chiller", {"tower_cycles": 3}, "no parameter of air-chiller"),
        ("tower-chiller", {"tower_cycles": 1.0}, "not above 1"),
        ("tower-chiller", {"tower_cycles": float("nan")}, "not finite"),
        ("mixed-hall", {"liquid_share": 1.2}, "not a share"),
        ("mixed-hall", {"residual_plant": "towers"}, "neither air-chiller nor tower-economiser"),
        ("tower-chiller", {"tower_approach_k": -1.0}, "negative"),
        ("tower-chiller", {"tower_range_k": 0.0}, "not positive"),
        ("air-chiller", {"chilled_water_c": "cold"}, "no number"),
        ("tower-chiller", {"tower_cycles": "3"}, "no number"),
        ("air-chiller", {"chilled_water_c": 500.0}, "outside 4"),
        ("air-chiller", {"air_chiller_carnot": 9.0}, "outside 0.1"),
        ("air-chiller", {"distribution_loss": -0.9}, "outside 0"),
        ("tower-chiller", {"drift_share": 5.0}, "outside 0"),
        ("direct-evaporative", {"evap_modulated": 7}, "outside 0"),
    ],
)
def test_what_no_plant_can_have_is_refused_by_name(plant, given, said):
    with pytest.raises(ValueError, match=said):
        operate(plant, 20.0, 15.0, 101_325.0, **given)


def test_all_faults_of_the_parameters_are_told_at_once():
    with pytest.raises(ValueError, match=r"tower_cycles.*fan_speed|fan_speed.*tower_cycles"):
        operate("tower-chiller", 20.0, 15.0, 101_325.0, tower_cycles=0.5, fan_speed=1)


def test_pressure_in_hectopascal_is_refused():
    with pytest.raises(ValueError, match="hectopascal"):
        operate("tower-chiller", 20.0, 15.0, 1013.25)


@pytest.mark.parametrize("plant", EVERY)
def test_every_parameter_has_a_unit_a_source_and_a_mode_inside_its_range(plant):
    for name, parameter in plant_parameters(plant).items():
        if isinstance(parameter, str):
            continue
        assert isinstance(parameter, Parameter)
        assert parameter.unit
        assert parameter.source, name
        if parameter.low is not None and parameter.high is not None:
            assert parameter.low <= parameter.value <= parameter.high, name


def test_the_draws_of_a_parameter_are_the_same_in_every_plant_and_stay_in_its_range():
    first, second = (drawn_values(plant, None, 64, 3) for plant in ("tower-chiller", "liquid-tower"))  # fmt: skip
    assert np.array_equal(first["tower_approach_k"], second["tower_approach_k"])
    for name, parameter in plant_parameters("direct-evaporative").items():
        drawn = np.asarray(drawn_values("direct-evaporative", None, 64, 3)[name], dtype=float)
        assert drawn.min() >= (parameter.low if parameter.low is not None else 0.0)
        assert drawn.max() <= (parameter.high if parameter.high is not None else 1.0)


def test_a_given_parameter_is_not_drawn_and_a_choice_is_none():
    drawn = drawn_values("liquid-tower", {"tower_cycles": 3.0}, 64, 0)
    assert drawn["tower_cycles"] == 3.0
    assert drawn["liquid_supply_c"] == 32.0
