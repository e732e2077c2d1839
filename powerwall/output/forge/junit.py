"""JUnit XML: a suite a region, a case a code, for GitLab, Jenkins and others that show tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from powerwall.output.forge.result import UNMEASURED, Report, Result, Suite

# XML 1.0, production 2: the characters that a document may hold
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(report: Report) -> str:
    """Errors are failures, with `strict` warnings too; what else was found is the output of a case."""
    suites = [_suite(suite, report.failing) for suite in report.suites]
    total = {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in ("tests", "failures", "errors", "skipped")}  # fmt: skip
    root = ET.Element("testsuites", {"name": f"powerwall {report.verb}", **total})
    root.extend(suites)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(suite: Suite, failing: tuple[str, ...]) -> ET.Element:
    rules: dict[str, list[Result]] = {}
    for item in suite.results:
        rules.setdefault(item.rule, []).append(item)
    cases = [_case(suite, rules[rule], failing) for rule in sorted(rules)]
    if not cases:
        cases = [ET.Element("testcase", classname=_clean(suite.name), name=suite.empty)]
    made = ET.Element(
        "testsuite", name=_clean(suite.name), tests=str(len(cases)), errors="0",
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
    )  # fmt: skip
    made.extend(cases)
    return made


def _case(suite: Suite, results: list[Result], failing: tuple[str, ...]) -> ET.Element:
    first = results[0]
    about = {"file": _clean(first.file)} if first.file else {}
    case = ET.Element("testcase", {"classname": _clean(suite.name), "name": _clean(first.heading), **about})  # fmt: skip
    bad = [item for item in results if item.level in failing]
    rest = [item for item in results if item.level not in failing]
    if bad:
        failure = ET.SubElement(case, "failure", type=bad[0].level, message=_clean(bad[0].message))  # fmt: skip
        failure.text = _lines(bad)
    elif all(item.level == UNMEASURED for item in rest):
        ET.SubElement(case, "skipped", message=_clean(first.message))
        return case
    if rest:
        ET.SubElement(case, "system-out").text = _lines(rest)
    return case


def _lines(results: list[Result]) -> str:
    said = [f"{r.place}: {r.level}: {r.message}" + (f" ({r.remedy})" if r.remedy else "") for r in results]  # fmt: skip
    return _clean("\n".join(said))


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)
