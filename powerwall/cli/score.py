"""`powerwall score`: rank the sites of one region, or of several together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from powerwall.cli import options as opt
from powerwall.cli.cells import CellOptions, refuse, score_cells

if TYPE_CHECKING:
    from rich.console import Console

    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_FORMATS = ("table", "csv", "json", "geojson", "md")


def score(
    regions: opt.RegionPaths,
    mw: opt.Mw = None,
    first_mw: opt.FirstMw = None,
    need_by: opt.NeedBy = None,
    horizon: opt.Horizon = None,
    as_of: opt.AsOf = None,
    cooling: opt.Cooling = None,
    weight: opt.Weight = None,
    profile: opt.Profile = "",
    top: Annotated[int, typer.Option("--top", min=1, help="Ranked sites in the table.")] = 15,
    output: Annotated[list[Path] | None, opt.files("csv, json, geojson, gpkg, parquet, md, html, png, svg, xlsx or kmz")] = None,
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Site of a .md brief, by its id or a part of its name: each -o *.md is then one page on it.", show_default=False)] = "",
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets.")
    ] = "table",
    unknown: opt.Unknown = "neutral",
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit 1 if the committed ranking.csv beside the layers is out of date."
        ),
    ] = False,
    draws: Annotated[
        int,
        typer.Option("--draws", min=0, help="Draws of weights and measures: adds how often each site is among the first, and its ranks."),
    ] = 0,
    top_k: opt.TopK = None,
    concentration: opt.Concentration = None,
    pick: Annotated[
        int | None,
        typer.Option("--pick", min=1, metavar="K", help="Show K sites whose points of interconnection carry them together, with their joint date.", show_default=False),
    ] = None,
    seed: opt.Seed = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Threads that measure cells (screen = true).", show_default="one a core")] = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes that measure cells; 0 is this one alone.")] = 0,
    scheduler: Annotated[str, typer.Option("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers measure cells, e.g. tcp://10.0.0.1:8786.", show_default=False)] = "",
    work_dir: Annotated[Path | None, typer.Option("--work-dir", metavar="FOLDER", help="Keep measured parts of cells here and take them up again; workers elsewhere must see it.", show_default=False)] = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Rank candidate sites, best first.

    Example: powerwall score regions/northern-virginia.toml --mw 300 --need-by 2031-01 -o out.csv
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    opt.one_of(unknown, ("neutral", "worst"), "--unknown")
    if pick is not None:
        opt.one_of(form, ("table", "json"), "--format with --pick")
    if site and not any(_is_brief(path, site) for path in output or []):
        raise typer.BadParameter("names the site of a brief: give -o FILE.md", param_hint="--site")
    points, drawing = opt.weights(weight), opt.drawn(draws, top_k, concentration)
    from powerwall.output.console import console

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    wanted = {
        "mw": mw,
        "first_mw": first_mw,
        "need_by": need_by,
        "horizon": horizon,
        "as_of": as_of,
        "cooling": cooling,
        "seed": seed,
    }
    with opt.failing(err):
        from powerwall.output.files import check_targets

        if (path := _screened(regions)) is not None:
            refuse(
                {"--check": check, "--draws": draws, "--pick": pick, "--site": site},
                "screen = true",
            )
            asked = CellOptions(top, output or [], form, points, profile, unknown, threads, workers, scheduler, work_dir)  # fmt: skip
            cells = score_cells(path, wanted, asked, out, err)
            opt.warn(cells.findings, err, quiet=quiet)
            opt.wrote(output, err, quiet=quiet)
            return
        refuse(
            {
                "--threads": threads,
                "--workers": workers,
                "--scheduler": scheduler,
                "--work-dir": work_dir,
            },
            "a region without  screen = true  under [sites]",
        )
        check_targets(output or [])
        if check:
            again = _Again(wanted, points, unknown, profile, draws, drawing)
            raise typer.Exit(_stale(regions, again, err))
        ranking = _ranked(regions, wanted, points, unknown, err, profile)
        _check_sources(output or [], ranking)
        site_id = _site_of(ranking, site)
        if draws and (pick is None or output):
            with opt.waiting(err, "drawing …"):
                ranking = ranking.with_draws(draws, **drawing)
        for path in output or []:
            _save(ranking, path, site_id)
    opt.warn(
        tuple(f for region in ranking.regions for f in region.findings),
        err,
        quiet=quiet,
        chosen=ranking.settings.findings,
    )
    if pick is not None:
        _show_portfolio(ranking, pick, draws, form, out)
    elif form == "table":
        from powerwall.output.table import print_ranking

        print_ranking(ranking, out, top)
    else:
        from powerwall.output.files import text

        out.file.write(text(ranking, form))
    opt.wrote(output, err, quiet=quiet)


def _is_brief(path: Path, site: str) -> bool:
    """Tell whether a file is the brief of a site; without one `.md` is the table."""
    return bool(site) and path.suffix.lower() == ".md"


def _site_of(ranking: Ranking, site: str) -> str:
    """Id of the site of a brief; "" where none is asked for."""
    names = dict(zip(ranking.frame.index.astype(str), ranking.frame["name"].astype(str), strict=True))  # fmt: skip
    return opt.find_site(site, names) if site else ""


def _save(ranking: Ranking, path: Path, site_id: str) -> None:
    """Write a ranking, or the brief of one of its sites."""
    if not _is_brief(path, site_id):
        ranking.save(path)
        return
    from powerwall.output.brief import brief_text
    from powerwall.output.files import write_text

    write_text(path, brief_text(ranking, site_id))


def _show_portfolio(ranking: Ranking, k: int, draws: int, form: str, out: Console) -> None:
    """K sites that stand together, in place of the table."""
    from powerwall.output.portfolio import json_text, print_portfolio
    from powerwall.ranking.portfolio import choose

    portfolio = choose(ranking, k, draws=draws)
    if form == "json":
        out.file.write(json_text(portfolio, ranking))
    else:
        print_portfolio(portfolio, ranking, out)


def _ranked(
    paths: list[Path],
    wanted: dict[str, object],
    points: dict[str, float],
    unknown: str,
    err: Console | None = None,
    profile: str = "",
) -> Ranking:
    from powerwall.criteria.measure import measure
    from powerwall.ranking.rank import rank

    regions = _read_all(paths, wanted)
    real = [region for region in regions if not region.table.synthetic]
    if real and len(real) < len(regions):
        if err is not None:
            made_up = ", ".join(region.name for region in regions if region.table.synthetic)
            err.print(f"{made_up} is synthetic and is left out beside real regions")
        regions = real
    return rank(
        regions,
        [measure(region) for region in regions],
        unknown=unknown,
        weights=points,
        profile=profile,
    )


def _screened(paths: list[Path]) -> Path | None:
    """The region file whose cells are to be screened; None where none asks for that."""
    from powerwall.region.findings import BadInput, Findings
    from powerwall.region.region import read_table

    for path in paths:
        findings = Findings()
        try:
            table, places = read_table(opt.located(path), findings)
        except BadInput:
            return None  # what is wrong with a file is told where all are read
        if table.sites.screen:
            if len(paths) > 1:
                findings.add("PW603", f"{table.name} is screened, and a screening is ranked alone", remedy="score it by itself", **places("sites", "screen"))  # fmt: skip
                findings.raise_errors()
            return path
    return None


def _read_all(paths: list[Path], wanted: dict[str, object]) -> list[Region]:
    """All regions, or the findings of every one that cannot be read."""
    from powerwall.region.findings import BadInput, Finding, Findings

    regions: list[Region] = []
    found: list[Finding] = []
    for path in paths:
        try:
            region = opt.requested(path, wanted)
        except BadInput as error:
            found.extend(error.findings)
            continue
        if region.name in {other.name for other in regions}:
            findings = Findings()
            findings.add("PW603", f"two of the regions are called `{region.name}`", remedy="name each region once", **region.places("name"))  # fmt: skip
            found.extend(findings)
        regions.append(region)
    if found:
        raise BadInput(found)
    return regions


def _check_sources(paths: list[Path], ranking: Ranking) -> None:
    """No output takes the place of a layer that was read."""
    from powerwall.region.findings import Findings

    findings = Findings()
    for region in ranking.regions:
        for layer in region.layers.values():
            for path in paths:
                if path.resolve() == layer.path.resolve():
                    findings.add("PW601", f"{path} is the layer `{layer.name}` of {region.name}", file=path, remedy="write to another file")  # fmt: skip
    findings.raise_errors()


class _Again(NamedTuple):
    """How a committed ranking was made: its options, and its draws."""

    wanted: dict[str, object]
    points: dict[str, float]
    unknown: str
    profile: str
    draws: int
    drawing: dict[str, Any]

    def ranking(self, path: Path) -> Ranking:
        """The ranking of a region as it is now."""
        found = _ranked([path], self.wanted, self.points, self.unknown, profile=self.profile)
        return found.with_draws(self.draws, **self.drawing) if self.draws else found


def _stale(paths: list[Path], again: _Again, err: Console) -> int:
    """1 if a committed ranking differs from the one computed now, at printed precision; else 0."""
    from powerwall.output.console import print_findings
    from powerwall.output.files import changed_sites
    from powerwall.region.findings import Findings

    findings = Findings()
    for path in paths:
        file = opt.located(path)
        committed = file.with_suffix("") / "ranking.csv"
        changed = changed_sites(committed, again.ranking(path))
        if changed:
            some = ", ".join(changed[:3]) + (" …" if len(changed) > 3 else "")
            findings.add("PW602", f"{len(changed)} rows of the committed ranking differ: {some}", file=committed,
                         remedy=f"powerwall score {file}{f' --draws {again.draws}' if again.draws else ''} -o {committed}")  # fmt: skip
        else:
            err.print(f"{committed}: up to date")
    print_findings(findings, err, every=True)
    return 1 if findings.errors else 0
