"""Census counties: cartographic boundaries of the US Census Bureau → the layer `jurisdictions`.

Codes are text: a FIPS code that lost its zero is mended. The legal kind (LSAD) tells a county from
an independent city of the same name, so no two are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import only, read_features
from powerwall.importers.words import slug
from powerwall.region.findings import Findings

_NAMES = {"fips": ("geoid", "fips"), "name": ("name",), "lsad": ("lsad",), "state_fips": ("statefp",)}  # fmt: skip
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


def read_counties(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Counties and independent cities, one row a code."""
    parts = []
    for path in files:
        native = read_features(path, asked, tally, findings)
        found = None if native is None else picked(native, _NAMES, ("fips", "name", "lsad"), path, findings)  # fmt: skip
        if found is not None:
            parts.append(only(gpd.GeoDataFrame(found), 2, tally))
    if not parts:
        return None
    read = pd.concat(parts, ignore_index=True)
    fips = read["fips"].astype(str).str.strip().str.zfill(5)
    state = fips.str[:2].map(STATE_OF_FIPS)
    if (lost := state.isna()).any():
        findings.add("PW405", f"{int(lost.sum())} codes begin with no state's, the first is `{fips[lost].iloc[0]}`", file=files[0], remedy="FIPS codes have five digits")  # fmt: skip
        return None
    legal = read["lsad"].astype(str).str.strip().map(lambda code: _LSAD.get(code, ("county", "")))
    name = read["name"].astype(str).str.strip()
    full = [f"{own} {word}".strip() for own, (_, word) in zip(name, legal, strict=True)]
    made = gpd.GeoDataFrame(
        {
            "jurisdiction_id": [f"us-{postal.lower()}-{slug(own)}" for postal, own in zip(state, full, strict=True)],
            "name": full, "kind": [kind for kind, _ in legal], "state": state, "county_fips": fips, "status": "verified",
        },
        geometry=read.geometry, crs=read.crs,
    )  # fmt: skip
    twins = made.duplicated("county_fips", keep="first")
    if twins.any():
        tally.left_out["stands in an earlier row under the same code"] += int(twins.sum())
    return Delivery(made[~twins], ("jurisdiction_id",))
