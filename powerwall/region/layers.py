"""Layers: files → frames in the region's coordinate system, with canonical columns and units."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from powerwall.region.cells import clean_cells, nested_cells
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.json_places import json_places
from powerwall.region.placing import place, place_some
from powerwall.region.rasters.raster import Raster
from powerwall.region.rasters.read import RASTER_SUFFIXES, read_raster
from powerwall.region.region import FileTable, LayerTable, Places
from powerwall.region.schema import LAYERS, LayerSchema
from powerwall.region.tables import CellPlaces, read_csv

_FREE = LayerSchema("a dataset of your own", "", "")


@dataclass(frozen=True)
class Layer:
    """One dataset as read.

    Attributes
    ----------
    name, path
        Its name in the region and its file.
    frame
        Rows in the region's coordinate system; a plain DataFrame where there is no geometry. Of a
        raster it is empty, with the one column `value`.
    as_of, title, url, licenses, sha256, locked
        Provenance of the file; `locked` where the region declares its sha256.
    places
        Where its rows stand in the file.
    raster
        The grid of cells, where the layer is one.
    """

    name: str
    path: Path
    frame: pd.DataFrame
    places: CellPlaces
    as_of: date | None = None
    title: str = ""
    url: str = ""
    licenses: tuple[str, ...] = ()
    attribution: str = ""
    fresh_days: int | None = None
    sha256: str = ""
    locked: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    raster: Raster | None = None

    @property
    def schema(self) -> LayerSchema:
        """What the layer must hold."""
        return LAYERS.get(self.name, _FREE)

    def select(self, mask: np.ndarray) -> Layer:
        """The layer with some of its rows; the places keep pointing at the right lines."""
        frame = self.frame[mask].copy()
        return replace(self, frame=frame)


class Layers(dict[str, Layer]):
    """The layers of a region by name; `frame` gives None for one that is absent."""

    def frame(self, name: str) -> pd.DataFrame | None:
        """Rows of a layer, or None."""
        layer = self.get(name)
        return None if layer is None else layer.frame


def read_layer(
    name: str,
    table: FileTable,
    path: Path,
    crs: CRS,
    places: Places,
    key: tuple[str, ...],
    findings: Findings,
) -> Layer | None:
    """Read one dataset; None if it cannot be used (the findings say why)."""
    if not path.is_file():
        near = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add(
            "PW201",
            f"layer `{name}`: no file {path.name}",
            remedy=did_you_mean(path.name, near),
            **places(*key, "path"),
        )
        return None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if table.sha256 and table.sha256.strip().lower() != digest:
        findings.add(
            "PW210", f"layer `{name}`: {path.name} is not the declared file", remedy=f'if it is right, set  sha256 = "{digest}"',
            **places(*key, "sha256"),
        )  # fmt: skip
    if path.suffix.lower() in RASTER_SUFFIXES:
        return _raster_layer(name, table, path, crs, places, key, digest, findings)
    _check_raster_keys(name, table, path, places, key, findings)
    native = _read_native(name, table, path, findings)
    if native is None:
        return None
    frame, cells, extra = native
    if frame.empty:
        findings.add(
            "PW204",
            f"layer `{name}` has no rows",
            **cells(None, "header"),
            remedy="remove the layer, or fill it",
        )
        return None
    schema = LAYERS.get(name, _FREE)
    renamed = _rename(name, frame, table, schema, places, key, findings)
    frame = clean_cells(
        frame.rename(columns=renamed),
        schema,
        table,
        cells,
        {v: k for k, v in renamed.items()},
        findings,
    )
    if not _has_columns(name, frame, schema, cells, findings):
        return None
    if schema.geometry != "none" and getattr(table, "geometry", None) != "none":
        placing = place_some if schema.geometry.endswith("or none") else place
        placed = placing(name, frame, schema, table, crs, cells, places, key, findings)
        if placed is None:
            return None
        frame = placed
    _check_key(name, frame, schema.key, cells, findings)
    source = table.source
    searched = {key: getattr(table, key, None) for key in ("covers", "covers_from", "covers_to")}
    extra |= {key: value for key, value in searched.items() if value}
    return Layer(
        name, path, frame.reset_index(drop=True) if not cells.lines else frame, cells, table.as_of,
        source.title if source else "", source.path if source else "", tuple(table.licenses),
        table.attribution, table.fresh_days, digest, bool(table.sha256), extra,
    )  # fmt: skip


def _raster_layer(
    name: str, table: FileTable, path: Path, crs: CRS, places: Places, key: tuple[str, ...], digest: str, findings: Findings
) -> Layer | None:  # fmt: skip
    if name in LAYERS or not isinstance(table, LayerTable):
        findings.add("PW307", f"layer `{name}`: {path.name} is a raster, and rows are needed", remedy="a raster layer has a name of its own", **places(*key, "path"))  # fmt: skip
        return None
    raster = read_raster(name, table, path, crs, places, key, findings)
    if raster is None:
        return None
    frame = gpd.GeoDataFrame({"value": np.empty(0)}, geometry=[], crs=crs)
    source = table.source
    # no row shows that the cells of a raster changed, so its content stands beside them
    return Layer(
        name, path, frame, CellPlaces(path), table.as_of,
        source.title if source else "", source.path if source else "", tuple(table.licenses),
        table.attribution, table.fresh_days, digest, bool(table.sha256),
        {"content": digest[:12], "band": raster.band, "scale": raster.scale, "offset": raster.offset}, raster,
    )  # fmt: skip


def _check_raster_keys(
    name: str, table: FileTable, path: Path, places: Places, key: tuple[str, ...], findings: Findings
) -> None:  # fmt: skip
    for given in sorted({"band", "scale", "offset"} & table.model_fields_set):
        findings.add("PW102", f"layer `{name}`: `{given}` belongs to a raster, and {path.name} is none", remedy=f"remove `{given}`", **places(*key, given))  # fmt: skip


def _read_native(
    name: str, table: FileTable, path: Path, findings: Findings
) -> tuple[pd.DataFrame, CellPlaces, dict[str, Any]] | None:
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv", ".txt"}:
        read = read_csv(path, "\t" if suffix == ".tsv" else table.delimiter, findings)
        return None if read is None else (*read, {})
    try:
        if suffix == ".json" and name == "tariffs":
            return _read_stacks(path, findings)
        if suffix in {".parquet", ".geoparquet"}:
            return _read_parquet(path), CellPlaces(path), {}
        frame = (
            gpd.read_file(path, layer=table.layer, use_arrow=True)
            if table.layer
            else gpd.read_file(path, use_arrow=True)
        )
    except (OSError, ValueError, RuntimeError, json.JSONDecodeError) as error:
        # pyogrio, pyarrow and json all derive their errors from these
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        findings.add(
            "PW202",
            f"layer `{name}`: {text}",
            file=path,
            remedy="CSV, GeoJSON, GeoPackage, GeoParquet, FlatGeobuf and GeoTIFF are read",
        )
        return None
    return (
        pd.DataFrame(frame) if "geometry" not in frame else frame,
        _feature_places(path, len(frame)),
        {},
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet

    metadata = pyarrow.parquet.read_schema(path).metadata or {}
    return gpd.read_parquet(path) if b"geo" in metadata else pd.read_parquet(path)


def _read_stacks(
    path: Path, findings: Findings
) -> tuple[pd.DataFrame, CellPlaces, dict[str, Any]] | None:
    """Tariff stacks: one row a stack, its price layers as a list of records."""
    text = path.read_text(encoding="utf-8-sig")
    content = json.loads(text)
    stacks = content.get("stacks") if isinstance(content, dict) else None
    if not isinstance(stacks, list) or not all(
        isinstance(stack, dict) and "stack_id" in stack for stack in stacks
    ):
        findings.add(
            "PW202", "holds no list `stacks` of records with a `stack_id`", file=path, line=1
        )
        return None
    found = json_places(text)
    starts = tuple(found.get(f"stacks[{at}].stack_id", (1, 1))[0] for at in range(len(stacks)))
    extra = {key: nested_cells(key, value, path, findings) for key, value in content.items() if key != "stacks"}  # fmt: skip
    return pd.DataFrame(stacks), CellPlaces(path, starts), extra


def _feature_places(path: Path, rows: int) -> CellPlaces:
    """Lines of the features of a GeoJSON that has one feature a line."""
    if path.suffix.lower() not in {".geojson", ".json"}:
        return CellPlaces(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = tuple(n for n, line in enumerate(file, 1) if '"Feature"' in line)
    return CellPlaces(path, lines if len(lines) == rows else ())


def _rename(
    name: str,
    frame: pd.DataFrame,
    table: FileTable,
    schema: LayerSchema,
    places: Places,
    key: tuple[str, ...],
    findings: Findings,
) -> dict[str, str]:
    """Native column → canonical column."""
    folded = {str(column).casefold(): str(column) for column in frame.columns}
    renamed: dict[str, str] = {}
    for canonical, mapped in table.columns.items():
        native = folded.get(mapped.from_.casefold())
        if native is None:
            findings.add(
                "PW212", f"layer `{name}` has no column `{mapped.from_}`",
                remedy=did_you_mean(mapped.from_, [str(c) for c in frame.columns]), **places(*key, "columns", canonical),
            )  # fmt: skip
        else:
            renamed[native] = canonical
    for column in map(str, frame.columns):
        known = column.strip().casefold().replace(" ", "_")
        if (
            schema.instead
            and known in {"fips", *itertools.chain(*schema.instead)}
            and column not in renamed
        ):
            renamed[column] = known
    return renamed


def _has_columns(
    name: str, frame: pd.DataFrame, schema: LayerSchema, cells: CellPlaces, findings: Findings
) -> bool:
    if any(set(columns) <= set(frame) for columns in schema.instead):
        return True
    needed = [schema.key, *schema.required] if schema.key else list(schema.required)
    missing = [column for column in needed if column not in frame]
    for column in missing:
        found = [str(c) for c in frame.columns if c != "geometry"]
        findings.add(
            "PW203", f"layer `{name}` has no column `{column}`; columns found: {', '.join(found[:10])}",
            remedy=f'map it under [layers.{name}.columns], e.g.  {column} = {{ from = "{found[0] if found else "…"}" }}',
            **cells(None, "header"),
        )  # fmt: skip
    return not missing


def _check_key(
    name: str, frame: pd.DataFrame, key: str, cells: CellPlaces, findings: Findings
) -> None:
    if key not in frame:
        return
    empty = frame[key].isna().to_numpy()
    for row in np.flatnonzero(empty):
        findings.add("PW405", f"{name}: `{key}` is empty", **cells(int(frame.index[row]), key))
    twice = frame[key].duplicated(keep=False).to_numpy() & ~empty
    first: dict[Any, int] = {}
    for row in np.flatnonzero(twice):
        value, index = frame[key].iloc[row], int(frame.index[row])
        if value not in first:
            first[value] = index
            continue
        line = cells(first[value]).get("line")
        findings.add("PW404", f"{name}: `{key}` = {value} stands twice" + (f", first in line {line}" if line else ""),
                     **cells(index, key), remedy="ids must be unique inside a layer")  # fmt: skip
