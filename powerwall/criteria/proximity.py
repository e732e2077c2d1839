"""Proximity: generic measures of one layer round a site, for criteria declared in the region file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.criteria.criterion import SUBJECTS, Criterion, registry
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.geometry import nearest
from powerwall.region.units import unit_of
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.read import Region
    from powerwall.region.region import CustomCriterion

_UNITS = {
    "distance_km": "km",
    "count_within": "count",
    "length_within": "km",
    "share_covered": "share",
}
_WITHIN = {"count_within", "sum_within", "length_within", "share_covered", "area_weighted_mean"}


def distance_km(sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame) -> pd.Series:
    """Distance to the nearest feature, on the ellipsoid; NaN without features. [km]"""
    if features.empty:
        return pd.Series(np.nan, index=sites.index)
    _, metres = nearest(sites.geometry, features.geometry)
    return pd.Series(metres / 1000, index=sites.index)


def count_within(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float
) -> pd.Series:
    """Features within a distance of the site. [count]"""
    at, _ = _within(sites, features, within_km)
    return pd.Series(np.bincount(at, minlength=len(sites)).astype(float), index=sites.index)


def sum_within(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float, column: str
) -> pd.Series:
    """Sum of a column over the features within a distance; NaN if one of them is unknown."""
    at, which = _within(sites, features, within_km)
    amounts = features[column].to_numpy(dtype=float)[which]
    return pd.Series(np.bincount(at, weights=amounts, minlength=len(sites)), index=sites.index)


def length_within(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float
) -> pd.Series:
    """Length of the lines inside the circle round the site. [km]"""
    at, which = _within(sites, features, within_km)
    circles = _circles(sites, within_km)
    pieces = (
        shapely.length(shapely.intersection(features.geometry.to_numpy()[which], circles[at]))
        / 1000
    )
    return pd.Series(np.bincount(at, weights=pieces, minlength=len(sites)), index=sites.index)


def share_covered(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float
) -> pd.Series:
    """Share of the circle round the site that the polygons cover. [share]"""
    at, which = _within(sites, features, within_km)
    circles = _circles(sites, within_km)
    covered = np.zeros(len(sites))
    for site in np.unique(at):
        union = shapely.union_all(features.geometry.to_numpy()[which[at == site]])
        covered[site] = shapely.area(shapely.intersection(union, circles[site])) / shapely.area(
            circles[site]
        )
    return pd.Series(covered, index=sites.index)


def value_at(sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, column: str) -> pd.Series:
    """Value of the polygon the site lies in; NaN outside all, and inside several that differ."""
    at, which = shapely.STRtree(features.geometry.to_numpy()).query(
        sites.geometry.to_numpy(), predicate="intersects"
    )
    found = pd.DataFrame({"site": at, "value": features[column].to_numpy(dtype=float)[which]})
    alone = found.groupby("site")["value"].agg(_only)
    return pd.Series(alone.reindex(range(len(sites))).to_numpy(dtype=float), index=sites.index)


def _only(values: pd.Series) -> float:
    """The value that all agree on, else NaN."""
    first = values.iloc[0]
    return float(first) if (values == first).all() else np.nan


def area_weighted_mean(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float, column: str
) -> pd.Series:
    """Mean of a column over the circle round the site, weighted by the covered area; NaN if nothing is known."""
    at, which = _within(sites, features, within_km)
    circles = _circles(sites, within_km)
    area = shapely.area(shapely.intersection(features.geometry.to_numpy()[which], circles[at]))
    amounts = features[column].to_numpy(dtype=float)[which]
    known = ~np.isnan(amounts)
    weight = np.bincount(at[known], weights=area[known], minlength=len(sites))
    total = np.bincount(
        at[known], weights=(area * np.nan_to_num(amounts))[known], minlength=len(sites)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.Series(np.where(weight > 0, total / weight, np.nan), index=sites.index)


def _within(
    sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame, within_km: float
) -> tuple[np.ndarray, np.ndarray]:
    tree = shapely.STRtree(features.geometry.to_numpy())
    at, which = tree.query(
        sites.geometry.to_numpy(), predicate="dwithin", distance=within_km * 1000
    )
    return at, which


def _circles(sites: gpd.GeoDataFrame, within_km: float) -> np.ndarray:
    return np.asarray(shapely.buffer(sites.geometry.to_numpy(), within_km * 1000, quad_segs=32))


MEASURES: dict[str, Callable[..., pd.Series]] = {
    "distance_km": distance_km, "count_within": count_within, "sum_within": sum_within, "length_within": length_within,
    "share_covered": share_covered, "value_at": value_at, "area_weighted_mean": area_weighted_mean,
}  # fmt: skip
NEEDS_COLUMN = {"sum_within", "value_at", "area_weighted_mean"}
NEEDS_WITHIN = _WITHIN


def check_custom(region: Region, findings: Findings) -> None:
    """Record declared criteria that name an absent layer or column, or lack a radius."""
    for name, entry in sorted(region.table.criteria.items()):
        place = region.places("criteria", name)
        layer = region.layers.get(entry.layer)
        if layer is None:
            findings.add("PW105", f"[criteria.{name}] reads the layer `{entry.layer}`, which is not there",
                         remedy=did_you_mean(entry.layer, list(region.layers)), **place)  # fmt: skip
            continue
        _check_name(name, entry, place, findings)
        column = entry.column
        if column in layer.frame and not pd.api.types.is_numeric_dtype(layer.frame[column]):
            findings.add("PW401", f"[criteria.{name}] `{column}` holds words, not numbers", **place)
        if entry.measure in NEEDS_WITHIN and entry.within_km is None:
            findings.add("PW103", f"[criteria.{name}] {entry.measure} needs  within_km", **place)
        if entry.measure in NEEDS_COLUMN and entry.column is None:
            findings.add("PW103", f"[criteria.{name}] {entry.measure} needs  column", **place)
        _check_columns(name, entry, layer.frame, region, findings)


def _check_columns(
    name: str, entry: CustomCriterion, frame: pd.DataFrame, region: Region, findings: Findings
) -> None:
    where = region.places("criteria", name, "where")
    try:
        read = {*columns_of(entry.where)} if entry.where else set()
        if read <= set(frame):
            matches(frame, entry.where)
    except ValueError as error:
        findings.add("PW102", str(error), **where)
        return
    for column in sorted(read | ({entry.column} if entry.column else set())):
        if column not in frame:
            findings.add("PW203", f"[criteria.{name}] reads `{column}`, which layer `{entry.layer}` does not have",
                         remedy=did_you_mean(column, [str(c) for c in frame]), **region.places("criteria", name))  # fmt: skip


def _check_name(name: str, entry: CustomCriterion, place: Any, findings: Findings) -> None:
    if name in registry():
        findings.add(
            "PW105",
            f"[criteria.{name}] takes the name of a criterion that exists",
            remedy="choose another name",
            **place,
        )
    if entry.subject not in SUBJECTS:
        findings.add("PW105", f"[criteria.{name}] counts in the unknown subject `{entry.subject}`",
                     remedy=did_you_mean(entry.subject, list(SUBJECTS)), **place)  # fmt: skip


def custom_criteria(declared: Mapping[str, CustomCriterion]) -> dict[str, Criterion]:
    """Criteria of a region file as the registry would hold them."""
    return {name: _criterion(name, entry) for name, entry in sorted(declared.items())}


def _criterion(name: str, entry: CustomCriterion) -> Criterion:
    unit = unit_of(name)
    value = tuple(entry.value) if entry.value else None
    return Criterion(
        name, entry.subject, _function(name, entry), _UNITS.get(entry.measure) or (unit.symbol if unit else ""), value,
        "given in the region file", {entry.layer: (entry.column,) if entry.column else ()}, entry.weight if value else 0.0,
        "none stated", "",
    )  # fmt: skip


def _function(name: str, entry: CustomCriterion) -> Callable[..., pd.DataFrame]:
    def measure(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
        layer = layers[entry.layer]
        if not isinstance(layer.frame, gpd.GeoDataFrame):
            return pd.DataFrame(
                {"value": np.nan, "why": f"layer {entry.layer} has no geometry"}, index=sites.index
            )
        features = layer.frame[matches(layer.frame, entry.where)]
        arguments: dict[str, object] = {}
        if entry.measure in NEEDS_WITHIN:
            arguments["within_km"] = entry.within_km
        if entry.measure in NEEDS_COLUMN:
            arguments["column"] = entry.column
        value = MEASURES[entry.measure](sites, features, **arguments)
        return pd.DataFrame({
            "value": value, "layer": entry.layer, "source": layer.title, "as_of": str(layer.as_of or ""), "note": entry.where,
            "why": f"nothing found in {entry.layer}",
        }, index=sites.index)  # fmt: skip

    measure.__doc__ = (
        entry.title
        or f"{entry.measure.replace('_', ' ')} of {entry.layer}{' where ' + entry.where if entry.where else ''}"
    )
    measure.__name__ = name
    return measure
