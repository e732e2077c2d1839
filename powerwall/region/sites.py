"""Sites: the named candidates, one round each point of interconnection, or a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.grid import Cells, plan_cells
from powerwall.region.layers import Layers, read_layer
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.grid_table import Grid
    from powerwall.region.region import Around, Places, RegionTable

#: Cells that can be measured in full: a power plan, a bill and a noise map take 10 to 30 ms each.
MOST_CELLS = 100_000
#: Columns every site has, whatever its origin.
TEXT_COLUMNS = (
    "name", "jurisdiction_id", "county", "utility_id", "poi_id", "zoning_status", "availability",
    "availability_note", "status", "source_title", "source_url", "as_of", "note",
)  # fmt: skip
NUMBER_COLUMNS = ("location_accuracy_m", "area_ha", "announced_mw")


def build_sites(
    table: RegionTable, layers: Layers, crs: CRS, places: Places, findings: Findings
) -> gpd.GeoDataFrame:
    """All candidates of a region, indexed by `site_id`, in its coordinate system.

    `origin` tells a named place from a screening candidate; `around_poi_id` and `radius_km` say
    round which node, and how far from it, a screening candidate may lie.
    """
    if table.sites.screen:  # millions of candidates are never a frame of objects
        return no_sites(crs)
    if table.sites.path:
        path = places.path.parent / table.sites.path
        layer = read_layer("sites", table.sites, path, crs, places, ("sites",), findings)
        if layer is not None:
            layers["sites"] = layer
    return sites_of(table, layers, crs, places, findings)


def sites_of(
    table: RegionTable, layers: Layers, crs: CRS, places: Places, findings: Findings
) -> gpd.GeoDataFrame:
    """All candidates of layers that were read; the named places are the layer `sites`."""
    parts = []
    if table.sites.path and "sites" in layers:
        parts.append(named_sites(layers["sites"].frame, table.sites.id))
    if table.sites.around:
        parts.append(_around(table.sites.around, layers, places, findings))
    if table.sites.grid:
        parts.append(_on_grid(table.sites.grid, layers, crs, places, findings))
    if not (table.sites.path or table.sites.around or table.sites.grid):
        findings.add(
            "PW103", "[sites] names neither a path, nor around, nor grid", **places("sites")
        )
    kept = [part for part in parts if part is not None and len(part)]
    if not kept:
        return no_sites(crs)
    sites = gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), geometry="geometry", crs=crs)
    named = sites["origin"] == "named"
    for site_id in sites.loc[sites["site_id"].duplicated() & ~named, "site_id"]:
        findings.add("PW404", f"sites: `site_id` = {site_id} stands twice", **places("sites"))
    return sites.set_index("site_id").sort_index()


def no_sites(crs: CRS) -> gpd.GeoDataFrame:
    """A frame of candidates without a row, with the columns of one."""
    none = gpd.GeoDataFrame({"site_id": [], "origin": []}, geometry=[], crs=crs)
    return _complete(none).set_index("site_id")


def _complete(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    for column in TEXT_COLUMNS:
        if column not in frame:
            frame[column] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    for column in NUMBER_COLUMNS:
        if column not in frame:
            frame[column] = np.nan
    return frame


def named_sites(frame: pd.DataFrame, key: str) -> gpd.GeoDataFrame:
    """Rows of a file as candidates; `key` is its column of ids."""
    named = frame.rename(columns={key: "site_id"}).copy()
    named["origin"], named["origin_row"] = "named", frame.index.to_numpy()
    named["around_poi_id"] = pd.Series([None] * len(named), index=named.index, dtype=object)
    named["radius_km"] = 0.0
    complete = _complete(gpd.GeoDataFrame(named, geometry="geometry"))
    complete["name"] = complete["name"].where(complete["name"].notna(), complete["site_id"])
    return complete


def _around(
    around: Around, layers: Layers, places: Places, findings: Findings
) -> gpd.GeoDataFrame | None:
    layer = layers.get(around.layer)
    if layer is None:
        findings.add("PW105", f"[sites.around] names the layer `{around.layer}`, which is not there",
                     remedy=did_you_mean(around.layer, list(layers)), **places("sites", "around"))  # fmt: skip
        return None
    if not isinstance(layer.frame, gpd.GeoDataFrame):
        findings.add(
            "PW307",
            f"[sites.around] names the layer `{around.layer}`, which has no geometry",
            **places("sites", "around"),
        )
        return None
    chosen = _where(layer.frame, around.where, ("sites", "around"), places, findings)
    if chosen is None:
        return None
    nodes, key = layer.frame[chosen], layer.schema.key or "poi_id"
    labels = nodes["name"].fillna(nodes[key]) if "name" in nodes else nodes[key]
    twins = labels.duplicated(keep=False)
    labels = labels.where(~twins, labels.astype(str) + " (" + nodes[key].astype(str) + ")")
    made = gpd.GeoDataFrame(
        {
            "site_id": "near-" + nodes[key].astype(str),
            "name": "near " + labels.astype(str),
            "around_poi_id": nodes[key],
            "radius_km": around.radius_km,
            "location_accuracy_m": around.radius_km * 1000.0 + _accuracy(nodes),
            "origin": "screening",
            "origin_row": nodes.index.to_numpy(),
            "availability": "unknown",
            "zoning_status": "unknown",
            "status": "approximate",
            "note": f"screening candidate within {around.radius_km:g} km of the node; size and use unknown",
        },
        geometry=nodes.geometry, crs=layer.frame.crs,
    )  # fmt: skip
    for column in ("source_title", "source_url", "as_of"):
        made[column] = nodes.get(column)
    return _complete(made)


def _where(
    frame: pd.DataFrame, where: str, key: tuple[str, ...], places: Places, findings: Findings
) -> np.ndarray | None:
    try:
        missing = [name for name in (columns_of(where) if where else []) if name not in frame]
    except ValueError as error:
        findings.add("PW102", str(error), **places(*key, "where"))
        return None
    for name in missing:
        findings.add("PW105", f"the condition reads `{name}`, which the layer does not have",
                     remedy=did_you_mean(name, [str(c) for c in frame]), **places(*key, "where"))  # fmt: skip
    if missing:
        return None
    try:
        return matches(frame, where)
    except ValueError as error:
        findings.add("PW102", str(error), **places(*key, "where"))
        return None


def _on_grid(
    grid: Grid, layers: Layers, crs: CRS, places: Places, findings: Findings
) -> gpd.GeoDataFrame | None:
    found = plan_cells(grid, layers, crs, places, findings)
    if found is None:
        return None
    if len(found.cells) > MOST_CELLS:
        findings.add("PW603", f"[sites.grid] has {len(found.cells):,} cells, too many to make a power plan for each",
                     remedy="write  screen = true  under [sites], or take larger cells", **places("sites", "grid"))  # fmt: skip
        return None
    return cell_sites(found.cells, slice(None))


def cell_sites(cells: Cells, rows: slice) -> gpd.GeoDataFrame:
    """Cells of a grid as candidates, each at its centre."""
    labels = np.asarray(cells.site_ids(rows)).astype(object)
    made = gpd.GeoDataFrame(
        {
            "site_id": labels, "name": labels, "around_poi_id": None, "radius_km": 0.0, "origin": "grid",
            "origin_row": -1, "location_accuracy_m": cells.half_width_m, "area_ha": np.asarray(cells.area_ha[rows], dtype=float),
            "availability": "unknown", "zoning_status": "unknown", "status": "approximate",
            "note": "grid cell; use unknown",
        },
        geometry=shapely.points(*cells.centres(rows)), crs=cells.crs,
    )  # fmt: skip
    return _complete(made)


def _accuracy(frame: pd.DataFrame) -> pd.Series | float:
    return frame["location_accuracy_m"].fillna(0.0) if "location_accuracy_m" in frame else 0.0
