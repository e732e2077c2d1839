"""Search: nearest features, features within a distance and polygons round positions, in arrays.

Positions come in chunks; nothing loops over them, and what a chunk gets does not depend on what
else is in it, so that callers may spread chunks over threads.
"""

from powerwall.region.search.lines import LineIndex
from powerwall.region.search.mixed import MixedIndex, index_of
from powerwall.region.search.points import PointIndex
from powerwall.region.search.polygons import PolygonIndex
from powerwall.region.search.positions import Positions

__all__ = ["LineIndex", "MixedIndex", "PointIndex", "PolygonIndex", "Positions", "index_of"]
