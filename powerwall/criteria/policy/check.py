"""Check: rows about rules and permits that cannot be read, or that say less than they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.policy.contradictions import check_contradictions
from powerwall.criteria.policy.obligations import LAYER as DUTIES
from powerwall.criteria.policy.obligations import obligations
from powerwall.criteria.policy.register import APPEAL
from powerwall.criteria.policy.register import LAYER as REGISTER
from powerwall.criteria.policy.rows import code, policy_status, standing, word
from powerwall.criteria.policy.rules import LAYER, PROJECT_ACTS, Rules, age_days, rules_of
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region


def check_policy_rows(region: Region, findings: Findings) -> None:
    """Record what would stop a criterion: dates in the wrong order, durations and odds that are none."""
    layer = region.layers.get(LAYER)
    if layer is not None:
        for index, row in layer.frame.iterrows():
            try:
                standing(row.to_dict(), region.request.as_of, region.request.mw)
            except ValueError as error:
                column = "duration" if "duration" in str(error) else "effective_to"
                findings.add("PW507", str(error), remedy="mend its dates", **layer.places(int(str(index)), column))  # fmt: skip
    register = region.layers.get(REGISTER)
    if register is not None:
        _check_register(register, findings)


def _check_register(layer: Layer, findings: Findings) -> None:
    first: dict[tuple[str, ...], str] = {}
    for index, row in layer.frame.iterrows():
        name, place = word(row.to_dict(), "permit_id"), int(str(index))
        site, where, category = (
            word(row.to_dict(), key) for key in ("site_id", "jurisdiction_id", "category")
        )
        about = (site,) if site else (where, category)
        if about in first:
            findings.add("PW409", f"{name} tells of {' '.join(about)}, as {first[about]} does", remedy="keep one row", **layer.places(place, "permit_id"))  # fmt: skip
        first.setdefault(about, name)
        if category == APPEAL and site:
            findings.add("PW406", f"{name}: an appeal is no category of a site", remedy="leave site_id empty: it follows every permit of the authority",
                         **layer.places(place, "category"))  # fmt: skip
        granted, decided = (
            row.get(key, float("nan")) for key in ("granted_count", "decided_count")
        )
        if pd.notna(granted) != pd.notna(decided):
            findings.add("PW402", f"{name} has one of granted_count and decided_count: not counted", severity="warning", remedy="give both",
                         **layer.places(place, "granted_count"))  # fmt: skip
        elif pd.notna(granted) and not (0 <= granted <= decided and decided > 0):
            findings.add("PW402", f"{name}: {granted:g} granted of {decided:g} decided is no share", remedy="granted are no more than decided",
                         **layer.places(place, "granted_count"))  # fmt: skip
        share = row.get("success_probability", float("nan"))
        if pd.notna(share) and not 0 <= share <= 1:
            findings.add("PW402", f"{name}: success_probability {share:g} is not between 0 and 1",
                         remedy="write a share", **layer.places(place, "success_probability"))  # fmt: skip
        p50, p90 = (row.get(key, float("nan")) for key in ("p50_months", "p90_months"))
        if pd.notna(p50) != pd.notna(p90):
            findings.add("PW411", f"{name} has one of p50_months and p90_months: not counted", severity="warning", remedy="give both",
                         **layer.places(place, "p50_months"))  # fmt: skip
        elif pd.notna(p50) and not 0 < p50 <= p90:
            findings.add("PW411", f"{name}: p50 {p50:g} and p90 {p90:g} months are not quantiles of one duration", remedy="the P90 is no smaller than the P50",
                         **layer.places(place, "p50_months"))  # fmt: skip


def check_policy(region: Region, findings: Findings) -> None:
    """Record rows whose word and dates differ, ends that nobody knows, and evidence that is old."""
    layer = region.layers.get(LAYER)
    if layer is None:
        return
    rules = rules_of(region.layers, region.request)
    old: list[tuple[int, str, int]] = []
    for index, row in layer.frame.iterrows():
        try:
            _check_row(row.to_dict(), int(str(index)), layer, rules, findings, old)
        except ValueError:
            continue  # reported with the rows that no criterion can read
    check_contradictions(layer, findings)
    if old:
        named = ", ".join(f"{name} ({days})" for _, name, days in old[:4]) + (" …" if len(old) > 4 else "")  # fmt: skip
        findings.add("PW507", f"{len(old)} rules in force rest on rows older than {rules.fresh_days} days: {named}", severity="warning",
                     remedy="look whether they still hold, and renew their as_of", **layer.places(old[0][0], "as_of"))  # fmt: skip


def check_policy_reach(region: Region, findings: Findings) -> None:
    """Record what readable rules mean for the sites: paths that hang in the air, and duties."""
    _check_cover(region, findings)
    if LAYER in region.layers:
        _check_zoning(region, rules_of(region.layers, region.request), findings)
        _check_approvals(region, findings)
        _check_duties(region, findings)


def _check_cover(region: Region, findings: Findings) -> None:
    """Authorities that a layer was searched for, by their ids; a slip would leave one unknown."""
    outlines = region.layers.frame("jurisdictions")
    known = [] if outlines is None else [str(name) for name in outlines["jurisdiction_id"].dropna()]
    for name, layer in region.layers.items():
        for authority in layer.extra.get("covers", ()) if known else ():
            if authority not in known:
                findings.add("PW409", f"[layers.{name}] covers {authority}, which is not in `jurisdictions`", severity="warning",
                             remedy=did_you_mean(authority, known), **region.places("layers", name, "covers"))  # fmt: skip


def _check_duties(region: Region, findings: Findings) -> None:
    """What dated rules ask of the request, each once, however many sites it binds."""
    layer = region.layers.get(DUTIES)
    if layer is None:
        return
    rows = {str(name): int(str(index)) for index, name in layer.frame["obligation_id"].items()}
    told = {
        duty.obligation_id: duty
        for site in region.sites.drop_duplicates("jurisdiction_id").index
        for duty in obligations(region, str(site))
    }
    for name, duty in sorted(told.items()):
        findings.add("PW513", f"{name}: {duty.text} ({duty.evidence})", severity="note",
                     remedy="powerwall plan shows what a plan has of it", **layer.places(rows[name], "obligation_id"))  # fmt: skip


def _check_row(
    row: dict[str, object], place: int, layer: Layer, rules: Rules, findings: Findings, old: list[tuple[int, str, int]]
) -> None:  # fmt: skip
    name, stands = word(row, "policy_id"), rules.bound(row).standing
    at = layer.places(place, "policy_status")
    if word(row, "policy_status") == "active" and stands.reason == "expired":
        findings.add("PW507", f"{name} is called active, but its term has passed", severity="warning",
                     remedy="was it extended? otherwise set policy_status = expired", **at)  # fmt: skip
    if stands.reason == "end_unknown" and stands.verdict == "warn":
        findings.add("PW507", f"{name}: its end is unknown", severity="warning", remedy="look for its term", **at)  # fmt: skip
    written, end = word(row, "as_of"), word(row, "effective_to")
    if (
        word(row, "policy_status") == "expired"
        and written
        and end
        and parse_span(end).first > parse_span(written).last
    ):
        findings.add("PW507", f"{name} is called expired on {written}, but its term runs to {end}", severity="warning",
                     remedy="was it repealed? then its end is that day", **at)  # fmt: skip
    if stands.verdict == "gate" and (days := age_days(row, rules)):
        old.append((place, name, days))


def _check_approvals(region: Region, findings: Findings) -> None:
    """Sites that are called approved while an act about their own project is not final."""
    layer = region.layers[LAYER]
    approved = set(region.sites.index[region.sites["zoning_status"] == "approved"])
    for index, row in layer.frame.iterrows():
        act = row.to_dict()
        if (
            word(act, "site_id") in approved
            and code(act, "kind") in PROJECT_ACTS
            and policy_status(act) == "pending"
        ):
            findings.add("PW507", f"site {word(act, 'site_id')} is called approved, but {word(act, 'policy_id')} of its own project is not final", severity="warning",
                         remedy="look how it went", **layer.places(int(str(index)), "policy_status"))  # fmt: skip


def _check_zoning(region: Region, rules: Rules, findings: Findings) -> None:
    """Sites that are called under a moratorium although no rule in force is there."""
    layer = region.layers.get("sites")
    bare = [
        (place, str(site))
        for place, (site, row) in enumerate(region.sites.iterrows())
        if row["zoning_status"] == "moratorium"
        and not any(b.standing.verdict == "gate" for b in rules.binding(row["jurisdiction_id"], vested=False))
    ]  # fmt: skip
    for place, site in bare:
        findings.add("PW507", f"site {site}: zoning_status says moratorium, but no rule in force is found",
                     severity="warning", remedy="enter the act with its dates, or what the zoning says without it",
                     **(layer.places(place, "zoning_status") if layer else {}))  # fmt: skip
