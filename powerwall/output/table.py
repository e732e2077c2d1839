"""Table: the ranking as a person reads it, led by what is scarce."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, month, percent, shown, span
from powerwall.output.portfolio import competitors
from powerwall.output.profiles import differences
from powerwall.output.robust import flip_line, print_robustness, ranks, share

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.ranking.rank import Ranking

_NAMED = 4  # sites named for one reason


@dataclass(frozen=True)
class Column:
    """A column: header, cell of a site, what it means, and how soon it goes on a narrow screen."""

    header: str
    cell: Callable[[Site], str]
    caption: str = ""
    priority: int = 0  # 0 never goes; the largest goes first
    right: bool = True


class Site:
    """One row of a ranking, with its measures at hand."""

    def __init__(self, ranking: Ranking, site_id: str) -> None:
        self.id = site_id
        self.row: Any = ranking.frame.loc[site_id]
        self._ranking = ranking
        names = {region.name: region.request for region in ranking.regions}
        self.request = names[self.row["region"]]

    @property
    def drawn(self) -> Any:
        """What the draws say of it; None where it takes no part."""
        found = self._ranking.robustness
        return found.sites.loc[self.id] if found is not None and self.id in found.sites.index else None  # fmt: skip

    def measure(self, name: str) -> Any:
        """Row of a measure."""
        return self._ranking.measures[name].loc[self.id]


def _rank(site: Site) -> str:
    return str(site.row["rank"]) if site.row["status"] == "ranked" else NOT_APPLICABLE


def _name(site: Site) -> str:
    """Name, and the node that serves a screening candidate where that is not its own."""
    poi = site.measure("poi_distance_km")
    own = str(site.id).rsplit(":", maxsplit=1)[-1] == f"near-{poi['row']}"
    if site.row["origin"] != "screening" or own or math.isnan(poi["value"]):
        return str(site.row["name"])
    return f"{site.row['name']}, via {poi['row']} at {shown(poi['value'])} km"


def _score(site: Site) -> str:
    score, low, high = (site.row[c] for c in ("score", "score_low", "score_high"))
    return (
        f"{score:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{score:.1f} ({low:.0f}–{high:.0f})"
    )


def _held(site: Site) -> str:
    return share(float(site.drawn["held"])) if site.drawn is not None else NOT_APPLICABLE


def _ranks(site: Site) -> str:
    return ranks(site.drawn) if site.drawn is not None else NOT_APPLICABLE


def _out(site: Site) -> str:
    return share(float(site.drawn["p_out"])) if site.drawn is not None else NOT_APPLICABLE


def _date(site: Site) -> str:
    return month(site.request.as_of, site.measure("time_to_power_months")["value"])


def _dates(site: Site) -> str:
    plan = site.measure("time_to_power_months")
    if math.isnan(plan["value"]):
        return UNKNOWN
    return f"{month(site.request.as_of, plan['low'])} – {month(site.request.as_of, plan['high'])}"


def _chance(site: Site) -> str:
    return percent(site.measure("power_success_probability")["value"])


def _on_time(site: Site) -> str:
    return percent(site.measure("on_time_probability")["value"])


def _capacity(site: Site) -> str:
    row = site.measure("firm_capacity_mw")
    rung = f" {str(row['grade']).replace('_', ' ')}" if isinstance(row["grade"], str) else ""
    if not math.isnan(row["value"]):
        return f"{shown(row['value'])}{rung}"
    return UNKNOWN if math.isnan(row["bound"]) else f"≤ {shown(row['bound'])}{rung}"


def _cost(site: Site) -> str:
    row = site.measure("delivered_cost_usd_per_mwh")
    return UNKNOWN if math.isnan(row["value"]) else f"{shown(row['value'])} {row['grade']}"


def _noise(site: Site) -> str:
    row = site.measure("night_noise_margin_db")
    state = (
        "" if row["gates"] else " unverified" if row["status"] == "unverified" else " not in force"
    )
    if not math.isnan(row["value"]):
        return f"{row['value']:+.0f}{state}".replace("-", "−")
    if math.isnan(row["low"]):
        return UNKNOWN
    return f"{row['low']:+.0f}…{row['high']:+.0f}{state}".replace("-", "−")


def _setback(site: Site) -> str:
    row = site.measure("noise_setback_m")
    return shown(round(row["value"], -1)) + ("*" if row["grade"] == "reference" else "")


def _water(site: Site) -> str:
    return shown(site.measure("scarcity_weighted_water_m3")["value"])


def _it(site: Site) -> str:
    return shown(site.request.mw * site.measure("it_mw_per_grid_mw")["value"])


def _cooling(site: Site) -> str:
    return str(site.row["cooling"])


def _policy(site: Site) -> str:
    row = site.measure("policy_success_probability")
    blocked = site.measure("moratorium")["value"] == 1
    return f"{percent(row['value'])}{' blocked' if blocked else ''}"


COLUMNS: tuple[Column, ...] = (
    Column("#", _rank),
    Column("site", _name, right=False),
    Column("score", _score, "score: 0–100, 100 is best (all unknowns at their worst – at their best)"),
    Column("first power", _date, "first power: month in which half of the draws have it, given that it comes"),
    Column("P10 – P90", _dates, priority=3),
    Column("comes", _chance, "comes: chance that power comes at all, permits included", 7),
    Column("on time", _on_time, "on time: chance that the whole request is energised by {need_by}", 2),
    Column("MW and rung", _capacity, "MW: headroom and what it rests on; ≤ is an upper bound, never firm", 8),
    Column("$/MWh", _cost, "$/MWh: delivered price with its grade; D and a year is a state's industrial average, not a tariff", 1),
    Column("night dB", _noise, "night dB: margin to the limit that binds at night, by ISO 9613-2 over flat ground (… is its range, where a position is a guess); "
           "explain has the rule's state, status and date", 5),
    Column("keep m", _setback, "keep m: distance from its centre that the limits for homes ask for (* to 45 dB(A) at night, a reference where no limit is known); "
           "screening only, a site noise study is needed", 9),
    Column("IT MW", _it, "IT MW: IT power that the grid power carries on the peak hour", 6),
    Column("water m³/yr", _water, "water: what the cooling plant takes from the basin in a typical year, each month weighted by its stress", 10),
    Column("permit", _policy, "permit: share of comparable recorded cases that ended well", 4),
)  # fmt: skip
_HELD = (
    Column("held", _held, "held: share of {draws:,} draws of weights and measures in which it is among the first {top_k}"),
    Column("ranks", _ranks, "ranks: those of 90 % of the draws"),
)  # fmt: skip
_OUT = Column("out", _out, "out: share of the draws in which a requirement fails; ? where nothing is known about one", 1)  # fmt: skip
_CHOSEN = Column(
    "cooling", _cooling, "cooling: plant that keeps the requirements at the best score", right=False
)


def columns_of(ranking: Ranking) -> tuple[Column, ...]:
    """The columns of a ranking; draws and the cooling plant are among them where there are any."""
    chosen = () if ranking.plants is None else (_CHOSEN,)
    drawn: tuple[Column, ...] = ()
    if ranking.robustness is not None:
        drawn = _HELD if (ranking.robustness.sites["p_out"] == 0).all() else (*_HELD, _OUT)
    return (*COLUMNS[:3], *drawn, *chosen, *COLUMNS[3:])


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
    names = max((len(_name(Site(ranking, i))) for i in ids), default=0)
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
        f"{_name(site)} ({site.id}): {_score(site)}, first power {_date(site)}" for site in sites
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
        lines.append(
            "| "
            + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells)
            + " |"
        )
    notes = [f"- {line}" for line in captions(ranking, every)]
    return "\n".join([*lines, "", *notes]) + "\n"
