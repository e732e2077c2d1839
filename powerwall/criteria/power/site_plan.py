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
from powerwall.criteria.power.lead_time import simulate
from powerwall.criteria.power.outside import (
    Line,
    View,
    blend_draws,
    blend_success,
    compared,
    outside_views,
    weight_of_documents,
)
from powerwall.criteria.power.plan import network_of, with_backbone
from powerwall.criteria.power.process import Evidence, Network, Processes, line_factor
from powerwall.criteria.power.services import Bridge, Service, service
from powerwall.criteria.power.simulation import Simulation, Tranche, ramp_steps, weighted_quantiles
from powerwall.criteria.power.stages import Stage

if TYPE_CHECKING:
    from powerwall.region.read import Region
    from powerwall.region.request import Request

FIRM, ARRIVAL = "firm_utility", "energised"
INTERIM = "interim_nonfirm"
BUY_DOWN = Parameter(
    6.0, "months", 3.0, 12.0, "assumed: how much a stage is shortened to see what that would buy"
)
QUARTER = 3.0
_BEYOND_NEED = 60.0  # months shown after the day of need where no horizon is declared


@dataclass(frozen=True)
class SitePlan:
    """The power plan of one site.

    Attributes
    ----------
    site, row, request
        The site, its row of the ranking's plan, and what was asked for.
    simulation
        All tranches; None where no process gives any a date.
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
    """

    site: pd.Series
    row: pd.Series
    request: Request
    simulation: Simulation | None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    bridges: Mapping[str, Bridge] = field(default_factory=dict)
    flexible_share: float | None = None
    views: Sequence[View] = ()
    why: str | None = None

    @property
    def site_id(self) -> str:
        """Id of the site."""
        return str(self.site.name)

    @property
    def until_months(self) -> float:
        """Last month shown: the horizon, else five years after the day of need. [months]"""
        horizon = self.request.horizon_months
        return self.request.need_by_months + _BEYOND_NEED if math.isnan(horizon) else horizon

    @cached_property
    def by_quarter(self) -> pd.DataFrame:
        """Delivered power at the end of each quarter, failures included.

        Index months from the as-of date; `p10_mw p50_mw p90_mw` of the sum, `expected_mw` of it
        and of each tranche (`expected_<tranche>_mw`), `p_full` the odds of the whole request.
        """
        plan = self._simulated
        months = np.arange(QUARTER, self.until_months + 1e-9, QUARTER)
        mw, weight = plan.mw_at(months)
        p10, p50, p90 = weighted_quantiles(mw, weight, (0.1, 0.5, 0.9))
        columns = {
            "p10_mw": p10, "p50_mw": p50, "p90_mw": p90, "expected_mw": weight @ mw,
            "p_full": weight @ (mw >= self.request.mw - 1e-9),
        }  # fmt: skip
        columns |= {f"expected_{name}_mw": plan.expected_mw(months, name) for name in plan.tranches}
        return pd.DataFrame(columns, index=pd.Index(months, name="months"))

    @cached_property
    def stages(self) -> pd.DataFrame:
        """Every stage: its own P50 and P90, its finish P10/P50/P90, odds and evidence. [months]"""
        plan = self._simulated
        critical = plan.criticality()
        rows = {}
        for name, stage in plan.stages.items():
            finish = plan.finish[name][np.isfinite(plan.finish[name])]
            ends = np.quantile(finish, [0.1, 0.5, 0.9]) if finish.size else [math.nan] * 3
            ready = [np.median(plan.finish[pred]) for pred in stage.preds]
            evidence = self.evidence.get(name, Evidence(name, "", "", "", ""))
            rows[name] = {
                "title": evidence.title, "p50_months": stage.p50_months, "p90_months": stage.p90_months,
                "start_p50_months": max([0.0, *ready]), "finish_p10_months": ends[0], "finish_p50_months": ends[1], "finish_p90_months": ends[2],
                "criticality": critical[name], "p_fail": stage.p_fail, "group": stage.group, "after": ";".join(stage.preds),
                "rung": evidence.rung, "basis": evidence.basis, "source": evidence.source, "as_of": evidence.as_of,
            }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")

    @cached_property
    def buy_downs(self) -> pd.DataFrame:
        """Months saved on the whole firm request by a shorter stage, the best first.

        Index stage; `shorter_by_months`, `saved_p50_months`, `saved_p90_months`.
        """
        plan = self._simulated
        if FIRM not in plan.tranches:
            return pd.DataFrame()
        before = plan.quantile_months(FIRM, [0.5, 0.9])
        critical = plan.criticality(FIRM)
        rows = {}
        for name, stage in plan.stages.items():
            if critical[name] < 0.005 or stage.p50_months == 0 or name == "backbone":
                continue
            shorter = _shorter(stage, BUY_DOWN.value)
            after = _resimulated(plan, {**plan.stages, name: shorter})
            saved = before - after.quantile_months(FIRM, [0.5, 0.9])
            cut = stage.p50_months - shorter.p50_months
            rows[name] = {"shorter_by_months": cut, "saved_p50_months": saved[0], "saved_p90_months": saved[1]}  # fmt: skip
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
        return table.sort_values("saved_p50_months", ascending=False, kind="stable")

    @property
    def dates(self) -> list[Line]:
        """Inside view, outside views and blend of the energisation of the firm service."""
        plan = self.simulation
        if plan is None or FIRM not in plan.tranches:
            return compared(None, self.views, 0.0)
        months = plan.quantile_months(FIRM, [0.1, 0.5, 0.9])
        inside = Line(
            str(self.row["basis"]), months, plan.p_success(FIRM), f"stages of {self.row['network']}"
        )
        weight = weight_of_documents(_done(plan.stages)).value
        return compared(inside, self.views, 0.0 if self.request.outside_weight else weight)

    @property
    def _simulated(self) -> Simulation:
        if self.simulation is None:
            raise LookupError(self.why or "no tranche has a date")
        return self.simulation


