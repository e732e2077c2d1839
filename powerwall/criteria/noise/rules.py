"""Rules: which recorded night limits count, and for which receptors."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd

from powerwall.region.dates import parse_span

NIGHT_START_H, NIGHT_END_H = 22.0, 6.0
#: Classes that a home belongs to; a receptor without a class counts as one.
HOMES = {
    "residential",
    "dwelling",
    "noise_sensitive_property",
    "noise_sensitive_location",
    "sensitive_building",
    "any",
}


class Limit(NamedTuple):
    """A night limit that counts.

    Attributes
    ----------
    rule_id, jurisdiction_id
        Its row, and where it holds.
    weighting
        "A" or "C".
    limit_db, tonal_penalty_db
        Limit, and what a tone takes off it. [dB]
    status, as_of, source, rule_status
        How well the row is known, and its legal state.
    """

    rule_id: str
    jurisdiction_id: str
    weighting: str
    limit_db: float
    tonal_penalty_db: float
    status: str
    as_of: str
    source: str
    rule_status: str

    @property
    def caption(self) -> str:
        """The limit in words, with its state, status and date."""
        state = self.rule_status.replace("_", " ")
        return f"{self.rule_id} ({self.limit_db:g} dB({self.weighting}), {state}, {self.status}, {self.as_of})"


def night_limits(rules: pd.DataFrame, as_of: date) -> list[Limit]:
    """Absolute night limits for homes that are in force on a day."""
    limits = []
    for row in rules.to_dict("records"):
        if row["kind"] != "absolute" or not in_force(row, as_of) or not _at_night(row):
            continue
        if str(row.get("receptor_class") or "residential") not in HOMES or pd.isna(
            row.get("limit_db")
        ):
            continue
        metric = str(row.get("metric") or "")
        if metric == "octave" or not metric:
            continue
        penalty = row.get("tonal_penalty_db")
        limits.append(Limit(
            str(row["rule_id"]), str(row["jurisdiction_id"]), "C" if metric.startswith("LC") else "A", float(row["limit_db"]),
            0.0 if penalty is None or pd.isna(penalty) else float(penalty), str(row.get("status") or ""),
            str(row.get("as_of") or ""), str(row.get("source_title") or ""), str(row["rule_status"]),
        ))  # fmt: skip
    return limits


def in_force(row: dict[object, object], as_of: date) -> bool:
    """Tell whether a rule counts: in force, or adopted and its day has come; drafts never do."""
    if row.get("rule_status") not in {"in_force", "pending"}:
        return False
    start, end = row.get("effective_from"), row.get("effective_to")
    if isinstance(start, str) and as_of < parse_span(start).last:
        return False
    if row.get("rule_status") == "pending" and not isinstance(start, str):
        return False
    return not (isinstance(end, str) and as_of >= parse_span(end).first)


def _at_night(row: dict[object, object]) -> bool:
    """Tell whether the row's hours overlap 22 to 06 h."""
    start, end = (_hours(row.get(name)) for name in ("window_start", "window_end"))
    if start is None or end is None:
        return row.get("period") in {"night", "all", None}
    spans = [(start, end)] if start < end else [(start, 24.0), (0.0, end)]
    return any(a < NIGHT_END_H or b > NIGHT_START_H for a, b in spans)


def _hours(text: object) -> float | None:
    if not isinstance(text, str) or ":" not in text:
        return None
    hour, minute = (part.strip() for part in text.split(":")[:2])
    return int(hour) + int(minute) / 60 if hour.isdigit() and minute.isdigit() else None
