"""`powerwall check`: formats of stdout and of files, and the exit code in each of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from typer.testing import CliRunner

from powerwall.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
QUICK, OTHERS = ("table", "github"), ("json", "md", "sarif", "junit")
FORMATS = (*QUICK, *(pytest.param(form, marks=pytest.mark.slow) for form in OTHERS))
FILES = {"json": "out.json", "md": "out.md", "sarif": "out.sarif", "junit": "out.xml"}
TODAY = ("--today", "2026-09-15")


@pytest.fixture
def here(make_region, tmp_path, monkeypatch) -> Path:
    """A made-up region, and the working directory beside it."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    make_region(tmp_path)
    return tmp_path


def run(*arguments: object, code: int = 0):
    result = CliRunner().invoke(app, ["check", *map(str, arguments), *TODAY])
    assert result.exit_code == code, result.output
    return result


def process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    return subprocess.run(
        [sys.executable, "-m", "powerwall", *arguments],
        cwd=cwd,
        env=kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"},
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


# ------------------------------------------------------------------------------- exit codes
@pytest.mark.parametrize("form", FORMATS)
def test_a_missing_region_file_exits_two_and_is_named_in_every_format(form, tmp_path):
    done = process("check", "nowhere.toml", "--format", form, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == ""
    assert "no region file nowhere.toml" in done.stdout
    if form == "github":
        first, *_ = done.stdout.splitlines()
        assert first.startswith("::error file=nowhere.toml,title=PW101 unreadable region file::no region file")  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_an_error_exits_one_in_every_format(form, here):
    path = here / "tiny.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("mw = 300", "mw = -300"), encoding="utf-8")  # fmt: skip
    done = process("check", "tiny.toml", "--format", form, cwd=here)
    assert done.returncode == 1
    assert "greater than 0" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("form", FORMATS)
def test_a_warning_exits_zero_and_with_strict_one_in_every_format(form, here, make_region):
    make_region(here, toml={"layers": {"policy": {"fresh_days": 1}}})
    told = "layer `policy` is 76 days old, fresh for 1"
    assert told in run("tiny.toml", "--format", form).stdout
    assert told in run("tiny.toml", "--format", form, "--strict", code=1).stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", FORMATS)
def test_the_day_of_today_decides_freshness_in_every_format(form):
    later = CliRunner().invoke(app, ["check", "tiny.toml", "--format", form, "--today", "2046-01-01"])  # fmt: skip
    assert later.exit_code == 0
    assert "days old, fresh for 3650" in later.stdout
    assert "days old" not in run("tiny.toml", "--format", form).stdout


@pytest.mark.usefixtures("here")
def test_the_worst_of_several_regions_decides_and_all_are_reported():
    result = run("tiny.toml", "nowhere.toml", "--format", "junit", code=2)
    suites = {suite.get("name"): suite.get("failures") for suite in ET.fromstring(result.stdout)}
    assert suites == {"tiny.toml": "0", "nowhere.toml": "1"}


def test_a_file_that_is_not_the_declared_one_is_an_error_at_its_checksum(here, make_region):
    make_region(here, toml={"layers": {"policy": {"sha256": "0" * 64}}})
    lines = (here / "tiny.toml").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, start=1) if "sha256" in text)
    result = run("tiny.toml", "--format", "github", code=1)
    assert re.match(rf"::error file=tiny\.toml,line={line},col=\d+,title=PW210 checksum differs::", result.stdout)  # fmt: skip


# ------------------------------------------------------------------------------------ files
def test_files_hold_what_stdout_shows_and_are_written_when_the_check_fails_too(here, make_region):
    make_region(here, toml={"layers": {"policy": {"sha256": "0" * 64}}})
    result = run("tiny.toml", *[part for name in FILES.values() for part in ("-o", name)], code=1)
    assert result.stdout.endswith("tiny.toml: 1 error\n") or "1 error" in result.stdout
    assert result.stderr.splitlines() == [f"wrote {name}" for name in FILES.values()]
    for form, name in FILES.items():
        assert run("tiny.toml", "--format", form, code=1).stdout == Path(name).read_text(encoding="utf-8")  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "out.csv"], "no format `.csv`"),
        (["-o", "no/out.json"], "no folder no"),
        (["-o", "tiny/tariffs.json"], "is a file that tiny.toml reads"),
        (["--format", "html"], "none of table, json, md, github, sarif, junit"),
    ],
)
def test_what_cannot_be_written_exits_two_before_anything_is_checked(arguments, words):
    result = run("tiny.toml", *arguments, code=2)
    assert words in result.stderr
    assert result.stdout == ""


def test_sarif_of_a_bundled_region_fits_the_schema(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    schema = json.loads((REPOSITORY / "tests/fixtures/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))  # fmt: skip
    content = json.loads(run("regions/example.toml", "--format", "sarif").stdout)
    jsonschema.validate(content, schema, jsonschema.Draft4Validator)
    for result in content["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert (REPOSITORY / place["uri"]).is_file()


def test_places_are_relative_to_the_repository_from_a_folder_below_it(here, make_region, monkeypatch):  # fmt: skip
    (here / ".git").mkdir()
    make_region(here / "data", toml={"layers": {"policy": {"sha256": "0" * 64}}})
    monkeypatch.chdir(here / "data")
    assert run("tiny.toml", "--format", "github", code=1).stdout.startswith("::error file=data/tiny.toml,")  # fmt: skip
