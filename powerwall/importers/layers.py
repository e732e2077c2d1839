"""Layers: several downloads as one layer, compared with one another and with the region's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from powerwall.criteria.policy.contradictions import contradictions, told
from powerwall.importers.authorities import Authorities
from powerwall.importers.imported import Imported, table_text
from powerwall.importers.moratoria import read_moratoria
from powerwall.importers.ordinances import LAYERS, read_ordinances
from powerwall.region.findings import Findings
from powerwall.region.read import Region, read


def collect(
    source: str, layer: str, files: Sequence[Path], region: Path | None, findings: Findings, as_of: date | None = None
) -> Imported:  # fmt: skip
    """Rows of a layer from all files; where two sources speak of one act and differ, a finding says so.

    Raises
    ------
    BadInput
        If the region cannot be read.
    """
    place = read(region) if region else None
    authorities = Authorities(place)
    found = Imported()
    every: list[tuple[dict[str, str], dict[str, Any]]] = []
    for path in files:
        part = read_moratoria(path, authorities, findings, as_of) if source == "moratoria" else read_ordinances(path, layer, authorities, findings, as_of)  # fmt: skip
        every += [(row, part.places[row[LAYERS[layer][0]]]) for row in part.rows]
        _add(found, part, LAYERS[layer][0], findings, numbered=source == "ordinances")
    if layer == "policy":
        _compare(every, place, findings)
    found.rows.sort(key=lambda row: row[LAYERS[layer][0]])
    return found


def _add(found: Imported, part: Imported, key: str, findings: Findings, *, numbered: bool) -> None:
    """Take the rows of one more file; ids of ours get a number, ids of a source stand once."""
    first = {row[key]: row for row in found.rows}
    for row in part.rows:
        name, place, number = row[key], part.places[row[key]], 1
        while numbered and row[key] in first and first[row[key]] != row:
            number += 1
            row[key] = f"{name}-{number}"
        if row[key] not in first:
            found.rows.append(row)
            found.places[row[key]] = place
        else:
            found.skipped["stands in an earlier file"] += 1
            if first[row[key]] != row:
                findings.add("PW404", f"`{name}` stands in two of the files and differs: the first is kept", severity="warning", **place)  # fmt: skip
    found.skipped += part.skipped
    found.credit += part.credit


def _compare(
    read_rows: Sequence[tuple[Mapping[str, str], Mapping[str, Any]]], region: Region | None, findings: Findings
) -> None:  # fmt: skip
    """Contradictions among what was read, and between it and the region's own rows."""
    own = None if region is None else region.layers.frame("policy")
    rows: list[Mapping[Any, Any]] = [] if own is None else own.to_dict("records")
    before = len(rows)
    rows += [row for row, _ in read_rows]
    for pair in contradictions(rows):
        if pair.second >= before:
            findings.add("PW512", told(rows[pair.first], rows[pair.second], pair.what), severity="warning", remedy="read the act, and keep one row",
                         **read_rows[pair.second - before][1])  # fmt: skip


def csv_text(layer: str, rows: Sequence[Mapping[str, str]]) -> str:
    """A layer as CSV."""
    return table_text(LAYERS[layer], rows)
