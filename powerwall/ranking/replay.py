"""Replay: a ranking again, with one part of another taken into it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd

from powerwall.criteria.criterion import Criterion, Shared
from powerwall.criteria.measure import Measures, measure_with
from powerwall.ranking.attribution.points import with_points
from powerwall.ranking.attribution.reuse import Reuse
from powerwall.ranking.ingredients import MONEY, PROVENANCE, Ingredient
from powerwall.ranking.rank import Ranking, rank_with
from powerwall.ranking.requirements import resolve
from powerwall.ranking.settings import Settings
from powerwall.region.differences import in_system_of, key_column
from powerwall.region.findings import Findings
from powerwall.region.joins import join_sites
from powerwall.region.layers import Layer, Layers
from powerwall.region.read import Region
from powerwall.region.sites import sites_of

#: What measuring raises where a part of a layer is not legal without the rest: a p90 below its p50.
ILLEGAL = (ValueError, LookupError)


@dataclass(frozen=True)
class Replay:
    """An ingredient, and the base with it alone; None where it cannot be taken alone."""

    item: Ingredient
    alone: Ranking | None


def with_one(
    base: Ranking, head: Ranking, item: Ingredient, reuse: Reuse | None = None
) -> Ranking | None:
    """The base with one ingredient of the head; None for one that cannot be taken alone."""
    before, after = base.regions[0], head.regions[0]
    if item.kind in {"layer", "provenance"}:
        try:
            return _with_layer(base, _taken(base, head, item), item.name, reuse)
        except ILLEGAL:
            return None
    if item.kind == "sites":
        sites = {name: getattr(after.table.sites, name) for name in ("path", "id", "around", "grid")}  # fmt: skip
        table = before.table.model_copy(update={"sites": before.table.sites.model_copy(update=sites)})  # fmt: skip
        return _measured(base, _region(replace(before, table=table), before.layers))
    if item.kind in {"request", "as_of"} or item.name == "currency":
        names = MONEY if item.name == "currency" else (item.name,)
        given = {name: getattr(after.request, name) for name in names}
        return _measured(base, replace(before, request=replace(before.request, **given)))
    return None if item.name == "crs" else _settled(base, head, item)


def _taken(base: Ranking, head: Ranking, item: Ingredient) -> Layer | None:
    """A layer with the rows of the head, or with its provenance; None where it went."""
    name, before = item.name, base.regions[0]
    old, new = before.layers.get(name), head.regions[0].layers.get(name)
    if old is None or new is None:
        return None if new is None else replace(new, frame=in_system_of(new, before.sites.crs))
    if item.kind == "provenance":
        return replace(old, **{key: getattr(new, key) for key in PROVENANCE})
    frame = in_system_of(new, before.sites.crs)
    return replace(new, frame=frame, **{key: getattr(old, key) for key in PROVENANCE})


def with_rows(
    base: Ranking, head: Ranking, layer: str, rows: Collection[str],
    columns: Collection[str] | None = None, reuse: Reuse | None = None,
) -> Ranking:  # fmt: skip
    """The base with some rows of a layer as the head has them.

    Parameters
    ----------
    base, head
        Before and after; both hold the layer, and its rows have a key.
    layer, rows
        Its name, and the keys of the rows.
    columns
        Take the cells of these columns only, of rows that stand on both sides.
    reuse
        Measures of the base that need not be taken again.

    Raises
    ------
    ValueError, LookupError
        Where these rows or cells are not legal without the others: `ILLEGAL`.
    """
    before = base.regions[0]
    old = before.layers[layer]
    theirs = in_system_of(head.regions[0].layers[layer], before.sites.crs)
    key = key_column(old.frame, theirs, old.schema.key)
    ours = _keyed(old.frame, key)
    taken = theirs[theirs[key].astype(str).isin(set(rows))]
    if columns is not None:
        frame = _with_cells(old.frame, ours, _keyed(taken, key), taken, columns)
        return _with_layer(base, replace(old, frame=frame), layer, reuse)
    kept = old.frame[~old.frame[key].astype(str).isin(set(rows))]
    after = max(old.frame.index, default=-1) + 1  # a row that came stands behind the others
    places = [ours.get(name, after + at) for at, name in enumerate(taken[key].astype(str))]
    taken = taken.dropna(axis=1, how="all").set_axis(pd.Index(places, dtype=old.frame.index.dtype))
    parts = [part for part in (kept, taken) if len(part)]
    if not parts:  # a layer without rows cannot be read either
        return _with_layer(base, None, layer, reuse)
    frame = pd.concat(parts).sort_index() if len(parts) > 1 else parts[0]
    return _with_layer(base, replace(old, frame=frame), layer, reuse)


def _keyed(frame: pd.DataFrame, key: str) -> dict[str, int]:
    """Row key → index."""
    return dict(zip(frame[key].astype(str), (int(str(at)) for at in frame.index), strict=True))


def _with_cells(
    old: pd.DataFrame, ours: dict[str, int], rows: dict[str, int], new: pd.DataFrame, columns: Collection[str]
) -> pd.DataFrame:  # fmt: skip
    """A frame with cells of some columns from the rows of another one that stand in both."""
    source = {ours[name]: at for name, at in rows.items() if name in ours}
    frame = old.copy()
    for column in sorted(columns):
        cells = old[column].to_dict() if column in old else dict.fromkeys(old.index)
        cells |= {at: new[column][there] if column in new else None for at, there in source.items()}
        if column == "geometry":
            frame[column] = gpd.GeoSeries(cells, index=old.index, crs=old.crs)
            continue
        alike = column in old and column in new and old[column].dtype == new[column].dtype
        frame[column] = pd.Series(cells, index=old.index, dtype=old[column].dtype if alike else object)  # fmt: skip
        frame[column] = frame[column].infer_objects()
    return frame


def _with_layer(base: Ranking, layer: Layer | None, name: str, reuse: Reuse | None) -> Ranking:
    """The base with another content of a layer, or without it."""
    layers = Layers(base.regions[0].layers)
    layers.pop(name, None)
    layers |= {name: layer} if layer is not None else {}
    region = _region(base.regions[0], Layers(layers))
    return _measured(base, region, measures=reuse.measures(region, name) if reuse else None)


def _region(region: Region, layers: Layers) -> Region:
    """The region with other layers; which candidates there are, and what they lie in, follows."""
    unheard = Findings()
    sites = sites_of(region.table, layers, region.sites.crs, region.places, unheard)
    return replace(region, layers=layers, sites=join_sites(sites, layers, unheard))


def _measured(
    base: Ranking, region: Region, criteria: dict[str, Criterion] | None = None, measures: Measures | None = None
) -> Ranking:  # fmt: skip
    """The base with another region, measured here where nothing measured it yet."""
    criteria = criteria or base.criteria
    if measures is None:
        measures = measure_with(criteria, Shared(region.sites, region.layers, region.request))
    limits = resolve(region.table.require, criteria, region.request.mw, region.places, Findings())
    scaled = {name: item.points(region.request) for name, item in criteria.items() if item.scale and name not in region.table.values}  # fmt: skip
    values = {**base.settings.values, **{name: points for name, points in scaled.items() if points}}
    return rank_with((region,), measures, replace(base.settings, requirements=limits, values=values))  # fmt: skip


def _settled(base: Ranking, head: Ranking, item: Ingredient) -> Ranking | None:
    """The base with settings of the head; None where they are not legal alone."""
    region, settings, new = base.regions[0], base.settings, head.settings
    if item.kind == "criteria":
        taken = replace(settings, weights=new.weights, values=new.values)
        return _measured(replace(base, settings=taken), region, head.criteria)
    if item.kind == "require":
        require = dict(region.table.require)
        require.pop(item.name, None)
        theirs = head.regions[0].table.require
        require |= {item.name: theirs[item.name]} if item.name in theirs else {}
        limits = resolve(require, base.criteria, region.request.mw, region.places, Findings())
        return _reranked(base, replace(settings, requirements=limits))
    if item.kind == "weights":
        weights = new.weights if item.name == "weights" else with_points(base, head, item.name)
        return None if weights is None else _reranked(base, replace(settings, weights=weights))
    if item.kind == "values":
        values = {**settings.values, item.name: new.values[item.name]}
        return _reranked(base, replace(settings, values=values))
    return _reranked(base, replace(settings, min_coverage=new.min_coverage))


def _reranked(base: Ranking, settings: Settings) -> Ranking:
    region = base.regions[0]
    frames = {name: frame.loc[region.sites.index] for name, frame in base.measures.items()}
    by_plant = {plant: {name: frame.loc[region.sites.index] for name, frame in part.items()} for plant, part in base.measures.by_plant.items()}  # fmt: skip
    return rank_with((region,), Measures(base.criteria, frames, by_plant), settings)
