"""`powerwall compare`: files, dates, revisions and committed rankings; gates, streams and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pandas as pd
import pytest
from conftest import SITES
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.region.revision import source_of

FORBIDDEN = re.compile(
    r"\b(safe|compliant|guaranteed|friendly|hostile|recommended|should|NIMBY)\b", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, computed_once: None) -> None:
    del computed_once
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here(make_region, tmp_path, monkeypatch) -> Path:
    """Two made-up regions that differ in one limit, and the working directory beside them."""
    monkeypatch.chdir(tmp_path)
    make_region(tmp_path)
    make_region(tmp_path / "new", toml={"require": {"area_ha": {"min": 70}}})
    return tmp_path


@pytest.fixture
def repository(make_region, tmp_path, monkeypatch) -> Path:
    """A git repository with one revision, `v1`, of a made-up region in the folder `regions`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "regions").mkdir()
    make_region(tmp_path / "regions", policy=[pause("2027-06-01")])
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "tag", "v1")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    program = shutil.which("git")
    if program is None:
        pytest.skip("git is not installed")
    who = ["-c", "user.name=Made Up", "-c", "user.email=made@up.invalid", "-c", "commit.gpgsign=false"]  # fmt: skip
    subprocess.run([program, *who, *words], cwd=folder, check=True, capture_output=True)


def pause(until: str) -> dict[str, str]:
    """A moratorium of the made-up county."""
    return {"policy_id": "one-pause", "jurisdiction_id": "us-ks-one", "kind": "moratorium", "policy_status": "active",
            "effect": "blocks", "action_date": "2026-01-01", "effective_from": "2026-01-01", "effective_to": until}  # fmt: skip


def blocked(folder: Path, make_region, until: str, **more: object) -> Path:
    return make_region(folder, toml={"require": {"moratorium": {"is": False}}, **more}, policy=[pause(until)])  # fmt: skip


