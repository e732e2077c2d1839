"""Ordinances: levels become noise rules, setbacks become acts, and none of them counts unread."""

from __future__ import annotations

import pytest
from conftest import write_csv
from layer_import import by_command

import powerwall as pw
from powerwall.criteria.noise.rulebook import rulebook
from powerwall.importers.authorities import Authorities
from powerwall.importers.layers import collect, csv_text
from powerwall.importers.ordinances import read_ordinances
from powerwall.region.findings import Findings

NREL = {"State": "Kansas", "County": "One", "City/Town": "", "Feature Type": "Sound", "Value Type": "dBA", "Value": "50", "Citation": "Code 1",
        "Comment": "", "Ordinance Year": "2019"}  # fmt: skip


def imported(folder, *rows, layer="noise_rules", base=NREL):
    path = write_csv(folder / "rules.csv", [{**base, **row} for row in rows])
    findings = Findings()
    return read_ordinances(path, layer, Authorities(None), findings), list(findings)


@pytest.mark.parametrize(
    ("value", "comment", "levels"),
    [
        ("50", "", {"all": "50"}),
        ("55/50/45", "", {"day": "55", "evening": "50", "night": "45"}),
        ("55/50/45", "45 dBA at night; 55 dbA daytime; 50 dBa evening (7-10pm)", {"day": "55", "evening": "50", "night": "45"}),
        ("70/65", "70 dBa maximum daytime (7am-10pm), 65 dBa Nighttime (10pm-7am)", {"day": "70", "night": "65"}),
        ("37/40", "37 dB from 8pm to 8am; 40 dB from 8am to 8pm", {"night": "37", "day": "40"}),
        ("70/65", "", {"day": "70", "night": "65"}),
        ("65/70", "", {"": ""}),
        ("65/50", "65 db at property line; 50 db at nearest residence", {"": ""}),
        ("65/50", "65 dB by day", {"": ""}),
        ("65/50", "65 dB by day, 50 dB by day on Sundays", {"": ""}),
    ],
)  # fmt: skip
def test_the_comment_says_when_each_level_holds_or_nobody_does(tmp_path, value, comment, levels):
    found, findings = imported(tmp_path, {"Value": value, "Comment": comment})
    assert {row["period"]: row["limit_db"] for row in found.rows} == levels
    open_ = [f.line for f in findings if "left blank" in f.message]
    assert open_ == ([2] if "" in levels else [])


def test_hours_are_kept(tmp_path):
    comment = "70 dBa daytime (7am-10pm), 65 dBa Nighttime (10pm-7am); 50 dB at noon"
    found, _ = imported(tmp_path, {"Value": "70/65", "Comment": comment})
    assert [(row["window_start"], row["window_end"]) for row in found.rows] == [("07:00", "22:00"), ("22:00", "07:00")]  # fmt: skip


def test_hours_that_are_not_stated_are_assumed_and_marked(tmp_path):
    found, _ = imported(tmp_path, {"Value": "55/50/45"}, {"Value": "55"})
    assert [(row["period"], row["window_start"], row["window_end"], row["hours_assumed"]) for row in found.rows] == [
        ("day", "07:00", "19:00", "true"), ("evening", "19:00", "22:00", "true"), ("night", "22:00", "07:00", "true"), ("all", "", "", ""),
    ]  # fmt: skip


def test_a_value_that_was_updated_goes_with_its_own_type(tmp_path):
    base = {
        **NREL,
        "Feature Type": "Roads",
        "Value Type": "Meters",
        "Value": "100",
        "Updated Type": "",
        "Updated Value": "",
        "New Capture Date": "",
    }
    found, findings = imported(
        tmp_path,
        {"Updated Type": "Max tip-height Multiplier", "Updated Value": "1.1", "New Capture Date": "2022"},
        {"Updated Type": "Prohibition of wind plants"},
        layer="policy",
        base=base,
    )  # fmt: skip
    assert [(row["subject"], row["as_of"]) for row in found.rows] == [("Roads: 1.1 max tip-height multiplier", "2022")]  # fmt: skip
    assert [(f.code, f.line) for f in findings if "left out" in f.message] == [("PW401", 3)]


def test_a_height_in_metres_is_no_setback(tmp_path):
    base = {**NREL, "Value Type": "Meters", "Value": "30"}
    found, _ = imported(tmp_path, {"Feature Type": "Height "}, {"Feature Type": "Tower Denisty"}, {"Feature Type": "Water"}, layer="policy", base=base)  # fmt: skip
    assert [row["kind"] for row in found.rows] == ["zoning", "zoning", "setback"]


