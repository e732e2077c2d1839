"""County names: the county or the city of a name, the first of several, and never a likeness."""

from __future__ import annotations

import pandas as pd
import pytest
from county_tables import FEW, census

from powerwall.importers.county_names import TWINS, Counties


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


@pytest.mark.parametrize("code", ["51159", "51760"])
def test_a_plain_name_is_the_county_and_doubtful_also_where_the_table_holds_one_of_two(code):
    part = Counties(FEW[FEW["fips"] == code])
    assert part.find("VA", "Richmond") == ("51159", "ambiguous_county_taken")
    assert part.find("VA", "city of Richmond").fips == ("51760" if code == "51760" else "")


def test_the_twins_are_those_of_the_census(shared):
    table = census(shared)
    table["plain"] = table["name"].str.lower().str.replace(r"[. ]", "", regex=True)
    county, city = (table[table["kind"] == kind] for kind in ("county", "city"))
    both = county.merge(city, on=["state", "plain"])
    assert {(row.state, row.plain): row.fips_x for row in both.itertuples()} == TWINS
