"""Positions: candidates as columns of coordinates, in the plane, in degrees and earth-centred."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from pyproj import CRS, Transformer

from powerwall.region.geometry import EARTH_RADIUS_M
from powerwall.region.search.kept import kept

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Whole = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

#: Distances that differ by less are equal: no layer is surveyed to a millimetre. [m]
TIE_M = 1e-3
#: Longer distances than half the mean circumference are cut there. [m]
_FARTHEST_M = np.pi * EARTH_RADIUS_M
_SEMI_MAJOR_M = 6_378_137.0  # WGS 84, defining parameter
_FLATTENING = 1 / 298.257223563  # WGS 84, defining parameter
_ECCENTRICITY2 = _FLATTENING * (2 - _FLATTENING)

_of_thread = threading.local()


@dataclass(frozen=True, eq=False)
class Positions:
    """Finite positions in a projected system. Use `Positions.of`, which converts its columns.

    Attributes
    ----------
    x, y
        float64, shape (n,). [m]
    crs
        Projected coordinate system of x and y.
    lon_lat
        Degrees, shape (n,) each, where they are known already; else computed on first use.
    """

    x: Floats
    y: Floats
    crs: CRS
    lon_lat: tuple[Floats, Floats] | None = None

    @classmethod
    def of(
        cls, x: object, y: object, crs: CRS | str, lon: object = None, lat: object = None
    ) -> Positions:
        """Positions from any columns of numbers; `lon` and `lat` [degrees] go together."""
        known = None if lon is None or lat is None else (_column(lon), _column(lat))
        return cls(_column(x), _column(y), CRS.from_user_input(crs), known)

    def __len__(self) -> int:
        return len(self.x)

    @kept
    def _degrees(self) -> tuple[Floats, Floats]:
        return self.lon_lat or degrees(self.crs, self.x, self.y)

    @property
    def lon(self) -> Floats:
        """Longitude, shape (n,). [degrees]"""
        return self._degrees[0]

    @property
    def lat(self) -> Floats:
        """Latitude, shape (n,). [degrees]"""
        return self._degrees[1]

    @kept
    def plane(self) -> Floats:
        """Columns x and y, shape (n, 2). [m]"""
        return np.column_stack([self.x, self.y])

    @kept
    def earth_centred(self) -> Floats:
        """Earth-centred coordinates, shape (n, 3). [m]"""
        return earth_centred(self.lon, self.lat)

    def to(self, rows: slice | Whole) -> Positions:
        """These rows alone, with what is known of their degrees and earth-centred coordinates."""
        known = self.__dict__.get("_degrees", self.lon_lat)
        part = Positions(
            self.x[rows], self.y[rows], self.crs, known and (known[0][rows], known[1][rows])
        )
        if "earth_centred" in self.__dict__:
            part.__dict__["earth_centred"] = self.earth_centred[rows]
        return part


def _column(numbers: object) -> Floats:
    return np.ascontiguousarray(numbers, dtype=np.float64)


def degrees(crs: CRS, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude (WGS 84) of projected coordinates. [degrees]

    A transformer is made once a thread and system: threads may not share one.
    """
    known = _of_thread.__dict__.setdefault("transformers", {})
    if crs not in known:
        known[crs] = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = known[crs].transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def earth_centred(lon: Floats, lat: Floats) -> Floats:
    """Position on the WGS 84 ellipsoid, height 0, from degrees. Shape (n, 3), [m]."""
    east, north = np.radians(lon), np.radians(lat)
    sine, cosine = np.sin(north), np.cos(north)
    normal = _SEMI_MAJOR_M / np.sqrt(1 - _ECCENTRICITY2 * (sine * sine))
    across = normal * cosine
    centred = np.empty((len(east), 3))
    centred[:, 0] = across * np.cos(east)
    centred[:, 1] = across * np.sin(east)
    centred[:, 2] = normal * (1 - _ECCENTRICITY2) * sine
    return centred


def chord2(one: Floats, other: Floats) -> Floats:
    """Squared straight distance between earth-centred positions. Shape (n, 3) → (n,), [m²].

    Sums x, y, z in this order: the compiled search does the same, to the last bit.
    """
    x, y, z = (np.ascontiguousarray(one[:, axis] - other[:, axis]) for axis in range(3))
    return x * x + y * y + z * z


def arc_m(one: Floats, other: Floats) -> Floats:
    """Distance along the Earth between earth-centred positions. Shape (n, 3) → (n,), [m].

    The arc of the mean sphere over the straight chord is within 0.001 % of the geodesic up to
    1,000 km.
    """
    half = np.sqrt(chord2(one, other)) / (2 * EARTH_RADIUS_M)
    return 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(half, 1.0))


def chord_m(arc: float) -> float:
    """Straight chord under an arc of the mean sphere; infinite from the antipode on. [m]"""
    if arc >= _FARTHEST_M:
        return float("inf")
    return float(2 * EARTH_RADIUS_M * np.sin(arc / (2 * EARTH_RADIUS_M)))
