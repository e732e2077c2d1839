"""Rules: which dated acts bind a site, which stand beside it, and what its authority says at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.policy.rows import Standing, code, policy_status, standing, window, word
from powerwall.region.dates import months_between, parse_span

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

LAYER = "policy"
FRESH_DAYS = 30  # where the layer does not say: local rules move weekly
#: Words without which nobody can say what a row does → the worst that each may be.
_WORST = {"kind": "moratorium", "policy_status": "active", "effect": "blocks"}
#: Kinds of an act about one project; the latest of a site's own decides its category.
PROJECT_ACTS = ("approval", "denial", "withdrawal", "litigation")
#: Authorities inside a county that its rules do not reach.
_INSIDE = {"city", "town", "township", "village", "local_authority"}
POWER_FACTOR = Parameter(
    0.95, "1", 0.9, 1.0, "assumed: power factor that turns MW into the MVA of an Irish trigger"
)


class Bound(NamedTuple):
    """A row with its standing."""

    row: Mapping[str, Any]
    standing: Standing


class Rules:
    """The policy rows of a region by authority."""

    def __init__(
        self,
        frame: pd.DataFrame,
        request: Request,
        jurisdictions: pd.DataFrame | None = None,
        covers: Iterable[str] = (),
        fresh_days: int | None = None,
    ) -> None:
        self.request = request
        self.fresh_days = fresh_days or FRESH_DAYS
        self._rows: dict[str, list[dict[Any, Any]]] = {}
        self._projects: dict[str, list[dict[Any, Any]]] = {}
        # in the order of their ids: the order of the file says nothing
        ordered = frame.sort_values("policy_id", kind="stable") if "policy_id" in frame else frame
        for row in ordered.to_dict("records"):
            self._rows.setdefault(str(row["jurisdiction_id"]), []).append(row)
            if word(row, "site_id"):
                self._projects.setdefault(word(row, "site_id"), []).append(row)
        self._covers = frozenset(covers)
        self._outlines: dict[str, dict[Any, Any]] = {}
        if jurisdictions is not None:
            self._outlines = {
                str(row["jurisdiction_id"]): row for row in jurisdictions.drop(columns="geometry", errors="ignore").to_dict("records")
            }  # fmt: skip
        self._bound: dict[tuple[str, bool], list[Bound]] = {}

    def known(self, authority: object) -> bool:
        """Tell whether the layer speaks of this very authority: by a row, or in its list `covers`."""
        return str(authority) in self._rows or str(authority) in self._covers

    def binding(self, authority: object, *, vested: bool) -> list[Bound]:
        """Rows of the authority and of its parents, each with its standing."""
        key = (str(authority), vested)
        if key not in self._bound:
            self._bound[key] = [
                self.bound(row, vested=vested)
                for name in self.chain(authority)
                for row in self._rows.get(name, [])
            ]
        return self._bound[key]

    def bound(self, row: Mapping[str, Any], *, vested: bool = False) -> Bound:
        """A row with its standing for the request, whose MW an Irish trigger reads as MVA."""
        mw = self.request.mw
        if word(row, "jurisdiction_id").split("-")[0] == "ie":
            mw /= POWER_FACTOR.value
        stands = standing(row, self.request.as_of, mw, vested)
        if open_words(row):
            # whatever the word may be: it puts no site out, and is not passed over either
            worst = standing({**row, **open_words(row)}, self.request.as_of, mw, vested)
            if worst.verdict == "gate" or (worst.verdict == "warn" and worst.active == "possible"):
                stands = Standing("possible", worst.days_to_expiry, "warn", "unverified")
        return Bound(row, stands)

    def beside(self, authority: object) -> list[Bound]:
        """Rows of the county round a town, which do not bind inside it."""
        own = self._outlines.get(str(authority))
        if own is None or word(own, "kind") not in _INSIDE or not word(own, "county_fips"):
            return []
        counties = [
            name for name, other in self._outlines.items()
            if word(other, "kind") == "county" and word(other, "county_fips") == word(own, "county_fips")
        ]  # fmt: skip
        chain = set(self.chain(authority))
        return [
            self.bound(row)
            for name in counties
            if name not in chain
            for row in self._rows.get(name, [])
        ]

    def chain(self, authority: object) -> list[str]:
        """Those whose rows bind: `us-va-loudoun`, its declared parents, `us-va`, `us`."""
        if not isinstance(authority, str):
            return []
        names = [authority]
        while (parent := word(self._outlines.get(names[-1], {}), "parent_id")) and parent not in names:  # fmt: skip
            names.append(parent)
        parts = authority.split("-")
        wide = [
            "-".join(parts[:n]) for n in (2, 1) if n < len(parts) and not (n == 2 and parts[0] != "us")
        ]  # fmt: skip
        return [*names, *(name for name in wide if name not in names)]

    def latest_act(self, site_id: object) -> Mapping[str, Any] | None:
        """Latest decided act about the site's own project on the as-of day; None without one."""
        acts = [
            (parse_span(word(row, "action_date")).last, word(row, "policy_id"), row)
            for row in self._projects.get(str(site_id), [])
            if code(row, "kind") in PROJECT_ACTS and word(row, "action_date") and policy_status(row) != "pending"
        ]  # fmt: skip
        past = [act for act in acts if parse_span(word(act[2], "action_date")).first <= self.request.as_of]  # fmt: skip
        return max(past, key=lambda act: act[:2])[2] if past else None

    def denials(self, authority: object, site_id: object, months: float) -> list[str]:
        """Ids of the refusals of other projects by an authority in the last months."""
        return [
            word(row, "policy_id")
            for row in self._rows.get(str(authority), [])
            if code(row, "kind") == "denial" and policy_status(row) != "pending" and word(row, "action_date")
            and word(row, "site_id") != str(site_id)
            and 0 <= months_between(parse_span(word(row, "action_date")).first, self.request.as_of) <= months
        ]  # fmt: skip


