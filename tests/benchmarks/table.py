"""The benchmarks as a table for people."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

#: Columns wide enough for a name and its aims, where no terminal says how wide it is.
WIDTH = 170
UNITS = {"seconds": "s", "ratio": "×", "peak_mb": "MB"}


def print_report(report: Mapping[str, Any]) -> None:
    """Print all rows, what they are times of, and the notes below."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH)
    about = report["machine"]
    console.print(
        f"{about['cpu']}, {about['cores']} cores, load {about['load_average']:.2f}, {about['system']}",
        highlight=False,
    )
    told = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    console.print(told, highlight=False)
    if about["load_average"] > about["cores"] / 2:
        console.print("other programs keep this machine busy: trust the ratios, not the times", style="yellow")  # fmt: skip
    table = Table("benchmark", "size", "median", "fastest", "runs", "ratio", "bound", "peak MB", "figures", "aim", box=None, pad_edge=False)  # fmt: skip
    for column in (1, 2, 3, 4, 5, 7):
        table.columns[column].justify = "right"
    for name, rows in report["results"].items():
        table.add_section()
        for row in rows:
            table.add_row(*_cells(name, row))
    console.print(table, highlight=False)
    for rows in report["results"].values():
        for row in rows:
            for note in row["notes"]:
                console.print(f"{row['name']}: {note}", highlight=False, markup=False)
    wrong = [row for rows in report["results"].values() for row in rows if row["wrong"]]
    for row in wrong:
        console.print(f"WRONG  {row['name']}: {row['wrong']}", style="red", highlight=False, markup=False)  # fmt: skip


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["wrong"]:
        return (row["name"], f"{row['size']:,}", "wrong", *[""] * 7)
    ratio = f"{row['ratio']:.3g}" if row["ratio"] else ""
    bound = f"× {row['bound']}" if row["ratio"] else ""
    peak = f"{row['peak_mb']:,.0f}" if row["peak_mb"] else ""
    return (
        row["name"] or name, f"{row['size']:,}" if row["size"] else "", _time(row["seconds"]), _time(row["minimum_s"]),
        str(row["runs"] or ""), ratio, bound, peak, "; ".join(f"{_number(v)} {k}" for k, v in row["figures"].items()), _aims(row),
    )  # fmt: skip


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _aims(row: Mapping[str, Any]) -> str:
    words = []
    for aimed, limit in row["aims"].items():
        reached = row["reached"][aimed]
        sign = "≥" if aimed.endswith("_least") else "≤"
        unit = UNITS.get(aimed, aimed.removesuffix("_least"))
        verdict = {True: "yes", False: "no", None: "?"}[reached]
        words.append(f"{sign} {_number(limit)} {unit}: {verdict}")
    return "; ".join(words)
