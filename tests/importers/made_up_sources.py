"""A small synthetic file of every source that is read, in an order that is not that of its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_up_weather
import pandas as pd
from conftest import write_csv
from layer_import import write_book
from made_up_features import write_features

Cells = dict[str, Any]


def square(west: float, south: float = 38.5, side: float = 0.1) -> Cells:
    east, north = west + side, south + side
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}  # fmt: skip


def track(west: float, south: float = 38.5) -> Cells:
    return {"type": "LineString", "coordinates": [[west, south], [west + 0.1, south + 0.1]]}


def point(lon: float, lat: float = 38.5) -> Cells:
    return {"type": "Point", "coordinates": [lon, lat]}


#: Source of features → shape, the cells that all its rows share, and those of each.
FEATURES: dict[str, tuple[Callable[[float], Cells], Cells, list[Cells]]] = {
    "hifld-lines": (track, {"VOLTAGE": 230.0, "VOLT_CLASS": "220-287", "STATUS": "IN SERVICE"}, [{"ID": "20"}, {"ID": "3"}, {"ID": "1"}]),
    "hifld-substations": (point, {"NAME": "Ash", "TYPE": "SUBSTATION", "STATUS": "IN SERVICE", "MAX_VOLT": 230.0, "MIN_VOLT": 69.0}, [{"ID": "20"}, {"ID": "3"}, {"ID": "1"}]),
    "hifld-territories": (square, {"NAME": "Made-up Power", "STATE": "KS"}, [{"ID": "20"}, {"ID": "3"}, {"ID": "1"}]),
    "osm-power": (square, {"power": "substation", "voltage": "230000;115000"}, [{"@id": "way/20"}, {"@id": "way/3"}, {"@id": "way/1"}]),
    "aqueduct": (square, {"pfaf_id": 742801, "bws_raw": 0.2, "bws_score": 2.0, "bws_cat": 2}, [{"string_id": "c"}, {"string_id": "a"}, {"string_id": "b"}]),
    "water-areas": (square, {"state": "KS"}, [{"WSA_NAME": "Synthetic C"}, {"WSA_NAME": "Synthetic A"}, {"WSA_NAME": "Synthetic B"}]),
    "im3-atlas": (square, {"state_abb": "KS", "county": "One", "sqft": 1000.0}, [{"type": "campus"}, {"type": "building"}, {"type": "building"}]),
    "census-counties": (square, {"LSAD": "06"}, [{"GEOID": "20005", "NAME": "C"}, {"GEOID": "20001", "NAME": "A"}, {"GEOID": "20003", "NAME": "B"}]),
}  # fmt: skip

_QUEUE = {"q_status": "active", "q_date": "1/2/2020", "entity": "PJM", "county": "One", "state": "KS", "mw1": "100", "type_clean": "Solar"}  # fmt: skip
_POSTED = {"Queue Date": "2020-01-30", "Status": "Active", "Generation Type": "Solar", "Capacity (MW)": "90.0", "Summer Capacity (MW)": "90",
           "Z": "C", "S": "11", "SGIA Tender Date": "", "County": "One", "State": "NY"}  # fmt: skip
_TEC = {"Project Name": "Synthetic", "Connection Site": "Ash 400kV", "Stage": "1", "Cumulative Total Capacity (MW)": "100", "MW Effective From": "03/04/2031",
        "Project Status": "Scoping", "Plant Type": "Demand"}  # fmt: skip
_RISK = {"COUNTY": "Autauga", "RISK_SCORE": "50.5", "RISK_RATNG": "Relatively Low", "RFLD_EALT": "100", "RFLD_RISKS": "33.1", "RFLD_RISKR": "Very Low"}  # fmt: skip
_PLANT = {"plant_name": "Synthetic", "state": "KS", "latitude": "38.5", "longitude": "-99.0", "total_capacity_mw": "1,200.5", "status": "operating"}  # fmt: skip
_ACT = {"jurisdiction": "One", "jurisdiction_type": "County", "state_abbrev": "KS", "date_enacted": "2026-03-01", "date_enacted_iso": "2026-03-01",
        "date_enacted_uncertainty": "exact", "duration": "12 months", "enacted_status": "active", "current_status": "Active as of 2026-04-29",
        "sectors": '["data_center"]'}  # fmt: skip
_LEVEL = {"State": "Kansas", "Feature Type": "Sound", "Value Type": "dBA", "Value": "55/50/45", "Comment": ""}  # fmt: skip
_WORK = {"Description": "Synthetic", "Voltage": "345/138", "Status": "IS", "Transmission Owner": "AEP", "State": "OH", "Initial TEAC Date": "1/1/2020",
         "Actual In Service Date": "1/1/2022"}  # fmt: skip
_NODE = {"@type": "way", "@lat": 38.5, "@lon": -99.0, "name": "Ash", "voltage": "110000"}
_STATION = {"NAME": "Ash", "MAX_VOLT": 230, "MIN_VOLT": 69, "LONGITUDE": -99.0, "LATITUDE": 38.5, "TYPE": "SUBSTATION"}  # fmt: skip
_CENTRE = {"state_abb": "KS", "sqft": "10", "lon": "-99.0", "lat": "38.5", "type": "building"}

#: Source of tables → the cells that all its rows share, and those of each.
TABLES: dict[str, tuple[Cells, list[Cells]]] = {
    "lbnl-queue": (_QUEUE, [{"q_id": "20"}, {"q_id": "03"}, {"q_id": "1"}]),
    "iso-queue": (_POSTED, [{"Queue ID": "20"}, {"Queue ID": "03"}, {"Queue ID": "1"}]),
    "neso-tec": (_TEC, [{"Project ID": "c"}, {"Project ID": "a"}, {"Project ID": "b"}]),
    "fema-nri": (_RISK, [{"STCOFIPS": "20005"}, {"STCOFIPS": "1001"}, {"STCOFIPS": "20003"}]),
    "eia-plants": (_PLANT, [{"fuel_type": "Solar"}, {"fuel_type": "Coal"}, {"fuel_type": "Gas"}]),
    "osm-power": (_NODE, [{"@id": "20"}, {"@id": "3"}, {"@id": "1"}]),
    "hifld-substations": (_STATION, [{"ID": "20"}, {"ID": "3"}, {"ID": "1"}]),
    "im3-atlas": (_CENTRE, [{"id": "20"}, {"id": "3"}, {"id": "1"}]),
    "moratoria": (_ACT, [{"moratorium_id": "c"}, {"moratorium_id": "a"}, {"moratorium_id": "b"}]),
    "ordinances": (_LEVEL, [{"County": "C"}, {"County": "A"}, {"County": "B"}]),
    "pjm-upgrades": (_WORK, [{"Upgrade Id": "b20"}, {"Upgrade Id": "b3.1"}, {"Upgrade Id": "b1"}]),
}  # fmt: skip


def feature_file(source: str, folder: Path) -> Path:
    """Features of a source as GeoJSON."""
    shape, shared, rows = FEATURES[source]
    return write_features(folder / "synthetic.geojson", [(shape(-99 + 0.2 * n), {**shared, **row}) for n, row in enumerate(rows)])  # fmt: skip


def table_file(source: str, folder: Path) -> Path:
    """Rows of a source as CSV."""
    shared, rows = TABLES[source]
    return write_csv(folder / "synthetic.csv", [{**row, **shared} for row in rows])


def _pypsa(folder: Path) -> list[Path]:
    tables = {
        "buses": [{"name": name, "v_nom": 220, "x": 9.5, "y": 52.3} for name in ("2", "10", "1")],
        "lines": [{"name": n, "bus0": a, "bus1": b, "s_nom": 400, "x": 3.0} for n, a, b in (("9", "2", "10"), ("7", "10", "1"))],
        "generators": [{"name": "g", "bus": "1", "p_nom": 900, "carrier": "Gas"}], "loads": [{"name": "l", "bus": "10", "p_set": 120}],
    }  # fmt: skip
    for name, rows in tables.items():
        write_csv(folder / f"{name}.csv", rows)
    return [folder]


def _eia860(folder: Path) -> list[Path]:
    title = ["Synthetic"]
    plants = [title, ["Plant Code", "Plant Name", "Latitude", "Longitude"], [101, "Ash", 38.5, -99.0], [20, "Beech", 38.6, -99.0]]  # fmt: skip
    units = [title, ["Plant Code", "Generator ID", "Nameplate Capacity (MW)", "Status", "Energy Source 1"], [101, "2", 5, "OP", "NG"], [20, "1", 5, "OP", "NG"], [101, "1", 5, "OP", "NG"]]  # fmt: skip
    return [write_book(folder / "2___Plant_Y2024.xlsx", Plant=plants), write_book(folder / "3_1_Generator_Y2024.xlsx", Operable=units)]  # fmt: skip


def _grid_mix(folder: Path) -> list[Path]:
    hours = pd.date_range("2023-01-01 00:00", "2023-12-31 23:00", freq="h")
    frames = [pd.DataFrame({"ba_code": code, "hour_utc": hours, "coal_mw": 100, "gas_mw": 300, "wind_mw": 50}) for code in ("SWPP", "PJM")]  # fmt: skip
    path = folder / "synthetic.parquet"
    pd.concat(frames).to_parquet(path, index=False)
    return [path]


def _peeringdb(folder: Path) -> list[Path]:
    rows = [{"id": n, "name": f"Synthetic {n}", "latitude": 38.5, "longitude": -99.0, "available_voltage_services": ["48 VDC", "400 VAC"]} for n in (20, 3, 1)]  # fmt: skip
    path = folder / "fac.json"
    path.write_text(json.dumps({"data": rows}), encoding="utf-8")
    return [path]


def _esb(folder: Path) -> list[Path]:
    head = ["Station Name", "trafo", "capacity_feeder_customer", "installed_capacity", "planned_capacity", "winter_peak_18_19"]  # fmt: skip
    rows = [head, ["Synthetic C", "T41,T42", None, 20, 20, 9], ["Synthetic A", "T41,T42", None, 20, 20, 9]]  # fmt: skip
    places = [(point(-6.2), {"station": "Synthetic C"}), (point(-6.3), {"station": "Synthetic A"})]
    return [write_book(folder / "synthetic.xlsx", Sheet1=rows), write_features(folder / "p.geojson", places)]  # fmt: skip


def _urdb(folder: Path) -> list[Path]:
    path = folder / "rates.json"
    whole_year = [[0] * 24] * 12
    rows = [
        {"label": label, "name": "Large", "utility": "Made-up Power", "eiaid": 7, "energyratestructure": [[{"rate": 0.05, "max": 20_000}, {"rate": 0.04}]],
         "energyweekdayschedule": whole_year, "energyweekendschedule": whole_year} for label in ("c", "a")
    ]  # fmt: skip
    path.write_text(json.dumps({"items": rows}), encoding="utf-8")
    return [path]


def _epw(folder: Path) -> list[Path]:
    path = folder / "made.epw"
    path.write_text(made_up_weather.text(), encoding="utf-8")
    return [path]


def _pairwise(folder: Path) -> list[Path]:
    path = folder / "pairs.csv"
    path.write_text(",power,cost,water\npower,1,3,5\ncost,,1,2\nwater,,,1\n", encoding="utf-8")
    return [path]


_OTHERS: dict[str, Callable[[Path], list[Path]]] = {
    "pypsa-csv": _pypsa, "eia860": _eia860, "peeringdb": _peeringdb, "esb-capacity": _esb, "grid-mix": _grid_mix, "urdb": _urdb, "epw": _epw, "pairwise": _pairwise,
}  # fmt: skip
#: Name of the layer of a source that is not called `layer.csv`.
_OUTPUTS = {"pypsa-csv": "bus.csv", "urdb": "layer.json", "pairwise": "layer.toml"}


def files_of(source: str, folder: Path) -> list[Path]:
    """Synthetic files of a source; KeyError for one of which none is made up yet."""
    folder.mkdir(exist_ok=True)
    if source in FEATURES:
        return [feature_file(source, folder)]
    return [table_file(source, folder)] if source in TABLES else _OTHERS[source](folder)


def output_of(source: str) -> str:
    """Name of the file that a source becomes."""
    return _OUTPUTS.get(source, "layer.csv")


def places_of_tables(source: str, folder: Path, lon: float | str, lat: float | str) -> list[Path]:
    """Files of a source of tables whose rows all stand at one pair of numbers."""
    files = [table_file(source, folder)] if source in TABLES else files_of(source, folder)
    for path in files:
        if path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str)
            for name, value in (("lon", lon), ("lat", lat)):
                column = next(one for one in table if one.lower().lstrip("@").startswith(name))
                table[column] = str(value)
            table.to_csv(path, index=False)
        elif path.suffix == ".json":
            rows = json.loads(path.read_text(encoding="utf-8"))["data"]
            path.write_text(json.dumps({"data": [{**row, "longitude": lon, "latitude": lat} for row in rows]}), encoding="utf-8")  # fmt: skip
    return files
