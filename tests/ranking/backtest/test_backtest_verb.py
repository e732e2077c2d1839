"""`powerwall backtest`: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.measure import measure
from powerwall.ranking.backtest.backtest import backtest
from powerwall.ranking.rank import rank

pytestmark = pytest.mark.usefixtures("region")
AS_OF, NEED = date(2026, 8, 22), date(2031, 1, 1)
COUNT = 48


def candidates() -> list[dict]:
    """Sites in a row away from their node, each with a size and a word of its own."""
    return [
        {"site_id": f"s{i:02d}", "name": f"Site {i}", "lon": round(-99.0 + 0.004 * (i % 24), 4), "lat": 38.5 + 0.02 * (i // 24),
         "location_accuracy_m": 20, "area_ha": 100, "zoning_status": ("by_right", "rezoning_needed")[i % 2], "utility_id": f"u{1 + i % 2}",
         "availability": "open", "size_mw": 50 + 7 * (i * 11 % COUNT), "signed": ("yes", "no")[i % 3 == 0], "planned_on": f"20{28 + i % 5}-06-01",
         "guess_probability": round(0.1 + 0.8 * (i % 7) / 7, 3), "words": "north"}
        for i in range(COUNT)
    ]  # fmt: skip


def ends(*, lost: bool = False) -> str:
    """Outcomes: every third is energised, all by the deadline; a few withdrew or were lost."""
    rows = ["site_id,energised_on,withdrawn_on,followed_to"]
    for i in range(COUNT):
        on = AS_OF + timedelta(days=900 + 13 * i) if i % 3 == 0 else ""
        off = AS_OF + timedelta(days=200 + 9 * i) if i % 7 == 1 and not on else ""
        seen = "2029-03-01" if lost and i % 11 == 2 and not on and not off else "2032-01-01"
        rows.append(f"s{i:02d},{on},{off},{seen}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def region(make_region, tmp_path, monkeypatch, kept) -> Path:
    """A made-up region of 48 sites and its outcomes, in the working directory; measured once for all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("powerwall.ranking.backtest.backtest.measure", kept[1])
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    make_region(tmp_path, sites=candidates())
    Path("outcomes.csv").write_text(ends(), encoding="utf-8")
    return Path("tiny.toml")


def run(*arguments: str, code: int = 0):
    result = CliRunner().invoke(
        app,
        ["backtest", "tiny.toml", "--as-of", str(AS_OF), "--outcomes", "outcomes.csv", *arguments],
    )
    assert result.exit_code == code, result.output
    return result


def test_every_figure_stands_with_its_counts_and_beside_its_baselines():
    printed = run("--deadline", "2031-01-01", "--baseline", "size_mw:low", "--baseline", "signed", "--baseline", "planned_on",
                  "--baseline", "guess_probability", "--sample", "every made-up site").stdout  # fmt: skip
    for words in (
        "tiny as known on 2026-08-22: power by 2031-01-01, against outcomes.csv", "48 of 48 sites have an outcome: 16 energised by the deadline",
        "How the sample was drawn: every made-up site", "powerwall: score", "powerwall: P(on time)", "powerwall: P50 date", "distance to its node",
        "nearest high-voltage node", "size_mw:low", "signed *", "planned_on *", "base rate for all *", "same quantiles for all *", "of 10",
        "* known only afterwards", "reliability", "whole utilities (2, few", "Next: powerwall explain tiny.toml s00 --as-of 2026-08-22",
    ):  # fmt: skip
        assert words in printed, words
    line = next(line for line in printed.splitlines() if line.startswith("powerwall: score"))
    assert line.split()[2:4] == ["48", "16"]
    odds = printed[printed.index("Odds of power") :]
    assert "guess_probability *" not in odds  # odds that were given are no hindsight


