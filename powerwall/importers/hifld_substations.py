"""HIFLD substations: Electric Substations → the layer `points_of_interconnection`.

The native layer is read by its published schema; not tried on a native file. Its copies were
withdrawn earlier than those of the lines, so clusters of line ends (`sub_id, n_line_ends,
max_voltage_kv_nominal, volt_classes`) are read too: they become nodes of kind `line_ends`. A
count of lines or of line ends is no capacity, and no capacity is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.importers.columns import identifiers, picked, tell_unread
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.hifld_lines import NO_DATA, days, kilovolts, newest
from powerwall.importers.native import at_coordinates, only, read_features
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.importers.written import cut_early
from powerwall.region.findings import Findings

_NATIVE = {
    "poi_id": ("id",), "name": ("name",), "kind": ("type",), "state_word": ("status",), "voltage_kv": ("max_volt",), "min_voltage_kv": ("min_volt",),
    "line_ends_count": ("lines",), "inferred": ("max_infer",), "as_of": ("val_date", "sourcedate"), "lon": ("longitude",), "lat": ("latitude",),
}  # fmt: skip
_CLUSTERS = {
    "poi_id": ("sub_id",), "line_ends_count": ("n_line_ends",), "voltage_kv": ("max_voltage_kv_nominal",), "voltage_classes": ("volt_classes",),
}  # fmt: skip
_COUNTED = "n_line_ends"  # only clusters have it
_KIND = {"SUBSTATION": "substation", "TAP": "tap"}
_PLANNED = ("PROPOSED", "UNDER CONST")
_PLACEHOLDER = r"(?i)^(?:UNKNOWN|TAP|RISER|DEAD ?END)\s*\d+$"
_SWAPPED = "MIN_VOLT stood above MAX_VOLT: swapped"
_SPREADSHEETS = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"}


def read_substations(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Nodes of one or several copies, native or made of line ends."""
    parts = [part for path in files if (part := _one(path, asked, tally, findings)) is not None]
    if not parts:
        return None
    nodes = pd.concat(parts, ignore_index=True)
    nodes = tally.without(nodes, nodes["poi_id"].isna(), "no id")
    twins = nodes.duplicated("poi_id", keep="first")
    kept = gpd.GeoDataFrame(
        tally.without(nodes, twins, "stands in an earlier row under the same id")
    )
    if unknown := int(kept["voltage_kv"].isna().sum()):
        tally.noted["of no known voltage"] += unknown
    day, note = newest(kept["as_of"]) if "as_of" in kept else (None, "")
    return Delivery(kept, ("poi_id",), day, note)


def _one(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    native = _table(path, tally, findings) if path.suffix.lower() in _SPREADSHEETS else read_features(path, asked, tally, findings, "substation")  # fmt: skip
    if native is None or not in_the_us(native, path, findings):
        return None
    native = cut_early(native, asked, tally)
    clusters = _COUNTED in native
    names, required = (_CLUSTERS, ("poi_id",)) if clusters else (_NATIVE, ("poi_id", "voltage_kv"))
    found = picked(native, names, required, path, findings)
    if found is None:
        return None
    tell_unread(native, names, path, findings)
    points = only(gpd.GeoDataFrame(found), 0, tally)
    made = _line_ends(points, tally) if clusters else _substations(points, tally)
    made["headroom_rung"] = "line_proximity"
    return gpd.GeoDataFrame(made, geometry=points.geometry.loc[made.index])


def _table(path: Path, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    """A copy that was saved as a table, with its coordinates in columns."""
    found = read_sheets(path, ("id", "longitude", "latitude", "max_volt"), tally, findings)
    if not found:
        return None
    return at_coordinates(found[0].frame, "longitude", "latitude", path, tally, findings)


def _substations(points: gpd.GeoDataFrame, tally: Tally) -> pd.DataFrame:
    made = pd.DataFrame({"poi_id": identifiers(points["poi_id"])}, index=points.index)
    for column, name in (("name", "name"), ("status_raw", "state_word"), ("type_word", "kind")):
        made[column] = emptied(points[name], tally).astype("string") if name in points else pd.NA
    placeholder = made["name"].astype("string").str.fullmatch(_PLACEHOLDER).fillna(value=False)
    if placeholder.any():
        tally.emptied["name: a placeholder such as UNKNOWN123456"] += int(placeholder.sum())
    made["name"] = made["name"].mask(placeholder)
    made["name_status"] = np.where(made["name"].notna(), "public", "derived")
    state = made["status_raw"].astype("string").str.upper()
    made["kind"] = _kinds(made["type_word"].astype("string").str.upper(), state, tally)
    _voltages(points, made, tally)
    counted = numbers(points["line_ends_count"], tally, NO_DATA) if "line_ends_count" in points else pd.Series(np.nan, index=points.index)  # fmt: skip
    made["line_ends_count"] = counted.mask(counted < 0).round().astype("Int64")
    made["as_of"] = days(points["as_of"], tally) if "as_of" in points else pd.NA
    inferred = points["inferred"].astype(str).str.strip().str.upper() == "Y" if "inferred" in points else False  # fmt: skip
    made["status"] = np.where(inferred, "approximate", "secondary")
    idle = (state == "INACTIVE").fillna(value=False)
    if idle.any():
        tally.left_out["inactive"] += int(idle.sum())
    return made[~idle]


def _kinds(type_: pd.Series, state: pd.Series, tally: Tally) -> pd.Series:
    """Kind by type; what does not stand yet is planned, and other types are of no kind."""
    kind = type_.map(_KIND).astype("string")
    strange = type_.notna() & kind.isna()
    if strange.any():
        tally.noted[f"of a type that is no kind of node, e.g. {type_[strange].iloc[0]}"] += int(strange.sum())  # fmt: skip
    return kind.mask(state.isin(_PLANNED), "planned")


def _voltages(points: gpd.GeoDataFrame, made: pd.DataFrame, tally: Tally) -> None:
    """Highest and lowest voltage, in their order; a pair that was swapped is marked in its note."""
    high = kilovolts(points["voltage_kv"], tally)
    low = kilovolts(points["min_voltage_kv"], tally) if "min_voltage_kv" in points else pd.Series(np.nan, index=points.index)  # fmt: skip
    swapped = low > high
    if swapped.any():
        tally.noted[_SWAPPED] += int(swapped.sum())
    made["voltage_kv"], made["min_voltage_kv"] = high.mask(swapped, low), low.mask(swapped, high)
    made["note"] = pd.Series(pd.NA, index=made.index, dtype="string").mask(swapped, _SWAPPED)


def _line_ends(points: gpd.GeoDataFrame, tally: Tally) -> pd.DataFrame:
    """Clusters of line ends: without a name, and a stand-in for the class as their voltage."""
    made = pd.DataFrame({"poi_id": identifiers(points["poi_id"]), "kind": "line_ends", "name_status": "derived"}, index=points.index)  # fmt: skip
    made["voltage_kv"] = kilovolts(points["voltage_kv"], tally) if "voltage_kv" in points else np.nan  # fmt: skip
    made["line_ends_count"] = numbers(points["line_ends_count"], tally, NO_DATA).round().astype("Int64")  # fmt: skip
    made["voltage_classes"] = points["voltage_classes"].astype("string") if "voltage_classes" in points else pd.NA  # fmt: skip
    made["status"] = "approximate"
    made["note"] = "ends of lines near one another: a station, a tap or a dead end; the voltage stands for a class"  # fmt: skip
    if single := int((made["line_ends_count"] == 1).sum()):
        tally.noted["clusters of a single line end, which may be no station"] += single
    return made
