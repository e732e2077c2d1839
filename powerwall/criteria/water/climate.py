"""Climate: which station's weather stands for a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.station import CLIMATE, STATIONS, Station, stations
from powerwall.region.geometry import ellipsoidal, nearest_point

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

FAR_KM = Parameter(100.0, "km", 50.0, 200.0, "assumed: beyond it a station's weather is a kelvin uncertain")  # fmt: skip
HIGH_M = Parameter(300.0, "m", 150.0, 500.0, "assumed: as the distance, for a difference of height")
BAND_M = 100.0  # sites are corrected for height in steps, so that stations are run once a step


@dataclass(frozen=True)
class SiteClimate:
    """Which weather stands for each site.

    Attributes
    ----------
    frame
        Index `site_id`; `climate` (key in `stations`, missing where none is known), `station_id`,
        `distance_km` and `why`.
    stations
        Station, at the height of the sites it stands for, by key.
    far
        Keys of stations so distant that their weather is a kelvin uncertain.
    """

    frame: pd.DataFrame
    stations: dict[str, Station]
    far: frozenset[str] = frozenset()


def site_climate(sites: gpd.GeoDataFrame, layers: Layers) -> SiteClimate:
    """Climate of each site: its own `climate_station_id`, else the nearest station with a typical year."""
    known = stations(layers)
    rows = layers.frame(STATIONS)
    if not known or not isinstance(rows, gpd.GeoDataFrame) or not len(sites):
        why = f"no station with a typical year in {CLIMATE}"
        nobody = pd.Categorical([None] * len(sites))
        nothing = {"climate": nobody, "station_id": nobody, "distance_km": np.nan, "why": why}
        return SiteClimate(pd.DataFrame(nothing, index=sites.index), {})
    rows = rows[rows["station_id"].isin(known)].reset_index(drop=True)
    which, metres = nearest_point(sites.geometry, rows.geometry)
    lost = np.zeros(len(sites), dtype=bool)
    if "climate_station_id" in sites:
        own = sites["climate_station_id"].map(dict(zip(rows["station_id"], rows.index, strict=True)))  # fmt: skip
        lost = (sites["climate_station_id"].notna() & own.isna()).to_numpy()
        which = np.where(own.notna().to_numpy(), own.fillna(0).to_numpy(dtype=int), which)
        metres = ellipsoidal(sites.geometry, rows.geometry.iloc[which])
    names = rows["station_id"].to_numpy(dtype=object)
    heights = np.array([known[name].elevation_m for name in names])[which]
    own_height = sites["elevation_m"].to_numpy(dtype=float) if "elevation_m" in sites else np.full(len(sites), np.nan)  # fmt: skip
    higher = np.nan_to_num(own_height - heights)
    far = (metres / 1000 > FAR_KM.value) | (np.abs(higher) > HIGH_M.value)
    places = pd.DataFrame({"which": which, "step": np.round(higher / BAND_M), "far": far})
    codes, kinds = _kinds(places)
    found, distant = {}, set()
    for row in kinds.itertuples():
        station, by = known[names[row.which]], float(row.step) * BAND_M
        key = f"{station.id}{f' {by:+g} m' if by else ''}{' far' if row.far else ''}"
        found[key] = station.changed(elevation_m=station.elevation_m + by) if by else station
        distant |= {key} if row.far else set()
    frame = pd.DataFrame({
        "climate": pd.Categorical.from_codes(codes, list(found)), "station_id": pd.Categorical.from_codes(which, names), "distance_km": metres / 1000, "why": None,
    }, index=sites.index)  # fmt: skip
    if lost.any():  # another station is no stand-in for the one that a site names
        frame.loc[lost, ["climate", "station_id"]] = None
        frame.loc[lost, "why"] = "the station it names has no typical year"
    return SiteClimate(frame, found, frozenset(distant))


def _kinds(places: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Which combination of station, height and distance each site has, and the combinations."""
    groups = places.groupby(list(places), sort=True)
    return groups.ngroup().to_numpy(), groups.size().reset_index()
