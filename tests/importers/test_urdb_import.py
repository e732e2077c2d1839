"""Rate records of the real fixtures: bare and wrapped ones are one, and the last tier is open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powerwall.importers.urdb import read_rates
from powerwall.region.findings import Findings

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "tariffs_urdb_fixtures"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real files of ../shared are not there")  # fmt: skip


def ladders(path):
    findings = Findings()
    (stack,) = read_rates([path], findings).stacks
    assert not findings.errors
    (layer,) = stack["layers"]
    return [[(tier.get("max"), tier.get("rate")) for tier in ladder] for ladder in layer["rate"]["energyratestructure"]]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["urdb_multi_tier", "urdb_tiered_energy_demand", "urdb_tiered_tou_demand"]
)
def test_a_real_record_is_read_whether_it_stands_bare_or_wrapped(tmp_path, name):
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    record = content.get("ElectricTariff", content).get("urdb_response", content)
    for form, text in (("bare", record), ("wrapped", {"urdb_response": record})):
        (tmp_path / form).mkdir()
        (tmp_path / form / f"{name}.json").write_text(json.dumps(text), encoding="utf-8")
    native = ladders(FOLDER / f"{name}.json")
    assert native
    for form in ("bare", "wrapped"):
        assert ladders(tmp_path / form / f"{name}.json") == native


def test_the_bound_of_a_real_tier_counts_from_the_first_kilowatt_hour():
    bounds = [bound for ladder in ladders(FOLDER / "urdb_multi_tier.json") for bound, _ in ladder]
    assert 20_000 in bounds
