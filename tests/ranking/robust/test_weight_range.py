"""Ranges of one weight: the worked example, brute force, and flips that come true when typed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.output.robust import flip_words
from powerwall.ranking.robust import flips, weight_range

EXAMPLE = np.array([[0.8, 0.25, 0.5], [0.45, 0.75, 0.8], [0.7, 0.5, np.nan]])
POINTS = np.array([5.0, 3.0, 2.0])


def scores_at(values, shares, k, t):
    """Scores where one weight is t and the others keep their proportions, row by row."""
    rest = sum(s for j, s in enumerate(shares) if j != k)
    moved = [t if j == k else (1 - t) * s / rest for j, s in enumerate(shares)]
    return [math.fsum(w * (0.5 if math.isnan(v) else v) for w, v in zip(moved, row, strict=True)) for row in values]  # fmt: skip


def leader(scores, digits=12):
    return min(range(len(scores)), key=lambda i: (-round(scores[i], digits), i))


def stays(values, shares, k, t, first, slack):
    scores = scores_at(values, shares, k, t)
    return scores[first] >= max(scores) - slack


def test_the_worked_example_has_its_printed_ranges():
    expected = [[0, 0.51923], [0.27083, 1], [0.17241, 1]]
    np.testing.assert_allclose(weight_range(EXAMPLE, POINTS), expected, atol=5e-6)
    np.testing.assert_allclose(weight_range(EXAMPLE, 10 * POINTS), expected, atol=5e-6)
    # the flip: time from 5 to 5.4 points
    end = weight_range(EXAMPLE, POINTS)[0, 1]
    assert end / (1 - end) * 5 == pytest.approx(5.4, abs=1e-9)


def cases():
    def build(seed, n, m, step):
        rng = np.random.default_rng(seed)
        values = np.round(rng.random((n, m)) / step) * step if step else rng.random((n, m))
        return values, rng.integers(1, 10, m).astype(float)

    return st.builds(build, st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(2, 6), st.sampled_from([0, 0.1, 0.25]))  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_leader_stays_within_and_falls_without(case):
    values, points = case
    shares = (points / points.sum()).tolist()
    table = values.tolist()
    first = leader(scores_at(table, shares, 0, shares[0]))
    for k, (low, high) in enumerate(weight_range(values, points)):
        assert 0 <= low <= shares[k] + 1e-12
        assert shares[k] - 1e-12 <= high <= 1
        for t in np.linspace(low, high, 9):
            assert stays(table, shares, k, float(t), first, 1e-11)
        for t in (low - 1e-6, high + 1e-6):
            if 0 <= t <= 1:
                assert not stays(table, shares, k, t, first, 0.0), f"criterion {k} at {t}"


@settings(max_examples=40, deadline=None)
@given(cases())
def test_ranges_equal_a_fine_grid(case):
    values, points = case
    shares, table = (points / points.sum()).tolist(), values.tolist()
    first = leader(scores_at(table, shares, 0, shares[0]))
    grid = np.linspace(0, 1, 401)
    for k, (low, high) in enumerate(weight_range(values, points)):
        held = [t for t in grid.tolist() if stays(table, shares, k, t, first, 1e-12)]
        inside = [t for t in grid.tolist() if low - 1e-9 <= t <= high + 1e-9]
        assert held == inside


def test_a_twin_of_the_leader_binds_nowhere():
    rng = np.random.default_rng(0)
    for _ in range(300):
        n, m = int(rng.integers(2, 12)), int(rng.integers(2, 13))
        values, points = rng.random((n, m)), rng.random(m) + 0.05
        values[0] = 1 - (1 - values[0]) * 0.1
        alone = weight_range(values, points)
        values = np.vstack([values, values[0]])
        np.testing.assert_allclose(weight_range(values, points), alone, atol=1e-6)


def test_a_site_that_ties_with_the_leader_at_every_weight_binds_nowhere():
    # the first and third points are equal, and .1 + .9 = .2 + .8: the sites are equal at any second weight
    values, points = (
        np.array([[0.1, 0.3, 0.9, 0.1], [0.2, 0.3, 0.8, 0.1]]),
        np.array([5.0, 6, 5, 8]),
    )
    np.testing.assert_allclose(weight_range(values, points)[[1, 3]], [[0, 1], [0, 1]])


def test_a_site_that_ties_now_binds_at_once():
    values, points = np.array([[0.2, 0.8, 0.5], [0.8, 0.2, 0.5]]), np.array([1.0, 1.0, 1.0])
    found = weight_range(values, points)
    np.testing.assert_allclose(found[:2], [[0, 1 / 3], [1 / 3, 1]], atol=1e-9)


def test_a_criterion_that_is_the_whole_weight_has_no_range():
    assert np.isnan(weight_range(np.array([[0.3], [0.4]]), np.array([2.0]))).all()
    found = weight_range(np.array([[0.3, 0.9], [0.4, 0.1]]), np.array([2.0, 0.0]))
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx([0, 1 / 9])  # .4 + (.1 − .4)t = .3 + (.9 − .3)t


def test_one_site_leads_at_any_weight():
    assert weight_range(np.array([[0.3, 0.9]]), np.array([2.0, 1.0])).tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("values", "points", "words"),
    [
        (EXAMPLE, [1.0, 2.0], "shape"),
        (EXAMPLE[0], [1.0, 2.0, 3.0], "shape"),
        (np.zeros((0, 3)), [1.0, 2.0, 3.0], "shape"),
        (EXAMPLE, [1.0, np.nan, 3.0], "weights.*nan"),
        (EXAMPLE, [1.0, np.inf, 3.0], "weights.*inf"),
        (EXAMPLE, [1.0, -2.0, 3.0], "weights.*-2"),
        (EXAMPLE, [0.0, 0.0, 0.0], "weights"),
    ],
)
def test_bad_input_is_refused_by_name(values, points, words):
    with pytest.raises(ValueError, match=words):
        weight_range(values, np.array(points))


def first_of(region, measures, weights, unknown="neutral"):
    frame = pw.rank(region, measures, weights=weights, unknown=unknown).frame
    return frame.index[0] if frame["status"].iloc[0] == "ranked" else None


def printed(words):
    """Points of the printed option `(-w NAME=X)`."""
    name, points = words.rsplit("(-w ", 1)[1].rstrip(")").split("=")
    return name, float(points)


def flips_come_true(region, measures, unknown="neutral"):
    ranking = pw.rank(region, measures, unknown=unknown)
    found = flips(ranking)
    moves = [abs(flip.then - flip.now) for flip in found]
    assert moves == sorted(moves)
    wrong = []
    for flip in found:
        name, points = printed(flip_words(flip, ranking))
        assert name == flip.name
        now = ranking.settings.weights.points[name]
        edge = now * flip.factor
        side = 1 if flip.then > flip.now else -1
        beyond = first_of(region, measures, {name: points}, unknown)
        before = first_of(region, measures, {name: edge * (1 - side * 1e-6)}, unknown)
        if beyond != flip.challenger or before != ranking.frame.index[0]:
            wrong.append((flip, points, beyond, before))
        assert side * (points - edge) > 0
        assert points == pytest.approx(edge, rel=0.011)
    assert not wrong
    return ranking, found


@pytest.fixture(scope="module")
def example(regions):
    region = pw.read(regions / "example.toml")
    return region, pw.measure(region)


@pytest.mark.parametrize("unknown", ["neutral", "worst"])
def test_every_flip_of_the_example_comes_true_as_printed(example, unknown):
    _, found = flips_come_true(*example, unknown)
    assert found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["central-ohio", "dallas-fort-worth", "dublin", "northern-virginia", "phoenix"])  # fmt: skip
def test_every_flip_of_a_bundled_region_comes_true_as_printed(regions, name):
    region = pw.read(regions / f"{name}.toml")
    measures = pw.measure(region)
    for unknown in ("neutral", "worst"):
        flips_come_true(region, measures, unknown)


def test_ten_times_the_points_give_the_same_flips(example):
    region, measures = example
    ranking = pw.rank(region, measures)
    subjects = ranking.settings.weights.subjects
    ten = {name: 10 * ranking.settings.weights.points[name] for name in subjects}
    before, after = flips(ranking), flips(pw.rank(region, measures, weights=ten))
    assert [(f.name, f.level, f.challenger) for f in before] == [(f.name, f.level, f.challenger) for f in after]  # fmt: skip
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose([one.now, one.then, one.factor], [other.now, other.then, other.factor], rtol=1e-9)  # fmt: skip


def test_no_other_single_weight_of_the_example_changes_the_leader(example):
    region, measures = example
    ranking = pw.rank(region, measures)
    points, top = ranking.settings.weights.points, ranking.frame.index[0]
    told = flips(ranking)
    ranked = set(ranking.frame.index[ranking.frame["status"] == "ranked"])
    for name, share in ranking.settings.weights.subjects.items():
        if not 0 < share < 1:
            continue
        ends = [points[name] * f.factor for f in told if f.name == name and f.level == "subject"]
        low, high = max([0.0, *(e for e in ends if e < points[name])]), min([math.inf, *(e for e in ends if e > points[name])])  # fmt: skip
        for amount in points[name] * np.array([0.02, 0.7, 1.5, 8]):
            first = first_of(region, measures, {name: float(amount)})
            if low < amount < high:
                assert first == top or first not in ranked, (name, amount)
