"""Made-up layers and positions for the tests of the search, and answers from all pairs."""

from __future__ import annotations

import numpy as np
import shapely

from powerwall.region.search import Positions

CRS = "EPSG:5070"
TIE_M = 1e-3


def positions(count, seed, spread=3e5):
    """Positions round the middle of the United States."""
    rng = np.random.default_rng(seed)
    return Positions.of(rng.uniform(-spread, spread, count), 1.5e6 + rng.uniform(-spread, spread, count), CRS)  # fmt: skip


def lines(count, seed, spread=3e5):
    """Wandering lines of two to nine vertices, short and long."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        start = np.array([0, 1.5e6]) + rng.uniform(-spread, spread, 2)
        steps = rng.normal(0, 10 ** rng.uniform(1, 4.7), (rng.integers(1, 9), 2))
        made.append(shapely.LineString(np.vstack([start, start + steps.cumsum(axis=0)])))
    return np.array(made)


def blobs(count, seed, spread=3e5):
    """Stars of many sizes that overlap, some of two parts, some with a hole."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    made = []
    for row in range(count):
        x, y = np.array([0, 1.5e6]) + rng.uniform(-spread, spread, 2)
        radius = 10 ** rng.uniform(3, 5) * (1 + 0.3 * np.sin(turn * rng.integers(2, 9)))
        star = np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
        holes = [star * 0.4 + [x, y]] if row % 3 == 0 else []
        one = shapely.Polygon(star + [x, y], holes)
        far = shapely.affinity.translate(one, 3 * radius.max())
        made.append(shapely.MultiPolygon([one, far]) if row % 4 == 0 else one)
    return np.array(made)


def lowest_nearest(apart):
    """Lowest column of a matrix of distances within 1 mm of the least of each row."""
    return (apart <= apart.min(axis=1, keepdims=True) + TIE_M).argmax(axis=1)


def plane_distances(p, geometries):
    """Distance of every position to every geometry in the plane. Shape (n, geometries), [m]"""
    return shapely.distance(shapely.points(p.x, p.y)[:, None], geometries[None, :])
