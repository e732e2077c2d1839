"""Timeline: the dated acts round one site, oldest first, and what each means on the as-of day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd

from powerwall.criteria.policy.rows import CHECKED, code, policy_status, window, word
from powerwall.criteria.policy.rules import PROJECT_ACTS, Bound, open_words, rules_of
from powerwall.region.joins import locate

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.region.read import Region

#: Reason of a standing → how it is told.
TOLD = {
    "in_force": "in force", "dates_uncertain": "may be in force, dates uncertain", "start_unknown": "in force, start unknown",
    "end_unknown": "end unknown, needs checking", "replaced": "may be in force, replaced", "unverified": "in force by its dates, not verified",
    "vested": "in force, may not reach an approved project", "restricts": "in force, restricts", "proposed": "proposed, does not count",
    "below_trigger": "in force, below its threshold", "neutral": "in force", "one_project": "one project", "not_yet": "not yet in force",
    "expired": "ended", "not_in_force": "not in force",
}  # fmt: skip


class Act(NamedTuple):
    """One dated act, seen from a site.

    Attributes
    ----------
    row
        The row of the policy layer.
    window
        `2026-04-15 – 2027-01-31`, as far as it is known.
    told
        What it means on the as-of day.
    days
        Days to its end; NaN without one.
    reach
        Why it stands here: `own`, `state`, `county, does not bind here`, `nearby, does not bind
        here` or `this project`.
    blocks
        True where it is in force by its dates and blocks the request here, or may.
    """

    row: Mapping[str, Any]
    window: str
    told: str
    days: float
    reach: str
    blocks: bool

    @property
    def since(self) -> str:
        """Day by which it is sorted."""
        return word(self.row, "action_date") or word(self.row, "effective_from")


def timeline(region: Region, site_id: str) -> list[Act]:
    """Acts of a site's authorities and of those beside it, oldest first."""
    rules = rules_of(region.layers, region.request)
    sites = region.sites.loc[[site_id]]
    authority = sites["jurisdiction_id"].iloc[0]
    chain = rules.chain(authority)
    vested = sites["zoning_status"].iloc[0] == "approved"
    acts = [
        _act(bound, _reach(bound.row, chain, site_id)) for bound in rules.binding(authority, vested=vested)
    ]  # fmt: skip
    known = {word(act.row, "policy_id") for act in acts}
    acts += [_act(bound, "county, does not bind here") for bound in rules.beside(authority)]
    known |= {word(act.row, "policy_id") for act in acts}
    for name in _nearby(sites, region, chain):
        acts += [
            _act(bound, "nearby, does not bind here")
            for bound in rules.binding(name, vested=False)
            if word(bound.row, "policy_id") not in known and word(bound.row, "jurisdiction_id") == name
            and bound.standing.verdict in {"gate", "warn"}
        ]  # fmt: skip
    return sorted(acts, key=lambda act: (act.since, word(act.row, "policy_id")))


def _act(bound: Bound, reach: str) -> Act:
    stands = bound.standing
    blocks = stands.reason in {"in_force", "vested", "unverified"} and "not bind" not in reach
    return Act(bound.row, _window(bound.row), _told(bound), stands.days_to_expiry, reach, blocks)


def _told(bound: Bound) -> str:
    """What a row means on the as-of day, in words."""
    row, stands = bound
    if lacking := open_words(row):
        return f"{' and '.join(lacking)} unknown, needs checking"
    status = policy_status(row)
    if status == "pending":
        return "not final" if code(row, "kind") in PROJECT_ACTS else TOLD["proposed"]
    if status in {"decided", "withdrawn"}:
        return status
    told = TOLD[stands.reason]
    if not told.startswith(("in force", "may be")):
        return told
    if stands.active == "possible":
        told = f"may be {told.removeprefix('may be ')}"
    sure = code(row, "status") in CHECKED or stands.reason == "unverified"
    return told if sure else f"{told}, not verified"


def _reach(row: Mapping[str, Any], chain: list[str], site_id: str) -> str:
    if word(row, "site_id") == site_id:
        return "this project"
    if word(row, "jurisdiction_id") == chain[0]:
        return "another project" if code(row, "kind") in {*PROJECT_ACTS, "opposition"} else "own"
    return word(row, "jurisdiction_id")


def _window(row: Mapping[str, Any]) -> str:
    _, end, unknown = window(row)
    start = word(row, "effective_from") or word(row, "action_date") or "?"
    if code(row, "kind") in PROJECT_ACTS:
        return start
    until = word(row, "effective_to") or (str(end.first) if end else "?" if unknown else "")
    return f"{start} – {until}" if until else f"from {start}"


def _nearby(sites: gpd.GeoDataFrame, region: Region, chain: list[str]) -> list[str]:
    """Authorities whose outline may hold the site although another is its own: annexation moves them."""
    outlines: pd.DataFrame | None = region.layers.frame("jurisdictions")
    if not isinstance(outlines, gpd.GeoDataFrame):
        return []
    _, candidates = locate(sites, outlines)
    return [name for name in candidates[0] if name not in chain]
