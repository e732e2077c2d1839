"""Bill: a year's bill as a person reads it, and as a file."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.text import Text

import powerwall
from powerwall.output.columns import Head, fitting_table
from powerwall.output.files import write_text
from powerwall.output.numbers import UNKNOWN, jsonable, plain, shown

if TYPE_CHECKING:
    from powerwall.criteria.cost.billing import Billed

SUFFIXES = (".csv", ".json", ".md")
_LINES = (
    Head("charge", right=False), Head("component", right=False, goes=3), Head("charged on", right=False, goes=2, wraps=True),
    Head("rate", right=False, wraps=True, goes=1), Head("a year"), Head("per MWh"),
)  # fmt: skip


def print_bill(billed: Billed, to: Console) -> None:
    """Print heading, months, what stands behind each charge, and the contract of a stack."""
    to.print(Text(heading(billed), style="bold"), soft_wrap=True)
    heads, rows = month_rows(billed)
    to.print(fitting_table(heads, rows, to.width))
    to.print(fitting_table(_LINES, line_rows(billed), to.width))
    for line in notes(billed):
        to.print(line, soft_wrap=True)


def heading(billed: Billed) -> str:
    """One line: whose, how much, what it comes to."""
    total, mwh = float(billed.months["total_usd"].sum()), float(billed.mwh.sum())
    year = f", contract year {billed.year}" if billed.cost is not None else ""
    return (
        f"{billed.title}: {shown(float(billed.peak_mw.max()))} MW, {mwh:,.0f} MWh{year}: "
        f"{total:,.2f} {billed.currency} a year, {UNKNOWN if math.isnan(billed.per_mwh) else format(billed.per_mwh, '.4f')} {billed.currency}/MWh"
    )


def month_rows(billed: Billed) -> tuple[tuple[Head, ...], list[list[str]]]:
    """Months × charges, empty charges left out, and the year."""
    frame = billed.months.loc[:, (billed.months != 0).any() | (billed.months.columns == "total_usd")]  # fmt: skip
    heads = [Head("month", right=False), Head("MWh", goes=98), Head("peak MW", goes=99)]
    columns = [billed.mwh, billed.peak_mw]
    if billed.billing_mw.size and not np.allclose(billed.billing_mw, billed.peak_mw):
        heads.append(Head("billed MW", goes=97))
        columns.append(billed.billing_mw)
    heads += [
        Head(name.removesuffix("_usd").replace("_", " "), goes=0 if name == "total_usd" else 1 + at)
        for at, name in enumerate(frame)
    ]
    rows = [
        [str(month), *(f"{column[at]:,.1f}" for column in columns), *(f"{usd:,.0f}" for usd in frame.loc[month])]
        for at, month in enumerate(frame.index)
    ]  # fmt: skip
    peaks = [f"{column.max():,.1f}" for column in columns[1:]]
    year = ["year", f"{billed.mwh.sum():,.1f}", *peaks, *(f"{usd:,.0f}" for usd in frame.sum())]
    return tuple(heads), [*rows, year]


def line_rows(billed: Billed) -> list[list[str]]:
    """What stands behind each charge, its sum and its price per MWh."""
    mwh, rows = float(billed.mwh.sum()), []
    for column, line in billed.lines.groupby(level=0, sort=False).first().iterrows():
        usd = float(billed.months[str(column)].sum())
        rows.append([str(column).removesuffix("_usd").replace("_", " "), str(line["component"]), str(line["determinant"]), str(line["rate"]),
                     f"{usd:,.0f}", f"{usd / mwh:,.4f}" if mwh else "?"])  # fmt: skip
    return rows


def notes(billed: Billed) -> list[str]:
    """Terms and the contract of a stack."""
    cost = billed.cost
    if cost is None:
        return []
    found = [f"no terms in it: {billed.unbound}"] if billed.unbound else []
    if (cost.years[0].start.month, cost.years[0].start.day) != (1, 1):
        found.append("each contract year is priced as January to December")
    if cost.terms is not None:
        found.append(
            f"terms {cost.terms.id} ({cost.terms.state}): {cost.terms.words(cost.contract_mw)}"
        )
        found.append(f"minimum bill {shown(cost.minimum_bill_usd_per_month)} {cost.stack.currency} a month, security {shown(cost.collateral_usd)} {cost.stack.currency}")  # fmt: skip
    found.append(f"{len(cost.years)} contract years from {cost.years[0].start}: {cost.levelised_usd_per_mwh():.4f} {cost.stack.currency}/MWh levelised, without cash before energisation")  # fmt: skip
    if cost.bills.held:
        found.append(f"price held beyond its last year: {', '.join(cost.bills.held)}")
    return found


def csv_text(billed: Billed) -> str:
    """Months × charges, as exact as they are."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["month", "energy_mwh", "peak_mw", *billed.months.columns])
    for at, month in enumerate(billed.months.index):
        writer.writerow([month, plain(billed.mwh[at]), plain(billed.peak_mw[at]), *map(plain, billed.months.loc[month])])  # fmt: skip
    return buffer.getvalue()


def json_text(billed: Billed) -> str:
    """All of the bill."""
    months = billed.months.reset_index().to_dict("records")
    lines = billed.lines.reset_index().to_dict("records")
    content = {
        "powerwall": powerwall.__version__, "name": billed.name, "title": billed.title, "currency": billed.currency,
        "contract_year": billed.year if billed.cost is not None else None, "per_mwh": billed.per_mwh,
        "energy_mwh": billed.mwh.tolist(), "peak_mw": billed.peak_mw.tolist(), "billing_mw": billed.billing_mw.tolist(),
        "months": months, "lines": lines, "notes": notes(billed), "findings": [one.message for one in billed.findings],
    }  # fmt: skip
    return json.dumps(jsonable(content), indent=1, ensure_ascii=False) + "\n"


def md_text(billed: Billed) -> str:
    """Heading, months and charges as Markdown."""
    heads, rows = month_rows(billed)
    parts = [f"# {heading(billed)}", _md([head.text for head in heads], rows)]
    parts.append(_md([head.text for head in _LINES], line_rows(billed)))
    return "\n\n".join([*parts, *(f"- {line}" for line in notes(billed))]) + "\n"


def _md(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)])  # fmt: skip


def text(billed: Billed, form: str) -> str:
    """The bill in one of the formats of a file."""
    return {"csv": csv_text, "json": json_text, "md": md_text}[form](billed)


def save(billed: Billed, path: Path) -> None:
    """Write the bill; the suffix is the format."""
    write_text(path, text(billed, path.suffix.lower().removeprefix(".")))
