"""Moratoria: inventories of local moratoria → rows of the layer `policy`.

Read are the table and the GeoJSON of Moratorium Nation (M. J. Bommarito, CC BY 4.0), and lists of
local fights in JSON. Dates and terms decide; what a status says in words stays in the note.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.importers.authorities import Authorities
from powerwall.importers.fights import fight_row
from powerwall.importers.imported import Imported, left_out, number, policy_row
from powerwall.importers.inventories import read_inventory
from powerwall.importers.words import (
    Term,
    as_of_day,
    effective_day,
    end_of,
    extension_day,
    iso_day,
    marks,
    read_term,
    short,
    without_marks,
)  # fmt: skip
from powerwall.region.findings import Findings
from powerwall.region.tables import CellPlaces

CREDIT = "M. J. Bommarito, Moratorium Nation: U.S. Infrastructure Moratorium Data, CC BY 4.0"
_TITLE = "Moratorium Nation inventory (M. J. Bommarito), CC BY 4.0"
_URL = "https://github.com/mjbommar/moratorium-data-2026"
_STATUS = {"active": "active", "extended": "active", "pending": "pending", "expired": "expired", "replaced": "replaced",
           "rescinded": "replaced"}  # fmt: skip
_KINDS = {"fixed_days": "fixed", "until_date": "until_date", "until_event": "until_event", "indefinite": "indefinite"}  # fmt: skip
#: Cells that a row is made of; a mark in any of them makes it unverified.
_USED = ("jurisdiction", "date_enacted", "date_enacted_iso", "duration", "current_status", "trigger")  # fmt: skip
DISAGREE = Parameter(
    0.1,
    "1",
    0.05,
    0.2,
    "assumed: share by which a term in words and its coding in days may differ; months as 30 days do by 0.02",
)
SLIP_DAYS = Parameter(
    3, "d", 1, 7, "assumed: how far a stated end may lie from start plus term before it is told"
)


def read_moratoria(
    path: Path, authorities: Authorities, findings: Findings, as_of: date | None = None
) -> Imported:
    """Read one inventory.

    Parameters
    ----------
    path
        CSV, GeoJSON or JSON; its columns say which it is.
    authorities
        The region's, or those that its rows name.
    findings
        Takes what cannot be read, with its line.
    as_of
        Date of rows that do not say theirs; silent: the newest date the file names.
    """
    found = Imported()
    read = read_inventory(path, findings)
    if read is None:
        return found
    frame, places, shape = read
    column = "last_updated" if shape == "fights" else "current_status"
    released = str(as_of) if as_of else _newest(frame, column, "date_enacted_iso")
    if not released:
        findings.add(
            "PW103", "no row says as of which day it is", remedy="give --as-of", file=path, line=1
        )
        return found
    make = fight_row if shape == "fights" else _instrument
    if shape == "fights":
        findings.add("PW509", f"{path.name}: its licence is not stated: every row is unverified", severity="warning",
                     remedy="read each row at its own source", file=path, line=1)  # fmt: skip
    else:
        found.credit.append(CREDIT)
        _tell_marked(frame, places, findings)
        if "current_status" not in frame:
            findings.add("PW203", f"{path.name}: no current_status, where most marks stand: every row is unverified", severity="warning",
                         remedy="the CSV of the same release has it", file=path, line=1)  # fmt: skip
    _each(frame, places, found, findings, lambda row, at: make(row, at, authorities, released, findings, found))  # fmt: skip
    return found


def _each(
    frame: pd.DataFrame, places: CellPlaces, found: Imported, findings: Findings, make: Any
) -> None:
    """Turn every row; ids that stand twice are refused at their second place."""
    for place, row in enumerate(frame.fillna("").astype(str).to_dict("records")):

        def at(column: str, place: int = place) -> dict[str, Any]:
            return places(place, column)

        made = make({str(key): value.strip() for key, value in row.items()}, at)
        if made is None:
            continue
        if made["policy_id"] in found.places:
            findings.add("PW404", f"`{made['policy_id']}` stands twice", remedy="ids must be unique", **at("moratorium_id"))  # fmt: skip
            continue
        found.rows.append(made)
        found.places[made["policy_id"]] = at("moratorium_id")


def _tell_marked(frame: pd.DataFrame, places: CellPlaces, findings: Findings) -> None:
    """One finding for all rows that ask to be verified, and one for all whose date is not exact."""
    columns = [c for c in ("date_enacted", "duration", "current_status") if c in frame]
    asks = [
        any("[verify" in str(cell).lower() for cell in row)
        for row in frame[columns].fillna("").itertuples(index=False)
    ]
    loose = frame.get("date_enacted_uncertainty", pd.Series("exact", index=frame.index)).fillna("") != "exact"  # fmt: skip
    for why, mask in (
        ("carry `[VERIFY …]`", pd.Series(asks, index=frame.index)),
        ("have a date that is not exact", loose),
    ):
        rows = [int(str(n)) for n in frame.index[mask]]
        if rows:
            lines = ", ".join(str(places(n).get("line", 0)) for n in rows)
            findings.add("PW507", f"{len(rows)} rows {why}: unverified, so they warn and never put a site out; lines {lines}", severity="warning",
                         remedy="read the act, then set status = verified", **places(rows[0]))  # fmt: skip


def _newest(frame: pd.DataFrame, *columns: str) -> str:
    """Newest day that the first of the columns that is there names."""
    column = next((frame[name] for name in columns if name in frame), pd.Series(dtype=str))
    days = [as_of_day(text) or iso_day(text) for text in column.fillna("").astype(str)]
    return max((day for day in days if len(day) == len("2026-01-01")), default="")


def _instrument(
    row: Mapping[str, str], at: Any, authorities: Authorities, released: str, findings: Findings, found: Imported
) -> dict[str, str] | None:  # fmt: skip
    """A row of the inventory; None where it is left out."""
    name, status = row["moratorium_id"], row["enacted_status"]
    if not name:
        findings.add("PW405", "`moratorium_id` is empty", **at("moratorium_id"))
        return None
    if "aggregate" in row.get("jurisdiction_type", "").lower():
        return left_out(found, "row about a whole state, no instrument")
    if "sectors" in row and not re.search(r"\bdata_center\b", row["sectors"]):
        return left_out(found, "not about data centres")
    if status not in _STATUS:
        findings.add("PW406", f"{name}: enacted_status `{status}` is not known: left out", severity="warning", remedy=f"one of {', '.join(_STATUS)}",
                     **at("enacted_status"))  # fmt: skip
        return left_out(found, "status not known")
    authority = authorities.find(without_marks(row["jurisdiction"]), row.get("jurisdiction_type", ""), row["state_abbrev"],
                                 number(row.get("longitude", "")), number(row.get("latitude", "")))  # fmt: skip
    if not authority:
        return left_out(found, authorities.why_not)
    row = {column: row.get(column, "") for column in _USED} | dict(row)
    started, term = _started(row, at, findings), read_term(row["duration"])
    holds_from = term.start or effective_day(row["date_enacted"]) or started
    duration, end = _window(row, term, holds_from, at, findings)
    said = row["current_status"]
    return policy_row(
        policy_id=name, jurisdiction_id=authority, jurisdiction=_called(row), kind="moratorium", subject=duration or end or "term not stated",
        action_date=started, effective_from=holds_from, effective_to=end, duration=duration,
        duration_kind=_kind_of_term(row, duration, end), policy_status=_status(row, started), effect="blocks",
        summary=short(without_marks(row["trigger"])), source_title=_TITLE, source_url=_URL, as_of=as_of_day(said) or released,
        status=_evidence(row, started), note=_note(row),
    )  # fmt: skip


def _status(row: Mapping[str, str], started: str) -> str:
    """Status in our words; what was rescinded before any day of an act was never in force."""
    rescinded = row["enacted_status"] == "rescinded"
    return "withdrawn" if rescinded and not started else _STATUS[row["enacted_status"]]


def _evidence(row: Mapping[str, str], started: str) -> str:
    """Secondary where the day of the act is exact and no cell asks to be verified."""
    exact = row.get("date_enacted_uncertainty") == "exact" and len(started) == len("2026-01-01")
    unmarked = not marks(*(row[column] for column in _USED))
    return "secondary" if exact and unmarked and row["current_status"] else "unverified"


def _kind_of_term(row: Mapping[str, str], duration: str, end: str) -> str:
    kind = _KINDS.get(row.get("duration_kind", ""), "unknown")
    if not (duration or end):
        return kind if kind in {"until_event", "indefinite"} else "unknown"
    if kind in {"until_event", "indefinite"}:
        return kind
    return "fixed" if duration else "until_date"


def _note(row: Mapping[str, str]) -> str:
    """What the source says in words, with its marks."""
    parts = {"status in the source": row["current_status"], "term in the source": row["duration"]}
    notes = [f"{head}: {short(without_marks(text), 140)}" for head, text in parts.items() if without_marks(text)]  # fmt: skip
    if not iso_day(row["date_enacted"]) and without_marks(row["date_enacted"]):
        notes.append(f"date in the source: {short(without_marks(row['date_enacted']), 140)}")
    open_ = dict.fromkeys(short(mark, 140) for mark in marks(*(row[column] for column in _USED)))
    return "; ".join([*notes, *open_])


def _started(row: Mapping[str, str], at: Any, findings: Findings) -> str:
    """Day of the act; blank, and a finding, where none is stated."""
    text = row["date_enacted_iso"] or iso_day(row["date_enacted"])
    started = iso_day(text)
    if text and started != text:
        findings.add("PW408", f"{row['moratorium_id']}: date_enacted_iso `{text}` is no date: left blank", severity="warning", **at("date_enacted_iso"))  # fmt: skip
        return ""
    if not started and row["enacted_status"] != "pending":
        findings.add("PW408", f"{row['moratorium_id']}: no day of the act in `{short(row['date_enacted'], 60)}`: its start is unknown", severity="warning",
                     remedy="look it up", **at("date_enacted"))  # fmt: skip
    if longer := extension_day(row["date_enacted"]):
        findings.add("PW507", f"{row['moratorium_id']}: extended on {longer}, the act is that of {started or 'an unknown day'}", severity="warning",
                     remedy="compare its end with the extending act", **at("date_enacted"))  # fmt: skip
    return started


def _window(
    row: Mapping[str, str], term: Term, start: str, at: Any, findings: Findings
) -> tuple[str, str]:
    """Duration and end; what contradicts itself is left blank and told."""
    name, coded, place = row["moratorium_id"], number(row.get("duration_days", "")), at("duration")
    end = "" if _before(term.end, start) else term.end
    if term.extended or term.open_extension or (row["enacted_status"] == "extended" and not end):
        return "", _extended_end(name, term, end, place, findings)
    if not (term.duration or term.end or row.get("duration_kind") in {"until_event", "indefinite"}):
        if math.isnan(coded):
            if row["enacted_status"] != "pending":
                findings.add("PW507", f"{name}: no term in `{short(row['duration'], 60)}`: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
            return "", ""
        return f"{coded:g} days", ""
    if term.duration and not math.isnan(coded) and abs(term.days - coded) > DISAGREE.value * coded:
        findings.add("PW512", f"{name}: the term reads {term.duration}, duration_days says {coded:g}: the term is left blank", severity="warning", **place)  # fmt: skip
        return "", end
    _compare_ends(name, term, start, place, findings)
    return term.duration, end


def _extended_end(
    name: str, term: Term, end: str, place: Mapping[str, Any], findings: Findings
) -> str:
    """End of an extension where the words name one day; else it is unknown, and that is told."""
    if term.extended and end:
        findings.add("PW507", f"{name}: extended by its words, to {end}; first term {term.duration or 'not stated'}", severity="warning",
                     remedy="compare with the extending act", **place)  # fmt: skip
        return end
    if term.extended:
        findings.add("PW512", f"{name}: extended to several days that contradict one another: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
        return ""
    findings.add("PW507", f"{name}: extended, but to which day is not stated: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
    return ""


def _compare_ends(
    name: str, term: Term, start: str, place: Mapping[str, Any], findings: Findings
) -> None:
    """Record a stated end that lies far from start plus term."""
    computed = end_of(start, term)
    if not computed or len(term.end) != len("2026-01-01"):
        return
    if abs((date.fromisoformat(term.end) - computed).days) > SLIP_DAYS.value:
        findings.add("PW512", f"{name}: {term.duration} from {start} end on {computed}, the text says {term.end}, which is taken", severity="warning",
                     **place)  # fmt: skip


def _before(end: str, start: str) -> bool:
    """Tell whether an end lies before the start: a date of something else."""
    return bool(end and start) and end <= start


def _called(row: Mapping[str, str]) -> str:
    kind, name = row.get("jurisdiction_type", ""), without_marks(row["jurisdiction"])
    if not kind or kind.lower() in name.lower():
        return name
    return f"{kind} of {name}" if kind in {"City", "Town", "Village"} else f"{name} {kind}"
