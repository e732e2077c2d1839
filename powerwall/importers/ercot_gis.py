"""ERCOT GIS: monthly workbooks of the Generator Interconnection Status report → rows of `queue`.

The header is found by its cell `INR`, wherever the notes above end, and goes on for as many rows as
there are before the first project. Details tell studies, agreement and approvals; the sheets of
events tell operation, inactivity and cancellation, and the projects that left the details. Of
several workbooks the latest word counts, a re-issue before the first issue of its month.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_rows import KEY, finished
from powerwall.importers.queue_words import kinds
from powerwall.importers.sheets import emptied, numbers
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings

Cells = list[tuple[str, pd.DataFrame]]

_INR = r"^\d\dINR\d{4}[A-Za-z]?$"
_HEADER_WITHIN = 80  # rows of a sheet: notes above the table have grown to thirty
#: Column of the layer → how the joined texts of its header begin.
_DETAILS = {
    "queue_id": ("inr",), "project_name": ("project name",), "status_raw": ("gim study phase", "ginr study phase"),
    "developer": ("interconnecting entity",), "poi_name": ("poi location",), "county_raw": ("county",), "zone": ("cdr reporting zone",),
    "proposed_in_service_date": ("projected cod",), "fuel": ("fuel",), "technology": ("technology",), "capacity_mw": ("capacity (mw)",),
    "site_control_date": ("approval date for submission of proof of site control",), "queue_date": ("screening study started",),
    "study_requested_date": ("fis requested",), "agreement_date": ("ia signed",), "financial_security": ("financial security",),
    "energised_date": ("approved for energization",), "synchronised_date": ("approved for synchronization",), "ready_date": ("model ready date",),
}  # fmt: skip
_EVENTS = {
    "queue_id": ("inr",), "project_name": ("project name",), "fuel": ("fuel",), "county_raw": ("county",), "capacity_mw": ("mw",),
    "category": ("commissioning category",), "event_date": ("approval date", "inactive date", "cancel date"), "size": ("size category",),
}  # fmt: skip
_DATES = ("proposed_in_service_date", "site_control_date", "queue_date", "study_requested_date", "agreement_date", "energised_date", "synchronised_date", "ready_date")  # fmt: skip
#: Codes of fuels, and of technologies that name the fuel better.
FUELS = {
    "BIO": "Biomass", "COA": "Coal", "GAS": "Gas", "GEO": "Geothermal", "HYD": "Hydrogen", "NUC": "Nuclear", "OIL": "Oil", "OTH": "Other",
    "PET": "Petcoke", "SOL": "Solar", "WAT": "Water", "WIN": "Wind",
}  # fmt: skip
TECHNOLOGIES = frozenset({"BA", "CC", "CE", "CP", "EN", "FC", "GT", "HY", "IC", "OT", "PV", "ST", "WT"})  # fmt: skip
_REVISION = re.compile(r"(revised|correct(?:ion|ed)?)[ _]*(\d*)", re.IGNORECASE)
_MONTH = re.compile(r"(january|february|march|april|may|june|july|august|september|october|november|december)[ _]*(\d{4})", re.IGNORECASE)  # fmt: skip
_ACTIVITY = re.compile(r"GIM Activity:.*?to\s+([A-Z][a-z]{2}) \d{1,2}, (\d{4})")


class Report(NamedTuple):
    """One workbook: the last day of its month ("" unknown), its place among re-issues, its rows."""

    day: str
    revision: int
    details: pd.DataFrame
    events: pd.DataFrame

    @property
    def order(self) -> tuple[str, int]:
        """The later one counts."""
        return self.day, self.revision


def is_report(cells: Cells) -> bool:
    """Whether a workbook is one of these reports."""
    return any("project details" in name.lower() and _header(sheet) >= 0 for name, sheet in cells)


def read_reports(
    files: Sequence[tuple[Path, Cells]], asked: Asked, tally: Tally, findings: Findings
) -> Delivery:
    """Projects of one or several reports, one row a project."""
    reports = sorted((_report(path, cells, tally) for path, cells in files), key=lambda report: report.order)  # fmt: skip
    details = pd.concat([report.details.assign(issue=n) for n, report in enumerate(reports)], ignore_index=True)  # fmt: skip
    events = pd.concat([report.events for report in reports], ignore_index=True)
    latest = details["issue"] == details.groupby("queue_id")["issue"].transform("max")
    if not latest.all():
        tally.left_out["stands in a later report"] += int((~latest).sum())
    rows = _with_events(details[latest], events, len(reports) - 1, tally)
    rows["entity"] = "ERCOT"
    rows = rows.drop(columns=["issue", "ready_date"], errors="ignore")
    made = finished(rows, asked, tally, findings, files[-1][0])
    day = date.fromisoformat(reports[-1].day) if reports[-1].day else None
    note = "generators and storage; who left the reports has no queue_date in one of them, so no share of withdrawals comes of it"  # fmt: skip
    return Delivery(made, KEY, day, note)


def _report(path: Path, cells: Cells, tally: Tally) -> Report:
    day, revision = _issue(path, cells)
    details, events = [], []
    for name, sheet in cells:
        plain = name.lower()
        if "project details" in plain:
            size = "small_gen" if "small" in plain else "large_gen"
            details.append(_details(table(sheet, _DETAILS, tally), tally).assign(report_sheet=size))  # fmt: skip
        for word, kind in (("commissioning update", "commissioned"), ("inactive projects", "inactive"), ("cancellation update", "cancelled")):  # fmt: skip
            if word in plain:
                events.append(_events(table(sheet, _EVENTS, tally), tally).assign(event=kind))  # fmt: skip
        if plain.startswith("correction"):
            tally.noted["sheets of corrections: the workbook is a re-issue"] += 1
    none = pd.DataFrame(columns=[*_EVENTS, "event"], dtype="string")
    return Report(day, revision, pd.concat(details, ignore_index=True), pd.concat([none, *events], ignore_index=True))  # fmt: skip


def _issue(path: Path, cells: Cells) -> tuple[str, int]:
    """Last day of the month, by the contents or the file's name, and which issue of it this is."""
    text = " ".join(str(cell) for name, sheet in cells if name.lower() == "contents" for cell in sheet.to_numpy().ravel())  # fmt: skip
    found = _ACTIVITY.search(text) or _MONTH.search(path.stem)
    if found is None:
        return "", 0
    month = pd.to_datetime(f"{found[1][:3].title()} {found[2]}", format="%b %Y")
    issue = _REVISION.search(path.stem)
    revision = 0 if issue is None else int(issue[2] or 1)
    if revision == 0 and any(name.lower().startswith("correction") for name, _ in cells):
        revision = 1
    return parse_span(f"{month:%Y-%m}").last.isoformat(), revision


