"""Layouts: how the queue tables of different publishers name their columns and states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from powerwall.criteria.power.queues.survival import COMPLETED, WAITING, WITHDRAWN

#: Status words → event; `suspended`, `on hold` and a signed agreement (`agreed`) still wait.
EVENTS: dict[str, int] = {
    **dict.fromkeys(("active", "pending", "in progress", "under study", "under construction", "suspended", "on hold", "waiting",
                     "agreed", "ep", "uc", "planned", "engineering", "construction", "on_hold"), WAITING),
    **dict.fromkeys(("completed", "complete", "done", "legacy: done", "in service", "in_service", "operational", "commercial operation",
                     "energized", "energised", "built", "is"), COMPLETED),
    **dict.fromkeys(("withdrawn", "cancelled", "canceled", "terminated"), WITHDRAWN),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Names of the columns of one kind of table, in lower case with `_` for all else.

    Attributes
    ----------
    needs
        Columns that tell the layout from the others.
    start, completed, withdrawn, recorded
        Columns of dates, the first that has one counts; `recorded` only dates the table.
    years
        Date column → column of the same date's year.
    groups
        Name of a group → column.
    key
        Columns that tell one request from another.
    dates_decide
        A date of an end counts even where the status word is not yet up to date.
    note
        What a reader of the fit must know.
    """

    name: str
    needs: tuple[str, ...]
    start: tuple[str, ...]
    completed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    status: str
    mw: str
    key: tuple[str, ...]
    recorded: tuple[str, ...] = ()
    years: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    dates_decide: bool = False
    note: str = ""


LAYOUTS = (
    Layout(
        "queue table", ("queue_id", "request_date"), ("request_date",), ("completed_date",), ("withdrawn_date",), "status", "mw",
        key=("queue_id",), dates_decide=True,
    ),
    Layout(
        "layer `queue`", ("entity", "queue_id", "kind", "status", "queue_date", "capacity_mw"), ("queue_date",),
        ("energised_date", "in_service_date"), ("withdrawn_date",), "status", "capacity_mw", key=("queue_id", "entity"),
        note="completed is energised, else in service: a signed agreement still waits; `--by kind` tells loads from generators",
    ),
    Layout(
        "layer `reinforcements`", ("upgrade_id", "status", "first_review_date", "in_service_date"), ("first_review_date",), ("in_service_date",), (),
        "status", "", key=("upgrade_id",), recorded=("as_of",), dates_decide=True, groups={"type": "project_type"},
        note="wires works from first review to service, not requests; a cancelled work has no date of its end",
    ),
    Layout(
        "gridstatus", ("queue_id", "queue_date", "status", "generation_type"), ("queue_date",),
        ("actual_completion_date", "op_date"), ("withdrawn_date",), "status", "capacity_mw",
        # units of one request stand in rows of their own, under one id
        key=("queue_id", "project_name", "queue_date", "status"), recorded=("updated", "last_updated_date"),
        groups={"fuel": "generation_type"},
    ),
    Layout(
        "MISO", ("project", "request_status", "queue_date", "done_date"), ("queue_date",), ("done_date",), ("withdrawn_date",),
        "request_status", "summer_mw", key=("project",), groups={"region": "study_group"},
        note="MISO `Done` is a signed agreement, not operation: these are times to an agreement",
    ),
    Layout(
        "LBNL", ("q_id", "q_status", "entity"), ("q_date_clean", "q_date"), ("on_date",), ("wd_date",), "q_status", "mw1",
        key=("q_id", "entity"), years={"q_date": "q_year", "on_date": "on_year", "wd_date": "wd_year"},
        groups={"fuel": "type_clean"},
        note="LBNL keeps generators only; its sheets belong together: one sheet alone is no queue",
    ),
    Layout(
        "PJM upgrades", ("upgrade_id", "initial_teac_date", "actual_in_service_date"), ("initial_teac_date",),
        ("actual_in_service_date",), (), "status", "", key=("upgrade_id",), dates_decide=True, groups={"type": "project_type"},
        note="wires works from first review to service, not requests; a cancelled work has no date of its end",
    ),
)  # fmt: skip
