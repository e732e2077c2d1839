"""Gates: limits that a region sets to how much a comparison may move."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from powerwall.ranking.compare import Changes

if TYPE_CHECKING:
    from powerwall.region.read import Region


class Gate(NamedTuple):
    """One limit of `[gates]`.

    Attributes
    ----------
    name, limit
        The key and its value, as text.
    state
        `holds`, `broken` or `not measured`.
    words
        What was found, and which sites or layers broke it.
    """

    name: str
    limit: str
    state: str
    words: str


def gates(changes: Changes, head: Region, today: date) -> list[Gate]:
    """Verdict of each limit that the head declares.

    Parameters
    ----------
    changes
        What moved.
    head
        The newer region, whose `[gates]` count.
    today
        Day that freshness is judged on.
    """
    limits = head.table.gates
    found = []
    if limits.max_rank_shift is not None:
        found.append(_rank_shift(changes, limits.max_rank_shift))
    if limits.min_top_held is not None:
        words = "no draws of the weights are made, so no share of them is known"
        found.append(Gate("min_top_held", f"{limits.min_top_held:g}", "not measured", words))
    if limits.fail_on_stale:
        found.append(_stale(head, today))
    return found


def _rank_shift(changes: Changes, limit: int) -> Gate:
    frame = changes.sites
    both = frame[frame["rank_base"].notna() & frame["rank_head"].notna()]
    unranked = int((frame["rank_base"].notna() != frame["rank_head"].notna()).sum())
    over = both[both["rank_shift"].abs() > limit].sort_values(
        "rank_shift", key=lambda shift: -shift.abs(), kind="stable"
    )
    if over.empty:
        most = int(both["rank_shift"].abs().max()) if len(both) else 0
        beside = f"; ranked on one side only, so without a shift: {unranked}" if unranked else ""
        return Gate("max_rank_shift", str(limit), "holds", f"largest shift {most}{beside}")
    named = "; ".join(
        f"{site} from rank {row['rank_base']} to {row['rank_head']}"
        for site, row in over.iterrows()
    )
    return Gate("max_rank_shift", str(limit), "broken", named)


def _stale(head: Region, today: date) -> Gate:
    old = [
        f"layer {layer.name} is {(today - layer.as_of).days} days old, fresh for {layer.fresh_days}"
        for _, layer in sorted(head.layers.items())
        if layer.as_of and layer.fresh_days and (today - layer.as_of).days > layer.fresh_days
    ]
    said = "; ".join(old) or f"no layer is older than its fresh_days on {today}"
    return Gate("fail_on_stale", "true", "broken" if old else "holds", said)
