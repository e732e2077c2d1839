"""PyPSA CSV: a network becomes two files that the criteria read alike; its names stay text."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from conftest import write_csv
from made_up_features import codes, read_source
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.power.network import read_network

BUSES = [{"name": "1", "v_nom": 380, "x": 9.5, "y": 52.3}, {"name": "1_220kV", "v_nom": 220, "x": 9.5, "y": 52.3}, {"name": "02", "v_nom": 220, "x": 9.6, "y": 52.3}]  # fmt: skip
LINES = [{"name": "7", "bus0": "1_220kV", "bus1": "02", "s_nom": 400, "length": 10, "type": "", "num_parallel": 1, "x": 3.0},
         {"name": "8", "bus0": "1_220kV", "bus1": "02", "s_nom": "inf", "length": 0, "type": "", "num_parallel": 1, "x": 3.0}]  # fmt: skip
TRANSFORMERS = [{"name": "1", "bus0": "1", "bus1": "1_220kV", "x": 0.1, "s_nom": 2000}, {"name": "1b", "bus0": "1", "bus1": "1_220kV", "x": 0.1, "s_nom": 2000}]  # fmt: skip
GENERATORS = [{"name": "g", "bus": "1", "p_nom": 900, "carrier": "Gas", "marginal_cost": 50}]
LOADS = [{"name": "02", "bus": "02"}]
SERIES = [{"": "0", "02": 120}, {"": "1", "02": 250}]
TABLES = {"buses": BUSES, "lines": LINES, "transformers": TRANSFORMERS, "generators": GENERATORS, "loads": LOADS, "loads-p_set": SERIES}  # fmt: skip


def network(folder, **changes):
    """Write a synthetic network; None leaves a table out."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**TABLES, **{key.replace("_p", "-p"): value for key, value in changes.items()}}.items():  # fmt: skip
        if rows is not None:
            write_csv(folder / f"{name}.csv", rows)
    return folder


def imported(folder, **changes):
    return read_source("pypsa-csv", network(folder / "net", **changes))


def test_buses_keep_their_names_and_branches_stand_beside_them(tmp_path):
    frame, tally, findings, delivery = imported(tmp_path)
    assert codes(findings) == []
    assert frame["bus"].tolist() == ["02", "1", "1_220kV"]
    assert frame["load_mw"].tolist() == [250.0, 0.0, 0.0]  # the hour of the highest load
    ((name, branch),) = delivery.beside
    assert name == "branch.csv"
    assert branch["branch"].tolist() == ["line 7", "line 8", "transformer 1", "transformer 1b"]
    assert branch["from_bus"].tolist() == ["1_220kV", "1_220kV", "1", "1"]
    assert tally.noted == {
        "the other side of a transformer, by the suffix of its name": 1, "lines of length 0": 1,
        "transformers of one rating, 2000 MVA: a placeholder": 2, "buses without load": 2,
    }  # fmt: skip
    assert "load 250.0 MW" in delivery.note


def test_one_of_the_files_means_its_folder(tmp_path):
    folder = network(tmp_path / "net")
    one = read_source("pypsa-csv", folder / "lines.csv", folder / "buses.csv")[0]
    pd.testing.assert_frame_equal(one, read_source("pypsa-csv", folder)[0])


def test_a_line_end_without_a_bus_is_an_error_with_its_place(tmp_path):
    frame, _, findings, _ = imported(tmp_path, lines=[*LINES, {**LINES[0], "name": "9", "bus1": "2"}])  # fmt: skip
    assert frame is None
    assert codes(findings) == ["PW409"]
    assert findings[-1].file.endswith("lines.csv")


