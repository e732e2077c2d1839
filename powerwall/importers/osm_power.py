"""OSM power: substations of OpenStreetMap → the layer `points_of_interconnection`.

Read by the published schema of its tags and of Overpass; not tried on a native extract.
Voltages are in volts, in lists of windings or circuits; the highest is the node's. Stations of
railways, transitions to a cable, and stations below 60 kV are no node for a large load and are
left out, as are stations of the distribution of which no voltage is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from powerwall.criteria.criterion import Parameter
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.osm_elements import day, read_elements
from powerwall.importers.written import cut_early
from powerwall.region.findings import Findings

#: Stations with less feed a town or a works, not hundreds of megawatts.
LEAST_KV = Parameter(60.0, "kV", low=30.0, high=100.0, source="assumed: below it a substation is part of the distribution")  # fmt: skip
_TAGS = ("power", "substation", "voltage", "name", "operator", "ref", "frequency")
_VOLTAGE = re.compile(r"^(\d+(?:\.\d+)?)\s*(k?v)?$", re.IGNORECASE)
_DISTRIBUTION = ("distribution", "minor_distribution")
_NO_NODE = {"traction": "feeds a railway", "transition": "is where a line becomes a cable"}
_RAILWAY_HZ = ("16.7", "16.67", "16 2/3")


def read_power(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Substations of one or several answers, each a point, with the radius of its outline."""
    parts = [part for path in files if (part := read_elements(path, _TAGS, asked, tally, findings)) is not None]  # fmt: skip
    if not parts:
        return None
    elements = cut_early(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)), asked, tally)
    stations = _substations(elements, tally)
    kv = pd.DataFrame([voltages_kv(text) for text in stations["voltage"]], index=stations.index, columns=["high", "low", "strange"])  # fmt: skip
    if strange := int(kv["strange"].sum()):
        tally.emptied["voltage: a part that is no number of volts"] += strange
    stations, kv = _for_large_loads(stations, kv, tally)
    if unknown := int(kv["high"].isna().sum()):
        tally.noted["of no known voltage"] += unknown
    days = [told for path in files if path.is_file() and (told := day(path)) is not None]
    return Delivery(_nodes(stations, kv, tally), ("poi_id",), min(days, default=None))


def _substations(elements: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Elements that are substations, one a (type, number); the rest is counted by what it is."""
    silent = elements["power"].isna()
    if silent.all() and len(elements):
        tally.noted["taken for a substation: the file has no tag `power`"] += len(elements)
        elements, silent = elements.assign(power="substation"), silent & False
    other = ~silent & (elements["power"] != "substation")
    for word, count in elements.loc[other, "power"].value_counts().items():
        tally.left_out[f"power={word}, no substation"] += int(count)
    if silent.any():
        tally.left_out["no tag `power`"] += int(silent.sum())
    found = elements[~silent & ~other]
    nameless = found["osm_id"].isna() | found["osm_type"].isna()
    found = tally.without(found, nameless, "no type or number")
    twins = found.duplicated(["osm_type", "osm_id"])
    return tally.without(found, twins, "stands in an earlier row under the same type and number")


def voltages_kv(text: object) -> tuple[float, float, bool]:
    """Highest and lowest voltage of a tag [kV], and whether a part of it is no number.

    >>> voltages_kv("110000;20000")
    (110.0, 20.0, False)
    """
    if not isinstance(text, str):
        return np.nan, np.nan, False
    parts = [part.strip() for part in re.split(r"[;,/]", text) if part.strip()]
    found = [(float(match[1]), bool(match[2] and len(match[2]) > 1)) for part in parts if (match := _VOLTAGE.match(part))]  # fmt: skip
    known = [number if kilo else number / 1000.0 for number, kilo in found if number > 0]
    strange = len(known) < len(parts)
    return (max(known), min(known), strange) if known else (np.nan, np.nan, strange)


def _for_large_loads(
    stations: gpd.GeoDataFrame, kv: pd.DataFrame, tally: Tally
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    kind = stations["substation"].fillna("")
    railway = (kind == "traction") | stations["frequency"].fillna("").isin(_RAILWAY_HZ)
    left = {
        _NO_NODE["traction"]: railway,
        _NO_NODE["transition"]: kind == "transition",
        f"below {LEAST_KV.value:g} kV": kv["high"] < LEAST_KV.value,
        "of the distribution, of no known voltage": kind.isin(_DISTRIBUTION) & kv["high"].isna(),
    }
    out = pd.Series(False, index=stations.index)
    for why, rows in left.items():
        if count := int((rows & ~out).sum()):
            tally.left_out[why] += count
        out |= rows
    return stations[~out], kv[~out]


def _nodes(stations: gpd.GeoDataFrame, kv: pd.DataFrame, tally: Tally) -> gpd.GeoDataFrame:
    shapes = stations.geometry.to_numpy()
    points, extended = shapely.centroid(shapes), shapely.get_dimensions(shapes) > 0
    if extended.any():
        tally.noted["outlines, placed at their middle"] += int(extended.sum())
    if inside := _within_another(shapes, points):
        tally.noted["inside the outline of another: the two may be one"] += inside
    made = pd.DataFrame({
        "poi_id": "osm-" + stations["osm_type"] + "-" + stations["osm_id"],
        "name": stations["name"], "name_status": stations["name"].notna().map({True: "public", False: "derived"}),
        "kind": (stations["substation"] == "switching").fillna(value=False).map({True: "switching_station", False: "substation"}),
        "voltage_kv": kv["high"], "min_voltage_kv": kv["low"], "voltage_word": stations["voltage"], "substation_word": stations["substation"],
        "operator": stations["operator"], "ref": stations["ref"], "location_accuracy_m": _radius_m(shapes, points),
        "headroom_rung": "line_proximity", "status": "secondary",
    }, index=stations.index)  # fmt: skip
    return gpd.GeoDataFrame(made, geometry=points, crs=stations.crs)


def _radius_m(shapes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance from the middle of each outline to the farthest corner of its box; NaN of a point. [m]"""
    x, y = shapely.get_x(points), shapely.get_y(points)
    west, south, east, north = shapely.bounds(shapes).T
    geod = Geod(ellps="WGS84")
    far = np.max([geod.inv(x, y, lon, lat)[2] for lon in (west, east) for lat in (south, north)], axis=0) if len(shapes) else np.empty(0)  # fmt: skip
    return np.where(shapely.get_dimensions(shapes) > 0, np.round(far), np.nan)


def _within_another(shapes: np.ndarray, points: np.ndarray) -> int:
    """Number of stations whose middle lies inside the outline of another."""
    one, other = shapely.STRtree(shapes).query(points, predicate="within")
    return len(set(one[one != other].tolist()))
