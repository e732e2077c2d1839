"""Replay: a ranking again, with one part of another taken into it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from powerwall.criteria.criterion import Criterion, Shared
from powerwall.criteria.measure import Measures, measure_with
from powerwall.ranking.ingredients import MONEY, Ingredient
from powerwall.ranking.rank import Ranking, rank_with
from powerwall.ranking.requirements import resolve
from powerwall.ranking.settings import Settings
from powerwall.region.differences import in_system_of, key_column
from powerwall.region.findings import Findings
from powerwall.region.joins import join_sites
from powerwall.region.layers import Layers
from powerwall.region.read import Region
from powerwall.region.sites import sites_of


@dataclass(frozen=True)
class Replay:
    """An ingredient, and the base with it alone; None where it cannot be taken alone."""

    item: Ingredient
    alone: Ranking | None


def with_one(base: Ranking, head: Ranking, item: Ingredient) -> Ranking | None:
    """The base with one ingredient of the head; None for one that cannot be taken alone."""
    before, after = base.regions[0], head.regions[0]
    if item.kind == "layer":
        layers = Layers(before.layers)
        layers.pop(item.name, None)
        if item.name in after.layers:
            new = after.layers[item.name]
            layers[item.name] = replace(new, frame=in_system_of(new, before.sites.crs))
        return _measured(base, _region(before, layers))
    if item.kind == "sites":
        sites = {name: getattr(after.table.sites, name) for name in ("path", "id", "around", "grid")}  # fmt: skip
        table = before.table.model_copy(update={"sites": before.table.sites.model_copy(update=sites)})  # fmt: skip
        return _measured(base, _region(replace(before, table=table), before.layers))
    if item.kind in {"request", "as_of"} or item.name == "currency":
        names = MONEY if item.name == "currency" else (item.name,)
        given = {name: getattr(after.request, name) for name in names}
        return _measured(base, replace(before, request=replace(before.request, **given)))
    return None if item.name == "crs" else _settled(base, head, item)


def with_rows(base: Ranking, head: Ranking, layer: str, row: str) -> Ranking:
    """The base with one row of a layer as the head has it."""
    before = base.regions[0]
    old, new = before.layers[layer], head.regions[0].layers[layer]
    theirs = in_system_of(new, before.sites.crs)
    key = key_column(old.frame, theirs, old.schema.key)
    kept = old.frame[old.frame[key].astype(str) != row]
    taken = theirs[theirs[key].astype(str) == row].dropna(axis=1, how="all")
    taken = taken.set_axis(
        old.frame.index[old.frame[key].astype(str) == row]
        if len(kept) < len(old.frame) and len(taken)
        else pd.RangeIndex(len(old.frame), len(old.frame) + len(taken))
    )
    frame = pd.concat([kept, taken]).sort_index() if len(taken) else kept
    layers = Layers({**before.layers, layer: replace(old, frame=frame)})
    return _measured(base, _region(before, layers))


def _region(region: Region, layers: Layers) -> Region:
    """The region with other layers; which candidates there are, and what they lie in, follows."""
    unheard = Findings()
    sites = sites_of(region.table, layers, region.sites.crs, region.places, unheard)
    return replace(region, layers=layers, sites=join_sites(sites, layers, unheard))


def _measured(base: Ranking, region: Region, criteria: dict[str, Criterion] | None = None) -> Ranking:  # fmt: skip
    criteria = criteria or base.criteria
    measures = measure_with(criteria, Shared(region.sites, region.layers, region.request))
    limits = resolve(region.table.require, criteria, region.request.mw, region.places, Findings())
    scaled = {name: item.points(region.request) for name, item in criteria.items() if item.scale and name not in region.table.values}  # fmt: skip
    values = {**base.settings.values, **{name: points for name, points in scaled.items() if points}}
    return rank_with((region,), measures, replace(base.settings, requirements=limits, values=values))  # fmt: skip


def _settled(base: Ranking, head: Ranking, item: Ingredient) -> Ranking:
    """The base with settings of the head."""
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
        return _reranked(base, replace(settings, weights=new.weights))
    if item.kind == "values":
        values = {**settings.values, item.name: new.values[item.name]}
        return _reranked(base, replace(settings, values=values))
    return _reranked(base, replace(settings, min_coverage=new.min_coverage))


def _reranked(base: Ranking, settings: Settings) -> Ranking:
    region = base.regions[0]
    frames = {name: frame.loc[region.sites.index] for name, frame in base.measures.items()}
    by_plant = {plant: {name: frame.loc[region.sites.index] for name, frame in part.items()} for plant, part in base.measures.by_plant.items()}  # fmt: skip
    return rank_with((region,), Measures(base.criteria, frames, by_plant), settings)
