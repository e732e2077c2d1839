"""Extent: the area of a region, and its counties, by which national files are cut down."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from powerwall.region.read import Region


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
