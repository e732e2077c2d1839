"""Commands in fresh processes: wall time, and the peak memory that only the end of a process tells.

Nothing heavy is imported here, nor by the modules that start processes through it: on Linux the
peak memory of a child begins at the memory of the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol import FailedError, Options, Timing, take_turns

REPOSITORY = Path(__file__).resolve().parents[2]
#: One thread for linear algebra, so that the threads that count are powerwall's own.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class ProcessRun:
    """One run of a command: wall time and time of all cores [s], peak memory [MB], what it printed."""

    seconds: float
    cpu_s: float
    peak_mb: float
    stdout: str
    stderr: str


def run_process(
    arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, tree: bool = False
) -> ProcessRun:
    """Run Python with arguments in a fresh process, from the repository.

    Parameters
    ----------
    tree
        Add the memory of its workers: sampled, because a process knows its own peak alone.

    Raises
    ------
    FailedError
        If it fails, with the first and last lines of what it said.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=REPOSITORY, stdout=out, stderr=err,
            env={**os.environ, **ONE_THREAD, **(environment or {})},
        )  # fmt: skip
        with _sampled(child.pid if tree else None) as sampled:
            _, status, usage = os.wait4(child.pid, 0)
        passed = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait again
        out.seek(0)
        err.seek(0)
        told, said = out.read().decode(), err.read().decode()
    if child.returncode:
        lines = (said.strip() or told.strip() or "nothing").splitlines()
        heard = lines[-1:] if lines[0].startswith("Traceback") else lines[:3]
        raise FailedError(f"exit {child.returncode}: {' / '.join(heard)[:300]}")
    unit = 1 if sys.platform == "darwin" else 1024
    cpu_s = usage.ru_utime + usage.ru_stime
    return ProcessRun(passed, cpu_s, max(usage.ru_maxrss * unit / 1e6, *sampled), told, said)


@contextlib.contextmanager
def _sampled(pid: int | None, every_s: float = 0.05) -> Iterator[list[float]]:
    """Memory of a process and all below it, sampled until the block ends; Linux alone tells. [MB]"""
    found = [0.0]
    if pid is None:
        yield found
        return
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(every_s):
            found[0] = max(found[0], _memory_mb(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _memory_mb(pid: int) -> float:
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError):  # gone between two looks
            pages = int(Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text(encoding="ascii").split())
    return total


def process_timing(
    commands: Mapping[str, Sequence[str]], options: Options, *, tree: bool = False,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[dict[str, Timing], dict[str, ProcessRun]]:  # fmt: skip
    """Time commands in turns, each run a fresh process; start-up is timed warm.

    Returns
    -------
    tuple
        Timing of each command, and its run of the largest memory.
    """
    peaks: dict[str, ProcessRun] = {}

    def work(name: str) -> Callable[[], object]:
        def run() -> None:
            done = run_process(
                commands[name], environment=(environments or {}).get(name), tree=tree
            )
            peaks[name] = max(peaks.get(name, done), done, key=lambda one: one.peak_mb)

        return run

    times, _ = take_turns({name: work(name) for name in commands}, options.repetitions)
    return times, peaks
