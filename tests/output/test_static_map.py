"""The map shows the sites, hides no name behind another, says whose data it is, and is the same every time."""

from __future__ import annotations

import math
import struct
from datetime import date
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import powerwall as pw
from powerwall.output import map_labels, map_page, static_map
from powerwall.output.signs import STATUS_SIGNS, UNKNOWN_VOLTAGE, VOLTAGE_SIGNS, voltage_sign

REGIONS = ["example", "northern-virginia", "central-ohio", "dublin", "phoenix", "dallas-fort-worth"]


def ranked(path):
    region = pw.read(path)
    return pw.rank(region, pw.measure(region))


@pytest.fixture(scope="module")
def ranking(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def figure(ranking):
    return static_map.draw(ranking)


def boxes_of(axes):
    """Boxes of the names on a map, as they are drawn."""
    axes.figure.draw_without_rendering()
    named = [text for text in axes.texts if text.get_text()[:1].isdigit() and " " in text.get_text() and "km" not in text.get_text()]  # fmt: skip
    return [text.get_tightbbox() if text.arrow_patch is None else _words(text) for text in named]


def _words(annotation):
    """Box of the words of an annotation, without its line."""
    from matplotlib.text import Text

    return Text.get_window_extent(annotation)


def words_of(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_ranking_gives_the_same_bytes(ranking, tmp_path, suffix):
    for name in ("a", "b"):
        static_map.write_map(ranking, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_the_png_carries_neither_software_nor_date(ranking, tmp_path):
    static_map.write_map(ranking, tmp_path / "out.PNG")
    data, at, kinds = (tmp_path / "out.PNG").read_bytes(), 8, []
    assert data.startswith(b"\x89PNG")
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kinds.append(data[at + 4 : at + 8])
        at += 12 + size
    assert not {b"tEXt", b"iTXt", b"zTXt", b"tIME"} & set(kinds)
    width, height = struct.unpack(">II", data[16:24])
    assert min(width, height) > 1500  # sharp on paper


def test_the_svg_parses_and_carries_no_date(ranking, tmp_path):
    static_map.write_map(ranking, tmp_path / "out.svg")
    text = (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert "<dc:date>" not in text
    assert f"{date.today():%Y-%m-%d}T" not in text  # noqa: DTZ011
    assert "http://matplotlib" not in text


def test_the_settings_of_the_caller_neither_count_nor_change(ranking, tmp_path):
    import matplotlib as mpl

    static_map.write_map(ranking, tmp_path / "a.svg")
    with mpl.rc_context({"font.size": 30.0, "svg.hashsalt": "other", "lines.linewidth": 9.0}):
        static_map.write_map(ranking, tmp_path / "b.svg")
        assert mpl.rcParams["font.size"] == 30.0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_name_is_never_taken_for_a_formula(make_region, tmp_path):
    from conftest import SITES

    name = r"$$\frac{1}{2}$$ \(x\) $a$"
    path = make_region(tmp_path, toml={"title": name}, sites=[{**site, "name": name} for site in SITES])  # fmt: skip
    static_map.write_map(ranked(path), tmp_path / "out.svg")
    drawn = (tmp_path / "out.svg").read_text(encoding="utf-8")  # the title stands beside its paths
    assert f"<!-- {name} -->" in drawn


@pytest.mark.slow
def test_pyplot_is_never_loaded(regions, tmp_path):
    import subprocess
    import sys

    code = (
        "import sys, powerwall as pw; r = pw.read(sys.argv[1]); pw.rank(r, pw.measure(r)).save(sys.argv[2]); "
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    command = [sys.executable, "-c", code, str(regions / "example.toml"), str(tmp_path / "out.png")]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_the_title_tells_the_request_and_its_date(figure):
    told = words_of(figure)
    assert "Example County (SYNTHETIC)" in told
    assert "300 MW by 2031-01-01, as of 2026-08-22" in told


def test_the_first_ten_are_named_with_their_rank(ranking, figure):
    told = words_of(figure)
    first = ranking.frame[ranking.frame["rank"] <= 10]
    for rank, name in zip(first["rank"], first["name"], strict=True):
        assert f"{rank} {name}"[:20] in told


def test_the_legend_counts_the_sites_of_each_status(ranking, figure):
    told = words_of(figure)
    for status, count in ranking.frame["status"].value_counts().items():
        assert f"{STATUS_SIGNS[status].title} ({count})" in told


def test_every_layer_that_is_drawn_is_credited_with_its_licence(ranking):
    told = "\n".join(map_page.credit_lines(ranking))
    for name in ("sites", "points_of_interconnection", "transmission_lines", "jurisdictions"):
        layer = ranking.regions[0].layers[name]
        (line,) = [line for line in told.splitlines() if name.replace("_", " ") in line]
        assert layer.title in line
        assert str(layer.as_of) in line
        assert all(licence in line for licence in layer.licenses)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGIONS)
def test_no_name_hides_another_on_a_bundled_map(regions, name):
    found = ranked(regions / f"{name}.toml")
    figure = static_map.draw(found)
    axes = figure.axes[0]
    boxes, view = boxes_of(axes), axes.get_window_extent()
    assert len(boxes) == min(10, int((found.frame["status"] == "ranked").sum()))
    for at, box in enumerate(boxes):
        assert view.x0 <= box.x0
        assert box.x1 <= view.x1
        assert view.y0 <= box.y0
        assert box.y1 <= view.y1
        for other in boxes[at + 1 :]:
            wide, high = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)  # fmt: skip
            assert min(wide, high) <= 0.5


def test_every_site_is_in_view_and_the_farthest_line_does_not_widen_it(ranking, figure):
    axes = figure.axes[0]
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    sites = ranking.frame.to_crs(ranking.regions[0].table.crs)
    left, low, right, high = sites.total_bounds
    assert west < left < right < east
    assert south < low < high < north
    assert max((east - west) / (right - left), (north - south) / (high - low)) > 1
    assert min((east - west) / (right - left), (north - south) / (high - low)) < 1.25


def test_the_scale_bar_is_as_long_as_it_says(figure):
    axes = figure.axes[0]
    parts = [patch for patch in axes.patches if patch.get_zorder() == 9]
    (label,) = [text.get_text() for text in axes.texts if text.get_text().endswith(" km")]
    assert sum(part.get_width() for part in parts) == pytest.approx(1000 * float(label.split()[0]))


def test_a_metre_is_as_long_upwards_as_across(figure):
    axes = figure.axes[0]
    figure.draw_without_rendering()
    box = axes.get_window_extent()
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert box.width / (east - west) == pytest.approx(box.height / (north - south), rel=1e-6)


def test_marks_differ_in_shape_by_status_and_in_colour_by_score(ranking, figure):
    from matplotlib.collections import PathCollection

    marks = [c for c in figure.axes[0].collections if isinstance(c, PathCollection) and c.get_zorder() >= 6]  # fmt: skip
    assert len(marks) == ranking.frame["status"].nunique()
    assert len({mark.get_paths()[0].vertices.tobytes() for mark in marks}) == len(marks)
    (best,) = [mark for mark in marks if mark.get_zorder() == 7]
    assert len(np.unique(best.get_facecolor(), axis=0)) > 5


@pytest.mark.parametrize("status", ["ranked", "unranked"])
def test_a_region_of_one_site_and_few_layers_is_drawn(make_region, tmp_path, status):
    from conftest import SITES

    site = SITES[0] if status == "ranked" else SITES[3]
    region = make_region(tmp_path, sites=[site], jurisdictions=None, policy=None, noise_rules=None)
    found = ranked(region)
    assert list(found.frame["status"]) == [status]
    assert found.save(tmp_path / "out.svg").stat().st_size > 10_000


def test_regions_ranked_together_have_a_panel_each(make_region, tmp_path, tiny_measures):
    read = [pw.read(make_region(tmp_path, name=name)) for name in ("one", "two", "three")]
    figure = static_map.draw(pw.rank(read, [tiny_measures] * 3))
    panels = [axes for axes in figure.axes if axes.get_title(loc="left") == "Tiny (SYNTHETIC)"]
    assert len(panels) == 3
    assert "(one, 2026-07-01)" in " ".join(text.get_text() for text in figure.texts)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("layout", [map_page.ACROSS, map_page.UPRIGHT])
def test_panels_neither_overlap_nor_leave_the_page(count, layout):
    boxes = list(static_map.boxes(layout, count))
    for at, (x, y, w, h) in enumerate(boxes):
        assert min(x, y) > 0
        assert w > 0
        assert h > 0
        assert max(x + w, y + h) < 1
        for p, q, r, s in boxes[at + 1 :]:
            assert x + w <= p + 1e-9 or p + r <= x + 1e-9 or y + h <= q + 1e-9 or q + s <= y + 1e-9


def test_voltages_are_told_apart_by_width_as_well_as_colour():
    widths = [sign.width for sign in VOLTAGE_SIGNS]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == len({sign.colour for sign in VOLTAGE_SIGNS}) == len(VOLTAGE_SIGNS)
    assert voltage_sign(math.nan) is UNKNOWN_VOLTAGE
    assert [voltage_sign(kv).from_kv for kv in (765, 500, 400, 345, 230, 138)] == [600, 400, 400, 300, 200, 0]  # fmt: skip


def test_a_line_that_is_stated_not_to_serve_is_broken():
    assert map_page.planned({"line_status": "proposed"})
    assert not map_page.planned({"line_status": "in_service"})
    assert not map_page.planned({"line_status": math.nan})


def test_a_label_takes_the_nearest_free_place():
    mark, inside = np.array([100.0, 100.0]), (0.0, 0.0, 400.0, 400.0)
    right = map_labels._free(mark, 40, 10, [], inside, 1.0)
    assert right == pytest.approx((31.0, 0.0))
    blocked = [map_labels._box(mark, right, 40, 10)]
    moved = map_labels._free(mark, 40, 10, blocked, inside, 1.0)
    assert map_labels._shared(map_labels._box(mark, moved, 40, 10), blocked[0]) == 0


def test_a_long_name_is_cut_to_two_lines():
    text = map_labels._told(
        12, "Possum Point power station (retired coal and oil units) with its old pier"
    )
    assert text.count("\n") == 1
    assert text.startswith("12 Possum")
    assert text.endswith("…")
