"""Register: what a region knows of its own permits, over the class of such paths.

`permit_paths` holds decided cases of an authority, or what is known of one site; `time_to_power`
holds how far the site's permit has come; `opposition_events` what the press reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.policy.odds import (
    DENIED_BEFORE,
    LARGEST_RATIO,
    LOCAL_EVENT,
    wilson,
)
from powerwall.criteria.policy.opposition import Events
from powerwall.criteria.policy.permits import permit_table
from powerwall.criteria.policy.rows import word
from powerwall.criteria.policy.rules import Rules
from powerwall.region.dates import months_between, parse_span

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

LAYER = "permit_paths"
APPEAL = "appeal"
EVENT_MONTHS = Parameter(24, "months", 12, 36, "assumed: how long a local event weighs on a permit")
DENIAL_MONTHS = Parameter(
    36, "months", 24, 60, "assumed: how long a refusal of another project does"
)


class Entry(NamedTuple):
    """Odds and months of one permit.

    Attributes
    ----------
    p_success, low, high
        Share of such cases that ended well, and its range. [share]
    cases
        `59 of 85`, or `assumed`.
    p50_months, p90_months
        Quantiles of its duration. [months]
    months_from
        `assumed`, or whose figures they are.
    rung
        `site`, `region` or `generic`.
    source, as_of, status
        Who says so, when, and how well it is known.
    row
        Id of the region's row; empty for the class.
    """

    p_success: float
    low: float
    high: float
    cases: str
    p50_months: float
    p90_months: float
    months_from: str
    rung: str
    source: str
    as_of: str
    status: str
    row: str = ""


class Progress(NamedTuple):
    """How far the permit of a site has come, and months of its own. [months]"""

    started_months_ago: float | None = None
    done_months_ago: float | None = None
    p50_months: float | None = None
    p90_months: float | None = None
    source: str = ""
    as_of: str = ""


def entry_of_class(category: str) -> Entry:
    """What is known of permits of a category anywhere."""
    row = permit_table()[category]
    counted = not pd.isna(row["n"])
    return Entry(
        row["p_success"], float(row["low"]), float(row["high"]), f"{row['k']} of {row['n']}" if counted else "assumed",
        row["p50_months"], row["p90_months"], "assumed", "generic", str(row["source"]), str(row["as_of"]),
        "approximate" if counted else "assumed",
    )  # fmt: skip


class Register:
    """A region's own rows about permits."""

    def __init__(self, layers: Layers, request: Request) -> None:
        self.request = request
        frame = layers.frame(LAYER)
        rows = [] if frame is None else frame.to_dict("records")
        self._sites = {word(row, "site_id"): row for row in rows if word(row, "site_id")}
        self._classes = {
            (word(row, "jurisdiction_id"), word(row, "category")): row for row in rows if not word(row, "site_id")
        }  # fmt: skip
        self._progress = _progress_rows(layers)
        self._events = Events(layers, request)

    def category_of(self, site_id: object) -> str:
        """Category that a row of the site itself states; empty without one."""
        stated = word(self._sites.get(str(site_id), {}), "category")
        return "" if stated == APPEAL else stated

    def entry(self, site_id: object, chain: Sequence[str], category: str) -> Entry:
        """Odds and months of a site's permit: its own row, its authority's, else the class."""
        found = entry_of_class(category)
        for name in reversed(chain):
            found = _over(found, self._classes.get((name, category)), "region")
        return _over(found, self._sites.get(str(site_id)), "site")

    def appeal(self, chain: Sequence[str]) -> Entry | None:
        """Appeal that may follow a permit where the site lies; None where no row tells of one."""
        rows = [self._classes[name, APPEAL] for name in chain if (name, APPEAL) in self._classes]
        if not rows:
            return None
        nothing_lost = Entry(
            p_success=1.0, low=1.0, high=1.0, cases="refusals are counted in the permit", p50_months=math.nan, p90_months=math.nan,
            months_from="", rung="region", source="", as_of="", status="",
        )  # fmt: skip
        found = _over(nothing_lost, rows[0], "region")
        return None if math.isnan(found.p50_months) else found

    def hazard(self, site_id: object, authority: object, rules: Rules) -> tuple[float, str]:
        """Ratio of the hazard of a refusal, and what it rests on; 1 unless the request asks for it."""
        if not self.request.permit_hazard:
            return 1.0, ""
        ratio, grounds = 1.0, []
        if events := self._events.within(authority, EVENT_MONTHS.value):
            ratio *= LOCAL_EVENT.value
            grounds.append(
                f"{events} local event{'s' * (events > 1)} within {EVENT_MONTHS.value:g} months"
            )
        if denied := rules.denials(authority, site_id, DENIAL_MONTHS.value):
            ratio *= DENIED_BEFORE.value
            grounds.append(f"{', '.join(denied)} denied within {DENIAL_MONTHS.value:g} months")
        return min(ratio, LARGEST_RATIO.value), " and ".join(grounds)

    def progress(self, site_id: object) -> Progress:
        """How far the permit of a site has come by the as-of date; a later day has not come."""
        row = self._progress.get(str(site_id), {})
        p50, p90 = _number(row, "p50_months"), _number(row, "p90_months")
        return Progress(
            self._ago(word(row, "started_on")), self._ago(word(row, "done_on"), certain=True), p50 if p90 else None, p90 if p50 else None,
            word(row, "source_title"), word(row, "as_of"),
        )  # fmt: skip

    def _ago(self, day: str, *, certain: bool = False) -> float | None:
        """Months since a day; a coarse one is over only when all of it is past, if that must be certain."""
        if not day:
            return None
        span = parse_span(day)
        if (span.last if certain else span.first) > self.request.as_of:
            return None
        return max(months_between(parse_span(day).last, self.request.as_of), 0.0)


