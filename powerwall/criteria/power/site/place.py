"""Place: whose tables and which class of air hold at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.power.site.emissions import OZONE_NONATTAINMENT

if TYPE_CHECKING:
    from powerwall.region.layers import Layers


def abroad(site: pd.Series) -> bool:
    """Tell whether a site lies outside the United States, whose tables these are."""
    place = site["jurisdiction_id"]
    return isinstance(place, str) and place.split("-")[0] != "us"


def ozone_class(site: pd.Series, layers: Layers) -> str | None:
    """Class of the ozone nonattainment area of the site's authority, where the region states it."""
    frame = layers.frame("jurisdictions")
    if frame is None or "ozone_class" not in frame:
        return None
    rows = frame[frame["jurisdiction_id"] == site["jurisdiction_id"]]["ozone_class"].dropna()
    word = str(rows.iloc[0]).strip().lower() if len(rows) else ""
    return word if word in {*OZONE_NONATTAINMENT, "attainment"} else None
