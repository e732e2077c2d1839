"""Validation: what operators report of their sites beside what the cooling plants make of their weather."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from powerwall.criteria.facts import fact_table
from powerwall.criteria.water.station import CLIMATE, Station, stations
from powerwall.criteria.water.year import year_of
from powerwall.output.numbers import NOT_APPLICABLE
from powerwall.region.read import read

_HEAD = """# Cooling plants beside published sites

Annual PUE and WUE that operators report, and those of the plants that may stand behind them, in the typical year of a station that a bundled region
carries. Parameters are at their shipped values for every row; which of them are `calibrated` stands in `cooling_plants.csv`. *Seen before* marks sites whose figures were known when a
parameter was chosen, which are no evidence for the model; *possibly* where a parameter of the plant (`evap_on_c`, `tower_cycles`) was chosen with published sites in view.

A report tells neither the plant nor the load, age and water quality of a site, and a typical year is not the year of the report. Three plants, frugal to
thirsty, span what evaporative sites do; towers are compared with and without an economiser.
"""
_TAIL = """
**Reading.** *PUE*: reported figures lie above the model nearly everywhere, by 0.05 for evaporative sites and by 0.09 to 0.15 for towers: a fleet holds old halls, part load and
spare units, the model is a new hall at full load. The one site below the model belongs to the operator whose figures set the preset, and still misses it by 0.02. *Water*: the evaporative
sites of Virginia lie inside the band from frugal to thirsty, near its middle; the band spans a factor of forty, so this shows that the model can be right, not that it is. The
towers of Texas agree to 0.1 L/kWh, with a station 400 km away; those of Arizona agree because they were seen before. The thirsty preset misses the same site by
0.4 L/kWh.

**Not compared.** Where no free weather file is carried there is no model figure; the reports are listed so that they are not chosen by their fit. The
warm-water site in Colorado reports less than towers alone would take, since a dry cooler carries half of its heat. Tokyo fits no single plant. Reports that stand here
with the average of a whole fleet in place of their own are left out.

The ranges that `explain` prints hold 35 % either way for the model itself.
"""


def validation_page(regions: Path = Path("regions")) -> str:
    """The page as Markdown; its stations are those of the region files in a folder."""
    known = _stations(regions)
    heads = ("site", "year", "reported PUE / WUE", "plant", "station", "model PUE / WUE", "WUE apart", "seen before")  # fmt: skip
    lines = [_line(list(heads)), "|" + " --- |" * len(heads)]
    for row in fact_table("published_sites").to_dict("records"):
        lines += _lines(row, known)
    return _HEAD + "\n" + "\n".join(lines) + "\n" + _TAIL


def _stations(folder: Path) -> dict[str, Station]:
    found: dict[str, Station] = {}
    for path in sorted(folder.glob("*.toml")):
        region = read(path)
        if CLIMATE in region.layers and not region.table.synthetic:
            found |= stations(region.layers)
    return found


def _lines(row: Any, known: dict[str, Station]) -> list[str]:
    """A line a plant, or one that says why there is no comparison."""
    lead = [f"{row['operator']}, {row['place']}", str(row["year"]), _pair(row["pue"], row["wue_l_per_kwh"])]  # fmt: skip
    plants = _text(row["plants"]).split(";") if _text(row["plants"]) else []
    station = known.get(_id(row["station_id"]))
    if station is None or not plants:
        why = "no free weather file is carried" if plants else _text(row["note"]) or "the plant is not known"  # fmt: skip
        return [_line([*lead, ", ".join(plants) or "?", NOT_APPLICABLE, why, NOT_APPLICABLE, str(row["seen_before"])])]  # fmt: skip
    lines = []
    for plant in plants:
        year = year_of(station, plant)
        wue, reported = float(year.wue_l_per_kwh), _number(row["wue_l_per_kwh"])
        apart = NOT_APPLICABLE if math.isnan(reported) else f"{wue - reported:+.2f}".replace("-", "−")  # fmt: skip
        lines.append(_line([*lead, plant, station.name, _pair(float(year.pue), wue), apart, str(row["seen_before"])]))  # fmt: skip
    return lines


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _pair(pue: Any, wue: Any) -> str:
    water = _number(wue)
    return f"{float(pue):.3f} / {NOT_APPLICABLE if math.isnan(water) else f'{water:.2f}'}"


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def _id(cell: Any) -> str:
    """An id, which a table of numbers holds as one."""
    number = _number(cell)
    return "" if math.isnan(number) else f"{number:.0f}"


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""
