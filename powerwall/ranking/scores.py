"""Scores: values 0–1 of what was measured, and their weighted sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.ranking.values import piecewise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powerwall.ranking.settings import Settings

NEUTRAL = 0.5  # an unknown counts half, and opens the interval beside the score
SCORE_DECIMALS = 10  # equal to this many decimals is equal


TIE_PARTS = 1e12  # scores 0–1 that are equal to so many parts are equal in a draw


def weighted_score(
    values: np.ndarray, weights: np.ndarray, neutral: float | np.ndarray = NEUTRAL
) -> np.ndarray:
    """Weighted sum of values. [0–100], shape (n,)

    Parameters
    ----------
    values
        0–1, NaN is unknown and counts as `neutral`. Shape (n, m)
    weights
        Points, divided by their sum; 0 switches a criterion off. Shape (m,)
    neutral
        A number, or one for each criterion.

    Raises
    ------
    ValueError
        For NaN, infinite, negative, wrongly many or all-zero weights.

    Notes
    -----
    Summed column by column: a row's result depends on no other row, to the last bit, which a
    matrix product does not promise.
    """
    table, points = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if points.ndim != 1 or table.ndim != 2 or table.shape[1] != len(points):
        msg = f"{points.shape} weights do not fit values of shape {table.shape}"
        raise ValueError(msg)
    if not np.isfinite(points).all() or (points < 0).any() or not points.sum() > 0:
        msg = f"weights must be finite, 0 or more, and not all 0: {points.tolist()}"
        raise ValueError(msg)
    shares = points / points.sum()
    stand_in = np.broadcast_to(np.asarray(neutral, dtype=float), points.shape)
    score = np.zeros(len(table))
    for j in np.flatnonzero(shares):
        column = table[:, j]
        score += shares[j] * np.where(np.isnan(column), stand_in[j], column)
    return 100.0 * score


def values_of(measures: Mapping[str, pd.DataFrame], in_use: Settings) -> pd.DataFrame:
    """0–1 of every criterion with a value function, in the order of the sorted names."""
    return pd.DataFrame({
        name: piecewise(measures[name]["value"].to_numpy(dtype=float), in_use.values[name])
        for name in sorted(in_use.values)
    }, index=next(iter(measures.values())).index)  # fmt: skip
