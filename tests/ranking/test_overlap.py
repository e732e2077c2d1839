"""Overlap: what is scored twice is said."""

from __future__ import annotations

import pytest

import powerwall as pw


def told(make_region, folder, **weights):
    region = pw.read(make_region(folder))
    ranking = pw.rank(region, pw.measure(region), weights=weights)
    return [f.message for f in ranking.settings.findings if f.code == "PW110"]


def test_the_defaults_count_nothing_twice(make_region, tmp_path):
    assert told(make_region, tmp_path) == []


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"on_time_probability": 1}, "odds of the permits"),
        ({"permit_months": 1}, "months of the permits"),
    ],
)
def test_odds_and_months_of_the_permits_count_once(make_region, tmp_path, weights, words):
    found = told(make_region, tmp_path, **weights)
    assert len(found) == 1
    assert words in found[0]


def test_without_the_share_of_the_permit_the_odds_of_the_power_may_hold_it(make_region, tmp_path):
    assert (
        told(
            make_region,
            tmp_path,
            on_time_probability=1,
            policy_success_probability=0,
            permit_months=0.0,
            opposition_index=1,
        )
        == []
    )
