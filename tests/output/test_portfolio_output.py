"""Portfolio as it is printed: what nodes carry and on what evidence, dates with odds, who was passed over."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

import powerwall as pw
from powerwall.output.portfolio import competitors, json_text, print_portfolio, record
from powerwall.ranking.portfolio import choose, limits


@pytest.fixture(scope="module")
def example(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def chosen(example):
    return choose(example, 3)


def printed(portfolio, ranking, width=200):
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False)  # fmt: skip
    print_portfolio(portfolio, ranking, console)
    return console.file.getvalue()


def test_each_site_has_a_row_with_its_node_and_the_rung_of_its_megawatts(example, chosen):
    rows = {line.split()[0]: line for line in printed(chosen, example).splitlines() if re.match(r"\d+ ", line)}  # fmt: skip
    assert set(rows) == {"1", "2", "4"}
    assert re.search(r"Elm Switch \(ex-elm-switch\) +76\.3 +ex-poi-elm +300 +600 +study", rows["1"])
    assert re.search(r"ex-poi-alder +300 +340 +utility letter +2030-11", rows["2"])
    assert re.search(r"ex-poi-hazel +300 +≤ 397 +line proximity: not firm", rows["4"])


def test_the_date_of_all_is_given_as_a_range_with_the_odds_that_they_come(example, chosen):
    text = printed(chosen, example)
    assert re.search(r"^all 900 MW: 2031-\d\d \(2031-\d\d – 2033-\d\d\), 40 %$", text, re.MULTILINE)
    assert re.search(r"^on 2031-01-01: \d+ MW \(0 – \d+\), 0 % that it is all of them$", text, re.MULTILINE)  # fmt: skip
    assert "were they all of one cause, 72 % would come" in text


def test_the_site_passed_over_is_told_with_what_was_asked_and_what_is_known(example, chosen):
    text = printed(chosen, example)
    assert "near Birch 230 kV (near-ex-poi-birch), rank 3, 71.4: at ex-poi-birch, 300 MW asked, ≤ 260 MW (hosting map: not firm)\n" in text  # fmt: skip


def test_a_site_that_shares_its_node_is_told_with_who_has_it(bundled):
    ranking = bundled("central-ohio")
    text = printed(choose(ranking, 3, draws=64), ranking)
    assert "shares oh-poi-05 with oh-marysville-south, 600 MW asked, ≤ 1,190 MW (line proximity: not firm), so one site at most" in text  # fmt: skip


def test_others_on_the_nodes_of_the_chosen_are_named_and_those_of_other_nodes_are_not(
    example, chosen
):
    text = printed(chosen, example)
    assert "ex-alder-north leans on ex-poi-alder with near-ex-poi-alder: 600 MW asked, 340 MW firm (utility letter)" in text  # fmt: skip
    assert "ex-poi-fern" not in text


def test_competitors_are_those_that_ask_for_more_than_is_firm(example):
    lines = competitors(example)
    assert lines[0] == "ex-alder-north leans on ex-poi-alder with near-ex-poi-alder: 600 MW asked, 340 MW firm (utility letter)"  # fmt: skip
    assert not any("ex-poi-elm" in line for line in lines)  # 600 MW asked, 600 firm
    assert any("≤ 1,190 MW (line proximity: not firm)" in line for line in lines)


def test_competitors_are_a_few_lines_and_long_lists_are_cut(bundled):
    ranking = bundled("central-ohio")
    lines = competitors(ranking)
    shared = [limit for limit in limits(ranking) if len(limit.sites) > 1]
    assert len(lines) == 5
    assert lines[-1] == f"and {len(shared) - 4} more nodes that several sites lean on"
    longest = max(shared, key=lambda limit: len(limit.sites))
    line = next(line for line in lines if f" {longest.poi_id} " in line)
    assert f"and {len(longest.sites) - 4} more: {300 * len(longest.sites):,} MW asked" in line


def test_more_sites_than_stand_together_are_refused_with_what_binds_and_the_next_command(example):
    text = printed(choose(example, 7), example)
    assert "no 7 sites stand together; of 9 ranked ones 5 do at most" in text
    assert "ex-poi-alder: ex-alder-north and near-ex-poi-alder ask for 300 MW each, 340 MW firm (utility letter)\n" in text  # fmt: skip
    assert "line proximity: not firm), so one site at most" in text
    assert text.rstrip().endswith("example.toml --pick 5")


def test_works_that_are_late_are_told_in_place_of_megawatts(example, chosen):
    late = replace(chosen, limits=(chosen.limits[0]._replace(late_months=90.0), *chosen.limits[1:]))
    assert re.search(r"ex-poi-elm +300 +0 +its works are due 2034-02", printed(late, example))


def test_a_node_of_which_nothing_is_known_is_a_question_mark(example, chosen):
    bare = chosen.limits[2]._replace(bound_mw=float("nan"), rung="")
    assert re.search(r"ex-poi-hazel +300 +\? +2031", printed(replace(chosen, limits=(*chosen.limits[:2], bare)), example))  # fmt: skip


def test_works_that_sites_share_are_told(example, chosen):
    text = printed(replace(chosen, works=(("l9", chosen.sites[:2]),)), example)
    assert "ex-elm-switch and ex-alder-north wait for the same line l9; its MW are in no layer" in text  # fmt: skip


def test_a_narrow_screen_drops_whole_columns_and_says_which(example, chosen):
    wide, narrow = printed(chosen, example, 200), printed(chosen, example, 80)
    assert "not shown at this width" not in wide
    assert "not shown at this width: MW asked, rung, P10 – P90, comes, last" in narrow
    assert re.search(r"ex-poi-hazel +≤ 397 +2031-02", narrow)
    assert max(len(line) for line in narrow.split("\n\n")[0].splitlines()[1:]) <= 80


def test_one_site_alone_speaks_of_no_others(example):
    text = printed(choose(example, 1), example)
    assert text.startswith("Example County (SYNTHETIC): 1 site, 300 MW asked")
    assert "one cause" not in text


def test_the_record_holds_the_same_and_is_stable_to_the_byte(example, chosen):
    text = json_text(chosen, example)
    assert text == json_text(choose(example, 3), example)
    found = json.loads(text)["portfolio"]
    assert [site["site_id"] for site in found["sites"]] == list(chosen.sites)
    assert found["total_score"] == pytest.approx(sum(site["score"] for site in found["sites"]))
    assert found["sites"][2]["node"]["firm_mw"] is None
    assert found["sites"][2]["node"]["bound_mw"] == pytest.approx(396.75)
    assert found["joint"]["p50_months"] == pytest.approx(chosen.joint.p50_months)
    assert found["passed_over"][0]["site_id"] == "near-ex-poi-birch"
    assert found["joint"]["as_of"] == "2026-08-22"


def test_the_record_of_nothing_has_what_binds(example):
    found = record(choose(example, 9), example)["portfolio"]
    assert found["sites"] == []
    assert found["joint"] is None
    assert found["total_score"] is None
    assert found["largest_k"] == 5
    assert {limit["poi_id"] for limit in found["binding"]} == {"ex-poi-alder", "ex-poi-birch", "ex-poi-hazel", "ex-poi-fern"}  # fmt: skip


def test_sites_of_two_regions_say_which_day_of_need_is_meant(make_region, tmp_path):
    regions = [
        pw.read(make_region(tmp_path, name=name, toml={"request": {"need_by": day}}))
        for name, day in (("east", "2031-01-01"), ("west", "2033-01-01"))
    ]
    ranking = pw.rank(regions, [pw.measure(region) for region in regions])
    text = printed(choose(ranking, 4, draws=64), ranking)
    assert "east:a" in text
    assert "west:a" in text
    assert "on their days of need: " in text


def test_a_chosen_site_at_risk_is_named_with_its_reason(example):
    text = printed(choose(example, 2), example)
    assert "at risk of a requirement, which the odds leave out:\n  ex-elm-switch: night noise margin 1.956 dB, required ≥ 0 dB" in text  # fmt: skip


def test_the_solver_writes_nothing_where_the_answer_belongs():
    code = (
        "import numpy as np\nfrom powerwall.ranking.pick import pick\n"
        "pick(np.array([70.00000004, 70.00000003, 70.00000002, 70.00000001, 70, 70, 70]), np.array([200.0, 100, 100, 100, 200, 200, 100]),"
        " np.array([-1, 0, -1, -1, -1, 0, 0]), np.array([450.0]), 3)\nprint('answer')"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "answer\n"
