"""The benchmarks' own machinery, at sizes that take no time."""

from __future__ import annotations

import importlib
import json
import math
import sys
from pathlib import Path

import bench_screening
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import run
import shapely
from country import write_country
from made_up_layers import EXTENT_M, cells, tessellation, wandering_lines
from processes import process_timing, run_process
from protocol import FailedError, Options, Result, demand, measured, take_turns
from table import print_report

CHECK = str(Path(__file__).with_name("bare_screening.py"))


def refused(total: int) -> None:
    demand(total > 3, "three is not more than three")


def test_a_result_that_is_wrong_gets_no_time():
    row = measured("sum", 1, lambda: 3, Options(), check=refused, bound=("none", lambda: None), aims={"seconds": 9.0})  # fmt: skip
    assert row.wrong == "three is not more than three"
    assert (row.seconds, row.minimum_s, row.ratio) == (None, None, None)
    assert row.reached() == {"seconds": None}


def test_a_result_that_is_right_has_median_minimum_and_ratio():
    row = measured("sum", 1, lambda: sum(range(20_000)), Options(), bound=("same", lambda: sum(range(20_000))))  # fmt: skip
    assert row.runs == 11
    assert 0 < row.minimum_s <= row.seconds
    assert row.ratio == row.seconds / row.bound_s


def test_works_take_turns_after_one_warm_up_each():
    order: list[str] = []
    times, kept = take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b") or 7}, 3)  # fmt: skip
    assert order == ["a", "b"] * 4
    assert [len(timing.runs) for timing in times.values()] == [3, 3]
    assert kept["b"] == 7


@pytest.mark.parametrize(("speedup", "reached"), [(1.7, True), (1.5, False)])
def test_an_aim_of_least_is_reached_from_above(speedup, reached):
    row = Result("x", 1, figures={"speedup": speedup}, aims={"speedup_least": 1.6})
    assert row.reached() == {"speedup_least": reached}


def test_sizes_are_read_with_their_units():
    assert run.sizes("1M,100k,2.5k,7") == (7, 2_500, 100_000, 1_000_000)
    with pytest.raises(Exception, match="not numbers"):
        run.sizes("many")


def test_every_name_is_a_function_of_its_file():
    for name in run._names():
        subject, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f"bench_{subject}"), function))


def test_unknown_names_are_refused():
    with pytest.raises(SystemExit, match="no benchmark weather"):
        run.main(["--only", "weather"])


def test_the_json_says_what_was_timed_and_on_what(tmp_path, capsys):
    file = tmp_path / "bench.json"
    asked = ["--only", "lead_time", "--share", "0.001", "--repetitions", "1", "--json", str(file)]
    assert run.main(asked) == 0
    report = json.loads(file.read_text(encoding="utf-8"))
    assert set(report) == {"machine", "versions", "options", "results"}
    assert {"cpu", "cores", "load_average"} <= set(report["machine"])
    assert {"python", "numpy", "powerwall"} <= set(report["versions"])
    (row,) = report["results"]["lead_time.expected"]
    assert {"name", "size", "seconds", "minimum_s", "runs", "bound", "bound_s", "ratio", "peak_mb", "reached"} <= set(row)  # fmt: skip
    assert row["size"] == 1000
    assert row["peak_mb"] > 20
    assert row["aims"] == {}  # of full sizes alone
    assert "expected MW-years" in capsys.readouterr().out


def test_a_wrong_row_is_printed_without_a_time(capsys):
    row = {**Result("sum", 10, wrong="another sum", seconds=1.5).record()}
    print_report({"machine": run.machine(), "versions": {}, "results": {"x.y": [row]}})
    told = capsys.readouterr().out
    assert "WRONG  sum: another sum" in told
    assert "1.50 s" not in told


