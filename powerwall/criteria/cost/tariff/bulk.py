"""Bulk: a row of the rate database's bulk CSV as a record of its JSON interface.

The table spreads the structures over hundreds of columns, one a cell of a tier, and the lists of
twelve over twelve. What cannot be read stays as it is under its key: whoever checks the record
refuses it there, with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_STRUCTURES = "energyratestructure|demandratestructure|flatdemandstructure|coincidentratestructure"
_TIER = re.compile(rf"({_STRUCTURES})/?period(\d+)/?tier(\d+)(rate|adj|max|unit|sell)")
#: A tier is there if one of these is; units are filled in by default, `sell` is no price of a load.
_PRESENT = frozenset({"rate", "adj", "max"})
_SCHEDULES = frozenset({
    "energyweekdayschedule", "energyweekendschedule", "demandweekdayschedule", "demandweekendschedule",
    "coincidentrateschedule",
})  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Start of twelve columns, one a month → key of the JSON interface.
_MONTHLY = {
    "flatdemandmonth": "flatdemandmonths", "lookbackmonth": "lookbackmonths",
    "demandratchetpercentage": "demandratchetpercentage", "fueladjustmentsmonthly": "fueladjustmentsmonthly",
}  # fmt: skip
_MONTH = re.compile(rf"({'|'.join(_MONTHLY)})s?_?(\d+|{'|'.join(_MONTHS)})")
#: Lists and tables that may stand as JSON in one cell.
_JSON = _SCHEDULES | frozenset(_MONTHLY.values())
_WHOLE = frozenset({
    "eiaid", "lookbackrange", "peakkwcapacityhistory", "peakkwusagehistory", "peakkwhusagehistory",
})  # fmt: skip
_NUMBERS = _WHOLE | frozenset({
    "fixedchargefirstmeter", "fixedchargeeaaddl", "fixedmonthlycharge", "mincharge", "minmonthlycharge",
    "annualmincharge", "demandwindow", "demandreactivepowercharge", "lookbackpercent",
    "peakkwcapacitymin", "peakkwcapacitymax", "peakkwusagemin", "peakkwusagemax", "peakkwhusagemin",
    "peakkwhusagemax", "voltageminimum", "voltagemaximum",
})  # fmt: skip
_RENAMED = {
    "flatdemandunits": "flatdemandunit", "demandrateunits": "demandrateunit",
    "coincidentrateunits": "coincidentrateunit", "coincidentschedule": "coincidentrateschedule",
}  # fmt: skip
#: Unit → the structure without which it says nothing.
_UNIT_OF = {
    "flatdemandunit": "flatdemandstructure", "demandrateunit": "demandratestructure",
    "coincidentrateunit": "coincidentratestructure",
}  # fmt: skip
_FLAGS = {"true": 1, "false": 0}
_EMPTY = frozenset({"", "nan", "<na>", "nat"})  # the last three are how pandas writes an empty cell
_LONG_INTEGER = re.compile(r"(?<=\d)L\b")  # as Python 2 printed them

_Tiers = dict[int, dict[int, dict[str, object]]]


def is_bulk_row(mapping: Mapping[str, object]) -> bool:
    """Tell whether a mapping is a row of the bulk CSV: its columns name cells of tiers.

    Examples
    --------
    >>> is_bulk_row({"energyratestructure/period0/tier0rate": "0.05"})
    True
    >>> is_bulk_row({"energyratestructure": [[{"rate": 0.05}]]})
    False
    """
    return any(_TIER.fullmatch(_key(column)) for column in mapping)


def record_of(row: Mapping[str, object]) -> dict[str, object]:
    """A row of the bulk CSV as a record of the JSON interface.

    Parameters
    ----------
    row
        Cells by column, in any spelling, as text or as pandas read them; not changed.

    Returns
    -------
    dict
        Lower-case keys; an empty cell is an absent key. Tiers and periods that are missing at the
        end are left off; one that is missing before others keeps its place, empty, for schedules
        count on the place. A number that is text and a schedule that is no JSON stay as they are.

    Examples
    --------
    >>> record_of({"energyratestructure/period0/tier0rate": "0.05", "eiaid": "14328.0"})
    {'eiaid': 14328, 'energyratestructure': [[{'rate': 0.05}]]}
    """
    record: dict[str, object] = {}
    structures: dict[str, _Tiers] = {}
    monthly: dict[str, dict[str, object]] = {}
    for column, value in row.items():
        key = _key(column)
        if match := _MONTH.fullmatch(key):
            # empty cells too: whether the months count from 0 or from 1, the columns say together
            monthly.setdefault(_MONTHLY[match[1]], {})[match[2]] = value
        elif _empty(value):
            continue
        elif match := _TIER.fullmatch(key):
            tiers = structures.setdefault(match[1], {}).setdefault(int(match[2]), {})
            tier = tiers.setdefault(int(match[3]), {})
            tier[match[4]] = _text(value) if match[4] == "unit" else _number(value)
        else:
            key = _RENAMED.get(key, key)
            record[key] = _cell(key, value)
    lists = [(key, _periods(tiers)) for key, tiers in structures.items()]
    lists += [(key, _twelve(key, months)) for key, months in monthly.items()]
    record |= {key: found for key, found in lists if found}
    # a unit beside no structure was filled in by default, and could only be refused for no reason
    return {key: value for key, value in record.items() if _UNIT_OF.get(key, key) in record}


def _key(column: object) -> str:
    return str(column).strip().lower()


def _periods(found: _Tiers) -> list[object]:
    """Periods of tiers; a hole keeps its place: schedules name periods, and bounds climb with tiers."""
    there = {
        period: {at: tier for at, tier in tiers.items() if _PRESENT & tier.keys()}
        for period, tiers in found.items()
    }
    last = max((period for period, tiers in there.items() if tiers), default=-1)
    return [_ladder(there.get(period, {})) for period in range(last + 1)]


def _ladder(tiers: Mapping[int, dict[str, object]]) -> list[dict[str, object]]:
    return [tiers.get(at, {}) for at in range(max(tiers, default=-1) + 1)]


def _twelve(key: str, cells: Mapping[str, object]) -> list[object]:
    """January to December; empty where no month has a value.

    A month without a value is None, which no number can be mistaken for, but a flag that is not set
    is 0. What stands beyond December makes the list longer than a year.
    """
    numbers = {int(month) for month in cells if month.isdigit()}
    first = 1 if 12 in numbers and 0 not in numbers else 0
    values = {
        int(month) - first if month.isdigit() else _MONTHS.index(month): _flag(value)
        for month, value in cells.items()
        if not _empty(value)
    }
    if not values:
        return []
    missing = 0 if key == "lookbackmonths" else None
    return [values.get(month, missing) for month in range(max(12, max(values) + 1))]


def _cell(key: str, value: object) -> object:
    """A cell outside structures and months; ids, names and dates stay text, whatever they look like."""
    if key in _JSON:
        return _list(value)
    if key not in _NUMBERS:
        return _text(value)
    number = _number(value)
    whole = key in _WHOLE and isinstance(number, float) and number.is_integer()
    return int(number) if whole and isinstance(number, float) else number


def _number(value: object) -> object:
    """A number; what is none stays as it is."""
    try:
        return float(str(value))
    except ValueError:
        return value


def _flag(value: object) -> object:
    """A number; true and false as 1 and 0."""
    return _FLAGS.get(str(value).strip().lower(), _number(value))


def _list(value: object) -> object:
    """A list that stands as JSON in a cell; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(_LONG_INTEGER.sub("", value))
    except json.JSONDecodeError:
        return value
    return found if isinstance(found, list) else value


def _text(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _empty(value: object) -> bool:
    return value is None or str(value).strip().lower() in _EMPTY
