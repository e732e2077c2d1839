"""Requirements: limits apart from the score, each with its margin in its own unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.region import Places, RequirementTable
from powerwall.region.units import unit_of

if TYPE_CHECKING:
    from powerwall.criteria.measure import Measures


@dataclass(frozen=True)
class Requirement:
    """One limit, as it stands for the request.

    Attributes
    ----------
    name, unit
        Criterion and its unit.
    low, high
        Smallest and largest value that passes; infinite where there is no such bound.
    truth
        The truth value that passes, for a flag.
    """

    name: str
    unit: str
    low: float
    high: float
    truth: bool | None

    @property
    def words(self) -> str:
        """The limit in words."""
        if self.truth is not None:
            return f"required {'true' if self.truth else 'false'}"
        scale, unit = self.shown
        parts = [
            f"≥ {scale * self.low:g}" if math.isfinite(self.low) else "",
            f"≤ {scale * self.high:g}" if math.isfinite(self.high) else "",
        ]
        return f"required {' and '.join(p for p in parts if p)} {unit}".rstrip()

    @property
    def shown(self) -> tuple[float, str]:
        """Factor and unit in which its numbers are printed: a share in per cent."""
        return (100.0, "%") if self.unit == "share" else (1.0, self.unit)


def resolve(
    given: Mapping[str, RequirementTable],
    criteria: Mapping[str, Criterion],
    mw: float,
    places: Places,
    findings: Findings,
) -> list[Requirement]:
    """Requirements of a region; everything wrong with them is recorded."""
    found = []
    for name, entry in sorted(given.items()):
        if name not in criteria:
            findings.add("PW105", f"[require] names the unknown criterion `{name}`",
                         remedy=did_you_mean(name, list(criteria)), **places("require", name))  # fmt: skip
            continue
        low = max(_bound(entry.min, -math.inf), _bound(entry.min_per_mw, -math.inf) * mw)
        high = min(_bound(entry.max, math.inf), _bound(entry.max_per_mw, math.inf) * mw)
        if entry.is_ is None and not (math.isfinite(low) or math.isfinite(high)):
            findings.add(
                "PW102",
                f"[require] {name} sets no limit",
                remedy="give it min, max or is",
                **places("require", name),
            )
            continue
        if low > high:
            findings.add(
                "PW102",
                f"[require] {name}: nothing is ≥ {low:g} and ≤ {high:g}",
                **places("require", name),
            )
        found.append(Requirement(name, criteria[name].unit, low, high, entry.is_))
    return found


def _bound(value: float | None, silent: float) -> float:
    return silent if value is None else value


def judge(requirement: Requirement, measure: pd.DataFrame) -> pd.DataFrame:
    """State and margin of one requirement at every site.

    Returns
    -------
    DataFrame
        Index `site_id`; `state` is `out`, `at risk` or `passes`, `margin` in the requirement's unit
        (negative fails; NaN for flags and unknowns), `relative` the margin over the limit, and
        `reason` in words.

    Notes
    -----
    A range puts a site out only if even its favourable end fails. An unknown never does. Evidence
    that may not gate (unverified, upper bounds) never does either.
    """
    value, low, high = (
        measure[column].to_numpy(dtype=float) for column in ("value", "low", "high")
    )
    if requirement.truth is not None:
        want = float(requirement.truth)
        out, risk = value == 1 - want, np.isnan(value)
        margin = np.full(len(value), np.nan)
    else:
        ends = np.sort(np.stack([low, high]), axis=0)
        half_known = np.isnan(ends).any(axis=0)
        out = ~half_known & ((ends[1] < requirement.low) | (ends[0] > requirement.high))
        worst = np.minimum(_margin(ends[0], requirement), _margin(ends[1], requirement))
        risk = half_known | (~out & (worst < 0))
        # without a central value the favourable end speaks for the range
        best = np.maximum(_margin(ends[0], requirement), _margin(ends[1], requirement))
        margin = np.where(np.isnan(value), best, _margin(value, requirement))
    may = measure["gates"].to_numpy(dtype=bool)
    risk = risk | (out & ~may)
    out = out & may
    state = np.where(out, "out", np.where(risk, "at risk", "passes"))
    limit = requirement.low if math.isfinite(requirement.low) else requirement.high
    relative = margin / abs(limit) if math.isfinite(limit) and limit else margin
    reasons = [
        _reason(requirement, row, m, s)
        for row, m, s in zip(measure.to_dict("records"), margin, state, strict=True)
    ]
    return pd.DataFrame(
        {"state": state, "margin": margin, "relative": relative, "reason": reasons},
        index=measure.index,
    )


def _margin(value: np.ndarray, requirement: Requirement) -> np.ndarray:
    return np.minimum(value - requirement.low, requirement.high - value)


def _reason(
    requirement: Requirement, row: Mapping[object, object], margin: float, state: str
) -> str:
    if state == "passes":
        return ""
    value, low, high = (float(str(row[name])) for name in ("value", "low", "high"))
    label = _label(requirement)
    if requirement.truth is not None:
        note, why = row.get("note"), row.get("why")
        if state == "out":
            return str(note) if isinstance(note, str) and note else f"{label}, {requirement.words}"
        return (
            f"{label} unknown ({why}), {requirement.words}"
            if isinstance(why, str)
            else f"{label} unknown, {requirement.words}"
        )
    if math.isnan(value) and (math.isnan(low) or math.isnan(high)):
        return f"{label} unknown, {requirement.words}"
    scale, unit = requirement.shown
    value, low, high, margin = (scale * number for number in (value, low, high, margin))
    plain, signed = (",.0f", "+,.0f") if unit == "%" else (".4g", "+.3g")
    if math.isnan(value):
        text = f"{label} between {min(low, high):.3g} and {max(low, high):.3g} {unit}, {requirement.words}, margin at best {margin:{signed}} {unit}"
    else:
        text = (
            f"{label} {value:{plain}} {unit}, {requirement.words}, margin {margin:{signed}} {unit}"
        )
    return text.replace("-", "−")


def _label(requirement: Requirement) -> str:
    """Name in words, without the ending that is its unit."""
    unit = unit_of(requirement.name)
    name = requirement.name.removesuffix(f"_{unit.suffix}") if unit else requirement.name
    return name.replace("_", " ")


def judge_all(requirements: list[Requirement], measures: Measures) -> dict[str, pd.DataFrame]:
    """Every requirement at every site, by criterion."""
    return {item.name: judge(item, measures[item.name]) for item in requirements}