def test_a_process_that_fails_is_no_time():
    with pytest.raises(FailedError, match="exit 3: no cells"):
        run_process(["-c", "import sys; sys.stderr.write('no cells'); sys.exit(3)"])


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a fresh process is told by Linux")
def test_the_memory_of_a_process_is_its_own():
    # a child begins with the peak of the process that starts it: larger than any of a test's
    _, peaks = process_timing({"large": ["-c", "x = b'1' * 900_000_000"]}, Options(repetitions=1))
    assert 900 <= peaks["large"].peak_mb <= 1000


@pytest.mark.skipif(sys.platform != "linux", reason="memory of children is told by Linux")
def test_the_memory_of_workers_is_added():
    worker = "import time; x = b'1' * 500_000_000; time.sleep(1)"
    two = f"import subprocess, sys; [w.wait() for w in [subprocess.Popen([sys.executable, '-c', {worker!r}]) for _ in 'ab']]"
    assert 1000 <= run_process(["-c", two], tree=True).peak_mb <= 1100


def test_made_up_polygons_fill_their_extent_without_overlap():
    shapes = tessellation(np.random.default_rng(0), 5, 4, 9)
    west, south, east, north = EXTENT_M
    assert shapely.is_valid(shapes).all()
    assert [len(shapely.get_coordinates(shape)) for shape in shapes] == [4 * 9 + 1] * 20
    tree = shapely.STRtree(shapes)
    inside = cells(3_000)
    inside = inside[(np.abs(inside - [(west + east) / 2, (south + north) / 2]) < [1.8e6, 1e6]).all(axis=1)]  # fmt: skip
    at, _ = tree.query(shapely.points(inside), predicate="intersects")
    assert np.array_equal(np.unique(at), np.arange(len(inside)))
    assert len(at) == len(inside)


def test_made_up_lines_are_as_long_as_was_asked():
    lines = wandering_lines(np.random.default_rng(0), 2_000, 8, 1_400.0)
    assert (shapely.get_num_points(lines) == 8).all()
    assert math.isclose(shapely.length(lines).mean(), 7 * 1_400, rel_tol=0.1)


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny country of 4,000 cells, and its screening."""
    folder = tmp_path_factory.mktemp("country")
    region = write_country(folder, [4_000], share=0.01).regions[4_000]
    file = folder / "cells.parquet"
    run_process(bench_screening.score(region, file))
    return folder, file


def test_the_country_is_a_region_that_passes_check(screened):
    folder, _ = screened
    run_process(["-m", "powerwall", "check", str(folder / "country.toml")])  # fails otherwise


def test_a_screening_agrees_with_plain_libraries(screened):
    folder, file = screened
    count = int(run_process([CHECK, str(folder), str(file), "--check"]).stdout)
    assert abs(count / 4_000 - 1) < 0.05


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("gas_km", "gas_km is not the distance"),
        ("airports_count", "airports_count is not the number"),
        ("stress_score", "stress_score is another polygon's"),
        ("score", "a score is not the weighted mean"),
    ],
)
def test_a_screening_with_a_wrong_column_gets_no_time(screened, tmp_path, column, told):
    folder, file = screened
    table = pq.read_table(file)
    place = table.column_names.index(column)
    wrong = pa.array(table[column].to_numpy() * 1.1 + 1)
    other = tmp_path / "cells.parquet"
    pq.write_table(table.set_column(place, column, wrong), other)
    row = Result("screening", 4_000, seconds=1.0, minimum_s=1.0)
    bench_screening._checked(row, folder / "country.toml", other)
    assert told in row.wrong
    assert row.seconds is None


def test_the_time_of_a_cell_is_compared_with_that_among_a_million():
    rows = [Result("plain", size, seconds=size * us * 1e-6, figures={"us_per_cell": us}) for size, us in ((1_000_100, 2.0), (9_999_000, 3.0))]  # fmt: skip
    bench_screening._per_cell(rows)
    assert rows[1].figures["per_cell_ratio"] == 1.5
    assert rows[1].reached() == {"per_cell_ratio": False}
    assert "per_cell_ratio" not in rows[0].figures
