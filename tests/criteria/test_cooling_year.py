"""A plant's year: reference results of real stations, and identities that hold at any station."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import typical_year
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.water.limits import Hours, hours_of, within_cap
from powerwall.criteria.water.plants import PLANTS
from powerwall.criteria.water.station import Station, station_of
from powerwall.criteria.water.year import LOAD_FACTOR, drawn_year, year_of

STATIONS = ("leesburg_va", "dallas_fort_worth_tx", "phoenix_az", "atlanta_ga", "pittsburgh_pa", "chicago_il", "amsterdam_nl", "stockholm_se")  # fmt: skip
#: Plant → PUE and peak PUE at each station, computed independently from the formulas.
PUE = {
    "tower-chiller": "1.211 1.261 1.213 1.262 1.211 1.261 1.212 1.260 1.209 1.229 1.210 1.258 1.209 1.224 1.209 1.209",
    "tower-economiser": "1.139 1.261 1.155 1.262 1.137 1.261 1.147 1.260 1.129 1.229 1.133 1.258 1.121 1.215 1.118 1.168",
    "air-chiller": "1.152 1.353 1.190 1.387 1.225 1.425 1.168 1.355 1.136 1.339 1.144 1.351 1.119 1.317 1.117 1.307",
    "direct-evaporative": "1.095 1.315 1.108 1.337 1.091 1.337 1.102 1.295 1.084 1.258 1.089 1.304 1.083 1.249 1.083 1.092",
    "liquid-dry": "1.063 1.161 1.068 1.222 1.082 1.256 1.063 1.164 1.061 1.132 1.062 1.156 1.061 1.100 1.060 1.089",
    "liquid-adiabatic": "1.068 1.181 1.076 1.209 1.079 1.223 1.070 1.166 1.065 1.141 1.066 1.173 1.063 1.100 1.062 1.077",
    "liquid-tower": "1.079 1.107 1.079 1.109 1.080 1.108 1.079 1.106 1.079 1.079 1.079 1.104 1.079 1.079 1.079 1.079",
    "mixed-hall": "1.081 1.199 1.092 1.255 1.111 1.290 1.084 1.202 1.076 1.173 1.078 1.195 1.072 1.143 1.072 1.132",
}  # fmt: skip
#: Plant → WUE, consumption [L/kWh] and largest day [m³ per MW of IT] at each station.
WATER = {
    "tower-chiller": "1.658 1.284 61.3 1.880 1.456 61.8 2.376 1.840 80.8 1.763 1.366 58.9 1.597 1.238 53.0 1.603 1.243 53.7 1.488 1.153 51.6 1.461 1.132 52.3",
    "tower-economiser": "1.564 1.212 58.6 1.796 1.391 60.5 2.236 1.731 77.0 1.673 1.296 57.3 1.493 1.157 51.7 1.505 1.166 53.4 1.379 1.069 49.9 1.350 1.047 48.9",
    "direct-evaporative": "0.150 0.100 35.3 0.303 0.202 43.5 1.317 0.878 82.6 0.172 0.114 37.8 0.075 0.050 22.7 0.102 0.068 22.8 0.020 0.013 20.5 0.015 0.010 15.4",
    "liquid-adiabatic": "0.200 0.134 36.5 0.562 0.375 60.4 1.348 0.899 102.5 0.270 0.180 43.5 0.057 0.038 25.5 0.123 0.082 35.7 0.013 0.009 26.0 0.004 0.003 6.3",
    "liquid-tower": "1.480 1.147 47.7 1.633 1.265 53.7 1.841 1.426 64.5 1.547 1.199 49.1 1.438 1.115 46.1 1.442 1.118 47.2 1.376 1.066 44.8 1.352 1.048 41.3",
}  # fmt: skip


@pytest.fixture(scope="module")
def real(shared) -> dict[str, Station]:
    """The derived statistics of real stations."""
    folder = shared / "facts" / "water" / "climate"
    rows = {row["station_id"]: row for row in pd.read_csv(folder / "stations.csv").to_dict("records")}  # fmt: skip
    return {name: station_of(rows[name], pd.read_csv(folder / f"{name}.csv")) for name in STATIONS}


def made_up(**changes) -> Station:
    """The station of the tiny region."""
    records = pd.DataFrame(typical_year()).replace("", np.nan).infer_objects()
    records["month"] = records["month"].astype(float)
    row = {"station_id": "k1", "name": "Made-up airfield", "pressure_pa": 95_500.0, "elevation_m": 500.0}  # fmt: skip
    return replace(station_of(row, records), **changes)


@pytest.mark.parametrize("plant", list(PUE))
def test_the_reference_results_of_real_stations_are_met(real, plant):
    pue = np.array(PUE[plant].split(), dtype=float).reshape(-1, 2)
    water = np.array(WATER.get(plant, "0 " * 24).split(), dtype=float).reshape(-1, 3)
    for name, (mean, peak), (wue, consumption, day) in zip(STATIONS, pue, water, strict=True):
        found = year_of(real[name], plant)
        assert float(found.pue) == pytest.approx(mean, abs=0.001), name
        assert float(found.pue_peak) == pytest.approx(peak, abs=0.003), name
        assert float(found.wue_l_per_kwh) == pytest.approx(wue, abs=max(0.01, 0.01 * wue)), name
        assert float(found.consumption_l_per_kwh) == pytest.approx(consumption, abs=max(0.01, 0.01 * consumption)), name  # fmt: skip
        assert float(found.max_day_makeup_m3) == pytest.approx(day, rel=0.01, abs=0.05), name


def test_a_parameter_range_is_as_wide_as_the_one_stated(real):
    # 5–95 % over the parameters of towers: peak PUE ±0.04, WUE −8 / +12 %; means over 8 stations
    drawn = [drawn_year(station, "tower-economiser", None, 256, 0) for station in real.values()]
    peak = np.mean([np.quantile(y.pue_peak, [0.05, 0.95]) - np.median(y.pue_peak) for y in drawn], axis=0)  # fmt: skip
    wue = np.mean([np.quantile(y.wue_l_per_kwh, [0.05, 0.95]) / np.median(y.wue_l_per_kwh) for y in drawn], axis=0)  # fmt: skip
    assert peak == pytest.approx([-0.04, 0.05], abs=0.015)
    assert wue == pytest.approx([0.92, 1.12], abs=0.03)


@pytest.mark.parametrize(("plant", "annual", "peak"), [("air-chiller", (0.004, 0.009), 0.008), ("tower-economiser", (0.002, 0.007), 0.006)])  # fmt: skip
def test_a_warmer_year_costs_what_the_hourly_files_of_us_stations_say(real, plant, annual, peak):
    for name in ("leesburg_va", "dallas_fort_worth_tx", "phoenix_az", "atlanta_ga", "chicago_il"):
        now, then = (year_of(station, plant) for station in (real[name], real[name].changed(1.0)))
        assert annual[0] <= float(then.pue - now.pue) <= annual[1], name
        assert float(then.pue_peak - now.pue_peak) == pytest.approx(peak, abs=0.002), name


@pytest.mark.parametrize("plant", list(PLANTS))
def test_the_peak_is_no_lower_than_that_of_the_typical_year_and_that_no_lower_than_the_mean(plant):
    found = year_of(made_up(), plant)
    assert float(found.pue_peak) >= float(found.pue_peak_tmy) >= float(found.pue) >= 1


def test_the_order_of_the_rows_changes_nothing():
    records = pd.DataFrame(typical_year()).replace("", np.nan).infer_objects()
    row = {"station_id": "k1", "name": "x", "pressure_pa": 95_500.0, "elevation_m": 500.0}
    turned = records.sample(frac=1.0, random_state=1)
    first, second = (year_of(station_of(row, part), "tower-economiser") for part in (records, turned))  # fmt: skip
    for a, b in zip(first, second, strict=True):
        assert np.allclose(a, b, rtol=1e-12, equal_nan=True)


def test_the_months_add_up_to_the_year():
    found = year_of(made_up(), "tower-chiller")
    assert float(found.month_consumption_m3.sum()) == pytest.approx(float(found.annual_consumption_m3))  # fmt: skip
    assert float(found.month_makeup_m3.sum()) == pytest.approx(float(found.annual_makeup_m3))
    assert float(found.max_month_makeup_m3) == pytest.approx(float(found.month_makeup_m3.max()))
    assert LOAD_FACTOR.value == 1.0


def test_without_design_pairs_the_peak_is_that_of_the_typical_year_and_says_so():
    with_pairs = made_up()
    typical = {name: at for name, at in with_pairs.design.items() if name.startswith("tmy")}
    without = replace(with_pairs, design=typical)
    assert without.understated
    assert not with_pairs.understated
    found = year_of(without, "air-chiller")
    assert float(found.pue_peak) == float(found.pue_peak_tmy)
    assert np.isnan(found.design_day_makeup_m3)


def test_a_station_without_days_knows_no_peak_day():
    assert np.isnan(year_of(made_up(days=np.zeros((0, 24), dtype=int)), "tower-chiller").max_day_makeup_m3)  # fmt: skip


def test_hours_give_what_their_bins_give():
    rng = np.random.default_rng(0)
    hours = np.arange(8760)
    t = 12 - 14 * np.cos(2 * np.pi * hours / 8760) - 5 * np.cos(2 * np.pi * (hours % 24) / 24) + rng.normal(0, 2, 8760)  # fmt: skip
    tw = t - np.clip(2 + 0.2 * t, 0.2, None)
    month = np.repeat(np.arange(1, 13), np.diff(np.linspace(0, 8760, 13).astype(int)))
    hourly = pd.DataFrame({"record": "hour", "key": [f"{day:03d}" for day in hours // 24 + 1], "month": month, "hour": hours % 24 + 1, "tdb_c": t, "twb_c": tw, "hours": 1})  # fmt: skip
    cells = hourly.groupby(["month", np.floor(t / 2), np.floor(tw / 2)])
    bins = cells[["tdb_c", "twb_c"]].mean().assign(hours=cells.size(), record="bin", key=None, hour=np.nan)  # fmt: skip
    bins["month"] = bins.index.get_level_values(0).astype(float)
    row = {"station_id": "k", "name": "k", "pressure_pa": 99_000.0, "elevation_m": 100.0}
    stations = [station_of(row, part.reset_index(drop=True)) for part in (hourly, bins)]
    assert stations[0].hourly
    assert stations[0].days.shape == (365, 24)
    assert np.array_equal(stations[0].t, t)
    turned = station_of(row, hourly.sample(frac=1.0, random_state=2))
    assert np.array_equal(turned.t, t)
    for plant in PLANTS:
        full, compact = (year_of(station, plant) for station in stations)
        wide = plant == "direct-evaporative"
        assert float(compact.pue) == pytest.approx(float(full.pue), abs=0.002 if wide else 0.0005)
        assert float(compact.wue_l_per_kwh) == pytest.approx(float(full.wue_l_per_kwh), abs=0.015 if wide else 0.003)  # fmt: skip


def test_a_leap_year_has_no_more_water_than_a_year():
    station = made_up()
    leap = replace(station, hours=station.hours * 8784 / 8760)
    assert float(year_of(leap, "tower-chiller").month_consumption_m3.sum()) == pytest.approx(float(year_of(leap, "tower-chiller").annual_consumption_m3))  # fmt: skip


def test_days_with_an_hour_too_damp_to_believe_make_no_peak_of_an_hourly_station():
    hours = np.arange(8760)
    t = np.full(8760, 25.0)
    tw = np.where(hours // 24 == 200, 24.9, 15.0)
    frame = pd.DataFrame({"record": "hour", "key": [f"{d:03d}" for d in hours // 24 + 1], "month": np.minimum(hours // 730 + 1, 12), "hour": hours % 24 + 1, "tdb_c": t, "twb_c": tw, "hours": 1})  # fmt: skip
    row = {"station_id": "k", "name": "k", "pressure_pa": 99_000.0, "elevation_m": 100.0}
    with_limit, without = (station_of(row | extra, frame) for extra in ({"twb_flag_limit_c": 20.0}, {}))  # fmt: skip
    assert len(with_limit.days) == 364
    assert float(year_of(with_limit, "tower-chiller").pue_peak) < float(year_of(without, "tower-chiller").pue_peak)  # fmt: skip


def test_a_station_at_another_height_has_thinner_and_cooler_air():
    station = made_up()
    high = station.changed(elevation_m=1500.0)
    assert high.pressure_pa == pytest.approx(95_500 * (1 - 2.25577e-5 * 1500) ** 5.2559 / (1 - 2.25577e-5 * 500) ** 5.2559)  # fmt: skip
    assert np.allclose(high.t, station.t - 6.5)
    assert (high.tw <= high.t + 1e-9).all()
    assert np.allclose(station.changed().tw, station.tw, atol=0.02)


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(10, 1000))
def test_a_capped_plant_lies_between_the_dry_and_the_wet_one(cap, sewer, mw):
    station = made_up()
    wet, dry = hours_of(station, "liquid-tower"), hours_of(station, "liquid-dry")
    ends = [within_cap(wet, dry, mw, makeup_m3_per_day=c, discharge_m3_per_day=c).it_mw for c in (0.0, np.inf)]  # fmt: skip
    found = within_cap(wet, dry, mw, makeup_m3_per_day=cap, discharge_m3_per_day=sewer)
    assert min(ends) - 1e-6 <= found.it_mw <= max(ends) + 1e-6
    assert 0 <= found.wet_share <= 1
    drawn = found.wet_share * wet.makeup_l_per_kwh.sum(axis=1).max() * found.it_mw
    assert drawn <= cap * (1 + 1e-3) + 1e-6


def test_a_cap_of_nothing_is_the_dry_plant_and_no_cap_the_wet_one():
    station = made_up()
    wet, dry = hours_of(station, "liquid-tower"), hours_of(station, "liquid-dry")
    for cap, plant in ((0.0, "liquid-dry"), (np.inf, "liquid-tower")):
        found = within_cap(wet, dry, 300.0, makeup_m3_per_day=cap)
        assert found.it_mw == pytest.approx(300 / float(year_of(station, plant).pue_peak), rel=1e-9)
    assert within_cap(wet, dry, 300.0).lost_mw == 0


def test_a_cap_worked_by_hand_is_met():
    # one day: 2 L/kWh on every hour at 100 MW are 4,800 m³; half of it is allowed, half of the load goes dry
    day = np.ones((1, 24))
    none = np.zeros(0)
    wet, dry = Hours(1.1 * day, 2.0 * day, 0.5 * day, none), Hours(1.3 * day, 0 * day, 0 * day, none)  # fmt: skip
    found = within_cap(wet, dry, 100 * 1.2, makeup_m3_per_day=2400.0)
    assert found.wet_share == pytest.approx(0.5, abs=1e-4)
    assert found.it_mw == pytest.approx(100.0, abs=0.01)


@pytest.mark.parametrize("given", [{"makeup_m3_per_day": -1.0}, {"discharge_m3_per_day": -1.0}])
def test_a_negative_cap_is_refused(given):
    hours = hours_of(made_up(), "liquid-dry")
    with pytest.raises(ValueError, match="negative"):
        within_cap(hours, hours, 100.0, **given)
