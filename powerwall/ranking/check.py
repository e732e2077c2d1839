"""Check: every finding about a region, from its file to what its ranking rests on."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from urllib.parse import urlparse

from powerwall.criteria.check import check_rows
from powerwall.criteria.criterion import registry
from powerwall.criteria.measure import Measures, measure
from powerwall.criteria.policy.check import check_policy, check_policy_reach
from powerwall.criteria.proximity import custom_criteria
from powerwall.ranking.rank import rank
from powerwall.ranking.screening.job import screen_of
from powerwall.ranking.screening.sources import plan_source
from powerwall.ranking.settings import Settings, settings
from powerwall.region.findings import BadInput, Finding, Findings
from powerwall.region.layers import Layer
from powerwall.region.read import Region, read_into

_UNLICENSED = re.compile(r"pricephillips/data-center-map")
_COARSE_M = 2000.0  # positions coarser than this are named


def check(path: str | Path, today: date | None = None) -> list[Finding]:
    """Findings of a region file, its layers, and what can be concluded from them.

    Parameters
    ----------
    path
        The region file.
    today
        Day that freshness is judged on; nothing else looks at it. Silent: the computer's date.

    Returns
    -------
    list of Finding
        Sorted by place; errors forbid a ranking, warnings do not.
    """
    findings = Findings()
    try:
        region = read_into(Path(path), findings)
    except BadInput as error:
        findings.extend(error.findings)
        return list(findings)
    if region is not None:
        for layer in region.layers.values():
            _check_layer(layer, region, today or date.today(), findings)  # noqa: DTZ011 — a civil day
        check_policy(region, findings)
        _check_ranking(region, findings)
    return list(findings)


_UNREADABLE = {
    ".parquet",
    ".gpkg",
    ".xlsx",
    ".tif",
    ".tiff",
    ".vrt",
}  # no diff shows what changed in one


def _check_layer(layer: Layer, region: Region, today: date, findings: Findings) -> None:
    place = region.places(*(("sites",) if layer.name == "sites" else ("layers", layer.name)))
    if layer.as_of and layer.fresh_days and (today - layer.as_of).days > layer.fresh_days:
        findings.add("PW208", f"layer `{layer.name}` is {(today - layer.as_of).days} days old, fresh for {layer.fresh_days}",
                     severity="warning", remedy="refresh it and its as_of", **place)  # fmt: skip
    if layer.path.suffix.lower() in _UNREADABLE and not layer.locked:
        findings.add("PW213", f"layer `{layer.name}`: {layer.path.name} has no sha256", severity="warning", remedy=f'sha256 = "{layer.sha256}"', **place)  # fmt: skip
    lacking = [
        what
        for what, there in (
            ("a licence", layer.licenses),
            ("a source", layer.title),
            ("an as_of", layer.as_of),
        )
        if not there
    ]
    if lacking:
        findings.add(
            "PW209",
            f"layer `{layer.name}` does not give {' nor '.join(lacking)}",
            severity="warning",
            **place,
        )
    frame = layer.frame
    if "source_url" in frame:
        urls = frame["source_url"].dropna().astype(str)
        bare = [
            row
            for row, url in urls.items()
            if url.startswith("http")
            and urlparse(url).path.strip("/") == ""
            and not urlparse(url).query
        ]
        _rows(
            "PW504",
            f"layer `{layer.name}`: sources that name only a domain",
            bare,
            layer,
            findings,
            "enter the address of the page",
        )
        _rows("PW509", f"layer `{layer.name}`: rows that rest on a compilation without a licence",
              [row for row, url in urls.items() if _UNLICENSED.search(url)], layer, findings, "replace the source by a primary page")  # fmt: skip
    if "location_accuracy_m" in frame:
        coarse = frame.index[frame["location_accuracy_m"].fillna(0) > _COARSE_M]
        _rows(
            "PW505",
            f"layer `{layer.name}`: positions known to more than {_COARSE_M / 1000:g} km only",
            list(coarse),
            layer,
            findings,
            "",
        )


def _rows(
    code: str, text: str, rows: list[object], layer: Layer, findings: Findings, remedy: str
) -> None:
    """One finding for many rows of a layer, at the first of them."""
    if rows:
        place = layer.places(int(str(rows[0])))
        findings.add(
            code,
            f"{text}: {len(rows)} of {len(layer.frame)}",
            severity="warning",
            remedy=remedy,
            **place,
        )


def _check_ranking(region: Region, findings: Findings) -> None:
    """What the ranking would rest on: coverage, stand-ins and assumptions."""
    criteria = {**registry(), **custom_criteria(region.table.criteria)}
    check_rows(region, findings)
    if region.table.sites.screen:
        _check_screening(region, findings)
        return
    try:
        in_use = settings([region], criteria, {})
    except BadInput as error:
        findings.extend(error.findings)
        return
    findings.extend(in_use.findings)
    if findings.errors:
        return
    check_policy_reach(region, findings)
    measures = measure(region)
    _check_measures(region, measures, in_use, findings)


def _check_screening(region: Region, findings: Findings) -> None:
    """What would stop the cells from being screened; they are planned, and not measured."""
    if findings.errors:
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            source, _ = plan_source(region, Path(folder))
            screen_of(region, source, {}, "")
    except BadInput as error:
        findings.extend(error.findings)


def _check_measures(
    region: Region, measures: Measures, in_use: Settings, findings: Findings
) -> None:
    for name, weight in sorted(in_use.weights.criteria.items()):
        frame = measures[name]
        if weight > 0 and frame["value"].isna().all():
            why = Counter(frame["why"].dropna()).most_common(1)
            lacking = [
                layer for layer in measures.criteria[name].needs if layer not in region.layers
            ]
            code = "PW510" if lacking else "PW502"
            findings.add(code, f"`{name}` is unknown at every site" + (f": {why[0][0]}" if why else ""), severity="warning",
                         remedy="its weight counts half; a dataset would decide it", **region.places("layers"))  # fmt: skip
    cost = measures["delivered_cost_usd_per_mwh"]
    stand_in = cost["grade"].astype(str).str.startswith("D") | cost["value"].isna()
    if stand_in.any():
        reasons = cost["note"].where(cost["value"].notna(), cost["why"])[stand_in].dropna()
        for reason, count in sorted(Counter(reasons).items()):
            findings.add(
                "PW506",
                f"price of {count} of {len(cost)} sites: {reason}",
                severity="warning",
                remedy="enter the missing sheets",
                **region.places("layers", "tariffs"),
            )
    _check_plans(region, measures, findings)
    ranking = rank(region, measures)
    low = ranking.frame.index[ranking.frame["coverage"] < in_use.min_coverage - 1e-9]
    if len(low):
        findings.add("PW503", f"{len(low)} sites know less than {in_use.min_coverage:.0%} of the weight: {', '.join(low[:3])}".replace("%", " %")
                     + (" …" if len(low) > 3 else ""), severity="warning", **region.places("min_coverage"))  # fmt: skip


def _check_plans(region: Region, measures: Measures, findings: Findings) -> None:
    plan = measures["time_to_power_months"]
    place = region.places("layers", "points_of_interconnection")
    notes: Counter[str] = Counter()
    for text in plan["note"].dropna():
        notes.update(
            part
            for part in str(text).split("; ")
            if part.startswith(("assumed", "works", "network"))
        )
    notes.update(f"no power plan: {why}" for why in plan["why"].dropna())
    generic = int((plan["grade"] == "D").sum())
    if generic:
        notes["stage times are generic (grade D)"] = generic
    for text, count in sorted(notes.items()):
        findings.add("PW508", f"{text} ({count} of {len(plan)} sites)", severity="warning", **place)
    nodes = region.layers.get("points_of_interconnection")
    if nodes is not None and "voltage_kv" in nodes.frame:
        _rows("PW508", "points_of_interconnection without a voltage, passed over", list(nodes.frame.index[nodes.frame["voltage_kv"].isna()]),
              nodes, findings, "enter the voltage")  # fmt: skip
