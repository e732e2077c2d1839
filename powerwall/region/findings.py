"""Findings: what is wrong or notable, where, and how to mend it.

Exceptions of powerwall::

    ValueError
    └── BadInput            carries .findings; raised once, after everything was collected
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SEVERITIES = ("note", "warning", "error")

#: One row per code: title, what it means and how it is usually mended. Codes never change meaning.
CODES: dict[str, tuple[str, str]] = {
    "PW101": ("unreadable region file", "The file is missing, is not UTF-8 or is not valid TOML."),
    "PW102": (
        "bad value in the region file",
        "A key has a value of the wrong type or outside its range.",
    ),
    "PW103": ("missing key in the region file", "A key without a default is absent."),
    "PW104": (
        "unknown key in the region file",
        "A key is not part of the region file; usually a typing error.",
    ),
    "PW105": (
        "unknown name",
        "A weight, value function, requirement or layer names something that does not exist.",
    ),
    "PW106": ("bad weight", "Weights are finite numbers, 0 or more, and not all zero."),
    "PW107": (
        "bad value function",
        "Breakpoints rise strictly in x, are finite, and have values from 0 to 1.",
    ),
    "PW108": (
        "value function without both ends",
        "Without a point at 0 and one at 1 a weight means less than it says.",
    ),
    "PW109": (
        "regions differ",
        "Regions ranked together must share weights, value functions and requirements.",
    ),
    "PW110": (
        "counted twice",
        "Two criteria with weight hold the same quantity, which then counts more than its weight says.",
    ),
    "PW201": (
        "missing layer file",
        "The path of a layer does not exist; paths are relative to the region file.",
    ),
    "PW202": (
        "unreadable layer file",
        "The file could not be read in the format that its suffix names.",
    ),
    "PW203": ("missing column", "A column that the layer or a criterion needs is absent."),
    "PW204": ("empty layer", "The file has a header but no rows."),
    "PW205": (
        "wrong delimiter",
        "The file is separated by another character than its layer declares.",
    ),
    "PW206": (
        "byte-order mark",
        "The file starts with a byte-order mark, as spreadsheets write it; it is skipped.",
    ),
    "PW207": ("ragged row", "A row has more or fewer cells than the header."),
    "PW208": ("stale layer", "The layer is older than its `fresh_days`."),
    "PW209": (
        "missing licence or source",
        "A layer says neither under which licence nor from where it comes.",
    ),
    "PW210": ("checksum differs", "The file is not the one whose sha256 the region declares."),
    "PW211": ("alias", "The layer goes by an older name."),
    "PW212": ("unknown column", "A mapped column is not in the file."),
    "PW213": (
        "no checksum",
        "A file that no reviewer can read line by line has no sha256, so a change of it goes unseen.",
    ),
    "PW301": ("no position", "A feature has neither a geometry nor coordinates."),
    "PW302": ("no coordinate system", "The file does not say in which coordinate system it is."),
    "PW303": (
        "unsuitable coordinate system",
        "Distances need a projected coordinate system in metres.",
    ),
    "PW304": (
        "outside the area of use",
        "Coordinates lie where the region's system does not hold; often lon and lat are swapped.",
    ),
    "PW305": ("invalid geometry", "A geometry crosses itself; it was repaired."),
    "PW306": ("unreadable geometry", "The WKT of a cell could not be parsed."),
    "PW307": (
        "wrong kind of geometry",
        "The layer holds points where polygons are needed, or the like.",
    ),
    "PW401": ("not a number", "A cell of a number column holds text."),
    "PW402": ("out of range", "A value lies outside the plausible range of its unit."),
    "PW403": (
        "undeclared sentinel",
        "A value that means `no data` was read as an empty cell; declare it under `nodata`.",
    ),
    "PW404": ("duplicate id", "The key of a layer must be unique."),
    "PW405": ("empty id", "The key of a row is empty."),
    "PW406": (
        "unknown word",
        "A cell of a word column is none of the words the column knows; it counts as unknown.",
    ),
    "PW407": ("unknown unit", "The declared unit cannot be turned into the unit of the column."),
    "PW408": ("bad date", "A date is neither a year, a month nor a day in ISO form."),
    "PW409": ("dangling reference", "An id points to a row that does not exist."),
    "PW410": ("infinite number", "A cell holds an infinite number; it counts as unknown."),
    "PW411": (
        "not quantiles of one duration",
        "P50 and P90 of a stage must be positive, and the P90 no smaller than the P50.",
    ),
    "PW412": (
        "network in several parts",
        "Buses are not connected to the rest; a part that carries nothing is left out.",
    ),
    "PW413": (
        "strained base case",
        "Before any withdrawal a branch carries more than its rating, or generation is short of load.",
    ),
    "PW414": (
        "no whole year",
        "A weather file, a station's rows or a table of generation are not the hours of one year in order, or lack what a peak needs.",
    ),
    "PW501": (
        "site without a jurisdiction",
        "The site lies in none of the outlines, within the accuracy of an edge, or in several.",
    ),
    "PW502": ("measure unknown everywhere", "A criterion with weight is unknown at every site."),
    "PW503": (
        "low coverage",
        "Too little of the weight is known for these sites; they are unranked.",
    ),
    "PW504": (
        "source is only a domain",
        "The address of a source names the publisher, not the page.",
    ),
    "PW505": ("estimated position", "Positions are coarser than the distances measured from them."),
    "PW506": (
        "incomplete tariff stack",
        "Price layers are missing, so a state average stands in or the price is unknown.",
    ),
    "PW507": (
        "rule status needs attention",
        "The status word of a rule and its dates disagree, or its end is unknown.",
    ),
    "PW508": (
        "power plan rests on an assumption",
        "A date of the plan rests on an assumed window, a past date or generic stage times.",
    ),
    "PW509": (
        "unlicensed compilation",
        "A row rests on a source whose licence does not allow reuse; replace it by a primary page.",
    ),
    "PW510": (
        "layer missing for a criterion",
        "A layer that a weighted criterion reads is not in the region.",
    ),
    "PW511": (
        "network rests on an assumption",
        "The files leave open the hour, the dispatch or a part that the load flow leaves out.",
    ),
    "PW512": (
        "contradicting sources",
        "Two rows, or two cells of one row, speak of the same act and differ.",
    ),
    "PW513": (
        "duty of the request",
        "A dated rule asks something of a request of this size; a plan shows whether it is met.",
    ),
    "PW514": (
        "assumption of a tariff",
        "A rate sheet leaves something open, and the bill rests on how it was read.",
    ),
    "PW515": (
        "ambiguous tariff territory",
        "A site lies in several territories of different stacks, or at an edge; its price is unknown.",
    ),
    "PW516": (
        "refused tariff",
        "A rate sheet or a stack cannot be billed correctly; never a partial number.",
    ),
    "PW517": (
        "known only later",
        "A layer, a row or a cell was not known on the as-of date of a backtest, or does not say.",
    ),
    "PW518": (
        "impossible outcome",
        "The dates of an outcome are missing, out of order, or not after the as-of date.",
    ),
    "PW601": ("output not written", "The file could not be written or its format is unknown."),
    "PW602": ("ranking out of date", "The committed ranking differs from the one computed now."),
    "PW603": ("usage", "The command cannot do what was asked."),
}


@dataclass(frozen=True, order=True)
class Finding:
    """Something wrong or notable.

    Attributes
    ----------
    file, line, column
        Place; line and column count from 1 and are 0 where they make no sense.
    code
        Key of `CODES`.
    severity
        One of `SEVERITIES`.
    message, remedy
        What is wrong with its own numbers, and how to mend it.
    """

    file: str
    line: int
    column: int
    code: str
    severity: str
    message: str
    remedy: str = ""

    @property
    def place(self) -> str:
        """`file:line:column`, as editors understand it."""
        parts = [self.file or "-"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class BadInput(ValueError):  # noqa: N818 — reads as what it is at every raise
    """Input that cannot be used; `findings` says everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__("\n".join(f"{f.place}: {f.code} {f.message}" for f in self.findings))

    def __reduce__(self) -> tuple[type[BadInput], tuple[list[Finding]]]:
        """A worker sends its findings, not their text."""
        return type(self), (self.findings,)


