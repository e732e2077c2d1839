"""URDB: a record of the U.S. Utility Rate Database as a tariff.

Field semantics: OpenEI, Utility Rates API, versions 3 to 8; tiers, schedules and minimums as the
engine of NREL's System Advisor Model bills them (ssc, lib_utility_rate_equations).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from powerwall.criteria.cost.tariff.bill import Tariff
from powerwall.criteria.cost.tariff.bulk import is_bulk_row, record_of
from powerwall.criteria.cost.tariff.calendar import MONTHS, Schedule
from powerwall.criteria.cost.tariff.charges import (
    Charge,
    Energy,
    FlatDemand,
    Line,
    MinimumBill,
    Monthly,
    PerUnit,
    Ratchet,
    TouDemand,
)
from powerwall.criteria.cost.tariff.fields import (
    HIGHEST_DEMAND,
    HIGHEST_ENERGY,
    Record,
)
from powerwall.criteria.cost.tariff.peaks import MonthlyPeak
from powerwall.criteria.cost.tariff.refusal import Refusals
from powerwall.criteria.cost.tariff.tiers import Ladder
from powerwall.region.findings import Finding

_ENERGY_UNITS = ("kwh", "kwh daily", "kwh/kw", "kwh/kw daily", "kwh/hp", "kwh/kva")
_DEMAND_UNITS = ("kw", "kva", "hp")
_SYMBOLS = {"kw": "kW", "kva": "kVA", "hp": "hp"}
_PER_MONTH = {"$/month": 1.0, "$/day": 365 / 12, "$/year": 1 / 12}
_RIDERS = re.compile(r"\b(rider|adjustment|surcharge)s?\b", re.IGNORECASE)
_NOT_MODELLED = re.compile(r"(can ?not|can't|could not|unable to|not able to|not possible to)\b[^.]{0,60}\bmodel", re.IGNORECASE)  # fmt: skip
_STALE_MONTHS = 24
_LOOK_BACK = 11  # months that a ratchet without a stated length looks back: the rest of a year


def read_urdb(mapping: Mapping[str, Any], *, as_of: date | None = None) -> Tariff:
    """A record of the U.S. Utility Rate Database as a tariff.

    Parameters
    ----------
    mapping
        A record of its JSON interface (versions 3 to 8), or a row of its bulk CSV; not changed.
    as_of
        Day from which its age is judged; None judges none.

    Raises
    ------
    TariffRefusal
        If it cannot be billed correctly; every reason at once.

    Examples
    --------
    >>> flat = [[0] * 24] * 12
    >>> tariff = read_urdb({"energyratestructure": [[{"rate": 0.05}]],
    ...                     "energyweekdayschedule": flat, "energyweekendschedule": flat})
    >>> float(tariff.bill([100.0] * 8760)["total_usd"].sum())
    43800.0
    """
    refusals, findings = Refusals(), list[Finding]()
    record = Record(record_of(mapping) if is_bulk_row(mapping) else mapping, refusals, findings)
    _check_words(record, as_of)
    charges: list[Charge] = []
    energy, bounds = _energy(record)
    tou = _tou_demand(record)
    charges += [one for one in (energy, _flat_demand(record), tou, _coincident(record)) if one]
    charges += [*_adjustments(record), *_fixed(record)]
    ratchet = _ratchet(record, tou)
    minimum = _minimum(record)
    refusals.raise_any()
    if not charges and minimum == MinimumBill():
        record.note(
            "no-charge",
            "energyratestructure",
            "the record holds no charge that is known here: its bill is nil",
        )
    return Tariff(
        record.word("name"), record.word("utility"), record.word("label"), tuple(charges), minimum, ratchet,
        record.word("servicetype").lower(), record.number("demandwindow") or 0.0, tuple(findings), tuple(bounds.items()),
    )  # fmt: skip


def _check_words(record: Record, as_of: date | None) -> None:
    """What the record says of itself in words and dates."""
    prose = {key: text for key in record.keys() if (text := record.prose(key))}  # noqa: SIM118 — not a dict
    for key, text in prose.items():
        if found := _NOT_MODELLED.search(text):
            record.refuse("not-modelled", key, f"says itself: “{found.group()}”", "enter the sheet by hand")  # fmt: skip
    riders = [key for key, text in prose.items() if _RIDERS.search(text)]
    if riders and not record.has("fueladjustmentsmonthly"):
        record.note("riders-in-prose", riders[0], "riders, adjustments or surcharges stand in words and are not billed")  # fmt: skip
    start, end = record.day("startdate"), record.day("enddate")
    if record.has("enddate"):
        record.note("retired", "enddate", f"the rate was retired on {end or record.value('enddate')}")  # fmt: skip
    if start and end and start > end:
        record.note("retired", "startdate", f"begins on {start}, after its end on {end}")
    touched = record.day("latest_update")
    if as_of and touched and (as_of - touched).days > _STALE_MONTHS * 365.25 / 12:
        record.note("stale", "latest_update", f"last edited on {touched}")


def _energy(record: Record) -> tuple[Energy | None, dict[int, float]]:
    tiers = record.structure("energyratestructure", _ENERGY_UNITS, HIGHEST_ENERGY)
    schedule = record.schedule("energy", len(tiers))
    if not tiers or schedule is None:
        return None, {}
    record.defined(tiers, schedule.named, "energyweekdayschedule")
    opened = {}
    for period, one in enumerate(tiers):
        if one.stated is not None:
            opened[period] = one.stated
            record.note("last-tier-opened", f"energyratestructure[{period}][{len(one.ladder.prices) - 1}].max",
                        f"the last tier ends at {one.stated:g} and is read as open")  # fmt: skip
    for month, row in enumerate(schedule.present()):
        named = [tiers[p] for p, there in enumerate(row) if there]
        if len({(one.ladder.bounds, one.unit) for one in named}) > 1:
            record.refuse("tier-bounds-differ", f"energyweekdayschedule[{month}]", f"the periods of month {month + 1} have different tiers",
                          "all periods of a month need the same tier bounds in one unit")  # fmt: skip
    ladders = tuple(one.ladder for one in tiers)
    rate = ", ".join(ladder.rate for ladder in ladders)
    line = Line("energy", "kWh by period", f"{rate} USD/kWh", record.word("label"), record.word("source"))  # fmt: skip
    return Energy(ladders, schedule, tuple(one.unit for one in tiers), line), opened


def _flat_demand(record: Record) -> FlatDemand | None:
    tiers = record.structure("flatdemandstructure", _DEMAND_UNITS, HIGHEST_DEMAND)
    unit = record.demand_unit("flatdemandunit", tiers, _DEMAND_UNITS)
    of_month = record.months("flatdemandmonths", len(tiers))
    if not tiers or of_month is None:
        return None
    record.defined(tiers, of_month, "flatdemandmonths")
    ladders = tuple(one.ladder for one in tiers)
    return FlatDemand(ladders, of_month, _demand_line(record, ladders, unit, "of billing demand"), unit)  # fmt: skip


def _tou_demand(record: Record) -> TouDemand | None:
    tiers = record.structure("demandratestructure", _DEMAND_UNITS, HIGHEST_DEMAND)
    unit = record.demand_unit("demandrateunit", tiers, _DEMAND_UNITS)
    schedule = record.schedule("demand", len(tiers))
    if not tiers or schedule is None:
        return None
    record.defined(tiers, schedule.named, "demandweekdayschedule")
    ladders = tuple(one.ladder for one in tiers)
    return TouDemand(ladders, schedule, _demand_line(record, ladders, unit, "peak of each period"), unit)  # fmt: skip


def _demand_line(record: Record, ladders: tuple[Ladder, ...], unit: str, what: str) -> Line:
    """What stands behind a demand charge."""
    rate = f"{', '.join(one.rate for one in ladders)} USD/{_SYMBOLS[unit]}"
    return Line("distribution", f"{_SYMBOLS[unit]} {what}", rate, record.word("label"), record.word("source"))  # fmt: skip


def _coincident(record: Record) -> MonthlyPeak | None:
    tiers = record.structure("coincidentratestructure", ("kw",), HIGHEST_DEMAND)
    record.unit("coincidentrateunit", ("kw",))
    if not any(price for one in tiers for price in one.ladder.prices):
        return None
    for period, one in enumerate(tiers):
        if len(one.ladder.prices) > 1:
            record.refuse("tier-order", f"coincidentratestructure[{period}]", "a charge at the system's peak has one tier")  # fmt: skip
    rows = record.rows("coincidentrateschedule", len(tiers))
    if rows is None:
        return None
    schedule = Schedule(rows, rows)
    record.defined(tiers, schedule.named, "coincidentrateschedule")
    prices = tuple(one.ladder.prices[0] for one in tiers)
    line = Line("transmission", "kW at the system's peak", f"{'/'.join(f'{p:g}' for p in prices)} USD/kW", record.word("label"), record.word("source"))  # fmt: skip
    return MonthlyPeak(prices, schedule, line)


def _adjustments(record: Record) -> list[Charge]:
    found: list[Charge] = []
    fuel = record.twelve("fueladjustmentsmonthly")
    if fuel is not None and any(fuel):
        record.plausible(fuel, HIGHEST_ENERGY.value, "fueladjustmentsmonthly", "USD/kWh")
        line = Line("rider", "kWh", "fuel adjustment of the month", record.word("label"))
        found.append(PerUnit("kwh", fuel, line, "fuel_adjustment_usd"))
    reactive = record.number("demandreactivepowercharge")
    if reactive:
        line = Line("distribution", "kVAR", f"{reactive:g} USD/kVAR", record.word("label"))
        found.append(PerUnit("kvar", (reactive,) * MONTHS, line, "reactive_usd"))
    return found


def _fixed(record: Record) -> list[Charge]:
    """The charge of the first meter; older versions give it a month without a unit."""
    usd = record.number("fixedchargefirstmeter")
    if usd is None:
        usd, per_month = record.number("fixedmonthlycharge"), 1.0
    else:
        per_month = _PER_MONTH[record.unit("fixedchargeunits", tuple(_PER_MONTH), "$/month")]
        if usd and not record.has("fixedchargeunits"):
            record.note("unit-assumed", "fixedchargeunits", "the fixed charge has no unit and is read as $/month")  # fmt: skip
    if not usd:
        return []
    monthly = usd * per_month
    line = Line("fixed", "month", f"{usd:g} USD", record.word("label"), record.word("source"))
    return [Monthly((monthly,) * MONTHS, line)]


def _minimum(record: Record) -> MinimumBill:
    usd = record.number("mincharge")
    per_month, per_year = record.number("minmonthlycharge"), record.number("annualmincharge")
    if usd:
        if not record.has("minchargeunits"):
            record.refuse("minimum-without-unit", "minchargeunits", f"a minimum of {usd:g} USD, and not said of what", "give $/month, $/day or $/year")  # fmt: skip
        elif (unit := record.unit("minchargeunits", tuple(_PER_MONTH), "$/month")) == "$/year":
            per_year = usd
        else:
            per_month = usd * _PER_MONTH[unit]
    return MinimumBill(per_month or 0.0, per_year or 0.0)


def _ratchet(record: Record, tou: TouDemand | None) -> Ratchet:
    share, months = record.number("lookbackpercent") or 0.0, record.number("lookbackrange") or 0.0
    listed = record.twelve("lookbackmonths") or ()
    yearly = record.twelve("demandratchetpercentage") or ()
    if not all(0 <= one <= 1 for one in (share, *yearly)):
        record.refuse("share-out-of-range", "lookbackpercent", f"a share of {max(share, *yearly, 0):g}", "a share is 0 to 1")  # fmt: skip
        return Ratchet()
    some = bool(share) and any(listed) and not all(listed)
    if months and some:
        record.refuse("ratchet-conflict", "lookbackmonths", "both a number of months and a list of months are set", "keep one of lookbackrange and lookbackmonths")  # fmt: skip
    if months % 1 or not 0 <= months <= MONTHS:
        record.refuse("ratchet-conflict", "lookbackrange", f"{months:g} is no number of months", "0 to 12")  # fmt: skip
        return Ratchet()
    if not share and not any(yearly):
        return Ratchet()
    if tou is not None:
        record.note("ratchet-target-assumed", "lookbackpercent", "the ratchet raises flat demand; time-of-use demand stays as metered")  # fmt: skip
    if not share:
        record.note("ratchet-lookback-assumed", "demandratchetpercentage", f"read as looking back {_LOOK_BACK} months")  # fmt: skip
        return Ratchet(tuple(yearly), _LOOK_BACK)
    if some:
        record.note("ratchet-months-ambiguous", "lookbackmonths", "read as the months whose peaks count")  # fmt: skip
    elif not months:
        record.note("ratchet-lookback-assumed", "lookbackrange", f"read as looking back {_LOOK_BACK} months")  # fmt: skip
    sources = tuple(m + 1 for m, there in enumerate(listed) if there) if some else None
    return Ratchet((share,) * MONTHS, int(months) or _LOOK_BACK, sources)