def run(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


# --------------------------------------------------------------------------------- two files
@pytest.mark.usefixtures("here")
def test_two_files_show_the_site_the_limit_and_the_next_command():
    text = run("tiny.toml", "new/tiny.toml").stdout
    lines = text.splitlines()
    assert lines[0] == "Tiny (SYNTHETIC): tiny.toml → new/tiny.toml"
    assert lines[1].startswith("sites: 1 changed status")
    (row,) = [line for line in lines if line.startswith("b ") and "→ out" in line]
    assert "require.area_ha – → {min = 70}" in row
    assert lines[-1] == "Next: powerwall explain new/tiny.toml b"
    assert not FORBIDDEN.search(text)


@pytest.mark.usefixtures("here")
def test_nothing_that_moved_is_one_line():
    result = run("tiny.toml", "tiny.toml", "--quiet")
    assert result.stdout == "nothing moved: tiny.toml → tiny.toml\n"
    assert result.stderr == ""


@pytest.mark.slow
def test_a_difference_that_moves_nothing_is_named_in_that_line(here, make_region):
    make_region(here / "other", toml={"layers": {"policy": {"fresh_days": 3000}}})
    text = run("tiny.toml", "other/tiny.toml").stdout
    assert text == (
        "nothing moved: tiny.toml → other/tiny.toml; layer policy differs and moved no score, rank or status\n"
    )  # fmt: skip


@pytest.mark.usefixtures("here")
def test_a_narrow_terminal_drops_whole_columns_and_says_which(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = run("tiny.toml", "new/tiny.toml").stdout
    assert "not shown at this width: name" in text
    assert "require.area_ha" in text


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_options_of_the_request_hold_on_both_sides():
    content = json.loads(run("tiny.toml", "new/tiny.toml", "--mw", "100", "--need-by", "2032-01", "--format", "json").stdout)  # fmt: skip
    assert [item["name"] for item in content["ingredients"]] == ["area_ha"]


# --------------------------------------------------------------------------------- two dates
def test_one_file_at_two_dates_names_the_window_that_ended(tmp_path, make_region, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocked(tmp_path, make_region, "2027-01-31")
    text = run("tiny.toml", "--base-as-of", "2026-08-22", "--as-of", "2027-02-15", code=0).stdout
    assert "tiny.toml as of 2026-08-22 → tiny.toml as of 2027-02-15" in text
    (row,) = [line for line in text.splitlines() if line.startswith("a ") and "out → " in line]
    assert "policy one-pause: its window ended 2027-01-31 (tiny/policy.csv:2)" in row
    assert text.splitlines()[-1].endswith(" --as-of 2027-02-15")


@pytest.mark.slow
def test_the_day_before_a_window_ends_it_still_blocks(tmp_path, make_region, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocked(tmp_path, make_region, "2027-01-31")
    text = run("tiny.toml", "--as-of", "2027-01-30").stdout
    assert "out → " not in text
    assert "its window ended" not in text


def test_the_bundled_case_frees_the_site_whose_pause_ended(regions):
    file = regions / "central-ohio.toml"
    content = json.loads(run(str(file), "--base-as-of", "2026-08-22", "--as-of", "2027-02-15", "--format", "json").stdout)  # fmt: skip
    (site,) = [site for site in content["sites"] if site["site_id"] == "oh-sunbury-park"]
    assert (site["status_base"], site["status_head"]) == ("out", "ranked")
    assert site["why"].startswith("policy oh-sunbury: its window ended 2027-01-31 (")
    assert {"policy", "oh-sunbury"} <= {row[key] for row in content["rows"] for key in ("layer", "row")}  # fmt: skip


# --------------------------------------------------------------------------------- revisions
@pytest.mark.parametrize("base", ["regions/tiny.toml", "tiny", "regions/tiny.toml@v1", "v1:regions/tiny.toml", "tiny@HEAD"])  # fmt: skip
def test_a_file_is_compared_with_its_revision(base, repository, make_region):
    make_region(repository / "regions", policy=[pause("2026-06-01")])
    content = json.loads(run(base, "--format", "json").stdout)
    assert content["head"] == "regions/tiny.toml"
    assert [item["what"] for item in content["ingredients"]] == ["1 row changed"]
    (cell,) = content["rows"]
    assert (cell["row"], cell["old"], cell["new"]) == ("one-pause", "2027-06-01", "2026-06-01")
    assert (cell["file"], cell["line"]) == ("regions/tiny/policy.csv", 2)


@pytest.mark.slow
def test_an_unchanged_file_beside_its_revision_moved_nothing(repository):
    del repository
    assert run("regions/tiny.toml").stdout.startswith("nothing moved: regions/tiny.toml@HEAD → ")


@pytest.mark.slow
def test_a_row_that_only_a_revision_has_is_placed_in_that_revision(repository, make_region):
    make_region(repository / "regions", policy=[{**pause("2027-06-01"), "policy_id": "other"}])
    content = json.loads(run("tiny@v1", "tiny", "--format", "json").stdout)
    places = {row["row"]: row["file"] for row in content["rows"]}
    assert places == {"one-pause": "v1:regions/tiny/policy.csv", "other": "regions/tiny/policy.csv"}
    assert "powerwall-" not in json.dumps(content)


@pytest.mark.slow
def test_a_revision_reads_no_file_of_the_working_tree(repository):
    shutil.rmtree(repository / "regions")
    assert "nothing moved" in run("regions/tiny.toml@v1", "regions/tiny.toml@HEAD").stdout


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("regions/tiny.toml@nowhere", "no revision `nowhere`"),
        ("regions/tiny.toml@--help", "no revision `--help`"),
        ("regions/else.toml@v1", "regions/else.toml is not in revision v1"),
    ],
)
def test_a_revision_that_is_not_there_is_named(base, words, repository):
    del repository
    result = run(base, "regions/tiny.toml", code=2)
    assert words in result.stderr
    assert result.stdout == ""


def test_a_fault_in_a_revision_is_named_by_it(repository):
    path = repository / "regions/tiny.toml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("mw = 300", "mw = -1"), encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message", "two")
    path.write_text(whole, encoding="utf-8")
    result = run("regions/tiny.toml", code=2)
    assert "--> HEAD:regions/tiny.toml:" in result.stderr


def test_without_a_repository_a_revision_is_refused(here, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    assert "is in no git repository" in run("tiny.toml@v1", code=2).stderr


@pytest.mark.usefixtures("here")
def test_without_git_a_revision_is_refused(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "git is needed" in run("tiny.toml@v1", code=2).stderr


def test_a_file_whose_name_holds_a_sign_of_a_revision_is_that_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a@b.toml").write_text("", encoding="utf-8")
    assert source_of("a@b.toml") == (Path("a@b.toml"), "")
    assert source_of("c.toml@HEAD@{1}") == (Path("c.toml"), "HEAD@{1}")
    assert source_of("feature/x:a/c.toml") == (Path("a/c.toml"), "feature/x")


# ------------------------------------------------------------------------- committed rankings
@pytest.fixture
def rankings(here) -> tuple[Path, Path]:
    files = []
    for folder, options in ((here, {}), (here / "new", {"mw": 200})):
        region = pw.read(folder / "tiny.toml").with_request(**options)
        files.append(pw.rank(region, pw.measure(region)).save(folder / "ranking.csv"))
    return files[0], files[1]


def test_two_committed_rankings_name_the_keys_that_differ_and_guess_no_row(rankings):
    content = json.loads(run(*rankings, "--format", "json").stdout)
    assert {item["what"] for item in content["ingredients"]} == {
        "request mw 300 → 200",
        "require area_ha – → required ≥ 70 ha",
    }
    assert content["rows"] == []
    assert content["gates"] == []
    (site,) = [site for site in content["sites"] if site["site_id"] == "b"]
    assert (site["status_base"], site["status_head"], site["why"]) == ("ranked", "out", "")
    assert any("do not tell which" in note for note in content["notes"])


def test_a_layer_behind_a_committed_ranking_is_known_by_its_hash(rankings):
    base, head = rankings
    shutil.copy(base, head)
    meta = json.loads(base.with_name("ranking.csv.meta.json").read_text(encoding="utf-8"))
    meta["regions"][0]["layers"]["policy"]["sha256"] = "f" * 64
    head.with_name("ranking.csv.meta.json").write_text(json.dumps(meta), encoding="utf-8")
    text = run(base, head).stdout
    assert text.startswith("nothing moved: ")
    assert "layer policy differs" in text


def test_a_region_file_behind_a_committed_ranking_that_differs_is_never_passed_over(rankings):
    base, head = rankings
    frame = pd.read_csv(base, dtype=str, keep_default_na=False)
    frame.loc[frame["rank"] == "1", "score"] = "1.5"
    frame.to_csv(head, index=False)
    meta = json.loads(base.with_name("ranking.csv.meta.json").read_text(encoding="utf-8"))
    meta["regions"][0]["layers"]["policy"]["sha256"] = "f" * 64
    meta["regions"][0]["sha256"] = "e" * 64

    def told() -> tuple[set[str], str, list[str]]:
        head.with_name("ranking.csv.meta.json").write_text(json.dumps(meta), encoding="utf-8")
        content = json.loads(run(base, head, "--format", "json").stdout)
        (site,) = content["sites"]
        return {item["kind"] for item in content["ingredients"]}, site["why"], content["notes"]

    kinds, why, notes = told()
    assert kinds == {"layer", "region"}  # an unlisted key may be what moved it
    assert (why, len(notes)) == ("", 2)
    meta["regions"][0]["layers"]["policy"]["as_of"] = "2026-08-31"  # a listed key differs too
    kinds, why, notes = told()
    assert kinds == {"layer"}
    assert "keys that its provenance does not list" in notes[0]


@pytest.mark.slow
def test_a_ranking_and_its_region_agree(rankings, here):
    text = run(rankings[0], here / "tiny.toml").stdout
    assert text.startswith("nothing moved: ")


def test_rankings_without_provenance_say_that_it_is_not_known(rankings):
    for file in rankings:
        file.with_name("ranking.csv.meta.json").unlink()
    assert "what differs is not known" in run(*rankings).stdout


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda _: "", "PW204", "the file is empty"),
        (lambda text: text.replace(",", ";"), "PW205", "semicolons"),
        (lambda text: text.replace("score_low", "low"), "PW203", "no column score_low"),
        (lambda text: text.replace("ranked,", "ranked,x", 1), "PW401", "is not a number"),
        (lambda text: text.replace("ranked,", "ranked,nan#", 1).replace("nan#", "nan,", 1), "PW207", "cells"),
        (lambda text: text.replace(",ranked,", ",rankd,", 1), "PW406", "did you mean `ranked`?"),
        (lambda text: text + text.splitlines(keepends=True)[1], "PW404", "stands twice"),
    ],
)  # fmt: skip
def test_a_spoilt_ranking_is_refused_with_its_place(spoil, code, words, rankings):
    file = rankings[1]
    file.write_text(spoil(file.read_text(encoding="utf-8")), encoding="utf-8")
    result = run(*rankings, code=2)
    assert f"error[{code}]" in result.stderr
    assert words in result.stderr
    assert f"--> new/ranking.csv:{1 if code in {'PW204', 'PW205', 'PW203'} else ''}" in result.stderr  # fmt: skip
    assert result.stdout == ""


