"""Bridging: the stages of what stands beside the firm service, and what it is refused for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.power.lead_time.stages import Stage, success
from powerwall.criteria.power.outside import ONE_FIGURE_SIGMA
from powerwall.criteria.power.permit import after_permit, permit_part
from powerwall.criteria.power.process import Evidence, Processes
from powerwall.criteria.power.site.emissions import PermitFinding, permit_findings
from powerwall.criteria.power.site.services import Bridge, Service, service

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import PermitPath

FIRM, ARRIVAL, INTERIM = "firm_utility", "energised", "interim_nonfirm"
#: Air permit by what the site may emit: P50 and P90. [months]
AIR_PERMIT = {
    "minor": (
        Parameter(6, "months", 3.6, 10, "assumed: air permit of a minor source"),
        Parameter(10, "months", 6, 18, "assumed: air permit of a minor source"),
    ),
    "open": (
        Parameter(10, "months", 6, 24, "assumed: air permit whose class hangs on an enforceable limit"),
        Parameter(18, "months", 10, 36, "assumed: air permit whose class hangs on an enforceable limit"),
    ),
    "major": (
        Parameter(14, "months", 8.4, 24, "assumed: air permit of a major source, PSD"),
        Parameter(24, "months", 14, 36, "assumed: air permit of a major source, PSD"),
    ),
}  # fmt: skip
_SHARED = "shell"  # the one stage that all tranches of a site have in common


class Beside(NamedTuple):
    """What stands beside the firm service.

    Attributes
    ----------
    bridges
        Tranche → what it is, in the order in which they fill what is missing.
    stages, evidence
        Their stages, named `<tranche>.<stage>`, and where each duration comes from.
    notes
        What was refused, stretched or assumed.
    """

    bridges: dict[str, Bridge]
    stages: dict[str, Stage]
    evidence: dict[str, Evidence]
    notes: tuple[str, ...]


def beside(
    processes: Processes,
    row: Any,
    bridges: Sequence[Bridge],
    flexible_share: float | None,
    ozone_class: str | None,
    *,
    abroad: bool = False,
) -> Beside:
    """Stages of every bridge of a site.

    Parameters
    ----------
    processes, row
        Stage tables of the region, and the site's row of the plan.
    bridges, flexible_share
        What the user asks for; a share adds interim service for the rest of the request.
    ozone_class, abroad
        Class of the site's county, None is unknown; True for a site outside the United States.
    """
    notes: list[str] = []
    path = processes.path(str(row["permit"] or ""))
    chosen = _named(bridges, processes.request.mw, flexible_share)
    for name in [n for n, bridge in chosen.items() if _on_wires(bridge.service)]:
        why = _refused(chosen[name], row, processes)
        if abroad and not why:
            why = "no stage table of such a service outside the United States"
        if why:
            notes.append(f"no {name}: {why}")
            del chosen[name]
    units = [(bridge.service.id, bridge.mw) for bridge in chosen.values()]
    emitted = [] if abroad else permit_findings(units, ozone_class=ozone_class)
    stages: dict[str, Stage] = {}
    evidence: dict[str, Evidence] = {}
    for name, bridge in chosen.items():
        own, known = _stages_of(name, bridge, processes, emitted, path)
        if _on_wires(bridge.service):
            own = _on_the_same_wires(name, own, row)
        own = after_permit(own, path)
        stages |= {key: stage for key, stage in own.items() if key not in stages}
        evidence |= {key: value for key, value in known.items() if key not in evidence}
        notes += _stretched(name, bridge, processes)
        if not delivers(bridge.service) and bridge.service.duration_h is None:
            notes.append(f"{name}: no megawatt of it can be relied on round the clock, so it adds none here")  # fmt: skip
    if INTERIM in chosen:
        notes.append(
            "interim service stands or falls with the study and the agreement of the firm one, and is taken to go on where its works fail later"
        )
    if chosen and path is not None:
        stages |= permit_part(path)
        evidence |= {name: Evidence(*known) for name, known in path.known.items()}
        notes += [note for note in path.notes if note not in str(row["note"])]
    return Beside(chosen, stages, evidence, tuple(notes))


def delivers(service: Service) -> bool:
    """Tell whether a service adds megawatts a load can run on.

    Storage covers events of others; a service that is not firm counts only where it is known how
    often it is curtailed.
    """
    firm = service.firm_share is not None and service.firm_share.value > 0
    return service.duration_h is None and (firm or service.curtailed_h_per_year is not None)


def _on_wires(service: Service) -> bool:
    """Tell whether a service comes over the utility's wires."""
    return service.process_id == INTERIM


def _named(bridges: Sequence[Bridge], mw: float, flexible_share: float | None) -> dict[str, Bridge]:
    chosen: dict[str, Bridge] = {}
    for bridge in bridges:
        name = bridge.service.id
        same = sum(key.split("#")[0] == name for key in chosen)
        chosen[f"{name}#{same + 1}" if same else name] = bridge
    covered = sum(b.mw for b in bridges if delivers(b.service))
    if flexible_share is not None and INTERIM not in chosen and mw > covered:
        # last, so that what may be curtailed gives way first
        chosen[INTERIM] = Bridge(service(INTERIM), mw - covered, keep=False)
    return chosen


