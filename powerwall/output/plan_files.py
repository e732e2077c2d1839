"""Plan files: the power plan of one site as JSON, CSV (by quarter) and Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

import powerwall
from powerwall.output.files import write_text
from powerwall.output.numbers import jsonable, month, plain

if TYPE_CHECKING:
    from powerwall.criteria.compute.delivery import Delivery
    from powerwall.criteria.power.site.plan import SitePlan
    from powerwall.criteria.power.site.sheet import Sheet


def csv_text(plan: SitePlan, sheet: Sheet, delivery: Delivery | None) -> str:
    """Delivered power by quarter, and the odds of each constraint beside it."""
    del sheet
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if plan.simulation is None:
        writer.writerow(["site_id", "why"])
        writer.writerow([plan.site_id, plan.why or ""])
        return buffer.getvalue()
    table = plan.by_quarter
    if delivery is not None:
        binding = delivery.by_quarter.add_prefix("p_binding_")
        table = table.join(binding)
    writer.writerow(["site_id", "date", "months", *table.columns])
    for months, row in table.iterrows():
        at = float(str(months))
        writer.writerow([plan.site_id, month(plan.request.as_of, at), plain(at), *map(plain, row)])
    return buffer.getvalue()


def json_text(plan: SitePlan, sheet: Sheet, delivery: Delivery | None) -> str:
    """All of the plan."""
    from powerwall.output.plan import headline, notes

    request = plan.request
    content: dict[str, Any] = {
        "powerwall": powerwall.__version__,
        "site_id": plan.site_id,
        "name": plan.site["name"],
        "headline": headline(plan),
        "notes": notes(plan),
        "why": plan.why,
        "duties": [duty._asdict() for duty in plan.duties],
        "request": {
            "mw": request.mw, "first_mw": request.first_mw, "need_by": str(request.need_by), "horizon": str(request.horizon or ""),
            "as_of": str(request.as_of), "ramp_months": request.ramp_months, "outside_weight": request.outside_weight,
            "accelerator": request.accelerator, "seed": request.seed,
        },
    }  # fmt: skip
    if plan.simulation is not None:
        simulation = plan.simulation
        content |= {
            "p_on_time": simulation.p_mw_at_least(request.mw, request.need_by_months),
            "expected_mw_years": simulation.expected_mw_years(),
            "views": [
                {"view": line.view, "p10_months": line.months[0], "p50_months": line.months[1], "p90_months": line.months[2],
                 "p_success": line.p_success, "source": line.source}
                for line in plan.dates
            ],
            "by_quarter": _records(plan.by_quarter, request.as_of),
            "stages": _records(plan.stages),
            "buy_downs": _records(plan.buy_downs),
            "tranches": _records(sheet.table),
            "findings": list(sheet.findings),
        }  # fmt: skip
    if delivery is not None:
        content["compute"] = {
            "basis": delivery.words,
            "notes": list(delivery.notes),
            "by_year": _records(delivery.table, request.as_of),
            "binding_by_quarter": _records(delivery.by_quarter, request.as_of),
        }
    return json.dumps(jsonable(content), ensure_ascii=False, indent=1) + "\n"


def _records(table: pd.DataFrame, as_of: Any = None) -> list[dict[str, Any]]:
    found = []
    for key, row in table.iterrows():
        lead: dict[str, Any] = {str(table.index.name or "key"): key}
        if as_of is not None:
            lead = {"date": month(as_of, float(str(key))), "months": key}
        found.append({**lead, **row.to_dict()})
    return found


def markdown_text(plan: SitePlan, sheet: Sheet, delivery: Delivery | None) -> str:
    """The plan as it is printed, in a Markdown page that keeps its columns."""
    from powerwall.output.plan import print_plan

    buffer = io.StringIO()
    to = Console(file=buffer, width=160, no_color=True, color_system=None, highlight=False, markup=False, emoji=False)  # fmt: skip
    print_plan(plan, sheet, delivery, to)
    body = "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().splitlines())
    return f"# Power plan of {plan.site['name']}\n\n```text\n{body}\n```\n"


_TEXT: dict[str, Callable[..., str]] = {
    ".json": json_text,
    ".csv": csv_text,
    ".md": markdown_text,
}
SUFFIXES = tuple(_TEXT)


def text(plan: SitePlan, sheet: Sheet, delivery: Delivery | None, form: str) -> str:
    """The plan in one of the formats: json, csv, md."""
    return _TEXT[f".{form}"](plan, sheet, delivery)


def save(plan: SitePlan, sheet: Sheet, delivery: Delivery | None, path: Path) -> None:
    """Write a plan; the suffix is the format.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    write_text(path, _TEXT[path.suffix.lower()](plan, sheet, delivery))
