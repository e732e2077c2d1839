"""Words: terms, ends and marks as people write them into a table."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from powerwall.criteria.policy.rows import add_term
from powerwall.region.dates import MONTH_DAYS, parse_span

_COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "eighteen": 18, "thirty": 30, "forty-five": 45, "sixty": 60, "ninety": 90,
}  # fmt: skip
_DAY = r"(?P<day>\d{4}-\d{2}(?:-\d{2})?)"
_TERM = re.compile(
    rf"(?<![\d-])(?P<count>\d{{1,4}}|{'|'.join(_COUNTS)})[\s-]+(?P<unit>day|week|month|year)s?\b", re.IGNORECASE
)  # fmt: skip
_END = re.compile(
    rf"\b(?P<how>until|through|thru|expir\w+|ending|ends|to|repeal on)\b[^\d;]{{0,25}}?{_DAY}", re.IGNORECASE
)  # fmt: skip
_END_OF_YEAR = re.compile(r"\bthrough (?:the )?end of (?P<year>\d{4})\b", re.IGNORECASE)
_EXTENDED = re.compile(rf"\b(?:extend(?:s|ed|ing)?|extension)\b[^.]*?\b(?P<how>until|through|thru|to)\b[^\d;]{{0,25}}?{_DAY}", re.IGNORECASE)  # fmt: skip
# told as done; `unless extended` and `may be extended` are not
_LONGER = re.compile(
    r"(?:^\s*|;\s*|\b(?:later|then|was|been|subsequently)\s+)extended\b", re.IGNORECASE
)
_EFFECTIVE = re.compile(rf"\bfrom {_DAY} effective date", re.IGNORECASE)
# an extension that is scheduled, noticed or possible was not adopted
_EXTENDED_ON = re.compile(r"\b(?:extended|extension (?:approved|adopted))\s+(?:on\s+)?(?P<after>\d{4}-\d{2}-\d{2})"
                          r"|(?P<before>\d{4}-\d{2}-\d{2})[^;.\d]{0,30}\bextension\b(?! (?:hearing|public|notice|possible))", re.IGNORECASE)  # fmt: skip
_DOUBT = re.compile(r"\b(?:possible|may|might|eligible|proposed|optional|noticed|scheduled|with)\b", re.IGNORECASE)  # fmt: skip
_HOLDS_FROM = re.compile(r"(?:;|,|\band)\s*effective (?P<day>\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_MARK = re.compile(r"\[VERIFY[^\]]*\]?|\[(?:V(?:E(?:R(?:I(?:F)?)?)?)?)?$", re.IGNORECASE)
_AS_OF = re.compile(r"\bas of (\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_DAYS = {"day": 1.0, "week": 7.0, "month": MONTH_DAYS, "year": 12 * MONTH_DAYS}


class Term(NamedTuple):
    """What a text says of the time a rule holds; what it does not say is empty.

    Attributes
    ----------
    duration
        `180 days`, `6 months`, `1 year`.
    days
        The same in days, for comparisons.
    end
        First day not in force, YYYY-MM-DD or YYYY-MM.
    start
        Day from which the text counts.
    extended
        True where the end is that of an extension; blank where several contradict one another.
    open_extension
        True where the text says it was extended, and not until when.
    """

    duration: str = ""
    days: float = 0.0
    end: str = ""
    start: str = ""
    extended: bool = False
    open_extension: bool = False


def read_term(text: str) -> Term:
    """Term and end that a text names plainly; the first of each, or the end of an extension.

    >>> read_term("Initial 45 days; 10 months extension noticed")
    Term(duration='45 days', days=45.0, end='', start='', extended=False, open_extension=False)
    >>> read_term("Through 2026-12-31, or earlier").end
    '2027-01-01'
    """
    plain = without_marks(text)
    term, end = _TERM.search(plain), _END.search(plain)
    year, longer = _END_OF_YEAR.search(plain), list(_EXTENDED.finditer(plain))
    start, told = _EFFECTIVE.search(plain), _LONGER.search(plain)
    last = ""
    if longer:
        # one extension after another moves the end on; one that moves it back contradicts itself
        ends = [_first_day_out(match["how"], match["day"]) for match in longer]
        last = ends[-1] if ends[-1] == max(ends) else ""
    elif year:
        last = f"{int(year['year']) + 1}-01-01"
    elif end:
        last = _first_day_out(end["how"], end["day"])
    # a term after an end, or within an extension, is not that of the act
    other = [match.start() for match in (end, *longer[:1]) if match]
    first = term if term and term.start() < min(other, default=len(plain)) else None
    duration, days = _duration(first) if first else ("", 0.0)
    return Term(
        duration,
        days,
        last,
        start["day"] if start else "",
        bool(longer),
        not longer and told is not None and not (end and end.start() > told.start()),
    )


def _duration(match: re.Match[str]) -> tuple[str, float]:
    word, unit = match["count"].lower(), match["unit"].lower()
    count = _COUNTS[word] if word in _COUNTS else int(word)
    days = count * _DAYS[unit]
    if unit == "week":
        count, unit = 7 * count, "day"
    return f"{count} {unit}{'s' * (count != 1)}", days


def _first_day_out(how: str, day: str) -> str:
    """`through` a day includes it; `until` it does not."""
    if how.lower() not in {"through", "thru"}:
        return day
    return str(parse_span(day).last + timedelta(days=1))


def end_of(start: str, term: Term) -> date | None:
    """Day on which a term from a start ends; None where the start is no full date."""
    if not term.duration or len(start) != len("2026-01-01"):
        return None
    return add_term(date.fromisoformat(start), term.duration)


def without_marks(text: str) -> str:
    """A text without its `[VERIFY …]` marks, whole or cut off at the end of the cell."""
    return _MARK.sub("", text).strip()


def marks(*texts: str) -> list[str]:
    """The `[VERIFY …]` marks of texts, as they stand.

    >>> marks("Active", "90 days [VERIFY: minutes]")
    ['[VERIFY: minutes]']
    """
    return [match[0] for text in texts for match in _MARK.finditer(text)]


def extension_day(text: str) -> str:
    """Day on which a text says that a rule was extended; empty without one.

    >>> extension_day("2026-02 initial; extended 2026-04-01")
    '2026-04-01'
    """
    match = _EXTENDED_ON.search(without_marks(text))
    return (match["after"] or match["before"]) if match and not _DOUBT.search(match[0]) else ""


def effective_day(text: str) -> str:
    """Day that a text names as that from which an act holds; empty without one."""
    match = _HOLDS_FROM.search(without_marks(text))
    return iso_day(match["day"]) if match else ""


def as_of_day(text: str) -> str:
    """Day of an `as of 2026-04-29`; empty without one."""
    match = _AS_OF.search(text)
    return match[1] if match else ""


def iso_day(text: str) -> str:
    """A year, month or day at the head of a text; empty where it has none."""
    match = re.match(r"\s*(\d{4}(?:-\d{2}(?:-\d{2})?)?)\b", text)
    if not match:
        return ""
    try:
        parse_span(match[1])
    except ValueError:
        return ""
    return match[1]


def slug(text: str) -> str:
    """A name as part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def short(text: str, most: int = 200) -> str:
    """A text on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " …"
