"""ISO queue: postings of system operators → the layer `queue`.

Read are tables in the form of gridstatus (CAISO, ISO-NE and NYISO are known by columns of their own,
other operators by `--entity`), MISO's own table, and the monthly workbooks of ERCOT (`ercot_gis`).
By their schema alone, never tried on a native file, are read MISO's JSON, the workbooks
`PublicQueueReport.xlsx` of CAISO and `NYISO-Interconnection-Queue.xlsx` of NYISO, PJM's export of its
planning queue and SPP's summary CSV (`iso_native`): compare the tally with the posting. ISO-NE's page
of HTML is not read.

The same word means different things: `Completed` and `Done` are signed agreements at MISO, SPP and
ERCOT, and operation elsewhere; dates of NYISO's ends are those of its last update.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from powerwall.criteria.power.queues.dates import zone_of
from powerwall.importers.columns import folded, picked, tell_unread
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.ercot_gis import is_report, read_reports
from powerwall.importers.iso_native import Native, read_native, read_posting
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_rows import COLUMNS, KEY, finished, larger_mw, texts
from powerwall.importers.queue_words import kinds, states
from powerwall.importers.sheets import Sheet, emptied, headed, numbers
from powerwall.region.findings import Findings

_GRIDSTATUS = ("queue_id", "queue_date", "status", "generation_type")
_MISO = {
    "queue_id": ("project_#", "projectnumber"), "status_raw": ("request_status", "applicationstatus"), "queue_date": ("queue_date", "queuedate"),
    "withdrawn_date": ("withdrawn_date", "withdrawndate"), "agreement_date": ("done_date", "donedate"),
    "proposed_in_service_date": ("negotiated_in_service_date", "neginservice"), "asked_in_service_date": ("appl_in_service_date", "inservice"),
    "built": ("post_gia_status", "postgiastatus"), "summer_mw": ("summer_mw", "summernetmw"), "winter_mw": ("winter_mw", "winternetmw"),
    "fuel": ("fuel", "fueltype"), "facility": ("generating_facility", "facilitytype"), "utility": ("transmission_owner", "transmissionowner"),
    "poi_name": ("poi_name", "poiname"), "county_raw": ("county",), "state": ("state",), "study_phase": ("study_phase", "studyphase"),
    "study_cycle": ("study_cycle", "studycycle"), "study_group": ("study_group", "studygroup"), "service_type": ("service_type", "svctype"),
}  # fmt: skip
_FORM = {
    "queue_id": ("queue_id",), "status_raw": ("status",), "queue_date": ("queue_date",), "withdrawn_date": ("withdrawn_date",),
    "in_service_date": ("actual_completion_date",), "op_date": ("op_date",), "proposed_in_service_date": ("proposed_completion_date",),
    "capacity": ("capacity_(mw)",), "summer_mw": ("summer_capacity_(mw)",), "winter_mw": ("winter_capacity_(mw)",), "fuel": ("generation_type",),
    "unit": ("unit",), "project_name": ("project_name",), "utility": ("transmission_owner",), "poi_name": ("interconnection_location",),
    "county_raw": ("county",), "state": ("state",), "agreement_status": ("interconnection_agreement_status",), "study_phase": ("study_process", "s"),
}  # fmt: skip
_STATUS = {"active": "active", "withdrawn": "withdrawn", "suspended": "suspended"}
_MISO_STATUS = {**_STATUS, "done": "agreed", "legacy: done": "agreed"}
_IN_SERVICE = "in service"


class Operator(NamedTuple):
    """What the common form hides of one operator.

    Attributes
    ----------
    marks
        Columns of its own, by which a table is known as its.
    zone
        Zone whose midnights it writes in UTC.
    signed
        Whether `Completed` is a signed agreement, not operation.
    last_update
        Whether ends are dated by the last update of the row.
    """

    marks: tuple[str, ...] = ()
    zone: str | None = None
    signed: bool = False
    last_update: bool = False


OPERATORS = {
    "CAISO": Operator(("study_process", "off_peak_deliverability_and_economic_only"), "America/Los_Angeles"),
    "ISO-NE": Operator(("i39", "serv", "zone")),
    "NYISO": Operator(("sgia_tender_date", "z", "s"), last_update=True),
    "MISO": Operator(zone="America/New_York", signed=True), "SPP": Operator(signed=True), "ERCOT": Operator(signed=True), "PJM": Operator(),
}  # fmt: skip


def read_queue(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Requests of one operator or several; monthly workbooks of ERCOT are read together."""
    tables: list[Native] = []
    reports = []
    for path in files:
        cells = read_posting(path, findings)
        if is_report(cells):
            reports.append((path, cells))
        elif cells and (table := _table(path, cells, asked, tally, findings)) is not None:
            tables.append(table)
    deliveries = [read_reports(reports, asked, tally, findings)] if reports else []
    rows = [*(table.frame for table in tables), *(delivery.frame for delivery in deliveries)]
    if not rows:
        return None
    days = [*(table.day for table in tables), *(delivery.as_of for delivery in deliveries)]
    day = days[0] if len(days) == 1 else None
    loads = sum(int((part["kind"] == "load").sum()) for part in rows)
    notes = [delivery.note for delivery in deliveries]
    if loads:
        notes.append("generators and loads stand in it: a statistic takes one `kind`")
    note = "; ".join(notes)
    return Delivery(_together(rows), KEY, day, note)


