"""Units: what a water rule may speak of and in which units, turned into SI exactly."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

#: Output of a plant that a rule may speak of → its SI unit, and how it is printed.
METRICS = {
    "avg_day_makeup_m3": ("m3/day", "average-day make-up"),
    "max_day_makeup_m3": ("m3/day", "maximum-day make-up"),
    "max_day_consumption_m3": ("m3/day", "maximum-day consumption"),
    "max_day_discharge_m3": ("m3/day", "maximum-day discharge"),
    "max_month_makeup_m3": ("m3/month", "maximum-month make-up"),
    "annual_makeup_m3": ("m3/year", "annual make-up"),
    "annual_consumption_m3": ("m3/year", "annual consumption"),
    "wue_l_per_kwh": ("L/kWh", "water usage effectiveness"),
    "facility_mw": ("MW", "facility power"),
    "it_mw": ("MW", "IT power"),
}

# Exact: the US gallon is 231 in³ and the foot 0.3048 m (NIST Special Publication 811, appendix B);
# the acre-foot is 43,560 ft³ of the international foot. As text, so that products stay exact.
_VOLUMES = {
    "m3": "1", "l": "0.001", "ml": "1000", "gal": "0.003785411784", "mgal": "3785.411784",
    "ft3": "0.028316846592", "ccf": "2.8316846592", "acre-ft": "1233.48183754752",
}  # fmt: skip
_VOLUME_NAMES = {
    "l": "L", "ml": "ML", "mgal": "Mgal", "ccf": "CCF",
}  # fmt: skip
_PERIODS = ("day", "month", "year")
_OTHER_UNITS = {
    "mgd": ("mgd", "m3/day", "3785.411784"), "l/s": ("L/s", "m3/day", "86.4"),
    "l/kwh": ("L/kWh", "L/kWh", "1"), "m3/mwh": ("m3/MWh", "L/kWh", "1"), "gal/kwh": ("gal/kWh", "L/kWh", "3.785411784"),
    "mw": ("MW", "MW", "1"), "kw": ("kW", "MW", "0.001"), "gw": ("GW", "MW", "1000"),
}  # fmt: skip
_UNITS = {
    f"{volume}/{period}": (f"{_VOLUME_NAMES.get(volume, volume)}/{period}", f"m3/{period}", factor)
    for volume, factor in _VOLUMES.items()
    for period in _PERIODS
} | _OTHER_UNITS  # fmt: skip
#: Every unit that a rule may be written in → the SI unit of its quantity.
UNIT_NAMES = {name: si for name, si, _ in _UNITS.values()}


class Unit(NamedTuple):
    """A native unit: its name, the SI unit of the same quantity, and the exact factor to it."""

    name: str
    si: str
    factor: Decimal


def unit_named(text: str) -> Unit | None:
    """Native unit of a rule by its name, in any case; None for an unknown one.

    >>> unit_named("gal/day").factor
    Decimal('0.003785411784')
    """
    folded = text.strip().casefold().replace("³", "3")
    found = _UNITS.get(folded)
    return None if found is None else Unit(found[0], found[1], Decimal(found[2]))


def to_si(value: float, unit: Unit) -> float:
    """Exact product with the unit's factor, rounded once. [SI]

    >>> to_si(250_000, unit_named("gal/day"))
    946.352946
    """
    return float(Decimal(repr(value)) * unit.factor) if math.isfinite(value) else value


def from_si(value: float, unit: Unit) -> float:
    """The inverse of `to_si`. [native]"""
    return float(Decimal(repr(value)) / unit.factor) if math.isfinite(value) else value


def figure(value: float) -> str:
    """A number of a rule as it is printed."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
