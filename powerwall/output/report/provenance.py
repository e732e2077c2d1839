"""Provenance: request, method and data behind a report, with licences, ages and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import powerwall
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent
from powerwall.output.report.parts import Table

if TYPE_CHECKING:
    from datetime import date

    from powerwall.criteria.criterion import Criterion
    from powerwall.ranking.settings import Settings
    from powerwall.region.read import Region

_SHORT = 12  # hexadecimal digits of a checksum


class LayerRow(NamedTuple):
    """One dataset: name, source with its address, and what the licence asks for."""

    name: str
    source: str
    url: str
    as_of: str
    age: str
    stale: bool
    licence: str
    attribution: str
    sha256: str
    rows: str


class Data(NamedTuple):
    """Datasets of one region."""

    title: str
    words: list[str]
    layers: list[LayerRow]
    notices: list[str]


def data_of(region: Region) -> Data:
    """Every dataset of a region, the sites among them."""
    as_of = region.request.as_of
    rows = [_sites_row(region)] if region.table.sites.path and "sites" not in region.layers else []
    for name, layer in sorted(region.layers.items()):
        count = "raster" if layer.raster is not None else f"{len(layer.frame):,}"
        rows.append(_row(name, layer.title, layer.url, layer.as_of, layer.fresh_days, layer.licenses, layer.attribution, layer.sha256, count, as_of))  # fmt: skip
    table = region.table
    digest = hashlib.sha256(region.path.read_bytes()).hexdigest()
    words = [
        f"Region file {region.path.name}, version {table.version or UNKNOWN}, edition {table.edition}, coordinate system {table.crs}, sha256 {digest[:_SHORT]}.",
        f"Licences of the region: {', '.join(table.licenses) or 'not stated'}.",
    ]  # fmt: skip
    if table.description:
        words.append(table.description)
    notices = [
        f"{row.name}: made available under the Open Database License (ODbL); any rights in its contents under the Database Contents License. {row.attribution or '© OpenStreetMap contributors where it derives from OpenStreetMap'}".rstrip(".") + "."
        for row in rows if "odbl" in row.licence.lower()
    ]  # fmt: skip
    return Data(table.title, words, rows, notices)


def _sites_row(region: Region) -> LayerRow:
    sites = region.table.sites
    path = region.path.parent / str(sites.path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    source = sites.source
    return _row("sites", source.title if source else "", source.path if source else "", sites.as_of, sites.fresh_days, sites.licenses,
                sites.attribution, digest, f"{len(region.sites):,}", region.request.as_of)  # fmt: skip


def _row(
    name: str, title: str, url: str, day: date | None, fresh: int | None, licences: Iterable[str], attribution: str, digest: str,
    rows: str, as_of: date,
) -> LayerRow:  # fmt: skip
    age = None if day is None else (as_of - day).days
    words = UNKNOWN if age is None else f"{age:,} d" if age >= 0 else "newer"
    stale = age is not None and fresh is not None and age > fresh
    safe = url if url.startswith(("https://", "http://")) else ""
    return LayerRow(
        name.replace("_", " "), title or "not stated", safe, str(day or UNKNOWN), words, stale, ", ".join(licences) or "not stated",
        attribution, digest[:_SHORT], rows,
    )  # fmt: skip


def request_table(region: Region) -> Table:
    """What was asked for."""
    request = region.request
    rows = [
        ["grid power", f"{request.mw:g} MW"], ["first block", f"{request.first_mw:g} MW" if request.first_mw else "the whole request"],
        ["ramp", f"{request.ramp_months:g} months" if request.ramp_months else "none declared: one step"],
        ["needed by", str(request.need_by)], ["horizon", str(request.horizon or "none declared")], ["as of (month 0)", str(request.as_of)],
        ["cooling", request.cooling], ["accelerator", request.accelerator or "none named: the default, assumed"],
        ["weight of the outside view", percent(request.outside_weight)], ["currency of the tariffs", request.currency],
        ["draws of a plan, seed", f"{request.draws:,}, {request.seed}"], ["powerwall", powerwall.__version__],
    ]  # fmt: skip
    return Table(f"The request of {region.table.title}", (("what", False), ("asked for", False)), rows)  # fmt: skip


def weight_table(in_use: Settings, criteria: Mapping[str, Criterion]) -> Table:
    """Weights and value functions of the criteria that count."""
    rows = []
    shares = sorted(in_use.weights.criteria.items(), key=lambda item: (-item[1], item[0]))
    for name, weight in shares:
        item = criteria.get(name)
        if weight <= 0 or item is None:
            continue
        points = in_use.values.get(name, ())
        unit = f" {item.unit}" if item.unit not in {"share", "bool", ""} else ""
        curve = ", ".join(f"{f'{x:,.10g}'.replace('-', '−')}{unit} → {v:g}" for x, v in points)
        rows.append([name.replace("_", " "), item.subject, percent(weight), curve or NOT_APPLICABLE, item.why or NOT_APPLICABLE, item.uncertainty])  # fmt: skip
    heads = (("criterion", False), ("subject", False), ("weight", True), ("value function, 0–1", False), ("why", False), ("its range", False))  # fmt: skip
    return Table("Weights and value functions", heads, rows)


def requirement_words(in_use: Settings) -> list[str]:
    """Limits apart from the score."""
    return [f"{item.name.replace('_', ' ')}: {item.words}" for item in in_use.requirements]


def method_words(in_use: Settings, unknown: str, *, planned: bool = True) -> list[str]:
    """The scoring rules in plain words; a screening has no power plans."""
    whose = f"The weights are those of {in_use.whose}." if in_use.profile else "The weights are those of the region file."  # fmt: skip
    by = "low end of its score" if unknown == "worst" else "score"
    ties = "time to power, then by id" if planned else "id"
    rules = [
        "Each criterion is turned into a value from 0 to 1 by fixed breakpoints in its own unit. No site's score depends on which other sites are in the file.",
        f"The score is 100 times the sum of weight times value. {whose} Ranked by the {by}; ties by {ties}.",
        "An unknown measure is shown as ?, never as 0. It counts half of its weight; the interval beside a score has all unknowns at their worst, then at their best.",
        f"A site of which less than {percent(in_use.min_coverage)} of the weight is known is not ranked{'; nor is one without a power plan' if planned else ''}.",
        "A requirement stands apart from the score. It puts a site out only when even the favourable end of the measure's range fails; when part of the range fails, the site stays and is marked at risk. Unverified rows, drafts and proposals never put a site out.",
    ]  # fmt: skip
    if not planned:
        return rules
    return [
        *rules,
        "Places already taken are scored for reference and never ranked.",
        "Dates are given that power comes; chances and expected megawatts count failures. A card draws the plan of its site anew with a finer sampler, so its dates and chances may differ from the ranking's by a point or a month.",
        "A capacity from line proximity or an area share is an upper bound, printed ≤, and never firm.",
    ]  # fmt: skip
