"""Ordinances: public tables of siting rules → rows of `noise_rules` or of `policy`.

Read are the wind and solar tables of NREL, regulation tables in the form of reVX, and
`quantitative_ordinances.csv` of INFRA-COMPASS. They are rules for other plants or were taken from
texts by a machine: every row is unverified, so it warns and never puts a site out.
"""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from powerwall.criteria.noise.rules.tables import assumed_hours
from powerwall.importers.authorities import Authorities, abbreviation
from powerwall.importers.columns import fold, folded
from powerwall.importers.imported import POLICY, Imported
from powerwall.importers.levels import Level, read_levels
from powerwall.importers.words import iso_day, short, slug
from powerwall.region.findings import Findings
from powerwall.region.tables import CellPlaces, read_csv

NOISE = (
    "rule_id", "jurisdiction_id", "jurisdiction", "metric", "kind", "receptor_class", "period", "window_start", "window_end", "limit_db",
    "weighting", "increment_db", "tonal_penalty_db", "hours_assumed", "assess_at", "setback_m", "setback_from", "effective_from", "rule_status", "source_title",
    "source_url", "as_of", "status", "note",
)  # fmt: skip
LAYERS = {"noise_rules": NOISE, "policy": POLICY}
_METRES = {"m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "ft": 0.3048, "feet": 0.3048, "foot": 0.3048,
           "mile": 1609.344, "miles": 1609.344, "km": 1000.0}  # fmt: skip
#: Shape → columns by which it is known, folded.
_SHAPES = {
    "compass": {"feature", "value", "units", "county", "state"},
    "nrel": {"state", "county", "feature_type", "value_type", "value"},
    "revx": {"fips", "feature_type", "value_type", "value"},
}
_TITLES = {
    "compass": "INFRA-COMPASS quantitative ordinances, read by a language model",
    "nrel": "NREL siting ordinances for wind and solar plants",
    "revx": "Regulation table in the form of reVX",
}


_BAN = re.compile(r"\b(?:ban|banned|moratorium|prohibit\w*)\b", re.IGNORECASE)
#: What is no distance, though it may be in metres.
_SIZE = re.compile(r"height|density|denisty|lot size|acre|coverage|flicker|minimum size", re.IGNORECASE)  # fmt: skip


class Rule(NamedTuple):
    """One rule of any of the tables."""

    county: str
    state: str
    place: str
    fips: str
    feature: str
    kind: str
    value: str
    year: str
    citation: str
    url: str
    comment: str
    captured: str

    @property
    def who(self) -> str:
        """The authority in words."""
        return self.place or self.county or f"FIPS {self.fips}"


def read_ordinances(
    path: Path, layer: str, authorities: Authorities, findings: Findings, as_of: date | None = None
) -> Imported:
    """Read one table of ordinances as rows of a layer.

    Parameters
    ----------
    path
        CSV or, where openpyxl is installed, a workbook.
    layer
        `noise_rules` takes levels, `policy` takes setbacks and other rules.
    authorities, findings, as_of
        As for `read_moratoria`.
    """
    found = Imported()
    read = _table(path, findings)
    if read is None:
        return found
    frame, places, shape = read
    told = "rules for wind and solar plants, not for data centres" if shape == "nrel" else "rules of another technology or read by a machine"  # fmt: skip
    findings.add("PW507", f"{path.name}: {told}: every row is unverified", severity="warning", remedy="open the ordinance before a row counts",
                 file=path, line=1)  # fmt: skip
    if as_of is None:
        findings.add("PW209", f"{path.name}: no day of the evidence is given: rows stay without as_of", severity="warning", remedy="give --as-of, the day of the download",
                     file=path, line=1)  # fmt: skip
    seen: dict[str, int] = {}
    for number, cells in enumerate(frame.fillna("").astype(str).to_dict("records")):
        rule = _rule({str(k): str(v).strip() for k, v in cells.items()}, shape)

        def at(number: int = number) -> dict[str, Any]:
            return places(number, "value")

        noise = _is_noise(rule.feature)
        if noise != (layer == "noise_rules"):
            found.skipped["no sound level, for policy" if layer == "noise_rules" else "a sound level, for noise_rules"] += 1  # fmt: skip
            continue
        authority = authorities.by_fips(rule.fips, rule.state, rule.county) if not rule.place else authorities.find(rule.place, "", rule.state, math.nan, math.nan)  # fmt: skip
        if not authority:
            found.skipped[authorities.why_not] += 1
            continue
        if _BAN.search(rule.feature) and shape == "nrel":
            found.skipped["a ban of wind or solar plants"] += 1
            continue
        base = slug(f"{rule.state} {rule.who} {rule.feature} {rule.kind}")
        seen[base] = seen.get(base, 0) + 1
        name = base if seen[base] == 1 else f"{base}-{seen[base]}"
        made = (_levels if noise else _act)(
            name, authority, rule, at, findings, _TITLES[shape], str(as_of or "")
        )
        for row in made:
            found.rows.append(row)
            found.places[row[LAYERS[layer][0]]] = at()
        if not made:
            found.skipped["value not read"] += 1
    return found


