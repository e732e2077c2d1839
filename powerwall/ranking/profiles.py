"""Profiles: named sets of weights, starting points for talk; all that are shipped are assumed.

A profile stands in for `[weights]` whole: a subject it does not name has none, a criterion it does
not name keeps its own within its subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.criteria.facts import fact_table
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

Points = dict[str, float | Mapping[str, float]]


class Profile(NamedTuple):
    """A named set of weights.

    Attributes
    ----------
    name, origin
        Its name, and `assumed` or `declared in <file>`.
    points
        As `[weights]` of a region file holds them.
    """

    name: str
    origin: str
    points: Points

    @property
    def label(self) -> str:
        """`profile county, assumed`."""
        return f"profile {self.name}, {self.origin}"


@cache
def shipped() -> dict[str, Points]:
    """Points of every shipped profile, subjects first, in the order of the table."""
    found: dict[str, dict[str, Any]] = {}
    for row in fact_table("weight_profiles").to_dict("records"):
        points = found.setdefault(row["profile"], {})
        if pd.isna(row["criterion"]):
            points[row["subject"]] = float(row["points"])
        else:
            points.setdefault(f"{row['subject']}_criteria", {})[row["criterion"]] = float(row["points"])  # fmt: skip
    return dict(found)


def names(region: Region) -> list[str]:
    """Profiles that a region may be ranked by: the shipped ones, then its own."""
    return [*shipped(), *(name for name in region.table.profiles if name not in shipped())]


def find_profile(
    name: str, region: Region, criteria: Mapping[str, Criterion], findings: Findings
) -> Profile:
    """A profile by its name; the region's own goes before a shipped one.

    A criterion of a shipped profile that is not measured is left out, and a warning says so.
    """
    if name in region.table.profiles:
        return Profile(name, f"declared in {region.path.name}", dict(region.table.profiles[name]))
    if name not in shipped():
        findings.add("PW105", f"no profile `{name}`", remedy=did_you_mean(name, names(region)), **region.places("profiles"))  # fmt: skip
        return Profile(name, "unknown", {})
    points: Points = {}
    for key, entry in shipped()[name].items():
        if isinstance(entry, Mapping):
            for criterion in sorted(set(entry) - set(criteria)):
                findings.add("PW105", f"profile {name} weighs `{criterion}`, which is not measured: left out", severity="warning",
                             remedy="its subject counts by the other criteria", **region.places("weights"))  # fmt: skip
            points[key] = {c: p for c, p in entry.items() if c in criteria}
        else:
            points[key] = entry
    return Profile(name, "assumed", points)


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
    """

    label: str
    sites: pd.DataFrame
    points: pd.DataFrame


def under_profiles(ranking: Ranking) -> dict[str, View]:
    """The same measures under the region's own weights (`""`) and under every profile."""
    from powerwall.ranking.settings import settings

    regions = ranking.regions
    found = {}
    for name in ("", *names(regions[0])):
        in_use = settings(regions, ranking.criteria, {}, profile=name)
        found[name] = _viewed(
            ranking, in_use.weights.criteria, in_use.profile or "the region's own"
        )
    return found


def _viewed(ranking: Ranking, weights: Mapping[str, float], label: str) -> View:
    """Scores and ranks anew; a site that is out, taken or without a power plan stays so."""
    from powerwall.ranking.rank import COVERAGE_SLACK, NEUTRAL, SCORE_DECIMALS

    values, frame = ranking.values, ranking.frame
    shares = np.array([weights[str(name)] for name in values])
    points = values.fillna(NEUTRAL) * (100 * shares)
    score = points.sum(axis=1)
    coverage = values.notna().to_numpy() @ shares
    planned = ranking.measures["time_to_power_months"]["value"].notna()
    may = planned & frame["status"].isin(["ranked", "unranked"])
    ranked = may & (coverage >= ranking.settings.min_coverage - COVERAGE_SLACK)
    order = pd.DataFrame({
        "score": -score.round(SCORE_DECIMALS), "months": ranking.measures["time_to_power_months"]["value"], "id": frame.index,
    }, index=frame.index)[ranked].sort_values(["score", "months", "id"], kind="stable").index  # fmt: skip
    rank = pd.Series(range(1, len(order) + 1), index=order, dtype="Int64").reindex(frame.index)
    return View(label, pd.DataFrame({"score": score, "rank": rank, "ranked": ranked}), points)


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
