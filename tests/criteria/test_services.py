"""Services: the catalogue of what a block of power is, bridges by name, and spare machines."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.power.site import services as module
from powerwall.criteria.power.site.services import (
    ALIASES,
    NO_BRIDGE,
    availability,
    gas_parameter,
    parse_bridge,
    service,
    services,
    units_needed,
)

EVERY = [
    pytest.param(one.id, field.name, getattr(one, field.name), id=f"{one.id}.{field.name}")
    for one in services().values()
    for field in dataclasses.fields(one)
    if isinstance(getattr(one, field.name), Parameter)
]


@pytest.mark.parametrize(("name", "field", "number"), EVERY)
def test_a_number_of_a_service_has_a_unit_a_range_round_it_and_a_source(name, field, number):
    assert number.unit.strip()
    assert math.isfinite(number.value)
    assert number.low <= number.value <= number.high
    assert len(number.source) > 10, (name, field)


def test_every_row_of_the_facts_reaches_a_service_or_the_gas():
    table = fact_table("services")
    assert len(EVERY) == (table.service_id != "any").sum()
    for quantity in table.quantity[table.service_id == "any"]:
        assert gas_parameter(quantity).value > 0


@pytest.mark.parametrize("quantity", ["co", "heat"])
def test_another_property_of_gas_is_an_error_that_names_the_known_ones(quantity):
    with pytest.raises(ValueError, match="co2"):
        gas_parameter(quantity)


def test_a_row_of_an_unknown_quantity_is_an_error_and_not_dropped():
    rows = fact_table("services").query("service_id == 'ccgt'").assign(quantity="colour")
    with pytest.raises(ValueError, match="no field for colour"):
        module._service("ccgt", rows)


@pytest.mark.parametrize("one", services().values(), ids=lambda one: one.id)
def test_every_service_states_its_firmness_its_odds_and_a_process_of_the_facts(one):
    assert 0 <= one.firm_share.value <= 1
    assert 0 < one.p_success.value <= 1
    assert one.process_id in set(fact_table("processes").process_id)


def test_engines_carry_the_numbers_of_the_table():
    engines = service("recip")
    assert engines.id == "recip_gas"
    assert engines.capex_usd_per_kw[:4] == (1550, "USD/kW", 1300, 1800)
    assert engines.heat_rate_mmbtu_per_mwh.value == 8.5
    assert engines.unit_availability.value == 0.95
    assert engines.curtailed_h_per_year is None  # not stated is not zero


def test_a_store_lasts_its_hours_and_frees_no_firm_power():
    store = service("bess")
    assert store.duration_h.value == 4
    assert store.firm_share.value == 0
    assert store.losses.value == pytest.approx(0.135)


def test_services_without_a_process_of_their_own_state_a_lead_time():
    assert service("solar").lead_time_p50_months.value == 18
    assert service("solar").lead_time_p90_months.value == 30
    assert service("colocated").lead_time_p50_months.value == 24
    assert service("recip").lead_time_p50_months is None


@pytest.mark.parametrize(("name", "quantity"), [("recip", "capex_usd_per_kw"), ("sofc", "heat_rate_mmbtu_per_mwh"),
                                                ("bess", "losses"), ("land", "")])  # fmt: skip
def test_what_nobody_stands_for_says_assumed_at_its_start(name, quantity):
    number = service("solar").land_acre_per_mw if not quantity else getattr(service(name), quantity)
    assert number.assumed


@pytest.mark.parametrize(("name", "quantity"), [("ccgt", "capex_usd_per_kw"), ("interim", "curtailed_h_per_year"),
                                                ("sofc", "energy_cost_usd_per_mwh"), ("aero", "unit_size_mw")])  # fmt: skip
def test_what_someone_published_does_not_say_assumed(name, quantity):
    assert not getattr(service(name), quantity).assumed


@pytest.mark.parametrize(("short", "full"), ALIASES.items())
def test_a_short_name_leads_to_a_service(short, full):
    assert service(short) is service(full)
    assert service(short.upper().replace("_", "-")).id == full
    assert short not in services()


@pytest.mark.parametrize(("typed", "meant"), [("recipp", "recip"), ("sofcs", "sofc"), ("batery", "battery")])  # fmt: skip
def test_an_unknown_service_is_an_error_that_names_the_nearest(typed, meant):
    with pytest.raises(ValueError, match=f"no service `{typed}`; did you mean `{meant}"):
        service(typed)


def test_the_rows_of_all_gas_units_are_no_service():
    with pytest.raises(ValueError, match="no service `any`"):
        service("any")


@pytest.mark.parametrize(("mw", "process"), [(1, "bridge_sofc_small"), (200, "bridge_sofc_small"),
                                             (200.1, "bridge_sofc_large"), (900, "bridge_sofc_large")])  # fmt: skip
def test_fuel_cells_above_two_hundred_megawatts_take_the_longer_process(mw, process):
    assert service("sofc").process(mw) == process


def test_other_services_have_one_process_at_any_size():
    assert service("recip").process(5000) == "bridge_recip"


@pytest.mark.parametrize(("text", "expected"), [
    ("recip:100", ("recip_gas", 100.0, False)),
    ("leased:60:keep", ("aero_ct_leased", 60.0, True)),
    (" SOFC : 12.5 : Keep ", ("sofc", 12.5, True)),
    ("aero-ct:.5", ("aero_ct", 0.5, False)),
])  # fmt: skip
def test_a_bridge_is_read_from_service_power_and_keep(text, expected):
    bridge = parse_bridge(text)
    assert (bridge.service.id, bridge.mw, bridge.keep) == expected


@pytest.mark.parametrize(("text", "says"), [
    ("recip", r"SERVICE:MW\[:keep\]"),
    ("", r"SERVICE:MW\[:keep\]"),
    (":100", r"SERVICE:MW\[:keep\]"),
    ("recip:100:keep:now", r"SERVICE:MW\[:keep\]"),
    ("recip:100:forever", "`forever` is not `keep`"),
    ("recip:", "`` is not a power above 0 in MW"),
    ("recip:0", "`0` is not a power above 0"),
    ("recip:-5", "`-5` is not a power above 0"),
    ("recip:nan", "`nan` is not a power"),
    ("recip:inf", "`inf` is not a power"),
    ("recip:1_000", "`1_000` is not a power"),
    ("recip:100MW", "`100MW` is not a power"),
    ("recipe:100", "did you mean `recip`"),
    ("firm:100", "firm_utility bridges nothing"),
    ("smr:100", "smr bridges nothing"),
])  # fmt: skip
def test_a_bridge_that_cannot_be_read_says_why(text, says):
    with pytest.raises(ValueError, match=says):
        parse_bridge(text)


def test_services_that_bridge_nothing_exist():
    assert set(NO_BRIDGE) <= set(services())


def test_two_spares_of_seven_machines_make_a_plant_of_the_known_availability():
    assert units_needed(100, 20, 2) == 7
    assert float(availability(100, 20, 2, 0.95)) == pytest.approx(0.99624, abs=5e-6)


def test_the_availability_is_the_sum_of_its_binomial_terms():
    terms = sum(math.comb(7, k) * 0.95**k * 0.05 ** (7 - k) for k in (5, 6, 7))
    assert float(availability(100, 20, 2, 0.95)) == pytest.approx(terms, rel=1e-12)


def test_without_spares_all_machines_must_run():
    assert float(availability(100, 20, 0, 0.95)) == pytest.approx(0.95**5)


@pytest.mark.parametrize(("load", "unit", "units"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (100, 18, 6), (18, 18, 1), (5, 18, 1)])  # fmt: skip
def test_a_rounding_error_is_no_machine(load, unit, units):
    assert units_needed(load, unit) == units


@pytest.mark.parametrize("spares", [-1, 0.5])
def test_spares_are_whole_machines(spares):
    with pytest.raises(ValueError, match="spares"):
        units_needed(100, 20, spares)


@pytest.mark.parametrize("share", [-0.1, 1.01])
def test_an_availability_is_a_share(share):
    with pytest.raises(ValueError, match="0 to 1"):
        availability(100, 20, 2, share)


@pytest.mark.parametrize(("load", "unit", "runs"), [(np.nan, 20, 0.95), (0, 20, 0.95), (100, -1, 0.95), (100, 20, np.nan)])  # fmt: skip
def test_an_unknown_plant_has_no_availability(load, unit, runs):
    assert np.isnan(availability(load, unit, 2, runs))


def test_plants_broadcast():
    assert availability([[50.0], [100.0]], 20, [0, 1, 2], 0.95).shape == (2, 3)


@given(st.floats(1, 2000), st.floats(1, 60), st.integers(0, 6), st.floats(0.5, 1))
def test_another_spare_never_makes_a_plant_worse(load, unit, spares, runs):
    fewer, more = (float(availability(load, unit, k, runs)) for k in (spares, spares + 1))
    assert 0 <= fewer <= more + 1e-12
    assert more <= 1 + 1e-12


def test_the_catalogue_loads_no_statistics():
    """A command that only reads the catalogue must not pay for scipy.stats."""
    script = (
        "import sys, powerwall.criteria.power.site.services as s, powerwall.criteria.power.site.emissions,"
        " powerwall.criteria.power.site.flexible; s.services();"
        " sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
