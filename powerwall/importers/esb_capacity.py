"""ESB capacity: station readings of ESB Networks → blocks of the layer `points_of_interconnection`.

The sheet is a hierarchy: a row with the name of a station is a block of transformers, and below it
stand its transformers, sums of feeders and feeders, which say the same again. Only the named rows
count; blocks of one station are in series and never added. The sheet knows no places: a second file
with stations and positions gives them, and its figures are not read. The unit MVA is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.esb_positions import placed, read_stations_of
from powerwall.importers.sheets import numbers, read_sheets
from powerwall.importers.words import slug
from powerwall.region.findings import Findings

NAME_MATCH_M = Parameter(1500, "m", 300, 15_000, "assumed: a position that a name search found is that of a street or a district, and may be another's")  # fmt: skip
_MARKS = ("station_name", "trafo", "installed_capacity", "planned_capacity")
_READING = re.compile(r"(winter|summer)_(valley|peak)_(\d\d)_(\d\d)")
_UNIT = re.compile(r"^[A-Za-z]*T\d+(?:\s+(?P<mva>\d+(?:\.\d+)?))?$")
_LEADING = re.compile(r"^\s*(\d+(?:\.\d+)?)(?=\s|$)")
_CUSTOMER = re.compile(r"customer st", re.IGNORECASE)
_CUSTOMER_KV = re.compile(r"(\d+(?:\.\d+)?)\s*kV", re.IGNORECASE)
_NOTE = "Blocks of one station are in series: never add them. Ratings are sums of transformers, readings those of the years in their names; neither knows what is contracted"


def read_stations(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Blocks of stations; at their places where a second file knows them, else a plain table."""
    books = [path for path in files if _is_sheet(path)]
    others = [path for path in files if path not in books]
    blocks = [part for path in books if (part := _blocks(path, tally, findings)) is not None]
    stations = read_stations_of(others, blocks, asked, tally, findings)
    if not books and not findings.errors:
        findings.add("PW201", "the workbook of readings is not among the files", file=files[0], remedy="give it, and the file of positions behind it")  # fmt: skip
    if findings.errors or not blocks:
        return None
    made = pd.concat([_canonical(part, tally) for part in blocks], ignore_index=True)
    made = tally.without(made, made["poi_id"].duplicated(keep="first"), "stands in an earlier row")
    return _delivered(made, stations, tally)


def _delivered(made: pd.DataFrame, stations: gpd.GeoSeries | None, tally: Tally) -> Delivery:
    if stations is None:
        note = f"{_NOTE}. Without places no site can reach them: give a file with `station` and positions as well"
        return Delivery(made.drop(columns="station"), ("poi_id",), note=note)
    located = placed(made, stations, tally)
    accuracy = pd.Series(NAME_MATCH_M.value, index=located.index)
    return Delivery(gpd.GeoDataFrame(located.drop(columns="station")).assign(location_accuracy_m=accuracy), ("poi_id",), note=_NOTE)  # fmt: skip


def _is_sheet(path: Path) -> bool:
    """Tell whether a file can be the sheet of readings: a workbook, or a table with `trafo`."""
    if path.suffix.lower() != ".csv":
        return path.suffix.lower().startswith(".xls")
    return path.is_file() and b"trafo" in path.read_bytes()[:4096].lower()


def _blocks(path: Path, tally: Tally, findings: Findings) -> pd.DataFrame | None:
    """Named rows of a sheet, and what the rows of transformers below them say."""
    sheets = read_sheets(path, _MARKS, tally, findings)
    if not sheets:
        return None
    frame = sheets[0].frame.map(lambda cell: " ".join(str(cell).split()))
    head = frame["station_name"] != ""
    owner = head.cumsum()
    tally.left_out["transformers, sums of feeders and feeders, which are in the row of their block"] += int((~head).sum())  # fmt: skip
    below = frame[~head & frame["trafo"].str.match(_UNIT) & (owner > 0)]
    units = pd.DataFrame({"block": owner[below.index], "mva": [_unit_mva(row) for row in below.to_dict("records")]})  # fmt: skip
    each = units.groupby("block")["mva"].agg(transformer_count="size", largest_mva="max", smallest_mva="min", sum_mva=lambda own: own.sum(min_count=len(own)))  # fmt: skip
    blocks = frame[head].assign(block=owner[head]).join(each, on="block")
    return blocks.assign(transformer_count=blocks["transformer_count"].fillna(0))


def _unit_mva(row: dict[str, str]) -> float:
    """Rating of one transformer, which stands in any of four columns: `T144` | 63, `T144 63`, …"""
    named = _UNIT.match(row["trafo"])
    if named is not None and named["mva"]:
        return float(named["mva"])
    for column in ("capacity_feeder_customer", "installed_capacity"):
        if found := _LEADING.match(row.get(column, "")):
            return float(found[1])
    return float("nan")


