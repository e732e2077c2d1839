"""Obligations: what a dated rule asks of a request of this size, and whether a plan shows it.

A rule applies from its threshold on, by its dates on the as-of day. What the plan cannot tell is
unknown, never met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from powerwall.criteria.policy.rows import policy_status, word
from powerwall.criteria.policy.rules import POWER_FACTOR, Rules, evidence, rules_of, title
from powerwall.region.dates import day_at

if TYPE_CHECKING:
    from powerwall.region.read import Region
    from powerwall.region.request import Request

LAYER = "obligations"


class Unit(NamedTuple):
    """Generation or storage beside the grid.

    Attributes
    ----------
    mw
        Its power. [MW]
    derating
        Share of it that a capacity market counts; NaN is unknown. [share]
    """

    mw: float
    derating: float = math.nan


class Duty(NamedTuple):
    """An obligation of a request.

    Attributes
    ----------
    obligation_id, duty
        Its id and kind.
    standing
        `in force`, `may be in force`, `proposed` or `not yet in force`.
    state
        `meets`, `misses` or `cannot tell`; `to disclose`, `below the threshold` and `to pay` where
        it asks for no building.
    margin, unit
        What is over (+) or short (−), in the obligation's unit; NaN is unknown.
    text
        What it asks, and what the plan shows.
    evidence
        The rule, its date, status and source.
    """

    obligation_id: str
    duty: str
    standing: str
    state: str
    margin: float
    unit: str
    text: str
    evidence: str


def onsite_margin_mw(
    units: Sequence[Unit], import_mva: float, power_factor: float = POWER_FACTOR.value
) -> tuple[float, float]:
    """Derated power of one's own less the import capacity: lowest and highest that may be. [MW]

    A unit whose derating is unknown counts nothing at worst and whole at best.

    >>> onsite_margin_mw([Unit(300, 0.9)], 200)
    (80.0, 80.0)
    """
    needed = import_mva * power_factor
    low, high = (
        sum(unit.mw * (unknown if math.isnan(unit.derating) else unit.derating) for unit in units)
        for unknown in (0.0, 1.0)
    )
    return low - needed, high - needed


def obligations(region: Region, site_id: str, units: Sequence[Unit] | None = None) -> list[Duty]:
    """Obligations of the request at a site, under its authority and those above it.

    Parameters
    ----------
    region, site_id
        Where.
    units
        Generation and storage that stays beside the grid; None where no plan is looked at.
    """
    frame, policy = (region.layers.frame(name) for name in (LAYER, "policy"))
    if frame is None or policy is None:
        return []
    rules = rules_of(region.layers, region.request)
    chain = rules.chain(region.sites["jurisdiction_id"].get(site_id))
    acts = {str(row["policy_id"]): row for row in policy.to_dict("records")}
    found = []
    for row in frame.sort_values("obligation_id", kind="stable").to_dict("records"):
        act = acts.get(word(row, "policy_id"))
        if act is None or str(act["jurisdiction_id"]) not in chain:
            continue
        stands = _stands(row, act, rules)
        if stands:
            found.append(_duty(_Case(row, act, region.request, units), stands))
    return found


def _stands(row: Mapping[str, Any], act: Mapping[str, Any], rules: Rules) -> str:
    """How the rule stands for the request; empty where it does not apply."""
    own = word(row, "trigger_mw")
    bound = rules.bound({**act, "trigger_mw": own} if own else act).standing
    # a draft has no standing of its own: its threshold still says whom it is about
    enacted = rules.bound(
        {**act, "policy_status": "enacted", **({"trigger_mw": own} if own else {})}
    )
    if enacted.standing.reason == "below_trigger":
        return ""
    if bound.reason == "proposed" or policy_status(act) == "pending":
        return "proposed"
    if bound.reason == "not_yet":
        return "not yet in force"
    return {"yes": "in force", "possible": "may be in force"}.get(bound.active, "")


class _Case(NamedTuple):
    """A duty, the act it stands in, and what is asked for and shown."""

    row: Mapping[str, Any]
    act: Mapping[str, Any]
    request: Request
    units: Sequence[Unit] | None

    def number(self, column: str) -> float:
        text = word(self.row, column)
        return float(text) if text else math.nan


class _Answer(NamedTuple):
    state: str
    margin: float
    unit: str
    text: str


def _duty(case: _Case, stands: str) -> Duty:
    row, act = case.row, case.act
    answer = _TESTS.get(word(row, "duty"), _told)(case)
    day = word(act, "effective_from") or word(act, "action_date")
    if stands == "proposed":
        answer = answer._replace(state="proposed, would ask")
    verb = f"{stands} {'since' if stands == 'in force' else 'from'} {day}"
    return Duty(
        word(row, "obligation_id"), word(row, "duty"), stands, *answer,
        f"{title(act)}, {word(act, 'subject')}, {verb}; {evidence(row)}, {word(row, 'source_title')}",
    )  # fmt: skip


def _onsite(case: _Case) -> _Answer:
    mw, factor = case.request.mw, POWER_FACTOR.value
    asks = f"dispatchable generation or storage of its own for {mw:g} MW of import"
    if word(case.act, "jurisdiction_id").split("-")[0] == "ie":
        asks += f" ({mw / factor:.0f} MVA at an assumed power factor of {factor:g})"
    if case.units is None:
        return _Answer("cannot tell", math.nan, "MW", f"{asks}; none is part of the request")
    low, high = onsite_margin_mw(case.units, mw / factor)
    shown = f"{asks}; the plan keeps {sum(unit.mw for unit in case.units):g} MW"
    if low == high:
        return _Answer(
            "meets" if low >= 0 else "misses", low, "MW", f"{shown}, margin {low:+.0f} MW"
        )
    if high < 0:
        return _Answer("misses", high, "MW", f"{shown}, margin at best {high:+.0f} MW")
    return _Answer(
        "cannot tell",
        math.nan,
        "MW",
        f"{shown}, margin {low:+.0f} to {high:+.0f} MW: no derating factors of the capacity market are loaded",
    )


def _renewable(case: _Case) -> _Answer:
    months = case.number("within_months")
    after = "" if math.isnan(months) else f" {months / 12:g} years after connection"
    asks = f"additional renewable electricity of {percent(case.number('required_share'))} of the annual demand{after}"
    return _Answer(
        "cannot tell", math.nan, "share", f"{asks}; no contracts are part of the request"
    )


def _backup(case: _Case) -> _Answer:
    share = case.number("required_share")
    asks = f"backup generation for {percent(share)} of the demand or more is to be disclosed"
    if case.units is None:
        return _Answer("cannot tell", math.nan, "share", f"{asks}; none is part of the request")
    covered = sum(unit.mw for unit in case.units) / case.request.mw
    state = "to disclose" if covered >= share else "below the threshold"
    return _Answer(
        state,
        covered - share,
        "share",
        f"{asks}; the plan keeps {percent(covered)} of it beside the grid",
    )


def _fee(case: _Case) -> _Answer:
    once, per_mw = case.number("fee_usd"), case.number("fee_usd_per_mw")
    amounts = [] if math.isnan(once) else [f"{once:,.0f} USD"]
    if not math.isnan(per_mw):
        amounts.append(f"{per_mw:,.0f} USD/MW, {per_mw * case.request.mw / 1e6:,.1f} M USD here")
    told = " and ".join(amounts) or "amount not stated"
    return _Answer("to pay", math.nan, "USD", f"{word(case.row, 'summary')}: {told}".lstrip(": "))


def _term(case: _Case) -> _Answer:
    months = case.number("term_months")
    if math.isnan(months):
        return _told(case)
    end = day_at(case.request.need_by, months)
    return _Answer(
        "cannot tell",
        math.nan,
        "months",
        f"{word(case.row, 'summary')}; signed for {case.request.need_by}, it ends on {end} at the earliest",
    )


def _told(case: _Case) -> _Answer:
    """A duty that no number of the plan tests: what it says."""
    said = word(case.row, "summary") or word(case.row, "duty").replace("_", " ")
    return _Answer("cannot tell", math.nan, "", said)


def percent(share: float) -> str:
    """A share as text; `?` where it is unknown."""
    return "?" if math.isnan(share) else f"{share:.0%}".replace("%", " %")


_TESTS: dict[str, Callable[[_Case], _Answer]] = {
    "onsite_generation": _onsite,
    "renewable_energy": _renewable,
    "backup_disclosure": _backup,
    "upfront_fee": _fee,
    "minimum_term": _term,
}
