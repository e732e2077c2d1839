"""Screening as a person reads it: the best cells, what removed the others, and what was not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from powerwall.output.numbers import percent, shown
from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.merge import NEAR
from powerwall.region.units import unit_of

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.ranking.screening import Screening
    from powerwall.ranking.screening.merge import Failures


class Row(NamedTuple):
    """One step of the funnel.

    Attributes
    ----------
    step
        What removes.
    hit, alone, left
        Candidates that it hits, that nothing else of its kind hits, and that are left after it.
    margin
        In words, by how much.
    """

    step: str
    hit: int
    alone: int
    left: int
    margin: str


def funnel(found: Screening) -> list[Row]:
    """From all candidates of the boundary to those with a rank; the last `left` are ranked."""
    rows = [Row("candidates", 0, 0, found.removed.within, "")]
    rows += [Row(step.name, step.hit, step.alone, step.left, step.margin_words) for step in found.removed.steps]  # fmt: skip
    rows += [_requirement(item) for item in found.failures]
    few = int((found.merged.status == scoring.UNRANKED).sum())
    if few:
        least = found.screen.in_use.min_coverage
        rows.append(Row(f"known weight < {percent(least)}", few, few, len(found.merged.order), ""))
    return rows


def _requirement(item: Failures) -> Row:
    wanted = item.bound.requirement
    unit = f" {wanted.unit}" if wanted.unit else ""
    words = [f"{item.near:,} by up to {percent(NEAR)}, median {shown(item.median)}{unit} off"] if item.hit else []  # fmt: skip
    words += [f"{item.open:,} unknown, kept"] if item.open else []
    return Row(f"{wanted.name} {wanted.words}", item.hit, item.alone, item.left, "; ".join(words))


def print_screening(found: Screening, to: Console, top: int) -> None:
    """Print heading, the best candidates, the funnel, captions and the next command."""
    to.print(Text(heading(found), style="bold"))
    best = found.top(top)
    hidden: list[str] = []
    if len(best):
        table, hidden = _fitting(found, best, to.width)
        to.print(table)
        if len(found.merged.order) > top:
            to.print(f"and {len(found.merged.order) - len(best):,} more: -o cells.parquet writes all\n")  # fmt: skip
    else:
        to.print("\nno candidate can be ranked\n")
    to.print(_funnel_table(found))
    for line in captions(found, best, hidden):
        to.print(Text(line, style="dim"))
    if len(best):
        to.print(f"\nNext: powerwall explain {found.region.path.as_posix()} {best.index[0]}")


def heading(found: Screening) -> str:
    """One line: where, how many, on what."""
    counts = np.bincount(found.merged.status, minlength=len(scoring.STATUS_WORDS))
    numbers = ", ".join(f"{n:,} {word}" for n, word in zip(counts, scoring.STATUS_WORDS, strict=True) if n)  # fmt: skip
    number = len(found.screen.criteria)
    return f"{found.region.table.title} — screened on {number} declared {'criterion' if number == 1 else 'criteria'}, no power plan made, as of {found.region.request.as_of} ({numbers})"


def _fitting(found: Screening, best: pd.DataFrame, width: int) -> tuple[Table, list[str]]:
    """The table with as many measures as a width holds, the weightiest first."""
    shares = found.screen.in_use.weights.criteria
    names = sorted(found.screen.criteria, key=lambda name: (-shares[name], name))
    measuring = Console(width=10_000, markup=False)  # a header may hold [km]
    kept = list(names)
    while kept and measuring.measure(_table(found, best, kept)).maximum > width:
        kept.pop()
    return _table(found, best, kept), names[len(kept) :]


def _table(found: Screening, best: pd.DataFrame, names: list[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("#", "cell", "score", "lon", "lat"):
        table.add_column(title, justify="left" if title == "cell" else "right", no_wrap=True)
    for name in names:
        table.add_column(_title(found, name), justify="right", no_wrap=True)
    for site_id, row in best.iterrows():
        cells = [shown(float(row[name]), found.screen.criteria[name].unit) for name in names]
        table.add_row(f"{row['rank']:.0f}", str(site_id), _score(row), f"{row['lon']:.3f}", f"{row['lat']:.3f}", *cells)  # fmt: skip
    return table


def _score(row: pd.Series) -> str:
    if row["coverage"] >= 1:
        return f"{row['score']:.1f}"
    return f"{row['score']:.1f} [{row['score_low']:.0f}–{row['score_high']:.0f}]"


def _title(found: Screening, name: str) -> str:
    """Name of a measure in words, with its unit."""
    unit, suffix = found.screen.criteria[name].unit, unit_of(name)
    bare = name.removesuffix(f"_{suffix.suffix}") if suffix else name
    return f"{bare.replace('_', ' ')} [{unit}]" if unit else name.replace("_", " ")


def _funnel_table(found: Screening) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("what removes", "hit", "it alone", "left", "by what margin"):
        table.add_column(title, justify="left" if title in {"what removes", "by what margin"} else "right")  # fmt: skip
    for row in funnel(found):
        first = row.step == "candidates"
        numbers = ["", ""] if first else [f"{row.hit:,}", f"{row.alone:,}"]
        table.add_row(row.step, *numbers, f"{row.left:,}", row.margin)
    return table


def captions(found: Screening, best: pd.DataFrame, hidden: list[str]) -> list[str]:
    """The weights, the spread of the scores, and what the screening did not look at."""
    in_use, merged = found.screen.in_use, found.merged
    shares = sorted(in_use.weights.criteria.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{name} {percent(share)}" for name, share in shares if share)
    whose = f" ({in_use.whose})" if in_use.profile else ""
    lines = _risks(best)
    lines += [f"weights{whose}: {told}; ? is unknown and counts half"]
    if merged.quantiles:
        spread = ", ".join(f"{percent(share)} {score:.1f}" for share, score in merged.quantiles.items() if 0 < share < 1)  # fmt: skip
        lines.append(f"score below which a share of the ranked lie: {spread}")
    if found.screen.left_out:
        lines.append(f"not screened: {', '.join(found.screen.left_out)}; explain measures them at one cell")  # fmt: skip
    if hidden:
        lines.append(f"not shown at this width: {', '.join(hidden)}")
    return lines


def _risks(best: pd.DataFrame) -> list[str]:
    """Requirements that are open at the cells shown."""
    open_ = best.index[best["reasons"] != ""].groupby(best["reasons"][best["reasons"] != ""])
    return [f"{', '.join(map(str, cells))}: {reason}" for reason, cells in open_.items()]
