"""Table: the ranking as a person reads it, led by what is scarce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from powerwall.output.markdown import plain
from powerwall.output.numbers import span
from powerwall.output.portfolio import competitors
from powerwall.output.profiles import differences
from powerwall.output.robust import flip_line, print_robustness
from powerwall.output.site_cells import (
    Column,
    Site,
    columns_of,
    first_power,
    score_cell,
    site_name,
)

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.ranking.rank import Ranking

_NAMED = 4  # sites named for one reason


def print_ranking(ranking: Ranking, to: Console, top: int = 15) -> None:
    """Print heading, table, captions, the sites that are not ranked, and the next command."""
    frame = ranking.frame
    ranked = list(frame.index[frame["status"] == "ranked"])
    to.print(Text(heading(ranking), style="bold"))
    columns = columns_of(ranking)
    if ranked:
        columns = fitting(ranking, ranked[:top], to.width)
        to.print(build(ranking, ranked[:top], columns))
        if len(ranked) > top:
            to.print(f"and {len(ranked) - top} more ranked sites: --top {len(ranked)}\n")
    else:
        to.print("\nno site can be ranked\n")
    for line in captions(ranking, columns if ranked else ()):
        to.print(Text(line, style="dim"))
    print_robustness(ranking, to)
    _print_others(ranking, to)
    to.print(f"\nNext: {next_command(ranking)}")


def heading(ranking: Ranking) -> str:
    """One line: where, how much, by when, as of when."""
    request = ranking.regions[0].request
    where = ", ".join(region.table.title for region in ranking.regions)
    counts = ranking.frame["status"].value_counts()
    numbers = ", ".join(
        f"{counts[s]} {s}" for s in ("ranked", "out", "unranked", "reference") if s in counts
    )
    asked = {
        f"{r.request.mw:g} MW by {r.request.need_by}, cooling {r.request.cooling}, as of {r.request.as_of}"
        for r in ranking.regions
    }
    differ = "" if len(asked) == 1 else "; other regions have requests of their own"
    asked_first = f"{request.mw:g} MW by {request.need_by}, cooling {request.cooling}, as of {request.as_of}{differ}"
    return f"{where} — {asked_first} ({numbers})"


def build(ranking: Ranking, ids: list[str], columns: tuple[Column, ...]) -> Table:
    """A table of some sites and columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in columns:
        table.add_column(
            column.header,
            justify="right" if column.right else "left",
            no_wrap=column.header != "site",
            overflow="fold",
        )
    for site_id in ids:
        site = Site(ranking, site_id)
        table.add_row(
            *[column.cell(site) for column in columns],
            style="bold" if site.row["rank"] == 1 else None,
        )
    return table


def fitting(ranking: Ranking, ids: list[str], width: int) -> tuple[Column, ...]:
    """Columns that fit a width whole; the least important go first."""
    columns = columns_of(ranking)
    measure = Console(width=10_000)
    names = max((len(site_name(Site(ranking, i))) for i in ids), default=0)
    spare = max(0, names - 24)  # a long name may wrap down to 24 characters
    while measure.measure(build(ranking, ids, columns)).maximum - spare > width:
        droppable = [column for column in columns if column.priority]
        if not droppable:
            break
        last = max(droppable, key=lambda column: column.priority)
        columns = tuple(column for column in columns if column is not last)
    return columns


def captions(ranking: Ranking, columns: tuple[Column, ...]) -> list[str]:
    """What each column says that is not obvious, and the weights."""
    need_by = ranking.regions[0].request.need_by
    made = ranking.robustness
    numbers = {"draws": made.draws, "top_k": made.top_k} if made is not None else {}
    lines = [column.caption.format(need_by=need_by, **numbers) for column in columns if column.caption]  # fmt: skip
    subjects = ", ".join(
        f"{name} {share:.0%}".replace("%", " %")
        for name, share in ranking.settings.weights.subjects.items()
        if share > 0
    )
    hidden = (
        [column.header for column in columns_of(ranking) if column not in columns]
        if columns
        else []
    )
    whose = f" ({ranking.settings.whose})" if ranking.settings.profile else ""
    lines.append(f"weights{whose}: {subjects}; ? is unknown and counts half")
    if line := flip_line(ranking):
        lines.append(line)
    stretched = (
        ranking.measures["time_to_power_months"]["note"].fillna("").str.contains("extrapolated")
    )
    if stretched.any():
        lines.append(
            f"{int(stretched.sum())} sites use a stage network outside the megawatts it is meant for (extrapolated)"
        )
    lines += _terms(ranking)
    if hidden:
        lines.append(f"not shown at this width: {', '.join(hidden)}")
    return lines


