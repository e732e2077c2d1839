"""Water: the cooling plants of a site beside one another, its basin, its rules, and the grid's water."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from powerwall.criteria.criterion import Shared
from powerwall.criteria.water.applied import LAYER, apply_rules
from powerwall.criteria.water.basins import stress_weighted
from powerwall.criteria.water.indirect import indirect_of_site
from powerwall.criteria.water.limits import hours_of, within_cap
from powerwall.criteria.water.operation import (
    MONTHS,
    Operation,
    compared_plants,
    given_parameters,
    operate_sites,
)
from powerwall.criteria.water.plants import PLANTS
from powerwall.criteria.water.triggers import binding, told
from powerwall.criteria.water.year import year_of
from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent

if TYPE_CHECKING:
    from powerwall.criteria.water.climate import Station
    from powerwall.region.read import Region
    from powerwall.region.request import Request

_HEADS = (
    Head("plant", right=False), Head("PUE", goes=5), Head("peak PUE", goes=4), Head("IT MW"), Head("consumed m³/yr", goes=2),
    Head("withdrawn m³/yr", goes=7), Head("peak day m³", goes=1), Head("sewer m³/d", goes=8), Head("scarcity m³/yr", goes=6),
    Head("m³/yr per extra MW", goes=9), Head("rule margin", goes=3),
)  # fmt: skip
_LIMITS = "typical year without a trend, full load; no part load, plume, glycol, leaks, heat reuse or construction water"


def print_water(region: Region, site_id: str, cooling: str, to: Console, gave_up: str = "") -> None:
    """Print what each plant would take at a site, and what that meets."""
    request = replace(region.request, cooling=cooling)
    shared = Shared(region.sites.loc[[site_id]], region.layers, request)
    to.print(Text("cooling and water", style="bold"))
    if gave_up:
        to.print(f"auto took {cooling}; given up: {gave_up}", soft_wrap=True)
    operation: Operation = shared("operation")
    why = operation.frame["why"].loc[site_id]
    if isinstance(why, str):
        to.print(f"{cooling}: unknown, {why}", soft_wrap=True)
    else:
        _print_plants(shared, site_id, cooling, to)
        _print_weather(operation, site_id, request, to)
        _print_cap(operation, site_id, region, request, to)
    _print_basin(shared, site_id, region, to)
    for line in told(shared("water_rules").of(site_id)):
        to.print(f"  – {line}", soft_wrap=True)
    _print_indirect(shared, site_id, to)
    to.print(Text(f"  – {_LIMITS}", style="dim"), soft_wrap=True)
    to.print()


def _print_plants(shared: Shared, site_id: str, cooling: str, to: Console) -> None:
    """One row a plant; the chosen one marked, and those that no other beats in both power and peak day."""
    request: Request = shared("request")
    plants = {name: operate_sites(shared("climate"), name, request, ranged=False) for name in compared_plants(cooling)}  # fmt: skip
    rows = {name: plant.frame.loc[site_id] for name, plant in plants.items()}
    dry = max((rows[name] for name in PLANTS if rows[name]["annual_makeup_m3"] == 0), key=lambda row: row["it_mw"], default=None)  # fmt: skip
    best = _undominated(rows)
    cells = []
    for name, plant in plants.items():
        hits = apply_rules(shared("sites"), shared("layers"), request, plant).of(site_id)
        bound = binding(hits)
        weighted = stress_weighted(plant.months.to_numpy(), shared("stress")[[f"s_{m}" for m in MONTHS]].to_numpy()).m3[0]  # fmt: skip
        mark = "→ " if name == cooling else "  "
        cells.append([f"{mark}{name}{'*' if name in best else ''}", *_cells(rows[name]), _whole(weighted), _extra(rows[name], dry), _margin(bound)])  # fmt: skip
    to.print(fitting_table(_HEADS, cells, to.width))
    to.print(Text(f"  for {request.mw:g} MW of grid; → serves, * no other plant has both more IT power and a smaller peak day", style="dim"), soft_wrap=True)  # fmt: skip


def _cells(row: Any) -> list[str]:
    return [
        f"{row['pue']:.3f}", f"{row['pue_peak']:.3f}", f"{row['it_mw']:.1f}", _whole(row["annual_consumption_m3"]), _whole(row["annual_makeup_m3"]),
        _whole(row["max_day_makeup_m3"]), _whole(row["max_day_discharge_m3"]),
    ]  # fmt: skip


def _extra(row: Any, dry: Any) -> str:
    """Water for each megawatt of IT more than the best dry plant carries."""
    if dry is None or row["annual_makeup_m3"] <= 0 or row["it_mw"] <= dry["it_mw"]:
        return NOT_APPLICABLE
    return _whole((row["annual_makeup_m3"] - dry["annual_makeup_m3"]) / (row["it_mw"] - dry["it_mw"]))  # fmt: skip


def _margin(bound: Any) -> str:
    return UNKNOWN if bound is None else percent(bound.margin_share)


def _whole(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:,.0f}"


def _undominated(rows: dict[str, Any]) -> set[str]:
    """Plants that no other beats in IT power and peak day together."""
    found = set()
    for name, row in rows.items():
        beaten = any(
            other["it_mw"] >= row["it_mw"] and other["max_day_makeup_m3"] <= row["max_day_makeup_m3"]
            and (other["it_mw"] > row["it_mw"] or other["max_day_makeup_m3"] < row["max_day_makeup_m3"])
            for other in rows.values()
        )  # fmt: skip
        found |= set() if beaten else {name}
    return found


def _print_weather(operation: Operation, site_id: str, request: Request, to: Console) -> None:
    """Station, warmer years and the design day."""
    place = operation.climate.frame.loc[site_id]
    station: Station = operation.climate.stations[str(place["climate"])]
    row = operation.frame.loc[site_id]
    far = " (a kelvin uncertain)" if str(place["climate"]) in operation.climate.far else ""
    doubt = ", its moisture is suspect" if station.quality == "moisture_suspect" else ""
    to.print(f"weather: {station.name}, {place['distance_km']:,.0f} km away{far}; {station.source or 'source not stated'}, {station.as_of or UNKNOWN}{doubt}", soft_wrap=True)  # fmt: skip
    given = given_parameters(operation.plant, request)
    now = year_of(station, operation.plant, given)
    words = []
    for kelvin in (1.0, 2.0):
        then = year_of(station.changed(kelvin), operation.plant, given)
        water = f", water {float(then.wue_l_per_kwh / now.wue_l_per_kwh - 1):+.0%}".replace("%", " %") if now.wue_l_per_kwh > 0 else ""  # fmt: skip
        words.append(f"{kelvin:+g} K: peak PUE {float(then.pue_peak - now.pue_peak):+.3f}{water}")
    spread = f"{row['pue_peak_low']:.3f} to {row['pue_peak_high']:.3f}"
    peak = "understated, no design pair is known" if station.understated else "with the design hours of the station"  # fmt: skip
    to.print(f"peak PUE {row['pue_peak']:.3f}, {spread} over the plant's parameters, {peak}; warmer years {'; '.join(words)}", soft_wrap=True)  # fmt: skip
    if row["max_day_makeup_m3"] > 0 and not math.isnan(row["design_day_makeup_m3"]):
        to.print(f"peak day {row['max_day_makeup_m3']:,.0f} m³ ({row['day_low']:,.0f} to {row['day_high']:,.0f}), {row['peak_factor']:.1f} times the mean one; 24 hours of the 0.4 % dry bulb {row['design_day_makeup_m3']:,.0f} m³", soft_wrap=True)  # fmt: skip


def _print_cap(operation: Operation, site_id: str, region: Region, request: Request, to: Console) -> None:  # fmt: skip
    """What a wet plant keeps of its power within the provider's caps, beside a dry one."""
    row = operation.frame.loc[site_id]
    provider = _provider(region, site_id)
    caps = {key: float(provider.get(key, math.nan)) for key in ("cap_m3_per_day", "sewer_cap_m3_per_day")}  # fmt: skip
    known = {key: cap for key, cap in caps.items() if not math.isnan(cap)}
    if not known or not row["max_day_makeup_m3"] > 0:
        return
    station = operation.climate.stations[str(operation.climate.frame["climate"].loc[site_id])]
    beside = "liquid-dry" if not operation.air_only else "air-chiller"
    wet, dry = (hours_of(station, name, given_parameters(name, request)) for name in (operation.plant, beside))  # fmt: skip
    limited = within_cap(wet, dry, request.mw, makeup_m3_per_day=caps["cap_m3_per_day"] if "cap_m3_per_day" in known else np.inf,
                         discharge_m3_per_day=caps["sewer_cap_m3_per_day"] if "sewer_cap_m3_per_day" in known else np.inf)  # fmt: skip
    said = " and ".join(f"{key.removesuffix('_m3_per_day').replace('_', ' ')} {cap:,.0f} m³/d" for key, cap in known.items())  # fmt: skip
    to.print(f"within {said}: {limited.it_mw:.1f} MW of IT, {limited.lost_mw:.1f} MW less; {beside} stands beside it and takes {percent(1 - limited.wet_share)} of the thirstiest day, both built", soft_wrap=True)  # fmt: skip


