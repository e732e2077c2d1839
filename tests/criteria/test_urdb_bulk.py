"""Bulk rows: columns of the rate database's table become the record that its JSON interface gives.

All rows are made by hand; none is a published rate.
"""

from __future__ import annotations

import copy
import json

import pandas as pd
import pytest

from powerwall.criteria.cost.tariff import TariffRefusal, read_urdb
from powerwall.criteria.cost.tariff.bulk import is_bulk_row, record_of

RATE = "energyratestructure/period0/tier0rate"
FLAT_RATE = "flatdemandstructure/period0/tier0rate"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NOUGHT = [[0] * 24] * 12
DAY = [[0] * 8 + [1] * 12 + [0] * 4] * 12


def sheet(**cells):
    """A synthetic row with one price of energy all year."""
    schedule = json.dumps(NOUGHT)
    return {RATE: "0.05", "energyweekdayschedule": schedule, "energyweekendschedule": schedule} | cells  # fmt: skip


def flat_demand(cells):
    return sheet() | {FLAT_RATE: "9.5", "flatdemandstructure/period1/tier0rate": "12"} | cells


def refusals(row):
    with pytest.raises(TariffRefusal) as caught:
        read_urdb(row)
    return {(one.code, one.place) for one in caught.value.refusals}


@pytest.mark.parametrize("column", [
    RATE, "energyRateStructure/Period0/Tier0Rate", "energyratestructure/period0tier0rate", "ENERGYRATESTRUCTURE/PERIOD34/TIER10SELL",
    "flatdemandstructure/period2/tier1max", "coincidentratestructure/period0/tier0adj",
])  # fmt: skip
def test_a_row_is_known_by_its_columns_even_where_the_cell_is_empty(column):
    assert is_bulk_row({"label": "made-up", column: ""})


@pytest.mark.parametrize("record", [{}, {"energyratestructure": [[{"rate": 0.05}]]}, {"energyratestructure/period0/tier0rates": 1}])  # fmt: skip
def test_a_record_of_the_json_interface_is_no_row(record):
    assert not is_bulk_row(record)


@pytest.mark.parametrize("spelling", ["period{}/tier{}{}", "period{}tier{}{}", "Period{}/Tier{}{}"])
def test_every_spelling_of_a_tier_gives_the_same_structure(spelling):
    cells = {(0, 0, "rate"): "0.1", (0, 0, "max"): "500", (0, 1, "rate"): "0.2", (1, 0, "rate"): ".3"}  # fmt: skip
    row = {f"energyratestructure/{spelling.format(*at)}": value for at, value in cells.items()}
    assert record_of(row) == {"energyratestructure": [[{"rate": 0.1, "max": 500.0}, {"rate": 0.2}], [{"rate": 0.3}]]}  # fmt: skip


def test_all_cells_of_a_tier_are_kept_and_its_unit_stays_text():
    start = "energyratestructure/period0/tier0"
    row = {f"{start}rate": "0.05", f"{start}adj": "-0.01", f"{start}max": "1000", f"{start}unit": "kWh daily", f"{start}sell": "0.02"}  # fmt: skip
    tier = {"rate": 0.05, "adj": -0.01, "max": 1000.0, "unit": "kWh daily", "sell": 0.02}
    assert record_of(row) == {"energyratestructure": [[tier]]}


def test_a_default_unit_or_a_price_for_selling_makes_no_tier_no_period_and_no_structure():
    row = sheet() | {
        "energyratestructure/period0/tier0unit": "kWh", "energyratestructure/period0/tier1unit": "kWh", "energyratestructure/period1/tier0unit": "kWh",
        "energyratestructure/period24/tier0sell": "0.03", "demandratestructure/period0/tier0unit": "kW",
    }  # fmt: skip
    record = record_of(row)
    assert record["energyratestructure"] == [[{"rate": 0.05, "unit": "kWh"}]]
    assert "demandratestructure" not in record


@pytest.mark.parametrize("cell", ["adj", "max"])
def test_a_tier_with_an_adjustment_or_a_bound_alone_is_there(cell):
    row = sheet() | {f"energyratestructure/period1/tier0{cell}": "2"}
    assert record_of(row)["energyratestructure"][1] == [{cell: 2.0}]
    assert ("tier-without-rate", "energyratestructure[1][0]") in refusals(row)


def test_periods_that_are_absent_at_the_end_are_left_off():
    row = sheet() | {"energyratestructure/period1/tier0rate": "", "energyratestructure/period2/tier0rate": None}  # fmt: skip
    assert record_of(row)["energyratestructure"] == [[{"rate": 0.05}]]


def test_a_hole_between_periods_keeps_its_place_so_that_schedules_keep_their_meaning():
    row = sheet() | {"energyratestructure/period2/tier0rate": "0.0"}
    assert record_of(row)["energyratestructure"] == [[{"rate": 0.05}], [], [{"rate": 0.0}]]


