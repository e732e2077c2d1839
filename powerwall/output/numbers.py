"""Numbers: how a measure is written; `?` is unknown, `–` is not applicable, never 0."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from powerwall.region.dates import day_at

UNKNOWN, NOT_APPLICABLE = "?", "–"
_LARGE = 1e9  # from here on powers of ten are read more easily


def shown(value: float, unit: str = "") -> str:
    """A number with at most three significant figures; units stand in headers."""
    if math.isnan(value):
        return UNKNOWN
    if unit == "bool":
        return "yes" if value else "no"
    if unit == "share":
        return percent(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if abs(value) >= _LARGE:
        return f"{value:.3g}".replace("e+", "e").replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def percent(share: float) -> str:
    """A share as it is printed: `81 %`."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.0f} %".replace("-", "−")


def month(as_of: date, months: float) -> str:
    """Calendar month that lies a number of months after the as-of date; `∞` beyond the calendar."""
    if math.isnan(months):
        return UNKNOWN
    try:
        day = day_at(as_of, months)
    except (ValueError, OverflowError):
        return "∞" if months > 0 else "−∞"
    return f"{day.year:04d}-{day.month:02d}"


def span(low: float, high: float, unit: str = "") -> str:
    """A range: `12…37`; one number where both ends print alike."""
    a, b = shown(low, unit), shown(high, unit)
    return a if a == b else f"{a}…{b}"


def plain(value: float) -> str:
    """A number for a file: up to six decimals, or six figures of a large one; unknown is empty."""
    if math.isnan(value):
        return ""
    if abs(value) >= 1e16:
        return f"{value:.5e}".replace("e+", "e")
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def jsonable(value: Any) -> Any:
    """A value for JSON: numbers to six decimals, large ones to seven figures; what is unknown is null."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA:
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return float(f"{value:.7g}") if abs(value) >= _LARGE else round(value, 6)
    return value
