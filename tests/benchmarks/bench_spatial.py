"""Nearest points and lines and the polygons round a position, beside the bare trees they rest on.

Positions are the cells of a country along a Hilbert curve, as a screening asks for them: in
chunks, on as many threads as there are cores. What a screening shares over its layers, the
earth-centred coordinates, both sides get made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import shapely
from country import CRS, open_layers
from made_up_layers import cells, clustered_points, tessellation, wandering_lines
from protocol import NotRunError, Options, Result, demand, measured
from scipy.spatial import cKDTree

from powerwall.region.search import LineIndex, PointIndex, PolygonIndex, Positions, kernels

CHUNK, MOST_CELLS, SAMPLE = 65_536, 1_000_000, 2_000
POINTS, LINES, BASINS = 80_000, 14_300, (100, 100, 36)
VERTICES, STEP_M = 8, 1_400.0
#: Metres that a bare tree and an exact search may differ by: the tie of the search.
TIE_M = 1e-3
#: Seconds of a million cells; the ratio to the bare tree.
POINTS_RATIO, LINES_S, REAL_LINES_S, POLYGONS_S = 1.5, 1.2, 2.0, 0.8


def points(options: Options) -> list[Result]:
    """Nearest of clustered points, and of the ends of real lines."""
    rng = np.random.default_rng(0)
    layers = {"made-up points": clustered_points(rng, options.part(POINTS))}
    ends = _open_data(options, "line_ends")
    if ends is not None:
        layers["line ends"] = shapely.get_coordinates(ends)
    results = []
    for (name, xy), p in _each(layers, options):
        metres = Positions.of(*xy.T, CRS).earth_centred
        tree = cKDTree(metres)

        def bare(q: Positions, tree: cKDTree = tree) -> Any:
            return tree.query(q.earth_centred)

        bound = ("bare cKDTree", partial(_chunked, bare, p))
        for kind, index, build_s in _ways(lambda xy=xy: PointIndex(*xy.T, CRS), p):
            result = measured(
                f"nearest of {len(xy):,} {name}{kind}", len(p), partial(_chunked, index.nearest, p), options,
                bound=bound, check=partial(_check_points, tree, metres, p), aims={"ratio": POINTS_RATIO},
            )  # fmt: skip
            results.append(_built(result, build_s))
    return results


def _check_points(
    tree: cKDTree, metres: np.ndarray, p: Positions, found: list[tuple[np.ndarray, ...]]
) -> None:
    which = np.concatenate([part[0] for part in found])
    chord = np.linalg.norm(metres[which] - p.earth_centred, axis=1)
    apart = np.abs(chord - tree.query(p.earth_centred)[0]).max()
    demand(apart <= TIE_M, f"a point is {apart:.3g} m nearer than the one found")
    radius = 6_371_008.8  # mean radius of the Earth
    arc = 2 * radius * np.arcsin(np.minimum(chord / (2 * radius), 1))
    told = np.concatenate([part[1] for part in found])
    demand(np.allclose(arc, told, rtol=1e-9, atol=1e-6), "a distance is not that to the point found")  # fmt: skip


def made_up_lines(options: Options) -> list[Result]:
    """Nearest of 100,000 segments of wandering lines."""
    rng = np.random.default_rng(0)
    lines = wandering_lines(rng, options.part(LINES), VERTICES, STEP_M)
    return _nearest_lines({"made-up lines": lines}, options, LINES_S)


def real_lines(options: Options) -> list[Result]:
    """Nearest of the transmission lines of a country."""
    lines = _open_data(options, "power_lines")
    if lines is None:
        raise NotRunError("the real lines are not beside this checkout, or a share was asked for")
    return _nearest_lines({"real lines": lines}, options, REAL_LINES_S)


def _nearest_lines(layers: dict[str, np.ndarray], options: Options, aim_s: float) -> list[Result]:
    results = []
    for (name, lines), p in _each(layers, options):
        vertices = cKDTree(shapely.get_coordinates(lines))

        def bare(q: Positions, vertices: cKDTree = vertices) -> Any:
            return vertices.query(q.plane)

        bound = ("bare cKDTree of the vertices", partial(_chunked, bare, p))
        for kind, index, build_s in _ways(lambda lines=lines: LineIndex(lines, CRS), p):
            result = measured(
                f"nearest of {len(lines):,} {name}, {len(index):,} segments{kind}", len(p),
                partial(_chunked, index.nearest, p), options, bound=bound,
                check=partial(_check_lines, lines, p), aims={"seconds": aim_s * len(p) / MOST_CELLS},
            )  # fmt: skip
            if not kind:
                _, _, left = index.nearest_with_counts(p)
                stages = ", ".join(f"{count:,} after {stage}" for stage, count in left.items())
                result.notes.append(f"left open of {len(p):,}: {stages or 'none'}")
            results.append(_built(result, build_s))
    return results


def _check_lines(lines: np.ndarray, p: Positions, found: list[tuple[np.ndarray, ...]]) -> None:
    rows = np.unique(np.linspace(0, len(p) - 1, SAMPLE).astype(int))
    which = np.concatenate([part[0] for part in found])[rows]
    places = shapely.points(p.x[rows], p.y[rows])
    at, nearest = shapely.STRtree(lines).query_nearest(places, all_matches=False)
    demand(np.array_equal(at, np.arange(len(rows))), "a position has no line")
    apart = shapely.distance(places, lines[which]) - shapely.distance(places, lines[nearest])
    demand(apart.max() <= TIE_M, f"a line is {apart.max():.3g} m nearer than the one found")


def polygons(options: Options) -> list[Result]:
    """Polygons that hold a position, of made-up basins and of real counties."""
    rng = np.random.default_rng(0)
    columns, rows, pieces = BASINS
    part = options.share**0.5
    layers = {"made-up basins": tessellation(rng, max(2, round(columns * part)), max(2, round(rows * part)), pieces)}  # fmt: skip
    counties = _open_data(options, "counties")
    if counties is not None:
        layers["counties"] = counties
    results = []
    for (name, shapes), p in _each(layers, options):
        tree = shapely.STRtree(shapes)
        shapely.prepare(shapes)
        start = time.perf_counter()
        index = PolygonIndex(shapes, CRS)
        index.covering(p)  # what is built on first use
        build_s = time.perf_counter() - start

        def bare(
            q: Positions, tree: shapely.STRtree = tree, shapes: np.ndarray = shapes
        ) -> np.ndarray:
            at, which = tree.query(shapely.points(q.x, q.y))
            held = shapely.intersects_xy(shapes[which], q.x[at], q.y[at])
            return np.stack([at[held], which[held]])

        result = measured(
            f"polygons round a position, of {len(shapes):,} {name}", len(p), partial(_chunked, index.covering, p), options,
            bound=("bare STRtree, then prepared polygons", partial(_chunked, bare, p)), check=partial(_check_pairs, bare, p),
            aims={"seconds": POLYGONS_S * len(p) / MOST_CELLS},
        )  # fmt: skip
        results.append(_built(result, build_s))
    return results


def _check_pairs(
    bare: Callable[[Positions], np.ndarray], p: Positions, found: list[tuple[np.ndarray, ...]]
) -> None:
    every = list(zip(_chunks(p), found, strict=True))
    for rows, (at, which) in every[:: max(1, len(every) - 1)]:  # the first and the last
        plain = bare(p.to(rows))
        order = np.lexsort((plain[1], plain[0]))
        demand(np.array_equal(plain[:, order], [at, which]), "the polygons round a position differ from a plain test")  # fmt: skip


def _each(layers: dict[str, Any], options: Options) -> Iterator[tuple[tuple[str, Any], Positions]]:
    for size in sorted({min(size, MOST_CELLS) for size in options.sizes}):
        p = Positions.of(*cells(size).T, CRS)
        p.earth_centred, p.plane  # noqa: B018  made once, for both sides
        for layer in layers.items():
            yield layer, p


def _ways(build: Callable[[], Any], p: Positions) -> Iterator[tuple[str, Any, float]]:
    """The index and its seconds of building, plain and, where there is numba, compiled."""
    for fast in (False, True):
        with _compiled(fast=fast):
            if fast and not kernels.enabled():
                return
            if fast:
                build().nearest(p.to(slice(0, 1)))  # compiled, which is told nowhere here
            start = time.perf_counter()
            index = build()
            index.nearest(p.to(slice(0, 1)))  # what is built on first use
            yield (", compiled" if fast else ""), index, time.perf_counter() - start


@contextmanager
def _compiled(*, fast: bool) -> Iterator[None]:
    before = os.environ.get("POWERWALL_FAST")
    os.environ["POWERWALL_FAST"] = "1" if fast else "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["POWERWALL_FAST"]
        else:
            os.environ["POWERWALL_FAST"] = before


def _chunks(p: Positions) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, len(p), CHUNK)]


def _chunked(ask: Callable[[Positions], Any], p: Positions) -> list[Any]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda rows: ask(p.to(rows)), _chunks(p)))


def _built(result: Result, build_s: float) -> Result:
    result.figures["build_s"] = round(build_s, 3)
    return result


def _open_data(options: Options, name: str) -> Any:
    if options.shared is None or options.share < 1:
        return None
    frame = open_layers(options.shared / "data", (name,)).get(name)
    return None if frame is None else frame.geometry.to_numpy()
