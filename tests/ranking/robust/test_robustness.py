"""Robustness of whole rankings against counting in the drawn worlds, site by site."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

import powerwall as pw
from powerwall.output.robust import flip_line
from powerwall.ranking.robust import flips, robustness
from powerwall.ranking.robust.weights import draw_levels
from powerwall.ranking.robust.worlds import draw_worlds

DRAWS = 250
COST, NOISE, POLICY = (
    "delivered_cost_usd_per_mwh",
    "night_noise_margin_db",
    "policy_success_probability",
)
VALUES = {COST: [[40, 1], [60, 0.5], [90, 0]], NOISE: [[0, 0], [10, 1]]}
POINTS = {"cost": 3, "noise": 2}


@pytest.fixture(scope="module")
def example(regions):
    region = pw.read(regions / "example.toml")
    return region, pw.measure(region)


@pytest.fixture(scope="module")
def ranking(example):
    return pw.rank(*example)


def only(region, measures, ids):
    """The region and its measures with some of the sites, in the order given."""
    return replace(region, sites=region.sites.loc[ids]), pw.Measures(
        measures.criteria, {name: frame.loc[ids] for name, frame in measures.items()}
    )


def expected(ranking, draws, seed=0, top_k=3, concentration=50.0):
    """What the draws say, by a loop over the draws and the sites."""
    drawn = draw_worlds(ranking, draws, seed)
    weights = draw_levels(ranking.settings.weights, ranking.criteria, drawn.names, concentration, draws, seed)  # fmt: skip
    sites, world = list(drawn.ids), drawn.world
    ranks, beats = {site: [] for site in sites}, pd.DataFrame(0.0, index=sites, columns=sites)
    for d in range(draws):
        scores = {}
        for i, site in enumerate(sites):
            if world.out is not None and world.out[d, i]:
                continue
            cells = [world.drawn[j][d, i] if j in world.drawn else world.values[i, j] for j in range(len(drawn.names))]  # fmt: skip
            scores[site] = round(math.fsum(w * v for w, v in zip(weights[d], cells, strict=True)), 12)  # fmt: skip
        for place, site in enumerate(sorted(scores, key=lambda s: (-scores[s], sites.index(s)))):
            ranks[site].append(place + 1)
        for a in sites:
            for b in sites:
                if a in scores and (b not in scores or scores[a] > scores[b]):
                    beats.loc[a, b] += 1 / draws
    rows = {}
    for site, places in ranks.items():
        own = sorted(places)
        quantile = [next((r for r in own if sum(x <= r for x in own) >= level * len(own) - 1e-9), math.nan) for level in (0.05, 0.95)]  # fmt: skip
        rows[site] = {
            "held": sum(r <= top_k for r in own) / draws, "first": own.count(1) / draws, "rank_low": quantile[0], "rank_high": quantile[1],
            "rank_mean": sum(own) / len(own) if own else math.nan, "p_out": 1 - len(own) / draws,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index"), beats


def check(ranking, draws=DRAWS, **options):
    found = robustness(ranking, draws, **options)
    wanted, beats = expected(ranking, draws, **options)
    assert list(found.sites.index) == list(ranking.frame.index[ranking.frame["status"] == "ranked"])
    unjudged = found.sites["p_out"].isna()
    for name in wanted:
        have, want = found.sites[name], wanted[name].loc[found.sites.index]
        if name == "p_out":
            have, want = have[~unjudged], want[~unjudged]
        np.testing.assert_allclose(have.astype(float), want.astype(float), atol=1e-9, err_msg=name)
    short = found.wins.index
    np.testing.assert_allclose(found.wins, beats.loc[short, short], atol=1e-9)
    np.testing.assert_allclose(found.rank_share.sum(axis=1), 1 - wanted["p_out"].loc[found.sites.index], atol=1e-9)  # fmt: skip
    return found


@pytest.mark.parametrize("options", [{}, {"top_k": 1, "concentration": 5.0, "seed": 3}, {"top_k": 99}])  # fmt: skip
def test_the_example_has_the_shares_of_a_loop(ranking, options):
    found = check(ranking, **options)
    assert (found.sites["p_out"] > 0).any()
    assert found.sites["p_out"].isna().any()


def test_the_example_ranked_by_the_low_end_has_the_shares_of_a_loop(example):
    worst = pw.rank(*example, unknown="worst")
    found = check(worst)
    drawn = draw_worlds(worst, 50, 0)
    for name in drawn.names:
        lost = worst.measures[name].loc[drawn.ids]
        nothing = (lost["value"].isna() & lost["low"].isna()).to_numpy()
        at = drawn.names.index(name)
        if nothing.any():
            assert (drawn.world.values[nothing, at] == 0).all()
            assert at not in drawn.world.drawn or (drawn.world.drawn[at][:, nothing] == 0).all()
    assert found.draws == DRAWS


def drawn_columns(ranking, draws=64, seed=0):
    """Site → criterion → bytes of its values in every draw, and where it is out."""
    drawn = draw_worlds(ranking, draws, seed)
    found = {}
    for i, site in enumerate(drawn.ids):
        cells = {name: (drawn.world.drawn[j][:, i].tobytes() if j in drawn.world.drawn else np.repeat(drawn.world.values[i, j], draws).tobytes()) for j, name in enumerate(drawn.names)}  # fmt: skip
        out = np.zeros(draws, dtype=bool) if drawn.world.out is None else drawn.world.out[:, i]
        found[site] = {**cells, "out": out.tobytes()}
    return found


def test_order_and_number_of_the_sites_move_no_draw(example, ranking):
    region, measures = example
    whole, ids = drawn_columns(ranking), list(region.sites.index)
    for chosen in (ids[::-1], ids[::2], ids[3:], [*ids[5:], *ids[:2]]):
        part = drawn_columns(pw.rank(*only(region, measures, chosen)))
        assert part
        for site, cells in part.items():
            assert cells == whole[site], site


def test_order_of_the_sites_changes_no_number(example, ranking):
    region, measures = example
    turned = pw.rank(*only(region, measures, list(region.sites.index[::-1])))
    one, other = robustness(ranking, 300), robustness(turned, 300)
    pd.testing.assert_frame_equal(one.sites, other.sites)
    pd.testing.assert_frame_equal(one.rank_share, other.rank_share)
    assert one.asks == other.asks or repr(one.asks) == repr(other.asks)


def test_a_seed_reproduces_every_byte(ranking):
    one, again, other = (robustness(ranking, 300, seed=seed) for seed in (4, 4, 5))
    assert one.sites.to_numpy().tobytes() == again.sites.to_numpy().tobytes()
    assert one.central_weights.to_numpy().tobytes() == again.central_weights.to_numpy().tobytes()
    assert repr(one.asks) == repr(again.asks)
    assert not one.rank_share.equals(other.rank_share)


def test_without_a_seed_that_of_the_request_is_taken(example, ranking):
    region, measures = example
    other = replace(region, request=replace(region.request, seed=11))
    found = robustness(pw.rank(other, measures), 200)
    assert found.seed == 11
    pd.testing.assert_frame_equal(found.sites, robustness(ranking, 200, seed=11).sites)


@pytest.mark.parametrize(("draws", "top_k"), [(0, 3), (-1, 3), (10, 0)])
def test_no_draw_and_no_shortlist_are_refused(ranking, draws, top_k):
    with pytest.raises(ValueError, match="1 or more"):
        robustness(ranking, draws, top_k=top_k)


@pytest.mark.parametrize("concentration", [0.0, -1.0, math.nan])
def test_a_concentration_that_is_not_above_0_is_refused(ranking, concentration):
    with pytest.raises(ValueError, match="concentration"):
        robustness(ranking, 10, concentration=concentration)


def test_certain_measures_and_weights_give_the_ranking_itself(made_up):
    cells = {COST: {"a": 50.0, "b": 60.0, "c": 70.0}, NOISE: {"a": 5.0, "b": 5.0, "c": 5.0}}
    found = robustness(made_up(cells, POINTS, values=VALUES), 50, concentration=math.inf)
    assert np.diag(found.rank_share).tolist() == [1, 1, 1]
    assert found.sites["p_out"].tolist() == [0, 0, 0]
    assert found.entropy_bits == 0
    assert (found.asks, found.idle) == ([], 0)


def test_sites_at_risk_are_out_as_often_as_their_range_says(made_up):
    # P10 −3, P50 2, P90 7: below 0 lies a standard normal below −2/5 · z(.9)
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": (2.0, -3.0, 7.0), "b": 5.0}}
    made = made_up(cells, POINTS, values=VALUES, require={NOISE: {"min": 0}})
    check(made, 100)
    found = robustness(made, 2000)
    p = NormalDist().cdf(-2 / 5 * NormalDist().inv_cdf(0.9))
    assert found.sites["p_out"].to_dict() == pytest.approx({"a": p, "b": 0}, abs=1 / 2000)


def test_a_requirement_without_weight_puts_sites_out_as_well(made_up):
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": (2.0, -3.0, 7.0), "b": 5.0}}
    made = made_up(cells, {"cost": 3}, values=VALUES, require={NOISE: {"min": 0}})
    check(made, 100)
    assert robustness(made, 1000).sites["p_out"].loc["a"] == pytest.approx(0.304, abs=2e-3)


def test_a_requirement_of_which_nothing_is_known_leaves_the_share_unknown(made_up):
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": math.nan, "b": 5.0}}
    found = check(made_up(cells, POINTS, values=VALUES, require={NOISE: {"min": 0}}), 200)
    assert found.sites["p_out"].isna().to_dict() == {"a": True, "b": False}
    np.testing.assert_allclose(found.rank_share.sum(axis=1), 1)


def test_draws_in_which_all_are_out_leave_nobody_first(made_up):
    # nine draws in ten are out: only the favourable end, P90, passes
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": (-5.0, -9.0, 0.1), "b": (-6.0, -9.0, 0.1)}}
    made = made_up(cells, POINTS, values=VALUES, require={NOISE: {"min": 0}})
    found = check(made, 400)
    assert found.sites["first"].sum() < 0.3
    hit = next(seed for seed in range(50) if (robustness(made, 1, seed=seed).sites["p_out"] == 1).all())  # fmt: skip
    nobody = check(made, 1, seed=hit)
    assert nobody.sites[["held", "first"]].to_numpy().max() == 0
    assert nobody.sites[["rank_low", "rank_high", "rank_mean", "confidence"]].isna().all(axis=None)
    assert nobody.entropy_bits == 0


def test_equal_sites_keep_the_order_of_the_ranking_in_every_draw(made_up):
    cells = {COST: {"b": 50.0, "a": 50.0}, NOISE: {"b": 5.0, "a": 5.0}}
    found = check(made_up(cells, POINTS, values=VALUES), 300)
    assert found.rank_share.loc[["a", "b"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    assert found.wins.to_numpy().max() == 0


def test_no_ranked_site_and_one(made_up):
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": -5.0, "b": 5.0}}
    one = check(made_up(cells, POINTS, values=VALUES, require={NOISE: {"min": 0}}), 150)
    assert one.sites.loc["b", ["held", "first", "rank_low", "rank_high", "rank_mean"]].tolist() == [1] * 5  # fmt: skip
    assert (one.flips, one.asks) == ([], [])
    made = made_up(cells, POINTS, values=VALUES, require={NOISE: {"min": 9}})
    assert flip_line(made) == ""
    nobody = robustness(made, 150)
    assert nobody.sites.empty
    assert nobody.wins.empty
    assert nobody.entropy_bits == 0


def test_a_leader_that_is_best_in_all_is_unseated_by_no_single_weight(made_up):
    cells = {COST: {"a": 50.0, "b": 60.0}, NOISE: {"a": 7.0, "b": 5.0}}
    made = made_up(cells, POINTS, values=VALUES)
    assert flips(made) == []
    assert flip_line(made) == "no single weight changes the leader"


def test_a_site_that_equals_the_leader_at_every_weight_is_no_challenger(made_up):
    # .1 and .9 within cost and noise at equal points, .2 and .8 the other: equal whatever policy weighs
    values = {COST: [[0, 0], [10, 1]], NOISE: [[0, 0], [10, 1]], POLICY: [[0, 0], [1, 1]]}
    cells = {COST: {"a": 1.0, "b": 2.0, "c": 0.0}, NOISE: {"a": 9.0, "b": 8.0, "c": 1.0}, POLICY: {"a": 0.3, "b": 0.3, "c": 0.1}}  # fmt: skip
    wrong = []
    for points in (5, 1, 3, 7, 11):
        made = made_up(cells, {"cost": points, "noise": points, "policy": 6}, values=values)
        wrong += [(points, flip) for flip in flips(made) if flip.name == "policy"]
    assert not wrong


@pytest.fixture(scope="module")
def two(made_up):
    """Two regions with sites of the same ids, and both together."""
    cells = {COST: {"a": (50.0, 45.0, 70.0, "r"), "b": (60.0, 50.0, 70.0, "r")}, NOISE: {"a": math.nan, "b": (5.0, 1.0, 8.0)}}  # fmt: skip
    parts = [made_up(cells, POINTS, values=VALUES, name=name) for name in ("one", "two")]
    regions = [part.regions[0] for part in parts]
    measures = [pw.Measures(p.measures.criteria, {n: m.loc[r.sites.index] for n, m in p.measures.items()}) for p, r in zip(parts, regions, strict=True)]  # fmt: skip
    return parts, pw.rank(regions, measures)


def test_regions_ranked_together_keep_their_own_draws(two):
    parts, joint = two
    together = drawn_columns(joint)
    assert sorted(together) == ["one:a", "one:b", "two:a", "two:b"]
    for name, part in zip(("one", "two"), parts, strict=True):
        for site, cells in drawn_columns(part).items():
            assert together[f"{name}:{site}"] == cells
    # the same ids and rows in two regions are two places
    for criterion in (COST, NOISE):
        assert together["one:a"][criterion] != together["two:a"][criterion]
    check(joint, 300)


def test_central_weights_and_confidence_follow_from_the_draws(ranking):
    draws = 800
    found = robustness(ranking, draws)
    drawn = draw_worlds(ranking, draws, 0)
    weights = draw_levels(ranking.settings.weights, ranking.criteria, drawn.names, 50.0, draws, 0)
    full = np.repeat(drawn.world.values[None], draws, axis=0)
    for j, columns in drawn.world.drawn.items():
        full[:, :, j] = columns
    scores = np.round((full * weights[:, None, :]).sum(axis=2), 12)
    scores[drawn.world.out] = -np.inf
    first = scores.argmax(axis=1)
    for i, site in enumerate(drawn.ids):
        mine = (first == i) & (scores.max(axis=1) > -np.inf)
        if mine.sum() < 100:
            assert found.central_weights.loc[site].isna().all()
            assert math.isnan(found.sites.loc[site, "confidence"])
            continue
        central = weights[mine].mean(axis=0)
        np.testing.assert_allclose(found.central_weights.loc[site], central, atol=1e-12)
        under = np.round((full * central).sum(axis=2), 12)
        under[drawn.world.out] = -np.inf
        assert found.sites.loc[site, "confidence"] == pytest.approx((under.argmax(axis=1) == i).mean())  # fmt: skip