def _done(stages: Mapping[str, Stage]) -> list[str]:
    return [name for name, stage in stages.items() if stage.done_months_ago is not None]


def plan_dates(region: Region, site_id: str) -> list[Line]:
    """Inside view as the ranking has it, outside views, and their blend. See `compared`."""
    sites = region.sites.loc[[site_id]]
    plan = Shared(sites, region.layers, region.request)("plan")
    row = plan.frame.iloc[0]
    if plan.processes is None or not isinstance(row["operator"], str):
        return []
    views = outside_views(sites.iloc[0], row, plan.processes)
    if isinstance(row["why"], str):
        return compared(None, views, 0.0)
    network = network_of(plan.processes, row)
    months = row[["p10_months", "p50_months", "p90_months"]].to_numpy(dtype=float)
    inside = Line(str(row["basis"]), months, float(row["p_success"]), f"stages of {network.name}")
    weight = weight_of_documents(_done(network.stages)).value
    return compared(inside, views, 0.0 if region.request.outside_weight else weight)


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
    plan = Shared(sites, region.layers, region.request)("plan")
    site, row, request = sites.iloc[0], plan.frame.iloc[0], region.request
    why = row["why"] if isinstance(row["why"], str) else None
    stages: dict[str, Stage] = {}
    evidence: dict[str, Evidence] = {}
    tranches: dict[str, Tranche] = {}
    processes = plan.processes or Processes(region.layers, request)
    if why is None:
        network = network_of(processes, row)
        stages |= _scaled(network, row)
        evidence |= network.evidence
        steps = ramp_steps(request.mw, request.first_mw, request.ramp_months)
        tranches[FIRM] = Tranche(ARRIVAL, request.mw, steps)
    chosen = _with_interim(bridges, request.mw, flexible_share)
    for name, bridge in chosen.items():
        own, known = _service_stages(processes, bridge)
        stages |= {key: stage for key, stage in own.items() if key not in stages}
        evidence |= {key: value for key, value in known.items() if key not in evidence}
        retire = FIRM if FIRM in tranches and not bridge.keep else None
        mw = bridge.mw if delivers(bridge.service) else 0.0
        tranches[name] = Tranche(f"{bridge.service.id}.{ARRIVAL}", mw, retire_with=retire)
    views = outside_views(site, row, processes) if isinstance(row["operator"], str) else []
    simulation = None
    if tranches:
        until = SitePlan(site, row, request, None).until_months
        simulation = simulate(stages, tranches, horizon_months=until, draws=draws, seed=seed)
        simulation = _blended(simulation, views, request.outside_weight)
    return SitePlan(
        site, row, request, simulation, evidence, chosen, flexible_share, tuple(views), why
    )


