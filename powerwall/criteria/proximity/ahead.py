"""Ahead: declared measures made ready while other layers are still being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from powerwall.criteria.proximity import check_entry, prepared
from powerwall.criteria.proximity.measures import Taken
from powerwall.region.findings import Findings
from powerwall.region.layers import Layers
from powerwall.region.search import Positions

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.region import Places, RegionTable


class Ahead:
    """What takes each declared measure of a layer; give it to `read` as `ready`.

    Measures of rasters, and those that do not fit their layer, are left for later.
    """

    def __init__(self) -> None:
        self._taken: dict[str, tuple[Layer, Taken]] = {}

    def __call__(self, table: RegionTable, places: Places, layer: Layer) -> None:
        """Prepare the measures of a layer, and have their indexes built."""
        at = _somewhere(layer)
        for name, entry in sorted(table.criteria.items()):
            findings = Findings()
            if at is None or entry.layer != layer.name or entry.weights is not None:
                continue
            check_entry(name, entry, layer, places, findings)
            if not findings.errors and (taken := prepared(entry, layer, Layers())) is not None:
                taken(at)
                self._taken[name] = layer, taken

    def of(self, name: str, layer: Layer) -> Taken | None:
        """The measure of a criterion, if it was prepared, and of this very layer."""
        own, taken = self._taken.get(name, (None, None))
        return taken if own is layer else None


def _somewhere(layer: Layer) -> Positions | None:
    """One position in a layer, at which the first measure builds the index; None without any."""
    if layer.raster is not None or not isinstance(layer.frame, gpd.GeoDataFrame):
        return None
    shapes = layer.frame.geometry.to_numpy()
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))[:1]
    x, y = shapely.get_coordinates(shapes[there])[:1].T
    return Positions.of(x, y, layer.frame.crs) if len(x) else None
