"""Cost: who pays for what at a site: layers of its stack, bill, cash by year, exposure, rules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from powerwall.criteria.cost.large_load.contract import APPEARS, BOOK_LIFE, REUSE_SHARE, Cost
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.criteria.cost.stack.stack import Stack
from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent, shown

if TYPE_CHECKING:
    from powerwall.criteria.cost.site_costs import SiteCosts

#: Fields of the terms that a reader must know and that no sum holds.
_DUTIES = (
    "curtailment",
    "clean_energy",
    "discount",
    "capacity_reduction_free_share",
    "deviation_charge",
    "pending",
)
_BILL = (
    Head("layer", right=False), Head("component", right=False, goes=4), Head("charged on", right=False, goes=3, wraps=True),
    Head("rate", right=False, goes=2, wraps=True), Head("M/yr"), Head("per MWh"), Head("status", right=False, goes=5),
    Head("source", right=False, goes=6, wraps=True),
)  # fmt: skip
_LAYERS = (
    Head("layer", right=False), Head("component", right=False), Head("rate", right=False), Head("status", right=False, goes=1),
    Head("source", right=False, goes=2, wraps=True), Head("note", right=False, goes=3, wraps=True),
)  # fmt: skip
_CASH = (
    Head("year", right=False), Head("from", right=False, goes=3), Head("contract MW"), Head("metered MW"), Head("GWh", goes=2), Head("bill M"),
    Head("of it not taken M", goes=1), Head("security fee M", goes=4), Head("paid so far M"),
)  # fmt: skip
_EXITS = (
    Head("leaves after year"), Head("stranded M"), Head("exit fee M", goes=2), Head("pays: others carry M"), Head("covered", goes=1),
    Head("defaults: others carry M"), Head("covered", goes=1),
)  # fmt: skip


def print_cost(costs: SiteCosts, site_id: str, to: Console) -> None:
    """Print what a site's stack charges, and whom it burdens."""
    names = costs.frame["candidates"].loc[site_id]
    to.print(Text("who pays", style="bold"))
    if len(names) != 1 or names[0] not in costs.stacks.stacks:
        some = " or ".join(name or "none" for name in names)
        to.print(f"it is not certain which tariff stack serves: {some}\n" if len(names) > 1 else "no tariff stack for this site\n")  # fmt: skip
        return
    stack = costs.stacks.stacks[names[0]]
    to.print(f"{stack.id}: {stack.title}; {stack.currency}, grade {stack.grade}, as of {stack.as_of or costs.stacks.as_of or UNKNOWN}", soft_wrap=True)  # fmt: skip
    print_terms(costs, stack, to)
    cost = costs.cost(stack.id)
    if isinstance(cost, str):
        _print_layers(stack, cost, to)
    else:
        print_bill(cost, to)
        _print_cash(cost, costs, site_id, to)
        _print_exits(cost, costs, site_id, to)
    _print_rules(costs, stack, cost, to)
    to.print()


def print_terms(costs: SiteCosts, stack: Stack, to: Console) -> None:
    """Print the large-load terms of a stack."""
    terms = costs.stacks.terms(stack)
    if terms is None:
        to.print("no large-load terms are named", soft_wrap=True)
        return
    request = costs.stacks.request
    unbound = terms.unbound(request.mw, request.need_by, LOAD_FACTOR.value)
    binds = f"; {unbound}" if unbound else ""
    to.print(f"terms {terms.id} ({terms.state.replace('_', ' ')}, read {terms.as_of or UNKNOWN}): {terms.words(costs.stacks.request.mw)}{binds}", soft_wrap=True)  # fmt: skip
    for key in _DUTIES:
        term = terms.term(key)
        if term.value is not None:
            to.print(f"  – {key.replace('_', ' ')}: {_told(term.value)} ({term.status}; not priced)", soft_wrap=True)  # fmt: skip
    weak = [f"{key} {terms.term(key).status}" for key in terms.weak()]
    if weak:
        to.print(Text(f"  – on weak sources: {', '.join(weak)}", style="dim"), soft_wrap=True)
    for source in terms.sources:
        to.print(Text(f"  – {source}", style="dim"), soft_wrap=True)


