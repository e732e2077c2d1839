"""Tariff: published bills to the cent, the properties of a bill, and a refusal for all that cannot be billed."""

from __future__ import annotations

import copy
import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.cost.demand import billing_demand_kw
from powerwall.criteria.cost.tariff import TariffRefusal, read_urdb
from powerwall.criteria.cost.tariff.bill import Tariff
from powerwall.criteria.cost.tariff.calendar import Calendar, months_of, same_all_day
from powerwall.criteria.cost.tariff.charges import Energy, Line, TouDemand
from powerwall.criteria.cost.tariff.tiers import Ladder

FLAT = [[0] * 24] * 12
DAY = [[0] * 8 + [1] * 12 + [0] * 4] * 12
COLUMNS = [
    "energy_usd",
    "demand_flat_usd",
    "demand_tou_usd",
    "fixed_usd",
    "minimum_usd",
    "total_usd",
]
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def energy(*tiers, schedule=FLAT, weekend=None):
    return {
        "energyratestructure": [list(period) for period in tiers],
        "energyweekdayschedule": schedule,
        "energyweekendschedule": schedule if weekend is None else weekend,
    }


def one(rate, **cells):
    return energy([{"rate": rate, **cells}])


def flat(kw):
    return np.full(8760, float(kw))


def total(record, load, **options):
    return float(read_urdb(record).bill(load, **options)["total_usd"].sum())


def wave(peak=1.0, floor=0.4, seed=0):
    rng = np.random.default_rng(seed)
    return peak * (floor + (1 - floor) * rng.random(8760))


# ------------------------------------------------------------------------------- published cases
@pytest.mark.parametrize("name", ["R01", "R04", "R05", "R07", "R12"])
def test_a_published_bill_is_met_in_every_month(shared, name):
    path = shared / "cases" / "tariffs" / f"{name}.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    load = pd.read_csv(path.parent / case["load"]["file"])[case["load"]["column"]].to_numpy()
    bill = read_urdb(case["rate"]).bill(load, **case["bill_options"])
    expected = np.column_stack([case["expected"][column] for column in COLUMNS])
    np.testing.assert_allclose(bill[COLUMNS].to_numpy(), expected, rtol=1e-9, atol=0.01)
    for key, kw in case["expected"]["determinants"].items():
        np.testing.assert_allclose(bill.attrs["memo"][key], kw, rtol=1e-9)
    assert bill.index.tolist() == list(range(1, 13))
    assert bill.index.name == "month"


def test_the_published_rates_of_the_optimiser_fixtures_are_read(shared):
    folder = shared / "data" / "tariffs_urdb_fixtures"
    record = json.loads((folder / "urdb_multi_tier.json").read_text(encoding="utf-8"))
    bill = read_urdb(record).bill(flat(1000))
    assert bill["fixed_usd"].iloc[0] == pytest.approx(3.298 * 365 / 12)
    assert (bill["total_usd"] > 0).all()


# ------------------------------------------------------------------------------------ by hand
def test_energy_demand_and_a_fixed_charge_by_hand():
    record = one(0.045, adj=0.003) | {
        "flatdemandstructure": [[{"rate": 12.0}]], "flatdemandmonths": [0] * 12, "fixedchargefirstmeter": 2500, "fixedchargeunits": "$/month",
    }  # fmt: skip
    assert total(record, flat(300_000)) == pytest.approx(169_374_000.0, rel=1e-12)


def test_the_tiers_of_a_month_are_climbed_once_by_all_periods_together():
    # 744 h at 2 kW, half in each period, bound 1000 kWh, prices .10/.20 and .30/.50
    ladders = (
        [{"rate": 0.1, "max": 1000}, {"rate": 0.2}],
        [{"rate": 0.3, "max": 1000}, {"rate": 0.5}],
    )
    half = [[0] * 12 + [1] * 12] * 12
    tariff = read_urdb(energy(*ladders, schedule=half))
    assert tariff.bill(flat(2))["energy_usd"].loc[1] == pytest.approx(370.80)
    apart = Energy(
        tariff.charges[0].ladders,
        tariff.charges[0].schedule,
        ("kwh", "kwh"),
        Line("energy", "", ""),
        pooling="period",
    )
    assert Tariff(charges=(apart,)).bill(flat(2))["energy_usd"].loc[1] == pytest.approx(297.60)


