"""Wires: the loadability curve, in miles inside and kilometres outside."""

from __future__ import annotations

import numpy as np
import pytest

from powerwall.criteria.power.wires import MILE_KM, short_line_bound_mw, st_clair_mw


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
