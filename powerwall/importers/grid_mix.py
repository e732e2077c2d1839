"""Grid mix: hourly net generation by fuel → the layer `grid_mix`, a share of the year's energy a fuel.

Two forms: the six-month balance files of EIA-930 (`EIA930_BALANCE_2022_Jan_Jun.csv`), by their
published schema and not tried on a native file, several of one year together; and an hourly table of
`ba_code`, `hour_utc` and `<fuel>_mw`. Shares are over the hours that are known: an hour in which a
fuel is missing, and whose others do not add up to its net generation, is left out, counted, and never
zero. Net generation below zero counts as it is; a fuel that took more over the year than it gave has
no share. Storage gives back what others made, and is left out. Imports and exports are left out.
`--entity PJM` keeps one balancing authority, or several with commas between them; with a region those
of its utilities are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.grid_hours import STORAGE, filled, read_hours
from powerwall.region.findings import Findings, did_you_mean

LEAST_OF_MONTH = Parameter(0.5, "share", 0.1, 0.9, "assumed: with fewer of its hours a month says little of its mix")  # fmt: skip
_KEY = ("balancing_authority", "year", "fuel")
_PLACES = 5  # decimals of a share
_TITLE, _URL = "EIA-930: hourly electric grid monitor", "https://www.eia.gov/electricity/gridmonitor/"  # fmt: skip
_OF_FUEL = {
    "solar_pv": "Taken as photovoltaic; concentrating plants in it would take more.",
    "hydro": "Net of pumping, where the source does not tell pumped storage apart.",
}


def read_mix(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Shares by balancing authority, year and fuel."""
    parts = [part for path in files if (part := read_hours(path, tally, findings)) is not None]
    if findings.errors or not parts:
        return None
    read = pd.concat([part.rows for part in parts], ignore_index=True)
    hours = _of_authorities(read, asked, tally, findings, files[0])
    if findings.errors:
        return None
    again = hours.duplicated(["balancing_authority", "hour"])
    hours = tally.without(hours, again, "the hour of the authority stands in an earlier row")
    fuels = [name for name in hours if name not in {"balancing_authority", "hour", "day", "known", "adds_up"}]  # fmt: skip
    everywhere = hours["known"] & filled(hours[fuels], hours["balancing_authority"])
    known = tally.without(hours, ~(everywhere | hours["adds_up"]), "a fuel of the hour is missing: left out of the shares, and not 0")  # fmt: skip
    if known.empty:
        findings.add("PW204", "no hour is known", file=files[0], remedy="; ".join(tally.lines(0)[1:4]))  # fmt: skip
        return None
    clock = " and ".join(sorted({part.clock for part in parts}))
    rows = _years(known, fuels, clock, tally, findings, files[0])
    if rows.empty:
        findings.add("PW204", "no authority generates anything over a year", file=files[0])
        return None
    note = f"made of {len(known):,} hours that are known"
    if any(part.native for part in parts):
        note += "; the balance files are read by their published schema: no native file was at hand to try it on"  # fmt: skip
    return Delivery(rows, _KEY, date.fromisoformat(rows["as_of"].max()), note)


def _of_authorities(
    hours: pd.DataFrame, asked: Asked, tally: Tally, findings: Findings, path: Path
) -> pd.DataFrame:
    """Hours of the authorities that are asked for, else of the region's; all without any."""
    named = [name.strip().upper() for name in asked.entity.split(",") if name.strip()]
    there = sorted(set(hours["balancing_authority"]))
    for name in named:
        if name not in there:
            findings.add("PW603", f"--entity {name}: no balancing authority of that code in the files", file=path, remedy=did_you_mean(name, there))  # fmt: skip
    own = named or [name for name in asked.authorities if name in there]
    if asked.authorities and not own:
        findings.add("PW603", f"no balancing authority of the region's utilities ({', '.join(asked.authorities)}) is in the files: {', '.join(there[:8])}", file=path,
                     remedy="name one with --entity")  # fmt: skip
    if not own:
        if asked.area is not None:
            tally.noted["of every authority in the files, since no utility of the region names its own"] += len(hours)  # fmt: skip
        return hours
    return tally.without(hours, ~hours["balancing_authority"].isin(own), "of another balancing authority")  # fmt: skip


