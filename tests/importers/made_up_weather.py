"""A made-up hourly weather file, by formula: the one behind the synthetic example region.

Seasons and days are sines round 13 °C with seeded noise; the air is damp at night and in summer.
"""

from __future__ import annotations

import numpy as np

HEADER = (
    "LOCATION,Example County airfield (made up),KS,USA,made up,999901,38.58000,-98.18000,-6.0,520.0",
    "DESIGN CONDITIONS,1,made up,,Heating,1,-14,Cooling,7,12.0,37.2,23.6,35,23,34,23,25.6,32.4,25,31,Extremes,12,-18,41,2,1,-22,42,-23,43.4,-25,44.8",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    "COMMENTS 1,made up; Period of Record=2011-2025; synthetic, made for tests and documentation",
    "COMMENTS 2,",
    "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def rows(days: tuple[int, ...] = _DAYS) -> list[list[str]]:
    """Rows of the file, as cells."""
    count = 24 * sum(days)
    hours = np.arange(count)
    rng = np.random.default_rng(999901)
    season = -np.cos(2 * np.pi * (hours / 24 - 20) / sum(days))
    clock = -np.cos(2 * np.pi * (hours % 24 - 4) / 24)
    spell = np.repeat(rng.normal(0, 3.0, sum(days)), 24)
    t = 13.2 + 13.2 * season + 6.5 * clock + spell + rng.normal(0, 0.6, count)
    humidity = np.clip(62.5 - 14 * clock + 4 * season - 2.4 * spell + rng.normal(0, 6, count), 12, 100)  # fmt: skip
    pressure = 95_200 + 450 * np.sin(2 * np.pi * hours / 113)
    months = np.repeat(np.arange(1, 13), [24 * day for day in days])
    dates = np.concatenate([np.repeat(np.arange(1, day + 1), 24) for day in days])
    return [
        ["2020", str(months[h]), str(dates[h]), str(h % 24 + 1), "0", "?9", f"{t[h]:.1f}", "9.0", f"{humidity[h]:.0f}", f"{pressure[h]:.0f}", *["0"] * 25]
        for h in range(count)
    ]  # fmt: skip


def text(cells: list[list[str]] | None = None, header: tuple[str, ...] = HEADER) -> str:
    """The file."""
    lines = [",".join(row) for row in (rows() if cells is None else cells)]
    return "\n".join([*header, *lines]) + "\n"
