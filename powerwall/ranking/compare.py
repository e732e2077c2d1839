"""Compare: what moved between two rankings, and which ingredient, layer and row moved it.

Two rankings of one region differ in a few ingredients: layers, dates, keys of the request, weights.
Each is taken alone from the head into the base and ranked again, so that what it does is computed
and not guessed; what they do only together is the remainder. Within a layer the rows that differ
and their columns are taken alone in their turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from powerwall.ranking.attribution.effects import (
    differences,
    effects_of,
    needs_backwards,
    remainders,
    replayed,
    with_backwards,
)
from powerwall.ranking.attribution.reuse import Reuse
from powerwall.ranking.attribution.rows import Movers
from powerwall.ranking.causes import Cause, causes, movers_of, place, said_of
from powerwall.ranking.ingredients import differing
from powerwall.ranking.moved import (
    MEASURED,
    SCORE_STEP,
    differing_measure,
    moved_between,
    shifts,
    site_changes,
    within_spread,
)
from powerwall.ranking.rank import Ranking
from powerwall.ranking.replay import Replay
from powerwall.region.differences import INERT, CellChange

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
        `removed`, `rank` (others moved past it) or empty; `rank_shift` is negative upwards and the
        sum of `shift_scores`, among the sites ranked on both sides, and `shift_others`, by sites
        that came or went; `within_spread` where the weights do not tell it from those it passed;
        `remainder` and `rank_remainder` are what the effects do not add up to; `why` names the
        ingredient and the row.
    measures
        One row for each measure or contribution that differs at a site, the largest points first.
    ingredients
        What differs between the two, and what each does alone: sites it moves, statuses it changes,
        its largest effect on a score [points] and on a rank; NaN where it was not taken alone.
    rows
        Cells of layers that differ, and rows whose dates lie between the two as-of dates; `points`
        is the largest effect of the row alone.
    effects
        Site × ingredient: points, ranks and the status it leads to, alone; `interaction` is what is
        left. `points_backward` and `points_midpoint` where more is left than any ingredient does.
    shifts
        Sites ranked on both sides, mean and largest shift, Kendall's tau, WS, top five kept.
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
    base: Ranking, head: Ranking, *, progress: Callable[[str], object] = lambda _: None, backwards: bool = False
) -> Changes:  # fmt: skip
    """What moved between two rankings of one region each.

    Parameters
    ----------
    base, head
        Before and after, both ranked by the score.
    progress
        Told the name of each ingredient, row and column as it is taken alone.
    backwards
        Take each ingredient back out of the head too; this is done without being asked where more
        is left over at a site than any ingredient does there alone.

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
    reuse = Reuse(base.regions[0], base.criteria)
    replays = replayed(base, head, differing(base, head), reuse, progress)
    measures = _measure_changes(base, head)
    behind = movers_of(base, head, replays, reuse, progress)
    found = {**causes(base, head, replays, measures, behind), **_came(base, head, replays)}
    measures = _with_causes(measures, found)
    effects = effects_of(base, head, replays)
    sites = _sites(base, head, effects)
    sites = sites.assign(why=[_why(str(i), row, found, effects, measures) for i, row in sites.iterrows()])  # fmt: skip
    if backwards or needs_backwards(effects):
        effects = with_backwards(base, head, effects, progress)
    return Changes(
        sites, measures, _ingredients(base, replays), _rows(replays, found, behind), effects, shifts(sites), tuple(_notes(replays, behind))
    )  # fmt: skip


def _sites(base: Ranking, head: Ranking, effects: pd.DataFrame) -> pd.DataFrame:
    """Every site, with what the effects leave over and whether the weights tell it apart."""
    sites = site_changes(base.frame, head.frame)
    points, ranks = remainders(base, head, effects)
    return sites.assign(
        remainder=points.reindex(sites.index), rank_remainder=ranks.reindex(sites.index),
        within_spread=sites.index.isin(within_spread(base, head)),
    )  # fmt: skip


def _notes(replays: list[Replay], behind: dict[str, Movers]) -> list[str]:
    notes = [f"{r.item.label} cannot be taken alone; what it does is in the interaction" for r in replays if r.alone is None]  # fmt: skip
    notes += [f"{label}: {len(part.left)} rows were not taken alone" for label, part in behind.items() if part.left]  # fmt: skip
    return notes


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


def _ingredients(base: Ranking, replays: list[Replay]) -> pd.DataFrame:
    records = []
    nothing = dict.fromkeys(("sites", "statuses", "points", "ranks"), math.nan)
    for replay in replays:
        item, alone = replay.item, replay.alone
        record: dict[str, Any] = {"kind": item.kind, "name": item.name, "what": item.words, **nothing}  # fmt: skip
        if alone is not None:
            points, ranks = differences(base, alone)
            both = points.index
            changed = base.frame["status"].loc[both] != alone.frame["status"].loc[both]
            came = len(base.frame.index.symmetric_difference(alone.frame.index))
            record |= {
                "sites": float(len(moved_between(base, alone)) + came), "statuses": float(changed.sum()),
                "points": _largest(points), "ranks": _largest(ranks),
            }  # fmt: skip
        records.append(record)
    return pd.DataFrame(records, columns=["kind", "name", "what", *nothing])


def _largest(values: pd.Series) -> float:
    """The largest of some numbers by size, with its sign; 0 of none."""
    known = values.dropna()
    return float(known.iloc[int(known.abs().to_numpy().argmax())]) if len(known) else 0.0


