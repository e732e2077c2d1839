"""Cooling: which plant serves each site, where the request leaves it open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.measure import Measures, measure
from powerwall.criteria.water.plants import AUTO
from powerwall.ranking.requirements import judge_all
from powerwall.ranking.scores import NEUTRAL, SCORE_DECIMALS, values_of, weighted_score
from powerwall.ranking.settings import Settings, settings

if TYPE_CHECKING:
    from powerwall.region.read import Region

_IT, _DAY, _YEAR = "it_mw_per_grid_mw", "peak_day_water_m3", "water_consumption_m3_per_year"


def choose_plants(measures: Measures, in_use: Settings) -> tuple[Measures, pd.DataFrame]:
    """Measures of each site under the plant that serves it best, and what that gave up.

    A plant that surely keeps every requirement goes before one at risk, and that before one that
    fails; then the higher score, more IT power, a smaller peak day, and the order of the catalogue.

    Returns
    -------
    measures, plants
        `plants` has index `site_id` and columns `plant` and `gave_up`.
    """
    names = list(measures.by_plant)
    parts = [Measures(measures.criteria, measures.by_plant[name]) for name in names]
    keys = [_merits(part, in_use) for part in parts]
    stacked = [np.stack([key[n] for key in keys]) for n in range(len(keys[0]))]
    order = np.broadcast_to(np.arange(len(names))[:, None], stacked[0].shape)
    best = np.lexsort((order, *[-merit for merit in reversed(stacked)]), axis=0)[0]
    index = next(iter(measures.values())).index
    chosen = {name: _picked([part[name] for part in parts], best) for name in measures}
    gave_up = [_gave_up(names, parts, stacked, at, int(row)) for at, row in enumerate(best)]
    plants = pd.DataFrame({"plant": np.array(names, dtype=object)[best], "gave_up": gave_up}, index=index)  # fmt: skip
    return Measures(measures.criteria, chosen, measures.by_plant), plants


def settle(measures: Measures, cooling: str, in_use: Settings) -> tuple[Measures, pd.DataFrame]:
    """Measures under the plant of each site: the best one, or the one that the request names."""
    if measures.by_plant:
        return choose_plants(measures, in_use)
    index = next(iter(measures.values())).index
    return measures, pd.DataFrame({"plant": cooling, "gave_up": ""}, index=index)


def _merits(part: Measures, in_use: Settings) -> list[np.ndarray]:
    """Keeps the requirements, score, IT power, less water; the larger the better. Shape (sites,) each"""
    values = values_of(part, in_use)
    points = np.array([in_use.weights.criteria[name] for name in values])
    score = weighted_score(values.to_numpy(), points, NEUTRAL).round(SCORE_DECIMALS)
    kept = np.full(len(values), 2.0)
    for table in judge_all(in_use.requirements, part).values():
        kept = np.minimum(kept, table["state"].map({"out": 0.0, "at risk": 1.0}).fillna(2.0))
    it, day = (part[name]["value"].to_numpy(dtype=float) for name in (_IT, _DAY))
    return [kept, score, np.nan_to_num(it, nan=-np.inf), -np.nan_to_num(day, nan=np.inf)]


def _picked(frames: list[pd.DataFrame], best: np.ndarray) -> pd.DataFrame:
    """Rows of several measures of one criterion, each from the plant of its site."""
    if all(frame is frames[0] for frame in frames):
        return frames[0]
    count = len(best)
    rows = pd.concat(frames).iloc[best * count + np.arange(count)]
    return rows.set_axis(frames[0].index)


def _gave_up(
    names: list[str], parts: list[Measures], merits: list[np.ndarray], at: int, best: int
) -> str:
    """What the plant with the most IT power would have brought, and why it was not taken."""
    kept, score, it, _ = (merit[:, at] for merit in merits)
    most = int(np.argmax(it))
    if not np.isfinite(it[most]):
        return "cannot tell: the IT power of no plant is known here"
    if it[most] <= it[best]:
        return "nothing: no plant carries more IT power here"
    water = parts[most][_YEAR]["value"].iloc[at]
    drinks = "" if np.isnan(water) else f" for {water:,.0f} m³ a year"
    why = f"{'may break' if kept[most] else 'breaks'} a requirement" if kept[most] < kept[best] else f"scores {score[most]:.2f} against {score[best]:.2f}"  # fmt: skip
    return f"{100 * (it[most] - it[best]):.1f} MW of IT per 100 MW of grid, which {names[most]} would carry{drinks}; it {why}"  # fmt: skip


def plant_of(region: Region, site_id: str) -> str:
    """Cooling plant of a site: that of the request, or the best one where it is left open."""
    if region.request.cooling != AUTO:
        return region.request.cooling
    alone = replace(region, sites=region.sites.loc[[site_id]])
    measures = measure(alone)
    _, plants = choose_plants(measures, settings((alone,), measures.criteria, {}))
    return str(plants["plant"].iloc[0])
