"""`powerwall import`: turn a public download into a layer of a region."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from powerwall.cli import options as opt
from powerwall.cli.importing import Crs, Entity, Utility
from powerwall.importers.sources import SOURCES

_SOURCES = (*SOURCES, "moratoria", "ordinances", "urdb", "epw", "pairwise")
_LAYERS = {"moratoria": ("policy",), "ordinances": ("noise_rules", "policy")}


def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help=f"What is read: {', '.join(_SOURCES)}.", show_default=False)
    ],
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="Its files as published.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The layer: a CSV or GeoParquet; JSON for rates, TOML for weights.",
            show_default=False,
        ),
    ],
    layer: Annotated[
        str,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Layer of ordinances: noise_rules or policy.",
            show_default=False,
        ),
    ] = "",
    region: Annotated[
        Path | None,
        typer.Option(
            "--region",
            metavar="REGION",
            help="Keep what is in it or within 25 km; rows of its jurisdictions, under their ids.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Date of rows that do not say theirs.",
            show_default=False,
        ),
    ] = None,
    crs: Crs = "",
    entity: Entity = "",
    utility: Utility = "",
    stations: Annotated[
        Path | None,
        typer.Option(
            "--stations",
            metavar="FILE",
            help="Where the rows of weather stations go; silent is climate_stations.csv beside the layer.",
            show_default=False,
        ),
    ] = None,
    station_id: Annotated[
        str,
        typer.Option("--station-id", metavar="ID", help="Id of one weather station; silent is its WMO number.", show_default=False),
    ] = "",
    hourly: Annotated[
        bool, typer.Option("--hourly", help="Keep every hour of weather, in place of bins.")
    ] = False,
    profile: Annotated[
        str,
        typer.Option("--profile", metavar="NAME", help="Profile that imported weights become; silent, [weights].", show_default=False),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Show every place of a finding.")] = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Convert a public download into a layer; what its words leave open is a finding with its line.

    Example: powerwall import hifld-lines Electric_Power_Transmission_Lines.geojson -o lines.parquet
    """
    del debug
    opt.one_of(source, _SOURCES, "SOURCE")
    if source in SOURCES:
        from powerwall.cli.import_layer import LayerOptions, import_layer

        import_layer(source, files, output, LayerOptions(region, as_of, crs, entity, every, quiet, not no_color))  # fmt: skip
        return
    day = opt.day(as_of) if as_of else None
    if source == "pairwise":
        _weights(files, output, profile, every=every, quiet=quiet, color=not no_color)
        return
    if source == "epw":
        from powerwall.cli.import_weather import import_weather

        import_weather(files, output, stations, station_id, day, hourly=hourly, every=every, quiet=quiet, color=not no_color)  # fmt: skip
        return
    from powerwall.cli.import_rows import RowOptions, import_rows

    if source != "urdb":
        layer = layer or _LAYERS[source][0]
        opt.one_of(layer, _LAYERS[source], "--layer")
    import_rows(source, files, output, RowOptions(layer, region, day, utility, every, quiet, not no_color))  # fmt: skip


def _weights(files: list[Path], output: Path, profile: str, *, every: bool, quiet: bool, color: bool) -> None:  # fmt: skip
    """Pairwise comparisons as weights of a region file."""
    if len(files) > 1:
        raise typer.BadParameter("one matrix at a time", param_hint="FILE…")
    if profile and not profile.replace("-", "").replace("_", "").isalnum():
        raise typer.BadParameter(f"`{profile}` is no name: letters, digits, - and _", param_hint="--profile")  # fmt: skip
    from powerwall.output.console import console, print_findings
    from powerwall.region.findings import Findings

    err = console(stderr=True, color=color)
    findings = Findings()
    with opt.failing(err):
        from powerwall.criteria.criterion import registry
        from powerwall.importers.pairwise import read_pairwise
        from powerwall.output.files import check_targets, write_text

        check_targets([output], [".toml"])
        opt.not_itself(files, output, findings)
        if not files[0].is_file():
            findings.add("PW201", "no such file", file=files[0])
            findings.raise_errors()
        found = read_pairwise(files[0], registry(), findings, profile)
        findings.raise_errors()
        assert found is not None  # noqa: S101 — without errors there are weights
        write_text(output, found.text)
    if not quiet:
        print_findings(findings, err, every=every)
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in found.weights.items())
    ratio = "not known for more than ten rows" if math.isnan(found.ratio) else f"{found.ratio:.4f}"
    err.print(f"wrote {output}: {shares}; consistency ratio {ratio}")
    if found.silent:
        err.print(f"not compared, so without weight: {', '.join(found.silent)}")
