"""`powerwall import epw`: hourly weather as the layers `climate` and `climate_stations`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from powerwall.cli import options as opt
from powerwall.cli.importing import Made, notable, paste, say

if TYPE_CHECKING:
    from powerwall.importers.epw import Weather
    from powerwall.importers.typical_year import TypicalYear
    from powerwall.region.findings import Findings


def import_weather(
    files: list[Path], output: Path, stations: Path | None, station_id: str, as_of: date | None, *, hourly: bool, every: bool, quiet: bool,
    color: bool,
) -> None:  # fmt: skip
    """Write both layers, or nothing, and print what to paste into a region file."""
    from powerwall.output.console import console
    from powerwall.region.findings import Findings

    out, err = console(color=color), console(stderr=True, color=color)
    findings = Findings()
    with opt.failing(err):
        from powerwall.output.files import check_targets

        beside = stations or output.with_name("climate_stations.csv")
        check_targets([output, beside], [".csv"])
        _free(files, output, beside, stations, findings)
        opt.not_itself(files, output, findings)
        if station_id and len(files) > 1:
            findings.add("PW603", f"--station-id {station_id} names one station, {len(files)} files are given", remedy="import them one by one")  # fmt: skip
        made = converted(files, output, beside, output.parent, as_of, findings, station_id, hourly=hourly)  # fmt: skip
    if not quiet:
        notable(findings, err, every=every)
    say([f"wrote {output} and {beside}: {made.lines[0]}"], err)
    paste(made.blocks, out, err, quiet=quiet)


def converted(
    files: list[Path], output: Path, beside: Path, base: Path, as_of: date | None, findings: Findings, station_id: str = "", *, hourly: bool = False
) -> Made:  # fmt: skip
    """Both layers, written whole or not at all.

    Raises
    ------
    BadInput
        If a file cannot be read, or two are of one station.
    """
    from powerwall.importers.epw import read_epw
    from powerwall.importers.imported import table_text
    from powerwall.importers.typical_year import CLIMATE, STATIONS, typical_year
    from powerwall.output.files import write_text

    read = [weather for path in files if (weather := read_epw(path, findings))]
    _twice(read, station_id, findings)
    findings.raise_errors()
    years = sorted((typical_year(one, station_id, hourly=hourly) for one in read), key=_id)
    for year in years:
        year.station["as_of"] = year.station["as_of"] or str(as_of or "")
    write_text(output, table_text(CLIMATE, [row for year in years for row in year.climate]))
    write_text(beside, table_text(STATIONS, [year.station for year in years]))
    count = f"{len(years)} station{'s' if len(years) > 1 else ''}"
    return Made([count], _blocks(read, as_of, output, beside, base))


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


def _blocks(
    read: list[Weather], as_of: date | None, output: Path, beside: Path, base: Path
) -> list[str]:
    """Blocks of the region file; the day is the last one of the record behind the typical year."""
    from powerwall.importers.sources import OTHERS
    from powerwall.importers.written import block

    days = [date(weather.last_year, 12, 31) if weather.last_year else as_of for weather in read]
    day = min((known for known in days if known), default=None) if None not in days else None
    stations = OTHERS["epw"]._replace(layer="climate_stations")
    return [
        block(OTHERS["epw"], output, base, day, join="station_id"),
        block(stations, beside, base, day, geometry=True),
    ]