def _header(sheet: pd.DataFrame) -> int:
    """Row whose cell says INR; -1 where none does."""
    top = sheet.iloc[:_HEADER_WITHIN].astype(str).apply(lambda column: column.str.strip().str.upper())  # fmt: skip
    rows = (top == "INR").any(axis=1).to_numpy()
    return int(rows.argmax()) if rows.any() else -1


def table(sheet: pd.DataFrame, names: dict[str, tuple[str, ...]], tally: Tally) -> pd.DataFrame:
    """Rows of projects under canonical names; the header is every row from INR to the first below it.

    Columns that no name begins with stay, under the joined texts of their header.
    """
    at = _header(sheet)
    if at < 0:  # `No cancelled projects during …`
        return pd.DataFrame(columns=list(names), dtype="string")
    place = int((sheet.iloc[at].astype(str).str.strip().str.upper() == "INR").to_numpy().argmax())
    inr = sheet.iloc[:, place].astype(str).str.strip()
    below = pd.RangeIndex(len(sheet)) > at
    is_row = inr.str.fullmatch(_INR).to_numpy() & below
    # a header goes on while its column of INR is blank
    first = int(((inr != "").to_numpy() & below).argmax()) if is_row.any() else at + 1
    heads = sheet.iloc[at:first].astype(str)
    joined = [re.sub(r"\s+", " ", " ".join(heads.iloc[:, n])).strip().lower() for n in range(sheet.shape[1])]  # fmt: skip
    other = (sheet.iloc[first:].astype(str) != "").sum(axis=1) > 2
    lost = int((other & ~is_row[first:]).sum()) if is_row.any() else 0
    if lost:
        tally.left_out["a unit without an INR number"] += lost
    tally.read += int(is_row.sum()) + lost
    taken = [next((name for name, begins in names.items() if text.startswith(begins)), text) for text in joined]  # fmt: skip
    keep = [n for n, name in enumerate(taken) if name and name not in taken[:n]]
    body = sheet.iloc[is_row, keep].astype(str)
    return body.set_axis([taken[n] for n in keep], axis=1).reset_index(drop=True)


