"""Water: what the cooling plant of the request drinks, what it leaves of the grid's power, and which rule binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import P5_P95, Parameter, Scale, criterion, provides, unknown
from powerwall.criteria.water.basins.aqueduct import stress_weighted
from powerwall.criteria.water.basins.stress import WEIGHTS, stress_of_sites
from powerwall.criteria.water.climate import SiteClimate, site_climate
from powerwall.criteria.water.operation import Operation, operate_sites
from powerwall.criteria.water.rules.applied import LAYER, AppliedRules, apply_rules, rule_margin
from powerwall.criteria.water.station import CLIMATE, STATIONS
from powerwall.criteria.water.year import HOURS_PER_YEAR

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

REFERENCE_PUE = Parameter(
    1.2, "1", 1.1, 1.4, "assumed: turns breakpoints per kWh of IT into volumes of a request, the same at every site"
)  # fmt: skip
LEAST_COVERED = Parameter(
    0.5,
    "share",
    0.25,
    0.9,
    "assumed: months whose stress must be known, by what is consumed in them",
)
_NEEDS = {STATIONS: ("pressure_pa",), CLIMATE: ("record",)}
#: Value of a volume by the water per kWh of IT that it comes to.
_PER_KWH = [(0.0, 1.0), (0.2, 0.9), (0.4, 0.75), (1.8, 0.2), (2.75, 0.0)]
_PER_KWH_WHY = (
    "L/kWh of IT: nothing; the limit of Iowa HF 2001 (introduced 2026); that of the Climate Neutral Data Centre Pact 2022; the flat US factor of "
    "Siddik et al. 2021; above the highest published site"
)
_SHARE = [(0.0, 1.0), (0.1, 0.8), (0.5, 0.4), (1.0, 0.0)]
_SHARE_WHY = "assumed: a tenth of what is spare hurts nobody, all of it is the end"
_MODEL_ERROR = "5–95 % over the parameters of the plant, and 35 % for the model itself (assumed, after published sites)"
_STRESS_STEP = 0.1  # half a category of the Aqueduct score of 0–5, as a weight of 0–1


def _it_mw(request: Request) -> float:
    return request.mw / REFERENCE_PUE.value


@provides("climate")
def climate(sites: gpd.GeoDataFrame, layers: Layers) -> SiteClimate:
    """Which station's weather stands for each site."""
    return site_climate(sites, layers)


@provides("operation")
def operation(climate: SiteClimate, request: Request, cooling: str) -> Operation:
    """The plant of the request at every site."""
    return operate_sites(climate, cooling, request)


