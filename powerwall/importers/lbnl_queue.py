"""LBNL queue: the data files of Queued Up, any edition, → the layer `queue`.

Columns are found by name, the table by its header: three sheets of the edition to 2020, the sheet of
complete data of later ones, under a row with a link. Withdrawals to 2020 count days since
1960-01-01, later editions those of spreadsheets: the years beside the dates decide. The lists hold
generators and storage; requests of loads are excluded by the publisher.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.importers.columns import picked, tell_unread
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_rows import KEY, finished, parts_mw
from powerwall.importers.queue_words import kinds, states
from powerwall.importers.sheets import Sheet, emptied, numbers, read_sheets
from powerwall.importers.sources import NOT_STATED
from powerwall.region.findings import Findings

_MARKS = ("q_id", "q_status", "entity")
_NAMES = {
    "queue_id": ("q_id",), "status_raw": ("q_status",), "entity": ("entity",), "queue_date": ("q_date_clean", "q_date"), "queue_year": ("q_year",),
    "withdrawn_date": ("wd_date",), "withdrawn_year": ("wd_year",), "in_service_date": ("on_date",), "in_service_year": ("on_year",),
    "agreement_date": ("ia_date",), "proposed_in_service_date": ("prop_date", "proposed_on_date"), "proposed_year": ("prop_year", "proposed_on_year"),
    "agreement_status": ("ia_status_clean", "ia_phase_clean", "ia_status"), "county_raw": ("county", "county_1"), "county_2": ("county_2",),
    "county_3": ("county_3",), "state": ("state",), "fips": ("fips_codes", "fips_code"), "poi_name": ("poi_name",), "project_name": ("project_name",),
    "utility": ("utility",), "market": ("region",), "project_type": ("project_type",), "fuel": ("type_clean",),
    **{f"type_{n}": (f"type{n}", f"type_{n}") for n in (1, 2, 3)}, **{f"mw_{n}": (f"mw{n}", f"mw_{n}") for n in (1, 2, 3)},
}  # fmt: skip
_YEARS = {"queue_date": "queue_year", "withdrawn_date": "withdrawn_year", "in_service_date": "in_service_year", "proposed_in_service_date": "proposed_year",
          "agreement_date": ""}  # fmt: skip
_PLAIN = ("project_name", "utility", "market", "poi_name", "agreement_status", "project_type", "county_2", "county_3")  # fmt: skip
STATUS = {
    "active": "active", "withdrawn": "withdrawn", "suspended": "suspended", "completed": "in_service", "operational": "in_service", "unknown": "unknown",
}  # fmt: skip
_NO_LICENCE = 2020  # last year of the data of the edition that names none
_SEVERAL = re.compile(r"[;,|/\s]+")


def read_queue(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Requests of one edition; the sheets of one workbook belong together."""
    parts = [
        part
        for path in files
        for sheet in read_sheets(path, _MARKS, tally, findings)
        if (part := _rows(sheet, path, tally, findings)) is not None
    ]
    if not parts:
        return None
    rows = finished(pd.concat(parts, ignore_index=True), asked, tally, findings, files[0])
    other = rows["project_type"].notna() & (rows["project_type"] != "Generation") if "project_type" in rows else None  # fmt: skip
    if other is not None and other.any():
        tally.noted["of a project_type other than Generation: leave them out of shares of completion"] += int(other.sum())  # fmt: skip
    note = "generators and storage alone: LBNL excludes requests of loads; the county is the project's, its centre is not the site"  # fmt: skip
    day = _last_day(files)
    if silent := day is not None and day.year == _NO_LICENCE:
        note += f"; the workbook to {_NO_LICENCE} names no licence, later ones are CC BY 4.0"
    return Delivery(rows, KEY, day, note, licenses=NOT_STATED if silent else ())