def _progress_rows(layers: Layers) -> dict[str, Mapping[str, Any]]:
    """Rows of `time_to_power` about the permit of one site."""
    frame = layers.frame("time_to_power")
    if frame is None or not {"site_id", "stage_id", "kind"} <= set(frame):
        return {}
    mine = frame[(frame["kind"] == "stage") & (frame["stage_id"] == "permit") & frame["site_id"].notna()]  # fmt: skip
    return {str(row["site_id"]): row for row in mine.to_dict("records")}


def _over(base: Entry, row: Mapping[str, Any] | None, rung: str) -> Entry:
    """An entry with what a row states over it; each of odds and months only whole."""
    if row is None:
        return base
    about: dict[str, Any] = {
        "rung": rung, "source": word(row, "source_title") or base.source, "as_of": word(row, "as_of") or base.as_of,
        "status": word(row, "status") or base.status, "row": word(row, "permit_id"),
    }  # fmt: skip
    odds = _odds(row)
    months = (_number(row, "p50_months"), _number(row, "p90_months"))
    if odds is not None:
        base = base._replace(p_success=odds[0], low=odds[1], high=odds[2], cases=odds[3], **about)
    if months[0] is not None and months[1] is not None:
        base = base._replace(p50_months=months[0], p90_months=months[1], months_from=f"{rung} row {about['row']}", **about)  # fmt: skip
    return base


def _odds(row: Mapping[str, Any]) -> tuple[float, float, float, str] | None:
    """Share, range and count of a row: as stated, else from its cases; None without either."""
    stated, granted, decided = (
        _number(row, key) for key in ("success_probability", "granted_count", "decided_count")
    )
    if granted is None or not decided:
        return None if stated is None else (stated, stated, stated, "as stated")
    low, high = wilson(granted, decided)
    share = granted / decided if stated is None else stated
    return share, low, high, f"{granted:g} of {decided:g}"


def _number(row: Mapping[str, Any], key: str) -> float | None:
    text = word(row, key)
    return float(text) if text else None
