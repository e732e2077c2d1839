"""Cells: the candidates of a grid as arrays, which other processes open by path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS

if TYPE_CHECKING:
    import pyarrow as pa

_ARRAYS = ("key", "area_ha", "x", "y")
_SQUARE_ID = re.compile(r"cell-(-?\d+)-(-?\d+)")
_H3_ID = re.compile(r"[0-9a-f]{15}")
_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_H3_DIGITS = 15  # the highest four bits of a cell number are always 0


@dataclass(frozen=True)
class Cells:
    """Cells of a grid; neighbours in the arrays are neighbours in space.

    Attributes
    ----------
    key
        Square cells: column and row, packed by `packed`; hexagons: the H3 number. int64, shape (n,)
    area_ha
        float32, shape (n,). [ha]
    crs
        The region's coordinate system.
    half_width_m
        Half the width of a cell; of hexagons half their mean width between opposite edges. [m]
    h3_resolution
        None for square cells.
    x, y
        Centres of hexagons in `crs`, float64, shape (n,) [m]; those of squares follow from the key.
    """

    key: np.ndarray
    area_ha: np.ndarray
    crs: CRS
    half_width_m: float
    h3_resolution: int | None = None
    x: np.ndarray | None = None
    y: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.key)

    def centres(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Centres of some cells in `crs`. float64, shape (n,) each [m]"""
        if self.x is not None and self.y is not None:
            return np.asarray(self.x[rows]), np.asarray(self.y[rows])
        column, row = unpacked(np.asarray(self.key[rows]))
        return (column + 0.5) * (2 * self.half_width_m), (row + 0.5) * (2 * self.half_width_m)

    def site_ids(self, rows: slice = slice(None)) -> pa.StringArray:
        """Ids of some cells: `cell-<column>-<row>`, or the H3 address. Shape (n,)

        Columns and rows are whole multiples of the cell from the origin of `crs`, so that a cell
        keeps its id when the area changes.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        key = np.asarray(self.key[rows])
        if self.h3_resolution is not None:
            return _addresses(key)
        parts = [pa.array(part).cast(pa.string()) for part in unpacked(key)]
        return pc.binary_join_element_wise(pa.scalar("cell"), *parts, pa.scalar("-"))

    def id_order(self, rows: np.ndarray) -> np.ndarray:
        """Numbers that are in the order of the texts of the ids of some cells. Shape (len(rows),)"""
        key = np.asarray(self.key[rows])
        if self.h3_resolution is not None:
            return key
        column, row = unpacked(key)
        # the sign after a column comes before digits, and the end of a row before everything
        return packed(_text_order(column, "-"), _text_order(row, ""))

    def find(self, site_id: str) -> int | None:
        """Position of a cell by its id, or None."""
        if self.h3_resolution is not None:
            wanted = int(site_id, 16) if _H3_ID.fullmatch(site_id) else None
        else:
            wanted = _square_key(site_id)
        if wanted is None:
            return None
        found = np.flatnonzero(self.key == wanted)
        return int(found[0]) if found.size else None

    def save(self, folder: Path) -> None:
        """Write the arrays to a folder, from which `open` takes them."""
        for name in _ARRAYS:
            if getattr(self, name) is not None:
                np.save(folder / f"cells-{name}.npy", getattr(self, name))
        told = {"crs": self.crs.to_wkt(), "half_width_m": self.half_width_m, "h3_resolution": self.h3_resolution}  # fmt: skip
        (folder / "cells.json").write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Cells:
        """The cells that `save` wrote; the arrays stay on disk until they are read.

        Raises
        ------
        FileNotFoundError
            If the folder holds none.
        """
        told: dict[str, Any] = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
        arrays = {name: _mapped(folder / f"cells-{name}.npy") for name in _ARRAYS if (folder / f"cells-{name}.npy").exists()}  # fmt: skip
        return cls(**arrays, crs=CRS.from_wkt(told["crs"]), half_width_m=told["half_width_m"], h3_resolution=told["h3_resolution"])  # fmt: skip


def packed(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """One number of a column and a row, each within 32 bits with sign. int64, shape (n,)"""
    return (column.astype(np.int64) << 32) | (row.astype(np.int64) & 0xFFFFFFFF)


def unpacked(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of packed numbers. int32, shape (n,) each"""
    return (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def _text_order(numbers: np.ndarray, behind: str) -> np.ndarray:
    """Place of each number among all of its range, when they are sorted as texts. Shape (n,)"""
    lowest, highest = int(numbers.min()), int(numbers.max())
    texts = [f"{number}{behind}" for number in range(lowest, highest + 1)]
    place = np.empty(len(texts), np.int64)
    place[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return place[numbers.astype(np.int64) - lowest]


def _square_key(site_id: str) -> int | None:
    found = _SQUARE_ID.fullmatch(site_id)
    if found is None:
        return None
    column, row = int(found[1]), int(found[2])
    if max(abs(column), abs(row)) >= 2**31 or site_id != f"cell-{column}-{row}":
        return None
    return int(packed(np.array([column]), np.array([row]))[0])


def _addresses(key: np.ndarray) -> pa.StringArray:
    """H3 addresses: the numbers in 15 digits of base 16."""
    import pyarrow as pa

    shifts = np.arange(4 * (_H3_DIGITS - 1), -1, -4, dtype=np.int64)
    text = np.empty((len(key), _H3_DIGITS), np.uint8)
    for place, shift in enumerate(shifts):
        text[:, place] = _HEX_DIGITS[(key >> shift) & 15]
    offsets = np.arange(len(key) + 1, dtype=np.int64) * _H3_DIGITS
    made = pa.LargeStringArray.from_buffers(len(key), pa.py_buffer(offsets), pa.py_buffer(text))
    return made.cast(pa.string())


def _mapped(path: Path) -> np.ndarray:
    # an empty file cannot be mapped
    found: np.ndarray = np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None)
    return found
