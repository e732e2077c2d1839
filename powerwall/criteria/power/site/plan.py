"""Site plan: the power plan of one site in full, with its bridges, simulated by Sobol draws.

Rankings simulate the firm service of every site; this is the same stage network for one site, on
a better sampler, with the tranches beside it: interim service, on-site generation, storage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter, Shared
from powerwall.criteria.power.choice import line_factor
from powerwall.criteria.power.lead_time import simulate
from powerwall.criteria.power.lead_time.sampling import Sobol
from powerwall.criteria.power.lead_time.simulation import (
    Simulation,
    Tranche,
    ramp_steps,
    together,
    weighted_quantiles,
)
from powerwall.criteria.power.lead_time.stages import Cut, Stage, finish_months, success
from powerwall.criteria.power.outside import (
    Line,
    View,
    blend_draws,
    blend_success,
    blends,
    compared,
    outside_views,
    weight_of_documents,
)
from powerwall.criteria.power.plan import network_of, with_backbone
from powerwall.criteria.power.process import Evidence, Network, Processes
from powerwall.criteria.power.site.bridging import ARRIVAL, FIRM, beside, delivers
from powerwall.criteria.power.site.place import abroad, ozone_class
from powerwall.criteria.power.site.services import Bridge

if TYPE_CHECKING:
    from powerwall.criteria.policy.obligations import Duty
    from powerwall.region.read import Region
    from powerwall.region.request import Request

BUY_DOWN = Parameter(
    6.0, "months", 3.0, 12.0, "assumed: how much a stage is shortened to see what that would buy"
)
LEAST_LEFT = Parameter(0.25, "1", 0.1, 0.5, "assumed: share of a stage that no money takes away")
QUARTER = 3.0
_RARELY, _NOTHING = 0.005, 0.05  # criticality, and months of a cut, not worth a line
_NO_MONEY = {"backbone", "moratorium"}  # no money shortens these
_BEYOND_NEED = 60.0  # months shown after the day of need where no horizon is declared


@dataclass(frozen=True)
class SitePlan:
    """The power plan of one site.

    Attributes
    ----------
    site, row, request
        The site, its row of the ranking's plan, and what was asked for.
    inside, simulation
        All tranches by their stages, and with the outside view at its weight; None where no
        process gives any a date.
    evidence
        Stage → where its duration comes from.
    bridges
        Tranche → what stands beside the firm service.
    flexible_share
        Share of energy that may be curtailed for interim service; None without one.
    views
        Outside views, the best first.
    why
        Reason why there is no firm service; None if there is.
    remarks
        What was refused, stretched or assumed.
    duties
        What dated rules ask of the request; whoever looks at them puts them here.
    """

    site: pd.Series
    row: pd.Series
    request: Request
    inside: Simulation | None
    simulation: Simulation | None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    bridges: Mapping[str, Bridge] = field(default_factory=dict)
    flexible_share: float | None = None
    views: Sequence[View] = ()
    why: str | None = None
    remarks: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()

    @property
    def site_id(self) -> str:
        """Id of the site."""
        return str(self.site.name)

    @property
    def until_months(self) -> float:
        """Last month shown. [months]"""
        return until_months(self.request)

    @cached_property
    def by_quarter(self) -> pd.DataFrame:
        """Delivered power at the end of each quarter, failures included.

        Index months from the as-of date; `p10_mw p50_mw p90_mw` of the sum, `expected_mw` of it
        and of each tranche (`expected_<tranche>_mw`), `p_full` the odds of the whole request.
        """
        plan = self._required(self.simulation)
        months = quarters(self.until_months)
        totals, expected = [], dict.fromkeys(plan.tranches, 0.0)
        for by_tranche, share in plan.by_outcome(months):
            totals.append((together(by_tranche), share))
            for name, part in by_tranche.items():
                expected[name] = expected[name] + share * part.mean(axis=0)
        mw = np.concatenate([total for total, _ in totals])
        weight = np.repeat([share / plan.draws for _, share in totals], plan.draws)
        p10, p50, p90 = weighted_quantiles(mw, weight, (0.1, 0.5, 0.9))
        columns = {
            "p10_mw": p10, "p50_mw": p50, "p90_mw": p90, "expected_mw": weight @ mw,
            "p_full": weight @ (mw >= self.request.mw - 1e-9),
        }  # fmt: skip
        columns |= {f"expected_{name}_mw": part for name, part in expected.items()}
        return pd.DataFrame(columns, index=pd.Index(months, name="months"))

    @cached_property
    def stages(self) -> pd.DataFrame:
        """Every stage: its own P50 and P90, its finish P10/P50/P90, odds and evidence. [months]

        Criticality is that of its own tranche: the share of draws in which the stage lies on the
        longest path.
        """
        plan = self._required(self.inside)
        critical = {name: plan.criticality(name) for name in plan.tranches}
        rows = {}
        for name, stage in plan.stages.items():
            tranche = name.partition(".")[0] if "." in name else FIRM
            tranche = tranche if tranche in plan.tranches else next(iter(plan.tranches))
            start, ends = _span(plan, name)
            done = stage.done_months_ago is not None
            evidence = self.evidence.get(name, Evidence(name, "", "", "", ""))
            rows[name] = {
                "title": evidence.title, "tranche": tranche, "p50_months": stage.p50_months, "p90_months": stage.p90_months,
                "start_p50_months": start, "finish_p10_months": ends[0], "finish_p50_months": ends[1], "finish_p90_months": ends[2],
                "criticality": critical[tranche][name], "p_fail": 0.0 if done else stage.p_fail, "done": done, "group": stage.group,
                "after": ";".join(stage.preds), "rung": evidence.rung, "basis": evidence.basis, "source": evidence.source,
                "as_of": evidence.as_of,
            }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")

    @cached_property
    def buy_downs(self) -> pd.DataFrame:
        """Months saved on the whole firm request by a shorter stage, by the inside view.

        Index stage, the best first; `shorter_by_months`, `saved_p50_months`, `saved_p90_months`.
        """
        plan = self._required(self.inside)
        if FIRM not in plan.tranches:
            return pd.DataFrame()
        before = plan.quantile_months(FIRM, [0.5, 0.9])
        critical, normals = plan.criticality(FIRM), Sobol(plan.stages, plan.draws, plan.seed)
        rows = {}
        for name, stage in plan.stages.items():
            cut = min(
                BUY_DOWN.value,
                stage.p50_months * (1 - LEAST_LEFT.value),
                stage.p50_months - stage.min_months,
            )
            if critical[name] < _RARELY or cut < _NOTHING or name in _NO_MONEY:
                continue
            finish = finish_months(plan.stages, normals, cuts={name: Cut(cut, LEAST_LEFT.value)})
            after = replace(plan, finish={key: months[0] for key, months in finish.items()})
            saved = before - after.quantile_months(FIRM, [0.5, 0.9])
            rows[name] = {"shorter_by_months": cut, "saved_p50_months": saved[0], "saved_p90_months": saved[1]}  # fmt: skip
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
        if table.empty:
            return table
        return table.sort_values("saved_p50_months", ascending=False, kind="stable")

    @property
    def dates(self) -> list[Line]:
        """Inside view, outside views and blend of the energisation of the firm service."""
        plan = self.inside
        if plan is None or FIRM not in plan.tranches:
            return compared(None, self.views, None, 0.0)
        months = plan.quantile_months(FIRM, [0.1, 0.5, 0.9])
        inside = Line("inside view", months, plan.p_success(FIRM), f"stages of {self.row['network']}")  # fmt: skip
        floor = float(self.row["floor_months"])
        return compared(inside, self.views, self.request.outside_weight, document_weight(plan.stages), floor)  # fmt: skip

    @staticmethod
    def _required(plan: Simulation | None) -> Simulation:
        if plan is None:
            raise LookupError("no tranche has a date")
        return plan


def _span(plan: Simulation, name: str) -> tuple[float, np.ndarray]:
    """P50 of the start of a stage, and P10, P50 and P90 of its end. [months]"""
    stage, finish = plan.stages[name], plan.finish[name]
    finite = finish[np.isfinite(finish)]
    ends = np.quantile(finite, [0.1, 0.5, 0.9]) if finite.size else np.full(3, math.nan)
    if stage.started_months_ago is not None:
        return -stage.started_months_ago, ends
    ready = [plan.finish[pred] for pred in stage.preds]
    return max(0.0, float(np.median(np.maximum.reduce(ready)))) if ready else 0.0, ends


def quarters(until: float) -> np.ndarray:
    """Ends of the quarters, and the last month that counts. [months]"""
    ends = np.arange(QUARTER, until - 1e-9, QUARTER)
    return np.append(ends, until)


def document_weight(stages: Mapping[str, Stage]) -> float:
    """Weight of the outside view that the stages behind a site suggest. [share]"""
    done = (name for name, stage in stages.items() if stage.done_months_ago is not None)
    return weight_of_documents(done).value


def plan_dates(region: Region, site_id: str) -> list[Line]:
    """Inside view by the ranking's own draws, outside views, and their blend. See `compared`."""
    sites = region.sites.loc[[site_id]]
    request = region.request.with_options(outside_weight=0.0)
    plan = Shared(sites, region.layers, request)("plan")
    row = plan.frame.iloc[0]
    if plan.processes is None or not isinstance(row["operator"], str):
        return []
    views = outside_views(sites.iloc[0], row, plan.processes)
    if isinstance(row["why"], str):
        return compared(None, views, None, 0.0)
    network = network_of(plan.processes, row)
    months = row[["p10_months", "p50_months", "p90_months"]].to_numpy(dtype=float)
    inside = Line("inside view", months, float(row["p_success"]), f"stages of {network.name}")
    weight, floor = document_weight(network.stages), float(row["floor_months"])
    return compared(inside, views, region.request.outside_weight, weight, floor)


