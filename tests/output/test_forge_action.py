"""The action and the workflow: they parse, their shell runs, and nothing of a pull request is run as code."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_forge_page import WHO, changed

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / ".github/actions/powerwall"
ACTION, GUARD = FOLDER / "action.yml", FOLDER / "guard.sh"
WORKFLOW = REPOSITORY / ".github/workflows/regions.yml"
FIRST_PARTY = {"actions/checkout", "actions/setup-python", "github/codeql-action/upload-sarif"}
pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="needs git and bash")  # fmt: skip

#: Stands for powerwall: keeps its words, writes the Markdown that is asked for, leaves with a code.
STUB = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$LOG"
echo "  ::error::from data" >&2
while (($#)); do [[ $1 == -o && $2 == *.md ]] && echo "# page of $LOG" >"$2"; shift; done
read -r verb _ < <(tail -n 1 "$LOG")
name="CODE_$verb"
exit "${!name:-0}"
"""


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps() -> list[dict]:
    return load(ACTION)["runs"]["steps"]


@pytest.fixture
def here(tmp_path) -> Path:
    """A repository with two regions, one of which names a layer that stands elsewhere."""
    for name in ("regions/one.toml", "regions/two.toml", "regions/one/sites.csv", "shared/lines.csv"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('path = "../shared/lines.csv"\n' if "two.toml" in name else "a\n", encoding="utf-8")  # fmt: skip
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path)
    stub = tmp_path / "bin/powerwall"
    stub.parent.mkdir()
    stub.write_text(STUB, encoding="utf-8")
    stub.chmod(0o755)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *WHO, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "one")


