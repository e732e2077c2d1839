"""ERCOT GIS: a header that moves and spans rows, notes below tables, and events that tell the end."""

from __future__ import annotations

import pandas as pd
import pytest
from layer_import import about, by_command, imported, in_region

HEAD = [
    ["INR", "Project Name", "GIM Study Phase", "Interconnecting Entity", "POI Location", "County", "CDR Reporting Zone", "Projected COD", "Fuel", "Technology",
     "Capacity (MW)", "", "", "Screening Study Started", "FIS Requested", "IA Signed", "", "Approved for Energization", "Approved for Synchronization"],
    ["", "", "", "", "", "", "", "", "", "", "", "Change indicators: Proj Name", "Approval Date for", "", "", "", "Financial Security ", "", ""],
    ["", "", "", "", "", "", "", "", "", "", "", "MW Size,\u00a0COD", "Submission of Proof of ", "", "", "", "and Notice to ", "", ""],
    ["", "", "", "", "", "", "", "", "", "", "", "", "Site Control", "", "", "", "Proceed Provided", "", ""],
]  # fmt: skip
DATE = pd.Timestamp
PROJECT = ["22INR0001", "Ash", "SS Completed, FIS Started, No IA", "X LLC", "Ash 138kV", "Pecos", "WEST", DATE("2025-01-31"), "SOL", "PV", 100.5, "", DATE("1900-01-01"),
           DATE("2021-06-02"), DATE("2021-08-02"), "", "No", "", ""]  # fmt: skip


def project(inr, **cells):
    row = list(PROJECT)
    row[0] = inr
    names = {"fuel": 8, "technology": 9, "mw": 10, "screening": 13, "ia": 15, "energised": 17, "synchronised": 18, "cod": 7}  # fmt: skip
    for name, cell in cells.items():
        row[names[name]] = cell
    return row


def sheet(head, rows, above=25, below=()):
    notes = [["NOTES:"], ["capacities of a repowering are a net change"]]
    return [*notes, *[[""]] * (above - len(notes)), *head, [""], *rows, [""], *[[note] for note in below]]  # fmt: skip


def event_sheet(column, rows, *, category=False):
    head = [*(["Commissioning Category"] if category else []), "INR", "Size Category", "Project Name", "Fuel", "County", column, "MW **"]  # fmt: skip
    if not rows:
        return [*[[""]] * 6, ["Projects Cancelled by the Developer"], ["No cancelled projects during May 2023"], ["* Includes only those"]]  # fmt: skip
    return [*[[""]] * 7, head, *rows, [""], ["* For projects approved for operation"], ["** The megawatt capacities"]]  # fmt: skip


def event(inr, day, mw=50, fuel="Other", category=None):
    return [*([category] if category else []), inr, "Large", "Birch", fuel, "Reeves", day, mw]


def workbook(folder, *projects, name="GIS_Report_May_2023.xlsx", month="May 01, 2023 to May 31, 2023", above=25, small=(), commissioned=(), inactive=(), cancelled=(), **more):  # fmt: skip
    """A synthetic report of one month."""
    sheets = {
        "Contents": [[""], [f"GIM Activity:  {month}"]],
        "Summary": [["MW", "INR count"], [1, 2]],
        "Project Details - Large Gen": sheet(HEAD, projects, above, ["A 1-1-1900 date is used to show an empty cell"]),
        "Commissioning Update": event_sheet("Approval Date *", commissioned, category=True), "Inactive Projects": event_sheet("Inactive Date", inactive),
        "Cancellation Update": event_sheet("Cancel Date", cancelled),
    }  # fmt: skip
    if small:
        head = ["INR", "Project Name", "Model Ready Date", "County", "Fuel", "Technology", "Capacity (MW)", "IA Signed", "Approved for Energization"]  # fmt: skip
        sheets["Project Details - Small Gen"] = sheet([head], small, 14)
    with pd.ExcelWriter(folder / name) as writer:
        for title, rows in {**more, **sheets}.items():
            wide = max(map(len, rows))
            pd.DataFrame([[*row, *[""] * (wide - len(row))] for row in rows]).to_excel(
                writer, sheet_name=title, header=False, index=False
            )
    return folder / name