def delivers(service: Service) -> bool:
    """Tell whether a service adds megawatts; storage covers events of others."""
    return service.duration_h is None


def _with_interim(
    bridges: Sequence[Bridge], mw: float, flexible_share: float | None
) -> dict[str, Bridge]:
    chosen: dict[str, Bridge] = {}
    for bridge in bridges:
        name = bridge.service.id
        same = sum(key.split("#")[0] == name for key in chosen)
        chosen[f"{name}#{same + 1}" if same else name] = bridge
    if flexible_share is not None and INTERIM not in chosen:
        covered = sum(b.mw for b in bridges if delivers(b.service))
        if mw > covered:
            # last, so that what may be curtailed gives way first
            chosen[INTERIM] = Bridge(service(INTERIM), mw - covered, keep=False)
    return chosen


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


def _service_stages(
    processes: Processes, bridge: Bridge
) -> tuple[dict[str, Stage], dict[str, Evidence]]:
    """Stages of a bridge under its own names; the building shell is one for all."""
    own = bridge.service
    if own.lead_time_p50_months is not None:
        return _one_stage(own)
    network = processes.service(own.process(bridge.mw))

    def named(stage: str) -> str:
        return stage if stage == "shell" else f"{own.id}.{stage}"

    stages = {
        named(key): stage._replace(preds=tuple(named(pred) for pred in stage.preds))
        for key, stage in network.stages.items()
    }
    return stages, {named(key): value for key, value in network.evidence.items()}


def _one_stage(own: Service) -> tuple[dict[str, Stage], dict[str, Evidence]]:
    """A service of which only a whole duration is known."""
    p50, p90 = own.lead_time_p50_months, own.lead_time_p90_months
    assert p50 is not None  # noqa: S101 — the caller looked
    late = p90.value if p90 else p50.value * math.exp(0.5 * 1.2815515655446004)
    odds = own.p_success.value if own.p_success else 1.0
    name = f"{own.id}.{ARRIVAL}"
    evidence = Evidence(own.title, "generic", "assumed" if p50.assumed else "trade", p50.source, "")
    return {name: Stage(p50.value, late, group="supply", p_fail=1 - odds)}, {name: evidence}


def _shorter(stage: Stage, months: float) -> Stage:
    """A stage with its P50 and P90 reduced, not below its minimum."""
    p50 = max(stage.p50_months - months, stage.min_months)
    p90 = max(stage.p90_months - months, p50)
    return stage._replace(p50_months=p50, p90_months=p90 if p50 > 0 else 0.0)


def _resimulated(plan: Simulation, stages: Mapping[str, Stage]) -> Simulation:
    """The same draws for changed stages: ids and groups are the same, so is the sequence."""
    return simulate(
        stages, plan.tranches, horizon_months=plan.horizon_months, draws=plan.draws, seed=plan.seed
    )


def _blended(plan: Simulation, views: Sequence[View], weight: float) -> Simulation:
    """The plan with its firm dates and odds moved towards the best outside view."""
    if not weight or not views or FIRM not in plan.tranches:
        return plan
    finish = {**plan.finish, ARRIVAL: blend_draws(plan.finish[ARRIVAL], views[0], weight)}
    inside = plan.p_success(FIRM)
    wanted = blend_success(inside, views[0].p_success, weight)
    last = plan.stages[ARRIVAL]
    lost = max(0.0, 1 - wanted / inside) if inside else 0.0
    stages = {**plan.stages, ARRIVAL: last._replace(p_fail=lost)}
    return replace(plan, stages=stages, finish=finish)
