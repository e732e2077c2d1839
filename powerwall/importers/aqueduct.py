"""Aqueduct: WRI Aqueduct 4.0, baseline annual, and its monthly table → the layer `basins`.

Read by its published schema; not tried on a native file. Polygons come as geodatabase, GeoPackage,
shapefile or GeoJSON; `baseline_monthly` as CSV behind them. Kuzma et al. 2023, doi
10.46830/writn.23.00061 (CC BY 4.0). Columns keep their names, which the layer reads: -9999 is no
data and becomes empty; 9999 is a supply near zero, the worst and no ratio; category -1 is arid with
low use, the score 5 beside it only fills the cell. All three are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.criteria.water.basins.aqueduct import ARID, MONTHS, NEARLY_DRY, NO_DATA
from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.region.findings import Findings

_PARTS = ("raw", "score", "cat")
#: Water stress, depletion, variability between and within years, decline of ground water, drought.
_INDICATORS = ("bws", "bwd", "iav", "sev", "gtd", "drr")
_YEAR = tuple(f"{indicator}_{part}" for indicator in _INDICATORS for part in _PARTS)
_BY_MONTH = tuple(f"bws_{month}_{part}" for month in MONTHS for part in _PARTS)
_NAMES = {
    "basin_id": ("string_id",), "pfaf_id": ("pfaf_id",), "country": ("gid_0",), "province": ("name_1",), "bws_label": ("bws_label",),
    **{name: (name,) for name in _YEAR},
}  # fmt: skip
_NEEDED = ("basin_id", "pfaf_id", "bws_raw", "bws_score", "bws_cat")
_VOID = (NO_DATA, -99999.0)


def read_basins(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Polygons of basins with their year, and their months where the monthly table is given."""
    tables = [path for path in files if path.suffix.lower() in {".csv", ".tsv", ".xlsx"}]
    parts = []
    for path in files:
        native = None if path in tables else read_features(path, asked, tally, findings, "baseline_annual")  # fmt: skip
        found = None if native is None else picked(native, _NAMES, _NEEDED, path, findings)
        if found is not None:
            parts.append(only(gpd.GeoDataFrame(found), 2, tally))
    months = [table for path in tables if (table := _monthly(path, findings)) is not None]
    if not parts and not findings.errors:
        findings.add("PW203", "a monthly table alone has no outlines", file=files[0], remedy="give the polygons of baseline_annual before it")  # fmt: skip
    if findings.errors:
        return None
    read = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    made = _canonical(read, tally)
    if months:
        made = _with_months(made, pd.concat(months, ignore_index=True), tally)
    made["status"] = "secondary"
    known = made["bws_score"].notna()
    order = pd.DataFrame({"id": made["basin_id"], "unknown": ~known})
    made = made.loc[order.sort_values(["id", "unknown"], kind="stable").index]
    again = made["basin_id"].duplicated(keep="first")
    rows = tally.without(made, again, "stands in another row under the same string_id")
    return Delivery(gpd.GeoDataFrame(rows), ("basin_id",))


def _monthly(path: Path, findings: Findings) -> pd.DataFrame | None:
    """Months by basin as text; a CSV of the year has no outlines and is refused."""
    sheets = read_sheets(path, ("pfaf_id", "bws_01_raw"), Tally(), findings)
    if not sheets:
        return None
    frame = sheets[0].frame
    return frame[["pfaf_id", *(name for name in _BY_MONTH if name in frame)]]


def _canonical(read: gpd.GeoDataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Columns of the year, each sentinel as what it means."""
    empty = read["basin_id"].isna() | (read["basin_id"].astype(str).str.strip() == "")
    if empty.any():
        tally.left_out["no string_id"] += int(empty.sum())
    read = read[~empty]
    made = pd.DataFrame({"basin_id": read["basin_id"].astype(str).str.strip(), "pfaf_id": _whole(read["pfaf_id"])}, index=read.index)  # fmt: skip
    for column in ("country", "province"):
        made[column] = emptied(read[column], tally) if column in read else pd.NA
    for name in (name for name in _YEAR if name in read):
        made[name] = numbers(read[name], tally, _VOID)
    made["bws_label"] = emptied(read["bws_label"], tally, ("no data",)) if "bws_label" in read else pd.NA  # fmt: skip
    arid = (made["bws_cat"] == ARID) | made["bws_label"].astype("string").str.lower().str.startswith("arid").fillna(value=False)  # fmt: skip
    made["arid_low_use"] = arid.map({True: "yes", False: "no"}).mask(made["bws_score"].isna() & ~arid)  # fmt: skip
    for hit, what in ((arid, "arid with low water use: counts as the highest stress, and is no ratio"),
                      (made["bws_raw"] == NEARLY_DRY, "supply near zero (bws_raw 9999): the highest stress, and no ratio"),
                      (made["bws_score"].isna(), "without water stress: unknown")):  # fmt: skip
        if hit.any():
            tally.noted[what] += int(hit.sum())
    return gpd.GeoDataFrame(made, geometry=read.geometry, crs=read.crs)


def _with_months(made: gpd.GeoDataFrame, months: pd.DataFrame, tally: Tally) -> gpd.GeoDataFrame:
    """Months by the six digits of the basin; a basin that is listed again without data yields."""
    table = pd.DataFrame({"pfaf_id": _whole(months["pfaf_id"])})
    for name in months.columns[1:]:
        table[name] = numbers(months[name], tally, _VOID)
    table["known"] = table.iloc[:, 1:].notna().sum(axis=1)
    table = table.sort_values(["pfaf_id", "known"], ascending=[True, False], kind="stable")
    again = table["pfaf_id"].duplicated(keep="first")
    if again.any():
        tally.noted["rows of the monthly table that name a basin again, not read"] += int(again.sum())  # fmt: skip
    joined = made.merge(table[~again].drop(columns="known"), on="pfaf_id", how="left", validate="many_to_one")  # fmt: skip
    if lost := int((~made["pfaf_id"].isin(table["pfaf_id"])).sum()):
        tally.noted["without months in the monthly table"] += lost
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=made.crs)


def _whole(column: pd.Series) -> pd.Series:
    """Codes as text, also where a file holds them as numbers with a point."""
    text = column.astype("string").str.strip().str.replace(r"\.0$", "", regex=True)
    return text.mask(text.isin(["", "-9999"]))
