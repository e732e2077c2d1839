"""Firmness: places in the draws, what would change the leader, and what is worth finding out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, shown, span
from powerwall.output.profiles import differences
from powerwall.output.report.parts import Table, capital, short
from powerwall.output.report.site_charts import rank_intervals
from powerwall.output.robust import flip_line, out_words, ranks, share

if TYPE_CHECKING:
    from powerwall.output.report.svg import Svg
    from powerwall.ranking.rank import Ranking
    from powerwall.ranking.robust import Ask

_SHOWN, _ASKED = 15, 10
_WIDE = 100_000


class Firmness(NamedTuple):
    """How firm the order is: sentences, the chart of ranks, and its tables."""

    words: list[str]
    chart: Svg | None
    tables: list[Table]


def firmness(ranking: Ranking) -> Firmness:
    """Robustness where draws were made, else how to get it."""
    always = [f"{capital(line)}." for line in (flip_line(ranking), differences(ranking, _WIDE)) if line]  # fmt: skip
    found = ranking.robustness
    if found is None:
        path = ranking.regions[0].path.name
        how = f"No draws were made, so nothing is said of how often a site keeps its place. Get it with: powerwall score {path} --draws 4096 -o report.html"
        return Firmness([how, *always], None, [])
    lead = f"{found.draws:,} draws of weights (Dirichlet, concentration {found.concentration:g}) and of measures within their ranges, seed {found.seed}. Held is the share of draws in which a site is among the first {found.top_k}; a requirement of which nothing is known counts as kept."
    rows = found.sites.head(_SHOWN)
    names = ranking.frame["name"]
    lines = [(f"{ranking.frame['rank'].loc[i]} {names.loc[i]}", float(r["rank_low"]), float(ranking.frame["rank"].loc[i]), float(r["rank_high"])) for i, r in rows.iterrows()]  # fmt: skip
    chart = rank_intervals(lines, len(found.sites)) if lines else None
    heads = (("site", False), ("rank", True), ("first", True), (f"in the first {found.top_k}", True), ("rank in 90 % of the draws", True), ("mean rank", True), ("out", True))  # fmt: skip
    cells = [
        [str(names.loc[i]), str(ranking.frame["rank"].loc[i]), share(float(r["first"])), share(float(r["held"])), ranks(r), shown(float(r["rank_mean"])), out_words(r)]
        for i, r in rows.iterrows()
    ]  # fmt: skip
    tables = [Table(f"Places in the draws, the first {len(rows)} ranked sites", heads, cells)]
    if found.asks:
        tables.append(_asks(ranking, found.asks[:_ASKED]))
        more = len(found.asks) - _ASKED
        if more > 0:
            always.append(f"{more:,} more open measures would change who is first in some draws; {found.idle:,} would not.")  # fmt: skip
    else:
        always.append("No open measure, if known, would change who is first.")
    return Firmness([lead, *always], chart, tables)


def _asks(ranking: Ranking, asks: list[Ask]) -> Table:
    heads = (("open measure", False), ("sites", False), ("known today", True), ("changes the leader in", True), ("points gained by knowing", True), ("changes it beyond", True), ("then leads", False))  # fmt: skip
    return Table("Which unknown is worth finding out, the most decisive first", heads, [_ask(ranking, ask) for ask in asks])  # fmt: skip


def _ask(ranking: Ranking, ask: Ask) -> list[str]:
    unit = ranking.criteria[ask.criterion].unit
    words = "" if unit in {"share", "bool"} else f" {unit}"
    today = UNKNOWN if math.isnan(ask.low) or math.isnan(ask.high) else span(ask.low, ask.high, unit) + words  # fmt: skip
    names = [str(ranking.frame["name"].loc[i]) for i in ranking.frame.index if i in ask.sites]
    at = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    beyond = NOT_APPLICABLE if math.isnan(ask.beyond) else f"{ask.side} {shown(ask.beyond, unit)}{words}"  # fmt: skip
    gain = NOT_APPLICABLE if math.isnan(ask.voi_points) else f"{ask.voi_points:.1f}"
    then = str(ranking.frame["name"].get(ask.challenger, ask.challenger)) or NOT_APPLICABLE
    return [short(ask.criterion), at, today, share(ask.p_change), gain, beyond, then]
