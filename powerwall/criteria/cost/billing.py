"""Billing: the year's bill of one load under a rate record, or under a stack and its terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.cost.large_load import (
    LargeLoadTerms,
    own_terms,
    shipped_terms,
    terms_of,
)
from powerwall.criteria.cost.large_load.contract import Cost, cost_of
from powerwall.criteria.cost.sheets import Sheet
from powerwall.criteria.cost.stack.read import read_stack
from powerwall.criteria.cost.stack.stack import Stack
from powerwall.criteria.cost.tariff import TariffRefusal, read_urdb
from powerwall.criteria.cost.tariff.refusal import Refusal, Refusals
from powerwall.region.findings import Finding
from powerwall.region.request import Request


@dataclass(frozen=True)
class Billed:
    """The bill of one year.

    Attributes
    ----------
    name, title, currency
        What was billed.
    months
        Index 1–12, a column a charge and `total_usd`.
    lines
        Column → component, determinant, rate, layer, source.
    mwh, peak_mw
        Energy and metered peak of each month.
    billing_mw
        Demand that is billed; empty for a stack, where each sheet has its own.
    findings
        What had to be assumed.
    cost
        The whole contract, where a stack or terms were billed.
    year
        Contract year of the bill, from 1.
    unbound
        Why the terms that are named do not bind this load; empty where they do.
    """

    name: str
    title: str
    currency: str
    months: pd.DataFrame
    lines: pd.DataFrame
    mwh: np.ndarray
    peak_mw: np.ndarray
    billing_mw: np.ndarray
    findings: tuple[Finding, ...] = ()
    cost: Cost | None = None
    year: int = 1
    unbound: str = ""

    @property
    def per_mwh(self) -> float:
        """Price of the year. [currency/MWh]"""
        return float(self.months["total_usd"].sum() / self.mwh.sum()) if self.mwh.sum() else float("nan")  # fmt: skip


def bill_sheet(sheet: Sheet, load_kw: np.ndarray, start: date, terms: str = "", **given: Any) -> Billed:  # fmt: skip
    """Bill of a load.

    Parameters
    ----------
    sheet
        A rate record or a stack.
    load_kw
        Mean power of each step of a year. [kW]
    start
        First day of the contract of a stack.
    terms
        Id of large-load terms; "" is those of the stack, or none.
    **given
        Options of `Tariff.bill` for a record.

    Raises
    ------
    TariffRefusal
        If it cannot be billed; never a partial number.
    """
    if sheet.kind == "record" and not terms:
        return _record(sheet, load_kw, given)
    refusals = Refusals()
    own: dict[str, LargeLoadTerms] = {}
    outer = sheet.outer
    if sheet.kind == "record":
        read_urdb(sheet.content).check_whole(supply_elsewhere=bool(given.get("supply_elsewhere")))
        layer = {"id": "sheet", "kind": "urdb", "component": "bundled", "rate": sheet.content, "status": "secondary"}  # fmt: skip
        outer, content = {}, {"id": sheet.name, "title": str(sheet.content.get("name") or sheet.name), "layers": [layer]}  # fmt: skip
    else:
        content = dict(sheet.content)
        own = own_terms(outer, refusals)
    stack = read_stack(content, sheet.prefix if sheet.kind == "stack" else "", sheet.path.parent, refusals, outer)  # fmt: skip
    refusals.raise_any()
    stack = replace(stack, terms=terms or stack.terms, power_factor=given.get("power_factor") or stack.power_factor)  # fmt: skip
    return _stack(stack, _terms(stack, own), load_kw, start)


def _terms(stack: Stack, own: Mapping[str, LargeLoadTerms]) -> LargeLoadTerms | None:
    found = terms_of(stack.terms, own)
    if found is None and stack.terms:
        known = ", ".join([*own, *shipped_terms()])
        raise TariffRefusal([Refusal("unknown-terms", "terms", f"`{stack.terms}` are no large-load terms known here", f"known: {known}")])  # fmt: skip
    return found


def _record(sheet: Sheet, load_kw: np.ndarray, given: Mapping[str, Any]) -> Billed:
    tariff = read_urdb(sheet.content)
    frame = tariff.bill(load_kw, **given)
    memo, findings = frame.attrs["memo"], frame.attrs["findings"]
    frame.attrs = {}
    title = " ".join(part for part in (tariff.utility, tariff.name) if part) or sheet.name
    energy, peak, billing = (np.array(memo[key]) / 1000 for key in ("energy_kwh", "peak_kw", "billing_demand_kw"))  # fmt: skip
    return Billed(sheet.name, title, "USD", frame, tariff.lines, energy, peak, billing, findings)


def _stack(stack: Stack, terms: LargeLoadTerms | None, load_kw: np.ndarray, start: date) -> Billed:
    """Bill of the first full year of a contract."""
    peak = float(load_kw.max())
    request = Request(mw=peak / 1000, need_by=start, as_of=start)
    if outside := stack.outside(request.mw, float(load_kw.mean()) / peak if peak else 0.0):
        raise TariffRefusal([Refusal("outside-applicability", "applies", f"the stack {outside}", "give a load that it is made for")])  # fmt: skip
    if missing := stack.missing(start):
        raise TariffRefusal([Refusal("stack-incomplete", "layers", f"no price of {', '.join(missing)}", "enter the missing sheets, or name what there is none of under `none`")])  # fmt: skip
    flat = float(load_kw.mean()) / peak if peak else 0.0
    unbound = "" if terms is None else terms.unbound(request.mw, start, flat)
    cost = cost_of(stack, terms, request, load_kw / peak if peak else load_kw)
    at = cost.first_full_year
    findings = tuple(one for layer in stack.layers if layer.sheet is not None for one in layer.sheet.findings)  # fmt: skip
    metered = next(iter(cost.shapes.values())).peak_kw * peak / 1000
    return Billed(
        stack.id, stack.title, stack.currency, cost.bills.of_year(at), cost.bills.lines, cost.bills.mwh[at], metered, np.array([]),
        findings, cost, at + 1, unbound,
    )  # fmt: skip