def test_a_ban_of_wind_plants_is_left_out_and_one_of_an_unnamed_plant_never_blocks(tmp_path):
    found, findings = imported(tmp_path, {"Feature Type": "Banned", "Value": ""}, layer="policy")
    assert found.rows == []
    assert found.skipped == {"a ban of wind or solar plants": 1}
    assert [f.line for f in findings if f.code != "PW209"] == [
        1
    ]  # only that the table is not about data centres
    base = {"county": "One", "state": "Kansas", "feature": "prohibitions", "value": "", "units": "", "summary": "synthetic"}  # fmt: skip
    row = imported(tmp_path, {}, layer="policy", base=base)[0].rows[0]
    assert (row["kind"], row["effect"], row["status"]) == ("prohibition", "restricts", "unverified")


def test_a_table_that_names_counties_by_code_alone_keeps_them_apart(tmp_path):
    base = {"FIPS": "20001", "Feature Type": "Sound", "Value Type": "dBA", "Value": "45"}
    found, _ = imported(tmp_path, {}, {"FIPS": "1003.0"}, {"FIPS": ""}, base=base)
    assert [row["jurisdiction_id"] for row in found.rows] == ["us-fips-20001", "us-fips-01003"]
    assert len({row["rule_id"] for row in found.rows}) == 2
    assert found.skipped == {"names no authority": 1}


def test_rules_of_two_files_that_share_a_made_up_id_are_both_kept(tmp_path):
    one = write_csv(tmp_path / "a.csv", [NREL, {**NREL, "County": "Two"}])
    other = write_csv(tmp_path / "b.csv", [{**NREL, "Value": "40"}, {**NREL, "County": "Two"}])
    found = collect("ordinances", "noise_rules", [one, other], None, Findings())
    assert [(row["rule_id"], row["limit_db"]) for row in found.rows] == [("ks-one-sound-dba-all", "50"), ("ks-one-sound-dba-all-2", "40"), ("ks-two-sound-dba-all", "50")]  # fmt: skip
    assert found.skipped == {"stands in an earlier file": 1}


def test_the_written_rules_are_read_by_a_region_and_never_count(make_region, tmp_path):
    path = write_csv(tmp_path / "rules.csv", [NREL, {**NREL, "Value": "65/70"}, {**NREL, "Feature Type": "Roads", "Value Type": "Meters", "Value": "90"}])  # fmt: skip
    region = make_region(tmp_path)
    for layer in ("noise_rules", "policy"):
        found = collect("ordinances", layer, [path], region, Findings())
        assert {row["jurisdiction_id"] for row in found.rows} == {"us-ks-one"}
        (tmp_path / "tiny" / f"{layer}.csv").write_text(csv_text(layer, found.rows), encoding="utf-8")  # fmt: skip
    read = pw.read(region)
    assert list(read.layers.frame("noise_rules")["limit_db"].isna()) == [True, False]
    book = rulebook(read.layers, read.request)
    assert book.of("us-ks-one") == ()
    assert {rule.kind for rule in book.shown["us-ks-one"]} == {"absolute", "not_found"}
    assert list(read.layers.frame("policy")["kind"]) == ["setback"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"State,County\n", b""])
def test_a_workbook_that_is_none_is_refused(tmp_path, content):
    pytest.importorskip("openpyxl")
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    findings = Findings()
    read_ordinances(path, "policy", Authorities(None), findings)
    assert [f.code for f in findings] == ["PW202"]


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
    assert levels.skipped == {"no sound level, for policy": 1}
    assert acts.skipped == {"a sound level, for noise_rules": 1}


def test_where_no_row_is_kept_nothing_is_written(tmp_path):
    path = write_csv(tmp_path / "rules.csv", [NREL])
    told = by_command("ordinances", path, output=tmp_path / "policy.csv", options=["--layer", "policy"], code=2)  # fmt: skip
    assert "PW204" in told.stderr
    assert "left out 1: a sound level" in told.stderr
    assert not (tmp_path / "policy.csv").exists()


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
    assert all(row["limit_db"] for row in found.rows)  # each of the six says which is which
    assert {r["period"]: r["limit_db"] for r in found.rows if r["rule_id"].startswith("ne-hamilton-")} == {"night": "37", "day": "40"}  # fmt: skip


def test_the_real_derived_table_has_no_comments_so_its_rising_pairs_stay_open(shared):
    path = shared / "data" / "ordinances_nrel" / "sound_limits_wind_us.csv"
    findings = Findings()
    found = read_ordinances(path, "noise_rules", Authorities(None), findings)
    assert len(found.rows) == 224  # 218 rules, four of them of two periods and one of three
    blank = [row for row in found.rows if not row["limit_db"]]
    assert len(blank) == sum("left blank" in f.message for f in findings) == 1
    assert found.skipped == {"value not read": 2}
