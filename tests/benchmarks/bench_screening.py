"""A country of cells from the region file to the ranked GeoParquet, as fresh processes.

The bound of a screening reads the layers into the projected system and writes the ranked cells
anew: what any program would do that measures nothing. Nothing heavy is imported before the last
process has ended.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import process_timing, run_process
from protocol import FailedError, NotRunError, Options, Result, load_average

HERE = Path(__file__).parent
BOUND = "read the layers, write the cells"
MILLION, PLAIN, COMPILED = 1_000_000, "plain", "compiled"
#: Cells → seconds and MB aimed at, plain and compiled.
AIMS_S = {1_000_000: {PLAIN: 8.0, COMPILED: 5.0}, 10_000_000: {PLAIN: 60.0, COMPILED: 30.0}}
AIMS_MB = {1_000_000: 2000.0, 10_000_000: 2500.0}
#: Time of a cell among ten million over its time among one; two workers over one.
PER_CELL, SPEEDUP = 1.2, 1.6


def cells(options: Options) -> list[Result]:
    """Screen each number of cells, with the compiled search and without."""
    ways = [PLAIN, COMPILED] if importlib.util.find_spec("numba") is not None else [PLAIN]
    results, checks = [], []
    with _country(options) as (regions, note):
        for count, region in regions.items():
            files = {way: region.with_name(f"{way}-{count}.parquet") for way in ways}
            commands = {way: score(region, files[way]) for way in ways}
            # any of the files of the same size will do, and the plain one is there by then
            commands[BOUND] = [
                str(HERE / "bare_screening.py"),
                str(region.parent),
                str(files[PLAIN]),
            ]
            fast = {way: {"POWERWALL_FAST": str(int(way == COMPILED))} for way in ways}
            times, peaks = process_timing(commands, options, environments=fast)
            for way in ways:
                timing = times[way]
                row = Result(
                    f"screening, {way}", count, timing.median, timing.minimum, len(timing.runs), BOUND, times[BOUND].median,
                    peaks[way].peak_mb, load_average=load_average(),
                    figures={"cpu_s": round(peaks[way].cpu_s, 2)},
                )  # fmt: skip
                if count in AIMS_S:
                    row.aims = {"seconds": AIMS_S[count][way], "peak_mb": AIMS_MB[count]}
                results.append(row)
                checks.append((row, region, files[way]))
        results[0].notes.append(note)
        for row, region, file in checks:
            _checked(row, region, file)
    _per_cell(results)
    return results


def workers(options: Options) -> list[Result]:
    """The largest number of cells by one worker of one thread and by two, and without workers."""
    if importlib.util.find_spec("distributed") is None:
        raise NotRunError("distributed is not installed")
    with _country(options, largest=True) as (regions, note):
        ((count, region),) = regions.items()
        own = "screening, no workers"
        names = {"screening, one worker": 1, "screening, two workers": 2, own: 0}
        files = {name: region.with_name(f"{number}.parquet") for name, number in names.items()}
        commands = {
            name: [*score(region, files[name]), "--workers", str(number), *(["--threads", "1"] if number else [])]
            for name, number in names.items()
        }  # fmt: skip
        times, peaks = process_timing(commands, options, tree=True)
        one = times["screening, one worker"].median
        results = [
            Result(name, count, timing.median, timing.minimum, len(timing.runs), "one worker", one,
                   peaks[name].peak_mb, load_average=load_average(), figures={"cpu_s": round(peaks[name].cpu_s, 2)})
            for name, timing in times.items()
        ]  # fmt: skip
        results[0].notes.append(note)
        plain = _digest(files[own])
        for row in results:
            row.figures["speedup"] = round(one / (row.seconds or one), 3)
            if _digest(files[row.name]) != plain:
                _refuse(row, "workers write other bytes than one process")
            _checked(row, region, files[row.name])
        if count >= 10 * MILLION:
            results[1].aims = {"speedup_least": SPEEDUP}
    return results


def score(region: Path, file: Path) -> list[str]:
    """Arguments of Python that screen a region into a file."""
    return ["-m", "powerwall", "score", str(region), "--quiet", "-o", str(file)]


@contextmanager
def _country(options: Options, *, largest: bool = False) -> Iterator[tuple[dict[int, Path], str]]:
    """Region files by number of cells, in a temporary folder, and what in them is real."""
    sizes = options.sizes[-1:] if largest else options.sizes
    with tempfile.TemporaryDirectory() as folder:
        command = [str(HERE / "country.py"), folder, "--share", str(options.share), "--cells", *map(str, sizes)]  # fmt: skip
        command += ["--shared", str(options.shared or os.devnull)]
        told = json.loads(run_process(command).stdout)
        layers = {origin: ", ".join(f"{size:,} {name}" for name, size in told[origin].items()) for origin in ("real", "made_up")}  # fmt: skip
        note = f"real: {layers['real'] or 'nothing'}; made up: {layers['made_up']}"
        yield {int(count): Path(path) for count, path in told["regions"].items()}, note


def _checked(row: Result, region: Path, file: Path) -> None:
    """Take the number of cells from the file, and the times away if its numbers are wrong."""
    command = [str(HERE / "bare_screening.py"), str(region.parent), str(file), "--check"]
    try:
        row.size = int(run_process(command).stdout)
    except FailedError as error:
        _refuse(row, str(error))
        return
    if row.seconds:
        row.figures["cells_per_s"] = row.size / row.seconds
        row.figures["us_per_cell"] = 1e6 * row.seconds / row.size


def _refuse(row: Result, message: str) -> None:
    row.wrong, row.seconds, row.minimum_s = message, None, None


def _per_cell(results: list[Result]) -> None:
    """The time of a cell over that among about a million, where both are known."""
    for row in results:
        same = [one for one in results if one.name == row.name and not one.wrong]
        near = [one for one in same if abs(one.size / MILLION - 1) < 0.1]
        if near and row.size > 2 * MILLION and not row.wrong:
            row.figures["per_cell_ratio"] = row.figures["us_per_cell"] / near[0].figures["us_per_cell"]  # fmt: skip
            row.aims["per_cell_ratio"] = PER_CELL


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
