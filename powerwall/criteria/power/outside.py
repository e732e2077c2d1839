"""Outside view: what became of other requests, beside the stages of this one.

Three sources, from the best: the operator's pipeline for a request in a known state, the whole
durations that a region's table measured or quotes for a utility, and the anchors of the literature.
None of them enters the stage network; `blend` joins the two views by a stated weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.power.pipeline import ever_energised, months_to_energisation, pipeline_of

WITHOUT_DOCUMENTS = Parameter(
    0.5, "1", 0.25, 0.75, "assumed: weight of the outside view before any study result"
)
AFTER_STUDY = Parameter(
    0.25, "1", 0.0, 0.5, "assumed: weight of the outside view once a study has a result"
)
AFTER_AGREEMENT = Parameter(
    0.0, "1", 0.0, 0.25, "assumed: weight of the outside view under an agreement with dates"
)
ONE_FIGURE_SIGMA = Parameter(
    0.5, "1", 0.4, 0.6, "assumed: spread of a duration of which one figure is quoted; samples of completed works show 0.5–0.75"
)  # fmt: skip
RANGE_SIGMA = Parameter(
    0.25, "1", 0.2, 0.4, "assumed: least spread round a quoted range, which is no pair of tails"
)
_STANDARD = NormalDist()
#: Place of a site (`iso_rto` or country) → anchors of the literature that speak of it.
_ANCHORS = {
    "US": ("anchor_us_average", "anchor_conventional"),
    "NL": ("anchor_nl",), "DE": ("anchor_de",), "GB": ("anchor_uk",), "ES": ("anchor_es",), "IT": ("anchor_it",),
}  # fmt: skip


class View(NamedTuple):
    """A distribution of the months to energisation that does not come from stages.

    Attributes
    ----------
    label
        What it is, as printed.
    p10_months, p50_months, p90_months
        Quantiles given that power comes. [months]; NaN where it only says odds
    p_success
        Probability that power comes at all; NaN where it does not say. [share]
    source, as_of, status
        Where it comes from and how well it is known.
    """

    label: str
    p10_months: float
    p50_months: float
    p90_months: float
    p_success: float
    source: str
    as_of: str
    status: str

    def quantile(self, p: Any) -> np.ndarray:
        """Quantiles of the lognormal pieces through P10, P50 and P90. [months]"""
        z = np.vectorize(_STANDARD.inv_cdf, otypes=[float])(p)
        low = math.log(self.p50_months / self.p10_months) / Z90
        high = math.log(self.p90_months / self.p50_months) / Z90
        return self.p50_months * np.exp(np.where(z < 0, low, high) * z)


def from_pipeline(operator: str, state: str) -> View | None:
    """Odds and months of a request in a state of its operator's pipeline; None where unknown."""
    pipeline = pipeline_of(operator)
    if pipeline is None or state not in pipeline.states:
        return None
    number = pipeline.states.index(state)
    rates = (pipeline.hazard, pipeline.cancel, number)
    p10, p50, p90 = months_to_energisation(*rates, [0.1, 0.5, 0.9]).tolist()
    label = f"{operator} pipeline, {state.replace('_', ' ')}"
    return View(
        label, p10, p50, p90, ever_energised(*rates), pipeline.source, pipeline.as_of, pipeline.tier
    )


def quoted(label: str, p50: float, p90: float, source: str, as_of: str, status: str) -> View:
    """A quoted duration; one figure gets an assumed spread, and a range is no pair of tails."""
    sigma = ONE_FIGURE_SIGMA.value if math.isnan(p90) else RANGE_SIGMA.value
    p90 = max(p90, p50 * math.exp(Z90 * sigma)) if not math.isnan(p90) else p50 * math.exp(Z90 * sigma)  # fmt: skip
    return View(label, p50**2 / p90, p50, p90, math.nan, f"{source}; spread assumed", as_of, status)


def from_rows(rows: Iterable[dict[str, Any]]) -> list[View]:
    """Views of a region's `time_to_power` rows of kind `total`, the best evidence first."""
    found = []
    for row in rows:
        p50 = _number(row.get("p50_months"))
        if math.isnan(p50):
            continue
        found.append(
            quoted(str(row["stage"]), p50, _number(row.get("p90_months")), str(row["source_title"]),
                   str(row["as_of"]), str(row["status"]))
        )  # fmt: skip
    rank = {"verified": 0, "secondary": 1, "approximate": 2}
    return sorted(found, key=lambda view: rank.get(view.status, 3))


def anchors(country: str) -> list[View]:
    """The literature's figures for a country; the weakest of the outside views."""
    table = fact_table("processes").set_index("process_id")
    found = []
    for name in _ANCHORS.get(country, ()):
        row = table.loc[name]
        p50, p90 = float(row["p50_months"]), float(row["p90_months"])
        found.append(View(f"anchor: {row['title']}", p50**2 / p90, p50, p90, math.nan, f"{row['source']}; spread assumed", str(row["as_of"]),
                          str(row["tier"])))  # fmt: skip
    return found


