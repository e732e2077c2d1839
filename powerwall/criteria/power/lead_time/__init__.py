"""Lead time: when the megawatts of a plan arrive; by simulation, and in closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from powerwall.criteria.criterion import Z90
from powerwall.criteria.power.lead_time.sampling import RHO, Sobol
from powerwall.criteria.power.lead_time.simulation import Simulation, Tranche
from powerwall.criteria.power.lead_time.stages import Stage, finish_months, order

__all__ = ["Simulation", "Stage", "Tranche", "chain", "expected_mw_years", "simulate"]

MOST_TRANCHES = 10  # the sets of succeeding tranches are enumerated


def simulate(
    stages: Mapping[str, Mapping[str, Any] | Sequence[Any] | Stage],
    tranches: Mapping[str, Mapping[str, Any] | Sequence[Any] | Tranche],
    *,
    rho: float = RHO.value,
    horizon_months: float,
    draws: int = 4096,
    seed: int = 0,
) -> Simulation:
    """Simulate a plan by a scrambled Sobol sequence.

    Parameters
    ----------
    stages
        Stage id → the attributes of `Stage`, by name or in their order.
    tranches
        Tranche → the attributes of `Tranche`: stage, MW and so on.
    rho
        Correlation of stages within one group, 0–1.
    horizon_months
        Last month that counts. [months]
    draws, seed
        Number of draws, raised to a power of two, and the seed.

    Raises
    ------
    ValueError
        For a cycle, an unknown predecessor, group, attribute or stage, or quantiles that are no
        duration, naming the stage.

    >>> plan = simulate(
    ...     {"study": {"p50_months": 12, "p90_months": 20},
    ...      "line": {"p50_months": 24, "p90_months": 40, "preds": ["study"], "p_fail": 0.1}},
    ...     {"firm": {"stage": "line", "mw": 300}}, horizon_months=84)
    >>> round(plan.p_success("firm"), 3), round(float(plan.quantile_months("firm", 0.5)))
    (0.9, 38)
    """
    if not 0 <= rho <= 1:
        raise ValueError(f"rho {rho:g} is not a correlation from 0 to 1")
    if draws < 1 or not math.isfinite(horizon_months):
        raise ValueError(
            f"{draws} draws to month {horizon_months:g}: neither is a number to simulate"
        )
    network = {name: _made(Stage, "stage", name, given) for name, given in stages.items()}
    network = {
        name: s._replace(
            preds=_names(s.preds), fails_with=_names(s.fails_with), windows=_pairs(s.windows)
        )
        for name, s in network.items()
    }
    blocks = {name: _made(Tranche, "tranche", name, given) for name, given in tranches.items()}
    blocks = {name: b._replace(steps=_pairs(b.steps) or ()) for name, b in blocks.items()}
    delivering = sum(block.mw > 0 for block in blocks.values())
    if not blocks or delivering > MOST_TRANCHES:
        raise ValueError(
            f"{delivering} tranches: a plan has 1 to {MOST_TRANCHES} that deliver power"
        )
    order(network)
    for name, block in blocks.items():
        block.check(name, network, list(blocks))
        if block.retire_with and blocks[block.retire_with].retire_with:
            raise ValueError(f"tranche `{name}` retires with `{block.retire_with}`, which itself stands in for another")  # fmt: skip
    finish = finish_months(network, Sobol(network, draws, seed, rho))
    return Simulation(
        network, blocks, {name: months[0] for name, months in finish.items()}, horizon_months, seed
    )


def _made(kind: Any, what: str, name: str, given: Any) -> Any:
    if isinstance(given, kind):
        return given
    if isinstance(given, tuple | list):
        given = dict(zip(kind._fields, given, strict=False))
    unknown = sorted(set(given) - set(kind._fields))
    if unknown:
        raise ValueError(f"{what} `{name}`: no attribute {', '.join(unknown)}")
    content = {key: value for key, value in given.items() if value is not None}
    missing = sorted(set(kind._fields) - set(kind._field_defaults) - set(content))
    if missing:
        raise ValueError(f"{what} `{name}` lacks {', '.join(missing)}")
    try:
        numbers = {
            key: float(value)
            for key, value in content.items()
            if key.endswith(("_months", "_ago")) or key in {"mw", "p_fail", "p_extension"}
        }
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} `{name}`: {error}") from None
    return kind(**{**content, **numbers})


def _names(preds: Any) -> tuple[str, ...]:
    return tuple(p for p in preds.split(";") if p) if isinstance(preds, str) else tuple(preds)


def _pairs(pairs: Any) -> Any:
    return None if pairs is None else tuple((a, math.nan if b is None else b) for a, b in pairs)


def expected_mw_years(
    mw: Any, p50_months: Any, p90_months: Any, horizon_months: Any, p_success: Any = 1.0
) -> np.ndarray:
    """Expected MW-years by a horizon of blocks with lognormal starts, in closed form.

    Parameters
    ----------
    mw
        Power of the block. [MW]
    p50_months, p90_months
        Quantiles of its start; equal is a fixed date. [months]
    horizon_months
        Last month that counts; 0 or less gives 0. [months]
    p_success
        Probability that it comes at all. [share]

    Returns
    -------
    numpy.ndarray
        `mw · p_success · E(H − T)⁺ / 12`. [MW-years], the shape to which the arguments broadcast;
        NaN where one of them is unknown.

    Raises
    ------
    ValueError
        If a P90 is below its P50 or a P50 is negative.

    Notes
    -----
    `E(H − T)⁺` is the value of a put of Black and Scholes without interest:
    `H·Φ(d) − exp(mu + sigma²/2)·Φ(d − sigma)`, `d = (ln H − mu)/sigma`.

    >>> float(expected_mw_years(300, 48, 72, 84, 0.8).round(1))
    680.0
    """
    from scipy.special import ndtr

    p50, p90, horizon = (
        np.asarray(x, dtype=float) for x in (p50_months, p90_months, horizon_months)
    )
    if np.any(p50 < 0) or np.any(p90 < p50):
        raise ValueError("a P50 is negative or a P90 is below its P50")
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.log(p90 / p50) / Z90
        d = np.log(horizon / p50) / sigma
        spell = horizon * ndtr(d) - p50 * np.exp(sigma**2 / 2) * ndtr(d - sigma)
    fixed = np.maximum(horizon - p50, 0.0)
    spell = np.where((p90 == p50) | (p50 == 0), fixed, np.where(horizon > 0, spell, 0.0))
    spell = np.where(np.isnan(p50 + p90 + horizon), np.nan, spell)
    return np.asarray(mw, dtype=float) * np.asarray(p_success, dtype=float) * spell / 12


def chain(p50_months: Any, p90_months: Any) -> tuple[float, float]:
    """P50 and P90 of stages in series, without draws (Fenton–Wilkinson). [months]

    The sum of lognormals is taken as a lognormal of the same mean and variance; stages are
    independent. Where paths join, only draws show the bias of the merge.

    >>> tuple(round(x, 2) for x in chain([12, 4, 34], [20, 8, 52]))
    (51.88, 71.56)
    """
    p50, p90 = (np.asarray(x, dtype=float) for x in (p50_months, p90_months))
    square = (np.log(p90 / p50) / Z90) ** 2
    mean = float(np.sum(p50 * np.exp(square / 2)))
    variance = float(np.sum(np.expm1(square) * np.exp(square) * p50**2))
    total = math.log1p(variance / mean**2)
    median = mean * math.exp(-total / 2)
    return median, median * math.exp(Z90 * math.sqrt(total))
