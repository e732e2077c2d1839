"""The ask list against a slow simulation: one answer at a time, everything else as printed."""

from __future__ import annotations

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.ranking.robust import robustness
from powerwall.ranking.robust.acceptability import World
from powerwall.ranking.robust.asks import asks
from powerwall.ranking.robust.worlds import Drawn, draw_worlds

DRAWS = 400
MONTHS, COST, NOISE = "time_to_power_months", "delivered_cost_usd_per_mwh", "night_noise_margin_db"
VALUES = {
    MONTHS: [[12, 1], [36, 0.6], [84, 0]],
    COST: [[40, 1], [60, 0.5], [90, 0]],
    NOISE: [[0, 0], [10, 1]],
}
ONLY_MONTHS = {MONTHS: 1, "months_late": 0, "on_time_if_permitted_probability": 0, "on_time_probability": 0}  # fmt: skip
EXAMPLE = {
    MONTHS: {"A": 24.0, "B": 48.0, "C": 30.0},
    COST: {"A": 75.0, "B": 50.0, "C": 60.0},
    NOISE: {"A": 5.0, "B": 8.0, "C": math.nan},
}


def first_of(scores):
    """Place of the first of the highest scores, rounded as the ranking rounds; None if all are out."""
    best = max(range(len(scores)), key=lambda i: (round(scores[i], 12) if scores[i] > -math.inf else -math.inf, -i))  # fmt: skip
    return best if scores[best] > -math.inf else None


def simulated(drawn, weights, name, group):
    """P(change), VOI and the challenger of one question, by re-scoring every site in every draw."""
    printed = [math.fsum(w * v for w, v in zip(weights, row, strict=True)) for row in drawn.world.values]  # fmt: skip
    pick = first_of(printed)
    column = drawn.world.drawn.get(drawn.names.index(name)) if name in drawn.names else None
    fails = drawn.fails.get(name)
    draws = len(column if column is not None else fails)
    changed, gain, stays, leads = 0, 0.0, 0, []
    for d in range(draws):
        scores = list(printed)
        for i in group:
            if column is not None:
                j = drawn.names.index(name)
                scores[i] += weights[j] * (column[d, i] - drawn.world.values[i, j])
            if fails is not None and fails[d, i]:
                scores[i] = -math.inf
        now = first_of(scores)
        if now != pick:
            changed += 1
            leads += [] if now is None else [now]
        if scores[pick] > -math.inf:  # a pick that is out has no score to compare with
            gain, stays = gain + max(scores) - scores[pick], stays + 1
    return changed / draws, 100 * gain / stays if stays else math.nan, Counter(leads)


def agrees(ranking, drawn, groups):
    """Every question of some groups is asked or counted as idle, with the figures of the simulation."""
    weights = np.array([ranking.settings.weights.criteria[n] for n in drawn.names])
    found, idle = asks(ranking, drawn, weights)
    by_key = {(ask.criterion, ask.sites): ask for ask in found}
    assert len(by_key) == len(found)
    silent = 0
    for name, group in groups:
        p, voi, leads = simulated(drawn, weights.tolist(), name, group)
        ask = by_key.pop((name, tuple(str(drawn.ids[i]) for i in group)), None)
        if p < 0.01:
            assert ask is None, (name, group, p)
            silent += 1
            continue
        assert ask is not None, (name, group, p)
        assert ask.p_change == pytest.approx(p, abs=1e-9)
        assert ask.voi_points == pytest.approx(voi, abs=1e-7, nan_ok=True)
        named = {str(drawn.ids[place]): count for place, count in leads.items()}
        assert named.get(ask.challenger, 0) == max(named.values(), default=0)
        assert not ask.voi_points < -1e-12
    assert not by_key
    assert idle == silent
    order = [(-a.p_change, -np.nan_to_num(a.voi_points), a.criterion, a.sites) for a in found]
    assert order == sorted(order)
    return found


