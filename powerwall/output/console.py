"""Consoles: the answer to stdout, everything else to stderr; no colour off a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from powerwall.region.findings import Finding

_WIDE = 200  # columns off a terminal, where rich would assume 80
_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_PLACES_SHOWN = 3


def console(*, stderr: bool = False, color: bool = True) -> Console:
    """A console as wide as the terminal, or wide enough off one; `COLUMNS` decides where it is set."""
    stream = sys.stderr if stderr else sys.stdout
    plain = not color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDE
    made = Console(
        file=stream,
        stderr=stderr,
        no_color=bool(plain),
        color_system=None if plain else "auto",  # no bold or dim either
        highlight=False,
        width=width,
        soft_wrap=False,
        emoji=False,
        markup=False,
    )
    made.on_broken_pipe = _reader_gone  # type: ignore[method-assign]
    return made


def _reader_gone() -> None:
    """Rich would leave with code 1; a reader that has seen enough is no failure."""
    raise BrokenPipeError


def print_findings(found: Iterable[Finding], to: Console, *, every: bool = False) -> None:
    """Findings grouped by code and message, the most severe last, each with its place and remedy."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    rank = {"note": 0, "warning": 1, "error": 2}
    for item in found:
        groups.setdefault((rank[item.severity], item.code), []).append(item)
    for _, items in sorted(groups.items()):
        shown = items if every else items[:_PLACES_SHOWN]
        for item in shown:
            _print_one(item, to)
        if len(items) > len(shown):
            to.print(
                Text(
                    f"… and {len(items) - len(shown)} more {items[0].code}; --all shows them\n",
                    style="dim",
                )
            )


def _print_one(item: Finding, to: Console) -> None:
    head = Text(f"{item.severity}[{item.code}]", style=_COLOURS[item.severity])
    to.print(head + Text(f": {item.message}"), soft_wrap=True)
    if item.file:
        to.print(Text(f"  --> {item.place}", style="dim"), soft_wrap=True)
        _print_line(item, to)
    if item.remedy:
        to.print(Text(f"  = help: {item.remedy}"), soft_wrap=True)


def _print_line(item: Finding, to: Console) -> None:
    """The line of a TOML file, with a mark under the column."""
    path = Path(item.file)
    if path.suffix != ".toml" or not item.line or not path.is_file():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if item.line <= len(lines):
        line = lines[item.line - 1]
        gutter = " " * len(str(item.line))
        to.print(Text(f"{item.line} | {line[:110]}", style="dim"), soft_wrap=True)
        if item.column and item.column <= len(line) + 1:
            to.print(Text(f"{gutter} | {' ' * (item.column - 1)}^", style="dim"), soft_wrap=True)


def summary(found: Iterable[Finding]) -> str:
    """How many of each severity."""
    counts = {"error": 0, "warning": 0, "note": 0}
    for item in found:
        counts[item.severity] += 1
    parts = [f"{n} {name}{'s' if n != 1 else ''}" for name, n in counts.items() if n]
    return ", ".join(parts) or "no findings"
