"""Importing: options of `import` and `init` that mean the same in both, and what both print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from powerwall.region.findings import Findings

Crs = Annotated[
    str,
    typer.Option("--crs", metavar="EPSG", help="Coordinate system of files that have none, e.g. EPSG:4269.", show_default=False),
]  # fmt: skip
Entity = Annotated[
    str,
    typer.Option("--entity", metavar="NAME", help="Operator of a queue whose files do not say it, e.g. CAISO; balancing authorities to keep of a generation mix, e.g. PJM.", show_default=False),
]  # fmt: skip
Utility = Annotated[
    str,
    typer.Option("--utility", metavar="ID", help="Utility of imported rates, as the region calls it.", show_default=False),
]  # fmt: skip


class Made(NamedTuple):
    """What became of an import: lines to tell, and the blocks to paste."""

    lines: list[str]
    blocks: list[str]


def notable(findings: Findings, err: Console, *, every: bool) -> None:
    """What was notable on the way, and how much of it."""
    from powerwall.output.console import print_findings, summary

    print_findings(findings, err, every=every)
    if list(findings):
        err.print(summary(findings))


def say(lines: Iterable[str], to: Console) -> None:
    """Lines as they are: names of files and words of a source are no markup."""
    for line in lines:
        to.print(line, markup=False, highlight=False, soft_wrap=True)


def paste(blocks: list[str], out: Console, err: Console, *, quiet: bool) -> None:
    """The blocks of a region file on stdout, with a word on what they are beside it."""
    if blocks and not quiet:
        err.print("paste into the region file:")
    out.file.write("\n".join(blocks))
