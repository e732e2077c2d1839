"""Ground: what it takes from the sound, or adds, on the way.

A ground factor G is 0 for hard ground (paving, water, ice), 1 for porous (grass, crops, forest),
between them the porous share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_REGION = 30.0  # heights: length of the regions at the source and at the receiver
EDITIONS = ("1996", "2024")


class GroundFactors(NamedTuple):
    """Ground factors of the regions of a path, each a number or an array. [0–1]"""

    source: Any
    middle: Any
    receiver: Any


def ground_factors(
    lengths_m: Sequence[float],
    ground: Sequence[float],
    source_height_m: float,
    receiver_height_m: float,
) -> GroundFactors:
    """Ground factors of a path of several pieces, as length-weighted means over its regions.

    Parameters
    ----------
    lengths_m, ground
        Consecutive pieces from source to receiver: horizontal length [m] and G [0–1].
    source_height_m, receiver_height_m
        Above local ground. [m]

    Raises
    ------
    ValueError
        If there are no pieces, or not one G a piece, or one is out of its range, or a height is
        negative.

    Notes
    -----
    Without a middle region, `middle` is the mean of the whole path; it has no effect there.
    """
    not_negative(source_height_m=source_height_m, receiver_height_m=receiver_height_m)
    lengths, factors = np.asarray(lengths_m, dtype=float), np.asarray(ground, dtype=float)
    if lengths.size == 0 or lengths.shape != factors.shape:
        raise ValueError("ground: as many lengths as factors are needed, at least one")
    if not (lengths >= 0).all() or not lengths.sum() > 0:
        raise ValueError("ground: lengths are 0 or more, not all of them 0")
    _in_range(factors)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    path = ends[-1]

    def mean(start: float, end: float) -> float:
        inside = np.clip(np.minimum(ends[1:], end) - np.maximum(ends[:-1], start), 0, None)
        return float(inside @ factors / (end - start))

    near, far = min(_REGION * source_height_m, path), min(_REGION * receiver_height_m, path)
    middle = (near, path - far) if near + far < path else (0.0, path)
    return GroundFactors(
        mean(0.0, near) if near > 0 else float(factors[0]),
        mean(*middle),
        mean(path - far, path) if far > 0 else float(factors[-1]),
    )


def ground_attenuation(
    source_height_m: float,
    receiver_height_m: float,
    distance_m: Any,
    ground: Any = 0.5,
    edition: str = "1996",
) -> np.ndarray:
    """Attenuation by the ground, general method. [dB], shape (..., 8); negative is a gain

    Parameters
    ----------
    source_height_m, receiver_height_m
        Above local ground. [m]
    distance_m
        Horizontal distance, of any shape. [m]
    ground
        G [0–1], an array of it that broadcasts against the distances, or `GroundFactors`.
    edition
        `1996` or `2024`.

    Raises
    ------
    ValueError
        If the edition is another, G is not 0–1, or a height or distance is negative.

    References
    ----------
    ISO 9613-2:1996, 7.3.1 and table 3; ISO 9613-2:2024, the same with the geometric factor Kgeo.
    """
    check_edition(edition)
    distance = np.asarray(distance_m, dtype=float)
    not_negative(source_height_m=source_height_m, receiver_height_m=receiver_height_m, distance_m=distance)  # fmt: skip
    each = ground if isinstance(ground, GroundFactors) else GroundFactors(ground, ground, ground)
    at_source, middle, at_receiver = (np.asarray(factor, dtype=float) for factor in each)
    for factor in (at_source, middle, at_receiver):
        _in_range(factor)
    total = (
        _region(source_height_m, distance, at_source)
        + _region(receiver_height_m, distance, at_receiver)
        + _middle(source_height_m, receiver_height_m, distance, middle)
    )
    if edition == "1996":
        return np.asarray(total)
    apart, mirrored = source_height_m - receiver_height_m, source_height_m + receiver_height_m
    slants = np.stack([distance**2 + apart**2, distance**2 + mirrored**2])
    geometric = slants[0] / np.where(slants[1] > 0, slants[1], 1.0)
    return np.asarray(-10 * np.log10(1 + (10 ** (-0.1 * total) - 1) * geometric[..., None]))


def _region(height_m: float, distance: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Region at the source or at the receiver. [dB], shape (..., 8)"""
    h2, grows = height_m**2, 1 - np.exp(-distance / 50)
    shapes = [
        1.5 + 3.0 * np.exp(-0.12 * (height_m - 5) ** 2) * grows
        + 5.7 * np.exp(-0.09 * h2) * (1 - np.exp(-2.8e-6 * distance**2)),
        1.5 + 8.6 * np.exp(-0.09 * h2) * grows,
        1.5 + 14.0 * np.exp(-0.46 * h2) * grows,
        1.5 + 5.0 * np.exp(-0.9 * h2) * grows,
    ]  # fmt: skip
    flat = np.broadcast_to(-1.5, np.broadcast_shapes(distance.shape, factor.shape))
    high = -1.5 * (1 - factor) + np.zeros_like(flat)
    return np.stack([flat, *(-1.5 + factor * shape for shape in shapes), high, high, high], axis=-1)


def _middle(hs: float, hr: float, distance: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Region between them, where the path is long enough to have one. [dB], shape (..., 8)"""
    reach = _REGION * (hs + hr)
    q = np.where(distance > reach, 1 - reach / np.where(distance > reach, distance, 1.0), 0.0)
    lowest, others = -3 * q + 0 * factor, -3 * q * (1 - factor)
    return np.stack([lowest, *[others] * 7], axis=-1)


def alternative_attenuation(
    mean_height_m: float, slant_m: np.ndarray, distance: np.ndarray, hs: float, hr: float
) -> np.ndarray:
    """Alternative method with its directivity term: Agr − D_Ω, one number for all bands. [dB]

    Only for A-weighted levels over mostly porous ground without tones (ISO 9613-2, 7.3.2).
    """
    attenuation = 4.8 - 2 * mean_height_m / slant_m * (17 + 300 / slant_m)
    squares = distance**2 + np.array([(hs - hr) ** 2, (hs + hr) ** 2]).reshape(2, *[1] * distance.ndim)  # fmt: skip
    ratio = np.where(squares[1] > 0, squares[0] / np.where(squares[1] > 0, squares[1], 1.0), 1.0)
    return np.asarray(np.maximum(attenuation, 0.0) - 10 * np.log10(1 + ratio))


def check_edition(edition: str) -> None:
    """Raise ValueError for an edition that is none."""
    if edition not in EDITIONS:
        raise ValueError(f"edition `{edition}`: must be {' or '.join(EDITIONS)}")


def not_negative(**values: Any) -> None:
    """Raise ValueError for a height or distance below 0, or unknown."""
    for name, value in values.items():
        if not (np.asarray(value, dtype=float) >= 0).all():
            raise ValueError(f"{name} must be 0 or more")


def _in_range(factor: np.ndarray) -> None:
    if not ((factor >= 0) & (factor <= 1)).all():
        raise ValueError("ground: a ground factor lies between 0 (hard) and 1 (porous)")
