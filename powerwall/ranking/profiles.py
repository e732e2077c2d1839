"""Profiles: named sets of weights, starting points for talk; all that are shipped are assumed.

A profile stands in for `[weights]` whole: a subject it does not name has none, a criterion it does
not name keeps its own within its subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.criteria.facts import fact_table
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
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
    left_out
        Criteria that a shipped profile weighs and that are not measured.
    """

    name: str
    origin: str
    points: Points
    left_out: tuple[str, ...] = ()

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
        unnamed = dict.fromkeys(sorted({item.subject for item in criteria.values()}), 0.0)
        points: Points = {**unnamed, **region.table.profiles[name]}
        return Profile(name, f"declared in {region.path.name}", points)
    if name not in shipped():
        findings.add("PW105", f"no profile `{name}`", remedy=did_you_mean(name, names(region)))
        return Profile(name, "unknown", {})
    points, left_out = {}, []
    for key, entry in shipped()[name].items():
        if isinstance(entry, Mapping):
            left_out += sorted(set(entry) - set(criteria))
            points[key] = {c: p for c, p in entry.items() if c in criteria}
        else:
            points[key] = entry
    for criterion in left_out:
        findings.add("PW105", f"profile {name} weighs `{criterion}`, which is not measured: left out", severity="warning",
                     remedy="its subject counts by the other criteria")  # fmt: skip
    return Profile(name, "assumed", points, tuple(left_out))
