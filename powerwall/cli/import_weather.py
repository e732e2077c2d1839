"""`powerwall import epw`: hourly weather as the layers `climate` and `climate_stations`."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from powerwall.cli import options as opt

if TYPE_CHECKING:
    from powerwall.importers.epw import Weather
    from powerwall.importers.typical_year import TypicalYear
    from powerwall.region.findings import Findings


def import_weather(
    files: list[Path], output: Path, stations: Path | None, station_id: str, as_of: date | None, *, hourly: bool, every: bool, quiet: bool,
    color: bool,
) -> None:  # fmt: skip
    """Write both layers, or nothing, and print what to paste into a region file."""
    from powerwall.output.console import console, print_findings, summary
    from powerwall.region.findings import Findings

    err = console(stderr=True, color=color)
    findings = Findings()
    with opt.failing(err):
        from powerwall.importers.epw import read_epw
        from powerwall.importers.imported import table_text
        from powerwall.importers.typical_year import CLIMATE, STATIONS, typical_year
        from powerwall.output.files import check_targets, write_text

        beside = stations or output.with_name("climate_stations.csv")
        check_targets([output, beside], [".csv"])
        _free(files, output, beside, stations, findings)
        opt.not_itself(files, output, findings)
        if station_id and len(files) > 1:
            findings.add("PW603", f"--station-id {station_id} names one station, {len(files)} files are given", remedy="import them one by one")  # fmt: skip
        read = [weather for path in files if (weather := read_epw(path, findings))]
        _twice(read, station_id, findings)
        findings.raise_errors()
        years = sorted((typical_year(one, station_id, hourly=hourly) for one in read), key=_id)
        for year in years:
            year.station["as_of"] = year.station["as_of"] or str(as_of or "")
        texts = (table_text(CLIMATE, [row for year in years for row in year.climate]), table_text(STATIONS, [year.station for year in years]))  # fmt: skip
        for path, text in zip((output, beside), texts, strict=True):
            write_text(path, text)
    if not quiet:
        print_findings(findings, err, every=every)
        if list(findings):
            err.print(summary(findings))
    err.print(f"wrote {len(years)} station{'s' if len(years) > 1 else ''} to {output} and {beside}")
    if not quiet:
        err.print(_block(read, as_of, (output, beside), texts), markup=False, highlight=False, soft_wrap=True)  # fmt: skip


def _id(year: TypicalYear) -> str:
    return str(year.station["station_id"])


def _free(files: list[Path], output: Path, beside: Path, named: Path | None, findings: Findings) -> None:  # fmt: skip
    """The table of stations takes the place of no file that the user did not name."""
    if beside.resolve() == output.resolve() or beside.resolve() in {path.resolve() for path in files}:  # fmt: skip
        findings.add("PW601", f"{beside} is another of the files", file=beside, remedy="name another file with --stations")  # fmt: skip
    elif named is None and beside.exists():
        findings.add("PW601", f"{beside} is there already", file=beside, remedy=f"name it with --stations {beside} to replace it, or name another file")  # fmt: skip


def _twice(read: list[Weather], station_id: str, findings: Findings) -> None:
    """Each station has an id, and one file."""
    if station_id:
        return
    seen: dict[str, Path] = {}
    for weather in read:
        if not weather.wmo:
            findings.add("PW405", "no WMO number in the LOCATION line", file=weather.path, line=1, column=1, remedy="import it with --station-id")  # fmt: skip
        elif weather.wmo in seen:
            findings.add("PW404", f"two of the files are of station `{weather.wmo}`, the other is {seen[weather.wmo]}", file=weather.path, line=1, column=1,
                         remedy="import them one by one with --station-id")  # fmt: skip
        seen.setdefault(weather.wmo, weather.path)


def _block(
    read: list[Weather], as_of: date | None, paths: tuple[Path, Path], texts: tuple[str, str]
) -> str:
    """Blocks of the region file."""
    days = [f"{weather.last_year}-12-31" if weather.last_year else str(as_of or "") for weather in read]  # fmt: skip
    day = min(days) or "?    # last day of the record behind the typical year"
    lines = ["", "paste into the region file:"]
    for name, path, text in zip(("climate", "climate_stations"), paths, texts, strict=True):
        digest = hashlib.sha256(text.encode()).hexdigest()
        lines += ["", f"[layers.{name}]", f'path = "{path.as_posix()}"', f"as_of = {day}",
                  'source = { title = "hourly weather files, statistics", path = "?" }', 'licenses = ["?"]', "fresh_days = 3650", f'sha256 = "{digest}"']  # fmt: skip
        lines += ['geometry = "none"', 'join = "station_id"'] if name == "climate" else []
    return "\n".join(lines)
