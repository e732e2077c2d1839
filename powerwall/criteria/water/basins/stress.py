"""Stress: how much of a cubic metre counts at each site by month, from its basin or its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.water.basins.aqueduct import (
    AQUEDUCT,
    AQUEDUCT_YEAR,
    ARID,
    LAYER,
    MONTHS,
    NEARLY_DRY,
    PARTS,
    PERIODS,
    SYSTEMS,
    TOP,
    Reading,
    label,
    numbers,
    read_indicator,
    reading_of,
)
from powerwall.region.joins import touching

if TYPE_CHECKING:
    from powerwall.region.layers import Layer, Layers

COARSE_SPREAD = Parameter(
    0.5, "score", 0.0, 1.0, "assumed: the value of a state or a county is half a category off in its basins"
)  # fmt: skip
#: Levels of detail that are no basin; their weights are of grade D.
COARSE_LEVELS = ("country", "state", "county")
MONTHLY, ANNUAL = "basin, monthly", "basin"
WEIGHTS = tuple(f"s_{month}" for month in MONTHS)
_TEXTS = ("label", "level", "layer", "row", "source", "as_of", "status", "grade", "why", "note")


@dataclass(frozen=True)
class _Found:
    """What one layer knows of some sites: numbers by column, texts by column, one row a site."""

    weight: np.ndarray
    annual: Reading
    spread: np.ndarray
    text: dict[str, np.ndarray]


def stress_of_sites(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Stress weights of every site, from its basin where one is known, else from its water system.

    Returns
    -------
    DataFrame
        Index `site_id`. `s_01` … `s_12` are weights, 0 to 1; NaN is unknown. `annual_score` is 0 to
        5, between `annual_low` and `annual_high`; `category` 0 to 4, or -1 where arid; `flag` True,
        False or None. `level` is `basin, monthly`, `basin` (the year's value in every month), or the
        level of detail of the water system. `grade` speaks of the weights: B by month, C where a
        basin's year stands for its months, D where a state or a county stands for its basins. `why`
        says what is unknown.
    """
    number = pd.DataFrame(np.nan, index=sites.index, columns=[*WEIGHTS, "annual_score", "annual_low", "annual_high", "category"])  # fmt: skip
    text = pd.DataFrame(dict.fromkeys(["flag", *_TEXTS], _same(None, sites)), index=sites.index, dtype=object)  # fmt: skip
    outlines = layers.get(LAYER)
    held = np.full(len(sites), -1)
    refused = np.full(len(sites), None, dtype=object)
    if outlines is not None and isinstance(outlines.frame, gpd.GeoDataFrame) and len(sites):
        held, refused = _holding(sites, outlines.frame)
        inside = np.flatnonzero(held >= 0)
        found = _of_basins(outlines, held[inside])
        known = ~np.isnan(found.weight).all(axis=1)
        _fill(number, text, inside, found)
        empty = inside[~known]
        text.iloc[empty, text.columns.get_loc("note")] = [f"basin {row} has no data" for row in text["row"].iloc[empty]]  # fmt: skip
        held[empty] = -1
    left = np.flatnonzero((held < 0) & pd.isna(refused))
    _fill(number, text, left, _of_systems(sites.iloc[left], layers), keep="note")
    shut = np.flatnonzero(~pd.isna(refused))
    text.iloc[shut, text.columns.get_loc("layer")] = LAYER
    text.iloc[shut, text.columns.get_loc("why")] = refused[shut]
    order = [*WEIGHTS, "annual_score", "annual_low", "annual_high", "category", "label", "flag", *_TEXTS[1:]]  # fmt: skip
    return pd.concat([number, text], axis=1)[order]


def _fill(number: pd.DataFrame, text: pd.DataFrame, at: np.ndarray, found: _Found, keep: str = "") -> None:  # fmt: skip
    """Write what was found into the rows `at`; `keep` is a text that stands unless a new one comes."""
    yearly, spread = found.annual.score, found.spread
    low, high = (np.clip(yearly + sign * spread, 0.0, TOP) for sign in (-1, 1))
    number.iloc[at] = np.column_stack([found.weight, yearly, low, high, found.annual.category])
    given: dict[str, np.ndarray] = {
        **found.text, "flag": found.annual.flag,
        "label": np.array([label(one) for one in found.annual.category], dtype=object),
    }  # fmt: skip
    for name, cells in given.items():
        old = text[name].to_numpy()[at]
        new = np.where(pd.isna(cells), old, cells) if name == keep else cells
        text.iloc[at, text.columns.get_loc(name)] = new


