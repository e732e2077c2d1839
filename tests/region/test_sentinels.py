"""A planted -9999 in any bundled layer gives exactly the ranking of an empty cell."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import powerwall as pw

REGIONS = Path(__file__).resolve().parents[2] / "regions"
#: Columns that are printed and never computed with; one of them is in the sample.
PROSE = {"name", "summary", "subject", "note", "source_title", "source_url", "license"}
NAMES = ["central-ohio", "dallas-fort-worth", "dublin", "example", "northern-virginia", "phoenix"]

#: Cells that move a number somewhere: region, layer, column, row.
SAMPLE = [
    ("example", "points_of_interconnection", "published_headroom_mw", 0),
    pytest.param(
        "example", "points_of_interconnection", "expected_date", 0, marks=pytest.mark.slow
    ),
    pytest.param("example", "receptors", "location_accuracy_m", 2, marks=pytest.mark.slow),
    pytest.param("example", "time_to_power", "p50_months", 0, marks=pytest.mark.slow),
    ("example", "calendars", "result_date", 0),
    pytest.param(
        "example", "water_systems", "baseline_water_stress_score", 0, marks=pytest.mark.slow
    ),
    pytest.param("northern-virginia", "noise_rules", "limit_db", 0, marks=pytest.mark.slow),
    ("northern-virginia", "policy", "effective_from", 0),
    pytest.param("northern-virginia", "sites", "area_ha", 0, marks=pytest.mark.slow),
    pytest.param(
        "central-ohio", "points_of_interconnection", "voltage_kv", 3, marks=pytest.mark.slow
    ),
    ("central-ohio", "jurisdictions", "outline_accuracy_m", 0),
    pytest.param("dallas-fort-worth", "time_to_power", "p90_months", 1, marks=pytest.mark.slow),
    pytest.param(
        "dublin", "points_of_interconnection", "queue_ahead_mw", 0, marks=pytest.mark.slow
    ),
    pytest.param("phoenix", "sites", "utility_id", 2, marks=pytest.mark.slow),
    pytest.param("phoenix", "sites", "name", 0, marks=pytest.mark.slow),
]


def copied(folder, name):
    shutil.copytree(REGIONS / name, folder / name)
    shutil.copy(REGIONS / f"{name}.toml", folder)
    return folder / f"{name}.toml"


def plant(path, column, row, value):
    """Write a value into one cell of a CSV; False if it has no such column or row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if column not in rows[0] or row + 1 >= len(rows):
        return False
    rows[row + 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return True


def outcome(path):
    """The ranking, or what forbids one."""
    try:
        region = pw.read(path)
        ranking = pw.rank(region, pw.measure(region))
    except pw.BadInput as error:
        return sorted((f.code, f.line) for f in error.findings)
    return ranking


def assert_same(left, right):
    if isinstance(left, list) or isinstance(right, list):
        assert left == right
        return
    assert_frame_equal(pd.DataFrame(left.frame), pd.DataFrame(right.frame), check_exact=True)
    assert_frame_equal(left.values, right.values, check_exact=True)
    for name in left.measures:
        assert_frame_equal(left.measures[name], right.measures[name], check_exact=True, obj=name)


@pytest.mark.parametrize(("name", "layer", "column", "row"), SAMPLE, ids=str)
@pytest.mark.parametrize("sentinel", ["-9999"])
def test_a_planted_sentinel_ranks_exactly_as_an_empty_cell(
    tmp_path, name, layer, column, row, sentinel
):
    path = copied(tmp_path, name)
    file = tmp_path / name / f"{layer}.csv"
    results = []
    for value in (sentinel, ""):
        assert plant(file, column, row, value)
        results.append(outcome(path))
    assert_same(*results)


def numbers_in(record, path=()):
    """Places of the numbers in the price layers of tariff stacks; of a list of numbers only the first."""
    if isinstance(record, list) and any(isinstance(one, int | float) for one in record):
        record = record[:1]
    items = (
        record.items()
        if isinstance(record, dict)
        else enumerate(
            record[:1] if len(record) == 12 else record
        )  # a schedule has twelve like rows
        if isinstance(record, list)
        else ()
    )
    for key, value in items:
        here = (*path, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield here
        else:
            yield from numbers_in(value, here)


def tariff_outcomes(folder, name, places):
    path = copied(folder, name)
    file = folder / name / "tariffs.json"
    original = file.read_text(encoding="utf-8")
    for place in places:
        results = []
        for value in (-9999, None):
            content = json.loads(original)
            target = content["stacks"]
            for key in place[:-1]:
                target = target[key]
            target[place[-1]] = value
            file.write_text(json.dumps(content, indent=1), encoding="utf-8")
            results.append(outcome(path))
        yield place, results


@pytest.mark.parametrize("name", ["example", pytest.param("central-ohio", marks=pytest.mark.slow)])
def test_a_sentinel_in_a_price_ranks_exactly_as_null(tmp_path, name):
    stacks = json.loads((REGIONS / name / "tariffs.json").read_text(encoding="utf-8"))["stacks"]
    places = [
        place
        for place in numbers_in(stacks)
        if any(str(key).startswith("usd_per_") for key in place)
    ][:3]
    assert places
    for place, results in tariff_outcomes(tmp_path, name, places):
        assert place
        assert_same(*results)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_sentinel_at_any_number_of_a_tariff_ranks_exactly_as_null(tmp_path, name):
    stacks = json.loads((REGIONS / name / "tariffs.json").read_text(encoding="utf-8"))["stacks"]
    every = list(numbers_in(stacks))
    for place, results in tariff_outcomes(tmp_path, name, every[:: 1 + len(every) // 15]):
        assert place
        assert_same(*results)


def assert_same_data(left, right):
    """Two readings hold the same sites and layers, so that everything measured from them is the same."""
    assert_frame_equal(left.sites, right.sites, check_exact=True)
    assert left.layers.keys() == right.layers.keys()
    for name, layer in left.layers.items():
        assert_frame_equal(layer.frame, right.layers[name].frame, check_exact=True, obj=name)


def read_or_codes(path):
    try:
        return pw.read(path)
    except pw.BadInput as error:
        return sorted((f.code, f.line) for f in error.findings)


def ranked_or_codes(region):
    """Scores, or what stops a ranking: a limit without its unit is a fault, whoever left it out."""
    try:
        return pw.rank(region, pw.measure(region)).frame["score"].to_dict()
    except pw.BadInput as error:
        return sorted((f.code, f.line, f.column) for f in error.findings)


def planted(file, columns, value):
    """Write a value into one filled cell of each column, in rows as far apart as there are."""
    with file.open(encoding="utf-8", newline="") as lines:
        header, *rows = list(csv.reader(lines))
    for number, column in enumerate(columns):
        place = header.index(column)
        filled = [n for n, cells in enumerate(rows) if cells[place]] or [0]
        rows[filled[number % len(filled)]][place] = value
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows([header, *rows])


def differences(path, file, columns):
    """What a sentinel does that an empty cell does not; where both are refused, in halves of the columns."""
    original = file.read_bytes()
    results = []
    for value in ("", "-9999"):
        file.write_bytes(original)
        planted(file, columns, value)
        results.append(read_or_codes(path))
    try:
        if isinstance(results[0], list) or isinstance(results[1], list):
            assert results[0] == results[1]
        else:
            assert_same_data(*results)
            assert ranked_or_codes(results[1]) == ranked_or_codes(results[0])
    except (AssertionError, ValueError, TypeError, LookupError) as error:
        if len(columns) == 1:
            return [f"{file.name}: {columns[0]}: {type(error).__name__}: {str(error)[:200]}"]
    else:
        if not isinstance(results[0], list) or len(columns) == 1:
            return []
    finally:
        file.write_bytes(original)
    middle = len(columns) // 2
    return [*differences(path, file, columns[:middle]), *differences(path, file, columns[middle:])]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dublin", "example"])
def test_a_sentinel_in_every_column_of_every_layer_reads_exactly_as_an_empty_cell_and_ranks(
    tmp_path, name
):
    path = copied(tmp_path, name)
    wrong = []
    for file in sorted((tmp_path / name).glob("*.csv")):
        if file.name != "ranking.csv":
            header = file.read_text(encoding="utf-8").partition("\n")[0].split(",")
            wrong += differences(path, file, [name for name in header if name not in PROSE])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["example"])
def test_the_order_of_rows_in_a_layer_changes_nothing(tmp_path, name):
    path = copied(tmp_path, name)
    plain = outcome(path)
    for file in sorted((tmp_path / name).glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            header, *rows = list(csv.reader(lines))
        with file.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows([header, *reversed(rows)])
    assert_same(plain, outcome(path))
