"""Study: what lies behind one row of a ranking, worked out once and only where it is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from powerwall.criteria.cost.large_load.contract import Cost
from powerwall.criteria.criterion import Shared
from powerwall.output.site_cells import Site
from powerwall.output.site_ids import local_id

if TYPE_CHECKING:
    from powerwall.criteria.compute.delivery import Delivery
    from powerwall.criteria.cost.site_costs import SiteCosts
    from powerwall.criteria.cost.stack.stack import Stack
    from powerwall.criteria.power.site.plan import SitePlan
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region


class Study(Site):
    """A site with its plan, what binds it, and its costs."""

    def __init__(self, ranking: Ranking, site_id: str, number: int) -> None:
        super().__init__(ranking, site_id)
        self.ranking, self.number = ranking, number

    @property
    def name(self) -> str:
        """Name of the site."""
        return str(self.row["name"])

    @property
    def brief(self) -> str:
        """Its name without what stands in brackets at the end, where no other site is called so."""
        short = self.name.split(" (", maxsplit=1)[0]
        alike = [name for name in self.ranking.frame["name"] if str(name).split(" (", maxsplit=1)[0] == short]  # fmt: skip
        return short if len(alike) == 1 else self.name

    @property
    def at(self) -> str:
        """`at Ash`; a screening candidate is `near` its node."""
        return self.brief if self.brief.startswith("near ") else f"at {self.brief}"

    @property
    def status(self) -> str:
        """Status in the ranking."""
        return str(self.row["status"])

    @cached_property
    def region(self) -> Region:
        """The region it lies in."""
        return next(r for r in self.ranking.regions if r.name == self.row["region"])

    @property
    def local_id(self) -> str:
        """Id of the site within its own region."""
        return local_id(self.region, self.id)

    @cached_property
    def shared(self) -> Shared:
        """Shared results at this site, under the plant that serves it."""
        request = replace(self.region.request, cooling=self.ranking.cooling_of(self.id))
        return Shared(self.region.sites.loc[[self.local_id]], self.region.layers, request)

    @cached_property
    def plan(self) -> SitePlan:
        """The power plan, with the draws and the seed of the request."""
        from powerwall.criteria.power.site.plan import plan_site

        request = self.region.request
        return plan_site(self.region, self.local_id, draws=request.draws, seed=request.seed)

    @cached_property
    def delivery(self) -> Delivery | None:
        """What binds by date; None where there is no date, or the accelerator has no BF16."""
        from powerwall.criteria.compute.delivery import deliver

        if self.plan.simulation is None:
            return None
        try:
            return deliver(self.plan, operation=self.shared("operation"))
        except ValueError:  # the accelerator of the request has no dense BF16 peak
            return None

    @cached_property
    def costs(self) -> SiteCosts:
        """Stacks and costs as the criteria read them."""
        found: SiteCosts = self.shared("costs")
        return found

    @cached_property
    def stack(self) -> Stack | None:
        """The one stack that serves it; None where that is not certain."""
        names = self.costs.frame["candidates"].loc[self.local_id]
        return self.costs.stacks.stacks.get(names[0]) if len(names) == 1 else None

    @cached_property
    def cost(self) -> Cost | str:
        """Cost of power under its stack; or why there is none."""
        names = self.costs.frame["candidates"].loc[self.local_id]
        if len(names) > 1:
            return f"it is not certain which tariff stack serves: {' or '.join(name or 'none' for name in names)}"
        if self.stack is None:
            return "no tariff stack for this site"
        return self.costs.cost(self.stack.id)

    def known(self, name: str) -> bool:
        """Whether a measure has a value here."""
        value: Any = self.measure(name)["value"]
        return bool(value == value)  # noqa: PLR0124 — NaN differs from itself
