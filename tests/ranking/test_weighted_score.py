"""The weighted score: contributions that add up, rows that do not know of one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.ranking.rank import weighted_score
from powerwall.ranking.values import piecewise

# a worked example of three sites that can be redone by hand: time to power, cost, noise margin
FUNCTIONS = ([(12, 1), (36, 0.6), (84, 0)], [(40, 1), (60, 0.5), (90, 0)], [(0, 0), (10, 1)])
MEASURES = np.array([[24, 75, 5], [48, 50, 8], [30, 60, np.nan]], dtype=float)
WEIGHTS = np.array([5.0, 3.0, 2.0])


def example_values():
    return np.column_stack([piecewise(MEASURES[:, j], f) for j, f in enumerate(FUNCTIONS)])


def tables():
    cell = st.one_of(st.floats(0, 1), st.just(float("nan")))
    return st.tuples(st.integers(1, 12), st.integers(1, 6)).flatmap(
        lambda shape: st.tuples(
            st.lists(
                st.lists(cell, min_size=shape[1], max_size=shape[1]),
                min_size=shape[0],
                max_size=shape[0],
            ).map(np.array),
            st.lists(st.floats(0.01, 10), min_size=shape[1], max_size=shape[1]).map(np.array),
        )
    )


def test_the_worked_example_scores_57_5_61_and_60():
    np.testing.assert_allclose(
        weighted_score(example_values(), WEIGHTS), [57.5, 61.0, 60.0], atol=1e-12
    )


def test_an_unknown_opens_the_interval_50_to_70_of_the_worked_example():
    values = example_values()
    assert weighted_score(values, WEIGHTS, 0)[2] == pytest.approx(50, abs=1e-12)
    assert weighted_score(values, WEIGHTS, 1)[2] == pytest.approx(70, abs=1e-12)
    np.testing.assert_array_equal(
        weighted_score(values, WEIGHTS, 0)[:2], weighted_score(values, WEIGHTS, 1)[:2]
    )


def test_each_criterion_may_have_a_neutral_value_of_its_own():
    values = np.array([[np.nan, np.nan]])
    assert weighted_score(values, np.array([3.0, 1.0]), np.array([0.2, 1.0]))[0] == pytest.approx(
        40
    )


@settings(max_examples=60, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_a_rows_score_has_the_same_bits_alone_among_others_and_in_any_order(table, random):
    values, weights = table
    whole = weighted_score(values, weights)
    order = list(range(len(values)))
    random.shuffle(order)
    some = order[: random.randint(1, len(order))]
    assert weighted_score(values[some], weights).tobytes() == whole[some].tobytes()
    assert weighted_score(np.asfortranarray(values), weights).tobytes() == whole.tobytes()


def test_rows_keep_their_bits_at_any_number_of_rows():
    rng = np.random.default_rng(0)
    values, weights = rng.random((5000, 12)), rng.random(12)
    whole = weighted_score(values, weights)
    for size in (1, 2, 3, 7, 64, 1023):
        assert weighted_score(values[:size], weights).tobytes() == whole[:size].tobytes()


@settings(max_examples=60, deadline=None)
@given(tables())
def test_the_score_lies_inside_its_interval_which_has_the_width_of_the_unknown(table):
    values, weights = table
    low, mid, high = (weighted_score(values, weights, n) for n in (0.0, 0.5, 1.0))
    unknown = np.isnan(values) @ (weights / weights.sum())
    assert (low <= mid).all()
    assert (mid <= high).all()
    np.testing.assert_allclose(high - low, 100 * unknown, atol=1e-9)
    assert (low >= 0).all()
    assert (high <= 100 + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(tables(), st.data())
def test_a_better_value_never_lowers_the_score(table, data):
    values, weights = table
    column = data.draw(st.integers(0, values.shape[1] - 1))
    better = values.copy()
    better[:, column] = np.minimum(1.0, better[:, column] + 0.25)
    assert (weighted_score(better, weights) >= weighted_score(values, weights)).all()


@settings(max_examples=40, deadline=None)
@given(tables(), st.floats(0.01, 100))
def test_scaling_all_weights_changes_nothing(table, factor):
    values, weights = table
    np.testing.assert_allclose(
        weighted_score(values, weights * factor), weighted_score(values, weights), atol=1e-10
    )


def test_a_criterion_of_weight_0_changes_nothing_known_or_not():
    values, weights = example_values(), WEIGHTS
    plain = weighted_score(values, weights)
    for extra in (np.zeros(3), np.ones(3), np.full(3, np.nan)):
        assert (
            weighted_score(np.column_stack([values, extra]), np.append(weights, 0.0)).tobytes()
            == plain.tobytes()
        )


def test_splitting_a_criterion_into_two_equal_ones_changes_nothing():
    values = example_values()
    split = np.column_stack([values, values[:, 0]])
    np.testing.assert_allclose(
        weighted_score(split, np.array([2.5, 3, 2, 2.5])),
        weighted_score(values, WEIGHTS),
        atol=1e-12,
    )


def test_no_sites_have_no_scores():
    assert weighted_score(np.empty((0, 2)), np.ones(2)).shape == (0,)


@pytest.mark.parametrize(
    "weights",
    [[np.nan, 1.0], [np.inf, 1.0], [-1.0, 2.0], [0.0, 0.0], [1.0], [1.0, 1.0, 1.0], [[1.0, 1.0]]],
    ids=str,
)
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        weighted_score(np.zeros((2, 2)), np.array(weights))


def test_the_inputs_are_never_changed():
    values, weights = example_values(), WEIGHTS.copy()
    before = values.copy()
    weighted_score(values, weights)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(weights, WEIGHTS)
