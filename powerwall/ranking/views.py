"""Views: the sites of a ranking under other weights, by the same measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from powerwall.ranking.profiles import names
from powerwall.ranking.rank import (
    COVERAGE_SLACK,
    NEUTRAL,
    SCORE_DECIMALS,
    Ranking,
    weighted_score,
)
from powerwall.ranking.settings import settings


class View(NamedTuple):
    """The sites of a ranking under other weights, by the same measures.

    Attributes
    ----------
    label
        Whose weights: `profile county, assumed`, or `the region's own`.
    sites
        Index `site_id`; `score`, `rank` (NA where not ranked), `ranked`.
    points
        Points of each criterion at each site, which add up to the score.
    left_out
        Criteria that the profile weighs and that are not measured.
    """

    label: str
    sites: pd.DataFrame
    points: pd.DataFrame
    left_out: tuple[str, ...] = ()


def under_profiles(ranking: Ranking) -> dict[str, View]:
    """The same measures under the region's own weights (`""`) and under every profile."""
    regions = ranking.regions
    found = {}
    for name in ("", *names(regions[0])):
        in_use = settings(regions, ranking.criteria, {}, profile=name)
        label = in_use.profile or "the region's own"
        found[name] = _viewed(ranking, in_use.weights.criteria, label, in_use.left_out)
    return found


def _viewed(
    ranking: Ranking, weights: Mapping[str, float], label: str, left_out: tuple[str, ...]
) -> View:
    """Scores and ranks anew; a site that is out, taken or without a power plan stays so."""
    values, frame = ranking.values, ranking.frame
    shares = np.array([weights[str(name)] for name in values])
    points = values.fillna(NEUTRAL) * (100 * shares)
    score = pd.Series(weighted_score(values.to_numpy(), shares), index=frame.index)
    low = pd.Series(weighted_score(values.to_numpy(), shares, 0.0), index=frame.index)
    coverage = weighted_score(values.notna().to_numpy(), shares) / 100
    planned = ranking.measures["time_to_power_months"]["value"].notna()
    may = planned & frame["status"].isin(["ranked", "unranked"])
    ranked = may & (coverage >= ranking.settings.min_coverage - COVERAGE_SLACK)
    by = low if ranking.unknown == "worst" else score
    order = pd.DataFrame({
        "score": -by.round(SCORE_DECIMALS), "months": ranking.measures["time_to_power_months"]["value"], "id": frame.index,
    }, index=frame.index)[ranked].sort_values(["score", "months", "id"], kind="stable").index  # fmt: skip
    rank = pd.Series(range(1, len(order) + 1), index=order, dtype="Int64").reindex(frame.index)
    sites = pd.DataFrame({"score": score, "rank": rank, "ranked": ranked})
    return View(label, sites, points, left_out)


class Disagreement(NamedTuple):
    """The site on which the weights in use and a profile differ most.

    Attributes
    ----------
    site_id, profile
        Which site, and by whose weights.
    here, there
        Its ranks.
    """

    site_id: str
    profile: str
    here: int
    there: int


def disagreements(ranking: Ranking, others: Mapping[str, View]) -> list[Disagreement]:
    """For each profile that ranks otherwise, the site it moves most; ties go to the better rank here."""
    here = ranking.frame["rank"].dropna().astype(int)
    found = []
    for name, other in others.items():
        there = other.sites["rank"].reindex(here.index)
        shift = (there - here).abs().dropna().astype(int)
        if name and len(shift) and shift.max() > 0:
            site = str(shift.index[int(shift.to_numpy().argmax())])
            found.append(Disagreement(site, name, int(here[site]), int(there[site])))
    return found
