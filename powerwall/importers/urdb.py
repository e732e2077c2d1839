"""URDB: records of the U.S. Utility Rate Database as tariff stacks of a region."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from powerwall.criteria.cost.sheets import Sheet, read_sheets
from powerwall.criteria.cost.tariff import Tariff, TariffRefusal, read_urdb
from powerwall.criteria.cost.tariff.bulk import is_bulk_row, record_of
from powerwall.region.findings import Findings

_NUMBERS = re.compile(r"\[\s+((?:-?[\d.]+,?\s+)+)\]")  # a list of numbers, which stands on one line
#: Service of a record → what its one layer covers. A record that does not say covers the wires alone.
_COMPONENTS = {"bundled": "bundled", "delivery with standard offer": "bundled", "energy": "energy"}
_SOURCE = {"title": "U.S. Utility Rate Database (OpenEI)", "path": "https://openei.org/wiki/Utility_Rate_Database"}  # fmt: skip


@dataclass
class ImportedStacks:
    """Stacks, and what became of the other records."""

    stacks: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        """A file of stacks, one key a line."""
        content = {"format": "powerwall-tariff-stacks/1", "currency": "USD", "stacks": self.stacks, "sources": {"urdb": _SOURCE}}  # fmt: skip
        text = json.dumps(content, indent=1, ensure_ascii=False)
        return _NUMBERS.sub(lambda row: f"[{' '.join(row[1].split())}]", text) + "\n"


def read_rates(files: Sequence[Path], findings: Findings, utility: str = "", as_of: date | None = None) -> ImportedStacks:  # fmt: skip
    """Records of all files, each as a stack of one layer; what cannot be billed is left out with its reasons.

    Parameters
    ----------
    utility
        Id of the utility in the region; "" writes `eia-` and the number of the record.
    as_of
        Day from which a record's age is judged; without it none is graded better than C.
    """
    found, seen = ImportedStacks(), set[str]()
    for path in files:
        for sheet in read_sheets(path, findings):
            record = record_of(sheet.content) if is_bulk_row(sheet.content) else dict(sheet.content)
            if sheet.name in seen:
                found.skipped["stands in an earlier record"] += 1
                continue
            seen.add(sheet.name)
            try:
                tariff = read_urdb(record, as_of=as_of)
            except TariffRefusal as refusal:
                _warn(sheet, refusal, findings)
                found.skipped["cannot be billed"] += 1
                continue
            _notes(sheet, tariff, findings)
            found.stacks.append(_stack(sheet.name, record, tariff, utility, as_of))
    return found


def _warn(sheet: Sheet, refusal: TariffRefusal, findings: Findings) -> None:
    """Reasons of one record; the others are still written."""
    errors = Findings()
    sheet.add(refusal.refusals, errors)
    for one in errors:
        findings.add(one.code, one.message, severity="warning", file=one.file, line=one.line, column=one.column, remedy=one.remedy)  # fmt: skip


def _notes(sheet: Sheet, tariff: Tariff, findings: Findings) -> None:
    for one in tariff.findings:
        findings.add(one.code, f"{sheet.name}: {one.message}", severity="note", file=sheet.path, line=sheet.line)  # fmt: skip


def _stack(name: str, record: dict[str, Any], tariff: Tariff, utility: str, as_of: date | None) -> dict[str, Any]:  # fmt: skip
    """A stack of one record."""
    component = _COMPONENTS.get(tariff.service, "distribution")
    words = {one.message.split(": ")[1] for one in tariff.findings}
    weak = as_of is None or words & {"stale", "retired", "riders-in-prose"}
    layer: dict[str, Any] = {"id": "sheet", "kind": "urdb", "component": component, "status": "secondary", "source": "urdb"}  # fmt: skip
    if not tariff.service:
        layer["note"] = "The record does not say whether it holds supply: write component bundled if it does."  # fmt: skip
    title = ", ".join(part for part in (tariff.utility, tariff.name) if part) or name
    limits = {"mw_min": "peakkwcapacitymin", "mw_max": "peakkwcapacitymax"}
    applies = {key: mw for key, kw in limits.items() if (mw := _mw(record.get(kw))) > 0}
    return {
        "stack_id": name, "utility_id": utility or f"eia-{record.get('eiaid', 'unknown')}", "title": title, "grade": "C" if weak else "B",
        **({"applies": applies} if applies else {}), "layers": [layer | {"rate": record}],
    }  # fmt: skip


def _mw(kw: Any) -> float:
    """A limit in MW; 0 where there is none."""
    try:
        return float(kw) / 1000
    except (TypeError, ValueError):
        return 0.0
