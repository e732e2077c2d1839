"""Formats of forges: escaping, limits, order, the SARIF schema, fingerprints, JUnit, Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall
from powerwall.output.compare import Comparison
from powerwall.output.forge.annotations import LIMIT, github_text
from powerwall.output.forge.formats import json_text
from powerwall.output.forge.junit import junit_text
from powerwall.output.forge.moved import Origin, suite_of_comparison
from powerwall.output.forge.result import (
    HELD,
    UNMEASURED,
    Report,
    Result,
    Suite,
    relative,
    repository,
    suite_of,
)
from powerwall.output.forge.sarif import sarif_text
from powerwall.output.forge.summary import fitting, markdown_text
from powerwall.ranking.compare import Changes
from powerwall.region.findings import CODES, SEVERITIES, Finding

SCHEMA = json.loads((Path(__file__).parents[1] / "fixtures/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))  # fmt: skip
HERE = Path("/made/up")


def finding(level: str = "error", code: str = "PW402", **more) -> Finding:
    given = {"file": "a.csv", "line": 2, "column": 3, "message": "7 is over 1", "remedy": "mend it"}
    return Finding(code=code, severity=level, **{**given, **more})


def report(*findings: Finding, strict: bool = False) -> Report:
    suite = suite_of("region.toml", sorted(findings), HERE, HERE)
    return Report("check", (suite,), CODES, "powerwall check region.toml --all", strict)


def gates(*results: Result) -> Report:
    rules = {item.rule: (item.title, item.title) for item in results}
    return Report("compare", (Suite("a → b", results, "no gate"),), rules, "powerwall compare a b")


def gate(level: str) -> Result:
    return Result(f"gate_{level[:3]}", f"gate gate_{level[:3]}", level, "3: broken: x", file="r.toml", line=9, key="gate")  # fmt: skip


texts = st.text(st.characters(codec="utf-8"), max_size=40)
some = st.lists(
    st.builds(
        Finding,
        file=st.one_of(st.just(""), texts.filter(lambda text: text.strip("/. ") and "\0" not in text)),
        line=st.integers(0, 9), column=st.integers(0, 9), code=st.sampled_from(sorted(CODES)),
        severity=st.sampled_from(SEVERITIES), message=texts, remedy=texts,
    ),
    max_size=40,
)  # fmt: skip

COMMAND = re.compile(r"::(?P<level>error|warning|notice) (?P<given>[^:]*)::(?P<data>.*)")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What a runner reads: levels, properties and messages of the workflow commands."""
    found = []
    for line in text.split("\n"):
        if match := COMMAND.fullmatch(line):
            pairs = (part.split("=", 1) for part in match["given"].split(","))
            found.append((match["level"], {k: unquote(v) for k, v in pairs}, unquote(match["data"])))  # fmt: skip
    return found


# ------------------------------------------------------------------------------ annotations
def test_a_workflow_command_escapes_what_would_end_it():
    item = finding(file="a,b:c.csv", message="50 % of\r\nall, so: none", remedy="")
    (line, last) = github_text(report(item)).splitlines()
    assert line == (
        "::error file=a%2Cb%3Ac.csv,line=2,col=3,title=PW402 out of range::50 %25 of%0D%0Aall, so: none"
    )  # fmt: skip
    assert last == "powerwall check: region.toml: 1 error"


def test_a_finding_without_a_place_is_put_at_the_region_file():
    ((level, given, data),) = commands(github_text(report(finding("note", file="", line=0, column=0))))  # fmt: skip
    assert (level, given) == ("notice", {"file": "region.toml", "title": "PW402 out of range"})
    assert data == "7 is over 1\nmend it"


def test_no_more_is_shown_than_a_forge_takes_and_what_is_left_out_is_counted():
    many = [finding(level, line=n, message=f"m{n}") for level in SEVERITIES for n in range(1, 13)]
    found = commands(github_text(report(*many)))
    levels = [level for level, _, _ in found]
    assert levels == ["error"] * LIMIT + ["warning"] * LIMIT + ["notice"] * LIMIT
    assert found[-1][2] == (
        "2 errors, 2 warnings, 3 notes more than a forge shows of a step; all of them: powerwall check region.toml --all"
    )  # fmt: skip


def test_exactly_as_many_as_a_forge_takes_are_shown_whole():
    many = [finding("note", line=n) for n in range(1, LIMIT + 1)]
    found = commands(github_text(report(*many)))
    assert [given["line"] for _, given, _ in found] == [str(n) for n in range(1, LIMIT + 1)]


def test_each_code_is_shown_once_before_another_is_shown_again():
    many = [finding("warning", line=n) for n in range(1, 30)] + [finding("warning", "PW508", line=99)]  # fmt: skip
    titles = [given["title"] for _, given, _ in commands(github_text(report(*many)))]
    assert titles[:3] == ["PW402 out of range", "PW508 power plan rests on an assumption", "PW402 out of range"]  # fmt: skip


