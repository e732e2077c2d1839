"""Grid hours: hourly net generation in MW by fuel, out of EIA-930 balance files or a plain table.

Headings of the balance files are those that open readers of them name, of 2018 to 2025: `Net
Generation (MW) from Coal`, with `(Adjusted)` behind it where the publisher's own estimates stand in
for what was missing or impossible, and since 2024 wind and solar by their batteries.
"""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from powerwall.importers.delivery import Tally
from powerwall.importers.sheets import numbers
from powerwall.region.findings import Findings, did_you_mean

#: Stored energy by any store: no generation, and no fuel of the layer.
STORAGE = "storage"
_SOURCES = {
    "coal": "coal", "natural_gas": "gas", "nuclear": "nuclear", "all_petroleum_products": "oil", "hydropower_and_pumped_storage": "hydro",
    "hydropower_excluding_pumped_storage": "hydro", "solar": "solar_pv", "solar_with_integrated_battery_storage": "solar_pv",
    "solar_without_integrated_battery_storage": "solar_pv", "wind": "wind", "wind_with_integrated_battery_storage": "wind",
    "wind_without_integrated_battery_storage": "wind", "geothermal": "geothermal", "other_fuel_sources": "other", "unknown_fuel_sources": "other",
    "pumped_storage": STORAGE, "battery_storage": STORAGE, "other_energy_storage": STORAGE, "unknown_energy_storage": STORAGE,
}  # fmt: skip
_FUELS = {
    "coal": "coal", "gas": "gas", "natural_gas": "gas", "nuclear": "nuclear", "oil": "oil", "petroleum": "oil", "hydro": "hydro", "solar": "solar_pv",
    "solar_pv": "solar_pv", "csp": "csp", "wind": "wind", "geothermal": "geothermal", "biopower": "biopower", "biomass": "biopower", "other": "other",
    "unknown": "other", "storage": STORAGE, "battery": STORAGE, "pumped_storage": STORAGE,
}  # fmt: skip
_FROM = "net_generation_mw_from_"
_NATIVE = ("balancing_authority", "utc_time_at_end_of_hour")
_TABLE = ("ba_code", "hour_utc")
_NO_FUEL = ("demand", "load", "net_generation", "interchange", "total_interchange", "demand_forecast")  # fmt: skip
_ROUNDING_MW = 0.5  # of each number of a sum of whole MW
_STAMP, _DAY = "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y"


class Hours(NamedTuple):
    """Hours of one file.

    Attributes
    ----------
    rows
        `balancing_authority`, `hour` (UTC), `day` of its year, `known` in its file, whether it
        `adds_up` to its stated total, and one column a fuel [MW].
    clock
        In which the days are: UTC, or local time.
    native
        Whether it is a balance file.
    """

    rows: pd.DataFrame
    clock: str
    native: bool


def read_hours(path: Path, tally: Tally, findings: Findings) -> Hours | None:
    """Hours of a balance file or an hourly table; None where the findings say why."""
    found = _table(path, findings)
    if found is None:
        return None
    table, native = found
    code, time = _NATIVE if native else _TABLE
    columns = _native_fuels(table, path, findings) if native else _plain_fuels(table, path, findings)  # fmt: skip
    if not columns:
        findings.add("PW203", "no column of net generation by fuel", file=path, remedy="EIA-930 has them from the second half of 2018 on" if native else "name them as coal_mw, gas_mw …")  # fmt: skip
        return None
    tally.read += len(table)
    own = table[code].astype("string").fillna("").str.strip().str.upper()
    hour = _stamps(table[time])
    lost = (own == "") | hour.isna()
    table = tally.without(table.assign(_code=own, _hour=hour), lost, "no authority, or no hour")
    mw = pd.DataFrame({name: _mw(table[name], tally) for name in columns})
    made = pd.DataFrame({"balancing_authority": table["_code"].astype(object), "hour": table["_hour"], "day": _local(table, native=native)})  # fmt: skip
    made["known"], made["adds_up"] = _whole(
        mw, made["balancing_authority"], _total(table, tally), tally
    )
    if native:
        _tell_imputed(table, columns, tally)
    for fuel in dict.fromkeys(columns.values()):
        made[fuel] = mw[[name for name in mw if columns[name] == fuel]].sum(axis=1, min_count=1)
    return Hours(made, "local time" if native and "data_date" in table else "UTC", native)


