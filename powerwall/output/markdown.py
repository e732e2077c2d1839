"""Markdown: words of a region in which nothing is markup, and tables that stay tables."""

from __future__ import annotations

import math
from collections.abc import Sequence


def plain(text: object) -> str:
    r"""One line of text in which nothing is markup; what is missing is `?`.

    >>> plain("a | b\n<i>")
    'a \\| b &lt;i>'
    """
    if text is None or (isinstance(text, float) and math.isnan(text)):
        return "?"
    words = " ".join(str(text).split())
    for sign in ("\\", "|", "[", "`", "*"):
        words = words.replace(sign, f"\\{sign}")
    return words.replace("<", "&lt;")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of a table; the first column is text, cells are made plain."""
    head = "| " + " | ".join(plain(one) for one in heads) + " |"
    rule = "| --- |" + " --- |" * (len(heads) - 1)
    return [head, rule, *("| " + " | ".join(plain(cell) if str(cell) else " " for cell in row) + " |" for row in rows)]  # fmt: skip


def capped(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are.

    >>> capped(["a", "b", "c"], 2)
    ['a', '- and 2 more']
    """
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"- and {len(lines) - most + 1} more"]
