"""Rasters: one band of a grid file as a layer, sampled at positions or summed round them."""

from powerwall.region.rasters.measures import (
    RASTER_MEASURES,
    check_measure,
    measure,
    unknown_reasons,
)
from powerwall.region.rasters.raster import Raster
from powerwall.region.rasters.read import RASTER_SUFFIXES, read_raster
from powerwall.region.rasters.zonal import LEAST_KNOWN_SHARE, Zonal, boxes, circles, zonal

__all__ = [
    "LEAST_KNOWN_SHARE", "RASTER_MEASURES", "RASTER_SUFFIXES", "Raster", "Zonal", "boxes", "check_measure", "circles",
    "measure", "read_raster", "unknown_reasons", "zonal",
]  # fmt: skip
