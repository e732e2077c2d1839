"""Spread: how far a difference between two scores moves where the weights are not certain."""

from __future__ import annotations

import math

import numpy as np

from powerwall.criteria.criterion import Parameter

#: Concentration of the Dirichlet distribution round the given weights; larger is more certain.
CONCENTRATION = Parameter(
    50, "1", 10, 200,
    "assumed: the standard deviation of a weight of 0.1 is 0.042, of one of 0.3 it is 0.064",
)  # fmt: skip
#: Standard deviations within which two scores are not told apart.
DEVIATIONS = Parameter(2, "1", 1, 3, "assumed: about 95 % of a normal distribution")


def weights_spread(
    value_difference: np.ndarray, weights: np.ndarray, concentration: float
) -> np.ndarray:
    """Standard deviation of a difference of scores under Dirichlet weights. [points of 100]

    Parameters
    ----------
    value_difference
        v_a − v_b, unknowns at the value they count with. Shape (m,) or (n, m)
    weights
        Nominal weights, divided by their sum; 0 stays 0 in every draw. Shape (m,)
    concentration
        α of Dir(α·w⁰), above 0; infinite is no spread at all.

    Returns
    -------
    numpy.ndarray
        Shape () or (n,).

    Raises
    ------
    ValueError
        For shapes that do not fit, a difference that is not finite, weights that are not finite,
        negative or all 0, and a concentration that is not above 0.

    Notes
    -----
    Var(S_a − S_b) = 100²·dᵀΣd with Σ = (diag w⁰ − w⁰w⁰ᵀ)/(α + 1), the covariance of a Dirichlet
    distribution: 100²·(Σ w_j·d_j² − (Σ w_j·d_j)²)/(α + 1). All weights are drawn in one level.

    Examples
    --------
    >>> weights_spread(np.array([1.0, 0.0]), np.array([0.5, 0.5]), 99).item()
    5.0
    """
    d, points = np.asarray(value_difference, dtype=float), np.asarray(weights, dtype=float)
    if points.ndim != 1 or d.ndim not in {1, 2} or d.shape[-1] != len(points):
        msg = f"{points.shape} weights do not fit value differences of shape {d.shape}"
        raise ValueError(msg)
    if not np.isfinite(points).all() or (points < 0).any() or not points.sum() > 0:
        msg = f"weights must be finite, 0 or more, and not all 0: {points.tolist()}"
        raise ValueError(msg)
    if not np.isfinite(d).all():
        msg = "value differences must be finite: fill unknowns with what they count as"
        raise ValueError(msg)
    if math.isnan(concentration) or concentration <= 0:
        msg = f"concentration = {concentration}: it must be above 0"
        raise ValueError(msg)
    share = points / points.sum()
    mean = (d * share).sum(axis=-1)
    off = d - mean[..., None]  # Σ w (d − mean)² is the same as above and never below 0
    return 100.0 * np.sqrt((off**2 * share).sum(axis=-1) / (concentration + 1.0))
