"""Works: what must be in service before a node can serve, at the node or on the way to it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from powerwall.criteria.power.calendars import blank
from powerwall.region.dates import months_between, parse_span
from powerwall.region.joins import split_ids

UNFINISHED = {
    "under_construction", "engineering", "approved", "approved_litigated", "consented", "planned",
    "planning", "proposed", "on_hold", "full", "denied_by_planning_commission",
}  # fmt: skip


#: Unfinished, and in doubt: a date that is kept says so.
REFUSED = ("denied_by_planning_commission", "on_hold")


class Floor(NamedTuple):
    """Month before which a node gives nothing.

    Attributes
    ----------
    months
        From the as-of date; NaN is no floor. [months]
    note
        What a reader must know.
    why
        Reason why there is no plan at all; empty if there is one.
    """

    months: float = math.nan
    note: str = ""
    why: str = ""


def backbone(node: Any, lines: pd.DataFrame | None, as_of: date) -> Floor:
    """Floor of the works at a node and of the planned lines it waits for, the later of both."""
    own = _node(node, as_of)
    floors = [own, *(_line(line, lines, as_of) for line in split_ids(node["waits_for_line_ids"]))]
    months = max((f.months for f in floors if not math.isnan(f.months)), default=math.nan)
    return Floor(months, "; ".join(f.note for f in floors if f.note), own.why)


def _node(node: Any, as_of: date) -> Floor:
    status, expected = node["reinforcement_status"], node["expected_date"]
    if not (node["planned"] is True or status in UNFINISHED):
        return Floor()
    if blank(expected):
        if node["planned"] is True:
            return Floor(why="planned node without a date")
        return Floor(note=f"works at the node ({status}) without a date: not counted")
    found = _dated("works at the node", ("are", "were"), expected, as_of)
    if status in REFUSED:
        return found._replace(note=f"{found.note}; they are {status.replace('_', ' ')}")
    return found


def _line(line_id: str, lines: pd.DataFrame | None, as_of: date) -> Floor:
    rows = pd.DataFrame() if lines is None else lines[lines["line_id"] == line_id]
    status = None if rows.empty else rows.iloc[0].get("line_status")
    if rows.empty or status == "in_service":
        return Floor()  # a name that points nowhere is a finding of its own
    if status not in UNFINISHED:
        return Floor(note=f"waits for line {line_id}, which is {status or 'of unknown status'}: its date is not counted")  # fmt: skip
    expected = rows.iloc[0].get("expected_date")
    if blank(expected):
        return Floor(note=f"waits for line {line_id}, which has no date: not counted")
    return _dated(f"line {line_id}", ("is", "was"), expected, as_of)


def _dated(what: str, verbs: tuple[str, str], expected: object, as_of: date) -> Floor:
    months = months_between(as_of, parse_span(str(expected)).last)
    if months <= 0:
        return Floor(note=f"{what} {verbs[1]} due {expected}, no in-service mark: not counted")
    return Floor(months, f"not before {what} {verbs[0]} in service ({expected})")
