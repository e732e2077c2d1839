"""Hours: when a rule is active, at an instant and over a week."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from powerwall.criteria.noise.rules.rows import DAYS, NoiseRule, parse_days, parse_time
from powerwall.region.dates import parse_span

_QUARTER, _MIDNIGHT = 15, 24 * 60  # minutes
_HOLIDAY = len(DAYS)  # row of a mask after those of the week
_BEFORE_HOLIDAY = 0  # a holiday is taken to follow a Monday
_WEEK = (_HOLIDAY + 1, _MIDNIGHT // _QUARTER)


def _hours(start_h: int, end_h: int, days: Iterable[int] = range(_HOLIDAY + 1)) -> np.ndarray:
    mask = np.zeros(_WEEK, dtype=bool)
    for day in days:
        mask[day, start_h * 4 : end_h * 4] = True
    return mask


#: Masks of the hours that a margin is for: 06–22, 22–06, and tests of standby sets where no rule
#: says when they are (assumed: weekdays 10–16).
DAY = _hours(6, 22)
NIGHT = ~DAY
TEST = _hours(10, 16, range(5))


def active_rules(
    rules: Sequence[NoiseRule], when: datetime, holidays: Collection[date] = ()
) -> list[NoiseRule]:
    """Rules whose hours and dates hold at an instant, in their order; their legal state is not asked.

    Parameters
    ----------
    rules
        Rules of one place.
    when
        Local civil time.
    holidays
        Days on which a row holds only through `all` or `holiday`.

    Notes
    -----
    Windows are half-open. One that ends earlier than it starts crosses midnight and belongs to
    the day on which it starts. `otherwise` holds while no other row of its group does.
    """
    dated = [rule for rule in rules if _in_time(rule, when.date())]
    own = {id(rule): _own_hours(rule, when, holidays) for rule in dated}
    taken = {group_key(rule) for rule in dated if own[id(rule)]}
    return [rule for rule in dated if own[id(rule)] or (_is_rest(rule) and group_key(rule) not in taken)]  # fmt: skip


def group_key(rule: NoiseRule) -> tuple[str, ...]:
    """Rows that differ by their hours alone share it."""
    return (rule.rule_set, rule.receptor_class, rule.source_class, rule.source_trigger, rule.metric)  # fmt: skip


def _is_rest(rule: NoiseRule) -> bool:
    return "otherwise" in parse_days(rule.days)


def _in_time(rule: NoiseRule, day: date) -> bool:
    if rule.effective_from and day < parse_span(rule.effective_from).first:
        return False
    return not (rule.effective_to and day >= parse_span(rule.effective_to).first)


def _own_hours(rule: NoiseRule, when: datetime, holidays: Collection[date]) -> bool:
    if _is_rest(rule):
        return False
    minute = when.hour * 60 + when.minute + (when.second + when.microsecond / 1e6) / 60
    for days_ago, start, end in _spans(rule):
        day = when.date() - timedelta(days=days_ago)
        if start <= minute < end and _matches(rule, day.weekday(), holiday=day in holidays):
            return True
    return False


def _spans(rule: NoiseRule) -> list[tuple[int, int, int]]:
    """Parts of a window on one day, and how many days ago it began: (days, from, to) in minutes."""
    start, end = parse_time(rule.window_start), parse_time(rule.window_end, end=True)
    if start is None and end is None:
        return [(0, 0, _MIDNIGHT)]
    start, end = start or 0, _MIDNIGHT if end is None else end
    if end > start:
        return [(0, start, end)]
    if end == start:
        return [(0, 0, _MIDNIGHT)]  # the whole day, written as one round of the clock
    return [(0, start, _MIDNIGHT), (1, 0, end)]


def _matches(rule: NoiseRule, weekday: int, *, holiday: bool) -> bool:
    days = parse_days(rule.days)
    return bool(days & ({"all", "holiday"} if holiday else {"all", DAYS[weekday]}))


def week_mask(rule: NoiseRule, rules: Iterable[NoiseRule]) -> np.ndarray:
    """Quarter hours in which a rule is active. Shape (8, 96): Monday to Sunday, and a holiday

    Parameters
    ----------
    rule
        The rule.
    rules
        It and the others of its place: what `otherwise` is the rest of.

    Notes
    -----
    Hours within a quarter are widened to it. The holiday is taken to follow an ordinary Monday.
    """
    if not _is_rest(rule):
        return _own_mask(rule)
    others = [one for one in rules if group_key(one) == group_key(rule) and not _is_rest(one)]
    taken = np.zeros(_WEEK, dtype=bool)
    for one in others:
        taken |= _own_mask(one, whole=True)
    return ~taken


def _own_mask(rule: NoiseRule, *, whole: bool = False) -> np.ndarray:
    """Quarter hours that a rule touches, or only those that it fills."""
    mask = np.zeros(_WEEK, dtype=bool)
    for days_ago, start, end in _spans(rule):
        quarters = slice(start // _QUARTER, -(-end // _QUARTER))
        if whole:
            quarters = slice(-(-start // _QUARTER), end // _QUARTER)
        for row in range(_HOLIDAY + 1):
            if row == _HOLIDAY:
                began = _BEFORE_HOLIDAY if days_ago else None
            else:
                began = (row - days_ago) % 7
            holiday = began is None
            if _matches(rule, 0 if began is None else began, holiday=holiday):
                mask[row, quarters] = True
    return mask


def overlaps(mask: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two masks share a quarter of an hour."""
    return bool((mask & other).any())