def guard(folder: Path, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the stub; the words of each call are kept in `log`."""
    env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "LOG": str(folder / "bin/log"), "FORMAT": "github"} | given  # fmt: skip
    return subprocess.run(
        ["bash", str(GUARD), *words], cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def log(folder: Path) -> list[str]:
    path = folder / "bin/log"
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


# ------------------------------------------------------------------------------------- YAML
def test_the_action_takes_what_the_page_lists_and_only_first_party_actions():
    page = (REPOSITORY / "docs/how-to/ci.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) >= set(load(ACTION)["inputs"])
    assert all(item["description"] for item in load(ACTION)["inputs"].values())
    jobs = load(WORKFLOW)["jobs"].values()
    used = [step["uses"] for job in [{"steps": steps()}, *jobs] for step in job["steps"] if "uses" in step]  # fmt: skip
    assert {name.partition("@")[0] for name in used} <= FIRST_PARTY | {"./.github/actions/powerwall"}  # fmt: skip


def test_no_expression_is_pasted_into_a_shell():
    shells = [step for step in steps() if "run" in step]
    assert [step["id"] for step in shells] == ["install", "check", "score", "compare", "verdict"]
    for step in shells:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        assert step["run"].count("\n") <= 2


def test_the_workflow_runs_on_pull_requests_to_regions_and_every_week():
    content = load(WORKFLOW)
    when = content[True]  # YAML 1.1 reads `on` as true
    assert when["pull_request"]["paths"] == ["regions/**"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", when["schedule"][0]["cron"])
    assert content["permissions"] == {"contents": "read"}


# ---------------------------------------------------------------------------------- the shell
@pytest.mark.slow
def test_the_shell_of_the_action_guards_a_changed_row_of_the_example_region(tmp_path):
    """Every `run:` block as a runner runs it; pip alone is a stub."""
    work, made = tmp_path / "work", tmp_path / "runner"
    work.mkdir()
    (made / "bin").mkdir(parents=True)
    changed(work)
    git(work, "commit", "--quiet", "--all", "--message", "two")
    for name, text in (
        ("python", 'printf "%s\\n" "$@" >"$RUNNER_TEMP/pip"'),
        ("powerwall", f"exec {shlex.quote(sys.executable)} -m powerwall " + '"$@"'),
    ):
        (made / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (made / "bin" / name).chmod(0o755)
    inputs = {key: item["default"] for key, item in load(ACTION)["inputs"].items()} | {"base": "main"}  # fmt: skip
    codes: dict[str, str] = {}
    done: dict[str, subprocess.CompletedProcess[str]] = {}
    for step in steps():
        if "run" not in step:
            continue
        known = {f"inputs.{k}": v for k, v in inputs.items()} | {"runner.temp": str(made)}
        known |= {f"steps.{k}.outputs.code": v for k, v in codes.items()}
        env = {k: re.sub(r"\$\{\{ (.+?) \}\}", lambda m, known=known: known[m[1]], v) for k, v in step["env"].items()}  # fmt: skip
        output = made / f"output-{step['id']}"
        done[step["id"]] = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=work, capture_output=True, text=True, encoding="utf-8",
            timeout=300, check=False, env=env | {
                "PATH": f"{made / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(FOLDER), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(made / "summary.md"), "RUNNER_TEMP": str(made),
            },
        )  # fmt: skip
        if output.is_file() and (code := re.search(r"^code=(\d+)$", output.read_text(encoding="utf-8"), re.MULTILINE)):  # fmt: skip
            codes[step["id"]] = code[1]
    installed = (made / "pip").read_text(encoding="utf-8").splitlines()
    assert Path(installed[-1]).resolve() == REPOSITORY
    assert codes == {"check": "0", "score": "1", "compare": "1", "verdict": "1"}
    assert {name: run.returncode for name, run in done.items()} == {"install": 0, "check": 0, "score": 0, "compare": 0, "verdict": 1}  # fmt: skip
    assert "::warning file=regions/example.toml,line=" in done["check"].stdout
    assert "PW602" in done["score"].stdout
    lines = done["compare"].stdout.splitlines()
    assert re.match(r"::error file=regions/example\.toml,line=\d+,col=1,title=gate max_rank_shift::", lines[0])  # fmt: skip
    assert lines[1].startswith("::notice file=regions/example/points_of_interconnection.csv,line=6,")  # fmt: skip
    summary = (made / "summary.md").read_text(encoding="utf-8")
    assert [line[2:].split(":")[0] for line in summary.splitlines() if line.startswith("# ")] == ["powerwall check", "powerwall score --check", "Example County (SYNTHETIC)"]  # fmt: skip
    assert sorted(path.name for path in (made / "powerwall").iterdir()) == ["check.sarif", "check.xml", "compare-example.sarif", "compare-example.xml"]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "score", "compare", "worst"),
    [(0, 0, 0, 0), (1, 0, 0, 1), (0, 1, 2, 2), (2, 1, 0, 2), (0, 0, 1, 1)],
)
def test_the_worst_exit_code_decides_and_all_three_run(check, score, compare, worst, here):
    codes = {"CODE_check": str(check), "CODE_score": str(score), "CODE_compare": str(compare)}
    assert guard(here, **codes).returncode == worst
    assert [line.split()[0] for line in log(here)] == ["check", "score", "compare", "compare"]


@pytest.mark.parametrize(("codes", "worst"), [(("0", "0"), 0), (("0", "1"), 1), (("", "0"), 2), (("0", "x"), 2)])  # fmt: skip
def test_a_step_that_left_no_code_counts_as_two(codes, worst, here):
    assert guard(here, "verdict", *codes).returncode == worst


def test_only_regions_that_the_change_touches_are_compared_with_their_base(here):
    base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    (here / "regions/one/sites.csv").write_text("b\n", encoding="utf-8")
    assert guard(here, "compare", BASE="main").returncode == 0
    (call,) = log(here)
    assert call.endswith(f" -- regions/one.toml@{base} regions/one.toml")
    (here / "bin/log").unlink()
    git(here, "checkout", "--quiet", "--", ".")
    (here / "shared/lines.csv").write_text("b\n", encoding="utf-8")
    guard(here, "compare", BASE="main")
    (call,) = log(here)
    assert call.endswith(f" -- regions/two.toml@{base} regions/two.toml")


def test_without_a_base_each_region_is_compared_with_itself(here):
    assert guard(here, "compare").returncode == 0
    assert [line.split(" -- ")[1] for line in log(here)] == [f"regions/{n}.toml regions/{n}.toml" for n in ("one", "two")]  # fmt: skip


def test_a_new_region_has_no_base_and_an_untouched_one_is_left_alone(here):
    (here / "regions/three.toml").write_text("", encoding="utf-8")
    git(here, "add", "regions")
    done = guard(here, "compare", BASE="main")
    assert done.returncode == 0
    assert "regions/three.toml is new" in done.stdout
    assert log(here) == []


@pytest.mark.parametrize("base", ["nowhere", "--output=pwned", "$(touch pwned)", "main; touch pwned"])  # fmt: skip
def test_a_base_that_is_no_revision_exits_two_and_runs_nothing(base, here):
    done = guard(here, "compare", BASE=base)
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=powerwall::no revision ")
    assert not (here / "pwned").exists()
    assert log(here) == []


def test_a_region_with_a_hostile_name_is_a_name_and_nothing_more(here):
    name = "regions/$(touch pwned); touch pwned #.toml"
    (here / name).write_text("", encoding="utf-8")
    (here / "-rf.toml").write_text("", encoding="utf-8")
    done = guard(here, "check", REGIONS="regions/$*.toml\n*.toml", STRICT="true")
    assert done.returncode == 0
    (call,) = log(here)
    assert call.startswith("check --format github -o ")
    assert " --strict -- " in call
    assert not (here / "pwned").exists()


@pytest.mark.parametrize("verb", ["score", "compare"])
def test_a_line_of_data_is_no_command_of_the_forge(verb, here):
    done = guard(here, verb)
    assert "-  ::error::from data" in done.stdout + done.stderr
    assert not re.search(r"^\s*::", done.stdout + done.stderr, re.MULTILINE)


def test_a_pattern_that_fits_nothing_exits_two(here):
    done = guard(here, REGIONS="nowhere/*.toml")
    assert done.returncode == 2
    assert done.stdout == "::error title=powerwall::no region file fits nowhere/*.toml\n"


def test_a_full_summary_is_not_overrun(here):
    summary = here / "bin/summary.md"
    summary.write_text("x" * 999_990, encoding="utf-8")
    guard(here, "check", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text(encoding="utf-8").endswith("xleft out, for the summary is full: powerwall check\n\n")  # fmt: skip
