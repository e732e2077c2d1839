"""Weights drawn round the given ones."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from powerwall.criteria.criterion import Criterion
from powerwall.ranking.weights import Weights


def draw_weights(
    nominal: np.ndarray, concentration: float, k: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws of weights from a Dirichlet distribution round the given ones. Shape (k, m)

    Parameters
    ----------
    nominal
        Points, divided by their sum; 0 stays exactly 0. Shape (m,)
    concentration
        The larger, the closer; a weight w has standard deviation `√(w(1 − w)/(concentration + 1))`.
        inf gives the nominal weights.
    k, rng
        Number of draws, and where they come from.

    Raises
    ------
    ValueError
        For NaN, infinite, negative or all-zero points, and a concentration that is not above 0.

    Notes
    -----
    Gammas over their sum, in logarithms, so that tiny concentrations give corners and not NaN.
    """
    points = np.asarray(nominal, dtype=float)
    if points.ndim != 1 or not np.isfinite(points).all() or (points < 0).any() or not points.any():  # fmt: skip
        msg = f"weights must be finite, 0 or more, and not all 0: {points.tolist()}"
        raise ValueError(msg)
    if not concentration > 0:
        msg = f"a concentration is above 0, not {concentration}"
        raise ValueError(msg)
    shares = points / points.max()
    shares /= shares.sum()
    drawn = np.zeros((k, len(shares)))
    if np.isinf(concentration):
        return drawn + shares
    used = np.flatnonzero(shares)
    shape = np.maximum(concentration * shares[used], np.finfo(float).tiny)
    # G(a) = G(a + 1) · U^(1/a), which does not underflow as its logarithm
    uniform = rng.random((k, len(used)))
    with np.errstate(over="ignore", divide="ignore"):
        logs = np.log(rng.standard_gamma(shape + 1.0, (k, len(used)))) + np.log(uniform) / shape
        lost = np.isneginf(logs).all(axis=1)
        race = np.log(shape) - np.log(
            -np.log(uniform[lost])
        )  # the same contest where all underflow
    logs[lost] = np.where(race == race.max(axis=1, keepdims=True, initial=-np.inf), 0.0, -np.inf)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    drawn[:, used] = weights / weights.sum(axis=1, keepdims=True)
    return drawn


def draw_levels(
    weights: Weights, criteria: Mapping[str, Criterion], names: list[str], concentration: float, k: int, seed: int,
) -> np.ndarray:  # fmt: skip
    """Draws of both levels: subjects, and the criteria within each; their product. Shape (k, m)

    Each level has a generator of its own, so that neither order nor another subject moves a draw.
    """
    subjects = sorted(name for name, share in weights.subjects.items() if share > 0)
    outer = draw_weights(
        np.array([weights.subjects[s] for s in subjects]), concentration, k, generator(seed, "weights:subjects")
    )  # fmt: skip
    drawn = np.zeros((k, len(names)))
    for number, subject in enumerate(subjects):
        own = [n for n in names if criteria[n].subject == subject and weights.criteria[n] > 0]
        shares = np.array([weights.criteria[n] for n in own])
        inner = draw_weights(shares, concentration, k, generator(seed, f"weights:{subject}"))
        drawn[:, [names.index(n) for n in own]] = outer[:, number, None] * inner
    return drawn


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator of one purpose, which no other purpose moves."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