@pytest.mark.parametrize("above", [22, 25, 31])
def test_the_header_is_found_wherever_it_stands_and_joined_over_its_rows(tmp_path, above):
    path = workbook(tmp_path, project("22INR0001"), project("15INR0064b"), above=above)
    rows, tally, findings = imported("iso-queue", path)
    assert findings == []
    assert rows["queue_id"].tolist() == ["15INR0064b", "22INR0001"]
    assert rows["financial_security"].tolist() == ["No", "No"]
    assert rows["site_control_date"].isna().all()
    assert tally.emptied == {"site_control_date: `1900-01-01`": 2}
    assert tally.read == 2


def test_a_project_has_the_state_of_its_last_milestone(tmp_path):
    path = workbook(
        tmp_path, project("22INR0001"), project("22INR0002", ia=DATE("2022-01-01")), project("22INR0003", ia=DATE("2022-01-01"), energised="09/30/2022"),
        project("22INR0004", ia=DATE("2022-01-01"), energised="Date Not Available", synchronised=DATE("2022-10-01")), project("22INR0005"),
        commissioned=[event("22INR0005", DATE("2023-05-12"), category="Commercial Operation Approved by ERCOT*")],
    )  # fmt: skip
    rows, tally, _ = imported("iso-queue", path)
    assert rows["status"].tolist() == ["active", "agreed", "energised", "energised", "in_service"]
    assert rows["energised_date"].fillna("").tolist() == ["", "", "2022-09-30", "", ""]
    assert rows["in_service_date"][4] == "2023-05-12"
    assert tally.noted["energised without energised_date"] == 1
    assert (rows["entity"] == "ERCOT").all()


def test_projects_that_left_the_details_are_known_by_their_events(tmp_path):
    path = workbook(
        tmp_path, project("22INR0001"), inactive=[event("19INR0001", DATE("2019-08-30 13:26:07"))],
        cancelled=[event("20INR0001", DATE("2023-05-04 18:37:19.999"), 0, "Solar")],
        commissioned=[event("N/A", DATE("2023-05-20"), category="Synchronization Approved by ERCOT"), event("22INR0001", DATE("2023-05-20"), category="Synchronization Approval Revoked by ERCOT")],
    )  # fmt: skip
    rows, tally, _ = imported("iso-queue", path)
    assert rows["status"].tolist() == ["suspended", "withdrawn", "active"]
    assert rows["kind"].tolist() == ["unknown", "generation", "generation"]
    assert rows["withdrawn_date"].fillna("").tolist() == ["", "2023-05-04", ""]
    assert tally.left_out == {"a unit without an INR number": 1, "an event, which its project's row tells": 1}  # fmt: skip
    assert tally.noted["approvals to synchronise revoked"] == 1
    assert tally.read == 5
    assert pd.isna(rows["energised_date"]).all()


def test_an_empty_sheet_of_events_is_no_error(tmp_path):
    rows, tally, findings = imported("iso-queue", workbook(tmp_path, project("22INR0001")))
    assert (len(rows), findings) == (1, [])
    assert not tally.left_out


def test_batteries_net_changes_and_strange_codes_are_told(tmp_path):
    path = workbook(tmp_path, project("22INR0001", fuel="OTH", technology="BA"), project("22INR0002", mw=-53.3), project("22INR0003", mw=0), project("22INR0004", fuel="COAL"))  # fmt: skip
    rows, tally, _ = imported("iso-queue", path)
    assert rows["kind"].tolist() == ["storage", "generation", "generation", "generation"]
    assert rows["capacity_mw"].tolist() == [100.5, -53.3, 0, 100.5]
    assert rows["fuel"][3] == "COAL"
    assert tally.noted["of fuel code `COAL`, which is not in the report's list"] == 1
    assert tally.noted["of less than 0 MW: a net change, e.g. a repowering"] == 1


