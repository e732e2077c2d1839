"""Limits: a wet plant beside a dry one, where a day's water is capped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from powerwall.criteria.water.plants import SECONDS_PER_HOUR, run, values_of
from powerwall.criteria.water.year import PEAK_DAY_MARGIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powerwall.criteria.water.psychrometrics import Array
    from powerwall.criteria.water.station import Station

_STEPS, _TOLERANCE_MW = 20, 1e-4


class Hours(NamedTuple):
    """A plant on the days that may be the thirstiest, and on the design hours.

    Attributes
    ----------
    pue, makeup_l_per_kwh, discharge_l_per_kwh
        Shape (days, 24).
    design_pue
        Shape (design pairs,).
    """

    pue: Array
    makeup_l_per_kwh: Array
    discharge_l_per_kwh: Array
    design_pue: Array


class Limited(NamedTuple):
    """A wet plant beside a dry one, both built.

    Attributes
    ----------
    it_mw, lost_mw
        IT power that the grid power carries, and what unlimited water would add. [MW]
    wet_share
        Share of the load that the wet plant takes on the thirstiest day.
    """

    it_mw: float
    lost_mw: float
    wet_share: float


def hours_of(station: Station, plant: str, given: Mapping[str, Any] | None = None) -> Hours:
    """A plant's hours at a station; the days carry the margin of a typical year's peak day.

    Raises
    ------
    ValueError
        For an unknown plant or parameter.
    """
    flows = run(plant, station.air, values_of(plant, given))
    shape = station.t.shape
    power, evaporation, drift, blow = (np.broadcast_to(part, shape) for part in flows)
    margin = SECONDS_PER_HOUR * (1.0 if station.hourly else PEAK_DAY_MARGIN.value)
    makeup = margin * (evaporation + drift + blow)
    at = list(station.design.values())
    return Hours(power[station.days], makeup[station.days], (margin * blow)[station.days], power[at])  # fmt: skip


def within_cap(
    wet: Hours, dry: Hours, grid_mw: float, *, makeup_m3_per_day: float = np.inf, discharge_m3_per_day: float = np.inf
) -> Limited:  # fmt: skip
    """IT power under caps on a day's water: the tighter cap sets the wet share of each day.

    Parameters
    ----------
    wet, dry
        The same days of the same station.
    grid_mw
        [MW]
    makeup_m3_per_day, discharge_m3_per_day
        Caps of the supplier and of the sewer; infinite is none. [m³/day]

    Raises
    ------
    ValueError
        For a negative cap or power.

    Notes
    -----
    The load of a hybrid depends on its peak PUE, which depends on the wet share that the load
    leaves: solved as a fixed point.
    """
    if grid_mw < 0 or makeup_m3_per_day < 0 or discharge_m3_per_day < 0:
        raise ValueError("a cap or the grid power is negative")
    unlimited = grid_mw / _peak(wet, dry, np.ones(len(wet.pue)))
    it_mw, share = unlimited, np.ones(len(wet.pue))
    for _ in range(_STEPS):
        share = np.minimum(_share(wet.makeup_l_per_kwh, makeup_m3_per_day, it_mw), _share(wet.discharge_l_per_kwh, discharge_m3_per_day, it_mw))  # fmt: skip
        before, it_mw = it_mw, grid_mw / _peak(wet, dry, share)
        if abs(it_mw - before) < _TOLERANCE_MW:
            break
    return Limited(it_mw, unlimited - it_mw, float(share.min()))


def _share(litres_per_kwh: Array, cap_m3: float, it_mw: float) -> Array:
    """Share of each day's load that a cap allows; m³ are L/kWh × MW × h."""
    wanted = litres_per_kwh.sum(axis=1) * it_mw
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(wanted > cap_m3, cap_m3 / wanted, 1.0))


def _peak(wet: Hours, dry: Hours, share: Array) -> float:
    """Largest PUE of the mixture; the design hours come on the day that is least wet."""
    days = share[:, None] * wet.pue + (1 - share[:, None]) * dry.pue
    least = share.min()
    design = least * wet.design_pue + (1 - least) * dry.design_pue
    return float(max(days.max(), design.max(initial=0.0)))
