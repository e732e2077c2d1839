"""Profiles: named weights, all assumed, and who would rank differently by them."""

from __future__ import annotations

import pytest

import powerwall as pw
from powerwall.criteria.facts import fact_table
from powerwall.ranking.profiles import shipped
from powerwall.ranking.views import disagreements, under_profiles
from powerwall.ranking.weights import DEVELOPER

SUBJECTS = ("power", "cost", "water", "noise", "policy")


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


def test_a_criterion_that_is_not_measured_is_left_out_and_named(tiny, tiny_measures):
    found = [
        f
        for f in pw.rank(tiny, tiny_measures, profile="ratepayer").settings.findings
        if f.severity == "warning"
    ]
    assert [
        ("ratepayer_exposure_usd_per_mw" in f.message and "left out" in f.message) for f in found
    ] == [True]


def test_options_go_over_a_profile(tiny, tiny_measures):
    shares = pw.rank(
        tiny, tiny_measures, profile="county", weights={"power": 0}
    ).settings.weights.subjects
    assert shares["power"] == 0
    assert shares["water"] == pytest.approx(4 / 13)


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
    [({"power": -1}, "PW106", "power"), ({"powr": 1}, "PW105", "powr"), ({"cost": 1, "cost_criteria": {"nothing": 1}}, "PW105", "nothing")],
)  # fmt: skip
def test_a_fault_of_a_declared_profile_is_found_at_its_place(
    make_region, tmp_path, profile, code, words
):
    region = declared(make_region, tmp_path, **profile)
    with pytest.raises(pw.BadInput) as caught:
        pw.rank(region, pw.measure(region), profile="mine")
    found = next(f for f in caught.value.findings if f.code == code and words in f.message)
    line = (tmp_path / "tiny.toml").read_text().splitlines()[found.line - 1]
    assert words in line


def test_an_unknown_profile_is_named_with_the_nearest(tiny, tiny_measures):
    with pytest.raises(pw.BadInput, match="no profile `countty`") as caught:
        pw.rank(tiny, tiny_measures, profile="countty")
    assert "county" in caught.value.findings[0].remedy


@pytest.mark.parametrize("profile", ["developer", "utility", "county", "ratepayer"])
def test_ranks_under_other_weights_are_those_of_a_ranking_by_them(regions, profile):
    region = pw.read(regions / "example.toml")
    measures = pw.measure(region)
    view = under_profiles(pw.rank(region, measures))[profile].sites
    frame = pw.rank(region, measures, profile=profile).frame
    assert dict(view["rank"].dropna()) == dict(frame["rank"].dropna())
    assert dict(view["score"].round(9)) == dict(frame["score"].round(9))
    assert set(view.index[view["ranked"]]) == set(frame.index[frame["status"] == "ranked"])


def test_points_under_other_weights_add_up_to_the_score(tiny, tiny_measures):
    for view in under_profiles(pw.rank(tiny, tiny_measures)).values():
        assert view.points.sum(axis=1).to_numpy() == pytest.approx(view.sites["score"].to_numpy())


def test_the_regions_own_weights_disagree_with_nobody_that_holds_them(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml={"weights": dict(DEVELOPER)}))
    ranking = pw.rank(region, pw.measure(region))
    assert "developer" not in {d.profile for d in disagreements(ranking, under_profiles(ranking))}
