"""Cards: one a site, with its place in the order, its charts, and every number it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from powerwall.criteria.criterion import SUBJECTS
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, shown, span
from powerwall.output.plan import headline
from powerwall.output.report.card_cost import cost_blocks
from powerwall.output.report.card_place import noise_block, policy_block, water_block
from powerwall.output.report.card_power import power_blocks
from powerwall.output.report.charts import bars
from powerwall.output.report.parts import Block, Table, short
from powerwall.output.site_cells import score_cell

if TYPE_CHECKING:
    from powerwall.output.report.sources import Cited
    from powerwall.output.report.study import Study
    from powerwall.ranking.rank import Ranking

MOST = 50  # cards of a page
_HEADS = (
    ("criterion", False), ("measure", True), ("range", True), ("unit", False), ("value 0–1", True), ("points", True),
    ("grade", False), ("status", False), ("source", False),
)  # fmt: skip


class Card(NamedTuple):
    """A site in full.

    Attributes
    ----------
    number, name, site_id, status
        Its place on the page, and what it is.
    place, headline
        Rank and score, and its plan in a sentence.
    reasons
        What holds it.
    blocks
        Its charts.
    numbers
        Every measure.
    """

    number: int
    name: str
    site_id: str
    status: str
    place: str
    headline: str
    reasons: list[str]
    blocks: list[Block]
    numbers: Table


def card(study: Study, cited: Cited) -> Card:
    """The card of a site."""
    ranking, row = study.ranking, study.row
    ranked = int((ranking.frame["status"] == "ranked").sum())
    place = f"rank {row['rank']} of {ranked}" if study.status == "ranked" else study.status
    blocks = [*power_blocks(study), _points(study), *cost_blocks(study), water_block(study), noise_block(study), policy_block(study)]  # fmt: skip
    reasons = [reason for reason in str(row["reasons"]).split("; ") if reason]
    return Card(
        study.number, study.name, study.id, study.status, f"{place}, score {score_cell(study)}", headline(study.plan), reasons, blocks,
        _numbers(study, cited),
    )  # fmt: skip


def _points(study: Study) -> Block:
    """Points of each criterion with weight, out of what it could give."""
    ranking = study.ranking
    weights = ranking.settings.weights.criteria
    names = [name for name in ordered(ranking) if weights[name] > 0 and name in ranking.contributions]  # fmt: skip
    rows = []
    for name in names:
        known = not math.isnan(ranking.values[name].loc[study.id])
        got, of = float(ranking.contributions[name].loc[study.id]), 100 * weights[name]
        label = short(name)
        rows.append((label, got, of, f"{got:.1f} of {of:.1f}{'' if known else ' (?)'}"))
    total = sum(got for _, got, _, _ in rows)
    told = f"{total:.1f} points of 100; the frame is what a criterion could give"
    return Block("Where the score comes from", bars("Points by criterion", told, rows), (), [f"{told}. An unknown (?) counts half of its weight."])  # fmt: skip


def ordered(ranking: Ranking) -> list[str]:
    """Criteria by subject, the weightiest first."""
    weights = ranking.settings.weights.criteria
    return sorted(ranking.criteria, key=lambda n: (SUBJECTS.get(ranking.criteria[n].subject, 99), -weights[n], n))  # fmt: skip


def _numbers(study: Study, cited: Cited) -> Table:
    """Every measure with its range, grade, status and source."""
    ranking, rows = study.ranking, []
    for name in ordered(ranking):
        criterion, row = ranking.criteria[name], study.measure(name)
        value, low, high = (float(row[c]) for c in ("value", "low", "high"))
        measure = shown(value, criterion.unit)
        if math.isnan(value) and not math.isnan(row["bound"]):
            measure = f"≤ {shown(float(row['bound']))}"
        spread = NOT_APPLICABLE if math.isnan(low) or math.isnan(high) or low == high else span(low, high, criterion.unit)  # fmt: skip
        worth = points = NOT_APPLICABLE
        if name in ranking.values:
            v = float(ranking.values[name].loc[study.id])
            worth = UNKNOWN if math.isnan(v) else f"{v:.2f}"
            if ranking.settings.weights.criteria[name] > 0:
                points = f"{ranking.contributions[name].loc[study.id]:.2f}"
        grade, status = (str(row[c]).replace("_", " ") if isinstance(row[c], str) else NOT_APPLICABLE for c in ("grade", "status"))  # fmt: skip
        unit = {"share": "", "bool": ""}.get(criterion.unit, criterion.unit)
        rows.append([name, measure, spread, unit, worth, points, grade, status if not math.isnan(value) else "unknown", cited.number(row)])  # fmt: skip
    return Table("Every number of this site; the sources stand at the end of the page", _HEADS, rows)  # fmt: skip
