"""How long a command takes beside the interpreter and the library it rests on, warm."""

from __future__ import annotations

from processes import process_timing
from protocol import Options, Result, load_average

BARE, LIBRARY = "python -c pass", "import geopandas"
#: Seconds for what prints help; the ranking's multiple of importing the library it rests on.
HELP_S, SCORE_RATIO = 0.25, 2.5
REGION = "regions/northern-virginia.toml"
COMMANDS = {
    BARE: ["-c", "pass"],
    LIBRARY: ["-c", "import geopandas"],
    "import powerwall": ["-c", "import powerwall"],
    "powerwall --version": ["-m", "powerwall", "--version"],
    "powerwall --help": ["-m", "powerwall", "--help"],
    "powerwall score --help": ["-m", "powerwall", "score", "--help"],
}


def commands(options: Options) -> list[Result]:
    """Fresh processes that print no ranking."""
    results = _beside(COMMANDS, options, BARE)
    for result in results:
        if result.name.endswith("--help"):
            result.aims = {"seconds": HELP_S}
    return results


def bundled_region(options: Options) -> list[Result]:
    """The ranking of a bundled region, from the file to the table."""
    ranking = f"powerwall score {REGION}"
    both = {LIBRARY: COMMANDS[LIBRARY], ranking: ["-m", "powerwall", "score", REGION]}
    results = _beside(both, options, LIBRARY)
    results[-1].aims = {"ratio": SCORE_RATIO}
    return results


def _beside(commands: dict[str, list[str]], options: Options, bound: str) -> list[Result]:
    times, peaks = process_timing(commands, options)
    return [
        Result(
            name, 1, timing.median, timing.minimum, len(timing.runs), bound, times[bound].median,
            peaks[name].peak_mb, load_average=load_average(),
        )
        for name, timing in times.items()
    ]  # fmt: skip
