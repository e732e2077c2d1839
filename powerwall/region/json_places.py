"""JSON places: line and column of every key and entry of a JSON text."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # the scanner behind json.loads

_BLANK = re.compile(r"[ \t\n\r]*")


def json_places(text: str) -> dict[str, tuple[int, int]]:
    r"""Line and column, from 1, of each value of a valid JSON text by its path.

    >>> json_places('{"a": [1,\n {"b": null}]}')["a[1].b"]
    (2, 7)
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[str, tuple[int, int]] = {}
    decode = json.JSONDecoder().raw_decode

    def skip(at: int) -> int:
        match = _BLANK.match(text, at)
        return match.end() if match else at

    def value(at: int, path: str) -> int:
        """Note a value and all below it; where it ends."""
        line = bisect_right(starts, at)
        found[path] = (line, at - starts[line - 1] + 1)
        if text[at] not in "{[":
            return decode(text, at)[1]
        mapping, close = text[at] == "{", "}" if text[at] == "{" else "]"
        at, count = skip(at + 1), 0
        while text[at] != close:
            if mapping:
                key, at = scanstring(text, at + 1)
                at = skip(skip(at) + 1)  # past the colon
                name = f"{path}.{key}" if path else key
            else:
                name = f"{path}[{count}]"
            at = skip(value(at, name))
            count += 1
            if text[at] == ",":
                at = skip(at + 1)
        return at + 1

    value(skip(0), "")
    return found


def nearest(path: str, places: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Line and column of a key, or of what holds it; 0 where nothing does."""
    while path:
        if path in places:
            return places[path]
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else ""
    return places.get("", (0, 0))