@pytest.mark.parametrize(
    ("unit", "bound", "kwh"),
    [
        ("kWh", 1000, 1000), ("kWh daily", 10, 310), ("kWh/kW", 200, 400), ("kWh/kW daily", 5, 310), ("kWh/hp", 200, 400 / 0.745699872),
        ("kWh/kVA", 200, 400 / 0.95), ("KWH/KW", 200, 400),
    ],
)  # fmt: skip
def test_a_bound_in_each_unit_is_so_many_kilowatt_hours_in_january(unit, bound, kwh):
    record = energy([{"rate": 1.0, "max": bound, "unit": unit}, {"rate": 0.0}])
    bill = read_urdb(record).bill(flat(2), power_factor=0.95)  # 1,488 kWh in January
    assert bill["energy_usd"].loc[1] == pytest.approx(kwh, rel=1e-12)


def test_the_last_tier_is_open_whatever_its_bound_and_says_how_much_lies_above():
    tariff = read_urdb(one(0.05, max=1000.0))
    bill = tariff.bill(flat(2))
    assert bill["total_usd"].sum() == pytest.approx(0.05 * 2 * 8760)
    assert any("last-tier-opened" in f.message for f in tariff.findings)
    above = sum(max(0, 48 * days - 1000) for days in DAYS)
    assert any(f"{above:,.0f} kWh" in f.message for f in bill.attrs["findings"])


def test_every_period_of_time_of_use_demand_pays_its_own_peak():
    record = one(0.0) | {
        "demandratestructure": [[{"rate": 1.0}], [{"rate": 10.0, "max": 50}, {"rate": 20.0}]],
        "demandweekdayschedule": DAY, "demandweekendschedule": FLAT,
    }  # fmt: skip
    load = flat(40)
    load[10] = 80.0  # Monday 1 January, 10:00, in period 1
    bill = read_urdb(record).bill(load)
    assert bill["demand_tou_usd"].loc[1] == pytest.approx(40 + 50 * 10 + 30 * 20)
    assert bill["demand_tou_usd"].loc[2] == pytest.approx(40 + 40 * 10)


@pytest.mark.parametrize(("unit", "factor"), [("kW", 1), ("kVA", 1 / 0.9), ("hp", 1 / 0.745699872)])
def test_demand_is_billed_in_the_unit_of_the_sheet(unit, factor):
    record = {
        "flatdemandstructure": [[{"rate": 10}]],
        "flatdemandmonths": [0] * 12,
        "flatdemandunit": unit,
    }
    assert total(record, flat(100), power_factor=0.9) == pytest.approx(12 * 1000 * factor)
    tou = {
        "demandratestructure": [[{"rate": 10}]],
        "demandweekdayschedule": FLAT,
        "demandweekendschedule": FLAT,
        "demandrateunit": unit,
    }
    assert total(tou, flat(100), power_factor=0.9) == pytest.approx(12 * 1000 * factor)


def test_a_ratchet_looks_back_and_not_at_the_month_itself():
    record = {
        "flatdemandstructure": [[{"rate": 1}]],
        "flatdemandmonths": [0] * 12,
        "lookbackpercent": 0.8,
        "lookbackrange": 11,
    }
    load = np.repeat(
        np.array([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 240, 210.0]), DAYS * 24
    )
    bill = read_urdb(record).bill(load)
    assert bill["demand_flat_usd"].tolist() == [
        30,
        60,
        90,
        120,
        150,
        180,
        210,
        240,
        270,
        300,
        240,
        240,
    ]


def test_source_months_and_source_hours_by_the_table_of_a_written_sheet():
    every = [150, 148, 152, 160, 170, 176, 180, 178, 172, 165, 158, 154]
    on_peak = [140, 139, 141, 155, 168, 175, 179, 176, 169, 160, 150, 146]
    prior = [0, 0, 0, 0, 230, 235, 240, 238, 228, 220, 0, 0]
    options = {
        "source_months": range(5, 11),
        "source_peak_kw": on_peak,
        "window_includes_current": True,
    }
    billed = billing_demand_kw(every, 0.8, 11, prior=prior, **options)
    assert billed.tolist() == pytest.approx(
        [192, 192, 192, 192, 192, 192, 190.4, 182.4, 176, 165, 158, 154]
    )
    assert billing_demand_kw(every, 0.8, 11, **options).tolist() == pytest.approx(every)


