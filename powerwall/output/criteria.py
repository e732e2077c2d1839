"""Criteria: the registry as a list, and one criterion in full."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from powerwall.criteria.criterion import Criterion


def breakpoints(item: Criterion) -> str:
    """Value function in words: `−12 → 1, 0 → 0.8`."""
    words = ", ".join(f"{x:g} → {v:g}" for x, v in item.value or ()).replace("-", "−")
    if words and item.scale is not None:
        words += f" [{item.scale.unit}], turned into {item.unit} for the request"
    return words or "none: shown, never scored"


def print_criteria(known: Mapping[str, Criterion], to: Console) -> None:
    """All criteria by subject, with unit and default weight."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for header in ("subject", "criterion", "unit", "weight", "what it is"):
        table.add_column(
            header,
            justify="right" if header == "weight" else "left",
            no_wrap=header == "criterion",
            overflow="fold",
        )
    for name, item in known.items():
        table.add_row(item.subject, name, item.unit, f"{item.weight:g}", item.title)
    to.print(table)
    to.print(
        Text(
            "weight: points within the subject where a region is silent; 0 is measured and shown, not counted",
            style="dim",
        )
    )
    to.print("\nNext: powerwall criteria months_late")


def print_criterion(item: Criterion, to: Console) -> None:
    """One criterion in full."""
    to.print(Text(f"{item.name} [{item.unit}]", style="bold"))
    to.print(f"{item.title}.\n")
    rows = [
        ("subject", item.subject), ("weight", f"{item.weight:g}"), ("value", breakpoints(item)), ("why", item.why),
        ("reads", ", ".join(f"{layer} ({', '.join(columns)})" if columns else layer for layer, columns in item.needs.items())),
        ("uncertainty", item.uncertainty), ("best grade", item.grade),
    ]  # fmt: skip
    for label, text in rows:
        if text:
            to.print(f"{label + ':':<13}{text}", soft_wrap=True)
    rest = (inspect.getdoc(item.function) or "").split("\n", 1)
    if len(rest) > 1 and rest[1].strip():
        to.print(rest[1].strip())
