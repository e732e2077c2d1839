"""Hilbert curve: an order of a plane in which neighbours stay near one another."""

from __future__ import annotations

import numpy as np


def hilbert(x: np.ndarray, y: np.ndarray, bits: int) -> np.ndarray:
    """Position along the Hilbert curve of a square of 2^bits by 2^bits. Shape (n,), int64

    Parameters
    ----------
    x, y
        Whole numbers from 0 to 2^bits − 1, shape (n,); bits is at most 31.

    Notes
    -----
    The classic algorithm, bit by bit from the top (Hamilton 2006, Compact Hilbert Indices).
    """
    x, y = x.astype(np.int64), y.astype(np.int64)
    along = np.zeros(x.shape, np.int64)
    for bit in range(bits - 1, -1, -1):
        side = np.int64(1) << bit
        right, top = (x >> bit) & 1, (y >> bit) & 1
        along += side * side * ((3 * right) ^ top)
        x, y = x & (side - 1), y & (side - 1)
        turned = top == 0
        mirrored = turned & (right == 1)
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(turned, y, x), np.where(turned, x, y)
    return along
