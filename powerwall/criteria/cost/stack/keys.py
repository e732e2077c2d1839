"""Keys: what a stack and its layers must hold, each fault with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from powerwall.criteria.cost.stack.prices import BASES, Price
from powerwall.criteria.cost.tariff.fields import HIGHEST_DEMAND, HIGHEST_ENERGY
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.region.findings import did_you_mean

#: Kind of a layer → what it may be priced on.
_BASES = {
    "energy": ("kwh",), "average": ("kwh",), "demand": ("kw", "kva", "kw_year"), "coincident": ("kw_year",), "capacity": ("kw_year",),
    "index": ("kwh",), "fixed": ("month",), "rider": ("kwh", "kw", "kw_year"), "minimum": ("month",), "tax": ("kwh",), "surcharge": ("kwh",),
}  # fmt: skip
_SHARES = {
    "coincidence_share": 1.0,
    "minimum_share": 1.0,
    "pool_requirement_share": 1.5,
    "loss_share": 1.0,
    "share": 1.0,
}
_RANGES = (
    ("gross_up", 0.0, 2.0),
    ("scaling", 0.0, 2.0),
    ("above_mw", 0.0, 1e5),
    ("escalation_per_year", -0.5, 0.5),
)
_NUMBERS = (
    "gross_up",
    "scaling",
    "above_mw",
    "escalation_per_year",
    "adder_usd_per_mwh",
    "lag_years",
    "year_begins_month",
)
#: Keys of a stack that hold more than a word.
_SHAPES: dict[str, tuple[type, str]] = {
    "layers": (list, "a list of layers"), "scenarios": (Mapping, "a table of scenarios by name"), "none": (Mapping, "a table of components with the reason"),
    "applies": (Mapping, "a table of mw_min, mw_max, load_factor_min_share"), "missing": (list, "a list of words"),
}  # fmt: skip


#: Keys of a stack that hold a word, or that are for its readers.
_WORDS = {
    "stack_id", "id", "utility_id", "title", "country", "rto", "currency", "money_of", "as_of", "grade", "terms", "power_factor", "holidays", "note",
    "format", "region", "warning", "sources",
}  # fmt: skip
_APPLIES = {"mw_min", "mw_max", "voltage_kv_min", "load_factor_min_share"}


def shaped(content: Mapping[str, Any], place: str, refusals: Refusals) -> dict[str, Any]:
    """A stack without the keys that hold something else than they should."""
    found = {str(key): value for key, value in content.items() if value is not None}
    _check_keys(found, _WORDS | set(_SHAPES), place, "stack", refusals)
    for key, (kind, words) in _SHAPES.items():
        if key in found and not isinstance(found[key], kind):
            refusals.add("bad-stack", f"{place}{key}", f"`{key}` is not {words}", f"write {words}")
            del found[key]
    _check_keys(found.get("applies") or {}, _APPLIES, f"{place}applies.", "limit", refusals)
    numbers = {f"applies.{key}": value for key, value in (found.get("applies") or {}).items()} | {"power_factor": found.get("power_factor")}  # fmt: skip
    for key, value in numbers.items():
        if value is not None and not _number(value):
            refusals.add("not-a-number", f"{place}{key}", f"`{value}` is no number", "write a number")  # fmt: skip
            found.pop(key.partition(".")[0], None)
    factor = found.get("power_factor")
    if factor is not None and not 0 < factor <= 1:
        refusals.add("bad-stack", f"{place}power_factor", f"{factor:g} is no power factor", "over 0 and at most 1")  # fmt: skip
        del found["power_factor"]
    return found


#: Keys that any layer may have, beside its price.
_KNOWN = {
    "id", "kind", "component", "status", "source", "note", "grade", "as_of", "rule", "proxy", "range", "range_unverified", "effective_from", "effective_to",
    "escalation_per_year", "rate", "peaks", "months", "hours", "coincidence_share", "lag_years", "first_year", "minimum_share", "gross_up", "scaling",
    "pool_requirement_share", "year_begins_month", "series", "adder_usd_per_mwh", "loss_share", "share", "per", "on", "above_mw", "ratchet",
}  # fmt: skip


def check_layer(record: Mapping[str, Any], kind: str, price: Price | None, place: str, refusals: Refusals) -> None:  # fmt: skip
    """Record what a layer of its kind holds that cannot be."""
    if price is not None and price.basis not in _BASES.get(kind, (price.basis,)):
        refusals.add("unknown-unit", place, f"a layer of kind {kind} is not priced per {price.unit}", f"per {' or '.join(_BASES[kind])}")  # fmt: skip
    for key, most in _SHARES.items():
        value = record.get(key)
        if value is not None and not (_number(value) and 0 <= value <= most):
            refusals.add("share-out-of-range", f"{place}.{key}", f"`{value}` is no share", f"0 to {most:g}")  # fmt: skip
    priced = {str(key) for key in record if "_per_" in str(key)}  # checked where a price is read
    _check_keys(record, _KNOWN | priced, f"{place}.", "layer", refusals)
    if price is not None:
        _check_price(price, place, refusals)
    _check_numbers(record, place, refusals)
    if kind in {"coincident", "capacity"} and price is not None and price.known:
        _check_peaks(record, place, refusals)
    if record.get("ratchet") is not None:
        _check_ratchet(record["ratchet"], f"{place}.ratchet", refusals)
    if kind == "urdb" and not isinstance(record.get("rate") or {}, Mapping):
        refusals.add("bad-layer", f"{place}.rate", "is no rate record", "a mapping, as the rate database gives it")  # fmt: skip


def _check_keys(record: Mapping[str, Any], known: set[str], place: str, what: str, refusals: Refusals) -> None:  # fmt: skip
    """A key that nobody reads is a slip of the pen."""
    for key in sorted(set(map(str, record)) - known):
        refusals.add("unknown-key", f"{place}{key}", f"no {what} has a key `{key}`", did_you_mean(key, sorted(known)))  # fmt: skip


def _check_price(price: Price, place: str, refusals: Refusals) -> None:
    """A price that nobody pays is one in another unit."""
    highest = {"kwh": HIGHEST_ENERGY.value, "kw": HIGHEST_DEMAND.value, "kva": HIGHEST_DEMAND.value, "kw_year": 12 * HIGHEST_DEMAND.value}  # fmt: skip
    if price.basis in highest:
        for value in [one for one in (price.value, *(p for _, p in price.by_year)) if one is not None]:  # fmt: skip
            if abs(value * BASES[price.unit][1]) > highest[price.basis]:
                refusals.add("implausible-rate", place, f"{value:g} {price.currency.upper()} per {price.unit}", "check the unit")  # fmt: skip


def _check_numbers(record: Mapping[str, Any], place: str, refusals: Refusals) -> None:
    """Keys that hold a number, and those that count."""
    for key in _NUMBERS:
        value = record.get(key)
        if value is not None and not _number(value):
            refusals.add("not-a-number", f"{place}.{key}", f"`{value}` is no number", "write a number")  # fmt: skip
    for key, low, high in _RANGES:
        value = record.get(key)
        if value is not None and _number(value) and not low <= value <= high:
            refusals.add("bad-layer", f"{place}.{key}", f"{value:g}", f"{low:g} to {high:g}")
    for key, low, high in (("lag_years", 0, 10), ("year_begins_month", 1, 12)):
        value = record.get(key)
        if value is not None and _number(value) and not (value % 1 == 0 and low <= value <= high):
            refusals.add("bad-layer", f"{place}.{key}", f"{value:g}", f"a whole number, {low} to {high}")  # fmt: skip


def _check_peaks(record: Mapping[str, Any], place: str, refusals: Refusals) -> None:
    """When the system's peaks fall, and what is paid before there are any."""
    months, peaks, first = record.get("months"), record.get("peaks"), record.get("first_year")
    if months is None and record.get("hours") is None and peaks not in {None, 12}:
        refusals.add("bad-layer", f"{place}.months", f"{peaks} peaks, and not said in which months", "list the calendar months, 1 to 12")  # fmt: skip
    if months is not None and not _months(months):
        refusals.add("bad-layer", f"{place}.months", f"`{months}` are no calendar months", "a list of 1 to 12")  # fmt: skip
    if peaks is not None and not (_number(peaks) and peaks % 1 == 0 and peaks > 0):
        refusals.add("bad-layer", f"{place}.peaks", f"`{peaks}` is no number of peaks", "a whole number")  # fmt: skip
    elif record.get("kind") == "coincident" and peaks is not None and isinstance(months, list) and _months(months) and peaks != len(months):  # fmt: skip
        refusals.add("bad-layer", f"{place}.peaks", f"{peaks} peaks in {len(months)} months", "one a month: let both agree")  # fmt: skip
    if record.get("lag_years") and first is None:
        refusals.add("bad-layer", f"{place}.first_year", "the peaks lie in an earlier year, and the first year's charge is not stated",
                     'write "zero", "contract" or MW')  # fmt: skip
    if not (first is None or first in ("zero", "contract") or (_number(first) and first >= 0)):
        refusals.add("bad-layer", f"{place}.first_year", f"`{first}`", 'write "zero", "contract" or MW')  # fmt: skip


def _check_ratchet(given: Any, place: str, refusals: Refusals) -> None:
    if not isinstance(given, Mapping):
        refusals.add("bad-layer", place, "is no ratchet", 'write {"share": 0.8, "months": 11}')
        return
    share, months, sources = given.get("share"), given.get("months", 11), given.get("source_months")
    if share is None or not (_number(share) and 0 <= share <= 1):
        refusals.add("share-out-of-range", f"{place}.share", f"`{share}` is no share", "0 to 1")
    if not (isinstance(months, int) and 0 <= months <= 12):
        refusals.add("bad-layer", f"{place}.months", f"`{months}` is no number of months", "0 to 12")  # fmt: skip
    if sources is not None and not _months(sources):
        refusals.add("bad-layer", f"{place}.source_months", f"`{sources}` are no calendar months", "a list of 1 to 12")  # fmt: skip


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _months(value: Any) -> bool:
    """Whether something is a list of calendar months."""
    return isinstance(value, list) and bool(value) and all(isinstance(m, int) and 1 <= m <= 12 for m in value)  # fmt: skip
