"""How long noise takes at scale."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from protocol import Options, Result, demand, measured, peak_mb
from scipy.spatial import cKDTree

from powerwall.criteria.noise.campus import level_at, level_table
from powerwall.criteria.noise.exposure import Exposure, exposure_of
from powerwall.criteria.noise.scene import scene
from powerwall.region.geometry import nearest
from powerwall.region.layers import Layer, Layers
from powerwall.region.request import Request
from powerwall.region.tables import CellPlaces

SITES, RECEPTORS, CRS = 100_000, 2_000_000, "EPSG:5070"
OUTLINES, OUTLINE_SITES, LOOK_UPS = 300_000, 20_000, 5_000_000
#: Class of receptor → its limit at night [dB(A)]; six queries.
LIMITS = {"residential": 45, "commercial": 55, "industrial": 65, "mixed_use_residential": 50, "de_wa_ws": 40, "de_mu": 48}  # fmt: skip
#: Sound power of a source by octave. [dB]
OCTAVES_DB = [115, 118, 119, 116, 112, 110, 107, 103]


def _places(rng: np.random.Generator, count: int, width_m: float) -> np.ndarray:
    return rng.uniform(0, width_m, (count, 2)) + np.array([0.0, 1.8e6])


def receptors(options: Options) -> list[Result]:
    """Sites meet two million receptors of six classes, day and night."""
    rng = np.random.default_rng(0)
    # the same density of both, whatever the share
    width_m = 5e5 * options.share**0.5
    sites_xy, heard_xy = (_places(rng, options.part(n), width_m) for n in (SITES, RECEPTORS))
    sites = gpd.GeoDataFrame({
        "jurisdiction_id": "us-xx", "location_accuracy_m": 20.0, "area_ha": rng.choice([10.0, 20.0, 40.0], len(sites_xy)),
    }, geometry=shapely.points(sites_xy), index=pd.RangeIndex(len(sites_xy), name="site_id"), crs=CRS)  # fmt: skip
    kinds = rng.choice(list(LIMITS), len(heard_xy))
    heard = gpd.GeoDataFrame({
        "receptor_id": np.arange(len(heard_xy)), "kind": "housing", "jurisdiction_id": "us-xx", "location_accuracy_m": 10.0,
        "receptor_class": kinds,
    }, geometry=shapely.points(heard_xy), crs=CRS)  # fmt: skip
    rules = pd.DataFrame([
        {"rule_id": name, "jurisdiction_id": "us-xx", "kind": "absolute", "metric": "LAeq", "receptor_class": name, "limit_db": limit,
         "rule_status": "in_force", "status": "verified"} for name, limit in LIMITS.items()
    ]).astype(object)  # fmt: skip
    layers = Layers({name: Layer(name, None, frame, CellPlaces(None)) for name, frame in (("receptors", heard), ("noise_rules", rules))})  # fmt: skip
    request = Request(mw=100.0, need_by=date(2031, 1, 1), as_of=date(2026, 11, 1))

    def margins(some: gpd.GeoDataFrame) -> Exposure:
        return exposure_of(scene(some, layers, request, "air-chiller"))

    def bare() -> None:
        for name in LIMITS:
            cKDTree(heard_xy[kinds == name]).query(sites_xy)

    def check(found: Exposure) -> None:
        few, whole = margins(sites.iloc[:10]).frames["night"], found.frames["night"]
        same = np.allclose(few["margin_db"], whole["margin_db"].iloc[:10], rtol=0, atol=1e-9, equal_nan=True)  # fmt: skip
        demand(same, "sites among many have other margins than alone")
        demand(whole["margin_db"].notna().any(), "no margin is known")

    data_mb = peak_mb()
    result = measured(f"noise at {len(heard_xy):,} receptors, 6 classes, day and night", len(sites), lambda: margins(sites), options,
                      bound=("bare cKDTrees, nearest of each class", bare), check=check,
                      aims={"seconds": 5.0, "peak_mb": 2000.0})  # fmt: skip
    result.figures["data_mb"] = data_mb
    return [result]


def look_ups(options: Options) -> list[Result]:
    """The table of a disc of sources, and levels read from it."""
    table = level_table(OCTAVES_DB, 10, 1.5, 300)
    metres = np.random.default_rng(0).uniform(1, 20_000, options.part(LOOK_UPS))

    def check(levels: np.ndarray) -> None:
        order = np.argsort(metres)
        demand((np.diff(levels[order]) <= 1e-9).all(), "a level rises with the distance")

    grid = np.linspace(0, 20_000, 200)
    return [
        measured("table of a disc", 1, lambda: level_table(OCTAVES_DB, 10, 1.5, 300), options, aims={"seconds": 0.1}),
        measured("levels from the table", len(metres), lambda: np.asarray(level_at(table, metres, "A")), options,
                 bound=("np.interp", lambda: np.interp(metres, grid, -grid)), check=check, aims={"seconds": 0.5}),
    ]  # fmt: skip


def outlines(options: Options) -> list[Result]:
    """The nearest of many outlines."""
    rng = np.random.default_rng(0)
    sites = gpd.GeoSeries(shapely.points(_places(rng, options.part(OUTLINE_SITES), 1e5)), crs=CRS)
    squares = shapely.buffer(shapely.points(_places(rng, options.part(OUTLINES), 1e5)), 30, cap_style="square")  # fmt: skip
    parcels = gpd.GeoSeries(squares, crs=CRS)

    def bare() -> np.ndarray:
        tree = shapely.STRtree(squares)
        return tree.query_nearest(sites.to_numpy(), return_distance=True, all_matches=False)[1]

    def check(found: tuple[np.ndarray, np.ndarray]) -> None:
        chosen = shapely.distance(sites.to_numpy(), squares[found[0]])
        demand(
            np.allclose(chosen, bare(), atol=1e-6), "another outline is nearer than the one found"
        )

    return [
        measured(f"nearest of {len(squares):,} outlines", len(sites), lambda: nearest(sites, parcels), options,
                 bound=("STRtree, built and asked", bare), check=check, aims={"seconds": 0.5})
    ]  # fmt: skip
