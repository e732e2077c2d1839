"""Effects: what each ingredient does to each site alone, in points and ranks, and what is left over."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.ranking.attribution.reuse import Reuse
from powerwall.ranking.ingredients import Ingredient, differing
from powerwall.ranking.moved import moved_between
from powerwall.ranking.replay import Replay, with_one

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

REMAINDER = 0.005  # points from which what is left over is worth a line
INTERACTION = "interaction"
_COLUMNS = ("site_id", "ingredient", "points", "status", "ranks", "points_backward", "points_midpoint")  # fmt: skip
_TINY = 1e-9  # points, the last bits of a score


def replayed(
    base: Ranking, head: Ranking, items: list[Ingredient], reuse: Reuse, progress: Callable[[str], object],
) -> list[Replay]:  # fmt: skip
    """The base with each ingredient alone; the head itself where nothing else differs."""
    if len(items) == 1:
        return [Replay(items[0], head)]
    found = []
    for item in items:
        progress(item.label)
        found.append(Replay(item, with_one(base, head, item, reuse)))
    return found


def effects_of(base: Ranking, head: Ranking, replays: list[Replay]) -> pd.DataFrame:
    """What each ingredient does to each common site alone, and a line for what is left over.

    Returns
    -------
    pandas.DataFrame
        `site_id ingredient points status ranks` and two empty columns for the way back; `ranks` is
        NaN where the site is not ranked on both sides. The line `interaction` stands where 0.005
        points or a whole rank are left.
    """
    records: list[dict[str, Any]] = []
    for replay in replays:
        if replay.alone is None:
            continue
        points, ranks = differences(base, replay.alone)
        status = replay.alone.frame["status"]
        counted = set(moved_between(base, replay.alone)) | set(points.index[(points.abs() > _TINY) | (ranks.fillna(0) != 0)])  # fmt: skip
        records += [
            {"site_id": site, "ingredient": replay.item.label, "points": float(points[site]), "status": status[site], "ranks": float(ranks[site])}
            for site in points.index if site in counted
        ]  # fmt: skip
    alone = _frame(records)
    left, ranks = remainders(base, head, alone)
    for site in left.index[(left.abs() >= REMAINDER) | (ranks.fillna(0) != 0)]:
        records.append({"site_id": site, "ingredient": INTERACTION, "points": float(left[site]), "status": "", "ranks": float(ranks[site])})  # fmt: skip
    return _frame(records)


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=list(_COLUMNS))
    numbers = ["points", "ranks", "points_backward", "points_midpoint"]
    frame[numbers] = frame[numbers].astype(float)
    return frame.sort_values(["site_id", "ingredient"], kind="stable").reset_index(drop=True)


def differences(base: Ranking, other: Ranking) -> tuple[pd.Series, pd.Series]:
    """Points and ranks by which common sites differ; ranks are NaN where a side has none."""
    common = base.frame.index.intersection(other.frame.index).sort_values()
    a, b = base.frame.loc[common], other.frame.loc[common]
    points = b["score"].astype(float) - a["score"].astype(float)
    ranks = (b["rank"] - a["rank"]).astype("Float64").to_numpy(dtype=float, na_value=math.nan)
    return points, pd.Series(ranks, index=common)


def remainders(base: Ranking, head: Ranking, effects: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Points and ranks of every common site that the effects alone do not add up to."""
    points, ranks = differences(base, head)
    alone = effects[effects["ingredient"] != INTERACTION].groupby("site_id")[["points", "ranks"]].sum()  # fmt: skip
    sums = alone.reindex(points.index).fillna(0.0)
    return points - sums["points"], ranks - sums["ranks"]


def needs_backwards(effects: pd.DataFrame) -> bool:
    """Tell whether at some site more is left over than the largest effect alone."""
    size = effects.assign(size=effects["points"].abs())
    left = size[size["ingredient"] == INTERACTION].set_index("site_id")["size"]
    most = size[size["ingredient"] != INTERACTION].groupby("site_id")["size"].max()
    return bool(((left >= REMAINDER) & (left > most.reindex(left.index).fillna(0.0))).any())


def with_backwards(
    base: Ranking, head: Ranking, effects: pd.DataFrame, progress: Callable[[str], object]
) -> pd.DataFrame:
    """The effects, and beside them those of taking each ingredient back out of the head.

    δ' = S(head) − S(head with only this ingredient of the base); the midpoint of both ways is the
    Shapley value where two ingredients differ, and then the midpoints add up to the whole.
    """
    items = differing(head, base)
    reuse = Reuse(head.regions[0], head.criteria)
    back: dict[tuple[str, str], float] = {}
    for replay in replayed(head, base, items, reuse, lambda label: progress(f"{label}, backwards")):
        if replay.alone is not None:
            points, _ = differences(replay.alone, head)
            back |= {(replay.item.label, str(site)): float(value) for site, value in points.items()}
    pairs = [(str(label), str(site)) for label, site in zip(effects["ingredient"], effects["site_id"], strict=True)]  # fmt: skip
    there = np.array([back.get(pair, math.nan) for pair in pairs])
    both = effects.assign(points_backward=there, points_midpoint=(effects["points"] + there) / 2)
    forwards = set(pairs)
    records = [
        {"site_id": site, "ingredient": label, "points": 0.0, "status": "", "ranks": 0.0, "points_backward": value, "points_midpoint": value / 2}
        for (label, site), value in sorted(back.items())
        if (label, site) not in forwards and abs(value) > _TINY
    ]  # fmt: skip
    return _frame([*both.to_dict("records"), *records])
