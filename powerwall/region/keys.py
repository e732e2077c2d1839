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


_HOW = "write  { 2028-01 = 20000, 2030-01 = 80000 }"


def _by_month(value: dict[str, float]) -> dict[str, float]:
    """Amounts by month in the order of time; they are cumulative, so they never fall."""
    try:
        ordered = dict(sorted(value.items(), key=lambda item: parse_span(item[0]).first))
    except ValueError as error:
        raise ValueError(f"{error}; {_HOW}") from None
    amounts = list(ordered.values())
    if any(not math.isfinite(amount) or amount < 0 for amount in amounts):
        raise ValueError(f"amounts are numbers of 0 or more; {_HOW}")
    if amounts != sorted(amounts):
        raise ValueError(f"amounts are cumulative and never fall; {_HOW}")
    return ordered


Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[float, Field(strict=True)]  # neither a text nor true
ByMonth = Annotated[dict[str, Number], AfterValidator(_by_month)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Points = list[tuple[float, float]]


class Strict(BaseModel):
    """A table without unknown keys that never changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
