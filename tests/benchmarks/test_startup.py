"""How long a command takes beside the library it rests on; ratios are printed, never asserted."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RUNS = 5
HELP_S, SCORE_RATIO = 0.25, 2.5
COMMANDS = {
    "import geopandas": ["-c", "import geopandas"],
    "powerwall --help": ["-m", "powerwall", "--help"],
    "powerwall score": ["-m", "powerwall", "score", "regions/northern-virginia.toml"],
}


def seconds(arguments: list[str]) -> float:
    """Wall time of one run. [s]"""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, check=False
    )
    passed = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    return passed


@pytest.mark.benchmark
def test_startup_and_a_ranking_beside_importing_geopandas(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in COMMANDS.values():
        seconds(arguments)  # the first run reads cold files
    # the commands take turns, so that a busy moment falls on all of them
    turns = [{name: seconds(args) for name, args in COMMANDS.items()} for _ in range(RUNS)]
    median = {name: statistics.median(turn[name] for turn in turns) for name in COMMANDS}
    base = median["import geopandas"]
    with capsys.disabled():
        for name, value in median.items():
            sys.stdout.write(f"\n{name:<18}{value:6.3f} s {value / base:6.2f} × import geopandas")
        help_s, ratio = median["powerwall --help"], median["powerwall score"] / base
        sys.stdout.write(
            f"\n--help within {HELP_S} s: {'yes' if help_s <= HELP_S else 'no'} · "
            f"score within {SCORE_RATIO} ×: {'yes' if ratio <= SCORE_RATIO else 'no'}\n"
        )
