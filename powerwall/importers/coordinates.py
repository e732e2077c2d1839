"""Coordinates: numbers that cannot be what their file says of them, each with what to do about it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from powerwall.region.findings import Findings

_LAT, _LON = 90.0 + 1e-6, 180.0 + 1e-6
_BEYOND_LON = 360.0  # a layer that crosses the antimeridian goes on beyond 180°
#: South of here is no part of the US; a layer with its axes swapped is. [deg]
_FAR_SOUTH = -60.0
_MARGIN = 3.0  # degrees round an area of use, as the reader of regions has it


def ends(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Largest distance from 0 of each row with a place, `x` and `y`."""
    box = frame.geometry.bounds
    box = box[np.isfinite(box).all(axis=1)].abs()
    return pd.DataFrame({"x": box[["minx", "maxx"]].max(axis=1), "y": box[["miny", "maxy"]].max(axis=1)})  # fmt: skip


def no_degrees(far: pd.DataFrame) -> tuple[str, str]:
    """What is wrong with most rows of a file that says it is in degrees, and the remedy; else "", "".

    Parameters
    ----------
    far
        Largest distance from 0 of each row, `x` and `y`, as `ends` has it.
    """
    off = (far["x"] > _LON) | (far["y"] > _LAT)
    if not len(far) or off.mean() <= 0.5:
        return "", ""
    if (far["x"] <= _LAT).all() and (far["y"] <= _LON).all():
        return "latitude stands before longitude", "write it again with longitude first"
    first = far[off].iloc[0]
    return (
        f"it says degrees, and its coordinates are none: {first['x']:.0f}, {first['y']:.0f}",
        "name the system that they are in, e.g. --crs EPSG:3857 (Web Mercator)",
    )


def off_the_globe(bounds: np.ndarray) -> np.ndarray:
    """Whether boxes of degrees lie off the globe. Shape (n,)"""
    lon, lat = np.abs(bounds[:, [0, 2]]), np.abs(bounds[:, [1, 3]])
    return np.asarray((lon > _BEYOND_LON).any(axis=1) | (lat > _LAT).any(axis=1))


def in_the_us(frame: gpd.GeoDataFrame, path: Path, findings: Findings) -> bool:
    """Whether a layer of the US lies there; not where its axes are swapped (see the findings)."""
    south = frame.geometry.bounds["miny"] < _FAR_SOUTH
    if not len(frame) or south.mean() <= 0.5:
        return True
    x, y = frame.geometry.bounds[south.to_numpy()].iloc[0][["minx", "miny"]]
    findings.add("PW304", f"latitude stands before longitude: {int(south.sum()):,} of {len(frame):,} rows lie near the South Pole, the first at {x:.2f}° E, {y:.2f}° N",
                 file=path, remedy="write it again with longitude first")  # fmt: skip
    return False


def within_use(frame: gpd.GeoDataFrame, crs: CRS, path: Path, findings: Findings) -> None:
    """A warning where rows, in degrees, lie outside the area in which the file's own grid holds."""
    area = crs.area_of_use
    if area is None or not crs.is_projected or frame.empty or area.west > area.east:
        return
    box = frame.geometry.bounds
    out = (
        (box["maxx"] < area.west - _MARGIN) | (box["minx"] > area.east + _MARGIN)
        | (box["maxy"] < area.south - _MARGIN) | (box["miny"] > area.north + _MARGIN)
    )  # fmt: skip
    if out.any():
        findings.add("PW304", f"{int(out.sum()):,} of {len(frame):,} rows lie where {crs.name} does not hold", severity="warning", file=path,
                     remedy="is it the right coordinate system? their places may be off")  # fmt: skip
