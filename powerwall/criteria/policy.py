"""Policy: which dated rule stands, and how likely and how long the permit path is."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Parameter, criterion
from powerwall.criteria.facts import fact_table
from powerwall.region.dates import MONTH_DAYS, Span, parse_span

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

_OPEN_UNTIL_REPEALED = {
    "zoning", "special_permit", "prohibition", "setback", "statute", "utility_rule", "tax", "tax_incentive", "transmission_siting",
}  # fmt: skip
_RULES = {"moratorium", "prohibition", "zoning", "statute", "utility_rule"}
_TERM = re.compile(r"^\s*(\d+)\s*(days?|months?|years?)?\s*$", re.IGNORECASE)
POWER_FACTOR = Parameter(
    0.95, "1", 0.9, 1.0, "assumed: power factor that turns MW into the MVA of an Irish trigger"
)
LAYER = "policy"


class Standing(NamedTuple):
    """Whether a row is in force, for how long, and what it may do.

    Attributes
    ----------
    active
        yes, possible or no.
    days_to_expiry
        NaN when open-ended, unknown or not active. [d]
    verdict
        `gate` may put a site out, `warn` may not, `none` says nothing.
    reason
        Why, in one word.
    """

    active: str
    days_to_expiry: float
    verdict: str
    reason: str


def add_term(start: date, duration: str) -> date:
    """First day after a term: days as days, months and years by the calendar.

    Raises
    ------
    ValueError
        If the duration is not a number of days, months or years.

    >>> add_term(date(2026, 8, 31), "6 months")
    datetime.date(2027, 2, 28)
    """
    match = _TERM.match(duration)
    if not match:
        msg = f"`{duration}` is not a duration: write `180 days`, `6 months` or `1 year`"
        raise ValueError(msg)
    count, unit = int(match[1]), (match[2] or "days").lower()
    if unit.startswith("day"):
        return start + timedelta(days=count)
    months = count * (12 if unit.startswith("year") else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def standing(
    row: Mapping[str, Any], as_of: date, mw: float | None = None, *, vested: bool = False
) -> Standing:
    """What a dated act means on a day, for a request of a size.

    Parameters
    ----------
    row
        Columns of the policy layer; a missing key, "", None and NaN are blank.
    as_of
        The day; the window is half-open, so on its end the rule no longer holds.
    mw
        Size of the request; None skips the trigger. [MW]
    vested
        True for a site that is already approved.

    Raises
    ------
    ValueError
        If the end is not after the start, or a date or duration cannot be read.
    """
    status, effect = _text(row, "policy_status"), _text(row, "effect")
    if status == "pending":
        harms = effect in {"blocks", "restricts"}
        return Standing(
            "no", math.nan, "warn" if harms else "none", "proposed" if harms else "not_in_force"
        )
    if status in {"withdrawn", "decided"}:
        return Standing("no", math.nan, "none", "not_in_force")
    start, end, end_unknown = _window(row)
    if status in {"expired", "replaced"} and end is None:
        return Standing("no", math.nan, "none", "expired")
    if start is not None and as_of < start.first:
        return Standing("no", math.nan, "none", "not_yet")
    if end is not None and as_of >= end.last:
        return Standing("no", math.nan, "none", "expired")
    certain = (start is None or as_of >= start.last) and (end is None or as_of < end.first)
    active, doubt = ("yes", "in_force") if certain else ("possible", "dates_uncertain")
    for holds, reason in (
        (end_unknown, "end_unknown"),
        (start is None, "start_unknown"),
        (status == "replaced", "replaced"),
    ):
        if holds and active == "yes":
            active, doubt = "possible", reason
    days = (
        math.nan
        if end is None
        else float(((end.first if active == "yes" else end.last) - as_of).days)
    )
    verdict, reason = _verdict(row, active, doubt, mw, vested=vested)
    return Standing(active, days, verdict, reason)


def _verdict(
    row: Mapping[str, Any], active: str, doubt: str, mw: float | None, *, vested: bool
) -> tuple[str, str]:
    trigger, effect = _number(row, "trigger_mw"), _text(row, "effect")
    if mw is not None and not math.isnan(trigger) and mw < trigger:
        return "none", "below_trigger"
    if effect in {"neutral", "enables", ""}:
        return "none", "neutral"
    if effect == "restricts":
        return "warn", "restricts"
    if _text(row, "kind") not in _RULES:
        return "none", "one_project"
    if active == "possible":
        return "warn", doubt
    if _text(row, "status") not in {"verified", "secondary"}:
        return "warn", "unverified"
    return ("warn", "vested") if vested else ("gate", "in_force")


def _window(row: Mapping[str, Any]) -> tuple[Span | None, Span | None, bool]:
    """Start, first day not in force, and whether the end is unknown."""
    text = _text(row, "effective_from") or _text(row, "action_date")
    start = parse_span(text) if text else None
    end_text, duration = _text(row, "effective_to"), _text(row, "duration")
    end: Span | None = None
    if end_text:
        end = parse_span(end_text)
    elif duration and start is not None:
        end = Span(add_term(start.first, duration), add_term(start.last, duration))
    if start is not None and end is not None and end.last <= start.first:
        msg = f"{_text(row, 'policy_id') or 'row'}: the end {end.last} is not after the start {start.first}"
        raise ValueError(msg)
    open_ended = _text(row, "kind") in _OPEN_UNTIL_REPEALED or _text(row, "duration_kind") in {
        "until_event",
        "indefinite",
    }
    return start, end, end is None and not open_ended


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or pd.isna(value) else str(value)


def _number(row: Mapping[str, Any], key: str) -> float:
    text = _text(row, key)
    return float(text) if text else math.nan


def permit_table() -> dict[str, dict[str, Any]]:
    """Permit categories with `p_success p50_months p90_months`, their ranges and tiers."""
    table: dict[str, dict[str, Any]] = {}
    for row in fact_table("permit_paths").to_dict("records"):
        entry = table.setdefault(row["category"], {})
        entry[row["quantity"]] = float(row["value"])
        if row["quantity"] in {"p_success", "p_ban_after"}:
            entry |= {"low": row["low"], "high": row["high"], "n": row["n"], "tier": row["tier"], "source": row["source"],
                      "as_of": row["as_of"]}  # fmt: skip
    return table


class Bound(NamedTuple):
    """A row that binds a site, with its standing."""

    row: Mapping[str, Any]
    standing: Standing


class Rules:
    """The policy rows of a region by authority."""

    def __init__(self, layers: Layers, request: Request) -> None:
        frame = layers[LAYER].frame
        self._rows: dict[str, list[dict[Any, Any]]] = {}
        for row in frame.to_dict("records"):
            self._rows.setdefault(str(row["jurisdiction_id"]), []).append(row)
        self._request = request

    def known(self, authority: object) -> bool:
        """Tell whether the layer holds any row of this very authority."""
        return str(authority) in self._rows

    def binding(self, authority: object, *, vested: bool) -> list[Bound]:
        """Rows of the authority and of its state and country, each with its standing."""
        bound = []
        for name in _chain(authority):
            for row in self._rows.get(name, []):
                mw = self._request.mw / (POWER_FACTOR.value if name.split("-")[0] == "ie" else 1.0)
                bound.append(Bound(row, standing(row, self._request.as_of, mw, vested=vested)))
        return bound


def _chain(authority: object) -> Iterable[str]:
    """`us-va-loudoun` → itself, `us-va`, `us`; a county does not bind a town inside it."""
    if not isinstance(authority, str):
        return
    yield authority
    parts = authority.split("-")
    yield from (
        "-".join(parts[:n]) for n in (2, 1) if n < len(parts) and not (n == 2 and parts[0] != "us")
    )


@criterion(
    unit="bool",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="a row whose dates are uncertain marks a site at risk and never puts it out",
    grade="B",
    kind="flag",
)
def moratorium(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> pd.DataFrame:
    """True where a rule in force blocks the request, by its dates on the as-of day."""
    rules = Rules(layers, request)
    rows = [
        _moratorium(rules, site, request)
        for site in sites[["jurisdiction_id", "zoning_status"]].itertuples(index=False)
    ]
    return pd.DataFrame(rows, index=sites.index)


def _moratorium(rules: Rules, site: Any, request: Request) -> dict[str, object]:
    if not isinstance(site.jurisdiction_id, str):
        return {"value": math.nan, "why": "authority unknown"}
    bound = rules.binding(site.jurisdiction_id, vested=site.zoning_status == "approved")
    gates = [b for b in bound if b.standing.verdict == "gate"]
    doubts = [
        b
        for b in bound
        if b.standing.verdict == "warn"
        and b.standing.active == "possible"
        and _text(b.row, "effect") == "blocks"
    ]
    if gates:
        longest = max(
            gates,
            key=lambda b: (
                math.inf if math.isnan(b.standing.days_to_expiry) else b.standing.days_to_expiry
            ),
        )
        return _described(longest) | {"value": 1.0}
    if doubts:
        return _described(doubts[0]) | {
            "value": math.nan,
            "low": 0.0,
            "high": 1.0,
            "why": _reason(doubts[0]),
        }
    if not rules.known(site.jurisdiction_id):
        return {"value": math.nan, "why": f"no rule of {site.jurisdiction_id} in this layer"}
    return {
        "value": 0.0,
        "layer": LAYER,
        "status": "secondary",
        "note": f"no rule in force found in this layer as of {request.as_of}",
    }


def _described(bound: Bound) -> dict[str, object]:
    row = bound.row
    return {
        "layer": LAYER, "row": row["policy_id"], "source": row.get("source_title"), "as_of": row.get("as_of"),
        "status": row.get("status"), "note": f"{_reason(bound)}, {_text(row, 'status')}, source dated {_text(row, 'as_of')}",
    }  # fmt: skip


def _reason(bound: Bound) -> str:
    row, days = bound.row, bound.standing.days_to_expiry
    what = f"{_text(row, 'kind')} of {_text(row, 'jurisdiction') or _text(row, 'jurisdiction_id')}"
    if bound.standing.reason == "end_unknown":
        return f"{what}: end unknown, needs checking"
    if math.isnan(days):
        return f"{what} without an end"
    return f"{what} until {_text(row, 'effective_to') or 'its term ends'} ({days:.0f} days)"


class Path(NamedTuple):
    """The permit path of a site.

    Attributes
    ----------
    category
        Key of `permit_table`.
    then
        Category that follows a moratorium, else "".
    days
        Days to the scheduled end of the moratorium; NaN without one.
    """

    category: str
    then: str
    days: float


def permit_path(site: Any, rules: Rules) -> Path:
    """Category of a site from its zoning status, overridden by rules in force.

    A zoning status of `moratorium` alone proves nothing: rows with dates decide.
    """
    zoning = site.zoning_status if isinstance(site.zoning_status, str) else "unknown"
    base = "unknown" if zoning == "moratorium" else zoning
    gates = [
        b
        for b in rules.binding(site.jurisdiction_id, vested=zoning == "approved")
        if b.standing.verdict == "gate"
    ]
    if any(
        _text(b.row, "kind") != "moratorium" and math.isnan(b.standing.days_to_expiry)
        for b in gates
    ):
        return Path("prohibited", "", math.nan)
    if gates:
        then = base if base not in {"unknown", "prohibited"} else "special_permit"
        return Path("moratorium", then, max(b.standing.days_to_expiry for b in gates))
    return Path(base, "", math.nan)


@criterion(
    unit="share",
    value=[(0.2, 0.0), (0.95, 1.0)],
    why="assumed: under one in five is not worth an option; above .95 there is nothing left to gain",
    weight=1.0,
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="Wilson 95 % interval where counted, a judged range where assumed",
    grade="C",
)
def policy_success_probability(
    sites: gpd.GeoDataFrame, layers: Layers, request: Request
) -> pd.DataFrame:
    """Share of comparable recorded cases in which the permit path ended well."""
    rules, table = Rules(layers, request), permit_table()
    return pd.DataFrame(
        [_odds(permit_path(site, rules), table) for site in sites.itertuples()], index=sites.index
    )


def _odds(path: Path, table: dict[str, dict[str, Any]]) -> dict[str, object]:
    name = path.then if path.category == "moratorium" else path.category
    entry = table.get(name)
    if entry is None or name == "unknown":
        return {"value": math.nan, "why": "zoning unknown"}
    factor = 1 - table["moratorium"]["p_ban_after"] if path.category == "moratorium" else 1.0
    label = f"moratorium, then {path.then}" if path.category == "moratorium" else path.category
    counted = "" if pd.isna(entry["n"]) else f", n = {entry['n']}"
    return {
        "value": entry["p_success"] * factor, "low": float(entry["low"]) * factor, "high": float(entry["high"]) * factor,
        "layer": "sites", "status": "assumed" if entry["tier"] == "assumed" else "approximate", "source": entry["source"],
        "as_of": entry["as_of"], "note": f"{label}{counted}, {entry['tier']}".replace("_", " "), "grade": "C",
    }  # fmt: skip


@criterion(
    unit="months",
    value=[(3, 1.0), (12, 0.6), (36, 0.0)],
    why="assumed: a quarter is an administrative review, a year an ordinary rezoning, three years a lost cycle",
    needs={LAYER: ("kind", "policy_status", "effect")},
    uncertainty="P50 to P90 of the category",
    grade="C",
)
def permit_months(sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> pd.DataFrame:
    """Months of the permit path, P50 given success, from the end of a moratorium on."""
    rules, table = Rules(layers, request), permit_table()
    rows = []
    for site in sites.itertuples():
        path = permit_path(site, rules)
        name = path.then if path.category == "moratorium" else path.category
        entry = table.get(name)
        if entry is None or name == "unknown":
            rows.append({"value": math.nan, "why": "zoning unknown"})
        elif path.category == "moratorium":
            # waiting and permit do not add up as P50s: the wait is a floor
            wait = 0.0 if math.isnan(path.days) else path.days / MONTH_DAYS
            rows.append({"value": math.nan, "low": wait + entry["p50_months"],
                         "why": f"after a moratorium of {wait:.1f} months, which may be extended"})  # fmt: skip
        else:
            rows.append({"value": entry["p50_months"], "low": entry["p50_months"], "high": entry["p90_months"], "grade": "C",
                         "status": "assumed", "source": entry["source"], "as_of": entry["as_of"],
                         "note": f"{name.replace('_', ' ')}, P50 to P90"})  # fmt: skip
    return pd.DataFrame(rows, index=sites.index)
