"""Sheets: tables of text cells from CSV, workbooks and Parquet; headers are found by what they say."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from powerwall.importers.columns import folded
from powerwall.importers.delivery import Tally
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.tables import read_csv

_WORKBOOKS = {".xlsx", ".xlsm", ".xls"}
#: Rows of a sheet among which the header is looked for.
_HEADER_WITHIN = 60
#: Words that mean an empty cell in public tables.
EMPTY_WORDS = frozenset({
    "", "-", "–", "na", "n/a", "nan", "none", "null", "tbd", "tba", "unknown", "not available", "date not available", "#value!", "#n/a", "#ref!",
    "not applicable", "insufficient data",
})  # fmt: skip


_THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"


class Sheet(NamedTuple):
    """A table as text.

    Attributes
    ----------
    name
        Of the sheet, or of the file.
    frame
        Text cells under folded names, an empty cell is "". The index is the line in the file.
    """

    name: str
    frame: pd.DataFrame


def read_sheets(
    path: Path, marks: Collection[str], tally: Tally, findings: Findings, header_rows: int = 1, encoding: str = ""
) -> list[Sheet]:  # fmt: skip
    """Tables of a file whose header holds all of `marks`; empty where none does (see the findings).

    Parameters
    ----------
    path
        CSV, Parquet or workbook.
    marks
        Folded names that tell the header from titles and notes above it.
    header_rows
        Rows of the header: texts of one column are joined by a blank.
    encoding
        How the publisher writes text that is not UTF-8; without it such a text is refused.
    """
    raw = _raw(path, findings, encoding)
    found = [sheet for name, cells in raw if (sheet := _headed(name, cells, marks, header_rows)) is not None]  # fmt: skip
    if raw and not found:
        seen = [str(cell) for cell in raw[0][1].iloc[0] if str(cell).strip()] if len(raw[0][1]) else []  # fmt: skip
        wanted = sorted(marks)
        findings.add("PW203", f"no table with the columns {', '.join(wanted)}", file=path,
                     remedy=did_you_mean(wanted[0], [folded(name) for name in seen]) or "is it the right file?")  # fmt: skip
    tally.read += sum(len(sheet.frame) for sheet in found)
    return found


def read_cells(path: Path, findings: Findings) -> list[tuple[str, pd.DataFrame]]:
    """Name and text cells of every sheet, headers among them; the index is the line."""
    return _raw(path, findings)


def headed(name: str, cells: pd.DataFrame, marks: Collection[str]) -> Sheet | None:
    """The table below the first row of a sheet that holds all marks; None where none does."""
    return _headed(name, cells, marks, 1)


def _raw(path: Path, findings: Findings, encoding: str = "") -> list[tuple[str, pd.DataFrame]]:
    """Cells of every sheet as text, headers among them; the index is the line."""
    if not path.is_file():
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add("PW201", "no such file", file=path, remedy=did_you_mean(path.name, near))
        return []
    if path.suffix.lower() in _WORKBOOKS:
        return _workbook(path, findings)
    if path.suffix.lower() == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            findings.add("PW202", f"cannot be read: {str(error).splitlines()[0]}", file=path)
            return []
        shapes = [name for name in frame if any(isinstance(cell, bytes) for cell in frame[name])]
        frame = frame.drop(columns=shapes)  # coordinates that a table of text has no use for
        cells = pd.DataFrame([list(map(str, frame.columns)), *frame.astype(object).where(frame.notna(), "").astype(str).to_numpy()])  # fmt: skip
        return [(path.name, cells)]
    return _text(path, findings, encoding)


def _text(path: Path, findings: Findings, encoding: str = "") -> list[tuple[str, pd.DataFrame]]:
    start = path.read_bytes()[:65_536]
    if start.startswith(b"PK"):
        findings.add("PW202", "is a workbook under another name", file=path, remedy="give it the suffix .xlsx")  # fmt: skip
        return []
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        findings.add("PW202", "is a web page, not the file", file=path, remedy="open it to read what the server said, and download the file again")  # fmt: skip
        return []
    head = start.decode("utf-8", errors="replace").split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    if encoding and (other := _recoded(path, encoding, delimiter, findings)) is not None:
        return other
    read = read_csv(path, delimiter, findings)
    if read is None:
        return []
    frame, places = read
    rows = pd.DataFrame([list(frame.columns), *frame.fillna("").astype(str).to_numpy()])
    rows.index = pd.Index([1, *places.lines])
    return [(path.name, rows)]


def _recoded(
    path: Path, encoding: str, delimiter: str, findings: Findings
) -> list[tuple[str, pd.DataFrame]] | None:
    """Cells of a text in the publisher's own encoding; None where it is UTF-8 after all."""
    raw = path.read_bytes()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        reader = csv.reader(io.StringIO(raw.decode(encoding, errors="replace"), newline=""), delimiter=delimiter)  # fmt: skip
        read = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    else:
        return None
    for line, cells in read:
        if len(cells) != len(read[0][1]):
            findings.add("PW207", f"the row has {len(cells)} cells, the header {len(read[0][1])}", file=path, line=line, remedy="put cells that hold the delimiter in double quotes")  # fmt: skip
    if any(len(cells) != len(read[0][1]) for _, cells in read):
        return []
    return [(path.name, pd.DataFrame([cells for _, cells in read], index=pd.Index([line for line, _ in read])))]  # fmt: skip


