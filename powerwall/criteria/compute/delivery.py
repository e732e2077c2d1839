"""Delivery: what the megawatts of a plan compute by when, and which constraint binds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.compute.constraint import least_of, lost_mw, shares
from powerwall.criteria.compute.hardware import (
    DEFAULT_ACCELERATOR,
    Accelerator,
    accelerator,
    default,
    rack_scale,
    training_ladder,
)
from powerwall.criteria.compute.yields import (
    IMPRACTICAL_DAYS,
    SECONDS_PER_YEAR,
    curtailment_factor,
    days_to_train,
    flop_per_s_per_it_mw,
    sustained,
)
from powerwall.criteria.criterion import Parameter
from powerwall.criteria.power.lead_time.simulation import (
    Simulation,
    together,
    weighted_quantiles,
)
from powerwall.criteria.power.site.plan import quarters
from powerwall.criteria.power.site.sheet import covered_share, curtailable, curtailed_service
from powerwall.region.dates import months_between, parse_span

if TYPE_CHECKING:
    from powerwall.criteria.power.site.plan import SitePlan
    from powerwall.criteria.water.operation import Operation
    from powerwall.region.request import Request

RESTART = Parameter(
    0.5, "h", 0.1, 2.0, "assumed: time to reload a checkpoint and ramp up after an event"
)
YEAR = 12.0
_NO_MW, _SAME_DAY = 1e-9, 1e-9
#: Constraint → key of the request that would say it by date.
_DECLARED = {"power": "contracted_mw", "cooling": "heat_rejection_mw", "accelerators": "deliveries"}


class Delivery(NamedTuple):
    """Compute by date.

    Attributes
    ----------
    table
        Index months, one row a year: delivered power, accelerators, sustained FLOP/s of the
        median case, expected FLOP so far, days of each rung of the ladder (`days_<run>`).
    by_quarter
        Index months: odds that each constraint binds, with `none` and `joint`; a row adds to 1.
    lost
        Constraint → expected FLOP by the horizon that releasing it alone would add.
    words, notes
        What it rests on.
    """

    table: pd.DataFrame
    by_quarter: pd.DataFrame
    lost: Mapping[str, float]
    words: str
    notes: tuple[str, ...]

    @property
    def binding(self) -> pd.DataFrame:
        """Odds at the end of each year."""
        return self.by_quarter.loc[[m for m in self.by_quarter.index if m % YEAR == 0]]


@dataclass(frozen=True)
class _Site:
    """What turns the megawatts of one plan into FLOP."""

    plan: SitePlan
    simulation: Simulation
    hardware: Accelerator
    precision: str
    pue: Parameter
    mfu: Parameter
    goodput: Parameter
    overhead: Parameter
    software_target: float
    air_only: str = ""

    @property
    def software(self) -> float:
        return self.mfu.value * self.goodput.value

    @property
    def need_it_mw(self) -> float:
        return self.plan.request.mw / self.pue.value

    @property
    def flop_per_s_per_it_mw(self) -> float:
        return flop_per_s_per_it_mw(
            self.hardware.kw_it.value, self.hardware.peak(self.precision).value,
            self.mfu.value, self.goodput.value, self.overhead.value,
        )  # fmt: skip


def deliver(
    plan: SitePlan,
    precision: str = "bf16",
    *,
    mfu: float | None = None,
    goodput: float | None = None,
    operation: Operation | None = None,
) -> Delivery:
    """What a plan computes, and what binds.

    Parameters
    ----------
    plan
        Of one site; it must have a simulation.
    precision
        `bf16`, `fp8` or `fp4`; never mixed in one column.
    mfu, goodput
        What the software of the request reaches; silent is the default of the precision, which is
        also what software could reach. [share]
    operation
        The cooling plant at the site, for its peak PUE; the default PUE where it knows none.

    Raises
    ------
    ValueError
        For an unknown accelerator, one without a dense peak in that precision, or a plan without
        a date.
    """
    request = plan.request
    if plan.simulation is None:
        raise ValueError("no tranche of the plan has a date")
    hardware = accelerator(request.accelerator or DEFAULT_ACCELERATOR)
    hardware.peak(precision)
    target = default(f"mfu_{precision}").value * default("goodput").value
    pue = (operation.peak_pue(plan.site_id) if operation else None) or default("pue")
    site = _Site(
        plan, plan.simulation, hardware, precision, pue, _given(f"mfu_{precision}", mfu), _given("goodput", goodput),
        default("overhead_share"), target, operation.plant if operation and operation.air_only else "",
    )  # fmt: skip
    ends = quarters(plan.until_months)
    parts = []
    for capacity, _, share in _capacities(site, ends):
        bound = shares(
            capacity, software=site.software, software_target=max(target, site.software), need_it_mw=site.need_it_mw
        )  # fmt: skip
        parts.append(share * pd.DataFrame(bound))
    by_quarter = sum(parts[1:], parts[0]).set_index(pd.Index(ends, name="months"))
    table, lost = _by_year(site)
    return Delivery(table, by_quarter, lost, _words(site), tuple(_notes(site, lost)))


def _given(quantity: str, value: float | None) -> Parameter:
    known = default(quantity)
    return known if value is None else Parameter(value, known.unit, value, value, "of the request")


def _capacities(
    site: _Site, months: np.ndarray
) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, float]]:
    """IT power each constraint allows, goodput left by curtailment, and odds, outcome by outcome.

    [MW] and [share], shape (draws, months); curtailment takes goodput, never accelerators.
    """
    plan, request, simulation = site.plan, site.plan.request, site.simulation
    declared = {}
    if request.heat_rejection_mw:
        declared["cooling"] = _amount(request, request.heat_rejection_mw, months)
    if request.deliveries:
        kw = site.hardware.kw_it.value / (1 - site.overhead.value)
        declared["accelerators"] = _amount(request, request.deliveries, months) * kw / 1000
    generating = {n for n, b in plan.bridges.items() if b.service.process_id.startswith("bridge_")}
    weak = {n for n, b in plan.bridges.items() if curtailable(b.service)}
    factor = _factor(plan) if weak else 1.0
    for by_tranche, share in simulation.by_outcome(months):
        wires = together(by_tranche)
        found = {"interconnection": wires / site.pue.value}
        if request.contracted_mw:
            own = sum((by_tranche[name] for name in generating), start=np.zeros_like(wires))
            contracted = _amount(request, request.contracted_mw, months)
            found["power"] = (own + contracted) / site.pue.value
        found |= {k: np.broadcast_to(v, wires.shape) for k, v in declared.items()}
        exposed = sum((by_tranche[name] for name in weak), start=np.zeros_like(wires))
        goodput = 1 - (1 - factor) * exposed / np.maximum(wires, _NO_MW)
        yield found, goodput, share


def _factor(plan: SitePlan) -> float:
    area = curtailed_service(plan)
    open_share = 1 - covered_share(plan, area)
    events = area.events_per_year.value * open_share
    return float(curtailment_factor(area.limit_share * open_share, events, RESTART.value))


def _amount(request: Request, by_month: Mapping[str, float], months: np.ndarray) -> np.ndarray:
    """A cumulative amount of the request at some months; 0 before its first date."""
    at = [months_between(request.as_of, parse_span(day).first) for day in by_month]
    amounts = np.array([0.0, *by_month.values()])
    return amounts[np.searchsorted(np.array(at), months, side="right")]


def _by_year(site: _Site) -> tuple[pd.DataFrame, dict[str, float]]:
    """Compute at the end of each year, and the FLOP each constraint costs by the horizon."""
    plan, simulation = site.plan, site.simulation
    years = np.append(np.arange(YEAR, plan.until_months - 1e-9, YEAR), plan.until_months)
    reached, lost = _flop(site, years)
    here = [(least_of(k), goodput, share) for k, goodput, share in _capacities(site, years)]
    weight = np.concatenate([np.full(len(mw), share / len(mw)) for mw, _, share in here])
    (middle,) = weighted_quantiles(np.concatenate([mw for mw, _, _ in here]), weight, [0.5])
    useful = sum(share * (mw * goodput).mean(axis=0) for mw, goodput, share in here)
    possible = sum(share * mw.mean(axis=0) for mw, _, share in here)
    left = np.where(possible > 0, useful / np.maximum(possible, _NO_MW), 1.0)
    total, odds = simulation.mw_at(years)
    bands = weighted_quantiles(total, odds, (0.1, 0.5, 0.9))
    rows = {}
    for number, months in enumerate(years.tolist()):
        made = sustained(
            middle[number] * site.pue.value, pue_peak=site.pue.value, kw_it_per_accelerator=site.hardware.kw_it.value,
            peak_flop_per_s=site.hardware.peak(site.precision).value, mfu=site.mfu.value,
            goodput=site.goodput.value * min(float(left[number]), 1.0), overhead_share=site.overhead.value,
        )  # fmt: skip
        rows[months] = {
            **dict(zip(("p10_mw", "p50_mw", "p90_mw"), bands[:, number].tolist(), strict=True)), "expected_mw": float(odds @ total[:, number]),
            "accelerators": float(made.accelerators), "sustained_flop_per_s": float(made.sustained_flop_per_s),
            "flop_so_far": float(reached[number]),
            **{f"days_{run}": float(days_to_train(c, made.sustained_flop_per_s)) for run, c in training_ladder().items()},
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("months"), lost


def _flop(site: _Site, years: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Expected FLOP by the end of each year, and by the horizon what each constraint costs.

    Power changes only where a block arrives, a declared amount grows or a year ends: between
    those days the integral is exact.
    """
    simulation, request = site.simulation, site.plan.request
    declared = [
        months_between(request.as_of, parse_span(day).first)
        for key in _DECLARED.values()
        for day in getattr(request, key)
    ]
    fixed = np.array([0.0, *declared, *years])
    moving = simulation.breaks()
    edges = np.concatenate([moving, np.broadcast_to(fixed, (len(moving), len(fixed)))], axis=1)
    edges = np.sort(np.clip(edges, 0.0, years[-1]), axis=1)
    starts, spans = edges[:, :-1], np.diff(edges, axis=1) / 12
    scale = site.flop_per_s_per_it_mw * SECONDS_PER_YEAR
    reached, lost = np.zeros(len(years)), dict.fromkeys(_limits(site), 0.0)
    before = starts[:, :, None] < years - _SAME_DAY
    for capacity, goodput, share in _capacities(site, starts):
        useful = goodput * spans * share * scale / len(starts)
        reached += np.einsum("ds,dsy->y", least_of(capacity) * useful, before)
        for name, mw in lost_mw(capacity, site.need_it_mw).items():
            lost[name] += float((mw * useful).sum())
    lost["software"] = max(0.0, site.software_target / site.software - 1) * float(reached[-1])
    return reached, lost


