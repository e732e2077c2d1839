"""SARIF 2.1.0: results for code scanning (OASIS, Static Analysis Results Interchange Format)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import powerwall
from powerwall.output.forge.result import Report, Result, without_control

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"  # fmt: skip
_NUMBER = re.compile(r"(?<![\w-])\d[\d.,]*(?![\w-])")  # days and counts, not ids and dates


def sarif_text(report: Report) -> str:
    """One run; gates that hold are left out, for code scanning shows any result as an alert."""
    rules = sorted(report.rules)
    seen: Counter[tuple[str, ...]] = Counter()
    run = {
        "tool": {"driver": {"name": "powerwall", "version": powerwall.__version__, "rules": [_rule(name, *report.rules[name]) for name in rules]}},
        "automationDetails": {"id": f"powerwall-{report.verb}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, rules.index(item.rule), seen) for item in report.found],
    }  # fmt: skip
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _rule(name: str, title: str, text: str) -> dict[str, Any]:
    return {"id": name, "shortDescription": {"text": title}, "fullDescription": {"text": text}, "help": {"text": text}}  # fmt: skip


def _result(item: Result, index: int, seen: Counter[tuple[str, ...]]) -> dict[str, Any]:
    identity = (item.rule, item.file, _NUMBER.sub("#", item.key or item.message))
    nth = seen[identity]
    seen[identity] += 1
    digest = hashlib.sha256("\0".join([*identity, str(nth)]).encode()).hexdigest()
    text = f"{item.message}\n{item.remedy}" if item.remedy else item.message
    return {
        "ruleId": item.rule,
        "ruleIndex": index,
        "level": item.level,
        "message": {"text": _literal(without_control(text))},
        "locations": [{"physicalLocation": _location(item)}],
        "partialFingerprints": {"powerwallResult/v1": digest[:32]},
    }


def _literal(text: str) -> str:
    """A message without placeholders: braces are doubled (SARIF 2.1.0, 3.11.5)."""
    return text.replace("{", "{{").replace("}", "}}")


def _location(item: Result) -> dict[str, Any]:
    if PurePosixPath(item.file).is_absolute():
        artifact = {"uri": f"file://{quote(item.file)}"}
    else:
        artifact = {"uri": quote(item.file), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": item.line} | ({"startColumn": item.column} if item.column else {})
    return {"artifactLocation": artifact} | ({"region": region} if item.line else {})
