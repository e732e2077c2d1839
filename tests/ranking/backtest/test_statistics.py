"""Statistics of a backtest, each against an independent computation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, mannwhitneyu

from powerwall.ranking.backtest.censoring import (
    censoring_curve,
    concordance,
    inverse_weights,
    kaplan_meier,
)
from powerwall.ranking.backtest.statistics import (
    auc,
    auc_interval,
    base_rate,
    below,
    brier,
    brier_parts,
    coverage,
    crps,
    drawn_between,
    lift_at,
    log_score,
    pinball,
    precision_at,
    rank_agreement,
    share_of,
    skill,
)

SCORED = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)
FORETOLD = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)
FOLLOWED = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40)


def halves(pairs):
    return np.array([a for a, _ in pairs], dtype=float), np.array([b for _, b in pairs])


@given(SCORED)
def test_the_auc_is_that_of_mann_and_whitney_and_of_counting_pairs(pairs):
    score, event = halves(pairs)
    if event.all() or not event.any():
        assert math.isnan(auc(score, event))
        return
    u = mannwhitneyu(score[event], score[~event]).statistic
    counted = np.mean([(a > b) + (a == b) / 2 for a in score[event] for b in score[~event]])
    assert auc(score, event) == pytest.approx(u / (event.sum() * (~event).sum()), abs=1e-12)
    assert auc(score, event) == pytest.approx(counted, abs=1e-12)
    assert auc(-score, event) == pytest.approx(1 - counted, abs=1e-12)


def test_an_unknown_score_is_refused_and_never_reads_as_the_best_or_worst():
    with pytest.raises(ValueError, match="NaN"):
        auc([1, math.nan], [1, 0])
    with pytest.raises(ValueError, match="shapes"):
        auc([1, 2], [1])


def test_the_interval_is_seeded_holds_the_auc_and_is_wide_where_cases_are_few():
    rng = np.random.default_rng(3)
    event = rng.random(200) < 0.4
    score = rng.normal(size=200) + event
    low, high = auc_interval(score, event, seed=1)
    assert low < auc(score, event) < high
    assert (low, high) == auc_interval(score, event, seed=1)
    assert (low, high) != auc_interval(score, event, seed=2)
    few = auc_interval(score[:40], event[:40], seed=1)
    assert few[1] - few[0] > high - low
    # the standard error of Hanley and McNeil (1982), which knows no bootstrap
    a, n, m = auc(score, event), event.sum(), (~event).sum()
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    error = math.sqrt((a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_copies_of_the_same_sites_within_a_utility_add_no_certainty():
    rng = np.random.default_rng(5)
    event = rng.random(50) < 0.5
    score = rng.integers(0, 9, 50) + 2.0 * event
    names = np.array([f"u{i:02d}" for i in range(50)])
    once = auc_interval(score, event, names)
    copied = auc_interval(np.tile(score, 4), np.tile(event, 4), np.tile(names, 4))
    assert copied == pytest.approx(once, abs=1e-12)
    alone = auc_interval(np.tile(score, 4), np.tile(event, 4))
    assert alone[1] - alone[0] < 0.7 * (once[1] - once[0])


def test_a_sample_of_one_kind_or_of_none_has_no_interval():
    assert all(map(math.isnan, auc_interval([1, 2], [1, 1])))
    assert all(map(math.isnan, auc_interval([], [])))


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=6), st.data())
def test_precision_is_the_mean_over_every_order_of_the_ties(pairs, data):
    score, event = halves(pairs)
    k = data.draw(st.integers(1, len(pairs)))
    orders = [p for p in itertools.permutations(range(len(pairs))) if all(score[a] >= score[b] for a, b in itertools.pairwise(p))]  # fmt: skip
    mean = np.mean([event[list(p[:k])].sum() for p in orders])
    found = precision_at(score, event, k)
    assert found.counted == pytest.approx(mean)
    assert found.low <= found.share <= found.high
    if event.any():
        assert lift_at(score, event, k) == pytest.approx(mean / k / event.mean())


def test_k_beyond_the_sample_is_refused():
    for k in (0, 3):
        with pytest.raises(ValueError, match=f"k = {k}"):
            precision_at([1, 2], [1, 0], k)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (55, 110)])
def test_the_interval_of_a_share_is_that_of_wilson(k, n):
    z, p = 1.96, k / n
    centre, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    found = share_of(k, n)
    assert found.low == pytest.approx((centre - half) / (1 + z * z / n), abs=1e-4)
    assert found.high == pytest.approx((centre + half) / (1 + z * z / n), abs=1e-4)
    assert math.isnan(share_of(0, 0).share)


@given(FORETOLD)
def test_the_brier_score_is_the_sum_of_its_parts(pairs):
    odds, event = halves(pairs)
    parts = brier_parts(odds, event)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert total == pytest.approx(np.mean((odds - event) ** 2), abs=1e-12)
    assert brier(odds, event) == pytest.approx(np.mean((odds - event) ** 2), abs=1e-12)
    assert parts.groups["n"].sum() == len(odds)
    assert parts.groups["events"].sum() == event.sum()


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.35, 1.0]), st.booleans()), min_size=1, max_size=50))  # fmt: skip
def test_with_equal_odds_in_each_group_nothing_is_left_within(pairs):
    odds, event = halves(pairs)
    parts = brier_parts(odds, event)
    assert not parts.binned
    assert parts.within == 0.0
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier(odds, event), abs=1e-12)  # fmt: skip


def test_the_base_rate_has_no_skill_and_its_score_is_the_uncertainty():
    event = np.array([1, 0, 0, 0, 1])
    base = np.full(5, base_rate(event))
    assert brier(base, event) == pytest.approx(0.4 * 0.6)
    assert skill(brier(base, event), 0.4 * 0.6) == pytest.approx(0)
    assert skill(0.0, 0.24) == 1
    assert math.isnan(skill(0.0, 0.0))


def test_odds_beyond_certainty_and_weights_below_nothing_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier([1.2], [1])
    with pytest.raises(ValueError, match="weights"):
        brier([0.2], [1], [-1])
    with pytest.raises(ValueError, match="weights"):
        brier([0.2], [1], [0])


def test_the_log_score_forgives_a_wrong_certainty_only_so_far():
    assert log_score([0.8, 0.4], [1, 0]) == pytest.approx(-(math.log(0.75) + math.log(0.6)) / 2)
    many = log_score(np.r_[np.zeros(9), 1.0], np.r_[np.zeros(9), 0])
    assert many == pytest.approx(-(9 * math.log(0.95) + math.log(0.05)) / 10)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 40))
def test_the_crps_of_draws_is_its_integral(draws, realised):
    x = np.sort(np.array(draws, dtype=float))
    cuts = np.unique([*x, realised])
    integral = sum(
        (b - a) * (np.mean(x <= a) - (a >= realised)) ** 2 for a, b in itertools.pairwise(cuts)
    )
    assert crps([draws], [realised])[0] == pytest.approx(integral, abs=1e-9)


def test_a_single_draw_has_its_absolute_error_as_crps():
    assert crps([[10.0], [4.0]], [7.0, 4.0]).tolist() == [3.0, 0.0]


def test_draws_between_three_quantiles_have_these_quantiles():
    draws = drawn_between([2.0, 5.0], [10.0, 6.0], [20.0, 50.0], count=4001)
    found = np.quantile(draws, [0.1, 0.5, 0.9], axis=1).T
    assert found == pytest.approx(np.array([[2, 10, 20], [5, 6, 50]]), rel=2e-3)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.floats(-50, 50), st.sampled_from([0.1, 0.5, 0.9]))  # fmt: skip
def test_no_constant_loses_less_than_the_quantile_itself(values, other, q):
    best = np.quantile(values, q, method="inverted_cdf")
    assert pinball(np.full(len(values), best), values, q) <= pinball(np.full(len(values), other), values, q) + 1e-9  # fmt: skip


def test_the_pinball_of_the_median_is_half_the_absolute_error_and_tails_weigh_one_side():
    assert pinball([10, 10], [7, 15], 0.5) == pytest.approx((3 + 5) / 4)
    assert pinball([10], [20], 0.9) == pytest.approx(9)
    assert pinball([20], [10], 0.9) == pytest.approx(1)


def test_coverage_counts_both_ends_and_below_counts_the_quantile():
    found = coverage([0, 0, 0, 0], [10, 10, 10, 10], [0, 10, 11, -1])
    assert (found.counted, found.n) == (2, 4)
    assert below([10, 10], [10, 11]).counted == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=15))
def test_rank_agreement_is_tau_b_of_counted_pairs(pairs):
    a, b = np.array(pairs, dtype=float).T
    signs = [(np.sign(a[i] - a[j]), np.sign(b[i] - b[j])) for i, j in itertools.combinations(range(len(a)), 2)]  # fmt: skip
    ties = [sum(s[k] != 0 for s in signs) for k in (0, 1)]
    if not all(ties):
        assert math.isnan(rank_agreement(a, b))
        return
    counted = sum(s * t for s, t in signs) / math.sqrt(ties[0] * ties[1])
    assert rank_agreement(a, b) == pytest.approx(counted, abs=1e-12)
    assert rank_agreement(a, b) == pytest.approx(kendalltau(a, b).statistic, abs=1e-12)


def test_kaplan_and_meier_by_hand():
    # at 6: 3 of 21 end; at 7: 1 of 17; at 10: 1 of 15 (Freireich et al. 1963, 6-MP arm)
    months = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    ended = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(months, ended)
    assert curve.months.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)  # fmt: skip
    assert curve.at([5.9, 6, 6.5]).tolist() == pytest.approx([1, 18 / 21, 18 / 21])
    assert curve.at(6, before=True) == 1
    with pytest.raises(ValueError, match="0 or more"):
        kaplan_meier([-1], [1])


def test_weights_of_the_lost_by_hand():
    # lost at 2 and at 5; G falls to 3/4 after 2 (4 at risk) and to 3/8 after 5 (2 at risk)
    months, outcome = [1, 2, 4, 5, 9], [1, 0, 1, 0, 1]
    curve = censoring_curve(months, outcome)
    assert curve.survival == pytest.approx([3 / 4, 3 / 8])
    assert inverse_weights(months, outcome, 6) == pytest.approx([1, 0, 4 / 3, 0, 8 / 3])


def test_with_nobody_lost_every_weight_is_one():
    assert inverse_weights([1, 2, 3, 3], [1, 1, 0, 0], 3).tolist() == [1, 1, 1, 1]
    assert inverse_weights([1, 5, 9], [1, 0, 0], 3).tolist() == [1, 1, 1]


@given(FOLLOWED, st.integers(1, 12))
def test_the_weighed_share_is_that_of_kaplan_and_meier(pairs, horizon):
    months, came = halves(pairs)
    weights = inverse_weights(months, came, horizon)
    lost = (weights == 0).all() or not np.isfinite(weights).all()
    survivors = months[~came] >= horizon
    if lost or not (survivors.any() or (months >= horizon).any()):
        return  # nobody is left to stand for the lost
    event = came & (months <= horizon)
    curve = kaplan_meier(months, came)
    assert weights.sum() == pytest.approx(len(months))
    assert base_rate(event, weights) == pytest.approx(1 - float(curve.at(horizon)), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6), st.booleans()), min_size=1, max_size=15))  # fmt: skip
def test_concordance_counts_the_pairs_of_which_the_earlier_is_known(cases):
    forecast, months, came = (np.array(part) for part in zip(*cases, strict=True))
    right, pairs = 0.0, 0
    for i, j in itertools.permutations(range(len(cases)), 2):
        if came[i] and (months[i] < months[j] or (months[i] == months[j] and not came[j])):
            pairs += 1
            right += (forecast[i] < forecast[j]) + (forecast[i] == forecast[j]) / 2
    found = concordance(forecast, months, came)
    assert found.pairs == pairs
    assert found.value == pytest.approx(right / pairs) if pairs else math.isnan(found.value)


def test_a_withdrawn_site_counts_as_later_than_all():
    assert concordance([30, 10], [12, math.inf], [1, 0]) == (0.0, 1)
    assert concordance([10, 30], [12, math.inf], [1, 0]) == (1.0, 1)
