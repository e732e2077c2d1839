"""Check: rows of the water layers that no criterion could read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.water.basins.aqueduct import check_basins
from powerwall.criteria.water.indirect import check_grid_mix
from powerwall.criteria.water.psychrometrics import pressure_at
from powerwall.criteria.water.rules.check import check_rules
from powerwall.criteria.water.station import CLIMATE, STATIONS, why_unused

if TYPE_CHECKING:
    from powerwall.region.findings import Findings
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

_YEARS = (8760.0, 8784.0)  # hours of a year, and of a leap year
_ABOVE_K = 0.05  # rounding of a stored wet bulb over its dry bulb
_PRESSURE_OFF_PA = 3000.0  # weather moves the mean of a year by far less
_HOTTEST = "ashrae_ext_db_n20"


def check_water(region: Region, findings: Findings) -> None:
    """Record every row of the water layers that would stop a criterion, or mislead it."""
    check_rules(region, findings)
    check_basins(region, findings)
    check_grid_mix(region, findings)
    _check_climate(region, findings)


def _check_climate(region: Region, findings: Findings) -> None:
    layer = region.layers.get(CLIMATE)
    if layer is None:
        return
    known = region.layers.frame(STATIONS)
    stations = {} if known is None else {str(row["station_id"]): row for row in known.to_dict("records")}  # fmt: skip
    _check_rows(layer, findings)
    for name, rows in layer.frame.groupby("station_id", sort=False):
        first = int(str(rows.index[0]))
        row = stations.get(str(name))
        if row is None:
            continue  # a reference that leads nowhere is found where all references are
        if why := why_unused(row, rows):
            findings.add("PW414", f"{CLIMATE}: {name} has {why}: not used", severity="warning", remedy="import its hourly file again, or mend its rows",
                         **layer.places(first, "station_id"))  # fmt: skip
        _check_year(str(name), rows, layer, findings)
        _check_peaks(str(name), rows, layer, findings)
        if pd.notna(row.get("pressure_pa")):
            _check_pressure(row, region.layers[STATIONS], findings)


def _check_pressure(row: Any, layer: Layer, findings: Findings) -> None:
    """A mean pressure that is not that of the station's height."""
    height, pressure = row.get("elevation_m"), float(row["pressure_pa"])
    at = int(np.flatnonzero(layer.frame["station_id"] == row["station_id"])[0])
    if pd.isna(height):
        findings.add("PW503", f"{STATIONS}: {row['station_id']} has no `elevation_m`: no site is corrected for height", severity="note",
                     remedy="give it", **layer.places(at, "elevation_m"))  # fmt: skip
        return
    expected = float(pressure_at(height))
    if abs(pressure - expected) > _PRESSURE_OFF_PA:
        findings.add("PW402", f"{STATIONS}: pressure_pa = {pressure:,.0f} at {height:,.0f} m, where about {expected:,.0f} Pa are usual", severity="warning",
                     remedy="station pressure, not that of sea level", **layer.places(at, "pressure_pa"))  # fmt: skip


def _check_peaks(name: str, rows: pd.DataFrame, layer: Layer, findings: Findings) -> None:
    """What the peak hour and the peak day rest on."""
    design = rows[rows["record"] == "design"]
    if "key" not in design:
        design = design.assign(key=None)
    first = layer.places(int(str(rows.index[0])), "record")
    for index in design.index[design["key"].isna()]:
        findings.add("PW401", f"{CLIMATE}: a design pair of {name} without key: not used", severity="warning", remedy="name it, e.g. ashrae_db_0p4",
                     **layer.places(int(str(index)), "key"))  # fmt: skip
    design = design[design["key"].notna()]
    twice = design.index[design["key"].duplicated()]
    for index in twice:
        findings.add("PW404", f"{CLIMATE}: design pair {design['key'].loc[index]} of {name} stands twice", remedy="keep one",
                     **layer.places(int(str(index)), "key"))  # fmt: skip
    by_key = design.drop_duplicates("key").set_index("key")["tdb_c"]
    if not by_key.index.astype(str).str.startswith("ashrae").any():
        findings.add("PW414", f"{CLIMATE}: {name} has no design pair beyond its typical year: peaks are understated", severity="warning",
                     remedy="take an hourly file whose header has design conditions", **first)  # fmt: skip
    elif _HOTTEST in by_key and by_key[_HOTTEST] < by_key.max():
        at = design.index[design["key"] == _HOTTEST][0]
        findings.add("PW402", f"{CLIMATE}: the 20-year dry bulb of {name}, {by_key[_HOTTEST]:g} °C, is below another of its pairs, {by_key.max():g} °C", severity="warning",
                     **layer.places(int(str(at)), "tdb_c"))  # fmt: skip
    if not rows["record"].isin(["profile", "hour"]).any():
        findings.add("PW414", f"{CLIMATE}: {name} has no days of 24 hours: its peak day is unknown", severity="warning",
                     remedy="import its hourly file again", **first)  # fmt: skip


