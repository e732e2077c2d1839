"""Series: hours and hourly prices of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.cost.tariff.refusal import Refusals

_COLUMNS = {"usd_per_mwh": 1e-3, "usd_per_kwh": 1.0}


def read_series(
    record: Mapping[str, Any], folder: Path, place: str, refusals: Refusals
) -> np.ndarray | None:
    """Price of each hour with losses and adder, 8760 values. [USD/kWh]

    The file has a column `usd_per_mwh` or `usd_per_kwh`, its first row 1 January 00:00.
    """
    path = folder / str(record["series"])
    where = f"{place}.series"
    if not path.is_file():
        refusals.add("price-length", where, f"no file {record['series']}", "paths are relative to the stack's file")  # fmt: skip
        return None
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:  # not UTF-8, empty or ragged
        refusals.add("price-length", where, f"{path.name}: {error}", "a CSV of 8760 hourly prices")
        return None
    named = [name for name in _COLUMNS if name in frame]
    if not named:
        refusals.add("price-length", where, f"{path.name} has no column usd_per_mwh or usd_per_kwh", "name the price's unit")  # fmt: skip
        return None
    prices = pd.to_numeric(frame[named[0]], errors="coerce").to_numpy(dtype=float)
    if len(prices) != 8760 or not np.isfinite(prices).all():
        bad = np.flatnonzero(~np.isfinite(prices))
        what = f"line {bad[0] + 2} is no number" if bad.size else f"{len(prices):,} prices"
        refusals.add("price-length", where, f"{path.name}: {what}", "give 8760 hourly prices")
        return None
    loss, adder = float(record.get("loss_share") or 0.0), float(record.get("adder_usd_per_mwh") or 0.0)  # fmt: skip
    return prices * _COLUMNS[named[0]] * (1 + loss) + adder / 1000


def read_hours(record: Mapping[str, Any], place: str, refusals: Refusals) -> tuple[int, ...] | None:
    """Hours of the year of the system's peaks: `"07-14T17"` is 14 July, 17:00 to 18:00; None where none are stated.

    Month, day and hour count, whatever the year: the load has the calendar of any year.
    """
    given = record.get("hours")
    if given is None:
        return None
    found = []
    for at, text in enumerate(given if isinstance(given, list) else [given]):
        try:
            when = datetime.strptime(f"2018-{str(text).removesuffix(':00')[-8:]}", "%Y-%m-%dT%H")  # noqa: DTZ007 — local prevailing time
        except ValueError:
            refusals.add("bad-date", f"{place}.hours[{at}]", f"`{text}` is no hour of a year", 'write "07-14T17"')  # fmt: skip
            continue
        found.append((when - datetime(2018, 1, 1)).days * 24 + when.hour)  # noqa: DTZ001 — local prevailing time
    return tuple(found) or None