def test_provenance_that_is_none_is_refused(rankings):
    rankings[0].with_name("ranking.csv.meta.json").write_text("[]", encoding="utf-8")
    assert "not the provenance of a ranking" in run(*rankings, code=2).stderr


def test_a_ranking_in_a_file_takes_no_request(rankings):
    assert "it takes no --mw" in run(*rankings, "--mw", "200", code=2).stderr


# -------------------------------------------------------------------------------------- gates
def gated(folder: Path, make_region, shift: int) -> None:
    """The made-up region with two sites that change places, and a gate on that."""
    swapped = {"a": "prohibited", "b": "by_right"}
    sites = [{**site, "zoning_status": swapped.get(site["site_id"], site["zoning_status"])} for site in SITES]  # fmt: skip
    limits = {"max_rank_shift": shift, "min_top_held": 0.7}
    make_region(folder / "gated", toml={"gates": limits}, sites=sites)


def test_a_broken_gate_exits_one_and_names_the_site(here, make_region):
    gated(here, make_region, 0)
    text = run("tiny.toml", "gated/tiny.toml", code=1).stdout
    assert re.search(r"^gate max_rank_shift = 0: broken: \w from rank \d to \d", text, re.MULTILINE)


@pytest.mark.slow
def test_a_gate_that_holds_exits_zero(here, make_region):
    gated(here, make_region, 1)
    text = run("tiny.toml", "gated/tiny.toml").stdout
    assert "gate max_rank_shift = 1: holds: largest shift 1" in text
    assert re.search(
        r"gate min_top_held = 0\.7: holds: \w, ranked first, is among the first 3 in \d+ % of 4,096 draws \(95 %: ± \d\.\d percentage points\)",
        text,
    )
    unmeasured = run("tiny.toml", "gated/tiny.toml", "--draws", "0").stdout
    assert "gate min_top_held = 0.7: not measured" in unmeasured


