"""Portfolio: the best K sites whose nodes can carry them together, and the date of the last of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.criterion import Shared
from powerwall.criteria.power.lead_time.sampling import Draws, SiteDraws
from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.criteria.power.plan import drawn_months
from powerwall.ranking.pick import pick
from powerwall.ranking.portfolio import choose, limits, own_months, ranked

UNKNOWN = math.nan


def best_subset(scores, mw, node, capacity, k):
    """Total and sum of ranks of the best K sites, from all subsets; None where none is feasible."""
    found = [
        (-sum(scores[i] for i in s), sum(s))
        for s in itertools.combinations(range(len(scores)), k)
        if stand_together(s, mw, node, capacity)
    ]
    if not found:
        return None
    top = min(total for total, _ in found)
    return -top, min(ranks for total, ranks in found if total <= top + 1e-9)


def stand_together(sites, mw, node, capacity):
    for p, limit in enumerate(capacity):
        mine = [mw[i] for i in sites if node[i] == p]
        if len(mine) > 1 if math.isnan(limit) else sum(mine) > limit + 1e-9:
            return False
    return True


@st.composite
def cases(draw):
    n, nodes = draw(st.integers(1, 8)), draw(st.integers(0, 3))
    scores = draw(st.lists(st.integers(0, 40).map(lambda s: s / 4), min_size=n, max_size=n))
    mw = draw(st.lists(st.sampled_from([50.0, 100.0, 200.0, 300.0]), min_size=n, max_size=n))
    node = draw(st.lists(st.integers(-1, nodes - 1), min_size=n, max_size=n))
    limit = st.sampled_from([0.0, 100.0, 250.0, 450.0, 600.0, UNKNOWN])
    capacity = draw(st.lists(limit, min_size=nodes, max_size=nodes))
    ranks = np.argsort([-s for s in scores], kind="stable")  # sites come in order of rank
    return (
        *(np.array([float(v[i]) for i in ranks]) for v in (scores, mw)),
        np.array([node[i] for i in ranks], dtype=int),
        np.array(capacity, dtype=float),
        draw(st.integers(1, n)),
    )


def test_the_worked_example_takes_the_first_and_the_third_site():
    found = pick(
        np.array([61, 60, 57.5]), np.array([300, 300, 200]), np.array([0, 0, 1]), np.array([450, 250]), 2
    )  # fmt: skip
    assert found.chosen == (0, 2)
    assert found.total == 118.5


@given(cases())
@settings(max_examples=150, deadline=None)
def test_no_other_subset_has_a_higher_total_or_the_same_with_better_ranks(case):
    scores, mw, node, capacity, k = case
    found, best = pick(*case), best_subset(scores, mw, node, capacity, k)
    if best is None:
        assert found.chosen == ()
        assert math.isnan(found.total)
        return
    assert len(found.chosen) == k
    assert stand_together(found.chosen, mw, node, capacity)
    assert found.total == pytest.approx(best[0], abs=1e-9)
    assert sum(found.chosen) == best[1]


@given(cases())
@settings(max_examples=100, deadline=None)
def test_where_k_sites_do_not_stand_together_the_largest_number_that_does_is_told(case):
    scores, mw, node, capacity, _ = case
    found = pick(scores, mw, node, capacity, len(scores))
    feasible = [
        k for k in range(1, len(scores) + 1) if best_subset(scores, mw, node, capacity, k) is not None
    ]  # fmt: skip
    assert found.largest == max(feasible, default=0)
    without = np.where(np.isin(np.arange(len(capacity)), found.why), 1e6, capacity)
    assert len(pick(scores, mw, node, without, len(scores)).chosen) == len(scores)


def test_of_equal_totals_the_one_with_the_better_ranks_is_taken():
    found = pick(
        np.full(4, 50.0), np.full(4, 100.0), np.array([0, 0, 1, -1]), np.array([UNKNOWN, 0]), 2
    )
    assert found.chosen == (0, 3)


def test_scores_that_differ_in_the_eighth_decimal_are_told_apart():
    scores = np.array([50.0, 40.0, 40.0 + 3e-8])
    assert pick(scores, np.full(3, 1.0), np.full(3, -1), np.array([]), 2).chosen == (0, 2)


@pytest.mark.parametrize("seed", range(3))
def test_of_many_sites_the_total_is_the_exact_one(seed):
    rng, k = np.random.default_rng(seed), 40
    node, scores = np.repeat(np.arange(40), 5), np.sort(rng.uniform(40, 60, 200))[::-1]
    node, mw, capacity = rng.permutation(node), rng.uniform(50, 400, 200), rng.uniform(100, 700, 40)
    best = np.array([0.0, *[-np.inf] * k])  # of the nodes so far, by number of sites
    for p in range(40):
        mine, merged = np.flatnonzero(node == p), best.copy()
        for size in range(1, 6):
            for some in itertools.combinations(mine, size):
                if mw[list(some)].sum() <= capacity[p]:
                    merged[size:] = np.maximum(
                        merged[size:], best[:-size] + scores[list(some)].sum()
                    )
        best = merged
    assert pick(scores, mw, node, capacity, k).total == pytest.approx(best[k], abs=1e-8)


def test_no_sites_at_all_cannot_be_picked():
    with pytest.raises(ValueError, match="at least one"):
        pick(np.array([1.0]), np.array([1.0]), np.array([-1]), np.array([]), 0)


# -- nodes -------------------------------------------------------------------------------------


def place(site_id, poi_id, number, **more):
    return {"site_id": site_id, "name": site_id.title(), "lon": -99.0 + 0.02 * number, "lat": 38.5, "location_accuracy_m": 20,
            "area_ha": 120 - number, "zoning_status": "by_right", "utility_id": "u1", "availability": "open", "poi_id": poi_id, **more}  # fmt: skip


def node(poi_id, kv=230, headroom="", rung="line_proximity", queue="", **more):
    return {"poi_id": poi_id, "name": poi_id, "kind": "substation", "voltage_kv": kv, "lon": -99.01, "lat": 38.52, "location_accuracy_m": 20,
            "utility_id": "u1", "published_headroom_mw": headroom, "headroom_rung": rung, "queue_ahead_mw": queue,
            "reinforcement_status": "", "expected_date": "", "waits_for_line_ids": "", **more}  # fmt: skip


NODES = [
    node("firm", headroom=700, rung="study", queue=50), node("tight", headroom=420, rung="utility_letter", queue=80),
    node("wide", kv=345), node("small", headroom=200, rung="hosting_map"),
    node("late", headroom=900, rung="study", queue=0, reinforcement_status="under_construction", expected_date="2033-06-01"),
]  # fmt: skip
PLACES = [
    place(f"{poi}{n}", poi, 2 * number + n)
    for number, poi in enumerate(["firm", "tight", "wide", "small", "late"])
    for n in (1, 2)
]


def ranking_of(make_region, folder, sites=PLACES, nodes=NODES, **more):
    region = pw.read(make_region(folder, sites=sites, points_of_interconnection=nodes, **more))
    return pw.rank(region, pw.measure(region))


@pytest.fixture(scope="module")
def ranking(tmp_path_factory, make_region):
    return ranking_of(make_region, tmp_path_factory.mktemp("nodes"))


@pytest.fixture(scope="module")
def by_node(ranking):
    return {limit.poi_id: limit for limit in limits(ranking)}


def test_every_node_of_ranked_sites_has_what_it_can_give_and_its_rung(by_node):
    assert {poi: limit.firm_mw for poi, limit in by_node.items() if not math.isnan(limit.firm_mw)} == {
        "firm": 650, "tight": 340, "late": 900,
    }  # fmt: skip
    assert by_node["firm"].rung == "study"
    assert all(len(limit.sites) == 2 and limit.mw == 300 for limit in by_node.values())


def test_a_bound_admits_one_site_although_two_would_fit_below_it(by_node):
    assert by_node["wide"].bound_mw > 600
    assert math.isnan(by_node["wide"].capacity_mw)


def test_a_bound_below_what_one_site_asks_for_admits_none(by_node):
    assert by_node["small"].capacity_mw == by_node["small"].bound_mw == 200


def test_a_node_whose_works_end_after_the_need_by_date_gives_nothing(by_node):
    assert by_node["late"].capacity_mw == 0
    assert by_node["late"].late_months == pytest.approx(81.3, abs=0.1)


def test_as_many_stand_together_as_the_nodes_carry(ranking):
    portfolio = choose(ranking, 4, draws=64)
    nodes = [limit.poi_id for limit in portfolio.limits]
    assert sorted(nodes) == ["firm", "firm", "tight", "wide"]
    assert portfolio.total == pytest.approx(ranking.frame.loc[list(portfolio.sites), "score"].sum())


def test_more_than_the_nodes_carry_is_refused_with_the_nodes_that_bind(ranking):
    portfolio = choose(ranking, 5, draws=64)
    assert portfolio.sites == ()
    assert portfolio.joint is None
    assert portfolio.largest == 4
    assert {limit.poi_id for limit in portfolio.binding} == {"tight", "wide", "small", "late"}


def test_a_better_site_that_is_passed_over_is_named_with_its_node_and_who_has_it(ranking):
    portfolio = choose(ranking, 4, draws=64)
    worst = max(ranking.frame.loc[list(portfolio.sites), "rank"])
    passed = {item.site_id for item in portfolio.passed}
    assert passed == {
        site for site in ranked(ranking) if ranking.frame["rank"].loc[site] < worst and site not in portfolio.sites
    }  # fmt: skip
    assert passed
    for item in portfolio.passed:
        assert item.site_id in item.limit.sites
        limit = item.limit.capacity_mw
        asked = (len(item.beside) + 1) * item.limit.mw
        assert len(item.beside) == 1 if math.isnan(limit) else asked > limit
        assert set(item.beside) <= set(portfolio.sites) & set(item.limit.sites)


def test_only_ranked_sites_are_chosen(make_region, tmp_path):
    taken = [{**row, "availability": "taken" if row["site_id"].endswith("1") else "open"} for row in PLACES]  # fmt: skip
    portfolio = choose(ranking_of(make_region, tmp_path, sites=taken), 3, draws=64)
    assert set(portfolio.sites) == {"firm2", "tight2", "wide2"}


def test_under_unknown_worst_the_low_ends_are_added_up(ranking):
    region = ranking.regions[0]
    worst = pw.rank(region, pw.measure(region), unknown="worst")
    portfolio = choose(worst, 2, draws=64)
    assert portfolio.total == pytest.approx(worst.frame.loc[list(portfolio.sites), "score_low"].sum())  # fmt: skip


def test_the_same_node_in_two_regions_is_two_nodes(make_region, tmp_path):
    sites, nodes = PLACES[2:4], NODES[1:2]
    regions = [
        pw.read(make_region(tmp_path, name=name, sites=sites, points_of_interconnection=nodes))
        for name in ("east", "west")
    ]
    ranking = pw.rank(regions, [pw.measure(region) for region in regions])
    portfolio = choose(ranking, 2, draws=64)
    assert {site.split(":")[0] for site in portfolio.sites} == {"east", "west"}
    assert choose(ranking, 3, draws=64).largest == 2


def test_sites_at_two_nodes_that_wait_for_one_line_are_told_and_not_limited(make_region, tmp_path):
    nodes = [{**row, "waits_for_line_ids": "l9"} for row in NODES[:2]]
    lines = [{"line_id": "l9", "line_status": "planned", "voltage_kv_nominal": 230, "expected_date": "2029-01-01",
              "wkt": "LINESTRING (-99.1 38.5, -99.0 38.5)"}]  # fmt: skip
    ranking = ranking_of(make_region, tmp_path, PLACES[:4], nodes, transmission_lines=lines)
    portfolio = choose(ranking, 3, draws=64)
    assert portfolio.works == (("l9", portfolio.sites),)
    assert choose(ranking, 2, draws=64).works == ()  # both of one node


# -- dates -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(regions):
    region = pw.read(regions / "example.toml")
    return pw.rank(region, pw.measure(region))


def test_one_site_alone_has_its_own_date_and_odds(example):
    portfolio = choose(example, 1)
    (site,), joint = portfolio.sites, portfolio.joint
    own = example.measures["full_power_months"].loc[site]
    assert joint.p50_months == pytest.approx(own["value"], abs=0.5)  # noise of 4096 draws
    assert joint.p10_months == pytest.approx(own["low"], abs=0.7)
    assert joint.p90_months == pytest.approx(own["high"], abs=1.5)
    odds = example.measures["power_success_probability"]["value"].loc[site]
    assert joint.comes == joint.comes_at_most == pytest.approx(odds)
    timely = example.measures["on_time_probability"]["value"].loc[site]
    assert joint.on_time == joint.on_time_at_most == pytest.approx(timely, abs=0.03)
    assert joint.last == (1.0,)


def test_no_other_site_moves_the_draws_of_a_site(example):
    first, second, third = ranked(example)[:3]
    alone = own_months(example, [second], 256, 0)[0]
    assert (own_months(example, [first, second, third], 256, 0)[1] == alone).all()
    assert (own_months(example, [third, second], 256, 0)[1] == alone).all()


def test_another_seed_moves_the_draws(example):
    site = ranked(example)[:1]
    assert (own_months(example, site, 256, 1) != own_months(example, site, 256, 0)).any()


def test_a_site_keeps_its_draws_when_another_region_is_ranked_beside_it(make_region, tmp_path):
    one, two = (
        pw.read(make_region(tmp_path, name=name, sites=PLACES[:2], points_of_interconnection=NODES[:1]))
        for name in ("east", "west")
    )  # fmt: skip
    alone = pw.rank(one, pw.measure(one))
    both = pw.rank([one, two], [pw.measure(one), pw.measure(two)])
    assert (own_months(alone, ["firm1"], 64, 0) == own_months(both, ["east:firm1"], 64, 0)).all()


def test_common_stage_noise_would_have_all_sites_together_earlier(example):
    portfolio, region = choose(example, 4), example.regions[0]
    places = region.sites.loc[list(portfolio.sites)]
    plan = Shared(places, region.layers, region.request)("plan")
    common = drawn_months(plan, places, 4096, 0).max(axis=0)
    own = own_months(example, portfolio.sites, 4096, 0).max(axis=0)
    assert np.median(common) < np.median(own) - 1


def test_the_date_is_the_first_at_which_the_nodes_carry_all_that_is_asked(example):
    portfolio, count = choose(example, 5, draws=128), 128
    request = example.regions[0].request
    steps = ramp_steps(request.mw, request.first_mw, request.ramp_months)
    first = own_months(example, portfolio.sites, count, request.seed)
    asked, found = 5 * request.mw, []
    for months in first.T:
        for t in sorted({m + delay for m in months for delay, _ in steps}):
            have = [sum(mw for delay, mw in steps if m + delay <= t) for m in months]
            at = {limit.poi_id: limit.firm_mw for limit in portfolio.limits}
            total = sum(
                min(math.inf if math.isnan(limit) else limit, sum(h for h, p in zip(have, portfolio.limits, strict=True) if p.poi_id == poi))
                for poi, limit in at.items()
            )  # fmt: skip
            if total >= asked - 1e-9:
                found.append(t)
                break
    assert len(found) == count
    quantiles = [getattr(portfolio.joint, f"p{p}_months") for p in (10, 50, 90)]
    assert quantiles == pytest.approx(np.quantile(found, (0.1, 0.5, 0.9)))


def test_the_odds_lie_between_independent_failures_and_one_cause(example):
    portfolio = choose(example, 3)
    odds = example.measures["power_success_probability"]["value"].loc[list(portfolio.sites)]
    joint = portfolio.joint
    assert joint.comes == pytest.approx(odds.prod())
    assert joint.comes_at_most == pytest.approx(odds.min())
    assert joint.on_time <= joint.on_time_at_most <= joint.comes_at_most
    assert joint.on_time <= joint.comes
    assert sum(joint.last) == pytest.approx(1)


def test_more_sites_are_never_together_earlier_or_likelier(example):
    joints = [choose(example, k, draws=512).joint for k in (1, 2, 3, 4, 5)]
    sites = [set(choose(example, k, draws=512).sites) for k in (1, 2, 3, 4, 5)]
    assert all(a < b for a, b in itertools.pairwise(sites))  # here each holds the one before
    assert all(a.p50_months <= b.p50_months for a, b in itertools.pairwise(joints))
    assert all(a.comes > b.comes for a, b in itertools.pairwise(joints))


def test_sites_of_one_utility_are_late_together_and_of_two_less_so(make_region, tmp_path):
    sites = [place("one", "firm", 0), place("two", "firm", 1), place("other", "firm", 2, utility_id="u2")]  # fmt: skip
    ranking = ranking_of(make_region, tmp_path, sites, NODES[:1])
    months = own_months(ranking, ["one", "two", "other"], 4096, 0)
    table = pd.DataFrame(months.T, columns=["one", "two", "other"]).corr()
    assert 0.15 < table.loc["one", "two"] < 0.5
    assert table.loc["one", "other"] < table.loc["one", "two"] - 0.05


def test_stages_of_two_sites_share_their_factor_and_nothing_else():
    shared = Draws(2**14, 0, rho=0.3)
    same = [SiteDraws(shared, site, {"tso": "u1"}).stage("study", "tso") for site in ("a", "b")]
    away = SiteDraws(shared, "c", {"tso": "u2"}).stage("study", "tso")
    assert [float(z.std()) for z in (*same, away)] == pytest.approx([1, 1, 1], abs=0.02)
    assert np.corrcoef(same)[0, 1] == pytest.approx(0.3, abs=0.02)
    assert np.corrcoef(same[0], away)[0, 1] == pytest.approx(0.0, abs=0.02)
    built = [SiteDraws(shared, s, {"tso": u}).stage("shell", "build") for s, u in (("a", "u1"), ("c", "u2"))]  # fmt: skip
    assert np.corrcoef(built)[0, 1] == pytest.approx(0.3, abs=0.02)
