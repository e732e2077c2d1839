"""Figures: every forecast and baseline against the cases, one row each, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from powerwall.ranking.backtest.cases import Cases
from powerwall.ranking.backtest.censoring import concordance
from powerwall.ranking.backtest.forecasts import Forecast
from powerwall.ranking.backtest.statistics import (
    FEW_CLUSTERS,
    FEWEST,
    BrierParts,
    Share,
    auc,
    auc_interval,
    base_rate,
    below,
    brier,
    brier_parts,
    coverage,
    crps,
    drawn_between,
    lift_at,
    log_score,
    pinball,
    precision_at,
    rank_agreement,
    share_of,
    skill,
)

QUANTILES = (0.1, 0.5, 0.9)
ORDER = ("forecast", "ours", "n", "events", "judged", "auc", "auc_low", "auc_high", "k", "precision_events", "precision",
         "precision_low", "precision_high", "lift")  # fmt: skip
ODDS = ("forecast", "ours", "hindsight", "n", "events", "judged", "predicted", "realised", "brier", "base_rate_brier", "skill",
        "log_score", "base_rate_log_score")  # fmt: skip
DATES = ("forecast", "ours", "hindsight", "n", "judged", "pairs", "concordance", "tau", "n_dated", "in_range", "in_range_low",
         "in_range_high", "below_p50", "below_p50_low", "below_p50_high", "below_p90", "below_p90_low", "below_p90_high",
         "due_p10_n", "due_p10", "due_p10_low", "due_p10_high", "due_p50_n", "due_p50", "due_p50_low", "due_p50_high",
         "due_p90_n", "due_p90", "due_p90_low", "due_p90_high", "pinball_p10_months", "pinball_p50_months", "pinball_p90_months", "crps_months")  # fmt: skip


def judged(events: int, n: int) -> bool:
    """Tell whether there are enough cases of both kinds."""
    return min(events, n - events) >= FEWEST.value


def order_figures(sample: Cases, forecasts: Sequence[Forecast], k: int, seed: int) -> pd.DataFrame:
    """AUC, and precision and lift among the first `k`, of every forecast that orders sites."""
    rows = []
    for item in forecasts:
        if item.order is None:
            continue
        known = sample.usable & ~np.isnan(item.order)
        order, event = item.order[known], sample.event[known]
        row: dict[str, Any] = {"forecast": item.name, "ours": item.ours, "n": len(event), "events": int(event.sum())}  # fmt: skip
        row["judged"] = judged(row["events"], row["n"])
        if row["judged"]:
            low, high = _interval(sample, order, known, seed)
            first = min(k, len(event))
            precision = precision_at(order, event, first)
            row |= {"auc": auc(order, event), "auc_low": low, "auc_high": high, "k": first, "precision_events": precision.counted,
                    **_share("precision", precision), "lift": lift_at(order, event, first)}  # fmt: skip
        rows.append(row)
    return _table(rows, ORDER)


def _interval(sample: Cases, order: np.ndarray, known: np.ndarray, seed: int) -> tuple[float, float]:  # fmt: skip
    """Interval of the AUC over utilities; of few of them no narrower than over single sites."""
    event = sample.event[known]
    alone = auc_interval(order, event, seed=seed)
    if sample.clusters is None:
        return alone
    together = auc_interval(order, event, sample.clusters[known], seed=seed)
    if len(np.unique(sample.clusters)) >= FEW_CLUSTERS.value:
        return together
    return float(np.fmin(alone[0], together[0])), float(np.fmax(alone[1], together[1]))


def _share(name: str, share: Share) -> dict[str, float]:
    return {name: share.share, f"{name}_low": share.low, f"{name}_high": share.high}


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(columns))
    words = {"forecast", "ours", "hindsight", "judged", "n", "events"}
    return table.astype({name: float for name in columns if name not in words})


def group_odds(groups: np.ndarray, sample: Cases) -> np.ndarray:
    """Realised share of each group as the odds of its members: known only afterwards. Shape (sites,)"""
    odds = np.full(len(groups), np.nan)
    for code in np.unique(groups[groups >= 0]):
        members = groups == code
        seen = members & sample.usable
        if seen.any():
            odds[members] = base_rate(sample.event[seen], sample.weights[seen])
    return odds


def odds_figures(sample: Cases, forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Brier score, skill and log score of every forecast with odds, beside the base rate."""
    given = [(f.name, f.ours, False, f.odds) for f in forecasts if f.odds is not None]
    if sample.usable.any():
        same = np.full(len(sample.months), base_rate(sample.event, sample.weights))
        given.append(("base rate for all", False, True, same))
    given += [(f.name, f.ours, True, group_odds(f.groups, sample)) for f in forecasts if f.groups is not None and f.odds is None]  # fmt: skip
    rows = []
    for name, own, hindsight, odds in given:
        known = sample.usable & ~np.isnan(odds)
        p, event, weights = odds[known], sample.event[known], sample.weights[known]
        row: dict[str, Any] = {"forecast": name, "ours": own, "hindsight": hindsight, "n": len(p), "events": int(event.sum())}  # fmt: skip
        row["judged"] = judged(row["events"], row["n"])
        if row["judged"]:
            base = base_rate(event, weights)
            everyone = np.full(len(p), base)
            score = brier(p, event, weights)
            row |= {"predicted": float(np.average(p, weights=weights)), "realised": base, "brier": score,
                    "base_rate_brier": base * (1 - base), "skill": skill(score, base * (1 - base)),
                    "log_score": log_score(p, event, weights), "base_rate_log_score": log_score(everyone, event, weights)}  # fmt: skip
        rows.append(row)
    return _table(rows, ODDS)


