"""NESO TEC: the last stage of a project is its capacity, and days are written before months."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import write_csv
from layer_import import about, by_command, imported, in_region

from powerwall.criteria.power.queues.tables import read_queue
from powerwall.region.findings import BadInput

STAGE = {"Project Name": "Synthetic", "Customer Name": "Acme", "Connection Site": "Ash 400kV Substation", "Stage": "1", "MW Connected": "0", "MW Increase / Decrease": "100",
         "Cumulative Total Capacity (MW)": "100", "MW Effective From": "03/04/2031", "Project Status": "Scoping", "Agreement Type": "Directly Connected", "HOST TO": "NGET",
         "Plant Type": "Energy Storage System", "Project ID": "a0l1", "Project Number": "PRO-001", "Gate": ""}  # fmt: skip
NEXT = {**STAGE, "Stage": "2", "MW Increase / Decrease": "150", "Cumulative Total Capacity (MW)": "250", "MW Effective From": "01/02/2033"}  # fmt: skip


def register(folder, *rows):
    return write_csv(folder / "synthetic-tec.csv", rows)


@pytest.mark.parametrize("rows", [(STAGE, NEXT), (NEXT, STAGE)])
def test_the_capacity_is_the_total_of_the_last_stage(tmp_path, rows):
    found, tally, _ = imported("neso-tec", register(tmp_path, *rows))
    assert found[["queue_id", "capacity_mw", "proposed_in_service_date"]].to_numpy().tolist() == [["a0l1", 250, "2033-02-01"]]  # fmt: skip
    assert tally.left_out == {"an earlier stage of a project: the last one's cumulative total counts": 1}  # fmt: skip


def test_stages_of_one_day_go_by_their_number(tmp_path):
    later = {**NEXT, "MW Effective From": STAGE["MW Effective From"], "Cumulative Total Capacity (MW)": "80"}  # fmt: skip
    assert imported("neso-tec", register(tmp_path, later, STAGE))[0]["capacity_mw"].tolist() == [80]


def test_days_are_written_before_months(tmp_path):
    found, tally, _ = imported("neso-tec", register(tmp_path, STAGE, {**STAGE, "Project ID": "b", "MW Effective From": "12/31/2031"}))  # fmt: skip
    assert found["proposed_in_service_date"].fillna("").tolist() == ["2031-04-03", ""]
    assert sum(tally.emptied.values()) == 1


@pytest.mark.parametrize(
    ("word", "status"), [("Scoping", "agreed"), ("Awaiting Consents", "agreed"), ("Under Construction/Commissioning", "agreed"), ("Built", "in_service"), ("Parked", "unknown")]
)  # fmt: skip
def test_who_stands_in_the_register_has_an_agreement(tmp_path, word, status):
    row = imported("neso-tec", register(tmp_path, {**STAGE, "Project Status": word}))[0].iloc[0]
    assert (row["status"], row["status_raw"], row["entity"]) == (status, word, "NESO")
    assert pd.isna(row["in_service_date"])


@pytest.mark.parametrize(("plant", "kind"), [("Energy Storage System", "storage"), ("Wind Offshore", "generation"), ("Demand", "load"), ("Interconnector", "transmission"), ("", "unknown")])  # fmt: skip
def test_loads_and_interconnectors_stay_apart(tmp_path, plant, kind):
    assert imported("neso-tec", register(tmp_path, {**STAGE, "Plant Type": plant}))[0]["kind"][0] == kind  # fmt: skip


def test_bom_crlf_and_odd_blanks_in_headers_are_no_obstacle(tmp_path):
    path = register(tmp_path, STAGE)
    text = path.read_text(encoding="utf-8").replace("Project ID", "Project\u00a0ID").replace("\n", "\r\n")  # fmt: skip
    path.write_bytes(("\ufeff" + text).encode())
    found, _, findings = imported("neso-tec", path)
    assert found["queue_id"].tolist() == ["a0l1"]
    assert found["poi_voltage_kv"].tolist() == [400]
    assert [(f.code, f.severity) for f in findings] == [("PW206", "warning")]


@pytest.mark.parametrize(("content", "code"), [(b"PK\x03\x04", "PW202"), (b"<html>404</html>", "PW202"), (b"a,b\n1,2\n", "PW203")])  # fmt: skip
def test_a_wrong_file_under_a_right_name_is_one_clear_finding(tmp_path, content, code):
    path = tmp_path / "synthetic-tec.csv"
    path.write_bytes(content)
    by_command("neso-tec", path, output=tmp_path / "out.csv", code=2)
    assert [f.code for f in imported("neso-tec", path)[2]] == [code]
    assert not (tmp_path / "out.csv").exists()


def test_it_says_that_no_native_file_was_at_hand(tmp_path):
    result = by_command("neso-tec", register(tmp_path, STAGE), output=tmp_path / "x.csv")
    assert "read by its published schema" in " ".join(result.stderr.split())


def test_a_register_tells_no_durations_and_fit_refuses_it(tmp_path):
    by_command("neso-tec", register(tmp_path, STAGE), output=tmp_path / "x.csv")
    with pytest.raises(BadInput, match="no request date"):
        read_queue(tmp_path / "x.csv")


def test_a_region_reads_the_layer_without_a_finding(make_region, tmp_path):
    region = in_region(make_region, tmp_path, "neso-tec", register(tmp_path, STAGE))
    assert len(region.layers.frame("queue")) == 1
    assert about(region, "imported.csv") == []