def test_the_figures_are_those_of_the_ranking_of_that_day(region):
    found = backtest(pw.read(region), Path("outcomes.csv"), AS_OF, deadline=NEED)
    ranking = rank(seen := pw.read(region).with_request(as_of=AS_OF, need_by=NEED), measure(seen))
    score = ranking.frame["score"].sort_index().to_numpy()
    event = np.arange(COUNT) % 3 == 0
    won = np.mean([(a > b) + (a == b) / 2 for a in score[event] for b in score[~event]])
    assert found.order.set_index("forecast")["auc"]["score"] == pytest.approx(won, abs=1e-12)
    odds = ranking.measures["on_time_probability"]["value"].sort_index().to_numpy()
    table = found.odds.set_index("forecast")
    assert table["brier"]["P(on time)"] == pytest.approx(np.mean((odds - event) ** 2), abs=1e-12)
    assert table["brier"]["base rate for all"] == pytest.approx(1 / 3 * 2 / 3, abs=1e-12)
    months = ranking.measures["time_to_power_months"].sort_index()
    dates = found.dates.set_index("forecast").loc["P50 date"]
    real = (900 + 13 * np.arange(COUNT)[event]) / 30.4375
    inside = (months["low"][event] <= real) & (real <= months["high"][event])
    assert dates["in_range"] == pytest.approx(inside.mean())
    assert dates["n_dated"] == 16


def test_sites_lost_from_sight_are_weighed_up_for_and_counted():
    Path("outcomes.csv").write_text(ends(lost=True), encoding="utf-8")
    content = json.loads(run("--deadline", "2031-01-01", "--format", "json").stdout)
    lost = content["sample"]["lost"]
    assert lost > 0
    assert content["sample"]["cases"] == 48
    row = content["order"][0]
    assert row["n"] == 48 - lost
    base = next(row for row in content["odds"] if row["forecast"] == "base rate for all")
    # energised sites came late, when many were lost: they stand for more than themselves
    assert base["realised"] > base["events"] / 48


def test_below_ten_events_nothing_is_judged():
    rows = ends().splitlines()
    Path("outcomes.csv").write_text("\n".join(rows[:25]) + "\n", encoding="utf-8")
    result = run("--deadline", "2031-01-01")
    assert "24 of 48 sites have an outcome: 8 energised" in result.stdout
    shown = [line for line in result.stdout.splitlines() if line.startswith("powerwall: ")]
    assert shown
    assert all("too few to judge" in line and " 24 " in f"{line} " for line in shown[:4])
    assert "fewer than 10 cases" in result.stdout
    content = json.loads(run("--deadline", "2031-01-01", "--format", "json").stdout)
    assert all(row["auc"] is None and row["judged"] is False for row in content["order"])
    assert content["brier_parts"] is None


def test_a_sample_without_a_way_of_drawing_says_what_it_cannot_test():
    built = [line for line in ends().splitlines() if not line.startswith("s") or line.split(",")[1]]
    Path("outcomes.csv").write_text("\n".join(built) + "\n", encoding="utf-8")
    printed = run("--deadline", "2032-12-01").stdout
    assert "sites chosen because they were built test nothing" in printed
    assert "it cannot tell a good ranking from any other" in printed


def test_without_a_deadline_the_day_of_need_of_the_region_counts():
    assert json.loads(run("--format", "json").stdout)["powerwall"]["need_by"] == "2031-01-01"


def test_files_are_the_same_each_time_and_a_csv_gets_its_provenance_beside_it():
    names = ("b.json", "b.csv", "b.md", "b.csv.meta.json")
    outputs = [part for name in names[:3] for part in ("-o", name)]
    wrote = run(*outputs, "--k", "5", "--sample", "all").stderr
    assert "wrote b.csv" in wrote
    first = {name: Path(name).read_bytes() for name in names}
    run(*outputs, "--k", "5", "--sample", "all")
    assert all(Path(name).read_bytes() == content for name, content in first.items())
    rows = list(csv.DictReader(first["b.csv"].decode().splitlines()))
    auc = next(row for row in rows if row["figure"] == "auc" and row["forecast"] == "score")
    assert float(auc["low"]) <= float(auc["value"]) <= float(auc["high"])
    assert (auc["n"], auc["events"], auc["ours"]) == ("48", "16", "True")
    assert any(row["figure"] == "k" and row["value"] == "5" for row in rows)
    about = json.loads(first["b.csv.meta.json"])
    assert len(about["outcomes"]["sha256"]) == 64
    assert about["drawn"] == "all"
    assert {layer["use"] for layer in about["layers"]} == {"known"}
    assert "| powerwall: score | 48 | 16 |" in first["b.md"].decode()


def test_the_seed_moves_the_interval_and_not_the_figure():
    one, two = (json.loads(run("--format", "json", "--seed", seed).stdout)["order"][0] for seed in ("0", "7"))  # fmt: skip
    assert one["auc_low"] != two["auc_low"]
    assert one["auc"] == pytest.approx(two["auc"], abs=0.05)


