"""Sheet: what each tranche of a plan costs, curtails and emits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.power.lead_time.stages import success
from powerwall.criteria.power.site.bridging import FIRM, delivers
from powerwall.criteria.power.site.emissions import (
    NOX_PPM,
    PermitFinding,
    co2_kt_per_year,
    engine_hours,
    fuel_usd_per_mwh,
    gas_mmbtu_per_day,
    nox_tons_per_year,
    permit_findings,
    permit_path,
)
from powerwall.criteria.power.site.flexible import AreaService, area_headroom, area_service
from powerwall.criteria.power.site.place import abroad, ozone_class
from powerwall.criteria.power.site.plan import SitePlan
from powerwall.criteria.power.site.services import Bridge, Service, units_needed

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

GAS_PRICE = Parameter(
    4.0, "USD/MMBtu", 2.5, 7.0, "assumed: delivered gas, until the region's own price is at hand"
)
SPARES = Parameter(
    1.0, "count", 0.0, 2.0, "assumed: one engine or turbine more than the load needs"
)
USUAL_LIMIT = Parameter(
    0.005, "share", 0.0025, 0.05, "assumed where no share is asked for: the limit at which the study of 22 areas states most"
)  # fmt: skip


class Sheet(NamedTuple):
    """Tranches of a plan, and what must be known of them.

    Attributes
    ----------
    table
        Index tranche; power, start, odds, energy, curtailment, money and emissions. None is not
        applicable, NaN is unknown.
    findings
        Thresholds, limits and bounds, one line each.
    """

    table: pd.DataFrame
    findings: tuple[str, ...]


def sheet(plan: SitePlan, layers: Layers) -> Sheet:
    """Describe every tranche of a plan.

    Parameters
    ----------
    plan
        Of one site.
    layers
        The region's; balancing areas and ozone classes are read from them.
    """
    if plan.simulation is None:
        return Sheet(pd.DataFrame(), ())
    foreign = abroad(plan.site)
    emitted = [] if foreign else permit_findings(_units(plan), ozone_class=ozone_class(plan.site, layers))  # fmt: skip
    together = "?" if foreign else permit_path(emitted)
    rows = {}
    if FIRM in plan.simulation.tranches:
        rows[FIRM] = {**_timing(plan, FIRM), "firm": "yes", **_no_plant(), "curtailed_h_per_year": 0.0, "events_per_year": 0.0,
                      "lost_share": 0.0, "permit": "connection agreement", "leaves": "stays"}  # fmt: skip
    for name, bridge in plan.bridges.items():
        rows[name] = {**_timing(plan, name), **_described(plan, bridge, together)}
    # object columns keep None, which is not applicable, apart from NaN, which is unknown
    table = pd.DataFrame(list(rows.values()), index=list(rows), dtype=object).rename_axis("tranche")
    return Sheet(table, tuple(_findings(plan, layers, emitted)))


def _units(plan: SitePlan) -> list[tuple[str, float]]:
    """Everything under common control on the site: it adds up before a threshold."""
    return [(bridge.service.id, bridge.mw) for bridge in plan.bridges.values()]


def _timing(plan: SitePlan, name: str) -> dict[str, Any]:
    simulation = plan.simulation
    assert simulation is not None  # noqa: S101 — the caller looked
    p10, p50, p90 = simulation.quantile_months(name, [0.1, 0.5, 0.9])
    mw = plan.bridges[name].mw if name in plan.bridges else simulation.tranches[name].mw
    return {
        "mw": mw, "start_p10_months": p10, "start_p50_months": p50, "start_p90_months": p90,
        "p_success": simulation.p_success(name), "mw_years": simulation.expected_mw_years(name),
    }  # fmt: skip


def _no_plant() -> dict[str, Any]:
    return dict.fromkeys(
        ("units", "heat_rate_mmbtu_per_mwh", "capex_musd", "fuel_usd_per_mwh", "energy_usd_per_mwh", "gas_mmbtu_per_day", "co2_kt_per_year", "nox_tons_per_year")
    )  # fmt: skip


def _described(plan: SitePlan, bridge: Bridge, together: str) -> dict[str, Any]:
    service, mw = bridge.service, bridge.mw
    share = service.firm_share.value if service.firm_share else math.nan
    words = {1.0: "yes", 0.0: "no"}.get(share, "in part")
    curtailed = _curtailment(plan, service)
    leaves = plan.simulation is not None and FIRM in plan.simulation.tranches and not bridge.keep
    return {
        "firm": "covers events" if service.duration_h else words,
        **_plant(service, mw), **curtailed, "permit": _path(service, together), "leaves": "with full firm power" if leaves else "stays",
    }  # fmt: skip


def _plant(service: Service, mw: float) -> dict[str, Any]:
    """Money and emissions of a plant at full power all year."""
    found, rate = _no_plant(), service.heat_rate_mmbtu_per_mwh
    if service.process_id.startswith("bridge_"):
        capex = service.capex_usd_per_kw
        found["capex_musd"] = mw * capex.value / 1000 if capex else math.nan
    if service.unit_size_mw:
        size = service.unit_size_mw.value
        found["units"] = f"{int(units_needed(mw, size, SPARES.value))} × {size:g} MW"
    if service.energy_cost_usd_per_mwh:
        found["energy_usd_per_mwh"] = service.energy_cost_usd_per_mwh.value
    if rate:
        found |= {
            "heat_rate_mmbtu_per_mwh": rate.value,
            "fuel_usd_per_mwh": float(fuel_usd_per_mwh(rate.value, GAS_PRICE.value)),
            "gas_mmbtu_per_day": float(gas_mmbtu_per_day(mw, rate.value)),
            "co2_kt_per_year": float(co2_kt_per_year(mw, rate.value)),
            "nox_tons_per_year": float(
                nox_tons_per_year(mw, rate.value, NOX_PPM[service.id].value)
            ),
        }
    return found


def _curtailment(plan: SitePlan, service: Service) -> dict[str, Any]:
    """Hours and events of a service that may be curtailed; none for the others."""
    names = ("curtailed_h_per_year", "events_per_year", "lost_share")
    if service.curtailed_h_per_year is None:
        firm = service.firm_share is not None and service.firm_share.value == 1
        nothing = 0.0 if firm else math.nan  # what is not firm is curtailed at hours nobody stated
        return dict.fromkeys(names, nothing if delivers(service) else None)
    area = curtailed_service(plan)
    own = service.firm_share is not None and service.firm_share.value == 1
    lost = 0.0 if own else area.limit_share * (1 - covered_share(plan, area))
    return dict(
        zip(names, (area.curtailed_h_per_year.value, area.events_per_year.value, lost), strict=True)
    )


def curtailed_service(plan: SitePlan) -> AreaService:
    """Curtailment at the share the request allows, else at the usual one."""
    return area_service(USUAL_LIMIT.value if plan.flexible_share is None else plan.flexible_share)


def covered_share(plan: SitePlan, area: AreaService) -> float:
    """Share of the curtailable power that storage carries through an event, at most. [share]

    Storage counts by its odds, given that the power it covers comes, and by the draws in which it
    is there first; an event longer than the mean one is not covered to its end, so this is an
    upper bound.
    """
    simulation = plan.simulation
    exposed = {n: b.mw for n, b in plan.bridges.items() if curtailable(b.service)}
    if simulation is None or not exposed:
        return 0.0
    first = np.minimum.reduce([simulation.months(name) for name in exposed])
    goals = [simulation.tranches[name].stage for name in exposed]
    comes = success(simulation.stages, *goals)

    def odds(name: str) -> float:
        together = success(simulation.stages, *goals, simulation.tranches[name].stage)
        return together / comes if comes else 0.0

    stored = sum(
        bridge.mw * odds(name) * float((simulation.months(name) <= first).mean())
        for name, bridge in plan.bridges.items()
        if bridge.service.duration_h and bridge.service.duration_h.value >= area.mean_event_h.value
    )
    return min(1.0, stored / sum(exposed.values()))


def curtailable(service: Service) -> bool:
    """Tell whether the load itself is curtailed under a service."""
    share = service.firm_share
    return delivers(service) and share is not None and share.value == 0 and service.curtailed_h_per_year is not None  # fmt: skip


def _path(service: Service, together: str) -> str:
    """Permit path: an air permit looks at the whole site, not at one plant."""
    if service.id in NOX_PPM or service.id == "flexible_own_backup":
        return together
    return "connection agreement" if delivers(service) else "local and fire-code permit"


def _findings(plan: SitePlan, layers: Layers, emitted: list[PermitFinding]) -> list[str]:
    found = [item.text for item in emitted]
    if emitted and ozone_class(plan.site, layers) is None:
        found.append("ozone designation of the county unknown (column ozone_class of jurisdictions): attainment thresholds shown, nonattainment ones are lower")  # fmt: skip
    services = [bridge.service for bridge in plan.bridges.values()]
    if any(service.id == "flexible_own_backup" for service in services):
        found.append(engine_hours(curtailed_service(plan).curtailed_h_per_year.value).text)
    if services and abroad(plan.site):
        found.append("the stages of the services beside the firm one describe the United States; no air-permit rules of this country are known here")  # fmt: skip
    if any(service.curtailed_h_per_year for service in services):
        found.append(_area_bound(plan, layers))
    if any(curtailable(service) for service in services):
        share = curtailed_service(plan).limit_share
        assumed = " (assumed: no --flex given)" if plan.flexible_share is None else ""
        found.append(f"up to {100 * share:g} % of the energy of the interim service is curtailed{assumed}; storage covers {100 * covered_share(plan, curtailed_service(plan)):.0f} % of it at most")  # fmt: skip
    kept = sum(b.mw for b in plan.bridges.values() if b.keep and delivers(b.service))
    if kept and plan.simulation is not None and FIRM in plan.simulation.tranches:
        found.append(f"{kept:g} MW are kept beside the whole firm service: more than the request")
    if any(service.heat_rate_mmbtu_per_mwh for service in services):
        found.append(f"gas at {GAS_PRICE.value:g} USD/MMBtu ({GAS_PRICE.low:g}–{GAS_PRICE.high:g}, assumed); CO2 (metric kt), NOx (US short tons) and gas at full power all year")  # fmt: skip
    return found


def _area_bound(plan: SitePlan, layers: Layers) -> str:
    """Curtailment-enabled headroom of the balancing area, an upper bound on all new load in it."""
    share = curtailed_service(plan).limit_share
    utilities = layers.frame("utilities")
    area = None
    if utilities is not None and "balancing_authority" in utilities:
        rows = utilities[utilities["utility_id"] == plan.row["utility_id"]]
        area = rows["balancing_authority"].iloc[0] if len(rows) else None
    if not isinstance(area, str):
        return "balancing area of the utility unknown: no curtailment-enabled headroom"
    headroom = area_headroom(area, share)
    words = f"new load of {area} that fits if {100 * share:g} % of its energy may be curtailed"
    if headroom.bound_mw is None:
        return f"{words}: ? ({headroom.why})"
    return f"{words}: ≤ {headroom.bound_mw.value:,.0f} MW for the whole area (area share; generation only, no network; {headroom.bound_mw.source})"  # fmt: skip