def test_a_part_that_carries_nothing_is_left_out_and_counted(tmp_path):
    apart = [{"name": "8", "v_nom": 220, "x": 1, "y": 1}, {"name": "9", "v_nom": 220, "x": 1, "y": 1}]  # fmt: skip
    frame, tally, _, _ = imported(tmp_path, buses=[*BUSES, *apart], lines=[*LINES, {**LINES[0], "name": "9", "bus0": "8", "bus1": "9"}])  # fmt: skip
    assert (len(frame), tally.read) == (3, 5)
    assert tally.left_out == {"not connected to the rest, and carries nothing": 2, "branches in a part that carries nothing": 1}  # fmt: skip


def test_dirt_of_spreadsheets_in_the_tables_changes_nothing(tmp_path):
    clean = imported(tmp_path)[0]
    path = tmp_path / "net" / "buses.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n").replace(b"1_220kV", b" 1_220kV "))  # fmt: skip
    frame, _, findings, _ = read_source("pypsa-csv", tmp_path / "net")
    assert [f for f in findings if f.severity == "error"] == []
    pd.testing.assert_frame_equal(frame, clean)


@pytest.mark.parametrize(
    ("content", "words"), [(b"<!DOCTYPE html><html></html>", "a web page"), (b"PK\x03\x04", "a workbook")]
)  # fmt: skip
def test_something_else_under_the_name_of_a_table_is_one_finding(tmp_path, content, words):
    folder = network(tmp_path / "net")
    (folder / "buses.csv").write_bytes(content)
    _, _, findings, _ = read_source("pypsa-csv", folder)
    assert codes(findings) == ["PW202"]
    assert words in findings[0].message


def test_what_is_no_network_is_one_finding(tmp_path):
    (tmp_path / "empty").mkdir()
    assert codes(read_source("pypsa-csv", tmp_path / "empty")[2]) == ["PW201"]
    assert codes(read_source("pypsa-csv", tmp_path / "nowhere")[2]) == ["PW201"]
    both = network(tmp_path / "a"), network(tmp_path / "b")
    assert codes(read_source("pypsa-csv", *both)[2]) == ["PW201"]


def test_the_layer_must_be_called_bus_csv_and_nothing_is_written_otherwise(tmp_path):
    result = CliRunner().invoke(app, ["import", "pypsa-csv", str(network(tmp_path / "net")), "-o", str(tmp_path / "x.csv")])  # fmt: skip
    assert result.exit_code == 2, result.output
    assert "error[PW601]" in result.stderr
    assert "bus.csv" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]


