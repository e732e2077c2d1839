"""Money on a card: the bill by component, cash by year, and what others carry if the project leaves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from powerwall.criteria.cost.large_load.contract import APPEARS, Cost
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.output.cost import bill_rows
from powerwall.output.numbers import UNKNOWN, percent, shown
from powerwall.output.report.charts import bars
from powerwall.output.report.parts import Block, Table
from powerwall.output.report.site_charts import cash_curve

if TYPE_CHECKING:
    from powerwall.output.report.study import Study

_M = 1e6
_BILL = (
    ("charge", False), ("component", False), ("charged on", False), ("rate", False), ("M a year", True), ("per MWh", True),
    ("status", False), ("source", False),
)  # fmt: skip


def cost_blocks(study: Study) -> list[Block]:
    """Bill, cash and exits; or why they are unknown."""
    words = terms_words(study)
    if isinstance(study.cost, str):
        row = study.measure("delivered_cost_usd_per_mwh")
        price = [f"In the ranking stands {shown(row['value'])} USD/MWh, grade {row['grade']}: {grade_words(str(row['grade']))}."] if study.known("delivered_cost_usd_per_mwh") else []  # fmt: skip
        return [Block("Bill and cash", words=[f"No bill can be worked out: {study.cost}.", *price, *words])]  # fmt: skip
    return [_bill(study.cost, words), _cash(study, study.cost), _exit(study, study.cost)]


def grade_words(grade: str) -> str:
    """What the grade of a price says."""
    if grade.startswith("D") and len(grade) > 1:
        return "an average of industrial customers, not a tariff"
    return {"A": "a tariff checked by hand", "B": "a tariff from a recent database", "C": "a tariff, stale or partial"}.get(grade, "generic figures")  # fmt: skip


def components(cost: Cost) -> dict[str, float]:
    """Component → cost of the first full year, the largest first. [currency]"""
    year, found = cost.first_full_year, dict[str, float]()
    for column, usd in cost.bills.usd.items():
        component = str(cost.bills.lines.loc[column, "component"])
        found[component] = found.get(component, 0.0) + float(usd[year].sum())
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def terms_words(study: Study) -> list[str]:
    """The large-load terms of the stack, in words."""
    if study.stack is None:
        return []
    terms, request = study.costs.stacks.terms(study.stack), study.region.request
    if terms is None:
        return ["No large-load terms are named for this stack."]
    unbound = terms.unbound(request.mw, request.need_by, LOAD_FACTOR.value)
    binds = f"; {unbound}" if unbound else ""
    return [f"Terms {terms.id} ({terms.state.replace('_', ' ')}, read {terms.as_of or UNKNOWN}): {terms.words(request.mw)}{binds}."]  # fmt: skip


def _bill(cost: Cost, words: list[str]) -> Block:
    parts = components(cost)
    total, currency = sum(parts.values()), cost.stack.currency
    mwh = float(cost.bills.mwh[cost.first_full_year].sum())
    rows = [(name, usd / _M, math.nan, f"{usd / _M:,.1f} ({percent(usd / total)})") for name, usd in parts.items()]  # fmt: skip
    told = f"{total / _M:,.1f} M {currency} in contract year {cost.first_full_year + 1}, {total / mwh:,.2f} {currency}/MWh"
    chart = bars(f"Bill by component, M {currency} a year", told, [(n, max(a, 0.0), of, w) for n, a, of, w in rows])  # fmt: skip
    lead = f"{told}; stack {cost.stack.id}, grade {cost.stack.grade}. {percent(LOAD_FACTOR.value)} load factor."
    return Block("Bill by component", chart, (), [lead, *words], Table(f"Bill of the first full year, {currency}", _BILL, bill_rows(cost)))  # fmt: skip


def _cash(study: Study, cost: Cost) -> Block:
    upfront = cost.upfront(study.costs.works(study.local_id))
    before = upfront.known_usd / _M
    paid = [before]
    for usd in cost.table["total_usd"]:
        paid.append(paid[-1] + float(usd) / _M)
    parts = ", ".join(f"{name.replace('_', ' ')} {UNKNOWN if math.isnan(usd) else f'{usd / _M:,.2f}'}" for name, usd in upfront._asdict().items())  # fmt: skip
    currency = cost.stack.currency
    words = [
        f"Before the first megawatt, M {currency}: {parts}. An unknown part is left out of the curve."
    ]
    owed = cost.shortfall_usd(APPEARS.value)
    if not math.isnan(owed):
        words.append(f"If {percent(APPEARS.value)} of the ramp appears, {owed / _M:,.1f} M {currency} (present value) are owed for power not taken.")  # fmt: skip
    rows = [["0", "before", "", "", "", f"{before:,.1f}"]]
    for number, row in cost.table.iterrows():
        at = int(str(number))
        fee = float(row["collateral_fee_usd"])
        rows.append([str(at), str(cost.years[at - 1].start), shown(row["contract_mw"]), f"{(row['total_usd'] - fee) / _M:,.1f}", f"{fee / _M:,.2f}", f"{paid[at]:,.1f}"])  # fmt: skip
    heads = (("year", False), ("from", False), ("contract MW", True), (f"bill M {currency}", True), (f"security fee M {currency}", True), (f"paid so far M {currency}", True))  # fmt: skip
    chart = cash_curve(paid, cost.years[0].start.year, currency, before)
    return Block("Cash by year", chart, (), words, Table("Cash by contract year, constant money", heads, rows))  # fmt: skip


def _exit(study: Study, cost: Cost) -> Block:
    curve = cost.exposure(study.costs.works(study.local_id))
    title = "If it leaves: what other customers carry"
    if isinstance(curve, str):
        return Block(title, words=[f"Unknown: {curve}."])
    turns = {int(curve[name].idxmax()) for name in ("defaults_usd", "pays_usd")}
    chosen = [year for year in curve.index if year in {1, 2, 5, 10, len(curve) - 1, len(curve), *turns}]  # fmt: skip
    rows = [[str(year), *(f"{curve.loc[year, c] / _M:,.1f}" for c in ("stranded_usd", "exit_fee_usd", "pays_usd", "defaults_usd"))] for year in chosen]  # fmt: skip
    heads = (("leaves after year", False), ("stranded M", True), ("exit fee M", True), ("it pays: others carry M", True), ("it defaults: others carry M", True))  # fmt: skip
    worst = float(curve["defaults_usd"].max())
    return Block(title, words=[f"At worst {worst / _M:,.1f} M {cost.stack.currency}, if it defaults."], table=Table(f"{title}, {cost.stack.currency}", heads, rows), unfolded=True)  # fmt: skip