def _table(path: Path, findings: Findings) -> tuple[pd.DataFrame, CellPlaces, str] | None:
    if not path.is_file():
        findings.add("PW201", f"no file {path}", file=path)
        return None
    read = _workbook(path, findings) if path.suffix.lower() in {".xlsx", ".xls"} else read_csv(path, ",", findings)  # fmt: skip
    if read is None:
        return None
    seen = [str(name) for name in read[0].columns]
    frame, places = fold(*read)
    # a table derived from another marks the cells it has not touched
    frame = frame.rename(columns=lambda name: str(name).removesuffix("_raw"))
    names = tuple(name.removesuffix("_raw") for name in places.names)
    places = CellPlaces(places.path, places.lines, places.starts, names)
    if frame.empty:
        findings.add("PW204", "the table has no rows", file=path, line=1)
        return None
    for shape, wanted in _SHAPES.items():
        if wanted <= set(frame):
            return frame, places, shape
    findings.add("PW203", f"no table of ordinances: columns found {', '.join(seen[:8])}",
                 remedy="State, County, Feature Type, Value Type, Value; FIPS instead of names; or county, state, feature, value, units",
                 file=path, line=1, column=1)  # fmt: skip
    return None


def _workbook(path: Path, findings: Findings) -> tuple[pd.DataFrame, CellPlaces] | None:
    """The sheet of a workbook that names counties."""
    try:
        with (
            warnings.catch_warnings()
        ):  # of decorations that a workbook has and a table does not need
            warnings.simplefilter("ignore", UserWarning)
            sheets = pd.read_excel(path, sheet_name=None, dtype=str)
    except ImportError:
        findings.add("PW202", "a workbook needs openpyxl", remedy="pip install 'powerwall[excel]', or save the sheet as CSV", file=path)  # fmt: skip
        return None
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        findings.add("PW202", f"no workbook: {error}", remedy="save the sheet as .xlsx or CSV", file=path)  # fmt: skip
        return None
    for frame in sheets.values():
        if {"county", "feature_type"} <= {folded(str(c)) for c in frame.columns}:
            return frame, CellPlaces(path, tuple(range(2, len(frame) + 2)), (), tuple(map(str, frame.columns)))  # fmt: skip
    findings.add(
        "PW203", f"no sheet with County and Feature Type among {', '.join(sheets)}", file=path
    )
    return None


def _rule(row: Mapping[str, str], shape: str) -> Rule:
    """A rule of any of the tables; a value that was updated goes with its own type and comment."""
    newer = bool(row.get("updated_value") or row.get("updated_type"))
    value = row.get("updated_value", "") if newer else row["value"]
    kind = row.get("value_type") or row.get("units", "")
    kind = (row.get("updated_type") or kind) if newer else kind
    comment = row.get("updated_comment") or row.get("comment") or row.get("summary", "")
    place = row.get("city_town") or row.get("place") or row.get("subdivison") or row.get("subdivision", "")  # fmt: skip
    feature = " ".join(filter(None, (row.get("feature_type") or row.get("feature", ""), row.get("feature_subtype", ""))))  # fmt: skip
    return Rule(
        _title(row.get("county", "")), abbreviation(row.get("state", "")), place, _fips(row.get("fips", "")), feature, " ".join(kind.lower().split()), value,
        iso_day(row.get("ordinance_year") or row.get("ord_year", "")), row.get("citation") or row.get("section", ""),
        row.get("source", "") if shape == "compass" else "", comment, iso_day(row.get("new_capture_date") or row.get("original_captured_date", "")),
    )  # fmt: skip


