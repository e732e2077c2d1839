"""EIA-860: units of three sheets at the places of their plants (synthetic workbooks of the published schema)."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from layer_import import about, by_command, imported, in_region, write_book

TITLE = ["Synthetic, made for tests"]
PLANTS = ["Utility ID", "Plant Code", "Plant Name", "State", "County", "Latitude", "Longitude", "NERC Region", "Balancing\u00a0Authority Code",
          "Name of Water Source", "Grid Voltage (kV)", "Grid Voltage 2 (kV)", "Grid Voltage 3 (kV)", "Natural Gas Pipeline Name 1", "Natural Gas Pipeline Name 2"]  # fmt: skip
UNITS = ["Plant Code", "Plant Name", "Generator ID", "Technology", "Prime Mover", "Nameplate Capacity (MW)", "Summer Capacity (MW)", "Status",
         "Operating Month", "Operating Year", "Planned Retirement Month", "Planned Retirement Year", "Energy Source 1"]  # fmt: skip
PROPOSED = [*UNITS[:8], "Current Month", "Current Year", "Effective Month", "Effective Year", "Energy Source 1"]  # fmt: skip
RETIRED = [*UNITS[:10], "Retirement Month", "Retirement Year", "Energy Source 1"]
NOTE = ["NOTES: 1. Synthetic footer."]
ROWS = [
    [9, 101, "Synthetic Steam", "KS", "One", 38.5, -99.0, "MRO", "SWPP", "Synthetic River", 138, 345, " ", "Pipe A", "Pipe B"],
    [9, 102, "Synthetic Engine", "KS", "One", 38.6, -98.9, "MRO", " ", " ", 0.48, " ", " ", " ", " "],
    [9, 103, "Synthetic Nowhere", "KS", "One", " ", " ", "MRO", " ", " ", 115000, " ", " ", " ", " "],
]  # fmt: skip
OPERABLE = [
    [101, "Synthetic Steam", "0001", "Conventional Steam Coal", "ST", 500.5, 480, "OP", 6, 1980, 12, 2030, "BIT"],
    [101, "Synthetic Steam", "GT1", "Natural Gas Fired Combustion Turbine", "GT", "1,050", " ", "SB", 1, 1990, " ", " ", "NG"],
    [102, "Synthetic Engine", 1, "Natural Gas Internal Combustion Engine", "IC", 2.5, 2.5, "OS", " ", 2001, " ", " ", "NG"],
    [103, "Synthetic Nowhere", "1", "Solar Photovoltaic", "PV", 5, 5, "OP", 3, 2015, " ", " ", "SUN"],
    [999, "Synthetic Orphan", "1", "Solar Photovoltaic", "PV", 5, 5, "OP", 3, 2015, " ", " ", "SUN"],
]  # fmt: skip
PLANNED = [
    [101, "Synthetic Steam", "B1", "Batteries", "BA", 100, 100, "V", 5, 2027, 1, 2026, "MWH"],
    [101, "Synthetic Steam", "B2", "Batteries", "BA", 100, 100, "QQ", " ", " ", " ", " ", "MWH"],
]
GONE = [[101, "Synthetic Steam", "0002", "Conventional Steam Coal", "ST", 300, 280, "RE", 6, 1970, 9, 2019, "BIT"]]  # fmt: skip


def book(path, **sheets):
    """A workbook whose header stands in row 2, with a note below."""
    made = {name: [TITLE, head, *rows, NOTE] for name, (head, rows) in sheets.items()}
    return write_book(path, **made)


@pytest.fixture
def year(tmp_path):
    plants = book(tmp_path / "2___Plant_Y2024.xlsx", Plant=(PLANTS, ROWS))
    units = book(tmp_path / "3_1_Generator_Y2024.xlsx", Operable=(UNITS, OPERABLE), Proposed=(PROPOSED, PLANNED), Retired_and_Canceled=(RETIRED, GONE))  # fmt: skip
    return plants, units


def test_units_of_three_sheets_stand_at_their_plants(year):
    rows, tally, findings = imported("eia860", *year)
    assert findings == []
    assert rows["generator_key"].tolist() == ["101-0001", "101-0002", "101-B1", "101-B2", "101-GT1", "102-1"]  # fmt: skip
    steam = rows.set_index("generator_key").loc["101-0001"]
    assert (steam["lon"], steam["lat"]) == (-99.0, 38.5)
    assert (steam["name"], steam["ba_code"], steam["water_source"]) == ("Synthetic Steam", "SWPP", "Synthetic River")  # fmt: skip
    assert (steam["capacity_mw"], steam["summer_capacity_mw"]) == (500.5, 480.0)
    assert steam["gas_pipeline"] == "Pipe A;Pipe B"
    assert tally.left_out == {
        "a note, without a plant's code": 4,
        "of no plant in the workbook of plants": 1,
        "no position": 1,
    }
    assert tally.read == len(rows) + sum(tally.left_out.values())


def test_codes_of_status_keep_their_word(year):
    rows, tally, _ = imported("eia860", *year)
    found = rows.set_index("generator_key")
    assert found["generator_status"].to_dict() == {"101-0001": "operating", "101-0002": "retired", "101-B1": "under_construction",
                                                   "101-B2": "unknown", "101-GT1": "standby", "102-1": "out_of_service"}  # fmt: skip
    assert found["status_raw"]["101-B2"] == "QQ"
    assert tally.noted["status `QQ`, which is no code that is known"] == 1


def test_months_and_years_keep_their_precision(year):
    found = imported("eia860", *year)[0].set_index("generator_key")
    assert found["online_date"]["101-0001"] == "1980-06"
    assert found["retirement_date"]["101-0001"] == "2030-12"
    assert found["retirement_date"]["101-0002"] == "2019-09"
    assert found["online_date"]["101-B1"] == "2027-05"
    assert found["online_date"]["102-1"] == "2001"
    assert pd.isna(found["online_date"]["101-B2"])


def test_a_single_blank_is_unknown_and_a_low_voltage_is_a_voltage(year):
    found = imported("eia860", *year)[0].set_index("generator_key")
    assert pd.isna(found["ba_code"]["102-1"])
    assert math.isnan(found["summer_capacity_mw"]["101-GT1"])
    assert found["capacity_mw"]["101-GT1"] == 1050.0
    assert found["grid_voltage_kv"]["102-1"] == 0.48
    assert found["grid_voltage_kv"]["101-0001"] == 345.0


def test_volts_in_a_column_of_kilovolts_are_told(tmp_path, year):
    plants = book(tmp_path / "volts_Y2024.xlsx", Plant=(PLANTS, [[*ROWS[0][:10], 115000, *ROWS[0][11:]]]))  # fmt: skip
    rows, tally, _ = imported("eia860", plants, year[1])
    assert set(rows["grid_voltage_kv"]) == {345.0}
    assert tally.noted["grid voltage in volts, read as such"] == len(rows)


@pytest.mark.parametrize("which", [0, 1])
def test_one_workbook_alone_is_refused(year, which):
    rows, _, findings = imported("eia860", year[which])
    assert rows is None
    assert [finding.code for finding in findings] == ["PW201"]
    assert ("3_1_Generator", "2___Plant")[which] in findings[0].remedy


def test_workbooks_of_two_years_are_refused(tmp_path, year):
    other = book(tmp_path / "2___Plant_Y2023.xlsx", Plant=(PLANTS, ROWS))
    rows, _, findings = imported("eia860", other, year[1])
    assert rows is None
    assert [finding.code for finding in findings] == ["PW512"]


def test_a_table_under_the_name_of_a_workbook_is_one_finding(tmp_path):
    path = tmp_path / "2___Plant_Y2024.xlsx"
    path.write_text("Plant Code,Latitude\n1,2\n", encoding="utf-8")
    rows, _, findings = imported("eia860", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW202"]


def test_the_region_reads_it_and_the_bytes_stay(make_region, tmp_path, year):
    region = in_region(make_region, tmp_path, "eia860", *year)
    frame = region.layers["generators"].frame
    assert len(frame) == 6
    assert frame["plant_id"].tolist()[0] == "101"
    assert not about(region, "generators")
    before = (tmp_path / "imported.csv").read_bytes()
    told = by_command("eia860", *year, output=tmp_path / "imported.csv")
    assert (tmp_path / "imported.csv").read_bytes() == before
    assert "as_of = 2024-12-31" in told.stdout
    assert "no native file was at hand" in told.stderr.replace("\n", " ")


def test_swapped_axes_are_refused(tmp_path, year):
    swapped = [*ROWS[0][:5], -78.0, 38.5, *ROWS[0][7:]]
    plants = book(tmp_path / "2___Plant_Y2024.xlsx", Plant=(PLANTS, [swapped]))
    rows, _, findings = imported("eia860", plants, year[1])
    assert rows is None
    assert [finding.code for finding in findings] == ["PW304"]
