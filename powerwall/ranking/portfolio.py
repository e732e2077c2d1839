"""Portfolio: K sites that stand together, and the date by which all of them have power.

Sites that lean on one node share its megawatts. A firm figure admits what fits into it; an upper
bound and an unknown admit one site and no more, and a bound below what one site asks admits none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Shared
from powerwall.criteria.power.lead_time.sampling import Draws, SiteDraws
from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.criteria.power.lead_time.stages import quantiles
from powerwall.criteria.power.plan import NODES, drawn_months
from powerwall.criteria.power.works import backbone
from powerwall.ranking.pick import pick
from powerwall.region.dates import months_between
from powerwall.region.joins import split_ids

if TYPE_CHECKING:
    from powerwall.criteria.power.plan import PowerPlan
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_NODE_COLUMNS = ("kind", "reinforcement_status", "expected_date", "waits_for_line_ids")


class Limit(NamedTuple):
    """A node, what it can give at the need-by date, and the ranked sites that lean on it.

    Attributes
    ----------
    region, poi_id
        The node; nodes of two regions are never one.
    sites
        Ids, best first.
    mw
        What each of them asks for. [MW]
    firm_mw, bound_mw
        Headroom less the queue ahead; where it is unknown, its upper bound, which is not firm. [MW]
    rung
        What it rests on.
    late_months
        Months until its works are in service where that is after the need-by date, so that it
        gives nothing by then; else NaN.
    """

    region: str
    poi_id: str
    sites: tuple[str, ...]
    mw: float
    firm_mw: float
    bound_mw: float
    rung: str
    late_months: float

    @property
    def capacity_mw(self) -> float:
        """What the sites may ask for together; NaN is unknown and admits one. [MW]"""
        if not math.isnan(self.late_months):
            return 0.0
        if not math.isnan(self.firm_mw):
            return self.firm_mw
        return self.bound_mw if self.bound_mw < self.mw else math.nan  # a bound can only forbid


class Passed(NamedTuple):
    """A site that ranks above a chosen one and is not chosen, the node that binds, and who has it."""

    site_id: str
    limit: Limit
    beside: tuple[str, ...]


class Joint(NamedTuple):
    """Date and odds of all chosen sites together.

    Attributes
    ----------
    as_of
        Month 0.
    p10_months, p50_months, p90_months
        Until the last of them has all it asks for, given that all come; NaN if they never do.
    comes, comes_at_most
        Odds that all come: failures independent, and all of one cause. [share]
    on_time, on_time_at_most
        The same, and each by its need-by date. [share]
    on_time_mw
        P10, P50 and P90 of what they have together by then, given that all come. [MW]
    last
        Share of the draws in which each site is the last; ties to the first. Shape (sites,)
    """

    as_of: date
    p10_months: float
    p50_months: float
    p90_months: float
    comes: float
    comes_at_most: float
    on_time: float
    on_time_at_most: float
    on_time_mw: tuple[float, float, float]
    last: tuple[float, ...]


@dataclass(frozen=True)
class Portfolio:
    """K sites that stand together.

    Attributes
    ----------
    k, sites, total
        How many were asked for, their ids by rank (none where so many do not stand together), and
        their scores added up.
    limits
        Node of each chosen site; None where it has none.
    passed
        Sites passed over, best first.
    joint
        Date and odds; None without sites.
    binding, largest
        Nodes that bind where there are none, and how many stand together at most.
    works
        (line, chosen sites at several nodes that wait for it); its megawatts are in no layer, so
        it limits nothing.
    """

    k: int
    sites: tuple[str, ...]
    total: float
    limits: tuple[Limit | None, ...]
    passed: tuple[Passed, ...]
    joint: Joint | None
    binding: tuple[Limit, ...]
    largest: int
    works: tuple[tuple[str, tuple[str, ...]], ...]


def choose(
    ranking: Ranking, k: int, *, draws: int | None = None, seed: int | None = None
) -> Portfolio:
    """The K ranked sites of the highest total score that stand together.

    Parameters
    ----------
    ranking
        Of one region, or of several.
    k
        How many sites.
    draws, seed
        Silent, those of the (first) region's request.

    Raises
    ------
    ValueError
        If `k` is below 1.
    """
    ids = ranked(ranking)
    nodes = limits(ranking)
    of = {site: number for number, limit in enumerate(nodes) for site in limit.sites}
    scores = ranking.frame.loc[ids, "score_low" if ranking.unknown == "worst" else "score"]
    mw = {region.name: region.request.mw for region in ranking.regions}
    asked = ranking.frame["region"].loc[ids].map(mw).to_numpy(dtype=float)
    node = np.array([of.get(site, -1) for site in ids], dtype=int)
    capacity = np.array([limit.capacity_mw for limit in nodes])
    found = pick(scores.to_numpy(dtype=float), asked, node, capacity, k)
    chosen = tuple(ids[row] for row in found.chosen)
    last = max(found.chosen, default=-1)
    passed = (ids[row] for row in range(last) if row not in set(found.chosen))
    beside = {number: tuple(site for site in chosen if of.get(site, -1) == number) for number in of.values()}  # fmt: skip
    request = ranking.regions[0].request
    count, seed = draws or request.draws, request.seed if seed is None else seed
    return Portfolio(
        k, chosen, found.total, tuple(nodes[of[site]] if site in of else None for site in chosen),
        tuple(Passed(site, nodes[of[site]], beside[of[site]]) for site in passed),
        _joint(ranking, chosen, count, seed) if chosen else None,
        tuple(nodes[number] for number in found.why), found.largest, _works(ranking, chosen),
    )  # fmt: skip


def ranked(ranking: Ranking) -> list[str]:
    """Ids of the sites that carry a rank, best first."""
    return [str(site) for site in ranking.frame.index[ranking.frame["status"] == "ranked"]]


def region_of(ranking: Ranking, site_id: str) -> Region:
    """Region of a site."""
    name = ranking.frame["region"].loc[site_id]
    return next(region for region in ranking.regions if region.name == name)


def limits(ranking: Ranking) -> list[Limit]:
    """Every node that a ranked site leans on, in the order of its best site."""
    ids, firm = ranked(ranking), ranking.measures["firm_capacity_mw"]
    nodes = ranking.measures["poi_distance_km"]["row"].loc[ids]
    leaning: dict[tuple[str, str], list[str]] = {}
    for site, name, poi_id in zip(ids, ranking.frame["region"].loc[ids], nodes, strict=True):
        if isinstance(poi_id, str):
            leaning.setdefault((name, poi_id), []).append(site)
    found = []
    for (name, poi_id), sites in leaning.items():
        region, rows = region_of(ranking, sites[0]), firm.loc[sites]
        rung = next((grade for grade in rows["grade"] if isinstance(grade, str)), "")
        # of sites that read one node differently the lower figure counts, and an unknown one most
        value, bound = rows["value"].min(skipna=False), rows["bound"].min()
        mw, late = region.request.mw, _late_months(region, poi_id)
        found.append(Limit(name, poi_id, tuple(sites), mw, float(value), float(bound), rung, late))
    return found


def _node(region: Region, poi_id: str) -> pd.Series:
    nodes = region.layers[NODES].frame
    row = nodes[nodes["poi_id"] == poi_id].iloc[0].reindex(_NODE_COLUMNS)
    row["planned"] = row["kind"] == "planned"
    return row


def _late_months(region: Region, poi_id: str) -> float:
    lines, request = region.layers.frame("transmission_lines"), region.request
    months = backbone(_node(region, poi_id), lines, request.as_of).months
    return months if months > request.need_by_months else math.nan


def _works(ranking: Ranking, sites: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lines that chosen sites at several nodes wait for."""
    nodes = ranking.measures["poi_distance_km"]["row"]
    waiting: dict[tuple[str, str], dict[str, str]] = {}
    for site in (site for site in sites if isinstance(nodes.loc[site], str)):
        region = region_of(ranking, site)
        for line in split_ids(_node(region, nodes.loc[site])["waits_for_line_ids"]):
            waiting.setdefault((region.name, line), {})[site] = nodes.loc[site]
    several = {key: found for key, found in waiting.items() if len(set(found.values())) > 1}
    return tuple((line, tuple(found)) for (_, line), found in sorted(several.items()))