@pytest.mark.parametrize(
    ("bad", "words"),
    [({"share": 80}, "0 to 1"), ({"share": 0.8, "months": 13}, "12"), ({"share": 0.8, "months": 3, "prior": "last"}, "prior"),
     ({"share": 0.8, "months": 3, "prior": [1, 2]}, "twelve")],
)  # fmt: skip
def test_a_ratchet_that_makes_no_sense_is_an_error(bad, words):
    with pytest.raises(ValueError, match=words):
        billing_demand_kw([1.0] * 12, **bad)


def test_both_minimum_bills_may_bind_and_their_additions_add_up():
    # subtotals 100 in ten months and 40 in two; minimum 60 a month and 1,150 a year
    record = {"fixedchargefirstmeter": 40, "fixedchargeunits": "$/month", "minmonthlycharge": 60, "annualmincharge": 1150,
              "flatdemandstructure": [[{"rate": 60}], [{"rate": 0}]], "flatdemandmonths": [0] * 10 + [1] * 2}  # fmt: skip
    bill = read_urdb(record).bill(flat(1))
    assert bill["minimum_usd"].tolist() == [0] * 10 + [20, 90]
    assert bill["total_usd"].sum() == 1190


@pytest.mark.parametrize(
    ("unit", "monthly"), [("$/month", 30.0), ("$/day", 30 * 365 / 12), ("$/year", 2.5)]
)
def test_fixed_charges_and_minimums_by_month_day_and_year(unit, monthly):
    bill = read_urdb({"fixedchargefirstmeter": 30, "fixedchargeunits": unit}).bill(flat(0))
    assert bill["fixed_usd"].tolist() == pytest.approx([monthly] * 12)
    least = read_urdb({"fixedchargefirstmeter": 0, "mincharge": 30, "minchargeunits": unit}).bill(
        flat(0)
    )
    assert least["total_usd"].sum() == pytest.approx(30.0 if unit == "$/year" else 12 * monthly)


def test_fuel_adjustments_stand_in_a_column_of_their_own():
    fuel = [0.001 * month for month in range(1, 13)]
    bill = read_urdb(one(0.05) | {"fueladjustmentsmonthly": fuel}).bill(flat(10))
    assert bill["fuel_adjustment_usd"].tolist() == pytest.approx((240 * DAYS * fuel).tolist())
    assert bill["total_usd"].sum() == pytest.approx(bill.drop(columns="total_usd").to_numpy().sum())


def test_a_charge_per_kvar_needs_the_power_factor():
    record = one(0.0) | {"demandreactivepowercharge": 0.5}
    assert total(record, flat(100), power_factor=0.8) == pytest.approx(12 * 100 * 0.75 * 0.5)
    with pytest.raises(TariffRefusal, match="power-factor-needed"):
        read_urdb(record).bill(flat(100))


def coincident(rate=2.0):
    return one(0.0) | {
        "coincidentratestructure": [[{"rate": 0}], [{"rate": rate}]],
        "coincidentrateschedule": [[0] * 24] * 6
        + [[0] * 16 + [1] * 2 + [0] * 6] * 2
        + [[0] * 24] * 4,
    }


def test_a_charge_at_the_systems_peak_takes_its_hours_or_a_stated_share():
    load = flat(100)
    july = int(DAYS[:6].sum() * 24)
    load[july + 17] = 60.0
    steps = [july + 17, july + 31 * 24 + 16]
    bill = read_urdb(coincident()).bill(load, coincident_steps=steps)
    assert bill["coincident_usd"].tolist() == pytest.approx([0] * 6 + [120, 200] + [0] * 4)
    share = read_urdb(coincident()).bill(flat(100), coincidence_share=0.9)
    assert share["coincident_usd"].sum() == pytest.approx(2 * 2 * 90)


