"""Backtest files: figures as JSON, CSV (a row a figure) and Markdown; byte-stable."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

import powerwall
from powerwall.output.backtest import heading, knowledge, remarks, sample_lines, sections, verdicts
from powerwall.output.files import write_text
from powerwall.output.numbers import jsonable, plain
from powerwall.ranking.backtest.backtest import Backtest

_LEAD = ("forecast", "ours", "hindsight", "n", "events", "judged")
_CSV = ("table", *_LEAD, "figure", "value", "low", "high")


def provenance(found: Backtest) -> dict[str, Any]:
    """Where the figures come from: version, region, days, seed, and the hash of every file."""
    region = found.replay.region
    request, path = region.request, found.outcomes.path
    return {
        "powerwall": powerwall.__version__,
        "region": region.name,
        "as_of": request.as_of.isoformat(),
        "need_by": request.need_by.isoformat(),
        "mw": request.mw,
        "seed": found.seed,
        "outcomes": {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        "layers": [
            {**cut._asdict(), "as_of": cut.as_of.isoformat() if cut.as_of else None,
             "sha256": region.layers[cut.layer].sha256 if cut.layer in region.layers else None}
            for cut in found.replay.cuts
        ],
    }  # fmt: skip


def json_text(found: Backtest, drawn: str) -> str:
    """All figures and counts; unknown, and what is too few to judge, is null."""
    parts = found.parts
    content = {
        "powerwall": provenance(found),
        "sample": {**found.sample.counts, "sites": len(found.replay.region.sites), "drawn": drawn or None, "statuses": found.statuses},
        "order": _records(found.order),
        "odds": _records(found.odds),
        "brier_parts": None if parts is None else {
            "reliability": parts.reliability, "resolution": parts.resolution, "uncertainty": parts.uncertainty, "within": parts.within,
            "binned": parts.binned, "groups": _records(parts.groups),
        },
        "dates": _records(found.dates),
        "verdicts": verdicts(found),
        "notes": [*knowledge(found), *remarks(found)],
    }  # fmt: skip
    return json.dumps(jsonable(content), ensure_ascii=False, indent=1) + "\n"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def csv_text(found: Backtest, drawn: str) -> str:
    """One row a figure with its interval; a figure that is too few to judge has no value."""
    del drawn  # its words stand in the provenance beside the file
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_CSV)
    for name, frame in (("order", found.order), ("odds", found.odds), ("dates", found.dates)):
        figures = [str(c) for c in frame if c not in _LEAD and not str(c).endswith(("_low", "_high"))]  # fmt: skip
        for row in frame.to_dict("records"):
            lead = [_cell(row.get(key)) for key in _LEAD]
            for figure in figures:
                ends = [row.get(figure + end) for end in ("", "_low", "_high")]
                if pd.notna(ends[0]) or not row["judged"]:
                    writer.writerow([name, *lead, figure, *(_cell(value) for value in ends)])
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return plain(value) if isinstance(value, float) else str(value)


def markdown_text(found: Backtest, drawn: str) -> str:
    """The tables as they are printed, with every column."""
    lines = [f"# {heading(found)}", "", *(f"{line}  " for line in sample_lines(found, drawn)), ""]
    for part in sections(found):
        lines += [f"## {part.heading}", ""]
        lines.append("| " + " | ".join(head.text for head in part.heads) + " |")
        lines.append("|" + "|".join(" ---: " if head.right else " --- " for head in part.heads) + "|")  # fmt: skip
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in part.rows]  # fmt: skip
        lines.append("")
    lines += [f"- {line}".replace("- * ", "- \\* ") for line in (*verdicts(found), *knowledge(found), *remarks(found))]  # fmt: skip
    return "\n".join(lines) + "\n"


_TEXT = {".json": json_text, ".csv": csv_text, ".md": markdown_text}
SUFFIXES = tuple(_TEXT)


def text(found: Backtest, form: str, drawn: str = "") -> str:
    """The figures in one of the text formats: json, csv, md."""
    return _TEXT[f".{form}"](found, drawn)


def save(found: Backtest, path: Path, drawn: str = "") -> None:
    """Write the figures; the suffix decides, and a CSV gets its provenance beside it.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    write_text(path, text(found, suffix.removeprefix("."), drawn))
    if suffix == ".csv":
        about = {**provenance(found), "drawn": drawn or None}
        meta = json.dumps(jsonable(about), ensure_ascii=False, indent=1) + "\n"
        write_text(path.with_name(path.name + ".meta.json"), meta)
