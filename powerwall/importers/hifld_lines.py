"""HIFLD lines: Electric Power Transmission Lines → the layer `transmission_lines`.

Read are native copies (`ID, VOLTAGE, VOLT_CLASS, STATUS, OWNER, SUB_1, SUB_2, INFERRED`), in
any coordinate system, and derived ones that kept only an id and the class. The portal of the layer
closed in August 2025; copies differ in age, and in the unit of `SHAPE_Length`, which is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from powerwall.importers.columns import identifiers, picked, tell_unread
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied, numbers
from powerwall.importers.written import cut_early
from powerwall.region.findings import Findings

_NAMES = {
    "line_id": ("id", "line_id"), "voltage_class": ("volt_class",), "voltage_kv": ("voltage",), "line_status": ("status",),
    "owner": ("owner",), "poi_from": ("sub_1",), "poi_to": ("sub_2",), "inferred": ("inferred",), "is_dc": ("type",), "as_of": ("val_date", "sourcedate"),
}  # fmt: skip
#: Voltage that stands for a class of voltages [kV]; classes that are not here say none.
NOMINAL_KV = {"UNDER 100": 69.0, "SUB 100": 69.0, "100-161": 138.0, "220-287": 230.0, "345": 345.0, "500": 500.0, "735 AND ABOVE": 765.0}  # fmt: skip
#: Words of HIFLD's STATUS → those of the layer.
STATUS = {"IN SERVICE": "in_service", "INACTIVE": "inactive", "PROPOSED": "proposed", "UNDER CONST": "under_construction"}  # fmt: skip
#: What stands for no number in HIFLD layers.
NO_DATA = (-999999.0, -9999.0, -99.0)
_VOLTS_FROM = 1000.0  # no voltage of the layer has so many kV
_FIRST_YEAR, _LAST_YEAR = 1970, 2060  # other dates stand for none


def read_lines(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Lines of one or several copies; rows are kept whole, with the length of the original."""
    parts = [part for path in files if (part := _one(path, asked, tally, findings)) is not None]
    if not parts:
        return None
    lines = pd.concat(parts, ignore_index=True)
    lines = tally.without(lines, lines["line_id"].isna(), "no id")
    twins = lines.duplicated("line_id", keep="first")
    kept = gpd.GeoDataFrame(
        tally.without(lines, twins, "stands in an earlier row under the same id")
    )
    _doubles(kept, tally)
    day, note = newest(kept["as_of"])
    return Delivery(kept, ("line_id",), day, note)


