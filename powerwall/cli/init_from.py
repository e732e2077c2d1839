"""`powerwall init NAME --from SOURCE=FILE`: a region out of public downloads, in one go."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from powerwall.cli.importing import say
from powerwall.cli.region_text import HIGH_KV, SITES, Start, around, own_sites, utm
from powerwall.importers.sources import SOURCES

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from powerwall.cli.import_layer import Told
    from powerwall.cli.importing import Made
    from powerwall.importers.delivery import Asked
    from powerwall.region.findings import Findings

#: Sources that are read once the authorities of the region are known, and the layer each becomes.
ROWS = {"moratoria": "policy", "ordinances": "noise_rules"}
FROM = (*SOURCES, *ROWS, "epw", "urdb")
#: Layers of outlines and lines, which nobody edits by hand.
_BINARY = ("transmission_lines", "jurisdictions", "basins", "water_systems", "tariff_territories")
_ABOUT = """\
# {title}: a region made of public downloads by `powerwall init`. Every key is described in the
# reference of the region file. What no file says is not there: see `powerwall check`."""


class Wanted(NamedTuple):
    """One `--from`: a source, its files, and the day they describe, where it was said."""

    source: str
    files: list[Path]
    as_of: date | None


class Plan(NamedTuple):
    """What a region is made of.

    Attributes
    ----------
    name, folder
        Its name, and where it goes.
    wanted
        Sources in the order in which they are read.
    within
        Codes of the counties to keep, or their beginnings.
    crs
        Coordinate system of files that have none.
    entity
        Operator of a queue whose files do not say it.
    as_of
        The region's day.
    utility
        Utility of imported rates.
    middle
        Longitude and latitude of the region where no file has places. [deg]
    """

    name: str
    folder: Path
    wanted: list[Wanted]
    within: tuple[str, ...]
    crs: str
    entity: str
    as_of: date
    utility: str
    middle: tuple[float, float]


def parsed(items: Sequence[str], findings: Findings) -> list[Wanted]:
    """`SOURCE=FILE[,FILE…][@DATE]` as sources and files, outlines of authorities first."""
    from powerwall.region.findings import did_you_mean

    found: list[Wanted] = []
    layers: dict[str, str] = {}
    for item in items:
        source, _, rest = item.partition("=")
        names, day = _dated(rest)
        files = [Path(name.strip()) for name in names.split(",") if name.strip()]
        if source not in FROM:
            findings.add("PW603", f"--from {item}: no source `{source}`", remedy=did_you_mean(source, list(FROM)))  # fmt: skip
            continue
        if not files:
            findings.add("PW603", f"--from {item}: no file", remedy=f"--from {source}=FILE")
        layer = SOURCES[source].layer if source in SOURCES else source
        if layer in layers:
            findings.add("PW603", f"{layers[layer]} and {source} both become the layer `{layer}`", remedy="take one here, and import the other by itself")  # fmt: skip
        layers[layer] = source
        for file in files:
            if not file.exists():
                findings.add("PW201", f"--from {source}: no such file", file=file)
        found.append(Wanted(source, files, day))
    return sorted(found, key=lambda one: (one.source != "census-counties", one.source in ROWS))


def _dated(text: str) -> tuple[str, date | None]:
    """A text and the ISO date behind its last @, if there is one."""
    names, _, tail = text.rpartition("@")
    try:
        return (names, date.fromisoformat(tail)) if names else (text, None)
    except ValueError:
        return text, None


def make(plan: Plan, err: Console, findings: Findings, *, quiet: bool) -> list[Path]:
    """Write the region file and its layers, all or nothing. Returns what was written.

    Raises
    ------
    BadInput
        If a file cannot be used, nothing can be cut by the counties that are asked for, or
        `--entity` may mean two things.
    """
    if plan.within and all(one.source != "census-counties" for one in plan.wanted):
        findings.add("PW603", "--within cuts by the outlines of counties, and no --from has them", remedy="--from census-counties=FILE")  # fmt: skip
    if plan.entity and {"grid-mix", "iso-queue"} <= {one.source for one in plan.wanted}:
        findings.add("PW603", f"--entity {plan.entity} may name the operator of the queue or an authority of the mix", remedy="leave one of them out, and import it with `powerwall import`")  # fmt: skip
    findings.raise_errors()
    with _staged(plan) as stage:
        blocks, asked = [], _asked(plan)
        for one in plan.wanted:
            if one.source not in SOURCES:
                continue
            told, asked = _layer(one, plan, stage, asked, findings)
            blocks.append(told.block)
            plan = plan._replace(middle=told.delivery.middle or plan.middle)
            _tell(one.source, [f"{told.rows:,} rows", *told.tally], err, quiet=quiet)
        region = stage / f"{plan.name}.toml"
        _write_region(plan, region, blocks, findings)
        for one in plan.wanted:
            if one.source in SOURCES:
                continue
            made = _more(one, plan, region, findings)
            blocks += made.blocks
            _write_region(plan, region, blocks, findings)
            _tell(one.source, made.lines, err, quiet=quiet)
        findings.raise_errors()
        return _placed(plan, stage)


