"""Moratoria: an inventory becomes dated policy rows; what its words leave open is told with its line."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
from conftest import write_csv

import powerwall as pw
from powerwall.criteria.policy import standing
from powerwall.criteria.policy.rows import window
from powerwall.importers.authorities import Authorities, plain_name
from powerwall.importers.layers import collect, csv_text
from powerwall.importers.moratoria import read_moratoria
from powerwall.region.findings import Findings

ROW = {"moratorium_id": "ks-one-2026", "jurisdiction": "One", "jurisdiction_type": "County", "state_abbrev": "KS", "date_enacted": "2026-03-01",
       "date_enacted_iso": "2026-03-01", "date_enacted_uncertainty": "exact", "duration": "12 months", "duration_days": "365",
       "duration_kind": "fixed_days", "enacted_status": "active", "current_status": "Active as of 2026-04-29", "trigger": "synthetic",
       "sectors": '["data_center"]', "latitude": "38.5", "longitude": "-99.0"}  # fmt: skip


def imported(folder, *rows, as_of=None, region=None):
    path = write_csv(folder / "inventory.csv", [{**ROW, **row} for row in rows])
    findings = Findings()
    found = read_moratoria(path, Authorities(region), findings, as_of)
    return found, list(findings)


def only(folder, **cells):
    found, findings = imported(folder, cells)
    assert len(found.rows) == 1
    return found.rows[0], findings


def test_a_plain_row_becomes_a_dated_rule_with_its_source(tmp_path):
    row, findings = only(tmp_path)
    assert findings == []
    assert (row["kind"], row["effect"], row["policy_status"], row["status"]) == (
        "moratorium",
        "blocks",
        "active",
        "secondary",
    )
    assert (row["action_date"], row["duration"], row["as_of"]) == (
        "2026-03-01",
        "12 months",
        "2026-04-29",
    )
    assert "CC BY 4.0" in row["source_title"]
    found = standing(row, date(2026, 8, 22), 300.0)
    assert (found.verdict, found.days_to_expiry) == (
        "gate",
        (date(2027, 3, 1) - date(2026, 8, 22)).days,
    )


def test_months_in_words_go_before_their_coding_in_days(tmp_path):
    row, findings = only(tmp_path, duration="6 months", duration_days="180")
    assert row["duration"] == "6 months"
    assert findings == []


@pytest.mark.parametrize(
    ("cells", "words", "column"),
    [
        ({"duration": "[VERIFY]", "duration_days": "", "duration_kind": "unknown"}, "no term in", "duration"),
        ({"duration": "until people calm down", "duration_days": "", "duration_kind": "unknown"}, "no term in", "duration"),
        ({"duration": "Three years", "duration_days": "365"}, "duration_days says 365", "duration"),
        ({"enacted_status": "extended", "duration": "90 days", "duration_days": "90"}, "extended, but to which day", "duration"),
        ({"duration": "Initial 30 days; extended until 2026-08-25", "duration_days": "30"}, "extended by its words, to 2026-08-25", "duration"),
        ({"duration": "90 days, ending 2026-12-15", "duration_days": "90"}, "the text says 2026-12-15", "duration"),
        ({"date_enacted": "spring", "date_enacted_iso": ""}, "no day of the act", "date_enacted"),
        ({"date_enacted_iso": "03/01/2026"}, "is no date", "date_enacted_iso"),
        ({"date_enacted": "2026-02 initial; extended 2026-04-01", "date_enacted_iso": "2026-02"}, "extended on 2026-04-01, the act is that of 2026-02", "date_enacted"),
        ({"duration": "Extended to 2026-12-01; others extended to 2026-09-01", "duration_days": ""}, "several days that contradict", "duration"),
        ({"enacted_status": "maybe"}, "enacted_status `maybe` is not known", "enacted_status"),
    ],
)  # fmt: skip
def test_what_the_words_leave_open_is_a_finding_at_its_cell(tmp_path, cells, words, column):
    _, findings = imported(
        tmp_path, {"moratorium_id": "first"}, {"moratorium_id": "second", **cells}
    )
    mine = [f for f in findings if words in f.message]
    assert len(mine) == 1, findings
    assert mine[0].severity == "warning"
    assert (mine[0].file.rpartition("/")[2], mine[0].line) == ("inventory.csv", 3)
    header, _, line = (tmp_path / "inventory.csv").read_text().splitlines()
    at = next(csv.reader([header])).index(column)
    cell = next(csv.reader([line]))[at]
    assert line[mine[0].column - 1 :].lstrip('"').startswith(cell.replace('"', '""')[:5])


def test_what_is_open_is_never_guessed(tmp_path):
    for n, cells in enumerate([
        {"duration": "[VERIFY]", "duration_days": "", "duration_kind": "unknown"},
        {"duration": "Three years", "duration_days": "365"},
        {"enacted_status": "extended", "duration": "90 days", "duration_days": "90"},
    ]):  # fmt: skip
        (tmp_path / str(n)).mkdir()
        row, _ = only(tmp_path / str(n), **cells)
        assert (row["duration"], row["effective_to"]) == ("", "")
        assert standing(row, date(2026, 8, 22)).reason == "end_unknown"


def test_a_row_that_asks_to_be_verified_never_gates(tmp_path):
    for n, cells in enumerate([
        {"duration": "12 months [VERIFY: minutes]"}, {"current_status": "Active as of 2026-04-29 [VERIFY]"}, {"date_enacted_uncertainty": "unverified"},
        {"date_enacted_iso": "2026-03"},
    ]):  # fmt: skip
        (tmp_path / str(n)).mkdir()
        row, _ = only(tmp_path / str(n), **cells)
        assert row["status"] == "unverified"
        assert standing(row, date(2026, 8, 22), 300.0).verdict == "warn"


def test_the_words_of_a_status_stay_in_the_note(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "1").mkdir()
    one, _ = only(tmp_path / "0")
    other, _ = only(tmp_path / "1", current_status="Expired unless extended, as of 2026-04-29")
    assert {k: v for k, v in one.items() if k != "note"} == {
        k: v for k, v in other.items() if k != "note"
    }
    assert "Expired unless extended" in other["note"]


def test_rows_about_other_things_are_left_out_and_counted(tmp_path):
    found, _ = imported(
        tmp_path,
        {},
        {"moratorium_id": "b", "sectors": '["cryptocurrency_mining"]'},
        {"moratorium_id": "c", "jurisdiction_type": "Aggregate meta-row"},
    )
    assert len(found.rows) == 1
    assert found.skipped == {
        "not about data centres": 1,
        "row about a whole state, no instrument": 1,
    }


def test_ids_are_there_and_unique(tmp_path):
    _, findings = imported(tmp_path, {}, {}, {"moratorium_id": ""})
    assert [(f.code, f.severity, f.line) for f in findings] == [
        ("PW404", "error", 3),
        ("PW405", "error", 4),
    ]


def test_a_mark_in_any_used_cell_is_kept_in_the_note(tmp_path):
    for n, column in enumerate(("jurisdiction", "date_enacted", "duration", "current_status", "trigger")):  # fmt: skip
        (tmp_path / str(n)).mkdir()
        row, _ = only(tmp_path / str(n), **{column: f"{ROW[column]} [VERIFY: the minutes]"})
        assert row["status"] == "unverified"
        assert "[VERIFY: the minutes]" in row["note"]
        assert not any("VERIFY" in row[name] for name in row if name != "note")
    row, _ = only(tmp_path, legal_basis="a law [VERIFY]")
    assert row["status"] == "secondary"


def test_an_act_holds_from_the_day_it_says(tmp_path):
    row, _ = only(tmp_path, date_enacted="2026-03-01 (voice vote); effective 2026-03-20")
    assert (row["action_date"], row["effective_from"]) == ("2026-03-01", "2026-03-20")


def test_an_extension_goes_before_the_coding_of_the_first_term(tmp_path):
    row, findings = only(tmp_path, duration="Extended 12 months, through 2027-02-24", duration_days="60")  # fmt: skip
    assert (row["duration"], row["effective_to"]) == ("", "2027-02-25")
    assert row["duration_kind"] == "until_date"
    assert ["extended by its words" in f.message for f in findings] == [True]


def test_a_rescinded_act_was_in_force_only_if_it_has_a_day(tmp_path):
    (tmp_path / "0").mkdir()
    one, _ = only(tmp_path, enacted_status="rescinded")
    other, _ = only(tmp_path / "0", enacted_status="rescinded", date_enacted="Not enacted", date_enacted_iso="")  # fmt: skip
    assert (one["policy_status"], other["policy_status"]) == ("replaced", "withdrawn")


def test_a_day_that_no_row_names_has_to_be_given(tmp_path):
    cells = {"current_status": "Active"}
    _, findings = imported(tmp_path, cells)
    assert [(f.code, f.remedy) for f in findings] == [("PW103", "give --as-of")]
    row = imported(tmp_path, cells, as_of=date(2026, 5, 1))[0].rows[0]
    assert row["as_of"] == "2026-05-01"
    rows = imported(tmp_path, cells, {"moratorium_id": "b"})[0].rows
    assert [row["as_of"] for row in rows] == ["2026-04-29", "2026-04-29"]


@pytest.mark.parametrize("name", ["Moratorium-ID", " moratorium id "])
def test_column_names_may_be_written_in_other_ways(tmp_path, name):
    row = {name if key == "moratorium_id" else key: value for key, value in ROW.items()}
    path = write_csv(tmp_path / "x.csv", [row])
    assert len(read_moratoria(path, Authorities(None), Findings()).rows) == 1


def test_a_row_that_names_no_authority_is_left_out_and_counted(tmp_path):
    found, _ = imported(tmp_path, {}, {"moratorium_id": "b", "jurisdiction": ""})
    assert found.skipped == {"names no authority": 1}


def test_a_table_that_is_no_inventory_is_refused(tmp_path):
    findings = Findings()
    read_moratoria(
        write_csv(tmp_path / "x.csv", [{"a": "1", "b": "2"}]), Authorities(None), findings
    )
    read_moratoria(tmp_path / "missing.csv", Authorities(None), findings)
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    read_moratoria(tmp_path / "x.json", Authorities(None), findings)
    assert sorted(f.code for f in findings) == ["PW201", "PW202", "PW203"]


def test_a_geojson_reads_as_its_table_does(tmp_path):
    table, _ = imported(tmp_path, {})
    properties = {
        k: v for k, v in ROW.items() if k not in {"latitude", "longitude", "moratorium_id"}
    } | {"id": ROW["moratorium_id"]}
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [-99.0, 38.5]},
        "properties": properties,
    }
    path = tmp_path / "inventory.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    assert read_moratoria(path, Authorities(None), Findings()).rows == table.rows


def test_a_list_of_fights_is_read_and_never_gates(tmp_path):
    fights = [{"jurisdiction": "One", "state": "KS", "authority_level": "county", "action_type": ["moratorium"], "date": "2026-05-01", "status": "Active",
               "megawatts": 300, "sources": ["https://example.org/a"], "last_updated": "2026-06-01"}]  # fmt: skip
    path = tmp_path / "fights.json"
    path.write_text(json.dumps(fights), encoding="utf-8")
    row = read_moratoria(path, Authorities(None), Findings()).rows[0]
    assert (row["kind"], row["project_mw"], row["status"], row["source_url"]) == (
        "moratorium",
        "300",
        "unverified",
        "https://example.org/a",
    )
    assert standing(row, date(2026, 8, 22), 300.0).verdict == "warn"


def fights(folder, *rows, as_of=date(2026, 6, 1)):
    base = {"jurisdiction": "One", "state": "Kansas", "authority_level": "county", "action_type": ["moratorium"], "date": "2026-05-01", "status": "Active"}  # fmt: skip
    path = folder / "fights.json"
    path.write_text(json.dumps([{**base, **row} for row in rows], indent=1), encoding="utf-8")
    findings = Findings()
    return read_moratoria(path, Authorities(None), findings, as_of).rows, list(findings)


def test_fights_of_one_day_get_ids_of_their_own_and_states_their_letters(tmp_path):
    rows, findings = fights(tmp_path, {}, {"action_type": ["approval"]})
    assert [(r["policy_id"], r["jurisdiction_id"], r["effect"]) for r in rows] == [
        ("one-ks-2026-05-01", "us-ks-one", "blocks"),
        ("one-ks-2026-05-01-2", "us-ks-one", "enables"),
    ]
    assert [f.code for f in findings] == ["PW509"]  # whose licence is not stated


def test_a_size_in_words_is_told_and_not_read(tmp_path):
    rows, findings = fights(tmp_path, {}, {"megawatts": "about 300"})
    assert (rows[1]["project_mw"], rows[1]["note"]) == ("", "size in the source: about 300")
    assert [(f.code, f.line > 8) for f in findings if f.code == "PW401"] == [("PW401", True)]


def test_fights_without_any_day_ask_for_one(tmp_path):
    assert [f.code for f in fights(tmp_path, {}, as_of=None)[1]] == ["PW103"]
    assert fights(tmp_path, {"last_updated": "2026-06-02"}, as_of=None)[0][0]["as_of"] == "2026-06-02"  # fmt: skip


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "3", "null", '[{"a": 1}]', '{"features": []}', '{"features": [1, null]}', '{"features": [{"properties": null, "geometry": 5}]}'],
)  # fmt: skip
def test_json_of_another_shape_is_refused(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    findings = Findings()
    read_moratoria(path, Authorities(None), findings)
    assert [f.code for f in findings] == ["PW203"]


def test_a_feature_without_a_point_keeps_its_row(tmp_path):
    properties = {key: value for key, value in ROW.items() if key not in {"latitude", "longitude", "moratorium_id"}}  # fmt: skip
    features = [{"type": "Feature", "geometry": g, "properties": {**properties, "id": f"r{n}"}} for n, g in enumerate((None, {"coordinates": ["x"]}))]  # fmt: skip
    path = tmp_path / "x.geojson"
    path.write_text(json.dumps({"features": features}), encoding="utf-8")
    assert len(read_moratoria(path, Authorities(None), Findings()).rows) == 2


@pytest.mark.parametrize(
    ("one", "other"), [("City of Sunbury", "Sunbury"), ("Jerome Township", "Jerome"), ("Scioto Township (Pickaway County)", "Scioto Township"), ("ONE COUNTY", "One")]
)  # fmt: skip
def test_names_are_compared_without_their_kind(one, other):
    assert plain_name(one) == plain_name(other)


def test_with_a_region_its_authorities_are_found_by_name_kind_and_place(make_region, tmp_path):
    region = pw.read(make_region(tmp_path))
    found, _ = imported(
        tmp_path, {}, {"moratorium_id": "far", "latitude": "45", "longitude": "-90"}, {"moratorium_id": "city", "jurisdiction_type": "City"},
        {"moratorium_id": "other", "state_abbrev": "OH"}, region=region,
    )  # fmt: skip
    assert [(r["policy_id"], r["jurisdiction_id"]) for r in found.rows] == [
        ("ks-one-2026", "us-ks-one")
    ]
    assert found.skipped == {"no such authority in the region": 3}


def test_the_written_layer_is_read_by_a_region_and_puts_its_sites_out(make_region, tmp_path):
    write_csv(tmp_path / "inventory.csv", [ROW])
    region = make_region(tmp_path, toml={"require": {"moratorium": {"is": False}}})
    found = collect("moratoria", "policy", [tmp_path / "inventory.csv"], region, Findings())
    (tmp_path / "tiny" / "policy.csv").write_text(csv_text("policy", found.rows), encoding="utf-8")
    read = pw.read(region)
    ranking = pw.rank(read, pw.measure(read))
    assert ranking.frame.loc["a", "status"] == "out"
    assert (
        "moratorium of One County until 2027-03-01 (191 days)" in ranking.frame.loc["a", "reasons"]
    )


def test_two_files_that_differ_on_one_act_are_a_finding(make_region, tmp_path):
    write_csv(tmp_path / "a.csv", [ROW])
    write_csv(
        tmp_path / "b.csv",
        [{**ROW, "moratorium_id": "other", "duration": "6 months", "duration_days": "180"}],
    )
    findings = Findings()
    collect("moratoria", "policy", [tmp_path / "a.csv", tmp_path / "b.csv"], None, findings)
    found = [f for f in findings if f.code == "PW512"]
    assert [(f.file.rpartition("/")[2], f.line) for f in found] == [("b.csv", 2)]
    assert "end: 2027-03-01 and 2026-09-01" in found[0].message
    own = [{"policy_id": "own", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "action_date": "2026-03-01", "effective_to": "2026-12-01"}]  # fmt: skip
    findings = Findings()
    collect(
        "moratoria", "policy", [tmp_path / "a.csv"], make_region(tmp_path, policy=own), findings
    )
    assert ["own (synthetic" in f.message for f in findings if f.code == "PW512"] == [True]


def test_one_id_that_differs_between_files_is_told_and_stands_once(make_region, tmp_path):
    write_csv(tmp_path / "a.csv", [ROW, {**ROW, "moratorium_id": "same", "jurisdiction": "Two"}])
    write_csv(tmp_path / "b.csv", [{**ROW, "duration": "6 months", "duration_days": "180"}, {**ROW, "moratorium_id": "same", "jurisdiction": "Two"}])  # fmt: skip
    findings = Findings()
    found = collect("moratoria", "policy", [tmp_path / "a.csv", tmp_path / "b.csv"], None, findings)
    assert [row["policy_id"] for row in found.rows] == ["ks-one-2026", "same"]
    assert found.skipped == {"stands in an earlier file": 2}
    assert sorted((f.code, f.file.rpartition("/")[2], f.line) for f in findings) == [("PW404", "b.csv", 2), ("PW512", "b.csv", 2)]  # fmt: skip
    own = [{"policy_id": "ks-one-2026", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active", "effect": "blocks",
            "action_date": "2026-03-01", "effective_to": "2026-12-01"}]  # fmt: skip
    findings = Findings()
    collect("moratoria", "policy", [tmp_path / "a.csv"], make_region(tmp_path, policy=own), findings)  # fmt: skip
    assert [f.code for f in findings] == ["PW512"]


def test_rows_of_the_real_geojson_are_those_of_its_table_and_unverified(shared):
    folder = shared / "data" / "moratoria_us"
    findings = Findings()
    table = read_moratoria(folder / "moratorium_inventory.csv", Authorities(None), Findings())
    found = read_moratoria(folder / "moratoria.geojson", Authorities(None), findings)
    ids = sorted(row["policy_id"] for row in table.rows)
    assert sorted(row["policy_id"] for row in found.rows) == ids
    # its texts are cut and it has no status in words, so a mark cannot be excluded
    assert {row["status"] for row in found.rows} == {"unverified"}
    assert [f.code for f in findings if "no current_status" in f.message] == ["PW203"]


def test_the_real_inventory_holds_what_its_publisher_counts(shared):
    folder = shared / "data" / "moratoria_us"
    findings = Findings()
    found = read_moratoria(folder / "moratorium_inventory.csv", Authorities(None), findings)
    assert len(found.rows) == 201  # of 222: 19 not about data centres, 2 about whole states
    in_force = [row for row in found.rows if row["policy_status"] == "active"]
    assert len(in_force) == 142
    # 105 of the 148 of all sectors by coded days alone; ends in words count here too
    assert sum(window(row)[1] is not None for row in in_force) == 116
    ended = {
        day: sum(standing(row, date.fromisoformat(day)).reason == "expired" for row in in_force)
        for day in ("2026-04-30", "2026-10-31")
    }
    # by their coded first terms 8 and 49 have passed; an extended one whose new end is not stated has an unknown end here
    assert ended == {"2026-04-30": 0, "2026-10-31": 46}
    marked = [row for row in found.rows if "[VERIFY" in row["note"].upper()]
    assert len(marked) > 50
    assert {row["status"] for row in marked} == {"unverified"}
    assert {f.severity for f in findings} == {"warning"}
    assert all(f.line > 1 for f in findings)
