"""Comparison: every cooling plant at one site, beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.water.basins.aqueduct import stress_weighted
from powerwall.criteria.water.basins.stress import WEIGHTS
from powerwall.criteria.water.operation import Operation, compared_plants, operate_sites
from powerwall.criteria.water.plants import PLANTS
from powerwall.criteria.water.rules.applied import apply_rules
from powerwall.criteria.water.rules.triggers import binding

if TYPE_CHECKING:
    from powerwall.criteria.criterion import Shared

_TAKEN = ("pue", "pue_peak", "it_mw", "annual_consumption_m3", "annual_makeup_m3", "max_day_makeup_m3", "max_day_discharge_m3")  # fmt: skip


def compare_plants(shared: Shared, site_id: str) -> pd.DataFrame:
    """Plants at a site for the grid power of the request.

    Parameters
    ----------
    shared
        Of that site alone.

    Returns
    -------
    DataFrame
        Index plant; PUE, IT power [MW] and volumes [m³] of the operation, `scarcity_weighted_water_m3`,
        `extra_mw_water_m3_per_mw` (water of a year for each megawatt of IT more than the best dry plant
        carries; NaN where it carries none more), `rule_margin_share`, and `undominated`: no other
        plant has both more IT power and a smaller peak day.
    """
    plants = {name: operate_sites(shared("climate"), name, shared("request"), ranged=False) for name in compared_plants(shared("cooling"))}  # fmt: skip
    table = pd.DataFrame({name: one.frame.loc[site_id, list(_TAKEN)] for name, one in plants.items()}).T.astype(float)  # fmt: skip
    return table.assign(
        scarcity_weighted_water_m3=[_weighted(one, shared) for one in plants.values()],
        extra_mw_water_m3_per_mw=_extra(table),
        rule_margin_share=[_margin(one, shared, site_id) for one in plants.values()],
        undominated=_undominated(table["it_mw"].to_numpy(), table["max_day_makeup_m3"].to_numpy()),
    )


def _weighted(operation: Operation, shared: Shared) -> float:
    weights = shared("stress")[list(WEIGHTS)].to_numpy()
    return float(stress_weighted(operation.months.to_numpy(), weights).m3[0])


def _margin(operation: Operation, shared: Shared, site_id: str) -> float:
    hits = apply_rules(shared("sites"), shared("layers"), shared("request"), operation).of(site_id)
    bound = binding(hits)
    return float("nan") if bound is None else bound.margin_share


def _extra(table: pd.DataFrame) -> Any:
    """Water for each megawatt of IT beyond the best plant of the catalogue that takes none. [m³/yr per MW]"""
    dry = table.loc[[name for name in PLANTS if table["annual_makeup_m3"].loc[name] == 0], "it_mw"]
    more = table["it_mw"] - (dry.max() if len(dry) else np.nan)
    return (table["annual_makeup_m3"] / more).where((more > 0) & (table["annual_makeup_m3"] > 0))


def _undominated(it_mw: np.ndarray, day_m3: np.ndarray) -> np.ndarray:
    """Plants that no other beats in IT power and peak day together. Shape (plants,)"""
    as_good = (it_mw[:, None] >= it_mw) & (day_m3[:, None] <= day_m3)
    better = (it_mw[:, None] > it_mw) | (day_m3[:, None] < day_m3)
    return np.asarray(~(as_good & better).any(axis=0))
