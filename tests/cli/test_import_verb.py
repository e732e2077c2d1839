"""`powerwall import`: the layer is written whole or not at all, and the licence is named."""

from __future__ import annotations

import csv
import hashlib
import tomllib

import pytest
from conftest import write_csv
from typer.testing import CliRunner

from powerwall.cli import app

ROW = {"moratorium_id": "ks-one-2026", "jurisdiction": "One", "jurisdiction_type": "County", "state_abbrev": "KS", "date_enacted": "2026-03-01",
       "date_enacted_iso": "2026-03-01", "date_enacted_uncertainty": "exact", "duration": "12 months", "duration_days": "365",
       "duration_kind": "fixed_days", "enacted_status": "active", "current_status": "Active as of 2026-04-29", "sectors": '["data_center"]'}  # fmt: skip


def run(*arguments: object, code: int = 0):
    result = CliRunner().invoke(app, ["import", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def test_an_inventory_becomes_a_layer_and_the_licence_is_named(tmp_path):
    source, target = (
        write_csv(tmp_path / "in.csv", [ROW, {**ROW, "moratorium_id": "b", "sectors": "[]"}]),
        tmp_path / "policy.csv",
    )
    result = run("moratoria", source, "-o", target)
    block = tomllib.loads(result.stdout)["layers"]["policy"]
    assert block["licenses"] == ["CC-BY-4.0"]
    assert block["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    for words in (
        "policy.csv: 1 rows",
        "left out 1: not about data centres",
        "M. J. Bommarito",
        "CC BY 4.0",
    ):
        assert words in result.stderr.replace("\n", " ")
    with target.open(encoding="utf-8") as file:
        assert [row["policy_id"] for row in csv.DictReader(file)] == ["ks-one-2026"]
    before = target.read_bytes()
    run("moratoria", source, "-o", target)
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fights", "in.csv", "-o", "out.csv"], "is none of hifld-lines"),
        (["moratoria", "in.csv", "-o", "out.csv", "--layer", "noise_rules"], "none of policy"),
        (["moratoria", "missing.csv", "-o", "out.csv"], "error[PW201]"),
        (["moratoria", "in.csv", "-o", "out.xlsx"], "error[PW601]"),
        (["moratoria", "in.csv", "-o", "in.csv"], "error[PW601]"),
        (["moratoria", "in.csv", "-o", "nowhere/out.csv"], "error[PW601]"),
        (["ordinances", "in.csv", "-o", "out.csv"], "error[PW203]"),
        (["moratoria", "twice.csv", "-o", "out.csv"], "error[PW404]"),
        (["moratoria", "heads.csv", "-o", "out.csv"], "error[PW204]"),
        (["ordinances", "rules.csv", "-o", "out.csv"], "error[PW204]"),
        (["moratoria", "semicolons.csv", "-o", "out.csv"], "error[PW205]"),
        (["moratoria", "in.csv", "-o", "out.csv", "--region", "nowhere.toml"], "error[PW101]"),
        (["moratoria", "in.csv", "-o", "out.csv", "--as-of", "soon"], "is not a date"),
    ],
)
def test_what_cannot_be_done_exits_two_and_leaves_nothing_behind(
    tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "in.csv", [ROW])
    write_csv(tmp_path / "twice.csv", [ROW, ROW])
    (tmp_path / "heads.csv").write_text(",".join(ROW) + "\n", encoding="utf-8")
    (tmp_path / "rules.csv").write_text("FIPS,Feature Type,Value Type,Value\n", encoding="utf-8")
    (tmp_path / "semicolons.csv").write_text("moratorium_id;jurisdiction\na;b\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run(*arguments, code=2)
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_all_places_of_a_finding_are_shown_when_asked_for(tmp_path):
    rows = [{**ROW, "moratorium_id": f"r{n}", "jurisdiction": f"P{n}", "duration": "a while", "duration_days": ""} for n in range(5)]  # fmt: skip
    source, target = write_csv(tmp_path / "in.csv", rows), tmp_path / "policy.csv"
    assert "--all shows them" in run("moratoria", source, "-o", target).stderr
    every = run("moratoria", source, "-o", target, "--all").stderr
    assert every.count("warning[PW507]") == 5
    assert "in.csv:6:" in every


def test_a_mark_of_byte_order_is_named_and_skipped(tmp_path):
    path = write_csv(tmp_path / "in.csv", [ROW])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "PW206" in run("moratoria", path, "-o", tmp_path / "policy.csv").stderr
