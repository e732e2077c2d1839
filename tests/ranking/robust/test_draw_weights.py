"""Drawn weights: sums, closed forms of mean and spread, corners, and two levels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.ranking.robust import draw_weights
from powerwall.ranking.robust.weights import draw_levels
from powerwall.ranking.weights import Weights, resolve
from powerwall.region.findings import Findings

CONCENTRATIONS = [1e-300, 1e-9, 1e-3, 0.5, 1, 50, 1e6, np.inf]
points = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), min_size=1, max_size=8).filter(any)


def draws(nominal, concentration, k=2000, seed=0):
    return draw_weights(np.array(nominal, dtype=float), concentration, k, np.random.default_rng(seed))  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(points, st.sampled_from(CONCENTRATIONS), st.integers(0, 40))
def test_draws_sum_to_1_and_what_has_no_weight_keeps_exactly_none(nominal, concentration, k):
    found = draws(nominal, concentration, k)
    assert found.shape == (k, len(nominal))
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert (found[:, np.array(nominal) == 0] == 0).all()


@pytest.mark.parametrize("concentration", [0.3, 1, 10, 50, 200])
def test_mean_and_deviation_are_those_of_the_closed_form(concentration):
    nominal, k = np.array([0.1, 0.3, 0.0, 0.6]), 60_000
    found = draws(20 * nominal, concentration, k, seed=7)
    deviation = np.sqrt(nominal * (1 - nominal) / (concentration + 1))
    np.testing.assert_allclose(found.mean(axis=0), nominal, atol=5 * deviation.max() / np.sqrt(k))
    np.testing.assert_allclose(found.std(axis=0), deviation, rtol=0.02)
    # covariances of a Dirichlet distribution are −w_i w_j / (concentration + 1)
    pair = np.cov(found[:, 0], found[:, 3])[0, 1]
    assert pair == pytest.approx(-0.06 / (concentration + 1), rel=0.1)


def test_ones_are_drawn_uniformly_from_the_simplex():
    # each weight of m is then Beta(1, m − 1), with P(w < x) = 1 − (1 − x)^(m − 1)
    m, k = 4, 40_000
    found = draws(np.ones(m), m, k, seed=3)
    for x in (0.02, 0.1, 0.25, 0.5, 0.9):
        share = 1 - (1 - x) ** (m - 1)
        np.testing.assert_allclose((found < x).mean(axis=0), share, atol=5 * np.sqrt(share * (1 - share) / k) + 1e-9)  # fmt: skip


def test_an_infinite_concentration_gives_the_nominal_weights():
    np.testing.assert_allclose(draws([2, 0, 6], np.inf, 5), [[0.25, 0, 0.75]] * 5, atol=1e-15)


@pytest.mark.parametrize("concentration", [1e-3, 1e-9, 1e-300])
def test_tiny_concentrations_give_corners_as_often_as_the_weights_say(concentration):
    k = 40_000
    found = draws([1, 0, 2, 5, 2], concentration, k, seed=11)
    assert np.isfinite(found).all()
    nominal = np.array([0.1, 0, 0.2, 0.5, 0.2])
    # the mean is exact for any concentration; nearly every draw is a corner
    np.testing.assert_allclose(found.mean(axis=0), nominal, atol=5 * 0.5 / np.sqrt(k))
    largest = np.bincount(found.argmax(axis=1), minlength=5) / k
    np.testing.assert_allclose(largest, nominal, atol=5 * 0.5 / np.sqrt(k))
    assert (found.max(axis=1) > 0.999).mean() > 0.98


def test_one_criterion_always_has_all_the_weight():
    for concentration in CONCENTRATIONS:
        np.testing.assert_array_equal(draws([0, 3], concentration, 20), [[0, 1]] * 20)


def test_the_same_generator_gives_the_same_draws_and_another_seed_others():
    first, again, other = draws([1, 2], 50, 9, 4), draws([1, 2], 50, 9, 4), draws([1, 2], 50, 9, 5)
    assert first.tobytes() == again.tobytes()
    assert not np.isclose(first, other).any()
    assert first.tobytes() == draws([4, 8], 50, 9, 4).tobytes()


@pytest.mark.parametrize("huge", [1e308, 1.7e308])
def test_points_near_the_largest_number_are_drawn_or_refused_in_words(huge):
    # finite points whose sum is not: weights, or an error that says so
    try:
        found = draws([huge, huge], 50, 100)
    except ValueError as error:
        assert "weights" in str(error)  # noqa: PT017
    else:
        np.testing.assert_allclose(found.mean(axis=0), 0.5, atol=0.05)


@pytest.mark.parametrize(
    ("nominal", "concentration", "words"),
    [
        ([1, np.nan], 50, "weights.*nan"),
        ([1, np.inf], 50, "weights.*inf"),
        ([1, -1], 50, "weights.*-1"),
        ([0, 0], 50, "weights"),
        ([], 50, "weights"),
        ([[1, 2]], 50, "weights"),
        ([1, 2], 0, "concentration.*0"),
        ([1, 2], -3, "concentration.*-3"),
        ([1, 2], np.nan, "concentration.*nan"),
        ([1, 2], -np.inf, "concentration.*inf"),
    ],
)
def test_bad_weights_and_concentrations_are_refused_by_name(nominal, concentration, words):
    with pytest.raises(ValueError, match=words):
        draws(nominal, concentration, 3)


CRITERIA = {
    name: SimpleNamespace(subject=subject, weight=1.0, value=((0.0, 0.0), (1.0, 1.0)))
    for name, subject in {"cost_a": "cost", "cost_b": "cost", "power_a": "power", "power_b": "power", "power_c": "power", "water_a": "water"}.items()
}  # fmt: skip
GIVEN = {"power": 5, "cost": 3, "water": 2, "power_criteria": {"power_a": 1, "power_b": 3, "power_c": 0}, "cost_criteria": {"cost_a": 2, "cost_b": 2}}  # fmt: skip


def weights_of(given, criteria=CRITERIA) -> Weights:
    findings = Findings()
    found = resolve(given, criteria, lambda *_: {}, findings)
    assert not list(findings)
    return found


def two_levels(given, k=2000, concentration=50.0, seed=0, criteria=CRITERIA):
    weights = weights_of(given, criteria)
    names = sorted(name for name, share in weights.criteria.items() if share > 0)
    found = draw_levels(weights, criteria, names, concentration, k, seed)
    return dict(zip(names, found.T, strict=True))


def test_both_levels_sum_to_1_and_leave_out_what_does_not_count():
    found = two_levels(GIVEN)
    assert "power_c" not in found
    np.testing.assert_allclose(sum(found.values()), 1, atol=1e-12)


def turned(given):
    """The same file from its last line to its first."""
    return {k: turned(v) if isinstance(v, dict) else v for k, v in reversed(given.items())}


def scaled(given, factor):
    return {k: scaled(v, factor) if isinstance(v, dict) else v * factor for k, v in given.items()}


@pytest.mark.parametrize("change", [turned, lambda g: scaled(g, 10), lambda g: scaled(g, 0.25), lambda g: {**turned(scaled(g, 4))}])  # fmt: skip
def test_order_in_the_file_and_a_common_factor_change_no_byte(change):
    before, after = two_levels(GIVEN), two_levels(change(GIVEN))
    assert sorted(before) == sorted(after)
    for name, column in before.items():
        assert column.tobytes() == after[name].tobytes(), name


def test_order_of_the_criteria_changes_no_byte():
    before, after = two_levels(GIVEN), two_levels(GIVEN, criteria=dict(reversed(CRITERIA.items())))
    for name, column in before.items():
        assert column.tobytes() == after[name].tobytes(), name


@pytest.mark.parametrize("concentration", [10.0, 50.0])
def test_both_levels_have_the_deviation_of_the_closed_form(concentration):
    k = 60_000
    found = two_levels(GIVEN, k, concentration, seed=2)
    power = found["power_a"] + found["power_b"]
    cost = found["cost_a"] + found["cost_b"]
    for drawn, share in ((power, 0.5), (cost, 0.3), (found["water_a"], 0.2),
                         (found["power_a"] / power, 0.25), (found["cost_b"] / cost, 0.5)):  # fmt: skip
        deviation = np.sqrt(share * (1 - share) / (concentration + 1))
        assert drawn.mean() == pytest.approx(share, abs=5 * deviation / np.sqrt(k))
        assert drawn.std() == pytest.approx(deviation, rel=0.02)
    # levels are drawn apart
    assert abs(np.corrcoef(power, found["power_a"] / power)[0, 1]) < 5 / np.sqrt(k)
    assert abs(np.corrcoef(found["power_a"] / power, found["cost_a"] / cost)[0, 1]) < 5 / np.sqrt(k)


@pytest.mark.parametrize(
    "change",
    [
        {"cost_criteria": {"cost_a": 7, "cost_b": 1}},
        {"cost_criteria": {"cost_a": 1, "cost_b": 0}},
        {"cost": 30},
        {"cost": 0},
    ],
)
def test_another_subject_moves_no_inner_draw(change):
    before, after = two_levels(GIVEN), two_levels({**GIVEN, **change})
    inner = [drawn["power_a"] / (drawn["power_a"] + drawn["power_b"]) for drawn in (before, after)]
    np.testing.assert_allclose(*inner, rtol=1e-12)


def test_the_inner_points_of_a_subject_move_no_subject():
    before = two_levels(GIVEN)
    after = two_levels({**GIVEN, "power_criteria": {"power_a": 1, "power_b": 1, "power_c": 4}})
    np.testing.assert_allclose(
        before["power_a"] + before["power_b"], after["power_a"] + after["power_b"] + after["power_c"], rtol=1e-12
    )  # fmt: skip
    np.testing.assert_array_equal(before["water_a"], after["water_a"])


def test_a_criterion_without_weight_present_or_absent_moves_no_draw():
    criteria = {**CRITERIA, "power_aa": SimpleNamespace(subject="power", weight=0.0, value=None)}
    before, after = two_levels(GIVEN), two_levels(GIVEN, criteria=criteria)
    for name, column in before.items():
        assert column.tobytes() == after[name].tobytes()


def test_a_seed_gives_the_same_levels_and_another_one_others():
    assert two_levels(GIVEN)["cost_a"].tobytes() == two_levels(GIVEN)["cost_a"].tobytes()
    assert not np.isclose(two_levels(GIVEN)["cost_a"], two_levels(GIVEN, seed=1)["cost_a"]).all()
