"""Tables: CSV as text, with the line and column of every cell kept for findings."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.region.findings import Findings

csv.field_size_limit(2**31 - 1)  # an outline in WKT may be long
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}


@dataclass(frozen=True)
class CellPlaces:
    """Where the rows and cells of a file stand.

    Attributes
    ----------
    lines
        Line of each row, from 1; empty where the format has none.
    starts
        Per row, the first character of each cell, from 1; empty outside CSV.
    names
        Names of the columns as they are in the file.
    """

    path: Path
    lines: tuple[int, ...] = ()
    starts: tuple[tuple[int, ...], ...] = ()
    names: tuple[str, ...] = ()

    def __call__(self, row: int | None = None, native: str | None = None) -> dict[str, Any]:
        """Place of a cell as the keyword arguments of `Findings.add`."""
        if row is None or row >= len(self.lines):
            return {"file": self.path, "line": 1 if native else 0, "column": 1 if native else 0}
        column = 0
        if native in self.names and row < len(self.starts):
            starts = self.starts[row]
            column = starts[min(self.names.index(native), len(starts) - 1)]
        return {"file": self.path, "line": self.lines[row], "column": column}


def read_csv(
    path: Path, delimiter: str, findings: Findings
) -> tuple[pd.DataFrame, CellPlaces] | None:
    """Read a CSV as text cells; None if it cannot be used (the findings say why)."""
    raw = path.read_bytes()
    if raw.startswith(b"\xef\xbb\xbf"):
        findings.add("PW206", "starts with a byte-order mark, which was skipped", severity="warning",
                     file=path, line=1, column=1, remedy="save as `CSV UTF-8` without a byte-order mark")  # fmt: skip
        raw = raw[3:]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        findings.add(
            "PW202",
            f"not UTF-8 at byte {error.start}",
            file=path,
            line=line,
            remedy="save the file as UTF-8",
        )
        return None
    if "\x00" in text:
        findings.add("PW202", "holds null bytes: not a text file", file=path, line=1)
        return None
    records = _records(text, delimiter)
    if not records:
        findings.add(
            "PW204",
            "the file is empty",
            file=path,
            line=1,
            remedy="the first line names the columns",
        )
        return None
    header = [name.strip() for name in records[0][2]]
    if not _delimiter_fits(header, delimiter, path, findings):
        return None
    return _frame(header, records, path, findings)


def _records(text: str, delimiter: str) -> list[tuple[int, tuple[int, ...], list[str]]]:
    """Line, start of each cell and cells of every record that is not blank."""
    counter = _LineCounter(text)
    reader = csv.reader(counter, delimiter=delimiter)
    records = []
    first = 1
    for cells in reader:
        raw = "".join(counter.taken)
        counter.taken.clear()
        if any(cell.strip() for cell in cells):
            records.append((first, _cell_starts(raw, delimiter), cells))
        first = counter.number + 1
    return records


class _LineCounter:
    """Feeds lines to the reader and remembers those of the record at hand."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _LineCounter:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line


def _cell_starts(raw: str, delimiter: str) -> tuple[int, ...]:
    starts, quoted = [1], False
    for position, character in enumerate(raw):
        if character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            starts.append(position + 2)
    return tuple(starts)


def _delimiter_fits(header: list[str], delimiter: str, path: Path, findings: Findings) -> bool:
    if len(header) > 1:
        return True
    for other, name in _OTHER_DELIMITERS.items():
        if other != delimiter and other in header[0]:
            findings.add(
                "PW205", f"cells are separated by {name}, not by {_OTHER_DELIMITERS.get(delimiter, repr(delimiter))}",
                file=path, line=1, column=1,
                remedy=f'save as comma-separated, or declare  delimiter = "{other}"  in the layer',
            )  # fmt: skip
            return False
    return True


def _frame(
    header: list[str],
    records: list[tuple[int, tuple[int, ...], list[str]]],
    path: Path,
    findings: Findings,
) -> tuple[pd.DataFrame, CellPlaces] | None:
    ok = True
    for name in sorted({name for name in header if header.count(name) > 1}):
        findings.add(
            "PW203",
            f"two columns are called `{name}`",
            file=path,
            line=1,
            remedy="rename one of them",
        )
        ok = False
    for line, _, cells in records[1:]:
        if len(cells) != len(header):
            findings.add(
                "PW207", f"the row has {len(cells)} cells, the header {len(header)}", file=path, line=line, column=1,
                remedy="put cells that hold the delimiter in double quotes",
            )  # fmt: skip
            ok = False
    if not ok:
        return None
    frame = pd.DataFrame([cells for _, _, cells in records[1:]], columns=header, dtype=object)
    places = CellPlaces(
        path, tuple(r[0] for r in records[1:]), tuple(r[1] for r in records[1:]), tuple(header)
    )
    return frame, places
