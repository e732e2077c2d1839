"""Backtest: replay, rank, and hold against the outcomes; nothing is printed here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.criteria.measure import measure
from powerwall.ranking.backtest.cases import Cases, cases
from powerwall.ranking.backtest.figures import (
    date_figures,
    odds_figures,
    order_figures,
    parts_of,
)
from powerwall.ranking.backtest.forecasts import distances, of_columns, ours
from powerwall.ranking.backtest.outcomes import Outcomes, read_outcomes
from powerwall.ranking.backtest.replay import Replay, as_known
from powerwall.ranking.backtest.statistics import BrierParts
from powerwall.ranking.rank import Ranking, rank
from powerwall.region.findings import Finding, Findings
from powerwall.region.read import Region


@dataclass(frozen=True)
class Backtest:
    """A ranking of the past against what followed.

    Attributes
    ----------
    replay, ranking
        The region as it was known, and its ranking.
    outcomes, sample
        What became of the sites, and the same as arrays.
    order, odds, dates
        Figures of every forecast and baseline; see `figures`.
    parts
        Brier score of `P(on time)` in its parts; None where there is too little to judge.
    statuses
        Status in the ranking → sites of the sample, and how many of them were energised in time.
    seed
        Of the draws and the resamples.
    findings
        What was notable in the files.
    """

    replay: Replay
    ranking: Ranking
    outcomes: Outcomes
    sample: Cases
    order: pd.DataFrame
    odds: pd.DataFrame
    dates: pd.DataFrame
    parts: BrierParts | None
    statuses: dict[str, tuple[int, int]]
    seed: int
    findings: tuple[Finding, ...]


def backtest(
    region: Region, path: Path, as_of: date, *, deadline: date | None = None, baselines: Sequence[str] = (),
    keep: Collection[str] = (), k: int = 10, seed: int = 0,
) -> Backtest:  # fmt: skip
    """Rank a region as it was known on a day, and hold it against a table of outcomes.

    Parameters
    ----------
    region
        As it was read.
    path
        Table of outcomes; see `outcomes.read_outcomes`.
    as_of
        The day whose knowledge counts.
    deadline
        Day of need; the region's own where it is not given.
    baselines
        Columns of the sites to hold beside the ranking; see `forecasts.of_columns`.
    keep
        Layers used although they are later or undated.
    k, seed
        Sites at the top for precision and lift; seed of draws and resamples.

    Raises
    ------
    BadInput
        With what is wrong in the table, the region as it was known, or the columns.
    """
    findings = Findings()
    replay = as_known(region, as_of, deadline or region.request.need_by, keep)
    outcomes = read_outcomes(path, replay.region.sites.index, as_of, findings)
    seen = replay.region.with_request(seed=seed)
    ranking = rank(seen, measure(seen))
    sample = cases(outcomes, seen)
    forecasts = [
        *ours(ranking, sample.site_ids), *distances(ranking, sample.site_ids), *of_columns(ranking, sample.site_ids, baselines),
    ]  # fmt: skip
    chance = next(item.odds for item in forecasts if item.name == "P(on time)")
    assert chance is not None  # noqa: S101 — it is made with its odds
    return Backtest(
        replay, ranking, outcomes, sample, order_figures(sample, forecasts, k, seed), odds_figures(sample, forecasts),
        date_figures(sample, forecasts), parts_of(sample, chance), _statuses(ranking, sample), seed, tuple(findings),
    )  # fmt: skip


def _statuses(ranking: Ranking, sample: Cases) -> dict[str, tuple[int, int]]:
    status = ranking.frame["status"].loc[sample.site_ids].to_numpy()
    return {
        str(word): (int((status == word).sum()), int(sample.event[status == word].sum()))
        for word in sorted(set(status))
    }
