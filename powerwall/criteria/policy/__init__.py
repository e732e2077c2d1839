"""Policy: which dated rule stands, and how likely and how long the permit path is.

The criteria stand here. Behind them: `rows` (what an act means on a day), `rules` (whom it binds),
`permits` and `odds` (what is known of permits anywhere), `register` and `opposition` (what the
region knows of its own), `categories` (which path a site has) and `paths` (its stages, which the
power plan takes in). Beside them: `timeline` (the acts round one site), `obligations` (duties of a
request), `contradictions` (sources that differ) and `check` (rows that say less than they seem to).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.criterion import WILSON_95, criterion, provides
from powerwall.criteria.policy.categories import gates_of, permit_path
from powerwall.criteria.policy.odds import opposition_index, wilson, with_hazard
from powerwall.criteria.policy.paths import PermitPath, Permits, permit_paths
from powerwall.criteria.policy.permits import permit_stages, permit_table, wait_months
from powerwall.criteria.policy.rows import Standing, add_term, code, standing
from powerwall.criteria.policy.rules import (
    LAYER,
    Bound,
    Rules,
    age_days,
    evidence,
    reason,
    rules_of,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

__all__ = [
    "Standing", "add_term", "opposition_index", "permit_path", "permit_stages", "permit_table", "standing", "wait_months",
    "wilson", "with_hazard",
]  # fmt: skip


@provides("rules")
def rules(layers: Layers, request: Request) -> Rules:
    """Dated acts of a region by authority."""
    return rules_of(layers, request)


@provides("permits")
def permits(sites: gpd.GeoDataFrame, layers: Layers, request: Request, rules: Rules) -> Permits:
    """Permit path of each site, which the power plan takes in as stages."""
    return permit_paths(sites, layers, request, rules)


@criterion(
    unit="bool",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="a row whose dates are uncertain marks a site at risk and never puts it out",
    grade="B",
    kind="flag",
)
def moratorium(sites: gpd.GeoDataFrame, rules: Rules) -> pd.DataFrame:
    """True where a rule in force blocks the request, by its dates on the as-of day."""
    known: dict[tuple[object, bool], dict[str, object]] = {}
    rows = []
    for authority, zoning in zip(sites["jurisdiction_id"], sites["zoning_status"], strict=True):
        key = (authority, zoning == "approved")
        if key not in known:
            known[key] = _moratorium(rules, authority, vested=key[1])
        rows.append(known[key])
    return pd.DataFrame(rows, index=sites.index)


def _moratorium(rules: Rules, authority: object, *, vested: bool) -> dict[str, object]:
    if not isinstance(authority, str):
        return {"value": math.nan, "why": "authority unknown"}
    bound = rules.binding(authority, vested=vested)
    gates = gates_of(bound)
    if gates:
        return _described(gates[0], rules) | {"value": 1.0}
    warned = [
        b for b in bound if b.standing.verdict == "warn" and code(b.row, "effect") in {"blocks", ""}
    ]
    doubts = [b for b in warned if b.standing.active == "possible"]
    if doubts:
        return _described(doubts[0], rules) | {
            "value": math.nan, "low": 0.0, "high": 1.0, "why": reason(doubts[0]),
        }  # fmt: skip
    if not rules.known(authority):
        return {"value": math.nan, "why": f"no rule of {authority} in this layer"}
    notes = [
        f"no rule in force found in this layer as of {rules.request.as_of}",
        *map(_aside, warned),
    ]
    return {"value": 0.0, "layer": LAYER, "status": "secondary", "note": "; ".join(notes)}


def _described(bound: Bound, rules: Rules) -> dict[str, object]:
    row = bound.row
    days = age_days(row, rules)
    old = f", {days} days old where {rules.fresh_days} are fresh" if days else ""
    return {
        "layer": LAYER, "row": row["policy_id"], "source": row.get("source_title"), "as_of": row.get("as_of"),
        "status": row.get("status"), "note": f"{reason(bound)}, {evidence(row)}{old}",
    }  # fmt: skip


def _aside(bound: Bound) -> str:
    """A row that blocks by its words and does not count here, with the reason."""
    why = {
        "vested": "may not reach an approved project",
        "unverified": "not verified, does not count",
    }
    said = why.get(bound.standing.reason)
    return f"{reason(bound)}{': ' + said if said else ''}, {evidence(bound.row)}"


@criterion(
    unit="share",
    value=[(0.2, 0.0), (0.95, 1.0)],
    why="assumed: under one in five is not worth an option; above .95 there is nothing left to gain",
    weight=1.0,
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="Wilson 95 % interval where counted, a judged range where assumed",
    spread=WILSON_95,
    grade="C",
)
def policy_success_probability(sites: gpd.GeoDataFrame, permits: Permits) -> pd.DataFrame:
    """Share of comparable recorded cases in which the permit path ended well."""
    rows = {key: _odds(path) for key, path in permits.paths.items()}
    return pd.DataFrame([rows[key] for key in permits.keys], index=sites.index)


def _odds(found: PermitPath) -> dict[str, object]:
    if not (found.certain or found.done):
        return {"value": math.nan, "why": "zoning unknown"}
    low, high = found.p_range
    entry = found.entry
    return {
        "value": found.p_success, "low": low, "high": high, "note": f"{found.label}, {_count(found)}", **_sourced(found),
        "status": entry.status, "source": entry.source, "as_of": entry.as_of,
    }  # fmt: skip


def _count(found: PermitPath) -> str:
    return "granted and final" if found.done else f"permit {found.entry.cases}"


def _sourced(found: PermitPath) -> dict[str, object]:
    """Layer and row that decide a path, and its grade."""
    act = found.path.row
    if act is not None:
        return {"layer": LAYER, "row": act["policy_id"], "grade": "C"}
    own = found.entry.rung != "generic"
    return {
        "layer": "permit_paths" if own else "sites", "row": found.entry.row or None, "grade": "B" if own else "C",
    }  # fmt: skip


@criterion(
    unit="months",
    value=[(3, 1.0), (12, 0.6), (36, 0.0)],
    why="assumed: a quarter is an administrative review, a year an ordinary rezoning, three years a lost cycle",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="P50 to P90 of the path, given that it ends well",
    grade="C",
)
def permit_months(sites: gpd.GeoDataFrame, permits: Permits) -> pd.DataFrame:
    """Months of the permit path, a moratorium before it included; P50 given success."""
    rows = {key: _months(path) for key, path in permits.paths.items()}
    return pd.DataFrame([rows[key] for key in permits.keys], index=sites.index)


def _months(found: PermitPath) -> dict[str, object]:
    if not (found.certain or found.done):
        return {"value": math.nan, "why": "zoning unknown"}
    p50, p90 = found.months
    last = found.known["permit"]
    return {
        "value": p50, "low": p50, "high": p90, "note": f"{found.label}, P50 to P90", **_sourced(found),
        "status": "assumed" if last.rung == "generic" else found.entry.status, "source": last.source, "as_of": last.as_of,
    }  # fmt: skip
