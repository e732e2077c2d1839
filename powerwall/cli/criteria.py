"""`powerwall criteria`: what is measured, in which unit, and what it is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from powerwall.cli import options as opt


def criteria(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="One criterion, in full.", show_default=False)
    ] = "",
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:
    """List the criteria, or describe one.

    Example: powerwall criteria months_late
    """
    del debug
    from powerwall.criteria.criterion import registry
    from powerwall.output.console import console
    from powerwall.output.criteria import print_criteria, print_criterion
    from powerwall.region.findings import Findings, did_you_mean

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    known = registry()
    if not name:
        print_criteria(known, out)
        return
    with opt.failing(err):
        if name not in known:
            findings = Findings()
            findings.add("PW603", f"no criterion `{name}`", remedy=did_you_mean(name, list(known)))
            findings.raise_errors()
    print_criterion(known[name], out)