@pytest.mark.slow
def test_a_stale_layer_breaks_its_gate_though_nothing_moved(here, make_region):
    make_region(here / "gated", toml={"gates": {"fail_on_stale": True}})
    assert run("gated/tiny.toml", "gated/tiny.toml", "--today", "2027-01-01").stdout.count("\n") == 1  # fmt: skip
    broken = ["gated/tiny.toml", "gated/tiny.toml", "--today", "2046-01-01"]
    assert "gate fail_on_stale = true: broken: layer " in run(*broken, code=1).stdout
    result = run(*broken, "--format", "json", code=1)
    assert json.loads(result.stdout)["gates"][0]["state"] == "broken"
    assert "gate fail_on_stale" in result.stderr


@pytest.mark.slow
def test_the_gates_of_the_base_do_not_count(here, make_region):
    gated(here, make_region, 0)
    assert "gate " not in run("gated/tiny.toml", "tiny.toml").stdout


# ------------------------------------------------------------------------------------- forges
FORGE = ("github", "sarif", "junit")
SCHEMA = Path(__file__).parents[1] / "fixtures/sarif/sarif-schema-2.1.0.json"


@pytest.fixture
def swapped(repository, make_region) -> Path:
    """The repository, where two sites changed places and a gate forbids it."""
    other = {"a": "prohibited", "b": "by_right"}
    sites = [{**site, "zoning_status": other.get(site["site_id"], site["zoning_status"])} for site in SITES]  # fmt: skip
    make_region(repository / "regions", policy=[pause("2027-06-01")], sites=sites, toml={"gates": {"max_rank_shift": 0}})  # fmt: skip
    return repository


