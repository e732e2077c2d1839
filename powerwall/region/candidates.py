"""Candidates in parts: the cells of a grid, or the rows of a GeoParquet, a few at a time.

A part is what one thread or worker measures at once. No number of a candidate depends on how the
parts are cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS, Transformer

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.search import Positions

if TYPE_CHECKING:
    from powerwall.region.grid import Cells
    from powerwall.region.region import Places, SitesTable

PART_ROWS = 131_072


class Candidates(NamedTuple):
    """Some candidates, by columns.

    Attributes
    ----------
    ids
        Text, shape (n,).
    positions
        In the region's coordinate system, with their degrees.
    area_ha
        float32, shape (n,); NaN is unknown. [ha]
    """

    ids: Any
    positions: Positions
    area_ha: np.ndarray


class Source(Protocol):
    """Where candidates come from."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def parts(self) -> int:
        """In how many parts."""

    def part(self, number: int) -> Candidates:
        """The candidates of one part."""

    def id_order(self, rows: np.ndarray) -> np.ndarray:
        """Whole numbers in the order of the texts of the ids of some rows. Shape (len(rows),)"""


@dataclass(frozen=True)
class GridSource:
    """The cells of a grid, which lie near one another in their order."""

    cells: Cells

    @property
    def rows(self) -> int:
        """Cells."""
        return len(self.cells)

    @property
    def parts(self) -> int:
        """Parts of `PART_ROWS` cells."""
        return -(-self.rows // PART_ROWS)

    def part(self, number: int) -> Candidates:
        """Cells of one part."""
        rows = slice(number * PART_ROWS, min((number + 1) * PART_ROWS, self.rows))
        cells = self.cells
        return Candidates(
            cells.site_ids(rows),
            Positions.of(*cells.centres(rows), cells.crs),
            np.asarray(cells.area_ha[rows]),
        )

    def id_order(self, rows: np.ndarray) -> np.ndarray:
        """As `Source.id_order`."""
        return self.cells.id_order(rows)


@dataclass(frozen=True)
class TableSource:
    """The rows of a GeoParquet of points, read by row groups.

    Attributes
    ----------
    path, key, crs
        The file, its column of ids, and the region's coordinate system.
    groups
        First and last row group of each part, and where its rows begin.
    file_crs, encoding
        As the file states them: `point` is a structure of x and y, else WKB.
    geometry
        Name of the column of points.
    """

    path: Path
    key: str
    crs: CRS
    groups: tuple[tuple[int, ...], ...]
    rows: int
    file_crs: str
    encoding: str
    geometry: str
    has_area: bool

    @property
    def parts(self) -> int:
        """Runs of row groups."""
        return len(self.groups)

    def part(self, number: int) -> Candidates:
        """Rows of one part."""
        columns = [self.key, self.geometry, *(["area_ha"] if self.has_area else [])]
        with pq.ParquetFile(self.path) as file:
            table = file.read_row_groups(list(self.groups[number]), columns=columns)
        column = table[self.geometry].combine_chunks()
        x, y = _coordinates(column, self.encoding)
        area = (
            _areas(table["area_ha"].to_numpy())
            if self.has_area
            else np.full(len(table), np.nan, np.float32)
        )
        ids = table[self.key].combine_chunks().cast(pa.string())
        return Candidates(ids, self._placed(x, y), area)

    def id_order(self, rows: np.ndarray) -> np.ndarray:
        """As `Source.id_order`."""
        ids = pq.read_table(self.path, columns=[self.key])[self.key].take(pa.array(rows))
        order = pc.sort_indices(ids.cast(pa.string())).to_numpy()
        place = np.empty(len(rows), np.int64)
        place[order] = np.arange(len(rows))
        return place

    def _placed(self, x: np.ndarray, y: np.ndarray) -> Positions:
        own = CRS.from_user_input(self.file_crs)
        if own == self.crs:
            return Positions.of(x, y, self.crs)
        plane = Transformer.from_crs(own, self.crs, always_xy=True).transform(x, y)
        degrees = Transformer.from_crs(own, "EPSG:4326", always_xy=True).transform(x, y)
        return Positions.of(*plane, self.crs, *degrees)


def table_source(
    table: SitesTable, path: Path, crs: CRS, places: Places, findings: Findings
) -> TableSource | None:
    """A GeoParquet of candidates; None if it cannot be used (the findings say why).

    The ids must be there and unique, and every point finite: both are looked at once, here, for
    the whole file.
    """
    import json

    place = places("sites", "path")
    if not path.is_file():
        findings.add("PW201", f"no file {path.name}", **place)
        return None
    try:
        file = pq.ParquetFile(path)
        geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    except (OSError, ValueError) as error:
        findings.add("PW202", f"sites: {str(error).splitlines()[0]}", file=path,
                     remedy="screen = true reads a GeoParquet of points; leave it out for other files")  # fmt: skip
        return None
    name = geo.get("primary_column", "")
    meta = geo.get("columns", {}).get(name)
    names = file.schema_arrow.names
    if meta is None:
        findings.add("PW202", f"{path.name} is no GeoParquet: it does not say which column holds the points", file=path)  # fmt: skip
        return None
    if table.id not in names:
        findings.add("PW203", f"{path.name} has no column `{table.id}`", remedy=did_you_mean(table.id, names), **place)  # fmt: skip
        return None
    if not file.metadata.num_rows:
        findings.add("PW204", f"{path.name} has no rows", **place)
        return None
    if "crs" in meta and meta["crs"] is None:
        findings.add("PW302", f"{path.name} says that its coordinate system is unknown",
                     remedy="write the file with one; a file that says nothing is in degrees", **place)  # fmt: skip
        return None
    has_area = "area_ha" in names
    if has_area and not _is_number(file.schema_arrow.field("area_ha").type):
        findings.add("PW401", f"{path.name}: `area_ha` holds no numbers", **place)
        return None
    file_crs = json.dumps(meta["crs"]) if meta.get("crs") else "OGC:CRS84"
    source = TableSource(
        path, table.id, crs, _runs(file.metadata), file.metadata.num_rows,
        file_crs, str(meta.get("encoding", "WKB")), name, has_area,
    )  # fmt: skip
    return source if _sound(source, findings) else None


def _areas(area: np.ndarray) -> np.ndarray:
    """Areas; what is no area, such as the sentinel −9999, is unknown. float32, shape (n,), [ha]"""
    found = area.astype(np.float32)
    found[~(found > 0)] = np.nan
    return found


def _coordinates(column: Any, encoding: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of each row; NaN for one that is missing, empty or no single point."""
    if encoding != "point":
        shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
        return shapely.get_x(shapes), shapely.get_y(shapes)
    there = column.is_valid().to_numpy(zero_copy_only=False)
    x, y = (column.field(axis).to_numpy(zero_copy_only=False) for axis in ("x", "y"))
    return np.where(there, x, np.nan), np.where(there, y, np.nan)


def _is_number(kind: Any) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _runs(metadata: Any) -> tuple[tuple[int, ...], ...]:
    """Row groups one after another, as many as make a part."""
    runs: list[list[int]] = []
    rows = PART_ROWS
    for group in range(metadata.num_row_groups):
        own = metadata.row_group(group).num_rows
        if rows + own > PART_ROWS:
            runs.append([])
            rows = 0
        runs[-1].append(group)
        rows += own
    return tuple(tuple(run) for run in runs)


def _sound(source: TableSource, findings: Findings) -> bool:
    """Tell whether every row has an id of its own and a place."""
    ids = pq.read_table(source.path, columns=[source.key])[source.key].cast(pa.string())
    ids = pc.if_else(pc.equal(pc.utf8_trim_whitespace(ids), ""), None, ids)
    if empty := ids.null_count:
        findings.add("PW405", f"sites: `{source.key}` is empty in {empty} rows", file=source.path)
    twice = len(ids) - empty - len(pc.unique(ids.drop_null()))
    if twice:
        counts = pc.value_counts(ids)
        first = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"]
        findings.add("PW404", f"sites: {twice} ids stand more than once, {first} among them", file=source.path,
                     remedy="ids must be unique inside a layer")  # fmt: skip
    lost = 0
    for number in range(source.parts):
        at = source.part(number).positions
        lost += int((~(np.isfinite(at.x) & np.isfinite(at.y))).sum())
    if lost:
        findings.add("PW301", f"sites: {lost} rows hold no single point in {source.crs.name}", file=source.path,
                     remedy="give each one point, or remove the rows")  # fmt: skip
    return not (empty or twice or lost)
