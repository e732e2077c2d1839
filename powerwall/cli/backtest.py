"""`powerwall backtest`: a region as it was known on a day, held against what became of its sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from powerwall.cli import options as opt
from powerwall.cli.cells import named

if TYPE_CHECKING:
    from powerwall.region.read import Region

_FORMATS = ("table", "json", "csv", "md")


def backtest(
    region: opt.RegionPath,
    outcomes: Annotated[
        Path,
        typer.Option("--outcomes", metavar="FILE", help="CSV with site_id, energised_on, withdrawn_on, followed_to; one row a site.",
                     show_default=False),
    ],
    as_of: Annotated[
        Any,
        typer.Option("--as-of", parser=opt.day, metavar="DATE", help="Day whose knowledge counts: layers and rows are cut to it.",
                     show_default=False),
    ],
    deadline: Annotated[
        Any,
        typer.Option("--deadline", parser=opt.day, metavar="DATE", help="Day by which power was needed. Silent: need_by of the region file.",
                     show_default=False),
    ] = None,
    mw: opt.Mw = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option("--baseline", metavar="COLUMN", help="Column of the sites to hold beside the ranking, e.g. capacity_mw or capacity_mw:low; may be repeated.",
                     show_default=False),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="LAYER", help="Use a layer although it is later or undated, and name it as leakage; may be repeated.",
                     show_default=False),
    ] = None,
    sample: Annotated[
        str, typer.Option("--sample", metavar="TEXT", help="How the sample was drawn, printed with the figures.", show_default=False)
    ] = "",
    k: Annotated[int, typer.Option("--k", min=1, help="Sites at the top, for precision and lift.")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the draws and of the bootstrap.")] = 0,
    output: opt.Output = None,
    form: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets.")] = "table",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Replay a region as it was known on a day, and hold ranking, odds and dates against outcomes.

    Example: powerwall backtest region.toml --as-of 2022-01-31 --outcomes outcomes.csv --deadline 2023-12-31
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    from powerwall.output.console import console, print_findings

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    with opt.failing(err):
        from powerwall.output.backtest_files import SUFFIXES, save, text
        from powerwall.output.files import check_targets
        from powerwall.ranking.backtest.backtest import backtest as held
        from powerwall.region.read import read

        check_targets(output or [], SUFFIXES)
        read_region = named(read(opt.located(region), mw=mw))
        _keep_sources(output or [], read_region, outcomes)
        with opt.waiting(err, "replaying …"):
            found = held(read_region, outcomes, as_of, deadline=deadline, baselines=baseline or [], keep=keep or [], k=k, seed=seed)  # fmt: skip
        for path in output or []:
            save(found, path, sample)
    if not quiet:
        print_findings([*found.findings, *found.replay.findings], err, every=True)
    if form == "table":
        from powerwall.output.backtest import print_backtest

        print_backtest(found, out, sample)
    else:
        out.file.write(text(found, form, sample))
    opt.wrote(output, err, quiet=quiet)


def _keep_sources(paths: list[Path], region: Region, outcomes: Path) -> None:
    """No output takes the place of a file that is read."""
    from powerwall.region.findings import Findings

    findings = Findings()
    files = [region.path, outcomes, *(layer.path for layer in region.layers.values())]
    for path in paths:
        opt.not_itself(files, path, findings)
