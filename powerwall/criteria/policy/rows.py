"""Rows: what a dated act means on a day."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from powerwall.region.dates import Span, parse_span

_OPEN_UNTIL_REPEALED = {
    "zoning", "special_permit", "prohibition", "setback", "statute", "utility_rule", "tax", "tax_incentive", "transmission_siting",
}  # fmt: skip
#: Other words for a status.
_ALSO = {
    "proposed": "pending",
    "introduced": "pending",
    "draft": "pending",
    "one chamber": "pending",
    "rescinded": "replaced",
}
_STATUSES = {"pending", "active", "enacted", "decided", "expired", "replaced", "withdrawn", ""}
CHECKED = {"verified", "secondary"}
_RULES = {"moratorium", "prohibition", "zoning", "statute", "utility_rule"}
_TERM = re.compile(r"^\s*(\d+)\s*(days?|months?|years?)?\s*$", re.IGNORECASE)
_DIGITS = 5  # of a count; more is a slip, and no calendar holds it


class Standing(NamedTuple):
    """Whether a row is in force, for how long, and what it may do.

    Attributes
    ----------
    active
        yes, possible or no.
    days_to_expiry
        NaN when open-ended, unknown or not active. [d]
    verdict
        `gate` may put a site out, `warn` may not, `none` says nothing.
    reason
        Why, in one word.
    """

    active: str
    days_to_expiry: float
    verdict: str
    reason: str


def add_term(start: date, duration: str) -> date:
    """First day after a term: days as days, months and years by the calendar.

    Raises
    ------
    ValueError
        If the duration is not a number of days, months or years.

    >>> add_term(date(2026, 8, 31), "6 months")
    datetime.date(2027, 2, 28)
    """
    match = _TERM.match(str(duration))
    if not match or len(match[1]) > _DIGITS:
        msg = f"`{duration}` is not a duration: write `180 days`, `6 months` or `1 year`"
        raise ValueError(msg)
    start = start.date() if isinstance(start, datetime) else start
    count, unit = int(match[1]), (match[2] or "days").lower()
    if unit.startswith("day"):
        return start + timedelta(days=count)
    months = count * (12 if unit.startswith("year") else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def standing(
    row: Mapping[str, Any],
    as_of: date,
    mw: float | None = None,
    vested: bool = False,  # noqa: FBT001, FBT002 — reads as what it is where it is called by name
) -> Standing:
    """What a dated act means on a day, for a request of a size.

    Parameters
    ----------
    row
        Columns of the policy layer; a missing key, "", None and NaN are blank.
    as_of
        The day; the window is half-open, so on its end the rule no longer holds.
    mw
        Size of the request; None skips the trigger. [MW]
    vested
        True for a site that is already approved.

    Raises
    ------
    ValueError
        If the end is not after the start, or a date or duration cannot be read.
    """
    as_of = as_of.date() if isinstance(as_of, datetime) else as_of
    status, effect = policy_status(row), code(row, "effect")
    if status == "pending":
        harms = effect in {"blocks", "restricts"}
        return Standing(
            "no", math.nan, "warn" if harms else "none", "proposed" if harms else "not_in_force"
        )
    if status in {"withdrawn", "decided"}:
        return Standing("no", math.nan, "none", "not_in_force")
    start, end, end_unknown = window(row)
    if status in {"expired", "replaced"} and end is None:
        return Standing("no", math.nan, "none", "expired")
    if start is not None and as_of < start.first:
        return Standing("no", math.nan, "none", "not_yet")
    if end is not None and as_of >= end.last:
        return Standing("no", math.nan, "none", "expired")
    certain = (start is None or as_of >= start.last) and (end is None or as_of < end.first)
    active, doubt = ("yes", "in_force") if certain else ("possible", "dates_uncertain")
    for holds, reason in (
        (end_unknown, "end_unknown"),
        (start is None, "start_unknown"),
        (status == "replaced", "replaced"),
    ):
        if holds and active == "yes":
            active, doubt = "possible", reason
    days = (
        math.nan
        if end is None
        else float(((end.first if active == "yes" else end.last) - as_of).days)
    )
    verdict, reason = _verdict(row, active, doubt, mw, vested=vested)
    return Standing(active, days, verdict, reason)


def _verdict(
    row: Mapping[str, Any], active: str, doubt: str, mw: float | None, *, vested: bool
) -> tuple[str, str]:
    trigger, effect = _number(row, "trigger_mw"), code(row, "effect")
    if mw is not None and not math.isnan(trigger) and mw < trigger:
        return "none", "below_trigger"
    if effect == "restricts":
        return "warn", "restricts"
    if effect != "blocks":
        return "none", "neutral"
    if code(row, "kind") not in _RULES:
        return "none", "one_project"
    if active == "possible":
        return "warn", doubt
    if code(row, "status") not in CHECKED:
        return "warn", "unverified"
    return ("warn", "vested") if vested else ("gate", "in_force")


def window(row: Mapping[str, Any]) -> tuple[Span | None, Span | None, bool]:
    """Start, first day not in force, and whether the end is unknown; spans, for dates are partial."""
    text = word(row, "effective_from") or word(row, "action_date")
    start = parse_span(text) if text else None
    end_text, duration = word(row, "effective_to"), word(row, "duration")
    end: Span | None = None
    if end_text:
        end = parse_span(end_text)
    elif duration and start is not None:
        end = Span(add_term(start.first, duration), add_term(start.last, duration))
    if start is not None and end is not None and end.last <= start.first:
        msg = f"{word(row, 'policy_id') or 'row'}: the end {end.last} is not after the start {start.first}"
        raise ValueError(msg)
    open_ended = code(row, "kind") in _OPEN_UNTIL_REPEALED or code(row, "duration_kind") in {
        "until_event",
        "indefinite",
    }
    return start, end, end is None and not open_ended


def word(row: Mapping[str, Any], key: str) -> str:
    """A cell as text; a blank one is empty."""
    value = row.get(key)
    if isinstance(value, str):
        return value.strip()
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def code(row: Mapping[str, Any], key: str) -> str:
    """A word of a closed list, in whatever case it is written."""
    return word(row, key).casefold()


def policy_status(row: Mapping[str, Any]) -> str:
    """Status of an act; what is no known word of one is taken for a proposal, which never counts."""
    status = code(row, "policy_status")
    status = _ALSO.get(status, status)
    return status if status in _STATUSES else "pending"


def _number(row: Mapping[str, Any], key: str) -> float:
    text = word(row, key)
    return float(text) if text else math.nan
