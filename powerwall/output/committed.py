"""Committed: two rankings as they stand in files, compared at printed precision."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import registry
from powerwall.output.files import save
from powerwall.output.texts import LEAD
from powerwall.ranking.compare import MEASURE_COLUMNS, Changes
from powerwall.ranking.moved import SCORE_STEP, shifts, site_changes
from powerwall.ranking.rank import STATUSES
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.tables import CellPlaces, read_csv

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

_NUMBERS = ("rank", "score", "score_low", "score_high", "coverage")


@dataclass(frozen=True)
class Committed:
    """A ranking as its CSV holds it.

    Attributes
    ----------
    frame
        Index `site_id`; all columns of the file, numbers as numbers.
    criteria
        Names of the criteria in it.
    provenance
        What stands beside it in `<file>.meta.json`; None where there is none.
    """

    frame: pd.DataFrame
    criteria: tuple[str, ...]
    provenance: Mapping[str, Any] | None


def read_committed(path: Path) -> Committed:
    """Read a `ranking.csv`, and its provenance where that stands beside it.

    Raises
    ------
    BadInput
        With every fault of the file.
    """
    findings = Findings()
    if not path.is_file():
        near = [p.name for p in path.parent.glob("*.csv")] if path.parent.is_dir() else []
        findings.add("PW603", f"no file {path.name}", file=path, remedy=did_you_mean(path.name, near))  # fmt: skip
        findings.raise_errors()
    read = read_csv(path, ",", findings)
    findings.raise_errors()
    frame, cells = read if read is not None else (pd.DataFrame(), CellPlaces(path))
    missing = [name for name in LEAD if name not in frame]
    if missing:
        findings.add("PW203", f"not a ranking: no column {', '.join(missing)}", file=path, line=1, column=1,
                     remedy="powerwall score REGION -o ranking.csv writes one")  # fmt: skip
        findings.raise_errors()
    names = [str(c) for c in frame.columns if f"{c}_value" in frame and f"{c}_contribution" in frame]  # fmt: skip
    numbers = [*_NUMBERS, *(f"{n}{part}" for n in names for part in ("", "_value", "_contribution"))]  # fmt: skip
    for column in numbers:
        frame[column] = _numbers(frame[column], column, cells, findings)
    _check_words(frame, cells, findings)
    meta = _provenance(path.with_name(path.name + ".meta.json"), findings)
    findings.raise_errors()
    return Committed(frame.set_index("site_id"), tuple(names), meta)


def _numbers(column: pd.Series, name: str, cells: CellPlaces, findings: Findings) -> list[float]:
    found = []
    for row, cell in enumerate(column):
        try:
            value = float(cell) if cell.strip() else math.nan
        except ValueError:
            findings.add("PW401", f"`{name}` = {cell!r} is not a number", **cells(row, name))
            value = math.nan
        if cell.strip() and not math.isfinite(value):
            code = "PW410" if math.isinf(value) else "PW401"
            findings.add(code, f"`{name}` = {cell} is not a finite number", remedy="leave an unknown cell empty", **cells(row, name))  # fmt: skip
        found.append(value)
    return found


def _check_words(frame: pd.DataFrame, cells: CellPlaces, findings: Findings) -> None:
    seen: set[str] = set()
    for row, (site, status, rank) in enumerate(zip(frame["site_id"], frame["status"], frame["rank"], strict=True)):  # fmt: skip
        if not site.strip():
            findings.add("PW405", "`site_id` is empty", **cells(row, "site_id"))
        elif site in seen:
            findings.add("PW404", f"`site_id` = {site} stands twice", **cells(row, "site_id"))
        seen.add(site)
        if status not in STATUSES:
            findings.add("PW406", f"`status` = {status!r} is no status", remedy=did_you_mean(status, STATUSES), **cells(row, "status"))  # fmt: skip
        if not math.isnan(rank) and (rank < 1 or rank != round(rank)):
            findings.add("PW402", f"`rank` = {rank:g} is no rank", **cells(row, "rank"))


def _provenance(path: Path, findings: Findings) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        findings.add("PW202", f"not JSON: {error}", file=path, line=getattr(error, "lineno", 0))
        return None
    if not isinstance(content, dict) or not isinstance(content.get("regions"), list):
        findings.add("PW202", "not the provenance of a ranking: it holds no list `regions`", file=path, line=1)  # fmt: skip
        return None
    return content


def committed(ranking: Ranking) -> Committed:
    """A ranking as its file would hold it."""
    with tempfile.TemporaryDirectory(prefix="powerwall-") as folder:
        return read_committed(save(ranking, Path(folder) / "ranking.csv"))


def compare_committed(base: Committed, head: Committed) -> Changes:
    """What moved between two rankings in files, at the precision they are printed with.

    Which layer changed is known by the hashes beside them; which of several changes moved a site
    is not, and is not guessed.
    """
    kept = [name for name in LEAD if name != "site_id"]
    sites = site_changes(base.frame[kept], head.frame[kept])
    measures = _measures(base, head)
    differs, notes = _ingredients(base.provenance, head.provenance)
    if len(differs) == 1:
        only = differs.iloc[0]
        what = f"layer {only['name']}: {only['what']}" if only["kind"] == "layer" else str(only["what"])  # fmt: skip
        own = ~sites["change"].isin(["", "rank"])
        sites = sites.assign(why=np.where(own, what, np.where(sites["change"] == "rank", "others moved past it, or out of its way", "")))  # fmt: skip
        measures = measures.assign(why=what)
    elif len(differs) > 1:
        notes.append("files alone do not tell which of these moved a site; region files or revisions do")  # fmt: skip
    rows = pd.DataFrame(columns=["layer", "row", "change", "column", "old", "new", "file", "line", "sites"])  # fmt: skip
    effects = pd.DataFrame(columns=["site_id", "ingredient", "points", "status"])
    return Changes(sites, measures, differs, rows, effects, shifts(sites), tuple(notes))


def _measures(base: Committed, head: Committed) -> pd.DataFrame:
    common = base.frame.index.intersection(head.frame.index)
    a, b = base.frame.loc[common], head.frame.loc[common]
    records: list[dict[str, Any]] = []
    known = registry()
    for name in sorted({*base.criteria, *head.criteria}):
        unit = known[name].unit if name in known else ""
        old, new = (_column(frame, name) for frame in (a, b))
        worth = [_column(frame, f"{name}_contribution") for frame in (a, b)]
        points = np.nan_to_num(worth[1]) - np.nan_to_num(worth[0])
        same = np.isclose(old, new, rtol=1e-6, atol=SCORE_STEP, equal_nan=True)
        records += [
            {"site_id": common[at], "criterion": name, "unit": unit,
             "old": old[at], "new": new[at], "points": points[at], "decides": False, "why": ""}
            for at in np.flatnonzero(~same | (np.abs(points) >= SCORE_STEP))
        ]  # fmt: skip
    frame = pd.DataFrame(records, columns=[*MEASURE_COLUMNS])
    size = -frame["points"].astype(float).abs().round(6)
    ordered = frame.assign(size=size).sort_values(["site_id", "size", "criterion"], kind="stable")
    return ordered[list(MEASURE_COLUMNS)].reset_index(drop=True)


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(dtype=float) if name in frame else np.full(len(frame), math.nan)


def _ingredients(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> tuple[pd.DataFrame, list[str]]:
    """What the provenance of two files differs in; nothing is known where one has none."""
    columns = ["kind", "name", "what", "sites", "statuses", "points"]
    if old is None or new is None:
        return pd.DataFrame(columns=columns), ["no .meta.json beside both files: what differs is not known"]  # fmt: skip
    a, b = _flat(old), _flat(new)
    records = []
    for key in sorted({*a, *b}):
        if a.get(key) != b.get(key):
            kind, _, name = key.partition(" ")
            name = name or kind
            was, now = (_short(kind, side.get(key)) for side in (a, b))
            said = "engine version" if kind == "powerwall" else key
            what = f"{was} → {now}" if kind == "layer" else f"{said} {was} → {now}"
            records.append({"kind": kind, "name": name, "what": what, "sites": math.nan, "statuses": math.nan, "points": math.nan})  # fmt: skip
    edited = any(record["kind"] == "region" for record in records)
    if edited and _listed(old) != _listed(new):  # a key that is listed differs, and is named
        records = [record for record in records if record["kind"] != "region"]
    notes = [
        "the region file differs, and may move sites by keys that its provenance does not list"
    ]
    return pd.DataFrame(records, columns=columns), notes if edited else []


def _listed(content: Any) -> Any:
    """What provenance tells of the keys of the region file: all of it but versions and hashes."""
    if isinstance(content, dict):
        return {key: _listed(value) for key, value in content.items() if key not in {"sha256", "powerwall"}}  # fmt: skip
    return [_listed(item) for item in content] if isinstance(content, list) else content


def _short(kind: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return f"sha256 {str(value)[:10]}" if kind in {"layer", "region"} else str(value)


def _flat(meta: Mapping[str, Any]) -> dict[str, Any]:
    """`layer policy` → hash, `request mw` → 300, and so on."""
    found: dict[str, Any] = {"powerwall": meta.get("powerwall")}
    regions = [r for r in meta.get("regions", []) if isinstance(r, dict)]
    for region in regions:
        lead = f"{region.get('name')}." if len(regions) > 1 else ""
        found[f"region {lead}file"] = region.get("sha256")
        for name, layer in _items(region.get("layers")):
            found[f"layer {lead}{name}"] = layer.get("sha256") if isinstance(layer, dict) else None
        for name, value in _items(region.get("request")):
            found["as_of" if name == "as_of" and not lead else f"request {lead}{name}"] = value
    found |= {f"weight {name}": value for name, value in _items(meta.get("weights"))}
    found |= {f"values {name}": json.dumps(points) for name, points in _items(meta.get("values"))}
    for text in meta.get("requirements") or []:
        name, _, words = str(text).partition(": ")
        found[f"require {name}"] = words
    return found | {"min_coverage": meta.get("min_coverage")}


def _items(table: object) -> list[tuple[str, Any]]:
    return list(table.items()) if isinstance(table, dict) else []
