"""Extent: the area of a region, its counties, by which national files are cut down, and its plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from powerwall.region.findings import Findings
from powerwall.region.placing import within_area
from powerwall.region.read import Region

#: Equal-area systems of the contiguous US, Alaska and Europe, where a UTM zone is too narrow.
WIDE = ("EPSG:5070", "EPSG:3338", "EPSG:3035")


def extent(region: Region) -> tuple[Any, tuple[str, ...]]:
    """Outline in degrees, and codes of the counties, of a region's jurisdictions or else its sites."""
    frame = region.layers.frame("jurisdictions")
    if isinstance(frame, gpd.GeoDataFrame) and frame.geometry.notna().any():
        return outline(frame), codes(frame)
    return outline(region.sites), ()


def outline(frame: gpd.GeoDataFrame) -> Any:
    """What the rows of a layer cover together, in degrees."""
    return shapely.union_all(frame.geometry.dropna().to_crs("EPSG:4326").to_numpy())


def county_table(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """Counties among jurisdictions: `fips`, `name`, `state`, `kind`; None where they have no codes."""
    if frame is None or not {"county_fips", "name", "state", "kind"} <= set(frame):
        return None
    known = pd.DataFrame(frame[["county_fips", "name", "state", "kind"]].dropna())
    known = known[known["kind"].isin(["county", "city"]) & (known["county_fips"].astype(str).str.strip() != "")]  # fmt: skip
    return known.rename(columns={"county_fips": "fips"}).reset_index(drop=True)


def codes(frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    """FIPS codes of the counties that a layer names."""
    if "county_fips" not in frame:
        return ()
    known = frame["county_fips"].dropna().astype(str).str.strip()
    return tuple(sorted(set(known[known != ""])))


def authorities(utilities: pd.DataFrame | None) -> tuple[str, ...]:
    """Balancing authorities that the utilities of a region name."""
    if utilities is None or "balancing_authority" not in utilities:
        return ()
    return tuple(sorted(set(utilities["balancing_authority"].dropna().astype(str).str.strip()) - {""}))  # fmt: skip


def boxes(folder: Path) -> pd.DataFrame | None:
    """Bounds in degrees of the rows of the first layer with places; None where none has any.

    Columns `minx miny maxx maxy`; outlines of authorities go before all else.
    """
    for path in sorted(folder.glob("*.parquet"), key=lambda path: path.stem != "jurisdictions"):
        return pd.DataFrame(gpd.read_parquet(path).bounds)
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path)
        if {"lon", "lat"} <= set(table):
            lon, lat = table["lon"], table["lat"]
            return pd.DataFrame({"minx": lon, "miny": lat, "maxx": lon, "maxy": lat})
    return None


def system(bounds: pd.DataFrame, zone: str, findings: Findings) -> str:
    """The projected system that holds most rows: the UTM zone where it holds all, else a wide one."""
    held = {code: float(np.mean(within_area(bounds, CRS(code)))) for code in (zone, *WIDE)}
    best = max(held, key=lambda code: held[code])  # the zone, where others hold no more
    if held[best] <= 0.5:
        findings.add("PW303", f"no projected system at hand holds places from {bounds['minx'].min():.0f}° to {bounds['maxx'].max():.0f}° E",
                     remedy="keep fewer counties with --within, or make the regions one by one")  # fmt: skip
        findings.raise_errors()
    return best
