"""Cells: sentinels become unknown, text becomes numbers, native units become canonical ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.region import FileTable
from powerwall.region.schema import STATUS, LayerSchema
from powerwall.region.tables import CellPlaces
from powerwall.region.units import Unit, factor, unit_of

#: Numbers that never are a measurement (HIFLD, Aqueduct, shapefiles), in every column.
ALWAYS_NODATA = (-9999.0, -99999.0, -999999.0)
#: Numbers that mean no data where the unit cannot hold them (capacities, weather files).
NODATA_OUT_OF_RANGE = (-999.0, -99.0, 9999.0, 99999.0, 999999.0, 9999999.0)
WORDS_NODATA = frozenset({
    "not available", "n/a", "na", "nan", "null", "none", "#value!", "#n/a", "#ref!", "#div/0!",
    "date not available", "not applicable", "insufficient data", "no data", "tbd", "-", "?",
})  # fmt: skip


def clean_cells(
    frame: pd.DataFrame, schema: LayerSchema, table: FileTable, cells: CellPlaces,
    native: dict[str, str], findings: Findings,
) -> pd.DataFrame:  # fmt: skip
    """Canonical cells of a layer: numbers as float64, everything unknown as missing.

    Every cell that had to be read as unknown without being declared is a finding.
    """
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        column = frame[name]
        cleaner = _Cleaner(
            str(name), native.get(str(name), str(name)), schema, table, cells, findings
        )
        columns[str(name)] = column if name == "geometry" else cleaner.clean(column)
    cleaned = pd.DataFrame(columns, index=frame.index)
    if type(frame) is pd.DataFrame:
        return cleaned
    return frame.assign(**{name: cleaned[name] for name in cleaned if name != "geometry"})


class _Cleaner:
    """What is known of one column, and where its findings go."""

    def __init__(
        self,
        name: str,
        native: str,
        schema: LayerSchema,
        table: FileTable,
        cells: CellPlaces,
        findings: Findings,
    ) -> None:
        self.name, self.native, self.schema, self.cells, self.findings = (
            name,
            native,
            schema,
            cells,
            findings,
        )
        mapped = table.columns.get(name)
        self.declared = {
            str(item).strip().casefold()
            for item in [*table.nodata, *(mapped.nodata if mapped else [])]
        }
        self.native_unit = mapped.unit if mapped else None
        self.unit = unit_of(name)

    def clean(self, column: pd.Series) -> pd.Series:
        if column.dtype == object and any(isinstance(cell, list | dict) for cell in column):
            return column.map(self._nested)
        if self.unit is not None:
            return self._numbers(column, self.unit)
        if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
            return self._plain_numbers(column)
        return self._words(column)

    def _add(
        self, code: str, message: str, row: int, severity: str = "error", remedy: str = ""
    ) -> None:
        self.findings.add(
            code, message, severity=severity, remedy=remedy, **self.cells(row, self.native)
        )

    def _sentinel(self, row: int, shown: object) -> None:
        self._add(
            "PW403", f"{self.name} = {shown} was read as unknown", row, "warning",
            f"leave the cell empty, or declare  nodata = [{shown if isinstance(shown, float) else repr(str(shown))}]".replace("'", '"'),
        )  # fmt: skip

    def _numbers(self, column: pd.Series, unit: Unit) -> pd.Series:
        if pd.api.types.is_numeric_dtype(column):
            raw = column.to_numpy(dtype=float, na_value=np.nan, copy=True)
            declared = np.isin(raw, [float(item) for item in self.declared if _is_number(item)])
        else:
            texts = _texts(column)
            raw = np.array([_number(text) for text in texts], dtype=float)
            declared = np.array([text.casefold() in self.declared for text in texts], dtype=bool)
            declared |= np.isin(raw, [float(item) for item in self.declared if _is_number(item)])
            for row in np.flatnonzero(np.isnan(raw) & ~declared):
                if texts[row]:
                    self._not_a_number(int(row), texts[row])
        raw[declared] = np.nan
        for row in np.flatnonzero(np.isinf(raw)):
            text = f"{self.name} = {raw[row]:g} is not finite and counts as unknown"
            self._add("PW410", text, int(row), "warning")
        raw[np.isinf(raw)] = np.nan
        numbers = raw * self._factor(unit)
        self._out_of_range(numbers, raw, unit)
        return pd.Series(numbers, index=column.index, name=column.name)

    def _not_a_number(self, row: int, text: str) -> None:
        if text.casefold() in WORDS_NODATA:
            self._sentinel(row, text)
            return
        remedy = "write the number alone, with a point for decimals"
        if "," in text:
            remedy = "no thousands separators, and a point for decimals"
        self._add("PW401", f"{self.name} = `{text}` is not a number", row, remedy=remedy)

    def _factor(self, unit: Unit) -> float:
        if self.native_unit is None:
            return 1.0
        found = factor(self.native_unit, unit)
        if found is None:
            known = [unit.symbol, *unit.also]
            self.findings.add(
                "PW407", f"{self.name}: cannot turn `{self.native_unit}` into {unit.symbol}",
                remedy=did_you_mean(self.native_unit, known), **self.cells(None, "header"),
            )  # fmt: skip
            return 1.0
        return found

    def _out_of_range(self, numbers: np.ndarray, raw: np.ndarray, unit: Unit) -> None:
        """Null the sentinels, then report what no site can be."""
        with np.errstate(invalid="ignore"):
            outside = (numbers < unit.low) | (numbers > unit.high)
        sentinel = ~np.isnan(numbers) & (
            np.isin(raw, ALWAYS_NODATA) | (np.isin(raw, NODATA_OUT_OF_RANGE) & outside)
        )
        for row in np.flatnonzero(sentinel):
            self._sentinel(int(row), float(raw[row]))
        numbers[sentinel] = np.nan
        for row in np.flatnonzero(outside & ~sentinel):
            severity = "error" if self.name in {"lon", "lat"} else "warning"
            self._add(
                "PW402",
                f"{self.name} = {raw[row]:g} is outside {unit.low:g} … {unit.high:g} {unit.symbol}",
                int(row),
                severity,
            )

    def _plain_numbers(self, column: pd.Series) -> pd.Series:
        sentinel = column.isin(ALWAYS_NODATA).to_numpy()
        for row in np.flatnonzero(sentinel):
            self._sentinel(int(row), float(column.iloc[row]))
        if self.name.endswith("_id") or self.name == self.schema.key:
            column = column.astype("string").astype(
                object
            )  # an id is text, whatever the file thinks
        return column.where(~sentinel) if sentinel.any() else column

    def _words(self, column: pd.Series) -> pd.Series:
        coded = self.name in self.schema.words or self.name in self.schema.dates
        nodata = _TEXT_NODATA | WORDS_NODATA if coded or self.name.endswith("_id") else _TEXT_NODATA
        cells: list[str | None] = [text or None for text in _texts(column)]
        distinct = {cell for cell in cells if cell}  # few of very many cells, as a rule
        void = {cell for cell in distinct if self._is_void(cell.casefold())}
        sentinels = {cell for cell in distinct - void if cell.casefold() in nodata}
        for row, cell in enumerate(cells if void or sentinels else ()):
            if cell in sentinels:
                self._sentinel(row, cell)
            if cell in void or cell in sentinels:
                cells[row] = None
        self._check_words(cells)
        self._check_dates(cells)
        return pd.Series(cells, index=column.index, name=column.name, dtype=object)

    def _is_void(self, text: str) -> bool:
        """Tell whether the region file declares a cell, as text or as a number, to mean no data."""
        if not self.declared:
            return False
        return text in self.declared or (_is_number(text) and str(float(text)) in self.declared)

    def _check_words(self, cells: list[str | None]) -> None:
        provenance = self.name == "status" and self.schema.key and "status" not in self.schema.words
        known = STATUS if provenance else self.schema.words.get(self.name)
        if known is None:
            return
        for row, cell in enumerate(cells):
            if cell is not None and cell not in known:
                text = f"{self.name} = `{cell}` is not a word of this column"
                self._add("PW406", text, row, "warning", did_you_mean(cell, known))
                cells[row] = None

    def _check_dates(self, cells: list[str | None]) -> None:
        if self.name not in self.schema.dates:
            return
        for row, cell in enumerate(cells):
            try:
                parse_span(cell or "2000")
            except ValueError as error:
                self._add("PW408", f"{self.name}: {error}", row)

    def _nested(self, cell: Any) -> Any:
        return nested_cells(self.name, cell, self.cells.path, self.findings)


def nested_cells(name: str, cell: Any, path: Path, findings: Findings) -> Any:
    """Lists and tables of a JSON layer without the same sentinels, at any depth."""
    if isinstance(cell, dict):
        return {key: nested_cells(name, value, path, findings) for key, value in cell.items()}
    if isinstance(cell, list):
        return [nested_cells(name, value, path, findings) for value in cell]
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    if float(cell) in ALWAYS_NODATA:
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
            if str(cell) in line:
                findings.add("PW403", f"{name}: {cell} was read as unknown", severity="warning", file=path, line=number,
                             column=line.index(str(cell)) + 1, remedy="write null")  # fmt: skip
        return None
    return None if math.isnan(cell) else cell


#: The sentinels as they stand in text cells.
_TEXT_NODATA = frozenset(
    text for number in ALWAYS_NODATA for text in (f"{number:.0f}", f"{number:.1f}", f"{number:.2f}")
)


def _texts(column: pd.Series) -> list[str]:
    """Cells as stripped text; missing ones are empty."""
    return [
        cell.strip() if isinstance(cell, str) else ("" if pd.isna(cell) else str(cell))
        for cell in column.tolist()
    ]


def _number(text: str) -> float:
    """A number as a file writes it; NaN for anything else."""
    return float(text) if text and _is_number(text) else math.nan


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000, no table means it
