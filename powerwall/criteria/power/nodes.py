"""Nodes: where a site meets the grid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.region.geometry import nearest
from powerwall.region.joins import split_ids

CLASSES_KV = (69.0, 138.0, 230.0, 345.0, 500.0)
_REVX = "NREL reVX connection voltage by MW (about 2020)"
#: Largest request that a voltage class serves, from 69 kV up.
LARGEST_MW = (
    Parameter(102, "MW", 80, 150, _REVX),
    Parameter(205, "MW", 150, 300, _REVX),
    Parameter(400, "MW", 300, 600, _REVX),
    Parameter(900, "MW", 700, 1500, "assumed: between the 230 and 500 kV steps of NREL reVX"),
)
SEARCH_KM = Parameter(
    50, "km", 25, 80, "assumed: farther than this nobody builds a tie for one campus"
)
EXISTING_WITHIN_KM = Parameter(
    25, "km", 10, 40, "assumed: a planned node counts only if none stands this near"
)


def voltage_class(kv: object) -> np.ndarray:
    """Class a voltage counts as: 69, 138, 230, 345 or 500 kV; NaN for an unknown one."""
    volts = np.asarray(kv, dtype=float)
    classes = np.select(
        [volts < 100, volts < 200, volts < 330, volts < 500], CLASSES_KV[:4], CLASSES_KV[4]
    )
    return np.where(np.isnan(volts), np.nan, classes)


def needed_class(mw: float) -> float:
    """Lowest voltage class that serves a request. [kV]"""
    for kv, largest in zip(CLASSES_KV, LARGEST_MW, strict=False):
        if mw <= largest.value:
            return kv
    return CLASSES_KV[-1]


def choose_nodes(sites: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, mw: float) -> pd.DataFrame:
    """Node of each site with its distance; `why` where there is none.

    Order: the declared node; the node a screening candidate lies round, if its class serves the
    request or it is planned; the nearest existing one of the class within reach; the nearest of
    the class, planned ones included.
    """
    need = needed_class(mw)
    table = nodes.assign(klass=voltage_class(nodes["voltage_kv"]))
    table["planned"] = (table["kind"] == "planned").to_numpy()
    table["own"] = (
        table["defect_flag"].map(lambda flags: "single_customer" in split_ids(flags))
        if "defect_flag" in table
        else False
    )
    by_id = {poi: row for row, poi in enumerate(table["poi_id"])}
    chosen = np.full(len(sites), -1)
    km = np.full(len(sites), np.nan)
    for column, accept in (("poi_id", None), ("around_poi_id", need)):
        rows = np.array(
            [by_id.get(poi, -1) if isinstance(poi, str) else -1 for poi in sites[column]]
        )
        usable = (rows >= 0) & (chosen < 0)
        if accept is not None:
            serves = (table["klass"].to_numpy() >= accept) | table["planned"].to_numpy()
            usable &= np.where(rows >= 0, serves[rows], False)
            km = np.where(usable, sites["radius_km"].to_numpy(dtype=float), km)
        chosen = np.where(usable, rows, chosen)
    _fill_nearest(sites, table, need, chosen, km)
    return _described(sites, table, need, chosen, km)


def _fill_nearest(
    sites: gpd.GeoDataFrame,
    table: gpd.GeoDataFrame,
    need: float,
    chosen: np.ndarray,
    km: np.ndarray,
) -> None:
    fits = (table["klass"].to_numpy() >= need) & ~table["own"].to_numpy(dtype=bool)
    for mask, reach in (
        (fits & ~table["planned"].to_numpy(), EXISTING_WITHIN_KM.value),
        (fits, SEARCH_KM.value),
    ):
        left = np.flatnonzero(chosen < 0)
        rows = np.flatnonzero(mask)
        if not len(left) or not len(rows):
            continue
        which, metres = nearest(sites.geometry.iloc[left], table.geometry.iloc[rows])
        near = metres <= reach * 1000
        chosen[left[near]] = rows[which[near]]
    declared = np.flatnonzero((chosen >= 0) & np.isnan(km))
    for site in declared:
        _, metres = nearest(sites.geometry.iloc[[site]], table.geometry.iloc[[chosen[site]]])
        km[site] = metres[0] / 1000


def _described(
    sites: gpd.GeoDataFrame,
    table: gpd.GeoDataFrame,
    need: float,
    chosen: np.ndarray,
    km: np.ndarray,
) -> pd.DataFrame:
    found = chosen >= 0
    columns = ["poi_id", "name", "voltage_kv", "klass", "planned", "own", "utility_id", "published_headroom_mw", "headroom_rung",
               "queue_ahead_mw", "transformer_count", "transformer_mva", "published_peak_mva", "network_bus", "waits_for_line_ids", "reinforcement_status", "expected_date", "status", "as_of", "source_title"]  # fmt: skip
    picked = table.reindex(columns=columns).take(np.where(found, chosen, 0)).set_axis(sites.index)
    picked = picked.where(pd.Series(found, index=sites.index), np.nan).astype(object)
    picked["distance_km"] = np.where(found, km, np.nan)
    picked["why"] = None
    none = f"no point of interconnection of the needed voltage ({need:g} kV class) within {SEARCH_KM.value:g} km"
    picked.loc[~found, "why"] = none
    owned = found & (picked["own"] == True).to_numpy()  # noqa: E712 — object column
    picked.loc[owned, "why"] = "all capacity of the node belongs to one customer"
    return picked
