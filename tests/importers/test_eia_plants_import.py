"""EIA plants: one row a plant and fuel; a compiler's words stay beside what they are taken to mean."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import write_csv
from layer_import import about, by_command, imported, in_region

ROW = {"plant_name": "Synthetic Steam", "state": "KS", "latitude": "38.5", "longitude": "-99.0", "total_capacity_mw": "1,200.5", "fuel_type": "Conventional Steam Coal",
       "status": "operating", "owner_name": "Synthetic Power", "utility_id": "0195", "planned_retirement_date": ""}  # fmt: skip


def table(tmp_path, *rows):
    return write_csv(tmp_path / "synthetic.csv", [{**ROW, **row} for row in rows])


def test_a_plant_keeps_its_words_and_its_ids_as_text(tmp_path):
    rows, _, findings = imported("eia-plants", table(tmp_path, {}))
    assert findings == []
    (row,) = rows.to_dict("records")
    assert row["generator_key"] == "ks-synthetic-steam-conventional-steam-coal"
    assert (row["capacity_mw"], row["operator_eia_id"], row["generator_status"]) == (1200.5, "0195", "operating")  # fmt: skip
    assert pd.isna(row["plant_id"])


def test_words_of_the_compiler_are_not_made_into_states(tmp_path):
    path = table(tmp_path, {"status": "retooled", "plant_name": "A"}, {"status": "retiring", "plant_name": "B", "planned_retirement_date": "2030-12"},
                 {"status": "retired", "plant_name": "C"})  # fmt: skip
    rows, tally, _ = imported("eia-plants", path)
    assert rows["generator_status"].tolist() == ["unknown", "operating", "retired"]
    assert rows["status_raw"].tolist() == ["retooled", "retiring", "retired"]
    assert rows["retirement_date"].tolist()[1] == "2030-12"
    assert tally.noted["status `retooled`, whose meaning is the compiler's: unknown"] == 1
    assert tally.noted["retired: the capacity is what it was"] == 1


def test_rows_of_one_plant_and_fuel_are_numbered_whatever_their_order(tmp_path):
    pair = [
        {"status": "retooled", "planned_retirement_date": "2013-12"},
        {"planned_retirement_date": "2027-06"},
    ]
    (tmp_path / "b").mkdir()
    one, _, _ = imported("eia-plants", table(tmp_path, *pair))
    other, tally, _ = imported("eia-plants", table(tmp_path / "b", *reversed(pair), pair[0]))
    assert one.equals(other)
    assert one["retirement_date"].tolist() == ["2027-06", "2013-12"]
    assert one["generator_key"][1] == one["generator_key"][0] + "-2"
    assert tally.left_out == {"stands in an earlier row": 1}


def test_plants_without_a_place_or_a_number_are_counted(tmp_path):
    rows, tally, _ = imported("eia-plants", table(tmp_path, {"latitude": ""}, {"latitude": "0", "longitude": "0"}, {"total_capacity_mw": "-99"}))  # fmt: skip
    assert len(rows) == 1
    assert rows["capacity_mw"].isna().all()
    assert tally.left_out == {"no position": 1, "coordinates that are no place in degrees": 1}


def test_the_form_of_the_atlas_is_read_by_its_names(tmp_path):
    path = tmp_path / "synthetic.csv"
    path.write_text("Plant_Code,Plant_Name,State,PrimSource,Total_MW,Latitude,Longitude\n0007,Synthetic,Kansas,coal,10,38,-99\n", encoding="utf-8")  # fmt: skip
    rows, _, _ = imported("eia-plants", path)
    assert rows["generator_key"].tolist() == ["0007-coal"]
    assert rows["plant_id"].tolist() == ["0007"]


def test_another_table_is_refused_with_what_it_lacks(tmp_path):
    path = write_csv(tmp_path / "synthetic.csv", [{"plant_name": "x", "latitude": 1, "longitude": 2}])  # fmt: skip
    rows, _, findings = imported("eia-plants", path)
    assert rows is None
    assert {finding.code for finding in findings} == {"PW203"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_region_reads_it_and_the_bytes_stay(make_region, tmp_path, suffix):
    path = table(tmp_path, {}, {"plant_name": "Other", "planned_retirement_date": "2040-01"})
    region = in_region(make_region, tmp_path, "eia-plants", path, suffix=suffix)
    assert len(region.layers["generators"].frame) == 2
    assert not about(region, "generators")
    before = (tmp_path / f"imported{suffix}").read_bytes()
    by_command("eia-plants", path, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before


def test_4513_plants_come_whole_with_their_words(shared):
    rows, tally, findings = imported("eia-plants", shared / "data/power_plants_eia860/power_plants_us.parquet")  # fmt: skip
    assert (len(rows), tally.left_out, findings) == (4513, {}, [])
    assert rows["generator_key"].is_unique
    assert rows["capacity_mw"].sum() == pytest.approx(1_572_448, abs=0.5)
    assert rows["status_raw"].value_counts().to_dict() == {"operating": 3720, "retired": 456, "retooled": 247, "retiring": 90}  # fmt: skip
    assert rows["generator_status"].value_counts().to_dict() == {"operating": 3810, "retired": 456, "unknown": 247}  # fmt: skip
    assert rows["retirement_date"].notna().sum() == 793


def test_swapped_axes_are_refused(tmp_path):
    path = table(tmp_path, {"latitude": "-78.5", "longitude": "38.0"})
    rows, _, findings = imported("eia-plants", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW304"]


@pytest.mark.parametrize(
    ("code", "terms"),
    [({}, "source-not-stated"), ({"Plant_Code": "7"}, "US-Government-public-data")],
)
def test_the_table_of_a_compiler_names_no_licence(tmp_path, code, terms):
    told = by_command("eia-plants", table(tmp_path, code), output=tmp_path / "generators.csv")
    assert f'licenses = ["LicenseRef-{terms}"]' in told.stdout
