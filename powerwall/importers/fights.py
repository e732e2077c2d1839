"""Fights: lists of local disputes → rows of the layer `policy`, each to be read at its own source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powerwall.importers.authorities import Authorities, abbreviation
from powerwall.importers.imported import Imported, left_out, number, policy_row
from powerwall.importers.words import iso_day, short, slug
from powerwall.region.findings import Findings

_ACTS = {"moratorium": "moratorium", "ban": "prohibition", "prohibition": "prohibition", "zoning": "zoning", "lawsuit": "litigation",
         "litigation": "litigation", "denial": "denial", "approval": "approval", "withdrawal": "withdrawal"}  # fmt: skip
_FIGHT_STATUS = {"active": "active", "enacted": "enacted", "passed": "enacted", "adopted": "enacted", "pending": "pending", "proposed": "pending",
                 "expired": "expired", "lifted": "replaced", "rescinded": "replaced", "approved": "decided", "denied": "decided",
                 "withdrawn": "withdrawn", "decided": "decided"}  # fmt: skip
_EFFECTS = {"approval": "enables", "moratorium": "blocks", "prohibition": "blocks", "denial": "blocks"}  # fmt: skip


def fight_row(
    row: Mapping[str, str], at: Any, authorities: Authorities, released: str, findings: Findings, found: Imported
) -> dict[str, str] | None:  # fmt: skip
    """A row of a list of fights; always unverified, so it warns and never puts a site out."""
    state, day = abbreviation(row.get("state", "")), iso_day(row.get("date", ""))
    name = row.get("id") or _free(slug(f"{row['jurisdiction']} {state} {day}"), found)
    kind = next(
        (_ACTS[a] for a in row.get("action_type", "").lower().split(";") if a in _ACTS),
        "opposition",
    )
    word = row.get("status", "").lower()
    if word not in _FIGHT_STATUS:
        findings.add("PW406", f"{name}: status `{word}` is not known: taken as proposed", severity="warning", remedy=f"one of {', '.join(_FIGHT_STATUS)}",
                     **at("status"))  # fmt: skip
    authority = authorities.find(row["jurisdiction"], row.get("authority_level", ""), state, number(row.get("lng", "")), number(row.get("lat", "")))  # fmt: skip
    if not authority:
        return left_out(found, authorities.why_not)
    if not day:
        findings.add("PW408", f"{name}: `{row.get('date', '')}` is no date: left blank", severity="warning", **at("date"))  # fmt: skip
    size, said = row.get("megawatts", ""), ""
    if size and not number(size) >= 0:
        findings.add("PW401", f"{name}: megawatts `{short(size, 40)}` is no number: left blank", severity="warning", **at("megawatts"))  # fmt: skip
        size, said = "", f"size in the source: {short(size, 80)}"
    return policy_row(
        policy_id=name, jurisdiction_id=authority, jurisdiction=row["jurisdiction"], kind=kind, subject=short(row.get("objective", "") or kind, 80),
        action_date=day, policy_status=_FIGHT_STATUS.get(word, "pending"), effect=_EFFECTS.get(kind, "restricts"),
        project_mw=size, summary=short(row.get("community_outcome", "")), source_title="List of local fights, each to be read at its source",
        source_url=row.get("sources", "").split(";")[0], as_of=iso_day(row.get("last_updated", "")) or released, status="unverified",
        duration_kind="unknown" if kind == "moratorium" else "", note=said,
    )  # fmt: skip


def _free(name: str, found: Imported) -> str:
    """A made-up id that no row has yet."""
    number, free = 1, name
    while free in found.places:
        number += 1
        free = f"{name}-{number}"
    return free