def own_months(ranking: Ranking, sites: Sequence[str], count: int, seed: int) -> np.ndarray:
    """Months to the first block of sites that must come together, in every draw. Shape (sites, count)

    Each site has its own delays and shares the factors of its utility (tso, policy), its place
    (local) and of all sites (supply, build); inf where power never comes.
    """
    shared, found = Draws(count, seed), np.full((len(sites), count), np.inf)
    for region in ranking.regions:
        rows = [row for row, site in enumerate(sites) if region_of(ranking, site) is region]
        local = [_local(region, sites[row]) for row in rows]
        if not rows:
            continue
        places = region.sites.loc[local]
        plan: PowerPlan = Shared(places, region.layers, region.request)("plan")
        for row, site in zip(rows, local, strict=True):
            one = replace(plan, frame=plan.frame.loc[[site]])
            owners = _owners(plan.frame.loc[site], places.loc[site])
            own = SiteDraws(shared, f"{region.name}:{site}", owners)
            found[row] = drawn_months(one, places.loc[[site]], count, seed, own)[0]
    return np.where(np.isnan(found), np.inf, found)


def _owners(plan: pd.Series, place: pd.Series) -> dict[str, str]:
    """Group → who is late together within it, where that is known."""
    utility = next((str(plan[c]) for c in ("utility_id", "operator") if isinstance(plan[c], str)), "")  # fmt: skip
    county = place["jurisdiction_id"] if isinstance(place["jurisdiction_id"], str) else ""
    return {"tso": utility, "policy": utility, "local": county}


