"""Calendars: study windows, and dates before which a place is given no power."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.facts import fact_table
from powerwall.region.dates import months_between, parse_span
from powerwall.region.joins import split_ids

if TYPE_CHECKING:
    from powerwall.region.layers import Layers


#: Kinds of rows that hold power back until a date.
FLOORS = ("not_before", "backbone_in_service")


class Windows(NamedTuple):
    """Windows of one calendar, seen from the as-of date, and what a reader must know of them."""

    windows: tuple[tuple[float, float], ...] | None
    repeat_months: float | None
    note: str = ""


class Calendars:
    """Windows and floors of one region: its own rows replace the shipped ones by id."""

    def __init__(self, layers: Layers, as_of: date) -> None:
        self.as_of = as_of
        self.rows = {row["calendar_id"]: row for row in fact_table("calendars").to_dict("records")}
        own = layers.frame("calendars")
        if own is not None:
            self.rows.update({row["calendar_id"]: row for row in own.to_dict("records")})

    def windows(self, calendar_id: object, *, declared: bool = False) -> Windows:
        """Study windows of a stage; a site that declared already stands in its window."""
        if not isinstance(calendar_id, str):
            return Windows(None, None)
        row = self.rows.get(calendar_id)
        if row is None or blank(row.get("closes")):
            return Windows((), None, "no study window known")
        close = months_between(self.as_of, parse_span(str(row["closes"])).last)
        result, repeat = row.get("result_date"), row.get("repeat_months")
        at = close if blank(result) else months_between(self.as_of, parse_span(str(result)).last)
        # a declared site already stands in its window: its result stays the floor
        return Windows(
            ((max(close, 0.0) if declared else close, at),),
            None if blank(repeat) else float(str(repeat)),
            "assumed batch window" if str(row.get("tier")) == "assumed" else "",
        )

    def floor(self, candidates: tuple[str, ...]) -> tuple[float, str]:
        """Months before which nothing is energised in any of the authorities, and why."""
        best, words = float("nan"), ""
        for calendar_id, row in self.rows.items():
            if row.get("kind") not in FLOORS or blank(row.get("result_date")):
                continue  # a row without a date holds nothing back
            if set(split_ids(row.get("jurisdiction_ids"))) & set(candidates):
                day = parse_span(str(row["result_date"])).first
                months = months_between(self.as_of, day)
                if months > 0 and not months <= best:
                    about = [row.get("event"), row.get("operator")]
                    told = ", ".join(str(part) for part in about if not blank(part))
                    best, words = months, f"not before {day}: {told or calendar_id} ({calendar_id})"
        return best, words


def blank(cell: Any) -> bool:
    """Tell whether a cell of a table is empty."""
    return (
        cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)) or cell == ""
    )
