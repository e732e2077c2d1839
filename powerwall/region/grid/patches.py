"""Patches: cells joined by their edges, as a whole and inside a window round each cell."""

from __future__ import annotations

import numpy as np

#: Cells across a campus window: a row of it is one 64-bit number.
WIDEST_WINDOW = 63
#: Windows that are filled together: some 100 MB of intermediate arrays for wide ones.
_BATCH = 100_000
#: How many bits of a byte are set; numpy 1.26 has no `bitwise_count`.
_ONES = np.array([byte.bit_count() for byte in range(256)], np.uint8)


def patch_sizes(kept: np.ndarray) -> np.ndarray:
    """Cells of the patch that each kept cell belongs to; 0 elsewhere. Shape as `kept`"""
    from scipy.ndimage import label

    patch, count = label(kept, output=np.int32)
    sizes = np.bincount(patch.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    found: np.ndarray = sizes.astype(np.int32)[patch]
    return found


def campus_sizes(kept: np.ndarray, reach: int) -> np.ndarray:
    """Cells joined to each kept cell by edges inside its window; 0 elsewhere. Shape as `kept`

    Parameters
    ----------
    kept
        Shape (rows, columns), bool.
    reach
        The window ends so many cells from its middle, at most 31.

    Notes
    -----
    A window without a gap needs no search. The others are filled from the middle, many at once: a
    row of a window is the bits of one number, a run of a row fills in a few operations on it, and
    sweeps down and up carry it to the next rows until nothing changes.
    """
    width = 2 * reach + 1
    if width > WIDEST_WINDOW:
        msg = f"a window of {width} cells is wider than {WIDEST_WINDOW}"
        raise ValueError(msg)
    padded = np.pad(kept, reach)
    counts = _window_counts(padded, width)
    sizes = np.where(kept, counts, 0).astype(np.int32)
    bits = _row_bits(padded, width)
    row, column = np.nonzero(kept & (counts < width * width))
    for start in range(0, len(row), _BATCH):
        r, c = row[start : start + _BATCH], column[start : start + _BATCH]
        window = bits[r[None, :] + np.arange(width)[:, None], c]
        sizes[r, c] = _filled(window, reach)
    return sizes


def _window_counts(padded: np.ndarray, width: int) -> np.ndarray:
    sums = np.zeros((padded.shape[0] + 1, padded.shape[1] + 1), np.int64)
    np.cumsum(np.cumsum(padded, axis=0, dtype=np.int64), axis=1, out=sums[1:, 1:])
    return (
        sums[width:, width:] - sums[:-width, width:] - sums[width:, :-width]
        + sums[:-width, :-width]
    )  # fmt: skip


def _row_bits(padded: np.ndarray, width: int) -> np.ndarray:
    """For each cell its row of the window as bits. Shape (rows + 2 reach, columns)"""
    columns = padded.shape[1] - width + 1
    kind = np.dtype(np.uint32 if width < 32 else np.uint64)  # a carry may need one bit more
    bits = np.zeros((padded.shape[0], columns), kind)
    for place in range(width):
        bits |= padded[:, place : place + columns].astype(kind) << kind.type(place)
    return bits


def _filled(window: np.ndarray, reach: int) -> np.ndarray:
    """Cells reached from the middle of each window. Shape (n,)

    Parameters
    ----------
    window
        Rows of the windows as bits, shape (width, n).
    """
    width, count = window.shape
    reached = np.zeros_like(window)
    reached[reach] = window[reach] & window.dtype.type(1 << reach)
    reached[reach] = _runs(reached[reach], window[reach], width)
    open_ones = np.arange(count)
    work, mask = reached, window
    while len(open_ones):
        before = work.copy()
        for row in range(1, width):
            work[row] = _runs(work[row] | (work[row - 1] & mask[row]), mask[row], width)
        for row in range(width - 2, -1, -1):
            work[row] = _runs(work[row] | (work[row + 1] & mask[row]), mask[row], width)
        changed = (work != before).any(axis=0)
        reached[:, open_ones] = work
        open_ones, work, mask = open_ones[changed], work[:, changed], mask[:, changed]
    ones = _ONES[reached.view(np.uint8)].reshape(width, count, -1)
    return ones.sum(axis=(0, 2), dtype=np.int32)


def _runs(seeds: np.ndarray, mask: np.ndarray, width: int) -> np.ndarray:
    """Runs of a mask that hold a seed, whole. Bits, shape (n,)"""
    one = mask.dtype.type(1)
    # adding a seed to its run carries through all bits above it
    filled: np.ndarray = (mask & ~(mask + seeds)) | seeds
    free, step = mask, 1
    while step < width:  # downwards by 1, 2, 4, … bits
        shift = one * mask.dtype.type(step)
        filled = filled | (free & (filled >> shift))
        free = free & (free >> shift)
        step *= 2
    return filled
