"""Wording: rules at a site as a reader is told them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from powerwall.criteria.water.rules.triggers import AGREED, IN_FORCE, Hit
from powerwall.criteria.water.rules.units import METRICS, figure

CLEAR = "no listed trigger reached"


def words(hit: Hit) -> str:
    """One line: whether it is reached, by how much, what follows, where it stands and on what it rests."""
    rule = hit.rule
    if hit.applies == "no":
        return f"{rule.rule_id}: does not hold here"
    reached = {"yes": "reached", "possible": "possibly reached", "no": "not reached"}[hit.state]
    if hit.state == "possible" and hit.unknown:
        reached += f" (not known: {', '.join(hit.unknown)})"
    since = rule.effective_from if hit.force in {IN_FORCE, AGREED} else ""
    stands = f"{hit.force} since {since}" if since else hit.force
    parts = [f"{rule.rule_id}: {reached}", _margin_words(hit), rule.consequence, stands]
    evidence = f"{rule.evidence} evidence" if rule.evidence else rule.status or "status unknown"
    parts.append(f"{evidence}, as of {rule.as_of}" if rule.as_of else f"{evidence}, undated")
    return "; ".join(part for part in parts if part)


def told(hits: Iterable[Hit | None]) -> list[str]:
    """Lines of the rules that are reached or may be; `no listed trigger reached` where there are none."""
    return [words(hit) for hit in hits if hit is not None and hit.state != "no"] or [CLEAR]


def _margin_words(hit: Hit) -> str:
    if math.isnan(hit.value) or math.isnan(hit.limit):
        return ""
    side = "left" if hit.margin_native > 0 else "over" if hit.margin_native < 0 else ""
    margin = f"{figure(abs(hit.margin_native))} {hit.unit} {side}" if side else "at the limit"
    label = METRICS[hit.rule.metric][1] if hit.rule.metric in METRICS else hit.rule.metric
    return f"{label} {figure(hit.value)} against {figure(hit.limit)} {hit.unit}, {margin}"
