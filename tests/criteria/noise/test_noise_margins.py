"""Noise: absorption and levels against published figures, limits that count, margins that say when they do not know."""

from __future__ import annotations

import csv
import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.noise.campus import COOLING_GROUPS, campus, level_at, setback_distance
from powerwall.criteria.noise.propagation import (
    a_weighted,
    atmospheric_absorption,
    c_weighted,
    received_levels,
)
from powerwall.criteria.noise.rules import in_force, night_limits

#: Worked example: 100 MW of IT load, 90 chillers; sound power by band.
WORKED = np.array([115, 118, 119, 116, 112, 110, 107, 103], dtype=float)
DAY = date(2026, 8, 22)
DOUBLE_DB = 10 * math.log10(2)


@pytest.fixture(scope="module")
def source():
    return campus(300, "mixed-hall")


def test_absorption_agrees_with_the_table_of_the_standard(shared):
    """ISO 9613-2:1996 Table 2: half a unit of the last printed digit; 0.001 dB/km at the exact midbands."""
    with (shared / "cases/noise/iso9613_2_table2_absorption.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        found = (
            atmospheric_absorption(float(row["temperature_c"]), float(row["humidity_pct"])) * 1000
        )
        for band, (name, text) in enumerate(
            (k, v) for k, v in row.items() if k.startswith("alpha")
        ):
            decimals = len(text.partition(".")[2])
            # 117 and 202 dB/km are printed without decimals; 4.1 stands for 4.1511 at 15 °C, 80 %, 1 kHz
            within = 0.5 * 10.0**-decimals + 0.002 if row["kind"] == "printed" else 0.001
            assert found[band] == pytest.approx(float(text), abs=within), (
                row["kind"],
                row["temperature_c"],
                name,
            )


@pytest.mark.parametrize("humidity", [0, -1, 100.1])
def test_a_humidity_that_is_none_is_refused(humidity):
    with pytest.raises(ValueError, match="humidity"):
        atmospheric_absorption(10, humidity)


def test_the_worked_example_has_its_weighted_sound_powers():
    assert float(a_weighted(WORKED)) == pytest.approx(118.36, abs=0.01)
    assert float(c_weighted(WORKED)) == pytest.approx(123.74, abs=0.01)


def test_divergence_and_absorption_are_those_of_the_worked_example(shared):
    case = json.loads((shared / "cases/noise/worked_example.json").read_text(encoding="utf-8"))
    given_, path = case["inputs"], case["path"]
    found = received_levels(
        WORKED, given_["source_height_m"], given_["receiver_height_m"], given_["distance_m"]
    )
    expected = WORKED - path["divergence_db"] - np.array(path["absorption_db"])
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_levels_fall_with_distance_in_every_band():
    metres = np.geomspace(1, 20_000, 400)
    for temperature, humidity in ((-10, 30), (10, 70), (30, 90)):
        levels = received_levels(WORKED, 10, 1.5, metres, temperature, humidity)
        assert (np.diff(levels, axis=0) <= 1e-12).all()


@pytest.mark.parametrize("cooling", sorted(COOLING_GROUPS))
def test_every_cooling_plant_gives_levels_that_never_rise_with_distance(cooling):
    table = campus(100, cooling).table
    assert (np.diff(table.levels_db, axis=0) <= 1e-12).all()
    for weighting in ("A", "C"):
        assert (np.diff(level_at(table, np.geomspace(0.5, 30_000, 300), weighting)) <= 1e-12).all()


def test_distances_of_any_shape_give_the_same_levels():
    metres = np.array([10.0, 500.0, 3000.0])
    rows = received_levels(WORKED, 10, 1.5, metres)
    for n, distance in enumerate(metres):
        np.testing.assert_array_equal(received_levels(WORKED, 10, 1.5, distance), rows[n])
    assert received_levels(WORKED, 10, 1.5, metres.reshape(3, 1)).shape == (3, 1, 8)


@settings(max_examples=40, deadline=None)
@given(st.floats(30, 75), st.sampled_from(["A", "C"]))
def test_the_level_at_the_setback_is_the_limit(source, limit, weighting):
    metres = setback_distance(source.table, limit, weighting)
    if 1 < metres < 20_000:
        assert float(level_at(source.table, metres, weighting)) == pytest.approx(limit, abs=0.02)


def test_a_limit_always_kept_needs_no_distance_and_one_never_kept_needs_an_infinite_one(source):
    assert setback_distance(source.table, 300) == 0
    assert setback_distance(source.table, -300) == math.inf


