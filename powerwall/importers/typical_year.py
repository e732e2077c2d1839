"""Typical year: hourly weather → rows of `climate` and of `climate_stations`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.water.psychrometrics import (
    Array,
    humidity_ratio_of,
    humidity_ratio_of_rh,
    saturation_humidity_ratio,
    wet_bulb_of,
)
from powerwall.importers.epw import Weather

CLIMATE = ("station_id", "record", "key", "month", "hour", "tdb_c", "twb_c", "hours")
STATIONS = (
    "station_id", "name", "lon", "lat", "elevation_m", "country", "state", "mean_dry_bulb_c", "max_dry_bulb_c", "p99_6_dry_bulb_c",
    "p0_4_dry_bulb_c", "hours_above_29_4_c", "mean_relative_humidity_pct", "data_set", "pressure_pa", "design_source", "twb_flag_limit_c",
    "hours_flagged", "quality", "source_title", "source_url", "as_of", "status", "note",
)  # fmt: skip
# The form is that of the bins the plants were tested with: other widths or another rounding move results.
_BIN_K = 2.0
_FLAG_ABOVE_K, _SUSPECT_ABOVE_K = 5.0, 2.5  # above the 0.4 % design wet bulb
_PADS_FROM_C, _PADS_DEW_POINT_C = 24.0, 21.0  # when wetted pads of a default plant are wet
_HOT_C = 29.4  # 85 °F
_PERCENTILES = {"p99_6": 0.996, "p99_0": 0.99, "p50": 0.5}


class TypicalYear(NamedTuple):
    """Rows of the two layers for one station."""

    climate: list[dict[str, Any]]
    station: dict[str, Any]


def typical_year(weather: Weather, station_id: str = "", *, hourly: bool = False) -> TypicalYear:
    """Rows of a station.

    Parameters
    ----------
    weather
        A year of hours.
    station_id
        Id of the station; "" is its WMO number.
    hourly
        Every hour in place of bins, days and monthly means.
    """
    name = station_id or weather.wmo
    w = humidity_ratio_of_rh(weather.t, np.clip(weather.humidity, 0.01, 1.0), weather.pressure_pa)
    tw = np.round(
        wet_bulb_of(weather.t, w, weather.pressure_pa), 2
    )  # saturated hours must not straddle an edge
    hours = pd.DataFrame({"month": weather.month.astype(int), "t": weather.t, "tw": tw, "w": w})
    design = weather.design
    limit = design.wet_bulb + _FLAG_ABOVE_K if design else math.inf
    flagged = hours["tw"].to_numpy() > limit
    pressure = float(np.round(weather.pressure_pa.mean()))
    rows = _hour_rows(hours) if hourly else [*_bin_rows(hours), *_day_rows(hours, flagged, weather)]
    rows += [*_design_rows(hours, flagged, weather, pressure), *_percentile_rows(hours)]
    rows += [] if hourly else _month_rows(hours)
    blank = dict.fromkeys(CLIMATE, "")
    suspect = design is not None and hours["tw"].quantile(0.996) > design.wet_bulb + _SUSPECT_ABOVE_K  # fmt: skip
    about = {
        "station_id": name, "pressure_pa": f"{pressure:.0f}", "twb_flag_limit_c": f"{limit:.1f}" if design else "",
        "hours_flagged": int(flagged.sum()), "quality": "moisture_suspect" if suspect else "ok",
    }  # fmt: skip
    return TypicalYear([blank | {"station_id": name} | row for row in rows], _station_row(weather, hours) | about)  # fmt: skip


def _bin_rows(hours: pd.DataFrame) -> list[dict[str, Any]]:
    """Joint cells of 2 × 2 K of each month: means and count of their hours."""
    cells = hours.groupby([hours["month"], np.floor(hours["t"] / _BIN_K), np.floor(hours["tw"] / _BIN_K)])  # fmt: skip
    table = cells[["t", "tw"]].mean().assign(hours=cells.size())
    return [
        {"record": "bin", "month": key[0], "tdb_c": f"{row.t:.3f}", "twb_c": f"{row.tw:.3f}", "hours": int(row.hours)}
        for key, row in zip(table.index, table.itertuples(), strict=True)
    ]  # fmt: skip


def _hour_rows(hours: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"record": "hour", "key": f"{at // 24 + 1:03d}", "month": row.month, "hour": at % 24 + 1, "tdb_c": f"{row.t:.2f}", "twb_c": f"{row.tw:.2f}", "hours": 1}
        for at, row in enumerate(hours.itertuples())
    ]  # fmt: skip


def _day_rows(hours: pd.DataFrame, flagged: np.ndarray, weather: Weather) -> list[dict[str, Any]]:
    """Hottest, most humid and driest-hot day; a day with a flagged hour is none of them."""
    t, tw, w = (hours[name].to_numpy().reshape(-1, 24) for name in ("t", "tw", "w"))
    eligible = ~flagged.reshape(-1, 24).any(axis=1)
    humid = w > saturation_humidity_ratio(_PADS_DEW_POINT_C, weather.pressure_pa.reshape(-1, 24))
    pads = np.where((t >= _PADS_FROM_C) & ~humid, t - tw, 0.0)
    rows: list[dict[str, Any]] = []
    if not eligible.any():
        return rows
    for key, score in (("peak_tdb", t), ("peak_twb", tw), ("peak_evap", pads)):
        day = int(np.argmax(np.where(eligible, np.round(score.mean(axis=1), 6), -np.inf)))
        month = int(hours["month"].iloc[24 * day])
        rows += [
            {"record": "profile", "key": key, "month": month, "hour": h + 1, "tdb_c": f"{t[day, h]:.2f}", "twb_c": f"{tw[day, h]:.2f}", "hours": 1}
            for h in range(24)
        ]  # fmt: skip
    return rows


def _design_rows(hours: pd.DataFrame, flagged: np.ndarray, weather: Weather, pressure: float) -> list[dict[str, Any]]:  # fmt: skip
    """Coincident pairs of the hottest and most humid hours, of the file and of the header."""
    t, tw = hours["t"].to_numpy(), hours["tw"].to_numpy()
    humid = hours["w"].to_numpy() > saturation_humidity_ratio(_PADS_DEW_POINT_C, weather.pressure_pa)  # fmt: skip
    at = {"tmy_max_tdb": int(np.argmax(t))}
    if not flagged.all():
        at["tmy_max_twb"] = int(np.argmax(np.where(flagged, -np.inf, tw)))
    if humid.any():
        at["tmy_max_tdb_humid"] = int(np.argmax(np.where(humid, t, -np.inf)))
    pairs = {key: (float(t[hour]), float(tw[hour])) for key, hour in at.items()}
    if weather.design:
        d = weather.design
        pairs["ashrae_db_0p4"] = (d.dry_bulb, d.coincident_wet_bulb)
        pairs["ashrae_wb_0p4"] = (d.coincident_dry_bulb, d.wet_bulb)
        w = humidity_ratio_of(d.dry_bulb, d.coincident_wet_bulb, pressure)
        pairs["ashrae_ext_db_n20"] = (d.hottest_in_20_years, float(wet_bulb_of(d.hottest_in_20_years, w, pressure)))  # fmt: skip
    return [{"record": "design", "key": key, "tdb_c": f"{a:.2f}", "twb_c": f"{b:.2f}"} for key, (a, b) in pairs.items()]  # fmt: skip


def _percentile_rows(hours: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"record": "percentile", "key": key, "tdb_c": f"{hours['t'].quantile(q):.2f}", "twb_c": f"{hours['tw'].quantile(q):.2f}"}
        for key, q in _PERCENTILES.items()
    ]  # fmt: skip


def _month_rows(hours: pd.DataFrame) -> list[dict[str, Any]]:
    groups = hours.groupby("month")
    means = groups[["t", "tw"]].mean().assign(hours=groups.size())
    return [
        {"record": "month", "key": "mean", "month": row.Index, "tdb_c": f"{row.t:.3f}", "twb_c": f"{row.tw:.3f}", "hours": int(row.hours)}
        for row in means.itertuples()
    ]  # fmt: skip


def _station_row(weather: Weather, hours: pd.DataFrame) -> dict[str, Any]:
    """What a reader wants to know of a station."""
    t: Array = hours["t"].to_numpy()
    kind = weather.source.removeprefix("SRC-")
    return {
        "name": weather.name, "lon": f"{weather.lon:.3f}", "lat": f"{weather.lat:.3f}", "elevation_m": f"{weather.elevation_m:g}",
        "country": weather.country, "state": weather.state, "mean_dry_bulb_c": f"{t.mean():.2f}", "max_dry_bulb_c": f"{t.max():.1f}",
        "p99_6_dry_bulb_c": f"{np.quantile(t, 0.996):.1f}", "p0_4_dry_bulb_c": f"{np.quantile(t, 0.004):.1f}",
        "hours_above_29_4_c": int((t > _HOT_C).sum()), "mean_relative_humidity_pct": f"{100 * weather.humidity.mean():.1f}",
        "data_set": f"{weather.path.stem} {kind}", "design_source": f"{weather.design.title} (header of the file)" if weather.design else "",
        "source_title": f"{weather.name} {kind}, statistics of the hourly file", "source_url": "", "as_of": str(weather.last_year or ""),
        "status": "secondary", "note": "",
    }  # fmt: skip
