"""Acceptability: how often each site has each rank, over draws of weights and values (SMAA-2).

Lahdelma and Salminen 2001, Operations Research 49(3):444–454.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from powerwall.ranking.scores import TIE_PARTS

BLOCK = 1000  # draws at once
_LARGEST = 1e200  # beyond, scores can no longer be multiplied
_TABLE = 20_000_000  # numbers in one temporary table
_CACHED = 1_000_000  # numbers in one that is read again at once


class Acceptability(NamedTuple):
    """What the draws say of each site.

    Attributes
    ----------
    rank_share
        [i, r] share of draws in which site i has rank r + 1. Shape (n, n)
    central_weights
        Mean weight draw among those that put i first; NaN row if none does. Shape (n, m)
    confidence
        Share of value draws that put i first under its central weights; NaN if never first. Shape (n,)
    """

    rank_share: np.ndarray
    central_weights: np.ndarray
    confidence: np.ndarray


@dataclass(frozen=True)
class World:
    """Values of sites, of which some columns differ from draw to draw.

    Attributes
    ----------
    values
        What holds in every draw. Shape (n, m)
    drawn
        Column → its values in every draw, in place of those of `values`. Shape (k, n) each
    out
        True where a site is out in a draw; None if none ever is. Shape (k, n)
    """

    values: np.ndarray
    drawn: Mapping[int, np.ndarray] = field(default_factory=dict)
    out: np.ndarray | None = None

    def scores(self, rows: slice, weights: np.ndarray) -> np.ndarray:
        """Scores 0–1 of a block of draws, each under its own weights. Shape (draws, n)"""
        certain = [j for j in range(self.values.shape[1]) if j not in self.drawn]
        score = weights[:, certain] @ self.values[:, certain].T
        for j, column in self.drawn.items():
            score += weights[:, j, None] * column[rows]
        return score

    def under(self, rows: slice, weights: np.ndarray) -> np.ndarray:
        """Scores 0–1 of a block of draws under every one of some weights. Shape (draws, n, weights)"""
        certain = [j for j in range(self.values.shape[1]) if j not in self.drawn]
        score = self.values[:, certain] @ weights[:, certain].T + _row_order(self.values)[:, None]
        if not self.drawn:
            return np.repeat(score[None], rows.stop - rows.start, axis=0)
        columns = np.stack([column[rows] for column in self.drawn.values()], axis=2)
        return columns @ weights[:, list(self.drawn)].T + score


@dataclass(frozen=True)
class Stacked:
    """Values of sites that all differ from draw to draw, as one array. Shape (k, n, m)"""

    values: np.ndarray
    out: np.ndarray | None = None

    def scores(self, rows: slice, weights: np.ndarray) -> np.ndarray:
        """Scores 0–1 of a block of draws, each under its own weights. Shape (draws, n)"""
        # row by row, so that equal rows have equal scores to the last bit
        return np.einsum("dnm,dm->dn", self.values[rows], weights)

    def under(self, rows: slice, weights: np.ndarray) -> np.ndarray:
        """Scores 0–1 of a block of draws under every one of some weights. Shape (draws, n, weights)"""
        return self.values[rows] @ weights.T + _row_order(self.values[:1])[:, None]


def _row_order(values: np.ndarray) -> np.ndarray:
    """What makes the first of equal rows the best: more than rounding of a score, under 1e-11 for the last of 5,000. Shape (n,)"""
    step = 8 * np.spacing(max(1.0, float(np.abs(values).max(initial=0.0))))
    return -step * np.arange(values.shape[-2])


def acceptability(values: np.ndarray, weights_draws: np.ndarray) -> Acceptability:
    """Ranks of every site over draws of the weights, and of the values where these are drawn too.

    Parameters
    ----------
    values
        Values of sites, or draws of them; value draw d meets weight draw d. Values may lie outside
        [0, 1]. Rows stand in the order in which equal scores rank. Shape (n, m) or (k, n, m)
    weights_draws
        One row a draw, each divided by its sum. Shape (k, m)

    Raises
    ------
    ValueError
        For NaN, for negative or all-zero weights, and for unequal counts.

    >>> acceptability(np.eye(2), np.array([[0.6, 0.4], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]])).rank_share.tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    table, weights = np.asarray(values, dtype=float), np.asarray(weights_draws, dtype=float)
    if table.ndim not in (2, 3) or weights.ndim != 2 or table.shape[-1] != weights.shape[1]:
        msg = f"weights of shape {weights.shape} do not fit values of shape {table.shape}"
        raise ValueError(msg)
    if table.ndim == 3 and len(table) != len(weights):
        msg = f"{len(table)} draws of the values and {len(weights)} of the weights"
        raise ValueError(msg)
    if not all(-_LARGEST < a.min(initial=0.0) <= a.max(initial=0.0) < _LARGEST for a in (table, weights)):  # fmt: skip
        msg = "values and weights must be finite and below 1e200: draw what is unknown before"
        raise ValueError(msg)
    if (weights < 0).any() or not len(weights) or not (weights.sum(axis=1) > 0).all():
        msg = "every draw of the weights must be 0 or more, and not all 0"
        raise ValueError(msg)
    shares = weights / weights.sum(axis=1, keepdims=True)
    world: World | Stacked = World(table) if table.ndim == 2 else Stacked(table)
    counts = tally(world, shares, table.shape[-2])
    central = counts.central()
    return Acceptability(counts.ranks / len(shares), central, confidence(world, central, len(table) if table.ndim == 3 else 1))  # fmt: skip


