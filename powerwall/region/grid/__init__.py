"""The grid of candidate cells: within a boundary, without what excludes them.

`rules` looks up what the region file asks, `scanlines` and `overlaps` tell which square cells it
hits, `sieve` combines that and counts, `patches` joins cells, `hexagons` does the same for H3,
`plan` runs it all.
"""

from powerwall.region.grid.cells import Cells
from powerwall.region.grid.funnel import Funnel, Step
from powerwall.region.grid.plan import GridPlan, plan_cells

__all__ = ["Cells", "Funnel", "GridPlan", "Step", "plan_cells"]
