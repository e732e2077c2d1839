"""Workbook rows: what stands on each sheet of a workbook, cell by cell."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

import powerwall
from powerwall.criteria.criterion import SUBJECTS
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, jsonable, shown
from powerwall.output.robust import out_words
from powerwall.output.site_cells import Site
from powerwall.output.table import captions, heading
from powerwall.region.dates import day_at

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_INTEGER, _POINTS, _SHARE, _MONTH, _DAY = "#,##0", "0.0", "0%", "yyyy-mm", "yyyy-mm-dd"
_EXPONENT = "0.00E+00"
_LARGE, _WHOLE, _SMALL = 1e9, 100.0, 1.0


class Cell(NamedTuple):
    """A value with its number format; NaN becomes `?`.

    Attributes
    ----------
    value
        Number, day or text.
    form
        Number format of Excel.
    quiet, bold
        How it looks.
    """

    value: Any
    form: str = "General"
    quiet: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    title, heads, rows
        Its name, header and cells.
    frozen
        Columns that stay in view.
    filtered
        True where its rows can be filtered.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    frozen: int = 0
    filtered: bool = True


def sheets(ranking: Ranking) -> list[Sheet]:
    """Every sheet, in order."""
    return [
        _ranking(ranking),
        _contributions(ranking),
        _requirements(ranking),
        _sources(ranking),
        _method(ranking),
    ]


def _names(ranking: Ranking) -> list[str]:
    """Criteria by subject, those that count first."""
    weights = ranking.settings.weights.criteria
    return sorted(ranking.criteria, key=lambda n: (SUBJECTS.get(ranking.criteria[n].subject, 99), -weights[n], n))  # fmt: skip


def _head(ranking: Ranking, name: str) -> str:
    """A criterion and its unit."""
    unit = {"share": "%", "bool": "yes or no", "": "1"}.get(ranking.criteria[name].unit)
    return f"{name} [{unit or ranking.criteria[name].unit}]"


def _form(value: float, unit: str) -> str:
    """Number format that shows about three figures."""
    if unit == "share":
        return _SHARE
    size = abs(value)
    if size >= _LARGE:
        return _EXPONENT
    if size >= _WHOLE or value == 0:
        return _INTEGER
    return "0.0" if size >= _SMALL else "0.000"


def _number(value: float, unit: str = "") -> Cell:
    if math.isnan(value):
        return Cell(UNKNOWN)
    if unit == "bool":
        return Cell("yes" if value else "no")
    return Cell(jsonable(value), _form(value, unit))


def _measures(ranking: Ranking, name: str) -> list[Cell]:
    """A measure at every site; an upper bound is a text that says so."""
    unit = ranking.criteria[name].unit
    pairs = ranking.measures[name][["value", "bound"]].to_numpy(dtype=float)
    return [
        Cell(f"≤ {shown(bound, unit)}") if math.isnan(value) and not math.isnan(bound) else _number(value, unit)
        for value, bound in pairs
    ]  # fmt: skip


def _rank(row: Any) -> Cell:
    return Cell(NOT_APPLICABLE if pd.isna(row["rank"]) else int(row["rank"]))


def _month(site: Site, key: str, name: str = "time_to_power_months") -> Cell:
    """First day of the month that lies a number of months after the as-of date."""
    months = float(site.measure(name)[key])
    if math.isnan(months):
        return Cell(UNKNOWN)
    try:
        return Cell(day_at(site.request.as_of, months).replace(day=1), _MONTH)
    except (ValueError, OverflowError):
        return Cell("∞" if months > 0 else "−∞")


_DRAWN = (("held", "held [%]", _SHARE), ("rank_low", "rank P5", "0"), ("rank_high", "rank P95", "0"), ("p_out", "out [%]", _SHARE))  # fmt: skip


def _ranking(ranking: Ranking) -> Sheet:
    """Every site, best first: score, dates, reasons, and every measure."""
    several, drawn = len(ranking.regions) > 1, ranking.robustness is not None
    plants = ranking.plants is not None
    names = _names(ranking)
    heads = (
        "rank", "site", "site_id", *(["region"] if several else []), "status", "score [0–100]", "score, unknowns at worst", "score, unknowns at best",
        "weight known [%]", *(head for _, head, _ in _DRAWN if drawn), *(["cooling"] if plants else []),
        "first power P50 [month]", "first power P10 [month]", "first power P90 [month]", "power comes at all [%]", "reasons",
        "longitude [°]", "latitude [°]", *(_head(ranking, name) for name in names),
    )  # fmt: skip
    cells = {name: _measures(ranking, name) for name in names}
    rows = []
    for at, (site_id, row) in enumerate(ranking.frame.iterrows()):
        site = Site(ranking, str(site_id))
        rows.append((
            _rank(row), Cell(str(row["name"])), Cell(str(site_id)), *([Cell(str(row["region"]))] if several else []), Cell(str(row["status"])),
            *(Cell(jsonable(float(row[c])), _POINTS) for c in ("score", "score_low", "score_high")), Cell(jsonable(float(row["coverage"])), _SHARE),
            *(_draws(site, key, form) for key, _, form in _DRAWN if drawn), *([Cell(str(row["cooling"]))] if plants else []),
            *(_month(site, key) for key in ("value", "low", "high")),
            cells["power_success_probability"][at], Cell(str(row["reasons"])),
            *(Cell(round(float(degrees), 6), "0.0000") for degrees in (row.geometry.x, row.geometry.y)), *(cells[name][at] for name in names),
        ))  # fmt: skip
    return Sheet("Ranking", heads, tuple(rows), frozen=2)


def _draws(site: Site, key: str, form: str) -> Cell:
    """What the draws say of a site; a share that is unknown may have a lower bound, a rank need not exist."""
    if site.drawn is None:
        return Cell(NOT_APPLICABLE)
    value = float(site.drawn[key])
    if math.isnan(value):
        return Cell(out_words(site.drawn) if key == "p_out" else NOT_APPLICABLE)
    return Cell(jsonable(value), form)


def _contributions(ranking: Ranking) -> Sheet:
    """Points that add up to the score; what is unknown counts half of its weight."""
    weights = ranking.settings.weights.criteria
    counted = [name for name in _names(ranking) if name in ranking.contributions and weights[name] > 0]  # fmt: skip
    heads = ("rank", "site", "site_id", "score [0–100]", *(f"{name} [of {100 * weights[name]:.1f} points]" for name in counted), "unknown, counted half")  # fmt: skip
    rows = []
    for site_id, row in ranking.frame.iterrows():
        unknown = ranking.values.loc[site_id].isna()
        points = [Cell(jsonable(float(ranking.contributions[name].loc[site_id])), "0.00", quiet=bool(unknown[name])) for name in counted]  # fmt: skip
        rows.append((_rank(row), Cell(str(row["name"])), Cell(str(site_id)), Cell(jsonable(float(row["score"])), "0.00"), *points,
                     Cell(", ".join(name for name in counted if unknown[name]))))  # fmt: skip
    return Sheet("Contributions", heads, tuple(rows), frozen=2)


def _requirements(ranking: Ranking) -> Sheet:
    """What each requirement says of each site, apart from the score."""
    heads = ("site", "site_id", "status", "requirement", "limit", "state", "margin (negative fails)", "unit", "reason")  # fmt: skip
    rows = []
    for item in ranking.settings.requirements:
        verdicts = ranking.verdicts[item.name]
        scale, unit = item.shown
        for site_id, row in ranking.frame.iterrows():
            verdict = verdicts.loc[site_id]
            margin = scale * float(verdict["margin"])
            flag = item.truth is not None
            rows.append((
                Cell(str(row["name"])), Cell(str(site_id)), Cell(str(row["status"])), Cell(item.name), Cell(item.words), Cell(str(verdict["state"])),
                Cell(NOT_APPLICABLE) if flag else _number(float(margin)), Cell(NOT_APPLICABLE if flag else unit), Cell(str(verdict["reason"])),
            ))  # fmt: skip
    return Sheet("Requirements", heads, tuple(rows), frozen=1)


def _sources(ranking: Ranking) -> Sheet:
    """Where the numbers come from: every file that was read, with its licence."""
    heads = ("region", "layer", "source", "url", "licence", "attribution", "as of", "sha256")
    rows: list[tuple[Cell, ...]] = []
    for region in ranking.regions:
        digest = hashlib.sha256(region.path.read_bytes()).hexdigest()
        licences = "; ".join(region.table.licenses) or UNKNOWN
        rows.append((Cell(region.name), Cell("(region file)"), Cell(region.table.title), Cell(NOT_APPLICABLE), Cell(licences),
                     Cell(NOT_APPLICABLE), Cell(region.table.as_of, _DAY), Cell(digest)))  # fmt: skip
        rows += [_source(region, name) for name in sorted(region.layers)]
    return Sheet("Sources", heads, tuple(rows), frozen=2)


def _source(region: Region, name: str) -> tuple[Cell, ...]:
    layer = region.layers[name]
    return (
        Cell(region.name), Cell(name), Cell(layer.title or UNKNOWN), Cell(layer.url or UNKNOWN), Cell("; ".join(layer.licenses) or UNKNOWN),
        Cell(layer.attribution or NOT_APPLICABLE), Cell(layer.as_of or UNKNOWN, _DAY), Cell(layer.sha256),
    )  # fmt: skip


def _method(ranking: Ranking) -> Sheet:
    """How the order comes about: request, weights, value functions, signs."""
    rows = [*_asked(ranking), *_weights(ranking), *_values(ranking), *_signs(ranking)]
    return Sheet("Method", ("part", "name", "value", "unit or note"), tuple(rows), filtered=False)


def _line(part: str, name: str, value: Any, note: str = "", form: str = "General") -> tuple[Cell, ...]:  # fmt: skip
    return Cell(part, bold=True), Cell(name), Cell(value, form), Cell(note)


def _asked(ranking: Ranking) -> Iterator[tuple[Cell, ...]]:
    yield _line("ranking", "in words", heading(ranking))
    yield _line("ranking", "powerwall", powerwall.__version__)
    yield _line("ranking", "ranked by", "score" if ranking.unknown == "neutral" else "score, unknowns at worst")  # fmt: skip
    yield _line("ranking", "least weight known", ranking.settings.min_coverage, "below it a site has no rank", _SHARE)  # fmt: skip
    for region in ranking.regions:
        request, part = region.request, f"request, {region.name}"
        yield _line(part, "mw", float(request.mw), "MW", _INTEGER)
        yield _line(part, "first_mw", NOT_APPLICABLE if request.first_mw is None else float(request.first_mw), "MW", _INTEGER)  # fmt: skip
        yield _line(part, "need_by", request.need_by, "", _DAY)
        yield _line(part, "as_of", request.as_of, "month 0 of every date", _DAY)
        yield _line(part, "horizon", request.horizon or NOT_APPLICABLE, "", _DAY)
        yield _line(part, "ramp_months", float(request.ramp_months), "months", _INTEGER)
        yield _line(part, "cooling", request.cooling)
        yield _line(part, "seed", request.seed)
        yield _line(part, "edition", region.table.edition, f"version {region.table.version}")


def _weights(ranking: Ranking) -> Iterator[tuple[Cell, ...]]:
    weights = ranking.settings.weights
    if ranking.settings.profile:
        yield _line("weights", "whose", ranking.settings.whose)
    for name in sorted(weights.subjects, key=lambda n: (SUBJECTS.get(n, 99), n)):
        yield _line(
            "weights of subjects", name, jsonable(weights.subjects[name]), "of the score", "0.0%"
        )
    for name in _names(ranking):
        note = "" if weights.criteria[name] else "measured and shown, not counted"
        yield _line("weights of criteria", name, jsonable(weights.criteria[name]), note, "0.0%")


def _values(ranking: Ranking) -> Iterator[tuple[Cell, ...]]:
    for name in _names(ranking):
        if name not in ranking.settings.values:
            continue
        points: Sequence[tuple[float, float]] = ranking.settings.values[name]
        told = "; ".join(f"{x:,.10g} → {v:g}".replace("-", "−") for x, v in points)
        yield _line("value functions", name, told, f"{ranking.criteria[name].unit} → 0–1, straight lines between")  # fmt: skip


def _signs(ranking: Ranking) -> Iterator[tuple[Cell, ...]]:
    yield _line("signs", "question mark", UNKNOWN, "unknown; never 0. In the score it counts half of its weight")  # fmt: skip
    yield _line("signs", "dash", NOT_APPLICABLE, "does not apply")
    yield _line("signs", "≤ x", "≤", "an upper bound: never firm, never scored")
    yield _line("signs", "grey italic points", "", "unknown, counted half of its weight")
    for status, meaning in (
        ("ranked", "has a power plan, breaks no requirement, enough of its weight is known"), ("out", "breaks a requirement; keeps its row"),
        ("unranked", "no power plan, or too little is known"), ("reference", "already taken; scored and shown, never ranked"),
    ):  # fmt: skip
        yield _line("statuses", status, "", meaning)
    for caption in captions(ranking, ()):
        yield _line("notes", "", caption)
