"""PeeringDB: facilities become points; records without a place are counted, people are not copied (synthetic JSON)."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from layer_import import about, by_command, imported, in_region

ROW = {"id": 12, "org_id": 3, "org_name": "Synthetic Org", "campus_id": 7, "name": "Synthetic One", "clli": "", "net_count": 5, "ix_count": 1, "carrier_count": 2,
       "sales_email": "someone@example.org", "tech_phone": "+1", "available_voltage_services": ["48 VDC", "400 VAC"], "diverse_serving_substations": True,
       "updated": "2026-03-01T10:00:00Z", "status": "ok", "city": "One", "state": "KS", "country": "US", "latitude": 38.5, "longitude": -99.0}  # fmt: skip
ALONE = {**ROW, "id": 13, "campus_id": None, "diverse_serving_substations": None, "available_voltage_services": [], "latitude": 38.6}  # fmt: skip


def dump(folder, *rows, wrap=None, **meta):
    path = folder / "synthetic_fac.json"
    content = {"meta": meta, "data": list(rows)}
    path.write_text(json.dumps({wrap: content} if wrap else content), encoding="utf-8")
    return path


def test_a_facility_keeps_its_id_as_text_and_no_one_s_address(tmp_path):
    rows, _, findings = imported("peeringdb", dump(tmp_path, ROW, ALONE))
    assert findings == []
    one, two = rows.to_dict("records")
    assert (one["dc_id"], one["kind"], one["operator"]) == ("peeringdb-12", "facility", "Synthetic Org")  # fmt: skip
    assert one["campus_id"] == "peeringdb-campus-7"
    assert (one["lon"], one["lat"], one["as_of"]) == (-99.0, 38.5, "2026-03-01")
    assert (one["voltage_services"], one["diverse_serving_substations"]) == ("48 VDC;400 VAC", "yes")  # fmt: skip
    assert "example.org" not in rows.to_csv()
    assert pd.isna([two["campus_id"], two["diverse_serving_substations"], two["voltage_services"]]).all()  # fmt: skip


def test_unknown_and_no_are_two_answers_of_supply_from_two_substations(tmp_path):
    rows, _, _ = imported("peeringdb", dump(tmp_path, {**ROW, "diverse_serving_substations": False}, ALONE))  # fmt: skip
    assert rows["diverse_serving_substations"].fillna("?").tolist() == ["no", "?"]


def test_records_without_a_place_or_deleted_are_counted(tmp_path):
    nowhere = {**ROW, "id": 20, "latitude": None, "longitude": None}
    gone, waits = {**ROW, "id": 21, "status": "deleted"}, {**ROW, "id": 22, "status": "pending"}
    rows, tally, _ = imported("peeringdb", dump(tmp_path, ROW, ROW, nowhere, gone, waits))
    assert rows["status"].tolist() == ["secondary", "unverified"]
    assert tally.read == 5
    assert tally.left_out == {
        "record deleted": 1,
        "no position": 1,
        "stands in an earlier row under the same id": 1,
    }


def test_a_dump_says_its_day(tmp_path):
    path = dump(tmp_path, ROW, wrap="fac", generated=1772359200.5)
    assert "as_of = 2026-03-01" in by_command("peeringdb", path, output=tmp_path / "out.csv").stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [("<html>rate limit</html>", "PW202"), ('{"data": "none"}', "PW203"), ("[1]", "PW203"), ('{"data": []}', "PW204"), ('{"data": [{"id": 1}]}', "PW203")],
)  # fmt: skip
def test_what_is_no_list_of_facilities_is_refused(tmp_path, content, code):
    path = tmp_path / "fac.json"
    path.write_text(content, encoding="utf-8")
    rows, _, findings = imported("peeringdb", path)
    assert rows is None
    assert {finding.code for finding in findings} == {code}


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert [finding.code for finding in imported("peeringdb", tmp_path / "no.json")[2]] == ["PW201"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_region_reads_it_and_the_bytes_stay(make_region, tmp_path, suffix):
    path = dump(tmp_path, ALONE, ROW)
    region = in_region(make_region, tmp_path, "peeringdb", path, suffix=suffix)
    assert region.layers["data_centers"].frame["dc_id"].tolist() == ["peeringdb-12", "peeringdb-13"]
    assert not about(region, "data_centers")
    before = (tmp_path / f"imported{suffix}").read_bytes()
    told = by_command("peeringdb", path, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before
    assert "LicenseRef-PeeringDB-acceptable-use" in told.stdout
    assert "Keep the records out of what is published" in told.stderr.replace("\n", " ")
