"""Bills: the years of a contract, what was billed in them, and the minimum that a layer bills."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.cost.stack.layer import StackLayer
from powerwall.criteria.cost.tariff.calendar import MONTHS
from powerwall.criteria.cost.tariff.charges import FlatDemand, TouDemand
from powerwall.criteria.cost.tariff.peaks import MonthlyPeak

#: Kinds of layer that hold a demand charge.
_ON_DEMAND = ("urdb", "demand", "coincident", "capacity", "average")
#: Components that demand charges stand for.
DEMAND = ("generation", "capacity", "transmission", "distribution")


class Year(NamedTuple):
    """Twelve months of a contract.

    Attributes
    ----------
    start
        First day.
    metered_kw
        Peak of each month. [kW]; 12
    contract_kw
        Contract capacity. [kW]
    """

    start: date
    metered_kw: np.ndarray
    contract_kw: float


@dataclass(frozen=True)
class Bills:
    """Bills of the years of a contract.

    Attributes
    ----------
    usd
        Column → cost of each month. [USD]; years × 12
    lines
        Column → component, determinant, rate, layer, source, status.
    mwh
        Energy. [MWh]; years × 12
    shortfall_usd
        Part of the bills that is due for power not taken; already in them. [USD]; years
    held
        Layers whose price is that of an earlier year.
    """

    usd: dict[str, np.ndarray]
    lines: pd.DataFrame
    mwh: np.ndarray
    shortfall_usd: np.ndarray
    held: tuple[str, ...]

    @property
    def total_usd(self) -> np.ndarray:
        """Bill of each year. [USD]"""
        return np.sum([usd.sum(axis=1) for usd in self.usd.values()], axis=0)

    def of_year(self, index: int) -> pd.DataFrame:
        """Bill of one year: index `month` 1–12 of the contract year's calendar, a column a charge."""
        frame = pd.DataFrame({name: usd[index] for name, usd in self.usd.items()}, index=pd.RangeIndex(1, MONTHS + 1, name="month"))  # fmt: skip
        frame["total_usd"] = frame.sum(axis=1, skipna=False)
        return frame


def demand_minimum(layer: StackLayer, minimum: Mapping[str, float]) -> float:
    """Share of contract capacity that a layer bills at least; NaN where the terms do not tell.

    A sheet that does not tell its demand charges apart takes a share that is the same for all of them,
    and no floor is known for demand by time of use alone.
    """
    if layer.component == "energy":
        return float(minimum.get("energy", 0.0))
    if layer.kind not in _ON_DEMAND:
        return 0.0
    if layer.component == "bundled":
        share = _of_all(minimum)
    elif layer.component in DEMAND:
        share = float(minimum.get(layer.component, minimum.get("demand", 0.0)))
    else:
        return 0.0
    return share if not share or _can_be_raised(layer) else math.nan


def _of_all(minimum: Mapping[str, float]) -> float:
    """The share where it is one for all demand charges; NaN where it is not."""
    if not minimum:
        return 0.0
    if set(minimum) == {"demand"}:
        return float(minimum["demand"])
    needed = {"generation", "transmission", "distribution"}
    shares = {float(share) for name, share in minimum.items() if name != "energy"}
    return shares.pop() if needed <= set(minimum) and len(shares) == 1 and "energy" not in minimum else math.nan  # fmt: skip


def _can_be_raised(layer: StackLayer) -> bool:
    """Whether a floor under the demand that is billed reaches the charges of a layer."""
    charges = layer.sheet.charges if layer.sheet is not None else ()
    floored = any(isinstance(charge, FlatDemand) for charge in charges)
    return floored or not any(isinstance(charge, TouDemand | MonthlyPeak) for charge in charges)
