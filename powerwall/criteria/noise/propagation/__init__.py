"""Propagation: what a point source sends to a receiver outdoors, by octave band, downwind.

ISO 9613-2, edition 1996 with the readings of ISO/TR 17534-3, or 2024. Rooms: `bands` (frequencies
and weightings), `air` (absorption), `ground`, `diffraction` (one or two edges), `levels` (all of it
over flat ground or behind a long wall), `obstacles` (a wall or a block with its sides).
"""

from powerwall.criteria.noise.propagation.air import atmospheric_absorption
from powerwall.criteria.noise.propagation.bands import BANDS_HZ, a_weighted, c_weighted
from powerwall.criteria.noise.propagation.diffraction import diffraction, screen_attenuation
from powerwall.criteria.noise.propagation.ground import (
    GroundFactors,
    ground_attenuation,
    ground_factors,
)
from powerwall.criteria.noise.propagation.levels import (
    Barrier,
    meteorological_correction,
    received_levels,
)
from powerwall.criteria.noise.propagation.obstacles import Block, Wall, screened_levels

__all__ = [
    "BANDS_HZ",
    "Barrier",
    "Block",
    "GroundFactors",
    "Wall",
    "a_weighted",
    "atmospheric_absorption",
    "c_weighted",
    "diffraction",
    "ground_attenuation",
    "ground_factors",
    "meteorological_correction",
    "received_levels",
    "screen_attenuation",
    "screened_levels",
]
