"""LBNL queue: every edition becomes one layer, its epochs told apart and its rows all counted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from conftest import write_csv
from county_tables import FEW, census
from layer_import import about, by_command, imported, in_region

from powerwall.criteria.power.queues.tables import dropped, fit_queue, read_queue
from powerwall.importers import lbnl_queue
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.queue_rows import finished
from powerwall.importers.sheets import read_sheets
from powerwall.region.findings import Findings

ACTIVE = {"q_id": "0012", "q_status": "active", "q_date_clean": "2020-08-13", "q_year": "2020", "entity": "PJM", "county_1": "loudoun", "county_2": "",
          "state": "VA", "poi_name": "Ash 500kV", "type_clean": "Solar+Battery", "proposed_on_date": "  1/1/2022", "proposed_on_year": "2022",
          "ia_status_clean": "IA Executed", "mw1": "100", "mw2": "50.5", "mw3": ""}  # fmt: skip
GONE = {"q_id": "7", "q_status": "withdrawn", "q_date": "2/1/00", "q_year": "2000", "entity": "PJM", "county": "city of chesapeake", "state": "VA",
        "wd_date": 17197, "wd_year": 2007, "type_clean": "Battery", "mw1": 10}  # fmt: skip
DONE = {"q_id": "8", "q_status": "completed", "q_date": "8/10/1999", "q_year": "1999", "entity": "PJM", "on_date": pd.Timestamp("2009-01-06"), "on_year": 2009,
        "county": "Richmond", "state": "VA", "type_clean": "Gas", "mw1": -50}  # fmt: skip
LATER = {"q_id": "A-1", "q_status": "operational", "q_date": 43511, "prop_date": 44562, "on_date": 44927, "wd_date": "NA", "ia_date": 44000,
         "IA_status_clean": "Operational", "county": "Maricopa", "state": "AZ", "fips_codes": 4013, "entity": "APS", "project_type": "Generation",
         "type1": "Solar", "mw1": 20, "type_clean": "Solar", "q_year": 2019, "prop_year": 2022, "service": "NRIS"}  # fmt: skip


def workbook(path, title_rows=0, **sheets):
    """A synthetic edition."""
    with pd.ExcelWriter(path) as writer:
        for name, rows in sheets.items():
            frame = pd.DataFrame(rows)
            frame.to_excel(writer, sheet_name=name, index=False, startrow=title_rows)
            if title_rows:
                writer.sheets[name]["A1"] = "https://example.org/codebook"
    return path


@pytest.fixture
def first(tmp_path):
    codes = [{"Active:": "q_id", "meaning": "queue ID number"}]
    return workbook(tmp_path / "synthetic_queues_2020.xlsx", active=[ACTIVE], withdrawn=[GONE], completed=[DONE], codebook=codes)  # fmt: skip


def test_three_sheets_become_one_layer(first):
    rows, tally, findings = imported("lbnl-queue", first, counties=FEW)
    assert tally.read == 3
    assert rows["queue_id"].tolist() == ["0012", "7", "8"]
    assert rows["status"].tolist() == ["active", "withdrawn", "in_service"]
    assert rows["status_raw"].tolist() == ["active", "withdrawn", "completed"]
    assert rows["kind"].tolist() == ["generation", "storage", "generation"]
    assert rows["queue_date"].tolist() == ["2020-08-13", "2000-02-01", "1999-08-10"]
    assert rows["proposed_in_service_date"][0] == "2022-01-01"
    assert rows["fips"].tolist() == ["51107", "51550", "51159"]
    assert rows["fips_match"].tolist() == ["county", "city", "ambiguous_county_taken"]
    assert rows["poi_voltage_kv"][0] == 500
    assert [finding.severity for finding in findings] == []


def test_withdrawals_of_2020_count_days_from_1960_and_later_editions_those_of_a_spreadsheet(first, tmp_path):  # fmt: skip
    rows, _, _ = imported("lbnl-queue", first)
    assert rows["withdrawn_date"][1] == "2007-01-31"
    later = workbook(tmp_path / "synthetic.xlsx", 1, **{"03. Complete Queue Data": [LATER]})
    row = imported("lbnl-queue", later)[0].iloc[0]
    assert (row["queue_date"], row["agreement_date"], row["in_service_date"]) == (
        "2019-02-15",
        "2020-06-18",
        "2023-01-01",
    )
    assert row["status"] == "in_service"
    assert pd.isna(row["withdrawn_date"])


def test_a_hybrid_has_the_sum_of_its_parts_and_a_net_change_is_told(first):
    rows, tally, _ = imported("lbnl-queue", first)
    assert rows["capacity_mw"].tolist() == [150.5, 10, -50]
    assert rows["note"].fillna("").tolist() == ["", "", "negative MW is a net change"]
    assert tally.noted["of less than 0 MW: a net change, e.g. a repowering"] == 1


def test_a_request_without_any_capacity_is_unknown_and_not_zero(tmp_path):
    path = workbook(tmp_path / "synthetic.xlsx", active=[{**ACTIVE, "mw1": "", "mw2": ""}, {**ACTIVE, "q_id": "2", "mw1": 0, "mw2": ""}])  # fmt: skip
    rows, tally, _ = imported("lbnl-queue", path)
    assert rows["capacity_mw"].isna().tolist() == [True, False]
    assert (tally.noted["of unknown capacity"], tally.noted["of 0 MW, as published"]) == (1, 1)


@pytest.mark.parametrize(
    ("cell", "fips", "how"),
    [
        (4013, "04013", "stated"), ("04013", "04013", "stated"), ("4013.0", "04013", "stated"), ("51107;51059", "51107", "stated_first_of_several"),
        ("5110751059", "51107", "stated_first_of_several"), ("401351059", "04013", "stated_first_of_several"), ("NA", None, None), ("12", None, None),
    ],
)  # fmt: skip
def test_a_stated_code_gets_its_zero_back_and_of_several_the_first_counts(tmp_path, cell, fips, how):  # fmt: skip
    path = workbook(tmp_path / "synthetic.xlsx", 1, data=[{**LATER, "fips_codes": cell}])
    row = imported("lbnl-queue", path)[0].iloc[0]
    assert [None if pd.isna(row[c]) else row[c] for c in ("fips", "fips_match")] == [fips, how]


def test_the_columns_of_the_edition_to_2025_are_known(tmp_path):
    row = {**LATER, "type_1": "Solar", "type_2": "Battery", "mw_1": 20, "mw_2": 5, "fips_code": 4013, "IA_phase_clean": "Construction", "q_status": "unknown"}  # fmt: skip
    for old in ("type1", "mw1", "fips_codes", "IA_status_clean", "type_clean"):
        del row[old]
    path = workbook(tmp_path / "LBNL_Ix_Queue_Data_File_thru2025.xlsx", 1, **{"03. Complete Queue Data": [row], "04. Data Codebook": [{"field": "q_id", "about": "id"}]})  # fmt: skip
    result = by_command("lbnl-queue", path, output=tmp_path / "queue.csv")
    assert "as_of = 2025-12-31" in result.stdout
    row = pd.read_csv(tmp_path / "queue.csv", dtype=str, keep_default_na=False).iloc[0]
    assert (row["fuel"], row["capacity_mw"], row["fips"], row["agreement_status"], row["status"]) == ("Solar+Battery", "25.0", "04013", "Construction", "unknown")  # fmt: skip


def test_codes_of_connecticut_say_of_which_vintage_they_are(tmp_path):
    rows = [{**LATER, "q_id": str(n), "fips_codes": code} for n, code in enumerate((9001, 9110, 51107))]  # fmt: skip
    path = workbook(tmp_path / "synthetic.xlsx", 1, data=rows)
    found = imported("lbnl-queue", path)[0]
    assert found["fips"].tolist() == ["09001", "09110", "51107"]
    assert found["fips_vintage"].fillna("").tolist() == ["until 2021", "from 2022", ""]


def test_other_types_of_project_are_told(tmp_path):
    path = workbook(tmp_path / "synthetic.xlsx", 1, data=[LATER, {**LATER, "q_id": "A-2", "project_type": "Surplus"}])  # fmt: skip
    rows, tally, findings = imported("lbnl-queue", path)
    assert tally.noted["of a project_type other than Generation: leave them out of shares of completion"] == 1  # fmt: skip
    assert rows["project_type"].tolist() == ["Generation", "Surplus"]
    assert [(f.code, f.severity) for f in findings] == [("PW212", "note")]
    assert "service" in findings[0].message


def test_rows_that_repeat_a_key_or_have_none_stay_and_are_told(tmp_path):
    rows = [GONE, {**GONE, "entity": "MISO"}, GONE, {**GONE, "q_id": ""}, {**GONE, "q_id": ""}]
    path = write_csv(tmp_path / "synthetic.csv", rows)
    found, tally, findings = imported("lbnl-queue", path)
    assert len(found) == 5
    assert tally.noted["without queue_id"] == 2
    assert [(f.code, f.severity) for f in findings] == [("PW404", "warning")]
    assert findings[0].message.startswith("1 rows repeat")


def test_a_broken_formula_is_no_year_and_dates_out_of_order_are_counted(tmp_path):
    row = {**GONE, "q_date": "1/1/2009", "q_year": "#VALUE!"}
    found, tally, _ = imported("lbnl-queue", write_csv(tmp_path / "synthetic.csv", [row]))
    assert tally.emptied["queue_year: `#VALUE!`"] == 1
    assert tally.noted["withdrawn_date before queue_date: counts for no duration"] == 1
    assert found["note"][0] == "withdrawn_date before queue_date"


def test_bom_crlf_and_odd_blanks_in_headers_are_no_obstacle(tmp_path):
    text = '\ufeffQ_ID,q\u00a0status,Q-DATE,Entity , mw1\r\n007,Withdrawn,2/1/00,PJM,"1,500"\r\n'
    path = tmp_path / "synthetic.csv"
    path.write_bytes(text.encode())
    rows, _, findings = imported("lbnl-queue", path)
    assert rows.loc[0, ["queue_id", "status", "queue_date", "capacity_mw"]].tolist() == ["007", "withdrawn", "2000-02-01", 1500]  # fmt: skip
    assert [f.code for f in findings] == ["PW206"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("synthetic.xlsx", b"q_id,q_status,entity,q_date\n1,active,PJM,1/1/2020\n", "PW202"),
        ("synthetic.csv", b"PK\x03\x04 a workbook", "PW202"),
        ("synthetic.csv", b"<!DOCTYPE html><html><body>403</body></html>", "PW202"),
        ("synthetic.csv", b"q_id;state\n1;VA\n", "PW203"),
        ("synthetic.csv", "q_id,q_status,entity,q_date,county\n1,active,PJM,1/1/2020,Do\xf1a Ana\n".encode("latin-1"), "PW202"),
    ],
)  # fmt: skip
def test_a_wrong_file_under_a_right_name_is_one_clear_finding(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    rows, _, findings = imported("lbnl-queue", path)
    assert rows is None
    assert [f.code for f in findings if f.severity == "error"] == [code]
    assert by_command("lbnl-queue", path, output=tmp_path / "out.csv", code=2).stdout == ""
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_column_is_named(tmp_path):
    path = write_csv(tmp_path / "synthetic.csv", [{"q_id": "1", "q_status": "active", "entity": "PJM", "qdate": "1/1/2020"}])  # fmt: skip
    rows, _, findings = imported("lbnl-queue", path)
    assert rows is None
    assert "no column `q_date_clean`" in findings[0].message


def test_a_region_reads_the_layer_without_a_finding(make_region, tmp_path):
    region = in_region(make_region, tmp_path, "lbnl-queue", workbook(tmp_path / "synthetic.xlsx", active=[ACTIVE], withdrawn=[GONE]))  # fmt: skip
    assert len(region.layers.frame("queue")) == 2
    assert about(region, "queue") == []


def test_a_region_matches_the_names_of_its_counties_and_leaves_others_out(make_region, tmp_path):  # fmt: skip
    outline = "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"
    county = {"jurisdiction_id": "us-va-loudoun", "name": "Loudoun County", "kind": "county", "state": "VA", "county_fips": "51107", "wkt": outline}  # fmt: skip
    path = make_region(tmp_path, jurisdictions=[county], policy=None, noise_rules=None)
    lost = {**DONE, "q_id": "9", "county": "Unknown"}
    first = workbook(tmp_path / "synthetic.xlsx", active=[ACTIVE], withdrawn=[GONE], completed=[DONE, lost])  # fmt: skip
    result = by_command("lbnl-queue", first, output=tmp_path / "queue.csv", options=["--region", path])  # fmt: skip
    rows = pd.read_csv(tmp_path / "queue.csv", dtype=str)
    assert rows["fips"].tolist() == ["51107"]
    assert "left out 2: of no county of the region" in result.stderr
    assert "left out 1: in a state of the region, of no known county" in result.stderr
    assert "of less than 0 MW" not in result.stderr  # what is told is told of the rows that stay


def test_fit_reads_the_layer_and_a_signed_agreement_still_waits(tmp_path):
    rows = [{"entity": "X", "queue_id": n, "kind": "load", "status": status, "queue_date": "2020-01-01", "capacity_mw": 1, "in_service_date": end,
             "energised_date": "", "withdrawn_date": ""} for n, status, end in ((1, "agreed", ""), (2, "in_service", "2022-01-01"), (3, "active", ""))]  # fmt: skip
    queue = read_queue(write_csv(tmp_path / "queue.csv", rows))
    assert queue.layout == "layer `queue`"
    assert queue.used["event"].tolist() == [0, 1, 0]


# ------------------------------------------------------------------------- the workbook to 2020
@pytest.fixture(scope="module")
def real(request):
    shared = request.getfixturevalue("shared")
    path = shared / "data/queues_lbnl_2020/lbnlisoqueues_2020.xlsx"
    tally, findings = Tally(), Findings()
    sheets = read_sheets(path, lbnl_queue._MARKS, tally, findings)
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # the workbook takes seconds to open: once is enough
        patch.setattr(lbnl_queue, "read_sheets", lambda *_: sheets)
        delivery = lbnl_queue.read_queue([path], Asked(counties=census(shared)), tally, findings)
    native = pd.concat([sheet.frame for sheet in sheets], ignore_index=True)
    return delivery, tally, list(findings), native


def durations(rows, status):
    day = {c: pd.to_datetime(rows[c], format="%Y-%m-%d") for c in ("queue_date", "withdrawn_date", "in_service_date")}  # fmt: skip
    end = "withdrawn_date" if status == "withdrawn" else "in_service_date"
    return (day[end] - day["queue_date"]).dt.days.where(rows["status"] == status)


def test_virginias_counties_are_those_of_the_reference(real, shared):
    rows = real[0].frame
    virginia = rows[rows["state"] == "VA"].reset_index(drop=True)
    expected = pd.read_parquet(shared / "data/virginia/queue_lbnl2020_va.parquet")
    assert virginia["fips_match"].value_counts().to_dict() == {"county": 665, "city": 67, "ambiguous_county_taken": 13, "unmatched": 38}  # fmt: skip
    assert virginia["fips"].fillna("").tolist() == expected["fips"].fillna("").tolist()
    for column in ("queue_date", "proposed_in_service_date", "withdrawn_date", "in_service_date"):
        days = expected[column].dt.strftime("%Y-%m-%d").fillna("")
        assert virginia[column].fillna("").tolist() == days.tolist()
    assert virginia["capacity_mw"].tolist() == pytest.approx(expected["capacity_mw"].tolist(), abs=5e-4, nan_ok=True)  # fmt: skip


def test_days_from_1960_agree_with_the_published_durations(real):
    delivery, tally, _, native = real
    stated = pd.to_numeric(native["days_in_q"], errors="coerce")
    gone = durations(delivery.frame, "withdrawn")
    differ = (gone - stated).where(stated.notna()).dropna()
    assert (len(differ), int((differ == 0).sum()), differ.abs().max()) == (6603, 6410, 1)
    virginia = differ[delivery.frame.loc[differ.index, "state"] == "VA"]
    assert (len(virginia), int((virginia == 0).sum())) == (303, 303)
    done = (durations(delivery.frame, "in_service") - stated).where(stated.notna()).dropna()
    assert (len(done), int((done == 0).sum())) == (1273, 1273)
    assert tally.noted["withdrawn_date before queue_date: counts for no duration"] == 35
    assert tally.noted["in_service_date before queue_date: counts for no duration"] == 8


def test_repeated_and_missing_ids_are_counted(real):
    delivery, tally, findings, _ = real
    rows = delivery.frame
    again = rows[rows["queue_id"].notna()].groupby("status").apply(lambda part: int(part.duplicated(["entity", "queue_id"]).sum()))  # fmt: skip
    assert again.to_dict() == {"active": 6, "withdrawn": 34, "in_service": 10}
    assert tally.noted["without queue_id"] == 406
    assert set(rows.loc[rows["queue_id"].isna(), "entity"]) == {"NYISO"}
    assert [f.severity for f in findings if f.code == "PW404"] == ["warning"]
    assert len(rows) == tally.read == 14241


@pytest.mark.parametrize(("status", "again", "nameless"), [("active", 6, 0), ("withdrawn", 34, 406), ("in_service", 10, 0)])  # fmt: skip
def test_of_each_sheet_the_rows_that_repeat_a_key_are_told_apart_from_those_without_one(real, status, again, nameless):  # fmt: skip
    rows, tally, findings = real[0].frame, Tally(), Findings()
    finished(rows[rows["status"] == status], Asked(), tally, findings, Path("synthetic.xlsx"))
    assert [f.message.split(" ", 1)[0] for f in findings if f.code == "PW404"] == [str(again)]
    assert tally.noted["without queue_id"] == nameless


def test_broken_years_and_two_digit_years_are_read(real):
    delivery, tally, _, native = real
    assert tally.emptied["queue_year: `#VALUE!`"] == int((native["q_year"] == "#VALUE!").sum()) > 0
    short = native["q_date"].fillna("").str.fullmatch(r"\d+/\d+/\d{2}")
    assert short.sum() > 0
    years = pd.to_numeric(native.loc[short, "q_year"], errors="coerce")
    read = delivery.frame.loc[short.to_numpy(), "queue_date"].str[:4].astype(float)
    assert read.tolist() == years.tolist()


def test_the_fit_of_the_layer_is_that_of_the_native_sheets(real, tmp_path):
    delivery, _, _, native = real
    delivery.frame.to_csv(tmp_path / "layer.csv", index=False)
    native.fillna("").to_csv(tmp_path / "native.csv", index=False)
    layer, sheets = read_queue(tmp_path / "layer.csv"), read_queue(tmp_path / "native.csv")
    assert layer.used["months"].tolist() == sheets.used["months"].tolist()
    assert layer.used["event"].tolist() == sheets.used["event"].tolist()
    ours, theirs = fit_queue(layer)[0], fit_queue(sheets)[0]
    assert (ours.n, ours.p50_months, ours.p90_months) == (theirs.n, theirs.p50_months, theirs.p90_months)  # fmt: skip
    assert sum(dropped(layer.rows).values()) == sum(dropped(sheets.rows).values())


@pytest.mark.parametrize(("name", "terms"), [("queues_2020.xlsx", "LicenseRef-source-not-stated"), ("thru2024.xlsx", "CC-BY-4.0")])  # fmt: skip
def test_the_edition_to_2020_names_no_licence_and_later_ones_do(tmp_path, name, terms):
    edition = workbook(tmp_path / name, active=[ACTIVE])
    told = by_command("lbnl-queue", edition, output=tmp_path / "queue.csv")
    assert f'licenses = ["{terms}"]' in told.stdout


def test_names_of_counties_outside_a_region_are_no_finding(tmp_path):
    edition = workbook(tmp_path / "synthetic.xlsx", active=[ACTIVE], withdrawn=[GONE])
    part, whole = FEW[FEW["fips"] == "51107"], FEW[FEW["state"] == "VA"]
    _, _, none = imported("lbnl-queue", edition, counties=part, fips=("51107",))
    assert "PW409" not in {finding.code for finding in none}
    odd = workbook(tmp_path / "odd.xlsx", active=[ACTIVE, {**ACTIVE, "q_id": "5", "county": "Loudun"}])  # fmt: skip
    _, _, found = imported("lbnl-queue", odd, counties=whole, fips=("51107",))
    (told,) = [finding for finding in found if finding.code == "PW409"]
    assert told.remedy == "did you mean `Loudoun County`?"
