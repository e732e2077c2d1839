"""Mitigation: what measures take off the groups of a campus, and the package that leaves enough."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.campus import level_at
from powerwall.criteria.noise.mitigation import (
    CAP_DB,
    attenuated,
    gain_dba,
    measures,
    mitigated,
    package,
)
from powerwall.criteria.noise.propagation import BANDS_HZ
from powerwall.criteria.noise.sources import equipment, equipment_table, group, units_of
from powerwall.criteria.noise.states import DAY, OUTAGE, Campus
from powerwall.region.noise_request import NoiseTable

A_DB = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])  # IEC 61672-1
SPREAD = np.array([0.3, 0.5, 0.8, 1, 1, 1, 1, 1])
WORKED_DB = np.array([115, 118, 119, 116, 112, 110, 107, 103.0])
WORKED_DBA = 118.359
POINT = NoiseTable(extent="point")
KNOWN = {one.mitigation_id: one for one in measures()}
BANDED = [f"il_{band:g}_hz_db" for band in BANDS_HZ]


def dba(levels):
    return 10 * np.log10(np.sum(10 ** (0.1 * (np.asarray(levels) + A_DB)), axis=-1))


def row(name, applies_to="air_cooled_chiller", loss=None, **cells):
    """A row of a region's table; a loss is one number for all bands."""
    bands = {} if loss is None else dict.fromkeys(BANDED, loss)
    return {"mitigation_id": name, "applies_to": applies_to, "measure": name, **bands, **cells}


def own(*rows):
    """Measures of a region's rows, by id."""
    return {one.mitigation_id: one for one in measures(pd.DataFrame(list(rows)))}


def worked_group():
    """The chillers of the worked example: 100 MW, 10 m above the ground."""
    shape = {f"rel_{band:g}_hz_db": level for band, level in zip(BANDS_HZ, WORKED_DB, strict=True)}
    kind = {"source_id": "air_cooled_chiller", "category": "cooling", "source_height_m": 10.0, "lw_mode_dba_at_1_mw": WORKED_DBA - 20}  # fmt: skip
    return group(equipment(kind | shape), 100.0)


WORKED = Campus((worked_group(),), 0.0, POINT)


def mixed_campus():
    """Chillers, dry coolers, transformers and standby sets."""
    kinds = equipment_table()
    return Campus(
        (group(kinds["air_cooled_chiller"], 20.0), group(kinds["dry_cooler"], 80.0), units_of(kinds["power_transformer"], 2),
         group(kinds["genset_enclosed"], 100.0, runs="outage")), 0.0, POINT,
    )  # fmt: skip


MIXED = mixed_campus()


def level(campus, metres=500.0, weighting="A", state=DAY):
    return float(level_at(campus.levels(state, 1.5).table, metres, weighting))


def under(limit_db, metres=500.0):
    """Margin of a campus under a limit in dB(A) at a distance."""
    return lambda campus: limit_db - level(campus, metres)


# -------------------------------------------------------------------------------------- claims
@pytest.mark.parametrize(("name", "claim"), [("chiller_economy_blanket", 3), ("chiller_full_package", 12), ("chiller_attenuated_model", 18), ("fan_circular_attenuator", 23)])  # fmt: skip
def test_a_claim_is_spread_with_less_at_low_bands_and_taken_at_its_low_end(name, claim):
    assert KNOWN[name].claimed
    np.testing.assert_allclose(KNOWN[name].loss_db, claim * SPREAD)


@pytest.mark.parametrize("name", ["chiller_economy_blanket", "chiller_full_package", "chiller_attenuated_model"])  # fmt: skip
def test_the_gain_of_a_claim_is_recomputed_for_the_spectrum_and_falls_short_of_its_word(name):
    claim = KNOWN[name].loss_db[-1]
    gain = gain_dba(KNOWN[name], worked_group())
    assert gain == pytest.approx(dba(WORKED_DB) - dba(WORKED_DB - claim * SPREAD), abs=1e-6)
    assert gain < claim - 0.1


def test_a_measure_by_band_is_no_claim_and_gains_its_loss():
    fans = group(equipment_table()["dry_cooler"], 10.0)
    assert not KNOWN["fan_speed_70_percent"].claimed
    assert gain_dba(KNOWN["fan_speed_70_percent"], fans) == pytest.approx(7.7)


