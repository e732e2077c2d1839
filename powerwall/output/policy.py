"""Policy: what the council has said about a site, what it must still grant, and what a rule asks of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from powerwall.criteria.policy.obligations import Duty
from powerwall.criteria.policy.permits import path_months
from powerwall.criteria.policy.rows import word
from powerwall.criteria.policy.timeline import Act, timeline
from powerwall.output.columns import Head, fitting_table
from powerwall.output.duties import print_duties
from powerwall.output.numbers import NOT_APPLICABLE, percent, shown

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import PermitPath
    from powerwall.region.read import Region

_WIDE = 200  # columns at which a table shows every source
_ACTS = (
    Head("date", right=False), Head("act", right=False, wraps=True), Head("window", right=False, goes=3),
    Head("on the as-of day", right=False, wraps=True), Head("days left"), Head("reach", right=False, goes=1, wraps=True),
    Head("evidence", right=False, goes=2), Head("source", right=False, goes=4, wraps=True),
)  # fmt: skip
_STAGES = (
    Head("stage", right=False), Head("what", right=False, wraps=True), Head("P50 mo"), Head("P90 mo"), Head("fails"),
    Head("from", right=False, goes=2), Head("counted", right=False, goes=1, wraps=True), Head("source", right=False, goes=3, wraps=True),
)  # fmt: skip


def print_policy(region: Region, site_id: str, path: PermitPath, duties: list[Duty], to: Console) -> None:  # fmt: skip
    """Print the timeline of a site, its permit path and the duties of the request."""
    _print_timeline(region, site_id, to)
    _print_path(path, to)
    print_duties(duties, region.request.mw, to)


def _print_timeline(region: Region, site_id: str, to: Console) -> None:
    authority = region.sites["jurisdiction_id"].get(site_id)
    if "policy" not in region.layers or not isinstance(authority, str):
        return
    acts = timeline(region, site_id)
    to.print(Text(f"policy timeline of {authority}, as of {region.request.as_of}", style="bold"))
    _print_rows(_ACTS, [_act_row(act) for act in acts], to)
    if not any(act.blocks for act in acts):
        to.print(f"no rule that blocks the request is found in force in this layer as of {region.request.as_of}")  # fmt: skip
    to.print()


def _print_rows(heads: tuple[Head, ...], rows: list[list[str]], to: Console) -> None:
    """A table; on a narrow screen one line a row, for no statement stands without its source."""
    if to.width >= _WIDE:
        to.print(fitting_table(heads, rows, to.width))
        return
    for first, *cells in rows:
        told = [
            f"{head.text} {cell}" if head.right else cell
            for head, cell in zip(heads[1:], cells, strict=True)
            if cell not in {"", NOT_APPLICABLE}
        ]
        to.print(f"  – {first}, {'; '.join(told)}", soft_wrap=True)


def _act_row(act: Act) -> list[str]:
    row = act.row
    status, written = word(row, "status") or "status not stated", word(row, "as_of")
    return [
        act.since or "?", f"{word(row, 'kind').replace('_', ' ')}: {word(row, 'subject')} ({word(row, 'policy_id')})", act.window, act.told,
        NOT_APPLICABLE if math.isnan(act.days) else f"{act.days:.0f}", act.reach, f"{status}, {written}" if written else f"{status}, undated", word(row, "source_title"),
    ]  # fmt: skip


def _print_path(path: PermitPath, to: Console) -> None:
    rows = []
    for name, stage in path.stages.items():
        known, done = path.known[name], "done_months_ago" in stage
        p50, p90 = path_months({name: stage}, (0.5, 0.9))
        rows.append([
            name, known.title.removeprefix("permit: "), shown(float(p50)), shown(float(p90)),
            "done" if done else percent(stage["p_fail"]) if stage["p_fail"] else NOT_APPLICABLE, known.rung, known.basis,
            f"{known.source}, {known.as_of}",
        ])  # fmt: skip
    to.print(Text(f"permit path: {path.label}", style="bold"))
    _print_rows(_STAGES, rows, to)
    for note in path.notes:
        to.print(Text(f"  – {note}", style="dim"), soft_wrap=True)
    to.print("share of comparable recorded cases, no forecast of one council; dates and odds of the power count it\n")  # fmt: skip
