"""The benchmarks: `python tests/benchmarks/run.py [--only NAME…] [--size 100k,1M,10M] [--json FILE]`.

Every benchmark is a function, run in a process of its own, so that its peak memory is its own.
Names are `subject` or `subject.function`, as `--list` prints them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from processes import ONE_THREAD, REPOSITORY, run_process
from protocol import FailedError, NotRunError, Options, Result, load_average, peak_mb

#: Subject → its functions, in `bench_<subject>.py`.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "startup": ("commands", "bundled_region"),
    "tariff": ("one_bill", "many_loads"),
    "lead_time": ("expected", "one_plan"),
    "robustness": ("ranks", "stacked", "confidence"),
    "noise": ("receptors", "look_ups", "outlines"),
    "water": ("hour_by_hour", "sites"),
    "headroom": ("without_outage", "single_outages"),
    "spatial": ("points", "real_lines", "made_up_lines", "polygons"),
    "screening": ("cells", "workers"),
    "peers": ("joins",),
}
#: Functions whose own process only starts others.
STARTERS = ("startup", "screening")
PACKAGES = (
    "powerwall", "numpy", "pandas", "geopandas", "shapely", "pyproj", "pyogrio", "pyarrow", "scipy", "pydantic", "typer", "rich",
    "numba", "dask", "distributed", "rasterio", "h3",
)  # fmt: skip
SHARED = REPOSITORY.parent / "shared"
UNITS = {"k": 1_000, "M": 1_000_000}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, print a table, and tell by the exit code whether all of it was right."""
    given = _parser().parse_args(arguments)
    if given.list:
        sys.stdout.write("\n".join(_names()) + "\n")
        return 0
    options = Options(
        given.size, given.shared if given.shared and given.shared.is_dir() else None, given.share, given.repetitions
    )  # fmt: skip
    if given.into:
        _run_one(given.only[0], options, given.into)
        return 0
    names = _chosen(given.only)
    results: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        sys.stderr.write(f"{name} …\n")
        results[name] = _in_own_process(name, given)
    report = {"machine": machine(), "versions": versions(), "options": {**_plain(options)}, "results": results}  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")  # fmt: skip
    from table import print_report

    print_report(report)
    return int(any(row["wrong"] for rows in results.values() for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time powerwall beside bounds of the same run.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="subjects or functions")  # fmt: skip
    parser.add_argument("--size", type=sizes, default=(100_000, 1_000_000, 10_000_000), metavar="100k,1M,10M",
                        help="numbers of candidate cells")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here too")
    parser.add_argument("--share", type=float, default=1.0, help="share of every layer's features, for a quick look")  # fmt: skip
    parser.add_argument("--repetitions", type=int, help="runs of everything; silent: 11 of milliseconds, 3 of seconds, 1 of half a minute")  # fmt: skip
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of open data")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser


def sizes(text: str) -> tuple[int, ...]:
    """Numbers such as `100k,1M`, ascending."""
    try:
        found = [round(float(word.rstrip("kM")) * UNITS.get(word[-1:], 1)) for word in text.split(",")]  # fmt: skip
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are not numbers such as 100k,1M") from None
    if min(found) < 1:
        raise argparse.ArgumentTypeError("sizes start at 1")
    return tuple(sorted(set(found)))


def _names() -> list[str]:
    return [f"{subject}.{function}" for subject, functions in SUBJECTS.items() for function in functions]  # fmt: skip


def _chosen(only: Sequence[str]) -> list[str]:
    if not only:
        return _names()
    unknown = [word for word in only if word not in SUBJECTS and word not in _names()]
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(unknown)}; there are {', '.join(SUBJECTS)}")
    return [name for name in _names() if name in only or name.partition(".")[0] in only]


def _run_one(name: str, options: Options, into: Path) -> None:
    """Run one function here and write its rows."""
    subject, _, function = name.partition(".")
    try:
        rows = getattr(importlib.import_module(f"bench_{subject}"), function)(options)
    except NotRunError as reason:
        rows = [Result(name, 0, notes=[f"not run: {reason}"])]
    except FailedError as reason:
        rows = [Result(name, 0, wrong=f"it failed: {reason}")]
    for row in rows:
        if options.share < 1:
            row.aims = {}  # they are aims for layers of full size
        if row.peak_mb is None and row.seconds is not None and subject not in STARTERS:
            row.peak_mb = peak_mb()
    into.write_text(json.dumps([row.record() for row in rows]), encoding="utf-8")


def _in_own_process(name: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "rows.json"
        command = [str(Path(__file__).resolve()), "--only", name, "--into", str(into), "--share", str(given.share),
                   "--size", ",".join(map(str, given.size)), "--shared", str(given.shared)]  # fmt: skip
        if given.repetitions:
            command += ["--repetitions", str(given.repetitions)]
        try:
            run_process(command)
        except FailedError as reason:
            return [Result(name, 0, wrong=f"it failed: {reason}").record()]
        rows: list[dict[str, Any]] = json.loads(into.read_text(encoding="utf-8"))
        return rows


def _plain(options: Options) -> dict[str, Any]:
    return {"sizes": options.sizes, "share": options.share, "repetitions": options.repetitions,
            "open_data": options.shared is not None}  # fmt: skip


def machine() -> dict[str, Any]:
    """What the times are times of."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), cpu)  # fmt: skip
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": cpu, "cores": cores, "system": f"{platform.system()} {platform.release()}",
            "load_average": load_average(), "environment": ONE_THREAD}  # fmt: skip


def versions() -> dict[str, str]:
    """Python and the packages that matter, where installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
