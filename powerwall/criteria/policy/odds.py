"""Odds: shares of recorded cases, and what counted events say about them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from powerwall.criteria.criterion import Parameter

#: Ratios of the hazard of a refusal; the product of those that apply acts on the permit.
LOCAL_EVENT = Parameter(
    1.5, "1", 0.85, 2.74, "assumed: a local event within 24 months; the measured ratio of blocked shares is 1.53 and its interval holds 1"
)  # fmt: skip
DENIED_BEFORE = Parameter(
    2.0, "1", 1.0, 4.0, "assumed: another project of the same authority was denied within 36 months"
)
LARGEST_RATIO = Parameter(3.0, "1", 2.0, 4.0, "assumed: cap on the product of the hazard ratios")
_COUNTIES = (
    "P. Phillips, data-center-map, https://github.com/pricephillips/data-center-map (own counts): local events of 3,222 counties in 1.64 years, "
    "mean 0.386, variance 1.560; gamma prior by moments"
)
PRIOR_SHAPE = Parameter(0.127, "1", source=_COUNTIES)
PRIOR_YEARS = Parameter(0.54, "years", source=_COUNTIES)


def with_hazard(p_success: Any, hazard_ratio: Any) -> np.ndarray:
    """Odds under a hazard of refusal that is a multiple of the usual one: `p ** ratio`. [share]

    Parameters
    ----------
    p_success
        Odds without it. [share], any shape
    hazard_ratio
        0 or more; 1 changes nothing. Broadcasts with `p_success`.

    Raises
    ------
    ValueError
        If odds are no share or a ratio is negative.

    >>> with_hazard(0.694, [1, 1.5, 2]).round(3).tolist()
    [0.694, 0.578, 0.482]
    """
    p, ratio = np.asarray(p_success, dtype=float), np.asarray(hazard_ratio, dtype=float)
    if np.any(~((p >= 0) & (p <= 1))):
        raise ValueError(f"p_success {p_success} is not between 0 and 1")
    if np.any(~((ratio >= 0) & np.isfinite(ratio))):
        raise ValueError(f"hazard_ratio {hazard_ratio} is not a number of 0 or more")
    return np.asarray(p**ratio)


def wilson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share of which `k` of `n` cases are counted (Wilson 1927). [share]

    Raises
    ------
    ValueError
        If `n` is not positive, `k` is none of 0 to `n`, or the confidence is not inside 0–1.

    >>> [round(end, 3) for end in wilson(59, 85)]
    [0.59, 0.782]
    """
    if not (n > 0 and 0 <= k <= n and math.isfinite(n)):
        raise ValueError(f"{k:g} of {n:g} cases is no share")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence:g} is not between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, scale = k / n, 1 + z**2 / n
    centre = (p + z**2 / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / scale
    # the ends meet 0 and 1 exactly where all or none succeeded
    return max(0.0, centre - half) if k else 0.0, min(1.0, centre + half) if k < n else 1.0


def opposition_index(
    events: Any,
    years: Any,
    shape: float = PRIOR_SHAPE.value,
    rate_years: float = PRIOR_YEARS.value,
) -> np.ndarray:
    """Events a year, drawn towards the mean of all counties: `(events + shape)/(years + rate)`.

    Parameters
    ----------
    events
        Local events in the window; NaN where the layer does not cover the place.
    years
        Length of the window. [years]
    shape, rate_years
        Gamma prior: its mean is `shape/rate_years` events a year.

    Returns
    -------
    numpy.ndarray
        [1/year], the shape to which the arguments broadcast.

    Raises
    ------
    ValueError
        If a count or a length is negative, or the prior is not positive.

    >>> opposition_index([0, 1, 2, 5], 1.64).round(3).tolist()
    [0.058, 0.517, 0.976, 2.352]
    """
    counted, length = np.asarray(events, dtype=float), np.asarray(years, dtype=float)
    if np.any(counted < 0) or np.any(length < 0):
        raise ValueError(f"{events} events in {years} years: neither may be negative")
    if not (shape > 0 and rate_years > 0):
        raise ValueError(f"shape {shape:g} and rate_years {rate_years:g} are no prior")
    return np.asarray((counted + shape) / (length + rate_years))
