"""Diffraction: what an edge takes from the sound that bends round it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from powerwall.criteria.noise.propagation.bands import BANDS_HZ
from powerwall.criteria.noise.propagation.ground import check_edition, not_negative

_WAVELENGTH_M = 340.0 / np.array(BANDS_HZ)
_C2 = 20.0  # ground reflections are part of it
_CAP_DB = (20.0, 25.0)  # one edge; two or more


def diffraction(
    to_edge_m: Any,
    from_edge_m: Any,
    direct_m: Any,
    between_edges_m: Any = 0.0,
    *,
    clear: Any = False,
    lateral: bool = False,
    edition: str = "1996",
    capped: bool = True,
) -> np.ndarray:
    """Attenuation Dz by diffraction over one or more edges. [dB], shape (..., 8)

    Parameters
    ----------
    to_edge_m, from_edge_m
        Source to the first edge, last edge to the receiver. [m]
    direct_m
        Source to receiver, straight. [m]
    between_edges_m
        Path between the first and the last edge; 0 is a single edge. [m]
    clear
        True where the straight line passes above the edge.
    lateral
        True for a path round the side: no refraction, no cap.
    edition
        `1996` or `2024`.
    capped
        False lifts the cap of 20 dB (25 dB for two edges) over the top.

    Raises
    ------
    ValueError
        If the edition is another, or a length is negative.

    References
    ----------
    ISO 9613-2:1996, equations 14 to 18; ISO/TR 17534-3:2015 for negative path differences.
    """
    check_edition(edition)
    not_negative(to_edge_m=to_edge_m, from_edge_m=from_edge_m, direct_m=direct_m, between_edges_m=between_edges_m)  # fmt: skip
    near, far, direct, between = (
        np.asarray(value, dtype=float)[..., None] for value in (to_edge_m, from_edge_m, direct_m, between_edges_m)
    )  # fmt: skip
    difference = near + between + far - direct
    z = np.where(np.asarray(clear)[..., None], -difference, difference)
    ratio = (5 * _WAVELENGTH_M / np.where(between > 0, between, 1.0)) ** 2
    c3 = np.where(between > 0, (1 + ratio) / (1 / 3 + ratio), 1.0)
    least = -2 * _WAVELENGTH_M / (_C2 * c3)
    bent = 1.0 if lateral else _refraction(near, far, direct, between, z, least, edition)
    turns = _C2 / _WAVELENGTH_M * c3 * z
    energy = 3 + turns * bent if edition == "1996" else 1 + (2 + turns) * bent
    loss = np.where(z > least, 10 * np.log10(np.maximum(energy, 1.0)), 0.0)
    if capped and not lateral:
        loss = np.minimum(loss, np.where(between > 0, _CAP_DB[1], _CAP_DB[0]))
    return np.asarray(loss)


def _refraction(
    near: np.ndarray, far: np.ndarray, direct: np.ndarray, between: np.ndarray,
    z: np.ndarray, least: np.ndarray, edition: str,
) -> np.ndarray:  # fmt: skip
    """Kmet: downwind the rays bend over the edge."""
    if edition == "1996":
        root = np.sqrt(near * far * direct / (2 * np.where(z > 0, z, 1.0)))
        return np.where(z > 0, np.exp(-root / 2000), 1.0)
    over = np.where(z > least, z - least, 1.0)
    longer, shorter = np.maximum(near, far) + between, np.minimum(near, far)
    return np.asarray(np.exp(-np.sqrt(longer * shorter * direct / (2 * over)) / 2000))


def screen_attenuation(
    ground_db: Any, over_top_db: Any, lateral_db: Sequence[Any] = ()
) -> np.ndarray:
    """Attenuation Abar of a screen, beside the ground's. [dB], shape (..., 8)

    Parameters
    ----------
    ground_db
        Attenuation by the ground without the screen. [dB]
    over_top_db, lateral_db
        Dz over the top, and round each side. [dB]

    Notes
    -----
    Over the top the screen takes the place of a ground that attenuates, and leaves one that adds.
    The paths add by energy, and a screen never makes it louder.
    """
    ground, top = np.asarray(ground_db, dtype=float), np.asarray(over_top_db, dtype=float)
    paths = [np.where(ground > 0, top - ground, top), *(np.asarray(side) for side in lateral_db)]
    energy = sum((10 ** (-0.1 * path) for path in paths), np.zeros(1))
    return np.asarray(np.maximum(-10 * np.log10(energy), 0.0))
