"""Moved: what counts as a difference between two rankings, and how each site and the order moved."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from powerwall.ranking.rank import Ranking
from powerwall.ranking.scores import NEUTRAL
from powerwall.ranking.spread import CONCENTRATION, DEVIATIONS, weights_spread

TOP = 5  # assumed: leaders that are counted as kept
Key = tuple[str, str]  # site and criterion
SCORE_STEP = 5e-7  # points: what a file with six decimals shows
MEASURED = ("value", "low", "high", "bound")  # columns of a measure that are numbers
SITE_COLUMNS = (
    "name", "change", "status_base", "status_head", "at_risk_base", "at_risk_head", "rank_base", "rank_head", "rank_shift",
    "shift_scores", "shift_others", "within_spread", "score_base", "score_head", "score_delta", "remainder", "rank_remainder",
    "reasons_base", "reasons_head", "why",
)  # fmt: skip


def site_changes(base: pd.DataFrame, head: pd.DataFrame) -> pd.DataFrame:
    """Status, rank and score of every site on both sides, what moved most first.

    A shift of a rank is that among the sites ranked on both sides, `shift_scores`, and what others
    do that came or went, `shift_others`. What a replay tells (`why`, `within_spread`, `remainder`,
    `rank_remainder`) is empty.

    Parameters
    ----------
    base, head
        Index `site_id`; `name status rank score reasons`.
    """
    every = base.index.union(head.index)
    a, b = base.reindex(every), head.reindex(every)
    frame = pd.DataFrame({"name": b["name"].where(b["name"].notna(), a["name"])}, index=every)
    for side, part in (("base", a), ("head", b)):
        frame[f"status_{side}"] = part["status"]
        frame[f"at_risk_{side}"] = at_risk(part).to_numpy() & part["status"].notna().to_numpy()
        frame[f"rank_{side}"] = part["rank"].astype("Int64")
        frame[f"score_{side}"] = part["score"].astype(float)
        frame[f"reasons_{side}"] = part["reasons"].fillna("")
    frame["rank_shift"] = frame["rank_head"] - frame["rank_base"]
    old, new = _common_ranks(frame)
    frame["shift_scores"] = (new - old).reindex(every).astype("Int64")
    frame["shift_others"] = frame["rank_shift"] - frame["shift_scores"]
    frame["score_delta"] = frame["score_head"] - frame["score_base"]
    frame = frame.assign(within_spread=False, remainder=math.nan, rank_remainder=math.nan)
    frame["change"] = _change(frame)
    frame["why"] = ""
    order = {"status": 0, "risk": 1, "added": 2, "removed": 2, "score": 3, "rank": 4, "": 5}
    keys = pd.DataFrame({
        "kind": frame["change"].map(order), "shift": -frame["rank_shift"].abs().fillna(0).astype(int),
        "points": -frame["score_delta"].abs().fillna(0.0).round(9), "id": frame.index,
    }, index=frame.index)  # fmt: skip
    ordered = keys.sort_values(["kind", "shift", "points", "id"], kind="stable").index
    return frame.loc[ordered, list(SITE_COLUMNS)].rename_axis("site_id")


def _change(frame: pd.DataFrame) -> np.ndarray:
    """What kind of change each site saw, the gravest only."""
    old, new = frame["status_base"], frame["status_head"]
    return np.select(
        [
            old.isna().to_numpy(),
            new.isna().to_numpy(),
            (old.fillna("") != new.fillna("")).to_numpy(),
            (frame["at_risk_base"] != frame["at_risk_head"]).to_numpy(),
            frame["score_delta"].abs().fillna(0.0).to_numpy() >= SCORE_STEP,
            frame["rank_shift"].fillna(0).to_numpy(dtype=int) != 0,
        ],
        ["added", "removed", "status", "risk", "score", "rank"],
        "",
    )


def _common_ranks(sites: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Ranks before and after among the sites that are ranked on both sides, from 1."""
    both = sites[sites["rank_base"].notna() & sites["rank_head"].notna()]
    old, new = (both[c].astype(float).rank(method="first") for c in ("rank_base", "rank_head"))
    return old, new