def process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-m", "powerwall", "compare", *arguments], cwd=cwd, env=os.environ | {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8"},
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def test_a_broken_gate_is_an_error_at_its_line_and_the_rows_behind_it_are_notices(swapped):
    done = process("tiny@v1", "tiny", "--format", "github", "--quiet", cwd=swapped)
    assert done.returncode == 1
    assert done.stderr == ""
    gate, *rows, last = done.stdout.splitlines()
    lines = (swapped / "regions/tiny.toml").read_text(encoding="utf-8").splitlines()
    line = lines.index("max_rank_shift = 0") + 1
    assert gate.startswith(f"::error file=regions/tiny.toml,line={line},col=1,title=gate max_rank_shift::max_rank_shift = 0: broken: ")  # fmt: skip
    places = [re.match(r"::notice file=regions/tiny/sites\.csv,line=(\d+),title=", row)[1] for row in rows]  # fmt: skip
    assert places == ["2", "3"]
    assert "moves a from rank " in rows[0]
    assert last.startswith("powerwall compare: regions/tiny.toml@v1 → regions/tiny.toml: 1 error, 2 notes")  # fmt: skip


def test_every_format_of_a_forge_exits_one_on_a_broken_gate(swapped):
    del swapped
    content = json.loads(run("tiny@v1", "tiny", "--format", "sarif", "-o", "out.xml", code=1).stdout)  # fmt: skip
    jsonschema.validate(content, json.loads(SCHEMA.read_text(encoding="utf-8")), jsonschema.Draft4Validator)  # fmt: skip
    levels = {r["ruleId"]: r["level"] for r in content["runs"][0]["results"]}
    assert levels == {"max_rank_shift": "error", "moved_rank": "note"}
    (suite,) = ET.parse("out.xml").getroot()
    failed = {case.get("name"): case.find("failure") is not None for case in suite}
    assert failed == {"gate max_rank_shift": True, "moved_rank row that moved a rank": False}


@pytest.mark.parametrize("form", FORGE)
def test_an_unreadable_side_exits_two_in_every_format_of_a_forge(form, tmp_path):
    done = process("nowhere.toml", "tiny.toml", "--format", form, cwd=tmp_path)
    assert done.returncode == 2
    assert "no region file nowhere.toml" in done.stdout
    assert "no region file nowhere.toml" in done.stderr


