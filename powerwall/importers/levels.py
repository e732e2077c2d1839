"""Levels: which of several sound limits in one cell holds by day, in the evening and at night."""

from __future__ import annotations

import re
from typing import NamedTuple

_LEVELS = re.compile(r"\d+(?:\.\d+)?(?:\s*/\s*\d+(?:\.\d+)?){0,2}")
_SAID = re.compile(r"(?<![\d.:])(?P<level>\d+(?:\.\d+)?)\s*d\s?b", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?P<from>\d{1,2})\s*(?P<fm>[ap])\.?m\.?\s*(?:to|-|–|until)\s*(?P<to>\d{1,2})\s*(?P<tm>[ap])\.?m\b",
    re.IGNORECASE,
)
_SHORT_CLOCK = re.compile(
    r"(?P<from>\d{1,2})\s*(?:to|-|–)\s*(?P<to>\d{1,2})\s*(?P<tm>[ap])\.?m\b", re.IGNORECASE
)  # fmt: skip
_WORDS = {"night": r"\bnight", "evening": r"\bevening", "day": r"\bday\s?-?(?:time)?\b"}


class Level(NamedTuple):
    """A limit and when it holds.

    Attributes
    ----------
    period
        day, evening, night or all.
    limit_db
        Limit. [dB]
    start, end
        Hours as HH:MM; empty where they are not stated.
    """

    period: str
    limit_db: float
    start: str = ""
    end: str = ""


def read_levels(value: str, comment: str = "") -> list[Level] | None:
    """Limits in a cell by period; empty where the cell has none, None where their order is open.

    Two numbers are told apart by the comment; without one, a pair that falls is day and night, and
    one that rises stays open, since tables write them in either order. Three are day, evening and
    night unless the comment says otherwise.

    >>> read_levels("37/40", "37 dB from 8pm to 8am; 40 dB from 8am to 8pm")
    [Level(period='night', limit_db=37.0, start='20:00', end='08:00'), Level(period='day', limit_db=40.0, start='08:00', end='20:00')]
    """
    if not _LEVELS.fullmatch(value.strip()):
        return []
    limits = [float(part) for part in value.split("/")]
    if len(limits) == 1:
        return [Level("all", limits[0])]
    said = _said(comment)
    found = [said[limit] for limit in limits if limit in said]
    if len({level.period for level in found}) == len(limits):
        return found
    if found:
        return None
    if len(limits) == len(_WORDS):
        return [Level(*pair) for pair in zip(("day", "evening", "night"), limits, strict=True)]
    falls = limits[0] >= limits[1] and not comment.strip()  # a comment may tell two places apart
    return [Level("day", limits[0]), Level("night", limits[1])] if falls else None


def _said(comment: str) -> dict[float, Level]:
    """Limit → what the words after it say of its time."""
    matches = list(_SAID.finditer(comment))
    found = {}
    ends = [*(match.start() for match in matches[1:]), len(comment)]
    for match, stop in zip(matches, ends, strict=False):
        words = comment[match.end() : stop]
        start, end = _window(words)
        period = next((name for name, word in _WORDS.items() if re.search(word, words, re.IGNORECASE)), "")  # fmt: skip
        if not period and start:
            period = "night" if end < start else "day"  # over midnight, or not
        if period:
            limit = float(match["level"])
            found[limit] = Level(period, limit, start, end)
    return found


def _window(words: str) -> tuple[str, str]:
    if match := _CLOCK.search(words):
        return _hour(match["from"], match["fm"]), _hour(match["to"], match["tm"])
    if match := _SHORT_CLOCK.search(words):
        return _hour(match["from"], match["tm"]), _hour(match["to"], match["tm"])
    return "", ""


def _hour(hour: str, half: str) -> str:
    return f"{int(hour) % 12 + 12 * (half.lower() == 'p'):02d}:00"
