"""ISO native: postings in an operator's own form → rows of `queue`, every sheet of them.

Made by the headings that open readers name; no native file was at hand. A sheet of withdrawn or
finished requests tells their state, whatever a row says; on NYISO's others the code does, by the key
below the table. NYISO's ends are dated by the last update of the row where nothing better stands;
CAISO's completed projects run; PJM's capacity is the maximum facility output; SPP's executed
agreements are not operation, and its places are towns as often as counties.
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from powerwall.importers.columns import folded, picked, tell_unread
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.iso_forms import FORMS, NYISO, NYISO_FUELS, PJM, SPP, Form
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_rows import finished, larger_mw, texts
from powerwall.importers.queue_words import kinds, states
from powerwall.importers.sheets import Sheet, headed, numbers, read_cells
from powerwall.region.findings import Findings

Cells = list[tuple[str, pd.DataFrame]]

_HEADER_WITHIN = 20  # rows of a sheet
_SPP_ID = "generation interconnection number"
_ENDED = ("withdrawn", "in_service")
_MADE = re.compile(r"(?:report run date|last updated on)\W*(\d{1,2}/\d{1,2}/\d{4})", re.IGNORECASE)
_PAIR = re.compile(r"\b(\d{1,2}[A-Z]?|[A-Za-z]{1,3})\s*=\s*([^,;=•\n]+?)\s*(?=,|;|•|\n|$)")
_COUNTY = re.compile(r"(?i)\b(?:county|counties|parish)\b")
_DATES = ("queue_date", "withdrawn_date", "in_service_date", "proposed_in_service_date")
_WORDS = ("project_name", "utility", "poi_name", "agreement_status", "study_phase", "service_type", "end_use", "zone", "project_type")  # fmt: skip


class Native(NamedTuple):
    """Rows of a posting, and the day that it says it was made."""

    frame: pd.DataFrame
    day: date | None


class Posting(NamedTuple):
    """A form, what its own keys say of codes of states and of fuels, and the day that it says."""

    form: Form
    states: dict[str, str]
    fuels: dict[str, str]
    day: date | None


def read_posting(path: Path, findings: Findings) -> Cells:
    """Cells of every sheet: of a workbook or CSV, of MISO's JSON, of SPP's CSV below its title."""
    if path.suffix.lower() == ".json":
        return _json(path, findings)
    if path.is_file() and path.suffix.lower() == ".csv":
        with path.open("rb") as file:
            first, second = (file.readline(2000).decode("utf-8", errors="replace").lower() for _ in range(2))  # fmt: skip
        if _SPP_ID in second and _SPP_ID not in first:
            return _below_a_title(path, findings)
    return read_cells(path, findings)


def _json(path: Path, findings: Findings) -> Cells:
    """A list of records as rows of text."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return read_cells(path, findings)
    except (OSError, ValueError) as error:
        findings.add("PW202", f"no JSON: {error}", file=path)
        return []
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        findings.add("PW203", "no list of requests", file=path, remedy="is it the right file?")
        return []
    table = pd.DataFrame(rows).map(lambda cell: "" if cell is None or cell != cell else str(cell))  # noqa: PLR0124 — NaN
    return [(path.name, pd.DataFrame([list(map(str, table.columns)), *table.to_numpy()]))]


