"""`powerwall init`: start a region of one's own."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from powerwall.cli import options as opt

_REGION = """\
# A region of your own. Every key is described in docs/reference/region-file.md.
schema = 1
name = "{name}"
title = "{title}"
version = "0.1.0"
as_of = {as_of}              # month 0 of every plan; rules in force on this day
edition = "screening"
crs = "{crs}"          # projected, metres: the UTM zone of the region
currency = "USD"

[request]
mw = 300
need_by = {need_by}

[sites]
path = "{name}/sites.csv"
licenses = ["CC0-1.0"]
around = {{ layer = "points_of_interconnection", where = "voltage_kv >= 138", radius_km = 2 }}

[layers.points_of_interconnection]
path = "{name}/points_of_interconnection.csv"
as_of = {as_of}
source = {{ title = "where the rows come from", path = "" }}
licenses = ["CC0-1.0"]
fresh_days = 180

[weights]                      # the developer's view, assumed
power = 5
cost = 3
water = 1
noise = 1
policy = 2
"""
SITES = """\
site_id,name,lon,lat,location_accuracy_m,area_ha,zoning_status,availability,source_title,source_url,as_of,status,note
first-site,First site,{lon},{lat},500,,unknown,unknown,made-up row: replace it,,{as_of},unverified,
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
    crs: Annotated[
        str,
        typer.Option("--crs", metavar="EPSG", help="Coordinate system of files that have none.", show_default=False),
    ] = "",
    entity: Annotated[
        str,
        typer.Option("--entity", metavar="NAME", help="Operator of a queue whose files do not say it.", show_default=False),
    ] = "",
    utility: Annotated[
        str,
        typer.Option("--utility", metavar="ID", help="Utility of imported rates.", show_default=False),
    ] = "",
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
    zone = min(int((lon + 180) // 6), 59) + 1
    words = {"name": name, "title": name.replace("-", " ").title(), "as_of": today, "need_by": today.replace(year=today.year + 5, day=1),
             "crs": f"EPSG:{(32600 if lat >= 0 else 32700) + zone}", "lon": f"{lon:.3f}", "lat": f"{lat:.3f}"}  # fmt: skip
    files = {
        path: _REGION,
        folder / name / "sites.csv": SITES,
        folder / name / "points_of_interconnection.csv": _NODES,
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(**words), encoding="utf-8")
        out.print(f"wrote {file}")
    out.print(f"\nNext: powerwall check {path.as_posix()}")
