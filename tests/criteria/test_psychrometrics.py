"""Moist air: against an independent library, and against what physics says of every sample."""

from __future__ import annotations

import numpy as np
import psychrolib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.water import psychrometrics as ps

psychrolib.SetUnitSystem(psychrolib.SI)
DRY_BULB = st.floats(-40, 55)
HUMIDITY = st.floats(0.01, 1.0)
PRESSURE = st.floats(60_000, 108_000)


def test_the_point_of_the_handbook_at_thirty_and_twenty_degrees():
    # ASHRAE Handbook, Fundamentals, chapter 1, as PsychroLib 2.5 evaluates it
    w = ps.humidity_ratio_of(30.0, 20.0, 101_325.0)
    assert float(ps.saturation_pressure(20.0)) == pytest.approx(2338.80, abs=0.005)
    assert float(w) == pytest.approx(0.01051673, abs=5e-9)
    assert float(ps.enthalpy(30.0, w)) == pytest.approx(57.0692, abs=5e-5)
    assert float(ps.relative_humidity_of(30.0, w, 101_325.0)) == pytest.approx(0.39681, abs=5e-6)


def test_the_wet_bulb_is_that_of_psychrolib_on_a_grid():
    grid = [(t, rh, p) for t in np.linspace(-38, 54, 24) for rh in (0.02, 0.1, 0.3, 0.5, 0.75, 0.95, 1.0)
            for p in (62_000.0, 84_000.0, 101_325.0, 106_000.0)]  # fmt: skip
    t, rh, p = (np.array(column) for column in zip(*grid, strict=True))
    theirs = np.array([psychrolib.GetTWetBulbFromRelHum(*point) for point in grid])
    apart = np.abs(ps.wet_bulb(t, rh, p) - theirs)
    assert apart[np.abs(theirs) > 1].max() <= 0.002  # twice their own tolerance of bisection
    assert apart.max() <= 1.0  # round freezing two roots exist, over water and over ice


@given(DRY_BULB, HUMIDITY, PRESSURE)
def test_humidity_and_enthalpy_are_those_of_psychrolib(t, rh, p):
    w = ps.humidity_ratio_of_rh(t, rh, p)
    assert float(w) == pytest.approx(psychrolib.GetHumRatioFromRelHum(t, rh, p), rel=1e-6, abs=1e-7)
    theirs = psychrolib.GetMoistAirEnthalpy(t, max(float(w), 1e-7)) / 1000
    assert float(ps.enthalpy(t, np.maximum(w, 1e-7))) == pytest.approx(theirs, rel=1e-6, abs=1e-6)


@given(DRY_BULB, HUMIDITY, PRESSURE)
def test_the_balance_at_the_wet_bulb_gives_the_humidity_back(t, rh, p):
    w = max(float(ps.humidity_ratio_of_rh(t, rh, p)), ps.LEAST_HUMIDITY_RATIO)
    tw = ps.wet_bulb_of(t, w, p)
    assert float(tw) <= t
    assert float(ps.humidity_ratio_of(t, tw, p)) == pytest.approx(w, abs=1e-9)


@given(DRY_BULB, PRESSURE)
def test_saturated_air_has_its_dry_bulb_as_wet_bulb(t, p):
    found = float(ps.wet_bulb(t, 1.0, p))
    # below freezing the water-first rule may take the root over ice
    assert found == pytest.approx(t, abs=0.01 if t > 0.02 else 0.9)
    assert float(ps.saturation_humidity_ratio(t, p)) >= float(ps.humidity_ratio_of_rh(t, 0.9, p))


@given(st.floats(-35, 50), st.floats(0.05, 0.9), PRESSURE)
def test_the_wet_bulb_rises_with_humidity_and_with_temperature(t, rh, p):
    here = float(ps.wet_bulb(t, rh, p))
    slack = 1.0 if abs(here) < 2 else 1e-6  # the branches over water and ice overlap there
    assert float(ps.wet_bulb(t, rh + 0.05, p)) >= here - slack
    assert float(ps.wet_bulb(t + 1, rh, p)) >= here - slack


@given(DRY_BULB, HUMIDITY)
def test_enthalpy_and_its_inverses_are_a_round_trip(t, rh):
    w = float(ps.humidity_ratio_of_rh(t, rh, 95_000.0))
    h = ps.enthalpy(t, w)
    assert float(ps.dry_bulb_at(h, w)) == pytest.approx(t, abs=1e-9)
    assert float(ps.humidity_ratio_at(h, t)) == pytest.approx(w, abs=1e-12)


def test_arrays_give_what_scalars_give_and_nan_stays_nan():
    t, rh = np.array([[35.0, -5.0], [np.nan, 12.0]]), np.array([[0.2, 0.8], [0.5, np.nan]])
    found = ps.wet_bulb(t, rh, 98_000.0)
    assert found.shape == (2, 2)
    assert np.isnan(found[1]).all()
    assert found[0].tolist() == [float(ps.wet_bulb(a, b, 98_000.0)) for a, b in zip(t[0], rh[0], strict=True)]  # fmt: skip


def test_the_saturation_pressure_rises_through_the_triple_point():
    t = np.linspace(-60, 80, 2801)
    assert (np.diff(ps.saturation_pressure(t)) > 0).all()


@pytest.mark.parametrize(
    ("rh", "p", "said"), [(40.0, 101_325.0, "share of 1"), (0.4, 1013.25, "hectopascal")]
)
def test_a_percentage_or_hectopascal_is_refused(rh, p, said):
    with pytest.raises(ValueError, match=said):
        ps.wet_bulb(30.0, rh, p)
