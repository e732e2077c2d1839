"""Fields: values of a rate record, each checked where it stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from powerwall.criteria.cost.tariff.bill import note
from powerwall.criteria.cost.tariff.calendar import MONTHS, Schedule
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.criteria.cost.tariff.tiers import Ladder
from powerwall.criteria.criterion import Parameter
from powerwall.region.findings import Finding

HIGHEST_ENERGY = Parameter(5.0, "USD/kWh", source="assumed: no energy price is higher; the database holds slips up to 10,984")  # fmt: skip
HIGHEST_DEMAND = Parameter(500.0, "USD/kW", source="assumed: no demand price of a month is higher")
_OPEN = 1e37  # a bound from here on means none
_PROSE = ("description", "comments", "attrs")


class Tiers(NamedTuple):
    """Tiers of a period: the ladder, the unit of its bounds, the last bound where one is stated, and whether there are any."""

    ladder: Ladder
    unit: str
    stated: float | None
    there: bool = True
    unit_stated: bool = False


class Record:
    """A rate record by lower-case keys; what cannot be read is refused with its path."""

    def __init__(self, mapping: Mapping[str, Any], refusals: Refusals, findings: list[Finding]) -> None:  # fmt: skip
        self._values = {str(key).lower(): value for key, value in mapping.items() if not _empty(value)}  # fmt: skip
        self._refusals, self._findings = refusals, findings

    def refuse(self, code: str, place: str, message: str, remedy: str = "") -> None:
        """Record a reason why the record cannot be billed."""
        self._refusals.add(code, place, message, remedy)

    def note(self, code: str, place: str, message: str) -> None:
        """Record what was assumed."""
        self._findings.append(note(code, place, message))

    def keys(self) -> Iterable[str]:
        """Keys with a value."""
        return self._values.keys()

    def has(self, key: str) -> bool:
        """Tell whether a key has a value."""
        return key in self._values

    def value(self, key: str) -> Any:
        """The value as it stands; None where there is none."""
        return self._values.get(key)

    def word(self, key: str) -> str:
        """A value as text; empty where there is none."""
        return str(self._values.get(key, "")).strip()

    def prose(self, key: str) -> str:
        """A description, a comment or attributes as text; empty for other keys."""
        return str(self._values[key]) if any(key.endswith(end) for end in _PROSE) else ""

    def number(self, key: str) -> float | None:
        """A number; None where there is none."""
        return None if key not in self._values else self._number(self._values[key], key)

    def _number(self, value: Any, place: str) -> float | None:
        try:
            if isinstance(value, list | tuple | dict):
                raise TypeError  # noqa: TRY301 — the same words as for a text
            number = float(value)
        except (TypeError, ValueError):
            self.refuse("not-a-number", place, f"`{value}` is no number", "write a number")
            return None
        if isinstance(value, bool) or not math.isfinite(number):
            self.refuse("not-a-number", place, f"`{value}` is no finite number", "write a number")
            return None
        return number

    def unit(self, key: str, known: tuple[str, ...], default: str = "") -> str:
        """A unit among those that are known, in lower case; the first of them where it is absent."""
        found = self.word(key).lower()
        if not found:
            return default or known[0]
        if found not in known:
            self.refuse("unknown-unit", key, f"`{self.word(key)}` is no unit that can be billed", f"known: {', '.join(known)}")  # fmt: skip
            return known[0]
        return found

    def day(self, key: str) -> date | None:
        """A day: unix seconds, or a date in words that begin with it; None where it is unreadable."""
        text = self.word(key)
        if not text:
            return None
        try:
            return datetime.fromtimestamp(float(text), UTC).date()
        except (ValueError, OverflowError, OSError):
            pass
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            return None

    def twelve(self, key: str) -> tuple[float, ...] | None:
        """Twelve numbers, January to December; None where there are none."""
        values = self._values.get(key)
        if values is None:
            return None
        if not isinstance(values, list | tuple) or len(values) != MONTHS:
            self.refuse("schedule-shape", key, "is no list of twelve", "give January to December")
            return None
        found = [
            self._number(int(value) if isinstance(value, bool) else value, f"{key}[{m}]")
            for m, value in enumerate(values)
        ]
        return None if None in found else tuple(float(one) for one in found if one is not None)

    def months(self, key: str, periods: int) -> tuple[int, ...] | None:
        """Index of a structure for each month; the first where the list is absent and there is one."""
        if not periods:
            if self.has(key) and any(self.twelve(key) or ()):
                self.refuse("schedule-shape", key, "names a structure that is not there")
            return None
        if not self.has(key):
            self.refuse("schedule-shape", key, "the structure has no list of months", "give twelve indices")  # fmt: skip
            return None
        values = self.twelve(key)
        if values is None:
            return None
        return self._indices(values, key, periods)

    def _indices(self, row: Any, place: str, periods: int) -> tuple[int, ...] | None:
        if {*map(type, row)} == {int} and min(row) >= 0 and max(row) < periods:
            return tuple(row)
        bad = [(at, one) for at, one in enumerate(row) if not isinstance(one, int | float) or isinstance(one, bool) or one % 1]  # fmt: skip
        if bad:
            self.refuse("schedule-shape", f"{place}[{bad[0][0]}]", f"`{bad[0][1]}` is no index of a period", "count periods from 0")  # fmt: skip
            return None
        outside = [(at, one) for at, one in enumerate(row) if not 0 <= one < periods]
        if outside:
            at, one = outside[0]
            self.refuse("schedule-undefined-period", f"{place}[{at}]", f"period {one:g}, and the structure has {periods}",
                        f"name a period from 0 to {periods - 1}")  # fmt: skip
            return None
        return tuple(int(one) for one in row)

    def rows(self, key: str, periods: int) -> tuple[tuple[int, ...], ...] | None:
        """A schedule of 12 × 24."""
        rows = self._values.get(key)
        if rows is None:
            self.refuse("schedule-shape", key, "the structure has no schedule", "give 12 rows of 24 periods")  # fmt: skip
            return None
        right = isinstance(rows, list | tuple) and len(rows) == MONTHS
        if not right or any(not isinstance(row, list | tuple) or len(row) != 24 for row in rows):
            self.refuse("schedule-shape", key, "is no table of 12 rows of 24", "one row a month, one period an hour")  # fmt: skip
            return None
        found = [self._indices(row, f"{key}[{m}]", periods) for m, row in enumerate(rows)]
        return None if None in found else tuple(row for row in found if row is not None)

    def schedule(self, kind: str, periods: int) -> Schedule | None:
        """Weekday and weekend schedules of energy or demand."""
        names = (f"{kind}weekdayschedule", f"{kind}weekendschedule")
        if not periods:
            for name in names:
                if self.has(name) and not self.has(f"{kind}ratestructure") and _names_any(self.value(name)):  # fmt: skip
                    self.refuse("schedule-shape", name, "a schedule, and no structure that it names", f"give {kind}ratestructure")  # fmt: skip
            return None
        weekday, weekend = (self.rows(name, periods) for name in names)
        return None if weekday is None or weekend is None else Schedule(weekday, weekend)

    def structure(self, key: str, units: tuple[str, ...], highest: Parameter) -> list[Tiers]:
        """Periods of tiers; empty where there are none, or one cannot be read."""
        periods = self._values.get(key)
        if periods is None:
            return []
        if not isinstance(periods, list | tuple) or any(not isinstance(p, list | tuple) for p in periods):  # fmt: skip
            self.refuse("schedule-shape", key, "is no list of periods of tiers", "[period][tier]{rate, max, unit}")  # fmt: skip
            return []
        found = [self._tiers(tiers, f"{key}[{p}]", units, highest) for p, tiers in enumerate(periods)]  # fmt: skip
        return [] if None in found else [one for one in found if one is not None]

    def _tiers(self, tiers: Any, place: str, units: tuple[str, ...], highest: Parameter) -> Tiers | None:  # fmt: skip
        """Tiers of one period; one without any keeps its place, for schedules count on it."""
        if not tiers:
            return Tiers(Ladder((math.inf,), (0.0,)), units[0], None, there=False)
        before = len(self._refusals)
        read = [self._tier(tier, f"{place}[{t}]", units) for t, tier in enumerate(tiers)]
        if len(self._refusals) > before:
            return None
        prices, bounds = tuple(one[0] for one in read), [one[1] for one in read]
        self.plausible(prices, highest.value, place, highest.unit)
        kinds = {one[2] for one in read if one[2]}
        if len(kinds) > 1:
            self.refuse("mixed-units", place, f"tiers in {' and '.join(sorted(kinds))}", "one unit for all tiers of a period")  # fmt: skip
            return None
        if any(math.isinf(one) for one in bounds[:-1]):
            self.refuse("tier-order", place, "an open tier is not the last", "give every tier but the last its `max`")  # fmt: skip
            return None
        if any(not low < high for low, high in zip([0.0, *bounds], bounds, strict=False)):
            self.refuse("tier-order", place, f"bounds {', '.join(f'{b:g}' for b in bounds)} do not rise", "bounds are cumulative")  # fmt: skip
            return None
        stated = None if math.isinf(bounds[-1]) else bounds[-1]
        unit = kinds.pop() if kinds else units[0]
        return Tiers(
            Ladder((*bounds[:-1], math.inf), prices),
            unit,
            stated,
            unit_stated=any(one[2] for one in read),
        )

    def _tier(self, tier: Any, place: str, units: tuple[str, ...]) -> tuple[float, float, str]:
        """Price, bound and unit of a tier."""
        nothing = (0.0, math.inf, "")
        if not isinstance(tier, Mapping):
            self.refuse("schedule-shape", place, "is no tier", "write {rate, max, unit}")
            return nothing
        cells = {str(key).lower(): value for key, value in tier.items() if not _empty(value)}
        if "rate" not in cells:
            self.refuse("tier-without-rate", place, f"has {', '.join(map(str, tier)) or 'nothing'} and no rate", "give the rate, 0 if there is none")  # fmt: skip
            return nothing
        rate, adjustment = (self._number(cells.get(key, 0.0), f"{place}.{key}") or 0.0 for key in ("rate", "adj"))  # fmt: skip
        bound = self._number(cells["max"], f"{place}.max") if "max" in cells else math.inf
        unit = str(cells.get("unit", "")).strip().lower()
        if unit and unit not in units:
            self.refuse("unknown-unit", f"{place}.unit", f"`{cells['unit']}` is no unit that can be billed", f"known: {', '.join(units)}")  # fmt: skip
        open_ended = bound is None or bound >= _OPEN
        return rate + adjustment, math.inf if open_ended else float(bound or 0.0), unit

    def demand_unit(self, key: str, tiers: list[Tiers], known: tuple[str, ...]) -> str:
        """Unit of a demand charge: that of the record, which its tiers may state too, or instead."""
        unit, stated = self.unit(key, known), {one.unit for one in tiers if one.unit_stated}
        if (self.has(key) and stated - {unit}) or len(stated) > 1:
            self.refuse("mixed-units", key, f"the charge is per {unit}, its tiers per {' and '.join(sorted(stated))}", "one unit for a charge")  # fmt: skip
        return unit if self.has(key) or not stated else stated.pop()

    def defined(self, tiers: list[Tiers], named: Iterable[int], place: str) -> None:
        """Refuse a schedule that names a period without tiers."""
        for period in sorted(set(named)):
            if not tiers[period].there:
                self.refuse("schedule-undefined-period", place, f"names period {period}, which has no tiers", "give it a rate, 0 if there is none")  # fmt: skip

    def plausible(self, prices: Iterable[float], highest: float, place: str, unit: str) -> None:
        """Refuse a price that nobody pays, which is a slip of a unit."""
        for price in prices:
            if not abs(price) <= highest:
                self.refuse("implausible-rate", place, f"{price:g} {unit} is over {highest:g}", "check the unit")  # fmt: skip
                return


def _names_any(rows: Any) -> bool:
    """Tell whether a schedule names any period but the first, which an empty one is filled with."""
    return isinstance(rows, list | tuple) and any(
        any(cell for cell in row) for row in rows if isinstance(row, list | tuple)
    )


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and math.isnan(value))  # fmt: skip