def test_a_file_beside_it_that_cannot_be_written_leaves_the_layer_as_it_was(tmp_path):
    folder, out = network(tmp_path / "net"), tmp_path / "out"
    (out / "branch.csv").mkdir(parents=True)
    (out / "bus.csv").write_text("before\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["import", "pypsa-csv", str(folder), "-o", str(out / "bus.csv")])  # fmt: skip
    assert result.exit_code == 2, result.output
    assert "error[PW601]" in result.stderr
    assert (out / "bus.csv").read_text(encoding="utf-8") == "before\n"
    assert sorted(path.name for path in out.iterdir()) == ["branch.csv", "bus.csv"]


def alike(native, written):
    """Whether two networks are the same, whatever their order."""
    one, other = read_network(native), read_network(written)
    pd.testing.assert_frame_equal(one.bus.sort_index(), other.bus.sort_index())
    pd.testing.assert_frame_equal(one.branch.sort_index(), other.branch.sort_index(), check_dtype=False)  # fmt: skip


def test_twice_the_same_bytes_and_the_region_reads_both_files(tmp_path, make_region):
    folder, out = network(tmp_path / "net", lines=LINES[:1]), tmp_path / "out"
    out.mkdir()
    arguments = ["import", "pypsa-csv", str(folder), "-o", str(out / "bus.csv")]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert set(before) == {"bus.csv", "branch.csv"}
    alike(folder, out)
    block = first.stdout.replace('path = "bus.csv"', 'path = "out/bus.csv"')
    region = pw.read(make_region(tmp_path, toml=block))
    assert region.layers.frame("network")["bus"].tolist() == ["02", "1", "1_220kV"]
    assert not [f for f in region.findings if f.severity == "error"]


@pytest.fixture(scope="module")
def germany(shared, tmp_path_factory):
    """The folder as published, and what the command writes of it."""
    out = tmp_path_factory.mktemp("germany")
    native = shared / "data/germany_scigrid"
    result = CliRunner().invoke(app, ["import", "pypsa-csv", str(native), "-o", str(out / "bus.csv")])  # fmt: skip
    assert result.exit_code == 0, result.output
    return native, out, result


def test_the_real_network_of_germany_has_585_buses_96_of_them_with_a_suffix(germany):
    """Checklist 35."""
    _, out, result = germany
    bus = pd.read_csv(out / "bus.csv", dtype=str)
    branch = pd.read_csv(out / "branch.csv", dtype=str)
    assert (len(bus), int(bus["bus"].str.endswith("_220kV").sum())) == (585, 96)
    assert {"1", "2", "2_220kV"} <= set(bus["bus"])
    assert set(branch["from_bus"]) | set(branch["to_bus"]) <= set(bus["bus"])
    assert (len(branch), int(branch["branch"].str.startswith("line ").sum())) == (948, 852)
    assert bus["load_mw"].astype(float).sum() == pytest.approx(58_424.8, abs=0.05)
    assert bus["gen_max_mw"].astype(float).sum() == pytest.approx(172_540.6, abs=0.05)
    assert 'licenses = ["ODbL-1.0"]' in result.stdout
    assert 'attribution = "© OpenStreetMap contributors' in result.stdout
    assert "of those read, 96: the other side of a transformer" in result.stderr
    assert "of those read, 96: transformers of one rating, 2000 MVA: a placeholder" in result.stderr


def test_the_real_network_is_read_alike_before_and_after(germany):
    alike(*germany[:2])


def test_a_network_that_does_not_come_from_openstreetmap_has_no_licence_stated(tmp_path):
    result = CliRunner().invoke(app, ["import", "pypsa-csv", str(network(tmp_path / "net")), "-o", str(tmp_path / "bus.csv")])  # fmt: skip
    assert 'licenses = ["LicenseRef-source-not-stated"]' in result.stdout
    assert "attribution" not in result.stdout


def test_a_real_network_with_a_bus_less_is_refused(germany, tmp_path):
    native, folder = germany[0], tmp_path / "net"
    shutil.copytree(native, folder)
    (folder / "buses.csv").chmod(0o644)
    text = (native / "buses.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "buses.csv").unlink()
    (folder / "buses.csv").write_text("".join(line for line in text if not line.startswith("2_220kV,")), encoding="utf-8")  # fmt: skip
    _, _, findings, _ = read_source("pypsa-csv", folder)
    assert set(codes(findings)) == {"PW409"}


def test_a_branch_without_limit_is_blank_and_limits_nothing(tmp_path):
    native, out = network(tmp_path / "net"), tmp_path / "out"
    out.mkdir()
    CliRunner().invoke(app, ["import", "pypsa-csv", str(native), "-o", str(out / "bus.csv")])
    branch = pd.read_csv(out / "branch.csv", dtype=str, keep_default_na=False).set_index("branch")
    assert branch["rate_normal_mva"].to_dict() == {"line 7": "400.0", "line 8": "", "transformer 1": "2000.0", "transformer 1b": "2000.0"}  # fmt: skip
    one, other = (read_network(folder).withdrawal_headroom(["02"]) for folder in (native, out))
    pd.testing.assert_frame_equal(one, other)


def test_the_middle_of_a_network_is_that_of_its_buses_and_unknown_without_places(tmp_path):
    placed = [{**row, "x": x, "y": 51.5} for row, x in zip(BUSES, (9.0, 10.0, 12.0), strict=False)]
    assert imported(tmp_path, buses=placed)[3].middle == (10.0, 51.5)
    bare = [{key: value for key, value in row.items() if key not in {"x", "y"}} for row in BUSES]
    assert imported(tmp_path, buses=bare)[3].middle is None
