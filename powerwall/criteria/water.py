"""Water: how stressed the basin is, and which cap a provider names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import criterion

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layers

LAYER = "water_systems"
#: The score is this publication's, whatever else the row of a provider cites.
AQUEDUCT = "WRI Aqueduct 4.0, baseline water stress (Kuzma et al. 2023)"
STRESS_RANGE = (0.0, 5.0)  # the scale of the Aqueduct score


def _rows(sites: gpd.GeoDataFrame, layers: Layers, column: str) -> pd.DataFrame:
    """The water row of each site, as a measure of one of its columns."""
    frame = layers[LAYER].frame
    by_id = frame.set_index("water_area_id")
    rows = by_id.reindex(sites["water_area_id"]).set_index(sites.index)
    text = {name: rows.get(name) for name in ("source_title", "as_of", "status")}
    why = pd.Series(np.where(sites["water_area_id"].isna(), "no water system known here", f"no {column.replace('_', ' ')} known"),
                    index=sites.index)  # fmt: skip
    return pd.DataFrame({
        "value": rows.get(column, np.nan), "layer": LAYER, "row": sites["water_area_id"],
        "source": text["source_title"], "as_of": text["as_of"], "status": text["status"], "why": why, "note": _note(rows),
    }, index=sites.index)  # fmt: skip


def _note(rows: pd.DataFrame) -> pd.Series:
    """Level of detail, caps and triggers in words."""
    parts = []
    for column, lead in (
        ("stress_level_of_detail", "level: "),
        ("known_caps", "caps: "),
        ("permit_trigger", "trigger: "),
    ):
        if column in rows:
            text = rows[column].where(rows[column].notna() & (rows[column] != "As above"), "")
            parts.append([f"{lead}{cell}" if cell else "" for cell in text])
    joined = (
        ["; ".join(p for p in cells if p) for cells in zip(*parts, strict=True)] if parts else ""
    )
    return pd.Series(joined, index=rows.index, dtype=object)


@criterion(
    unit="0–5",
    value=[(1.0, 1.0), (4.0, 0.0)],
    why="Aqueduct 4.0 categories (Kuzma et al. 2023): under 1 is low, from 4 extremely high; linear between",
    needs={LAYER: ("baseline_water_stress_score",)},
    weight=1.0,
    uncertainty="a state's value stands for its basins: half a category either way (assumed)",
    grade="B",
)
def baseline_water_stress_score(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Baseline water stress of the basin, Aqueduct score."""
    measured = _rows(sites, layers, "baseline_water_stress_score")
    coarse = measured["note"].str.match("level: (country|state|county)").fillna(False)
    half = np.where(coarse, 0.5, 0.0)
    low, high = STRESS_RANGE
    return measured.assign(
        source=AQUEDUCT, as_of="2023",
        low=(measured["value"] - half).clip(low, high), high=(measured["value"] + half).clip(low, high),
        grade=np.where(coarse, "D", "B"), status=measured["status"].where(~coarse, "approximate"),
    )  # fmt: skip


@criterion(
    unit="m³/d",
    needs={LAYER: ("permit_trigger_m3_per_day",)},
    uncertainty="none stated",
    grade="B",
)
def water_trigger_m3_per_day(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Use from which the provider asks for a permit or sets a cap."""
    return _rows(sites, layers, "permit_trigger_m3_per_day")
