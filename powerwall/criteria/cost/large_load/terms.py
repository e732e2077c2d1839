"""Large load: terms of a large-load tariff, each field with its status; an unknown one stays unknown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from powerwall.criteria.cost.large_load.forms import STATES, wrong
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.criteria.criterion import Parameter
from powerwall.region.dates import parse_span
from powerwall.region.findings import did_you_mean

#: Fee of a bank for a letter of credit.
CREDIT_FEE = Parameter(0.012, "1/year", 0.005, 0.02, "assumed: fee of a letter of credit a year")
_READ = {"verified", "secondary"}
#: States of an instrument that bind nobody.
_NOT_IN_FORCE = {"proposed", "call_for_input", "practice_not_binding"}
#: Fields that move a sum of money.
_MONEY = {"threshold_mw", "term_years", "term_steps", "ramp_years_max", "term_includes_ramp", "minimum_share", "minimum_of", "exit", "security",
          "study_fee_usd", "fee_usd_per_mw", "upfront", "surcharge_usd_per_mwh"}  # fmt: skip
_FORM = "powerwall-large-load-terms/1"


class Term(NamedTuple):
    """One field of the terms: value, verified/secondary/unverified/missing, and a note."""

    value: Any
    status: str
    note: str = ""


_NOTHING = Term(None, "missing")


@dataclass(frozen=True)
class LargeLoadTerms:
    """Terms of one large-load tariff.

    Attributes
    ----------
    id, utility, name
        Identity.
    state, as_of
        effective, approved, proposed …, and the day it was read.
    fields
        Key → its term.
    sources
        Titles and addresses.
    """

    id: str
    utility: str
    name: str
    state: str
    as_of: str
    fields: Mapping[str, Term] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    def term(self, key: str) -> Term:
        """A field; one that is absent is missing."""
        return self.fields.get(key, _NOTHING)

    def known(self, key: str) -> Any:
        """A value that was read in a source; None where it is unverified or missing."""
        found = self.term(key)
        return found.value if found.status in _READ else None

    def number(self, key: str) -> float:
        """A known number; NaN where there is none, or several stand against one another."""
        value = self.known(key)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan  # fmt: skip

    @property
    def in_force(self) -> bool:
        """Tell whether the instrument binds anybody yet."""
        return self.state not in _NOT_IN_FORCE

    def unbound(self, mw: float, day: date, load_factor: float = 1.0) -> str:
        """Why it does not bind a load on a day; empty where it does. A limit that is not known binds."""
        begins = self.known("effective_date")
        if not self.in_force:
            return f"{self.id} is {self.state.replace('_', ' ')} and binds nobody yet"
        if begins is not None and day < parse_span(str(begins)).first:
            return f"{self.id} binds from {begins}"
        if mw < self.number("threshold_mw"):
            return f"{self.id} binds loads from {self.number('threshold_mw'):g} MW"
        if load_factor < self.number("load_factor_min_share"):
            return f"{self.id} is for load factors from {self.number('load_factor_min_share'):g}"
        return ""

    def minimum(self) -> dict[str, float] | None:
        """Component → share of contract capacity billed at least; None where it is not known."""
        shares = self.known("minimum_share")
        return (
            {str(k): float(v) for k, v in shares.items()} if isinstance(shares, Mapping) else None
        )

    def years(self, mw: float) -> float:
        """Years of the contract after the ramp. [years]"""
        steps = self.known("term_steps")
        return step(steps, mw) if isinstance(steps, list) else self.number("term_years")

    @property
    def ramp_years(self) -> float:
        """Longest ramp of the contract capacity. [years]"""
        return self.number("ramp_years_max")

    def study_fee_usd(self, mw: float) -> float:
        """Fee of the study. [USD]"""
        steps = self.known("study_fee_usd")
        return step(steps, mw) if isinstance(steps, list) else math.nan

    def surcharges(self) -> tuple[tuple[float, float], ...]:
        """MW above which energy pays more, and how much. [MW], [USD/MWh]"""
        steps = self.known("surcharge_usd_per_mwh")
        return tuple((float(a), float(b)) for a, b in steps) if isinstance(steps, list) else ()

    def part(self, key: str) -> Mapping[str, Any]:
        """A field of several keys (`security exit upfront curtailment`); empty where it is not known."""
        value = self.known(key)
        return value if isinstance(value, Mapping) else {}

    def collateral_usd(self, minimum_bill_usd_per_month: float, contract_mw: float, exit_fee_usd: float = math.nan) -> float:  # fmt: skip
        """Security to be given. [USD]"""
        security = self.part("security")
        if "months_of_minimum_bill" in security:
            return float(security["months_of_minimum_bill"]) * minimum_bill_usd_per_month
        if "usd_per_mw" in security:
            return float(security["usd_per_mw"]) * contract_mw
        if "share_of_exit_fee" in security:
            return float(security["share_of_exit_fee"]) * exit_fee_usd
        return 0.0 if security.get("kind") == "none" else math.nan

    @property
    def credit_fee(self) -> float:
        """What the security costs a year, over its amount. [1/year]"""
        return float(self.part("security").get("fee_per_year", CREDIT_FEE.value))

    def weak(self) -> list[str]:
        """Fields that rest on a secondary source, or are shown and not used."""
        return [key for key, term in self.fields.items() if key in _MONEY and term.status in {"secondary", "unverified"} and term.value is not None]  # fmt: skip

    def words(self, mw: float) -> str:
        """The terms in a line: minimum shares, years, security, exit."""
        shares = self.minimum()
        least = "?" if shares is None else _shares(shares)
        years, ramp = self.years(mw), self.ramp_years
        lasts = "? years" if math.isnan(years) else f"{years:g} years" + ("" if math.isnan(ramp) else f" + ramp ≤ {ramp:g}")  # fmt: skip
        return f"minimum {least}; {lasts}; security {_security(self.part('security'))}; exit {_exit(self.part('exit'))}"


def _shares(shares: Mapping[str, float]) -> str:
    """`85 % transmission and distribution, 60 % generation`."""
    by_share: dict[float, list[str]] = {}
    for component, share in shares.items():
        by_share.setdefault(share, []).append(component)
    return ", ".join(f"{100 * share:g} % {' and '.join(names)}" for share, names in by_share.items()) or "none"  # fmt: skip


def _security(security: Mapping[str, Any]) -> str:
    if "months_of_minimum_bill" in security:
        return f"{security['months_of_minimum_bill']:g} months of minimum bill"
    if "usd_per_mw" in security:
        return f"{security['usd_per_mw']:,.0f} USD/MW"
    if "share_of_exit_fee" in security:
        return f"{100 * security['share_of_exit_fee']:g} % of the exit fee"
    return "none" if security.get("kind") == "none" else "?"


def _exit(terms: Mapping[str, Any]) -> str:
    words = {
        "remaining_minimum": "all remaining minimum bills", "months_of_minimum": f"{terms.get('months', math.nan):g} months of minimum bill",
        "share_of_demand_charges": f"{100 * float(terms.get('share', math.nan)):g} % of remaining demand charges",
        "net_book_value": "net book value", "none": "none",
    }  # fmt: skip
    return words.get(str(terms.get("kind")), "?")


def step(steps: list[list[float]], mw: float) -> float:
    """Value of the highest entry that a load reaches; 0 under the first, NaN in a gap.

    >>> step([[25, 10_000], [100, 100_000]], 60)
    10000.0
    """
    if any(number is None for entry in steps for number in entry):
        return math.nan
    reached = [value for threshold, value in sorted(steps) if threshold <= mw]
    return float(reached[-1]) if reached else 0.0


def read_terms(
    record: Mapping[str, Any], sources: Mapping[str, Any], place: str = "terms", refusals: Refusals | None = None
) -> LargeLoadTerms:  # fmt: skip
    """A record of terms; `sources` resolves the ids of its fields, `refusals` takes what is none."""
    unheard = Refusals() if refusals is None else refusals
    fields = {}
    cited: dict[str, None] = {}
    given = record.get("fields")
    for key, body in (given if isinstance(given, Mapping) else {}).items():
        where = f"{place}.fields.{key}"
        if not isinstance(body, Mapping):
            unheard.add("bad-terms", where, "is no field", 'write {"value": …, "status": "verified", "sources": []}')  # fmt: skip
            continue
        if (value := body.get("value")) is not None and (fault := wrong(str(key), value)):
            unheard.add("bad-terms", f"{where}.value", fault, "see the forms of each field in the guide to tariff stacks")  # fmt: skip
            continue
        if isinstance(value, Mapping):
            value = {name: one for name, one in value.items() if one is not None}
        fields[str(key)] = Term(value, str(body.get("status") or "unverified"), str(body.get("note") or ""))  # fmt: skip
        listed = body.get("sources")
        cited |= dict.fromkeys(map(str, listed if isinstance(listed, list) else ()))
    return LargeLoadTerms(
        str(record["id"]), str(record.get("utility") or ""), str(record.get("name") or ""), str(record.get("state") or ""),
        str(record.get("as_of") or ""), fields, tuple(_title(sources.get(name), name) for name in cited),
    )  # fmt: skip


def _title(source: Any, name: str) -> str:
    if not isinstance(source, Mapping):
        return name
    where = source.get("url") or source.get("path") or ""
    return ", ".join(str(part) for part in (source.get("title") or source.get("publisher"), where) if part)  # fmt: skip


@cache
def shipped_terms() -> dict[str, LargeLoadTerms]:
    """Terms that the product ships, by id."""
    from powerwall.criteria import facts

    content = json.loads(resources.files(facts).joinpath("large_load_terms.json").read_text("utf-8"))  # fmt: skip
    if content["format"] != _FORM:
        raise LookupError(content["format"])
    return {record["id"]: read_terms(record, content["sources"]) for record in content["records"]}


def own_terms(outer: Mapping[str, Any], refusals: Refusals) -> dict[str, LargeLoadTerms]:
    """Terms that a file of stacks states itself, by id."""
    listed = outer.get("terms")
    if listed is None or isinstance(listed, str):
        return {}
    sources = outer.get("sources")
    found = {}
    for at, one in enumerate(listed if isinstance(listed, list) else [listed]):
        if not isinstance(one, Mapping) or not one.get("id"):
            refusals.add("bad-terms", f"terms[{at}]", "is no record with an id", 'write {"id": …, "fields": {…}}')  # fmt: skip
            continue
        if one.get("state") not in STATES:
            refusals.add("bad-terms", f"terms[{at}].state", f"`{one.get('state')}` is no state of an instrument", did_you_mean(str(one.get("state")), STATES))  # fmt: skip
        found[str(one["id"])] = read_terms(one, sources if isinstance(sources, Mapping) else {}, f"terms[{at}]", refusals)  # fmt: skip
    return found


def terms_of(name: str, own: Mapping[str, LargeLoadTerms]) -> LargeLoadTerms | None:
    """Terms by id: those of the region first, then those that are shipped; None for no terms."""
    return own.get(name) or shipped_terms().get(name) if name else None
