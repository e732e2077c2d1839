"""HIFLD lines: Electric Power Transmission Lines → the layer `transmission_lines`.

Read are native copies (`ID, VOLTAGE, VOLT_CLASS, STATUS, OWNER, SUB_1, SUB_2, INFERRED`), in
any coordinate system, and derived ones that kept only an id and the class. The portal of the layer
closed in August 2025; copies differ in age, and in the unit of `SHAPE_Length`, which is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied, numbers
from powerwall.region.findings import Findings

_NAMES = {
    "line_id": ("id", "line_id"), "voltage_class": ("volt_class",), "voltage_kv": ("voltage",), "line_status": ("status",),
    "owner": ("owner",), "poi_from": ("sub_1",), "poi_to": ("sub_2",), "inferred": ("inferred",), "is_dc": ("type",),
}  # fmt: skip
#: Voltage that stands for a class of voltages [kV]; classes that are not here say none.
NOMINAL_KV = {"UNDER 100": 69.0, "SUB 100": 69.0, "100-161": 138.0, "220-287": 230.0, "345": 345.0, "500": 500.0, "735 AND ABOVE": 765.0}  # fmt: skip
_STATUS = {"IN SERVICE": "in_service", "INACTIVE": "inactive", "PROPOSED": "proposed", "UNDER CONST": "under_construction"}  # fmt: skip
_NO_DATA = (-999999.0, -9999.0, -99.0)


def read_lines(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Lines of one or several copies; rows are kept whole, with the length of the original."""
    parts = [part for path in files if (part := _one(path, asked, tally, findings)) is not None]
    if not parts:
        return None
    lines = pd.concat(parts, ignore_index=True)
    twins = lines.duplicated("line_id", keep="first")
    if twins.any():
        tally.left_out["stands in an earlier row under the same id"] += int(twins.sum())
    return Delivery(gpd.GeoDataFrame(lines[~twins]), ("line_id",))


def _one(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    native = read_features(path, asked, tally, findings)
    if native is None:
        return None
    found = picked(native, _NAMES, ("line_id", "voltage_class"), path, findings)
    if found is None:
        return None
    lines = only(gpd.GeoDataFrame(found), 1, tally)
    made = pd.DataFrame({"line_id": lines["line_id"].astype(str)}, index=lines.index)
    made["voltage_kv"] = numbers(lines["voltage_kv"], tally, _NO_DATA) if "voltage_kv" in lines else np.nan  # fmt: skip
    classes = lines["voltage_class"].astype(str).str.strip().str.upper()
    made["voltage_class"] = emptied(lines["voltage_class"], tally)
    made["voltage_kv_nominal"] = made["voltage_kv"].fillna(classes.map(NOMINAL_KV))
    if unknown := int(made["voltage_kv_nominal"].isna().sum()):
        tally.noted["of no known voltage"] += unknown
    words = lines["line_status"].astype(str).str.strip().str.upper() if "line_status" in lines else classes  # fmt: skip
    made["line_status"] = words.map(_STATUS).fillna("unknown")
    for column in ("owner", "poi_from", "poi_to"):
        made[column] = emptied(lines[column], tally) if column in lines else pd.NA
    type_ = lines["is_dc"].astype(str) if "is_dc" in lines else classes
    made["is_dc"] = type_.str.upper().str.startswith("DC").map({True: "yes", False: "no"})
    inferred = lines["inferred"].astype(str).str.upper() == "Y" if "inferred" in lines else pd.Series(False, index=lines.index)  # fmt: skip
    made["status"] = np.where(inferred, "approximate", "secondary")
    made["length_km"] = _length_km(lines)
    _doubles(lines, tally)
    return gpd.GeoDataFrame(made, geometry=lines.geometry)


def _length_km(lines: gpd.GeoDataFrame) -> list[float]:
    """Length of each line on the ellipsoid, to the metre. [km]"""
    geod = Geod(ellps="WGS84")
    return [round(geod.geometry_length(shape) / 1000, 3) for shape in lines.geometry]


def _doubles(lines: gpd.GeoDataFrame, tally: Tally) -> None:
    """Lines on the very same track are parallel circuits or double entries: both stay, and are told."""
    track = pd.Series(shapely.to_wkb(shapely.normalize(lines.geometry.to_numpy())))
    if same := int(track.duplicated(keep=False).sum()):
        tally.noted["on the very track of another line: a sum of lengths counts it twice"] += same
