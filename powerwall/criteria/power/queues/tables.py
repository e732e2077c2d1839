"""Queues: interconnection queues and lists of works, read to one frame of dated requests.

Layouts are recognised by their columns. A row without a usable clock is dropped and counted by
reason, never mended: a queue whose finished rows lack dates looks slower than it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.power.queues.dates import days, texts, zone_of
from powerwall.criteria.power.queues.layouts import EVENTS, LAYOUTS, Layout
from powerwall.criteria.power.queues.panels import COMPONENTS, is_panel, panel_rows
from powerwall.criteria.power.queues.survival import (
    COMPLETED,
    WAITING,
    WITHDRAWN,
    Calibration,
    Fit,
    calibration,
    fit,
)
from powerwall.region.dates import MONTH_DAYS
from powerwall.region.findings import BadInput, Finding, Findings, did_you_mean
from powerwall.region.tables import read_csv

_DELIMITED = (".csv", ".tsv", ".txt")
_SUFFIXES = (*_DELIMITED, ".parquet", ".geojson", ".json")


@dataclass(frozen=True)
class Queue:
    """A queue as read.

    Attributes
    ----------
    rows
        One row a request: queue_id, started_on, ended_on, months, event, mw [MW], dropped (reason
        or empty), then the columns of the file. `ended_on` of a waiting one is the last day seen.
    layout, component
        What kind of table, and which stage of a panel.
    as_of
        Day on which the table, or the view of it, was true.
    notes, findings
        What must be said beside the numbers; what was notable in the file.
    """

    rows: pd.DataFrame
    layout: str
    as_of: date
    component: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def used(self) -> pd.DataFrame:
        """The rows that have a clock."""
        return self.rows[self.rows["dropped"] == ""]


def read_queue(
    path: Path | str, *, component: str | None = None, as_of: date | None = None, events: Path | str | None = None
) -> Queue:  # fmt: skip
    """Read a queue table.

    Parameters
    ----------
    path
        CSV, Parquet or GeoJSON.
    component
        Stage of a panel of monthly reports, one of `COMPONENTS`; other tables have none.
    as_of
        Day whose knowledge counts: what ended later still waits, what was filed later is dropped.
        The last day recorded in the file where it is not given.
    events
        Cancellations of a panel, as a table of its own.

    Raises
    ------
    BadInput
        If the file cannot be read, its layout is unknown, or no row has a clock.
    """
    path, findings = Path(path), Findings()
    table, made = _table(path, findings)
    if table is None:
        raise BadInput(findings.errors)
    table.columns = pd.Index([_name(column) for column in table.columns])
    table = table.loc[:, ~table.columns.duplicated()]
    if is_panel(table):
        chosen = component or "screening_to_energisation"
        if chosen not in COMPONENTS:
            findings.add("PW603", f"no component `{chosen}`", remedy=did_you_mean(chosen, sorted(COMPONENTS)), file=path)  # fmt: skip
            raise BadInput(findings.errors)
        other = None if events is None else _table(Path(events), findings)[0]
        findings.raise_errors()
        rows, day = panel_rows(table, chosen, as_of, other)
        queue = Queue(_clocked(rows, day), "ERCOT monthly reports", day.date(), chosen, (
            "generators, not loads; who leaves the reports unsynchronised counts as withdrawn at its last one",), tuple(findings))  # fmt: skip
    else:
        queue = _read_plain(table, path, component, as_of, made, findings)
    if queue.used.empty:
        reasons = ", ".join(f"{reason} ({n})" for reason, n in dropped(queue.rows).items())
        findings.add(
            "PW204", f"no row has a usable clock: {reasons or 'no report by that day'}", file=path
        )
        raise BadInput(findings.errors)
    return queue


def _read_plain(
    table: pd.DataFrame, path: Path, component: str | None, as_of: date | None, made: date | None, findings: Findings
) -> Queue:  # fmt: skip
    layout = next((item for item in LAYOUTS if set(item.needs) <= set(table.columns)), None)
    if component is not None:
        findings.add("PW603", "only a panel of monthly reports has components", file=path, remedy="leave --component out")  # fmt: skip
    if layout is None:
        some = ", ".join(map(str, table.columns[:8]))
        findings.add("PW203", f"no known queue layout has the columns {some} …", file=path, line=1,
                     remedy="name the columns queue_id, request_date, completed_date, withdrawn_date, status, mw")  # fmt: skip
    if layout is None or findings.errors:
        raise BadInput(findings.errors)
    rows, recorded = _canonical(table, layout)
    notes = [layout.note] if layout.note else []
    if layout.name == "gridstatus" and not texts(_column(table, "actual_completion_date")).any():
        notes.append(
            "the file has no actual completion dates: op_date of the completed rows stands in"
        )
    day = pd.Timestamp(as_of or made or recorded or date.today())  # noqa: DTZ011 — a day, no instant
    return Queue(_clocked(rows, day), layout.name, day.date(), "", tuple(notes), tuple(findings))


def _name(column: object) -> str:
    """Name of a column in lower case, with `_` for whatever is no letter or digit."""
    text = "".join(c if c.isalnum() else "_" for c in str(column).strip().lower())
    return "_".join(part for part in text.split("_") if part)


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series("", index=table.index, dtype=object)


def _canonical(table: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, date | None]:
    """Rows with canonical columns and the reason to drop them, and the last day that the table records."""
    named = (*layout.start, *layout.completed, *layout.withdrawn, *layout.recorded)
    zone = zone_of([_column(table, name) for name in named])
    read = {
        name: days(_column(table, name), zone, _column(table, layout.years[name]) if name in layout.years else None)
        for name in named
    }  # fmt: skip

    def first(names: tuple[str, ...]) -> pd.Series:
        found = pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
        for name in names:
            found = found.fillna(read[name])
        return found

    started, completed, withdrawn = (first(n) for n in (layout.start, layout.completed, layout.withdrawn))  # fmt: skip
    event = _event(_column(table, layout.status), completed, withdrawn, layout)
    ended = completed.where(event == COMPLETED, withdrawn.where(event == WITHDRAWN))
    rows = pd.DataFrame({"queue_id": texts(_column(table, layout.key[0])), "started_on": started, "ended_on": ended,
                         "event": event, "mw": pd.to_numeric(texts(_column(table, layout.mw)), errors="coerce")})  # fmt: skip
    filed = (
        pd.concat([texts(_column(table, name)) for name in layout.start], axis=1).ne("").any(axis=1)
    )
    rows["dropped"] = np.select(
        [started.isna() & filed, started.isna(), event.isna(), (event == COMPLETED) & ended.isna(), (event == WITHDRAWN) & ended.isna()],
        ["impossible request date", "no request date", "unknown status", "completed without a date", "withdrawn without a date"],
        default="",
    )  # fmt: skip
    rows["dropped"] = rows["dropped"].mask(
        (rows["dropped"] == "") & _repeated(table, layout, rows), "duplicate id"
    )
    for group, column in layout.groups.items():
        rows[group] = texts(_column(table, column))
    rest = table[[c for c in table.columns if c not in rows]]
    return pd.concat([rows, rest], axis=1), _last_recorded(
        [started, ended, *(read[n] for n in layout.recorded)]
    )


def _event(status: pd.Series, completed: pd.Series, withdrawn: pd.Series, layout: Layout) -> pd.Series:  # fmt: skip
    words = texts(status).astype("str").str.lower()
    event = words.map(EVENTS).astype(float)
    if layout.dates_decide:
        waits = event.isna() & (words == "") | (event == WAITING)
        event = event.mask(waits & withdrawn.notna(), WITHDRAWN)
        event = event.mask(waits & completed.notna() & ~(withdrawn < completed), COMPLETED)
        event = event.mask((words == "") & event.isna(), WAITING)
    return event


def _repeated(table: pd.DataFrame, layout: Layout, rows: pd.DataFrame) -> pd.Series:
    """Rows that repeat a usable earlier one; a row without an id repeats none."""
    key = pd.concat([texts(_column(table, name)) for name in layout.key], axis=1)
    usable = (rows["dropped"] == "") & (rows["queue_id"] != "")
    return key[usable].duplicated().reindex(table.index, fill_value=False)


def _last_recorded(columns: list[pd.Series]) -> date | None:
    """Last day of the columns that is not in the future."""
    every = pd.concat(columns, ignore_index=True).dropna()
    past = every[every <= pd.Timestamp.today()]
    return None if past.empty else past.max().date()


def _clocked(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Months and events as known on a day, with what has no positive time marked as dropped."""
    rows = rows.copy()
    later = rows["ended_on"].isna() | (rows["ended_on"] > as_of)
    rows["event"] = rows["event"].mask(later & (rows["dropped"] == ""), WAITING)
    if "seen_on" in rows:  # a panel sees each request for the last time in its last report
        last = rows["seen_on"].fillna(as_of)
    else:
        last = pd.Series(as_of, index=rows.index)
    rows["ended_on"] = rows["ended_on"].where(~later, last)
    rows["months"] = (rows["ended_on"] - rows["started_on"]).dt.days / MONTH_DAYS
    usable = rows["dropped"] == ""
    ended = rows["event"] != WAITING
    rows["dropped"] = rows["dropped"].mask(
        usable & ~ended & (rows["months"] <= 0), "filed on the as-of day or later"
    )
    rows["dropped"] = rows["dropped"].mask(
        usable & ended & (rows["months"] < 0), "ends before it starts"
    )
    rows["dropped"] = rows["dropped"].mask(
        usable & ended & (rows["months"] == 0), "ends on the day it starts"
    )
    return rows


