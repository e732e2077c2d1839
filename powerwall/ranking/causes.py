"""Causes: which ingredient, and which row of a layer, stands behind a measure that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.ranking.attribution.reuse import Reuse
from powerwall.ranking.attribution.rows import Movers, column_of, live_cells, movers
from powerwall.ranking.ingredients import Ingredient
from powerwall.ranking.moved import Key, at_risk, touched
from powerwall.ranking.rank import Ranking
from powerwall.ranking.replay import Replay
from powerwall.region.dates import parse_span
from powerwall.region.differences import INERT, CellChange, key_column
from powerwall.region.findings import shown
from powerwall.region.layers import Layer

_CELLS_SAID = 2
LONG = 48  # characters from which a cell is a text, not a value
#: What it means that a date of a row lies between two as-of dates: seen forwards, seen backwards.
_PASSED = {
    "effective_to": ("its window ended {}", "its window had not ended, {}"),
    "effective_from": ("in force from {}", "not yet in force, from {}"),
    "action_date": ("decided {}", "not yet decided, {}"),
}


@dataclass(frozen=True)
class Cause:
    """Why a measure, or a status, differs.

    Attributes
    ----------
    label, words
        The ingredient, and what is said of it.
    layer, row, column, date
        Where it is a row; for one that is unchanged, the date that lies between the as-of dates.
    file, line
        Where the row stands.
    decides
        The measure changes the verdict of a requirement.
    points
        Points of the site's score that a row moves alone; 0 where it was not taken alone.
    columns
        Columns of the row that move it alone; empty where that is not known apart.
    """

    label: str
    words: str
    layer: str = ""
    row: str = ""
    column: str = ""
    date: str = ""
    file: str = ""
    line: int = 0
    decides: bool = False
    points: float = 0.0
    columns: frozenset[str] = frozenset()

    def moves(self, cell: CellChange) -> bool:
        """Tell whether a cell of its row may be what moves the measure."""
        return column_of(cell) in self.columns if self.columns else cell.column not in INERT

    @property
    def dated(self) -> bool:
        """Tell whether the row is unchanged and read on another day."""
        return bool(self.date)


def causes(
    base: Ranking, head: Ranking, replays: list[Replay], measures: pd.DataFrame, behind: Mapping[str, Movers],
) -> dict[Key, list[Cause]]:  # fmt: skip
    """Causes of every measure that differs, and of every status that moves, by site and criterion.

    A status that moves without a measure has no criterion. `behind` holds the rows and columns of
    each layer that moved something.
    """
    wanted = set(zip(measures["site_id"].astype(str), measures["criterion"], strict=True))
    found: dict[Key, list[Cause]] = {}
    for replay in replays:
        if replay.alone is None:
            continue
        rows = _Rows(base, head, replay.item, replay.alone, behind.get(replay.item.label, Movers()))
        verdicts = _verdicts(base, replay.alone)
        for key in sorted(touched(base, replay.alone) & wanted):
            found.setdefault(key, []).extend(
                replace(cause, decides=key in verdicts) for cause in rows.causes(key)
            )
        said = Cause(replay.item.label, _words(replay.item), decides=True)
        for site in _statuses(base, replay.alone):
            found.setdefault((site, ""), []).append(said)
    return found


def movers_of(
    base: Ranking, head: Ranking, replays: list[Replay], reuse: Reuse, progress: Callable[[str], object],
) -> dict[str, Movers]:  # fmt: skip
    """Rows and columns behind each layer that moved something, by the label of its ingredient."""
    return {
        replay.item.label: movers(base, head, replay.item, replay.alone, reuse, progress)
        for replay in replays
        if replay.item.kind == "layer" and replay.alone is not None
    }


def _verdicts(base: Ranking, other: Ranking) -> set[Key]:
    """Requirements whose verdict differs."""
    found: set[Key] = set()
    for name in set(base.verdicts) & set(other.verdicts):
        a, b = base.verdicts[name]["state"], other.verdicts[name]["state"]
        common = a.index.intersection(b.index)
        differs = a.loc[common].to_numpy() != b.loc[common].to_numpy()
        found |= {(str(site), name) for site in common[differs]}
    return found


def _statuses(base: Ranking, other: Ranking) -> list[str]:
    common = base.frame.index.intersection(other.frame.index)
    a, b = base.frame.loc[common], other.frame.loc[common]
    differs = (a["status"] != b["status"]) | (at_risk(a) != at_risk(b))
    return [str(site) for site in common[differs.to_numpy()]]


def _words(item: Ingredient) -> str:
    """An ingredient in words, where no row can be named."""
    return f"layer {item.name}: {item.words}" if item.kind == "layer" else item.words


class _Rows:
    """Rows behind what one ingredient does."""

    def __init__(
        self, base: Ranking, head: Ranking, item: Ingredient, alone: Ranking, behind: Movers
    ) -> None:
        self._base, self._head, self._item, self._alone = base, head, item, alone
        self._behind, self._live = behind, live_cells(item)
        self._named: dict[str, dict[str, set[tuple[str, str]]]] = {}
        self._passed: dict[tuple[str, str], list[Cause]] = {}

    def causes(self, key: Key) -> list[Cause]:
        """Causes of one measure that this ingredient moves."""
        if self._item.kind == "as_of":
            return self._dated(key)
        if self._item.kind == "layer":
            return self._of_layer(key)
        return [Cause(self._item.label, _words(self._item))]

    def _rests_on(self, key: Key) -> set[tuple[str, str]]:
        """Layer and row that a measure names, before and after."""
        site, name = key
        if name not in self._named:
            rests: dict[str, set[tuple[str, str]]] = {}
            for ranking in (self._base, self._alone):
                frame = ranking.measures[name]
                for index, layer, row in zip(frame.index, frame["layer"], frame["row"], strict=True):  # fmt: skip
                    if isinstance(layer, str) and isinstance(row, str) and row:
                        rests.setdefault(str(index), set()).add((layer, row))
            self._named[name] = rests
        return self._named[name].get(site, set())

    # ------------------------------------------------------------------------------ a layer
    def _of_layer(self, key: Key) -> list[Cause]:
        """Rows that move the measure alone; else those it rests on; else the layer."""
        name, rows = self._item.name, self._behind.rows.get(key, set())
        if not rows and len(self._live) == 1 and not self._item.keys:
            rows = set(self._live)  # a layer without a key for its rows
        if not rows:
            rows = {row for layer, row in self._rests_on(key) if layer == name} & set(self._live)
        left = len(set(self._behind.left) - rows)
        more = f" and {left} more row{'s' if left != 1 else ''}" if left else ""
        if not rows:
            return [Cause(self._item.label, _words(self._item), layer=name)]
        ordered = sorted(rows, key=lambda row: (-abs(self._points(row, key[0])), row))
        return [self._changed(row, key, more) for row in ordered]

    def _points(self, row: str, site: str) -> float:
        return round(self._behind.points.get(row, {}).get(site, 0.0), 9)

    def _changed(self, row: str, key: Key, left: str) -> Cause:
        """A row with the cells that moved the measure: those of the columns that do so alone."""
        columns = frozenset(self._behind.columns.get(key, set())) & {
            column_of(c) for c in self._live[row]
        }
        cells = [c for c in self._live[row] if column_of(c) in columns] or self._live[row]
        cells = sorted(cells, key=lambda c: c.column in INERT)
        said = [said_of(cell) for cell in cells[:_CELLS_SAID]]
        more = f" and {len(cells) - _CELLS_SAID} more cells" if len(cells) > _CELLS_SAID else ""
        file, line = cells[0].file.as_posix(), cells[0].line
        words = f"{self._item.name} {row}: {', '.join(said)}{more} ({place(file, line)}){left}"
        points = self._points(row, key[0])
        return Cause(self._item.label, words, self._item.name, row, cells[0].column, "", file, line, points=points, columns=columns)  # fmt: skip

    # ----------------------------------------------------------------------------- the as-of
    def _dated(self, key: Key) -> list[Cause]:
        days = (self._base.regions[0].request.as_of, self._head.regions[0].request.as_of)
        found = [
            cause
            for layer, row in sorted(self._rests_on(key))
            for cause in self._passing(layer, row, days)
        ]
        return found or [Cause(self._item.label, _words(self._item))]

    def _passing(self, layer: str, row: str, days: tuple[date, date]) -> list[Cause]:
        if (layer, row) not in self._passed:
            there = self._base.regions[0].layers.get(layer)
            self._passed[layer, row] = [] if there is None else _passed(there, row, days, self._item.label)  # fmt: skip
        return self._passed[layer, row]


def _passed(layer: Layer, row: str, days: tuple[date, date], label: str) -> list[Cause]:
    """Dates of a row that lie between two days."""
    key = key_column(layer.frame, layer.frame, layer.schema.key)
    rows = layer.frame[layer.frame[key].astype(str) == row] if key else layer.frame.iloc[:0]
    found = []
    for index, record in zip(rows.index, rows.to_dict("records"), strict=True):
        at = layer.places(int(str(index)))
        file, line = Path(at["file"]).as_posix(), int(at.get("line", 0))
        for column in _between(record, layer.schema.dates, days):
            forwards, backwards = _PASSED.get(column, (f"{column.replace('_', ' ')} {{}} passed", f"{column.replace('_', ' ')} {{}} lies ahead again"))  # fmt: skip
            on = str(record[column])
            said = (forwards if days[0] < days[1] else backwards).format(on)
            words = f"{layer.name} {row}: {said} ({place(file, line)})"
            found.append(Cause(label, words, layer.name, row, column, on, file, line))
    return found


def _between(
    record: Mapping[object, object], columns: tuple[str, ...], days: tuple[date, date]
) -> list[str]:
    low, high = min(days), max(days)
    found = []
    for column in columns:
        cell = record.get(column)
        if isinstance(cell, str) and cell.strip():
            span = parse_span(cell)
            if low < span.last and span.first <= high:
                found.append(column)
    return found


def said_of(cell: CellChange) -> str:
    """`effective_to 2027-03-01 → 2026-09-01`; a long text is not repeated."""
    if not cell.column:
        return cell.change
    if max(len(cell.old), len(cell.new)) > LONG:
        return f"{cell.column} rewritten"
    return f"{cell.column} {cell.old or '–'} → {cell.new or '–'}"


def place(file: str, line: int) -> str:
    """`file:line`, as a person reads it."""
    return f"{shown(file)}:{line}" if line else shown(file)