def test_what_cannot_be_read_stands_in_the_format_at_its_place(repository):
    file = repository / "regions/tiny.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("mw = 300", "mw = -1"), encoding="utf-8")  # fmt: skip
    line = next(n for n, words in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if words == "mw = -1")  # fmt: skip
    results = {form: run("tiny@v1", "tiny", "--format", form, code=2) for form in (*FORGE, "json")}
    assert f"::error file=regions/tiny.toml,line={line},col=" in results["github"].stdout
    content = json.loads(results["sarif"].stdout)
    jsonschema.validate(content, json.loads(SCHEMA.read_text(encoding="utf-8")), jsonschema.Draft4Validator)  # fmt: skip
    assert {r["level"] for r in content["runs"][0]["results"]} == {"error"}
    assert int(ET.fromstring(results["junit"].stdout).get("failures")) >= 1
    (both,) = json.loads(results["json"].stdout)["regions"]
    assert both["region"] == "regions/tiny.toml@v1 → regions/tiny.toml"
    assert [(f["file"], f["line"]) for f in both["findings"]] == [("regions/tiny.toml", line)]
    assert all(f"--> regions/tiny.toml:{line}" in result.stderr for result in results.values())


@pytest.mark.parametrize("form", [*FORGE, "json"])
def test_a_revision_that_is_not_there_is_said_in_the_format(form, repository):
    del repository
    result = run("tiny@nosuch", "tiny", "--format", form, code=2)
    assert "no revision `nosuch`" in result.stdout
    assert "no revision `nosuch`" in result.stderr


def with_sites(
    repository: Path, make_region, sites: list[dict[str, object]], **toml: object
) -> None:
    make_region(repository / "regions", policy=[pause("2027-06-01")], sites=sites, toml=toml)


@pytest.mark.parametrize("form", [*FORGE, "json", "csv", "md", "table"])
def test_a_row_that_differs_and_moves_no_measure_is_shown_in_every_format(form, repository, make_region):  # fmt: skip
    with_sites(repository, make_region, [{**site, "availability_note": "seen"} for site in SITES])
    text = run("tiny@v1", "tiny", "--format", form).stdout
    if form in {"github", "table"}:
        assert "nothing moved" in text
    if form == "github":
        assert text.count("\n") == 1
        assert text.endswith(": nothing moved; layer sites differs; no gate\n")