def test_what_was_left_out_is_told_on_stderr_and_with_the_figures():
    result = CliRunner().invoke(
        app, ["backtest", "tiny.toml", "--as-of", "2026-01-01", "--outcomes", "outcomes.csv"]
    )
    assert result.exit_code == 0
    assert "warning[PW517]: layer `points_of_interconnection` is left out: its day is 2026-07-01" in result.stderr  # fmt: skip
    assert "= help: to use it all the same: --keep points_of_interconnection" in result.stderr
    assert "Left out: climate" in result.stdout
    assert "LEAKAGE, used although later: sites" in result.stdout


@pytest.mark.parametrize("width", [70, 100, 200])
def test_no_line_of_a_table_is_wider_than_the_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("--deadline", "2031-01-01").stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("Next: ")) <= width
    assert any(line.startswith("not shown at this width") for line in lines) == (width < 150)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--baseline", "size"), "no such column"),
        (("--baseline", "size_mw:up"), "`up` is no direction"),
        (("--baseline", "words"), "neither numbers, days, nor yes and no"),
        (("--keep", "nodes"), "no such layer"),
        (("--deadline", "2026-08-22"), "is not after the as-of date"),
        (("-o", "b.xlsx"), "no format `.xlsx`"),
        (("-o", "outcomes.csv"), "a table that is read"),
        (("--outcomes", "nowhere.csv"), "no file nowhere.csv"),
    ],
)
def test_what_cannot_be_done_ends_in_findings_and_nothing_is_written(arguments, words):
    before = Path("outcomes.csv").read_bytes()
    result = run(*arguments, "-o", "b.json", code=2)
    assert words in result.stderr
    assert not result.stdout
    assert not Path("b.json").exists()
    assert Path("outcomes.csv").read_bytes() == before


def test_bad_rows_of_the_outcomes_are_told_at_their_place():
    text = ends().replace("s03,", "s99,").replace("s01,,", "s01,2020-01-01,")
    Path("outcomes.csv").write_text(text, encoding="utf-8")
    result = run(code=2)
    assert "error[PW409]" in result.stderr
    assert "--> outcomes.csv:5:1" in result.stderr
    assert "error[PW518]: s01: energised_on = 2020-01-01" in result.stderr
    assert "--> outcomes.csv:3:5" in result.stderr


def test_every_bad_row_of_the_outcomes_is_told_at_once():
    lines = ends().splitlines()
    bad = ["s99,,,2032-01-01", "s02,,,2032-01-01", "s03,2029-13,,2032-01-01", "s04,2020-01-01,,"]
    Path("outcomes.csv").write_text("\n".join([*lines[:4], *bad]) + "\n", encoding="utf-8")
    told = run(code=2).stderr
    for words in (
        "error[PW409]: the region has no site `s99`", "--> outcomes.csv:5:1", "error[PW404]: `site_id` = s02 stands twice, first in line 4",
        "--> outcomes.csv:6:1", "error[PW408]: energised_on", "--> outcomes.csv:7:5", "error[PW518]: s04: energised_on = 2020-01-01",
        "--> outcomes.csv:8:5", "4 errors",
    ):  # fmt: skip
        assert words in told, words


@pytest.mark.parametrize("width", [60, 110, 200])
def test_too_few_to_judge_stands_in_every_row_at_any_width(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    Path("outcomes.csv").write_text("\n".join(ends().splitlines()[:25]) + "\n", encoding="utf-8")
    printed = run("--deadline", "2031-01-01").stdout
    dates = printed[printed.index("Dates, over the sites") :].split("\n\n")[0].splitlines()
    rows = [line for line in dates if " 8 " in line]
    assert rows
    assert all("too few to judge" in line for line in rows)
    assert ("pairs" in dates[1]) == (width == 200)


def test_sites_followed_too_short_are_told_and_nothing_is_judged():
    Path("outcomes.csv").write_text("site_id,energised_on,withdrawn_on,followed_to\ns00,,,2027-01-01\ns01,,,2027-02-01\n", encoding="utf-8")  # fmt: skip
    printed = run().stdout
    assert "0 energised by the deadline, 0 withdrawn, 0 still waiting, 2 lost from sight before it" in printed  # fmt: skip
    assert "No site was followed to the deadline" in printed
    assert "too few to judge" in printed
