"""Revision: a region file, or a ranking, as it stood at a revision of its git repository."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from powerwall.region.findings import Findings, shown

_AT = re.compile(r"^(?P<path>.+?\.(?:toml|csv)|[^@:]+)@(?P<revision>.+)$")
_COLON = re.compile(r"^(?P<revision>[^:]{2,}):(?P<path>.+)$")
_INDIRECT = {"network": ("branch.csv",)}  # files that a layer reads beside its own


class Source(NamedTuple):
    """A file, and the revision it is read at; empty is the file as it stands."""

    path: Path
    revision: str = ""

    @property
    def words(self) -> str:
        """`regions/x.toml@v1`, as it is typed."""
        return f"{self.path.as_posix()}@{self.revision}" if self.revision else self.path.as_posix()


def source_of(text: str) -> Source:
    """What `x.toml`, `x.toml@REV` or `REV:x.toml` means; a file of that very name comes first.

    >>> source_of("regions/x.toml@HEAD~1").revision
    'HEAD~1'
    >>> source_of("v1:regions/x.toml").path.as_posix()
    'regions/x.toml'
    """
    if not Path(text).exists() and (match := _AT.match(text) or _COLON.match(text)):
        return Source(Path(match["path"]), match["revision"])
    return Source(Path(text))


@contextmanager
def checked_out(source: Source) -> Iterator[tuple[Path, Path]]:
    """The file at its revision, with the files it names, in a temporary folder.

    Yields
    ------
    path, root
        The file, and the folder that stands for the root of the repository.

    Raises
    ------
    BadInput
        If git, the repository, the revision or the file is missing.
    """
    findings = Findings()
    git = shutil.which("git")
    if git is None:
        findings.add("PW603", f"git is needed to read {source.words}, and is not installed",
                     remedy="install git, or name two files")  # fmt: skip
        findings.raise_errors()
    folder = source.path.resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    root = _line(git, folder, "rev-parse", "--show-toplevel")
    if root is None:
        findings.add("PW603", f"{shown(source.path)} is in no git repository", file=source.path, remedy="name two files")  # fmt: skip
        findings.raise_errors()
    top = Path(str(root))
    given = source.revision
    commit = None if given.startswith("-") else _line(git, top, "rev-parse", "--verify", "--quiet", f"{given}^{{commit}}")  # fmt: skip
    if commit is None:
        findings.add("PW603", f"no revision `{given}` in the repository of {shown(source.path)}",
                     remedy="`git log --oneline` lists them; a tag, a branch or a hash is meant")  # fmt: skip
        findings.raise_errors()
    name = source.path.resolve().relative_to(top.resolve())
    if not _listed(git, top, str(commit), [name.as_posix()]):
        findings.add("PW603", f"{name.as_posix()} is not in revision {given}", remedy=f"git log -- {name.as_posix()}")  # fmt: skip
        findings.raise_errors()
    with tempfile.TemporaryDirectory(prefix="powerwall-") as temporary:
        target = Path(temporary).resolve()
        _extract(git, top, str(commit), [name.as_posix()], target)
        wanted = _listed(git, top, str(commit), _named(target / name, name))
        if wanted:
            _extract(git, top, str(commit), wanted, target)
        yield target / name, target


def _named(file: Path, name: Path) -> list[str]:
    """Files, relative to the repository, that a region file names, or the provenance of a ranking."""
    if file.suffix == ".csv":
        return [f"{name.as_posix()}.meta.json"]
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []  # reading it says so, with the place
    layers: Any = content.get("layers", {})
    entries = {"sites": content.get("sites"), **(layers if isinstance(layers, dict) else {})}
    found = []
    for layer, entry in entries.items():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            own = _normal(name.parent / path)
            found += [own, *(_normal(name.parent / Path(path).parent / more) for more in _INDIRECT.get(layer, ()))]  # fmt: skip
    return [path for path in found if path]


def _normal(path: Path) -> str:
    """A path without `..`; empty where it leaves the repository."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return ""
    return "" if path.is_absolute() else "/".join(parts)


def _line(git: str | None, folder: Path, *words: str) -> str | None:
    done = _run(git, folder, *words)
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _listed(git: str | None, top: Path, commit: str, names: list[str]) -> list[str]:
    """Those of the files that the commit holds."""
    if not names:
        return []
    done = _run(git, top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", *names)
    return [name for name in done.stdout.decode("utf-8", "replace").split("\0") if name]


def _extract(git: str | None, top: Path, commit: str, names: list[str], target: Path) -> None:
    done = _run(git, top, "archive", "--format=tar", commit, "--", *names)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")


def _run(git: str | None, folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 — no shell; names follow `--`
        [str(git), *words], cwd=folder, capture_output=True, check=False
    )
