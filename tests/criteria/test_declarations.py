"""What subjects declare: constants with sources, criteria with reasons, facts with their origin."""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
from importlib import resources

import numpy as np
import pytest
from conftest import single

import powerwall.criteria
from powerwall.criteria.criterion import SUBJECTS, Parameter, registry
from powerwall.criteria.facts import fact_table
from powerwall.ranking.values import faults
from powerwall.region.schema import LAYERS
from powerwall.region.units import unit_of

TABLES = sorted(
    f.name.removesuffix(".csv")
    for f in resources.files("powerwall.criteria.facts").iterdir()
    if f.name.endswith(".csv")
)
CRITERIA = registry()


def constants():
    """Every Parameter of the package by its place, those inside tables and tuples included."""
    for module in pkgutil.walk_packages(powerwall.criteria.__path__, "powerwall.criteria."):
        for name, value in vars(importlib.import_module(module.name)).items():
            inside = (
                value.items()
                if isinstance(value, dict)
                else enumerate(value)
                if isinstance(value, tuple)
                else ()
            )
            many = (
                []
                if isinstance(value, Parameter)
                else [(f"{name}[{key}]", item) for key, item in inside]
            )
            for label, item in [(name, value), *many]:
                if isinstance(item, Parameter):
                    yield pytest.param(item, id=f"{module.name}.{label}")


@pytest.mark.parametrize("constant", list(constants()))
def test_a_constant_has_a_unit_a_source_and_a_range_round_its_value(constant):
    assert constant.unit.strip()
    assert len(constant.source.strip()) > 10
    assert math.isfinite(constant.value)
    if constant.low is not None:
        assert constant.low <= constant.value <= constant.high


def test_there_are_constants_in_every_subject_that_models():
    names = " ".join(p.id for p in constants())
    for subject in ("power", "cost", "noise", "policy"):
        assert f"criteria.{subject}" in names


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_a_criterion_declares_what_a_reader_needs(name):
    item = CRITERIA[name]
    assert item.subject in SUBJECTS
    assert item.unit
    assert item.title
    assert item.uncertainty
    for layer in item.needs:
        assert layer in LAYERS or layer == "tariffs"
    if item.value is not None:
        assert faults(item.value) == []
        assert len(item.why) > 20
        assert {0.0, 1.0} <= {v for _, v in item.value}
    else:
        assert item.weight == 0


@pytest.mark.parametrize(
    "name",
    sorted(
        n for n, item in CRITERIA.items() if item.unit not in {"bool", "0–5"} and n != "months_late"
    ),
)
def test_the_suffix_of_a_criterion_is_its_unit(name):
    unit = unit_of(name)
    assert unit is not None
    assert unit.symbol == CRITERIA[name].unit


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_fact_table_has_a_source_and_a_standing(name):
    table = fact_table(name)
    assert len(table)
    sources = [c for c in table if re.fullmatch(r"(level_)?source(_title)?", c)]
    assert sources, list(table)
    assert table[sources].notna().any(axis=1).all()
    assert any(c in table for c in ("tier", "status", "level_status"))


def test_a_fact_table_has_no_sentinel():
    for name in TABLES:
        numbers = fact_table(name).select_dtypes("number").to_numpy(dtype=float, na_value=np.nan)
        assert not np.isin(numbers, [-9999, -999999, 9999]).any(), name


def test_the_default_weights_of_a_subject_count_no_quantity_twice():
    weighted = {name for name, item in CRITERIA.items() if item.weight > 0}
    assert {n for n in weighted if CRITERIA[n].subject == "power"} == {
        "months_late",
        "on_time_if_permitted_probability",
    }
    for subject in ("cost", "water", "noise", "policy"):
        assert sum(CRITERIA[n].subject == subject for n in weighted) == 1


def test_every_measure_of_a_region_has_the_same_columns_and_says_why_it_is_unknown(tiny_measures):
    columns = None
    for name, frame in tiny_measures.items():
        columns = columns if columns is not None else list(frame)
        assert list(frame) == columns
        assert list(frame.index) == ["a", "b", "c", "d"]
        lacking = frame[frame["value"].isna()]
        assert lacking["why"].map(lambda why: isinstance(why, str) and len(why) > 3).all(), name
        known = frame[frame["value"].notna()]
        assert (known["low"] <= known["value"]).all(), name
        assert (known["value"] <= known["high"]).all(), name


@pytest.mark.parametrize(
    "layer", sorted({layer for item in CRITERIA.values() for layer in item.needs})
)
def test_a_missing_layer_makes_its_criteria_unknown_and_never_zero(make_region, tmp_path, layer):
    import powerwall as pw

    measures = single(pw.read(make_region(tmp_path, **{layer: None})))
    for name, item in measures.criteria.items():
        if layer in item.needs:
            assert measures[name]["value"].isna().all(), name
            assert measures[name]["why"].str.contains(f"no layer {layer}").all(), name


def test_a_criterion_of_another_package_registers_by_its_decorator():
    from powerwall.criteria import criterion as module

    before = dict(module._REGISTRY)
    try:

        @module.criterion(
            unit="km", value=[(0, 1.0), (40, 0.0)], why="a reason that is long enough to read"
        )
        def fibre_km(sites):
            """Distance to the nearest long-haul route."""
            return sites["area_ha"]

        assert registry()["fibre_km"].title == "Distance to the nearest long-haul route"
    finally:
        module._REGISTRY.clear()
        module._REGISTRY.update(before)
