"""`powerwall plan`: headline, bridges, compute, files, and how it fails."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
VIRGINIA, SITE = "regions/northern-virginia.toml", "va-possum-point"


@pytest.fixture(autouse=True)
def _in_repository(monkeypatch: pytest.MonkeyPatch, computed_once: None) -> None:
    del computed_once
    monkeypatch.chdir(REPOSITORY)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, ["plan", *arguments])
    assert result.exit_code == code, result.output
    return result


def record(*arguments: str) -> dict:
    return json.loads(run(*arguments, "--format", "json", "--quiet").stdout)


def test_the_plan_answers_in_one_sentence_and_shows_what_it_rests_on():
    printed = run(VIRGINIA, "Possum Point power").stdout
    head = printed.splitlines()[0]
    for words in (
        "300 MW by 2031-01-01",
        "first power 2031-0",
        "that all of it is there by then",
        "MW-years expected by 2036-01",
    ):
        assert words in head
    for words in ("basis: inside view; as of 2026-08-22", "who says when", "stages", "transformer", "6 months off one stage",
                  "tranches", "firm_utility", "compute: gb300-nvl72 (assumed)", "what binds", "where the durations come from",
                  "no ramp declared", f"Next: powerwall explain {VIRGINIA} {SITE}"):  # fmt: skip
        assert words in printed
    assert "compliant" not in printed


def test_the_same_seed_prints_the_same_bytes_and_another_does_not():
    first, again, other = (run(VIRGINIA, SITE, "--seed", s).stdout for s in ("1", "1", "2"))
    assert first == again
    assert first != other


def test_plan_and_ranking_agree_within_the_noise_of_their_samplers():
    plan = record(VIRGINIA, SITE, "--draws", "16384")
    measures = pw.measure(pw.read(VIRGINIA))
    ranked = {name: measures[name].loc[SITE, "value"] for name in measures}
    inside = plan["views"][0]
    assert inside["p50_months"] == pytest.approx(ranked["time_to_power_months"], abs=0.4)
    assert plan["p_on_time"] == pytest.approx(ranked["on_time_probability"], abs=0.02)
    assert plan["expected_mw_years"] == pytest.approx(ranked["delivered_mw_years"], rel=0.01)


def test_a_bridge_brings_power_forward_and_leaves_with_the_firm_service():
    alone, bridged, kept = (
        record(VIRGINIA, SITE, *flags)
        for flags in ((), ("--bridge", "recip:100"), ("--bridge", "recip:100:keep"))
    )
    assert alone["expected_mw_years"] < bridged["expected_mw_years"] < kept["expected_mw_years"]
    tranche = {row["tranche"]: row for row in bridged["tranches"]}["recip_gas"]
    assert tranche["start_p50_months"] == pytest.approx(
        33.9, abs=0.3
    )  # 25.7 without a permit of 12/24
    assert tranche["nox_tons_per_year"] == pytest.approx(123.4, abs=0.1)
    assert tranche["leaves"] == "with full firm power"
    assert any(
        "Title V: 123.4 tpy" in line and "margin -23.4" in line for line in bridged["findings"]
    )


def test_interim_service_is_named_as_curtailable_and_never_counts_as_firm():
    plan = record(VIRGINIA, SITE, "--flex", "0.005")
    tranche = {row["tranche"]: row for row in plan["tranches"]}["interim_nonfirm"]
    assert tranche["firm"] == "no"
    assert tranche["curtailed_h_per_year"] == 177
    assert any("300 MW of it may be curtailed" in note for note in plan["notes"])
    assert any("≤ 17,800 MW" in line for line in plan["findings"])
    assert tranche["p_success"] == pytest.approx(
        0.8 * 0.74
    )  # as the table of services says, and an unknown permit
    assert any("stands or falls with the study and the agreement" in note for note in plan["notes"])


def test_storage_covers_the_events_of_interim_service():
    bare, covered = (
        {r["tranche"]: r for r in record(VIRGINIA, SITE, "--flex", "0.005", *flags)["tranches"]}[
            "interim_nonfirm"
        ]["lost_share"]
        for flags in ((), ("--bridge", "bess:300"))
    )
    assert bare == pytest.approx(0.005)
    assert 0 < covered < 0.3 * bare  # nine in ten come, and not every one before it is needed


def test_a_pause_of_the_place_holds_interim_service_too():
    held = record("regions/example.toml", "ex-alder-north", "--flex", "0.005")
    tranche = {row["tranche"]: row for row in held["tranches"]}["interim_nonfirm"]
    assert tranche["start_p10_months"] >= 45  # not before 2030-06-01
    assert any(note.startswith("not before 2030-06-01") for note in held["notes"])


def test_no_node_gives_no_interim_service_and_its_limit_is_kept():
    planned = record(
        "regions/northern-virginia.toml",
        "near-va-poi-new-1",
        "--bridge",
        "recip:100",
        "--flex",
        "0.005",
    )
    assert [row["tranche"] for row in planned["tranches"]] == ["recip_gas"]
    assert any(
        note.startswith("no interim_nonfirm: planned node without a date")
        for note in planned["notes"]
    )
    huge = record(VIRGINIA, SITE, "--mw", "2000", "--flex", "0.005")
    assert any("meant for up to 1000 MW" in note for note in huge["notes"])


def test_rules_of_the_united_states_stay_there():
    plan = record(
        "regions/dublin.toml", "ie-profile-park", "--bridge", "recip:100", "--flex", "0.005"
    )
    assert [row["tranche"] for row in plan["tranches"]] == ["firm_utility", "recip_gas"]
    assert plan["tranches"][1]["permit"] == "?"
    assert not any("Title V" in line for line in plan["findings"])
    assert any("outside the United States" in note for note in plan["notes"])
    assert any("describe the United States" in line for line in plan["findings"])


def test_energy_that_cannot_be_relied_on_adds_no_megawatts():
    alone, sunny = (record(VIRGINIA, SITE, *flags) for flags in ((), ("--bridge", "solar:300")))
    assert sunny["p_on_time"] == pytest.approx(alone["p_on_time"], abs=0.02)
    assert sunny["expected_mw_years"] == pytest.approx(alone["expected_mw_years"], rel=0.01)
    assert any("adds none" in note for note in sunny["notes"])


def test_a_plant_outside_the_range_of_its_stages_says_so():
    assert any(
        "recip_gas: its stages are meant for 10–500 MW: extrapolated" in n
        for n in record(VIRGINIA, SITE, "--bridge", "recip:900")["notes"]
    )


def test_two_blocks_of_one_service_have_stages_of_their_own():
    one, two = (
        {r["tranche"]: r["start_p50_months"] for r in record(VIRGINIA, SITE, *flags)["tranches"]}
        for flags in (
            ("--bridge", "sofc:100", "--bridge", "sofc:500"),
            ("--bridge", "sofc:500", "--bridge", "sofc:100"),
        )
    )
    assert one["sofc#2"] > one["sofc"]
    assert two["sofc"] > two["sofc#2"]


def test_the_air_permit_takes_longer_for_a_major_source():
    small, large = (
        {s["stage"]: s for s in record(VIRGINIA, SITE, "--bridge", bridge)["stages"]}[
            "aero_ct.air"
        ]["p50_months"]
        for bridge in ("aero:5", "aero:700")
    )
    assert small == 6
    assert large == 14


def test_a_shorter_stage_saves_no_more_under_an_outside_weight():
    plain, blended = (
        record(VIRGINIA, SITE, "--outside-weight", w)["buy_downs"] for w in ("0", "0.5")
    )
    assert plain == blended
    for row in plain:
        assert 0 <= row["saved_p50_months"] <= 6
        assert 0 <= row["saved_p90_months"] <= 6


def test_odds_and_shares_keep_their_order():
    plan = record(VIRGINIA, SITE, "--bridge", "recip:100", "--flex", "0.005")
    for row in plan["by_quarter"]:
        assert row["p10_mw"] <= row["p50_mw"] <= row["p90_mw"]
    chances = [row["p_full"] for row in plan["by_quarter"]]
    assert chances == sorted(chances)
    for row in plan["compute"]["binding_by_quarter"]:
        assert sum(v for k, v in row.items() if k not in {"date", "months"}) == pytest.approx(
            1, abs=1e-5
        )
    flop = [row["flop_so_far"] for row in plan["compute"]["by_year"]]
    assert flop == sorted(flop)


def test_deliveries_heat_and_contracts_of_the_request_are_constraints(make_region, tmp_path):
    request = {"horizon": date(2036, 1, 1), "accelerator": "gb200-nvl72", "deliveries": {"2028-01": 1000, "2034-01": 200000},
               "heat_rejection_mw": {"2027-01": 300}, "contracted_mw": {"2029-01": 150, "2033-01": 300}}  # fmt: skip
    path = make_region(tmp_path, toml={"request": request})
    found = record(str(path), "a")["compute"]
    late = found["binding_by_quarter"]
    year = {row["date"]: row for row in late}
    assert (
        year["2033-08"]["accelerators"] > 0.3
    )  # a thousand accelerators do not fill 250 MW of racks
    assert not any("no constraint here" in note for note in found["notes"])
    assert any("do not add up" in note for note in found["notes"])


def test_flop_by_the_horizon_agree_with_the_closed_form():
    """F is linear in MW up to whole accelerators: FLOP = E[MW-years] · φ · 31,557,600."""
    plan = record(
        VIRGINIA,
        SITE,
        "--accelerator",
        "gb200-nvl72",
        "--horizon",
        "2036-08-22",
        "--draws",
        "16384",
    )
    last = plan["compute"]["by_year"][-1]
    assert last["date"] == "2036-08"
    phi = 1000 * 0.93 / 1.2 / 1.75 * 2.5e15 * 0.36
    assert last["flop_so_far"] == pytest.approx(
        plan["expected_mw_years"] * phi * 31_557_600, rel=0.005
    )


@pytest.mark.parametrize("ramp", ["0", "24", "37"])
def test_where_only_wires_are_known_nothing_binds_exactly_where_all_of_it_is_there(ramp):
    plan = record(VIRGINIA, SITE, "--ramp-months", ramp)
    odds = [row["p_full"] for row in plan["by_quarter"]]
    assert [row["none"] for row in plan["compute"]["binding_by_quarter"]] == pytest.approx(
        odds, abs=1e-5
    )


def test_the_last_row_is_the_horizon_and_the_rows_add_up_to_the_energy():
    plan = record(VIRGINIA, SITE, "--ramp-months", "24", "--bridge", "recip:100")
    months = [0.0, *(row["months"] for row in plan["by_quarter"])]
    mw = [0.0, *(row["expected_mw"] for row in plan["by_quarter"])]
    area = sum(
        (b - a) * (x + y) / 24 for a, b, x, y in zip(months, months[1:], mw, mw[1:], strict=False)
    )
    assert area == pytest.approx(plan["expected_mw_years"], rel=0.01)


def test_a_date_that_holds_power_back_holds_a_blend_too():
    plan = record("regions/example.toml", "ex-alder-north", "--outside-weight", "1")
    assert (
        min(line["p10_months"] for line in plan["views"] if line["view"].startswith("blend"))
        >= 45.3 - 0.05
    )
    assert all(row["p_full"] == 0 for row in plan["by_quarter"] if row["months"] <= 45)


def test_a_closed_window_is_no_deadline():
    notes = record(
        "regions/dallas-fort-worth.toml", "tx-midlothian-google", "--as-of", "2028-06-01"
    )["notes"]
    assert any("a window closes 2028-07" in note for note in notes)


def test_a_ramp_delays_the_whole_request():
    at_once, ramped = (record(VIRGINIA, SITE, "--ramp-months", m)["p_on_time"] for m in ("0", "12"))
    assert ramped < at_once


def test_the_outside_view_moves_the_plan_where_it_has_a_weight():
    inside, blended = (record(VIRGINIA, SITE, "--outside-weight", w) for w in ("0", "0.5"))
    lines = {line["view"]: line for line in blended["views"]}
    assert lines["inside view"]["p50_months"] == inside["views"][0]["p50_months"]
    assert lines["blend, 50 % outside view"]["source"].startswith("as used here")
    assert lines["blend, 50 % outside view"]["p50_months"] > lines["inside view"]["p50_months"]
    assert blended["p_on_time"] < inside["p_on_time"]


def test_a_site_without_a_plan_says_why(make_region, tmp_path):
    path = make_region(tmp_path)
    printed = run(str(path), "d").stdout
    assert "no date" in printed.splitlines()[0]
    assert "no firm service: no point of interconnection" in printed
    bridged = run(str(path), "d", "--bridge", "recip:100").stdout
    assert "recip_gas" in bridged
    assert "firm_utility" not in bridged


def test_the_files_hold_what_is_printed(tmp_path):
    paths = [tmp_path / f"plan.{suffix}" for suffix in ("json", "csv", "md")]
    flags = [part for path in paths for part in ("-o", str(path))]
    result = run(VIRGINIA, SITE, "--bridge", "recip:100", *flags)
    assert all(f"wrote {path}" in result.stderr.replace("\n", "") for path in paths)
    head = result.stdout.splitlines()[0]
    assert json.loads(paths[0].read_text())["headline"] == head
    rows = list(csv.DictReader(paths[1].read_text().splitlines()))
    assert rows[0]["site_id"] == SITE
    assert {
        "date",
        "months",
        "p10_mw",
        "p50_mw",
        "p90_mw",
        "p_full",
        "expected_recip_gas_mw",
        "p_binding_interconnection",
    } <= set(rows[0])
    assert head[:60] in paths[2].read_text()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_table_is_wider_than_the_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    printed = run(VIRGINIA, SITE, "--bridge", "recip:100", "--flex", "0.005", "--quiet").stdout
    tables = [line for line in printed.splitlines() if "──" in line or "┤" in line]
    assert tables
    assert max(len(line) for line in tables) <= width


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--bridge", "recip"), "SERVICE:MW[:keep]"),
        (("--bridge", "recipe:100"), "no service `recipe`"),
        (("--bridge", "recip:-5"), "not a power above 0"),
        (("--bridge", "smr:300"), "bridges nothing"),
        (("--bridge", "interim:300:keep"), "cannot be kept"),
        (
            tuple(
                f
                for s in ("recip", "leased", "sofc", "aero", "ccgt")
                for f in ("--bridge", f"{s}:50")
            ),
            "a plan takes up to 4",
        ),
        (("--flex", "0.02"), "no curtailment is published"),
        (("--accelerator", "gb300"), "no accelerator `gb300`"),
        (("--accelerator", "h100-sxm", "--precision", "fp4"), "no dense fp4 peak"),
        (("--format", "yaml"), "none of table, json, csv, md"),
        (("--horizon", "2020-01"), "not after the as-of date"),
        (("--draws", "3"), "64"),
        (("--outside-weight", "2"), "--outside-weight"),
    ],
)
def test_what_cannot_be_planned_is_a_usage_error(flags, message):
    result = run(VIRGINIA, SITE, *flags, code=2)
    assert message in " ".join(result.output.replace("│", " ").split())
    assert result.stdout == ""


@pytest.mark.parametrize(("site", "message"), [("nowhere", "no site `nowhere`"), ("va", "sites")])
def test_a_site_that_is_none_or_several_is_a_finding(site, message):
    result = run(VIRGINIA, site, code=2)
    assert message in result.stderr


@pytest.mark.parametrize("name", ["plan.xlsx", "nowhere/plan.json"])
def test_a_file_that_cannot_be_written_stops_before_anything_is_computed(tmp_path, name):
    result = run(VIRGINIA, SITE, "-o", str(tmp_path / name), code=2)
    assert "PW601" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"), [("deliveries", {"soon": 1}), ("deliveries", {"2028-01": -1}), ("contracted_mw", {"2028-01": 9, "2029-01": 3}),
                       ("ramp_months", -1), ("outside_weight", 1.5)]
)  # fmt: skip
def test_a_request_that_cannot_be_is_a_finding_with_its_place(make_region, tmp_path, key, value):
    path = make_region(tmp_path, toml={"request": {key: value}})
    result = run(str(path), "a", code=2)
    assert "PW102" in result.stderr
    assert "tiny.toml:" in result.stderr