def groups_of(ranking, drawn):
    """(criterion, places) of every question: sites that share a row where its error is shared."""
    found = []
    for name in sorted({*drawn.names, *drawn.fails}):
        measure, item = ranking.measures[name].loc[drawn.ids], ranking.criteria[name]
        parts: dict[str, list[int]] = {}
        for i, (site, row) in enumerate(measure.iterrows()):
            known, wide = not math.isnan(row["value"]), math.isfinite(row["high"] - row["low"]) and row["high"] != row["low"]  # fmt: skip
            if known and not wide:
                continue
            shares = known and item.spread.shared and isinstance(row["row"], str) and row["row"]
            if name not in drawn.names and not (drawn.fails[name][:, i].any()):
                continue
            parts.setdefault(f"{row['layer']}:{row['row']}" if shares else f"site {site}", []).append(i)  # fmt: skip
        found += [(name, group) for group in parts.values()]
    return found


@pytest.mark.parametrize("unknown", ["neutral", "worst"])
def test_the_questions_of_the_example_are_those_of_a_slow_simulation(bundled, unknown):
    example = bundled("example")
    ranking = pw.rank(example.regions[0], example.measures, unknown=unknown)
    drawn = draw_worlds(ranking, 250, 0)
    assert agrees(ranking, drawn, groups_of(ranking, drawn))


def test_the_worked_example_asks_for_the_noise_of_the_third_site(made_up):
    weights = {"power": 5, "cost": 3, "noise": 2, "power_criteria": ONLY_MONTHS}
    made = made_up(EXAMPLE, weights, values=VALUES)
    np.testing.assert_allclose(made.frame.loc[["B", "C", "A"], "score"], [61, 60, 57.5])
    found = robustness(made, DRAWS)
    ask = next(a for a in found.asks if a.criterion == NOISE)
    assert ask.sites == ("C",)
    assert not ask.known
    assert ask.p_change == pytest.approx(0.45, abs=2 / DRAWS)
    assert ask.voi_points == pytest.approx(2.025, abs=0.02)
    assert ask.beyond == pytest.approx(5.5, abs=1e-9)
    assert ask.challenger == "C"
    assert math.isnan(ask.low)


def test_a_measure_without_spread_is_not_asked(made_up):
    cells = {COST: {"A": 75.0, "B": 50.0, "C": 60.0}, NOISE: {"A": 5.0, "B": 8.0, "C": math.nan}}
    found = robustness(made_up(cells, {"cost": 3, "noise": 2}, values=VALUES), 200)
    assert {ask.criterion for ask in found.asks} <= {NOISE}
    assert len(found.asks) + found.idle == 1


def test_a_shared_row_is_one_question_and_a_site_of_its_own_another(made_up):
    cells = {
        COST: {"A": (50.0, 42.0, 80.0, "tariff"), "B": (52.0, 44.0, 82.0, "tariff"), "C": (55.0, 45.0, 70.0, "other")},
        NOISE: {"A": (5.0, 0.0, 9.0, "rule"), "B": (5.0, 1.0, 9.0, "rule"), "C": 5.0},
    }  # fmt: skip
    made = made_up(cells, {"cost": 3, "noise": 2}, values=VALUES)
    drawn = draw_worlds(made, DRAWS, 0)
    groups = groups_of(made, drawn)
    assert sorted(len(group) for _, group in groups) == [1, 1, 1, 2]
    found = agrees(made, drawn, groups)
    tariff = next(ask for ask in found if ask.criterion == COST and len(ask.sites) == 2)
    assert math.isnan(tariff.beyond)
    assert tariff.row == "tariff"


@pytest.mark.parametrize("weight", [0, 2])
def test_a_leader_at_risk_is_asked_for_its_requirement(made_up, weight):
    cells = {COST: {"A": 45.0, "B": 60.0, "C": 80.0}, NOISE: {"A": (2.0, -3.0, 7.0), "B": 8.0, "C": 8.0}}  # fmt: skip
    made = made_up(cells, {"cost": 9, "noise": weight}, values=VALUES, require={NOISE: {"min": 0}})
    drawn = draw_worlds(made, DRAWS, 0)
    ask = next(a for a in agrees(made, drawn, groups_of(made, drawn)) if a.criterion == NOISE)
    assert ask.sites == ("A",)
    assert ask.p_change >= 0.3
    assert ask.challenger == "B"
    assert ask.beyond == pytest.approx(0, abs=1e-9)