def _table(path: Path, findings: Findings) -> tuple[pd.DataFrame, bool] | None:
    """The columns that matter under plain names, and whether it is a balance file."""
    suffix = path.suffix.lower()
    if path.is_dir():
        findings.add("PW202", "is a folder", file=path, remedy="name the files in it")
        return None
    if not path.is_file():
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add("PW201", "no such file", file=path, remedy=did_you_mean(path.name, near))
        return None
    if suffix not in {".csv", ".parquet"}:
        findings.add("PW202", f"no hourly table is read from `{suffix}`", file=path, remedy="the balance files are CSV; CSV and Parquet are read")  # fmt: skip
        return None
    try:
        return _parquet(path, findings) if suffix == ".parquet" else _csv(path, findings)
    except UnicodeDecodeError as error:
        findings.add("PW202", f"not UTF-8 at byte {error.start}", file=path, remedy="save the file as UTF-8")  # fmt: skip
    except csv.Error as error:
        findings.add("PW202", f"no CSV: {error}", file=path)
    except (OSError, ValueError) as error:
        findings.add("PW202", f"cannot be read: {str(error).splitlines()[0]}", file=path)
    return None


def _csv(path: Path, findings: Findings) -> tuple[pd.DataFrame, bool] | None:
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(b"PK"):
        findings.add("PW202", "is an archive or a workbook under another name", file=path, remedy="unpack it first")  # fmt: skip
        return None
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        findings.add("PW202", "is a web page, not the file", file=path, remedy="open it to read what the server said, and download the file again")  # fmt: skip
        return None
    if start.startswith(codecs.BOM_UTF8):
        findings.add("PW206", "starts with a byte-order mark, which was skipped", severity="warning", file=path, line=1, column=1)  # fmt: skip
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        native = _form(header, path, findings)
        if native is None:
            return None
        keep = [place for place, name in enumerate(header) if _matters(_plain(name))]
        rows, torn = [], []
        for cells in reader:
            if len(cells) == len(header):
                rows.append([cells[place] for place in keep])
            elif any(cells):
                torn.append(reader.line_num)
    if torn:
        findings.add("PW207", f"{len(torn):,} rows have more or fewer cells than the header", file=path, line=torn[0], remedy="download the file again")  # fmt: skip
        return None
    table = pd.DataFrame(rows, columns=[header[place] for place in keep], dtype=object)
    return _renamed(table), native


def _parquet(path: Path, findings: Findings) -> tuple[pd.DataFrame, bool] | None:
    table = pd.read_parquet(path)
    native = _form([str(name) for name in table], path, findings)
    return None if native is None else (_renamed(table), native)


def _form(header: list[str], path: Path, findings: Findings) -> bool | None:
    """Whether a header is that of a balance file; None where it is of neither form."""
    names = [_plain(name) for name in header]
    for marks, native in ((_NATIVE, True), (_TABLE, False)):
        if set(marks) <= set(names):
            return native
    findings.add("PW203", f"neither `Balancing Authority` and `UTC Time at End of Hour` nor `ba_code` and `hour_utc`; columns found: {', '.join(header[:8])}", file=path,
                 remedy=did_you_mean(_NATIVE[0], names) or "is it the right file?")  # fmt: skip
    return None


def _plain(name: str) -> str:
    """`Net Generation (MW) from Solar witho Integrated Battery Storage (Adjusted)`, its slip mended."""
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return text.replace("_witho_", "_with_")


def _matters(name: str) -> bool:
    return name in {*_NATIVE, *_TABLE, "data_date"} or name.startswith("net_generation_mw") or name.endswith("_mw")  # fmt: skip


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    named = table.rename(columns=lambda name: _plain(str(name)))
    return named.loc[:, ~named.columns.duplicated()]


def _native_fuels(table: pd.DataFrame, path: Path, findings: Findings) -> dict[str, str]:
    """Column → fuel, the adjusted column where there is one; columns of no known fuel are told."""
    stems = {str(name).removesuffix("_adjusted").removesuffix("_imputed") for name in table if str(name).startswith(_FROM)}  # fmt: skip
    known = {stem: _SOURCES[stem.removeprefix(_FROM)] for stem in sorted(stems) if stem.removeprefix(_FROM) in _SOURCES}  # fmt: skip
    _tell_others(sorted(stems - set(known)), path, findings)
    return {f"{stem}_adjusted" if f"{stem}_adjusted" in table else stem: fuel for stem, fuel in known.items()}  # fmt: skip


