"""Receptors: who is protected where, of which class, and what is heard there without the campus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.rules.classes import class_of_kind
from powerwall.region.joins import authority_of
from powerwall.region.layers import Layers

LAYER, AMBIENT = "receptors", "ambient"
PERIODS = ("day", "night")
RESIDENTIAL = "residential"
BELOW_LEQ_DB = Parameter(
    3.0, "dB", 2.0, 6.0, "assumed: the background (LA90) lies this far below a level that is known as LAeq alone"
)  # fmt: skip
#: Ldn at one person per square mile, and what day and night lie below it. [dB(A)]
LDN_BASE = Parameter(22.0, "dB(A)", 18.0, 26.0, "EPA Levels Document 550/9-74-004 (1974), Ldn by population density, recalled")  # fmt: skip
BELOW_LDN_DB = {
    "day": Parameter(2.0, "dB", 1.0, 4.0, "assumed: day level below Ldn"),
    "night": Parameter(8.0, "dB", 6.0, 10.0, "assumed: night level below Ldn"),
}
_MILE2_KM2 = 2.589988110336


class Kind(NamedTuple):
    """Receptors that the same rules protect: the authority where they lie (None is unknown), and their class."""

    authority: str | None
    receptor_class: str


@dataclass(frozen=True)
class Receptors:
    """Receptors of a region.

    Attributes
    ----------
    frame
        As read, in the region's coordinate system.
    kinds, code
        Kinds that occur, and the kind of each receptor as a position in them. Shape (receptors,)
    assumed_class
        True where no column tells the class.
    ambient_dba
        Period → LAeq without the campus; NaN is unknown. [dB(A)], shape (receptors,)
    measured
        Period → True where that was measured.
    accuracy_m
        Standard deviation of the position. [m]
    """

    frame: gpd.GeoDataFrame
    kinds: tuple[Kind, ...]
    code: np.ndarray
    assumed_class: np.ndarray
    ambient_dba: dict[str, np.ndarray]
    measured: dict[str, np.ndarray]
    accuracy_m: np.ndarray

    def of_kinds(self, codes: Iterable[int]) -> np.ndarray:
        """Positions of the receptors of some kinds."""
        wanted = np.zeros(len(self.kinds), dtype=bool)
        wanted[list(codes)] = True
        return np.flatnonzero(wanted[self.code])

    @cached_property
    def is_point(self) -> np.ndarray:
        """True for a receptor without an outline of its own."""
        return _is_point(self.frame)

    @cached_property
    def position(self) -> np.ndarray | None:
        """Coordinates in the region's system, where all of them are points. [m], shape (receptors, 2)"""
        return (
            shapely.get_coordinates(self.frame.geometry.to_numpy()) if self.is_point.all() else None
        )


def read_receptors(layers: Layers) -> Receptors | None:
    """Receptors of the layers; None where there are none."""
    frame = layers.frame(LAYER)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        return None
    names, classes, assumed = _authorities(frame, layers), *_classes(frame)
    name_code, name_values = pd.factorize(names)
    class_code, class_values = pd.factorize(classes)
    code, joint = pd.factorize(name_code * len(class_values) + class_code)
    kinds = tuple(
        Kind(None if at < 0 else str(name_values[at]), str(class_values[of]))
        for at, of in zip(*divmod(joint, len(class_values)), strict=True)
    )
    ambient, measured = _ambient(frame, layers)
    accuracy = _numbers(frame, "location_accuracy_m", _numbers(frame, "distance_sd_m"))
    return Receptors(frame, kinds, code, assumed, ambient, measured, np.nan_to_num(accuracy))  # fmt: skip


def _numbers(frame: pd.DataFrame, column: str, otherwise: np.ndarray | float = np.nan) -> np.ndarray:  # fmt: skip
    """A column as numbers; NaN where there is none."""
    own = frame[column].to_numpy(dtype=float) if column in frame else np.full(len(frame), np.nan)
    return np.where(np.isnan(own), otherwise, own)


def _is_point(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(shapely.get_type_id(frame.geometry.to_numpy()) == shapely.GeometryType.POINT)


def _points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A point for every receptor, inside its outline where it has one."""
    if _is_point(frame).all():
        return frame
    return frame.set_geometry(frame.geometry.representative_point())


def _authorities(frame: gpd.GeoDataFrame, layers: Layers) -> pd.Series:
    """Authority of each receptor: its own column, else the outline it certainly lies in."""
    own = frame["jurisdiction_id"] if "jurisdiction_id" in frame else pd.Series(None, index=frame.index, dtype=object)  # fmt: skip
    outlines = layers.frame("jurisdictions")
    missing = own.isna()
    if not missing.any() or not isinstance(outlines, gpd.GeoDataFrame):
        return own
    return own.where(~missing, authority_of(_points(frame[missing]), outlines).reindex(frame.index))


def _classes(frame: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    """Class of each receptor, and whether it was assumed: its own, else that of its kind, else a home."""
    own = frame["receptor_class"] if "receptor_class" in frame else pd.Series(None, index=frame.index, dtype=object)  # fmt: skip
    missing = own.isna()
    if not missing.any():
        return own, missing.to_numpy()
    by_kind = {kind: class_of_kind(str(kind)) for kind in frame["kind"].dropna().unique()}
    found = own.where(~missing, frame["kind"].map(by_kind))
    assumed = found.isna()
    return found.where(~assumed, RESIDENTIAL), assumed.to_numpy()


def _ambient(
    frame: gpd.GeoDataFrame, layers: Layers
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Level without the campus: measured here, else of the regional layer, of land use, of density."""
    found = {period: _numbers(frame, f"ambient_{period}_dba") for period in PERIODS}
    measured = {period: ~np.isnan(level) for period, level in found.items()}
    for other in (_of_layer(frame, layers), _of_land_use(frame), _of_density(frame)):
        found = {period: np.where(np.isnan(level), other.get(period, np.nan), level) for period, level in found.items()}  # fmt: skip
    return found, measured


def _of_layer(frame: gpd.GeoDataFrame, layers: Layers) -> dict[str, np.ndarray]:
    areas = layers.frame(AMBIENT)
    if not isinstance(areas, gpd.GeoDataFrame):
        return {}
    inside = gpd.sjoin(_points(frame)[["geometry"]], areas, predicate="within")
    inside = inside[~inside.index.duplicated(keep=False)].reindex(frame.index)  # several: unknown
    return {period: _numbers(inside, f"ambient_{period}_dba") for period in PERIODS}


def _of_land_use(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    if "land_use_class" not in frame:
        return {}
    table = fact_table("ambient_by_land_use").set_index(["period", "land_use_class"])["level_dba"]
    return {period: table.loc[period].astype(float).reindex(frame["land_use_class"]).to_numpy() for period in PERIODS}  # fmt: skip


def _of_density(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    people = _numbers(frame, "population_per_km2") * _MILE2_KM2
    with np.errstate(divide="ignore", invalid="ignore"):
        ldn = LDN_BASE.value + 10 * np.log10(np.where(people > 0, people, np.nan))
    return {period: ldn - below.value for period, below in BELOW_LDN_DB.items()}


def ambient_of_sites(sites: gpd.GeoDataFrame, layers: Layers) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """As for receptors, at the sites themselves, for rules that hold at their own boundary."""
    return _ambient(sites, layers)