def test_a_hole_between_tiers_is_not_closed_up_and_is_refused_later():
    row = sheet() | {"energyratestructure/period0/tier0max": "100", "energyratestructure/period0/tier2rate": "0.09"}  # fmt: skip
    assert record_of(row)["energyratestructure"] == [[{"rate": 0.05, "max": 100.0}, {}, {"rate": 0.09}]]  # fmt: skip
    assert ("tier-without-rate", "energyratestructure[0][1]") in refusals(row)


def test_periods_and_tiers_are_ordered_by_number_not_by_column():
    row = {f"energyratestructure/period{p}/tier0rate": str(p / 100) for p in (10, 2, 0, 1)}
    row |= {f"energyratestructure/period{p}/tier0rate": str(p / 100) for p in range(3, 10)}
    assert [tiers[0]["rate"] for tiers in record_of(row)["energyratestructure"]] == [p / 100 for p in range(11)]  # fmt: skip


@pytest.mark.parametrize("empty", ["", "  ", None, float("nan"), pd.NA, pd.NaT, "nan", "NaN"])
def test_an_empty_cell_is_an_absent_key(empty):
    row = sheet() | {"energyratestructure/period1/tier0rate": empty, "mincharge": empty, "name": empty, "demandweekdayschedule": empty}  # fmt: skip
    row |= {f"flatDemandMonth_{month}": empty for month in MONTHS}
    record = record_of(row)
    assert len(record["energyratestructure"]) == 1
    assert not {"mincharge", "name", "demandweekdayschedule", "flatdemandmonths"} & record.keys()


def test_a_row_that_pandas_read_gives_the_record_of_the_same_row_as_text(tmp_path):
    path = tmp_path / "rows.csv"
    row = sheet() | {"eiaid": "14328", "fixedchargefirstmeter": "68.43", "mincharge": ""}
    pd.DataFrame([row, sheet() | {"eiaid": "", "mincharge": "5"}]).to_csv(path, index=False)
    read = pd.read_csv(path).to_dict("records")[0]
    assert record_of(read) == record_of(row)


@pytest.mark.parametrize("text", ["n/a", "0,05", "see rider"])
def test_a_number_in_words_is_kept_and_refused_with_its_place(text):
    row = sheet(fixedchargefirstmeter=text) | {RATE: text}
    assert record_of(row)["energyratestructure"] == [[{"rate": text}]]
    assert record_of(row)["fixedchargefirstmeter"] == text
    assert {("not-a-number", "energyratestructure[0][0].rate"), ("not-a-number", "fixedchargefirstmeter")} <= refusals(row)  # fmt: skip


def test_a_schedule_is_read_from_the_text_of_its_cell():
    row = sheet(energyweekdayschedule=json.dumps(DAY))
    assert record_of(row)["energyweekdayschedule"] == DAY


def test_long_integers_of_an_old_printer_are_read():
    row = sheet(energyweekdayschedule="[[0L, 1L], [10L, 0]]")
    assert record_of(row)["energyweekdayschedule"] == [[0, 1], [10, 0]]


@pytest.mark.parametrize("text", ["weekdays 9 to 5", "[[0, 0", "0", '{"jan": 0}'])
def test_a_schedule_that_is_no_table_is_kept_as_it_is_and_refused(text):
    row = sheet(energyweekdayschedule=text)
    assert record_of(row)["energyweekdayschedule"] == text
    assert ("schedule-shape", "energyweekdayschedule") in refusals(row)


def test_a_schedule_without_its_structure_is_not_dropped_but_refused():
    row = sheet(demandweekdayschedule=json.dumps(DAY))
    assert record_of(row)["demandweekdayschedule"] == DAY
    assert ("schedule-shape", "demandweekdayschedule") in refusals(row)


def test_the_schedule_of_coincident_demand_is_known_by_both_names():
    for name in ("coincidentRateSchedule", "coincidentSchedule"):
        assert record_of({name: json.dumps(DAY)}) == {"coincidentrateschedule": DAY}


@pytest.mark.parametrize(("column", "months"), [
    ("flatDemandMonth_{}", MONTHS), ("flatdemandmonth_{}", range(12)), ("flatDemandMonth{}", range(12)),
    ("flatdemandmonth{}", range(1, 13)), ("flatdemandmonth{:02}", range(1, 13)), ("flatDemandMonths_{}", range(1, 13)),
])  # fmt: skip
def test_months_of_flat_demand_are_read_however_they_are_counted(column, months):
    values = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]
    row = flat_demand({column.format(month): f"{value}.0" for month, value in zip(months, values, strict=True)})  # fmt: skip
    assert record_of(row)["flatdemandmonths"] == values


def test_an_empty_december_does_not_move_the_months_that_count_from_one():
    row = flat_demand({f"flatdemandmonth{at}": str(at % 2) for at in range(1, 12)} | {"flatdemandmonth12": ""})  # fmt: skip
    assert record_of(row)["flatdemandmonths"] == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, None]