def _terms(ranking: Ranking) -> list[str]:
    """Large-load terms behind the sites, and what other customers carry if a project leaves."""
    measure = ranking.measures["ratepayer_exposure_usd_per_mw"]
    told = measure[measure["note"].notna()]
    lines = []
    for note, rows in told.groupby("note", sort=False):
        known = rows[rows["value"].notna()]
        if len(known):
            pays, defaults = (span(*known[name].agg(["min", "max"])) for name in ("low", "value"))
            words = f"others carry {pays} USD/MW if it pays, {defaults} if it defaults, in the worst year"
        else:
            words = f"what others carry is unknown ({rows['why'].mode().iloc[0]})"
        lines.append(f"terms of {len(rows)} sites: {note}; if a project leaves, {words}")
    return lines[:_NAMED]


def _print_others(ranking: Ranking, to: Console) -> None:
    """Sites that carry no rank, grouped by their reason."""
    frame = ranking.frame
    titles = {"out": "out", "unranked": "not ranked", "reference": "already taken, for reference"}
    for status, title in titles.items():
        rows = frame[frame["status"] == status]
        if len(rows):
            to.print(Text(f"\n{title}:", style="bold"))
            for line in _taken(ranking, rows) if status == "reference" else _by_reason(rows):
                to.print(Padding(Text(line, style="dim"), (0, 0, 0, 2), expand=False))
    risky = (frame["status"] == "ranked") & frame["reasons"].str.contains("at risk")
    if risky.any():
        text = "ranked sites are at risk of a requirement that is unknown there; explain says which"
        to.print(Text(f"\n{int(risky.sum())} {text}", style="dim"))
    for number, line in enumerate(competitors(ranking)):
        to.print(Text(("" if number else "\n") + line, style="dim"))
    if told := differences(ranking, to.width):
        to.print(Text(f"\n{told}", style="dim"))


def _taken(ranking: Ranking, rows: pd.DataFrame) -> list[str]:
    sites = [Site(ranking, str(site_id)) for site_id in rows.index]
    return [
        f"{site_name(site)} ({site.id}): {score_cell(site)}, first power {first_power(site)}"
        for site in sites
    ]


def _by_reason(rows: pd.DataFrame) -> list[str]:
    groups: dict[str, list[str]] = {}
    for site_id, row in rows.iterrows():
        parts = str(row["reasons"]).split("; ")
        reason = "; ".join(part for part in parts if not part.startswith("at risk"))
        groups.setdefault(reason, []).append(f"{row['name']} ({site_id})")
    return [
        f"{', '.join(names[:_NAMED])}"
        + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        + f": {reason}"
        for reason, names in groups.items()
    ]


def next_command(ranking: Ranking) -> str:
    """What to type next."""
    first = ranking.frame.index[0]
    row = ranking.frame.iloc[0]
    path = next(region.path for region in ranking.regions if region.name == row["region"])
    return f"powerwall explain {path.as_posix()} {str(first).split(':')[-1]}"


def markdown(ranking: Ranking) -> str:
    """Heading, table of every site and captions as Markdown."""
    every = columns_of(ranking)
    lines = [f"# {heading(ranking)}", "", "| " + " | ".join(c.header for c in every) + " | status | reasons |",
             "|" + "|".join(" ---: " if c.right else " --- " for c in every) + "| --- | --- |"]  # fmt: skip
    for site_id, row in ranking.frame.iterrows():
        site = Site(ranking, str(site_id))
        cells = [*(column.cell(site) for column in every), row["status"], row["reasons"]]
        lines.append("| " + " | ".join(plain(str(cell)) for cell in cells) + " |")
    notes = [f"- {line}" for line in captions(ranking, every)]
    return "\n".join([*lines, "", *notes]) + "\n"
