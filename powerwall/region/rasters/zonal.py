"""Zonal statistics: a raster inside outlines round positions, each cell by its covered share.

The covered shares are exact (exactextract), computed in the grid of the raster, where the corners
of the outlines are brought from the region's coordinate system. They are of single precision: a
statistic is good to about 1e-7 of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from powerwall.region.rasters.raster import TILE, Raster, degrees
from powerwall.region.where import matches

#: Assumed: a figure that rests on the smaller part of its circle says more of what is missing
#: than of the place. From half on it is given, and the share goes with it.
LEAST_KNOWN_SHARE = 0.5
_CORNERS = 128  # of a circle, as round features: 0.04 % of its area are cut off
_SIDE_POINTS = 4  # along a side of a box, which may curve in the raster's system
_OUTLINES = 16_384  # at once: 34 MB of corners

Statistic = Literal["mean", "sum", "share"]


class Zonal(NamedTuple):
    """A statistic of the raster at each position.

    Attributes
    ----------
    value
        NaN where it is unknown. Shape (n,)
    known_share
        Share of the outline in which the raster, and its weights, hold data. Shape (n,)
    """

    value: np.ndarray
    known_share: np.ndarray


@dataclass(frozen=True)
class _Question:
    """What is summed up inside the outlines."""

    raster: Raster
    statistic: Statistic
    where: str
    weights: Raster | None

    def planes(self, rows: tuple[int, int], columns: tuple[int, int]) -> dict[str, np.ndarray]:
        """Of a block of cells: 1 where known, and what the two sums of the statistic add up."""
        value = self.raster.window(rows, columns)
        flat = pd.DataFrame({"value": value.ravel()})
        known = ~np.isnan(value)
        met = matches(flat, self.where).reshape(value.shape) & known
        if self.statistic == "sum":
            return {"known": known.astype(float), "part": np.where(met, value, 0.0)}
        size = self._sizes(rows, columns)
        if self.statistic == "share":
            return {"known": known.astype(float), "part": size * met, "whole": size * known}
        if self.weights is not None:
            at = (part.ravel() for part in np.meshgrid(np.arange(*rows), np.arange(*columns), indexing="ij"))  # fmt: skip
            weight = self.weights.sample(*self.raster.centres(*at), self.raster.crs).reshape(value.shape)  # fmt: skip
            weighed = weight >= 0  # NaN is not, and no weight is negative
            known, met = known & weighed, met & weighed
            size = size * np.where(weighed, weight, 0.0)
        whole = np.where(met, size, 0.0)
        return {"known": known.astype(float), "part": whole * np.where(met, value, 0.0), "whole": whole}  # fmt: skip

    def _sizes(self, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
        """Relative area of the cells: by latitude in degrees, else all alike."""
        shape = rows[1] - rows[0], columns[1] - columns[0]
        if not degrees(self.raster.crs):
            return np.ones(shape)
        row, column = np.arange(*rows)[:, None], np.arange(*columns)[None, :]
        _, lat = self.raster.centres(row, column)
        return np.broadcast_to(np.cos(np.radians(lat)), shape)


def circles(x: np.ndarray, y: np.ndarray, radius_m: float) -> np.ndarray:
    """Outlines of circles in the plane. Shape (n, 129, 2) [m]"""
    turn = np.arange(_CORNERS + 1) % _CORNERS * (2 * np.pi / _CORNERS)
    return np.stack(
        [x[:, None] + radius_m * np.cos(turn), y[:, None] + radius_m * np.sin(turn)], axis=-1
    )


def boxes(x: np.ndarray, y: np.ndarray, width_m: float) -> np.ndarray:
    """Outlines of squares about their centres in the plane. Shape (n, 17, 2) [m]"""
    step = np.linspace(-0.5, 0.5, _SIDE_POINTS + 1)[:-1]
    half = np.full(_SIDE_POINTS, 0.5)
    right = np.concatenate([step, half, -step, -half, step[:1]])
    up = np.concatenate([-half, step, half, -step, -half[:1]])
    return np.stack([x[:, None] + width_m * right, y[:, None] + width_m * up], axis=-1)


def zonal(
    raster: Raster, x: np.ndarray, y: np.ndarray, crs: str | CRS, statistic: Statistic, *,
    radius_m: float | None = None, width_m: float | None = None, where: str = "", weights: Raster | None = None,
) -> Zonal:  # fmt: skip
    """Mean, sum or share of a raster in the circle, or the square, round each position.

    Parameters
    ----------
    raster
        The values.
    x, y, crs
        Positions, shape (n,), in the projected system in which the outlines are drawn. [m]
    statistic
        `mean`: Σ value·weight·area / Σ weight·area, over the covered part of the cells.
        `sum`: Σ value·covered share of the cell, for amounts such as people in a cell. Of an
        outline that is known in part it is the sum of that part.
        `share`: area of the cells that meet `where` / area of the known cells.
    radius_m, width_m
        Radius of the circle, or width of the square: one of the two. [m]
    where
        Condition on `value`, e.g. `value >= 15`. In a mean or a sum, cells that do not meet it
        are left out as if they were not there.
    weights
        Another raster, whose cell at the centre of each cell of `raster` is its weight. On another
        grid it should be a density. Cells without a weight, or with a negative one, are unknown.

    Returns
    -------
    Zonal
        NaN where less than `LEAST_KNOWN_SHARE` of the outline is known, where nothing meets `where`
        (a mean), or where the weights add up to 0. A position has the same figures, to the last
        bit, whatever other positions it is asked with.

    Raises
    ------
    BadInput
        If a file can no longer be read.
    """
    if (radius_m is None) == (width_m is None):
        msg = "give either radius_m or width_m"
        raise ValueError(msg)
    question = _Question(raster, statistic, where, weights)
    text = crs if isinstance(crs, str) else crs.to_wkt()
    found = [np.empty((2, 0))]
    for start in range(0, len(x), _OUTLINES):
        here = x[start : start + _OUTLINES], y[start : start + _OUTLINES]
        outlines = circles(*here, radius_m) if radius_m is not None else boxes(*here, width_m or 0.0)  # fmt: skip
        found.append(_statistics(question, _on_grid(raster, outlines, text)))
    return Zonal(*np.concatenate(found, axis=1))


def _on_grid(raster: Raster, outlines: np.ndarray, crs: str) -> np.ndarray:
    """Outlines in columns and negative rows, so that cells are unit squares and up is up."""
    column, row = raster.positions(outlines[..., 0], outlines[..., 1], crs)
    return np.stack([column, -row], axis=-1)


def _statistics(question: _Question, outlines: np.ndarray) -> np.ndarray:
    """Value and known share of each outline. Shape (2, n)"""
    sums = {name: np.zeros(len(outlines)) for name in ("known", "part", "whole")}
    placed = np.isfinite(outlines).all(axis=(1, 2))
    area = np.full(len(outlines), np.nan)
    shapes = np.full(len(outlines), None, dtype=object)
    shapes[placed] = shapely.polygons(outlines[placed])
    area[placed] = shapely.area(shapes[placed])
    for at, rows, columns in _blocks(outlines, placed, question.raster.shape):
        planes = question.planes(rows, columns)
        for name, total in _covered_sums(planes, rows, columns, shapes[at]).items():
            sums[name][at] += total
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.where(placed, np.minimum(sums["known"] / area, 1.0), 0.0)
        value = sums["part"] if question.statistic == "sum" else sums["part"] / sums["whole"]
    enough = (known > 0) & (known >= LEAST_KNOWN_SHARE)
    return np.stack([np.where(enough & np.isfinite(value), value, np.nan), known])


def _blocks(
    outlines: np.ndarray, placed: np.ndarray, shape: tuple[int, int]
) -> Iterator[tuple[np.ndarray, tuple[int, int], tuple[int, int]]]:
    """Outlines tile by tile of the raster, with the rows and columns of the tile they need.

    An outline across tiles comes once for each, always in their order and cut at the same lines, so
    that its sums do not depend on the outlines it comes with.
    """
    limits = np.zeros((2, len(outlines), 2))
    corners = outlines[placed] * (1.0, -1.0)
    limits[0, placed], limits[1, placed] = (
        np.floor(corners.min(axis=1)),
        np.ceil(corners.max(axis=1)),
    )
    low, high = np.clip(limits, 0.0, np.array([shape[1], shape[0]], dtype=float)).astype(np.int64)
    touching = np.flatnonzero((high > low).all(axis=1))
    first, last = low[touching] // TILE, (high[touching] - 1) // TILE
    across = last - first + 1
    times = across.prod(axis=1)
    outline = np.repeat(np.arange(len(touching)), times)
    number = np.arange(len(outline)) - np.repeat(np.cumsum(times) - times, times)
    tile = first[outline] + np.stack([number % across[outline, 0], number // across[outline, 0]], axis=1)  # fmt: skip
    key = tile[:, 1] * (shape[1] // TILE + 1) + tile[:, 0]
    order = np.argsort(key, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        if part.size:
            at, corner = touching[outline[part]], tile[part[0]] * TILE
            start = np.maximum(low[at].min(axis=0), corner)
            stop = np.minimum(high[at].max(axis=0), corner + TILE)
            yield at, (int(start[1]), int(stop[1])), (int(start[0]), int(stop[0]))


class _Outline(NamedTuple):
    """An outline as exactextract's reader of features asks for it, without a detour over text."""

    wkb: bytes

    def GetGeometryRef(self) -> _Outline:  # noqa: N802 — the reader's names
        return self

    def ExportToWkb(self) -> bytes:  # noqa: N802
        return self.wkb


