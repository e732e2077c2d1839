"""A raster: where its cells lie, which of them hold no data, and its values at positions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS, Transformer

from powerwall.region.findings import BadInput, Findings

#: Numbers that never are a measurement: those of tables, voids of 16-bit elevations, and the
#: lowest 32-bit float, which several programs write without declaring it.
ALWAYS_NODATA = (-9999.0, -99999.0, -999999.0, -32768.0, float(np.finfo(np.float32).min))
_WINDOW_BYTES = 64e6  # a larger window is read tile by tile
TILE = 2048  # cells along a side: 34 MB as float64
_of_thread = threading.local()


@dataclass(frozen=True)
class Raster:
    """One band of a raster file; path and numbers alone, so that it travels between processes.

    The file is opened anew by every call: an open dataset belongs to one thread.

    Attributes
    ----------
    path, band
        The file, and its band from 1.
    crs
        Coordinate system, as WKT.
    transform
        The affine `a, b, c, d, e, f`: x = a·column + b·row + c, y = d·column + e·row + f.
    shape
        Rows, columns.
    nodata
        Cells that hold no data, as they are in the file, before scale and offset.
    masked
        The file has a mask besides its nodata values.
    alpha
        Band whose zeros are no data; 0 without one.
    scale, offset
        value = cell · scale + offset.
    """

    path: Path
    band: int
    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    nodata: tuple[float, ...] = ()
    masked: bool = False
    alpha: int = 0
    scale: float = 1.0
    offset: float = 0.0

    def sample(self, x: np.ndarray, y: np.ndarray, crs: str | CRS = "EPSG:4326") -> np.ndarray:
        """Value of the cell each position lies in; NaN without data and outside. Shape (n,)

        A position on an edge belongs to the cell with the higher column and row: in a north-up
        raster the one east and south of it. The right and lower rim are outside.

        Parameters
        ----------
        x, y
            Positions, shape (n,); longitude and latitude unless `crs` says otherwise. [°]

        Raises
        ------
        BadInput
            If the file can no longer be read.
        """
        column, row = (np.floor(part) for part in self.positions(x, y, crs))
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        at = np.flatnonzero(inside)
        values = np.full(len(column), np.nan)
        if not at.size:
            return values
        rows, columns = row[at].astype(np.int64), column[at].astype(np.int64)
        with self.opened() as source:
            cell_bytes = np.dtype(source.dtypes[self.band - 1]).itemsize
            for part in _parts(rows, columns, cell_bytes):
                r, c = rows[part], columns[part]
                start = int(r.min()), int(c.min())
                raw, empty = self._cells(source, (start[0], int(r.max()) + 1), (start[1], int(c.max()) + 1))  # fmt: skip
                taken = r - start[0], c - start[1]
                values[at[part]] = self._values(raw[taken], None if empty is None else empty[taken])
        return values

    def positions(
        self, x: np.ndarray, y: np.ndarray, crs: str | CRS = "EPSG:4326"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Columns and rows of positions, with fractions; not finite where there is no image."""
        x, y = (np.asarray(part, dtype=float) for part in (x, y))
        to_own = transformer(_text(crs), self.crs)
        if to_own is not None:
            x, y = to_own.transform(x, y)
        a, b, c, d, e, f = self.transform
        if degrees(self.crs):
            x = self._round_the_earth(x)
        determinant = a * e - b * d
        with np.errstate(invalid="ignore"):  # where there is no image
            return (
                (e * (x - c) - b * (y - f)) / determinant,
                (a * (y - f) - d * (x - c)) / determinant,
            )

    def _round_the_earth(self, lon: np.ndarray) -> np.ndarray:
        """Longitudes as the raster counts them, which may be 0 to 360.

        Positions of a second axis, such as an outline, move with the first of them.
        """
        a, b, c = self.transform[:3]
        rows, columns = self.shape
        corners = [c, c + a * columns, c + b * rows, c + a * columns + b * rows]
        first = lon if lon.ndim == 1 else lon[:, :1]
        with np.errstate(invalid="ignore"):  # where there is no image
            lon = lon - 360.0 * np.round((lon - first) / 360.0)  # an outline stays in one piece
        outside = (first < min(corners)) | (first >= max(corners))
        shift = np.zeros(first.shape)
        for turn in (360.0, -360.0):
            shift[outside & (first + turn >= min(corners)) & (first + turn < max(corners))] = turn
        return lon + shift

    def centres(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centres of cells in the raster's own coordinate system."""
        a, b, c, d, e, f = self.transform
        column, row = columns + 0.5, rows + 0.5
        return a * column + b * row + c, d * column + e * row + f

    def window(self, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
        """Values of a block of cells, from the first up to before the second; NaN without data."""
        with self.opened() as source:
            raw, empty = self._cells(source, rows, columns)
        return self._values(raw, empty)

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The open dataset; a failure to read it is a finding."""
        import rasterio
        from rasterio.errors import RasterioError

        try:
            with rasterio.open(self.path, driver=driver(self.path)) as source:
                yield source
        except (RasterioError, OSError) as error:
            findings = Findings()
            findings.add("PW202", f"cannot read the raster: {reason(error)}", file=self.path, remedy="is the file whole? copy it anew")  # fmt: skip
            raise BadInput(findings) from error

    def _cells(
        self, source: Any, rows: tuple[int, int], columns: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Cells as they stand in the file, and which of them a mask hides."""
        window = (rows, columns)
        raw = source.read(self.band, window=window)
        empty = source.read_masks(self.band, window=window) == 0 if self.masked else None
        if self.alpha:
            clear = source.read(self.alpha, window=window) == 0
            empty = clear if empty is None else empty | clear
        return raw, empty

    def _values(self, raw: np.ndarray, empty: np.ndarray | None) -> np.ndarray:
        """Values of cells as float64; infinite ones are unknown, as in a table."""
        unknown = np.zeros(raw.shape, dtype=bool) if empty is None else empty.copy()
        for sentinel in self.nodata:
            if holds(raw.dtype, sentinel):
                unknown |= raw == raw.dtype.type(sentinel)
        values = raw.astype(float)
        if self.scale != 1.0 or self.offset != 0.0:
            values = values * self.scale + self.offset
        unknown |= ~np.isfinite(values)
        values[unknown] = np.nan
        return values


def driver(path: Path) -> str:
    """The one format that the suffix names; nothing else is tried on the file."""
    return "VRT" if path.suffix.lower() == ".vrt" else "GTiff"


def holds(dtype: np.dtype[Any], number: float) -> bool:
    """Tell whether cells of this kind can hold a number."""
    if np.isnan(number):
        return False  # NaN is unknown by itself
    if dtype.kind == "f":
        return bool(abs(number) <= np.finfo(dtype).max)
    limits = np.iinfo(dtype)
    return float(number).is_integer() and limits.min <= number <= limits.max


def reason(error: Exception) -> str:
    """First line of what went wrong, of the cause where the error only names it."""
    told = error.__cause__ or error
    return str(told).splitlines()[0] if str(told) else type(told).__name__


def _parts(rows: np.ndarray, columns: np.ndarray, cell_bytes: int) -> list[np.ndarray]:
    """Positions that are read in one window each: all of them, or those of each tile."""
    if np.ptp(rows) * np.ptp(columns) * cell_bytes <= _WINDOW_BYTES:
        return [np.arange(len(rows))]
    tile = rows // TILE * (int(columns.max()) // TILE + 1) + columns // TILE
    order = np.argsort(tile, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(tile[order])) + 1)


def _text(crs: str | CRS) -> str:
    return crs if isinstance(crs, str) else crs.to_wkt()


def transformer(from_crs: str, to_crs: str) -> Transformer | None:
    """Transformer between two systems; None where they are the same.

    Made once a thread: threads may not share one.
    """
    known = _of_thread.__dict__.setdefault("transformers", {})
    if (from_crs, to_crs) not in known:
        source, target = CRS.from_user_input(from_crs), CRS.from_user_input(to_crs)
        # axis order does not count: coordinates are x, y throughout
        same = source.equals(target, ignore_axis_order=True)
        known[from_crs, to_crs] = (
            None if same else Transformer.from_crs(source, target, always_xy=True)
        )
    return known[from_crs, to_crs]


@lru_cache(maxsize=64)
def degrees(crs: str) -> bool:
    """Tell whether a coordinate system counts in longitude and latitude."""
    return CRS.from_user_input(crs).is_geographic