@dataclass
class Counts:
    """How often each site had each rank, and the weights under which it was first.

    Attributes
    ----------
    ranks
        [i, r] number of draws in which site i had rank r + 1. Shape (n, n)
    firsts
        Sum of the weights of the draws that put i first. Shape (n, m)
    draws
        Number of draws.
    """

    ranks: np.ndarray
    firsts: np.ndarray
    draws: int

    def central(self) -> np.ndarray:
        """Mean weights of the draws that put a site first; NaN where none does. Shape (n, m)"""
        first = self.ranks[:, :1].sum(axis=1, keepdims=True).astype(float)
        return np.divide(self.firsts, first, out=np.full(self.firsts.shape, np.nan), where=first > 0)  # fmt: skip


def tally(world: World | Stacked, weights: np.ndarray, sites: int) -> Counts:
    """Count ranks over all draws, a block at a time.

    Parameters
    ----------
    world, sites
        Values of so many sites, in the order in which equal scores rank.
    weights
        Shares that sum to 1, one row a draw. Shape (k, m)
    """
    criteria = weights.shape[1]
    counts = Counts(
        np.zeros((sites, sites), dtype=np.int64), np.zeros((sites, criteria)), len(weights)
    )
    if not sites:
        return counts
    places = np.arange(sites)
    for rows in blocks(len(weights), sites):
        scores = np.rint(world.scores(rows, weights[rows]) * TIE_PARTS)
        if world.out is not None:
            scores[world.out[rows]] = -np.inf
        order = ranked(scores)
        cells = order * sites + places
        stays = np.isfinite(np.take_along_axis(scores, order, axis=1)) if world.out is not None else None  # fmt: skip
        kept = cells.ravel() if stays is None else cells[stays]
        counts.ranks += np.bincount(kept, minlength=sites * sites).reshape(sites, sites)
        first = order[:, 0] if stays is None else order[stays[:, 0], 0]
        drawn = weights[rows] if stays is None else weights[rows][stays[:, 0]]
        for j in range(criteria):
            counts.firsts[:, j] += np.bincount(first, weights=drawn[:, j], minlength=sites)
    return counts


def blocks(draws: int, sites: int) -> Iterator[slice]:
    """Slices of the draws that keep a table of sites bounded."""
    step = max(1, min(BLOCK, _TABLE // max(sites, 1)))
    for start in range(0, draws, step):
        yield slice(start, min(start + step, draws))


def ranked(scores: np.ndarray) -> np.ndarray:
    """Sites from first to last in every draw; equal whole numbers rank in column order. Shape (draws, n)"""
    sites = scores.shape[1]
    finite = np.isfinite(scores)
    limit = 2**62 // max(sites, 1) - 1
    if np.abs(scores, where=finite, out=np.zeros_like(scores)).max(initial=0.0) >= limit:
        return np.argsort(-scores, axis=1, kind="stable")
    # score and column in one number, so that the fastest sort is a stable one
    keys = np.where(finite, -scores, float(limit)).astype(np.int64)
    keys *= sites
    keys += np.arange(sites)
    keys.sort(axis=1)
    keys %= sites
    return keys


def confidence(world: World | Stacked, central: np.ndarray, draws: int) -> np.ndarray:
    """Share of draws of the values that put each site first under its central weights. Shape (n,)

    NaN where a site has no central weights.
    """
    found = np.full(len(central), np.nan)
    known = np.flatnonzero(~np.isnan(central).any(axis=1))
    if not len(known):
        return found
    hits, own = np.zeros(len(known)), np.arange(len(known))
    step = max(1, _CACHED // (len(known) * len(central)))
    for start in range(0, draws, step):
        rows = slice(start, min(start + step, draws))
        scores = world.under(rows, central[known])
        if world.out is not None:
            scores[world.out[rows]] = -np.inf
        mine = scores[:, known, own]
        hits += ((mine == scores.max(axis=1)) & (mine > -np.inf)).sum(axis=0)
    found[known] = hits / draws
    return found
