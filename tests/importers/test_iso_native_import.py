"""Postings of operators in their own form: every sheet is read, and its state is what the operator means."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
from layer_import import by_command, imported, write_book

from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.sources import SOURCES
from powerwall.region.findings import Findings

day = pd.Timestamp
CAISO_HEAD = ["Project Name", "Queue Position", "Interconnection Request\nReceive Date", "Queue Date", "Application Status", "Study\nProcess", "Type-1", "Type-2",
              "Type-3", "Net MWs to Grid", "MW-1", "County", "State", "Utility", "Station or Transmission Line", "Current\nOn-line Date",
              "Interconnection Agreement \nStatus"]  # fmt: skip
CAISO_ROW = ["Synthetic", 22, day(2003, 11, 18), day(2003, 11, 18, 8), "ACTIVE", "C14", "Wind Turbine", "Storage", None, 38, 38, "SOLANO", "CA", "PGAE",
             "Birds Landing 230 kV", day(2024, 4, 1, 7), "Executed"]  # fmt: skip
TITLE = [["SYNTHETIC"], ["Report Run Date: 07/24/2026"], []]
NYISO_HEAD = ["Queue Pos.", "Developer/Interconnection Customer", "Project Name", "Date of IR", "SP (MW)", "WP (MW)", "Type/ Fuel", "County", "State", "Z",
              "Interconnection Point", "Utility ", "S", "Last Update", "Proposed In-Service", "Proposed COD"]  # fmt: skip
NYISO_ROW = ["0276", "Synthetic", "Solar One", 39477, 90, "TBD", "S", "Orange", "NY", "G", "Rock Tavern 345kV", "CONED", 11, "12/31/2023", "05-2027", "06/2027"]  # fmt: skip
LOAD_HEAD = ["Queue Number", "Developer Name", "Project: Project Name", "IR Submission Date", "Peak MW load", "End-Use", "Type/Fuel", "County", "State",
             "NYISO Zone", "Points of Interconnection", "CTO/Utility", "Project Status #", "Last Updated Date", "Proposed Initial Backfeed Date"]  # fmt: skip
LOAD_ROW = ["1670", "Synthetic", "Campus", 45314, 250, "DAT-AI", "L", "Erie", "NY", "A", "Dunkirk 230kV", "NATGRID", "6", None, "01-2029"]  # fmt: skip
KEY = "● Project Status # Key: 1=Scoping Meeting Pending, 6=SRIS in Progress, 12=Under Construction, 14=In Service Commercial, 0=Withdrawn"
IN_SERVICE = [["Queue", "", "", "Date", "SP", "WP", "Type/", "Location", "", "Z", "Interconnection", "", "Last"],
              ["Pos.", "Owner/Developer", "Project Name", "of IR", "(MW)", "(MW)", "Fuel", "County", "State", "", "Point", "Utility", "Update"]]  # fmt: skip
PJM = {"Project ID": "AF2-021", "Name": "Ash 230 kV", "Commercial Name": "Synthetic", "State": "VA", "County": "Louisa", "Status": "Active", "Transmission Owner": "T",
       "MFO": 100.0, "MW Energy": 100.0, "MW Capacity": 38.0, "MW In Service": None, "Project Type": "Generation Interconnection", "Fuel": "Solar",
       "Submitted Date": "3/31/2020", "Projected In Service Date": "6/1/2027", "Actual In Service Date": None, "Withdrawal Date": None}  # fmt: skip
SPP_HEAD = ("Generation Interconnection Number,IFS Queue Number,Current Cluster,Cluster Group, Nearest Town or County,State,TO at POI,In-Service Date,"
            "Commercial Operation Date,Capacity,MAX Summer MW,MAX Winter MW,Service Type,Generation Type,Fuel Type,Substation or Line,Request Received,Date Withdrawn,Status")  # fmt: skip
SPP_ROW = "GEN-2025-001,,DISIS-2025,05 SE,Weld County,CO,PSCO,,12/31/2028,200,200,180,NRIS,Wind,Wind,Ash 345kV,2/3/2025,,{status}"  # fmt: skip


def caiso(folder, **changes):
    sheets = {
        "Grid GenerationQueue": [*TITLE, CAISO_HEAD, CAISO_ROW, [], ["* the legend of the table"], ["FC/P/EO", "Full Capacity"]],
        "Completed Generation Projects": [*TITLE, [*CAISO_HEAD[:15], "Actual\nOn-line Date"], [*CAISO_ROW[:1], 7, *CAISO_ROW[2:4], "COMPLETED", *CAISO_ROW[5:15], day(2012, 1, 5, 8)]],
        "Withdrawn Generation Projects": [*TITLE, ["Project Name - Confidential", *CAISO_HEAD[1:15], "Withdrawn Date"], [*CAISO_ROW[:1], "0290A", *CAISO_ROW[2:4], "WITHDRAWN", *CAISO_ROW[5:15], day(2005, 7, 1, 7)]],
        **changes,
    }  # fmt: skip
    return write_book(folder / "synthetic-caiso.xlsx", **sheets)


def nyiso(folder, **changes):
    sheets = {
        "Interconnection Queue": [NYISO_HEAD, NYISO_ROW, [None, KEY]],
        " Cluster Projects": [NYISO_HEAD, ["C24-003", *NYISO_ROW[1:6], "ES", *NYISO_ROW[7:]]],
        "Load Projects": [LOAD_HEAD, LOAD_ROW, ["205", *LOAD_ROW[1:12], "14", "1/2/2024", "N/A"], ["206", *LOAD_ROW[1:12], "0", "3/4/2024", None], [KEY]],
        "Affected System Studies": [NYISO_HEAD, ["9001", *NYISO_ROW[1:]]],
        "Withdrawn": [NYISO_HEAD, ["0290A", *NYISO_ROW[1:]]],
        "In Service": [*IN_SERVICE, ["0001", "Synthetic", "Middletown", 32766, "N/A", "N/A", "AC", "Orange", "NY", "G", "Coop Lines", "O&R", "6/30/1995"]],
        **changes,
    }  # fmt: skip
    return write_book(folder / "synthetic-nyiso.xlsx", **sheets)


def spp(folder, *statuses, row=SPP_ROW, title='"Last Updated On", 11/01/2026\n'):
    path = folder / "synthetic-spp.csv"
    rows = [
        row.format(status=status).replace("001", f"{n:03d}", 1) for n, status in enumerate(statuses)
    ]
    path.write_text(title + "\n".join([SPP_HEAD, *rows]) + "\n", encoding="utf-8")
    return path


def rows_of(path, **asked):
    rows, tally, findings = imported("iso-queue", path, **asked)
    assert [f for f in findings if f.severity == "error"] == []
    return rows.set_index("queue_id"), tally, findings


def day_of(path):
    return SOURCES["iso-queue"].load()([path], Asked(), Tally(), Findings()).as_of


# ----------------------------------------------------------------------------- CAISO
def test_all_three_sheets_of_caiso_are_read_below_their_titles_and_without_their_legends(tmp_path):
    rows, tally, _ = rows_of(caiso(tmp_path))
    assert rows["status"].to_dict() == {"22": "active", "7": "in_service", "0290A": "withdrawn"}
    assert set(rows["entity"]) == {"CAISO"}
    assert tally.read == 5
    assert tally.left_out == {
        "notes and keys below the table: no queue number with a name, date or MW": 2
    }


def test_a_project_of_caiso_has_its_net_mw_its_local_days_and_its_node(tmp_path):
    row = rows_of(caiso(tmp_path))[0].loc["22"]
    assert (row["capacity_mw"], row["kind"], row["fuel"]) == (38.0, "generation", "Wind Turbine + Storage")  # fmt: skip
    assert (row["queue_date"], row["proposed_in_service_date"]) == ("2003-11-18", "2024-04-01")
    assert (row["poi_voltage_kv"], row["agreement_status"], row["county_raw"]) == (230.0, "Executed", "SOLANO")  # fmt: skip


def test_ends_of_caiso_are_those_it_states(tmp_path):
    rows = rows_of(caiso(tmp_path))[0]
    assert rows.loc["7", "in_service_date"] == "2012-01-05"
    assert rows.loc["0290A", "withdrawn_date"] == "2005-07-01"
    assert rows["in_service_date_basis"].isna().all()


def test_the_day_of_a_report_stands_above_its_table(tmp_path):
    assert day_of(caiso(tmp_path)) == date(2026, 7, 24)
    assert day_of(spp(tmp_path, "IA PENDING")) == date(2026, 11, 1)
    assert day_of(nyiso(tmp_path)) is None


# ----------------------------------------------------------------------------- NYISO
def test_the_sheet_of_nyiso_tells_the_state_and_studies_of_others_are_left_out(tmp_path):
    rows, tally, _ = rows_of(nyiso(tmp_path))
    assert rows["status"].to_dict() == {
        "0276": "active", "C24-003": "active", "1670": "active", "205": "in_service", "206": "withdrawn", "0290A": "withdrawn", "0001": "in_service",
    }  # fmt: skip
    assert tally.left_out["on the sheet `Affected System Studies`, which is no queue of requests"] == 1  # fmt: skip
    assert (
        tally.left_out["notes and keys below the table: no queue number with a name, date or MW"]
        == 2
    )


def test_loads_of_nyiso_are_kept_apart_with_their_end_use(tmp_path):
    rows, tally, _ = rows_of(nyiso(tmp_path))
    loads = rows[rows["kind"] == "load"]
    assert loads.index.tolist() == ["1670", "205", "206"]
    assert loads["capacity_mw"].tolist() == [250.0] * 3
    assert set(loads["end_use"]) == {"DAT-AI"}
    assert tally.noted["requests of loads, kept apart by `kind`"] == 3
    assert loads.loc["1670", "proposed_in_service_date"] == "2029-01"


def test_a_code_of_nyiso_is_told_in_the_words_of_its_own_key(tmp_path):
    rows = rows_of(nyiso(tmp_path))[0]
    assert rows.loc["1670", "status_raw"] == "Load Projects; 6 SRIS in Progress"
    assert rows.loc["0276", "status_raw"] == "Interconnection Queue; 11"
    without = [LOAD_HEAD, ["205", *LOAD_ROW[1:12], "14", None, None]]
    other = rows_of(nyiso(tmp_path, **{"Interconnection Queue": [NYISO_HEAD, NYISO_ROW], "Load Projects": without}))[0]  # fmt: skip
    assert other.loc["205", "status"] == "active"


def test_a_header_on_two_rows_is_one(tmp_path):
    row = rows_of(nyiso(tmp_path))[0].loc["0001"]
    assert (row["kind"], row["county_raw"], row["poi_name"]) == ("transmission", "Orange", "Coop Lines")  # fmt: skip
    assert row["queue_date"] == "1989-09-15"
    assert pd.isna(row["capacity_mw"])


def test_ends_of_nyiso_are_dated_by_the_last_update_and_say_so(tmp_path):
    rows, tally, _ = rows_of(nyiso(tmp_path))
    assert rows.loc["0001", ["in_service_date", "in_service_date_basis"]].tolist() == ["1995-06-30", "last_update"]  # fmt: skip
    assert rows.loc["206", ["withdrawn_date", "withdrawn_date_basis"]].tolist() == ["2024-03-04", "last_update"]  # fmt: skip
    assert pd.isna(rows.loc["0276", "withdrawn_date"])
    assert tally.noted["withdrawn_date is that of the last update of the row"] == 2


def test_a_season_of_nyiso_that_is_to_be_determined_is_unknown_and_not_zero(tmp_path):
    row = [*NYISO_ROW[:4], "TBD", " ", *NYISO_ROW[6:]]
    rows, tally, _ = rows_of(nyiso(tmp_path, **{"Interconnection Queue": [NYISO_HEAD, row]}))
    assert pd.isna(rows.loc["0276", "capacity_mw"])
    assert tally.emptied["summer_mw: `TBD`"] == 1
    assert rows.loc["C24-003", ["capacity_mw", "kind"]].tolist() == [90.0, "storage"]


# ----------------------------------------------------------------------------- PJM, SPP, MISO
@pytest.mark.parametrize(
    ("status", "state"),
    [("Active", "active"), ("Engineering and Procurement", "agreed"), ("Under Construction", "agreed"), ("Suspended", "suspended"),
     ("Partially in Service - Under Construction", "energised"), ("In Service", "in_service"), ("Withdrawn", "withdrawn"), ("Deactivated", "unknown")],
)  # fmt: skip
def test_words_of_pjm(tmp_path, status, state):
    row = {**PJM, "Status": status}
    rows, tally, _ = rows_of(write_book(tmp_path / "synthetic-pjm.xlsx", Sheet1=[list(row), list(row.values())]))  # fmt: skip
    assert rows.loc["AF2-021", "status"] == state
    assert bool([what for what in tally.noted if "which is not known" in what]) == (state == "unknown")  # fmt: skip


def test_the_capacity_of_pjm_is_the_maximum_facility_output(tmp_path):
    rows = [{**PJM, "MW In Service": 12.0}, {**PJM, "Project ID": "AF2-022", "MFO": None}, {**PJM, "Project ID": "X1", "Project Type": "Merchant Transmission"}]  # fmt: skip
    found = rows_of(write_book(tmp_path / "s.xlsx", Sheet1=[list(PJM), *(list(row.values()) for row in rows)]))[0]  # fmt: skip
    assert found["capacity_mw"].to_dict() == {"AF2-021": 100.0, "AF2-022": 100.0, "X1": 100.0}
    assert found["kind"].to_dict() == {"AF2-021": "generation", "AF2-022": "generation", "X1": "transmission"}  # fmt: skip
    assert found.loc["AF2-021", ["queue_date", "proposed_in_service_date", "poi_voltage_kv"]].tolist() == ["2020-03-31", "2027-06-01", 230.0]  # fmt: skip


def test_an_executed_agreement_of_spp_is_not_operation(tmp_path):
    words = {"IA FULLY EXECUTED/COMMERCIAL OPERATION": "in_service", "IA FULLY EXECUTED/ON SCHEDULE": "agreed", "IA FULLY EXECUTED/ON SUSPENSION": "agreed",
             "IA PENDING": "active", "DISIS STAGE": "active", "WITHDRAWN": "withdrawn"}  # fmt: skip
    rows = rows_of(spp(tmp_path, *words, row=SPP_ROW.replace("2028", "2025")))[0]
    assert rows["status"].tolist() == list(words.values())
    assert rows["in_service_date"].notna().tolist() == [state == "in_service" for state in words.values()]  # fmt: skip
    assert rows["in_service_date_basis"].dropna().tolist() == ["commercial_operation_date"]


def test_a_day_of_operation_after_the_posting_is_none(tmp_path):
    rows, tally, _ = rows_of(spp(tmp_path, "IA FULLY EXECUTED/COMMERCIAL OPERATION"))
    assert rows["in_service_date"].isna().all()
    assert sum(count for what, count in tally.noted.items() if "after the posting" in what) == 1


def test_a_status_of_spp_that_says_nothing_is_unknown(tmp_path):
    assert rows_of(spp(tmp_path, "None", ""))[0]["status"].tolist() == ["unknown", "unknown"]


def test_a_revised_day_of_pjm_goes_before_the_projected_one(tmp_path):
    rows = [{**PJM, "Revised In Service Date": "12/31/2027"}, {**PJM, "Project ID": "X1", "Revised In Service Date": None}]  # fmt: skip
    found = rows_of(write_book(tmp_path / "s.xlsx", Sheet1=[list(rows[0]), *(list(row.values()) for row in rows)]))[0]  # fmt: skip
    assert found["proposed_in_service_date"].to_dict() == {"AF2-021": "2027-12-31", "X1": "2027-06-01"}  # fmt: skip


def test_a_facility_of_pjm_of_0_mw_whose_energy_is_more_is_told(tmp_path):
    row = {**PJM, "MFO": 0}
    rows, tally, _ = rows_of(write_book(tmp_path / "s.xlsx", Sheet1=[list(row), list(row.values())]))  # fmt: skip
    assert rows.loc["AF2-021", "capacity_mw"] == 0
    assert tally.noted["of 0 MW though a season has more: kept as published"] == 1


def test_a_code_of_nyiso_without_a_key_is_told_and_its_sheet_counts(tmp_path):
    row = [*NYISO_ROW[:12], 14, *NYISO_ROW[13:]]
    path = write_book(tmp_path / "s.xlsx", **{"Interconnection Queue": [NYISO_HEAD, row]})
    rows, tally, _ = rows_of(path)
    assert rows["status"].tolist() == ["active"]
    assert tally.noted["with a code that no key of the workbook explains: its sheet tells the state"] == 1  # fmt: skip


def test_a_row_on_the_sheet_of_loads_is_a_load_whatever_its_type(tmp_path):
    path = write_book(tmp_path / "s.xlsx", **{"Load Projects": [LOAD_HEAD, [*LOAD_ROW[:6], None, *LOAD_ROW[7:]]]})  # fmt: skip
    assert rows_of(path)[0]["kind"].tolist() == ["load"]


def test_a_key_of_fuels_and_a_key_of_states_do_not_mix(tmp_path):
    keys = [["Type / Fuel Key: S=Solar, P=Wood"], ["Project Status # Key: 3A=Waiting, 14=In Service Commercial, P=Pending"]]  # fmt: skip
    rows = [[*NYISO_ROW[:6], "P", *NYISO_ROW[7:12], "3A", *NYISO_ROW[13:]], *keys]
    found = rows_of(write_book(tmp_path / "s.xlsx", **{"Interconnection Queue": [NYISO_HEAD, *rows]}))[0]  # fmt: skip
    assert found["fuel"].tolist() == ["Wood"]
    assert found["status_raw"].tolist() == ["Interconnection Queue; 3A Waiting"]


def test_a_town_of_spp_is_no_county(tmp_path):
    path = spp(tmp_path, "IA PENDING", row=SPP_ROW.replace("Weld County", "Lincoln"))
    rows, tally, _ = rows_of(path)
    assert rows["county_raw"].isna().all()
    assert tally.noted["with a place that is not called a county: none is taken"] == 1
    assert rows_of(spp(tmp_path, "IA PENDING"))[0]["county_raw"].tolist() == ["Weld County"]


def test_a_torn_row_of_spp_is_a_finding_at_its_line(tmp_path):
    rows, _, findings = imported("iso-queue", spp(tmp_path, "IA PENDING", row=SPP_ROW + ",x"))
    assert rows is None
    assert [(f.code, f.line) for f in findings if f.severity == "error"] == [("PW207", 3)]


def test_the_interface_of_miso_is_its_table(tmp_path):
    record = {"projectNumber": "J1", "applicationStatus": "Done", "queueDate": "2025-05-03T04:00:00+00:00", "withdrawnDate": None, "doneDate": "2026-01-10T05:00:00Z",
              "inService": "2032-10-31T04:00:00Z", "county": "Peoria", "state": "IL", "poiName": "A 345kV", "summerNetMW": 392.0, "winterNetMW": None,
              "fuelType": "Solar", "postGIAStatus": "Under Construction"}  # fmt: skip
    path = tmp_path / "synthetic.json"
    path.write_text(json.dumps([record, {**record, "projectNumber": "J2", "applicationStatus": "Active", "summerNetMW": None}]), encoding="utf-8")  # fmt: skip
    rows = rows_of(path)[0]
    assert rows.loc["J1", ["status", "agreement_date", "queue_date", "capacity_mw"]].tolist() == ["agreed", "2026-01-10", "2025-05-03", 392.0]  # fmt: skip
    assert pd.isna(rows.loc["J2", "capacity_mw"])


# ----------------------------------------------------------------------------- the frame
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("x.json", "{}", "PW203"), ("x.json", "[]", "PW203"), ("x.json", "[1", "PW202"), ("x.json", "[1]", "PW203"), ("x.xlsx", "Queue Position,Application Status\n", "PW202"),
     ("x.csv", "Last Updated On, 11/01/2026\n", "PW203"), ("x.csv", "Last Updated On, 11/01/2026\nGeneration Interconnection Number,Request Received\n", "PW204")],
)  # fmt: skip
def test_a_wrong_file_is_one_clear_error(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    told = by_command("iso-queue", path, output=tmp_path / "out.csv", code=2)
    assert told.stderr.count("error[") == told.stderr.count(f"error[{code}]") == 1
    assert not (tmp_path / "out.csv").exists()


def test_another_operator_than_the_posting_says_is_told(tmp_path):
    findings = rows_of(caiso(tmp_path), entity="PJM")[2]
    assert [f.code for f in findings if f.severity == "warning"] == ["PW512"]


def test_the_same_posting_gives_the_same_bytes_and_postings_of_two_operators_one_layer(tmp_path):
    files = [caiso(tmp_path), nyiso(tmp_path)]
    for name, given in (("a.csv", files), ("b.csv", files[::-1])):
        by_command("iso-queue", *given, output=tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert pd.read_csv(tmp_path / "a.csv")["entity"].value_counts().to_dict() == {"NYISO": 7, "CAISO": 3}  # fmt: skip
