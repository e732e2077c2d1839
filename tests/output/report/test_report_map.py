"""The map: layers in kilometres, thinned and said so, markers in their colours, ids of their own."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from bokeh.models import ScaleBar

import powerwall as pw
from powerwall.output.report.layers import drawn_layers, extent_of
from powerwall.output.report.map import (
    RAMP,
    colour,
    empty_figure,
    ends,
    region_map,
    script_json,
)


@pytest.fixture(scope="module")
def many(make_region, tmp_path_factory):
    """A region with a wriggly line, many points, and a point far away."""
    rng = np.random.default_rng(3)
    wriggle = [(-99.3 + 0.8 * t, 38.4 + 0.2 * np.sin(40 * t) + 1e-4 * rng.normal()) for t in np.linspace(0, 1, 40_000)]  # fmt: skip
    line = shapely.LineString(wriggle).wkt
    points = [{"well_id": f"w{n}", "lon": x, "lat": y} for n, (x, y) in enumerate(rng.uniform((-99.4, 38.2), (-97.9, 38.9), (6000, 2)))]  # fmt: skip
    points.append({"well_id": "far", "lon": -101.5, "lat": 38.5})
    return pw.read(make_region(tmp_path_factory.mktemp("many"), wires=[{"wire_id": "w", "wkt": line}], wells=points))  # fmt: skip


def test_layers_lie_in_kilometres_of_the_region_and_areas_below_points(tiny):
    extent = extent_of(tiny)
    drawn = drawn_layers(tiny, extent)
    assert [layer.kind for layer in drawn] == sorted((layer.kind for layer in drawn), key=["area", "line", "point"].index)  # fmt: skip
    nodes = next(layer for layer in drawn if layer.name == "points_of_interconnection")
    first = tiny.layers["points_of_interconnection"].frame.geometry.iloc[0]
    assert (nodes.columns["x"][0], nodes.columns["y"][0]) == (pytest.approx(first.x / 1000, abs=1e-3), pytest.approx(first.y / 1000, abs=1e-3))  # fmt: skip
    assert all(extent.west < x < extent.east for x in nodes.columns["x"])


def test_a_large_layer_is_simplified_and_says_so(many):
    wires = next(layer for layer in drawn_layers(many, extent_of(many)) if layer.name == "wires")
    assert sum(map(len, wires.columns["xs"])) <= 20_000
    assert "outlines simplified to" in wires.note


def test_a_note_counts_the_points_of_what_is_drawn(make_region, tmp_path):
    rng = np.random.default_rng(4)
    walks = np.array([-99.0, 38.5]) + np.cumsum(rng.normal(0, 0.004, (150, 400, 2)), axis=1)
    wires = [{"wire_id": f"w{n}", "wkt": shapely.LineString(walk).wkt} for n, walk in enumerate(walks)]  # fmt: skip
    region = pw.read(make_region(tmp_path, wires=wires))
    drawn = next(layer for layer in drawn_layers(region, extent_of(region)) if layer.name == "wires")  # fmt: skip
    assert f"of {len(walks)} are drawn" in drawn.note
    points = sum(map(len, drawn.columns["xs"]))
    assert f"{points:,} of" in drawn.note


def test_the_scale_bar_counts_kilometres_and_metres(tiny):
    (bar,) = empty_figure(extent_of(tiny)).select({"type": ScaleBar})
    assert set(bar.dimensional.include) == {"m", "km"}


def test_very_many_points_are_thinned_and_the_distant_left_out_and_both_are_said(many):
    wells = next(layer for layer in drawn_layers(many, extent_of(many)) if layer.name == "wells")
    assert 500 < len(wells.columns["x"]) <= 3000
    assert "1 of 6,001 lie beyond this map" in wells.note
    assert "points are drawn, one in each spot of" in wells.note


def test_every_site_is_a_marker_that_knows_its_row(tiny, tiny_measures):
    ranking = pw.rank(tiny, tiny_measures)
    item = json.loads(region_map(ranking, tiny, 0).item)
    text = json.dumps(item)
    for name in ranking.frame["name"]:
        assert name in text
    assert item["target_id"] == "map-0"


def test_ids_depend_on_their_order_alone(tiny, tiny_measures):
    ranking = pw.rank(tiny, tiny_measures)
    assert region_map(ranking, tiny, 0).item == region_map(ranking, tiny, 0).item


def test_a_better_score_is_darker():
    def light(hexadecimal):
        red, green, blue = (int(hexadecimal[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert sorted(map(light, RAMP), reverse=True) == list(map(light, RAMP))
    assert [colour(score, 40, 80) for score in (40, 80, float("nan"))] == [RAMP[0], RAMP[-1], "#ffffff"]  # fmt: skip


@pytest.mark.parametrize(("scores", "low", "high"), [([41, 67], 40, 70), ([50, 50], 50, 60), ([], 0, 100), ([float("nan"), 12], 10, 20)])  # fmt: skip
def test_the_ramp_ends_at_tens(scores, low, high):
    assert ends(scores) == (low, high)


def test_json_in_a_script_can_neither_end_nor_open_an_element():
    told = script_json({"a": "</script><!-- & \u2028"})
    assert not set("<>&\u2028") & set(told)
    assert json.loads(told) == {"a": "</script><!-- & \u2028"}


def test_words_are_never_taken_for_a_formula(make_region, tmp_path):
    from conftest import SITES

    region = pw.read(make_region(tmp_path, sites=[{**site, "name": r"$$x$$ \(y\)"} for site in SITES]))  # fmt: skip
    item = region_map(pw.rank(region, pw.measure(region)), region, 0).item
    assert "$$" not in item
    assert "\\\\(" not in item
