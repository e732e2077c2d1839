"""Hexagons: the same grid in H3 cells, with the package `h3`.

H3 knows no arrays: centres, outlines and neighbours are asked of it cell by cell, some microseconds
each. Ten million candidates are a matter for square cells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from powerwall.region.findings import Findings
from powerwall.region.grid.cells import Cells
from powerwall.region.grid.curve import hilbert
from powerwall.region.grid.funnel import Funnel, Step
from powerwall.region.grid.outlines import exploded, polygons_of
from powerwall.region.grid.rules import Rule
from powerwall.region.grid.shares import SHARE_EPS, merged
from powerwall.region.grid.sieve import sift, steps_of

if TYPE_CHECKING:
    from powerwall.region.grid.plan import GridPlan
    from powerwall.region.grid_table import Grid
    from powerwall.region.region import Places

INSTALL = 'pip install "powerwall[h3]"'
MOST_CELLS = 100_000_000
_EARTH_M2 = 5.1e14
_LONGEST_EDGE_M = 50e3  # bends by some 50 m
_CURVE_BITS = 28  # some 0.15 m of longitude at the equator
_CHUNK = 50_000
_M2_PER_HA = 1e4


def plan_hexagons(
    grid: Grid, boundary: np.ndarray, rules: tuple[list[Rule], list[Rule]], crs: CRS, places: Places, findings: Findings
) -> GridPlan | None:  # fmt: skip
    """As `plan_cells`, of H3 cells. `area_ha` is their area on the sphere of H3."""
    from powerwall.region.grid.plan import GridPlan

    try:
        import h3.api.basic_int as h3
    except ImportError:
        findings.add("PW603", "[sites.grid]: h3_resolution needs the package h3", remedy=INSTALL,
                     **places("sites", "grid", "h3_resolution"))  # fmt: skip
        return None
    resolution = grid.h3_resolution or 0
    mean_m2 = h3.average_hexagon_area(resolution, unit="m^2")
    if _unfit(grid, boundary, mean_m2, places, findings):
        return None
    key = _candidates(h3, boundary, resolution, crs)
    lat, lon = _centres(h3, key)
    key, lon, lat = (part[_order(lon, lat)] for part in (key, lon, lat))
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    inside = _over(boundary, x, y, 0.0)
    key, x, y = key[inside], x[inside], y[inside]
    shapes = (lambda rows: _outlines(h3, key[rows], crs)) if _any_overlap(rules) else None
    hits = [[_hits(rule, x, y, crs, shapes) for rule in some] for some in rules]
    kept, held, tally = sift(np.ones(len(key), bool), *hits)
    steps = list(steps_of(tally, *rules))
    area = np.fromiter((h3.cell_area(cell, unit="m^2") for cell in key.tolist()), float, len(key)) / _M2_PER_HA  # fmt: skip
    if grid.contiguous_ha is not None:
        small = kept & ~held & (_patch_ha(h3, key, kept, area) < grid.contiguous_ha * (1 - 1e-9))
        kept &= ~small
        count = int(np.count_nonzero(small))
        steps.append(Step(f"patch below {grid.contiguous_ha:g} ha", count, count, "", int(np.count_nonzero(kept))))  # fmt: skip
    # between opposite edges a regular hexagon is sqrt(2 area / sqrt(3)) wide
    cells = Cells(key[kept], area[kept].astype(np.float32), crs, sqrt(2 * mean_m2 / sqrt(3)) / 2, resolution, x[kept], y[kept])  # fmt: skip
    return GridPlan(cells, Funnel(tally.within, (), tally.within).with_steps(steps))


def _unfit(
    grid: Grid, boundary: np.ndarray, mean_m2: float, places: Places, findings: Findings
) -> bool:
    if grid.campus_ha is not None:
        findings.add("PW102", "[sites.grid]: campus_ha needs square cells",
                     remedy="write  cell_km  instead of h3_resolution, or contiguous_ha instead of campus_ha",
                     **places("sites", "grid", "campus_ha"))  # fmt: skip
        return True
    count = min(float(shapely.area(boundary).sum()), _EARTH_M2) / mean_m2
    if count > MOST_CELLS:
        findings.add("PW102", f"[sites.grid]: some {count:,.0f} H3 cells are too many",
                     remedy=f"at most {MOST_CELLS:,}; take a lower resolution, or cell_km", **places("sites", "grid", "h3_resolution"))  # fmt: skip
        return True
    return False


def _any_overlap(rules: tuple[list[Rule], list[Rule]]) -> bool:
    return any(rule.overlap is not None for some in rules for rule in some)


def _candidates(h3: Any, boundary: np.ndarray, resolution: int, crs: CRS) -> np.ndarray:
    """Cells that may have their centre in the boundary: those that overlap it, on H3's sphere."""
    edge_m = h3.average_hexagon_edge_length(resolution, unit="m")
    # an outline that is off by less than half a cell still overlaps every cell with its centre in it
    parts = shapely.simplify(polygons_of(boundary), edge_m / 4)
    # H3 joins vertices by straight lines in degrees, which bend away from the plane's
    parts = shapely.segmentize(parts, min(20 * edge_m, _LONGEST_EDGE_M))
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    parts = shapely.transform(parts, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
    found = []
    for part in exploded(parts):
        rings = [shapely.get_coordinates(ring)[:, ::-1].tolist() for ring in shapely.get_rings(part)]  # fmt: skip
        shape = h3.LatLngPoly(*rings)
        found.append(np.array(h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap"), np.int64))  # fmt: skip
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _centres(h3: Any, key: np.ndarray) -> np.ndarray:
    """Latitudes and longitudes. Shape (2, n)"""
    flat = (part for cell in key.tolist() for part in h3.cell_to_latlng(cell))
    return np.fromiter(flat, float, 2 * len(key)).reshape(-1, 2).T


def _order(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    steps = 1 << _CURVE_BITS
    x, y = ((lon + 180.0) / 360.0 * steps).astype(int), ((lat + 90.0) / 180.0 * steps).astype(int)
    along = hilbert(np.clip(x, 0, steps - 1), np.clip(y, 0, steps - 1), _CURVE_BITS)
    return np.argsort(along, kind="stable")


def _hits(
    rule: Rule, x: np.ndarray, y: np.ndarray, crs: CRS, shapes: Callable[[slice], np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a rule hits, and those it hits without its buffer."""
    if rule.raster is not None:
        hit = rule.at(x, y, crs)
        return hit, hit
    if rule.overlap is not None and shapes is not None:
        least = rule.overlap - SHARE_EPS
        hit = _shares(merged(rule.features, rule.buffer_m), len(x), shapes) >= least
        if not rule.buffer_m:
            return hit, hit
        return hit, _shares(merged(rule.features, 0.0), len(x), shapes) >= least
    plain = _over(polygons_of(rule.features), x, y, 0.0)
    if not rule.buffer_m:
        return plain, plain
    return plain | _over(exploded(rule.features), x, y, rule.buffer_m), plain


def _over(features: np.ndarray, x: np.ndarray, y: np.ndarray, distance_m: float) -> np.ndarray:
    """Positions within a distance of a feature, or in one."""
    hit = np.zeros(len(x), bool)
    if not len(features):
        return hit
    tree = shapely.STRtree(features)
    asked = {"predicate": "dwithin", "distance": distance_m} if distance_m else {"predicate": "intersects"}  # fmt: skip

    def ask(rows: slice) -> None:
        hit[rows][tree.query(shapely.points(x[rows], y[rows]), **asked)[0]] = True

    _in_chunks(ask, len(x))
    return hit


def _shares(polygons: np.ndarray, count: int, shapes: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Share of each cell that polygons without overlap cover. Shape (n,)"""
    share = np.zeros(count)
    if not len(polygons):
        return share
    tree = shapely.STRtree(polygons)
    shapely.prepare(polygons)

    def measure(rows: slice) -> None:
        cells = shapes(rows)
        cell, polygon = tree.query(cells, predicate="intersects")
        whole = shapely.contains_properly(polygons[polygon], cells[cell])
        covered = np.where(whole, shapely.area(cells[cell]), 0.0)
        covered[~whole] = shapely.area(
            shapely.intersection(polygons[polygon[~whole]], cells[cell[~whole]])
        )
        share[rows] = np.bincount(cell, covered, minlength=len(cells)) / shapely.area(cells)

    _in_chunks(measure, count)
    return share


def _in_chunks(work: Callable[[slice], None], count: int) -> None:
    chunks: Iterable[slice] = (slice(at, min(at + _CHUNK, count)) for at in range(0, count, _CHUNK))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(work, chunks))


def _outlines(h3: Any, key: np.ndarray, crs: CRS) -> np.ndarray:
    """Cells as polygons in the region's coordinate system."""
    rings = [h3.cell_to_boundary(cell) for cell in key.tolist()]
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    lat, lon = np.concatenate([np.array(ring) for ring in rings]).T
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    made: np.ndarray = shapely.polygons(
        shapely.linearrings(np.column_stack(to_plane.transform(lon, lat)), indices=owner)
    )
    return made


def _patch_ha(h3: Any, key: np.ndarray, kept: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Area of the patch that each kept cell belongs to; 0 elsewhere. Shape (n,) [ha]"""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = np.flatnonzero(kept)
    order = rows[np.argsort(key[rows])]
    own = key[order]
    near = [h3.grid_disk(cell, 1) for cell in own.tolist()]
    one = np.repeat(np.arange(len(own)), [len(disk) for disk in near])
    other_key = np.fromiter((cell for disk in near for cell in disk), np.int64, len(one))
    other = np.minimum(np.searchsorted(own, other_key), max(len(own) - 1, 0))
    there = own[other] == other_key if len(own) else np.zeros(0, bool)
    links = coo_matrix((np.ones(there.sum(), bool), (one[there], other[there])), shape=(len(own),) * 2)  # fmt: skip
    group = connected_components(links, directed=False)[1]
    found = np.zeros(len(key))
    found[order] = np.bincount(group, area[order])[group] if len(own) else 0.0
    return found
