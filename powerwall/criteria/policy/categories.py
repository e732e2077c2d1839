"""Categories: which kind of permit path a site has, by its zoning, rules in force and its own refusal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from powerwall.criteria.policy.rows import code, word
from powerwall.criteria.policy.rules import Bound, Rules

#: What follows a moratorium where the zoning behind it is not stated.
BEHIND = "special_permit"


class Path(NamedTuple):
    """Category of a site.

    Attributes
    ----------
    category
        Key of `permit_table`.
    then
        Category that follows a moratorium, else "".
    days
        Days to the scheduled end of the moratorium; NaN without one.
    row
        The row that decides it; None where the zoning status does.
    """

    category: str
    then: str
    days: float
    row: Mapping[str, Any] | None = None


def permit_path(site: Any, rules: Rules, own: str = "") -> Path:
    """Category of a site from its zoning status, overridden by rules in force.

    `own` is what a row about the site itself states: it goes before the zoning status and a
    refusal, and never before a rule in force.

    A zoning status of `moratorium` alone proves nothing: rows with dates decide. Behind one that is
    or was in force a special permit is taken where nothing else is stated.
    """
    zoning = site.zoning_status if isinstance(site.zoning_status, str) else "unknown"
    binding = rules.binding(site.jurisdiction_id, vested=zoning == "approved")
    gates = gates_of(binding)
    held = any(
        code(b.row, "kind") == "moratorium" and b.standing.reason in {"expired", "in_force"}
        for b in binding
    )
    base = own or (zoning if zoning != "moratorium" else BEHIND if held else "unknown")
    for bound in gates:
        if code(bound.row, "kind") != "moratorium" and math.isnan(bound.standing.days_to_expiry):
            return Path("prohibited", "", math.nan, bound.row)
    act = rules.latest_act(getattr(site, "Index", None))
    # a refusal does not lift what the ordinance prohibits
    refused = act is not None and code(act, "kind") == "denial" and base != "prohibited" and not own
    denied = act if refused else None
    if gates:
        after = "denied" if denied is not None else base
        then = after if after not in {"unknown", "prohibited"} else BEHIND
        return Path("moratorium", then, gates[0].standing.days_to_expiry, gates[0].row)
    if denied is not None:
        return Path("denied", "", math.nan, denied)
    return Path(base, "", math.nan)


def gates_of(bound: list[Bound]) -> list[Bound]:
    """Rows that may put a site out, the longest first; one without an end is longer than any."""

    def length(item: Bound) -> float:
        days = item.standing.days_to_expiry
        return math.inf if math.isnan(days) else days

    gates = [item for item in bound if item.standing.verdict == "gate"]
    return sorted(gates, key=lambda item: (-length(item), word(item.row, "policy_id")))