@contextmanager
def _staged(plan: Plan) -> Iterator[Path]:
    """A folder beside the region to be, in which it is made; it is gone afterwards."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{plan.name}-", dir=plan.folder) as made:
        (Path(made) / plan.name).mkdir()
        yield Path(made)


def _placed(plan: Plan, stage: Path) -> list[Path]:
    """The finished region under its name: the folder first, so that the file never lacks it."""
    folder, file = plan.folder / plan.name, plan.folder / f"{plan.name}.toml"
    (stage / plan.name).replace(folder)
    (stage / file.name).replace(file)
    return [file, *sorted(folder.iterdir())]


def _asked(plan: Plan) -> Asked:
    from powerwall.importers.delivery import Asked

    return Asked(None, plan.crs, plan.entity, None, plan.within)


def _layer(
    one: Wanted, plan: Plan, stage: Path, asked: Asked, findings: Findings
) -> tuple[Told, Asked]:
    """One layer in the stage; outlines of authorities then say where the others are cut."""
    from powerwall.cli.import_layer import converted

    source = SOURCES[one.source]
    suffix = ".parquet" if source.layer in _BINARY else ".csv"
    output = stage / plan.name / (source.file_name or f"{source.layer}{suffix}")
    told = converted(source, one.files, output, stage, asked._replace(as_of=one.as_of), findings)
    if source.layer == "jurisdictions":
        import geopandas as gpd

        _all_found(plan.within, told.delivery.frame["county_fips"], one.files[0], findings)

        from powerwall.importers.extent import codes, county_table, outline

        frame, every = gpd.read_parquet(output), told.delivery.frame
        # a name is matched among all counties of its state
        states = every[every["state"].isin(frame["state"])]
        asked = asked._replace(
            area=outline(frame), fips=codes(frame), counties=county_table(states)
        )
    return told, asked


def _all_found(within: tuple[str, ...], codes: pd.Series, path: Path, findings: Findings) -> None:
    """Each code that was asked for names a county of the file, or begins with its state."""
    for code in within:
        if not codes.str.startswith(code).any():
            findings.add("PW603", f"--within {code}: no county of {path.name} has that code, or begins with it", remedy="FIPS codes have five digits, e.g. 51107; 51 is a whole state", file=path)  # fmt: skip
    findings.raise_errors()


def _more(one: Wanted, plan: Plan, region: Path, findings: Findings) -> Made:
    """A layer that needs the region's authorities, or a table beside it."""
    from powerwall.cli import import_rows, import_weather

    folder, base = region.parent / plan.name, region.parent
    match one.source:
        case "epw":
            return import_weather.converted(one.files, folder / "climate.csv", folder / "climate_stations.csv", base, one.as_of, findings)  # fmt: skip
        case "urdb":
            return import_rows.converted_rates(one.files, folder / "tariffs.json", base, plan.utility, one.as_of, findings)  # fmt: skip
    layer = ROWS[one.source]
    return import_rows.converted_rows(one.source, layer, one.files, folder / f"{layer}.csv", base, region, one.as_of, findings)  # fmt: skip


def _write_region(plan: Plan, region: Path, blocks: list[str], findings: Findings) -> None:
    """The region file as far as it is known."""
    from powerwall.importers.extent import boxes, system

    folder = region.parent / plan.name
    known = boxes(folder)
    lon, lat = _middle(folder) or plan.middle
    crs = utm(lon, lat) if known is None else system(known, utm(lon, lat), findings)
    start, where = Start(plan.name, plan.as_of, crs), _where(folder / "points_of_interconnection.csv")  # fmt: skip
    if where is None:
        text = SITES.format(lon=f"{lon:.3f}", lat=f"{lat:.3f}", as_of=plan.as_of)
        (folder / "sites.csv").write_text(text, encoding="utf-8")
    sites = own_sites(plan.name) if where is None else 'licenses = ["CC0-1.0"]\n' + around(where)
    text = start.text(_ABOUT.format(title=start.title), sites, "\n".join(blocks))
    region.write_text(text, encoding="utf-8")


def _where(nodes: Path) -> str | None:
    """Which nodes a site stands round: those of the region, of them the high ones; None without any."""
    import pandas as pd

    if not nodes.exists():
        return None
    table = pd.read_csv(nodes)
    if not {"lon", "lat"} <= set(table):
        return None
    words = []
    if "in_region" in table:
        table = table[table["in_region"] == "yes"]
        words.append('in_region == \\"yes\\"')
    if table.empty:
        return None
    if (table["voltage_kv"] >= HIGH_KV).any():
        words.insert(0, f"voltage_kv >= {HIGH_KV}")
    return " and ".join(words)


def _middle(folder: Path) -> tuple[float, float] | None:
    """Middle of the first layer with places, in degrees; None where none has any."""
    import geopandas as gpd
    import pandas as pd

    for path in sorted(folder.glob("*.parquet"), key=lambda path: path.stem != "jurisdictions"):
        west, south, east, north = gpd.read_parquet(path).total_bounds
        return float(west + east) / 2, float(south + north) / 2
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path)
        if {"lon", "lat"} <= set(table):
            return float(table["lon"].median()), float(table["lat"].median())
    return None


def _tell(source: str, lines: list[str], err: Console, *, quiet: bool) -> None:
    if not quiet:
        say([f"{source}:", *(f"  {line}" for line in lines)], err)
