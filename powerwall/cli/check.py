"""`powerwall check`: every finding about a region, over all its files."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from powerwall.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from powerwall.output.forge.result import Report
    from powerwall.region.findings import Finding

_FORMATS = ("table", "json", "md", "github", "sarif", "junit")


def check(
    regions: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="REGION…", help="Region files, or names in regions/.", show_default=False
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings too.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every place of a finding.")] = False,
    explain: Annotated[
        str,
        typer.Option(
            "--explain", metavar="CODE", help="Say what a finding's code means.", show_default=False
        ),
    ] = "",
    today: Annotated[
        Any,
        typer.Option(
            "--today",
            parser=opt.day,
            metavar="DATE",
            help="Day that freshness is judged on.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[list[Path] | None, opt.files("json, md, sarif or xml (JUnit)")] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(_FORMATS),
            help="What stdout gets; github is workflow commands, which annotate a pull request.",
        ),
    ] = "table",
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:
    """Check region files, layers, geometry, units, coverage and freshness.

    Exit code 1: an error (with --strict also a warning). 2: a file is missing or cannot be parsed.

    Example: powerwall check regions/*.toml
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    from powerwall.output.console import console

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    if explain:
        _explain(explain, out)
        return
    if not regions:
        raise typer.BadParameter("name a region file", param_hint="REGION…")
    files = [opt.located(path) for path in regions]
    with opt.failing(err):
        _check_output(output or [], files)
        found = [_checked(file, today, out if form == "table" else None, every) for file in files]
        if output or form != "table":
            from powerwall.output.forge.formats import save, text

            report = _report(files, found, strict=strict)
            for path in output or []:
                save(report, path)
            if form != "table":
                out.file.write(text(report, form))
    opt.wrote(output, err, quiet=False)
    raise typer.Exit(max(_verdict(items, strict=strict) for items in found))


def _explain(code: str, out: Console) -> None:
    from powerwall.region.findings import CODES

    if code not in CODES:
        raise typer.BadParameter(
            f"no finding {code}; they run from {min(CODES)} to {max(CODES)}",
            param_hint="--explain",
        )
    title, text = CODES[code]
    out.print(f"{code}: {title}\n{text}")


def _checked(file: Path, today: Any, out: Console | None, every: bool) -> list[Finding]:
    """Findings of a region; a table shows them as they come."""
    from powerwall.output.console import print_findings, summary
    from powerwall.ranking.check import check as check_region

    found = check_region(file, today)
    if out is not None:
        print_findings(found, out, every=every)
        out.print(f"{file}: {summary(found)}")
    return found


def _report(files: list[Path], found: list[list[Finding]], *, strict: bool) -> Report:
    from powerwall.output.forge.result import Report, repository, suite_of
    from powerwall.region.findings import CODES

    here = Path.cwd()
    root = repository(here)
    suites = tuple(suite_of(file.as_posix(), items, here, root) for file, items in zip(files, found, strict=True))  # fmt: skip
    more = shlex.join(["powerwall", "check", *(file.as_posix() for file in files), "--all"])
    return Report("check", suites, CODES, more, strict)


def _verdict(found: Iterable[Finding], *, strict: bool) -> int:
    severities = {item.severity for item in found}
    if any(item.code == "PW101" for item in found):
        return 2
    return int("error" in severities or (strict and "warning" in severities))


def _check_output(paths: list[Path], files: list[Path]) -> None:
    """No output takes the place of a file that is read, or of a format that there is not."""
    if not paths:
        return
    from powerwall.output.files import check_targets
    from powerwall.output.forge.formats import SUFFIXES
    from powerwall.region.findings import Findings

    check_targets(paths, SUFFIXES)
    read = {name.resolve(): file for file in files for name in (file, *_layers(file))}
    findings = Findings()
    for path in paths:
        if file := read.get(path.resolve()):
            findings.add("PW601", f"{path} is a file that {file} reads", file=path, remedy="write to another file")  # fmt: skip
    findings.raise_errors()


def _layers(file: Path) -> list[Path]:
    """Files that a region file names, as far as it can be read; the check says where it cannot."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return []
    layers = content.get("layers")
    entries = [content.get("sites"), *(layers.values() if isinstance(layers, dict) else ())]
    names = [entry.get("path") for entry in entries if isinstance(entry, dict)]
    return [file.parent / name for name in names if isinstance(name, str)]
