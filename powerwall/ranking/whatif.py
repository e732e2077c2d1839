"""What would have to be true: the change in one measure that overtakes a site above."""

from __future__ import annotations

import math
from typing import NamedTuple

from powerwall.ranking.rank import NEUTRAL, Ranking
from powerwall.ranking.values import inverse

_AHEAD = 1e-6  # points by which the target is passed


class Change(NamedTuple):
    """One measure that would do it alone.

    Attributes
    ----------
    criterion, unit
        What would change.
    value, needed
        The measure today (NaN is unknown) and what it would have to be; NaN if nothing reaches.
    plausible
        Change over the measure's own range; small is plausible, inf where it has none.
    """

    criterion: str
    unit: str
    value: float
    needed: float
    plausible: float


def target(ranking: Ranking, site: str, ranks: int) -> str | None:
    """Site that stands `ranks` above, or the leader; None for the leader and for unranked sites."""
    frame = ranking.frame
    rank = frame["rank"].loc[site]
    if frame["status"].loc[site] != "ranked" or rank == 1:
        return None
    return str(frame.index[max(int(rank) - ranks, 1) - 1])


def changes(ranking: Ranking, site: str, above: str) -> list[Change]:
    """Changes of single measures that would carry a site past another, the most plausible first."""
    need = float(ranking.frame["score"].loc[above] - ranking.frame["score"].loc[site]) + _AHEAD
    found = []
    for name, points in ranking.settings.values.items():
        weight = ranking.settings.weights.criteria[name]
        if weight <= 0:
            continue
        measure = ranking.measures[name].loc[site]
        value = float(measure["value"])
        now = ranking.values[name].loc[site]
        wanted = (NEUTRAL if math.isnan(now) else float(now)) + need / (100 * weight)
        best = max(v for _, v in points)
        middle = sum(x for x, _ in points) / len(points)
        needed = (
            inverse(points, wanted, middle if math.isnan(value) else value)
            if wanted <= best
            else math.nan
        )
        spread = abs(float(measure["high"]) - float(measure["low"]))
        step = abs(needed - value)
        plausible = step / spread if spread > 0 and not math.isnan(step) else math.inf
        found.append(
            Change(
                name,
                ranking.criteria[name].unit,
                value,
                needed,
                0.0 if math.isnan(value) else plausible,
            )
        )
    return sorted(found, key=lambda c: (math.isnan(c.needed), c.plausible, c.criterion))


def bottleneck(ranking: Ranking, site: str) -> tuple[str, float]:
    """Criterion that costs a site the most points, and how many."""
    lost = {
        name: 100 * ranking.settings.weights.criteria[name]
        - float(ranking.contributions[name].loc[site])
        for name in ranking.contributions
    }
    name = max(sorted(lost), key=lambda n: lost[n])
    return name, lost[name]
