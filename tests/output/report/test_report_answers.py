"""Answers: sentences that rest on measures, and unknowns that are said."""

from __future__ import annotations

import pytest

import powerwall as pw
from powerwall.output.numbers import month, percent
from powerwall.output.report.answers import answers
from powerwall.output.report.study import Study
from powerwall.output.report.where import where_to_build


def leaders(ranking, count=3):
    order = ranking.frame.index[ranking.frame["status"] == "ranked"][:count]
    return [Study(ranking, str(i), n) for n, i in enumerate(order)]


@pytest.fixture(scope="module")
def example(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def told(example):
    return answers(example, leaders(example))


def test_the_three_questions_are_asked_in_their_order(told):
    assert [answer.question for answer in told] == ["What is scarce?", "Who pays?", "Where to build?"]  # fmt: skip


def test_the_date_and_the_odds_are_those_of_the_leader(example, told):
    first = leaders(example)[0]
    dates, odds, comes = (first.measure(n)["value"] for n in ("time_to_power_months", "on_time_probability", "power_success_probability"))  # fmt: skip
    assert percent(odds) in told[0].headline
    assert month(first.request.as_of, dates) in told[0].sentences[0]
    assert percent(comes) in told[0].sentences[0]


def test_the_shares_of_the_bill_are_in_words(example, told):
    from powerwall.output.report.card_cost import components

    first = leaders(example)[0]
    parts = components(first.cost)
    assert sum(parts.values()) == pytest.approx(float(first.cost.bills.total_usd[first.cost.first_full_year]))  # fmt: skip
    name, usd = next(iter(parts.items()))
    assert f"{name} {percent(usd / sum(parts.values()))}" in " ".join(told[1].sentences)


def test_who_bears_the_grid_works_is_said_where_it_is_known(example, told):
    first = leaders(example)[0]
    works = first.costs.works(first.local_id)
    paid = first.cost.upfront(works).contribution
    line = next(line for line in told[1].sentences if line.startswith("Grid works"))
    assert f"{works.total_usd / 1e6:,.1f} M USD at {first.brief}, of which the project contributes {paid / 1e6:,.1f} M" in line  # fmt: skip


def test_who_bears_them_is_unknown_where_their_cost_is(tiny, tiny_measures):
    ranking = pw.rank(tiny, tiny_measures)
    lines = answers(ranking, leaders(ranking))[1].sentences
    assert any(line.startswith("Who bears the grid works is unknown") for line in lines)


def test_the_leaders_stand_in_their_order_with_what_costs_them_most(example, told):
    for place, one in enumerate(leaders(example)):
        assert told[2].sentences[place].startswith(f"{place + 1}. {one.brief}, score ")
        assert "most points are lost to" in told[2].sentences[place]


def test_the_reasons_of_the_others_are_counted_without_the_numbers_of_one_site(told):
    out = next(line for line in told[2].sentences if line.startswith("5 are out"))
    assert "2 × moratorium of Cedar Township" in out
    assert "1 × area" in out
    assert "12 ha" not in out
    assert "−6.3" not in out


def test_each_site_is_held_against_the_request_of_its_own_region(make_region, tmp_path):
    regions = [pw.read(make_region(tmp_path, name=name, toml={"request": {"mw": mw}})) for name, mw in (("one", 100), ("two", 300))]  # fmt: skip
    ranking = pw.rank(regions, [pw.measure(region) for region in regions])
    first = leaders(ranking)[0]
    told = answers(ranking, leaders(ranking))[0]
    assert f"all {first.request.mw:g} MW by" in told.headline
    known = ranking.measures["firm_capacity_mw"]["value"][ranking.frame["status"] == "ranked"].dropna()  # fmt: skip
    wanted = ranking.frame["region"].loc[known.index].map({"one": 100, "two": 300})
    assert len(known)
    assert f"reaches the request of their region at {(known >= wanted).sum()} of them" in " ".join(told.sentences)  # fmt: skip


def test_a_screening_candidate_lies_near_its_node_and_not_at_near_it(example):
    at = {one.name: one.at for one in (Study(example, str(i), 0) for i in example.frame.index)}
    assert at["near Birch 230 kV"] == "near Birch 230 kV"
    assert at["Elm Switch"] == "at Elm Switch"


def test_nobody_else_can_lead_where_everything_is_known(made_up):
    ranking = made_up({"area_ha": {"a": 100.0, "b": 1.0}, "months_late": {"a": -12.0, "b": 60.0}}, {"power": 1.0, "power_criteria": {"months_late": 1.0, "on_time_if_permitted_probability": 0.0}})  # fmt: skip
    lines = where_to_build(ranking, leaders(ranking)).sentences
    assert "No other site reaches the leader's lowest score, whatever the unknown measures turn out to be." in lines  # fmt: skip


def test_without_a_ranked_site_the_answers_are_unknown(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, points_of_interconnection=None))
    ranking = pw.rank(region, pw.measure(region))
    assert all("no site can be ranked" in answer.headline for answer in answers(ranking, []))


def test_a_bracket_goes_from_a_name_where_no_other_site_is_called_so(make_region, tmp_path):
    from conftest import SITES

    names = ["Ash (old mill)", "Beech (north)", "Beech (south)", "Dogwood"]
    sites = [{**site, "name": name} for site, name in zip(SITES, names, strict=True)]
    region = pw.read(make_region(tmp_path, sites=sites))
    ranking = pw.rank(region, pw.measure(region))
    brief = {i: Study(ranking, i, 0).brief for i in "abd"}
    assert brief == {"a": "Ash", "b": "Beech (north)", "d": "Dogwood"}
