"""The tiny made-up region that tests share, as rows, and the function that writes it anywhere.

Everything in it is made up; it is drawn in Kansas because UTM zone 14 is.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

MADE_UP = "synthetic, made for tests"
PROVENANCE = {"source_title": MADE_UP, "as_of": "2026-07-01", "status": "verified"}

#: Site ids: two that rank, one that is taken, one without any node in reach.
SITES = [
    {"site_id": "a", "name": "Ash", "lon": -99.0, "lat": 38.5, "location_accuracy_m": 20, "area_ha": 100, "zoning_status": "by_right",
     "utility_id": "u1", "availability": "open"},
    {"site_id": "b", "name": "Beech", "lon": -98.9, "lat": 38.56, "location_accuracy_m": 20, "area_ha": 60,
     "zoning_status": "rezoning_needed", "utility_id": "u1", "availability": "open"},
    {"site_id": "c", "name": "Cedar", "lon": -98.95, "lat": 38.52, "location_accuracy_m": 20, "area_ha": 80, "zoning_status": "approved",
     "utility_id": "u1", "availability": "taken"},
    {"site_id": "d", "name": "Dogwood", "lon": -98.0, "lat": 38.3, "location_accuracy_m": 20, "area_ha": 90, "zoning_status": "by_right",
     "utility_id": "u1", "availability": "open"},
]  # fmt: skip


def typical_year(station_id: str = "k1") -> list[dict[str, Any]]:
    """Rows of `climate` of a made-up station: a bin a month, one day, two design pairs."""
    bins = [
        {"record": "bin", "month": m, "tdb_c": round(12 - 14 * math.cos(math.pi * (m - 1) / 6), 3),
         "twb_c": round(8 - 12 * math.cos(math.pi * (m - 1) / 6), 3), "hours": 24 * days}
        for m, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1)
    ]  # fmt: skip
    day = [
        {"record": "profile", "key": "peak_tdb", "month": 7, "hour": h, "tdb_c": round(28 - 6 * math.cos(math.pi * (h - 3) / 12), 3),
         "twb_c": round(20 - 2 * math.cos(math.pi * (h - 3) / 12), 3), "hours": ""}
        for h in range(1, 25)
    ]  # fmt: skip
    design = [
        {"record": "design", "key": "tmy_max_tdb", "tdb_c": 36.0, "twb_c": 22.0},
        {"record": "design", "key": "ashrae_ext_db_n20", "tdb_c": 39.0, "twb_c": 23.0},
    ]
    blank = {"key": "", "month": "", "hour": "", "hours": ""}
    return [{"station_id": station_id, **blank, **row} for row in (*bins, *day, *design)]


#: Layer → rows of its CSV.
LAYERS: dict[str, list[dict[str, Any]]] = {
    "points_of_interconnection": [
        {"poi_id": "p230", "name": "Ash 230 kV", "kind": "substation", "voltage_kv": 230, "lon": -99.01, "lat": 38.52,
         "location_accuracy_m": 20, "utility_id": "u1", "published_headroom_mw": 420, "headroom_rung": "hosting_map",
         "queue_ahead_mw": 80, "reinforcement_status": "", "expected_date": ""},
        {"poi_id": "p345", "name": "Beech 345 kV", "kind": "substation", "voltage_kv": 345, "lon": -98.85, "lat": 38.6,
         "location_accuracy_m": 20, "utility_id": "u1", "published_headroom_mw": "", "headroom_rung": "line_proximity",
         "queue_ahead_mw": "", "reinforcement_status": "", "expected_date": ""},
    ],
    "utilities": [
        {"utility_id": "u1", "name": "Made-up Power", "kind": "IOU", "iso_rto": "PJM"},
        {"utility_id": "u2", "name": "Other Power", "kind": "coop", "iso_rto": "PJM"},
    ],
    "jurisdictions": [
        {"jurisdiction_id": "us-ks-one", "name": "One County", "kind": "county", "state": "KS", "utility_ids": "u1;u2",
         "outline_accuracy_m": 50, "wkt": "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))"},
    ],
    "policy": [
        {"policy_id": "one-zoning", "jurisdiction_id": "us-ks-one", "kind": "zoning", "policy_status": "enacted", "effect": "enables",
         "action_date": "2024-01-01", "effective_from": "2024-02-01", "effective_to": "", "trigger_mw": "", "project_mw": ""},
    ],
    "noise_rules": [
        {"rule_id": "one-night", "jurisdiction_id": "us-ks-one", "metric": "LAeq", "kind": "absolute", "receptor_class": "residential",
         "period": "night", "window_start": "22:00", "window_end": "07:00", "limit_db": 50, "tonal_penalty_db": "",
         "effective_from": "2020-01-01", "rule_status": "in_force"},
    ],
    "receptors": [
        {"receptor_id": "r1", "kind": "subdivision", "lon": -99.02, "lat": 38.5, "location_accuracy_m": 10},
        {"receptor_id": "r2", "kind": "subdivision", "lon": -98.9, "lat": 38.585, "location_accuracy_m": 10},
    ],
    "water_systems": [
        {"water_area_id": "w1", "name": "Waterworks", "site_ids": "a;b;c;d", "baseline_water_stress_score": 2.5,
         "stress_level_of_detail": "basin", "permit_trigger_m3_per_day": 1500},
    ],
    "climate_stations": [
        {"station_id": "k1", "name": "Made-up airfield", "lon": -98.95, "lat": 38.5, "elevation_m": 500, "pressure_pa": 95500},
    ],
    "climate": typical_year(),
}  # fmt: skip

#: One stack of one price, 40 USD/MWh, and terms whose only cash is a fee of 50,000 USD/MW.
TARIFFS: dict[str, Any] = {
    "region": "tiny",
    "currency": "USD",
    "stacks": [{
        "stack_id": "u1-large", "utility_id": "u1", "grade": "B", "terms": "u1-terms",
        "layers": [{"id": "all-in", "kind": "energy", "component": "bundled", "usd_per_mwh": 40.0, "status": "verified"}],
    }],
    "terms": [{
        "id": "u1-terms", "utility": "Utility one", "name": "Large", "state": "effective", "as_of": "2026-07-01",
        "fields": {
            key: {"value": value, "status": "verified", "sources": []}
            for key, value in {
                "study_fee_usd": [[25, 0]], "fee_usd_per_mw": 50_000, "security": {"kind": "none"}, "upfront": {"kind": "none"},
                "minimum_share": {}, "exit": {"kind": "none"},
            }.items()
        },
    }],
}  # fmt: skip

TABLE_ONLY = {
    "utilities",
    "policy",
    "permit_paths",
    "obligations",
    "opposition_events",
    "fiscal_terms",
    "noise_rules",
    "water_systems",
    "time_to_power",
    "network",
    "load_queue",
    "calendars",
    "tariffs",
    "climate",
    "water_rules",
    "grid_mix",
}
_KEEP: Any = object()


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a CSV; the columns are those of all rows, in order of appearance."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def toml_text(content: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A nested dict as TOML: plain keys first, then one table for each dict."""
    plain = [
        f"{key} = {_toml_value(value)}"
        for key, value in content.items()
        if not isinstance(value, Mapping)
    ]
    tables = [
        f"\n[{'.'.join((*path, key))}]\n" + toml_text(value, (*path, key))
        for key, value in content.items()
        if isinstance(value, Mapping)
    ]
    return "\n".join(plain) + "\n" + "".join(tables)


