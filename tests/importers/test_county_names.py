"""County names: the county or the city of a name, the first of several, and never a likeness."""

from __future__ import annotations

import pandas as pd
import pytest
from county_tables import FEW, census

from powerwall.importers.county_names import Counties


@pytest.mark.parametrize(
    ("state", "text", "fips", "how"),
    [
        ("VA", "  LOUDOUN ", "51107", "county"),
        ("VA", "Loudoun Co.", "51107", "county"),
        ("VA", "city of chesapeake", "51550", "city"),
        ("VA", "Chesapeake City", "51550", "city"),
        ("VA", "Chesapeake", "51550", "city"),
        ("VA", "Richmond", "51159", "ambiguous_county_taken"),
        ("VA", "Richmond County", "51159", "county"),
        ("VA", "City of Richmond", "51760", "city"),
        ("VA", "James City", "51095", "county"),
        ("VA", "Charles City County", "51036", "county"),
        ("VA", "King & Queen", "51097", "county"),
        ("VA", "king", "", "unmatched"),
        ("TX", "Reeves, Pecos", "48389", "first_of_several"),
        ("TX", "Pecos/Reeves", "48371", "first_of_several"),
        ("TX", "De Witt", "48123", "county"),
        ("LA", "Orleans Parish", "22071", "county"),
        ("MO", "Saint Louis County", "29189", "county"),
        ("MO", "St Louis City", "29510", "city"),
        ("NM", "Dona\u00a0Ana", "35013", "county"),
        ("IN", "Koscuisko", "", "unmatched"),
        ("TX", "Loudoun", "", "unmatched"),
        ("VA", "Unknown", "", "unmatched"),
        ("VA", "VA", "", "unmatched"),
        ("VA", "", "", "unmatched"),
    ],
)
def test_a_name_is_matched_by_rule_and_never_by_likeness(state, text, fips, how):
    assert Counties(FEW).find(state, text) == (fips, how)


def test_a_misspelt_name_gets_a_suggestion_and_no_match():
    assert Counties(FEW).nearest("IN", "Koscuisko") == "did you mean `Kosciusko County`?"


def test_without_a_table_nothing_is_matched():
    found = Counties(None).places(pd.Series(["VA"]), pd.Series(["Loudoun"]))
    assert found.isna().all().all()


def test_virginias_twins_are_not_merged(shared):
    table = census(shared)
    table = table[table["state"] == "VA"]
    counties = Counties(table)
    words = table["name"].where(table["kind"] == "county", "city of " + table["name"])
    words = words.where((table["kind"] == "city") | table["name"].str.endswith("City"), words + " County")  # fmt: skip
    found = counties.places(table["state"], words)
    assert found["fips"].nunique() == 133
    assert found["fips"].tolist() == table["fips"].tolist()
