"""Emissions: EPA Method 19 by hand, thresholds with signed margins, and what permits are asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerwall.criteria.power.site.emissions import (
    NOX_PPM,
    OZONE_NONATTAINMENT,
    co2_kt_per_year,
    co2_t_per_mwh,
    engine_hours,
    engine_nox_lb_per_mwh,
    fuel_usd_per_mwh,
    gas_mcf_per_day,
    gas_mmbtu_per_day,
    mw_under_threshold,
    nox_lb_per_mmbtu,
    nox_tons_per_year,
    permit_findings,
    permit_path,
)
from powerwall.criteria.power.site.services import service, services

POSITIVE = st.floats(0.1, 1e4)
GAS = sorted(one.id for one in services().values() if one.heat_rate_mmbtu_per_mwh)


def test_a_part_per_million_is_the_factor_of_method_19():
    """1.194e-7 lb/dscf/ppm, 8,710 dscf/MMBtu and 15 % oxygen."""
    assert float(nox_lb_per_mmbtu(1)) == pytest.approx(0.0036840, abs=5e-8)
    assert float(nox_lb_per_mmbtu(9)) == pytest.approx(0.033156, abs=5e-7)


def test_a_hundred_megawatts_of_engines_emit_by_hand():
    assert float(nox_lb_per_mmbtu(9)) * 8.5 == pytest.approx(0.28182, abs=1e-5)
    assert float(nox_tons_per_year(100, 8.5, 9)) == pytest.approx(123.4, abs=0.05)
    assert float(co2_t_per_mwh(8.5)) == pytest.approx(0.451, abs=5e-4)
    assert float(co2_kt_per_year(100, 8.5, 0.9)) == pytest.approx(355.6, abs=0.05)


def test_a_hundred_megawatts_of_engines_burn_by_hand():
    assert float(gas_mmbtu_per_day(100, 8.5)) == pytest.approx(20_400)
    assert float(gas_mcf_per_day(100, 8.5)) == pytest.approx(20_400 / 1.037)
    assert float(fuel_usd_per_mwh(8.5, 4)) == pytest.approx(34)


@pytest.mark.parametrize(("heat_rate", "ppm", "at_250", "at_100"), [
    (9.5, 25, 65, 26), (9.5, 9, 181, 72), (9.5, 2.5, 652, 261), (6.6, 2, 1174, 469),
])  # fmt: skip
def test_the_power_that_stays_under_a_threshold(heat_rate, ppm, at_250, at_100):
    assert mw_under_threshold(250, heat_rate, ppm).round() == at_250
    assert mw_under_threshold(100, heat_rate, ppm).round() == at_100


@given(POSITIVE, st.floats(3, 15), st.floats(0.05, 200), st.floats(0.01, 1))
def test_power_under_a_threshold_and_tons_of_a_power_are_inverse(tpy, heat_rate, ppm, factor):
    mw = mw_under_threshold(tpy, heat_rate, ppm, factor)
    assert float(nox_tons_per_year(mw, heat_rate, ppm, factor)) == pytest.approx(tpy)


def test_without_nox_any_power_stays_under():
    assert np.isposinf(mw_under_threshold(100, 7, 0))


def test_an_engine_stated_by_its_shaft():
    """1 g/bhp-h is 1,341.02 g/MWh of shaft."""
    assert float(engine_nox_lb_per_mwh(1, 1)) == pytest.approx(1341.02 / 453.59237, rel=1e-5)
    assert float(engine_nox_lb_per_mwh(0.5, 0.97)) == pytest.approx(0.5 * 2.9565 / 0.97, rel=1e-4)


@pytest.mark.parametrize("efficiency", [0, -1, 1.2, np.nan])
def test_a_generator_of_no_efficiency_is_unknown(efficiency):
    assert np.isnan(engine_nox_lb_per_mwh(1, efficiency))


@pytest.mark.parametrize(("mw", "heat_rate", "ppm"), [(np.nan, 8.5, 9), (-1, 8.5, 9), (100, 0, 9), (100, 8.5, -9), (100, 8.5, np.nan)])  # fmt: skip
def test_an_unknown_plant_has_unknown_emissions(mw, heat_rate, ppm):
    assert np.isnan(nox_tons_per_year(mw, heat_rate, ppm))


@pytest.mark.parametrize("factor", [-0.1, 1.1])
def test_a_capacity_factor_is_a_share(factor):
    with pytest.raises(ValueError, match="0 to 1"):
        nox_tons_per_year(100, 8.5, 9, factor)


def test_plants_broadcast():
    assert nox_tons_per_year([[50.0], [100.0]], [8.5, 9.5, 6.6], 9).shape == (2, 3)


@pytest.mark.parametrize("name", GAS)
def test_every_gas_service_has_a_concentration_marked_as_an_assumption(name):
    number = NOX_PPM[name]
    assert number.assumed
    assert number.low <= number.value <= number.high
    assert service(name).heat_rate_mmbtu_per_mwh


def test_engines_of_a_hundred_megawatts_pass_title_v_and_not_psd():
    psd, title_v = permit_findings([("recip_gas", 100)])
    assert (psd.threshold, psd.limit_tpy, round(psd.margin_tpy, 1)) == ("PSD", 250, 126.6)
    assert (title_v.threshold, title_v.limit_tpy, round(title_v.margin_tpy, 1)) == ("Title V", 100, -23.4)  # fmt: skip
    assert not psd.major
    assert title_v.major
    assert "123.4 tpy" in title_v.text
    assert "-23.4 tpy" in title_v.text
    assert "Title V" in permit_path([psd, title_v])


def test_units_of_one_site_add_up():
    one, other, both = (
        permit_findings(units)[0].tpy
        for units in ([("recip", 60)], [("aero", 30)], [("recip", 60), ("aero", 30)])
    )
    assert both == pytest.approx(one + other)
    split = permit_findings([("recip", 10)] * 10)
    assert split[0].tpy == pytest.approx(permit_findings([("recip", 100)])[0].tpy)


def test_a_range_of_heat_rates_and_concentrations_stands_beside_the_tons():
    one = permit_findings([("recip", 100)])[0]
    assert one.low_tpy == pytest.approx(float(nox_tons_per_year(100, 8.2, 5)))
    assert one.high_tpy == pytest.approx(float(nox_tons_per_year(100, 9.0, 50)))
    assert one.low_tpy < one.tpy < one.high_tpy


@pytest.mark.parametrize(("mw", "limit"), [(37, 250), (38, 100)])
def test_a_combined_cycle_above_its_heat_input_is_a_listed_category(mw, limit):
    """250 MMBtu/h at 6.6 MMBtu/MWh is 37.9 MW."""
    assert permit_findings([("ccgt", mw)])[0].limit_tpy == limit


def test_simple_cycles_of_any_size_are_no_listed_category():
    assert permit_findings([("aero", 1000), ("frame", 1000)])[0].limit_tpy == 250


@pytest.mark.parametrize(("name", "limit"), [("marginal", 100), ("moderate", 100), ("serious", 50), ("severe", 25), ("extreme", 10)])  # fmt: skip
def test_the_ladder_of_ozone_nonattainment(name, limit):
    psd, title_v, review = permit_findings([("recip", 30)], ozone_class=name.title())
    assert OZONE_NONATTAINMENT[name].value == limit
    assert (psd.limit_tpy, title_v.limit_tpy, review.limit_tpy) == (250, limit, limit)
    assert name in review.threshold


def test_attainment_is_a_class_and_keeps_the_general_thresholds():
    assert permit_findings([("recip", 30)], ozone_class="Attainment") == permit_findings(
        [("recip", 30)]
    )


def test_an_unknown_ozone_class_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean `serious`"):
        permit_findings([("recip", 30)], ozone_class="seriuos")


def test_an_enforceable_limit_replaces_the_assumed_concentration():
    free, bound = (permit_findings([("aero", 100)], ppm=ppm)[0] for ppm in (None, {"aero": 2.5}))
    assert bound.tpy == pytest.approx(free.tpy / 10)
    assert free.major
    assert not bound.major


@pytest.mark.parametrize("ppm", [{"aero": -1}, {"aero": np.nan}, {"bess": 2}, {"backup": 2}])
def test_a_limit_that_is_none_is_an_error(ppm):
    with pytest.raises(ValueError, match="ppm"):
        permit_findings([("aero", 100)], ppm=ppm)


@pytest.mark.parametrize("mw", [0, -5, np.nan, np.inf])
def test_a_block_without_power_is_an_error(mw):
    with pytest.raises(ValueError, match="not a power above 0"):
        permit_findings([("recip", mw)])


@pytest.mark.parametrize("units", [[], [("bess", 100)], [("interim", 300), ("solar", 50)]])
def test_what_does_not_burn_needs_no_permit_for_nox(units):
    assert permit_findings(units) == []
    assert "nothing burns" in permit_path([])


def test_emergency_engines_count_five_hundred_hours():
    finding = permit_findings([("backup", 100)])[0]
    assert finding.tpy == pytest.approx(100 * 500 * 14.1 / 2000)


@pytest.mark.parametrize(("units", "ozone", "words"), [
    ([("recip", 20)], None, "minor source"),
    ([("recip", 100)], None, "major source under Title V: operating permit; below major for PSD"),
    ([("recip", 300)], None, "major source under PSD"),
    ([("recip", 30)], "severe", "major source in nonattainment"),
    ([("sofc", 300)], None, "minor source"),
])  # fmt: skip
def test_the_permit_path_follows_the_margins(units, ozone, words):
    assert words in permit_path(permit_findings(units, ozone_class=ozone))


@pytest.mark.parametrize("name", GAS)
@pytest.mark.parametrize("mw", [1, 100, 1000])
def test_no_text_passes_a_verdict(name, mw):
    for ozone in (None, *OZONE_NONATTAINMENT):
        findings = permit_findings([(name, mw)], ozone_class=ozone)
        words = " ".join([*(f.text for f in findings), permit_path(findings)]).lower()
        assert "complian" not in words
        assert "complies" not in words
        for one in findings:
            assert one.major == (one.tpy >= one.limit_tpy)
            assert one.margin_tpy == pytest.approx(one.limit_tpy - one.tpy)


def test_curtailed_hours_are_more_than_emergency_engines_may_run():
    """177 h/year at a limit of 0.5 % against 50 h outside emergencies."""
    found = engine_hours(service("backup").curtailed_h_per_year.value)
    assert found.margin_h_per_year == -127
    assert "-127 h" in found.text
    assert "unverified" in found.text
    assert engine_hours(20).margin_h_per_year == 30