def _toml_value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    if isinstance(value, float):
        return repr(value)  # TOML writes nan and inf as Python does
    return json.dumps(value, ensure_ascii=False)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with the changes over it, table by table; None removes a key."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def write_region(
    folder: Path, *, toml: Mapping[str, Any] | str | None = None, sites: list[dict[str, Any]] | None = None,
    tariffs: Mapping[str, Any] | None = _KEEP, name: str = "tiny", **layers: list[dict[str, Any]] | None,
) -> Path:  # fmt: skip
    """Write a tiny synthetic region and return the path of its TOML file.

    Parameters
    ----------
    folder
        Where to; the layers stand in a folder named after the region.
    toml
        Keys to change, table by table (None removes one); or a text, which is appended as it is.
    sites
        Rows of `sites.csv` instead of `SITES`.
    tariffs
        Content of `tariffs.json` instead of `TARIFFS`; None leaves the layer out.
    name
        Name of the region and its files.
    **layers
        Layer → rows instead of those of `LAYERS`; None leaves the layer out, a new name adds one.
    """
    data = folder / name
    data.mkdir(parents=True, exist_ok=True)
    about = {"as_of": date(2026, 7, 1), "licenses": ["CC0-1.0"], "fresh_days": 3650}
    entries: dict[str, Any] = {}
    for layer, rows in {**LAYERS, **layers}.items():
        if rows is None:
            continue
        write_csv(
            data / f"{layer}.csv",
            [{**row, **{k: v for k, v in PROVENANCE.items() if k not in row}} for row in rows],
        )
        entries[layer] = {"path": f"{name}/{layer}.csv", **about, **({"geometry": "none"} if layer in TABLE_ONLY else {}),
                          "source": {"title": MADE_UP}}  # fmt: skip
    if tariffs is not None:
        content = TARIFFS if tariffs is _KEEP else tariffs
        (data / "tariffs.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        entries["tariffs"] = {
            "path": f"{name}/tariffs.json",
            "geometry": "none",
            **about,
            "source": {"title": MADE_UP},
        }
    rows = SITES if sites is None else sites
    write_csv(
        data / "sites.csv",
        [{**row, **{k: v for k, v in PROVENANCE.items() if k not in row}} for row in rows],
    )
    base = {
        "schema": 1, "name": name, "title": "Tiny (SYNTHETIC)", "version": "2026.7.0", "as_of": date(2026, 8, 22),
        "licenses": ["CC0-1.0"], "crs": "EPSG:32614", "currency": "USD", "money_of": 2026,
        "request": {"mw": 300, "need_by": date(2031, 1, 1)},
        "sites": {"path": f"{name}/sites.csv", "id": "site_id", **about, "source": {"title": MADE_UP}},
        "layers": entries,
    }  # fmt: skip
    text = toml_text(merged(base, {} if toml is None or isinstance(toml, str) else toml))
    path = folder / f"{name}.toml"
    path.write_text(text + (f"\n{toml}\n" if isinstance(toml, str) else ""), encoding="utf-8")
    return path
