"""Columns: a table that drops whole columns, then folds names, until it fits; no number is cut."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table

_PROSE, _GAP = 28, 3  # prose may be folded down to this; blanks between columns
_NAME = 8  # names may be folded down to this where nothing more can be dropped


class Head(NamedTuple):
    """Header of a column.

    Attributes
    ----------
    text
        What stands above it, with the unit.
    right
        True for numbers.
    goes
        How soon it goes on a narrow screen: the largest first; 0 only where folding names is not enough.
    wraps
        True for prose, which may take several lines.
    """

    text: str
    right: bool = True
    goes: int = 0
    wraps: bool = False


def fitting_table(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int) -> Table:
    """A table of the columns that fit a width; its caption names those that do not.

    Where nothing more may go, left-aligned columns are folded and headers of numbers broken between
    words; where that does not help, columns go from the right. A number is never cut or folded.
    """
    kept = list(range(len(heads)))
    cells = [[row[column] for row in rows] for column in kept]
    widths = [_width(head, texts) for head, texts in zip(heads, cells, strict=True)]
    least = [_least(head, texts) for head, texts in zip(heads, cells, strict=True)]
    while _total(widths, kept) > width:
        droppable = [column for column in kept if heads[column].goes]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda column: heads[column].goes))
    while _total(least, kept) > width and len(kept) > 1:
        kept.pop()
    table = _table(heads, rows, kept, _narrowed(widths, least, kept, width))
    hidden = [head.text for column, head in enumerate(heads) if column not in kept]
    table.caption = f"not shown at this width: {', '.join(hidden)}" if hidden else None
    table.caption_justify = "left"
    return table


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[column] + _GAP for column in kept) - _GAP


def _width(head: Head, cells: Sequence[str]) -> int:
    widest = max(cell_len(text) for text in (head.text, *cells))
    return min(widest, _PROSE) if head.wraps else widest


def _least(head: Head, cells: Sequence[str]) -> int:
    """Width below which a number or a word of the header would be cut."""
    words = [cell_len(word) for word in head.text.split()]
    if head.right:
        return max([*words, *map(cell_len, cells)], default=0)
    numbers = [cell_len(word) for text in cells for word in text.split() if _is_number(word)]
    return max(*words, *numbers, min(_NAME, _width(head, cells)), 0)


def _is_number(word: str) -> bool:
    """A number, a range or a day; ids and names have letters."""
    return any(sign.isdigit() for sign in word) and not any(sign.isalpha() for sign in word)


def _narrowed(widths: Sequence[int], least: Sequence[int], kept: Sequence[int], width: int) -> dict[int, int]:  # fmt: skip
    """Widths of the columns that must be narrower than they are; the widest gives way first."""
    now = list(widths)
    while _total(now, kept) > width:
        slack = [column for column in kept if now[column] > least[column]]
        if not slack:
            break
        now[max(slack, key=lambda column: now[column])] -= 1
    return {column: now[column] for column in kept if now[column] < widths[column]}


def _table(heads: Sequence[Head], rows: Sequence[Sequence[str]], kept: list[int], narrowed: dict[int, int]) -> Table:  # fmt: skip
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in kept:
        head, width = heads[column], narrowed.get(column)
        text = head.text
        if width is not None and head.right:
            text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
        table.add_column(
            text, justify="right" if head.right else "left", overflow="fold", width=width,
            no_wrap=not head.wraps and (head.right or width is None),
        )  # fmt: skip
    for row in rows:
        table.add_row(*[row[column] for column in kept])
    return table
