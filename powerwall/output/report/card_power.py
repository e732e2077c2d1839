"""Power on a card: megawatts by date, what binds, and the stages the date waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powerwall.output.numbers import NOT_APPLICABLE, month, percent, shown
from powerwall.output.plan import binding_rows, notes
from powerwall.output.report.charts import FAN_KEY, binding_chart, fan
from powerwall.output.report.parts import Block, Table, headed

if TYPE_CHECKING:
    from powerwall.output.report.study import Study

_STAGES = 8  # on a card, the most critical first
_LEAST = 0.005


def power_blocks(study: Study) -> list[Block]:
    """Fan, binding constraint and stages; or why there is none of them."""
    plan = study.plan
    if plan.simulation is None:
        return [
            Block("Power by date", words=[f"No power plan: {plan.why or 'nothing has a date'}."])
        ]
    return [_fan(study), _binding(study), _stages(study)]


def _fan(study: Study) -> Block:
    plan = study.plan
    table = plan.by_quarter
    ends = [at for at in table.index if at % 12 == 0] or list(table.index)
    if table.index[-1] not in ends:
        ends.append(table.index[-1])
    rows = []
    for at in ends:
        row = table.loc[at]
        rows.append([month(plan.request.as_of, float(at)), *(shown(float(row[c])) for c in ("p10_mw", "p50_mw", "p90_mw", "expected_mw")), percent(float(row["p_full"]))])  # fmt: skip
    heads = (("by", False), ("P10 MW", True), ("P50 MW", True), ("P90 MW", True), ("expected MW", True), ("chance of all of it", True))  # fmt: skip
    return Block("Power by date", fan(plan), FAN_KEY, notes(plan), Table("Delivered power by date", heads, rows))  # fmt: skip


def _binding(study: Study) -> Block:
    delivery = study.delivery
    if delivery is None:
        return Block("What binds", words=["Unknown: the accelerator of the request has no dense BF16 peak."])  # fmt: skip
    table = delivery.binding
    if table.empty:
        table = delivery.by_quarter
    chart, key = binding_chart(table, study.plan)
    silent = [note for note in delivery.notes if note.startswith("not in the request")]
    return Block("What binds", chart, key, silent, headed("What binds, share of the draws", *binding_rows(study.plan, table)))  # fmt: skip


def _stages(study: Study) -> Block:
    plan = study.plan
    table = plan.stages.sort_values(["criticality", "finish_p50_months"], ascending=[False, True], kind="stable")  # fmt: skip
    table = table[(table["criticality"] >= _LEAST) & (table["p50_months"] > 0) | table["done"]]
    as_of, rows = plan.request.as_of, []
    for name, row in table.head(_STAGES).iterrows():
        fails = "done" if row["done"] else percent(row["p_fail"]) if row["p_fail"] else NOT_APPLICABLE  # fmt: skip
        rows.append([str(name).replace("_", " "), percent(row["criticality"]), shown(row["p50_months"]), shown(row["p90_months"]), month(as_of, row["finish_p50_months"]), fails, str(row["basis"])])  # fmt: skip
    heads = (("stage", False), ("critical", True), ("P50 mo", True), ("P90 mo", True), ("done P50", True), ("fails", True), ("basis", False))  # fmt: skip
    best, words = plan.buy_downs.head(1), []
    for name, row in best.iterrows():
        words.append(f"{shown(row['shorter_by_months'])} months off {str(name).replace('_', ' ')} would bring the whole request {shown(row['saved_p50_months'])} months nearer (P50).")  # fmt: skip
    return Block("What the date waits for", words=words, table=Table("Stages; critical is the share of the draws in which one lies on the longest path", heads, rows), unfolded=True)  # fmt: skip
