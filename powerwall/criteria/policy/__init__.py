"""Policy: which dated rule stands, and how likely and how long the permit path is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from powerwall.criteria.criterion import criterion
from powerwall.criteria.policy.permits import Path, permit_path, permit_table
from powerwall.criteria.policy.rows import Bound, Rules, Standing, add_term, standing, word
from powerwall.region.dates import MONTH_DAYS

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

__all__ = ["Standing", "add_term", "permit_path", "permit_table", "standing"]
LAYER = "policy"


@criterion(
    unit="bool",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="a row whose dates are uncertain marks a site at risk and never puts it out",
    grade="B",
    kind="flag",
)
def moratorium(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> pd.DataFrame:
    """True where a rule in force blocks the request, by its dates on the as-of day."""
    rules = Rules(layers[LAYER].frame, request)
    rows = [
        _moratorium(rules, site, request)
        for site in sites[["jurisdiction_id", "zoning_status"]].itertuples(index=False)
    ]
    return pd.DataFrame(rows, index=sites.index)


def _moratorium(rules: Rules, site: Any, request: Request) -> dict[str, object]:
    if not isinstance(site.jurisdiction_id, str):
        return {"value": math.nan, "why": "authority unknown"}
    bound = rules.binding(site.jurisdiction_id, vested=site.zoning_status == "approved")
    gates = [b for b in bound if b.standing.verdict == "gate"]
    doubts = [
        b
        for b in bound
        if b.standing.verdict == "warn"
        and b.standing.active == "possible"
        and word(b.row, "effect") == "blocks"
    ]
    if gates:
        longest = max(
            gates,
            key=lambda b: (
                math.inf if math.isnan(b.standing.days_to_expiry) else b.standing.days_to_expiry
            ),
        )
        return _described(longest) | {"value": 1.0}
    if doubts:
        return _described(doubts[0]) | {
            "value": math.nan,
            "low": 0.0,
            "high": 1.0,
            "why": _reason(doubts[0]),
        }
    if not rules.known(site.jurisdiction_id):
        return {"value": math.nan, "why": f"no rule of {site.jurisdiction_id} in this layer"}
    return {
        "value": 0.0,
        "layer": LAYER,
        "status": "secondary",
        "note": f"no rule in force found in this layer as of {request.as_of}",
    }


def _described(bound: Bound) -> dict[str, object]:
    row = bound.row
    return {
        "layer": LAYER, "row": row["policy_id"], "source": row.get("source_title"), "as_of": row.get("as_of"),
        "status": row.get("status"), "note": f"{_reason(bound)}, {word(row, 'status')}, source dated {word(row, 'as_of')}",
    }  # fmt: skip


def _reason(bound: Bound) -> str:
    row, days = bound.row, bound.standing.days_to_expiry
    what = f"{word(row, 'kind')} of {word(row, 'jurisdiction') or word(row, 'jurisdiction_id')}"
    if bound.standing.reason == "end_unknown":
        return f"{what}: end unknown, needs checking"
    if math.isnan(days):
        return f"{what} without an end"
    return f"{what} until {word(row, 'effective_to') or 'its term ends'} ({days:.0f} days)"


@criterion(
    unit="share",
    value=[(0.2, 0.0), (0.95, 1.0)],
    why="assumed: under one in five is not worth an option; above .95 there is nothing left to gain",
    weight=1.0,
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="Wilson 95 % interval where counted, a judged range where assumed",
    grade="C",
)
def policy_success_probability(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request
) -> pd.DataFrame:
    """Share of comparable recorded cases in which the permit path ended well."""
    rules, table = Rules(layers[LAYER].frame, request), permit_table()
    return pd.DataFrame(
        [_odds(permit_path(site, rules), table) for site in sites.itertuples()], index=sites.index
    )


def _odds(path: Path, table: dict[str, dict[str, Any]]) -> dict[str, object]:
    name = path.then if path.category == "moratorium" else path.category
    entry = table.get(name)
    if entry is None or name == "unknown":
        return {"value": math.nan, "why": "zoning unknown"}
    factor = 1 - table["moratorium"]["p_ban_after"] if path.category == "moratorium" else 1.0
    label = f"moratorium, then {path.then}" if path.category == "moratorium" else path.category
    counted = "" if pd.isna(entry["n"]) else f", n = {entry['n']}"
    return {
        "value": entry["p_success"] * factor, "low": float(entry["low"]) * factor, "high": float(entry["high"]) * factor,
        "layer": "sites", "status": "assumed" if entry["tier"] == "assumed" else "approximate", "source": entry["source"],
        "as_of": entry["as_of"], "note": f"{label}{counted}, {entry['tier']}".replace("_", " "), "grade": "C",
    }  # fmt: skip


@criterion(
    unit="months",
    value=[(3, 1.0), (12, 0.6), (36, 0.0)],
    why="assumed: a quarter is an administrative review, a year an ordinary rezoning, three years a lost cycle",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="P50 to P90 of the category",
    grade="C",
)
def permit_months(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> pd.DataFrame:
    """Months of the permit path, P50 given success, from the end of a moratorium on."""
    rules, table = Rules(layers[LAYER].frame, request), permit_table()
    rows = []
    for site in sites.itertuples():
        path = permit_path(site, rules)
        name = path.then if path.category == "moratorium" else path.category
        entry = table.get(name)
        if entry is None or name == "unknown":
            rows.append({"value": math.nan, "why": "zoning unknown"})
        elif path.category == "moratorium":
            # waiting and permit do not add up as P50s: the wait is a floor
            wait = 0.0 if math.isnan(path.days) else path.days / MONTH_DAYS
            rows.append({"value": math.nan, "low": wait + entry["p50_months"],
                         "why": f"after a moratorium of {wait:.1f} months, which may be extended"})  # fmt: skip
        else:
            rows.append({"value": entry["p50_months"], "low": entry["p50_months"], "high": entry["p90_months"], "grade": "C",
                         "status": "assumed", "source": entry["source"], "as_of": entry["as_of"],
                         "note": f"{name.replace('_', ' ')}, P50 to P90"})  # fmt: skip
    return pd.DataFrame(rows, index=sites.index)
