"""Compare: what moved between two rankings, and which ingredient, layer and row moved it.

Two rankings of one region differ in a few ingredients: layers, dates, keys of the request, weights.
Each is taken alone from the head into the base and ranked again, so that what it does is computed
and not guessed; what they do only together is the remainder. Within a layer the rows that differ
are named by the measures that rest on them, or taken alone in their turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from powerwall.ranking.causes import Cause, causes
from powerwall.ranking.ingredients import Ingredient, differing
from powerwall.ranking.moved import (
    MEASURED,
    SCORE_STEP,
    differing_measure,
    moved_between,
    shifts,
    site_changes,
)
from powerwall.ranking.rank import Ranking
from powerwall.ranking.replay import Replay, with_one

_REMAINDER = 0.005  # points from which what is left over is worth a line
MEASURE_COLUMNS = (
    "site_id", "criterion", "unit", "old", "new", "old_low", "old_high", "new_low", "new_high", "points", "layer_base", "row_base",
    "layer_head", "row_head", "source", "as_of", "decides", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """What moved between two rankings.

    Attributes
    ----------
    sites
        Index `site_id`, what moved most first; `change` is `status`, `risk`, `score`, `added`,
        `removed`, `rank` (others moved past it) or empty, `rank_shift` is negative upwards, `why`
        names the ingredient and the row.
    measures
        One row for each measure or contribution that differs at a site, the largest points first.
    ingredients
        What differs between the two, and what each does alone: sites it moves, statuses it changes,
        its largest effect on a score [points]; NaN where it was not taken alone.
    rows
        Cells of layers that differ, and rows whose dates lie between the two as-of dates.
    effects
        Site × ingredient: points, and the status it leads to, alone; `interaction` is what is left.
    shifts
        Sites ranked on both sides, mean and largest shift, Kendall's tau, top five kept.
    notes
        What could not be said, and why.
    """

    sites: pd.DataFrame
    measures: pd.DataFrame
    ingredients: pd.DataFrame
    rows: pd.DataFrame
    effects: pd.DataFrame
    shifts: dict[str, float]
    notes: tuple[str, ...] = field(default=())

    @property
    def moved(self) -> pd.DataFrame:
        """Sites that moved, one that only gave way to others included."""
        return self.sites[self.sites["change"] != ""]


def compare(
    base: Ranking, head: Ranking, *, progress: Callable[[str], object] = lambda _: None
) -> Changes:
    """What moved between two rankings of one region each.

    Parameters
    ----------
    base, head
        Before and after, both ranked by the score.
    progress
        Told the name of each ingredient as it is taken alone.

    Raises
    ------
    ValueError
        If a ranking holds several regions.

    Examples
    --------
    >>> compare(base, head).moved[["status_base", "status_head", "why"]]  # doctest: +SKIP
    """
    if len(base.regions) != 1 or len(head.regions) != 1:
        msg = "rankings of one region each are compared"
        raise ValueError(msg)
    items = differing(base, head)
    replays = [Replay(item, _replay(base, head, item, len(items), progress)) for item in items]
    sites, measures = site_changes(base.frame, head.frame), _measure_changes(base, head)
    found = causes(base, head, replays, measures, progress)
    measures = _with_causes(measures, found)
    effects = _effects(base, head, replays)
    return Changes(
        sites=sites.assign(why=[_why(str(i), row, found, effects, measures) for i, row in sites.iterrows()]),
        measures=measures,
        ingredients=_ingredients(base, replays),
        rows=_rows(replays, found),
        effects=effects, shifts=shifts(sites),
        notes=tuple(f"{r.item.label} cannot be taken alone; what it does is in the interaction" for r in replays if r.alone is None),
    )  # fmt: skip


def _replay(
    base: Ranking, head: Ranking, item: Ingredient, count: int, progress: Callable[[str], object]
) -> Ranking | None:
    """The base with one ingredient of the head; the head itself where nothing else differs."""
    if count == 1:
        return head
    progress(item.label)
    return with_one(base, head, item)


def _measure_changes(base: Ranking, head: Ranking) -> pd.DataFrame:
    """Measures and contributions that differ at sites of both."""
    common = base.frame.index.intersection(head.frame.index)
    parts = []
    for name in sorted({*base.criteria, *head.criteria}):
        a, b = (_measure(side, name, common) for side in (base, head))
        points = _points(head, name, common) - _points(base, name, common)
        differs = differing_measure(a, b) | (np.abs(points) >= SCORE_STEP)
        unit = (head.criteria if name in head.criteria else base.criteria)[name].unit
        newer = b["value"].notna() | a["value"].isna()
        parts.append(pd.DataFrame({
            "site_id": common, "criterion": name, "unit": unit, "old": a["value"], "new": b["value"],
            "old_low": a["low"], "old_high": a["high"], "new_low": b["low"], "new_high": b["high"], "points": points,
            "layer_base": a["layer"], "row_base": a["row"], "layer_head": b["layer"], "row_head": b["row"],
            "source": b["source"].where(newer, a["source"]), "as_of": b["as_of"].where(newer, a["as_of"]), "decides": False, "why": "",
        })[differs])  # fmt: skip
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(MEASURE_COLUMNS))
    frame = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    numbers = [c for c in MEASURE_COLUMNS if c.startswith(("old", "new")) or c == "points"]
    frame[numbers] = frame[numbers].astype(float)
    frame = frame.assign(size=-frame["points"].abs().round(9))
    ordered = frame.sort_values(["site_id", "size", "criterion"], kind="stable")
    return ordered[list(MEASURE_COLUMNS)].reset_index(drop=True)


def _measure(ranking: Ranking, name: str, index: pd.Index) -> pd.DataFrame:
    if name in ranking.measures:
        return ranking.measures[name].loc[index]
    columns = next(iter(ranking.measures.values())).columns
    frame = pd.DataFrame(None, index=index, columns=columns, dtype=object)
    return frame.assign(**dict.fromkeys(MEASURED, math.nan))


def _points(ranking: Ranking, name: str, index: pd.Index) -> np.ndarray:
    if name not in ranking.contributions:
        return np.zeros(len(index))
    return ranking.contributions[name].loc[index].to_numpy(dtype=float)


def _effects(base: Ranking, head: Ranking, replays: list[Replay]) -> pd.DataFrame:
    """What each ingredient does to each common site alone, and what is left over."""
    common = base.frame.index.intersection(head.frame.index)
    left = (head.frame["score"].loc[common] - base.frame["score"].loc[common]).astype(float)
    records: list[dict[str, Any]] = []
    for replay in replays:
        if replay.alone is None:
            continue
        both = common.intersection(replay.alone.frame.index)
        after = replay.alone.frame.loc[both]
        delta = (after["score"] - base.frame["score"].loc[both]).astype(float)
        left.loc[both] -= delta
        touched = both.intersection(moved_between(base, replay.alone))
        records += [
            {"site_id": site, "ingredient": replay.item.label, "points": float(delta[site]), "status": after["status"][site]}
            for site in touched
        ]  # fmt: skip
    records += [
        {"site_id": site, "ingredient": "interaction", "points": float(points), "status": ""}
        for site, points in left.items()
        if abs(points) >= _REMAINDER
    ]
    frame = pd.DataFrame(records, columns=["site_id", "ingredient", "points", "status"])
    return frame.sort_values(["site_id", "ingredient"], kind="stable").reset_index(drop=True)


def _ingredients(base: Ranking, replays: list[Replay]) -> pd.DataFrame:
    records = []
    for replay in replays:
        item, alone = replay.item, replay.alone
        record: dict[str, Any] = {"kind": item.kind, "name": item.name, "what": item.words, "sites": math.nan, "statuses": math.nan, "points": math.nan}  # fmt: skip
        if alone is not None:
            both = base.frame.index.intersection(alone.frame.index)
            delta = (alone.frame["score"].loc[both] - base.frame["score"].loc[both]).astype(float)
            changed = base.frame["status"].loc[both] != alone.frame["status"].loc[both]
            came = len(base.frame.index.symmetric_difference(alone.frame.index))
            record |= {
                "sites": float(len(moved_between(base, alone)) + came),
                "statuses": float(changed.sum()), "points": float(delta.iloc[delta.abs().argmax()]) if len(delta) else 0.0,
            }  # fmt: skip
        records.append(record)
    return pd.DataFrame(records, columns=["kind", "name", "what", "sites", "statuses", "points"])


def _rows(replays: list[Replay], found: dict[tuple[str, str], list[Cause]]) -> pd.DataFrame:
    """Cells that differ and dates that passed, with the number of sites whose measures each moved."""
    movers: dict[tuple[str, str], set[str]] = {}
    dated: dict[tuple[str, str, str], Cause] = {}
    for (site, _), reasons in found.items():
        for cause in reasons:
            movers.setdefault((cause.layer, cause.row), set()).add(site)
            if cause.dated:
                dated[cause.layer, cause.row, cause.column] = cause
    records = [
        {"layer": c.layer, "row": c.row, "change": "dated", "column": c.column, "old": c.date, "new": c.date, "file": c.file, "line": c.line}
        for _, c in sorted(dated.items())
    ]  # fmt: skip
    for replay in replays:
        records += [
            {"layer": replay.item.name, "row": c.row, "change": c.change, "column": c.column, "old": c.old, "new": c.new,
             "file": c.file.as_posix(), "line": c.line}
            for c in replay.item.cells
        ]  # fmt: skip
    columns = ["layer", "row", "change", "column", "old", "new", "file", "line"]
    frame = pd.DataFrame(records, columns=columns)
    keys = zip(frame["layer"], frame["row"], strict=True)
    return frame.assign(sites=[len(movers.get(key, ())) for key in keys])


def _with_causes(measures: pd.DataFrame, found: dict[tuple[str, str], list[Cause]]) -> pd.DataFrame:
    keys = list(zip(measures["site_id"], measures["criterion"], strict=True))
    return measures.assign(
        decides=[any(cause.decides for cause in found.get(key, [])) for key in keys],
        why=[_joined(cause.words for cause in found.get(key, [])) for key in keys],
    )


def _why(
    site: str, row: pd.Series, found: dict[tuple[str, str], list[Cause]], effects: pd.DataFrame, measures: pd.DataFrame,
) -> str:  # fmt: skip
    """What moved a site: what changes its status first, then what moves the most points."""
    if row["change"] in {"", "rank"}:
        return "others moved past it, or out of its way" if row["change"] else ""
    mine = effects[effects["site_id"] == site]
    decides = set(mine.loc[(mine["status"] == row["status_head"]) & (row["status_head"] != row["status_base"]), "ingredient"])  # fmt: skip
    weight = {str(name): abs(float(p)) for name, p in zip(mine["ingredient"], mine["points"], strict=True)}  # fmt: skip
    parts = measures[measures["site_id"] == site]
    counted = parts[(parts["points"].abs() >= SCORE_STEP) | parts["decides"].astype(bool)]
    reasons = [cause for name in counted["criterion"] for cause in found.get((site, name), [])]
    reasons = [c for c in [*reasons, *found.get((site, ""), [])] if c.label in weight or c.decides]
    ranked = sorted(
        reasons,
        key=lambda c: (c.label not in decides, not (c.decides and c.dated), not c.decides, -weight.get(c.label, 0.0), not c.row),
    )  # fmt: skip
    named = [c for c in ranked if c.row or not any(o.row and o.label == c.label for o in ranked)]
    return _joined(c.words for c in named) or _joined(f"only together: {name}" for name in weight)


def _joined(words: Iterable[str], most: int = 3) -> str:
    every = list(dict.fromkeys(words))
    more = f"; and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more
