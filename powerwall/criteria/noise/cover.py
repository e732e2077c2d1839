"""Cover: which homes no formed limit protects, and how near the nearest of them is."""

from __future__ import annotations

import numpy as np

from powerwall.criteria.noise.rulebook import RELATIVE
from powerwall.criteria.noise.rules.classes import matches
from powerwall.criteria.noise.scene import Candidate, Scene


class Cover:
    """Homes by kind and by whether their ambient is known, and the sites at which each is protected."""

    def __init__(self, one: Scene, period: str) -> None:
        self._scene, self._period = one, period
        receptors = one.receptors
        self._group = np.zeros(0, dtype=int)
        if receptors is not None:
            known = ~np.isnan(receptors.ambient_dba[period])
            self._group = receptors.code * 2 + known
        self._homes = [
            group for group in np.unique(self._group).tolist()
            if receptors is not None and matches("residential", receptors.kinds[group // 2].receptor_class)
        ]  # fmt: skip
        self._formed = {group: np.zeros(len(one.sites), dtype=bool) for group in self._homes}

    def take(self, candidate: Candidate) -> None:
        """Note that a limit was formed: for the receptors it protects, at the sites where it holds."""
        receptors, rule = self._scene.receptors, candidate.rule
        if receptors is None or (candidate.receptor < 0).all():
            return
        for group in self._homes:
            kind = receptors.kinds[group // 2]
            here = kind.authority == rule.jurisdiction_id and matches(rule.receptor_class, kind.receptor_class)  # fmt: skip
            if here and (rule.kind not in RELATIVE or candidate.ambient_known == bool(group % 2)):
                self._formed[group] |= candidate.holds

    def nearest_bare(self) -> np.ndarray:
        """Distance to a home without a limit that is nearer than every home with one; inf is none. [m]"""
        found = np.full(len(self._scene.sites), np.inf)
        formed = np.array([self._formed[group] for group in self._homes]).reshape(-1, len(found)).T
        if (formed == formed[:1]).all():  # nearly always: rules hold at every site alike
            patterns, code = formed[:1], np.zeros(len(found), dtype=int)
        else:
            patterns, code = np.unique(formed, axis=0, return_inverse=True)
        for which, pattern in enumerate(patterns):
            at = code.reshape(-1) == which
            bare, covered = ([group for group, has in zip(self._homes, pattern, strict=True) if has == side] for side in (False, True))  # fmt: skip
            if bare:
                open_m = self._to(bare)[at]
                closed_m = self._to(covered)[at] if covered else np.inf
                found[at] = np.where(open_m < closed_m, open_m, np.inf)
        return found

    def _to(self, groups: list[int]) -> np.ndarray:
        wanted = np.zeros(int(self._group.max()) + 1, dtype=bool)
        wanted[groups] = True
        # where no ambient is known, day and night have the same groups
        key = ("homes", self._period if any(group % 2 for group in groups) else "", tuple(groups))
        return self._scene.near(key, np.flatnonzero(wanted[self._group]))[1]