def test_a_laggard_of_which_all_is_open_is_idle(made_up):
    cells = {COST: {"A": 40.0, "B": 89.0}, NOISE: {"A": 10.0, "B": math.nan}}
    found = robustness(made_up(cells, {"cost": 3, "noise": 1}, values=VALUES), 200)
    assert (found.asks, found.idle) == ([], 1)


def test_the_break_even_measure_is_where_the_pick_changes(made_up):
    cells = {COST: {"A": 50.0, "B": (56.0, 40.0, 75.0), "C": 70.0}, NOISE: {"A": 5.0, "B": 6.0, "C": 5.0}}  # fmt: skip
    points = {"cost": 3, "noise": 2}
    made = made_up(cells, points, values=VALUES)
    ask = next(a for a in robustness(made, 500).asks if a.criterion == COST)
    for shift, top in ((-0.01, "B"), (0.01, "A")):
        other = {**cells, COST: {**cells[COST], "B": ask.beyond + shift}}
        assert made_up(other, points, values=VALUES).frame.index[0] == top


def fabricated(seed):
    """A ranking by hand: values in tenths, some columns drawn, some sites that may fail."""
    rng = np.random.default_rng(seed)
    n, m, k = int(rng.integers(2, 7)), int(rng.integers(1, 4)), 120
    names, ids = [f"c{j}" for j in range(m)], pd.Index([f"s{i}" for i in range(n)])
    values = np.round(rng.random((n, m)), 1)
    frames, drawn, groups, fails, questions = {}, {}, {}, {}, []
    for j, name in enumerate(names):
        labels = rng.choice(["", "x", "y", "z"], n)
        labels[rng.integers(n)] = ""
        drawn[j] = np.repeat(values[None, :, j], k, axis=0)
        for i in np.flatnonzero(labels != ""):
            drawn[j][:, i] = np.where(rng.random(k) < 0.5, rng.random(k), rng.uniform(-0.2, 0.2, k) + values[i, j])  # fmt: skip
        if not (labels != "").any():
            del drawn[j]
        groups[name] = labels.astype(object)
        questions += [(name, np.flatnonzero(labels == label).tolist()) for label in "xyz" if (labels == label).any()]  # fmt: skip
        if j in drawn and rng.random() < 0.5:
            fails[name] = (rng.random((k, n)) < 0.4) & (labels != "")
        frames[name] = pd.DataFrame({"value": values[:, j], "low": 0.0, "high": 1.0, "row": None}, index=ids)  # fmt: skip
    weights = rng.integers(1, 6, m).astype(float)
    weights /= weights.sum()
    in_use = SimpleNamespace(
        weights=SimpleNamespace(criteria=dict(zip(names, weights.tolist(), strict=True))),
        values=dict.fromkeys(names, ((0.0, 0.0), (1.0, 1.0))),
        requirements=[SimpleNamespace(name=name, low=0.1, high=math.inf) for name in fails],
    )
    out = np.any(list(fails.values()), axis=0) if fails else None
    world = Drawn(ids, names, World(values, drawn, out), groups, fails, np.zeros(n, dtype=bool))
    return SimpleNamespace(measures=frames, settings=in_use), world, questions


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_questions_are_those_of_a_slow_simulation_and_never_worth_less_than_nothing(seed):
    agrees(*fabricated(seed))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 40))