def _levels(
    name: str, authority: str, rule: Rule, at: Callable[[], dict[str, Any]], findings: Findings, title: str, as_of: str
) -> list[dict[str, str]]:  # fmt: skip
    """Levels of a rule, one row a period; a multiplier is no level, and a bare pair has no order."""
    plain = rule.kind.replace("(", "").replace(")", "").replace(" ", "")
    if plain in {"db", ""}:
        findings.add("PW407", f"{name}: `{short(rule.value, 40)}` {rule.kind} states no dB(A): left out", severity="warning", remedy="enter it by hand, with its metric", **at())  # fmt: skip
        return []
    found = read_levels(rule.value, rule.comment) if "dba" in plain else []
    if found == []:
        findings.add("PW401", f"{name}: `{short(rule.value, 40)}` {rule.kind} is no level: left out", severity="warning", **at())  # fmt: skip
        return []
    if found is None:
        findings.add("PW507", f"{name}: when each of {rule.value} holds is not stated: its limit is left blank", severity="warning",
                     remedy=short(rule.comment, 80) or "read the ordinance", **at())  # fmt: skip
    shared = {
        "jurisdiction_id": authority, "jurisdiction": rule.who, "metric": "LA", "kind": "absolute", "weighting": "A", "effective_from": rule.year,
        "rule_status": "unknown", "source_title": _source(title, rule), "source_url": rule.url, "as_of": rule.captured or as_of or rule.year,
        "status": "unverified", "note": short(f"not written for data centres; native: {rule.feature}, {rule.value} {rule.kind}; {rule.comment}"),
    }  # fmt: skip
    each = [{"rule_id": name, "kind": "not_found"}] if found is None else [_level_cells(name, level, found) for level in found]  # fmt: skip
    return [{column: (shared | cells).get(column, "") for column in NOISE} for cells in each]


def _level_cells(name: str, level: Level, found: Sequence[Level]) -> dict[str, str]:
    """Cells of a limit; hours that are not stated are assumed, and said to be."""
    assumed = not level.start and level.period != "all"
    evening = any(other.period == "evening" for other in found)
    start, end = (
        assumed_hours(level.period, evening=evening) if assumed else (level.start, level.end)
    )
    return {"rule_id": f"{name}-{level.period}", "period": level.period, "limit_db": f"{level.limit_db:g}",
            "window_start": start, "window_end": end, "hours_assumed": "true" if assumed else ""}  # fmt: skip


def _act(
    name: str, authority: str, rule: Rule, at: Callable[[], dict[str, Any]], findings: Findings, title: str, as_of: str
) -> list[dict[str, str]]:  # fmt: skip
    """A setback or another rule as an act of the authority."""
    metres, ban = _metres(rule), bool(_BAN.search(rule.feature))
    if metres is None and not rule.value and not ban:
        findings.add("PW401", f"{name}: no value{f' of `{short(rule.kind, 60)}`' if rule.kind else ''}: left out", severity="warning", **at())  # fmt: skip
        return []
    distance = (metres is not None or "multiplier" in rule.kind) and not _SIZE.search(rule.feature)
    told = f"{rule.value} {rule.kind}" + ("" if metres is None else f" = {metres:,.0f} m")
    cells = {
        "policy_id": name, "jurisdiction_id": authority, "jurisdiction": rule.who,
        "kind": "prohibition" if ban else "setback" if distance else "zoning", "subject": short(f"{rule.feature}: {told}", 80),
        "action_date": rule.year, "effective_from": rule.year, "policy_status": "enacted", "effect": "restricts",
        "summary": short("; ".join(filter(None, (told, rule.comment)))), "source_title": _source(title, rule), "source_url": rule.url,
        "as_of": rule.captured or as_of or rule.year,
        "status": "unverified", "note": "not written for data centres, or read by a machine",
    }  # fmt: skip
    return [{column: cells.get(column, "") for column in POLICY}]


def _metres(rule: Rule) -> float | None:
    """Distance in metres by the units of the row; a multiplier needs a height that no row gives."""
    unit = _METRES.get(rule.kind.strip("."))
    try:
        return None if unit is None else float(rule.value.replace(",", "")) * unit
    except ValueError:
        return None


def _source(title: str, rule: Rule) -> str:
    return short(f"{title}: {rule.citation}" if rule.citation else title, 140)


def _is_noise(feature: str) -> bool:
    return feature.strip().lower().rstrip("s") in {"sound", "noise", "noise level", "sound level"}


def _fips(text: str) -> str:
    digits = text.split(".", maxsplit=1)[0]
    return digits.zfill(5) if digits.isdigit() else ""


def _title(county: str) -> str:
    return re.sub(r"\s+county$", "", county.strip(), flags=re.IGNORECASE)
