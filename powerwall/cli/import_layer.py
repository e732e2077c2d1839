"""`powerwall import` of the sources that become one layer: the file, and the block that names it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from powerwall.cli import options as opt
from powerwall.cli.importing import notable, paste, say

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.importers.delivery import Asked, Delivery
    from powerwall.importers.sources import Source
    from powerwall.region.findings import Findings


class LayerOptions(NamedTuple):
    """Options of `powerwall import` that concern one layer."""

    region: Path | None
    as_of: str | None
    crs: str
    entity: str
    every: bool
    quiet: bool
    color: bool


def import_layer(name: str, files: list[Path], output: Path, options: LayerOptions) -> None:
    """Convert files of one source into a layer; the block to paste goes to stdout."""
    from powerwall.importers.sources import SOURCES
    from powerwall.output.console import console
    from powerwall.region.findings import Findings

    out, err = console(color=options.color), console(stderr=True, color=options.color)
    findings, source = Findings(), SOURCES[name]
    with opt.failing(err):
        from powerwall.importers.written import SUFFIXES
        from powerwall.output.files import check_targets

        check_targets([output], SUFFIXES)
        opt.not_itself(files, output, findings)
        findings.raise_errors()
        base = output.parent if options.region is None else opt.located(options.region).parent
        told = converted(source, files, output, base, _asked(options), findings)
    if not options.quiet:
        notable(findings, err, every=options.every)
        say(told.tally, err)
        if source.schema_only:
            say([f"{name} is read by its published schema; no native file was at hand to try it on"], err)  # fmt: skip
    say([f"wrote {output}: {told.rows:,} rows"], err)
    paste([told.block], out, err, quiet=options.quiet)


class Told(NamedTuple):
    """What became of an import: rows written, the tally in lines, the block to paste, all rows read."""

    rows: int
    tally: list[str]
    block: str
    delivery: Delivery


def converted(
    source: Source, files: list[Path], output: Path, base: Path, asked: Asked, findings: Findings
) -> Told:
    """Read files of one source and write its layer, whole or not at all.

    Raises
    ------
    BadInput
        If a file cannot be used, or nothing is left of it.
    """
    from powerwall.importers.delivery import Tally
    from powerwall.importers.written import block, changes, kept
    from powerwall.output.files import replaced

    tally = Tally()
    if source.file_name and output.name != source.file_name:
        findings.add("PW601", f"cannot write {output.name}: the layer `{source.layer}` is read from a file called {source.file_name}",
                     remedy=f"-o {output.with_name(source.file_name)}", file=output)  # fmt: skip
        findings.raise_errors()
    delivery = source.load()(files, asked, tally, findings)
    findings.raise_errors()
    assert delivery is not None  # noqa: S101 — without errors there is a layer
    frame = kept(delivery, asked, tally)
    if frame.empty:
        findings.add("PW204", "nothing is left of it: nothing is written", file=files[0], remedy="; ".join(tally.lines(0)[1:4]))  # fmt: skip
        findings.raise_errors()
    differ = changes(output, frame, delivery.key) if output.exists() else []
    replaced(output, lambda part: _write_all(part, frame, output, delivery))
    lines = [*tally.lines(len(frame)), *([delivery.note] if delivery.note else []), *differ]
    terms = source._replace(
        licenses=delivery.licenses or source.licenses,
        attribution=delivery.attribution or source.attribution,
    )
    entry = block(terms, output, base, asked.as_of or delivery.as_of, geometry="geometry" in frame)
    return Told(len(frame), lines, entry, delivery)


def _write_all(part: Path, frame: pd.DataFrame, output: Path, delivery: Delivery) -> None:
    """The layer, then what stands beside it; the layer takes its name when all of it is written."""
    from powerwall.importers.written import write
    from powerwall.output.files import replaced

    write(frame, part)
    for name, rows in delivery.beside:
        replaced(output.with_name(name), partial(write, rows))


def _asked(options: LayerOptions) -> Asked:
    from powerwall.importers.delivery import Asked

    day = opt.day(options.as_of) if options.as_of else None
    if options.region is None:
        return Asked(day, options.crs, options.entity)
    from powerwall.importers.extent import authorities, county_table, extent
    from powerwall.region.read import read

    region = read(opt.located(options.region))
    area, fips = extent(region)
    return Asked(
        day,
        options.crs,
        options.entity,
        area,
        fips,
        county_table(region.layers.frame("jurisdictions")),
        authorities(region.layers.frame("utilities")),
    )
