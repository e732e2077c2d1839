"""`powerwall check`: every finding about a region, over all its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from powerwall.cli import options as opt


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
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:
    """Check region files, layers, geometry, units, coverage and freshness.

    Exit code 1: an error (with --strict also a warning). 2: a file is missing or cannot be parsed.

    Example: powerwall check regions/*.toml
    """
    del debug
    from powerwall.output.console import console, print_findings, summary
    from powerwall.region.findings import CODES

    out = console(color=not no_color)
    if explain:
        if explain not in CODES:
            raise typer.BadParameter(
                f"no finding {explain}; they run from {min(CODES)} to {max(CODES)}",
                param_hint="--explain",
            )
        title, text = CODES[explain]
        out.print(f"{explain}: {title}\n{text}")
        return
    if not regions:
        raise typer.BadParameter("name a region file", param_hint="REGION…")
    from powerwall.ranking.check import check as check_region

    code = 0
    for path in regions:
        file = opt.located(path)
        found = check_region(file, today)
        print_findings(found, out, every=every)
        out.print(f"{file}: {summary(found)}")
        severities = {item.severity for item in found}
        if any(item.code == "PW101" for item in found):
            code = 2
        elif "error" in severities or (strict and "warning" in severities):
            code = max(code, 1)
    raise typer.Exit(code)