def dropped(rows: pd.DataFrame) -> dict[str, int]:
    """Reason → rows that were dropped, the most frequent first."""
    counts = rows.loc[rows["dropped"] != "", "dropped"].value_counts()
    return {str(k): int(n) for k, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def fit_queue(queue: Queue, *, by: str | None = None, since: date | None = None) -> list[Fit]:
    """Fit all requests of a queue, then each group of a column, the largest first.

    Parameters
    ----------
    by
        Column to group by; an empty cell is the group `?`, and a group without a clock is left out.
    since
        Day of the first request that counts.

    Raises
    ------
    BadInput
        If there is no such column, or no request since that day.
    """
    rows, findings = queue.rows, Findings()
    if since is not None:
        rows = rows[~(rows["started_on"] < pd.Timestamp(since))]
    column = None if by is None else _name(by)
    if column is not None and (column not in rows or column in {"months", "event", "dropped"}):
        known = [str(c) for c in rows if c not in {"months", "event", "dropped", "mw", "queue_id"}]
        findings.add("PW603", f"no column `{by}` to group by", remedy=did_you_mean(column, known))
    if not (rows["dropped"] == "").any():
        findings.add("PW603", f"no usable request since {since}")
    findings.raise_errors()
    fits = [_fit(rows, "all")]
    if column is not None:
        names = texts(rows[column]).replace("", "?")
        groups = [_fit(part, str(name)) for name, part in rows.groupby(names, sort=True)]
        fits += sorted((g for g in groups if g.n), key=lambda item: (-item.n, item.group))
    return fits


def _fit(rows: pd.DataFrame, group: str) -> Fit:
    used = rows[rows["dropped"] == ""]
    return fit(used["months"], used["event"], group=group, dropped=dropped(rows))


def calibrate(
    path: Path | str, split: date, until: date, *, component: str | None = None, parts: int = 5
) -> Calibration:
    """Fit on what a table knew on one day, and compare with what it knew on a later one.

    Requests whose later rows have no usable end (an operation without a date) count for neither.

    Raises
    ------
    BadInput
        As `read_queue`.
    ValueError
        If nothing waited or nothing was completed on the first day.
    """
    known = read_queue(path, component=component, as_of=split).used
    later = read_queue(path, component=component, as_of=until)
    event = later.rows.drop_duplicates("queue_id").set_index("queue_id")
    state = known["queue_id"].map(event["event"].where(event["dropped"] == ""))
    known, state = known[state.notna()], state[state.notna()]
    horizon = (pd.Timestamp(later.as_of) - pd.Timestamp(split)).days / MONTH_DAYS
    return calibration(known["months"], known["event"], state == COMPLETED, horizon, parts=parts)


def _table(path: Path, findings: Findings) -> tuple[pd.DataFrame | None, date | None]:
    """Cells of a file, and the day that it says it was made."""
    suffix = path.suffix.lower()
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        remedy = f"name one table in it: {', '.join(inside[:3])}" if inside else "name a table: CSV, Parquet or GeoJSON"  # fmt: skip
        findings.add("PW202", f"{path} is a folder, not a table", file=path, remedy=remedy)
    elif not path.is_file():
        findings.add("PW201", f"no file {path}", file=path)
    elif suffix in {".xlsx", ".xls"}:
        findings.add("PW202", "a workbook is not read", file=path, remedy="export the sheet as CSV (UTF-8)")  # fmt: skip
    elif suffix in _DELIMITED:
        return _csv(path, findings), None
    elif suffix not in _SUFFIXES:
        findings.add("PW202", f"no queue table is read from `{suffix}`", file=path, remedy="CSV, Parquet or GeoJSON")  # fmt: skip
    else:
        try:
            return (pd.read_parquet(path), None) if suffix == ".parquet" else _geojson(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            findings.add("PW202", f"cannot be read as {suffix}: {error}", file=path)
    return None, None


def _csv(path: Path, findings: Findings) -> pd.DataFrame | None:
    """Cells of a CSV; the delimiter is the one that splits the first line most often."""
    head = path.read_bytes()[:100_000].split(b"\n", 1)[0].decode("utf-8", "replace")
    delimiter = max(",;\t|", key=head.count)
    read = read_csv(path, delimiter, findings)
    return None if read is None else read[0]


def _geojson(path: Path) -> tuple[pd.DataFrame, date | None]:
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    rows = [feature["properties"] for feature in content["features"]]
    made = str((content.get("metadata") or {}).get("generated_at", ""))[:10]
    return pd.DataFrame(rows), date.fromisoformat(made) if made else None
