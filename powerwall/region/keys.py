"""Keys: kinds of values that the keys of a region file take."""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from powerwall.region.dates import parse_span


def _day(value: object) -> object:
    if isinstance(value, str):
        return date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return value


def _by_month(value: dict[str, float]) -> dict[str, float]:
    """Amounts by month in the order of time; they are cumulative, so they never fall."""
    ordered = dict(sorted(value.items(), key=lambda item: parse_span(item[0]).first))
    amounts = list(ordered.values())
    if any(not math.isfinite(amount) or amount < 0 for amount in amounts):
        raise ValueError("amounts are numbers of 0 or more")
    if amounts != sorted(amounts):
        raise ValueError("amounts are cumulative: each is as large as the one before, or larger")
    return ordered


Day = Annotated[date, BeforeValidator(_day)]
ByMonth = Annotated[dict[str, float], AfterValidator(_by_month)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Points = list[tuple[float, float]]


class Strict(BaseModel):
    """A table without unknown keys that never changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