def test_a_gate_that_holds_is_named_and_is_no_annotation():
    text = github_text(gates(gate("error"), gate(HELD), gate(UNMEASURED)))
    assert [given["title"] for _, given, _ in commands(text)] == ["gate gate_err"]
    assert text.splitlines()[-1] == "powerwall compare: a → b: 1 error; gate gate_hel held; gate gate_not not measured"  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(some)
def test_no_message_or_file_name_starts_a_command_of_its_own(findings):
    lines = github_text(report(*findings)).split("\n")
    assert lines.pop() == ""
    assert all(COMMAND.fullmatch(line) for line in lines[:-1])
    assert lines[-1].startswith("powerwall check: region.toml: ")
    shown = commands("\n".join(lines))
    for level in ("error", "warning", "notice"):
        assert sum(item[0] == level for item in shown) <= LIMIT


# ------------------------------------------------------------------------------------ SARIF
@settings(max_examples=30, deadline=None)
@given(some)
def test_sarif_fits_the_schema_whatever_was_found(findings):
    content = json.loads(sarif_text(report(*findings)))
    jsonschema.validate(content, SCHEMA, jsonschema.Draft4Validator)
    results = content["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {f.code for f in findings}
    hashes = [r["partialFingerprints"]["powerwallResult/v1"] for r in results]
    assert len(set(hashes)) == len(hashes)


def test_the_schema_refuses_what_is_no_sarif():
    content = json.loads(sarif_text(report(finding())))
    content["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError, match="fatal"):
        jsonschema.validate(content, SCHEMA, jsonschema.Draft4Validator)


def test_sarif_has_the_rules_the_version_and_the_place():
    content = json.loads(sarif_text(report(finding("note", file="a b/ü%.csv", message="{x}"))))
    (run,) = content["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("powerwall", powerwall.__version__)
    assert [rule["id"] for rule in driver["rules"]] == sorted(CODES)
    (result,) = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "PW402"
    assert result["level"] == "note"
    assert result["message"]["text"] == "{{x}}\nmend it"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%BC%25.csv", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 2, "startColumn": 3}


def test_a_region_of_sarif_stands_only_where_the_line_is_known():
    content = json.loads(sarif_text(report(finding(file="", line=0, column=0), finding(file="/out/b.csv", column=0))))  # fmt: skip
    places = [r["locations"][0]["physicalLocation"] for r in content["runs"][0]["results"]]
    assert places == [
        {"artifactLocation": {"uri": "region.toml", "uriBaseId": "%SRCROOT%"}},
        {"artifactLocation": {"uri": "file:///out/b.csv"}, "region": {"startLine": 2}},
    ]


def prints(*findings: Finding) -> list[str]:
    results = json.loads(sarif_text(report(*findings)))["runs"][0]["results"]
    return [r["partialFingerprints"]["powerwallResult/v1"] for r in results]


def test_a_fingerprint_stays_while_lines_move_and_days_pass():
    old = finding("warning", "PW208", line=9, message="layer `policy` is 35 days old, fresh for 30")
    new = replace(old, line=12, column=1, message="layer `policy` is 42 days old, fresh for 30")
    assert prints(old) == prints(new)
    assert prints(old) != prints(replace(old, message="layer `sites` is 35 days old, fresh for 30"))
    assert prints(old) != prints(replace(old, file="b.csv"))
    assert prints(old) != prints(replace(old, code="PW209"))


def test_a_gate_that_holds_is_no_alert():
    content = json.loads(sarif_text(gates(gate("error"), gate(HELD), gate(UNMEASURED))))
    jsonschema.validate(content, SCHEMA, jsonschema.Draft4Validator)
    assert [r["ruleId"] for r in content["runs"][0]["results"]] == ["gate_err"]


def test_a_finding_of_a_layer_that_two_regions_share_is_one_alert():
    twice = report(finding())
    twice = replace(twice, suites=(*twice.suites, replace(twice.suites[0], name="other.toml")))
    assert len(json.loads(sarif_text(twice))["runs"][0]["results"]) == 1
    assert len(commands(github_text(twice))) == 1
    assert [s.get("failures") for s in ET.fromstring(junit_text(twice))] == ["1", "1"]


# ------------------------------------------------------------------------------------ JUnit
@settings(max_examples=30, deadline=None)
@given(some, st.booleans())
def test_junit_parses_and_counts_what_it_holds(findings, strict):
    root = ET.fromstring(junit_text(report(*findings, strict=strict)))
    (suite,) = root
    cases = suite.findall("testcase")
    codes = {f.code for f in findings}
    bad = {f.code for f in findings if f.severity in ({"error", "warning"} if strict else {"error"})}  # fmt: skip
    assert len(cases) == int(suite.get("tests")) == int(root.get("tests")) == max(len(codes), 1)
    failed = {case.get("name")[:5] for case in cases if case.find("failure") is not None}
    assert failed == bad
    assert int(suite.get("failures")) == int(root.get("failures")) == len(bad)


def test_a_warning_is_output_and_with_strict_a_failure():
    item = finding("warning", message="a < b & \x07c")
    (case,) = ET.fromstring(junit_text(report(item)))[0]
    assert case.find("failure") is None
    assert case.findtext("system-out") == "a.csv:2:3: warning: a < b & c (mend it)"
    (case,) = ET.fromstring(junit_text(report(item, strict=True)))[0]
    assert case.find("failure").get("message") == "a < b & c"


def test_a_region_without_findings_is_one_case_that_passes():
    (case,) = ET.fromstring(junit_text(report()))[0]
    assert (case.get("classname"), case.get("name"), len(case)) == ("region.toml", "no findings", 0)


def test_gates_fail_pass_or_are_skipped():
    root = ET.fromstring(junit_text(gates(gate("error"), gate(HELD), gate(UNMEASURED))))
    tags = {case.get("name"): [child.tag for child in case] for case in root[0]}
    assert tags == {"gate gate_err": ["failure"], "gate gate_hel": ["system-out"], "gate gate_not": ["skipped"]}  # fmt: skip
    assert (root.get("failures"), root.get("skipped")) == ("1", "1")


# ------------------------------------------------------------------------ rows that moved
def test_a_row_is_not_taken_for_one_of_a_layer_whose_name_ends_alike():
    site = {
        "change": "rank", "why": "water_rules x: limit 1 → 2 (water.csv:2); policy y: kind a → b (policy.csv:3)",
        "status_base": "ranked", "status_head": "ranked", "rank_base": 5, "rank_head": 9,
    }  # fmt: skip
    cell = {"row": "x", "change": "changed", "column": "limit", "old": "1", "new": "2", "file": "w.csv", "line": 2}  # fmt: skip
    layers = {"rules": "x", "water_rules": "x", "policy": "y"}
    changes = Changes(
        pd.DataFrame([site], index=["s"]), pd.DataFrame({"site_id": [], "why": []}),
        pd.DataFrame(columns=["kind", "name", "what"]),
        pd.DataFrame([{**cell, "layer": layer, "row": row} for layer, row in layers.items()]),
        pd.DataFrame(columns=["site_id", "ingredient", "points", "status"]), {},
    )  # fmt: skip
    suite = suite_of_comparison(Comparison("a", "b", "", changes, (), ""), Origin({}, {}, ("", ""), HERE, HERE))  # fmt: skip
    assert [item.key for item in suite.results] == ["policy y", "water_rules x"]


# --------------------------------------------------------------------------------- Markdown
def test_the_summary_lists_the_worst_first_and_escapes_cells():
    text = markdown_text(report(finding("note"), finding(line=5, message="a|b <i>\nc")))
    lines = text.splitlines()
    assert lines[0] == "# powerwall check: 1 error, 1 note"
    assert "| region.toml | 1 | 0 | 1 |" in lines
    assert lines[-2:] == [
        "| error | a.csv:5:3 | PW402 out of range | a\\|b &lt;i> c | mend it |",
        "| note | a.csv:2:3 | PW402 out of range | 7 is over 1 | mend it |",
    ]


def test_a_summary_without_findings_says_so():
    assert markdown_text(report()).startswith("# powerwall check: no findings\n")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(600, 4000))
def test_a_summary_is_never_longer_than_a_forge_takes(count, limit):
    many = [finding(line=n, message=f"Größe {n}") for n in range(1, count + 1)]
    text = markdown_text(report(*many), limit)
    kept = text.count("Größe")
    assert len(text.encode()) <= limit
    assert kept == count or text.endswith(f"left out: {count - kept} findings; all of them: powerwall check region.toml --all\n")  # fmt: skip


def test_what_is_cut_is_cut_from_the_end_of_the_rows_alone():
    text = fitting(["head"], ["a" * 20, "b" * 20, "c" * 20], ["tail"], 60, "rows")
    assert text == f"head\n{'a' * 20}\ntail\n\nleft out: 2 rows\n"


# ------------------------------------------------------------------------------ JSON, paths
def test_json_has_every_finding_and_null_for_an_unknown_line():
    content = json.loads(json_text(report(finding(), finding("warning", file="", line=0, column=0))))  # fmt: skip
    (region,) = content["regions"]
    assert (region["errors"], region["warnings"], region["notes"]) == (1, 1, 0)
    assert [(f["file"], f["line"]) for f in region["findings"]] == [("region.toml", None), ("a.csv", 2)]  # fmt: skip


def test_paths_are_relative_to_the_root_of_the_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    here = tmp_path / "data" / "deep"
    here.mkdir(parents=True)
    root = repository(here)
    assert root == tmp_path
    assert relative("a.csv", here, root) == "data/deep/a.csv"
    assert relative("../b.csv", here, root) == "data/b.csv"
    assert relative("/elsewhere/c.csv", here, root) == "/elsewhere/c.csv"
