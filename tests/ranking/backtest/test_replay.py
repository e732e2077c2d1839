"""Replay: what a region knew on a day, what is left out, and what is named as leakage."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pandas as pd
import pytest

import powerwall as pw
from powerwall.ranking.backtest.outcomes import read_outcomes
from powerwall.ranking.backtest.replay import as_known
from powerwall.region.findings import BadInput, Findings

NEED = date(2031, 1, 1)
LATER = date(2026, 8, 22)  # every layer of the tiny region is of 2026-07-01
EARLIER = date(2025, 3, 1)


def policy(**days):
    return {"policy_id": "p", "jurisdiction_id": "us-ks-one", "kind": "zoning", "policy_status": "enacted", "effect": "enables",
            "action_date": "", "effective_from": "", "effective_to": "", "as_of": "", **days}  # fmt: skip


def cut(replay, layer):
    return next(item for item in replay.cuts if item.layer == layer)


def test_on_a_day_on_which_all_was_known_nothing_changes(tiny):
    found = as_known(tiny, LATER, NEED)
    assert {item.use for item in found.cuts} == {"known"}
    assert not found.findings
    pd.testing.assert_frame_equal(found.region.sites, tiny.sites)
    for name, layer in tiny.layers.items():
        assert found.region.layers[name].frame.equals(layer.frame)


def test_a_later_layer_is_left_out_and_named(tiny):
    found = as_known(tiny, EARLIER, NEED)
    assert "noise_rules" not in found.region.layers
    assert cut(found, "noise_rules").use == "left out"
    assert "its day is 2026-07-01" in cut(found, "noise_rules").why
    told = next(f for f in found.findings if "noise_rules" in f.message)
    assert (told.code, told.severity) == ("PW517", "warning")
    assert "--keep noise_rules" in told.remedy
    assert told.line > 1


def test_a_later_layer_that_is_kept_is_leakage(tiny):
    found = as_known(tiny, EARLIER, NEED, keep=["receptors"])
    assert len(found.region.layers["receptors"].frame) == 2
    assert "receptors" in {item.layer for item in found.leakage}
    assert any("what was known only later, and is used" in f.message for f in found.findings)


def test_a_layer_without_any_day_is_never_used_silently(make_region, tmp_path):
    path = make_region(tmp_path, toml={"layers": {"receptors": {"as_of": None}}},
                       receptors=[{"receptor_id": "r1", "kind": "home", "lon": -99.0, "lat": 38.5, "as_of": ""}])  # fmt: skip
    region = pw.read(path)
    silent = as_known(region, LATER, NEED)
    assert cut(silent, "receptors").use == "left out"
    assert "it has no day" in cut(silent, "receptors").why
    assert cut(as_known(region, LATER, NEED, keep=["receptors"]), "receptors").use == "leakage"


@pytest.mark.parametrize(
    ("days", "there"),
    [
        ({"action_date": "2025-02-01"}, True),
        ({"action_date": "2025-03-01"}, True),
        ({"action_date": "2025-03-02"}, False),
        ({"action_date": "2025-03"}, False),  # it may have been its last day
        ({"action_date": "2025-02", "effective_from": "2026-01-01"}, True),  # decided, not in force
        ({"effective_from": "2026-01-01"}, False),
        ({"effective_from": "2025-01-01", "effective_to": "2027-01-01"}, True),
        ({"action_date": "2025-02-01", "as_of": "2025-02-15"}, True),
        ({"action_date": "2025-02-01", "as_of": "2026-07-01"}, False),  # written later
        ({}, False),
    ],
)
def test_a_row_of_a_later_file_stays_only_by_its_own_days(make_region, tmp_path, days, there):
    region = pw.read(make_region(tmp_path, policy=[policy(**days)]))
    found = as_known(region, EARLIER, NEED)
    assert ("policy" in found.region.layers) == there
    assert cut(found, "policy").use == ("cut" if there else "left out")


def test_later_rows_go_from_a_layer_that_was_known(make_region, tmp_path):
    rows = [policy(policy_id="old", action_date="2024-01-01"), policy(policy_id="new", action_date="2026-08-01"), policy(policy_id="undated")]  # fmt: skip
    region = pw.read(make_region(tmp_path, policy=rows))
    found = as_known(region, date(2026, 7, 15), NEED)
    assert found.region.layers["policy"].frame["policy_id"].tolist() == ["old", "undated"]
    assert (cut(found, "policy").dropped, cut(found, "policy").use) == (1, "cut")


def test_keeping_a_layer_keeps_no_act_of_a_later_day(make_region, tmp_path):
    rows = [policy(policy_id="old", action_date="2024-01-01", as_of="2026-07-01"), policy(policy_id="new", action_date="2026-01-01")]  # fmt: skip
    region = pw.read(make_region(tmp_path, policy=rows))
    found = as_known(region, EARLIER, NEED, keep=["policy"])
    assert found.region.layers["policy"].frame["policy_id"].tolist() == ["old"]
    assert cut(found, "policy").use == "leakage"


def test_progress_that_had_not_come_is_blanked_and_its_row_stays(make_region, tmp_path):
    rows = [{"process_id": "x", "utility_id": "u1", "kind": "stage", "stage": "study", "stage_id": "study", "site_id": "a",
             "started_on": "2024-05-01", "done_on": "2025-06-01", "as_of": "2025-01-01", "status": "verified"}]  # fmt: skip
    region = pw.read(make_region(tmp_path, time_to_power=rows))
    found = as_known(region, EARLIER, NEED)
    row = found.region.layers["time_to_power"].frame.iloc[0]
    assert row["started_on"] == "2024-05-01"
    assert row["done_on"] is None
    assert cut(found, "time_to_power").blanked == 1
    assert region.layers["time_to_power"].frame.iloc[0]["done_on"] == "2025-06-01"


def test_how_the_sites_stood_later_is_blanked_and_they_stay(tiny):
    found = as_known(tiny, EARLIER, NEED)
    assert list(found.region.sites.index) == list(tiny.sites.index)
    assert found.region.sites["availability"].isna().all()
    assert found.region.sites["zoning_status"].isna().all()
    assert found.region.sites["utility_id"].eq("u1").all()
    assert cut(found, "sites").use == "leakage"
    assert as_known(tiny, EARLIER, NEED, keep=["sites"]).region.sites["availability"].notna().all()


def test_an_earlier_day_never_knows_more(make_region, tmp_path):
    rows = [policy(policy_id=f"p{year}{month}", action_date=f"{year}-{month}-15") for year in (2023, 2024, 2025) for month in ("02", "09")]  # fmt: skip
    region = pw.read(make_region(tmp_path, policy=rows))
    known = []
    for year in (2023, 2024, 2025, 2026):
        layer = as_known(region, date(year, 6, 1), NEED).region.layers.get("policy")
        known.append(set() if layer is None else set(layer.frame["policy_id"]))
    assert [len(part) for part in known] == [1, 3, 5, 6]
    assert all(a <= b for a, b in pairwise(known))


def test_a_layer_to_keep_that_does_not_exist_and_a_deadline_in_the_past_are_told_together(tiny):
    with pytest.raises(BadInput) as error:
        as_known(tiny, LATER, date(2026, 1, 1), keep=["receptor"])
    assert [f.code for f in error.value.findings] == ["PW603", "PW603"]
    assert "did you mean `receptors`" in " ".join(f.remedy for f in error.value.findings)


def test_without_its_nodes_a_region_of_screening_candidates_has_no_site_left(make_region, tmp_path):
    path = make_region(tmp_path, toml={"sites": {"path": None, "around": {"radius_km": 2.0}}})
    with pytest.raises(BadInput, match="no site is left"):
        as_known(pw.read(path), EARLIER, NEED)


HEAD = "site_id,energised_on,withdrawn_on,followed_to\n"


@pytest.mark.parametrize(
    ("row", "code", "column", "words"),
    [
        ("z,,,2027-01-01", "PW409", 1, "no site `z`"),
        (",,,2027-01-01", "PW405", 1, "empty"),
        ("a,2026-01-01,,2027-01-01", "PW518", 3, "not after the as-of date"),
        ("a,,2026-08-22,2027-01-01", "PW518", 4, "not after the as-of date"),
        ("a,,,2026-08-01", "PW518", 5, "not after the as-of date"),
        ("a,2027-03-01,,2027-01-01", "PW518", 15, "before its outcome on 2027-03-01"),
        ("a,2027-03-01,2027-02-01,", "PW518", 3, "after withdrawn_on"),
        ("a,,,", "PW518", 5, "neither an outcome nor a day"),
        ("a,soon,,2027-01-01", "PW408", 3, "not a date"),
        ("a,,2027-02-30,2027-03-01", "PW408", 4, ""),
        ("a,,2027-01-01", "PW207", 1, "3 cells"),
    ],
)
def test_each_bad_row_of_the_outcomes_is_told_at_its_place(tmp_path, row, code, column, words):
    path = tmp_path / "outcomes.csv"
    path.write_text(f"{HEAD}b,,,2027-01-01\n{row}\n", encoding="utf-8")
    with pytest.raises(BadInput) as error:
        read_outcomes(path, ["a", "b"], LATER, Findings())
    found = next(f for f in error.value.findings if f.code == code)
    assert (found.line, found.column) == (3, column)
    assert words in found.message
    assert found.place.endswith(f"outcomes.csv:3:{column}")


def test_all_bad_rows_are_told_at_once_and_a_repeated_site_names_the_first(tmp_path):
    path = tmp_path / "outcomes.csv"
    path.write_text(f"{HEAD}a,,,2027-01-01\nzz,,,2027-01-01\na,,,2027-01-01\nb,2020-01-01,,\n", encoding="utf-8")  # fmt: skip
    with pytest.raises(BadInput) as error:
        read_outcomes(path, ["a", "b"], LATER, Findings())
    assert sorted((f.code, f.line) for f in error.value.findings) == [("PW404", 4), ("PW409", 3), ("PW518", 5)]  # fmt: skip
    assert "first in line 2" in next(f.message for f in error.value.findings if f.code == "PW404")


@pytest.mark.parametrize(
    ("text", "code"), [("site_id,energised_on\na,\n", "PW203"), (HEAD, "PW204"), ("", "PW204")]
)
def test_a_file_without_its_columns_or_rows_is_refused(tmp_path, text, code):
    path = tmp_path / "outcomes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as error:
        read_outcomes(path, ["a"], LATER, Findings())
    assert {f.code for f in error.value.findings} == {code}


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path):
    (tmp_path / "outcomes.csv").write_text(HEAD, encoding="utf-8")
    with pytest.raises(BadInput, match="PW201") as error:
        read_outcomes(tmp_path / "outcome.csv", ["a"], LATER, Findings())
    assert "outcomes.csv" in error.value.findings[0].remedy


def test_a_month_means_its_last_day_and_an_outcome_stands_in_for_the_last_day_seen(tmp_path):
    path = tmp_path / "outcomes.csv"
    path.write_text(f"{HEAD}b,2027-02,,\na,,2027-05-03,\n", encoding="utf-8")
    frame = read_outcomes(path, ["a", "b"], LATER, Findings()).frame
    assert frame.index.tolist() == ["a", "b"]
    assert frame.loc["b"].tolist() == [date(2027, 2, 28), None, date(2027, 2, 28)]
    assert frame.loc["a"].tolist() == [None, date(2027, 5, 3), date(2027, 5, 3)]


CRITERION = {"title": "Homes near", "measure": "count_within", "layer": "receptors", "within_km": 2, "value": [[0, 1], [9, 0]]}  # fmt: skip


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-07-01", "was cut because it is later than 2025-03-01: its day is 2026-07-01"),
        (None, "was cut because nothing says that it was known on 2025-03-01: it has no day"),
    ],
)
def test_a_criterion_on_a_cut_layer_says_that_it_was_cut_and_how_to_keep_it(make_region, tmp_path, day, words):  # fmt: skip
    path = make_region(tmp_path, toml={"criteria": {"homes": CRITERION}, "layers": {"receptors": {"as_of": day}}},
                       receptors=[{"receptor_id": "r1", "kind": "home", "lon": -99.0, "lat": 38.5, "as_of": ""}])  # fmt: skip
    region = pw.read(path)
    with pytest.raises(BadInput) as caught:
        as_known(region, EARLIER, NEED)
    told = next(f for f in caught.value.findings if "[criteria.homes]" in f.message)
    assert told.code == "PW517"
    assert "`receptors`, which " + words in told.message
    assert told.remedy.endswith("--keep receptors")
    assert told.line > 1
    assert "receptors" in as_known(region, EARLIER, NEED, keep=["receptors"]).region.layers
