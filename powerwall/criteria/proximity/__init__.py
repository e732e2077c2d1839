"""Proximity: generic measures of one layer round a site, for criteria declared in the region file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.criteria.criterion import SUBJECTS, Criterion, registry
from powerwall.criteria.proximity.measures import MEASURES, Asked, Taken
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.rasters import Raster, Zonal, check_measure, unknown_reasons
from powerwall.region.rasters import measure as raster_measure
from powerwall.region.search import Positions
from powerwall.region.units import unit_of
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.layers import Layer, Layers
    from powerwall.region.read import Region
    from powerwall.region.region import CustomCriterion, Places

_UNITS = {
    "distance_km": "km",
    "count_within": "count",
    "length_within": "km",
    "share_covered": "share",
}
_SINGLE = 1e-3  # covered shares are of single precision
NEEDS_WITHIN = {
    "count_within",
    "sum_within",
    "length_within",
    "share_covered",
    "area_weighted_mean",
}


NEEDS_COLUMN = {"sum_within", "value_at", "area_weighted_mean"}


def check_custom(region: Region, findings: Findings) -> None:
    """Record declared criteria that name an absent layer or column, or lack a radius."""
    for name, entry in sorted(region.table.criteria.items()):
        layer = region.layers.get(entry.layer)
        if layer is None:
            findings.add("PW105", f"[criteria.{name}] reads the layer `{entry.layer}`, which is not there",
                         remedy=did_you_mean(entry.layer, list(region.layers)), **region.places("criteria", name))  # fmt: skip
            continue
        _check_weights(name, entry, layer, region, findings)
        check_entry(name, entry, layer, region.places, findings)


def check_entry(
    name: str, entry: CustomCriterion, layer: Layer, places: Places, findings: Findings
) -> None:
    """Record what of a declared criterion does not fit the layer that it reads."""
    place = places("criteria", name)
    _check_name(name, entry, place, findings)
    if entry.measure in NEEDS_WITHIN and entry.within_km is None:
        findings.add("PW103", f"[criteria.{name}] {entry.measure} needs  within_km", **place)
    if layer.raster is not None:
        check_measure(name, entry, place, findings)
        return
    column = entry.column
    if column in layer.frame and not pd.api.types.is_numeric_dtype(layer.frame[column]):
        findings.add("PW401", f"[criteria.{name}] `{column}` holds words, not numbers", **place)
    if entry.measure in NEEDS_COLUMN and entry.column is None:
        findings.add("PW103", f"[criteria.{name}] {entry.measure} needs  column", **place)
    _check_columns(name, entry, layer.frame, places, findings)


def _check_columns(
    name: str, entry: CustomCriterion, frame: pd.DataFrame, places: Places, findings: Findings
) -> None:
    try:
        read = {*columns_of(entry.where)} if entry.where else set()
        if read <= set(frame):
            matches(frame, entry.where)
    except ValueError as error:
        findings.add("PW102", str(error), **places("criteria", name, "where"))
        return
    for column in sorted(read | ({entry.column} if entry.column else set())):
        if column not in frame:
            findings.add("PW203", f"[criteria.{name}] reads `{column}`, which layer `{entry.layer}` does not have",
                         remedy=did_you_mean(column, [str(c) for c in frame]), **places("criteria", name))  # fmt: skip


def _check_weights(
    name: str, entry: CustomCriterion, layer: Layer, region: Region, findings: Findings
) -> None:
    if entry.weights is None:
        return
    told, place = f"[criteria.{name}] weights", region.places("criteria", name, "weights")
    if layer.raster is None:
        findings.add("PW102", f"{told} belong to a raster, and `{entry.layer}` is none", remedy="remove them", **place)  # fmt: skip
    elif entry.weights not in region.layers:
        findings.add("PW105", f"{told} are the layer `{entry.weights}`, which is not there",
                     remedy=did_you_mean(entry.weights, list(region.layers)), **place)  # fmt: skip
    elif region.layers[entry.weights].raster is None:
        findings.add("PW102", f"{told} are the layer `{entry.weights}`, which is no raster", **place)  # fmt: skip


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
    reads: dict[str, tuple[str, ...]] = {} if entry.weights is None else {entry.weights: ()}
    reads[entry.layer] = (entry.column,) if entry.column else ()
    return Criterion(
        name, entry.subject, _function(name, entry), _UNITS.get(entry.measure) or (unit.symbol if unit else ""), value,
        "given in the region file", reads, entry.weight if value else 0.0,
        "none stated", "",
    )  # fmt: skip


def _function(name: str, entry: CustomCriterion) -> Callable[..., pd.DataFrame]:
    def measure(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
        layer = layers[entry.layer]
        x, y = shapely.get_coordinates(sites.geometry.to_numpy()).T
        at = Positions.of(x, y, sites.crs)
        note: str | np.ndarray = entry.where
        why: str | np.ndarray = f"nothing found in {entry.layer}"
        if layer.raster is not None:
            found = _of_cells(entry, layer.raster, layers, at)
            value, note = found.value, _notes(entry.where, found)
            why = unknown_reasons(found, entry.layer)
        else:
            taken = prepared(entry, layer, layers)
            if taken is None:
                return pd.DataFrame({"value": np.nan, "why": f"layer {entry.layer} has no geometry"}, index=sites.index)  # fmt: skip
            value = taken(at)
        return pd.DataFrame({
            "value": value, "layer": entry.layer, "source": layer.title, "as_of": str(layer.as_of or ""), "note": note, "why": why,
        }, index=sites.index)  # fmt: skip

    measure.__doc__ = (
        entry.title
        or f"{entry.measure.replace('_', ' ')} of {entry.layer}{' where ' + entry.where if entry.where else ''}"
    )
    measure.__name__ = name
    return measure


def prepared(entry: CustomCriterion, layer: Layer, layers: Layers) -> Taken | None:
    """What takes a declared measure of arrays of positions; None where the layer has no geometry.

    The index of the layer is built here, once, however many positions are measured. Cells of a
    raster are read when they are asked for.
    """
    raster = layer.raster
    if raster is not None:
        return lambda at: _of_cells(entry, raster, layers, at).value
    if not isinstance(layer.frame, gpd.GeoDataFrame):
        return None
    features = layer.frame[matches(layer.frame, entry.where)]
    return MEASURES[entry.measure](features, Asked(entry.within_km or 0.0, entry.column or ""))


def _of_cells(entry: CustomCriterion, raster: Raster, layers: Layers, at: Positions) -> Zonal:
    """A declared measure of a raster at positions, with the share that is known."""
    found = raster_measure(
        entry.measure, raster, at.x, at.y, at.crs, within_km=entry.within_km, where=entry.where,
        weights=layers[entry.weights].raster if entry.weights else None,
    )  # fmt: skip
    if entry.measure != "sum_within":
        return found
    # a sum with an unknown part is unknown: what is missing would count as zero
    whole = found.known_share >= 1 - _SINGLE
    return found._replace(value=np.where(whole, found.value, np.nan))


def _notes(where: str, found: Zonal) -> np.ndarray:
    """The condition, and how much of the area a number rests on where that is not all of it."""
    percent = np.floor(100 * (found.known_share + _SINGLE / 100))
    partly = ~np.isnan(found.value) & (percent < 100)
    rest = [f"known in {share:.0f} % of the area" if short else "" for share, short in zip(percent, partly, strict=True)]  # fmt: skip
    return np.array(["; ".join(filter(None, (where, part))) for part in rest], dtype=object)