def test_claims_on_one_group_do_not_add():
    one = worked_group()
    both = attenuated(one, [KNOWN["chiller_full_package"], KNOWN["chiller_economy_blanket"]])
    larger = attenuated(one, [KNOWN["chiller_full_package"]])
    assert both.sound_power_db == larger.sound_power_db
    assert both.dba < attenuated(one, [KNOWN["chiller_economy_blanket"]]).dba - 1


# -------------------------------------------------------------------------------------- series
@pytest.mark.parametrize(("losses", "taken"), [((6, 8), 14), ((20, 25), 45), ((30, 30), 50), ((60,), 50)])  # fmt: skip
def test_measures_in_series_add_up_to_the_cap(losses, taken):
    assert CAP_DB.value == 50
    found = own(*(row(f"m{n}", loss=loss) for n, loss in enumerate(losses)))
    quieter = attenuated(worked_group(), [found[f"m{n}"] for n in range(len(losses))])
    np.testing.assert_allclose(quieter.sound_power_db, worked_group().sound_power_db - np.full(8, taken))  # fmt: skip


def test_a_claim_and_a_measure_by_band_are_in_series():
    fans = group(equipment_table()["dry_cooler"], 10.0)
    quieter = attenuated(fans, [KNOWN["fan_speed_70_percent"], KNOWN["fan_circular_attenuator"]])
    np.testing.assert_allclose(quieter.sound_power_db, fans.sound_power_db - (7.7 + 23 * SPREAD))


def test_the_cap_holds_in_each_band_by_itself():
    found = own(row("low", loss=0.0, il_63_hz_db=40.0), row("more", loss=20.0))
    quieter = attenuated(worked_group(), [found["low"], found["more"]])
    np.testing.assert_allclose(np.subtract(worked_group().sound_power_db, quieter.sound_power_db), [50, *[20] * 7])  # fmt: skip


def test_the_lowest_octave_loses_what_63_hz_does():
    transformer = units_of(equipment_table()["power_transformer"], 1)
    found = own(row("tank", "any_group", loss=1.0, il_63_hz_db=4.0))
    assert transformer.lowest_db - attenuated(transformer, [found["tank"]]).lowest_db == pytest.approx(4)  # fmt: skip


def test_a_measure_leaves_groups_alone_that_it_does_not_apply_to():
    quieter = mitigated(MIXED, [KNOWN["chiller_full_package"], KNOWN["generic_package_gensets"]])
    same = [before.sound_power_db == after.sound_power_db for before, after in zip(MIXED.groups, quieter.groups, strict=True)]  # fmt: skip
    assert same == [False, True, True, False]
    assert [one.barrier for one in quieter.groups] == [None] * 4
    assert level(quieter, state=OUTAGE) < level(mitigated(MIXED, [KNOWN["chiller_full_package"]]), state=OUTAGE)  # fmt: skip


# --------------------------------------------------------------------------------------- walls
def test_a_wall_stands_before_each_group_and_takes_nothing_off_its_power():
    quieter = mitigated(MIXED, [KNOWN["perimeter_wall"]])
    heights = [one.equipment.height_m for one in MIXED.groups]
    assert heights == [10, 10, 3, 3.5]
    assert [one.barrier for one in quieter.groups] == [(15, height + 4) for height in heights]
    assert [one.sound_power_db for one in quieter.groups] == [one.sound_power_db for one in MIXED.groups]  # fmt: skip
    assert all(one.barrier is None for one in MIXED.groups)


def test_a_wall_of_the_worked_example_takes_ten_decibels_by_a_and_fewer_by_c(shared):
    case = json.loads((shared / "cases/noise/worked_example.json").read_text(encoding="utf-8"))
    behind = mitigated(WORKED, [KNOWN["perimeter_wall"]])
    for key, weighting in (("level_dba", "A"), ("level_dbc", "C")):
        assert level(WORKED, weighting=weighting) == pytest.approx(case[key], abs=0.02)
        assert level(behind, weighting=weighting) == pytest.approx(case["wall"][key], abs=0.02)
    by_a, by_c = (level(WORKED, weighting=one) - level(behind, weighting=one) for one in "AC")
    assert (by_a, by_c) == (pytest.approx(10.1, abs=0.05), pytest.approx(7.1, abs=0.05))