def _plain_fuels(table: pd.DataFrame, path: Path, findings: Findings) -> dict[str, str]:
    ends = {str(name): str(name).removesuffix("_mw") for name in table if str(name).endswith("_mw")}
    _tell_others([name for name, fuel in ends.items() if fuel not in _FUELS and fuel not in _NO_FUEL], path, findings)  # fmt: skip
    return {name: _FUELS[fuel] for name, fuel in ends.items() if fuel in _FUELS}


def _tell_others(names: list[str], path: Path, findings: Findings) -> None:
    if names:
        findings.add("PW212", f"columns in MW of no known fuel: {', '.join(names)}; if they generate, the shares of the others are too high", severity="warning", file=path)  # fmt: skip


def _stamps(column: pd.Series) -> pd.Series:
    """Hours in UTC, without a zone."""
    if pd.api.types.is_datetime64_any_dtype(column):
        stamp = column
    else:
        text = column.astype("string").str.strip()
        american = pd.to_datetime(text, format=_STAMP, errors="coerce", utc=True)
        stamp = american.fillna(pd.to_datetime(text.where(american.isna()), format="ISO8601", errors="coerce", utc=True))  # fmt: skip
    return stamp if stamp.dt.tz is None else stamp.dt.tz_convert("UTC").dt.tz_localize(None)


def _local(table: pd.DataFrame, *, native: bool) -> pd.Series:
    """Day that counts for the year: the local one of a balance file, else that of the hour."""
    hour = table["_hour"] - pd.Timedelta(hours=1) if native else table["_hour"]
    if not native or "data_date" not in table:
        return hour.dt.normalize()
    text = table["data_date"].astype("string").str.strip()
    day = pd.to_datetime(text, format=_DAY, errors="coerce")
    day = day.fillna(pd.to_datetime(text.where(day.isna()), format="ISO8601", errors="coerce"))
    return day.fillna(hour.dt.normalize())


def _mw(column: pd.Series, tally: Tally) -> pd.Series:
    """Numbers as they are, or with commas between thousands; an infinite one is missing."""
    if pd.api.types.is_numeric_dtype(column):
        found = column.astype(float)
    else:
        found = numbers(column.fillna(""), tally)
    endless = found.abs() == float("inf")
    if endless.any():
        tally.emptied[f"{column.name}: infinite"] += int(endless.sum())
    return found.mask(endless)


def _total(table: pd.DataFrame, tally: Tally) -> pd.Series | None:
    name = next((one for one in ("net_generation_mw_adjusted", "net_generation_mw") if one in table), None)  # fmt: skip
    return None if name is None else _mw(table[name], tally)


def _whole(
    mw: pd.DataFrame, code: pd.Series, total: pd.Series | None, tally: Tally
) -> tuple[pd.Series, pd.Series]:
    """Whether nothing of an hour is missing as far as its file tells, and whether its parts add up.

    Nothing is where every column is filled that the authority ever fills. Where those that are
    filled add up to the stated net generation, what is blank was nothing.
    """
    whole = filled(mw, code)
    if total is None:
        return whole, pd.Series(False, index=mw.index)
    adds_up = mw.notna().any(axis=1) & ((mw.sum(axis=1) - total).abs() <= _ROUNDING_MW * mw.shape[1])  # fmt: skip
    if off := int((whole & total.notna() & ~adds_up).sum()):
        tally.noted["hours whose fuels do not add up to their net generation: kept as reported"] += off  # fmt: skip
    return whole, adds_up


def filled(mw: pd.DataFrame, code: pd.Series) -> pd.Series:
    """Whether every column of an hour is filled that its authority ever fills, and any is."""
    there = mw.notna()
    ever = there.groupby(code).transform("any")
    return (there | ~ever).all(axis=1) & there.any(axis=1)


def _tell_imputed(table: pd.DataFrame, columns: dict[str, str], tally: Tally) -> None:
    """Cells that the publisher estimated, where the adjusted column holds them."""
    filled = 0
    for name in columns:
        imputed = f"{name.removesuffix('_adjusted')}_imputed"
        if name.endswith("_adjusted") and imputed in table:
            cell = table[imputed]
            filled += int((cell.notna() & (cell.astype("string").str.strip() != "")).sum())
    if filled:
        tally.noted["cells that the publisher estimated (Imputed), as its adjusted columns have them"] += filled  # fmt: skip
