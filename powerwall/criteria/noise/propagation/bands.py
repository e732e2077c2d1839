"""Bands: the octave bands of the method, and the weightings that sum them."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Nominal midbands. [Hz]
BANDS_HZ: tuple[float, ...] = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
#: Exact midbands, at which air absorbs. [Hz]
EXACT_HZ = 1000.0 * 10 ** (0.3 * np.arange(-4, 4))
#: The octave below them, which the method does not cover: nominal, and exact. [Hz]
LOWEST_HZ, EXACT_LOWEST_HZ = 31.5, 1000.0 * 10 ** (0.3 * -5)
#: IEC 61672-1, table at the nominal midbands. [dB]
A_DB = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
C_DB = np.array([-0.8, -0.2, 0.0, 0.0, 0.0, -0.2, -0.8, -3.0])


def energy_sum(levels: Any, axis: int = -1) -> np.ndarray:
    """Sum of levels by energy along an axis. [dB]"""
    return np.asarray(10 * np.log10(np.sum(10 ** (0.1 * np.asarray(levels)), axis=axis)))


def a_weighted(levels: Any) -> np.ndarray:
    """Energy sum over the eight bands after A-weighting. [dB(A)], shape without the last axis

    >>> float(a_weighted([115, 118, 119, 116, 112, 110, 107, 103]).round(2))
    118.36
    """
    return energy_sum(np.asarray(levels) + A_DB)


def c_weighted(levels: Any) -> np.ndarray:
    """Energy sum over the eight bands after C-weighting. [dB(C)], shape without the last axis"""
    return energy_sum(np.asarray(levels) + C_DB)
