"""Geometry: nearest features and distances, found in the plane and measured on the ellipsoid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer

_GEOD = Geod(ellps="WGS84")
EARTH_RADIUS_M = 6_371_008.8  # mean radius (IUGG)


def nearest(points: gpd.GeoSeries, features: gpd.GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    """Nearest feature of each point, and the distance to it on the ellipsoid. [m]

    Parameters
    ----------
    points, features
        In one projected coordinate system; features of any kind.

    Returns
    -------
    which, metres
        Position of the feature and distance, shape (points,). The first of equally near ones.
    """
    shapes = features.to_numpy()
    if len(shapes) > 1 and (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        pair = shapely.get_coordinates(points.to_numpy()), shapely.get_coordinates(shapes)
        return nearest_position(*pair, points.crs)
    which = _first_nearest(points.to_numpy(), shapes)
    return which, ellipsoidal(points, features.iloc[which])


def nearest_position(points: np.ndarray, targets: np.ndarray, crs: CRS) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """As `nearest`, among points alone, by their coordinates in a projected system. Shape (n, 2) each"""
    from scipy.spatial import KDTree

    tree = KDTree(targets, balanced_tree=False, compact_nodes=False)
    apart, found = tree.query(points, k=[1, 2][: len(targets)], workers=-1)
    which = found[:, 0].astype(int)
    if len(targets) > 1 and (tied := apart[:, 0] == apart[:, 1]).any():
        which[tied] = _first_nearest(shapely.points(points[tied]), shapely.points(targets))
    return which, _apart(points, targets[which], crs)


def _first_nearest(points: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    at, found = shapely.STRtree(shapes).query_nearest(points, all_matches=True)
    which = np.full(len(points), len(shapes), dtype=int)
    np.minimum.at(which, at, found)
    return which


def nearest_point(points: gpd.GeoSeries, targets: gpd.GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    """Nearest of many points by great circle, and the distance to it. [m]

    As `nearest`, faster, for points alone: a k-d tree of chords through the Earth knows no
    projection. The sphere is up to 0.6 % off the ellipsoid.
    """
    from scipy.spatial import KDTree

    balls = [_on_sphere(series) for series in (targets, points)]
    chord, which = KDTree(balls[0]).query(balls[1], workers=-1)
    return which, 2 * EARTH_RADIUS_M * np.arcsin(np.clip(chord / 2, 0.0, 1.0))


def _on_sphere(series: gpd.GeoSeries) -> np.ndarray:
    """Points of a unit sphere. Shape (n, 3)"""
    x, y = shapely.get_coordinates(series.to_numpy()).T
    lon, lat = (np.radians(part) for part in _degrees(series.crs, x, y))
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def ellipsoidal(points: gpd.GeoSeries, features: gpd.GeoSeries) -> np.ndarray:
    """Distance of each point to the feature in the same row, on the ellipsoid. [m]

    A plane in metres is off by its scale, up to 4 parts in 10,000 inside a UTM zone.
    """
    pair = points.to_numpy(), features.to_numpy()
    ends = shapely.get_coordinates(shapely.shortest_line(*pair)).reshape(-1, 2, 2)
    return _apart(ends[:, 0], ends[:, 1], points.crs)


def _apart(one: np.ndarray, other: np.ndarray, crs: CRS) -> np.ndarray:
    """Distance on the ellipsoid between positions in a projected system. [m]"""
    ends = np.stack([one, other], axis=1)
    lon, lat = _degrees(crs, ends[..., 0], ends[..., 1])
    _, _, metres = _GEOD.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])
    return np.asarray(metres)


def _degrees(crs: CRS, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    return np.asarray(lon), np.asarray(lat)