def _below_a_title(path: Path, findings: Findings) -> Cells:
    """A CSV whose first line says the day, and has no columns."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        findings.add("PW202", f"cannot be read as UTF-8: {error}", file=path)
        return []
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    width = max(len(cells) for _, cells in rows)
    torn = [(line, cells) for line, cells in rows[2:] if len(cells) != len(rows[1][1])]
    for line, cells in torn:
        findings.add("PW207", f"the row has {len(cells)} cells, the header {len(rows[1][1])}", file=path, line=line,
                         remedy="put cells that hold the delimiter in double quotes")  # fmt: skip
    filled = [cells + [""] * (width - len(cells)) for _, cells in rows]
    return [] if torn else [(path.name, pd.DataFrame(filled, index=pd.Index([line for line, _ in rows])))]  # fmt: skip


def read_native(
    path: Path, cells: Cells, asked: Asked, tally: Tally, findings: Findings
) -> Native | None:
    """Rows of all sheets of a posting whose form is known; None where no form is."""
    for form in FORMS:
        sheets = [sheet for name, own in cells if (sheet := _sheet(form, name.strip(), own)) is not None]  # fmt: skip
        if sheets:
            break
    else:
        return None
    every = pd.DataFrame(columns=list(dict.fromkeys(column for sheet in sheets for column in sheet.frame)))  # fmt: skip
    if picked(every, form.names, ("queue_id", "queue_date"), path, findings) is None:
        return None
    tell_unread(every, form.names, path, findings)
    if asked.entity and asked.entity.lower() != form.entity.lower():
        findings.add("PW512", f"has the columns of {form.entity}, and is read as {asked.entity}", severity="warning", file=path,
                     remedy=f"leave --entity out, or give {form.entity}")  # fmt: skip
    posting = Posting(form, _keys(cells, fuels=False), _keys(cells, fuels=True), _day(cells))
    parts = [part for sheet in sheets if (part := _rows(posting, sheet, tally)) is not None]
    if not parts:
        findings.add("PW203", f"no sheet of {form.entity} says by its name where its requests stand: {', '.join(sheet.name for sheet in sheets)}", file=path,
                     remedy=f"give the workbook as posted; its sheets begin {', '.join(form.sheets)}")  # fmt: skip
        return None
    made = pd.concat(parts, ignore_index=True)
    made["entity"] = asked.entity or form.entity
    if loads := int((made["kind"] == "load").sum()):
        tally.noted["requests of loads, kept apart by `kind`"] += loads
    return Native(finished(made, asked, tally, findings, path), posting.day)


def _sheet(form: Form, name: str, cells: pd.DataFrame) -> Sheet | None:
    """The table of a sheet in a form; a header may stand on two rows."""
    for marks in form.marks:
        if (found := headed(name, cells, marks)) is not None:
            return found
        for at in range(min(len(cells) - 1, _HEADER_WITHIN)):
            joined = _joined(form, cells.iloc[at], cells.iloc[at + 1])
            if set(marks) <= {folded(text) for text in joined}:
                below = cells.iloc[at + 1 :].copy()
                below.iloc[0] = joined
                return headed(name, below, marks)
    return None


def _joined(form: Form, upper: pd.Series, lower: pd.Series) -> list[str]:
    """Texts of two rows of a header as one; a group's name above is left out where only the rest is known."""
    known = {head for heads in form.names.values() for head in heads}
    both = [" ".join(f"{above} {own}".split()) for above, own in zip(upper, lower, strict=True)]
    return [own if folded(text) not in known and folded(own) in known else text for text, own in zip(both, map(str, lower), strict=True)]  # fmt: skip


def _rows(posting: Posting, sheet: Sheet, tally: Tally) -> pd.DataFrame | None:
    """Rows of one sheet in the columns of the layer."""
    form = posting.form
    tally.read += len(sheet.frame)
    state = next((state for name, state in form.sheets.items() if sheet.name.lower().startswith(name)), "")  # fmt: skip
    if not state and "status_raw" not in form.names:
        tally.left_out[f"on the sheet `{sheet.name}`, which is no queue of requests"] += len(sheet.frame)  # fmt: skip
        return None
    frame = sheet.frame
    native = pd.DataFrame({
        name: frame[found] for name, heads in form.names.items() if (found := next((head for head in heads if head in frame), None))
    }, index=frame.index)  # fmt: skip
    native = tally.without(native, ~_requests(native), "notes and keys below the table: no queue number with a name, date or MW")  # fmt: skip
    if form is SPP:
        _county(native, tally)
    native["fuel"] = _fuel(native, {**NYISO_FUELS, **posting.fuels} if form is NYISO else {})
    if "status_raw" not in native:
        native["status_raw"] = _said(native, sheet.name, posting.states, tally)
    made = texts(native, tally, _WORDS)
    made["status"] = _state(form, made["status_raw"], state, tally)
    for column in _DATES:
        made[column] = queue_days(native[column], tally, zone=form.zone) if column in native else pd.NA  # fmt: skip
    if "filed_date" in native:
        made["proposed_in_service_date"] = made["proposed_in_service_date"].fillna(queue_days(native["filed_date"], tally))  # fmt: skip
    _ends(posting, made, native, tally)
    made["capacity_mw"] = _capacity(form, native, tally)
    made["kind"] = kinds(made["fuel"])
    if (
        form is NYISO and "peak_mw_load" in frame
    ):  # the sheet of loads, whatever its column of types
        made["kind"] = "load"
    if "project_type" in made:
        wires = made["project_type"].str.contains("transmission", case=False).fillna(value=False)
        made["kind"] = made["kind"].mask(wires.astype(bool), "transmission")
    return made


def _requests(native: pd.DataFrame) -> pd.Series:
    """Rows with a queue number and a word more; of requests that have none, those with a name and a date."""
    filled = {name: native[name].str.strip() != "" for name in native}
    nothing = pd.Series(False, index=native.index)
    name, day = (filled.get(column, nothing) for column in ("project_name", "queue_date"))
    other = pd.concat([name, day, *(filled.get(column, nothing) for column in ("capacity", "summer_mw", "winter_mw"))], axis=1).any(axis=1)  # fmt: skip
    return (native["queue_id"].str.contains(r"\d") & other) | (name & day)


def _capacity(form: Form, native: pd.DataFrame, tally: Tally) -> pd.Series:
    """The capacity that is stated, else the larger of the seasonal ones. [MW]"""
    season = larger_mw(native, tally)
    if "capacity" not in native:
        return season
    mw = numbers(native["capacity"], tally)
    if form is PJM and (above := int((season < mw).sum())):
        tally.noted["of a maximum facility output above the MW asked for, e.g. an uprate: kept as published"] += above  # fmt: skip
    if differs := int(((mw == 0) & (season > 0)).sum()):
        tally.noted["of 0 MW though a season has more: kept as published"] += differs
    return mw.fillna(season)


