"""Asks: which open measure, once known, would most often change the pick; the value of information."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from powerwall.ranking.robust.worlds import Drawn
from powerwall.ranking.scores import TIE_PARTS
from powerwall.ranking.values import inverse, piecewise

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

LEAST = 0.01  # share of changed picks from which a question is worth asking


class Ask(NamedTuple):
    """One question.

    Attributes
    ----------
    criterion, sites
        What is open, and at which sites one answer would settle it.
    row
        The row that the answer would mend; "" where the site has none.
    known
        False where nothing or only a range is known.
    low, high
        Range of the measure as it is printed, the widest of the sites; NaN where unknown.
    p_change
        Share of the draws in which another site would be first.
    voi_points
        Points that the pick would gain on average by knowing, in the draws in which it is not out.
    side, beyond
        The measure past which the pick changes, and `<` or `>`; NaN where several sites move.
    challenger
        Site that would lead most often; "" where all would be out.
    """

    criterion: str
    sites: tuple[str, ...]
    row: str
    known: bool
    low: float
    high: float
    p_change: float
    voi_points: float
    side: str
    beyond: float
    challenger: str


def asks(ranking: Ranking, drawn: Drawn, weights: np.ndarray) -> tuple[list[Ask], int]:
    """Questions worth asking, the most decisive first, and the number of those that decide nothing.

    Weights stay as given: asking reveals facts, not preferences. Everything but the answer stands
    at its printed value, an unknown at the half it counts.

    Parameters
    ----------
    ranking, drawn
        The ranking and the draws of its open measures.
    weights
        Shares of `drawn.names`. Shape (m,)
    """
    raw = drawn.world.values @ weights
    scores = _rounded(raw)
    order = np.argsort(-scores, kind="stable")
    found: list[Ask] = []
    idle = 0
    open_ = {*(drawn.names[at] for at in drawn.world.drawn), *drawn.fails}
    for name in sorted(open_) if len(scores) > 1 else ():
        moved = _moved(drawn, weights, raw, name)
        most = moved.max(axis=0)
        for group in _groups(drawn, name):
            best = next((int(place) for place in order if place not in group), -1)
            hopeless = order[0] not in group and most[group].max() < scores[order[0]]
            ask = None if hopeless else _ask(ranking, drawn, moved[:, group], name, group, (int(order[0]), best, scores))  # fmt: skip
            found += [] if ask is None else [ask]
            idle += ask is None
    found.sort(key=lambda ask: (-ask.p_change, -np.nan_to_num(ask.voi_points), ask.criterion, ask.sites))  # fmt: skip
    return found, idle


def _rounded(scores: np.ndarray) -> np.ndarray:
    return np.rint(scores * TIE_PARTS) / TIE_PARTS


def _moved(drawn: Drawn, weights: np.ndarray, scores: np.ndarray, name: str) -> np.ndarray:
    """Score of every site where one measure is as drawn and all else as printed; −inf where it is out. Shape (k, n)"""
    at = drawn.names.index(name) if name in drawn.names else -1
    if at in drawn.world.drawn:
        moved = _rounded(scores + weights[at] * (drawn.world.drawn[at] - drawn.world.values[:, at]))
    else:
        moved = np.repeat(_rounded(scores)[None], len(next(iter(drawn.fails.values()))), axis=0)
    if name in drawn.fails:
        moved[drawn.fails[name]] = -np.inf
    return moved


def _groups(drawn: Drawn, name: str) -> list[np.ndarray]:
    """Places of the sites that one answer would settle, one array a question."""
    unique, which = np.unique(drawn.groups[name].astype(str), return_inverse=True)
    return [np.flatnonzero(which == n) for n, label in enumerate(unique) if label]


def _ask(
    ranking: Ranking, drawn: Drawn, moved: np.ndarray, name: str, group: np.ndarray, leaders: tuple[int, int, np.ndarray]
) -> Ask | None:  # fmt: skip
    """The question of one group; None where its answer would hardly change the pick."""
    pick, best, scores = leaders
    others = [best] if best >= 0 else []  # nobody, where the answer moves every site
    places = np.append(group, others).astype(int)
    by_row = np.argsort(places)  # equal scores rank in row order
    table = np.column_stack([moved, *(np.full(len(moved), scores[place]) for place in others)])[
        :, by_row
    ]
    places = places[by_row]
    best_of = table.max(axis=1)
    first = np.where(
        np.isfinite(best_of), places[table.argmax(axis=1)], -1
    )  # nobody, where all are out
    p_change = float((first != pick).mean())
    if p_change < LEAST:
        return None
    kept = table[:, np.flatnonzero(places == pick)[0]]
    stays = np.isfinite(kept)
    gain = 100 * float((best_of - kept)[stays].mean()) if stays.any() else math.nan
    measure = ranking.measures[name].loc[drawn.ids[group]]
    first_row = measure.iloc[0]
    return Ask(
        name, tuple(str(site) for site in drawn.ids[group]), str(first_row["row"]) if isinstance(first_row["row"], str) else "",
        bool(measure["value"].notna().all()), float(measure["low"].min()), float(measure["high"].max()), p_change, gain,
        *_beyond(ranking, drawn, scores, name, group, (pick, best)), _most(drawn, first[first != pick]),
    )  # fmt: skip


def _most(drawn: Drawn, firsts: np.ndarray) -> str:
    """Site that is first most often; "" where nobody is."""
    there = firsts[firsts >= 0]
    return str(drawn.ids[np.bincount(there).argmax()]) if len(there) else ""


def _beyond(
    ranking: Ranking, drawn: Drawn, scores: np.ndarray, name: str, group: np.ndarray, leaders: tuple[int, int]
) -> tuple[str, float]:  # fmt: skip
    """Measure of a single site past which the pick changes, and on which side; NaN where several sites move or none does.

    That is where its value gives up the lead or takes it, or a limit that puts the pick out, whichever is nearer.
    """
    if len(group) > 1:
        return "", math.nan
    site, (pick, best) = int(group[0]), leaders
    now = float(ranking.measures[name]["value"].loc[drawn.ids[site]])
    found: list[tuple[str, float]] = []
    if site == pick and name in drawn.fails and drawn.fails[name][:, site].any():
        limits = (item for item in ranking.settings.requirements if item.name == name)
        found += [end for item in limits for end in (("<", item.low), (">", item.high)) if math.isfinite(end[1])]  # fmt: skip
    if name in drawn.names:
        at, points = drawn.names.index(name), ranking.settings.values[name]
        middle = sum(x for x, _ in points) / len(points) if math.isnan(now) else now
        gap = scores[best if site == pick else pick] - scores[site]
        wanted = drawn.world.values[site, at] + gap / ranking.settings.weights.criteria[name]
        x = inverse(points, float(wanted), middle)
        step = 1e-6 * (points[-1][0] - points[0][0])
        rises = float(piecewise(x + step, points)) > float(piecewise(x - step, points))
        found.append((">" if rises == (site != pick) else "<", x))
    found = [end for end in found if not math.isnan(end[1])]
    return min(found, key=lambda end: 0.0 if math.isnan(now) else abs(end[1] - now), default=("", math.nan))  # fmt: skip
