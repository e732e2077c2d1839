"""Plan: the power plan of one site as a person reads it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from powerwall.criteria.compute.yields import IMPRACTICAL_DAYS
from powerwall.criteria.power.lead_time.stages import next_window
from powerwall.criteria.power.site.bridging import FIRM
from powerwall.criteria.power.site.plan import BUY_DOWN, SitePlan
from powerwall.criteria.power.site.sheet import curtailable
from powerwall.output.chart import bar, fan
from powerwall.output.columns import Head, fitting_table
from powerwall.output.duties import print_duties
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, month, percent, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd

    from powerwall.criteria.compute.delivery import Delivery
    from powerwall.criteria.power.outside import Line
    from powerwall.criteria.power.site.sheet import Sheet

_SHARES = (0.1, 0.5, 0.9)
_BAR = 30


def print_plan(plan: SitePlan, sheet: Sheet, delivery: Delivery | None, to: Console) -> None:
    """Print headline, fan, dates, stages, tranches, compute and what binds."""
    to.print(Text(headline(plan), style="bold"), soft_wrap=True)
    if plan.why:
        to.print(f"no firm service: {plan.why}", soft_wrap=True)
    for note in notes(plan):
        to.print(Text(f"  – {note}", style="dim"), soft_wrap=True)
    if plan.duties:
        to.print()
        print_duties(list(plan.duties), plan.request.mw, to)
    if plan.simulation is None:
        return
    _print_fan(plan, to)
    print_dates(plan.dates, plan.request.as_of, to)
    _print(to, "stages", _STAGES, _stage_rows(plan))
    _print_buy_downs(plan, to)
    _print(to, "tranches", _TRANCHES, _tranche_rows(plan, sheet))
    for line in sheet.findings:
        to.print(f"  – {line}", soft_wrap=True)
    if delivery is not None:
        _print_delivery(plan, delivery, to)
    _print_sources(plan, to)


def headline(plan: SitePlan) -> str:
    """The answer in a sentence or two."""
    request, simulation = plan.request, plan.simulation
    asked = f"{plan.site['name']} ({plan.site_id}): {request.mw:,.6g} MW by {request.need_by}"
    if simulation is None:
        return f"{asked}: no date"
    first_mw = min(request.first_mw or request.mw, request.mw)
    whole, first = (simulation.quantile_months_to(mw, _SHARES) for mw in (request.mw, first_mw))
    dates = f"all of it {_dates(plan, whole)}"
    if not np.allclose(whole, first, equal_nan=True):
        dates = f"first {first_mw:,.6g} MW {_dates(plan, first)}; {dates}"
    elif not np.isnan(whole).any():
        dates = f"first power {_dates(plan, whole)}"
    odds = simulation.p_mw_at_least(request.mw, request.need_by_months)
    comes, weight = simulation.first_months(request.mw)
    ever = float(weight[np.isfinite(comes)].sum())
    until = month(request.as_of, plan.until_months)
    return (
        f"{asked}: {dates}; {percent(odds)} that all of it is there by then, {percent(ever)} that it ever is; "
        f"{shown(simulation.expected_mw_years())} MW-years expected by {until}"
    )


def _dates(plan: SitePlan, months: Any) -> str:
    """`2031-09 (2030-02 – 2034-01)`: P50, then P10 and P90."""
    low, middle, high = (month(plan.request.as_of, float(m)) for m in months)
    return "never" if middle == UNKNOWN else f"{middle} ({low} – {high})"


def notes(plan: SitePlan) -> list[str]:
    """What must be known beside the dates."""
    row, request = plan.row, plan.request
    firm = plan.simulation is not None and FIRM in plan.simulation.tranches
    basis = str(row["basis"]) if firm else "no firm service"
    meaning = "dates are given that power comes, odds and MW-years count failures"
    found = [f"basis: {basis}; as of {request.as_of}; {meaning}"]
    if firm:
        found.append(
            f"through {row['poi_id']} at {shown(float(row['distance_km']))} km, stage network {row['network']}, grade {row['grade']}"
        )
    found += [note for note in str(row["note"] or "").split("; ") if note]
    found += plan.remarks
    found += _deadlines(plan)
    found += _curtailable(plan)
    if firm and not request.ramp_months:
        found.append("no ramp declared (ramp_months): the firm service arrives in one step")
    if firm and not request.outside_weight and plan.views:
        found.append("the outside view stands beside the dates and has no weight in them")
    return found


def _deadlines(plan: SitePlan) -> list[str]:
    """Days that a calendar sets before the firm service arrives."""
    if plan.simulation is None:
        return []
    found = []
    for name, stage in plan.simulation.stages.items():
        begun = stage.started_months_ago is not None or stage.done_months_ago is not None
        for close, result in () if begun else next_window(stage):
            again = f", again every {stage.repeat_months:g} months" if stage.repeat_months else ""
            as_of = plan.request.as_of
            found.append(f"{name}: a window closes {month(as_of, close)}, its result is due {month(as_of, result)}{again}")  # fmt: skip
    return found


def _curtailable(plan: SitePlan) -> list[str]:
    """Power that may be curtailed is named, and the odds without it."""
    weak = [name for name, bridge in plan.bridges.items() if curtailable(bridge.service)]
    if not weak or plan.simulation is None:
        return []
    firm = {n: t for n, t in plan.simulation.tranches.items() if n not in weak}
    odds = replace(plan.simulation, tranches=firm).p_mw_at_least(plan.request.mw, plan.request.need_by_months) if firm else 0.0  # fmt: skip
    mw = sum(plan.bridges[name].mw for name in weak)
    until = " until the firm service arrives" if FIRM in firm else ""
    return [f"{mw:g} MW of it may be curtailed{until}; without that power {percent(odds)} on the day of need"]  # fmt: skip


def _print_fan(plan: SitePlan, to: Console) -> None:
    table = plan.by_quarter
    bands = [table[name].to_numpy() for name in ("p10_mw", "p50_mw", "p90_mw")]
    request = plan.request
    to.print()
    for line in fan(request.as_of, table.index.to_numpy(), bands, request.mw, request.need_by_months,
                    f"needed {request.need_by:%Y-%m}", min(to.width, 120)):  # fmt: skip
        to.print(line)
    to.print(Text("█ at least this much in 9 of 10 cases, ▓ in half of them, ░ in 1 of 10; failures count as 0 MW", style="dim"))  # fmt: skip


def _print(to: Console, title: str, heads: tuple[Head, ...], rows: list[list[str]]) -> None:
    if rows:
        to.print(Text(f"\n{title}", style="bold"))
        to.print(fitting_table(heads, rows, to.width))


_DATES = (
    Head("view", right=False, wraps=True), Head("P10"), Head("P50"), Head("P90"), Head("comes"),
    Head("source", right=False, goes=1, wraps=True),
)  # fmt: skip


def print_dates(lines: Sequence[Line], as_of: date, to: Console) -> None:
    """Who says when it is energised: inside view, outside views and blend."""
    rows = [
        [line.view, *(month(as_of, float(m)) for m in line.months), percent(line.p_success), line.source]
        for line in lines
    ]  # fmt: skip
    _print(to, "who says when the firm service is energised", _DATES, rows)


_STAGES = (
    Head("stage", right=False), Head("P50 mo", goes=7), Head("P90 mo", goes=8), Head("done P50"), Head("done P90", goes=2),
    Head("critical", goes=1), Head("fails", goes=3), Head("from", right=False, goes=4), Head("basis", right=False, goes=5),
    Head("P50 █ P90 ░", right=False, goes=6),
)  # fmt: skip


def _stage_rows(plan: SitePlan) -> list[list[str]]:
    table, as_of = plan.stages, plan.request.as_of
    span = float(np.nanmax(table["finish_p90_months"].replace(np.inf, np.nan), initial=1.0))
    rows = []
    for name in _in_order(table):
        row = table.loc[name]
        start = row["start_p50_months"]
        gantt = "" if math.isnan(start) else bar(start, row["finish_p50_months"], row["finish_p90_months"], span, _BAR)  # fmt: skip
        rows.append([
            str(name), shown(row["p50_months"]), shown(row["p90_months"]), month(as_of, row["finish_p50_months"]),
            month(as_of, row["finish_p90_months"]), percent(row["criticality"]), "done" if row["done"] else percent(row["p_fail"]) if row["p_fail"] else NOT_APPLICABLE,
            row["rung"], row["basis"], gantt,
        ])  # fmt: skip
    return rows


def _in_order(table: pd.DataFrame) -> list[str]:
    """Stages of the firm service, then those of each bridge, by the date they are done."""
    by_date = [str(name) for name in table.sort_values("finish_p50_months", kind="stable").index]
    return sorted(by_date, key=lambda name: name.partition(".")[0] if "." in name else "")


def _print_buy_downs(plan: SitePlan, to: Console) -> None:
    best = plan.buy_downs.head(3)
    if best.empty:
        return
    to.print(Text(f"\nwhat up to {BUY_DOWN.value:g} months off one stage would buy", style="bold"))
    for name, row in best.iterrows():
        p50 = plan.stages["p50_months"].loc[name]
        to.print(
            f"  {name}, P50 from {shown(p50)} to {shown(p50 - row['shorter_by_months'])} months: the whole P50 "
            f"{shown(row['saved_p50_months'])} and P90 {shown(row['saved_p90_months'])} months earlier"
        )


_TRANCHES = (
    Head("tranche", right=False), Head("MW"), Head("firm", right=False, goes=1), Head("start P50"), Head("P10 – P90", goes=3),
    Head("comes"), Head("MW-years", goes=2), Head("units", right=False, goes=10), Head("curtailed h/yr", goes=5), Head("capex M$", goes=7),
    Head("fuel $/MWh", goes=8), Head("CO2 kt/yr", goes=9), Head("NOx tpy", goes=6), Head("leaves", right=False, goes=11),
    Head("permit", right=False, goes=4, wraps=True),
)  # fmt: skip


def _tranche_rows(plan: SitePlan, sheet: Sheet) -> list[list[str]]:
    as_of = plan.request.as_of
    rows = []
    for name, row in sheet.table.iterrows():
        spread = (
            f"{month(as_of, row['start_p10_months'])} – {month(as_of, row['start_p90_months'])}"
        )
        rows.append([
            str(name), shown(row["mw"]), row["firm"], month(as_of, row["start_p50_months"]), spread, percent(row["p_success"]),
            shown(row["mw_years"]), row["units"] or NOT_APPLICABLE, *(_or_none(row[c]) for c in (
                "curtailed_h_per_year", "capex_musd", "fuel_usd_per_mwh", "co2_kt_per_year", "nox_tons_per_year")),
            row["leaves"], row["permit"],
        ])  # fmt: skip
    return rows


def starts(plan: SitePlan, sheet: Sheet) -> dict[str, str]:
    """Tranche → when it starts and what becomes of it, in words."""
    as_of = plan.request.as_of
    return {
        str(name): f"from {month(as_of, row['start_p50_months'])} (P50), {row['leaves']}" for name, row in sheet.table.iterrows()
    }  # fmt: skip


def _or_none(value: Any) -> str:
    """A number, `?` where it is unknown, `–` where there is none to know."""
    return NOT_APPLICABLE if value is None else shown(float(value))


def _print_delivery(plan: SitePlan, delivery: Delivery, to: Console) -> None:
    """Compute by date, and what binds."""
    heads, rows = delivery_rows(plan, delivery)
    _print(to, f"compute: {delivery.words}", heads, rows)
    for line in delivery.notes:
        to.print(Text(f"  – {line}", style="dim"), soft_wrap=True)
    heads, rows = binding_rows(plan, delivery.binding)
    _print(to, "what binds, share of draws", heads, rows)


def delivery_rows(plan: SitePlan, delivery: Delivery) -> tuple[tuple[Head, ...], list[list[str]]]:
    """Compute at the end of each year."""
    days = [name for name in delivery.table if name.startswith("days_")]
    heads = (
        Head("by", right=False), Head("MW P10", goes=4), Head("MW P50"), Head("MW P90", goes=3), Head("MW expected"),
        Head("accelerators"), Head("FLOP/s"), Head("FLOP so far", goes=2),
        *(Head(f"days {name.removeprefix('days_')}", goes=5) for name in days),
    )  # fmt: skip
    rows = []
    for months, row in delivery.table.iterrows():
        rows.append([
            month(plan.request.as_of, float(str(months))), *(shown(row[c]) for c in ("p10_mw", "p50_mw", "p90_mw", "expected_mw", "accelerators")),
            shown(row["sustained_flop_per_s"]), shown(row["flop_so_far"]), *(_days(row[name]) for name in days),
        ])  # fmt: skip
    return heads, rows


def _days(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return NOT_APPLICABLE
    return f"{shown(value)}!" if value > IMPRACTICAL_DAYS.value else shown(value)


def binding_rows(plan: SitePlan, table: pd.DataFrame) -> tuple[tuple[Head, ...], list[list[str]]]:
    """Odds that each constraint binds, at the end of each year."""
    names = [str(name) for name in table if table[name].max() >= 0.005]
    heads = (Head("by", right=False), *(Head(name, goes=0) for name in names))
    rows = [
        [month(plan.request.as_of, float(str(months))), *(percent(row[name]) for name in names)]
        for months, row in table.iterrows()
    ]
    return heads, rows


def _print_sources(plan: SitePlan, to: Console) -> None:
    """Where the durations come from; stages that share a source stand together."""
    to.print(Text("\nwhere the durations come from", style="bold"))
    shared: dict[str, list[str]] = {}
    for name, item in plan.evidence.items():
        if plan.simulation is not None and name in plan.simulation.stages:
            words = ", ".join(part for part in (item.rung, item.basis, item.source, item.as_of) if part)  # fmt: skip
            shared.setdefault(words, []).append(name)
    for words, names in shared.items():
        to.print(Text(f"  {', '.join(names)}: ", style="dim") + Text(words), soft_wrap=True)
