"""Sampling: the correlated normals behind the stages.

`Draws` is the keyed Latin hypercube of rankings: a column depends on its key and the seed alone,
so neither another site nor another stage can move a number. `Sobol` is the scrambled sequence of
a single plan, where the last digit matters more.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.power.lead_time.stages import Stage

RHO = Parameter(
    0.3, "1", 0.0, 0.6, "assumed: correlation of stages within one group; data cannot identify it"
)
_STANDARD = NormalDist()
_EDGE = 1e-12


def column(key: str, draws: int, seed: int) -> np.ndarray:
    """Latin-hypercube column of a key: uniform numbers, one in each of `draws` strata. Shape (draws,)."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    return np.clip(uniform, _EDGE, 1 - _EDGE)


class Draws:
    """Keyed Latin hypercube, made once and shared by every network of a run."""

    def __init__(self, draws: int = 4096, seed: int = 0, rho: float = RHO.value) -> None:
        self.count, self.seed, self.rho = draws, seed, rho
        self._columns: dict[str, np.ndarray] = {}

    def _normal(self, key: str) -> np.ndarray:
        if key not in self._columns:
            # exact to the last digits, and without the import of a large library
            inverse = map(_STANDARD.inv_cdf, column(key, self.count, self.seed).tolist())
            self._columns[key] = np.fromiter(inverse, dtype=float, count=self.count)
        return self._columns[key]

    def stage(self, name: str, group: str) -> np.ndarray:
        """One-factor normals of a stage. Shape (draws,)."""
        return _one_factor(self._normal(f"group:{group}"), self._normal(name), self.rho)


class Sobol:
    """Scrambled Sobol sequence over the stages and groups of one network.

    The number of draws is the next power of two. Dimensions follow the sorted ids, so a network
    in another order gives the same numbers.
    """

    def __init__(
        self,
        stages: Mapping[str, Stage],
        draws: int = 4096,
        seed: int = 0,
        rho: float = RHO.value,
    ) -> None:
        from scipy.special import ndtri
        from scipy.stats import qmc

        self.rho = rho
        # the groups move whole networks: they get the first, most even dimensions
        keys = [*sorted({f"group:{stage.group}" for stage in stages.values()}), *sorted(stages)]
        power = max(1, math.ceil(math.log2(draws)))
        sequence = qmc.Sobol(max(len(keys), 1), scramble=True, seed=seed).random_base2(power)
        self.count = 2**power
        normals = ndtri(np.clip(sequence, _EDGE, 1 - _EDGE))
        self._columns = {key: normals[:, number] for number, key in enumerate(keys)}

    def stage(self, name: str, group: str) -> np.ndarray:
        """One-factor normals of a stage. Shape (count,)."""
        return _one_factor(self._columns[f"group:{group}"], self._columns[name], self.rho)


def _one_factor(common: np.ndarray, own: np.ndarray, rho: float) -> np.ndarray:
    return math.sqrt(rho) * common + math.sqrt(1 - rho) * own
