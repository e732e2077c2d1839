"""Points: which weights two rankings differ in, each by its key, and what one of them does alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from powerwall.ranking.rank import Ranking
from powerwall.ranking.settings import settings
from powerwall.ranking.weights import DEVELOPER, Weights
from powerwall.region.findings import BadInput

_SAME = 1e-12  # shares and points that differ by less, relatively, are equal
Level = dict[str, float]  # what the points of one level are divided among


def same_shares(old: Weights, new: Weights) -> bool:
    """Tell whether two sets of weights share alike, in whatever points they are written."""
    return all(abs(share - new.criteria.get(name, 0.0)) < _SAME for name, share in old.criteria.items())  # fmt: skip


def changed_points(base: Ranking, head: Ranking) -> list[tuple[str, str, str]]:
    """Weights that differ, as (key, old, new); nothing where the region files do not explain it.

    The points of a level are compared up to a common factor, since only their shares count: the
    factor that most of them share.
    """
    if not (_declared(base) and _declared(head)):
        return []
    old, new = _levels(base), _levels(head)
    found = []
    for level in sorted({*old, *new}):
        factor = _factor(old.get(level, {}), new.get(level, {}))
        beside = f" where the others are {factor:.6g} times as many" if factor != 1 else ""
        for name in sorted({*old.get(level, {}), *new.get(level, {})}):
            a, b = (side.get(level, {}).get(name, 0.0) for side in (old, new))
            if not math.isclose(a * factor, b, rel_tol=_SAME):
                key = f"{level}.{name}" if level else name
                found.append((key, f"{a:.6g}", f"{b:.6g}{beside}"))
    return found


def with_points(base: Ranking, head: Ranking, key: str) -> Weights | None:
    """Weights of the base with one key of the head; None where they are not legal then."""
    level, _, name = key.rpartition(".")
    old, new = _levels(base), _levels(head)
    factor = _factor(old.get(level, {}), new.get(level, {}))
    old.setdefault(level, {})[name] = new.get(level, {}).get(name, 0.0) / factor
    region = base.regions[0]
    given = {**old.pop("", {}), **old}
    table = region.table.model_copy(update={"weights": given})
    try:
        return settings((replace(region, table=table),), base.criteria, {}).weights
    except BadInput:
        return None


def _declared(ranking: Ranking) -> bool:
    """Tell whether the weights are those of the region file, and not a profile's or an option's."""
    own = settings(ranking.regions, ranking.criteria, {})
    return not ranking.settings.profile and same_shares(ranking.settings.weights, own.weights)


def _levels(ranking: Ranking) -> dict[str, Level]:
    """Points of every level, those of the subjects under ""; silent ones as they count."""
    table: Mapping[str, float | Mapping[str, float]] = ranking.regions[0].table.weights
    subjects = {name: float(p) for name, p in table.items() if not isinstance(p, Mapping)}
    found: dict[str, Level] = {"": subjects or dict(DEVELOPER)}
    for item in ranking.criteria.values():
        level = found.setdefault(f"{item.subject}_criteria", {})
        given = table.get(f"{item.subject}_criteria", {})
        level[item.name] = float(given.get(item.name, item.weight)) if isinstance(given, Mapping) else item.weight  # fmt: skip
    return found


def _factor(old: Level, new: Level) -> float:
    """Factor between the points of two levels that most of them share, the nearest to 1 of several.

    The first by name decides between a factor and its inverse, so that both directions agree.
    """
    ratios = [float(f"{new[n] / old[n]:.12g}") for n in sorted(old) if old[n] > 0 and new.get(n, 0.0) > 0]  # fmt: skip
    if not ratios:
        return 1.0
    shared = Counter(ratios)
    return min(ratios, key=lambda ratio: (-shared[ratio], round(abs(math.log(ratio)), 9)))