def _limits(site: _Site) -> list[str]:
    """Constraints that the request states."""
    declared = [name for name, key in _DECLARED.items() if getattr(site.plan.request, key)]
    return ["interconnection", *declared]


def _words(site: _Site) -> str:
    chosen = "" if site.plan.request.accelerator else " (assumed)"
    return (
        f"{site.hardware.id}{chosen}, dense {site.precision}, MFU {site.mfu.value:g}, goodput {site.goodput.value:g}, "
        f"{site.hardware.kw_it.value:g} kW IT each, {_pue_words(site.pue)}"
    )


def _pue_words(pue: Parameter) -> str:
    if pue == default("pue"):
        return f"PUE {pue.value:g} (assumed: no climate is known here)"
    spread = f", {pue.low:.3g} to {pue.high:.3g}" if pue.low and pue.high else ""
    return f"PUE {pue.value:.3f} on the peak hour{spread} ({pue.source})"


def _notes(site: _Site, lost: Mapping[str, float]) -> list[str]:
    plan, request = site.plan, site.plan.request
    found = [f"accelerators, FLOP/s and days are those of the median case, the FLOP so far an expectation; a run over {IMPRACTICAL_DAYS.value:g} days is marked !"]  # fmt: skip
    missing = [f"{name} ({key})" for name, key in _DECLARED.items() if not getattr(request, key)]
    if missing:
        found.append(f"not in the request by date, so no constraint here: {', '.join(missing)}")
    if any(curtailable(b.service) for b in plan.bridges.values()):
        found.append(f"curtailed power keeps {_factor(plan):.1%} of its goodput: lost energy, and {RESTART.value:g} h a restart (assumed)".replace("%", " %"))  # fmt: skip
    if site.air_only and rack_scale(site.hardware.id):
        found.append(f"cooling `{site.air_only}` moves air only; racks of {site.hardware.id} are cooled by liquid: it cannot host them, whatever the MW")  # fmt: skip
    if site.precision != "bf16":
        same = site.software * site.hardware.peak(site.precision).value / site.hardware.peaks["bf16"].value if "bf16" in site.hardware.peaks else math.nan  # fmt: skip
        found.append(f"in BF16 terms this is an MFU times goodput of {same:.2f}")
    if len([name for name, flop in lost.items() if flop > 0]) > 1:
        words = ", ".join(f"{name} {flop:.2g}".replace("e+", "e") for name, flop in lost.items())
        found.append(f"FLOP that releasing one constraint alone would add by the horizon (they do not add up): {words}")  # fmt: skip
    return found
