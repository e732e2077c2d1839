"""Annotations: workflow commands, which a forge shows beside the lines of a pull request."""

from __future__ import annotations

from powerwall.output.forge.result import (
    HELD,
    UNMEASURED,
    WORST_FIRST,
    Report,
    Result,
    counted,
    without_control,
    worst_first,
)

LIMIT = 10  # of each level a step: GitHub docs, "Workflow commands", annotation limits
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github_text(report: Report) -> str:
    """One command a result, the worst first, then what was left out, then one line a region.

    Examples
    --------
    A line is `::error file=a.csv,line=2,title=PW402 out of range::7 is over 1`.
    """
    shown, left = _chosen(report.found)
    lines = [_command(item) for item in shown]
    if left:
        words = f"{counted(left)} more than a forge shows of a step; all of them: {report.more}"
        lines.append(f"::notice title={_property(f'powerwall {report.verb}')}::{_data(words)}")
    for suite in report.suites:
        gates = [f"gate {item.rule} {item.level}" for item in suite.results if item.level in (HELD, UNMEASURED)]  # fmt: skip
        said = "; ".join([counted(i for i in suite.results if i.level in WORST_FIRST) or suite.empty, *gates])  # fmt: skip
        lines.append(_data(f"powerwall {report.verb}: {suite.name}: {said}"))
    return "\n".join(lines) + "\n"


def _chosen(results: list[Result]) -> tuple[list[Result], list[Result]]:
    """What is shown and what is left out, which takes the place of one notice."""
    levels = [worst_first(item for item in results if item.level == level) for level in WORST_FIRST]
    cut = any(len(items) > LIMIT for items in levels)
    most = [LIMIT, LIMIT, LIMIT - 1 if cut else LIMIT]
    shown = [item for items, n in zip(levels, most, strict=True) for item in items[:n]]
    left = [item for items, n in zip(levels, most, strict=True) for item in items[n:]]
    return shown, left


def _command(item: Result) -> str:
    place = {"file": item.file, "line": item.line, "col": item.column if item.line else 0}
    properties = {**place, "title": item.heading}
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)  # fmt: skip
    text = f"{item.message}\n{item.remedy}" if item.remedy else item.message
    return f"::{_COMMANDS[item.level]} {given}::{_data(text)}"


def _data(text: str) -> str:
    """Escaped as the runner reads it back: actions/toolkit, packages/core/src/command.ts."""
    return without_control(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