def _told(value: Any) -> str:
    """A value of the terms in words."""
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_told(one)}" for key, one in value.items()).replace("note ", "")  # fmt: skip
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)  # fmt: skip


def _print_layers(stack: Stack, why: str, to: Console) -> None:
    """Layers one by one, where no total may be given."""
    to.print(f"no all-in price: {why}", soft_wrap=True)
    rows = []
    for layer in stack.layers:
        record = layer.record
        if layer.share is not None or layer.price is None:
            rate = layer.line("").rate
        else:
            rate = layer.price.rate
        beside = record.get("range") or record.get("range_unverified")
        seen = [f"seen {beside[0]:g} to {beside[1]:g}"] if isinstance(beside, list) else []
        proxy = record.get("proxy") or {}
        if proxy:
            seen.append(
                f"{proxy['schedule']}: {proxy['value']}, another schedule, never billed here"
            )
        rows.append([layer.id, layer.component, rate, layer.missing or layer.status, stack.source_of(layer) or NOT_APPLICABLE,
                     "; ".join([*seen, str(record.get("note") or "")]).strip("; ")])  # fmt: skip
    to.print(fitting_table(_LAYERS, rows, to.width))
    if stack.lacking:
        to.print(Text(f"looked for and not found: {'; '.join(stack.lacking)}", style="dim"), soft_wrap=True)  # fmt: skip


def bill_rows(cost: Cost) -> list[list[str]]:
    """Bill of the first full year by column, and its total."""
    year = cost.first_full_year
    mwh = float(cost.bills.mwh[year].sum())
    rows = []
    for column, usd in cost.bills.usd.items():
        line = cost.bills.lines.loc[column]
        amount = float(usd[year].sum())
        rows.append([column.removesuffix("_usd").replace("_", " "), str(line["component"]), str(line["determinant"]), str(line["rate"]), f"{amount / 1e6:,.3f}",
                     _per(amount, mwh), str(line["status"]), str(line["source"]) or NOT_APPLICABLE])  # fmt: skip
    total = float(cost.bills.total_usd[year])
    return [*rows, ["total", "", "", "", f"{total / 1e6:,.3f}", _per(total, mwh), "", ""]]


def _per(amount: float, mwh: float) -> str:
    return f"{amount / mwh:,.2f}" if mwh else UNKNOWN


def print_bill(cost: Cost, to: Console) -> None:
    """Print the bill of the first full year."""
    at = cost.first_full_year
    year = cost.years[at]
    mwh = float(cost.bills.mwh[at].sum())
    to.print(Text(f"\nbill of contract year {at + 1}, from {year.start}: {cost.request.mw:g} MW, {mwh:,.0f} MWh, millions of {cost.stack.currency}", style="bold"))  # fmt: skip
    to.print(fitting_table(_BILL, bill_rows(cost), to.width))
    if (year.start.month, year.start.day) != (1, 1):
        to.print(Text("  – each contract year is priced as January to December", style="dim"))
    if cost.bills.held:
        to.print(Text(f"  – price held beyond its last year: {', '.join(cost.bills.held)}", style="dim"), soft_wrap=True)  # fmt: skip
    if saved := cost.curtailing_saves_usd():
        per_mw = saved / cost.contract_mw
        to.print(Text(f"  – charges at the system's peaks are {per_mw:,.0f} {cost.stack.currency}/MW a year: what being off in those hours would save", style="dim"), soft_wrap=True)  # fmt: skip


