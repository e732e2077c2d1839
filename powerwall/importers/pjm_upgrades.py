"""PJM upgrades: the status of PJM's transmission construction → the layer `reinforcements`.

Read as PJM's own workbook or a CSV of it, whose headings are known from open readers alone, and as
the GeoJSON of snake_case columns that others derive from it. A work's lead time runs from its first
review (TEAC) to its service; where the service comes first it is none, and is counted. `Active` is a
work that is listed and not yet in engineering: planned. A cost of 0 is that of a part whose money
stands with another part of the upgrade, or nowhere: unknown. Positions come from a match of names,
often with another station of a like name: they stand in `matched_lon` and `matched_lat`, place nothing
and cut nothing. With a region the works of its states are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.importers.census_counties import STATE_OF_FIPS
from powerwall.importers.columns import identifiers, picked, tell_unread
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.pjm_works import read_works
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_words import states
from powerwall.importers.sheets import emptied, numbers
from powerwall.region.dates import MONTH_DAYS
from powerwall.region.findings import Findings

NAME_MATCH_M = Parameter(50_000, "m", 1_000, 100_000, "assumed: a work is matched with a station by name, often with another of a like name, and a line has two ends")  # fmt: skip
#: Native headings, the derived spelling behind them.
NAMES = {
    "upgrade_id": ("upgrade_id",), "status_raw": ("status", "current_status", "project_status"), "description": ("description",), "project_type": ("project_type", "type"),
    "voltages": ("voltage", "voltage_kv"), "equipment": ("equipment",), "task": ("task",), "driver": ("driver",),
    "transmission_owner": ("transmission_owner", "to_zone", "to"), "state": ("state",), "location": ("location",),
    "cost_musd": ("cost_estimate", "cost_estimate_m", "cost_estimate_millions", "cost_estimate_musd", "cost_estimate_usd_m"),
    "complete_pct": ("percent_complete", "pct_complete", "complete"), "immediate_need": ("immediate_need",),
    "first_review_date": ("initial_teac_date", "first_teac_date", "initial_teac"), "latest_review_date": ("latest_teac_date", "last_teac_date", "latest_teac"),
    "required_date": ("required_date", "required_in_service_date"), "expected_date": ("projected_in_service_date", "projected_date"),
    "revised_date": ("revised_in_service_date",), "in_service_date": ("actual_in_service_date", "actual_date"), "as_of": ("last_updated",),
    "position_of": ("matched_substations",), "match_confidence": ("match_confidence",), "lon": ("lon",), "lat": ("lat",),
}  # fmt: skip
#: Codes of PJM and their words; what follows a colon (`EP:Engineering and Procurement`) is not read.
STATUS = {
    **dict.fromkeys(("active", "ac", "pl", "planned", "planning"), "planned"),
    **dict.fromkeys(("ep", "engineering and procurement", "engineering & procurement"), "engineering"),
    **dict.fromkeys(("uc", "under construction", "uc-isp", "partially in service - under construction"), "construction"),
    **dict.fromkeys(("is", "in service", "in-service"), "in_service"),
    **dict.fromkeys(("on hold", "on-hold"), "on_hold"),
    **dict.fromkeys(("cancelled", "canceled", "withdrawn", "w"), "cancelled"),
}  # fmt: skip
_TEXTS = ("project_type", "voltages", "equipment", "task", "driver", "transmission_owner", "location", "position_of", "match_confidence")  # fmt: skip
_DATES = ("first_review_date", "latest_review_date", "required_date", "expected_date", "in_service_date", "as_of")  # fmt: skip
_COLUMNS = (
    "upgrade_id", "status", "status_raw", "project_type", "description", "voltage_kv", "voltages", "equipment", "task", "driver", "transmission_owner", "state", "location",
    "cost_usd", "complete_share", "immediate_need", "first_review_date", "latest_review_date", "required_date", "expected_date", "in_service_date",
    *(_POSITION := ("position_of", "match_confidence", "position_status", "matched_accuracy_m", "matched_lon", "matched_lat")), "as_of", "note",
)  # fmt: skip
_KV = re.compile(r"\d+(?:\.\d+)?")
_MOST_MUSD = 100_000.0  # a work for more is one whose cost is not in millions
_BACKWARDS = "in_service_date before first_review_date: no lead time"


def read_upgrades(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Works of one or several files, one row each."""
    parts, days = [], []
    for path in files:
        table, made = read_works(path, tally, findings)
        for frame in table:
            native = picked(frame, NAMES, ("upgrade_id", "status_raw"), path, findings)
            if native is not None:
                tell_unread(frame, NAMES, path, findings)
                parts.append(_canonical(native, made or asked.as_of, tally))
        days += [made] if made else []
    if findings.errors or not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    rows = tally.without(rows, rows["upgrade_id"].isna(), "no upgrade id")
    rows = tally.without(rows, rows.duplicated("upgrade_id"), "stands in an earlier row under the same id")  # fmt: skip
    rows = _of_states(rows, asked, tally)
    _tell(rows, tally)
    if rows["matched_lon"].isna().all():
        rows = rows.drop(columns=list(_POSITION))
    newest = [date.fromisoformat(day) for day in rows["as_of"].dropna() if len(day) == 10]
    return Delivery(rows, ("upgrade_id",), max(days or newest, default=None), _lead_times(rows))


