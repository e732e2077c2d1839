"""Permits: the path of a site, and what is known of paths like it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from powerwall.criteria.facts import fact_table
from powerwall.criteria.policy.rows import Rules, word


def permit_table() -> dict[str, dict[str, Any]]:
    """Permit categories with `p_success p50_months p90_months`, their ranges and tiers."""
    table: dict[str, dict[str, Any]] = {}
    for row in fact_table("permit_paths").to_dict("records"):
        entry = table.setdefault(row["category"], {})
        entry[row["quantity"]] = float(row["value"])
        if row["quantity"] in {"p_success", "p_ban_after"}:
            entry |= {"low": row["low"], "high": row["high"], "n": row["n"], "tier": row["tier"], "source": row["source"],
                      "as_of": row["as_of"]}  # fmt: skip
    return table


class Path(NamedTuple):
    """The permit path of a site.

    Attributes
    ----------
    category
        Key of `permit_table`.
    then
        Category that follows a moratorium, else "".
    days
        Days to the scheduled end of the moratorium; NaN without one.
    """

    category: str
    then: str
    days: float


def permit_path(site: Any, rules: Rules) -> Path:
    """Category of a site from its zoning status, overridden by rules in force.

    A zoning status of `moratorium` alone proves nothing: rows with dates decide.
    """
    zoning = site.zoning_status if isinstance(site.zoning_status, str) else "unknown"
    base = "unknown" if zoning == "moratorium" else zoning
    gates = [
        b
        for b in rules.binding(site.jurisdiction_id, vested=zoning == "approved")
        if b.standing.verdict == "gate"
    ]
    if any(
        word(b.row, "kind") != "moratorium" and math.isnan(b.standing.days_to_expiry) for b in gates
    ):
        return Path("prohibited", "", math.nan)
    if gates:
        then = base if base not in {"unknown", "prohibited"} else "special_permit"
        return Path("moratorium", then, max(b.standing.days_to_expiry for b in gates))
    return Path(base, "", math.nan)
