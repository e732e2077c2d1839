"""Compute: worked figures, the binding constraint, and what must always hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import single
from hypothesis import given
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.compute import binding, sustained
from powerwall.criteria.compute.constraint import lost_mw, shares
from powerwall.criteria.compute.hardware import (
    DEFAULT_ACCELERATOR,
    accelerator,
    accelerators,
    default,
    training_ladder,
)
from powerwall.criteria.compute.yields import (
    curtailment_factor,
    days_to_train,
    flop_by_horizon,
    flop_per_s_per_it_mw,
    h100_equivalents,
)
from powerwall.region.findings import BadInput

GB200 = {
    "pue_peak": 1.2,
    "kw_it_per_accelerator": 2.0,
    "peak_flop_per_s": 2.5e15,
    "mfu": 0.40,
    "goodput": 0.90,
}


def test_a_hundred_megawatts_give_the_worked_figures():
    found = sustained(100, **GB200)
    assert float(found.it_mw) == pytest.approx(83.33, abs=0.005)
    assert found.accelerators == 41_666
    assert float(found.sustained_flop_per_s) == pytest.approx(3.75e19, rel=1e-4)
    assert float(days_to_train(2e25, found.sustained_flop_per_s)) == pytest.approx(6.2, abs=0.05)
    assert float(days_to_train(5e26, found.sustained_flop_per_s)) == pytest.approx(154, abs=0.5)
    assert float(h100_equivalents(found.accelerators, 2.5e15)) == pytest.approx(105_300, abs=50)
    assert float(found.flop_per_day) == pytest.approx(float(found.sustained_flop_per_s) * 86_400)


def test_four_hundred_megawatts_train_a_frontier_run_in_38_days():
    found = sustained(400, **GB200)
    assert found.accelerators == 166_666
    assert float(days_to_train(5e26, found.sustained_flop_per_s)) == pytest.approx(38.6, abs=0.05)


def test_energy_to_flop_is_linear():
    phi = flop_per_s_per_it_mw(2.0, 2.5e15, 0.40, 0.90) / 1.2
    assert phi == pytest.approx(3.75e17)
    assert float(flop_by_horizon(1120.7, phi)) == pytest.approx(1.326e28, rel=5e-4)


def test_curtailment_costs_energy_and_as_much_in_restarts():
    assert float(curtailment_factor(0.005, 84, 0.5)) == pytest.approx(0.9902, abs=5e-5)
    assert float(curtailment_factor(0.9, 5000, 2)) == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pue_peak": 0.9}, "PUE"),
        ({"mfu": 1.2}, "mfu"),
        ({"goodput": -0.1}, "goodput"),
        ({"overhead_share": 2}, "overhead_share"),
        ({"kw_it_per_accelerator": 0}, "kw_it"),
        ({"peak_flop_per_s": -1}, "peak"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        sustained(100, **{**GB200, **change})


power = st.floats(0.1, 5000)


@given(power, st.floats(1, 2), st.floats(0.5, 4), st.floats(0, 0.5))
def test_twice_the_power_feeds_twice_the_accelerators_but_for_one(mw, pue, kw, rest):
    given_ = {**GB200, "pue_peak": pue, "kw_it_per_accelerator": kw, "overhead_share": rest}
    once, twice = (float(sustained(x, **given_).accelerators) for x in (mw, 2 * mw))
    assert abs(twice - 2 * once) <= 1.0


@given(power, st.floats(1, 1.5), st.floats(0, 0.5))
def test_a_worse_pue_never_computes_more(mw, pue, more):
    a, b = (float(sustained(mw, **{**GB200, "pue_peak": p}).sustained_flop_per_s) for p in (pue, pue + more))  # fmt: skip
    assert b <= a


worse = {"kw_it_per_accelerator": (0.5, 4.0), "overhead_share": (0.0, 0.9)}
better = {"mfu": (0.01, 1.0), "goodput": (0.01, 1.0), "utilisation": (0.0, 1.0)}


@given(power, st.sampled_from([*worse, *better]), st.floats(0, 1), st.floats(0, 1))
def test_software_and_use_help_and_rack_power_and_overhead_never_do(mw, key, one, other):
    low, high = (worse | better)[key]
    less, more = sorted((low + one * (high - low), low + other * (high - low)))
    a, b = (float(sustained(mw, **{**GB200, key: x}).sustained_flop_per_s) for x in (less, more))
    assert b <= a if key in worse else b >= a


@given(power, st.floats(1e20, 1e28))
def test_the_days_of_a_run_times_its_throughput_give_the_run_back(mw, run):
    flop_per_s = float(sustained(mw, **GB200).sustained_flop_per_s)
    assert float(days_to_train(run, flop_per_s)) * flop_per_s * 86_400 == pytest.approx(run)


def test_a_site_without_power_never_ends_a_run():
    assert float(days_to_train(1e26, sustained(0, **GB200).sustained_flop_per_s)) == math.inf
    assert math.isnan(float(days_to_train(0.0, 0.0)))


def test_arrays_broadcast_and_the_order_of_sites_changes_nothing():
    mw, pue = np.array([30.0, 400.0, math.nan, 0.0]), np.array([[1.1], [1.3]])
    found = sustained(mw, **{**GB200, "pue_peak": pue})
    back = sustained(mw[::-1], **{**GB200, "pue_peak": pue})
    assert found.accelerators.shape == (2, 4)
    assert np.array_equal(found.accelerators, back.accelerators[:, ::-1], equal_nan=True)


@pytest.mark.parametrize(
    ("given_", "message"),
    [((1.1, 1, 1), "curtailed_share"), ((0, -1, 1), "events"), ((0, 1, -1), "restart_hours")],
)
def test_a_curtailment_that_cannot_be_is_refused_by_name(given_, message):
    with pytest.raises(ValueError, match=message):
        curtailment_factor(*given_)


def test_an_unknown_power_computes_an_unknown_amount():
    assert math.isnan(float(sustained(math.nan, **GB200).sustained_flop_per_s))


K = ("interconnection", "power", "cooling", "accelerators")


@pytest.mark.parametrize(
    ("capacity", "software", "target", "name", "uplift", "label"),
    [
        ((100, 150, 120, 90), 0.30, 0.40, "software", {"accelerators": 0.111, "software": 0.333}, "software"),
        ((60, 150, 120, 90), 0.36, 0.40, "interconnection", {"interconnection": 0.5, "software": 0.111}, "interconnection"),
        ((100, 100, 130, 140), 0.36, 0.36, "joint", {"interconnection": 0, "power": 0, "software": 0}, "joint (interconnection, power)"),
        ((0, 100, 100, 100), 0.3, 0.4, "interconnection", {"interconnection": math.inf, "software": 0}, "interconnection"),
        ((0, 0, 100, 100), 0.3, 0.4, "joint", {"interconnection": 0, "power": 0, "software": 0}, "joint (interconnection, power)"),
    ],
)  # fmt: skip
def test_the_table_of_constraints(capacity, software, target, name, uplift, label):
    found = binding(dict(zip(K, capacity, strict=True)), software=software, software_target=target)
    assert (found.name, found.label) == (name, label)
    for key, value in uplift.items():
        assert found.uplift[key] == pytest.approx(value, abs=5e-4)


def test_nothing_binds_where_the_need_is_met():
    capacity = dict(zip(K, (100, 150, 120, 90), strict=True))
    assert binding(capacity, software=0.3, software_target=0.4, need_it_mw=90).name == "none"
    assert binding(capacity, software=0.3, software_target=0.4, need_it_mw=91).name == "software"


def test_ties_go_in_the_stated_order():
    capacity = {"power": 50, "accelerators": 100}
    assert binding(capacity, software=0.2, software_target=0.4).name == "power"


def test_a_single_constraint_is_released_to_infinity():
    found = binding({"interconnection": 50}, software=0.36, software_target=0.36)
    assert found.name == "interconnection"
    assert found.uplift["interconnection"] == math.inf


@pytest.mark.parametrize(
    ("capacity", "software"),
    [
        ({}, 0.3),
        ({"grid": 1}, 0.3),
        ({"power": -1}, 0.3),
        ({"power": math.nan, "cooling": 9}, 0.3),
        ({"power": 1}, 0.0),
        ({"power": 1}, math.nan),
    ],
)
def test_no_constraints_are_refused(capacity, software):
    with pytest.raises(ValueError, match=r"none of|negative|unknown|shares"):
        binding(capacity, software=software, software_target=0.4)


@pytest.mark.parametrize("need", [-1, math.nan])
def test_a_need_that_is_none_is_refused(need):
    with pytest.raises(ValueError, match="need_it_mw"):
        binding({"power": 1}, software=0.3, software_target=0.4, need_it_mw=need)


def test_without_a_need_nothing_meets_it():
    assert binding({"power": math.inf}, software=0.3, software_target=0.4).name == "software"


capacities = st.lists(st.just(0.0) | st.floats(1e-3, 1000), min_size=4, max_size=4)


@given(capacities, st.floats(0.1, 10))
def test_uplifts_are_positive_and_only_ratios_matter(values, factor):
    one = binding(dict(zip(K, values, strict=True)), software=0.3, software_target=0.4)
    other = binding(
        {k: v * factor for k, v in zip(K, values, strict=True)}, software=0.3, software_target=0.4
    )
    assert all(u >= 0 for u in one.uplift.values())
    for name, gain in one.uplift.items():
        assert other.uplift[name] == pytest.approx(gain, rel=1e-6, abs=1e-6)


quantised = st.lists(st.integers(0, 12), min_size=4, max_size=4)


@given(quantised, st.sampled_from([0.25, 0.5, 2.0, 1024.0]))
def test_the_label_is_of_ratios_alone(values, factor):
    def label(by):
        capacity = {k: v * by for k, v in zip(K, values, strict=True)}
        return binding(capacity, software=0.3, software_target=0.36).label

    assert label(1.0) == label(factor)


@given(quantised, st.floats(0, 20))
def test_more_of_what_binds_never_computes_less(values, more):
    capacity = dict(zip(K, map(float, values), strict=True))
    found = binding(capacity, software=0.36, software_target=0.36)
    if found.name in K:
        raised = {**capacity, found.name: capacity[found.name] + more}
        least, most = min(capacity.values()), min(raised.values())
        assert most >= least
        assert most <= least * (1 + found.uplift[found.name]) + 1e-9 or least == 0


def test_shares_of_draws_add_to_one_and_names_are_arrays():
    rng = np.random.default_rng(0)
    capacity = {name: rng.uniform(0, 300, (500, 7)) for name in K}
    found = binding(capacity, software=0.36, software_target=0.40, need_it_mw=120)
    table = shares(capacity, software=0.36, software_target=0.40, need_it_mw=120)
    assert found.name.shape == (500, 7)
    assert sum(table.values()) == pytest.approx(np.ones(7))
    assert table["none"].min() > 0
    first = {name: float(v[0, 0]) for name, v in capacity.items()}
    assert (
        binding(first, software=0.36, software_target=0.40, need_it_mw=120).label
        == found.label[0, 0]
    )


def test_a_release_adds_nothing_beyond_the_need_and_nothing_where_two_hold():
    lost = lost_mw(
        {"interconnection": np.array([50.0, 50.0]), "accelerators": np.array([80.0, 50.0])}, 70.0
    )
    assert lost["interconnection"].tolist() == [20.0, 0.0]
    assert lost["accelerators"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", accelerators())
def test_the_catalogue_is_dense_and_counts_the_whole_rack(name):
    found = accelerator(name)
    peaks = [found.peaks[p].value for p in ("bf16", "fp8", "fp4") if p in found.peaks]
    assert peaks == sorted(peaks)
    assert found.tdp_w is None or found.kw_it.value * 1000 >= found.tdp_w.value
    assert found.kw_it.source


def test_no_peak_is_the_sparse_figure_of_another():
    assert accelerator("h100-sxm").peak("bf16").value == 989e12
    assert accelerator("trainium3").peak("bf16").value == 671e12


def test_a_precision_a_chip_lacks_names_those_it_has():
    with pytest.raises(ValueError, match="bf16, fp8"):
        accelerator("h100-sxm").peak("fp4")
    with pytest.raises(ValueError, match="gb300"):
        accelerator("gb300-nvl27")
    with pytest.raises(ValueError, match="no accelerator"):
        accelerator("Any")


def test_the_ladder_and_the_defaults_are_the_stated_ones():
    assert training_ladder() == {"2e25": 2e25, "1e26": 1e26, "5e26": 5e26, "1e27": 1e27}
    assert default("mfu_bf16").value * default("goodput").value == pytest.approx(0.36)
    assert default("goodput").assumed
    with pytest.raises(ValueError, match="beauty"):
        default("beauty")


def test_flop_by_the_horizon_follow_the_energy(make_region, tmp_path):
    from datetime import date

    path = make_region(
        tmp_path, toml={"request": {"horizon": date(2036, 1, 1), "accelerator": "gb200-nvl72"}}
    )
    measures = single(pw.read(path))
    energy, flop = (measures[n].loc["a"] for n in ("delivered_mw_years", "flop_by_horizon"))
    hardware = accelerator("gb200-nvl72")
    phi = flop_per_s_per_it_mw(hardware.kw_it.value, 2.5e15, 0.40, 0.90, 0.07)
    phi *= measures["it_mw_per_grid_mw"].loc["a", "value"]
    assert flop["value"] == pytest.approx(energy["value"] * phi * 31_557_600)
    assert flop["low"] < flop["value"] < flop["high"]
    assert "assumed" not in flop["note"].split(",")[0]


def test_without_a_horizon_there_is_no_flop(tiny_measures):
    assert tiny_measures["flop_by_horizon"].loc["a", "why"] == "no horizon in the request"
    assert DEFAULT_ACCELERATOR in tiny_measures["flop_by_horizon"].loc["a", "note"]


def test_a_chip_without_a_bf16_peak_leaves_the_flop_unknown(make_region, tmp_path):
    from datetime import date

    path = make_region(
        tmp_path, toml={"request": {"horizon": date(2036, 1, 1), "accelerator": "vr200-nvl72"}}
    )
    assert (
        single(pw.read(path))["flop_by_horizon"].loc["a", "why"]
        == "vr200-nvl72 has no known dense BF16 peak"
    )


def test_an_unknown_accelerator_of_the_region_is_a_finding_with_its_place(make_region, tmp_path):
    path = make_region(tmp_path, toml={"request": {"accelerator": "gb300-nvl27"}})
    with pytest.raises(BadInput) as error:
        single(pw.read(path))
    (found,) = [f for f in error.value.findings if f.severity == "error"]
    assert found.code == "PW102"
    assert "gb300-nvl72" in found.remedy
    assert found.line