def shifts(sites: pd.DataFrame) -> dict[str, float]:
    """How far the order moved, over the sites ranked on both sides.

    Returns
    -------
    dict
        `ranked` sites on both sides; `mean` and `largest` absolute shift of a rank; `tau`, Kendall's
        rank correlation τ_b, and `ws`, the coefficient that weighs the top most (both NaN under two
        sites); `top` and `top_kept`, how many of the first five stay.

    References
    ----------
    Sałabun and Urbaniak 2020, A new coefficient of rankings similarity in decision-making problems:
    WS = 1 − Σ 2^(−r)·|r − q| / max(|1 − r|, |n − r|), r the ranks before, q those after.
    """
    both = sites[sites["rank_base"].notna() & sites["rank_head"].notna()]
    shift = (both["rank_head"] - both["rank_base"]).abs().to_numpy(dtype=float)
    old, new = (side.to_numpy(dtype=float) for side in _common_ranks(sites))
    pairs = np.sign(old[:, None] - old[None, :]) * np.sign(new[:, None] - new[None, :])
    n = len(both)
    leaders = [set(sites.index[sites[c].fillna(10**9) <= TOP]) for c in ("rank_base", "rank_head")]
    ws = 1.0 - (2.0**-old * np.abs(old - new) / np.maximum(old - 1.0, n - old)).sum() if n > 1 else math.nan  # fmt: skip
    return {
        "ranked": float(n),
        "mean": float(shift.mean()) if n else math.nan,
        "largest": float(shift.max()) if n else math.nan,
        "tau": float(pairs.sum() / (n * (n - 1))) if n > 1 else math.nan,
        "ws": float(ws),
        "top": float(len(leaders[0])),
        "top_kept": float(len(leaders[0] & leaders[1])),
    }


def within_spread(base: Ranking, head: Ranking) -> pd.Index:
    """Sites whose rank shifted only past sites that the weights do not tell them apart from.

    Two sites are not told apart where their scores differ by no more than two standard deviations
    of their difference under uncertain weights, before and after.
    """
    both = base.frame.index[base.frame["rank"].notna()].intersection(
        head.frame.index[head.frame["rank"].notna()]
    )
    sides = []
    for side in (base, head):
        values = side.values.loc[both].fillna(NEUTRAL).to_numpy()
        weights = np.array([side.settings.weights.criteria[name] for name in side.values])
        part = side.frame.loc[both]
        sides.append((part["rank"].to_numpy(dtype=float), part["score"].to_numpy(), values, weights))  # fmt: skip
    found = []
    for at in range(len(both)):
        before, after = (np.sign(rank[at] - rank) for rank, _, _, _ in sides)
        passed = np.flatnonzero(before != after)
        alike = len(passed) > 0
        for _, score, values, weights in sides:
            spread = weights_spread(values[at] - values[passed], weights, CONCENTRATION.value)
            alike &= bool((np.abs(score[at] - score[passed]) <= DEVIATIONS.value * spread).all())
        found.append(alike)
    return both[np.array(found, dtype=bool)]


def moved_between(base: Ranking, head: Ranking) -> pd.Index:
    """Sites of both whose own score, status or risk differs."""
    common = base.frame.index.intersection(head.frame.index)
    a, b = base.frame.loc[common], head.frame.loc[common]
    score = np.abs(a["score"].to_numpy() - b["score"].to_numpy()) >= SCORE_STEP
    status = (a["status"].to_numpy() != b["status"].to_numpy()) | (
        at_risk(a).to_numpy() != at_risk(b).to_numpy()
    )
    return common[score | status]


def at_risk(frame: pd.DataFrame) -> pd.Series:
    """Tell which sites stay in although a requirement may fail."""
    return frame["reasons"].fillna("").astype(str).str.contains("at risk: ", regex=False)


def differing_measure(a: pd.DataFrame, b: pd.DataFrame) -> np.ndarray:
    """Tell at which sites a measure or its range differs, in more than its last bits."""
    differs = np.zeros(len(a), dtype=bool)
    for part in MEASURED:
        old, new = a[part].to_numpy(dtype=float), b[part].to_numpy(dtype=float)
        differs |= ~np.isclose(old, new, rtol=1e-9, atol=1e-9, equal_nan=True)
    return differs


def touched(base: Ranking, other: Ranking) -> set[Key]:
    """Measures and contributions that differ at sites of both."""
    common = base.frame.index.intersection(other.frame.index)
    found: set[Key] = set()
    for name in set(base.criteria) & set(other.criteria):
        differs = differing_measure(base.measures[name].loc[common], other.measures[name].loc[common])  # fmt: skip
        if name in base.contributions and name in other.contributions:
            old, new = (r.contributions[name].loc[common].to_numpy(dtype=float) for r in (base, other))  # fmt: skip
            differs |= np.abs(old - new) >= SCORE_STEP
        found |= {(str(site), name) for site in common[differs]}
    return found
