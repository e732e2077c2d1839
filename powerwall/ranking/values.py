"""Values: absolute value functions, from a criterion's own unit to 0–1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Points = Sequence[tuple[float, float]]


def faults(points: Points) -> list[str]:
    """What is wrong with breakpoints, in words; nothing if they are legal."""
    found = []
    xs, vs = [x for x, _ in points], [v for _, v in points]
    if len(points) < 2:
        found.append("needs at least two points")
    if not all(math.isfinite(number) for number in [*xs, *vs]):
        found.append("holds a number that is not finite")
    elif any(b <= a for a, b in pairwise(xs)):
        found.append("x must rise strictly from point to point")
    if any(not 0 <= v <= 1 for v in vs):
        found.append("every value must lie between 0 and 1")
    return found


def piecewise(x: np.ndarray | float, points: Points) -> np.ndarray:
    """Value of a measure: linear between the points, constant outside them.

    Parameters
    ----------
    x
        Measures, any shape; NaN stays NaN.
    points
        Breakpoints (x, v); x strictly increasing, v in [0, 1].

    Raises
    ------
    ValueError
        If the points are not legal.

    >>> piecewise(np.array([0.0, 30.0, 99.0]), [(12, 1), (36, 0.6), (84, 0)]).round(3).tolist()
    [1.0, 0.7, 0.0]
    """
    if wrong := faults(points):
        msg = f"value function {list(points)}: {'; '.join(wrong)}"
        raise ValueError(msg)
    array = np.asarray(x)
    xs, vs = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    result = np.interp(array, xs, vs)
    result = np.where(np.isnan(array), np.nan, result)
    return result.astype(array.dtype) if array.dtype == np.float32 else result


def inverse(points: Points, value: float, near: float) -> float:
    """Measure with a value, the one nearest to `near`; NaN if no measure has it.

    On a flat stretch at the value the nearer end is taken.
    """
    found = []
    for (x0, v0), (x1, v1) in pairwise(points):
        if v0 == v1 == value:
            found.append(min(max(near, x0), x1))
        elif min(v0, v1) <= value <= max(v0, v1) and v0 != v1:
            found.append(x0 + (value - v0) * (x1 - x0) / (v1 - v0))
    if points[0][1] == value:
        found.append(min(near, points[0][0]))
    if points[-1][1] == value:
        found.append(max(near, points[-1][0]))
    return min(found, key=lambda x: abs(x - near)) if found else math.nan
