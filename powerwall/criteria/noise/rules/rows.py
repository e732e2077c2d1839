"""Rows: a recorded noise rule, one testable limit, as it is read from a table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from powerwall.criteria.noise.propagation.bands import BANDS_HZ, LOWEST_HZ

KINDS = (
    "absolute", "background_plus", "emergence", "no_increase", "setback", "generator_level", "generator_window", "not_found",
)  # fmt: skip
METRICS = ("LAeq", "LA", "LCeq", "LAr", "LA50", "LA10", "LA1", "LAmax", "Lnight", "octave")
COMPARE, COMBINE = ("source", "total"), ("min", "max", "fallback")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NINE_HZ = (LOWEST_HZ, *BANDS_HZ)
OCTAVE_COLUMNS = tuple(f"limit_{band:g}_hz_db".replace(".", "_") for band in NINE_HZ)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_STEP = re.compile(r"\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class NoiseRule:
    """One testable limit; every attribute is a column of the rule table.

    Numbers that are blank are NaN, texts that are blank are empty.
    """

    rule_id: str = ""
    rule_set: str = ""
    jurisdiction: str = ""
    jurisdiction_id: str = ""
    country: str = ""
    subdivision: str = ""
    receptor_class: str = ""
    source_class: str = ""
    source_trigger: str = ""
    kind: str = "absolute"
    metric: str = ""
    period: str = ""
    days: str = ""
    window_start: str = ""
    window_end: str = ""
    averaging_s: float = math.nan
    limit_db: float = math.nan
    limit_31_5_hz_db: float = math.nan
    limit_63_hz_db: float = math.nan
    limit_125_hz_db: float = math.nan
    limit_250_hz_db: float = math.nan
    limit_500_hz_db: float = math.nan
    limit_1000_hz_db: float = math.nan
    limit_2000_hz_db: float = math.nan
    limit_4000_hz_db: float = math.nan
    limit_8000_hz_db: float = math.nan
    increment_db: float = math.nan
    background_metric: str = ""
    compare: str = ""
    combine: str = ""
    emergence_steps_db: str = ""
    tonal_penalty_db: float = math.nan
    impulsive_penalty_db: float = math.nan
    intermittent_penalty_db: float = math.nan
    rating_correction_db: float = math.nan
    preload_relief_db: float = math.nan
    assess_at: str = ""
    min_source_distance_m: float = math.nan
    setback_of: str = ""
    setback_from: str = ""
    setback_m: float = math.nan
    reference_distance_m: float = math.nan
    exempt: str = ""
    effective_from: str = ""
    effective_to: str = ""
    rule_status: str = ""
    source_kind: str = ""
    source_title: str = ""
    source_url: str = ""
    as_of: str = ""
    status: str = ""
    note: str = ""
    hours_assumed: bool = False

    @property
    def weighting(self) -> str:
        """How levels are summed for it: `A`, `C`, or `octave`, which does not sum them."""
        if self.metric == "octave":
            return "octave"
        return "C" if self.metric.startswith("LC") else "A"

    @property
    def octave_limits_db(self) -> np.ndarray:
        """Limits from 31.5 to 8000 Hz; NaN where a band has none. [dB], shape (9,)"""
        return np.array([getattr(self, column) for column in OCTAVE_COLUMNS], dtype=float)

    @property
    def emergence(self) -> tuple[tuple[float, float], ...]:
        """Steps of an emergence rule: total above, allowance over the residual level. [dB]"""
        return parse_steps(self.emergence_steps_db)

    @property
    def caption(self) -> str:
        """The rule in words, with its state, status and date."""
        state = self.rule_status.replace("_", " ") or "state not stated"
        told = ", ".join(filter(None, (self._limit_in_words(), state, self.status, self.as_of or "no date")))  # fmt: skip
        return f"{self.rule_id} ({told})"

    def _limit_in_words(self) -> str:
        unit = f"dB({self.weighting})"
        fixed = "" if math.isnan(self.limit_db) else f"{self.limit_db:g} {unit}"
        if self.kind == "setback":
            return f"{self.setback_m:g} m from {self.setback_from.replace('_', ' ') or 'homes'}"
        if self.kind == "background_plus":
            over = f"{self.increment_db:g} dB over the background"
            joined = {"min": "at most", "max": "or if more", "fallback": "where that is unknown"}.get(self.combine, "or")  # fmt: skip
            return f"{over}, {joined} {fixed}" if fixed else over
        words = {
            "emergence": "emergence " + ", ".join(f"{more:g} dB from {above:g}" for above, more in self.emergence) if self.kind == "emergence" else "",
            "no_increase": "no increase of the ambient", "generator_window": "hours of generator tests", "not_found": "no number found",
            "generator_level": f"{fixed} at {self.reference_distance_m:g} m of a generator set",
        }  # fmt: skip
        if self.kind in words:
            return words[self.kind]
        if self.metric == "octave":
            limited = ~np.isnan(self.octave_limits_db)
            return f"{int(limited.sum())} octave limits"
        return fixed


_NUMBERS = frozenset(one.name for one in fields(NoiseRule) if one.type == "float")
_TEXTS = frozenset(one.name for one in fields(NoiseRule) if one.type == "str")


def rule_from_record(record: Mapping[Any, Any]) -> NoiseRule:
    """A row of a rule table as a rule.

    Parameters
    ----------
    record
        Cells by column; absent, "", None and NaN are blank, other keys are ignored, numbers may be
        texts. The metric `LA` is read as `LAeq`.

    Raises
    ------
    ValueError
        With the rule's id: for an unknown kind, metric, compare, combine or day, a malformed time
        or emergence step, a text where a number belongs, and a kind without the number it needs.
    """
    cells: dict[str, Any] = {name: _text(record.get(name)) for name in _TEXTS}
    name = cells["rule_id"] or "rule"
    try:
        cells |= {column: _number(column, record.get(column)) for column in _NUMBERS}
        if cells["metric"] == "LA":
            cells["metric"] = "LAeq"
        _known("kind", cells["kind"], KINDS)
        for column, words in (("metric", METRICS), ("compare", COMPARE), ("combine", COMBINE)):
            if cells[column]:
                _known(column, cells[column], words)
        parse_days(cells["days"])
        for column in ("window_start", "window_end"):
            parse_time(cells[column], end=column == "window_end")
        hours = _text(record.get("hours_assumed")).lower() in {"true", "yes", "1"}
        rule = NoiseRule(**cells, hours_assumed=hours)
        _complete(rule)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return rule


def _known(column: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"{column} `{word}` is none of {', '.join(words)}")


def _complete(rule: NoiseRule) -> None:
    """Raise ValueError where a kind lacks the number it needs."""
    if rule.emergence_steps_db or rule.kind == "emergence":
        steps = parse_steps(rule.emergence_steps_db)
        if not steps:
            raise ValueError("an emergence without its steps")
    missing = {
        "absolute": math.isnan(rule.limit_db) if rule.metric != "octave" else bool(np.isnan(rule.octave_limits_db).all()),
        "background_plus": math.isnan(rule.increment_db), "setback": math.isnan(rule.setback_m),
        "generator_level": math.isnan(rule.limit_db) or math.isnan(rule.reference_distance_m),
    }  # fmt: skip
    if missing.get(rule.kind):
        raise ValueError(f"a row of kind {rule.kind} without the number it needs")


def parse_days(text: str) -> frozenset[str]:
    """Days of a rule: names of `DAYS`, `holiday`, `all` or `otherwise`; blank is `all`.

    Raises
    ------
    ValueError
        For a word that is no day.

    >>> sorted(parse_days("sat-sun holiday"))
    ['holiday', 'sat', 'sun']
    """
    found: set[str] = set()
    for token in text.lower().split() or ["all"]:
        first, _, last = token.partition("-")
        if token in {"all", "holiday", "otherwise", *DAYS}:
            found.add(token)
        elif first in DAYS and last in DAYS:
            start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
            found |= {DAYS[(start + step) % 7] for step in range(count)}
        else:
            raise ValueError(f"days: `{token}` is no day")
    return frozenset(found)


def parse_time(text: str, *, end: bool = False) -> int | None:
    """Minutes after midnight of a time `HH:MM`; None where it is blank; `24:00` may be an end.

    Raises
    ------
    ValueError
        For a text that is no time.
    """
    if not text:
        return None
    if end and text == "24:00":
        return 24 * 60
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"`{text}` is no time: write HH:MM, e.g. 22:00")
    return int(text[:2]) * 60 + int(text[3:])


def parse_steps(text: str) -> tuple[tuple[float, float], ...]:
    """Emergence steps `35:6;45:5`: threshold of the total and allowance, thresholds rising.

    Raises
    ------
    ValueError
        For a step that is none, or thresholds out of order.
    """
    steps = []
    for part in filter(None, text.split(";")):
        match = _STEP.fullmatch(part)
        if not match:
            raise ValueError(f"emergence: `{part}` is no step: write threshold:allowance, e.g. 35:6")  # fmt: skip
        steps.append((float(match[1]), float(match[2])))
    if [step[0] for step in steps] != sorted({step[0] for step in steps}):
        raise ValueError(f"emergence: the thresholds of `{text}` must rise")
    return tuple(steps)


def _text(cell: Any) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell).strip()


def _number(column: str, cell: Any) -> float:
    text = _text(cell)
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column} = `{text}` is not a number") from None
    if not math.isfinite(value):
        return math.nan
    return value
