"""Reading a raster layer: what the file and its table say of the band, or why it cannot be used."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from powerwall.region.findings import Findings
from powerwall.region.rasters.raster import ALWAYS_NODATA, Raster, driver, holds, reason
from powerwall.region.region import LayerTable, Places

RASTER_SUFFIXES = frozenset({".tif", ".tiff", ".vrt"})
INSTALL = 'pip install "powerwall[raster]"'
_MARGIN = 3.0  # degrees, as for features: borders want cells from outside the region too
_PROBE = 64  # cells along a side of the blocks that are looked at


def read_raster(
    name: str, table: LayerTable, path: Path, crs: CRS, places: Places, key: tuple[str, ...], findings: Findings
) -> Raster | None:  # fmt: skip
    """Read what a raster says of itself; None if it cannot be used (the findings say why).

    Its cells are read when they are asked for. Five small blocks, at the corners and in the
    middle, are read at once: a truncated file fails there, and undeclared sentinels mostly show.
    """
    try:
        import rasterio
        from rasterio.errors import RasterioError
    except ModuleNotFoundError:
        findings.add("PW202", f"layer `{name}`: {path.name} is a raster, and rasterio is not installed", remedy=INSTALL, **places(*key, "path"))  # fmt: skip
        return None
    nodata = _declared(name, table, places, key, findings)
    if table.scale == 0:
        findings.add("PW102", f"layer `{name}`: scale = 0 leaves nothing of the raster", **places(*key, "scale"))  # fmt: skip
    if table.columns:
        findings.add("PW102", f"layer `{name}`: a raster has no columns to map", remedy="its numbers are called `value`", **places(*key, "columns"))  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            source = rasterio.open(path, driver=driver(path))
        with source:
            if not _usable(name, table.band, source, path, places, key, findings):
                return None
            own_crs = _system(name, table, source, places, key, findings)
            if own_crs is None:
                return None
            raster = _raster(table, path, source, own_crs, nodata)
            if not _overlaps(name, raster, crs, path, findings):
                return None
            _probe(name, raster, source, nodata, findings)
    except (RasterioError, OSError) as error:
        findings.add("PW202", f"layer `{name}`: {reason(error)}", file=path, remedy="a whole GeoTIFF or VRT is read")  # fmt: skip
        return None
    return raster


def _declared(
    name: str, table: LayerTable, places: Places, key: tuple[str, ...], findings: Findings
) -> tuple[float, ...]:
    """Numbers that the layer table declares as no data."""
    numbers = []
    for item in table.nodata:
        try:
            numbers.append(float(item))
        except ValueError:
            findings.add("PW102", f"layer `{name}`: nodata `{item}` is no number, and a raster holds numbers", **places(*key, "nodata"))  # fmt: skip
    return tuple(numbers)


def _usable(
    name: str, band: int, source: Any, path: Path, places: Places, key: tuple[str, ...], findings: Findings
) -> bool:  # fmt: skip
    """Whether the band is there, holds numbers, and has a place on the Earth."""
    from rasterio.enums import ColorInterp

    if band > source.count:
        findings.add("PW102", f"layer `{name}`: band = {band}, and {path.name} has {source.count}", **places(*key, "band"))  # fmt: skip
        return False
    kind = source.dtypes[band - 1]
    if kind.startswith("complex"):
        findings.add("PW202", f"layer `{name}`: band {band} holds complex numbers ({kind})", file=path, remedy="write a real quantity to a file of its own")  # fmt: skip
        return False
    if source.colorinterp[band - 1] == ColorInterp.palette:
        findings.add("PW202", f"layer `{name}`: band {band} holds numbers of a colour table, not a quantity", file=path,
                     remedy=f"write it without the table:  rio convert {path.name} {path.stem}-numbers.tif --co PHOTOMETRIC=MINISBLACK")  # fmt: skip
        return False
    a, b, _, d, e, _ = tuple(source.transform)[:6]
    if source.transform.is_identity or a * e - b * d == 0:
        findings.add("PW301", f"layer `{name}`: {path.name} does not say where its cells lie", file=path, remedy="give the file a geotransform, e.g. with  rio edit-info --transform")  # fmt: skip
        return False
    return True


def _system(
    name: str, table: LayerTable, source: Any, places: Places, key: tuple[str, ...], findings: Findings
) -> str | None:  # fmt: skip
    """Coordinate system as WKT; the table's where it gives one."""
    given = table.crs or (source.crs.to_wkt() if source.crs else None)
    if given is None:
        findings.add("PW302", f"layer `{name}` does not say its coordinate system", remedy='declare it:  crs = "EPSG:4326"', **places(*key, "path"))  # fmt: skip
        return None
    try:
        own = CRS.from_user_input(given)
        Transformer.from_crs("EPSG:4326", own)
    except CRSError as error:
        findings.add("PW302", f"layer `{name}`: unknown coordinate system `{given}` ({type(error).__name__})", **places(*key, "crs" if table.crs else "path"))  # fmt: skip
        return None
    return own.to_wkt()