def test_a_wall_and_what_quietens_the_source_add():
    wall, even = KNOWN["perimeter_wall"], own(row("even", loss=5.0))["even"]
    behind = level(mitigated(WORKED, [wall]))
    assert level(mitigated(WORKED, [even, wall])) == pytest.approx(behind - 5)
    assert level(mitigated(WORKED, [wall, even])) == pytest.approx(behind - 5)


def test_a_wall_is_computed_and_never_claimed():
    wall = own(row("perimeter_wall", "any_group", il_low_dba=15.0, il_high_dba=15.0))
    found = attenuated(worked_group(), [wall["perimeter_wall"]])
    assert found.barrier == (15, 14)
    assert found.sound_power_db == pytest.approx(worked_group().sound_power_db)


# --------------------------------------------------------------------------------------- table
def test_measures_stand_in_the_order_of_their_cost_and_unknown_costs_come_last():
    found = own(row("dear", loss=9.0, cost_usd_low=900.0, status="verified"), row("cheap", loss=1.0, cost_usd_low=5.0, status="unverified"),
                row("middle", loss=2.0, cost_usd_low=40.0, cost_usd_high=4000.0))  # fmt: skip
    assert list(found)[:3] == ["cheap", "middle", "dear"]
    assert all(np.isnan(one.cost_usd_low) for one in list(found.values())[3:])
    assert len(found) > 3


def test_a_component_a_whole_campus_and_what_has_no_group_are_left_out():
    shipped = fact_table("mitigation")
    parts = {"duct_opening", "enclosure_opening", "genset_exhaust_and_casing", "genset_open", "campus"}  # fmt: skip
    left = set(shipped.loc[shipped["applies_to"].isin(parts), "mitigation_id"])
    assert len(left) == 13
    assert not (left | {"chiller_compressor_enclosure"}) & set(KNOWN)
    whole = {"chiller_economy_blanket", "chiller_full_package", "chiller_attenuated_model", "fan_circular_attenuator",
             "fan_speed_70_percent", "perimeter_wall", "generic_package_cooling", "generic_package_gensets"}  # fmt: skip
    assert whole <= set(KNOWN)


@pytest.mark.parametrize("cells", [{"il_low_dba": 9.0, "il_basis": "claimed, exhaust component only"}, {"applies_to": "compressor", "loss": 9.0}, {}, {"loss": 9.0, "il_63_hz_db": None}])  # fmt: skip
def test_a_row_of_a_region_without_a_loss_of_a_whole_unit_is_left_out(cells):
    cells = dict(cells)
    applies_to = cells.pop("applies_to", "air_cooled_chiller")
    assert "mine" not in own(row("mine", applies_to, **cells))
    assert "mine" in own(row("mine", loss=9.0))


def test_a_row_of_a_region_stands_in_the_place_of_the_shipped_one():
    found = own(row("chiller_full_package", loss=4.0, cost_usd_low=1e6, status="verified"), row("mine", "cooling_any", loss=1.0))  # fmt: skip
    assert set(found) == {*KNOWN, "mine"}
    changed = found["chiller_full_package"]
    assert (changed.loss_db, changed.claimed, changed.cost_usd_low) == ((4.0,) * 8, False, 1e6)
    assert found["fan_circular_attenuator"] == KNOWN["fan_circular_attenuator"]
    assert gain_dba(changed, worked_group()) == pytest.approx(4)


# ------------------------------------------------------------------------------------- package
def test_a_margin_that_is_wide_enough_needs_no_measure():
    found = package(WORKED, measures(), under(60), 2.0)
    assert found.measures == ()
    assert found.feasible_after
    assert (found.before_db, found.residual_db) == (found.after_db, 0)


def test_measures_are_tried_in_their_order_and_no_more_than_is_needed():
    known = list(own(row("first", loss=3.0, cost_usd_low=1.0), row("second", loss=4.0, cost_usd_low=2.0), row("third", loss=20.0, cost_usd_low=3.0)).values())  # fmt: skip
    limit = level(WORKED) - 4.5  # with 2 dB in hand: 6.5 dB are missing
    found = package(WORKED, known, under(limit), 2.0)
    assert [one.mitigation_id for one in found.measures] == ["first", "second"]
    assert (found.before_db, found.after_db) == (pytest.approx(-4.5), pytest.approx(2.5))


def test_what_gains_nothing_at_the_receptor_is_left_out():
    found = package(WORKED, [KNOWN["fan_circular_attenuator"], KNOWN["chiller_full_package"]], under(48), 2.0)  # fmt: skip
    assert [one.mitigation_id for one in found.measures] == ["chiller_full_package"]


