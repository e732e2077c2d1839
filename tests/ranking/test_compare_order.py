"""How the order moved: shifts, their parts, coefficients, and what the weights do not tell apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import SITES
from hypothesis import given
from hypothesis import strategies as st
from test_compare import ranked

from powerwall.output.compare import site_cells
from powerwall.ranking.compare import compare
from powerwall.ranking.moved import shifts, site_changes
from powerwall.ranking.spread import CONCENTRATION, weights_spread


def frame(ranks: dict[str, int | None]) -> pd.DataFrame:
    return pd.DataFrame({
        "name": list(ranks), "status": ["ranked" if r else "out" for r in ranks.values()],
        "rank": [float(r) if r else np.nan for r in ranks.values()], "score": 50.0, "reasons": "",
    }, index=pd.Index(list(ranks), name="site_id"))  # fmt: skip


def test_the_shift_of_the_order_is_that_of_the_sites_ranked_on_both_sides():
    sites = site_changes(frame({"a": 1, "b": 2, "c": 3, "d": None}), frame({"a": 3, "b": 1, "c": 2, "d": 4}))  # fmt: skip
    found = shifts(sites)
    assert found["ranked"] == 3
    assert found["largest"] == 2
    assert found["mean"] == pytest.approx(4 / 3)
    assert found["tau"] == pytest.approx(-1 / 3)  # one pair of three keeps its order
    assert list(sites.index[:1]) == ["d"]  # a status comes before any shift


def test_the_ws_coefficient_weighs_the_top():
    """By hand, n = 4: 1 − (2⁻¹·1/3 + 2⁻²·1/2) where the first two swap, less where the last two do."""
    order = {"a": 1, "b": 2, "c": 3, "d": 4}
    top = shifts(site_changes(frame(order), frame({**order, "a": 2, "b": 1})))
    end = shifts(site_changes(frame(order), frame({**order, "c": 4, "d": 3})))
    assert top["ws"] == pytest.approx(1 - (0.5 / 3 + 0.25 / 2))
    assert end["ws"] == pytest.approx(1 - (0.125 / 2 + 0.0625 / 3))
    assert top["tau"] == end["tau"]
    assert shifts(site_changes(frame(order), frame(order)))["ws"] == 1


def test_a_shift_is_parted_into_that_among_the_common_sites_and_that_of_others_who_came_or_went():
    before = frame({"a": 1, "b": 2, "c": 3, "d": 4})
    after = frame({"new": 1, "a": 3, "b": 2, "c": 4})
    sites = site_changes(before, after)
    assert dict(sites["rank_shift"].dropna()) == {"a": 2, "b": 0, "c": 1}
    assert dict(sites["shift_scores"].dropna()) == {"a": 1, "b": -1, "c": 0}
    assert dict(sites["shift_others"].dropna()) == {"a": 1, "b": 1, "c": 1}


@given(st.permutations(range(6)), st.permutations(range(6)), st.sets(st.integers(0, 5), max_size=4))
def test_the_parts_of_every_shift_add_up_to_it(old, new, gone):
    left = [site for site in new if site not in gone]
    sides = [frame({f"s{site}": at for at, site in enumerate(order, 1)}) for order in (old, left)]
    sites = site_changes(*sides)
    both = sites[sites["rank_shift"].notna()]
    assert (both["shift_scores"] + both["shift_others"] == both["rank_shift"]).all()
    assert both["shift_scores"].sum() == 0


# ------------------------------------------------------------------------- the weights' spread
def test_the_spread_is_that_of_dirichlet_draws():
    d, weights = np.array([[0.6, -0.2, 0.1], [-0.3, 0.5, 0.0]]), np.array([5.0, 3.0, 2.0])
    rng = np.random.default_rng(0)
    draws = rng.dirichlet(CONCENTRATION.value * weights / weights.sum(), 200_000)
    np.testing.assert_allclose(
        weights_spread(d, weights, CONCENTRATION.value), (100 * draws @ d.T).std(axis=0), rtol=0.01
    )
    assert weights_spread(d[0], weights, 50.0).shape == ()
    assert weights_spread(np.full(3, 0.4), weights, 50.0) == pytest.approx(0, abs=1e-12)
    assert weights_spread(d[0], weights, np.inf) == 0


@pytest.mark.parametrize(
    ("d", "weights", "concentration", "words"),
    [
        ([0.1, 0.2], [1.0], 50.0, "do not fit"), ([np.nan], [1.0], 50.0, "finite"), ([0.1], [-1.0], 50.0, "0 or more"),
        ([0.1], [1.0], 0.0, "above 0"), ([0.1], [1.0], np.nan, "above 0"),
    ],
)  # fmt: skip
def test_what_has_no_spread_is_refused(d, weights, concentration, words):
    with pytest.raises(ValueError, match=words):
        weights_spread(np.array(d), np.array(weights), concentration)


def rivals(make_region, folder, areas: tuple[float, float]):
    """Two sites of which one lies nearer to a node and the other may have more land."""
    sites = [{**site, "area_ha": area} for site, area in zip(SITES, areas, strict=False)]
    power = {"poi_distance_km": 1, "months_late": 0, "on_time_if_permitted_probability": 0}
    toml = {"weights": {"land": 5, "power": 5, "land_criteria": {"area_ha": 1}, "power_criteria": power},
            "values": {"area_ha": [[0, 0.0], [100, 1.0]], "poi_distance_km": [[0, 1.0], [100, 0.0]]}}  # fmt: skip
    return ranked(make_region(folder, toml=toml, sites=sites))


def test_a_shift_past_a_rival_that_other_weights_would_put_first_is_within_the_spread(make_region, tmp_path):  # fmt: skip
    base = rivals(make_region, tmp_path / "a", (50.0, 53.0))
    near = compare(base, rivals(make_region, tmp_path / "b", (50.0, 55.0)))
    far = compare(base, rivals(make_region, tmp_path / "c", (5.0, 95.0)))
    assert list(near.sites["rank_shift"].abs()) == list(far.sites["rank_shift"].abs()) == [1, 1]
    assert near.sites["within_spread"].all()
    assert not far.sites["within_spread"].any()
    assert not compare(base, base).sites["within_spread"].any()
    cells = [site_cells(str(site), row)[-1] for site, row in near.sites.iterrows()]
    assert any(cell.startswith("within the weights' spread (") for cell in cells)