def _years(
    known: pd.DataFrame, fuels: list[str], clock: str, tally: Tally, findings: Findings, path: Path
) -> pd.DataFrame:
    """Rows of each authority and year; a part of a year only where the authority has no whole one."""
    year = known["day"].dt.year
    rows = []
    for authority, own in known.groupby("balancing_authority", sort=True):
        years = dict(list(own.groupby(year.loc[own.index], sort=True)))
        thin = {number: _thin_months(part) for number, part in years.items()}
        whole = [number for number in years if not thin[number]]
        for number, part in years.items():
            if whole and thin[number]:
                tally.left_out["of a year that is not whole, beside one that is"] += len(part)
                continue
            if thin[number]:
                findings.add("PW414", f"{authority} {number}: months without half their hours ({', '.join(map(str, thin[number]))}); its shares are those of the rest of the year",
                             severity="warning", file=path, remedy="give all files of the year together")  # fmt: skip
            rows += _shares(str(authority), int(number), part, fuels, clock, tally)
    return pd.DataFrame(rows)


def _thin_months(part: pd.DataFrame) -> list[int]:
    """Months of a year of which too few hours are known."""
    first = part["day"].iloc[0].replace(month=1, day=1)
    full = pd.Series({month: 24 * first.replace(month=month).days_in_month for month in range(1, 13)})  # fmt: skip
    found = part["day"].dt.month.value_counts().reindex(full.index, fill_value=0)
    return [int(month) for month in full.index[found < LEAST_OF_MONTH.value * full]]


def _shares(
    authority: str, year: int, part: pd.DataFrame, fuels: list[str], clock: str, tally: Tally
) -> list[dict[str, object]]:
    """One row a fuel that the authority reports."""
    reported = [fuel for fuel in fuels if part[fuel].notna().any()]
    energy = part[reported].sum().astype(float)
    for fuel, hours in (part[reported].drop(columns=STORAGE, errors="ignore") < 0).sum().items():
        if hours:
            tally.noted[f"{fuel} below 0 MW in the hour: its sum counts it"] += int(hours)
    about = [f"From hourly net generation of {year} in {clock}; generation inside the area, imports and exports left out.", _of_hours(len(part), year)]  # fmt: skip
    if STORAGE in energy:
        tally.noted["with storage, which is in no share"] += int(part[STORAGE].notna().sum())
        about.append(f"Storage, {energy[STORAGE]:,.0f} MWh net, is in no share.")
    energy = energy.drop(STORAGE, errors="ignore")
    about += [f"{fuel} took {-energy[fuel]:,.0f} MWh more than it gave: no share." for fuel in energy.index[energy < 0]]  # fmt: skip
    given = energy[energy >= 0]
    if given.sum() <= 0:
        tally.left_out[f"of {authority} {year}, which generates nothing over them"] += len(part)
        return []
    day = part["day"].max().date().isoformat()
    return [
        {"balancing_authority": authority, "fuel": str(fuel), "year": year, "generation_share": round(float(mwh / given.sum()), _PLACES),
         "source_title": _TITLE, "source_url": _URL, "as_of": day, "status": "secondary", "note": " ".join([*about, *_words(str(fuel), mwh)])}
        for fuel, mwh in given.items()
    ]  # fmt: skip


def _of_hours(known: int, year: int) -> str:
    hours = 24 * (366 if pd.Timestamp(year, 1, 1).is_leap_year else 365)
    if known >= hours:
        return f"All {hours:,} hours are known."
    missing = hours - known
    return f"{missing:,} of {hours:,} hours {'is' if missing == 1 else 'are'} missing and left out."


def _words(fuel: str, mwh: float) -> list[str]:
    return [*([_OF_FUEL[fuel]] if fuel in _OF_FUEL else []), *([] if mwh else ["The source shows none."])]  # fmt: skip
