"""Check: bad rows of rules, receptors, equipment and measures end in findings at their cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import single

import powerwall as pw
from powerwall.criteria.check import check_rows
from powerwall.criteria.noise.propagation import BANDS_HZ
from powerwall.criteria.noise.rulebook import rulebook
from powerwall.criteria.noise.rules.rows import OCTAVE_COLUMNS
from powerwall.region.findings import Findings
from powerwall.region.read import read_into

GOOD = {"rule_id": "r", "rule_set": "s", "jurisdiction_id": "us-ks-one", "kind": "absolute", "metric": "LAeq", "receptor_class": "residential",
        "period": "night", "days": "all", "window_start": "22:00", "window_end": "07:00", "limit_db": 50, "increment_db": "", "compare": "", "combine": "",
        "emergence_steps_db": "", "setback_m": "", "reference_distance_m": "", "assess_at": "", "effective_from": "2020-01-01", "effective_to": "",
        "rule_status": "in_force", **dict.fromkeys(OCTAVE_COLUMNS, "")}  # fmt: skip
OCTAVE = {"metric": "octave", "limit_db": ""} | dict.fromkeys(OCTAVE_COLUMNS[1:], 60)


def checked(make_region, folder, *rows, **layers):
    """Findings about noise, those on reading included."""
    rules = [GOOD | {"rule_id": f"r{n}"} | row for n, row in enumerate(rows)] or [GOOD]
    path = make_region(folder, noise_rules=rules, **layers)
    findings = Findings()
    region = read_into(path, findings)
    assert region is not None, list(findings)
    check_rows(region, findings)
    names = ("noise_rules", "receptors", "equipment_sources", "mitigation", "tiny.toml")
    return [f for f in findings if base(f).removesuffix(".csv") in names and f.code != "PW504"], region  # fmt: skip


def base(finding):
    return Path(finding.file or "").name


@pytest.mark.parametrize(
    ("row", "code", "severity", "column", "word"),
    [
        ({"metric": ""}, "PW407", "error", "metric", "without unit"),
        ({"metric": "dBA"}, "PW406", "warning", "metric", "metric = `dBA`"),
        ({"kind": "limit"}, "PW406", "warning", "kind", "kind = `limit`"),
        ({"window_start": "", "window_end": ""}, "PW402", "warning", "window_start", "without hours"),
        (OCTAVE | {"limit_500_hz_db": ""}, "PW402", "warning", "limit_500_hz_db", "7 of 8 octave bands, none at 500 Hz"),
        (OCTAVE | dict.fromkeys(OCTAVE_COLUMNS, ""), "PW402", "error", "limit_63_hz_db", "without any band"),
        ({"limit_db": ""}, "PW402", "error", "limit_db", "without limit_db"),
        ({"limit_db": -5}, "PW402", "warning", "limit_db", "negative"),
        ({"limit_db": "fifty"}, "PW401", "error", "limit_db", "not a number"),
        ({"window_start": "10pm"}, "PW402", "error", "window_start", "no time"),
        ({"window_end": "25:00"}, "PW402", "error", "window_end", "no time"),
        ({"days": "weekdays"}, "PW406", "error", "days", "no day"),
        ({"kind": "emergence", "limit_db": ""}, "PW402", "error", "emergence_steps_db", "without its steps"),
        ({"kind": "emergence", "limit_db": "", "emergence_steps_db": "35=6"}, "PW402", "error", "emergence_steps_db", "no step"),
        ({"kind": "emergence", "limit_db": "", "emergence_steps_db": "45:5;35:6"}, "PW402", "error", "emergence_steps_db", "rise"),
        ({"kind": "background_plus", "limit_db": ""}, "PW402", "error", "increment_db", "without increment_db"),
        ({"kind": "background_plus", "increment_db": 5, "compare": "sum"}, "PW406", "error", "compare", "compare = `sum`"),
        ({"kind": "setback", "metric": ""}, "PW402", "error", "setback_m", "without setback_m"),
        ({"kind": "generator_level"}, "PW402", "error", "reference_distance_m", "without reference_distance_m"),
        ({"increment_db": 3}, "PW402", "warning", "increment_db", "increment is not read"),
        ({"effective_to": "2019"}, "PW402", "error", "effective_to", "before effective_from"),
        ({"effective_to": "soon"}, "PW408", "error", "effective_to", "soon"),
        ({"assess_at": "fence"}, "PW406", "warning", "assess_at", "fence"),
        ({"receptor_class": "castle"}, "PW406", "warning", "receptor_class", "castle"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_at_its_cell(make_region, tmp_path, row, code, severity, column, word):
    found, region = checked(make_region, tmp_path, {}, row)
    mine = [f for f in found if f.code == code and word in f.message]
    assert mine, found
    assert (mine[0].severity, mine[0].line) == (severity, 3)
    header = (region.path.parent / "tiny/noise_rules.csv").read_text(encoding="utf-8").splitlines()
    assert header[2][: mine[0].column - 1].count(",") == header[0].split(",").index(column)
    assert mine[0].remedy or "write" in mine[0].message


def test_every_fault_of_a_table_is_told_at_once(make_region, tmp_path):
    found, _ = checked(make_region, tmp_path, {"metric": ""}, {"days": "x"}, {"window_start": "x"}, {"limit_db": ""})  # fmt: skip
    assert {f.line for f in found if f.severity == "error"} == {2, 3, 4, 5}


def test_a_good_row_is_no_finding(make_region, tmp_path):
    rest = {"period": "day", "window_start": "", "window_end": "", "days": "otherwise", "limit_db": 60}  # fmt: skip
    assert checked(make_region, tmp_path, {}, rest)[0] == []


@pytest.mark.parametrize(("row", "word"), [({"window_start": "06:00", "window_end": "22:00"}, "overlap"), ({"window_start": "09:00", "window_end": "22:00"}, "gap")])  # fmt: skip
def test_hours_of_one_rule_set_that_overlap_or_leave_a_gap_are_told(make_region, tmp_path, row, word):  # fmt: skip
    found, _ = checked(make_region, tmp_path, {}, row | {"period": "day"})
    assert [f.severity for f in found if word in f.message] == ["warning"]


def test_rules_that_contradict_one_another_are_both_kept_and_the_stricter_binds(make_region, tmp_path):  # fmt: skip
    _, region = checked(make_region, tmp_path, {"limit_db": 55}, {"limit_db": 45, "rule_set": "t"})
    assert len(rulebook(region.layers, region.request).of("us-ks-one")) == 2
    assert single(region)["night_noise_margin_db"].loc["a", "row"] == "r1"


def test_a_sentinel_is_an_empty_cell(make_region, tmp_path):
    found, _ = checked(make_region, tmp_path, {"limit_db": -9999})
    assert {f.code for f in found} == {"PW403", "PW402"}


ORDINANCE = {"FIPS": "20001", "Feature Type": "Sound", "Value Type": "dBA", "Value": "55/50/45"}


def ordinances(make_region, folder, *rows):
    table = [ORDINANCE | row for row in rows]
    path = make_region(folder)
    text = ",".join(ORDINANCE) + "\n" + "".join(",".join(row.values()) + "\n" for row in table)
    (folder / "tiny/noise_rules.csv").write_text(text, encoding="utf-8")
    outlines = folder / "tiny/jurisdictions.csv"
    lines = outlines.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if "us-ks-one" in line)
    lines = [f"{line},{'county_fips' if n == 0 else '20001' if n == at else ''}" for n, line in enumerate(lines)]  # fmt: skip
    outlines.write_text("\n".join(lines) + "\n", encoding="utf-8")
    findings = Findings()
    region = read_into(path, findings)
    assert region is not None, list(findings)
    check_rows(region, findings)
    return region, [f for f in findings if base(f) == "noise_rules.csv"]


def test_an_ordinance_table_is_read_as_limits_by_period(make_region, tmp_path):
    region, _ = ordinances(make_region, tmp_path, {}, {"Value": "60/50"}, {"Value": "65"})
    shown = rulebook(region.layers, region.request).shown["us-ks-one"]
    told = [(rule.period, rule.limit_db, rule.window_start, rule.window_end, rule.hours_assumed) for rule in shown]  # fmt: skip
    assert told == [
        ("day", 55, "07:00", "19:00", True), ("evening", 50, "19:00", "22:00", True), ("night", 45, "22:00", "07:00", True),
        ("day", 60, "07:00", "22:00", True), ("night", 50, "22:00", "07:00", True), ("all", 65, "", "", False),
    ]  # fmt: skip
    assert len({rule.rule_id for rule in shown}) == len(shown)
    assert {rule.rule_status for rule in shown} == {"unknown"}


def test_a_wide_table_needs_neither_kind_nor_metric(make_region, tmp_path):
    wide = {"jurisdiction_id": "us-ks-one", "limit_day_dba": 55, "limit_night_dba": 45}
    region = pw.read(make_region(tmp_path, noise_rules=[wide]))
    shown = rulebook(region.layers, region.request).shown["us-ks-one"]
    assert [(rule.period, rule.limit_db, rule.kind, rule.metric) for rule in shown] == [("day", 55, "absolute", "LAeq"), ("night", 45, "absolute", "LAeq")]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "code", "word"),
    [
        ({"Value Type": ""}, "PW407", "without unit"), ({"Value Type": "feet"}, "PW407", "without unit"), ({"Value": "45/55"}, "PW401", "rises"),
        ({"Value": "quiet"}, "PW401", "no level"), ({"Feature Type": "Roads"}, "PW507", "no sound level"), ({"Feature Type": "Wind turbine noise"}, "PW507", "wind or solar"),
    ],
)  # fmt: skip
def test_what_an_ordinance_table_does_not_say_is_told_with_its_row(make_region, tmp_path, row, code, word):  # fmt: skip
    region, found = ordinances(make_region, tmp_path, {}, row)
    mine = [f for f in found if f.code == code and word in f.message]
    assert [(f.line, f.severity) for f in mine] == [(3, "warning")]
    assert mine[0].column > 0
    assert len(rulebook(region.layers, region.request).shown["us-ks-one"]) == 3


def test_receptors_of_a_class_that_no_rule_knows_are_told(make_region, tmp_path):
    home = {"receptor_id": "h", "kind": "house", "lon": -99.0, "lat": 38.52, "receptor_class": "castle"}  # fmt: skip
    found, _ = checked(make_region, tmp_path, receptors=[home])
    assert [(f.code, f.line) for f in found if "castle" in f.message] == [("PW406", 2)]


def test_equipment_without_a_level_and_measures_without_a_loss_are_told(make_region, tmp_path):
    shape = {f"rel_{band:g}_hz_db": 0 for band in BANDS_HZ}
    kind = {"source_id": "mine", "category": "cooling", "source_height_m": 3, "lw_mode_dba_at_1_mw": "", **shape}  # fmt: skip
    measure = {"mitigation_id": "magic", "applies_to": "cooling_any", "measure": "Magic", "il_low_dba": ""}  # fmt: skip
    table_only = {"geometry": "none"}
    found, _ = checked(make_region, tmp_path, equipment_sources=[kind], mitigation=[measure],
                       toml={"layers": {"equipment_sources": table_only, "mitigation": table_only}})  # fmt: skip
    assert [(f.severity, base(f)) for f in found if "mine" in f.message] == [("error", "equipment_sources.csv")]  # fmt: skip
    assert [(f.severity, base(f)) for f in found if "magic" in f.message] == [("warning", "mitigation.csv")]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "word"), [("edition", "2025", "edition"), ("ground", 1.5, "ground"), ("onsite_source", "windmill", "windmill"), ("loud", True, "loud")])  # fmt: skip
def test_a_noise_setting_that_is_none_is_told_in_the_region_file(make_region, tmp_path, key, value, word):  # fmt: skip
    path = make_region(tmp_path, toml={"request": {"noise": {key: value}}})
    findings = Findings()
    try:
        region = read_into(path, findings)
        assert region is not None
        check_rows(region, findings)
        found = list(findings)
    except pw.BadInput as error:
        found = list(error.findings)
    assert [f.line > 0 for f in found if word in f.message and f.severity == "error"] == [True]


@pytest.mark.parametrize(("column", "value"), [("ground_porous_share", 1.5), ("campus_radius_m", -10)])  # fmt: skip
def test_a_ground_or_a_radius_of_a_site_that_is_none_is_told(make_region, tmp_path, column, value):
    row = {"site_id": "a", "lon": -99.0, "lat": 38.5, "location_accuracy_m": 20, "utility_id": "u1", column: value}  # fmt: skip
    findings = Findings()
    region = read_into(make_region(tmp_path, sites=[row]), findings)
    assert region is not None
    check_rows(region, findings)
    assert [(f.code, f.line) for f in findings if column in f.message and f.severity == "error"] == [("PW402", 2)]  # fmt: skip
