"""Sheets: rate records and tariff stacks in a file, and loads to bill, each with its places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.cost.tariff.bulk import is_bulk_row
from powerwall.criteria.cost.tariff.refusal import Refusal
from powerwall.region.cells import nested_cells
from powerwall.region.findings import Findings
from powerwall.region.json_places import json_places, nearest
from powerwall.region.tables import CellPlaces, read_csv

_KNOWN_KEYS = {"energyratestructure", "flatdemandstructure", "demandratestructure", "fixedchargefirstmeter", "fixedmonthlycharge",
               "coincidentratestructure", "mincharge"}  # fmt: skip
_TO_KW = {"load_kw": 1.0, "kw": 1.0, "load_mw": 1000.0, "mw": 1000.0}


@dataclass(frozen=True)
class Sheet:
    """A rate record or a stack of a file.

    Attributes
    ----------
    name, kind
        How a user names it, and `record` or `stack`.
    content, outer
        Itself, and what the file says for all of its stacks.
    prefix
        Path of its key in the file.
    """

    name: str
    kind: str
    content: Mapping[str, Any]
    outer: Mapping[str, Any]
    path: Path
    prefix: str = ""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    line: int = 0

    def add(self, refusals: tuple[Refusal, ...], findings: Findings) -> None:
        """Record refusals at the place of their key, or of the nearest key above it."""
        for one in refusals:
            # terms stand beside the stacks, everything else below its own
            whole = one.place.startswith(("terms[", self.prefix or "terms["))
            full = one.place if whole else f"{self.prefix}{one.place}"
            line, column = nearest(full, self.places) if self.places else (self.line, 1)
            findings.add("PW516", f"{self.name}: {one.place}: {one.code}: {one.message}", file=self.path, line=line, column=column,
                         remedy=one.remedy)  # fmt: skip


def read_sheets(path: Path, findings: Findings) -> list[Sheet]:
    """All records and stacks of a JSON or CSV file; none where it cannot be read (the findings say why)."""
    if not path.is_file():
        findings.add("PW201", f"no file {path}", file=path, remedy="give a rate record as JSON or CSV, or a file of stacks")  # fmt: skip
        return []
    found = _from_csv(path, findings) if path.suffix.lower() in {".csv", ".tsv"} else _from_json(path, findings)  # fmt: skip
    if not found and not findings.errors:
        findings.add("PW202", "holds no rate record and no tariff stack", file=path, line=1, remedy="a record has `energyratestructure` or another charge, a file of stacks has `stacks`")  # fmt: skip
    return _unique(found)


def _unique(sheets: list[Sheet]) -> list[Sheet]:
    """Sheets by names of their own: the second `a` is `a#2`."""
    count: dict[str, int] = {}
    found = []
    for sheet in sheets:
        count[sheet.name] = number = count.get(sheet.name, 0) + 1
        found.append(sheet if number == 1 else replace(sheet, name=f"{sheet.name}#{number}"))
    return found


def _from_csv(path: Path, findings: Findings) -> list[Sheet]:
    """Rows of the bulk table."""
    read = read_csv(path, "\t" if path.suffix.lower() == ".tsv" else ",", findings)
    if read is None:
        return []
    frame, places = read
    rows = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    if rows and not is_bulk_row(rows[0]):
        findings.add("PW203", "the columns are not those of the rate database's bulk table", **places(None, "header"),
                     remedy="columns such as energyratestructure/period0/tier0rate")  # fmt: skip
        return []
    return [
        Sheet(
            str(row.get("label") or at + 1), "record", row, {}, path, line=int(places(at)["line"])
        )
        for at, row in enumerate(rows)
    ]


def _from_json(path: Path, findings: Findings) -> list[Sheet]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = nested_cells(path.name, json.loads(text), path, findings)
        places = json_places(text)
    except RecursionError:
        findings.add("PW202", "is nested too deeply", file=path, line=1)
        return []
    except UnicodeDecodeError as error:
        findings.add("PW202", f"not UTF-8 at byte {error.start}", file=path, line=1)
        return []
    except json.JSONDecodeError as error:
        findings.add("PW202", f"not valid JSON: {error.msg}", file=path, line=error.lineno, column=error.colno)  # fmt: skip
        return []
    if isinstance(content, Mapping) and isinstance(content.get("stacks"), list):
        outer = {key: value for key, value in content.items() if key != "stacks"}
        return [
            Sheet(str(one.get("stack_id") or one.get("id") or at), "stack", one, outer, path, f"stacks[{at}].", places)
            for at, one in enumerate(content["stacks"]) if isinstance(one, Mapping)
        ]  # fmt: skip
    if isinstance(content, Mapping) and isinstance(content.get("layers"), list):
        return [Sheet(str(content.get("id") or content.get("stack_id") or path.stem), "stack", content, content, path, "", places)]  # fmt: skip
    return [
        Sheet(str(one.get("label") or one.get("name") or path.stem), "record", one, {}, path, prefix, places)
        for prefix, one in _records(content, "")
    ]  # fmt: skip


def _records(content: Any, prefix: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Rate records of an answer of the database, a list, or a document that holds one."""
    if isinstance(content, list):
        return [pair for at, one in enumerate(content) for pair in _records(one, f"{prefix.removesuffix('.')}[{at}].")]  # fmt: skip
    if not isinstance(content, Mapping):
        return []
    if _KNOWN_KEYS & {str(key).lower() for key in content}:
        return [(prefix, content)]
    inside = ("items", "rate", "urdb_response", "ElectricTariff")
    return [pair for key in inside if key in content for pair in _records(content[key], f"{prefix}{key}.")]  # fmt: skip


def read_load(path: Path, findings: Findings) -> np.ndarray | None:
    """A load from a CSV with a column load_kw or load_mw, one row a step. [kW]"""
    if not path.is_file():
        findings.add("PW201", f"no file {path}", file=path, remedy="a CSV with a column load_kw")
        return None
    read = read_csv(path, ",", findings)
    if read is None:
        return None
    frame, places = read
    named = [name for name in frame if str(name).strip().lower() in _TO_KW]
    if len(named) != 1:
        findings.add("PW203", f"needs one column of power; columns found: {', '.join(map(str, frame.columns))}", **places(None, "header"),
                     remedy="call it load_kw, or load_mw")  # fmt: skip
        return None
    values = pd.to_numeric(frame[named[0]], errors="coerce").to_numpy(dtype=float)
    _check_cells(frame[named[0]], values, places, str(named[0]), findings)
    if findings.errors:
        return None
    return values * _TO_KW[str(named[0]).strip().lower()]


def _check_cells(cells: pd.Series, values: np.ndarray, places: CellPlaces, name: str, findings: Findings) -> None:  # fmt: skip
    """No gap and nothing below zero is a load."""
    for row in np.flatnonzero(~np.isfinite(values))[:20]:
        findings.add("PW401", f"`{cells.iloc[row]}` is no power", **places(int(row), name), remedy="a load has no gaps")  # fmt: skip
    for row in np.flatnonzero(values < 0)[:20]:
        findings.add("PW402", f"{values[row]:g} is no power that is taken", **places(int(row), name), remedy="generation is not part of a load")  # fmt: skip
