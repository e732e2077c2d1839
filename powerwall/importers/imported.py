"""Imported: rows on their way from a public table into a layer, and what became of the others."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

POLICY = (
    "policy_id", "jurisdiction_id", "jurisdiction", "kind", "subject", "action_date", "effective_from", "effective_to", "duration",
    "duration_kind", "policy_status", "effect", "trigger_mw", "project_mw", "summary", "source_title", "source_url", "as_of", "status", "note",
)  # fmt: skip


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


def policy_row(**cells: str) -> dict[str, str]:
    """A row of the layer `policy`; what is not given is blank."""
    return {column: cells.get(column, "") for column in POLICY}


def left_out(found: Imported, why: str) -> dict[str, str] | None:
    """No row, and the reason counted."""
    found.skipped[why] += 1
    return None


def number(text: str) -> float:
    """A number of a public table; NaN where the cell holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def table_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of a layer as CSV, its columns in their usual order."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
