"""Rules: what the keys of a grid ask of each cell, with the layers they name looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.where import columns_of, matches

if TYPE_CHECKING:
    from powerwall.region.grid_table import Exclusion, Inclusion
    from powerwall.region.layers import Layer, Layers
    from powerwall.region.region import Places


@dataclass(frozen=True)
class Rule:
    """Features or raster cells that exclude candidates, or keep them.

    Attributes
    ----------
    name
        The layer and its condition, as the funnel shows them.
    features
        Those that meet the condition, in the region's coordinate system; of a raster none.
    buffer_m
        Distance that counts as the features do. [m]
    overlap
        Share of a cell that they must cover; None where its centre decides.
    raster, where
        The raster and the condition on its `value`; None for features.
    """

    name: str
    features: np.ndarray
    buffer_m: float = 0.0
    overlap: float | None = None
    raster: Any = None
    where: str = ""

    def at(self, x: np.ndarray, y: np.ndarray, crs: Any) -> np.ndarray:
        """Positions whose raster cell meets the condition; an unknown one meets only `!=`."""
        value = self.raster.sample(x, y, crs)
        return matches(pd.DataFrame({"value": value}), self.where)


@dataclass(frozen=True)
class Looked:
    """Where names are looked up, and where faults are recorded."""

    layers: Layers
    places: Places
    findings: Findings

    def boundary(self, name: str, where: str) -> np.ndarray | None:
        """Polygons that limit a grid; None if there are none (the findings say why)."""
        layer = self.layers.get(name)
        if layer is None:
            self._unknown(f"[sites.grid] is limited by the layer `{name}`", name, ("sites", "grid"))
            return None
        features = self._features(layer, where, ("sites", "grid"))
        if features is None:
            return None
        if not (shapely.get_dimensions(features) == 2).any():
            of_where = f" where {where}" if where else ""
            self.findings.add("PW307", f"[sites.grid] is limited by the layer `{name}`{of_where}, which has no polygons",
                              remedy="name a layer of polygons", **self.places("sites", "grid", "within"))  # fmt: skip
            return None
        return features

    def rule(self, table: Exclusion | Inclusion, kind: str) -> Rule | None:
        """An exclusion or inclusion with its features; None if it cannot be used."""
        key = ("sites", "grid", kind)
        layer = self.layers.get(table.layer)
        if layer is None:
            self._unknown(f"[sites.grid] {kind} names the layer `{table.layer}`", table.layer, key)
            return None
        name = f"{table.layer} where {table.where}" if table.where else table.layer
        overlap = getattr(table, "overlap", None)
        raster = getattr(layer, "raster", None)
        if raster is not None:
            return self._raster_rule(name, raster, table, overlap, key)
        features = self._features(layer, table.where, key)
        if features is None:
            return None
        flat = len(features) and (shapely.get_dimensions(features) < 2).any()
        if flat and not table.buffer_km:
            self.findings.add("PW102", f"[sites.grid] {kind}: `{table.layer}` has points or lines, which cover no cell",
                              remedy="write  buffer_km = 0.5  beside the layer", **self.places(*key))  # fmt: skip
            return None
        return Rule(name, features, table.buffer_km * 1000.0, overlap)

    def _raster_rule(
        self, name: str, raster: Any, table: Exclusion | Inclusion, overlap: float | None, key: tuple[str, ...]
    ) -> Rule | None:  # fmt: skip
        if table.buffer_km or overlap is not None:
            self.findings.add("PW102", f"[sites.grid] {key[-1]}: `{table.layer}` is a raster, which is looked up at the centre of a cell",
                              remedy="leave buffer_km and overlap out", **self.places(*key))  # fmt: skip
            return None
        if not table.where:
            self.findings.add("PW103", f"[sites.grid] {key[-1]}: `{table.layer}` is a raster, and which of its cells count is not said",
                              remedy='e.g.  where = "value >= 15"', **self.places(*key))  # fmt: skip
            return None
        value = pd.DataFrame({"value": np.empty(0)})
        if self._met(value, table.where, key) is None:
            return None
        return Rule(name, np.empty(0, dtype=object), raster=raster, where=table.where)

    def _features(self, layer: Layer, where: str, key: tuple[str, ...]) -> np.ndarray | None:
        frame = layer.frame
        if not isinstance(frame, gpd.GeoDataFrame) or getattr(layer, "raster", None) is not None:
            self.findings.add("PW307", f"[sites.grid] names the layer `{layer.name}`, which has no geometry", **self.places(*key))  # fmt: skip
            return None
        met = self._met(frame, where, key)
        if met is None:
            return None
        found: np.ndarray = frame.geometry.to_numpy()[met]
        return found[~(shapely.is_missing(found) | shapely.is_empty(found))]

    def _met(self, frame: pd.DataFrame, where: str, key: tuple[str, ...]) -> np.ndarray | None:
        place = self.places(*key, "where")
        try:
            missing = [name for name in (columns_of(where) if where else []) if name not in frame]
            if not missing:
                return matches(frame, where)
        except ValueError as error:
            self.findings.add("PW102", str(error), **place)
            return None
        for name in missing:
            self.findings.add("PW105", f"the condition reads `{name}`, which the layer does not have",
                              remedy=did_you_mean(name, [str(c) for c in frame]), **place)  # fmt: skip
        return None

    def _unknown(self, words: str, name: str, key: tuple[str, ...]) -> None:
        self.findings.add("PW105", f"{words}, which is not there",
                          remedy=did_you_mean(name, list(self.layers)), **self.places(*key))  # fmt: skip