def _workbook(path: Path, findings: Findings) -> list[tuple[str, pd.DataFrame]]:
    try:
        with warnings.catch_warnings():  # of decorations that a table does not need
            warnings.simplefilter("ignore", UserWarning)
            sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, keep_default_na=False, na_filter=False)  # fmt: skip
    except ImportError:
        findings.add("PW202", "a workbook needs openpyxl", remedy="pip install 'powerwall[excel]', or save the sheet as CSV", file=path)  # fmt: skip
        return []
    except (ValueError, OSError, KeyError, zipfile.BadZipFile):
        findings.add("PW202", "is no workbook, whatever its name says", remedy="save the sheet as .xlsx or CSV", file=path)  # fmt: skip
        return []
    return [(name, _as_text(cells)) for name, cells in sheets.items()]


def _as_text(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of a workbook as text: days as ISO, whole numbers without a point. Lines from 1."""
    made = cells.map(_cell)
    made.index = pd.RangeIndex(1, len(made) + 1)
    return made


def _cell(cell: object) -> str:
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    return str(cell).replace("\N{NO-BREAK SPACE}", " ").strip()


def _headed(name: str, cells: pd.DataFrame, marks: Collection[str], rows: int) -> Sheet | None:
    """The table below the first row that holds all marks."""
    for at in range(min(len(cells), _HEADER_WITHIN)):
        heads = cells.iloc[at : at + rows]
        names = [folded(" ".join(" ".join(map(str, column)).split())) for column in heads.to_numpy().T]  # fmt: skip
        if set(marks) <= set(names):
            body = cells.iloc[at + rows :]
            body = body[(body.astype(str) != "").any(axis=1).to_numpy()]
            keep = [place for place, own in enumerate(names) if own and own not in names[:place]]
            frame = body.iloc[:, keep].fillna("").astype(str)
            return Sheet(name, frame.set_axis([names[place] for place in keep], axis=1))
    return None


def emptied(column: pd.Series, tally: Tally, more: Collection[str] = ()) -> pd.Series:
    """Text cells, those that only say that there is nothing as missing; they are counted."""
    text = column.astype(str).str.strip()
    nothing = text.str.lower().isin(EMPTY_WORDS | set(more))
    said = nothing & (text != "")
    for word, count in text[said].value_counts().items():
        tally.emptied[f"{column.name}: `{word}`"] += int(count)
    return text.mask(nothing)


def numbers(column: pd.Series, tally: Tally, sentinels: Collection[float] = ()) -> pd.Series:
    """Numbers of text or numeric cells; sentinels and what is no number are missing, and counted.

    A comma parts thousands, three digits after it: `50,5` is no number, and no 505.
    """
    text = emptied(column, tally).astype("string")
    text = text.mask(text.str.fullmatch(_THOUSANDS).fillna(value=False), text.str.replace(",", "", regex=False))  # fmt: skip
    found = pd.to_numeric(text, errors="coerce").astype(float)
    strange = text.notna() & found.isna()
    if strange.any():
        tally.emptied[f"{column.name}: no number, e.g. `{text[strange].iloc[0][:30]}`"] += int(strange.sum())  # fmt: skip
    hit = found.isin(list(sentinels))
    for value, count in found[hit].value_counts().items():
        tally.emptied[f"{column.name}: {value:g}"] += int(count)
    return found.mask(hit)
