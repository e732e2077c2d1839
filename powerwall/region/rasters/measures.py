"""Measures of a raster layer: the generic ones that make sense of cells, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyproj import CRS

from powerwall.region.findings import Findings
from powerwall.region.rasters.raster import Raster
from powerwall.region.rasters.read import INSTALL
from powerwall.region.rasters.zonal import LEAST_KNOWN_SHARE, Statistic, Zonal, zonal
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.region import CustomCriterion

_STATISTICS: dict[str, Statistic] = {
    "area_weighted_mean": "mean", "sum_within": "sum", "share_covered": "share",
}  # fmt: skip
RASTER_MEASURES = ("value_at", *_STATISTICS)
_FEATURES_ONLY = {
    "distance_km": "measures to features",
    "count_within": "counts features",
    "length_within": "adds up lines",
}


def measure(
    name: str, raster: Raster, x: np.ndarray, y: np.ndarray, crs: str | CRS, *,
    within_km: float | None = None, cell_km: float | None = None, where: str = "", weights: Raster | None = None,
) -> Zonal:  # fmt: skip
    """One of `RASTER_MEASURES` at each position.

    Parameters
    ----------
    name
        `value_at`: the cell the position lies in (where it does not meet `where`: NaN).
        `area_weighted_mean`, `sum_within`, `share_covered`: over the circle, or the square.
    raster
        The values.
    x, y, crs
        Positions, shape (n,), in the region's projected system. [m]
    within_km, cell_km
        Radius of the circle, or width of the square; one of them, save for `value_at`. [km]
    where
        Condition on `value`.
    weights
        Weights of an `area_weighted_mean`.

    Returns
    -------
    Zonal
        Values, and the share of the outline that is known; of a single cell it is 1 or 0.

    Raises
    ------
    BadInput
        If a file can no longer be read.
    KeyError
        If the measure is none of `RASTER_MEASURES`.
    """
    if name == "value_at":
        value = raster.sample(x, y, crs)
        known = (~np.isnan(value)).astype(float)
        if where:
            value[~matches(pd.DataFrame({"value": value}), where)] = np.nan
        return Zonal(value, known)
    return zonal(
        raster, x, y, crs, _STATISTICS[name], where=where, weights=weights,
        radius_m=None if within_km is None else 1000 * within_km,
        width_m=None if cell_km is None else 1000 * cell_km,
    )  # fmt: skip


def unknown_reasons(found: Zonal, layer: str) -> np.ndarray:
    """Why each value is unknown; empty where it is known. Shape (n,), text"""
    share = found.known_share
    reasons = np.full(len(share), f"no cell of {layer} counts here", dtype=object)
    few = (share > 0) & (share < LEAST_KNOWN_SHARE)
    reasons[few] = f"{layer} is known in less than {100 * LEAST_KNOWN_SHARE:.0f} % of the area"
    reasons[share == 0] = f"{layer} has no data here"
    reasons[~np.isnan(found.value)] = ""
    return reasons


def check_measure(
    name: str, entry: CustomCriterion, place: Mapping[str, Any], findings: Findings
) -> None:
    """Record what a declared criterion asks of a raster that it cannot give.

    Parameters
    ----------
    name, entry, place
        The criterion, and where it stands in the region file.
    """
    told = f"[criteria.{name}]"
    if entry.measure not in RASTER_MEASURES:
        findings.add("PW102", f"{told} {entry.measure} {_FEATURES_ONLY[entry.measure]}, and `{entry.layer}` is a raster",
                     remedy=f"a raster has {', '.join(RASTER_MEASURES)}", **place)  # fmt: skip
        return
    if entry.column not in {None, "value"}:
        findings.add("PW203", f"{told} reads `{entry.column}`, and the numbers of a raster are called `value`", remedy="leave the column out", **place)  # fmt: skip
    if entry.weights is not None and entry.measure != "area_weighted_mean":
        findings.add("PW102", f"{told} weights belong to area_weighted_mean, not to {entry.measure}", **place)  # fmt: skip
    if entry.measure == "share_covered" and not entry.where:
        findings.add("PW103", f"{told} share_covered of a raster needs a condition", remedy='e.g.  where = "value >= 15"', **place)  # fmt: skip
    if entry.measure != "value_at" and find_spec("exactextract") is None:
        findings.add("PW202", f"{told} {entry.measure} of a raster needs exactextract, which is not installed", remedy=INSTALL, **place)  # fmt: skip
    _check_condition(told, entry.where, place, findings)


def _check_condition(told: str, where: str, place: Mapping[str, Any], findings: Findings) -> None:
    if not where:
        return
    try:
        strange = [column for column in columns_of(where) if column != "value"]
        if not strange:
            matches(pd.DataFrame({"value": np.zeros(1)}), where)
    except ValueError as error:
        findings.add("PW102", f"{told} {error}", **place)
        return
    for column in strange:
        findings.add("PW203", f"{told} reads `{column}`, and the numbers of a raster are called `value`", **place)  # fmt: skip
