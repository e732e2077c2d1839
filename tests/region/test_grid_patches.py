"""Patches of cells and campuses in windows, against a search cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from powerwall.region.grid.patches import campus_sizes, patch_sizes


def searched(kept, reach):
    """Cells reached from each kept cell within its window, one step at a time."""
    sizes = np.zeros(kept.shape, int)
    for start in zip(*np.nonzero(kept), strict=True):
        seen, todo = {start}, [start]
        while todo:
            row, column = todo.pop()
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                there = all(
                    0 <= near[k] < kept.shape[k] and abs(near[k] - start[k]) <= reach
                    for k in (0, 1)
                )
                if there and kept[near] and near not in seen:
                    seen.add(near)
                    todo.append(near)
        sizes[start] = len(seen)
    return sizes


MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@settings(max_examples=60, deadline=None)
@given(MASKS, st.integers(0, 4))
def test_a_campus_is_what_can_be_reached_inside_its_window(kept, reach):
    np.testing.assert_array_equal(campus_sizes(kept, reach), searched(kept, reach))


@settings(max_examples=40, deadline=None)
@given(MASKS)
def test_a_patch_is_what_can_be_reached_at_all(kept):
    np.testing.assert_array_equal(patch_sizes(kept), searched(kept, 99))


@pytest.mark.parametrize("reach", [15, 16, 31])
@pytest.mark.parametrize("share", [0.5, 0.65, 1.0])
def test_wide_windows_are_filled_alike(reach, share):
    kept = np.random.default_rng(reach).random((24, 40)) < share
    np.testing.assert_array_equal(campus_sizes(kept, reach), searched(kept, reach))


def test_a_winding_path_is_followed_to_its_end():
    kept = np.ones((15, 15), bool)
    kept[1::4, :-1] = kept[3::4, 1:] = False
    np.testing.assert_array_equal(campus_sizes(kept, 7), searched(kept, 7))


def test_a_window_wider_than_a_number_is_refused():
    with pytest.raises(ValueError, match="wider than 63"):
        campus_sizes(np.ones((3, 3), bool), 32)
