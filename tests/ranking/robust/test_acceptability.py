"""Acceptability: shares of ranks, central weights and confidence against counting draw by draw."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.ranking.robust import acceptability, draw_weights
from powerwall.ranking.robust.acceptability import World, tally

MODULE = sys.modules[
    "powerwall.ranking.robust.acceptability"
]  # its name is also that of a function


def order_of(rows, weights, out=()):
    """Sites from first to last in one draw, those out left away; plain Python."""
    total = sum(weights)
    scores = [sum(w / total * v for w, v in zip(weights, row, strict=True)) for row in rows]
    kept = [i for i in range(len(rows)) if i not in out]
    return sorted(kept, key=lambda i: (-round(scores[i], 12), i))


def counted(worlds, weights, outs=None):
    """Rank shares, central weights and confidence by a loop over the draws."""
    k, n, m = len(weights), len(worlds[0]), len(weights[0])
    ranks, sums = np.zeros((n, n)), np.zeros((n, m))
    for d in range(k):
        order = order_of(worlds[d], weights[d], () if outs is None else outs[d])
        for place, site in enumerate(order):
            ranks[site, place] += 1
        if order:
            total = sum(weights[d])
            sums[order[0]] += [w / total for w in weights[d]]
    central, sure = np.full((n, m), np.nan), np.full(n, np.nan)
    for site in np.flatnonzero(ranks[:, 0]):
        central[site] = sums[site] / ranks[site, 0]
        orders = [order_of(worlds[d], central[site], () if outs is None else outs[d]) for d in range(k)]  # fmt: skip
        sure[site] = np.mean([bool(order) and order[0] == site for order in orders])
    return ranks / k, central, sure


def agrees(found, values, weights):
    worlds = values.tolist() if values.ndim == 3 else [values.tolist()] * len(weights)
    share, central, sure = counted(worlds, weights.tolist())
    np.testing.assert_allclose(found.rank_share, share, atol=1e-15)
    np.testing.assert_allclose(found.central_weights, central, atol=1e-12)
    np.testing.assert_allclose(found.confidence, sure, atol=1e-15)


def tables(low=0.0, high=1.0):
    """Values in steps of a tenth, so that sites often tie; some rows twice."""
    rng_seed, sizes = st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 7), st.integers(1, 5), st.integers(1, 25))  # fmt: skip

    def build(seed, size):
        rng = np.random.default_rng(seed)
        n, m, k = size
        values = np.round(rng.uniform(low, high, (k, n, m)), 1)
        if n > 2:
            values[:, -1] = values[:, 0]
        return values, np.round(rng.integers(1, 10, (k, m)) / 4.0, 2)

    return st.builds(build, rng_seed, sizes)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_certain_values_give_the_counts_of_a_loop(made):
    values, weights = made
    agrees(acceptability(values[0], weights), values[0], weights)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_drawn_values_give_the_counts_of_a_loop(made):
    values, weights = made
    agrees(acceptability(values, weights), values, weights)


@settings(max_examples=30, deadline=None)
@given(tables(-3.0, 40.0))
def test_values_outside_0_and_1_give_the_counts_of_a_loop(made):
    values, weights = made
    agrees(acceptability(values, weights), values, weights)
    agrees(acceptability(values[0], weights), values[0], weights)


@settings(max_examples=30, deadline=None)
@given(tables(-1.0, 1.0), st.sampled_from([1e7, 1e12, 1e30]))
def test_huge_values_give_the_counts_of_a_loop(made, factor):
    # beyond the whole numbers that fit beside a column in 64 bits; powers of two keep the ties
    values, _ = made
    weights = np.random.default_rng(len(values)).choice([1.0, 2.0, 4.0, 8.0], (len(values), values.shape[2]))  # fmt: skip
    weights[:, -1] = 16 - weights[:, :-1].sum(axis=1) % 16
    large = np.round(values * 8) / 8 * 2.0 ** round(np.log2(factor))
    found = acceptability(large, weights)
    share, _, _ = counted(large.tolist(), weights.tolist())
    np.testing.assert_allclose(found.rank_share.sum(axis=0), 1)
    distinct = [len({round(sum(a * b for a, b in zip(r, w, strict=True)) / sum(w), 6) for r in rows}) == len(rows) for rows, w in zip(large.tolist(), weights.tolist(), strict=True)]  # fmt: skip
    if all(distinct):
        np.testing.assert_allclose(found.rank_share, share)


def test_equal_huge_sites_rank_in_row_order():
    values = np.array([[1e20, 0.0], [2e20, 0.0], [1e20, 0.0]])
    found = acceptability(values, np.array([[0.5, 0.5], [0.25, 0.75]]))
    assert found.rank_share.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_large_values_are_ranked_and_those_that_would_overflow_are_refused():
    values = np.array([[1e150, 1e150], [1e149, 1e149]])
    assert acceptability(values, np.array([[0.5, 0.5]])).rank_share.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="below 1e200"):
        acceptability(values * 1e158, np.array([[0.5, 0.5]]))


def test_equal_scores_of_different_rows_rank_in_row_order():
    values = np.array([[0.2, 0.8], [0.8, 0.2], [0.5, 0.5]])
    found = acceptability(values, np.array([[1.0, 1.0]]))
    assert found.rank_share.tolist() == np.eye(3).tolist()
    turned = acceptability(values[::-1], np.array([[1.0, 1.0]]))
    assert turned.rank_share.tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("drawn", [False, True])
def test_a_twin_never_stands_before_the_first_of_the_two(drawn):
    # rounding alone does not make equal sites equal: their last bits may lie on two sides of a half
    rng = np.random.default_rng(5)
    k = 200_000
    values = rng.random((9, 12))
    values[8] = values[0]
    table = np.broadcast_to(values, (k, 9, 12)) if drawn else values
    found = acceptability(table, draw_weights(np.ones(12), 12, k, rng)).rank_share
    np.testing.assert_array_equal(found[8, 1:], found[0, :-1])
    assert found[8, 0] == 0


@pytest.mark.parametrize("n", [2, 4, 7])
def test_an_identity_of_values_gives_the_closed_form(n):
    # H_n / n on the own criterion, the rest evenly on the others (scoring reference of SMAA-2)
    k = 60_000
    weights = draw_weights(np.ones(n), n, k, np.random.default_rng(n))
    found = acceptability(np.eye(n), weights)
    harmonic = sum(1 / i for i in range(1, n + 1))
    expected = np.full((n, n), (1 - harmonic / n) / (n - 1))
    np.fill_diagonal(expected, harmonic / n)
    np.testing.assert_allclose(found.rank_share, 1 / n, atol=5 * np.sqrt((n - 1) / n**2 / k))
    np.testing.assert_allclose(found.central_weights, expected, atol=0.01)
    assert (found.confidence == 1).all()


def test_the_municipal_plan_of_1998_is_reproduced(shared):
    case = json.loads((shared / "cases/ranking/smaa_municipal_1998.json").read_text())
    base = np.array(case["matrix"]) * case["direction"]
    rng, k = np.random.default_rng(1998), 100_000
    absolute, relative = (np.array([np.nan if x is None else x for x in case["uncertainty"][name]], dtype=float) for name in ("absolute", "relative"))  # fmt: skip
    half = np.where(np.isnan(absolute), np.nan_to_num(relative) * np.abs(base), absolute)
    drawn = base + rng.uniform(-1, 1, (k, *base.shape)) * half
    worst, best = base.min(axis=0), base.max(axis=0)
    m = base.shape[1]
    found = acceptability((drawn - worst) / (best - worst), draw_weights(np.ones(m), m, k, rng))
    expected, tolerance = case["expected_percent"], case["tolerance_percent_points"]
    np.testing.assert_allclose(
        100 * found.rank_share[:, 0], expected["acceptability_first_rank"], atol=tolerance["acceptability"]
    )  # fmt: skip
    for sure, published in zip(found.confidence, expected["confidence_factor"], strict=True):
        if published is None:
            assert np.isnan(sure)
        else:
            assert 100 * sure == pytest.approx(published, abs=tolerance["confidence"])


def test_the_share_between_two_sites_is_that_of_the_closed_form(shared):
    k = 200_000
    for case in json.loads((shared / "cases/ranking/smaa_analytic.json").read_text())["cases"]:
        d, p = np.array(case["value_difference_a_minus_b"]), case["p_a_beats_b"]
        weights = draw_weights(np.ones(len(d)), len(d), k, np.random.default_rng(44))
        found = acceptability(np.array([np.maximum(d, 0), np.maximum(-d, 0)]), weights)
        assert found.rank_share[0, 0] == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / k))


@settings(max_examples=40, deadline=None)
@given(tables(), st.integers(0, 1000))
def test_draws_shuffled_together_give_the_same_shares_which_add_to_1(made, seed):
    values, weights = made
    order = np.random.default_rng(seed).permutation(len(weights))
    found, other = acceptability(values, weights), acceptability(values[order], weights[order])
    np.testing.assert_array_equal(found.rank_share, other.rank_share)
    np.testing.assert_allclose(found.central_weights, other.central_weights, atol=1e-12)
    for axis in (0, 1):
        np.testing.assert_allclose(found.rank_share.sum(axis=axis), 1, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(tables())
def test_an_infinite_concentration_gives_one_order(made):
    values, weights = made
    drawn = draw_weights(weights[0], np.inf, 9, np.random.default_rng(0))
    found = acceptability(values[0], drawn).rank_share
    for rank, site in enumerate(order_of(values[0].tolist(), weights[0].tolist())):
        assert found[site, rank] == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 7))
def test_certain_data_leave_no_doubt_under_central_weights(seed, n, m):
    rng = np.random.default_rng(seed)
    values = np.round(rng.random((n, m)), 1)
    found = acceptability(values, draw_weights(np.ones(m), m, 200, rng))
    first = found.rank_share[:, 0] > 0
    assert (found.confidence[first] == 1).all()
    assert np.isnan(found.confidence[~first]).all()
    assert np.isnan(found.central_weights[~first]).all()


def test_no_site_and_one_site():
    weights = np.array([[0.5, 0.5], [0.9, 0.1]])
    nobody = acceptability(np.zeros((0, 2)), weights)
    assert [part.shape for part in nobody] == [(0, 0), (0, 2), (0,)]
    assert [part.shape for part in acceptability(np.zeros((2, 0, 2)), weights)] == [(0, 0), (0, 2), (0,)]  # fmt: skip
    one = acceptability(np.array([[0.3, 0.4]]), weights)
    assert one.rank_share.tolist() == [[1]]
    np.testing.assert_allclose(one.central_weights, [[0.7, 0.3]])
    assert one.confidence.tolist() == [1]


def test_a_constant_column_changes_no_rank():
    rng = np.random.default_rng(3)
    values, weights = rng.random((6, 3)), draw_weights(np.ones(3), 3, 500, rng)
    wider = np.column_stack([values, np.full(6, 0.4)])
    more = np.column_stack([weights, rng.random(500)])
    np.testing.assert_array_equal(acceptability(values, weights).rank_share, acceptability(wider, more).rank_share)  # fmt: skip
    equal = acceptability(np.full((4, 3), 0.5), weights).rank_share
    np.testing.assert_array_equal(equal, np.eye(4))


V, W = np.array([[0.1, 0.9], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.2, 0.8]])


@pytest.mark.parametrize(
    ("values", "weights", "words"),
    [
        (np.array([[np.nan, 0.9], [0.5, 0.5]]), W, "values"),
        (np.array([[np.inf, 0.9], [0.5, 0.5]]), W, "values"),
        (np.array([[np.inf, -np.inf], [0.5, 0.5]]), W, "values"),
        (V, np.array([[np.nan, 0.5], [0.2, 0.8]]), "weights"),
        (V, np.array([[-0.5, 1.5], [0.2, 0.8]]), "weights"),
        (V, np.array([[0.0, 0.0], [0.2, 0.8]]), "weights"),
        (V, np.zeros((0, 2)), "weights|draw"),
        (np.stack([V, V, V]), W, "3 draws of the values and 2 of the weights"),
        (V, np.ones((2, 3)), r"\(2, 3\).*\(2, 2\)"),
        (V[0], W, "shape"),
        (V, W[0], "shape"),
    ],
)
def test_bad_input_is_refused_by_name(values, weights, words):
    with pytest.raises(ValueError, match=words):
        acceptability(values, weights)


@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("ndim", [2, 3])
def test_blocks_of_any_size_give_the_same_counts(monkeypatch, block, ndim):
    rng = np.random.default_rng(8)
    values, weights = np.round(rng.random((1500, 8, 4)), 1), rng.random((1500, 4))
    table = values[0] if ndim == 2 else values
    whole = acceptability(table, weights)
    monkeypatch.setattr(MODULE, "BLOCK", block)
    monkeypatch.setattr(MODULE, "_CACHED", 64 * block)
    found = acceptability(table, weights)
    np.testing.assert_array_equal(found.rank_share, whole.rank_share)
    np.testing.assert_array_equal(found.confidence, whole.confidence)
    np.testing.assert_allclose(found.central_weights, whole.central_weights, atol=1e-12)


def test_input_is_left_as_it_was():
    values, weights = V.copy(), 3 * W
    acceptability(values, weights)
    np.testing.assert_array_equal(values, V)
    np.testing.assert_array_equal(weights, 3 * W)


def test_the_error_falls_with_the_root_of_the_draws():
    d, truth = np.array([0.5, 0.1, -0.4]), 0.6444444444444443
    values, sizes = np.array([np.maximum(d, 0), np.maximum(-d, 0)]), 2 ** np.arange(8, 17)
    errors = [
        np.sqrt(np.mean([
            (acceptability(values, draw_weights(np.ones(3), 3, int(k), np.random.default_rng([seed, int(k)]))).rank_share[0, 0] - truth) ** 2
            for seed in range(24)
        ]))
        for k in sizes
    ]  # fmt: skip
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


@settings(max_examples=50, deadline=None)
@given(tables(), st.integers(0, 2**16), st.floats(0, 1))
def test_a_world_of_drawn_columns_and_sites_out_gives_the_counts_of_a_loop(made, seed, often):
    values, weights = made
    k, n, m = values.shape
    rng = np.random.default_rng(seed)
    columns = np.flatnonzero(rng.random(m) < 0.5).tolist()
    out = rng.random((k, n)) < often
    full = np.repeat(values[:1], k, axis=0)
    full[:, :, columns] = values[:, :, columns]
    shares = weights / weights.sum(axis=1, keepdims=True)
    world = World(values[0], {j: values[:, :, j] for j in columns}, out)
    counts = tally(world, shares, n)
    outs = [set(np.flatnonzero(row).tolist()) for row in out]
    share, central, _ = counted(full.tolist(), weights.tolist(), outs)
    np.testing.assert_allclose(counts.ranks / k, share, atol=1e-15)
    np.testing.assert_allclose(counts.central(), central, atol=1e-12)
    np.testing.assert_allclose(counts.ranks.sum(axis=1) / k, 1 - out.mean(axis=0), atol=1e-12)
