"""Simulation of a plan: worked figures, closed forms, and what must always hold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from powerwall.criteria.power.lead_time import (
    Simulation,
    Tranche,
    chain,
    expected_mw_years,
    simulate,
)
from powerwall.criteria.power.lead_time.simulation import ramp_steps, weighted_quantiles
from powerwall.criteria.power.lead_time.stages import Stage, durations

#: The firm 230 kV service and the engine bridge of the worked network, as mappings.
GRID = {
    "study": {"p50_months": 12, "p90_months": 20, "group": "tso"},
    "agreement": {"p50_months": 4, "p90_months": 8, "group": "tso", "preds": ["study"]},
    "transformer": {"p50_months": 30, "p90_months": 40, "group": "supply", "preds": ["agreement"]},
    "routing": {"p50_months": 10, "p90_months": 20, "group": "local", "preds": ["agreement"]},
    "line": {"p50_months": 24, "p90_months": 40, "group": "local", "preds": ["routing"]},
    "design": {"p50_months": 6, "p90_months": 6, "group": "supply", "preds": ["agreement"]},
    "substation": {"p50_months": 18, "p90_months": 26, "group": "supply", "preds": ["design"]},
    "commissioning": {"p50_months": 3, "p90_months": 5, "group": "build", "preds": ["transformer", "line", "substation"]},
    "shell": {"p50_months": 20, "p90_months": 26, "group": "build"},
    "grid": {"p50_months": 0, "p90_months": 0, "preds": ["commissioning", "shell"]},
}  # fmt: skip
BRIDGE = {
    "air": {"p50_months": 10, "p90_months": 18, "group": "local"},
    "gas": {"p50_months": 14, "p90_months": 24, "group": "local"},
    "engines": {"p50_months": 18, "p90_months": 28, "group": "supply"},
    "install": {"p50_months": 4, "p90_months": 7, "group": "build", "preds": ["air", "gas", "engines"]},
    "bridge": {"p50_months": 0, "p90_months": 0, "preds": ["install", "shell"]},
}  # fmt: skip
NETWORK = {**GRID, **BRIDGE}
TRANCHES = {
    "grid": {"stage": "grid", "mw": 200 * 0.75},
    "bridge": {"stage": "bridge", "mw": 100 * 0.85},
}


def one(p50, p90, mw=300.0, **given):
    """A plan of one stage and one tranche."""
    stage = {"p50_months": p50, "p90_months": p90, **given}
    return simulate({"s": stage}, {"t": {"stage": "s", "mw": mw}}, horizon_months=84, draws=2**14)


@pytest.mark.parametrize(
    ("rho", "grid", "mean", "bridge", "mw_years", "critical"),
    [
        (0.0, (47.4, 59.5, 77.7), 61.4, (20.1, 25.9, 35.4), 692.3, (0.297, 0.629, 0.074)),
        (0.3, (46.4, 59.4, 79.7), 61.7, (19.8, 25.8, 35.4), 693.4, (0.316, 0.620, 0.064)),
        (0.6, (45.5, 59.2, 81.6), 61.9, (19.5, 25.5, 35.2), 696.1, (0.342, 0.614, 0.044)),
    ],
)
def test_the_worked_plan_gives_the_figures_of_eight_million_draws(
    rho, grid, mean, bridge, mw_years, critical
):
    plan = simulate(NETWORK, TRANCHES, rho=rho, horizon_months=84, draws=2**14)
    found = plan.quantile_months("grid", [0.1, 0.5, 0.9])
    assert found[:2] == pytest.approx(grid[:2], abs=0.2)
    assert found[2] == pytest.approx(grid[2], abs=0.5)
    assert plan.quantile_months("bridge", [0.1, 0.5, 0.9]) == pytest.approx(bridge, abs=0.25)
    assert plan.mean_months("grid") == pytest.approx(mean, abs=0.1)
    assert plan.expected_mw_years() == pytest.approx(mw_years, rel=0.005)
    shares = plan.criticality()
    assert [shares[s] for s in ("transformer", "line", "substation")] == pytest.approx(
        critical, abs=0.01
    )


def test_the_worked_tranche_sheet_adds_up():
    """Firm 300 MW 48/72 p .8 gives 680.0 MW-years, a kept bridge 100 MW 24/36 p .9 gives 440.8."""
    stages = {
        "firm": {"p50_months": 48, "p90_months": 72, "p_fail": 0.2, "group": "tso"},
        "engines": {"p50_months": 24, "p90_months": 36, "p_fail": 0.1, "group": "supply"},
    }
    tranches = {
        "firm": {"stage": "firm", "mw": 300},
        "recip": {"stage": "engines", "mw": 100},
    }
    plan = simulate(stages, tranches, horizon_months=84, draws=2**14)
    assert plan.expected_mw_years("firm") == pytest.approx(679.98, rel=0.005)
    assert plan.expected_mw_years("recip") == pytest.approx(440.8, rel=0.005)
    assert plan.expected_mw_years() == pytest.approx(1120.7, rel=0.005)
    assert plan.p_success("firm") == pytest.approx(0.8)
    closed = expected_mw_years([300, 100], [48, 24], [72, 36], 84, [0.8, 0.9])
    assert closed == pytest.approx([679.98, 440.8], abs=0.06)


def test_a_put_agrees_with_its_hand_check():
    assert float(expected_mw_years(12, 48, 72, 84)) == pytest.approx(33.999, abs=1e-3)
    ramp = sum(float(expected_mw_years(100, 48, 72, 84 - lag, 0.8)) for lag in (0, 12, 24))
    assert ramp == pytest.approx(463.25, abs=0.01)


def test_the_put_has_its_limits():
    assert expected_mw_years(12, 48, 48, 84) == pytest.approx(36)
    assert expected_mw_years(12, 48, 72, [0, -5]).tolist() == [0, 0]
    assert expected_mw_years(12, 0, 0, 84) == pytest.approx(84)
    assert math.isnan(expected_mw_years(12, math.nan, 72, 84))
    with pytest.raises(ValueError, match="P90"):
        expected_mw_years(12, 48, 40, 84)


@given(st.floats(1, 200), st.floats(1.01, 4), st.floats(0, 300), st.floats(0, 50))
def test_the_put_rises_with_the_horizon_and_stays_in_its_bounds(p50, ratio, horizon, more):
    found = float(expected_mw_years(12, p50, p50 * ratio, horizon))
    sigma = math.log(ratio) / 1.2815515655446004
    mean = p50 * math.exp(sigma**2 / 2)
    assert max(horizon - mean, 0) - 1e-9 <= found <= horizon + 1e-9
    assert float(expected_mw_years(12, p50, p50 * ratio, horizon + more)) >= found - 1e-9


@settings(deadline=None, max_examples=15)
@given(st.floats(12, 90), st.floats(1.2, 2.4), st.floats(0, 0.5), st.floats(40, 140))
def test_draws_agree_with_the_closed_form(p50, ratio, p_fail, horizon):
    stage = {"p50_months": p50, "p90_months": p50 * ratio, "p_fail": p_fail}
    plan = simulate({"s": stage}, {"t": {"stage": "s", "mw": 300}}, horizon_months=horizon, draws=2**14)  # fmt: skip
    closed = float(expected_mw_years(300, p50, p50 * ratio, horizon, 1 - p_fail))
    assert plan.expected_mw_years() == pytest.approx(closed, rel=0.005, abs=0.3)


def test_a_chain_agrees_with_fenton_and_wilkinson():
    assert chain([12, 4, 34], [20, 8, 52]) == pytest.approx((51.88, 71.56), abs=0.01)


@pytest.mark.parametrize(("p", "left"), [(0.1, 0.867), (0.5, 4.520), (0.9, 12.212)])
def test_a_started_stage_is_conditioned_on_not_having_finished(p, left):
    assert one(12, 20, started_months_ago=9).quantile_months("t", p) == pytest.approx(
        left, abs=0.01
    )


@pytest.mark.parametrize(("p90", "elapsed"), [(12.5, 40), (12.5, 48), (13, 200), (20, 500)])
def test_a_stage_that_is_long_overdue_still_ends(p90, elapsed):
    plan = one(12, p90, started_months_ago=elapsed)
    assert plan.p_success("t") == 1
    assert 0 <= plan.quantile_months("t", 0.1) < plan.quantile_months("t", 0.9) < 600


def test_a_term_past_its_scheduled_end_has_been_extended():
    """Scheduled 12 months, 14 have gone: what is left is an extension longer than 2."""
    term = {"p_extension": 0.3, "extension_p50_months": 5.9, "extension_p90_months": 12.0}
    plan = one(12, 12, started_months_ago=14, **term)
    alone = one(5.9, 12.0, started_months_ago=2)
    for p in (0.1, 0.5, 0.9):
        assert plan.quantile_months("t", p) == pytest.approx(
            alone.quantile_months("t", p), abs=0.05
        )
    early = one(12, 12, started_months_ago=4, **term)
    assert early.quantile_months("t", 0.5) == pytest.approx(8)


def test_a_failure_may_be_shared_without_waiting():
    stages = {
        "study": {"p50_months": 30, "p90_months": 30, "p_fail": 0.5},
        "firm": {"p50_months": 10, "p90_months": 10, "preds": ["study"]},
        "interim": {"p50_months": 5, "p90_months": 5, "fails_with": ["study"]},
    }
    tranches = {
        "firm": {"stage": "firm", "mw": 300},
        "interim": {"stage": "interim", "mw": 300, "retire_with": "firm"},
    }
    plan = simulate(stages, tranches, horizon_months=84)
    assert plan.quantile_months("interim", 0.5) == pytest.approx(5)
    assert plan.p_success("interim") == pytest.approx(0.5)
    assert plan.p_mw_at_least(300, 20) == pytest.approx(0.5)
    assert plan.p_mw_at_least(300, 80) == pytest.approx(0.5)


@pytest.mark.parametrize("odds", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("p_fail", [0.0, 0.4, 1.0])
def test_other_odds_of_a_tranche_leave_the_others_alone(odds, p_fail):
    stages = {
        "firm": {"p50_months": 10, "p90_months": 10, "p_fail": p_fail},
        "gas": {"p50_months": 5, "p90_months": 5, "p_fail": 0.2},
    }
    tranches = {"firm": {"stage": "firm", "mw": 300}, "gas": {"stage": "gas", "mw": 100}}
    plan = replace(simulate(stages, tranches, horizon_months=84), odds={"firm": odds})
    assert plan.p_success("firm") == pytest.approx(odds)
    assert math.fsum(share for _, share in plan.outcomes) == pytest.approx(1)
    assert plan.expected_mw([20])[0] == pytest.approx(300 * odds + 80)
    assert plan.expected_mw([20], "gas")[0] == pytest.approx(80)  # its own odds stay


def test_stand_ins_in_a_circle_are_refused():
    tranches = {
        "a": {"stage": "s", "mw": 1, "retire_with": "b"},
        "b": {"stage": "s", "mw": 1, "retire_with": "a"},
    }
    with pytest.raises(ValueError, match="itself stands in"):
        simulate({"s": {"p50_months": 1, "p90_months": 2}}, tranches, horizon_months=84)


@settings(deadline=None, max_examples=20)
@given(st.floats(1, 24), st.floats(0.05, 0.9), st.floats(0, 20))
def test_what_is_taken_off_a_stage_never_makes_it_longer(months, left, elapsed):
    from powerwall.criteria.power.lead_time.sampling import Sobol
    from powerwall.criteria.power.lead_time.stages import Cut, finish_months

    for began in (None, elapsed):
        stages = {"s": Stage(12, 20, 3.0, started_months_ago=began)}
        normals = Sobol(stages, 512)
        before = finish_months(stages, normals)["s"]
        after = finish_months(stages, normals, cuts={"s": Cut(months, left)})["s"]
        assert (after <= before + 1e-9).all()
        assert (before - after <= months + 1e-9).all()
        assert (after >= np.minimum(before, left * before) - 1e-9).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [({"draws": 0}, "0 draws"), ({"horizon_months": math.inf}, "month inf"), ({"rho": 1.1}, "rho")],
)
def test_what_cannot_be_simulated_is_refused(change, message):
    given_ = {"horizon_months": 84, **change}
    with pytest.raises(ValueError, match=message):
        simulate(
            {"s": {"p50_months": 1, "p90_months": 2}}, {"t": {"stage": "s", "mw": 1}}, **given_
        )


def test_a_word_for_a_number_names_its_stage():
    with pytest.raises(ValueError, match="stage `s`: could not convert"):
        simulate(
            {"s": {"p50_months": "soon", "p90_months": 2}},
            {"t": {"stage": "s", "mw": 1}},
            horizon_months=84,
        )


def test_a_started_stage_forgets_when_its_predecessor_ends_but_not_that_it_may_fail():
    stages = {
        "before": {"p50_months": 90, "p90_months": 120, "p_fail": 0.3},
        "study": {"p50_months": 12, "p90_months": 20, "preds": ["before"], "started_months_ago": 9},
    }
    plan = simulate(stages, {"t": {"stage": "study", "mw": 1}}, horizon_months=84)
    assert plan.quantile_months("t", 0.9) < 13
    assert plan.p_success("t") == pytest.approx(0.7)


def test_a_finished_stage_cannot_fail_and_ends_in_the_past():
    stages = {
        "study": {"p50_months": 12, "p90_months": 20, "p_fail": 0.3, "done_months_ago": 2},
        "line": {"p50_months": 24, "p90_months": 24, "preds": ["study"]},
    }
    plan = simulate(stages, {"t": {"stage": "line", "mw": 1}}, horizon_months=84)
    assert plan.p_success("t") == 1
    assert plan.quantile_months("t", 0.5) == pytest.approx(24)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 6), st.floats(0.1, 6), st.floats(0.1, 90))
def test_an_earlier_start_never_makes_a_later_finish_up_to_the_median(elapsed, more, overdue):
    """Beyond it a lognormal has waited long enough to be one of the slow ones."""
    longer = one(12, 20, started_months_ago=elapsed + more).finish["s"]
    shorter = one(12, 20, started_months_ago=elapsed).finish["s"]
    assert (shorter >= longer - 1e-9).all()
    assert (one(12, 20, started_months_ago=overdue).finish["s"] >= 0).all()


@pytest.mark.parametrize(
    ("u", "months"), [(0.1, 6), (0.47, 6), (0.5, 8.453), (0.735, 11.9), (0.9, 15.621)]
)
def test_a_term_that_may_be_extended_ends_when_the_hand_check_says(u, months):
    term = Stage(6, 6, p_extension=0.53, extension_p50_months=5.9, extension_p90_months=12.0)
    term.check("s")
    assert durations(term, np.array([ndtri(u)])) == pytest.approx(months, abs=5e-4)


def test_a_stage_inside_a_window_keeps_its_published_result():
    given = {"windows": [(-1.0, 7.5), (11.0, 19.5)], "started_months_ago": 1.0}
    months = one(2, 3, **given).finish["s"]
    assert months.min() == pytest.approx(7.5)
    assert one(30, 40, **given).quantile_months("t", 0.5) > 25


def test_no_window_is_no_date_and_counts_against_success():
    plan = one(12, 20, windows=[])
    assert plan.p_success("t") == 0
    assert math.isnan(plan.quantile_months("t", 0.5))
    assert plan.p_mw_at_least(300, 1e6) == 0
    assert plan.expected_mw_years() == 0


def test_a_shared_stage_fails_once_for_all_tranches():
    stages = {
        "permit": {"p50_months": 1, "p90_months": 1, "p_fail": 0.5},
        "a": {"p50_months": 1, "p90_months": 1, "preds": ["permit"], "p_fail": 0.2},
        "b": {"p50_months": 1, "p90_months": 1, "preds": ["permit"], "p_fail": 0.4},
    }
    tranches = {"a": {"stage": "a", "mw": 100}, "b": {"stage": "b", "mw": 200}}
    plan = simulate(stages, tranches, horizon_months=24)
    assert plan.p_success("a") == pytest.approx(0.4)
    assert plan.p_mw_at_least(300, 12) == pytest.approx(0.5 * 0.8 * 0.6)
    assert plan.p_mw_at_least(200, 12) == pytest.approx(0.5 * 0.6)
    assert plan.p_mw_at_least(100, 12) == pytest.approx(0.5 * (1 - 0.2 * 0.4))
    assert plan.p_mw_at_least(1, 1.9) == 0
    assert math.fsum(share for _, share in plan.outcomes) == pytest.approx(1)


def test_a_bridge_retires_when_the_last_firm_block_arrives_and_stays_where_it_never_does():
    stages = {
        "firm": {"p50_months": 48, "p90_months": 48, "p_fail": 0.25},
        "gas": {"p50_months": 24, "p90_months": 24},
    }
    tranches = {
        "firm": {"stage": "firm", "mw": 300, "steps": [(0, 100), (12, 200)]},
        "recip": {"stage": "gas", "mw": 100, "retire_with": "firm"},
    }
    plan = simulate(stages, tranches, horizon_months=84)
    assert plan.expected_mw([23, 24, 48, 60], "recip") == pytest.approx([0, 100, 100, 25])
    assert plan.expected_mw([47, 48, 60], "firm") == pytest.approx([0, 75, 225])
    assert plan.expected_mw_years("recip") == pytest.approx(100 * (0.75 * 36 + 0.25 * 60) / 12)
    assert plan.expected_mw_years("firm") == pytest.approx(0.75 * (100 * 36 + 200 * 24) / 12)
    mw, weight = plan.mw_at([48, 60])
    assert weighted_quantiles(mw, weight, [0.1, 0.5, 0.9]).tolist() == [
        [100, 100],
        [200, 300],
        [200, 300],
    ]
    assert plan.quantile_months_to(100, [0.5]) == pytest.approx([24])
    assert plan.quantile_months_to(300, [0.5]) == pytest.approx([60])
    assert math.isnan(plan.quantile_months_to(500, [0.5])[0])


def test_stand_ins_fill_what_is_missing_and_never_more():
    stages = {
        "firm": {"p50_months": 48, "p90_months": 48},
        "fast": {"p50_months": 24, "p90_months": 24},
        "never": {"p50_months": 24, "p90_months": 24, "p_fail": 1},
    }
    tranches = {
        "firm": {"stage": "firm", "mw": 300, "steps": [(0, 100), (12, 200)]},
        "recip": {"stage": "fast", "mw": 100, "retire_with": "firm"},
        "interim": {"stage": "fast", "mw": 300, "retire_with": "firm"},
        "lost": {"stage": "never", "mw": 50, "retire_with": "firm"},
        "kept": {"stage": "fast", "mw": 20},
    }
    plan = simulate(stages, tranches, horizon_months=84)
    months = [24, 48, 60]
    assert plan.expected_mw(months, "recip") == pytest.approx([100, 100, 0])
    assert plan.expected_mw(months, "interim") == pytest.approx([180, 80, 0])
    assert plan.expected_mw(months, "lost") == pytest.approx([0, 0, 0])
    assert plan.expected_mw(months) == pytest.approx([300, 300, 320])
    assert plan.expected_mw_years() == pytest.approx((300 * 36 + 320 * 24) / 12)
    parts = sum(plan.expected_mw_years(name) for name in tranches)
    assert parts == pytest.approx(plan.expected_mw_years())


def test_correlation_hardly_moves_the_mean():
    means = [
        simulate(NETWORK, TRANCHES, rho=rho, horizon_months=84, draws=2**14).mean_months("grid")
        for rho in (0.0, 0.6)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.01)


def test_the_order_of_the_stages_changes_nothing():
    backwards = dict(reversed(NETWORK.items()))
    a, b = (simulate(n, TRANCHES, horizon_months=84) for n in (NETWORK, backwards))
    assert np.array_equal(a.finish["grid"], b.finish["grid"])


@settings(deadline=None, max_examples=10)
@given(st.sampled_from(sorted(GRID)), st.floats(0, 12))
def test_a_longer_median_never_makes_any_finish_earlier(name, more):
    stage = GRID[name]
    if not stage["p50_months"]:
        return
    factor = 1 + more / stage["p50_months"]
    longer = {**stage, "p50_months": stage["p50_months"] * factor, "p90_months": stage["p90_months"] * factor}  # fmt: skip
    tranche = {"grid": TRANCHES["grid"]}
    a = simulate(GRID, tranche, horizon_months=84).finish["grid"]
    b = simulate({**GRID, name: longer}, tranche, horizon_months=84).finish["grid"]
    assert (b >= a - 1e-9).all()


def test_shares_of_the_longest_path_add_to_one_at_a_join():
    shares = simulate(NETWORK, TRANCHES, horizon_months=84).criticality("grid")
    assert shares["transformer"] + shares["line"] + shares["substation"] == pytest.approx(
        shares["commissioning"]
    )
    assert shares["commissioning"] + shares["shell"] == pytest.approx(1)
    assert shares["engines"] == 0


@pytest.mark.parametrize(
    ("stages", "tranches", "message"),
    [
        ({"s": {"p50_months": 1}}, {"t": {"stage": "s", "mw": 1}}, "stage `s` lacks p90_months"),
        ({"s": {"p50_months": 1, "p90_months": 2, "x": 1}}, {"t": {"stage": "s", "mw": 1}}, "no attribute x"),
        ({"s": {"p50_months": 2, "p90_months": 1}}, {"t": {"stage": "s", "mw": 1}}, "stage `s`: p50"),
        ({"s": {"p50_months": 1, "p90_months": 2, "p_fail": 1.2}}, {"t": {"stage": "s", "mw": 1}}, "p_fail 1.2"),
        ({"s": {"p50_months": 1, "p90_months": 2, "started_months_ago": -1}}, {"t": {"stage": "s", "mw": 1}}, "started"),
        ({"s": {"p50_months": 1, "p90_months": 2}}, {"t": {"stage": "z", "mw": 1}}, "stage `z`"),
        ({"s": {"p50_months": 1, "p90_months": 2}}, {"t": {"stage": "s", "mw": -1}}, "-1 MW"),
        ({"s": {"p50_months": 1, "p90_months": 2}}, {}, "0 tranches"),
        ({"s": {"p50_months": 1, "p90_months": 2}}, {"t": {"stage": "s", "mw": 1, "retire_with": "t"}}, "retires"),
        ({"s": {"p50_months": 1, "p90_months": 2, "windows": [(9, 10), (3, 4)]}}, {"t": {"stage": "s", "mw": 1}}, "ascend"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_its_name(stages, tranches, message):
    with pytest.raises(ValueError, match=message):
        simulate(stages, tranches, horizon_months=84)


def test_a_ramp_starts_with_the_first_block_and_ends_on_time():
    steps = ramp_steps(300, 50, 12)
    assert steps[0] == (0.0, 50)
    assert steps[-1][0] == 12
    assert sum(mw for _, mw in steps) == pytest.approx(300)
    assert ramp_steps(300, 50, 0) == ((0.0, 300),)
    assert sum(mw for _, mw in ramp_steps(300, None, 36)) == pytest.approx(300)
    assert ramp_steps(50, 50, 24) == ((0.0, 50),)  # the first block is all of it
    assert ramp_steps(300, None, 36)[-1][0] == 36


def test_the_same_seed_gives_the_same_numbers_and_another_does_not():
    a, b, c = (simulate(NETWORK, TRANCHES, horizon_months=84, seed=s) for s in (1, 1, 2))
    assert isinstance(a, Simulation)
    assert np.array_equal(a.finish["grid"], b.finish["grid"])
    assert not np.array_equal(a.finish["grid"], c.finish["grid"])
    assert a.quantile_months("grid", 0.5) == pytest.approx(c.quantile_months("grid", 0.5), abs=0.5)


def test_stages_and_tranches_may_be_given_as_objects():
    plan = simulate(NETWORK, {"grid": Tranche("grid", 300)}, horizon_months=84)
    assert plan.tranches["grid"].ramp == ((0.0, 300),)


def test_attributes_may_be_given_in_their_order():
    by_name = simulate(
        {"s": {"p50_months": 12, "p90_months": 20}},
        {"t": {"stage": "s", "mw": 3}},
        horizon_months=84,
    )
    in_order = simulate({"s": (12, 20)}, {"t": ("s", 3)}, horizon_months=84)
    assert np.array_equal(by_name.finish["s"], in_order.finish["s"])
