"""Cells: a table of the files of a network as text, and where findings about it go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.tables import CellPlaces, read_csv


@dataclass(frozen=True)
class Table:
    """Cells as text, and where findings about them go."""

    cells: pd.DataFrame
    places: CellPlaces
    findings: Findings

    def has(self, name: str, *, needed: bool) -> bool:
        """Whether there is such a column; a needed one that is absent is an error."""
        if name in self.cells:
            return True
        if needed:
            self.findings.add("PW203", f"no column `{name}`", file=self.places.path, line=1,
                              remedy=did_you_mean(name, [str(c) for c in self.cells]))  # fmt: skip
        return False

    def words(self, name: str, *, needed: bool = True) -> pd.Series:
        """Cells without blanks round them; None throughout for a column that is absent."""
        if not self.has(name, needed=needed):
            return pd.Series([None] * len(self.cells), dtype=object)
        return self.cells[name].fillna("").astype(str).str.strip().astype(object)

    def numbers(
        self, name: str, blank: float = 0.0, *, needed: bool = True, endless: bool = False
    ) -> np.ndarray:
        """Cells as numbers; NaN after a finding, `blank` where empty or absent without need."""
        if not self.has(name, needed=needed):
            return np.full(len(self.cells), np.nan if needed else blank)
        text = self.words(name)
        value = pd.to_numeric(text.where(text != "", "0"), errors="coerce").to_numpy(float).copy()
        value[(text == "").to_numpy()] = blank
        bad = np.isnan(value) & (text != "").to_numpy()
        wild = np.isinf(value) & (not endless)
        for row in np.flatnonzero(bad | wild):
            code = "PW410" if wild[row] else "PW401"
            said = "is not finite" if wild[row] else "is not a number"
            self.findings.add(code, f"{name} = {text[row]} {said}", **self.places(int(row), name))
        value[wild] = np.nan
        return value

    def frame(self, ids: pd.Series, **columns: object) -> pd.DataFrame:
        """A frame by position with ids and the places of its rows."""
        rows = [self.places(row, str(self.cells.columns[0])) for row in range(len(self.cells))]
        frame = pd.DataFrame({"id": ids.to_numpy(), **columns, "place": rows})
        if frame.empty:
            self.findings.add("PW204", "no rows", file=self.places.path, line=1)
        return frame

    def known(self, column: str, ids: pd.Series, buses: pd.Series) -> None:
        """Find every id of the column that is none of the buses."""
        known = set(buses)
        for row in np.flatnonzero(~ids.isin(known).to_numpy()):
            if ids[row] is not None:
                self.findings.add("PW409", f"{column}: there is no `{ids[row]}`", **self.places(int(row), column))  # fmt: skip


def table(path: Path, findings: Findings, *, needed: bool = True) -> Table | None:
    """Cells of a CSV file; None after a finding, or where it is absent without need."""
    if path.is_file():
        read = read_csv(path, ",", findings)
        return Table(*read, findings) if read else None
    if needed:
        findings.add("PW201", f"no file {path.name}", file=path)
    return None
