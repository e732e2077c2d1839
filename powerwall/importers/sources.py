"""Sources: the public downloads that are read, each by a file of its own, and where they come from.

Nothing heavy is imported here: a reader is named, and loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from powerwall.importers.delivery import Reader


class Source(NamedTuple):
    """A public download.

    Attributes
    ----------
    layer
        Layer of a region that it becomes.
    reader
        Module and function that read it.
    title, url
        What a region says of its origin.
    licenses, attribution
        Terms, as SPDX identifiers or `LicenseRef-…`, and the sentence that they ask for.
    fresh_days
        Age after which it is stale. [d]
    schema_only
        Known from its published schema alone, and not yet read from a native file.
    about
        What files are meant.
    """

    layer: str
    reader: str
    title: str
    url: str
    licenses: tuple[str, ...]
    fresh_days: int
    about: str
    attribution: str = ""
    schema_only: bool = False

    def load(self) -> Reader:
        """The function that reads it."""
        module, function = self.reader.split(":")
        reader: Reader = getattr(import_module(f"powerwall.importers.{module}"), function)
        return reader


PUBLIC_US = ("LicenseRef-US-Government-public-data",)
NOT_STATED = ("LicenseRef-source-not-stated",)

#: Sources that become one layer in canonical columns. Moratoria, ordinances, rates, weather and
#: weights have commands of their own kind (see `cli/import_.py`).
SOURCES: dict[str, Source] = {
    "hifld-lines": Source(
        "transmission_lines", "hifld_lines:read_lines", "HIFLD Electric Power Transmission Lines",
        "https://hifld-geoplatform.hub.arcgis.com", PUBLIC_US, 1500, "transmission lines of HIFLD as GeoJSON, GeoPackage, shapefile or GeoParquet",
    ),
    "census-counties": Source(
        "jurisdictions", "census_counties:read_counties", "Census Bureau cartographic boundary files, counties",
        "https://www.census.gov/geographies/mapping-files/time-series/geo/cartographic-boundary.html", PUBLIC_US, 3650,
        "cartographic boundaries of counties as shapefile, GeoPackage, GeoJSON or GeoParquet",
    ),
}  # fmt: skip
