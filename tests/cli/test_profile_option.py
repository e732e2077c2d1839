"""`--profile`: ranked by other weights, and who would rank a site differently."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from powerwall.cli import app

SITES = [
    {"site_id": "a", "name": "Ash", "lon": -99.0, "lat": 38.5, "location_accuracy_m": 20, "area_ha": 100, "zoning_status": "by_right",
     "utility_id": "u1", "availability": "open"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def wide(monkeypatch, computed_once):
    """A terminal on which nothing has to be left out, unless a test asks for another."""
    del computed_once
    monkeypatch.setenv("COLUMNS", "160")


def run(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result


def test_the_caption_says_whose_weights_they_are(regions):
    out = run("score", str(regions / "example.toml"), "--profile", "county").stdout
    assert (
        "weights (profile county, assumed): cost 14 %, noise 29 %, policy 21 %, power 7 %, water 29 %"
        in out
    )


def test_the_files_say_by_which_profile_they_were_ranked(regions):
    path = str(regions / "example.toml")
    by = json.loads(run("score", path, "--profile", "utility", "--format", "json").stdout)
    plain = json.loads(run("score", path, "--format", "json").stdout)
    assert by["powerwall"]["profile"] == "profile utility, assumed"
    assert plain["powerwall"]["profile"] == ""


def test_an_unknown_profile_exits_two(regions):
    result = run("score", str(regions / "example.toml"), "--profile", "mayor", code=2)
    assert "error[PW105]: no profile `mayor`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("verb", [["score"], ["score", "--profile", "county"], ["explain"]])
def test_a_fault_in_a_profile_of_the_file_exits_two_before_anything_is_printed(
    make_region, tmp_path, verb
):
    path = str(make_region(tmp_path, toml={"profiles": {"mine": {"powr": 1}}}))
    result = run(verb[0], path, *(["a"] if verb[0] == "explain" else []), *verb[1:], code=2)
    assert "error[PW105]: weights name the unknown subject `powr`" in result.stderr
    assert "did you mean `power`?" in result.stderr
    assert result.stdout == ""


def test_a_profile_of_the_file_is_named_with_the_file(make_region, tmp_path):
    path = str(make_region(tmp_path, toml={"profiles": {"mine": {"power": 3, "noise": 1}}}))
    out = run("score", path, "--profile", "mine").stdout
    assert "weights (profile mine, declared in tiny.toml): noise 25 %, power 75 %;" in out


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("form", ["table", "json", "md"])
def test_a_criterion_that_a_profile_leaves_out_is_named_in_every_answer(regions, form):
    result = run("score", str(regions / "example.toml"), "--profile", "ratepayer", "--format", form)
    words = "profile ratepayer, assumed, without goodwill_usd_per_mw"
    assert words in result.stdout
    assert "warning[PW105]: profile ratepayer weighs `goodwill_usd_per_mw`" in result.stderr  # fmt: skip


def test_a_csv_has_the_profile_in_its_provenance(regions, tmp_path):
    target = tmp_path / "by.csv"
    run("score", str(regions / "example.toml"), "--profile", "county", "-w", "cost=0", "-o", str(target))  # fmt: skip
    about = json.loads((tmp_path / "by.csv.meta.json").read_text(encoding="utf-8"))
    assert about["profile"] == "profile county, assumed, other points for cost"


@pytest.mark.usefixtures("unmeasured")
def test_explain_names_the_profile_in_use_and_what_any_leaves_out(regions):
    out = run("explain", str(regions / "example.toml"), "ex-hazel-farm", "--profile", "county").stdout  # fmt: skip
    assert "\nweights: profile county, assumed\n" in out
    assert "profile ratepayer leaves out goodwill_usd_per_mw" in out


def test_a_site_that_is_out_is_out_under_all_weights(regions):
    out = run("explain", str(regions / "example.toml"), "ex-cedar-flats").stdout
    rows = [line for line in out.splitlines() if line.startswith(("the region's own", "profile ")) and "(ex-" in line]  # fmt: skip
    assert len(rows) >= 4
    assert all("  out  " in row for row in rows)


@pytest.mark.parametrize("width", ["60", "120"])
def test_explain_says_who_would_rank_the_site_differently(regions, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    out = run("explain", str(regions / "example.toml"), "ex-hazel-farm").stdout
    section = out.partition("under other weights")[2]
    for words in ("the region's own", "profile county", "profile ratepayer"):
        assert words in section.replace("\n", " ")


def test_score_names_who_would_rank_it_differently(regions):
    out = run("score", str(regions / "example.toml")).stdout
    assert "who would rank it differently: " in out
    assert (
        "who would rank it differently"
        not in run("score", str(regions / "example.toml"), "--format", "csv").stdout
    )


@pytest.mark.parametrize("width", [80, 100, 200, 400])
def test_who_would_rank_it_differently_is_one_line_with_the_largest_shift_first(
    regions, monkeypatch, width
):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("score", str(regions / "example.toml")).stdout.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith("who would rank it differently")]
    assert len(lines[at]) <= width
    assert lines[at + 1] == ""
    shifts = [abs(int(a) - int(b)) for a, b in re.findall(r"at (\d+) \(here (\d+)\)", lines[at])]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[0] > 0
    assert lines[at].endswith("…") == (width < 200)


def test_one_ranked_site_leaves_nobody_to_differ(make_region, tmp_path):
    path = make_region(tmp_path, sites=[dict(SITES[0])])
    assert "differently" not in run("score", str(path)).stdout
