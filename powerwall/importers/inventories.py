"""Inventories: the tables, GeoJSON and lists in which local moratoria are published."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.importers.columns import fold
from powerwall.region.findings import Findings
from powerwall.region.tables import CellPlaces, read_csv

COLUMNS = {"moratorium_id", "jurisdiction", "state_abbrev", "enacted_status", "date_enacted_iso", "duration"}  # fmt: skip


def read_inventory(path: Path, findings: Findings) -> tuple[pd.DataFrame, CellPlaces, str] | None:
    """Rows of an inventory or of a list of fights, their places, and which of the two it is."""
    if not path.is_file():
        findings.add("PW201", f"no file {path}", file=path)
        return None
    if path.suffix.lower() in {".json", ".geojson"}:
        return _json_table(path, findings)
    read = read_csv(path, ",", findings)
    if read is None:
        return None
    frame, places = fold(*read)
    lacking = sorted(COLUMNS - set(frame))
    if lacking:
        findings.add("PW203", f"no inventory of moratoria: no column {', '.join(lacking)}",
                     remedy="the inventory of Moratorium Nation, its GeoJSON, or a list of fights in JSON is read", file=path, line=1, column=1)  # fmt: skip
        return None
    if frame.empty:
        findings.add("PW204", "the table has no rows", file=path, line=1)
        return None
    return frame, places, "inventory"


def _json_table(path: Path, findings: Findings) -> tuple[pd.DataFrame, CellPlaces, str] | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        findings.add("PW202", f"no JSON: {error}", file=path, line=getattr(error, "lineno", 1), column=getattr(error, "colno", 1))  # fmt: skip
        return None
    features = content.get("features") if isinstance(content, dict) else None
    if isinstance(features, list) and features and all(isinstance(f, dict) for f in features):
        return _features(features, text, path, findings)
    fights = content.get("fights") if isinstance(content, dict) else content
    if (
        not isinstance(fights, list)
        or not fights
        or not all(isinstance(f, dict) and "jurisdiction" in f for f in fights)
    ):
        findings.add("PW203", "holds neither features nor a list of fights", remedy="jurisdiction, state, action_type, date, status", file=path, line=1)  # fmt: skip
        return None
    frame = pd.DataFrame([{key: _cell(value) for key, value in f.items()} for f in fights], dtype=object)  # fmt: skip
    return frame, CellPlaces(path, _lines(text, [f["jurisdiction"] for f in fights], '"jurisdiction"')), "fights"  # fmt: skip


def _features(
    features: list[Any], text: str, path: Path, findings: Findings
) -> tuple[pd.DataFrame, CellPlaces, str] | None:
    rows = [_properties(feature) for feature in features]
    frame = pd.DataFrame(rows, dtype=object).rename(columns={"id": "moratorium_id"})
    lacking = sorted(COLUMNS - {"duration"} - set(frame))
    if lacking:
        findings.add("PW203", f"the features hold no inventory of moratoria: no property {', '.join(lacking)}",
                     remedy="properties id, jurisdiction, state_abbrev, enacted_status, date_enacted_iso", file=path, line=1)  # fmt: skip
        return None
    return frame, CellPlaces(path, _lines(text, list(frame["moratorium_id"]), '"id"')), "inventory"


def _properties(feature: Any) -> dict[str, Any]:
    """Properties and position of a feature; nothing of what is none."""
    if not isinstance(feature, Mapping) or not isinstance(feature.get("properties"), Mapping):
        return {}
    shape = feature.get("geometry")
    point = shape.get("coordinates") if isinstance(shape, Mapping) else None
    known = isinstance(point, list) and len(point) >= 2 and all(isinstance(v, int | float) for v in point[:2])  # fmt: skip
    lon, lat = point[:2] if known and point else (math.nan, math.nan)
    cells = {key: _cell(value) for key, value in feature["properties"].items()}
    return {**cells, "longitude": lon, "latitude": lat}


def _cell(value: Any) -> Any:
    """A list as text: its parts between semicolons."""
    return ";".join(map(str, value)) if isinstance(value, list) else value


def _lines(text: str, values: list[Any], key: str) -> tuple[int, ...]:
    """Line of each record, by the value of its key; 1 where a record is not found."""
    found, start = [], 0
    for value in values:
        forms = {json.dumps(value, ensure_ascii=plain) for plain in (False, True)}
        spots = [at for form in forms if (at := text.find(form, max(text.find(key, start), start))) >= 0]  # fmt: skip
        found.append(text.count("\n", 0, min(spots)) + 1 if spots else 1)
        start = min(spots) + 1 if spots else start
    return tuple(found)
