"""How fast ranks are counted over draws of the weights and of the measures."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from powerwall.ranking.robust import acceptability, draw_weights
from powerwall.ranking.robust.acceptability import Stacked, World, tally

pytestmark = pytest.mark.benchmark
SITES, DRAWS, CRITERIA = 1000, 10_000, 15


def tell(capsys, what, seconds, aim):
    with capsys.disabled():
        sys.stdout.write(f"\n{what}: {seconds:.2f} s (aim: under {aim})\n")


@pytest.fixture(scope="module")
def weights():
    return draw_weights(np.ones(CRITERIA), 50, DRAWS, np.random.default_rng(0))


@pytest.mark.parametrize(("uncertain", "aim"), [(0, 1), (3, 1), (15, 3)])
def test_ranks_of_a_thousand_sites_are_counted_over_ten_thousand_draws(
    capsys, weights, uncertain, aim
):
    rng = np.random.default_rng(1)
    columns = {j: rng.random((DRAWS, SITES)) for j in range(uncertain)}
    world = World(rng.random((SITES, CRITERIA)), columns)
    start = time.perf_counter()
    counts = tally(world, weights, SITES)
    tell(capsys, f"{SITES:,} sites × {DRAWS:,} draws × {CRITERIA} criteria, {uncertain} drawn", time.perf_counter() - start, aim)  # fmt: skip
    assert (counts.ranks.sum(axis=0) == DRAWS).all()
    assert (counts.ranks.sum(axis=1) == DRAWS).all()


@pytest.mark.parametrize(("drawn", "aim"), [(False, 1), (True, 3)])
def test_acceptability_of_a_thousand_sites(capsys, weights, drawn, aim):
    # confidence ranks every draw once for each site that was ever first, so their number counts
    rng = np.random.default_rng(2)
    values = rng.random((SITES, CRITERIA))
    if drawn:
        values = values + rng.uniform(-0.1, 0.1, (DRAWS, SITES, CRITERIA))
    start = time.perf_counter()
    found = acceptability(values, weights)
    seconds = time.perf_counter() - start
    ever = int((found.rank_share[:, 0] > 0).sum())
    tell(capsys, f"acceptability of values {values.shape}, {ever} sites ever first", seconds, aim)
    np.testing.assert_allclose(found.rank_share.sum(axis=0), 1)


def test_ranks_of_a_stack_of_values(capsys, weights):
    values = np.random.default_rng(3).random((DRAWS, SITES, CRITERIA))
    start = time.perf_counter()
    counts = tally(Stacked(values), weights, SITES)
    tell(capsys, f"ranks alone of values {values.shape}", time.perf_counter() - start, 3)
    assert (counts.ranks.sum(axis=0) == DRAWS).all()
