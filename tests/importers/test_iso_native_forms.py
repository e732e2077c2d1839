"""Postings of operators as they come: sheets and rows that disagree, dates of every type, and the wrong file."""

from __future__ import annotations

import pandas as pd
import pytest
from layer_import import by_command, imported, write_book

CAISO = {"Project Name": "Synthetic", "Queue Position": 22, "Queue Date": pd.Timestamp(2003, 11, 18), "Application Status": "ACTIVE", "Type-1": "Solar",
         "Net MWs to Grid": 38, "County": "KERN", "State": "CA", "Station or\nTransmission Line": "Birds 230 kV"}  # fmt: skip
NYISO = {"Queue Pos.": "0276", "Owner/Developer": "Synthetic", "Project Name": "Solar One", "Date of IR": 39477, "SP (MW)": 90, "WP (MW)": "TBD", "Type/ Fuel": "S",
         "County": "Orange", "State": "NY", "Z": "G", "Interconnection Point": "Rock 345kV", "Utility ": "U", "S": 5, "Last Update": "12/31/2023"}  # fmt: skip
PJM = {"Project ID": "AF2-021", "Name": "Ash 230 kV", "Commercial Name": "Synthetic", "State": "VA", "County": "Louisa", "Status": "Active", "Transmission Owner": "T",
       "MFO": 100.0, "MW Energy": 100.0, "MW Capacity": 38.0, "MW In Service": None, "Fuel": "Solar", "Submitted Date": "3/31/2020"}  # fmt: skip
SPP = {"Generation Interconnection Number": "GEN-2016-133 thru GEN-2016-146", " Nearest Town or County": "Weld County", "State": "CO", "Capacity": "7.2",
       "Generation Type": "", "Fuel Type": "Battery/Storage", "Request Received": "2/17/2012", "Date Withdrawn": "", "Commercial Operation Date": "1/2/2030", "Status": "ICS"}  # fmt: skip
FOOTERS = "notes and keys below the table: no queue number with a name, date or MW"


def sheet(*rows, above=()):
    return [*above, list(rows[0]), *(list(row.values()) for row in rows)]


def rows_of(path, **asked):
    rows, tally, findings = imported("iso-queue", path, **asked)
    assert [f for f in findings if f.severity == "error"] == []
    return rows.set_index("queue_id"), tally


def spp(folder, *rows, title="Last Updated On,8/14/2026"):
    path = folder / "synthetic-spp.csv"
    path.write_text("\n".join([title, ",".join(SPP), *(",".join(row.values()) for row in rows)]) + "\n", encoding="utf-8")  # fmt: skip
    return path


# ----------------------------------------------------------------------------- sheets and rows
def test_a_sheet_of_ended_requests_goes_before_the_word_of_a_row_and_the_tally_says_so(tmp_path):
    book = {"Grid GenerationQueue": sheet(CAISO), "Completed Generation Projects": sheet({**CAISO, "Queue Position": 23}, {**CAISO, "Queue Position": 24, "Application Status": ""}),
            "Withdrawn Generation Projects": sheet({**CAISO, "Queue Position": 25, "Application Status": "WITHDRAWN"})}  # fmt: skip
    rows, tally = rows_of(write_book(tmp_path / "synthetic.xlsx", **book))
    assert rows["status"].to_dict() == {"22": "active", "23": "in_service", "24": "in_service", "25": "withdrawn"}  # fmt: skip
    assert tally.noted["of another status than their sheet, which counts: in service"] == 1
    assert rows.loc["23", "status_raw"] == "ACTIVE"


def test_a_sheet_of_caiso_under_another_name_goes_by_its_rows(tmp_path):
    rows = rows_of(write_book(tmp_path / "synthetic.xlsx", Copy=sheet({**CAISO, "Application Status": "COMPLETED"})))[0]  # fmt: skip
    assert rows.loc["22", "status"] == "in_service"


def test_sheets_of_nyiso_that_do_not_say_where_requests_stand_are_an_error(tmp_path):
    path = write_book(tmp_path / "synthetic.xlsx", Sheet1=sheet(NYISO))
    rows, _, findings = imported("iso-queue", path)
    assert rows is None
    assert [f.code for f in findings if f.severity == "error"] == ["PW203"]
    assert "Sheet1" in next(f for f in findings if f.severity == "error").message


