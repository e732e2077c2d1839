"""FEMA NRI: the National Risk Index by county → the layer `hazards`.

Read by its published schema; not tried on a native file. Scores are percentiles within the nation:
ranks, which a new edition moves without any change of the place. Losses in dollars, and frequencies,
are absolute. The edition of December 2025 calls riverine flooding (RFLD) inland flooding (IFLD).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from powerwall.importers.census_counties import STATE_OF_FIPS, vintage
from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import read_features
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.region.findings import Findings

HAZARDS = {
    "AVLN": "avalanche", "CFLD": "coastal_flooding", "CWAV": "cold_wave", "DRGT": "drought", "ERQK": "earthquake", "HAIL": "hail", "HWAV": "heat_wave",
    "HRCN": "hurricane", "ISTM": "ice_storm", "LNDS": "landslide", "LTNG": "lightning", "IFLD": "inland_flooding", "SWND": "strong_wind",
    "TRND": "tornado", "TSUN": "tsunami", "VLCN": "volcanic_activity", "WFIR": "wildfire", "WNTW": "winter_weather",
}  # fmt: skip
#: Older code of a hazard.
_BEFORE = {"IFLD": "RFLD"}
_PLAIN = {
    "fips": ("stcofips",), "nri_id": ("nri_id",), "county": ("county",), "county_type": ("countytype",), "state": ("stateabbrv",),
    "risk_score": ("risk_score",), "risk_rating": ("risk_ratng",), "eal_usd": ("eal_valt",), "building_eal_usd": ("eal_valb",), "building_value_usd": ("buildvalue",),
}  # fmt: skip
_EACH = {"risk_score": "risks", "risk_rating": "riskr", "eal_usd": "ealt", "events_per_year": "afreq"}  # fmt: skip
_NAMES = {
    **_PLAIN,
    **{f"{name}_{what}": tuple(f"{code.lower()}_{suffix}" for code in (own, *([_BEFORE[own]] if own in _BEFORE else [])))
       for own, name in HAZARDS.items() for what, suffix in _EACH.items()},
}  # fmt: skip
#: Ratings that say that there is no measure; `No Rating` is a risk of nothing, and has no word.
_UNMEASURED = ("not applicable", "insufficient data")
_VOID = (-9999.0, -99999.0, -999999.0)
_NOTE = "Scores are ranks among the counties of the nation, not probabilities: compare losses (eal_usd) or frequencies instead"


def read_counties(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """One row a county, each hazard that the edition knows in columns of its own."""
    parts, editions = [], set()
    for path in files:
        frame = _opened(path, asked, tally, findings)
        found = None if frame is None else picked(frame, _NAMES, ("fips", "risk_score"), path, findings)  # fmt: skip
        if frame is None or found is None:
            continue
        editions |= {code for code in ("RFLD", "IFLD") if any(str(name).startswith(code.lower()) for name in frame)}  # fmt: skip
        parts.append(pd.DataFrame(found).drop(columns="geometry", errors="ignore"))
    if findings.errors or not parts:
        return None
    read = pd.concat(parts, ignore_index=True)
    read["fips"] = _codes(read, tally)
    read = read[read["fips"].notna()].reset_index(drop=True)
    again = read["fips"].duplicated(keep="first")
    made = _canonical(tally.without(read, again, "stands in an earlier row under the same code"), tally)  # fmt: skip
    told = {"RFLD": "inland flooding is that of rivers (RFLD) in this edition", "IFLD": "inland flooding (IFLD) is not the riverine flooding of editions before December 2025"}  # fmt: skip
    return Delivery(made, ("fips",), note="; ".join([_NOTE, *(told[code] for code in sorted(editions))]))  # fmt: skip


def _opened(path: Path, asked: Asked, tally: Tally, findings: Findings) -> pd.DataFrame | None:
    """The table of counties; of a shapefile or database without its outlines."""
    if path.suffix.lower() not in {".csv", ".txt", ".xlsx"}:
        return read_features(path, asked, tally, findings, "counties")
    sheets = read_sheets(path, ("stcofips", "risk_score"), tally, findings, encoding="cp1252")
    return sheets[0].frame if sheets else None


def _codes(read: pd.DataFrame, tally: Tally) -> pd.Series:
    """Codes of counties as text; a lost zero is mended."""
    text = read["fips"].astype("string").str.strip().str.replace(r"\.0$", "", regex=True)
    code = text.str.zfill(5)
    good = code.str.fullmatch(r"\d{5}").fillna(value=False) & code.str[:2].isin(list(STATE_OF_FIPS))
    if not good.all():
        tally.left_out["no code of a county"] += int((~good).sum())
    if (short := int((good & (text.str.len() < 5)).sum())) > 0:
        tally.noted["codes that had lost their zero"] += short
    return code.where(good)


def _canonical(read: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {"fips": read["fips"]}
    name = emptied(read["county"], tally) if "county" in read else pd.Series(pd.NA, index=read.index, dtype="string")  # fmt: skip
    kind = emptied(read["county_type"], tally).fillna("") if "county_type" in read else ""
    columns["name"] = (name + " " + kind).str.strip()
    columns["state"] = read["fips"].str[:2].map(STATE_OF_FIPS)
    for column in ("building_eal_usd", "building_value_usd"):
        if column in read:
            columns[column] = numbers(read[column], tally, _VOID)
    if {"building_eal_usd", "building_value_usd"} <= set(columns):
        value = columns["building_value_usd"]
        columns["annual_building_loss_share"] = (columns["building_eal_usd"] / value.mask(value == 0)).round(9)  # fmt: skip
    for stem in ("", *(f"{hazard}_" for hazard in HAZARDS.values())):
        columns |= _measures(read, stem, tally)
    columns["fips_vintage"] = vintage(read["fips"])
    return pd.DataFrame(columns).assign(status="secondary")


def _measures(read: pd.DataFrame, stem: str, tally: Tally) -> dict[str, pd.Series]:
    """Score, rating, loss and frequency of one hazard, or of all; unmeasured ones are unknown."""
    found: dict[str, pd.Series] = {}
    rating = read.get(f"{stem}risk_rating")
    unmeasured = pd.Series(False, index=read.index)
    if rating is not None:
        text = rating.astype("string").fillna("").rename(f"{stem}risk_rating")
        unmeasured = text.str.strip().str.lower().isin(_UNMEASURED)
        found[f"{stem}risk_rating"] = emptied(text, tally, ("no rating",))
    for what in ("risk_score", "eal_usd", "events_per_year"):
        if (own := read.get(f"{stem}{what}")) is None:
            continue
        value = numbers(own.astype("string").fillna("").rename(f"{stem}{what}"), tally, _VOID)
        lost = unmeasured & value.notna()
        if lost.any():
            tally.emptied[f"{stem}{what}: rated as not measured"] += int(lost.sum())
        found[f"{stem}{what}"] = value.mask(unmeasured)
    return found