def test_a_month_without_its_index_is_refused_and_not_taken_for_the_first_period():
    row = flat_demand({f"flatDemandMonth_{month}": "1" for month in MONTHS if month != "jun"})
    assert record_of(row)["flatdemandmonths"][5] is None
    assert ("not-a-number", "flatdemandmonths[5]") in refusals(row)


def test_a_thirteenth_month_makes_a_list_that_is_refused():
    row = flat_demand({f"flatdemandmonth{at}": "0" for at in range(13)})
    assert ("schedule-shape", "flatdemandmonths") in refusals(row)


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("1", "0"), (True, False), ("1.0", "")])
def test_look_back_months_are_twelve_flags_and_one_that_is_not_set_is_nought(yes, no):
    row = sheet(**{f"lookbackMonth{at}": yes if 5 <= at <= 8 else no for at in range(12)})
    assert record_of(row)["lookbackmonths"] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("key", ["demandRatchetPercentage", "fuelAdjustmentsMonthly"])
def test_ratchets_and_fuel_adjustments_are_read_by_name_by_number_and_from_one_cell(key):
    values = [round(0.01 * at, 2) for at in range(12)]
    named = {f"{key}_{month}": str(value) for month, value in zip(MONTHS, values, strict=True)}
    counted = {f"{key}{at}": str(value) for at, value in enumerate(values)}
    for cells in (named, counted, {key: json.dumps(values)}):
        assert record_of(cells) == {key.lower(): values}


@pytest.mark.parametrize(("cell", "eiaid"), [("14328.0", 14328), ("14328", 14328), (14328.0, 14328), ("14328.5", 14328.5), ("14328A", "14328A")])  # fmt: skip
def test_the_id_of_a_utility_is_a_whole_number_where_it_is_one(cell, eiaid):
    found = record_of({"eiaId": cell})["eiaid"]
    assert (found, type(found)) == (eiaid, type(eiaid))


def test_charges_and_limits_are_numbers_and_whole_months_are_whole():
    row = {"fixedChargeFirstMeter": "68.43", "minCharge": "-5", "demandWindow": "15.0", "lookbackPercent": "0.8", "lookbackRange": "11.0",
           "peakKwCapacityMin": "500", "demandReactivePowerCharge": "0.25"}  # fmt: skip
    assert record_of(row) == {"fixedchargefirstmeter": 68.43, "mincharge": -5.0, "demandwindow": 15.0, "lookbackpercent": 0.8,
                              "lookbackrange": 11, "peakkwcapacitymin": 500.0, "demandreactivepowercharge": 0.25}  # fmt: skip


@pytest.mark.parametrize("cell", ["24-12-30 23:59:56", "12/31/19", "2026-01-01 00:00:00", "1383199200"])  # fmt: skip
def test_a_date_is_left_as_it_is_written(cell):
    assert record_of({"endDate": cell}) == {"enddate": cell}


def test_labels_names_and_words_stay_text_even_where_they_look_like_numbers():
    row = {"label": "539", "name": "35", "Utility": "Made-up Power", "sector": "Industrial", "serviceType": "Bundled",
           "energyComments": "1e3", "fixedChargeUnits": "$/month"}  # fmt: skip
    assert record_of(row) == {key.lower(): value for key, value in row.items()}


def test_a_unit_beside_no_structure_was_filled_in_and_does_not_refuse_the_row():
    row = sheet(demandRateUnit="kVA daily", flatDemandUnit="hp daily", coincidentRateUnit="hp")
    assert not {"demandrateunit", "flatdemandunit", "coincidentrateunit"} & record_of(row).keys()
    read_urdb(row)
    assert record_of({FLAT_RATE: "9.5", "flatDemandUnits": "kVA"})["flatdemandunit"] == "kVA"


def test_the_row_is_not_changed():
    row = flat_demand({"lookbackMonth0": "True", "eiaid": "1.0"})
    before = copy.deepcopy(row)
    record_of(row)
    assert row == before


def test_a_row_costs_what_the_same_rate_costs_as_a_record():
    row = sheet(energyweekdayschedule=json.dumps(DAY), fixedchargefirstmeter="100", fixedchargeunits="$/month")  # fmt: skip
    row |= {"energyratestructure/period1/tier0rate": "0.08", "energyratestructure/period1/tier0adj": "0.01", "demandrateunit": "kW"}  # fmt: skip
    row |= {FLAT_RATE: "9.5", "flatdemandunit": "kW"} | {f"flatDemandMonth_{month}": "0.0" for month in MONTHS}  # fmt: skip
    record = {
        "energyratestructure": [[{"rate": 0.05}], [{"rate": 0.08, "adj": 0.01}]],
        "energyweekdayschedule": DAY, "energyweekendschedule": NOUGHT,
        "flatdemandstructure": [[{"rate": 9.5}]], "flatdemandmonths": [0] * 12,
        "fixedchargefirstmeter": 100.0, "fixedchargeunits": "$/month",
    }  # fmt: skip
    load = [1000.0] * 8760
    pd.testing.assert_frame_equal(read_urdb(row).bill(load), read_urdb(record).bill(load))
