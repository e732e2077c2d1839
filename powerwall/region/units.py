"""Units: the suffix of a column is its unit, and this table is the only schema of numbers."""

from __future__ import annotations

import math
from typing import NamedTuple


class Unit(NamedTuple):
    """What a column suffix promises.

    Attributes
    ----------
    suffix
        Ending of the column name, without the leading underscore.
    symbol
        How the unit is printed.
    low, high
        Plausible range of a value in this unit; outside it a value is a finding.
    also
        Native units and the factor that turns them into this one.
    """

    suffix: str
    symbol: str
    low: float
    high: float
    also: dict[str, float]


FOOT_M = 0.3048
MILE_KM = 1.609344
ACRE_HA = 0.40468564
MGD_M3_PER_DAY = 3785.411784

_UNITS = (
    Unit("usd_per_mwh", "USD/MWh", -500, 2000, {"USD/kWh": 1000.0, "cent/kWh": 10.0}),
    Unit("usd_per_kwh", "USD/kWh", -1, 5, {"USD/MWh": 1e-3, "cent/kWh": 0.01}),
    Unit("usd_per_mw_year", "USD/MW-year", 0, 1e8, {"USD/kW-year": 1000.0}),
    Unit("usd_per_mw", "USD/MW", 0, 1e8, {"USD/kW": 1000.0}),
    Unit("usd_per_m3", "USD/m³", 0, 100, {"USD/kgal": 1 / 3.785411784}),
    Unit("currency_per_m3", "currency/m³", 0, 1000, {}),
    Unit("usd_per_km", "USD/km", 0, 1e9, {"USD/mile": 1 / MILE_KM}),
    Unit("m3_per_day", "m³/d", 0, 1e8, {"mgd": MGD_M3_PER_DAY, "gal/d": 0.003785411784}),
    Unit(
        "m3_per_year", "m³/yr", 0, 1e10, {"Mgal/yr": 3785.411784, "acre-foot/yr": 1233.48183754752}
    ),
    Unit("l_per_kwh", "L/kWh", 0, 20, {"gal/kWh": 3.785411784}),
    Unit("location_accuracy_m", "m", 0, 1e5, {"km": 1000.0, "ft": FOOT_M}),
    Unit("elevation_m", "m", -500, 9000, {"ft": FOOT_M}),
    Unit("temperature_c", "°C", -90, 70, {}),
    Unit("usd", "USD", -1e12, 1e13, {"kUSD": 1e3, "MUSD": 1e6}),
    Unit("per_mw", "1/MW", 0, 1e6, {}),
    Unit("events_per_year", "1/year", 0, 1e5, {}),
    Unit("mw_per_grid_mw", "MW/MW", 0, 1, {}),
    Unit("mw_years", "MW-years", 0, 1e7, {}),
    Unit("flop_by_horizon", "FLOP", 0, 1e33, {"EFLOP": 1e18}),
    Unit("mw", "MW", 0, 1e5, {"kW": 1e-3, "GW": 1e3}),
    Unit("mva", "MVA", 0, 1e5, {"kVA": 1e-3, "GVA": 1e3}),
    Unit("kv", "kV", 0.1, 1500, {"V": 1e-3}),
    Unit("kwh", "kWh", 0, 1e15, {"MWh": 1e3}),
    Unit("km", "km", 0, 25000, {"m": 1e-3, "mile": MILE_KM, "ft": FOOT_M / 1000}),
    Unit("m", "m", -500, 2e7, {"km": 1000.0, "ft": FOOT_M, "mile": 1000 * MILE_KM}),
    Unit("m2", "m²", 0, 1e13, {"ha": 1e4, "acre": 1e4 * ACRE_HA, "sqft": 0.09290304}),
    Unit("pa", "Pa", 3e4, 1.1e5, {"hPa": 100.0, "mbar": 100.0, "kPa": 1000.0}),
    Unit("m3", "m³", 0, 1e12, {"acre-foot": 1233.48183754752}),
    Unit("ha", "ha", 0, 1e7, {"acre": ACRE_HA, "m2": 1e-4, "km2": 100.0}),
    Unit(
        "months", "months", -1200, 1200, {"years": 12.0, "weeks": 84 / 365.25, "days": 12 / 365.25}
    ),
    Unit("hours", "h", 0, 8784, {}),
    Unit("days", "d", -1e5, 1e5, {"weeks": 7.0}),
    Unit("db", "dB", -50, 200, {}),
    Unit("dba", "dB(A)", -50, 200, {}),
    Unit("c", "°C", -90, 70, {}),
    Unit("pct", "%", -100, 1000, {}),
    Unit("share", "share", 0, 1, {"percent": 0.01}),
    Unit("fraction", "share", 0, 1, {"percent": 0.01}),
    Unit("probability", "share", 0, 1, {"percent": 0.01}),
    Unit("score", "score", 0, 100, {}),
    Unit("raw", "ratio", -1e4, 1e4, {}),  # an indicator of Aqueduct, where 9999 is no missing value
    Unit("cat", "category", -1, 4, {}),
    Unit("cf", "m³ world-eq/m³", 0.1, 100, {}),  # a factor of AWARE
    Unit("count", "count", 0, 1e12, {}),
    Unit("jobs", "jobs", 0, 1e6, {}),
    Unit("lon", "°", -180, 180, {}),
    Unit("lat", "°", -90, 90, {}),
    Unit("longitude", "°", -180, 180, {}),
    Unit("latitude", "°", -90, 90, {}),
)
UNITS: dict[str, Unit] = {unit.suffix: unit for unit in _UNITS}
_BY_LENGTH = sorted(UNITS, key=len, reverse=True)

