"""`--profile`: ranked by other weights, and who would rank a site differently."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from powerwall.cli import app


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