def _check_rows(layer: Layer, findings: Findings) -> None:
    """Cells that no weather can have."""
    frame = layer.frame
    wet = frame["twb_c"] > frame["tdb_c"] + _ABOVE_K
    wet &= frame["record"] != "percentile"  # two quantiles, each on its own
    for index in frame.index[wet]:
        row = frame.loc[index]
        findings.add("PW402", f"{CLIMATE}: wet bulb {row['twb_c']:g} °C above the dry bulb {row['tdb_c']:g} °C", severity="error",
                     remedy="are the columns exchanged?", **layer.places(int(str(index)), "twb_c"))  # fmt: skip
    needed = {"bin": ("tdb_c", "twb_c", "month", "hours"), "hour": ("tdb_c", "twb_c", "month"),
              "profile": ("tdb_c", "twb_c", "hour"), "design": ("tdb_c", "twb_c")}  # fmt: skip
    for record, columns in needed.items():
        for column in columns:
            for index in frame.index[(frame["record"] == record) & frame[column].isna()]:
                findings.add("PW401", f"{CLIMATE}: a row of record {record} without {column}: not used", severity="warning", remedy="give the number, or drop the station",
                             **layer.places(int(str(index)), column))  # fmt: skip
    odd = frame["month"].notna() & (frame["month"] % 1 != 0)
    for index in frame.index[odd]:
        findings.add("PW402", f"{CLIMATE}: month = {frame['month'].loc[index]:g} is no month", **layer.places(int(str(index)), "month"))  # fmt: skip


def _check_year(name: str, rows: pd.DataFrame, layer: Layer, findings: Findings) -> None:
    """Hours that are not those of a year, and days that are not 24 hours in order."""
    hourly = bool((rows["record"] == "hour").any())
    year = rows[rows["record"] == ("hour" if hourly else "bin")]
    if year.empty:
        return
    hours = float(len(year)) if hourly else float(year["hours"].sum())
    if hours not in _YEARS:
        findings.add("PW414", f"{CLIMATE}: the rows of {name} hold {hours:,.0f} hours, a year has 8,760 or 8,784", severity="warning",
                     remedy="import its hourly file again", **layer.places(int(str(year.index[0])), "hours"))  # fmt: skip
    months = set(year["month"].dropna().astype(int))
    if lost := sorted(set(range(1, 13)) - months):
        findings.add("PW414", f"{CLIMATE}: {name} has no rows of month {', '.join(map(str, lost))}", severity="warning",
                     **layer.places(int(str(year.index[0])), "month"))  # fmt: skip
    days = rows[rows["record"] == ("hour" if hourly else "profile")]
    for index in _odd_days(days):
        findings.add("PW414", f"{CLIMATE}: a day of {name} has not its 24 hours, 1 to 24", remedy="import its hourly file again",
                     **layer.places(int(str(index)), "hour"))  # fmt: skip


def _odd_days(days: pd.DataFrame) -> list[object]:
    """First row of each day that has not its hours; days go by their key, or by blocks of 24 rows without one."""
    key = days["key"] if "key" in days and days["key"].notna().all() else pd.Series(np.arange(len(days)) // 24, index=days.index)  # fmt: skip
    return [group.index[0] for _, group in days.groupby(key, sort=False) if sorted(group["hour"]) != list(range(1, 25))]  # fmt: skip
