"""Files: a ranking in the form that the suffix names.

A file is written beside its name and then renamed, so that nothing half-written is ever left.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from powerwall.output.texts import (
    csv_text,
    flat_frame,
    geojson_text,
    json_text,
    markdown_text,
    provenance,
)
from powerwall.region.findings import BadInput, Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking


class Writer(NamedTuple):
    """What writes a format that is no text.

    Attributes
    ----------
    write
        Writes a ranking to a path; imports what it needs when it is called.
    needs, extra
        Modules beyond the core, and the extra that brings them.
    """

    write: Callable[[Ranking, Path], object]
    needs: tuple[str, ...] = ()
    extra: str = ""


def _write_gpkg(ranking: Ranking, path: Path) -> None:
    flat_frame(ranking).to_file(path, layer="ranking", driver="GPKG")


def _write_parquet(ranking: Ranking, path: Path) -> None:
    flat_frame(ranking).to_parquet(path, compression="zstd", index=False)


def _by(module: str, function: str) -> Callable[[Ranking, Path], object]:
    """A function of a module of this package, which is imported when it is called."""

    def write(ranking: Ranking, path: Path) -> None:
        getattr(import_module(f"powerwall.output.{module}"), function)(ranking, path)

    return write


_TEXT: dict[str, Callable[[Ranking], str]] = {
    ".csv": csv_text,
    ".json": json_text,
    ".geojson": geojson_text,
    ".md": markdown_text,
}
_map = Writer(_by("static_map", "write_map"), ("matplotlib",), "report")
_BINARY: dict[str, Writer] = {
    ".gpkg": Writer(_write_gpkg),
    ".parquet": Writer(_write_parquet),
    ".html": Writer(_by("report", "write_report"), ("bokeh", "jinja2"), "report"),
    ".png": _map,
    ".svg": _map,
    ".xlsx": Writer(_by("workbook", "write_workbook"), ("openpyxl",), "excel"),
    ".kmz": Writer(_by("kmz", "write_kmz")),
}
SUFFIXES = (*_TEXT, *_BINARY)


def text(ranking: Ranking, form: str) -> str:
    """The ranking in one of the text formats: csv, json, geojson, md."""
    return _TEXT[f".{form}"](ranking)


def check_targets(paths: Iterable[Path], suffixes: Iterable[str] = SUFFIXES) -> None:
    """Raise BadInput for files that could not be written, before anything is computed."""
    findings = Findings()
    for path in paths:
        check_target(path, findings, suffixes)
    findings.raise_errors()


def check_target(path: Path, findings: Findings, suffixes: Iterable[str] = SUFFIXES) -> None:
    """Record what would stop a file from being written."""
    if path.suffix.lower() not in suffixes:
        known = [suffix.lstrip(".") for suffix in suffixes]
        findings.add("PW601", f"cannot write {path.name}: no format `{path.suffix}`",
                     remedy=did_you_mean(path.suffix.lstrip("."), known), file=path)  # fmt: skip
    elif not path.parent.is_dir():
        findings.add(
            "PW601",
            f"cannot write {path.name}: no folder {path.parent}",
            remedy="create it first",
            file=path,
        )
    elif not os.access(path.parent, os.W_OK):
        findings.add("PW601", f"cannot write {path.name}: {path.parent} is read only", file=path)
    elif path.is_dir():
        findings.add("PW601", f"{path} is a folder", file=path)
    else:
        _check_installed(path, findings)


def _check_installed(path: Path, findings: Findings) -> None:
    """A format of an extra needs what that extra brings."""
    writer = _BINARY.get(path.suffix.lower())
    missing = [name for name in writer.needs if find_spec(name) is None] if writer else []
    if writer and missing:
        findings.add("PW601", f"cannot write {path.name}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
                     remedy=f'pip install "powerwall[{writer.extra}]"', file=path)  # fmt: skip


def save(ranking: Ranking, path: Path) -> Path:
    """Write a ranking; a CSV gets its provenance beside it as `<file>.meta.json`.

    Raises
    ------
    BadInput
        If the suffix is unknown or the file cannot be written.
    """
    check_targets([path])
    suffix = path.suffix.lower()
    if suffix not in _TEXT:
        replaced(path, lambda part: _BINARY[suffix].write(ranking, part))
        return path
    write_text(path, _TEXT[suffix](ranking))
    if suffix == ".csv":
        meta = json.dumps(provenance(ranking), ensure_ascii=False, indent=1) + "\n"
        write_text(path.with_name(path.name + ".meta.json"), meta)
    return path


def write_text(path: Path, content: str) -> None:
    """Write a text whole, or not at all.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    replaced(path, lambda part: part.write_text(content, encoding="utf-8", newline="\n"))


def replaced(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole, or not at all.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    try:
        _replace(path, write)
    except OSError as error:
        findings = Findings()
        findings.add("PW601", f"cannot write {path}: {error.strerror or error}", file=path)
        raise BadInput(findings) from error


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write to a new file in the same folder, then take the name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    part = Path(name)
    try:
        part.unlink()  # some drivers refuse an existing file
        write(part)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def changed_sites(committed: Path, ranking: Ranking) -> list[str]:
    """Ids of the rows in which a committed CSV differs from a ranking, at printed precision."""
    now = csv_text(ranking).splitlines()
    then = committed.read_text(encoding="utf-8").splitlines() if committed.is_file() else []
    differing = set(now) ^ set(then)
    return sorted({line.split(",", 1)[0] for line in differing}) or (
        [] if now == then else ["order of the rows"]
    )
