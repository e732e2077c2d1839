"""What is written about the commands is what they do: reference pages, README, links."""

from __future__ import annotations

import ast
import re
import shlex
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.criteria.criterion import registry
from powerwall.output.finding_examples import EXAMPLES
from powerwall.output.readme import WIDTH
from powerwall.output.reference import FOLDER, main, pages
from powerwall.region.findings import CODES, SEVERITIES

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
WRITTEN = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in [
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(REPOSITORY / "docs").rglob("*.md"),
    ]
    if path.is_file()
)


@pytest.fixture(autouse=True)
def _in_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("COLUMNS", WIDTH)  # set here, so that it is taken back
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def blocks() -> list[str]:
    """Console blocks of the README that show a command and its output."""
    text = README.read_text(encoding="utf-8") if README.is_file() else ""
    return [b for b in fenced(text, "console") if re.match(r"\$ (powerwall|make score)", b)]


def older(package: str, least: tuple[int, int]) -> bool:
    """Tell whether a library words its help or its schema in the way of an older version."""
    first, second, *_ = version(package).split(".")
    return (int(first), int(second)) < least


@pytest.mark.slow  # `make check` looks at the same pages
@pytest.mark.skipif(
    older("typer", (0, 29)) or older("pydantic", (2, 14)),
    reason="the pages are written with newer versions of typer and pydantic",
)
def test_the_reference_pages_and_the_readme_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The reference pages, made once."""
    return pages()


def test_a_page_that_is_out_of_date_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], texts: dict[str, str],
) -> None:  # fmt: skip
    monkeypatch.setattr("powerwall.output.reference.pages", lambda: texts)
    (tmp_path / "README.md").write_text("# nothing to run\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert main(["--check"]) == 0
    page = tmp_path / FOLDER / "findings.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nmore\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/reference/findings.md is out of date: make docs\n"


def test_the_reference_pages_name_every_command_criterion_and_code(texts: dict[str, str]) -> None:
    for verb in ("score", "explain", "check", "criteria", "init"):
        assert f"## `powerwall {verb}`" in texts["cli.md"]
    assert all(f"### {name}\n" in texts["criteria.md"] for name in registry())
    assert all(f"\n### {code}\n" in texts["findings.md"] for code in CODES)


def phrases(code: str) -> list[re.Pattern[str]]:
    """Words of the modules that report a code, with anything in their gaps."""
    found = []
    for path in (REPOSITORY / "powerwall").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if f'"{code}"' not in text or path.name in {"findings.py", "finding_examples.py"}:
            continue
        for node in ast.walk(ast.parse(text)):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = [part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else None for part in parts]  # fmt: skip
            told = len("".join(word or "" for word in words))
            pattern = "".join(".+?" if word is None else re.escape(word) for word in words)
            if told >= 5:  # a few words may stand anywhere, less must be the whole
                found.append(re.compile(pattern if told >= 10 else f"^{pattern}$"))
    return found


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_code_has_the_words_of_the_code_that_reports_it(code: str) -> None:
    example = EXAMPLES[code]
    assert example.severity in SEVERITIES
    assert example.mend.endswith(".")
    assert any(phrase.search(example.message) for phrase in phrases(code))


def test_every_command_has_help_with_an_example_that_parses() -> None:
    for verb in ("score", "explain", "check", "criteria", "init"):
        result = CliRunner().invoke(app, [verb, "--help"])
        assert result.exit_code == 0
        text = re.sub(r"\s+", " ", result.output)
        assert re.search(rf"Example: powerwall {verb} \S", text)
        assert "-h" in text


@pytest.mark.skipif(not README.is_file(), reason="there is no README yet")
def test_the_readme_shows_commands() -> None:
    verbs = {shlex.split(block.splitlines()[0])[2] for block in blocks()}
    assert {"score", "explain", "check"} <= verbs


@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.splitlines()[0][2:])
def test_the_readme_shows_what_a_command_prints(block: str) -> None:
    command, *expected = block.rstrip("\n").splitlines()
    words = shlex.split(command.removeprefix("$ "))
    if words[:2] == ["make", "score"]:
        makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
        words = ["powerwall", "score", re.search(r"^REGION \?= (\S+)$", makefile, re.MULTILINE)[1]]
    result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, result.output
    printed = [line.rstrip() for line in result.stdout.rstrip("\n").splitlines()]
    if expected[-1] == "…":
        expected = expected[:-1]
        assert len(printed) > len(expected)
        printed = printed[: len(expected)]
    assert printed == expected


@pytest.mark.slow
@pytest.mark.skipif(not README.is_file(), reason="there is no README yet")
def test_the_commands_of_the_readme_without_output_run_too(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    lines = [line for block in fenced(text, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("powerwall ")]
    assert commands
    for line in commands:
        words: list[str] = []
        for word in shlex.split(line)[1:]:
            here = words[-1:] == ["-o"]
            found = sorted(str(p) for p in Path().glob(word)) if "*" in word else [word]
            words += [str(tmp_path / word)] if here else found
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, (line, result.output)


@pytest.mark.skipif(not README.is_file(), reason="there is no README yet")
def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (code,) = fenced(README.read_text(encoding="utf-8"), "python")
    target = tmp_path / "ranking.csv"
    assert '"ranking.csv"' in code
    names: dict[str, object] = {}
    exec(code.replace('"ranking.csv"', repr(str(target))), names)
    assert target.read_text(encoding="utf-8").startswith("site_id,name,rank,")


def anchors(path: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    made: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = 0
        while (slug if not count else f"{slug}-{count}") in made:
            count += 1
        made.add(slug if not count else f"{slug}-{count}")
    return made


@pytest.mark.parametrize("page", WRITTEN)
def test_every_relative_link_of_a_page_resolves(page: str) -> None:
    path = REPOSITORY / page
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or not target.is_relative_to(REPOSITORY) or (anchor and target.suffix == ".md" and anchor not in anchors(target)):  # fmt: skip
            broken.append(link)
    assert broken == []
