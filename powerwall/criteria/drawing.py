"""Drawing: what a measure may turn out to be, in every draw of the world.

A criterion with draws of its own gives those (`draws_of`); any other is drawn from its range, whose
ends are quantiles that the criterion declares (`Spread`). A column of uniform numbers depends on its
key and the seed alone, so that no other site can move the draws of a site.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import BOUNDS, Criterion, Spread

if TYPE_CHECKING:
    from powerwall.criteria.criterion import Shared

#: Function of a criterion that has draws of its own: shared results by name, `count` and `seed` → (sites, draws).
Own = Callable[..., np.ndarray]
_OWN: dict[str, Own] = {}
_STANDARD = NormalDist()
_EDGE = 1e-12


def draws_of(*names: str) -> Callable[[Own], Own]:
    """Register a function that draws some criteria; it is told the name of the one it draws."""

    def register(function: Own) -> Own:
        _OWN.update(dict.fromkeys(names, function))
        return function

    return register


def column(key: str, draws: int, seed: int) -> np.ndarray:
    """Latin-hypercube column of a key: uniform numbers, one in each of `draws` strata. Shape (draws,)."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    return np.clip(uniform, _EDGE, 1 - _EDGE)


def normal(key: str, draws: int, seed: int) -> np.ndarray:
    """The same, standard normal. Shape (draws,)."""
    # exact to the last digits, and without the import of a large library
    inverse = map(_STANDARD.inv_cdf, column(key, draws, seed).tolist())
    return np.fromiter(inverse, dtype=float, count=draws)


def own_draws(name: str, shared: Shared, count: int, seed: int) -> np.ndarray | None:
    """Draws that a criterion has of its own; None where it has none. Shape (sites, count)."""
    function = _OWN.get(name)
    if function is None:
        return None
    given: dict[str, Any] = {"name": name, "count": count, "seed": seed}
    wanted = inspect.signature(function).parameters
    return function(**{p: given[p] if p in given else shared(p) for p in wanted})


def from_range(measure: pd.DataFrame, item: Criterion, lead: str, count: int, seed: int) -> np.ndarray:  # fmt: skip
    """Draws of a measure from its range; NaN where it has neither value nor range. Shape (sites, count)

    Parameters
    ----------
    measure
        Of `MEASURE_COLUMNS`, index `site_id`.
    item
        Its criterion: `spread` says at which quantiles the ends of the range stand.
    lead
        What stands before each key, so that the rows of two regions are not one.

    Notes
    -----
    The quantile function goes through both ends and, at a half, the value: two halves of normals,
    or of uniforms for bounds. Without a value all between the ends is as likely, site by site.
    """
    value, low, high = (measure[c].to_numpy(dtype=float)[:, None] for c in ("value", "low", "high"))
    drawn = np.repeat(value, count, axis=1)
    open_, known = uncertain(measure), ~np.isnan(value[:, 0])
    if (graded := np.flatnonzero(open_ & known)).size:
        keys = error_keys(measure.iloc[graded], item)
        unique, which = np.unique(np.array([f"{item.name}:{lead}:{key}" for key in keys]), return_inverse=True)  # fmt: skip
        down, up = _steps(item.spread, unique.tolist(), count, seed)
        middle = value[graded]
        drawn[graded] = middle - down[which] * (middle - low[graded]) + up[which] * (high[graded] - middle)  # fmt: skip
    for row in np.flatnonzero(open_ & ~known):
        even = column(f"{item.name}:{lead}:site:{measure.index[row]}", count, seed)
        drawn[row] = low[row] + even * (high[row] - low[row])
    return drawn


def uncertain(measure: pd.DataFrame) -> np.ndarray:
    """Tell where a measure has a finite range that is wider than a point. Shape (sites,)"""
    width = measure["high"].to_numpy(dtype=float) - measure["low"].to_numpy(dtype=float)
    return np.isfinite(width) & (width != 0)


def error_keys(measure: pd.DataFrame, item: Criterion) -> list[str]:
    """What the error of each site's measure belongs to: the row it rests on, or the site alone."""
    rows = zip(measure.index, measure["layer"], measure["row"], strict=True)
    return [
        f"{layer}:{row}" if item.spread.shared and isinstance(row, str) and row else f"site:{site}"
        for site, layer, row in rows
    ]  # fmt: skip


def _steps(spread: Spread, keys: list[str], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How far each draw lies from the middle, as shares of the way to the low and the high end. Shape (keys, count) each"""
    if spread[:2] == BOUNDS[:2]:
        steps = np.stack([2 * column(key, count, seed) - 1 for key in keys])
        return np.maximum(-steps, 0.0), np.maximum(steps, 0.0)
    normals = np.stack([normal(key, count, seed) for key in keys])
    ends = -_STANDARD.inv_cdf(spread.low), _STANDARD.inv_cdf(spread.high)
    return np.maximum(-normals, 0.0) / ends[0], np.maximum(normals, 0.0) / ends[1]
