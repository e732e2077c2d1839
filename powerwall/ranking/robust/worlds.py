"""Worlds: the values of the ranked sites in every draw, from the measures of a ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion, Shared
from powerwall.criteria.drawing import column, error_keys, from_range, own_draws, uncertain
from powerwall.ranking.rank import NEUTRAL, Ranking, site_ids
from powerwall.ranking.robust.acceptability import World
from powerwall.ranking.settings import Settings, for_request
from powerwall.ranking.values import piecewise

if TYPE_CHECKING:
    from powerwall.ranking.requirements import Requirement
    from powerwall.region.read import Region


MOST = 5000  # ranked sites that take part: the table of their ranks stays under half a gigabyte


@dataclass(frozen=True)
class Drawn:
    """What the draws rest on.

    Attributes
    ----------
    ids
        The first `MOST` ranked sites, in the order in which equal scores rank. Length n
    names
        Criteria with weight, sorted. Length m
    world
        Their values, of which the uncertain ones are drawn.
    groups
        Criterion → what one answer would settle at each site, "" where nothing is open. Shape (n,) each
    fails
        Requirement → draws in which a site fails it by evidence that may put it out. Shape (k, n) each
    unjudged
        Sites at risk of a requirement that nothing is known about. Shape (n,)
    """

    ids: pd.Index
    names: list[str]
    world: World
    groups: dict[str, np.ndarray]
    fails: dict[str, np.ndarray]
    unjudged: np.ndarray


def draw_worlds(ranking: Ranking, count: int, seed: int) -> Drawn:
    """Draw every open measure of the ranked sites.

    Notes
    -----
    One draw is one state of the world: what two criteria take from one simulation, or two sites
    from one row, belongs together. A site's draws depend on its own ids and the seed alone.
    """
    ids = _tie_order(ranking)
    weights = ranking.settings.weights.criteria
    names = [name for name in ranking.values if weights[name] > 0]
    neutral = 0.0 if ranking.unknown == "worst" else NEUTRAL
    values = ranking.values.loc[ids, names].fillna(neutral).to_numpy()
    drawn: dict[int, np.ndarray] = {}
    limits = {item.name: item for item in ranking.settings.requirements if item.truth is None}
    groups = {name: np.full(len(ids), "", dtype=object) for name in (*names, *limits)}
    fails: dict[str, np.ndarray] = {}
    for part in _parts(ranking, ids):
        for name in sorted({*names, *limits}):
            draws = part.draws(name, count, seed)
            if name in names:
                open_ = part.value_draws(name, draws, count, seed, worst=ranking.unknown == "worst")
                if open_ is not None:
                    at = names.index(name)
                    if at not in drawn:
                        drawn[at] = np.repeat(values[None, :, at], count, axis=0)
                    drawn[at][:, part.rows] = open_
                    groups[name][part.rows] = part.groups(name)
            if name in limits and draws is not None:
                if name not in fails:
                    fails[name] = np.zeros((count, len(ids)), dtype=bool)
                failing = _failing(draws, limits[name]) & part.measures[name]["gates"].to_numpy(dtype=bool)[:, None]  # fmt: skip
                fails[name][:, part.rows] = failing.T
                groups[name][part.rows] = part.groups(name)
    out = np.any(list(fails.values()), axis=0) if fails else None
    world = World(values, drawn, out if out is not None and out.any() else None)
    return Drawn(ids, [str(n) for n in names], world, groups, fails, _unjudged(ranking, ids))


def _tie_order(ranking: Ranking) -> pd.Index:
    """The first ranked sites by time to power, unknown last, then by id."""
    frame = ranking.frame[ranking.frame["status"] == "ranked"].head(MOST)
    months = ranking.measures["time_to_power_months"]["value"].loc[frame.index].astype(float)
    keys = pd.DataFrame({"months": months.fillna(np.inf), "id": frame.index}, index=frame.index)
    return keys.sort_values(["months", "id"], kind="stable").index


@dataclass(frozen=True)
class _Part:
    """The ranked sites of one region.

    Attributes
    ----------
    region, in_use, shared
        The region, the settings for its request, and what its measures share.
    rows
        Places of its sites among all. Shape (s,)
    measures
        Measures of its sites, by their ids within the region.
    """

    region: Region
    in_use: Settings
    shared: Shared
    rows: np.ndarray
    measures: dict[str, pd.DataFrame]
    criteria: dict[str, Criterion]

    def draws(self, name: str, count: int, seed: int) -> np.ndarray | None:
        """Draws of a measure in its unit, NaN where nothing is known; None if nothing is open. Shape (s, count)"""
        measure = self.measures[name]
        own = own_draws(name, self.shared, count, seed) if measure["value"].notna().any() else None
        if own is not None:
            return own
        if not uncertain(measure).any():
            return None
        return from_range(measure, self.criteria[name], self.region.name, count, seed)

    def value_draws(
        self, name: str, draws: np.ndarray | None, count: int, seed: int, *, worst: bool
    ) -> np.ndarray | None:
        """Draws of a value, an unknown anywhere in its value function; None if nothing is open. Shape (count, s)"""
        points = self.in_use.values[name]
        measure = self.measures[name]
        unknown = np.flatnonzero(measure["value"].isna() & ~uncertain(measure))
        if draws is None and not len(unknown):
            return None
        known = measure["value"].to_numpy(dtype=float)[:, None] if draws is None else draws
        values = np.array(np.broadcast_to(piecewise(known, points), (len(measure), count)))
        ends = min(v for _, v in points), max(v for _, v in points)
        for row in unknown:
            even = column(f"unknown:{name}:{self.region.name}:{measure.index[row]}", count, seed)
            values[row] = 0.0 if worst else ends[0] + even * (ends[1] - ends[0])
        return np.ascontiguousarray(values.T)

    def groups(self, name: str) -> np.ndarray:
        """What one answer would settle, by site; "" where the measure is certain. Shape (s,)"""
        measure = self.measures[name]
        known = measure["value"].notna().to_numpy()
        keys = np.array(error_keys(measure, self.criteria[name]), dtype=object)
        keys[~known] = [f"site:{site}" for site in measure.index[~known]]
        certain = known & ~uncertain(measure)
        return np.where(certain, "", self.region.name + ":" + keys)


def _parts(ranking: Ranking, ids: pd.Index) -> list[_Part]:
    several = len(ranking.regions) > 1
    parts = []
    for region in ranking.regions:
        given = site_ids(region, several=several)
        rows = np.flatnonzero(ids.isin(given))
        if not len(rows):
            continue
        local = region.sites.index[given.get_indexer(ids[rows])]
        measures = {name: m.loc[ids[rows]].set_axis(local) for name, m in ranking.measures.items()}
        shared = Shared(region.sites.loc[local], region.layers, region.request)
        in_use = for_request(ranking.settings, ranking.criteria, region)
        parts.append(_Part(region, in_use, shared, rows, measures, ranking.criteria))
    return parts


def _failing(draws: np.ndarray, limit: Requirement) -> np.ndarray:
    """Tell where a measure fails; what is not known does not. Shape of the draws"""
    return (draws < limit.low) | (draws > limit.high)


def _unjudged(ranking: Ranking, ids: pd.Index) -> np.ndarray:
    """Sites at risk of a requirement of which no draw can tell. Shape (n,)"""
    found = np.zeros(len(ids), dtype=bool)
    for name, verdict in ranking.verdicts.items():
        measure = ranking.measures[name].loc[ids]
        risky = (verdict["state"].loc[ids] == "at risk").to_numpy()
        found |= risky & ~(uncertain(measure) & measure["gates"].to_numpy(dtype=bool))
    return found
