"""Comparison files: what moved between two rankings as JSON, CSV (a row a measure), Markdown, and for forges."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import powerwall
from powerwall.output.compare import (
    Comparison,
    counts,
    gate_line,
    ingredient_cells,
    measure_cells,
    remarks,
    row_cells,
    site_cells,
)
from powerwall.output.files import write_text
from powerwall.output.forge.formats import SHARED
from powerwall.output.forge.moved import RULES, Origin, suite_of_comparison
from powerwall.output.forge.result import Report
from powerwall.output.forge.summary import LIMIT_BYTES, fitting
from powerwall.output.numbers import jsonable, plain
from powerwall.region.findings import shown

_CSV = (
    "site_id", "name", "change", "status_base", "status_head", "rank_base", "rank_head", "rank_shift", "score_base", "score_head",
    "score_delta", "moved_by", "criterion", "unit", "measure_base", "measure_head", "points", "layer_base", "row_base", "layer_head",
    "row_head", "measure_moved_by",
)  # fmt: skip


def json_text(comparison: Comparison) -> str:
    """All of it, sorted as in the tables; unknown is null."""
    changes = comparison.changes
    measures = {str(site): part for site, part in changes.measures.groupby("site_id", sort=True)}
    content = {
        "powerwall": powerwall.__version__,
        "base": comparison.base,
        "head": comparison.head,
        "moved": len(changes.moved),
        "shifts": changes.shifts,
        "gates": [gate._asdict() for gate in comparison.gates],
        "ingredients": _records(changes.ingredients),
        "rows": [row | {"file": shown(row["file"])} for row in _records(changes.rows)],
        "sites": [
            {"site_id": str(site), **row, "measures": _records(measures[str(site)].drop(columns="site_id")) if str(site) in measures else [],
             "effects": _records(changes.effects[changes.effects["site_id"] == site].drop(columns="site_id"))}
            for site, row in zip(changes.moved.index, _records(changes.moved), strict=True)
        ],
        "notes": remarks(changes),
    }  # fmt: skip
    return json.dumps(jsonable(content), ensure_ascii=False, indent=1) + "\n"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def csv_text(comparison: Comparison) -> str:
    """One row for each measure that moved at a site that moved; the site's own columns repeat."""
    changes = comparison.changes
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_CSV)
    for site, row in changes.moved.iterrows():
        lead = [site, *(row[column] for column in _CSV[1:11]), row["why"]]
        mine = changes.measures[changes.measures["site_id"] == site]
        if mine.empty:
            writer.writerow([*map(_cell, lead), *[""] * (len(_CSV) - len(lead))])
        for _, part in mine.iterrows():
            tail = [part[c] for c in ("criterion", "unit", "old", "new", "points", "layer_base", "row_base", "layer_head", "row_head", "why")]  # fmt: skip
            writer.writerow([_cell(cell) for cell in [*lead, *tail]])
    return buffer.getvalue()


def _cell(cell: object) -> str:
    if cell is None or cell is pd.NA:
        return ""
    return plain(float(cell)) if isinstance(cell, float) else str(cell)


def markdown_text(comparison: Comparison, limit: int = LIMIT_BYTES) -> str:
    """Sites, measures, what differs and the gates as Markdown, for a pull request.

    Parameters
    ----------
    limit
        Largest size of the text [bytes of UTF-8]; the gates stay whatever else is left out.
    """
    changes = comparison.changes
    lines: list[str] = []
    if not changes.moved.empty:
        own = changes.moved[changes.moved["change"] != "rank"]
        lines += [counts(changes), ""]
        lines += _table(("site", "name", "status", "rank", "score", "points", "moved by"), [site_cells(str(i), row) for i, row in own.iterrows()])  # fmt: skip
        counted = changes.measures[changes.measures["site_id"].isin(own.index)]
        counted = counted[(counted["points"].abs() >= 0.005) | counted["decides"].astype(bool)]
        lines += _table(("site", "criterion", "measure", "unit", "points", "rests on", "moved by"),
                        [[str(row["site_id"]), *measure_cells(row)] for _, row in counted.iterrows()])  # fmt: skip
    lines += _table(("differs", "sites moved", "statuses", "points at most"), ingredient_cells(changes))  # fmt: skip
    lines += _table(("layer", "row", "column", "old → new", "where", "sites"), row_cells(changes.rows))  # fmt: skip
    last = [f"- {line}" for line in (*remarks(changes), *map(gate_line, comparison.gates))]
    head = [f"# {comparison.lead}", *([""] if lines or last else [])]
    rows = lines if last else lines[:-1]
    return fitting(head, rows, last, limit, "lines; all of them: --format json")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    body = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *body)] + [""]


_TEXT: dict[str, Callable[[Comparison], str]] = {
    ".json": json_text,
    ".csv": csv_text,
    ".md": markdown_text,
}
_FORGE = {".sarif": "sarif", ".xml": "junit"}
SUFFIXES = (*_TEXT, *_FORGE)


def text(comparison: Comparison, form: str, origin: Origin) -> str:
    """The comparison in one of the formats: json, csv, md, github, sarif, junit."""
    if form not in SHARED:
        return _TEXT[f".{form}"](comparison)
    more = shlex.join(["powerwall", "compare", comparison.base, comparison.head, "--format", "md"])
    return SHARED[form](Report("compare", (suite_of_comparison(comparison, origin),), RULES, more))


def save(comparison: Comparison, path: Path, origin: Origin) -> None:
    """Write a comparison; the suffix is the format.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    write_text(path, text(comparison, _FORGE.get(suffix, suffix.removeprefix(".")), origin))