def _together(rows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all files; of several, columns that only some have stand in the order of their names."""
    if len(rows) == 1:
        return rows[0].reset_index(drop=True)
    more = {column for part in rows for column in part} - {*COLUMNS, "note"}
    return pd.concat(rows, ignore_index=True)[[*COLUMNS, *sorted(more), "note"]]


def _table(
    path: Path, cells: list[tuple[str, pd.DataFrame]], asked: Asked, tally: Tally, findings: Findings
) -> Native | None:  # fmt: skip
    for name, sheet in cells:
        for marks in (("project_#", "request_status"), ("projectnumber", "applicationstatus")):
            if (found := headed(name, sheet, marks)) is not None:
                return _undated(_miso(found, path, asked, tally, findings))
        if (found := headed(name, sheet, _GRIDSTATUS)) is not None:
            return _undated(_form(found, path, asked, tally, findings))
    told = len(findings.errors)
    if (native := read_native(path, cells, asked, tally, findings)) is not None or len(findings.errors) > told:  # fmt: skip
        return native
    rows = [[folded(str(cell)) for cell in row if str(cell).strip()] for _, sheet in cells for row in sheet.iloc[:9].to_numpy()]  # fmt: skip
    seen = max(rows, key=len, default=[])
    findings.add("PW203", f"no queue is known by the columns {', '.join(seen[:8]) or '(none)'}", file=path,
                 remedy="a table with Queue ID, Queue Date, Status and Generation Type, or the posting of an operator as it is: ERCOT's has INR, CAISO's Queue Position, NYISO's Queue Pos., PJM's Project ID and MFO")  # fmt: skip
    return None


def _undated(frame: pd.DataFrame | None) -> Native | None:
    """Rows of a table that does not say its day."""
    return None if frame is None else Native(frame, None)


def _miso(sheet: Sheet, path: Path, asked: Asked, tally: Tally, findings: Findings) -> pd.DataFrame | None:  # fmt: skip
    """`Done` is the agreement; what is built afterwards stands in Post GIA Status."""
    native = picked(sheet.frame, _MISO, ("queue_id", "status_raw", "queue_date"), path, findings)
    if native is None:
        return None
    tell_unread(sheet.frame, _MISO, path, findings)
    tally.read += len(native)
    zone = OPERATORS["MISO"].zone
    made = texts(native, tally, ("utility", "poi_name", "study_phase", "study_cycle", "study_group", "service_type"))  # fmt: skip
    made["entity"] = asked.entity or "MISO"
    made["status"] = states(native["status_raw"], _MISO_STATUS, tally)
    signed = made["status"] == "agreed"
    for column in ("queue_date", "withdrawn_date", "agreement_date", "proposed_in_service_date"):
        made[column] = queue_days(native[column], tally, zone=zone) if column in native else pd.NA
    for word, count in made["status_raw"][signed & made["agreement_date"].isna()].value_counts().items():  # fmt: skip
        tally.noted[f"{word}, a signed agreement, without its Done Date"] += int(count)
    if "asked_in_service_date" in native:
        filed = queue_days(native["asked_in_service_date"], tally, zone=zone)
        made["proposed_in_service_date"] = made["proposed_in_service_date"].fillna(filed)
    if "built" in native:
        built = native["built"].str.strip()
        made["status_raw"] = made["status_raw"].mask(signed & (built != ""), made["status_raw"] + "; " + built)  # fmt: skip
        made["status"] = made["status"].mask(signed & built.str.lower().str.startswith(_IN_SERVICE), "in_service")  # fmt: skip
        made["status"] = made["status"].mask(signed & (built.str.lower() == "withdrawn"), "withdrawn")  # fmt: skip
    made["capacity_mw"] = larger_mw(native, tally)
    kind = kinds(native["fuel"]) if "fuel" in native else pd.Series("unknown", index=made.index)
    facility = kinds(native["facility"]) if "facility" in native else kind
    made["kind"] = kind.mask(kind == "unknown", facility)
    made["fuel"] = emptied(native["fuel"], tally) if "fuel" in native else pd.NA
    return finished(made, asked, tally, findings, path)


def _form(sheet: Sheet, path: Path, asked: Asked, tally: Tally, findings: Findings) -> pd.DataFrame | None:  # fmt: skip
    native = picked(sheet.frame, _FORM, ("queue_id", "status_raw", "queue_date"), path, findings)
    entity = _entity(sheet.frame, asked, path, findings)
    if native is None or not entity:
        return None
    tell_unread(sheet.frame, _FORM, path, findings)
    tally.read += len(native)
    operator = OPERATORS.get(entity, Operator())
    named = [native[column] for column in ("queue_date", "withdrawn_date", "in_service_date") if column in native]  # fmt: skip
    zone = operator.zone or zone_of(named)
    made = texts(native, tally, ("project_name", "utility", "poi_name", "agreement_status", "study_phase"))  # fmt: skip
    made["entity"] = entity
    done = "agreed" if operator.signed else "in_service"
    made["status"] = states(native["status_raw"], {**_STATUS, "completed": done, "complete": done}, tally)  # fmt: skip
    for column in ("queue_date", "withdrawn_date", "in_service_date", "proposed_in_service_date"):
        made[column] = queue_days(native[column], tally, zone=zone) if column in native else pd.NA
    _ends(made, native, entity, operator, tally)
    made["capacity_mw"], made["note"] = _capacity(native, tally)
    made["kind"] = kinds(made["fuel"])
    if "unit" in native:  # ISO-NE tells pumped storage by its unit alone
        made["kind"] = made["kind"].mask(native["unit"].str.strip() == "PS", "storage")
    if (made["kind"] == "load").any():
        tally.noted["requests of loads, kept apart by `kind`"] += int((made["kind"] == "load").sum())  # fmt: skip
    return finished(made, asked, tally, findings, path)


def _entity(frame: pd.DataFrame, asked: Asked, path: Path, findings: Findings) -> str:
    """The operator, as asked for, else by the columns that only its table has."""
    found = next((name for name, own in OPERATORS.items() if own.marks and set(own.marks) <= set(frame)), "")  # fmt: skip
    known = {name.lower(): name for name in OPERATORS}
    if asked.entity:
        entity = known.get(asked.entity.lower(), asked.entity)
        if found and entity != found:
            findings.add("PW512", f"has the columns of {found}, and is read as {entity}", severity="warning", file=path, remedy=f"leave --entity out, or give {found}")  # fmt: skip
        return entity
    if not found:
        findings.add("PW603", "does not say whose queue it is", file=path, remedy=f"name the operator with --entity: {', '.join(OPERATORS)} or another")  # fmt: skip
    return found


def _ends(made: pd.DataFrame, native: pd.DataFrame, entity: str, operator: Operator, tally: Tally) -> None:  # fmt: skip
    """What the dates of ends mean at this operator; changed in place."""
    if operator.signed:
        stated = made["in_service_date"].notna()
        if entity == "MISO":  # its Done Date, the day of the agreement
            made["agreement_date"] = made["in_service_date"]
        elif stated.any():
            tally.emptied[f"actual_completion_date: not the day of operation at {entity}"] += int(stated.sum())  # fmt: skip
        made["in_service_date"] = pd.Series(pd.NA, index=made.index, dtype="string")
    if "op_date" in native:
        served = made["status"] == "in_service"
        filled = served & made["in_service_date"].isna()
        made["in_service_date"] = made["in_service_date"].mask(filled, queue_days(native["op_date"], tally))  # fmt: skip
        made["in_service_date_basis"] = pd.Series("op_date", index=made.index).where(filled & made["in_service_date"].notna())  # fmt: skip
    for column in ("withdrawn_date", "in_service_date") if operator.last_update else ():
        dated = made[column].notna()
        made[f"{column}_basis"] = pd.Series("last_update", index=made.index).where(dated)
        tally.noted[f"{column} is that of the last update of the row"] += int(dated.sum())


def _capacity(native: pd.DataFrame, tally: Tally) -> tuple[pd.Series, pd.Series]:
    """Capacity of the common form, and what to say of it: its zero may stand for TBD and blanks."""
    season = larger_mw(native, tally)
    note = pd.Series("", index=native.index)
    if "capacity" not in native:
        return season, note
    mw = numbers(native["capacity"], tally)
    seasonal = any(column in native and native[column].str.strip().ne("").any() for column in ("summer_mw", "winter_mw"))  # fmt: skip
    unsaid = (mw == 0) & season.isna() if seasonal else pd.Series(False, index=native.index)
    if unsaid.any():
        tally.emptied["capacity: 0 where the seasonal ones are blank or TBD"] += int(unsaid.sum())
    differs = (mw == 0) & (season > 0)
    if differs.any():
        tally.noted["of 0 MW though a season has more: kept as published"] += int(differs.sum())
    return mw.mask(unsaid), note.mask(differs, "seasonal " + season.map("{:g}".format) + " MW")
