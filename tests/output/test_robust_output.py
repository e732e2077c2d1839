"""What the draws add to tables, files and `explain`: words, columns, widths, options."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.output.robust import flip_line, out_words, ranks, ranks_words, share
from powerwall.output.table import print_ranking
from powerwall.output.texts import csv_text, json_text

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = "regions/example.toml"
DRAWN = ["held", "rank_low", "rank_high", "rank_mean", "p_out"]


@pytest.fixture(autouse=True)
def _in_repository(monkeypatch, computed_once):
    del computed_once
    monkeypatch.chdir(REPOSITORY)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def plain(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def ranking(plain):
    return plain.with_draws(400)


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result


def printed(ranking, width=200):
    to = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_ranking(ranking, to)
    return to.file.getvalue()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 %"), (1e-6, "<1 %"), (0.0099, "<1 %"), (0.01, "1 %"), (0.314, "31 %"), (0.5, "50 %"), (0.985, "98 %"), (0.99, "99 %"),
        (0.991, ">99 %"), (0.99999, ">99 %"), (1.0, "100 %"), (math.nan, "?"),
    ],
)  # fmt: skip
def test_a_share_has_no_more_digits_than_the_draws_carry(value, words):
    assert share(value) == words


@pytest.mark.parametrize(
    ("low", "high", "cell", "words"),
    [(1.0, 4.0, "1–4", "rank 1–4 in 90 %"), (2.0, 2.0, "2", "rank 2 in 90 %"), (math.nan, math.nan, "–", "never in")],
)  # fmt: skip
def test_ranks_are_an_interval_one_number_or_a_dash(low, high, cell, words):
    row = {"rank_low": low, "rank_high": high}
    assert ranks(row) == cell
    assert words in ranks_words(row)


def test_the_table_has_the_columns_of_the_draws_and_says_what_they_are(ranking, plain):
    lines = printed(ranking).splitlines()
    head = lines[1].split()
    assert head[head.index("score") + 1 :][:3] == ["held", "ranks", "out"]
    text = "\n".join(lines)
    assert "held: share of 400 draws of weights and measures in which it is among the first 3" in text  # fmt: skip
    sites = ranking.robustness.sites
    for line, (_, row) in zip(lines[3:], sites.iterrows(), strict=False):
        assert f"{share(row['held'])} " in line
        assert f" {ranks(row)} " in line
        assert f" {out_words(row)} " in line
    first = re.search(r"first in 400 draws: (.*)", text)
    assert first
    assert share(sites["first"].max()) in first[1]
    bare = printed(plain)
    assert "held" not in bare
    assert "draws:" not in bare
    assert flip_line(plain) in bare


def test_out_is_left_away_where_no_site_can_be_out(tiny, tiny_measures):
    text = printed(pw.rank(tiny, tiny_measures).with_draws(50))
    head = text.splitlines()[1].split()
    assert "held" in head
    assert "out" not in head


def test_the_csv_has_the_draws_after_the_reasons(ranking, plain):
    rows = list(csv.DictReader(io.StringIO(csv_text(ranking))))
    columns = list(rows[0])
    assert columns[columns.index("reasons") + 1 :][:5] == DRAWN
    for row in rows:
        if row["status"] != "ranked":
            assert [row[name] for name in DRAWN] == [""] * 5
            continue
        site = ranking.robustness.sites.loc[row["site_id"]]
        for name in DRAWN:
            if math.isnan(site[name]):
                assert row[name] == ""
            else:
                assert float(row[name]) == pytest.approx(site[name], abs=1e-6)
    bare = list(csv.DictReader(io.StringIO(csv_text(plain))))
    assert not set(DRAWN) & set(bare[0])
    assert [{k: v for k, v in row.items() if k not in DRAWN} for row in rows] == bare


def test_the_json_has_what_the_draws_say(ranking, plain):
    found = json.loads(json_text(ranking))
    made, robust = found["powerwall"]["robustness"], ranking.robustness
    assert (made["draws"], made["seed"], made["top_k"], made["concentration"]) == (400, 0, 3, 50)
    assert made["entropy_bits"] == pytest.approx(robust.entropy_bits, abs=1e-6)
    assert [flip["name"] for flip in made["flips"]] == [flip.name for flip in robust.flips]
    assert [(ask["criterion"], tuple(ask["sites"])) for ask in made["asks"]] == [(ask.criterion, ask.sites) for ask in robust.asks]  # fmt: skip
    assert made["open_without_effect"] == robust.idle
    for record in found["sites"]:
        if record["status"] != "ranked":
            assert "robustness" not in record
            continue
        site, row = record["robustness"], robust.sites.loc[record["site_id"]]
        assert site["held"] == pytest.approx(row["held"], abs=1e-6)
        assert (site["p_out"] is None) == math.isnan(row["p_out"])
        inside = sum(site["rank_share"].values())
        assert inside == pytest.approx(robust.rank_share.loc[record["site_id"]].sum(), abs=1e-6)
        if site["p_out"] is not None:
            assert inside == pytest.approx(1 - site["p_out"], abs=1e-6)
    assert "NaN" not in json_text(ranking)
    assert "robustness" not in json.loads(json_text(plain))["powerwall"]


def test_two_runs_write_the_same_bytes(make_region, tmp_path):
    path = str(make_region(tmp_path))
    arguments = ("score", path, "--draws", "60", "-q", "--no-color")
    for n in (1, 2):
        files = [f"--output={tmp_path / f'{n}.{suffix}'}" for suffix in ("csv", "json", "geojson", "md")]  # fmt: skip
        (tmp_path / f"{n}.txt").write_text(run(*arguments, *files).stdout)
    for suffix in ("csv", "json", "geojson", "md", "txt"):
        one, other = ((tmp_path / f"{n}.{suffix}").read_bytes() for n in (1, 2))
        assert one == other
        assert one


def test_options_of_the_draws_reach_them(make_region, tmp_path):
    options = ("--draws", "60", "--seed", "7", "--top-k", "2", "--concentration", "12.5")
    text = run("score", str(make_region(tmp_path)), *options, "-q", "--format", "json").stdout
    robust = json.loads(text)["powerwall"]["robustness"]
    assert (robust["draws"], robust["seed"], robust["top_k"], robust["concentration"]) == (60, 7, 2, 12.5)  # fmt: skip


def test_no_draws_is_the_plain_table(make_region, tmp_path):
    path = str(make_region(tmp_path))
    bare = run("score", path, "-q", "--no-color").stdout
    assert run("score", path, "--draws", "0", "-q", "--no-color").stdout == bare
    assert "held" not in bare


def test_explain_tells_how_firm_a_place_is(ranking):
    site = ranking.robustness.sites.index[0]
    text = " ".join(run("explain", EXAMPLE, site, "--draws", "400", "-q", "--no-color").stdout.split())  # fmt: skip
    row = ranking.robustness.sites.loc[site]
    assert "how firm its place is (400 draws of weights and measures, concentration 50, seed 0)" in text  # fmt: skip
    assert f"among the first 3 in {share(row['held'])} of the draws, first in {share(row['first'])}" in text  # fmt: skip
    assert f"out of the requirements in {share(row['p_out'])} of the draws" in text
    assert flip_line(ranking) in text
    assert "worth finding out" in text


def test_explain_without_draws_says_nothing_of_them(make_region, tmp_path):
    path = str(make_region(tmp_path))
    assert "how firm" not in run("explain", path, "a", "--draws", "0", "-q", "--no-color").stdout
    assert "how firm" in run("explain", path, "a", "--draws", "9", "-q", "--no-color").stdout


def test_explain_of_a_site_without_a_rank_has_no_draws_in_its_record(make_region, tmp_path):
    path = str(make_region(tmp_path))
    record = json.loads(run("explain", path, "c", "--draws", "9", "-q", "--format", "json").stdout)
    assert "robustness" not in record


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_is_kept_to(ranking, width):
    lines = printed(ranking, width).splitlines()
    assert max(len(line) for line in lines) <= width
    assert any(line.split()[:5] == ["#", "site", "score", "held", "ranks"] for line in lines)


def asked(ranking, width):
    """Rows of the ask table with its head, and what it says of columns left away."""
    lines = printed(ranking, width).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("worth finding out"))
    end = next(n for n, line in enumerate(lines) if line.startswith("changes: share"))
    return lines[start], lines[start + 2 : end]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_ask_table_cuts_no_name(ranking, width):
    body = " ".join(asked(ranking, width)[1])
    for ask in ranking.robustness.asks[:5]:
        assert f"{ask.criterion} of" in body
        assert all(site in body for site in ask.sites[:2])
        assert ask.challenger in body


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_ask_table_names_the_columns_that_it_leaves_away(ranking, width):
    head, body = asked(ranking, width)
    left = " ".join(body).partition("not shown at this width:")[2]
    for column in ("today", "row", "changes", "points", "beyond", "then leads"):
        assert re.search(rf"\b{column}\b", head) or re.search(rf"\b{column}\b", left), column


@pytest.mark.parametrize(
    "options",
    [
        ("--draws", "-1"), ("--draws", "x"), ("--draws", "2.5"), ("--draws", "5", "--top-k", "0"), ("--draws", "5", "--concentration", "0"),
        ("--draws", "5", "--concentration", "-2"), ("--draws", "5", "--concentration", "nan"), ("--draws", "5", "--seed", "-1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", [("score", EXAMPLE), ("explain", EXAMPLE, "ex-alder-north")])
def test_bad_options_end_in_exit_2_and_name_the_option(verb, options):
    result = run(*verb, *options, code=2)
    assert options[-2] in result.stderr
    assert result.stdout == ""


def test_a_region_in_which_no_site_can_be_ranked_is_drawn_all_the_same(make_region, tmp_path):
    path = make_region(tmp_path, toml={"require": {"power_success_probability": {"min": 1.0}}})
    text = run("score", str(path), "--draws", "20", "-q", "--no-color").stdout
    assert "no site can be ranked" in text


def test_one_ranked_site_has_no_questions(make_region, tmp_path):
    path = make_region(tmp_path, toml={"require": {"area_ha": {"min": 90}}})
    text = run("score", str(path), "--draws", "20", "-q", "--no-color").stdout
    assert "100 %" in text
    assert "worth finding out" not in text
    assert "another leader" not in text
    assert "no single weight" not in text


@pytest.mark.parametrize("option", [("--top-k", "5"), ("--concentration", "20")])
@pytest.mark.parametrize(
    "verb", [("score", EXAMPLE), ("explain", EXAMPLE, "ex-alder-north", "--draws", "0")]
)
def test_what_is_asked_of_draws_without_any_is_refused(verb, option):
    result = run(*verb, *option, code=2)
    assert "nothing is drawn: give --draws" in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_committed_ranking_with_draws_is_checked_with_the_same_draws(make_region, tmp_path):
    path = make_region(tmp_path)
    committed = path.with_suffix("") / "ranking.csv"
    committed.parent.mkdir(exist_ok=True)
    run("score", str(path), "--draws", "60", "-o", str(committed), "-q")
    assert "held" in committed.read_text(encoding="utf-8").partition("\n")[0].split(",")
    run("score", str(path), "--check", "--draws", "60")
    assert "PW602" in run("score", str(path), "--check", code=1).stderr
    run("score", str(path), "-o", str(committed), "-q")
    stale = run("score", str(path), "--check", "--draws", "60", code=1).stderr
    assert "--draws 60 -o" in " ".join(stale.split())


def test_json_says_how_often_each_of_the_first_beats_each_other(ranking):
    content = json.loads(run("score", EXAMPLE, "--draws", "400", "--format", "json", "-q").stdout)
    wins, order = content["powerwall"]["robustness"]["wins"], list(ranking.robustness.wins.index)
    assert list(wins) == order
    for a in order:
        assert a not in wins[a]
        assert all(0 <= wins[a][b] <= 1 - wins[b][a] + 1e-9 for b in order if b != a)
