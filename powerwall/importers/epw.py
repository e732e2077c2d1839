"""EPW: hourly weather files of EnergyPlus, by the positions of their fields.

A file has eight header lines and 8,760 or 8,784 rows; there are no names of columns. Relative
humidity is in percent, pressure in pascal, hours are 1–24 and end at the hour, in standard time.
Months of a typical year come from different years, so rows keep their order.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from powerwall.criteria.water.psychrometrics import Array
from powerwall.region.findings import Findings

HEADER_LINES = 8
YEARS = (8760, 8784)
_MISSING = (99.9, 999.0, 999999.0)
_MOST_MISSING = 0.01  # share of missing hours above which a file is none
_NAMED = 5  # lines that one finding names
_HECTOPASCAL = 2000.0  # a pressure below it is one in hectopascal
#: Field → its position, and the values that weather can have.
_FIELDS = {
    "month": (1, 1.0, 12.0), "day": (2, 1.0, 31.0), "hour": (3, 1.0, 24.0),
    "dry bulb": (6, -60.0, 60.0), "relative humidity": (8, 0.0, 110.0), "pressure": (9, 55_000.0, 110_000.0),
}  # fmt: skip
_TIMES = ("month", "day", "hour")
_PERIOD = re.compile(r"Period of Record\s*[=:]\s*(\d{4})\s*-\s*(\d{4})", re.IGNORECASE)


class Design(NamedTuple):
    """Design conditions of the header. [°C], NaN unknown

    Attributes
    ----------
    dry_bulb, coincident_wet_bulb
        0.4 % cooling dry bulb and the mean wet bulb of its hours.
    wet_bulb, coincident_dry_bulb
        0.4 % wet bulb and the mean dry bulb of its hours.
    hottest_in_20_years
        Dry bulb of a return period of 20 years.
    title
        Edition they are from.
    """

    dry_bulb: float
    coincident_wet_bulb: float
    wet_bulb: float
    coincident_dry_bulb: float
    hottest_in_20_years: float
    title: str


@dataclass(frozen=True)
class Weather:
    """A weather file.

    Attributes
    ----------
    path, name, state, country, wmo, source
        File and place; `wmo` is the six-digit number of the station.
    lat, lon, elevation_m
        [°], [m]
    month, t, humidity, pressure_pa
        Month, dry bulb [°C], relative humidity [share] and pressure [Pa] of each hour, in file order.
    design
        None where the header has none.
    last_year
        Last year of the record that the typical year is drawn from; None if it is not said.
    """

    path: Path
    name: str
    state: str
    country: str
    wmo: str
    source: str
    lat: float
    lon: float
    elevation_m: float
    month: Array
    t: Array
    humidity: Array
    pressure_pa: Array
    design: Design | None
    last_year: int | None


def read_epw(path: Path, findings: Findings) -> Weather | None:
    """Read a weather file; None if it cannot be used (the findings say why, all at once)."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        findings.add("PW202", f"{error.strerror or 'cannot be read'}", file=path)
        return None
    if b"\x00" in raw:
        findings.add("PW202", "holds null bytes: not a text file", file=path, line=1)
        return None
    lines = _lines(raw)
    before = len(findings.errors)
    place = _location(lines, path, findings)
    table = _table(lines, path, findings)
    if place is None or table is None or len(findings.errors) > before:
        return None
    design = _design(lines, path, findings)
    period = next((found for line in lines[5:HEADER_LINES] if (found := _PERIOD.search(line))), None)  # fmt: skip
    name, state, country, source, wmo, lat, lon, height = place
    return Weather(
        path, name, state, country, wmo, source, lat, lon, height, table["month"], table["dry bulb"],
        table["relative humidity"] / 100, table["pressure"], design, int(period[2]) if period else None,
    )  # fmt: skip