def _provider(region: Region, site_id: str) -> dict[Any, Any]:
    frame, own = region.layers.frame(LAYER), region.sites["water_area_id"].get(site_id)
    if frame is None or not isinstance(own, str):
        return {}
    rows = frame[frame["water_area_id"] == own].to_dict("records")
    return rows[0] if rows else {}


def _print_basin(shared: Shared, site_id: str, region: Region, to: Console) -> None:
    row = shared("stress").loc[site_id]
    if isinstance(row["label"], str):
        to.print(f"basin: {row['label']} ({row['annual_score']:.2g} of 5, {row['level']}), grade {row['grade']}, {row['source']}, {row['as_of']}", soft_wrap=True)  # fmt: skip
    else:
        to.print(f"basin: stress unknown, {row['why']}", soft_wrap=True)
    provider = _provider(region, site_id)
    if not provider:
        return
    parts = [str(provider.get("name"))]
    parts += [f"{lead}{provider[key]}" for key, lead in (("known_caps", ""), ("permit_trigger", "trigger: ")) if isinstance(provider.get(key), str)]  # fmt: skip
    reclaimed = provider.get("reclaimed_water")
    if isinstance(reclaimed, str):
        note = provider.get("reclaimed_note")
        parts.append(f"reclaimed water {reclaimed}" + (f" ({note})" if isinstance(note, str) else ""))  # fmt: skip
    to.print(f"provider: {'; '.join(parts)} ({provider.get('status') or UNKNOWN}, {provider.get('as_of') or UNKNOWN})", soft_wrap=True)  # fmt: skip


def _print_indirect(shared: Shared, site_id: str, to: Console) -> None:
    """Water of the power plants, apart: it lies in other basins."""
    operation: Operation = shared("operation")
    pue = operation.frame["pue"].loc[site_id]
    found = indirect_of_site(shared("sites"), shared("layers"), site_id, float(pue))
    if isinstance(found, str):
        to.print(f"grid's own water: unknown, {found}", soft_wrap=True)
        return
    without, with_hydro = found.l_per_kwh_without_hydro, found.l_per_kwh_with_hydro
    to.print(f"grid's own water, in other basins and in no score: {_rate(without)} L per kWh of IT without hydro, {_rate(with_hydro)} with it; {found.words}", soft_wrap=True)  # fmt: skip


def _rate(value: float) -> str:
    return UNKNOWN if pd.isna(value) else f"{value:.2f}"
