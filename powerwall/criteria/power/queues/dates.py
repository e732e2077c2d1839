"""Dates of queue tables: serial numbers, m/d/yyyy, ISO text, and midnights written in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

#: Day 0 of the serial numbers: spreadsheets, and the statistics packages behind some workbooks.
_EPOCHS = (pd.Timestamp("1899-12-30"), pd.Timestamp("1960-01-01"))
_MISSING = {
    "", "-", "na", "n/a", "nan", "nat", "none", "null", "tbd", "unknown", "not required", "date not available",
}  # fmt: skip
#: Hours of UTC at which the day begins in a zone, in winter and in summer.
_MIDNIGHTS = {
    "America/New_York": {4, 5},
    "America/Chicago": {5, 6},
    "America/Denver": {6, 7},
    "America/Los_Angeles": {7, 8},
    "Europe/London": {23},
    "Europe/Berlin": {22, 23},
}
_FIRST, _LAST = pd.Timestamp("1970-01-01"), pd.Timestamp("2100-01-01")


def texts(column: pd.Series) -> pd.Series:
    """Cells as trimmed text; words for `no data` are empty."""
    text = column.astype("str").str.strip().where(column.notna(), "")
    return text.where(~text.str.lower().isin(_MISSING), "").astype(object)


def zone_of(columns: Iterable[pd.Series]) -> str | None:
    """Zone whose midnights a table writes in UTC; None where its times are no such midnights.

    A table that gives days as 07:00 and 08:00 was written at midnight in California; its few real
    times of day then belong to that zone as well, and 00:23 is the evening before.
    """
    hours = pd.concat([_hours(column) for column in columns], ignore_index=True)
    hours = hours[hours != 0]
    best = {zone: float(hours.isin(at).mean()) for zone, at in _MIDNIGHTS.items()}
    zone = max(best, key=lambda z: best[z])
    return zone if len(hours) and best[zone] > 0.5 else None


def _hours(column: pd.Series) -> pd.Series:
    """Hour of the cells that stand at a full hour."""
    time = texts(column).astype("str").str.extract(r"^\d{4}-\d{2}-\d{2}[T ](\d{2}):00:00")[0]
    return time.dropna().astype(int)


def days(column: pd.Series, zone: str | None = None, year: pd.Series | None = None) -> pd.Series:
    """Day of every cell, without a time of day.

    Parameters
    ----------
    column
        Dates as text, numbers, `date` or timestamps.
    zone
        Zone in which the day is taken, for times in UTC.
    year
        Years that the table gives beside the dates: they decide from which day numbers count.

    Returns
    -------
    pandas.Series
        Timestamps at midnight; NaT where a cell is empty or no date from 1970 to 2100.

    >>> days(pd.Series(["8/3/2021", "44411", "2021-08-03T07:00:00Z"])).dt.day.tolist()
    [3, 3, 3]
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return _plausible(column.dt.tz_localize(None).dt.normalize())
    text = texts(column).astype("str")
    found = pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    number = text.str.fullmatch(r"\d{4,6}(\.\d*)?")
    american = text.str.fullmatch(r"\d{1,2}/\d{1,2}/(\d{2}|\d{4})(\s.*)?")
    iso = ~number & ~american & (text != "")
    found[number] = _serial(text[number].astype(float), None if year is None else year[number])
    found[american] = _american(text[american])
    found[iso] = _iso(text[iso], zone)
    return _plausible(found)


def _plausible(found: pd.Series) -> pd.Series:
    return found.where((found >= _FIRST) & (found < _LAST)).astype("datetime64[ns]")


def _serial(number: pd.Series, year: pd.Series | None) -> pd.Series:
    """Days from the epoch that agrees best with the years beside them; the spreadsheets' without."""
    read = [epoch + pd.to_timedelta(number.astype(int), unit="D") for epoch in _EPOCHS]
    if year is None or number.empty:
        return read[0]
    given = pd.to_numeric(texts(year), errors="coerce")
    return max(read, key=lambda dates: int((dates.dt.year == given).sum()))


def _american(text: pd.Series) -> pd.Series:
    day = text.str.split().str[0]
    short = day.str.fullmatch(r".*/\d{2}")
    long = pd.to_datetime(day.where(~short), format="%m/%d/%Y", errors="coerce")
    return long.fillna(pd.to_datetime(day.where(short), format="%m/%d/%y", errors="coerce"))


def _iso(text: pd.Series, zone: str | None) -> pd.Series:
    stamp: Any = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    timed = text.str.fullmatch(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*") & ~text.str.contains(
        "00:00:00"
    )
    naive = stamp.dt.tz_localize(None)
    if zone:
        naive = naive.where(~timed, stamp.dt.tz_convert(zone).dt.tz_localize(None))
    return naive.dt.normalize()
