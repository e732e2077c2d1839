"""Value functions: linear between the points, constant outside, nothing else."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.ranking.values import faults, inverse, piecewise

TIME = [(12, 1.0), (36, 0.6), (84, 0.0)]


def points():
    xs = st.lists(st.integers(-1000, 1000), min_size=2, max_size=6, unique=True).map(sorted)
    return xs.flatmap(lambda x: st.lists(st.integers(0, 20), min_size=len(x), max_size=len(x)).map(
        lambda v: [(float(a), b / 20) for a, b in zip(x, v, strict=True)]
    ))  # fmt: skip


def test_published_value_functions_agree_to_1e_12(shared):
    cases = json.loads((shared / "cases/ranking/value_functions.json").read_text(encoding="utf-8"))
    number = {None: math.nan, "inf": math.inf, "-inf": -math.inf}
    for case in cases["cases"]:
        x = np.array(
            [number[v] if v is None or isinstance(v, str) else v for v in case["x"]], dtype=float
        )
        expected = np.array([math.nan if v is None else v for v in case["expected"]], dtype=float)
        np.testing.assert_allclose(
            piecewise(x, case["points"]), expected, atol=cases["atol"], rtol=0, err_msg=case["name"]
        )
    for case in cases["errors"]:
        with pytest.raises(ValueError, match="value function"):
            piecewise(np.zeros(1), case["points"])


@pytest.mark.parametrize(
    ("x", "value"), [(0, 1.0), (12, 1.0), (24, 0.8), (36, 0.6), (48, 0.45), (84, 0.0), (120, 0.0)]
)
def test_a_value_is_linear_between_points_and_constant_outside(x, value):
    assert piecewise(x, TIME) == pytest.approx(value, abs=1e-12)


def test_infinities_take_the_end_values_and_nan_stays_nan():
    found = piecewise(np.array([-np.inf, np.nan, np.inf]), TIME)
    assert found[0] == 1.0
    assert math.isnan(found[1])
    assert found[2] == 0.0


def test_float32_in_gives_float32_out_within_1e_6():
    x = np.linspace(0, 100, 101, dtype=np.float32)
    narrow = piecewise(x, TIME)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, piecewise(x.astype(float), TIME), atol=1e-6)


def test_the_shape_of_the_input_is_kept():
    assert piecewise(np.zeros((2, 3)), TIME).shape == (2, 3)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([(0, 1)], "two points"),
        ([], "two points"),
        ([(0, 1), (0, 0)], "rise strictly"),
        ([(1, 1), (0, 0)], "rise strictly"),
        ([(0, 1), (math.nan, 0)], "finite"),
        ([(0, 1), (math.inf, 0)], "finite"),
        ([(0, 1), (1, math.nan)], "finite"),
        ([(0, 1.1), (1, 0)], "between 0 and 1"),
        ([(0, 1), (1, -0.1)], "between 0 and 1"),
    ],
)
def test_illegal_points_are_refused_in_words(bad, words):
    assert any(words in fault for fault in faults(bad))
    with pytest.raises(ValueError, match=words):
        piecewise(np.zeros(1), bad)


@pytest.mark.parametrize(
    "legal", [[(0, 0), (1, 1)], [(0, 1), (1, 0)], [(0, 0), (1, 1), (2, 0)], [(0, 0.5), (1, 0.5)]]
)
def test_rising_falling_peaked_and_flat_functions_are_legal(legal):
    assert faults(legal) == []


@settings(max_examples=60, deadline=None)
@given(points(), st.floats(-2000, 2000))
def test_a_value_always_lies_between_0_and_1(function, x):
    assert 0 <= piecewise(x, function) <= 1


@settings(max_examples=60, deadline=None)
@given(points(), st.integers(0, 20), st.floats(-1000, 1000))
def test_putting_the_inverse_back_in_gives_the_value(function, twentieth, near):
    value = twentieth / 20
    x = inverse(function, value, near)
    reachable = min(v for _, v in function) <= value <= max(v for _, v in function)
    assert math.isnan(x) is not reachable
    if reachable:
        assert piecewise(x, function) == pytest.approx(value, abs=1e-9)


def test_the_inverse_takes_the_measure_nearest_to_the_given_one():
    peak = [(0, 0.0), (10, 1.0), (20, 0.0)]
    assert inverse(peak, 0.5, near=2) == pytest.approx(5)
    assert inverse(peak, 0.5, near=18) == pytest.approx(15)
    assert inverse([(0, 0.0), (10, 0.5), (20, 0.5), (30, 1.0)], 0.5, near=17) == pytest.approx(17)
    assert inverse(TIME, 1.0, near=3) == pytest.approx(3)


def test_no_measure_has_a_value_above_the_highest():
    assert math.isnan(inverse([(0, 0.0), (10, 0.5)], 0.7, near=3))
