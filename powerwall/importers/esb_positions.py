"""ESB positions: where stations stand, from a file beside the readings, whose figures are not read.

A file of totals adds a block, its transformers, the sums of its feeders and its feeders: capacity
counts twice and a peak four times. It is told by that, and never read as capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.native import at_coordinates, read_features
from powerwall.importers.sheets import read_sheets
from powerwall.region.findings import Findings

_NAMES = {"station": ("station", "station_name"), "capacity": ("installed_capacity",), "peak": ("winter_peak_18_19",)}  # fmt: skip
_TWICE, _SLACK = 2.0, 1e-6


def read_stations_of(
    files: Sequence[Path], blocks: Sequence[pd.DataFrame], asked: Asked, tally: Tally, findings: Findings
) -> gpd.GeoSeries | None:  # fmt: skip
    """Position of each station that a file knows; None where there is no such file."""
    found = []
    for path in files:
        own = Tally()  # places are no rows of the layer
        part = _table(path, asked, own, findings)
        if part is None:
            continue
        if "capacity" in part:
            _told(part, blocks, path, findings)
        found.append(part[["station", "geometry"]])
        for why, count in own.left_out.items():
            tally.noted[f"positions left out of {path.name}: {why}"] += count
    if not found:
        return None
    every = pd.concat(found, ignore_index=True)
    each = every.groupby("station")["geometry"].agg(lambda own: len({shape.wkb for shape in own}))
    several = list(each.index[each > 1])
    if several:
        findings.add("PW512", f"{len(several)} stations stand at several places, the first is {several[0]}: unknown", severity="warning", file=files[0], remedy="keep the right one")  # fmt: skip
    alone = every[~every["station"].isin(several)].drop_duplicates("station")
    return gpd.GeoSeries(alone["geometry"].to_numpy(), index=alone["station"], crs="EPSG:4326")


def _table(path: Path, asked: Asked, tally: Tally, findings: Findings) -> gpd.GeoDataFrame | None:
    if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        sheets = read_sheets(path, ("station", "lon", "lat"), tally, findings)
        return at_coordinates(sheets[0].frame[["station", "lon", "lat"]], "lon", "lat", path, tally, findings) if sheets else None  # fmt: skip
    native = read_features(path, asked, tally, findings)
    found = None if native is None else picked(native, _NAMES, ("station",), path, findings)
    return None if found is None else gpd.GeoDataFrame(found)


def _told(totals: pd.DataFrame, blocks: Sequence[pd.DataFrame], path: Path, findings: Findings) -> None:  # fmt: skip
    """Say that a table of totals is none of capacity, with the ratio where the readings are there."""
    twins = sorted(totals.loc[totals["station"].duplicated(), "station"])
    if twins:
        findings.add("PW404", f"{', '.join(twins)} stands twice", severity="warning", file=path, remedy="a sum over this file counts it twice")  # fmt: skip
    if not blocks:
        findings.add("PW512", "totals of stations add a block, its transformers and its feeders: capacity counts twice, a peak about four times", file=path,
                     remedy="give the workbook that they were added from, and this file behind it for the positions alone")  # fmt: skip
        return
    rows = pd.concat(list(blocks))
    ratio = {}
    for column, native in (("capacity", "installed_capacity"), ("peak", "winter_peak_18_19")):
        if native in rows and column in totals:
            true = pd.to_numeric(rows[native], errors="coerce").groupby(rows["station_name"]).sum()
            stated = totals.drop_duplicates("station").set_index("station")[column].astype(float)
            ratio[column] = (stated / true.reindex(stated.index))[true.reindex(stated.index) > 0]
    own = ratio.get("capacity", pd.Series(dtype=float))
    twice = int(((own - _TWICE).abs() < _SLACK).sum())
    peak = f", and its winter peak {ratio['peak'].median():.2f} times" if "peak" in ratio else ""
    findings.add("PW512", f"capacity is exactly twice that of the blocks at {twice} of {len(own)} stations{peak} at the median: its figures are not read, its positions are",
                 severity="warning", file=path, remedy="use the workbook's figures alone")  # fmt: skip


def placed(made: pd.DataFrame, stations: gpd.GeoSeries, tally: Tally) -> gpd.GeoDataFrame:
    """Rows at the places of their stations; those without one are left out by name."""
    there = made["station"].isin(stations.index)
    lost = sorted(set(made.loc[~there, "station"]))
    if lost:
        tally.left_out[f"no position of {', '.join(lost)}"] += int((~there).sum())
    kept = made[there]
    return gpd.GeoDataFrame(kept, geometry=stations.reindex(kept["station"]).to_numpy(), crs=stations.crs)  # fmt: skip
