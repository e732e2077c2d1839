"""Site costs: which stack and which works a site has, and the cost of power of each stack once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.cost.large_load.contract import Cost, cost_of
from powerwall.criteria.cost.large_load.upfront import Works
from powerwall.criteria.cost.shape import LOAD_FACTOR
from powerwall.criteria.cost.stack.choice import Stacks
from powerwall.criteria.cost.stack.prices import year_after
from powerwall.criteria.cost.stack.stack import Stack
from powerwall.criteria.cost.tariff.refusal import TariffRefusal
from powerwall.criteria.criterion import provides

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.criteria.power.plan import PowerPlan
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

NODES = "points_of_interconnection"
_WORKS = ("direct_works_usd", "network_works_usd")


@dataclass(frozen=True, eq=False)
class SiteCosts:
    """What the criteria of cost read.

    Attributes
    ----------
    stacks
        Stacks of the region.
    frame
        Index `site_id`; `candidates` (ids of stacks, one where it is certain), `state`, `wait_months`,
        `direct_works_usd`, `network_works_usd`.
    """

    stacks: Stacks
    frame: pd.DataFrame
    _costs: dict[str, Cost | str] = field(default_factory=dict)

    def cost(self, name: str) -> Cost | str:
        """Cost of power under a stack, worked out once; or why there is none."""
        if name not in self._costs:
            self._costs[name] = self._worked_out(name)
        return self._costs[name]

    def _worked_out(self, name: str) -> Cost | str:
        stack = self.stacks.stacks.get(name)
        if stack is None:
            return "no tariff stack for this site"
        if name in self.stacks.refused:
            return f"stack {name} cannot be billed: {self.stacks.refused[name][0]}"
        return self.priced(stack)

    def outside(self, name: str) -> str:
        """Why a stack is made for other loads than the request; empty where it is not."""
        stack = self.stacks.stacks.get(name)
        return "" if stack is None else stack.outside(self.stacks.request.mw, LOAD_FACTOR.value)

    def priced(self, stack: Stack) -> Cost | str:
        """Cost of power under a stack that may be none of the region's own; or why there is none."""
        request, terms = self.stacks.request, self.stacks.terms(stack)
        if outside := stack.outside(request.mw, LOAD_FACTOR.value):
            return f"stack {stack.id} {outside}"
        if missing := stack.missing(request.need_by):
            return f"stack {stack.id} lacks {', '.join(missing)}"
        try:
            cost = cost_of(stack, terms, request)
        except TariffRefusal as refusal:
            return f"stack {stack.id} cannot be billed: {refusal}"
        last = year_after(request.need_by, len(cost.years) - 1)
        if missing := stack.missing(request.need_by, len(cost.years)):
            return f"stack {stack.id} lacks {', '.join(missing)}, before its contract ends in {last.year}"
        return cost

    def under_rules(self, cost: Cost) -> tuple[dict[str, float], list[str]]:
        """Levelised cost without upfront cash under each rule that can be priced, and those that cannot."""
        usd, unpriced = {"in force": cost.levelised_usd_per_mwh()}, []
        for scenario in cost.stack.scenarios:
            other = self.priced(cost.stack.under(scenario, self.stacks.folder)) if scenario.changes else ""  # fmt: skip
            if isinstance(other, str):
                unpriced.append(scenario.id)
            else:
                usd[scenario.id] = other.levelised_usd_per_mwh()
        return usd, unpriced

    def works(self, site_id: str) -> Works:
        """Works of a site."""
        direct, network = (float(self.frame[name].loc[site_id]) for name in _WORKS)
        return Works(direct, network)


@provides("costs")
def site_costs(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, plan: PowerPlan
) -> SiteCosts:
    """Stack, state, wait and works of every site."""
    stacks = Stacks(layers, request)
    utilities = plan.frame["utility_id"].reindex(sites.index)
    candidates = [
        stacks.candidates(own, places, utility)
        for own, places, utility in zip(sites["tariff_stack"], sites["tariff_stack_candidates"], utilities, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame({
        "candidates": pd.Series(candidates, index=sites.index, dtype=object), "state": sites["state"],
        "wait_months": plan.frame["p50_months"].reindex(sites.index).astype(float), **_works(sites, layers, plan),
    }, index=sites.index)  # fmt: skip
    return SiteCosts(stacks, frame)


def _works(sites: gpd.GeoDataFrame, layers: Layers, plan: PowerPlan) -> dict[str, pd.Series]:
    """Cost of works by site: its own column, else that of the node that serves it."""
    nodes, found = layers.frame(NODES), {}
    at = plan.frame["poi_id"].reindex(sites.index)
    for name in _WORKS:
        cost = pd.Series(math.nan, index=sites.index)
        if nodes is not None and name in nodes:
            cost = at.map(nodes.set_index("poi_id")[name]).astype(float)
        if name in sites:
            own = sites[name].astype(float)
            cost = own.where(own.notna(), cost)
        found[name] = cost
    return found