def test_an_hourly_price_replaces_the_rates_and_may_be_negative():
    price = np.where(np.arange(8760) % 2, -0.01, 0.05)
    load = wave(100)
    record = one(0.9) | {"fixedchargefirstmeter": 10, "fixedchargeunits": "$/month"}
    bill = read_urdb(record).bill(load, energy_price_usd_per_kwh=price)
    assert bill["energy_usd"].sum() == pytest.approx(float(price @ load))
    assert bill["fixed_usd"].sum() == 120


def test_a_real_year_has_its_weekdays_leap_day_and_holidays():
    record = energy([{"rate": 1.0}], [{"rate": 0.0}], schedule=FLAT, weekend=[[1] * 24] * 12)
    tariff = read_urdb(record)
    leap = tariff.bill(np.ones(8784), year=2028)
    # February 2028 has 29 days, 8 of them Saturdays or Sundays
    assert leap["energy_usd"].loc[2] == pytest.approx(21 * 24)
    free = tariff.bill(np.ones(8784), year=2028, holidays=[date(2028, 2, 1)])
    assert free["energy_usd"].loc[2] == pytest.approx(20 * 24)
    assert any("no-holidays" in f.message for f in leap.attrs["findings"])
    with pytest.raises(TariffRefusal, match="load-invalid"):
        tariff.bill(np.ones(8760), year=2028)


def test_the_first_of_january_is_a_monday_where_no_year_is_named():
    record = energy([{"rate": 1.0}], [{"rate": 0.0}], schedule=FLAT, weekend=[[1] * 24] * 12)
    assert read_urdb(record).bill(flat(1))["energy_usd"].loc[1] == 23 * 24  # 31 days, four weekends


def test_the_demand_meter_averages_over_its_window():
    record = {
        "flatdemandstructure": [[{"rate": 1}]],
        "flatdemandmonths": [0] * 12,
        "demandwindow": 30,
    }
    load = np.ones(8760 * 4)
    load[1] = 9.0  # a quarter of an hour in the first half hour
    assert read_urdb(record).bill(load)["demand_flat_usd"].loc[1] == 5.0
    coarse = read_urdb(record).bill(flat(1))
    assert any("window-coarse" in f.message for f in coarse.attrs["findings"])


def test_a_sheet_of_delivery_alone_is_no_price():
    record = one(0.01) | {"servicetype": "Delivery"}
    with pytest.raises(TariffRefusal, match="stack-incomplete"):
        read_urdb(record).bill(flat(1))
    assert total(record, flat(1), supply_elsewhere=True) == pytest.approx(87.6)
    assert total(
        record | {"servicetype": "Delivery with Standard Offer"}, flat(1)
    ) == pytest.approx(87.6)


def test_what_stands_behind_each_column_is_told():
    lines = read_urdb(coincident() | {"label": "abc"}).lines
    assert lines.loc["coincident_usd", ["component", "rate", "layer"]].tolist() == [
        "transmission",
        "0/2 USD/kW",
        "abc",
    ]
    assert list(lines.columns) == ["component", "determinant", "rate", "layer", "source"]


# ----------------------------------------------------------------------------------- findings
@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"fixedchargefirstmeter": 5}, "unit-assumed"), ({"lookbackpercent": 0.5}, "ratchet-lookback-assumed"),
        ({"demandratchetpercentage": [0.5] * 12}, "ratchet-lookback-assumed"),
        ({"lookbackpercent": 0.5, "lookbackmonths": [0] * 5 + [1] * 6 + [0]}, "ratchet-months-ambiguous"),
        ({"description": "Plus the Storm Rider."}, "riders-in-prose"), ({"enddate": 1_600_000_000}, "retired"),
        ({"startdate": "2026-01-01", "enddate": "2020-01-01"}, "after its end"),
        ({"lookbackpercent": 0.5, "lookbackrange": 3, "demandratestructure": [[{"rate": 1}]], "demandweekdayschedule": FLAT,
          "demandweekendschedule": FLAT}, "ratchet-target-assumed"),
    ],
)  # fmt: skip
def test_what_is_assumed_is_a_finding(extra, word):
    assert any(word in f.message for f in read_urdb(one(0.05) | extra).findings)


def test_a_record_without_any_charge_says_that_its_bill_is_nil():
    assert any(
        "no-charge" in f.message for f in read_urdb({"energyrates": [[{"rate": 0.05}]]}).findings
    )


