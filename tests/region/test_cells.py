"""Cells: a sentinel is an empty cell, a unit is its suffix, and every doubt has a line and a column."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAYERS

import powerwall as pw

NODES = LAYERS["points_of_interconnection"]


def with_cell(make_region, folder, value, column="published_headroom_mw", **toml):
    """The tiny region with one cell of its first node changed."""
    rows = [{**NODES[0], column: value}, NODES[1]]
    return make_region(
        folder,
        points_of_interconnection=rows,
        toml={"layers": {"points_of_interconnection": toml}} if toml else None,
    )


def cell(region, column="published_headroom_mw"):
    return region.layers["points_of_interconnection"].frame[column].iloc[0]


def column_of(path, line, native):
    """Character at which a cell starts, from 1, in a file without quoted cells before it."""
    lines = (
        (path.parent / "tiny" / "points_of_interconnection.csv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    before = lines[line - 1].split(",")[: lines[0].split(",").index(native)]
    return len(",".join(before)) + 2


@pytest.mark.parametrize(
    "sentinel",
    ["-9999", "-9999.0", "-99999", "-999999", "-999999.0", "-9.999e3", "NOT AVAILABLE", "not available", "N/A", "nan", "#VALUE!", "TBD", "-",
     " -9999 ", "9999999"],
)  # fmt: skip
def test_an_undeclared_sentinel_is_unknown_with_its_line_and_column(
    make_region, tmp_path, sentinel
):
    path = with_cell(make_region, tmp_path, sentinel)
    region = pw.read(path)
    assert math.isnan(cell(region))
    (finding,) = [f for f in region.findings if f.code == "PW403"]
    assert finding.severity == "warning"
    assert finding.file.endswith("points_of_interconnection.csv")
    assert (finding.line, finding.column) == (2, column_of(path, 2, "published_headroom_mw"))
    assert "nodata" in finding.remedy


def test_9999_is_a_number_where_it_can_be_one_and_a_sentinel_where_it_cannot(make_region, tmp_path):
    assert cell(pw.read(with_cell(make_region, tmp_path / "x", 9999))) == 9999
    region = pw.read(with_cell(make_region, tmp_path / "y", 9999, "voltage_kv"))
    assert math.isnan(cell(region, "voltage_kv"))
    assert "PW403" in {f.code for f in region.findings}


@pytest.mark.parametrize(
    ("declared", "written"),
    [([-1], "-1"), ([-1], "-1.0"), ([-1.0], "-1"), (["-1"], "-1"), (["missing"], "Missing"), ([-9999], "-9999"), (["NOT AVAILABLE"], "not available")],
)  # fmt: skip
def test_a_declared_nodata_cell_is_unknown_without_a_finding(
    make_region, tmp_path, declared, written
):
    region = pw.read(with_cell(make_region, tmp_path, written, nodata=declared))
    assert math.isnan(cell(region))
    assert not [f for f in region.findings if f.code in {"PW401", "PW402", "PW403"}]


def test_nodata_may_be_declared_for_one_column_alone(make_region, tmp_path):
    columns = {"published_headroom_mw": {"from": "published_headroom_mw", "nodata": [80]}}
    region = pw.read(with_cell(make_region, tmp_path, 80, columns=columns))
    assert math.isnan(cell(region))
    assert cell(region, "queue_ahead_mw") == 80


def test_a_column_is_found_by_its_native_name_and_turned_into_its_unit(make_region, tmp_path):
    rows = [
        {
            "QUEUED_KW" if k == "queue_ahead_mw" else "KV" if k == "voltage_kv" else k: v
            for k, v in row.items()
        }
        for row in NODES
    ]
    rows[0]["QUEUED_KW"] = 80_000
    columns = {"queue_ahead_mw": {"from": "queued_kw", "unit": "kW"}, "voltage_kv": {"from": "KV"}}
    path = make_region(
        tmp_path,
        points_of_interconnection=rows,
        toml={"layers": {"points_of_interconnection": {"columns": columns}}},
    )
    region = pw.read(path)
    assert cell(region, "queue_ahead_mw") == pytest.approx(80)
    assert cell(region, "voltage_kv") == 230


def test_a_sentinel_in_a_native_unit_is_a_sentinel_still(make_region, tmp_path):
    columns = {"published_headroom_mw": {"from": "published_headroom_mw", "unit": "kW"}}
    region = pw.read(with_cell(make_region, tmp_path, -9999, columns=columns))
    assert math.isnan(cell(region))
    assert "PW403" in {f.code for f in region.findings}


def test_a_mapped_column_that_is_not_there_is_an_error_with_the_nearest_name(make_region, tmp_path):
    with pytest.raises(pw.BadInput) as caught:
        pw.read(with_cell(make_region, tmp_path, 1, columns={"voltage_kv": {"from": "voltge_kv"}}))
    (finding,) = [f for f in caught.value.findings if f.code == "PW212"]
    assert "voltage_kv" in finding.remedy
    assert finding.file.endswith("tiny.toml")


def test_a_unit_that_does_not_fit_is_an_error(make_region, tmp_path):
    columns = {"published_headroom_mw": {"from": "published_headroom_mw", "unit": "furlong"}}
    with pytest.raises(pw.BadInput, match="PW407"):
        pw.read(with_cell(make_region, tmp_path, 1, columns=columns))


@pytest.mark.parametrize("text", ["abc", "1,000", "12 MW", "1.2.3", "≤ 5"])
def test_text_in_a_number_column_is_an_error_with_its_place(make_region, tmp_path, text):
    path = with_cell(make_region, tmp_path, text)
    with pytest.raises(pw.BadInput) as caught:
        pw.read(path)
    (finding,) = [f for f in caught.value.findings if f.code == "PW401"]
    assert (finding.line, finding.column) == (2, column_of(path, 2, "published_headroom_mw"))


@pytest.mark.parametrize("text", ["inf", "-inf", "1e999"])
def test_an_infinite_number_is_unknown_with_a_warning(make_region, tmp_path, text):
    region = pw.read(with_cell(make_region, tmp_path, text))
    assert math.isnan(cell(region))
    assert "PW410" in {f.code for f in region.findings}


def test_a_number_outside_the_range_of_its_unit_is_a_warning_and_kept(make_region, tmp_path):
    region = pw.read(with_cell(make_region, tmp_path, 2000, "voltage_kv"))
    assert cell(region, "voltage_kv") == 2000
    assert [f.severity for f in region.findings if f.code == "PW402"] == ["warning"]


def test_an_unknown_word_counts_as_unknown_and_names_the_nearest(make_region, tmp_path):
    region = pw.read(with_cell(make_region, tmp_path, "hosting_mapp", "headroom_rung"))
    (finding,) = [f for f in region.findings if f.code == "PW406"]
    assert "hosting_map" in finding.remedy
    assert cell(region, "headroom_rung") is None


def test_a_word_of_ordinary_text_is_never_a_sentinel(make_region, tmp_path):
    region = pw.read(with_cell(make_region, tmp_path, "None", "name"))
    assert cell(region, "name") == "None"


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_cell_is_unknown_without_a_finding(make_region, tmp_path, empty):
    region = pw.read(with_cell(make_region, tmp_path, empty))
    assert math.isnan(cell(region))
    assert region.findings == ()


def test_numbers_are_floats_whatever_the_file_holds(tiny):
    frame = tiny.layers["points_of_interconnection"].frame
    assert frame["voltage_kv"].dtype == np.float64


def test_a_sentinel_deep_in_a_tariff_is_null_with_its_line(make_region, tmp_path):
    from copy import deepcopy

    from conftest import TARIFFS

    content = deepcopy(TARIFFS)
    content["stacks"][0]["layers"][0]["usd_per_mwh"] = -9999
    path = make_region(tmp_path, tariffs=content)
    region = pw.read(path)
    assert region.layers["tariffs"].frame["layers"].iloc[0][0]["usd_per_mwh"] is None
    (finding,) = [f for f in region.findings if f.code == "PW403"]
    line = (
        (tmp_path / "tiny" / "tariffs.json")
        .read_text(encoding="utf-8")
        .splitlines()[finding.line - 1]
    )
    assert line[finding.column - 1 :].startswith("-9999")
    assert pw.measure(region)["delivered_cost_usd_per_mwh"].loc["a", "grade"] == "D 2023"