def outside_views(site: Any, row: Any, processes: Any) -> list[View]:
    """Outside views of a site, the best first: pipeline, region's rows, literature.

    Parameters
    ----------
    site
        Its row of the sites; `pipeline_state` where it is known, else the first state.
    row
        Its row of the plan: operator and utility.
    processes
        Stage tables of the region.
    """
    operator, state = str(row["operator"] or ""), site.get("pipeline_state")
    known = isinstance(state, str)
    views: list[View | None] = [from_pipeline(operator, str(state) if known else "no_studies")]
    if views[0] is not None and not known:
        views[0] = views[0]._replace(label=f"{operator} pipeline, no state declared: the first")
    totals = from_rows(processes.totals(row["utility_id"]))
    country = str(site["jurisdiction_id"] or "").split("-")[0].upper()
    return [view for view in (*views, *totals, *anchors(country)) if view is not None]


class Line(NamedTuple):
    """One view of the energisation of the firm service, to stand beside the others.

    Attributes
    ----------
    view
        Who says it.
    months
        P10, P50 and P90, given that power comes. [months]
    p_success
        Odds that it comes; NaN where the view does not say. [share]
    source
        Where it comes from.
    """

    view: str
    months: np.ndarray
    p_success: float
    source: str


def compared(
    inside: Line | None,
    views: Sequence[View],
    used: float | None,
    suggested: float,
    floor_months: float = math.nan,
) -> list[Line]:
    """Inside view, outside views and a blend, one line each.

    Parameters
    ----------
    inside
        The stages' own view; None where no process gives a date.
    views
        Outside views, the best first.
    used
        Weight of the best outside view in the ranking. [share]
    suggested
        Weight that the site's documents suggest, shown where none is used. [share]
    floor_months
        Month before which nothing is energised; NaN is none. [months]
    """
    lines = [] if inside is None else [inside]
    lines += [
        Line(v.label, np.array([v.p10_months, v.p50_months, v.p90_months]), v.p_success, f"{v.source} ({v.status}, {v.as_of})")
        for v in views
    ]  # fmt: skip
    weight = used or suggested
    if inside is None or not views or not blends(inside.months, weight):
        return lines
    best = views[0]
    months = np.fmax(blend(inside.months, best.quantile([0.1, 0.5, 0.9]), weight), floor_months)
    odds = blend_success(inside.p_success, best.p_success, weight)
    told = "as used here" if used else "not in the ranking unless outside_weight is set"
    if math.isnan(best.p_success):
        told += "; odds of the inside view"
    label = f"blend, {weight:.0%} outside view".replace("%", " %")
    return [*lines, Line(label, months, odds, told)]


def weight_of_documents(done: Iterable[str]) -> Parameter:
    """Weight of the outside view by the stages a site has behind it."""
    behind = set(done)
    if "agreement" in behind:
        return AFTER_AGREEMENT
    return AFTER_STUDY if "study" in behind else WITHOUT_DOCUMENTS


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def blend(inside_months: Any, outside_months: Any, weight: float) -> np.ndarray:
    """Blend quantiles of the two views: the weighted geometric mean. [months]

    Parameters
    ----------
    inside_months, outside_months
        Quantiles at the same shares. [months]
    weight
        Weight of the outside view. [share]

    >>> blend([48, 72], [66, 110], 0.5).round(2).tolist()
    [56.28, 88.99]
    """
    inside, outside = (np.asarray(x, dtype=float) for x in (inside_months, outside_months))
    if weight == 0:
        return inside
    with np.errstate(divide="ignore"):
        return np.exp(weight * np.log(outside) + (1 - weight) * np.log(inside))


def blend_success(inside: float, outside: float, weight: float) -> float:
    """Blend of the odds that power comes; an outside view that gives none leaves them alone. [share]"""
    return inside if math.isnan(outside) else weight * outside + (1 - weight) * inside


def blends(months: np.ndarray, weight: float | None) -> bool:
    """Tell whether a blend makes sense: there is a weight, and a date that still lies ahead."""
    finite = months[np.isfinite(months)]
    return bool(weight) and bool(finite.size) and float(np.median(finite)) > 0


def blend_draws(months: np.ndarray, view: View, weight: float) -> np.ndarray:
    """Map every inside draw by its rank to the blended quantile; inf stays inf. Shape as given."""
    finite = np.isfinite(months)
    if weight == 0 or not finite.any():
        return months
    ranks = np.argsort(np.argsort(months[finite], kind="stable"), kind="stable")
    shares = (ranks + 0.5) / finite.sum()
    blended = months.copy()
    blended[finite] = blend(np.maximum(months[finite], 1e-9), view.quantile(shares), weight)
    return blended
