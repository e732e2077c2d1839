"""PeeringDB: facilities as JSON of the interface (`fac`) or of a dump → the layer `data_centers`.

Read by its published schema; not tried on a native file. A facility is a place where networks meet:
its record knows no MW and no floor area. People and their addresses are not copied. The publisher's
acceptable-use policy limits passing the records on (unverified).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from powerwall.importers.columns import picked
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import at_coordinates
from powerwall.importers.sheets import emptied, numbers
from powerwall.region.findings import Findings

_NAMES = {
    "number": ("id",), "name": ("name",), "operator": ("org_name",), "campus_id": ("campus_id",), "clli": ("clli",), "city": ("city",), "state": ("state",),
    "country": ("country",), "networks_count": ("net_count",), "exchanges_count": ("ix_count",), "carriers_count": ("carrier_count",),
    "voltage_services": ("available_voltage_services",), "diverse_serving_substations": ("diverse_serving_substations",),
    "record_status": ("status",), "updated": ("updated",), "lon": ("longitude",), "lat": ("latitude",),
}  # fmt: skip
_TEXTS = ("name", "operator", "campus_id", "clli", "city", "state", "country")
_COUNTS = ("networks_count", "exchanges_count", "carriers_count")
_NOTE = "Keep the records out of what is published: the acceptable-use policy of PeeringDB limits passing them on"


def read_facilities(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Facilities as points; those whose record was deleted, or has no place, are left out."""
    del asked  # the records say their coordinates in degrees
    parts, days = [], []
    for path in files:
        records, day = _records(path, findings)
        if not records:
            continue
        tally.read += len(records)
        found = picked(pd.DataFrame(records), _NAMES, ("number", "name", "lon", "lat"), path, findings)  # fmt: skip
        parts += [] if found is None else [found]
        days += [day] if day else []
    if findings.errors or not parts:
        return None
    read = pd.concat(parts, ignore_index=True)
    state = read["record_status"].astype("string").fillna("").str.strip().str.lower() if "record_status" in read else pd.Series("ok", index=read.index)  # fmt: skip
    if (gone := state == "deleted").any():
        tally.left_out["record deleted"] += int(gone.sum())
    made = _canonical(read[~gone], state[~gone], tally)
    located = at_coordinates(made, "lon", "lat", files[0], tally, findings)
    if located is None:
        return None
    again = located["dc_id"].duplicated(keep="first")
    rows = tally.without(located, again, "stands in an earlier row under the same id")
    return Delivery(gpd.GeoDataFrame(rows), ("dc_id",), max(days, default=None), _NOTE)


def _records(path: Path, findings: Findings) -> tuple[list[dict[str, Any]], date | None]:
    """Records of a file, and the day on which a dump was made."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        findings.add("PW201", "no such file", file=path)
        return [], None
    except (OSError, ValueError) as error:
        findings.add("PW202", f"no JSON: {error}", file=path, remedy="save what the interface answers, or a dump, as it is")  # fmt: skip
        return [], None
    if isinstance(content, dict) and isinstance(content.get("fac"), dict):
        content = content["fac"]
    records = content.get("data") if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        findings.add("PW203", "no list of facilities under `data`", file=path, remedy="records of `fac` are read, with their wrapper")  # fmt: skip
        return [], None
    if not records:
        findings.add("PW204", "holds no facilities", file=path)
    meta = content.get("meta")
    made = meta.get("generated") if isinstance(meta, dict) else None
    seconds = isinstance(made, int | float) and not isinstance(made, bool)
    return records, datetime.fromtimestamp(float(made), UTC).date() if made and seconds else None  # fmt: skip


def _canonical(read: pd.DataFrame, state: pd.Series, tally: Tally) -> pd.DataFrame:
    number = read["number"].map(_text)
    made = pd.DataFrame({"dc_id": "peeringdb-" + number}, index=read.index)
    for column in _TEXTS:
        made[column] = emptied(read[column].map(_text), tally) if column in read else pd.NA
    made["campus_id"] = "peeringdb-campus-" + made["campus_id"].astype("string")
    made.insert(3, "kind", "facility")
    for column in _COUNTS:
        made[column] = numbers(read[column].map(_text), tally) if column in read else float("nan")
    nothing = pd.Series(None, index=read.index, dtype=object)
    services, diverse = (read.get(name, nothing) for name in ("voltage_services", "diverse_serving_substations"))  # fmt: skip
    made["voltage_services"] = [";".join(map(str, cell)) if isinstance(cell, list) and cell else None for cell in services]  # fmt: skip
    made["diverse_serving_substations"] = ["yes" if cell is True else "no" if cell is False else None for cell in diverse]  # fmt: skip
    made["as_of"] = read["updated"].map(_text).str[:10] if "updated" in read else pd.NA
    if (waiting := state == "pending").any():
        tally.noted["records that wait for approval: unverified"] += int(waiting.sum())
    made["status"] = waiting.map({True: "unverified", False: "secondary"})
    return made.assign(lon=read["lon"].map(_text), lat=read["lat"].map(_text))


def _text(cell: object) -> str:
    """A cell as text; numbers that a null made fractional are whole again."""
    if cell is None or (isinstance(cell, float) and pd.isna(cell)):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
