"""Fiscal: taxes and incentives as lines of their own, outside every price and every score.

`terms` is what a row says on a day, `account` the terms of a place over the years, `taxes` the models.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from powerwall.criteria.cost.fiscal.account import (
    EQUIPMENT,
    Account,
    Line,
    Period,
    account,
    period,
)
from powerwall.criteria.cost.fiscal.terms import Term, chain, read_term, taxable_shares
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.criteria.cost.site_costs import SiteCosts
from powerwall.criteria.cost.stack.choice import Stacks
from powerwall.criteria.cost.stack.stack import Stack
from powerwall.criteria.cost.years import DISCOUNT_RATE
from powerwall.criteria.criterion import criterion
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layer, Layers
    from powerwall.region.read import Region
    from powerwall.region.request import Request

LAYER = "fiscal_terms"
_STATUS = ("verified", "secondary", "approximate", "unverified")
_SHARES = ("rate_share", "exempt_share")
_AMOUNTS = (
    "amount_usd_per_kwh", "amount_usd_per_mw_year", "base_usd_per_mw", "abated_months", "threshold_capex_usd", "threshold_jobs",
    "threshold_mw",
)  # fmt: skip


@criterion(
    unit="USD/MW-year",
    needs={LAYER: ("instrument",)},
    uncertainty="low without the taxes whose dates leave open whether they hold; equipment, refresh and discount rate are not swung",
    grade="C",
)
def tax_usd_per_mw_year(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, costs: SiteCosts
) -> pd.DataFrame:
    """Taxes as levied, before any incentive, levelised over the years that the purchases before the horizon serve."""
    return _measure(sites, layers, request, costs, _taxes)


@criterion(
    unit="USD/MW-year",
    needs={LAYER: ("instrument",)},
    uncertainty="low and value without, high with the incentives whose conditions are not known to be met",
    grade="C",
)
def incentive_usd_per_mw_year(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, costs: SiteCosts
) -> pd.DataFrame:
    """Exemptions and abatements, as what they take off those taxes; only where their conditions are known to be met."""
    return _measure(sites, layers, request, costs, _incentives)


def _measure(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, costs: SiteCosts,
    told: Callable[[Account, Period], dict[str, object]],
) -> pd.DataFrame:  # fmt: skip
    """A measure of the account of each place, made once for each authority and stack."""
    when, terms = period(request.need_by, request.horizon), _terms(layers)
    parents = _parents(layers)
    known: dict[tuple[str, str], dict[str, object]] = {}
    rows: list[dict[str, object]] = []
    candidates = costs.frame["candidates"].reindex(sites.index)
    for authority, names in zip(sites["jurisdiction_id"], candidates, strict=True):
        if not isinstance(authority, str) or when is None:
            why = (
                "authority unknown"
                if when
                else f"the horizon {request.horizon} is not after the day of need"
            )
            rows.append({"value": math.nan, "why": why})
            continue
        key = (authority, _taxed_stack(costs, names))
        if key not in known:
            binding = [term for name in chain(authority, parents) for term in terms.get(name, [])]
            known[key] = (
                told(account(binding, request, when, key[1]), when)
                if binding
                else {"value": math.nan, "why": f"no row of {authority} nor of its state"}
            )
        rows.append(known[key])
    return pd.DataFrame(rows, index=sites.index)


def _terms(layers: Layers) -> dict[str, list[Term]]:
    """Terms by authority, in the order of their ids."""
    acts = layers.frame("policy")
    words = {} if acts is None else dict(zip(acts["policy_id"].astype(str), acts["policy_status"], strict=True))  # fmt: skip
    status = {name: word for name, word in words.items() if isinstance(word, str)}
    terms: dict[str, list[Term]] = {}
    for row in layers[LAYER].frame.sort_values("term_id", kind="stable").to_dict("records"):
        term = read_term({str(key): cell for key, cell in row.items()}, status)
        terms.setdefault(term.authority, []).append(term)
    return terms


def _parents(layers: Layers) -> Mapping[str, str]:
    """Authority to the one round it: as declared, else the county of its number, whose taxes a town pays too."""
    frame = layers.frame("jurisdictions")
    if frame is None:
        return {}
    outlines = pd.DataFrame(frame.drop(columns="geometry", errors="ignore")).to_dict("records")
    counties = {
        str(row.get("county_fips")): str(row["jurisdiction_id"])
        for row in outlines
        if row.get("kind") == "county"
    }
    parents = {}
    for row in outlines:
        name, declared, county = str(row["jurisdiction_id"]), row.get("parent_id"), counties.get(str(row.get("county_fips")))  # fmt: skip
        if isinstance(declared, str):
            parents[name] = declared
        elif pd.notna(row.get("county_fips")) and county not in {None, name}:
            parents[name] = str(county)
    return parents


def _taxed_stack(costs: SiteCosts, names: tuple[str, ...]) -> str:
    """The stack of a site whose price stands and holds a tax; where a stand-in is the price, none does."""
    if len(names) != 1 or isinstance(costs.cost(names[0]), str):
        return ""
    return names[0] if _has_tax(costs.stacks.stacks[names[0]]) else ""


def _has_tax(stack: Stack) -> bool:
    return any(layer.component == "tax" for layer in stack.layers)


def _taxes(found: Account, when: Period) -> dict[str, object]:
    unknown = [f"terms of {line.term.term_id}" for line in found.taxes if math.isnan(line.high)]
    unknown += [f"{levy.replace('_', ' ')} (no row)" for levy in found.lacking]
    least = sum(line.low for line in found.taxes if not math.isnan(line.low))
    total = sum(line.high for line in found.taxes)
    return _told(found.taxes, when) | {
        "value": math.nan if unknown else total,
        "low": math.nan if unknown else least,
        "why": f"{f'at least {least:,.0f} USD/MW-year; ' if least else ''}not known: {', '.join(unknown)}",
    }  # fmt: skip


def _incentives(found: Account, when: Period) -> dict[str, object]:
    if not found.incentives:
        return {"value": 0.0, "layer": LAYER, "note": "no incentive of this place in the layer"}
    unknown = [line.term.term_id for line in found.incentives if math.isnan(line.high)]
    base = sum(line.low for line in found.incentives if not math.isnan(line.low))
    most = sum(line.high for line in found.incentives)
    return _told(found.incentives, when) | {
        "value": math.nan if unknown else base,
        "high": math.nan if unknown else max(base, most),
        "why": f"{base:,.0f} USD/MW-year without what is not known to be met; not known: what {', '.join(unknown)} takes off",
    }  # fmt: skip


def _told(lines: Sequence[Line], when: Period) -> dict[str, object]:
    """Provenance of an account: the weakest status and the oldest date of what it rests on."""
    if not lines:
        return {"layer": LAYER}
    terms = [line.term for line in lines]
    dates = [term.as_of for term in terms if term.as_of]
    status = max((term.status or "unverified" for term in terms), key=_STATUS.index)
    return {
        "layer": LAYER, "row": "; ".join(term.term_id for term in terms), "status": status, "grade": "C",
        "source": "; ".join(dict.fromkeys(term.source for term in terms if term.source)),
        "as_of": min(dates, default=None),
        "note": "; ".join([*map(_line, lines), _assumed(when)]),
        "gates": None if status in {"verified", "secondary"} else False,
    }  # fmt: skip


def _line(line: Line) -> str:
    """`va-kwh-tax: nil (ends …), 2026-07-01 to 2028-07-01, verified, <source>, dated 2026-07-01`."""
    term, low, high = line.term, line.low, line.high
    amount = "nil" if high == 0 else "?" if math.isnan(high) else f"{high:,.0f} USD/MW-year"
    if not math.isnan(high) and low != high:
        amount = f"{low:,.0f} to {amount}"
    said = f" ({line.said})" if line.said else ""
    dated = f"dated {term.as_of}" if term.as_of else "without a date"
    paused = "" if term.pause in line.said else f", {term.pause}"
    return f"{term.term_id}: {amount}{said}, {term.window}{paused}, {term.status or 'status not stated'}, {term.source or 'source not stated'}, {dated}"


def _assumed(when: Period) -> str:
    bought = ", ".join(map(str, when.purchases))
    return (
        f"purchases {bought}, each for {when.every} years; assumed: {EQUIPMENT.value / 1e6:g} M USD/MW where a row gives none, "
        f"{DISCOUNT_RATE.value:.0%} a year, load factor {LOAD_FACTOR.value:g}"
    )


def check_fiscal(region: Region, findings: Findings) -> None:
    """Record rows of `fiscal_terms` that no account could read, and taxes that a tariff holds already."""
    layer = region.layers.get(LAYER)
    if layer is None:
        return
    for index, row in layer.frame.iterrows():
        place, cells = int(str(index)), row.to_dict()
        _check_numbers(cells, place, layer, findings)
        for first, last in (("effective_from", "effective_to"), ("effective_from", "sunset"), ("paused_from", "paused_to")):  # fmt: skip
            _check_order(cells, (first, last), place, layer, findings)
        for column in ("jurisdiction_id", "instrument"):
            if not isinstance(cells.get(column), str):
                findings.add("PW405", f"{LAYER}: {cells['term_id']} has no {column}: it counts nowhere", severity="warning",
                             remedy=f"give it a {column}", **layer.places(place, column))  # fmt: skip
    _check_twice(region, layer, findings)


def _check_numbers(cells: Mapping[Any, Any], place: int, layer: Layer, findings: Findings) -> None:
    name, schedule = cells["term_id"], cells.get("taxable_shares")
    for column in (*_SHARES, *_AMOUNTS):
        value = cells.get(column)
        over = column in _SHARES and isinstance(value, float) and value > 1
        if isinstance(value, float) and (value < 0 or over):
            findings.add("PW402", f"{LAYER}: {name}: {column} = {value:g} cannot be", remedy="shares are 0 to 1, amounts 0 or more",
                         **layer.places(place, column))  # fmt: skip
    if isinstance(schedule, str) and taxable_shares(schedule) is None:
        findings.add("PW401", f"{LAYER}: {name}: taxable_shares = `{schedule}` is no list of shares",
                     remedy="write the share of each year, as 0.5;0.4;0.3", **layer.places(place, "taxable_shares"))  # fmt: skip


def _check_order(
    cells: Mapping[Any, Any], columns: tuple[str, str], place: int, layer: Layer, findings: Findings
) -> None:
    start, end = (cells.get(column) for column in columns)
    if not isinstance(start, str) or not isinstance(end, str):
        return
    try:
        backward = parse_span(end).last <= parse_span(start).first
    except ValueError:
        return  # reported as a bad date where the cells are read
    if backward:
        findings.add("PW507", f"{LAYER}: {cells['term_id']}: {columns[1]} {end} is not after {columns[0]} {start}",
                     remedy="mend its dates", **layer.places(place, columns[1]))  # fmt: skip


def _check_twice(region: Region, layer: Layer, findings: Findings) -> None:
    """Taxes on electricity that may stand in a tariff stack too."""
    held = [name for name, stack in Stacks(region.layers, region.request).stacks.items() if _has_tax(stack)]  # fmt: skip
    electric = layer.frame.index[layer.frame["instrument"] == "electricity_tax"] if held else []
    for index in electric:
        findings.add("PW507", f"{LAYER}: {layer.frame.loc[index, 'term_id']} is a tax on electricity, and so is a layer of "
                     f"{', '.join(held)}: where the price of a stack stands it counts there alone", severity="note",
                     remedy="keep it in one of the two", **layer.places(int(str(index)), "instrument"))  # fmt: skip
