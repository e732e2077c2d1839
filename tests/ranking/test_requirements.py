"""Requirements: inclusive limits apart from the score, which an unknown never fails."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.criterion import measured
from powerwall.ranking.requirements import Requirement, judge

AT_LEAST_5 = Requirement("night_noise_margin_db", "dB", 5.0, math.inf, None)
AT_MOST_36 = Requirement("time_to_power_months", "months", -math.inf, 36.0, None)
NO_MORATORIUM = Requirement("moratorium", "bool", -math.inf, math.inf, truth=False)
NAN = math.nan


def ranked(path):
    region = pw.read(path)
    return pw.rank(region, pw.measure(region))


def one(**cells):
    return measured(
        pd.DataFrame([cells], index=pd.Index(["s"], name="site_id")),
        pd.Index(["s"], name="site_id"),
    )


def state(requirement, **cells):
    return judge(requirement, one(**cells)).loc["s"]


@pytest.mark.parametrize(
    ("value", "expected", "margin"),
    [
        (5.0, "passes", 0.0),
        (np.nextafter(5, 0), "out", 0.0),
        (4.0, "out", -1.0),
        (9.0, "passes", 4.0),
    ],
)
def test_a_minimum_is_inclusive_and_its_margin_is_in_its_own_unit(value, expected, margin):
    found = state(AT_LEAST_5, value=value)
    assert found["state"] == expected
    assert found["margin"] == pytest.approx(margin, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "expected", "margin"),
    [(36.0, "passes", 0.0), (36.1, "out", -0.1), (48.0, "out", -12.0)],
)
def test_a_maximum_is_inclusive(value, expected, margin):
    found = state(AT_MOST_36, value=value)
    assert found["state"] == expected
    assert found["margin"] == pytest.approx(margin, abs=1e-9)


def test_with_both_limits_the_smaller_margin_counts():
    both = Requirement("area_ha", "ha", 10.0, 50.0, None)
    assert state(both, value=45.0)["margin"] == 5
    assert state(both, value=12.0)["margin"] == 2
    assert state(both, value=60.0)["state"] == "out"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 4.9, "out"),  # even the favourable end fails
        (1.0, 5.0, "at risk"),  # it touches the limit
        (1.0, 9.0, "at risk"),
        (5.0, 9.0, "passes"),  # even the unfavourable end passes
        (4.9, 9.0, "at risk"),
    ],
)
def test_a_range_puts_a_site_out_only_if_its_favourable_end_fails(low, high, expected):
    assert state(AT_LEAST_5, value=(low + high) / 2, low=low, high=high)["state"] == expected
    assert state(AT_LEAST_5, value=NAN, low=low, high=high)["state"] == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(37.0, 60.0, "out"), (36.0, 60.0, "at risk"), (20.0, 60.0, "at risk"), (20.0, 36.0, "passes")],
)
def test_for_a_maximum_the_favourable_end_is_the_low_one(low, high, expected):
    assert state(AT_MOST_36, value=(low + high) / 2, low=low, high=high)["state"] == expected


@pytest.mark.parametrize("requirement", [AT_LEAST_5, AT_MOST_36, NO_MORATORIUM])
def test_an_unknown_is_at_risk_and_never_out(requirement):
    found = state(requirement, value=NAN)
    assert found["state"] == "at risk"
    assert math.isnan(found["margin"])
    assert "unknown" in found["reason"]


def test_a_range_with_one_end_known_is_at_risk_and_never_out():
    assert state(AT_LEAST_5, value=NAN, low=NAN, high=1.0)["state"] == "at risk"
    assert state(AT_MOST_36, value=NAN, low=99.0, high=NAN)["state"] == "at risk"


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.floats(-50, 50), st.just(NAN)), st.floats(0, 20), st.floats(0, 20))
def test_evidence_that_may_not_gate_never_puts_a_site_out(value, below, above):
    for requirement in (AT_LEAST_5, AT_MOST_36):
        found = state(requirement, value=value, low=value - below, high=value + above, gates=False)
        firm = state(requirement, value=value, low=value - below, high=value + above)
        assert found["state"] != "out"
        assert (found["state"] == "at risk") == (firm["state"] in {"out", "at risk"})


@pytest.mark.parametrize(
    ("value", "truth", "expected"),
    [(1.0, False, "out"), (0.0, False, "passes"), (0.0, True, "out"), (1.0, True, "passes")],
)
def test_a_flag_passes_with_the_required_truth(value, truth, expected):
    found = state(
        NO_MORATORIUM.__class__("moratorium", "bool", -math.inf, math.inf, truth), value=value
    )
    assert found["state"] == expected
    assert math.isnan(found["margin"])


def test_a_flag_without_gate_is_at_risk():
    assert state(NO_MORATORIUM, value=1.0, gates=False)["state"] == "at risk"


def test_a_reason_names_value_limit_and_margin_with_their_unit():
    assert (
        state(AT_MOST_36, value=48.0)["reason"]
        == "time to power 48 months, required ≤ 36 months, margin −12 months"
    )


def test_a_limit_per_megawatt_follows_the_request(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml={"require": {"area_ha": {"min_per_mw": 0.3}}}))
    for mw, out in ((200, []), (250, ["b"]), (340, ["a", "b", "d"])):
        asked = region.with_request(mw=mw)
        frame = pw.rank(asked, pw.measure(asked)).frame
        assert sorted(frame.index[frame["status"] == "out"]) == out


def test_an_out_site_keeps_its_row_its_score_its_reason_and_its_margin(
    make_region, tmp_path, tiny, tiny_measures
):
    region = pw.read(make_region(tmp_path, toml={"require": {"area_ha": {"min": 80}}}))
    found, plain = pw.rank(region, pw.measure(region)), pw.rank(tiny, tiny_measures)
    assert found.frame.loc["b", "status"] == "out"
    assert pd.isna(found.frame.loc["b", "rank"])
    assert "required ≥ 80 ha" in found.frame.loc["b", "reasons"]
    assert found.verdicts["area_ha"].loc["b", "margin"] == -20
    pd.testing.assert_series_equal(
        found.frame["score"].sort_index(), plain.frame["score"].sort_index()
    )


@pytest.mark.parametrize(
    ("require", "code", "word"),
    [
        ({"area_hectares": {"min": 1}}, "PW105", "area_hectares"),
        ({"area_ha": {}}, "PW102", "no limit"),
        ({"area_ha": {"min": 9, "max": 3}}, "PW102", "nothing is"),
        ({"area_ha": {"mn": 9}}, "PW104", "mn"),
        ({"area_ha": {"min": math.nan}}, "PW102", "nan"),
    ],
)
def test_a_bad_requirement_is_an_error_with_its_place(make_region, tmp_path, require, code, word):
    path = make_region(tmp_path, toml={"require": require})
    with pytest.raises(pw.BadInput) as caught:
        ranked(path)
    assert any(f.code == code and word in f.message and f.line > 1 for f in caught.value.findings)


def test_a_range_that_spans_a_window_is_at_risk_and_not_out():
    window = Requirement("x_km", "km", 10.0, 20.0, None)
    frame = measured(pd.DataFrame({"value": [5.0], "low": [0.0], "high": [30.0]}), pd.RangeIndex(1))
    assert judge(window, frame)["state"].tolist() == ["at risk"]


def test_a_range_without_a_centre_names_its_ends_and_the_margin_at_best():
    limit = Requirement("night_noise_margin_db", "dB", 0.0, float("inf"), None)
    frame = measured(
        pd.DataFrame({"value": [float("nan")], "low": [-9.0], "high": [-3.0]}), pd.RangeIndex(1)
    )
    verdict = judge(limit, frame).iloc[0]
    assert verdict["state"] == "out"
    assert verdict["margin"] == -3
    assert (
        verdict["reason"]
        == "night noise margin between −9 and −3 dB, required ≥ 0 dB, margin at best −3 dB"
    )
