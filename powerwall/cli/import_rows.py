"""`powerwall import` of acts, ordinances and rates: rows read out of words, each with its doubts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from powerwall.cli import options as opt
from powerwall.cli.importing import Made, notable, paste, say

if TYPE_CHECKING:
    from powerwall.region.findings import Findings


class RowOptions(NamedTuple):
    """Options of `powerwall import` that concern rows read out of words."""

    layer: str
    region: Path | None
    as_of: date | None
    utility: str
    every: bool
    quiet: bool
    color: bool


def import_rows(source: str, files: list[Path], output: Path, options: RowOptions) -> None:
    """Convert files of one source; the blocks to paste go to stdout."""
    from powerwall.output.console import console
    from powerwall.region.findings import Findings

    out, err = console(color=options.color), console(stderr=True, color=options.color)
    findings = Findings()
    with opt.failing(err):
        from powerwall.output.files import check_targets

        check_targets([output], [".json" if source == "urdb" else ".csv"])
        opt.not_itself(files, output, findings)
        region = opt.located(options.region) if options.region else None
        base = region.parent if region else output.parent
        if source == "urdb":
            made = converted_rates(files, output, base, options.utility, options.as_of, findings)
        else:
            made = converted_rows(source, options.layer, files, output, base, region, options.as_of, findings)  # fmt: skip
        if not made.blocks:
            findings.add("PW204", "no row of it is kept: nothing is written", file=files[0], remedy="; ".join(made.lines[1:4]))  # fmt: skip
            findings.raise_errors()
    if not options.quiet:
        notable(findings, err, every=options.every)
    first, *more = made.lines
    say([f"wrote {output}: {first}", *([] if options.quiet else more)], err)
    paste(made.blocks, out, err, quiet=options.quiet)


def converted_rows(
    source: str, layer: str, files: list[Path], output: Path, base: Path, region: Path | None, as_of: date | None, findings: Findings
) -> Made:  # fmt: skip
    """Acts or ordinances as a layer, written whole or, without a row, not at all.

    Raises
    ------
    BadInput
        If a file or the region cannot be read.
    """
    from powerwall.importers import layers
    from powerwall.importers.sources import OTHERS
    from powerwall.importers.written import block
    from powerwall.output.files import write_text

    found = layers.collect(source, layer, files, region, findings, as_of)
    findings.raise_errors()
    if found.rows:
        write_text(output, layers.csv_text(layer, found.rows))
    unverified = sum(row["status"] == "unverified" for row in found.rows)
    lines = [f"{len(found.rows):,} rows, {unverified:,} of them unverified"]
    lines += [f"left out {count:,}: {why}" for why, count in sorted(found.skipped.items())]
    lines += [f"name the source wherever the rows are used: {credit}" for credit in dict.fromkeys(found.credit)]  # fmt: skip
    day = as_of or max((date.fromisoformat(row["as_of"]) for row in found.rows if len(row["as_of"]) == len("2026-01-01")), default=None)  # fmt: skip
    entry = OTHERS[source]._replace(layer=layer)
    return Made(lines, [block(entry, output, base, day)] if found.rows else [])


def converted_rates(
    files: list[Path], output: Path, base: Path, utility: str, as_of: date | None, findings: Findings
) -> Made:  # fmt: skip
    """Rate records as tariff stacks, written whole or not at all.

    Raises
    ------
    BadInput
        If a file cannot be read, or no record can be billed.
    """
    from powerwall.importers.sources import OTHERS
    from powerwall.importers.urdb import read_rates
    from powerwall.importers.written import block
    from powerwall.output.files import write_text

    found = read_rates(files, findings, utility, as_of)
    if not found.stacks and not findings.errors:
        findings.add("PW516", "no record can be billed: nothing is written", file=files[0])
    findings.raise_errors()
    write_text(output, found.text)
    lines = [f"{len(found.stacks)} stack{'s' if len(found.stacks) > 1 else ''}"]
    lines += [f"left out {count}: {why}" for why, count in sorted(found.skipped.items())]
    return Made(lines, [block(OTHERS["urdb"], output, base, as_of, join="utility_id")])
