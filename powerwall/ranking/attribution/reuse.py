"""Reuse: a region measured again with another layer, without what never read that layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion, Shared, depends
from powerwall.criteria.measure import Measures, measure_with
from powerwall.criteria.water.plants import AUTO
from powerwall.region.layers import Layer, Layers

if TYPE_CHECKING:
    from powerwall.region.read import Region

_ALL = "*"  # stands for every layer, where the layers as such were listed


class _Watched(Layers):
    """Layers that note which of them are read."""

    def __init__(self, layers: Layers) -> None:
        super().__init__(layers)
        self.read: set[str] = set()

    def noted(self, action: Callable[[], object]) -> frozenset[str]:
        """Names of the layers that an action reads."""
        self.read.clear()
        action()
        return frozenset(self.read)

    def __getitem__(self, name: str) -> Layer:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self.read.add(_ALL)
        return super().__iter__()

    def __len__(self) -> int:
        self.read.add(_ALL)
        return super().__len__()

    def keys(self) -> Any:
        self.read.add(_ALL)
        return super().keys()

    def values(self) -> Any:
        self.read.add(_ALL)
        return super().values()

    def items(self) -> Any:
        self.read.add(_ALL)
        return super().items()


class Reuse:
    """A region measured once, and again with one layer changed at a time.

    At a site that stays the same, a criterion is measured again if it, or anything that rests on the same shared results, read the
    changed layer: a shared result may hold its layers and look into them late.
    """

    def __init__(self, region: Region, criteria: dict[str, Criterion]) -> None:
        self._region, self._criteria = region, criteria
        self._frames: dict[str, pd.DataFrame] = {}
        self._reads: dict[str, frozenset[str]] = {}

    def measures(self, region: Region, layer: str) -> Measures:
        """Measures of the region as it is with another content of one layer.

        Parameters
        ----------
        region
            The region, which differs in that layer and in the sites that follow from it.
        layer
            Its name.
        """
        shared = Shared(region.sites, region.layers, region.request)
        if region.request.cooling == AUTO:
            return measure_with(self._criteria, shared)
        if not self._frames:
            self._watch()
        kept = _alike(self._region.sites, region.sites)
        rest = region.sites[~region.sites.index.isin(kept)]
        apart = Shared(rest, region.layers, region.request)
        frames = {}
        for name, item in self._criteria.items():
            if self._reads[name] & {layer, _ALL}:
                frames[name] = shared.measure(item)
                continue
            frames[name] = self._frames[name].loc[kept]
            if len(rest):
                parts = [part for part in (frames[name], apart.measure(item)) if len(part)]
                columns = {column: np.concatenate([part[column].to_numpy() for part in parts]) for column in frames[name]}  # fmt: skip
                index = parts[0].index.append([part.index for part in parts[1:]])
                frames[name] = pd.DataFrame(columns, index=index)
            if not frames[name].index.equals(region.sites.index):
                frames[name] = frames[name].reindex(region.sites.index)
        return Measures(self._criteria, frames)

    def _watch(self) -> None:
        """Measure the region, and note which layers each criterion may have read."""
        layers = _Watched(self._region.layers)
        shared = Shared(self._region.sites, layers, self._region.request)
        names = sorted({name for item in self._criteria.values() for name in item.asks_for})
        names.sort(key=lambda name: sum(depends(other, name) for other in names))  # bases first
        own = {name: layers.noted(lambda name=name: shared(name)) for name in names}  # type: ignore[misc]
        mine = {}
        for name, item in self._criteria.items():
            mine[name] = layers.noted(lambda name=name, item=item: self._frames.update({name: shared.measure(item)}))  # type: ignore[misc]  # fmt: skip
        above = {name: {base for ask in item.asks_for for base in names if depends(base, ask)} for name, item in self._criteria.items()}  # fmt: skip
        reach = {
            base: own[base].union(
                *(own[name] for name in names if depends(base, name) or depends(name, base)),
                *(mine[name] for name in mine if base in above[name]),
            )
            for base in names
        }
        self._reads = {name: mine[name].union(*(reach[base] for base in above[name])) for name in mine}  # fmt: skip


def _alike(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> pd.Index:
    """Sites that are the same in every column; what is measured at one depends on no other."""
    if set(old.columns) != set(new.columns):
        return old.index[:0]
    common = old.index.intersection(new.index)
    same = np.ones(len(common), dtype=bool)
    for column in old.columns:
        a, b = old[column].loc[common], new[column].loc[common]
        same &= ((a == b) | (a.isna() & b.isna())).to_numpy(dtype=bool)
    return common[same]
