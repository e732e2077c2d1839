"""Fit: what a queue says, as a table, CSV, JSON or Markdown."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

import powerwall
from powerwall.criteria.power.queues.survival import FEW_EVENTS, HORIZONS, MANY_WAITING, Fit
from powerwall.criteria.power.queues.tables import Queue
from powerwall.output.columns import Head, fitting_table
from powerwall.output.files import write_text
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent, plain, shown

SUFFIXES = (".json", ".csv", ".md")
_GROUPS_SHOWN = 20
_NAME_WIDTH = 24
_YEARS = "/".join(f"{h / 12:g}" for h in HORIZONS)
_FLAGS = {
    "many_waiting": f"more than {percent(MANY_WAITING)} still wait, so times given completion are those of the quick ones",
    "few_completed": f"fewer than {FEW_EVENTS} completed: too few to fit, so the times are unknown",
}
_SENTENCES = (
    "P50, P90 and sigma are a censored lognormal: how long it takes were nothing ever withdrawn; take the spread from it, no odds",
    f"% completed and % withdrawn are cumulative incidences after {_YEARS} years; {UNKNOWN} lies beyond the longest time seen",
)  # fmt: skip
_WHAT = (Head("group", right=False), Head("n"), Head("completed", goes=1), Head("withdrawn", goes=2), Head("waiting", goes=3),
         Head("% completed"), Head("% withdrawn"))  # fmt: skip
_HOW_LONG = (Head("group", right=False), Head("P50 months"), Head("P90 months", goes=1), Head("sigma"),
             Head("P10/P50/P90 months if completed"), Head("median months if completed", goes=2), Head("withdrawn a month, %", goes=3))  # fmt: skip


def heading(queue: Queue, name: str) -> str:
    """One line: which file, what kind, as of when."""
    stage = f", {queue.component.replace('_', ' ')}" if queue.component else ""
    return f"{name}: {queue.layout}{stage}, as of {queue.as_of}"


def percentages(shares: Sequence[float]) -> str:
    """Shares in per cent with `/` between them; one decimal below 10 %."""
    return "/".join(_percentage(100 * share) for share in shares)


def _percentage(value: float) -> str:
    if math.isnan(value):
        return UNKNOWN
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:.0f}"


def _what(item: Fit) -> list[str]:
    return [_short(item.group), f"{item.n:,}", f"{item.completed:,}", f"{item.withdrawn:,}", f"{item.waiting:,}",
            percentages(item.cif_completed), percentages(item.cif_withdrawn)]  # fmt: skip


def _known_times(item: Fit) -> Fit:
    """The fit without the times that too few completed requests cannot tell."""
    if "few_completed" not in item.flags:
        return item
    return replace(item, p50_months=math.nan, p90_months=math.nan, sigma=math.nan, completed_median_months=math.nan,
                   given_completion=(math.nan,) * len(item.given_completion))  # fmt: skip


def _how_long(item: Fit) -> list[str]:
    item = _known_times(item)
    given = "/".join(shown(m) for m in item.given_completion) if item.completed else NOT_APPLICABLE
    return [_short(item.group), shown(item.p50_months), shown(item.p90_months), shown(item.sigma), given,
            shown(item.completed_median_months), shown(100 * item.exit_per_month)]  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"


def remarks(queue: Queue, fits: Sequence[Fit]) -> list[str]:
    """What must be read beside the numbers: flags, notes of the layout, what the two models answer."""
    return [*_flagged(fits), *queue.notes, *_SENTENCES]


def _flagged(fits: Sequence[Fit]) -> list[str]:
    """One line a flag: which groups, and what it means for them."""
    lines = []
    for flag, text in _FLAGS.items():
        names = [item.group for item in fits if flag in item.flags]
        if names:
            some = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
            lines.append(f"{some}: {text}")
    return lines


def print_fit(queue: Queue, fits: Sequence[Fit], path: Path, to: Console) -> None:
    """Print what became of the requests, how long it took, and which rows could not be used."""
    few = fits[:_GROUPS_SHOWN]
    to.print(Text(heading(queue, path.name), style="bold"))
    to.print(fitting_table(_WHAT, [_what(item) for item in few], to.width))
    to.print()
    to.print(fitting_table(_HOW_LONG, [_how_long(item) for item in few], to.width))
    if len(fits) > len(few):
        to.print(f"and {len(fits) - len(few)} more groups: -o FILE writes them all")
    to.print()
    _print_dropped(fits[0], to)
    for line in remarks(queue, fits):
        to.print(Text(f"– {line}", style="dim"))
    to.print(f"\nNext: {_next_command(queue, fits, path)}", soft_wrap=True)


def _print_dropped(every: Fit, to: Console) -> None:
    total = sum(every.dropped.values())
    rows = every.n + total
    to.print(
        Text(f"{total:,} of {rows:,} rows are not used" + (":" if total else ""), style="bold")
    )
    for reason, count in every.dropped.items():
        to.print(f"  {count:>6,}  {reason}")


def _next_command(queue: Queue, fits: Sequence[Fit], path: Path) -> str:
    component = f" --component {queue.component}" if queue.component else ""
    command = f"powerwall fit {path.as_posix()}{component}"
    column = next((c for c in ("region", "state", "fuel", "type", "county") if c in queue.rows), "")
    return f"{command} --by {column}" if len(fits) == 1 and column else f"{command} -o fit.json"


def record(item: Fit) -> dict[str, Any]:
    """One group as a flat record; months, shares, and the rows dropped in all."""
    item = _known_times(item)
    counts = {"group": item.group, "n": item.n, "completed": item.completed, "withdrawn": item.withdrawn,
              "waiting": item.waiting, "dropped": sum(item.dropped.values())}  # fmt: skip
    lognormal = {"p50_months": item.p50_months, "p90_months": item.p90_months, "sigma": item.sigma}
    shares = {
        f"{name}_{h:g}_months": value
        for name, values in (("completed", item.cif_completed), ("withdrawn", item.cif_withdrawn))
        for h, value in zip(HORIZONS, values, strict=True)
    }
    given = dict(
        zip(
            (f"given_completion_p{p}_months" for p in (10, 50, 90)),
            item.given_completion,
            strict=True,
        )
    )
    rest = {"completed_median_months": item.completed_median_months, "exit_per_month": item.exit_per_month,
            "flags": ";".join(item.flags)}  # fmt: skip
    return {**counts, **lognormal, **shares, **given, **rest}


def provenance(queue: Queue, fits: Sequence[Fit], path: Path) -> dict[str, Any]:
    """Where the numbers come from, version, file and its hash, layout, day, and what to know."""
    return {
        "powerwall": powerwall.__version__,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "layout": queue.layout,
        "component": queue.component,
        "as_of": queue.as_of.isoformat(),
        "notes": [*_flagged(fits), *queue.notes],
    }


def text(queue: Queue, fits: Sequence[Fit], path: Path, form: str) -> str:
    """The fit in one of the text formats: csv, json, md."""
    if form == "csv":
        return _csv(fits)
    return _markdown(queue, fits, path) if form == "md" else _json(queue, fits, path)


def _csv(fits: Sequence[Fit]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(record(fits[0]))
    for item in fits:
        writer.writerow(
            [plain(cell) if isinstance(cell, float) else cell for cell in record(item).values()]
        )
    return buffer.getvalue()


def _json(queue: Queue, fits: Sequence[Fit], path: Path) -> str:
    groups = [
        {key: _finite(value) for key, value in record(item).items()}
        | {"dropped": dict(item.dropped), "flags": list(item.flags)}
        for item in fits
    ]
    content = {"powerwall": provenance(queue, fits, path), "groups": groups}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _finite(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 6) if math.isfinite(value) else None


def _markdown(queue: Queue, fits: Sequence[Fit], path: Path) -> str:
    lines = [f"# {heading(queue, path.name)}", ""]
    for heads, row in ((_WHAT, _what), (_HOW_LONG, _how_long)):
        lines.append("| " + " | ".join(" ".join(head.text.split()) for head in heads) + " |")
        lines.append("|" + "|".join(" ---: " if head.right else " --- " for head in heads) + "|")
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row(item)) + " |" for item in fits]  # fmt: skip
        lines.append("")
    dropped = [f"- {count:,} rows not used: {reason}" for reason, count in fits[0].dropped.items()]
    return "\n".join([*lines, *dropped, *(f"- {line}" for line in remarks(queue, fits))]) + "\n"


def save(queue: Queue, fits: Sequence[Fit], path: Path, target: Path) -> None:
    """Write a fit; the suffix decides, and a CSV gets its provenance beside it.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    suffix = target.suffix.lower()
    write_text(target, text(queue, fits, path, suffix.removeprefix(".")))
    if suffix == ".csv":
        meta = json.dumps(provenance(queue, fits, path), ensure_ascii=False, indent=1) + "\n"
        write_text(target.with_name(target.name + ".meta.json"), meta)