def plan_site(
    region: Region,
    site_id: str,
    bridges: Sequence[Bridge] = (),
    *,
    flexible_share: float | None = None,
    draws: int = 4096,
    seed: int = 0,
) -> SitePlan:
    """The power plan of one site.

    Parameters
    ----------
    region, site_id
        Where, and which.
    bridges
        What stands beside the firm service.
    flexible_share
        Share of energy that may be curtailed: adds interim non-firm service for what the bridges
        do not cover, until the firm service arrives. [share]
    draws, seed
        Of the Sobol sequence.

    Raises
    ------
    KeyError
        If the region has no such site.
    """
    sites = region.sites.loc[[site_id]]
    request = region.request
    shared = Shared(sites, region.layers, request)
    plan = shared("plan")
    site, row = sites.iloc[0], plan.frame.iloc[0]
    processes = plan.processes or Processes(region.layers, request, shared("permits"))
    why = row["why"] if isinstance(row["why"], str) else None
    aside = beside(
        processes,
        row,
        bridges,
        flexible_share,
        ozone_class(site, region.layers),
        abroad=abroad(site),
    )
    stages, evidence, tranches = dict(aside.stages), dict(aside.evidence), {}
    if why is None:
        network = network_of(processes, row)
        stages, evidence = stages | _scaled(network, row), evidence | network.evidence
        steps = ramp_steps(request.mw, request.first_mw, request.ramp_months)
        tranches[FIRM] = Tranche(ARRIVAL, request.mw, steps)
    for name, bridge in aside.bridges.items():
        retire = FIRM if FIRM in tranches and not bridge.keep else None
        mw = bridge.mw if delivers(bridge.service) else 0.0
        tranches[name] = Tranche(f"{name}.{ARRIVAL}", mw, retire_with=retire)
    views = outside_views(site, row, processes) if isinstance(row["operator"], str) else []
    inside = None
    if tranches:
        inside = simulate(stages, tranches, horizon_months=until_months(request), draws=draws, seed=seed)  # fmt: skip
    return SitePlan(
        site, row, request, inside, _blended(inside, views, request.outside_weight, float(row["floor_months"])), evidence, aside.bridges,
        flexible_share, tuple(views), why, aside.notes,
    )  # fmt: skip