def rules_of(layers: Layers, request: Request) -> Rules:
    """Rules of a region; none where it has no policy layer."""
    layer = layers.get(LAYER)
    if layer is None:
        return Rules(pd.DataFrame({"jurisdiction_id": []}), request, layers.frame("jurisdictions"))
    return Rules(
        layer.frame,
        request,
        layers.frame("jurisdictions"),
        layer.extra.get("covers", ()),
        layer.fresh_days,
    )


def open_words(row: Mapping[str, Any]) -> dict[str, str]:
    """Words that decide about a row and are not known, each with the worst that it may be."""
    return {column: worst for column, worst in _WORST.items() if not word(row, column)}


def title(row: Mapping[str, Any]) -> str:
    """`moratorium of Scioto Township`: what a row is, and whose."""
    kind = word(row, "kind").replace("_", " ") or "act"
    return f"{kind} of {word(row, 'jurisdiction') or word(row, 'jurisdiction_id')}"


def until(row: Mapping[str, Any], days: float) -> str:
    """`moratorium of Scioto Township until 2027-03-05 (195 days)`."""
    if math.isnan(days):
        return f"{title(row)} without an end"
    _, end, _ = window(row)
    last = word(row, "effective_to") or str(end.first if end else "")
    return f"{title(row)} until {last} ({days:.0f} days)"


def reason(bound: Bound) -> str:
    """What a row that blocks, or may block, says on the as-of day."""
    row, stands = bound
    if lacking := open_words(row):
        return f"{title(row)}: {' and '.join(lacking)} unknown, needs checking"
    if stands.reason == "proposed":
        return f"{title(row)}: proposed, does not count"
    if stands.reason == "end_unknown":
        return f"{title(row)}: end unknown, needs checking"
    return until(row, stands.days_to_expiry)


def evidence(row: Mapping[str, Any]) -> str:
    """`secondary, source dated 2026-03-06`."""
    status, day = word(row, "status") or "status not stated", word(row, "as_of")
    return f"{status}, source dated {day}" if day else f"{status}, source without a date"


def age_days(row: Mapping[str, Any], rules: Rules) -> int:
    """Days by which the evidence of a row is older than its layer allows; 0 if it is not."""
    day = word(row, "as_of")
    days = (rules.request.as_of - parse_span(day).last).days if day else 0
    return days if days > rules.fresh_days else 0
