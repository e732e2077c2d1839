"""Charts of power: megawatts by date, what binds, and where the points of a score come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from powerwall.criteria.power.lead_time.simulation import ramp_steps
from powerwall.output.numbers import month, percent, shown
from powerwall.output.report.svg import (
    WIDTH,
    Axis,
    Svg,
    box,
    drawing,
    line,
    nice,
    path,
    steps,
    text,
    value_axis,
    year_axis,
)

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.criteria.power.site.plan import SitePlan

_LEFT, _RIGHT, _TOP, _BOTTOM = 48, WIDTH - 18, 18, 172
_HEIGHT = 196
FAN_KEY = (
    ("k p10", "P10: at least this much in 9 of 10 cases"), ("k p50", "P50: in half of them"), ("k p90", "P90: in 1 of 10"),
    ("k ask", "requested ramp"), ("k mean", "expected, failures counted as 0 MW"),
)  # fmt: skip
#: What may bind → its class; the order of the stack.
BINDS = {
    "interconnection": "b1", "power": "b2", "cooling": "b3", "accelerators": "b4", "software": "b5", "joint": "b6", "none": "b0",
}  # fmt: skip
_SEEN = 0.005  # share of the draws from which a constraint is drawn


def fan(plan: SitePlan) -> Svg:
    """Delivered megawatts by date as P10, P50 and P90 against the requested ramp."""
    table, request, until = plan.by_quarter, plan.request, plan.until_months
    most = max(request.mw, float(table["p90_mw"].max()))
    across, up = Axis(0.0, until, _LEFT, _RIGHT), Axis(0.0, most * 1.04, _BOTTOM, _TOP)
    parts = value_axis(nice(most), up, _LEFT, _RIGHT, lambda mw: f"{mw:,.0f}")
    parts += year_axis(request.as_of, until, across, _TOP, _BOTTOM)
    parts.append(text(_LEFT - 6, _TOP - 6, "MW", "t", "end"))
    for column, kind in (("p90_mw", "p90"), ("p50_mw", "p50"), ("p10_mw", "p10")):
        stairs = steps([(0.0, 0.0), *((float(str(m)), float(v)) for m, v in table[column].items())])
        if any(mw > 0 for _, mw in stairs):
            ends = [(stairs[0][0], 0.0), *stairs, (stairs[-1][0], 0.0)]
            parts.append(path([(across(m), up(mw)) for m, mw in ends], kind, closed=True))
    mean = [(0.0, 0.0), *((float(str(m)), float(v)) for m, v in table["expected_mw"].items())]
    parts.append(path([(across(m), up(mw)) for m, mw in mean], "mean"))
    parts += _asked(plan, across, up)
    at = table.index[-1]
    told = ", ".join(f"{name} {shown(float(table[column].loc[at]))} MW" for name, column in (("P10", "p10_mw"), ("P50", "p50_mw"), ("P90", "p90_mw")))  # fmt: skip
    return drawing("Delivered megawatts by date", f"{request.mw:g} MW are asked for by {request.need_by}; by {month(request.as_of, float(at))}: {told}. Failures count as 0 MW.", _HEIGHT, parts)  # fmt: skip


def _asked(plan: SitePlan, across: Axis, up: Axis) -> list[str]:
    """The requested ramp from the day of need on, and the day."""
    request, need = plan.request, plan.request.need_by_months
    wanted, mw = [(need, 0.0)], 0.0
    for at, size in ramp_steps(request.mw, request.first_mw, request.ramp_months):
        mw += size
        wanted.append((need + at, mw))
    wanted.append((plan.until_months, mw))
    stairs = [(across(m), up(v)) for m, v in steps(wanted) if m <= plan.until_months]
    middle = (_LEFT + _RIGHT) / 2
    anchor = "end" if across(need) > middle else "start"
    gap = -5 if anchor == "end" else 5
    return [path(stairs, "ask"), line(across(need), _TOP, across(need), _BOTTOM, "need"), text(across(need) + gap, _TOP - 6, f"needed {request.need_by:%Y-%m}", "t", anchor)]  # fmt: skip


def binding_chart(table: pd.DataFrame, plan: SitePlan) -> tuple[Svg, list[tuple[str, str]]]:
    """What binds at the end of each year, in shares of the draws; and the key."""
    seen = [name for name in BINDS if name in table and table[name].max() >= _SEEN]
    up = Axis(0.0, 1.0, _BOTTOM, _TOP)
    parts = value_axis((0.0, 0.5, 1.0), up, _LEFT, _RIGHT, percent)
    each = (_RIGHT - _LEFT) / max(len(table), 1)
    for number, (at, row) in enumerate(table.iterrows()):
        left, under = _LEFT + number * each + 0.12 * each, 0.0
        for name in seen:
            share = float(row[name])
            parts.append(box(left, up(under + share), 0.76 * each, up(under) - up(under + share), BINDS[name]))  # fmt: skip
            under += share
        if len(table) <= 8 or number % 2 == 0:
            parts.append(text(left + 0.38 * each, _BOTTOM + 14, month(plan.request.as_of, float(str(at))), "t", "middle"))  # fmt: skip
    last = table.iloc[-1]
    told = ", ".join(f"{name} {percent(float(last[name]))}" for name in seen)
    title = "What binds, share of the draws"
    words = {"none": "none: the request is met"}
    key = [(f"k {BINDS[name]}", words.get(name, name)) for name in seen]
    return drawing(title, f"At the end of the time shown: {told}.", _HEIGHT, parts), key


def bars(title: str, told: str, rows: Sequence[tuple[str, float, float, str]]) -> Svg:
    """Horizontal bars: (name, amount, out of, words beside it); a frame shows what it is out of."""
    left, right, high = 178, WIDTH - 92, 22
    most = max((max(amount, of) for _, amount, of, _ in rows if not math.isnan(amount)), default=1.0) or 1.0  # fmt: skip
    across, parts = Axis(0.0, most, left, right), []
    for number, (name, amount, of, words) in enumerate(rows):
        y = 6 + number * high
        parts.append(text(left - 8, y + 12, name, "t", "end"))
        if not math.isnan(of) and of > 0:
            parts.append(box(left, y, across(of) - left, 15, "of"))
        if not math.isnan(amount):
            parts.append(box(left, y, across(amount) - left, 15, "bar"))
        end = max(across(v) for v in (amount, of, 0.0) if not math.isnan(v))
        parts.append(text(end + 6, y + 12, words, "n"))
    return drawing(title, told, 12 + high * len(rows), parts)