def test_an_agreement_before_the_screening_of_a_new_study_is_counted(tmp_path):
    path = workbook(tmp_path, project("22INR0001", ia=DATE("2019-01-01")))
    rows, tally, _ = imported("iso-queue", path)
    assert tally.noted["agreement_date before queue_date: counts for no duration"] == 1
    assert rows["note"][0] == "agreement_date before queue_date"


def test_small_generators_have_a_sheet_of_their_own(tmp_path):
    small = [["12INR0059b", "Hovey", DATE("2015-09-02"), "Pecos", "SOL", "PV", 7.4, DATE("2013-12-26"), DATE("2015-09-02")]]  # fmt: skip
    rows, _, _ = imported("iso-queue", workbook(tmp_path, project("22INR0001"), small=small))
    assert rows["report_sheet"].tolist() == ["small_gen", "large_gen"]
    assert rows["energised_date"][0] == "2015-09-02"


def test_the_day_of_a_report_is_the_last_of_its_month(tmp_path):
    path = workbook(tmp_path, project("22INR0001"))
    assert "as_of = 2023-05-31" in by_command("iso-queue", path, output=tmp_path / "x.csv").stdout
    path = workbook(tmp_path, project("22INR0001"), name="GIS_Report_April2022_CORRECTION2.xlsx", month="of the month")  # fmt: skip
    assert "as_of = 2022-04-30" in by_command("iso-queue", path, output=tmp_path / "x.csv").stdout


@pytest.mark.parametrize("later", ["GIS_Report_May_2023_revised.xlsx", "GIS_Report_May2023_CORRECTION2.xlsx"])  # fmt: skip
def test_the_last_issue_of_a_month_counts_whatever_the_order_of_the_files(tmp_path, later):
    old = workbook(tmp_path, project("22INR0001", mw=1), project("22INR0002"))
    new = workbook(tmp_path, project("22INR0001", mw=2), project("22INR0002"), name=later, CORRECTIONS=[["INR", "was", "is"], ["22INR0001", 1, 2]])  # fmt: skip
    rows, tally, _ = imported("iso-queue", new, old)
    assert rows["capacity_mw"].tolist() == [2, 100.5]
    assert tally.left_out == {"stands in a later report": 2}
    assert tally.noted["sheets of corrections: the workbook is a re-issue"] == 1


def test_a_project_that_left_the_reports_without_a_word_is_unknown(tmp_path):
    old = workbook(tmp_path, project("22INR0001"), project("22INR0002"), project("22INR0003"))
    new = workbook(tmp_path, project("22INR0001"), name="GIS_Report_June_2023.xlsx", month="Jun 01, 2023 to Jun 30, 2023", inactive=[event("22INR0003", DATE("2023-06-20"))])  # fmt: skip
    rows, tally, _ = imported("iso-queue", old, new)
    assert rows["status"].tolist() == ["active", "unknown", "suspended"]
    assert tally.noted["in an earlier report and not in the last, without a word why"] == 1


def test_a_region_reads_the_layer_without_a_finding(make_region, tmp_path):
    path = workbook(tmp_path, project("22INR0001"), inactive=[event("19INR0001", DATE("2019-08-30"))])  # fmt: skip
    region = in_region(make_region, tmp_path, "iso-queue", path)
    assert len(region.layers.frame("queue")) == 2
    assert about(region, "imported.csv") == []


def test_the_same_workbook_gives_the_same_bytes(tmp_path):
    path = workbook(tmp_path, project("22INR0001"), project("22INR0002"))
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    by_command("iso-queue", path, output=one)
    by_command("iso-queue", path, output=two)
    assert one.read_bytes() == two.read_bytes()


