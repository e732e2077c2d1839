"""Ordinances: levels become noise rules, setbacks become acts, and none of them counts unread."""

from __future__ import annotations

import pytest
from conftest import write_csv

from powerwall.importers.authorities import Authorities
from powerwall.importers.ordinances import read_ordinances
from powerwall.region.findings import Findings

NREL = {"State": "Kansas", "County": "One", "City/Town": "", "Feature Type": "Sound", "Value Type": "dBA", "Value": "50", "Citation": "Code 1",
        "Comment": "", "Ordinance Year": "2019"}  # fmt: skip


def imported(folder, *rows, layer="noise_rules", base=NREL):
    path = write_csv(folder / "rules.csv", [{**base, **row} for row in rows])
    findings = Findings()
    return read_ordinances(path, layer, Authorities(None), findings), list(findings)


@pytest.mark.parametrize(
    ("value", "levels"),
    [("50", {"all": "50"}), ("55/50/45", {"day": "55", "evening": "50", "night": "45"}), ("70/65", {"day": "70", "night": "65"}), ("37/40", {"day": "40", "night": "37"})],
)  # fmt: skip
def test_levels_are_split_by_period(tmp_path, value, levels):
    found, findings = imported(tmp_path, {"Value": value})
    assert {row["period"]: row["limit_db"] for row in found.rows} == levels
    asked = [f for f in findings if "holds at night is not stated" in f.message]
    assert len(asked) == (len(levels) == 2)


@pytest.mark.parametrize(
    "cells", [{"Value Type": "Rotor-Diameter Multiplier"}, {"Value": "quiet"}, {"Value": ""}]
)
def test_what_is_no_level_is_left_out_with_its_line(tmp_path, cells):
    found, findings = imported(tmp_path, {}, cells)
    assert len(found.rows) == 1
    assert [(f.code, f.line) for f in findings if "left out" in f.message] == [("PW401", 3)]


@pytest.mark.parametrize("feature", ["Sound", "Sounds", "Sound ", "Noise", "noise"])
def test_the_spelling_of_a_feature_does_not_matter(tmp_path, feature):
    assert len(imported(tmp_path, {"Feature Type": feature})[0].rows) == 1


def test_every_row_is_unverified_and_says_what_it_was_written_for(tmp_path):
    found, findings = imported(tmp_path, {})
    assert {row["status"] for row in found.rows} == {"unverified"}
    assert {row["rule_status"] for row in found.rows} == {"unknown"}
    assert any("not for data centres" in f.message for f in findings)


def test_distances_are_metres_by_the_units_of_the_row(tmp_path):
    base = {"county": "One County", "state": "Kansas", "subdivison": "", "jurisdiction_type": "county", "FIPS": "20001.0", "feature": "structures", "value": "500",
            "units": "feet", "summary": "", "ord_year": "2024", "section": "3", "source": "https://example.org"}  # fmt: skip
    found, _ = imported(
        tmp_path,
        {},
        {"value": "0.5", "units": "miles"},
        {"value": "100", "units": "meters"},
        layer="policy",
        base=base,
    )
    assert [row["subject"].rpartition("= ")[2] for row in found.rows] == ["152 m", "805 m", "100 m"]
    assert {(row["kind"], row["effect"], row["status"]) for row in found.rows} == {
        ("setback", "restricts", "unverified")
    }
    assert found.rows[0]["source_url"] == "https://example.org"


def test_column_names_may_be_written_in_any_of_the_ways(tmp_path):
    base = {
        "fips": "20001",
        "FEATURE-TYPE": "Sound",
        "value type": "dBA",
        "Value": "45",
        "County": "One",
        "State": "KS",
    }
    assert imported(tmp_path, {}, base=base)[0].rows[0]["limit_db"] == "45"


def test_the_layer_that_is_asked_for_gets_its_rows_alone(tmp_path):
    rows = ({}, {"Feature Type": "Roads", "Value Type": "Meters", "Value": "100"})
    levels, _ = imported(tmp_path, *rows)
    acts, _ = imported(tmp_path, *rows, layer="policy")
    assert (len(levels.rows), len(acts.rows)) == (1, 1)
    assert levels.skipped == {"no level": 1}
    assert acts.skipped == {"a level, for noise_rules": 1}


def test_a_table_of_something_else_is_refused(tmp_path):
    findings = Findings()
    read_ordinances(
        write_csv(tmp_path / "x.csv", [{"a": 1, "b": 2}]), "policy", Authorities(None), findings
    )
    assert [f.code for f in findings] == ["PW203"]


def test_the_real_workbook_is_read_whole(shared):
    pytest.importorskip("openpyxl")
    path = shared / "data" / "ordinances_nrel" / "NREL_Wind_Ordinances.xlsx"
    found = read_ordinances(path, "noise_rules", Authorities(None), Findings())
    # 220 rows of sound, two of them multipliers; six of them hold two or three levels
    assert len({row["rule_id"].rpartition("-")[0] for row in found.rows}) == 218
    assert len(found.rows) == 225
