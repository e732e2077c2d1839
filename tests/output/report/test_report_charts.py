"""Charts: places on a drawing, stairs, ticks, margins at their sign, and words for those who do not see."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.power.site.plan import plan_site
from powerwall.output.report.charts import bars, binding_chart, fan
from powerwall.output.report.site_charts import (
    Bar,
    Margin,
    cash_curve,
    day_of,
    kind_of,
    margins,
    rank_intervals,
    timeline_chart,
)
from powerwall.output.report.svg import Axis, drawing, nice, path, steps, text, years


def coordinates(drawn, kind):
    """Points of the first path of a class."""
    moves = re.search(rf'<path class="{kind}" d="M([^"]*)"', drawn.text).group(1)
    return [tuple(map(float, point.split())) for point in moves.rstrip("Z").split("L")]


@given(st.floats(1e-3, 1e6))
def test_ticks_start_at_nothing_and_never_pass_the_largest(largest):
    ticks = nice(largest)
    assert ticks[0] == 0
    assert ticks[-1] <= largest * (1 + 1e-9)
    assert len(ticks) <= 12


@given(st.floats(-1e3, 1e3))
def test_a_place_never_leaves_its_drawing(value):
    assert 10 <= Axis(0, 5, 10, 90)(value) <= 90


def test_stairs_hold_until_the_next_point():
    assert steps([(0, 0), (2, 5), (3, 5)]) == [(0, 0), (2, 0), (2, 5), (3, 5), (3, 5)]


def test_points_on_the_way_are_left_out_and_the_ends_stay():
    assert path([(0, 1), (1, 1), (2, 1), (3, 4)], "a") == '<path class="a" d="M0 1L2 1L3 4"/>'


def test_years_are_thinned_until_they_have_room():
    marked = years(date(2026, 8, 22), 120, 200)
    assert [year for _, year in marked] == [2030, 2035]
    assert [year for _, year in years(date(2026, 8, 22), 40, 400)] == [2027, 2028, 2029]


def test_words_in_a_drawing_are_escaped():
    drawn = drawing("<b>", "&", 10, [text(0, 0, "</svg>")])
    assert "<title>&lt;b&gt;</title><desc>&amp;</desc>" in drawn.text
    assert drawn.text.count("</svg>") == 1


def test_a_fan_is_widest_for_the_tenth_case_and_tells_its_end(tiny):
    plan = plan_site(tiny, "a", draws=256)
    drawn = fan(plan)
    p90, p50 = (coordinates(drawn, kind) for kind in ("p90", "p50"))
    first = [next(x for x, y in points if y < 171) for points in (p90, p50)]
    assert first[0] < first[1]
    assert "300 MW are asked for by 2031-01-01" in drawn.text
    assert 'class="ask"' in drawn.text


def test_what_binds_fills_each_column(tiny):
    from powerwall.criteria.compute.delivery import deliver

    plan = plan_site(tiny, "a", draws=256)
    table = deliver(plan).binding
    drawn, key = binding_chart(table, plan)
    heights = [float(h) for h in re.findall(r'<rect class="b\d" [^>]*height="([^"]+)"', drawn.text)]
    assert sum(heights) == pytest.approx(len(table) * 154, rel=0.01)
    assert ("k b0", "none: the request is met") in key


def test_a_margin_below_the_limit_is_marked_and_an_unknown_one_has_no_dot():
    rows = [Margin("night", -3, -6, 0, "−3 dB"), Margin("day", 4, 1, 7, "+4 dB"), Margin("test", math.nan, math.nan, math.nan, "?")]  # fmt: skip
    drawn = margins("Noise", "dB", rows, (-25, 25))
    assert drawn.text.count("<circle") == 2
    assert drawn.text.count('class="bad"') == drawn.text.count('class="good"') == 1
    bad, good = (float(re.search(rf'class="{kind}" cx="([\d.]+)"', drawn.text).group(1)) for kind in ("bad", "good"))  # fmt: skip
    limit = float(re.search(r'class="limit" d="M([\d.]+)', drawn.text).group(1))
    assert bad < limit < good


def test_a_bar_of_nothing_is_not_drawn_and_its_words_stay():
    drawn = bars("t", "d", [("a", 0.0, 10.0, "0"), ("b", 5.0, 10.0, "5"), ("c", math.nan, math.nan, "?")])  # fmt: skip
    assert drawn.text.count('class="bar"') == 1
    assert ">?</text>" in drawn.text


def test_cash_rises_from_what_is_paid_before():
    drawn = cash_curve([30.0, 130.0, 230.0], 2031, "USD", 30.0)
    heights = [y for _, y in coordinates(drawn, "cash")]
    assert heights == sorted(heights, reverse=True)
    assert "30.0 M USD before the first megawatt" in drawn.text


def test_an_act_without_an_end_runs_to_the_edge_and_a_decision_is_a_dot():
    acts = [
        Bar("statute: x", date(2025, 1, 1), None, "restricts", lasts=True),
        Bar("moratorium: y", date(2026, 1, 1), date(2027, 1, 1), "blocks", lasts=True),
        Bar("denial: z", date(2026, 3, 1), None, "over", lasts=False),
    ]
    drawn = timeline_chart(acts, date(2026, 8, 22))
    edges = {kind: float(x) + float(w) for kind, x, w in re.findall(r'<rect class="(a-\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn.text)}  # fmt: skip
    assert edges["a-restricts"] == pytest.approx(452, abs=0.6)
    assert edges["a-blocks"] < edges["a-restricts"]
    assert drawn.text.count("<circle") == 1


@pytest.mark.parametrize(
    ("told", "blocks", "over", "kind"),
    [
        ("in force", True, False, "blocks"),
        ("in force, restricts", False, False, "restricts"),
        ("proposed, does not count", False, False, "pending"),
        ("kind unknown, needs checking", False, False, "pending"),
        ("ended", False, True, "over"),
        ("in force", False, False, "other"),
    ],
)
def test_an_act_is_drawn_as_what_it_means(told, blocks, over, kind):
    assert kind_of(told, blocks=blocks, window_over=over) == kind


def test_a_partial_date_is_its_first_day_or_its_last():
    assert day_of("2026-02") == date(2026, 2, 1)
    assert day_of("2026-02", end=True) == date(2026, 2, 28)
    assert day_of("soon") is None


def test_an_interval_of_ranks_without_draws_in_is_a_dot_alone():
    drawn = rank_intervals([("a", 1, 1, 3), ("b", math.nan, 2, math.nan)], 3)
    assert drawn.text.count("<circle") == 2
    assert drawn.text.count('class="range"') == 1
