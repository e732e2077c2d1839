"""The command as a process: exit codes, pipes, Ctrl-C, and what `--help` loads."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from powerwall.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = "regions/example.toml"
HEAVY = ("geopandas", "numpy", "pandas", "pyarrow", "pydantic", "pyogrio", "pyproj", "scipy", "shapely")  # fmt: skip


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "powerwall", *arguments]


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    return kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}


def run(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_ranking_exits_zero_with_the_answer_alone_on_stdout() -> None:
    done = run("score", EXAMPLE, "--format", "csv")
    assert done.returncode == 0
    assert done.stdout == (REPOSITORY / "regions/example/ranking.csv").read_text(encoding="utf-8")
    assert done.stderr == "1 warning on reading; powerwall check shows them\n"


def test_a_layer_that_cannot_be_read_exits_two_with_stderr_alone(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / EXAMPLE, tmp_path)
    shutil.copytree(REPOSITORY / "regions/example", tmp_path / "example")
    (tmp_path / "example/policy.csv").unlink()
    done = run("score", "example.toml", "-o", "out.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error[PW201]")
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"example", "example.toml"}


def test_check_of_a_readable_file_with_an_error_exits_one(tmp_path: Path) -> None:
    text = (REPOSITORY / EXAMPLE).read_text(encoding="utf-8")
    (tmp_path / "bad.toml").write_text(text.replace("mw = 300", "mw = -300"), encoding="utf-8")
    done = run("check", "bad.toml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("error[PW102]")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scor", EXAMPLE), "Did you mean 'score'?"),
        (("score",), "Missing argument"),
        (("score", EXAMPLE, "--fromat", "csv"), "--format"),
    ],
)
def test_wrong_usage_exits_two_and_says_what_was_meant(
    arguments: tuple[str, ...], words: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("arguments", [("score", EXAMPLE), ("--help",)])
def test_a_reader_that_stops_after_a_line_is_no_failure(arguments: tuple[str, ...]) -> None:
    line = " ".join(command(*arguments)) + " | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", EXAMPLE, "--format", "csv"),
        ("criteria",),
        ("--version",),
    ],
)
def test_a_reader_that_has_gone_before_the_answer_is_no_failure(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        command(*arguments),
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 0
    assert "Traceback" not in told
    assert "BrokenPipe" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_exits_two_and_is_not_called_a_bug() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command("criteria"),
            cwd=REPOSITORY,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "bug" not in done.stderr


#: Runs the command line, and says when it has come to a point where it then waits.
WAITS = """
import sys, time
def wait(*given, **named):
    sys.stderr.write("here\\n"); sys.stderr.flush(); time.sleep(100)
{patch}
sys.argv = ["powerwall", *{arguments!r}]
from powerwall.cli import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize(
    "patch",
    [
        "import powerwall.criteria.measure as m; m.measure = wait",
        "import powerwall.output.files as f; f._TEXT['.csv'] = wait",
    ],
    ids=["while measuring", "while writing"],
)
def test_ctrl_c_leaves_with_130_without_a_traceback_or_half_a_file(
    patch: str, tmp_path: Path
) -> None:
    arguments = ["score", str(REPOSITORY / EXAMPLE), "-q", "-o", "out.csv"]
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS.format(patch=patch, arguments=arguments)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    answer, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert answer == ""
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["--help"], set()), (["score", "--help"], {"pydantic"})],  # typer reads options with it
)
def test_help_loads_no_heavy_library(arguments: list[str], allowed: set[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['powerwall', *{arguments!r}]\n"
        "from powerwall.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        f"    sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")
    assert set(done.stderr.split()) <= allowed


def test_the_package_itself_loads_no_heavy_library() -> None:
    script = f"import sys, powerwall; print([n for n in {HEAVY!r} if n in sys.modules], len(dir(powerwall)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.startswith("[] ")


def test_a_bug_exits_two_with_a_hint_and_debug_shows_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        msg = "made for this test"
        raise RuntimeError(msg)

    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr("powerwall.criteria.measure.measure", broken)
    monkeypatch.setattr(sys, "argv", ["powerwall", "score", EXAMPLE])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: RuntimeError: made for this test\n")
    assert "run it again with --debug" in told.err
    monkeypatch.setattr(sys, "argv", ["powerwall", "score", EXAMPLE, "--debug"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2  # 1 would say that a gate is broken
    told = capsys.readouterr().err
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("RuntimeError: made for this test\n")
