"""Cost: what a megawatt-hour costs delivered, who pays for what, and what the state takes.

The criteria of the tariff stand here. Behind them: `tariff` (one rate sheet), `stack` (all sheets of a
territory), `large_load` (its terms, and the contract under them) and `site_costs` (which of them a site
has), on the models `demand`, `years`, `upgrades`, `allocation` and `exposure`. `sheets` and `billing`
serve a rate in a file of its own. Beside all, outside every price: `fiscal` (taxes and incentives).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.cost.average import STATES, state_average
from powerwall.criteria.cost.fiscal import (
    check_fiscal,
    incentive_usd_per_mw_year,
    tax_usd_per_mw_year,
)
from powerwall.criteria.cost.large_load.contract import APPEARS, Cost, carried
from powerwall.criteria.cost.large_load.upfront import Works
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.criteria.cost.site_costs import SiteCosts
from powerwall.criteria.cost.stack.stack import SIGMA
from powerwall.criteria.criterion import P10_P90, Z90, criterion

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "LOAD_FACTOR", "SIGMA", "STATES", "check_fiscal", "incentive_usd_per_mw_year", "state_average", "tax_usd_per_mw_year",
]  # fmt: skip

Row = dict[str, object]
_NO_STACK = "no tariff stack for this site"


@criterion(
    unit="USD/MWh",
    value=[(40, 1.0), (80, 0.5), (160, 0.0)],
    why="the 2023 industrial averages of the US states have a median of 78 and nine tenths lie under 112 (EIA, Electric "
    "Power Annual 2023); assumed: half of the median is as cheap as grids get, twice the median is out of the market",
    weight=1.0,
    uncertainty="P10–P90 from the grades of the layers, independent of one another: sigma 3, 8, 20 or 25 % for A, B, C, D",
    spread=P10_P90,
    grade="B",
)
def delivered_cost_usd_per_mwh(sites: gpd.GeoDataFrame, costs: SiteCosts) -> pd.DataFrame:
    """Cost of a megawatt-hour over the contract: every layer of the tariff stack, minimum takes, security, upfront cash."""
    return _each(sites, costs, _delivered, "wait_months", "direct_works_usd", "network_works_usd", "state")  # fmt: skip


def _delivered(costs: SiteCosts, site: pd.Series) -> Row:
    names = site["candidates"]
    if len(names) > 1:
        return _between(costs, site)
    cost = costs.cost(names[0]) if names else _NO_STACK
    if isinstance(cost, str):
        outside = bool(names) and bool(costs.outside(names[0]))
        return {"value": math.nan, "why": cost} if outside else _average(site["state"], cost)
    stack = cost.stack
    usd, reason = costs.stacks.to_usd(stack, _levelised(cost, site))
    if usd is None:
        return {"value": math.nan, "why": reason}
    if cost.minimum_unknown:
        return {"value": math.nan, "why": f"the minimum take of {stack.terms} is not known, and the ramp stays under its contract"}  # fmt: skip
    grade, sigma = stack.graded({name: float(year.sum()) for name, year in cost.by_layer.items()})
    said = [f"{stack.id} at load factor {LOAD_FACTOR.value:g}, {len(cost.years)} contract years from {cost.years[0].start}", *_said(cost, site)]  # fmt: skip
    said += [reason] if reason else []
    return _spread(usd, grade, sigma) | _from(costs, cost) | {"note": "; ".join(said)}


def _levelised(cost: Cost, site: pd.Series) -> float:
    upfront = 0.0 if _foreign(cost) else cost.upfront(_works(site)).known_usd
    return cost.levelised_usd_per_mwh(carried(upfront, float(site["wait_months"])))


def _foreign(cost: Cost) -> str:
    """Why sums of terms and works cannot be added to the prices of a stack; empty where they can."""
    if cost.stack.currency == "USD":
        return ""
    return f"fees and works are in USD, the stack {cost.stack.id} in {cost.stack.currency}"


def _works(site: pd.Series) -> Works:
    return Works(float(site["direct_works_usd"]), float(site["network_works_usd"]))


def _said(cost: Cost, site: pd.Series) -> list[str]:
    """What a reader must know beside the price."""
    said = []
    if cost.bills.held:
        said.append(f"price held beyond its last year: {', '.join(cost.bills.held)}")
    if cost.terms is None:
        said.append("no large-load terms in it")
    elif foreign := _foreign(cost):
        said.append(f"no cash before energisation in it: {foreign}")
    elif missing := cost.upfront(_works(site)).missing:
        said.append(f"not in it, because not known: {', '.join(missing)}")
    if cost.terms is not None and (weak := cost.terms.weak()):
        said.append(f"terms on a secondary or unverified source: {', '.join(weak)}")
    return said


def _from(costs: SiteCosts, cost: Cost) -> Row:
    return {
        "layer": "tariffs", "row": cost.stack.id, "source": "tariff stack", "as_of": cost.stack.as_of or costs.stacks.as_of,
        "status": "secondary",
    }  # fmt: skip


def _between(costs: SiteCosts, site: pd.Series) -> Row:
    """Several stacks may serve: none is chosen, and the range holds all of them if all have a price."""
    names = [name for name in site["candidates"] if name]
    why = f"it is not certain which stack serves: {', '.join(names)}" + (" or none" if "" in site["candidates"] else "")  # fmt: skip
    found = [_delivered(costs, pd.Series({**site, "candidates": (name,)})) for name in names]
    row: Row = {"value": math.nan, "why": why}
    if "" not in site["candidates"] and all(not math.isnan(float(str(one["value"]))) for one in found):  # fmt: skip
        row |= {"low": min(float(str(one["low"])) for one in found), "high": max(float(str(one["high"])) for one in found)}  # fmt: skip
    return row


def _average(state: object, missing: str) -> Row:
    average = state_average(state)
    if average is None:
        return {"value": math.nan, "why": f"{missing}; no state average"}
    return _spread(float(average["industrial_price_usd_per_mwh"]), "D", SIGMA["D"].value) | {
        "grade": f"D {average['year']}", "layer": "tariffs", "row": str(average["state"]), "source": str(average["source_title"]),
        "as_of": str(average["as_of"]), "status": "approximate",
        "note": f"industrial average of {average['state']} {average['year']}, not a tariff: {missing}",
    }  # fmt: skip


def _spread(usd: float, grade: str, sigma: float) -> Row:
    return {"value": usd, "low": usd * (1 - Z90 * sigma), "high": usd * (1 + Z90 * sigma), "grade": grade}  # fmt: skip


@criterion(
    unit="USD/MW",
    value=[(0, 1.0), (200_000, 0.5), (1_000_000, 0.0)],
    why="assumed: the fees proposed in Texas are 50,000 to 100,000 USD/MW; a million is a tenth of a gas plant",
    needs={"tariffs": ("stack_id",)},
    uncertainty="none: either every part is known, or the sum is a lower end",
    grade="B",
)
def upfront_usd_per_mw(sites: gpd.GeoDataFrame, costs: SiteCosts) -> pd.DataFrame:
    """Contribution, fees and cash security before the first megawatt, where the terms are known."""
    return _each(sites, costs, _upfront, "direct_works_usd", "network_works_usd")


def _upfront(costs: SiteCosts, site: pd.Series) -> Row:
    terms = _only_terms(costs, site)
    if isinstance(terms, str):
        return {"value": math.nan, "why": terms}
    cost = costs.cost(site["candidates"][0])
    if isinstance(cost, str):  # fees need no price, a security in months of minimum bill does
        return {
            "value": math.nan,
            "why": f"{_least_fees(costs, site)}not known: contribution and security; {cost}",
        }
    if foreign := _foreign(cost):
        return {"value": math.nan, "why": foreign}
    parts = cost.upfront(_works(site))
    least, reason = costs.stacks.to_usd(cost.stack, parts.known_usd / cost.contract_mw)
    if least is None:
        return {"value": math.nan, "why": reason}
    at_least = f"at least {least:,.0f} USD/MW; " if least else ""
    return _from(costs, cost) | {
        "value": math.nan if parts.missing else least, "grade": cost.stack.grade, "why": f"{at_least}not known: {', '.join(parts.missing)}",
        "note": "; ".join(f"{name.replace('_', ' ')} {'?' if math.isnan(usd) else f'{usd / cost.contract_mw:,.0f}'}" for name, usd in parts._asdict().items()),
    }  # fmt: skip


def _only_terms(costs: SiteCosts, site: pd.Series) -> str | None:
    """Why a site has no terms that could be read; None where it has."""
    names = site["candidates"]
    if len(names) != 1:
        return _NO_STACK if not names else "it is not certain which stack serves"
    stack = costs.stacks.stacks.get(names[0])
    if stack is None:
        return _NO_STACK
    terms = costs.stacks.terms(stack)
    if terms is None and stack.terms:
        return f"large-load terms {stack.terms} of stack {stack.id} are not known"
    if terms is None:
        return f"stack {stack.id} names no large-load terms"
    request = costs.stacks.request
    return terms.unbound(request.mw, request.need_by, LOAD_FACTOR.value) or None


def _least_fees(costs: SiteCosts, site: pd.Series) -> str:
    stack = costs.stacks.stacks[site["candidates"][0]]
    terms, mw = costs.stacks.terms(stack), costs.stacks.request.mw
    if terms is None:
        return ""
    fees = np.nansum([terms.study_fee_usd(mw) / mw, terms.number("fee_usd_per_mw")])
    return f"at least {fees:,.0f} USD/MW; " if fees else ""


@criterion(
    unit="USD/MW",
    value=[(0, 1.0), (500_000, 0.5), (2_000_000, 0.0)],
    why="assumed: half a million is a year of demand charges of 40 USD/kW, two millions are four",
    needs={"tariffs": ("stack_id",)},
    uncertainty="low and high where 90 % and 20 % of the ramp appear",
    grade="B",
)
def minimum_take_exposure_usd_per_mw(sites: gpd.GeoDataFrame, costs: SiteCosts) -> pd.DataFrame:
    """Present value of what is owed for power not taken if 60 % of the ramp appears."""
    return _each(sites, costs, _minimum_take)


def _minimum_take(costs: SiteCosts, site: pd.Series) -> Row:
    cost = _bound(costs, site)
    if isinstance(cost, str):
        return {"value": math.nan, "why": cost}
    ends = [cost.shortfall_usd(one or 0.0) / cost.contract_mw for one in (APPEARS.value, APPEARS.high, APPEARS.low)]  # fmt: skip
    if math.isnan(ends[0]):
        return {"value": math.nan, "why": f"the minimum take of {cost.stack.terms} is not known"}
    value, low, high = (costs.stacks.to_usd(cost.stack, end)[0] for end in ends)
    return _from(costs, cost) | {"value": value, "low": low, "high": high, "grade": cost.stack.grade}  # fmt: skip


def _bound(costs: SiteCosts, site: pd.Series) -> Cost | str:
    """Cost of a site whose terms bind the request; or why there is none."""
    if why := _only_terms(costs, site):
        return why
    cost = costs.cost(site["candidates"][0])
    if isinstance(cost, Cost) and costs.stacks.to_usd(cost.stack, 1.0)[0] is None:
        return costs.stacks.to_usd(cost.stack, 1.0)[1]
    return cost


@criterion(
    unit="USD/MW",
    value=[(0, 1.0), (250_000, 0.5), (1_000_000, 0.0)],
    why="assumed: a million is the whole of a costly transmission connection per MW",
    needs={"tariffs": ("stack_id",)},
    uncertainty="low is the state in which the exit fee is paid, value and high that in which the project defaults",
    grade="C",
)
def ratepayer_exposure_usd_per_mw(sites: gpd.GeoDataFrame, costs: SiteCosts) -> pd.DataFrame:
    """What other customers carry if the project leaves in the worst year and defaults."""
    return _each(sites, costs, _exposure, "direct_works_usd", "network_works_usd")


def _exposure(costs: SiteCosts, site: pd.Series) -> Row:
    cost = _bound(costs, site)
    note = {"note": _terms_in_force(costs, site)}
    if isinstance(cost, str):
        return note | {"value": math.nan, "why": cost}
    if foreign := _foreign(cost):
        return note | {"value": math.nan, "why": foreign}
    curve = cost.exposure(_works(site))
    if isinstance(curve, str):
        return note | {"value": math.nan, "why": curve}
    pays, defaults = (costs.stacks.to_usd(cost.stack, float(curve[name].max()) / cost.contract_mw)[0] for name in ("pays_usd", "defaults_usd"))  # fmt: skip
    return _from(costs, cost) | note | {"value": defaults, "low": pays, "high": defaults, "grade": cost.stack.grade}  # fmt: skip


def _terms_in_force(costs: SiteCosts, site: pd.Series) -> str | None:
    """Terms of the one stack of a site, in a line."""
    names = site["candidates"]
    stack = costs.stacks.stacks.get(names[0]) if len(names) == 1 else None
    terms = costs.stacks.terms(stack) if stack is not None else None
    if terms is None:
        return None
    named = " ".join(part for part in (terms.utility, terms.name) if part)
    return f"{named} ({terms.state.replace('_', ' ')}, read {terms.as_of or '?'}): {terms.words(costs.stacks.request.mw)}"


@criterion(
    unit="USD/MWh",
    value=[(0, 1.0), (10, 0.5), (30, 0.0)],
    why="assumed: 10 USD/MWh is more than most pairs of sites differ by",
    needs={"tariffs": ("stack_id",)},
    uncertainty="none: it is a spread",
    grade="C",
)
def rule_spread_usd_per_mwh(sites: gpd.GeoDataFrame, costs: SiteCosts) -> pd.DataFrame:
    """Difference of the delivered cost between the rules in force and those that may come."""
    return _each(sites, costs, _rules)


def _rules(costs: SiteCosts, site: pd.Series) -> Row:
    names = site["candidates"]
    cost = costs.cost(names[0]) if len(names) == 1 else _NO_STACK
    stack = costs.stacks.stacks.get(names[0]) if len(names) == 1 else None
    worded = "; ".join(f"{s.id}: {s.text} ({s.status})" for s in stack.scenarios if s.text) if stack else ""  # fmt: skip
    if isinstance(cost, str):
        return {"value": math.nan, "why": cost, "note": worded or None}
    if not cost.stack.scenarios:
        return {"value": math.nan, "why": f"stack {cost.stack.id} names no rules that may come"}
    usd, unpriced = costs.under_rules(cost)
    if len(usd) < 2:
        return {"value": math.nan, "why": f"not priced: {', '.join(unpriced)}", "note": worded or None}  # fmt: skip
    spread = costs.stacks.to_usd(cost.stack, max(usd.values()) - min(usd.values()))[0]
    told = ", ".join(f"{name} {price:.2f}" for name, price in usd.items())
    left = f"; not priced: {', '.join(unpriced)}" if unpriced else ""
    return _from(costs, cost) | {"value": math.nan if spread is None else spread, "grade": cost.stack.grade,
                                 "note": f"{told} {cost.stack.currency}/MWh{left}" + (f"; {worded}" if worded else "")}  # fmt: skip


def _each(sites: gpd.GeoDataFrame, costs: SiteCosts, told: Callable[[SiteCosts, pd.Series], Row], *columns: str) -> pd.DataFrame:  # fmt: skip
    """A measure told once for each different combination of stack and what else it reads."""
    frame = costs.frame.loc[sites.index, ["candidates", *columns]]
    groups = frame.groupby(["candidates", *columns], dropna=False, sort=False)
    number = groups.ngroup().to_numpy()
    first = ~pd.Series(number).duplicated().to_numpy()
    rows = {int(n): told(costs, frame.iloc[at]) for at, n in zip(np.flatnonzero(first), number[first], strict=True)}  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.loc[number].set_index(sites.index)
