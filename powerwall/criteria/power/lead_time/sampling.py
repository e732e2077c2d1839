"""Sampling: the correlated normals behind the stages.

`Draws` is the keyed Latin hypercube of rankings: a column depends on its key and the seed alone,
so neither another site nor another stage can move a number. `SiteDraws` is the same for sites that
must come together: noise of their own, factors in common. `Sobol` is the scrambled sequence of a
single plan, where the last digit matters more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.drawing import normal
from powerwall.criteria.power.lead_time.stages import Stage

RHO = Parameter(
    0.3, "1", 0.0, 0.6, "assumed: correlation of stages within one group; data cannot identify it"
)
_EDGE = 1e-12


class Draws:
    """Keyed Latin hypercube, made once and shared by every network of a run."""

    def __init__(self, draws: int = 4096, seed: int = 0, rho: float = RHO.value) -> None:
        self.count, self.seed, self.rho = draws, seed, rho
        self._columns: dict[str, np.ndarray] = {}

    def normal(self, key: str) -> np.ndarray:
        """Standard normals of a key. Shape (draws,)."""
        if key not in self._columns:
            self._columns[key] = normal(key, self.count, self.seed)
        return self._columns[key]

    def stage(self, name: str, group: str) -> np.ndarray:
        """One-factor normals of a stage. Shape (draws,)."""
        return _one_factor(self.normal(f"group:{group}"), self.normal(name), self.rho)


class SiteDraws:
    """Normals of one site among several: its stages are its own, the factors of its groups are shared.

    Parameters
    ----------
    shared
        Draws that all the sites take their factors from.
    site
        Key of the site, so that no other site can move its numbers.
    owners
        Group → who is late together within it, a utility or a county; a group without one is the
        same for all sites.
    """

    def __init__(self, shared: Draws, site: str, owners: Mapping[str, str] | None = None) -> None:
        self.count, self._shared, self._site = shared.count, shared, site
        self._owners = owners or {}

    def stage(self, name: str, group: str) -> np.ndarray:
        """One-factor normals of a stage. Shape (count,)."""
        key = ":".join(part for part in ("group", group, self._owners.get(group, "")) if part)
        common, own = self._shared.normal(key), self._shared.normal(f"{self._site}:{name}")
        return _one_factor(common, own, self._shared.rho)


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
