"""Weights: two levels, pairwise comparisons, bare orders."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.ranking.settings import settings as settings_of
from powerwall.ranking.weights import ahp, rank_order


def test_three_pairwise_comparisons_give_the_published_weights_and_ratio():
    # a12 = 3, a13 = 5, a23 = 2; closed form for three criteria: weights ∝ row geometric means
    weights, ratio = ahp(np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]))
    assert weights == pytest.approx([0.6483, 0.2297, 0.1220], abs=5e-5)
    assert ratio == pytest.approx(0.00354, abs=5e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.1, 9), min_size=1, max_size=10))
def test_a_consistent_matrix_gives_its_weights_back_and_ratio_0(raw):
    w = np.array(raw) / np.sum(raw)
    weights, ratio = ahp(w[:, None] / w[None, :])
    np.testing.assert_allclose(weights, w, rtol=1e-8)
    assert ratio == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("matrix", [[[1.0]], [[1, 4], [0.25, 1]]])
def test_one_or_two_criteria_are_always_consistent(matrix):
    assert ahp(np.array(matrix))[1] == 0


def test_more_than_ten_criteria_have_no_ratio():
    assert math.isnan(ahp(np.ones((11, 11)))[1])


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1, 2], [0.4, 1]], "inverse"),
        ([[1, 0], [1, 1]], "positive"),
        ([[1, -2], [-0.5, 1]], "positive"),
        ([[1, np.nan], [1, 1]], "positive"),
        ([[1, 2, 3], [0.5, 1, 1]], "square"),
        ([[2, 1], [1, 2]], "inverse"),
        (np.zeros((0, 0)), "square"),
    ],
)
def test_a_matrix_that_is_no_comparison_is_refused(matrix, words):
    with pytest.raises(ValueError, match=words):
        ahp(np.array(matrix, dtype=float))


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        (1, [1.0]),
        (2, [0.75, 0.25]),
        (3, [0.6111, 0.2778, 0.1111]),
        (4, [0.5208, 0.2708, 0.1458, 0.0625]),
    ],
)
def test_a_bare_order_has_the_centroid_weights(m, expected):
    """Barron and Barrett 1996, Management Science 42(11)."""
    assert rank_order(m) == pytest.approx(expected, abs=5e-5)
    assert rank_order(m).sum() == pytest.approx(1)


def test_no_criteria_cannot_be_ordered():
    with pytest.raises(ValueError, match="cannot be ordered"):
        rank_order(0)


def ranked(path):
    region = pw.read(path)
    return pw.rank(region, pw.measure(region))


def weights_of(make_region, folder, weights):
    region = pw.read(make_region(folder, toml={"weights": weights}))
    return settings_of([region], pw.measure(region).criteria, {}).weights


def test_two_levels_multiply_and_all_weights_sum_to_one(make_region, tmp_path):
    table = {
        "power": 3,
        "cost": 1,
        "power_criteria": {"months_late": 2, "on_time_if_permitted_probability": 1},
    }
    found = weights_of(make_region, tmp_path, table)
    assert found.subjects == {"power": 0.75, "cost": 0.25}
    assert found.criteria["months_late"] == pytest.approx(0.5)
    assert found.criteria["on_time_if_permitted_probability"] == pytest.approx(0.25)
    assert found.criteria["delivered_cost_usd_per_mwh"] == pytest.approx(0.25)
    assert sum(found.criteria.values()) == pytest.approx(1, abs=1e-12)


def test_ten_times_the_points_in_another_order_are_the_same_weights(make_region, tmp_path):
    first = weights_of(make_region, tmp_path, {"power": 5, "cost": 3, "noise": 1})
    second = weights_of(make_region, tmp_path, {"noise": 10, "cost": 30, "power": 50})
    assert first.criteria == second.criteria


@pytest.mark.parametrize(
    ("weights", "code", "word"),
    [
        ({"powr": 1}, "PW105", "powr"),
        ({"power": -1}, "PW106", "power"),
        ({"power": 0}, "PW106", "all subjects"),
        ({"power": math.nan}, "PW106", "nan"),
        ({"power": 1, "power_criteria": {"months_lat": 1}}, "PW105", "months_lat"),
        ({"power": 1, "power_criteria": {"months_late": -2}}, "PW106", "months_late"),
        (
            {
                "power": 1,
                "power_criteria": {"months_late": 0, "on_time_if_permitted_probability": 0},
            },
            "PW106",
            "no criterion in use",
        ),
        ({"power": 1, "pwer_criteria": {"months_late": 1}}, "PW105", "pwer_criteria"),
        ({"land": 1, "land_criteria": {"area_ha": 1}}, "PW106", "no value function"),
    ],
)
def test_bad_weights_are_errors_that_name_them(make_region, tmp_path, weights, code, word):
    path = make_region(tmp_path, toml={"weights": weights})
    with pytest.raises(pw.BadInput) as caught:
        ranked(path)
    assert any(f.code == code and word in f.message and f.line for f in caught.value.findings)


def test_a_weight_given_as_an_option_names_what_it_does_not_know(tiny, tiny_measures):
    with pytest.raises(pw.BadInput, match="months_lat") as caught:
        pw.rank(tiny, tiny_measures, weights={"months_lat": 1})
    assert "months_late" in caught.value.findings[0].remedy


def test_an_option_replaces_the_points_of_one_subject_only(tiny, tiny_measures):
    found = pw.rank(tiny, tiny_measures, weights={"cost": 6}).settings.weights
    assert found.subjects["cost"] == pytest.approx(6 / 15)
    assert found.subjects["power"] == pytest.approx(5 / 15)
