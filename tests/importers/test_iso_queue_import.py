"""ISO queues: one word means different things at different operators, and nothing goes missing."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import write_csv
from county_tables import FEW
from layer_import import about, by_command, imported, in_region

FORM = {"Queue ID": "0276", "Project Name": "Synthetic", "County": "loudoun", "State": "VA", "Interconnection Location": "Ash 230 kV", "Transmission Owner": "T",
        "Generation Type": "Solar", "Capacity (MW)": "90.0", "Summer Capacity (MW)": "90", "Winter Capacity (MW)": "80", "Queue Date": "2020-01-30",
        "Status": "Active", "Proposed Completion Date": "2026-04-01", "Withdrawn Date": "", "Actual Completion Date": ""}  # fmt: skip
NYISO = {**FORM, "Z": "C", "S": "11.0", "SGIA Tender Date": "", "Last Updated Date": "2023-07-31"}
CAISO = {**FORM, "Study Process": "C14", "Off-Peak Deliverability and Economic Only": "", "Queue Date": "2003-11-18 08:00:00"}  # fmt: skip
ISO_NE = {**FORM, "I39": "N", "Serv": "", "Zone": "ME", "Unit": "PV", "Op Date": "2/3/2021", "Queue Date": "1/14/2020"}  # fmt: skip
MISO = {"Project #": "J1", "Request Status": "Active", "Queue Date": "2025-05-03T04:00:00+00:00", "Withdrawn Date": "", "Done Date": "",
        "Appl In Service Date": "2032-10-31T04:00:00+00:00", "County": "Peoria", "State": "Michigan", "POI Name": "A - B 345.0kV", "Summer MW": "392",
        "Winter MW": "400", "Fuel": "Solar", "Post GIA Status": "", "Negotiated In Service Date": ""}  # fmt: skip


def table(folder, *rows, name="synthetic.csv"):
    return write_csv(folder / name, rows)


def one(folder, row, **asked):
    return imported("iso-queue", table(folder, row), **asked)[0].iloc[0]


@pytest.mark.parametrize(("row", "entity"), [(NYISO, "NYISO"), (CAISO, "CAISO"), (ISO_NE, "ISO-NE"), (MISO, "MISO")])  # fmt: skip
def test_an_operator_is_known_by_its_own_columns(tmp_path, row, entity):
    assert one(tmp_path, row)["entity"] == entity


def test_names_with_blanks_dashes_and_underscores_are_the_same(tmp_path):
    row = {name.replace(" ", "_"): cell for name, cell in NYISO.items()}
    assert one(tmp_path, row)["capacity_mw"] == 90


def test_a_table_that_does_not_say_whose_it_is_needs_the_operator(tmp_path):
    path = table(tmp_path, FORM)
    rows, _, findings = imported("iso-queue", path)
    assert rows is None
    assert [f.code for f in findings] == ["PW603"]
    assert "--entity" in findings[0].remedy
    assert one(tmp_path, FORM, entity="pjm")["entity"] == "PJM"
    by_command("iso-queue", path, output=tmp_path / "x.csv", options=["--entity", "PJM"])


def test_another_operator_than_the_columns_say_is_told(tmp_path):
    _, _, findings = imported("iso-queue", table(tmp_path, NYISO), entity="PJM")
    assert [(f.code, f.severity) for f in findings if f.severity != "note"] == [("PW512", "warning")]  # fmt: skip


def test_ids_keep_their_zeros_and_letters(tmp_path):
    rows = imported("iso-queue", table(tmp_path, NYISO, {**NYISO, "Queue ID": "0290A"}, {**NYISO, "Queue ID": "C24-003"}))[0]  # fmt: skip
    assert rows["queue_id"].tolist() == ["0276", "0290A", "C24-003"]


@pytest.mark.parametrize(
    ("row", "column", "cell", "day"),
    [
        (MISO, "Queue Date", "2025-05-03T04:00:00+00:00", "2025-05-03"), (MISO, "Queue Date", "2025-01-10T05:00:00+00:00", "2025-01-10"),
        (CAISO, "Queue Date", "2003-11-18 08:00:00", "2003-11-18"), (CAISO, "Queue Date", "2004-05-24 07:00:00", "2004-05-24"),
        (CAISO, "Queue Date", "2004-05-24 00:00:00", "2004-05-24"), (CAISO, "Queue Date", "2004-05-24 06:23:14", "2004-05-23"),
        (MISO, "Queue Date", "2025-05-04T03:59:00+00:00", "2025-05-03"), (ISO_NE, "Queue Date", "1/14/2025", "2025-01-14"),
        (NYISO, "Queue Date", "5/31/24", "2024-05-31"), (NYISO, "Queue Date", "2024-05-31 00:00:00", "2024-05-31"),
    ],
)  # fmt: skip
def test_midnight_in_utc_is_the_day_of_the_operator(tmp_path, row, column, cell, day):
    assert one(tmp_path, {**row, column: cell})["queue_date"] == day


@pytest.mark.parametrize(
    ("status", "built", "expected"),
    [
        ("Done", "", "agreed"), ("Done", "Under Construction", "agreed"), ("Done", "In Service", "in_service"), ("LEGACY: Done", "Not Started", "agreed"),
        ("Done", "In Service (with Provisional GIA)", "in_service"), ("Done", "Withdrawn", "withdrawn"), ("Active", "Not Started", "active"),
        ("Withdrawn", "In Service", "withdrawn"),
    ],
)  # fmt: skip
def test_done_at_miso_is_a_signed_agreement_and_no_operation(tmp_path, status, built, expected):
    row = one(tmp_path, {**MISO, "Request Status": status, "Post GIA Status": built, "Done Date": "2021-10-12T04:00:00+00:00"})  # fmt: skip
    assert row["status"] == expected
    assert row["agreement_date"] == "2021-10-12"
    assert pd.isna(row["in_service_date"])
    assert row["status_raw"].startswith(status)


def test_miso_takes_the_larger_season_and_the_negotiated_date(tmp_path):
    row = one(tmp_path, MISO)
    assert (row["capacity_mw"], row["proposed_in_service_date"], row["state"], row["poi_voltage_kv"]) == (400, "2032-10-31", "MI", 345)  # fmt: skip
    row = one(tmp_path, {**MISO, "Negotiated In Service Date": "2027-06-01T04:00:00+00:00"})
    assert row["proposed_in_service_date"] == "2027-06-01"


@pytest.mark.parametrize(("entity", "status"), [("SPP", "agreed"), ("ERCOT", "agreed"), ("PJM", "in_service")])  # fmt: skip
def test_completed_is_an_agreement_where_the_operator_means_that(tmp_path, entity, status):
    rows, tally, _ = imported("iso-queue", table(tmp_path, {**FORM, "Status": "Completed", "Actual Completion Date": "2022-01-01"}), entity=entity)  # fmt: skip
    assert rows["status"][0] == status
    assert pd.isna(rows["in_service_date"][0]) == (status == "agreed")
    assert any("not the day of operation" in what for what in tally.emptied) == (status == "agreed")


def test_ends_dated_by_the_last_update_say_so(tmp_path):
    gone = {**NYISO, "Status": "Withdrawn", "Withdrawn Date": "2024-05-31 00:00:00"}
    done = {**NYISO, "Queue ID": "2", "Status": "Completed", "Actual Completion Date": "2013-03-31"}
    rows, tally, _ = imported("iso-queue", table(tmp_path, gone, done))
    assert rows["withdrawn_date_basis"].tolist()[0] == "last_update"
    assert rows["in_service_date_basis"].tolist()[1] == "last_update"
    assert tally.noted["withdrawn_date is that of the last update of the row"] == 1


def test_iso_ne_dates_an_operation_by_its_op_date_and_says_so(tmp_path):
    rows = imported("iso-queue", table(tmp_path, {**ISO_NE, "Status": "Completed"}, {**ISO_NE, "Queue ID": "2"}))[0]  # fmt: skip
    assert rows["in_service_date"].fillna("").tolist() == ["2021-02-03", ""]
    assert rows["in_service_date_basis"].fillna("").tolist() == ["op_date", ""]


def test_pumped_storage_of_iso_ne_is_known_by_its_unit(tmp_path):
    assert one(tmp_path, {**ISO_NE, "Generation Type": "WAT", "Unit": "PS"})["kind"] == "storage"
    assert one(tmp_path, {**ISO_NE, "Generation Type": "WAT", "Unit": "HD"})["kind"] == "generation"


@pytest.mark.parametrize(
    ("capacity", "summer", "winter", "expected"),
    [("0.0", "TBD", "TBD", None), ("0.0", " ", "", None), ("0.0", "0", "0", 0), ("0.0", "150", "150", 0), ("90.0", "90", "", 90), ("-5", "", "", -5), ("", "", "", None)],
)  # fmt: skip
def test_a_zero_that_stands_for_tbd_or_a_blank_is_unknown(tmp_path, capacity, summer, winter, expected):  # fmt: skip
    other = {**NYISO, "Queue ID": "other"}
    row = {**NYISO, "Capacity (MW)": capacity, "Summer Capacity (MW)": summer, "Winter Capacity (MW)": winter}  # fmt: skip
    found = imported("iso-queue", table(tmp_path, row, other))[0]["capacity_mw"][0]
    assert (None if pd.isna(found) else found) == expected


def test_loads_stay_apart(tmp_path):
    rows, tally, _ = imported("iso-queue", table(tmp_path, NYISO, {**NYISO, "Queue ID": "2", "Generation Type": "Load"}))  # fmt: skip
    assert rows["kind"].tolist() == ["generation", "load"]
    assert tally.noted["requests of loads, kept apart by `kind`"] == 1


def test_counties_are_matched_where_a_table_of_them_is_given(tmp_path):
    assert one(tmp_path, NYISO, counties=FEW)["fips"] == "51107"
    row = one(tmp_path, NYISO)
    assert pd.isna(row["fips"])
    assert row["county_raw"] == "loudoun"


def test_a_misspelt_county_stays_as_it_is_written_and_is_told(tmp_path):
    rows, _, findings = imported("iso-queue", table(tmp_path, {**NYISO, "County": "Koscuisko", "State": "IN"}, {**NYISO, "County": "TBD", "Queue ID": "2"}), counties=FEW)  # fmt: skip
    told = [f for f in findings if f.code == "PW409"]
    assert [(f.severity, f.remedy) for f in told] == [("note", "did you mean `Kosciusko County`?")]
    assert told[0].message.startswith("1 rows")
    assert rows["county_raw"].tolist() == ["Koscuisko", "TBD"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("synthetic.xlsx", b"Queue ID,Queue Date\n1,2\n", "PW202"), ("synthetic.csv", b"PK\x03\x04", "PW202"),
        ("synthetic.csv", b"\n<html><body>Access denied</body></html>", "PW202"), ("synthetic.csv", b"a,b\n1,2\n", "PW203"), ("synthetic.csv", b"", "PW204"),
    ],
)  # fmt: skip
def test_a_wrong_file_under_a_right_name_is_one_clear_finding(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    rows, _, findings = imported("iso-queue", path)
    assert rows is None
    assert [f.code for f in findings] == [code]
    by_command("iso-queue", path, output=tmp_path / "out.csv", code=2)
    assert not (tmp_path / "out.csv").exists()


def test_several_operators_become_one_layer_in_the_order_of_their_keys(tmp_path):
    rows, tally, _ = imported("iso-queue", table(tmp_path, NYISO), table(tmp_path, MISO, name="other.csv"))  # fmt: skip
    assert rows["entity"].tolist() == ["MISO", "NYISO"]
    assert tally.read == 2


def test_a_region_reads_the_layer_with_a_warning_of_a_net_change_at_most(make_region, tmp_path):
    path = table(tmp_path, NYISO, {**NYISO, "Queue ID": "2", "Capacity (MW)": "-20"})
    region = in_region(make_region, tmp_path, "iso-queue", path)
    assert region.layers.frame("queue")["queue_id"].tolist() == ["0276", "2"]
    assert about(region, "imported.csv") == ["capacity_mw = -20 is outside 0 … 100000 MW"]


def test_the_same_file_gives_the_same_bytes(tmp_path):
    path = table(tmp_path, NYISO, {**NYISO, "Queue ID": "2"})
    for name in ("a.csv", "b.csv", "a.parquet", "b.parquet"):
        by_command("iso-queue", path, output=tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


# ------------------------------------------------------------------------------ postings of 2025
@pytest.fixture(scope="module")
def posted(request):
    folder = request.getfixturevalue("shared") / "data/queues_iso_2025"
    names = {"CAISO": "CAISO_Queue.csv", "ISO-NE": "ISO-NE_Queue.csv", "MISO": "MISO_GI_Interactive_Queue.csv", "NYISO": "NYISO_Queue.csv"}  # fmt: skip
    return {entity: imported("iso-queue", folder / name) for entity, name in names.items()}


@pytest.mark.parametrize(("entity", "count"), [("CAISO", 2279), ("ISO-NE", 1751), ("MISO", 3503), ("NYISO", 2120)])  # fmt: skip
def test_no_row_of_a_posting_is_lost(posted, entity, count):
    rows, tally, findings = posted[entity]
    assert len(rows) == tally.read == count
    assert not tally.left_out
    assert set(rows["entity"]) == {entity}
    assert [f for f in findings if f.severity == "error"] == []


def test_rows_without_the_date_of_their_end_are_told(posted):
    _, tally, _ = posted["MISO"]
    assert tally.noted["Done, a signed agreement, without its Done Date"] == 271
    assert tally.noted["withdrawn without withdrawn_date"] == 198


def test_loads_of_nyiso_are_forty(posted):
    rows = posted["NYISO"][0]
    loads = rows[rows["kind"] == "load"]
    active = loads[loads["status"] == "active"]
    assert (len(loads), len(active)) == (40, 31)
    assert active["capacity_mw"].sum() == pytest.approx(6805.1)


def test_zeros_of_nyiso_that_stand_for_tbd_and_blanks_are_unknown(posted):
    rows, tally, _ = posted["NYISO"]
    # 198 zeros as published: 2 of them are zero in both seasons too
    assert tally.emptied["capacity: 0 where the seasonal ones are blank or TBD"] == 196
    assert (int(rows["capacity_mw"].isna().sum()), int((rows["capacity_mw"] == 0).sum())) == (196, 2)  # fmt: skip


def test_ids_of_the_postings_stay_text(posted):
    rows = posted["NYISO"][0]
    assert int(rows["queue_id"].str.startswith("0").sum()) == 1017
    assert {"0276", "0290A", "C24-003"} <= set(rows["queue_id"])
    units, _, findings = posted["ISO-NE"]
    assert (units["queue_id"].nunique(), len(units)) == (1601, 1751)
    assert next(f.message for f in findings if f.code == "PW404").startswith("150 rows repeat")


def test_midnights_of_the_postings_are_days(posted, shared):
    for entity, name, column, key in (("MISO", "MISO_GI_Interactive_Queue.csv", "Queue Date", "Project #"), ("CAISO", "CAISO_Queue.csv", "Queue_Date", "Queue_ID")):  # fmt: skip
        native = pd.read_csv(shared / "data/queues_iso_2025" / name, dtype=str).set_index(key)
        rows = posted[entity][0].set_index("queue_id")
        stated = native[column].dropna()
        assert rows.loc[stated.index, "queue_date"].tolist() == stated.str[:10].tolist()
    assert posted["CAISO"][0].set_index("queue_id").loc["22", "queue_date"] == "2003-11-18"
