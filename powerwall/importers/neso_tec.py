"""NESO TEC: the Transmission Entry Capacity register of Great Britain → the layer `queue`.

Read by its published schema; not tried on a native file. A project has a row for each stage: its
capacity is the cumulative total of the last one, never the sum of the column. Dates are written day
first. Who stands in the register has an agreement; when it was asked for, the register does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from powerwall.importers.columns import picked, tell_unread
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_rows import KEY, finished
from powerwall.importers.queue_words import GREAT_BRITAIN_KV, kinds, states
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.region.findings import Findings

_MARKS = ("project_name", "connection_site", "project_status")
_NAMES = {
    "project_name": ("project_name",), "customer": ("customer_name",), "poi_name": ("connection_site",), "stage": ("stage",),
    "connected_mw": ("mw_connected",), "increase_mw": ("mw_increase_decrease", "mw_increase_/_decrease"),
    "capacity_mw": ("cumulative_total_capacity_(mw)", "cumulative_total_capacity"), "proposed_in_service_date": ("mw_effective_from",),
    "status_raw": ("project_status",), "agreement_type": ("agreement_type",), "utility": ("host_to",), "fuel": ("plant_type",), "queue_id": ("project_id",),
    "project_number": ("project_number",), "gate": ("gate",),
}  # fmt: skip
STATUS = {
    **dict.fromkeys(("scoping", "awaiting consents", "consents approved", "under construction/commissioning", "under construction"), "agreed"),
    **dict.fromkeys(("built", "connected", "energised"), "in_service"),
}  # fmt: skip
_PLAIN = ("project_name", "customer", "poi_name", "stage", "agreement_type", "utility", "fuel", "project_number", "gate")  # fmt: skip


def read_register(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Projects of the register, one row each."""
    parts = [
        part
        for path in files
        for sheet in read_sheets(path, _MARKS, tally, findings)
        if (part := _stages(sheet.frame, path, tally, findings)) is not None
    ]
    if not parts:
        return None
    rows = _last_stages(pd.concat(parts, ignore_index=True), tally)
    made = finished(rows, asked, tally, findings, files[0], GREAT_BRITAIN_KV)
    note = "the register tells entry capacity (TEC) and agreements, not when a connection was asked for: no duration comes of it"  # fmt: skip
    return Delivery(made, KEY, None, note)


def _stages(frame: pd.DataFrame, path: Path, tally: Tally, findings: Findings) -> pd.DataFrame | None:  # fmt: skip
    native = picked(frame, _NAMES, ("queue_id", "project_name", "status_raw", "capacity_mw", "proposed_in_service_date"), path, findings)  # fmt: skip
    if native is None:
        return None
    tell_unread(frame, _NAMES, path, findings)
    ids = native["queue_id"].str.strip()
    made = pd.DataFrame({"queue_id": ids.mask(ids == "").astype("string")})
    for column in _PLAIN:
        if column in native:
            made[column] = emptied(native[column], tally)
    made["status_raw"] = native["status_raw"].str.strip()
    made["status"] = states(made["status_raw"], STATUS, tally)
    made["proposed_in_service_date"] = queue_days(native["proposed_in_service_date"], tally, day_first=True)  # fmt: skip
    for column in ("capacity_mw", "connected_mw"):
        made[column] = numbers(native[column], tally) if column in native else float("nan")
    words = made["fuel"] if "fuel" in made else pd.Series(pd.NA, index=made.index)
    return made.assign(entity="NESO", kind=kinds(words))


def _last_stages(rows: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    """The last stage of each project: by its day, then its number; a row without an id stands alone."""
    number = pd.to_numeric(rows["stage"], errors="coerce") if "stage" in rows else pd.Series(0.0, index=rows.index)  # fmt: skip
    ordered = rows.assign(order_number=number.fillna(0.0)).sort_values(
        ["proposed_in_service_date", "order_number", "capacity_mw"],
        kind="stable",
        na_position="first",
    )
    earlier = ordered.duplicated("queue_id", keep="last") & ordered["queue_id"].notna()
    if earlier.any():
        tally.left_out["an earlier stage of a project: the last one's cumulative total counts"] += int(earlier.sum())  # fmt: skip
    return ordered[~earlier].drop(columns="order_number").sort_index().reset_index(drop=True)