def _details(native: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    made = pd.DataFrame({"queue_id": native["queue_id"].str.strip()})
    for column in ("project_name", "status_raw", "developer", "poi_name", "county_raw", "zone", "financial_security"):  # fmt: skip
        if column in native:
            made[column] = emptied(native[column].str.replace(r"\s+", " ", regex=True), tally)
    for column in _DATES:
        if column in native:
            made[column] = queue_days(native[column], tally)
    made["capacity_mw"] = numbers(native["capacity_mw"], tally)
    made["technology"], code = (native[column].str.strip() for column in ("technology", "fuel"))
    for what, codes, known in (("fuel", code, FUELS.keys()), ("technology", made["technology"], TECHNOLOGIES)):  # fmt: skip
        for word, count in codes[~codes.isin(list(known)) & (codes != "")].value_counts().items():
            tally.noted[f"of {what} code `{word}`, which is not in the report's list"] += int(count)
    battery = (code == "OTH") & (made["technology"] == "BA")
    made["fuel"] = code.map(FUELS).fillna(code).mask(battery, "Battery").mask(code == "")
    made["kind"] = kinds(made["fuel"])
    made["state"] = "TX"
    return made


def _events(native: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    made = native.reindex(columns=list(_EVENTS)).astype("string")
    made["queue_id"] = made["queue_id"].str.strip()
    made["event_date"] = queue_days(made["event_date"].fillna(""), tally)
    made["capacity_mw"] = numbers(made["capacity_mw"].fillna(""), tally)
    return made


def _with_events(details: pd.DataFrame, events: pd.DataFrame, last: int, tally: Tally) -> pd.DataFrame:  # fmt: skip
    """States and dates of the events, and a row for each project that only they name."""
    category = events["category"].astype("string").str.lower().fillna("")
    told = {
        "in_service_date": events[(events["event"] == "commissioned") & category.str.startswith("commercial operation")],
        "energised_date": events[(events["event"] == "commissioned") & category.str.startswith("energization")],
        "withdrawn_date": events[events["event"] == "cancelled"], "inactive_date": events[events["event"] == "inactive"],
    }  # fmt: skip
    if revoked := int(category.str.contains("revoked").sum()):
        tally.noted["approvals to synchronise revoked"] += revoked
    missing = events[~events["queue_id"].isin(details["queue_id"])].drop_duplicates("queue_id", keep="last")  # fmt: skip
    only = missing[["queue_id", "project_name", "fuel", "county_raw", "capacity_mw"]].copy()
    only["status_raw"] = missing["event"].map({"inactive": "Inactive", "cancelled": "Cancelled"}).fillna(missing["category"])  # fmt: skip
    only = only.assign(report_sheet=missing["event"], state="TX", issue=last)
    only["kind"] = kinds(only["fuel"]).mask(only["fuel"].str.strip().str.lower() == "other", "unknown")  # fmt: skip
    if len(only):
        tally.noted["known from the sheets of events alone"] += len(only)
    double = len(events) - len(missing)
    if double:
        tally.left_out["an event, which its project's row tells"] += double
    rows = pd.concat([details, only], ignore_index=True)
    for column, own in told.items():
        days = own.drop_duplicates("queue_id", keep="last").set_index("queue_id")["event_date"]
        stated = rows[column] if column in rows else pd.Series(pd.NA, index=rows.index, dtype="string")  # fmt: skip
        rows[column] = stated.astype("string").fillna(rows["queue_id"].map(days).astype("string"))
    return _stood(rows, last, tally)


def _stood(rows: pd.DataFrame, last: int, tally: Tally) -> pd.DataFrame:
    """How far each project got; one that left the reports without an event is unknown."""
    status = pd.Series("active", index=rows.index, dtype="string")
    approved = (
        rows["status_raw"].fillna("").str.lower().str.startswith("synchronization approved by")
    )
    synchronised = approved | (rows["synchronised_date"].notna() if "synchronised_date" in rows else False)  # fmt: skip
    reached = (("agreed", rows["agreement_date"].notna()), ("energised", rows["energised_date"].notna() | synchronised), ("in_service", rows["in_service_date"].notna()))  # fmt: skip
    for state, there in reached:
        status = status.mask(there, state)
    gone = rows["issue"] < last
    inactive = rows["inactive_date"].notna() & (gone | (rows["report_sheet"] == "inactive"))
    status = status.mask(gone & ~status.isin(["in_service", "energised"]), "unknown")
    status = status.mask(inactive, "suspended").mask(rows["withdrawn_date"].notna(), "withdrawn")
    if lost := int((gone & (status == "unknown")).sum()):
        tally.noted["in an earlier report and not in the last, without a word why"] += lost
    return rows.assign(status=status)
