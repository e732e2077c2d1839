"""Operation: a plant's year at every site, for the request; run once a station and joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.basins.aqueduct import MONTHS
from powerwall.criteria.water.climate import FAR_KM, HIGH_M, SiteClimate
from powerwall.criteria.water.plants import PLANTS, base_plant, plant_parameters
from powerwall.criteria.water.station import CLIMATE, Station
from powerwall.criteria.water.year import LOAD_FACTOR, Year, drawn_year, year_of

if TYPE_CHECKING:
    from powerwall.region.request import Request

WARMER = Parameter(1.0, "K", 1.0, 1.0, "assumed: how far the weather of a distant station may be off")  # fmt: skip
MODEL_ERROR = Parameter(0.35, "share", 0.2, 0.35, "assumed: water of published tower sites lies up to a fifth beside the model, others farther")  # fmt: skip
_DRAWS = 128  # of a keyed Latin hypercube, enough for a 5–95 % range
_LOW, _HIGH = 0.05, 0.95
#: Volumes of a request: column → attribute of a year per MW of IT, and whether the load factor scales it.
_VOLUMES = {
    "annual_makeup_m3": True, "annual_consumption_m3": True, "annual_discharge_m3": True, "avg_day_makeup_m3": True,
    "max_month_makeup_m3": False, "max_day_makeup_m3": False, "max_day_consumption_m3": False, "max_day_discharge_m3": False,
    "design_day_makeup_m3": False,
}  # fmt: skip
_RATES = ("pue", "pue_peak", "wue_l_per_kwh", "consumption_l_per_kwh", "discharge_l_per_kwh", "wet_hours_share", "peak_factor")  # fmt: skip
#: Volume whose range is drawn → prefix of its two columns.
_RANGED = {"annual_consumption_m3": "annual", "max_day_makeup_m3": "day"}


@dataclass(frozen=True)
class Operation:
    """A plant at every site.

    Attributes
    ----------
    plant
        Its name.
    frame
        Index `site_id`; `it_mw` (IT power that the request's grid power carries on the peak hour),
        `pue pue_peak wue_l_per_kwh …`, the volumes of the request, their 5–95 % ranges
        (`pue_peak_low`, `annual_low`, `day_low` and the like), `why` where the climate is unknown.
    months
        Consumption by month at the load factor. Index `site_id`, columns `01` to `12` [m³]
    climate
        Which weather stands for each site.
    """

    plant: str
    frame: pd.DataFrame
    months: pd.DataFrame
    climate: SiteClimate

    @property
    def air_only(self) -> bool:
        """True for a plant that moves air and has no liquid loop."""
        return PLANTS[base_plant(self.plant)].cools_by == "air"

    def measure(self, column: str, low: str, high: str) -> pd.DataFrame:
        """A column as a measure, with its range, and where its weather comes from."""
        place, known = self.climate.frame, self.climate.stations
        codes = place["climate"].cat.codes.to_numpy()
        rows = [self._told(known[str(key)], far=str(key) in self.climate.far) for key in place["climate"].cat.categories]  # fmt: skip
        words = pd.DataFrame([*rows, dict.fromkeys(("source", "as_of", "status", "grade", "note"))])
        told = words.iloc[codes].set_axis(self.frame.index)  # -1, unknown, is the last row
        return told.assign(
            value=self.frame[column], low=self.frame[low], high=self.frame[high], layer=CLIMATE,
            row=place["station_id"].to_numpy(), why=self.frame["why"],
        )  # fmt: skip

    def _told(self, station: Station, *, far: bool) -> dict[str, object]:
        peak = "; peaks understated: no design pair" if station.understated else ""
        distant = f", over {FAR_KM.value:g} km or {HIGH_M.value:g} m of height away" if far else ""
        return {
            "source": station.source, "as_of": station.as_of, "status": "approximate" if far else "assumed",
            "grade": "D" if far else "C", "note": f"{self.plant} at {station.name}{distant}{peak}",
        }  # fmt: skip

    def peak_pue(self, site_id: str) -> Parameter | None:
        """Peak PUE of a site with its range and what it rests on; None where it is unknown."""
        row, key = self.frame.loc[site_id], self.climate.frame["climate"].loc[site_id]
        if np.isnan(row["pue_peak"]):
            return None
        source = f"{self.plant} at {self.climate.stations[str(key)].name}"
        return Parameter(float(row["pue_peak"]), "1", float(row["pue_peak_low"]), float(row["pue_peak_high"]), source)  # fmt: skip


def given_parameters(plant: str, request: Request) -> dict[str, Any]:
    """Parameters of the request that a plant has."""
    return {n: v for n, v in request.cooling_parameters.items() if n in plant_parameters(plant)}


def operate_sites(climate: SiteClimate, plant: str, request: Request, *, ranged: bool = True) -> Operation:  # fmt: skip
    """A plant at every site.

    Parameters
    ----------
    ranged
        Draw the ranges too; without them they are those of the modes.
    """
    keys = list(climate.stations)
    rows = {key: _row(climate.stations[key], plant, request, far=key in climate.far, ranged=ranged) for key in keys}  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*_columns(), *MONTHS], dtype=float)  # fmt: skip
    return join_sites(climate, plant, table)


def join_sites(climate: SiteClimate, plant: str, table: pd.DataFrame) -> Operation:
    """The rows of a plant at stations, by key, as those of the sites."""
    at = climate.frame["climate"].cat
    keys = np.append(
        table.index.get_indexer(at.categories), -1
    )  # of an unknown climate, the last row
    codes = keys[at.codes]

    def gathered(columns: list[str]) -> pd.DataFrame:
        numbers = np.vstack([table[columns].to_numpy(), np.full(len(columns), np.nan)])
        return pd.DataFrame(numbers[codes], index=climate.frame.index, columns=columns)

    frame = gathered(_columns())
    frame["why"] = climate.frame["why"].to_numpy()
    return Operation(plant, frame, gathered(list(MONTHS)), climate)


def _columns() -> list[str]:
    ends = [f"{name}_{end}" for name in ("pue_peak", *_RANGED.values()) for end in ("low", "high")]
    return [*_RATES, "it_mw", *_VOLUMES, *ends]


def _row(station: Station, plant: str, request: Request, *, far: bool, ranged: bool) -> dict[str, float]:  # fmt: skip
    """A plant at a station, for the grid power of the request."""
    given = given_parameters(plant, request)
    year = year_of(station, plant, given)
    it_mw = request.mw / float(year.pue_peak)
    row = {name: float(getattr(year, name)) for name in _RATES} | {"it_mw": it_mw}
    for name in _VOLUMES:
        row[name] = float(_volume(year, name, request))
    spread = _spread(year, drawn_year(station, plant, given, _DRAWS, request.seed) if ranged else year, request)  # fmt: skip
    row |= _widened(spread, [year_of(station.changed(by), plant, given) for by in (-WARMER.value, WARMER.value)], year, request) if far else spread  # fmt: skip
    months = np.asarray(year.month_consumption_m3) * it_mw * LOAD_FACTOR.value
    return row | dict(zip(MONTHS, months.tolist(), strict=True))


def _volume(year: Year, name: str, request: Request) -> Any:
    per_mw = getattr(year, name) * (LOAD_FACTOR.value if _VOLUMES[name] else 1.0)
    return per_mw * request.mw / year.pue_peak


def _spread(mode: Year, year: Year, request: Request) -> dict[str, float]:
    """5–95 % of the peak PUE and of the ranged volumes, these with the model's own error; the mode lies inside."""
    found = {"pue_peak": np.atleast_1d(year.pue_peak)}
    found |= {prefix: np.atleast_1d(_volume(year, name, request)) for name, prefix in _RANGED.items()}  # fmt: skip
    middle = {"pue_peak": float(mode.pue_peak)}
    middle |= {prefix: float(_volume(mode, name, request)) for name, prefix in _RANGED.items()}
    spread = {}
    for name, values in found.items():
        model = 0.0 if name == "pue_peak" else MODEL_ERROR.value * middle[name]
        below, above = (max(sign * (float(np.quantile(values, q)) - middle[name]), 0.0) for q, sign in ((_LOW, -1), (_HIGH, 1)))  # fmt: skip
        spread[f"{name}_low"] = max(middle[name] - float(np.hypot(below, model)), 0.0)
        spread[f"{name}_high"] = middle[name] + float(np.hypot(above, model))
    return spread


def _widened(spread: dict[str, float], moved: list[Year], mode: Year, request: Request) -> dict[str, float]:  # fmt: skip
    """The spread, by what a kelvin less or more changes."""
    shifts = {"pue_peak": [float(y.pue_peak - mode.pue_peak) for y in moved]}
    for name, prefix in _RANGED.items():
        shifts[prefix] = [float(_volume(y, name, request) - _volume(mode, name, request)) for y in moved]  # fmt: skip
    least = {"pue_peak": 1.0, "annual": 0.0, "day": 0.0}
    return {
        key: float(np.fmax(value + (min(*shifts[name], 0.0) if end == "low" else max(*shifts[name], 0.0)), least[name]))
        for key, value in spread.items() for name, end in [key.rsplit("_", 1)]
    }  # fmt: skip


def compared_plants(plant: str) -> list[str]:
    """Plants that a comparison shows: all, the thrifty and thirsty ends of evaporative ones, and the chosen."""
    names = [*PLANTS]
    at = names.index("direct-evaporative") + 1
    names[at:at] = ["evaporative-frugal", "evaporative-thirsty"]
    return names if plant in names else [*names, plant]


def candidates(*, rack_scale: bool) -> list[str]:
    """Plants that `auto` chooses from; racks that are cooled by liquid leave out those that move air only."""
    return [name for name, kind in PLANTS.items() if not rack_scale or kind.cools_by == "liquid"]  # fmt: skip