@pytest.mark.parametrize("repeated", [False, True])
def test_a_group_over_headings_may_stand_over_each_or_over_the_first(tmp_path, repeated):
    upper = ["Queue", "Queue" if repeated else "", "Date", "SP", "WP", "Type/", "Location", "Location" if repeated else "", "Interconnection", "Interconnection" if repeated else ""]  # fmt: skip
    lower = ["Pos.", "Project Name", "of IR", "(MW)", "(MW)", "Fuel", "County", "State", "Point", "Utility "]  # fmt: skip
    row = ["0001", "Synthetic", 32766, 5, "N/A", "ST", "Orange", "NY", "Coop 115kV", "O&R"]
    rows = rows_of(write_book(tmp_path / "synthetic.xlsx", **{"In Service": [upper, lower, row]}))[0]  # fmt: skip
    assert rows.loc["0001", ["project_name", "state", "utility", "county_raw", "status"]].tolist() == ["Synthetic", "NY", "O&R", "Orange", "in_service"]  # fmt: skip


def test_every_row_is_kept_or_counted_by_its_reason(tmp_path):
    nameless = {**NYISO, "Queue Pos.": None}
    notes = [{**dict.fromkeys(NYISO), "Queue Pos.": text} for text in ("NOTES: 1 of 2", "Key: L=Load", "2026-08-31")]  # fmt: skip
    path = write_book(tmp_path / "synthetic.xlsx", Withdrawn=sheet(NYISO, nameless, *notes))
    rows, tally, _ = imported("iso-queue", path)
    assert (tally.read, len(rows), dict(tally.left_out)) == (5, 2, {FOOTERS: 3})
    assert rows["queue_id"].isna().sum() == tally.noted["without queue_id"] == 1


# ----------------------------------------------------------------------------- dates
@pytest.mark.parametrize(
    "cell",
    [pd.Timestamp(2003, 11, 18), pd.Timestamp(2003, 11, 18, 8), 37943, 37943.0, "11/18/2003", "2003-11-18", "2003-11-18 08:00:00"],
)  # fmt: skip
def test_dates_of_every_type_stand_in_one_column(tmp_path, cell):
    other = {**CAISO, "Queue Position": 23, "Queue Date": "TBD"}
    rows, tally = rows_of(write_book(tmp_path / "s.xlsx", **{"Grid GenerationQueue": sheet({**CAISO, "Queue Date": cell}, other)}))  # fmt: skip
    assert rows.loc["22", "queue_date"] == "2003-11-18"
    assert pd.isna(rows.loc["23", "queue_date"])
    assert tally.emptied["queue_date: `TBD`"] == 1


# ----------------------------------------------------------------------------- PJM, SPP
def test_an_output_above_the_mw_asked_for_is_told(tmp_path):
    uprate = {**PJM, "Project ID": "AF2-022", "MFO": 800.0, "MW Energy": 20.0, "MW Capacity": 20.0}
    rows, tally = rows_of(write_book(tmp_path / "s.xlsx", Sheet1=sheet(PJM, uprate)))
    assert rows["capacity_mw"].tolist() == [100.0, 800.0]
    assert tally.noted["of a maximum facility output above the MW asked for, e.g. an uprate: kept as published"] == 1  # fmt: skip


def test_the_fuel_of_spp_is_that_of_its_type_where_none_is_named(tmp_path):
    wind = {**SPP, "Generation Interconnection Number": "GI-1", "Fuel Type": "", "Generation Type": "Wind"}  # fmt: skip
    rows = rows_of(spp(tmp_path, SPP, wind))[0]
    assert rows["kind"].to_dict() == {"GEN-2016-133 thru GEN-2016-146": "storage", "GI-1": "generation"}  # fmt: skip
    assert rows["status"].tolist() == ["active", "active"]
    assert rows["in_service_date"].isna().all()


@pytest.mark.parametrize("title", ["Active requests", '"Last Updated On",8/14/2026,', ""])
def test_the_title_above_the_table_of_spp_may_say_anything(tmp_path, title):
    rows, tally = rows_of(spp(tmp_path, SPP, title=title))
    assert len(rows) == tally.read == 1


# ----------------------------------------------------------------------------- the wrong file
def test_an_empty_workbook_and_one_of_another_operator_are_each_one_error(tmp_path):
    empty = write_book(tmp_path / "empty.xlsx", Sheet1=[])
    other = write_book(tmp_path / "other.xlsx", Register=[["Project Name", "Customer Name", "MW Connected"], ["Synthetic", "C", 5]])  # fmt: skip
    told = by_command("iso-queue", empty, other, output=tmp_path / "out.csv", code=2).stderr
    assert told.count("error[PW203]") == told.count("error[") == 2
    assert "customer_name" in told
    assert "empty.xlsx" in told
    assert not (tmp_path / "out.csv").exists()


def test_a_workbook_of_titles_without_requests_is_one_error(tmp_path):
    path = write_book(tmp_path / "s.xlsx", **{"Grid GenerationQueue": [["Report Run Date: 07/24/2026"], list(CAISO)]})  # fmt: skip
    told = by_command("iso-queue", path, output=tmp_path / "out.csv", code=2).stderr
    assert told.count("error[") == 1