def test_more_spread_of_a_certain_loser_is_never_worth_less_than_nothing(made_up, seed, width):
    rng = np.random.default_rng(seed)
    cost, noise = rng.uniform(40, 90, 3).tolist(), rng.uniform(0, 10, 3).tolist()
    cells = {COST: dict(zip("ABC", cost, strict=True)), NOISE: dict(zip("ABC", noise, strict=True))}
    last = made_up(cells, {"cost": 3, "noise": 2}, values=VALUES).frame.index[-1]
    value = cells[COST][last]
    cells[COST][last] = (value, value - width, value + width)
    found = robustness(made_up(cells, {"cost": 3, "noise": 2}, values=VALUES), 100)
    assert len(found.asks) + found.idle == 1
    assert all(ask.voi_points >= 0 for ask in found.asks)


def test_an_answer_that_moves_every_site_is_asked_as_well(made_up):
    # one tariff serves both sites; what it turns out to be decides who is cheaper
    cells = {COST: {"A": (60.0, 40.0, 90.0, "tariff"), "B": (62.0, 60.0, 64.0, "tariff")}, NOISE: {"A": 5.0, "B": 5.0}}  # fmt: skip
    made = made_up(cells, {"cost": 3, "noise": 2}, values=VALUES)
    drawn = draw_worlds(made, DRAWS, 0)
    groups = groups_of(made, drawn)
    assert groups == [(COST, [0, 1])]
    weights = [made.settings.weights.criteria[n] for n in drawn.names]
    assert simulated(drawn, weights, *groups[0])[0] > 0.3
    agrees(made, drawn, groups)


def test_an_answer_that_makes_two_sites_equal_keeps_the_first_of_them():
    # in every draw B is what A is, so A, the first row, stays the pick
    names, ids = ["c0", "c1"], pd.Index(["A", "B"])
    values = np.array([[0.2, 0.1], [0.0, 0.1]])
    column = np.full((10, 2), 0.2)
    frames = {name: pd.DataFrame({"value": values[:, j], "low": 0.0, "high": 1.0, "row": None}, index=ids) for j, name in enumerate(names)}  # fmt: skip
    shares = {"c0": 1 / 3, "c1": 2 / 3}
    in_use = SimpleNamespace(weights=SimpleNamespace(criteria=shares), values=dict.fromkeys(names, ((0.0, 0.0), (1.0, 1.0))), requirements=[])  # fmt: skip
    open_ = {"c0": np.array(["", "x"], dtype=object), "c1": np.array(["", ""], dtype=object)}
    drawn = Drawn(ids, names, World(values, {0: column}), open_, {}, np.zeros(2, dtype=bool))
    found, idle = asks(SimpleNamespace(measures=frames, settings=in_use), drawn, np.array([1 / 3, 2 / 3]))  # fmt: skip
    assert (found, idle) == ([], 1)


@pytest.mark.parametrize(("limit", "cost", "noise", "beyond"), [(-9, 60.0, -1.0, -1.0), (1.5, 75.0, 1.8, 1.5)])  # fmt: skip
def test_of_a_limit_and_a_crossing_the_nearer_is_named_with_its_side(made_up, limit, cost, noise, beyond):  # fmt: skip
    values = {**VALUES, NOISE: [(-10, 0.0), (10, 1.0)]}
    cells = {COST: {"A": 60.0, "B": cost}, NOISE: {"A": (2.0, -8.0, 7.0), "B": noise}}
    made = made_up(cells, {"cost": 1, "noise": 1}, values=values, require={NOISE: {"min": limit}})
    ask = next(a for a in robustness(made, 800).asks if a.sites == ("A",))
    assert (ask.side, ask.beyond) == ("<", pytest.approx(beyond, abs=1e-9))


def test_a_site_whose_range_passes_is_out_in_the_draws_that_fail_all_the_same(made_up):
    cells = {COST: {"A": 45.0, "B": 60.0}, NOISE: {"A": (5.0, 0.01, 10.0), "B": 8.0}}
    made = made_up(cells, {"cost": 1, "noise": 1}, values=VALUES, require={NOISE: {"min": 0}})
    assert made.frame["reasons"]["A"] == ""
    assert robustness(made, 4096).sites["p_out"]["A"] == pytest.approx(0.1, abs=0.002)
