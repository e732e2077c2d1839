"""Where to build: the leaders with dates and chances, what holds them, and what removed the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from powerwall.output.numbers import percent
from powerwall.output.report.parts import Answer, short
from powerwall.output.robust import ranks, share
from powerwall.output.site_cells import first_power, score_cell
from powerwall.ranking.whatif import bottleneck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from powerwall.output.report.study import Study
    from powerwall.ranking.rank import Ranking

_REASONS = 4


def where_to_build(ranking: Ranking, leaders: Sequence[Study]) -> Answer:
    """The leaders, how far they stand apart, and what became of the rest."""
    question = "Where to build?"
    counts = ranking.frame["status"].value_counts()
    if not leaders:
        why = "Nowhere under these requirements" if "out" in counts else "Unknown"
        return Answer(question, f"{why}: no site can be ranked", _others(ranking))  # fmt: skip
    first = leaders[0]
    lead = f"{first.brief} ranks first of {counts['ranked']:,}, score {score_cell(first)}"
    return Answer(question, lead, [*(_leader(ranking, one) for one in leaders), _apart(ranking), *_held(ranking), *_others(ranking)])  # fmt: skip


def _leader(ranking: Ranking, one: Study) -> str:
    comes, on_time = (percent(float(one.measure(n)["value"])) for n in ("power_success_probability", "on_time_probability"))  # fmt: skip
    name, lost = bottleneck(ranking, one.id)
    drawn = ""
    if one.drawn is not None and not math.isnan(one.drawn["rank_low"]):
        drawn = f"; rank {ranks(one.drawn)} in 90 % of the draws"
    risky = [reason.removeprefix("at risk: ") for reason in str(one.row["reasons"]).split("; ") if reason.startswith("at risk")]  # fmt: skip
    risk = f"; at risk: {'; '.join(risky)}" if risky else ""
    return f"{one.row['rank']}. {one.brief}, score {score_cell(one)}: first power {first_power(one)}, comes {comes}, on time {on_time}{drawn}; most points are lost to {short(name)} ({lost:.1f}){risk}."  # fmt: skip


def _apart(ranking: Ranking) -> str:
    """How many could lead if what is unknown turned out well for them."""
    ranked = ranking.frame[ranking.frame["status"] == "ranked"]
    floor = float(ranked["score_low"].iloc[0])
    level = int((ranked["score_high"].iloc[1:] >= floor).sum())
    if len(ranked) < 2:
        return "It is the only ranked site."
    if not level:
        return "No other site reaches the leader's lowest score, whatever the unknown measures turn out to be."
    return f"The order is not settled by what is known: {level:,} other ranked {'sites reach' if level > 1 else 'site reaches'} the leader's lowest score of {floor:.1f} if what is unknown turns out well."


def _held(ranking: Ranking) -> list[str]:
    found = ranking.robustness
    if found is None or found.sites.empty:
        return ["How firm the order is has not been drawn: see Robustness."]
    best = found.sites["first"].sort_values(ascending=False, kind="stable").head(3)
    named = ", ".join(f"{ranking.frame['name'].loc[i]} {share(float(v))}" for i, v in best.items() if v > 0)  # fmt: skip
    return [f"First in {found.draws:,} draws of weights and measures: {named or 'nobody, all are out'}."]  # fmt: skip


def _others(ranking: Ranking) -> list[str]:
    """Sites without a rank, by the reason that comes first."""
    frame, told = ranking.frame, []
    titles = {"out": "out", "unranked": "not ranked", "reference": "already taken, shown for reference"}  # fmt: skip
    for status, title in titles.items():
        rows = frame[frame["status"] == status]
        if rows.empty:
            continue
        if status == "reference":
            told.append(f"{len(rows):,} {'are' if len(rows) > 1 else 'is'} {title}.")
            continue
        causes = Counter(_cause(str(reason)) for reason in rows["reasons"])
        listed = "; ".join(f"{count:,} × {cause}" for cause, count in causes.most_common(_REASONS))
        told.append(f"{len(rows):,} {'are' if len(rows) > 1 else 'is'} {title}: {listed}.")
    return told


def _cause(reasons: str) -> str:
    """The first reason, without the numbers of one site."""
    first = reasons.split("; ", maxsplit=1)[0]
    measured, required, _ = first.partition(", required")
    if required:  # `night noise margin −6.3 dB`
        return re.sub(r" (unknown|between)? ?[−-]?[\d.,]+\b.*$", "", measured)
    return first.split(" until ", maxsplit=1)[0].split(" without an end", maxsplit=1)[0]
