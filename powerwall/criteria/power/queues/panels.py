"""Panels: monthly reports of a queue, one row a project and month, turned into one row a project."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from powerwall.criteria.power.queues.dates import days, texts
from powerwall.criteria.power.queues.survival import COMPLETED, WAITING, WITHDRAWN

#: Milestones of the reports in their order.
_MILESTONES = (
    "screening_started",
    "ia_signed",
    "approved_energization",
    "approved_synchronization",
)
#: Component → first and last milestone.
COMPONENTS = {
    "screening_to_agreement": ("screening_started", "ia_signed"),
    "agreement_to_energisation": ("ia_signed", "approved_energization"),
    "screening_to_energisation": ("screening_started", "approved_energization"),
}


def is_panel(table: pd.DataFrame) -> bool:
    """Whether a table is a panel of monthly reports."""
    return {"report_month", "inr", *_MILESTONES} <= set(table.columns)


def panel_rows(
    table: pd.DataFrame, component: str, as_of: date | None, events: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Projects of a panel with the clock of one component, and the last day of its last report.

    Parameters
    ----------
    table
        Every row of every report; of a month that was issued again, the last revision counts.
    component
        Key of `COMPONENTS`.
    as_of
        Reports of months that end later are left out; None takes them all.
    events
        Rows of kind `cancelled` date a withdrawal better than the last report does.

    Notes
    -----
    A cell that was once filled stays so: the last value that is not empty counts. A project that
    left the reports without synchronising is withdrawn at its last one. One with a later milestone
    but not the last of the component has finished on an unknown day, and is dropped.
    """
    day = pd.PeriodIndex(table["report_month"].astype("str"), freq="M").to_timestamp(how="end")
    table = table.assign(seen_on=day.normalize())
    if as_of is not None:
        table = table[table["seen_on"] <= pd.Timestamp(as_of)]
    revision = texts(table["revision"]) if "revision" in table else pd.Series("", index=table.index)
    table = table[revision == revision.groupby(table["report_month"]).transform("max")]
    for name in _MILESTONES:
        table = table.assign(**{name: days(table[name])})
    project = table.sort_values(["seen_on", "inr"], kind="stable").groupby("inr", sort=True)
    last = project.last().reset_index()  # the last value that is not null, column by column
    end = table["seen_on"].max()
    first, final = COMPONENTS[component]
    beyond = list(_MILESTONES[_MILESTONES.index(final) + 1 :])
    gone = (last["seen_on"] < end) & last[_MILESTONES[-1]].isna()
    event = np.where(last[final].notna(), COMPLETED, np.where(gone, WITHDRAWN, WAITING))
    left = last["seen_on"]
    if events is not None:
        left = _cancelled(events, last["inr"]).fillna(left).clip(upper=end)
    rows = pd.DataFrame({
        "queue_id": last["inr"], "started_on": last[first], "seen_on": last["seen_on"],
        "ended_on": last[final].where(event == COMPLETED, left.where(event == WITHDRAWN)),
        "event": event.astype(float), "mw": last.get("capacity_mw", np.nan),
    })  # fmt: skip
    undated = last[final].isna() & last[beyond].notna().any(axis=1)
    rows["dropped"] = np.select([last[first].isna(), undated], [f"no {first}: not begun", f"finished without {final}"], default="")  # fmt: skip
    return pd.concat([rows, last[[c for c in last if c not in rows]]], axis=1), end


def _cancelled(events: pd.DataFrame, inr: pd.Series) -> pd.Series:
    """Day on which a project was cancelled, by its number."""
    rows = events[events["kind"] == "cancelled"]
    dated = days(rows["event_date"]).groupby(rows["inr"].astype("str")).max()
    return inr.astype("str").map(dated).astype("datetime64[ns]")
