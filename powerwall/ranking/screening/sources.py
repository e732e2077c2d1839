"""Sources: the candidates of a screening, made once and then opened by path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from powerwall.region.candidates import GridSource, Source, table_source
from powerwall.region.findings import BadInput, Findings
from powerwall.region.grid import Cells, Funnel, plan_cells

if TYPE_CHECKING:
    from powerwall.region.read import Region


def plan_source(region: Region, folder: Path) -> tuple[Source, Funnel]:
    """The candidates of a region, and what was removed on the way to them.

    The cells of a grid are written to the folder, where `source_of` finds them.

    Raises
    ------
    BadInput
        If there are no candidates, or they cannot be read.
    """
    table, findings = region.table.sites, Findings()
    if table.grid is not None:
        plan = plan_cells(table.grid, region.layers, region.sites.crs, region.places, findings)
        findings.raise_errors()
        if plan is None:
            raise BadInput(findings)
        plan.cells.save(folder)
        return GridSource(plan.cells), plan.funnel
    source = _table(region, findings)
    return source, Funnel(source.rows, (), source.rows)


def source_of(region: Region, folder: str) -> Source:
    """The candidates again, where the cells of a grid were planned already."""
    if region.table.sites.grid is not None:
        return GridSource(Cells.open(Path(folder)))
    return _table(region, Findings())


def _table(region: Region, findings: Findings) -> Source:
    table = region.table.sites
    if table.path is None:
        findings.add("PW103", "screen = true needs a grid, or the path of a GeoParquet", **region.places("sites", "screen"))  # fmt: skip
        raise BadInput(findings)
    source = table_source(table, region.path.parent / table.path, region.sites.crs, region.places, findings)  # fmt: skip
    findings.raise_errors()
    if source is None:
        raise BadInput(findings)
    return source
