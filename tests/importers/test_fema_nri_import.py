"""FEMA NRI: both editions of flooding, codes with their zeros, words that say there is no measure (synthetic tables)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import write_csv
from layer_import import about, by_command, imported, in_region, write_geojson
from shapely import box

ROW = {"OID_": "1", "NRI_ID": "C01001", "STATEABBRV": "AL", "COUNTY": "Autauga", "COUNTYTYPE": "County", "STCOFIPS": "1001", "POPULATION": "58805",
       "BUILDVALUE": "1000000", "RISK_SCORE": "50.5", "RISK_RATNG": "Relatively Low", "EAL_VALT": "12,500.5", "EAL_VALB": "2500",
       "RFLD_EVNTS": "3", "RFLD_AFREQ": "0.5", "RFLD_EALT": "100", "RFLD_RISKS": "33.1", "RFLD_RISKR": "Very Low",
       "CFLD_EALT": "", "CFLD_RISKS": "", "CFLD_RISKR": "Not Applicable",
       "TRND_EALT": "7", "TRND_RISKS": "0", "TRND_RISKR": "No Rating"}  # fmt: skip
KANSAS = {**ROW, "NRI_ID": "C20009", "STCOFIPS": "20009", "STATEABBRV": "KS", "COUNTY": "Doña Barton"}  # fmt: skip


def table(folder, *rows):
    return write_csv(folder / "synthetic_nri.csv", [{**ROW, **row} for row in rows])


def test_a_code_keeps_its_zero_and_a_loss_is_set_against_the_value(tmp_path):
    rows, tally, findings = imported("fema-nri", table(tmp_path, {}))
    assert findings == []
    (row,) = rows.to_dict("records")
    assert (row["fips"], row["name"], row["state"]) == ("01001", "Autauga County", "AL")
    assert (row["risk_score"], row["eal_usd"]) == (50.5, 12500.5)
    assert row["annual_building_loss_share"] == pytest.approx(0.0025)
    assert tally.noted["codes that had lost their zero"] == 1


@pytest.mark.parametrize(("code", "words"), [("RFLD", "that of rivers (RFLD)"), ("IFLD", "not the riverine flooding")])  # fmt: skip
def test_both_editions_of_flooding_become_one_column_and_are_told(tmp_path, code, words):
    renamed = {name.replace("RFLD", code): cell for name, cell in ROW.items()}
    path = write_csv(tmp_path / "synthetic_nri.csv", [renamed])
    rows, _, _ = imported("fema-nri", path)
    assert rows[["inland_flooding_eal_usd", "inland_flooding_risk_score", "inland_flooding_events_per_year"]].to_numpy().tolist() == [[100, 33.1, 0.5]]  # fmt: skip
    told = by_command("fema-nri", path, output=tmp_path / "out.csv").stderr.replace("\n", " ")
    assert words in told
    assert "ranks among the counties" in told


def test_words_that_say_there_is_no_measure_leave_the_numbers_unknown(tmp_path):
    odd = {"CFLD_RISKS": "0", "CFLD_RISKR": "Insufficient Data", "EAL_VALT": "-9999"}
    rows, tally, _ = imported("fema-nri", table(tmp_path, odd))
    (row,) = rows.to_dict("records")
    assert np.isnan(row["coastal_flooding_risk_score"])
    assert pd.isna(row["coastal_flooding_risk_rating"])
    assert (row["tornado_risk_score"], row["tornado_eal_usd"]) == (0, 7)
    assert pd.isna(row["tornado_risk_rating"])
    assert np.isnan(row["eal_usd"])
    assert tally.emptied["coastal_flooding_risk_score: rated as not measured"] == 1
    assert tally.emptied["coastal_flooding_risk_rating: `Insufficient Data`"] == 1
    assert tally.emptied["eal_usd: -9999"] == 1


def test_the_publisher_writes_latin_letters(tmp_path):
    path = table(tmp_path, KANSAS)
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode("latin-1"))
    rows, _, findings = imported("fema-nri", path)
    assert findings == []
    assert rows["name"].tolist() == ["Doña Barton County"]


def test_a_ragged_row_in_latin_letters_is_found_in_its_line(tmp_path):
    path = table(tmp_path, KANSAS)
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1") + b"1,2,3\n")
    rows, _, findings = imported("fema-nri", path)
    assert rows is None
    assert [(finding.code, finding.line) for finding in findings] == [("PW207", 3)]


def test_a_code_of_no_state_and_a_double_are_left_out(tmp_path):
    rows, tally, _ = imported("fema-nri", table(tmp_path, {}, {}, {"STCOFIPS": "99001"}, {"STCOFIPS": "NA"}))  # fmt: skip
    assert len(rows) == 1
    assert tally.left_out == {
        "no code of a county": 2,
        "stands in an earlier row under the same code": 1,
    }


def test_connecticut_says_which_codes_it_uses(tmp_path):
    path = table(tmp_path, {"STCOFIPS": "9110"}, {"STCOFIPS": "9001"}, {})
    vintage = imported("fema-nri", path)[0].set_index("fips")["fips_vintage"]
    assert vintage[["09110", "09001"]].tolist() == ["from 2022", "until 2021"]
    assert pd.isna(vintage["01001"])


def test_a_file_with_outlines_is_read_without_them(tmp_path):
    path = write_geojson(tmp_path / "synthetic.geojson", [{**ROW, "EAL_VALT": -9999.0, "geometry": box(0, 0, 1, 1)}])  # fmt: skip
    rows, _, _ = imported("fema-nri", path)
    assert rows["fips"].tolist() == ["01001"]
    assert "wkt" not in rows
    assert rows["eal_usd"].isna().all()


def test_another_table_is_refused(tmp_path):
    path = write_csv(tmp_path / "tracts.csv", [{"TRACTFIPS": "1", "RISK_SCORE": "2"}])
    rows, _, findings = imported("fema-nri", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW203"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_region_reads_it_and_the_bytes_stay(make_region, tmp_path, suffix):
    path = table(tmp_path, {}, KANSAS)
    region = in_region(make_region, tmp_path, "fema-nri", path, suffix=suffix)
    frame = region.layers["hazards"].frame
    assert frame["fips"].tolist() == ["01001", "20009"]
    assert frame["inland_flooding_events_per_year"].tolist() == [0.5, 0.5]
    assert not about(region, "hazards")
    before = (tmp_path / f"imported{suffix}").read_bytes()
    by_command("fema-nri", path, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before
