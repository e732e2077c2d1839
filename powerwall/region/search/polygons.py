"""The polygons that cover positions: a label a cell, and an exact test where a border passes."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
import shapely
from pyproj import CRS

from powerwall.region.search.grid import Grid
from powerwall.region.search.kept import kept
from powerwall.region.search.lines import LineIndex
from powerwall.region.search.pairs import firsts, paired, runs, split
from powerwall.region.search.positions import Floats, Positions, Whole
from powerwall.region.search.segments import Segments, segments_of

#: Cells: more make the cells with a border few, and take longer to be made.
_CELLS_PER_EDGE, _FEWEST_CELLS, _MOST_CELLS = 1, 4096, 2_000_000

_AREAS = [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON]
#: Questions after which a prepared polygon is read only: two, and one to be sure.
_QUESTIONS = 3


class _Labels(NamedTuple):
    """What is known of each cell.

    `of_cell` holds the only polygon that covers the cell, −1 for none, and −2 − j where several
    do or a border passes: then rows start[j] to start[j + 1] of `polygon` are those to look at,
    of which `sure` ones cover the whole cell.
    """

    grid: Grid
    of_cell: np.ndarray
    start: Whole
    polygon: Whole
    sure: np.ndarray


class PolygonIndex:
    """Valid polygons in arrays: which of them cover a position, borders included.

    Parameters
    ----------
    geometries
        Array of polygons, of one part or of several, or collections with polygons; anything else
        covers nothing.
    crs
        Projected coordinate system of the geometries and of the candidates; only `nearest`
        needs it.

    Any number of threads may search one index at a time.
    """

    def __init__(self, geometries: object, crs: CRS | str | None = None) -> None:
        # Copies: they are prepared here, and no other thread may be preparing them.
        self.geometries = _areas(shapely.force_2d(np.asarray(geometries, dtype=object)))
        self.crs = None if crs is None else CRS.from_user_input(crs)
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.geometries)

    def covering(self, p: Positions) -> tuple[Whole, Whole]:
        """All pairs of a position and a polygon that covers it or has it on its border.

        Returns
        -------
        at, which
            Row of the position and of the polygon, sorted by both. Shape (pairs,)
        """
        with self._lock:
            labels = self._labels
        if labels is None or not len(p):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        cell = labels.grid.of(p.x, p.y)
        label = np.where(cell >= 0, labels.of_cell[cell], -1)
        plain, open_ = np.flatnonzero(label >= 0), np.flatnonzero(label < -1)
        at, which = self._tested(p, open_, -2 - label[open_].astype(np.int64), labels)
        if not len(at):
            return plain, label[plain].astype(np.int64)
        at = np.concatenate([plain, at])
        which = np.concatenate([label[plain].astype(np.int64), which])
        order = np.argsort(at, kind="stable")  # those of one position are in order already
        return at[order], which[order]

    def _tested(
        self, p: Positions, rows: Whole, entry: Whole, labels: _Labels
    ) -> tuple[Whole, Whole]:
        """Pairs of the positions whose cells are not covered by one polygon alone."""
        sizes = labels.start[entry + 1] - labels.start[entry]
        listed = np.repeat(labels.start[entry], sizes) + runs(sizes)
        at, which, covered = np.repeat(rows, sizes), labels.polygon[listed], labels.sure[listed]
        unsure = np.flatnonzero(~covered)
        # By polygon: a prepared one stays in the cache of the processor.
        unsure = unsure[np.argsort(which[unsure], kind="stable")]
        ring, place = self.geometries[which[unsure]], at[unsure]
        covered[unsure] = shapely.intersects_xy(ring, p.x[place], p.y[place])
        return at[covered], which[covered]

    def first(self, p: Positions) -> Whole:
        """Lowest row of the polygons that cover each position, −1 outside all. Shape (len(p),)"""
        at, which = self.covering(p)
        first = np.full(len(p), -1)
        lead = firsts(at)
        first[at[lead]] = which[lead]
        return first

    def nearest(self, p: Positions) -> tuple[Whole, Floats]:
        """Lowest polygon that covers each position at 0 m, else the one of the nearest border.

        Returns
        -------
        which, metres
            As `LineIndex.nearest`.
        """
        which = self.first(p)
        metres = np.zeros(len(p))
        out = np.flatnonzero(which < 0)
        if len(out):
            with self._lock:
                borders = self._borders
            known = p.lon[out], p.lat[out]
            away = Positions(p.x[out], p.y[out], p.crs, known)
            which[out], metres[out] = borders.nearest(away)
        return which, metres

    @kept
    def _borders(self) -> LineIndex:
        if self.crs is None:
            raise ValueError("the nearest polygon needs the coordinate system of the polygons")
        return LineIndex(self.geometries, self.crs)

    @kept
    def _labels(self) -> _Labels | None:
        edges = segments_of(self.geometries)
        if not len(edges):
            return None
        self._prepare()
        wanted = min(max(_CELLS_PER_EDGE * len(edges), _FEWEST_CELLS), _MOST_CELLS)
        grid = Grid.over(edges.box, wanted)
        return _labels(grid, edges)

    def _prepare(self) -> None:
        """Prepare every polygon and ask it often enough that it changes no more.

        GEOS answers a polygon's first question plainly and builds its index at the second, with
        no lock: threads that came first at the same time would corrupt memory.
        """
        shapely.prepare(self.geometries)
        x0, y0, x1, y1 = shapely.bounds(self.geometries).T
        for _ in range(_QUESTIONS):
            shapely.intersects_xy(self.geometries, (x0 + x1) / 2, (y0 + y1) / 2)


def _areas(shapes: np.ndarray) -> np.ndarray:
    """The polygons of each shape, None where it has none."""
    kind = shapely.get_type_id(shapes)
    collected = np.flatnonzero(kind == shapely.GeometryType.GEOMETRYCOLLECTION)
    shapes[~np.isin(kind, _AREAS)], collections = None, shapes[collected]
    if len(collected):
        parts, inner = shapely.get_parts(collections, return_index=True)
        parts, part = shapely.get_parts(parts, return_index=True)  # a collection holds multi-parts
        area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        holder, areas = collected[inner[part[area]]], parts[area]
        for row in np.unique(holder):  # they may overlap, which parts of one polygon may not
            shapes[row] = shapely.union_all(areas[holder == row])
    return shapes


def _labels(grid: Grid, edges: Segments) -> _Labels:
    segment, cell = grid.touched(edges.ax, edges.ay, edges.bx, edges.by)
    border = paired(cell, edges.feature[segment])
    border = border[np.diff(border, prepend=-1) != 0]  # most repetitions follow one another
    whole = _inside(grid, edges)
    # In one order, by cell and polygon: where a border passes, what lies inside comes second.
    entries = np.concatenate([border << 1, whole << 1 | 1])
    entries.sort()
    entries = entries[np.diff(entries >> 1, prepend=-1) != 0]
    sure = (entries & 1).astype(bool)
    cell, polygon = split(entries >> 1)
    lead = firsts(cell)
    count = np.diff(lead, append=len(cell))
    alone = sure[lead] & (count == 1)
    of_cell = np.full(grid.nx * grid.ny, -1, dtype=np.int32)
    of_cell[cell[lead]] = np.where(alone, polygon[lead], -1 - np.cumsum(~alone))
    listed = ~np.repeat(alone, count)
    start = np.append(0, np.cumsum(count[~alone]))
    return _Labels(grid, of_cell, start, polygon[listed], sure[listed])


def _inside(grid: Grid, edges: Segments) -> Whole:
    """Pairs of the cells whose centre a polygon covers, and of the polygon.

    Between the first and second, third and fourth … crossing of its outline with the middle of
    a row of cells one is inside a polygon. A cell that no outline touches is as its centre is.
    """
    low, high = np.minimum(edges.ay, edges.by), np.maximum(edges.ay, edges.by)
    # An edge meets the middles row + ½ in [low, high): of two edges at a vertex one counts.
    bottom = np.ceil(grid.rows(low) - 0.5).astype(np.int64)
    top = np.ceil(grid.rows(high) - 0.5).astype(np.int64)
    edge = np.flatnonzero(top > bottom)
    rows = (top - bottom)[edge]
    row = np.repeat(bottom[edge], rows) + runs(rows)
    edge = np.repeat(edge, rows)
    t = (grid.y0 + (row + 0.5) * grid.cell - edges.ay[edge]) / edges.dy[edge]
    column = grid.columns(edges.ax[edge] + t * edges.dx[edge])
    line = edges.feature[edge] * grid.ny + row
    order = np.lexsort((column, line))
    line, column = line[order], column[order]
    left = np.ceil(column[::2] - 0.5).astype(np.int64)
    right = np.ceil(column[1::2] - 0.5).astype(np.int64)
    polygon, row = np.divmod(line[::2], grid.ny)
    count = np.maximum(right - left, 0)
    cell = np.repeat(row * grid.nx + left, count) + runs(count)
    return paired(cell, np.repeat(polygon, count))
