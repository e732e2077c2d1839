"""ESB capacity: only named rows are blocks; what a sum over the sheet would double is told and not read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import write_csv
from layer_import import about, by_command, imported, in_region, write_book, write_geojson
from shapely import Point

import powerwall as pw

HEAD = ["Station Name", "trafo", "capacity_feeder_customer", "cub_no", "installed_capacity", "planned\u00a0capacity", "mec",
        "winter_valley_18_19", "winter_peak_18_19", "summer_valley_18_19", "summer_peak_18_19", "winter_peak_16_17"]  # fmt: skip
NONE = None
SHEET = [
    HEAD,
    ["Synthetic Ash", "T41,T42", NONE, 1, 20, 18, NONE, 5, 9, 3, 11.5, 99],
    [NONE, "T41", 10, "C1", 10, 9, NONE, 3, 5, 2, 6, NONE],
    [NONE, NONE, "Sum of Feeders(2)", "T41", NONE, NONE, NONE, 3, 5, 2, 6, NONE],
    [NONE, NONE, NONE, "C2", NONE, NONE, NONE, 3, 5, 2, 6, NONE],
    [NONE, "T42\n10", "Station offloaded", "C3", 10, 9, NONE, 2, 4, 1, 5.5, NONE],
    ["Synthetic Ash", "T2106||T2107", NONE, 1, 500, 500, NONE, 9, 8, 7, 6, NONE],
    [NONE, "T2106 250", NONE, "H1 250", NONE, 250, NONE, 3, 5, 2, 6, NONE],
    [NONE, "T2107", "250 {Export only}", "H2", 250, 250, NONE, 3, 5, 2, 6, NONE],
    ["Synthetic Beech", NONE, "Customer Stn: 110 kV", 2, 0, 0, NONE, 15, 16, 0, 0, NONE],
    ["Synthetic Cedar", "Customer Stn: 38 kV {Export Only}", NONE, 3, NONE, NONE, NONE, -1, -2, 1, 2, NONE],
    ["Synthetic Dogwood", "T41", NONE, 4, 10, 10, NONE, 0, 0, 0, 0, NONE],
    [NONE, "T41", NONE, "C1", 10, 10, NONE, 0, 0, 0, 0, NONE],
    ["Synthetic Elm", "T41,T42", NONE, 5, 30, 30, NONE, 1, 2, 1, 2, NONE],
    [NONE, "T41", 10, "C1", 10, 10, NONE, 1, 2, 1, 2, NONE],
]  # fmt: skip
POINTS = [
    {"station": "Synthetic Ash", "geometry": Point(-99.01, 38.52)},
    {"station": "Synthetic Beech", "geometry": Point(-98.85, 38.6)},
    {"station": "Synthetic Dogwood", "geometry": Point(-98.9, 38.5)},
]


@pytest.fixture
def book(tmp_path):
    return write_book(tmp_path / "synthetic.xlsx", Sheet1=SHEET)


@pytest.fixture
def rows(book):
    return imported("esb-capacity", book)[0].set_index("poi_id")


def test_only_named_rows_are_blocks_and_the_others_are_counted(book):
    rows, tally, findings = imported("esb-capacity", book)
    assert findings == []
    assert rows["poi_id"].tolist() == [f"ie-poi-esb-synthetic-{name}" for name in ("ash-1", "ash-2", "beech-1", "cedar-1", "dogwood-1", "elm-1")]  # fmt: skip
    assert sum(tally.left_out.values()) == 8
    assert tally.read == 14
    assert rows["published_capacity_mva"].sum() == 20 + 500 + 10 + 30


def test_a_rating_is_found_in_whichever_column_it_stands(rows):
    ash = rows.loc["ie-poi-esb-synthetic-ash-1"]
    assert (ash["transformer_count"], ash["transformer_mva"], ash["firm_n1_mva"]) == (2, 10, 10)
    big = rows.loc["ie-poi-esb-synthetic-ash-2"]
    assert (big["transformer_count"], big["transformer_mva"], big["firm_n1_mva"]) == (2, 250, 250)


def test_blocks_of_a_station_say_that_they_are_in_series(rows):
    assert rows.loc["ie-poi-esb-synthetic-ash-2", "name"] == "Synthetic Ash, block 2"
    assert "never added" in rows.loc["ie-poi-esb-synthetic-ash-1", "note"]
    assert "never added" not in rows.loc["ie-poi-esb-synthetic-elm-1", "note"]


def test_units_that_do_not_add_up_leave_what_is_firm_unknown(rows):
    elm = rows.loc["ie-poi-esb-synthetic-elm-1"]
    assert np.isnan(elm["firm_n1_mva"])
    assert np.isnan(elm["transformer_mva"])


def test_one_transformer_holds_nothing_when_it_fails(rows):
    assert rows.loc["ie-poi-esb-synthetic-dogwood-1", "firm_n1_mva"] == 0


def test_the_capacity_of_a_customer_is_unknown_and_not_zero(rows):
    beech, cedar = rows.loc["ie-poi-esb-synthetic-beech-1"], rows.loc["ie-poi-esb-synthetic-cedar-1"]  # fmt: skip
    assert np.isnan(beech["published_capacity_mva"])
    assert np.isnan(beech["planning_capacity_mva"])
    assert beech["defect_flag"] == "capacity_zero;single_customer"
    assert cedar["defect_flag"] == "negative_peak;single_customer"
    assert (beech["voltage_kv"], cedar["voltage_kv"]) == (110, 38)


def test_the_peak_is_the_higher_of_the_latest_year_and_never_zero_or_reverse(rows):
    peak = rows["published_peak_mva"]
    assert peak["ie-poi-esb-synthetic-ash-1"] == 11.5
    assert peak[["ie-poi-esb-synthetic-cedar-1", "ie-poi-esb-synthetic-dogwood-1"]].isna().all()
    flags = rows["defect_flag"]
    assert flags["ie-poi-esb-synthetic-dogwood-1"] == "peak_zero"
    assert flags["ie-poi-esb-synthetic-ash-1"] == "capacity_is_transformer_sum;peak_above_firm"
    assert rows["winter_peak_2016_17_mva"]["ie-poi-esb-synthetic-ash-1"] == 99
    assert "headroom" not in " ".join(set(rows) - {"headroom_rung"})


def test_totals_alone_are_refused(tmp_path):
    path = write_geojson(tmp_path / "totals.geojson", [{**POINTS[0], "installed_capacity": 40.0}])
    rows, _, findings = imported("esb-capacity", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW512"]
    assert "twice" in findings[0].message


def test_positions_alone_ask_for_the_workbook(tmp_path):
    rows, _, findings = imported("esb-capacity", write_geojson(tmp_path / "p.geojson", POINTS))
    assert rows is None
    assert [finding.code for finding in findings] == ["PW201"]


def test_a_station_at_two_places_has_none_and_the_lost_are_named(tmp_path, book):
    points = [*POINTS, {"station": "Synthetic Beech", "geometry": Point(-98.0, 38.6)}]
    rows, tally, findings = imported("esb-capacity", book, write_geojson(tmp_path / "p.geojson", points))  # fmt: skip
    assert [finding.code for finding in findings] == ["PW512"]
    assert rows["name"].tolist() == ["Synthetic Ash, block 1", "Synthetic Ash, block 2", "Synthetic Dogwood"]  # fmt: skip
    assert tally.left_out["no position of Synthetic Beech, Synthetic Cedar, Synthetic Elm"] == 3


def test_positions_may_stand_in_a_table(tmp_path, book):
    path = write_csv(tmp_path / "p.csv", [{"station": "Synthetic Elm", "lon": -99, "lat": 38.5}, {"station": "Synthetic Ash", "lon": "", "lat": ""}])  # fmt: skip
    rows, _, _ = imported("esb-capacity", book, path)
    assert rows[["poi_id", "lon", "lat"]].to_numpy().tolist() == [["ie-poi-esb-synthetic-elm-1", -99.0, 38.5]]  # fmt: skip


def test_a_table_named_as_a_workbook_is_one_finding(tmp_path):
    path = tmp_path / "readings.xlsx"
    path.write_text("station_name,trafo\n", encoding="utf-8")
    rows, _, findings = imported("esb-capacity", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW202"]


def test_the_region_ranks_with_it_and_the_bytes_stay(make_region, tmp_path, book):
    points = write_geojson(tmp_path / "p.geojson", POINTS)
    region = in_region(make_region, tmp_path, "esb-capacity", book, points, points_of_interconnection=None)  # fmt: skip
    assert len(region.layers["points_of_interconnection"].frame) == 4
    assert not about(region, "points_of_interconnection")
    pw.rank(region, pw.measure(region))
    before = (tmp_path / "imported.csv").read_bytes()
    by_command("esb-capacity", book, points, output=tmp_path / "imported.csv")
    assert (tmp_path / "imported.csv").read_bytes() == before


def test_a_table_without_places_is_read_and_reaches_no_site(make_region, tmp_path, book):
    region = in_region(make_region, tmp_path, "esb-capacity", book, points_of_interconnection=None)
    assert len(region.layers["points_of_interconnection"].frame) == 6
    pw.rank(region, pw.measure(region))


@pytest.fixture
def dublin(shared):
    return shared / "data/dublin_stations"


def test_the_blocks_of_dublin_are_those_of_the_clean_table(dublin):
    rows, tally, findings = imported("esb-capacity", dublin / "dublin-station-slr.xlsx")
    clean = pd.read_csv(dublin / "station_blocks.csv")
    assert findings == []
    assert (tally.read, len(rows)) == (1507, 122)
    clean["poi_id"] = ["ie-poi-esb-" + name.lower().replace(" ", "-") + f"-{block}" for name, block in zip(clean["station"], clean["block"], strict=True)]  # fmt: skip
    both = rows.merge(clean, on="poi_id", suffixes=("", "_clean"), validate="one_to_one")
    assert len(both) == 122
    pairs = {"published_capacity_mva": "installed_capacity_mva", "planning_capacity_mva": "planning_capacity_mva_clean", "largest_unit_mva": "largest_unit_mva_clean",
             "firm_n1_mva": "firm_n1_mva_clean", **{name: f"{name}_clean" for name in rows if name.startswith(("winter_", "summer_"))}}  # fmt: skip
    assert len(pairs) == 12
    for own, other in pairs.items():
        np.testing.assert_allclose(both[own], both[other], equal_nan=True, err_msg=own)
    np.testing.assert_array_equal(both["transformer_count"].fillna(0), both["n_transformers"])


def test_the_customers_of_dublin_have_no_capacity(dublin):
    rows, tally, _ = imported("esb-capacity", dublin / "dublin-station-slr.xlsx")
    assert tally.noted["customer stations, by words in their own column"] == 13
    assert tally.noted["customer stations, by words in the column of transformers"] == 3
    customers = rows[rows["defect_flag"].str.contains("single_customer")]
    assert len(customers) == 16
    assert customers["published_capacity_mva"].isna().all()
    inchicore = rows.set_index("poi_id").loc["ie-poi-esb-inchicore-1"]
    assert inchicore["winter_peak_2018_19_mva"] == -290.2
    assert np.isnan(inchicore["published_peak_mva"])


def test_the_double_counting_of_the_totals_of_dublin_is_told(dublin):
    totals = dublin / "dublin-station-slr-totals.geojson"
    rows, tally, findings = imported("esb-capacity", dublin / "dublin-station-slr.xlsx", totals)
    said = {finding.code: finding.message for finding in findings}
    assert "exactly twice that of the blocks at 82 of 89 stations" in said["PW512"]
    assert "3.99 times" in said["PW512"]
    assert said["PW404"] == "Cherrywood stands twice"
    assert len(rows) == 117
    assert tally.left_out["no position of Barnakyle, Kilmahud, Kilmore, Milltown Malbay, North Quays"] == 5  # fmt: skip
    assert imported("esb-capacity", totals)[0] is None
