"""Proximity: generic measures on geometry that can be measured by hand."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import single
from shapely.geometry import LineString, Point, box

import powerwall as pw
from powerwall.criteria.proximity.measures import MEASURES, Asked
from powerwall.region.search import Positions


def taken(measure):
    """A measure of frames, as the tests write them: sites, features and what is asked."""

    def of(sites, features, within_km=0.0, column=""):
        x, y = shapely.get_coordinates(sites.geometry.to_numpy()).T
        found = MEASURES[measure](features, Asked(within_km, column))(Positions.of(x, y, sites.crs))
        return pd.Series(found, index=sites.index)

    return of


distance_km, count_within, sum_within = (
    taken(name) for name in ("distance_km", "count_within", "sum_within")
)
length_within, share_covered = taken("length_within"), taken("share_covered")
area_weighted_mean = taken("area_weighted_mean")


def value_at(sites, features, column):
    return taken("value_at")(sites, features, column=column)


CRS = "EPSG:32614"
X, Y = 500_000.0, 4_260_000.0  # on the central meridian, where the plane is 0.9996 of the ellipsoid
SCALE = 0.9996


def frame(shapes, **columns):
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.affinity.translate(s, X, Y) for s in shapes], crs=CRS
    )


def sites(*points):
    return gpd.GeoDataFrame(
        geometry=[Point(X + x, Y + y) for x, y in points],
        crs=CRS,
        index=pd.Index([f"s{n}" for n in range(len(points))], name="site_id"),
    )


NONE = gpd.GeoDataFrame({"mw": []}, geometry=[], crs=CRS)


def test_the_distance_is_to_the_nearest_feature_of_any_kind_on_the_ellipsoid():
    features = frame(
        [Point(3000, 4000), LineString([(-2000, -9000), (-2000, 9000)]), box(8000, -100, 9000, 100)]
    )
    found = distance_km(sites((0, 0), (3000, 4000), (7000, 0), (8500, 0)), features)
    np.testing.assert_allclose(found, [2 / SCALE, 0, 1 / SCALE, 0], rtol=1e-5, atol=1e-9)
    assert list(found.index) == ["s0", "s1", "s2", "s3"]


def test_without_features_a_distance_is_unknown_and_a_count_is_zero():
    assert distance_km(sites((0, 0)), NONE).isna().all()
    assert count_within(sites((0, 0)), NONE, 5).tolist() == [0]
    assert length_within(sites((0, 0)), NONE, 5).tolist() == [0]
    assert share_covered(sites((0, 0)), NONE, 5).tolist() == [0]
    assert value_at(sites((0, 0)), NONE, "mw").isna().all()
    assert area_weighted_mean(sites((0, 0)), NONE, 5, "mw").isna().all()


def test_the_circle_includes_its_edge():
    edge = 5000 * SCALE  # 5 km along the Earth, seen in the plane
    features = frame([Point(edge, 0), Point(edge + 1, 0), Point(0, 0)])
    assert count_within(sites((0, 0), (20_000, 0)), features, 5).tolist() == [2, 0]


def test_a_sum_with_an_unknown_part_is_unknown():
    features = frame([Point(0, 0), Point(1000, 0), Point(30_000, 0)], mw=[100.0, np.nan, 50.0])
    found = sum_within(sites((0, 0), (30_000, 0), (60_000, 0)), features, 5, "mw")
    assert math.isnan(found.iloc[0])
    assert found.iloc[1:].tolist() == [50, 0]


def test_the_length_is_what_lies_inside_the_circle():
    through = LineString([(-9000, 0), (9000, 0)])
    chord = LineString([(-9000, 3000), (9000, 3000)])  # 3-4-5: 8 km inside a circle of 5 km
    found = length_within(sites((0, 0), (0, 50_000)), frame([through, chord]), 5)
    assert found.iloc[0] == pytest.approx(10 + 8, rel=1e-3)
    assert found.iloc[1] == 0


def test_overlapping_polygons_cover_once():
    halves = frame([box(-9000, -9000, 0, 9000), box(-9000, -9000, 0, 9000)])
    found = share_covered(sites((0, 0), (-20_000, 0), (-5000, 0)), halves, 2)
    assert found.tolist() == pytest.approx([0.5, 0, 1], abs=1e-9)


def test_a_value_is_that_of_the_polygon_and_unknown_outside_and_where_two_differ():
    features = frame([box(0, 0, 1000, 1000), box(500, 0, 2000, 1000), box(5000, 0, 6000, 1000), box(5000, 0, 6000, 1000)],
                     mw=[1.0, 2.0, 3.0, 3.0])  # fmt: skip
    found = value_at(
        sites((100, 100), (700, 100), (1500, 100), (9000, 9000), (5500, 500)), features, "mw"
    )
    assert found.iloc[[0, 2, 4]].tolist() == [1, 2, 3]
    assert found.iloc[[1, 3]].isna().all()


def test_a_value_is_unknown_where_a_known_and_an_unknown_polygon_overlap():
    features = frame([box(0, 0, 1000, 1000), box(0, 0, 1000, 1000)], mw=[1.0, np.nan])
    assert value_at(sites((100, 100)), features, "mw").isna().all()


def test_a_mean_is_weighted_by_the_known_area():
    features = frame(
        [box(-9000, -9000, 0, 9000), box(0, -9000, 9000, 0), box(0, 0, 9000, 9000)],
        score=[1.0, 4.0, np.nan],
    )
    found = area_weighted_mean(sites((0, 0), (5000, 5000), (-5000, 0)), features, 2, "score")
    assert found.iloc[0] == pytest.approx((0.5 * 1 + 0.25 * 4) / 0.75)
    assert math.isnan(found.iloc[1])
    assert found.iloc[2] == pytest.approx(1)


def test_no_other_site_moves_a_measure():
    rng = np.random.default_rng(3)
    features = frame(
        [Point(*p) for p in rng.uniform(-20_000, 20_000, (200, 2))], mw=rng.uniform(0, 9, 200)
    )
    many = sites(*rng.uniform(-20_000, 20_000, (30, 2)))
    for measure in (
        distance_km,
        lambda s, f: count_within(s, f, 3),
        lambda s, f: sum_within(s, f, 3, "mw"),
    ):
        whole = measure(many, features)
        for n in (0, 7, 29):
            assert measure(many.iloc[[n]], features).iloc[0] == whole.iloc[n]


def declared(make_region, folder, **criterion):
    lines = [{"line_id": "l1", "voltage_kv_nominal": 345, "line_status": "in_service", "wkt": "LINESTRING (-99.1 38.6, -98.8 38.6)"},
             {"line_id": "l2", "voltage_kv_nominal": "", "line_status": "in_service", "wkt": "LINESTRING (-99.1 38.51, -98.8 38.51)"}]  # fmt: skip
    toml = {
        "criteria": {
            "line_km": {"layer": "transmission_lines", "measure": "distance_km", **criterion}
        }
    }
    return pw.read(make_region(folder, toml=toml, transmission_lines=lines))


def test_a_measure_declared_in_the_region_file_counts_in_its_subject(make_region, tmp_path):
    region = declared(
        make_region, tmp_path, where="voltage_kv_nominal >= 230", value=[[0, 1.0], [20, 0.0]]
    )
    measures = pw.measure(region)
    found = measures["line_km"].loc["a"]
    assert found["value"] == pytest.approx(0.1 * 110.996, abs=0.05)
    assert found["layer"] == "transmission_lines"
    assert found["source"] == "synthetic, made for tests"
    assert measures.criteria["line_km"].unit == "km"
    assert measures.criteria["line_km"].subject == "proximity"
    ranking = pw.rank(region, measures, weights={"proximity": 1})
    assert ranking.values.loc["a", "line_km"] == pytest.approx(1 - found["value"] / 20)
    assert ranking.contributions.loc["a", "line_km"] > 0


def test_a_line_of_unknown_voltage_does_not_meet_a_condition_on_it(make_region, tmp_path):
    every = single(declared(make_region, tmp_path / "x"))["line_km"].loc["a", "value"]
    high = single(declared(make_region, tmp_path / "y", where="voltage_kv_nominal >= 230"))[
        "line_km"
    ].loc["a", "value"]
    assert every < 2 < high


def test_nothing_that_meets_the_condition_is_unknown_with_a_reason(make_region, tmp_path):
    found = single(declared(make_region, tmp_path, where="voltage_kv_nominal >= 700"))[
        "line_km"
    ].loc["a"]
    assert math.isnan(found["value"])
    assert found["why"] == "nothing found in transmission_lines"


def test_a_measure_of_a_layer_that_is_absent_is_an_error_that_names_it(make_region, tmp_path):
    with pytest.raises(pw.BadInput, match="reads the layer `fibre`, which is not there"):
        single(
            pw.read(
                make_region(
                    tmp_path,
                    toml={"criteria": {"fibre_km": {"layer": "fibre", "measure": "distance_km"}}},
                )
            )
        )
