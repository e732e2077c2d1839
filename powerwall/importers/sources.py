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
    file_name
        Name that the layer must have, where its reader looks for that name; empty: any.
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
    file_name: str = ""

    def load(self) -> Reader:
        """The function that reads it."""
        module, function = self.reader.split(":")
        reader: Reader = getattr(import_module(f"powerwall.importers.{module}"), function)
        return reader


PUBLIC_US = ("LicenseRef-US-Government-public-data",)
NOT_STATED = ("LicenseRef-source-not-stated",)
ODBL = ("ODbL-1.0",)
OSM_CREDIT = "© OpenStreetMap contributors, Open Database License 1.0."

#: Sources that become one layer in canonical columns. Moratoria, ordinances, rates, weather and
#: weights have commands of their own kind (see `cli/import_.py`).
SOURCES: dict[str, Source] = {
    "hifld-lines": Source(
        "transmission_lines", "hifld_lines:read_lines", "HIFLD Electric Power Transmission Lines",
        "https://hifld-geoplatform.hub.arcgis.com", PUBLIC_US, 1500, "transmission lines of HIFLD as GeoJSON, GeoPackage, shapefile or GeoParquet",
    ),
    "hifld-substations": Source(
        "points_of_interconnection", "hifld_substations:read_substations", "HIFLD Electric Substations", "https://hifld-geoplatform.hub.arcgis.com",
        PUBLIC_US, 1500, "substations of HIFLD, or the ends of its lines in clusters", schema_only=True,
    ),
    "hifld-territories": Source(
        "tariff_territories", "hifld_territories:read_territories", "HIFLD Electric Retail Service Territories", "https://hifld-geoplatform.hub.arcgis.com",
        PUBLIC_US, 1500, "retail service territories of HIFLD",
    ),
    "osm-power": Source(
        "points_of_interconnection", "osm_power:read_power", "OpenStreetMap, power infrastructure", "https://www.openstreetmap.org",
        ODBL, 365, "JSON, CSV or GeoJSON of an Overpass query for power=substation", OSM_CREDIT, schema_only=True,
    ),
    "pypsa-csv": Source(
        "network", "pypsa_csv:read_network", "network in the CSV form of PyPSA", "https://docs.pypsa.org", NOT_STATED, 1500,
        "the folder of buses.csv, lines.csv, transformers.csv, loads.csv and generators.csv", file_name="bus.csv",
    ),
    "eia860": Source(
        "generators", "eia860:read_workbooks", "EIA Form 860, annual electric generator data", "https://www.eia.gov/electricity/data/eia860/", PUBLIC_US, 500,
        "2___Plant and 3_1_Generator workbooks of one year", schema_only=True,
    ),
    "eia-plants": Source(
        "generators", "eia_plants:read_plants", "EIA power plants", "https://atlas.eia.gov", PUBLIC_US, 500, "table of plants with capacity by fuel",
    ),
    "lbnl-queue": Source(
        "queue", "lbnl_queue:read_queue", "Lawrence Berkeley National Laboratory, Queued Up", "https://emp.lbl.gov/queues", ("CC-BY-4.0",), 450,
        "data file of any edition, as workbook or CSV", "Lawrence Berkeley National Laboratory, Queued Up.",
    ),
    "iso-queue": Source(
        "queue", "iso_queue:read_queue", "interconnection queue of a system operator", "", NOT_STATED, 45,
        "CAISO, ISO-NE or NYISO in the form of gridstatus, MISO's own table, monthly GIS workbooks of ERCOT; by schema alone, never tried on a native file: MISO's JSON, workbooks of CAISO, NYISO and PJM, CSV of SPP",
    ),
    "aqueduct": Source(
        "basins", "aqueduct:read_basins", "WRI Aqueduct 4.0", "https://www.wri.org/data/aqueduct-global-maps-40-data", ("CC-BY-4.0",), 2000,
        "baseline annual as geodatabase, GeoPackage, shapefile or GeoJSON, and the monthly table as CSV", "World Resources Institute, Aqueduct 4.0, CC BY 4.0.", schema_only=True,
    ),
    "water-areas": Source(
        "water_systems", "water_areas:read_areas", "USGS public-supply water service areas", "https://www.sciencebase.gov", PUBLIC_US, 2000,
        "water service areas with WSA_NAME",
    ),
    "im3-atlas": Source(
        "data_centers", "im3_atlas:read_atlas", "IM3 Open Source Data Center Atlas", "https://github.com/IMMM-SFA/datacenter-atlas", ODBL, 365,
        "points or footprints of the atlas, or its CSV edition", "© OpenStreetMap contributors, from the IM3 Open Source Data Center Atlas (Pacific Northwest National Laboratory), Open Database License 1.0.",
    ),
    "peeringdb": Source(
        "data_centers", "peeringdb:read_facilities", "PeeringDB facilities", "https://www.peeringdb.com", ("LicenseRef-PeeringDB-acceptable-use",), 365,
        "facilities as JSON of its interface or dump", schema_only=True,
    ),
    "fema-nri": Source(
        "hazards", "fema_nri:read_counties", "FEMA National Risk Index, counties", "https://hazards.fema.gov/nri/", PUBLIC_US, 2000,
        "table of counties", schema_only=True,
    ),
    "neso-tec": Source(
        "queue", "neso_tec:read_register", "NESO Transmission Entry Capacity register", "https://www.neso.energy/data-portal/transmission-entry-capacity-tec-register",
        ("LicenseRef-NESO-open-licence",), 90, "register as CSV", schema_only=True,
    ),
    "esb-capacity": Source(
        "points_of_interconnection", "esb_capacity:read_stations", "ESB Networks, station loadings and ratings", "https://www.esbnetworks.ie", NOT_STATED, 90,
        "workbook of station readings, and a file with `station` and positions behind it",
    ),
    "census-counties": Source(
        "jurisdictions", "census_counties:read_counties", "Census Bureau cartographic boundary files, counties",
        "https://www.census.gov/geographies/mapping-files/time-series/geo/cartographic-boundary.html", PUBLIC_US, 3650,
        "cartographic boundaries of counties as shapefile, GeoPackage, GeoJSON or GeoParquet",
    ),
    "pjm-upgrades": Source(
        "reinforcements", "pjm_upgrades:read_upgrades", "PJM, transmission construction status", "https://www.pjm.com/planning/m/project-construction", NOT_STATED, 120,
        "transmission works as PJM's workbook, a CSV of it, or a derived GeoJSON",
    ),
    "grid-mix": Source(
        "grid_mix", "grid_mix:read_mix", "EIA-930: hourly electric grid monitor", "https://www.eia.gov/electricity/gridmonitor/", PUBLIC_US, 1095,
        "six-month balance files of EIA-930, the two of a year together, or an hourly table of `ba_code`, `hour_utc` and MW by fuel",
    ),
}  # fmt: skip

#: Sources that are read in ways of their own; the reader is named for the record.
OTHERS: dict[str, Source] = {
    "moratoria": Source(
        "policy", "moratoria:read_moratoria", "Moratorium Nation: U.S. infrastructure moratorium data", "https://github.com/mjbommar/moratorium-data-2026",
        ("CC-BY-4.0",), 30, "inventories of moratoria as CSV, GeoJSON or JSON", "M. J. Bommarito, Moratorium Nation: U.S. Infrastructure Moratorium Data, CC BY 4.0",
    ),
    "ordinances": Source(
        "noise_rules", "ordinances:read_ordinances", "NREL siting ordinances", "https://data.openei.org/submissions/6184", PUBLIC_US, 365,
        "tables of siting ordinances as CSV or workbook",
    ),
    "urdb": Source(
        "tariffs", "urdb:read_rates", "U.S. Utility Rate Database (OpenEI)", "https://openei.org/wiki/Utility_Rate_Database", ("CC0-1.0",), 180,
        "rate records as JSON or bulk CSV",
    ),
    "epw": Source(
        "climate", "epw:read_epw", "hourly weather files, statistics", "", NOT_STATED, 3650, "hourly weather files of EnergyPlus",
    ),
}  # fmt: skip
