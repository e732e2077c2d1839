"""Lead time: the network of stages against the worked figures of its description."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.drawing import column
from powerwall.criteria.power.lead_time.sampling import Draws
from powerwall.criteria.power.lead_time.stages import (
    Stage,
    finish_months,
    order,
    quantiles,
    success,
)

SHARES = (0.1, 0.5, 0.9)
#: Worked network of a firm 230 kV service and an engine bridge: P50 and P90 in months, group, predecessors.
SHELL = Stage(20, 26, group="build")
GRID = {
    "study": Stage(12, 20, group="tso"),
    "agreement": Stage(4, 8, preds=("study",), group="tso"),
    "transformer": Stage(30, 40, preds=("agreement",), group="supply"),
    "routing": Stage(10, 20, preds=("agreement",), group="local"),
    "line": Stage(24, 40, preds=("routing",), group="local"),
    "substation_design": Stage(6, 6, preds=("agreement",), group="supply"),
    "substation": Stage(18, 26, preds=("substation_design",), group="supply"),
    "commissioning": Stage(3, 5, preds=("transformer", "line", "substation"), group="build"),
    "shell": SHELL,
    "energised": Stage(0, 0, preds=("commissioning", "shell"), group="build"),
}
BRIDGE = {
    "air_permit": Stage(10, 18, group="local"),
    "gas": Stage(14, 24, group="local"),
    "engines": Stage(18, 28, group="supply"),
    "install": Stage(4, 7, preds=("air_permit", "gas", "engines"), group="build"),
    "shell": SHELL,
    "energised": Stage(0, 0, preds=("install", "shell"), group="build"),
}


def first_power(stages, draws, **given):
    return quantiles(finish_months(stages, draws, **given)["energised"], SHARES)[:, 0]


@pytest.mark.parametrize(
    ("network", "rho", "expected"),
    [
        (GRID, 0.0, (47.4, 59.5, 77.7)),
        (GRID, 0.3, (46.4, 59.4, 79.7)),
        (GRID, 0.6, (45.5, 59.2, 81.6)),
        (BRIDGE, 0.0, (20.1, 25.9, 35.4)),
        (BRIDGE, 0.3, (19.8, 25.8, 35.4)),
        (BRIDGE, 0.6, (19.5, 25.5, 35.2)),
    ],
)
def test_the_worked_network_gives_the_quantiles_of_eight_million_draws(network, rho, expected):
    """Tolerance: 0.2 months at P10 and P50, 0.5 at P90; a single seed scatters by about 0.1."""
    seeds = [first_power(network, Draws(2**14, seed, rho)) for seed in range(4)]
    assert np.mean(seeds, axis=0)[:2] == pytest.approx(expected[:2], abs=0.2)
    assert np.mean(seeds, axis=0)[2] == pytest.approx(expected[2], abs=0.5)
    assert seeds[0] == pytest.approx(expected, abs=0.5)


def test_medians_are_never_added():
    # the sum of P50s along the longest path is 53 and 22 months: optimistic by 6 and 4
    draws = Draws(2**12, 0)
    assert first_power(GRID, draws)[1] > 53 + 5
    assert first_power(BRIDGE, draws)[1] > 22 + 3


def test_a_serial_chain_agrees_with_the_simulated_figures():
    # 12/20 + 4/8 + 34/52, independent: P50 51.77, P90 71.48
    chain = {
        "x": Stage(12, 20, group="tso"),
        "y": Stage(4, 8, preds=("x",), group="local"),
        "z": Stage(34, 52, preds=("y",), group="supply"),
        "energised": Stage(0, 0, preds=("z",)),
    }
    found = first_power(chain, Draws(2**14, 0, rho=0.0))
    assert found[1:] == pytest.approx([51.77, 71.48], abs=0.5)


def windowed(ready, duration, **changes):
    """Finish of a stage that is ready after exact months and lasts exact months."""
    windows = ((3.0, 9.5), (9.0, 15.5))
    stages = {
        "before": Stage(ready, ready),
        "study": Stage(duration, duration, preds=("before",), windows=windows)._replace(**changes),
    }
    return finish_months(stages, Draws(4, 0))["study"][0, 0]


@pytest.mark.parametrize(
    ("ready", "duration", "finish"),
    [
        (4.2, 6.1, 15.5),  # the published result is a floor
        (4.2, 8.0, 17.0),  # a slip counts from the close
        (9.0, 6.1, 15.5),  # ready on the day of the close still makes it
        (2.0, 6.1, 9.5),
        (3.0, 8.0, 11.0),
    ],
)
def test_the_first_window_that_closes_later_is_taken(ready, duration, finish):
    assert windowed(ready, duration) == pytest.approx(finish)


def test_ready_after_the_last_window_means_no_window_is_known():
    assert windowed(9.5, 6.1) == math.inf
    assert windowed(1.0, 6.1, windows=()) == math.inf


def test_a_repeating_window_goes_on_for_ever():
    assert windowed(9.5, 6.1, repeat_months=12.0) == pytest.approx(27.5)
    assert windowed(200.0, 6.1, repeat_months=12.0) == pytest.approx(201 + 6.5)
    assert windowed(200.0, 8.0, repeat_months=12.0) == pytest.approx(201 + 8)


def test_a_window_that_has_closed_is_never_taken():
    closed = ((-2.0, 7.0), (9.0, 15.5))
    assert windowed(0.0, 1.0, windows=closed) == pytest.approx(15.5)


def test_a_closed_window_repeats_from_its_own_day():
    assert windowed(0.0, 1.0, windows=((-2.0, 7.0),), repeat_months=12.0) == pytest.approx(19.0)


def test_a_cycle_names_its_stages():
    with pytest.raises(ValueError, match="a, b wait for one another"):
        order({"a": Stage(1, 2, preds=("b",)), "b": Stage(1, 2, preds=("a",)), "c": Stage(1, 2)})


def test_an_unknown_predecessor_is_named():
    with pytest.raises(ValueError, match="`a` follows `nowhere`"):
        order({"a": Stage(1, 2, preds=("nowhere",))})


@pytest.mark.parametrize(("p50", "p90"), [(5, 4), (-1, 4), (0, 4), (math.nan, 4), (4, math.inf)])
def test_quantiles_of_no_duration_are_refused(p50, p90):
    with pytest.raises(ValueError, match="stage `x`"):
        finish_months({"x": Stage(p50, p90)}, Draws(8, 0))


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="group `weather`"):
        finish_months({"x": Stage(1, 2, group="weather")}, Draws(8, 0))


def test_a_stage_has_the_quantiles_it_declares():
    found = first_power({"energised": Stage(12, 20)}, Draws(2**14, 0))
    assert found[1:] == pytest.approx([12, 20], rel=5e-3)


def test_a_stage_cannot_undercut_its_least_duration():
    assert finish_months({"x": Stage(12, 20, min_months=11)}, Draws(2**10, 0))["x"].min() == 11


def test_a_fixed_lag_has_no_spread():
    assert set(finish_months({"x": Stage(6, 6)}, Draws(64, 0))["x"].ravel()) == {6.0}


@given(st.integers(2, 300), st.integers(0, 5), st.sampled_from(["study", "line", "group:tso"]))
@settings(max_examples=30, deadline=None)
def test_a_column_has_one_number_in_each_stratum(draws, seed, key):
    numbers = np.sort(column(key, draws, seed))
    assert (np.floor(numbers * draws).astype(int) == np.arange(draws)).all()


def test_a_column_depends_on_its_key_and_the_seed_alone():
    assert column("line", 256, 0).tobytes() == column("line", 256, 0).tobytes()
    assert column("line", 256, 0).tobytes() != column("line", 256, 1).tobytes()
    assert column("line", 256, 0).tobytes() != column("study", 256, 0).tobytes()


def test_another_stage_moves_no_number_of_the_others():
    draws = Draws(2**10, 0)
    more = {**GRID, "painting": Stage(1, 2, group="build")}
    first, second = finish_months(GRID, draws), finish_months(more, draws)
    for name in GRID:
        assert first[name].tobytes() == second[name].tobytes()


def test_identical_sites_get_identical_numbers_and_no_site_moves_another():
    draws = Draws(2**10, 0)
    factor = np.array([0.8, 0.52, 0.8, 1.4])
    months = finish_months(GRID, draws, {"line": factor})["energised"]
    assert months[0].tobytes() == months[2].tobytes()
    alone = finish_months(GRID, draws, {"line": factor[3:]})["energised"]
    assert alone[0].tobytes() == months[3].tobytes()


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 120), st.sampled_from(sorted(GRID)))
def test_a_floor_never_makes_anything_earlier(floor, name):
    draws = Draws(2**8, 0)
    plain = finish_months(GRID, draws)["energised"]
    held = finish_months(GRID, draws, floors={name: np.array([floor])})["energised"]
    assert (held >= plain).all()
    none = finish_months(GRID, draws, floors={name: np.array([math.nan])})["energised"]
    assert none.tobytes() == plain.tobytes()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([n for n, s in GRID.items() if s.p50_months > 0]), st.floats(1.0, 3.0))
def test_a_longer_stage_never_brings_power_earlier(name, factor):
    draws = Draws(2**8, 0)
    stage = GRID[name]
    slower = {
        **GRID,
        name: stage._replace(
            p50_months=stage.p50_months * factor, p90_months=stage.p90_months * factor
        ),
    }
    assert (
        finish_months(slower, draws)["energised"] >= finish_months(GRID, draws)["energised"] - 1e-12
    ).all()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([n for n, s in GRID.items() if s.p50_months > 0]), st.floats(0, 10))
def test_raising_a_p50_alone_never_lowers_the_median(name, more):
    draws = Draws(2**9, 0)
    stage = GRID[name]
    p50 = min(stage.p50_months + more, stage.p90_months)
    slower = {**GRID, name: stage._replace(p50_months=p50)}
    assert first_power(slower, draws)[1] >= first_power(GRID, draws)[1] - 0.05


def test_success_multiplies_over_the_stages_on_the_way_once_each():
    stages = {
        "a": Stage(1, 2, p_fail=0.1),
        "b": Stage(1, 2, preds=("a",), p_fail=0.2),
        "c": Stage(1, 2, preds=("a",)),
        "goal": Stage(0, 0, preds=("b", "c")),
        "aside": Stage(1, 2, p_fail=0.9),
    }
    assert success(stages, "goal") == pytest.approx(0.9 * 0.8)
    assert success(GRID, "energised") == 1


def test_quantiles_look_at_the_finite_draws_and_are_unknown_without_any():
    months = np.array([[1.0, 2.0, 3.0], [1.0, np.inf, 3.0], [np.inf] * 3])
    found = quantiles(months, (0.5,))[0]
    assert found[:2].tolist() == [2, 2]
    assert math.isnan(found[2])
