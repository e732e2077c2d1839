"""Tables: ordinances in wide form, or as texts such as 55/50/45 dBA, as one limit a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

WIDE = ("limit_day_dba", "limit_evening_dba", "limit_night_dba")
TEXT = ("fips", "feature_type", "value_type", "value")
_PERIODS = ("day", "evening", "night")
#: Hours where a table states none (assumed): with and without an evening.
_HOURS = {"day": ("07:00", "22:00"), "night": ("22:00", "07:00"), "evening": ("19:00", "22:00"), "all": ("", "")}  # fmt: skip
_DAY_BEFORE_EVENING = ("07:00", "19:00")

_LEVELS = re.compile(r"\d+(?:\.\d+)?(?:\s*/\s*\d+(?:\.\d+)?){0,2}")
_SOUND = re.compile(r"\b(sound|noise)s?\b", re.IGNORECASE)
_OTHER_PLANT = re.compile(r"\b(wind|solar|turbine|photovoltaic)s?\b", re.IGNORECASE)
_TECHNOLOGY = ("technology", "tech", "energy_type", "plant_type", "feature_type", "feature")


class Unread(NamedTuple):
    """A row that was not read: its index, its column, and why."""

    index: Any
    column: str
    why: str


def assumed_hours(period: str, *, evening: bool) -> tuple[str, str]:
    """Hours of a period where a table states none; the day ends where an evening begins."""
    return _DAY_BEFORE_EVENING if period == "day" and evening else _HOURS[period]


def is_text_table(frame: pd.DataFrame) -> bool:
    """Tell whether a table states its rules as texts: FIPS, Feature Type, Value Type, Value."""
    return set(TEXT[1:]) <= set(frame) and "kind" not in frame


def expanded(
    frame: pd.DataFrame, authorities: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[Unread]]:
    """A rule table with one limit a row, and the rows that were not read.

    Parameters
    ----------
    frame
        Rule table; rows with `limit_day_dba`, `limit_evening_dba` and `limit_night_dba`, or with
        levels as a text in `value`, become one row of kind `absolute` and metric `LA` a period.
        Others stay as they are. The index names the row of the file.
    authorities
        FIPS code of a county → its `jurisdiction_id`, for rows without one.

    Notes
    -----
    Two numbers are day and night, three day, evening and night, one holds at all hours. A pair
    that rises is not read: tables write such pairs in either order.
    """
    text = is_text_table(frame)
    if not text and not set(WIDE) & set(frame):
        return frame, []
    rows, places, unread = [], [], []
    seen: Counter[str] = Counter()
    for index, cells in frame.iterrows():
        row = cells.to_dict()
        found = _of_text(row) if text else _of_columns(row)
        if isinstance(found, tuple):
            unread.append(Unread(index, *found))
            continue
        for made in _rows(row, found, authorities or {}, seen) if found else [row]:
            rows.append(made)
            places.append(index)
    columns = list(dict.fromkeys(column for row in rows for column in row)) or list(frame.columns)
    return pd.DataFrame(rows, index=places, columns=columns).astype(object), unread


def _of_columns(row: Mapping[str, Any]) -> dict[str, float]:
    return {period: float(row[column]) for period, column in zip(_PERIODS, WIDE, strict=True) if column in row and pd.notna(row[column])}  # fmt: skip


def _of_text(row: Mapping[str, Any]) -> dict[str, float] | tuple[str, str]:
    """Limits of a row by period, or the column and the reason why it is not read."""
    feature, unit, value = (_text(row, column) for column in TEXT[1:])
    if not _SOUND.search(feature):
        return "feature_type", f"`{feature}` is no sound level"
    if any(_OTHER_PLANT.search(_text(row, column)) for column in _TECHNOLOGY):
        return "feature_type", "a limit for wind or solar plants alone"
    if unit.replace("(", "").replace(")", "").replace(" ", "").lower() not in {"dba", "dbalevel", "dba."}:  # fmt: skip
        return "value_type", f"a limit without unit: `{unit}` is not dBA" if unit else "a limit without unit"  # fmt: skip
    if not _LEVELS.fullmatch(value):
        return "value", f"`{value}` is no level: write 55, 55/50 or 55/50/45"
    levels = [float(part) for part in value.split("/")]
    if len(levels) == 1:
        return {"all": levels[0]}
    if levels != sorted(levels, reverse=True):
        return "value", f"`{value}` rises: which is by day and which at night is not stated"
    return dict(zip(_PERIODS if len(levels) == len(_PERIODS) else ("day", "night"), levels, strict=True))  # fmt: skip


def _rows(row: Mapping[str, Any], limits: Mapping[str, float], authorities: Mapping[str, str], seen: Counter[str]) -> Iterator[dict[str, Any]]:  # fmt: skip
    fips = _text(row, "fips").split(".", maxsplit=1)[0]
    fips = fips.zfill(5) if fips.isdigit() else ""
    authority = _text(row, "jurisdiction_id") or authorities.get(fips)
    name = _text(row, "rule_id") or f"ordinance-{fips or authority}"
    seen[name] += 1
    name = name if seen[name] == 1 else f"{name}-{seen[name]}"
    kept = {column: cell for column, cell in row.items() if column not in {*WIDE, *TEXT}}
    for period, limit in limits.items():
        stated = len(limits) == 1 and (_text(row, "window_start"), _text(row, "window_end"))
        start, end = stated if stated and any(stated) else assumed_hours(period, evening="evening" in limits)  # fmt: skip
        yield kept | {
            "rule_id": f"{name}-{period}", "jurisdiction_id": authority, "kind": "absolute", "metric": "LA", "period": period,
            "window_start": start, "window_end": end, "limit_db": limit, "hours_assumed": period != "all" and (start, end) != stated,
            "receptor_class": _text(row, "receptor_class") or "any", "rule_status": _text(row, "rule_status") or "unknown",
            "status": _text(row, "status") or "unverified",
        }  # fmt: skip


def _text(row: Mapping[str, Any], column: str) -> str:
    cell = row.get(column)
    return "" if cell is None or pd.isna(cell) else str(cell).strip()
