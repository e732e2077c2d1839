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
from powerwall.criteria.water.basins.aqueduct import aware_m3eq, stress_weighted
from powerwall.criteria.water.basins.stress import WEIGHTS, aware_factors
from powerwall.criteria.water.comparison import compare_plants
from powerwall.criteria.water.indirect import indirect_of_site
from powerwall.criteria.water.limits import hours_of, within_cap
from powerwall.criteria.water.operation import Operation, given_parameters
from powerwall.criteria.water.rules.applied import LAYER
from powerwall.criteria.water.rules.wording import told
from powerwall.criteria.water.year import year_of
from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent

if TYPE_CHECKING:
    from powerwall.criteria.water.rules.applied import AppliedRules
    from powerwall.criteria.water.station import Station
    from powerwall.ranking.rank import Ranking
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
    shared = _at_site(region, site_id, cooling)
    request: Request = shared("request")
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
    applied: AppliedRules = shared("water_rules")
    for line in told(applied.of(site_id)):
        to.print(f"  – {line}", soft_wrap=True)
    for rule, answer in applied.information_at(site_id):
        may = "may concern this place: " if answer == "possible" else ""
        to.print(Text(f"  – {rule.rule_id}, information: {may}{rule.consequence} ({rule.source}, as of {rule.as_of or UNKNOWN})", style="dim"), soft_wrap=True)  # fmt: skip
    _print_indirect(shared, site_id, to)
    to.print(Text(f"  – {_LIMITS}", style="dim"), soft_wrap=True)
    to.print()


def _at_site(region: Region, site_id: str, cooling: str) -> Shared:
    return Shared(region.sites.loc[[site_id]], region.layers, replace(region.request, cooling=cooling))  # fmt: skip


def plant_records(ranking: Ranking, site_id: str) -> list[dict[str, Any]]:
    """Every plant at a site of a ranking of one region, for JSON; what is unknown is left out."""
    table = compare_plants(_at_site(ranking.regions[0], site_id, ranking.cooling_of(site_id)), site_id)  # fmt: skip
    return [
        {"plant": name} | {key: value if isinstance(value, bool) else round(float(value), 6) for key, value in row.items() if not pd.isna(value)}
        for name, row in table.iterrows()
    ]  # fmt: skip


def _print_plants(shared: Shared, site_id: str, cooling: str, to: Console) -> None:
    """One row a plant; the one that serves is marked, and those that no other beats in power and peak day."""
    cells = []
    for name, row in compare_plants(shared, site_id).iterrows():
        mark = "→ " if name == cooling else "  "
        extra = row["extra_mw_water_m3_per_mw"]
        cells.append([
            f"{mark}{name}{'*' if row['undominated'] else ''}", f"{row['pue']:.3f}", f"{row['pue_peak']:.3f}", f"{row['it_mw']:.1f}",
            *(_whole(row[c]) for c in ("annual_consumption_m3", "annual_makeup_m3", "max_day_makeup_m3", "max_day_discharge_m3", "scarcity_weighted_water_m3")),
            NOT_APPLICABLE if math.isnan(extra) else _whole(extra), percent(row["rule_margin_share"]).replace("-", "−"),
        ])  # fmt: skip
    to.print(fitting_table(_HEADS, cells, to.width))
    mw = shared("request").mw
    to.print(Text(f"  for {mw:g} MW of grid; → serves, * no other plant has both more IT power and a smaller peak day", style="dim"), soft_wrap=True)  # fmt: skip


def _whole(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:,.0f}"


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
    to.print(f"within {said}: {limited.it_mw:.1f} MW of IT, {abs(limited.lost_mw):.1f} MW {'less' if limited.lost_mw >= 0 else 'more'}; {beside} stands beside it and takes {percent(1 - limited.wet_share)} of the thirstiest day, both built", soft_wrap=True)  # fmt: skip


def _provider(region: Region, site_id: str) -> dict[Any, Any]:
    frame, own = region.layers.frame(LAYER), region.sites["water_area_id"].get(site_id)
    if frame is None or not isinstance(own, str):
        return {}
    rows = frame[frame["water_area_id"] == own].to_dict("records")
    return rows[0] if rows else {}


def _print_basin(shared: Shared, site_id: str, region: Region, to: Console) -> None:
    """Stress of the basin, and of the months in which the plant drinks; the provider."""
    row = shared("stress").loc[site_id]
    note = f"; {row['note']}" if isinstance(row["note"], str) and row["note"] else ""
    if isinstance(row["label"], str):
        flag = ", flagged as stressed" if row["flag"] is True else ""
        to.print(f"basin: {row['label']} ({row['annual_score']:.2g} of 5, {row['level']}){flag}, grade {row['grade']}, {row['source']}, {row['as_of']}{note}", soft_wrap=True)  # fmt: skip
    else:
        to.print(f"basin: stress unknown, {row['why']}{note}", soft_wrap=True)
    operation: Operation = shared("operation")
    weighted = stress_weighted(operation.months.to_numpy(), shared("stress")[list(WEIGHTS)].to_numpy())  # fmt: skip
    if weighted.mean[0] >= 0:  # NaN without consumption, or without any month known
        to.print(f"stress where and when {operation.plant} drinks: {weighted.mean[0]:.2f} of 1, known for {percent(weighted.coverage[0])} of its consumption", soft_wrap=True)  # fmt: skip
    factors = aware_factors(region.layers, row["row"])
    if factors is not None:
        total = float(aware_m3eq(operation.months.loc[site_id].to_numpy(), factors))
        to.print(f"second opinion, never added: {_whole(total)} m³ world-eq a year (AWARE)", soft_wrap=True)  # fmt: skip
    provider = _provider(region, site_id)
    if not provider:
        return
    parts = [str(provider.get("name"))]
    parts += [f"{lead}{provider[key]}" for key, lead in (("known_caps", ""), ("permit_trigger", "trigger: ")) if isinstance(provider.get(key), str)]  # fmt: skip
    reclaimed = provider.get("reclaimed_water")
    if isinstance(reclaimed, str):
        said = provider.get("reclaimed_note")
        parts.append(f"reclaimed water {reclaimed}" + (f" ({said})" if isinstance(said, str) else ""))  # fmt: skip
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
