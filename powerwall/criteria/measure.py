"""Measure: every criterion of a region at every site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.check import check_rows
from powerwall.criteria.compute.hardware import rack_scale
from powerwall.criteria.criterion import Criterion, Shared, depends, registry
from powerwall.criteria.proximity import custom_criteria
from powerwall.criteria.water.operation import candidates
from powerwall.criteria.water.plants import AUTO
from powerwall.region.findings import Findings

if TYPE_CHECKING:
    from powerwall.region.read import Region


@dataclass(frozen=True)
class Measures(Mapping[str, pd.DataFrame]):
    """What was measured: criterion → DataFrame of `MEASURE_COLUMNS`, index `site_id`.

    Attributes
    ----------
    criteria
        The criteria by name, the region's own included.
    frames
        One measure each.
    by_plant
        Cooling plant → its measures, where the request leaves the choice open; `frames` are then
        those of the first one, until a ranking chooses.
    """

    criteria: dict[str, Criterion]
    frames: dict[str, pd.DataFrame]
    by_plant: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


def measure(region: Region) -> Measures:
    """Measure every criterion at every site of a region.

    A site's numbers depend on the site, the layers and the request alone, never on which other
    sites there are.

    Raises
    ------
    BadInput
        If a criterion declared in the region file names something that is not there.
    """
    findings = Findings()
    check_rows(region, findings)
    findings.raise_errors()
    criteria = {**registry(), **custom_criteria(region.table.criteria)}
    return measure_with(criteria, Shared(region.sites, region.layers, region.request))


def measure_with(criteria: dict[str, Criterion], shared: Shared) -> Measures:
    """Measure some criteria; under every plant that may serve where the cooling is `auto`."""
    request = shared("request")
    if request.cooling != AUTO:
        return Measures(criteria, {name: shared.measure(item) for name, item in criteria.items()})
    common: dict[str, pd.DataFrame] = {}
    by_plant = {}
    for plant in candidates(rack_scale=rack_scale(request.accelerator)):
        part = shared.under(plant)
        shared = part  # what no plant changes goes along
        common = common or {name: part.measure(item) for name, item in criteria.items() if not _cooled(item)}  # fmt: skip
        by_plant[plant] = {name: common[name] if name in common else part.measure(item) for name, item in criteria.items()}  # fmt: skip
    return Measures(criteria, next(iter(by_plant.values())), by_plant)


def _cooled(item: Criterion) -> bool:
    """Tell whether a criterion rests on the cooling plant."""
    return any(depends("cooling", name) for name in item.asks_for)
