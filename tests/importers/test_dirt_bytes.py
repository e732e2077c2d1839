"""Bytes: every source gives the same file twice, whole or not at all, however its writing ends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from layer_import import by_command
from made_up_sources import files_of, output_of

from powerwall.importers import written
from powerwall.importers.sources import OTHERS, SOURCES

EVERY = (*SOURCES, *OTHERS, "pairwise")
#: One source of every way of writing: a layer, one with a file beside it, rows, rates, weather, weights.
WAYS = ("hifld-lines", "pypsa-csv", "moratoria", "urdb", "epw", "pairwise")


class Killed(BaseException):
    """The end of a process, which no handler of exceptions sees coming."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def imported(source: str, files: list[Path], folder: Path, suffix: str = "") -> tuple[str, dict[str, bytes]]:  # fmt: skip
    """What the command prints, and the files that it writes."""
    folder.mkdir()
    target = folder / output_of(source)
    told = by_command(source, *files, output=target.with_suffix(suffix) if suffix else target)
    return told.stdout, contents(folder)


@pytest.mark.parametrize("source", EVERY)
def test_any_source_twice_gives_the_same_bytes_and_the_same_block(tmp_path, source):
    files = files_of(source, tmp_path / "in")
    first = imported(source, files, tmp_path / "one")
    assert imported(source, files, tmp_path / "two") == first
    assert all(first[1].values())


@pytest.mark.parametrize("source", [name for name in SOURCES if not SOURCES[name].file_name])
def test_any_layer_twice_gives_the_same_bytes_as_parquet(tmp_path, source):
    files = files_of(source, tmp_path / "in")
    first = imported(source, files, tmp_path / "one", ".parquet")
    assert imported(source, files, tmp_path / "two", ".parquet") == first


@pytest.mark.slow
def test_another_process_with_another_order_of_its_sets_gives_the_same_bytes(tmp_path):
    script = textwrap.dedent("""
        import sys
        from typer.testing import CliRunner
        from powerwall.cli import app
        for line in sys.stdin.read().splitlines():
            source, output, *files = line.split("\\t")
            result = CliRunner().invoke(app, ["import", source, *files, "-o", output])
            assert result.exit_code == 0, (source, result.output)
        """)
    lines, here = [], {}
    for source in EVERY:
        files, there = files_of(source, tmp_path / source), tmp_path / f"{source}-there"
        here[source] = imported(source, files, tmp_path / f"{source}-here")[1]
        there.mkdir()
        lines.append("\t".join(map(str, (source, there / output_of(source), *files))))
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    done = subprocess.run([sys.executable, "-c", script], input="\n".join(lines), text=True, capture_output=True, check=False, env={**os.environ, "PYTHONHASHSEED": seed})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {source: contents(tmp_path / f"{source}-there") for source in EVERY} == here


def dying(monkeypatch, end) -> None:
    """Let every writer of the importers end after half of its bytes."""
    whole_layer, whole_text = written.write, Path.write_text

    def half_layer(frame, path):
        whole_layer(frame, path)
        os.truncate(path, path.stat().st_size // 2)
        end()

    def half_text(self, content, **options):
        whole_text(self, content[: len(content) // 2], **options)
        end()

    monkeypatch.setattr(written, "write", half_layer)
    monkeypatch.setattr(Path, "write_text", half_text)


@pytest.mark.parametrize("before", ["", "what was there\n"])
@pytest.mark.parametrize("source", WAYS)
def test_a_writing_that_ends_half_way_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, source, before):  # fmt: skip
    files, out = files_of(source, tmp_path / "in"), tmp_path / "out"
    out.mkdir()
    if before:
        (out / output_of(source)).write_text(before, encoding="utf-8")
    was = contents(out)

    def end():
        raise Killed

    dying(monkeypatch, end)
    with pytest.raises(Killed):
        by_command(source, *files, output=out / output_of(source))
    assert contents(out) == was


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked on this system")
def test_a_process_that_is_killed_in_mid_write_leaves_no_half_file_under_the_name(tmp_path):
    """One process that forks for each way of writing, and whose child kills itself in the middle."""
    script = textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
        import pytest
        from layer_import import by_command
        from made_up_sources import files_of, output_of
        from test_dirt_bytes import WAYS, dying
        from powerwall.importers.sources import OTHERS, SOURCES
        for source in WAYS[:-1]:
            (SOURCES | OTHERS)[source].load()
        for source in WAYS:
            files, out = files_of(source, Path(sys.argv[1]) / source), Path(sys.argv[1]) / source / "out"
            out.mkdir()
            if (child := os.fork()) == 0:
                dying(pytest.MonkeyPatch(), lambda: os.kill(os.getpid(), signal.SIGKILL))
                by_command(source, *files, output=out / output_of(source))
                os._exit(0)
            assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, source
        """)
    done = subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, str(tmp_path)], text=True, capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for source in WAYS:
        # what is left is hidden, under a name of its own
        assert all(name.startswith(".") for name in contents(tmp_path / source / "out")), source
