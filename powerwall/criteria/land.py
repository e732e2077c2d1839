"""Land: how large a site is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import criterion

if TYPE_CHECKING:
    import geopandas as gpd


@criterion(unit="ha", uncertainty="none stated", grade="C")
def area_ha(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Area of the site."""
    return pd.DataFrame({
        "value": np.asarray(sites["area_ha"], dtype=float), "layer": "sites", "row": sites.index, "source": sites["source_title"],
        "as_of": sites["as_of"], "status": sites["status"], "why": "area unknown",
    }, index=sites.index)  # fmt: skip
