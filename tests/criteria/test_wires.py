"""Wires: the loadability curve, in miles inside and kilometres outside."""

from __future__ import annotations

import numpy as np
import pytest

from powerwall.criteria.power.wires import (
    MILE_KM,
    circuits_firm_mw,
    short_line_bound_mw,
    st_clair_mw,
    substation_firm_mw,
    substation_headroom_mw,
    substation_margin_mw,
    thermal_mva,
)


@pytest.mark.parametrize(
    ("miles", "multiple"),
    [(75, 2.42), (100, 2.00), (150, 1.52), (200, 1.26), (300, 0.96), (400, 0.79)],
)
def test_the_curve_has_its_published_multiples_of_the_surge_impedance_loading(miles, multiple):
    """Dunlop, Gutman and Marchenko 1979, IEEE Trans. PAS-98(2)."""
    assert float(st_clair_mw(345, miles * MILE_KM, 300)) / (345**2 / 300) == pytest.approx(
        multiple, abs=0.005
    )


@pytest.mark.parametrize(("miles", "capped"), [(10, True), (54.3, True), (54.6, False)])
def test_a_short_line_carries_three_times_its_surge_impedance_loading(miles, capped):
    ratio = float(st_clair_mw(500, miles * MILE_KM, 270)) / (500**2 / 270)
    assert (ratio == pytest.approx(3.0, abs=1e-12)) is capped


@pytest.mark.parametrize(("kv", "km", "ohm"), [(np.nan, 50, 300), (0, 50, 300), (-999999, 50, 300), (345, 0, 300), (345, np.nan, 300),
                                               (345, 50, 0), (345, 50, np.nan)])  # fmt: skip
def test_a_missing_input_is_unknown_and_not_zero(kv, km, ohm):
    assert np.isnan(st_clair_mw(kv, km, ohm))


def test_arrays_broadcast():
    assert st_clair_mw(np.array([[230.0], [345.0]]), np.array([10.0, 100.0, 300.0]), 300).shape == (
        2,
        3,
    )


def test_a_longer_line_never_carries_more():
    carried = st_clair_mw(345, np.linspace(1, 900, 200), 300)
    assert (np.diff(carried) <= 0).all()


def test_a_voltage_without_a_class_has_no_bound():
    assert np.isnan(short_line_bound_mw([np.nan], [np.nan])).all()
    assert short_line_bound_mw([230.0], [230.0])[0] == pytest.approx(3 * 230**2 / 400)


def test_the_thermal_limit_is_root_three_times_volts_and_amperes():
    assert float(thermal_mva(230, 1.5)) == pytest.approx(3**0.5 * 230 * 1.5)


@pytest.mark.parametrize(("circuits", "firm"), [(1, 0), (2, 400), (3, 800)])
def test_the_loss_of_one_circuit_leaves_the_others(circuits, firm):
    assert float(circuits_firm_mw(circuits, 400, 530)) == firm
    assert float(circuits_firm_mw(circuits, 530, 400)) == firm


def test_three_transformers_carry_what_two_can():
    assert float(substation_firm_mw(100, 3, 1.1, 0.95)) == pytest.approx(209.0)


def test_a_substation_has_left_what_its_peak_and_the_queue_leave():
    rating = {"emergency_factor": 1.1, "power_factor": 0.95}
    assert float(substation_headroom_mw(100, 3, 140, **rating)) == pytest.approx(69.0)
    grown = 209.0 - 140 * 1.02**5 - 30
    assert float(substation_headroom_mw(100, 3, 140, 0.02, 5, 30, **rating)) == pytest.approx(grown)


def test_one_transformer_is_not_firm():
    assert float(substation_firm_mw(100, 1)) == 0
    assert float(substation_headroom_mw(100, 1, 40)) == 0
    assert float(substation_margin_mw(100, 1, 40)) == -40


def test_an_overdrawn_station_shows_its_margin_and_no_headroom():
    assert float(substation_margin_mw(100, 2, 140, emergency_factor=1, power_factor=1)) == -40
    assert float(substation_headroom_mw(100, 2, 140, emergency_factor=1, power_factor=1)) == 0


@pytest.mark.parametrize("bad", [np.nan, 0, -999999])
def test_an_unknown_part_leaves_wires_and_stations_unknown(bad):
    for call, given in (
        (thermal_mva, (345, 2)),
        (circuits_firm_mw, (2, 400, 530)),
        (substation_firm_mw, (100, 3, 1.1, 0.95)),
        (substation_headroom_mw, (100, 3, 140)),
    ):
        for place in range(len(given)):
            inputs = [*given[:place], bad, *given[place + 1 :]]
            assert np.isnan(call(*inputs)), (call, inputs)


@pytest.mark.parametrize("late", [{"growth": -1}, {"years": -1}, {"queued_mw": -1}, {"queued_mw": np.nan}])  # fmt: skip
def test_a_future_that_is_none_leaves_a_station_unknown(late):
    assert np.isnan(substation_margin_mw(100, 3, 140, **late))
    assert np.isnan(substation_headroom_mw(100, 3, 140, **late))


def test_stations_broadcast():
    left = substation_headroom_mw([[50.0], [100.0]], [1, 2, 3], 40)
    assert left.shape == (2, 3)
    assert circuits_firm_mw([1, 2], [[400.0], [np.nan]], 530).shape == (2, 2)
    assert thermal_mva([69.0, 138.0], [[1.0], [2.0]]).shape == (2, 2)
