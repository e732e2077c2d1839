"""Permits: what is known of paths like a site's, as stages of a lead-time network."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.policy.odds import with_hazard

_SOURCE = "M. J. Bommarito, Moratorium Nation inventory 2026.04.2 (CC BY 4.0), https://github.com/mjbommar/moratorium-data-2026"
EXTENSION_SHARE = Parameter(0.53, "1", 0.37, 0.68, f"{_SOURCE}: 19 of 36 first terms extended")
EXTENSION_P50 = Parameter(5.9, "months", 1.0, 12.0, f"{_SOURCE}: 16 extensions")
EXTENSION_P90 = Parameter(12.0, "months", 6.0, 12.0, f"{_SOURCE}: 16 extensions")
OPEN_ENDED_P50 = Parameter(9.75, "months", source=f"{_SOURCE}: censored lognormal, n = 164")
OPEN_ENDED_P90 = Parameter(
    28.8, "months", source=f"{_SOURCE}: censored lognormal, n = 164, extrapolated"
)
#: What a permit path may be; the last two tell less than they seem to.
CATEGORIES = (
    "approved", "by_right", "administrative", "special_permit", "rezoning_needed", "denied", "prohibited", "none_county",
    "moratorium", "unknown",
)  # fmt: skip
_DRAWS = 4096
_EDGE = 1e-12
_STANDARD = NormalDist()


@cache
def permit_table() -> dict[str, dict[str, Any]]:
    """Permit categories with `p_success p50_months p90_months`, their ranges, counts and tiers.

    Treat it as read-only: every caller shares it.
    """
    table: dict[str, dict[str, Any]] = {}
    for row in fact_table("permit_paths").to_dict("records"):
        entry = table.setdefault(row["category"], {})
        entry[row["quantity"]] = float(row["value"])
        if row["quantity"] in {"p_success", "p_ban_after"}:
            entry |= {key: row[key] for key in ("low", "high", "n", "k", "tier", "source", "as_of")}
    return table


def permit_stages(
    category: str,
    months_to_expiry: float | None = None,
    elapsed_months: float | None = None,
    then: str = "special_permit",
    hazard_ratio: float = 1.0,
) -> dict[str, dict[str, Any]]:
    """Stages of a permit path, by id.

    Parameters
    ----------
    category
        One of `CATEGORIES`.
    months_to_expiry
        Months to the scheduled end of a moratorium. [months]
    elapsed_months
        Months since it began, for one without an end. [months]
    then
        Category of the permit that follows a moratorium.
    hazard_ratio
        Of a refusal; acts on the permit alone.

    Returns
    -------
    dict
        `permit`, after `moratorium` where there is one: `p50_months p90_months group preds p_fail`
        and, for a moratorium, its extension or its age.

    Raises
    ------
    ValueError
        For a category that is none, a moratorium of unknown length, or negative months.

    >>> permit_stages("special_permit")["permit"]["p_fail"]
    0.306
    """
    if category not in CATEGORIES:
        raise ValueError(f"category `{category}` is none of {', '.join(CATEGORIES)}")
    if category != "moratorium":
        return {"permit": _permit(category, (), hazard_ratio)}
    if then not in CATEGORIES or then == "moratorium":
        raise ValueError(f"then `{then}` is no category that may follow a moratorium")
    held = _moratorium(_months("months_to_expiry", months_to_expiry), _months("elapsed_months", elapsed_months))  # fmt: skip
    return {"moratorium": held, "permit": _permit(then, ("moratorium",), hazard_ratio)}


def _permit(category: str, preds: tuple[str, ...], hazard_ratio: float) -> dict[str, Any]:
    entry = permit_table()[category]
    odds = float(with_hazard(entry["p_success"], hazard_ratio))
    return {
        "p50_months": entry["p50_months"], "p90_months": entry["p90_months"], "group": "local", "preds": list(preds),
        "p_fail": round(1 - odds, 12),
    }  # fmt: skip


def _moratorium(months_to_expiry: float | None, elapsed_months: float | None) -> dict[str, Any]:
    if months_to_expiry is None and elapsed_months is None:
        raise ValueError("a moratorium needs months_to_expiry, or elapsed_months where it has no end")  # fmt: skip
    lost = permit_table()["moratorium"]["p_ban_after"]
    common = {"group": "policy", "preds": [], "p_fail": lost}
    if months_to_expiry is None:
        return {"p50_months": OPEN_ENDED_P50.value, "p90_months": OPEN_ENDED_P90.value,
                "started_months_ago": elapsed_months, **common}  # fmt: skip
    return {
        "p50_months": months_to_expiry, "p90_months": months_to_expiry, "p_extension": EXTENSION_SHARE.value,
        "extension_p50_months": EXTENSION_P50.value, "extension_p90_months": EXTENSION_P90.value, **common,
    }  # fmt: skip


def _months(name: str, value: float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} {value:g} is not 0 or more months")
    return float(value)


def wait_months(
    u: Any,
    scheduled_months: Any,
    p_extension: Any,
    extension_p50_months: Any = EXTENSION_P50.value,
    extension_p90_months: Any = EXTENSION_P90.value,
) -> np.ndarray:
    """Months to the end of a rule with a scheduled one, which may be put off.

    Parameters
    ----------
    u
        Uniform numbers, 0–1. Any shape
    scheduled_months
        Months to the scheduled end. [months]
    p_extension
        Share of cases in which it is extended.
    extension_p50_months, extension_p90_months
        Quantiles of the time added. [months]

    Returns
    -------
    numpy.ndarray
        The scheduled end up to `u = 1 − p_extension`, beyond it that and a lognormal;
        non-decreasing in `u`. [months], the shape to which the arguments broadcast

    Raises
    ------
    ValueError
        Naming the argument that is none.

    >>> wait_months([0.1, 0.5, 0.735, 0.9], 6, 0.53).round(3).tolist()
    [6.0, 8.453, 11.9, 15.621]
    """
    uniform, end, share, p50, p90 = (
        np.asarray(x, dtype=float)
        for x in (u, scheduled_months, p_extension, extension_p50_months, extension_p90_months)
    )
    for name, fine in (
        ("u is not between 0 and 1", (uniform >= 0) & (uniform <= 1)),
        (f"scheduled_months {scheduled_months} is not 0 or more", np.isfinite(end) & (end >= 0)),
        (f"p_extension {p_extension} is not between 0 and 1", (share >= 0) & (share <= 1)),
        (f"extension_p50_months {extension_p50_months} and extension_p90_months {extension_p90_months} are not quantiles of one duration",
         (p50 > 0) & (p90 >= p50) & np.isfinite(p90)),
    ):  # fmt: skip
        if not np.all(fine):
            raise ValueError(name)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # below the extended part the quotient is clipped, and without one it is not used
        inner = np.clip(np.nan_to_num((uniform - 1 + share) / share), _EDGE, 1 - _EDGE)
    added = p50 * np.exp(np.log(p90 / p50) / Z90 * normal_quantile(inner))
    extended = (uniform > 1 - share + _EDGE) & (share > 0)
    return np.asarray(end + np.where(extended, added, 0.0))


def normal_quantile(p: Any) -> np.ndarray:
    """Quantiles of the standard normal; exact, and without the import of a large library."""
    return np.vectorize(_STANDARD.inv_cdf, otypes=[float])(p)


def path_months(stages: dict[str, dict[str, Any]], shares: tuple[float, ...]) -> np.ndarray:
    """Quantiles of the months of a whole permit path, given success. [months], shape (shares,)

    Of one stage that has not begun they are its own; a chain is drawn.
    """
    waiting = {
        name: stage for name, stage in stages.items() if stage.get("done_months_ago") is None
    }
    if not waiting:
        return np.zeros(len(shares))
    if len(waiting) == 1 and not {"started_months_ago", "p_extension"} & set(*waiting.values()):
        (stage,) = waiting.values()
        return _lognormal(stage, np.asarray(shares))
    uniform = (np.arange(_DRAWS) + 0.5) / _DRAWS
    months = np.zeros(_DRAWS)
    for number, stage in enumerate(waiting.values()):
        months = months + _drawn(stage, np.random.default_rng(number).permutation(uniform))
    return np.quantile(months, shares)


def _drawn(stage: dict[str, Any], uniform: np.ndarray) -> np.ndarray:
    if stage.get("p_extension"):
        return wait_months(uniform, stage["p50_months"], stage["p_extension"],
                           stage["extension_p50_months"], stage["extension_p90_months"])  # fmt: skip
    elapsed = stage.get("started_months_ago") or 0.0
    if not elapsed:
        return _lognormal(stage, uniform)
    sigma = math.log(stage["p90_months"] / stage["p50_months"]) / Z90
    if sigma == 0:
        return np.full(uniform.shape, max(stage["p50_months"] - elapsed, 0.0))
    alive = _STANDARD.cdf(-math.log(elapsed / stage["p50_months"]) / sigma)
    # by what is left of the survival: it has not ended yet
    late = np.clip(alive * (1 - uniform), 1e-300, 1 - _EDGE)
    return np.maximum(stage["p50_months"] * np.exp(-sigma * normal_quantile(late)) - elapsed, 0.0)


def _lognormal(stage: dict[str, Any], uniform: np.ndarray) -> np.ndarray:
    p50, p90 = stage["p50_months"], stage["p90_months"]
    if p50 == 0:
        return np.zeros(uniform.shape)
    return np.asarray(p50 * np.exp(math.log(p90 / p50) / Z90 * normal_quantile(uniform)))
