"""How fast ranks are counted over draws of the weights and of the measures."""

from __future__ import annotations

from functools import partial

import numpy as np
from protocol import Options, Result, demand, measured

from powerwall.ranking.robust import acceptability, draw_weights
from powerwall.ranking.robust.acceptability import (
    Acceptability,
    Counts,
    Stacked,
    World,
    tally,
)

SITES, DRAWS, CRITERIA, CONCENTRATION = 1000, 10_000, 15, 50
BOUND = "scores by one product, argsort"
#: Drawn criteria → seconds aimed at.
TALLY_S = {0: 1.0, 3: 1.0, 15: 3.0}


def _weights(draws: int) -> np.ndarray:
    return draw_weights(np.ones(CRITERIA), CONCENTRATION, draws, np.random.default_rng(0))


def _sorted_scores(values: np.ndarray, weights: np.ndarray) -> None:
    # in blocks that stay in cache, or the bound would be the slower of the two
    for start in range(0, len(weights), 256):
        np.argsort(weights[start : start + 256] @ values.T, axis=1)


def ranks(options: Options) -> list[Result]:
    """Rank counts with none, some and all criteria drawn, and of a stack of values."""
    draws = options.part(DRAWS)
    weights, results = _weights(draws), []
    for drawn, aim_s in TALLY_S.items():
        rng = np.random.default_rng(1)
        columns = {j: rng.random((draws, SITES)) for j in range(drawn)}
        world = World(rng.random((SITES, CRITERIA)), columns)
        results.append(
            measured(f"ranks of {SITES:,} sites, {drawn} of {CRITERIA} criteria drawn", draws,
                     partial(tally, world, weights, SITES), options,
                     bound=(BOUND, partial(_sorted_scores, world.values, weights)),
                     check=partial(_check_counts, world, weights), aims={"seconds": aim_s})
        )  # fmt: skip
    return results


def stacked(options: Options) -> list[Result]:
    """Rank counts of values that all differ from draw to draw."""
    draws = options.part(DRAWS)
    weights, values = _weights(draws), np.random.default_rng(3).random((draws, SITES, CRITERIA))
    world = Stacked(values)
    return [
        measured(f"ranks of {SITES:,} sites, a stack of values", draws, lambda: tally(world, weights, SITES), options,
                 bound=(BOUND, lambda: _sorted_scores(values[0], weights)), check=partial(_check_counts, world, weights),
                 aims={"seconds": 3.0})
    ]  # fmt: skip


def _check_counts(world: World | Stacked, weights: np.ndarray, counts: Counts) -> None:
    draws = len(weights)
    demand((counts.ranks.sum(axis=0) == draws).all(), "a rank is not given once in every draw")
    demand((counts.ranks.sum(axis=1) == draws).all(), "a site has not one rank in every draw")
    # the plain way, for the draws of a sample: random values have no ties
    some = slice(0, min(draws, 64))
    alone = tally(_first(world, some.stop), weights[some], SITES).ranks
    order = np.argsort(-world.scores(some, weights[some]), axis=1)
    plain = np.zeros_like(alone)
    np.add.at(plain, (order, np.broadcast_to(np.arange(SITES), order.shape)), 1)
    demand((plain == alone).all(), "ranks differ from a plain sort")


def _first(world: World | Stacked, draws: int) -> World | Stacked:
    if isinstance(world, Stacked):
        return Stacked(world.values[:draws])
    return World(world.values, {j: column[:draws] for j, column in world.drawn.items()})


def confidence(options: Options) -> list[Result]:
    """Acceptability, whose cost grows with the sites that are ever first."""
    draws = options.part(DRAWS)
    weights, results = _weights(draws), []
    for drawn, aim_s in ((False, 1.0), (True, 3.0)):
        rng = np.random.default_rng(2)
        values = rng.random((SITES, CRITERIA))
        if drawn:
            values = values + rng.uniform(-0.1, 0.1, (draws, SITES, CRITERIA))
        results.append(
            measured(f"acceptability of {SITES:,} sites{', values drawn' if drawn else ''}", draws,
                     partial(acceptability, values, weights), options,
                     bound=(BOUND, partial(_sorted_scores, values.reshape(-1, SITES, CRITERIA)[0], weights)),
                     check=_check_shares, aims={"seconds": aim_s})
        )  # fmt: skip
    return results


def _check_shares(found: Acceptability) -> None:
    demand(np.allclose(found.rank_share.sum(axis=0), 1), "the shares of a rank do not add up to 1")
