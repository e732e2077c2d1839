"""What tests of queues share: a table of counties, made up or of the census."""

from __future__ import annotations

import pandas as pd

from powerwall.importers.census_counties import STATE_OF_FIPS

#: Real names and codes, few enough to read.
FEW = pd.DataFrame(
    [
        ("51159", "Richmond County", "VA", "county"), ("51760", "Richmond city", "VA", "city"), ("51550", "Chesapeake city", "VA", "city"),
        ("51095", "James City County", "VA", "county"), ("51036", "Charles City County", "VA", "county"), ("51097", "King and Queen County", "VA", "county"),
        ("51107", "Loudoun County", "VA", "county"), ("48389", "Reeves County", "TX", "county"), ("48371", "Pecos County", "TX", "county"),
        ("22071", "Orleans Parish", "LA", "county"), ("29189", "St. Louis County", "MO", "county"), ("29510", "St. Louis city", "MO", "city"),
        ("48123", "DeWitt County", "TX", "county"), ("35013", "Doña Ana County", "NM", "county"), ("18085", "Kosciusko County", "IN", "county"),
    ],
    columns=["fips", "name", "state", "kind"],
)  # fmt: skip


def census(folder):
    """Counties of the census file among the shared data."""
    frame = pd.read_parquet(folder / "data/us_boundaries/counties_us_500k_2016.parquet", columns=["GEOID", "STATEFP", "NAME", "LSAD"])  # fmt: skip
    return pd.DataFrame({"fips": frame["GEOID"], "name": frame["NAME"], "state": frame["STATEFP"].map(STATE_OF_FIPS),
                         "kind": frame["LSAD"].map({"25": "city"}).fillna("county")})  # fmt: skip
