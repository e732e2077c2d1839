"""Stack: a tariff of several layers as one price of a flat load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.region.dates import parse_span

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

HOURS_PER_YEAR = 8760.0
LOAD_FACTOR = Parameter(
    0.85, "1", 0.75, 0.95, "assumed: AI campuses run flat; large-load tariffs ask for 0.75 or more"
)
#: Grade → relative standard deviation of a price.
SIGMA = {
    "A": Parameter(0.03, "1", source="assumed: sheet read by hand within a year"),
    "B": Parameter(0.08, "1", source="assumed: recent database record or complete terms"),
    "C": Parameter(0.20, "1", source="assumed: stale record or riders missing"),
    "D": Parameter(0.25, "1", source="assumed: average of an industrial class"),
}
#: Layers of a stack that are paid once, and those that are obligations and no price.
_MAY_END = {"tax", "rider", "surcharge"}
UPFRONT, _NO_PRICE = {"upfront", "on_site"}, {"none", "obligation"}
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip


class Price(NamedTuple):
    """A price of a stack, or the reasons why there is none.

    Attributes
    ----------
    per_mwh
        In the stack's currency; None if a layer is missing. [currency/MWh]
    missing
        Layers without a value.
    upfront_per_mw
        Fees that are known, in the stack's currency. [currency/MW]
    upfront_missing
        Fees without a value.
    """

    per_mwh: float | None
    missing: tuple[str, ...]
    upfront_per_mw: float
    upfront_missing: tuple[str, ...]


def price_stack(layers: list[Mapping[str, Any]], mw: float, load_factor: float, on: date) -> Price:
    """Price of a flat load under a tariff stack.

    Parameters
    ----------
    layers
        Records with `layer component charge_type unit value`, and `effective_from effective_to`.
    mw, load_factor
        Contract capacity and mean over peak. [MW], [1]
    on
        Day whose charges count; outside its window a tax or rider is nil, another charge missing.

    Notes
    -----
    A missing value or an unknown unit leaves the whole price unknown: never a partial number.
    """
    total, upfront = 0.0, 0.0
    missing: list[str] = []
    upfront_missing: list[str] = []
    lapsed: list[Mapping[str, Any]] = []
    standing: set[str] = set()
    for record in layers:
        name = str(record.get("layer") or "?")
        if record.get("charge_type") in _NO_PRICE:
            continue
        if not _in_force(record, on):
            lapsed.append(record)
            continue
        standing.add(_layer_name(record))
        is_upfront = name in UPFRONT
        per_mw = _upfront(record, mw) if is_upfront else _per_mwh(record, mw, load_factor)
        if per_mw is None:
            (upfront_missing if is_upfront else missing).append(_layer_name(record))
        elif is_upfront:
            upfront += per_mw
        else:
            total += per_mw
    # a tax or rider ends; the wires and the energy are charged for ever
    missing.extend(
        f"{_layer_name(record)} on {on}"
        for record in lapsed
        if record.get("component") not in _MAY_END and _layer_name(record) not in standing
    )
    if not layers:
        missing.append("every layer")
    return Price(None if missing else total, tuple(missing), upfront, tuple(upfront_missing))


def _layer_name(record: Mapping[str, Any]) -> str:
    name, component = str(record.get("layer") or "?"), str(record.get("component") or "")
    return name if component in {"", name} else f"{name} {component}"


def _in_force(record: Mapping[str, Any], on: date) -> bool:
    start, end = record.get("effective_from"), record.get("effective_to")
    return not (
        (start and on < parse_span(str(start)).first) or (end and on >= parse_span(str(end)).first)
    )


def _per_mwh(record: Mapping[str, Any], mw: float, load_factor: float) -> float | None:
    value = record.get("value")
    if not isinstance(value, int | float):
        return None
    mwh_per_mw = HOURS_PER_YEAR * load_factor
    _, _, unit = str(record.get("unit") or "").partition("_")  # the currency stands first
    factors: dict[str, Callable[[], float]] = {
        "per_mwh": lambda: 1.0,
        "per_kwh": lambda: 1000.0,
        "per_kw_month": lambda: 12 * 1000 / mwh_per_mw,
        "per_kw_year": lambda: 1000 / mwh_per_mw,
        "per_mw_year": lambda: 1 / mwh_per_mw,
        "per_mw_day": lambda: (
            365 * float(record.get("forecast_pool_requirement") or 1.0) / mwh_per_mw
        ),
        "per_month": lambda: 12 / (mwh_per_mw * mw),
        "per_day": lambda: 365 / (mwh_per_mw * mw),
    }
    return float(value) * factors[unit]() if unit in factors else None


def _upfront(record: Mapping[str, Any], mw: float) -> float | None:
    steps, value = record.get("steps"), record.get("value")
    if isinstance(steps, list):
        if any(number is None for step in steps for number in step):
            return None
        fees = [fee for threshold, fee in steps if threshold <= mw]
        return float(fees[-1]) / mw if fees else 0.0
    if not isinstance(value, int | float):
        return None
    _, _, per = str(record.get("unit") or "").partition("_")
    factors = {"": 1.0 / mw, "per_mw": 1.0, "per_kw": 1000.0}
    return float(value) * factors[per] if per in factors else None


def state_average(state: object) -> pd.Series | None:
    """Industrial revenue over sales of a state, the grade D stand-in; None outside the table."""
    table = fact_table("industrial_price_by_state")
    rows = table[table["state"] == STATES.get(str(state), "")]
    return None if rows.empty else rows.iloc[0]


class Stacks:
    """Stacks of a region by utility, priced once each."""

    def __init__(self, layers: Layers, request: Request) -> None:
        layer = layers.get("tariffs")
        self.request = request
        self.rows = layer.frame.to_dict("records") if layer else []
        self.currency = (
            str(layer.extra.get("currency", request.currency)) if layer else request.currency
        )
        self.as_of = str(layer.as_of or "") if layer else ""

    def of(self, utility: object) -> tuple[dict[Any, Any], Price] | None:
        """The only stack of a utility with its price; None if there is none, or more than one."""
        mine = [
            row
            for row in self.rows
            if isinstance(utility, str) and row.get("utility_id") == utility
        ]
        if len(mine) != 1:
            return None
        layers = mine[0].get("layers")
        layers = layers if isinstance(layers, list) else []
        return mine[0], price_stack(
            layers, self.request.mw, LOAD_FACTOR.value, self.request.need_by
        )

    def to_usd(self, amount: float) -> tuple[float | None, str]:
        """An amount in US dollars, or the reason why not."""
        if self.currency == "USD":
            return amount, ""
        rate = self.request.usd_per_currency if self.currency == self.request.currency else None
        if rate is None:
            return None, f"prices are in {self.currency} and no rate to USD is declared"
        return amount * rate, self.request.rate_note
