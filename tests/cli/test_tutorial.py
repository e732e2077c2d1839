"""The tutorial's own county: its commands run on the real files, and print what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from powerwall.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "data"
PAGE = REPOSITORY / "docs" / "tutorial.md"


def section(text):
    return text.split("## 6. Your own county")[1].split("\n## ")[0]


def commands(block):
    return [shlex.split(line)[1:] for line in block.replace("\\\n", " ").splitlines() if line.startswith("powerwall")]  # fmt: skip


@pytest.fixture
def downloads(tmp_path):
    """A folder of links to the files that the page names, and to the parts of the shapefile."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    named = {path.rstrip("@,") for path in re.findall(r"downloads/([^\s@,]+)", section(PAGE.read_text(encoding="utf-8")))}  # fmt: skip
    named |= {Path(name).stem + suffix for name in named if name.endswith(".shp") for suffix in (".dbf", ".shx")}  # fmt: skip
    found = {path.name: path for path in SHARED.rglob("*") if path.is_file()}
    for name in named:
        (folder / name).symlink_to(found[name])
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real files of ../shared are not there")
def test_the_commands_of_the_own_county_run_and_print_what_the_page_shows(downloads, monkeypatch):
    monkeypatch.chdir(downloads.parent)
    monkeypatch.setenv("COLUMNS", "120")
    ran, shown, printed = 0, 0, ""
    for kind, block in re.findall(r"^```(sh|text)\n(.*?)^```", section(PAGE.read_text(encoding="utf-8")), re.DOTALL | re.MULTILINE):  # fmt: skip
        if kind == "text":
            for line in block.splitlines():
                assert line in printed, line
                shown += 1
            continue
        for command in commands(block):
            result = CliRunner().invoke(app, command)
            assert result.exit_code == 0, f"{command}: {result.output}"
            printed += result.output
            ran += 1
    assert ran >= 7
    assert shown >= 8
    assert (downloads.parent / "report.html").stat().st_size < 3_000_000
