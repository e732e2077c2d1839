"""Rows: which rows and columns of a layer move what the layer moves, by taking them alone.

Rows are first taken in halves, once for each binary digit of their place in the order of the keys:
a measure that one row moves is moved by one half of every pair and left alone by the other, and the
halves that move it spell the row. Rows that this does not tell are taken one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from powerwall.ranking.moved import Key, touched
from powerwall.ranking.replay import ILLEGAL, with_rows
from powerwall.region.differences import INERT, CellChange, in_system_of, key_column

if TYPE_CHECKING:
    from powerwall.ranking.attribution.reuse import Reuse
    from powerwall.ranking.ingredients import Ingredient
    from powerwall.ranking.rank import Ranking

ROWS_ALONE = 200  # assumed: rows of a layer that are taken one at a time; beyond it, by halves
_FEW = 6  # two replays a binary digit: rows up to which one at a time is no dearer than halves
_PLACE = frozenset({"geometry", "lon", "lat", "wkt"})  # one position in several columns


@dataclass(frozen=True)
class Movers:
    """What moves the measures that a layer moves.

    Attributes
    ----------
    rows
        Site and criterion → rows that move it alone.
    columns
        Site and criterion → columns that move it alone; empty where a row differs in one column.
    points
        Row → site → points of its score, alone.
    left
        Rows that were not taken alone.
    """

    rows: dict[Key, set[str]] = field(default_factory=dict)
    columns: dict[Key, set[str]] = field(default_factory=dict)
    points: dict[str, dict[str, float]] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def movers(
    base: Ranking, head: Ranking, item: Ingredient, alone: Ranking, reuse: Reuse, progress: Callable[[str], object],
) -> Movers:  # fmt: skip
    """Rows and columns of a layer that move what the layer moves.

    Parameters
    ----------
    base, head
        Before and after.
    item, alone
        The layer as an ingredient, and the base with it alone.
    reuse
        Measures of the base that need not be taken again.
    progress
        Told what is taken alone.
    """
    cells = live_cells(item)
    open_ = touched(base, alone)
    old, new = (side.regions[0].layers.get(item.name) for side in (base, head))
    if not cells or not open_ or old is None or new is None:
        return Movers()
    theirs = in_system_of(new, base.regions[0].sites.crs)
    if not key_column(old.frame, theirs, old.schema.key):
        return Movers()  # no row has a name
    search = _Search(base, head, item.name, alone, reuse, progress)
    if len(cells) == 1 and not item.keys:
        search.keep(next(iter(cells)), open_, alone)
    else:
        search.find(sorted(cells), open_)
    search.find_columns(cells, open_)
    return Movers(search.rows, search.columns, search.points, tuple(search.left))


def live_cells(item: Ingredient) -> dict[str, list[CellChange]]:
    """Cells that differ by row; rows that differ only in what moves no number come where all do."""
    cells: dict[str, list[CellChange]] = {}
    for cell in item.cells:
        cells.setdefault(cell.row, []).append(cell)
    lively = {row: own for row, own in cells.items() if any(c.column not in INERT for c in own)}
    return lively or cells


class _Search:
    """Replays of one layer, and what they told so far: see `Movers`."""

    def __init__(
        self, base: Ranking, head: Ranking, layer: str, alone: Ranking, reuse: Reuse, progress: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._base, self._head, self._layer, self._alone = base, head, layer, alone
        self._reuse, self._progress = reuse, progress
        self.rows: dict[Key, set[str]] = {}
        self.columns: dict[Key, set[str]] = {}
        self.points: dict[str, dict[str, float]] = {}
        self.left: list[str] = []

    def _replay(self, rows: Collection[str], columns: Collection[str] | None = None) -> Ranking | None:  # fmt: skip
        """The base with some rows, or cells of them; None where they are not legal alone."""
        what = next(iter(rows)) if len(rows) == 1 else f"{len(rows)} rows"
        self._progress(f"{self._layer} {what}" + (f" {', '.join(sorted(columns))}" if columns else ""))  # fmt: skip
        try:
            return with_rows(self._base, self._head, self._layer, rows, columns, self._reuse)
        except ILLEGAL:
            return None

    def keep(self, row: str, keys: Collection[Key], alone: Ranking) -> None:
        """Keep that a row moves some measures, and by how many points."""
        for site, name in sorted(keys):
            self.rows.setdefault((site, name), set()).add(row)
            sites = self.points.setdefault(row, {})
            sites[site] = sites.get(site, 0.0) + _points(self._base, alone, (site, name))

    def find(self, rows: list[str], open_: set[Key]) -> None:
        """Find the rows behind every measure that is open."""
        candidates = rows
        if len(rows) > _FEW:
            candidates, open_ = self._by_digits(rows, open_)
        queue = [[row] for row in candidates]
        if len(candidates) > ROWS_ALONE:
            half = len(candidates) // 2
            queue = [candidates[:half], candidates[half:]]
        for _ in range(2 * ROWS_ALONE):
            if not queue:
                break
            part = queue.pop(0)
            alone = self._replay(part)
            moved = touched(self._base, alone) & open_ if alone else open_
            if len(part) == 1 and alone is None:
                self.left += part
            elif len(part) == 1 and alone is not None:
                self.keep(part[0], moved, alone)
            elif moved:
                queue += [part[: len(part) // 2], part[len(part) // 2 :]]
        self.left = sorted([*self.left, *(row for part in queue for row in part)])

    def _by_digits(self, rows: list[str], open_: set[Key]) -> tuple[list[str], set[Key]]:
        """Tell measures that one row moves; the rows that may move the others, and those measures."""
        possible = {key: set(range(len(rows))) for key in open_}
        single = dict.fromkeys(open_, True)
        for digit in range((len(rows) - 1).bit_length()):
            halves = [{at for at in range(len(rows)) if at >> digit & 1 == side} for side in (0, 1)]
            replays = [self._replay({rows[at] for at in half}) for half in halves]
            # a half that is not legal alone may move anything, and tells no row apart
            moved = [touched(self._base, replay) if replay else open_ for replay in replays]
            other = [touched(self._alone, replay) if replay else open_ for replay in replays]
            for key in open_:
                hit = [side for side in (0, 1) if key in moved[side]]
                single[key] &= len(hit) == 1 and key not in other[hit[0]]
                for side in {0, 1} - set(hit):
                    possible[key] -= halves[side]
        told = {key for key in open_ if single[key] and len(possible[key]) == 1}
        for key in sorted(told):
            (at,) = possible[key]
            self.keep(rows[at], [key], self._alone)
        rest = open_ - told
        return sorted({rows[at] for key in rest for at in possible[key]}), rest

    def find_columns(self, cells: dict[str, list[CellChange]], open_: set[Key]) -> None:
        """Find the columns behind them, each taken alone in all rows that changed."""
        moving = {row for rows in self.rows.values() for row in rows}
        changed = {row: {column_of(c) for c in cells[row] if c.change == "changed" and c.column not in INERT} for row in moving}  # fmt: skip
        if all(len(columns) < 2 for columns in changed.values()):
            return
        for column in sorted(set().union(*changed.values())):
            own = {row for row, columns in changed.items() if column in columns}
            names = _PLACE if column == "geometry" else {column}
            alone = self._replay(own, {c.column for row in own for c in cells[row]} & names)
            # a column that is not legal alone is named with its row
            moved = touched(self._base, alone) if alone else {key for key in open_ if self.rows.get(key, set()) & own}  # fmt: skip
            for key in moved & open_:
                self.columns.setdefault(key, set()).add(column)


def column_of(cell: CellChange) -> str:
    """Column of a cell; that of a position is `geometry`, however it is written."""
    return "geometry" if cell.column in _PLACE else cell.column


def _points(base: Ranking, other: Ranking, key: Key) -> float:
    """Points of the score that a measure moves at a site."""
    site, name = key
    if name not in base.contributions or name not in other.contributions:
        return 0.0
    return float(other.contributions[name].loc[site] - base.contributions[name].loc[site])
