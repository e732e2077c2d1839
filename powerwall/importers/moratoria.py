"""Moratoria: inventories of local moratoria → rows of the layer `policy`.

Read are the table and the GeoJSON of Moratorium Nation (M. J. Bommarito, CC BY 4.0), and lists of
local fights in JSON. Dates and terms decide; what a status says in words stays in the note.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.importers.authorities import Authorities
from powerwall.importers.inventories import read_inventory
from powerwall.importers.words import (
    Term,
    as_of_day,
    end_of,
    iso_day,
    marked,
    read_term,
    short,
    slug,
    without_marks,
)  # fmt: skip
from powerwall.region.findings import Findings
from powerwall.region.tables import CellPlaces

COLUMNS = (
    "policy_id", "jurisdiction_id", "jurisdiction", "kind", "subject", "action_date", "effective_from", "effective_to", "duration",
    "duration_kind", "policy_status", "effect", "trigger_mw", "project_mw", "summary", "source_title", "source_url", "as_of", "status", "note",
)  # fmt: skip
CREDIT = "M. J. Bommarito, Moratorium Nation: U.S. Infrastructure Moratorium Data, CC BY 4.0"
_TITLE = "Moratorium Nation inventory (M. J. Bommarito), CC BY 4.0"
_URL = "https://github.com/mjbommar/moratorium-data-2026"
_STATUS = {"active": "active", "extended": "active", "pending": "pending", "expired": "expired", "replaced": "replaced",
           "rescinded": "replaced"}  # fmt: skip
_ACTS = {"moratorium": "moratorium", "ban": "prohibition", "prohibition": "prohibition", "zoning": "zoning", "lawsuit": "litigation",
         "litigation": "litigation", "denial": "denial", "approval": "approval", "withdrawal": "withdrawal"}  # fmt: skip
_FIGHT_STATUS = {"active": "active", "enacted": "enacted", "passed": "enacted", "adopted": "enacted", "pending": "pending", "proposed": "pending",
                 "expired": "expired", "lifted": "replaced", "rescinded": "replaced", "approved": "decided", "denied": "decided",
                 "withdrawn": "withdrawn", "decided": "decided"}  # fmt: skip
_DISAGREE = 0.1  # share by which a term in words and one in days may differ
_SLIP_DAYS = 3


@dataclass
class Imported:
    """Rows of a layer, and what became of the others.

    Attributes
    ----------
    rows
        Column → cell, one mapping a row.
    places
        Id of a row → where it stands in its source.
    skipped
        Reason → rows that were left out.
    credit
        What the licence asks to be said.
    """

    rows: list[dict[str, str]] = field(default_factory=list)
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    credit: list[str] = field(default_factory=list)


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
    if shape == "fights":
        _each(
            frame,
            places,
            found,
            findings,
            lambda row, at: _fight(row, at, authorities, as_of, findings, found),
        )
        return found
    released = str(as_of) if as_of else _newest(frame)
    if not released:
        findings.add(
            "PW103", "no row says as of which day it is", remedy="give --as-of", file=path, line=1
        )
        return found
    found.credit.append(CREDIT)
    _each(frame, places, found, findings, lambda row, at: _instrument(row, at, authorities, released, findings, found))  # fmt: skip
    return found


def _each(
    frame: pd.DataFrame, places: CellPlaces, found: Imported, findings: Findings, make: Any
) -> None:
    """Turn every row; ids that stand twice are refused at their second place."""
    for number, row in enumerate(frame.fillna("").astype(str).to_dict("records")):

        def at(column: str, number: int = number) -> dict[str, Any]:
            return places(number, column)

        made = make({str(key): value.strip() for key, value in row.items()}, at)
        if made is None:
            continue
        if made["policy_id"] in found.places:
            findings.add("PW404", f"`{made['policy_id']}` stands twice", remedy="ids must be unique", **at("moratorium_id"))  # fmt: skip
            continue
        found.rows.append(made)
        found.places[made["policy_id"]] = at("moratorium_id")


def _newest(frame: pd.DataFrame) -> str:
    """Newest day that any status names."""
    column = frame["current_status"] if "current_status" in frame else frame["date_enacted_iso"]
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
        return _left_out(found, "row about a whole state, no instrument")
    if "sectors" in row and "data_center" not in row["sectors"]:
        return _left_out(found, "not about data centres")
    if status not in _STATUS:
        findings.add("PW406", f"{name}: enacted_status `{status}` is not known: left out", severity="warning", remedy=f"one of {', '.join(_STATUS)}",
                     **at("enacted_status"))  # fmt: skip
        return _left_out(found, "status not known")
    authority = authorities.find(row["jurisdiction"], row.get("jurisdiction_type", ""), row["state_abbrev"],
                                 _number(row.get("longitude", "")), _number(row.get("latitude", "")))  # fmt: skip
    if not authority:
        return _left_out(found, "no such authority in the region")
    started = _started(row, at, findings)
    term = read_term(row["duration"])
    duration, end = _window(row, term, started, at, findings)
    said, sure = (
        row.get("current_status", ""),
        row.get("date_enacted_uncertainty", "exact") == "exact",
    )
    checked = (
        sure
        and len(started) == len("2026-01-01")
        and not marked(row["date_enacted"], row["duration"], said)
    )
    kind = row.get("duration_kind", "")
    kinds = {"fixed_days": "fixed", "until_date": "until_date", "until_event": "until_event", "indefinite": "indefinite"}  # fmt: skip
    notes = [f"status in the source: {short(without_marks(said), 140)}" if said else "", f"term in the source: {short(row['duration'], 140)}",
             "asks to be verified" if marked(row["date_enacted"], row["duration"], said) else ""]  # fmt: skip
    return _row(
        policy_id=name, jurisdiction_id=authority, jurisdiction=_called(row), kind="moratorium", subject=duration or term.end or "term not stated",
        action_date=started, effective_from=term.start or started, effective_to=end, duration=duration,
        duration_kind="unknown" if status == "extended" and not end else kinds.get(kind, "unknown") if not (duration or end) or kind in kinds else "fixed",
        policy_status=_STATUS[status], effect="blocks", summary=short(row.get("trigger", "")), source_title=_TITLE, source_url=_URL,
        as_of=as_of_day(said) or released, status="secondary" if checked else "unverified", note="; ".join(n for n in notes if n),
    )  # fmt: skip


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
    return started


def _window(
    row: Mapping[str, str], term: Term, started: str, at: Any, findings: Findings
) -> tuple[str, str]:
    """Duration and end; what contradicts itself is left blank and told."""
    name, text, coded = row["moratorium_id"], row["duration"], _number(row.get("duration_days", ""))
    place = at("duration")
    if not (term.duration or term.end or row.get("duration_kind") in {"until_event", "indefinite"}):
        if math.isnan(coded):
            if row["enacted_status"] != "pending":
                findings.add("PW507", f"{name}: no term in `{short(text, 60)}`: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
            return "", ""
        return f"{coded:g} days", ""
    if term.duration and not math.isnan(coded) and abs(term.days - coded) > _DISAGREE * coded:
        findings.add("PW512", f"{name}: the term reads {term.duration}, duration_days says {coded:g}: left blank", severity="warning", **place)  # fmt: skip
        return "", ""
    if term.extended and not term.end:
        findings.add("PW512", f"{name}: extended to several days that contradict one another: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
        return "", ""
    if term.extended:
        findings.add("PW507", f"{name}: extended by its words, to {term.end}; first term {term.duration or 'not stated'}", severity="warning",
                     remedy="compare with the extending act", **place)  # fmt: skip
        return "", term.end
    if row["enacted_status"] == "extended" and not term.end:
        findings.add("PW507", f"{name}: extended, but to which day is not stated: its end is unknown", severity="warning", remedy="look it up", **place)  # fmt: skip
        return "", ""
    computed = end_of(term.start or started, term)
    if (
        computed
        and len(term.end) == len("2026-01-01")
        and abs((date.fromisoformat(term.end) - computed).days) > _SLIP_DAYS
    ):
        findings.add("PW512", f"{name}: {term.duration} from {term.start or started} end on {computed}, the text says {term.end}, which is taken", severity="warning",
                     **place)  # fmt: skip
    end = "" if _before(term.end, term.start or started) else term.end
    return term.duration, end


def _before(end: str, start: str) -> bool:
    """Tell whether an end lies before the start: a date of something else."""
    return bool(end and start) and end <= start


def _fight(
    row: Mapping[str, str], at: Any, authorities: Authorities, as_of: date | None, findings: Findings, found: Imported
) -> dict[str, str] | None:  # fmt: skip
    """A row of a list of fights; always unverified, so it warns and never puts a site out."""
    name = row.get("id") or slug(
        f"{row['jurisdiction']} {row.get('state', '')} {row.get('date', '')}"
    )
    kind = next(
        (_ACTS[a] for a in row.get("action_type", "").lower().split(";") if a in _ACTS),
        "opposition",
    )
    word = row.get("status", "").lower()
    if word not in _FIGHT_STATUS:
        findings.add("PW406", f"{name}: status `{word}` is not known: taken as proposed", severity="warning", remedy=f"one of {', '.join(_FIGHT_STATUS)}",
                     **at("status"))  # fmt: skip
    authority = authorities.find(row["jurisdiction"], row.get("authority_level", ""), row.get("state", ""), _number(row.get("lng", "")), _number(row.get("lat", "")))  # fmt: skip
    if not authority:
        return _left_out(found, "no such authority in the region")
    day = iso_day(row.get("date", ""))
    if not day:
        findings.add(
            "PW408",
            f"{name}: `{row.get('date', '')}` is no date: left blank",
            severity="warning",
            **at("date"),
        )
    source = row.get("sources", "").split(";")[0]
    return _row(
        policy_id=name, jurisdiction_id=authority, jurisdiction=row["jurisdiction"], kind=kind, subject=short(row.get("objective", "") or kind, 80),
        action_date=day, policy_status=_FIGHT_STATUS.get(word, "pending"), effect="blocks" if kind in {"moratorium", "prohibition", "denial"} else "restricts",
        project_mw=row.get("megawatts", ""), summary=short(row.get("community_outcome", "")), source_title="List of local fights, each to be read at its source",
        source_url=source, as_of=iso_day(row.get("last_updated", "")) or str(as_of or ""), status="unverified",
        duration_kind="unknown" if kind == "moratorium" else "",
    )  # fmt: skip


def _called(row: Mapping[str, str]) -> str:
    kind, name = row.get("jurisdiction_type", ""), row["jurisdiction"]
    if not kind or kind.lower() in name.lower():
        return name
    return f"{kind} of {name}" if kind in {"City", "Town", "Village"} else f"{name} {kind}"


def _row(**cells: str) -> dict[str, str]:
    return {column: cells.get(column, "") for column in COLUMNS}


def _left_out(found: Imported, why: str) -> dict[str, str] | None:
    found.skipped[why] += 1
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
