"""Layers: several downloads as one layer, compared with one another and with the region's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from powerwall.criteria.policy.contradictions import contradictions, told
from powerwall.importers.authorities import Authorities
from powerwall.importers.moratoria import Imported, read_moratoria
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
    key = LAYERS[layer][0]
    for path in files:
        part = read_moratoria(path, authorities, findings, as_of) if source == "moratoria" else read_ordinances(path, layer, authorities, findings, as_of)  # fmt: skip
        for row in part.rows:
            if row[key] in found.places:
                findings.add("PW404", f"`{row[key]}` stands in two of the files: the first is kept", severity="warning", **part.places[row[key]])  # fmt: skip
                continue
            found.rows.append(row)
            found.places[row[key]] = part.places[row[key]]
        found.skipped += part.skipped
        found.credit += part.credit
    if layer == "policy":
        _compare(found, place, findings)
    found.rows.sort(key=lambda row: row[key])
    return found


def _compare(found: Imported, region: Region | None, findings: Findings) -> None:
    """Contradictions among what was read, and between it and the region's own rows."""
    own = None if region is None else region.layers.frame("policy")
    ids = {row["policy_id"] for row in found.rows}
    kept = (
        []
        if own is None
        else [row for row in own.to_dict("records") if row["policy_id"] not in ids]
    )
    rows: list[Mapping[Any, Any]] = [*kept, *found.rows]
    for pair in contradictions(rows):
        second = rows[pair.second]
        if str(second["policy_id"]) in ids:
            findings.add("PW512", told(rows[pair.first], second, pair.what), severity="warning", remedy="read the act, and keep one row",
                         **found.places[str(second["policy_id"])])  # fmt: skip


def csv_text(layer: str, rows: Sequence[Mapping[str, str]]) -> str:
    """A layer as CSV, its columns in their usual order."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, LAYERS[layer], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