def _fuel(native: pd.DataFrame, keys: dict[str, str]) -> pd.Series:
    """What it is, of up to three columns; codes as their words."""
    columns = [column for column in ("fuel", "fuel_2", "fuel_3") if column in native]
    joined = native[columns].apply(lambda row: " + ".join(cell.strip() for cell in row if cell.strip()), axis=1) if columns else pd.Series("", index=native.index)  # fmt: skip
    if "fuel_else" in native:
        joined = joined.where(joined != "", native["fuel_else"].str.strip())
    return joined.map(lambda code: keys.get(code, code))


def _said(native: pd.DataFrame, sheet: str, keys: dict[str, str], tally: Tally) -> pd.Series:
    """Where a row stands: its sheet, and its code with the word of the key."""
    if "status_code" not in native:
        return pd.Series(sheet, index=native.index)
    code = native["status_code"].str.strip().str.removesuffix(".0")
    word = code.map(lambda own: keys.get(own, ""))
    if unread := int(((code != "") & (word == "")).sum()):
        tally.noted["with a code that no key of the workbook explains: its sheet tells the state"] += unread  # fmt: skip
    told = (code + " " + word).str.strip()
    return (sheet + "; " + told).where(code != "", sheet)


def _state(form: Form, said: pd.Series, of_sheet: str, tally: Tally) -> pd.Series:
    """State by the sheet where that is of ended requests, else by the words of the row."""
    if not of_sheet:
        return states(said, form.status, tally)
    word = said.str.lower().str.rpartition("; ")[2].str.replace(r"^\d+ ", "", regex=True)
    own = word.map(form.status).astype("string")
    if of_sheet not in _ENDED:
        return own.fillna(of_sheet)
    if other := int((own.notna() & (own != of_sheet)).sum()):
        tally.noted[f"of another status than their sheet, which counts: {of_sheet.replace('_', ' ')}"] += other  # fmt: skip
    return pd.Series(of_sheet, index=said.index, dtype="string")


def _ends(posting: Posting, made: pd.DataFrame, native: pd.DataFrame, tally: Tally) -> None:
    """Dates of ends that a form does not state as such; added in place."""
    if posting.form is NYISO and "last_update" in native:
        update = queue_days(native["last_update"], tally)
        for column, state in (("withdrawn_date", "withdrawn"), ("in_service_date", "in_service")):
            own = (made["status"] == state) & update.notna() & made[column].isna()
            made[column] = made[column].astype("string").fillna(update.where(own))
            made[f"{column}_basis"] = pd.Series("last_update", index=made.index).where(own)
            if own.any():
                tally.noted[f"{column} is that of the last update of the row"] += int(own.sum())
    if posting.form is SPP:
        runs = (made["status"] == "in_service") & made["proposed_in_service_date"].notna()
        later = runs & (made["proposed_in_service_date"] > posting.day.isoformat() if posting.day else False)  # fmt: skip
        if later.any():
            tally.noted["in commercial operation by their status and after the posting by their date: no day of service"] += int(later.sum())  # fmt: skip
        runs &= ~later
        made["in_service_date"] = made["proposed_in_service_date"].where(runs)
        made["in_service_date_basis"] = pd.Series("commercial_operation_date", index=made.index).where(runs)  # fmt: skip


def _county(native: pd.DataFrame, tally: Tally) -> None:
    """The county where a place is called one; a town of a county's name is none. Added in place."""
    text = native["town_or_county"].str.strip() if "town_or_county" in native else pd.Series("", index=native.index)  # fmt: skip
    county = text.str.contains(_COUNTY)
    native["county_raw"] = text.where(county, "")
    if towns := int((~county & (text != "")).sum()):
        tally.noted["with a place that is not called a county: none is taken"] += towns


def _keys(cells: Cells, *, fuels: bool) -> dict[str, str]:
    """Code → word, out of the cells that explain codes below a table (`Key: 1=…, 2=…`)."""
    found: dict[str, str] = {}
    for _, own in cells:
        told: Any = own.to_numpy().ravel()
        for text in told:
            if (
                isinstance(text, str)
                and "key" in text.lower()
                and ("fuel" in text.lower()) is fuels
            ):
                found |= {code: word.strip(" .●") for code, word in _PAIR.findall(text)}
    return found


def _day(cells: Cells) -> date | None:
    """Day that stands above a table."""
    for _, own in cells:
        for row in own.iloc[:4].to_numpy():
            if found := _MADE.search(" ".join(map(str, row))):
                day = pd.to_datetime(found[1], format="%m/%d/%Y", errors="coerce")
                return None if pd.isna(day) else day.date()
    return None
