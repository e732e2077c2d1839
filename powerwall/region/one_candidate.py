"""One candidate of a screening as a site like any other, so that it can be measured in full."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq

from powerwall.region.findings import BadInput, Findings
from powerwall.region.grid import plan_cells
from powerwall.region.joins import join_sites
from powerwall.region.sites import cell_sites, named_sites, no_sites

if TYPE_CHECKING:
    from powerwall.region.read import Region


def with_candidate(region: Region, site_id: str) -> Region:
    """The region with one of its cells, or one row of its GeoParquet, as its only site.

    Raises
    ------
    BadInput
        If there is no such candidate, or an exclusion removed it.
    """
    findings = Findings()
    sites = _cell(region, site_id, findings) if region.table.sites.grid else _row(region, site_id)
    findings.raise_errors()
    if sites is None or sites.empty:
        findings.add("PW603", f"no candidate `{site_id}`: outside the boundary, or excluded",
                     remedy="score lists the best ones, and -o cells.parquet all", **region.places("sites"))  # fmt: skip
        raise BadInput(findings)
    joined = join_sites(sites.set_index("site_id"), region.layers, findings)
    return replace(region, sites=joined, findings=(*region.findings, *findings))


def _cell(region: Region, site_id: str, findings: Findings) -> gpd.GeoDataFrame | None:
    grid = region.table.sites.grid
    assert grid is not None  # noqa: S101 — the caller looked
    plan = plan_cells(grid, region.layers, region.sites.crs, region.places, findings)
    at = None if plan is None else plan.cells.find(site_id)
    return None if plan is None or at is None else cell_sites(plan.cells, slice(at, at + 1))


def _row(region: Region, site_id: str) -> gpd.GeoDataFrame:
    table = region.table.sites
    path = region.path.parent / str(table.path)
    try:  # ids may be whole numbers in the file
        wanted = pa.scalar(site_id).cast(pq.read_schema(path).field(table.id).type)
    except pa.ArrowInvalid:
        return no_sites(region.sites.crs).reset_index()
    frame = gpd.read_parquet(path, filters=[(table.id, "==", wanted.as_py())]).astype(
        {table.id: str}
    )
    if frame.crs is None:
        frame = frame.set_crs("OGC:CRS84")
    return named_sites(frame.to_crs(region.sites.crs), table.id)
