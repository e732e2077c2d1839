"""Moved: what counts as a difference between two rankings, and how each site and the order moved."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from powerwall.ranking.rank import Ranking

SCORE_STEP = 5e-7  # points: what a file with six decimals shows
MEASURED = ("value", "low", "high", "bound")  # columns of a measure that are numbers
SITE_COLUMNS = (
    "name", "change", "status_base", "status_head", "at_risk_base", "at_risk_head", "rank_base", "rank_head", "rank_shift",
    "score_base", "score_head", "score_delta", "reasons_base", "reasons_head", "why",
)  # fmt: skip


def site_changes(base: pd.DataFrame, head: pd.DataFrame) -> pd.DataFrame:
    """Status, rank and score of every site on both sides, what moved most first; `why` is empty.

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
    frame["score_delta"] = frame["score_head"] - frame["score_base"]
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


def shifts(sites: pd.DataFrame) -> dict[str, float]:
    """How far the order moved, over the sites ranked on both sides.

    Returns
    -------
    dict
        `ranked` sites on both sides; `mean` and `largest` absolute shift of a rank; `tau`, Kendall's
        rank correlation (NaN under two sites); `top` and `top_kept`, how many of the first five stay.
    """
    both = sites[sites["rank_base"].notna() & sites["rank_head"].notna()]
    old, new = (both[c].to_numpy(dtype=float) for c in ("rank_base", "rank_head"))
    shift = np.abs(new - old)
    pairs = np.sign(old[:, None] - old[None, :]) * np.sign(new[:, None] - new[None, :])
    n = len(both)
    leaders = [set(sites.index[sites[c].fillna(10**9) <= 5]) for c in ("rank_base", "rank_head")]
    return {
        "ranked": float(n),
        "mean": float(shift.mean()) if n else math.nan,
        "largest": float(shift.max()) if n else math.nan,
        "tau": float(pairs.sum() / (n * (n - 1))) if n > 1 else math.nan,
        "top": float(len(leaders[0])),
        "top_kept": float(len(leaders[0] & leaders[1])),
    }


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
