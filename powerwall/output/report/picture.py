"""Picture: the scores of a large grid as one small PNG, the best cell of each pixel."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pyproj import Transformer

from powerwall.output.report.layers import Extent
from powerwall.output.report.map import RAMP
from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.job import read_part
from powerwall.region.candidates import GridSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from powerwall.ranking.screening import Screening

PIXELS = 1400  # along the longer side, at most
_KM = 1000.0
_CLEAR, _OUT = 0, 1  # colours before those of the ramp
_OUT_COLOUR = "#c9ced4"


class Picture(NamedTuple):
    """Scores as a picture.

    Attributes
    ----------
    uri
        The PNG as a data URI.
    extent
        What it covers. [km]
    pixel_km
        Side of a pixel. [km]
    low, high
        Scores at the ends of the ramp.
    """

    uri: str
    extent: Extent
    pixel_km: float
    low: float
    high: float


def picture(found: Screening, low: float, high: float) -> Picture:
    """The picture of a screening; cells without a rank are grey, where there is none it is clear."""
    extent, count = _covered(found)
    longer = max(extent.east - extent.west, extent.north - extent.south)
    pixel = max(longer / PIXELS, _cell_km(found, extent, count))
    columns, rows = (int(np.ceil(side / pixel - 1e-9)) or 1 for side in (extent.east - extent.west, extent.north - extent.south))  # fmt: skip
    best = np.full(rows * columns, -np.inf, np.float32)
    there = np.zeros(rows * columns, dtype=bool)
    for x, y, score, status in _parts(found):
        column = np.clip(((x - extent.west) / pixel).astype(np.int64), 0, columns - 1)
        row = np.clip(((extent.north - y) / pixel).astype(np.int64), 0, rows - 1)
        at = row * columns + column
        there[at] = True
        ranked = status == scoring.RANKED
        np.maximum.at(best, at[ranked], score[ranked])
    step = np.clip((best - low) / (high - low) * len(RAMP), 0, len(RAMP) - 1)
    code = np.where(there, _OUT, _CLEAR).astype(np.uint8)
    known = np.isfinite(best)
    code[known] = 2 + step[known].astype(np.uint8)
    whole = Extent(extent.west, extent.north - rows * pixel, extent.west + columns * pixel, extent.north)  # fmt: skip
    png = _png(code.reshape(rows, columns), ["#ffffff", _OUT_COLOUR, *RAMP])
    return Picture(f"data:image/png;base64,{base64.b64encode(png).decode()}", whole, pixel, low, high)  # fmt: skip


def _parts(found: Screening) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Place in km, score and status of the cells, a part at a time."""
    source = found.screen.source
    to = Transformer.from_crs("EPSG:4326", found.region.sites.crs, always_xy=True)
    start = 0
    for file in found.files:
        part = read_part(file)
        rows = slice(start, start + len(part))
        if isinstance(source, GridSource):
            x, y = source.cells.centres(rows)
        else:
            points = part["geometry"].combine_chunks()
            x, y = to.transform(points.field("x").to_numpy(), points.field("y").to_numpy())
        start += len(part)
        yield x / _KM, y / _KM, part["score"].to_numpy(), found.merged.status[rows]


def _covered(found: Screening) -> tuple[Extent, int]:
    """Where the cells lie with half a cell round them, and their number. [km]"""
    ends, count = [], 0
    for x, y, _, _ in _parts(found):
        if len(x):
            ends.append((x.min(), y.min(), x.max(), y.max()))
            count += len(x)
    if not ends:
        return Extent(0.0, 0.0, 1.0, 1.0), 0
    table = np.array(ends)
    west, south, east, north = (float(v) for v in (*table[:, :2].min(axis=0), *table[:, 2:].max(axis=0)))  # fmt: skip
    half = _cell_km(found, Extent(west, south, east, north), count) / 2
    return Extent(west - half, south - half, east + half, north + half), count


def _cell_km(found: Screening, extent: Extent, count: int) -> float:
    """Side of a cell; of a table of places the mean distance between them. [km]"""
    source = found.screen.source
    if isinstance(source, GridSource):
        return 2 * source.cells.half_width_m / _KM
    area = (extent.east - extent.west) * (extent.north - extent.south)
    return float(np.sqrt(area / count)) if count and area > 0 else 1.0


def _png(code: np.ndarray, colours: list[str]) -> bytes:
    """An indexed PNG; the first colour is clear. uint8, shape (rows, columns)"""
    rows, columns = code.shape
    palette = b"".join(bytes.fromhex(colour[1:]) for colour in colours)
    lines = np.hstack([np.zeros((rows, 1), np.uint8), code]).tobytes()
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"tRNS", b"\x00"),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )  # fmt: skip
