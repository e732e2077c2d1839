"""Robust: how firm an order is, over draws of the weights and of the measures.

`weights` and `worlds` draw, `acceptability` counts ranks (SMAA-2), `ranges` has the single weight
that unseats the leader, `asks` what is worth finding out. One draw is one state of the world, the
same for all sites; a site's own draws do not depend on which other sites there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.ranking.robust.acceptability import (
    Acceptability,
    Counts,
    World,
    acceptability,
    confidence,
    tally,
)
from powerwall.ranking.robust.asks import Ask, asks
from powerwall.ranking.robust.ranges import Flip, flips, weight_range
from powerwall.ranking.robust.weights import draw_levels, draw_weights
from powerwall.ranking.robust.worlds import Drawn, draw_worlds
from powerwall.ranking.scores import TIE_PARTS
from powerwall.ranking.spread import CONCENTRATION

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

__all__ = [
    "Acceptability", "Ask", "Flip", "Robustness", "acceptability", "draw_weights", "flips", "robustness", "weight_range",
]  # fmt: skip

TOP_K = 3  # assumed: length of a shortlist
LEAST_HITS = 100  # assumed: first places from which mean weights carry an error under a tenth of their spread
_SLACK = 1e-12
_PAIRS = 10  # assumed: sites that are compared pair by pair


@dataclass(frozen=True)
class Robustness:
    """How firm the order of a ranking is.

    Attributes
    ----------
    sites
        Index `site_id` in order of rank; `held` (share of draws in the first `top_k`), `first`,
        `rank_low rank_high` (5 % and 95 % of its ranks where it is in), `rank_mean`, `p_out` (share
        of draws in which a requirement fails; NaN where one is unknown or rests on evidence that may
        not put a site out; `p_out_least` counts the others alone) and `confidence`
        (share of draws of the measures that put it first under its central weights).
    rank_share
        Site × rank: share of draws.
    central_weights
        Site × criterion: mean weights of the draws that put it first; NaN below 100 of them.
    wins
        [a, b] share of draws in which site a of the first ten scores more than b.
    flips, asks, idle
        Single weights that unseat the leader, questions worth asking, and the number of open
        measures that decide nothing.
    draws, seed, top_k, concentration
        How it was made.
    """

    sites: pd.DataFrame
    rank_share: pd.DataFrame
    central_weights: pd.DataFrame
    wins: pd.DataFrame
    flips: list[Flip]
    asks: list[Ask]
    idle: int
    draws: int
    seed: int
    top_k: int
    concentration: float

    @property
    def entropy_bits(self) -> float:
        """Decision entropy over who is first; 0 where one site always is. [bit]"""
        share = self.sites["first"].to_numpy()
        share = share[share > 0]
        return float(-(share * np.log2(share)).sum())


def robustness(
    ranking: Ranking, draws: int = 4096, seed: int | None = None, top_k: int = TOP_K,
    concentration: float = CONCENTRATION.value,
) -> Robustness:  # fmt: skip
    """Draw weights and measures, and rank in every draw.

    Parameters
    ----------
    ranking
        Its first 5,000 ranked sites take part; those that are out, unranked or taken do not.
    draws, seed
        Number of draws, and their seed; silent, that of the request.
    top_k
        Length of the shortlist of `held`.
    concentration
        Of the Dirichlet distribution round the weights; the larger, the more they are trusted.

    Raises
    ------
    ValueError
        For fewer than one draw or a shortlist of nobody.
    """
    if draws < 1 or top_k < 1:
        msg = f"{draws} draws and a shortlist of {top_k}: both are 1 or more"
        raise ValueError(msg)
    seed = ranking.regions[0].request.seed if seed is None else seed
    drawn = draw_worlds(ranking, draws, seed)
    in_use = ranking.settings.weights
    weights = draw_levels(in_use, ranking.criteria, drawn.names, concentration, draws, seed)
    counts = tally(drawn.world, weights, len(drawn.ids))
    nominal = np.array([in_use.criteria[name] for name in drawn.names])
    questions, idle = asks(ranking, drawn, nominal)
    order = ranking.frame.index[ranking.frame["status"] == "ranked"][: len(drawn.ids)]
    short = order[:_PAIRS]
    central = _central(drawn, counts)
    return Robustness(
        _sites(drawn, counts, central, top_k).loc[order], _shares(drawn, counts, draws).loc[order],
        central.loc[order], _wins(drawn, weights, short), flips(ranking), questions, idle,
        draws, seed, top_k, concentration,
    )  # fmt: skip


def _sites(drawn: Drawn, counts: Counts, central: pd.DataFrame, top_k: int) -> pd.DataFrame:
    """Shares and intervals of every ranked site."""
    draws = counts.draws
    share = counts.ranks / draws
    inside = share.sum(axis=1)
    out = 1 - counts.ranks.sum(axis=1) / draws  # exactly 0 where it is in every draw
    reached = np.cumsum(counts.ranks, axis=1) / np.maximum(counts.ranks.sum(axis=1, keepdims=True), 1)  # fmt: skip
    ranks = np.arange(1, len(share) + 1)
    low, high = ((reached >= level - _SLACK).argmax(axis=1) + 1.0 for level in (0.05, 0.95)) if len(share) else (inside, inside)  # fmt: skip
    mean = np.divide(share @ ranks, inside, out=np.full(len(share), np.nan), where=inside > 0)
    sure = confidence(drawn.world, central.to_numpy(), draws)
    low, high = (np.where(inside > 0, place, np.nan) for place in (low, high))
    return pd.DataFrame({
        "held": share[:, :top_k].sum(axis=1), "first": share[:, :1].sum(axis=1), "rank_low": low, "rank_high": high, "rank_mean": mean,
        "p_out": np.where(drawn.unjudged, np.nan, out), "p_out_least": out, "confidence": sure,
    }, index=drawn.ids)  # fmt: skip


def _shares(drawn: Drawn, counts: Counts, draws: int) -> pd.DataFrame:
    columns = pd.RangeIndex(1, len(drawn.ids) + 1, name="rank")
    return pd.DataFrame(counts.ranks / draws, index=drawn.ids, columns=columns)


def _central(drawn: Drawn, counts: Counts) -> pd.DataFrame:
    """Central weights of the sites that are first often enough."""
    few = counts.ranks[:, :1].sum(axis=1, keepdims=True) < LEAST_HITS
    return pd.DataFrame(np.where(few, np.nan, counts.central()), index=drawn.ids, columns=drawn.names)  # fmt: skip


def _wins(drawn: Drawn, weights: np.ndarray, short: pd.Index) -> pd.DataFrame:
    """How often one site of a shortlist scores more than another."""
    at = drawn.ids.get_indexer(short)
    world = drawn.world
    part = World(world.values[at], {j: column[:, at] for j, column in world.drawn.items()})
    scores = np.rint(part.scores(slice(0, len(weights)), weights) * TIE_PARTS)
    if world.out is not None:
        scores[world.out[:, at]] = -np.inf
    share = (scores[:, :, None] > scores[:, None, :]).mean(axis=0)
    return pd.DataFrame(share, index=short, columns=short)
