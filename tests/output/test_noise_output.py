"""Noise in `explain` and `plan`: every limit with its standing, what is not known, and no verdict."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.criteria.noise.flags import STUDY
from powerwall.output.noise import noise_record, print_noise

FORBIDDEN = re.compile("complian|complies|conform|lawful|meets the ordinance|guarantee|permitted level", re.IGNORECASE)  # fmt: skip


@pytest.fixture(scope="module")
def example(bundled):
    return bundled("example").regions[0]


def printed(region, site_id, width=200):
    to = Console(file=io.StringIO(), width=width)
    print_noise(region, site_id, region.request.cooling, to)
    return to.file.getvalue()


def test_every_limit_that_counts_stands_with_its_state_status_and_date(example):
    text = printed(example, "ex-dune-road")
    rows = [line for line in text.splitlines() if line.startswith("ex-county-")]
    assert {row.split()[0] for row in rows} == {"ex-county-day", "ex-county-night", "ex-county-night-c", "ex-county-night-octave"}  # fmt: skip
    for row in rows:
        assert re.search(r"in force\s+(verified|secondary)\s+2026-03-01", row)
    assert re.search(r"ex-county-night-octave\s+night\s.* dB at \d+ Hz", text)
    assert "ISO 9613-2:1996" in text
    assert STUDY in text
    assert not FORBIDDEN.search(text)


def test_what_is_recorded_and_does_not_count_is_named(example):
    text = printed(example, "ex-dune-road")
    assert "recorded here, not counted: ex-county-proposed (40 dB(A), proposed" in text
    assert "tests of standby sets: mon-fri 10:00–16:00" in text
    assert re.search(r"distance rule: ex-county-setback .*, −?\d+ m to spare", text)


def test_mitigation_names_measures_with_status_and_cost_or_that_it_is_unknown(example):
    text = printed(example, "ex-dune-road")
    assert re.search(r"mitigation: needs about \d+\.\d dB; \d measures?, \+\d+\.\d dB after it", text)  # fmt: skip
    assert "cost unknown" in text
    assert "mitigation: none needed for 2 dB in hand" in printed(example, "ex-alder-north")


def test_an_unknown_margin_keeps_its_distance(example):
    text = printed(example, "near-ex-poi-fern")
    assert "margin by night: unknown, no home is known within 5 km" in text
    assert re.search(r"distance to keep by night: \d+ m, ex-county-night", text)


def test_a_narrow_terminal_keeps_margin_and_standing(example):
    lines = printed(example, "ex-dune-road", 80).splitlines()
    head = next(line for line in lines if line.startswith("limit"))
    assert {"limit", "margin", "state", "status"} <= set(head.split())
    assert len(head) <= 80


def test_the_record_has_what_a_report_needs(regions):
    found = CliRunner().invoke(app, ["explain", str(regions / "example.toml"), "ex-birch-mill", "--format", "json"])  # fmt: skip
    assert found.exit_code == 0, found.output
    noise = json.loads(found.stdout)["noise"]
    night = noise["binding"]["night"]
    assert night["noise_rule_id"] == "ex-birch-over"
    assert night["low_frequency_gap_db"] == pytest.approx(night["received_dbc"] - night["received_dba"], abs=2e-3)  # fmt: skip
    assert {"margin_db", "limit_db", "receptor", "receptor_distance_m", "setback_m", "status", "as_of", "flags"} <= set(night)  # fmt: skip
    margins = [limit["margin_db"] for limit in noise["limits"]]
    assert margins == sorted(margins)
    assert margins[0] == min(noise["binding"][period]["margin_db"] for period in ("day", "night"))
    assert noise["mitigation"]["feasible_after"] is (noise["mitigation"]["residual_db"] == 0)
    assert not FORBIDDEN.search(found.stdout)


def test_a_record_of_an_unknown_margin_has_its_reason(bundled):
    record = noise_record(bundled("example"), "near-ex-poi-fern")
    assert record["limits"] == []
    assert record["binding"]["night"]["why"] == "no home is known within 5 km"
    assert record["binding"]["night"]["flags"] == ["no_receptor_known"]


def test_a_bridge_sounds_while_it_runs(regions):
    region = str(regions / "example.toml")
    found = CliRunner().invoke(app, ["plan", region, "ex-elm-switch", "--bridge", "recip:100", "--bridge", "sofc:20", "--draws", "256"])  # fmt: skip
    assert found.exit_code == 0, found.output
    line = next(line for line in found.stdout.splitlines() if "recip_engine_plant" in line)
    margins = re.findall(r"(?:day|night) ([+−]\d+\.\d) instead of ([+−]\d+\.\d)", line)
    assert len(margins) == 2
    for louder, quiet in margins:
        assert float(louder.replace("−", "-")) < float(quiet.replace("−", "-"))
    assert "sofc: no level is known" in found.stdout