class Findings:
    """A growing collection; nothing is raised before everything has been looked at."""

    def __init__(self) -> None:
        self._items: list[Finding] = []

    def add(
        self,
        code: str,
        message: str,
        *,
        severity: str = "error",
        file: Path | str = "",
        line: int = 0,
        column: int = 0,
        remedy: str = "",
    ) -> None:
        """Record one finding."""
        title, _ = CODES[code]
        self._items.append(
            Finding(shown(file), line, column, code, severity, message or title, remedy)
        )

    def extend(self, findings: Iterable[Finding]) -> None:
        """Record several findings."""
        self._items.extend(findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(set(self._items)))

    def __len__(self) -> int:
        return len(set(self._items))

    @property
    def errors(self) -> list[Finding]:
        """Those that forbid a result."""
        return [item for item in self if item.severity == "error"]

    def raise_errors(self) -> None:
        """Raise `BadInput` with all errors, if there are any."""
        if errors := self.errors:
            raise BadInput(errors)


def shown(path: Path | str) -> str:
    """Path as a person wants to read it: relative to here where that is shorter."""
    if not str(path):
        return ""
    full = Path(path)
    try:
        return full.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return full.as_posix()


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Remedy text that names the closest known word, or lists a few."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    some = ", ".join(sorted(known)[:12])
    more = ", …" if len(known) > 12 else ""
    return f"known: {some}{more}" if known else ""
