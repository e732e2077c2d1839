"""Differences: what two readings of a layer hold differently, row by row and cell by cell."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.region.layers import Layer

#: Columns that say where a row comes from and move no number.
INERT = ("source_title", "source_url", "note")
_TOLERANCE_M = 1e-6  # one position read twice, or brought from another coordinate system


class CellChange(NamedTuple):
    """One cell that differs; `column` is empty where the whole row came or went.

    Attributes
    ----------
    row
        Key of the row, or `line 12` in a layer without one.
    change
        `added`, `removed` or `changed`.
    old, new
        The cells as text; empty is unknown.
    file, line
        Where the row stands, in the newer file if it is there.
    """

    row: str
    change: str
    column: str
    old: str
    new: str
    file: Path
    line: int


def key_column(base: pd.DataFrame, head: pd.DataFrame, declared: str) -> str:
    """Column that tells the rows of both apart: the declared key, else the first unique `…_id`."""
    for name in [declared, *(str(c) for c in base.columns if str(c).endswith("_id"))]:
        if name and all(name in f and f[name].notna().all() and f[name].is_unique for f in (base, head)):  # fmt: skip
            return name
    return ""


def cell_changes(base: Layer, head: Layer) -> list[CellChange]:
    """Cells that differ between two readings of a layer, in the order of the row keys.

    Rows are matched by their key, so that a file in another order, with its columns in another
    order or written in another format, is no change. Rows of a layer without a key are matched
    whole: one that differs is a row that went and a row that came.
    """
    key = key_column(base.frame, head.frame, base.schema.key)
    old, new = _rows(base, key), _rows(head, key)
    found: list[CellChange] = []
    for name in sorted({*old, *new}):
        side, rows = (head, new) if name in new else (base, old)
        index = rows[name][0]
        place = side.places(index)
        label = name if key else f"line {place.get('line') or index}"
        where = (Path(place["file"]), int(place.get("line", 0)))
        if name in old and name in new:
            a, b = old[name][1], new[name][1]
            found += [
                CellChange(label, "changed", column, _text(a.get(column)), _text(b.get(column)), *where)
                for column in sorted({*a, *b})
                if not _same(a.get(column), b.get(column))
            ]  # fmt: skip
        else:
            found.append(CellChange(label, "added" if name in new else "removed", "", "", "", *where))  # fmt: skip
    return found


def in_system_of(layer: Layer, crs: Any) -> pd.DataFrame:
    """Rows of a layer in a coordinate system."""
    frame = layer.frame
    return frame.to_crs(crs) if isinstance(frame, gpd.GeoDataFrame) and frame.crs != crs else frame


def _rows(layer: Layer, key: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """Row name → index and cells that are not empty."""
    columns = [str(column) for column in layer.frame.columns]
    cells = [layer.frame[column].tolist() for column in columns]
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for index, *row in zip(layer.frame.index, *cells, strict=True):
        record = {column: cell for column, cell in zip(columns, row, strict=True) if not _empty(cell)}  # fmt: skip
        name = str(record[key]) if key else json.dumps({c: _text(v) for c, v in sorted(record.items())})  # fmt: skip
        copies = 1
        while (own := name if copies == 1 else f"{name} {copies}") in found:
            copies += 1
        found[own] = (int(str(index)), record)
    return found


def _empty(cell: Any) -> bool:
    if isinstance(cell, list | tuple | dict | np.ndarray):
        return len(cell) == 0
    if isinstance(cell, shapely.Geometry):
        return bool(cell.is_empty)
    return cell is None or bool(pd.isna(cell))


def _same(old: Any, new: Any) -> bool:
    if old is None or new is None:
        return old is None and new is None
    if isinstance(old, shapely.Geometry) and isinstance(new, shapely.Geometry):
        a, b = shapely.normalize(old), shapely.normalize(new)
        return bool(shapely.equals_exact(a, b, tolerance=_TOLERANCE_M))
    if _number(old) and _number(new):
        return float(old) == float(new)
    return _text(old) == _text(new)


def _number(cell: Any) -> bool:
    return isinstance(cell, int | float | np.integer | np.floating) and not isinstance(cell, bool)


def _text(cell: Any) -> str:
    """A cell as it is printed; numbers without a needless `.0`, geometry by its kind and middle."""
    if cell is None:
        return ""
    if _number(cell):
        return f"{float(cell):.10g}" if math.isfinite(float(cell)) else str(cell)
    if isinstance(cell, shapely.Geometry):
        if isinstance(cell, shapely.Point):
            return f"point {cell.x:.1f} {cell.y:.1f}"
        return f"{cell.geom_type.lower()} of {shapely.get_num_coordinates(cell)} corners"
    if isinstance(cell, Mapping | list | tuple | np.ndarray):
        plain = cell.tolist() if isinstance(cell, np.ndarray) else cell
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)
    return str(cell).strip()
