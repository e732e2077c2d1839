"""Paths: the permit path of each site, as stages that the power plan takes in.

Its category is that of `categories`; odds and months come from the class of such paths, overridden
by the region's register (`permit_paths`) and by what the site itself has behind it
(`time_to_power`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.policy.categories import BEHIND, Path, permit_path
from powerwall.criteria.policy.odds import with_hazard
from powerwall.criteria.policy.permits import (
    EXTENSION_SHARE,
    OPEN_ENDED_P50,
    path_months,
    permit_stages,
    permit_table,
)
from powerwall.criteria.policy.register import Entry, Progress, Register
from powerwall.criteria.policy.rows import window, word
from powerwall.criteria.policy.rules import Rules, evidence, until
from powerwall.region.dates import MONTH_DAYS, months_between

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

#: Paths that no appeal of neighbours can follow: it is over, or there is none.
_NO_APPEAL = {"approved", "none_county"}


class Known(NamedTuple):
    """Where the odds and months of a stage of the path come from.

    Attributes
    ----------
    title
        What the stage is.
    rung
        `site`, `region` or `generic`.
    basis, source, as_of
        The count behind it, who says so, and when.
    """

    title: str
    rung: str
    basis: str
    source: str
    as_of: str


@dataclass(frozen=True)
class PermitPath:
    """The permit path of a site.

    Attributes
    ----------
    path, entry
        Its category, and the odds and months of its permit.
    stages
        Stage → its attributes, in the order in which they follow one another.
    known
        Stage → where they come from.
    notes
        What a reader must know.
    hazard_ratio
        Of a refusal; acts on the permit. [1]
    """

    path: Path
    entry: Entry
    stages: dict[str, dict[str, Any]]
    known: dict[str, Known]
    notes: tuple[str, ...] = ()
    hazard_ratio: float = 1.0

    @property
    def last(self) -> str:
        """The stage after which the site may be built on."""
        return list(self.stages)[-1]

    @property
    def label(self) -> str:
        """`moratorium, then special permit`."""
        path = self.path
        words = f"moratorium, then {path.then}" if path.then else path.category
        return words.replace("_", " ")

    @property
    def certain(self) -> bool:
        """Tell whether the category is known; an unknown one has odds for the plan alone."""
        return (self.path.then or self.path.category) != "unknown" or self.entry.rung == "site"

    @property
    def done(self) -> bool:
        """Tell whether nothing of it is left."""
        return all("done_months_ago" in stage for stage in self.stages.values())

    @property
    def p_success(self) -> float:
        """Odds that no stage of it fails. [share]"""
        left = [s for s in self.stages.values() if "done_months_ago" not in s]
        return math.prod(1 - stage["p_fail"] for stage in left)

    @property
    def p_range(self) -> tuple[float, float]:
        """Range of the odds: that of the permit, times what stands before it. [share]"""
        permit = self.stages["permit"]
        if "done_months_ago" in permit or permit["p_fail"] >= 1:
            return self.p_success, self.p_success
        low, high = with_hazard([self.entry.low, self.entry.high], self.hazard_ratio).tolist()
        if "moratorium" in self.stages:
            ended = permit_table()["moratorium"]
            low, high = low * (1 - float(ended["high"])), high * (1 - float(ended["low"]))
        after = 1 - self.stages.get("appeal", {}).get("p_fail", 0.0)
        return low * after, high * after

    @cached_property
    def months(self) -> tuple[float, float]:
        """P50 and P90 of the whole path, given success. [months]"""
        p50, p90 = path_months(self.stages, (0.5, 0.9))
        return float(p50), float(p90)


@dataclass(frozen=True)
class Permits:
    """The permit path of every site.

    Attributes
    ----------
    keys
        Key of the path of each site, index `site_id`; sites that share one share its stages.
    paths
        The paths by key.
    """

    keys: pd.Series
    paths: dict[str, PermitPath] = field(default_factory=dict)

    def of(self, site_id: object) -> PermitPath:
        """Path of a site."""
        return self.paths[self.keys[site_id]]


def permit_paths(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request, rules: Rules
) -> Permits:
    """Permit path of each site of a region."""
    register = Register(layers, request)
    keys: list[str] = []
    paths: dict[str, PermitPath] = {}
    for site in sites[["jurisdiction_id", "zoning_status"]].itertuples():
        own = register.category_of(site.Index)
        path = permit_path(site, rules, own)
        chain = rules.chain(site.jurisdiction_id)
        entry = register.entry(site.Index, chain, path.then or path.category)
        hazard = register.hazard(site.Index, site.jurisdiction_id, rules)
        appeal, progress = register.appeal(chain), register.progress(site.Index)
        row = "" if path.row is None else word(path.row, "policy_id")
        assumed = (
            site.zoning_status == "moratorium" and not own and BEHIND in {path.then, path.category}
        )
        key = "|".join([
            str(assumed), path.category, path.then, row, entry.row, *map(str, hazard), appeal.row if appeal else "", *map(str, progress),
        ])  # fmt: skip
        if key not in paths:
            paths[key] = _made(path, entry, hazard, appeal, progress, request)
            if assumed:
                told = "zoning behind the moratorium is not stated: special permit assumed"
                paths[key] = replace(paths[key], notes=(*paths[key].notes, told))
        keys.append(key)
    return Permits(pd.Series(keys, index=sites.index, dtype=object), paths)


def _made(
    path: Path, entry: Entry, hazard: tuple[float, str], appeal: Entry | None, progress: Progress, request: Request,
) -> PermitPath:  # fmt: skip
    """Stages of a path, where each comes from, and what a reader must know."""
    stages, known, notes = _held(path, request)
    ratio, grounds = hazard
    permit = {
        "p50_months": entry.p50_months, "p90_months": entry.p90_months, "group": "local", "preds": list(stages),
        "p_fail": round(1 - float(with_hazard(entry.p_success, ratio)), 12),
    }  # fmt: skip
    label = (path.then or path.category).replace("_", " ")
    stages["permit"] = permit
    known["permit"] = Known(
        f"permit: {label}", entry.rung, f"{entry.cases}; months {entry.months_from}", entry.source, entry.as_of
    )  # fmt: skip
    if ratio != 1:
        notes.append(f"odds of the permit under a hazard ratio of {ratio:g}, assumed: {grounds}")
    if appeal is not None and (path.then or path.category) not in _NO_APPEAL:
        stages["appeal"] = {
            "p50_months": appeal.p50_months, "p90_months": appeal.p90_months, "group": "local", "preds": ["permit"],
            "p_fail": round(1 - appeal.p_success, 12),
        }  # fmt: skip
        known["appeal"] = Known("planning appeal", "region", appeal.cases, appeal.source, appeal.as_of)  # fmt: skip
    _take_in(progress, stages, known, notes)
    found = PermitPath(path, entry, stages, known, (), ratio)
    if not found.certain and not found.done:
        notes.append(f"permit path unknown: odds {entry.p_success:g} of all decided projects ({entry.cases}) and {entry.p50_months:g}/{entry.p90_months:g} months assumed for the plan")  # fmt: skip
    return replace(found, notes=tuple(notes))


def _held(
    path: Path, request: Request
) -> tuple[dict[str, dict[str, Any]], dict[str, Known], list[str]]:
    """The stage of a moratorium, where there is one."""
    if path.category != "moratorium" or path.row is None:
        return {}, {}, []
    start, _, _ = window(path.row)
    elapsed = max(months_between(start.last, request.as_of), 0.0) if start else 0.0
    scheduled = None if math.isnan(path.days) else path.days / MONTH_DAYS
    stage = permit_stages("moratorium", scheduled, elapsed)["moratorium"]
    basis = OPEN_ENDED_P50 if scheduled is None else EXTENSION_SHARE
    publisher, _, cases = basis.source.partition(": ")
    ended = permit_table()["moratorium"]
    said = until(path.row, path.days)
    told = "the wait hardly shrinks with its age" if scheduled is None else f"put off in a share of {basis.value:g} of such cases ({cases})"  # fmt: skip
    known = Known(
        said, "region", f"{cases}; {ended['k']} of {ended['n']} ended in a ban or a size cap",
        f"{word(path.row, 'source_title')}; {publisher}", word(path.row, "as_of"),
    )  # fmt: skip
    return {"moratorium": stage}, {"moratorium": known}, [f"{said}, {evidence(path.row)}, {told}"]


def _take_in(
    progress: Progress, stages: dict[str, dict[str, Any]], known: dict[str, Known], notes: list[str]
) -> None:
    """Months of the site's own, and how far its permit has come."""
    permit = stages["permit"]
    if progress.p50_months is not None and progress.p90_months is not None:
        permit |= {"p50_months": progress.p50_months, "p90_months": progress.p90_months}
        count = known["permit"].basis.partition(";")[0]
        known["permit"] = known["permit"]._replace(
            rung="site", basis=f"{count}; months site row", source=f"{progress.source}; odds: {known['permit'].source}"
        )  # fmt: skip
    if progress.done_months_ago is not None:
        if stages.pop("moratorium", None):
            notes.append("whether the moratorium reaches a permit that is granted is not known")
        for stage in stages.values():
            stage |= {
                "done_months_ago": progress.done_months_ago,
                "preds": [p for p in stage["preds"] if p in stages],
            }
        notes.append("the permit is granted and final by the site's own row")
    elif progress.started_months_ago is not None and "moratorium" in stages:
        notes.append("the permit had been applied for; under the moratorium it starts anew")
    elif progress.started_months_ago is not None:
        permit["started_months_ago"] = progress.started_months_ago
