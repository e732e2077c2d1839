"""Written: a delivery as a CSV or GeoParquet, and the block of the region file that names it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.sources import Source

SUFFIXES = (".csv", ".parquet")
#: Features this far outside a region belong to it: the nearest one may lie across the border. [m]
BORDER_M = 25_000
_PLACES = 6  # decimals of a degree: a tenth of a metre


def kept(delivery: Delivery, asked: Asked, tally: Tally) -> pd.DataFrame:
    """Rows near the area that was asked for, or of its counties, in the order of the key.

    Points say in `in_region` whether they lie inside, or in the border round it.
    """
    frame = delivery.frame
    codes = next((column for column in ("fips", "county_fips") if column in frame), "")
    if asked.area is not None and isinstance(frame, gpd.GeoDataFrame):
        frame = _cut(frame, _near(frame, asked.area), tally)
        if (shapely.get_dimensions(frame.geometry.to_numpy()) == 0).all():
            inside = shapely.intersects(asked.area, frame.geometry.to_numpy())
            frame = frame.assign(in_region=np.where(inside, "yes", "no"))
    elif asked.fips and codes:
        own = frame[codes].astype("string").str.startswith(asked.fips).fillna(value=False).to_numpy(dtype=bool)  # fmt: skip
        if lost := int((~own).sum()):
            tally.left_out["of no county of the region"] += lost
        frame = frame[own]
    frame = _held(frame, delivery.key[0], tally)
    order = list(delivery.key)
    return frame.sort_values(order, kind="stable", key=lambda column: column.astype(str)).reset_index(drop=True)  # fmt: skip


def _held(frame: pd.DataFrame, key: str, tally: Tally) -> pd.DataFrame:
    """Rows that name the row that holds them only where that row is kept, so that no sum misses them."""
    if "contained_in" not in frame:
        return frame
    alone = frame["contained_in"].notna() & ~frame["contained_in"].isin(frame[key])
    if alone.any():
        tally.noted["whose campus lies outside the region, so they stand by themselves"] += int(alone.sum())  # fmt: skip
    return frame.assign(contained_in=frame["contained_in"].mask(alone))


def cut_early(frame: gpd.GeoDataFrame, asked: Asked, tally: Tally) -> gpd.GeoDataFrame:
    """Native rows near the area that was asked for, so that what is counted of them is of it.

    Where none is near all stay: `kept` then says so.
    """
    near = np.ones(len(frame), bool) if asked.area is None else _near(frame, asked.area)
    return _cut(frame, near, tally) if near.any() else frame


def _cut(frame: gpd.GeoDataFrame, near: np.ndarray, tally: Tally) -> gpd.GeoDataFrame:
    if lost := int((~near).sum()):
        tally.left_out[f"farther than {BORDER_M // 1000} km from the region"] += lost
    return gpd.GeoDataFrame(frame[near])


def _near(frame: gpd.GeoDataFrame, area: Any) -> np.ndarray:
    """Whether each feature touches the area or its border of `BORDER_M`.

    The border is drawn in the azimuthal equidistant plane round the area: right within 3 % up to
    2,500 km from its middle.
    """
    middle = shapely.centroid(area)
    plane = CRS.from_proj4(f"+proj=aeqd +lon_0={middle.x:.3f} +lat_0={middle.y:.3f} +datum=WGS84 +units=m")  # fmt: skip
    wide = gpd.GeoSeries([area], crs="EPSG:4326").to_crs(plane).buffer(BORDER_M).to_crs("EPSG:4326").iloc[0]  # fmt: skip
    shapely.prepare(wide)
    return np.asarray(shapely.intersects(wide, frame.geometry.to_numpy()))


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a layer; the suffix decides. The same rows give the same bytes."""
    if path.suffix.lower() == ".parquet":
        frame.to_parquet(path, compression="zstd", index=False)
    else:
        as_table(frame).to_csv(path, index=False, lineterminator="\n")


def as_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A layer as columns of plain cells: points as lon and lat, other geometry as WKT."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return pd.DataFrame(frame)
    shapes = frame.geometry.to_numpy()
    table = pd.DataFrame(frame.drop(columns="geometry"))
    if (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        x, y = shapely.get_coordinates(shapes).T
        return table.assign(lon=x.round(_PLACES), lat=y.round(_PLACES))
    return table.assign(wkt=shapely.to_wkt(shapes, rounding_precision=_PLACES))


def block(
    source: Source, path: Path, base: Path, as_of: date | None, *, geometry: bool = False, join: str = ""
) -> str:  # fmt: skip
    """The lines of a region file that name a written layer.

    Parameters
    ----------
    path, base
        The layer, and the folder of the region file: paths are relative to it.
    as_of
        Day that the layer describes; None where nobody said it.
    geometry, join
        Whether it has places of its own, else the key that it joins by.
    """
    lines = [
        f"[layers.{source.layer}]",
        f"path = {_quoted(_relative(path, base))}",
        f"as_of = {as_of}"
        if as_of
        else "# as_of = ?    # the day the file describes: it does not say",
        f"source = {{ title = {_quoted(source.title)}, path = {_quoted(source.url)} }}",
        f"licenses = [{', '.join(_quoted(name) for name in source.licenses)}]",
        *([f"attribution = {_quoted(source.attribution)}"] if source.attribution else []),
        f"fresh_days = {source.fresh_days}",
        f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"',
        *([] if geometry else ['geometry = "none"']),
        *([f"join = {_quoted(join)}"] if join else []),
    ]
    return "\n".join(lines) + "\n"


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()


def _quoted(text: str) -> str:
    """A text as TOML."""
    return json.dumps(text, ensure_ascii=False)


def changes(before: Path, frame: pd.DataFrame, key: Sequence[str]) -> list[str]:
    """What differs from the layer that is there already: rows by key, then cells by column."""
    old = _read(before)
    new = as_table(frame)
    if old is None or not set(key) <= set(old):
        return []
    then, now = (_text(table).set_index(list(key)) for table in (old, new))
    then, now = then[~then.index.duplicated()], now[~now.index.duplicated()]
    both = now.index.intersection(then.index)
    told = [f"{len(now.index.difference(then.index)):,} rows are new, {len(then.index.difference(now.index)):,} are gone"]  # fmt: skip
    for column in now.columns.intersection(then.columns):
        moved = int((then.loc[both, column].to_numpy() != now.loc[both, column].to_numpy()).sum())
        told += [f"{column}: {moved:,} cells differ"] if moved else []
    return told


def _text(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are written."""
    buffer = io.StringIO(table.to_csv(index=False))
    return pd.read_csv(buffer, dtype=str, keep_default_na=False)


def _read(path: Path) -> pd.DataFrame | None:
    try:
        if path.suffix.lower() == ".parquet":
            geo = b"geo" in (pq.read_schema(path).metadata or {})
            return as_table(gpd.read_parquet(path)) if geo else pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        return None  # it is replaced, whatever it was
