"""Services: what a block of power is beside its start date, from the table of facts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.region.findings import did_you_mean

#: Short names; a service also goes by its own id.
ALIASES = {
    "firm": "firm_utility", "utility": "firm_utility",
    "interim": "interim_nonfirm", "nonfirm": "interim_nonfirm",
    "backup": "flexible_own_backup", "flexible": "flexible_own_backup",
    "recip": "recip_gas", "engines": "recip_gas",
    "aero": "aero_ct", "leased": "aero_ct_leased", "aero_leased": "aero_ct_leased",
    "frame": "frame_ct",
    "fuel_cell": "sofc", "fuel_cells": "sofc",
    "bess": "bess_4h", "battery": "bess_4h", "storage": "bess_4h",
    "solar": "solar_bess",
    "colocated": "colocated_plant",
    "nuclear": "nuclear_restart",
}  # fmt: skip
#: Services that bridge nothing: their megawatts reach the site over the very wires that are late.
NO_BRIDGE = {
    "firm_utility": "it is what a bridge bridges to",
    "nuclear_restart": "energy by contract; the site still waits for its wires",
    "smr": "energy by contract; the site still waits for its wires",
}
#: Process for small plants → the one for plants above its `mw_max`.
LARGER_PROCESS = {"bridge_sofc_small": "bridge_sofc_large"}
_ANY = "any"  # rows that hold for every gas unit
#: Quantity in the table of facts → field of a service.
_FIELDS = {
    "firm_share": "firm_share", "p_success": "p_success",
    "capex": "capex_usd_per_kw", "heat_rate": "heat_rate_mmbtu_per_mwh",
    "energy_cost": "energy_cost_usd_per_mwh",
    "curtailed_hours": "curtailed_h_per_year", "events": "events_per_year",
    "unit_size": "unit_size_mw", "unit_availability": "unit_availability",
    "duration": "duration_h", "losses": "losses", "land": "land_acre_per_mw",
    "lead_time_p50": "lead_time_p50_months", "lead_time_p90": "lead_time_p90_months",
}  # fmt: skip


@dataclass(frozen=True)
class Service:
    """A way to be served with power; what the table does not state is None, never zero.

    Attributes
    ----------
    id, title, process_id
        Key, readable name, and the process that says when it starts; see `process`.
    firm_share
        Part of its power that no one may curtail. [share]
    p_success
        Odds that it comes at all. [share]
    capex_usd_per_kw, heat_rate_mmbtu_per_mwh, energy_cost_usd_per_mwh
        Cost of the plant, fuel by higher heating value, and all-in cost of its energy.
    curtailed_h_per_year, events_per_year
        Hours and spells of curtailment in a year.
    unit_size_mw, unit_availability
        One machine, and the share of time it runs when called.
    duration_h, losses
        Hours a full store lasts, and the share lost in a round trip.
    land_acre_per_mw
        Land it takes.
    lead_time_p50_months, lead_time_p90_months
        Start, where the table states one beside or in place of the process.
    """

    id: str
    title: str
    process_id: str
    firm_share: Parameter | None = None
    p_success: Parameter | None = None
    capex_usd_per_kw: Parameter | None = None
    heat_rate_mmbtu_per_mwh: Parameter | None = None
    energy_cost_usd_per_mwh: Parameter | None = None
    curtailed_h_per_year: Parameter | None = None
    events_per_year: Parameter | None = None
    unit_size_mw: Parameter | None = None
    unit_availability: Parameter | None = None
    duration_h: Parameter | None = None
    losses: Parameter | None = None
    land_acre_per_mw: Parameter | None = None
    lead_time_p50_months: Parameter | None = None
    lead_time_p90_months: Parameter | None = None

    def process(self, mw: float) -> str:
        """Process for a block of a size. [MW]

        >>> service("sofc").process(200), service("sofc").process(201)
        ('bridge_sofc_small', 'bridge_sofc_large')
        """
        larger = LARGER_PROCESS.get(self.process_id)
        return larger if larger and mw > _mw_max(self.process_id) else self.process_id


class Bridge(NamedTuple):
    """A block of power until the firm one arrives.

    Attributes
    ----------
    service
        What it is.
    mw
        Its size. [MW]
    keep
        True where it stays after the firm power has arrived.
    """

    service: Service
    mw: float
    keep: bool


@cache
def services() -> dict[str, Service]:
    """All services by id, in the order of the table of facts."""
    table = fact_table("services")
    return {
        str(name): _service(str(name), rows)
        for name, rows in table[table.service_id != _ANY].groupby("service_id", sort=False)
    }


def service(name: str) -> Service:
    """A service by its id or a short name; case and hyphens do not matter.

    Raises
    ------
    ValueError
        For a name that is none, with the nearest one.

    >>> service("recip").title
    'On-site reciprocating engines'
    """
    word = name.strip().lower().replace("-", "_")
    known = services()
    key = ALIASES.get(word, word)
    if key not in known:
        raise ValueError(f"no service `{name}`; {did_you_mean(word, [*known, *ALIASES])}")
    return known[key]


def gas_parameter(quantity: str) -> Parameter:
    """A property of natural gas: `co2` [t/MMBtu] or `gas_heat_content` [MMBtu/Mcf].

    Raises
    ------
    ValueError
        For another quantity.
    """
    table = fact_table("services")
    rows = table[(table.service_id == _ANY) & (table.quantity == quantity)]
    if rows.empty:
        known = table.quantity[table.service_id == _ANY].tolist()
        raise ValueError(f"gas has no `{quantity}`; {did_you_mean(quantity, known)}")
    return _parameter(rows.iloc[0])


def parse_bridge(text: str) -> Bridge:
    """A bridge from `SERVICE:MW[:keep]`.

    Parameters
    ----------
    text
        Service and its power [MW]; `keep` leaves it running after the firm power arrives.

    Raises
    ------
    ValueError
        For another form, an unknown service, one that bridges nothing, or a power that is none.

    >>> bridge = parse_bridge("recip:100:keep")
    >>> bridge.service.id, bridge.mw, bridge.keep
    ('recip_gas', 100.0, True)
    """
    form = "a bridge reads SERVICE:MW[:keep], as recip:100 or leased:60:keep"
    name, *rest = (part.strip() for part in text.split(":"))
    if not name or len(rest) not in {1, 2}:
        raise ValueError(f"bridge `{text}`: {form}")
    found = service(name)
    if found.id in NO_BRIDGE:
        raise ValueError(f"bridge `{text}`: {found.id} bridges nothing: {NO_BRIDGE[found.id]}")
    if len(rest) == 2 and rest[1].lower() != "keep":
        raise ValueError(f"bridge `{text}`: `{rest[1]}` is not `keep`; {form}")
    # a plain number only: float() would also take nan, inf and 1_000
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", rest[0]) or not float(rest[0]) > 0:
        raise ValueError(f"bridge `{text}`: `{rest[0]}` is not a power above 0 in MW; {form}")
    return Bridge(found, float(rest[0]), len(rest) == 2)


def units_needed(load_mw: object, unit_mw: object, spares: object = 0) -> np.ndarray:
    """Machines of a plant that stands alone: those that carry the load, and the spares.

    Parameters
    ----------
    load_mw, unit_mw
        Load, and the size of one machine. [MW]
    spares
        Machines beyond those that the load takes.

    Returns
    -------
    numpy.ndarray
        `⌈load/unit⌉ + spares`; NaN where a size is unknown or not above 0. Arrays broadcast.

    Raises
    ------
    ValueError
        If a number of spares is negative or no whole number.

    >>> float(units_needed(100, 18, 2))
    8.0
    """
    load, unit = _positive(load_mw), _positive(unit_mw)
    extra = np.asarray(spares, dtype=float)
    if np.any((extra < 0) | (extra % 1 > 0)):
        raise ValueError(f"{spares} spares: a whole number, 0 or more")
    # 0.3/0.1 is 2.9999999999999996 or 3.0000000000000004: a rounding is no extra machine
    return np.ceil(np.round(load / unit, 9)) + extra


def availability(
    load_mw: object, unit_mw: object, spares: object, unit_availability: object
) -> np.ndarray:
    """Share of time in which enough machines run to carry the whole load.

    Parameters
    ----------
    load_mw, unit_mw, spares
        As in `units_needed`.
    unit_availability
        Share of time that one machine runs when called. [share]

    Returns
    -------
    numpy.ndarray
        `P(Bin(n, a) ≥ ⌈load/unit⌉)`, NaN where an input is unknown. Arrays broadcast.

    Raises
    ------
    ValueError
        If an availability is outside 0–1.

    Notes
    -----
    Machines fail independently; a common cause (gas, control, weather) makes it worse, so the
    number is an upper bound.

    >>> float(availability(100, 20, 2, 0.95).round(5))
    0.99624
    """
    from scipy.special import bdtrc

    runs = np.asarray(unit_availability, dtype=float)
    if np.any((runs < 0) | (runs > 1)):
        raise ValueError(f"availability {unit_availability} is not a share from 0 to 1")
    needed = units_needed(load_mw, unit_mw)
    total = units_needed(load_mw, unit_mw, spares)
    known = ~np.isnan(needed + total + runs)
    fewer, count = (np.where(known, x, 1).astype(int) for x in (needed - 1, total))
    enough = bdtrc(fewer, count, np.where(known, runs, 0.5))
    return np.where(known, enough, np.nan)


def _positive(values: object) -> np.ndarray:
    given = np.asarray(values, dtype=float)
    return np.where(given > 0, given, np.nan)


@cache
def _mw_max(process_id: str) -> float:
    table = fact_table("processes")
    return float(table.mw_max[table.process_id == process_id].iloc[0])


def _service(name: str, rows: pd.DataFrame) -> Service:
    unknown = sorted(set(rows.quantity) - set(_FIELDS))
    if unknown:
        raise ValueError(f"service `{name}`: no field for {', '.join(unknown)}")
    first = rows.iloc[0]
    given = {_FIELDS[row.quantity]: _parameter(row) for _, row in rows.iterrows()}
    return Service(name, str(first.service), str(first.process_id), **given)


def _parameter(row: Any) -> Parameter:
    """One row of the table; its source tells whether anyone but this project stands for it."""
    source = str(row.source)
    if row.tier == "assumed" or source.lower().startswith("unverified"):
        source = f"assumed: {source[0].lower()}{source[1:]}"
    else:
        source = f"{source} ({row.tier}, {row.as_of})"
    if not pd.isna(row.note):
        source += f"; {row.note}"
    low, high = (None if pd.isna(bound) else float(bound) for bound in (row.low, row.high))
    value = math.nan if pd.isna(row.value) else float(row.value)
    return Parameter(value, str(row.unit), low, high, source)