def parts_of(sample: Cases, odds: np.ndarray) -> BrierParts | None:
    """The Brier score of odds in its parts; None where there is too little to judge."""
    known = sample.usable & ~np.isnan(odds)
    event = sample.event[known]
    return brier_parts(odds[known], event, sample.weights[known]) if judged(int(event.sum()), len(event)) else None  # fmt: skip


def date_figures(sample: Cases, forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Concordance, rank agreement, coverage and losses of every forecast that orders or dates sites."""
    rows = [_dates_of(sample, item) for item in forecasts if item.order is not None]
    came = sample.months[sample.energised]
    if judged(len(came), len(sample.months)):
        same = [np.full(len(sample.months), q) for q in np.quantile(came, QUANTILES)]
        rows.append(_dates_of(sample, Forecast("same quantiles for all", False, np.zeros(len(sample.months)), None, None, *same), hindsight=True))  # fmt: skip
    return _table(rows, DATES)


def _dates_of(sample: Cases, item: Forecast, *, hindsight: bool = False) -> dict[str, Any]:
    assert item.order is not None  # noqa: S101 — the caller left those out
    known = ~np.isnan(item.order)
    came = known & sample.energised
    row: dict[str, Any] = {"forecast": item.name, "ours": item.ours, "hindsight": hindsight, "n": int(came.sum())}  # fmt: skip
    row["judged"] = judged(row["n"], int(known.sum()))
    if not row["judged"]:
        return row
    # a withdrawn site is energised later than any other: never
    seen = np.where(sample.withdrawn, np.inf, sample.months)
    found = concordance(-item.order[known], seen[known], sample.energised[known])
    row |= {"pairs": found.pairs, "concordance": found.value, "tau": rank_agreement(item.order[came], -sample.months[came])}  # fmt: skip
    return row | _losses(sample, item, came, hindsight=hindsight)


def _losses(sample: Cases, item: Forecast, came: np.ndarray, *, hindsight: bool) -> dict[str, float]:  # fmt: skip
    """Coverage and losses over the realised dates; of a date alone, those of its P50."""
    p50 = item.p50_months
    if p50 is None:
        return {}
    if item.p10_months is None or item.p90_months is None:
        dated = came & np.isfinite(p50)
        real = sample.months[dated]
        if not real.size:
            return {}
        return {"n_dated": len(real), "pinball_p50_months": pinball(p50[dated], real, 0.5),
                **_share("below_p50", below(p50[dated], real)), "crps_months": float(np.abs(p50[dated] - real).mean())}  # fmt: skip
    dated = came & (item.p10_months > 0) & np.isfinite(item.p90_months)
    real = sample.months[dated]
    if not real.size:
        return {}
    three = [part[dated] for part in (item.p10_months, p50, item.p90_months)]
    losses = {f"pinball_p{100 * q:.0f}_months": pinball(part, real, q) for q, part in zip(QUANTILES, three, strict=True)}  # fmt: skip
    losses |= {"n_dated": len(real), "crps_months": float(crps(drawn_between(*three), real).mean())}
    if hindsight:  # fitted to these very dates: their coverage says nothing
        return losses
    losses |= {**_share("in_range", coverage(three[0], three[2], real)), **_share("below_p50", below(three[1], real)),
               **_share("below_p90", below(three[2], real))}  # fmt: skip
    for q, part in zip(QUANTILES, (item.p10_months, p50, item.p90_months), strict=True):
        due = due_by(sample, part)
        losses |= {f"due_p{100 * q:.0f}_n": due.n, **_share(f"due_p{100 * q:.0f}", due)}
    return losses


def due_by(sample: Cases, quantile_months: np.ndarray) -> Share:
    """Share energised by their own quantile, of all sites that were followed to it and not withdrawn.

    Unlike the share of the realised dates it does not choose the sites by what became of them, but
    for the withdrawn: quantiles hold given that power comes.
    """
    due = ~sample.withdrawn & (quantile_months <= sample.followed_months)
    came = sample.energised & (sample.months <= quantile_months)
    return share_of(float(came[due].sum()), int(due.sum()))
