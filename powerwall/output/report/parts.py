"""Parts: what a page is made of: tables, blocks of a card, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from powerwall.output.columns import Head
    from powerwall.output.report.svg import Svg


class Table(NamedTuple):
    """A table: caption, (header, right-aligned) of each column, rows of cells; the first names the row."""

    caption: str
    heads: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]

    @property
    def right(self) -> str:
        """Classes that align its columns of numbers: `r2 r3`."""
        return " ".join(f"r{at}" for at, (_, right) in enumerate(self.heads, 1) if right)


class Block(NamedTuple):
    """One subject of a card.

    Attributes
    ----------
    title
        What it shows.
    chart, key
        The drawing, and what its colours mean: (class, words).
    words
        Sentences under it; where nothing is known, the reason.
    table, unfolded
        The same numbers as a table, and whether it stands open.
    """

    title: str
    chart: Svg | None = None
    key: Sequence[tuple[str, str]] = ()
    words: Sequence[str] = ()
    table: Table | None = None
    unfolded: bool = False


class Answer(NamedTuple):
    """One of the three questions: its headline, and sentences that each rest on a measure."""

    question: str
    headline: str
    sentences: Sequence[str]


def headed(caption: str, heads: Sequence[Head], rows: Sequence[Sequence[str]]) -> Table:
    """A table from the headers of a printed one."""
    return Table(caption, [(head.text, head.right) for head in heads], rows)


def capital(words: str) -> str:
    """Words that begin a sentence."""
    return f"{words[:1].upper()}{words[1:]}"


def short(name: str) -> str:
    """Name of a criterion without its unit."""
    for suffix in ("_usd_per_mwh", "_probability", "_m3", "_db", "_months", "_share"):
        name = name.removesuffix(suffix)
    return name.replace("_", " ")
