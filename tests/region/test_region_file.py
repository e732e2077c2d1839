"""The region file: every key with its place, every fault with its remedy."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.region.places import key_places, nearest_place
from powerwall.region.region import RegionTable

TEXT = """\
schema = 1
name = "x"  # a comment with = and [brackets]

[request]
mw = 300
  need_by = 2031-01-01

[layers.policy]
path = "x/policy.csv"
source = { title = "A", path = "https://a" }
[layers.policy.columns]
mw_min = { from = "MIN", unit = "kW" }
[values]
months_late = [[0, 1], [60, 0]]
"quoted key" = 1
dotted.key = 2
"""


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (("schema",), (1, 1)),
        (("name",), (2, 1)),
        (("request",), (4, 2)),
        (("request", "mw"), (5, 1)),
        (("request", "need_by"), (6, 3)),
        (("layers", "policy"), (8, 2)),
        (("layers", "policy", "source"), (10, 1)),
        (("layers", "policy", "source", "title"), (10, 12)),
        (("layers", "policy", "columns", "mw_min", "unit"), (12, 26)),
        (("values", "months_late"), (14, 1)),
        (("values", "quoted key"), (15, 1)),
        (("values", "dotted", "key"), (16, 1)),
    ],
)
def test_every_key_has_its_line_and_column(key, place):
    assert key_places(TEXT)[key] == place


def test_a_key_that_is_absent_takes_the_place_of_its_nearest_table():
    places = key_places(TEXT)
    assert nearest_place(places, ("request", "horizon")) == (4, 2)
    assert nearest_place(places, ("gates", "x")) == (1, 1)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_search_for_places(text):
    for line, column in key_places(text).values():
        assert line >= 1
        assert column >= 1


def faults(make_region, folder, toml):
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(folder, toml=toml))
    return caught.value.findings


@pytest.mark.parametrize(
    ("toml", "key", "meant"),
    [
        ({"request": {"mww": 300}}, "request.mww", "mw"),
        ({"request": {"ned_by": date(2031, 1, 1)}}, "request.ned_by", "need_by"),
        ({"wights": {"power": 1}}, "wights", "weights"),
        ({"curency": "USD"}, "curency", "currency"),
        ({"sites": {"pth": "x"}}, "sites.pth", "path"),
        ({"layers": {"policy": {"fresh_day": 3}}}, "layers.policy.fresh_day", "fresh_days"),
        ({"gates": {"max_rank_shft": 3}}, "gates.max_rank_shft", "max_rank_shift"),
        ({"require": {"area_ha": {"mim": 3}}}, "require.area_ha.mim", "min"),
        (
            {"criteria": {"x_km": {"measure": "distance_km", "layer": "policy", "whre": ""}}},
            "criteria.x_km.whre",
            "where",
        ),
    ],
)
def test_an_unknown_key_names_the_one_that_was_meant(make_region, tmp_path, toml, key, meant):
    found = [f for f in faults(make_region, tmp_path, toml) if f.code == "PW104"]
    assert [f.message for f in found] == [f"unknown key `{key}`"]
    assert f"`{meant}`" in found[0].remedy
    line = (tmp_path / "tiny.toml").read_text(encoding="utf-8").splitlines()[found[0].line - 1]
    assert (
        line[found[0].column - 1 :].startswith(key.rsplit(".", 1)[-1])
        or key.rsplit(".", 1)[-1] in line
    )


@pytest.mark.parametrize(
    ("toml", "code"),
    [
        ({"request": {"need_by": None}}, "PW103"),
        ({"crs": None}, "PW103"),
        ({"request": {"mw": 0}}, "PW102"),
        ({"request": {"mw": -5}}, "PW102"),
        ({"request": {"mw": "many"}}, "PW102"),
        ({"request": {"mw": math.inf}}, "PW102"),
        ({"request": {"mw": math.nan}}, "PW102"),
        ({"request": {"need_by": "soon"}}, "PW102"),
        ({"request": {"need_by": date(2026, 8, 22)}}, "PW102"),
        ({"request": {"first_mw": 301}}, "PW102"),
        ({"schema": 2}, "PW102"),
        ({"min_coverage": 1.5}, "PW102"),
        ({"edition": "final"}, "PW102"),
        ({"crs": "EPSG:4326"}, "PW303"),
        ({"crs": "EPSG:2232"}, "PW303"),
        ({"crs": "EPSG:0"}, "PW303"),
        ({"crs": "utm"}, "PW303"),
        ({"sites": {"path": None}}, "PW103"),
        ({"weights": {"power": math.nan}}, "PW106"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_an_error_with_its_place(make_region, tmp_path, toml, code):
    found = faults(make_region, tmp_path, toml)
    assert code in {f.code for f in found}
    assert all(f.line >= 1 and f.file.endswith("tiny.toml") for f in found if f.code == code)


def test_all_faults_of_the_file_are_told_at_once(make_region, tmp_path):
    found = faults(
        make_region, tmp_path, {"curency": "USD", "request": {"mw": -1, "need_by": None}}
    )
    assert {"PW102", "PW103", "PW104"} <= {f.code for f in found}


def test_a_file_that_is_no_toml_has_the_place_of_the_fault(make_region, tmp_path):
    path = make_region(tmp_path, toml="what is this")
    with pytest.raises(pw.BadInput, match="PW101") as caught:
        pw.read(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[caught.value.findings[0].line - 1] == "what is this"


def test_a_missing_region_names_the_nearest_file(make_region, tmp_path):
    make_region(tmp_path)
    with pytest.raises(pw.BadInput, match="PW101") as caught:
        pw.read(tmp_path / "tny.toml")
    assert "tiny" in caught.value.findings[0].remedy


def test_a_region_file_in_another_encoding_is_a_finding(make_region, tmp_path):
    path = make_region(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"SYNTHETIC", b"\xff\xfe"))
    with pytest.raises(pw.BadInput, match="not UTF-8"):
        pw.read(path)


def test_options_replace_the_request_and_leave_the_region_alone(tiny):
    region = pw.read(tiny.path, mw=100.0, as_of=date(2026, 1, 1), seed=None)
    assert (region.request.mw, region.request.as_of, region.request.seed) == (
        100.0,
        date(2026, 1, 1),
        0,
    )
    assert tiny.request.mw == 300


def test_without_an_as_of_the_newest_layer_is_the_clock(make_region, tmp_path):
    region = pw.read(
        make_region(
            tmp_path, toml={"as_of": None, "layers": {"policy": {"as_of": date(2026, 8, 1)}}}
        )
    )
    assert region.request.as_of == date(2026, 8, 1)


def test_paths_are_relative_to_the_file_wherever_one_stands(make_region, tmp_path, monkeypatch):
    path = make_region(tmp_path / "deep")
    monkeypatch.chdir(tmp_path)
    assert len(pw.read("deep/tiny.toml").sites) == 4
    assert path.is_file()


@pytest.mark.parametrize(
    "name",
    ["example", "northern-virginia", "central-ohio", "dallas-fort-worth", "dublin", "phoenix"],
)
def test_every_bundled_region_reads_without_an_error(regions, name):
    region = pw.read(regions / f"{name}.toml")
    assert not [f for f in region.findings if f.severity == "error"]
    assert region.sites.index.is_unique
    assert region.table.name == name


def test_every_key_of_the_region_file_is_described():
    for name, info in RegionTable.model_fields.items():
        assert info.description, name
