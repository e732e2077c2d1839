"""Profiles: named weights, all assumed, and who would rank differently by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.facts import fact_table
from powerwall.criteria.measure import Measures
from powerwall.ranking.profiles import shipped
from powerwall.ranking.views import disagreements, under_profiles
from powerwall.ranking.weights import DEVELOPER

SUBJECTS = ("power", "cost", "water", "noise", "policy")
POINTS = st.dictionaries(
    st.sampled_from(SUBJECTS), st.floats(0.01, 100), min_size=1, max_size=len(SUBJECTS)
)


def with_tables(region, **tables):
    return replace(region, table=region.table.model_copy(update=tables))


def only(region, measures, ids):
    """The region and its measures with some of the sites."""
    frames = {name: frame.loc[ids] for name, frame in measures.items()}
    return replace(region, sites=region.sites.loc[ids]), Measures(measures.criteria, frames)


@pytest.mark.parametrize(
    ("name", "points"),
    [("developer", (5, 3, 1, 1, 2)), ("utility", (5, 3, 0.5, 0.5, 2)), ("county", (1, 2, 4, 4, 3)), ("ratepayer", (2, 5, 2, 1, 1))],
)  # fmt: skip
def test_a_shipped_profile_has_its_published_points(tiny, tiny_measures, name, points):
    ranking = pw.rank(tiny, tiny_measures, profile=name)
    shares = ranking.settings.weights.subjects
    assert [shares[s] for s in SUBJECTS] == pytest.approx([p / sum(points) for p in points])
    assert sum(ranking.settings.weights.criteria.values()) == pytest.approx(1)
    assert ranking.settings.profile == f"profile {name}, assumed"


def test_the_weights_where_a_region_is_silent_are_those_of_the_developer():
    assert {s: shipped()["developer"][s] for s in SUBJECTS} == DEVELOPER


def test_every_point_of_a_shipped_profile_is_marked_assumed_and_has_its_reason():
    table = fact_table("weight_profiles")
    assert set(table["tier"]) == {"assumed"}
    assert table["reasoning"].notna().all()
    assert (table["low"] <= table["points"]).all()
    assert (table["points"] <= table["high"]).all()


@pytest.mark.usefixtures("unmeasured")
def test_a_criterion_that_is_not_measured_is_left_out_and_named(tiny, tiny_measures):
    found = [
        f
        for f in pw.rank(tiny, tiny_measures, profile="ratepayer").settings.findings
        if f.severity == "warning"
    ]
    assert [("goodwill_usd_per_mw" in f.message and "left out" in f.message) for f in found] == [
        True
    ]


def test_options_go_over_a_profile(tiny, tiny_measures):
    shares = pw.rank(
        tiny, tiny_measures, profile="county", weights={"power": 0}
    ).settings.weights.subjects
    assert shares["power"] == 0
    assert shares["water"] == pytest.approx(4 / 13)


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(points=POINTS)
def test_a_profile_of_the_regions_own_points_ranks_as_the_region_does(tiny, tiny_measures, points):
    region = with_tables(tiny, weights=points, profiles={"mine": points})
    own, mine = pw.rank(region, tiny_measures), pw.rank(region, tiny_measures, profile="mine")
    columns = ["rank", "status", "score", "score_low", "score_high", "coverage"]
    assert mine.frame[columns].equals(own.frame[columns])
    assert mine.contributions.equals(own.contributions)
    assert mine.settings.weights.criteria == own.settings.weights.criteria


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(points=POINTS)
def test_the_shares_of_a_profile_sum_to_one(tiny, tiny_measures, points):
    region = with_tables(tiny, profiles={"mine": points})
    weights = pw.rank(region, tiny_measures, profile="mine").settings.weights
    assert sum(weights.criteria.values()) == pytest.approx(1, abs=1e-12)
    assert sum(weights.subjects.values()) == pytest.approx(1, abs=1e-12)
    assert {s for s, share in weights.subjects.items() if share > 0} == set(points)


@pytest.fixture(scope="module")
def example(regions):
    region = pw.read(regions / "example.toml")
    return region, pw.measure(region)


@pytest.mark.slow
@examples(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data(), profile=st.sampled_from(["", "developer", "utility", "county", "ratepayer"]))
def test_no_score_or_order_under_a_profile_depends_on_other_sites(example, data, profile):
    region, measures = example
    kept = data.draw(st.lists(st.sampled_from(sorted(region.sites.index)), min_size=1, unique=True))
    whole, part = pw.rank(region, measures, profile=profile), pw.rank(*only(region, measures, kept), profile=profile)  # fmt: skip
    assert list(part.frame.index) == [site for site in whole.frame.index if site in set(kept)]
    columns = ["status", "score", "score_low", "score_high", "coverage"]
    assert part.frame[columns].equals(whole.frame.loc[part.frame.index, columns])
    views, fewer = under_profiles(whole)[profile].sites, under_profiles(part)[profile].sites
    assert fewer["score"].equals(views["score"].loc[fewer.index])


def declared(make_region, folder, **profile):
    return pw.read(make_region(folder, toml={"profiles": {"mine": profile}}))


def test_a_region_may_declare_its_own(make_region, tmp_path):
    region = declared(
        make_region,
        tmp_path,
        power=1,
        noise=3,
        power_criteria={"months_late": 1, "on_time_if_permitted_probability": 0},
    )
    ranking = pw.rank(region, pw.measure(region), profile="mine")
    weights = ranking.settings.weights
    assert weights.subjects["power"] == 0.25
    assert weights.criteria["months_late"] == 0.25
    assert weights.subjects.get("cost", 0) == 0
    assert ranking.settings.profile == "profile mine, declared in tiny.toml"


@pytest.mark.parametrize(
    ("profile", "code", "words"),
    [({"power": -1}, "PW106", "power"), ({"powr": 1}, "PW105", "powr"), ({"cost": 1, "cost_criteria": {"nothing": 1}}, "PW105", "nothing"),
     ({"cost": 1, "cost_criteria": {"goodwill_usd_per_mw": 3}}, "PW105", "goodwill_usd_per_mw"),
     ({"cost": 1, "costs_criteria": {"nothing": 1}}, "PW105", "costs_criteria"), ({"power": float("nan")}, "PW106", "power")],
)  # fmt: skip
@pytest.mark.parametrize("chosen", ["mine", ""])
def test_a_fault_of_a_declared_profile_is_found_at_its_place_in_use_or_not(
    make_region, tmp_path, tiny_measures, profile, code, words, chosen
):
    with pytest.raises(pw.BadInput) as caught:
        pw.rank(declared(make_region, tmp_path, **profile), tiny_measures, profile=chosen)
    (found,) = caught.value.findings
    assert (found.code, words in found.message) == (code, True)
    assert words in (tmp_path / "tiny.toml").read_text().splitlines()[found.line - 1]


@pytest.mark.parametrize("profile", [{}, {"power": 0}, {"power_criteria": {"months_late": 1}}])
def test_a_profile_that_gives_no_subject_points_is_refused_and_not_filled_in(
    make_region, tmp_path, tiny_measures, profile
):
    with pytest.raises(pw.BadInput, match="all subjects have weight 0") as caught:
        pw.rank(declared(make_region, tmp_path, **profile), tiny_measures, profile="mine")
    (found,) = caught.value.findings
    line = (tmp_path / "tiny.toml").read_text().splitlines()[found.line - 1]
    assert "mine" in line or "power = 0" in line


def test_check_finds_the_fault_of_a_profile_that_nobody_chose(make_region, tmp_path):
    path = make_region(tmp_path, toml={"profiles": {"mine": {"powr": 1}}})
    found = [f for f in pw.check(path) if f.severity == "error"]
    assert [(f.code, "powr" in f.message) for f in found] == [("PW105", True)]


def test_a_declared_profile_that_counts_a_quantity_twice_is_a_warning_of_the_file(
    make_region, tmp_path, tiny_measures
):
    twice = {"power": 1, "policy": 1, "power_criteria": {"on_time_probability": 1}}
    ranking = pw.rank(declared(make_region, tmp_path, **twice), tiny_measures)
    assert [f.code for f in ranking.settings.findings if f.code == "PW110"] == ["PW110"]


def test_a_declared_profile_goes_before_a_shipped_one_of_its_name(tiny, tiny_measures):
    region = with_tables(tiny, profiles={"county": {"noise": 1}})
    settings = pw.rank(region, tiny_measures, profile="county").settings
    assert settings.weights.subjects["noise"] == 1
    assert settings.profile == "profile county, declared in tiny.toml"


def test_regions_that_declare_different_profiles_are_told_whose_count(make_region, tmp_path, tiny, tiny_measures):  # fmt: skip
    other = pw.read(make_region(tmp_path, name="other"))
    first = with_tables(tiny, profiles={"mine": {"power": 1}})
    ranking = pw.rank([first, other], [tiny_measures, pw.measure(other)])
    assert ["PW109" in f.code for f in ranking.settings.findings if "[profiles]" in f.message] == [True]  # fmt: skip


@pytest.mark.usefixtures("unmeasured")
def test_what_was_given_over_a_profile_and_what_it_leaves_out_is_said_with_its_name(tiny, tiny_measures):  # fmt: skip
    settings = pw.rank(tiny, tiny_measures, profile="ratepayer", weights={"water": 4}).settings
    assert settings.whose == "profile ratepayer, assumed, without goodwill_usd_per_mw, other points for water"  # fmt: skip
    assert pw.rank(tiny, tiny_measures, weights={"water": 4}).settings.whose == ""


def test_an_unknown_profile_is_named_with_the_nearest(tiny, tiny_measures):
    with pytest.raises(pw.BadInput, match="no profile `countty`") as caught:
        pw.rank(tiny, tiny_measures, profile="countty")
    assert "county" in caught.value.findings[0].remedy


@pytest.mark.parametrize("profile", ["", "developer", "utility", "county", "ratepayer"])
@pytest.mark.parametrize("unknown", ["neutral", "worst"])
def test_ranks_under_other_weights_are_those_of_a_ranking_by_them(example, profile, unknown):
    region, measures = example
    view = under_profiles(pw.rank(region, measures, unknown=unknown))[profile].sites
    frame = pw.rank(region, measures, profile=profile, unknown=unknown).frame
    assert dict(view["rank"].dropna()) == dict(frame["rank"].dropna())
    assert view["score"].sort_index().equals(frame["score"].sort_index())
    assert set(view.index[view["ranked"]]) == set(frame.index[frame["status"] == "ranked"])


def test_points_under_other_weights_add_up_to_the_score(tiny, tiny_measures):
    for view in under_profiles(pw.rank(tiny, tiny_measures)).values():
        assert view.points.sum(axis=1).to_numpy() == pytest.approx(view.sites["score"].to_numpy())


def test_a_site_that_too_little_is_known_of_may_be_unranked_under_one_set_alone(example):
    region, measures = example
    noise = measures["night_noise_margin_db"]
    blank = noise.assign(value=np.nan, low=np.nan, high=np.nan)
    less = Measures(measures.criteria, {**measures, "night_noise_margin_db": blank})
    region = with_tables(region, min_coverage=0.95, profiles={"mute": {"power": 1}})
    ranking = pw.rank(region, less)
    assert not (ranking.frame["status"] == "ranked").any()
    mute = under_profiles(ranking)["mute"].sites
    planned = measures["time_to_power_months"]["value"].notna()
    unranked = ranking.frame.index[ranking.frame["status"] == "unranked"]
    assert set(mute.index[mute["ranked"]]) == {site for site in unranked if planned[site]}
    assert mute["ranked"].any()


def test_the_regions_own_weights_disagree_with_nobody_that_holds_them(tiny, tiny_measures):
    ranking = pw.rank(with_tables(tiny, weights=dict(DEVELOPER)), tiny_measures)
    assert "developer" not in {d.profile for d in disagreements(ranking, under_profiles(ranking))}
