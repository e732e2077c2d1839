"""Ahead: declared measures made ready while other layers are still being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from powerwall.criteria.proximity import check_entry, prepared
from powerwall.criteria.proximity.measures import Taken
from powerwall.region.findings import Findings
from powerwall.region.layers import Layers
from powerwall.region.search import Positions

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.region import Places, RegionTable


class Ahead(dict[str, Taken]):
    """What takes each declared measure, by criterion; give it to `read` as `ready`.

    Measures of rasters, and those that do not fit their layer, are left for later.
    """

    def __call__(self, table: RegionTable, places: Places, layer: Layer) -> None:
        """Prepare the measures of a layer, and have their indexes built."""
        frame = layer.frame
        if layer.raster is not None or not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
            return
        for name, entry in sorted(table.criteria.items()):
            findings = Findings()
            if entry.layer != layer.name or entry.weights is not None:
                continue
            check_entry(name, entry, layer, places, findings)
            if findings.errors:
                continue
            taken = prepared(entry, layer, Layers())
            if taken is not None:
                taken(_somewhere(frame))
                self[name] = taken


def _somewhere(frame: gpd.GeoDataFrame) -> Positions:
    """One position in a layer: the first measure builds the index."""
    x, y = shapely.get_coordinates(frame.geometry.to_numpy()[:1])[:1].T
    return Positions.of(x, y, frame.crs)
