"""Check: rows of a rule table that no limit could be read from, each at its cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.noise.rules.classes import KNOWN
from powerwall.criteria.noise.rules.hours import group_key, week_mask
from powerwall.criteria.noise.rules.rows import (
    COMBINE,
    COMPARE,
    DAYS,
    OCTAVE_COLUMNS,
    NoiseRule,
    parse_days,
    parse_steps,
    parse_time,
    rule_from_record,
)
from powerwall.criteria.noise.rules.tables import Unread, expanded
from powerwall.region.dates import parse_span
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.region.layers import Layer

ASSESS_AT = (
    "receiver_property_line", "property_line", "source_property_line", "site_boundary", "bounding_lot_line", "zone_boundary", "facade",
    "facade_0_5_m_open_window", "noise_sensitive_location", "receiving_land_any_point", "oregon_point", "receiver_activity_area",
    "outdoor_living_area", "regulated_zone", "unknown",
)  # fmt: skip
#: Columns with words of a few, and the words.
_WORDS = {
    "source_trigger": ("any", "steady_tonal", "new_on_unused_site", "new_on_used_site", "data_center"),
    "background_metric": ("LAeq", "LA90", "LA50", "LA10"),
    "exempt": ("emergency_operation", "generator_test"),
}  # fmt: skip
_NOT_NEGATIVE = (
    "limit_db", "increment_db", "tonal_penalty_db", "impulsive_penalty_db", "intermittent_penalty_db", "rating_correction_db", "preload_relief_db",
    "setback_m", "reference_distance_m", "min_source_distance_m",
)  # fmt: skip
_NO_LEVEL = frozenset({"setback", "generator_window", "not_found"})


def usable(frame: pd.DataFrame, authorities: Mapping[str, str] | None = None) -> list[NoiseRule]:
    """Rules of a table that can be read; the others are findings of `check_noise_rules`."""
    rules = []
    for row in expanded(frame, authorities)[0].to_dict("records"):
        try:
            rules.append(rule_from_record(row))
        except ValueError:
            continue  # told where the region is checked
    return [rule for rule in rules if not _lacks_unit(rule)]


def _lacks_unit(rule: NoiseRule) -> bool:
    return rule.kind not in _NO_LEVEL and not rule.metric


class _Row:
    """A row of the layer, and where the findings about its cells go."""

    def __init__(self, row: Mapping[Any, Any], place: Any, layer: Layer, findings: Findings) -> None:  # fmt: skip
        self._row, self._place, self._layer, self._findings = row, int(place), layer, findings
        self.rule_id = self.text("rule_id")

    def text(self, column: str) -> str:
        cell = self._row.get(column)
        return "" if cell is None or pd.isna(cell) else str(cell).strip()

    def number(self, column: str) -> float:
        """A cell as a number; NaN where it is blank, or is none, which is then told."""
        text = self.text(column)
        try:
            return float(text) if text else math.nan
        except ValueError:
            self.add("PW401", column, f"{column} = `{text}` is not a number", "write the number alone, with a point for decimals")  # fmt: skip
            return math.nan

    def add(self, code: str, column: str, message: str, remedy: str, severity: str = "error") -> None:  # fmt: skip
        at = self._layer.places(self._place, column)
        self._findings.add(code, f"{self.rule_id}: {message}", severity=severity, remedy=remedy, **at)  # fmt: skip


def check_noise_rules(layer: Layer, findings: Findings, authorities: Mapping[str, str]) -> None:
    """Record what makes a row unreadable, and hours and bands that are probably a slip.

    Parameters
    ----------
    layer
        The layer `noise_rules`.
    authorities
        FIPS code of a county → its `jurisdiction_id`.
    """
    frame, unread = expanded(layer.frame, authorities)
    for one in unread:
        _tell_unread(one, layer, findings)
    readable: list[tuple[Any, NoiseRule]] = []
    for index, cells in frame.iterrows():
        record = cells.to_dict()
        before = len(findings.errors)
        row = _Row(record, index, layer, findings)
        _check_kind(row)
        _check_limits(row)
        _check_hours(row)
        _check_relative(row)
        _check_dates(row)
        if len(findings.errors) == before and row.text("kind"):
            try:
                readable.append((index, rule_from_record(record)))
            except ValueError as error:
                row.add("PW402", "kind", str(error).partition(": ")[2], "mend the row, or remove it")  # fmt: skip
    _check_groups(readable, layer, findings)


def _tell_unread(one: Unread, layer: Layer, findings: Findings) -> None:
    code = "PW407" if "unit" in one.why else "PW401" if one.column == "value" else "PW507"
    native = next((name for name in layer.places.names if name.lower().replace(" ", "_") == one.column), one.column)  # fmt: skip
    findings.add(code, f"noise_rules: not read: {one.why}", severity="warning", remedy="enter the limit as a row of its own, with kind, metric and hours",
                 **layer.places(int(one.index), native))  # fmt: skip


def _check_kind(row: _Row) -> None:
    """Words that decide what the row is; one that is none was blanked, and told, on reading."""
    kind, metric = row.text("kind"), row.text("metric")
    if not kind:
        row.add("PW406", "kind", "no kind: the row is not used", "write absolute, background_plus, emergence, no_increase, setback, generator_level, generator_window or not_found", "warning")  # fmt: skip
        return
    if kind not in _NO_LEVEL and not metric:
        row.add("PW407", "metric", "a limit without unit: dB(A) or dB(C)?", "name the metric: LAeq, LCeq, LA50, LAmax, octave …")  # fmt: skip
    place = row.text("assess_at")
    if place and place not in ASSESS_AT and kind != "setback":
        row.add("PW406", "assess_at", f"assess_at = `{place}` is no place of measurement: taken as the receiver's property line", did_you_mean(place, list(ASSESS_AT)), "warning")  # fmt: skip
    for column, known in _WORDS.items():
        for word in row.text(column).split():
            if word not in known:
                row.add("PW406", column, f"{column} = `{word}` is not a word of this column", did_you_mean(word, list(known)))  # fmt: skip
    protected = row.text("receptor_class")
    if protected not in KNOWN:
        row.add("PW406", "receptor_class", f"receptor_class = `{protected}` protects only receptors of that very class", did_you_mean(protected, sorted(KNOWN - {""})), "warning")  # fmt: skip


def _check_limits(row: _Row) -> None:
    """Numbers that a kind needs, and bands that an octave row lacks."""
    kind, metric = row.text("kind"), row.text("metric")
    for column in _NOT_NEGATIVE:
        if (value := row.number(column)) < 0:
            row.add("PW402", column, f"{column} = {value:g} is negative", "write a number of 0 or more", "warning")  # fmt: skip
    bands = [row.number(column) for column in OCTAVE_COLUMNS[1:]]
    if metric == "octave":
        missing = [column for column, value in zip(OCTAVE_COLUMNS[1:], bands, strict=True) if math.isnan(value)]  # fmt: skip
        if len(missing) == len(bands) and math.isnan(row.number(OCTAVE_COLUMNS[0])):
            row.add("PW402", OCTAVE_COLUMNS[1], "an octave rule without any band", "write its limits")  # fmt: skip
        elif missing:
            named = ", ".join(column.removeprefix("limit_").removesuffix("_hz_db") for column in missing)  # fmt: skip
            row.add("PW402", missing[0], f"{len(bands) - len(missing)} of 8 octave bands, none at {named} Hz: tested on those given", "write the others, if the rule has them", "warning")  # fmt: skip
    needed = {
        "absolute": ("limit_db",) if metric != "octave" else (), "background_plus": ("increment_db",), "setback": ("setback_m",),
        "generator_level": ("limit_db", "reference_distance_m"),
    }.get(kind, ())  # fmt: skip
    for column in needed:
        if not row.text(column):
            row.add("PW402", column, f"a row of kind {kind} without {column}", f"write {column}, or kind = not_found")  # fmt: skip
    if kind == "absolute" and not math.isnan(row.number("increment_db")):
        row.add("PW402", "increment_db", "an absolute limit with an increment over the ambient: the increment is not read", "write kind = background_plus, compare = total, combine = max, and keep limit_db", "warning")  # fmt: skip


def _check_hours(row: _Row) -> None:
    """Windows and days that are none, and periods that say when by their name alone."""
    period, days = row.text("period"), row.text("days")
    sound = True
    for column in ("window_start", "window_end"):
        try:
            parse_time(row.text(column), end=column == "window_end")
        except ValueError as error:
            sound = False
            row.add("PW402", column, f"{column}: {error}", "write HH:MM, e.g. 22:00")
    try:
        rest = "otherwise" in parse_days(days)
    except ValueError as error:
        row.add("PW406", "days", str(error), f"write all, holiday, otherwise, {' '.join(DAYS)}, or a range such as mon-fri")  # fmt: skip
        return
    one_end = bool(row.text("window_start")) != bool(row.text("window_end"))
    if one_end and sound:
        row.add("PW402", "window_end", "a window with one end: midnight is taken for the other", "write both ends", "warning")  # fmt: skip
    blank = not (row.text("window_start") or row.text("window_end"))
    if period in {"day", "evening", "night"} and blank and not rest:
        row.add("PW402", "window_start", f"period {period} without hours: tested at all hours", "write window_start and window_end, or days = otherwise for the rest of a day", "warning")  # fmt: skip


def _check_relative(row: _Row) -> None:
    """What belongs to limits over a level that is there without the campus."""
    try:
        steps = parse_steps(row.text("emergence_steps_db"))
    except ValueError as error:
        row.add("PW402", "emergence_steps_db", str(error), "write threshold:allowance, several joined by `;`, e.g. 35:6;45:5")  # fmt: skip
        return
    if row.text("kind") == "emergence" and not steps:
        row.add("PW402", "emergence_steps_db", "an emergence without its steps", "write threshold:allowance, e.g. 35:6;45:5")  # fmt: skip
    for column, words in (("compare", COMPARE), ("combine", COMBINE)):
        word = row.text(column)
        if word and word not in words:
            row.add("PW406", column, f"{column} = `{word}` is not a word of this column", did_you_mean(word, list(words)))  # fmt: skip


def _check_dates(row: _Row) -> None:
    start, end = row.text("effective_from"), row.text("effective_to")
    try:
        backwards = bool(start and end) and parse_span(end).last < parse_span(start).first
    except ValueError:
        return  # a bad date is told where the layer is read
    if backwards:
        row.add("PW402", "effective_to", f"effective_to = {end} lies before effective_from = {start}", "mend its dates")  # fmt: skip


def _check_groups(readable: Iterable[tuple[Any, NoiseRule]], layer: Layer, findings: Findings) -> None:  # fmt: skip
    """Hours of one rule set that overlap within a metric, or leave a gap over all of them."""
    sets: dict[tuple[str, ...], list[tuple[Any, NoiseRule]]] = {}
    for index, rule in readable:
        if rule.kind == "absolute" and rule.rule_set:
            sets.setdefault(
                (rule.jurisdiction_id, *group_key(rule)[:-1], rule.rule_status), []
            ).append((index, rule))
    for rows in sets.values():
        if len(rows) == 1:
            continue  # a rule of the night alone leaves the day free
        rules = [rule for _, rule in rows]
        masks = {rule.rule_id: week_mask(rule, rules) for rule in rules}
        for metric in dict.fromkeys(rule.metric for rule in rules):
            of_metric = [masks[rule.rule_id] for rule in rules if rule.metric == metric]
            if (np.sum(of_metric, axis=0) > 1).any():
                _tell_hours(rows, "overlap: the stricter binds", "mend their hours, or give them rule sets of their own", layer, findings)  # fmt: skip
        if not np.any(list(masks.values()), axis=0).all():
            _tell_hours(rows, "leave a gap: no limit holds in it", "mend their hours, or write days = otherwise", layer, findings)  # fmt: skip


def _tell_hours(rows: list[tuple[Any, NoiseRule]], what: str, remedy: str, layer: Layer, findings: Findings) -> None:  # fmt: skip
    named = ", ".join(rule.rule_id for _, rule in rows)
    findings.add("PW402", f"noise_rules: the hours of {named} {what}", severity="warning", remedy=remedy,
                 **layer.places(int(rows[0][0]), "window_start"))  # fmt: skip