@provides("stress")
def stress(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """How stressed the basin of each site is, by month."""
    return stress_of_sites(sites, layers)


@provides("water_rules")
def water_rules(sites: gpd.GeoDataFrame, layers: Layers, request: Request, operation: Operation) -> AppliedRules:  # fmt: skip
    """The rules that hold at each site, against its plant."""
    return apply_rules(sites, layers, request, operation)


@criterion(
    unit="m³",
    value=_PER_KWH,
    why=_PER_KWH_WHY,
    scale=Scale("L/kWh", lambda request: _it_mw(request) * HOURS_PER_YEAR),
    needs=_NEEDS,
    weight=1.0,
    uncertainty=f"{_MODEL_ERROR}; half a category of stress either way where a state's score stands in",
    spread=P5_P95,
    grade="B",
)
def scarcity_weighted_water_m3(operation: Operation, stress: pd.DataFrame) -> pd.DataFrame:
    """Water that the basin loses in a year, each month weighted by its stress."""
    months, weights = operation.months.to_numpy(), stress[list(WEIGHTS)].to_numpy()
    measured = operation.measure("annual_consumption_m3", "annual_low", "annual_high")
    value, least, most = (measured[name].to_numpy() for name in ("value", "low", "high"))
    dry = most == 0
    state = stress["grade"].eq("D").to_numpy() & ~dry
    step = state[:, None] * _STRESS_STEP
    some = ~np.isnan(weights).all(axis=1)
    ends = []
    for end, shift, lost in ((least, -step, 0.0), (most, step, 1.0)):
        # a month without data may be free of stress, or all stress
        at = np.where(np.isnan(weights) & some[:, None], lost, np.clip(weights + shift, 0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = stress_weighted(months, at).m3 * end / value
        # what a typical year does not draw at all has no months: the mean of the year weighs it
        ends.append(np.where(end == 0, 0.0, np.where(value == 0, end * at.mean(axis=1), scaled)))
    weighted = stress_weighted(months, weights)
    thin = weighted.coverage < LEAST_COVERED.value
    few = f"stress is known for under {LEAST_COVERED.value:.0%} of what is consumed".replace("%", " %")  # fmt: skip
    why = measured["why"].where(measured["why"].notna(), np.where(thin, few, stress["why"]))
    return measured.assign(
        value=np.where(thin, np.nan, weighted.m3), low=ends[0], high=ends[1], why=why, note=_with_stress(measured["note"], stress),
        grade=np.where(state, "D", measured["grade"]), status=np.where(state, "approximate", measured["status"]),
    )  # fmt: skip


def _with_stress(notes: pd.Series, stress: pd.DataFrame) -> list[str]:
    """Notes with the label of the basin and what is special about it."""
    found = []
    for note, label, level, more in zip(notes, stress["label"], stress["level"], stress["note"], strict=True):  # fmt: skip
        parts = [note, f"stress {label}, {level}" if isinstance(label, str) else "", more]
        found.append("; ".join(part for part in parts if isinstance(part, str) and part))
    return found


@criterion(
    unit="m³/yr",
    value=_PER_KWH,
    why=_PER_KWH_WHY,
    scale=Scale("L/kWh", lambda request: _it_mw(request) * HOURS_PER_YEAR),
    needs=_NEEDS,
    uncertainty=_MODEL_ERROR,
    spread=P5_P95,
    grade="C",
)
def water_consumption_m3_per_year(operation: Operation) -> pd.DataFrame:
    """Water that the cooling plant takes from the basin for good in a typical year."""
    return operation.measure("annual_consumption_m3", "annual_low", "annual_high")


@criterion(
    unit="m³",
    value=_PER_KWH,
    why=_PER_KWH_WHY,
    scale=Scale("L/kWh", lambda request: _it_mw(request) * 24),
    needs=_NEEDS,
    uncertainty=_MODEL_ERROR,
    spread=P5_P95,
    grade="C",
)
def peak_day_water_m3(operation: Operation) -> pd.DataFrame:
    """Make-up water of the thirstiest day, at full load."""
    return operation.measure("max_day_makeup_m3", "day_low", "day_high")


@criterion(
    unit="share",
    value=[(0.0, 0.0), (0.5, 0.6), (1.0, 1.0)],
    why="assumed: at the limit nothing is earned; half of it left is fair; a plant that draws nothing earns all",
    uncertainty="that of the plant's water; a rule that may hold here opens the low end",
    spread=P5_P95,
    grade="B",
)
def water_rule_margin_share(water_rules: AppliedRules, operation: Operation) -> pd.DataFrame:
    """What the binding cap or prohibition leaves, 1 − x/limit: 0 at the limit, negative over it."""
    seen: dict[int, dict[str, object]] = {}
    codes = water_rules.codes.to_numpy()
    for at, code in enumerate(codes):
        if code not in seen:
            seen[code] = rule_margin(water_rules.hits[code], operation.frame.iloc[at])
    return pd.DataFrame([seen[code] for code in codes], index=operation.frame.index)


def _share_of(operation: Operation, sites: gpd.GeoDataFrame, layers: Layers, volume: str, spare: str) -> pd.DataFrame:  # fmt: skip
    """A day's volume over what the provider has spare; nothing drawn is no share of anything."""
    frame = layers[LAYER].frame
    rows = frame.set_index("water_area_id").reindex(sites["water_area_id"]).set_index(sites.index)
    left = rows[spare].to_numpy(dtype=float)
    measured = operation.measure(volume, "day_low", "day_high")
    value = measured["value"].to_numpy()
    drawn = operation.frame["max_day_makeup_m3"].to_numpy()
    ends = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(left >= 0, 1 / left, np.nan)  # infinite where nothing is spare
        for end in ("low", "high"):  # the sewer's share of a day is that of the day itself
            day = measured[end].to_numpy()
            ends[end] = _times(np.where(drawn > 0, value * day / drawn, day), scale)
    why = measured["why"].where(measured["why"].notna(), f"{spare.replace('_', ' ')} is not known here")  # fmt: skip
    text = {name: rows.get(name) for name in ("as_of", "status")}
    return measured.assign(value=_times(value, scale), **ends, why=why, layer=LAYER, row=sites["water_area_id"], source=rows.get("source_title"), **text)  # fmt: skip


_NOTHING_SPARE = 1000.0  # share that stands for water drawn where nothing is spare


def _times(volume: np.ndarray, scale: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # nothing drawn where nothing is spare
        return np.where(volume == 0, 0.0, np.minimum(volume * scale, _NOTHING_SPARE))


@criterion(
    unit="share", value=_SHARE, why=_SHARE_WHY, needs={**_NEEDS, LAYER: ("spare_m3_per_day",)}, uncertainty=_MODEL_ERROR, spread=P5_P95, grade="C",
)  # fmt: skip
def peak_day_share(operation: Operation, sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Thirstiest day over the provider's spare peak-day capacity."""
    return _share_of(operation, sites, layers, "max_day_makeup_m3", "spare_m3_per_day")


@criterion(
    unit="share", value=_SHARE, why=_SHARE_WHY, needs={**_NEEDS, LAYER: ("sewer_spare_m3_per_day",)}, uncertainty=_MODEL_ERROR, spread=P5_P95, grade="C",
)  # fmt: skip
def sewer_share(operation: Operation, sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Largest day's discharge over the sewer's spare capacity."""
    return _share_of(operation, sites, layers, "max_day_discharge_m3", "sewer_spare_m3_per_day")


@criterion(
    unit="0–5",
    value=[(1.0, 1.0), (4.0, 0.0)],
    why="Aqueduct 4.0 categories (Kuzma et al. 2023): under 1 is low, from 4 extremely high; linear between",
    uncertainty="a state's value stands for its basins: half a category either way (assumed)",
    grade="B",
)
def baseline_water_stress_score(stress: pd.DataFrame) -> pd.DataFrame:
    """Baseline water stress of the basin, Aqueduct score, whatever the plant draws."""
    if stress["annual_score"].isna().all():
        return unknown(stress.index, stress["why"])
    return pd.DataFrame({
        "value": stress["annual_score"], "low": stress["annual_low"], "high": stress["annual_high"],
        **{name: stress[name] for name in ("layer", "row", "source", "as_of", "status", "why")},
        "grade": stress["grade"].replace("C", "B"),  # a year that stands for its months is the year itself here
        "note": [f"{label}, {level}" if isinstance(label, str) else "" for label, level in zip(stress["label"], stress["level"], strict=True)],
    }, index=stress.index)  # fmt: skip