def _rows(
    replays: list[Replay], found: dict[tuple[str, str], list[Cause]], behind: dict[str, Movers]
) -> pd.DataFrame:
    """Cells that differ and dates that passed, with the number of sites whose measures each moved."""
    by_row: dict[tuple[str, str], list[tuple[str, Cause]]] = {}
    for (site, _), reasons in found.items():
        for cause in reasons:
            by_row.setdefault((cause.layer, cause.row), []).append((site, cause))
    dated = {(c.layer, c.row, c.column): c for reasons in by_row.values() for _, c in reasons if c.dated}  # fmt: skip
    records: list[dict[str, Any]] = [
        {"layer": c.layer, "row": c.row, "change": "dated", "column": c.column, "old": c.date, "new": c.date, "file": c.file, "line": c.line,
         "sites": len({site for site, _ in by_row[c.layer, c.row]}), "points": math.nan}
        for _, c in sorted(dated.items())
    ]  # fmt: skip
    for replay in replays:
        points = behind.get(replay.item.label, Movers()).points
        for c in replay.item.cells:
            mine = by_row.get((replay.item.name, c.row), [])
            records.append({
                "layer": replay.item.name, "row": c.row, "change": c.change, "column": c.column, "old": c.old, "new": c.new,
                "file": c.file.as_posix(), "line": c.line, "sites": len({site for site, cause in mine if cause.moves(c)}),
                "points": _largest(pd.Series(points[c.row])) if c.row in points else math.nan,
            })  # fmt: skip
    columns = ["layer", "row", "change", "column", "old", "new", "file", "line", "sites", "points"]
    return pd.DataFrame(records, columns=columns)


def _with_causes(measures: pd.DataFrame, found: dict[tuple[str, str], list[Cause]]) -> pd.DataFrame:
    if measures.empty:  # columns made of empty lists would be numbers
        return measures
    keys = list(zip(measures["site_id"], measures["criterion"], strict=True))
    return measures.assign(
        decides=[any(cause.decides for cause in found.get(key, [])) for key in keys],
        why=[_joined(cause.words for cause in found.get(key, [])) for key in keys],
    )


def _came(base: Ranking, head: Ranking, replays: list[Replay]) -> dict[tuple[str, str], list[Cause]]:  # fmt: skip
    """What is behind each site that came or went: its row, that of its node, or a key."""
    came = base.frame.index.symmetric_difference(head.frame.index)
    arounds = {r.table.sites.around.layer for r in (*base.regions, *head.regions) if r.table.sites.around}  # fmt: skip
    found: dict[tuple[str, str], list[Cause]] = {}
    for replay in replays:
        item, alone = replay.item, replay.alone
        if item.kind == "layer" and item.name in {"sites", *arounds}:
            rows: dict[str, list[CellChange]] = {}
            for cell in item.cells:
                if cell.column not in INERT:
                    rows.setdefault(cell.row, []).append(cell)
            for row, cells in rows.items():
                site = row if item.name == "sites" else f"near-{row}"
                if site in came:
                    found.setdefault((site, ""), []).append(_row_of(item.name, item.label, cells))
        elif item.kind != "layer" and alone is not None:
            for site in came.intersection(base.frame.index.symmetric_difference(alone.frame.index)):
                said = Cause(item.label, item.words, decides=True)
                found.setdefault((str(site), ""), []).append(said)
    return found


def _row_of(layer: str, label: str, cells: list[CellChange]) -> Cause:
    """A row with whose coming, going or change a site came or went."""
    first = cells[0]
    said = ", ".join(said_of(cell) for cell in cells)
    file = first.file.as_posix()
    words = f"{layer} {first.row}: {said} ({place(file, first.line)})"
    return Cause(label, words, layer, first.row, first.column, "", file, first.line, decides=True)


def _why(
    site: str, row: pd.Series, found: dict[tuple[str, str], list[Cause]], effects: pd.DataFrame, measures: pd.DataFrame,
) -> str:  # fmt: skip
    """What moved a site: what changes its status first, then what moves the most points."""
    if row["change"] in {"", "rank"}:
        return "others moved past it, or out of its way" if row["change"] else ""
    mine = effects[effects["site_id"] == site]
    decides = set(mine.loc[(mine["status"] == row["status_head"]) & (row["status_head"] != row["status_base"]), "ingredient"])  # fmt: skip
    moving = mine[(mine["points"].abs() >= SCORE_STEP) | mine["ingredient"].isin(decides)]
    weight = {str(name): abs(float(p)) for name, p in zip(moving["ingredient"], moving["points"], strict=True)}  # fmt: skip
    parts = measures[measures["site_id"] == site]
    counted = parts[(parts["points"].abs() >= SCORE_STEP) | parts["decides"].astype(bool)]
    reasons = [cause for name in counted["criterion"] for cause in found.get((site, name), [])]
    reasons = [c for c in [*reasons, *found.get((site, ""), [])] if c.label in weight or c.decides]
    ranked = sorted(
        reasons,
        key=lambda c: (c.label not in decides, not (c.decides and c.dated), not c.decides, -weight.get(c.label, 0.0), not c.row, -abs(c.points)),
    )  # fmt: skip
    named = [c for c in ranked if c.row or not any(o.row and o.label == c.label for o in ranked)]
    return _joined(c.words for c in named) or _joined(f"only together: {name}" for name in weight)


def _joined(words: Iterable[str], most: int = 3) -> str:
    every = list(dict.fromkeys(words))
    more = f"; and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more
