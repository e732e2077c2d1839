"""Outcomes: what became of the sites, one row each, checked cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.region.cells import clean_cells
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.region import FileTable
from powerwall.region.schema import LayerSchema
from powerwall.region.tables import CellPlaces, read_csv

DAYS = ("energised_on", "withdrawn_on", "followed_to")
SCHEMA = LayerSchema("what became of each site", "site_id", "none", DAYS, dates=DAYS)


@dataclass(frozen=True)
class Outcomes:
    """What became of the sites.

    Attributes
    ----------
    path
        The file.
    frame
        Index `site_id`, sorted; `energised_on`, `withdrawn_on` and `followed_to` as `date`, the
        first two None where it did not happen by `followed_to`.
    """

    path: Path
    frame: pd.DataFrame


def read_outcomes(path: Path, known: Iterable[str], as_of: date, findings: Findings) -> Outcomes:
    """Read a table of outcomes.

    Parameters
    ----------
    path
        CSV with `site_id, energised_on, withdrawn_on, followed_to`. A month means its last day.
    known
        Ids of the sites of the region.
    as_of
        Day whose knowledge is tested: an outcome on it or before it was known.
    findings
        Takes what was notable.

    Raises
    ------
    BadInput
        With every bad row of the file.
    """
    if not path.is_file():
        near = [p.name for p in path.parent.glob("*.csv")] if path.parent.is_dir() else []
        findings.add("PW201", f"no file {path}", file=path, remedy=did_you_mean(path.name, near))
    findings.raise_errors()
    read = read_csv(path, ",", findings)
    findings.raise_errors()
    assert read is not None  # noqa: S101 — without errors there are cells
    raw, cells = read
    missing = [name for name in (SCHEMA.key, *DAYS) if name not in raw]
    for name in missing:
        findings.add("PW203", f"no column `{name}`", remedy=did_you_mean(name, [str(c) for c in raw]), **cells(None, "header"))  # fmt: skip
    if raw.empty:
        findings.add("PW204", "no outcomes: the file has a header but no rows", file=path, line=1)
    findings.raise_errors()
    table = clean_cells(raw, SCHEMA, FileTable(), cells, {}, findings)
    _check_ids(table, cells, sorted(known), findings)
    # a row with an unreadable date has its finding already
    rows = [_Row(cells, row, record, as_of).dates(findings) for row, record in enumerate(table.to_dict("records")) if _readable(record)]  # fmt: skip
    findings.raise_errors()
    frame = pd.DataFrame(rows, index=pd.Index(table["site_id"], name="site_id"), columns=[*DAYS], dtype=object)  # fmt: skip
    return Outcomes(path, frame.sort_index())


def _check_ids(table: pd.DataFrame, cells: CellPlaces, known: list[str], findings: Findings) -> None:  # fmt: skip
    seen: dict[str, int] = {}
    there = set(known)
    for row, site in enumerate(table["site_id"]):
        place = cells(row, "site_id")
        if not isinstance(site, str):
            findings.add("PW405", "`site_id` is empty", **place)
        elif site in seen:
            first = cells(seen[site])["line"]
            findings.add("PW404", f"`site_id` = {site} stands twice, first in line {first}", remedy="one row a site", **place)  # fmt: skip
        elif site not in there:
            findings.add("PW409", f"the region has no site `{site}` as it was known then", remedy=did_you_mean(site, known), **place)  # fmt: skip
        seen.setdefault(str(site), row)


def _readable(record: dict[str, Any]) -> bool:
    try:
        for name in DAYS:
            parse_span(record[name] if isinstance(record[name], str) else "2000")
    except ValueError:
        return False
    return True


class _Row:
    """One row, and where its findings go."""

    def __init__(self, cells: CellPlaces, row: int, record: dict[str, Any], as_of: date) -> None:
        self.cells, self.row, self.as_of = cells, row, as_of
        self.site = record["site_id"]
        self.day = {name: parse_span(record[name]).last if isinstance(record[name], str) else None for name in DAYS}  # fmt: skip

    def dates(self, findings: Findings) -> list[date | None]:
        """Days of the outcome, and the last day seen, which an outcome stands in for."""
        energised, withdrawn, followed = (self.day[name] for name in DAYS)
        ends = [day for day in (energised, withdrawn) if day is not None]
        if followed is None and not ends:
            self._add(findings, "followed_to", "neither an outcome nor a day to which it was followed", "give the last day on which it was looked at")  # fmt: skip
        for name, day in self.day.items():
            if day is not None and day <= self.as_of:
                self._add(findings, name, f"{name} = {day} is not after the as-of date {self.as_of}",
                          "leave out what was known by then")  # fmt: skip
        if followed is not None and ends and followed < max(ends):
            self._add(findings, "followed_to", f"followed_to = {followed} is before its outcome on {max(ends)}",
                      "the outcome was seen: follow it to that day at least")  # fmt: skip
        if energised is not None and withdrawn is not None and withdrawn < energised:
            self._add(findings, "energised_on", f"energised_on = {energised} is after withdrawn_on = {withdrawn}",
                      "a site that came back was not withdrawn")  # fmt: skip
        return [energised, withdrawn, followed or max(ends, default=None)]

    def _add(self, findings: Findings, column: str, message: str, remedy: str) -> None:
        findings.add("PW518", f"{self.site}: {message}", remedy=remedy, **self.cells(self.row, column))  # fmt: skip
