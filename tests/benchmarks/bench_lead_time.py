"""How fast a country of cells gets its expected MW-years in closed form, and one site its plan."""

from __future__ import annotations

import numpy as np
from protocol import Options, Result, demand, measured

from powerwall.criteria.power.lead_time import Simulation, expected_mw_years, simulate

CELLS, STAGES, DRAWS, HORIZON_MONTHS = 1_000_000, 12, 2**14, 112.0
CELLS_S = 1.0


def expected(options: Options) -> list[Result]:
    """Expected MW-years of a million cells."""
    rng = np.random.default_rng(0)
    p50 = rng.uniform(20, 120, options.part(CELLS))
    p90 = p50 * rng.uniform(1.1, 2.2, len(p50))
    mw, odds = rng.uniform(50, 900, len(p50)), rng.uniform(0.2, 1.0, len(p50))

    def check(found: np.ndarray) -> None:
        demand(np.isfinite(found).all(), "some expected MW-years are not finite")
        most = mw * odds * HORIZON_MONTHS / 12
        demand(((found >= 0) & (found <= most)).all(), "expected MW-years exceed all the time there is")  # fmt: skip

    return [
        measured("expected MW-years", len(p50), lambda: expected_mw_years(mw, p50, p90, HORIZON_MONTHS, odds), options,
                 bound=("exp of the four columns", lambda: np.exp(-np.stack([mw, p50, p90, odds]))), check=check,
                 aims={"seconds": CELLS_S})
    ]  # fmt: skip


def one_plan(options: Options) -> list[Result]:
    """A plan of stages that wait for one another, by Sobol draws."""
    stages = {"a": {"p50_months": 12, "p90_months": 20}}
    stages |= {f"s{k}": {"p50_months": 10, "p90_months": 18, "preds": ["a"]} for k in range(STAGES)}
    stages["end"] = {"p50_months": 0, "p90_months": 0, "preds": [f"s{k}" for k in range(STAGES)]}
    tranches = {"t": {"stage": "end", "mw": 300}}

    def check(plan: Simulation) -> None:
        demand(plan.p_success("t") == 1, "stages that cannot fail have failed")

    rng = np.random.default_rng(0)
    bound = ("sort of as many draws", lambda: np.sort(rng.random((len(stages), DRAWS))))
    return [
        measured(f"plan of {len(stages)} stages", DRAWS, lambda: simulate(stages, tranches, horizon_months=84, draws=DRAWS),
                 options, bound=bound, check=check)
    ]  # fmt: skip
