"""Rank: no other site can move a score, and every status has its reason."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw

SCORES = ["score", "score_low", "score_high", "coverage"]
MANY = [
    {"site_id": f"s{n:02d}", "name": f"Site {n}", "lon": -99.1 + 0.03 * n, "lat": 38.45 + 0.02 * (n % 5), "location_accuracy_m": 20,
     "area_ha": "" if n == 3 else 20 + 10 * n, "zoning_status": ["by_right", "special_permit", "unknown", "denied"][n % 4],
     "utility_id": "u1" if n % 3 else "", "availability": "taken" if n == 5 else "open"}
    for n in range(9)
]  # fmt: skip


@pytest.fixture(scope="module")
def many(tmp_path_factory, make_region):
    return pw.read(
        make_region(
            tmp_path_factory.mktemp("many"), sites=MANY, toml={"require": {"area_ha": {"min": 40}}}
        )
    )


@pytest.fixture(scope="module")
def many_measures(many):
    return pw.measure(many)


@pytest.fixture(scope="module")
def many_ranking(many, many_measures):
    return pw.rank(many, many_measures)


def only(region, measures, ids):
    """The region and its measures with some of the sites, in the order given."""
    return replace(region, sites=region.sites.loc[ids]), pw.Measures(
        measures.criteria, {name: frame.loc[ids] for name, frame in measures.items()}
    )


def changed(measures, **cells):
    """Measures with other values: criterion → {site: value}; low and high follow."""
    frames = dict(measures.frames)
    for name, values in cells.items():
        frame = frames[name].copy()
        for site, value in values.items():
            frame.loc[site, ["value", "low", "high"]] = value
        frames[name] = frame
    return pw.Measures(measures.criteria, frames)


def test_adding_dropping_and_reordering_rows_of_sites_csv_moves_no_other_number(
    make_region, tmp_path, many_ranking
):
    rows = list(MANY)
    random.Random(1).shuffle(rows)
    kept = rows[:6]
    region = pw.read(
        make_region(
            tmp_path,
            sites=[*kept, {**MANY[0], "site_id": "new", "lon": -98.7}],
            toml={"require": {"area_ha": {"min": 40}}},
        )
    )
    found = pw.rank(region, pw.measure(region))
    ids = sorted(row["site_id"] for row in kept)
    pd.testing.assert_frame_equal(
        found.frame.loc[ids, [*SCORES, "status", "reasons"]],
        many_ranking.frame.loc[ids, [*SCORES, "status", "reasons"]],
    )
    pd.testing.assert_frame_equal(found.contributions.loc[ids], many_ranking.contributions.loc[ids])


@settings(max_examples=12, deadline=None)
@given(st.permutations([row["site_id"] for row in MANY]), st.integers(1, len(MANY)))
def test_any_subset_in_any_order_measures_and_scores_the_same(many, many_ranking, order, count):
    ids = list(order[:count])
    region = replace(many, sites=many.sites.loc[ids])
    found = pw.rank(region, pw.measure(region))
    for name in SCORES:
        assert (
            found.frame.loc[ids, name].to_numpy().tobytes()
            == many_ranking.frame.loc[ids, name].to_numpy().tobytes()
        )
    pd.testing.assert_frame_equal(
        found.values.loc[ids], many_ranking.values.loc[ids], check_exact=True
    )
    pd.testing.assert_frame_equal(
        found.contributions.loc[ids], many_ranking.contributions.loc[ids], check_exact=True
    )
    expected = [i for i in many_ranking.frame.index if i in set(ids)]
    assert list(found.frame.index) == expected


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_contributions_add_up_to_the_score_whatever_the_measures_are(many, many_measures, data):
    number = st.one_of(st.floats(-500, 500), st.just(float("nan")))
    ids = list(many.sites.index)
    cells = {
        name: dict(
            zip(ids, data.draw(st.lists(number, min_size=len(ids), max_size=len(ids))), strict=True)
        )
        for name in ("months_late", "delivered_cost_usd_per_mwh", "night_noise_margin_db")
    }
    found = pw.rank(many, changed(many_measures, **cells))
    np.testing.assert_allclose(found.contributions.sum(axis=1), found.frame["score"], atol=1e-9)
    assert (found.frame["score_low"] <= found.frame["score"]).all()
    assert (found.frame["score"] <= found.frame["score_high"]).all()
    assert found.frame[SCORES].notna().all(axis=None)
    ranked = found.frame[found.frame["status"] == "ranked"]
    assert list(ranked["rank"]) == list(range(1, len(ranked) + 1))
    assert list(found.frame.index[: len(ranked)]) == list(ranked.index)
    assert (np.diff(ranked["score"]) <= 1e-9).all()
    assert found.frame.loc[found.frame["status"] != "ranked", "rank"].isna().all()


def test_ten_times_the_weights_in_another_order_rank_the_same(
    make_region, tmp_path, tiny, tiny_measures
):
    plain = pw.rank(tiny, tiny_measures)
    table = {"policy": 20, "noise": 10, "water": 10, "cost": 30, "power": 50}
    region = pw.read(make_region(tmp_path, toml={"weights": table}))
    pd.testing.assert_frame_equal(
        pw.rank(region, pw.measure(region)).frame, plain.frame, check_exact=True
    )


@pytest.mark.parametrize(
    "name",
    [
        "months_late",
        "night_noise_margin_db",
        "delivered_cost_usd_per_mwh",
        "policy_success_probability",
    ],
)
def test_an_unknown_scores_between_the_worst_and_the_best_of_the_same_site(
    tiny, tiny_measures, name
):
    points = tiny_measures.criteria[name].value
    best, worst = max(points, key=lambda p: p[1])[0], min(points, key=lambda p: p[1])[0]
    low, unknown, high = (
        pw.rank(tiny, changed(tiny_measures, **{name: {"a": value}})).frame.loc["a"]
        for value in (worst, np.nan, best)
    )
    assert low["score"] < unknown["score"] < high["score"]
    assert unknown["score"] == pytest.approx((low["score"] + high["score"]) / 2)
    assert unknown["score_low"] == pytest.approx(low["score_low"])
    assert unknown["score_high"] == pytest.approx(high["score_high"])
    assert unknown["coverage"] < low["coverage"]


def test_a_constant_column_is_no_trouble(tiny, tiny_measures):
    ids = list(tiny.sites.index)
    found = pw.rank(tiny, changed(tiny_measures, months_late=dict.fromkeys(ids, 3.0)))
    assert set(found.values["months_late"]) == {found.values["months_late"].iloc[0]}
    assert found.frame["score"].notna().all()


def test_a_site_of_which_nothing_is_known_stands_at_50_between_0_and_100_and_is_unranked(
    tiny, tiny_measures
):
    scored = [name for name, item in tiny_measures.criteria.items() if item.value is not None]
    found = pw.rank(
        tiny, changed(tiny_measures, **{name: {"a": np.nan} for name in scored})
    ).frame.loc["a"]
    assert (
        found["score_low"],
        found["score"],
        found["score_high"],
        found["coverage"],
    ) == pytest.approx((0, 50, 100, 0))
    assert found["status"] == "unranked"
    assert "0 % of the weight is known" in found["reasons"]


def test_a_column_unknown_everywhere_moves_every_score_alike(tiny, tiny_measures):
    ids = list(tiny.sites.index)
    found = pw.rank(
        tiny, changed(tiny_measures, baseline_water_stress_score=dict.fromkeys(ids, np.nan))
    )
    share = found.settings.weights.criteria["baseline_water_stress_score"]
    assert found.contributions["baseline_water_stress_score"].to_numpy() == pytest.approx(
        50 * share
    )


def test_identical_sites_tie_and_stand_in_the_order_of_their_ids(make_region, tmp_path):
    rows = [{**MANY[0], "site_id": name} for name in ("z", "m", "b")]
    water = [{"water_area_id": "w1", "name": "Waterworks", "site_ids": "z;m;b", "baseline_water_stress_score": 2.5,
              "stress_level_of_detail": "basin"}]  # fmt: skip
    region = pw.read(make_region(tmp_path, sites=rows, water_systems=water))
    frame = pw.rank(region, pw.measure(region)).frame
    assert list(frame.index) == ["b", "m", "z"]
    assert list(frame["rank"]) == [1, 2, 3]
    assert frame[SCORES].nunique().eq(1).all()


def test_equal_scores_break_by_time_to_power_before_the_id(tiny, tiny_measures):
    same = {
        name: {"a": 1.0, "b": 1.0}
        for name, item in tiny_measures.criteria.items()
        if item.value is not None
    }
    same["time_to_power_months"] = {"a": 40.0, "b": 30.0}
    frame = pw.rank(tiny, changed(tiny_measures, **same)).frame
    assert frame.loc["a", "score"] == frame.loc["b", "score"]
    assert list(frame.index[:2]) == ["b", "a"]


def test_a_taken_place_is_a_reference_scored_and_unranked(tiny, tiny_measures):
    found = pw.rank(tiny, tiny_measures).frame.loc["c"]
    assert found["status"] == "reference"
    assert found["reasons"].startswith("already taken")
    assert pd.isna(found["rank"])
    assert 0 < found["score"] < 100


def test_a_site_without_a_power_plan_is_unranked_with_that_reason(tiny, tiny_measures):
    found = pw.rank(tiny, tiny_measures).frame.loc["d"]
    assert found["status"] == "unranked"
    assert found["reasons"].startswith(
        "no power plan: no point of interconnection of the needed voltage"
    )
    assert pd.isna(found["rank"])


def test_a_coverage_of_exactly_the_least_stays_ranked(make_region, tmp_path):
    weights = {
        "power": 1,
        "noise": 1,
        "power_criteria": {"months_late": 1, "on_time_if_permitted_probability": 0},
    }
    region = pw.read(
        make_region(tmp_path, receptors=None, toml={"weights": weights, "min_coverage": 0.5})
    )
    found = pw.rank(region, pw.measure(region)).frame.loc["a"]
    assert found["coverage"] == 0.5
    assert found["status"] == "ranked"


def test_a_coverage_below_the_least_is_unranked_and_says_both_shares(make_region, tmp_path):
    weights = {
        "power": 49,
        "noise": 51,
        "power_criteria": {"months_late": 1, "on_time_if_permitted_probability": 0},
    }
    region = pw.read(
        make_region(tmp_path, receptors=None, toml={"weights": weights, "min_coverage": 0.5})
    )
    found = pw.rank(region, pw.measure(region)).frame.loc["a"]
    assert found["status"] == "unranked"
    assert "only 49 % of the weight is known, 50 % needed" in found["reasons"]


def test_ranking_by_the_worst_takes_the_low_end(tiny, tiny_measures):
    measures = changed(
        tiny_measures,
        delivered_cost_usd_per_mwh={"a": np.nan, "b": 100.0},
        months_late={"a": 0.0, "b": 0.0},
    )
    for unknown, by in (("neutral", "score"), ("worst", "score_low")):
        ranked = pw.rank(tiny, measures, unknown=unknown).frame.query("status == 'ranked'")
        assert list(ranked.index) == list(ranked.sort_values(by, ascending=False).index)
    with pytest.raises(ValueError, match="neutral or worst"):
        pw.rank(tiny, measures, unknown="best")


def test_no_verdict_moves_a_score(make_region, tmp_path, tiny, tiny_measures):
    require = {
        "area_ha": {"min": 1000},
        "moratorium": {"is": True},
        "time_to_power_months": {"max": 1},
    }
    region = pw.read(make_region(tmp_path, toml={"require": require}))
    found = pw.rank(region, pw.measure(region))
    plain = pw.rank(tiny, tiny_measures)
    pd.testing.assert_frame_equal(
        found.frame[SCORES].sort_index(), plain.frame[SCORES].sort_index(), check_exact=True
    )
    assert found.frame.loc["a", "status"] == "out"


def test_the_worst_reason_stands_first(make_region, tmp_path):
    region = pw.read(
        make_region(
            tmp_path,
            toml={"require": {"area_ha": {"min": 101}, "time_to_power_months": {"max": 1}}},
        )
    )
    reasons = pw.rank(region, pw.measure(region)).frame.loc["a", "reasons"].split("; ")
    assert reasons[0].startswith("time to power")
    assert reasons[1].startswith("area")


def test_one_site_ranks_alone(tiny, tiny_measures):
    frame = pw.rank(*only(tiny, tiny_measures, ["a"])).frame
    assert list(frame["rank"]) == [1]


def test_two_regions_rank_together_with_the_scores_they_have_alone(
    make_region, tmp_path, tiny, tiny_measures
):
    other = pw.read(make_region(tmp_path, name="other"))
    measures = pw.measure(other)
    both = pw.rank([tiny, other], [tiny_measures, measures])
    assert both.frame.index.is_unique
    assert set(both.frame["region"]) == {"tiny", "other"}
    alone = pw.rank(tiny, tiny_measures).frame
    for site in alone.index:
        assert both.frame.loc[f"tiny:{site}", "score"] == alone.loc[site, "score"]


def test_a_value_function_of_the_region_replaces_the_criterions_own(make_region, tmp_path):
    region = pw.read(
        make_region(tmp_path, toml={"values": {"months_late": [[0, 1.0], [100, 0.0]]}})
    )
    found = pw.rank(region, pw.measure(region))
    late = found.measures["months_late"].loc["a", "value"]
    assert found.values.loc["a", "months_late"] == pytest.approx(1 - late / 100)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"months_lat": [[0, 1], [1, 0]]}, "PW105"), ({"months_late": [[0, 1], [0, 0]]}, "PW107"), ({"months_late": [[0, 1]]}, "PW107"),
     ({"months_late": [[0, 2.0], [1, 0.0]]}, "PW107")],
)  # fmt: skip
def test_a_bad_value_function_is_an_error_with_its_place(make_region, tmp_path, values, code):
    region = pw.read(make_region(tmp_path, toml={"values": values}))
    with pytest.raises(pw.BadInput) as caught:
        pw.rank(region, pw.measure(region))
    assert [f.code for f in caught.value.findings] == [code]
    assert caught.value.findings[0].line > 1


def test_a_value_function_without_both_ends_is_a_warning(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml={"values": {"months_late": [[0, 0.9], [60, 0.1]]}}))
    assert [f.code for f in pw.rank(region, pw.measure(region)).settings.findings] == ["PW108"]
