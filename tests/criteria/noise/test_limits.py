"""Limits: what the campus alone may cause under each kind of rule, and what is left of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.propagation import BANDS_HZ, a_weighted, c_weighted
from powerwall.criteria.noise.rules import effective_limit, margin, rule_from_record
from powerwall.criteria.noise.rules.limits import generator_levels
from powerwall.criteria.noise.rules.rows import OCTAVE_COLUMNS

OCTAVES = (74, 69, 64, 58, 52, 47, 43, 40)
FRENCH_DAY, FRENCH_NIGHT = "35:6;45:5", "35:4;45:3"
LEVELS = st.lists(st.floats(-20, 90), min_size=8, max_size=8).map(np.array)
AMBIENT = st.floats(20, 80)


def rule(kind="absolute", metric="LAeq", **cells):
    return rule_from_record({"rule_id": "r", "kind": kind, "metric": metric, **cells})


def octave(limits=OCTAVES, **cells):
    return rule(metric="octave", **dict(zip(OCTAVE_COLUMNS[1:], limits, strict=True)), **cells)


def total(one, other):
    """Sum of two levels by energy. [dB]"""
    return 10 * np.log10(10 ** (0.1 * np.asarray(one)) + 10 ** (0.1 * np.asarray(other)))


# -------------------------------------------------------------------------------- fixed limits
def test_penalties_that_are_triggered_and_corrections_come_off_a_limit():
    given_ = rule(limit_db=50, tonal_penalty_db=5, impulsive_penalty_db=3, intermittent_penalty_db=2, rating_correction_db=1.93, preload_relief_db=6)  # fmt: skip
    assert effective_limit(given_) == pytest.approx(48.07)
    assert effective_limit(given_, tonal=True) == pytest.approx(43.07)
    assert effective_limit(given_, impulsive=True) == pytest.approx(45.07)
    assert effective_limit(given_, intermittent=True) == pytest.approx(46.07)
    assert effective_limit(given_, preloaded=True) == pytest.approx(42.07)
    assert effective_limit(rule(limit_db=50), tonal=True, impulsive=True, preloaded=True) == 50


@pytest.mark.parametrize("kind", ["setback", "generator_level", "generator_window", "not_found"])
def test_what_bounds_no_level_at_a_receptor_has_no_limit_there(kind):
    found = effective_limit(rule(kind, setback_m=100, limit_db=70, reference_distance_m=7), ambient_db=40)  # fmt: skip
    assert math.isnan(found)


@pytest.mark.parametrize(("hours", "correction"), [(3, 1.93), (7, 3.63)])
def test_quiet_hours_of_the_shipped_german_rows_are_six_decibels_on_some_of_sixteen_hours(hours, correction):  # fmt: skip
    assert 10 * math.log10(1 + hours / 16 * (10**0.6 - 1)) == pytest.approx(correction, abs=0.005)
    table = fact_table("noise_rules")
    german = table[(table["country"] == "DE") & (table["rating_correction_db"] == correction)]
    assert set(german["receptor_class"]) == {"de_wr", "de_wa_ws", "de_kur"}
    for row in german.to_dict("records"):
        read = rule_from_record(row)
        assert effective_limit(read) == pytest.approx(read.limit_db - correction)


def test_octave_limits_are_nine_and_empty_where_the_rule_has_none():
    found = effective_limit(octave([*OCTAVES[:-1], None], tonal_penalty_db=3), tonal=True)
    np.testing.assert_allclose(found, [np.nan, *(limit - 3 for limit in OCTAVES[:-1]), np.nan])
    assert effective_limit(octave(), ambient_db=np.zeros((2, 3))).shape == (2, 3, 9)


# ---------------------------------------------------------------------- limits over an ambient
@pytest.mark.parametrize(("increment", "left"), [(3, -0.02), (4, 1.80), (5, 3.35), (6, 4.74), (10, 9.54)])  # fmt: skip
def test_an_increment_of_the_total_leaves_less_to_the_campus(increment, left):
    given_ = rule("background_plus", increment_db=increment, compare="total")
    assert effective_limit(given_, ambient_db=42.0) == pytest.approx(42 + left, abs=0.005)
    source = rule("background_plus", increment_db=increment, compare="source")
    assert effective_limit(source, ambient_db=42.0) == pytest.approx(42 + increment)


@pytest.mark.parametrize(("combine", "quiet", "loud", "unknown"), [("min", 40, 50, 50), ("max", 50, 65, 50), ("fallback", 40, 65, 50)])  # fmt: skip
def test_a_fixed_part_bounds_extends_or_replaces_the_part_over_the_background(combine, quiet, loud, unknown):  # fmt: skip
    given_ = rule("background_plus", increment_db=5, compare="source", combine=combine, limit_db=50, tonal_penalty_db=3)  # fmt: skip
    ambient = np.array([35.0, 60.0, np.nan])
    np.testing.assert_allclose(effective_limit(given_, ambient_db=ambient), [quiet, loud, unknown])
    np.testing.assert_allclose(effective_limit(given_, ambient_db=ambient, tonal=True), np.array([quiet, loud, unknown]) - 3)  # fmt: skip
    assert effective_limit(given_) == unknown


@pytest.mark.parametrize("cells", [{"kind": "background_plus", "increment_db": 5}, {"kind": "emergence", "emergence_steps_db": FRENCH_DAY}, {"kind": "no_increase"}])  # fmt: skip
def test_no_limit_is_formed_over_a_level_that_is_not_known(cells):
    assert math.isnan(effective_limit(rule(**cells)))
    known = effective_limit(rule(**cells), ambient_db=[40.0, np.nan])
    assert np.isnan(known).tolist() == [False, True]


@pytest.mark.parametrize(
    ("steps", "residual", "largest"),
    [
        (FRENCH_DAY, 30, 36), (FRENCH_DAY, 39.2, 45), (FRENCH_DAY, 44, 49), (FRENCH_DAY, 25, 35), (FRENCH_DAY, 60, 65), (FRENCH_NIGHT, 30, 35),
        (FRENCH_NIGHT, 32, 36), (FRENCH_NIGHT, 41.5, 45), (FRENCH_NIGHT, 50, 53),
    ],
)  # fmt: skip
def test_an_emergence_reaches_the_largest_total_of_its_steps(steps, residual, largest):
    limit = effective_limit(rule("emergence", emergence_steps_db=steps), ambient_db=residual)
    assert total(limit, residual) == pytest.approx(largest, abs=1e-9)


def test_no_increase_is_read_as_ten_decibels_below_what_is_there():
    assert effective_limit(rule("no_increase"), ambient_db=50.0) == pytest.approx(40, abs=1e-9)
    assert effective_limit(rule("no_increase", increment_db=0), ambient_db=50.0) == pytest.approx(40, abs=1e-9)  # fmt: skip
    assert effective_limit(rule("no_increase", increment_db=3), ambient_db=50.0) == pytest.approx(49.98, abs=0.005)  # fmt: skip


# ---------------------------------------------------------------------------------- properties
STEPS = st.tuples(st.floats(25, 45), st.floats(1, 15), st.floats(1, 8), st.floats(0, 5)).map(
    lambda it: (round(it[0], 1), round(it[0], 1) + round(it[1], 1), round(it[3] + it[2], 1), round(it[2], 1))
)  # fmt: skip


def largest_total(steps, residual):
    """Largest allowed total by trial, on a grid of 0.01 dB. [dB]"""
    first, second, more, less = steps
    tried = np.arange(residual, residual + 40, 0.01)
    allowed = np.where(tried <= first, np.inf, np.where(tried <= second, more, less))
    return tried[tried - residual <= allowed + 1e-9].max()


@given(steps=STEPS, residual=st.floats(10, 70), quieter=st.floats(0, 20))
def test_the_total_under_an_emergence_is_what_trial_finds_and_never_falls_with_the_residual(
    steps, residual, quieter
):
    first, second, more, less = steps
    given_ = rule("emergence", emergence_steps_db=f"{first:g}:{more:g};{second:g}:{less:g}")
    lower, upper = (float(total(effective_limit(given_, ambient_db=one), one)) for one in (residual - quieter, residual))  # fmt: skip
    assert lower <= upper + 1e-6
    assert upper == pytest.approx(largest_total(steps, residual), abs=0.011)
    allowance = math.inf if upper <= first + 1e-6 else more if upper <= second + 1e-6 else less
    assert upper - residual <= allowance + 1e-6


@given(ambient=AMBIENT, increment=st.floats(0.5, 15), limit=st.floats(30, 80))
def test_a_bound_on_the_total_is_stricter_and_min_and_max_lie_about_both_parts(ambient, increment, limit):  # fmt: skip
    for compare in ("source", "total"):
        cells = {"increment_db": increment, "compare": compare}
        own = effective_limit(rule("background_plus", **cells), ambient_db=ambient)
        low, high = (effective_limit(rule("background_plus", limit_db=limit, combine=one, **cells), ambient_db=ambient) for one in ("min", "max"))  # fmt: skip
        assert (low, high) == (pytest.approx(min(own, limit)), pytest.approx(max(own, limit)))
    source, bounded = (effective_limit(rule("background_plus", increment_db=increment, compare=one), ambient_db=ambient) for one in ("source", "total"))  # fmt: skip
    assert bounded <= source


@given(levels=LEVELS, louder=st.floats(0, 20), ambient=AMBIENT)
def test_more_sound_power_takes_as_much_off_every_margin_as_a_lower_limit(levels, louder, ambient):
    rules = [rule(limit_db=50), rule(metric="LCeq", limit_db=60), octave(), rule("emergence", emergence_steps_db=FRENCH_DAY), rule("no_increase"),
             rule("background_plus", increment_db=5, compare="total", limit_db=50, combine="min")]  # fmt: skip
    for one in rules:
        before = margin(rule=one, levels_db=levels, ambient_db=ambient).margin_db
        after = margin(rule=one, levels_db=levels + louder, ambient_db=ambient).margin_db
        assert after == pytest.approx(before - louder, abs=1e-9)
    doubled = margin(rule=rules[0], levels_db=levels + 10 * math.log10(2)).margin_db
    assert doubled == pytest.approx(margin(rule=rules[0], levels_db=levels).margin_db - 3.0103, abs=1e-4)  # fmt: skip
    stricter = margin(rule=rule(limit_db=50 - louder), levels_db=levels).margin_db
    assert margin(rule=rules[0], levels_db=levels + louder).margin_db == pytest.approx(stricter)


# -------------------------------------------------------------------------------------- margin
@pytest.mark.parametrize(("metric", "weighted"), [("LAeq", a_weighted), ("LA", a_weighted), ("LAmax", a_weighted), ("Lnight", a_weighted), ("LCeq", c_weighted)])  # fmt: skip
def test_a_broadband_margin_is_the_limit_less_the_level_in_the_weighting_of_the_metric(metric, weighted):  # fmt: skip
    levels = np.array([53.9, 53.2, 52.0, 49.5, 46.8, 42.2, 27.6, -18.5])
    found = margin(rule=rule(metric=metric, limit_db=55), levels_db=levels)
    assert found.received_db == pytest.approx(float(weighted(levels)))
    assert (found.margin_db, found.limit_db) == (pytest.approx(55 - found.received_db), 55)
    assert math.isnan(found.band_hz)


def test_an_octave_margin_is_that_of_the_band_with_the_least_in_hand():
    levels = np.array(OCTAVES, dtype=float) - 10
    levels[3] += 7
    assert margin(rule=octave(), levels_db=levels) == (3, 58, 55, 500)
    spared = octave([*OCTAVES[:3], None, *OCTAVES[4:]])
    assert margin(rule=spared, levels_db=levels).margin_db == 10


def test_the_lowest_octave_is_tested_only_where_its_level_is_given():
    one = octave([None] * 7 + [40], limit_31_5_hz_db=70)
    levels = np.full(8, 30.0)
    assert margin(rule=one, levels_db=levels) == (10, 40, 30, 8000)
    assert margin(rule=one, levels_db=levels, level_31_5_hz_db=75) == (-5, 70, 75, 31.5)
    alone = margin(rule=rule(metric="octave", limit_31_5_hz_db=70), levels_db=levels)
    assert all(math.isnan(part) for part in alone)


def test_arrays_of_levels_and_ambients_give_what_single_ones_give():
    levels = np.random.default_rng(1).uniform(20, 60, (3, 4, 8))
    ambient = np.array([35.0, 45.0, np.nan, 55.0])
    rules = [rule(limit_db=50), octave(), rule("background_plus", increment_db=5, compare="total", limit_db=45, combine="max")]  # fmt: skip
    for one in rules:
        found = margin(rule=one, levels_db=levels, ambient_db=ambient, level_31_5_hz_db=np.full((3, 4), 40.0))  # fmt: skip
        for at in np.ndindex(3, 4):
            single = margin(rule=one, levels_db=levels[at], ambient_db=ambient[at[1]])
            assert [part[at] for part in found] == pytest.approx(list(single), nan_ok=True)


@given(levels=LEVELS, limits=st.lists(st.floats(20, 90), min_size=8, max_size=8))
def test_no_limited_band_has_less_in_hand_than_the_octave_margin(levels, limits):
    found = margin(rule=octave(limits), levels_db=levels)
    spare = np.array(limits) - levels
    assume(np.ptp(np.sort(spare)[:2]) > 1e-6)
    assert found.margin_db == pytest.approx(spare.min())
    assert found.band_hz == BANDS_HZ[int(spare.argmin())]


def test_margins_of_the_worked_example(shared):
    case = json.loads((shared / "cases/noise/worked_example.json").read_text(encoding="utf-8"))
    open_, tonal = np.array(case["levels_db"]), {"tonal": True}
    screened = margin(rule=rule(limit_db=45), levels_db=open_).margin_db + case["level_dba"] - case["wall"]["level_dba"]  # fmt: skip
    found = [
        margin(rule=rule(limit_db=55), levels_db=open_).margin_db, margin(rule=rule(limit_db=45), levels_db=open_).margin_db,
        margin(rule=rule(limit_db=40, tonal_penalty_db=3), levels_db=open_, **tonal).margin_db,
        margin(rule=rule(metric="LCeq", limit_db=68), levels_db=open_).margin_db, margin(rule=octave(), levels_db=open_).margin_db, screened,
    ]  # fmt: skip
    assert found == pytest.approx([one["margin_db"] for one in case["margins"]], abs=case["tolerance_db"])  # fmt: skip
    assert margin(rule=octave(), levels_db=open_).band_hz == case["margins"][4]["binding_band_hz"]
    sigma = math.hypot(*case["uncertainty"].values())
    for one in case["margins"]:
        if "noise_pass_probability" in one:
            odds = 0.5 * (1 + math.erf(one["margin_db"] / sigma / math.sqrt(2)))
            assert odds == pytest.approx(one["noise_pass_probability"], abs=0.001)


def test_a_set_specified_at_seven_metres_radiates_over_its_box():
    near = rule("generator_level", limit_db=70, reference_distance_m=7)
    assert generator_levels(near, 101.3) == (pytest.approx(70), 70)
    far = rule("generator_level", limit_db=70, reference_distance_m=100)
    assert generator_levels(far, 101.3)[0] == pytest.approx(101.3 - 48)
