"""Measure: every criterion of a region at every site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.check import check_rows
from powerwall.criteria.criterion import Criterion, Shared, registry
from powerwall.criteria.proximity import custom_criteria
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
    """

    criteria: dict[str, Criterion]
    frames: dict[str, pd.DataFrame]

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
    shared = Shared(region.sites, region.layers, region.request)
    return Measures(criteria, {name: shared.measure(item) for name, item in criteria.items()})
