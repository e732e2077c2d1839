"""Gates: limits that a region sets to how much a comparison may move."""

from __future__ import annotations

import math
from datetime import date
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from powerwall.ranking.compare import Changes
from powerwall.ranking.moved import TOP

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_Z_95 = NormalDist().inv_cdf(0.975)  # 1.96: half-width of a share by its normal approximation


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


class Held(NamedTuple):
    """How often the site ranked first stays among the leaders when weights and data are drawn.

    Attributes
    ----------
    site
        The site that is ranked first.
    share
        Share of the draws in which it is among the first `top_k`.
    top_k, draws
        How many leaders are counted, and how many draws were made.
    """

    site: str
    share: float
    top_k: int
    draws: int


def held_by_first(ranking: Ranking, draws: int, **options: int) -> Held | None:
    """How well the first site of a ranking holds; None where no site is ranked.

    Options are those of `ranking.robust.robustness`.
    """
    firm = ranking.with_draws(draws, **options).robustness
    if firm is None or firm.sites.empty:
        return None
    return Held(str(firm.sites.index[0]), float(firm.sites["held"].iloc[0]), firm.top_k, draws)


def gates(changes: Changes, head: Region, today: date, held: Held | None = None) -> list[Gate]:
    """Verdict of each limit that the head declares.

    Parameters
    ----------
    changes
        What moved.
    head
        The newer region, whose `[gates]` count.
    today
        Day that freshness is judged on.
    held
        How well the first site of the head holds; None where nothing was drawn.
    """
    limits = head.table.gates
    found = []
    if limits.max_rank_shift is not None:
        found.append(_rank_shift(changes, limits.max_rank_shift))
    if limits.min_top_held is not None:
        found.append(_top_held(held, limits.min_top_held))
    if limits.fail_on_stale:
        found.append(_stale(head, today))
    return found


def _rank_shift(changes: Changes, limit: int) -> Gate:
    frame = changes.sites
    both = frame[frame["rank_base"].notna() & frame["rank_head"].notna()]
    unranked = int((frame["rank_base"].notna() != frame["rank_head"].notna()).sum())
    left = _left(frame)
    over = both[both["rank_shift"].abs() > limit].sort_values(
        "rank_shift", key=lambda shift: -shift.abs(), kind="stable"
    )
    if over.empty:
        most = int(both["rank_shift"].abs().max()) if len(both) else 0
        beside = f"; ranked on one side only, so without a shift: {unranked}" if unranked else ""
        return Gate("max_rank_shift", str(limit), "holds", f"largest shift {most}{beside}{left}")
    named = "; ".join(
        f"{site} from rank {row['rank_base']} to {row['rank_head']}"
        for site, row in over.iterrows()
    )
    return Gate("max_rank_shift", str(limit), "broken", f"{named}{left}")


def _left(sites: pd.DataFrame) -> str:
    """Leaders of the base that have no rank in the head, and so no shift."""
    gone = sites[(sites["rank_base"].fillna(TOP + 1) <= TOP) & sites["rank_head"].isna()]
    said = [
        f"{site} from rank {row['rank_base']} ({row['status_head'] if isinstance(row['status_head'], str) else 'removed'})"
        for site, row in gone.sort_values("rank_base").iterrows()
    ]  # fmt: skip
    return f"; left the first {TOP}: {', '.join(said)}" if said else ""


def _top_held(held: Held | None, limit: float) -> Gate:
    said = f"{limit:g}"
    if held is None:
        words = "no site is ranked, or no draws were asked for"
        return Gate("min_top_held", said, "not measured", words)
    percent = f"{100 * held.share:.0f}"
    if float(percent) == round(100 * limit) and held.share != limit:
        percent = f"{100 * held.share:.2f}"  # on which side of the limit it lies must be seen
    among = "first" if held.top_k == 1 else f"among the first {held.top_k}"
    half = 100 * _Z_95 * math.sqrt(held.share * (1 - held.share) / held.draws)
    words = (
        f"{held.site}, ranked first, is {among} in {percent} % of {held.draws:,} draws"
        f" (95 %: ± {half:.1f} percentage points)"
    )
    return Gate("min_top_held", said, "broken" if held.share < limit else "holds", words)


def _stale(head: Region, today: date) -> Gate:
    old = [
        f"layer {layer.name} is {(today - layer.as_of).days} days old, fresh for {layer.fresh_days}"
        for _, layer in sorted(head.layers.items())
        if layer.as_of and layer.fresh_days and (today - layer.as_of).days > layer.fresh_days
    ]
    said = "; ".join(old) or f"no layer is older than its fresh_days on {today}"
    return Gate("fail_on_stale", "true", "broken" if old else "holds", said)
