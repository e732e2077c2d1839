"""`powerwall score` of cells, and the verbs that read one of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest
from made_up_country import country
from typer.testing import CliRunner

from powerwall.cli import app


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def run(*arguments, code=0):
    done = CliRunner().invoke(app, [str(part) for part in arguments])
    assert done.exit_code == code, done.output
    return done


def test_a_screening_prints_the_best_cells_the_funnel_and_what_to_do_next(tmp_path):
    path = country(tmp_path)
    told = run("score", path, "--top", 3).stdout
    assert "screened on 4 declared criteria, no power plan made" in told
    assert "wire_km required ≤ 25 km" in told
    last = told.strip().splitlines()[-1]
    assert last.startswith(f"Next: powerwall explain {path.as_posix()} cell-")
    assert told.count("cell-") == 3 + 1


def test_every_cell_is_written_as_geoparquet_and_csv(tmp_path):
    path = country(tmp_path, cell_km=2)
    run("score", path, "-o", tmp_path / "cells.parquet", "-o", tmp_path / "cells.csv", "-q")
    cells, rows = gpd.read_parquet(tmp_path / "cells.parquet"), pd.read_csv(tmp_path / "cells.csv")
    assert len(cells) == len(rows) == 900
    assert cells.crs.to_epsg() in {4326, None} or cells.crs == "OGC:CRS84"
    assert rows["site_id"].tolist() == cells["site_id"].tolist()
    pd.testing.assert_series_equal(rows["score"].astype("float32"), cells["score"], rtol=1e-5)
    meta = json.loads((tmp_path / "cells.csv.meta.json").read_text())
    assert meta["requirements"] == ["wire_km: required ≤ 25 km"]


def test_the_json_holds_the_funnel_and_the_best(tmp_path):
    told = json.loads(run("score", country(tmp_path), "--format", "json", "--top", 2).stdout)
    assert [site["rank"] for site in told["sites"]] == [1, 2]
    assert told["funnel"][0]["left"] == 3600
    assert told["funnel"][-1]["left"] == 3600 - told["funnel"][-1]["hit"]


@pytest.mark.parametrize(
    "options",
    [("--draws", "64"), ("--pick", "2"), ("--check",), ("--format", "md"), ("-o", "a.gpkg")],
)
def test_what_cells_cannot_be_asked_is_refused(tmp_path, options):
    told = run("score", country(tmp_path), *options, code=2)
    assert "screen = true" in told.output or "cells" in told.output or "PW601" in told.output


def test_workers_are_refused_where_nothing_is_screened(make_region, tmp_path):
    told = run("score", make_region(tmp_path), "--workers", 2, code=2)
    assert "screen = true" in told.output


def test_explain_and_plan_measure_one_cell_in_full(tmp_path):
    path = country(tmp_path)
    best = json.loads(run("score", path, "--format", "json", "--top", 1).stdout)["sites"][0]
    told = run("explain", path, best["site_id"], "--draws", 0).stdout
    assert best["site_id"] in told
    assert "wire_km" in told
    assert "no power plan" in told or "time_to_power_months" in told
    run("explain", path, "cell-0-0", code=2)


def test_check_finds_what_would_stop_a_screening(tmp_path):
    path = country(tmp_path)
    assert "error" not in run("check", path, "--all").stdout.replace("0 errors", "")
    path.write_text(path.read_text().replace('"boundary" }', '"border" }'))
    told = run("check", path, code=1).stdout
    assert "PW105" in told
    assert "border" in told


def test_verbs_that_need_named_sites_say_so(tmp_path):
    path = country(tmp_path)
    assert "is screened" in run("compare", path, path, code=2).output


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("where", ["measuring", "writing"])
def test_ctrl_c_leaves_no_partial_file(tmp_path, where):
    path = country(tmp_path)
    patch = {
        "measuring": "import powerwall.ranking.screening as m; m.run = wait",
        "writing": "import powerwall.output.cells as m; m._tables = wait",
    }[where]
    script = (
        "import sys, time\n"
        "def wait(*given):\n    sys.stderr.write('here\\n'); sys.stderr.flush(); time.sleep(100)\n"
        f"{patch}\n"
        f"sys.argv = ['powerwall', 'score', {str(path)!r}, '-o', {str(tmp_path / 'cells.parquet')!r}]\n"
        "from powerwall.cli import main\nmain()\n"
    )
    before = sorted(tmp_path.iterdir())
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        answer, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert answer == ""
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_table_drops_whole_measures_and_names_them(tmp_path, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    told = run("score", country(tmp_path), "--top", 3).stdout
    first = told[told.index("#") :].splitlines()
    assert "…" not in "".join(first[:5])
    shown = [title in first[0] for title in ("wire [km]", "substation [km]", "basin", "near [")]
    hidden = told.replace("\n", " ")
    for name, there in zip(
        ("wire_km", "substation_km", "basin_share", "near_count"), shown, strict=True
    ):
        assert there or ("not shown at this width" in hidden and name in hidden)


def test_a_region_of_all_layers_is_checked_screened_and_explained_cell_by_cell(
    make_region, tmp_path
):
    toml = {
        "sites": {"path": None, "screen": True, "grid": {"cell_km": 3, "within": "jurisdictions"}},
        "criteria": {"node_km": {"measure": "distance_km", "layer": "points_of_interconnection", "value": [[0, 1.0], [20, 0.0]]}},
        "weights": {"power": 5, "proximity": 1},
    }  # fmt: skip
    path = make_region(tmp_path, toml=toml)
    assert "error" not in run("check", path).stdout.replace("0 errors", "")
    told = json.loads(run("score", path, "--format", "json", "--top", 1).stdout)
    assert "months_late" in told["powerwall"]["not_screened"]
    best = told["sites"][0]["site_id"]
    record = json.loads(run("explain", path, best, "--format", "json", "--draws", 0).stdout)
    assert record["criteria"]["node_km"]["measure"] == pytest.approx(told["sites"][0]["node_km"], rel=1e-6)  # fmt: skip
    assert record["criteria"]["time_to_power_months"]["measure"] > 0
