"""Census counties: cartographic boundaries of the US Census Bureau → the layer `jurisdictions`.

Codes are text: a FIPS code that lost its zero is mended. The legal kind (LSAD) tells a county from
an independent city of the same name, so no two are merged; an atlas in TopoJSON does not state it,
and there the code tells: county equivalents that are cities are numbered from 510.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.importers.columns import county_codes, picked, tell_unread
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.words import slug
from powerwall.importers.written import cut_early
from powerwall.region.findings import Findings

_NAMES = {"fips": ("geoid", "fips", "id"), "name": ("name",), "lsad": ("lsad",), "state_fips": ("statefp",)}  # fmt: skip
#: Legal and statistical area descriptions of county equivalents.
#: https://www.census.gov/library/reference/code-lists/legal-status-codes.html
_LSAD = {"00": ("city", ""), "03": ("county", "City and Borough"), "04": ("county", "Borough"), "05": ("county", "Census Area"), "06": ("county", "County"),
         "07": ("county", "District"), "10": ("county", "Island"), "12": ("county", "Municipality"), "13": ("county", "Municipio"), "15": ("county", "Parish"),
         "25": ("city", "city"), "PL": ("county", "Planning Region")}  # fmt: skip
#: Two-digit code of a state → its postal code.
#: https://www.census.gov/library/reference/code-lists/ansi.html
STATE_OF_FIPS = {
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT", "10": "DE", "11": "DC", "12": "FL", "13": "GA", "15": "HI", "16": "ID",
    "17": "IL", "18": "IN", "19": "IA", "20": "KS", "21": "KY", "22": "LA", "23": "ME", "24": "MD", "25": "MA", "26": "MI", "27": "MN", "28": "MS", "29": "MO",
    "30": "MT", "31": "NE", "32": "NV", "33": "NH", "34": "NJ", "35": "NM", "36": "NY", "37": "NC", "38": "ND", "39": "OH", "40": "OK", "41": "OR", "42": "PA",
    "44": "RI", "45": "SC", "46": "SD", "47": "TN", "48": "TX", "49": "UT", "50": "VT", "51": "VA", "53": "WA", "54": "WV", "55": "WI", "56": "WY", "60": "AS",
    "66": "GU", "69": "MP", "72": "PR", "78": "VI",
}  # fmt: skip
#: States whose independent cities are county equivalents, and the first number that they have.
_CITY_STATES, _FIRST_CITY = ("24", "29", "51"), 510
#: Legal kind by state where there is but one; `06` elsewhere, and none where there are several.
_KIND_OF_STATE = {"02": "", "09": "", "11": "00", "22": "15", "60": "", "66": "00", "69": "12", "72": "13", "78": "10"}  # fmt: skip
#: Connecticut went from counties to planning regions, without a map of one to the other, in 2022.
_REGIONS_OF_CT = ("09110", "09190")


def read_counties(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Counties and independent cities, one row a code."""
    parts = []
    for path in files:
        native = read_features(path, asked, tally, findings, "count")
        if native is None or not in_the_us(native, path, findings):
            continue
        native = cut_early(native, asked, tally)
        found = picked(native, _NAMES, ("fips", "name"), path, findings)
        if found is not None:
            tell_unread(native, _NAMES, path, findings)
            parts.append(only(gpd.GeoDataFrame(found), 2, tally))
    if not parts:
        return None
    read = pd.concat(parts, ignore_index=True)
    fips = county_codes(read["fips"])
    state = fips.str[:2].map(STATE_OF_FIPS)
    if (lost := state.isna()).any():
        findings.add("PW405", f"{int(lost.sum())} codes begin with no state's, the first is `{read['fips'][lost].iloc[0]}`", file=files[0], remedy="FIPS codes have five digits")  # fmt: skip
        return None
    stated = "lsad" in read
    lsad = read["lsad"].astype(str).str.strip() if stated else fips.map(legal_kind)
    if not stated:
        tally.noted["whose legal kind the file does not state: it is that of the code"] += len(read)
    made = gpd.GeoDataFrame(
        _rows(fips, state, read["name"], lsad, "verified" if stated else "secondary"),
        geometry=read.geometry, crs=read.crs,
    )  # fmt: skip
    twins = made.duplicated("county_fips", keep="first")
    rows = tally.without(made, twins, "stands in an earlier row under the same code")
    return Delivery(rows, ("jurisdiction_id",), note=_vintage_note(made["county_fips"]))


def _rows(
    fips: pd.Series, state: pd.Series, names: pd.Series, lsad: pd.Series, status: str
) -> pd.DataFrame:
    legal = [_LSAD.get(code, ("county", "")) for code in lsad]
    name = names.astype(str).str.strip()
    full = [f"{own} {word}".strip() for own, (_, word) in zip(name, legal, strict=True)]
    return pd.DataFrame({
        "jurisdiction_id": [f"us-{postal.lower()}-{slug(own)}" for postal, own in zip(state, full, strict=True)],
        "name": full, "kind": [kind for kind, _ in legal], "state": state, "county_fips": fips, "lsad": lsad,
        "fips_vintage": vintage(fips), "status": status,
    })  # fmt: skip


def legal_kind(fips: str) -> str:
    """LSAD of a county by its code, where that tells it; "" where the state has several kinds.

    >>> legal_kind("51760"), legal_kind("51159")
    ('25', '06')
    """
    state, county = fips[:2], int(fips[2:])
    if state in _CITY_STATES and county >= _FIRST_CITY:
        return "25"
    if fips == "32510":  # Carson City
        return "00"
    if state == "09":
        return "PL" if _REGIONS_OF_CT[0] <= fips <= _REGIONS_OF_CT[1] else "06"
    return _KIND_OF_STATE.get(state, "06")


def vintage(fips: pd.Series) -> pd.Series:
    """Whether codes of Connecticut are its counties or its planning regions; blank elsewhere."""
    of_ct = fips.str.startswith("09")
    regions = fips.between(*_REGIONS_OF_CT)
    return pd.Series(pd.NA, index=fips.index, dtype="string").mask(of_ct, "until 2021").mask(regions, "from 2022")  # fmt: skip


def _vintage_note(fips: pd.Series) -> str:
    """What a file of Connecticut must say to those who join other codes to it."""
    found = set(vintage(fips).dropna())
    if not found:
        return ""
    kind = {"until 2021": "counties (until 2021)", "from 2022": "planning regions (from 2022)"}
    return f"Connecticut is in {' and '.join(sorted(kind[name] for name in found))}: codes of the other vintage find no row"  # fmt: skip
