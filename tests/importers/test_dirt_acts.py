"""Acts and ordinances: figures of the real inventories, each of which one careless rule would move."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest
from conftest import write_csv

from powerwall.criteria.policy import standing
from powerwall.importers.authorities import Authorities
from powerwall.importers.moratoria import read_moratoria
from powerwall.importers.ordinances import read_ordinances
from powerwall.region.findings import Findings


@pytest.fixture(scope="module")
def inventory(shared):
    with (shared / "data/moratoria_us/moratorium_inventory.csv").open(encoding="utf-8-sig", newline="") as file:  # fmt: skip
        return list(csv.DictReader(file))


def of_all_sectors(folder, rows):
    """Rows of an inventory as policy, whatever they are about and whoever made them."""
    kept = [{**{k: v for k, v in row.items() if k != "sectors"}, "jurisdiction_type": "County"} for row in rows]  # fmt: skip
    found = read_moratoria(write_csv(folder / "inventory.csv", kept), Authorities(None), Findings())
    assert len(found.rows) == len(rows)
    return found.rows


def test_days_of_real_acts_are_as_exact_as_their_source(inventory, tmp_path):
    rows = of_all_sectors(tmp_path, [{**row, "date_enacted": ""} for row in inventory])
    assert Counter(len(row["action_date"]) for row in rows) == {len("2026-03-01"): 180, len("2026-03"): 11, len("2026"): 4, 0: 27}  # fmt: skip


def test_of_105_real_terms_in_days_8_have_passed_in_april_and_49_in_october(inventory, tmp_path):
    """By the coded first terms alone; `extended` is put aside, since it says no new end."""
    coded = [
        {**row, "enacted_status": row["enacted_status"].replace("extended", "active"), "date_enacted": row["date_enacted_iso"],
         "duration": f"{float(row['duration_days']):g} days" if row["duration_days"] else ""}
        for row in inventory
    ]  # fmt: skip
    said = [row for row in of_all_sectors(tmp_path, coded) if row["policy_status"] == "active"]
    terms = [row for row in said if row["duration"] and len(row["action_date"]) == len("2026-03-01")]  # fmt: skip
    assert (len(said), len(terms)) == (148, 105)
    passed = {day: sum(standing(row, date.fromisoformat(day)).reason == "expired" for row in terms) for day in ("2026-04-30", "2026-10-31")}  # fmt: skip
    assert passed == {"2026-04-30": 8, "2026-10-31": 49}


@pytest.fixture(scope="module")
def workbooks(shared):
    """Rows and findings of the real workbooks by plant and layer."""
    pytest.importorskip("openpyxl")
    found = {}
    for plant, layer in (("Wind", "noise_rules"), ("Wind", "policy"), ("Solar", "noise_rules")):
        findings = Findings()
        path = shared / f"data/ordinances_nrel/NREL_{plant}_Ordinances.xlsx"
        found[plant, layer] = read_ordinances(path, layer, Authorities(None), findings), list(findings)  # fmt: skip
    return found


def test_of_1833_real_rows_220_are_of_noise_and_two_of_them_no_level(workbooks):
    found, _ = workbooks["Wind", "noise_rules"]
    rules = {row["rule_id"].rpartition("-")[0] for row in found.rows}
    assert len(rules) + found.skipped["value not read"] == 218 + 2
    assert found.skipped["no sound level, for policy"] + 220 == 1833
    other, _ = workbooks["Wind", "policy"]
    assert other.skipped["a sound level, for noise_rules"] == 220


def test_every_spelling_of_noise_in_the_real_workbooks_is_noise(workbooks):
    """33 `Sound`, one each of `Sounds`, `Noise` and `Noise ` with a blank."""
    found, _ = workbooks["Solar", "noise_rules"]
    read = {row["rule_id"].rpartition("-")[0] for row in found.rows if row["limit_db"]} | {row["rule_id"] for row in found.rows if not row["limit_db"]}  # fmt: skip
    assert len(read) + found.skipped["value not read"] == 33 + 3
    assert sum(found.skipped.values()) - found.skipped["value not read"] == 838 - 36


@pytest.mark.parametrize("feature", ["Height ", "Tower Denisty ", "Minimum Lot Size "])
def test_a_misspelt_size_of_the_real_workbook_is_no_setback(workbooks, feature):
    found, _ = workbooks["Wind", "policy"]
    own = [row for row in found.rows if row["subject"].startswith(feature.strip() + ":") or row["subject"].startswith(feature)]  # fmt: skip
    assert own
    assert {row["kind"] for row in own} == {"zoning"}


@pytest.mark.parametrize(("rule", "value"), [("tn-shelby-sound", "55"), ("wy-laramie-sound", "50")])
def test_a_multiplier_of_the_real_workbook_is_no_level_and_is_told(workbooks, rule, value):
    found, findings = workbooks["Wind", "noise_rules"]
    assert not [row for row in found.rows if row["rule_id"].startswith(rule)]
    (told,) = [finding for finding in findings if finding.message.startswith(rule)]
    assert (told.code, told.line > 1) == ("PW401", True)
    assert f"`{value}`" in told.message
    assert "multiplier is no level: left out" in told.message
