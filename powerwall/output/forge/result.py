"""Results: what a forge shows of a run, one thing at a place; the formats beside this file print them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from powerwall.region.findings import CODES, Finding

WORST_FIRST = ("error", "warning", "note")
HELD, UNMEASURED = "held", "not measured"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Result:
    """A finding, a gate, or a row that moved a rank.

    Attributes
    ----------
    rule, title
        Code of a finding or name of a gate, and what it is called.
    level
        `error`, `warning` or `note`; a gate that is not broken is `held` or `not measured`.
    message, remedy
        What is wrong, and how to mend it.
    file, line, column
        Place, the file relative to the root of the repository; 0 and empty where unknown.
    key
        What stays the same while lines move and numbers change; silent, the message.
    """

    rule: str
    title: str
    level: str
    message: str
    remedy: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    key: str = ""

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        numbers = [str(n) for n in (self.line, self.column if self.line else 0) if n]
        return ":".join([self.file or "-", *numbers])

    @property
    def heading(self) -> str:
        """`PW208 stale layer`; a gate is named alone."""
        return self.title if self.rule in self.title else f"{self.rule} {self.title}"


@dataclass(frozen=True)
class Suite:
    """Results of one region file, or of one comparison.

    Attributes
    ----------
    name
        The region file, or both sides.
    results
        Sorted by place.
    empty
        What to say where there are none.
    """

    name: str
    results: tuple[Result, ...]
    empty: str = "no findings"


@dataclass(frozen=True)
class Report:
    """All results of one run of a verb.

    Attributes
    ----------
    verb
        `check` or `compare`.
    suites
        In the order in which they were named.
    rules
        Title and meaning of each rule.
    more
        Command that shows everything.
    strict
        Whether warnings fail too.
    """

    verb: str
    suites: tuple[Suite, ...]
    rules: Mapping[str, tuple[str, str]]
    more: str
    strict: bool = False

    @property
    def found(self) -> list[Result]:
        """Errors, warnings and notes of all suites, each once: regions may share a layer."""
        every = dict.fromkeys(item for suite in self.suites for item in suite.results)
        return [item for item in every if item.level in WORST_FIRST]

    @property
    def failing(self) -> tuple[str, ...]:
        """Levels that fail."""
        return ("error", "warning") if self.strict else ("error",)


def suite_of(region: str, findings: Iterable[Finding], here: Path, root: Path) -> Suite:
    """Findings of a region; one without a place is put at the region file, for forges ask for one.

    Parameters
    ----------
    region
        The region file as the findings name it.
    here, root
        Folder that files are relative to, and that they shall be relative to.
    """
    return Suite(region, tuple(
        Result(item.code, CODES[item.code][0], item.severity, item.message, item.remedy,
               relative(item.file or region, here, root), item.line, item.column)
        for item in findings
    ))  # fmt: skip


def relative(file: str, here: Path, root: Path) -> str:
    """A path as a forge knows it: from the root of the repository, or whole outside of it."""
    full = Path(os.path.normpath(here / file))
    return (full.relative_to(root) if full.is_relative_to(root) else full).as_posix()


def repository(here: Path) -> Path:
    """The next folder above that is a git repository, else the folder itself."""
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def counted(results: Iterable[Result]) -> str:
    """`1 error, 2 warnings`; empty if there are none."""
    counts = Counter(item.level for item in results)
    return ", ".join(f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}" for level in WORST_FIRST if counts[level])  # fmt: skip


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Errors before warnings before notes; of each, the first of every rule before the others."""
    seen: Counter[tuple[str, str]] = Counter()
    keyed = []
    for item in results:
        nth = seen[item.level, item.rule]
        seen[item.level, item.rule] += 1
        keyed.append(((WORST_FIRST.index(item.level), nth), item))
    return [item for _, item in sorted(keyed, key=lambda pair: pair[0])]


def without_control(text: str) -> str:
    """A text without control characters; tabs and ends of lines stay."""
    return _CONTROL.sub("", text)
