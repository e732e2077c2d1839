"""Columns: a table that drops whole columns, the least important first, until it fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table

_PROSE, _GAP = 28, 3  # prose may be folded down to this; blanks between columns


class Head(NamedTuple):
    """Header of a column.

    Attributes
    ----------
    text
        What stands above it, with the unit.
    right
        True for numbers.
    goes
        How soon it goes on a narrow screen: 0 never, the largest first.
    wraps
        True for prose, which may take several lines.
    """

    text: str
    right: bool = True
    goes: int = 0
    wraps: bool = False


def fitting_table(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int) -> Table:
    """A table of the columns that fit a width; its caption names those that do not."""
    widths = [_width(head, [row[column] for row in rows]) for column, head in enumerate(heads)]
    kept = list(range(len(heads)))
    while sum(widths[column] + _GAP for column in kept) - _GAP > width:
        droppable = [column for column in kept if heads[column].goes]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda column: heads[column].goes))
    table = _table(heads, rows, kept)
    hidden = [head.text for column, head in enumerate(heads) if column not in kept]
    table.caption = f"not shown at this width: {', '.join(hidden)}" if hidden else None
    table.caption_justify = "left"
    return table


def _width(head: Head, cells: Sequence[str]) -> int:
    widest = max(cell_len(text) for text in (head.text, *cells))
    return min(widest, _PROSE) if head.wraps else widest


def _table(heads: Sequence[Head], rows: Sequence[Sequence[str]], kept: list[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in kept:
        head = heads[column]
        table.add_column(
            head.text, justify="right" if head.right else "left", no_wrap=not head.wraps, overflow="fold"
        )  # fmt: skip
    for row in rows:
        table.add_row(*[row[column] for column in kept])
    return table
