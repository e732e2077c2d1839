"""Place on a card: noise and water against their limits, and what the authorities have said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from powerwall.criteria.criterion import Shared
from powerwall.criteria.noise.flags import STUDY
from powerwall.criteria.policy.obligations import obligations
from powerwall.criteria.policy.rows import word
from powerwall.criteria.policy.rules import PROJECT_ACTS
from powerwall.criteria.policy.timeline import TOLD, Act, timeline
from powerwall.output.duties import duty_lines
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, percent, shown, span
from powerwall.output.report.parts import Block, Table, capital
from powerwall.output.report.site_charts import (
    ACT_KINDS,
    Bar,
    Margin,
    day_of,
    kind_of,
    margins,
    timeline_chart,
)

if TYPE_CHECKING:
    from datetime import date

    from powerwall.output.report.study import Study

_NOISE = (("night_noise_margin_db", "at night"), ("day_noise_margin_db", "by day"))
#: Measures of water whose limit is 1, and the one that is a margin itself.
_WATER = (("peak_day_share", "peak day, of the spare supply"), ("sewer_share", "sewer, of its spare capacity"), ("water_rule_margin_share", "binding rule"))  # fmt: skip
_DB = 25.0  # at the ends of the axis
_HEADS = (("measure", False), ("value", True), ("range", True), ("status", False), ("what it rests on", False))  # fmt: skip


def noise_block(study: Study) -> Block:
    """Margins to the limits that bind by day and at night."""
    title, rows, marks = "Noise", [], []
    for name, label in _NOISE:
        row = study.measure(name)
        value, low, high = (float(row[c]) for c in ("value", "low", "high"))
        words = _signed(value) if not math.isnan(value) else UNKNOWN if math.isnan(low) else f"{_signed(low)}…{_signed(high)}"  # fmt: skip
        marks.append(Margin(label, value, low, high, words))
        rows.append([label, _signed(value), NOT_APPLICABLE if math.isnan(low) else f"{_signed(low)} … {_signed(high)}", _state(row), _rests(row)])  # fmt: skip
    said = [f"{label}: {_rests(study.measure(name))}" for name, label in _NOISE]
    keep = study.measure("noise_setback_m")
    if study.known("noise_setback_m"):
        said.append(f"Distance to keep from homes: {shown(round(float(keep['value']), -1))} m{' (a reference: no limit is known here)' if keep['grade'] == 'reference' else ''}.")  # fmt: skip
    said.append(f"{capital(STUDY)}.")
    shown_at_all = [mark for mark in marks if mark.words != UNKNOWN]
    chart = margins("Noise margins", "dB", marks, (-_DB, _DB)) if shown_at_all else None
    return Block(f"{title}: margin to the limit, dB", chart, (), said, Table("Noise margins, dB", _HEADS, rows) if chart else None)  # fmt: skip


def _signed(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:+.0f}".replace("-", "−")


def _state(row: Any) -> str:
    known = not math.isnan(row["value"]) or not math.isnan(row["low"])
    return str(row["status"]) if known and isinstance(row["status"], str) else "unknown"


def _rests(row: Any) -> str:
    """Reason, note and source of a measure in one line."""
    why = f"unknown, {row['why']}" if math.isnan(row["value"]) and isinstance(row["why"], str) else ""  # fmt: skip
    day = f"as of {row['as_of']}" if isinstance(row["as_of"], str) and row["as_of"] else ""
    parts = [why, *(row[c] if isinstance(row[c], str) else "" for c in ("note", "source")), day]
    return "; ".join(part for part in parts if part) or "nothing stated"


def water_block(study: Study) -> Block:
    """What the plant takes, and what caps and rules leave of it."""
    marks, rows = [], []
    for name, label in _WATER:
        row = study.measure(name)
        value, low, high = (float(row[c]) for c in ("value", "low", "high"))
        if name != "water_rule_margin_share":
            value, low, high = 1 - value, 1 - high, 1 - low
        if not math.isnan(value):
            marks.append(Margin(label, value, low, high, f"{percent(value)} left"))
        rows.append([f"{label}: left", percent(value), NOT_APPLICABLE if math.isnan(low) else f"{percent(low)} … {percent(high)}", _state(row), _rests(row)])  # fmt: skip
    for name in ("water_consumption_m3_per_year", "peak_day_water_m3", "scarcity_weighted_water_m3", "baseline_water_stress_score"):  # fmt: skip
        row, criterion = study.measure(name), study.ranking.criteria[name]
        ranged = NOT_APPLICABLE if math.isnan(row["low"]) else span(float(row["low"]), float(row["high"]))  # fmt: skip
        label = f"{name.removesuffix('_m3_per_year').removesuffix('_m3').removesuffix('_score').replace('_', ' ')}, {criterion.unit}"
        rows.append([label, shown(float(row["value"])), ranged, _state(row), _rests(row)])
    takes = study.measure("water_consumption_m3_per_year")
    plant = study.ranking.cooling_of(study.id)
    words = [f"With {plant} the plant takes {shown(float(takes['value']))} m³ a year from the basin for good."] if study.known("water_consumption_m3_per_year") else [f"What {plant} takes is unknown: {takes['why']}."]  # fmt: skip
    unknown = [label for (name, label) in _WATER if not study.known(name)]
    if unknown:
        words.append(f"Unknown here: {'; '.join(unknown)}.")
    low = min([0.0, *(mark.value for mark in marks)])
    chart = margins("Water margins", "shares of the limit", marks, (max(low, -1.0) - 0.1, 1.0)) if marks else None  # fmt: skip
    return Block("Water: what the limits leave", chart, (), words, Table("Water", _HEADS, rows))


def policy_block(study: Study) -> Block:
    """Dated acts with their state on the as-of day, the permit path and the duties."""
    region, site_id = study.region, study.local_id
    words = _permit_words(study)
    words += duty_lines(obligations(region, site_id))
    authority = region.sites["jurisdiction_id"].get(site_id)
    if "policy" not in region.layers or not isinstance(authority, str):
        missing = "no layer of policies" if "policy" not in region.layers else "the authority here is unknown"  # fmt: skip
        return Block("Council and state", words=[f"Dated acts are unknown: {missing}.", *words])
    acts = timeline(region, site_id)
    if not any(act.blocks for act in acts):
        words.insert(0, f"No rule that blocks the request is found in force in this layer as of {region.request.as_of}.")  # fmt: skip
    bars = [bar for act in acts if (bar := act_bar(act, region.request.as_of)) is not None]
    chart = timeline_chart(bars, region.request.as_of) if bars else None
    used = {bar.kind for bar in bars}
    key = [(f"k {kind}", told) for name, kind, told in ACT_KINDS if name in used]
    rows = [[act.since or UNKNOWN, f"{word(act.row, 'kind').replace('_', ' ')}: {word(act.row, 'subject')}", act.window, act.told, act.reach, word(act.row, "status") or UNKNOWN, word(act.row, "source_title")] for act in acts]  # fmt: skip
    heads = (("date", False), ("act", False), ("window", False), (f"on {region.request.as_of}", False), ("reach", False), ("status", False), ("source", False))  # fmt: skip
    return Block("Council and state: dated acts", chart, key, words, Table(f"Acts of {authority} and those above it", heads, rows) if rows else None)  # fmt: skip


def act_bar(act: Act, as_of: date) -> Bar | None:
    """A dated act as it is drawn; None where nobody says when it began."""
    start = day_of(word(act.row, "effective_from")) or day_of(act.since)
    if start is None:
        return None
    end = day_of(word(act.row, "effective_to"), end=True)
    if end is None and act.told == TOLD["expired"]:
        end = as_of  # it has ended, nobody says when
    kind = kind_of(act.told, blocks=act.blocks, window_over=end is not None and end < as_of)
    if "not bind" in act.reach or act.reach == "another project":
        kind = "over"
    name = word(act.row, "subject") or word(act.row, "kind").replace("_", " ")
    lasts = act.told not in {"decided", "withdrawn"} and word(act.row, "kind") not in {*PROJECT_ACTS, "opposition"}  # fmt: skip
    return Bar(name, start, end, kind, lasts)


def _permit_words(study: Study) -> list[str]:
    row = study.measure("policy_success_probability")
    region = study.region
    permits = Shared(region.sites.loc[[study.local_id]], region.layers, region.request)("permits")
    label = permits.of(study.local_id).label
    odds = f"{percent(float(row['value']))} of comparable recorded cases ended well" if study.known("policy_success_probability") else f"the share of comparable cases is unknown, {row['why']}"  # fmt: skip
    return [f"Permit path: {label}; {odds}. This is no forecast of one council."]