def _rows(sheet: Sheet, path: Path, tally: Tally, findings: Findings) -> pd.DataFrame | None:
    native = picked(sheet.frame, _NAMES, ("queue_id", "status_raw", "entity", "queue_date"), path, findings)  # fmt: skip
    if native is None:
        return None
    tell_unread(sheet.frame, _NAMES, path, findings)
    made = pd.DataFrame({"entity": native["entity"].str.strip(), "queue_id": _ids(native["queue_id"])})  # fmt: skip
    made["status_raw"] = native["status_raw"].str.strip()
    made["status"] = states(made["status_raw"], STATUS, tally)
    for column, year in _YEARS.items():
        if column in native:
            own = _year(native[year], tally) if year in native else None
            made[column] = queue_days(native[column].rename(f"{column} ({_native(sheet, column)})"), tally, year=own)  # fmt: skip
            if column == "proposed_in_service_date" and own is not None:
                made[column] = made[column].fillna(own)
    types = [emptied(native[f"type_{n}"], tally) for n in (1, 2, 3) if f"type_{n}" in native]
    made["fuel"] = emptied(native["fuel"], tally) if "fuel" in native else pd.NA
    if types:
        joined = types[0].fillna("").str.cat([part.fillna("") for part in types[1:]], sep="+").str.strip("+")  # fmt: skip
        made["fuel"] = made["fuel"].fillna(joined.mask(joined == ""))
    made["kind"] = kinds(made["fuel"])
    made["capacity_mw"] = parts_mw([numbers(native[f"mw_{n}"], tally) for n in (1, 2, 3) if f"mw_{n}" in native])  # fmt: skip
    for column in _PLAIN:
        if column in native:
            made[column] = emptied(native[column], tally)
    _place(made, native, tally)
    return made


def _native(sheet: Sheet, column: str) -> str:
    return next(name for name in _NAMES[column] if name in sheet.frame)


def _ids(column: pd.Series) -> pd.Series:
    """Ids as they stand; only an empty cell is none."""
    text = column.astype(str).str.strip()
    return text.mask(text.isin(["", "NA"])).astype("string")


def _year(column: pd.Series, tally: Tally) -> pd.Series:
    """Years; `#VALUE!` of a broken formula is none."""
    return emptied(column, tally).astype("string").str.extract(r"^(\d{4})(?:\.0+)?$")[0]


def _place(made: pd.DataFrame, native: pd.DataFrame, tally: Tally) -> None:
    """State, county as written, and the code that the publisher states; added in place."""
    made["state"] = native["state"].str.strip().str.upper().mask(lambda s: s.isin(["", "NA"])) if "state" in native else pd.NA  # fmt: skip
    made["county_raw"] = native["county_raw"].str.strip().mask(lambda s: s == "") if "county_raw" in native else pd.NA  # fmt: skip
    more = [made.pop(column) for column in ("county_2", "county_3") if column in made]
    for county in more:
        if said := int(county.notna().sum()):
            tally.noted["in several counties: county_raw names them, the first counts"] += said
        made["county_raw"] = made["county_raw"].mask(county.notna(), made["county_raw"].fillna("") + ", " + county.str.strip())  # fmt: skip
    if "fips" in native:
        made["fips"], made["fips_match"] = stated_codes(emptied(native["fips"], tally), tally)


def stated_codes(column: pd.Series, tally: Tally) -> tuple[pd.Series, pd.Series]:
    """The first code of each cell with the zero that a number lost, and how it was found.

    >>> stated_codes(pd.Series(["4013", "51107;51059"]), Tally())[0].tolist()
    ['04013', '51107']
    """
    codes = [_codes(str(cell)) for cell in column.fillna("")]
    first = pd.Series([found[0] if found else "" for found in codes], index=column.index, dtype="string")  # fmt: skip
    many = pd.Series([len(found) > 1 for found in codes], index=column.index)
    short = first.str.fullmatch(r"\d{4}").fillna(value=False)
    found = first.str.zfill(5).where(first.str.fullmatch(r"\d{4,5}").fillna(value=False))
    bad = column.notna() & found.isna()
    for what, rows in (("fips: a code without its zero, mended", short), ("fips of several counties: the first is taken", many)):  # fmt: skip
        if rows.any():
            tally.noted[what] += int(rows.sum())
    if bad.any():
        tally.emptied[f"fips: no code of a county, e.g. `{column[bad].iloc[0]}`"] += int(bad.sum())
    how = pd.Series("stated", index=column.index, dtype="string").mask(many, "stated_first_of_several")  # fmt: skip
    return found, how.where(found.notna())


def _codes(cell: str) -> list[str]:
    """Codes of a cell, apart or run together."""
    codes = [code.removesuffix(".0") for code in _SEVERAL.split(cell) if code]
    if len(codes) == 1 and codes[0].isdigit() and len(codes[0]) >= 7:
        run = codes[0].zfill(-(-len(codes[0]) // 5) * 5)
        return [run[at : at + 5] for at in range(0, len(run), 5)]
    return codes


def _last_day(files: Sequence[Path]) -> date | None:
    """Last day of the data, by the names that the publisher gives its files."""
    years = [int(found[1]) for path in files if (found := re.search(r"(?:thru|queues_?)(20\d\d)", path.name.lower()))]  # fmt: skip
    return date(max(years), 12, 31) if years else None
