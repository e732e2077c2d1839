"""Robust: how firm an order is, in words: shares of the draws, the weight that flips it, what to ask."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, shown, span
from powerwall.ranking.robust.ranges import flips

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from powerwall.ranking.rank import Ranking
    from powerwall.ranking.robust import Ask, Flip, Robustness

_ASKED = 5  # questions under a table
_FIRST = 4  # sites named for the first place
_MOVED = 0.005  # share of a weight not worth a word
_ASK_HEADS = (
    Head("worth finding out", right=False, wraps=True), Head("today", goes=3), Head("row", right=False, goes=5), Head("changes"),
    Head("points", goes=4), Head("beyond", goes=2), Head("then leads", right=False, goes=1),
)  # fmt: skip


def share(value: float) -> str:
    """A share of draws, with no more digits than they carry: `<1 %`, `38 %`, `>99 %`."""
    if math.isnan(value):
        return UNKNOWN
    if 0 < value < 0.01 or 0.99 < value < 1:
        return "<1 %" if value < 0.5 else ">99 %"
    return f"{100 * value:.0f} %"


def flip_line(ranking: Ranking) -> str:
    """The smallest move of one weight that unseats the leader, or that none does; "" for one site."""
    if int((ranking.frame["status"] == "ranked").sum()) < 2:
        return ""
    found = flips(ranking)
    return f"another leader: {flip_words(found[0], ranking)}" if found else "no single weight changes the leader"  # fmt: skip


def flip_words(flip: Flip, ranking: Ranking) -> str:
    """`near-x if noise weighs over 13.5 % instead of 8 % (-w noise=1.81)`."""
    more = flip.then > flip.now
    points = ranking.settings.weights.points[flip.name] * flip.factor
    within = "" if flip.level == "subject" else f" of {flip.level}"
    return (
        f"{flip.challenger} if {flip.name} weighs {'over' if more else 'under'} {100 * flip.then:.3g} %{within}"
        f" instead of {100 * flip.now:.3g} % (-w {flip.name}={_beyond(points, more=more)})"
    )  # fmt: skip


def _beyond(points: float, *, more: bool) -> str:
    """Three figures that lie beyond a number, so that whoever types them sees the change."""
    step = 10.0 ** (math.floor(math.log10(points)) - 2)
    steps = math.floor(points / step) + 1 if more else math.ceil(points / step) - 1
    return f"{steps * step:.10g}"


def print_robustness(ranking: Ranking, to: Console) -> None:
    """Who is first how often, and what is worth finding out."""
    found = ranking.robustness
    if found is None or found.sites.empty:
        return
    first = found.sites["first"].sort_values(ascending=False, kind="stable").head(_FIRST)
    named = ", ".join(f"{site} {share(value)}" for site, value in first.items() if value > 0)
    to.print(Text(f"\nfirst in {found.draws:,} draws: {named or 'nobody, all are out'}", style="dim"))  # fmt: skip
    ranked = int((ranking.frame["status"] == "ranked").sum())
    if ranked > len(found.sites):
        to.print(Text(f"the first {len(found.sites):,} of {ranked:,} ranked sites are drawn", style="dim"))  # fmt: skip
    if len(found.sites) > 1:
        print_asks(ranking, found.asks, to, found.idle)


def print_asks(ranking: Ranking, asks: list[Ask], to: Console, idle: int = 0) -> None:
    """Questions, the most decisive first, and the number of open measures that decide nothing."""
    if not asks:
        to.print(Text("no open measure, if known, would change who is first", style="dim"))
        return
    rows = [_ask_cells(ranking, ask) for ask in asks[:_ASKED]]
    to.print()
    to.print(fitting_table(_ASK_HEADS, rows, to.width))
    more = f"{len(asks) - _ASKED} more would; " if len(asks) > _ASKED else ""
    rest = f"the other {idle} open measures do not change who is first" if idle else ""
    words = f"changes: share of its draws in which another site is first, all else as printed; {more}{rest}"  # fmt: skip
    to.print(Text(words.rstrip("; "), style="dim"))


def _ask_cells(ranking: Ranking, ask: Ask) -> list[str]:
    unit = ranking.criteria[ask.criterion].unit
    words = "" if unit in {"share", "bool"} else f" {unit}"
    ranged = not (math.isnan(ask.low) or math.isnan(ask.high))
    today = span(ask.low, ask.high, unit) + words if ranged else UNKNOWN
    sites = [str(i) for i in ranking.frame.index if i in ask.sites]
    at = ", ".join(sites[:2]) + (f" and {len(sites) - 2} more" if len(sites) > 2 else "")
    beyond = (
        NOT_APPLICABLE if math.isnan(ask.beyond) else f"{ask.side} {shown(ask.beyond, unit)}{words}"
    )
    gain = NOT_APPLICABLE if math.isnan(ask.voi_points) else f"{ask.voi_points:.1f}"
    return [f"{ask.criterion} of {at}", today, ask.row or NOT_APPLICABLE, share(ask.p_change), gain, beyond, ask.challenger or NOT_APPLICABLE]  # fmt: skip


def print_standing(ranking: Ranking, site_id: str, to: Console) -> None:
    """How firm the place of one site is."""
    found = ranking.robustness
    if found is None or site_id not in found.sites.index:
        return
    for number, line in enumerate(_standing(ranking, found, site_id)):
        to.print(Text(line, style="" if number else "bold"), soft_wrap=True)
    mine = [ask for ask in found.asks if site_id in ask.sites]
    if mine:
        print_asks(ranking, mine, to)
    to.print()


def _standing(ranking: Ranking, found: Robustness, site_id: str) -> Iterator[str]:
    row = found.sites.loc[site_id]
    yield f"how firm its place is ({found.draws:,} draws of weights and measures, concentration {found.concentration:g}, seed {found.seed})"
    yield f"  among the first {found.top_k} in {share(row['held'])} of the draws, first in {share(row['first'])}; {ranks_words(row)}"
    ranks = found.rank_share.loc[site_id]
    yield "  " + ", ".join(f"rank {rank} {share(value)}" for rank, value in ranks.head(10).items() if value > 0)  # fmt: skip
    if row["p_out"] != 0:
        yield f"  out of the requirements in {out_words(row)} of the draws" + (": one is unknown, or its evidence may not put a site out" if math.isnan(row["p_out"]) else "")  # fmt: skip
    yield from _rivals(found, site_id)
    central = found.central_weights.loc[site_id].dropna()
    if len(central):
        yield f"  first under these weights on average: {_central(ranking, central)}; under them it is first in {share(row['confidence'])} of the draws of the measures"
    if ranking.frame["rank"].loc[site_id] == 1:
        yield f"  {flip_line(ranking)}"


def ranks_words(row: Any) -> str:
    """`rank 1–4 in 90 % of them`."""
    return "never in" if math.isnan(row["rank_low"]) else f"rank {ranks(row)} in 90 % of them"


def ranks(row: Any) -> str:
    """`1–4`, or one number."""
    if math.isnan(row["rank_low"]):
        return NOT_APPLICABLE
    low, high = f"{row['rank_low']:.0f}", f"{row['rank_high']:.0f}"
    return low if low == high else f"{low}–{high}"


def out_words(row: Any) -> str:
    """Share of the draws in which a site is out: `25 %`; `≥ 38 %` or `?` where a requirement is unknown."""
    if not math.isnan(row["p_out"]):
        return share(float(row["p_out"]))
    return f"≥ {share(float(row['p_out_least']))}" if row["p_out_least"] > 0 else UNKNOWN


def _rivals(found: Robustness, site_id: str) -> Iterator[str]:
    """How often it scores more than its neighbours in rank."""
    order = list(found.wins.index)
    if site_id not in order:
        return
    at = order.index(site_id)
    rivals = [order[n] for n in (at - 1, at + 1) if 0 <= n < len(order)]
    told = ", ".join(f"{rival} in {share(float(found.wins.loc[site_id, rival]))}" for rival in rivals)  # fmt: skip
    if told:
        yield f"  scores more than {told}"


def _central(ranking: Ranking, central: pd.Series) -> str:
    """Central weights, by subject, where they differ from the given ones."""
    subjects = central.groupby(lambda name: ranking.criteria[name].subject).sum()
    given = ranking.settings.weights.subjects
    told = [
        f"{name} {100 * value:.0f} % (given {100 * given[name]:.0f} %)" for name, value in subjects.items()
        if abs(value - given[name]) >= _MOVED
    ]  # fmt: skip
    return ", ".join(told) or "the given ones"


def robustness_record(ranking: Ranking) -> dict[str, Any]:
    """How the draws were made and what they say of the whole, for JSON."""
    found = ranking.robustness
    if found is None:
        return {}
    return {
        "draws": found.draws, "seed": found.seed, "top_k": found.top_k, "concentration": found.concentration,
        "entropy_bits": round(found.entropy_bits, 6), "flips": [flip._asdict() for flip in found.flips],
        "wins": {str(site): row.drop(site).to_dict() for site, row in found.wins.iterrows()},
        "asks": [ask._asdict() for ask in found.asks], "open_without_effect": found.idle,
    }  # fmt: skip


def standing_record(ranking: Ranking, site_id: str) -> dict[str, Any] | None:
    """What the draws say of one site, for JSON; None where it takes no part."""
    found = ranking.robustness
    if found is None or site_id not in found.sites.index:
        return None
    row = found.sites.loc[site_id].to_dict()
    share_of_rank = {str(rank): float(v) for rank, v in found.rank_share.loc[site_id].items() if v > 0}  # fmt: skip
    central = found.central_weights.loc[site_id].dropna().to_dict()
    return {**row, "rank_share": share_of_rank, "central_weights": central or None}
