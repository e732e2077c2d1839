"""`powerwall fit`: durations and odds from a queue table."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from powerwall.cli import options as opt

_FORMATS = ("table", "csv", "json", "md")


def _last_day(text: str) -> date:
    """A day, or the last day of a month: a monthly report is known at its end."""
    from powerwall.region.dates import parse_span

    return opt.day(text) if len(text) > 7 else parse_span(opt.day(text).isoformat()[:7]).last


def fit(
    queue: Annotated[
        Path,
        typer.Argument(
            metavar="QUEUE", help="Queue table: CSV, Parquet or GeoJSON.", show_default=False
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help="Fit each group of a column too, e.g. region.",
            show_default=False,
        ),
    ] = None,
    component: Annotated[
        str | None,
        typer.Option(
            "--component",
            metavar="STAGE",
            help="Stage of a panel of monthly reports, e.g. agreement_to_energisation.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        Any,
        typer.Option(
            "--as-of",
            parser=_last_day,
            metavar="DATE",
            help="Day whose knowledge counts; the last one in the table without it.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        Any,
        typer.Option(
            "--since",
            parser=opt.day,
            metavar="DATE",
            help="First day of a request that counts.",
            show_default=False,
        ),
    ] = None,
    output: opt.Output = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets.")
    ] = "table",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:
    """Fit how long the requests of a queue take, and which share is completed or withdrawn by when.

    Example: powerwall fit queue.csv --by region --since 2015-01
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    from powerwall.output.console import console, print_findings

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    with opt.failing(err):
        from powerwall.criteria.power.queues.tables import fit_queue, read_queue
        from powerwall.output.files import check_targets
        from powerwall.output.fit import SUFFIXES, print_fit, save, text

        check_targets(output or [], SUFFIXES)
        _not_itself(queue, output or [])
        read = read_queue(queue, component=component, as_of=as_of)
        fits = fit_queue(read, by=by, since=since)
        for path in output or []:
            save(read, fits, queue, path)
    if read.findings and not quiet:
        print_findings(read.findings, err)
    if form == "table":
        print_fit(read, fits, queue, out)
    else:
        out.file.write(text(read, fits, queue, form))
    opt.wrote(output, err, quiet=quiet)


def _not_itself(queue: Path, paths: list[Path]) -> None:
    """No output takes the place of the table that is read."""
    from powerwall.region.findings import Findings

    findings = Findings()
    for path in paths:
        if path.resolve() == queue.resolve():
            findings.add("PW601", f"{path} is the queue itself", file=path, remedy="write to another file")  # fmt: skip
    findings.raise_errors()
