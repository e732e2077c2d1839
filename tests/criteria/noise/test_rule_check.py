"""Rule check: a row is used unless an error about it is told, and each slip is told once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.rules.check import check_noise_rules, usable
from powerwall.criteria.noise.rules.rows import OCTAVE_COLUMNS
from powerwall.region.findings import Findings
from powerwall.region.layers import Layer
from powerwall.region.tables import CellPlaces

GOOD = {"rule_id": "r", "rule_set": "s", "jurisdiction_id": "us-ks-one", "kind": "absolute", "metric": "LAeq", "receptor_class": "residential", "limit_db": 50.0}  # fmt: skip
PLACES = CellPlaces(Path("noise_rules.csv"))
NIGHT = {"period": "night", "window_start": "22:00", "window_end": "07:00"}
DAY = {"period": "day", "window_start": "07:00", "window_end": "22:00"}
OCTAVE = {"metric": "octave", "limit_db": None, **dict.fromkeys(OCTAVE_COLUMNS[1:], 60.0)}


def told(*rows):
    """Findings about rows of a layer, as (severity, message)."""
    frame = pd.DataFrame([GOOD | {"rule_id": f"r{n}"} | row for n, row in enumerate(rows)]).astype(object)  # fmt: skip
    findings = Findings()
    check_noise_rules(Layer("noise_rules", None, frame, PLACES), findings, {})
    return [(one.severity, one.message) for one in findings], frame


BAD = [
    {"metric": None}, {"kind": "quiet"}, {"window_start": "7pm"}, {"window_end": "24:30"}, {"days": "weekdays"}, {"limit_db": None}, {"setback_m": None, "kind": "setback"},
    {"kind": "background_plus"}, {"kind": "background_plus", "increment_db": 5.0, "compare": "sum"}, {"kind": "background_plus", "increment_db": 5.0, "combine": "mean"},
    {"kind": "emergence"}, {"kind": "emergence", "emergence_steps_db": "35=6"}, {"kind": "emergence", "emergence_steps_db": "45:5;35:6"},
    {"kind": "generator_level", "metric": "LAeq"}, OCTAVE | dict.fromkeys(OCTAVE_COLUMNS),
]  # fmt: skip
SLIPS = [
    ({"period": "night"}, "without hours"), (OCTAVE | {"limit_500_hz_db": None}, "none at 500 Hz"), ({"limit_db": -5.0}, "negative"), ({"increment_db": 3.0}, "not read"),
    ({"assess_at": "fence"}, "fence"), ({"receptor_class": "castle"}, "castle"),
]  # fmt: skip


@pytest.mark.parametrize("row", BAD, ids=str)
def test_a_row_that_cannot_be_used_is_an_error_and_nobody_reads_it_on(row):
    found, frame = told({}, row)
    assert [severity for severity, _ in found if "r1: " in _] == ["error"], found
    assert [rule.rule_id for rule in usable(frame)] == ["r0"]


@pytest.mark.parametrize(("row", "word"), SLIPS, ids=str)
def test_a_slip_is_told_once_and_the_row_still_holds(row, word):
    found, frame = told({}, row)
    mine = [(severity, word in message) for severity, message in found if "r1: " in message]
    assert mine == [("warning", True)], found
    assert [rule.rule_id for rule in usable(frame)] == ["r0", "r1"]


def test_a_row_whose_kind_was_no_word_is_left_out_with_a_warning():
    found, frame = told({}, {"kind": None})
    assert [(severity, "not used" in message) for severity, message in found] == [("warning", True)]
    assert [rule.rule_id for rule in usable(frame)] == ["r0"]


@pytest.mark.parametrize("row", [{"kind": "setback", "metric": None, "limit_db": None, "setback_m": 150.0}, {"kind": "generator_window", "metric": None, "limit_db": None},
                                 {"kind": "not_found", "metric": None, "limit_db": None}, {"kind": "no_increase", "limit_db": None}, OCTAVE])  # fmt: skip
def test_kinds_that_need_no_unit_or_no_number_are_no_finding(row):
    found, frame = told(row)
    assert found == []
    assert len(usable(frame)) == 1


def test_the_shipped_rows_are_all_used_and_none_is_an_error():
    frame = fact_table("noise_rules").astype(object)
    findings = Findings()
    check_noise_rules(Layer("noise_rules", None, frame, PLACES), findings, {})
    assert findings.errors == []
    assert len(usable(frame)) == len(frame)


# ---------------------------------------------------------------------------------- whole groups
@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([NIGHT, DAY], None), ([NIGHT, DAY | {"window_start": "06:00"}], "overlap"), ([NIGHT, DAY | {"window_start": "09:00"}], "gap"),
        ([NIGHT, {"period": "day", "days": "otherwise"}], None), ([NIGHT], None), ([NIGHT, DAY | {"days": "mon-fri"}], "gap"),
        ([NIGHT, DAY | {"metric": "LCeq", "window_start": "06:00"}], None), ([NIGHT, DAY | {"receptor_class": "any", "window_start": "06:00"}], None),
        ([NIGHT, DAY | {"rule_status": "draft", "window_start": "09:00"}], None),
    ],
)  # fmt: skip
def test_hours_are_compared_within_a_rule_set_and_a_class(rows, word):
    found, _ = told(*rows)
    assert [(severity, word in message) for severity, message in found] == ([("warning", True)] if word else [])  # fmt: skip


def test_a_finding_about_hours_names_the_rules():
    found, _ = told(NIGHT, DAY | {"window_start": "09:00"})
    assert "r0, r1" in found[0][1]


def test_a_repeal_before_the_first_day_is_an_error_and_one_in_the_same_year_is_none():
    dates = {"effective_from": "2020-05-01"}
    assert [severity for severity, _ in told(dates | {"effective_to": "2019-12"})[0]] == ["error"]
    assert told(dates | {"effective_to": "2020"})[0] == []