@pytest.mark.parametrize("cooling", sorted(COOLING_GROUPS))
@pytest.mark.parametrize("mw", [10, 150])
def test_doubling_the_megawatts_adds_three_decibels(mw, cooling):
    one, two = campus(mw, cooling), campus(2 * mw, cooling)
    assert two.sound_power_dba - one.sound_power_dba == pytest.approx(DOUBLE_DB, abs=1e-9)
    metres = np.geomspace(5, 15_000, 50)
    for weighting in ("A", "C"):
        difference = level_at(two.table, metres, weighting) - level_at(one.table, metres, weighting)
        np.testing.assert_allclose(difference, 3.0103, atol=1e-4)


def test_doubling_the_megawatts_lowers_every_margin_by_three_decibels(tiny):
    name = "night_noise_margin_db"
    one, two = (pw.measure(tiny.with_request(mw=mw))[name]["value"] for mw in (150.0, 300.0))
    np.testing.assert_allclose((one - two).loc[["a", "b"]], 3.0103, atol=1e-4)


def test_an_unknown_cooling_plant_is_refused_by_name():
    with pytest.raises(ValueError, match="ice"):
        campus(100, "ice")


def rule(**cells):
    base = {"rule_id": "r", "jurisdiction_id": "us-ks-one", "metric": "LAeq", "kind": "absolute", "receptor_class": "residential",
            "period": "night", "window_start": "22:00", "window_end": "07:00", "limit_db": 50.0, "tonal_penalty_db": math.nan,
            "effective_from": "2020-01-01", "effective_to": None, "rule_status": "in_force", "status": "verified"}  # fmt: skip
    return {**base, **cells}


def limits(*rows, as_of=DAY):
    return night_limits(pd.DataFrame(list(rows)).astype(object), as_of)


def test_a_night_limit_for_homes_counts():
    found = limits(rule())
    assert [(x.rule_id, x.limit_db, x.weighting, x.tonal_penalty_db) for x in found] == [
        ("r", 50, "A", 0)
    ]