def until_months(request: Request) -> float:
    """Last month shown: the horizon, else five years after the day of need. [months]"""
    horizon = request.horizon_months
    return request.need_by_months + _BEYOND_NEED if math.isnan(horizon) else horizon


def _scaled(network: Network, row: pd.Series) -> dict[str, Stage]:
    """The stages of the site itself: line by its length, works at the node before commissioning."""
    factor = line_factor(network.name, float(row["distance_km"]), region_row=network.region_line)
    floor = float(row["floor_months"])
    stages = with_backbone(network.stages, 0.0 if math.isnan(floor) else max(floor, 0.0))
    if math.isnan(floor):
        stages = network.stages.copy()
    if "line" in stages:
        line = stages["line"]
        stages["line"] = line._replace(
            p50_months=line.p50_months * factor, p90_months=line.p90_months * factor,
            min_months=line.min_months * factor,
        )  # fmt: skip
    return stages


def _blended(
    plan: Simulation | None, views: Sequence[View], weight: float, floor: float
) -> Simulation | None:
    """The plan with its firm dates and odds moved towards the best outside view."""
    if plan is None or FIRM not in plan.tranches or not views or not blends(plan.finish[ARRIVAL], weight):  # fmt: skip
        return plan
    months = np.fmax(blend_draws(plan.finish[ARRIVAL], views[0], weight), floor)
    odds = blend_success(success(plan.stages, ARRIVAL), views[0].p_success, weight)
    return replace(plan, finish={**plan.finish, ARRIVAL: months}, odds={FIRM: odds})
