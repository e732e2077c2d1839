"""Obstacles: a wall or a block between one source and one receiver, over its top and round its sides."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from powerwall.criteria.noise.propagation.air import REFERENCE_PRESSURE_KPA
from powerwall.criteria.noise.propagation.diffraction import diffraction, screen_attenuation
from powerwall.criteria.noise.propagation.ground import ground_attenuation
from powerwall.criteria.noise.propagation.levels import received_levels

Position = tuple[float, float, float]


class Wall(NamedTuple):
    """A thin wall by the two ends of its straight top edge. [m]"""

    start_m: Position
    end_m: Position


class Block(NamedTuple):
    """A convex building by its footprint and the height of its flat roof. [m]"""

    footprint_m: tuple[tuple[float, float], ...]
    top_m: float


def screened_levels(
    sound_power_db: Any,
    source_m: Position,
    receiver_m: Position,
    obstacle: Wall | Block,
    source_height_m: float | None = None,
    receiver_height_m: float | None = None,
    ground: Any = 0.5,
    temperature_c: float = 10.0,
    humidity_pct: float = 70.0,
    pressure_kpa: float = REFERENCE_PRESSURE_KPA,
    edition: str = "1996",
) -> np.ndarray:
    """Octave-band levels of a point source behind an obstacle. [dB re 20 µPa], shape (8,)

    Parameters
    ----------
    sound_power_db
        Sound power by band. [dB re 1 pW], shape (8,)
    source_m, receiver_m
        Positions x, y, z. [m]
    obstacle
        What may stand between them. Where the straight line does not cross it in plan it screens
        nothing.
    source_height_m, receiver_height_m
        Above local ground; None is z itself, ground at z = 0. [m]
    ground, temperature_c, humidity_pct, pressure_kpa, edition
        As for `received_levels`.

    Raises
    ------
    ValueError
        If source or receiver stands inside a block, or as for `received_levels`.

    Notes
    -----
    Over the top the path is the shortest over the edges on the line of sight; both ways round the
    sides always count, in the plane through source and receiver.
    """
    source, receiver = np.array(source_m, dtype=float), np.array(receiver_m, dtype=float)
    hs = float(source[2]) if source_height_m is None else source_height_m
    hr = float(receiver[2]) if receiver_height_m is None else receiver_height_m
    distance = float(np.hypot(*(receiver - source)[:2]))
    rise = (receiver[2] - hr) - (source[2] - hs)
    free = received_levels(
        sound_power_db, hs, hr, distance, ground, temperature_c, humidity_pct, pressure_kpa, edition, terrain_rise_m=rise
    )  # fmt: skip
    tops = _over(obstacle, source, receiver)
    if tops is None:
        return free
    direct = float(np.linalg.norm(receiver - source))
    over = _round(
        source, receiver, tops[0], clear=tops[1], direct=direct, lateral=False, edition=edition
    )
    sides = [
        _round(source, receiver, side, clear=False, direct=direct, lateral=True, edition=edition)
        for side in _sides(obstacle, source, receiver)
    ]
    under = ground_attenuation(hs, hr, distance, ground, edition)
    return np.asarray(free - screen_attenuation(under, over, sides))


def _round(
    source: np.ndarray, receiver: np.ndarray, edges: np.ndarray, *, clear: bool, direct: float, lateral: bool, edition: str
) -> np.ndarray:  # fmt: skip
    """Dz along a path over the given edges, in order. [dB], shape (8,)"""
    steps = np.linalg.norm(np.diff(np.vstack([source, edges, receiver]), axis=0), axis=1)
    return diffraction(
        steps[0], steps[-1], direct, float(steps[1:-1].sum()), clear=clear, lateral=lateral, edition=edition
    )  # fmt: skip


def _over(
    obstacle: Wall | Block, source: np.ndarray, receiver: np.ndarray
) -> tuple[np.ndarray, bool] | None:
    """Edges of the path over the top, and whether the line of sight clears them; None: not crossed."""
    line = shapely.LineString([source[:2], receiver[:2]])
    if isinstance(obstacle, Wall):
        ends = np.array([obstacle.start_m, obstacle.end_m], dtype=float)
        plan = shapely.LineString(ends[:, :2])
        met = line.intersection(plan)
        if met.is_empty or met.geom_type != "Point":
            return None  # none, or the wall runs along the line of sight
        along = plan.project(met) / plan.length
        edges = np.array([[met.x, met.y, (1 - along) * ends[0, 2] + along * ends[1, 2]]])
    else:
        footprint = shapely.Polygon(obstacle.footprint_m)
        if not footprint.is_valid:
            raise ValueError("the footprint of the block crosses itself")
        for name, place in (("source", source), ("receiver", receiver)):
            if footprint.contains(shapely.Point(place[:2])):
                raise ValueError(f"the {name} stands inside the block")
        met = line.intersection(footprint)
        if met.is_empty or met.geom_type != "LineString":
            return None  # none, or a corner only touched
        plan_edges = sorted(met.coords, key=lambda xy: line.project(shapely.Point(xy)))
        edges = np.array([[x, y, obstacle.top_m] for x, y in plan_edges])
    return _taut(source, receiver, edges)


def _taut(source: np.ndarray, receiver: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, bool]:
    """Edges that a rubber band from source to receiver touches; the nearest one if it touches none."""
    span = float(np.hypot(*(receiver - source)[:2]))
    along = np.hypot(*(edges - source)[:, :2].T) / span
    above = edges[:, 2] - _sight(source, receiver, along)
    if (above < 0).all():
        return edges[[int(above.argmax())]], True
    where, height = np.concatenate([[0, 1], along]), np.concatenate([[0, 0], above])
    hull = shapely.MultiPoint(np.column_stack([where, height])).convex_hull
    corners = {tuple(xy) for xy in shapely.get_coordinates(hull)}
    touched = [(x, y) in corners and y >= 0 for x, y in zip(along, above, strict=True)]
    return edges[touched] if any(touched) else edges[[int(above.argmax())]], False


def _sight(source: np.ndarray, receiver: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Height of the straight line between source and receiver. [m]"""
    return np.asarray(source[2] + along * (receiver[2] - source[2]))


def _sides(obstacle: Wall | Block, source: np.ndarray, receiver: np.ndarray) -> list[np.ndarray]:
    """Edges of the path round either side, at the height of the line of sight beside them."""
    if isinstance(obstacle, Wall):
        plans = [np.array([end[:2]], dtype=float) for end in obstacle]
    else:
        plans = _hull_sides(np.array(obstacle.footprint_m, dtype=float), source[:2], receiver[:2])
    towards = (receiver - source)[:2]
    return [
        np.column_stack([plan, _sight(source, receiver, (plan - source[:2]) @ towards / (towards @ towards))])
        for plan in plans
    ]  # fmt: skip


def _hull_sides(
    footprint: np.ndarray, source: np.ndarray, receiver: np.ndarray
) -> list[np.ndarray]:
    """Corners on each side of the convex hull of source, footprint and receiver, from the source on."""
    hull = shapely.MultiPoint(np.vstack([source, footprint, receiver])).convex_hull
    ring = shapely.get_coordinates(hull)[:-1]
    first = int(np.hypot(*(ring - source).T).argmin())
    ring = np.roll(ring, -first, axis=0)
    last = int(np.hypot(*(ring - receiver).T).argmin())
    return [side for side in (ring[1:last], ring[:last:-1]) if len(side)]
