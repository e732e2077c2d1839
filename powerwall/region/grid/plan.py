"""Plan: from the declaration of a grid to its cells and its funnel."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from powerwall.region.findings import Findings
from powerwall.region.grid.cells import Cells, packed
from powerwall.region.grid.funnel import Funnel, Step
from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.outlines import Outlines
from powerwall.region.grid.patches import WIDEST_WINDOW, campus_sizes, patch_sizes
from powerwall.region.grid.rules import Looked, Rule
from powerwall.region.grid.scanlines import centres_inside
from powerwall.region.grid.sieve import Tally, sift, steps_of
from powerwall.region.grid.squares import SquareRule, in_order

if TYPE_CHECKING:
    from powerwall.region.grid_table import Grid
    from powerwall.region.layers import Layers
    from powerwall.region.region import Places

#: Cells of the boundary's bounding box: two masks of them are 4 GB.
MOST_CELLS = 2_000_000_000
#: Columns and rows have 32 bits, with sign.
MOST_STEPS = 2**31 - 1
M2_PER_HA = 1e4


@dataclass(frozen=True)
class GridPlan:
    """Cells of a grid, and what was taken away from it."""

    cells: Cells
    funnel: Funnel


def plan_cells(
    grid: Grid, layers: Layers, crs: CRS, places: Places, findings: Findings
) -> GridPlan | None:
    """Candidates of a grid; None if there are none (the findings say why).

    A cell is a candidate if its centre lies in the boundary and no exclusion hits it, or an
    inclusion does. Buffers are distances in the plane of `crs`. Of a centre on an edge the polygon
    east or north of it counts.
    """
    looked = Looked(layers, places, findings)
    boundary = looked.boundary(grid.within, grid.where)
    excluded = [looked.rule(table, "exclude") for table in grid.exclude]
    forced = [looked.rule(table, "include") for table in grid.include]
    if boundary is None or None in excluded or None in forced:
        return None
    rules = [rule for rule in excluded if rule], [rule for rule in forced if rule]
    if grid.h3_resolution is not None:
        from powerwall.region.grid.hexagons import plan_hexagons

        found = plan_hexagons(grid, boundary, rules, crs, places, findings)
    else:
        found = _plan_squares(grid, boundary, rules, crs, places, findings)
    if found is None:
        return None
    if not len(found.cells):
        _nothing_left(found.funnel, grid, places, findings)
        return None
    return found


def _nothing_left(funnel: Funnel, grid: Grid, places: Places, findings: Findings) -> None:
    if not funnel.within:
        findings.add("PW102", f"[sites.grid]: no cell has its centre in `{grid.within}`",
                     remedy="take smaller cells", **places("sites", "grid"))  # fmt: skip
        return
    worst = max(funnel.steps, key=lambda step: step.hit)
    findings.add("PW102", f"[sites.grid]: none of {funnel.within:,} cells is left; `{worst.name}` alone hits {worst.hit:,}",
                 remedy="exclude less", **places("sites", "grid", "exclude"))  # fmt: skip


def _plan_squares(
    grid: Grid, boundary: np.ndarray, rules: tuple[list[Rule], list[Rule]], crs: CRS, places: Places, findings: Findings
) -> GridPlan | None:  # fmt: skip
    size_m = (grid.cell_km or 0.0) * 1000.0
    lattice = Lattice.over(tuple(shapely.total_bounds(boundary)), size_m)
    if lattice.columns * lattice.rows > MOST_CELLS:
        findings.add("PW102", f"[sites.grid]: {lattice.columns:,} by {lattice.rows:,} cells are too many",
                     remedy=f"at most {MOST_CELLS:,}; take larger cells", **places("sites", "grid", "cell_km"))  # fmt: skip
        return None
    if lattice.farthest > MOST_STEPS:
        findings.add("PW102", f"[sites.grid]: cells of {size_m:g} m are too small to be numbered from the origin of {crs.name}",
                     remedy="take larger cells", **places("sites", "grid", "cell_km"))  # fmt: skip
        return None
    reach = _campus_reach(grid, size_m)
    if reach * 2 + 1 > WIDEST_WINDOW:
        findings.add("PW102", f"[sites.grid]: the campus window is {reach * 2 + 1} cells across, at most {WIDEST_WINDOW}",
                     remedy="take larger cells, or a smaller campus_km", **places("sites", "grid", "campus_km"))  # fmt: skip
        return None
    kept, held, tally = _sifted(boundary, rules, lattice, crs)
    steps = list(steps_of(tally, *rules))
    cell_ha = size_m * size_m / M2_PER_HA
    if grid.contiguous_ha is not None:
        small = kept & ~held & (patch_sizes(kept) * cell_ha < grid.contiguous_ha * (1 - 1e-9))
        kept &= ~small
        steps.append(_removal(f"patch below {grid.contiguous_ha:g} ha", small, kept))
    sizes = None
    if grid.campus_ha is not None:
        sizes = campus_sizes(kept, reach)
        small = kept & ~held & (sizes * cell_ha < grid.campus_ha * (1 - 1e-9))
        kept &= ~small
        steps.append(_removal(f"campus below {grid.campus_ha:g} ha", small, kept))
    column, row = in_order(kept, lattice)
    key = packed(column, row)
    if sizes is None:
        area = np.full(len(column), cell_ha, np.float32)
    else:
        area = (sizes[row - lattice.row, column - lattice.column] * cell_ha).astype(np.float32)
    cells = Cells(key, area, crs, size_m / 2)
    return GridPlan(cells, Funnel(tally.within, (), tally.within).with_steps(steps))


def _removal(name: str, gone: np.ndarray, kept: np.ndarray) -> Step:
    count = int(np.count_nonzero(gone))
    return Step(name, count, count, "", int(np.count_nonzero(kept)))


def _sifted(
    boundary: np.ndarray, rules: tuple[list[Rule], list[Rule]], lattice: Lattice, crs: CRS
) -> tuple[np.ndarray, np.ndarray, Tally]:
    """Cells that stay, and those that stay whatever excludes them. Shape (rows, columns), bool"""
    edges = Outlines.of(boundary).edges
    excluded, forced = ([SquareRule(rule, crs).prepared() for rule in some] for some in rules)
    kept = np.zeros((lattice.rows, lattice.columns), bool)
    held = np.zeros_like(kept)
    tally = Tally(len(excluded) + len(forced))

    def sift_strip(strip: tuple[slice, Lattice]) -> Tally:
        rows, part = strip
        inside = centres_inside(edges, part)
        hits = [[rule.hits(part, inside) for rule in some] for some in (excluded, forced)]
        kept[rows], held[rows], counted = sift(inside, *hits)
        return counted

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for counted in threads.map(sift_strip, lattice.strips()):
            tally.add(counted)
    return kept, held, tally


def _campus_reach(grid: Grid, size_m: float) -> int:
    """Cells from the middle of the campus window to its end; 0 without a campus."""
    if grid.campus_ha is None:
        return 0
    if grid.campus_km is not None:
        return floor(grid.campus_km * 1000.0 / size_m + 1e-9)
    cells = 2 * grid.campus_ha * M2_PER_HA / (size_m * size_m)
    return max(ceil((sqrt(cells) - 1) / 2 - 1e-9), 0)