#: Written as numbers everywhere, although their names carry a unit's suffix or none.
_TEXT_DESPITE_SUFFIX = frozenset({
    "price_currency_per_m3", "name_c", "days", "emergence_steps_db",
    "status_raw", "county_raw", "value_raw",  # the publisher's words, beside what they were read as
})  # fmt: skip
_BARE_NUMBERS = {
    "mw_min": Unit("mw", "MW", 0, 1e6, {"kW": 1e-3, "GW": 1e3}),
    "mw_max": Unit("mw", "MW", 0, 1e6, {"kW": 1e-3, "GW": 1e3}),
    "voltage_kv_nominal": Unit("kv", "kV", 0.1, 1500, {"V": 1e-3}),
    "requests_mw": Unit("mw", "MW", 0, 1e7, {"kW": 1e-3, "GW": 1e3}),
    "published_headroom_mw": Unit("mw", "MW", -1e4, 1e5, {"kW": 1e-3, "GW": 1e3}),
    "price_native": Unit("price_native", "native", 0, 1e6, {}),
    "opposition_index": Unit("per_year", "1/year", 0, 1e4, {}),
    "month": Unit("month", "month", 1, 12, {}),
    "hour": Unit("hour", "hour", 1, 24, {}),
    "low_si": Unit("si", "SI", 0, 1e12, {}),
    "high_si": Unit("si", "SI", 0, 1e12, {}),
    "hours_flagged": Unit("hours", "h", 0, 8784, {}),
    "hours_above_29_4_c": Unit("hours", "h", 0, 8784, {}),
}


def unit_of(column: str) -> Unit | None:
    """Unit that a column's name promises, or None for text.

    >>> unit_of("queue_ahead_mw").symbol
    'MW'
    >>> unit_of("zoning_notes") is None
    True
    """
    if column in _TEXT_DESPITE_SUFFIX:
        return None
    if column in _BARE_NUMBERS:
        return _BARE_NUMBERS[column]
    for suffix in _BY_LENGTH:
        if column == suffix or column.endswith("_" + suffix):
            return UNITS[suffix]
    return None


def factor(native: str, canonical: Unit) -> float | None:
    """Factor that turns a value in `native` into the canonical unit; None if there is none.

    >>> factor("kW", UNITS["mw"])
    0.001
    """
    if native in {canonical.symbol, canonical.suffix}:
        return 1.0
    exact = canonical.also.get(native)
    if exact is not None:
        return exact
    folded = {name.casefold(): value for name, value in canonical.also.items()}
    return folded.get(
        native.casefold(), 1.0 if native.casefold() == canonical.symbol.casefold() else None
    )


def plausible(value: float, unit: Unit) -> bool:
    """Tell whether a value lies inside the plausible range of its unit (NaN does)."""
    return math.isnan(value) or unit.low <= value <= unit.high
