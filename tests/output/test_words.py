"""Words: no output gives advice or a verdict that nobody can stand for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import powerwall
from powerwall.cli import app

NEVER = re.compile(
    r"\b(safe|compliant|compliance|complies|guaranteed?|friendly|hostile|risk-free|recommend(ed|s)?|should|will be approved|nimby)\b",
    re.IGNORECASE,
)
PACKAGE = Path(powerwall.__file__).parent


def literals(path: Path):
    """Texts of a module that may be printed: every string that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_text_of_the_package_advises_or_vouches():
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in literals(path)
        if NEVER.search(text)
    ]
    assert found == []


@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize(
    ("region", "site"),
    [
        ("example", "ex-cedar-flats"),
        pytest.param("central-ohio", "oh-sunbury-park", marks=pytest.mark.slow),
    ],
)
def test_no_output_advises_or_vouches(regions, region, site):
    path = str(regions / f"{region}.toml")
    for arguments in (
        ["score", path], ["score", path, "--format", "md"], ["explain", path, site], ["check", path, "--all"],
        ["plan", path, site, "--bridge", "recip:100"],
    ):  # fmt: skip
        result = CliRunner().invoke(app, arguments)
        assert result.stdout, arguments
        told = re.sub(r"https?://\S+", "", result.stdout)  # an address is its publisher's own
        assert not NEVER.search(told), (arguments, NEVER.search(result.stdout))


@pytest.mark.parametrize(
    ("region", "site"), [("example", "ex-cedar-flats"), ("central-ohio", "oh-sunbury-park")]
)
def test_every_act_of_the_timeline_carries_its_date_evidence_and_source(
    regions, kept, region, site
):
    from powerwall.criteria.policy.timeline import timeline

    acts = timeline(kept[0](regions / f"{region}.toml"), site)
    assert acts
    for act in acts:
        assert act.since
        assert act.row["status"]
        assert act.row["as_of"]
        assert act.row["source_title"]
