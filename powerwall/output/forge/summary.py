"""Summary: findings as Markdown, the worst first, for the page of a run or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from powerwall.output.forge.result import WORST_FIRST, Report, counted, worst_first

LIMIT_BYTES = 1024 * 1024  # of the summary of a step: GitHub docs, "Workflow commands", job summary


def markdown_text(report: Report, limit: int = LIMIT_BYTES) -> str:
    """Counts of each region, then a table of what was found; cut to a size that a forge takes.

    Parameters
    ----------
    limit
        Largest size of the text [bytes of UTF-8].
    """
    found = worst_first(report.found)
    fails = "; warnings fail too" if report.strict else ""
    head = [f"# powerwall {report.verb}: {counted(found) or 'no findings'}{fails}", ""]
    head += table_head("region", "errors", "warnings", "notes")
    for suite in report.suites:
        levels = [item.level for item in suite.results]
        head.append(table_row(suite.name, *(str(levels.count(level)) for level in WORST_FIRST)))
    if not found:
        return "\n".join(head) + "\n"
    head += ["", *table_head("severity", "place", "code", "what", "remedy")]
    rows = [table_row(i.level, i.place, i.heading, i.message, i.remedy) for i in found]
    return fitting(head, rows, [], limit, f"findings; all of them: {report.more}")


def fitting(head: Sequence[str], rows: Sequence[str], tail: Sequence[str], limit: int, words: str) -> str:  # fmt: skip
    """Lines of a page, without the last rows where all would be too long; then the page says so."""
    text = "\n".join([*head, *rows, *tail]) + "\n"
    if len(text.encode()) <= limit:
        return text
    left = f"left out: {len(rows)} {words}"  # as long as it can be
    room = limit - sum(len(line.encode()) + 1 for line in [*head, *tail, "", left])
    kept = 0
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        kept += 1
    return "\n".join([*head, *rows[:kept], *tail, "", f"left out: {len(rows) - kept} {words}"]) + "\n"  # fmt: skip


def table_head(*names: str) -> list[str]:
    """The two lines that a Markdown table begins with."""
    return [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]


def table_row(*cells: str) -> str:
    """One line of a Markdown table; what would end the cell or begin a tag is escaped."""
    safe = (" ".join(cell.split()).replace("|", "\\|").replace("<", "&lt;") for cell in cells)
    return f"| {' | '.join(safe)} |"
