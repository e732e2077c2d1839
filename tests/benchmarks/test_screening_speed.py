"""How fast a country of cells gets its expected MW-years, in closed form."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from powerwall.criteria.power.lead_time import expected_mw_years, simulate

pytestmark = pytest.mark.benchmark


def test_a_million_cells_get_expected_mw_years(capsys):
    rng = np.random.default_rng(0)
    p50 = rng.uniform(20, 120, 1_000_000)
    p90 = p50 * rng.uniform(1.1, 2.2, len(p50))
    mw, odds = rng.uniform(50, 900, len(p50)), rng.uniform(0.2, 1.0, len(p50))
    expected_mw_years(mw[:10], p50[:10], p90[:10], 112.0, odds[:10])  # imports
    start = time.perf_counter()
    found = expected_mw_years(mw, p50, p90, 112.0, odds)
    seconds = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(
            f"\nexpected MW-years of 1,000,000 cells: {seconds:.2f} s (aim: under 1)\n"
        )
    assert np.isfinite(found).all()


def test_a_plan_of_one_site(capsys):
    stages = {"a": {"p50_months": 12, "p90_months": 20}}
    stages |= {f"s{k}": {"p50_months": 10, "p90_months": 18, "preds": ["a"]} for k in range(12)}
    stages["end"] = {"p50_months": 0, "p90_months": 0, "preds": [f"s{k}" for k in range(12)]}
    simulate(stages, {"t": {"stage": "end", "mw": 1}}, horizon_months=84)
    start = time.perf_counter()
    plan = simulate(stages, {"t": {"stage": "end", "mw": 300}}, horizon_months=84, draws=2**14)
    seconds = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(f"\n{len(stages)} stages, 16,384 Sobol draws: {seconds:.2f} s\n")
    assert plan.p_success("t") == 1
