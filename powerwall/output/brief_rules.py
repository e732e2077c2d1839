"""Brief rules: basin, water rules, acts of the council, permit and duties, each with its state and date."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from powerwall.output.markdown import capped, plain
from powerwall.output.numbers import UNKNOWN, percent, shown, span

if TYPE_CHECKING:
    from powerwall.criteria.policy.timeline import Act
    from powerwall.criteria.water.rules.applied import AppliedRules
    from powerwall.output.brief import Case

_RULES, _ACTS, _DUTIES = 3, 5, 3  # lines at most


def water_lines(case: Case) -> list[str]:
    """What the plant takes, from what basin, and the rules that it meets."""
    from powerwall.criteria.water.rules.wording import told

    year, day, stress = (case.measure(name) for name in ("water_consumption_m3_per_year", "peak_day_water_m3", "baseline_water_stress_score"))  # fmt: skip
    power = case.measure("it_mw_per_grid_mw")["value"]
    taken = f"{_amount(year, 'm³ a year')} and {_amount(day, 'm³ on its peak day')}"
    if math.isnan(year["value"]) and math.isnan(day["value"]):
        taken = f"an unknown amount ({plain(year['why'])})"
    plant = f"- {case.shared('request').cooling} takes {taken}; IT power on the peak hour {shown(case.region.request.mw * power)} MW"
    lines = [plant, f"- basin: stress {_amount(stress, 'of 5')}{_provenance(stress)}"]
    applied: AppliedRules = case.shared("water_rules")
    return [*lines, *capped([f"- water rule: {plain(line)}" for line in told(applied.of(case.local))], _RULES)]  # fmt: skip


def _amount(row: Any, unit: str) -> str:
    return f"unknown ({plain(row['why'])})" if math.isnan(row["value"]) else f"{shown(row['value'])} {unit}"  # fmt: skip


def _provenance(row: Any) -> str:
    """Note, source, grade and date of a measure."""
    parts = [row["note"], row["source"], f"grade {row['grade']}" if isinstance(row["grade"], str) else None, row["as_of"]]  # fmt: skip
    return "".join(f"; {plain(part)}" for part in parts if isinstance(part, str) and part)


def policy_lines(case: Case) -> list[str]:
    """Dated acts, the latest that count first; then permit and duties."""
    from powerwall.criteria.policy.obligations import obligations
    from powerwall.criteria.policy.timeline import timeline
    from powerwall.output.duties import duty_lines

    authority, request = case.region.sites["jurisdiction_id"].get(case.local), case.region.request
    known = isinstance(authority, str)
    acts = timeline(case.region, case.local) if known and "policy" in case.region.layers else []
    lines = [f"- authority: {_authority(case, authority)}" if known else "- authority: unknown, so its acts are too"]  # fmt: skip
    ordered = list(reversed(acts))
    ordered.sort(key=_weight)
    lines += capped([_act(act) for act in ordered], _ACTS)
    if known and not any(act.blocks for act in acts):
        lines.append(f"- no rule that blocks the request is found in force in this layer as of {request.as_of}")  # fmt: skip
    odds, months = case.measure("policy_success_probability"), case.measure("permit_months")
    ranged = f", {span(months['value'], months['high'])} months (P50…P90)" if not math.isnan(months["value"]) else ""  # fmt: skip
    chance = f"unknown ({plain(odds['why'])})" if math.isnan(odds["value"]) else f"{percent(odds['value'])} of comparable recorded cases ended well{ranged}; no forecast of one council"  # fmt: skip
    lines.append(f"- permit: {chance}")
    duties = [f"- duty: {plain(line)}" for line in duty_lines(obligations(case.region, case.local))]
    return [*lines, *capped(duties, _DUTIES)]


def _authority(case: Case, authority: str) -> str:
    """Name and id of an authority."""
    frame = case.region.layers.frame("jurisdictions")
    names = {} if frame is None else dict(zip(frame["jurisdiction_id"], frame["name"], strict=True))
    name = names.get(authority)
    return f"{plain(name)} ({plain(authority)})" if isinstance(name, str) else plain(authority)


def _weight(act: Act) -> tuple[bool, bool, bool]:
    """What blocks first, then what binds here, then what is in force."""
    return not act.blocks, "not bind" in act.reach, not act.told.startswith(("in force", "may be"))


def _act(act: Act) -> str:
    """Date, what it is, what it means on the as-of day, and how well that is known."""
    from powerwall.criteria.policy.rows import word

    row = act.row
    written = ", ".join(part for part in (word(row, "status") or "status not stated", word(row, "as_of"), word(row, "source_title")) if part)  # fmt: skip
    left = "" if math.isnan(act.days) else f", {act.days:.0f} days left"
    return plain(f"- {act.since or UNKNOWN} {word(row, 'kind').replace('_', ' ')}: {word(row, 'subject')}: {act.told}{left}, {act.reach} ({written})")  # fmt: skip