def _local(region: Region, site_id: str) -> str:
    """Id of a site within its own region."""
    return site_id if site_id in region.sites.index else site_id.removeprefix(f"{region.name}:")


def _joint(ranking: Ranking, sites: Sequence[str], count: int, seed: int) -> Joint:
    """Date and odds of all the sites together.

    The date is the first t with Σ_p min(C_p(t), Σ mw·1[T ≤ t]) at what all of them ask for. Chosen
    sites fit into their nodes, and works at a node are in T, so it is the last of the T.
    """
    requests = [region_of(ranking, site).request for site in sites]
    as_of, first = requests[0].as_of, own_months(ranking, sites, count, seed)
    ramps = [ramp_steps(r.mw, r.first_mw, r.ramp_months) for r in requests]
    whole = first + np.array([ramp[-1][0] for ramp in ramps])[:, None]
    shift = np.array([months_between(as_of, r.as_of) for r in requests])[:, None]
    last = (whole + shift).max(axis=0)
    p10, p50, p90 = quantiles(last[None, :], (0.1, 0.5, 0.9))[:, 0]
    finite = np.isfinite(whole)
    odds = ranking.measures["power_success_probability"]["value"].loc[list(sites)].to_numpy(dtype=float)  # fmt: skip
    odds = np.minimum(
        odds / np.maximum(finite.mean(axis=1), 1 / count), 1.0
    )  # windows are in the draws
    comes, timely = finite.all(axis=0), np.full(count, True)
    by_then = np.zeros(count)
    for row, (request, ramp) in enumerate(zip(requests, ramps, strict=True)):
        timely &= whole[row] <= request.need_by_months
        for delay, mw in ramp:
            by_then += np.where(first[row] + delay <= request.need_by_months, mw, 0.0)
    lowest, middle, highest = np.quantile(by_then[comes], (0.1, 0.5, 0.9)) if comes.any() else [math.nan] * 3  # fmt: skip
    latest = np.bincount((whole + shift).argmax(axis=0)[comes], minlength=len(sites))
    each, one = float(odds.prod()), float(odds.min())
    return Joint(
        as_of, float(p10), float(p50), float(p90), each * float(comes.mean()), one * float(comes.mean()),
        each * float(timely.mean()), one * float(timely.mean()), (float(lowest), float(middle), float(highest)),
        tuple((latest / max(comes.sum(), 1)).tolist()),
    )  # fmt: skip
