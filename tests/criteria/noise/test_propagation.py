"""Propagation: absorption, ground and screens against published figures, and what must always hold."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.noise.propagation import (
    Barrier,
    Block,
    GroundFactors,
    Wall,
    a_weighted,
    atmospheric_absorption,
    c_weighted,
    diffraction,
    ground_attenuation,
    ground_factors,
    meteorological_correction,
    received_levels,
    screen_attenuation,
    screened_levels,
)
from powerwall.criteria.noise.propagation.bands import A_DB, C_DB, EXACT_HZ

#: Worked example: 100 MW of IT load, 90 chillers; sound power by band.
WORKED = np.array([115, 118, 119, 116, 112, 110, 107, 103], dtype=float)
AIR = {"temperature_c": 20.0, "humidity_pct": 70.0}
heights = st.floats(0.0, 40.0)
grounds = st.floats(0.0, 1.0)
editions = st.sampled_from(["1996", "2024"])


@pytest.fixture(scope="module")
def worked(shared):
    return json.loads((shared / "cases/noise/worked_example.json").read_text(encoding="utf-8"))


def test_absorption_agrees_with_the_table_of_the_standard(shared):
    """ISO 9613-2:1996 Table 2: half a unit of the last printed digit; 0.001 dB/km at the exact midbands."""
    with (shared / "cases/noise/iso9613_2_table2_absorption.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        found = (
            atmospheric_absorption(float(row["temperature_c"]), float(row["humidity_pct"])) * 1000
        )
        printed = [(name, text) for name, text in row.items() if name.startswith("alpha")]
        for band, (name, text) in enumerate(printed):
            decimals = len(text.partition(".")[2])
            # 4.1 stands for 4.1511 at 15 °C, 80 %, 1 kHz
            within = 0.5 * 10.0**-decimals + 0.002 if row["kind"] == "printed" else 0.001
            assert found[band] == pytest.approx(float(text), abs=within), (row, name)


def test_weightings_are_those_of_the_closed_forms_at_the_exact_midbands():
    """IEC 61672-1, annex E: the table agrees with the poles to a tenth."""
    f1, f2, f3, f4 = 20.598997, 107.65265, 737.86223, 12194.217
    s = EXACT_HZ**2
    c = 20 * np.log10(f4**2 * s / ((s + f1**2) * (s + f4**2))) + 0.062
    a = 20 * np.log10(f4**2 * s**2 / ((s + f1**2) * np.sqrt((s + f2**2) * (s + f3**2)) * (s + f4**2))) + 2.0  # fmt: skip
    np.testing.assert_allclose(A_DB, a, atol=0.06)
    np.testing.assert_allclose(C_DB, c, atol=0.06)


def test_the_cases_of_iso_tr_17534_3_are_met_in_every_band_and_in_total(shared):
    """ISO/TR 17534-3:2015, T01–T05 and T08, within 0.05 dB."""
    file = json.loads((shared / "cases/noise/iso17534_3_cases.json").read_text(encoding="utf-8"))
    assert {case["id"] for case in file["cases"]} >= {"T01", "T02", "T03", "T04", "T05", "T08"}
    for case in file["cases"]:
        levels = _levels(case, file["common"]["sound_power_db"])
        np.testing.assert_allclose(levels, case["expect"]["levels_db"], atol=0.05, err_msg=case["id"])  # fmt: skip
        assert float(a_weighted(levels)) == pytest.approx(case["expect"]["total_dba"], abs=0.05)
        if total := case["expect"].get("total_unweighted_db"):
            assert 10 * math.log10(np.sum(10 ** (0.1 * levels))) == pytest.approx(total, abs=0.05)
        if each := case["expect"].get("levels_a_weighted_db"):
            np.testing.assert_allclose(levels + A_DB, each, atol=0.05)


def _factors(case):
    if "segment_lengths_m" not in case:
        return case.get("ground", 0.5)
    return ground_factors(case["segment_lengths_m"], case["segment_ground"], case["source_height_m"], case["receiver_height_m"])  # fmt: skip


def _levels(case, power):
    if wall := case.get("wall"):
        return screened_levels(power, tuple(case["source_m"]), tuple(case["receiver_m"]), Wall(tuple(wall["start_m"]), tuple(wall["end_m"])),
                               case["source_height_m"], case["receiver_height_m"], ground=_factors(case), **AIR)  # fmt: skip
    return received_levels(power, case["source_height_m"], case["receiver_height_m"], case["distance_m"], ground=_factors(case),
                           ground_method=case["ground_method"], mean_height_m=case.get("mean_height_m"), **AIR)  # fmt: skip


def test_the_intermediates_of_the_cases_are_met(shared):
    file = json.loads((shared / "cases/noise/iso17534_3_cases.json").read_text(encoding="utf-8"))
    cases = {case["id"]: case for case in file["cases"]}
    t01, t04, t08 = (cases[name] for name in ("T01", "T04", "T08"))
    np.testing.assert_allclose(
        ground_attenuation(1, 4, t01["distance_m"], 0.0), t01["intermediate"]["Agr"], atol=0.005
    )
    source, middle, receiver = _factors(t04)
    known = t04["intermediate"]
    assert (source, round(middle, 2), round(receiver, 2)) == (known["Gs"], known["Gm"], known["Gr"])
    over = t08["intermediate"]["z_top"]
    np.testing.assert_allclose(_dz_of_t08(t08, over), t08["intermediate"]["Dz_top"], atol=0.01)


def _dz_of_t08(case, difference):
    """Dz of a single edge whose path difference is the printed one."""
    source, receiver = np.array(case["source_m"], float), np.array(case["receiver_m"], float)
    start, end = (np.array(case["wall"][name], float) for name in ("start_m", "end_m"))
    towards, along = (receiver - source)[:2], (end - start)[:2]
    step = np.linalg.solve(np.column_stack([towards, -along]), (start - source)[:2])[0]
    edge = np.array([*(source[:2] + step * towards), 6.0])
    near, far, direct = (np.linalg.norm(b - a) for a, b in ((source, edge), (edge, receiver), (source, receiver)))  # fmt: skip
    assert near + far - direct == pytest.approx(difference, abs=5e-5)
    return diffraction(near, far, direct)


def test_fifty_flat_ground_cases_of_an_independent_program_are_met(shared):
    file = json.loads((shared / "cases/noise/flat_ground_cases.json").read_text(encoding="utf-8"))
    assert len(file["cases"]) >= 50
    for case in file["cases"]:
        given_ = {name: value for name, value in case.items() if name not in {"case", "levels_db"}}
        found = received_levels(file["sound_power_db"], **given_)
        np.testing.assert_allclose(found, case["levels_db"], atol=file["tolerance_db"])


def test_the_worked_example_is_met_step_by_step(worked):
    inputs, path = worked["inputs"], worked["path"]
    assert float(a_weighted(WORKED)) == pytest.approx(worked["sound_power_dba"], abs=0.01)
    assert float(c_weighted(WORKED)) == pytest.approx(worked["sound_power_dbc"], abs=0.01)
    np.testing.assert_allclose(ground_attenuation(10, 1.5, 500), path["ground_db"], atol=0.001)
    np.testing.assert_allclose(
        atmospheric_absorption(10, 70) * path["slant_distance_m"], path["absorption_db"], atol=0.001
    )
    given_ = {name: value for name, value in inputs.items() if name != "sound_power_db"}
    levels = received_levels(inputs["sound_power_db"], **given_)
    np.testing.assert_allclose(levels, worked["levels_db"], atol=0.001)
    assert float(a_weighted(levels)) == pytest.approx(worked["level_dba"], abs=0.01)
    assert float(c_weighted(levels)) == pytest.approx(worked["level_dbc"], abs=0.01)
    newer = received_levels(inputs["sound_power_db"], **{**given_, "edition": "2024"})
    assert float(a_weighted(newer)) == pytest.approx(worked["level_dba_2024"], abs=0.01)


def test_the_wall_of_the_worked_example_is_met_in_both_editions(worked):
    wall = Barrier(**worked["wall"]["barrier"])
    legs = np.hypot(15, 4), np.hypot(485, 12.5), np.hypot(500, 8.5)
    assert legs[0] + legs[1] - legs[2] == pytest.approx(worked["wall"]["path_difference_m"], abs=1e-4)  # fmt: skip
    for edition, suffix in (("1996", ""), ("2024", "_2024")):
        bent = diffraction(*legs, edition=edition)
        np.testing.assert_allclose(bent, worked["wall"][f"diffraction_{edition}_db"], atol=0.001)
        levels = received_levels(WORKED, 10, 1.5, 500, edition=edition, barrier=wall)
        assert float(a_weighted(levels)) == pytest.approx(worked["wall"][f"level_dba{suffix}"], abs=0.01)  # fmt: skip
    under = ground_attenuation(10, 1.5, 500)
    np.testing.assert_allclose(screen_attenuation(under, diffraction(*legs)), worked["wall"]["screen_attenuation_1996_db"], atol=0.001)  # fmt: skip


@pytest.mark.parametrize(("metres", "expected"), [(1, 11), (10, 31), (100, 51), (1000, 71)])
def test_divergence_is_twenty_lg_d_plus_eleven(metres, expected):
    found = 100 - received_levels([100] * 8, 0, 0, metres, ground=0.5)
    absorbed = atmospheric_absorption(10, 70) * metres
    np.testing.assert_allclose(found - absorbed - ground_attenuation(0, 0, metres), expected)


def test_closed_forms_of_the_ground_hold():
    np.testing.assert_allclose(ground_attenuation(1, 1, 50, 0.0), -3.0)
    far = ground_attenuation(0, 0, 1e7, 1.0)
    # heights of 0: the middle takes the whole path but reaches 3 (1 − G) = 0 from 125 Hz up
    assert far[2:5] == pytest.approx([17.2, 28.0, 10.0], abs=0.01)


def test_closed_forms_of_diffraction_hold():
    np.testing.assert_allclose(diffraction(50, 50, 100), 10 * math.log10(3))
    leg = math.hypot(50, 0.5)
    found = diffraction(leg, leg, 100, clear=True)
    assert found[[0, 3, 6]] == pytest.approx([4.744, 4.553, 2.609], abs=0.001)
    assert (diffraction(500, 500, 100) == 20).all()
    assert (diffraction(500, 500, 100, between_edges_m=10.0) == 25).all()
    assert (diffraction(500, 500, 100, lateral=True) > 25).all()
    assert (diffraction(500, 500, 100, capped=False)[-1] > 20).all()


def test_the_alternative_method_takes_four_decibels_at_a_hundred_metres():
    plain = received_levels([100] * 8, 2, 2, 100, ground_method="alternative", mean_height_m=2)
    spread = 20 * math.log10(100) + 11 + atmospheric_absorption(10, 70) * 100
    omega = 10 * math.log10(1 + 100**2 / (100**2 + 16))
    np.testing.assert_allclose(100 - plain, spread + 4.0 - omega, atol=1e-9)
    default = received_levels([100] * 8, 2, 2, 100, ground_method="alternative")
    np.testing.assert_array_equal(default, plain)


def test_the_long_term_correction_starts_at_ten_heights():
    assert float(meteorological_correction(200, 1, 1, 2)) == pytest.approx(1.8)
    assert float(meteorological_correction(20, 1, 1, 2)) == 0
    np.testing.assert_allclose(meteorological_correction([0.0, 50.0], 0, 0, 3), [0, 3])


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: atmospheric_absorption(10, 0), "humidity"), (lambda: atmospheric_absorption(10, 100.1), "humidity"),
        (lambda: atmospheric_absorption(10, 70, 0), "pressure"), (lambda: ground_attenuation(1, 1, 1, 1.1), "ground"),
        (lambda: ground_attenuation(1, 1, 1, -0.1), "ground"), (lambda: ground_attenuation(-1, 1, 1), "source_height_m"),
        (lambda: ground_attenuation(1, 1, -1), "distance_m"), (lambda: ground_attenuation(1, 1, math.nan), "distance_m"),
        (lambda: ground_attenuation(1, 1, 1, edition="2025"), "edition"), (lambda: received_levels([1] * 7, 1, 1, 1), "eight bands"),
        (lambda: received_levels(1.0, 1, 1, 1), "eight bands"), (lambda: received_levels([1] * 8, 1, 1, 1, ground_method="other"), "ground_method"),
        (lambda: received_levels([1] * 8, 1, 1, 9, ground_method="alternative", barrier=Barrier(1, 2)), "barrier"),
        (lambda: received_levels([1] * 8, 1, 1, 9, barrier=Barrier(-1, 2)), "barrier"), (lambda: ground_factors([], [], 1, 1), "ground"),
        (lambda: ground_factors([1, -1], [0, 0], 1, 1), "lengths"), (lambda: ground_factors([0], [0], 1, 1), "lengths"),
        (lambda: diffraction(1, 1, 1, edition="x"), "edition"),
        (lambda: screened_levels(WORKED, (5, 5, 1), (50, 5, 1), Block(((0, 0), (10, 0), (10, 10), (0, 10)), 4)), "inside the block"),
    ],
)  # fmt: skip
def test_an_input_that_is_none_is_refused_by_name(call, word):
    with pytest.raises(ValueError, match=word):
        call()


@settings(max_examples=60, deadline=None)
@given(heights, heights, grounds, st.floats(-20, 40), st.floats(5, 100), editions)
def test_levels_fall_with_distance_in_every_band(hs, hr, ground, temperature, humidity, edition):
    metres = np.geomspace(1, 20_000, 300)
    levels = received_levels(WORKED, hs, hr, metres, ground, temperature, humidity, edition=edition)
    assert (np.diff(levels, axis=0) <= 1e-9).all()
    for weigh in (a_weighted, c_weighted):
        assert (np.diff(weigh(levels)) <= 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(heights, heights, st.floats(1, 20_000), editions)
def test_hard_ground_is_never_quieter_than_porous(hs, hr, metres, edition):
    hard, soft = (received_levels(WORKED, hs, hr, metres, ground, edition=edition) for ground in (0.0, 1.0))  # fmt: skip
    assert (hard >= soft - 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(heights, heights, st.floats(1, 5000), grounds, st.floats(0, 50), st.floats(0, 60), editions)
def test_a_barrier_never_raises_a_level(hs, hr, metres, ground, away, top, edition):
    free = received_levels(WORKED, hs, hr, metres, ground, edition=edition)
    behind = received_levels(WORKED, hs, hr, metres, ground, edition=edition, barrier=Barrier(away, top))  # fmt: skip
    assert (behind <= free + 1e-9).all()
    if metres <= away:
        np.testing.assert_array_equal(behind, free)


def test_scalars_vectors_and_grids_give_the_same_levels():
    metres = np.array([1.0, 10.0, 500.0, 3000.0])
    rows = received_levels(WORKED, 10, 1.5, metres, barrier=Barrier(15, 14))
    for at, distance in enumerate(metres):
        np.testing.assert_allclose(received_levels(WORKED, 10, 1.5, distance, barrier=Barrier(15, 14)), rows[at])  # fmt: skip
    assert received_levels(WORKED, 10, 1.5, metres.reshape(2, 2)).shape == (2, 2, 8)
    mixed = received_levels(WORKED, 10, 1.5, metres, ground=np.array([0.0, 0.2, 0.5, 1.0]))
    for at, ground in enumerate((0.0, 0.2, 0.5, 1.0)):
        np.testing.assert_allclose(mixed[at], received_levels(WORKED, 10, 1.5, metres[at], ground))
    same = received_levels(WORKED, 10, 1.5, metres, GroundFactors(0.5, 0.5, 0.5))
    np.testing.assert_array_equal(same, received_levels(WORKED, 10, 1.5, metres, 0.5))


def test_a_path_without_a_middle_takes_the_mean_of_the_whole_as_its_middle():
    found = ground_factors([10, 30], [0.0, 1.0], 1, 2)
    assert found == pytest.approx((2 / 3, 0.75, 0.75))
    assert ground_factors([10, 30], [0.0, 1.0], 0, 0) == pytest.approx((0.0, 0.75, 1.0))


BLOCK = Block(((40, -20), (60, -20), (60, 20), (40, 20)), 10.0)


def test_a_block_is_two_edges_over_the_top_and_its_corners_round_the_sides():
    source, receiver = (0.0, 0.0, 2.0), (100.0, 0.0, 2.0)
    found = screened_levels(WORKED, source, receiver, BLOCK)
    free = received_levels(WORKED, 2, 2, 100)
    leg, side = math.hypot(40, 8), math.hypot(40, 20)
    over = diffraction(leg, leg, 100, 20.0)
    round_ = diffraction(side, side, 100, 20.0, lateral=True)
    expected = screen_attenuation(ground_attenuation(2, 2, 100), over, [round_, round_])
    np.testing.assert_allclose(free - found, expected, atol=1e-9)


def test_a_wide_block_is_that_of_its_top_alone_in_the_limit():
    wide = Block(((40, -1e5), (60, -1e5), (60, 1e5), (40, 1e5)), 10.0)
    found = screened_levels(WORKED, (0, 0, 2), (100, 0, 2), wide)
    leg = math.hypot(40, 8)
    top = screen_attenuation(ground_attenuation(2, 2, 100), diffraction(leg, leg, 100, 20.0))
    np.testing.assert_allclose(received_levels(WORKED, 2, 2, 100) - found, top, atol=1e-3)


def test_what_stands_beside_the_line_of_sight_screens_nothing():
    free = received_levels(WORKED, 2, 2, 100)
    for obstacle in (Wall((50, 1, 9), (50, 30, 9)), Wall((10, 0, 9), (90, 0, 9)), Block(((40, 5), (60, 5), (60, 20), (40, 20)), 9)):  # fmt: skip
        np.testing.assert_array_equal(
            screened_levels(WORKED, (0, 0, 2), (100, 0, 2), obstacle), free
        )


def test_an_edge_far_below_the_line_of_sight_screens_nothing():
    free = received_levels(WORKED, 30, 30, 100)
    for obstacle in (Wall((50, -50, 1), (50, 50, 1)), BLOCK):
        np.testing.assert_allclose(screened_levels(WORKED, (0, 0, 30), (100, 0, 30), obstacle), free)  # fmt: skip


def test_a_long_wall_is_the_barrier_of_a_path():
    wall = Wall((15, -1e6, 14), (15, 1e6, 14))
    found = screened_levels(WORKED, (0, 0, 10), (500, 0, 1.5), wall)
    np.testing.assert_allclose(found, received_levels(WORKED, 10, 1.5, 500, barrier=Barrier(15, 14)), atol=1e-3)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 30), st.floats(1, 30), st.floats(1, 60), st.floats(-15, 15), editions)
def test_an_obstacle_never_raises_a_level(hs, hr, top, aside, edition):
    source, receiver = (0.0, 0.0, hs), (100.0, aside, hr)
    free = received_levels(WORKED, hs, hr, math.hypot(100, aside), edition=edition)
    for obstacle in (Wall((50, -30, top), (55, 30, top)), BLOCK._replace(top_m=top)):
        assert (screened_levels(WORKED, source, receiver, obstacle, edition=edition) <= free + 1e-9).all()  # fmt: skip
