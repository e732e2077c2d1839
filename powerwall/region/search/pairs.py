"""Pairs: which candidate goes with which feature, where their number differs by candidate."""

from __future__ import annotations

from typing import Any

import numpy as np

from powerwall.region.search.positions import Floats, Whole


def ball_pairs(tree: Any, centres: Floats, radius: Floats | float) -> tuple[Whole, Whole]:
    """All points of a k-d tree within a radius (one, or one a centre) of each centre.

    Returns
    -------
    at, which
        Row of the centre (ascending) and of the tree's point, shape (pairs,).
    """
    found = tree.query_ball_point(centres, radius, workers=1, return_sorted=False)
    sizes = np.fromiter((len(row) for row in found), np.int64, len(found))
    which = np.fromiter((point for row in found for point in row), np.int64, int(sizes.sum()))
    return np.repeat(np.arange(len(found)), sizes), which


def runs(sizes: Whole) -> Whole:
    """0, 1, … size − 1 for each size, one run behind the other. Shape (sum of sizes,)"""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)


def firsts(at: Whole) -> Whole:
    """Where each run of equal values begins, in an ascending column."""
    return np.flatnonzero(np.diff(at, prepend=-1))


def paired(first: Whole, second: Whole) -> Whole:
    """Two columns of whole numbers as one that sorts by both, ten times faster.

    The first may have 31 bits and a sign, the second 32 bits.
    """
    return first << 32 | second


def split(pairs: Whole) -> tuple[Whole, Whole]:
    """The two columns of `paired` numbers."""
    return pairs >> 32, pairs & 0xFFFFFFFF