def _lines(raw: bytes) -> list[str]:
    """Lines of a file in UTF-8 or Latin-1, ended by LF, CR LF or CR.

    `str.splitlines` breaks at U+0085 too, which is `…` of Windows and half of `Å` in UTF-8.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n ")  # 1A ends files of DOS
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _location(lines: list[str], path: Path, findings: Findings) -> tuple[str, str, str, str, str, float, float, float] | None:  # fmt: skip
    """Place of the station, from the first line."""
    cells = [cell.strip() for cell in (lines[0] if lines else "").split(",")]
    if cells[0].upper() != "LOCATION" or len(cells) < 10:
        findings.add("PW202", "the first line is no LOCATION line of ten fields: not an EPW file", file=path, line=1, column=1,
                     remedy="take the .epw of the download, not its .ddy, .stat or .wea")  # fmt: skip
        return None
    numbers = [_number(cell) for cell in (cells[6], cells[7], cells[9])]
    limits = ((-90.0, 90.0), (-180.0, 180.0), (-500.0, 9000.0))
    for what, value, (low, high), text in zip(("latitude", "longitude", "elevation"), numbers, limits, (cells[6], cells[7], cells[9]), strict=True):  # fmt: skip
        if not low <= value <= high:
            findings.add("PW402", f"{what} `{text}` of the LOCATION line is no {what}", file=path, line=1, column=1)  # fmt: skip
            return None
    lat, lon, height = numbers
    return cells[1], "" if cells[2] == "-" else cells[2], cells[3], cells[4], cells[5], lat, lon, height  # fmt: skip


def _table(lines: list[str], path: Path, findings: Findings) -> dict[str, Array] | None:
    """Numbers of the hours, missing ones filled."""
    rows = [(number, line.split(",")) for number, line in enumerate(lines[HEADER_LINES:], HEADER_LINES + 1) if line.strip()]  # fmt: skip
    if len(rows) not in YEARS:
        findings.add("PW414", f"{len(rows):,} hours after the eight header lines; a year has 8,760, a leap year 8,784", file=path,
                     line=rows[-1][0] if rows else len(lines), column=1, remedy="take the whole file")  # fmt: skip
    most = max(position for position, _, _ in _FIELDS.values())
    short = [number for number, cells in rows if len(cells) <= most]
    _tell("PW207", f"fewer than {most + 1} fields", short, 1, path, findings, "the file is cut or is no EPW")  # fmt: skip
    if short or not rows:
        return None
    numbers = np.array([number for number, _ in rows])
    table = {name: _column(name, rows, numbers, path, findings) for name in _FIELDS}
    _check_order(table, numbers, path, findings)
    return table


def _column(name: str, rows: list[tuple[int, list[str]]], numbers: np.ndarray, path: Path, findings: Findings) -> Array:  # fmt: skip
    """One field of every hour: text and what no weather can be are errors, missing values are filled."""
    position, low, high = _FIELDS[name]
    values = np.array([_number(cells[position]) for _, cells in rows])

    def tell(code: str, message: str, wrong: np.ndarray, remedy: str = "", severity: str = "error") -> None:  # fmt: skip
        if wrong.any():
            before = rows[int(np.argmax(wrong))][1][:position]
            column = 1 + sum(len(cell) + 1 for cell in before)
            _tell(code, message, numbers[wrong].tolist(), column, path, findings, remedy, severity)

    tell("PW401", f"{name} is not a number", np.isnan(values), f"field {position + 1} holds text")
    missing = np.isin(values, _MISSING) & (values > high) if name not in _TIMES else np.zeros(len(values), dtype=bool)  # fmt: skip
    outside = ~missing & ((values < low) | (values > high))
    outside |= (name in _TIMES) & (np.floor(values) < values)
    small = name == "pressure" and outside.any() and np.median(values[outside]) < _HECTOPASCAL
    tell("PW402", f"{name} is outside {low:g} … {high:g}", outside, "pressure is in pascal, not in hectopascal" if small else "")  # fmt: skip
    if not missing.any():
        return values
    if missing.mean() > _MOST_MISSING:
        tell("PW414", f"{name} is missing in {missing.sum():,} of {len(values):,} hours, more than 1 %", missing, "take another file")  # fmt: skip
        return values
    hours = f"{missing.sum()} hour{'s' if missing.sum() > 1 else ''}"
    tell("PW403", f"{name} is missing in {hours} and was filled between its neighbours", missing, severity="warning")  # fmt: skip
    at = np.arange(len(values))
    return np.where(missing, np.interp(at, at[~missing], values[~missing]), values)


def _check_order(table: dict[str, Array], numbers: np.ndarray, path: Path, findings: Findings) -> None:  # fmt: skip
    """Days of 24 hours in the order of the calendar, in the months 1 to 12."""
    expected = np.arange(len(numbers)) % 24 + 1
    wrong = table["hour"] != expected
    if wrong.any():
        at = int(np.argmax(wrong))
        findings.add("PW414", f"hour {table['hour'][at]:g} where {expected[at]} follows: the days are not 24 hours each, 1 to 24", file=path,
                     line=int(numbers[at]), column=1, remedy="keep the order of the file")  # fmt: skip
    back = np.flatnonzero(np.diff(table["month"]) < 0)
    if len(back):
        findings.add("PW414", f"month {table['month'][back[0] + 1]:g} after month {table['month'][back[0]]:g}", file=path, line=int(numbers[back[0] + 1]), column=1,
                     remedy="a typical year runs from January to December; do not sort it by its years")  # fmt: skip
    if lost := sorted(set(range(1, 13)) - set(table["month"].tolist())):
        findings.add("PW414", f"no hour of month {', '.join(f'{month:g}' for month in lost)}", file=path, line=int(numbers[0]), column=1)  # fmt: skip
    if not (wrong.any() or len(back) or lost or len(numbers) % 24):
        _check_days(table, numbers, path, findings)


def _check_days(table: dict[str, Array], numbers: np.ndarray, path: Path, findings: Findings) -> None:  # fmt: skip
    """Record days that do not follow one another: one repeated or left out leaves the count of hours as it was."""
    month, day = (table[name].reshape(-1, 24) for name in ("month", "day"))
    mixed = ((month != month[:, :1]) | (day != day[:, :1])).any(axis=1)
    m, d = month[:, 0], day[:, 0]
    follows = ((np.diff(m) == 0) & (np.diff(d) == 1)) | ((np.diff(m) == 1) & (d[1:] == 1))
    starts = numbers[::24]
    if mixed.any():
        _tell("PW414", "the date changes within 24 hours", starts[mixed].tolist(), 1, path, findings, "a day starts at hour 1", "warning")  # fmt: skip
        return
    odd = starts[1:][~follows].tolist()
    _tell("PW414", "a day does not follow the one before", odd, 1, path, findings, "a day is repeated, left out or out of order", "warning")  # fmt: skip


def _tell(
    code: str, message: str, lines: list[int], column: int, path: Path, findings: Findings, remedy: str = "", severity: str = "error"
) -> None:  # fmt: skip
    """One finding for all lines with one fault, at the first of them."""
    if not lines:
        return
    more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    named = f": lines {', '.join(map(str, lines[:_NAMED]))}{more}" if len(lines) > 1 else ""
    findings.add(code, message + named, severity=severity, file=path, line=int(lines[0]), column=column, remedy=remedy)  # fmt: skip


def _design(lines: list[str], path: Path, findings: Findings) -> Design | None:
    """Design conditions of the second line, if it has any that can be."""
    cells = [cell.strip() for cell in (lines[1] if len(lines) > 1 else "").split(",")]
    none = cells[0].upper() != "DESIGN CONDITIONS" or "Cooling" not in cells or "Extremes" not in cells  # fmt: skip
    found = None if none else _conditions(cells)
    if found is None:
        what = "no design conditions" if none else "design conditions that cannot be"
        findings.add("PW414", f"{what} in line 2: peaks are those of the typical year, understated", severity="note" if none else "warning",
                     file=path, line=2, column=1, remedy="take a file whose header has them")  # fmt: skip
    return found


def _conditions(cells: list[str]) -> Design | None:
    """The first set of conditions; its extremes count from the end, since editions differ in length."""
    at, end = cells.index("Cooling"), cells.index("Extremes")
    tail = cells[end + 1 :]
    if "Heating" in tail:  # of a second set, behind its title and a blank
        tail = tail[: max(tail.index("Heating") - 2, 0)]
    cooling = [_number(cell) for cell in cells[at + 1 : end]]
    extremes = [_number(cell) for cell in tail if cell]
    if len(cooling) < 10 or len(extremes) < 3:
        return None
    found = Design(cooling[2], cooling[3], cooling[8], cooling[9], extremes[-3], cells[2])
    _, low, high = _FIELDS["dry bulb"]
    # NaN passes no comparison; a line filled with zeros fails the first
    sound = low < found.coincident_wet_bulb < found.dry_bulb <= found.hottest_in_20_years < high
    return found if sound and low < found.wet_bulb < found.coincident_dry_bulb < high else None


def _number(text: str) -> float:
    try:
        return float(text) if "_" not in text else math.nan
    except ValueError:
        return math.nan
