"""Opposition: local events that the press reported, counted a year; a weak signal."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from powerwall.criteria.criterion import Parameter, criterion
from powerwall.criteria.policy import odds
from powerwall.criteria.policy.rows import word
from powerwall.region.dates import MONTH_DAYS, parse_span

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

LAYER = "opposition_events"
#: Acts of a state, a court or the federal government are no local events.
LOCAL = {"county", "city", "town", "township", "village", "local_authority", ""}
SAME_EVENT_DAYS = Parameter(
    30, "d", 14, 60, "assumed: several reports of one project within this are one event"
)


class Events:
    """Local events by authority, up to the as-of date and inside what the layer covers."""

    def __init__(self, layers: Layers, request: Request) -> None:
        layer = layers.get(LAYER)
        extra: Mapping[str, Any] = {} if layer is None else layer.extra
        self.covers = frozenset(extra.get("covers", ()))
        self._as_of = request.as_of
        self.start: date | None = extra.get("covers_from")
        last: date | None = extra.get("covers_to")
        self.end = min(last, request.as_of) if last else request.as_of
        self._days: dict[str, list[date]] = {}
        if layer is not None:
            self._days = _counted(layer.frame.to_dict("records"))

    @property
    def years(self) -> float:
        """Length of the window that the layer covers, up to the as-of date. [years]"""
        if self.start is None:
            return float("nan")
        return max((self.end - self.start).days, 0) / (12 * MONTH_DAYS)

    def count(self, authority: object) -> int | None:
        """Events of an authority in the window; None where the layer does not cover it."""
        if str(authority) not in self.covers or self.start is None or not self.years > 0:
            return None
        return sum(self.start <= day <= self.end for day in self._days.get(str(authority), []))

    def within(self, authority: object, months: float) -> int:
        """Events of an authority in the last months before the as-of date."""
        return sum(
            0 <= (self._as_of - day).days <= months * MONTH_DAYS for day in self._days.get(str(authority), [])
        )  # fmt: skip


def _counted(rows: list[dict[Any, Any]]) -> dict[str, list[date]]:
    """Days of the events of each authority; what one project gave rise to within a month is one."""
    last: dict[tuple[str, str], date] = {}
    days: dict[str, list[date]] = defaultdict(list)
    dated = [(parse_span(word(row, "event_date")).first, row) for row in rows if word(row, "event_date")]  # fmt: skip
    for day, row in sorted(dated, key=lambda pair: (pair[0], word(pair[1], "event_id"))):
        if word(row, "level") not in LOCAL:
            continue
        authority, project = word(row, "jurisdiction_id"), word(row, "project")
        before = last.get((authority, project))
        if project and before is not None and (day - before).days <= SAME_EVENT_DAYS.value:
            continue
        last[authority, project] = day
        days[authority].append(day)
    return dict(days)


@criterion(
    unit="1/year",
    value=[(0.1, 1.0), (1.0, 0.6), (5.0, 0.0)],
    why="assumed: the mean county of the United States has 0.24 reported local events a year; at five a year something is under way",
    needs={LAYER: ("jurisdiction_id", "event_date")},
    uncertainty="counts of press reports; where nobody reports there is nothing to count",
    grade="D",
)
def opposition_index(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> pd.DataFrame:
    """Reported local events a year, drawn towards the mean of all counties."""
    events = Events(layers, request)
    known = {name: _index(events, name) for name in dict.fromkeys(sites["jurisdiction_id"])}
    return pd.DataFrame([known[name] for name in sites["jurisdiction_id"]], index=sites.index)


def _index(events: Events, authority: object) -> dict[str, object]:
    count, years = events.count(authority), events.years
    if count is None:
        place = authority if isinstance(authority, str) else "an unknown authority"
        return {"value": math.nan, "why": f"the layer does not cover {place}"}
    return {
        "value": float(odds.opposition_index(count, years)), "layer": LAYER, "grade": "D", "status": "approximate",
        "as_of": str(events.end), "note": f"{count} local event{'s' * (count != 1)} in {years:.2f} years of reports to {events.end}",
    }  # fmt: skip
