"""Formats: a report as text; the suffix of a file, or a word, names the format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import powerwall
from powerwall.output.files import write_text
from powerwall.output.forge.annotations import github_text
from powerwall.output.forge.junit import junit_text
from powerwall.output.forge.result import WORST_FIRST, Report, Result, Suite
from powerwall.output.forge.sarif import sarif_text
from powerwall.output.forge.summary import markdown_text


def json_text(report: Report) -> str:
    """All results by region; an unknown line or column is null."""
    content = {
        "powerwall": powerwall.__version__,
        "strict": report.strict,
        "regions": [_suite(suite) for suite in report.suites],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _suite(suite: Suite) -> dict[str, object]:
    levels = [item.level for item in suite.results]
    counts = {f"{level}s": levels.count(level) for level in WORST_FIRST}
    return {"region": suite.name, **counts, "findings": [_record(item) for item in suite.results]}


def _record(item: Result) -> dict[str, object]:
    return {
        "code": item.rule, "title": item.title, "severity": item.level, "file": item.file, "line": item.line or None,
        "column": item.column or None, "message": item.message, "remedy": item.remedy,
    }  # fmt: skip


#: Formats that any report has; what `compare` has of its own stands in `compare_files`.
SHARED: dict[str, Callable[[Report], str]] = {
    "github": github_text,
    "sarif": sarif_text,
    "junit": junit_text,
}
_TEXT: dict[str, Callable[[Report], str]] = {"json": json_text, "md": markdown_text, **SHARED}
FORMATS = tuple(_TEXT)
SUFFIXES = {".json": "json", ".md": "md", ".sarif": "sarif", ".xml": "junit"}


def text(report: Report, form: str) -> str:
    """The report in one of `FORMATS`."""
    return _TEXT[form](report)


def save(report: Report, path: Path) -> None:
    """Write a report; the suffix is the format.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    write_text(path, text(report, SUFFIXES[path.suffix.lower()]))