# ------------------------------------------------------------------------------ native workbooks
@pytest.fixture(scope="module")
def reports(request):
    folder = request.getfixturevalue("shared") / "data/texas_ercot"
    return {year: imported("iso-queue", folder / f"GIS_Report_December_{year}.xlsx") for year in (2022, 2023)}  # fmt: skip


@pytest.mark.parametrize(("year", "count", "mw"), [(2022, 1083, 209_699.84), (2023, 1445, 285_269.02)])  # fmt: skip
def test_native_workbooks_have_the_rows_and_megawatts_of_their_summary(reports, year, count, mw):
    rows = reports[year][0]
    large = rows[rows["report_sheet"] == "large_gen"]
    assert len(large) == count
    assert large["capacity_mw"].sum() == pytest.approx(mw, abs=0.005)
    assert large["site_control_date"].notna().mean() > 0.9
    assert set(large["financial_security"].dropna()) <= {"Yes", "No"}
    assert reports[year][2] == []


def test_a_joined_header_names_every_column(shared):
    from powerwall.importers.delivery import Tally
    from powerwall.importers.ercot_gis import _DETAILS, table
    from powerwall.importers.sheets import read_cells
    from powerwall.region.findings import Findings

    cells = dict(read_cells(shared / "data/texas_ercot/GIS_Report_December_2023.xlsx", Findings()))
    found = table(cells["Project Details - Large Gen"], _DETAILS, Tally())
    assert len(found.columns) >= 30
    assert {"site_control_date", "financial_security"} <= set(found)


@pytest.mark.parametrize("year", [2022, 2023])
def test_a_workbook_equals_its_rows_in_the_panel(reports, shared, year):
    panel = pd.read_parquet(shared / "data/texas_ercot/ercot_large_gen_panel_2018-12_2023-12.parquet")  # fmt: skip
    panel = panel[(panel["report_month"] == f"{year}-12") & (panel["revision"].fillna("") == "")].set_index("inr").sort_index()  # fmt: skip
    rows = reports[year][0]
    rows = rows[rows["report_sheet"] == "large_gen"].set_index("queue_id").sort_index()
    assert rows.index.tolist() == panel.index.tolist()
    assert rows["capacity_mw"].tolist() == panel["capacity_mw"].tolist()
    names = {
        "project_name": "project_name", "status_raw": "study_phase", "developer": "interconnecting_entity", "poi_name": "poi_location", "county_raw": "county",
        "zone": "cdr_zone", "technology": "technology", "financial_security": "financial_security", "proposed_in_service_date": "projected_cod",
        "site_control_date": "site_control_approved", "queue_date": "screening_started", "study_requested_date": "fis_requested",
        "agreement_date": "ia_signed", "energised_date": "approved_energization", "synchronised_date": "approved_synchronization",
    }  # fmt: skip
    for ours, theirs in names.items():
        stated = panel[theirs].astype(object).where(panel[theirs].notna(), "").astype(str)
        plain = stated.str.replace(r"\s+", " ", regex=True).str.strip()
        assert rows[ours].fillna("").tolist() == plain.tolist(), ours


@pytest.mark.parametrize(("year", "count"), [(2022, 0), (2023, 10)])
def test_cancellations_of_the_native_workbooks(reports, year, count):
    rows = reports[year][0]
    assert int((rows["report_sheet"] == "cancelled").sum()) == count
    assert int(rows["withdrawn_date"].notna().sum()) == count


def test_net_changes_of_the_native_workbooks_stay(reports):
    rows, tally, _ = reports[2023]
    assert rows["capacity_mw"].min() == -53.3
    assert tally.noted["of less than 0 MW: a net change, e.g. a repowering"] == int((rows["capacity_mw"] < 0).sum())  # fmt: skip
    assert (rows.loc[rows["capacity_mw"] < 0, "note"].str.contains("net change")).all()
    nothing = rows[rows["capacity_mw"] == 0]
    assert len(nothing) == tally.noted["of 0 MW, as published"] > 0
    assert nothing["note"].str.contains("0 MW as published").all()