def test_an_old_record_is_stale_where_a_day_is_given():
    record = one(0.05) | {"latest_update": "2015-06-01"}
    assert any("stale" in f.message for f in read_urdb(record, as_of=date(2026, 1, 1)).findings)
    assert read_urdb(record).findings == ()


# ----------------------------------------------------------------------------------- refusals
def structure(**cells):
    return energy([{"rate": 0.05, **cells}])


def broken(record, key, value):
    changed = copy.deepcopy(record)
    changed[key] = value
    return changed


@pytest.mark.parametrize(
    ("record", "code", "place"),
    [
        (structure(unit="therms"), "unknown-unit", "energyratestructure[0][0].unit"),
        (structure(unit="MWh"), "unknown-unit", "energyratestructure[0][0].unit"),
        (energy([{"rate": 1, "max": 5, "unit": "kWh"}, {"rate": 1, "unit": "kWh/kW"}]), "mixed-units", "energyratestructure[0]"),
        (energy([{"rate": 1, "max": 9}, {"rate": 1, "max": 5}, {"rate": 1}]), "tier-order", "energyratestructure[0]"),
        (energy([{"rate": 1, "max": -3}, {"rate": 1}]), "tier-order", "energyratestructure[0]"),
        (energy([{"rate": 1}, {"rate": 1, "max": 5}]), "tier-order", "energyratestructure[0]"),
        (energy([{"rate": 1, "max": 5}, {"rate": 1}], [{"rate": 1, "max": 6}, {"rate": 1}], schedule=DAY), "tier-bounds-differ",
         "energyweekdayschedule[0]"),
        (energy([{"rate": 1, "max": 5}, {"rate": 1}], [{"rate": 1}], schedule=DAY), "tier-bounds-differ", "energyweekdayschedule[0]"),
        (energy([{"max": 5, "unit": "kWh"}]), "tier-without-rate", "energyratestructure[0][0]"),
        (broken(one(1), "energyweekdayschedule", [[0] * 24] * 11), "schedule-shape", "energyweekdayschedule"),
        (broken(one(1), "energyweekdayschedule", [[0] * 23] * 12), "schedule-shape", "energyweekdayschedule"),
        (broken(one(1), "energyweekdayschedule", [[0.5] * 24] * 12), "schedule-shape", "energyweekdayschedule[0][0]"),
        (broken(one(1), "energyweekdayschedule", [["a"] * 24] * 12), "schedule-shape", "energyweekdayschedule[0][0]"),
        (broken(one(1), "energyweekendschedule", None), "schedule-shape", "energyweekendschedule"),
        (broken(one(1), "energyratestructure", None) | {"energyweekdayschedule": DAY}, "schedule-shape", "energyweekdayschedule"),
        (broken(one(1), "energyratestructure", "0.05"), "schedule-shape", "energyratestructure"),
        (broken(one(1), "energyratestructure", [["0.05"]]), "schedule-shape", "energyratestructure[0][0]"),
        ({"flatdemandstructure": [[{"rate": 1}]]}, "schedule-shape", "flatdemandmonths"),
        ({"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 11}, "schedule-shape", "flatdemandmonths"),
        (energy([{"rate": 1}], schedule=[[0] * 23 + [1]] * 12), "schedule-undefined-period", "energyweekdayschedule[0][23]"),
        (energy([{"rate": 1}], [], schedule=DAY), "schedule-undefined-period", "energyweekdayschedule"),
        (energy([{}]), "tier-without-rate", "energyratestructure[0][0]"),
        (energy([{"rate": 1}], schedule=[[-1] * 24] * 12), "schedule-undefined-period", "energyweekdayschedule[0][0]"),
        ({"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 11 + [1]}, "schedule-undefined-period", "flatdemandmonths[11]"),
        (one(1) | {"lookbackpercent": 0.8, "lookbackrange": 3, "lookbackmonths": [1] + [0] * 11}, "ratchet-conflict", "lookbackmonths"),
        (one(1) | {"lookbackpercent": 80}, "share-out-of-range", "lookbackpercent"),
        (one(1) | {"demandratchetpercentage": [80] * 12}, "share-out-of-range", "lookbackpercent"),
        (one(1) | {"mincharge": 30}, "minimum-without-unit", "minchargeunits"),
        (one(1) | {"mincharge": 30, "minchargeunits": "$/kW"}, "unknown-unit", "minchargeunits"),
        (one(1) | {"fixedchargefirstmeter": 30, "fixedchargeunits": "$/h"}, "unknown-unit", "fixedchargeunits"),
        (one(1) | {"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 12, "flatdemandunit": "kW daily"}, "unknown-unit", "flatdemandunit"),
        (one(1) | {"demandrateunit": "kVA daily"}, "unknown-unit", "demandrateunit"),
        (one(1) | {"description": "This rate cannot be modeled by the database."}, "not-modelled", "description"),
        (one(10_984), "implausible-rate", "energyratestructure[0]"),
        ({"flatdemandstructure": [[{"rate": 1200}]], "flatdemandmonths": [0] * 12}, "implausible-rate", "flatdemandstructure[0]"),
        (structure(max="many"), "not-a-number", "energyratestructure[0][0].max"),
        (one("cheap"), "not-a-number", "energyratestructure[0][0].rate"),
        (one(0.05) | {"fueladjustmentsmonthly": ["x"] + [0] * 11}, "not-a-number", "fueladjustmentsmonthly[0]"),
    ],
)  # fmt: skip
def test_what_cannot_be_billed_is_refused_with_its_place(record, code, place):
    with pytest.raises(TariffRefusal) as caught:
        read_urdb(record)
    assert (code, place) in [(one_.code, one_.place) for one_ in caught.value.refusals]
    assert isinstance(caught.value, ValueError)
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("load", "options", "code"),
    [
        (np.ones(100), {}, "load-invalid"), (np.ones(8760 * 7), {}, "load-invalid"), (np.r_[np.nan, np.ones(8759)], {}, "load-invalid"),
        (np.r_[-1.0, np.ones(8759)], {}, "load-invalid"), (np.r_[np.inf, np.ones(8759)], {}, "load-invalid"), (["a"] * 8760, {}, "load-invalid"),
        (np.ones((8760, 1)), {}, "load-invalid"), (np.ones(8760), {"energy_price_usd_per_kwh": np.ones(24)}, "price-length"),
        (np.ones(8760), {"energy_price_usd_per_kwh": np.full(8760, np.nan)}, "price-length"),
    ],
)  # fmt: skip
def test_a_load_or_a_price_that_does_not_do_is_refused(load, options, code):
    with pytest.raises(TariffRefusal, match=code):
        read_urdb(one(0.05)).bill(load, **options)


def test_a_charge_at_the_systems_peak_without_hours_is_refused_by_the_bill():
    tariff = read_urdb(coincident())
    with pytest.raises(TariffRefusal, match="coincident-without-hours"):
        tariff.bill(flat(1))
    with pytest.raises(TariffRefusal, match="coincident_steps"):
        tariff.bill(flat(1), coincident_steps=[9000])
    assert total(coincident(rate=0.0), flat(1)) == 0


def test_all_reasons_are_told_at_once():
    record = structure(unit="therms") | {"mincharge": 5, "fixedchargefirstmeter": "x"}
    with pytest.raises(TariffRefusal) as caught:
        read_urdb(record)
    assert {one_.code for one_ in caught.value.refusals} == {
        "unknown-unit",
        "minimum-without-unit",
        "not-a-number",
    }


# ---------------------------------------------------------------------------------- properties
PRICES = st.floats(0, 0.5)


@st.composite
def records(draw):
    """Records of two periods with equal bounds, demand, a ratchet and a fixed charge; prices of 0 or more."""
    bounds = sorted(draw(st.lists(st.floats(1e3, 1e6), min_size=1, max_size=3, unique=True)))
    tiers = [
        [{"rate": draw(PRICES), **({"max": b} if b is not None else {})} for b in (*bounds, None)]
        for _ in range(2)
    ]
    return energy(*tiers, schedule=DAY, weekend=FLAT) | {
        "flatdemandstructure": [[{"rate": draw(st.floats(0, 20)), "max": draw(st.floats(10, 1e5))}, {"rate": draw(st.floats(0, 20))}]],
        "flatdemandmonths": [0] * 12,
        "demandratestructure": [[{"rate": draw(st.floats(0, 9))}], [{"rate": draw(st.floats(0, 9))}]],
        "demandweekdayschedule": DAY, "demandweekendschedule": FLAT,
        "lookbackpercent": draw(st.floats(0, 1)), "lookbackrange": 11, "fixedchargefirstmeter": draw(st.floats(-50, 500)), "fixedchargeunits": "$/month",
    }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(records(), st.integers(0, 10**6))
def test_the_total_is_the_sum_of_the_columns_and_all_is_finite(record, seed):
    bill = read_urdb(record).bill(wave(500, seed=seed))
    assert np.isfinite(bill.to_numpy()).all()
    np.testing.assert_allclose(
        bill["total_usd"], bill.drop(columns="total_usd").sum(axis=1), rtol=1e-12, atol=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(PRICES, min_size=2, max_size=2),
    st.floats(0, 20),
    st.floats(0, 1),
    st.integers(0, 10**6),
)
def test_more_load_never_costs_less_where_energy_has_one_tier(rates, demand, share, seed):
    record = energy([{"rate": rates[0]}], [{"rate": rates[1]}], schedule=DAY) | {
        "flatdemandstructure": [[{"rate": demand}]], "flatdemandmonths": [0] * 12, "lookbackpercent": share, "lookbackrange": 6,
    }  # fmt: skip
    low = wave(100, seed=seed)
    high = low + np.random.default_rng(seed + 1).random(8760)
    assert (
        read_urdb(record).bill(low)["total_usd"] <= read_urdb(record).bill(high)["total_usd"] + 1e-9
    ).all()


def test_pooling_may_make_more_load_cheaper_as_the_sheets_have_it():
    record = energy(
        [{"rate": 0.0, "max": 1000}, {"rate": 0.0}],
        [{"rate": 0.3, "max": 1000}, {"rate": 0.01}],
        schedule=[[0] * 12 + [1] * 12] * 12,
    )
    low, high = flat(2), np.where(np.arange(8760) % 24 < 12, 20.0, 2.0)
    assert total(record, high) < total(record, low)


@settings(max_examples=20, deadline=None)
@given(records(), st.floats(0.1, 50), st.integers(0, 10**6))
def test_everything_times_a_factor_is_the_bill_times_it(record, factor, seed):
    scaled = copy.deepcopy(record)
    for key in ("energyratestructure", "flatdemandstructure", "demandratestructure"):
        for tiers in scaled[key]:
            for tier in tiers:
                if "max" in tier:
                    tier["max"] *= factor
    scaled["fixedchargefirstmeter"] *= factor
    load = wave(500, seed=seed)
    assert total(scaled, factor * load) == pytest.approx(
        factor * total(record, load), rel=1e-9, abs=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(records(), st.integers(0, 10**6), st.sampled_from([2, 4, 12]))
def test_splitting_each_hour_leaves_the_bill_alone(record, seed, parts):
    load = wave(500, seed=seed)
    assert total(record, np.repeat(load, parts)) == pytest.approx(total(record, load), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(records(), st.integers(0, 10**6))
def test_swapping_steps_of_one_period_and_day_type_leaves_energy_alone(record, seed):
    load = wave(500, seed=seed)
    swapped = load.copy()
    swapped[[2, 26]] = load[[26, 2]]  # Monday and Tuesday, 02:00
    tariff = read_urdb(record)
    np.testing.assert_allclose(
        tariff.bill(swapped)["energy_usd"], tariff.bill(load)["energy_usd"], rtol=1e-12
    )


@settings(max_examples=15, deadline=None)
@given(records(), st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_splitting_a_tier_at_equal_prices_leaves_the_bill_alone(record, seed, where):
    split = copy.deepcopy(record)
    for tiers in split["energyratestructure"]:
        tiers.insert(0, {**tiers[0], "max": where * tiers[0]["max"]})
    load = wave(500, seed=seed)
    assert total(split, load) == pytest.approx(total(record, load), rel=1e-9, abs=1e-9)


def test_two_periods_with_one_ladder_are_one_period():
    ladder = [{"rate": 0.05, "max": 5000}, {"rate": 0.03}]
    load = wave(100)
    assert total(energy(ladder, ladder, schedule=DAY), load) == pytest.approx(
        total(energy(ladder), load)
    )


PEAKS = st.lists(st.floats(0, 1e6), min_size=12, max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    PEAKS,
    PEAKS,
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 12),
    st.integers(0, 12),
    st.floats(0, 1e6),
)
def test_billing_demand_never_falls_with_share_months_prior_or_floor(
    peaks, prior, a, b, m, n, floor
):
    low, high, few, many = min(a, b), max(a, b), min(m, n), max(m, n)
    base = billing_demand_kw(peaks, low, few, prior=prior)
    assert (base >= np.array(peaks)).all()
    assert (billing_demand_kw(peaks, high, few, prior=prior) >= base).all()
    assert (billing_demand_kw(peaks, low, many, prior=prior) >= base).all()
    assert (billing_demand_kw(peaks, low, few, prior=np.array(prior) + 1) >= base).all()
    assert (billing_demand_kw(peaks, low, few, prior=prior, floor_kw=floor) >= base).all()
    assert billing_demand_kw(peaks).tolist() == peaks


@settings(max_examples=15, deadline=None)
@given(records(), st.floats(0, 1e6))
def test_a_minimum_bill_is_reached_and_adds_nothing_where_it_is_nil(record, least):
    load = wave(500)
    bill = read_urdb(record | {"mincharge": least, "minchargeunits": "$/month"}).bill(load)
    assert (bill["total_usd"] >= least - 1e-6).all()
    assert (bill["minimum_usd"] >= 0).all()
    assert read_urdb(record).bill(load)["minimum_usd"].sum() == 0


@settings(max_examples=20, deadline=None)
@given(
    records(),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=5),
    st.floats(0, 1e5),
    st.integers(0, 10**6),
)
def test_many_loads_of_one_shape_cost_what_each_would_alone(record, peaks, floor, seed):
    tariff, shape = read_urdb(record), wave(seed=seed)
    shape /= shape.max()
    together = tariff.annual_usd(tariff.determinants(shape), peaks, minimum_demand_kw=floor)
    alone = [total(record, shape * peak, minimum_demand_kw=floor) for peak in peaks]
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-6)
    backwards = tariff.annual_usd(tariff.determinants(shape), peaks[::-1], minimum_demand_kw=floor)
    np.testing.assert_array_equal(backwards[::-1], together)


def test_more_loads_than_fit_at_once_are_billed_alike():
    tariff = read_urdb(one(0.05))
    peaks = np.linspace(0, 1e5, 20_001)
    np.testing.assert_allclose(
        tariff.annual_usd(tariff.determinants(flat(1)), peaks), 0.05 * 8760 * peaks, rtol=1e-12
    )


@settings(max_examples=10, deadline=None)
@given(records())
def test_a_record_is_read_twice_alike_and_stays_as_it_was(record):
    before = copy.deepcopy(record)
    assert read_urdb(record) == read_urdb(record)
    assert record == before


def test_keys_may_be_in_any_case_and_unknown_ones_are_passed_over():
    record = {key.upper(): value for key, value in one(0.05).items()} | {"SomethingElse": object()}
    assert total(record, flat(1)) == pytest.approx(438)


def test_a_period_without_tiers_that_nobody_names_costs_nothing():
    record = energy([{"rate": 0.05}], [], [{"rate": 0.07}], schedule=[[0] * 12 + [2] * 12] * 12)
    assert total(record, flat(1)) == pytest.approx(4380 * 0.12)


def test_every_step_of_a_year_has_its_month():
    months = months_of(Calendar(4))
    assert len(months) == 8760 * 4
    assert np.bincount(months).tolist() == (DAYS * 96).tolist()
    assert same_all_day().periods == 1


def test_a_period_that_is_floored_is_billed_on_the_contract_minimum_too():
    ladders = (Ladder((math.inf,), (2.0,)),)
    for floored, expected in (((), 10.0), ((0,), 50.0)):
        charge = TouDemand(ladders, same_all_day(), Line("generation", "", ""), floored=floored)
        assert (
            Tariff(charges=(charge,)).bill(flat(10), minimum_demand_kw=50)["demand_tou_usd"].loc[1]
            == 2 * expected
        )
