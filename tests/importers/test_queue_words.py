"""Queue words and dates: every form in which publishers write a day, a kind and a voltage."""

from __future__ import annotations

import pandas as pd
import pytest

from powerwall.importers.delivery import Tally
from powerwall.importers.queue_dates import queue_days
from powerwall.importers.queue_words import GREAT_BRITAIN_KV, kinds, node_kv, states


@pytest.mark.parametrize(
    ("cell", "asked", "expected"),
    [
        ("12/31/2023", {}, "2023-12-31"),
        ("  1/1/2022", {}, "2022-01-01"),
        ("2/1/00", {}, "2000-02-01"),
        ("2/1/68", {}, None),
        ("31dec2022", {}, "2022-12-31"),
        ("06/2023", {}, "2023-06"),
        ("2023-06", {}, "2023-06"),
        ("2031", {}, "2031"),
        ("43511", {}, "2019-02-15"),
        ("17197", {"year": "2007"}, "2007-01-31"),
        ("2019-02-15 00:00:00", {}, "2019-02-15"),
        ("2025-05-03T04:00:00+00:00", {"zone": "America/New_York"}, "2025-05-03"),
        ("2003-11-18 08:00:00", {"zone": "America/Los_Angeles"}, "2003-11-18"),
        ("2003-11-18 03:00:00", {"zone": "America/Los_Angeles"}, "2003-11-17"),
        ("03/04/2031", {"day_first": True}, "2031-04-03"),
        ("31/01/2031", {"day_first": True}, "2031-01-31"),
        ("31/01/2031", {}, None),
        ("13/2023", {}, None),
        ("1900-01-01", {}, None),
        ("1899-12-30", {}, None),
        ("9999-12-31", {}, None),
        ("1940-05-16", {}, None),
        ("2061-01-01", {}, None),
        ("Date Not Available", {}, None),
        ("Not Required", {}, None),
        ("#VALUE!", {}, None),
        ("TBD", {}, None),
        ("", {}, None),
    ],
)
def test_a_date_is_as_exact_as_its_cell(cell, asked, expected):
    if "year" in asked:
        asked = {"year": pd.Series([asked["year"]])}
    tally = Tally()
    found = queue_days(pd.Series([cell], name="a_date"), tally, **asked)[0]
    assert (None if pd.isna(found) else found) == expected
    assert sum(tally.emptied.values()) == (expected is None and cell != "")


def test_a_sentinel_is_counted_by_what_it_was():
    tally = Tally()
    queue_days(pd.Series(["1900-01-01", "1900-01-01T00:00:00", "TBD", "1940-05-16"], name="ia"), tally)  # fmt: skip
    assert tally.emptied == {"ia: `1900-01-01`": 2, "ia: `TBD`": 1, "ia: no date from 1970 to 2060, e.g. `1940-05-16`": 1}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Solar", "generation"), ("Solar+Battery", "generation"), ("Storage + Storage", "storage"), ("Battery", "storage"), ("BAT", "storage"),
        ("SUN BAT", "generation"), ("Energy Storage", "storage"), ("Pumped-Storage hydro", "storage"), ("Compressed Air Storage", "storage"),
        ("Load", "load"), ("AC Transmission", "transmission"), ("High Voltage DC", "transmission"), ("=Solid Waste", "generation"), ("", "unknown"),
    ],
)  # fmt: skip
def test_a_kind_follows_from_the_fuel(word, kind):
    assert kinds(pd.Series([word]))[0] == kind


def test_an_unknown_status_word_is_told():
    tally = Tally()
    found = states(pd.Series(["ACTIVE", "Parked", ""]), {"active": "active"}, tally)
    assert found.tolist() == ["active", "unknown", "unknown"]
    assert tally.noted == {"of status `parked`, which is not known": 1}


@pytest.mark.parametrize(
    ("name", "kv", "told"),
    [
        ("tap 345kV 79500 Alibates", 345.0, ""), ("Fairfax 138 kV", 138.0, ""), ("345-kV", 345.0, ""), ("Birds Landing", None, ""),
        ("354kV line", 345.0, "of a node whose voltage is taken for the usual one next to it"),
        ("Larkin 110kV", 110.0, "of a node of a voltage that is not usual, kept as named"),
        ("Wood St. 345/115kV", None, "of a node that names two voltages: none is taken"),
        ("138 kV to 69 kV", None, "of a node that names two voltages: none is taken"),
        ("AEP 12.47kV Sub", None, ""), ("230 KV and 230kV", 230.0, ""),
    ],
)  # fmt: skip
def test_a_voltage_is_read_from_the_name_of_a_node(name, kv, told):
    tally = Tally()
    found = node_kv(pd.Series([name]), tally)[0]
    assert (None if pd.isna(found) else found) == kv
    assert list(tally.noted) == ([told] if told else [])


def test_great_britain_has_voltages_of_its_own():
    tally = Tally()
    assert node_kv(pd.Series(["Ash 400kV Substation", "Birch 132kV"]), tally, GREAT_BRITAIN_KV).tolist() == [400.0, 132.0]  # fmt: skip
    assert not tally.noted
