"""Demand: the kW that a demand charge is billed on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

MONTHS = 12


def billing_demand_kw(
    peak_kw: Any,
    share: Any = 0.0,
    months: int = 0,
    *,
    source_months: Iterable[int] | None = None,
    source_peak_kw: Any = None,
    prior: Any = "zero",
    floor_kw: Any = 0.0,
    include_current: bool = True,
    window_includes_current: bool = False,
) -> np.ndarray:
    """Metered peak of each month, raised by a ratchet and a contract minimum. [kW]

    Parameters
    ----------
    peak_kw
        Peak of January to December; 12, or 12 × loads. [kW]
    share
        Share of the highest earlier peak that is billed at least; one, or one a month, 0–1.
    months
        How many months the ratchet looks back; the month itself is not one of them.
    source_months
        Calendar months (1–12) whose peaks count; None is all.
    source_peak_kw
        Peaks that count where they are not those of all hours, as `peak_kw`. [kW]
    prior
        The year before: "zero" (a new site), "cyclic" (the year repeats), or its peaks. [kW]
    floor_kw
        Contract minimum, as `peak_kw` or one. [kW]
    include_current
        Whether the month's own peak counts in full.
    window_includes_current
        Whether the month itself is in the look-back too.

    Raises
    ------
    ValueError
        If a share is not 0 to 1, the look-back is not 0 to 12 months, or there are not 12 peaks.

    Examples
    --------
    >>> peaks = [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 240, 210]
    >>> billing_demand_kw(peaks, 0.8, 11)[-2:].tolist()
    [240.0, 240.0]
    """
    peak = np.asarray(peak_kw, dtype=float)
    shares = np.asarray(share, dtype=float)
    if peak.shape[:1] != (MONTHS,):
        raise ValueError("billing demand needs the peaks of twelve months")
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("the share of a ratchet is 0 to 1; a percentage is divided by 100")
    if not 0 <= months <= MONTHS:
        raise ValueError(f"a ratchet looks back 0 to 12 months, not {months}")
    billed = np.maximum(peak if include_current else 0.0 * peak, floor_kw)
    if not shares.any() or not (months or window_includes_current):
        return billed
    sources = peak if source_peak_kw is None else np.asarray(source_peak_kw, dtype=float)
    counted = np.ones(MONTHS, dtype=bool) if source_months is None else _mask(source_months)
    counted = counted.reshape(MONTHS, *[1] * (sources.ndim - 1))
    two_years = np.concatenate([_before(prior, sources), sources])
    two_years = np.where(np.concatenate([counted, counted]), two_years, 0.0)
    earlier = np.zeros_like(sources)
    for lag in range(0 if window_includes_current else 1, months + 1):
        earlier = np.maximum(earlier, two_years[MONTHS - lag : 2 * MONTHS - lag])
    shares = shares.reshape(-1, *[1] * (sources.ndim - 1)) if shares.ndim else shares
    return np.maximum(billed, shares * earlier)


def _mask(months: Iterable[int]) -> np.ndarray:
    mask = np.zeros(MONTHS, dtype=bool)
    mask[[int(month) - 1 for month in months]] = True
    return mask


def _before(prior: Any, sources: np.ndarray) -> np.ndarray:
    """Peaks of the year before, shaped like those of this one."""
    if isinstance(prior, str):
        if prior not in {"zero", "cyclic"}:
            raise ValueError(f"prior is `zero`, `cyclic` or twelve peaks, not `{prior}`")
        return sources if prior == "cyclic" else np.zeros_like(sources)
    peaks = np.asarray(prior, dtype=float)
    if peaks.shape[:1] != (MONTHS,) or not (peaks >= 0).all():
        raise ValueError("prior peaks are twelve numbers, 0 or more")
    return np.broadcast_to(peaks.reshape(peaks.shape + (1,) * (sources.ndim - peaks.ndim)), sources.shape)  # fmt: skip
