"""Drawn measures: quantiles, shared errors, and keys that no other site can move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from powerwall.criteria.criterion import (  # fmt: skip
    BOUNDS,
    P5_P95,
    P10_P90,
    WILSON_95,
    Shared,
    Spread,
    measured,
    registry,
)
from powerwall.criteria.drawing import column, from_range, normal, own_draws, uncertain

K = 4000
ROWS = {
    "a": (10.0, 6.0, 18.0, "r1"),
    "b": (20.0, 19.0, 21.0, "r1"),
    "c": (5.0, 1.0, 9.0, "r2"),
    "d": (np.nan, 2.0, 4.0, "r2"),
    "e": (7.0, 7.0, 7.0, "r1"),
    "f": (np.nan, np.nan, np.nan, None),
    "g": (3.0, 3.0, 8.0, None),
    "h": (3.0, 1.0, 4.0, None),
    "i": (np.nan, 2.0, 4.0, "r2"),
}


def frame(rows=ROWS):
    index = pd.Index(list(rows), name="site_id")
    table = pd.DataFrame(list(rows.values()), columns=["value", "low", "high", "row"], index=index)
    return measured(table.assign(layer="made_up"), index)


def item(spread=P10_P90, name="night_noise_margin_db"):
    return replace(registry()[name], spread=spread)


def draws(rows=ROWS, spread=P10_P90, seed=0, lead="tiny", name="night_noise_margin_db", count=K):
    found = from_range(frame(rows), item(spread, name), lead, count, seed)
    assert found.shape == (len(rows), count)
    return dict(zip(rows, found, strict=True))


@pytest.mark.parametrize("spread", [P10_P90, P5_P95, WILSON_95, Spread(0.2, 0.6)])
@pytest.mark.parametrize("site", ["a", "b", "c", "g", "h"])
def test_the_ends_of_a_range_stand_at_their_quantiles_and_the_value_at_the_half(spread, site):
    value, low, high, _ = ROWS[site]
    found = np.quantile(draws(spread=spread)[site], [spread.low, 0.5, spread.high])
    np.testing.assert_allclose(found, [low, value, high], atol=0.02 * (high - low))


def test_bounds_are_uniform_on_either_side_of_the_value():
    value, low, high, _ = ROWS["a"]
    found = draws(spread=BOUNDS)["a"]
    assert low <= found.min()
    assert found.max() <= high
    for x in np.linspace(0, 1, 11):
        assert (found <= low + x * (value - low)).mean() == pytest.approx(x / 2, abs=2 / K)
        assert (found <= value + x * (high - value)).mean() == pytest.approx((1 + x) / 2, abs=2 / K)


@pytest.mark.parametrize("spread", [P10_P90, BOUNDS])
def test_a_range_without_a_value_is_uniform_between_its_ends(spread):
    found = draws(spread=spread)["d"]
    for x in np.linspace(0, 1, 11):
        assert (found <= 2 + 2 * x).mean() == pytest.approx(x, abs=2 / K)


def test_what_is_certain_is_constant_and_what_is_unknown_stays_so():
    found = draws()
    assert (found["e"] == 7).all()
    assert np.isnan(found["f"]).all()
    np.testing.assert_array_equal(uncertain(frame()), [True, True, True, True, False, False, True, True, True])  # fmt: skip


def errors(value, low, high, drawn):
    """Standard errors behind draws, whatever the width of the range."""
    return np.where(drawn < value, (drawn - value) / (value - low), (drawn - value) / (high - value))  # fmt: skip


@pytest.mark.parametrize("spread", [P10_P90, BOUNDS])
def test_sites_that_rest_on_one_row_share_its_error(spread):
    found = draws(spread=spread)
    a, b, c = (errors(*ROWS[site][:3], found[site]) for site in "abc")
    np.testing.assert_allclose(a, b, atol=1e-9)
    assert abs(np.corrcoef(a, c)[0, 1]) < 5 / np.sqrt(K)


def test_sites_share_no_error_where_the_criterion_says_so():
    found = draws(spread=P10_P90._replace(shared=False))
    a, b = (errors(*ROWS[site][:3], found[site]) for site in "ab")
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(K)


def test_sites_without_a_row_or_without_a_value_have_errors_of_their_own():
    found = draws()
    for one, other in (("d", "i"), ("h", "c"), ("g", "h")):
        assert abs(np.corrcoef(found[one], found[other])[0, 1]) < 5 / np.sqrt(K)


@pytest.mark.parametrize("change", [{"lead": "other"}, {"name": "day_noise_margin_db"}, {"seed": 1}])  # fmt: skip
def test_another_region_criterion_or_seed_gives_other_draws(change):
    one, other = draws(), draws(**change)
    for site in "acdgh":
        assert abs(np.corrcoef(one[site], other[site])[0, 1]) < 5 / np.sqrt(K)


@pytest.mark.parametrize("ids", ["hgfedcba", "ac", "dbz", "d", "ih"])
@pytest.mark.parametrize("spread", [P10_P90, BOUNDS, P10_P90._replace(shared=False)])
def test_other_sites_move_no_draw(ids, spread):
    more = {**ROWS, "z": (1.0, 0.0, 5.0, "r1")}
    rows = {site: more[site] for site in ids}
    before, after = draws(spread=spread), draws(rows, spread)
    for site in set(ids) - {"z"}:
        assert before[site].tobytes() == after[site].tobytes(), site


def test_a_measure_of_no_site_has_no_draws():
    assert from_range(frame().iloc[:0], item(), "tiny", 7, 0).shape == (0, 7)


def test_a_column_has_one_number_in_each_stratum():
    found = column("key", 500, 3)
    np.testing.assert_array_equal(np.sort(np.floor(found * 500)), np.arange(500))
    assert found.tobytes() == column("key", 500, 3).tobytes()
    assert not np.isclose(found, column("another", 500, 3)).all()
    assert np.isfinite(normal("key", 500, 3)).all()
    assert normal("key", 1, 3).shape == (1,)


OWN = ("time_to_power_months", "months_late", "full_power_months")


@pytest.fixture(scope="module")
def region(bundled):
    return bundled("example").regions[0]


@pytest.fixture(scope="module")
def shared_results(region):
    return Shared(region.sites, region.layers, region.request)


def own(shared_results, count=None, seed=None):
    request = shared_results("request")
    count, seed = count or request.draws, request.seed if seed is None else seed
    return {name: own_draws(name, shared_results, count, seed) for name in OWN}


@pytest.mark.parametrize("name", OWN)
def test_own_draws_have_the_quantiles_of_the_measure(shared_results, name):
    measure = shared_results.measure(registry()[name])
    found = own(shared_results)[name]
    known = measure["value"].notna().to_numpy()
    assert known.any()
    assert np.isnan(found[~known]).all()
    wanted = measure.loc[known, ["low", "value", "high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(np.quantile(found[known], [0.1, 0.5, 0.9], axis=1).T, wanted, atol=0.05)  # fmt: skip
    other = own(shared_results, 1000, 7)[name][known]
    np.testing.assert_allclose(np.quantile(other, [0.1, 0.5, 0.9], axis=1).T, wanted, rtol=0.1, atol=1.5)  # fmt: skip


def test_own_draws_are_aligned_draw_by_draw(shared_results):
    found = own(shared_results, 300, 2)
    known = ~np.isnan(found["time_to_power_months"][:, 0])
    need = shared_results("request").need_by_months
    months = found["time_to_power_months"][known]
    np.testing.assert_allclose(found["months_late"][known], months - need, atol=1e-9)
    assert np.ptp(found["full_power_months"][known] - months) < 1e-9


def test_other_sites_move_no_own_draw(region, shared_results):
    whole = dict(zip(region.sites.index, own(shared_results, 200, 0)["months_late"], strict=True))
    ids = list(region.sites.index[::-2])
    part = Shared(region.sites.loc[ids], region.layers, region.request)
    for site, drawn in zip(ids, own(part, 200, 0)["months_late"], strict=True):
        assert drawn.tobytes() == whole[site].tobytes(), site


def test_a_criterion_without_draws_of_its_own_has_none(shared_results):
    assert own_draws("area_ha", shared_results, 5, 0) is None
