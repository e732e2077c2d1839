"""Workbook: a ranking for Excel, with its points, requirements, sources and method on further sheets.

Numbers stay numbers; an unknown is the text `?`, what does not apply `–`. Text of a region is text
even where it looks like a formula. The same ranking gives the same bytes.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN
from powerwall.output.workbook_rows import Cell, Sheet, sheets

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_CORE = "docProps/core.xml"
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST_CHARACTERS = 32_767  # of a cell
_WIDEST, _NARROWEST = 60, 8  # columns, in characters


class _Look(NamedTuple):
    """Styles, made once a workbook."""

    head: Any
    fill: Any
    quiet: Any
    bold: Any
    link: Any
    wraps: Any
    middle: Any


def write_workbook(ranking: Ranking, path: Path) -> None:
    """Write a ranking as an Excel workbook."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    look = _look()
    for sheet in sheets(ranking):
        _fill(book.create_sheet(sheet.title), sheet, look)
    as_of = ranking.regions[0].request.as_of
    book.properties.creator = "powerwall"
    book.properties.title = ", ".join(region.table.title for region in ranking.regions)
    book.properties.created = datetime.combine(as_of, time())
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_without_clock(buffer.getvalue(), as_of))


def _look() -> _Look:
    from openpyxl.styles import Alignment, Font, PatternFill

    return _Look(
        Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F3A5F"), Font(italic=True, color="767676"),
        Font(bold=True), Font(color="0563C1", underline="single"), Alignment(wrap_text=True, vertical="top"), Alignment(horizontal="center", vertical="top"),
    )  # fmt: skip


def _fill(to: Any, sheet: Sheet, look: _Look) -> None:
    """Put the rows of a sheet into it, its header frozen and filtered."""
    from openpyxl.utils import get_column_letter

    for column, head in enumerate(sheet.heads, 1):
        cell = to.cell(1, column)
        _put(cell, Cell(head), look)
        cell.font, cell.fill, cell.alignment = look.head, look.fill, look.wraps
    for number, row in enumerate(sheet.rows, 2):
        for column, entry in enumerate(row, 1):
            _put(to.cell(number, column), entry, look)
    for column, width in enumerate(_widths(sheet), 1):
        to.column_dimensions[get_column_letter(column)].width = width
    to.freeze_panes = to.cell(2, sheet.frozen + 1).coordinate
    if sheet.filtered:
        to.auto_filter.ref = f"A1:{get_column_letter(len(sheet.heads))}{len(sheet.rows) + 1}"
    to.print_title_rows = "1:1"
    to.page_setup.orientation, to.page_setup.fitToWidth, to.page_setup.fitToHeight = "landscape", 1, 0  # fmt: skip
    to.sheet_properties.pageSetUpPr.fitToPage = True


def _put(cell: Any, entry: Cell, look: _Look) -> None:
    """Put a value into a cell: numbers and days as such, text as text."""
    value = entry.value
    if isinstance(value, float) and not math.isfinite(value):
        value = UNKNOWN if math.isnan(value) else "∞" if value > 0 else "−∞"
    if isinstance(value, str):
        _put_text(cell, value, look)
    else:
        cell.value, cell.number_format = value, entry.form
    if entry.quiet:
        cell.font = look.quiet
    if entry.bold:
        cell.font = look.bold


def _put_text(cell: Any, text: str, look: _Look) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    plain = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.value = plain[:_MOST_CHARACTERS]
    cell.data_type = "s"  # never a formula, and never an error such as #N/A
    cell.alignment = look.wraps
    if plain.startswith(_LIKE_A_FORMULA):
        cell.quotePrefix = True
    if plain in {UNKNOWN, NOT_APPLICABLE}:
        cell.font, cell.alignment = look.quiet, look.middle
    elif plain.startswith(("https://", "http://")) and " " not in plain:
        cell.hyperlink, cell.font = plain, look.link
        cell.data_type = "s"


def _widths(sheet: Sheet) -> Iterable[float]:
    """Widths that show numbers whole; long text wraps."""
    for column, head in enumerate(sheet.heads):
        longest = max((len(_told(row[column])) for row in sheet.rows if column < len(row)), default=0)  # fmt: skip
        words = max(len(word) for word in head.split()) if head else 0
        yield min(max(longest, words, min(len(head), 12), _NARROWEST) + 2, _WIDEST)


def _told(entry: Cell) -> str:
    """About as many characters as a cell shows."""
    value = entry.value
    if isinstance(value, float):
        return f"{value:,.2f}" if math.isfinite(value) else UNKNOWN
    return "0000-00-00" if isinstance(value, date) else str(value)


def _without_clock(content: bytes, as_of: date) -> bytes:
    """The same workbook, dated by the ranking and not by the computer."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in _in_order(old.namelist()):
            part = old.read(name)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3  # fmt: skip
            new.writestr(entry, _dated(part, as_of) if name == _CORE else part)
    return buffer.getvalue()


def _in_order(names: Sequence[str]) -> list[str]:
    """The content types first, as readers expect."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))


def _dated(core: bytes, as_of: date) -> bytes:
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.xml.functions import fromstring, tostring

    properties = DocumentProperties.from_tree(fromstring(core))
    properties.modified = datetime.combine(as_of, time())
    return tostring(properties.to_tree())