def test_a_leader_that_left_is_a_notice_its_row_and_in_the_words_of_the_gate(repository, make_region):  # fmt: skip
    region = pw.read(repository / "regions/tiny.toml")
    ranked = pw.rank(region, pw.measure(region)).frame
    leader = str(ranked.index[ranked["rank"] == 1][0])
    with_sites(repository, make_region, [site for site in SITES if site["site_id"] != leader], gates={"max_rank_shift": 3})  # fmt: skip
    run("tiny@v1", "tiny", "--quiet", "-o", "out.sarif", "-o", "out.xml", "-o", "out.json")
    content = json.loads(Path("out.json").read_text(encoding="utf-8"))
    (row,) = content["rows"]
    assert (row["row"], row["change"], row["sites"]) == (leader, "removed", 1)
    (gate,) = content["gates"]
    assert gate["state"] == "holds"
    assert gate["words"].endswith(f"left the first 5: {leader} from rank 1 (removed)")
    (result,) = json.loads(Path("out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert result["message"]["text"] == f"sites {leader}: removed; moves {leader} ranked → – (rank 1)"  # fmt: skip
    assert f"sites {leader}: removed" in Path("out.xml").read_text(encoding="utf-8")


def test_a_site_that_came_is_a_notice_at_its_line(repository, make_region):
    new = {**SITES[0], "site_id": "z", "name": "Zelkova", "lon": -99.01}
    with_sites(repository, make_region, [*SITES, new])
    notice = run("tiny@v1", "tiny", "--format", "github").stdout.splitlines()[0]
    assert notice.startswith(f"::notice file=regions/tiny/sites.csv,line={len(SITES) + 2},title=moved_rank ")  # fmt: skip
    assert re.search(r"::sites z: added; moves z – → ranked \(rank \d\)$", notice)


def test_a_limit_that_moves_a_status_is_a_notice_at_its_key(repository, make_region):
    with_sites(repository, make_region, SITES, require={"area_ha": {"min": 70}})
    notice, last = run("tiny@v1", "tiny", "--format", "github").stdout.splitlines()
    assert re.match(r"::notice file=regions/tiny\.toml,line=[1-9]\d*,col=\d+,title=moved_rank_by_key ", notice)  # fmt: skip
    assert notice.endswith("::require.area_ha – → {min = 70}; alone moves b ranked → out")
    assert last.endswith(": 1 note")


@pytest.mark.slow
def test_a_newer_side_in_a_revision_is_placed_in_the_tree_and_a_row_that_is_gone_has_no_line(repository, make_region):  # fmt: skip
    required = {"require": {"moratorium": {"is": False}}}
    make_region(repository / "regions", policy=[pause("2027-06-01")], toml=required)
    git(repository, "commit", "--quiet", "--all", "--message", "two")
    make_region(repository / "regions", policy=[{**pause("2026-06-01"), "policy_id": "other"}], toml=required)  # fmt: skip
    git(repository, "commit", "--quiet", "--all", "--message", "three")
    text = run("tiny@HEAD~1", "tiny@HEAD", "--format", "github").stdout
    assert "::notice file=regions/tiny/policy.csv,title=moved_rank" in text
    assert "policy one-pause: removed; moves " in text
    assert "a out → ranked" in text
    assert "HEAD~1:regions" not in text


# -------------------------------------------------------------------------------------- files
@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_files_are_what_stdout_shows_and_stay_the_same():
    sides = ("tiny.toml", "new/tiny.toml")
    suffixes = {"json": "json", "csv": "csv", "md": "md", "sarif": "sarif", "junit": "xml"}
    targets = [part for suffix in suffixes.values() for part in ("-o", f"out.{suffix}")]
    run(*sides, *targets)
    for form, suffix in suffixes.items():
        text = Path(f"out.{suffix}").read_text(encoding="utf-8")
        assert run(*sides, "--format", form).stdout == text
        assert not FORBIDDEN.search(text)
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text(encoding="utf-8"))))
    assert {row["site_id"] for row in rows} == {"b"}
    assert rows[0]["moved_by"] == "require.area_ha – → {min = 70}"
    assert "| b | Beech | ranked → out |" in Path("out.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny.toml", "new/tiny.toml", "-o", "out.xyz"], "no format `.xyz`"),
        (["tiny.toml", "new/tiny.toml", "-o", "no/out.json"], "no folder no"),
        (["tiny.toml", "new/tiny.toml", "-o", "tiny/policy.csv"], "is a file that is compared"),
        (["tiny.toml", "else.toml"], "no region file else.toml"),
        (["else.csv", "tiny.toml"], "no file else.csv"),
        (
            ["tiny.toml", "new/tiny.toml", "--format", "html"],
            "none of table, json, csv, md, github, sarif, junit",
        ),
        (["tiny.toml", "--as-of", "soon"], "is not a date"),
        (["tiny.toml", "--as-of", "2040-01-01"], "is not after the as-of date"),
    ],
)
def test_what_cannot_be_done_exits_two_and_writes_nothing(arguments, words):
    before = {path: path.read_bytes() for path in Path().rglob("*.*") if path.is_file()}
    result = run(*arguments, code=2)
    assert words in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in Path().rglob("*.*") if path.is_file()} == before


def test_both_sides_are_looked_at_before_any_fault_is_raised(here):
    for path in (here / "tiny.toml", here / "new/tiny.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace("mw = 300", "mw = -1"), encoding="utf-8")  # fmt: skip
    result = run("tiny.toml", "new/tiny.toml", code=2)
    assert "--> tiny.toml:" in result.stderr
    assert "--> new/tiny.toml:" in result.stderr
