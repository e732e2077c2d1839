"""Rules: rows as they are read, whom they protect, when they count, ordinances in other forms."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.rules import NoiseRule, rule_from_record, standing
from powerwall.criteria.noise.rules.check import ASSESS_AT
from powerwall.criteria.noise.rules.classes import KNOWN, class_of_kind, matches
from powerwall.criteria.noise.rules.rows import KINDS, METRICS, OCTAVE_COLUMNS
from powerwall.criteria.noise.rules.tables import expanded

GOOD = {"rule_id": "r", "kind": "absolute", "metric": "LAeq", "limit_db": 50}
RECORDS = fact_table("noise_rules").to_dict("records")
VERDICTS = re.compile(r"complian|complies|conforms|lawful|meets the ordinance|guarante|\b(legal|permitted|safe)\b", re.IGNORECASE)  # fmt: skip


def rule(**cells):
    return rule_from_record(GOOD | cells)


# ---------------------------------------------------------------------------------------- rows
def test_every_shipped_row_is_read_and_says_what_and_whom_it_bounds():
    rules = [rule_from_record(record) for record in RECORDS]
    assert len({one.rule_id for one in rules}) == len(rules) == 120
    for one in rules:
        assert one.kind in KINDS
        assert one.receptor_class in KNOWN
        assert one.metric in METRICS or one.kind in {"setback", "generator_window"}, one.rule_id
        assert one.kind == "setback" or one.assess_at in {"", *ASSESS_AT}
        assert one.rule_status
        assert one.status
        assert one.source_title


def test_a_rule_has_an_attribute_for_every_column_of_the_shipped_table():
    names = {one.name for one in fields(NoiseRule)}
    assert set(fact_table("noise_rules")) <= names


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["rule_id"])
def test_the_caption_of_a_shipped_rule_carries_its_number_state_status_and_date(record):
    told = rule_from_record(record).caption
    for column in ("rule_id", "status", "as_of"):
        assert pd.isna(record[column]) or str(record[column]) in told
    assert record["rule_status"].replace("_", " ") in told
    number = next((record[column] for column in ("setback_m", "limit_db", "increment_db") if pd.notna(record[column])), None)  # fmt: skip
    assert number is None or f"{float(number):g}" in told
    assert not VERDICTS.search(told)
    assert "nan" not in told


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({}, "50 dB(A)"), ({"metric": "LCeq"}, "50 dB(C)"), ({"metric": "octave", "limit_63_hz_db": 70, "limit_125_hz_db": 60}, "2 octave limits"),
        ({"kind": "background_plus", "limit_db": "", "increment_db": 10}, "10 dB over the background"),
        ({"kind": "emergence", "emergence_steps_db": "35:6;45:5"}, "6 dB from 35, 5 dB from 45"), ({"kind": "no_increase"}, "no increase"),
        ({"kind": "setback", "setback_m": 60.96, "setback_from": "lot_line"}, "60.96 m from lot line"), ({"kind": "not_found"}, "no number found"),
        ({"kind": "generator_level", "reference_distance_m": 7}, "50 dB(A) at 7 m of a generator set"), ({"kind": "generator_window"}, "generator tests"),
    ],
)  # fmt: skip
def test_the_caption_says_the_limit_in_the_words_of_its_kind(cells, words):
    assert words in rule(**cells).caption
    assert "state not stated" in rule(**cells).caption


def test_the_caption_of_a_level_reads_as_reports_quote_it():
    told = rule(rule_id="x", limit_db=55, rule_status="in_force", status="secondary", as_of="2016")
    assert told.caption == "x (55 dB(A), in force, secondary, 2016)"


@pytest.mark.parametrize("blank", ["", None, math.nan, pd.NA, "  "])
def test_blank_cells_are_unknown_numbers_and_empty_texts(blank):
    one = rule(tonal_penalty_db=blank, note=blank, days=blank, window_start=blank, other=blank)
    assert math.isnan(one.tonal_penalty_db)
    assert (one.note, one.days, one.window_start) == ("", "", "")
    assert one == rule() or math.isnan(rule().tonal_penalty_db)


def test_numbers_may_come_as_texts_and_octaves_are_nine():
    assert rule(limit_db=" 55.5 ").limit_db == 55.5
    bands = rule(metric="octave", limit_db="", limit_31_5_hz_db="80", limit_8000_hz_db="40")
    assert bands.octave_limits_db.shape == (9,)
    assert bands.octave_limits_db[[0, 8]].tolist() == [80, 40]
    assert np.isnan(bands.octave_limits_db[1:8]).all()


@pytest.mark.parametrize(("metric", "read", "weighting"), [("LA", "LAeq", "A"), ("LCeq", "LCeq", "C"), ("LAmax", "LAmax", "A"), ("Lnight", "Lnight", "A")])  # fmt: skip
def test_the_metric_decides_the_weighting_and_a_level_without_descriptor_is_an_average(metric, read, weighting):  # fmt: skip
    one = rule(metric=metric)
    assert (one.metric, one.weighting) == (read, weighting)
    assert rule(metric="octave", limit_63_hz_db=60).weighting == "octave"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"kind": "limit"}, "kind `limit`"), ({"kind": ""}, "kind"), ({"metric": "dBA"}, "metric `dBA`"), ({"compare": "sum"}, "compare"), ({"combine": "mean"}, "combine"),
        ({"days": "weekdays"}, "weekdays"), ({"days": "mon-xyz"}, "mon-xyz"), ({"window_start": "7pm"}, "7pm"), ({"window_start": "24:00"}, "24:00"),
        ({"window_end": "22:60"}, "22:60"), ({"window_end": "24:01"}, "24:01"), ({"kind": "emergence", "emergence_steps_db": "35=6"}, "35=6"),
        ({"kind": "emergence", "emergence_steps_db": "35:6;45"}, "45"), ({"kind": "emergence", "emergence_steps_db": "45:5;35:6"}, "rise"),
        ({"kind": "emergence"}, "without its steps"), ({"limit_db": ""}, "without the number"), ({"limit_db": "fifty"}, "fifty"),
        ({"metric": "octave"}, "without the number"), ({"kind": "background_plus"}, "without the number"), ({"kind": "setback"}, "without the number"),
        ({"kind": "generator_level"}, "without the number"), ({"kind": "generator_level", "reference_distance_m": 7, "limit_db": ""}, "without the number"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_refused_with_its_id_and_the_reason(cells, words):
    with pytest.raises(ValueError, match=f"^r: .*{re.escape(words)}"):
        rule(**cells)


@pytest.mark.parametrize("kind", ["no_increase", "generator_window", "not_found"])
def test_some_kinds_need_no_number(kind):
    assert rule(kind=kind, limit_db="").kind == kind


# ------------------------------------------------------------------------------------- classes
HOMES = {"", "any", "residential", "dwelling", "noise_sensitive_property", "noise_sensitive_location", "sensitive_building", "fr_zer", "mn_nac1", "il_class_a"}  # fmt: skip
OFFICES = {"", "any", "commercial", "nonresidential", "central_business_district", "mn_nac2", "de_mi_md_mk", "de_mu"}  # fmt: skip
WORKS = {"", "any", "industrial", "mn_nac3", "il_class_c", "de_ge", "de_gi"}


@pytest.mark.parametrize(
    ("receptor", "protected"),
    [
        ("residential", HOMES | {"de_wr"}), ("dwelling", HOMES | {"de_wr"}), ("commercial", OFFICES), ("industrial", WORKS),
        ("mixed_use_residential", {"", "any", "mixed_use_residential"}), ("de_mi_md_mk", {"", "any", "de_mi_md_mk"}), ("il_class_c", {"", "any", "il_class_c"}),
        ("de_wa_ws", HOMES | {"de_wa_ws"}), ("castle", {"", "any", "castle"}),
    ],
)  # fmt: skip
def test_a_receptor_is_protected_by_rules_for_its_class_and_for_any(receptor, protected):
    assert {one for one in KNOWN | {"castle"} if matches(one, receptor)} == protected


def test_every_shipped_class_protects_a_receptor_of_its_own_word():
    for one in {record["receptor_class"] for record in RECORDS}:
        assert matches(one, one)
        others = [word for word in ("residential", "commercial", "industrial") if matches(one, word)]  # fmt: skip
        assert one == "any" or len(others) <= 1, one


def test_the_kind_of_a_receptor_tells_its_class_or_nothing(regions):
    assert [class_of_kind(kind) for kind in ("subdivision", "hamlet", "housing", "town_centre", "office", "factory", "airport")] == [
        "residential", "residential", "residential", "residential", "commercial", "industrial", None,
    ]  # fmt: skip
    for kind in ("school", "hospital"):
        assert matches("residential", class_of_kind(kind))
    kinds = {kind for path in regions.glob("*/receptors.csv") for kind in pd.read_csv(path)["kind"].dropna()}  # fmt: skip
    assert kinds
    assert {kind for kind in kinds if class_of_kind(kind) is None} <= {"mixed", "other"}


# ------------------------------------------------------------------------------------ standing
@pytest.mark.parametrize(
    ("cells", "on", "counted"),
    [
        ({"rule_status": "in_force"}, "2026-03-01", True), ({"rule_status": "draft"}, "2026-03-01", False), ({"rule_status": "proposed"}, "2026-03-01", False),
        ({"rule_status": "repealed"}, "2026-03-01", False), ({"rule_status": "unknown"}, "2026-03-01", False), ({}, "2026-03-01", False),
        ({"rule_status": "guidance"}, "2026-03-01", False), ({"rule_status": "pending"}, "2026-03-01", False),
        ({"rule_status": "pending", "effective_from": "2026-05-01"}, "2026-04-30", False), ({"rule_status": "pending", "effective_from": "2026-05-01"}, "2026-05-01", True),
        ({"rule_status": "pending", "effective_from": "2026-05"}, "2026-05-30", False), ({"rule_status": "pending", "effective_from": "2026-05"}, "2026-05-31", True),
        ({"rule_status": "in_force", "effective_from": "2026"}, "2026-01-01", True), ({"rule_status": "in_force", "effective_from": "2026"}, "2025-12-31", False), ({"rule_status": "in_force", "effective_to": "2026-05-01"}, "2026-04-30", True),
        ({"rule_status": "in_force", "effective_to": "2026-05-01"}, "2026-05-01", False), ({"rule_status": "in_force", "effective_to": "2026"}, "2026-01-01", False),
    ],
)  # fmt: skip
def test_a_rule_counts_in_force_or_adopted_once_its_day_has_surely_come(cells, on, counted):
    assert standing.counts(rule(**cells), date.fromisoformat(on)) is counted


def test_states_that_are_named_count_too_within_their_dates():
    guide = rule(rule_status="guidance", effective_from="2020-01-01")
    assert standing.counts(guide, date(2026, 3, 1), {"guidance"})
    assert not standing.counts(guide, date(2019, 3, 1), {"guidance"})
    assert not standing.counts(rule(rule_status="draft"), date(2026, 3, 1), {"guidance"})


@pytest.mark.parametrize(
    ("trigger", "by_site"),
    [("", (1, 1, 1)), ("any", (1, 1, 1)), ("steady_tonal", (1, 1, 1)), ("data_center", (1, 1, 1)), ("new_on_unused_site", (1, 0, 1)), ("new_on_used_site", (0, 1, 1)), ("aircraft", (0, 0, 0))],
)  # fmt: skip
def test_a_trigger_asks_whether_the_land_was_used_and_what_is_unknown_is_tested(trigger, by_site):
    found = [standing.tested_sources(rule(source_trigger=trigger), greenfield=new, source_class=None) for new in (True, False, None)]  # fmt: skip
    assert found == [bool(one) for one in by_site]


@pytest.mark.parametrize(("made_for", "site", "tested"), [("", "b", True), ("any", "b", True), ("il_class_c", "il_class_c", True), ("il_class_c", "il_class_b", False), ("il_class_c", None, True)])  # fmt: skip
def test_a_rule_for_one_class_of_emitting_land_is_tested_there_and_where_it_is_unknown(made_for, site, tested):  # fmt: skip
    assert (
        standing.tested_sources(rule(source_class=made_for), greenfield=None, source_class=site)
        is tested
    )


# -------------------------------------------------------------------------------------- tables
TEXT = {"fips": "20001", "feature_type": "Sound", "value_type": "dBA", "value": "55/50/45"}


def read(*rows, authorities=None):
    frame, unread = expanded(pd.DataFrame(list(rows)).astype(object), authorities)
    return [rule_from_record(row) for row in frame.to_dict("records")], unread


def told(rules):
    return [(one.period, one.limit_db, one.window_start, one.window_end, one.hours_assumed) for one in rules]  # fmt: skip


DAY, EVENING, NIGHT = ("07:00", "22:00", True), ("19:00", "22:00", True), ("22:00", "07:00", True)


@pytest.mark.parametrize(
    ("value", "periods"),
    [
        ("55", [("all", 55, "", "", False)]), ("55/45", [("day", 55, *DAY), ("night", 45, *NIGHT)]), ("55 / 55", [("day", 55, *DAY), ("night", 55, *NIGHT)]),
        ("55/50/45", [("day", 55, "07:00", "19:00", True), ("evening", 50, *EVENING), ("night", 45, *NIGHT)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("unit", ["dBA", "dB(A)", "db a"])
def test_levels_as_a_text_become_a_limit_a_period(value, periods, unit):
    rules, unread = read(TEXT | {"value": value, "value_type": unit}, authorities={"20001": "us-ks-one"})  # fmt: skip
    assert told(rules) == periods
    assert unread == []
    assert {(one.kind, one.metric, one.jurisdiction_id, one.rule_status, one.status) for one in rules} == {("absolute", "LAeq", "us-ks-one", "unknown", "unverified")}  # fmt: skip


def test_columns_of_limits_become_the_same_rows_and_other_rows_stay():
    wide = {"rule_id": "w", "jurisdiction_id": "x", "limit_day_dba": 55, "limit_evening_dba": 50, "limit_night_dba": 45, "rule_status": "in_force", "as_of": "2020"}  # fmt: skip
    rules, _ = read(wide, {**GOOD, "rule_id": "plain"})
    assert told(rules[:3]) == told(read(TEXT)[0])
    assert [one.rule_id for one in rules] == ["w-day", "w-evening", "w-night", "plain"]
    assert {(one.rule_status, one.as_of, one.jurisdiction_id) for one in rules[:3]} == {("in_force", "2020", "x")}  # fmt: skip
    assert rules[3].limit_db == 50


def test_the_made_rows_keep_the_index_of_their_row_and_ids_of_their_own():
    frame, _ = expanded(pd.DataFrame([TEXT, TEXT | {"value": "60"}], index=[7, 9]))
    assert frame.index.tolist() == [7, 7, 7, 9]
    assert frame["rule_id"].is_unique


@pytest.mark.parametrize(
    ("cells", "column", "why"),
    [
        ({"value_type": ""}, "value_type", "without unit"), ({"value_type": "Max tip-height Multiplier"}, "value_type", "not dBA"), ({"value_type": "dBC"}, "value_type", "not dBA"),
        ({"value": "45/55"}, "value", "rises"), ({"value": "45/50/55"}, "value", "rises"), ({"value": "as stated"}, "value", "no level"),
        ({"feature_type": "Roads"}, "feature_type", "no sound"), ({"feature_type": "Wind turbine noise"}, "feature_type", "wind or solar"),
        ({"technology": "Solar"}, "feature_type", "wind or solar"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_say_enough_is_left_out_with_its_cell_and_the_reason(cells, column, why):  # fmt: skip
    rules, unread = read(TEXT, TEXT | cells)
    assert len(rules) == 3
    assert [(one.index, one.column) for one in unread] == [(1, column)]
    assert why in unread[0].why


def test_a_table_of_single_limits_is_returned_as_it_is():
    frame = pd.DataFrame([GOOD])
    found, unread = expanded(frame)
    assert found is frame
    assert unread == []


@pytest.mark.parametrize("blank", [None, math.nan])
def test_an_empty_cell_of_a_table_takes_the_default(blank):
    wide = {"jurisdiction_id": "x", "limit_day_dba": 55, "limit_night_dba": 45}
    rules, _ = read(wide | {"rule_id": "w", "rule_status": "in_force"}, wide | {"rule_id": blank, "rule_status": blank})  # fmt: skip
    assert [one.rule_id for one in rules[2:]] == ["ordinance-x-day", "ordinance-x-night"]
    assert {one.rule_status for one in rules[2:]} == {"unknown"}


def test_octave_columns_run_from_the_lowest_band_up():
    assert OCTAVE_COLUMNS[0] == "limit_31_5_hz_db"
    assert [int(name.split("_")[1]) for name in OCTAVE_COLUMNS[1:]] == [63, 125, 250, 500, 1000, 2000, 4000, 8000]  # fmt: skip