def _one(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    native = read_features(path, asked, tally, findings, "line")
    if native is None or not in_the_us(native, path, findings):
        return None
    native = cut_early(native, asked, tally)
    found = picked(native, _NAMES, ("line_id", "voltage_class"), path, findings)
    if found is None:
        return None
    tell_unread(native, _NAMES, path, findings)
    lines = only(gpd.GeoDataFrame(found), 1, tally)
    made = pd.DataFrame({"line_id": identifiers(lines["line_id"])}, index=lines.index)
    made["voltage_kv"] = kilovolts(lines["voltage_kv"], tally) if "voltage_kv" in lines else np.nan
    classes = lines["voltage_class"].astype(str).str.strip().str.upper()
    made["voltage_class"] = emptied(lines["voltage_class"], tally)
    made["voltage_kv_nominal"] = made["voltage_kv"].fillna(classes.map(NOMINAL_KV))
    if unknown := int(made["voltage_kv_nominal"].isna().sum()):
        tally.noted["of no known voltage"] += unknown
    for column, name in (("owner", "owner"), ("poi_from", "poi_from"), ("poi_to", "poi_to"), ("status_raw", "line_status")):  # fmt: skip
        made[column] = emptied(lines[name], tally) if name in lines else pd.NA
    words = made["status_raw"].astype("string").str.strip().str.upper()
    made.insert(4, "line_status", words.map(STATUS).fillna("unknown"))
    made["is_dc"] = _direct(lines, classes)
    made["inferred"] = _yes(lines["inferred"]) if "inferred" in lines else pd.NA
    made["as_of"] = days(lines["as_of"], tally) if "as_of" in lines else pd.NA
    made["status"] = np.where((made["inferred"] == "yes").fillna(value=False), "approximate", "secondary")  # fmt: skip
    made["length_km"] = lengths_km(lines.geometry.to_numpy())
    return gpd.GeoDataFrame(made, geometry=lines.geometry)


def kilovolts(column: pd.Series, tally: Tally) -> pd.Series:
    """Voltages; what stands for none is missing, and thousands are volts. [kV]"""
    found = numbers(column, tally, NO_DATA)
    low = found <= 0
    if low.any():
        tally.emptied[f"{column.name}: 0 or less"] += int(low.sum())
    volts = found >= _VOLTS_FROM
    if volts.any():
        tally.noted[f"{column.name} in volts, divided by 1,000"] += int(volts.sum())
    return found.mask(low).mask(volts, found / 1000.0)


def days(column: pd.Series, tally: Tally) -> pd.Series:
    """Days as ISO text, from dates, `2017/09/05 00:00:00+00` or milliseconds; others are missing."""
    if pd.api.types.is_numeric_dtype(column):
        read = pd.to_datetime(column, unit="ms", errors="coerce")
    else:
        text = column.astype("string").str.strip().str.slice(0, 10).str.replace("/", "-")
        read = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
    sound = read.dt.year.between(_FIRST_YEAR + 1, _LAST_YEAR)
    if lost := int((column.notna() & ~sound).sum()):
        tally.emptied[f"{column.name}: no day between {_FIRST_YEAR + 1} and {_LAST_YEAR}"] += lost
    return read.dt.strftime("%Y-%m-%d").where(sound, pd.NA).astype("string")


def newest(column: pd.Series) -> tuple[date | None, str]:
    """The newest day of the rows, which a copy is no older than, and what to say of it."""
    known = column.dropna()
    if known.empty:
        return None, ""
    day = date.fromisoformat(str(known.max()))
    return day, f"as_of is {day}, the day of its newest row; the oldest says {known.min()}"


def lengths_km(shapes: np.ndarray) -> np.ndarray:
    """Length of each line on the ellipsoid, to the metre. Shape (n,) [km]"""
    parts, row = shapely.get_parts(shapes, return_index=True)
    at, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[1:] == part[:-1]
    start, end = at[:-1][joined], at[1:][joined]
    _, _, metres = Geod(ellps="WGS84").inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    found = np.bincount(row[part[1:][joined]], weights=metres, minlength=len(shapes))
    return np.round(found / 1000.0, 3)


def _direct(lines: gpd.GeoDataFrame, classes: pd.Series) -> pd.Series:
    """`yes` of direct current, `no` of alternating, from the type, else from the class of voltage."""
    type_ = lines["is_dc"].astype(str).str.strip().str.upper() if "is_dc" in lines else classes.where(~classes.isin(list(NOMINAL_KV)), "AC")  # fmt: skip
    known = pd.Series(pd.NA, index=lines.index, dtype="string")
    known[type_.str.startswith("AC")] = "no"
    known[type_.str.startswith("DC") | (classes == "DC")] = "yes"
    return known


def _yes(column: pd.Series) -> pd.Series:
    return column.astype("string").str.strip().str.upper().map({"Y": "yes", "N": "no"}).astype("string")  # fmt: skip


def _doubles(lines: gpd.GeoDataFrame, tally: Tally) -> None:
    """Lines on one track are parallel circuits or double entries: all stay, and are told."""
    shapes = lines.geometry.to_numpy()
    drawn = pd.Series(shapely.to_wkb(shapes))
    same = drawn.duplicated(keep=False)
    if same.any():
        tally.noted[f"drawn as another line, in {drawn[same].nunique():,} groups: a sum of lengths counts them twice"] += int(same.sum())  # fmt: skip
    track = pd.Series(shapely.to_wkb(shapely.normalize(shapes))).duplicated(keep=False)
    if back := int((track & ~same).sum()):
        tally.noted["on the track of another line, drawn the other way: a sum of lengths counts them twice"] += back  # fmt: skip