def _print_cash(cost: Cost, costs: SiteCosts, site_id: str, to: Console) -> None:
    """Cash before the first megawatt, then year by year; years that repeat are folded."""
    parts = cost.upfront(costs.works(site_id))
    words = ", ".join(f"{name.replace('_', ' ')} {UNKNOWN if math.isnan(usd) else f'{usd / 1e6:,.2f}'}" for name, usd in parts._asdict().items())  # fmt: skip
    security = UNKNOWN if math.isnan(cost.collateral_usd) else f"{cost.collateral_usd / 1e6:,.2f}"
    to.print(Text(f"\ncash, millions of {cost.stack.currency} of constant money", style="bold"))
    to.print(f"before energisation: {words}; security held {security}", soft_wrap=True)
    table, paid = cost.table, parts.known_usd
    rows, repeated = [["0", "", "", "", "", "", "", "", f"{paid / 1e6:,.1f}"]], 0
    steady = ["contract_mw", "metered_peak_mw", "total_usd"]
    for number, row in table.iterrows():
        paid += row["total_usd"]
        at = int(str(number))
        if 1 < at < len(table) and np.allclose(row[steady], table.loc[at - 1, steady], rtol=1e-9):
            repeated += 1
            continue
        if repeated:
            rows.append(["…", f"{repeated} alike", "", "", "", "", "", "", ""])
            repeated = 0
        rows.append([
            str(at), str(cost.years[at - 1].start), shown(row["contract_mw"]), shown(row["metered_peak_mw"]), shown(row["mwh"] / 1000),
            f"{(row['total_usd'] - row['collateral_fee_usd']) / 1e6:,.1f}", f"{row['shortfall_usd'] / 1e6:,.1f}",
            f"{row['collateral_fee_usd'] / 1e6:,.2f}", f"{paid / 1e6:,.1f}",
        ])  # fmt: skip
    to.print(fitting_table(_CASH, rows, to.width))
    owed = cost.shortfall_usd(APPEARS.value)
    if not math.isnan(owed):
        to.print(f"if {percent(APPEARS.value)} of the ramp appears, {owed / 1e6:,.1f} M (present value) is owed for power not taken", soft_wrap=True)  # fmt: skip


def _print_exits(cost: Cost, costs: SiteCosts, site_id: str, to: Console) -> None:
    """Both states of an exit: the fee is paid, or the project defaults."""
    works = costs.works(site_id)
    curve = cost.exposure(works)
    to.print(Text("\nif it leaves: what other customers carry", style="bold"))
    if isinstance(curve, str):
        to.print(f"unknown: {curve}")
        return
    count = len(curve)
    shown_years = sorted({1, 2, 5, 10, count - 1, count, int(curve["defaults_usd"].idxmax()), int(curve["pays_usd"].idxmax())} & set(curve.index))  # fmt: skip
    rows = [_exit_row(year, curve.loc[year]) for year in shown_years]
    to.print(fitting_table(_EXITS, rows, to.width))
    free = curve.index[curve["defaults_usd"] <= 0]
    covered = f"covered even by default from year {free[0]} on" if len(free) else "never covered by the security alone"  # fmt: skip
    assumed = f"assets of {BOOK_LIFE.value:g} years, {percent(REUSE_SHARE.value)} of them used by others afterwards, both assumed"
    to.print(Text(f"  – {covered}; {assumed}", style="dim"), soft_wrap=True)


def _exit_row(year: int, row: Any) -> list[str]:
    cells = [f"{row[name] / 1e6:,.1f}" for name in ("stranded_usd", "exit_fee_usd", "pays_usd")]
    return [str(year), *cells, percent(row["coverage_pays"]), f"{row['defaults_usd'] / 1e6:,.1f}", percent(row["coverage_defaults"])]  # fmt: skip


def _print_rules(costs: SiteCosts, stack: Stack, cost: Cost | str, to: Console) -> None:
    """The same load under rules that may come."""
    if not stack.scenarios:
        return
    usd, _ = costs.under_rules(cost) if isinstance(cost, Cost) else ({}, [])
    to.print(Text("\nrules that may come", style="bold"))
    if "in force" in usd:
        to.print(f"  in force: {usd['in force']:.2f} {stack.currency}/MWh before upfront cash")
    for scenario in stack.scenarios:
        price = (
            f"{usd[scenario.id]:.2f} {stack.currency}/MWh" if scenario.id in usd else "not priced"
        )
        words = ", ".join(part for part in (scenario.text, scenario.status) if part)
        to.print(f"  {scenario.id}: {price}" + (f" ({words})" if words else ""), soft_wrap=True)