def _refused(bridge: Bridge, row: Any, processes: Processes) -> str:
    """Reason why the utility cannot give a service over its wires; empty if it can."""
    if isinstance(row["why"], str):
        return row["why"]
    _, most = processes.mw_range(bridge.service.process(bridge.mw))
    return f"its stages are meant for up to {most:g} MW" if bridge.mw > most else ""


def _stretched(name: str, bridge: Bridge, processes: Processes) -> list[str]:
    low, high = processes.mw_range(bridge.service.process(bridge.mw))
    if low <= bridge.mw <= high:
        return []
    return [f"{name}: its stages are meant for {low:g}–{high:g} MW: extrapolated"]


def _stages_of(
    name: str,
    bridge: Bridge,
    processes: Processes,
    emitted: list[PermitFinding],
    path: PermitPath | None,
) -> tuple[dict[str, Stage], dict[str, Evidence]]:
    """Stages of a bridge under its own names; the building shell is one for all."""
    own = bridge.service
    if own.lead_time_p50_months is not None:
        return _one_stage(name, own, path)
    network = processes.service(own.process(bridge.mw))

    def named(stage: str) -> str:
        return stage if stage == _SHARED else f"{name}.{stage}"

    stages = {
        named(key): stage._replace(preds=tuple(named(pred) for pred in stage.preds))
        for key, stage in network.stages.items()
    }
    evidence = {named(key): value for key, value in network.evidence.items()}
    _set_air_permit(named("air"), stages, evidence, emitted)
    _set_odds(named(ARRIVAL), own, stages)
    return stages, evidence


def _set_air_permit(
    key: str,
    stages: dict[str, Stage],
    evidence: dict[str, Evidence],
    emitted: list[PermitFinding],
) -> None:
    """Time of the air permit by the potential to emit of the whole site."""
    if key not in stages:
        return
    psd = [one for one in emitted if not one.threshold.startswith("Title V")]
    sure = any(one.low_tpy >= one.limit_tpy for one in psd)
    never = all(one.high_tpy < one.limit_tpy for one in psd)
    p50, p90 = AIR_PERMIT["major" if sure else "minor" if psd and never else "open"]
    stages[key] = stages[key]._replace(p50_months=p50.value, p90_months=p90.value)
    evidence[key] = evidence[key]._replace(basis="assumed", source=p50.source.removeprefix("assumed: "))  # fmt: skip


def _set_odds(goal: str, own: Service, stages: dict[str, Stage]) -> None:
    """Odds of the whole service, where its stages alone would promise more."""
    if own.p_success is None:
        return
    by_stages = success(stages, goal)
    lost = max(0.0, 1 - own.p_success.value / by_stages)
    stages[goal] = stages[goal]._replace(p_fail=lost)


def _one_stage(
    name: str, own: Service, path: PermitPath | None
) -> tuple[dict[str, Stage], dict[str, Evidence]]:
    """A service of which only a whole duration is known."""
    p50, p90 = own.lead_time_p50_months, own.lead_time_p90_months
    assert p50 is not None  # noqa: S101 — the caller looked
    late = p90.value if p90 else p50.value * math.exp(Z90 * ONE_FIGURE_SIGMA.value)
    odds = own.p_success.value if own.p_success else 1.0
    goal, whole = f"{name}.{ARRIVAL}", f"{name}.delivery"
    evidence = Evidence(own.title, "generic", "assumed" if p50.assumed else "trade", p50.source, "")
    # nobody says which part of it needs the permit of the site: it does not start without one
    there = Stage(0.0, 0.0, preds=(whole, *([] if path is None else [path.last])))
    return {whole: Stage(p50.value, late, group="supply", p_fail=1 - odds), goal: there}, {whole: evidence}  # fmt: skip


def _on_the_same_wires(name: str, stages: Mapping[str, Stage], row: Any) -> dict[str, Stage]:
    """Interim service: one utility studies both, and a pause of the place holds both."""
    found = dict(stages)
    goal = found[f"{name}.{ARRIVAL}"]
    # the study and the agreement fail once for both, and the odds of the service count from there
    shared = tuple(stage for stage in ("study", "agreement") if f"{name}.{stage}" in found)
    for stage in shared:
        found[f"{name}.{stage}"] = found[f"{name}.{stage}"]._replace(p_fail=0.0)
    floor = float(row["interim_floor_months"])
    preds = goal.preds
    if not math.isnan(floor) and floor > 0:
        found[f"{name}.floor"] = Stage(floor, floor, group="tso")
        preds = (*preds, f"{name}.floor")
    found[f"{name}.{ARRIVAL}"] = goal._replace(preds=preds, fails_with=shared)
    return found