def lead_months(rows: pd.DataFrame) -> pd.Series:
    """Months from first review to service; missing where either is, or where service came first.

    >>> lead_months(pd.DataFrame({"first_review_date": ["2020-01-01"], "in_service_date": ["2022-01-01"]})).round(1).tolist()
    [24.0]
    """
    months = _months(rows)
    return months.where(months >= 0)


def _months(rows: pd.DataFrame) -> pd.Series:
    first, last = (pd.to_datetime(rows[name], format="%Y-%m-%d", errors="coerce") for name in ("first_review_date", "in_service_date"))  # fmt: skip
    return (last - first).dt.days / MONTH_DAYS


def _canonical(native: pd.DataFrame, day: date | None, tally: Tally) -> pd.DataFrame:
    cells = {name: native[name] for name in native}
    made = pd.DataFrame({"upgrade_id": identifiers(native["upgrade_id"])}, index=native.index)
    made["status_raw"] = emptied(native["status_raw"], tally)
    known = states(made["status_raw"].str.split(":").str[0], STATUS, tally)
    made["status"] = known.mask(known == "unknown")
    for column in _TEXTS:
        made[column] = emptied(cells[column], tally) if column in cells else pd.NA
    made["description"] = cells["description"].str.split().str.join(" ") if "description" in cells else pd.NA  # fmt: skip
    made["state"] = emptied(cells["state"], tally).str.upper() if "state" in cells else pd.NA
    made["voltage_kv"] = made["voltages"].fillna("").map(_highest).astype(float)
    made["cost_usd"] = _cost(cells["cost_musd"], tally) if "cost_musd" in cells else float("nan")
    made["complete_share"] = _share(cells["complete_pct"], tally) if "complete_pct" in cells else float("nan")  # fmt: skip
    need = cells["immediate_need"].str.strip().str.lower() if "immediate_need" in cells else pd.Series("", index=made.index)  # fmt: skip
    made["immediate_need"] = need.map({"true": "yes", "yes": "yes", "y": "yes", "false": "no", "no": "no", "n": "no"})  # fmt: skip
    for column in _DATES:
        made[column] = queue_days(cells[column], tally) if column in cells else pd.NA
    if "revised_date" in cells:
        made["expected_date"] = made["expected_date"].fillna(queue_days(cells["revised_date"], tally))  # fmt: skip
    made["as_of"] = made["as_of"].fillna(day.isoformat()) if day else made["as_of"]
    _place(made, cells, tally)
    made["note"] = pd.Series(pd.NA, index=made.index).mask(_months(made) < 0, _BACKWARDS)
    words = [name for name in _COLUMNS if name not in {"voltage_kv", "cost_usd", "complete_share", "matched_accuracy_m", "matched_lon", "matched_lat"}]  # fmt: skip
    return made.reindex(columns=list(_COLUMNS)).astype(dict.fromkeys(words, "string"))


def _highest(text: str) -> float:
    """Highest of the voltages in a cell. [kV]

    >>> _highest("138/69/34.5")
    138.0
    """
    return max(map(float, _KV.findall(text)), default=float("nan"))


