"""Terms: what a row of taxes or incentives says, whom it binds, and whether it holds on a day."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.region.dates import Span, parse_span
from powerwall.region.joins import split_ids

#: Without a row of each of these the tax of a place is no total.
LEVIES = ("sales_tax", "equipment_property_tax", "real_property_tax")
TAXES = (*LEVIES, "electricity_tax", "agreed_payment")
#: Incentive to the taxes of its own authority that it takes off where it names none.
INCENTIVES = {
    "sales_tax_exemption": ("sales_tax",),
    "abatement": ("equipment_property_tax", "real_property_tax"),
}
_READ = {"verified", "secondary"}
_NO_LAW = {"pending", "withdrawn"}


class Holds(NamedTuple):
    """Whether something is certain, whether it is possible, and what stands against it."""

    certain: bool
    possible: bool
    reason: str = ""


YES = Holds(certain=True, possible=True)


def _maybe(reason: str) -> Holds:
    return Holds(certain=False, possible=True, reason=reason)


def _no(reason: str) -> Holds:
    return Holds(certain=False, possible=False, reason=reason)


def together(conditions: Iterable[Holds]) -> Holds:
    """Conditions that must all hold; the reasons that forbid stand alone, else those that leave a doubt."""
    found = list(conditions)
    against = [one for one in found if not one.possible] or [one for one in found if not one.certain]  # fmt: skip
    return Holds(
        all(one.certain for one in found), all(one.possible for one in found),
        ", ".join(dict.fromkeys(one.reason for one in against if one.reason)),
    )  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A row of `fiscal_terms`.

    Attributes
    ----------
    term_id, authority, instrument
        Who levies or grants what.
    rate, usd_per_kwh, usd_per_mw_year
        Tax over price or value, on electricity, or an agreed sum. [1], [USD/kWh], [USD/MW-year]
    base
        Equipment of a purchase or assessed value; NaN is the assumed equipment. [USD/MW]
    exempt
        Share of a tax that is not due; NaN is none for a tax and unknown for an incentive. [1]
    taxable
        Taxable share of cost by year of service; None is unknown. [1]
    months
        Length of an abatement; NaN is unknown. [months]
    relieves
        Ids of the taxes it takes off; none are those of its own authority.
    start, ends
        First day in force; first days not in force, of which the earliest counts.
    capex_usd, jobs, mw
        Thresholds: 0 is none, NaN is unknown.
    certificate_by, paused, paused_from, paused_to
        Last day of a certificate; what is paused, from the first day to the first day not.
    act_status
        Word of its act in the policy layer, or "".
    """

    term_id: str
    authority: str
    instrument: str
    rate: float
    usd_per_kwh: float
    usd_per_mw_year: float
    base: float
    exempt: float
    taxable: tuple[float, ...] | None
    months: float
    relieves: tuple[str, ...]
    start: Span | None
    ends: tuple[Span, ...]
    capex_usd: float
    jobs: float
    mw: float
    certificate_by: Span | None
    paused: str
    paused_from: Span | None
    paused_to: Span | None
    act_status: str
    source: str
    as_of: str
    status: str

    @property
    def window(self) -> str:
        """`2026-07-01 to 2028-07-01`, as far as the days are known."""
        start = _shown(self.start) or "start not stated"
        end = _shown(min(self.ends, key=lambda span: span.last, default=None))
        return f"{start} to {end}" if end else f"{start}, no end stated"

    @property
    def pause(self) -> str:
        """`new certificates paused from 2026-06-15 to 2029-06`, or nothing."""
        if self.paused not in {"new_certificates", "all"}:
            return ""
        what = "new certificates paused" if self.paused == "new_certificates" else "paused"
        start, end = (_shown(day) or "a day not stated" for day in (self.paused_from, self.paused_to))  # fmt: skip
        return f"{what} from {start} to {end}"


def _shown(span: Span | None) -> str:
    if span is None:
        return ""
    if span.first == span.last:
        return str(span.first)
    whole_year = (span.first.month, span.last.month) == (1, 12)
    return f"{span.first:%Y}" if whole_year else f"{span.first:%Y-%m}"


def read_term(row: Mapping[str, Any], acts: Mapping[str, str]) -> Term:
    """A row of `fiscal_terms`; `acts` gives the status word of each act in the policy layer."""

    def day(key: str) -> Span | None:
        text = _word(row, key)
        return parse_span(text) if text else None

    def number(key: str) -> float:
        value = row.get(key)
        return float(value) if isinstance(value, int | float) else math.nan

    return Term(
        _word(row, "term_id"), _word(row, "jurisdiction_id"), _word(row, "instrument"), number("rate_share"),
        number("amount_usd_per_kwh"), number("amount_usd_per_mw_year"), number("base_usd_per_mw"), number("exempt_share"),
        taxable_shares(_word(row, "taxable_shares")), number("abated_months"), tuple(split_ids(row.get("relieves"))),
        day("effective_from"), tuple(span for key in ("effective_to", "sunset") if (span := day(key))),
        number("threshold_capex_usd"), number("threshold_jobs"), number("threshold_mw"), day("certificate_by"),
        _word(row, "paused"), day("paused_from"), day("paused_to"), acts.get(_word(row, "policy_id"), ""),
        _word(row, "source_title"), _word(row, "as_of"), _word(row, "status"),
    )  # fmt: skip


