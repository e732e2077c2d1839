"""The order of a screening: by score, then by id, whatever the scores and the ids are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from powerwall.ranking.screening import merge
from powerwall.region.grid.cells import Cells, packed


def squares(columns, rows):
    key = packed(np.array(columns), np.array(rows))
    return Cells(key, np.ones(len(key), np.float32), CRS("EPSG:5070"), 500.0)


@given(st.lists(st.tuples(st.integers(-1200, 1200), st.integers(-1200, 1200)), min_size=1, unique=True))  # fmt: skip
def test_cells_are_in_the_order_of_the_texts_of_their_ids(places):
    cells = squares(*zip(*places, strict=True))
    ids = cells.site_ids().to_pylist()
    order = np.argsort(cells.id_order(np.arange(len(cells))))
    assert [ids[row] for row in order] == sorted(ids)


def test_hexagons_are_in_the_order_of_the_texts_of_their_ids():
    key = np.array([0x872A10728FFFFFF, 0x8726CC0E1FFFFFF, 0x87283472BFFFFFF])
    cells = Cells(key, np.ones(3, np.float32), CRS("EPSG:5070"), 500.0, 7, np.zeros(3), np.zeros(3))
    ids = cells.site_ids().to_pylist()
    assert [ids[row] for row in np.argsort(cells.id_order(np.arange(3)))] == sorted(ids)


SCORES = st.sampled_from([-1e-6, -0.0, 0.0, 1e-30, 12.5, 12.500001, 99.99999, 100.0])


@given(st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=60), st.randoms())
def test_candidates_are_ordered_by_score_and_equal_ones_by_id(given_rows, random):
    score = np.array([row[0] for row in given_rows], np.float32)
    ranked = np.array([row[1] for row in given_rows])
    ids = list(range(len(score)))
    random.shuffle(ids)
    found = merge._best_first(score, ranked, lambda rows: np.array(ids)[rows])
    rows = [row for row in range(len(score)) if ranked[row]]
    assert found.tolist() == sorted(rows, key=lambda row: (-score[row], ids[row]))


@given(st.lists(st.floats(0, 100, width=32), min_size=1), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(scores, share):
    best_first = np.sort(np.array(scores, np.float32))[::-1]
    assert merge._quantile(best_first, share) == pytest.approx(
        np.quantile(best_first.astype(float), share), rel=1e-9, abs=1e-9
    )
