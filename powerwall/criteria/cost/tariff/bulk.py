"""Bulk: a row of the rate database's bulk CSV as a record of its JSON interface."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_STRUCTURES = ("energyratestructure", "demandratestructure", "flatdemandstructure", "coincidentratestructure")  # fmt: skip
_TIER = re.compile(rf"^({'|'.join(_STRUCTURES)})/?period(\d+)/?tier(\d+)(rate|adj|max|unit|sell)$")
_SCHEDULES = ("energyweekdayschedule", "energyweekendschedule", "demandweekdayschedule", "demandweekendschedule", "coincidentrateschedule")  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Start of twelve columns, one a month → key of the JSON interface.
_MONTHLY = {
    "flatdemandmonth": "flatdemandmonths", "lookbackmonth": "lookbackmonths", "demandratchetpercentage": "demandratchetpercentage",
    "fueladjustmentsmonthly": "fueladjustmentsmonthly",
}  # fmt: skip
_MONTH_KEY = re.compile(rf"^({'|'.join(_MONTHLY)})s?_?(\d+|{'|'.join(_MONTHS)})$")
_RENAMED = {"flatdemandunits": "flatdemandunit", "demandrateunits": "demandrateunit", "coincidentrateunits": "coincidentrateunit"}  # fmt: skip
_LONG_INTEGER = re.compile(r"(\d)L\b")  # as Python 2 printed them


def is_bulk_row(mapping: Mapping[str, Any]) -> bool:
    """Tell whether a mapping is a row of the bulk CSV.

    >>> is_bulk_row({"energyratestructure/period0/tier0rate": "0.05"})
    True
    """
    return any(_TIER.match(str(key).lower()) for key in mapping)


def record_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the JSON interface; what cannot be read stays as it is, for whoever checks it.

    A tier is there if its rate, adjustment or bound is: unit columns are filled by default.

    >>> record_of({"energyratestructure/period0/tier0rate": "0.05", "eiaid": "14328.0"})
    {'eiaid': 14328, 'energyratestructure': [[{'rate': 0.05}]]}
    """
    record: dict[str, Any] = {}
    tiers: dict[str, dict[tuple[int, int], dict[str, Any]]] = {}
    monthly: dict[str, dict[int, Any]] = {}
    for column, value in row.items():
        key = str(column).lower()
        if _empty(value):
            continue
        if match := _TIER.match(key):
            structure, period, tier, cell = match.groups()
            content = str(value) if cell == "unit" else _number(value)
            tiers.setdefault(structure, {}).setdefault((int(period), int(tier)), {})[cell] = content
        elif match := _MONTH_KEY.match(key):
            start, month = match.groups()
            at = int(month) if month.isdigit() else _MONTHS.index(month)
            monthly.setdefault(_MONTHLY[start], {})[at] = _flag(value)
        else:
            record[_RENAMED.get(key, key)] = _schedule(value) if key in _SCHEDULES else _plain(key, value)  # fmt: skip
    for structure, found in tiers.items():
        if periods := _periods(found):
            record[structure] = periods
    for key, values in monthly.items():
        # a list that counts from 1 has a twelfth entry and none at 0
        first = 1 if 12 in values and 0 not in values else 0
        record[key] = [values.get(month + first, 0) for month in range(12)]
    return _without_defaults(record)


def _periods(found: Mapping[tuple[int, int], Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Periods of tiers; a hole keeps its place, for schedules count on it."""
    there = {at: dict(tier) for at, tier in found.items() if set(tier) & {"rate", "adj", "max"}}
    last = max((period for period, _ in there), default=-1)
    return [[there[at] for at in sorted(there) if at[0] == period] for period in range(last + 1)]


def _without_defaults(record: dict[str, Any]) -> dict[str, Any]:
    """Months, schedules and units that stand beside no structure were filled in by default."""
    beside = {
        "flatdemandmonths": "flatdemandstructure", "flatdemandunit": "flatdemandstructure", "energyweekdayschedule": "energyratestructure",
        "energyweekendschedule": "energyratestructure", "demandweekdayschedule": "demandratestructure",
        "demandweekendschedule": "demandratestructure", "demandrateunit": "demandratestructure",
        "coincidentrateschedule": "coincidentratestructure", "coincidentrateunit": "coincidentratestructure",
    }  # fmt: skip
    return {key: value for key, value in record.items() if beside.get(key, key) in record}


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _flag(value: Any) -> Any:
    """A number; true and false as 1 and 0."""
    words = {"true": 1, "false": 0}
    return words.get(str(value).strip().lower(), _number(value))


def _plain(key: str, value: Any) -> Any:
    """A cell: whole numbers of ids without a decimal, everything else as it stands."""
    if key == "eiaid":
        number = _number(value)
        return int(number) if isinstance(number, float) and number.is_integer() else value
    return value


def _schedule(value: Any) -> Any:
    """A schedule that stands as JSON in a cell."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(_LONG_INTEGER.sub(r"\1", value))
    except json.JSONDecodeError:
        return value


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip())  # fmt: skip
