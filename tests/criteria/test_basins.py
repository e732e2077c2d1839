"""Basins: published scores, every sentinel, the weighted volume, and whose stress a site gets."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import LAYERS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas.testing import assert_frame_equal

import powerwall as pw
from powerwall.criteria.water.basins.aqueduct import (
    ARID,
    COMPOSITE_CUTS,
    LABELS,
    MONTHS,
    aware_m3eq,
    category,
    check_basins,
    label,
    read_indicator,
    score,
    stress_weighted,
)
from powerwall.criteria.water.basins.stress import WEIGHTS, is_coarse, stress_of_sites
from powerwall.region.findings import Findings

#: Smallest and largest of each category of the publisher's own check of the monthly table, raw and
#: score (github.com/wri/Aqueduct40, step4_finalize-data-download.ipynb).
PUBLISHED = {
    "bws": [(0.099996, 0.999937), (0.100002, 1.000028), (0.199887, 1.999185), (0.200032, 2.000231), (0.399962, 2.999863),
            (0.400018, 3.000065), (0.799914, 3.999845), (0.800284, 4.000512), (9999.0, 5.0)],
    "bwd": [(0.049992, 0.999846), (0.050007, 1.000035), (0.249757, 1.998785), (0.250066, 2.000263), (0.499093, 2.996373),
            (0.500284, 3.001134), (0.749752, 3.999010), (0.750095, 4.000379), (9999.0, 5.0)],
    "iav": [(0.249996, 0.999984), (0.250001, 1.000004), (0.499995, 1.999981), (0.500000, 2.000001), (0.749994, 2.999975),
            (0.750002, 3.000009), (0.999972, 3.999887), (1.000012, 4.000047), (6.403124, 5.0)],
}  # fmt: skip
#: Raw values at the scores 1, 2, 3, 4.
EDGES = {
    "bws": (0.1, 0.2, 0.4, 0.8), "ws": (0.1, 0.2, 0.4, 0.8), "bwd": (0.05, 0.25, 0.5, 0.75), "wd": (0.05, 0.25, 0.5, 0.75),
    "iav": (0.25, 0.5, 0.75, 1.0), "iv": (0.25, 0.5, 0.75, 1.0), "sev": (1 / 3, 2 / 3, 1.0, 4 / 3), "sv": (1 / 3, 2 / 3, 1.0, 4 / 3),
    "gtd": (0.0, 2.0, 4.0, 8.0), **{f"w_awr_def_{group}": cuts[1:5] for group, cuts in COMPOSITE_CUTS.items()},
}  # fmt: skip
INDICATORS = st.sampled_from(sorted(EDGES))
VOLUMES = arrays(float, 12, elements=st.one_of(st.just(0.0), st.floats(1e-6, 1e6)))
SHARES = arrays(float, 12, elements=st.one_of(st.floats(0, 1), st.just(math.nan)))


# --------------------------------------------------------------------------- scores and categories
@pytest.mark.parametrize("indicator", PUBLISHED)
def test_scores_are_those_that_the_publisher_prints_beside_its_raw_values(indicator):
    raw, expected = np.array(PUBLISHED[indicator]).T
    # both are printed to six digits, and the scale stretches the rounding of the raw value
    assert score(indicator, raw) == pytest.approx(expected, abs=2e-5)
    assert category(expected).tolist() == np.minimum(np.floor(expected), 4).tolist()


@pytest.mark.parametrize("indicator", sorted(EDGES))
def test_the_edges_of_a_category_score_whole_numbers_and_open_it(indicator):
    edges = np.array(EDGES[indicator])
    assert score(indicator, edges) == pytest.approx([1, 2, 3, 4], abs=1e-12)
    assert category(score(indicator, edges)).tolist() == [1, 2, 3, 4]
    below = category(score(indicator, edges - 1e-6)).tolist()
    assert below == [0, 1, 2, 3]


@pytest.mark.parametrize("indicator", sorted(EDGES))
def test_a_score_does_not_jump_at_an_edge(indicator):
    edges = np.array(EDGES[indicator])
    step = score(indicator, edges + 1e-9) - score(indicator, edges - 1e-9)
    assert (np.abs(step) < 1e-6).all()


@given(INDICATORS, st.floats(-20, 20), st.floats(-20, 20))
def test_a_score_never_falls_as_the_raw_value_rises_and_stays_on_its_scale(indicator, one, other):
    low, high = score(indicator, [min(one, other), max(one, other)])
    assert 0 <= low <= high <= 5


@given(INDICATORS, st.lists(st.floats(-20, 9999, allow_nan=False), min_size=1, max_size=8))
def test_an_array_scores_as_its_numbers_do_one_by_one(indicator, raw):
    assert score(indicator, raw).tolist() == [float(score(indicator, one)) for one in raw]


def test_no_demand_scores_nothing():
    assert score("bws", [0.0, -0.1, 0.05]).tolist() == [0, 0, 0]


def test_the_state_scores_of_the_publisher_have_the_category_of_their_floor(shared):
    path = shared / "data" / "aqueduct_states" / "aqueduct40_us_state_bws.csv"
    if not path.is_file():
        pytest.skip("the state scores are not beside this checkout")
    states = pd.read_csv(path)
    names = {"Low": 0, "Low-Medium": 1, "Medium-High": 2, "High": 3, "Extremely High": 4}
    found = read_indicator("bws", np.nan, states["bws_score"].to_numpy())
    assert len(states) == 51
    assert found.category.tolist() == states["bws_category"].map(names).tolist()
    assert found.flag.tolist() == (states["bws_score"] >= 3).tolist()
    if "bws_raw" in states:
        assert score("bws", states["bws_raw"]) == pytest.approx(states["bws_score"], abs=5e-4)


def test_a_score_one_digit_under_its_edge_belongs_to_the_category_above():
    by_hand = math.log(0.2 / 0.1) / math.log(2) + 1
    assert category(by_hand - 2e-16) == 2
    assert category(2 - 1e-6) == 1


def test_five_is_of_the_highest_category_and_what_is_off_the_scale_of_none():
    assert category([5.0, 0.0]).tolist() == [4, 0]
    assert np.isnan(category([5.1, -0.1, -9999.0, math.nan])).all()


def test_labels_are_the_publishers():
    assert [label(one) for one in (0.0, 4.0, ARID)] == ["Low (<10%)", "Extremely High (>80%)", "Arid and Low Water Use"]  # fmt: skip
    assert label(math.nan) is None


@pytest.mark.parametrize("indicator", ["cfr", "rfr", "xyz", "", "w_awr_def_xyz"])
def test_an_indicator_without_a_formula_is_refused(indicator):
    with pytest.raises(ValueError, match="no formula"):
        score(indicator, 0.1)


# ------------------------------------------------------------------------------------- sentinels
@pytest.mark.parametrize("indicator", sorted(EDGES))
@pytest.mark.parametrize("missing", [math.nan, -9999.0])
def test_no_data_is_unknown_in_every_indicator_and_never_zero(indicator, missing):
    assert np.isnan(score(indicator, missing))
    found = read_indicator(indicator, missing, missing, missing)
    assert np.isnan([found.score, found.category, found.weight]).all()
    assert found.flag.tolist() is None


def test_a_trend_that_is_not_significant_is_unknown_although_its_raw_value_may_be_negative():
    assert np.isnan(read_indicator("gtd", -9999.0, -9999.0, -9999.0).score)
    assert read_indicator("gtd", -0.5).score == 0.5


@pytest.mark.parametrize("indicator", ["bws", "bwd"])
def test_hardly_any_supply_is_the_worst_case_and_flagged(indicator):
    found = read_indicator(indicator, 9999.0, math.nan, 4.0)
    assert (found.score, found.category, found.weight) == (5, 4, 1)
    assert found.flag.tolist() is True


@pytest.mark.parametrize("indicator", ["bws", "bwd"])
def test_arid_with_little_use_weighs_one_whatever_fills_its_cells(indicator):
    for raw, stated in ((1.0, 5.0), (math.nan, math.nan), (0.05, 0.2), (9999.0, 5.0)):
        found = read_indicator(indicator, raw, stated, ARID)
        assert (found.category, found.weight) == (ARID, 1)
        assert found.flag.tolist() is True
        assert not found.disagrees


def test_minus_one_means_arid_only_where_the_publisher_says_so():
    # of coastal floods it means no risk: another indicator never takes the path of the arid basins
    assert read_indicator("iav", 0.1, math.nan, ARID).category == 0
    with pytest.raises(ValueError, match="no formula"):
        read_indicator("cfr", 0.0, 0.0, ARID)


@pytest.mark.parametrize("missing", [-999.0, -99.0, -1.0])
def test_a_negative_ratio_is_no_measurement(missing):
    found = read_indicator("bws", missing)
    assert np.isnan([found.score, found.weight]).all()


def test_the_flag_begins_at_high():
    found = read_indicator("bws", [0.399, 0.4, 0.05, math.nan], math.nan, [math.nan, math.nan, math.nan, 3.0])  # fmt: skip
    assert found.flag.tolist() == [False, True, False, True]
    assert np.isnan(found.weight[3])  # a category alone says in which fifth, not where


def test_raw_counts_over_a_score_that_it_contradicts():
    found = read_indicator("bws", [0.4, 0.4, math.nan], [3.04, 2.9, 2.9])
    assert found.score.tolist() == [3.0, 3.0, 2.9]
    assert found.disagrees.tolist() == [False, True, False]


# ------------------------------------------------------------------------------- weighted volumes
@given(VOLUMES, SHARES)
def test_the_weighted_volume_lies_between_the_months_that_it_uses(volume, share):
    found = stress_weighted(volume, share)
    known = ~np.isnan(share)
    used = volume[known].sum()
    if volume.sum() == 0:
        assert found.m3 == 0
        assert np.isnan([found.mean, found.coverage]).all()
    elif used == 0:
        assert np.isnan([found.m3, found.mean]).all()
        assert found.coverage == 0
    else:
        drinking = share[known & (volume > 0)]
        assert drinking.min() - 1e-9 <= found.mean <= drinking.max() + 1e-9
        assert found.m3 <= used * (1 + 1e-9)
        assert found.coverage == pytest.approx(used / volume.sum(), rel=1e-9)


@given(VOLUMES, st.floats(0, 1))
def test_one_weight_for_the_year_is_the_mean_and_covers_everything(volume, share):
    found = stress_weighted(volume, np.full(12, share))
    assert found.m3 == pytest.approx(share * volume.sum(), rel=1e-9)
    if volume.sum() > 0:
        assert found.mean == pytest.approx(share, abs=1e-12)
        assert found.coverage == 1


def test_a_month_without_data_is_left_out_and_not_counted_as_zero():
    found = stress_weighted([[100.0, 300.0, 100.0]], [[0.5, 1.0, math.nan]])
    assert (found.m3[0], found.mean[0], found.coverage[0]) == (350.0, 0.875, 0.8)


def test_a_plant_that_drinks_in_the_stressed_months_weighs_more_than_one_that_drinks_all_year():
    weight = [0.2] * 5 + [1.0] * 2 + [0.2] * 5
    summer = [0.0] * 5 + [600.0] * 2 + [0.0] * 5
    assert stress_weighted([summer, [100.0] * 12], [weight] * 2).m3.tolist() == pytest.approx([1200, 400])  # fmt: skip


def test_no_consumption_is_nothing_even_where_the_stress_is_unknown():
    found = stress_weighted(np.zeros(12), np.full(12, math.nan))
    assert found.m3 == 0
    assert np.isnan([found.mean, found.coverage]).all()


def test_consumption_in_months_without_data_alone_is_unknown_and_never_zero():
    found = stress_weighted([0.0, 10.0], [0.5, math.nan])
    assert np.isnan([found.m3, found.mean]).all()
    assert found.coverage == 0


def test_an_unknown_consumption_stays_unknown():
    found = stress_weighted([math.nan, 10.0], [math.nan, 0.5])
    assert np.isnan([found.m3, found.mean, found.coverage]).all()


@pytest.mark.parametrize(("volume", "share"), [([-1.0], [0.5]), ([1.0], [1.01]), ([1.0], [-9999.0])])  # fmt: skip
def test_volumes_under_zero_and_weights_off_their_scale_are_refused(volume, share):
    with pytest.raises(ValueError, match="0"):
        stress_weighted(volume, share)


def test_the_second_opinion_is_the_sum_of_volume_and_factor():
    assert aware_m3eq([[10.0, 20.0], [0.0, 0.0]], [[2.0, 0.1], [math.nan, 1.0]]).tolist() == [22.0, 0.0]  # fmt: skip
    assert np.isnan(aware_m3eq([10.0, 20.0], [2.0, math.nan]))
    for factor in (0.0, -9999.0, 101.0):
        with pytest.raises(ValueError, match=r"0\.1 to 100"):
            aware_m3eq([1.0], [factor])


# ------------------------------------------------------------------------------- sites and layers
#: Two squares that meet at longitude -98.93; the tiny sites a and c stand in the west, b in the east.
WEST = "POLYGON ((-99.3 38.2, -98.93 38.2, -98.93 38.9, -99.3 38.9, -99.3 38.2))"
EAST = "POLYGON ((-98.93 38.2, -98.5 38.2, -98.5 38.9, -98.93 38.9, -98.93 38.2))"


def basin(name, wkt, **cells):
    return {"basin_id": name, "wkt": wkt, "outline_accuracy_m": 100, **cells}


def by_month(**cells):
    """Raw monthly stress of 0.1, and what differs from it."""
    return {f"bws_{month}_raw": 0.1 for month in MONTHS} | cells


@pytest.fixture
def stress(make_region, tmp_path):
    """A function that reads the tiny region with these basins, and gives the stress of its sites."""

    def found(*basins, **layers):
        region = pw.read(make_region(tmp_path, basins=list(basins) or None, **layers))
        return stress_of_sites(region.sites, region.layers)

    return found


def test_months_of_the_basin_come_before_its_year_and_that_before_the_water_system(stress):
    found = stress(basin("w", WEST, bws_raw=0.4, **by_month(bws_07_raw=0.8)), basin("e", EAST, bws_score=2.5))  # fmt: skip
    assert found["s_01"].tolist()[:2] == pytest.approx([0.2, 0.5])
    assert found["s_07"].tolist()[:2] == pytest.approx([0.8, 0.5])
    assert found.loc["d", list(WEIGHTS)].tolist() == pytest.approx(
        [0.5] * 12
    )  # its system's score is 2.5
    assert found["level"].tolist() == ["basin, monthly", "basin", "basin, monthly", "basin"]
    assert found["layer"].tolist() == ["basins", "basins", "basins", "water_systems"]
    assert found["row"].tolist() == ["w", "e", "w", "w1"]
    assert found["grade"].tolist() == ["B", "C", "B", "C"]
    assert found.loc["a", "label"] == LABELS[3]
    assert found["flag"].tolist() == [True, False, True, False]
    assert found["why"].isna().all()


def test_a_state_stands_for_its_basins_with_a_grade_of_its_own_and_half_a_category(stress):
    state = {**LAYERS["water_systems"][0], "baseline_water_stress_score": 3.487, "stress_level_of_detail": "state"}  # fmt: skip
    found = stress(water_systems=[state]).loc["a"]
    assert found[list(WEIGHTS)].tolist() == pytest.approx([0.6974] * 12)
    assert (found["annual_low"], found["annual_high"]) == pytest.approx((2.987, 3.987))
    assert (found["grade"], found["status"], found["level"], found["category"]) == ("D", "approximate", "state", 3)  # fmt: skip
    assert "Kuzma et al. 2023" in found["source"]
    assert found["flag"] is True


@pytest.mark.parametrize(("level", "coarse"), [("state", True), ("State average", True), ("county", True), ("country", True),
                                               (None, True), ("basin", False), ("sub-basin", False)])  # fmt: skip
def test_a_level_that_is_not_stated_counts_as_coarse(level, coarse):
    assert is_coarse(level) is coarse


def test_without_any_layer_everything_is_unknown_and_says_so(stress):
    found = stress(water_systems=None)
    assert found[list(WEIGHTS)].isna().all(axis=None)
    assert found["flag"].map(lambda one: one is None).all()
    assert found["why"].tolist() == ["no layer water_systems"] * 4


def test_a_site_outside_every_basin_and_system_is_unknown(stress):
    other = {**LAYERS["water_systems"][0], "site_ids": "a"}
    found = stress(basin("e", EAST, bws_score=2.5), water_systems=[other])
    assert found["why"].tolist()[2:] == ["no water system known here"] * 2
    assert found["s_01"].isna().tolist() == [False, False, True, True]


def test_a_basin_without_data_leaves_the_word_to_the_water_system(stress):
    found = stress(basin("w", WEST, bws_raw=-9999, bws_score="", bws_cat=-9999)).loc["a"]
    assert found["s_01"] == 0.5
    assert found["layer"] == "water_systems"
    assert found["note"] == "basin w has no data"


def test_every_sentinel_of_a_file_arrives_as_what_it_means(stress):
    months = by_month(bws_02_raw=-9999, bws_03_raw=9999, bws_04_raw=1, bws_04_score=5, bws_04_cat=-1, bws_05_raw="")  # fmt: skip
    found = stress(basin("w", WEST, bws_raw=9999, bws_score=5, bws_cat=4, **months), basin("e", EAST, bws_raw=1, bws_score=5, bws_cat=-1))  # fmt: skip
    west, east = found.loc["a"], found.loc["b"]
    assert west[["s_01", "s_03", "s_04"]].tolist() == pytest.approx([0.2, 1, 1])
    assert west[["s_02", "s_05"]].isna().all()
    assert (west["annual_score"], west["category"], west["flag"]) == (5, 4, True)
    assert west["note"] == "no data in 2 of 12 months"
    assert east[list(WEIGHTS)].tolist() == [1.0] * 12
    assert (east["category"], east["label"], east["flag"]) == (-1, "Arid and Low Water Use", True)
    assert "arid" in east["note"]


def test_months_alone_weigh_and_leave_the_year_unknown(stress):
    found = stress(basin("w", WEST, **by_month())).loc["a"]
    assert found["s_06"] == pytest.approx(0.2)
    assert math.isnan(found["annual_score"])
    assert found["label"] is None
    assert "not of the year" in found["why"]


def test_a_score_that_its_raw_value_contradicts_is_told(stress):
    found = stress(basin("w", WEST, bws_raw=0.4, bws_score=2.0), basin("e", EAST, bws_raw=0.4, bws_score=3.0))  # fmt: skip
    assert found.loc["a", "annual_score"] == 3
    assert "raw value counts" in found.loc["a", "note"]
    assert found.loc["b", "note"] is None


def test_near_the_edge_of_two_basins_that_differ_the_stress_is_unknown(stress):
    near = [{"site_id": "near", "lon": -98.931, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"},
            {"site_id": "far", "lon": -98.933, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"}]  # fmt: skip
    found = stress(basin("w", WEST, bws_score=1.0), basin("e", EAST, bws_score=4.0), sites=near)
    assert math.isnan(found.loc["near", "s_01"])
    assert (
        found.loc["near", "why"] == "at the edge of, or inside, basin e and basin w, which differ"
    )
    assert found.loc["far", "s_01"] == 0.2


def test_two_basins_of_equal_stress_are_told_apart_by_nobody(stress):
    near = [{"site_id": "near", "lon": -98.931, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"}]  # fmt: skip
    found = stress(basin("w", WEST, bws_score=4.0), basin("e", EAST, bws_score=4.0), sites=near)
    assert found["s_01"].tolist() == [0.8]


def test_parts_of_one_basin_that_say_the_same_are_one_and_those_that_differ_are_none(stress):
    near = [{"site_id": "near", "lon": -98.93, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"}]  # fmt: skip
    parts = [basin("742801-1", WEST, pfaf_id=742801, bws_score=4.0), basin("742801-2", EAST, pfaf_id=742801, bws_score=4.0)]  # fmt: skip
    found = stress(*parts, sites=near).iloc[0]
    assert (found["s_01"], found["row"]) == (0.8, "742801-1")
    found = stress(parts[0], parts[1] | {"bws_score": 3.0}, sites=near).iloc[0]
    assert found["why"] == "at the edge of, or inside, parts of basin 742801, which differ"


def test_a_gap_between_parts_of_a_basin_is_no_edge_while_it_is_narrower_than_the_accuracy(stress):
    near = [{"site_id": "near", "lon": -98.9301, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"},
            {"site_id": "corner", "lon": -98.9301, "lat": 38.8995, "location_accuracy_m": 20, "utility_id": "u1"}]  # fmt: skip
    east = (
        "POLYGON ((-98.929 38.2, -98.5 38.2, -98.5 38.9, -98.929 38.9, -98.929 38.2))"  # 87 m away
    )
    found = stress(basin("w", WEST, bws_score=4.0), basin("e", east, bws_score=4.0), sites=near)
    assert found.loc["near", "s_01"] == 0.8
    assert math.isnan(found.loc["corner", "s_01"])
    wide = east.replace("-98.929", "-98.92")
    assert math.isnan(stress(basin("w", WEST, bws_score=4.0), basin("e", wide, bws_score=4.0), sites=near).loc["near", "s_01"])  # fmt: skip


def test_beyond_the_edge_of_the_only_basin_lies_the_unknown(stress):
    near = [{"site_id": "near", "lon": -98.931, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1"}]  # fmt: skip
    found = stress(basin("w", WEST, bws_score=1.0), sites=near).iloc[0]
    assert math.isnan(found["s_01"])
    assert found["why"] == "at the edge of basin w, and what lies beyond is unknown"


def test_a_site_in_two_basins_that_overlap_and_differ_is_unknown(stress):
    found = stress(basin("w", WEST, bws_raw="", bws_score=1.0), basin("x", WEST, bws_score=2.0))
    assert found.loc["a", "why"] == "at the edge of, or inside, basin w and basin x, which differ"


def test_the_order_of_basins_and_of_sites_changes_nothing(stress, make_region, tmp_path):
    rows = [basin("w", WEST, bws_raw=0.4, **by_month()), basin("v", WEST, bws_raw=0.4, **by_month()), basin("e", EAST, bws_raw=0.2)]  # fmt: skip
    assert_frame_equal(stress(*rows), stress(*rows[::-1]))
    region = pw.read(make_region(tmp_path, basins=rows))
    turned = stress_of_sites(region.sites.iloc[::-1], region.layers)
    assert_frame_equal(turned.iloc[::-1], stress_of_sites(region.sites, region.layers))


def test_no_site_has_no_row(tiny):
    assert stress_of_sites(tiny.sites.iloc[:0], tiny.layers).empty


def test_a_geopackage_with_the_publishers_names_is_read_through_the_columns_of_the_region(make_region, tmp_path):  # fmt: skip
    frame = gpd.GeoDataFrame({"string_id": ["1-USA-2", "3-USA-4"], "BWS_RAW": [9999.0, 0.15], "bws_cat": [4, 1], "pfaf_id": [1, 3]},
                             geometry=[shapely.from_wkt(WEST), shapely.from_wkt(EAST)], crs="EPSG:4326")  # fmt: skip
    frame.to_file(tmp_path / "aqueduct.gpkg", layer="baseline_annual")
    layer = {"path": "aqueduct.gpkg", "layer": "baseline_annual", "source": {"title": "made up"}, "licenses": ["CC0-1.0"],
             "columns": {"basin_id": {"from": "string_id"}, "bws_raw": {"from": "BWS_RAW"}}}  # fmt: skip
    region = pw.read(make_region(tmp_path, toml={"layers": {"basins": layer}}))
    found = stress_of_sites(region.sites, region.layers)
    assert found["s_12"].tolist()[:2] == pytest.approx([1.0, (math.log2(1.5) + 1) / 5])
    assert found["row"].tolist()[:2] == ["1-USA-2", "3-USA-4"]
    assert found.loc["a", "source"] == "made up"


# ----------------------------------------------------------------------------------------- check
def checked(make_region, folder, *basins, **layers):
    region = pw.read(make_region(folder, basins=list(basins) or None, **layers))
    findings = Findings()
    check_basins(region, findings)
    return [(f.code, f.severity, f.line, f.message) for f in findings]


def test_a_sound_layer_has_no_finding(make_region, tmp_path):
    assert checked(make_region, tmp_path, basin("w", WEST, bws_raw=0.4, bws_score=3.0, bws_cat=3, **by_month())) == []  # fmt: skip
    assert checked(make_region, tmp_path) == []


@pytest.mark.parametrize(
    ("cells", "code", "severity", "words"),
    [
        ({"bws_score": 7.2}, "PW402", "error", "bws_score = 7.2 is no score"),
        ({"bws_07_score": 5.5}, "PW402", "error", "bws_07_score = 5.5"),
        ({"bws_cat": 0.5}, "PW402", "error", "bws_cat = 0.5 is no category"),
        ({"bws_raw": -99}, "PW402", "warning", "counts as unknown"),
        ({"bws_raw": 0.4, "bws_score": 2.0}, "PW512", "warning", "bws_score = 2, but the rest of its row makes it 3"),
        ({"bws_score": 2.5, "bws_cat": 4}, "PW512", "warning", "bws_cat = 4"),
        ({"bws_01_raw": 0.1}, "PW503", "note", "no water stress in month 02, 03, 04"),
    ],
)  # fmt: skip
def test_what_no_basin_has_is_a_finding_at_its_cell(make_region, tmp_path, cells, code, severity, words):  # fmt: skip
    found = checked(make_region, tmp_path, basin("e", EAST), basin("w", WEST, **cells))
    assert [one[:3] for one in found] == [(code, severity, 3)]
    assert words in found[0][3]


def test_a_rounded_score_does_not_contradict_its_category(make_region, tmp_path):
    assert checked(make_region, tmp_path, basin("w", WEST, bws_score=2.0, bws_cat=1)) == []


def test_a_score_of_a_water_system_off_its_scale_is_a_finding(make_region, tmp_path):
    system = {**LAYERS["water_systems"][0], "baseline_water_stress_score": 5.5}
    found = checked(make_region, tmp_path, water_systems=[system])
    assert [one[0] for one in found] == ["PW402"]
