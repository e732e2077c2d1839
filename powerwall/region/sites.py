"""Sites: the named candidates, one round each point of interconnection, or a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.layers import Layers, read_layer
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.region import Around, Grid, Places, RegionTable

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
        parts.append(_named(layers["sites"].frame, table.sites.id))
    if table.sites.around:
        parts.append(_around(table.sites.around, layers, places, findings))
    if table.sites.grid:
        parts.append(_on_grid(table.sites.grid, layers, places, findings))
    if not (table.sites.path or table.sites.around or table.sites.grid):
        findings.add(
            "PW103", "[sites] names neither a path, nor around, nor grid", **places("sites")
        )
    kept = [part for part in parts if part is not None and len(part)]
    if not kept:
        return gpd.GeoDataFrame({"site_id": []}, geometry=[], crs=crs).set_index("site_id")
    sites = gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), geometry="geometry", crs=crs)
    named = sites["origin"] == "named"
    for site_id in sites.loc[sites["site_id"].duplicated() & ~named, "site_id"]:
        findings.add("PW404", f"sites: `site_id` = {site_id} stands twice", **places("sites"))
    return sites.set_index("site_id").sort_index()


def _complete(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    for column in TEXT_COLUMNS:
        if column not in frame:
            frame[column] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    for column in NUMBER_COLUMNS:
        if column not in frame:
            frame[column] = np.nan
    return frame


def _named(frame: pd.DataFrame, key: str) -> gpd.GeoDataFrame:
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
    grid: Grid, layers: Layers, places: Places, findings: Findings
) -> gpd.GeoDataFrame | None:
    frame = layers.frame(grid.within)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        findings.add("PW105", f"[sites.grid] is limited by the layer `{grid.within}`, which has no polygons",
                     remedy=did_you_mean(grid.within, list(layers)), **places("sites", "grid"))  # fmt: skip
        return None
    area = shapely.union_all(frame.geometry.to_numpy())
    size = grid.cell_km * 1000.0
    west, south, east, north = area.bounds
    # whole multiples of the cell, so that a cell keeps its id when the area changes
    columns = np.arange(np.floor(west / size), np.ceil(east / size), dtype=int)
    rows = np.arange(np.floor(south / size), np.ceil(north / size), dtype=int)
    i, j = (part.ravel() for part in np.meshgrid(columns, rows))
    x, y = (i + 0.5) * size, (j + 0.5) * size
    shapely.prepare(area)
    inside = shapely.contains_xy(area, x, y)
    i, j, x, y = i[inside], j[inside], x[inside], y[inside]
    labels = [f"cell-{a}-{b}" for a, b in zip(i, j, strict=True)]
    made = gpd.GeoDataFrame(
        {
            "site_id": labels, "name": labels, "around_poi_id": None, "radius_km": 0.0, "origin": "grid",
            "origin_row": -1, "location_accuracy_m": size / 2, "area_ha": size * size / 1e4,
            "availability": "unknown", "zoning_status": "unknown", "status": "approximate",
            "note": "grid cell; use unknown",
        },
        geometry=shapely.points(x, y), crs=frame.crs,
    )  # fmt: skip
    return _complete(made)


def _accuracy(frame: pd.DataFrame) -> pd.Series | float:
    return frame["location_accuracy_m"].fillna(0.0) if "location_accuracy_m" in frame else 0.0
