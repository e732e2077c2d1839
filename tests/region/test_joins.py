"""Joins and sites: an edge within the accuracy is unknown, a town counts before its county, a cell keeps its id."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from conftest import LAYERS

import powerwall as pw
from powerwall.region.joins import split_ids

COUNTY = {"jurisdiction_id": "us-ks-one", "name": "One", "kind": "county", "state": "KS", "outline_accuracy_m": 50,
          "wkt": "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"}  # fmt: skip
TOWN = {"jurisdiction_id": "us-ks-town", "name": "Town", "kind": "town", "state": "KS", "outline_accuracy_m": 50,
        "wkt": "POLYGON ((-99.05 38.45, -98.95 38.45, -98.95 38.55, -99.05 38.55, -99.05 38.45))"}  # fmt: skip
METRE = 1 / 111_000  # degrees of latitude, about


def joined(make_region, folder, outlines, *sites):
    rows = [{"site_id": f"s{n}", "location_accuracy_m": 0, **site} for n, site in enumerate(sites)]
    return pw.read(make_region(folder, sites=rows, jurisdictions=outlines))


def test_a_site_belongs_to_the_outline_it_lies_in_and_the_town_before_the_county(
    make_region, tmp_path
):
    region = joined(
        make_region,
        tmp_path,
        [COUNTY, TOWN],
        {"lon": -99.0, "lat": 38.5},
        {"lon": -98.5, "lat": 38.5},
    )
    assert region.sites["jurisdiction_id"].tolist() == ["us-ks-town", "us-ks-one"]
    assert region.sites["state"].tolist() == ["KS", "KS"]


@pytest.mark.parametrize(
    ("metres", "accuracy", "expected"),
    [
        (200, 0, "us-ks-town"),
        (45, 0, None),
        (-45, 0, None),
        (200, 160, None),
        (-200, 0, "us-ks-one"),
        (-200, 160, None),
    ],
)
def test_within_the_accuracy_of_an_edge_the_authority_is_unknown(
    make_region, tmp_path, metres, accuracy, expected
):
    site = {"lon": -99.0, "lat": 38.45 + metres * METRE, "location_accuracy_m": accuracy}
    region = joined(make_region, tmp_path, [COUNTY, TOWN], site)
    found = region.sites.loc["s0", "jurisdiction_id"]
    assert (None if pd.isna(found) else found) == expected
    if expected is None:
        assert set(region.sites.loc["s0", "jurisdiction_candidates"]) == {"us-ks-one", "us-ks-town"}
        assert "PW501" in {f.code for f in region.findings}


def test_inside_two_outlines_of_one_rank_the_authority_is_unknown(make_region, tmp_path):
    region = joined(
        make_region,
        tmp_path,
        [COUNTY, TOWN, {**TOWN, "jurisdiction_id": "us-ks-twin"}],
        {"lon": -99.0, "lat": 38.5},
    )
    assert pd.isna(region.sites.loc["s0", "jurisdiction_id"])


def test_outside_every_outline_the_authority_is_unknown(make_region, tmp_path):
    region = joined(make_region, tmp_path, [COUNTY], {"lon": -97.0, "lat": 38.5})
    assert pd.isna(region.sites.loc["s0", "jurisdiction_id"])
    assert "PW501" in {f.code for f in region.findings}


def test_a_sites_own_column_stands_whatever_the_outline_says(make_region, tmp_path):
    region = joined(
        make_region,
        tmp_path,
        [COUNTY, TOWN],
        {"lon": -99.0, "lat": 38.5, "jurisdiction_id": "us-ks-one"},
    )
    assert region.sites.loc["s0", "jurisdiction_id"] == "us-ks-one"
    assert region.sites.loc["s0", "jurisdiction_candidates"] == ("us-ks-one",)


def test_no_other_site_moves_a_join(make_region, tmp_path):
    sites = [{"lon": -99.2 + 0.05 * n, "lat": 38.46} for n in range(8)]
    whole = joined(make_region, tmp_path / "x", [COUNTY, TOWN], *sites).sites["jurisdiction_id"]
    for n in (0, 4, 7):
        alone = joined(make_region, tmp_path / str(n), [COUNTY, TOWN], sites[n]).sites[
            "jurisdiction_id"
        ]
        assert alone.iloc[0] == whole.iloc[n]


def test_a_water_system_comes_from_the_column_then_the_list_then_the_outline(make_region, tmp_path):
    water = [{"water_area_id": "listed", "name": "L", "site_ids": "s0; s1", "baseline_water_stress_score": 1, "stress_level_of_detail": "basin"},
             {"water_area_id": "own", "name": "O", "site_ids": "", "baseline_water_stress_score": 4, "stress_level_of_detail": "basin"}]  # fmt: skip
    rows = [{"site_id": "s0", "lon": -99.0, "lat": 38.5, "water_area_id": "own"}, {"site_id": "s1", "lon": -98.9, "lat": 38.5, "water_area_id": ""},
            {"site_id": "s2", "lon": -98.8, "lat": 38.5, "water_area_id": ""}]  # fmt: skip
    region = pw.read(make_region(tmp_path, sites=rows, water_systems=water))
    found = region.sites["water_area_id"]
    assert found.iloc[:2].tolist() == ["own", "listed"]
    assert pd.isna(found.iloc[2])
    assert (
        pw.measure(region)["baseline_water_stress_score"].loc["s2", "why"]
        == "no water system known here"
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [("a;b", ["a", "b"]), (" a ; ;b ", ["a", "b"]), ("", []), (None, []), (float("nan"), [])],
)
def test_a_list_of_ids_is_split_at_semicolons(text, ids):
    assert split_ids(text) == ids


def gridded(make_region, folder, outline, cell_km=5):
    toml = {"sites": {"path": None, "grid": {"cell_km": cell_km, "within": "jurisdictions"}}}
    return pw.read(make_region(folder, jurisdictions=[{**COUNTY, "wkt": outline}], toml=toml)).sites


def test_a_cell_of_a_grid_keeps_its_id_and_place_when_the_area_grows(make_region, tmp_path):
    small = gridded(
        make_region,
        tmp_path / "x",
        "POLYGON ((-99.1 38.4, -98.8 38.4, -98.8 38.6, -99.1 38.6, -99.1 38.4))",
    )
    large = gridded(
        make_region,
        tmp_path / "y",
        "POLYGON ((-99.4 38.2, -98.5 38.2, -98.5 38.8, -99.4 38.8, -99.4 38.2))",
    )
    assert set(small.index) < set(large.index)
    pd.testing.assert_series_equal(
        small.geometry.to_wkt(), large.loc[small.index].geometry.to_wkt()
    )
    assert small["area_ha"].unique().tolist() == [2500]
    assert (small["origin"] == "grid").all()


def test_cells_stand_apart_by_the_width_of_a_cell(make_region, tmp_path):
    found = gridded(make_region, tmp_path, COUNTY["wkt"], cell_km=10)
    assert sorted({round(x) % 10_000 for x in found.geometry.x}) == [5000]
    assert found.index.is_unique


def around(make_region, folder, where, **given):
    return pw.read(
        make_region(
            folder,
            toml={
                "sites": {
                    "around": {"layer": "points_of_interconnection", "where": where, "radius_km": 2}
                }
            },
            **given,
        )
    )


def test_each_node_that_meets_the_condition_gets_a_screening_candidate(make_region, tmp_path):
    region = around(make_region, tmp_path, "voltage_kv >= 345")
    assert set(region.sites.index) == {"a", "b", "c", "d", "near-p345"}
    found = region.sites.loc["near-p345"]
    assert (found["origin"], found["around_poi_id"], found["radius_km"]) == ("screening", "p345", 2)
    assert found["location_accuracy_m"] == 2020
    measures = pw.measure(region)
    assert measures["poi_distance_km"].loc["near-p345", ["low", "high"]].tolist() == [0, 2]
    assert pd.isna(measures["area_ha"].loc["near-p345", "value"])


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("voltage >= 345", "PW105"),
        ("voltage_kv >=", "PW102"),
        ("open('x')", "PW102"),
        ("voltage_kv == 'high'", "PW102"),
    ],
)
def test_a_condition_that_cannot_be_read_is_an_error_with_its_place(
    make_region, tmp_path, where, code
):
    with pytest.raises(pw.BadInput) as caught:
        around(make_region, tmp_path, where)
    assert [f.code for f in caught.value.findings] == [code]
    assert caught.value.findings[0].line > 1


def test_a_grid_in_a_layer_that_is_absent_is_an_error(make_region, tmp_path):
    with pytest.raises(pw.BadInput, match="PW105"):
        pw.read(
            make_region(
                tmp_path, toml={"sites": {"grid": {"cell_km": 5, "within": "jurisdiction"}}}
            )
        )


def test_ids_stay_text_even_if_they_look_like_numbers(make_region, tmp_path):
    nodes = [
        {**row, "poi_id": f"0{n}"} for n, row in enumerate(LAYERS["points_of_interconnection"])
    ]
    region = pw.read(make_region(tmp_path, points_of_interconnection=nodes))
    assert region.layers["points_of_interconnection"].frame["poi_id"].tolist() == ["00", "01"]
    assert isinstance(region.layers["points_of_interconnection"].frame, gpd.GeoDataFrame)


@pytest.mark.parametrize("how_many", [1, 2])
def test_outlines_without_an_id_are_errors_with_their_places(make_region, tmp_path, how_many):
    nameless = [{**TOWN, "jurisdiction_id": "", "name": f"Town {n}"} for n in range(how_many)]
    with pytest.raises(pw.BadInput) as caught:
        joined(make_region, tmp_path, [COUNTY, *nameless], {"lon": -99.0, "lat": 38.5})
    found = [(f.code, f.line) for f in caught.value.findings]
    assert found == [("PW405", 3 + n) for n in range(how_many)]
