"""Shape: the load of a campus over a year, of peak 1."""

from __future__ import annotations

import numpy as np

from powerwall.criteria.criterion import Parameter

HOURS_PER_YEAR = 8760.0
LOAD_FACTOR = Parameter(
    0.85, "1", 0.75, 0.95, "assumed: AI campuses run flat; large-load tariffs ask for 0.75 or more"
)
PEAK_HOUR = Parameter(15.0, "h", 12.0, 18.0, "assumed: the warmest hour, when cooling takes most")


def unit_shape(load_factor: float = LOAD_FACTOR.value) -> np.ndarray:
    """Hourly load of a year that peaks at 1 every day and falls towards the night. [1]; 8760

    Its mean is the load factor exactly, in every month. The season is not in it.

    Raises
    ------
    ValueError
        If the load factor is not 0.5 to 1: such a day would need hours below nothing.

    Examples
    --------
    >>> shape = unit_shape(0.9)
    >>> float(shape.max()), round(float(shape.mean()), 12)
    (1.0, 0.9)
    """
    if not 0.5 <= load_factor <= 1:
        raise ValueError(
            f"a daily load factor of {load_factor:g}: give 0.5 to 1, or a load of your own"
        )
    hour = 2 * np.pi * (np.arange(24) - PEAK_HOUR.value) / 24
    day = load_factor + (1 - load_factor) * np.cos(hour)
    return np.tile(day, 365)
