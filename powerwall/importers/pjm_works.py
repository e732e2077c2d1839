"""PJM works: the rows of PJM's transmission works as text, out of a workbook, a CSV or a GeoJSON."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from powerwall.importers.delivery import Tally
from powerwall.importers.sheets import read_sheets
from powerwall.region.findings import Findings, did_you_mean

_JSON = {".geojson", ".json"}
KEY = "upgrade_id"


def read_works(
    path: Path, tally: Tally, findings: Findings
) -> tuple[list[pd.DataFrame], date | None]:
    """Text cells under plain names, one frame a table, and the day that the file says it was made."""
    if path.is_dir():
        findings.add("PW202", "is a folder", file=path, remedy="name the files in it")
        return [], None
    if path.suffix.lower() not in _JSON:
        sheets = read_sheets(path, (KEY,), tally, findings)
        return [sheet.frame.rename(columns=_plain) for sheet in sheets], None
    content = _content(path, findings)
    features = content.get("features") if isinstance(content, dict) else None
    if findings.errors and content is None:
        return [], None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        findings.add("PW203", "no features: not a GeoJSON of works", file=path, remedy="is it the right file?")  # fmt: skip
        return [], None
    if not features:
        findings.add("PW204", "holds no features", file=path)
        return [], None
    rows = pd.DataFrame([_row(feature) for feature in features]).rename(columns=_plain)
    if KEY not in rows:
        findings.add("PW203", f"no column `{KEY}`; columns found: {', '.join(map(str, rows.columns[:12]))}", file=path,
                     remedy=did_you_mean(KEY, list(rows.columns)) or "is it the right file?")  # fmt: skip
        return [], None
    tally.read += len(rows)
    return [rows.loc[:, ~rows.columns.duplicated()].map(_text)], _made(content)


def _plain(name: object) -> str:
    """`Cost Estimate ($M)` as `cost_estimate_m`."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")


def _content(path: Path, findings: Findings) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        findings.add("PW201", "no such file", file=path, remedy=did_you_mean(path.name, near))
    except (OSError, ValueError) as error:
        findings.add("PW202", f"no JSON: {error}", file=path, remedy="a workbook, a CSV and a GeoJSON are read")  # fmt: skip
    return None


def _row(feature: dict[str, Any]) -> dict[str, Any]:
    """Properties of a feature, and its position where it is a point."""
    own = feature.get("properties")
    row = dict(own) if isinstance(own, dict) else {}
    shape = feature.get("geometry")
    at = shape.get("coordinates") if isinstance(shape, dict) and shape.get("type") == "Point" else None  # fmt: skip
    lon, lat = (at[0], at[1]) if isinstance(at, list) and len(at) >= 2 else (None, None)
    return {**row, "lon": lon, "lat": lat}


def _text(cell: Any) -> str:
    if isinstance(cell, list):
        return ";".join(dict.fromkeys(str(one).replace(";", ",") for one in cell))
    if cell is None or (isinstance(cell, float) and pd.isna(cell)):
        return ""
    return str(cell).strip()


def _made(content: dict[str, Any]) -> date | None:
    """Day of `metadata.generated_at`."""
    about = content.get("metadata")
    text = str(about.get("generated_at", ""))[:10] if isinstance(about, dict) else ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
