"""Forms: what each field of large-load terms can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from powerwall.criteria.cost.exposure import KINDS
from powerwall.region.dates import parse_span

#: Words for where an instrument stands.
STATES = (
    "effective", "approved", "decision", "order", "contract_practice", "effective_change_pending", "statute_effective_rules_proposed", "proposed",
    "call_for_input", "practice_not_binding",
)  # fmt: skip
_LONGEST = 60  # years; no contract is longer, a slip of the pen is
_COMPONENTS = {"generation", "transmission", "distribution", "capacity", "demand", "energy"}
_PART_SHARES = {"share", "discount_rate", "share_of_exit_fee", "fee_per_year", "direct_share", "network_share", "distribution_share", "generation_share",
                "tax_gross_up"}  # fmt: skip


def wrong(key: str, value: Any) -> str:
    """Why a value is none that its field can have; empty where it is one."""
    if key in {"threshold_mw", "term_years", "ramp_years_max"} and not _number(value):
        return f"`{value}` is no number, 0 or more"
    if key in {"term_years", "ramp_years_max"} and value > _LONGEST:
        return f"{value:g} years are more than {_LONGEST}"
    if key == "load_factor_min_share" and not (_number(value) and value <= 1):
        return f"`{value}` is no share, 0 to 1"
    if key in {"study_fee_usd", "term_steps", "surcharge_usd_per_mwh"}:
        right = isinstance(value, list) and all(isinstance(e, list) and len(e) == 2 for e in value)
        return "" if right and all(n is None or _number(n) for e in value for n in e) else "is no list of [MW, x]"  # fmt: skip
    if key == "minimum_share":
        right = isinstance(value, Mapping) and all(_number(n) and n <= 1 for n in value.values())
        unknown = sorted(set(value) - _COMPONENTS) if right else []
        return f"`{unknown[0]}` is no component" if unknown else ("" if right else "holds no shares, 0 to 1, by component")  # fmt: skip
    if key == "fee_usd_per_mw":
        right = _number(value) or (isinstance(value, list) and all(map(_number, value)))
        return "" if right else f"`{value}` is no sum, and no list of proposals"
    if key == "term_includes_ramp":
        return "" if isinstance(value, bool) else f"`{value}` is neither true nor false"
    if key == "effective_date":
        return _no_date(value)
    return _wrong_part(key, value) if key in {"security", "exit", "upfront"} else ""


def _no_date(value: Any) -> str:
    try:
        parse_span(str(value))
    except ValueError as error:
        return str(error)
    return ""


def _wrong_part(key: str, value: Any) -> str:
    """Why a table of terms is none that the contract can read."""
    if not isinstance(value, Mapping):
        return "is no table"
    given = {name: one for name, one in value.items() if one is not None and name not in {"kind", "note", "form"}}  # fmt: skip
    allowance = given.pop("allowance", {})
    if not isinstance(allowance, Mapping):
        return f"allowance = `{allowance}` is no table"
    given |= {f"allowance.{name}": one for name, one in allowance.items()}
    for name, one in given.items():
        if not _number(one):
            return f"{name} = `{one}` is no number, 0 or more"
        if name in _PART_SHARES and one > 1:
            return f"{name} = {one:g} is no share, 0 to 1"
    kind = value.get("kind")
    if key == "exit" and kind not in KINDS:
        return f"kind `{kind}`; known: {', '.join(KINDS)}"
    if kind == "months_of_minimum" and "months" not in given:
        return "months_of_minimum without months"
    return "share_of_demand_charges without share" if kind == "share_of_demand_charges" and "share" not in given else ""  # fmt: skip


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
