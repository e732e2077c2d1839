"""Pairwise comparisons become weights, with what contradicts itself named."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.criterion import registry
from powerwall.importers.pairwise import read_pairwise
from powerwall.region.findings import Findings

PLAIN = ",power,cost,water\npower,1,3,5\ncost,1/3,1,2\nwater,1/5,1/2,1\n"


def read(folder, text: str, profile: str = ""):
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    return read_pairwise(path, registry(), findings, profile), list(findings)


def test_the_matrix_of_three_has_the_weights_and_the_ratio_of_its_closed_form(tmp_path):
    found, findings = read(tmp_path, PLAIN)
    t = (3 * 2 / 5) ** (1 / 3)
    means = np.array([15 ** (1 / 3), (2 / 3) ** (1 / 3), 0.1 ** (1 / 3)])
    assert list(found.weights.values()) == pytest.approx(means / means.sum(), abs=1e-12)
    assert found.ratio == pytest.approx((t + 1 / t - 2) / 2 / 0.522, abs=1e-9)
    assert (round(found.ratio, 5), findings) == (0.00354, [])


@pytest.mark.parametrize("text", [
    ",power,cost,water\npower,1,3,5\ncost,,1,2\nwater,,,1\n",
    ",power,cost,water\npower,,,\ncost,1/3,,\nwater,0.2,0.5,\n",
    "x;power;cost;water\npower;1;3;5\ncost;;1;2\nwater;;;\n",
    ",power,cost,water\npower,1,3,5\ncost,0.33,1,2\nwater,0.2,0.5,1\n",
])  # fmt: skip
def test_blank_cells_are_the_inverse_of_their_mirror_and_spreadsheets_are_read(tmp_path, text):
    expected, _ = read(tmp_path, PLAIN)
    found, findings = read(tmp_path, text)
    assert found.weights == pytest.approx(expected.weights, abs=1e-12)
    assert not findings


@given(st.lists(st.floats(1, 2.9), min_size=2, max_size=6))
def test_consistent_judgements_give_back_their_weights(tmp_path_factory, points):
    subjects = ["power", "cost", "water", "noise", "policy", "land"][: len(points)]
    rows = [f"{name},{','.join(repr(a / b) for b in points)}" for name, a in zip(subjects, points, strict=True)]  # fmt: skip
    found, findings = read(tmp_path_factory.mktemp("pairs"), "\n".join([f",{','.join(subjects)}", *rows, ""]))  # fmt: skip
    assert list(found.weights.values()) == pytest.approx(np.array(points) / sum(points), abs=1e-9)
    assert found.ratio == pytest.approx(0, abs=1e-9)
    assert not findings


def test_judgements_that_contradict_one_another_are_named_and_the_worst_comes_first(tmp_path):
    found, (finding,) = read(tmp_path, ",power,cost,water\npower,1,3,1/5\ncost,,1,4\nwater,,,\n")
    assert found.ratio > 0.1
    assert (finding.code, finding.severity) == ("PW106", "warning")
    assert "consistency ratio 2.08, over 0.1" in finding.message
    # among three rows all are equally far off, so they come in their order
    assert finding.remedy.startswith("look again at power against cost (3, the weights say 0.76")


def test_among_four_rows_the_judgement_farthest_from_the_weights_comes_first(tmp_path):
    text = ",power,cost,water,noise\npower,1,2,4,1/9\ncost,,1,2,4\nwater,,,1,2\nnoise,,,,\n"
    found, (finding,) = read(tmp_path, text)
    names, weights = list(found.weights), list(found.weights.values())
    judged = {("power", "cost"): 2, ("power", "water"): 4, ("power", "noise"): 1 / 9,
              ("cost", "water"): 2, ("cost", "noise"): 4, ("water", "noise"): 2}  # fmt: skip
    strain = {pair: abs(np.log(given * weights[names.index(pair[1])] / weights[names.index(pair[0])])) for pair, given in judged.items()}  # fmt: skip
    worst = max(strain, key=strain.get)
    assert finding.remedy.startswith(f"look again at {worst[0]} against {worst[1]} (")


@pytest.mark.parametrize(("text", "code", "place", "words"), [
    (",power,cost\npower,1,x\ncost,,1\n", "PW401", (2, 9), "`x` is no judgement"),
    (",power,cost\npower,1,12\ncost,,1\n", "PW402", (2, 9), "outside the scale"),
    (",power,cost\npower,1,\ncost,,1\n", "PW401", (2, 9), "blank both ways"),
    (",power,cost\npower,1,3\ncost,2,1\n", "PW402", (3, 6), "not its inverse"),
    (",power,cost\npower,2,3\ncost,,1\n", "PW402", (2, 7), "against itself is 2"),
    (",power,cots\npower,1,3\ncots,,1\n", "PW105", (1, 1), "`cots` is no subject"),
    (",power,cost\ncost,1,3\npower,,1\n", "PW203", (2, 1), "rows are cost, power"),
    (",power\npower,1\n", "PW203", (1, 1), "nothing to compare"),
    (",months_late,delivered_mw_years\nmonths_late,1,3\ndelivered_mw_years,,1\n", "PW106", (1, 1), "no value function"),
    (",months_late,permit_months\nmonths_late,1,3\npermit_months,,1\n", "PW105", (1, 1), "criteria of policy, power"),
    ("", "PW204", (1, 0), "empty"),
    (",power,cost\npower,1,1/0\ncost,,1\n", "PW401", (2, 9), "`1/0` is no judgement"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_cell(tmp_path, text, code, place, words):
    found, findings = read(tmp_path, text)
    assert found is None
    (finding,) = [f for f in findings if words in f.message]
    assert (finding.code, finding.line, finding.column) == (code, *place)


def test_criteria_of_one_subject_become_its_table_and_a_profile_takes_the_name_given(tmp_path):
    text = ",months_late,on_time_probability\nmonths_late,1,3\non_time_probability,,\n"
    found, _ = read(tmp_path, text, profile="board")
    table = {"months_late": 0.75, "on_time_probability": 0.25, "on_time_if_permitted_probability": 0}  # fmt: skip
    assert tomllib.loads(found.text) == {"profiles": {"board": {"power_criteria": table}}}


def test_what_was_not_compared_gets_no_weight_and_is_named(tmp_path):
    found, _ = read(tmp_path, ",power,cost\npower,1,3\ncost,,1\n")
    assert found.silent == ("noise", "policy", "water")
    assert tomllib.loads(found.text)["weights"] == {"power": 0.75, "cost": 0.25, "noise": 0, "policy": 0, "water": 0}  # fmt: skip


def test_imported_criteria_weigh_as_they_were_compared(tmp_path, make_region):
    text = ",months_late,on_time_probability\nmonths_late,1,3\non_time_probability,,\n"
    found, _ = read(tmp_path, text)
    weights = {"power": 1, **tomllib.loads(found.text)["weights"]}
    region = pw.read(make_region(tmp_path, toml={"weights": weights}))
    shares = pw.rank(region, pw.measure(region)).settings.weights.criteria
    assert (shares["months_late"], shares["on_time_probability"]) == (0.75, 0.25)


def test_the_verb_writes_the_block_and_a_bad_matrix_writes_nothing(tmp_path):
    (tmp_path / "pairs.csv").write_text(PLAIN, encoding="utf-8")
    out = tmp_path / "weights.toml"
    result = CliRunner().invoke(app, ["import", "pairwise", str(tmp_path / "pairs.csv"), "-o", str(out)])  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "power 64.8 %, cost 23.0 %, water 12.2 %; consistency ratio 0.0035" in result.stderr
    assert tomllib.loads(out.read_text(encoding="utf-8"))["weights"]["power"] == 0.648329
    (tmp_path / "pairs.csv").write_text(",power,cost\npower,1,x\ncost,,1\n", encoding="utf-8")
    bad = tmp_path / "bad.toml"
    result = CliRunner().invoke(app, ["import", "pairwise", str(tmp_path / "pairs.csv"), "-o", str(bad)])  # fmt: skip
    assert (result.exit_code, bad.exists()) == (2, False)
    missing = CliRunner().invoke(app, ["import", "pairwise", str(tmp_path / "no.csv"), "-o", str(bad)])  # fmt: skip
    assert missing.exit_code == 2