class _Outlines(NamedTuple):
    wkb: list[bytes]

    def __iter__(self) -> Iterator[Any]:
        return map(_Outline, self.wkb)

    def GetFeatureCount(self) -> int:  # noqa: N802
        return len(self.wkb)

    def GetSpatialRef(self) -> None:  # noqa: N802 — none: columns and rows
        return None


def _covered_sums(
    planes: dict[str, np.ndarray], rows: tuple[int, int], columns: tuple[int, int], shapes: np.ndarray
) -> dict[str, np.ndarray]:  # fmt: skip
    """Sum of each plane over the covered shares of its cells. Shape (outlines,) each"""
    from exactextract import exact_extract
    from exactextract.feature import GDALFeatureSource
    from exactextract.raster import NumPyRasterSource

    extent = float(columns[0]), -float(rows[1]), float(columns[1]), -float(rows[0])
    sources = [NumPyRasterSource(np.ascontiguousarray(plane), *extent, name=name) for name, plane in planes.items()]  # fmt: skip
    outlines = GDALFeatureSource(_Outlines(shapely.to_wkb(shapes).tolist()))
    table = exact_extract(sources, outlines, ["sum"], output="pandas")
    return {name: np.nan_to_num(table[f"{name}_sum"].to_numpy(dtype=float)) for name in planes}
