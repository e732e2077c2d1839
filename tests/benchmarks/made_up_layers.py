"""Made-up layers of a country, as large as the real ones they stand for; EPSG:5070, metres.

Everything is an array until its last line, and the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

#: The contiguous United States in EPSG:5070: west, south, east, north. [m]
EXTENT_M = (-2_356_000.0, 270_000.0, 2_258_000.0, 3_172_000.0)
#: Share of the clustered points round a centre, and how many centres.
CLUSTERED, CENTRES, SPREAD_M = 0.6, 400, 25_000.0


def clustered_points(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points of which most crowd round centres, as substations do. Shape (count, 2) [m]"""
    near = round(CLUSTERED * count)
    centres = _uniform(rng, CENTRES)
    crowd = centres[rng.integers(0, CENTRES, near)] + rng.normal(0, SPREAD_M, (near, 2))
    return np.concatenate([crowd, _uniform(rng, count - near)])


def _uniform(rng: np.random.Generator, count: int) -> np.ndarray:
    west, south, east, north = EXTENT_M
    return rng.uniform((west, south), (east, north), (count, 2))


def wandering_lines(
    rng: np.random.Generator, count: int, vertices: int, step_m: float, spread: float = 1.0
) -> np.ndarray:
    """Lines that wander from clustered points on. Shape (count,), LineStrings

    Their headings change by a normal angle of 0.3 rad a vertex, their steps are lognormal with
    the mean and the spread given: most segments are short, a few long, as in a real layer.
    """
    start = clustered_points(rng, count)[rng.permutation(count)]
    heading = rng.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(rng.normal(0, 0.3, (count, vertices - 1)), axis=1)  # fmt: skip
    length = step_m * rng.lognormal(-(spread**2) / 2, spread, heading.shape)
    path = np.zeros((count, vertices, 2))
    path[:, 1:, 0] = np.cumsum(length * np.cos(heading), axis=1)
    path[:, 1:, 1] = np.cumsum(length * np.sin(heading), axis=1)
    return np.asarray(shapely.linestrings(start[:, None] + path))


def tessellation(
    rng: np.random.Generator, columns: int, rows: int, pieces: int, extent_m: Sequence[float] = EXTENT_M
) -> np.ndarray:  # fmt: skip
    """Polygons that share their wiggly borders and fill the extent. Shape (columns · rows,)

    Each has 4 · `pieces` different vertices. No border is steeper than 0.2 π against its chord,
    on which it begins and ends: so it stays inside its own quarter of a corner and crosses none.
    """
    west, south, east, north = extent_m
    wide, high = (east - west) / columns, (north - south) / rows
    share = np.linspace(0, 1, pieces + 1)

    def wiggles(count: int) -> np.ndarray:
        waves = np.arange(1, 6)
        size = rng.normal(0, 1, (count, 5)) / waves
        size *= 0.2 / np.abs(size * waves).sum(axis=1, keepdims=True)
        return size @ np.sin(np.pi * waves[:, None] * share)

    across = wiggles((rows + 1) * columns).reshape(rows + 1, columns, pieces + 1)
    up = wiggles(rows * (columns + 1)).reshape(rows, columns + 1, pieces + 1)
    j, i = (part.ravel()[:, None] for part in np.mgrid[0:rows, 0:columns])
    j1, i1 = j + 1, i + 1
    x = np.concatenate([i + share, i1 + up[j, i1][:, 0], i1 - share, i + up[j, i][:, 0, ::-1]], axis=1)  # fmt: skip
    y = np.concatenate([j + across[j, i][:, 0], j + share, j1 + across[j1, i][:, 0, ::-1], j1 - share], axis=1)  # fmt: skip
    ring = np.stack([west + wide * x, south + high * y], axis=2)
    # the last point of a side is the first of the next
    keep = np.ones(ring.shape[1], dtype=bool)
    keep[pieces + 1 :: pieces + 1] = False
    return np.asarray(shapely.polygons(ring[:, keep]))


def outline(rng: np.random.Generator) -> np.ndarray:
    """A country of one wiggly polygon. Shape (1,)"""
    west, south, east, north = EXTENT_M
    inside = (west + 3e5, south + 2e5, east - 3e5, north - 2e5)
    return tessellation(rng, 1, 1, 2000, inside)


def cells(count: int) -> np.ndarray:
    """Centres of about as many square cells, along a Hilbert curve. Shape (about count, 2) [m]"""
    from powerwall.region.grid.curve import hilbert

    west, south, east, north = EXTENT_M
    side = ((east - west) * (north - south) / count) ** 0.5
    columns, rows = (max(1, round(span / side)) for span in (east - west, north - south))
    j, i = (part.ravel() for part in np.mgrid[0:rows, 0:columns])
    order = np.argsort(hilbert(i, j, max(columns, rows).bit_length()), kind="stable")
    return np.column_stack([west + (i + 0.5) * side, south + (j + 0.5) * side])[order]
