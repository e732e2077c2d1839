"""Outside view: pipelines, quoted durations, and the blend."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.power.outside import (
    anchors,
    blend,
    blend_draws,
    blend_success,
    from_pipeline,
    from_rows,
    quoted,
)
from powerwall.criteria.power.pipeline import (
    energised_probability,
    ever_energised,
    months_to_energisation,
    pipeline_of,
)

HAZARD = (0.0212, 0.0075, 0.0156, 0.0363)
MONTHS = (12, 24, 36, 60, 120)


@pytest.mark.parametrize(
    ("state", "by", "sixty", "ever"),
    [
        (0, (0.0000, 0.0007, 0.0032, 0.0184, 0.1326), 0.0148, 0.323),
        (1, (0.0008, 0.0063, 0.0189, 0.0656, 0.2602), 0.0536, 0.399),
        (2, (0.0315, 0.1079, 0.2034, 0.3993, 0.7431), 0.3374, 0.666),
        (3, (0.3583, 0.5883, 0.7358, 0.8912, 0.9882), 0.8090, 0.879),
    ],
)
def test_the_large_loads_of_ercot_convert_as_published(state, by, sixty, ever):
    """Hazards: ratios of published stocks, 2025-03 to 2026-03."""
    assert energised_probability(HAZARD, 0, state, MONTHS) == pytest.approx(by, abs=5e-5)
    assert energised_probability(HAZARD, 0.005, state, 60) == pytest.approx(sixty, abs=5e-5)
    assert ever_energised(HAZARD, 0.005, state) == pytest.approx(ever, abs=5e-4)


rates = st.lists(st.floats(0.001, 0.4), min_size=1, max_size=5)


@given(rates, st.floats(0, 0.4), st.integers(0, 200))
def test_odds_grow_with_time_and_with_status_up_to_the_limit(hazard, cancel, month):
    for state in range(len(hazard)):
        now, later = energised_probability(hazard, cancel, state, [month, month + 7.5])
        ahead = energised_probability(hazard, cancel, state + 1, month)
        assert now <= later + 1e-12
        assert now <= ahead + 1e-12 or cancel > 0
        assert later <= ever_energised(hazard, cancel, state) + 1e-9


def test_an_energised_request_is_energised_and_unknown_months_are_unknown():
    assert energised_probability(HAZARD, 0.005, 4, [0, 12]).tolist() == [1, 1]
    assert math.isnan(energised_probability(HAZARD, 0, 0, math.nan))


def test_states_and_months_broadcast():
    found = energised_probability(HAZARD, 0, np.arange(4)[:, None], np.array(MONTHS))
    assert found.shape == (4, 5)
    assert found[2, 3] == pytest.approx(0.3993, abs=5e-5)


@pytest.mark.parametrize(
    ("hazard", "cancel", "state"), [([-0.1], 0, 0), ([0.6], 0.6, 0), ([0.1], 0, 2), ([0.1], 0, 0.5)]
)
def test_no_rates_and_no_state_are_refused(hazard, cancel, state):
    with pytest.raises(ValueError, match=r"hazards|state"):
        energised_probability(hazard, cancel, state, 12)


def test_quantiles_are_given_energisation():
    hazard = (0.05,)
    p50 = float(months_to_energisation(hazard, 0.02, 0, 0.5))
    assert energised_probability(hazard, 0.02, 0, p50) == pytest.approx(0.5 * 5 / 7, abs=1e-9)
    assert np.isnan(months_to_energisation([0.0], 0.1, 0, 0.5))


def test_the_shipped_pipeline_is_the_published_one():
    found = pipeline_of("ERCOT")
    assert found.states == (
        "no_studies",
        "under_review",
        "studies_approved",
        "approved_to_energise",
    )
    assert found.hazard == HAZARD
    assert set(found.cancel) == {0.005}
    assert found.tier == "assumed"  # the cancellations are
    assert pipeline_of("PJM") is None


def test_a_request_gets_the_view_of_its_state():
    view = from_pipeline("ERCOT", "approved_to_energise")
    assert view.p_success == pytest.approx(0.879, abs=5e-4)
    assert view.p10_months < view.p50_months < view.p90_months
    assert from_pipeline("ERCOT", "unheard_of") is None
    assert from_pipeline("PJM", "no_studies") is None


def test_the_blend_agrees_with_its_hand_check():
    """Inside 48/72, outside 66/110, weight one half → 35.60, 56.28, 88.99."""
    inside, outside = [48**2 / 72, 48, 72], [66**2 / 110, 66, 110]
    assert blend(inside, outside, 0.5) == pytest.approx([35.60, 56.28, 88.99], abs=0.005)
    assert blend(inside, outside, 0).tolist() == inside
    assert blend_success(0.8, 0.4, 0.25) == pytest.approx(0.7)
    assert blend_success(0.8, math.nan, 0.25) == 0.8


def test_draws_take_the_blended_quantile_of_their_rank():
    rng = np.random.default_rng(0)
    z = rng.standard_normal(40_000)
    sigma = math.log(72 / 48) / 1.2815515655446004
    months = np.append(48 * np.exp(sigma * z), np.inf)
    view = quoted("x", 66, 110, "", "", "")._replace(p10_months=66**2 / 110)
    found = blend_draws(months, view, 0.5)
    assert np.isinf(found[-1])
    assert np.quantile(found[:-1], [0.1, 0.5, 0.9]) == pytest.approx([35.6, 56.28, 88.99], rel=0.01)
    assert (np.argsort(found[:-1]) == np.argsort(months[:-1])).all()


def test_quoted_figures_get_the_stated_spread():
    single = quoted("x", 84, math.nan, "", "", "")
    assert single.p90_months == pytest.approx(84 * math.exp(1.2815515655446004 * 0.5))
    assert quoted("x", 66, 84, "", "", "").p90_months == pytest.approx(90.9, abs=0.05)
    assert quoted("x", 50, 90, "", "", "").p90_months == 90


def test_the_best_evidence_comes_first_and_a_row_without_a_figure_is_none():
    row = {"stage": "s", "source_title": "t", "as_of": "2026", "p90_months": None}
    rows = [{**row, "p50_months": 84, "status": "unverified"}, {**row, "p50_months": None, "status": "verified"},
            {**row, "p50_months": 66, "status": "secondary"}]  # fmt: skip
    assert [view.p50_months for view in from_rows(rows)] == [66, 84]


def test_an_anchor_of_the_literature_is_marked_as_one():
    (found,) = anchors("NL")
    assert found.p50_months == 108
    assert found.label.startswith("anchor")
    assert [view.p50_months for view in anchors("US")] == [48, 78]
    assert anchors("XX") == []
