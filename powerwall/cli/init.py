"""`powerwall init`: start a region of one's own."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from powerwall.cli import options as opt
from powerwall.cli.importing import Crs, Entity, Utility
from powerwall.cli.region_text import HIGH_KV, SITES, Start, around, own_sites, utm

_LAYER = """\
[layers.points_of_interconnection]
path = "{name}/points_of_interconnection.csv"
as_of = {as_of}
source = {{ title = "where the rows come from", path = "" }}
licenses = ["CC0-1.0"]
fresh_days = 180
"""
_NODES = """\
poi_id,name,kind,voltage_kv,lon,lat,published_headroom_mw,headroom_rung,queue_ahead_mw,source_title,source_url,as_of,status,note
first-node,First node,substation,230,{lon},{lat},,line_proximity,,made-up row: replace it,,{as_of},unverified,
"""


def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Short name: lower-case letters, digits and hyphens.",
            show_default=False,
        ),
    ],
    folder: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="Where to put it.")] = Path(
        "regions"
    ),
    lon: Annotated[
        float, typer.Option(min=-180, max=180, help="Longitude of the region's middle [°].")
    ] = -98.0,
    lat: Annotated[
        float, typer.Option(min=-80, max=84, help="Latitude of the region's middle [°].")
    ] = 39.0,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="SOURCE=FILE[,FILE…][@DATE]", help="Make it of public downloads, as `powerwall import` reads them, and of the day they describe; repeat.", show_default=False),
    ] = None,
    within: Annotated[
        str,
        typer.Option("--within", metavar="CODE[,CODE…]", help="Counties to keep, by FIPS code or its beginning, e.g. 51107 or 51.", show_default=False),
    ] = "",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The region's day; silent is today.", show_default=False),
    ] = None,
    crs: Crs = "",
    entity: Entity = "",
    utility: Utility = "",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Start a region: of public downloads, or as a commented file and two layers to fill.

    Example: powerwall init my-county --from census-counties=counties.shp --from hifld-lines=lines.geojson --within 51107
    """
    del debug
    from powerwall.output.console import console, print_findings
    from powerwall.region.findings import Findings

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    path = folder / f"{name}.toml"
    findings = Findings()
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        findings.add(
            "PW603",
            f"`{name}` is no name for a region",
            remedy="lower-case letters, digits and hyphens",
        )
    elif path.exists() or (folder / name).exists():
        findings.add(
            "PW603",
            f"{path} or its folder exists already",
            remedy="choose another name, or remove it",
        )
    with opt.failing(err):
        findings.raise_errors()
    today = opt.day(as_of) if as_of else date.today()  # noqa: DTZ011 — a civil day
    if sources:
        from powerwall.cli import init_from

        wanted = init_from.parsed(sources, findings)
        with opt.failing(err):
            findings.raise_errors()
            codes = tuple(code.strip() for code in within.split(",") if code.strip())
            made = init_from.make(init_from.Plan(name, folder, wanted, codes, crs, entity, today, utility, (lon, lat)), err, findings, quiet=quiet)  # fmt: skip
        if not quiet:
            print_findings(findings, err)
        for file in made:
            out.print(f"wrote {file}", markup=False, highlight=False, soft_wrap=True)
        out.print(f"\nNext: powerwall check {path.as_posix()}")
        return
    for own, text in _blank(Start(name, today, utm(lon, lat)), lon, lat).items():
        at = folder / own
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, encoding="utf-8")
        out.print(f"wrote {at}")
    out.print(f"\nNext: powerwall check {path.as_posix()}")


def _blank(start: Start, lon: float, lat: float) -> dict[str, str]:
    """A region file and two layers of one made-up row each, by their paths."""
    words = {"name": start.name, "as_of": start.as_of, "lon": f"{lon:.3f}", "lat": f"{lat:.3f}"}
    about = "# A region of your own. Every key is described in docs/reference/region-file.md."
    sites = own_sites(start.name) + around(f"voltage_kv >= {HIGH_KV}")
    return {
        f"{start.name}.toml": start.text(about, sites, _LAYER.format(**words), ": the UTM zone of the region"),
        f"{start.name}/sites.csv": SITES.format(**words),
        f"{start.name}/points_of_interconnection.csv": _NODES.format(**words),
    }  # fmt: skip
