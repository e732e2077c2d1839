"""Options that several verbs share, and how a verb fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from powerwall.region.findings import Finding, Findings
    from powerwall.region.read import Ready, Region


def day(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        msg = f"`{text}` is not a date: write YYYY-MM or YYYY-MM-DD"
        raise typer.BadParameter(msg) from None


def _positive(value: float | None) -> float | None:
    if value is not None and not (0 < value < float("inf")):
        msg = f"{value:g} is not a positive number"
        raise typer.BadParameter(msg)
    return value


def _above_zero(value: float | None) -> float | None:
    if value is not None and not value > 0:
        msg = f"{value:g} is not above 0 (inf takes the weights as given)"
        raise typer.BadParameter(msg)
    return value


RegionPath = Annotated[
    Path,
    typer.Argument(
        metavar="REGION", help="Region file, or the name of one in regions/.", show_default=False
    ),
]
RegionPaths = Annotated[
    list[Path],
    typer.Argument(
        metavar="REGION…",
        help="Region files, or names of files in regions/; several rank together.",
        show_default=False,
    ),
]
Mw = Annotated[
    float | None,
    typer.Option(
        "--mw",
        callback=_positive,
        help="Requested grid power at full build-out [MW].",
        show_default=False,
    ),
]
FirstMw = Annotated[
    float | None,
    typer.Option(
        "--first-mw",
        callback=_positive,
        help="First block of power [MW]; the rest follows over ramp_months of the region file.",
        show_default=False,
    ),
]
NeedBy = Annotated[
    Any,
    typer.Option(
        "--need-by",
        parser=day,
        metavar="DATE",
        help="Day by which the power is needed, YYYY-MM or YYYY-MM-DD.",
        show_default=False,
    ),
]
Horizon = Annotated[
    Any,
    typer.Option(
        "--horizon",
        parser=day,
        metavar="DATE",
        help="Last day that counts for delivered MW-years and FLOP.",
        show_default=False,
    ),
]
AsOf = Annotated[
    Any,
    typer.Option(
        "--as-of",
        parser=day,
        metavar="DATE",
        help="Month 0 of every plan; rules in force on this day.",
        show_default=False,
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Seed of the draws.", show_default=False)
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        "-w",
        metavar="NAME=X",
        help="Points of a subject or criterion; may be repeated.",
        show_default=False,
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Weights of developer, utility, county or ratepayer (assumed), or of a profile of the region file.",
        show_default=False,
    ),
]
Unknown = Annotated[
    str,
    typer.Option(
        "--unknown", metavar="neutral|worst", help="Rank by the score, or by its low end."
    ),
]
TopK = Annotated[
    int | None,
    typer.Option("--top-k", min=1, show_default="3", help="Length of the shortlist whose share of draws is `held`."),
]  # fmt: skip
Concentration = Annotated[
    float | None,
    typer.Option("--concentration", callback=_above_zero, show_default="50",
                 help="How closely drawn weights keep to the given ones; a weight of 0.3 has a standard deviation of 0.064 at 50."),
]  # fmt: skip
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No warnings and no notes on stderr.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug.")]


def _plant(name: str | None) -> str | None:
    """A cooling plant, or auto; another word is a usage error before anything is read."""
    if name is None:
        return None
    from powerwall.criteria.water.plants import AUTO, PLANTS, PRESETS
    from powerwall.region.findings import did_you_mean

    known = [*PLANTS, *PRESETS, AUTO]
    if name not in known:
        raise typer.BadParameter(f"`{name}` is no cooling plant; {did_you_mean(name, known)}")
    return name


Cooling = Annotated[
    str | None,
    typer.Option(
        "--cooling",
        metavar="PLANT",
        callback=_plant,
        help="Cooling plant, e.g. mixed-hall, liquid-tower, air-chiller; auto takes the best one of each site.",
        show_default=False,
    ),
]


def one_of(value: str, known: tuple[str, ...], option: str) -> None:
    """Raise BadParameter for a word that is none of those an option takes."""
    if value not in known:
        raise typer.BadParameter(f"`{value}` is none of {', '.join(known)}", param_hint=option)


def drawn(draws: int, top_k: int | None, concentration: float | None) -> dict[str, Any]:
    """What was asked of the draws beside their number, as `Ranking.with_draws` takes it.

    Raises
    ------
    typer.BadParameter
        If something is asked of draws and none are.
    """
    given = {"top_k": top_k, "concentration": concentration}
    asked = {name: value for name, value in given.items() if value is not None}
    if asked and not draws:
        option = f"--{next(iter(asked)).replace('_', '-')}"
        raise typer.BadParameter("nothing is drawn: give --draws", param_hint=option)
    return asked


def files(formats: str) -> Any:
    """The option `--output`, which may be repeated, of a verb that writes some formats."""
    return typer.Option("--output", "-o", metavar="FILE", help=f"Write {formats}; may be repeated.", show_default=False)  # fmt: skip


Output = Annotated[list[Path] | None, files("json, csv or md")]


def wrote(paths: list[Path] | None, err: Console, *, quiet: bool) -> None:
    """Name the files that were written."""
    for path in [] if quiet else paths or []:
        err.print(f"wrote {path}")


def not_itself(files: list[Path], output: Path, findings: Findings) -> None:
    """No output takes the place of a table that is read."""
    for path in files:
        if path.resolve() == output.resolve():
            findings.add("PW601", f"{output} is a table that is read", file=output, remedy="write to another file")  # fmt: skip
    findings.raise_errors()


def located(path: Path) -> Path:
    """The region file a user means: the path, or `regions/<name>.toml`."""
    named = Path("regions") / f"{path.name.removesuffix('.toml')}.toml"
    return named if not path.exists() and named.is_file() and len(path.parts) == 1 else path


def weights(given: list[str] | None) -> dict[str, float]:
    """`NAME=X` options as points.

    Raises
    ------
    typer.BadParameter
        If one is not of that form, or its number is negative or not finite.
    """
    found: dict[str, float] = {}
    for item in given or []:
        name, _, number = item.partition("=")
        try:
            points = float(number)
        except ValueError:
            points = float("nan")
        if not (0 <= points < float("inf")):
            msg = f"`{item}`: write NAME=X with X a number, 0 or more"
            raise typer.BadParameter(msg, param_hint="--weight")
        found[name.strip()] = points
    return found


def requested(
    path: Path, options: dict[str, object], site: str = "", ready: Ready | None = None
) -> Region:
    """Read a region and put the options of the command line over its request.

    Of a region that screens its cells, `site` is the one to be measured in full; `ready` hears of
    each layer.
    """
    from powerwall.region.findings import Findings
    from powerwall.region.read import read

    region = read(located(path), ready=ready).with_request(**options)
    findings = Findings()
    request = region.request
    if request.need_by <= request.as_of:
        findings.add(
            "PW603", f"--need-by {request.need_by} is not after the as-of date {request.as_of}"
        )
    if request.horizon is not None and request.horizon <= request.as_of:
        findings.add(
            "PW603", f"--horizon {request.horizon} is not after the as-of date {request.as_of}"
        )
    if request.first_mw and request.first_mw > request.mw:
        if options.get("first_mw") is None:
            region = region.with_request(first_mw=request.mw)
        else:
            findings.add(
                "PW603", f"--first-mw {request.first_mw:g} is more than --mw {request.mw:g}"
            )
    findings.raise_errors()
    if site and region.table.sites.screen:
        from powerwall.region.one_candidate import with_candidate

        return with_candidate(region, site)
    return region


@contextmanager
def failing(err: Console) -> Iterator[None]:
    """Print the findings of bad input and leave with code 2."""
    from powerwall.output.console import print_findings, summary
    from powerwall.region.findings import BadInput

    try:
        yield
    except BadInput as error:
        print_findings(error.findings, err, every=True)
        err.print(summary(error.findings))
        raise typer.Exit(2) from None


def find_site(wanted: str, names: dict[str, str]) -> str:
    """Id of the site a user means: the id itself, else the only name that contains the text.

    Raises
    ------
    BadInput
        If none or several fit.
    """
    from powerwall.region.findings import BadInput, Findings, did_you_mean

    if wanted in names:
        return wanted
    hits = [
        i
        for i, name in names.items()
        if wanted.casefold() in name.casefold() or wanted.casefold() in i.casefold()
    ]
    if len(hits) == 1:
        return hits[0]
    findings = Findings()
    if hits:
        findings.add(
            "PW603", f"`{wanted}` fits {len(hits)} sites", remedy=f"one of {', '.join(hits[:6])}"
        )
    else:
        findings.add("PW603", f"no site `{wanted}`", remedy=did_you_mean(wanted, list(names)))
    raise BadInput(findings)


@contextmanager
def waiting(err: Console, words: str) -> Iterator[None]:
    """A spinner on a terminal's stderr; nothing elsewhere."""
    if not err.is_terminal:
        yield
        return
    with err.status(words):
        yield


def warn(
    found: tuple[Finding, ...], err: Console, *, quiet: bool, chosen: tuple[Finding, ...] = ()
) -> None:
    """One line for what was notable on the way; `check` shows it whole.

    `chosen` are the findings of weights: those that stand in no file come from an option, so
    `check` does not know them and they are shown here.
    """
    from powerwall.output.console import print_findings, summary

    if quiet:
        return
    print_findings([item for item in chosen if not item.file], err, every=True)
    if on_reading := [*found, *(item for item in chosen if item.file)]:
        err.print(f"{summary(on_reading)} on reading; powerwall check shows them")
