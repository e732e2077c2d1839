"""Inventories: the tables, GeoJSON and lists in which local moratoria are published."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

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
    frame, places = read
    lacking = sorted(COLUMNS - set(frame))
    if lacking:
        findings.add("PW203", f"no inventory of moratoria: no column {', '.join(lacking)}",
                     remedy="the inventory of Moratorium Nation, its GeoJSON, or a list of fights in JSON is read", file=path, line=1, column=1)  # fmt: skip
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
    if isinstance(features, list):
        rows = [_properties(feature) for feature in features]
        frame, key = pd.DataFrame(rows).rename(columns={"id": "moratorium_id"}), '"id"'
        if not (COLUMNS - {"duration"}) <= set(frame):
            findings.add("PW203", "the features hold no inventory of moratoria", remedy="properties id, jurisdiction, enacted_status, date_enacted_iso",
                         file=path, line=1)  # fmt: skip
            return None
        return frame, CellPlaces(path, _lines(text, [str(i) for i in frame["moratorium_id"]], key)), "inventory"  # fmt: skip
    fights = content.get("fights") if isinstance(content, dict) else content
    if not isinstance(fights, list) or not all(
        isinstance(f, dict) and "jurisdiction" in f for f in fights
    ):
        findings.add("PW203", "holds neither features nor a list of fights", remedy="jurisdiction, state, action_type, date, status", file=path, line=1)  # fmt: skip
        return None
    frame = pd.DataFrame([{k: ";".join(map(str, v)) if isinstance(v, list) else v for k, v in f.items()} for f in fights])  # fmt: skip
    return frame, CellPlaces(path, _lines(text, [str(j) for j in frame["jurisdiction"]], '"jurisdiction"')), "fights"  # fmt: skip


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    point = (feature.get("geometry") or {}).get("coordinates") or [math.nan, math.nan]
    return {**feature.get("properties", {}), "longitude": point[0], "latitude": point[1]}


def _lines(text: str, values: list[str], key: str) -> tuple[int, ...]:
    """Line of each record, by the value of its key; 1 where a record is not found."""
    found, start = [], 0
    for value in values:
        at = text.find(json.dumps(value, ensure_ascii=False), max(text.find(key, start), start))
        found.append(text.count("\n", 0, at) + 1 if at >= 0 else 1)
        start = at if at >= 0 else start
    return tuple(found)