def test_a_claim_that_a_larger_one_stands_in_for_is_dropped():
    known = [KNOWN["chiller_economy_blanket"], KNOWN["chiller_full_package"]]
    assert gain_dba(known[0], worked_group()) > 1
    found = package(WORKED, known, under(level(WORKED) - 5), 2.0)
    assert found.measures == (KNOWN["chiller_full_package"],)
    assert found.feasible_after
    assert found.after_db == pytest.approx(under(level(WORKED) - 5)(mitigated(WORKED, known)))


def test_a_list_that_ends_first_leaves_a_residual():
    found = package(WORKED, [KNOWN["chiller_economy_blanket"]], under(40), 2.0)
    gained = gain_dba(KNOWN["chiller_economy_blanket"], worked_group())
    assert not found.feasible_after
    assert found.after_db - found.before_db == pytest.approx(gained, abs=0.5)
    assert found.residual_db == pytest.approx(2 - found.after_db)


def test_a_measure_for_the_quieter_group_is_taken_once_the_louder_is_quiet():
    kinds = equipment_table()
    campus = Campus((group(kinds["air_cooled_chiller"], 100.0), group(kinds["dry_cooler"], 0.5)), 0.0, POINT)  # fmt: skip
    known = own(row("fans", "cooling_fans", loss=10.0, cost_usd_low=1.0), row("chillers", loss=30.0, cost_usd_low=2.0))  # fmt: skip
    both = [known["fans"], known["chillers"]]
    reached = level(mitigated(campus, both))
    assert reached < level(mitigated(campus, both[1:])) - 2
    found = package(campus, both, under(reached + 1), 0.5)
    assert found.feasible_after
    assert set(found.measures) == set(both)


@settings(max_examples=30, deadline=None)
@given(limit=st.floats(15, 65), buffer=st.floats(0, 10), metres=st.sampled_from([200.0, 500.0, 1500.0]))  # fmt: skip
def test_a_package_leaves_the_wanted_margin_or_says_what_is_missing(limit, buffer, metres):
    margin_of = under(limit, metres)
    found = package(MIXED, measures(), margin_of, buffer)
    assert found.before_db == pytest.approx(margin_of(MIXED))
    assert found.after_db == pytest.approx(margin_of(mitigated(MIXED, found.measures)), abs=1e-6)
    assert found.after_db >= found.before_db
    assert found.residual_db == pytest.approx(max(buffer - found.after_db, 0))
    assert found.feasible_after == (found.after_db >= buffer)
    if found.feasible_after and found.measures:
        assert margin_of(mitigated(MIXED, found.measures[:-1])) < buffer
    if not found.feasible_after:
        for name in set(KNOWN) - {one.mitigation_id for one in found.measures}:
            tried = mitigated(MIXED, [*found.measures, KNOWN[name]])
            assert margin_of(tried) <= found.after_db + 0.1, name


# ---------------------------------------------------------------------------------- properties
MEASURES = st.lists(st.sampled_from(sorted(KNOWN)), max_size=5, unique=True)


@settings(max_examples=25, deadline=None)
@given(names=MEASURES, more=st.sampled_from(sorted(KNOWN)), settings_=st.sampled_from([POINT, POINT.model_copy(update={"edition": "2024", "ground": 0.0})]))  # fmt: skip
def test_no_measure_raises_a_level_in_any_band_at_any_distance(names, more, settings_):
    campus = replace(MIXED, settings=settings_)
    taken = [KNOWN[name] for name in names]
    before, after = mitigated(campus, taken), mitigated(campus, [*taken, KNOWN[more]])
    for state in (DAY, OUTAGE):
        one, other = before.levels(state, 1.5), after.levels(state, 1.5)
        assert (other.table.levels_db <= one.table.levels_db + 1e-9).all()
        assert (other.lowest_db <= one.lowest_db + 1e-9).all()


@given(names=MEASURES)
def test_the_order_in_which_measures_act_changes_nothing(names):
    taken = [KNOWN[name] for name in names]
    for one, other in zip(mitigated(MIXED, taken).groups, mitigated(MIXED, taken[::-1]).groups, strict=True):  # fmt: skip
        np.testing.assert_allclose(one.sound_power_db, other.sound_power_db)
        assert one.barrier == other.barrier