def _cost(column: pd.Series, tally: Tally) -> pd.Series:
    """Cost of millions of dollars. [USD]"""
    own = column.str.replace("$", "", regex=False).rename(column.name)
    million = numbers(own, tally)
    for rows, why in ((million == 0, "0, which is no cost of a work: it stands with another part, or nowhere"), (million < 0, "less than 0"),
                      (million > _MOST_MUSD, "no amount in millions")):  # fmt: skip
        if rows.any():
            tally.emptied[f"cost estimate: {why}"] += int(rows.sum())
        million = million.mask(rows)
    return (million * 1e6).round()


def _share(column: pd.Series, tally: Tally) -> pd.Series:
    """Completed share of per cents, or of the shares that a formatted sheet holds."""
    found = numbers(column.str.removesuffix("%").rename(column.name), tally)
    if found.max() <= 1 and ((found > 0) & (found < 1)).any():
        tally.noted["percent complete at most 1 throughout: read as shares"] += int(found.notna().sum())  # fmt: skip
        found = found * 100
    outside = (found < 0) | (found > 100)
    if outside.any():
        tally.emptied["percent complete: outside 0 to 100"] += int(outside.sum())
    return (found.mask(outside) / 100).round(4)


def _place(made: pd.DataFrame, cells: dict[str, pd.Series], tally: Tally) -> None:
    """Positions of a name match, and what they are worth; added in place."""
    x, y = (numbers(cells[name], tally) if name in cells else pd.Series(float("nan"), index=made.index) for name in ("lon", "lat"))  # fmt: skip
    off = (x.abs() > 180) | (y.abs() > 90) | ((x == 0) & (y == 0))
    if off.any():
        tally.emptied["coordinates that are no place in degrees"] += int(off.sum())
    there = x.notna() & y.notna() & ~off
    made["matched_lon"], made["matched_lat"] = x.where(there).round(6), y.where(there).round(6)
    made["position_status"] = pd.Series(pd.NA, index=made.index, dtype="string").mask(there, "approximate")  # fmt: skip
    made["matched_accuracy_m"] = pd.Series(NAME_MATCH_M.value, index=made.index).where(there)
    if there.any():
        tally.noted[f"positions from a match of names, right to some {NAME_MATCH_M.value / 1000:g} km (assumed)"] += int(there.sum())  # fmt: skip


def _of_states(rows: pd.DataFrame, asked: Asked, tally: Tally) -> pd.DataFrame:
    """Works of the states of a region; a work that names none stays."""
    own = {STATE_OF_FIPS[code[:2]] for code in asked.fips if code[:2] in STATE_OF_FIPS}
    if not own:
        return rows
    text = rows["state"].fillna("").astype(str)
    named = text.str.findall(r"\b[A-Z]{2}\b")
    if unread := int(((text != "") & (named.str.len() == 0)).sum()):
        tally.noted["of a state that is no postal code: kept"] += unread
    elsewhere = pd.Series([bool(found) and not own & set(found) for found in named], index=rows.index)  # fmt: skip
    return tally.without(rows, elsewhere, "of no state of the region")


def _tell(rows: pd.DataFrame, tally: Tally) -> None:
    """What is notable of the works that are kept."""
    dated, served = rows["in_service_date"].notna(), (rows["status"] == "in_service").fillna(value=False)  # fmt: skip
    active = rows["status_raw"].str.strip().str.lower() == "active"
    for what, own in (
        ("of status `Active`, listed and not in engineering yet: planned", active),
        ("of no known voltage", rows["voltage_kv"].isna()),
        ("without first_review_date", rows["first_review_date"].isna()),
        ("in service without in_service_date", served & ~dated),
        ("with in_service_date, and by their status not in service: the status stays", dated & ~served),
        (_BACKWARDS, rows["note"].notna()),
    ):  # fmt: skip
        if count := int(own.sum()):
            tally.noted[what] += count


def _lead_times(rows: pd.DataFrame) -> str:
    months = lead_months(rows).dropna()
    if months.empty:
        return "no work has both a first review and a service after it: no lead time"
    return (f"{len(months):,} lead times from first review to service, median {months.median():.1f} months: of finished works alone, so too short; "
            "`powerwall fit` counts the unfinished")  # fmt: skip