def _raster(
    table: LayerTable, path: Path, source: Any, crs: str, nodata: tuple[float, ...]
) -> Raster:
    from rasterio.enums import ColorInterp, MaskFlags

    at = table.band - 1
    own = source.nodatavals[at]
    numbers = {*nodata, *([] if own is None else [float(own)]), *ALWAYS_NODATA}
    kind = np.dtype(source.dtypes[at])
    flags = source.mask_flag_enums[at]
    alphas = [band for band, kind in enumerate(source.colorinterp, 1) if kind == ColorInterp.alpha]
    scale, offset = source.scales[at], source.offsets[at]
    return Raster(
        path, table.band, crs, tuple(source.transform)[:6], source.shape,
        tuple(sorted(number for number in numbers if holds(kind, number))),
        MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags,
        next((band for band in alphas if band != table.band), 0),
        scale * table.scale, offset * table.scale + table.offset,
    )  # fmt: skip


def _overlaps(name: str, raster: Raster, crs: CRS, path: Path, findings: Findings) -> bool:
    """Whether any of it lies where the region's coordinate system holds."""
    area = crs.area_of_use
    if area is None:
        return True
    # along the sides and across the middle: a side may curve, or lie beyond the projection
    rows, columns = (np.linspace(0.0, size, 21) for size in raster.shape)
    x, y = raster.centres(*(part.ravel() - 0.5 for part in np.meshgrid(rows, columns)))
    lon, lat = Transformer.from_crs(raster.crs, "EPSG:4326", always_xy=True).transform(x, y)
    there = np.isfinite(lon) & np.isfinite(lat)
    if there.any():
        lon, lat = lon[there], lat[there]
        turns = (-360.0, 0.0, 360.0)
        if lat.min() <= area.north + _MARGIN and lat.max() >= area.south - _MARGIN and any(
            lon.min() + turn <= area.east + _MARGIN and lon.max() + turn >= area.west - _MARGIN for turn in turns
        ):  # fmt: skip
            return True
    findings.add("PW304", f"layer `{name}`: the whole raster lies where {crs.name} does not hold", file=path,
                 remedy="is the layer's crs right?")  # fmt: skip
    return False


def _probe(
    name: str, raster: Raster, source: Any, nodata: tuple[float, ...], findings: Findings
) -> None:
    """Read a few blocks: the last of them fails where a file is cut short."""
    rows, columns = raster.shape
    own = source.nodatavals[raster.band - 1]
    found: set[float] = set()
    for down, right in ((0, 0), (0, 1), (0.5, 0.5), (1, 0), (1, 1)):
        top, left = (int(max(size - _PROBE, 0) * at) for size, at in ((rows, down), (columns, right)))  # fmt: skip
        cells = source.read(
            raster.band,
            window=((top, min(top + _PROBE, rows)), (left, min(left + _PROBE, columns))),
        )
        found |= {n for n in raster.nodata if n in ALWAYS_NODATA and (cells == cells.dtype.type(n)).any()}  # fmt: skip
    declared = {*nodata, *([] if own is None else [float(own)])}
    for number in sorted(found - declared):
        findings.add("PW403", f"layer `{name}`: cells of {number:g} are read as no data", severity="warning", file=raster.path,
                     remedy=f"declare it:  nodata = [{number!r}]")  # fmt: skip
