"""Places: where each key stands in a TOML file, for findings with line and column."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[+\s*(?P<name>[^\]]+?)\s*\]+")
_KEY = re.compile(
    r"""(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*="""
)

Path = tuple[str, ...]


def key_places(text: str) -> dict[Path, tuple[int, int]]:
    r"""Line and column, from 1, of every table header and key of a TOML text.

    Keys inside inline tables are found too; text in strings may add places, never move one.

    >>> key_places("a = 1\n[b]\nc = { d = 2 }\n")[("b", "c", "d")]
    (3, 7)
    """
    places: dict[Path, tuple[int, int]] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        body = line.split("#", 1)[0] if line.lstrip().startswith("#") else line
        header = _HEADER.match(body)
        if header and "=" not in body.split("]", 1)[0]:
            table = _split(header["name"])
            places.setdefault(table, (number, header.start("name") + 1))
            continue
        parent: Path = ()
        for match in _KEY.finditer(body):
            key = _split(match["key"])
            if body[: match.start()].strip() == "":
                parent = key
                path = table + key
            else:
                path = table + parent + key
            places.setdefault(path, (number, match.start("key") + 1))
    return places


def _split(dotted: str) -> Path:
    parts = re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", dotted)
    return tuple(part.strip("\"'") for part in parts)


def nearest_place(places: dict[Path, tuple[int, int]], path: Path) -> tuple[int, int]:
    """Place of a path, or of its closest ancestor that has one; (1, 1) at the root."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return (1, 1)