def _holding(sites: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Row of the basin that holds each site, or -1; and why it cannot be told where it cannot.

    Polygons of one basin meet at borders and aquifers: where all that may hold a site state the same,
    the answer is theirs, whichever it is.
    """
    kinds = _alike(outlines)
    pairs = touching(sites, outlines, "basin_id")
    pairs["kind"] = kinds[pairs["outline"].to_numpy()]
    # the surest first, then by id: the order of the file says nothing
    pairs = pairs.sort_values(["point", "sure", "id"], ascending=[True, False, True])
    each = pairs.groupby("point").agg(first=("outline", "first"), sure=("sure", "any"), kinds=("kind", "nunique"))  # fmt: skip
    held, refused = np.full(len(sites), -1), np.full(len(sites), None, dtype=object)
    held[each.index] = each["first"]
    unsure = each.index[~each["sure"] | (each["kinds"] > 1)]
    refused[unsure] = _refusals(sites, outlines, pairs[pairs["point"].isin(unsure)], kinds)
    held[~pd.isna(refused)] = -1
    return held, refused


def _refusals(sites: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, pairs: pd.DataFrame, kinds: np.ndarray) -> np.ndarray:  # fmt: skip
    """Why each point of the pairs has no certain basin, in the order of the points; None if it has.

    Points between the same polygons are looked at together: a grid has many along one edge.
    """
    named, accuracy = _names(outlines), _metres(outlines, "outline_accuracy_m")
    shapes, places = outlines.geometry.to_numpy(), sites.geometry.to_numpy()
    slack = _metres(sites, "location_accuracy_m")
    points, starts = np.unique(pairs["point"].to_numpy(), return_index=True)
    groups: dict[tuple[tuple[int, ...], float], list[int]] = {}
    parts = np.split(pairs["outline"].to_numpy(), starts[1:]) if len(points) else []
    for at, rows in enumerate(parts):
        key = (tuple(sorted(rows.tolist())), float(slack[points[at]]))
        groups.setdefault(key, []).append(at)
    told = np.full(len(points), None, dtype=object)
    for (several, own), members in groups.items():
        rows = np.array(several, dtype=int)
        names = sorted(set(named[rows]))
        if len(set(kinds[rows])) > 1:
            which = " and ".join(names) if len(names) > 1 else f"parts of {names[0]}"
            told[members] = f"at the edge of, or inside, {which}, which differ"
        else:
            deep = _deep(shapes[rows], places[points[members]], float(accuracy[rows].max()) + own)
            told[members] = _pick(deep, None, f"at the edge of {' and '.join(names)}, and what lies beyond is unknown")  # fmt: skip
    return told


def _deep(shapes: np.ndarray, points: np.ndarray, limit: float) -> np.ndarray:
    """Tell whether polygons hold points between them, by more than the limit.

    Each is widened first, so that gaps and overlaps narrower than the accuracy of edges are none.
    """
    near = shapely.union_all(shapely.buffer(points, 4 * limit + 1.0))  # beyond it no edge matters
    whole = shapely.union_all(shapely.buffer(shapely.intersection(shapes, near), limit))
    edge = shapely.distance(shapely.boundary(whole), points)
    return np.asarray(shapely.intersects(whole, points) & ((limit == 0) | (edge > 2 * limit)))


def _metres(frame: gpd.GeoDataFrame, column: str) -> np.ndarray:
    """An accuracy of each row; 0 where none is stated. [m]"""
    return frame[column].fillna(0.0).to_numpy(dtype=float) if column in frame else np.zeros(len(frame))  # fmt: skip


def _alike(outlines: gpd.GeoDataFrame) -> np.ndarray:
    """Number of each row's set of stress values; equal where the values are."""
    columns = [f"{period}_{part}" for period in PERIODS for part in PARTS if f"{period}_{part}" in outlines]  # fmt: skip
    if not columns:
        return np.zeros(len(outlines), dtype=int)
    return outlines[columns].groupby(columns, dropna=False, sort=False).ngroup().to_numpy()


def _names(outlines: gpd.GeoDataFrame) -> np.ndarray:
    """`basin 742801`: by its six digits where the layer has them, else by the id of the polygon."""
    ids = outlines["basin_id"].astype(object)
    if "pfaf_id" in outlines:
        ids = outlines["pfaf_id"].astype(object).where(outlines["pfaf_id"].notna(), ids)
    return np.array([f"basin {name}" for name in ids], dtype=object)


def _of_basins(layer: Layer, rows: np.ndarray) -> _Found:
    """Weights of rows of the layer `basins`: by month where any is known, else the year's in each."""
    frame = layer.frame.iloc[rows]
    annual = reading_of(frame, "bws")
    months = [reading_of(frame, period) for period in PERIODS[1:]]
    monthly = np.column_stack([month.weight for month in months])
    by_month = ~np.isnan(monthly).all(axis=1)
    weight = np.where(by_month[:, None], monthly, annual.weight[:, None])
    differ = np.column_stack([annual.disagrees, *(month.disagrees for month in months)])
    known = ~np.isnan(weight).all(axis=1)
    why = _pick(
        known,
        _pick(np.isnan(annual.score), "known by month, but not of the year", None),
        "no stress of this basin known",
    )
    missing = np.isnan(monthly).sum(axis=1)
    gaps = _pick(by_month & (missing > 0), _each("no data in {} of 12 months", missing), None)
    slips = _pick(differ.any(axis=1), _each("score and raw value differ by more than 0.05 in {} of its values; the raw value counts", differ.sum(axis=1)), None)  # fmt: skip
    dry = _pick(~by_month & (numbers(frame, "bws_raw") == NEARLY_DRY), "supply is nearly nil: counted as the highest stress", None)  # fmt: skip
    arid = _pick(~by_month & (annual.category == ARID), "arid with little use: counted as the highest stress", None)  # fmt: skip
    text = {
        "level": _pick(by_month, MONTHLY, ANNUAL), "grade": _pick(by_month, "B", "C"), "layer": _same(LAYER, rows),
        "row": frame["basin_id"].to_numpy(dtype=object), "status": _column(frame, "status"),
        "source": _column(frame, "source_title", layer.title or AQUEDUCT),
        "as_of": _column(frame, "as_of", layer.as_of.isoformat() if layer.as_of else None),
        "why": why, "note": _joined(gaps, slips, _pick(pd.isna(arid), dry, arid)),
    }  # fmt: skip
    return _Found(weight, annual, np.zeros(len(rows)), text)


def _of_systems(sites: gpd.GeoDataFrame, layers: Layers) -> _Found:
    """Weights of the sites' water systems: one score for the whole year."""
    systems = layers.frame(SYSTEMS)
    ids = sites["water_area_id"].to_numpy(dtype=object) if "water_area_id" in sites else _same(None, sites)  # fmt: skip
    if systems is None:
        rows = pd.DataFrame(index=range(len(sites)))
    else:
        rows = systems.set_index("water_area_id").reindex(ids).reset_index(drop=True)
    scores = numbers(rows, "baseline_water_stress_score")
    annual = read_indicator("bws", np.full(len(rows), np.nan), scores)
    level = _column(rows, "stress_level_of_detail")
    coarse = np.array([is_coarse(one) for one in level], dtype=bool)
    known = ~np.isnan(annual.score)
    nothing = "no water system known here" if systems is not None else f"no layer {SYSTEMS}"
    why = _pick(known, None, _pick(pd.isna(ids) | (systems is None), nothing, "no baseline water stress score known"))  # fmt: skip
    text = {
        "level": _pick(known, _pick(pd.isna(level), "level not stated", level), None), "grade": _pick(known, _pick(coarse, "D", "C"), None),
        "layer": _same(SYSTEMS, sites), "row": _pick(pd.isna(ids), None, ids), "source": _pick(known, AQUEDUCT, None),
        "as_of": _pick(known, AQUEDUCT_YEAR, None), "status": _pick(known & coarse, "approximate", _column(rows, "status")),
        "why": why, "note": _same(None, sites),
    }  # fmt: skip
    weight = np.repeat(annual.weight[:, None], len(WEIGHTS), axis=1)
    return _Found(weight, annual, np.where(coarse, COARSE_SPREAD.value, 0.0), text)


def aware_factors(layers: Layers, row: object) -> np.ndarray | None:
    """Factors of AWARE of a basin by month, from `aware_01_cf` … ; None where it has none. Shape (12,)"""
    outlines = layers.frame(LAYER)
    names = [f"aware_{month}_cf" for month in MONTHS]
    if outlines is None or not set(names) <= set(outlines):
        return None
    found = outlines.loc[outlines["basin_id"] == row, names].to_numpy(dtype=float)
    return found[0] if len(found) and not np.isnan(found[0]).all() else None


def is_coarse(level: object) -> bool:
    """Tell whether a level of detail is wider than a basin; one that is not stated counts as that."""
    return not isinstance(level, str) or level.strip().casefold().startswith(COARSE_LEVELS)


def _column(frame: pd.DataFrame, column: str, default: str | None = None) -> np.ndarray:
    """Cells of a text column as objects; the default where there is none."""
    cells = frame[column].to_numpy(dtype=object) if column in frame else _same(None, frame)
    return _pick(pd.isna(cells), default, cells)


def _pick(where: Any, yes: Any, no: Any) -> np.ndarray:
    """One of two texts, or of two columns of texts, row by row."""
    return np.where(where, np.asarray(yes, dtype=object), np.asarray(no, dtype=object))


def _each(text: str, counts: np.ndarray) -> np.ndarray:
    """The text with the count of each row."""
    return np.array([text.format(count) for count in counts], dtype=object)


def _same(text: str | None, like: Any) -> np.ndarray:
    return np.full(len(like), text, dtype=object)


def _joined(*parts: np.ndarray) -> np.ndarray:
    """Texts side by side, without the empty ones; None where all are."""
    return np.array(["; ".join(str(p) for p in cells if p) or None for cells in zip(*parts, strict=True)], dtype=object)  # fmt: skip