@pytest.mark.parametrize(
    "cells",
    [
        {"rule_status": "draft"}, {"rule_status": "proposed"}, {"rule_status": "guidance"}, {"rule_status": "repealed"},
        {"rule_status": "unknown"}, {"rule_status": None},
        {"rule_status": "pending", "effective_from": None}, {"rule_status": "pending", "effective_from": "2027-01-01"},
        {"effective_from": "2026-09-01"}, {"effective_from": "2026-08"}, {"effective_to": "2026-08-22"}, {"effective_to": "2026"},
        {"kind": "setback"}, {"kind": "background_plus"}, {"kind": "not_found"}, {"limit_db": math.nan}, {"metric": "octave"},
        {"metric": None}, {"receptor_class": "industrial"}, {"receptor_class": "commercial"},
        {"period": "day", "window_start": "07:00", "window_end": "22:00"}, {"period": "day", "window_start": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_night_limit_in_force_never_counts(cells):
    assert limits(rule(**cells)) == []


@pytest.mark.parametrize(
    "cells",
    [
        {"rule_status": "pending", "effective_from": "2026-08-22"}, {"receptor_class": None}, {"period": "all", "window_start": None},
        {"window_start": "00:00", "window_end": "23:59"}, {"window_start": "19:00", "window_end": "23:00", "period": "evening"},
        {"window_start": "05:00", "window_end": "22:00", "period": "day"}, {"effective_to": "2026-08-23"}, {"effective_from": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_holds_at_some_hour_of_the_night_counts(cells):
    assert len(limits(rule(**cells))) == 1


def test_a_c_weighted_metric_is_read_as_such():
    assert limits(rule(metric="LCeq"))[0].weighting == "C"


def test_a_caption_names_limit_state_status_and_date():
    text = limits(rule(as_of="2026-03-01"))[0].caption
    assert text == "r (50 dB(A), in force, verified, 2026-03-01)"
    assert "compliant" not in text


def test_a_rule_ends_on_its_last_day_exclusive():
    assert in_force(rule(effective_to="2026-08-23"), DAY)
    assert not in_force(rule(effective_to="2026-08-22"), DAY)


def margin(make_region, folder, **given_):
    region = pw.read(make_region(folder, **given_))
    return pw.measure(region)["night_noise_margin_db"].loc["a"]


def site(**cells):
    return [
        {
            "site_id": "a",
            "lon": -99.0,
            "lat": 38.5,
            "location_accuracy_m": 20,
            "utility_id": "u1",
            **cells,
        }
    ]


def home(km, **cells):
    """A home some kilometres north of the site."""
    return [
        {
            "receptor_id": "h",
            "kind": "house",
            "lon": -99.0,
            "lat": 38.5 + km / 110.996,
            "location_accuracy_m": 10,
            **cells,
        }
    ]


def test_a_margin_is_the_limit_less_the_level_at_the_home(make_region, tmp_path, source):
    found = margin(make_region, tmp_path, sites=site(), receptors=home(2))
    level = float(level_at(source.table, 2000.0, "A"))
    penalty = 0.0
    assert found["value"] == pytest.approx(50 - penalty - level, abs=0.02)
    assert found["low"] < found["value"] < found["high"]
    assert found["row"] == "one-night"


def test_a_tone_takes_its_penalty_off_the_limit(make_region, tmp_path, source):
    assert source.tonal
    plain = margin(make_region, tmp_path / "x", sites=site(), receptors=home(2))
    strict = margin(
        make_region,
        tmp_path / "y",
        sites=site(),
        receptors=home(2),
        noise_rules=[rule(tonal_penalty_db=5, effective_to="")],
    )
    assert plain["value"] - strict["value"] == pytest.approx(5)


def test_the_smallest_margin_binds(make_region, tmp_path):
    rules = [rule(rule_id="loose", limit_db=60, effective_to="", tonal_penalty_db=""),
             rule(rule_id="tight", limit_db=45, effective_to="", tonal_penalty_db="")]  # fmt: skip
    assert (
        margin(make_region, tmp_path, sites=site(), receptors=home(2), noise_rules=rules)["row"]
        == "tight"
    )


def test_a_draft_leaves_the_margin_unknown(make_region, tmp_path):
    rules = [rule(rule_status="draft", effective_to="", tonal_penalty_db="")]
    found = margin(make_region, tmp_path, sites=site(), receptors=home(2), noise_rules=rules)
    assert math.isnan(found["value"])
    assert found["why"] == "no night limit known where the nearest receptor lies"


def test_an_uncertain_position_gives_a_range_and_no_margin(make_region, tmp_path):
    found = margin(make_region, tmp_path, sites=site(location_accuracy_m=1500), receptors=home(2))
    assert math.isnan(found["value"])
    assert found["low"] < found["high"]
    assert "position uncertain" in found["why"]


def test_a_coarser_position_widens_the_range(make_region, tmp_path):
    widths = []
    for metres in (5, 300, 900):
        found = margin(
            make_region,
            tmp_path / str(metres),
            sites=site(location_accuracy_m=metres),
            receptors=home(2),
        )
        widths.append(found["high"] - found["low"])
    assert widths == sorted(widths)


@pytest.mark.parametrize(("km", "known"), [(4.95, True), (5.05, False)])
def test_a_home_beyond_five_kilometres_is_not_the_nearest_one_only_the_nearest_known(
    make_region, tmp_path, km, known
):
    found = margin(make_region, tmp_path, sites=site(), receptors=home(km))
    assert math.isnan(found["value"]) is not known
    if not known:
        assert found["why"] == "no home is known within 5 km"


def test_the_rule_holds_where_the_home_lies_not_where_the_site_lies(make_region, tmp_path):
    elsewhere = margin(
        make_region, tmp_path, sites=site(), receptors=home(2, jurisdiction_id="us-ks-two")
    )
    assert math.isnan(elsewhere["value"])


def test_a_limit_of_unverified_status_never_gates(make_region, tmp_path):
    rules = [rule(status="unverified", limit_db=20, effective_to="", tonal_penalty_db="")]
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(1), noise_rules=rules,
                                 toml={"require": {"night_noise_margin_db": {"min": 0}}}))  # fmt: skip
    frame = pw.rank(region, pw.measure(region)).frame
    assert frame.loc["a", "status"] == "ranked"
    assert "at risk" in frame.loc["a", "reasons"]


def test_without_a_limit_the_setback_is_a_reference_and_says_so(make_region, tmp_path, source):
    rules = [rule(rule_status="draft", effective_to="", tonal_penalty_db="")]
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(2), noise_rules=rules))
    found = pw.measure(region)["noise_setback_m"].loc["a"]
    assert found["value"] == pytest.approx(setback_distance(source.table, 45.0))
    assert found["grade"] == "reference"
    assert "no rule" in found["note"]


def test_hours_that_are_none_leave_the_period_to_decide():
    assert len(limits(rule(window_start="10 pm: late"))) == 1
    assert limits(rule(window_start="7 am: on", period="day")) == []
