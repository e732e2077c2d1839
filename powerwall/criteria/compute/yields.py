"""Yields: megawatts to accelerators, sustained FLOP/s and days to train a run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter

SECONDS_PER_YEAR = 31_557_600.0  # 8,766 h, the year of energy integrals
SECONDS_PER_DAY = 86_400.0
HOURS_PER_YEAR = 8760.0  # the year of limits in hours
H100_BF16 = Parameter(
    989e12, "FLOP/s", 989e12, 989e12, "NVIDIA H100 SXM product data, dense BF16 peak"
)
IMPRACTICAL_DAYS = Parameter(
    180.0, "days", 120.0, 270.0, "assumed: nobody waits longer for one run"
)


class Compute(NamedTuple):
    """What a site computes; arrays of the shape to which the arguments broadcast.

    Attributes
    ----------
    it_mw
        Power at the racks. [MW]
    accelerators
        Whole accelerators it feeds.
    sustained_flop_per_s, flop_per_day
        Useful training throughput, in the precision of the peak. [FLOP/s], [FLOP/day]
    """

    it_mw: np.ndarray
    accelerators: np.ndarray
    sustained_flop_per_s: np.ndarray
    flop_per_day: np.ndarray


def sustained(
    site_mw: Any,
    *,
    pue_peak: Any,
    kw_it_per_accelerator: Any,
    peak_flop_per_s: Any,
    mfu: Any,
    goodput: Any,
    utilisation: Any = 1.0,
    overhead_share: Any = 0.0,
) -> Compute:
    """Accelerators and sustained FLOP/s of a grid power.

    Parameters
    ----------
    site_mw
        Grid power. [MW]
    pue_peak
        Power usage effectiveness in the hour that limits; 1 or more.
    kw_it_per_accelerator
        All IT power at the rack over its accelerators, not the chip's TDP. [kW]
    peak_flop_per_s
        Dense peak of one accelerator in one precision. [FLOP/s]
    mfu, goodput
        Model FLOP/s over peak while running; share of the time in useful steps. [share]
    utilisation
        Share of the grid power that is used. [share]
    overhead_share
        IT power outside those racks: network, storage, management. [share]

    Raises
    ------
    ValueError
        For a PUE under 1, a share outside 0–1, or a negative power.

    Notes
    -----
    `it = mw·u/pue`, `N = floor(1000·it·(1 − h)/kw)`, `F = N·peak·mfu·goodput`.

    >>> found = sustained(100, pue_peak=1.2, kw_it_per_accelerator=2.0, peak_flop_per_s=2.5e15, mfu=0.40, goodput=0.90)
    >>> int(found.accelerators), f"{float(found.sustained_flop_per_s):.3g}"
    (41666, '3.75e+19')
    """
    mw, pue, kw, peak, used = (
        np.asarray(x, dtype=float)
        for x in (site_mw, pue_peak, kw_it_per_accelerator, peak_flop_per_s, utilisation)
    )
    if np.any(pue < 1):
        raise ValueError("a PUE is below 1: pue_peak is facility power over IT power")
    for name, value in (("site_mw", mw), ("peak_flop_per_s", peak)):
        if np.any(value < 0):
            raise ValueError(f"{name} is negative")
    if np.any(kw <= 0):
        raise ValueError("kw_it_per_accelerator is not positive")
    busy = [_share(n, v) for n, v in (("mfu", mfu), ("goodput", goodput))]
    racks = 1 - _share("overhead_share", overhead_share)
    it_mw = mw * _share("utilisation", used) / pue
    count = np.floor(1000 * it_mw * racks / kw + 1e-9)
    flop_per_s = count * peak * busy[0] * busy[1]
    return Compute(it_mw, count, flop_per_s, flop_per_s * SECONDS_PER_DAY)


def _share(name: str, value: Any) -> np.ndarray:
    share = np.asarray(value, dtype=float)
    if np.any((share < 0) | (share > 1)):
        raise ValueError(f"{name} is not a share between 0 and 1")
    return share


def flop_per_s_per_it_mw(
    kw_it_per_accelerator: float, peak_flop_per_s: float, mfu: float, goodput: float,
    overhead_share: float = 0.0,
) -> float:  # fmt: skip
    """Sustained throughput of one MW of IT power, without whole accelerators. [FLOP/s per MW]"""
    return 1000 * (1 - overhead_share) / kw_it_per_accelerator * peak_flop_per_s * mfu * goodput


def flop_by_horizon(mw_years: Any, flop_per_s_per_grid_mw: float) -> np.ndarray:
    """FLOP of an amount of delivered grid power; linear, so an expectation stays one.

    >>> f"{float(flop_by_horizon(1120.7, 3.75e17)):.4g}"
    '1.326e+28'
    """
    return np.asarray(mw_years, dtype=float) * flop_per_s_per_grid_mw * SECONDS_PER_YEAR


def days_to_train(flop: Any, sustained_flop_per_s: Any) -> np.ndarray:
    """Days a run takes at a throughput; inf where nothing runs. [days]"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(flop, dtype=float) / (
            SECONDS_PER_DAY * np.asarray(sustained_flop_per_s, dtype=float)
        )


def h100_equivalents(accelerators: Any, peak_bf16_flop_per_s: Any) -> np.ndarray:
    """Accelerators by their dense BF16 peak over that of an H100."""
    return np.asarray(accelerators, dtype=float) * peak_bf16_flop_per_s / H100_BF16.value


def curtailment_factor(
    curtailed_share: Any, events_per_year: Any, restart_hours: Any
) -> np.ndarray:
    """Share of goodput left under curtailed power: lost energy and restarts. [share]

    Parameters
    ----------
    curtailed_share
        Share of the energy that is curtailed.
    events_per_year
        Events that stop the run. [1/year]
    restart_hours
        Time to reload and ramp up after one. [h]

    Raises
    ------
    ValueError
        For a share outside 0–1, or a negative number of events or hours.

    >>> float(curtailment_factor(0.005, 84, 0.5).round(4))
    0.9902
    """
    lost = _share("curtailed_share", curtailed_share)
    events, hours = (np.asarray(x, dtype=float) for x in (events_per_year, restart_hours))
    for name, value in (("events_per_year", events), ("restart_hours", hours)):
        if np.any(value < 0):
            raise ValueError(f"{name} is negative")
    return np.maximum(1 - lost - events * hours / HOURS_PER_YEAR, 0.0)