def _canonical(blocks: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    """Blocks in the columns of the layer."""
    station = blocks["station_name"]
    number = blocks.groupby("station_name").cumcount() + 1
    of = station.map(station.value_counts())
    made = pd.DataFrame({"poi_id": [f"ie-poi-esb-{slug(own)}-{n}" for own, n in zip(station, number, strict=True)]}, index=blocks.index)  # fmt: skip
    made["name"] = station + np.where(of > 1, ", block " + number.astype(str), "")
    made["name_status"], made["kind"] = "public", "substation"
    own, other = (blocks[name].str.contains(_CUSTOMER) for name in ("capacity_feeder_customer", "trafo"))  # fmt: skip
    words = blocks["capacity_feeder_customer"].where(own, blocks["trafo"].where(other, ""))
    for hit, where in ((own, "in their own column"), (other & ~own, "in the column of transformers")):  # fmt: skip
        if hit.any():
            tally.noted[f"customer stations, by words {where}"] += int(hit.sum())
    made["voltage_kv"] = [float(found[1]) if (found := _CUSTOMER_KV.search(text)) else np.nan for text in words]  # fmt: skip
    _ratings(made, blocks, tally)
    peak, zero, negative, year = _peak(made, blocks, tally)
    made["published_peak_mva"] = peak
    made["headroom_rung"] = "hosting_map"
    above = (blocks["transformer_count"] > 1) & (peak > made["firm_n1_mva"])
    flags = {"capacity_zero": made.pop("zero"), "capacity_is_transformer_sum": made["firm_n1_mva"] > 0, "peak_above_firm": above, "peak_zero": zero,
             "negative_peak": negative, "single_customer": own | other}  # fmt: skip
    made["defect_flag"] = [";".join(name for name, hit in flags.items() if hit[row]) for row in made.index]  # fmt: skip
    made["as_of"], made["status"] = year, "approximate"
    made["note"] = [f"Block {n} of {total}, in series with the others: never added." * (total > 1) + f" {text}" * bool(text)
                    for n, total, text in zip(number, of, words, strict=True)]  # fmt: skip
    made["note"] = made["note"].str.strip()
    return made.assign(station=station)


def _ratings(made: pd.DataFrame, blocks: pd.DataFrame, tally: Tally) -> None:
    """Ratings of the block; a zero is not measured, and N-1 is known where the transformers add up."""
    given = numbers(blocks["installed_capacity"], tally)
    made["zero"] = given == 0
    if made["zero"].any():
        tally.emptied["installed_capacity: 0, of a station that was not rated"] += int(made["zero"].sum())  # fmt: skip
    installed = given.mask(made["zero"])
    made["published_capacity_mva"] = installed
    planned = numbers(blocks["planned_capacity"], tally)
    made["planning_capacity_mva"] = planned.mask(planned == 0)
    made["transformer_count"] = blocks["transformer_count"].where(blocks["transformer_count"] > 0)
    add_up = (blocks["sum_mva"] - installed).abs() < 1e-6
    same = add_up & (blocks["smallest_mva"] == blocks["largest_mva"])
    made["transformer_mva"] = blocks["largest_mva"].where(same)
    made["largest_unit_mva"] = blocks["largest_mva"].where(add_up)
    made["firm_n1_mva"] = (installed - blocks["largest_mva"]).where(add_up)
    odd = installed.notna() & ~add_up
    if odd.any():
        tally.noted["whose transformers do not add up to the block: what is firm is unknown"] += int(odd.sum())  # fmt: skip


def _peak(made: pd.DataFrame, blocks: pd.DataFrame, tally: Tally) -> tuple[pd.Series, pd.Series, pd.Series, str]:  # fmt: skip
    """Higher peak of the latest winter and summer; 0 and reverse flow are no load that is known. [MVA]"""
    latest = ""
    for column in blocks:
        if (found := _READING.fullmatch(str(column))) is None:
            continue
        season, what, first, second = found.groups()
        made[f"{season}_{what}_20{first}_{second}_mva"] = numbers(blocks[column], tally)
        latest = max(latest, f"20{first}_{second}")
    peaks = [made[name] for name in (f"{season}_peak_{latest}_mva" for season in ("winter", "summer")) if name in made]  # fmt: skip
    nothing = pd.Series(np.nan, index=blocks.index)
    table = pd.concat(peaks, axis=1) if peaks else nothing.to_frame()
    top, negative = table.max(axis=1), (table < 0).any(axis=1)
    zero = (top == 0) & ~negative
    for hit, what in ((zero, "peak: 0, of a station that was offloaded or not measured"), (negative, "peak: negative, so power flows up")):  # fmt: skip
        if hit.any():
            tally.emptied[what] += int(hit.sum())
    return top.mask(zero | negative), zero, negative, f"20{latest[-2:]}" if latest else ""