def taxable_shares(text: str) -> tuple[float, ...] | None:
    """Shares of a `;` separated cell; None if it is empty or holds anything but shares.

    >>> taxable_shares("0.5;0.4")
    (0.5, 0.4)
    """
    try:
        shares = tuple(float(part) for part in split_ids(text))
    except ValueError:
        return None
    return shares if shares and all(0 <= share <= 1 for share in shares) else None


def _word(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None or pd.isna(value) else str(value).strip()


def chain(authority: str, parents: Mapping[str, str]) -> list[str]:
    """Those whose terms bind: the authority, its declared parents, its state, its country."""
    names = [authority]
    while (parent := parents.get(names[-1], "")) and parent not in names:
        names.append(parent)
    parts = authority.split("-")
    wide = ["-".join(parts[:2]), parts[0]] if parts[0] == "us" else [parts[0]]
    return list(dict.fromkeys([*names, *wide]))


def in_force(term: Term, day: date) -> Holds:
    """Whether a term is law on a day; its window is half-open, and its dates may be months or years."""
    if term.act_status in _NO_LAW:
        return _no(f"its act is {term.act_status}")
    if term.start is not None and day < term.start.first:
        return _no(f"not before {_shown(term.start)}")
    ended = [end for end in term.ends if day >= end.last]
    if ended:
        return _no(f"ends {_shown(ended[0])}, before {day}")
    doubts = [end for end in term.ends if day >= end.first]
    if doubts or (term.start is not None and day < term.start.last):
        return _maybe(f"its dates leave open whether it holds on {day}")
    return YES


def claimable(term: Term, day: date, as_of: date, mw: float, equipment: Parameter) -> Holds:
    """Whether a request may claim an incentive for what it buys on a day.

    Parameters
    ----------
    day, as_of
        Day of the purchase; day from which a certificate can be asked for.
    mw, equipment
        The request, and what its equipment costs with its range. [MW], [USD/MW]
    """
    return together([
        in_force(term, day), _size(term, mw), _capex(term, mw, equipment), _jobs(term), _certificate(term, day, as_of),
        YES if term.status in _READ else _maybe(term.status or "status not stated"),
    ])  # fmt: skip


def _size(term: Term, mw: float) -> Holds:
    if math.isnan(term.mw):
        return _maybe("threshold of MW not known")
    return YES if mw >= term.mw else _no(f"from {term.mw:g} MW")


def _capex(term: Term, mw: float, equipment: Parameter) -> Holds:
    if math.isnan(term.capex_usd):
        return _maybe("threshold of investment not known")
    low, high = (mw * (equipment.value if end is None else end) for end in (equipment.low, equipment.high))  # fmt: skip
    if low >= term.capex_usd:
        return YES
    text = f"investment of {term.capex_usd:,.0f} USD"
    return _no(f"needs an {text}") if high < term.capex_usd else _maybe(f"{text} not certain")


def _jobs(term: Term) -> Holds:
    """The request names no jobs, so only a threshold of none is met."""
    if math.isnan(term.jobs):
        return _maybe("threshold of jobs not known")
    return _maybe(f"{term.jobs:g} jobs not known of the request") if term.jobs > 0 else YES


def _certificate(term: Term, day: date, as_of: date) -> Holds:
    """Whether it can be had, from the as-of date to the purchase, outside of any pause."""
    if term.paused == "all":
        return _paused_on(term, day)
    if term.paused == "unknown":
        return _maybe("not known whether it is paused")
    by = term.certificate_by
    first, last = min(day, by.first if by else day), min(day, by.last if by else day)
    if last < as_of:
        return _no(f"certificates only until {_shown(by) or day}")
    if term.paused != "new_certificates":
        return YES if first >= as_of else _maybe(f"certificates only until {_shown(by)}")
    start, end = term.paused_from, term.paused_to
    if start is not None and as_of <= first < start.first:
        return YES
    if end is not None and first >= max(end.last, as_of):
        return YES
    before = start is not None and as_of < start.last
    after = end is not None and last >= end.first
    return _maybe(term.pause) if before or after else _no(term.pause)


def _paused_on(term: Term, day: date) -> Holds:
    start, end = term.paused_from, term.paused_to
    if (start is not None and day < start.first) or (end is not None and day >= end.last):
        return YES
    doubt = (start is not None and day < start.last) or (end is not None and day >= end.first)
    return _maybe(term.pause) if doubt else _no(term.pause)
